"""Two versions of tables compared: what each difference is called, what is refused, what moved, and from where."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tokencross.checks.edits import Figure, plain_edits
from tokencross.checks.moved import moved_breakevens
from tokencross.checks.revisions import LAST_VERSION, Released, base_names, released, tables_at
from tokencross.checks.rows import Entry
from tokencross.checks.version_text import diff_markdown, summary
from tokencross.checks.versions import TableDiff, compare_tables
from tokencross.cli import app
from tokencross.errors import TableError
from tokencross.scenario import load_study
from tokencross.tables.reading import Plain
from tokencross.tables.store import open_store

API = """\
provider: acme
name: Acme
models:
  - id: one
    name: One
    tier: small
    prices:
      - effective_from: 2025-01-01
        input_usd_per_mtok: 4.0
        output_usd_per_mtok: 4.0
        basis: documented
        via: acme@1.0
        checked: 2026-01-01
      - effective_from: 2025-06-01
        input_usd_per_mtok: 3.0
        output_usd_per_mtok: 3.0
        basis: documented
        via: acme@1.0
        checked: 2026-01-01
      - effective_from: 2026-02-01
        input_usd_per_mtok: 2.5
        output_usd_per_mtok: 2.5
        status: announced
        basis: announced
        via: acme@1.0
        checked: 2026-01-01
  - id: two
    name: Two
    tier: small
    prices:
      - effective_from: 2025-01-01
        input_usd_per_mtok: 1.0
        output_usd_per_mtok: 1.0
        basis: documented
        via: acme@1.0
        checked: 2026-01-01
"""
COMPUTE = """\
provider: metal
name: Metal
instances:
  - id: box
    gpu: H100
    gpu_count: 8
    offers:
      - purchase: on_demand
        region: us
        prices:
          - {effective_from: 2025-01-01, usd_per_hour: 20.0, basis: documented, via: metal@1, checked: 2026-01-01}
      - purchase: spot
        region: us
        prices:
          - {effective_from: 2025-01-01, usd_per_hour: 10.0, basis: documented, via: metal@1, checked: 2026-01-01}
"""
HARDWARE = """\
gpus:
  - id: H100
    memory_gib: 80.0
    basis: documented
    via: vendor@1
    checked: 2026-01-01
"""
RUNS = """\
runs:
  - model: open
    gpu: H100
    gpu_count: 1
    engine: vLLM
    load_basis: offline
    nature: measured
    measured_on: 2025-05-01
    basis: documented
    via: bench@1
    checked: 2026-01-01
    points:
      - {input_tokens: 1000, output_tokens: 100, output_tokens_per_second: 500.0}
      - {input_tokens: 1000, output_tokens: 500, output_tokens_per_second: 900.0}
"""
FILES = {
    "VERSION": "2026.01.01\n",
    "api/acme.yaml": API,
    "compute/metal.yaml": COMPUTE,
    "hardware/gpus.yaml": HARDWARE,
    "throughput/open.yaml": RUNS,
}
LAST_ROW = "        checked: 2026-01-01\n  - id: two"
"""The end of the rows of acme/one."""
Edit = tuple[str, str, str]


def write(folder: Path, *edits: Edit, version: str = "2026.01.01") -> Path:
    """Write the tables with a few words replaced, each found just once."""
    files = {**FILES, "VERSION": f"{version}\n"}
    for name, old, new in edits:
        assert files[name].count(old) == 1, (name, old, files[name].count(old))
        files[name] = files[name].replace(old, new)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def row(day: str, usd: float, *more: str) -> str:
    """Return a price row of acme/one."""
    lines = [f"- effective_from: {day}", f"  input_usd_per_mtok: {usd}", f"  output_usd_per_mtok: {usd}"]
    lines += [*(f"  {line}" for line in more)]
    if not any(line.startswith("basis") for line in more):
        lines.append("  basis: documented")
    lines += ["  via: acme@2.0", "  checked: 2026-03-01"]
    return "".join(f"      {line}\n" for line in lines)


def api(old: str, new: str) -> Edit:
    """Return an edit of acme's file."""
    return "api/acme.yaml", old, new


def in_era(day: str, old: str, new: str) -> Edit:
    """Return an edit of the row of acme/one from a day on."""
    start = API.index(f"      - effective_from: {day}", API.index("id: one"))
    ends = [at for at in (API.find("      - effective_from", start + 1), API.find("  - id: two", start)) if at > 0]
    text = API[start : min(ends)]
    assert text.count(old) == 1, (day, old)
    return "api/acme.yaml", text, text.replace(old, new)


@pytest.fixture
def compared(tmp_path: Path) -> Callable[..., TableDiff]:
    """Compare the tables with themselves after edits."""

    def compare(*edits: Edit, before: tuple[Edit, ...] = ()) -> TableDiff:
        old, new = (open_store(write(tmp_path / name, *e)) for name, e in (("old", before), ("new", edits)))
        return compare_tables(old, new)

    return compare


def only(diff: TableDiff) -> Entry:
    """Return the one entry."""
    (entry,) = diff.entries
    return entry


# ---------------------------------------------------------------------- plain data


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (1.25, 1.0, ["x 1.25 → 1 (-20%)"]),
        (1, 1.0, []),
        (True, 1, ["x true → 1"]),
        (0.0, 2.0, ["x 0 → 2"]),
        (None, 3, ["x 3"]),
        (3, None, ["x 3 → none"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": {"b": 2}}, {"a": {"b": 4}}, ["x.a.b 2 → 4 (+100%)"]),
        (None, {"a": {"b": 2}}, ["x.a.b 2"]),
        (("a", "b"), ("b", "a"), ["x [a, b] → [b, a]"]),
        (({"id": "a", "v": 1}, {"id": "b", "v": 2}), ({"id": "b", "v": 2}, {"id": "a", "v": 1}), []),
        (({"id": "a", "v": 1},), ({"id": "b", "v": 9}, {"id": "a", "v": 2}), ["x[b] {v: 9}", "x[a].v 1 → 2 (+100%)"]),
        (({"id": "a", "v": 1},), (), ["x[a] {v: 1} → none"]),
        (({"v": 1},), ({"v": 2},), ["x[0].v 1 → 2 (+100%)"]),
        (
            ({"input_tokens": 5, "v": 1}, {"input_tokens": 5, "v": 2}),
            ({"input_tokens": 5, "v": 3}, {"input_tokens": 5, "v": 1}, {"input_tokens": 5, "v": 2}),
            ["x[5] {v: 3}"],
        ),
        (({"input_tokens": 5},), ({"input_tokens": 5, "concurrency_count": 8},), ["x[5].concurrency_count 8"]),
        ({"a": 1}, 7, ["x {a: 1} → 7"]),
    ],
)
def test_plain_data_differs_by_key_and_entry(old: Plain, new: Plain, said: list[str]) -> None:
    assert [str(edit) for edit in plain_edits(old, new, "x")] == said


def test_prices_lose_their_unit_in_words() -> None:
    assert str(Figure("input_usd_per_mtok", 2.0, 3.0)) == "input 2 → 3 (+50%)"
    assert Figure("x", 4.0, 5.0).percent == pytest.approx(100 * (5 - 4) / 4)
    assert Figure("x", "a", "b").percent is None


# ---------------------------------------------------------------------- what each difference is


def test_the_same_tables_do_not_differ(compared: Callable[..., TableDiff]) -> None:
    diff = compared()
    assert (diff.entries, diff.provenance_count) == ((), 0)
    assert diff.old_hash == diff.new_hash


def test_an_appended_row_is_a_change(compared: Callable[..., TableDiff]) -> None:
    added = row("2026-03-01", 2.0)
    entry = only(compared(api(LAST_ROW, f"        checked: 2026-01-01\n{added}  - id: two")))
    assert (entry.verdict, entry.file, entry.name) == ("change", "api/acme.yaml", "acme/one")
    assert entry.effective_from == "2026-03-01"
    assert [str(figure) for figure in entry.figures] == ["input 2.5 → 2 (-20%)", "output 2.5 → 2 (-20%)"]
    assert entry.where.endswith("/new/api/acme.yaml:27: models[0].prices[3]")


def test_an_appended_announcement_says_so(compared: Callable[..., TableDiff]) -> None:
    added = row("2026-09-01", 2.0, "status: announced", "basis: announced")
    entry = only(compared(api(LAST_ROW, f"        checked: 2026-01-01\n{added}  - id: two")))
    assert (entry.verdict, entry.reason) == ("change", "announced")


def test_added_and_removed_records_and_offers(compared: Callable[..., TableDiff]) -> None:
    diff = compared(
        api("  - id: two\n    name: Two", "  - id: three\n    name: Three"),
        ("compute/metal.yaml", "purchase: spot", "purchase: dedicated"),
    )
    assert [(entry.verdict, entry.name) for entry in diff.entries] == [
        ("added", "acme/three"),
        ("removed", "acme/two"),
        ("added", "metal/box[dedicated/us]"),
        ("removed", "metal/box[spot/us]"),
    ]
    assert [problem.found for problem in diff.silent_edits()] == [
        "no acme/two any more, which 2026.01.01 has",
        "no metal/box[spot/us] any more, which 2026.01.01 has",
    ]


def test_an_added_file_is_added_records(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old"), write(tmp_path / "new")
    (old / "api" / "acme.yaml").unlink()
    diff = compare_tables(open_store(old), open_store(new))
    assert [(entry.verdict, entry.name) for entry in diff.entries] == [("added", "acme/one"), ("added", "acme/two")]


PAST_EDITS = {
    "figure": in_era("2025-06-01", "input_usd_per_mtok: 3.0", "input_usd_per_mtok: 3.5"),
    "date": in_era("2025-06-01", "2025-06-01", "2025-07-01"),
    "figure gone": in_era("2025-06-01", "        output_usd_per_mtok: 3.0\n", ""),
    "ended in the past": in_era("2025-06-01", "2025-06-01\n", "2025-06-01\n        effective_to: 2025-12-01\n"),
    "no longer in force": in_era("2025-06-01", "basis: documented", "basis: announced\n        status: announced"),
    "of an offer": ("compute/metal.yaml", "usd_per_hour: 20.0", "usd_per_hour: 21.0"),
    "without a date": ("hardware/gpus.yaml", "memory_gib: 80.0", "memory_gib: 94.0"),
    "of a run": ("throughput/open.yaml", "output_tokens_per_second: 900.0", "output_tokens_per_second: 950.0"),
    "of a run's engine": ("throughput/open.yaml", "engine: vLLM", "engine: SGLang"),
}


def with_reason(edit: Edit, reason: str) -> Edit:
    """Return the edit with a correction in the row."""
    name, old, new = edit
    if "\n" in new.strip():  # a whole row
        return (
            name,
            old,
            new.replace("        via: acme@1.0\n", f"        correction: {reason}\n        via: acme@1.0\n"),
        )
    if name.startswith("compute"):
        return name, old, f"{new}, correction: {reason}"
    indent = "        " if name.startswith("api") else "    "
    at = old if name.startswith("hardware") else "basis: documented"
    assert FILES[name].count(at) == 1
    text = FILES[name].replace(old, new)
    line = new if name.startswith("hardware") else "basis: documented"
    return name, FILES[name], text.replace(line, f"{line}\n{indent}correction: {reason}")


@pytest.mark.parametrize("edit", PAST_EDITS.values(), ids=PAST_EDITS)
def test_an_edit_of_the_past_needs_a_reason(edit: Edit, compared: Callable[..., TableDiff]) -> None:
    diff = compared(edit)
    assert only(diff).verdict == "silent edit"
    assert len(diff.silent_edits()) == 1
    reasoned = compared(with_reason(edit, "misread at first"))
    assert (only(reasoned).verdict, only(reasoned).reason) == ("correction", "misread at first")
    assert not reasoned.silent_edits()


@pytest.mark.parametrize("edit", PAST_EDITS.values(), ids=PAST_EDITS)
def test_an_edit_with_the_reason_of_an_earlier_one_is_silent(edit: Edit, compared: Callable[..., TableDiff]) -> None:
    name, old, _ = edit
    again = with_reason(edit, "misread at first")
    before = with_reason((name, old, old), "misread at first")
    diff = compared(again, before=(before,))
    assert only(diff).verdict == "silent edit"
    assert "with the `correction:` that it had" in diff.silent_edits()[0].found
    after = with_reason(edit, "misread twice")
    assert only(compared(after, before=(before,))).verdict == "correction"


def test_a_silent_edit_is_told_in_four_parts(compared: Callable[..., TableDiff]) -> None:
    (problem,) = compared(PAST_EDITS["figure"]).silent_edits()
    assert str(problem).partition("/new/")[2] == (
        "api/acme.yaml:14: models[0].prices[1]\n"
        "  found input 3 → 3.5 (+16.7%), edited since 2026.01.01 without a `correction:`; accepted: rows of the past "
        "as they were, or with a new `correction:` that says why.\n"
        "  If the row was wrong, add `correction:` with the reason; if the provider changed its price, restore the row "
        "and append one from the day of the change."
    )


def test_a_row_that_is_gone_is_missed_in_the_one_that_now_holds(compared: Callable[..., TableDiff]) -> None:
    start, end = API.index("      - effective_from: 2025-06-01"), API.index("      - effective_from: 2026-02-01")
    gone = api(API[start:end], "")
    diff = compared(gone)
    entry = only(diff)
    assert (entry.verdict, entry.effective_from) == ("silent edit", "2025-06-01")
    assert entry.where.endswith("models[0].prices[0]")
    first = in_era("2025-01-01", "via: acme@1.0", "via: acme@1.0\n        correction: the row of June was a promotion")
    explained = compared(("api/acme.yaml", first[1] + gone[1], first[2]))
    assert (only(explained).verdict, only(explained).reason) == ("correction", "the row of June was a promotion")


def test_a_row_before_all_others_is_an_earlier_row(compared: Callable[..., TableDiff]) -> None:
    found = row("2020-03-01", 3.5)
    diff = compared(
        api("    name: One\n    tier: small\n    prices:\n", "    name: One\n    tier: small\n    prices:\n" + found)
    )
    assert [(entry.verdict, entry.effective_from) for entry in diff.entries] == [("earlier row", "2020-03-01")]
    assert not diff.silent_edits()


@pytest.mark.parametrize(
    ("correction", "verdict"), [("", "silent edit"), ("        correction: Found later.\n", "correction")]
)
def test_a_row_between_others_changes_the_past(
    compared: Callable[..., TableDiff], correction: str, verdict: str
) -> None:
    found = row("2025-03-01", 3.5) + correction
    diff = compared(api("      - effective_from: 2025-06-01", found + "      - effective_from: 2025-06-01"))
    entry = only(diff)
    assert (entry.verdict, entry.effective_from) == (verdict, "2025-03-01")
    assert [str(figure) for figure in entry.figures] == ["input 4 → 3.5 (-12.5%)", "output 4 → 3.5 (-12.5%)"]
    assert bool(diff.silent_edits()) == (not correction)


def test_keys_that_were_absent_are_a_completion(compared: Callable[..., TableDiff]) -> None:
    edits = (
        in_era(
            "2025-06-01", "basis:", "cache_read_usd_per_mtok: 0.3\n        batch: {discount_share: 0.5}\n        basis:"
        ),
        (
            "throughput/open.yaml",
            "    points:\n",
            "    points:\n      - {input_tokens: 9, output_tokens_per_second: 1.0}\n",
        ),
        ("compute/metal.yaml", "  - id: box\n", "  - id: box\n    aliases: [crate]\n"),
    )
    diff = compared(*edits)
    assert [entry.verdict for entry in diff.entries] == ["completion"] * 3
    assert [str(figure) for figure in diff.entries[0].figures] == ["cache_read 0.3", "batch.discount_share 0.5"]
    assert str(diff.entries[2].figures[0]) == "points[9] {output_tokens_per_second: 1}"
    assert not diff.silent_edits()


def test_an_announcement_may_come_into_force_be_revised_or_withdrawn(compared: Callable[..., TableDiff]) -> None:
    announced = "status: announced\n        basis: announced"
    entry = only(compared(in_era("2026-02-01", announced, "basis: documented")))
    assert (entry.verdict, entry.figures) == ("came into force", ())
    later = compared(in_era("2026-02-01", "2026-02-01", "2026-03-01"))
    assert (only(later).verdict, only(later).reason) == ("change", "announcement revised")
    withdrawn = compared(("api/acme.yaml", in_era("2026-02-01", "2.5\n        o", "2.5\n        o")[1], ""))
    assert (only(withdrawn).verdict, only(withdrawn).reason) == ("change", "announced, and withdrawn")


def test_a_day_to_come_may_be_set_and_moved(compared: Callable[..., TableDiff]) -> None:
    ends = ("compute/metal.yaml", "{effective_from: 2025-01-01, usd_per_hour: 20.0,")
    set_ = (*ends, f"{ends[1]} effective_to: 2026-01-02,")
    assert only(compared(set_)).verdict == "change"  # the old tables are of 2026-01-01
    assert only(compared((*ends, f"{ends[1]} effective_to: 2026-01-01,"))).verdict == "silent edit"
    moved = (*ends, f"{ends[1]} effective_to: 2026-05-01,")
    assert only(compared(moved, before=(set_,))).verdict == "change"
    back = (*ends, f"{ends[1]} effective_to: 2025-12-01,")
    assert only(compared(back, before=(set_,))).verdict == "silent edit"


def test_provenance_alone_is_counted(compared: Callable[..., TableDiff]) -> None:
    diff = compared(
        in_era("2025-06-01", "via: acme@1.0", "via: acme@2.0\n        note: seen again\n        agrees: [other@1]"),
        in_era("2025-01-01", "checked: 2026-01-01", "checked: 2026-03-01"),
        ("throughput/open.yaml", "via: bench@1", "via: bench@2"),
        ("hardware/gpus.yaml", "via: vendor@1", "via: vendor@1\n    correction: of the text only"),
    )
    assert (diff.entries, diff.provenance_count) == ((), 4)


def test_descriptions_are_told_and_not_refused(compared: Callable[..., TableDiff]) -> None:
    diff = compared(("compute/metal.yaml", "gpu_count: 8", "gpu_count: 4"), api("name: Acme", "name: Acme Inc."))
    assert [(entry.verdict, entry.name, str(entry.figures[0])) for entry in diff.entries] == [
        ("description", "acme", "name Acme → Acme Inc."),
        ("description", "metal/box", "gpu_count 8 → 4 (-50%)"),
    ]
    assert not diff.silent_edits()


def test_histories_by_usage_tier_are_told_apart(compared: Callable[..., TableDiff]) -> None:
    def limits(*rows: tuple[str, str, int]) -> Edit:
        written = "".join(
            f"      - {{usage_tier: {tier}, effective_from: {day}, requests_per_minute: {count}, basis: documented,"
            " via: acme@1.0, checked: 2026-01-01}\n"
            for tier, day, count in rows
        )
        return "api/acme.yaml", "  - id: two\n", f"    limits:\n{written}  - id: two\n"

    low, high = ("low", "2025-01-01", 10), ("high", "2025-01-01", 99)
    entry = only(compared(limits(low, ("low", "2026-01-01", 20), high), before=(limits(low, high),)))
    assert (entry.verdict, entry.name) == ("change", "acme/one.limits[low]")
    assert str(entry.figures[0]) == "requests_per_minute 10 → 20 (+100%)"
    assert {entry.verdict for entry in compared(limits(low)).entries} == {"added"}


def test_records_without_a_provider_may_move_between_files(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old"), write(tmp_path / "new")
    (new / "hardware" / "gpus.yaml").rename(new / "hardware" / "hopper.yaml")
    assert compare_tables(open_store(old), open_store(new)).entries == ()


def test_a_run_is_known_again_from_another_source(compared: Callable[..., TableDiff]) -> None:
    read_again = RUNS.replace("via: bench@1", "via: bench@2").replace("second: 900.0", "second: 950.0")
    entry = only(compared(("throughput/open.yaml", RUNS, read_again)))
    assert (entry.verdict, entry.name) == ("silent edit", "open on 1x H100, vLLM, 2025-05-01")
    assert [str(figure) for figure in entry.figures] == ["points[1000/500].output_tokens_per_second 900 → 950 (+5.56%)"]


def test_old_tables_need_not_be_valid(compared: Callable[..., TableDiff]) -> None:
    odd = api("tier: small\n    prices:\n      - effective_from: 2025-01-01\n        input_usd_per_mtok: 1.0", (
        "tier: huge\n    prices:\n      - effective_from: 2025-01-01\n        input_usd_per_mtok: 'one'"
    ))  # fmt: skip
    diff = compared(before=(odd,))
    assert [entry.verdict for entry in diff.entries] == ["description", "silent edit"]


# ---------------------------------------------------------------------- in words


def test_markdown_is_a_section_of_the_changelog(tmp_path: Path) -> None:
    added = row("2026-03-01", 2.0)
    old = write(tmp_path / "old")
    new = write(
        tmp_path / "new",
        api(LAST_ROW, f"        checked: 2026-01-01\n{added}  - id: two"),
        with_reason(PAST_EDITS["of an offer"], "misread"),
        ("throughput/open.yaml", "via: bench@1", "via: bench@2"),
        ("hardware/gpus.yaml", "  - id: H100", "  - {id: H200, memory_gib: 141.0, basis: documented}\n  - id: H100"),
        version="2026.03.01",
    )
    diff = compare_tables(open_store(old), open_store(new))
    hashes = [content[:12] for content in (diff.new_hash, diff.old_hash)]
    assert diff_markdown(diff, None) == (
        "## 2026.03.01\n\n"
        f"Tables 2026.03.01 (sha256 {hashes[0]}) against 2026.01.01 (sha256 {hashes[1]}): "
        "1 change, 1 correction, 1 added; of 1\n"
        "more rows only where they come from.\n\n"
        "### api/acme.yaml\n\n"
        "- `acme/one`: input 2.5 → 2 (-20%), output 2.5 → 2 (-20%) from 2026-03-01 (change)\n\n"
        "### compute/metal.yaml\n\n"
        "- `metal/box[on_demand/us]`: usd_per_hour 20 → 21 (+5%) from 2025-01-01 (correction: misread)\n\n"
        "### hardware/gpus.yaml\n\n"
        "- Added: `H200`.\n"
    )


def test_a_wall_of_entries_is_counted_with_its_reasons(tmp_path: Path) -> None:
    def gpus(memory: int, reason: str) -> str:
        said = f", correction: {reason}" if reason else ""
        lines = (f"  - {{id: G{i}, memory_gib: {memory}, basis: documented, via: v@1{said}}}\n" for i in range(41))
        return "gpus:\n" + "".join(lines)

    old, new = write(tmp_path / "old"), write(tmp_path / "new")
    (old / "hardware" / "gpus.yaml").write_text(gpus(80, ""), encoding="utf-8")
    (new / "hardware" / "gpus.yaml").write_text(gpus(81, "rounded"), encoding="utf-8")
    said = diff_markdown(compare_tables(open_store(old), open_store(new)), None)
    assert said.endswith("### hardware/gpus.yaml\n\n- 41 entries: 41 corrections.\n- Corrected in 41: rounded\n")


def test_the_summary_says_when_nothing_differs(compared: Callable[..., TableDiff]) -> None:
    diff = compared()
    assert summary(diff).endswith(f"against 2026.01.01 (sha256 {diff.old_hash[:12]}): no difference.")


# ---------------------------------------------------------------------- breakevens

SCENARIO = """\
name: two ways
as_of: 2025-12-01
workload: {input_tokens: 1000, output_tokens: 100}
incumbent: first
options:
  - {label: first, api: acme/one}
  - label: second
    api: acme/two
    engineering: [{label: platform, upkeep_usd_per_month: 1000}]
"""


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    """A folder with a scenario."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "two-ways.yaml").write_text(SCENARIO, encoding="utf-8")
    return folder


CHEAPER = in_era("2025-06-01", "3.0\n        output_usd_per_mtok: 3.0", "2.0\n        output_usd_per_mtok: 2.0")


def test_breakevens_that_moved(tmp_path: Path, scenarios: Path) -> None:
    old, new = (open_store(write(tmp_path / n, *e)) for n, e in (("old", ()), ("new", (CHEAPER,))))
    files = [scenarios / "two-ways.yaml"]
    found = moved_breakevens(files, old, new, load=lambda path, store: load_study(path, pricing=store.root).comparison)
    # 1000 USD a month more, 3 - 1 and then 2 - 1 USD per million tokens less
    assert [(m.scenario, m.challenger, m.incumbent, m.quantity) for m in found.moved] == [
        ("two-ways", "second", "first", "first"),
        ("two-ways", "second", "first", "robust"),
    ]
    for moved in found.moved:
        assert moved.old == pytest.approx(1000 / (3 - 1) * 1e6, rel=1e-9)
        assert moved.new == pytest.approx(1000 / (2 - 1) * 1e6, rel=1e-9)
    assert (found.scenario_count, found.failed) == (1, ())


def test_breakevens_that_stay_or_vanish(tmp_path: Path, scenarios: Path) -> None:
    dearer = in_era("2025-06-01", "3.0\n        output_usd_per_mtok: 3.0", "0.5\n        output_usd_per_mtok: 0.5")
    stores = [open_store(write(tmp_path / n, *e)) for n, e in (("a", ()), ("b", ()), ("c", (dearer,)))]
    files = [scenarios / "two-ways.yaml"]
    same, gone = (
        moved_breakevens(files, stores[0], new, load=lambda p, s: load_study(p, pricing=s.root).comparison)
        for new in stores[1:]
    )
    assert same.moved == ()
    assert [(m.quantity, m.new) for m in gone.moved] == [("first", None), ("robust", None)]
    said = diff_markdown(compare_tables(stores[0], stores[2]), gone)
    assert "- `two-ways`: second against first, cheaper from 500M → never tokens/month\n" in said
    assert "- None moved; scenarios that ran on both versions: 1.\n" in diff_markdown(
        compare_tables(stores[0], stores[1]), same
    )


def test_a_scenario_that_fails_on_one_version_is_listed(tmp_path: Path, scenarios: Path) -> None:
    old, new = write(tmp_path / "old", api("  - id: two\n", "  - id: zwei\n")), write(tmp_path / "new")
    result = run("diff", str(old), str(new), "--scenarios", str(scenarios), "--markdown")
    assert result.exit_code == 0
    said = "- `two-ways` does not run on 2026.01.01: two-ways.yaml:7: options[1]: "
    assert f"{said}{old}/api: found unknown 'two'\n" in result.stdout.replace("\n  ", " ")


# ---------------------------------------------------------------------- revisions


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, whatever the machine's own settings."""
    settings = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(folder), *settings, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, *edits: Edit, version: str) -> str:
    """Commit the tables with a few edits, and return the commit."""
    write(folder / "pricing", *edits, version=version)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", version)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty git repository."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return folder


def run(*arguments: str) -> Result:
    """Return what `tokencross prices` does."""
    return CliRunner().invoke(app, ["prices", *arguments])


def test_a_revision_is_the_tables_as_they_were(repository: Path) -> None:
    first = commit(repository, version="2026.01.01")
    now = open_store(repository / "pricing").content_hash
    commit(repository, CHEAPER, version="2026.01.01")
    with tables_at(first[:8], beside=repository / "pricing") as old:
        assert (old.version, old.content_hash, old.name) == ("2026.01.01", now, f"{first[:12]}:pricing")
        diff = compare_tables(old, open_store(repository / "pricing"))
    assert only(diff).verdict == "silent edit"
    with tables_at("main", beside=repository / "pricing") as latest:
        assert latest.name == "main:pricing"
        assert latest.content_hash == open_store(repository / "pricing").content_hash


def test_tables_at_the_top_of_a_repository(repository: Path) -> None:
    write(repository)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "tables")
    with tables_at("HEAD", beside=repository) as store:
        assert store.content_hash == open_store(repository).content_hash


def test_versions_are_set_by_the_first_commit_that_has_them(repository: Path) -> None:
    tables = repository / "pricing"
    first = commit(repository, version="2026.01.01")
    assert released(tables, version="2026.01.01") == Released(None, first)
    assert released(tables, version="2026.02.01") == Released(first, None)
    commit(repository, CHEAPER, version="2026.01.01")  # edited after it was set
    second = commit(repository, CHEAPER, version="2026.02.01")
    (tables / "VERSION").write_text("2026.02.01", encoding="utf-8")  # the same, without its line's end
    git(repository, "commit", "--quiet", "--all", "-m", "touch VERSION")
    assert released(tables, version="2026.02.01") == Released(first, second)
    assert released(tables, version="2026.03.01") == Released(second, None)
    assert base_names(LAST_VERSION, beside=tables, version="2026.02.01") == (first, second)
    assert base_names("main", beside=tables, version="2026.02.01") == ("main",)


def test_check_passes_without_an_earlier_version(repository: Path) -> None:
    (repository / "README").write_text("nothing yet", encoding="utf-8")
    write(repository / "pricing")
    git(repository, "add", "README")
    git(repository, "commit", "--quiet", "-m", "empty")
    result = run("diff", LAST_VERSION, str(repository / "pricing"), "--check")
    said = "No version of the tables before 2026.01.01 is committed: nothing to compare with.\n"
    assert (result.exit_code, result.stdout) == (0, said)


def test_tables_that_a_repository_ignores_are_no_version_of_it(repository: Path) -> None:
    commit(repository, version="2026.01.01")
    (repository / ".gitignore").write_text(".venv\n", encoding="utf-8")
    installed = write(repository / ".venv" / "tables")
    result = run("diff", LAST_VERSION, str(installed))
    assert result.exit_code == 2
    assert f"found {installed}, which its repository ignores" in result.output


@pytest.mark.parametrize("released_first", [True, False])
def test_check_covers_every_commit_since_a_version(repository: Path, released_first: bool) -> None:
    tables = repository / "pricing"
    commit(repository, version="2026.01.01")
    assert run("diff", "last-version", str(tables), "--check").exit_code == 0
    commit(repository, CHEAPER, version="2026.02.01" if released_first else "2026.01.01")
    commit(repository, CHEAPER, version="2026.02.01")  # nothing differs in the last commit
    result = run("diff", "last-version", str(tables), "--check")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{tables.as_posix()}/api/acme.yaml:14: models[0].prices[1]\n  found input 3 → 2")
    assert result.stderr.count("accepted:") == 1
    commit(repository, with_reason(CHEAPER, "a promotion misread as the list price"), version="2026.02.01")
    passed = run("diff", "last-version", str(tables), "--check")
    assert (passed.exit_code, passed.stderr) == (0, "")
    assert "1 correction." in passed.stdout


def test_check_refuses_edits_since_the_present_version_was_set(repository: Path) -> None:
    commit(repository, version="2026.01.01")
    commit(repository, CHEAPER, version="2026.01.01")
    assert run("diff", "last-version", str(repository / "pricing"), "--check").exit_code == 1


def test_diff_prints_tables_and_moved_breakevens(repository: Path) -> None:
    commit(repository, version="2026.01.01")
    commit(repository, with_reason(CHEAPER, "misread"), version="2026.02.01")
    folder = repository / "scenarios"  # beside the tables
    folder.mkdir()
    (folder / "two-ways.yaml").write_text(SCENARIO, encoding="utf-8")
    result = run("diff", "last-version", str(repository / "pricing"))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "correction  acme/one  2025-06-01  input 3 → 2 (-33.3%), output 3 → 2 (-33.3%)  misread" in result.stdout
    assert "`two-ways`: second against first, cheaper from 500M → 1B tokens/month (+100%)" in result.stdout
    between = run("diff", "HEAD~1", str(repository / "pricing"), "--markdown")
    assert between.stdout.startswith("## 2026.02.01\n\nTables 2026.02.01 (sha256 ")


# ---------------------------------------------------------------------- mistakes


def one_message(result: Result) -> str:
    """Return the one message of a call that went wrong."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert isinstance(result.exception, SystemExit)
    assert len(result.stderr.splitlines()) in {2, 3}
    return result.stderr


def test_mistakes_end_in_one_message(repository: Path, tmp_path: Path) -> None:
    tables = str(repository / "pricing")
    (repository / "README").write_text("nothing yet", encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "empty")
    commit(repository, version="2026.01.01")
    assert "found 'nonsense', neither a folder nor a revision of" in one_message(run("diff", "nonsense", tables))
    assert "found no tables at HEAD~1:pricing; accepted: a revision with a file pricing/VERSION." in one_message(
        run("diff", "HEAD~1", tables)
    )
    outside = write(tmp_path / "outside")
    assert "is in no git repository" in one_message(run("diff", "HEAD", str(outside)))
    assert "is in no git repository" in one_message(run("diff", "last-version", str(outside), "--check"))
    assert "found no file VERSION" in one_message(run("diff", str(tmp_path), tables))
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "without scenarios" in one_message(run("diff", "HEAD", tables, "--scenarios", str(empty)))
    assert "accepted: --check alone" in one_message(run("diff", "HEAD", tables, "--check", "--markdown"))


def test_a_clone_without_history_is_refused(repository: Path, tmp_path: Path) -> None:
    commit(repository, version="2026.01.01")
    commit(repository, version="2026.02.01")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", str(tmp_path / "shallow"))
    said = one_message(run("diff", "last-version", str(tmp_path / "shallow" / "pricing"), "--check"))
    assert "found a clone without its history" in said
    assert "git fetch --unshallow" in said


def test_a_machine_without_git_is_told(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(repository, version="2026.01.01")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TableError, match="no program git"), tables_at("HEAD", beside=repository / "pricing"):
        pass
