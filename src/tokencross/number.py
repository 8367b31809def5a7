"""What a number may be: a float, an array of draws, or a distribution."""

from __future__ import annotations

import math
from typing import Protocol, TypeAlias, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError

__all__ = [
    "DefaultFloat",
    "Distribution",
    "FloatOrDraws",
    "Number",
    "check_number",
    "float_or_draws",
    "is_draws",
    "plain",
    "point",
]

Draws: TypeAlias = NDArray[np.float64]
FloatOrDraws: TypeAlias = float | Draws


@runtime_checkable
class Distribution(Protocol):
    """Anything with a quantile function, a frozen ``scipy.stats`` distribution among them."""

    def ppf(self, q: float, /) -> float:
        """Return the quantile at probability ``q``."""
        ...


Number: TypeAlias = float | Draws | Distribution

_MEDIAN = 0.5


class DefaultFloat(float):
    """A default of the method: a float that nobody gave, so that a study can say so."""


def float_or_draws(number: Number) -> FloatOrDraws:
    """Return a float as it is, draws as they are, and a distribution's median."""
    if isinstance(number, np.ndarray):
        return number
    if isinstance(number, (float, int)):
        return float(number)
    return float(number.ppf(_MEDIAN))


def plain(value: FloatOrDraws) -> FloatOrDraws:
    """Return draws as they are, and anything that is one number, a NumPy scalar too, as a float."""
    return value if isinstance(value, np.ndarray) and value.ndim else float(value)


def point(number: Number) -> float:
    """Return one value for a number: itself, or the median of its draws or distribution."""
    value = float_or_draws(number)
    return float(np.median(value)) if isinstance(value, np.ndarray) else value


def is_draws(*numbers: Number) -> bool:
    """Return whether any of the numbers is an array of draws."""
    return any(isinstance(number, np.ndarray) for number in numbers)


def check_number(
    value: object,
    *,
    where: str,
    unit: str,
    low: float = 0.0,
    high: float = math.inf,
    open_low: bool = False,
    remedy: str = "",
) -> Number:
    """Return ``value`` as a number once it is seen to be finite and within bounds.

    Parameters
    ----------
    value : object
        A real number, a one-dimensional array of draws, or a distribution.
    where : str
        The address that an error names.
    unit : str
        The unit that an error names.
    low, high : float
        Bounds, both included.
    open_low : bool
        Whether ``low`` itself is refused.
    remedy : str
        What to do about it, if there is something better than giving another number.

    Returns
    -------
    float, ndarray of shape (D,), or Distribution

    Raises
    ------
    ScenarioError
        If the value is no number, not finite, or out of bounds (a distribution by its 0.1% and 99.9% quantiles).
    """
    accepted = _accepted(unit, low, high, open_low=open_low)
    distribution = value if not isinstance(value, (float, int, str, np.ndarray)) else None
    if isinstance(distribution, Distribution):
        checked = np.array([distribution.ppf(0.001), distribution.ppf(0.999)], dtype=float)
    elif isinstance(value, (bool, str)) or value is None:
        raise ScenarioError(Problem(where, repr(value), accepted, remedy))
    else:
        try:
            checked = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise ScenarioError(Problem(where, repr(value), accepted, remedy)) from None
        if checked.ndim > 1 or checked.size == 0:
            found = f"an array of shape {checked.shape}"
            raise ScenarioError(Problem(where, found, f"{accepted}, or a one-dimensional array of draws", remedy))
    out = ~np.isfinite(checked) | (checked < low) | (checked > high) | (open_low & (checked == low))
    if np.any(out):
        worst = float(np.ravel(checked)[np.flatnonzero(np.ravel(out))[0]])
        raise ScenarioError(Problem(where, f"{worst:g}", accepted, remedy))
    if isinstance(distribution, Distribution):
        return distribution
    if isinstance(value, DefaultFloat):
        return value
    return float(checked) if checked.ndim == 0 else cast("Draws", checked)


def _accepted(unit: str, low: float, high: float, *, open_low: bool) -> str:
    """Say in words which numbers are accepted."""
    unit = f" ({unit})" if unit else ""
    if math.isfinite(low) and math.isfinite(high):
        return f"a number {'above' if open_low else 'from'} {low:g} {'up to' if open_low else 'to'} {high:g}{unit}"
    if math.isfinite(low):
        return f"a finite number {'>' if open_low else '>='} {low:g}{unit}"
    return f"a finite number{unit}"
