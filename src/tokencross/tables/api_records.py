"""What the tables of hosted models may say: prices by token, what changes them, limits, speed, retirement."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from tokencross.tables.records import Dated, Provenance, check_eras, check_unique
from tokencross.tables.strict import Amount, Count, PositiveAmount, PositiveCount, Share, StrictRecord, mistake

__all__ = [
    "ApiFile",
    "ApiModel",
    "ApiPriceRow",
    "Batch",
    "Limit",
    "LongContext",
    "Region",
    "Retirement",
    "ServiceTier",
    "Speed",
    "Tier",
    "TimeSpan",
    "TimeWindow",
]

Tier = Literal["frontier", "small", "open_hosted"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class LongContext(StrictRecord):
    """Prices of a whole request whose prompt is longer than a threshold."""

    threshold_tokens: Count
    """Billed prompt tokens at which the tier begins."""
    inclusive: bool = False
    """Whether a prompt of exactly the threshold is in the tier."""
    counts: Literal["prompt", "fresh_input"] = "prompt"
    """What counts towards the threshold: the whole prompt (fresh, cached and written), or its fresh part only."""
    input_usd_per_mtok: Amount
    """Fresh input. [USD per million tokens]"""
    output_usd_per_mtok: Amount
    """Output. [USD per million tokens]"""
    cache_read_usd_per_mtok: Amount | None = None
    """Input read from the cache; unknown: scaled like the input price. [USD per million tokens]"""
    cache_write_usd_per_mtok: Amount | None = None
    """Input written to the cache; unknown: scaled like the input price. [USD per million tokens]"""
    cache_write_1h_usd_per_mtok: Amount | None = None
    """Input written to the cache for an hour; unknown: scaled like the input price. [USD per million tokens]"""
    cache_write_12h_usd_per_mtok: Amount | None = None
    """Input written to the cache for 12 hours; unknown: scaled like the input price. [USD per million tokens]"""


class Batch(StrictRecord):
    """What deferred requests cost less."""

    discount_share: Share
    """Off fresh input and output. [share]"""
    cache_discount_share: Share = 0.0
    """Off cache reads and writes within a batch. [share]"""


class _TokenPrices(StrictRecord):
    """Prices by class of token, with their long-context tiers."""

    input_usd_per_mtok: Amount
    """Fresh input. [USD per million tokens]"""
    output_usd_per_mtok: Amount
    """Output, reasoning included. [USD per million tokens]"""
    cache_read_usd_per_mtok: Amount | None = None
    """Input read from the cache; unknown or absent: billed as input. [USD per million tokens]"""
    cache_write_usd_per_mtok: Amount | None = None
    """Input written to the cache (5 minutes, or as long as the vendor keeps it); unknown or absent: billed as input.
    [USD per million tokens]"""
    cache_write_1h_usd_per_mtok: Amount | None = None
    """Input written to the cache for an hour. [USD per million tokens]"""
    cache_write_12h_usd_per_mtok: Amount | None = None
    """Input written to the cache for 12 hours. [USD per million tokens]"""
    long_context: tuple[LongContext, ...] = ()
    """Tiers by prompt length, lowest threshold first."""

    @model_validator(mode="after")
    def _ascending(self) -> _TokenPrices:
        thresholds = [tier.threshold_tokens for tier in self.long_context]
        if thresholds != sorted(set(thresholds)):
            mistake(f"long_context thresholds {thresholds}", "each threshold once, lowest first")
        if len({tier.counts for tier in self.long_context}) > 1:
            mistake("long_context tiers that count different tokens", "one kind of count in all tiers of a row")
        return self


class ServiceTier(_TokenPrices):
    """Prices of requests sent to another service tier; what it leaves out is scaled like its input price."""

    id: Literal["flex", "priority", "fast", "thinking"]
    """flex (slower, cheaper), priority and fast (dearer), or thinking (a mode with its own output rate)."""


class Region(StrictRecord):
    """Where requests can be kept, at another price."""

    id: str = Field(min_length=1)
    """The vendor's own name of it."""
    price_ratio: PositiveAmount
    """Its prices over the row's, for every class of token. [quotient]"""


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", value):
        mistake(repr(value), 'a time of day such as "16:30", in quotes')
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is an OSError
        mistake(f"{value!r}, which is no time zone known here", "an IANA name such as UTC or Asia/Shanghai")
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[str, AfterValidator(_clock)]


class TimeSpan(StrictRecord):
    """A stretch of the day; one that ends before it begins runs over midnight."""

    from_time: Clock
    """First minute of it, such as "16:30"."""
    until_time: Clock
    """First minute after it; "24:00" is midnight."""


class TimeWindow(StrictRecord):
    """Hours of the week in which tokens cost more or less."""

    id: str = Field(min_length=1)
    """Such as peak or night."""
    days: tuple[Weekday, ...] = Field(min_length=1)
    """Days of the week on which the spans begin."""
    spans: tuple[TimeSpan, ...] = Field(min_length=1)
    """Stretches of those days."""
    time_zone: Zone = "UTC"
    """IANA name of the clock that counts."""
    price_ratio: PositiveAmount
    """Prices in it over the row's, for every class of token. [quotient]"""
    except_holidays: str = ""
    """The holiday calendar on whose days the window does not apply; said with results, not counted."""


class ApiPriceRow(_TokenPrices, Dated):
    """Prices of a hosted model from a day on."""

    cache_storage_usd_per_mtok_hour: Amount | None = None
    """Keeping an explicit cache. [USD per million tokens and hour]"""
    fee_usd_per_request: Amount | None = None
    """Per call, besides its tokens. [USD per request]"""
    batch: Batch | None = None
    """Deferred requests, where they cost less."""
    service_tiers: tuple[ServiceTier, ...] = ()
    """Prices of other service tiers."""
    regions: tuple[Region, ...] = ()
    """Places with a price of their own."""
    time_windows: tuple[TimeWindow, ...] = ()
    """Hours with a price of their own; the row's own prices hold outside them."""
    promised_until: date | None = None
    """Last day through which the vendor has promised the price, where it says so of a promotion."""

    @model_validator(mode="after")
    def _each_once(self) -> ApiPriceRow:
        check_unique([tier.id for tier in self.service_tiers], "service_tiers")
        check_unique([region.id for region in self.regions], "regions")
        check_unique([window.id for window in self.time_windows], "time_windows")
        return self


class Limit(Dated):
    """Published limits of a usage tier of accounts, from a day on."""

    usage_tier: str = Field(min_length=1)
    """The vendor's name of it."""
    requests_per_minute: PositiveAmount | None = None
    """Requests. [requests per minute]"""
    tokens_per_minute: PositiveAmount | None = None
    """Input and output together. [billed tokens per minute]"""
    input_tokens_per_minute: PositiveAmount | None = None
    """Input alone. [billed tokens per minute]"""
    output_tokens_per_minute: PositiveAmount | None = None
    """Output alone. [billed tokens per minute]"""
    spend_usd_per_month: PositiveAmount | None = None
    """Most that the account may spend. [USD per month]"""


class Speed(Dated):
    """How fast a hosted model answers one user at its standard service tier, from a day on."""

    nature: Literal["measured", "claimed"]
    """measured by someone who asked the model, or claimed by its vendor."""
    statistic: str = ""
    """What of all that was measured the figures are, such as a median of three days."""
    setting: str = ""
    """How the model was asked, where that matters: without reasoning, or with how much of it."""
    input_tokens: PositiveCount | None = None
    """Prompt length at which it was measured. [billed tokens per request]"""
    time_to_first_token_ms: PositiveAmount | None = None
    """Wait for the first token. [ms]"""
    output_tokens_per_second: PositiveAmount | None = None
    """Speed of one answer after its first token, in the model's own tokens. [tokens per second and user]"""

    @model_validator(mode="after")
    def _some_figure(self) -> Speed:
        if self.time_to_first_token_ms is None and self.output_tokens_per_second is None:
            mistake("a speed without a figure", "time_to_first_token_ms or output_tokens_per_second, or both")
        return self


class Retirement(Provenance):
    """When a model goes, and what the vendor names instead."""

    retires_on: date
    """First day on which it is no longer served."""
    successor: str | None = None
    """provider/model that the vendor recommends instead."""


class ApiModel(StrictRecord):
    """A hosted model and its price history."""

    id: str = Field(min_length=1)
    """The vendor's own id; users write provider/id."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    tier: Tier
    """frontier, small or open_hosted."""
    tokenizer: str | None = None
    """Id in tokenizers/, where one was measured."""
    weights: str | None = None
    """Id of the open model that it serves, as in models/."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""
    prices: tuple[ApiPriceRow, ...] = Field(min_length=1)
    """Eras, oldest first."""
    limits: tuple[Limit, ...] = ()
    """Published limits by usage tier, lowest tier first."""
    speeds: tuple[Speed, ...] = ()
    """How fast it answers, oldest first."""
    retirement: Retirement | None = None
    """When it goes, where the vendor has said so."""

    @model_validator(mode="after")
    def _eras(self) -> ApiModel:
        check_eras(self.prices)
        check_eras(self.speeds)
        for usage_tier in dict.fromkeys(limit.usage_tier for limit in self.limits):
            check_eras(tuple(limit for limit in self.limits if limit.usage_tier == usage_tier))
        return self


class ApiFile(StrictRecord):
    """Hosted models of one provider."""

    provider: str = Field(min_length=1)
    """Id, as in provider/model."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    aliases: tuple[str, ...] = ()
    """Other spellings of the provider, such as gemini for google."""
    market_index: bool = False
    """Whether these are prices seen on a market, not a vendor's list prices."""
    models: tuple[ApiModel, ...]
    """Models sorted by id."""
