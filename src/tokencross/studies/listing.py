"""Tables of the book itself: everything in force, and the history of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokencross.errors import ResolveError
from tokencross.tables.book import Book

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["history_frame", "prices_frame"]

_COLUMNS = [
    "model",
    "tier",
    "weights",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "effective_from",
    "basis",
    "via",
    "location",
]
_PRICES = ["input_usd_per_mtok", "output_usd_per_mtok", "cache_read_usd_per_mtok", "cache_write_usd_per_mtok"]


def history_frame(book: Book, name: str) -> pd.DataFrame:
    """Return every era of a hosted model."""
    import pandas as pd

    model, located = book.api_model(name)
    rows = []
    for index, row in enumerate(model.prices):
        following = model.prices[index + 1].effective_from if index + 1 < len(model.prices) else None
        rows.append(
            {
                "effective_from": row.effective_from,
                "effective_to": row.effective_to or following,
                "status": row.status,
                **{key: getattr(row, key) for key in _PRICES},
                "long_context": "; ".join(
                    f"{'from' if t.inclusive else 'over'} {t.threshold_tokens:,}: "
                    f"{t.input_usd_per_mtok:g}/{t.output_usd_per_mtok:g}"
                    for t in row.long_context
                ),
                "batch_discount_share": row.batch.discount_share if row.batch else None,
                "basis": row.basis,
                "via": row.via,
                "checked": row.checked,
                "location": located.location("prices", index),
                "dispute": row.dispute,
                "caveat": row.caveat,
            }
        )
    return pd.DataFrame(rows)


def prices_frame(book: Book) -> pd.DataFrame:
    """Return every hosted model with a price in force."""
    import pandas as pd

    rows = []
    for path in book.store.files("api"):
        for record in book.store.records("api", path):
            name = f"{path.stem}/{record.data.get('id')}"
            try:
                price = book.api_price(name)
            except ResolveError:
                continue  # not sold at this date
            rows.append(
                {
                    "model": name,
                    "tier": price.model.tier,
                    "weights": price.model.weights or "",
                    "input_usd_per_mtok": price.input_usd_per_mtok,
                    "output_usd_per_mtok": price.output_usd_per_mtok,
                    "cache_read_usd_per_mtok": None if price.cached_as_input else price.cache_read_usd_per_mtok,
                    "effective_from": price.citation.effective_from,
                    "basis": price.citation.basis,
                    "via": price.citation.via,
                    "location": price.citation.location,
                }
            )
    return pd.DataFrame(rows, columns=_COLUMNS)
