"""Figures of the tables that a check names: a price of a hosted model or of an instance, and what it was before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tokencross.checks.context import Context
from tokencross.checks.expectations import figure, with_unit
from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError, offer
from tokencross.number import point
from tokencross.options.api import ApiOption
from tokencross.tables.assumption_checks import BLENDED, PricedEntry
from tokencross.tables.book import Book
from tokencross.tables.naming import unit_of
from tokencross.tables.resolved import ApiPrice, HourlyPrice, Terms

__all__ = ["Figure", "FigureOf", "figure_of", "past_lines", "row_of", "short_unit"]

_COMPUTE, _PRICES = "compute:", "prices:"
_FIELD = re.compile(r"(?P<row>.+?)\.(?P<field>(?:[a-z_]+\[[^\]]*\]\.|batch\.)*[a-z_0-9]+)")
_INSTANCE = re.compile(r"(?P<name>[^\[\]]+)(?:\[(?P<purchase>[^,\]]+)(?:, *(?P<region>[^\]]+))?\])?")
_PART = re.compile(r"(service_tiers|regions)\[([^\]]*)\]")
_BY_TOKEN = ("input_usd_per_mtok", "output_usd_per_mtok")
_CACHED = ("cache_read_usd_per_mtok", "cache_write_usd_per_mtok")
_DEFAULT_PURCHASE = "on_demand"
_HOURLY = "usd_per_hour"
_MONEY = "_usd_"


@dataclass(frozen=True)
class Figure:
    """A figure of the tables at a date: what it is called, its value and unit, its row, and what to say of it."""

    name: str
    value: float
    unit: str
    citation: Citation
    notes: tuple[str, ...] = ()


FigureOf = Callable[[Book], Figure]
"""A figure at the date of a book."""


def short_unit(key: str) -> str:
    """Return the unit of a key as a figure carries it; a quotient has none.

    Examples
    --------
    >>> short_unit("input_usd_per_mtok"), short_unit("usd_per_hour"), short_unit("discount_share")
    ('USD/Mtok', 'USD/hour', '')
    """
    words = unit_of(key)
    if words.startswith("a "):
        return ""
    return words.replace(" per million tokens", "/Mtok").replace(" per ", "/")


def figure_of(name: str, entry: PricedEntry, context: Context, key: str) -> FigureOf:
    """Return the figure that a check names, for any date.

    Parameters
    ----------
    name : str
        ``provider/model``, ``compute:provider/instance``, or the address of a figure.
    entry : PricedEntry
        Its field and terms.
    context : Context
        For messages, and for the workload of a blended price.
    key : str
        The key of the check that names it.

    Raises
    ------
    ScenarioError
        If no field is named, or two are.
    """
    if ":" in name and not name.startswith((_COMPUTE, _PRICES)):
        remedy = "Any other number of a study is checked by number: its address."
        raise context.problem(
            key, repr(name), "provider/model, compute:provider/instance, or an address of them", remedy
        )
    hourly = name.startswith(_COMPUTE)
    row, field = _split(name.removeprefix(_COMPUTE).removeprefix(_PRICES))
    if field and entry.field:
        raise context.problem("field", f"{entry.field!r}, beside the address of {field}", "one of the two")
    field = field or entry.field or (_HOURLY if hourly else "")
    if not field:
        raise context.problem(
            key, f"{name!r} without a field", f"field: {', '.join((*_BY_TOKEN, *_CACHED, BLENDED))}, …"
        )
    _check_terms(entry, context, hourly=hourly)
    if not hourly:
        _check_hosted(row, context, key)
    place = context.document.where((*context.path, "field" if entry.field else key))
    if hourly:
        return lambda book: _hourly(book, row, field, entry, place)
    if field == BLENDED:
        return lambda book: _blended(book, row, entry, context)
    return lambda book: _by_token(book, row, field, entry, place)


def _check_terms(entry: PricedEntry, context: Context, *, hourly: bool) -> None:
    """Refuse terms that hosted models, or instances, are not sold on."""
    if hourly and entry.service_tier is not None:
        raise context.problem("service_tier", f"{entry.service_tier!r} of an instance", "purchase: of an instance")
    if not hourly and entry.purchase is not None:
        found, accepted = f"{entry.purchase!r} of a hosted model", "service_tier: of a hosted model"
        raise context.problem("purchase", found, accepted, "An instance is compute:provider/instance.")


def _check_hosted(row: str, context: Context, key: str) -> None:
    """Refuse the name of an instance that is written as a hosted model's."""
    provider = row.partition("/")[0]
    if provider in context.book.providers("compute") and provider not in context.book.providers("api"):
        found = f"{row!r}, whose provider the tables know for instances only"
        raise context.problem(key, found, "provider/model of a hosted model", f"Write {_COMPUTE}{row}.")


def row_of(name: str, book: Book) -> Citation:
    """Return the row in force of ``provider/model`` or ``compute:provider/instance``."""
    if name.startswith(_COMPUTE):
        return _hourly_price(book, name.removeprefix(_COMPUTE), None, None).citation
    return book.api_price(name.removeprefix(_PRICES)).citation


def _split(name: str) -> tuple[str, str]:
    """Return the row and the field of an address; a name alone has no field."""
    found = _FIELD.fullmatch(name)
    if found is None or not (unit_of(found["field"]) or _MONEY in found["field"]):
        return name, ""
    return found["row"], found["field"]


# ---------------------------------------------------------------------- at a date


def _by_token(book: Book, name: str, field: str, entry: PricedEntry, place: str) -> Figure:
    """Return a figure of a hosted model's row in force."""
    inside = dict(_PART.findall(field))
    tier = inside.get("service_tiers") or entry.service_tier or "standard"
    price = book.api_price(name, Terms(tier, inside.get("regions") or entry.region))
    if tier == "batch" and not price.has_batch:
        found, accepted = "service_tier 'batch'", "standard: the table has no batch price of it"
        raise ResolveError(Problem(price.address, found, accepted))
    known = {quantity.address.removeprefix(f"{price.address}."): quantity.value for quantity in price.quantities}
    known.update({key: getattr(price, key) for key in (*_BY_TOKEN, *_CACHED)})
    if field not in known:
        raise ResolveError(Problem(place, f"no {field!r} of {price.address}", *_one_of(field, (*known, BLENDED))))
    value = point(known[field])
    if tier == "batch":
        value *= _kept_in_batch(price, field)
    said = f"{price.address.removeprefix(_PRICES)} {field}{_terms(entry.service_tier, entry.region)}"
    return Figure(said, value, short_unit(field), price.citation, _borrowed(price, field))


def _one_of(field: str, known: tuple[str, ...]) -> tuple[str, str]:
    """Return what is accepted instead of a field, and the nearest."""
    return f"one of {', '.join(dict.fromkeys(known))}", offer(field, list(dict.fromkeys(known)))


def _kept_in_batch(price: ApiPrice, field: str) -> float:
    """Return what is left of a price of requests that may wait; what is billed as input has the discount of input."""
    if field in _BY_TOKEN or _borrowed(price, field):
        return 1.0 - point(price.batch_discount_share)
    return 1.0 - point(price.batch_cache_discount_share) if field in _CACHED else 1.0


def _borrowed(price: ApiPrice, field: str) -> tuple[str, ...]:
    """Return what to say of a cache price that the table does not have."""
    as_input = {_CACHED[0]: price.cached_as_input, _CACHED[1]: price.written_as_input}
    return ("the table has no such price: billed as input",) if as_input.get(field) else ()


def _terms(*terms: str | None) -> str:
    """Return terms in words, behind the name of a figure."""
    said = [term for term in terms if term]
    return f" ({', '.join(said)})" if said else ""


def _blended(book: Book, name: str, entry: PricedEntry, context: Context) -> Figure:
    """Return what a million reference tokens of the study's workload cost at a model."""
    tier = entry.service_tier or "standard"
    price = book.api_price(name, Terms(tier, entry.region))
    option = ApiOption(
        book=book,
        model=name,
        label="blended",
        tier=price.model.tier,
        weights=price.model.weights,
        service_tier=tier,
        region=entry.region,
    )
    study = context.study.medians
    value = point(option.usd_per_mtok(study.workload))
    said = f"{price.address.removeprefix(_PRICES)} blended at {study.workload.name or 'the study'}'s tokens"
    return Figure(f"{said}{_terms(entry.service_tier, entry.region)}", value, short_unit(BLENDED), price.citation)


def _hourly_price(book: Book, name: str, purchase: str | None, region: str | None) -> HourlyPrice:
    """Return an instance's price in force, on the terms that its address or the check says."""
    found = _INSTANCE.fullmatch(name)
    if found is None:
        raise ResolveError(Problem(f"{_COMPUTE}{name}", "no such address", f"{_COMPUTE}provider/instance"))
    terms = found["purchase"] or purchase or _DEFAULT_PURCHASE
    return book.hourly_price(found["name"], purchase=terms, region=found["region"] or region)


def _hourly(book: Book, name: str, field: str, entry: PricedEntry, place: str) -> Figure:
    """Return a figure of an instance's row in force."""
    price = _hourly_price(book, name, entry.purchase, entry.region)
    known = {quantity.address.removeprefix(f"{price.address}."): quantity.value for quantity in price.quantities}
    known[_HOURLY] = price.usd_per_hour
    if field not in known:
        raise ResolveError(Problem(place, f"no {field!r} of {price.address}", *_one_of(field, tuple(known))))
    said = f"{price.address.removeprefix(_COMPUTE)} {field}{_terms(entry.purchase, entry.region)}"
    return Figure(said, point(known[field]), short_unit(field), price.citation)


# ---------------------------------------------------------------------- before


def past_lines(of: FigureOf, book: Book, holds: Callable[[float], bool]) -> tuple[str, ...]:
    """Return what a figure was before the row in force, and when it last was as expected.

    Parameters
    ----------
    of : callable
        The figure at the date of a book.
    book : Book
        The tables at the check's date.
    holds : callable
        Whether a figure is as expected.
    """
    told: list[str] = []
    first = book.as_of
    for last_day, then in _before(of, book):
        was = f"{with_unit(figure(then.value), then.unit)} (row: {then.citation})"
        if holds(then.value):
            return (*told, f"it last held on {last_day}: {was}")
        if not told:
            told.append(f"through {last_day} it was {was}")
        first = then.citation.effective_from or first
    if not told:
        since = of(book).citation.effective_from
        return (f"it has been so since {since}: the tables have no other figure before",)
    return (*told, f"it has not held since {first}, the first day that the tables know")


def _before(of: FigureOf, book: Book) -> Iterator[tuple[date, Figure]]:
    """Yield a figure's earlier values, latest first, each with the last day on which it held."""
    now = of(book)
    while (since := now.citation.effective_from) is not None and since > date.min:
        last_day = since - timedelta(days=1)
        try:
            then = of(replace(book, as_of=last_day, before_first="refuse"))
        except ResolveError:
            return  # not sold before
        if then.value != now.value:
            yield last_day, then
        now = then
