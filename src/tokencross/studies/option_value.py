"""What the right to wait is worth: from which volume on to switch, month by month, and how likely that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.studies.best_policy import Plan, Policy, best_policy
from tokencross.studies.jumps import Jump, checked_jumps
from tokencross.studies.lattice import lattice_for
from tokencross.studies.plain_numbers import MONTHS_PER_YEAR, monthly_numbers, plain_count, plain_number
from tokencross.units import TOKENS_PER_MTOK, format_tokens, format_usd

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Jump", "WaitingValue", "value_of_waiting", "waiting_on"]

Array = NDArray[np.float64]

_MOST_STEPS = 1_200
_MOST_MONTHS_OF_LEAD = 120.0
_MOST_MEAN_RATIO = 1e12  # beyond it the tables of moves would need probabilities that a float cannot hold
_MOST_USD = 1e100


@dataclass(frozen=True, eq=False)
class WaitingValue:
    """What switching is worth now, later and never, and the volumes between which it is best to switch.

    All worths are expectations at the start, against keeping the incumbent for ever.

    Attributes
    ----------
    value_usd : float
        Worth of the best policy: switch when it pays to, leave again where that is possible. [USD]
    now_usd : float
        Worth of switching in the first month, for good; -inf where one cannot. [USD]
    switch_usd, wait_usd : float
        Worth of switching in the first month (-inf where one cannot), and of not doing so, each followed by the best
        policy. [USD]
    tokens_per_month : ndarray, shape (months,)
        Expected volume. [tokens/month]
    switch_from_tokens_per_month, switch_until_tokens_per_month : ndarray, shape (months,)
        Volumes between which switching in that month is best, at the advantage that was foreseen for it; after a jump
        of the advantage by a ratio, divide by it. 0 and inf: however low, however high. Both inf: at none. The upper
        end is finite only where a larger advantage is still to come. [tokens/month]
    leave_below_tokens_per_month : ndarray, shape (months,)
        Volume below which it is best to leave the challenger again, having switched as early as one can; 0 where it
        never is. [tokens/month]
    switched_probability : ndarray, shape (months,)
        Probability that the switch has been made by the end of each month. [share]
    pays_from_tokens_per_month : float
        Volume from which switching now beats never switching: the trigger of those who cannot wait; inf where
        there is none. [tokens/month]
    notes : tuple of str
        What has to be said with it.
    """

    value_usd: float
    now_usd: float
    switch_usd: float
    wait_usd: float
    tokens_per_month: Array
    switch_from_tokens_per_month: Array
    switch_until_tokens_per_month: Array
    leave_below_tokens_per_month: Array
    switched_probability: Array
    pays_from_tokens_per_month: float
    notes: tuple[str, ...] = ()

    @property
    def months(self) -> int:
        """The horizon. [months]"""
        return len(self.tokens_per_month)

    @property
    def flexibility_usd(self) -> float:
        """Worth of deciding later: the best policy less the better of switching now for good and never. [USD]"""
        return max(self.value_usd - max(self.now_usd, 0.0), 0.0)

    @property
    def act_now(self) -> bool:
        """Whether switching in the first month is best."""
        return bool(self.switched_probability[0] > 0.5)

    @property
    def expected_month(self) -> float | None:
        """Mean month of the first switch (0 is now) where it happens within the horizon; None where it never does."""
        in_month = np.diff(self.switched_probability, prepend=0.0)
        total = float(in_month.sum())
        return float(in_month @ np.arange(self.months)) / total if total > 0.0 else None

    def frame(self) -> pd.DataFrame:
        """Return a row per month: expected volume, the volumes to act at, and the probability of having acted."""
        import pandas as pd

        columns = (
            "tokens_per_month",
            "switch_from_tokens_per_month",
            "switch_until_tokens_per_month",
            "leave_below_tokens_per_month",
            "switched_probability",
        )
        return pd.DataFrame(
            {name: getattr(self, name) for name in columns}, index=pd.RangeIndex(self.months, name="month")
        )

    def __repr__(self) -> str:
        """Return the advice, its worth and its odds in one line."""
        trigger = float(self.switch_from_tokens_per_month[0])
        advice = "switch now" if self.act_now else "wait"
        reach = f"switch from {format_tokens(trigger)}" if math.isfinite(trigger) else "no volume to switch at now"
        odds = f"{self.switched_probability[-1]:.0%} within {self.months} month{'' if self.months == 1 else 's'}"
        return f"<WaitingValue {advice}: {reach}; flexibility {format_usd(self.flexibility_usd)}; {odds}>"

    def _repr_html_(self) -> str:
        """Return the advice and the months for a notebook."""
        from html import escape

        shown = self.frame().to_html(border=0, max_rows=12, float_format=lambda number: f"{number:.4g}")
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<div><p><b>{escape(repr(self)[1:-1])}</b></p>{shown}{notes}</div>"


def value_of_waiting(
    *,
    advantage_usd_per_mtok: ArrayLike,
    fixed_usd_per_month: ArrayLike,
    tokens_per_month: ArrayLike,
    months: int,
    outlay_usd: ArrayLike,
    discount_rate_per_year: float,
    volatility_per_year: float,
    growth_per_year: float = 0.0,
    jumps: Sequence[Jump] = (),
    exit_usd: float | None = None,
    recoverable_share: float = 0.0,
    lead_months: float = 0.0,
    decisions_per_month: int = 1,
) -> WaitingValue:
    r"""Return what switching is worth with the right to wait, and the volumes at which to switch.

    In month :math:`k` the challenger saves :math:`a_k V_k - b_k`, paid at the month's end. Decisions are taken at the
    beginning of a month, knowing its volume.

    Parameters
    ----------
    advantage_usd_per_mtok : float or array, shape (months,)
        The incumbent's cost per token less the challenger's, as foreseen (announced prices are steps in it).
        [USD per million tokens]
    fixed_usd_per_month : float or array, shape (months,)
        The challenger's costs that do not move with volume less the incumbent's. [USD/month]
    tokens_per_month : float or array, shape (months,)
        Volume now, which then grows by ``growth_per_year``; or its expectation in every month. [tokens/month]
    months : int
        Horizon; afterwards nothing is saved.
    outlay_usd : float or array, shape (months,)
        Paid on switching: migration, engineering; by the month in which one switches where it changes. [USD]
    discount_rate_per_year : float
        Effective annual rate. [1/year]
    volatility_per_year : float
        Standard deviation of the logarithm of volume after a year; the expected volume does not depend on it.
        [1/sqrt(year)]
    growth_per_year : float
        Growth of the expected volume; 0.5 is half as much again in a year. [1/year]
    jumps : sequence of Jump
        Sudden changes of the advantage, up or down; it is foreseen as if there were none, so jumps that are not 1 on
        average move its mean.
    exit_usd : float, optional
        Cost of switching back, which may be done in any month after the lead; None: there is no way back. Switching
        again then costs the outlay again. [USD]
    recoverable_share : float
        Share of the outlay that is worth its price again on leaving, or at the horizon. [share of the outlay]
    lead_months : float
        From the outlay to the first saving: the incumbent's bill runs on, and no fixed cost is paid. [months]
    decisions_per_month : int
        Decision dates in a month, of which each pays its part of the month's saving.

    Returns
    -------
    WaitingValue
        Worths, boundaries and probabilities, as a frame by month too.

    Raises
    ------
    ScenarioError
        If a number is out of its bounds, an array has not one value per month, or jumps multiply the mean of the
        advantage by more than 1e12 over the horizon.

    Notes
    -----
    Price jumps and volume enter as one product, so that one factor is enough for the state: it begins at 1, its
    logarithm moves by a normal variable of variance :math:`\sigma^2 / 12` and mean :math:`-\sigma^2 / 24` and by the
    jumps of a compound Poisson process in a month. The method and what it ignores: docs/methodology/waiting.md.

    References
    ----------
    .. [1] R. McDonald and D. Siegel, "The Value of Waiting to Invest", Quarterly Journal of Economics 101 (1986).
    .. [2] A. K. Dixit and R. S. Pindyck, "Investment under Uncertainty", Princeton University Press, 1994.

    Examples
    --------
    >>> value_of_waiting(advantage_usd_per_mtok=2.0, fixed_usd_per_month=5_000, tokens_per_month=5e9, months=36,
    ...                  outlay_usd=100_000, discount_rate_per_year=0.1, volatility_per_year=0.5)
    <WaitingValue wait: ...>
    """
    per_month = plain_count(decisions_per_month, "decisions_per_month")
    horizon = plain_count(months, "months", most=_MOST_STEPS // per_month)
    outlays = np.repeat(monthly_numbers(outlay_usd, "outlay_usd", horizon, low=0.0), per_month)
    rate = plain_number(discount_rate_per_year, "discount_rate_per_year", "per year, as a decimal")
    volumes = _volumes(tokens_per_month, growth_per_year, horizon, per_month)
    advantage = np.repeat(monthly_numbers(advantage_usd_per_mtok, "advantage_usd_per_mtok", horizon), per_month)
    fixed = np.repeat(monthly_numbers(fixed_usd_per_month, "fixed_usd_per_month", horizon), per_month)
    lead = plain_number(lead_months, "lead_months", "months", high=_MOST_MONTHS_OF_LEAD) * per_month
    share = plain_number(recoverable_share, "recoverable_share", "share of the outlay", high=1.0)
    exits = None if exit_usd is None else plain_number(exit_usd, "exit_usd", "USD")
    discount = (1.0 + rate) ** (-1.0 / MONTHS_PER_YEAR / per_month)
    left = np.arange(horizon * per_month, 0, -1)  # steps until everything ends
    leave = None
    if exits is not None:  # what comes back at the end is in the outlay already; on leaving it comes sooner
        sooner = share * (1.0 - discount**left)
        leave = exits - (outlays[:1, None] if np.ptp(outlays) == 0.0 else outlays[:, None]) * sooner
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused below
        gains = advantage * volumes / TOKENS_PER_MTOK / per_month
    plan = Plan(
        gains_usd=gains,
        fixed_usd=fixed / per_month,
        discount_ratio=discount,
        outlay_usd=outlays * (1.0 - share * discount**left),
        leave_usd=leave,
        lead_steps=lead,
        first_share=np.full(len(gains), 1.0 - math.fmod(lead, 1.0)),
    )
    return waiting_on(plan, volumes, volatility_per_year=volatility_per_year, jumps=jumps, per_month=per_month)


def waiting_on(
    plan: Plan,
    volumes: Array,
    *,
    volatility_per_year: float,
    jumps: Sequence[Jump],
    per_month: int = 1,
    before_usd: float = 0.0,
) -> WaitingValue:
    """Return what a plan is worth with the right to wait, in tokens and months.

    Parameters
    ----------
    plan : Plan
        What is earned and paid, by step.
    volumes : ndarray, shape (T,)
        Expected volume at each step. [tokens/month]
    volatility_per_year : float
        Standard deviation of the logarithm of volume after a year. [1/sqrt(year)]
    jumps : sequence of Jump
        Sudden changes of the advantage.
    per_month : int
        Steps in a month.
    before_usd : float
        Paid at the start, whatever one then does: off every worth. [USD]
    """
    volatility = plain_number(volatility_per_year, "volatility_per_year", "per square root of a year", high=10.0)
    checked, years = checked_jumps(jumps), len(volumes) / MONTHS_PER_YEAR / per_month
    drift = sum(jump.times_per_year * (jump.advantage_ratio - 1.0) for jump in checked) * years
    if drift > math.log(_MOST_MEAN_RATIO):
        found = f"jumps that multiply the mean advantage by exp({drift:.0f}) within {years * MONTHS_PER_YEAR:g} months"
        accepted = f"a mean that grows by up to {_MOST_MEAN_RATIO:g} times over the horizon"
        raise ScenarioError(Problem("jumps", found, accepted, "Take rarer or smaller jumps, or a shorter horizon."))
    if not plan.scale_usd * math.exp(max(drift, 0.0)) < _MOST_USD:
        found = f"sums of {plan.scale_usd:.3g} USD over {years * MONTHS_PER_YEAR:g} months"
        accepted = f"sums below {_MOST_USD:g} USD"
        remedy = "Look at the volume, its growth and the advantage per token."
        raise ScenarioError(Problem("value_of_waiting", found, accepted, remedy))
    lattice = lattice_for(
        steps=len(volumes),
        years_per_step=1.0 / MONTHS_PER_YEAR / per_month,
        volatility_per_year=volatility,
        jumps=checked,
    )
    policy = best_policy(lattice, plan)
    paid = replace(policy, wait_usd=policy.wait_usd - before_usd, switch_usd=policy.switch_usd - before_usd)
    slope, level = _for_good(plan, lattice.mean_ratio)
    return _waiting(paid, (slope, level - before_usd), volumes, per_month)


def _waiting(policy: Policy, now: tuple[float, float], volumes: Array, per_month: int) -> WaitingValue:
    """Return a policy in tokens and months, beside switching now for good: with the factor, and the rest."""
    slope, level = now
    without_slope = 0.0 if slope == 0.0 and level > 0.0 else math.inf
    pays_from = max(-level / slope, 0.0) if slope > 0.0 else without_slope
    begins, ends = slice(None, None, per_month), slice(per_month - 1, None, per_month)
    shown = volumes[begins]
    return WaitingValue(
        value_usd=max(policy.wait_usd, policy.switch_usd),
        now_usd=slope + level,
        switch_usd=policy.switch_usd,
        wait_usd=policy.wait_usd,
        tokens_per_month=shown,
        switch_from_tokens_per_month=shown * policy.switch_from[begins],
        switch_until_tokens_per_month=shown * policy.switch_until[begins],
        leave_below_tokens_per_month=shown * policy.leave_below[begins],
        switched_probability=policy.switched_by[ends],
        pays_from_tokens_per_month=pays_from * float(volumes[0]),
    )


def _for_good(plan: Plan, mean_ratio: float) -> tuple[float, float]:
    """Return the worth of switching at the start for good: what is in proportion to the factor, and the rest. [USD]"""
    steps = np.arange(len(plan.gains_usd))
    whole = int(plan.lead_steps)
    served = np.where(steps == whole, plan.first_share, np.where(steps > whole, 1.0, 0.0))
    discounts = plan.discount_ratio ** (steps + 1)
    slope = float(np.sum(served * discounts * mean_ratio**steps * plan.gains_usd))
    return slope, float(-plan.outlay_usd[0] - np.sum(served * discounts * plan.fixed_usd))


# ---------------------------------------------------------------------- what is accepted


def _volumes(tokens_per_month: ArrayLike, growth_per_year: float, months: int, per_month: int) -> Array:
    """Return the expected volume at every decision, in tokens per month."""
    growth = plain_number(growth_per_year, "growth_per_year", "per year, as a decimal", low=-0.999999)
    given = monthly_numbers(tokens_per_month, "tokens_per_month", months, low=0.0)
    if np.ndim(tokens_per_month) and growth != 0.0:
        found = f"{growth:g} beside a volume for every month"
        raise ScenarioError(Problem("growth_per_year", found, "one of the two", "Leave growth_per_year out."))
    if not np.all(given > 0.0):
        raise ScenarioError(Problem("tokens_per_month", "0", "numbers above 0 (tokens per month)"))
    years = np.arange(months * per_month) / (MONTHS_PER_YEAR * per_month)
    with np.errstate(over="ignore"):
        grown: Array = np.repeat(given, per_month) * (1.0 + growth) ** years
    if not np.all(np.isfinite(grown)):
        found = f"{growth:g} a year over {months} months, which no number can hold"
        raise ScenarioError(Problem("growth_per_year", found, "a growth that the horizon can bear"))
    return grown
