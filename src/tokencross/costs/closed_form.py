"""Line against one staircase in closed form, for plain coefficients and for arrays of draws."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tokencross.costs.composite import SAME_SLOPE_RATIO
from tokencross.costs.curve import CostCurve
from tokencross.costs.difference import ROUNDING_RATIO
from tokencross.costs.terms import Array, Fixed, PerToken, Staircase
from tokencross.number import FloatOrDraws
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["LineAndStaircase", "crossings", "line_and_staircase"]


@dataclass(frozen=True)
class LineAndStaircase:
    """A challenger with one staircase against a line, in the symbols of the formula.

    ``F``: the challenger's fixed part minus the incumbent's [USD/month]; ``m``: the incumbent's minus the challenger's
    price [USD/token]; ``r`` USD and ``q`` tokens per step; ``N``: the least number of steps, at least 1.
    """

    F: FloatOrDraws
    m: FloatOrDraws
    r: FloatOrDraws
    q: FloatOrDraws
    N: FloatOrDraws


def line_and_staircase(challenger: CostCurve, incumbent: CostCurve, keep_share: float) -> LineAndStaircase | None:
    """Return the two curves as line against staircase; None when they are anything else."""
    fixed: FloatOrDraws = 0.0
    price: FloatOrDraws = 0.0
    stairs: list[Staircase] = []
    for sign, curve in ((1.0, challenger), (-keep_share, incumbent)):
        for term in curve.terms:
            match term:
                case Fixed():
                    fixed = fixed + sign * term.usd_per_month
                case PerToken():
                    price = price - sign * term.usd_per_mtok
                case Staircase() if sign > 0.0:
                    _join(stairs, term)
                case _:
                    return None
    if not stairs:  # two lines: a staircase whose steps cost nothing
        stairs.append(Staircase(0.0, 1.0))
    if len(stairs) > 1 or np.any(np.isinf(stairs[0].tokens_per_step)):
        return None
    least = np.maximum(stairs[0].min_steps, 1.0)
    return LineAndStaircase(fixed, price / TOKENS_PER_MTOK, stairs[0].usd_per_step, stairs[0].tokens_per_step, least)


def _join(stairs: list[Staircase], term: Staircase) -> None:
    """Add a staircase; the parts of one fleet's bill have the same steps and are one."""
    for index, known in enumerate(stairs):
        same = np.array_equal(known.tokens_per_step, term.tokens_per_step)
        if same and np.array_equal(known.min_steps, term.min_steps):
            stairs[index] = replace(known, usd_per_step=known.usd_per_step + term.usd_per_step)
            return
    stairs.append(term)


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
        first = np.where(losing, on_flat, first)
        robust = np.where(losing, for_good, robust)
    return np.asarray(first, dtype=float), np.asarray(robust, dtype=float)


def _without_gain(pair: LineAndStaircase, gain: Array) -> tuple[Array, Array]:
    """Return first and robust where a step costs at least what the line gains over it.

    Only the first flat can be cheaper, from its crossing on, or all of it when the line is no dearer per token. Where a
    step costs just what it gains, and the head start is a step or more, the flats touch the line at most: for ever.
    """
    F, m, r, N = pair.F, pair.m, pair.r, pair.N
    with np.errstate(divide="ignore", invalid="ignore"):
        flat = np.maximum(np.asarray((F + r * N) / m), 0.0)
    rising = np.asarray(m > 0.0)
    from_zero = ~rising & np.asarray(F + r * N < 0.0)
    first = np.where(rising & np.asarray(N * gain > F), flat, np.where(from_zero, 0.0, np.nan))
    touching = (gain == 0.0) & np.asarray(F + r <= 0.0) & np.where(rising, True, np.asarray(r == 0.0))
    return first, np.where(touching, first, np.nan)


def _ratio(above: FloatOrDraws, below: Array, factor: float, offset: float) -> Array:
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
    np.multiply(out, pair.r, out=out)
    np.add(out, pair.F, out=out)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(out, pair.m, out=out)
    return np.maximum(out, 0.0, out=out)
