"""The switch under uncertainty: without any it is worth what the best plan saves, and what differs is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.tables import api, hosted, price_book, row

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.scenario import load_study
from tokencross.scenario_projection import load_projection
from tokencross.studies.switching import Timing

WORKLOAD = tc.Workload(input_tokens=1_000, output_tokens=0)
PER_MTOK = tc.CostCurve.per_mtok
EITHER_WAY = {"price_ratio": {"inc": [1.0] * 8 + [0.001] * 16}}


def timed(
    folder: Path, projection: dict[str, Any], terms: dict[str, Any], work: dict[str, Any], theirs: dict[str, Any]
) -> Timing:
    """10 against 4 USD/Mtok on a billion tokens: 6,000 USD a month; with work up front on either side."""
    tables = price_book(
        folder,
        api(
            hosted("ten", row("2024-01-01", input_usd_per_mtok=10.0, output_usd_per_mtok=10.0)),
            hosted("four", row("2024-01-01", input_usd_per_mtok=4.0, output_usd_per_mtok=4.0)),
        ),
    )
    no_work = {"upfront_usd": 0.0, "amortization_months": 48}
    options = [
        tables.api("acme/ten", label="inc", engineering=tc.Engineering(**(theirs or no_work))),
        tables.api("acme/four", label="own", engineering=tc.Engineering(**(work or no_work))),
    ]
    study = tc.Study(options, workload=WORKLOAD, tokens_per_month=1e9)
    return study.when(tc.Projection(switching=tc.Switching(**terms), **{"months": 24, **projection}))


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {"switching_usd": 40_000}, {}, {}),
    "never": ({}, {"switching_usd": 400_000}, {}, {}),
    "interior": (
        {"growth_per_year": 2.0, "discount_rate_per_year": 0.4, "months": 60},
        {"switching_usd": 400_000},
        {},
        {},
    ),
    "layer": (
        {},
        {"switching_usd": 90_000, "abstraction_layer_usd": 40_000, "switching_with_layer_usd": 1_000},
        {},
        {},
    ),
    "layer, later": (
        {"growth_per_year": 2.0, "discount_rate_per_year": 0.4, "months": 60},
        {"switching_usd": 600_000, "abstraction_layer_usd": 100_000, "switching_with_layer_usd": 300_000},
        {},
        {},
    ),
    "a layer that does not pay": ({}, {"switching_usd": 40_000, "abstraction_layer_usd": 200_000}, {}, {}),
    "work gets cheaper": (
        {"engineering_decline_per_year": 0.9, "growth_per_year": 0.5},
        {},
        {"upfront_usd": 100_000.0, "amortization_months": 48},
        {},
    ),
    "a renewal": ({"months": 36}, {}, {"upfront_usd": 40_000.0, "amortization_months": 24}, {}),
    "a renewal that shrinks": (
        {"months": 36, "engineering_decline_per_year": 0.3, "discount_rate_per_year": 0.1},
        {"recoverable_share": 0.5},
        {"upfront_usd": 60_000.0, "amortization_months": 10},
        {},
    ),
    "the incumbent's renewals": ({}, {"switching_usd": 40_000}, {}, {"upfront_usd": 9_000.0, "amortization_months": 5}),
    "obsolete with an exit": ({}, {"switching_usd": 4_000, "obsolete_after_months": 10, "exit_usd": 30_000}, {}, {}),
    "obsolete within a month": ({}, {"switching_usd": 4_000, "obsolete_after_months": 10.9, "exit_usd": 3}, {}, {}),
    "obsolete in the first month": ({}, {"switching_usd": 1_000, "obsolete_after_months": 0.5}, {}, {}),
    "parts of months at both ends": (
        {"discount_rate_per_year": 0.1},
        {"lead_months": 2.5, "obsolete_after_months": 10.9, "recoverable_share": 0.4, "exit_usd": 10},
        {"upfront_usd": 20_000.0, "amortization_months": 48},
        {},
    ),
    "delay": ({}, {"switching_usd": 4_000, "delay_cost_usd_per_month": 500, "lead_months": 2}, {}, {}),
    "declines, lead and growth": (
        {"growth_per_year": 1.5, "engineering_decline_per_year": 0.5, "discount_rate_per_year": 0.08, "months": 36},
        {"lead_months": 3},
        {"upfront_usd": 150_000.0, "amortization_months": 18},
        {},
    ),
    "leaving": (EITHER_WAY, {"switching_usd": 4_000, "may_return": True, "exit_usd": 100}, {}, {}),
    "leaving, with renewals and what comes back": (
        {**EITHER_WAY, "discount_rate_per_year": 0.1, "engineering_decline_per_year": 0.5},
        {"may_return": True, "exit_usd": 10, "recoverable_share": 0.4, "lead_months": 1},
        {"upfront_usd": 9_000.0, "amortization_months": 5},
        {},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_without_volatility_it_is_the_worth_of_the_best_plan(tmp_path: Path, name: str) -> None:
    timing = timed(tmp_path / "tables", *CASES[name])
    switch = timing.switch("own")
    sure = timing.flexibility("own", volatility_per_year=0.0)
    assert sure.value_usd == pytest.approx(switch.never_usd - switch.best_usd, rel=1e-9, abs=1e-6)
    assert sure.expected_month == switch.month
    if not timing.projection.terms_for("own").may_return:  # now is for good
        assert sure.now_usd == pytest.approx(switch.never_usd - switch.now_usd, rel=1e-9)


@pytest.mark.parametrize("name", ["layer", "work gets cheaper", "a renewal", "obsolete within a month", "leaving"])
def test_uncertainty_never_takes_worth_away(tmp_path: Path, name: str) -> None:
    timing = timed(tmp_path / "tables", *CASES[name])
    worths = [timing.flexibility("own", volatility_per_year=sigma).value_usd for sigma in (0.0, 0.3, 1.0)]
    assert worths[0] <= worths[1] * (1 + 1e-6)
    assert worths[1] <= worths[2] * (1 + 1e-6)


def test_the_layer_by_hand(tmp_path: Path) -> None:
    # 24 x 6,000 - 40,000 for the layer - 1,000: 103,000 with it, 24 x 6,000 - 90,000 = 54,000 without
    sure = timed(tmp_path / "tables", *CASES["layer"]).flexibility("own", volatility_per_year=0.0)
    assert sure.value_usd == sure.switch_usd == pytest.approx(103_000)
    assert sure.wait_usd == pytest.approx(97_000)
    # 41,000 are repaid by 24 months of 6,000 at a billion tokens
    assert sure.pays_from_tokens_per_month == pytest.approx(1e9 * 41 / 144)
    assert sure.notes == ("The abstraction layer is built in month 0: its 40,000 USD are off every worth.",)
    assert "<p>The abstraction layer is built" in sure._repr_html_()


def test_obsolescence_within_a_month_by_hand(tmp_path: Path) -> None:
    # 10.9 months of 6,000, less 4,000 and 3 on leaving
    sure = timed(tmp_path / "tables", *CASES["obsolete within a month"]).flexibility("own", volatility_per_year=0.0)
    assert sure.value_usd == pytest.approx(10.9 * 6_000 - 4_003)
    assert sure.months == 11


def test_what_differs_from_the_plans_is_said(tmp_path: Path) -> None:
    leaving = timed(tmp_path / "tables", *CASES["leaving"]).flexibility("own", volatility_per_year=0.2)
    assert leaving.notes == ("After leaving one may switch again, for the whole outlay; single plans do so once.",)
    options = [tc.Option("inc", PER_MTOK(10)), tc.Option("own", tc.CostCurve.bands([(0, 4.0), (1.5e9, 3.0)]))]
    study = tc.Study(options, workload=WORKLOAD, tokens_per_month=1e9)
    bent = study.when(tc.Projection(months=12)).flexibility("own", volatility_per_year=0.2)
    assert bent.notes == (
        "What is saved is no straight line of volume: it is taken as one around each month's volume.",
    )


@pytest.mark.parametrize("jumps", [None, 5, tc.Jump(1.0, 0.5)])
def test_jumps_are_a_list(tmp_path: Path, jumps: Any) -> None:
    timing = timed(tmp_path / "tables", *CASES["plain"])
    with pytest.raises(ScenarioError, match="jumps\n  found "):
        timing.flexibility("own", volatility_per_year=0.2, jumps=jumps)


def test_a_month_without_volume_has_no_lattice(tmp_path: Path) -> None:
    timing = timed(tmp_path / "tables", {"tokens_per_month": [0.0] + [1e9] * 23}, {"switching_usd": 10.0}, {}, {})
    with pytest.raises(ScenarioError, match="a month without volume"):
        timing.flexibility("own", volatility_per_year=0.2)


def test_the_bundled_scenario_agrees_too() -> None:
    path = Path("scenarios/waiting.yaml")
    projection = load_projection(path)
    assert projection is not None
    timing = load_study(path).when(projection)
    compared = [switch for switch in timing.switches.values() if switch.first_month == 0]
    assert compared
    for switch in compared:
        sure = timing.flexibility(switch.challenger, volatility_per_year=0.0)
        assert sure.value_usd == pytest.approx(switch.never_usd - switch.best_usd, rel=1e-9, abs=1e-6)
        assert sure.expected_month == switch.month
