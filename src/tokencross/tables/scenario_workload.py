"""What a scenario file may say of its traffic: requests, their spread over the week, and classes of work."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tokencross.tables.scenario_numbers import UncertainAmount, UncertainPositiveAmount, UncertainShare
from tokencross.tables.strict import Amount, Count, PositiveCount, Share, StrictRecord, mistake

__all__ = ["BusinessHoursEntry", "ClassEntry", "LoadEntry", "LogEntry", "MixedLoadEntry", "WorkloadEntry"]


class BusinessHoursEntry(StrictRecord):
    """Office hours; as `tokencross.Load.business_hours`."""

    start_hour: Count = 9
    """First hour of work, local time. [hour]"""
    end_hour: PositiveCount = 18
    """First hour after work. [hour]"""
    weekdays: PositiveCount = 5
    """Working days of a week, from Monday. [days]"""
    time_zone: str | float | tuple[str | float, ...] | dict[str, Share] = "UTC"
    """IANA name or hours from UTC; a list, or a mapping with shares of the traffic, for several."""
    outside_share: Share | None = None
    """Traffic outside these hours over that within; 0.1 unless said."""


class LogEntry(StrictRecord):
    """One's own log; as `tokencross.Load.from_log`."""

    path: str = Field(min_length=1)
    """A CSV or Parquet file, relative to the scenario."""
    time_column: str = "timestamp"
    """Column of the times."""
    token_columns: tuple[str, ...] = ()
    """Columns of tokens, which are added up; none counts requests."""
    period: Literal["week", "day"] = "week"
    """Whether the profile is of a week, or of one day for all."""


class MixedLoadEntry(StrictRecord):
    """A part of mixed traffic."""

    load: LoadForm
    """Its hours."""
    share: Share
    """Of the traffic."""


class LoadEntry(StrictRecord):
    """Hours of the week: `preset:`, `business_hours:`, `mix:` or `log:` says which; as `tokencross.Load`."""

    preset: str | None = None
    """A profile in load/, measured from a public trace."""
    business_hours: BusinessHoursEntry | None = None
    """Office hours."""
    mix: tuple[MixedLoadEntry, ...] | None = None
    """Several, with their shares."""
    log: LogEntry | None = None
    """One's own log."""
    shifted_hours: float = 0.0
    """How many hours later all of it comes. [hours]"""

    @model_validator(mode="after")
    def _one_kind(self) -> LoadEntry:
        kinds = [kind for kind in ("preset", "business_hours", "mix", "log") if getattr(self, kind) is not None]
        if len(kinds) != 1:
            mistake(" and ".join(kinds) or "none of them", "one of preset, business_hours, mix and log")
        return self


LoadForm = str | tuple[Amount, ...] | LoadEntry


class _Shape(StrictRecord):
    """The shape of requests, in reference tokens."""

    input_tokens: UncertainAmount
    """Mean prompt per request, cached tokens too. [reference tokens]"""
    output_tokens: UncertainAmount
    """Mean answer per request. [reference tokens]"""
    cached_input_share: UncertainShare = 0.0
    """Share of input read from a provider's cache."""
    cache_write_share: UncertainShare | None = None
    """Share of input written to it; asked for with cached_input_share."""
    batch_share: UncertainShare = 0.0
    """Share of the tokens that can wait."""
    input_cv: UncertainAmount = 0.0
    """Standard deviation over mean of the prompt length."""
    output_cv: UncertainAmount = 0.0
    """Standard deviation over mean of the answer length."""
    text_kind: str = "english"
    """Kind of text, for tokenizers."""
    peak_to_mean: UncertainPositiveAmount | None = None
    """Peak hour over mean hour; 3 unless said."""
    load: LoadForm | None = None
    """24 or 168 relative weights by hour (Monday first, UTC), a preset's name, `flat`, `business_hours`, or one of
    these with its arguments; instead of peak_to_mean."""
    burst_ratio: UncertainPositiveAmount | None = None
    """Busiest minutes over the peak hour; 1.25 unless said."""


class ClassEntry(_Shape):
    """A class of work; as one of `tokencross.Workload.mix`."""

    share: Share
    """Of the tokens."""


class WorkloadEntry(_Shape):
    """The traffic, in reference tokens; as `tokencross.Workload`, or `classes:` as `tokencross.Workload.mix`."""

    input_tokens: UncertainAmount | None = None  # type: ignore[assignment]  # absent beside classes
    """Mean prompt per request, cached tokens too. [reference tokens]"""
    output_tokens: UncertainAmount | None = None  # type: ignore[assignment]  # absent beside classes
    """Mean answer per request. [reference tokens]"""
    classes: dict[str, ClassEntry] | None = None
    """Classes of work by name, instead of one shape."""
    name: str = ""
    """Name in captions; the scenario's unless said."""

    @model_validator(mode="after")
    def _one_shape(self) -> WorkloadEntry:
        if self.classes is None:
            for key in ("input_tokens", "output_tokens"):
                if getattr(self, key) is None:
                    mistake(f"no key {key!r}", f"{key}, or classes of work each with its own")
        elif self.model_fields_set - {"classes", "name"}:
            foreign = sorted(self.model_fields_set - {"classes", "name"})[0]
            mistake(f"{foreign!r} beside classes", "classes and name alone: each class has its own shape")
        return self


MixedLoadEntry.model_rebuild()
