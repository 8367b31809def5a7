"""Who is cheapest at which volume: the exact lower envelope of several curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokencross.costs.composite import SAME_SLOPE_RATIO, crossings, sum_of_tails
from tokencross.costs.curve import CostCurve
from tokencross.costs.difference import ROUNDING_RATIO, Difference
from tokencross.costs.terms import Array
from tokencross.errors import Problem, ScenarioError

__all__ = ["MOST_STRETCHES", "Stretch", "lower_envelope"]

MOST_STRETCHES = 10_000
_MAX_TOKENS = 1e15
_TIE_RATIO = 1e-14


@dataclass(frozen=True)
class Stretch:
    """A range of volumes (``low``, ``high``] with one cheapest curve, by its place in the list."""

    low: float
    high: float
    winner: int


def lower_envelope(
    curves: Sequence[CostCurve],
    *,
    max_stretches: int = MOST_STRETCHES,
    max_tokens_per_month: float = _MAX_TOKENS,
) -> list[Stretch]:
    """Return who is cheapest from V = 0 on, ascending, neighbours different; the earlier curve wins a tie.

    Parameters
    ----------
    curves : sequence of CostCurve
        Plain curves.
    max_stretches : int
        At most so many stretches; the last one then ends at a finite volume.
    max_tokens_per_month : float
        No further than this where the winner keeps changing. [tokens/month]

    Returns
    -------
    list of Stretch
        The last one reaches to infinity once one curve is seen to stay the cheapest.

    Raises
    ------
    ScenarioError
        If there are no curves, or one has draws.

    Notes
    -----
    Beyond the volume where one curve's upper bounding line lies below all others' lower ones it wins for ever; below,
    breakpoints and pairwise crossings cut the range into pieces with one winner each.
    """
    if not curves or any(curve.draw_count is not None for curve in curves):
        raise ScenarioError(Problem("lower envelope", f"{curves!r}", "at least one curve, none with draws"))
    settled, last_winner = _settled(curves)
    merged: list[Stretch] = []
    low, high = 0.0, min(_first_reach(curves, settled), settled)
    while low < settled and low < max_tokens_per_month and len(merged) <= max_stretches:
        for edges in _all_terms(curves).chunks(low, high):
            _extend(merged, *_winners(curves, edges))
        low, high = high, min(high * 2.0, settled, max(max_tokens_per_month, high))
        if high <= low:
            break
    if last_winner is not None and low >= settled and len(merged) <= max_stretches:
        _extend(merged, np.array([settled]), np.array([math.inf]), np.array([last_winner]))
    return merged[:max_stretches]


def _all_terms(curves: Sequence[CostCurve]) -> Difference:
    """Return all terms of all curves, for their breakpoints."""
    terms = tuple(term for curve in curves for term in curve.terms)
    return Difference((1.0,) * len(terms), terms)


def _settled(curves: Sequence[CostCurve]) -> tuple[float, int | None]:
    """Return from where on one curve wins for ever, and which; (inf, None) when they take turns."""
    tails = [sum_of_tails(curve.terms) for curve in curves]
    least = min(tail.slope for tail in tails)
    tied = [i for i, tail in enumerate(tails) if float(tail.slope - least) <= SAME_SLOPE_RATIO * float(least)]
    winner = min(tied, key=lambda i: (tails[i].upper, i))
    from_volume = max(tail.from_volume for tail in tails)
    for index, tail in enumerate(tails):
        if index in tied:
            same = curves[index].terms == curves[winner].terms
            apart = tail.lower > tails[winner].upper or (tail.lower == tails[winner].upper and index > winner)
            if index != winner and not apart and not same:
                return math.inf, None
        else:
            gap = float(tail.slope - tails[winner].slope)
            from_volume = max(from_volume, (tails[winner].upper - tail.lower) / gap * (1 + 1e-9))
    return from_volume, winner


def _first_reach(curves: Sequence[CostCurve], settled: float) -> float:
    """Return how far to look at first: over the irregular part and some steps."""
    tails = [sum_of_tails(curve.terms) for curve in curves]
    widths = [period for tail in tails for period in tail.periods]
    reach = max([tail.from_volume for tail in tails] + [64.0 * width for width in widths])
    return reach if reach > 0.0 else min(settled, 1.0)


def _winners(
    curves: Sequence[CostCurve], edges: Array
) -> tuple[Array, Array, np.ndarray[tuple[int, ...], np.dtype[np.intp]]]:
    """Return pieces between the edges and pairwise crossings, with the cheapest curve on each."""
    lines = [Difference((1.0,) * len(curve.terms), curve.terms) for curve in curves]
    mids = (edges[:-1] + edges[1:]) / 2
    pairs = [line.lines(mids) for line in lines]
    met = crossings([a for a, _ in pairs], [b for _, b in pairs], edges[:-1], edges[1:])
    edges = np.unique(np.concatenate([edges, met]))
    mids = (edges[:-1] + edges[1:]) / 2
    totals = np.stack([a + b * mids for a, b in (line.lines(mids) for line in lines)])
    least = totals.min(axis=0)
    tied = totals <= least * (1 + _TIE_RATIO)
    return edges[:-1], edges[1:], np.argmax(tied, axis=0)


def _extend(
    merged: list[Stretch], lows: Array, highs: Array, winners: np.ndarray[tuple[int, ...], np.dtype[np.intp]]
) -> None:
    """Add pieces to the stretches: equal neighbours join, slivers that are mere rounding go to the one before."""
    starts = np.concatenate([[0], np.flatnonzero(winners[1:] != winners[:-1]) + 1])
    ends = np.concatenate([starts[1:] - 1, [winners.size - 1]])
    for start, end in zip(starts, ends, strict=True):
        low, high, winner = float(lows[start]), float(highs[end]), int(winners[start])
        sliver = math.isfinite(high) and high - low <= ROUNDING_RATIO * high
        if merged and (merged[-1].winner == winner or sliver):
            merged[-1] = Stretch(merged[-1].low, high, merged[-1].winner)
        else:
            merged.append(Stretch(low, high, winner))
