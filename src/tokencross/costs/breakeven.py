"""Where one cost curve becomes cheaper than another: every crossing, the first one and the robust one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn

import numpy as np

from tokencross.costs.coefficients import draw_count
from tokencross.costs.curve import CostCurve
from tokencross.costs.difference import subtract
from tokencross.costs.drawn import breakevens_of_draws
from tokencross.costs.reasons import why_never, why_not_for_ever
from tokencross.costs.solver import Solution, solve
from tokencross.costs.terms import Array
from tokencross.errors import Problem, ScenarioError
from tokencross.number import Number, check_number, float_or_draws
from tokencross.units import DAYS_PER_MONTH

__all__ = ["MAX_TOKENS_PER_MONTH", "Breakeven", "breakeven"]

MAX_TOKENS_PER_MONTH = 1e15
_MOST_INTERVALS = 10_000
_JUST_ABOVE_RATIO = 1.0 + 4e-12
_TINY_VOLUME = 1e-9


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
    incumbent : CostCurve or None
        What was undercut.
    tokens_per_request : Number or None
        What turns tokens into requests, where a workload is known. [tokens]
    """

    first: float | Array | None
    robust: float | Array | None
    intervals: tuple[tuple[float, float], ...] = ()
    interval_count: int | float = 0
    truncated: bool = False
    reason: str | None = None
    incumbent: CostCurve | None = field(default=None, repr=False)
    tokens_per_request: Number | None = field(default=None, repr=False)

    @property
    def first_tokens_per_day(self) -> float | Array | None:
        """``first`` per day of 24 hours. [tokens/day]"""
        return None if self.first is None else self.first / DAYS_PER_MONTH

    @cached_property
    def first_usd_per_month(self) -> float | Array | None:
        """The incumbent's bill just above ``first``. [USD/month]"""
        if self.first is None or self.incumbent is None:
            return None
        if isinstance(self.first, np.ndarray):
            above = np.maximum(self.first * _JUST_ABOVE_RATIO, _TINY_VOLUME)
            return self.incumbent.usd_per_month_by_draw(above)
        return self.incumbent.usd_per_month(max(self.first * _JUST_ABOVE_RATIO, _TINY_VOLUME))

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
        count = "" if isinstance(self.first, np.ndarray) else f", interval_count={self.interval_count}"
        return f"Breakeven({shown}{count}{reason})"

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
    draws = draw_count((*challenger.terms, *incumbent.terms), where="breakeven")
    if draws is not None:
        return _of_draws(challenger, incumbent, draws, keep)
    solved = solve(subtract(challenger.terms, incumbent.terms, keep_share=keep), max_tokens_per_month, max_intervals)
    return _described(solved, challenger, incumbent, keep)


def _checked_margin(margin_share: float) -> float:
    """Return the margin once it is seen to lie in [0, 1)."""
    margin = float_or_draws(check_number(margin_share, where="margin_share", unit="share", high=1.0))
    if isinstance(margin, np.ndarray) or margin == 1.0:
        raise ScenarioError(Problem("margin_share", f"{margin}", "a number from 0 to below 1"))
    return margin


def _described(solved: Solution, challenger: CostCurve, incumbent: CostCurve, keep: float) -> Breakeven:
    """Return the breakeven with its reason and the incumbent's bill."""
    reason = None
    intervals = tuple(zip(solved.lows.tolist(), solved.highs.tolist(), strict=True))
    if solved.first is None:
        reason = why_never(challenger, incumbent, keep)
    elif solved.robust is None:
        reason = why_not_for_ever(challenger, incumbent, keep, intervals, solved.count)
    return Breakeven(
        first=solved.first,
        robust=solved.robust,
        intervals=intervals,
        interval_count=solved.count,
        truncated=solved.truncated,
        reason=reason,
        incumbent=incumbent,
    )


def _of_draws(challenger: CostCurve, incumbent: CostCurve, draws: int, keep: float) -> Breakeven:
    """Return first and robust draw by draw, without intervals."""
    ours, theirs = challenger.collapsed(), incumbent.collapsed()
    first, robust = breakevens_of_draws(ours.terms, theirs.terms, draws=draws, keep_share=keep)
    missing = int(np.count_nonzero(np.isnan(robust)))
    reason = f"no robust breakeven in {missing:,} of {draws:,} draws" if missing else None
    return Breakeven(first=first, robust=robust, reason=reason, incumbent=incumbent)
