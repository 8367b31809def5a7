"""Why there is no breakeven, or none that lasts, in a sentence with the figures."""

from __future__ import annotations

import math

import numpy as np

from tokencross.costs.composite import sum_of_tails
from tokencross.costs.curve import CostCurve
from tokencross.costs.difference import Difference
from tokencross.units import TOKENS_PER_MTOK, format_count, format_unit_price, format_usd

__all__ = ["least_usd_per_mtok", "limit_usd_per_mtok", "why_never", "why_not_for_ever"]

_STEPS_LOOKED_AT = 2_000


def limit_usd_per_mtok(curve: CostCurve) -> float:
    """Return what a million tokens costs on average as volume grows without bound. [USD per million tokens]"""
    return float(sum_of_tails(curve.terms).slope) * TOKENS_PER_MTOK


def least_usd_per_mtok(curve: CostCurve) -> float:
    """Return the least that a million tokens ever costs on average. [USD per million tokens]

    The average is lowest at the end of a piece or in the limit; pieces beyond the irregular part come closer to the
    limit and are looked at for a number of steps.
    """
    difference = Difference((1.0,) * len(curve.terms), curve.terms)
    widths = difference.step_widths
    high = difference.tail.from_volume + _STEPS_LOOKED_AT * max(widths, default=0.0)
    limit = limit_usd_per_mtok(curve)
    if high <= 0.0 or difference.pieces_between(0.0, high) > 100 * _STEPS_LOOKED_AT:
        return limit
    ends = difference.edges(0.0, high)[1:]
    return min(limit, float(np.min(curve.usd_per_mtok(ends))))


def why_never(challenger: CostCurve, incumbent: CostCurve, keep_share: float) -> str:
    """Return why the challenger never undercuts."""
    mine, theirs = least_usd_per_mtok(challenger), limit_usd_per_mtok(incumbent)
    margin = "" if keep_share == 1.0 else f" less the margin of {(1.0 - keep_share) * 100:.3g}%"
    if not math.isclose(mine, theirs * keep_share, rel_tol=1e-12) and mine > theirs * keep_share:
        return (
            f"never cheaper: the challenger comes down to {format_unit_price(mine)} at best, "
            f"the incumbent's further tokens cost {format_unit_price(theirs)}{margin}"
        )
    gap = challenger.usd_per_month(0.0) - keep_share * incumbent.usd_per_month(0.0)
    if gap == 0.0 and math.isclose(mine, theirs * keep_share, rel_tol=1e-12):
        return f"never cheaper: both cost {format_unit_price(theirs)}{margin}"
    return (
        f"never cheaper: unit costs meet at {format_unit_price(mine)} against {format_unit_price(theirs)}{margin}, "
        f"and the challenger starts {format_usd(gap)}/month above"
    )


def why_not_for_ever(
    challenger: CostCurve,
    incumbent: CostCurve,
    keep_share: float,
    intervals: tuple[tuple[float, float], ...],
    count: int | float,
) -> str:
    """Return why the challenger does not stay cheaper."""
    mine, theirs = limit_usd_per_mtok(challenger), limit_usd_per_mtok(incumbent) * keep_share
    if math.isinf(count):
        return f"cheaper in turns for ever: steps of one unit cost, {format_unit_price(mine)}, interleave"
    end = f" up to {format_count(intervals[-1][1])} tokens/month" if intervals and count == len(intervals) else ""
    return (
        f"cheaper only{end}: beyond, further tokens cost {format_unit_price(mine)} against {format_unit_price(theirs)}"
    )
