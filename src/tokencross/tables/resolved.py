"""Rows in force at a date, as plain numbers with their addresses and citations."""

from __future__ import annotations

from dataclasses import dataclass

from tokencross.citation import Citation
from tokencross.number import FloatOrDraws, Number
from tokencross.tables.api_records import ApiModel
from tokencross.tables.compute_records import Instance, ProvisionedModel

__all__ = [
    "ApiPrice",
    "HourlyPrice",
    "LongContextPrice",
    "Quantity",
    "RateLimit",
    "Terms",
    "TextRatio",
    "UnitPrice",
    "WindowPrice",
]


@dataclass(frozen=True)
class Quantity:
    """A number of a table, as a study lists it: address, value, unit, citation."""

    address: str
    value: Number
    unit: str
    citation: Citation
    between: tuple[float, float] | None = None


@dataclass(frozen=True)
class Terms:
    """What one asks a hosted model for, besides tokens."""

    service_tier: str = "standard"
    region: str | None = None
    cache_lifetime: str | None = None


@dataclass(frozen=True)
class LongContextPrice:
    """Prices of requests in a long-context tier. [USD per million tokens]"""

    threshold_tokens: float
    inclusive: bool
    counts_cached: bool
    input_usd_per_mtok: FloatOrDraws
    output_usd_per_mtok: FloatOrDraws
    cache_read_usd_per_mtok: FloatOrDraws
    cache_write_usd_per_mtok: FloatOrDraws


@dataclass(frozen=True)
class WindowPrice:
    """Hours of the week at another price.

    Attributes
    ----------
    id : str
        Its name.
    price_ratio : float or ndarray, shape (D,)
        Prices in it over those outside. [quotient]
    minutes : tuple of (int, int)
        Stretches of the week that it covers: first minute and first minute after, counted from Monday 00:00 UTC.
    except_holidays : str
        The calendar on whose days it does not apply.
    """

    id: str
    price_ratio: FloatOrDraws
    minutes: tuple[tuple[int, int], ...]
    except_holidays: str = ""


@dataclass(frozen=True)
class ApiPrice:
    """A hosted model's prices in force at a date, on the terms asked for. [USD per million tokens]

    Without a cache price in the table the cache prices are the input price, and ``cached_as_input`` and
    ``written_as_input`` say so.
    """

    model: ApiModel
    address: str
    citation: Citation
    input_usd_per_mtok: FloatOrDraws
    output_usd_per_mtok: FloatOrDraws
    cache_read_usd_per_mtok: FloatOrDraws
    cache_write_usd_per_mtok: FloatOrDraws
    cached_as_input: bool
    written_as_input: bool
    long_context: tuple[LongContextPrice, ...]
    batch_discount_share: FloatOrDraws
    batch_cache_discount_share: FloatOrDraws
    has_batch: bool
    quantities: tuple[Quantity, ...]
    notes: tuple[str, ...] = ()
    fee_usd_per_request: FloatOrDraws = 0.0
    cache_storage_usd_per_mtok_hour: FloatOrDraws | None = None
    windows: tuple[WindowPrice, ...] = ()


@dataclass(frozen=True)
class RateLimit:
    """Published limits of a usage tier in force at a date, in billed tokens; none where not published."""

    usage_tier: str
    citation: Citation
    requests_per_minute: float | None
    tokens_per_minute: float | None
    input_tokens_per_minute: float | None
    output_tokens_per_minute: float | None
    spend_usd_per_month: float | None


@dataclass(frozen=True)
class HourlyPrice:
    """An instance's price in force at a date, with the parts that it is the sum of where there are several."""

    instance: Instance
    purchase: str
    region: str
    address: str
    citation: Citation
    usd_per_hour: FloatOrDraws
    quantities: tuple[Quantity, ...]
    notes: tuple[str, ...] = ()
    min_replica_count: int | None = None
    billing_seconds: float | None = None
    parts: tuple[tuple[str, FloatOrDraws], ...] = ()


@dataclass(frozen=True)
class TextRatio:
    """Billed tokens per reference token for a kind of text."""

    value: FloatOrDraws
    citation: Citation | None
    quantities: tuple[Quantity, ...] = ()
    notes: tuple[str, ...] = ()
    range: tuple[float, float] | None = None


@dataclass(frozen=True)
class UnitPrice:
    """Provisioned units of a model in force at a date; what no table has is None."""

    model: ProvisionedModel
    provider: str
    unit: str
    address: str
    citations: tuple[Citation, ...]
    usd_per_unit_hour: FloatOrDraws | None
    input_tokens_per_minute: FloatOrDraws | None
    output_weight_ratio: FloatOrDraws | None
    cached_weight_ratio: FloatOrDraws | None
    min_unit_count: int
    unit_step_count: int
    quantities: tuple[Quantity, ...]
    notes: tuple[str, ...] = ()
    size_citation: Citation | None = None
