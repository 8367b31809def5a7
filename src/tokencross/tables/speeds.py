"""How fast a hosted model answers, by the row in force at a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokencross.citation import Citation
from tokencross.tables.api_records import ApiModel, Speed
from tokencross.tables.located import Located
from tokencross.tables.taken import citation_of

if TYPE_CHECKING:
    from tokencross.tables.book import Book

__all__ = ["speed_of"]


def speed_of(book: Book, provider: str, located: Located) -> tuple[Speed, Citation] | None:
    """Return the row in force at the book's date with where it stands; None where there is none."""
    model = located.parse(ApiModel)
    counted = [(i, row) for i, row in enumerate(model.speeds) if book.announced or row.status != "announced"]
    begun = [(i, row) for i, row in counted if row.effective_from <= book.as_of]
    if not begun:
        return None
    index, row = begun[-1]
    if row.effective_to is not None and row.effective_to <= book.as_of:
        return None
    return row, citation_of(f"speeds:{provider}/{model.id}", row, located.location("speeds", index))
