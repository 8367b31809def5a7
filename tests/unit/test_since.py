"""What changed since something last held: the exact day by the tables' history, the lock, and prices before."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.tables import api, hosted, price_book, row

import tokencross as tc
from tokencross.checks import walk_back as walking
from tokencross.checks.since import changed_since
from tokencross.checks.walk_back import walk_back
from tokencross.errors import Problem, ResolveError, ScenarioError
from tokencross.options.base import CostOption
from tokencross.studies.compare import Comparison
from tokencross.studies.eras import option_day
from tokencross.studies.on_day import on_day
from tokencross.studies.price_days import recipe_of

WORKLOAD = tc.Workload(input_tokens=3_000, output_tokens=1_000)
OWN = tc.CostCurve.fixed(4_500) + tc.CostCurve.per_mtok(1.0)


def priced(day: str, usd_per_mtok: float, **keys: Any) -> dict[str, Any]:
    """A price of input and output alike."""
    return row(day, input_usd_per_mtok=usd_per_mtok, output_usd_per_mtok=usd_per_mtok, **keys)


BIG = (priced("2026-01-01", 10.0), priced("2026-03-10", 8.0), priced("2026-09-22", 4.0))
OTHER = (priced("2026-01-01", 3.0), priced("2026-05-05", 2.0))


def studied(
    tmp_path: Path, big: tuple[Any, ...] = BIG, other: tuple[Any, ...] = OTHER, *, here: float | None = 1e9, **keys: Any
) -> Comparison:
    """An API in eras, 4,500 USD a month and 1 USD/Mtok, and another API in eras of its own."""
    tables = price_book(tmp_path / "tables", api(hosted("big", *big, **keys), hosted("other", *other)))
    options: list[CostOption] = [
        tables.api("acme/big", label="API"),
        tc.Option("own", OWN),
        tables.api("acme/other", label="other"),
    ]
    return tc.Study(options, workload=WORKLOAD, tokens_per_month=here).comparison


def first_below(volume: float) -> Callable[[Comparison], bool]:
    """Whether the first breakeven of own is below a volume: 500M at 10, 643M at 8, 1.5B at 4 USD/Mtok."""

    def holds(study: Comparison) -> bool:
        first = study.breakeven("own").first
        return first is not None and float(first) < volume

    return holds


def on_or_before(day: str) -> Callable[[Comparison], bool]:
    """Whether a study's date is up to a day."""
    return lambda study: (option_day(study.option("API")) or date.max) <= date.fromisoformat(day)


# ---------------------------------------------------------------------- by the tables' history


def test_the_last_day_on_which_it_held_is_the_day_before_the_change(tmp_path: Path) -> None:
    study = studied(tmp_path)
    said = changed_since(first_below(1e9), study, pair=("own", "API"))
    assert said[0] == "It held until 2026-09-21; since then:"
    assert first_below(1e9)(on_day(study, date(2026, 9, 21)))
    assert not first_below(1e9)(on_day(study, date(2026, 9, 22)))
    changed = [line for line in said if line.startswith("- ")]
    assert len(changed) == 2  # input and output; the other option's row began before that day
    assert re.fullmatch(
        r"- acme/big input price 8 → 4 USD/Mtok from 2026-09-22 on \(.*api/acme\.yaml:\d+; acme@1\.0\)", changed[0]
    )


def test_rows_that_begin_in_between_are_passed_and_told(tmp_path: Path) -> None:
    said = changed_since(first_below(600e6), studied(tmp_path), pair=("own", "API"))
    assert said[0] == "It held until 2026-03-09; since then:"
    changed = [line.partition(" (")[0] for line in said if line.startswith("- ")]
    assert changed == [
        "- acme/other input price 3 → 2 USD/Mtok from 2026-05-05 on",
        "- acme/other output price 3 → 2 USD/Mtok from 2026-05-05 on",
        "- acme/big input price 10 → 4 USD/Mtok from 2026-09-22 on",
        "- acme/big output price 10 → 4 USD/Mtok from 2026-09-22 on",
    ]
    # own was 10,000 - 5,500 USD cheaper at 1B tokens, and is 1,500 USD dearer
    (told,) = [line for line in said if "advantage" in line]
    assert "the advantage of own over API at 1B tokens/month" in told
    assert "fell by 6,000 USD/month, from 4,500 USD to -1,500 USD" in told
    assert not any(line.startswith("row: ") for line in said)  # every row is named above already


def test_it_came_and_went_and_the_last_time_counts(tmp_path: Path) -> None:
    big = (priced("2026-01-01", 10.0), priced("2026-03-10", 4.0), priced("2026-06-01", 10.0), priced("2026-09-22", 4.0))
    said = changed_since(first_below(1e9), studied(tmp_path, big), pair=("own", "API"))
    assert said[0] == "It held until 2026-09-21; since then:"


def test_an_era_of_a_single_day_is_found(tmp_path: Path) -> None:
    big = (priced("2026-01-01", 4.0), priced("2026-06-01", 10.0), priced("2026-06-02", 4.0))
    said = changed_since(first_below(1e9), studied(tmp_path, big), pair=("own", "API"))
    assert said[0] == "It held until 2026-06-01; since then:"


@pytest.mark.parametrize("day", ["2026-11-20", "2026-10-05", "2026-09-22", "2026-09-21", "2026-04-04", "2026-01-01"])
def test_what_depends_on_the_day_itself_is_narrowed_down(tmp_path: Path, day: str) -> None:
    said = changed_since(on_or_before(day), studied(tmp_path), pair=("own", "API"))
    assert said[0].startswith(f"It held until {day};")


def test_without_a_change_nothing_is_attributed(tmp_path: Path) -> None:
    said = changed_since(on_or_before("2026-10-05"), studied(tmp_path))
    assert said == ("It held until 2026-10-05; nothing that a cost of the study rests on has changed since.",)


def test_it_never_held_and_the_option_did_not_exist_before(tmp_path: Path) -> None:
    assert changed_since(first_below(1.0), studied(tmp_path)) == (
        "It held on no day that the tables know, back to 2026-01-01: before that the study does not exist "
        "(before the first known price of acme/big).",
    )


def test_a_gap_in_which_an_option_is_not_sold_ends_the_walk(tmp_path: Path) -> None:
    big = (priced("2026-01-01", 10.0, effective_to=date(2026, 3, 1)), priced("2026-06-01", 4.0))
    (said,) = changed_since(first_below(1e9), studied(tmp_path, big))
    assert said == (
        "It held on no day that the tables know, back to 2026-06-01: before that the study does not exist "
        "(when no price is known)."
    )


def test_first_prices_that_are_held_have_no_end(tmp_path: Path) -> None:
    price_book(tmp_path / "tables", api(hosted("big", *BIG)))
    held = tc.load_prices(tmp_path / "tables", as_of="2026-11-21", before_first="hold")
    study = tc.Study([held.api("acme/big", label="API"), tc.Option("own", OWN)], workload=WORKLOAD).comparison
    assert changed_since(first_below(1.0), study) == ("It held on no day that the tables know, back to 2025-12-31.",)


def test_where_it_cannot_be_said_it_did_not_hold(tmp_path: Path) -> None:
    def holds(study: Comparison) -> bool:
        if option_day(study.option("API")) == date(2026, 9, 21):
            raise ScenarioError(Problem("tried", "nothing", "something"))
        return first_below(1e9)(study)

    said = changed_since(holds, studied(tmp_path), pair=("own", "API"))
    assert said[0] == "It held until 2026-09-20; since then:"


def test_a_study_without_tables_has_no_other_day() -> None:
    plain = tc.Study([tc.Option("A", tc.CostCurve.per_mtok(6)), tc.Option("B", OWN)], workload=WORKLOAD).comparison
    (said,) = changed_since(lambda study: False, plain)
    assert said == "Nothing that the study rests on is dated: there is no other day on which it could have held."


def test_a_measurement_is_a_change_too() -> None:
    """scenarios/support-chat.yaml: its rate rests on runs, of which some are younger than others."""
    study = tc.load_study(Path(__file__).resolve().parents[2] / "scenarios" / "support-chat.yaml")
    options: list[CostOption] = [study.comparison.option("self-hosted"), tc.Option("flat", tc.CostCurve.fixed(1e5))]
    alone = tc.Study(options, workload=study.workload, tokens_per_month=4e9).comparison

    def rate(then: Comparison) -> object:
        return {p.address: p.value for p in then.parameters}["self-hosted:throughput"]

    said = changed_since(lambda then: rate(then) != rate(alone), alone)
    held = re.match(r"It held until (\S+); since then:", said[0])
    assert held is not None
    day = date.fromisoformat(held[1])
    assert rate(on_day(alone, day)) != rate(alone)
    assert rate(on_day(alone, date.fromordinal(day.toordinal() + 1))) == rate(alone)
    assert said[1].startswith("- self-hosted throughput")
    recipe = recipe_of(options[0])
    assert recipe is not None
    measured = max(run.measured_on for run, _ in recipe.book.runs(recipe.model))
    (only_then, *_) = changed_since(lambda then: option_day(then.option("self-hosted")) == measured, alone)
    assert only_then.startswith(f"It held until {measured};")


# ---------------------------------------------------------------------- which pairs


def test_the_pair_that_is_asked_for_is_the_one_that_is_told(tmp_path: Path) -> None:
    said = changed_since(first_below(600e6), studied(tmp_path), pair=("other", "own"))
    (told,) = [line for line in said if "advantage" in line]
    # 5,500 - 3,000 USD, then 5,500 - 2,000 USD at 1B tokens
    assert "the advantage of other over own" in told
    assert "rose by 1,000 USD/month, from 2,500 USD to 3,500 USD" in told


def test_without_a_pair_the_farthest_challengers_come_first(tmp_path: Path) -> None:
    # from 2026-03-09 to 2026-11-21 at 1B tokens: API 10,000 to 4,000 USD, other 3,000 to 2,000, own as it was
    lines = changed_since(first_below(600e6), studied(tmp_path))
    assert lines == changed_since(first_below(600e6), studied(tmp_path), pair=("API", "API"))
    told = [line for line in lines if "the advantage of" in line]
    assert ["own over API" in told[0], "other over API" in told[1]] == [True, True]  # 6,000 USD against 5,000


def test_of_many_challengers_three_are_told_and_those_that_did_not_move_are_not(tmp_path: Path) -> None:
    names = ["big", "a", "b", "c", "d"]
    tables = price_book(tmp_path / "tables", api(*(hosted(name, *BIG) for name in names)))
    scaled = [tc.Option(f"own {name}", OWN) for name in "abcd"]
    options: list[CostOption] = [*(tables.api(f"acme/{name}", label=name) for name in names), *scaled]
    study = tc.Study(options, workload=WORKLOAD, tokens_per_month=1e9).comparison
    lines = changed_since(lambda then: (option_day(then.option("big")) or date.max) < date(2026, 9, 22), study)
    told = [line for line in lines if "the advantage of" in line]
    assert len(told) == 3
    assert all("the advantage of own " in line for line in told)  # the others moved along with the incumbent


def test_what_the_lock_has_on_record_is_the_start(tmp_path: Path) -> None:
    study = studied(tmp_path)
    locked = on_day(study, date(2026, 9, 21))
    record = {"API": 8_100.0, "own": 5_500.0, "other": 2_000.0}  # the tables say 8,000 USD today
    said = changed_since(first_below(1e9), study, locked=locked, pair=("own", "API"), costs_before=record)
    (told,) = [line for line in said if "advantage" in line]
    assert "fell by 4,100 USD/month, from 2,600 USD to -1,500 USD" in told


def test_what_cannot_be_attributed_is_said_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ScenarioError(Problem("attribution", "nothing", "something"))

    monkeypatch.setattr("tokencross.checks.since.attribute", refuse)
    said = changed_since(first_below(1e9), studied(tmp_path), pair=("own", "API"))
    assert said[-1].startswith("What they did to the advantage of own over API cannot be said: attribution found not")


# ---------------------------------------------------------------------- the lock


def test_the_lock_comes_first(tmp_path: Path) -> None:
    study = studied(tmp_path)
    locked = on_day(study, date(2026, 2, 2))
    said = changed_since(first_below(1e9), study, locked=locked, pair=("own", "API"))
    assert said[0] == "It held when tokencross.lock was written (as of 2026-02-02); since then:"
    assert any("acme/big input price 10 → 4 USD/Mtok" in line for line in said[1:])
    words = "tokencross.lock was written (tables 2026.11.20, as of 2026-02-02)"
    told = changed_since(first_below(1e9), study, locked=locked, pair=("own", "API"), lock_words=words)
    assert told[0] == f"It held when {words}; since then:"


def test_a_lock_under_which_it_did_not_hold_either_is_passed_over(tmp_path: Path) -> None:
    study = studied(tmp_path)
    locked = on_day(study, date(2026, 10, 1))
    said = changed_since(first_below(1e9), study, locked=locked, pair=("own", "API"))
    assert said[0] == "It held until 2026-09-21; since then:"


def test_a_number_of_the_scenario_that_changed_since_the_lock(tmp_path: Path) -> None:
    study = studied(tmp_path)
    longer = tc.Study(study.options, workload=WORKLOAD, tokens_per_month=2e9).comparison
    said = changed_since(lambda one: one.here == 1e9, longer, locked=study, pair=("own", "API"))
    assert said[0] == "It held when tokencross.lock was written (as of 2026-11-21); since then:"
    assert "1B → 2B" in said[1]


# ---------------------------------------------------------------------- walking


def test_the_walk_stops_after_so_many_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MOST_DAYS", 3)
    assert changed_since(first_below(1.0), studied(tmp_path)) == (
        "It held on none of the 3 days looked at, back to 2026-05-05; earlier ones were not looked at.",
    )  # 2026-09-22, 2026-09-21 and 2026-05-05


def test_every_day_is_looked_at_once() -> None:
    seen: list[date] = []

    def on(day: date) -> date:
        seen.append(day)
        return day

    days = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 2, 1), date(2026, 3, 1), date(2027, 1, 1)]
    walked = walk_back(days, date(2026, 3, 1), on, lambda day: False)
    assert seen == [
        date(2026, 2, 28),
        date(2026, 2, 1),
        date(2026, 1, 31),
        date(2026, 1, 2),
        date(2026, 1, 1),
        date(2025, 12, 31),
    ]
    assert (walked.then, walked.day) == (None, date(2025, 12, 31))


def test_the_first_day_of_the_calendar_is_the_end_of_every_walk() -> None:
    walked = walk_back([date.min], date(1, 1, 3), lambda day: day, lambda day: False)
    assert (walked.then, walked.day) == (None, date.min)


def test_what_does_not_exist_ends_the_walk_with_its_reason() -> None:
    def on(day: date) -> date:
        if day < date(2026, 2, 1):
            raise ResolveError(Problem("somewhere", f"{day}, before all", "later"))
        return day

    walked = walk_back([date(2026, 1, 1), date(2026, 2, 1)], date(2026, 3, 1), on, lambda day: False)
    assert (walked.then, walked.day, walked.ended) == (None, date(2026, 2, 1), "before all")
