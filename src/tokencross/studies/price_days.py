"""The days on which a row that an option uses begins or ends, and when the tables first know of an open model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from tokencross.citation import Citation
from tokencross.errors import ResolveError, ScenarioError
from tokencross.options.api import ApiOption
from tokencross.options.base import Blend, CostOption
from tokencross.options.dedicated import DedicatedOption
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.options.workload import Workload
from tokencross.tables.book import Book
from tokencross.tables.located import Located
from tokencross.tables.store import Store

__all__ = ["DATED_ROOMS", "Cited", "cited_on", "first_known", "price_days", "recipe_of"]

Cited = Callable[[CostOption], Iterable[Citation]]
"""The rows that an option uses."""

DATED_ROOMS = {"prices": "api", "compute": "compute", "provisioned": "provisioned", "tuning": "tuning"}
"""What an address of a dated row begins with, and the folder of its table."""

_AROUND = "around"
_DAY_KEYS = ("effective_from", "effective_to", "retires_on")


def price_days(option: CostOption, cited: Cited) -> set[date]:
    """Return every day on which figures of an option, or of one inside it, may change: rows that begin or end.

    Parameters
    ----------
    option : CostOption
        Whose.
    cited : callable
        The rows that an option uses; `cited_on` looks them up.

    Notes
    -----
    A superset: a row may begin with the same figures, or be of other terms of the same record.
    """
    if isinstance(option, Blend):
        return {day for part in option.parts for day in price_days(part, cited)}
    if option.book is None:
        return set()
    return {day for record in _records(option, option.book, cited(option)) for day in _days_in(record.data)}


def cited_on(days: Iterable[date], workload: Workload) -> Cited:
    """Return how to look up the rows that an option uses: those of the first of some days on which it resolves."""
    tried = list(days)

    def cited(option: CostOption) -> tuple[Citation, ...]:
        for day in tried:
            assert option.book is not None  # only those that have tables have rows
            try:
                return option.with_book(option.book.at(day)).resolve(workload).citations
            except (ResolveError, ScenarioError):
                continue  # not sold on that day
        return ()

    return cited


def recipe_of(option: CostOption) -> SelfHostedOption | None:
    """Return the self-hosted recipe of an option that runs on GPUs by the hour: its own, or the one inside it."""
    if isinstance(option, SelfHostedOption):
        return option
    inner = getattr(option, "recipe", None)
    return recipe_of(inner) if isinstance(inner, (SelfHostedOption, DedicatedOption)) else None


def first_known(book: Book, weights: str) -> date | None:
    """Return the first day on which a row of the tables knows an open model: hosted by anyone, or measured."""
    days = [book.first_run_on(weights)]
    store = book.store
    for path in store.files("api"):
        if store.mentions(path, weights):
            hosted = [record for record in store.records("api", path) if record.data.get("weights") == weights]
            days += [min(_days_in(record.data), default=None) for record in hosted]
    return min((day for day in days if day is not None), default=None)


def _records(option: CostOption, book: Book, cited: Iterable[Citation]) -> list[Located]:
    """Return the records of the tables that an option's figures come from."""
    found: dict[int, Located] = {}
    if isinstance(option, ApiOption):
        record = book.api_model(option.model)[1]
        found[id(record)] = record
    if isinstance(option, DedicatedOption):
        for name in book.dedicated_instances(option.provider, option.gpu):
            _take(book.store, f"compute:{name}", found)
    for row in cited:
        _take(book.store, row.row, found)
    return list(found.values())


def _take(store: Store, address: str, found: dict[int, Located]) -> None:
    """Add the records behind a row's address, of the kinds whose rows are dated."""
    room, _, name = address.partition(":")
    name = name.partition("[")[0]
    if room == _AROUND:
        record = store.find(_AROUND, name)
        found[id(record)] = record
    elif room in DATED_ROOMS:
        kind = DATED_ROOMS[room]
        provider, _, word = name.partition("/")
        path = store.root / kind / f"{provider}.yaml"
        record = store.find(kind, word, within=[path])
        shared = store.listed(path, "offers") if kind == "provisioned" else []
        found.update((id(each), each) for each in (record, *shared))


def _days_in(data: object) -> Iterator[date]:
    """Yield the days on which rows begin or end, anywhere in a record."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in _DAY_KEYS and isinstance(value, date):
                yield value
            else:
                yield from _days_in(value)
    elif isinstance(data, tuple):
        for value in data:
            yield from _days_in(value)
