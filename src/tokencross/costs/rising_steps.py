"""A line against steps that rise, for many draws at once: first and robust breakeven as least and greatest fixed point.

Where the challenger costs a line and steps that all rise, ``C(V)`` is everything of the difference but the tokens, and
``m`` the incumbent's price less the challenger's: it undercuts where ``C(V) < m V``. C never falls. So nothing below
``C(V+) / m`` undercuts if nothing up to V does, and everything above ``C(V) / m`` does if everything from V on does.
Going on from such a volume to the next ends at the crossing itself, after finitely many steps, since C is level in
between. docs/methodology/crossings.md has the proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.drawn_difference import DrawnDifference, snapped
from tokencross.costs.terms import Array

__all__ = ["crossings"]

Index = NDArray[np.intp]

_BESIDE = 1e-9  # a bound is widened by this share: it is a float
_NEAR_RATIO = 1e-7  # unit costs that differ by less are left to the solver for one draw
_MOST_ROUNDS = 40
_WORTHWHILE_SHARE = 0.75  # of those that walk: so few have to be left before they are gathered anew
_SEGMENTS = 8_192  # walked at once where draws walk long
_FEWEST_SEGMENTS = 8  # of each of them
_STEPS_PER_SEGMENT = 8.0


def crossings(difference: DrawnDifference) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return first and robust breakeven, nan where there is none, and which draws were left out.

    Parameters
    ----------
    difference : DrawnDifference
        Without other terms; draws with steps that fall are left out.

    Returns
    -------
    first, robust : ndarray, shape (D,)
        [tokens/month]
    left : ndarray of bool, shape (D,)
        Steps fall, or unit costs are so near each other that only an exact search can tell.
    """
    m = -difference.slope
    base, most, rate = _bounds(difference)
    gain = m - rate
    rising = np.all([each.rising for each in difference.steps] + [np.ones(m.shape, dtype=bool)], axis=0)
    near = (m > 0.0) & (np.abs(gain) <= _NEAR_RATIO * difference.slope_size) & (rate > 0.0)
    left = ~rising | near
    first, robust = np.full(m.shape, np.nan), np.full(m.shape, np.nan)
    _without_price(difference, rate, first, robust)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = base / gain, most / gain
    falls = (m > 0.0) & ~left
    wins = np.flatnonzero(falls & (gain > 0.0))
    first[wins] = _Search(difference, m, upward=True).found(
        wins, np.maximum(low[wins] * (1.0 - _BESIDE), 0.0), np.maximum(high[wins] * (1.0 + _BESIDE), 0.0)
    )
    robust[wins] = _Search(difference, m, upward=False).found(
        wins, np.maximum(high[wins] * (1.0 + _BESIDE), 0.0), np.maximum(low[wins] * (1.0 - _BESIDE), 0.0)
    )
    loses = np.flatnonzero(falls & (gain < 0.0) & (base < 0.0))
    first[loses] = _Search(difference, m, upward=True).found(loses, np.zeros(loses.size), low[loses] * (1.0 + _BESIDE))
    return first, robust, left


def _bounds(difference: DrawnDifference) -> tuple[Array, Array, Array]:
    """Return intercepts of two lines that bound C, and their slope."""
    lower, upper, rate = difference.level.copy(), difference.level.copy(), np.zeros_like(difference.level)
    for each in difference.steps:
        below, above, slope = each.bounds
        lower += below
        upper += above
        rate += slope
    return lower, upper, rate


def _cost(difference: DrawnDifference, volumes: Array, *, above: bool) -> Array:
    """Return C at a volume of each draw, or just above it."""
    total, size = difference.level.copy(), difference.level_size.copy()
    for each in difference.steps:
        part = each.cost(volumes, above=above)
        total += part
        size += np.abs(part)
    return snapped(total, size)


def _without_price(difference: DrawnDifference, rate: Array, first: Array, robust: Array) -> None:
    """Fill in draws whose tokens cost no less with the incumbent: the challenger is ahead at the start, or never."""
    rows = np.flatnonzero(difference.slope >= 0.0)
    ahead = rows[_cost(difference.of(rows), np.zeros(rows.size), above=True) < 0.0]
    first[ahead] = 0.0
    for_good = ahead[(difference.slope[ahead] == 0.0) & (rate[ahead] == 0.0)]
    robust[for_good] = 0.0


@dataclass(frozen=True)
class _Search:
    """The walk from one volume to the next, all draws at once.

    Attributes
    ----------
    difference : DrawnDifference
    m : ndarray, shape (D,)
        The incumbent's price less the challenger's; positive where it is asked for. [USD/token]
    upward : bool
        To the first crossing; else down to the last.
    """

    difference: DrawnDifference
    m: Array
    upward: bool

    def found(self, rows: Index, starts: Array, ends: Array) -> Array:
        """Return the crossing of each of some draws between start and end; nan where there is none."""
        at, going = self._walked(rows, starts, ends, _MOST_ROUNDS)
        late = np.flatnonzero(going)
        at[late] = self._in_segments(rows[late], at[late], ends[late])
        return at

    def _walked(self, rows: Index, starts: Array, ends: Array, rounds: float) -> tuple[Array, NDArray[np.bool_]]:
        """Return where each walk has come to, nan beyond its end, and which are still going."""
        at, missed, still = starts.copy(), np.zeros(rows.size, dtype=bool), np.ones(rows.size, dtype=bool)
        active = np.arange(rows.size)
        part, price, goal = self.difference.of(rows), self.m[rows], ends
        while active.size and rounds > 0:
            here = at[active]
            there = np.maximum(_cost(part, here, above=self.upward) / price, 0.0)
            settled = there <= here if self.upward else there >= here
            beyond = ~settled & (there > goal if self.upward else there < goal)
            at[active] = there
            missed[active] |= beyond
            kept = np.flatnonzero(~settled & ~beyond)
            still[active] = False
            still[active[kept]] = True
            if kept.size <= _WORTHWHILE_SHARE * active.size:  # until then those that have ended walk on the spot
                active, part, price, goal = active[kept], part.of(kept), price[kept], goal[kept]
            rounds -= 1
        return np.where(missed, np.nan, at), still & ~missed

    def _in_segments(self, rows: Index, starts: Array, ends: Array) -> Array:
        """Return the crossings of draws that walk long, their unit costs being near each other.

        Each range is cut into segments that are walked at once. What a walk finds that begins further on is never
        nearer than the range's own crossing, so the nearest that any segment finds is the one.
        """
        base, most, _ = _bounds(self.difference.of(rows))
        width = _STEPS_PER_SEGMENT * (most - base) / self.m[rows] * (1.0 if self.upward else -1.0)
        found, open_ = np.full(rows.size, np.nan), np.arange(rows.size)
        passed = 0
        while open_.size:
            count = max(_SEGMENTS // open_.size, _FEWEST_SEGMENTS)
            number = np.tile(np.arange(passed, passed + count, dtype=float), open_.size)
            of = np.repeat(open_, count)
            at, stop = starts[of] + number * width[of], starts[of] + (number + 1.0) * width[of]
            walks = np.flatnonzero((ends[of] - at) * width[of] >= 0.0)
            reached = np.full(of.size, np.nan)
            reached[walks], _ = self._walked(rows[of[walks]], np.maximum(at[walks], 0.0), stop[walks], np.inf)
            nearest = (np.fmin if self.upward else np.fmax).reduce(reached.reshape(open_.size, count), axis=1)
            found[open_] = nearest
            passed += count
            ended = ~np.isnan(nearest) | ((ends[open_] - starts[open_] - passed * width[open_]) * width[open_] < 0.0)
            open_ = open_[~ended]
        return found
