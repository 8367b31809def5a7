"""Provisioned units of a model in force at a date: price, what one serves, and the sizes in which they are sold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tokencross.errors import Problem, ResolveError, offer
from tokencross.number import FloatOrDraws
from tokencross.tables.compute_records import Deployment, ProvisionedModel, UnitOffer
from tokencross.tables.located import Located
from tokencross.tables.records import Dated
from tokencross.tables.resolved import UnitPrice
from tokencross.tables.taken import Taken, citation_of

if TYPE_CHECKING:
    from tokencross.tables.book import Book

__all__ = ["unit_price_of"]

RowT = TypeVar("RowT", bound=Dated)
_CAPACITY = ("input_tokens_per_minute", "output_weight_ratio", "cached_weight_ratio")


def unit_price_of(
    book: Book,
    provider: str,
    located: Located,
    unit: str,
    shared: Sequence[Located],
    *,
    commitment: str,
    region: str | None,
) -> UnitPrice:
    """Return a model's units in force, at its own offers or the provider's; what no table has is None.

    Raises
    ------
    ResolveError
        If the region has to be chosen, or commitment or region are not sold.
    """
    model = located.parse(ProvisionedModel)
    address = f"provisioned:{provider}/{model.id}"
    offers, places = _offers(model, located, shared)
    sizes = book.in_force(model.capacity, address)[1].deployments if model.capacity else ()
    chosen = _region(sizes, offers, address, region)
    said = _Said()
    usd: FloatOrDraws | None = None
    if offers:
        index = _offer(offers, address, commitment, chosen)
        priced = _in_force(book, offers[index].prices, address, lambda row: places[index].location("prices", row), said)
        assert priced is not None  # an offer has prices
        usd = priced[0].number("usd_per_unit_hour", priced[1].usd_per_unit_hour)
    capacity = _in_force(book, model.capacity, address, lambda row: located.location("capacity", row), said)
    numbers: dict[str, FloatOrDraws | None] = dict.fromkeys(_CAPACITY)
    if capacity is not None:
        taken, row = capacity
        numbers = {
            key: None if getattr(row, key) is None else taken.number(key, getattr(row, key)) for key in _CAPACITY
        }
    single = Deployment(region=chosen or "any", min_unit_count=1, unit_step_count=1)
    size = next((entry for entry in sizes if entry.region == chosen), single)
    return UnitPrice(
        model=model,
        provider=provider,
        unit=unit,
        address=address,
        citations=tuple(taken.citation for taken in said.taken),
        usd_per_unit_hour=usd,
        **numbers,
        min_unit_count=size.min_unit_count,
        unit_step_count=size.unit_step_count,
        quantities=tuple(quantity for taken in said.taken for quantity in taken.quantities),
        notes=tuple(dict.fromkeys(said.notes)),
        size_citation=None if capacity is None or size is single else capacity[0].citation,
    )


@dataclass
class _Said:
    """What the rows in force gave, in the order in which they were asked."""

    taken: list[Taken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _in_force(
    book: Book, rows: Sequence[RowT], address: str, location: Callable[[int], str], said: _Said
) -> tuple[Taken, RowT] | None:
    """Return the row in force with what takes its numbers; None where there are no rows."""
    if not rows:
        return None
    index, row, notes = book.in_force(rows, address)
    taken = Taken(book.overrides, address, citation_of(address, row, location(index)))
    said.taken.append(taken)
    said.notes += [*notes, *book.doubts(address.partition(":")[2], row)]
    return taken, row


def _offers(
    model: ProvisionedModel, located: Located, shared: Sequence[Located]
) -> tuple[list[UnitOffer], list[Located]]:
    """Return the model's own offers, or else the provider's, with where each stands."""
    if model.offers:
        over = located.over
        place = over if over is not None and "offers" in over.data else located
        own = [Located(place.document, (*place.path, "offers", index), {}) for index in range(len(model.offers))]
        return list(model.offers), own
    return [place.parse(UnitOffer) for place in shared], list(shared)


def _region(sizes: Sequence[Deployment], offers: Sequence[UnitOffer], address: str, region: str | None) -> str | None:
    """Return the region that is meant; the only one, where there is only one."""
    sold = dict.fromkeys(entry.region for entry in offers)
    known = [entry.region for entry in sizes if entry.region in sold or not sold] or list(sold)
    if region is None and len(known) > 1:
        found = "no region, though price and sizes depend on it"
        raise ResolveError(Problem(address, found, f"region: one of {', '.join(known)}"))
    if region is not None and region not in known:
        found = f"region {region!r}, where no units of it are known"
        raise ResolveError(Problem(address, found, f"one of {', '.join(known) or 'none'}", offer(region, known)))
    return region if region is not None else next(iter(known), None)


def _offer(offers: Sequence[UnitOffer], address: str, commitment: str, region: str | None) -> int:
    """Return the index of the offer under a commitment in a region."""
    terms = [entry.commitment for entry in offers if entry.region == region]
    if commitment not in terms:
        found = f"commitment {commitment!r}, for which no price is known"
        raise ResolveError(Problem(address, found, f"one of {', '.join(terms)}", offer(commitment, list(terms))))
    return next(i for i, entry in enumerate(offers) if (entry.commitment, entry.region) == (commitment, region))
