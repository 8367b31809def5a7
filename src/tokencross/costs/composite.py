"""Terms that hold other terms: a minimum bill, and the cheapest of several curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

import numpy as np

from tokencross.citation import Citation
from tokencross.costs.terms import Array, Component, Tail, Term, as_column, flat, hashable, pick
from tokencross.number import FloatOrDraws

__all__ = ["Cheapest", "Minimum", "crossings", "edges_between", "sum_of_lines", "sum_of_tails"]

SAME_SLOPE_RATIO = 1e-14
"""Slopes that differ by less, relative to their size, are the same: the difference is rounding."""


def sum_of_lines(terms: Iterable[Term], volumes: Array) -> tuple[Array, Array]:
    """Return intercept and slope of a sum of terms at volumes."""
    intercept, slope = np.zeros_like(volumes), np.zeros_like(volumes)
    for term in terms:
        term_intercept, term_slope = term.line(volumes)
        intercept = intercept + term_intercept
        slope = slope + term_slope
    return intercept, slope


def sum_of_tails(terms: Iterable[Term], weights: Iterable[float] | None = None) -> Tail:
    """Return the tail of a weighted sum of terms; a negative weight swaps the two lines."""
    terms = list(terms)
    lower = upper = from_volume = 0.0
    slope = Fraction(0)
    periods: set[float] = set()
    for term, weight in zip(terms, weights or [1.0] * len(terms), strict=True):
        tail = term.tail()
        ends = (weight * tail.lower, weight * tail.upper)
        lower, upper = lower + min(ends), upper + max(ends)
        slope += Fraction(weight) * tail.slope
        from_volume = max(from_volume, tail.from_volume)
        periods.update(tail.periods)
    return Tail(lower, upper, slope, from_volume, tuple(sorted(periods)))


def edges_between(terms: Iterable[Term], low: float, high: float) -> Array:
    """Return ``low``, every breakpoint of the terms in between, and ``high``."""
    points = [term.breakpoints(low, high) for term in terms]
    return np.unique(np.concatenate([np.array([low, high]), *points]))


def crossings(intercepts: Sequence[Array], slopes: Sequence[Array], lows: Array, highs: Array) -> Array:
    """Return the volumes inside their pieces at which any two of the lines cross, unsorted."""
    found: list[Array] = []
    for i, j in combinations(range(len(intercepts)), 2):
        gap = slopes[j] - slopes[i]
        with np.errstate(divide="ignore", invalid="ignore"):
            at = (intercepts[i] - intercepts[j]) / gap
        found.append(at[(at > lows) & (at < highs)])
    return np.concatenate(found) if found else np.empty(0)


@dataclass(frozen=True, eq=False)
class Minimum:
    """At least ``usd_per_month``, however little the terms come to."""

    usd_per_month: FloatOrDraws
    terms: tuple[Term, ...]
    label: str = "minimum top-up"
    citations: tuple[Citation, ...] = ()

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """See `Term.line`."""
        intercept, slope = sum_of_lines(self.terms, volumes)
        short = intercept + slope * volumes < as_column(self.usd_per_month, volumes.ndim)
        return np.where(short, flat(self.usd_per_month, volumes), intercept), np.where(short, 0.0, slope)

    def breakpoints(self, low: float, high: float) -> Array:
        """See `Term.breakpoints`."""
        edges = edges_between(self.terms, low, high)
        lows, highs = edges[:-1], edges[1:]
        intercept, slope = sum_of_lines(self.terms, (lows + highs) / 2)
        level = np.full_like(intercept, float(self.usd_per_month))
        met = crossings([intercept, level], [slope, np.zeros_like(slope)], lows, highs)
        return np.unique(np.concatenate([edges[1:-1], met]))

    def tail(self) -> Tail:
        """See `Term.tail`."""
        inner, level = sum_of_tails(self.terms), float(self.usd_per_month)
        if inner.slope == 0 and inner.lower != inner.upper:  # cannot happen with terms that rise or are flat
            return Tail(
                max(inner.lower, level),
                max(inner.upper, level),
                inner.slope,
                inner.from_volume,
                inner.periods,
            )
        if inner.slope == 0:
            level = max(level, inner.lower)
            return Tail(level, level, inner.slope, inner.from_volume)
        settled = (level - inner.lower) / float(inner.slope)
        return replace(inner, from_volume=max(inner.from_volume, settled))

    def components(self, volumes: Array) -> list[Component]:
        """See `Term.components`."""
        parts = [part for term in self.terms for part in term.components(volumes)]
        total = sum((part.usd_per_month for part in parts), np.zeros_like(volumes))
        top_up = np.maximum(as_column(self.usd_per_month, volumes.ndim) - total, 0.0)
        return [*parts, Component(self.label, top_up, self.citations)]

    def key(self) -> tuple[object, ...]:
        """See `Term.key`."""
        return (
            "minimum",
            hashable(self.usd_per_month),
            *sorted((term.key() for term in self.terms), key=repr),
        )

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> Term:
        """See `Term.scaled`."""
        terms = tuple(term.scaled(usd_ratio, share) for term in self.terms)
        return replace(self, usd_per_month=self.usd_per_month * usd_ratio, terms=terms)

    def draw(self, index: int) -> Term:
        """See `Term.draw`."""
        terms = tuple(term.draw(index) for term in self.terms)
        return replace(self, usd_per_month=pick(self.usd_per_month, index), terms=terms)


@dataclass(frozen=True, eq=False)
class Cheapest:
    """At every volume whichever of the members costs least (the earlier one at a tie)."""

    members: tuple[tuple[Term, ...], ...]
    label: str = "cheapest"
    citations: tuple[Citation, ...] = ()

    def _lines(self, volumes: Array) -> tuple[list[Array], list[Array]]:
        """Return the members' lines, all of one shape."""
        lines = [sum_of_lines(terms, volumes) for terms in self.members]
        shape = np.broadcast_shapes(*(part.shape for line in lines for part in line))
        return [np.broadcast_to(a, shape) for a, _ in lines], [np.broadcast_to(b, shape) for _, b in lines]

    def _winner(self, intercepts: list[Array], slopes: list[Array], volumes: Array) -> NDArrayInt:
        """Return the index of the cheapest member."""
        totals = [a + b * volumes for a, b in zip(intercepts, slopes, strict=True)]
        winner: NDArrayInt = np.argmin(np.stack(totals), axis=0)
        return winner

    def line(self, volumes: Array) -> tuple[Array, Array]:
        """See `Term.line`."""
        intercepts, slopes = self._lines(volumes)
        winner = self._winner(intercepts, slopes, volumes)[np.newaxis]
        return (
            np.take_along_axis(np.stack(intercepts), winner, axis=0)[0],
            np.take_along_axis(np.stack(slopes), winner, axis=0)[0],
        )

    def breakpoints(self, low: float, high: float) -> Array:
        """See `Term.breakpoints`."""
        edges = edges_between((term for terms in self.members for term in terms), low, high)
        lows, highs = edges[:-1], edges[1:]
        met = crossings(*self._lines((lows + highs) / 2), lows, highs)
        return np.unique(np.concatenate([edges[1:-1], met]))

    def tail(self) -> Tail:
        """See `Term.tail`."""
        tails = [sum_of_tails(terms) for terms in self.members]
        least = min(tail.slope for tail in tails)
        best = [tail for tail in tails if float(tail.slope - least) <= SAME_SLOPE_RATIO * float(least)]
        upper = min(tail.upper for tail in best)
        from_volume = max(tail.from_volume for tail in tails)
        for tail in tails:
            if tail not in best:  # from here on its lower line is above the best one's upper line
                from_volume = max(from_volume, (upper - tail.lower) / float(tail.slope - least))
        lower = min(tail.lower for tail in best)
        periods = tuple(sorted({period for tail in best for period in tail.periods}))
        return Tail(lower, upper, least, from_volume, periods)

    def components(self, volumes: Array) -> list[Component]:
        """See `Term.components`."""
        winner = self._winner(*self._lines(volumes), volumes)
        return [
            replace(part, usd_per_month=np.where(winner == index, part.usd_per_month, 0.0))
            for index, terms in enumerate(self.members)
            for term in terms
            for part in term.components(volumes)
        ]

    def key(self) -> tuple[object, ...]:
        """See `Term.key`."""
        return ("cheapest", *(tuple(sorted((t.key() for t in terms), key=repr)) for terms in self.members))

    def scaled(self, usd_ratio: FloatOrDraws, share: FloatOrDraws) -> Term:
        """See `Term.scaled`."""
        return replace(
            self,
            members=tuple(tuple(term.scaled(usd_ratio, share) for term in terms) for terms in self.members),
        )

    def draw(self, index: int) -> Term:
        """See `Term.draw`."""
        return replace(self, members=tuple(tuple(term.draw(index) for term in terms) for terms in self.members))


NDArrayInt = np.ndarray[tuple[int, ...], np.dtype[np.intp]]
