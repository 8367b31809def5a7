"""Numbers of a scenario file that may be uncertain: a plain number, or `between:`, `triangular:`, `share_between:`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, NoReturn

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from tokencross.distributions import Between, ShareBetween, Triangular, between, share_between, triangular
from tokencross.errors import Problem, ScenarioError
from tokencross.number import check_number
from tokencross.tables.naming import unit_of
from tokencross.tables.strict import (
    Amount,
    Finite,
    PositiveAmount,
    Share,
    StrictRecord,
    as_written,
    in_file_words,
    mistake,
)

__all__ = [
    "DISTRIBUTION_KEYS",
    "CorrelationEntry",
    "DistributionEntry",
    "Distributions",
    "UncertainAmount",
    "UncertainNumber",
    "UncertainPositiveAmount",
    "UncertainShare",
    "within",
]

_CALLS: dict[str, Callable[..., Between | Triangular | ShareBetween]] = {
    "between": between,
    "triangular": triangular,
    "share_between": share_between,
}
DISTRIBUTION_KEYS = tuple(_CALLS)
"""The keys that say a distribution."""
_VALUES = {"between": "[low, high]", "triangular": "[low, mode, high]", "share_between": "[low, high]"}
_TWO = Field(default=None, json_schema_extra={"minItems": 2, "maxItems": 2})
_THREE = Field(default=None, json_schema_extra={"minItems": 3, "maxItems": 3})


def _refused(error: ScenarioError) -> NoReturn:
    """Refuse a value as a call does, from within a validator; calls are written as a file writes them."""
    problem = error.problems[0]
    assert isinstance(problem, Problem)  # as every check of a number says it
    mistake(problem.found, in_file_words(problem.accepted), in_file_words(problem.remedy))


class Distributions(StrictRecord):
    """The ways to say a distribution, of which an entry has one at most."""

    between: tuple[float, ...] | None = _TWO
    """The 5% and 95% quantiles, `[low, high]`, in the number's unit; lognormal where low is above 0."""
    triangular: tuple[float, ...] | None = _THREE
    """The least, the likeliest and the largest value, `[low, mode, high]`, in the number's unit."""
    share_between: tuple[float, ...] | None = _TWO
    """The 5% and 95% quantiles of a share, `[low, high]`, above 0 and below 1."""
    name: str = ""
    """Name of the parameter: numbers of one name are one draw."""

    @field_validator(*_CALLS, mode="before")
    @classmethod
    def _has_values(cls, value: object, info: ValidationInfo) -> object:
        """Refuse what is no list of so many values."""
        values = _VALUES[info.field_name or ""]
        if value is not None and not (isinstance(value, tuple) and len(value) == values.count(",") + 1):
            mistake(as_written(value), values)
        return value

    @field_validator(*_CALLS)
    @classmethod
    def _is_one(cls, value: tuple[float, ...] | None, info: ValidationInfo) -> tuple[float, ...] | None:
        """Refuse values that make no distribution."""
        if value is not None:
            try:
                _CALLS[info.field_name or ""](*value)
            except ScenarioError as error:
                _refused(error)
        return value

    @property
    def kinds(self) -> list[str]:
        """The keys that say a distribution."""
        return [kind for kind in _CALLS if getattr(self, kind) is not None]

    @property
    def distribution(self) -> Between | Triangular | ShareBetween | None:
        """What the entry stands for, if anything."""
        return next((_CALLS[kind](*getattr(self, kind), name=self.name) for kind in self.kinds), None)


class DistributionEntry(Distributions):
    """A number that is not known exactly: `between:`, `triangular:` or `share_between:`; as `tokencross.between`."""

    @model_validator(mode="after")
    def _one_kind(self) -> DistributionEntry:
        if len(self.kinds) != 1:
            mistake(" and ".join(self.kinds) or "none of them", f"one of {', '.join(_CALLS)}")
        return self


def within(low: float, high: float = math.inf, *, open_low: bool = False) -> AfterValidator:
    """Return the check that no mass of a distribution lies outside bounds; plain numbers are checked by their type."""

    def check(value: object, info: ValidationInfo) -> object:
        found = value.distribution if isinstance(value, Distributions) else None
        if found is not None:
            unit = "" if high == 1.0 else unit_of(info.field_name or "")
            try:
                check_number(found, where="", unit=unit, low=low, high=high, open_low=open_low)
            except ScenarioError as error:
                _refused(error)
        return value

    return AfterValidator(check)


UncertainNumber = Annotated[Finite | DistributionEntry, within(-math.inf)]
UncertainAmount = Annotated[Amount | DistributionEntry, within(0.0)]
UncertainPositiveAmount = Annotated[PositiveAmount | DistributionEntry, within(0.0, open_low=True)]
UncertainShare = Annotated[Share | DistributionEntry, within(0.0, 1.0)]


class CorrelationEntry(StrictRecord):
    """How two uncertain numbers go together; as in `Study.correlate`."""

    pair: tuple[str, ...] = Field(json_schema_extra={"minItems": 2, "maxItems": 2})
    """Two uncertain numbers, by their names or addresses."""
    correlation: float = Field(ge=-1.0, le=1.0)
    """Of their normal scores (a Gaussian copula), from -1 to 1."""

    @field_validator("pair")
    @classmethod
    def _two(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) != 2:
            mistake(as_written(value), "[name, name]")
        return value
