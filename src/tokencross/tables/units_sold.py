"""Provisioned units of a model in force at a date: price, what one serves, and the sizes in which they are sold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError, offer
from tokencross.number import FloatOrDraws
from tokencross.tables.compute_records import Deployment, ProvisionedModel, UnitOffer
from tokencross.tables.located import Located
from tokencross.tables.resolved import Quantity, UnitPrice
from tokencross.tables.taken import Taken, citation_of

if TYPE_CHECKING:
    from tokencross.tables.book import Book

__all__ = ["unit_price_of"]


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
    chosen_region = _region(model, offers, address, region)
    citations: list[Citation] = []
    quantities: list[Quantity] = []
    notes: list[str] = []
    usd: FloatOrDraws | None = None
    if offers:
        index = _offer(offers, address, commitment, chosen_region)
        row_index, price, said = book.in_force(offers[index].prices, address)
        taken = Taken(book.overrides, address, citation_of(address, price, places[index].location("prices", row_index)))
        usd = taken.number("usd_per_unit_hour", price.usd_per_unit_hour)
        citations.append(taken.citation)
        quantities += taken.quantities
        notes += [*said, *book.doubts(f"{provider}/{model.id}", price)]
    input_rate: FloatOrDraws | None = None
    weights: dict[str, FloatOrDraws | None] = {"output_weight_ratio": None, "cached_weight_ratio": None}
    if model.capacity:
        index, row, said = book.in_force(model.capacity, address)
        taken = Taken(book.overrides, address, citation_of(address, row, located.location("capacity", index)))
        input_rate = taken.number("input_tokens_per_minute", row.input_tokens_per_minute)
        for key in weights:
            if getattr(row, key) is not None:
                weights[key] = taken.number(key, getattr(row, key))
        citations.append(taken.citation)
        quantities += taken.quantities
        notes += [*said, *book.doubts(f"{provider}/{model.id}", row)]
    size = next((entry for entry in model.deployments if entry.region == chosen_region), None)
    if size is None:
        size = Deployment(region=chosen_region or "any", min_unit_count=1, unit_step_count=1)
    return UnitPrice(
        model=model,
        provider=provider,
        unit=unit,
        address=address,
        citations=tuple(citations),
        usd_per_unit_hour=usd,
        input_tokens_per_minute=input_rate,
        **weights,
        min_unit_count=size.min_unit_count,
        unit_step_count=size.unit_step_count,
        quantities=tuple(quantities),
        notes=tuple(dict.fromkeys(notes)),
    )


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


def _region(model: ProvisionedModel, offers: Sequence[UnitOffer], address: str, region: str | None) -> str | None:
    """Return the region that is meant; the only one, where there is only one."""
    sold = dict.fromkeys(entry.region for entry in offers)
    sizes = [entry.region for entry in model.deployments if entry.region in sold or not sold]
    known = sizes or list(sold)
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
