"""The hours of a week by their load, and how much of it exceeds a capacity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from tokencross.costs.terms import Array
from tokencross.number import FloatOrDraws

__all__ = ["HourlyLoad"]

_SAME_LEVEL_RATIO = 1e-9  # hours whose loads differ by less, relative to the peak, have one load


@dataclass(frozen=True)
class HourlyLoad:
    """The hours of a week sorted by their load; the mean over all hours is 1.

    Attributes
    ----------
    levels : tuple of float
        Different loads above 0, ascending. [times the mean hour]
    shares : tuple of float
        Share of the hours at each level; hours without load make up the rest.
    """

    levels: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, weights: ArrayLike) -> HourlyLoad:
        """Return the load of equally long hours with these weights (>= 0, not all 0)."""
        hours = np.sort(np.asarray(weights, dtype=float).ravel())
        hours = hours / hours.mean()
        starts = np.flatnonzero(np.concatenate([[True], np.diff(hours) > _SAME_LEVEL_RATIO * hours[-1]]))
        counts = np.diff(np.concatenate([starts, [hours.size]]))
        means = np.add.reduceat(hours, starts) / counts
        used = means > 0.0
        return cls(tuple(means[used].tolist()), tuple((counts[used] / hours.size).tolist()))

    @cached_property
    def loads(self) -> Array:
        """The levels as an array, shape (J,)."""
        return np.array(self.levels)

    @cached_property
    def hours_above(self) -> Array:
        """Share of the hours above 0 and above each level, shape (J + 1,)."""
        return np.concatenate([np.cumsum(np.array(self.shares)[::-1])[::-1], [0.0]])

    @cached_property
    def load_above(self) -> Array:
        """Load of the hours above 0 (which is 1) and above each level, shape (J + 1,)."""
        above = np.concatenate([np.cumsum((np.array(self.shares) * self.loads)[::-1])[::-1], [0.0]])
        above[0] = 1.0
        return above

    def line(self, volumes: Array, capacity: FloatOrDraws) -> tuple[Array, Array]:
        """Return intercept [tokens/month] and slope of the overflow's straight piece at volumes."""
        room = np.broadcast_to(
            np.asarray(capacity, dtype=float), np.broadcast_shapes(np.shape(capacity), volumes.shape)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            per_token = np.where(volumes > 0.0, room / volumes, np.inf)
        at = np.searchsorted(self.loads, per_token, side="right")
        return -room * self.hours_above[at], self.load_above[at]

    def overflow(self, volumes: Array, capacity: FloatOrDraws) -> Array:
        """Return what a capacity does not hold. [tokens/month]"""
        intercept, slope = self.line(volumes, capacity)
        return np.maximum(intercept + slope * volumes, 0.0)

    def volumes_at(self, overflow: Array, capacity: float) -> Array:
        """Return the largest volumes that overflow by so much. [tokens/month]"""
        knots = capacity / self.loads[::-1]
        reached = self.overflow(knots, capacity)
        at = np.searchsorted(reached, overflow, side="right") - 1
        volumes: Array = knots[at] + (overflow - reached[at]) / self.load_above[::-1][1:][at]
        return volumes
