"""Prices of the installed model-prices package, or of a snapshot file of it: dated eras with a source each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from tokencross.tables.records import Basis
from tokencross.tables.sources import (
    Upstream,
    UpstreamBatch,
    UpstreamPrice,
    UpstreamTier,
    amount,
    book_provider,
    packaged_text,
    read_json,
    understood,
)

__all__ = ["read"]

_NAME = "model-prices"
_SCHEMA = 1


def read(file: Path | None) -> Upstream:
    """Return the prices of the package's snapshot, or of a file like it."""
    text, via = packaged_text(_NAME, "model_prices/snapshot.json", file)
    with understood(via):
        data: Any = read_json(text, via)
        if data["schema"] != _SCHEMA:
            raise ValueError(f"schema {data['schema']!r}, not {_SCHEMA}")
        prices = [
            price
            for provider, models in data["prices"].items()
            for model, modes in models.items()
            for price in _eras(provider, model, modes, via)
        ]
        published = _day(data["updated_at"])
    notes = ("Peak hours of it are not compared; the prices outside them are.",)
    return Upstream(_NAME, via, published, tuple(prices), notes=notes)


def _day(text: str) -> date:
    """Return the day of a moment, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).date()


def _eras(provider: str, model: str, modes: dict[str, Any], via: str) -> list[UpstreamPrice]:
    """Return a model's eras, oldest first; neighbours that say the same are one."""
    with understood(f"{via}: {provider}/{model}"):
        starts = [(_start(record), record["rates"]) for record in modes["standard"]]
        dated = [(start, rates) for start, rates in starts if start is not None or rates is not None]
        batches = modes.get("batch", [])
        found: list[UpstreamPrice] = []
        for (start, rates), (end, _) in pairwise([*dated, (None, None)]):
            if rates is None or (start is not None and start == end):
                continue  # not sold in this era, or replaced on the same day
            price = _price(provider, model, rates, start, end, _batch(batches, end), via)
            if found and _same(found[-1], price) and found[-1].effective_to == start:
                price = _joined(found.pop(), price)
            found.append(price)
        return found


def _start(record: dict[str, Any]) -> date | None:
    """Return the first day of a record; the first record of a model says it with its rates."""
    if record["start"] is not None:
        return _day(record["start"])
    return None if record["rates"] is None else _day(record["rates"]["valid_from"])


def _price(
    provider: str,
    model: str,
    rates: dict[str, Any],
    start: date | None,
    end: date | None,
    batch: UpstreamBatch | None,
    via: str,
) -> UpstreamPrice:
    basis: Basis = "documented" if rates["valid_from_basis"] == "documented" else "first_observed"
    fresh, multiple = amount(rates["input"]), rates.get("cache_write_1h_multiple")
    return UpstreamPrice(
        provider=book_provider(provider),
        model=model,
        input_usd_per_mtok=fresh,
        output_usd_per_mtok=amount(rates["output"]),
        cache_read_usd_per_mtok=_optional(rates, "cache_read"),
        cache_write_usd_per_mtok=_optional(rates, "cache_write"),
        # 0.0.5 gives the multiple to models of other vendors too, which have no such price
        cache_write_1h_usd_per_mtok=multiple * fresh if multiple and provider == "anthropic" else None,
        long_context=tuple(_tier(tier, rates) for tier in rates.get("tiers") or ()),
        batch=batch,
        effective_from=start,
        effective_to=end,
        basis=basis,
        cited_url=rates["source"],
        via=via,
    )


def _optional(rates: dict[str, Any], key: str) -> float | None:
    value = rates.get(key)
    return None if value is None else amount(value)


def _tier(tier: dict[str, Any], rates: dict[str, Any]) -> UpstreamTier:
    """Return a tier; what it leaves out is as below it."""
    values = {**rates, **{key: value for key, value in tier.items() if value is not None}}
    return UpstreamTier(
        threshold_tokens=int(tier["above"]),
        input_usd_per_mtok=amount(values["input"]),
        output_usd_per_mtok=amount(values["output"]),
        cache_read_usd_per_mtok=_optional(values, "cache_read"),
        cache_write_usd_per_mtok=_optional(values, "cache_write"),
    )


def _batch(records: list[dict[str, Any]], end: date | None) -> UpstreamBatch | None:
    """Return the batch prices that an era ends with."""
    begun = [record for record in records if end is None or (_start(record) or date.min) < end]
    rates = begun[-1]["rates"] if begun else None
    if rates is None:
        return None
    return UpstreamBatch(amount(rates["input"]), amount(rates["output"]), _optional(rates, "cache_read"))


_KEPT = ("input", "output", "cache_read", "cache_write", "cache_write_1h")


def _same(before: UpstreamPrice, after: UpstreamPrice) -> bool:
    """Return whether two eras say the same prices."""
    keys = [f"{key}_usd_per_mtok" for key in _KEPT] + ["long_context", "batch"]
    return all(getattr(before, key) == getattr(after, key) for key in keys)


def _joined(before: UpstreamPrice, after: UpstreamPrice) -> UpstreamPrice:
    """Return two eras of the same prices as one."""
    return replace(before, effective_to=after.effective_to)
