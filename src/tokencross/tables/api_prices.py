"""A price row of a hosted model as plain numbers, on the terms that are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tokencross.errors import Problem, ResolveError, offer
from tokencross.number import FloatOrDraws
from tokencross.tables.api_records import (
    ApiModel,
    ApiPriceRow,
    LongContext,
    ServiceTier,
    TimeWindow,
)
from tokencross.tables.resolved import ApiPrice, LongContextPrice, Terms, WindowPrice
from tokencross.tables.taken import Taken

__all__ = ["api_price_of"]

_WEEK_MINUTES = 7 * 24 * 60
_DAY_MINUTES = 24 * 60
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BASE_TIERS = ("standard", "batch")


@dataclass(frozen=True)
class _Prices:
    """Prices by class of token."""

    fresh: FloatOrDraws
    output: FloatOrDraws
    read: FloatOrDraws
    write: FloatOrDraws
    read_as_input: bool
    write_as_input: bool
    long_context: tuple[LongContextPrice, ...]


def api_price_of(
    taken: Taken, model: ApiModel, row: ApiPriceRow, terms: Terms, as_of: date, notes: tuple[str, ...]
) -> ApiPrice:
    """Return a row as numbers, overrides in their places.

    Raises
    ------
    ResolveError
        If the row has no such service tier, region or cache lifetime.
    """
    standard = Taken(taken.overrides, taken.address, taken.citation)
    prices = _standard(standard, row, terms.cache_lifetime)
    said: list[str] = []
    if terms.service_tier in _BASE_TIERS:
        taken.quantities += standard.quantities
    else:
        tier = _service_tier(taken.address, row, terms.service_tier)
        if row.long_context and not tier.long_context:
            named = f"the table has no long-context prices of service tier {tier.id}"
            said.append(f"{model.id}: {named}; long prompts pay the standard ones.")
        if _leans_on_standard(row, tier, terms.cache_lifetime):
            taken.quantities += standard.quantities
        prices = _of_tier(taken, row, tier, prices, terms.cache_lifetime)
    prices = _scaled(prices, _region_ratio(taken, row, terms.region))
    batch = row.batch
    discount = taken.number("batch.discount_share", batch.discount_share if batch else None)
    cached = taken.number("batch.cache_discount_share", batch.cache_discount_share if batch else None)
    storage = row.cache_storage_usd_per_mtok_hour
    return ApiPrice(
        model=model,
        address=taken.address,
        citation=taken.citation,
        input_usd_per_mtok=prices.fresh,
        output_usd_per_mtok=prices.output,
        cache_read_usd_per_mtok=prices.read,
        cache_write_usd_per_mtok=prices.write,
        cached_as_input=prices.read_as_input,
        written_as_input=prices.write_as_input,
        long_context=prices.long_context,
        batch_discount_share=discount,
        batch_cache_discount_share=cached,
        has_batch=batch is not None,
        fee_usd_per_request=taken.number("fee_usd_per_request", row.fee_usd_per_request),
        cache_storage_usd_per_mtok_hour=None
        if storage is None
        else taken.number("cache_storage_usd_per_mtok_hour", storage),
        windows=tuple(_window(taken, window, as_of) for window in row.time_windows),
        quantities=tuple(taken.quantities),
        notes=(*notes, *said),
    )


# ---------------------------------------------------------------------- classes of token


def _write_key(lifetime: str | None) -> str:
    """Return the key of the price of cache writes that last so long."""
    return f"cache_write_{lifetime}_usd_per_mtok" if lifetime else "cache_write_usd_per_mtok"


def _standard(taken: Taken, row: ApiPriceRow, lifetime: str | None) -> _Prices:
    """Return the row's own prices."""
    key = _write_key(lifetime)
    written: float | None = getattr(row, key, None)
    if lifetime and written is None:
        known = [known for known in ("1h", "12h") if getattr(row, _write_key(known)) is not None]
        accepted = f"one of {', '.join(known)}, or none" if known else "none: the table has no such price of it"
        raise ResolveError(Problem(taken.address, f"cache_lifetime {lifetime!r}", accepted))
    fresh = taken.number("input_usd_per_mtok", row.input_usd_per_mtok)
    output = taken.number("output_usd_per_mtok", row.output_usd_per_mtok)
    read = taken.number("cache_read_usd_per_mtok", row.cache_read_usd_per_mtok, otherwise=fresh)
    write = taken.number(key, written, otherwise=fresh)
    tiers = tuple(
        _long_context(taken, "", tier, row.input_usd_per_mtok, read, write, lifetime) for tier in row.long_context
    )
    return _Prices(fresh, output, read, write, row.cache_read_usd_per_mtok is None, written is None, tiers)


def _service_tier(address: str, row: ApiPriceRow, name: str) -> ServiceTier:
    """Return the entry of a service tier."""
    for tier in row.service_tiers:
        if tier.id == name:
            return tier
    known = ["standard", *(["batch"] if row.batch else []), *(tier.id for tier in row.service_tiers)]
    accepted = f"one of {', '.join(known)}: the table has no other price of it"
    raise ResolveError(Problem(address, f"service_tier {name!r}", accepted, offer(name, known)))


def _leans_on_standard(row: ApiPriceRow, tier: ServiceTier, lifetime: str | None) -> bool:
    """Return whether a service tier takes any of the row's own prices."""
    keys = ("cache_read_usd_per_mtok", _write_key(lifetime))
    scaled = any(getattr(tier, key) is None and getattr(row, key) is not None for key in keys)
    return scaled or (bool(row.long_context) and not tier.long_context)


def _of_tier(taken: Taken, row: ApiPriceRow, tier: ServiceTier, plain: _Prices, lifetime: str | None) -> _Prices:
    """Return a service tier's prices; cache prices that it leaves out are scaled like its input price."""
    key = f"service_tiers[{tier.id}]."
    scale = _quotient(tier.input_usd_per_mtok, row.input_usd_per_mtok)
    fresh = taken.number(f"{key}input_usd_per_mtok", tier.input_usd_per_mtok)
    output = taken.number(f"{key}output_usd_per_mtok", tier.output_usd_per_mtok)
    read = taken.number(
        f"{key}cache_read_usd_per_mtok",
        tier.cache_read_usd_per_mtok,
        otherwise=fresh if plain.read_as_input else plain.read * scale,
    )
    name = _write_key(lifetime)
    write = taken.number(
        f"{key}{name}", getattr(tier, name), otherwise=fresh if plain.write_as_input else plain.write * scale
    )
    tiers = tuple(
        _long_context(taken, key, long, tier.input_usd_per_mtok, read, write, lifetime) for long in tier.long_context
    )
    return replace(
        plain,
        fresh=fresh,
        output=output,
        read=read,
        write=write,
        read_as_input=plain.read_as_input and tier.cache_read_usd_per_mtok is None,
        write_as_input=plain.write_as_input and getattr(tier, name) is None,
        long_context=tiers or plain.long_context,
    )


def _quotient(value: float, base: float) -> float:
    """Return how a price relates to the base's; 1 where the base is free."""
    return value / base if base else 1.0


def _long_context(
    taken: Taken,
    prefix: str,
    tier: LongContext,
    base_input: float,
    read: FloatOrDraws,
    write: FloatOrDraws,
    lifetime: str | None,
) -> LongContextPrice:
    """Return a tier as numbers; cache prices that the table lacks scale like the input price."""
    key = f"{prefix}long_context[{tier.threshold_tokens}]."
    scale = _quotient(tier.input_usd_per_mtok, base_input)
    name = _write_key(lifetime)
    return LongContextPrice(
        threshold_tokens=float(tier.threshold_tokens),
        inclusive=tier.inclusive,
        counts_cached=tier.counts == "prompt",
        input_usd_per_mtok=taken.number(f"{key}input_usd_per_mtok", tier.input_usd_per_mtok),
        output_usd_per_mtok=taken.number(f"{key}output_usd_per_mtok", tier.output_usd_per_mtok),
        cache_read_usd_per_mtok=taken.number(
            f"{key}cache_read_usd_per_mtok", tier.cache_read_usd_per_mtok, otherwise=read * scale
        ),
        cache_write_usd_per_mtok=taken.number(f"{key}{name}", getattr(tier, name), otherwise=write * scale),
    )


# ---------------------------------------------------------------------- place and time


def _region_ratio(taken: Taken, row: ApiPriceRow, name: str | None) -> FloatOrDraws:
    """Return what a region's prices are over the row's."""
    if name is None:
        return 1.0
    for region in row.regions:
        if region.id == name:
            return taken.number(f"regions[{name}].price_ratio", region.price_ratio)
    known = [region.id for region in row.regions]
    accepted = f"one of {', '.join(known)}, or none" if known else "none: the table has no regional price of it"
    raise ResolveError(Problem(taken.address, f"region {name!r}", accepted, offer(name, known)))


def _scaled(prices: _Prices, ratio: FloatOrDraws) -> _Prices:
    """Return every price times a ratio."""
    if isinstance(ratio, float) and ratio == 1.0:
        return prices
    tiers = tuple(
        replace(
            tier,
            input_usd_per_mtok=tier.input_usd_per_mtok * ratio,
            output_usd_per_mtok=tier.output_usd_per_mtok * ratio,
            cache_read_usd_per_mtok=tier.cache_read_usd_per_mtok * ratio,
            cache_write_usd_per_mtok=tier.cache_write_usd_per_mtok * ratio,
        )
        for tier in prices.long_context
    )
    return replace(
        prices,
        fresh=prices.fresh * ratio,
        output=prices.output * ratio,
        read=prices.read * ratio,
        write=prices.write * ratio,
        long_context=tiers,
    )


def _window(taken: Taken, window: TimeWindow, as_of: date) -> WindowPrice:
    """Return a window with its minutes of the week in UTC, as the clocks of its time zone stand at the date."""
    zone = ZoneInfo(window.time_zone)
    ahead = (zone.utcoffset(datetime.combine(as_of, datetime.min.time())) or timedelta()) // timedelta(minutes=1)
    minutes: list[tuple[int, int]] = []
    for day in window.days:
        midnight = _DAYS.index(day) * _DAY_MINUTES - ahead
        for span in window.spans:
            start, end = _minute(span.from_time), _minute(span.until_time)
            end += _DAY_MINUTES if end <= start else 0
            first = (midnight + start) % _WEEK_MINUTES
            after = first + end - start
            minutes.append((first, min(after, _WEEK_MINUTES)))
            if after > _WEEK_MINUTES:
                minutes.append((0, after - _WEEK_MINUTES))
    ratio = taken.number(f"time_windows[{window.id}].price_ratio", window.price_ratio)
    return WindowPrice(window.id, ratio, tuple(sorted(minutes)), window.except_holidays)


def _minute(clock: str) -> int:
    """Return the minute of the day."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
