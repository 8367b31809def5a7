"""Measures of checks on sources: how long ago they were looked at, and which models are retired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from tokencross.checks.context import Context, Measures, one_each
from tokencross.checks.expectations import many
from tokencross.checks.measures_figures import row_of
from tokencross.checks.outcome import Finding
from tokencross.citation import Citation
from tokencross.errors import ResolveError
from tokencross.options.api import ApiOption
from tokencross.options.base import CostOption
from tokencross.options.fine_tuned import FineTunedOption
from tokencross.options.provisioned import ProvisionedOption
from tokencross.tables.api_records import Retirement
from tokencross.tables.assumption_checks import RetirementEntry, SourceAgeEntry
from tokencross.tables.book import Book
from tokencross.tables.dates import days_after
from tokencross.tables.taken import citation_of

__all__ = ["SOURCE_MEASURES"]

_MOST_TOLD = 5


def source_age(entry: SourceAgeEntry, context: Context) -> Finding:
    """Return whether every row was checked recently enough, the oldest first."""
    rows = _rows(entry, context)
    by_day: dict[Citation, date] = {row: row.checked for row in rows if row.checked is not None}
    if not by_day:
        raise context.problem("source_age", "no row of a table", "a study that rests on the tables")
    oldest_first = sorted(by_day, key=lambda row: (by_day[row], row.row))
    ages = {row: (context.as_of - by_day[row]).days for row in oldest_first}
    oldest = oldest_first[0]
    late = [row for row in oldest_first if ages[row] > entry.at_most_days]
    more = [f"{many(ages[row], 'day')} before: {row}" for row in late[1:_MOST_TOLD]]
    left = len(late) - _MOST_TOLD
    return Finding(
        holds=not late,
        expected=f"every source checked within {many(entry.at_most_days, 'day')} of {context.as_of}",
        found=f"the oldest was checked {_apart(ages[oldest])}, on {by_day[oldest]}: {oldest.row}",
        value=float(ages[oldest]),
        unit="days",
        citations=one_each([oldest]),
        detail=(*more, *([f"and {left} rows more"] if left > 0 else [])),
    )


def _apart(days: int) -> str:
    """Return how long before a day something was; of a day that has passed already, how long after it."""
    return f"{many(days, 'day')} before" if days >= 0 else f"{many(-days, 'day')} after"


def _rows(entry: SourceAgeEntry, context: Context) -> tuple[Citation, ...]:
    """Return the rows that are looked at."""
    if entry.source_age:
        return tuple(row_of(name, context.book) for name in entry.source_age)
    return tuple(context.study.cited)


def retirement(entry: RetirementEntry, context: Context) -> Finding:
    """Return whether no model is retired within so many days, the first to go first."""
    until = days_after(context.as_of, entry.within_days)
    found = list(_leaving(entry, context))
    gone = sorted(
        (each for each in found if each[1].retires_on <= until), key=lambda each: (each[1].retires_on, each[0])
    )
    said = [_said(name, row) for name, row, _ in gone]
    later = min((row.retires_on for _, row, _ in found), default=None)
    none = "none" if later is None else f"none before {later}"
    return Finding(
        holds=not gone,
        expected=f"no model retired by {until} ({many(entry.within_days, 'day')} from {context.as_of})",
        found=said[0] if said else none,
        value=None if later is None else float((later - context.as_of).days),
        unit="days",
        citations=one_each([cited for _, _, cited in gone]),
        detail=tuple(said[1:]),
    )


def _said(name: str, row: Retirement) -> str:
    """Return a retirement in words."""
    after = f"; its vendor names {row.successor} instead" if row.successor else ""
    return f"{name} is retired on {row.retires_on}{after}"


def _leaving(entry: RetirementEntry, context: Context) -> Iterator[tuple[str, Retirement, Citation]]:
    """Yield the models that have a day on which they are retired, with its row."""
    for name, book in _models(entry, context).items():
        model, located = book.api_model(name)
        if model.retirement is not None:
            full = book.api_name(name)
            cited = citation_of(f"prices:{full}", model.retirement, located.location("retirement"))
            yield full, model.retirement, cited


def _models(entry: RetirementEntry, context: Context) -> Mapping[str, Book]:
    """Return the hosted models that are looked at, with the tables that know them."""
    if entry.retirement:
        return dict.fromkeys(entry.retirement, context.book)
    found: dict[str, Book] = {}
    for option in context.study.everyone.values():
        model = _model_of(option)
        if model is not None and option.book is not None and _is_hosted(model, option.book):
            found[model] = option.book
    return found


def _model_of(option: CostOption) -> str | None:
    """Return the model that a vendor may take from an option: the one that it asks for, or tunes."""
    if isinstance(option, (ApiOption, ProvisionedOption)):
        return option.model
    return option.plan.base if isinstance(option, FineTunedOption) and "/" in option.plan.base else None


def _is_hosted(name: str, book: Book) -> bool:
    """Return whether the tables have a model by the token: what is sold by unit may be sold by no other."""
    try:
        book.api_model(name)
    except ResolveError:
        return False
    return True


SOURCE_MEASURES: Measures = {SourceAgeEntry: source_age, RetirementEntry: retirement}
