"""Where one cost curve becomes cheaper than another: every crossing, the first one and the robust one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np

from tokencross.costs import closed_form
from tokencross.costs.curve import CostCurve
from tokencross.costs.difference import Difference, Windows, subtract, windows_between
from tokencross.costs.periodic import Period
from tokencross.costs.reasons import why_never, why_not_for_ever
from tokencross.costs.terms import Array, Fixed, PerToken, straight
from tokencross.errors import Problem, ResolveError, ScenarioError
from tokencross.number import Number, check_number, float_or_draws
from tokencross.units import DAYS_PER_MONTH, TOKENS_PER_MTOK

__all__ = ["MAX_TOKENS_PER_MONTH", "Breakeven", "breakeven"]

MAX_TOKENS_PER_MONTH = 1e15
_MOST_INTERVALS = 10_000
_FEW_PIECES = 200_000.0  # up to here every piece is looked at; beyond, a period tells
_MOST_PIECES = 5e7
_JUST_ABOVE_RATIO = 1.0 + 4e-12
_TINY_VOLUME = 1e-9
_STRETCH_PERIODS = 1e4  # periods looked at in one go


@dataclass(frozen=True, eq=False)
class Breakeven:
    """Where a challenger undercuts an incumbent.

    Attributes
    ----------
    first : float, ndarray of shape (D,) or None
        The low end of the first interval; None (nan in draws) when there is none. [tokens/month]
    robust : float, ndarray of shape (D,) or None
        The volume beyond which the challenger undercuts for ever; None (nan in draws) when there is none.
        [tokens/month]
    intervals : tuple of (float, float)
        The open intervals on which it undercuts, ascending; empty for draws. [tokens/month]
    interval_count : int or float
        How many there are in all, those left out too; ``inf`` when they never end.
    truncated : bool
        Whether ``intervals`` leaves any out.
    reason : str or None
        Why there is no first, or no robust, breakeven, with the figures; None when there are both.
    first_usd_per_month : float, ndarray of shape (D,) or None
        The incumbent's bill just above ``first``. [USD/month]
    tokens_per_request : Number or None
        What turns tokens into requests, where a workload is known. [tokens]
    """

    first: float | Array | None
    robust: float | Array | None
    intervals: tuple[tuple[float, float], ...] = ()
    interval_count: int | float = 0
    truncated: bool = False
    reason: str | None = None
    first_usd_per_month: float | Array | None = None
    tokens_per_request: Number | None = field(default=None, repr=False)

    @property
    def first_tokens_per_day(self) -> float | Array | None:
        """``first`` per day of 24 hours. [tokens/day]"""
        return None if self.first is None else self.first / DAYS_PER_MONTH

    @property
    def first_requests_per_month(self) -> float | Array | None:
        """``first`` in requests; None without a workload. [requests/month]"""
        if self.first is None or self.tokens_per_request is None:
            return None
        return self.first / float_or_draws(self.tokens_per_request)

    def __repr__(self) -> str:
        """Return first, robust and the number of intervals in one line."""
        shown = ", ".join(f"{name}={_short(getattr(self, name))}" for name in ("first", "robust"))
        reason = f", reason={self.reason!r}" if self.reason else ""
        return f"Breakeven({shown}, interval_count={self.interval_count}{reason})"

    def __bool__(self) -> NoReturn:
        """Refuse to be a truth value: a breakeven at 0.0 is a breakeven."""
        found = "a Breakeven used as a truth value"
        raise ScenarioError(
            Problem("breakeven", found, "b.first is None or b.robust is None", "A breakeven at 0.0 is one.")
        )


def _short(value: float | Array | None) -> str:
    """Return a breakeven for a one-line repr."""
    return f"<{value.size} draws>" if isinstance(value, np.ndarray) else f"{value}"


def breakeven(
    challenger: CostCurve,
    incumbent: CostCurve,
    *,
    margin_share: float = 0.0,
    max_tokens_per_month: float = MAX_TOKENS_PER_MONTH,
    max_intervals: int = _MOST_INTERVALS,
) -> Breakeven:
    """Return where ``challenger`` costs strictly less than ``(1 - margin_share)`` times ``incumbent``.

    Parameters
    ----------
    challenger, incumbent : CostCurve
        Plain curves, or curves whose coefficients are draws, shape (D,).
    margin_share : float
        By how much it has to be cheaper, in [0, 1).
    max_tokens_per_month : float
        Intervals that begin above are left out of ``intervals``; nothing else depends on it. [tokens/month]
    max_intervals : int
        At most so many intervals are listed; nothing else depends on it.

    Returns
    -------
    Breakeven

    Raises
    ------
    ScenarioError
        If an argument is out of bounds, or the curves have different numbers of draws.
    ResolveError
        If two staircases of nearly one unit cost repeat with no common period, so that no search could settle them.

    Notes
    -----
    Equal terms cancel. Two parallel lines bound what is left, so its sign is known outside a bounded range; inside,
    between neighbouring breakpoints, the difference is straight and one linear equation gives the crossing. A range
    with very many breakpoints is settled from the pieces of one period (`tokencross.costs.periodic`).
    docs/methodology/crossings.md derives both.

    Examples
    --------
    >>> fleet = CostCurve.fixed(2_500) + CostCurve.staircase(1_825, 3.285e9)
    >>> b = breakeven(fleet, CostCurve.per_mtok(6))
    >>> round(b.first), b.robust == b.first
    (720833333, True)
    """
    keep = 1.0 - _checked_margin(margin_share)
    if math.isnan(max_tokens_per_month) or max_tokens_per_month <= 0.0:
        raise ScenarioError(
            Problem("max_tokens_per_month", f"{max_tokens_per_month}", "a number > 0 (tokens per month)")
        )
    if isinstance(max_intervals, bool) or not isinstance(max_intervals, int) or max_intervals < 0:
        raise ScenarioError(Problem("max_intervals", repr(max_intervals), "a whole number >= 0"))
    draws = _draw_count(challenger, incumbent)
    if draws is not None:
        return _of_draws(challenger, incumbent, draws, keep)
    solved = _solve(subtract(challenger.terms, incumbent.terms, keep_share=keep), max_tokens_per_month, max_intervals)
    return _described(solved, challenger, incumbent, keep)


def _checked_margin(margin_share: float) -> float:
    """Return the margin once it is seen to lie in [0, 1)."""
    margin = float_or_draws(check_number(margin_share, where="margin_share", unit="share", high=1.0))
    if isinstance(margin, np.ndarray) or margin == 1.0:
        raise ScenarioError(Problem("margin_share", f"{margin}", "a number from 0 to below 1"))
    return margin


def _draw_count(challenger: CostCurve, incumbent: CostCurve) -> int | None:
    """Return the number of draws of the two curves; None when both are plain."""
    counts = {curve.draw_count for curve in (challenger, incumbent)} - {None, 1}
    if len(counts) > 1:
        found = f"curves with {' and '.join(str(count) for count in sorted(c for c in counts if c))} draws"
        raise ScenarioError(Problem("breakeven", found, "curves with the same number of draws"))
    if counts:
        return counts.pop()
    return 1 if 1 in (challenger.draw_count, incumbent.draw_count) else None


@dataclass(frozen=True)
class _Solution:
    """What the solver finds, before it is put in words."""

    first: float | None
    robust: float | None
    lows: Array
    highs: Array
    count: int | float
    truncated: bool


def _solve(difference: Difference, up_to: float, most: int) -> _Solution:
    """Return every window of a difference, first and robust."""
    head, low, high, before, after = _ranges(difference)
    if difference.pieces_between(0.0, head) + difference.pieces_between(low, high) <= _FEW_PIECES:
        return _searched(difference, (head, low, high), before=before, after=after, up_to=up_to, most=most)
    period = Period.of(difference)
    if period is not None and difference.pieces_between(0.0, head) <= _MOST_PIECES:
        return _repeated(difference, period, up_to=up_to, most=most)
    if difference.pieces_between(0.0, head) + difference.pieces_between(low, high) <= _MOST_PIECES:
        return _searched(difference, (head, low, high), before=before, after=after, up_to=up_to, most=most)
    found = f"two curves that cross about {difference.pieces_between(low, high):.1e} times with no common period"
    raise ResolveError(Problem("breakeven", found, "unit costs further apart, or step widths that share a period"))


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
) -> _Solution:
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


def _repeated(difference: Difference, period: Period, *, up_to: float, most: int) -> _Solution:
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
        return _Solution(None, None, np.empty(0), np.empty(0), 0, truncated=False)
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
) -> _Solution:
    """Return the solution with the intervals that the limits admit."""
    if first is None and lows.size:
        first = float(lows[0])
    admitted = min(int(np.searchsorted(lows, up_to)), most)
    kept_lows, kept_highs = lows[:admitted], highs[:admitted]
    return _Solution(first, robust, kept_lows, kept_highs, count, truncated=count > admitted)


def _described(solved: _Solution, challenger: CostCurve, incumbent: CostCurve, keep: float) -> Breakeven:
    """Return the breakeven with its reason and the incumbent's bill."""
    reason = None
    bill = None
    intervals = tuple(zip(solved.lows.tolist(), solved.highs.tolist(), strict=True))
    if solved.first is None:
        reason = why_never(challenger, incumbent, keep)
    elif solved.robust is None:
        reason = why_not_for_ever(challenger, incumbent, keep, intervals, solved.count)
    if solved.first is not None:
        bill = incumbent.usd_per_month(max(solved.first * _JUST_ABOVE_RATIO, _TINY_VOLUME))
    return Breakeven(
        first=solved.first,
        robust=solved.robust,
        intervals=intervals,
        interval_count=solved.count,
        truncated=solved.truncated,
        reason=reason,
        first_usd_per_month=bill,
    )


def _of_draws(challenger: CostCurve, incumbent: CostCurve, draws: int, keep: float) -> Breakeven:
    """Return first and robust draw by draw: in closed form for a line against a staircase, else one by one."""
    pair = closed_form.line_and_staircase(challenger, incumbent, keep)
    if pair is not None:
        first, robust = (np.broadcast_to(part, (draws,)).copy() for part in closed_form.crossings(pair))
    else:
        first, robust = np.full(draws, np.nan), np.full(draws, np.nan)
        for index in range(draws):
            terms = (curve.draw(index).terms for curve in (challenger, incumbent))
            solved = _solve(subtract(*terms, keep_share=keep), MAX_TOKENS_PER_MONTH, 1)
            first[index] = np.nan if solved.first is None else solved.first
            robust[index] = np.nan if solved.robust is None else solved.robust
    missing = int(np.count_nonzero(np.isnan(robust)))
    reason = f"no robust breakeven in {missing:,} of {draws:,} draws" if missing else None
    return Breakeven(first=first, robust=robust, reason=reason, first_usd_per_month=_bills(incumbent, first))


def _bills(incumbent: CostCurve, first: Array) -> Array:
    """Return the incumbent's bill just above ``first``, draw by draw; nan where there is none. [USD/month]"""
    bills = np.zeros_like(first)
    above = np.maximum(first * _JUST_ABOVE_RATIO, _TINY_VOLUME)
    for term in incumbent.terms:
        match term:
            case Fixed():
                bills += np.where(np.isnan(first), np.nan, term.usd_per_month)
            case PerToken():
                bills += term.usd_per_mtok * above / TOKENS_PER_MTOK
            case _:
                plain = [
                    straight(term.draw(index), np.asarray(volume)) if np.isfinite(volume) else np.nan
                    for index, volume in enumerate(above)
                ]
                bills += np.array(plain, dtype=float)
    return bills
