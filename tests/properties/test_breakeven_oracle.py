"""Breakevens are those of an exact solver: some 3,000 random pairs of curves in rational arithmetic."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests import oracle
from tests.oracle import MTOK, AtShare, Cheapest, Curve, Fixed, PerMtok, Staircase, Sum, Uplift

import tokencross as tc

TOLERANCE = 1e-9
NARROW = Fraction(1, 10**8)  # pairs with a window or gap narrower than this share of its volume are left out
NO_MARGIN = Fraction(0)

T = TypeVar("T")


def examples(count: int) -> settings:
    """Return the settings of every test here: the same examples on every run."""
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )


def within_reach(ask: Callable[[], T]) -> T:
    """Return the oracle's answer; leave the example out where brute force would take too long."""
    try:
        return ask()
    except oracle.TooLongError:
        reject()


# --------------------------------------------------------------------------------------- pairs of curves

Pair = tuple[Curve, Curve]


def either_way(pairs: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    """Each pair as it is or with the roles exchanged."""
    return st.tuples(pairs, st.booleans()).map(lambda drawn: drawn[0][::-1] if drawn[1] else drawn[0])


@st.composite
def lines_and_staircases(draw: st.DrawFn) -> Pair:
    """F of either sign, either margin per token, zero slopes, up to five steps at least."""
    ours = Sum((draw(oracle.fixed_costs()), draw(oracle.staircases()), draw(oracle.lines(2))))
    theirs = Sum((draw(oracle.fixed_costs()), draw(oracle.lines())))
    return ours, theirs


@st.composite
def near_equal_slopes(draw: st.DrawFn) -> Pair:
    """A line a little steeper than a staircase (or just as steep): many windows before the robust one."""
    staircase = draw(oracle.staircases().filter(lambda each: each.usd_per_step > 0))
    mean_price = staircase.usd_per_step / staircase.tokens_per_step * MTOK
    price = Fraction(math.ceil(mean_price * 16) + draw(st.integers(0, 3)), 16)
    shared = draw(st.sampled_from([Fraction(0), Fraction(1, 4)]))
    ours = Sum((staircase, draw(oracle.fixed_costs(12)), PerMtok(shared)))
    theirs = Sum((PerMtok(price + shared), draw(oracle.fixed_costs(12))))
    return ours, theirs


@st.composite
def staircases_and_staircases(draw: st.DrawFn) -> Pair:
    """Staircases on both sides, with lines and fixed costs; often of one slope."""
    one, other = draw(oracle.staircases()), draw(oracle.staircases())
    usd_per_step = one.usd_per_step * other.tokens_per_step / one.tokens_per_step
    if usd_per_step.denominator in (1, 2, 4, 8, 16) and draw(
        st.booleans()
    ):  # the other's steps at the first one's mean price
        other = other._replace(usd_per_step=usd_per_step)
    line = draw(oracle.lines(2))
    ours = Sum((one, line, draw(oracle.fixed_costs(12))))
    theirs = Sum((draw(oracle.fixed_costs(12)), other, line if draw(st.booleans()) else draw(oracle.lines(2))))
    return ours, theirs


@st.composite
def contested(draw: st.DrawFn, pairs: st.SearchStrategy[Pair]) -> Pair:
    """Each pair as it is, or with a line and a fixed cost added so that the two run close together for long."""
    ours, theirs = draw(pairs)
    if draw(st.integers(0, 3)) == 0:
        return ours, theirs
    slopes_apart = (oracle.tail(theirs).slope - oracle.tail(ours).slope) * MTOK
    wanted = draw(st.sampled_from([Fraction(0), *(Fraction(k, 8) for k in (1, 2, 4, 8, 16))]))
    missing = Fraction(math.ceil((wanted - slopes_apart) * 16), 16)  # on top of theirs, per million tokens
    line = PerMtok(abs(missing), "line")
    ours, theirs = (ours, Sum((theirs, line))) if missing > 0 else (Sum((ours, line)), theirs)
    return Sum((ours, draw(oracle.fixed_costs(12)))), Sum((draw(oracle.fixed_costs(12)), theirs))


def banded() -> st.SearchStrategy[Pair]:
    """Bands of either kind against anything simple, or one another."""
    with_fixed = oracle.sums(oracle.bands(), st.one_of(oracle.fixed_costs(), oracle.staircases()))
    return st.tuples(with_fixed, st.one_of(with_fixed, oracle.simple_curves(), oracle.curves(1)))


def floored() -> st.SearchStrategy[Pair]:
    """Minimums and commitments against anything simple, or one another."""
    some = st.one_of(
        oracle.commitments(), oracle.minimums(oracle.simple_curves()), oracle.minimums(oracle.commitments())
    )
    return st.tuples(st.one_of(some, oracle.sums(some, oracle.staircases())), st.one_of(some, oracle.curves(1)))


def enveloped() -> st.SearchStrategy[Pair]:
    """Lower envelopes, and envelopes of envelopes."""
    fleets = oracle.sums(oracle.staircases(), oracle.lines(2), oracle.fixed_costs(20))
    inner = oracle.envelopes(st.one_of(fleets, oracle.simple_curves()))
    nested = oracle.envelopes(st.one_of(inner, oracle.minimums(inner), fleets))
    return st.tuples(st.one_of(inner, nested), st.one_of(inner, nested, fleets, oracle.simple_curves()))


def shared_and_raised() -> st.SearchStrategy[Pair]:
    """Curves at a share of the volume, and uplifted."""
    inner = oracle.curves(1)
    moved = st.one_of(
        st.builds(AtShare, oracle.SHARES, inner),
        st.builds(Uplift, oracle.FACTORS, inner),
        st.builds(AtShare, oracle.SHARES, st.builds(Uplift, oracle.FACTORS, inner)),
    )
    return st.tuples(moved, st.one_of(moved, oracle.simple_curves()))


def anything() -> st.SearchStrategy[Pair]:
    """Any two curves."""
    return st.tuples(oracle.curves(2), oracle.curves(2))


@st.composite
def everyday_numbers(draw: st.DrawFn) -> Pair:
    """A line and a staircase with decimals, which floats do not hold, and no tie."""

    def number(low: int, high: int) -> Fraction:
        return Fraction(draw(st.integers(1_000 * low, 1_000 * high)) / 1_000)

    tokens_per_step = Fraction(float(number(1, 100_000) * MTOK))
    staircase = Staircase(number(100, 100_000), tokens_per_step, draw(st.integers(0, 3)))
    mean_price = staircase.usd_per_step / staircase.tokens_per_step * MTOK
    other_price = number(0, 6)
    price = Fraction(float(other_price + mean_price * number(0, 4)))
    ours = Sum((Fixed(number(0, 100_000)), staircase, PerMtok(other_price)))
    theirs = Sum((Fixed(number(0, 100_000)), PerMtok(price)))
    saved = price - other_price
    assume(abs(saved) > price / 1000)
    assume(abs(saved - mean_price) > mean_price / 1000)
    return ours, theirs


# ----------------------------------------------------------------------------------- the oracle checks itself


@examples(150)
@given(st.one_of(anything(), either_way(staircases_and_staircases())), oracle.MARGINS)
def test_oracle_agrees_with_evaluation_everywhere(pair: Pair, margin: Fraction) -> None:
    answer = within_reach(lambda: oracle.breakeven(*pair, margin))
    rng = random.Random(17)
    volumes = [Fraction(rng.randint(1, 3 * 240), 240) * answer.horizon for _ in range(40)]
    volumes += [Fraction(rng.randint(1, 4 * 60) * MTOK, 4) for _ in range(40)]
    nearby = Fraction(1, 1000)
    for volume in volumes:
        excess = oracle.excess(*pair, margin, volume)
        if volume <= answer.horizon:
            inside = any(low < volume < high for low, high in answer.intervals)
        elif answer.repeats:
            continue
        else:
            inside = answer.robust is not None
        if inside and excess == 0:  # a point at which they touch
            assert oracle.excess(*pair, margin, volume - nearby) < 0
            assert oracle.excess(*pair, margin, volume + nearby) < 0
        elif excess < 0:  # or the inclusive end of a step
            assert inside or any(volume == high for _, high in answer.intervals)
        else:
            assert not inside


# ------------------------------------------------------------------------------------ the library against it


def exact_answer(challenger: Curve, incumbent: Curve, margin_share: Fraction) -> oracle.Answer:
    """Return the oracle's answer; leave the example out where it is too long or hangs on rounding."""
    answer = within_reach(lambda: oracle.breakeven(challenger, incumbent, margin_share))
    ends = [end for interval in answer.intervals for end in interval]
    assume(all(right - left > NARROW * right for left, right in pairwise(ends)))
    assume(not ends or ends[0] == 0 or ends[0] > 1)
    return answer


def in_a_gap(challenger: Curve, incumbent: Curve, margin_share: Fraction, answer: oracle.Answer) -> float:
    """Return a volume between two windows, after several periods of a pair that repeats."""
    windows = within_reach(lambda: oracle.undercut_intervals(challenger, incumbent, margin_share, 4 * answer.horizon))
    return float((windows[-2][1] + windows[-1][0]) / 2)


def same_volume(found: float | NDArray[np.float64] | None, expected: Fraction | None) -> bool:
    """Compare a breakeven, 0.0 and None each being something of their own."""
    assert not isinstance(found, np.ndarray)
    if found is None or expected is None:
        return found is None and expected is None
    if expected == 0:
        return found == 0.0
    return math.isclose(found, expected, rel_tol=TOLERANCE)


def nan_for_none(number: float | Fraction | NDArray[np.float64] | None) -> float:
    """Return one breakeven as an array of draws holds it."""
    return math.nan if number is None else float(number)


def same_intervals(found: Sequence[tuple[float, float]], expected: Sequence[tuple[float, float]]) -> bool:
    """Compare two lists of intervals end by end."""
    if len(found) != len(expected):
        return False
    return all(
        math.isclose(a, b, rel_tol=TOLERANCE)
        for pair in zip(found, expected, strict=True)
        for a, b in zip(*pair, strict=True)
    )


def assert_agrees(challenger: Curve, incumbent: Curve, margin_share: Fraction = NO_MARGIN) -> None:
    """Hold every field of the library's answer against the oracle's."""
    answer = exact_answer(challenger, incumbent, margin_share)
    up_to = 1e15
    if answer.repeats:
        up_to = in_a_gap(challenger, incumbent, margin_share, answer)
        windows = oracle.undercut_intervals(challenger, incumbent, margin_share, Fraction(up_to))
    else:
        windows = list(answer.intervals)
    expected = [(float(low), float(high)) for low, high in windows]
    if answer.robust is not None:
        expected[-1] = (expected[-1][0], math.inf)
    found = tc.breakeven(
        oracle.to_tokencross(challenger),
        oracle.to_tokencross(incumbent),
        margin_share=float(margin_share),
        max_tokens_per_month=up_to,
    )
    assert same_volume(found.first, answer.first), (found.first, answer.first)
    assert same_volume(found.robust, answer.robust), (found.robust, answer.robust)
    assert same_intervals(found.intervals, expected), (found.intervals, expected)
    assert found.truncated is answer.repeats
    if not answer.repeats:
        assert found.interval_count == len(expected)
    if answer.first is None or answer.robust is None:
        assert isinstance(found.reason, str)
        assert found.reason.strip()
    else:
        assert found.reason is None


@examples(400)
@given(either_way(lines_and_staircases()))
def test_a_line_against_a_staircase(pair: Pair) -> None:
    assert_agrees(*pair)


@examples(300)
@given(either_way(near_equal_slopes()))
def test_near_equal_slopes_have_many_windows(pair: Pair) -> None:
    assert_agrees(*pair)


@examples(400)
@given(either_way(staircases_and_staircases()))
def test_staircases_against_staircases(pair: Pair) -> None:
    assert_agrees(*pair)


@examples(300)
@given(either_way(contested(banded())))
def test_bands_of_both_kinds(pair: Pair) -> None:
    assert_agrees(*pair)


@examples(300)
@given(either_way(contested(floored())))
def test_minimums_and_commitments(pair: Pair) -> None:
    assert_agrees(*pair)


@examples(150)
@given(either_way(contested(enveloped())))
def test_nested_envelopes(pair: Pair) -> None:
    assert_agrees(*pair)


@examples(250)
@given(
    either_way(st.one_of(lines_and_staircases(), near_equal_slopes(), staircases_and_staircases(), anything())),
    oracle.MARGINS.filter(bool),
)
def test_a_margin_is_part_of_the_question(pair: Pair, margin_share: Fraction) -> None:
    assert_agrees(*pair, margin_share)


@examples(250)
@given(either_way(contested(shared_and_raised())))
def test_shares_and_uplifts(pair: Pair) -> None:
    assert_agrees(*pair)


@examples(250)
@given(either_way(contested(anything())), oracle.MARGINS)
def test_any_two_curves(pair: Pair, margin_share: Fraction) -> None:
    assert_agrees(*pair, margin_share)


@examples(300)
@given(either_way(everyday_numbers()))
def test_numbers_as_they_come(pair: Pair) -> None:
    assert_agrees(*pair)


UNITS = [(Fraction(8, 10), Fraction(1)), (Fraction(8, 100), Fraction(1000)), (Fraction(8, 10), Fraction(1, 7))]


@examples(250)
@given(
    either_way(st.one_of(near_equal_slopes(), staircases_and_staircases(), contested(banded()), contested(floored()))),
    st.sampled_from(UNITS),
)
def test_decimals_tie_as_on_paper(pair: Pair, units: tuple[Fraction, Fraction]) -> None:
    # 0.1 + 0.2 USD is no less than 0.3 USD, and 0.02 USD/Mtok with 240 USD for each 1e9 tokens is 0.26 USD/Mtok.
    usd_per_mtok, tokens = units
    ours, theirs = (oracle.rescaled(each, usd_per_mtok=usd_per_mtok, tokens=tokens) for each in pair)
    answer = exact_answer(ours, theirs, NO_MARGIN)
    up_to = in_a_gap(ours, theirs, NO_MARGIN, answer) if answer.repeats else 1e12
    found = tc.breakeven(
        oracle.to_tokencross(ours, number=float),
        oracle.to_tokencross(theirs, number=float),
        max_tokens_per_month=up_to,
    )
    assert same_volume(found.first, answer.first), (found.first, answer.first)
    assert same_volume(found.robust, answer.robust), (found.robust, answer.robust)
    if not answer.repeats:
        assert len(found.intervals) == len(answer.intervals), (found.intervals, answer.intervals)


# ------------------------------------------------------------------------------------------------------- laws


def some_pairs() -> st.SearchStrategy[Pair]:
    """Pairs of every kind above."""
    return either_way(
        st.one_of(
            lines_and_staircases(), near_equal_slopes(), staircases_and_staircases(), banded(), floored(), anything()
        )
    )


def asked(challenger: Curve, incumbent: Curve, **limits: float) -> tc.Breakeven:
    """Ask the library, without a margin."""
    ours, theirs = oracle.to_tokencross(challenger), oracle.to_tokencross(incumbent)
    max_intervals = int(limits.pop("max_intervals", 10_000))
    return tc.breakeven(ours, theirs, max_intervals=max_intervals, **limits)


@examples(150)
@given(oracle.curves(2))
def test_identical_curves_never_break_even(curve: Curve) -> None:
    ours = oracle.to_tokencross(curve)
    for theirs in (ours, oracle.to_tokencross(curve)):
        found = tc.breakeven(ours, theirs)
        assert found.first is None
        assert found.robust is None
        assert len(found.intervals) == 0
        assert found.interval_count == 0
        assert found.truncated is False
        assert found.reason


@examples(20)
@given(some_pairs())
def test_a_breakeven_has_no_truth_value(pair: Pair) -> None:
    found = asked(*pair)
    with pytest.raises((TypeError, ValueError)):
        bool(found)


def shuffled() -> st.SearchStrategy[tuple[list[Curve], list[Curve]]]:
    """Some terms, and the same in another order."""
    terms = st.lists(oracle.simple_curves(), min_size=2, max_size=4)
    return terms.flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(drawn)))


@examples(150)
@given(shuffled(), oracle.simple_curves())
def test_the_order_of_terms_does_not_matter(orders: tuple[list[Curve], list[Curve]], other: Curve) -> None:
    one, two = (Sum(tuple(terms)) for terms in orders)
    for ours, theirs in ((one, other), (other, one)):
        exact_answer(ours, theirs, NO_MARGIN)  # leaves out what hangs on rounding
    for found, again in ((asked(one, other), asked(two, other)), (asked(other, one), asked(other, two))):
        assert nan_for_none(found.first) == pytest.approx(nan_for_none(again.first), rel=TOLERANCE, nan_ok=True)
        assert nan_for_none(found.robust) == pytest.approx(nan_for_none(again.robust), rel=TOLERANCE, nan_ok=True)
        assert found.interval_count == again.interval_count
        assert same_intervals(found.intervals, again.intervals)


@examples(200)
@given(
    some_pairs(),
    st.sampled_from([0, 1, 2, 5]),
    st.sampled_from([1.0, 1e6, 5e6, 2.5e7, 2e8]),
)
def test_first_and_robust_do_not_depend_on_limits(pair: Pair, max_intervals: int, up_to: float) -> None:
    answer = exact_answer(*pair, NO_MARGIN)
    found = asked(*pair, max_intervals=max(1, max_intervals), max_tokens_per_month=up_to)
    assert same_volume(found.first, answer.first)
    assert same_volume(found.robust, answer.robust)
    assert len(found.intervals) <= max(1, max_intervals)
    assert all(low < up_to for low, _ in found.intervals)
    far = max(answer.horizon, Fraction(up_to))
    windows = within_reach(lambda: oracle.undercut_intervals(*pair, NO_MARGIN, far))
    shown = [low for low, _ in windows if low < Fraction(up_to)][: max(1, max_intervals)]
    assert [low for low, _ in found.intervals] == pytest.approx([float(low) for low in shown], rel=TOLERANCE)
    if len(shown) < len(windows) or answer.repeats:
        assert found.truncated is True
    assert found.interval_count >= len(found.intervals)


@examples(200)
@given(some_pairs(), st.sampled_from([0.5, 3.0, 1.1, 1 / 3, 1e-3]))
def test_scaling_all_prices_keeps_crossings(pair: Pair, factor: float) -> None:
    answer = exact_answer(*pair, NO_MARGIN)
    ours, theirs = (oracle.to_tokencross(each) * factor for each in pair)
    found = tc.breakeven(ours, theirs)
    assert same_volume(found.first, answer.first)
    assert same_volume(found.robust, answer.robust)


@examples(250)
@given(some_pairs())
def test_the_sign_flips_exactly_at_crossings(pair: Pair) -> None:
    answer = exact_answer(*pair, NO_MARGIN)
    up_to = in_a_gap(*pair, NO_MARGIN, answer) if answer.repeats else 1e15
    for low, high in asked(*pair, max_tokens_per_month=up_to).intervals:
        for end, outwards in ((low, -1), (high, 1)):
            if end == 0 or math.isinf(end):
                continue
            aside = Fraction(end) * Fraction(1, 10**9)
            assert oracle.excess(*pair, NO_MARGIN, Fraction(end) - outwards * aside) < 0
            assert oracle.excess(*pair, NO_MARGIN, Fraction(end) + outwards * aside) >= 0


# ------------------------------------------------------------------------------------------------------ draws


@st.composite
def pairs_of_draws(draw: st.DrawFn) -> tuple[list[Curve], list[Curve]]:
    """Two curves with three draws of their numbers each."""
    ours, theirs = draw(some_pairs())
    return (
        [ours, *(draw(oracle.with_other_numbers(ours)) for _ in range(2))],
        [theirs, *(draw(oracle.with_other_numbers(theirs)) for _ in range(2))],
    )


@examples(100)
@given(pairs_of_draws(), st.booleans())
def test_draws_are_answered_one_by_one(drawn: tuple[list[Curve], list[Curve]], one_incumbent: bool) -> None:
    challengers, incumbents = drawn
    if one_incumbent:
        incumbents = incumbents[:1] * len(challengers)
    answers = [exact_answer(*pair, NO_MARGIN) for pair in zip(challengers, incumbents, strict=True)]
    ours = oracle.stacked(challengers)
    theirs = oracle.to_tokencross(incumbents[0]) if one_incumbent else oracle.stacked(incumbents)
    found = tc.breakeven(ours, theirs)
    for volumes, expected in (
        (found.first, [answer.first for answer in answers]),
        (found.robust, [answer.robust for answer in answers]),
    ):
        assert isinstance(volumes, np.ndarray)
        assert volumes.shape == (len(challengers),)
        np.testing.assert_allclose(volumes, [nan_for_none(each) for each in expected], rtol=TOLERANCE, atol=0)
    assert not found.intervals
    alone = [
        tc.breakeven(ours.draw(index), theirs if one_incumbent else theirs.draw(index))
        for index in range(len(challengers))
    ]
    one_by_one = np.array([[nan_for_none(each.first), nan_for_none(each.robust)] for each in alone])
    np.testing.assert_allclose(np.transpose([found.first, found.robust]), one_by_one, rtol=TOLERANCE, atol=0)


# ----------------------------------------------------------------------------- long horizons that brute force
# cannot walk are in tests/unit/test_breakeven_cases.py


@example(Cheapest((Fixed(Fraction(1)), PerMtok(Fraction(1)))))
@examples(50)
@given(oracle.curves(1))
def test_adding_the_same_curve_to_both_changes_nothing(shared: Curve) -> None:
    ours, theirs = Sum((shared, Fixed(Fraction(12)))), Sum((PerMtok(Fraction(3)), shared))
    found = asked(ours, theirs)  # 12 USD against 3 USD/Mtok: 4 Mtok
    assert same_volume(found.first, Fraction(4 * MTOK))
    assert same_volume(found.robust, Fraction(4 * MTOK))
