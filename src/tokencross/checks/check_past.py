"""What has changed since a check of a study last came out as it is on record."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tokencross.checks.context import Context
from tokencross.checks.measures import measured
from tokencross.checks.since import changed_since
from tokencross.studies.compare import Comparison
from tokencross.studies.eras import study_day
from tokencross.studies.move_words import RowPlace
from tokencross.tables.assumption_entry import CheckEntry

__all__ = ["check_since"]


def check_since(
    entry: CheckEntry,
    context: Context,
    *,
    holds: bool = True,
    locked: Comparison | None = None,
    lock_words: str = "",
    rows_before: Collection[RowPlace] | None = None,
) -> tuple[str, ...]:
    """Return when a check last came out as it should, and what has changed since then; see `changed_since`.

    Parameters
    ----------
    entry : CheckEntry
        The check.
    context : Context
        What it was evaluated on.
    holds : bool
        Whether it is on record to hold.
    locked, lock_words, rows_before
        As `changed_since`.

    Notes
    -----
    Of a check without a study nothing is returned: the past of a price is part of what is found.
    """
    if not entry.asks_past or context.comparison is None:
        return ()

    def as_recorded(study: Comparison) -> bool:
        day = study_day(study)
        book = context.book if day is None else context.book.at(day)
        return measured(entry, replace(context, comparison=study, book=book, as_of=book.as_of)).holds == holds

    pair = None
    if entry.labels is not None:
        challenger, against = entry.labels
        pair = challenger, context.comparison.incumbent if against is None else against
    held = "held" if holds else "failed"
    return changed_since(
        as_recorded,
        context.comparison,
        locked=locked,
        pair=pair,
        lock_words=lock_words,
        rows_before=rows_before,
        held=held,
    )
