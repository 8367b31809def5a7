"""The price book that users hold: tables at a date, and the options that they offer."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tokencross.errors import Problem, ResolveError
from tokencross.offers import Offers
from tokencross.tables.book import Book
from tokencross.tables.dates import TABLES_DATE, DateLike, as_date
from tokencross.tables.store import open_store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PriceBook", "load_prices"]


def load_prices(
    path: str | Path | None = None,
    *,
    as_of: DateLike,
    announced: bool = True,
    before_first: Literal["refuse", "hold"] = "refuse",
    overlay: str | Path | None = None,
) -> PriceBook:
    """Return the pricing tables as they stand at a date.

    Parameters
    ----------
    path : str or Path, optional
        A folder of tables of one's own; the bundled ones unless given.
    as_of : date or str
        The day whose figures are in force (ISO 8601), or ``"tables"`` for the tables' own date.
    announced : bool
        Whether prices announced for a later day count from that day on.
    before_first : "refuse" or "hold"
        What a date before a table's first row does: an error, or its first row with a note.
    overlay : str or Path, optional
        A file of one's own records that come first: negotiated prices, own instances. Its keys are those of the
        folders (``api``, ``compute``, …), each a list of what files there hold; a record with an id that the tables
        know replaces the keys that it gives, and sources name both places.

    Raises
    ------
    TableError
        If the folder has no tables, or the overlay says something else than tables.
    ResolveError
        If the date is none.

    Examples
    --------
    >>> load_prices(as_of="2026-11-21")
    <PriceBook 2026.11.21 as of 2026-11-21>
    """
    store = open_store(None if path is None else Path(path), None if overlay is None else Path(overlay))
    day = store.date if as_of == TABLES_DATE else as_date(as_of, where="as_of", or_tables=True)
    if before_first not in ("refuse", "hold"):
        raise ResolveError(Problem("before_first", repr(before_first), "refuse or hold"))
    return PriceBook(Book(store, day, announced, before_first))


class PriceBook(Offers):
    """Pricing tables at a date, by `load_prices`."""

    @property
    def as_of(self) -> date:
        """The day whose figures are in force."""
        return self._book.as_of

    @property
    def version(self) -> str:
        """Calendar version of the tables."""
        return self._book.store.version

    @property
    def content_hash(self) -> str:
        """SHA-256 over the table files: two books of one hash and date give the same results."""
        return self._book.store.content_hash

    def __repr__(self) -> str:
        """Return version and date in one line."""
        return f"<PriceBook {self.version} as of {self.as_of}>"

    def check(self) -> None:
        """Check every record of every table file; raises `TableError` at the first file with mistakes."""
        self._book.store.check()

    def history(self, model: str) -> pd.DataFrame:
        """Return every price era of a hosted model, announced ones too, with where each comes from.

        Returns
        -------
        DataFrame
            A row per era: from, to, prices [USD per million tokens], basis, via, file and line.
        """
        from tokencross.studies.listing import history_frame

        return history_frame(self._book, model)

    def frame(self) -> pd.DataFrame:
        """Return the hosted models with a price in force: provider/model, tier, prices, since when, where from."""
        from tokencross.studies.listing import prices_frame

        return prices_frame(self._book)
