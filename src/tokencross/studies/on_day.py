"""The same study with the tables of another date."""

from __future__ import annotations

from datetime import date

from tokencross.options.base import CostOption
from tokencross.studies.compare import Comparison

__all__ = ["on_day"]


def on_day(comparison: Comparison, day: date | None) -> Comparison:
    """Return a comparison with the prices of another day; None is the tables' own date."""

    def moved(option: CostOption) -> CostOption:
        book = option.book
        return option if book is None else option.with_book(book.at(day or book.store.date))

    return comparison.changed(moved)
