"""Special functions for distributions: of one float without SciPy, and the beta distribution by its quantiles."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from types import ModuleType

from tokencross.errors import Problem, ScenarioError

__all__ = ["HIGH", "LOW", "beta_parameters", "exp_or_infinity", "normal_quantile", "special"]

LOW, HIGH = 0.05, 0.95
"""An interval is one of 90%: the probabilities at its ends."""

_LOGITS = 60.0  # means from 1e-26 to 1 - 1e-26
_STEP, _STEPS = 2.0, 10  # of the logarithm of the concentration, from its start to either end of the bracket
_TIGHT = 1e-14
_EXACT = 1e-9


def special(where: str) -> ModuleType:
    """Return SciPy's special functions.

    Raises
    ------
    ScenarioError
        If SciPy is not installed.
    """
    try:
        from scipy import special as functions
    except ImportError:
        remedy = "pip install 'tokencross[stats]'"
        raise ScenarioError(Problem(where, "no SciPy", "SciPy, the extra 'stats'", remedy)) from None
    return functions


def normal_quantile(q: float) -> float:
    """Return a quantile of the standard normal distribution: infinite at 0 and 1, nan outside."""
    if 0.0 < q < 1.0:
        return NormalDist().inv_cdf(q)
    return -math.inf if q == 0.0 else math.inf if q == 1.0 else math.nan


def exp_or_infinity(value: float) -> float:
    """Return the exponential, infinite where it overflows."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


@lru_cache(maxsize=1_024)
def beta_parameters(low: float, high: float) -> tuple[float, float]:
    r"""Return the parameters of the beta distribution whose 5% and 95% quantiles are two given shares.

    Parameters
    ----------
    low, high : float
        Above 0 and below 1, the lower one first. [share]

    Raises
    ------
    ScenarioError
        If SciPy is not installed, or the two are so close, to each other or to an end, that no parameters in floats
        have them to 1e-9.

    Notes
    -----
    For any concentration :math:`\alpha + \beta` one mean puts the 5% quantile at ``low``, since the distribution moves
    up with its mean. Along these the probability of at most ``high`` rises with the concentration. Each is found
    between brackets, the one within the other; that of the concentration is laid around the one whose logit has the
    spread of the two, :math:`1 / (\sigma^2 m (1 - m))`.
    """
    betainc = special("share_between").betainc
    from scipy.optimize import brentq

    def parameters(log_concentration: float, logit: float) -> tuple[float, float]:
        size = math.exp(log_concentration)
        return size / (1.0 + math.exp(-logit)), size / (1.0 + math.exp(logit))

    def at_low(log_concentration: float) -> tuple[float, float]:
        def missed(logit: float) -> float:
            return float(betainc(*parameters(log_concentration, logit), low)) - LOW

        return parameters(log_concentration, brentq(missed, -_LOGITS, _LOGITS, xtol=_TIGHT, rtol=_TIGHT))

    def missed_high(log_concentration: float) -> float:
        return float(betainc(*at_low(log_concentration), high)) - HIGH

    try:
        start = _start(low, high)
        ends = [start + _STEP * step for step in range(-_STEPS, _STEPS + 1)]
        below = next(end for end in reversed(ends) if end <= start and missed_high(end) < 0.0)
        above = next(end for end in ends if end >= start and missed_high(end) > 0.0)
        found = at_low(brentq(missed_high, below, above, xtol=_TIGHT, rtol=_TIGHT))
    except (ArithmeticError, StopIteration, ValueError):  # no change of sign, or beyond floats
        found = (math.nan, math.nan)
    off = max(abs(float(betainc(*found, low)) - LOW), abs(float(betainc(*found, high)) - HIGH))
    if not off <= _EXACT:
        accepted = "an interval that a beta distribution can have to 9 digits: wider, or farther from 0 and 1"
        raise ScenarioError(Problem("share_between", f"low {low:.15g} and high {high:.15g}", accepted))
    return found


def _start(low: float, high: float) -> float:
    """Return the logarithm of about the concentration, from a normal distribution of the logit."""
    logits = math.log(low / (1.0 - low)), math.log(high / (1.0 - high))
    mean = 1.0 / (1.0 + math.exp(-0.5 * sum(logits)))
    spread = (logits[1] - logits[0]) / (2.0 * normal_quantile(HIGH))
    return -math.log(spread**2 * mean * (1.0 - mean))
