"""Steps of either sign and bands, for many draws at once: every piece between breakpoints, a row for each draw.

What `tokencross.costs.solver` does for one difference: outside a bounded range the sign is known, inside it every piece
is a straight line. Ranges with very many pieces, and differences without slope, are left to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.coefficients import paired
from tokencross.costs.difference import ROUNDING_RATIO
from tokencross.costs.drawn_difference import DrawnDifference, Steps, snapped
from tokencross.costs.level_steps import StepTable, step_table
from tokencross.costs.terms import Array, Bands
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["crossings"]

Index = NDArray[np.intp]

_BESIDE = 1e-9  # a bound is widened by this share: it is a float
_ROUNDING = 1e-12  # and what costs are subtracted from by this share of them
_NARROWED = 2  # times
_NEAR_RATIO = 1e-12  # slopes that differ by less are left to the solver for one draw
_MOST_PIECES = 2e6
_MANY_LEVELS = 24  # of each draw's own: counted level by level, which takes its time
_MOST_PIECES_OF_MANY_LEVELS = 4_096.0
_PIECES_AT_ONCE = (2_048.0, 131_072.0)  # of one draw: more where its range is long
_BLOCK = 1 << 18  # pieces of all draws worked on at once


def crossings(
    difference: DrawnDifference, *, most_pieces: float | None = None
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return first and robust breakeven, nan where there is none, and which draws were left out.

    Parameters
    ----------
    difference : DrawnDifference
        Steps of any sign; other terms than bands leave out all draws.
    most_pieces : float, optional
        Draws whose range has more of them are left out; unless said, those that are quicker one by one.

    Returns
    -------
    first, robust : ndarray, shape (D,)
        [tokens/month]
    left : ndarray of bool, shape (D,)
        Slopes are so near each other, or pieces so many, that only the solver for one draw can tell.
    """
    draws = difference.level.size
    first, left = np.full(draws, np.nan), np.ones(draws, dtype=bool)
    if any(not isinstance(term, Bands) for _, term in difference.others):
        return first, first.copy(), left
    low, high, slope, left = _undecided(difference)
    per_token = np.zeros(draws)
    for each in difference.steps:
        per_token += np.sum(each.loads, axis=-1) / each.tokens
    left |= ~((high - low) * per_token <= (_most_pieces(difference) if most_pieces is None else most_pieces))
    found = _Found.below(np.where((slope > 0.0) & ~left, low, 0.0))
    _look_through(found, difference, np.flatnonzero(~left), low, high, per_token)
    ends_below = np.flatnonzero(~left & (slope < 0.0))
    found.add(ends_below, high[ends_below, np.newaxis], np.full((ends_below.size, 1), np.inf))
    return found.first, np.where(np.isinf(found.high) & (found.high > 0.0), found.low, np.nan), left


def _most_pieces(difference: DrawnDifference) -> float:
    """Return up to how many pieces it is quicker to look at draws together."""
    counted = [x.level_count for x in difference.steps if step_table(x.shares, x.loads, x.least) is None]
    return _MOST_PIECES if max(counted, default=0) <= _MANY_LEVELS else _MOST_PIECES_OF_MANY_LEVELS


def _look_through(
    found: _Found, difference: DrawnDifference, rows: Index, low: Array, high: Array, per_token: Array
) -> None:
    """Add the windows of some draws from ``low`` to ``high``, a stretch of each at a time."""
    tables, near = _tables(difference, high)
    none: list[StepTable | None] = [None] * len(tables)
    low = low.copy()
    with np.errstate(divide="ignore"):
        reach = np.clip((high - low) * per_token / 16.0, *_PIECES_AT_ONCE) / per_token
    going = rows[high[rows] > low[rows]]
    while going.size:
        stop = np.minimum(low[going] + reach[going], high[going])
        for some in _batches((stop - low[going]) * per_token[going] + 2.0 * _level_count(difference), near[going]):
            batch = going[some]
            known = tables if near[batch[0]] else none
            found.add(batch, *_windows(difference.of(batch), low[batch], stop[some], known))
        low[going] = stop
        going = going[stop < high[going]]


def _level_count(difference: DrawnDifference) -> int:
    """Return how many levels the steps have."""
    return sum(each.level_count for each in difference.steps) + 1


def _tables(difference: DrawnDifference, high: Array) -> tuple[list[StepTable | None], NDArray[np.bool_]]:
    """Return the tables of the steps that have one, and in which draws these reach far enough."""
    tables = [step_table(each.shares, each.loads, each.least) for each in difference.steps]
    near = np.ones(high.size, dtype=bool)
    for each, table in zip(difference.steps, tables, strict=True):
        if table is not None:
            near &= high / each.tokens <= table.limit
    return tables, near


def _batches(pieces: Array, near: NDArray[np.bool_]) -> Iterator[Index]:
    """Yield draws of one kind with about as many pieces each, so many that a block of memory holds them."""
    for kind in (near, ~near):
        rows = np.flatnonzero(kind)
        order = rows[np.argsort(pieces[rows], kind="stable")]
        end = order.size
        while end:
            start = max(end - max(int(_BLOCK / pieces[order[end - 1]]), 1), 0)
            yield order[start:end]
            end = start


# ---------------------------------------------------------------------- bounds


def _undecided(difference: DrawnDifference) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """Return between which volumes the sign is open, the slope beyond, and which draws have none to speak of.

    Bounds of all volumes give a range, and within a range steps come less far apart, which makes it narrower.
    """
    with np.errstate(invalid="ignore"):
        lower, upper, slope, size = _bounds(difference)
        left = ~(np.abs(slope) > _NEAR_RATIO * size) | ~np.isfinite(lower) | ~np.isfinite(upper)
    slope, lower, upper = (np.where(left, x, y) for x, y in ((1.0, slope), (0.0, lower), (0.0, upper)))
    low, high = _between(lower, upper, slope)
    fixed = [np.zeros(low.size), np.zeros(low.size)]
    for weight, term in difference.others:
        if isinstance(term, Bands):
            below, above, _ = _bounds_of_bands(weight, term, low.size)
            fixed = [fixed[0] + np.where(left, 0.0, below), fixed[1] + np.where(left, 0.0, above)]
    for _ in range(_NARROWED):
        spare = _ROUNDING * (difference.level_size + size * high)
        lower, upper = difference.level + fixed[0] - spare, difference.level + fixed[1] + spare
        for each in difference.steps:
            below, above = each.bounds_between(low, high)
            lower, upper = lower + below, upper + above
        ends = _between(lower, upper, slope)
        low, high = np.maximum(low, ends[0]), np.maximum(np.minimum(high, ends[1]), low)
    return low, high, slope, left


def _between(lower: Array, upper: Array, slope: Array) -> tuple[Array, Array]:
    """Return where lines of one slope cross 0, no further down than V = 0."""
    ends = np.sort([-lower / slope, -upper / slope], axis=0)
    return np.maximum(ends[0] * (1.0 - _BESIDE), 0.0), np.maximum(ends[1] * (1.0 + _BESIDE), 0.0)


def _bounds(difference: DrawnDifference) -> tuple[Array, Array, Array, Array]:
    """Return intercepts of two lines that bound the difference at every V > 0, their slope, and the slopes' size."""
    lower, upper = difference.level.copy(), difference.level.copy()
    slope, size = difference.slope.copy(), difference.slope_size.copy()
    parts = [each.bounds for each in difference.steps]
    parts += [
        _bounds_of_bands(weight, term, lower.size) for weight, term in difference.others if isinstance(term, Bands)
    ]
    for below, above, rate in parts:
        lower += below
        upper += above
        slope += rate
        size += np.abs(rate)
    return lower, upper, slope, size


def _bounds_of_bands(weight: float, bands: Bands, draws: int) -> tuple[Array, Array, Array]:
    """Return bounds of bands: how far they are from the last band's slope at either side of each start.

    A band that never begins has no slope to go by: nan, which leaves the draw out.
    """
    starts, levels, prices = (
        np.stack([np.broadcast_to(np.asarray(x, dtype=float), (draws,)) for x in numbers])
        for numbers in (bands.starts, bands.intercepts(), bands.usd_per_mtok)
    )
    slopes = prices / TOKENS_PER_MTOK
    with np.errstate(invalid="ignore"):
        before = levels[:-1] + (slopes[:-1] - slopes[-1]) * starts[1:]
        after = levels + (slopes - slopes[-1]) * starts
    apart = weight * np.concatenate([before, after])
    return np.min(apart, axis=0), np.max(apart, axis=0), weight * slopes[-1]


# ---------------------------------------------------------------------- pieces


def _windows(part: DrawnDifference, low: Array, high: Array, tables: list[StepTable | None]) -> tuple[Array, Array]:
    """Return the windows of negative difference on every piece of each draw's range, empty ones where there is none.

    Returns
    -------
    lows, highs : ndarray, shape (D, P)
        [tokens/month]
    """
    counted = [
        _Counted.of(steps, low, high) if table is None else _LookedUp.of(steps, table, low, high)
        for steps, table in zip(part.steps, tables, strict=True)
    ]
    terms = paired([term for _, term in part.others], slice(None))
    starts = [np.broadcast_to(x, (low.size, 1)) for term in terms if isinstance(term, Bands) for x in term.starts]
    points = np.concatenate([each.points for each in counted] + starts + [high[:, np.newaxis]], axis=1)
    points = np.clip(points, low[:, np.newaxis], high[:, np.newaxis])
    order = np.argsort(points, axis=1, kind="stable")
    highs = np.take_along_axis(points, order, axis=1)
    lows = np.concatenate([low[:, np.newaxis], highs[:, :-1]], axis=1)
    intercept, size = (np.repeat(x[:, np.newaxis], highs.shape[1], axis=1) for x in (part.level, part.level_size))
    place = 0
    for each in counted:
        cost = each.cost(order, place)
        intercept += cost
        size += np.abs(cost)
        place += each.points.shape[1]
    slope, slope_size = part.slope[:, np.newaxis], part.slope_size[:, np.newaxis]
    middle = (lows + highs) / 2.0
    for (weight, _), term in zip(part.others, terms, strict=True):
        level, rise = term.line(middle)
        intercept, size = intercept + weight * level, size + np.abs(weight * level)
        slope, slope_size = slope + weight * rise, slope_size + np.abs(weight * rise)
    return _negative(snapped(intercept, size), snapped(slope, slope_size), lows, highs)


def _negative(intercept: Array, slope: Array, lows: Array, highs: Array) -> tuple[Array, Array]:
    """Return where straight pieces are negative; an end at the low one where they are not."""
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = -intercept / slope
    low = np.where(slope < 0.0, np.clip(zero, lows, highs), lows)
    high = np.where(slope > 0.0, np.clip(zero, lows, highs), highs)
    return low, np.where((slope == 0.0) & ~(intercept < 0.0), low, high)


@dataclass(frozen=True)
class _Counted:
    """The steps of a range, counted.

    Attributes
    ----------
    usd : ndarray, shape (D,)
        Of a step. [USD/month]
    begin : ndarray of long double, shape (D,)
        Mean number of steps just above the range's low end.
    points : ndarray, shape (D, K)
        Where one more is bought; no more than the low end where there is none.
    shares : ndarray, shape (D, K)
        What it counts for.
    """

    usd: Array
    begin: NDArray[np.longdouble]
    points: Array
    shares: Array

    @classmethod
    def of(cls, steps: Steps, low: Array, high: Array) -> _Counted:
        """Return the steps between two volumes of each draw."""
        begin = np.zeros(low.size, dtype=np.longdouble)
        points, shares = [], []
        for level in range(steps.level_count):
            share, load, least = (x[..., level] for x in (steps.shares, steps.loads, steps.least))
            with np.errstate(divide="ignore"):
                width = np.broadcast_to(steps.tokens / load, low.shape)
            grows = np.isfinite(width)
            number = np.where(grows, np.maximum(np.maximum(np.floor(low / width), least), 1.0), least)
            last = np.where(grows, np.ceil(high / width), -1.0)
            most = int(np.max(last - number, initial=-1.0)) + 1
            numbers = number[:, np.newaxis] + np.arange(most)
            with np.errstate(invalid="ignore"):
                at = numbers * width[:, np.newaxis]
            there = numbers <= last[:, np.newaxis]
            passed = there & (at <= low[:, np.newaxis])
            begin += share * (number + np.count_nonzero(passed, axis=1))
            inside = there & ~passed
            points.append(np.where(inside, at, np.inf))
            shares.append(np.where(inside, np.reshape(share, (-1, 1)), 0.0))
        return cls(steps.usd, begin, np.concatenate(points, axis=1), np.concatenate(shares, axis=1))

    def cost(self, order: NDArray[np.intp], place: int) -> Array:
        """Return what the steps cost on every piece, given how their points and others, from ``place`` on, are sorted.

        They are added up in extended precision, so that many of them do not blur a tie.
        """
        risen = np.zeros(order.shape)
        risen[:, place : place + self.shares.shape[1]] = self.shares
        risen = np.take_along_axis(risen, order, axis=1)
        steps = np.cumsum(risen[:, :-1], axis=1, dtype=np.longdouble) + self.begin[:, np.newaxis]
        steps = np.concatenate([self.begin[:, np.newaxis], steps], axis=1).astype(np.float64)
        return np.asarray(self.usd[:, np.newaxis] * steps)


@dataclass(frozen=True)
class _LookedUp:
    """The steps of a range, looked up in a table: as `_Counted`, without counting.

    Attributes
    ----------
    usd : ndarray, shape (D,)
        Of a step. [USD/month]
    table : StepTable
        In steps of an even load.
    begin : ndarray of int, shape (D,)
        How many jumps lie below the range.
    points : ndarray, shape (D, K)
        Where there is a jump; infinite where there is none.
    """

    usd: Array
    table: StepTable
    begin: Index
    points: Array

    @classmethod
    def of(cls, steps: Steps, table: StepTable, low: Array, high: Array) -> _LookedUp:
        """Return the steps between two volumes of each draw."""
        grows = np.isfinite(steps.tokens)
        begin = np.where(grows, np.searchsorted(table.jumps, low / steps.tokens, side="right"), 0)
        end = np.where(grows, np.searchsorted(table.jumps, high / steps.tokens, side="left"), 0)
        number = begin[:, np.newaxis] + np.arange(int(np.max(end - begin, initial=0)))
        jumps = table.jumps[np.minimum(number, table.jumps.size - 1)]
        with np.errstate(invalid="ignore"):
            at = jumps * steps.tokens[:, np.newaxis]
        return cls(steps.usd, table, begin, np.where(number < end[:, np.newaxis], at, np.inf))

    def cost(self, order: NDArray[np.intp], place: int) -> Array:
        """See `_Counted.cost`."""
        own = (order[:, :-1] >= place) & (order[:, :-1] < place + self.points.shape[1])
        number = np.repeat(self.begin[:, np.newaxis], order.shape[1], axis=1)
        number[:, 1:] += np.cumsum(own, axis=1)
        return np.asarray(self.usd[:, np.newaxis] * self.table.steps[np.minimum(number, self.table.steps.size - 1)])


# ---------------------------------------------------------------------- windows


@dataclass(frozen=True)
class _Found:
    """What is known of each draw so far, from V = 0 on upwards; shape (D,) each.

    Attributes
    ----------
    first : ndarray
        The low end of the first window; nan as long as there is none.
    low, high : ndarray
        Ends of the last window, which may go on; minus infinity as long as there is none. [tokens/month]
    """

    first: Array
    low: Array
    high: Array

    @classmethod
    def below(cls, ends: Array) -> _Found:
        """Return windows from 0 to volumes, none where those are 0."""
        there = ends > 0.0
        low, high = np.where(there, 0.0, -np.inf), np.where(there, ends, -np.inf)
        return cls(np.where(there, 0.0, np.nan), low, high)

    def add(self, rows: Index, lows: Array, highs: Array) -> None:
        """Add the windows of some draws, ascending and above all earlier ones; those without width are none."""
        there = highs > lows
        high = np.maximum.accumulate(np.column_stack([self.high[rows], np.where(there, highs, -np.inf)]), axis=1)
        apart = there & (lows - high[:, :-1] > ROUNDING_RATIO * lows)
        low = np.maximum.accumulate(np.column_stack([self.low[rows], np.where(apart, lows, -np.inf)]), axis=1)
        with np.errstate(invalid="ignore"):
            wide = there & (np.isinf(highs) | (highs - low[:, 1:] > ROUNDING_RATIO * highs))
        place = np.argmax(wide, axis=1)
        new = np.flatnonzero(wide[np.arange(rows.size), place] & np.isnan(self.first[rows]))
        self.first[rows[new]] = low[new, place[new] + 1]
        self.low[rows], self.high[rows] = low[:, -1], high[:, -1]
