"""Crossings of differences that repeat with a period and drift: closed forms over the pieces of one period.

Beyond its last irregular breakpoint a difference of cost curves satisfies ``D(V + P) = D(V) + S * P``, with P a common
period of its staircases and S its mean slope. So what happens in period k follows from the pieces of period 0, and no
range, however long, has to be searched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tokencross.costs.composite import SAME_SLOPE_RATIO
from tokencross.costs.difference import SNAP_RATIO, Difference
from tokencross.costs.terms import Array

__all__ = ["Period", "common_period"]

_MOST_PIECES = 200_000
_MOST_PARTS = 100_000  # two widths are commensurate when their ratio is a fraction of at most this denominator


def common_period(widths: tuple[float, ...]) -> float | None:
    """Return the least common multiple of step widths; None when they have no reasonable one."""
    if not widths:
        return None
    base = max(widths)
    period = Fraction(1)
    for width in widths:
        ratio = width / base
        part = Fraction(ratio).limit_denominator(_MOST_PARTS)
        if abs(float(part) - ratio) > SAME_SLOPE_RATIO * ratio:
            return None
        period = Fraction(math.lcm(period.numerator, part.numerator), math.gcd(period.denominator, part.denominator))
        if period > _MOST_PIECES:
            return None
    return base * float(period)


@dataclass(frozen=True)
class Period:
    """The pieces of one period from ``start`` on, and how far the difference drifts from one period to the next.

    Attributes
    ----------
    start, length : float
        Where period 0 begins and how long it is. [tokens/month]
    drift : float
        What the difference gains per period. [USD/month]
    lows, highs : ndarray, shape (J,)
        Ends of the pieces of period 0. [tokens/month]
    slopes : ndarray, shape (J,)
        Slope of each piece. [USD/token]
    left, right : ndarray, shape (J,)
        The difference just above each low end, and at each high end. [USD/month]
    """

    start: float
    length: float
    drift: float
    lows: Array
    highs: Array
    slopes: Array
    left: Array
    right: Array

    @classmethod
    def of(cls, difference: Difference) -> Period | None:
        """Return the period of a difference; None when its steps have no common one with few enough pieces."""
        tail = difference.tail
        length = common_period(tail.periods)
        if length is None or difference.pieces_between(0.0, length) > _MOST_PIECES:
            return None
        start = tail.from_volume
        edges = difference.edges(start, start + length)
        lows, highs = edges[:-1], edges[1:]
        intercept, slope = difference.lines((lows + highs) / 2)
        drift = float(tail.slope * Fraction(length))
        left, right = _snapped(intercept, slope * lows), _snapped(intercept, slope * highs)
        return cls(start, length, drift, lows, highs, slope, left, right)

    @property
    def _least(self) -> Array:
        return np.minimum(self.left, self.right)

    def negative_everywhere(self) -> bool:
        """Return whether all of period 0 is negative (single points where it touches zero aside)."""
        return bool(np.all(np.where(self.slopes == 0.0, self.left < 0.0, np.maximum(self.left, self.right) <= 0.0)))

    def negative_nowhere(self) -> bool:
        """Return whether nothing in period 0 is negative."""
        return bool(np.all(self._least >= 0.0))

    def first(self) -> float | None:
        """Return the lowest volume at or above ``start`` where the difference turns negative; None for never."""
        if self.drift < 0.0:
            index = np.maximum(np.floor(self._least / -self.drift) + 1.0, 0.0)
            turns = np.ones_like(self._least, dtype=bool)
        else:
            index = np.zeros_like(self._least)
            turns = self._least < 0.0
        if not np.any(turns):
            return None
        shift = index * self.drift
        at = np.where(self.left + shift < 0.0, self.lows, self._zero(shift)) + index * self.length
        return float(np.min(at[turns]))

    def robust(self) -> float:
        """Return the volume from which a falling difference stays negative (``start`` when it always is)."""
        most = np.maximum(self.left, self.right)
        steps = most / -self.drift
        # a flat piece at zero is a tie and counts; a sloped one only touches zero
        index = np.where(self.slopes == 0.0, np.floor(steps), np.ceil(steps) - 1.0)
        late = index >= 0.0
        if not np.any(late):
            return self.start
        shift = index * self.drift
        at = np.where(self.right + shift >= 0.0, self.highs, self._zero(shift)) + index * self.length
        return float(np.max(at[late]))

    def entry_count(self) -> int:
        """Return how often the difference turns negative above ``start``, all periods counted."""
        before = np.concatenate([[self.right[-1] - self.drift], self.right[:-1]])
        earliest = np.zeros_like(before)
        earliest[0] = 1.0  # where period 0 begins, the head says what came before
        within = np.where(self.slopes < 0.0, self._count(self.left, self.right, np.zeros_like(before)), 0.0)
        return int(np.sum(within) + np.sum(self._count(before, self.left, earliest)))

    def _count(self, above: Array, below: Array, earliest: Array) -> Array:
        """Return the number of periods k >= earliest in which ``above`` is not yet negative and ``below`` is."""
        drift = abs(self.drift)
        if self.drift < 0.0:
            first, last = np.floor(below / drift) + 1.0, np.floor(above / drift)
        else:
            first, last = np.ceil(-above / drift), np.ceil(-below / drift) - 1.0
        return np.maximum(last - np.maximum(first, earliest) + 1.0, 0.0)

    def _zero(self, shift: Array) -> Array:
        """Return where each piece, shifted, is zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            zero = self.lows - (self.left + shift) / self.slopes
        return np.clip(np.where(np.isfinite(zero), zero, self.lows), self.lows, self.highs)


def _snapped(intercept: Array, rise: Array) -> Array:
    """Return the sum of two parts, exactly zero where nothing but rounding is left: curves that touch there."""
    total = intercept + rise
    total[np.abs(total) <= SNAP_RATIO * (np.abs(intercept) + np.abs(rise))] = 0.0
    return total
