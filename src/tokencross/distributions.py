"""Distributions for numbers that are not known exactly: an interval, a triangle, and a share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.quantiles import HIGH, beta_parameters, exp_or_infinity, normal_quantile, special

__all__ = ["Between", "ShareBetween", "Triangular", "between", "share_between", "triangular"]

Array: TypeAlias = NDArray[np.float64]

_Z = NormalDist().inv_cdf(HIGH)


class _Quantiles:
    """Quantiles and probabilities, of one number or of many."""

    _call: ClassVar[str]

    @overload
    def ppf(self, q: float, /) -> float: ...
    @overload
    def ppf(self, q: Array, /) -> Array: ...
    def ppf(self, q: float | Array, /) -> float | Array:
        """Return the quantiles at probabilities; nan outside 0 to 1."""
        return self._quantile(float(q)) if isinstance(q, (float, int)) else self._quantiles(np.asarray(q, dtype=float))

    @overload
    def cdf(self, x: float, /) -> float: ...
    @overload
    def cdf(self, x: Array, /) -> Array: ...
    def cdf(self, x: float | Array, /) -> float | Array:
        """Return the probabilities of at most so much."""
        if isinstance(x, (float, int)):
            return self._probability(float(x))
        return self._probabilities(np.asarray(x, dtype=float))

    def _quantile(self, q: float) -> float:
        return float(self._quantiles(np.array(q)))

    def _quantiles(self, q: Array) -> Array:
        raise NotImplementedError

    def _probability(self, x: float) -> float:
        return float(self._probabilities(np.array(x)))

    def _probabilities(self, x: Array) -> Array:
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the call that makes it."""
        said = dict(vars(self))
        name = said.pop("name")
        parts = [f"{value:.15g}" for value in said.values()] + ([f"name={name!r}"] if name else [])
        return f"{self._call}({', '.join(parts)})"


# ---------------------------------------------------------------------- an interval


@dataclass(frozen=True, repr=False)
class Between(_Quantiles):
    r"""A number that lies between two values with 90% probability; see `between`.

    Attributes
    ----------
    low, high : float
        Its 5% and 95% quantiles.
    name : str
        The parameter that it is: numbers of one name are one draw.
    """

    _call = "between"

    low: float
    high: float
    name: str = ""

    def __post_init__(self) -> None:
        """Check the interval."""
        accepted = "two finite numbers, the lower one first"
        low, high = _checked(self, "low", "high", accepted=accepted)
        _check_order("between", low, high)
        if low > 0.0 and high / low == math.inf:
            raise ScenarioError(Problem("between", f"low {low:g} and high {high:g}", "ends of a finite quotient"))

    @property
    def lognormal(self) -> bool:
        """Whether it is a lognormal distribution (low above 0), else a normal one."""
        return self.low > 0.0

    @property
    def _centre(self) -> float:
        """The median."""
        if self.lognormal:
            return self.low * math.sqrt(self.high / self.low)
        return 0.5 * self.low + 0.5 * self.high

    @property
    def _deviation(self) -> float:
        """The standard deviation, of the logarithm where it is lognormal."""
        width = math.log(self.high / self.low) if self.lognormal else self.high - self.low
        return width / (2.0 * _Z)

    def _quantile(self, q: float) -> float:
        moved = self._deviation * normal_quantile(q)
        return self._centre * exp_or_infinity(moved) if self.lognormal else self._centre + moved

    def _quantiles(self, q: Array) -> Array:
        found: Array = special(self._call).ndtri(q)
        found = found * self._deviation
        if self.lognormal:
            with np.errstate(over="ignore"):
                return np.exp(found) * self._centre
        return found + self._centre

    def _probability(self, x: float) -> float:
        if self.lognormal and not x > 0.0:
            return math.nan if math.isnan(x) else 0.0
        moved = math.log(x / self._centre) if self.lognormal else x - self._centre
        return 0.5 * math.erfc(-moved / self._deviation / math.sqrt(2.0))

    def _probabilities(self, x: Array) -> Array:
        with np.errstate(divide="ignore"):
            away = np.log(np.maximum(x, 0.0) / self._centre) if self.lognormal else x - self._centre
        found: Array = special(self._call).ndtr(away / self._deviation)
        return found


def between(low: float, high: float, *, name: str = "") -> Between:
    r"""Return the distribution of a number that lies between two values with 90% probability.

    Lognormal where ``low`` is above 0, so that a price, a rate or a cost is never negative. Normal where ``low`` is 0
    or below: for what may be negative, such as a rate of change.

    Parameters
    ----------
    low, high : float
        The 5% and 95% quantiles, in the unit of the number that it stands for.
    name : str
        Name of the parameter. Distributions of one name, like one object at several places, are one draw.

    Returns
    -------
    Between

    Raises
    ------
    ScenarioError
        If the two are not finite numbers, the lower one first.

    Notes
    -----
    With z the 95% quantile of the standard normal distribution, :math:`z = 1.6449`:

    .. math::
        X &= \sqrt{ab}\, e^{\sigma Z}, \quad \sigma = \ln(b / a) / 2z \qquad (a > 0) \\
        X &= (a + b) / 2 + \sigma Z, \quad \sigma = (b - a) / 2z \qquad (a \le 0)

    References
    ----------
    .. [1] N. L. Johnson, S. Kotz and N. Balakrishnan, "Continuous Univariate Distributions", volume 1, 2nd edition
       (1994), chapter 14 (lognormal distributions).

    Examples
    --------
    >>> price = between(2, 8, name="gpu price")
    >>> price
    between(2, 8, name='gpu price')
    >>> price.ppf(0.5), round(price.ppf(0.05), 12), round(price.ppf(0.95), 12)
    (4.0, 2.0, 8.0)
    """
    return Between(low, high, name)


# ---------------------------------------------------------------------- a triangle


@dataclass(frozen=True, repr=False)
class Triangular(_Quantiles):
    """A number between two ends, likeliest at a third value; see `triangular`.

    Attributes
    ----------
    low, mode, high : float
        The least, the likeliest and the largest value.
    name : str
        The parameter that it is: numbers of one name are one draw.
    """

    _call = "triangular"

    low: float
    mode: float
    high: float
    name: str = ""

    def __post_init__(self) -> None:
        """Check the three values."""
        accepted = "three finite numbers: the least, the likeliest and the largest"
        low, mode, high = _checked(self, "low", "mode", "high", accepted=accepted)
        _check_order("triangular", low, high)
        if not low <= mode <= high:
            found = f"mode {mode:g}, with low {low:g} and high {high:g}"
            raise ScenarioError(Problem("triangular", found, "low <= mode <= high"))

    @property
    def _rising(self) -> float:
        """The probability of at most the mode."""
        return (self.mode - self.low) / (self.high - self.low)

    @property
    def _falling(self) -> float:
        """The probability of more than the mode."""
        return (self.high - self.mode) / (self.high - self.low)

    def _quantiles(self, q: Array) -> Array:
        width = self.high - self.low
        with np.errstate(invalid="ignore"):  # nan outside 0 to 1
            up = np.minimum(self.low + width * np.sqrt(q * self._rising), self.mode)
            down = np.maximum(self.high - width * np.sqrt((1.0 - q) * self._falling), self.mode)
        found = np.where(q <= self._rising, up, down)
        return np.where((q >= 0.0) & (q <= 1.0), found, np.nan)

    def _probabilities(self, x: Array) -> Array:
        values = np.clip(x, self.low, self.high)
        width = self.high - self.low
        # a side without width has no probability, and is never asked for
        up = ((values - self.low) / width) ** 2 / (self._rising or 1.0)
        down = 1.0 - ((self.high - values) / width) ** 2 / (self._falling or 1.0)
        return np.where(values < self.mode, up, down)


def triangular(low: float, mode: float, high: float, *, name: str = "") -> Triangular:
    r"""Return the distribution of a number between two ends that is likeliest at a third value.

    Parameters
    ----------
    low, mode, high : float
        The least, the likeliest and the largest value, in the unit of the number that it stands for.
    name : str
        Name of the parameter. Distributions of one name, like one object at several places, are one draw.

    Returns
    -------
    Triangular

    Raises
    ------
    ScenarioError
        If the three are not finite and in order, or the ends are one value.

    Notes
    -----
    With ends a and b and mode m, :math:`c = (m - a) / (b - a)`:

    .. math::
        F^{-1}(q) = a + (b - a) \sqrt{q c} \quad (q \le c), \qquad b - (b - a) \sqrt{(1 - q)(1 - c)} \quad (q > c)

    References
    ----------
    .. [1] S. Kotz and J. R. van Dorp, "Beyond Beta: Other Continuous Families of Distributions with Bounded Support
       and Applications" (2004), chapter 1.

    Examples
    --------
    >>> triangular(80_000, 120_000, 240_000).ppf(0.25)
    120000.0
    """
    return Triangular(low, mode, high, name)


# ---------------------------------------------------------------------- a share


@dataclass(frozen=True, repr=False)
class ShareBetween(_Quantiles):
    """A share that lies between two values with 90% probability; see `share_between`.

    Attributes
    ----------
    low, high : float
        Its 5% and 95% quantiles.
    name : str
        The parameter that it is: numbers of one name are one draw.
    """

    _call = "share_between"

    low: float
    high: float
    name: str = ""

    def __post_init__(self) -> None:
        """Check the interval."""
        accepted = "two numbers above 0 and below 1, the lower one first"
        low, high = _checked(self, "low", "high", accepted=accepted)
        if not (0.0 < low <= high < 1.0):
            found = f"low {low:g} and high {high:g}"
            remedy = "Shares are fractions: write 0.5 for 50%." if high > 1.0 else ""
            raise ScenarioError(Problem("share_between", found, accepted, remedy))
        _check_order("share_between", low, high)

    @property
    def parameters(self) -> tuple[float, float]:
        """The two parameters of the beta distribution; needs SciPy."""
        return beta_parameters(self.low, self.high)

    def _quantiles(self, q: Array) -> Array:
        found: Array = special(self._call).betaincinv(*self.parameters, q)
        return found

    def _probabilities(self, x: Array) -> Array:
        found: Array = special(self._call).betainc(*self.parameters, np.clip(x, 0.0, 1.0))
        return found


def share_between(low: float, high: float, *, name: str = "") -> ShareBetween:
    r"""Return the distribution of a share that lies between two values with 90% probability: a beta distribution.

    Parameters
    ----------
    low, high : float
        The 5% and 95% quantiles; above 0 and below 1. [share]
    name : str
        Name of the parameter. Distributions of one name, like one object at several places, are one draw.

    Returns
    -------
    ShareBetween
        Its quantiles need SciPy (``pip install 'tokencross[stats]'``).

    Raises
    ------
    ScenarioError
        If the two are not within 0 and 1, the lower one first; on use, if SciPy is not installed.

    Notes
    -----
    The two parameters :math:`\alpha, \beta` are those with :math:`I_a(\alpha, \beta) = 0.05` and
    :math:`I_b(\alpha, \beta) = 0.95`, where I is the regularised incomplete beta function. For any concentration
    :math:`\alpha + \beta` one mean satisfies the first, since the distribution moves up with its mean; along these the
    second rises with the concentration. Both are therefore found between brackets.

    References
    ----------
    .. [1] J. R. van Dorp and T. A. Mazzuchi, "Solving for the parameters of a beta distribution under two quantile
       constraints", Journal of Statistical Computation and Simulation 67 (2000), pages 189-201: there is one solution.

    Examples
    --------
    >>> hits = share_between(0.2, 0.5)
    >>> round(hits.cdf(0.2), 9), round(hits.cdf(0.5), 9)
    (0.05, 0.95)
    """
    return ShareBetween(low, high, name)


# ---------------------------------------------------------------------- what they share


def _checked(distribution: _Quantiles, *keys: str, accepted: str) -> Iterator[float]:
    """Yield the values of a distribution as the floats that they are kept as, once its name is seen to be one."""
    where, said = distribution._call, vars(distribution)
    if not isinstance(said["name"], str):
        raise ScenarioError(Problem(where, f"name {said['name']!r:.60}", "text, or no name"))
    for key in keys:
        value = said[key]
        if isinstance(value, bool) or not isinstance(value, (float, int, np.integer, np.floating)):
            raise ScenarioError(Problem(where, f"{key} {value!r:.60}", accepted))
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ScenarioError(Problem(where, f"{key} {number:g}", accepted))
        object.__setattr__(distribution, key, number)
        yield number


def _check_order(where: str, low: float, high: float) -> None:
    """Refuse ends that are one value, or in the wrong order."""
    if low == high or (low > 0.0 and high / low == 1.0):
        remedy = f"A number that is known is given as itself: {low:.15g}."
        raise ScenarioError(Problem(where, f"low and high both {low:g}", "low < high", remedy))
    if low > high:
        raise ScenarioError(Problem(where, f"low {low:g} and high {high:g}", "low < high", "Swap the two."))
    if high - low == math.inf:
        raise ScenarioError(Problem(where, f"low {low:g} and high {high:g}", "ends of a finite difference"))
