"""Numbers that have to be one value: neither draws nor a distribution, checked with their unit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.errors import Problem, ScenarioError

__all__ = ["MONTHS_PER_YEAR", "monthly_numbers", "plain_count", "plain_number"]

MONTHS_PER_YEAR = 12.0


def plain_number(value: object, where: str, unit: str, *, low: float = 0.0, high: float = math.inf) -> float:
    """Return a plain number within bounds."""
    number = float(value) if isinstance(value, (int, float, np.floating)) and not isinstance(value, bool) else math.nan
    if not (low <= number <= high and math.isfinite(number)):
        between = f"from {low:g} to {high:g}" if math.isfinite(high) else f">= {low:g}"
        remedy = "" if isinstance(value, (int, float)) else "Give its median, or call once per draw."
        raise ScenarioError(Problem(where, repr(value), f"a number {between} ({unit})", remedy))
    return number


def plain_count(value: object, where: str, *, most: int = 31) -> int:
    """Return a whole number from 1 on."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not 1 <= value <= most:
        raise ScenarioError(Problem(where, repr(value), f"a whole number from 1 to {most}"))
    return int(value)


def monthly_numbers(values: ArrayLike, where: str, months: int, *, low: float = -math.inf) -> NDArray[np.float64]:
    """Return a value per month."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "iuf" or array.ndim > 1:
        accepted = f"one number, or one for each of {months} months"
        raise ScenarioError(Problem(where, f"{values!r:.60}", accepted, "Give the median of what is uncertain."))
    if array.shape not in ((), (months,)):
        raise ScenarioError(
            Problem(where, f"an array of shape {array.shape}", f"one number, or one for each of {months} months")
        )
    if not np.all(np.isfinite(array) & (array >= low)):
        wrong = array[~(np.isfinite(array) & (array >= low))].flat[0]
        accepted = "finite numbers" if math.isinf(low) else f"finite numbers >= {low:g}"
        raise ScenarioError(Problem(where, f"{wrong:g}", accepted))
    return np.broadcast_to(array, (months,)).astype(float)
