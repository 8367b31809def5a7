"""What a scenario file may say: the calls that build a study, under the same names."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from tokencross.tables.strict import Amount, Count, PositiveAmount, Share, StrictRecord, mistake

__all__ = ["EngineeringEntry", "OptionEntry", "ScenarioFile", "WorkloadEntry"]

Kind = Literal["api", "self_hosted"]


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


class OptionEntry(StrictRecord):
    """One option: `api:` or `self_hosted:` names the model; the other keys are the call's arguments."""

    label: str | None = None
    """Name in tables, charts and addresses; the model's unless said."""
    api: str | None = None
    """A hosted model, provider/model."""
    self_hosted: str | None = None
    """An open model to serve on rented GPUs."""
    service_tier: str | None = None
    """api: standard or batch."""
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
        kinds = [kind for kind in ("api", "self_hosted") if getattr(self, kind) is not None]
        if len(kinds) != 1:
            found = "both api and self_hosted" if kinds else "neither api nor self_hosted"
            mistake(found, "one of them, naming the model")
        foreign = sorted(self.model_fields_set - ARGUMENTS[kinds[0]] - {"label", kinds[0]})
        if foreign:
            mistake(f"{foreign[0]!r} with {kinds[0]}", f"one of {', '.join(sorted(ARGUMENTS[kinds[0]]))}")
        if kinds[0] == "self_hosted":
            for name in ("instance", "purchase", "engineering"):
                if getattr(self, name) is None:
                    remedy = "A free lunch is written engineering: []." if name == "engineering" else ""
                    mistake(f"no key {name!r}", f"{name}, which self_hosted requires", remedy)
        return self

    @property
    def kind(self) -> str:
        """Which call the entry stands for."""
        return "api" if self.api is not None else "self_hosted"


_SELF_HOSTED = {
    "region instance purchase precision engine gpus_per_replica throughput latency target_load_share",
    "min_instance_count spare_instance_count prefix_hit_share billed_hours_share compute_as_of throughput_as_of",
    "engineering",
}
ARGUMENTS: dict[str, set[str]] = {
    "api": {"service_tier", "region", "discount_share", "tokenizer_ratio", "output_ratio", "engineering"},
    "self_hosted": {word for line in _SELF_HOSTED for word in line.split()},
}
"""The keys that each kind of option takes."""


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
