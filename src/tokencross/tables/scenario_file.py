"""What a scenario file may say: the calls that build a study, under the same names."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from tokencross.tables.strict import Amount, Count, PositiveAmount, Share, StrictRecord, mistake

__all__ = ["EngineeringEntry", "OptionEntry", "ScenarioFile", "WorkloadEntry"]


class WorkloadEntry(StrictRecord):
    """The traffic, in reference tokens; as `tokencross.Workload`."""

    input_tokens: Amount
    """Mean prompt per request, cached tokens too. [reference tokens]"""
    output_tokens: Amount
    """Mean answer per request. [reference tokens]"""
    cached_input_share: Share = 0.0
    """Share of input read from a provider's cache."""
    cache_write_share: Share | None = None
    """Share of input written to it; asked for with cached_input_share."""
    batch_share: Share = 0.0
    """Share of the tokens that can wait."""
    input_cv: Amount = 0.0
    """Standard deviation over mean of the prompt length."""
    output_cv: Amount = 0.0
    """Standard deviation over mean of the answer length."""
    text_kind: str = "english"
    """Kind of text, for tokenizers."""
    peak_to_mean: PositiveAmount | None = None
    """Peak hour over mean hour; 3 unless said."""
    load: tuple[Amount, ...] | None = None
    """24 or 168 relative weights by hour, instead of peak_to_mean."""
    burst_ratio: PositiveAmount | None = None
    """Busiest minutes over the peak hour; 1.25 unless said."""
    name: str = ""
    """Name in captions; the scenario's unless said."""


class EngineeringEntry(StrictRecord):
    """An engineering item; as `tokencross.Engineering`."""

    label: str = "engineering"
    """Name in breakdowns and addresses."""
    upfront_usd: Amount = 0.0
    """Spent before the first token is served. [USD]"""
    amortization_months: PositiveAmount = 24.0
    """Months over which it is spread. [months]"""
    discount_rate_per_year: Amount = 0.0
    """Effective annual rate; 0 is a straight line. [1/year]"""
    upkeep_usd_per_month: Amount = 0.0
    """Running effort. [USD/month]"""
    upkeep_usd_per_gpu_month: Amount = 0.0
    """Running effort that grows with the fleet. [USD per GPU and month]"""
    lead_months: Amount = 0.0
    """Months before the first token is served. [months]"""


class SupportBand(StrictRecord):
    """A share of the part of the bill above a sum."""

    from_usd_per_month: Amount
    """Where the band begins. [USD/month]"""
    bill_share: Share
    """Of that part of the bill."""


class SupportEntry(StrictRecord):
    """A support plan; as `tokencross.SupportPlan`."""

    label: str = "support plan"
    """Name in breakdowns."""
    bands: tuple[SupportBand, ...] = Field(min_length=1)
    """From 0, ascending."""
    min_usd_per_month: Amount = 0.0
    """At least this much. [USD/month]"""


class OptionEntry(StrictRecord):
    """One option: `api:`, `self_hosted:`, `dedicated:` or `provisioned:` says which; other keys are arguments."""

    label: str | None = None
    """Name in tables, charts and addresses; the model's unless said."""
    api: str | None = None
    """A hosted model, provider/model."""
    self_hosted: str | None = None
    """An open model to serve on rented or owned GPUs."""
    dedicated: str | None = None
    """The provider of a managed endpoint."""
    provisioned: str | None = None
    """A model sold by provisioned unit, provider/model."""
    model: str | None = None
    """dedicated: the open model."""
    gpu: str | None = None
    """dedicated: the accelerator."""
    service_tier: str | None = None
    """api: standard, batch, or another that the table has."""
    cache_lifetime: str | None = None
    """api: 1h or 12h, where that has its own price."""
    stored_cache_tokens: Amount | None = None
    """api: kept in an explicit cache around the clock. [billed tokens]"""
    usage_tier: str | None = None
    """api: whose published limits count."""
    credits_usd_per_month: Amount | None = None
    """api: usage that is free every month. [USD/month]"""
    support: SupportEntry | None = None
    """api: a support plan that grows with the bill."""
    commitment: str | None = None
    """provisioned: hourly, 1_month, 6_months, 1_year or 3_years."""
    usd_per_unit_hour: PositiveAmount | None = None
    """provisioned: a unit's price, instead of the table's. [USD per unit and hour]"""
    input_tokens_per_minute: PositiveAmount | None = None
    """provisioned: what a unit takes, instead of the table's. [billed tokens per unit and minute]"""
    output_weight_ratio: PositiveAmount | None = None
    """provisioned: input tokens that one output token counts as."""
    cached_weight_ratio: Amount | None = None
    """provisioned: input tokens that one cached token counts as."""
    min_unit_count: Count | None = None
    """provisioned: fewest units."""
    min_replica_count: Count | None = None
    """dedicated: fewest replicas kept up."""
    region: str | None = None
    """Region of prices or instance."""
    discount_share: Share | None = None
    """api: off the list price."""
    tokenizer_ratio: PositiveAmount | None = None
    """api: billed tokens per reference token, instead of the tables'."""
    output_ratio: PositiveAmount | None = None
    """api: answer length over the workload's."""
    instance: str | None = None
    """self_hosted: provider/instance."""
    purchase: str | None = None
    """self_hosted: on_demand, spot, reserved_1y, reserved_3y or capacity_block."""
    precision: str | None = None
    """self_hosted: number format of the weights."""
    engine: str | None = None
    """self_hosted: serving software."""
    gpus_per_replica: Count | None = None
    """self_hosted: GPUs that serve one copy."""
    throughput: PositiveAmount | None = None
    """self_hosted: a rate of one's own. [reference tokens per replica-second]"""
    latency: str | None = None
    """self_hosted: interactive, relaxed or batch."""
    target_load_share: Share | None = None
    """self_hosted: load at which the latency objective still holds."""
    min_instance_count: Count | None = None
    """self_hosted: least number of instances."""
    spare_instance_count: Count | None = None
    """self_hosted: instances beyond what the peak needs."""
    prefix_hit_share: Share | None = None
    """self_hosted: share of prefill that a prefix cache saves."""
    billed_hours_share: Share | None = None
    """self_hosted: share of the month's hours that are billed."""
    compute_as_of: date | None = None
    """self_hosted: date of the instance price, if another."""
    throughput_as_of: date | None = None
    """self_hosted: date of the measured rates, if another."""
    engineering: tuple[EngineeringEntry, ...] | None = None
    """Items that add up; required with self_hosted (an empty list is none)."""

    @model_validator(mode="after")
    def _one_kind(self) -> OptionEntry:
        kinds = [kind for kind in ARGUMENTS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            found = " and ".join(kinds) if kinds else f"none of {', '.join(ARGUMENTS)}"
            mistake(found, f"one of {', '.join(ARGUMENTS)}, naming what it is")
        kind = kinds[0]
        foreign = sorted(self.model_fields_set - ARGUMENTS[kind] - {"label", kind})
        if foreign:
            mistake(f"{foreign[0]!r} with {kind}", f"one of {', '.join(sorted(ARGUMENTS[kind]))}")
        for name in _REQUIRED.get(kind, ()):
            if getattr(self, name) is None:
                remedy = "A free lunch is written engineering: []." if name == "engineering" else ""
                mistake(f"no key {name!r}", f"{name}, which {kind} requires", remedy)
        return self

    @property
    def kind(self) -> str:
        """Which call the entry stands for."""
        return next(kind for kind in ARGUMENTS if getattr(self, kind) is not None)


_GPUS = "region precision engine gpus_per_replica throughput latency target_load_share billed_hours_share"
_BY_TOKEN = "region discount_share tokenizer_ratio output_ratio engineering"
_ARGUMENTS = {
    "api": f"{_BY_TOKEN} service_tier cache_lifetime stored_cache_tokens usage_tier credits_usd_per_month support",
    "self_hosted": f"{_GPUS} instance purchase min_instance_count spare_instance_count prefix_hit_share compute_as_of "
    "throughput_as_of engineering",
    "dedicated": f"{_GPUS} gpu model min_replica_count compute_as_of throughput_as_of engineering",
    "provisioned": f"{_BY_TOKEN} commitment usd_per_unit_hour input_tokens_per_minute output_weight_ratio "
    "cached_weight_ratio target_load_share min_unit_count",
}
ARGUMENTS: dict[str, set[str]] = {kind: set(words.split()) for kind, words in _ARGUMENTS.items()}
"""The keys that each kind of option takes."""

_REQUIRED = {
    "self_hosted": ("instance", "purchase", "engineering"),
    "dedicated": ("gpu", "model", "engineering"),
}


class ScenarioFile(StrictRecord):
    """A study in a file."""

    name: str = Field(min_length=1)
    """Name in captions."""
    note: str = ""
    """What is measured and what is judgement in this scenario; shown with the result."""
    as_of: date | str
    """The day whose prices count, or `tables` for the tables' own date."""
    pricing: str | None = None
    """A folder of one's own tables, relative to this file; the bundled ones unless said."""
    overlay: str | None = None
    """A file of one's own records that come before the tables', relative to this file."""
    announced: bool = True
    """Whether announced prices count from their date on."""
    before_first: Literal["refuse", "hold"] = "refuse"
    """What a date before a table's first row does."""
    workload: WorkloadEntry
    """The traffic."""
    tokens_per_month: PositiveAmount | None = None
    """Where you are. [reference tokens/month]"""
    incumbent: str | None = None
    """Label of the option that the others are compared with; the first unless said."""
    reference: tuple[str, ...] = ()
    """Labels of options that are drawn and compared, but would not do the job equally well."""
    options: tuple[OptionEntry, ...] = Field(min_length=1)
    """What is compared."""

    @field_validator("as_of", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if isinstance(value, date) or value == "tables":
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            mistake(repr(value), "a date such as 2026-11-21, or tables")
