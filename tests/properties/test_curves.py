"""Cost curves cost what their words say: laws that hold for every curve and every volume."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests import oracle
from tests.oracle import MTOK, Curve, Fixed, PerMtok, Staircase, Sum

import tokencross as tc
from tokencross.errors import ScenarioError

TOLERANCE = 1e-12  # of a cost; a sum of a dozen terms in floats
CENT = 1e-9  # what a cost of zero may be off

CostCurve = tc.CostCurve

# On and between the steps and bands that the strategies draw, and far beyond them (but for the 1e-12 by which a
# volume may exceed a full step: at 1e15 tokens that is a thousandth of the smallest step).
VOLUMES = [0, 1, 250_000, *(k * MTOK // 2 for k in range(1, 60)), 64 * MTOK, 10**9 + 1, 2**40, 10**15]


def examples(count: int) -> settings:
    """Return the settings of every test here: the same examples on every run."""
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def exact_costs(curve: Curve, volumes: list[int]) -> list[float]:
    """Return the oracle's costs."""
    return [float(oracle.value(curve, Fraction(volume))) for volume in volumes]


# ------------------------------------------------------------------------------------------------------ values


@examples(300)
@given(oracle.curves(2))
def test_costs_are_the_exact_ones(curve: Curve) -> None:
    found = oracle.to_tokencross(curve).usd_per_month(np.array(VOLUMES, dtype=float))
    np.testing.assert_allclose(found, exact_costs(curve, VOLUMES), rtol=TOLERANCE, atol=CENT)


@examples(100)
@given(oracle.curves(2), st.sampled_from(VOLUMES))
def test_a_float_gives_a_float(curve: Curve, volume: int) -> None:
    found = oracle.to_tokencross(curve).usd_per_month(float(volume))
    assert isinstance(found, float)
    assert found == pytest.approx(exact_costs(curve, [volume])[0], rel=TOLERANCE, abs=CENT)


@examples(100)
@given(oracle.curves(2), st.sampled_from([(), (0,), (1,), (4,), (2, 3), (1, 1, 2), (3, 0)]))
def test_the_shape_of_the_volumes_is_kept(curve: Curve, shape: tuple[int, ...]) -> None:
    volumes = np.resize(np.array([0.0, 3e6, 5e6, 1e7]), shape)
    ours = oracle.to_tokencross(curve)
    found = ours.usd_per_month(volumes)
    assert isinstance(found, np.ndarray)
    assert found.shape == shape
    assert found.dtype == np.float64
    one_by_one = [ours.usd_per_month(float(volume)) for volume in volumes.ravel()]
    np.testing.assert_array_equal(found.ravel(), one_by_one)
    assert np.shape(ours.usd_per_mtok(volumes)) == shape


@examples(100)
@given(oracle.curves(2))
def test_the_average_price_is_cost_over_volume(curve: Curve) -> None:
    ours = oracle.to_tokencross(curve)
    assert math.isnan(ours.usd_per_mtok(0.0))
    volumes = np.array(VOLUMES, dtype=float)
    averages = ours.usd_per_mtok(volumes)
    np.testing.assert_array_equal(np.isnan(averages), volumes == 0)
    used = volumes > 0
    expected = ours.usd_per_month(volumes)[used] / volumes[used] * MTOK
    np.testing.assert_allclose(averages[used], expected, rtol=TOLERANCE)


def never_falls(curve: Curve) -> bool:
    """Return whether no part of the curve is a whole-bill band, which may fall."""
    match curve:
        case oracle.Bands(_, whole_bill):
            return not whole_bill
        case oracle.Cheapest(curves) | oracle.Sum(curves):
            return all(never_falls(each) for each in curves)
        case oracle.Minimum(_, inner) | oracle.AtShare(_, inner) | oracle.Uplift(_, inner):
            return never_falls(inner)
        case _:
            return True


@examples(150)
@given(oracle.curves(2).filter(never_falls))
def test_more_tokens_never_cost_less(curve: Curve) -> None:
    costs = oracle.to_tokencross(curve).usd_per_month(np.array(sorted(VOLUMES), dtype=float))
    assert np.all(np.diff(costs) >= -TOLERANCE * costs[1:])


# --------------------------------------------------------------------------------------------------- breakdown


@examples(200)
@given(oracle.curves(2))
def test_a_breakdown_adds_up_to_the_total(curve: Curve) -> None:
    ours = oracle.to_tokencross(curve)
    volumes = np.array(VOLUMES, dtype=float)
    columns = ours.breakdown(volumes)
    assert len(columns) == len(volumes)
    assert columns.columns.is_unique
    assert not columns.isna().any(axis=None)
    np.testing.assert_allclose(columns.sum(axis=1), ours.usd_per_month(volumes), rtol=TOLERANCE, atol=CENT)


@examples(100)
@given(st.lists(st.one_of(oracle.fixed_costs(), oracle.lines(), oracle.staircases()), min_size=1, max_size=6))
def test_equal_labels_add_up(terms: list[Fixed | PerMtok | Staircase]) -> None:
    columns = oracle.to_tokencross(Sum(tuple(terms))).breakdown(np.array(VOLUMES, dtype=float))
    assert set(columns.columns) == {term.label for term in terms}
    for label in columns.columns:
        labelled = Sum(tuple(term for term in terms if term.label == label))
        np.testing.assert_allclose(columns[label], exact_costs(labelled, VOLUMES), rtol=TOLERANCE, atol=CENT)


@examples(100)
@given(oracle.usd(60), oracle.sums(oracle.fixed_costs(), oracle.lines(), oracle.staircases()))
def test_a_minimum_shows_the_curve_and_a_top_up(floor: Fraction, curve: Sum) -> None:
    ours = oracle.to_tokencross(curve)
    volumes = np.array(VOLUMES, dtype=float)
    columns = CostCurve.minimum(float(floor), ours).breakdown(volumes)
    own = ours.breakdown(volumes)
    for label in own.columns:
        np.testing.assert_allclose(columns[label], own[label], rtol=TOLERANCE, atol=CENT)
    top_up = columns.drop(columns=list(own.columns)).sum(axis=1)
    expected = np.maximum(0, float(floor) - own.sum(axis=1))
    np.testing.assert_allclose(top_up, expected, rtol=TOLERANCE, atol=CENT)


@examples(100)
@given(st.lists(oracle.simple_curves(), min_size=2, max_size=4))
def test_an_envelope_shows_the_winners_terms(members: list[Curve]) -> None:
    ours = [
        oracle.to_tokencross(member) + CostCurve.fixed(1.0, label=f"member {index}")
        for index, member in enumerate(members)
    ]
    volumes = np.array(VOLUMES, dtype=float)
    columns = CostCurve.cheapest(ours).breakdown(volumes)
    marks = columns[[f"member {index}" for index in range(len(members))]].to_numpy()
    np.testing.assert_array_equal(marks.sum(axis=1), 1.0)  # one winner's terms, no other's
    costs = np.array([each.usd_per_month(volumes) for each in ours])
    winners_costs = costs[marks.argmax(axis=1), np.arange(len(volumes))]
    np.testing.assert_allclose(winners_costs, costs.min(axis=0), rtol=TOLERANCE, atol=CENT)


# ----------------------------------------------------------------------------------------------------- algebra


@examples(150)
@given(oracle.curves(2), oracle.SHARES, st.sampled_from(VOLUMES))
def test_at_share_is_the_cost_of_that_share(curve: Curve, share: Fraction, volume: int) -> None:
    ours = oracle.to_tokencross(curve)
    here = ours.at_share(float(share)).usd_per_month(float(volume))
    assert here == pytest.approx(ours.usd_per_month(float(share) * volume), rel=TOLERANCE, abs=CENT)
    assert here == pytest.approx(float(oracle.value(curve, share * volume)), rel=TOLERANCE, abs=CENT)


@examples(50)
@given(oracle.curves(2))
def test_no_share_of_the_volume_costs_what_no_tokens_cost(curve: Curve) -> None:
    ours = oracle.to_tokencross(curve)
    found = ours.at_share(0.0).usd_per_month(np.array(VOLUMES, dtype=float))
    np.testing.assert_allclose(found, ours.usd_per_month(0.0), rtol=TOLERANCE, atol=CENT)


@examples(50)
@given(oracle.curves(1), oracle.SHARES, oracle.SHARES)
def test_shares_of_shares_multiply(curve: Curve, share: Fraction, other: Fraction) -> None:
    ours = oracle.to_tokencross(curve)
    volumes = np.array(VOLUMES, dtype=float)
    twice = ours.at_share(float(share)).at_share(float(other)).usd_per_month(volumes)
    np.testing.assert_allclose(
        twice, ours.at_share(float(share * other)).usd_per_month(volumes), rtol=TOLERANCE, atol=CENT
    )


@examples(100)
@given(oracle.curves(2), st.sampled_from([0.0, 0.25, 1.0, 1.2, 3.0]))
def test_an_uplift_multiplies_every_cost(curve: Curve, factor: float) -> None:
    ours = oracle.to_tokencross(curve)
    volumes = np.array(VOLUMES, dtype=float)
    expected = factor * ours.usd_per_month(volumes)
    np.testing.assert_allclose((ours * factor).usd_per_month(volumes), expected, rtol=TOLERANCE, atol=CENT)


@examples(100)
@given(oracle.curves(2), oracle.curves(2))
def test_a_sum_costs_the_sum(one: Curve, other: Curve) -> None:
    volumes = np.array(VOLUMES, dtype=float)
    ours, theirs = oracle.to_tokencross(one), oracle.to_tokencross(other)
    expected = ours.usd_per_month(volumes) + theirs.usd_per_month(volumes)
    np.testing.assert_allclose((ours + theirs).usd_per_month(volumes), expected, rtol=TOLERANCE, atol=CENT)
    np.testing.assert_allclose((theirs + ours).usd_per_month(volumes), expected, rtol=TOLERANCE, atol=CENT)


@examples(100)
@given(st.lists(oracle.curves(1), min_size=1, max_size=4))
def test_cheapest_is_the_least_everywhere(members: list[Curve]) -> None:
    volumes = np.array(VOLUMES, dtype=float)
    ours = [oracle.to_tokencross(member) for member in members]
    expected = np.min([each.usd_per_month(volumes) for each in ours], axis=0)
    np.testing.assert_allclose(CostCurve.cheapest(ours).usd_per_month(volumes), expected, rtol=TOLERANCE, atol=CENT)


@examples(100)
@given(oracle.usd(100), oracle.curves(1))
def test_minimum_is_the_greater_everywhere(floor: Fraction, curve: Curve) -> None:
    volumes = np.array(VOLUMES, dtype=float)
    ours = oracle.to_tokencross(curve)
    expected = np.maximum(float(floor), ours.usd_per_month(volumes))
    found = CostCurve.minimum(float(floor), ours).usd_per_month(volumes)
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=CENT)


# ------------------------------------------------------------------------------------------------------- jumps


@pytest.mark.parametrize("tokens_per_step", [(0.1 + 0.2) * 1e9, 1e9 / 3, 0.7e9, 2_500 * 0.5 * 2_628_000.0, 1.1e12])
def test_a_full_step_is_inclusive_for_any_float(tokens_per_step: float) -> None:
    counts = np.arange(1, 3_000, dtype=float)
    curve = CostCurve.staircase(7.0, tokens_per_step)
    np.testing.assert_array_equal(curve.usd_per_month(counts * tokens_per_step), 7 * counts)
    np.testing.assert_array_equal(curve.usd_per_month(np.cumsum(np.full(2_999, tokens_per_step))), 7 * counts)
    beyond = curve.usd_per_month(counts * tokens_per_step * (1 + 1e-9))
    np.testing.assert_array_equal(beyond, 7 * (counts + 1))
    before = curve.usd_per_month(counts * tokens_per_step * (1 - 1e-9))
    np.testing.assert_array_equal(before, 7 * counts)


@pytest.mark.parametrize("share", [0.1, 0.3, 1 / 3, 0.7])
def test_a_full_step_is_inclusive_at_a_share(share: float) -> None:
    counts = np.arange(1, 1_000, dtype=float)
    curve = CostCurve.staircase(7.0, 1e9).at_share(share)
    np.testing.assert_array_equal(curve.usd_per_month(counts * 1e9 / share), 7 * counts)


@examples(100)
@given(st.floats(1e3, 1e15), st.integers(1, 10**6), st.floats(0.01, 1e6), st.integers(0, 5))
def test_n_steps_of_tokens_are_n_steps(tokens_per_step: float, count: int, price: float, least: int) -> None:
    curve = CostCurve.staircase(price, tokens_per_step, min_steps=least)
    found = curve.usd_per_month(count * tokens_per_step)
    assert found == pytest.approx(price * max(count, least), rel=TOLERANCE)


def test_a_whole_bill_band_begins_above_its_start() -> None:
    curve = CostCurve.bands([(0, 10.0), (1e9, 8.0)], whole_bill=True)
    assert curve.usd_per_month(1e9) == pytest.approx(10 * 1000)
    assert curve.usd_per_month(1e9 + 1) == pytest.approx(8 * 1000.000_001)


def test_a_staircase_of_no_tokens_costs_its_least_steps() -> None:
    assert CostCurve.staircase(5.0, 1e6).usd_per_month(0.0) == 0.0
    assert CostCurve.staircase(5.0, 1e6, min_steps=3).usd_per_month(0.0) == 15.0
    assert CostCurve.staircase(5.0, 1e6).usd_per_month(1.0) == 5.0


# ------------------------------------------------------------------------------------------------------- draws


@st.composite
def curves_of_draws(draw: st.DrawFn) -> list[Curve]:
    """Three draws of one curve's numbers."""
    one = draw(oracle.curves(2))
    return [one, *(draw(oracle.with_other_numbers(one)) for _ in range(2))]


@examples(150)
@given(curves_of_draws(), st.sampled_from([(), (5,), (2, 3)]))
def test_draws_come_first(draws: list[Curve], shape: tuple[int, ...]) -> None:
    curve = oracle.stacked(draws)
    volumes = np.resize(np.array([0, 2 * MTOK, 5 * MTOK, 24 * MTOK, 7 * MTOK + 1, 10**9]), shape)
    found = curve.usd_per_month(volumes.astype(float))
    assert isinstance(found, np.ndarray)
    assert found.shape == (len(draws), *shape)
    for index, one in enumerate(draws):
        expected = exact_costs(one, [int(volume) for volume in volumes.ravel()])
        np.testing.assert_allclose(found[index].ravel(), expected, rtol=TOLERANCE, atol=CENT)
        alone = curve.draw(index).usd_per_month(volumes.astype(float))
        np.testing.assert_allclose(alone, found[index], rtol=TOLERANCE, atol=CENT)


@examples(50)
@given(curves_of_draws())
def test_a_float_volume_gives_a_value_per_draw(draws: list[Curve]) -> None:
    found = oracle.stacked(draws).usd_per_month(5e6)
    expected = [exact_costs(one, [5 * MTOK])[0] for one in draws]
    assert isinstance(found, np.ndarray)
    assert found.shape == (len(draws),)
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=CENT)


def test_draws_and_plain_terms_mix() -> None:
    curve = CostCurve.fixed(np.array([1.0, 2.0, 3.0])) + CostCurve.per_mtok(4.0) * np.array([1.0, 2.0, 0.5])
    expected = [[1, 1 + 4 * 2], [2, 2 + 8 * 2], [3, 3 + 2 * 2]]
    np.testing.assert_allclose(curve.usd_per_month(np.array([0.0, 2e6])), expected, rtol=TOLERANCE)


def test_a_share_may_be_draws() -> None:
    curve = CostCurve.per_mtok(4.0).at_share(np.array([0.25, 0.5]))
    np.testing.assert_allclose(curve.usd_per_month(2e6), [4 * 0.25 * 2, 4 * 0.5 * 2], rtol=TOLERANCE)


# ---------------------------------------------------------------------------------------------------- refusals

BAD = [-1.0, -1e-300, math.nan, math.inf, -math.inf]
CONSTRUCTORS: dict[str, Callable[[float], object]] = {
    "fixed": lambda bad: CostCurve.fixed(bad, label="x"),
    "per_mtok": lambda bad: CostCurve.per_mtok(bad, label="x"),
    "staircase usd": lambda bad: CostCurve.staircase(bad, 1e9),
    "staircase tokens": lambda bad: CostCurve.staircase(1.0, bad),
    "bands": lambda bad: CostCurve.bands([(0, 1.0), (1e9, bad)]),
    "bands start": lambda bad: CostCurve.bands([(0, 1.0), (bad, 1.0)]),
    "bands, whole bill": lambda bad: CostCurve.bands([(0, bad), (1e9, 1.0)], whole_bill=True),
    "minimum": lambda bad: CostCurve.minimum(bad, CostCurve.fixed(1.0)),
    "commitment usd": lambda bad: CostCurve.commitment(bad, 1e9, overage_usd_per_mtok=1.0),
    "commitment tokens": lambda bad: CostCurve.commitment(1.0, bad, overage_usd_per_mtok=1.0),
    "commitment overage": lambda bad: CostCurve.commitment(1.0, 1e9, overage_usd_per_mtok=bad),
    "uplift": lambda bad: CostCurve.fixed(1.0) * bad,
    "share": lambda bad: CostCurve.fixed(1.0).at_share(bad),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("constructor", CONSTRUCTORS)
def test_negative_and_non_finite_coefficients_are_refused(constructor: str, bad: float) -> None:
    with pytest.raises(ScenarioError):
        CONSTRUCTORS[constructor](bad)


def test_one_bad_draw_is_refused() -> None:
    with pytest.raises(ScenarioError):
        CostCurve.fixed(np.array([1.0, -1.0]), label="x")
    with pytest.raises(ScenarioError):
        CostCurve.staircase(np.array([1.0, math.nan]), 1e9)


def test_a_step_of_no_tokens_is_refused() -> None:
    with pytest.raises(ScenarioError):
        CostCurve.staircase(1.0, 0.0)


@pytest.mark.parametrize("least", [-1, -5])
def test_fewer_steps_than_none_are_refused(least: int) -> None:
    with pytest.raises(ScenarioError):
        CostCurve.staircase(1.0, 1e9, min_steps=least)


def test_a_refusal_is_a_value_error() -> None:
    assert issubclass(ScenarioError, ValueError)
