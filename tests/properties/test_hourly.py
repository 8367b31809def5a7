"""Laws of steps bought hour by hour: they are a sum of staircases, and what cuts and bounds a curve cuts them too."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import tokencross as tc
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.terms import Fixed, Staircase, Tail

Array = NDArray[np.float64]

LOADS = st.lists(st.floats(0.0, 5.0).map(lambda x: round(x, 3)), min_size=1, max_size=8)


@st.composite
def terms(draw: st.DrawFn) -> HourlyStaircase:
    """Return steps of up to eight levels, some of them without load, with a least number."""
    loads = np.array(draw(LOADS))
    shares = np.array(draw(st.lists(st.floats(0.01, 1.0), min_size=loads.size, max_size=loads.size)))
    least = np.array(draw(st.lists(st.integers(0, 4), min_size=loads.size, max_size=loads.size)), dtype=float)
    return HourlyStaircase(draw(st.floats(1.0, 1e5)), draw(st.floats(1e6, 1e10)), shares, loads, least)


def apart(term: HourlyStaircase) -> tc.CostCurve:
    """Return the same as one staircase for each level."""
    parts: list[Fixed | Staircase] = []
    for share, load, least in zip(term.shares, term.loads, term.min_steps, strict=True):
        usd, tokens = float(term.usd_per_step), float(term.tokens_per_step)
        if load == 0.0:
            parts.append(Fixed(usd * share * least))
        else:
            parts.append(Staircase(usd * share, tokens / load, least))
    return tc.CostCurve(tuple(parts))


@settings(deadline=None)
@given(term=terms(), volumes=st.lists(st.floats(0.0, 1e12), min_size=1, max_size=20))
def test_they_are_a_sum_of_staircases(term: HourlyStaircase, volumes: list[float]) -> None:
    points = np.array(volumes)
    assert_allclose(tc.CostCurve((term,)).usd_per_month(points), apart(term).usd_per_month(points), rtol=1e-12)


@settings(deadline=None, max_examples=30)
@given(term=terms())
def test_many_ascending_volumes_cost_what_each_does(term: HourlyStaircase) -> None:
    """More than some thousand volumes are evaluated by their jumps."""
    points = np.sort(np.random.default_rng(0).uniform(0.0, 50.0 * float(term.tokens_per_step), 3_000))
    alone = np.concatenate([term.line(part)[0] for part in np.split(points, 6)])
    assert_allclose(term.line(points)[0], alone, rtol=1e-14)


@settings(deadline=None)
@given(term=terms(), low=st.floats(0.0, 20.0), width=st.floats(0.0, 20.0))
def test_between_breakpoints_nothing_changes(term: HourlyStaircase, low: float, width: float) -> None:
    start, end = low * float(term.tokens_per_step), (low + width) * float(term.tokens_per_step)
    inside = term.breakpoints(start, end)
    assert np.all(np.diff(inside) > 0.0)
    assert np.all((inside > start) & (inside < end))
    edges = np.concatenate([[start], inside, [end]])
    for left, right in itertools.pairwise(edges):
        if right - left > 1e-9 * right:
            within = left + (right - left) * np.array([0.01, 0.5, 0.99])
            assert np.ptp(term.line(within)[0]) <= 1e-14 * (1.0 + term.line(within)[0][0])


@settings(deadline=None)
@given(term=terms(), volumes=st.lists(st.floats(0.0, 1e12), min_size=1, max_size=10))
def test_two_parallel_lines_bound_them(term: HourlyStaircase, volumes: list[float]) -> None:
    tail: Tail = term.tail()
    points = tail.from_volume + np.array(volumes)
    beyond = term.line(points)[0] - float(tail.slope) * points
    rounding = 1e-9 * (1.0 + np.abs(term.line(points)[0]))
    assert np.all(beyond >= tail.lower - rounding)
    assert np.all(beyond <= tail.upper + rounding)


@settings(deadline=None)
@given(
    term=terms(),
    share=st.floats(0.0, 1.0, allow_subnormal=False),
    ratio=st.floats(0.0, 3.0),
    volume=st.floats(0.0, 1e12),
)
def test_a_share_and_an_uplift(term: HourlyStaircase, share: float, ratio: float, volume: float) -> None:
    curve = tc.CostCurve((term,))
    assert curve.at_share(share).usd_per_month(volume) == pytest.approx(curve.usd_per_month(share * volume), rel=1e-9)
    assert (curve * ratio).usd_per_month(volume) == pytest.approx(ratio * curve.usd_per_month(volume), rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(term=terms(), fixed=st.floats(0.0, 1e5))
def test_crossings_are_those_of_the_staircases(term: HourlyStaircase, fixed: float) -> None:
    """The same breakevens, whichever way the steps are written."""
    line = tc.CostCurve.per_mtok(2.0) + tc.CostCurve.fixed(fixed)
    ours, theirs = (tc.breakeven(curve, line) for curve in (tc.CostCurve((term,)), apart(term)))
    for found, expected in ((ours.first, theirs.first), (ours.robust, theirs.robust)):
        assert (found is None) == (expected is None)
        assert expected is None or found == pytest.approx(expected, rel=1e-9)
    assert ours.interval_count == theirs.interval_count


def test_draws_are_evaluated_one_by_one() -> None:
    rng = np.random.default_rng(3)
    loads, shares = rng.uniform(0.0, 3.0, (5, 4)), rng.dirichlet(np.ones(4), 5)
    term = HourlyStaircase(rng.uniform(1e3, 2e3, 5), rng.uniform(1e8, 2e8, 5), shares, loads, np.ones((5, 4)))
    volumes = np.geomspace(1e6, 1e10, 7)
    curve = tc.CostCurve((term,))
    assert curve.draw_count == 5
    for index in range(5):
        assert_allclose(curve.usd_per_month(volumes)[index], curve.draw(index).usd_per_month(volumes), rtol=1e-14)


def test_a_fleet_cancels_against_itself() -> None:
    """Equal steps at two prices are one term of the difference; at one price nothing is left."""
    term = HourlyStaircase(100.0, 1e9, np.array([0.5, 0.5]), np.array([0.3, 1.7]), np.zeros(2))
    curve = tc.CostCurve((term,))
    same = tc.breakeven(curve, curve + tc.CostCurve.fixed(1.0))
    assert (same.first, same.robust) == (0.0, 0.0)
    dearer = tc.breakeven(curve + tc.CostCurve.fixed(250.0), curve * 2.0)
    # saves 100 for every full step: at half a step for each level until 250 are saved
    assert dearer.robust is not None
    at = np.array([dearer.robust * (1 - 1e-9), dearer.robust * (1 + 1e-9)])
    assert_allclose(curve.usd_per_month(at) > 250.0, [False, True])
