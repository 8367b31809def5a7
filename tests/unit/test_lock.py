"""The lock: what it says, the same text each time, what it finds to have moved, and how it is damaged."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.tables import api, hosted, row, write_tables

from tokencross.checks.lock_check import differences, edited_rows, same_figure
from tokencross.checks.lock_file import (
    ANCHORS_TOKENS_PER_MONTH,
    Lock,
    LockedStudy,
    LockedTables,
    LockedWinner,
    read_lock,
    text_of,
)
from tokencross.checks.lock_record import book_of, record_of, whole_addresses
from tokencross.checks.outcome import Outcome
from tokencross.errors import ScenarioError, TokencrossError
from tokencross.locking import check_lock, check_study, lock_text, locked_comparison, write_lock
from tokencross.scenario import load_study
from tokencross.tables.reading import read_document

SCENARIO = """\
name: bought or built
as_of: 2026-11-21
pricing: ../tables
workload: {input_tokens: 1000, output_tokens: 1000}
tokens_per_month: 2.0e+9
incumbent: big
options:
  - {label: big, api: acme/big}
  - label: tiny
    api: acme/tiny
    engineering: [{label: team, upkeep_usd_per_month: 10800}]
"""
PRICES = {"input_usd_per_mtok": 4.0, "output_usd_per_mtok": 20.0}  # 12 USD/Mtok at half input, half output
TINY = {"input_usd_per_mtok": 0.4, "output_usd_per_mtok": 2.0}  # 1.2 USD/Mtok: 10.8 less, so from 1e9 tokens a month on
WINDOW = {"id": "peak", "days": ["mon"], "spans": [{"from_time": "09:00", "until_time": "17:00"}], "price_ratio": 2.0}
KEY = "scenarios/case.yaml"


def tables(folder: Path, big: Mapping[str, object] | None = None, *more: dict[str, object]) -> None:
    """Write the tables: a big model with these prices, further rows of it, and a tiny one."""
    rows = [row("2026-01-01", **(PRICES if big is None else big)), *more]
    write_tables(folder / "tables", api(hosted("big", *rows), hosted("tiny", row("2026-01-01", **TINY))))


def scenario(folder: Path, text: str = SCENARIO, name: str = "case") -> Path:
    """Write a scenario."""
    path = folder / "scenarios" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Tables, a scenario and its lock."""
    tables(tmp_path)
    write_lock([scenario(tmp_path)], tmp_path / "tokencross.lock")
    return tmp_path


def lock_in(folder: Path) -> Lock:
    return read_lock(folder / "tokencross.lock")


def outcome(folder: Path) -> Outcome:
    """Return what checking the only study gives."""
    (found,) = check_lock(folder / "tokencross.lock")
    return found


# ---------------------------------------------------------------------- what it says


def test_results_are_those_of_the_study_to_six_digits(folder: Path) -> None:
    locked = lock_in(folder).studies[KEY]
    assert locked.costs_usd_per_month["big"] == tuple(12e-6 * volume for volume in ANCHORS_TOKENS_PER_MONTH)
    assert locked.costs_usd_per_month["tiny"][0] == 10_801.2  # 10,800 + 1.2
    assert locked.costs_here_usd_per_month == {"big": 24_000.0, "tiny": 13_200.0}
    assert [(each.from_tokens_per_month, each.option) for each in locked.winners] == [(0.0, "big"), (1e9, "tiny")]
    found = locked.breakevens_tokens_per_month["tiny"]
    assert (found.first, found.robust) == (1e9, 1e9)
    assert (locked.as_of, locked.tables.version) == (date(2026, 11, 21), "2026.11.21")
    assert locked.tables.sha256 == load_study(folder / KEY).options[0].book.store.content_hash  # type: ignore[union-attr]  # it has tables


def test_numbers_and_rows_are_those_that_the_study_rests_on(folder: Path) -> None:
    locked = lock_in(folder).studies[KEY]
    assert locked.numbers["big"] == {"prices:acme/big": PRICES, "tokenizer_ratio": 1.0}
    assert locked.numbers["tiny"]["engineering[team]"] == {"upkeep_usd_per_month": 10_800.0}
    assert locked.numbers["workload"]["input_tokens"] == 1_000.0
    assert set(locked.rows) == {"prices:acme/big from 2026-01-01", "prices:acme/tiny from 2026-01-01"}
    assert locked.scenario == read_document(folder / KEY).data


def test_the_tables_own_date_is_kept_as_the_day_that_it_was(tmp_path: Path) -> None:
    tables(tmp_path)
    write_lock([scenario(tmp_path, SCENARIO.replace("2026-11-21", "tables"))], tmp_path / "tokencross.lock")
    locked = lock_in(tmp_path).studies[KEY]
    assert (locked.as_of, locked.scenario["as_of"]) == (date(2026, 11, 21), "tables")


def test_what_is_uncertain_is_kept_at_its_median(tmp_path: Path) -> None:
    tables(tmp_path)
    unsure = SCENARIO.replace("upkeep_usd_per_month: 10800", "upkeep_usd_per_month: {between: [5400, 21600]}")
    write_lock([scenario(tmp_path, unsure)], tmp_path / "tokencross.lock")
    study = lock_in(tmp_path).studies[KEY]
    assert study.numbers["tiny"]["engineering[team]"] == {"upkeep_usd_per_month": 10_800.0}  # √(5,400 · 21,600)
    assert study.breakevens_tokens_per_month["tiny"].first == 1e9
    assert outcome(tmp_path).passed
    assert locked_comparison(lock_in(tmp_path), KEY) is not None


# ---------------------------------------------------------------------- the same text


def test_the_same_studies_give_the_same_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = scenario(folder, SCENARIO.replace("10800", "5400"), "another")
    paths = [folder / KEY, other]
    text = lock_text(paths, beside=folder)
    assert text == lock_text(paths[::-1], beside=folder)
    monkeypatch.chdir(folder / "scenarios")
    assert text == lock_text([Path("case.yaml"), Path("another.yaml"), Path("case.yaml")], beside=Path(".."))
    assert text.index("scenarios/another.yaml:") < text.index("scenarios/case.yaml:")
    assert str(folder) not in text
    assert text.endswith("\n")


def test_reading_and_writing_again_changes_nothing(folder: Path) -> None:
    path = folder / "tokencross.lock"
    assert text_of(lock_in(folder).studies) == path.read_text(encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert [each.state for each in write_lock([folder / KEY], path)] == ["as before"]
    assert path.stat().st_mtime_ns == 1


def test_a_price_that_moved_is_a_small_difference(folder: Path) -> None:
    before = (folder / "tokencross.lock").read_text(encoding="utf-8").splitlines()
    tables(folder, PRICES | {"output_usd_per_mtok": 24.0})
    write_lock([folder / KEY], folder / "tokencross.lock")
    after = (folder / "tokencross.lock").read_text(encoding="utf-8").splitlines()
    moved = [line.split(":")[0].strip("- {") for old, line in zip(before, after, strict=True) if old != line]
    assert moved == ["tables", "big", "costs_here_usd_per_month", "from_tokens_per_month", "tiny", "prices", "prices"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_yaml_reads_a_number_back_exactly(value: float) -> None:
    from tokencross.checks.lock_file import _number_text

    assert yaml.safe_load(_number_text(value)) == value
    assert isinstance(yaml.safe_load(_number_text(value)), float)


WORDS = st.text(st.characters(exclude_characters="[{", exclude_categories=["Cs"]))  # a file has 60 open ones at most


@given(
    label=WORDS.filter(bool),
    note=st.builds(lambda part, often: " ".join([part] * often), WORDS, st.integers(1, 40)),
    number=st.floats(min_value=0.0, max_value=1e300),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_scenario_says_is_read_back(tmp_path: Path, label: str, note: str, number: float) -> None:
    said: dict[str, object] = {"note": note}
    values = (label, number, date(2026, 11, 21), 7, True, None, {"no": "1e6", label: "10:00"})
    costs = {label: (number,) * len(ANCHORS_TOKENS_PER_MONTH)}
    study = LockedStudy(
        name=note,
        as_of=date(2026, 11, 21),
        tables=LockedTables(version="2026.11.21", sha256="1e10"),
        tokencross="1.0",
        incumbent=label,
        costs_usd_per_month=costs,
        winners=(LockedWinner(from_tokens_per_month=0.0, option=label),),
        winner_count=1,
        breakevens_tokens_per_month={},
        numbers={label: {f"engineering[{label}]": {"upfront_usd": number}}},
        rows={f"prices:{label}": "12345678"},
        scenario=said | {"on": values},
    )
    path = tmp_path / "tokencross.lock"
    path.write_bytes(text_of({f"{label}.yaml": study}).encode("utf-8"))
    read = read_lock(path).studies[f"{label}.yaml"]
    assert (read.incumbent, read.name, read.tables.sha256, read.rows) == (label, note, "1e10", study.rows)
    assert text_of({f"{label}.yaml": read}).encode("utf-8") == path.read_bytes()
    assert read.scenario == said | {"on": values}
    assert same_figure(read.costs_usd_per_month[label][0], number)


@given(st.floats(min_value=1e-6, max_value=1e15))
def test_a_figure_is_that_which_it_was_rounded_to(value: float) -> None:
    rounded = float(f"{value:.6g}")
    assert same_figure(rounded, value)
    assert not same_figure(rounded, value * 1.00002)


# ---------------------------------------------------------------------- nothing moved


def test_checking_writes_nothing(folder: Path) -> None:
    path = folder / "tokencross.lock"
    before, moment = path.read_bytes(), path.stat().st_mtime_ns
    files = sorted(folder.rglob("*"))
    path.chmod(0o444)
    assert outcome(folder) == Outcome("lock", path.as_posix(), 7, KEY, passed=True)
    tables(folder, PRICES | {"output_usd_per_mtok": 24.0})
    assert not outcome(folder).passed
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(folder.rglob("*"))) == (before, moment, files)


def test_tables_that_move_nothing_pass_and_are_named(folder: Path) -> None:
    tables(folder, None, row("2026-12-24", **PRICES))
    assert outcome(folder).lines == ("the same results: tables 2026.11.21, edited since",)
    (folder / "tables" / "VERSION").write_text("2026.11.22\n", encoding="utf-8")
    assert outcome(folder).lines == ("the same results: tables 2026.11.21 → 2026.11.22",)


def test_a_day_and_a_note_that_move_nothing_pass_and_are_named(folder: Path) -> None:
    scenario(folder, SCENARIO.replace("as_of: 2026-11-21", "note: said anew\nas_of: 2026-11-20"))
    found = outcome(folder)
    assert found.passed
    assert found.lines == ("the same results: as of 2026-11-21 → 2026-11-20, the scenario file was edited",)


# ---------------------------------------------------------------------- what moved


def price(folder: Path) -> None:
    tables(folder, {"input_usd_per_mtok": 3.0, "output_usd_per_mtok": 9.0})


def field(folder: Path) -> None:
    scenario(folder, SCENARIO.replace("10800", "21600"))


def traffic(folder: Path) -> None:
    scenario(folder, SCENARIO.replace("output_tokens: 1000", "output_tokens: 3000"))


def added(folder: Path) -> None:
    scenario(folder, SCENARIO + "  - {label: second, api: acme/tiny}\n")


def removed(folder: Path) -> None:
    scenario(folder, SCENARIO.partition("  - label: tiny")[0])


def volume(folder: Path) -> None:
    scenario(folder, SCENARIO.replace("2.0e+9", "3.0e+9"))


def day(folder: Path) -> None:
    tables(folder, None, row("2026-12-01", input_usd_per_mtok=3.0, output_usd_per_mtok=9.0))
    scenario(folder, SCENARIO.replace("as_of: 2026-11-21", "as_of: 2026-12-01"))


def never(folder: Path) -> None:
    tables(folder, {"input_usd_per_mtok": 0.2, "output_usd_per_mtok": 1.0})


def incumbent(folder: Path) -> None:
    scenario(folder, SCENARIO.replace("incumbent: big", "incumbent: tiny"))


REMEDY = "If that is meant: tokencross lock {scenario} --output {lock}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            price,  # 6 USD/Mtok instead of 12: 10,800 / 4.8e-6 = 2.25e9
            [
                "cheapest before: big, tiny from 1B tokens/month",
                "cheapest now:    big, tiny from 2.25B tokens/month",
                "monthly cost at 2B tokens/month: big 24,000 USD → 12,000 USD",
                "1B",
                "2.25B",
                "12,000 USD/month, from 10,800 USD to -1,200 USD: 11,000 USD of it acme/big output price 20 → 9",
            ],
        ),
        (field, ["monthly cost at 2B tokens/month: tiny 13,200 USD → 24,000 USD", "upkeep", "1B", "2B"]),
        (traffic, ["big 24,000 USD → 32,000 USD, tiny 13,200 USD → 14,000 USD", "output tokens 1,000 → 3,000"]),
        (added, ["second: a new option", "cheapest now:    second"]),
        (removed, ["tiny: no longer an option", "cheapest now:    big"]),
        (volume, ["the study's volume: 2B tokens/month → 3B tokens/month"]),
        (day, ["as of 2026-11-21 → 2026-12-01", "big 24,000 USD → 12,000 USD", "prices:acme/big"]),
        (never, ["cheapest now:    big", "never", "big 24,000 USD → 1,200 USD"]),
        (incumbent, ["incumbent big → tiny: breakevens are against another option"]),
    ],
)
def test_what_moved_is_said(folder: Path, change: Callable[[Path], None], said: list[str]) -> None:
    change(folder)
    found = outcome(folder)
    assert not found.passed
    text = "\n".join(found.lines)
    assert [each for each in said if each not in text] == [], text
    assert found.lines[-1] == REMEDY.format(scenario=(folder / KEY).as_posix(), lock=found.file)
    assert (found.kind, found.name, found.line) == ("lock", KEY, 7)
    write_lock([folder / KEY], folder / "tokencross.lock")
    assert outcome(folder).passed


def test_a_row_that_begins_before_the_locked_day_and_was_not_known_then_has_its_day(folder: Path) -> None:
    tables(folder, None, row("2026-11-01", input_usd_per_mtok=3.0, output_usd_per_mtok=9.0))
    said = "\n".join(outcome(folder).lines)
    assert "acme/big output price 20 → 9 USD/Mtok (2026-11-01)" in said
    assert "step by step" not in said  # both prices on one day


def test_a_correction_of_the_same_row_has_no_day(folder: Path) -> None:
    tables(folder, {"input_usd_per_mtok": 4.0, "output_usd_per_mtok": 9.0})
    assert "acme/big output price 20 → 9 USD/Mtok\n" in "\n".join(outcome(folder).lines)


def test_breakevens_before_are_those_on_record_where_no_number_explains_them(folder: Path) -> None:
    """Prompts over 500 tokens at 44 USD/Mtok, 24 for the mixture: 10,800 USD are earned back 22.8 by 22.8."""
    dear = {"threshold_tokens": 500, "input_usd_per_mtok": 8.0, "output_usd_per_mtok": 40.0}
    tables(folder, PRICES | {"long_context": [dear]})
    said = "\n".join(outcome(folder).lines)
    assert "robust breakeven 1B → 474M tokens/month" in said
    assert "rose by 24,000 USD/month, from 10,800 USD to 34,800 USD: 24,000 USD of it what the tables say" in said


def test_a_record_of_six_digits_is_no_rest_of_its_own(folder: Path) -> None:
    """125,856.789 USD are kept as 125,857: where another option's rule changed, the 0.21 USD are no one's doing."""
    text = SCENARIO.replace("10800", "123456.789").replace("incumbent: big", "incumbent: small")
    text += "  - {label: small, api: acme/tiny}\n"
    scenario(folder, text)
    write_lock([folder / KEY], folder / "tokencross.lock")
    dear = {"threshold_tokens": 500, "input_usd_per_mtok": 8.0, "output_usd_per_mtok": 40.0}
    tables(folder, PRICES | {"long_context": [dear]})
    scenario(folder, text.replace("123456.789", "123556.789"))
    told = {line.partition(": ")[0]: line for line in outcome(folder).lines if "advantage" in line}
    assert "24,000 USD of it what the tables say otherwise" in told["big"]
    assert "what the tables say otherwise" not in told["tiny"]
    assert "fell by 100 USD/month" in told["tiny"]


def test_an_option_may_be_called_study(folder: Path) -> None:
    """The volume is the study's too: an option of that name has its numbers beside it. 21,600 - 10,800 of upkeep."""
    text = SCENARIO.replace("tiny\n", "study\n", 1)
    scenario(folder, text)
    write_lock([folder / KEY], folder / "tokencross.lock")
    assert lock_in(folder).studies[KEY].numbers["study"]["engineering[team]"] == {"upkeep_usd_per_month": 10_800.0}
    scenario(folder, text.replace("10800", "21600").replace("2.0e+9", "4.0e+9"))
    said = "\n".join(outcome(folder).lines)
    assert "21,600 USD of it volume 2B → 4B tokens/month" in said
    assert "the other way 10,800 USD study team upkeep 10,800 → 21,600 USD/month" in said


def test_the_usual_lock_needs_no_option_in_the_remedy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    field(folder)
    monkeypatch.chdir(folder)
    (found,) = check_lock(Path("tokencross.lock"))
    assert found.lines[-1] == f"If that is meant: tokencross lock {KEY}"


def test_a_row_that_changed_in_no_number_is_named(tmp_path: Path) -> None:
    tables(tmp_path, PRICES | {"time_windows": [WINDOW]})
    write_lock([scenario(tmp_path)], tmp_path / "tokencross.lock")
    tables(tmp_path, PRICES | {"time_windows": [WINDOW | {"days": ["mon", "tue"]}]})
    lines = outcome(tmp_path).lines
    assert "rows edited since: prices:acme/big from 2026-01-01" in lines
    assert any("what the tables say otherwise than in numbers" in line for line in lines), lines


def test_who_says_a_price_and_when_someone_looked_is_no_change_of_its_row(folder: Path) -> None:
    tables(folder, PRICES | {"checked": date(2026, 11, 22), "note": "seen again", "agrees": ["other@2"]})
    now = load_study(folder / KEY).comparison
    assert edited_rows(lock_in(folder).studies[KEY], now) == ()
    assert not differences(lock_in(folder).studies[KEY], now).moved


def test_without_a_volume_of_its_own_a_study_is_looked_at_where_its_breakeven_is(tmp_path: Path) -> None:
    tables(tmp_path, PRICES | {"time_windows": [WINDOW]})
    write_lock([scenario(tmp_path, SCENARIO.replace("tokens_per_month: 2.0e+9\n", ""))], tmp_path / "tokencross.lock")
    locked = lock_in(tmp_path).studies[KEY]
    assert (locked.tokens_per_month, locked.costs_here_usd_per_month) == (None, {})
    tables(tmp_path, PRICES | {"time_windows": [WINDOW], "output_usd_per_mtok": 10.0})
    assert any("(where tiny first undercuts big) fell by" in line for line in outcome(tmp_path).lines)
    tables(tmp_path, PRICES | {"time_windows": [WINDOW | {"days": ["mon", "tue"]}]})
    lines = outcome(tmp_path).lines
    assert any("at 1B tokens/month (as asked) rose by" in line for line in lines), lines


def test_options_inside_others_have_their_numbers_too(tmp_path: Path) -> None:
    path = Path(__file__).resolve().parents[2] / "scenarios" / "mixed.yaml"
    comparison = load_study(path).comparison
    locked = record_of(comparison, name="mixed", scenario={}, written_by="1.0")
    assert set(locked.numbers) == {*comparison.everyone, "workload"}
    kept = {address for numbers in whole_addresses(locked.numbers).values() for address in numbers}
    assert kept == {parameter.address for parameter in comparison.parameters} - {"tokens_per_month"}


# ---------------------------------------------------------------------- the study as it was


@pytest.mark.parametrize("change", [price, field, traffic, added, removed, volume, day, never, incumbent])
def test_the_locked_study_is_what_it_was(folder: Path, change: Callable[[Path], None]) -> None:
    before = load_study(folder / KEY).comparison
    change(folder)
    rebuilt = locked_comparison(lock_in(folder), KEY)
    assert rebuilt is not None
    volumes = list(ANCHORS_TOKENS_PER_MONTH)
    assert rebuilt.costs(volumes).equals(before.costs(volumes))
    assert (rebuilt.here, rebuilt.incumbent) == (before.here, before.incumbent)


def test_the_locked_study_is_that_of_its_day(tmp_path: Path) -> None:
    tables(tmp_path)
    write_lock([scenario(tmp_path, SCENARIO.replace("2026-11-21", "tables"))], tmp_path / "tokencross.lock")
    tables(tmp_path, None, row("2026-12-01", **PRICES | {"output_usd_per_mtok": 24.0}))
    (tmp_path / "tables" / "VERSION").write_text("2026.12.01\n", encoding="utf-8")
    rebuilt = locked_comparison(lock_in(tmp_path), KEY)
    assert rebuilt is not None
    assert book_of(rebuilt).as_of == date(2026, 11, 21)
    lines = outcome(tmp_path).lines
    assert lines[:2] == ("as of 2026-11-21 → 2026-12-01", "tables 2026.11.21 → 2026.12.01")
    assert any("acme/big output price 20 → 24 USD/Mtok (2026-12-01)" in line for line in lines), lines


def test_a_study_whose_row_is_gone_is_compared_without_saying_why(folder: Path) -> None:
    dearer = row("2026-11-21", **PRICES | {"output_usd_per_mtok": 24.0})
    files = api(hosted("large", dearer), hosted("tiny", row("2026-01-01", **TINY)))
    write_tables(folder / "tables", files)
    scenario(folder, SCENARIO.replace("acme/big", "acme/large"))
    assert locked_comparison(lock_in(folder), KEY) is None
    lines = outcome(folder).lines
    assert any(line.startswith("tiny against big: first breakeven 1B tokens/month → 844M") for line in lines), lines
    assert any(line.startswith("Why is not known, because the locked study cannot be rebuilt:") for line in lines)
    assert locked_comparison(lock_in(folder), "scenarios/other.yaml") is None


def test_files_that_a_scenario_names_are_found_from_its_folder(tmp_path: Path) -> None:
    tables(tmp_path)
    own = {"api": [{"provider": "acme", "models": [{"id": "big", "prices": [row("2026-01-01", **TINY)]}]}]}
    path = scenario(tmp_path, SCENARIO.replace("pricing: ../tables", "pricing: ../tables\noverlay: own.yaml"))
    (path.parent / "own.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    write_lock([path], tmp_path / "tokencross.lock")
    assert lock_in(tmp_path).studies[KEY].costs_here_usd_per_month["big"] == 2_400.0
    rebuilt = locked_comparison(lock_in(tmp_path), KEY)
    assert rebuilt is not None
    assert rebuilt.curve("big").usd_per_month(1e9) == pytest.approx(1_200.0, rel=1e-12)


# ---------------------------------------------------------------------- bad input


def test_a_scenario_that_is_gone_is_bad_input_and_the_next_study_is_still_checked(folder: Path) -> None:
    scenario(folder, name="another")
    write_lock([folder / "scenarios" / "another.yaml"], folder / "tokencross.lock")
    (folder / "scenarios" / "another.yaml").unlink()
    found = check_lock(folder / "tokencross.lock")
    with pytest.raises(ScenarioError) as caught:
        next(found)
    path = (folder / "tokencross.lock").as_posix()
    assert str(caught.value).splitlines() == [
        f"{path}:7: studies.scenarios/another.yaml",
        f"  found no file {(folder / 'scenarios' / 'another.yaml').as_posix()}; accepted: a scenario that is there.",
        f"  If it is meant to be gone, lock the others: tokencross lock SCENARIO… --anew --output {path}",
    ]
    assert next(found).passed
    assert list(found) == []


def test_a_scenario_that_is_wrong_is_bad_input(folder: Path) -> None:
    scenario(folder, SCENARIO.replace("acme/tiny", "acme/teeny"))
    with pytest.raises(TokencrossError, match=r"case.yaml:9"):
        check_study(lock_in(folder), KEY)


def damaged(folder: Path, old: str, new: str) -> str:
    """Return the message about a lock with something else in it."""
    path = folder / "tokencross.lock"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_lock(path)
    return str(caught.value).replace(path.as_posix(), "tokencross.lock")


ANEW = "  It is not edited by hand; write it anew: tokencross lock SCENARIO… --anew"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "tokens_per_month: 2.0e+9\n    costs",
            "tokens_per_month: 2B\n    costs",
            f"""\
            tokencross.lock:13: studies.{KEY}.tokens_per_month
              found '2B'; accepted: a number, in tokens per month.
            {ANEW}""",
        ),
        (
            "    incumbent: big\n    tokens",
            "    incumbant: big\n    tokens",
            f"""\
            tokencross.lock:12: studies.{KEY}.incumbant
              found an unknown key; accepted: one of {", ".join(LockedStudy.model_fields)}.
            {ANEW}""",
        ),
        (
            "format_version: 1",
            "format_version: 2",
            """\
            tokencross.lock:4: format_version
              found 2; accepted: 1, the layout that this version reads.
              A later tokencross wrote it: install that version, or write it anew with this one: \
tokencross lock SCENARIO… --anew""",
        ),
        (
            "format_version: 1",
            "format_version: one",
            f"""\
            tokencross.lock:4: format_version
              found 'one'; accepted: one of 1.
            {ANEW}""",
        ),
        (
            "    incumbent: big\n    tokens",
            "<<<<<<< HEAD\n    incumbent: big\n=======\n    incumbent: tiny\n>>>>>>> theirs\n    tokens",
            """\
            tokencross.lock:12
              found a merge conflict (<<<<<<< HEAD); accepted: a lock as `tokencross lock` writes it.
              Write it anew, once the scenarios are merged: tokencross lock SCENARIO… --anew""",
        ),
        (
            ", 1.2e+7, 1.2e+8]",
            ", 1.2e+7]",
            f"""\
            tokencross.lock:7: studies.{KEY}
              found 7 costs of 'big'; accepted: one for each of 8 volumes.
            {ANEW}""",
        ),
        (
            "1.0e+6, 1.0e+7, ",
            "1.0e+7, 1.0e+6, ",
            f"""\
            tokencross.lock:4
              found other anchors_tokens_per_month; accepted: {", ".join(f"1.0e+{n}" for n in range(6, 14))}.
            {ANEW}""",
        ),
    ],
    ids=["text", "unknown key", "later version", "no version", "merge conflict", "short costs", "other anchors"],
)
def test_a_damaged_lock_is_one_clear_error(folder: Path, old: str, new: str, message: str) -> None:
    assert damaged(folder, old, new) == textwrap.dedent(message).replace(f"            {ANEW}", ANEW)


def test_a_lock_that_was_cut_off_is_one_clear_error(folder: Path) -> None:
    path = folder / "tokencross.lock"
    raw = path.read_bytes()
    for share in (0.0, 0.25, 0.5, 0.75, 0.95):
        path.write_bytes(raw[: int(len(raw) * share)])
        with pytest.raises(ScenarioError) as caught:
            read_lock(path)
        message = str(caught.value)
        assert message.startswith(path.as_posix()), message
        assert "tokencross lock" in message, message


def test_no_lock_is_one_clear_error(folder: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        check_lock(folder / "no.lock")
    path = (folder / "no.lock").as_posix()
    assert str(caught.value).splitlines() == [
        path,
        "  found no such file; accepted: a lock as `tokencross lock` writes it.",
        f"  Write one: tokencross lock SCENARIO… --output {path}",
    ]
