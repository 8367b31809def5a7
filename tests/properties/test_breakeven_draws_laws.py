"""Laws of breakevens with draws: the sign around them, what scaling and sharing do, and that draws keep apart."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import tokencross as tc
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.level_steps import apart_from_line, mean_steps

Array = NDArray[np.float64]
CostCurve = tc.CostCurve

SETTINGS = settings(deadline=None, max_examples=60)
ASIDE = 1e-9


def draws(low: float, high: float, size: int) -> st.SearchStrategy[Array]:
    """Arrays of draws between bounds, round numbers among them so that ties come up."""
    thousandths = st.integers(int(low * 1e3), int(high * 1e3)).map(lambda x: x / 1e3)
    either = st.one_of(thousandths, st.integers(int(np.ceil(low)), int(high)).map(float))
    return st.lists(either, min_size=size, max_size=size).map(np.array)


@st.composite
def fleets(draw: st.DrawFn, size: int) -> CostCurve:
    """A fixed amount and steps by one to sixteen levels of a load."""
    count = draw(st.sampled_from([1, 3, 12, 16]))
    loads = np.array(draw(st.lists(st.integers(0, 40).map(lambda x: x / 10), min_size=count, max_size=count)))
    least = np.array(draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)), dtype=float)
    usd, tokens = draw(draws(0.0, 50.0, size)), draw(draws(1.0, 20.0, size)) * 1e6
    hours = HourlyStaircase(usd, tokens, np.full(count, 1 / count), loads, least)
    return CostCurve((hours,)) + CostCurve.fixed(draw(draws(0.0, 30.0, size)))


@st.composite
def lines(draw: st.DrawFn, size: int) -> CostCurve:
    """A price per token and a fixed amount."""
    return CostCurve.per_mtok(draw(draws(0.0, 12.0, size))) + CostCurve.fixed(draw(draws(0.0, 30.0, size)))


SIZE = 4
PAIRS = st.tuples(fleets(SIZE), st.one_of(lines(SIZE), fleets(SIZE)), st.booleans()).map(
    lambda drawn: (drawn[1], drawn[0]) if drawn[2] else (drawn[0], drawn[1])
)


def found(ours: CostCurve, theirs: CostCurve, margin_share: float = 0.0) -> tuple[Array, Array]:
    """Return first and robust."""
    b = tc.breakeven(ours, theirs, margin_share=margin_share)
    assert isinstance(b.first, np.ndarray)
    assert isinstance(b.robust, np.ndarray)
    return b.first, b.robust


def saved(ours: CostCurve, theirs: CostCurve, volumes: Array) -> Array:
    """Return what each draw saves at its volume, as a share of what the two cost."""
    mine, other = ours.usd_per_month_by_draw(volumes), theirs.usd_per_month_by_draw(volumes)
    return np.asarray((other - mine) / np.maximum(np.abs(other) + np.abs(mine), 1e-300))


@SETTINGS
@given(PAIRS)
def test_nothing_undercuts_before_first_and_everything_beyond_robust(pair: tuple[CostCurve, CostCurve]) -> None:
    ours, theirs = pair
    first, robust = found(ours, theirs)
    assert np.all(np.isnan(robust) | (first <= robust))
    for share in (0.01, 0.3, 0.9, 1.0 - ASIDE):
        below = saved(ours, theirs, first * share)
        assert np.all(np.isnan(below) | (first == 0.0) | (below <= ASIDE))
    # with no breakeven at all, nothing ever undercuts
    never = np.isnan(first)
    for volume in (1.0, 3e6, 7.7e7, 1e9):
        assert np.all(saved(ours, theirs, np.full(SIZE, volume))[never] <= ASIDE)
    for share in (1.0 + ASIDE, 1.1, 2.7, 50.0):
        beyond = saved(ours, theirs, np.maximum(robust, 1e3) * share)
        assert np.all(np.isnan(beyond) | (beyond >= -ASIDE))


@SETTINGS
@given(PAIRS, st.sampled_from([0.0, 0.125, 0.5]))
def test_draws_are_as_alone(pair: tuple[CostCurve, CostCurve], margin_share: float) -> None:
    ours, theirs = pair
    together = found(ours, theirs, margin_share)
    for index in range(SIZE):
        b = tc.breakeven(ours.draw(index), theirs.draw(index), margin_share=margin_share, max_intervals=1)
        for values, expected in zip(together, (b.first, b.robust), strict=True):
            assert_allclose(values[index], np.nan if expected is None else expected, rtol=1e-9)


@SETTINGS
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 13, 16]), st.booleans(), st.permutations(range(SIZE)))
def test_a_draw_is_the_same_whatever_the_others_are(seed: int, count: int, stepped: bool, order: list[int]) -> None:
    """To the last bit, whichever draws come along."""
    random = np.random.default_rng(seed)

    def fleet() -> CostCurve:
        usd, tokens = random.uniform(1.0, 50.0, SIZE), random.uniform(1e6, 2e7, SIZE)
        loads, least = random.uniform(0.0, 4.0, count), random.integers(0, 3, count).astype(float)
        steps = HourlyStaircase(usd, tokens, np.full(count, 1 / count), loads, least)
        return CostCurve((steps,)) + CostCurve.fixed(random.uniform(0.0, 30.0, SIZE))

    ours, theirs = fleet(), CostCurve.per_mtok(random.uniform(0.0, 12.0, SIZE)) + CostCurve.fixed(3.0)
    if stepped:
        theirs = theirs + fleet()
    for one, other in ((ours, theirs), (theirs, ours)):
        whole = found(one, other)
        alone = [found(one.draws(slice(i, i + 1)), other.draws(slice(i, i + 1))) for i in order]
        for values, parts in zip(whole, zip(*alone, strict=True), strict=True):
            assert_array_equal(values[order], np.concatenate(parts))


@SETTINGS
@given(PAIRS, st.sampled_from([0.25, 2.0, 1024.0]))
def test_scaling_all_prices_keeps_crossings(pair: tuple[CostCurve, CostCurve], ratio: float) -> None:
    ours, theirs = pair
    for values, expected in zip(found(ours * ratio, theirs * ratio), found(ours, theirs), strict=True):
        assert_allclose(values, expected, rtol=1e-12)


@SETTINGS
@given(PAIRS, st.sampled_from([0.25, 0.5]))
def test_a_share_of_the_volume_moves_crossings(pair: tuple[CostCurve, CostCurve], share: float) -> None:
    ours, theirs = pair
    for values, expected in zip(found(ours.at_share(share), theirs.at_share(share)), found(ours, theirs), strict=True):
        assert_allclose(values * share, expected, rtol=1e-12)


@SETTINGS
@given(fleets(SIZE), lines(SIZE))
def test_a_wider_margin_comes_no_earlier(fleet: CostCurve, line: CostCurve) -> None:
    for ours, theirs in ((fleet, line), (line, fleet)):
        narrow, wide = (found(ours, theirs, margin) for margin in (0.0, 0.2))
        for less, more in zip(narrow, wide, strict=True):
            # never is the farthest; a tie may turn on rounding
            assert np.all(np.isnan(more) | (less <= more * (1.0 + ASIDE)))


@SETTINGS
@given(fleets(SIZE), lines(SIZE))
def test_a_total_is_that_of_its_fewest_terms(fleet: CostCurve, line: CostCurve) -> None:
    curve = fleet + line + fleet * 0.5 + line
    volumes = np.array([0.0, 1.0, 3e6, 1e7, 2.5e8])
    assert len(curve.collapsed().terms) <= 3
    assert_allclose(
        curve.collapsed().usd_per_month(volumes),
        fleet.usd_per_month(volumes) * 1.5 + 2.0 * line.usd_per_month(volumes),
        rtol=1e-12,
    )


@SETTINGS
@given(
    st.lists(st.integers(0, 40), min_size=12, max_size=20),
    st.lists(st.floats(0.0, 60.0, allow_subnormal=False), min_size=1, max_size=6),
    st.booleans(),
)
def test_a_table_says_what_counting_does(tenths: list[int], points: list[float], above: bool) -> None:
    """A table of jumps and a count by level: the same steps, at jumps and far from them."""
    loads, count = np.array(tenths) / 10, len(tenths)
    shares, least = np.full(count, 1 / count), np.array([float(i % 3) for i in range(count)])
    at = np.concatenate([points, [0.0, 1.0, 2.5, 10.0]])
    table = mean_steps(at, shares, loads, least, above=above)
    counted = mean_steps(at, np.tile(shares, (at.size, 1)), loads, least, above=above)
    assert_allclose(table, counted, rtol=1e-13)


@SETTINGS
@given(
    st.lists(st.integers(-10, 40), min_size=1, max_size=16),
    st.floats(0.0, 30.0),
    st.floats(0.0, 30.0),
    st.floats(0.0, 1.0),
)
def test_steps_stay_within_their_bounds(tenths: list[int], low: float, width: float, place: float) -> None:
    """Shares of either sign; a range of any width."""
    shares = np.array(tenths) / 10
    loads, least = np.linspace(0.0, 2.0, shares.size), np.array([float(i % 3) for i in range(shares.size)])
    ends = np.array([low]), np.array([low + width])
    lowest, highest = apart_from_line(*ends, shares, loads, least)
    point = np.array([low + max(place, 1e-9) * width])
    if point[0] > 0.0:
        apart = mean_steps(point, shares, loads, least) - float(np.sum(shares * loads)) * point
        rounding = 1e-9
        assert lowest[0] - rounding <= apart[0] <= highest[0] + rounding
