"""What people cost: work paid once and spread over months, and upkeep."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, overload

import numpy as np

from tokencross.citation import Citation
from tokencross.costs.curve import CostCurve
from tokencross.costs.team import Team
from tokencross.errors import Problem, ScenarioError
from tokencross.number import DefaultFloat, FloatOrDraws, Number, check_number, float_or_draws, point

__all__ = ["AMORTIZATION_MONTHS", "Engineering", "EngineeringItems", "amortized_usd_per_month"]

AMORTIZATION_MONTHS = DefaultFloat(24.0)
_MONTHS_PER_YEAR = 12.0

_UNITS = {
    "upfront_usd": "USD",
    "amortization_months": "months",
    "discount_rate_per_year": "per year, as a decimal",
    "upkeep_usd_per_month": "USD per month",
    "upkeep_usd_per_gpu_month": "USD per GPU and month",
    "lead_months": "months",
}
"""The fields that are numbers, with their units."""


@overload
def amortized_usd_per_month(
    upfront_usd: float, *, amortization_months: float, discount_rate_per_year: float
) -> float: ...
@overload
def amortized_usd_per_month(
    upfront_usd: FloatOrDraws, *, amortization_months: FloatOrDraws, discount_rate_per_year: FloatOrDraws
) -> FloatOrDraws: ...
def amortized_usd_per_month(
    upfront_usd: FloatOrDraws, *, amortization_months: FloatOrDraws, discount_rate_per_year: FloatOrDraws
) -> FloatOrDraws:
    r"""Return the level monthly payment that repays an upfront cost.

    Parameters
    ----------
    upfront_usd : float or ndarray, shape (D,)
        Spent before the first token is served. [USD]
    amortization_months : float or ndarray, shape (D,)
        Horizon over which it is spread; must be positive. [months]
    discount_rate_per_year : float or ndarray, shape (D,)
        Effective annual rate; 0 is a straight line. [1/year]

    Returns
    -------
    float or ndarray, shape (D,)
        Payment due at each month's end. [USD/month]

    Raises
    ------
    ScenarioError
        If a number is negative, or ``amortization_months`` is 0.

    Notes
    -----
    .. math:: P = U \, r / (1 - (1 + r)^{-n}), \qquad r = (1 + i)^{1/12} - 1

    References
    ----------
    .. [1] The annuity formula of any textbook of corporate finance, such as Brealey, Myers and Allen, "Principles of
       Corporate Finance", chapter 2 (present value of an annuity, solved for the payment).

    Examples
    --------
    >>> amortized_usd_per_month(60_000, amortization_months=24, discount_rate_per_year=0.0)
    2500.0
    >>> round(amortized_usd_per_month(60_000, amortization_months=24, discount_rate_per_year=0.1), 2)
    2756.77
    """
    numbers = {
        "upfront_usd": upfront_usd,
        "amortization_months": amortization_months,
        "discount_rate_per_year": discount_rate_per_year,
    }
    upfront, months, rate = (
        np.asarray(float_or_draws(check_number(value, where=name, unit=_UNITS[name], open_low="months" in name)))
        for name, value in numbers.items()
    )
    monthly = np.expm1(np.log1p(rate) / _MONTHS_PER_YEAR)
    with np.errstate(divide="ignore", invalid="ignore"):
        annuity = monthly / -np.expm1(-months * np.log1p(monthly))
    paid = upfront * np.where(monthly > 0.0, annuity, 1.0 / months)
    return paid if paid.ndim else float(paid)


class _Summable:
    """Adding up of engineering items."""

    @property
    def items(self) -> tuple[Engineering, ...]:
        raise NotImplementedError

    def __add__(self, other: _Summable) -> EngineeringItems:
        """Return both, as separate items of one plan."""
        return EngineeringItems(self.items + other.items) if isinstance(other, _Summable) else NotImplemented

    def curve(self, gpus: CostCurve | None = None) -> CostCurve:
        """Return the monthly cost of all items.

        Parameters
        ----------
        gpus : CostCurve, optional
            The number of GPUs at each volume, as a curve whose "USD" are GPUs; upkeep per GPU multiplies it.

        Returns
        -------
        CostCurve
            A labelled fixed term per amortised item and upkeep, and the GPUs' staircase for upkeep per GPU.
        """
        total = CostCurve()
        for item in self.items:
            total = total + item._own_curve(gpus)
        return total


@dataclass(frozen=True)
class Engineering(_Summable):
    """The people's side of an option: work before the first token, spread over months, and upkeep.

    Items add up: ``Engineering(…, label="platform") + Engineering(…, label="this model")``.

    Attributes
    ----------
    upfront_usd : Number
        Spent before the first token is served. [USD]
    amortization_months : Number
        Months over which it is spread; positive. [months]
    discount_rate_per_year : Number
        Effective annual rate of the level payment; 0 is a straight line. [1/year]
    upkeep_usd_per_month : Number
        Running effort. [USD/month]
    upkeep_usd_per_gpu_month : Number
        Running effort that grows with the fleet. [USD per GPU and month]
    lead_months : Number
        Months before the first token is served; used in projections. [months]
    label : str
        Name of the item in breakdowns and addresses.
    team : Team, optional
        Whose work it is, where `from_team` made it.
    """

    upfront_usd: Number = 0.0
    amortization_months: Number = AMORTIZATION_MONTHS
    discount_rate_per_year: Number = 0.0
    upkeep_usd_per_month: Number = 0.0
    upkeep_usd_per_gpu_month: Number = 0.0
    lead_months: Number = 0.0
    label: str = "engineering"
    team: Team | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check every number."""
        for name, unit in _UNITS.items():
            where = f"engineering[{self.label}].{name}"
            checked = check_number(getattr(self, name), where=where, unit=unit, open_low=name == "amortization_months")
            object.__setattr__(self, name, checked)
        if not isinstance(self.label, str) or not self.label or "[" in self.label or "]" in self.label:
            accepted = "a name that is not empty and has no brackets, which addresses use"
            raise ScenarioError(Problem("engineering: label", repr(self.label), accepted))

    @staticmethod
    def none() -> EngineeringItems:
        """Return no engineering at all: the free lunch, written out."""
        return EngineeringItems(())

    @staticmethod
    def typical() -> Engineering:
        """Return the preset: 150,000 USD up front over 24 months and 12,500 USD a month of upkeep.

        Two engineers for three months at 300,000 USD a year fully loaded, and half of one to keep it running: our
        judgement of 2026-11-21 within the range that published accounts give (docs/methodology/engineering.md).
        """
        return Engineering(upfront_usd=150_000.0, upkeep_usd_per_month=12_500.0, label="typical engineering")

    @classmethod
    def from_team(
        cls,
        *,
        engineers: Number,
        months: Number,
        loaded_usd_per_year: Number,
        upkeep_fte: Number = 0.0,
        amortization_months: Number = AMORTIZATION_MONTHS,
        discount_rate_per_year: Number = 0.0,
        upkeep_fte_per_gpu: Number = 0.0,
        lead_months: Number | None = None,
        label: str = "engineering",
    ) -> Engineering:
        """Return the item that a team comes to: so many engineers for so many months, and a part of one afterwards.

        Parameters
        ----------
        engineers, months : Number
            How many build it, and for how long. [engineers, months]
        loaded_usd_per_year : Number
            What one costs with everything that comes on top of the salary. [USD per engineer and year]
        upkeep_fte : Number
            Engineers who keep it running. [engineers]
        amortization_months, discount_rate_per_year, label
            As in `Engineering`.
        upkeep_fte_per_gpu : Number
            The same, by the GPU: a fleet of hundreds is not kept by one person. [engineers per GPU]
        lead_months : Number, optional
            Months before the first token is served; ``months`` unless given.

        Examples
        --------
        >>> team = Engineering.from_team(engineers=2, months=3, loaded_usd_per_year=300_000, upkeep_fte=0.5)
        >>> team.upfront_usd, team.upkeep_usd_per_month, team.lead_months
        (150000.0, 12500.0, 3.0)
        """
        people = Team(engineers, months, loaded_usd_per_year, upkeep_fte, upkeep_fte_per_gpu)
        team = people.checked(f"engineering[{label}].from_team")
        return cls(
            **team.sums(),
            amortization_months=amortization_months,
            discount_rate_per_year=discount_rate_per_year,
            lead_months=team.months if lead_months is None else lead_months,
            label=label,
            team=team,
        )

    def rebuilt(self, **changes: Any) -> Engineering:
        """Return the item with fields changed; sums that its team comes to follow a change of the team."""
        if self.team is not None and "team" in changes:
            old, new = self.team.sums(), changes["team"].sums()
            follow = [name for name in old if np.array_equal(np.asarray(getattr(self, name)), np.asarray(old[name]))]
            changes = {**{name: new[name] for name in follow}, **changes}
        return replace(self, **changes)

    @property
    def items(self) -> tuple[Engineering, ...]:
        """This one item."""
        return (self,)

    def numbers(self) -> dict[str, tuple[Number, str]]:
        """Return every number of the item with its unit, by field name."""
        return {name: (getattr(self, name), unit) for name, unit in _UNITS.items()}

    def defaulted(self, name: str) -> bool:
        """Return whether a field was left at its default."""
        value = getattr(self, name)
        return isinstance(value, DefaultFloat) or (isinstance(value, float) and value == 0.0)

    def _own_curve(self, gpus: CostCurve | None) -> CostCurve:
        """Return the cost of this item alone."""
        cite = (Citation(f"engineering[{self.label}]", via="given by the study"),)
        total = CostCurve()
        if not _is_zero(self.upfront_usd):
            paid = amortized_usd_per_month(
                float_or_draws(self.upfront_usd),
                amortization_months=float_or_draws(self.amortization_months),
                discount_rate_per_year=float_or_draws(self.discount_rate_per_year),
            )
            total = total + CostCurve.fixed(paid, label=f"{self.label}: amortised", citations=cite)
        if not _is_zero(self.upkeep_usd_per_month):
            upkeep = CostCurve.fixed(self.upkeep_usd_per_month, label=f"{self.label}: upkeep", citations=cite)
            total = total + upkeep
        if gpus is not None and not _is_zero(self.upkeep_usd_per_gpu_month):
            total = total + (gpus * self.upkeep_usd_per_gpu_month).labelled(f"{self.label}: upkeep per GPU")
        return total


@dataclass(frozen=True)
class EngineeringItems(_Summable):
    """Several engineering items, or none."""

    items: tuple[Engineering, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two items of one name: an address has to mean one of them."""
        labels = [item.label for item in self.items]
        double = sorted({label for label in labels if labels.count(label) > 1})
        if double:
            raise ScenarioError(
                Problem("engineering", f"two items labelled {double[0]!r}", "a different label for each item")
            )


NO_ENGINEERING = EngineeringItems(())


def longest_amortization_months(plan: Engineering | EngineeringItems) -> float:
    """Return the longest horizon over which anything is spread; 0 for none. [months]"""
    spread = [point(item.amortization_months) for item in plan.items if point(item.upfront_usd) > 0.0]
    return max(spread, default=0.0)


def _is_zero(number: Number) -> bool:
    """Return whether a number is given as plain zero (absence: the term is left out)."""
    return isinstance(number, float) and number == 0.0
