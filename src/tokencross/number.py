"""What a number may be: a float, an array of draws, or a distribution."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol, TypeAlias, cast, runtime_checkable

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
    "plain_number",
    "point",
    "whole_number",
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
_TAIL = 1e-9
"""Mass beyond a bound that counts as none: draws are taken between the quantiles of this share and of the rest."""


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
        If the value is no number, not finite, or out of bounds; if more than 1e-9 of a distribution's mass is.
    """
    accepted = _accepted(unit, low, high, open_low=open_low)
    if not isinstance(value, (float, int, str, np.ndarray, type)) and isinstance(value, Distribution):
        _check_distribution(value, _Bounds(low, high, open_low), where=where, accepted=accepted, remedy=remedy)
        return value
    if isinstance(value, (bool, str)) or value is None:
        raise ScenarioError(Problem(where, repr(value), accepted, remedy))
    try:
        checked = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ScenarioError(Problem(where, _found(value), accepted, remedy)) from None
    if checked.ndim > 1 or checked.size == 0:
        found = f"an array of shape {checked.shape}"
        raise ScenarioError(Problem(where, found, f"{accepted}, or a one-dimensional array of draws", remedy))
    out = ~np.isfinite(checked) | (checked < low) | (checked > high) | (open_low & (checked == low))
    if np.any(out):
        worst = float(np.ravel(checked)[np.flatnonzero(np.ravel(out))[0]])
        raise ScenarioError(Problem(where, f"{worst:g}", accepted, remedy))
    if isinstance(value, DefaultFloat):
        return value
    return float(checked) if checked.ndim == 0 else cast("Draws", checked)


def plain_number(value: object, *, where: str, unit: str, low: float = 0.0, high: float = math.inf) -> float:
    """Return ``value`` once it is seen to be one number within bounds: where it says what a thing is, not how much."""
    number = check_number(value, where=where, unit=unit, low=low, high=high)
    if not isinstance(number, float):
        raise ScenarioError(Problem(where, _uncertain(number), f"{_accepted(unit, low, high, open_low=False)}, plain"))
    return number


def whole_number(value: Number, *, where: str, accepted: str) -> Number:
    """Return a number once it is seen to be whole; of what is uncertain draws that are whole, no distribution."""
    if not isinstance(value, (float, np.ndarray)):
        remedy = "Give an array of draws of one's own, such as np.array([2.0, 2.0, 3.0])."
        raise ScenarioError(Problem(where, _uncertain(value), f"{accepted}, or draws of which each is whole", remedy))
    parts = np.atleast_1d(np.asarray(value, dtype=float))
    if np.any(parts % 1.0):
        raise ScenarioError(Problem(where, f"{parts[parts % 1.0 != 0.0][0]:g}", accepted))
    return value


def _uncertain(number: Number) -> str:
    """Return what an uncertain number is called in a message."""
    return f"an array of {number.size} draws" if isinstance(number, np.ndarray) else f"{number!r:.60}, a distribution"


def _accepted(unit: str, low: float, high: float, *, open_low: bool) -> str:
    """Say in words which numbers are accepted."""
    unit = f" ({unit})" if unit else ""
    if math.isfinite(low) and math.isfinite(high):
        return f"a number {'above' if open_low else 'from'} {low:g} {'up to' if open_low else 'to'} {high:g}{unit}"
    if math.isfinite(low):
        return f"a finite number {'>' if open_low else '>='} {low:g}{unit}"
    return f"a finite number{unit}"


# ---------------------------------------------------------------------- distributions


class _Bounds(NamedTuple):
    """Between which values a number has to lie."""

    low: float
    high: float
    open_low: bool

    def below(self, value: float) -> bool:
        """Return whether a value is too low."""
        return value < self.low or (self.open_low and value == self.low)


def _check_distribution(distribution: Distribution, bounds: _Bounds, *, where: str, accepted: str, remedy: str) -> None:
    """Refuse what gives no single continuous quantiles, and mass outside the bounds, with its probability."""
    if hasattr(distribution, "freeze"):  # scipy.stats' own way to fix the parameters
        found = f"a distribution without its parameters ({_kind(distribution)})"
        remedy = "Freeze it: call it with its parameters, such as scipy.stats.norm(10, 2)."
        raise ScenarioError(Problem(where, found, f"{accepted}, or a frozen distribution of it", remedy))
    if hasattr(distribution, "pmf"):
        found = f"a discrete distribution ({_kind(distribution)})"
        remedy = "Draws of one's own may be of any kind: give an array, such as .rvs(8_192)."
        raise ScenarioError(Problem(where, found, f"{accepted}, or a continuous distribution of it", remedy))
    accepted_of = f"{accepted}, or a distribution of it"
    least, median, most = (_quantile(distribution, q, where, accepted_of) for q in (_TAIL, _MEDIAN, 1.0 - _TAIL))
    if not least <= median <= most:
        found = f"a distribution whose quantiles fall ({least:g}, {median:g}, {most:g})"
        raise ScenarioError(Problem(where, found, accepted_of))
    outside = []
    if bounds.below(least):
        edge = "at or below" if least == bounds.low else "below"
        outside.append(f"{_percent(_mass(distribution, bounds.low, least))} of its mass {edge} {bounds.low:g}")
    if most > bounds.high:
        outside.append(f"{_percent(1.0 - _mass(distribution, bounds.high, least))} of its mass above {bounds.high:g}")
    if outside:
        within = not (bounds.below(median) or median > bounds.high)
        said = " ".join(part for part in (remedy, _within(bounds)) if part and not (within and part == remedy))
        raise ScenarioError(Problem(where, f"a distribution with {' and '.join(outside)}", accepted, said))


def _quantile(distribution: Distribution, q: float, where: str, accepted: str) -> float:
    """Return a quantile once it is seen to be one finite number."""
    try:
        value = np.asarray(distribution.ppf(q), dtype=float)
    except ScenarioError:
        raise
    except Exception as error:  # anything may be called a distribution
        found = f"a distribution ({_kind(distribution)}) without quantiles: {type(error).__name__}, {error}"
        raise ScenarioError(Problem(where, found, accepted, "A scipy.stats distribution is given frozen.")) from error
    if value.size != 1:
        found = f"a distribution ({_kind(distribution)}) of {value.size} numbers at once"
        raise ScenarioError(Problem(where, found, accepted, "Give each number its own."))
    number = float(value.ravel()[0])
    if not math.isfinite(number):
        found = f"a distribution ({_kind(distribution)}) whose quantile at {q:g} is {number:g}"
        raise ScenarioError(Problem(where, found, accepted))
    return number


def _mass(distribution: Distribution, bound: float, least: float) -> float:
    """Return the probability of at most a bound: as the distribution says, or else as its quantiles do."""
    cdf = getattr(distribution, "cdf", None)
    if callable(cdf):
        known = float(cdf(bound))
        if 0.0 <= known <= 1.0 and (known > 0.0 or least > bound):
            return known
    low, high = 0.0, 1.0
    while high - low > _TAIL / 1_000.0:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if float(distribution.ppf(middle)) <= bound else (low, middle)
    return low


def _percent(share: float) -> str:
    """Return a share as a percentage of three digits."""
    return f"{np.format_float_positional(100.0 * share, precision=3, fractional=False, trim='-')}%"


def _within(bounds: _Bounds) -> str:
    """Return which distribution stays within bounds."""
    if (bounds.low, bounds.high) == (0.0, 1.0):
        return "A share between 0 and 1 is tc.share_between(low, high)."
    if (bounds.low, bounds.high) == (0.0, math.inf):
        return "What is never negative is tc.between(low, high) with low above 0: a lognormal distribution."
    return "tc.triangular(low, mode, high) stays within its ends."


def _found(value: object) -> str:
    """Return what was found instead of a number."""
    known = hasattr(value, "cdf") and not isinstance(value, type)
    return f"{_kind(value)}, which has no quantile function ppf" if known else repr(value)


def _kind(value: object) -> str:
    """Return the name of what something is."""
    known = getattr(getattr(value, "dist", None), "name", None)
    return known if isinstance(known, str) else type(value).__name__
