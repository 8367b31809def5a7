"""Challenger minus incumbent with draws: a line, steps of either sign, and the terms that are neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tokencross.costs.coefficients import taken
from tokencross.costs.composite import SAME_SLOPE_RATIO
from tokencross.costs.difference import SNAP_RATIO
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.level_steps import apart_from_line, mean_steps
from tokencross.costs.terms import Array, Fixed, PerToken, Staircase, Term
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["DrawnDifference", "Steps", "drawn_difference", "less", "snapped"]


@dataclass(frozen=True)
class Steps:
    """Steps by the level of a load: ``usd * sum(shares * max(least, ceil(V * loads / tokens)))``.

    Attributes
    ----------
    usd : ndarray, shape (D,)
        Of a step all month, negative where it is the incumbent's. [USD/month]
    tokens : ndarray, shape (D,)
        What a step serves at a load of 1; infinite where only the least number is ever bought. [tokens/month]
    shares, loads, least : ndarray, shape (L,) or (D, L)
        As in `HourlyStaircase`.
    """

    usd: Array
    tokens: Array
    shares: Array
    loads: Array
    least: Array

    @property
    def level_count(self) -> int:
        """L."""
        return int(np.broadcast_shapes(*(x.shape[-1:] for x in (self.shares, self.loads, self.least)))[0])

    @property
    def rising(self) -> NDArray[np.bool_]:
        """In which draws no step is a discount, shape (D,)."""
        return np.asarray((self.usd >= 0.0) & np.all(self.shares >= 0.0, axis=-1))

    @property
    def bounds(self) -> tuple[Array, Array, Array]:
        """Intercepts of two lines that bound the cost at every V > 0, and their slope; shape (D,) each.

        ``x <= max(least, ceil(x)) <= x + max(least, 1)`` for every level with load. [USD/month, USD/token]
        """
        used, bought = self.loads > 0.0, self.shares * self.least
        most = np.where(used, np.maximum(self.least, 1.0), 0.0)
        wide = np.isinf(self.tokens)
        level = np.where(wide, np.sum(bought, axis=-1), np.sum(np.where(used, 0.0, bought), axis=-1))
        below = np.where(wide, 0.0, np.sum(np.minimum(self.shares, 0.0) * most, axis=-1))
        above = np.where(wide, 0.0, np.sum(np.maximum(self.shares, 0.0) * most, axis=-1))
        ends = self.usd * (level + below), self.usd * (level + above)
        slope = self.usd * np.sum(self.shares * self.loads, axis=-1) / self.tokens
        return np.minimum(*ends), np.maximum(*ends), slope

    def bounds_between(self, low: Array, high: Array) -> tuple[Array, Array]:
        """Return intercepts of two lines of the same slope that bound the cost from ``low`` to ``high``, (D,) each."""
        below, above = apart_from_line(low / self.tokens, high / self.tokens, self.shares, self.loads, self.least)
        wide, bought = np.isinf(self.tokens), np.sum(self.shares * self.least, axis=-1)
        ends = self.usd * np.where(wide, bought, below), self.usd * np.where(wide, bought, above)
        return np.minimum(*ends), np.maximum(*ends)

    def of(self, rows: NDArray[np.intp]) -> Steps:
        """Return the steps of some draws."""
        shares, loads, least = (x[rows] if x.ndim > 1 else x for x in (self.shares, self.loads, self.least))
        return Steps(self.usd[rows], self.tokens[rows], shares, loads, least)

    def cost(self, volumes: Array, *, above: bool) -> Array:
        """Return what each draw's steps cost at its volume, or just above it, shape (D,). [USD/month]"""
        points = np.where(np.isinf(self.tokens), -1.0, volumes / self.tokens)
        return self.usd * mean_steps(points, self.shares, self.loads, self.least, above=above)


@dataclass(frozen=True)
class DrawnDifference:
    """What the challenger costs more than the incumbent: ``level + slope * V + steps + others``.

    Attributes
    ----------
    level, slope : ndarray, shape (D,)
        Of the line. [USD/month, USD/token]
    level_size, slope_size : ndarray, shape (D,)
        The same with every part's amount: what is small beside them is rounding.
    steps : tuple of Steps
        Those of the challenger, those of the incumbent with a negative price, and what is left of those of both.
    others : tuple of (weight, Term)
        Terms that are neither, and how often they count.
    """

    level: Array
    slope: Array
    level_size: Array
    slope_size: Array
    steps: tuple[Steps, ...]
    others: tuple[tuple[float, Term], ...]

    def of(self, rows: NDArray[np.intp]) -> DrawnDifference:
        """Return the difference in some draws."""
        level, slope, level_size, slope_size = (
            x[rows] for x in (self.level, self.slope, self.level_size, self.slope_size)
        )
        others = tuple((weight, taken([term], rows)[0]) for weight, term in self.others)
        return DrawnDifference(
            level, slope, level_size, slope_size, tuple(each.of(rows) for each in self.steps), others
        )


def drawn_difference(
    challenger: Iterable[Term], incumbent: Iterable[Term], *, keep_share: float, draws: int
) -> DrawnDifference:
    """Return challenger minus ``keep_share`` times incumbent, equal steps of both sides taken off each other.

    Parameters
    ----------
    challenger, incumbent : iterable of Term
        The fewest terms of each (see `tokencross.costs.collapsed`).
    keep_share : float
        What the incumbent's cost counts for.
    draws : int
        D.
    """
    lines = {Fixed: [np.zeros(draws), np.zeros(draws)], PerToken: [np.zeros(draws), np.zeros(draws)]}
    steps: list[tuple[Steps, Array]] = []  # with the size of the prices that they are the difference of
    others = []
    for weight, terms in ((1.0, challenger), (-keep_share, incumbent)):
        for term in terms:
            match term:
                case Fixed():
                    _add(lines[Fixed], weight * np.asarray(term.usd_per_month))
                case PerToken():
                    _add(lines[PerToken], weight * np.asarray(term.usd_per_mtok))
                case Staircase() | HourlyStaircase():
                    _add_steps(steps, _steps(term, weight, draws))
                case _:
                    others.append((weight, term))
    (level, level_size), (price, price_size) = (
        (less(total, SAME_SLOPE_RATIO * size), size) for total, size in lines.values()
    )
    left = tuple(replace(each, usd=less(each.usd, SAME_SLOPE_RATIO * size)) for each, size in steps)
    tokens = TOKENS_PER_MTOK
    return DrawnDifference(level, price / tokens, level_size, price_size / tokens, left, tuple(others))


def less(total: Array, rounding: Array) -> Array:
    """Return a sum, 0 where it is no more than rounding."""
    return np.where(np.abs(total) <= rounding, 0.0, total)


def snapped(total: Array, size: Array) -> Array:
    """Return a sum of costs, 0 where nothing but the rounding of its parts is left."""
    return less(total, SNAP_RATIO * size)


def _add(sums: list[Array], part: Array) -> None:
    """Add a part to a total, and its amount to the total's size."""
    sums[0] += part
    sums[1] += np.abs(part)


def _steps(term: Staircase | HourlyStaircase, weight: float, draws: int) -> Steps:
    """Return a term as steps by level, a price and a width for each draw."""
    if isinstance(term, Staircase):
        levels = [np.ones(1), np.ones(1), np.asarray(term.min_steps, dtype=float)[..., np.newaxis]]
    else:
        levels = [term.shares, term.loads, term.min_steps]
    if draws > 1:  # one row is that of all draws
        levels = [x[0] if x.ndim > 1 and x.shape[0] == 1 else x for x in levels]
    usd, tokens = np.full(draws, weight * term.usd_per_step), np.full(draws, term.tokens_per_step)
    return Steps(usd, tokens, *levels)


def _add_steps(known: list[tuple[Steps, Array]], new: Steps) -> None:
    """Add steps to those that differ from them in their price alone, or to the end."""
    for place, (each, size) in enumerate(known):
        rows = ((each.shares, new.shares), (each.loads, new.loads), (each.least, new.least))
        if np.array_equal(each.tokens, new.tokens) and all(np.array_equal(a, b) for a, b in rows):
            known[place] = (replace(each, usd=each.usd + new.usd), size + np.abs(new.usd))
            return
    known.append((new, np.abs(new.usd)))
