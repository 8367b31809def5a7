"""Line against one staircase in closed form, for arrays of draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.composite import SAME_SLOPE_RATIO
from tokencross.costs.difference import ROUNDING_RATIO
from tokencross.costs.drawn_difference import DrawnDifference
from tokencross.costs.terms import Array

__all__ = ["LineAndStaircase", "crossings", "line_and_staircase"]


@dataclass(frozen=True)
class LineAndStaircase:
    """A challenger with one staircase against a line, in the symbols of the formula; shape (D,) each.

    ``F``: the challenger's fixed part minus the incumbent's [USD/month]; ``m``: the incumbent's minus the challenger's
    price [USD/token]; ``r`` USD and ``q`` tokens per step; ``N``: the least number of steps, at least 1. With ``r < 0``
    the staircase is the incumbent's and the line the challenger's.
    """

    F: Array
    m: Array
    r: Array
    q: Array
    N: Array

    def of(self, rows: NDArray[np.intp]) -> LineAndStaircase:
        """Return some of the draws."""
        return LineAndStaircase(self.F[rows], self.m[rows], self.r[rows], self.q[rows], self.N[rows])


def line_and_staircase(difference: DrawnDifference) -> LineAndStaircase | None:
    """Return a difference as line against staircase; None when it is anything else.

    Steps that are infinitely wide are a fixed part, and two lines a staircase whose steps cost nothing.
    """
    if difference.others or len(difference.steps) > 1 or any(each.level_count != 1 for each in difference.steps):
        return None
    F, m = difference.level, -difference.slope
    if not difference.steps:
        return LineAndStaircase(F, m, np.zeros_like(F), np.ones_like(F), np.ones_like(F))
    (steps,) = difference.steps
    r = steps.usd * steps.shares[..., 0]
    with np.errstate(divide="ignore"):
        q = steps.tokens / steps.loads[..., 0]
    least = np.broadcast_to(steps.least[..., 0], F.shape)
    wide = np.isinf(q)
    F = np.where(wide, F + r * least, F)
    return LineAndStaircase(F, m, np.where(wide, 0.0, r), np.where(wide, 1.0, q), np.maximum(least, 1.0))


def crossings(pair: LineAndStaircase) -> tuple[Array, Array]:
    r"""Return first and robust breakeven, nan where there is none.

    Returns
    -------
    first, robust : ndarray, shape (D,) or ()
        [tokens/month]

    Notes
    -----
    The challenger costs ``F + r n`` on ``((n - 1) q, n q]`` for ``n >= N`` against ``m V``. It is cheaper at the end of
    step n when ``n (m q - r) > F``, and just after the start of step n when ``F + r n < m (n - 1) q``. With
    ``m q > r`` both hold for all large n, and the crossings lie on the flats of the least such n:

    .. math::
        n_f = \\max(\\lfloor F / (m q - r) \\rfloor + 1, N), \\quad
        n_r = \\max(\\lceil (F + m q) / (m q - r) \\rceil - 1, N), \\quad
        V = \\max(0, (F + r n) / m)

    Otherwise the first flat alone can be cheaper; it stays so only with ``m q = r`` and a head start of a step or more
    (``F + r <= 0``), where the curves at most touch.
    docs/methodology/crossings.md has the derivation.
    """
    theirs = np.flatnonzero(pair.r < 0.0)
    if theirs.size == pair.r.size:
        return _against_staircase(pair)
    F, m, r, q = pair.F, pair.m, pair.r, pair.q
    step_value = np.asarray(m * q, dtype=float)
    gain = np.asarray(step_value - r, dtype=float)
    gain = np.where(np.abs(gain) <= SAME_SLOPE_RATIO * np.abs(step_value), 0.0, gain)
    # a ratio that misses a whole number by rounding counts as that number
    first = _ratio(F, gain, 1.0 + ROUNDING_RATIO, ROUNDING_RATIO)
    first = _volume(np.floor(first, out=first), 1.0, pair)
    robust = _ratio(F + step_value, gain, 1.0 - ROUNDING_RATIO, -ROUNDING_RATIO)
    robust = _volume(np.ceil(robust, out=robust), -1.0, pair)
    losing = ~(gain > 0.0)
    if np.any(losing):
        on_flat, for_good = _without_gain(pair, gain)
        first, robust = np.where(losing, on_flat, first), np.where(losing, for_good, robust)
    if theirs.size:
        first[theirs], robust[theirs] = _against_staircase(pair.of(theirs))
    return first, robust


def _without_gain(pair: LineAndStaircase, gain: Array) -> tuple[Array, Array]:
    """Return first and robust where a step costs at least what the line gains over it.

    Only the first flat can be cheaper, from its crossing on, or all of it when the line is no dearer per token. Where a
    step costs just what it gains, and the head start is a step or more, the flats touch the line at most: for ever.
    """
    F, m, r, q, N = pair.F, pair.m, pair.r, pair.q, pair.N
    with np.errstate(divide="ignore", invalid="ignore"):
        flat = np.maximum(np.asarray((F + r * N) / m), 0.0)
    rising = np.asarray(m > 0.0)
    from_zero = ~rising & np.asarray(F + r * N < 0.0)
    wide = q * N - flat > ROUNDING_RATIO * (q * N)  # narrower windows are rounding
    first = np.where(rising & wide, flat, np.where(from_zero, 0.0, np.nan))
    touching = (gain == 0.0) & np.asarray(F + r <= 0.0) & np.where(rising, True, np.asarray(r == 0.0))
    return first, np.where(touching, first, np.nan)


def _against_staircase(pair: LineAndStaircase) -> tuple[Array, Array]:
    """Return first and robust of a line against a staircase: the other way round.

    With ``p = -m`` the line's price and ``r`` the step's, both on the staircase's terms: the line is cheaper just after
    the start of step n when ``F + p (n - 1) q < r n``, and up to its end when ``F <= n (r - p q)``. So it is first
    cheaper at the start of a step, and last dearer at the end of one; a price below 0 undercuts once and for ever.
    """
    F, p, r, q, N = pair.F, -pair.m, -pair.r, pair.q, pair.N
    gain = r - p * q
    gain = np.where(np.abs(gain) <= SAME_SLOPE_RATIO * r, 0.0, gain)
    ahead = r * N > F
    with np.errstate(divide="ignore", invalid="ignore"):
        after = np.floor((F - p * q) / gain * (1.0 + ROUNDING_RATIO) + ROUNDING_RATIO)
        dearer = np.ceil(F / gain * (1.0 - ROUNDING_RATIO) - ROUNDING_RATIO) - 1.0
        step = np.maximum(np.floor(F / gain * (1.0 + ROUNDING_RATIO) + ROUNDING_RATIO) + 1.0, N)
        on_step = np.where(p < 0.0, (F - r * step) / -p, 0.0)
    first = np.where(ahead, 0.0, np.where(gain > 0.0, np.maximum(after, N) * q, np.nan))
    robust = np.where(gain > 0.0, np.where(dearer >= N, dearer * q, 0.0), np.nan)
    robust = np.where((gain == 0.0) & (F <= 0.0), 0.0, robust)
    once = np.maximum(np.where(step > N, (step - 1.0) * q, 0.0), on_step)
    return np.where(p > 0.0, first, once), np.where(p > 0.0, robust, once)


def _ratio(above: Array, below: Array, factor: float, offset: float) -> Array:
    """Return ``above / below * factor + offset`` in one array."""
    out = np.empty(np.broadcast_shapes(np.shape(above), below.shape))
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(above, below, out=out)
    np.multiply(out, factor, out=out)
    return np.add(out, offset, out=out)


def _volume(steps: Array, further: float, pair: LineAndStaircase) -> Array:
    """Return ``max(0, (F + r n) / m)`` at ``n = max(steps + further, N)``, in the array of steps where that fits."""
    shape = np.broadcast_shapes(steps.shape, *(np.shape(x) for x in (pair.F, pair.m, pair.r, pair.N)))
    out = steps if steps.shape == shape else np.array(np.broadcast_to(steps, shape))
    np.add(out, further, out=out)
    np.maximum(out, pair.N, out=out)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.multiply(out, pair.r, out=out)
        np.add(out, pair.F, out=out)
        np.divide(out, pair.m, out=out)
    return np.maximum(out, 0.0, out=out)
