"""First and robust breakeven of curves whose numbers are draws: in closed form, all draws at once, or one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tokencross.costs import closed_form, rising_steps, sweep
from tokencross.costs.coefficients import taken
from tokencross.costs.difference import subtract
from tokencross.costs.drawn_difference import DrawnDifference, drawn_difference
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.solver import solve
from tokencross.costs.terms import Array, Term
from tokencross.errors import ResolveError

__all__ = ["breakevens_of_draws"]

Index = NDArray[np.intp]

_BLOCK = 1 << 16  # draws worked on at once
_MOST_LEVELS = 1 << 22  # and no more levels of all draws than this: 32 MiB
_MOST_PIECES = 1e9
_FARTHEST = 1e15  # of intervals, which nothing here asks for


def breakevens_of_draws(
    challenger: Sequence[Term], incumbent: Sequence[Term], *, draws: int, keep_share: float
) -> tuple[Array, Array]:
    """Return first and robust breakeven in every draw, nan where there is none.

    Parameters
    ----------
    challenger, incumbent : sequence of Term
        The fewest terms of each (see `tokencross.costs.collapsed`).
    draws : int
        D.
    keep_share : float
        The challenger undercuts where it costs less than this times the incumbent.

    Returns
    -------
    first, robust : ndarray, shape (D,)
        [tokens/month]

    Raises
    ------
    ResolveError
        If two staircases of nearly one unit cost repeat with no common period, in some draw.
    """
    first, robust = np.empty(draws), np.empty(draws)
    block = min(_BLOCK, max(_MOST_LEVELS // _level_count((*challenger, *incumbent)), 1))
    for start in range(0, draws, block):
        rows = slice(start, min(start + block, draws))
        ours, theirs = taken(challenger, rows), taken(incumbent, rows)
        first[rows], robust[rows] = _of_block(ours, theirs, rows.stop - rows.start, keep_share)
    return first, robust


def _level_count(terms: Sequence[Term]) -> int:
    """Return how many levels a draw's own steps have at most."""
    own = (x.shape[-1] for t in terms if isinstance(t, HourlyStaircase) for x in (t.shares, t.loads) if x.ndim > 1)
    return max(own, default=1)


def _of_block(
    challenger: Sequence[Term], incumbent: Sequence[Term], draws: int, keep_share: float
) -> tuple[Array, Array]:
    """Return first and robust breakeven of a block of draws, each by the quickest way that is exact."""
    difference = drawn_difference(challenger, incumbent, keep_share=keep_share, draws=draws)
    pair = closed_form.line_and_staircase(difference)
    if pair is not None:
        return closed_form.crossings(pair)
    if difference.others:
        first, robust, left = sweep.crossings(difference)
    else:
        first, robust, left = rising_steps.crossings(difference)
        rest = np.flatnonzero(left)
        first[rest], robust[rest], left[rest] = sweep.crossings(difference.of(rest))
    rest = np.flatnonzero(left)
    first[rest], robust[rest] = _of_hard_ones(difference, challenger, incumbent, rest, keep_share)
    return first, robust


def _of_hard_ones(
    difference: DrawnDifference, challenger: Sequence[Term], incumbent: Sequence[Term], rows: Index, keep_share: float
) -> tuple[Array, Array]:
    """Return first and robust breakeven one by one; where pieces are too many, from those of a narrower range."""
    first, robust = np.full(rows.size, np.nan), np.full(rows.size, np.nan)
    for place, row in enumerate(rows.tolist()):
        ours, theirs = (tuple(term.draw(row) for term in terms) for terms in (challenger, incumbent))
        try:
            solved = solve(subtract(ours, theirs, keep_share=keep_share), _FARTHEST, 1)
        except ResolveError:
            one = slice(place, place + 1)
            first[one], robust[one], left = sweep.crossings(difference.of(rows[one]), most_pieces=_MOST_PIECES)
            if left[0]:
                raise
            continue
        first[place] = np.nan if solved.first is None else solved.first
        robust[place] = np.nan if solved.robust is None else solved.robust
    return first, robust
