"""The mean number of whole steps over the levels of a load, at many points: level by level, or from a table of jumps.

Points are volumes in steps of an even load: ``V / tokens_per_step``; a negative point stands for steps that are
infinitely wide, of which only the least number is ever bought. Nothing here depends on how many points there are: each
is worked out as if it were alone, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.terms import FULL_STEP_RATIO, Array

__all__ = ["StepTable", "apart_from_line", "mean_steps", "step_table"]

_BLOCK = 1 << 16  # steps worked out at once: half a mebibyte
_FEW_LEVELS = 12  # a table is quicker from here on
_MOST_JUMPS = 1 << 19
_MOST_HALVINGS = 12
_BUCKETS_PER_JUMP = 2
_FEW_JUMPS = 6  # in one bucket; more of them are searched


def mean_steps(points: Array, shares: Array, loads: Array, least: Array, *, above: bool = False) -> Array:
    """Return ``sum(shares * max(least, ceil(points * loads)))`` at each point.

    Parameters
    ----------
    points : ndarray, shape (N,)
        Volumes in steps of an even load.
    shares, loads, least : ndarray, shape (L,) or (N, L)
        Share of the month, load over the mean, and least number of steps, by level.
    above : bool
        Just above each point: a step that is full there, or full but for a share of 1e-12, is used up.

    Returns
    -------
    ndarray, shape (N,)
    """
    limit = _limit(shares, loads, least)
    if limit is None:
        return _by_level(points, shares, loads, least, above=above)
    near = points <= limit
    if np.all(near):
        return _from_table(points, shares, loads, least, limit, above=above)
    out = np.empty_like(points)
    out[near] = _from_table(points[near], shares, loads, least, limit, above=above)
    out[~near] = _by_level(points[~near], shares, loads, least, above=above)
    return out


def apart_from_line(low: Array, high: Array, shares: Array, loads: Array, least: Array) -> tuple[Array, Array]:
    """Return how far the mean steps are from ``sum(shares * loads) * point`` at least and at most in a range.

    Parameters
    ----------
    low, high : ndarray, shape (N,)
        Ends of each range, in steps of an even load.
    shares, loads, least : ndarray, shape (L,) or (N, L)
        As in `mean_steps`; shares of any sign.

    Returns
    -------
    lowest, highest : ndarray, shape (N,)

    Notes
    -----
    With ``y`` the load of a level, ``0 <= max(least, ceil(y)) - y <= max(least - y, 1)``, whose right side falls.
    Many levels are hardly ever all at the same end of a step: a table knows how far apart they really come.
    """
    if low.size == 0:
        return np.zeros(0), np.zeros(0)
    table = step_table(shares, loads, least)
    begin = np.maximum(low, 0.0) if table is None else np.zeros(1)  # of many levels no more than bounds for all volumes
    most = np.where(loads > 0.0, np.maximum(least - begin[:, np.newaxis] * loads, 1.0), least)
    lowest, highest = (np.sum(np.where(loads > 0.0, part, shares) * most, axis=1) for part in _signs(shares))
    if table is None:
        return np.broadcast_to(lowest, low.shape), np.broadcast_to(highest, low.shape)
    near = high <= table.limit
    below, above = table.apart_beyond(np.where(near, low, 0.0))
    return np.where(near, below, lowest), np.where(near, above, highest)


def step_table(shares: Array, loads: Array, least: Array) -> StepTable | None:
    """Return the table of all jumps up to its limit; None for levels that have none, by their shape alone."""
    limit = _limit(shares, loads, least)
    if limit is None or not np.isfinite(limit):
        return None
    return _table(shares.tobytes(), loads.tobytes(), least.tobytes(), limit)


def _signs(shares: Array) -> tuple[Array, Array]:
    """Return the shares below 0 and those above."""
    return np.minimum(shares, 0.0), np.maximum(shares, 0.0)


def _limit(shares: Array, loads: Array, least: Array) -> float | None:
    """Return up to which point a table tells the steps; None for levels that have none, by their shape alone."""
    tabled = shares.ndim == loads.ndim == least.ndim == 1 and loads.size >= _FEW_LEVELS
    if not tabled or not np.all(least == np.floor(least)):
        return None
    return _MOST_JUMPS / float(np.sum(loads)) if np.any(loads > 0.0) else np.inf


def _by_level(points: Array, shares: Array, loads: Array, least: Array, *, above: bool) -> Array:
    """Return the steps worked out for every level."""
    levels = np.broadcast_shapes(shares.shape[-1:], loads.shape[-1:], least.shape[-1:])[0]
    out = np.empty(points.size)
    rows = max(_BLOCK // max(levels, 1), 1)
    for start in range(0, points.size, rows):
        block = slice(start, start + rows)
        own_shares, own_loads, own_least = (x[block] if x.ndim > 1 else x for x in (shares, loads, least))
        steps = points[block, np.newaxis] * own_loads
        if above:
            steps *= FULL_STEP_RATIO
            np.floor(steps, out=steps)
            steps += np.where(own_loads > 0.0, 1.0, 0.0)
        else:
            steps /= FULL_STEP_RATIO
            np.ceil(steps, out=steps)
        np.maximum(steps, own_least, out=steps)
        steps *= own_shares
        np.sum(steps, axis=1, out=out[block])  # along a row: one order, however many rows there are
    return out


def _from_table(points: Array, shares: Array, loads: Array, least: Array, limit: float, *, above: bool) -> Array:
    """Return the steps as those at 0 and every jump up to each point."""
    far = float(np.max(points, initial=0.0))
    halvings = min(int(np.log2(limit / far)), _MOST_HALVINGS) if far > 0.0 and np.isfinite(limit) else 0
    table = _table(shares.tobytes(), loads.tobytes(), least.tobytes(), limit / 2.0**halvings)
    return table.steps_above(points) if above else table.steps_at(points)


@dataclass(frozen=True)
class StepTable:
    """Every point at which a level takes one more step, and the mean number of steps before, between and after them.

    Attributes
    ----------
    jumps : ndarray, shape (K + 1,)
        Points of the jumps, ascending, and infinity.
    steps : ndarray, shape (K + 1,)
        Mean number of steps before each.
    passed : ndarray of int
        How many jumps lie safely below each of many equally wide buckets: where to begin to count.
    per_point : float
        Buckets per step of an even load.
    slope : float
        Mean steps per point in the long run.
    limit : float
        Up to which point all jumps are there.
    """

    jumps: Array
    steps: Array
    passed: NDArray[np.int32]
    per_point: float
    slope: float
    limit: float

    def apart_beyond(self, points: Array) -> tuple[Array, Array]:
        """Return how far from the line of their slope the steps are at least and at most, from points to the end."""
        at = np.searchsorted(self.jumps, points / FULL_STEP_RATIO)
        return self._apart[0][at], self._apart[1][at]

    @cached_property
    def _apart(self) -> tuple[Array, Array]:
        """The least and the most from the piece before each jump on to the end of the table."""
        steps, ends = self.steps[:-1], self.jumps[:-1]
        begins = np.concatenate([[0.0], ends[:-1]])
        least, most = steps - self.slope * ends, steps - self.slope * begins
        lowest, highest = np.minimum.accumulate(least[::-1])[::-1], np.maximum.accumulate(most[::-1])[::-1]
        return np.append(lowest, np.inf), np.append(highest, -np.inf)

    def steps_at(self, points: Array) -> Array:
        """Return the mean steps at points, a full step included."""
        return self._looked_up(points / FULL_STEP_RATIO, np.less, "left")

    def steps_above(self, points: Array) -> Array:
        """Return the mean steps just above points."""
        return self._looked_up(points * FULL_STEP_RATIO, np.less_equal, "right")

    def _looked_up(self, points: Array, before: np.ufunc, side: Literal["left", "right"]) -> Array:
        """Return the steps after all jumps before each point: what a binary search finds, some five times as fast."""
        bucket = (points * self.per_point).astype(np.int32)
        at = self.passed[np.maximum(bucket, 0, out=bucket)]
        for _ in range(_FEW_JUMPS):
            behind = before(self.jumps[at], points)
            if not np.any(behind):
                return self.steps[at]
            at += behind
        at[behind] = np.searchsorted(self.jumps, points[behind], side=side)
        return self.steps[at]


@lru_cache(maxsize=4)  # some 20 MiB each at most
def _table(shares_bytes: bytes, loads_bytes: bytes, least_bytes: bytes, reach: float) -> StepTable:
    """Return the table of all jumps up to a point.

    Steps are added up from 0 on in extended precision: a longer table begins with a shorter one, bit for bit.
    """
    shares, loads, least = (np.frombuffer(x) for x in (shares_bytes, loads_bytes, least_bytes))
    used = np.flatnonzero(loads > 0.0)
    counts = np.maximum(np.floor(reach * loads[used] * FULL_STEP_RATIO) + 1.0 - least[used], 0.0) + 1.0
    numbers = [low + np.arange(count) for low, count in zip(least[used], counts, strict=True)]
    level = np.repeat(used, counts.astype(np.intp))
    jumps = np.concatenate([*numbers, []]) / loads[level]
    order = np.argsort(jumps, kind="stable")
    jumps = np.append(jumps[order], np.inf)
    risen = np.cumsum(shares[level[order]], dtype=np.longdouble)
    steps = np.sum((shares * least).astype(np.longdouble)) + np.concatenate([[np.longdouble(0.0)], risen])
    per_point = _BUCKETS_PER_JUMP * jumps.size / reach if np.isfinite(reach) else 0.0
    edges = (np.arange(np.ceil(per_point * reach) + 1.0 if per_point else 1.0) - 1e-3) / (per_point or 1.0)
    slope = float(np.sum(shares * loads))
    passed = np.searchsorted(jumps, edges).astype(np.int32)
    return StepTable(jumps, steps.astype(np.float64), passed, per_point, slope, reach)
