"""Prices of litellm's map, from the installed package's copy or a file; litellm itself is never imported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tokencross.tables.sources import (
    Upstream,
    UpstreamBatch,
    UpstreamPrice,
    UpstreamTier,
    book_provider,
    packaged_text,
    read_json,
    understood,
    usd_per_mtok,
)

__all__ = ["read"]

_NAME = "litellm"
# importing litellm takes seconds and asks the network for a newer map
_MAP = "litellm/model_prices_and_context_window_backup.json"
_MODES = ("chat", "completion", "responses")
_THRESHOLD = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
_READ, _WRITE, _HOUR = (
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
    "cache_creation_input_token_cost_above_1hr",
)


def read(file: Path | None) -> Upstream:
    """Return the prices of the map; it has no dates."""
    text, via = packaged_text(_NAME, _MAP, file)
    with understood(via):
        data: Any = read_json(text, via)
        prices: dict[tuple[str, str], UpstreamPrice] = {}
        for key, entry in data.items():
            price = _price(key, entry, via)
            if price is not None:  # it has some models with and without their provider's name in front
                prices.setdefault((price.provider, price.model), price)
    notes = ("Where it has hours that cost less, the price in these hours is compared.",)
    return Upstream(_NAME, via, prices=tuple(prices.values()), notes=notes)


def _price(key: str, entry: dict[str, Any], via: str) -> UpstreamPrice | None:
    """Return an entry's prices; None for what is not text by the token."""
    with understood(f"{via}: {key}"):
        if entry.get("mode") not in _MODES or "tiered_pricing" in entry:
            return None
        entry = {**entry, **entry.get("off_peak_pricing", {})}
        fresh, output = _usd(entry, "input_cost_per_token"), _usd(entry, "output_cost_per_token")
        if fresh is None or output is None:
            return None
        provider = entry["litellm_provider"]
        return UpstreamPrice(
            provider=book_provider(provider),
            model=key.removeprefix(f"{provider}/"),
            input_usd_per_mtok=fresh,
            output_usd_per_mtok=output,
            cache_read_usd_per_mtok=_usd(entry, _READ),
            cache_write_usd_per_mtok=_usd(entry, _WRITE) or None,  # 0 says that there is no charge besides the input
            cache_write_1h_usd_per_mtok=_usd(entry, _HOUR),
            long_context=_tiers(entry),
            batch=_batch(entry),
            cited_url=str(entry.get("source", "")),
            via=via,
        )


def _usd(entry: dict[str, Any], key: str) -> float | None:
    value = entry.get(key)
    return None if value is None else usd_per_mtok(value)


def _tiers(entry: dict[str, Any]) -> tuple[UpstreamTier, ...]:
    """Return the tiers by length, lowest first."""
    found = []
    for key in entry:
        match = _THRESHOLD.fullmatch(key)
        if match is None:
            continue
        above = f"_above_{match[1]}k_tokens"
        fresh, output = _usd(entry, key), _usd(entry, f"output_cost_per_token{above}")
        if fresh is None or output is None:
            continue
        read, write, hour = (_usd(entry, name + above) for name in (_READ, _WRITE, _HOUR))
        found.append(UpstreamTier(int(match[1]) * 1000, fresh, output, read, write, hour))
    return tuple(sorted(found, key=lambda tier: tier.threshold_tokens))


def _batch(entry: dict[str, Any]) -> UpstreamBatch | None:
    """Return the batch prices, where both are there."""
    fresh, output = _usd(entry, "input_cost_per_token_batches"), _usd(entry, "output_cost_per_token_batches")
    if fresh is None or output is None:
        return None
    return UpstreamBatch(fresh, output, _usd(entry, f"{_READ}_batches"))
