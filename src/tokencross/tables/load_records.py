"""What the tables of traffic may say: how load was measured to rise and fall over the hours of the week."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from tokencross.tables.records import Provenance
from tokencross.tables.strict import Amount, PositiveCount, Share, StrictRecord, mistake

__all__ = ["DAYS", "LoadFile", "LoadProfile", "WeekHours"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_HOURS = 24
_ROUNDING_RATIO = 0.005
"""How far the mean of the written ratios may be from 1: they are rounded to three or four decimals."""


def _whole_day(hours: tuple[float, ...]) -> tuple[float, ...]:
    if len(hours) != _DAY_HOURS:
        mistake(f"{len(hours)} hours", "24 hours, from 0:00")
    return hours


_Day = Annotated[
    tuple[Amount, ...],
    AfterValidator(_whole_day),
    WithJsonSchema(
        {"type": "array", "items": {"type": "number", "minimum": 0.0}, "minItems": _DAY_HOURS, "maxItems": _DAY_HOURS}
    ),
]


class WeekHours(StrictRecord):
    """The hours of a week, 24 for each day; their mean is 1."""

    mon: _Day
    """Monday, from 0:00."""
    tue: _Day
    """Tuesday."""
    wed: _Day
    """Wednesday."""
    thu: _Day
    """Thursday."""
    fri: _Day
    """Friday."""
    sat: _Day
    """Saturday."""
    sun: _Day
    """Sunday."""

    @property
    def hours(self) -> tuple[float, ...]:
        """The 168 hours from Monday 0:00."""
        return tuple(hour for day in DAYS for hour in getattr(self, day))

    @model_validator(mode="after")
    def _relative_to_their_mean(self) -> WeekHours:
        mean = sum(self.hours) / len(self.hours)
        if abs(mean - 1.0) > _ROUNDING_RATIO:
            mistake(f"hours with a mean of {mean:.4g}", "hours over their mean, so that the mean is 1")
        return self


class LoadProfile(Provenance):
    """The traffic of one measured trace by hour of the week."""

    id: str = Field(min_length=1)
    """Plain id; what `load` names."""
    name: str = Field(min_length=1)
    """What was measured, as people say it."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""
    licence: str = Field(min_length=1)
    """Licence of the trace."""
    unit: Literal["tokens", "requests"]
    """What was counted by hour."""
    nature: Literal["measured", "plot"]
    """measured: summed from the trace's figures; plot: read off a published plot of them."""
    reading_error_share: Share = 0.0
    """Of a plot: the error of one hour, as a share of it."""
    clock: Literal["utc", "unknown"]
    """utc: hours and weekdays are those of UTC; unknown: the first hour of the trace stands as Monday 0:00."""
    measured_from: date | None = None
    """First day of the trace; left out where the source does not say."""
    measured_days: PositiveCount
    """Days that it covers."""
    burst_ratio: Annotated[float, Field(ge=1.0)] | None = None
    """Busiest stretch inside the peak hour over that hour; left out where it was not measured. [quotient]"""
    burst_seconds: PositiveCount | None = None
    """Length of that stretch. [seconds]"""
    hourly_load_ratio: WeekHours
    """Load of each hour over the mean hour. [quotient]"""

    @model_validator(mode="after")
    def _complete(self) -> LoadProfile:
        if (self.burst_ratio is None) != (self.burst_seconds is None):
            mistake("one of burst_ratio and burst_seconds", "both, or neither")
        if (self.nature == "plot") != (self.reading_error_share > 0.0):
            accepted = "reading_error_share above 0 with nature plot, and only with it"
            mistake(f"nature {self.nature} with reading_error_share {self.reading_error_share:g}", accepted)
        return self


class LoadFile(StrictRecord):
    """Traffic by hour of the week, as measured from traces."""

    profiles: tuple[LoadProfile, ...]
    """Profiles sorted by id."""
