"""Laws of the value of waiting: volatility, horizon, bounds, and what is left without uncertainty."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tokencross.studies.jumps import Jump
from tokencross.studies.option_value import WaitingValue, value_of_waiting

_ROUNDING = 2e-5  # of the saving over the horizon: what the lattice's spacing leaves, see test_option_value.py


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """A challenger that saves something on volume and costs something fixed."""
    months = draw(st.integers(2, 24))
    steps = draw(st.lists(st.floats(0.2, 5.0), min_size=months, max_size=months))
    return {
        "advantage_usd_per_mtok": steps if draw(st.booleans()) else steps[0],
        "fixed_usd_per_month": draw(st.floats(0.0, 10_000.0)),
        "tokens_per_month": 10.0 ** draw(st.floats(8.5, 10.5)),
        "months": months,
        "outlay_usd": draw(st.floats(0.0, 200_000.0)),
        "discount_rate_per_year": draw(st.floats(0.0, 0.3)),
        "volatility_per_year": draw(st.sampled_from([0.0, 0.1, 0.4, 0.9])),
        "growth_per_year": draw(st.floats(-0.3, 1.0)),
        "jumps": draw(st.sampled_from([(), (Jump(0.5, 0.7),), (Jump(1.0, 0.8), Jump(0.7, 1.25))])),
        "exit_usd": draw(st.none() | st.floats(0.0, 50_000.0)),
        "recoverable_share": draw(st.floats(0.0, 1.0)),
        "lead_months": draw(st.sampled_from([0.0, 1.0, 2.5])),
    }


def priced(case: dict[str, Any], **changes: Any) -> WaitingValue:
    return value_of_waiting(**{**case, **changes})


def slack_usd(case: dict[str, Any]) -> float:
    """What two lattices of different spacing may differ by."""
    flows = (
        np.max(case["advantage_usd_per_mtok"]) * case["tokens_per_month"] / 1e6 * 2.0**2 + case["fixed_usd_per_month"]
    )
    return float(_ROUNDING * (case["months"] * flows + case["outlay_usd"]))


@settings(max_examples=40, deadline=None)
@given(cases())
def test_worth_is_at_least_that_of_now_and_of_never(case: dict[str, Any]) -> None:
    w = priced(case)
    rounding = 1e-9 * (1.0 + abs(w.now_usd) + case["outlay_usd"])
    assert w.value_usd >= max(w.now_usd, 0.0) - rounding
    assert w.value_usd == max(w.switch_usd, w.wait_usd)
    assert w.flexibility_usd >= 0.0
    assert np.all(np.diff(w.switched_probability) >= -1e-15)
    assert 0.0 <= w.switched_probability[0] <= w.switched_probability[-1] <= 1.0
    assert np.all(w.switch_from_tokens_per_month <= w.switch_until_tokens_per_month)
    if w.expected_month is not None:
        assert 0.0 <= w.expected_month <= w.months - 1


@st.composite
def wild_cases(draw: st.DrawFn) -> dict[str, Any]:
    """Everything that is accepted: any volatility, up to 1,200 decisions, far jumps, sums of any size."""
    months = draw(st.integers(1, 24) | st.sampled_from([60, 120]))
    jump = st.builds(Jump, st.floats(0.0, 24.0), st.floats(0.01, 1.0)) | st.builds(
        Jump, st.floats(0.0, 0.5), st.floats(1.0, 1.0 + 20.0 / months)
    )
    falling = np.linspace(1.0, draw(st.floats(0.0, 1.0)), months)
    return {
        "advantage_usd_per_mtok": draw(st.floats(-5.0, 100.0)),
        "fixed_usd_per_month": draw(st.floats(-1e4, 1e6)),
        "tokens_per_month": 10.0 ** draw(st.floats(-3.0, 15.0)),
        "months": months,
        "outlay_usd": 10.0 ** draw(st.floats(-3.0, 12.0)) * falling,
        "discount_rate_per_year": draw(st.floats(0.0, 3.0)),
        "volatility_per_year": draw(st.floats(0.0, 10.0)),
        "growth_per_year": draw(st.floats(-0.9, 3.0)),
        "jumps": draw(st.lists(jump, max_size=2)),
        "exit_usd": draw(st.none() if months > 24 else st.none() | st.floats(0.0, 1e6)),
        "recoverable_share": draw(st.floats(0.0, 1.0)),
        "lead_months": draw(st.floats(0.0, 6.0)),
        "decisions_per_month": draw(st.sampled_from([1, 2])),
    }


def most_usd(case: dict[str, Any]) -> float:
    """What would be earned if only what is earned counted: a bound of every worth."""
    years = np.arange(case["months"]) / 12
    mean = math.exp(sum(max(jump.times_per_year * (jump.advantage_ratio - 1.0), 0.0) for jump in case["jumps"]))
    grown = (
        case["tokens_per_month"]
        * max(1.0 + case["growth_per_year"], 1e-9) ** (years + 1 / 24)
        * mean ** (years + 1 / 12)
    )
    if case["growth_per_year"] < 0.0:
        grown = case["tokens_per_month"] * mean ** (years + 1 / 12)
    saved = max(case["advantage_usd_per_mtok"], 0.0) * grown / 1e6 + max(-case["fixed_usd_per_month"], 0.0)
    return float(saved.sum())


@settings(max_examples=60, deadline=None)
@given(wild_cases())
def test_whatever_is_accepted_is_finite_and_within_its_bounds(case: dict[str, Any]) -> None:
    w = priced(case)
    sums = most_usd(case) + abs(case["fixed_usd_per_month"]) * case["months"] + np.max(case["outlay_usd"])
    slack = 1e-9 * (1.0 + sums + abs(case["advantage_usd_per_mtok"]) * np.sum(w.tokens_per_month) / 1e6)
    assert math.isfinite(w.value_usd)
    assert math.isfinite(w.now_usd)
    assert max(w.now_usd, 0.0) - slack <= w.value_usd <= most_usd(case) + slack
    assert w.wait_usd >= 0.0
    assert w.flexibility_usd >= 0.0
    for each in (w.switch_from_tokens_per_month, w.switch_until_tokens_per_month, w.leave_below_tokens_per_month):
        assert not np.any(np.isnan(each))
        assert np.all(each >= 0.0)
    assert np.all((w.switched_probability >= 0.0) & (w.switched_probability <= 1.0))
    assert np.all(np.diff(w.switched_probability) >= -1e-12)


@settings(max_examples=10, deadline=None)
@given(wild_cases(), st.floats(0.0, 10.0), st.floats(0.0, 10.0))
def test_more_volatility_never_lowers_the_worth_however_wild(case: dict[str, Any], one: float, other: float) -> None:
    steady = {**case, "exit_usd": None, "jumps": ()}
    calm, wild = (priced(steady, volatility_per_year=each) for each in sorted((one, other)))
    assert wild.value_usd >= calm.value_usd - 1e-5 * (1.0 + most_usd(steady))


@settings(max_examples=30, deadline=None)
@given(cases(), st.sampled_from([(0.0, 0.2), (0.2, 0.3), (0.3, 0.7), (0.7, 1.2)]))
def test_more_volatility_never_lowers_worth_flexibility_or_trigger(
    case: dict[str, Any], volatilities: tuple[float, float]
) -> None:
    # the expected volume does not depend on volatility, so neither does switching now; waiting gains
    calm, wild = (priced(case, volatility_per_year=each, exit_usd=None) for each in volatilities)
    assert wild.value_usd >= calm.value_usd - slack_usd(case)
    assert wild.flexibility_usd >= calm.flexibility_usd - slack_usd(case)
    assert math.isclose(wild.now_usd, calm.now_usd, rel_tol=1e-12, abs_tol=1e-9)
    assert np.all(wild.switch_from_tokens_per_month >= 0.998 * calm.switch_from_tokens_per_month)


@settings(max_examples=30, deadline=None)
@given(cases(), st.integers(1, 12))
def test_a_longer_horizon_never_lowers_worth_while_the_challenger_can_be_left(case: dict[str, Any], more: int) -> None:
    # savings may turn negative later, so the way out has to be free; then more time is more choice
    free = {
        **case,
        "advantage_usd_per_mtok": np.max(case["advantage_usd_per_mtok"]),
        "exit_usd": 0.0,
        "recoverable_share": 0.0,
    }
    assert priced(free, months=case["months"] + more).value_usd >= priced(free).value_usd - slack_usd(free)


@settings(max_examples=30, deadline=None)
@given(cases())
def test_without_uncertainty_the_best_month_is_the_best_of_all(case: dict[str, Any]) -> None:
    sure = {**case, "volatility_per_year": 0.0, "jumps": (), "exit_usd": None}
    months, lead, outlay = case["months"], case["lead_months"], case["outlay_usd"]
    d = (1.0 + case["discount_rate_per_year"]) ** (-1 / 12)
    volumes = case["tokens_per_month"] * (1.0 + case["growth_per_year"]) ** (np.arange(months) / 12)
    saved = np.asarray(case["advantage_usd_per_mtok"]) * volumes / 1e6 - case["fixed_usd_per_month"]
    worths = [0.0]
    for month in range(months):
        served = np.clip(np.arange(months) + 1 - month - lead, 0.0, 1.0)
        back = case["recoverable_share"] * outlay * d**months
        worths.append(float(np.sum(served * saved * d ** (np.arange(months) + 1)) + back - outlay * d**month))
    w = priced(sure)
    assert math.isclose(w.value_usd, max(worths), rel_tol=1e-9, abs_tol=1e-9 * (1.0 + np.abs(saved).sum() + outlay))
    best = int(np.argmax(worths)) - 1
    others = sorted(worths)[-2]
    if best >= 0 and max(worths) - others > 1e-6 * (1.0 + np.abs(saved).sum() + outlay):
        assert w.expected_month == best
        assert w.switched_probability[-1] == 1.0


@settings(max_examples=20, deadline=None)
@given(cases())
def test_a_free_switch_both_ways_takes_every_positive_saving(case: dict[str, Any]) -> None:
    sure = {**case, "volatility_per_year": 0.0, "jumps": (), "exit_usd": 0.0, "outlay_usd": 0.0, "lead_months": 0.0}
    months = case["months"]
    d = (1.0 + case["discount_rate_per_year"]) ** (-1 / 12)
    volumes = case["tokens_per_month"] * (1.0 + case["growth_per_year"]) ** (np.arange(months) / 12)
    saved = np.asarray(case["advantage_usd_per_mtok"]) * volumes / 1e6 - case["fixed_usd_per_month"]
    total = float(np.sum(np.maximum(saved, 0.0) * d ** (np.arange(months) + 1)))
    assert math.isclose(priced(sure).value_usd, total, rel_tol=1e-9, abs_tol=1e-9 * (1.0 + np.abs(saved).sum()))


@settings(max_examples=20, deadline=None)
@given(cases(), st.floats(1.0, 2.0))
def test_a_dearer_switch_or_exit_is_never_worth_more(case: dict[str, Any], ratio: float) -> None:
    dearer = priced(case, outlay_usd=case["outlay_usd"] * ratio + 100.0)
    assert dearer.value_usd <= priced(case).value_usd + 1e-6 * (1.0 + case["outlay_usd"])
    leaving = [priced(case, exit_usd=usd).value_usd for usd in (0.0, 10_000.0, None)]
    assert leaving == sorted(leaving, reverse=True) or np.allclose(leaving, sorted(leaving, reverse=True), rtol=1e-9)


@settings(max_examples=15, deadline=None)
@given(cases())
def test_money_of_another_unit_scales_everything(case: dict[str, Any]) -> None:
    keys = ("advantage_usd_per_mtok", "fixed_usd_per_month", "outlay_usd")
    scaled = {**case, **{key: np.asarray(case[key]) * 3.0 for key in keys}}
    scaled["outlay_usd"] = float(scaled["outlay_usd"])
    if case["exit_usd"] is not None:
        scaled["exit_usd"] = case["exit_usd"] * 3.0
    a, b = priced(case), priced(scaled)
    assert math.isclose(3.0 * a.value_usd, b.value_usd, rel_tol=1e-9, abs_tol=1e-6)
    np.testing.assert_allclose(a.switched_probability, b.switched_probability, atol=1e-9)
