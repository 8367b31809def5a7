"""Breakevens of draws: closed forms with known quantiles, every way of finding them against one at a time, errors."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy import stats
from tests import oracle

import tokencross as tc
from tokencross.costs.collapsed import collapsed
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.hourly_load import HourlyLoad
from tokencross.costs.overflow import CheapestSteps, Overflow
from tokencross.costs.terms import Fixed, PerToken, Staircase, Term
from tokencross.errors import ScenarioError

Array = NDArray[np.float64]
CostCurve = tc.CostCurve

DRAWS = 1 << 14
EVEN = (np.arange(DRAWS) + 0.5) / DRAWS  # probabilities: the quantiles of a distribution, and no sampling error


def found(challenger: CostCurve, incumbent: CostCurve, *, margin_share: float = 0.0) -> tuple[Array, Array]:
    """Return first and robust breakeven of draws."""
    b = tc.breakeven(challenger, incumbent, margin_share=margin_share)
    assert isinstance(b.first, np.ndarray)
    assert isinstance(b.robust, np.ndarray)
    return b.first, b.robust


def alone(challenger: CostCurve, incumbent: CostCurve, draws: int, *, margin_share: float = 0.0) -> tuple[Array, Array]:
    """Return the same, each draw a pair of plain curves."""
    answers = [
        tc.breakeven(challenger.draw(index), incumbent.draw(index), margin_share=margin_share, max_intervals=1)
        for index in range(draws)
    ]
    first, robust = (
        np.array([math.nan if x is None else x for x in values], dtype=float)
        for values in ([b.first for b in answers], [b.robust for b in answers])
    )
    return first, robust


# --------------------------------------------------------------------------------------------- closed forms


def test_a_lognormal_price_against_a_flat_fleet_gives_a_lognormal_breakeven() -> None:
    """V = F / p: with ln p normal (mu, sigma), ln V is normal (ln F - mu, sigma)."""
    price = stats.lognorm(s=0.4, scale=3.0)  # USD per million tokens
    first, robust = found(CostCurve.fixed(30_000.0), CostCurve.per_mtok(price.ppf(EVEN)))
    expected = stats.lognorm(s=0.4, scale=30_000 / 3e-6)
    assert_allclose(np.sort(first), expected.ppf(EVEN), rtol=1e-12)
    assert_array_equal(first, robust)
    assert np.quantile(first, 0.05) == pytest.approx(1e10 * math.exp(-0.4 * 1.6448536), rel=1e-3)


def test_a_lognormal_price_against_a_fleet_of_one_wide_step() -> None:
    """Hours of 12 loads, one step enough for all of them: as flat, by the walk instead of the closed form."""
    price = stats.lognorm(s=0.4, scale=3.0)
    hours = HourlyStaircase(30_000.0, 1e13, np.full(12, 1 / 12), np.linspace(0.1, 1.9, 12), np.zeros(12))
    first, _ = found(CostCurve((hours,)), CostCurve.per_mtok(price.ppf(EVEN)))
    assert_allclose(np.sort(first), stats.lognorm(s=0.4, scale=1e10).ppf(EVEN), rtol=1e-12)


@pytest.mark.parametrize("level_count", [1, 4, 16])
def test_uniform_slopes_with_half_of_the_draws_without_a_breakeven(level_count: int) -> None:
    """Tokens at 0 to 4 USD/Mtok against 2: V = F / (2 - p) where p < 2, else never."""
    own_price = 4.0 * EVEN
    level = HourlyStaircase(
        1_000.0,
        1e15,
        np.full(level_count, 1 / level_count),
        np.ones(level_count),
        np.array([float(i % 2) for i in range(level_count)]),
    )
    ours = CostCurve((level,)) + CostCurve.per_mtok(own_price)
    first, robust = found(ours, CostCurve.per_mtok(2.0))
    assert np.mean(np.isnan(robust)) == 0.5
    cheaper = own_price < 2.0
    assert_array_equal(np.isnan(first), ~cheaper)
    assert_allclose(first[cheaper], 1_000 / ((2 - own_price[cheaper]) * 1e-6), rtol=1e-9)
    # P(V <= v) = P(2 - p >= F / v) = (2 - F / v) / 4, in USD/Mtok: a median among all draws is just never
    assert np.mean(first <= 1e9) == pytest.approx((2 - 1) / 4, abs=1 / DRAWS)


# ------------------------------------------------------------------- one way after another, against one at a time

RANDOM = np.random.default_rng(20_261_122)
SIZE = 60


def price(median: float = 1.3, sigma: float = 0.6) -> CostCurve:
    """A price per token."""
    return CostCurve.per_mtok(RANDOM.lognormal(math.log(median), sigma, SIZE))


def fixed() -> CostCurve:
    """A fixed amount."""
    return CostCurve.fixed(RANDOM.uniform(0.0, 20_000.0, SIZE))


def stairs() -> CostCurve:
    """Steps of about 1.4 USD per million tokens, none to three at least."""
    usd, tokens = RANDOM.lognormal(8.0, 0.3, SIZE), RANDOM.lognormal(21.5, 0.3, SIZE)
    return CostCurve.staircase(usd, tokens, min_steps=RANDOM.integers(0, 4, SIZE).astype(float))


def hours(level_count: int, *, own_loads: bool = False) -> CostCurve:
    """The same by levels of a load, some without any; the levels the same in all draws or not."""
    loads = np.exp(0.5 * RANDOM.normal(size=(SIZE, level_count) if own_loads else level_count))
    loads = np.where(RANDOM.uniform(size=loads.shape) < 0.1, 0.0, loads)
    usd, tokens = RANDOM.lognormal(8.0, 0.3, SIZE), RANDOM.lognormal(21.5, 0.3, SIZE)
    least = RANDOM.integers(0, 3, level_count).astype(float)
    return CostCurve((HourlyStaircase(usd, tokens, np.full(level_count, 1 / level_count), loads, least),))


def bands(*, whole_bill: bool) -> CostCurve:
    """Three prices by volume."""
    starts = (0.0, RANDOM.uniform(1e9, 2e9, SIZE), RANDOM.uniform(3e9, 9e9, SIZE))
    return CostCurve.bands([(start, RANDOM.uniform(0.3, 4.0, SIZE)) for start in starts], whole_bill=whole_bill)


PAIRS = {
    "line against line": lambda: (price() + fixed(), price() + fixed()),
    "steps against line": lambda: (stairs() + fixed(), price() + fixed()),
    "line against steps": lambda: (price() + fixed(), stairs() + fixed()),
    "two widths against line": lambda: (stairs() + stairs() + fixed(), price(3.0) + fixed()),
    "line against two widths": lambda: (price(3.0) + fixed(), stairs() + stairs() + fixed()),
    "few hours against line": lambda: (hours(5) + fixed(), price() + fixed()),
    "hours against line": lambda: (hours(24) + fixed(), price() + fixed()),
    "hours of each draw against line": lambda: (hours(24, own_loads=True) + fixed(), price() + fixed()),
    "line against hours": lambda: (price() + fixed(), hours(24) + fixed()),
    "line against hours of each draw": lambda: (price() + fixed(), hours(5, own_loads=True) + fixed()),
    "steps against steps": lambda: (stairs() + fixed(), stairs() + fixed()),
    "hours against steps": lambda: (hours(14) + fixed(), stairs() + fixed() + price(0.1)),
    "hours against hours": lambda: (hours(14) + fixed(), hours(14) + fixed() + price(0.1)),
    "bands against line": lambda: (bands(whole_bill=False) + fixed(), price() + fixed()),
    "line against whole bill": lambda: (price() + fixed(), bands(whole_bill=True) + fixed()),
    "bands against steps": lambda: (bands(whole_bill=False) + fixed(), stairs() + stairs() + fixed()),
    "a minimum against line": lambda: (CostCurve.minimum(9_000.0, price()), price() + fixed()),
}


@pytest.mark.parametrize("margin_share", [0.0, 0.25])
@pytest.mark.parametrize("name", PAIRS)
def test_draws_together_are_as_alone(name: str, margin_share: float) -> None:
    ours, theirs = PAIRS[name]()
    together = found(ours, theirs, margin_share=margin_share)
    one_by_one = alone(ours, theirs, SIZE, margin_share=margin_share)
    for values, expected in zip(together, one_by_one, strict=True):
        assert_allclose(values, expected, rtol=1e-9)


@pytest.mark.parametrize("name", PAIRS)
def test_a_draw_does_not_depend_on_the_others(name: str) -> None:
    """To the last bit: in chunks of any size the answers are the same."""
    ours, theirs = PAIRS[name]()
    whole = found(ours, theirs)
    for size in (1, 7, 31):
        chunks = [
            found(ours.draws(slice(low, low + size)), theirs.draws(slice(low, low + size)))
            for low in range(0, SIZE, size)
        ]
        for values, parts in zip(whole, zip(*chunks, strict=True), strict=True):
            assert_array_equal(values, np.concatenate(parts))


@pytest.mark.parametrize("name", PAIRS)
def test_a_cost_does_not_depend_on_the_others(name: str) -> None:
    for curve in PAIRS[name]():
        for volumes in (3.3e9, np.geomspace(1e8, 1e12, 9)):
            whole = curve.usd_per_month(volumes)
            parts = [curve.draws(slice(low, low + 7)).usd_per_month(volumes) for low in range(0, SIZE, 7)]
            assert_array_equal(whole, np.concatenate(parts))


@pytest.mark.parametrize("name", PAIRS)
def test_the_bill_just_above_is_that_of_each_draw(name: str) -> None:
    ours, theirs = PAIRS[name]()
    b = tc.breakeven(ours, theirs)
    assert isinstance(b.first, np.ndarray)
    one_by_one = [tc.breakeven(ours.draw(i), theirs.draw(i), max_intervals=1).first_usd_per_month for i in range(SIZE)]
    assert isinstance(b.first_usd_per_month, np.ndarray)
    expected = np.array([math.nan if x is None else x for x in one_by_one], dtype=float)
    assert_allclose(b.first_usd_per_month, expected, rtol=1e-9)


# ---------------------------------------------------------------------------------------- by hand, and at the edges


def test_hours_against_a_price_by_hand() -> None:
    # Half of the month at a load of 0.5, half at 1.5; a step serves 1e9 tokens and costs 1,000 USD. At 2 USD a million
    # tokens: one step, 1,000 USD, is met at 5e8. At V = 1e9 / 1.5 the busy half takes a second one: 1,500 USD against
    # 1,333, met at 7.5e8. At 2e9 / 1.5 a third: 2,000 against 2,667, so cheaper for good.
    loads, shares = np.repeat([0.5, 1.5], 6), np.full(12, 1 / 12)
    ours = CostCurve((HourlyStaircase(np.full(3, 1_000.0), 1e9, shares, loads, np.zeros(12)),))
    # the second draw's fixed amount moves the crossing beyond the jump; the third's is more than the line ever gains
    ours = ours + CostCurve.fixed(np.array([0.0, 400.0, 0.0]))
    first, robust = found(ours, CostCurve.per_mtok(np.array([2.0, 2.0, 0.5])))
    # second: 1,400 at 7e8 is behind the jump at 6.67e8; 1,900 at 9.5e8; before 1.33e9: 2,400 < 2,667 there
    assert_allclose(first, [5e8, 9.5e8, math.nan], rtol=1e-12)
    assert_allclose(robust, [7.5e8, 9.5e8, math.nan], rtol=1e-12)


def test_near_equal_unit_costs_take_the_long_way() -> None:
    """Costs per token 0.01% to 1% apart: thousands of windows, against the closed form of one level."""
    apart = np.geomspace(1e-4, 1e-2, 7)
    tokens, usd = 1e9, 1_000.0  # a least number of 0 or 1 is the same for every V > 0, but two levels
    theirs = CostCurve.per_mtok(usd / tokens * 1e6 * (1.0 + apart))
    one = CostCurve.staircase(usd, tokens) + CostCurve.fixed(55.0)
    hour = HourlyStaircase(usd, tokens, np.full(2, 0.5), np.ones(2), np.arange(2.0))
    for values, expected in zip(
        found(CostCurve((hour,)) + CostCurve.fixed(55.0), theirs), found(one, theirs), strict=True
    ):
        assert_allclose(values, expected, rtol=1e-9)


def test_draws_far_beyond_a_table_are_as_alone() -> None:
    """Loads so uneven that the crossing lies some 10,000 steps out."""
    loads = np.geomspace(0.2, 5.0, 12)
    hour = HourlyStaircase(np.array([1.0, 1.0]), 1e6, np.full(12, 1 / 12), loads, np.zeros(12))
    rate = float(loads.mean())  # USD per million tokens
    ours, theirs = CostCurve((hour,)) + CostCurve.fixed(1_000.0), CostCurve.per_mtok(rate * np.array([1.05, 1.02]))
    for values, expected in zip(found(ours, theirs), alone(ours, theirs, 2), strict=True):
        assert_allclose(values, expected, rtol=1e-9)
    for values, expected in zip(found(theirs, ours), alone(theirs, ours, 2), strict=True):
        assert_allclose(values, expected, rtol=1e-9)


def test_a_base_and_what_runs_above_it_rise_together() -> None:
    """Steps above a base take the base's off: a term that falls, in a sum that does not."""
    loads, shares = np.array([0.4, 1.0, 2.0]), np.array([0.3, 0.4, 0.3])
    tokens = np.array([1e9, 1.3e9, 2e9])
    base = CostCurve.staircase(600.0, tokens)
    above = HourlyStaircase(1_000.0, tokens, np.array([0.3, -0.3]), np.array([2.0, 1.0]), np.zeros(2))
    ours, theirs = base + CostCurve((above,)), CostCurve.per_mtok(np.array([1.2, 1.1, 0.9]))
    for values, expected in zip(found(ours, theirs), alone(ours, theirs, 3), strict=True):
        assert_allclose(values, expected, rtol=1e-9)
    assert float(shares @ loads) == pytest.approx(1.12)


@pytest.mark.parametrize("share", [np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.0, 0.0])])
def test_a_share_of_nothing_buys_the_least_number_only(share: Array) -> None:
    steps = CostCurve.staircase(100.0, 1e9, min_steps=2) + CostCurve.staircase(50.0, 3e8)
    for ours, theirs in (
        (steps.at_share(share), CostCurve.per_mtok(1.0)),
        (CostCurve.staircase(100.0, 1e9, min_steps=2).at_share(share), CostCurve.per_mtok(1.0)),
        (CostCurve.per_mtok(0.05) + CostCurve.fixed(90.0), steps.at_share(share)),
    ):
        for values, expected in zip(found(ours, theirs), alone(ours, theirs, 3), strict=True):
            assert_allclose(values, expected, rtol=1e-9)


def test_equal_fleets_cancel_in_every_draw() -> None:
    """The same hours at the same price on both sides: what is left is a line against a line."""
    fleet = hours(24)
    first, robust = found(fleet + CostCurve.fixed(500.0), fleet + CostCurve.per_mtok(np.full(SIZE, 1.0)))
    assert_allclose(first, 5e8, rtol=1e-12)
    assert_array_equal(first, robust)
    same, _ = found(fleet, fleet)
    assert np.all(np.isnan(same))


@pytest.mark.parametrize("other", [False, True])
def test_draws_are_those_of_brute_force_in_fractions(other: bool) -> None:
    """Numbers that floats hold, so that ties are ties: windows and gaps of no width at all among them."""
    random = np.random.default_rng(7 + other)
    count = 150
    eighths = [Fraction(int(x), 8) for x in random.integers(0, 40, count)]
    usd, fixed_usd = ([Fraction(int(x)) for x in random.integers(0, 20, count)] for _ in range(2))
    usd_2, tokens_2 = random.integers(0, 20, count), 10**6 * random.integers(1, 5, count)
    tokens = 10**6 * random.integers(1, 5, count)
    ours = [
        oracle.Sum(
            (
                oracle.Staircase(usd[i], Fraction(int(tokens[i])), 2),
                oracle.Staircase(Fraction(int(usd_2[i])), Fraction(int(tokens_2[i])), 0),
                oracle.Fixed(fixed_usd[i]),
            )
        )
        for i in range(count)
    ]
    theirs = [oracle.PerMtok(each) for each in eighths]
    pairs: list[tuple[oracle.Curve, oracle.Curve]] = [
        (b, a) if other else (a, b) for a, b in zip(ours, theirs, strict=True)
    ]
    answers = [oracle.breakeven(*pair) for pair in pairs]
    values = found(oracle.stacked([a for a, _ in pairs]), oracle.stacked([b for _, b in pairs]))
    for got, expected in zip(values, ([x.first for x in answers], [x.robust for x in answers]), strict=True):
        assert_allclose(got, [math.nan if x is None else float(x) for x in expected], rtol=1e-9)


@pytest.mark.parametrize("against_line", [False, True])
def test_ties_that_floats_miss_are_ties(against_line: bool) -> None:
    """Prices in tenths, which floats do not hold: where curves touch, windows and gaps are left that are rounding."""
    random = np.random.default_rng(3)
    count = 400
    tenths = random.integers(0, 60, (3, count))
    usd, usd_2, fixed_usd = tenths / 10.0
    tokens, tokens_2 = random.integers(1, 4, (2, count)) * 1e6

    def exact(i: int) -> tuple[oracle.Curve, oracle.Curve]:
        a, b, c = (Fraction(int(x), 10) for x in tenths[:, i])
        one, other = (oracle.Staircase(x, Fraction(int(n)), 0) for x, n in ((a, tokens[i]), (b, tokens_2[i])))
        if against_line:
            return oracle.Sum((oracle.PerMtok(a), oracle.Fixed(c))), oracle.Sum((other, one))
        return oracle.Sum((one, oracle.Fixed(c))), other

    answers = {}
    for i in range(count):
        with contextlib.suppress(oracle.TooLongError):
            answers[i] = oracle.breakeven(*exact(i))
    assert len(answers) > 0.9 * count
    one, other = CostCurve.staircase(usd, tokens), CostCurve.staircase(usd_2, tokens_2)
    line = CostCurve.per_mtok(usd) + CostCurve.fixed(fixed_usd)
    got = found(line, other + one) if against_line else found(one + CostCurve.fixed(fixed_usd), other)
    kept = list(answers)
    for values, expected in zip(got, zip(*((x.first, x.robust) for x in answers.values()), strict=True), strict=True):
        assert_allclose(values[kept], [math.nan if x is None else float(x) for x in expected], rtol=1e-9)


# --------------------------------------------------------------------------------------------------- evaluation


def terms_of_every_kind(random: np.random.Generator, size: int) -> list[tuple[Term, ...]]:
    """Return terms whose numbers are draws."""
    usd, tokens = random.uniform(1e3, 2e3, size), random.uniform(1e8, 1e9, size)
    load = HourlyLoad.of([1.0, 2.0, 3.0, 3.0])
    loads = random.uniform(0.0, 3.0, (size, 4))
    inner = (PerToken(random.uniform(1.0, 2.0, size)), Fixed(usd))
    return [
        (Fixed(usd), Fixed(3.0), PerToken(random.uniform(1.0, 2.0, size)), PerToken(0.5)),
        (Staircase(usd, tokens, 2.0), Staircase(3.0, tokens, 2.0), Staircase(7.0, tokens, 5.0), Staircase(5.0, 1e8)),
        CostCurve.bands([(0.0, 1.0), (tokens, random.uniform(0.0, 1.0, size))]).terms,
        CostCurve.minimum(usd, CostCurve(inner) + CostCurve(inner)).terms,
        CostCurve.cheapest([CostCurve(inner), CostCurve((Staircase(usd, tokens),))]).terms,
        (HourlyStaircase(usd, tokens, np.full(4, 0.25), np.array([0.1, 0.5, 1.0, 2.4]), np.zeros(4)),),
        (HourlyStaircase(usd, 1e8, np.full(4, 0.25), loads, np.ones(4)),),
        (HourlyStaircase(2.0, tokens, np.full(15, 1 / 15), np.linspace(0.0, 2.0, 15), np.full(15, 2.0)),),
        (Overflow(load, tokens, inner), Overflow(load, 1e8, inner)),
        (CheapestSteps(load, tokens, (Fixed(usd),), (PerToken(random.uniform(1.0, 9.0, size)),), 1.0),),
    ]


@pytest.mark.parametrize("kind", range(10))
def test_every_term_costs_with_draws_what_each_draw_does(kind: int) -> None:
    size = 11
    curve = CostCurve(terms_of_every_kind(np.random.default_rng(5), size)[kind])
    assert curve.draw_count == size
    volumes = np.array([[0.0, 1e7, 3.7e8], [1e9, 2.5e9, 1e11]])
    expected = np.stack([curve.draw(index).usd_per_month(volumes) for index in range(size)])
    assert_allclose(curve.usd_per_month(volumes), expected, rtol=1e-12)
    assert_allclose(curve.usd_per_month(3.7e8), expected[:, 0, 2], rtol=1e-12)
    assert_allclose(curve.collapsed().usd_per_month(volumes), expected, rtol=1e-12)
    assert_allclose(curve.draws(slice(3, 7)).usd_per_month(volumes), expected[3:7], rtol=1e-12)
    own = np.geomspace(1e7, 1e11, size)
    own[2] = np.nan
    found_by_draw = curve.usd_per_month_by_draw(own)
    alone_at = [math.nan if np.isnan(v) else curve.draw(i).usd_per_month(float(v)) for i, v in enumerate(own)]
    assert_allclose(found_by_draw, alone_at, rtol=1e-12)


def test_more_draws_and_volumes_than_a_block_holds() -> None:
    random = np.random.default_rng(5)
    curve = CostCurve.fixed(random.uniform(0.0, 1e3, 70_000)) + CostCurve.staircase(
        random.uniform(1.0, 2.0, 70_000), 1e9
    )
    costs = curve.usd_per_month(np.array([2.5e9]))[:, 0]
    for index in (0, 40_000, 69_999):
        assert costs[index] == pytest.approx(curve.draw(index).usd_per_month(2.5e9), rel=1e-12)
    volumes = np.geomspace(1e6, 1e12, 40_000)
    few = curve.draws(slice(0, 3))
    assert_allclose(few.usd_per_month(volumes)[2], few.draw(2).usd_per_month(volumes), rtol=1e-12)


def test_alike_terms_are_one() -> None:
    wide, price_draws = np.array([1e9, 2e9]), np.array([1.0, 2.0])
    hour = HourlyStaircase(2.0, wide, np.array([0.5, 0.5]), np.array([0.5, 1.5]), np.zeros(2))
    few = collapsed(
        (
            *(Fixed(1.0), PerToken(price_draws), Staircase(3.0, wide), hour, Fixed(2.0)),
            *(PerToken(0.5), Staircase(price_draws, wide), hour, Staircase(1.0, 1e9)),
        )
    )
    assert [type(term) for term in few] == [Fixed, PerToken, Staircase, HourlyStaircase, Staircase]
    assert isinstance(few[2], Staircase)
    assert_array_equal(few[2].usd_per_step, [4.0, 5.0])
    assert_array_equal(price_draws, [1.0, 2.0])  # what was given is not written to


def test_levels_at_one_price_are_one_and_cancel() -> None:
    """A second fleet's steps less the first one's, as zones are counted: twice the wider steps are left."""
    least = np.zeros(2)
    need = HourlyStaircase(2.0, 1e9, np.array([0.5, 0.5]), np.array([0.5, 1.5]), least)
    beyond = HourlyStaircase(2.0, 1e9, np.array([1.0, 1.0, -0.5, -0.5]), np.array([0.25, 0.75, 0.5, 1.5]), np.zeros(4))
    (left,) = collapsed((need, beyond))
    assert isinstance(left, HourlyStaircase)
    assert_array_equal(left.loads, [0.25, 0.75])
    assert_array_equal(left.shares, [1.0, 1.0])


# ------------------------------------------------------------------------------------------------------- errors

HUNDRED, TWO_HUNDRED = np.ones(100), np.ones(200)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: CostCurve.fixed(HUNDRED) + CostCurve.per_mtok(TWO_HUNDRED),
        lambda: CostCurve.fixed(HUNDRED) * TWO_HUNDRED,
        lambda: CostCurve.fixed(HUNDRED).at_share(TWO_HUNDRED),
        lambda: CostCurve.staircase(HUNDRED, TWO_HUNDRED),
        lambda: CostCurve.bands([(0.0, HUNDRED), (TWO_HUNDRED, 1.0)]),
        lambda: CostCurve.minimum(HUNDRED, CostCurve.per_mtok(TWO_HUNDRED)),
        lambda: CostCurve.cheapest([CostCurve.fixed(HUNDRED), CostCurve.per_mtok(TWO_HUNDRED)]),
        lambda: tc.breakeven(CostCurve.fixed(HUNDRED), CostCurve.per_mtok(TWO_HUNDRED)),
        lambda: CostCurve.fixed(HUNDRED).usd_per_month_by_draw(TWO_HUNDRED),
    ],
)
def test_draws_of_unequal_length_are_refused(mistake: object) -> None:
    assert callable(mistake)
    with pytest.raises(ScenarioError, match="draws of 100 and 200; accepted: the same number of draws"):
        mistake()


def test_one_draw_is_that_of_all() -> None:
    curve = CostCurve.fixed(np.array([5.0])) + CostCurve.per_mtok(np.array([1.0, 2.0]))
    assert curve.draw_count == 2
    assert_array_equal(curve.usd_per_month(1e6), [6.0, 7.0])
