"""What the tables of capacity may say: rented instances, owned hardware, dedicated endpoints, provisioned units."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tokencross.tables.api_records import Tier
from tokencross.tables.records import Dated, check_eras, check_unique
from tokencross.tables.strict import Amount, Count, PositiveAmount, PositiveCount, Share, StrictRecord, mistake

__all__ = [
    "ComputeFile",
    "Deployment",
    "HourlyPriceRow",
    "Instance",
    "Offer",
    "OwnedRow",
    "ProvisionedFile",
    "ProvisionedModel",
    "Purchase",
    "UnitCapacityRow",
    "UnitOffer",
    "UnitPriceRow",
]

Purchase = Literal[
    "on_demand", "spot", "reserved_1y", "reserved_3y", "savings_1y", "savings_3y", "capacity_block", "dedicated"
]


class HourlyPriceRow(Dated):
    """Price of an instance from a day on."""

    usd_per_hour: PositiveAmount
    """The whole instance. [USD per hour]"""


class Offer(StrictRecord):
    """A way to rent an instance in a region."""

    purchase: Purchase
    """Terms: on_demand, spot, reserved_1y, reserved_3y, savings_1y, savings_3y, capacity_block, or dedicated (a
    managed endpoint of one's own)."""
    region: str = Field(min_length=1)
    """The provider's own name of the region."""
    billing_seconds: PositiveAmount | None = None
    """Smallest time billed, where known. [seconds]"""
    min_replica_count: Count | None = None
    """dedicated: fewest replicas that the provider keeps up; 0 where an idle endpoint scales to nothing."""
    prices: tuple[HourlyPriceRow, ...] = Field(min_length=1)
    """Eras, oldest first."""

    @model_validator(mode="after")
    def _eras(self) -> Offer:
        check_eras(self.prices)
        return self


class OwnedRow(Dated):
    """What one owned instance costs to have and to run, from a day on."""

    price_usd: PositiveAmount
    """The machine with its network and installation. [USD]"""
    life_months: PositiveAmount
    """Months over which it is written off. [months]"""
    residual_share: Share = 0.0
    """Of the price, what it sells for afterwards. [share]"""
    power_kw: PositiveAmount | None = None
    """Drawn at the wall. [kW]"""
    power_usage_ratio: PositiveAmount = 1.0
    """Power of the site over that of the machine (PUE). [quotient]"""
    electricity_usd_per_kwh: Amount | None = None
    """Tariff. [USD per kWh]"""
    hosting_usd_per_month: Amount = 0.0
    """Space, colocation, remote hands. [USD per month]"""
    maintenance_usd_per_month: Amount = 0.0
    """Support contract and spare parts. [USD per month]"""

    @model_validator(mode="after")
    def _whole(self) -> OwnedRow:
        if (self.power_kw is None) != (self.electricity_usd_per_kwh is None):
            mistake("one of power_kw and electricity_usd_per_kwh", "both, or neither where hosting includes power")
        return self


class Instance(StrictRecord):
    """A GPU instance as it is rented or owned."""

    id: str = Field(min_length=1)
    """The provider's own id; users write provider/id."""
    gpu: str = Field(min_length=1)
    """Id in hardware/."""
    gpu_count: PositiveCount
    """GPUs in one instance."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""
    offers: tuple[Offer, ...] = ()
    """Terms and regions."""
    owned: tuple[OwnedRow, ...] = ()
    """Buying it, as purchase: owned; eras, oldest first."""

    @model_validator(mode="after")
    def _one_offer_each(self) -> Instance:
        if not self.offers and not self.owned:
            mistake("neither offers nor owned", "at least one way to have it")
        check_eras(self.owned)
        check_unique([f"{entry.purchase} in {entry.region}" for entry in self.offers], "offers")
        return self


class ComputeFile(StrictRecord):
    """Instances of one provider."""

    provider: str = Field(min_length=1)
    """Id, as in provider/instance."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    instances: tuple[Instance, ...]
    """Instances sorted by id."""


class UnitPriceRow(Dated):
    """Price of one unit of provisioned throughput from a day on."""

    usd_per_unit_hour: PositiveAmount
    """One unit. [USD per unit and hour]"""


class UnitOffer(StrictRecord):
    """A way to buy provisioned units."""

    commitment: Literal["hourly", "1_month", "6_months", "1_year", "3_years"]
    """How long one is bound."""
    region: str = Field(min_length=1)
    """Region or kind of deployment, in the provider's words."""
    prices: tuple[UnitPriceRow, ...] = Field(min_length=1)
    """Eras, oldest first."""

    @model_validator(mode="after")
    def _eras(self) -> UnitOffer:
        check_eras(self.prices)
        return self


class Deployment(StrictRecord):
    """Sizes in which a model can be bought in a region or kind of deployment."""

    region: str = Field(min_length=1)
    """As in the offers."""
    min_unit_count: PositiveCount
    """Fewest units."""
    unit_step_count: PositiveCount
    """Units are bought in multiples of this."""


class UnitCapacityRow(Dated):
    """What one unit serves, and in which sizes units are sold, from a day on."""

    input_tokens_per_minute: PositiveAmount
    """Fresh input that one unit takes. [billed tokens per unit and minute]"""
    output_weight_ratio: PositiveAmount | None = None
    """Input tokens that one output token counts as; unknown: it has to be given. [quotient]"""
    cached_weight_ratio: Amount | None = None
    """Input tokens that one cached token counts as; unknown: 1. [quotient]"""
    deployments: tuple[Deployment, ...] = ()
    """Sizes; empty: single units."""

    @model_validator(mode="after")
    def _each_once(self) -> UnitCapacityRow:
        check_unique([entry.region for entry in self.deployments], "deployments")
        return self


class ProvisionedModel(StrictRecord):
    """A model that is sold by provisioned unit."""

    id: str = Field(min_length=1)
    """The vendor's own id; users write provider/id."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    tier: Tier
    """frontier, small or open_hosted."""
    same_as: str | None = None
    """provider/model in api/ that is the same model by the token; its tokenizer counts."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""
    capacity: tuple[UnitCapacityRow, ...] = ()
    """What one unit serves; empty where unknown: it has to be given."""
    offers: tuple[UnitOffer, ...] = ()
    """Prices of its units; empty: the provider's."""

    @model_validator(mode="after")
    def _checked(self) -> ProvisionedModel:
        check_eras(self.capacity)
        check_unique([f"{entry.commitment} in {entry.region}" for entry in self.offers], "offers")
        return self


class ProvisionedFile(StrictRecord):
    """Provisioned throughput of one provider."""

    provider: str = Field(min_length=1)
    """Id, as in provider/model."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    unit: str = Field(min_length=1)
    """What one unit is called, such as PTU."""
    offers: tuple[UnitOffer, ...] = ()
    """Prices of a unit, whatever the model."""
    models: tuple[ProvisionedModel, ...]
    """Models sorted by id."""

    @model_validator(mode="after")
    def _checked(self) -> ProvisionedFile:
        check_unique([f"{entry.commitment} in {entry.region}" for entry in self.offers], "offers")
        return self
