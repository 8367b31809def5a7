"""What an instance costs by the hour at a date: rented, owned, or as a dedicated endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tokencross.errors import Problem, ResolveError, offer
from tokencross.number import is_draws
from tokencross.tables.compute_records import Instance, Offer
from tokencross.tables.located import Located
from tokencross.tables.resolved import HourlyPrice
from tokencross.tables.taken import Taken, citation_of
from tokencross.units import HOURS_PER_MONTH

if TYPE_CHECKING:
    from tokencross.tables.book import Book

__all__ = ["DEDICATED", "OWNED", "dedicated_in", "hourly_price_of"]

OWNED = "owned"
DEDICATED = "dedicated"


def hourly_price_of(book: Book, provider: str, located: Located, *, purchase: str, region: str | None) -> HourlyPrice:
    """Return the price in force of an instance under purchase terms; see `Book.hourly_price`."""
    instance = located.parse(Instance)
    address = f"compute:{provider}/{instance.id}"
    if purchase == OWNED and instance.owned:
        if region is not None:
            found = f"region {region!r}, though its owned price has no region"
            raise ResolveError(Problem(f"{address}[{OWNED}]", found, "no region"))
        return _owned(book, instance, located, f"{address}[{OWNED}]")
    index = _chosen_offer(instance, address, purchase, region)
    chosen = instance.offers[index]
    address += _offer_name(instance.offers, chosen)
    row_index, row, notes = book.in_force(chosen.prices, address)
    citation = citation_of(address, row, located.location("offers", index, "prices", row_index))
    taken = Taken(book.overrides, address, citation)
    usd = taken.number("usd_per_hour", row.usd_per_hour)
    doubts = book.doubts(f"{provider}/{instance.id}", row)
    return HourlyPrice(
        instance,
        purchase,
        chosen.region,
        address,
        citation,
        usd,
        tuple(taken.quantities),
        (*notes, *doubts),
        chosen.min_replica_count,
        chosen.billing_seconds,
    )


def _owned(book: Book, instance: Instance, located: Located, address: str) -> HourlyPrice:
    """Return what an owned instance costs by the hour.

    Price less residual over its life, power at the wall times PUE times tariff, hosting and maintenance.
    """
    index, row, notes = book.in_force(instance.owned, address)
    citation = citation_of(address, row, located.location("owned", index))
    taken = Taken(book.overrides, address, citation)
    kept = 1.0 - taken.number("residual_share", row.residual_share)
    months = taken.number("life_months", row.life_months)
    monthly = {
        "capital": taken.number("price_usd", row.price_usd) * kept / months,
        "hosting": taken.number("hosting_usd_per_month", row.hosting_usd_per_month),
        "maintenance": taken.number("maintenance_usd_per_month", row.maintenance_usd_per_month),
    }
    hourly = {name: usd / HOURS_PER_MONTH for name, usd in monthly.items()}
    if row.power_kw is not None:
        drawn = taken.number("power_kw", row.power_kw) * taken.number("power_usage_ratio", row.power_usage_ratio)
        hourly["power"] = drawn * taken.number("electricity_usd_per_kwh", row.electricity_usd_per_kwh)
    parts = tuple((name, usd) for name, usd in hourly.items() if is_draws(usd) or usd != 0.0)
    total = sum(hourly.values(), np.float64(0.0))
    usd = total if isinstance(total, np.ndarray) else float(total)
    doubts = book.doubts(address.partition(":")[2], row)
    return HourlyPrice(
        instance,
        OWNED,
        "owned",
        address,
        citation,
        usd,
        tuple(taken.quantities),
        (*notes, *doubts),
        parts=parts,
    )


def dedicated_in(records: Iterable[Located]) -> list[Instance]:
    """Return the instances that are sold as dedicated endpoints."""
    instances = [record.parse(Instance) for record in records]
    return [one for one in instances if any(entry.purchase == DEDICATED for entry in one.offers)]


def _chosen_offer(instance: Instance, address: str, purchase: str, region: str | None) -> int:
    """Return the index of the one offer under these terms."""
    offers = instance.offers
    terms = list(dict.fromkeys([*(entry.purchase for entry in offers), *([OWNED] if instance.owned else [])]))
    if purchase not in terms:
        found = f"purchase {purchase!r}, which the table does not have for it"
        raise ResolveError(Problem(address, found, f"one of {', '.join(terms)}", offer(purchase, list(terms))))
    regions = [entry.region for entry in offers if entry.purchase == purchase]
    if region is None and len(regions) > 1:
        found = "no region, though the price depends on it"
        raise ResolveError(Problem(address, found, f"region: one of {', '.join(regions)}"))
    if region is not None and region not in regions:
        found = f"region {region!r}, for which no {purchase} price is known"
        raise ResolveError(Problem(address, found, f"one of {', '.join(regions)}", offer(region, regions)))
    return next(i for i, entry in enumerate(offers) if entry.purchase == purchase and region in (None, entry.region))


def _offer_name(offers: Sequence[Offer], chosen: Offer) -> str:
    """Return what an address adds to name one of several offers; nothing for the only one on demand."""
    on_demand = [entry for entry in offers if entry.purchase == "on_demand"]
    return "" if on_demand == [chosen] else f"[{chosen.purchase}, {chosen.region}]"
