"""Exact breakevens in rational arithmetic, by brute force: what the tests hold the library against.

Nothing here knows how the library works. A curve is plain data, `value` prices it by the words of the
specification, and every answer is read off `value` alone: collect each volume at which a curve could bend
or jump (too many is fine), look at the straight pieces in between at two inner points, solve one linear
equation. What happens beyond the last volume looked at is proved from slopes and, where the slopes are
equal, from one common period.

All numbers are `fractions.Fraction`; the strategies draw numbers that floats hold exactly, so that the
library and the oracle are asked about the same curve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise
from math import ceil, gcd, lcm
from typing import NamedTuple, TypeAlias, assert_never

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

import tokencross as tc

MTOK = 10**6
MAX_POINTS = 600  # more volumes than this in one scan, and the case is too long for a test


class TooLongError(Exception):
    """Raised where brute force would have to look at too many pieces; tests skip such a case."""


# ------------------------------------------------------------------------------------------- curves as data


class Fixed(NamedTuple):
    """So much a month."""

    usd: Fraction
    label: str = "fixed"


class PerMtok(NamedTuple):
    """So much per million tokens."""

    usd_per_mtok: Fraction
    label: str = "tokens"


class Staircase(NamedTuple):
    """So much per started step of tokens, a full step inclusive, never fewer than `min_steps`."""

    usd_per_step: Fraction
    tokens_per_step: Fraction
    min_steps: int = 0
    label: str = "steps"


class Bands(NamedTuple):
    """Prices per million tokens, each from a volume on; marginal, or for the whole bill."""

    rows: tuple[tuple[Fraction, Fraction], ...]
    whole_bill: bool = False


class Minimum(NamedTuple):
    """At least so much a month."""

    usd: Fraction
    curve: Curve


class Commitment(NamedTuple):
    """So much a month, tokens included, then so much per million."""

    usd: Fraction
    tokens_included: Fraction
    overage_usd_per_mtok: Fraction


class Cheapest(NamedTuple):
    """The least of several curves at each volume."""

    curves: tuple[Curve, ...]


class Sum(NamedTuple):
    """Several curves added up."""

    curves: tuple[Curve, ...]


class AtShare(NamedTuple):
    """The curve at a share of the volume."""

    share: Fraction
    curve: Curve


class Uplift(NamedTuple):
    """The curve's cost times a factor."""

    factor: Fraction
    curve: Curve


Curve: TypeAlias = Fixed | PerMtok | Staircase | Bands | Minimum | Commitment | Cheapest | Sum | AtShare | Uplift
Interval: TypeAlias = tuple[Fraction, Fraction]


def value(curve: Curve, volume: Fraction) -> Fraction:  # noqa: C901, PLR0911 - a case for each kind of curve
    """Return the exact cost of `volume` tokens a month. [USD/month]"""
    match curve:
        case Fixed(usd, _):
            return usd
        case PerMtok(usd_per_mtok, _):
            return usd_per_mtok * volume / MTOK
        case Staircase(usd_per_step, tokens_per_step, min_steps, _):
            return usd_per_step * max(min_steps, ceil(volume / tokens_per_step))
        case Bands(rows, whole_bill):
            return _value_of_bands(rows, whole_bill, volume)
        case Minimum(usd, inner):
            return max(usd, value(inner, volume))
        case Commitment(usd, tokens_included, overage_usd_per_mtok):
            return usd + overage_usd_per_mtok * max(Fraction(0), volume - tokens_included) / MTOK
        case Cheapest(curves):
            return min(value(each, volume) for each in curves)
        case Sum(curves):
            return sum((value(each, volume) for each in curves), Fraction(0))
        case AtShare(share, inner):
            return value(inner, share * volume)
        case Uplift(factor, inner):
            return factor * value(inner, volume)
    assert_never(curve)


def _value_of_bands(rows: Sequence[tuple[Fraction, Fraction]], whole_bill: bool, volume: Fraction) -> Fraction:
    if whole_bill:
        prices_reached = [price for start, price in rows if volume > start] or [Fraction(0)]
        return prices_reached[-1] * volume / MTOK
    ends = [start for start, _ in rows[1:]] + [max(volume, rows[-1][0])]
    tokens = [max(Fraction(0), min(volume, end) - start) for (start, _), end in zip(rows, ends, strict=True)]
    return sum((price * inside for (_, price), inside in zip(rows, tokens, strict=True)), Fraction(0)) / MTOK


# ----------------------------------------------------------------------------- where a curve can bend or jump


def breakpoints(curve: Curve, up_to: Fraction) -> set[Fraction]:  # noqa: C901, PLR0911 - a case for each kind of curve
    """Return every volume in (0, up_to) at which the curve may bend or jump, and perhaps some more."""
    match curve:
        case Fixed() | PerMtok():
            return set()
        case Staircase(_, tokens_per_step, _, _):
            if up_to / tokens_per_step > MAX_POINTS:
                raise TooLongError
            return {n * tokens_per_step for n in range(1, ceil(up_to / tokens_per_step))}
        case Bands(rows, _):
            return {start for start, _ in rows if 0 < start < up_to}
        case Minimum(usd, inner):
            return _with_crossings([inner, Fixed(usd)], up_to)
        case Commitment(_, tokens_included, _):
            return {tokens_included} if 0 < tokens_included < up_to else set()
        case Cheapest(curves):
            return _with_crossings(curves, up_to)
        case Sum(curves):
            return set[Fraction]().union(*(breakpoints(each, up_to) for each in curves))
        case AtShare(share, inner):
            return {point / share for point in breakpoints(inner, share * up_to)} if share else set()
        case Uplift(_, inner):
            return breakpoints(inner, up_to)
    assert_never(curve)


def _with_crossings(curves: Sequence[Curve], up_to: Fraction) -> set[Fraction]:
    points = set[Fraction]().union(*(breakpoints(each, up_to) for each in curves))
    crossings = set[Fraction]()
    for left, right in _gaps(points, up_to):
        first, second = _inner_points(left, right)
        ends = [(value(each, first), value(each, second)) for each in curves]
        for (a_first, a_second), (b_first, b_second) in combinations(ends, 2):
            root = _root(left, right, a_first - b_first, a_second - b_second)
            if root is not None:
                crossings.add(root)
    return points | crossings


def _gaps(points: Iterable[Fraction], up_to: Fraction) -> list[Interval]:
    ordered = sorted({Fraction(0), up_to, *points})
    if len(ordered) > MAX_POINTS:
        raise TooLongError
    return list(pairwise(ordered))


def _inner_points(left: Fraction, right: Fraction) -> Interval:
    return (2 * left + right) / 3, (left + 2 * right) / 3


def _root(left: Fraction, right: Fraction, at_first: Fraction, at_second: Fraction) -> Fraction | None:
    """Return where the line through the two inner points' values is zero, if strictly inside the gap."""
    if at_first == at_second:
        return None
    third = (right - left) / 3
    root = left + third - at_first * third / (at_second - at_first)
    return root if left < root < right else None


# -------------------------------------------------------------------------------------------------- breakeven


def undercut_intervals(challenger: Curve, incumbent: Curve, margin_share: Fraction, up_to: Fraction) -> list[Interval]:
    """Return the open intervals in (0, up_to] on which the challenger undercuts, those that touch as one."""
    intervals: list[Interval] = []
    for left, right in _gaps(breakpoints(challenger, up_to) | breakpoints(incumbent, up_to), up_to):
        window = _window_in_gap(challenger, incumbent, margin_share, left, right)
        if window is None:
            continue
        if intervals and intervals[-1][1] == window[0]:
            intervals[-1] = (intervals[-1][0], window[1])
        else:
            intervals.append(window)
    return intervals


def excess(challenger: Curve, incumbent: Curve, margin_share: Fraction, volume: Fraction) -> Fraction:
    """Return what the challenger costs more than the incumbent's bill less the margin. [USD/month]"""
    return value(challenger, volume) - (1 - margin_share) * value(incumbent, volume)


def _window_in_gap(
    challenger: Curve, incumbent: Curve, margin_share: Fraction, left: Fraction, right: Fraction
) -> Interval | None:
    first, second = _inner_points(left, right)
    at_first = excess(challenger, incumbent, margin_share, first)
    at_second = excess(challenger, incumbent, margin_share, second)
    just_after_left, just_before_right = 2 * at_first - at_second, 2 * at_second - at_first
    if just_after_left >= 0 and just_before_right >= 0:
        return None
    root = _root(left, right, at_first, at_second)
    if root is None:
        return left, right
    return (left, root) if just_after_left < 0 else (root, right)


class Answer(NamedTuple):
    """What is true of a pair of curves for every volume."""

    first: Fraction | None
    robust: Fraction | None
    horizon: Fraction  # beyond it the sign stays (slopes differ), or all repeats (slopes are equal)
    repeats: bool  # equal slopes and no robust breakeven, but windows in every period
    intervals: tuple[Interval, ...]  # up to the horizon; the last is unbounded where robust is not None


def breakeven(challenger: Curve, incumbent: Curve, margin_share: Fraction = Fraction(0)) -> Answer:
    """Return the exact first and robust breakevens, for all volumes, and the intervals up to the horizon."""
    paid = Uplift(1 - margin_share, incumbent)
    ours, theirs = tail(challenger), tail(paid)
    if ours.slope == theirs.slope:
        settled = max(ours.start, theirs.start)
        horizon = settled + (_common_period([ours.period, theirs.period]) or MTOK)
    else:
        (our_least, our_most), (their_least, their_most) = _bounds(challenger, ours), _bounds(paid, theirs)
        if ours.slope < theirs.slope:
            meet = (our_most - their_least) / (theirs.slope - ours.slope)
        else:
            meet = (their_most - our_least) / (ours.slope - theirs.slope)
        settled = max(ours.start, theirs.start, meet)
        horizon = settled + MTOK
    intervals = undercut_intervals(challenger, incumbent, margin_share, horizon)
    for_ever = bool(intervals) and intervals[-1][1] == horizon and intervals[-1][0] <= settled
    in_the_last_period = bool(intervals) and intervals[-1][1] > settled
    return Answer(
        first=intervals[0][0] if intervals else None,
        robust=intervals[-1][0] if for_ever else None,
        horizon=horizon,
        repeats=in_the_last_period and not for_ever,
        intervals=tuple(intervals),
    )


class Tail(NamedTuple):
    """From `start` on the curve never falls, and f(V + period) = f(V) + slope * period (None: any period)."""

    start: Fraction
    slope: Fraction  # USD per token
    period: Fraction | None


def tail(curve: Curve) -> Tail:  # noqa: C901, PLR0911 - a case for each kind of curve
    """Return how the curve goes on for ever."""
    zero = Fraction(0)
    match curve:
        case Fixed():
            return Tail(zero, zero, None)
        case PerMtok(usd_per_mtok, _):
            return Tail(zero, usd_per_mtok / MTOK, None)
        case Staircase(usd_per_step, tokens_per_step, min_steps, _):
            start, slope = min_steps * tokens_per_step, usd_per_step / tokens_per_step
            return Tail(start, slope, tokens_per_step if slope else None)
        case Bands(rows, _):
            start, price = rows[-1]
            return Tail(start + MTOK if start else zero, price / MTOK, None)
        case Minimum(usd, inner):
            return _tail_of_minimum(usd, inner)
        case Commitment(_, tokens_included, overage_usd_per_mtok):
            return Tail(tokens_included, overage_usd_per_mtok / MTOK, None)
        case Cheapest(curves):
            return _tail_of_cheapest(curves)
        case Sum(curves):
            tails = [tail(each) for each in curves]
            start = max((each.start for each in tails), default=zero)
            slope = sum((each.slope for each in tails), zero)
            return Tail(start, slope, _common_period(each.period for each in tails))
        case AtShare(share, inner):
            if not share:
                return Tail(zero, zero, None)
            start, slope, period = tail(inner)
            return Tail(start / share, slope * share, None if period is None else period / share)
        case Uplift(factor, inner):
            start, slope, period = tail(inner)
            return Tail(start, slope * factor, period if factor else None)
    assert_never(curve)


def _tail_of_minimum(usd: Fraction, inner: Curve) -> Tail:
    start, slope, period = tail(inner)
    while slope and value(inner, start) < usd:
        start = 2 * start + MTOK
    return Tail(start, slope, period)


def _tail_of_cheapest(curves: Sequence[Curve]) -> Tail:
    tails = [tail(each) for each in curves]
    slope = min(each.slope for each in tails)
    bounds = [_bounds(curve, its_tail) for curve, its_tail in zip(curves, tails, strict=True)]
    most = min(bound[1] for bound, each in zip(bounds, tails, strict=True) if each.slope == slope)
    passed = [
        (most - least) / (each.slope - slope)
        for (least, _), each in zip(bounds, tails, strict=True)
        if each.slope > slope
    ]
    start = max([each.start for each in tails] + passed)
    return Tail(start, slope, _common_period(each.period for each in tails if each.slope == slope))


def _bounds(curve: Curve, its_tail: Tail) -> tuple[Fraction, Fraction]:
    """Return the intercepts of two lines of the tail's slope that hold the curve between them from its start."""
    start, slope, period = its_tail
    if period is None:
        at_zero = value(curve, start) - slope * start
        return at_zero, at_zero
    return (
        value(curve, start) - slope * (start + period),
        value(curve, start + period) - slope * start,
    )


def _common_period(periods: Iterable[Fraction | None]) -> Fraction | None:
    given = [period for period in periods if period is not None]
    if not given:
        return None
    over = gcd(*(period.denominator for period in given))
    return Fraction(lcm(*(period.numerator for period in given)), over)


# ---------------------------------------------------------------------------------------- the library's form


def to_tokencross(  # noqa: C901, PLR0911 - a case for each kind of curve
    curve: Curve, *, number: Callable[[Fraction], float] | None = None
) -> tc.CostCurve:
    """Return the same curve, made by the public constructors from the same numbers as floats.

    `number` makes a float of each: unless said, one that is exactly the number; `float` takes the nearest.
    """
    number = number or exact_float
    match curve:
        case Fixed(usd, label):
            return tc.CostCurve.fixed(number(usd), label=label)
        case PerMtok(usd_per_mtok, label):
            return tc.CostCurve.per_mtok(number(usd_per_mtok), label=label)
        case Staircase(usd_per_step, tokens_per_step, min_steps, label):
            return tc.CostCurve.staircase(
                number(usd_per_step), number(tokens_per_step), min_steps=min_steps, label=label
            )
        case Bands(rows, whole_bill):
            as_floats = [(number(start), number(price)) for start, price in rows]
            return tc.CostCurve.bands(as_floats, whole_bill=whole_bill)
        case Minimum(usd, inner):
            return tc.CostCurve.minimum(number(usd), to_tokencross(inner, number=number))
        case Commitment(usd, tokens_included, overage_usd_per_mtok):
            return tc.CostCurve.commitment(
                number(usd),
                number(tokens_included),
                overage_usd_per_mtok=number(overage_usd_per_mtok),
            )
        case Cheapest(curves):
            return tc.CostCurve.cheapest([to_tokencross(each, number=number) for each in curves])
        case Sum(curves):
            total = to_tokencross(curves[0], number=number)
            for each in curves[1:]:
                total = total + to_tokencross(each, number=number)
            return total
        case AtShare(share, inner):
            return to_tokencross(inner, number=number).at_share(number(share))
        case Uplift(factor, inner):
            return to_tokencross(inner, number=number) * number(factor)
    assert_never(curve)


def exact_float(number: Fraction) -> float:
    """Return the float that is exactly this number."""
    as_float = float(number)
    if Fraction(as_float) != number:
        raise AssertionError(f"{number} is not a float; draw another number")
    return as_float


# ---------------------------------------------------------------------------------------------- strategies
# Volumes are a few million tokens, prices multiples of 1/8 USD/Mtok, periods divide 24 Mtok: ties, touching
# points and equal slopes come up often, and brute force stays short.

LABELS = st.sampled_from(["gpus", "tokens", "staff"])
STEPS = st.sampled_from([Fraction(k * MTOK) for k in (1, 2, 3, 4, 6, 8)])
SHARES = st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(1)])
FACTORS = st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(5, 4), Fraction(3, 2), Fraction(2)])
MARGINS = st.sampled_from([Fraction(0), Fraction(1, 8), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)])


@cache
def usd(most: int = 40) -> st.SearchStrategy[Fraction]:
    """Whole dollars and halves."""
    return st.integers(0, 2 * most).map(lambda halves: Fraction(halves, 2))


@cache
def prices(most: int = 6) -> st.SearchStrategy[Fraction]:
    """USD per million tokens, multiples of 1/8."""
    return st.integers(0, 8 * most).map(lambda eighths: Fraction(eighths, 8))


@cache
def fixed_costs(most: int = 40) -> st.SearchStrategy[Fixed]:
    """A fixed cost."""
    return st.builds(Fixed, usd(most), LABELS)


@cache
def lines(most: int = 6) -> st.SearchStrategy[PerMtok]:
    """A price per token."""
    return st.builds(PerMtok, prices(most), LABELS)


@st.composite
def staircases(draw: st.DrawFn) -> Staircase:
    """A staircase: half of them have a mean price on the grid of prices, so that slopes tie."""
    tokens_per_step = draw(STEPS)
    on_the_grid = prices(4).map(lambda price: price * tokens_per_step / MTOK)
    usd_per_step = draw(st.one_of(on_the_grid, usd(24)))
    return Staircase(usd_per_step, tokens_per_step, draw(st.integers(0, 5)), draw(LABELS))


@st.composite
def bands(draw: st.DrawFn, *, whole_bill: bool | None = None) -> Bands:
    """One to three bands, prices falling or rising."""
    starts = [0, *sorted(draw(st.sets(st.integers(1, 24), max_size=2)))]
    rows = tuple((Fraction(start * MTOK), draw(prices())) for start in starts)
    return Bands(rows, draw(st.booleans()) if whole_bill is None else whole_bill)


@st.composite
def commitments(draw: st.DrawFn) -> Commitment:
    """A commitment of at most 24 Mtok."""
    return Commitment(draw(usd(60)), Fraction(draw(st.integers(0, 24)) * MTOK), draw(prices()))


def sums(*parts: st.SearchStrategy[Curve]) -> st.SearchStrategy[Sum]:
    """One of each part, added up."""
    return st.tuples(*parts).map(Sum)


def minimums(inner: st.SearchStrategy[Curve]) -> st.SearchStrategy[Minimum]:
    """At least so much a month."""
    return st.builds(Minimum, usd(60), inner)


def envelopes(inner: st.SearchStrategy[Curve]) -> st.SearchStrategy[Cheapest]:
    """The cheapest of two or three."""
    return st.builds(Cheapest, st.lists(inner, min_size=2, max_size=3).map(tuple))


@cache
def simple_curves() -> st.SearchStrategy[Curve]:
    """One term of any kind, or a fixed cost with a line or a staircase."""
    return st.one_of(
        fixed_costs(),
        lines(),
        staircases(),
        bands(),
        commitments(),
        sums(fixed_costs(), lines()),
        sums(staircases(), lines(2), fixed_costs()),
    )


@cache
def curves(depth: int = 2) -> st.SearchStrategy[Curve]:
    """Any curve: sums, minimums, envelopes, shares and uplifts, nested `depth` deep."""
    if depth == 0:
        return simple_curves()
    inner = curves(depth - 1)
    return st.one_of(
        inner,
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Sum(tuple(parts))),
        minimums(inner),
        envelopes(inner),
        st.builds(AtShare, SHARES, inner),
        st.builds(Uplift, FACTORS, inner),
    )


def rescaled(curve: Curve, *, usd_per_mtok: Fraction, tokens: Fraction) -> Curve:
    """Return the curve in other units: prices and volumes times a factor each; crossings move by `tokens`."""
    money = usd_per_mtok * tokens

    def again(inner: Curve) -> Curve:
        return rescaled(inner, usd_per_mtok=usd_per_mtok, tokens=tokens)

    match curve:
        case Fixed(usd):
            return curve._replace(usd=usd * money)
        case PerMtok(price):
            return curve._replace(usd_per_mtok=price * usd_per_mtok)
        case Staircase(usd_per_step, tokens_per_step):
            return curve._replace(usd_per_step=usd_per_step * money, tokens_per_step=tokens_per_step * tokens)
        case Bands(rows, _):
            return curve._replace(rows=tuple((start * tokens, price * usd_per_mtok) for start, price in rows))
        case Minimum(usd, inner):
            return Minimum(usd * money, again(inner))
        case Commitment(usd, included, overage):
            return Commitment(usd * money, included * tokens, overage * usd_per_mtok)
        case Cheapest(curves) | Sum(curves):
            return curve._replace(curves=tuple(again(each) for each in curves))
        case AtShare(_, inner) | Uplift(_, inner):
            return curve._replace(curve=again(inner))
    assert_never(curve)


# -------------------------------------------------------------------------------------------- curves of draws


@st.composite
def with_other_numbers(draw: st.DrawFn, curve: Curve) -> Curve:
    """Return a curve of the same shape with other money in it: another draw of it."""
    match curve:
        case Fixed():
            return curve._replace(usd=draw(usd()))
        case PerMtok():
            return curve._replace(usd_per_mtok=draw(prices()))
        case Staircase():
            return curve._replace(usd_per_step=draw(usd(24)), tokens_per_step=draw(STEPS))
        case Bands(rows, _):
            return curve._replace(rows=tuple((start, draw(prices())) for start, _ in rows))
        case Minimum(_, inner):
            return Minimum(draw(usd(60)), draw(with_other_numbers(inner)))
        case Commitment():
            return curve._replace(usd=draw(usd(60)), overage_usd_per_mtok=draw(prices()))
        case Cheapest(curves) | Sum(curves):
            return curve._replace(curves=tuple(draw(with_other_numbers(each)) for each in curves))
        case AtShare(_, inner) | Uplift(_, inner):
            return curve._replace(curve=draw(with_other_numbers(inner)))
    assert_never(curve)


def stacked(draws: Sequence[Curve]) -> tc.CostCurve:  # noqa: C901, PLR0911 - a case for each kind of curve
    """Return one curve whose coefficients hold the numbers of these draws (curves of one shape)."""
    one = draws[0]
    match one:
        case Fixed(_, label):
            return tc.CostCurve.fixed(_stack(draws, "usd"), label=label)
        case PerMtok(_, label):
            return tc.CostCurve.per_mtok(_stack(draws, "usd_per_mtok"), label=label)
        case Staircase(_, _, min_steps, label):
            usd_per_step, tokens_per_step = _stack(draws, "usd_per_step"), _stack(draws, "tokens_per_step")
            return tc.CostCurve.staircase(usd_per_step, tokens_per_step, min_steps=min_steps, label=label)
        case Bands(rows, whole_bill):
            all_rows = [each.rows for each in draws if isinstance(each, Bands)]
            prices_by_band = [
                np.array([float(rows_of_draw[band][1]) for rows_of_draw in all_rows]) for band in range(len(rows))
            ]
            starts = [float(start) for start, _ in rows]
            return tc.CostCurve.bands(list(zip(starts, prices_by_band, strict=True)), whole_bill=whole_bill)
        case Minimum():
            return tc.CostCurve.minimum(_stack(draws, "usd"), stacked(_inner(draws)))
        case Commitment():
            overage = _stack(draws, "overage_usd_per_mtok")
            included = _stack(draws, "tokens_included")
            return tc.CostCurve.commitment(_stack(draws, "usd"), included, overage_usd_per_mtok=overage)
        case Cheapest():
            return tc.CostCurve.cheapest([stacked(part) for part in _parts(draws)])
        case Sum():
            first, *others = (stacked(part) for part in _parts(draws))
            return sum(others, start=first)
        case AtShare(share, _):
            return stacked(_inner(draws)).at_share(float(share))
        case Uplift(factor, _):
            return stacked(_inner(draws)) * float(factor)
    assert_never(one)


def _stack(draws: Sequence[Curve], field: str) -> NDArray[np.float64]:
    return np.array([exact_float(getattr(each, field)) for each in draws])


def _inner(draws: Sequence[Curve]) -> list[Curve]:
    return [each.curve for each in draws if isinstance(each, Minimum | AtShare | Uplift)]


def _parts(draws: Sequence[Curve]) -> list[tuple[Curve, ...]]:
    return list(zip(*(each.curves for each in draws if isinstance(each, Cheapest | Sum)), strict=True))
