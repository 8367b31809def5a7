"""Challenger minus incumbent, with what they share cancelled, and the windows in which it is negative."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tokencross.costs.composite import SAME_SLOPE_RATIO, Cheapest, Minimum, sum_of_tails
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.overflow import CheapestSteps, Overflow
from tokencross.costs.terms import Array, Fixed, PerToken, Staircase, Tail, Term

__all__ = ["ROUNDING_RATIO", "SNAP_RATIO", "Difference", "Windows", "subtract", "windows_between"]

ROUNDING_RATIO = 1e-12
"""Gaps and windows narrower than this, relative to their volume, are rounding."""

SNAP_RATIO = 8 * float(np.finfo(float).eps)  # a sum smaller than this, relative to its parts, is zero
_CHUNK = 1 << 15  # breakpoints worked on at once: what a core's cache holds


@dataclass(frozen=True)
class Difference:
    """A weighted sum of terms whose sign says who is cheaper: negative where the challenger undercuts."""

    weights: tuple[float, ...]
    terms: tuple[Term, ...]

    @cached_property
    def tail(self) -> Tail:
        """The bounding lines and periods, a slope that is nothing but rounding set to zero."""
        tail = sum_of_tails(self.terms, self.weights)
        size = sum(abs(w) * float(t.tail().slope) for w, t in zip(self.weights, self.terms, strict=True))
        if abs(float(tail.slope)) <= SAME_SLOPE_RATIO * size:
            return replace(tail, slope=tail.slope * 0)
        return tail

    @cached_property
    def step_widths(self) -> tuple[float, ...]:
        """Widths of every staircase inside, nested ones too: they say how many pieces a range has."""
        return tuple(_step_widths(self.terms))

    def pieces_between(self, low: float, high: float) -> float:
        """Return about how many pieces lie between two volumes."""
        return 1.0 + sum((high - low) / width for width in self.step_widths)

    def lines(self, volumes: Array) -> tuple[Array, Array]:
        """Return intercept and slope of the piece that each volume is on; rounding left of a cancellation is zero."""
        intercept, slope = np.zeros_like(volumes), np.zeros_like(volumes)
        level_size, slope_size = np.zeros_like(volumes), np.zeros_like(volumes)
        for weight, term in zip(self.weights, self.terms, strict=True):
            level, rise = term.line(volumes)
            intercept += weight * level
            slope += weight * rise
            level_size += abs(weight) * np.abs(level)
            slope_size += abs(weight) * np.abs(rise)
        intercept[np.abs(intercept) <= SNAP_RATIO * level_size] = 0.0
        slope[np.abs(slope) <= SNAP_RATIO * slope_size] = 0.0
        return intercept, slope

    def edges(self, low: float, high: float) -> Array:
        """Return ``low``, every breakpoint in between, and ``high``."""
        points = [term.breakpoints(low, high) for term in self.terms]
        return np.unique(np.concatenate([np.array([low, high]), *points]))

    def chunks(self, low: float, high: float) -> Iterator[Array]:
        """Yield the edges from ``low`` to ``high`` in runs of bounded length, neighbours sharing an end."""
        count = max(1, math.ceil(self.pieces_between(low, high) / _CHUNK))
        for index in range(count):
            start = low + (high - low) * (index / count)
            stop = high if index == count - 1 else low + (high - low) * ((index + 1) / count)
            if stop > start:
                yield self.edges(start, stop)


def _step_widths(terms: Iterable[Term]) -> Iterator[float]:
    """Yield the width of every staircase in the terms and inside them."""
    for term in terms:
        match term:
            case Staircase():
                yield float(term.tokens_per_step)
            case HourlyStaircase():
                yield from term.widths().tolist()
            case Minimum() | Overflow():
                yield from _step_widths(term.terms)
            case CheapestSteps():
                width = term.step_width()
                if width is not None:
                    yield width
            case Cheapest():
                for member in term.members:
                    yield from _step_widths(member)
            case _:
                pass


def subtract(challenger: tuple[Term, ...], incumbent: tuple[Term, ...], *, keep_share: float) -> Difference:
    """Return challenger minus ``keep_share`` times incumbent, equal terms cancelled."""
    signed = [(1.0, term) for term in challenger] + [(-keep_share, term) for term in incumbent]
    groups: dict[tuple[object, ...], tuple[Term, list[float]]] = {}
    widths: list[float] = []
    for sign, term in signed:
        unit, weight = _unit(term, widths)
        groups.setdefault(unit.key(), (unit, []))[1].append(sign * weight)
    weights: list[float] = []
    terms: list[Term] = []
    for unit, parts in groups.values():
        weight = math.fsum(parts)
        if abs(weight) > SAME_SLOPE_RATIO * math.fsum(abs(part) for part in parts):
            weights.append(weight)
            terms.append(unit)
    return Difference(tuple(weights), tuple(terms))


def _unit(term: Term, widths: list[float]) -> tuple[Term, float]:
    """Return a term of coefficient one and its weight, so that like terms meet whatever their price."""
    match term:
        case Fixed():
            return Fixed(1.0), float(term.usd_per_month)
        case PerToken():
            return PerToken(1.0), float(term.usd_per_mtok)
        case Staircase():
            width = float(term.tokens_per_step)
            same = next((known for known in widths if abs(known - width) <= SAME_SLOPE_RATIO * width), None)
            if same is None:
                widths.append(width)
            return Staircase(1.0, same or width, max(float(term.min_steps), 1.0)), float(term.usd_per_step)
        case HourlyStaircase():
            least = np.where(term.loads > 0.0, np.maximum(term.min_steps, 1.0), term.min_steps)
            return replace(term, usd_per_step=1.0, min_steps=least), float(term.usd_per_step)
        case _:
            return term, 1.0


@dataclass
class Windows:
    """Windows collected in ascending order: touching ones join, those that are mere rounding drop."""

    lows: list[Array]
    highs: list[Array]

    @classmethod
    def none(cls) -> Windows:
        """Return an empty collection."""
        return cls([], [])

    def add(self, lows: Array, highs: Array) -> None:
        """Add windows that lie above all earlier ones."""
        if lows.size:
            self.lows.append(lows)
            self.highs.append(highs)

    def add_range(self, low: float, high: float) -> None:
        """Add one window."""
        if high > low:
            self.add(np.array([low]), np.array([high]))

    def joined(self) -> tuple[Array, Array]:
        """Return ascending lows and highs."""
        if not self.lows:
            return np.empty(0), np.empty(0)
        lows, highs = np.concatenate(self.lows), np.concatenate(self.highs)
        apart = np.flatnonzero(lows[1:] - highs[:-1] > ROUNDING_RATIO * lows[1:])
        lows = lows[np.concatenate([[0], apart + 1])]
        highs = highs[np.concatenate([apart, [highs.size - 1]])]
        wide = np.isinf(highs) | (highs - lows > ROUNDING_RATIO * highs)
        self.lows, self.highs = [lows], [highs]
        return lows[wide], highs[wide]


def windows_between(difference: Difference, edges: Array) -> tuple[Array, Array]:
    """Return the windows of negative difference on the pieces between neighbouring edges: one equation each."""
    lows, highs = edges[:-1], edges[1:]
    intercept, slope = difference.lines((lows + highs) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = -intercept / slope
    low = np.where(slope < 0.0, np.fmax(lows, zero), lows)
    high = np.where(slope > 0.0, np.fmin(highs, zero), highs)
    negative = np.where(slope == 0.0, intercept < 0.0, low < high)
    return low[negative], high[negative]
