"""What is assumed about time: volume, prices by kind, engineering effort, model life, and the switch itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.errors import Problem, ScenarioError
from tokencross.number import Number, check_number, point
from tokencross.studies.growth import SCurve, compound, own_series
from tokencross.studies.terms_of_switching import Switching

__all__ = ["Projection"]

Array: TypeAlias = NDArray[np.float64]

_MOST_MONTHS = 600
_MOST_RISE = -100.0  # a decline of this a year is a hundredfold rise: beyond it someone means percent
_LEAST_LIFE_MONTHS = 1.0  # a month has one price
_MOST_TOKENS = 1e24  # a month: beyond it a rate of growth was meant as something else
_RATE = "share a year by which a price falls, as a decimal; below 0 it rises"
_RATE_REMEDY = "0.3 means that a year on the price is 0.7 times today's."


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    r"""What is assumed about the months to come. Month 0 begins at the study's date.

    Attributes
    ----------
    months : int
        Horizon: when everything ends. [months]
    growth_per_year : Number
        Growth of the volume, compounded; above -1. [1/year]
    growth : SCurve, optional
        Instead: `Projection.s_curve`.
    tokens_per_month : array_like, shape (M,) or longer, optional
        Instead: a volume for each month. [reference tokens/month]
    announced : bool
        Whether price changes that the tables know of for later days count from their day on.
    declines : mapping of str to Number
        How fast a price falls, smoothly or in ``steps_per_year``, with nothing else changing: a hosted slot (an
        option's label), the list price of one model (its address; 0 unless said: list prices move in announced steps),
        GPU rental (``"compute"``, or an address). Below 0 it rises. A label beats a room, an address beats both.
        [1/year]
    capability_declines : mapping of str to Number
        By label: how fast the price of a *fixed capability* falls for those who move on to the next model. It falls at
        the migrations, every ``model_life_months``, and stays in between. [1/year]
    engineering_decline_per_year : Number
        How fast the work up front shrinks as tooling matures. [1/year]
    steps_per_year : int, optional
        Declines of ``declines`` come in so many steps a year instead of month by month.
    price_ratio : mapping of str to array_like, shape (M,) or longer
        Price paths of one's own: each month's price over today's, up or down, by label, room or address.
    model_life_months : Number, optional
        After how many months one moves on to the next hosted model; at least 1. [months]
    migration_usd : Number or mapping of label to Number
        What each such move costs; one number counts for the labels of ``capability_declines``. [USD]
    renew_engineering : bool
        Whether an engineering item is paid again when its amortisation has run out before the horizon.
    discount_rate_per_year : Number
        Effective annual rate; 0 counts a dollar in three years as one of today. [1/year]
    switching : Switching or mapping of label to Switching
        What a switch takes besides engineering, for every challenger or by its label.

    Raises
    ------
    ScenarioError
        If the horizon is 0, a price falls by over 100% a year, volume by 100%, a series is too short, or a number is
        out of bounds.

    Notes
    -----
    A decline :math:`d` makes the price of month :math:`m` :math:`(1 - d)^{m / 12}` times today's. docs/methodology/
    timing.md has all equations.
    """

    months: int
    growth_per_year: Number = 0.0
    growth: SCurve | None = None
    tokens_per_month: ArrayLike | None = None
    announced: bool = True
    declines: Mapping[str, Number] = field(default_factory=dict)
    capability_declines: Mapping[str, Number] = field(default_factory=dict)
    engineering_decline_per_year: Number = 0.0
    steps_per_year: int | None = None
    price_ratio: Mapping[str, ArrayLike] = field(default_factory=dict)
    model_life_months: Number | None = None
    migration_usd: Number | Mapping[str, Number] = 0.0
    renew_engineering: bool = True
    discount_rate_per_year: Number = 0.0
    switching: Switching | Mapping[str, Switching] = field(default_factory=Switching)

    def __post_init__(self) -> None:
        """Check every number."""
        _check_whole(self.months, "months", "months", _MOST_MONTHS)
        if self.steps_per_year is not None:
            _check_whole(self.steps_per_year, "steps_per_year", "steps a year", 12)
        for name in ("announced", "renew_engineering"):
            if not isinstance(getattr(self, name), bool):
                found = f"{getattr(self, name)!r:.60}"
                raise ScenarioError(Problem(f"projection: {name}", found, "True or False"))
        self._check_growth()
        rate = check_number(
            self.discount_rate_per_year, where="projection: discount_rate_per_year", unit="per year, as a decimal"
        )
        object.__setattr__(self, "discount_rate_per_year", rate)
        work = _decline(self.engineering_decline_per_year, "engineering_decline_per_year")
        object.__setattr__(self, "engineering_decline_per_year", work)
        for name in ("declines", "capability_declines"):
            object.__setattr__(self, name, _declines(getattr(self, name), name))
        paths = {
            key: own_series(path, self.months, where=f"projection: price_ratio[{key}]", unit="price over today's")
            for key, path in _mapping(self.price_ratio, "price_ratio").items()
        }
        object.__setattr__(self, "price_ratio", MappingProxyType(paths))
        self._check_migrations()
        self._check_switching()

    def _check_growth(self) -> None:
        """Check that volume moves in one way."""
        where = "projection: growth_per_year"
        remedy = "0.5 is half as much again in a year."
        rate = check_number(
            self.growth_per_year, where=where, unit="per year, as a decimal", low=-1.0, open_low=True, remedy=remedy
        )
        object.__setattr__(self, "growth_per_year", rate)
        if self.growth is not None and not isinstance(self.growth, SCurve):
            accepted = "tc.Projection.s_curve(…); a constant rate is growth_per_year"
            raise ScenarioError(Problem("projection: growth", f"{self.growth!r:.60}", accepted))
        said = [
            name
            for name, given in (
                ("growth_per_year", not (isinstance(rate, float) and rate == 0.0)),
                ("growth", self.growth is not None),
                ("tokens_per_month", self.tokens_per_month is not None),
            )
            if given
        ]
        if len(said) > 1:
            raise ScenarioError(
                Problem(f"projection: {said[1]}", f"it beside {said[0]}", "one way in which volume moves")
            )
        if self.tokens_per_month is not None:
            where, unit = "projection: tokens_per_month", "reference tokens per month"
            object.__setattr__(
                self, "tokens_per_month", own_series(self.tokens_per_month, self.months, where=where, unit=unit)
            )

    def _check_migrations(self) -> None:
        """Check model life and what migrations cost."""
        where = "projection: model_life_months"
        if self.model_life_months is not None:
            life = check_number(self.model_life_months, where=where, unit="months", low=_LEAST_LIFE_MONTHS)
            object.__setattr__(self, "model_life_months", life)
        cost = self.migration_usd
        costs = cost if isinstance(cost, Mapping) else dict.fromkeys(self.capability_declines, cost)
        checked = {
            label: check_number(usd, where=f"projection: migration_usd[{label}]", unit="USD per migration")
            for label, usd in costs.items()
        }
        if not isinstance(cost, Mapping):
            alone = check_number(cost, where="projection: migration_usd", unit="USD per migration")
            if not checked and point(alone) > 0.0:
                found = f"{point(alone):g}, though no option follows a capability"
                accepted = "a mapping of labels to USD, or capability_declines beside it"
                raise ScenarioError(Problem("projection: migration_usd", found, accepted))
        object.__setattr__(self, "migration_usd", MappingProxyType(checked))
        if self.model_life_months is None and (self.capability_declines or checked):
            kind = "capability_declines" if self.capability_declines else "migration_usd"
            accepted = "the months from one migration to the next"
            raise ScenarioError(
                Problem(where, f"nothing beside {kind}", accepted, "Models turn over in about 9 months.")
            )

    def _check_switching(self) -> None:
        """Check that there are terms of switching, for all or by label."""
        terms = self.switching
        by_label = dict(terms) if isinstance(terms, Mapping) else {"": terms}
        for label, each in by_label.items():
            if not isinstance(each, Switching):
                where = f"projection: switching[{label}]" if label else "projection: switching"
                raise ScenarioError(Problem(where, f"{each!r:.60}", "tc.Switching(…), or a mapping of labels to them"))
        if isinstance(terms, Mapping):
            object.__setattr__(self, "switching", MappingProxyType(by_label))

    # ------------------------------------------------------------------ what follows

    @staticmethod
    def s_curve(*, ceiling_tokens_per_month: Number, midpoint_month: Number, steepness_per_month: Number) -> SCurve:
        """Return growth along a logistic curve from where you are to a ceiling; see `SCurve`."""
        return SCurve(
            ceiling_tokens_per_month=ceiling_tokens_per_month,
            midpoint_month=midpoint_month,
            steepness_per_month=steepness_per_month,
        )

    @property
    def monthly_rate(self) -> float:
        """Interest for a month, from the effective annual rate."""
        return math.expm1(math.log1p(point(self.discount_rate_per_year)) / 12.0)

    def volumes(self, here: float | None) -> Array:
        """Return the volume of each month, shape (M,). [reference tokens/month]

        Raises
        ------
        ScenarioError
            If it grows from where you are, and nobody said where that is; or if it grows beyond all bounds.
        """
        name, volumes = self._volumes(here)
        if not np.all(volumes <= _MOST_TOKENS):
            month = int(np.argmin(volumes <= _MOST_TOKENS))
            found = f"a volume over {_MOST_TOKENS:g} tokens per month in month {month}"
            remedy = "0.5 is half as much again in a year." if name == "growth_per_year" else ""
            raise ScenarioError(Problem(f"projection: {name}", found, "a volume that somebody could have", remedy))
        return volumes

    def _volumes(self, here: float | None) -> tuple[str, Array]:
        """Return by which argument volume moves, and the volume of each month."""
        if self.tokens_per_month is not None:
            return "tokens_per_month", np.asarray(self.tokens_per_month, dtype=float)
        if here is None:
            accepted = "where you are, in tokens per month: the study's tokens_per_month, or a series in the projection"
            raise ScenarioError(Problem("tokens_per_month", "nothing", accepted))
        if self.growth is not None:
            return "growth", self.growth.tokens_per_month(here, self.months)
        with np.errstate(over="ignore"):  # what overflows is refused
            return "growth_per_year", here * compound(point(self.growth_per_year), self.months)

    @property
    def migration_months(self) -> list[int]:
        """The months, from 1 on, at whose beginning one moves on to the next hosted model."""
        if self.model_life_months is None:
            return []
        life = point(self.model_life_months)
        count = math.ceil(self.months / life)
        return sorted({math.ceil(k * life - 1e-9) for k in range(1, count + 1)} & set(range(1, self.months)))

    @property
    def migrations(self) -> Mapping[str, float]:
        """What each migration costs, by label. [USD]"""
        costs = self.migration_usd
        return {label: point(usd) for label, usd in costs.items()} if isinstance(costs, Mapping) else {}

    def terms_for(self, label: str) -> Switching:
        """Return the terms of switching to a challenger."""
        if isinstance(self.switching, Switching):
            return self.switching
        return self.switching.get(label, Switching())

    def __repr__(self) -> str:
        """Return the horizon and what moves in one line."""
        names = ("growth_per_year", "growth", "tokens_per_month", "declines", "capability_declines", "price_ratio")
        moving = [name for name in names if _is_said(getattr(self, name))]
        return f"<Projection over {self.months} months{': ' + ', '.join(moving) if moving else ''}>"


def _is_said(value: object) -> bool:
    """Return whether something was given that is not plain absence."""
    if value is None or (isinstance(value, float) and value == 0.0):
        return False
    return not (isinstance(value, Mapping) and not value)


def _check_whole(value: object, name: str, unit: str, most: int) -> None:
    """Refuse anything but a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= most:
        accepted = f"a whole number from 1 to {most} ({unit})"
        raise ScenarioError(Problem(f"projection: {name}", repr(value), accepted))


def _mapping(value: object, name: str) -> Mapping[str, object]:
    """Return a mapping by label, room or address."""
    if not isinstance(value, Mapping):
        accepted = 'a mapping by label, room or address, such as {"compute": 0.1}'
        raise ScenarioError(Problem(f"projection: {name}", f"{value!r:.60}", accepted))
    return value


def _decline(value: object, name: str) -> Number:
    """Return a decline: a number, or what was fitted to a history, once it is seen to be at most 100% a year."""
    rate = getattr(value, "decline_per_year", value)
    return check_number(rate, where=f"projection: {name}", unit=_RATE, low=_MOST_RISE, high=1.0, remedy=_RATE_REMEDY)


def _declines(value: object, name: str) -> Mapping[str, Number]:
    """Return declines by label, room or address, checked."""
    found = {key: _decline(rate, f"{name}[{key}]") for key, rate in _mapping(value, name).items()}
    return MappingProxyType(found)
