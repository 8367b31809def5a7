"""What a lock keeps of a study: costs, winners, breakevens, every number and row that they rest on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tokencross.checks.lock_file import (
    ANCHORS_TOKENS_PER_MONTH,
    Addressed,
    LockedBreakeven,
    LockedStudy,
    LockedTables,
    LockedWinner,
)
from tokencross.citation import Citation
from tokencross.number import point
from tokencross.studies.compare import Comparison
from tokencross.studies.set_numbers import STUDY, numbers_of
from tokencross.tables.book import Book
from tokencross.tables.reading import Document, Plain
from tokencross.tables.records import Provenance
from tokencross.tables.store import Store

__all__ = [
    "DAY",
    "MOST_WINNERS",
    "book_of",
    "breakeven_of",
    "costs_at_anchors",
    "current_numbers",
    "record_of",
    "row_digests",
    "row_places",
    "whole_addresses",
]

MOST_WINNERS = 12
"""Stretches that are kept: options may take turns thousands of times."""

DAY = " from "
"""What stands between a row and its first day."""

_DIGEST = 8
_ABOUT_ITS_SOURCE = frozenset(Provenance.model_fields)


def record_of(comparison: Comparison, *, name: str, scenario: Mapping[str, object], written_by: str) -> LockedStudy:
    """Return what a lock keeps of a study: at the medians, not rounded yet.

    Parameters
    ----------
    comparison : Comparison
        The study.
    name, scenario : str and mapping
        The scenario's name, and the whole of it as plain data.
    written_by : str
        Version of the package.
    """
    book, here = book_of(comparison), comparison.here
    rivals = [label for label in comparison.labels if label != comparison.incumbent]
    stretches = comparison.stretches
    where: dict[str, Any] = {}
    if here is not None:
        where = {"tokens_per_month": here, "costs_here_usd_per_month": _costs_at(comparison, here)}
    return LockedStudy(
        name=name,
        as_of=book.as_of,
        tables=LockedTables(version=book.version, sha256=book.store.content_hash),
        tokencross=written_by,
        incumbent=comparison.incumbent,
        **where,
        costs_usd_per_month={label: tuple(costs_at_anchors(comparison, label)) for label in comparison.labels},
        winners=tuple(
            LockedWinner(from_tokens_per_month=each.low, option=comparison.substitutes[each.winner])
            for each in stretches[:MOST_WINNERS]
        ),
        winner_count=len(stretches),
        breakevens_tokens_per_month={label: breakeven_of(comparison, label) for label in rivals},
        numbers={owner: _grouped(owner, numbers) for owner, numbers in current_numbers(comparison).items()},
        rows=row_digests(comparison),
        scenario=dict(scenario),
    )


def book_of(comparison: Comparison) -> Book:
    """Return the tables of a study at its date; every study of a scenario file has some."""
    return next(option.book for option in comparison.everyone.values() if option.book is not None)


def costs_at_anchors(comparison: Comparison, label: str) -> list[float]:
    """Return an option's costs at the anchors. [USD/month]"""
    costs = comparison.curve(label).usd_per_month(np.array(ANCHORS_TOKENS_PER_MONTH))
    return [float(cost) for cost in costs]


def _costs_at(comparison: Comparison, tokens_per_month: float) -> dict[str, float]:
    """Return every option's cost at a volume. [USD/month]"""
    return {label: float(comparison.curve(label).usd_per_month(tokens_per_month)) for label in comparison.labels}


def breakeven_of(comparison: Comparison, label: str) -> LockedBreakeven:
    """Return where an option undercuts the incumbent."""
    found = comparison.central_breakeven(label)
    return LockedBreakeven(first=_volume(found.first), robust=_volume(found.robust))


def _volume(found: float | NDArray[np.float64] | None) -> float | Literal["never"]:
    """Return a breakeven; plain, as it is at the medians."""
    return "never" if found is None else float(found)


def current_numbers(comparison: Comparison) -> dict[str, dict[str, float]]:
    """Return every number of a study at its median, by whose it is and whole address; the volume is kept apart."""
    found = numbers_of(comparison.medians)
    return {
        owner: {address: point(number.value) for address, number in numbers.items()}
        for owner, numbers in found.items()
        if owner != STUDY
    }


def _grouped(owner: str, numbers: Mapping[str, float]) -> Addressed:
    """Return numbers by row or part, and within it by name; the owner's label is left out of its own addresses."""
    found: Addressed = {}
    parts: dict[str, dict[str, float]] = {}
    for address, number in numbers.items():
        part, dot, name = address.removeprefix(f"{owner}:").rpartition(".")
        if dot:
            parts.setdefault(part, {})[name] = number
        else:
            found[name] = number
    return {**found, **parts}


def whole_addresses(numbers: Mapping[str, Addressed]) -> dict[str, dict[str, float]]:
    """Return the numbers of a lock by whose they are and whole address, as `current_numbers` has them."""
    return {owner: dict(_whole(owner, own)) for owner, own in numbers.items()}


def _whole(owner: str, numbers: Addressed) -> Iterator[tuple[str, float]]:
    """Yield addresses with their numbers."""
    for part, value in numbers.items():
        for name, number in value.items() if isinstance(value, dict) else [("", value)]:
            address = f"{part}.{name}" if name else part
            of_tables = ":" in address.partition(".")[0].partition("[")[0]
            yield (address if of_tables else f"{owner}:{address}"), number


# ---------------------------------------------------------------------- the rows behind it


def row_digests(comparison: Comparison) -> dict[str, str]:
    """Return a digest of every table row used, by its name and first day."""
    books = (option.book for option in comparison.everyone.values() if option.book is not None)
    stores = list({id(book.store): book.store for book in books}.values())
    found: dict[str, set[str]] = {}
    for citation in comparison.cited:
        since = "" if citation.effective_from is None else f"{DAY}{citation.effective_from}"
        found.setdefault(f"{citation.row}{since}", set()).add(_digest(citation, stores))
    return {row: " ".join(sorted(digests)) for row, digests in found.items()}


def row_places(locked: LockedStudy) -> frozenset[tuple[str, date | None]]:
    """Return the rows of a lock by name and first day."""
    dated = [(row, *row.rpartition(DAY)) for row in locked.rows]
    return frozenset((name, date.fromisoformat(day)) if between else (row, None) for row, name, between, day in dated)


def _digest(citation: Citation, stores: list[Store]) -> str:
    """Return a digest of a row: of what it says, not of who says so or when someone looked."""
    said = []
    for place in citation.location.split(", over "):
        name, _, line = place.rpartition(":")
        document = next((each for store in stores if (each := _document(store, name)) is not None), None)
        if document is not None and line.isdigit():
            said.append(_bare(_entry(document, int(line))))
        elif Path(place).is_file():  # a benchmark's own file
            said.append(hashlib.sha256(Path(place).read_bytes().replace(b"\r\n", b"\n")).hexdigest())
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]


def _document(store: Store, name: str) -> Document | None:
    """Return the file of some tables that messages call so."""
    if store.overlay is not None and store.overlay.document.name == name:
        return store.overlay.document
    path = store.root / name.removeprefix(f"{store.name}/")
    return store.document(path) if name.startswith(f"{store.name}/") and path.is_file() else None


def _entry(document: Document, line: int) -> Plain:
    """Return the largest part of a file that begins on a line."""
    data, path = document.data, list[str | int]()
    while isinstance(data, dict | tuple):
        steps = list(data.items()) if isinstance(data, dict) else list(enumerate(data))
        begun = [(step, part) for step, part in steps if document.line([*path, step]) <= line]
        if not begun:
            return data
        exact = next((part for step, part in begun if document.line([*path, step]) == line), None)
        if exact is not None:
            return exact
        step, data = begun[-1]
        path.append(step)
    return data


def _bare(data: Plain) -> Plain:
    """Return a row without what is said about its source; numbers all alike."""
    if isinstance(data, dict):
        return {key: _bare(part) for key, part in data.items() if key not in _ABOUT_ITS_SOURCE}
    if isinstance(data, tuple):
        return [_bare(part) for part in data]
    return float(data) if isinstance(data, int) and not isinstance(data, bool) else data
