"""The options that a price book offers: one method for each way to get tokens."""

from __future__ import annotations

from tokencross.offers_tokens import TokenOffers
from tokencross.offers_tuned import TunedOffers
from tokencross.tables.book import Book

__all__ = ["Offers"]


class Offers(TokenOffers, TunedOffers):
    """What can be bought from tables at a date; users hold it as `PriceBook`."""

    def __init__(self, book: Book) -> None:
        self._book = book
