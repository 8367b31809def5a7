"""What has to be said with a result besides its numbers: announced changes, retirements and dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tokencross.options.api import ApiOption
from tokencross.options.base import CostOption
from tokencross.tables.api_records import ApiPriceRow
from tokencross.units import DAYS_PER_MONTH

__all__ = ["LEAST_MONTHS", "notes_of"]

LEAST_MONTHS = 12.0  # a plan looks a year ahead even where nothing is amortised


def notes_of(options: Sequence[CostOption], amortization_months: float) -> list[str]:
    """Return notes on price changes and retirements within the longest amortisation, and on the tables' date.

    The options inside others are to be among ``options``.
    """
    months = max(amortization_months, LEAST_MONTHS)
    notes = []
    for option in options:
        book = option.book
        if book is None:
            continue
        if book.as_of > book.store.date:
            said = f"{book.as_of} is past the tables' own date, {book.store.date}: prices known then are taken to hold"
            notes.append(said + (", announced ones from their day on." if book.announced else "."))
        if isinstance(option, ApiOption):
            until = min(book.as_of + timedelta(days=months * DAYS_PER_MONTH), date.max)
            notes += [_upcoming(option, row) for row in book.upcoming(option.model, until)]
            gone = book.retires_by(option.model, until)
            if gone is not None:
                after = f"; its vendor names {gone.successor} instead" if gone.successor else ""
                notes.append(f"{option.label}: {option.model} retires on {gone.retires_on}{after}.")
    return notes


def _upcoming(option: ApiOption, row: ApiPriceRow) -> str:
    """Return a later price in words."""
    kind = "announced" if row.status == "announced" else "known"
    prices = f"{row.input_usd_per_mtok:g} in / {row.output_usd_per_mtok:g} out USD/Mtok"
    return f"{option.label}: {kind} for {row.effective_from}: {option.model} at {prices}; not used before that day."
