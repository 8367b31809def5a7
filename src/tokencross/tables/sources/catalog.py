"""What catalogs of instances have in common: rows of a CSV file, and one price for each region and way of buying."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tokencross.errors import Problem, TableError, offer
from tokencross.tables.sources import UpstreamInstance, book_provider

__all__ = ["CsvTable", "Seen", "one_price_each", "read_csv"]


@dataclass(frozen=True)
class CsvTable:
    """A CSV file: its columns, and its rows with their lines."""

    where: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]

    def need(self, columns: Sequence[str], what: str) -> None:
        """Refuse a file without one of these columns."""
        for column in columns:
            if column not in self.columns:
                found = f"no column {column!r} among {', '.join(self.columns[:20]) or 'none'}"
                accepted = f"{what} with the columns {', '.join(columns)}"
                raise TableError(Problem(f"{self.where}:1", found, accepted, offer(column, list(self.columns))))

    def number(self, line: int, row: dict[str, str], column: str) -> float | None:
        """Return a cell as a number; None where it is empty."""
        text = (row.get(column) or "").strip()
        if not text or text.lower() in ("nan", "none"):
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0.0:
            raise TableError(Problem(f"{self.where}:{line}: {column}", repr(text), "a number >= 0, or nothing"))
        return value


@dataclass(frozen=True)
class Seen:
    """A price in a zone of a region, as a catalog lists it."""

    instance: str
    region: str
    spot: bool
    usd_per_hour: float


def read_csv(text: str, where: str | Path) -> CsvTable:
    """Return a CSV file with a header; a mistake is one message."""
    reader = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    try:
        columns = tuple(reader.fieldnames or ())
        double = sorted({column for column in columns if columns.count(column) > 1})
        if double:
            raise TableError(Problem(f"{where}:1", f"the column {double[0]!r} twice", "each column once"))
        if len(columns) == 1 and ";" in columns[0]:
            found = f"one column, {columns[0]!r:.60}"
            raise TableError(Problem(f"{where}:1", found, "several", "Separate columns by commas."))
        rows = tuple((reader.line_num, row) for row in reader)
    except csv.Error as error:
        accepted = "comma-separated values with a header"
        raise TableError(Problem(f"{where}:{reader.line_num}", f"text that is not CSV ({error})", accepted)) from None
    for line, row in rows:
        if "" in row or None in row.values():
            found = "more cells than columns" if "" in row else "fewer cells than columns"
            raise TableError(Problem(f"{where}:{line}", found, f"{len(columns)} cells, as the header has"))
    return CsvTable(str(where), columns, rows)


def one_price_each(seen: Iterable[Seen], provider: str, via: str) -> tuple[list[UpstreamInstance], list[str]]:
    """Return a price for each instance, region and way of buying, and what had to be left out.

    On demand it is the one price of all zones; where zones differ there is none. A spot price is the median over
    zones, those left aside where it equals the price on demand: no market there.
    """
    by_place: dict[tuple[str, str, bool], list[float]] = {}
    for entry in seen:
        by_place.setdefault((entry.instance, entry.region, entry.spot), []).append(entry.usd_per_hour)
    found, differing, no_market = [], 0, 0
    for (instance, region, spot), prices in sorted(by_place.items()):
        if spot:
            listed = by_place.get((instance, region, False), [])
            traded = [price for price in prices if price not in listed]
            no_market += len(prices) - len(traded)
            if not traded:
                continue
            usd, purchase = median(traded), "spot"
        else:
            if len(set(prices)) > 1:
                differing += 1
                continue
            usd, purchase = prices[0], "on_demand"
        found.append(UpstreamInstance(book_provider(provider), instance, region, purchase, usd, via))
    notes = [
        f"{count} {what}"
        for count, what in (
            (no_market, "spot prices equal to the price on demand left out: no market there"),
            (differing, "prices on demand left out: zones of one region differ"),
        )
        if count
    ]
    return found, notes
