"""The value of waiting: against closed forms, sums of options, simulation, and a tree counted by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from tokencross.errors import ScenarioError
from tokencross.studies.jumps import Jump, jump_parts
from tokencross.studies.lattice import lattice_for
from tokencross.studies.option_value import WaitingValue, value_of_waiting
from tokencross.studies.perpetual import perpetual_switch

# 2 USD/Mtok on 5B tokens a month saves 10,000 USD, less 5,000 of fixed costs
CASE: dict[str, Any] = {
    "advantage_usd_per_mtok": 2.0,
    "fixed_usd_per_month": 5_000.0,
    "tokens_per_month": 5e9,
    "months": 36,
    "outlay_usd": 100_000.0,
    "discount_rate_per_year": 0.1,
    "volatility_per_year": 0.5,
}
BOTH_WAYS = (Jump(0.8, 0.7), Jump(0.5, 1.3))


def waiting(**changes: Any) -> WaitingValue:
    return value_of_waiting(**{**CASE, **changes})


# ---------------------------------------------------------------------- by hand


def test_two_months_by_hand() -> None:
    # no volatility, no interest: a month saves 2 x 5,000 - 5,000 = 5,000; two months 10,000, less the outlay of 8,000
    now = waiting(months=2, outlay_usd=8_000.0, discount_rate_per_year=0.0, volatility_per_year=0.0)
    assert now.value_usd == pytest.approx(10_000 - 8_000)
    assert now.act_now
    assert now.expected_month == 0.0
    assert now.flexibility_usd == pytest.approx(0.0, abs=1e-9)
    # 2 months x (0.002 V - 5,000 USD per 1000 tokens) repay 8,000 at V = (8,000 + 10,000) / 2 / 2 x 1e6 tokens
    assert now.pays_from_tokens_per_month == pytest.approx(4.5e9)
    assert now.switch_from_tokens_per_month == pytest.approx([4.5e9, (8_000 + 5_000) / 2 * 1e6], rel=1e-9)


def test_a_price_step_is_waited_for() -> None:
    # the advantage is negative for three months, then 3 USD/Mtok: 15,000 - 5,000 a month for 9 months
    advantage = [-1.0] * 3 + [3.0] * 9
    w = waiting(months=12, advantage_usd_per_mtok=advantage, volatility_per_year=0.0, outlay_usd=20_000.0)
    d = 1.1 ** (-1 / 12)
    later = sum(10_000 * d ** (k + 1) for k in range(3, 12)) - 20_000 * d**3
    assert w.value_usd == pytest.approx(later)
    assert w.now_usd == pytest.approx(
        sum(10_000 * d ** (k + 1) for k in range(3, 12)) - sum(10_000 * d ** (k + 1) for k in range(3)) - 20_000
    )
    assert w.expected_month == 3.0
    assert not w.act_now
    # before the step the more volume there is, the more is lost by coming early: switching is never best then
    assert np.all(np.isinf(w.switch_from_tokens_per_month[:3]))
    assert w.switched_probability.tolist() == [0.0] * 3 + [1.0] * 9


def test_a_band_of_volumes_where_a_larger_advantage_is_still_to_come() -> None:
    # every month's delay costs what does not hang on volume; coming early costs in proportion to it
    w = waiting(
        months=12,
        advantage_usd_per_mtok=[-0.5] * 2 + [3.0] * 10,
        fixed_usd_per_month=-2_000.0,
        volatility_per_year=0.0,
        outlay_usd=1_000.0,
        discount_rate_per_year=0.0,
    )
    # now against in two months: 2 x (2,000 - 0.5 V) more, so below V = 4B; and it pays at all from some volume on or 0
    assert w.switch_until_tokens_per_month[0] == pytest.approx(4e9, rel=1e-3)  # a kink within a cell
    assert w.switch_from_tokens_per_month[0] == 0.0


def test_a_tree_counted_by_hand_with_jumps_only() -> None:
    # two months, one jump in all or none: P(none) = e^-0.5 in a month of a rate of 6 a year, by 0.5 each
    jump = Jump(6.0, 0.5)
    w = waiting(months=2, outlay_usd=6_000.0, discount_rate_per_year=0.0, volatility_per_year=0.0, jumps=[jump])
    rate = 6.0 / 12
    # in month 1 switching pays if 10,000 x 0.5^n - 5,000 > 6,000: never. Now: 5,000 + (10,000 E[0.5^N] - 5,000) - 6,000
    assert w.wait_usd == pytest.approx(0.0, abs=1e-6)
    assert w.switch_usd == pytest.approx(5_000 + 10_000 * math.exp(rate * (0.5 - 1)) - 5_000 - 6_000, rel=1e-9)
    # with a smaller outlay, waiting a month is worth (5,000 - 1,000) x P(no jump), and switching now more
    cheap = waiting(months=2, outlay_usd=1_000.0, discount_rate_per_year=0.0, volatility_per_year=0.0, jumps=[jump])
    assert cheap.wait_usd == pytest.approx(4_000 * math.exp(-rate), rel=2e-3)  # a jump's end lies between two nodes


def test_an_outlay_that_falls_is_waited_for() -> None:
    # 5,000 a month: in month k the outlay is worth its price with 36 - k months to go; it falls by 20,000 in month 4
    outlay = np.where(np.arange(36) < 4, 100_000.0, 75_000.0)
    w = waiting(volatility_per_year=0.0, discount_rate_per_year=0.0, outlay_usd=outlay)
    assert w.now_usd == pytest.approx(36 * 5_000 - 100_000)
    assert w.value_usd == pytest.approx(32 * 5_000 - 75_000)
    assert w.expected_month == 4.0
    # half of what was paid comes back, whenever one leaves: that is known with the month of the switch
    back = waiting(
        volatility_per_year=0.0, discount_rate_per_year=0.0, outlay_usd=outlay, recoverable_share=0.5, exit_usd=1_000.0
    )
    assert back.value_usd == pytest.approx(36 * 5_000 - 50_000)
    assert back.expected_month == 0.0


def test_leaving_gives_back_a_share_of_what_that_switch_took() -> None:
    # an advantage for two months, then a loss; half of the outlay comes back, the exit takes 100
    outlay = [10_000.0, 6_000.0, 1_000.0, 1_000.0, 1_000.0]
    w = waiting(
        months=5,
        advantage_usd_per_mtok=[3.0, 3.0, -1.0, -1.0, -1.0],
        volatility_per_year=0.0,
        discount_rate_per_year=0.0,
        outlay_usd=outlay,
        recoverable_share=0.5,
        exit_usd=100.0,
    )
    # from month 0: 2 x 10,000 - 10,000 / 2 - 100; from month 1: 10,000 - 6,000 / 2 - 100
    assert w.switch_usd == pytest.approx(20_000 - 5_000 - 100)
    assert w.wait_usd == pytest.approx(10_000 - 3_000 - 100)


def test_lead_and_what_comes_back() -> None:
    d = 1.1 ** (-1 / 12)
    # 2.25 months of lead: three quarters of the third month are saved, then 33 months; a fifth of the outlay comes back
    w = waiting(volatility_per_year=0.0, lead_months=2.25, recoverable_share=0.2)
    saved = 5_000 * (0.75 * d**3 + sum(d ** (k + 1) for k in range(3, 36)))
    assert w.now_usd == pytest.approx(saved - 100_000 + 20_000 * d**36)
    assert w.switch_usd == pytest.approx(w.now_usd)


# ---------------------------------------------------------------------- closed forms


def _call_usd(forward: float, strike: float, deviation: float) -> float:
    """Black 1976, undiscounted."""
    if deviation == 0.0:
        return max(forward - strike, 0.0)
    d1 = (math.log(forward / strike) + deviation**2 / 2) / deviation
    return float(forward * norm.cdf(d1) - strike * norm.cdf(d1 - deviation))


@pytest.mark.parametrize(("volatility", "tolerance"), [(0.0, 1e-12), (0.1, 1e-6), (0.5, 1e-6), (1.2, 3e-6)])
def test_a_free_switch_both_ways_is_a_sum_of_calls(volatility: float, tolerance: float) -> None:
    # each month is served by whoever is cheaper: the sum over months of E[max(a V - b, 0)]
    w = waiting(
        outlay_usd=0.0, exit_usd=0.0, volatility_per_year=volatility, growth_per_year=0.3, fixed_usd_per_month=11_000.0
    )
    calls = (
        1.1 ** (-(k + 1) / 12) * _call_usd(10_000 * 1.3 ** (k / 12), 11_000, volatility * math.sqrt(k / 12))
        for k in range(36)
    )
    assert w.value_usd == pytest.approx(sum(calls), rel=tolerance)


@pytest.mark.parametrize("months", [36, 600])
@pytest.mark.parametrize("volatility", [0.1, 2.0, 5.0, 10.0])
def test_a_free_switch_is_a_sum_of_calls_however_wild_and_long(months: int, volatility: float) -> None:
    w = waiting(
        outlay_usd=0.0, exit_usd=0.0, volatility_per_year=volatility, fixed_usd_per_month=11_000.0, months=months
    )
    calls = (1.1 ** (-(k + 1) / 12) * _call_usd(10_000, 11_000, volatility * math.sqrt(k / 12)) for k in range(months))
    assert w.value_usd == pytest.approx(sum(calls), rel=1e-5)


@pytest.mark.parametrize(
    ("months", "volatility"), [(24, 10.0), (60, 5.0), (600, 1.5), (600, 10.0)], ids=lambda each: f"{each}"
)
def test_the_worth_of_a_wild_volume_stays_within_what_there_is_to_save(months: int, volatility: float) -> None:
    case: dict[str, Any] = {"months": months, "tokens_per_month": 3e9, "outlay_usd": 1e5}
    wild, calm = waiting(**case, volatility_per_year=volatility), waiting(**case, volatility_per_year=volatility / 2)
    gross = sum(6_000 * 1.1 ** (-(k + 1) / 12) for k in range(months))
    assert max(wild.now_usd, 0.0) < calm.value_usd < wild.value_usd < gross


def test_a_single_decision_left_is_a_call_on_all_that_is_saved() -> None:
    # an outlay so large in month 0 that one decides in month 1 only: a call on one month's saving, any volatility
    for volatility in (0.5, 3.0, 10.0):
        w = waiting(months=2, outlay_usd=[1e9, 4_000.0], fixed_usd_per_month=0.0, volatility_per_year=volatility)
        d = 1.1 ** (-1 / 12)
        call = d * _call_usd(10_000 * d, 4_000, volatility * math.sqrt(1 / 12))
        assert w.value_usd == pytest.approx(call, rel=2e-4)


@pytest.mark.parametrize(
    "jumps",
    [[Jump(0.5, 20.0)], [Jump(24.0, 0.01)], [Jump(0.05, 100.0), Jump(0.5, 0.01)], [Jump(3.0, 3.0), Jump(3.0, 0.3)]],
    ids=["up", "down", "far both ways", "both ways"],
)
@pytest.mark.parametrize("volatility", [0.5, 4.0])
def test_far_jumps_are_a_poisson_mixture_too(jumps: list[Jump], volatility: float) -> None:
    w = waiting(outlay_usd=0.0, exit_usd=0.0, jumps=jumps, months=12, volatility_per_year=volatility)
    total = 0.0
    for k in range(12):
        parts = jump_parts(jumps, k / 12)
        calls = (p * _call_usd(10_000 * math.exp(s), 5_000, volatility * math.sqrt(k / 12)) for p, s in parts)
        total += 1.1 ** (-(k + 1) / 12) * sum(calls)
    assert w.value_usd == pytest.approx(total, rel=1e-5)


def test_jumps_in_a_free_switch_are_a_poisson_mixture_of_calls() -> None:
    w = waiting(outlay_usd=0.0, exit_usd=0.0, jumps=BOTH_WAYS, months=24)
    total = 0.0
    for k in range(24):
        years = k / 12
        calls = (
            p * _call_usd(10_000 * math.exp(shift), 5_000, 0.5 * math.sqrt(years))
            for p, shift in jump_parts(BOTH_WAYS, years)
        )
        total += 1.1 ** (-(k + 1) / 12) * sum(calls)
    assert w.value_usd == pytest.approx(total, rel=1e-5)


PERPETUAL = [
    (0.3, 0.10, 0.0, (), 60),
    (0.5, 0.15, 0.05, (), 50),
    (0.15, 0.08, 0.0, (), 60),
    (0.3, 0.12, 0.10, (Jump(0.5, 0.7),), 50),
]


@pytest.mark.parametrize(("sigma", "rate", "growth", "jumps", "years"), PERPETUAL)
def test_a_long_horizon_comes_to_the_closed_form(
    sigma: float, rate: float, growth: float, jumps: tuple[Jump, ...], years: int
) -> None:
    # fixed costs of a thousand a month, an advantage of 1 USD/Mtok: thousands of USD are billions of tokens
    terms: dict[str, Any] = {
        "outlay_usd": 1e5,
        "discount_rate_per_year": rate,
        "volatility_per_year": sigma,
        "growth_per_year": growth,
        "jumps": jumps,
        "fixed_usd_per_month": 1_000.0,
    }
    form = perpetual_switch(**terms)
    w = value_of_waiting(**terms, advantage_usd_per_mtok=1.0, tokens_per_month=2e9, months=12 * years)
    # decisions once a month instead of all the time lower the trigger by exp(-0.5826 sigma sqrt(1/12)): Broadie,
    # Glasserman and Kou, "A continuity correction for discrete barrier options" (1997). What is left: horizon,
    # payment at the month's end, and that the correction is of first order.
    monthly = form.saving_usd_per_month * math.exp(-0.5826 * sigma * math.sqrt(1 / 12))
    assert w.switch_from_tokens_per_month[0] / 1e6 == pytest.approx(monthly, rel=0.007)


def test_the_perpetual_worth_is_reached_from_below() -> None:
    terms: dict[str, Any] = {"outlay_usd": 1e5, "discount_rate_per_year": 0.15, "volatility_per_year": 0.3}
    form = perpetual_switch(**terms)
    worths = [
        value_of_waiting(
            **terms, fixed_usd_per_month=0.0, advantage_usd_per_mtok=1.0, tokens_per_month=1e9, months=12 * years
        ).value_usd
        for years in (10, 25, 60)
    ]
    assert worths == sorted(worths)
    # paid at the month's end, a saving is worth d / (1 - d) months of it; decided once a month, a little is lost
    d = 1.15 ** (-1 / 12)
    assert worths[-1] == pytest.approx(form.value_usd(1_000.0 * d / (1 - d) / form.months_of_saving), rel=0.005)
    assert worths[-1] < form.value_usd(1_000.0)


def test_the_characteristic_root_satisfies_its_equation() -> None:
    form = perpetual_switch(
        outlay_usd=1.0,
        discount_rate_per_year=0.12,
        volatility_per_year=0.3,
        growth_per_year=0.1,
        jumps=[Jump(0.5, 0.7)],
    )
    beta = form.root_ratio
    left = 0.5 * 0.09 * beta * (beta - 1) + math.log(1.1) * beta + 0.5 * (0.7**beta - 1) - math.log(1.12)
    assert left == pytest.approx(0.0, abs=1e-12)
    assert beta > 1.0
    # the book's formula without jumps: 1/2 - mu/s^2 + sqrt((mu/s^2 - 1/2)^2 + 2 rho/s^2), mu 0.02, rho 0.06
    plain = perpetual_switch(
        outlay_usd=1.0,
        discount_rate_per_year=math.expm1(0.06),
        volatility_per_year=0.2,
        growth_per_year=math.expm1(0.02),
    )
    assert plain.root_ratio == pytest.approx(0.5 - 0.5 + math.sqrt(0.0 + 2 * 0.06 / 0.04), rel=1e-12)


def test_without_volatility_the_perpetual_trigger_is_where_waiting_stops_to_pay() -> None:
    # with growth g the best moment is when the saving itself is the interest on the outlay: s = rho I a year
    form = perpetual_switch(outlay_usd=1e5, discount_rate_per_year=0.1, volatility_per_year=0.0, growth_per_year=0.05)
    assert form.saving_usd_per_month * 12 == pytest.approx(math.log(1.1) * 1e5, rel=1e-9)
    # without growth there is nothing to wait for
    level = perpetual_switch(outlay_usd=1e5, discount_rate_per_year=0.1, volatility_per_year=0.0)
    assert level.multiple_ratio == 1.0
    assert level.value_usd(0.5 * level.saving_usd_per_month) == 0.0


# ---------------------------------------------------------------------- simulation


def _paths(
    rng: np.random.Generator, count: int, months: int, sigma: float, jumps: tuple[Jump, ...]
) -> NDArray[np.float64]:
    """The factor at each month, shape (count, months), drawn without the lattice."""
    steps = rng.normal(-(sigma**2) / 24, sigma / math.sqrt(12), (count, months - 1))
    for jump in jumps:
        steps += math.log(jump.advantage_ratio) * rng.poisson(jump.times_per_year / 12, (count, months - 1))
    return np.exp(np.concatenate((np.zeros((count, 1)), np.cumsum(steps, axis=1)), axis=1))


@pytest.mark.parametrize("jumps", [(), BOTH_WAYS], ids=["diffusion", "jumps"])
def test_following_the_boundary_earns_what_the_lattice_says(jumps: tuple[Jump, ...]) -> None:
    count, months, lead = 100_000, 36, 2
    w = waiting(jumps=jumps, lead_months=lead, growth_per_year=0.1)
    factor = _paths(np.random.default_rng(7), count, months, 0.5, jumps)
    volumes = 5e9 * factor * 1.1 ** (np.arange(months) / 12)
    switches = (volumes >= w.switch_from_tokens_per_month) & (volumes <= w.switch_until_tokens_per_month)
    switched = np.logical_or.accumulate(switches, axis=1)
    month = np.where(switched[:, -1], switched.argmax(axis=1), months)
    d = 1.1 ** (-1 / 12)
    saved = (2e-6 * volumes - 5_000) * d ** (np.arange(months) + 1)
    served = np.arange(months) >= month[:, None] + lead
    earned = np.sum(saved * served, axis=1) - np.where(month < months, 100_000 * d**month, 0.0)
    error = earned.std() / math.sqrt(count)
    assert abs(earned.mean() - w.value_usd) < 4 * error
    assert error < 0.02 * w.value_usd
    share = switched[:, -1].mean()
    assert abs(share - w.switched_probability[-1]) < 4 * math.sqrt(share * (1 - share) / count)
    for k in (3, 12):
        assert abs(switched[:, k].mean() - w.switched_probability[k]) < 4 * math.sqrt(0.25 / count)
    assert w.expected_month == pytest.approx(month[month < months].mean(), abs=4 * 8 / math.sqrt(share * count))


def test_least_squares_finds_no_better_policy() -> None:
    # Longstaff and Schwartz, "Valuing American Options by Simulation" (2001): regression instead of a lattice; its own
    # rule, followed on fresh paths, earns a little less than the best one, and no more but for sampling
    months, count = 36, 40_000
    w = waiting()
    rng = np.random.default_rng(3)
    d = 1.1 ** (-1 / 12)
    # at a switch in month k: all later savings in expectation, which are in proportion to the factor
    slope = np.array([sum(10_000 * d ** (j + 1) for j in range(k, months)) for k in range(months)])
    level = np.array([-100_000 * d**k - sum(5_000 * d ** (j + 1) for j in range(k, months)) for k in range(months)])
    fit = _paths(rng, count, months, 0.5, ())
    worth = np.maximum(slope[-1] * fit[:, -1] + level[-1], 0.0)
    rules: dict[int, NDArray[np.float64]] = {}
    for k in range(months - 2, 0, -1):
        now = slope[k] * fit[:, k] + level[k]
        pays = now > 0.0
        rules[k] = np.polyfit(np.log(fit[pays, k]), worth[pays], 3)
        worth = np.where(pays & (now >= np.polyval(rules[k], np.log(fit[:, k]))), now, worth)
    fresh = _paths(rng, count, months, 0.5, ())
    earned = np.maximum(slope[-1] * fresh[:, -1] + level[-1], 0.0)
    for k in range(months - 2, 0, -1):  # an earlier switch overwrites later ones
        now = slope[k] * fresh[:, k] + level[k]
        earned = np.where((now > 0.0) & (now >= np.polyval(rules[k], np.log(fresh[:, k]))), now, earned)
    error = earned.std() / math.sqrt(count)
    assert w.wait_usd > w.switch_usd
    assert earned.mean() < w.value_usd + 3 * error
    assert earned.mean() > 0.985 * w.value_usd - 3 * error


def test_a_binomial_tree_agrees() -> None:
    # Cox, Ross and Rubinstein (1979), a hundred small steps a month, decisions at the months' beginnings only
    months, inner, sigma = 6, 100, 0.6
    w = waiting(months=months, outlay_usd=10_000.0, volatility_per_year=sigma, exit_usd=2_000.0, recoverable_share=0.3)
    up = math.exp(sigma * math.sqrt(1 / 12 / inner))
    p = (1 - 1 / up) / (up - 1 / up)
    d = 1.1 ** (-1 / 12)
    away, there = np.zeros(months * inner + 1), np.full(months * inner + 1, 3_000.0)
    for _ in range(months):
        for _ in range(inner):
            away, there = (p * each[1:] + (1 - p) * each[:-1] for each in (away, there))
        nodes = up ** (2 * np.arange(len(away)) - (len(away) - 1.0))
        stay = d * (10_000 * nodes - 5_000 + there)
        keep = d * away
        away, there = np.maximum(keep, stay - 10_000), np.maximum(stay, keep + 3_000 - 2_000)
    assert len(away) == 1
    assert w.value_usd == pytest.approx(away[0], rel=5e-4)


def test_the_lattice_keeps_mean_and_variance() -> None:
    lattice = lattice_for(steps=36, years_per_step=1 / 12, volatility_per_year=0.5, jumps=BOTH_WAYS)
    mean = math.exp((0.8 * (0.7 - 1) + 0.5 * (1.3 - 1)) / 12)
    square = math.exp(0.25 / 12 + (0.8 * (0.7**2 - 1) + 0.5 * (1.3**2 - 1)) / 12)
    middle = slice(lattice.start - 50, lattice.start + 51)
    assert lattice.mean_ratio == pytest.approx(mean, rel=1e-12)
    moved = np.zeros(len(lattice.logs))
    moved[lattice.start] = 1.0
    moved = lattice.moved(moved)
    assert moved.sum() == pytest.approx(1.0, rel=1e-12)
    factors = np.exp(lattice.logs)
    near = np.abs(lattice.logs) < 5.0  # a month's moves; farther out the transform's rounding would be squared
    assert moved[near] @ factors[near] == pytest.approx(mean, rel=1e-9)
    assert moved[near] @ factors[near] ** 2 == pytest.approx(square, rel=1e-6)
    # what it says of a function that is not straight: the square, far from the ends, level above 50
    carried = np.concatenate(([0.0], np.minimum(factors, 50.0) ** 2 / (1.0 + factors), [0.0]))
    ahead = lattice.expected(carried)[1:-1] * (1.0 + factors)
    np.testing.assert_allclose(ahead[middle], square * factors[middle] ** 2, rtol=1e-6)
    # what is straight stays straight to rounding, from a factor of 0 to one without bound
    straight = 3.0 * lattice.slope_part - 7.0 * lattice.level_part
    expected = 3.0 * mean * lattice.slope_part - 7.0 * lattice.level_part
    np.testing.assert_allclose(lattice.expected(straight), expected, atol=1e-12)


# ---------------------------------------------------------------------- shape


def test_decisions_oftener_are_worth_a_little_more() -> None:
    worths = [waiting(decisions_per_month=count).value_usd for count in (1, 2, 4)]
    assert all(a < b < 1.03 * a for a, b in itertools.pairwise(worths))


def test_a_volume_series_is_the_growth_that_makes_it() -> None:
    series = 5e9 * 1.3 ** (np.arange(36) / 12)
    a, b = waiting(tokens_per_month=series), waiting(growth_per_year=0.3)
    assert a.value_usd == pytest.approx(b.value_usd, rel=1e-12)
    np.testing.assert_allclose(a.switch_from_tokens_per_month, b.switch_from_tokens_per_month)


def test_frame_and_words() -> None:
    w = waiting(exit_usd=10_000.0)
    frame = w.frame()
    assert frame.index.name == "month"
    assert len(frame) == w.months == 36
    assert frame["switched_probability"].is_monotonic_increasing
    assert np.all(frame["leave_below_tokens_per_month"] < frame["switch_from_tokens_per_month"])
    assert repr(w).startswith("<WaitingValue wait: switch from ")
    assert "<b>WaitingValue wait: switch from " in w._repr_html_()
    never = waiting(advantage_usd_per_mtok=-1.0, fixed_usd_per_month=0.0)
    assert never.expected_month is None
    assert never.value_usd == 0.0
    assert "no volume to switch at now" in repr(never)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"months": 0}, "months\n  found 0; accepted: a whole number from 1 to 1200."),
    ({"outlay_usd": -1.0}, "outlay_usd\n  found -1; accepted: finite numbers >= 0."),
    ({"outlay_usd": np.ones(3)}, "found an array of shape (3,); accepted: one number, or one for each of 36 months."),
    ({"volatility_per_year": np.ones(3)}, "Give its median, or call once per draw."),
    ({"volatility_per_year": math.nan}, "volatility_per_year\n  found nan"),
    ({"recoverable_share": 1.5}, "accepted: a number from 0 to 1 (share of the outlay)."),
    (
        {"advantage_usd_per_mtok": [1.0, 2.0]},
        "found an array of shape (2,); accepted: one number, or one for each of 36",
    ),
    ({"fixed_usd_per_month": math.inf}, "fixed_usd_per_month\n  found inf; accepted: finite numbers."),
    ({"tokens_per_month": 0.0}, "tokens_per_month\n  found 0; accepted: numbers above 0"),
    ({"tokens_per_month": -1.0}, "found -1; accepted: finite numbers >= 0."),
    ({"tokens_per_month": np.full(36, 1e9), "growth_per_year": 0.1}, "0.1 beside a volume for every month"),
    ({"outlay_usd": [1.0, 2.0]}, "outlay_usd\n  found an array of shape (2,)"),
    ({"outlay_usd": "much"}, "outlay_usd\n  found 'much'; accepted: one number, or one for each of 36 months."),
    ({"advantage_usd_per_mtok": "2"}, "advantage_usd_per_mtok\n  found '2'; accepted: one number"),
    ({"fixed_usd_per_month": norm(5.0)}, "Give the median of what is uncertain."),
    ({"tokens_per_month": None}, "tokens_per_month\n  found None; accepted: one number"),
    ({"tokens_per_month": [[1.0], [1.0, 2.0]]}, "tokens_per_month\n  found [[1.0], [1.0, 2.0]]"),
    ({"growth_per_year": 1e300}, "growth_per_year\n  found 1e+300 a year over 36 months, which no number can hold"),
    ({"growth_per_year": 1e40}, "found sums of "),
    ({"jumps": None}, "jumps\n  found None; accepted: a list of up to 4 Jump(times_per_year=…, advantage_ratio=…)."),
    ({"jumps": 5}, "jumps\n  found 5; accepted: a list"),
    ({"jumps": Jump(1.0, 0.5)}, "jumps\n  found Jump(times_per_year=1.0, advantage_ratio=0.5); accepted: a list"),
    ({"jumps": [Jump(1.0, 0.5)] * 5}, "jumps\n  found 5 kinds of jumps"),
    (
        {"jumps": [Jump(24.0, 100.0)]},
        "found jumps that multiply the mean advantage by exp(7128) within 36 months; accepted: a mean that grows by up "
        "to 1e+12 times over the horizon.",
    ),
    ({"jumps": [0.7]}, "jumps[0]\n  found 0.7; accepted: a Jump(times_per_year=…, advantage_ratio=…)."),
    ({"jumps": [Jump(1.0, 0.0)]}, "jumps[0].advantage_ratio\n  found 0.0"),
    ({"decisions_per_month": 32}, "a whole number from 1 to 31"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=[next(iter(changes)) for changes, _ in BAD])
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        waiting(**changes)
    assert message in str(error.value)


PERPETUAL_BAD: list[tuple[dict[str, Any], str]] = [
    ({"growth_per_year": 0.1}, "a rate of 0.1 with a saving whose mean grows by 0.1 a year"),
    ({"outlay_usd": 0.0}, "0 without fixed costs"),
    (
        {"discount_rate_per_year": 0.0, "growth_per_year": -0.1, "fixed_usd_per_month": 10.0},
        "discount_rate_per_year\n  found 0, with fixed costs of 10 USD a month for ever; accepted: a rate above 0",
    ),
    ({"jumps": [Jump(1.0, 1.3)]}, "a jump upwards can leap over the trigger"),
]


@pytest.mark.parametrize(("changes", "message"), PERPETUAL_BAD)
def test_what_has_no_perpetual_form(changes: dict[str, Any], message: str) -> None:
    terms: dict[str, Any] = {"outlay_usd": 1e5, "discount_rate_per_year": 0.1, "volatility_per_year": 0.3}
    with pytest.raises(ScenarioError) as error:
        perpetual_switch(**{**terms, **changes})
    assert message in str(error.value)


@pytest.mark.parametrize("saving", [-5, math.nan, "a", None])
def test_a_worth_is_asked_for_at_a_saving(saving: Any) -> None:
    form = perpetual_switch(outlay_usd=1e5, discount_rate_per_year=0.1, volatility_per_year=0.3)
    with pytest.raises(ScenarioError, match="saving_usd_per_month\n  found "):
        form.value_usd(saving)


def test_a_perpetual_switch_without_interest_where_the_saving_shrinks() -> None:
    form = perpetual_switch(outlay_usd=1e5, discount_rate_per_year=0.0, volatility_per_year=0.3, growth_per_year=-0.1)
    # rho = 0: the root above 1 of s^2 / 2 (b - 1) + mu = 0
    assert form.root_ratio == pytest.approx(1 - 2 * math.log(0.9) / 0.09)
