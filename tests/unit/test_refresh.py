"""Rows that upstreams propose: which, with what, and that writing them touches no other line and no other file."""

from __future__ import annotations

import difflib
import shutil
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tokencross.checks.refresh import Plan, plan_refresh
from tokencross.checks.writing import write_proposals
from tokencross.cli import app
from tokencross.errors import ResolveError, TableError
from tokencross.tables.api_records import ApiModel
from tokencross.tables.book import Book
from tokencross.tables.sources import Upstream, UpstreamBatch, UpstreamInstance, UpstreamPrice, UpstreamTier
from tokencross.tables.store import Store, open_store

TODAY = date(2026, 11, 22)
RELEASE = date(2026, 11, 14)
BUNDLED = Path(__file__).resolve().parents[2] / "pricing"

ACME = """\
# yaml-language-server: $schema=../schema/api.schema.json
# A comment at the top,   with   spaces.
provider: acme
name: "Acme"   # quoted
models:
  # the small one
  - id: mini
    name: 'Mini'
    tier: small
    aliases: [mini-latest, acme-mini]
    prices:
      - effective_from: 2026-01-01
        input_usd_per_mtok: 3.0
        output_usd_per_mtok: 15.00
        cache_read_usd_per_mtok: 0.30
        long_context:
          - threshold_tokens: 200000
            inclusive: true
            input_usd_per_mtok: 6.0
            output_usd_per_mtok: 22.5
        batch: {discount_share: 0.5, cache_discount_share: 0.25}
        regions:
          - {id: us, price_ratio: 1.1}
        basis: documented
        via: acme@1.0   # where it was read
        checked: 2026-02-01
        # a comment within the row
        caveat: >-
          Two lines
          of text.
        # a comment that ends the row

  # --- the big one ---

  - id: pro
    name: Pro
    tier: frontier
    prices:
      - effective_from: 2026-03-01
        input_usd_per_mtok: 10.0
        output_usd_per_mtok: 50.0
        basis: documented
        via: acme@1.0
        checked: 2026-11-01
        dispute: other@2.0 has 9/50.
      - effective_from: 2027-06-01
        status: announced
        input_usd_per_mtok: 12.0
        output_usd_per_mtok: 50.0
        basis: announced
        via: acme@1.0
        checked: 2026-11-01
# the end
"""

RACK = """\
provider: rack
name: Rack
instances:
  - id: big
    gpu: H100
    gpu_count: 8
    offers:
      - purchase: on_demand
        region: us
        prices:
          - effective_from: 2026-01-01
            usd_per_hour: 20.0
            basis: first_observed
            via: rack@1
            checked: 2026-02-01"""  # no line end at the end of the file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder of tables."""
    tables = tmp_path / "tables"
    for name, text in (("VERSION", "2026.11.21\n"), ("api/acme.yaml", ACME), ("compute/rack.yaml", RACK)):
        (tables / name).parent.mkdir(parents=True, exist_ok=True)
        (tables / name).write_bytes(text.encode("utf-8"))
    return tables


def price(model: str = "mini", fresh: float = 2.0, output: float = 10.0, **more: object) -> UpstreamPrice:
    """Return what an upstream says of a model of Acme."""
    told = UpstreamPrice("acme", model, fresh, output, via="other@2.0", long_context=None)
    return replace(told, **more)  # type: ignore[arg-type]  # keys of the dataclass


def plan(folder: Path, *prices: UpstreamPrice, instances: tuple[UpstreamInstance, ...] = (), **more: object) -> Plan:
    """Return the plan for an upstream that says this."""
    upstream = Upstream("other", "other@2.0", RELEASE, prices, instances)
    return plan_refresh(open_store(folder), upstream, checked=TODAY, **more)  # type: ignore[arg-type]  # named so there


def write(folder: Path, planned: Plan) -> None:
    write_proposals(planned.proposals, root=folder, name=folder.as_posix())


def added_lines(before: str, after: str) -> str:
    """Return the lines that were added; anything else than added lines is a failure."""
    found = [line for line in difflib.ndiff(before.splitlines(True), after.splitlines(True)) if line[:1] in "+-?"]
    assert all(line.startswith("+ ") for line in found), found
    return "".join(line[2:] for line in found)


# ---------------------------------------------------------------- what is proposed


def test_a_dated_change_is_a_row_in_force(folder: Path) -> None:
    planned = plan(
        folder, price(effective_from=date(2026, 10, 1), cited_url="https://acme.example", basis="documented")
    )
    (proposal,) = planned.proposals
    assert [(one.field, one.book, one.upstream) for one in proposal.changes] == [
        ("input_usd_per_mtok", 3.0, 2.0),
        ("output_usd_per_mtok", 15.0, 10.0),
    ]
    assert proposal.proposed.data == {
        "effective_from": date(2026, 10, 1),
        "input_usd_per_mtok": 2.0,
        "output_usd_per_mtok": 10.0,
        "batch": {"discount_share": 0.5, "cache_discount_share": 0.25},  # a discount holds for any price
        "regions": ({"id": "us", "price_ratio": 1.1},),
        "basis": "documented",
        "via": "other@2.0",
        "cited_url": "https://acme.example",
        "checked": TODAY,
        "caveat": "other@2.0 says nothing of cache_read_usd_per_mtok, long_context, which the row before has.",
    }
    assert proposal.proposed.kept == ("batch", "regions")
    assert proposal.proposed.dropped == ("cache_read_usd_per_mtok", "long_context")


def test_an_undated_change_begins_with_the_release(folder: Path) -> None:
    (proposal,) = plan(folder, price()).proposals
    assert proposal.proposed.data["effective_from"] == RELEASE
    assert proposal.proposed.data["basis"] == "first_observed"
    assert proposal.proposed.data["note"] == "other@2.0 gives no date; the day is that of its data."
    (sooner,) = plan(folder, price(), released=date(2026, 11, 3), via="other@2.0:map.json").proposals
    assert sooner.proposed.data["effective_from"] == date(2026, 11, 3)
    assert sooner.proposed.data["via"] == "other@2.0:map.json"


def test_without_any_date_it_is_left_to_a_person(folder: Path) -> None:
    upstream = Upstream("other", "other@2.0", None, (price(),))
    planned = plan_refresh(open_store(folder), upstream, checked=TODAY)
    assert planned.proposals == ()
    (left,) = planned.left_out
    assert left.reason == "the upstream gives no date: say the day of its data with --released"
    assert left.place.endswith("api/acme.yaml:12")


def test_a_future_change_is_announced(folder: Path) -> None:
    planned = plan(
        folder, price(fresh=3.0, output=15.0), price(fresh=6.0, output=30.0, effective_from=date(2027, 1, 1))
    )
    (proposal,) = planned.proposals
    data = proposal.proposed.data
    assert (data["status"], data["basis"], data["effective_from"]) == ("announced", "announced", date(2027, 1, 1))


def test_what_agrees_or_is_past_proposes_nothing(folder: Path) -> None:
    agreeing = price(fresh=3.0, output=15.0, effective_from=date(2026, 6, 1))
    assert plan(folder, agreeing).proposals == ()
    assert plan(folder, agreeing).agree == 1
    mistaken_past = price(fresh=1.0, effective_from=date(2026, 4, 1))  # it has come back to what the table says
    assert plan(folder, mistaken_past, agreeing).proposals == ()
    for day, reason in (
        (date(2025, 12, 31), "the upstream's price is of 2025-12-31, the row of 2026-01-01"),
        (date(2026, 1, 1), "the row of the same day, 2026-01-01, differs"),
    ):
        (left,) = plan(folder, price(effective_from=day)).left_out
        assert left.reason == f"{reason}: a correction is for a person"


def test_the_way_to_a_change_is_told_too(folder: Path) -> None:
    eras = [price(fresh=usd, effective_from=date(2026, month, 1)) for usd, month in ((2.5, 6), (2.0, 9))]
    planned = plan(folder, *eras)
    assert [each.proposed.data["effective_from"] for each in planned.proposals] == [date(2026, 6, 1), date(2026, 9, 1)]
    assert [(one.book, one.upstream) for one in planned.proposals[1].changes] == [(2.5, 2.0)]


def test_an_end_without_a_successor_is_kept(folder: Path) -> None:
    (proposal,) = plan(folder, price(effective_from=date(2026, 10, 1), effective_to=date(2026, 12, 31))).proposals
    assert proposal.proposed.data["effective_to"] == date(2026, 12, 31)
    eras = (
        price(effective_from=date(2026, 10, 1), effective_to=date(2027, 1, 1)),
        price(fresh=4.0, effective_from=date(2027, 1, 1)),
    )
    assert ["effective_to" in each.proposed.data for each in plan(folder, *eras).proposals] == [False, False]


def test_tiers_cache_and_batch_of_the_upstream(folder: Path) -> None:
    told = price(
        effective_from=date(2026, 10, 1),
        cache_read_usd_per_mtok=0.2,
        cache_write_usd_per_mtok=2.5,
        long_context=(UpstreamTier(199_999, 4.0, 15.0, 0.4), UpstreamTier(500_000, 8.0, 30.0)),
        batch=UpstreamBatch(0.5, 2.5, 0.1),
    )
    (proposal,) = plan(folder, told).proposals
    data = proposal.proposed.data
    assert list(data)[:7] == [
        "effective_from",
        "input_usd_per_mtok",
        "output_usd_per_mtok",
        "cache_read_usd_per_mtok",
        "cache_write_usd_per_mtok",
        "long_context",
        "batch",
    ]
    assert data["long_context"] == [
        {
            "threshold_tokens": 200_000,
            "inclusive": True,  # how it counts is kept
            "input_usd_per_mtok": 4.0,
            "output_usd_per_mtok": 15.0,
            "cache_read_usd_per_mtok": 0.4,
        },
        {"threshold_tokens": 500_000, "input_usd_per_mtok": 8.0, "output_usd_per_mtok": 30.0},
    ]
    assert data["batch"] == {"discount_share": 0.75, "cache_discount_share": 0.5}
    assert (proposal.proposed.dropped, "caveat" in data) == ((), False)


def test_a_batch_that_is_no_one_discount_is_said(folder: Path) -> None:
    (proposal,) = plan(folder, price(effective_from=date(2026, 10, 1), batch=UpstreamBatch(1.0, 9.0))).proposals
    assert "batch" not in proposal.proposed.data
    assert "batch" in proposal.proposed.dropped


def test_amounts_are_kept_where_the_price_is_the_same(folder: Path) -> None:
    told = price(fresh=3.0, output=15.0, cache_read_usd_per_mtok=0.2, effective_from=date(2026, 10, 1))
    (proposal,) = plan(folder, told).proposals
    assert proposal.proposed.data["long_context"] is not None
    assert proposal.proposed.kept == ("long_context", "batch", "regions")


def test_doubt_is_a_dispute_or_a_later_look(folder: Path) -> None:
    (disputed,) = plan(folder, price("pro", 9.0, 50.0)).proposals
    assert disputed.doubt == "other@2.0 has 9/50."
    text = (folder / "api" / "acme.yaml").read_text().replace("        dispute: other@2.0 has 9/50.\n", "")
    (folder / "api" / "acme.yaml").write_text(text)
    (looked,) = plan(folder, price("pro", 9.0, 50.0, effective_from=date(2026, 10, 1))).proposals
    assert looked.doubt.startswith("someone looked at the row on 2026-11-01, after that day")
    (plain,) = plan(folder, price("pro", 9.0, 50.0)).proposals
    assert plain.doubt == ""


def test_instances_by_region_and_by_one_price_everywhere(folder: Path) -> None:
    def seen(region: str, usd: float) -> UpstreamInstance:
        return UpstreamInstance("rack", "big", region, "on_demand", usd, "hunt@1")

    (proposal,) = plan(folder, instances=(seen("us", 24.0), seen("eu", 30.0))).proposals
    assert proposal.subject == "rack/big (on_demand, us)"
    assert proposal.proposed.data["usd_per_hour"] == 24.0
    assert plan(folder, instances=(seen("eu", 30.0), seen("asia", 31.0))).proposals == ()
    (everywhere,) = plan(folder, instances=(seen("eu", 30.0), seen("asia", 30.0))).proposals
    assert everywhere.proposed.data["usd_per_hour"] == 30.0


def test_aliases_match_and_nothing_else(folder: Path) -> None:
    planned = plan(folder, price("acme-mini"), price("mini-2"), replace(price(), provider="acmee"))
    assert [each.subject for each in planned.proposals] == ["acme/mini"]
    assert planned.missing == ("acme/mini-2", "acmee/mini")
    both = plan(folder, price("acme-mini", 7.0), price("mini", 2.0))  # the id counts before an alias
    assert both.proposals[0].proposed.data["input_usd_per_mtok"] == 2.0


def test_only_limits_and_refuses_what_is_unknown(folder: Path) -> None:
    told = (price(), price("pro", 9.0, 50.0))
    assert [each.subject for each in plan(folder, *told, only=("acme/mini",)).proposals] == ["acme/mini"]
    assert len(plan(folder, *told, only=("acme",)).proposals) == 2
    with pytest.raises(ResolveError, match="Did you mean 'acme/mini'"):
        plan(folder, *told, only=("acme/mni",))


def test_a_release_after_the_look_is_refused(folder: Path) -> None:
    with pytest.raises(ResolveError, match="2026-11-23, after 2026-11-22"):
        plan(folder, price(), released=date(2026, 11, 23))


# ---------------------------------------------------------------- new models


def test_a_new_model_stands_in_its_place(folder: Path) -> None:
    new = price("nano", 0.1, 0.4, name="Acme: Nano", effective_from=date(2026, 9, 1))
    later = replace(new, input_usd_per_mtok=0.2, effective_from=date(2027, 1, 1))
    write(folder, plan(folder, new, later, add=("acme/nano",), tier="small"))
    after = (folder / "api" / "acme.yaml").read_text()
    assert added_lines(ACME, after).strip("\n") == (
        "  - id: nano\n    name: 'Acme: Nano'\n    tier: small\n    prices:\n"
        "      - effective_from: 2026-09-01\n        input_usd_per_mtok: 0.1\n        output_usd_per_mtok: 0.4\n"
        "        basis: first_observed\n        via: other@2.0\n        checked: 2026-11-22\n"
        "      - effective_from: 2027-01-01\n        status: announced\n        input_usd_per_mtok: 0.2\n"
        "        output_usd_per_mtok: 0.4\n        basis: announced\n        via: other@2.0\n"
        "        checked: 2026-11-22"
    )
    assert "comment that ends the row\n\n  - id: nano" in after
    assert "checked: 2026-11-22\n\n  # --- the big one ---\n\n  - id: pro" in after
    assert [record.data["id"] for record in open_store(folder).records("api", folder / "api/acme.yaml")] == [
        "mini",
        "nano",
        "pro",
    ]


def test_a_new_model_before_all_others(folder: Path) -> None:
    write(folder, plan(folder, price("ant", 0.1, 0.4), add=("acme/ant",), tier="small"))
    after = (folder / "api" / "acme.yaml").read_text()
    assert added_lines(ACME, after).startswith("  - id: ant\n")
    assert "models:\n  - id: ant\n" in after
    assert "\n\n  # the small one\n  - id: mini\n" in after  # the comment stays with what it speaks of


def test_what_cannot_be_added(folder: Path) -> None:
    stranger = replace(price("one"), provider="stranger")
    undated = Upstream("other", "other@2.0", None, (price("nano"),))
    with pytest.raises(ResolveError, match="'acme/mini'; accepted: provider/model of the upstream that the tables do"):
        plan(folder, price(), add=("acme/mini",), tier="small")
    with pytest.raises(ResolveError, match="no tier"):
        plan(folder, price("nano"), add=("acme/nano",))
    with pytest.raises(ResolveError, match=r"no file stranger\.yaml"):
        plan(folder, stranger, add=("stranger/one",), tier="small")
    with pytest.raises(ResolveError, match="a price without a date"):
        plan_refresh(open_store(folder), undated, checked=TODAY, add=("acme/nano",), tier="small")
    with pytest.raises(ResolveError, match="no price from 2026-11-22 on"):
        plan(folder, price("nano", effective_to=date(2026, 5, 1)), add=("acme/nano",), tier="small")


# ---------------------------------------------------------------- writing


def test_only_lines_are_added(folder: Path) -> None:
    hourly = UpstreamInstance("rack", "big", "us", "on_demand", 24.0, "hunt@1")
    write(folder, plan(folder, price(), price("pro", 9.0, 50.0), instances=(hourly,)))
    after = (folder / "api" / "acme.yaml").read_text()
    added = added_lines(ACME, after)
    assert added.count("- effective_from: 2026-11-14\n") == 2
    # after the row with its own comments, before those of the next model; and before the announced row
    assert "        # a comment that ends the row\n      - effective_from: 2026-11-14\n" in after
    assert "which the row before has.\n\n  # --- the big one ---\n" in after
    assert after.index("effective_from: 2026-11-14", after.index("id: pro")) < after.index("effective_from: 2027-06-01")
    rack = (folder / "compute" / "rack.yaml").read_text()
    assert rack == RACK + (
        "\n          - effective_from: 2026-11-14\n            usd_per_hour: 24.0\n            basis: first_observed\n"
        "            via: hunt@1\n            checked: 2026-11-22\n"
        "            note: hunt@1 gives no date; the day is that of its data.\n"
    )
    for name, usd in (("acme/mini", 2.0), ("acme/pro", 9.0)):
        assert Book(open_store(folder), TODAY).api_price(name).input_usd_per_mtok == usd
    assert Book(open_store(folder), date(2026, 11, 13)).api_price("acme/mini").input_usd_per_mtok == 3.0


def test_the_row_reads_as_one_wrote_it(folder: Path) -> None:
    told = price(
        effective_from=date(2026, 10, 1),
        fresh=0.00002,
        cache_read_usd_per_mtok=0.000002,
        long_context=(UpstreamTier(200_000, 0.00004, 0.3),),
        batch=UpstreamBatch(0.00001, 5.0),
    )
    write(folder, plan(folder, told))
    assert added_lines(ACME, (folder / "api" / "acme.yaml").read_text()) == (
        "      - effective_from: 2026-10-01\n"
        "        input_usd_per_mtok: 0.00002\n"
        "        output_usd_per_mtok: 10.0\n"
        "        cache_read_usd_per_mtok: 0.000002\n"
        "        long_context:\n"
        "          - threshold_tokens: 200000\n"
        "            inclusive: true\n"
        "            input_usd_per_mtok: 0.00004\n"
        "            output_usd_per_mtok: 0.3\n"
        "        batch: {discount_share: 0.5, cache_discount_share: 0.25}\n"
        "        regions:\n"
        "          - id: us\n"
        "            price_ratio: 1.1\n"
        "        basis: first_observed\n"
        "        via: other@2.0\n"
        "        checked: 2026-11-22\n"
    )


def test_line_ends_of_windows_stay(folder: Path) -> None:
    path = folder / "api" / "acme.yaml"
    path.write_bytes(ACME.replace("\n", "\r\n").encode())
    write(folder, plan(folder, price()))
    after = path.read_bytes()
    assert after.count(b"\n") == after.count(b"\r\n") > ACME.count("\n")


def test_every_bundled_file_takes_a_row_without_other_changes(tmp_path: Path) -> None:
    shutil.copytree(BUNDLED, tmp_path / "pricing")
    store: Store = open_store(tmp_path / "pricing")
    last = date(2099, 1, 1)
    for path in store.files("api"):
        before = path.read_text(encoding="utf-8")
        records = store.records("api", path)
        told = []
        for record in list(records)[:3]:
            model = record.parse(ApiModel)
            told.append(UpstreamPrice(path.stem, model.id, 1234.5, 1.0, "test@1", effective_from=last))
        upstream = Upstream("test", "test@1", None, tuple(told))
        planned = plan_refresh(store, upstream, checked=date(2099, 1, 2))
        write_proposals(planned.proposals, root=store.root, name=store.name)
        count = added_lines(before, path.read_text(encoding="utf-8")).count("input_usd_per_mtok: 1234.5")
        assert count == len(planned.proposals)


def test_an_error_leaves_every_file_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hourly = UpstreamInstance("rack", "big", "us", "on_demand", 24.0, "hunt@1")
    planned = plan(folder, price(), instances=(hourly,))
    replaced = Path.replace

    def full_disk(self: Path, target: Path) -> Path:
        if target.name == "rack.yaml":
            raise OSError(28, "No space left on device")
        return replaced(self, target)

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(TableError, match=r"rack\.yaml\n  found no space left on device"):
        write(folder, planned)
    assert (folder / "api" / "acme.yaml").read_text() == ACME
    assert (folder / "compute" / "rack.yaml").read_text() == RACK
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["VERSION", "acme.yaml", "rack.yaml"]


def test_a_text_that_would_be_no_table_is_not_written(folder: Path) -> None:
    planned = plan(folder, price())
    wrong = replace(
        planned.proposals[0].proposed, data={**planned.proposals[0].proposed.data, "input_usd_per_mtok": -1.0}
    )
    with pytest.raises(TableError, match=r"prices\[1\]\.input_usd_per_mtok\n  found -1\.0; accepted: a number >= 0"):
        write(folder, replace(planned, proposals=(replace(planned.proposals[0], proposed=wrong),)))
    assert (folder / "api" / "acme.yaml").read_text() == ACME


def test_without_ruamel_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = plan(folder, price())
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
    with pytest.raises(ResolveError, match=r"no ruamel\.yaml.*\n  pip install 'tokencross\[sources\]'"):
        write(folder, planned)
    assert (folder / "api" / "acme.yaml").read_text() == ACME


def test_a_linked_file_stays_linked(folder: Path) -> None:
    path = folder / "api" / "acme.yaml"
    path.rename(folder.parent / "kept.yaml")
    path.symlink_to(folder.parent / "kept.yaml")
    write(folder, plan(folder, price()))
    assert path.is_symlink()
    assert "effective_from: 2026-11-14" in (folder.parent / "kept.yaml").read_text()


def test_a_list_in_brackets_is_refused(folder: Path) -> None:
    path = folder / "api" / "acme.yaml"
    row = "{effective_from: 2026-01-01, input_usd_per_mtok: 3.0, output_usd_per_mtok: 15.0, basis: documented, "
    text = "provider: acme\nname: Acme\nmodels:\n  - id: mini\n    name: Mini\n    tier: small\n    prices:\n      - "
    path.write_text(text + row + "via: a@1, checked: 2026-02-01}\n")
    with pytest.raises(TableError, match="a list in brackets"):
        write(folder, plan(folder, price()))


# ---------------------------------------------------------------- the command

OWN = "provider,model,input_usd_per_mtok,output_usd_per_mtok,effective_from\n"


def run(folder: Path, *arguments: str, rows: str = "acme,mini,2,10,2026-10-01\n", answer: str | None = None) -> Result:
    """Return what the command did with a file of these rows."""
    file = folder.parent / "own.csv"
    file.write_text(OWN + rows)
    command = ["prices", "refresh", "--from", str(file), "--pricing", str(folder), "--checked", "2026-11-22"]
    return CliRunner().invoke(app, [*command, *arguments], input=answer)


def test_it_prints_the_plan_and_writes_only_when_told(folder: Path) -> None:
    shown = run(folder)
    assert shown.exit_code == 0
    assert "own.csv: rows to add 1, models to add 0, 0 differences for a person" in shown.stdout
    assert "api/acme.yaml:12: from 2026-10-01" in shown.stdout
    assert "input_usd_per_mtok: 3 -> 2" in shown.stdout
    assert "kept from the row before: batch, regions" in shown.stdout
    assert "left out: cache_read_usd_per_mtok, long_context" in shown.stdout
    assert "Nothing was written" in shown.stdout
    assert (folder / "api" / "acme.yaml").read_text() == ACME
    done = run(folder, "--write")
    assert done.exit_code == 0
    assert "1 added." in done.stdout
    assert "effective_from: 2026-10-01" in added_lines(ACME, (folder / "api" / "acme.yaml").read_text())
    again = run(folder, "--write")
    assert "rows to add 0, models to add 0" in again.stdout  # what is written agrees


@pytest.mark.parametrize(("answer", "added"), [("y\n", 1), ("n\n", 0)])
def test_disputed_rows_are_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, added: int) -> None:
    rows = "acme,pro,9,50,2026-11-10\n"
    silent = run(folder, "--write", rows=rows)
    assert "0 added, 1 in doubt left out." in silent.stdout
    assert (folder / "api" / "acme.yaml").read_text() == ACME
    refused = run(folder, "--write", "--include-disputed", rows=rows)
    assert refused.exit_code == 2
    assert "no terminal to ask on" in refused.stderr
    monkeypatch.setattr("tokencross.cli_upstreams.can_ask", lambda: True)
    asked = run(folder, "--write", "--include-disputed", rows=rows, answer=answer)
    assert "other@2.0 has 9/50." in asked.stdout
    assert f"{added} added" in asked.stdout
    assert added_lines(ACME, (folder / "api" / "acme.yaml").read_text()).count("effective_from") == added


def test_mistakes_of_the_command_are_one_message(folder: Path) -> None:
    for arguments, expected in (
        (("--checked", "tomorrow"), "--checked\n  found 'tomorrow'"),
        (("--released", "soon"), "--released\n  found 'soon'"),
        (("--tier", "smal"), "Did you mean 'small'?"),
        (("--from", "genai-price"), "Did you mean 'genai-prices' or 'model-prices'?"),
    ):
        result = run(folder, *arguments)
        assert result.exit_code == 2
        assert expected in result.stderr
        assert "Traceback" not in result.stderr


def test_bundled_tables_of_an_installation_are_not_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = folder.parent / "tokencross"
    (package / "tables").mkdir(parents=True)
    shutil.copytree(folder, package / "pricing")
    monkeypatch.setattr("tokencross.tables.store._bundled", [Store(package / "pricing", "pricing")])
    file = folder.parent / "own.csv"
    file.write_text(OWN + "acme,mini,2,10,2026-10-01\n")
    command = ["prices", "refresh", "--from", str(file), "--checked", "2026-11-22", "--write"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "the tables of an installation" in result.stderr
    assert (package / "pricing" / "api" / "acme.yaml").read_text() == ACME
