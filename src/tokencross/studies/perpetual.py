"""A switch that can be made at any time, for ever: its trigger and its worth in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tokencross.errors import Problem, ScenarioError
from tokencross.studies.jumps import Jump, checked_jumps
from tokencross.studies.plain_numbers import MONTHS_PER_YEAR, plain_number

__all__ = ["PerpetualSwitch", "perpetual_switch"]

_HALVINGS = 80


@dataclass(frozen=True)
class PerpetualSwitch:
    """The closed form for a switch that can be made at any time, for ever.

    Attributes
    ----------
    root_ratio : float
        The positive root beta of the characteristic equation. [quotient]
    saving_usd_per_month : float
        Saving (before fixed costs) from which on to switch. [USD/month]
    multiple_ratio : float
        Worth of what is saved at that saving, over all that is paid for it: beta / (beta - 1). [quotient]
    months_of_saving : float
        Worth of a saving of 1 USD a month, growing, for ever. [months]
    sunk_usd : float
        Outlay, and the worth of the fixed costs for ever. [USD]
    """

    root_ratio: float
    saving_usd_per_month: float
    multiple_ratio: float
    months_of_saving: float
    sunk_usd: float

    def value_usd(self, saving_usd_per_month: float) -> float:
        """Return the worth of the right to switch at a saving (before fixed costs) of so much a month. [USD]

        Raises
        ------
        ScenarioError
            If the saving is no number from 0 on.
        """
        saving = plain_number(saving_usd_per_month, "saving_usd_per_month", "USD per month")
        at_trigger = self.saving_usd_per_month * self.months_of_saving - self.sunk_usd
        if saving >= self.saving_usd_per_month:
            return saving * self.months_of_saving - self.sunk_usd
        return float(at_trigger * (saving / self.saving_usd_per_month) ** self.root_ratio)


def perpetual_switch(
    *,
    outlay_usd: float,
    discount_rate_per_year: float,
    volatility_per_year: float,
    growth_per_year: float = 0.0,
    fixed_usd_per_month: float = 0.0,
    jumps: Sequence[Jump] = (),
) -> PerpetualSwitch:
    r"""Return when to make a switch that is for ever and may be made at any time.

    The saving is paid continuously and follows a geometric Brownian motion, with downward jumps if there are any.

    Parameters
    ----------
    outlay_usd : float
        Paid on switching; with the fixed costs it must be above 0. [USD]
    discount_rate_per_year : float
        Effective annual rate; above the growth of the mean, jumps counted. [1/year]
    volatility_per_year : float
        Standard deviation of the saving's logarithm after a year. [1/sqrt(year)]
    growth_per_year : float
        Effective growth of the mean saving between jumps. [1/year]
    fixed_usd_per_month : float
        Paid for ever from the switch on. [USD/month]
    jumps : sequence of Jump
        Downward only (ratio up to 1): a jump upwards can leap over the trigger, and then there is no such form.

    Raises
    ------
    ScenarioError
        If the saving grows as fast as it is discounted (waiting is best for ever), fixed costs are not discounted,
        nothing is paid, or a jump goes up.

    Notes
    -----
    With :math:`\mu = \ln(1 + g)`, :math:`\rho = \ln(1 + i)`, jumps by :math:`J_j` at rates :math:`\lambda_j`, beta is
    the root above 1 of

    .. math:: \tfrac12 \sigma^2 \beta (\beta - 1) + \mu \beta + \textstyle\sum_j \lambda_j (J_j^\beta - 1) - \rho = 0

    and the switch is made once the saving, worth :math:`s / (\rho - \mu - \sum_j \lambda_j (J_j - 1))`, reaches
    :math:`\beta / (\beta - 1)` times what is paid.

    References
    ----------
    .. [1] R. McDonald and D. Siegel, "The Value of Waiting to Invest", Quarterly Journal of Economics 101 (1986).
    .. [2] A. K. Dixit and R. S. Pindyck, "Investment under Uncertainty", Princeton University Press, 1994, chapter 5.

    Examples
    --------
    Without drift, at a continuous rate of 4% and a volatility of 0.2, beta is 2: 0.02 beta (beta - 1) = 0.04.

    >>> switch = perpetual_switch(outlay_usd=1.0, discount_rate_per_year=math.expm1(0.04), volatility_per_year=0.2)
    >>> round(switch.root_ratio, 9), round(switch.multiple_ratio, 9)
    (2.0, 2.0)
    """
    outlay = plain_number(outlay_usd, "outlay_usd", "USD")
    rho = math.log1p(plain_number(discount_rate_per_year, "discount_rate_per_year", "per year, as a decimal"))
    sigma = plain_number(volatility_per_year, "volatility_per_year", "per square root of a year", high=10.0)
    mu = math.log1p(plain_number(growth_per_year, "growth_per_year", "per year, as a decimal", low=-0.999999))
    fixed = plain_number(fixed_usd_per_month, "fixed_usd_per_month", "USD per month")
    checked = checked_jumps(jumps)
    _downward(checked)
    mean = mu + sum(jump.times_per_year * (jump.advantage_ratio - 1.0) for jump in checked)
    if rho <= mean:
        found = f"a rate of {math.expm1(rho):g} with a saving whose mean grows by {math.expm1(mean):g} a year"
        accepted = "a rate above the growth: otherwise waiting is best for ever"
        raise ScenarioError(Problem("discount_rate_per_year", found, accepted, "Use a horizon: value_of_waiting."))
    if rho == 0.0 and fixed > 0.0:
        found = f"0, with fixed costs of {fixed:g} USD a month for ever"
        accepted = "a rate above 0: undiscounted they outweigh every saving"
        raise ScenarioError(Problem("discount_rate_per_year", found, accepted, "Use a horizon: value_of_waiting."))
    sunk = outlay + (fixed * MONTHS_PER_YEAR / rho if fixed > 0.0 else 0.0)
    if sunk <= 0.0:
        raise ScenarioError(Problem("outlay_usd", "0 without fixed costs", "something to pay for the switch"))
    beta = _root(sigma, mu, rho, checked)
    worth = MONTHS_PER_YEAR / (rho - mean)
    multiple = 1.0 if math.isinf(beta) else beta / (beta - 1.0)
    return PerpetualSwitch(beta, multiple * sunk / worth, multiple, worth, sunk)


def _downward(jumps: Sequence[Jump]) -> None:
    """Refuse a jump upwards."""
    for index, jump in enumerate(jumps):
        if jump.advantage_ratio > 1.0:
            raise ScenarioError(
                Problem(
                    f"jumps[{index}].advantage_ratio",
                    f"{jump.advantage_ratio:g}",
                    "a ratio up to 1: a jump upwards can leap over the trigger, which has no closed form",
                    "Use value_of_waiting with a long horizon.",
                )
            )


def _root(sigma: float, mu: float, rho: float, jumps: Sequence[Jump]) -> float:
    """Return the root above 1 of the characteristic equation; inf where the saving never rises."""

    def equation(beta: float) -> float:
        jumped = math.fsum(jump.times_per_year * (math.pow(jump.advantage_ratio, beta) - 1.0) for jump in jumps)
        return 0.5 * sigma**2 * beta * (beta - 1.0) + mu * beta + jumped - rho

    low, high = 1.0, 2.0
    while equation(high) < 0.0:
        low, high = high, 2.0 * high
        if high > 1e12:
            return math.inf
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if equation(middle) < 0.0 else (low, middle)
    return 0.5 * (low + high)
