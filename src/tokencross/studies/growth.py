"""How volume moves month by month: at a constant rate, along an S-curve, or as a series of one's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.number import Number, check_number, point

__all__ = ["SCurve", "compound", "own_series"]

Array = NDArray[np.float64]

_MONTHS_PER_YEAR = 12.0


def compound(rate_per_year: float, months: int) -> Array:
    r"""Return what has become of 1 at the beginning of each month at a constant rate, compounded.

    Parameters
    ----------
    rate_per_year : float
        Growth, as a decimal; a decline is negative. [1/year]
    months : int
        How many.

    Returns
    -------
    ndarray, shape (M,)
        1 in the first month.

    Notes
    -----
    .. math:: (1 + g)^{m / 12}

    Examples
    --------
    >>> compound(3.0, 13)[[0, 6, 12]].tolist()
    [1.0, 2.0, 4.0]
    """
    return np.asarray(np.power(1.0 + rate_per_year, np.arange(months) / _MONTHS_PER_YEAR), dtype=float)


@dataclass(frozen=True, kw_only=True)
class SCurve:
    r"""Volume that grows slowly, then fast, then meets a ceiling; it starts where you are.

    Attributes
    ----------
    ceiling_tokens_per_month : Number
        Where it ends. [reference tokens/month]
    midpoint_month : Number
        When growth is fastest, counted from the first month. [months]
    steepness_per_month : Number
        How fast it turns: between 12% and 88% of the way lie four over this many months. [1/month]

    Notes
    -----
    With :math:`\sigma(x) = 1 / (1 + e^{-x})`, a ceiling :math:`K`, midpoint :math:`t_0` and steepness :math:`k`,

    .. math:: V_m = V_0 + (K - V_0) \frac{\sigma(k (m - t_0)) - \sigma(-k t_0)}{1 - \sigma(-k t_0)}

    the logistic curve, moved and stretched so that :math:`V_0` is where you are.

    References
    ----------
    .. [1] P.-F. Verhulst, "Notice sur la loi que la population suit dans son accroissement", 1838: logistic growth.
    """

    ceiling_tokens_per_month: Number
    midpoint_month: Number
    steepness_per_month: Number

    def __post_init__(self) -> None:
        """Check the numbers."""
        units = {
            "ceiling_tokens_per_month": ("tokens per month", False),
            "midpoint_month": ("months", False),
            "steepness_per_month": ("per month", True),
        }
        for name, (unit, open_low) in units.items():
            checked = check_number(getattr(self, name), where=f"growth: {name}", unit=unit, open_low=open_low)
            object.__setattr__(self, name, checked)

    def tokens_per_month(self, here: float, months: int) -> Array:
        """Return the volume at the beginning of each month, shape (M,). [reference tokens/month]"""
        steepness, middle = point(self.steepness_per_month), point(self.midpoint_month)
        begun = _logistic(np.asarray(-steepness * middle))
        way = (_logistic(np.asarray(steepness * (np.arange(months) - middle), dtype=float)) - begun) / (1.0 - begun)
        return here + (point(self.ceiling_tokens_per_month) - here) * way


def _logistic(x: Array) -> Array:
    """Return the logistic function without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)), dtype=float)


def own_series(values: object, months: int, *, where: str, unit: str, open_low: bool = False) -> Array:
    """Return a series of one's own, a number per month, cut at the horizon.

    Raises
    ------
    ScenarioError
        If it is shorter than the horizon, or holds anything but finite numbers from 0 on.
    """
    try:
        series = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        series = np.empty((0, 0))
    accepted = f"a number ({unit}) for each of the {months} months"
    if series.ndim != 1:
        raise ScenarioError(Problem(where, f"{values!r:.60}", accepted))
    if series.size < months:
        found = f"a series of {series.size} month{'' if series.size == 1 else 's'}"
        raise ScenarioError(Problem(where, found, accepted, "Give more months, or a shorter horizon."))
    out = ~np.isfinite(series) | (series < 0.0) | (open_low & (series == 0.0))
    if np.any(out):
        month = int(np.flatnonzero(out)[0])
        found = f"{series[month]:g} in month {month}"
        accepted = f"finite numbers {'>' if open_low else '>='} 0 ({unit})"
        raise ScenarioError(Problem(where, found, accepted))
    return series[:months]
