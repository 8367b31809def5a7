"""How far off a number of a table may be, where the table says between which values others lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from tokencross.number import FloatOrDraws, Number

__all__ = ["Spread", "spread_between"]

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """A number between the lowest and the highest that was seen, as often below as above what the table says.

    Attributes
    ----------
    low, middle, high : float
        The ends, and the table's number: the median.

    Notes
    -----
    Half of the mass lies on either side and thins out in a straight line towards the end. A table says the ends and no
    more: the shape is our choice, the plainest that keeps the table's number in the middle.
    """

    low: float
    middle: float
    high: float

    @overload
    def ppf(self, q: float, /) -> float: ...
    @overload
    def ppf(self, q: Array, /) -> Array: ...
    def ppf(self, q: FloatOrDraws, /) -> FloatOrDraws:
        """Return the value at probability ``q``."""
        level = np.asarray(q, dtype=float)
        below = self.middle - (self.middle - self.low) * (1.0 - np.sqrt(np.minimum(2.0 * level, 1.0)))
        above = (self.high - self.middle) * (1.0 - np.sqrt(np.minimum(2.0 * (1.0 - level), 1.0)))
        found = np.asarray(below + above)
        return found if found.ndim else float(found)


def spread_between(value: Number, between: tuple[float, ...] | None) -> Spread | None:
    """Return how far off a table's number may be; None where the table does not say, or sees it nowhere else."""
    if between is None or not isinstance(value, float):
        return None
    low, high = min(between[0], value), max(between[1], value)
    return Spread(low, value, high) if low < high else None
