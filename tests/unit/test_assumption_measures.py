"""Every kind of check by hand on small tables: what is found, and that it fails once what it rests on has changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.tables import api, hosted, row, write_tables

import tokencross as tc
from tokencross.checking import read_assumptions, run_check
from tokencross.checks.expectations import figure
from tokencross.checks.measures import MEASURES
from tokencross.checks.measures_crossings import breakeven_at
from tokencross.checks.outcome import Finding, Outcome
from tokencross.errors import TokencrossError
from tokencross.tables.assumption_checks import CHECK_KINDS

TODAY = date(2026, 11, 22)
DAYS = 730 / 24  # of a month
Plain = dict[str, Any]


def both(day: str, usd_per_mtok: float, **keys: Any) -> Plain:
    """A row in which input and output cost the same: a blended price that needs no arithmetic."""
    return row(day, input_usd_per_mtok=usd_per_mtok, output_usd_per_mtok=usd_per_mtok, **keys)


def announced(day: str, usd_per_mtok: float) -> Plain:
    """A row that is announced."""
    return both(day, usd_per_mtok) | {"status": "announced", "basis": "announced"}


def instance(usd_per_hour: float) -> Plain:
    """A machine whose price rose on 2026-03-01 and which can be reserved."""
    rented = [row("2026-01-01", usd_per_hour=1.5), row("2026-03-01", usd_per_hour=usd_per_hour)]
    reserved = [row("2026-01-01", usd_per_hour=1.0)]
    offers = [
        {"purchase": "on_demand", "region": "us", "prices": rented},
        {"purchase": "reserved_1y", "region": "us", "prices": reserved},
    ]
    return {"id": "box-1.2", "gpu": "X1", "gpu_count": 1, "offers": offers}


BIG = [both("2024-01-01", 8.0), both("2025-01-01", 10.0, batch={"discount_share": 0.5})]
RETIRED = {"retires_on": date(2027, 3, 1), "successor": "acme/big", **{"via": "acme@1.0", "basis": "announced"}}


def files(**changes: Any) -> dict[str, Plain | str]:
    """Tables with a dear model, a cheap one, one that goes, and a machine; changes take the place of their rows."""
    big = changes.get("big", BIG)
    lite = changes.get("lite", [both("2024-01-01", 1.0, regions=[{"id": "eu", "price_ratio": 1.1}])])
    old = {"retirement": {**RETIRED, "checked": date(2026, 11, 21)}} if changes.get("retires", True) else {}
    tiers = [{"id": "priority", "input_usd_per_mtok": 40.0, "output_usd_per_mtok": 60.0}]
    tiered = both("2024-01-01", 20.0, service_tiers=tiers, cache_read_usd_per_mtok=2.0)
    models = [
        hosted("big-1.5", *big),
        hosted("lite", *lite),
        hosted("old", both("2024-01-01", 3.0), **old),
        hosted("tiered", tiered),
    ]
    hardware = {"gpus": [{"id": "X1", "memory_gib": 80.0, "via": "a@1", "basis": "documented", "checked": TODAY}]}
    machines = {"provider": "acme", "name": "Acme", "instances": [instance(changes.get("hourly", 2.0))]}
    return {**api(*models), "hardware/gpus": hardware, "compute/acme": machines}


def study(**changes: Any) -> Plain:
    """10 USD/Mtok against 1 USD/Mtok and 4,500 USD a month: 500M tokens a month, a bill of 5,000 USD."""
    plan = [{"label": "people", "upkeep_usd_per_month": 4_500}]
    return {
        "name": "small",
        "as_of": date(2026, 11, 21),
        "workload": {"input_tokens": 3_000, "output_tokens": 1_000},
        "tokens_per_month": 1.0e9,
        "incumbent": "API",
        "reference": ["other"],
        "options": [
            {"label": "API", "api": "acme/big-1.5"},
            {"label": "own", "api": "acme/lite", "engineering": plan},
            {"label": "dear", "api": "acme/tiered"},
            {"label": "other", "api": "acme/old"},
        ],
        **changes,
    }


def outcome(
    tmp_path: Path,
    check: Mapping[str, Any],
    *,
    tables: Mapping[str, Plain | str] | None = None,
    said: Plain | None = None,
    **head: Any,
) -> Outcome:
    """What comes of a check on these tables and this study."""
    write_tables(tmp_path / "tables", files() if tables is None else tables)
    data = {"name": "t", "pricing": "tables", "study": said or study(), **head, "checks": [{"name": "one", **check}]}
    path = tmp_path / "t.assumptions.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return run_check(read_assumptions(path), 0, today=TODAY)


def found(tmp_path: Path, check: Mapping[str, Any], **given: Any) -> Finding:
    """The finding of a check that has no cases."""
    (case,) = outcome(tmp_path, check, **given).cases
    return case.finding


INPUT = {"field": "input_usd_per_mtok"}
PAIR = ["acme/big-1.5", "acme/lite"]

# a check of each kind, what it finds, its unit, and tables or a study with which it fails
KINDS: list[tuple[Plain, float | None, str, Plain]] = [
    ({"price": "acme/big-1.5", **INPUT, "equals": 10.0}, 10.0, "USD/Mtok", {"big": [both("2024-01-01", 9.0)]}),
    ({"price": "compute:acme/box-1.2", "at_most": 2.0}, 2.0, "USD/hour", {"hourly": 2.1}),
    ({"price_ratio": PAIR, **INPUT, "between": [9, 10]}, 10.0, "", {"lite": [both("2024-01-01", 2.0)]}),
    (
        {"source_age": "study", "at_most_days": 0},
        0.0,
        "days",
        {"lite": [both("2024-01-01", 1.0) | {"checked": date(2026, 11, 20)}]},
    ),
    (
        {"source_age": ["acme/lite", "compute:acme/box-1.2"], "at_most_days": 0},
        0.0,
        "days",
        {"lite": [both("2024-01-01", 1.0) | {"checked": date(2026, 11, 20)}]},
    ),
    (
        {"announced_move": "own", "within_days": 90, "at_most_share": 0.05},
        0.0,
        "share of the breakeven",
        {"big": [*BIG, announced("2027-01-01", 19.0)]},
    ),
    ({"breakeven": "own", "between": [499.9e6, 500.1e6]}, 500e6, "tokens/month", {"lite": [both("2024-01-01", 2.0)]}),
    ({"cheapest": "own"}, 5_500.0, "USD/month", {"lite": [both("2024-01-01", 6.0)]}),
    ({"cheapest": "own", "tokens_per_month": [500e6, None]}, None, "", {"lite": [both("2024-01-01", 1.001)]}),
    ({"never_wins": "dear"}, None, "", {"big": [both("2024-01-01", 30.0)]}),
    ({"undercuts": "own", "margin_share": 0.4}, 0.55, "of the other's cost", {"lite": [both("2024-01-01", 2.0)]}),
    ({"undercuts": "own", "tokens_per_month": [500e6, 9e9]}, None, "", {"lite": [both("2024-01-01", 1.001)]}),
    ({"cost": "own", "at_most": 5_500}, 5_500.0, "USD/month", {"lite": [both("2024-01-01", 1.001)]}),
    ({"cost_ratio": ["own", "API"], "at_most": 0.55}, 0.55, "", {"lite": [both("2024-01-01", 1.001)]}),
    ({"cost_difference": ["API", "own"], "equals": 4_500}, 4_500.0, "USD/month", {"lite": [both("2024-01-01", 1.001)]}),
    ({"retirement": "study", "within_days": 99}, 100.0, "days", {}),
    ({"number": "own:engineering[people].upkeep_usd_per_month", "equals": 4_500}, 4_500.0, "USD per month", {}),
]
IDS = [
    f"{index}-{next(key for key in check if key in {kind.kind for kind in CHECK_KINDS})}"
    for index, (check, *_) in enumerate(KINDS)
]


def changed(check: Plain, change: Plain) -> dict[str, Any]:
    """Return what makes a check fail: other rows, a machine that costs more, a day later, or more upkeep."""
    if "retirement" in check:
        return {"said": study(as_of=date(2026, 11, 22))}
    if "number" in check:
        plan = [{"label": "people", "upkeep_usd_per_month": 4_600}]
        options = study()["options"]
        return {"said": study(options=[options[0], {**options[1], "engineering": plan}, *options[2:]])}
    return {"tables": files(**change)}


@pytest.mark.parametrize(("check", "value", "unit", "change"), KINDS, ids=IDS)
def test_what_a_check_finds(tmp_path: Path, check: Plain, value: float | None, unit: str, change: Plain) -> None:
    of = found(tmp_path, check)
    assert of.holds
    assert of.value == (None if value is None else pytest.approx(value, rel=1e-9))
    assert of.unit == unit


@pytest.mark.parametrize(("check", "value", "unit", "change"), KINDS, ids=IDS)
def test_a_check_fails_once_what_it_rests_on_has_changed(
    tmp_path: Path, check: Plain, value: float | None, unit: str, change: Plain
) -> None:
    later = changed(check, change)
    failed = outcome(tmp_path, check, **later)
    assert not failed.passed
    assert "expected: " in failed.message()
    assert "found: " in failed.message()
    # and on record as false it fails as long as it holds
    assert not outcome(tmp_path, {**check, "verdict": "fails"}).passed
    assert outcome(tmp_path, {**check, "verdict": "fails"}, **later).passed


def test_every_kind_is_measured_and_mutated_here() -> None:
    keys = {key for check, *_ in KINDS for key in check}
    assert {kind.kind for kind in CHECK_KINDS} <= keys
    assert set(CHECK_KINDS) <= set(MEASURES)


# ---------------------------------------------------------------------- prices


@pytest.mark.parametrize(
    ("check", "value"),
    [
        ({"price": "prices:acme/big-1.5.input_usd_per_mtok"}, 10.0),
        ({"price": "acme/big-1.5", "field": "batch.discount_share"}, 0.5),
        ({"price": "prices:acme/big-1.5.batch.discount_share"}, 0.5),
        ({"price": "acme/big-1.5", "service_tier": "batch", **INPUT}, 5.0),
        ({"price": "acme/tiered", "service_tier": "priority", "field": "output_usd_per_mtok"}, 60.0),
        ({"price": "prices:acme/tiered.service_tiers[priority].output_usd_per_mtok"}, 60.0),
        ({"price": "acme/lite", "region": "eu", **INPUT}, 1.1),
        ({"price": "acme/lite", "field": "cache_read_usd_per_mtok"}, 1.0),  # billed as input
        ({"price": "acme/big-1.5", "service_tier": "batch", "field": "cache_read_usd_per_mtok"}, 5.0),  # and discounted
        ({"price": "acme/tiered", "field": "cache_read_usd_per_mtok"}, 2.0),
        ({"price": "acme/tiered", "service_tier": "priority", "field": "blended_usd_per_mtok"}, 45.0),  # 3:1 of 40, 60
        ({"price": "compute:acme/box-1.2", "as_of": date(2026, 2, 1)}, 1.5),
        ({"price": "compute:acme/box-1.2", "purchase": "reserved_1y"}, 1.0),
        ({"price": "compute:acme/box-1.2[reserved_1y, us].usd_per_hour"}, 1.0),
        ({"price": "acme/big-1.5", **INPUT, "as_of": date(2024, 12, 31)}, 8.0),
    ],
)
def test_prices_by_name_address_and_terms(tmp_path: Path, check: Plain, value: float) -> None:
    of = found(tmp_path, {**check, "equals": value})
    assert of.holds, of.found
    assert of.value == pytest.approx(value)
    (cited,) = of.citations
    assert cited.location.startswith(f"{tmp_path.as_posix()}/tables/")


def test_a_price_that_moved_says_what_it_was_and_when_it_held(tmp_path: Path) -> None:
    rows = [both("2024-01-01", 5.0), both("2025-01-01", 8.0), both("2025-06-01", 8.0), both("2026-01-01", 4.0)]
    given = {"price": "acme/big-1.5", **INPUT, "equals": 5.0}
    told = found(tmp_path, given, tables=files(big=rows))
    before, held = told.detail
    assert before.startswith("through 2025-12-31 it was 8 USD/Mtok (row: prices:acme/big-1.5 (")
    assert held.startswith("it last held on 2024-12-31: 5 USD/Mtok (row: prices:acme/big-1.5 (")
    assert "acme@1.0, from 2024-01-01, checked 2026-11-21" in held
    (just,) = found(tmp_path, {**given, "equals": 8.0}, tables=files(big=rows)).detail
    assert just.startswith("it last held on 2025-12-31: 8 USD/Mtok")
    _, never = found(tmp_path, {**given, "equals": 6.0}, tables=files(big=rows)).detail
    assert never == "it has not held since 2024-01-01, the first day that the tables know"
    (only,) = found(tmp_path, {**given, "equals": 6.0}, tables=files(big=rows[:1])).detail
    assert only == "it has been so since 2024-01-01: the tables have no other figure before"


def test_a_ratio_moves_on_the_day_that_either_price_does(tmp_path: Path) -> None:
    rows = [both("2024-01-01", 1.0), both("2025-06-01", 2.0)]
    told = found(tmp_path, {"price_ratio": PAIR, **INPUT, "equals": 8.0}, tables=files(lite=rows))
    assert told.value == 5.0
    before, held = told.detail
    assert before.startswith("through 2025-05-31 it was 10 (row: prices:acme/big-1.5 (")
    assert held.startswith("it last held on 2024-12-31: 8 (")
    assert len(told.citations) == 2


def test_several_pairs_hold_for_a_share_of_them(tmp_path: Path) -> None:
    pairs = [PAIR, ["acme/tiered", "acme/lite"], ["acme/old", "acme/lite"], ["acme/big-1.5", "acme/tiered"]]
    check = {"price_ratio": pairs, **INPUT, "at_least": 10.0}
    half = found(tmp_path, {**check, "holds_for_share": 0.5})
    assert half.holds
    assert half.value == 0.5
    assert half.expected == "at least 10 for at least 50% of the pairs"
    assert half.found == "so for 2 of 4 pairs, 2026-11-21"
    assert half.detail[2].endswith("over acme/lite input_usd_per_mtok: 3, not as expected")
    assert not found(tmp_path, {**check, "holds_for_share": 0.51}).holds
    assert not found(tmp_path, check).holds


# ---------------------------------------------------------------------- breakevens and the cheapest


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ({}, 500e6),
        ({"quantity": "robust"}, 500e6),
        ({"per": "day"}, 500e6 / DAYS),
        ({"per": "usd_per_month"}, 5_000.0),  # what the API costs there
        ({"per": "usd_per_day"}, 5_000.0 / DAYS),
        ({"against": "dear"}, 4_500 / 19e-6),
    ],
)
def test_a_breakeven_in_every_unit(tmp_path: Path, keys: Plain, value: float) -> None:
    of = found(tmp_path, {"breakeven": "own", **keys, "equals": value})
    assert of.holds, of.found
    assert {cited.row for cited in of.citations} >= {"prices:acme/lite"}


@pytest.mark.parametrize(("quantity", "tokens", "usd"), [("first", 75e6, 600.0), ("robust", 225e6, 1_800.0)])
def test_the_first_and_the_robust_breakeven_differ_with_steps(quantity: str, tokens: float, usd: float) -> None:
    """600 USD for each 100M tokens against 8 USD/Mtok: ahead from 75M, behind from 100M, ahead for good from 225M."""
    met = tc.breakeven(tc.CostCurve.staircase(600, 100e6), tc.CostCurve.per_mtok(8))
    of = {per: breakeven_at(met, quantity, per) for per in ("month", "day", "usd_per_month", "usd_per_day")}
    expected = {"month": tokens, "day": tokens / DAYS, "usd_per_month": usd, "usd_per_day": usd / DAYS}
    assert of == pytest.approx(expected, rel=1e-9)


def test_a_breakeven_that_never_comes(tmp_path: Path) -> None:
    tables = files(lite=[both("2024-01-01", 10.0)])
    never = found(tmp_path, {"breakeven": "own", "never": True}, tables=tables)
    assert never.holds
    assert never.value is None
    assert never.found.startswith("never: never cheaper")
    assert not found(tmp_path, {"breakeven": "own", "at_least": 1.0}, tables=tables).holds
    assert not found(tmp_path, {"breakeven": "own", "never": True}).holds


def test_an_announced_price_moves_a_breakeven(tmp_path: Path) -> None:
    tables = files(big=[*BIG, announced("2027-01-01", 19.0)])  # 4,500 / 18 = 250M: half of 500M
    check = {"announced_move": "own", "within_days": 41, "at_most_share": 0.5}
    of = found(tmp_path, check, tables=tables)
    assert of.holds  # by a half, not by more
    assert of.value == pytest.approx(0.5)
    assert of.found.startswith(
        "2027-01-01: 500M tokens/month → 250M tokens/month (50%): API: acme/big-1.5 input 10 → 19"
    )
    assert not found(tmp_path, {**check, "at_most_share": 0.499}, tables=tables).holds
    assert found(tmp_path, {**check, "within_days": 40, "at_most_share": 0.0}, tables=tables).value == 0.0
    assert found(tmp_path, {**check, "against": "dear", "at_most_share": 0.0}, tables=tables).holds


def test_an_option_that_ends_moves_its_breakeven(tmp_path: Path) -> None:
    check = {"announced_move": "own", "against": "other", "within_days": 99, "at_most_share": 1.0}
    assert found(tmp_path, check).holds
    gone = found(tmp_path, {**check, "within_days": 100})
    assert not gone.holds
    assert gone.value is None
    assert "→ never as an option has ended: other ends: acme/old retires" in gone.found


def test_the_cheapest_between_two_volumes_is_exact(tmp_path: Path) -> None:
    check = {"cheapest": "API", "tokens_per_month": [0, 500e6]}
    assert found(tmp_path, check).holds
    beyond = found(tmp_path, {**check, "tokens_per_month": [0, 500.001e6]})
    assert not beyond.holds
    assert beyond.found == "own is from 500M to 500.001M tokens/month"
    by_day = found(tmp_path, {"cheapest": "own", "tokens_per_day": [500e6 / DAYS, None]})
    assert by_day.holds
    assert by_day.expected == "own is the cheapest from 500M tokens/month on"


def test_undercutting_between_two_volumes(tmp_path: Path) -> None:
    some = found(tmp_path, {"undercuts": "own", "tokens_per_month": [400e6, 600e6]})
    assert not some.holds
    assert some.found == "it does from 500M to 600M tokens/month"
    none = found(tmp_path, {"undercuts": "own", "tokens_per_month": [1e6, 500e6]})
    assert none.found == "nowhere there"
    # 4,500 + V = 0.5 * 10 V at 1.125e9
    assert found(tmp_path, {"undercuts": "own", "margin_share": 0.5, "tokens_per_month": [1.125e9, None]}).holds
    assert not found(tmp_path, {"undercuts": "own", "margin_share": 0.5, "tokens_per_month": [1.124e9, None]}).holds


def test_where_an_option_wins_that_never_should(tmp_path: Path) -> None:
    of = found(tmp_path, {"never_wins": "API"})
    assert not of.holds
    assert of.found == "it is up to 500M tokens/month"


# ---------------------------------------------------------------------- costs


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ({"per": "month"}, 5_500.0),
        ({"per": "day"}, 5_500.0 / DAYS),
        ({"per": "mtok"}, 5.5),
        ({"per": "request"}, 5.5e-6 * 4_000),
        ({"tokens_per_month": 2e9}, 6_500.0),
        ({"tokens_per_day": 1e8}, 4_500 + 1e8 * DAYS * 1e-6),
    ],
)
def test_a_cost_in_every_unit(tmp_path: Path, keys: Plain, value: float) -> None:
    of = found(tmp_path, {"cost": "own", **keys, "equals": value})
    assert of.holds, of.found


def test_a_cost_that_is_off_says_what_it_is_made_of(tmp_path: Path) -> None:
    of = found(tmp_path, {"cost": "own", "at_most": 5_000})
    assert of.found == "5,500 USD/month (own at 1B tokens/month, 2026-11-21)"
    assert of.detail[0] == "own, by the month: people: upkeep 4,500 USD, input tokens 750 USD, output tokens 250 USD"


def test_numbers_replaced_and_days_of_their_own(tmp_path: Path) -> None:
    upkeep = {"own:engineering[people].upkeep_usd_per_month": 9_000}
    assert found(tmp_path, {"breakeven": "own", "replace": upkeep, "equals": 1e9}).holds
    then = {"breakeven": "own", "as_of": date(2024, 6, 1), "equals": 4_500 / 7e-6}
    assert found(tmp_path, then).holds


def test_a_source_grows_old_with_the_day(tmp_path: Path) -> None:
    check = {"source_age": ["acme/lite"], "at_most_days": 0}
    assert found(tmp_path, check).holds
    late = found(tmp_path, {**check, "as_of": "today"})
    assert not late.holds
    assert late.found == "the oldest was checked 1 day before, on 2026-11-21: prices:acme/lite"
    assert late.expected == "every source checked within 0 days of 2026-11-22"


def test_a_model_that_goes(tmp_path: Path) -> None:
    of = found(tmp_path, {"retirement": ["acme/old", "acme/lite"], "within_days": 100})
    assert not of.holds
    assert of.found == "acme/old is retired on 2027-03-01; its vendor names acme/big instead"
    assert of.citations[0].row == "prices:acme/old"
    assert of.expected == "no model retired by 2027-03-01 (100 days from 2026-11-21)"
    none = found(tmp_path, {"retirement": ["acme/lite"], "within_days": 9_999})
    assert (none.holds, none.found, none.value) == (True, "none", None)


def test_what_a_tuned_model_is_trained_from_goes_too(tmp_path: Path) -> None:
    scenario = (Path(__file__).parents[2] / "scenarios" / "mixed.yaml").as_posix()
    path = tmp_path / "t.assumptions.yaml"
    checks = [{"name": str(days), "retirement": "study", "within_days": days} for days in (53, 54)]
    head = {"name": "t", "study": scenario, "as_of": date(2026, 11, 21)}
    path.write_text(yaml.safe_dump({**head, "checks": checks}, sort_keys=False), encoding="utf-8")
    before, after = (run_check(read_assumptions(path), index, today=TODAY) for index in range(2))
    assert (before.passed, after.passed) == (True, False)
    assert after.cases[0].finding.found.startswith("openai/gpt-4.1-mini is retired on 2027-01-14")


# ---------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({"price": "acme/bigg-1.5", **INPUT, "equals": 1}, "checks[0].price: "),
        ({"price": "acme/big-1.5", "equals": 1}, "checks[0].price\n  found 'acme/big-1.5' without a field"),
        ({"price": "acme/big-1.5", "field": "imput_usd_per_mtok", "equals": 1}, "Did you mean 'input_usd_per_mtok'"),
        ({"price": "acme/lite", "service_tier": "batch", **INPUT, "equals": 1}, "the table has no batch price of it"),
        (
            {"price": "prices:acme/lite.input_usd_per_mtok", **INPUT, "equals": 1},
            "checks[0].field\n  found 'input_usd_per_mtok', beside the address of input_usd_per_mtok",
        ),
        ({"price": "workload:output_tokens", "equals": 1}, "Any other number of a study is checked by number:"),
        ({"price": "compute:acme/box-1.2", "field": "usd", "equals": 1}, "accepted: one of usd_per_hour"),
        ({"price": "acme/big-1.5", **INPUT, "as_of": date(2020, 1, 1), "equals": 1}, "a date from 2024-01-01 on"),
        ({"breakeven": "onw", "never": True}, "checks[0].breakeven\n  found unknown label 'onw'"),
        ({"breakeven": "own", "against": "APi", "never": True}, "checks[0].against\n  found unknown label 'APi'"),
        ({"breakeven": "API", "never": True}, "found 'API', the incumbent, against itself; accepted: one of own, dear"),
        ({"cheapest": "other"}, "found 'other', a reference: it is compared, but is no substitute"),
        ({"cost_ratio": ["own", "x"], "at_most": 1}, "checks[0].cost_ratio\n  found unknown label 'x'"),
        ({"number": "own:engineering[people].upkep", "equals": 1}, "checks[0].number\n  found unknown address"),
        ({"cost": "own", "replace": {"own:x": 1.0}, "equals": 1}, "checks[0].replace: own:x"),
        ({"cost": "own", "as_of": date(2020, 1, 1), "equals": 1}, "checks[0].as_of: "),
    ],
)
def test_mistakes_name_file_line_and_key(tmp_path: Path, check: Plain, words: str) -> None:
    with pytest.raises(TokencrossError) as caught:
        outcome(tmp_path, check)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/t.assumptions.yaml:")


def test_a_check_at_no_volume(tmp_path: Path) -> None:
    said = study()
    del said["tokens_per_month"]
    with pytest.raises(TokencrossError, match="found no volume; accepted: tokens_per_month or tokens_per_day"):
        outcome(tmp_path, {"cost": "own", "at_most": 1}, said=said)


# ---------------------------------------------------------------------- figures in words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (5.0, "5"),
        (0.00025, "0.00025"),
        (1e-7, "0.0000001"),
        (999.5, "999.5"),
        (1_234.56, "1,234.56"),
        (6_412_345_678.0, "6.412B"),
        (-38_000.0, "-38,000"),
    ],
)
def test_figures_in_words(value: float, words: str) -> None:
    assert figure(value) == words


def test_a_figure_is_told_from_a_bound_that_it_is_not(tmp_path: Path) -> None:
    of = found(tmp_path, {"breakeven": "own", "at_most": 499.9999e6})
    assert of.found.startswith("500M ")
    assert of.expected == "at most 499.9999M tokens/month"
