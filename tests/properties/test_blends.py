"""Spill-over, cascades and splits by their laws: exact against brute force over the number of steps."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests import oracle
from tests.oracle import MTOK, Curve

import tokencross as tc
from tokencross.costs.breakeven import breakeven
from tokencross.costs.curve import CostCurve
from tokencross.costs.hourly_load import HourlyLoad
from tokencross.costs.overflow import CheapestSteps, Overflow
from tokencross.costs.terms import Fixed, PerToken, Term
from tokencross.options.base import Option
from tokencross.options.blends import Cascade, Split
from tokencross.options.success import Accepted

TOLERANCE = 1e-9
CENT = 1e-9
SHAPE = tc.Workload(input_tokens=3_000, output_tokens=1_000)


def examples(count: int) -> settings:
    """Return the settings of every test here: the same examples on every run."""
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


# ------------------------------------------------------------------------------------ spill-over, by brute force

Weights = tuple[int, ...]

# 24 hours of small whole weights: many hours alike, idle hours, and neighbouring levels
WEIGHTS = st.lists(st.integers(0, 6), min_size=24, max_size=24).filter(any).map(tuple)
STEP_TOKENS = st.sampled_from([MTOK, 2 * MTOK, 3 * MTOK])
STEP_USD = st.integers(1, 40)
PRICES = st.integers(1, 24).map(lambda eighths: Fraction(eighths, 8))
LEAST = st.sampled_from([0, 0, 0, 1, 3])
VOLUMES = st.integers(0, 400).map(lambda tenths: tenths * MTOK // 10)


def spilt(weights: Weights, capacity: Fraction, volume: Fraction) -> Fraction:
    """Return what overflows a capacity, hour by hour."""
    mean = Fraction(sum(weights), len(weights))
    return sum((max(Fraction(0), weight / mean * volume - capacity) for weight in weights), Fraction(0)) / len(weights)


def least_cost(
    weights: Weights, tokens: int, usd: int, price: Fraction, least: int, volume: int
) -> tuple[Fraction, set[int]]:
    """Return the least cost over all numbers of steps, and the numbers that reach it."""
    most = max(least, math.ceil(Fraction(volume * max(weights) * len(weights), sum(weights) * tokens))) + 1
    costs = {
        steps: usd * steps + price * spilt(weights, Fraction(steps * tokens), Fraction(volume)) / MTOK
        for steps in range(least, most + 1)
    }
    best = min(costs.values())
    return best, {steps for steps, cost in costs.items() if cost == best}


def cheapest(weights: Weights, tokens: float, usd: float, price: float, least: float = 0.0) -> CheapestSteps:
    """Return the library's term."""
    return CheapestSteps(HourlyLoad.of(weights), tokens, (Fixed(usd),), (PerToken(price),), least)


def value(term: Term, volumes: np.ndarray) -> np.ndarray:
    """Return a term's value at volumes."""
    intercept, slope = term.line(volumes)
    return np.asarray(intercept + slope * volumes)


@examples(300)
@given(WEIGHTS, STEP_TOKENS, VOLUMES)
def test_what_overflows_is_the_sum_over_hours(weights: Weights, tokens: int, volume: int) -> None:
    found = HourlyLoad.of(weights).overflow(np.array(float(volume)), float(tokens))
    assert float(found) == pytest.approx(float(spilt(weights, Fraction(tokens), Fraction(volume))), rel=1e-9, abs=1e-3)


@examples(400)
@given(WEIGHTS, STEP_TOKENS, STEP_USD, PRICES, LEAST, VOLUMES)
def test_the_envelope_over_step_counts_is_brute_force(
    weights: Weights, tokens: int, usd: int, price: Fraction, least: int, volume: int
) -> None:
    term = cheapest(weights, float(tokens), float(usd), float(price), float(least))
    at = np.array(float(volume))
    expected, counts = least_cost(weights, tokens, usd, price, least, volume)
    assert float(value(term, at)) == pytest.approx(float(expected), rel=TOLERANCE, abs=1e-6)
    chosen = int(term.count(at))
    cost = usd * chosen + price * spilt(weights, Fraction(chosen * tokens), Fraction(volume)) / MTOK
    assert chosen in counts or float(cost - expected) < 1e-6


@examples(300)
@given(WEIGHTS, STEP_TOKENS, STEP_USD, PRICES, VOLUMES.filter(bool))
def test_a_step_is_bought_while_what_it_would_serve_is_worth_more_than_it_costs(
    weights: Weights, tokens: int, usd: int, price: Fraction, volume: int
) -> None:
    """The newsvendor's condition: the price times the load that the step is expected to serve, against its cost."""
    chosen = int(cheapest(weights, float(tokens), float(usd), float(price)).count(np.array(float(volume))))

    def worth(step: int) -> Fraction:
        before = spilt(weights, Fraction((step - 1) * tokens), Fraction(volume))
        after = spilt(weights, Fraction(step * tokens), Fraction(volume))
        return price * (before - after) / MTOK

    assert chosen == 0 or float(worth(chosen) - usd) > -1e-6
    assert float(worth(chosen + 1) - usd) < 1e-6


@examples(150)
@given(WEIGHTS, STEP_TOKENS, STEP_USD, PRICES, LEAST)
def test_the_envelope_is_straight_between_its_breakpoints(
    weights: Weights, tokens: int, usd: int, price: Fraction, least: int
) -> None:
    term = cheapest(weights, float(tokens), float(usd), float(price), float(least))
    points = term.breakpoints(0.0, 30.0 * MTOK)
    assert np.all(np.diff(points) > 0.0)
    edges = np.array([0.0, *points, 30.0 * MTOK])
    third = (2 * edges[:-1] + edges[1:]) / 3, (edges[:-1] + edges[1:]) / 2, (edges[:-1] + 2 * edges[1:]) / 3
    first, middle, last = (value(term, each) for each in third)
    np.testing.assert_allclose(middle, (first + last) / 2, rtol=1e-9, atol=1e-6)


@examples(150)
@given(WEIGHTS, STEP_TOKENS, STEP_USD, PRICES, LEAST, st.integers(0, 4_000))
def test_the_envelope_keeps_to_its_tail(
    weights: Weights, tokens: int, usd: int, price: Fraction, least: int, beyond: int
) -> None:
    term = cheapest(weights, float(tokens), float(usd), float(price), float(least))
    tail = term.tail()
    volumes = tail.from_volume + np.array([0.0, 1.0, beyond * 1e4, beyond * 1e6])
    apart = value(term, volumes) - float(tail.slope) * volumes
    slack = 1e-9 * value(term, volumes) + 1e-6
    assert np.all(apart >= tail.lower - slack)
    assert np.all(apart <= tail.upper + slack)
    for period in tail.periods:
        volumes = tail.from_volume + np.linspace(0.0, 3.0, 61) * period
        np.testing.assert_allclose(
            value(term, volumes + period) - value(term, volumes), float(tail.slope) * period, rtol=1e-7, atol=1e-5
        )


@examples(150)
@given(WEIGHTS, st.integers(0, 4), STEP_TOKENS, oracle.curves(1), VOLUMES)
def test_an_overflow_costs_what_its_terms_cost_of_the_overflow(
    weights: Weights, steps: int, tokens: int, curve: Curve, volume: int
) -> None:
    capacity = Fraction(steps * tokens)
    # off the jumps of the inner curve, where a float may fall on either side
    over = spilt(weights, capacity, Fraction(volume))
    near = [oracle.value(curve, over * (1 + Fraction(sign, 10**9))) for sign in (-1, 0, 1)]
    ours = CostCurve((Overflow(HourlyLoad.of(weights), float(capacity), oracle.to_tokencross(curve).terms),))
    found = ours.usd_per_month(float(volume))
    assert float(min(near)) - 1e-6 <= found * (1 + 1e-9)
    assert found <= float(max(near)) * (1 + 1e-9) + 1e-6
    parts = ours.breakdown([float(volume)]).sum(axis=1).iloc[0]
    assert parts == pytest.approx(found, rel=1e-9, abs=1e-6)


@examples(100)
@given(WEIGHTS, st.integers(0, 4), STEP_TOKENS, oracle.curves(1))
def test_an_overflow_is_straight_between_its_breakpoints(
    weights: Weights, steps: int, tokens: int, curve: Curve
) -> None:
    term = Overflow(HourlyLoad.of(weights), float(steps * tokens), oracle.to_tokencross(curve).terms)
    edges = np.array([0.0, *term.breakpoints(0.0, 30.0 * MTOK), 30.0 * MTOK])
    wide = np.diff(edges) > 1e-9 * edges[1:]
    low, high = edges[:-1][wide], edges[1:][wide]
    first, middle, last = (value(term, low + (high - low) * part) for part in (0.25, 0.5, 0.75))
    np.testing.assert_allclose(middle, (first + last) / 2, rtol=1e-9, atol=1e-6)


@examples(100)
@given(WEIGHTS, st.integers(0, 4), STEP_TOKENS, oracle.curves(1), st.integers(0, 4_000))
def test_an_overflow_keeps_to_its_tail(weights: Weights, steps: int, tokens: int, curve: Curve, beyond: int) -> None:
    term = Overflow(HourlyLoad.of(weights), float(steps * tokens), oracle.to_tokencross(curve).terms)
    tail = term.tail()
    volumes = tail.from_volume * (1 + 1e-9) + np.array([1.0, beyond * 1e4, beyond * 1e6])
    apart = value(term, volumes) - float(tail.slope) * volumes
    slack = 1e-9 * value(term, volumes) + 1e-6
    assert np.all(apart >= tail.lower - slack)
    assert np.all(apart <= tail.upper + slack)


@examples(100)
@given(WEIGHTS, STEP_TOKENS, STEP_USD, PRICES, LEAST, oracle.SHARES, oracle.FACTORS)
def test_a_share_of_a_spill_over_is_it_at_that_share(
    weights: Weights, tokens: int, usd: int, price: Fraction, least: int, share: Fraction, factor: Fraction
) -> None:
    best = CostCurve((cheapest(weights, float(tokens), float(usd), float(price), float(least)),))
    inner = CostCurve.staircase(float(usd), float(tokens)) + CostCurve.per_mtok(float(price))
    fixed = CostCurve((Overflow(HourlyLoad.of(weights), float(tokens), inner.terms),))
    volumes = np.linspace(0.013, 40.0, 57) * MTOK
    for curve in (best, fixed):
        expected = float(factor) * curve.usd_per_month(float(share) * volumes)
        found = (curve.at_share(float(share)) * float(factor)).usd_per_month(volumes)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6)
        nothing = curve.at_share(0.0).usd_per_month(volumes)
        np.testing.assert_allclose(nothing, curve.usd_per_month(0.0), rtol=1e-9, atol=1e-9)


@examples(100)
@given(WEIGHTS, STEP_TOKENS, STEP_USD, PRICES)
def test_a_spill_over_is_never_dearer_than_either_parent(
    weights: Weights, tokens: int, usd: int, price: Fraction
) -> None:
    """With engineering aside and no replicas allowed: not than the API alone, nor than a fleet that holds the peak."""
    load = HourlyLoad.of(weights)
    volumes = np.linspace(0.0, 40.0, 81) * MTOK
    both = CostCurve((cheapest(weights, float(tokens), float(usd), float(price)),)).usd_per_month(volumes)
    alone = CostCurve.per_mtok(float(price)).usd_per_month(volumes)
    fleet = CostCurve.staircase(float(usd), float(tokens) / load.levels[-1]).usd_per_month(volumes)
    assert np.all(both <= np.minimum(alone, fleet) * (1 + 1e-9) + 1e-6)


@examples(60)
@given(WEIGHTS, STEP_TOKENS, STEP_USD, PRICES, st.integers(1, 30), st.integers(0, 60))
def test_crossings_of_a_spill_over_are_where_its_costs_cross(
    weights: Weights, tokens: int, usd: int, price: Fraction, rival: int, fixed: int
) -> None:
    """Brute force finds the spill-over cheaper inside the intervals and not outside; beyond the robust one always."""
    ours = CostCurve((cheapest(weights, float(tokens), float(usd), float(price)),)) + CostCurve.fixed(float(fixed))
    theirs = CostCurve.per_mtok(rival / 16)
    found = breakeven(ours, theirs, max_tokens_per_month=60.0 * MTOK)
    for volume in np.geomspace(0.3137, 20.0, 8) * MTOK:
        cost = least_cost(weights, tokens, usd, price, 0, round(volume))[0] + fixed
        gap = float(cost - Fraction(rival, 16) * round(volume) / MTOK)
        near_an_end = any(abs(volume - end) < 2.0 for pair in found.intervals for end in pair)
        if abs(gap) > 1e-6 and not near_an_end:
            assert (gap < 0.0) == any(low < volume < high for low, high in found.intervals)
    if found.robust is not None:
        far = np.array([1.001, 2.0, 10.0]) * max(found.robust, 1.0)
        assert np.all(ours.usd_per_month(far) < theirs.usd_per_month(far))


@examples(60)
@given(st.lists(st.tuples(STEP_TOKENS, STEP_USD, PRICES), min_size=2, max_size=4), WEIGHTS)
def test_draws_of_a_spill_over_are_its_plain_terms(draws: list[tuple[int, int, Fraction]], weights: Weights) -> None:
    tokens, usd, price = (np.array([float(x) for x in column]) for column in zip(*draws, strict=True))
    inner = (CostCurve.staircase(usd, tokens) + CostCurve.per_mtok(price)).terms
    volumes = np.linspace(0.0, 40.0, 33) * MTOK
    for curve in (
        CostCurve((CheapestSteps(HourlyLoad.of(weights), tokens, (Fixed(usd),), (PerToken(price),)),)),
        CostCurve((Overflow(HourlyLoad.of(weights), tokens, inner),)),
    ):
        assert curve.draw_count == len(draws)
        whole = curve.usd_per_month(volumes)
        for index in range(len(draws)):
            np.testing.assert_allclose(whole[index], curve.draw(index).usd_per_month(volumes), rtol=1e-12, atol=1e-9)
            parts = [part.usd_per_month for part in curve.draw(index).components(volumes)]
            np.testing.assert_allclose(sum(parts), whole[index], rtol=1e-9, atol=1e-6)
        together = sum(part.usd_per_month for part in curve.components(volumes))
        np.testing.assert_allclose(together, whole, rtol=1e-9, atol=1e-6)


# ------------------------------------------------------------------------------------ cascades, splits, accepted work


def own(label: str, curve: Curve) -> Option:
    """Return a curve as an option."""
    return Option(label, oracle.to_tokencross(curve))


AT = np.array([0.0, 1.0, 2.5e6, 7e6, 24e6, 1e9])


@examples(80)
@given(oracle.curves(1), oracle.curves(1), st.integers(0, 8), st.integers(0, 3))
def test_a_cascade_is_first_fallback_at_its_share_and_verifier(
    first: Curve, fallback: Curve, eighths: int, cents: int
) -> None:
    share, usd = eighths / 8, cents / 128
    a, b = own("a", first), own("b", fallback)
    curve = Cascade(a, b, escalation_share=share, verifier_usd_per_request=usd).curve(SHAPE)
    expected = a.own_curve.usd_per_month(AT) + b.own_curve.usd_per_month(share * AT) + usd * AT / 4_000
    np.testing.assert_allclose(curve.usd_per_month(AT), expected, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(curve.breakdown(AT).sum(axis=1), expected, rtol=1e-12, atol=1e-9)


@examples(80)
@given(oracle.curves(1), oracle.curves(1), st.integers(0, 3))
def test_a_cascade_that_never_escalates_is_its_first_its_verifier_and_the_fallback_at_0(
    first: Curve, fallback: Curve, cents: int
) -> None:
    a, b = own("a", first), own("b", fallback)
    curve = Cascade(a, b, escalation_share=0.0, verifier_usd_per_request=cents / 128).curve(SHAPE)
    idle = b.own_curve.usd_per_month(0.0)
    expected = a.own_curve.usd_per_month(AT) + cents / 128 * AT / 4_000 + idle
    np.testing.assert_allclose(curve.usd_per_month(AT), expected, rtol=1e-12, atol=1e-9)


@examples(60)
@given(st.lists(oracle.curves(1), min_size=3, max_size=3), st.integers(0, 8), st.integers(0, 8))
def test_a_chains_next_stage_sees_the_product_of_the_shares(curves: list[Curve], one: int, two: int) -> None:
    a, b, c = (own(label, curve) for label, curve in zip("abc", curves, strict=True))
    chain = Cascade.chain([(a, one / 8), (b, two / 8), c]).curve(SHAPE)
    expected = (
        a.own_curve.usd_per_month(AT)
        + b.own_curve.usd_per_month(one / 8 * AT)
        + c.own_curve.usd_per_month(one / 8 * two / 8 * AT)
    )
    np.testing.assert_allclose(chain.usd_per_month(AT), expected, rtol=1e-12, atol=1e-9)


@examples(60)
@given(oracle.curves(1), oracle.curves(1), st.integers(0, 8))
def test_a_split_is_every_option_at_its_share(first: Curve, other: Curve, eighths: int) -> None:
    share = eighths / 8
    a, b = own("a", first), own("b", other)
    curve = Split([(a, share), (b, 1.0 - share)]).curve(SHAPE)
    expected = a.own_curve.usd_per_month(share * AT) + b.own_curve.usd_per_month((1.0 - share) * AT)
    np.testing.assert_allclose(curve.usd_per_month(AT), expected, rtol=1e-12, atol=1e-9)


@examples(100)
@given(
    st.integers(1, 8),
    st.integers(0, 8),
    st.integers(0, 5),
    st.integers(0, 8),
    st.integers(0, 8),
)
def test_accepted_work_is_what_following_every_task_gives(
    first: int, again: int, retries: int, other: int, settled: int
) -> None:
    """Follow a task through its attempts, weighted with their probabilities, in exact fractions."""
    success, retry, fallback, reviewed = (Fraction(x, 8) for x in (first, again, other, settled))
    attempts, accepted, left = Fraction(1), success, 1 - success
    for _ in range(retries):
        attempts += left
        accepted += left * retry
        left *= 1 - retry
    handed_on = left
    accepted += left * fallback
    left *= 1 - fallback
    accepted += left * reviewed
    option = Accepted(
        Option("a", CostCurve.per_mtok(2.0)),
        success_share=float(success),
        retry_count=retries,
        retry_success_share=float(retry),
        fallback=Option("b", CostCurve.per_mtok(16.0)),
        fallback_success_share=float(fallback),
        review_usd_per_task=0.5,
        reviewed_share=float(reviewed),
    )
    resolved = option.resolve(SHAPE)
    expected = 2 * attempts + 16 * handed_on + Fraction(1, 2) * left * reviewed * 250  # 250 tasks of 4,000 tokens
    assert resolved.curve.usd_per_month(1e6) == pytest.approx(float(expected), rel=1e-12)
    assert resolved.accepted_share == pytest.approx(float(accepted), rel=1e-12)


def test_levels_ascend_and_their_mean_is_one() -> None:
    load = HourlyLoad.of([0, 0.1 + 0.2, 0.3, 5, 1])
    assert all(low < high for low, high in pairwise(load.levels))
    assert len(load.levels) == 3  # 0.1 + 0.2 and 0.3 are one load
    assert sum(level * share for level, share in zip(load.levels, load.shares, strict=True)) == pytest.approx(1.0)
