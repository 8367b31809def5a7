"""What the price tables may say: hosted models and instances, their eras, and the provenance of every row."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from tokencross.tables.strict import Amount, Count, PositiveAmount, PositiveCount, Share, StrictRecord, mistake

__all__ = [
    "ApiFile",
    "ApiModel",
    "ApiPriceRow",
    "Basis",
    "Batch",
    "ComputeFile",
    "HourlyPriceRow",
    "Instance",
    "LongContext",
    "Offer",
    "Provenance",
    "Purchase",
    "Tier",
]

Basis = Literal["documented", "first_observed", "announced"]
Tier = Literal["frontier", "small", "open_hosted"]
Purchase = Literal["on_demand", "spot", "reserved_1y", "reserved_3y", "capacity_block"]


class Provenance(StrictRecord):
    """Where a row's figures come from; every row has it."""

    basis: Basis
    """How the date is known: documented by the vendor, first observed by someone, or announced."""
    via: str = Field(min_length=1)
    """What the figure was read from: package@version, or repository@commit:path."""
    checked: date
    """The day someone last looked; never the day from which a price holds."""
    agrees: tuple[str, ...] = ()
    """Other sources that carry the same figure."""
    cited_url: str = ""
    """The page that the upstream names as its own source; nobody here has read it."""
    url: str = ""
    """The page, where a person read it."""
    quote: str = ""
    """The words on that page that carry the figure."""
    note: str = ""
    """How date or figure came about, where it is not obvious."""
    dispute: str = ""
    """What other sources say instead, and why this value was taken."""
    caveat: str = ""
    """What is doubtful or incomplete; shown with every result that uses the row."""
    correction: str = ""
    """Why a past row was edited."""


class Dated(Provenance):
    """A row with a day from which it holds."""

    effective_from: date
    """First day on which the figure holds (or was seen, as `basis` says)."""
    effective_to: date | None = None
    """First day on which it no longer holds, where no next row starts on that day."""
    status: Literal["in_force", "announced"] = "in_force"
    """Announced rows wait for their date."""

    @model_validator(mode="after")
    def _ordered(self) -> Dated:
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            mistake(f"effective_to {self.effective_to}", f"a day after effective_from {self.effective_from}")
        if (self.status == "announced") != (self.basis == "announced"):
            mistake(f"status {self.status} with basis {self.basis}", "both announced, or neither")
        return self


def check_eras(rows: tuple[Dated, ...]) -> None:
    """Refuse rows that overlap or are out of order."""
    for before, after in itertools.pairwise(rows):
        if after.effective_from <= before.effective_from:
            found = f"an era from {after.effective_from} after one from {before.effective_from}"
            mistake(found, "rows oldest first, each with its own day")
        if before.effective_to is not None and before.effective_to > after.effective_from:
            found = f"overlapping eras: one until {before.effective_to}, the next from {after.effective_from}"
            mistake(
                found,
                "eras that do not overlap",
                "End the earlier one on the day the next one starts, or leave effective_to out.",
            )


class LongContext(StrictRecord):
    """Prices of a whole request whose prompt is longer than a threshold."""

    threshold_tokens: Count
    """Billed prompt tokens (fresh, cached and written) at which the tier begins."""
    inclusive: bool = False
    """Whether a prompt of exactly the threshold is in the tier."""
    input_usd_per_mtok: Amount
    """Fresh input. [USD per million tokens]"""
    output_usd_per_mtok: Amount
    """Output. [USD per million tokens]"""
    cache_read_usd_per_mtok: Amount | None = None
    """Input read from the cache; unknown: scaled like the input price. [USD per million tokens]"""
    cache_write_usd_per_mtok: Amount | None = None
    """Input written to the cache; unknown: scaled like the input price. [USD per million tokens]"""


class Batch(StrictRecord):
    """What deferred requests cost less."""

    discount_share: Share
    """Off fresh input and output. [share]"""
    cache_discount_share: Share = 0.0
    """Off cache reads and writes within a batch. [share]"""


class ApiPriceRow(Dated):
    """Prices of a hosted model from a day on."""

    input_usd_per_mtok: Amount
    """Fresh input. [USD per million tokens]"""
    output_usd_per_mtok: Amount
    """Output, reasoning included. [USD per million tokens]"""
    cache_read_usd_per_mtok: Amount | None = None
    """Input read from the cache; unknown or absent: billed as input. [USD per million tokens]"""
    cache_write_usd_per_mtok: Amount | None = None
    """Input written to the cache (5 minutes); unknown or absent: billed as input. [USD per million tokens]"""
    cache_write_1h_usd_per_mtok: Amount | None = None
    """Input written to the cache for an hour. [USD per million tokens]"""
    long_context: tuple[LongContext, ...] = ()
    """Tiers by prompt length, lowest threshold first."""
    batch: Batch | None = None
    """Deferred requests, where they cost less."""

    @model_validator(mode="after")
    def _ascending(self) -> ApiPriceRow:
        thresholds = [tier.threshold_tokens for tier in self.long_context]
        if thresholds != sorted(set(thresholds)):
            mistake(f"long_context thresholds {thresholds}", "each threshold once, lowest first")
        return self


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

    @model_validator(mode="after")
    def _eras(self) -> ApiModel:
        check_eras(self.prices)
        return self


class ApiFile(StrictRecord):
    """Hosted models of one provider."""

    provider: str = Field(min_length=1)
    """Id, as in provider/model."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    models: tuple[ApiModel, ...]
    """Models sorted by id."""


class HourlyPriceRow(Dated):
    """Price of an instance from a day on."""

    usd_per_hour: PositiveAmount
    """The whole instance. [USD per hour]"""


class Offer(StrictRecord):
    """A way to rent an instance in a region."""

    purchase: Purchase
    """Terms: on_demand, spot, reserved_1y, reserved_3y or capacity_block."""
    region: str = Field(min_length=1)
    """The provider's own name of the region."""
    prices: tuple[HourlyPriceRow, ...] = Field(min_length=1)
    """Eras, oldest first."""

    @model_validator(mode="after")
    def _eras(self) -> Offer:
        check_eras(self.prices)
        return self


class Instance(StrictRecord):
    """A GPU instance as it is rented."""

    id: str = Field(min_length=1)
    """The provider's own id; users write provider/id."""
    gpu: str = Field(min_length=1)
    """Id in hardware/."""
    gpu_count: PositiveCount
    """GPUs in one instance."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""
    offers: tuple[Offer, ...] = Field(min_length=1)
    """Terms and regions."""

    @model_validator(mode="after")
    def _one_offer_each(self) -> Instance:
        names = [f"{entry.purchase} in {entry.region}" for entry in self.offers]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            mistake(
                f"two offers {double[0]}", "one offer for each purchase and region", "Put its eras under one offer."
            )
        return self


class ComputeFile(StrictRecord):
    """Instances of one provider."""

    provider: str = Field(min_length=1)
    """Id, as in provider/instance."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    instances: tuple[Instance, ...]
    """Instances sorted by id."""
