"""Capacity bought in whole steps hour by hour: the sum of a staircase per level of a load that rises and falls."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.costs.level_steps import mean_steps
from tokencross.costs.terms import FULL_STEP_RATIO, Array, Component, Fixed, Tail, Term, as_column, hashable, pick
from tokencross.number import FloatOrDraws

__all__ = ["HourlyStaircase"]

_BLOCK = 1 << 18  # steps worked out at once
_MOST_JUMPS = 1 << 20
_MANY = 2_048  # ascending volumes from which on the jumps between them are added up instead


@dataclass(frozen=True, eq=False)
class HourlyStaircase:
    """Whole steps by the level of the load: ``usd_per_step * sum(shares * max(min_steps, ceil(V * loads / tokens)))``.

    Attributes
    ----------
    usd_per_step : float or ndarray, shape (D,)
        One step all month. [USD/month]
    tokens_per_step : float or ndarray, shape (D,)
        What one step serves at a load of 1. [tokens/month]
    shares : ndarray, shape (L,) or (D, L)
        Share of the month that each level takes. Negative ones take off what another term pays; the sum must never
        fall as V grows.
    loads : ndarray, shape (L,) or (D, L)
        Load of each level over the mean.
    min_steps : ndarray, shape (L,) or (D, L)
        Steps bought whatever the volume.
    label, citations
        As in every term.

    Notes
    -----
    A full step is inclusive, as in `Staircase`: level j needs n steps up to ``n * tokens_per_step / loads[j]``.
    """

    usd_per_step: FloatOrDraws
    tokens_per_step: FloatOrDraws
    shares: Array
    loads: Array
    min_steps: Array
    label: str = "capacity"
    citations: tuple[Citation, ...] = ()

    @property
    def _plain(self) -> bool:
        parts = (self.usd_per_step, self.tokens_per_step)
        rows = (self.shares, self.loads, self.min_steps)
        return not any(isinstance(x, np.ndarray) for x in parts) and all(x.ndim == 1 for x in rows)

    def widths(self) -> Array:
        """Return the tokens per step of every level that has any; plain coefficients only. [tokens/month]"""
        used = self.loads[self.loads > 0.0]
        return float(self.tokens_per_step) / used

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """See `Term.line`."""
        if not self._plain:
            return self._of_draws(volumes), np.zeros_like(volumes)
        points = volumes.reshape(-1)
        if points.size >= _MANY and bool(np.all(points[1:] >= points[:-1])) and self._jumps(points) <= _MOST_JUMPS:
            steps = self._ascending(points)
        else:
            steps = self._dense(points)
        return (float(self.usd_per_step) * steps).reshape(volumes.shape), np.zeros_like(volumes)

    def _jumps(self, points: Array) -> float:
        """Return about how many jumps lie between the first and the last volume."""
        return float((points[-1] - points[0]) * self.loads.sum() / float(self.tokens_per_step))

    def _dense(self, points: Array) -> Array:
        """Return the mean number of steps, worked out level by level."""
        per_token = self.loads / (float(self.tokens_per_step) * FULL_STEP_RATIO)
        out = np.empty(points.size)
        rows = max(_BLOCK // self.loads.size, 1)
        for start in range(0, points.size, rows):
            steps = np.multiply.outer(points[start : start + rows], per_token)
            np.ceil(steps, out=steps)
            np.maximum(steps, self.min_steps, out=steps)
            out[start : start + rows] = steps @ self.shares
        return out

    def _ascending(self, points: Array) -> Array:
        """Return the same for ascending volumes: the steps at the first one, and every jump since.

        The jumps are added up in extended precision, so that many of them do not blur a tie.
        """
        at, level = self._steps_between(points[0], points[-1])
        at = at * FULL_STEP_RATIO
        order = np.argsort(at, kind="stable")
        risen = np.concatenate([[np.longdouble(0.0)], np.cumsum(self.shares[level[order]], dtype=np.longdouble)])
        passed = np.searchsorted(at[order], points, side="left")
        start = self._dense(points[:1])[0] - risen[passed[0]]
        total: Array = (start + risen[passed]).astype(np.float64)
        return total

    def _steps_between(self, low: float, high: float) -> tuple[Array, NDArray[np.intp]]:
        """Return the volumes strictly between at which a level takes one more step, and which level it is."""
        levels = np.flatnonzero(self.loads > 0.0)
        widths = float(self.tokens_per_step) / self.loads[levels]
        first = np.maximum(np.maximum(np.floor(low / widths), self.min_steps[levels]), 1.0)
        counts = np.maximum(np.ceil(high / widths) - first + 1.0, 0.0).astype(np.intp)
        ends = np.cumsum(counts)
        number = np.arange(ends[-1] if ends.size else 0) - np.repeat(ends - counts, counts)
        points = (np.repeat(first, counts) + number) * np.repeat(widths, counts)
        inside = (points > low) & (points < high)
        return points[inside], np.repeat(levels, counts)[inside]

    def _of_draws(self, volumes: Array) -> Array:
        """Return the cost with draws first, also at volumes that are a row for each draw."""
        usd, tokens = (as_column(x, volumes.ndim) for x in (self.usd_per_step, self.tokens_per_step))
        points = np.asarray(np.where(np.isinf(tokens), -1.0, volumes / tokens), dtype=float)
        rows = (self.shares, self.loads, self.min_steps)
        draws = max((x.shape[0] for x in rows if x.ndim > 1), default=0)
        if not draws:
            return np.asarray(usd * mean_steps(points.reshape(-1), *rows).reshape(points.shape))
        beside = (
            (1,) if any(x.ndim > 2 for x in rows) else (1,) * volumes.ndim
        )  # in pairs, or every draw at all volumes
        shape = np.broadcast_shapes(points.shape, (draws, *beside))
        own = [_for_draws(x, shape[0]) for x in rows]
        columns = np.broadcast_to(points, shape).reshape(shape[0], -1)
        steps = np.empty(columns.shape)
        for column in range(columns.shape[1]):
            steps[:, column] = mean_steps(columns[:, column], *own)
        return np.asarray(usd * steps.reshape(shape))

    def breakpoints(self, low: float, high: float) -> Array:
        """See `Term.breakpoints`."""
        return np.unique(self._steps_between(low, high)[0])

    def tail(self) -> Tail:
        """See `Term.tail`."""
        usd, tokens = float(self.usd_per_step), float(self.tokens_per_step)
        used = self.loads > 0.0
        idle = usd * math.fsum((self.shares * self.min_steps)[~used])
        rising = self.shares[used]
        widths = self.widths()
        slope = Fraction(usd * math.fsum(rising * self.loads[used])) / Fraction(tokens)
        settled = float(np.max(np.maximum(self.min_steps[used] - 1.0, 0.0) * widths, initial=0.0))
        lower, upper = (usd * math.fsum(part) for part in (np.minimum(rising, 0.0), np.maximum(rising, 0.0)))
        return Tail(idle + lower, idle + upper, slope, settled, tuple(np.unique(widths).tolist()))

    def components(self, volumes: Array) -> list[Component]:
        """See `Term.components`."""
        return [Component(self.label, self.line(volumes)[0], self.citations)]

    def key(self) -> tuple[object, ...]:
        """See `Term.key`."""
        parts = (self.usd_per_step, self.tokens_per_step, self.shares, self.loads, self.min_steps)
        return ("hourly staircase", *(hashable(x) for x in parts))

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> Term:
        """See `Term.scaled`."""
        shown = np.asarray(share)[..., np.newaxis] if isinstance(share, np.ndarray) else share
        return replace(self, usd_per_step=self.usd_per_step * usd_ratio, loads=self.loads * shown)

    def draw(self, index: int) -> Term:
        """See `Term.draw`."""
        shares, loads, least = (x[index] if x.ndim > 1 else x for x in (self.shares, self.loads, self.min_steps))
        usd, tokens = pick(self.usd_per_step, index), pick(self.tokens_per_step, index)
        plain = replace(self, usd_per_step=usd, tokens_per_step=tokens, shares=shares, loads=loads, min_steps=least)
        if np.any(plain.loads > 0.0) and np.isfinite(tokens):
            return plain
        return Fixed(usd * float(plain.shares @ plain.min_steps), self.label, self.citations)


def _for_draws(levels: Array, draws: int) -> Array:
    """Return levels as one row for all draws, or a row for each."""
    if levels.ndim == 1:
        return levels
    rows = levels.reshape(levels.shape[0], levels.shape[-1])
    return rows[0] if rows.shape[0] < draws else rows
