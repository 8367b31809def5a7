"""Prices of the installed genai-prices package: dated eras, context tiers, batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tokencross.errors import Problem, ResolveError
from tokencross.tables.sources import (
    Upstream,
    UpstreamBatch,
    UpstreamPrice,
    UpstreamTier,
    amount,
    book_provider,
    installed_version,
    not_installed,
    understood,
)

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

__all__ = ["read"]

_NAME = "genai-prices"
_BATCH = {"processing": "batch"}


def read(file: Path | None) -> Upstream:
    """Return the prices of the installed package."""
    if file is not None:
        accepted = "its installed package"
        raise ResolveError(Problem(f"--from {_NAME}", f"--file {file}", accepted, "Leave --file out."))
    version = installed_version(_NAME)
    if version is None:
        raise not_installed(_NAME)
    via = f"{_NAME}@{version}"
    with understood(via):
        try:
            from genai_prices.data import providers
        except ImportError as error:
            raise AttributeError(str(error)) from error
        prices = [price for provider in providers for model in provider.models for price in _eras(provider, model, via)]
    notes = ("Daily windows of it are not compared; the prices outside them are.",)
    return Upstream(_NAME, via, prices=tuple(prices), notes=notes)


def _eras(provider: Provider, model: ModelInfo, via: str) -> list[UpstreamPrice]:
    """Return a model's eras, oldest first; models without prices by token have none."""
    with understood(f"{via}: {provider.id}/{model.id}"):
        dated = _dated(model)
        ends: list[date | None] = [start for start, _ in dated[1:]]
        found = []
        for (start, prices), end in zip(dated, [*ends, None], strict=True):
            price = _price(provider, model, prices, start, end, via)
            found += [price] if price is not None else []
        return found


def _dated(model: ModelInfo) -> list[tuple[date | None, ModelPrice]]:
    """Return the prices outside daily windows with their first days, oldest first."""
    if not isinstance(model.prices, Sequence):
        return [(None, model.prices)]
    from genai_prices.types import StartDateConstraint

    by_start: dict[date | None, ModelPrice] = {}
    for entry in model.prices:
        if entry.constraint is None:
            by_start[None] = entry.prices
        elif isinstance(entry.constraint, StartDateConstraint):
            by_start[entry.constraint.start_date] = entry.prices
    return sorted(by_start.items(), key=lambda item: item[0] or date.min)


def _price(
    provider: Provider, model: ModelInfo, prices: ModelPrice, start: date | None, end: date | None, via: str
) -> UpstreamPrice | None:
    """Return an era; None where input or output have no price by token."""
    fresh, output = _base(prices, "input_mtok"), _base(prices, "output_mtok")
    if fresh is None or output is None:
        return None
    return UpstreamPrice(
        provider=book_provider("bedrock" if provider.id == "aws" else provider.id),
        model=model.id,
        name=model.name or "",
        input_usd_per_mtok=fresh,
        output_usd_per_mtok=output,
        cache_read_usd_per_mtok=_base(prices, "cache_read_mtok"),
        cache_write_usd_per_mtok=_base(prices, "cache_write_mtok"),
        cache_write_1h_usd_per_mtok=_base(prices, "cache_write_1h_mtok"),
        long_context=_tiers(prices),
        batch=_batch(model, start, end),
        effective_from=start,
        effective_to=end,
        cited_url=(provider.pricing_urls or [""])[0],
        via=via,
    )


def _base(prices: ModelPrice, key: str) -> float | None:
    """Return a price below the first tier."""
    value = getattr(prices, key)
    return None if value is None else amount(getattr(value, "base", value))


def _above(prices: ModelPrice, key: str, start: int) -> float | None:
    """Return a price in the tier that begins at a length."""
    value = getattr(prices, key)
    reached = [tier.price for tier in getattr(value, "tiers", ()) if tier.start <= start]
    return amount(reached[-1]) if reached else _base(prices, key)


def _tiers(prices: ModelPrice) -> tuple[UpstreamTier, ...]:
    """Return the tiers by length, lowest first."""
    keys = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok")
    starts = {tier.start for key in keys for tier in getattr(getattr(prices, key), "tiers", ())}
    found = []
    for start in sorted(starts):
        fresh, output, read, write, hour = (_above(prices, key, start) for key in keys)
        if fresh is not None and output is not None:
            found.append(UpstreamTier(start, fresh, output, read, write, hour))
    return tuple(found)


def _batch(model: ModelInfo, begin: date | None, end: date | None) -> UpstreamBatch | None:
    """Return the batch prices that an era ends with; those verified before it began say nothing of it."""
    found = None
    for variant in model.price_variants or ():
        start = getattr(variant.constraint, "start_date", None)
        fresh, output = _base(variant.prices, "input_mtok"), _base(variant.prices, "output_mtok")
        within = start is None or ((end is None or start < end) and (begin is None or begin <= start))
        if variant.when == _BATCH and within and fresh is not None and output is not None:
            found = UpstreamBatch(fresh, output, _base(variant.prices, "cache_read_mtok"))
    return found
