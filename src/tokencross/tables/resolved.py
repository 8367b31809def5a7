"""Rows in force at a date, as plain numbers with their addresses and citations."""

from __future__ import annotations

from dataclasses import dataclass

from tokencross.citation import Citation
from tokencross.number import FloatOrDraws, Number
from tokencross.tables.api_records import ApiModel
from tokencross.tables.compute_records import Instance

__all__ = ["ApiPrice", "HourlyPrice", "LongContextPrice", "Quantity", "TextRatio"]


@dataclass(frozen=True)
class Quantity:
    """A number of a table, as a study lists it: address, value, unit, citation."""

    address: str
    value: Number
    unit: str
    citation: Citation


@dataclass(frozen=True)
class LongContextPrice:
    """Prices of requests in a long-context tier. [USD per million tokens]"""

    threshold_tokens: float
    inclusive: bool
    input_usd_per_mtok: FloatOrDraws
    output_usd_per_mtok: FloatOrDraws
    cache_read_usd_per_mtok: FloatOrDraws
    cache_write_usd_per_mtok: FloatOrDraws


@dataclass(frozen=True)
class ApiPrice:
    """A hosted model's prices in force at a date. [USD per million tokens]

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


@dataclass(frozen=True)
class HourlyPrice:
    """An instance's price in force at a date."""

    instance: Instance
    purchase: str
    region: str
    address: str
    citation: Citation
    usd_per_hour: FloatOrDraws
    quantities: tuple[Quantity, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextRatio:
    """Billed tokens per reference token for a kind of text."""

    value: FloatOrDraws
    citation: Citation | None
    quantities: tuple[Quantity, ...] = ()
    notes: tuple[str, ...] = ()
