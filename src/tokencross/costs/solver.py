"""Every window in which a difference of curves is negative: searched piece by piece, or told by one period."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tokencross.costs.difference import Difference, Windows, windows_between
from tokencross.costs.periodic import Period
from tokencross.costs.terms import Array
from tokencross.errors import Problem, ResolveError

__all__ = ["Solution", "solve"]

_FEW_PIECES = 200_000.0  # up to here every piece is looked at; beyond, a period tells
_MOST_PIECES = 5e7
_STRETCH_PERIODS = 1e4  # periods looked at in one go


@dataclass(frozen=True)
class Solution:
    """What the solver finds, before it is put in words."""

    first: float | None
    robust: float | None
    lows: Array
    highs: Array
    count: int | float
    truncated: bool


def solve(difference: Difference, up_to: float, most: int) -> Solution:
    """Return every window of a difference, first and robust."""
    head, low, high, before, after = _ranges(difference)
    if difference.pieces_between(0.0, head) + difference.pieces_between(low, high) <= _FEW_PIECES:
        return _searched(difference, (head, low, high), before=before, after=after, up_to=up_to, most=most)
    period = Period.of(difference)
    if period is not None and difference.pieces_between(0.0, head) <= _MOST_PIECES:
        return _repeated(difference, period, up_to=up_to, most=most)
    if difference.pieces_between(0.0, head) + difference.pieces_between(low, high) <= _MOST_PIECES:
        return _searched(difference, (head, low, high), before=before, after=after, up_to=up_to, most=most)
    if math.isinf(high):
        return _wandering(difference, head, up_to=up_to, most=most)
    found = f"two curves that cross about {difference.pieces_between(low, high):.1e} times with no common period"
    raise ResolveError(Problem("breakeven", found, "unit costs further apart, or step widths that share a period"))


def _wandering(difference: Difference, head: float, *, up_to: float, most: int) -> Solution:
    """Return the solution of steps of one unit cost whose widths share no period: they take turns for ever.

    The offsets of such steps come arbitrarily close to every combination (Kronecker), so a difference whose bounds
    lie on both sides of zero is negative again and again; only how soon has to be searched.
    """
    windows = Windows.none()
    low, high = 0.0, max(head, 64.0 * max(difference.step_widths))
    while difference.pieces_between(0.0, high) <= _MOST_PIECES:
        for edges in difference.chunks(low, high):
            windows.add(*windows_between(difference, edges))
        lows, highs = windows.joined()
        if lows.size > most or (lows.size and high >= up_to):
            return _cut(lows, highs, math.inf, None, up_to=up_to, most=most)
        low, high = high, 2.0 * high
    lows, highs = windows.joined()
    if lows.size:
        return _cut(lows, highs, math.inf, None, up_to=up_to, most=most)
    found = f"steps of one unit cost that do not undercut up to {high:.1e} tokens per month, though they will"
    raise ResolveError(Problem("breakeven", found, "step widths that share a period, or unit costs further apart"))


def _ranges(difference: Difference) -> tuple[float, float, float, bool, bool]:
    """Return (end of the irregular part, start and end of the undecided range, sign before it, sign after it).

    A difference without slope has no undecided range of its own: one period tells how it goes on, and it is marked by
    an infinite end when it flips for ever.
    """
    tail = difference.tail
    slope, head = float(tail.slope), tail.from_volume
    if slope != 0.0:
        ends = sorted((-tail.lower / slope, -tail.upper / slope))
        low = max(head, ends[0] * (1 - 1e-9))  # a hair wider than the bounds: they are floats
        return head, low, max(low, ends[1] * (1 + 1e-9)), slope > 0.0, slope < 0.0
    if not tail.periods or tail.lower >= 0.0 or tail.upper < 0.0:
        return head, head, head, False, _negative_beyond(difference, head)
    period = Period.of(difference)
    if period is None:
        return head, head, math.inf, False, False
    if period.negative_everywhere() or period.negative_nowhere():
        return head, head, head, False, period.negative_everywhere()
    return head, head, math.inf, False, False


def _negative_beyond(difference: Difference, head: float) -> bool:
    """Return the sign for ever of a difference that has neither slope nor steps there, or that its bounds decide."""
    tail = difference.tail
    if tail.periods:
        return tail.upper < 0.0
    intercept, _ = difference.lines(np.array([head * 2.0 + 1.0]))
    return bool(intercept[0] < 0.0)


def _searched(
    difference: Difference,
    ranges: tuple[float, float, float],
    *,
    before: bool,
    after: bool,
    up_to: float,
    most: int,
) -> Solution:
    """Return the solution from all pieces of the ranges that the bounds leave open."""
    head, low, high = ranges
    windows = Windows.none()
    for edges in difference.chunks(0.0, head):
        windows.add(*windows_between(difference, edges))
    if before:
        windows.add_range(head, low)
    for edges in difference.chunks(low, high):
        windows.add(*windows_between(difference, edges))
    if after:
        windows.add_range(high, math.inf)
    lows, highs = windows.joined()
    robust = float(lows[-1]) if lows.size and np.isinf(highs[-1]) else None
    return _cut(lows, highs, lows.size, robust, up_to=up_to, most=most)


def _repeated(difference: Difference, period: Period, *, up_to: float, most: int) -> Solution:
    """Return the solution from the irregular part, then from the pieces of one period."""
    windows = Windows.none()
    for edges in difference.chunks(0.0, period.start):
        windows.add(*windows_between(difference, edges))
    head_lows, head_highs = windows.joined()
    in_head = head_lows.size > 0
    first = float(head_lows[0]) if in_head else period.first()
    runs_on = bool(period.left[0] < 0.0)
    joins = in_head and runs_on and bool(head_highs[-1] >= period.start)
    count: int | float = math.inf
    robust = None
    if period.drift != 0.0:
        count = head_lows.size + period.entry_count() + (1 if runs_on and not joins else 0)
    if period.drift < 0.0:
        robust = period.robust()
        if robust <= period.start and joins:
            robust = float(head_lows[-1])
    if first is None:
        return Solution(None, None, np.empty(0), np.empty(0), 0, truncated=False)
    _extend(difference, windows, period, robust, up_to=up_to, most=most)
    lows, highs = windows.joined()
    return _cut(lows, highs, count, robust, up_to=up_to, most=most, first=first)


def _extend(
    difference: Difference, windows: Windows, period: Period, robust: float | None, *, up_to: float, most: int
) -> None:
    """Add the windows above the irregular part, until there are enough or the end is known."""
    begin = period.first()
    if begin is None:
        return
    end = _settled_at(difference) if period.drift > 0.0 else robust
    limit = up_to + 2.0 * period.length  # a window that begins below the limit ends within a period
    stop = limit if end is None else min(end, limit)
    low, stretch = begin, 64.0 * period.length
    while low < stop and windows.joined()[0].size <= most:
        high = min(low + stretch, stop)
        for edges in difference.chunks(low, high):
            windows.add(*windows_between(difference, edges))
        low, stretch = high, min(2.0 * stretch, _STRETCH_PERIODS * period.length)
    if robust is not None and low >= stop:
        windows.add_range(max(robust, low), math.inf)


def _settled_at(difference: Difference) -> float:
    """Return the volume above which a rising difference is never negative again."""
    tail = difference.tail
    return max(tail.from_volume, -tail.lower / float(tail.slope))


def _cut(
    lows: Array,
    highs: Array,
    count: int | float,
    robust: float | None,
    *,
    up_to: float,
    most: int,
    first: float | None = None,
) -> Solution:
    """Return the solution with the intervals that the limits admit."""
    if first is None and lows.size:
        first = float(lows[0])
    admitted = min(int(np.searchsorted(lows, up_to)), most)
    kept_lows, kept_highs = lows[:admitted], highs[:admitted]
    return Solution(first, robust, kept_lows, kept_highs, count, truncated=count > admitted)
