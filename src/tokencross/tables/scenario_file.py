"""What a scenario file may say: the calls that build a study, under the same names."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from tokencross.tables.scenario_numbers import CorrelationEntry, UncertainNumber, UncertainPositiveAmount
from tokencross.tables.scenario_options import OptionEntry
from tokencross.tables.scenario_projection import ProjectionEntry
from tokencross.tables.scenario_workload import WorkloadEntry
from tokencross.tables.strict import StrictRecord, as_written, mistake

__all__ = ["ScenarioFile"]


class ScenarioFile(StrictRecord):
    """A study in a file."""

    name: str = Field(min_length=1)
    """Name in captions."""
    note: str = ""
    """What is measured and what is judgement in this scenario; shown with the result."""
    as_of: date | str
    """The day whose prices count, or `tables` for the tables' own date."""
    pricing: str | None = None
    """A folder of one's own tables, relative to this file; the bundled ones unless said."""
    overlay: str | None = None
    """A file of one's own records that come before the tables', relative to this file."""
    announced: bool = True
    """Whether announced prices count from their date on."""
    before_first: Literal["refuse", "hold"] = "refuse"
    """What a date before a table's first row does."""
    workload: WorkloadEntry
    """The traffic."""
    tokens_per_month: UncertainPositiveAmount | None = None
    """Where you are. [reference tokens/month]"""
    incumbent: str | None = None
    """Label of the option that the others are compared with; the first unless said."""
    reference: tuple[str, ...] = ()
    """Labels of options that are drawn and compared, but would not do the job equally well."""
    options: tuple[OptionEntry, ...] = Field(min_length=1)
    """What is compared."""
    projection: ProjectionEntry | None = None
    """What is assumed about the months to come; for `tokencross when`."""
    replace: dict[str, UncertainNumber] = Field(default_factory=dict)
    """Numbers by address, a table's too, that take the place of what stands there; as `Study.replace`."""
    correlations: tuple[CorrelationEntry, ...] = ()
    """How uncertain numbers go together; as `Study.correlate`."""

    @field_validator("as_of", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if isinstance(value, date) or value == "tables":
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            mistake(as_written(value), "a date such as 2026-11-21, or tables")

    @field_validator("correlations")
    @classmethod
    def _pairs_once(cls, value: tuple[CorrelationEntry, ...]) -> tuple[CorrelationEntry, ...]:
        seen: list[set[str]] = []
        for entry in value:
            if set(entry.pair) in seen:
                mistake(f"{' with '.join(entry.pair)} twice", "each pair once", "Keep one of the two.")
            seen.append(set(entry.pair))
        return value
