"""What every table row says: its provenance, its dates, and how eras follow each other."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from tokencross.tables.strict import StrictRecord, mistake

__all__ = ["Basis", "Dated", "Provenance", "check_eras", "check_unique"]

Basis = Literal["documented", "first_observed", "announced", "contract"]


class Provenance(StrictRecord):
    """Where a row's figures come from; every row has it."""

    basis: Basis
    """How the date is known: documented by the vendor, first observed by someone, announced, or agreed in a
    contract of one's own."""
    via: str = Field(min_length=1)
    """What the figure was read from: package@version, repository@commit:path, an issue, or a page."""
    checked: date
    """The day someone last looked; never the day from which a price holds."""
    agrees: tuple[str, ...] = ()
    """Other sources that carry the same figure."""
    cited_url: str = ""
    """The page that the upstream names as its own source; nobody here has read it."""
    url: str = ""
    """The page, where a person read it."""
    quote: str = ""
    """The words on that page that carry the figure."""
    note: str = ""
    """How date or figure came about, where it is not obvious."""
    dispute: str = ""
    """What other sources say instead, and why this value was taken."""
    caveat: str = ""
    """What is doubtful or incomplete; shown with every result that uses the row."""
    correction: str = ""
    """Why a past row was edited."""


class Dated(Provenance):
    """A row with a day from which it holds."""

    effective_from: date
    """First day on which the figure holds (or was seen, as `basis` says)."""
    effective_to: date | None = None
    """First day on which it no longer holds, where no next row starts on that day."""
    status: Literal["in_force", "announced"] = "in_force"
    """Announced rows wait for their date."""

    @model_validator(mode="after")
    def _ordered(self) -> Dated:
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            mistake(f"effective_to {self.effective_to}", f"a day after effective_from {self.effective_from}")
        if (self.status == "announced") != (self.basis == "announced"):
            mistake(f"status {self.status} with basis {self.basis}", "both announced, or neither")
        return self


def check_eras(rows: tuple[Dated, ...]) -> None:
    """Refuse rows that overlap or are out of order."""
    for before, after in itertools.pairwise(rows):
        if after.effective_from <= before.effective_from:
            found = f"an era from {after.effective_from} after one from {before.effective_from}"
            mistake(found, "rows oldest first, each with its own day")
        if before.effective_to is not None and before.effective_to > after.effective_from:
            found = f"overlapping eras: one until {before.effective_to}, the next from {after.effective_from}"
            mistake(
                found,
                "eras that do not overlap",
                "End the earlier one on the day the next one starts, or leave effective_to out.",
            )


def check_unique(names: Sequence[str], what: str) -> None:
    """Refuse a name that stands twice."""
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        mistake(f"two {what} {double[0]!r}", f"each of the {what} once")
