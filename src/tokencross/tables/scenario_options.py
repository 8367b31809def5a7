"""What an option of a scenario file may say: which call it stands for, and that call's arguments."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import model_validator

from tokencross.tables.scenario_numbers import UncertainAmount, UncertainPositiveAmount, UncertainShare, within
from tokencross.tables.scenario_parts import (
    AroundEntry,
    EngineeringEntry,
    LatencyEntry,
    ScalingEntry,
    SupportEntry,
    ThroughputEntry,
    TrainingEntry,
)
from tokencross.tables.strict import Count, PositiveAmount, PositiveCount, Share, StrictRecord, mistake

__all__ = ["ARGUMENTS", "OptionEntry", "RouteEntry"]


class RouteEntry(StrictRecord):
    """Where a share of the traffic goes."""

    option: str
    """Label of an option."""
    share: Share
    """Of the traffic."""


class OptionEntry(StrictRecord):
    """One option: the one key that names what it is (`api:`, `self_hosted:`, …, `spillover:`); others are arguments."""

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
    fine_tuned: str | None = None
    """What is tuned: provider/model, an open model, or a row of tuning/."""
    cascade: str | None = None
    """Label of the option that is asked first."""
    split: tuple[RouteEntry, ...] | dict[str, str] | None = None
    """Labels of options with their shares, or classes of the workload with labels."""
    spillover: str | None = None
    """Label of the option that holds the base load."""
    accepted: str | None = None
    """Label of the option that attempts every task."""
    listed: bool = True
    """Whether it is an option of the study itself, or only a part of others."""
    model: str | None = None
    """dedicated: the open model."""
    gpu: str | None = None
    """dedicated: the accelerator."""
    service_tier: str | None = None
    """api: standard, batch, or another that the table has."""
    cache_lifetime: str | None = None
    """api: 1h or 12h, where that has its own price."""
    stored_cache_tokens: UncertainAmount | None = None
    """api: kept in an explicit cache around the clock. [billed tokens]"""
    usage_tier: str | None = None
    """api: whose published limits count."""
    credits_usd_per_month: UncertainAmount | None = None
    """api: usage that is free every month. [USD/month]"""
    support: SupportEntry | None = None
    """api: a support plan that grows with the bill."""
    commitment: str | None = None
    """provisioned: hourly, 1_month, 6_months, 1_year or 3_years."""
    usd_per_unit_hour: UncertainPositiveAmount | None = None
    """provisioned: a unit's price, instead of the table's. [USD per unit and hour]"""
    input_tokens_per_minute: UncertainPositiveAmount | None = None
    """provisioned: what a unit takes, instead of the table's. [billed tokens per unit and minute]"""
    output_weight_ratio: UncertainPositiveAmount | None = None
    """provisioned: input tokens that one output token counts as."""
    cached_weight_ratio: UncertainAmount | None = None
    """provisioned: input tokens that one cached token counts as."""
    min_unit_count: Count | None = None
    """provisioned: fewest units."""
    min_replica_count: Count | None = None
    """dedicated: fewest replicas kept up."""
    region: str | None = None
    """Region of prices or instance."""
    discount_share: UncertainShare | None = None
    """api: off the list price."""
    tokenizer_ratio: UncertainPositiveAmount | None = None
    """api: billed tokens per reference token, instead of the tables'."""
    output_ratio: UncertainPositiveAmount | None = None
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
    throughput: Annotated[PositiveAmount | ThroughputEntry, within(0.0, open_low=True)] | None = None
    """self_hosted: a rate of one's own [reference tokens per replica-second], a distribution of it, or measurements."""
    latency: str | LatencyEntry | None = None
    """self_hosted: interactive, relaxed or batch, or an objective in milliseconds."""
    target_load_share: UncertainShare | None = None
    """self_hosted: load at which the latency objective still holds."""
    min_instance_count: Count | None = None
    """self_hosted: least number of instances."""
    spare_instance_count: Count | None = None
    """self_hosted: instances beyond what the peak needs."""
    prefix_hit_share: UncertainShare | None = None
    """self_hosted: share of prefill that a prefix cache saves."""
    billed_hours_share: UncertainShare | None = None
    """self_hosted: share of the month's hours that are billed."""
    scaling: str | ScalingEntry | None = None
    """self_hosted: fixed, or how the fleet follows its load."""
    base_purchase: str | None = None
    """self_hosted: terms of a base that is paid all month, such as reserved_1y."""
    reserved_count: Count | None = None
    """self_hosted: instances on the terms of the base."""
    max_instance_count: PositiveCount | None = None
    """self_hosted: the provider's quota."""
    interruption_overhead_share: UncertainShare | None = None
    """self_hosted: share of the paid spot hours that interruptions take."""
    zone_count: PositiveCount | None = None
    """self_hosted: failure domains, the loss of one of which the others bear."""
    standby_share: UncertainShare | None = None
    """self_hosted: capacity kept running elsewhere, over the planned one."""
    around: str | AroundEntry | None = None
    """self_hosted: typical, none, or what differs from the tables' defaults."""
    training: TrainingEntry | None = None
    """fine_tuned: what training takes; an empty mapping: it is tuned already."""
    serving: str | None = None
    """fine_tuned: vendor, hosted, own or dedicated."""
    provider: str | None = None
    """fine_tuned: who tunes, and whose endpoint it is."""
    method: str | None = None
    """fine_tuned: supervised, preference or reinforcement."""
    adapter: str | None = None
    """fine_tuned: lora or full."""
    deployment_count: PositiveCount | None = None
    """fine_tuned: deployments with an hourly fee."""
    base_share: UncertainShare | None = None
    """fine_tuned: this model's share of the traffic on replicas that adapters share."""
    adapter_overhead_share: UncertainShare | None = None
    """fine_tuned: of the base's throughput, what serving adapters costs."""
    fallback: str | None = None
    """cascade, accepted: label of the option that gets what is left."""
    escalation_share: UncertainShare | None = None
    """cascade: share of the traffic that goes on to the fallback."""
    verifier: str | None = None
    """cascade: label of the model that checks answers."""
    verifier_output_tokens: UncertainAmount | None = None
    """cascade: length of its verdict. [reference tokens]"""
    verifier_usd_per_request: UncertainAmount | None = None
    """cascade: what checking an answer costs. [USD per request]"""
    burst: str | None = None
    """spillover: label of the option that gets what the base does not hold."""
    replica_count: PositiveCount | None = None
    """spillover: replicas of the base; the cheapest number at every volume unless said."""
    success_share: UncertainShare | None = None
    """accepted: share of first attempts that are accepted."""
    retry_count: Count | None = None
    """accepted: how often a failed task is tried again."""
    retry_success_share: UncertainShare | None = None
    """accepted: share of the retries that are accepted."""
    fallback_success_share: UncertainShare | None = None
    """accepted: share of the fallback's attempts that are accepted."""
    review_usd_per_task: UncertainAmount | None = None
    """accepted: a person who settles a task that is left. [USD per task]"""
    reviewed_share: UncertainShare | None = None
    """accepted: share of the tasks left that a person settles."""
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
        foreign = sorted(self.model_fields_set - ARGUMENTS[kind] - {"label", "listed", kind})
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


_BY_TOKEN = "region discount_share tokenizer_ratio output_ratio engineering"
_API = f"{_BY_TOKEN} service_tier cache_lifetime stored_cache_tokens usage_tier credits_usd_per_month support"
_GPUS = (
    "region precision engine gpus_per_replica throughput latency target_load_share billed_hours_share scaling "
    "compute_as_of throughput_as_of engineering"
)
_OWN = (
    f"{_GPUS} instance purchase min_instance_count spare_instance_count max_instance_count prefix_hit_share "
    "base_purchase reserved_count interruption_overhead_share zone_count standby_share around"
)
_ARGUMENTS = {
    "api": _API,
    "self_hosted": _OWN,
    "dedicated": f"{_GPUS} gpu model min_replica_count",
    "provisioned": f"{_BY_TOKEN} commitment usd_per_unit_hour input_tokens_per_minute output_weight_ratio "
    "cached_weight_ratio target_load_share min_unit_count",
    "fine_tuned": f"{_BY_TOKEN} {_OWN} gpu min_replica_count service_tier credits_usd_per_month support training "
    "serving provider method adapter deployment_count base_share adapter_overhead_share",
    "cascade": "fallback escalation_share verifier verifier_output_tokens verifier_usd_per_request",
    "split": "",
    "spillover": "burst replica_count",
    "accepted": "fallback success_share retry_count retry_success_share fallback_success_share review_usd_per_task "
    "reviewed_share",
}
ARGUMENTS: dict[str, set[str]] = {kind: set(words.split()) for kind, words in _ARGUMENTS.items()}
"""The keys that each kind of option takes."""

_REQUIRED = {
    "self_hosted": ("instance", "purchase", "engineering"),
    "dedicated": ("gpu", "model", "engineering"),
    "fine_tuned": ("training", "engineering"),
    "cascade": ("label", "fallback", "escalation_share"),
    "split": ("label",),
    "spillover": ("label", "burst"),
    "accepted": ("label", "success_share"),
}
