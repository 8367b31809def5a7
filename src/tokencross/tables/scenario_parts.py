"""What stands inside an option of a scenario file: people, fleets, rates, training and the things around the GPU."""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from tokencross.tables.scenario_numbers import (
    Distributions,
    UncertainAmount,
    UncertainPositiveAmount,
    UncertainShare,
)
from tokencross.tables.serving_records import LoadBasis
from tokencross.tables.strict import Amount, Count, PositiveAmount, PositiveCount, StrictRecord, mistake

__all__ = [
    "AroundEntry",
    "AutoscaledEntry",
    "BenchmarkEntry",
    "EngineeringEntry",
    "LatencyEntry",
    "MeasuredEntry",
    "ModelEntry",
    "ScalingEntry",
    "ScheduledEntry",
    "ServerlessEntry",
    "SupportBand",
    "SupportEntry",
    "TeamEntry",
    "ThroughputEntry",
    "TrainingEntry",
]


class TeamEntry(StrictRecord):
    """What a team comes to; as `tokencross.Engineering.from_team`."""

    engineers: UncertainAmount
    """How many build it. [engineers]"""
    months: UncertainAmount
    """For how long. [months]"""
    loaded_usd_per_year: UncertainAmount
    """What one costs with all that comes on top of the salary. [USD per engineer and year]"""
    upkeep_fte: UncertainAmount = 0.0
    """Who keep it running. [engineers]"""
    upkeep_fte_per_gpu: UncertainAmount = 0.0
    """The same, by the GPU. [engineers per GPU]"""


class EngineeringEntry(StrictRecord):
    """An engineering item; as `tokencross.Engineering`, or `team:` as `tokencross.Engineering.from_team`."""

    label: str = "engineering"
    """Name in breakdowns and addresses."""
    upfront_usd: UncertainAmount = 0.0
    """Spent before the first token is served. [USD]"""
    amortization_months: UncertainPositiveAmount = 24.0
    """Months over which it is spread. [months]"""
    discount_rate_per_year: UncertainAmount = 0.0
    """Effective annual rate; 0 is a straight line. [1/year]"""
    upkeep_usd_per_month: UncertainAmount = 0.0
    """Running effort. [USD/month]"""
    upkeep_usd_per_gpu_month: UncertainAmount = 0.0
    """Running effort that grows with the fleet. [USD per GPU and month]"""
    lead_months: UncertainAmount = 0.0
    """Months before the first token is served. [months]"""
    team: TeamEntry | None = None
    """People and months, instead of sums."""

    @model_validator(mode="after")
    def _sums_or_people(self) -> EngineeringEntry:
        sums = {"upfront_usd", "upkeep_usd_per_month", "upkeep_usd_per_gpu_month"} & self.model_fields_set
        if self.team is not None and sums:
            mistake(f"team beside {sorted(sums)[0]}", "one of the two")
        return self


class SupportBand(StrictRecord):
    """A share of the part of the bill above a sum."""

    from_usd_per_month: Amount
    """Where the band begins. [USD/month]"""
    bill_share: UncertainShare
    """Of that part of the bill."""


class SupportEntry(StrictRecord):
    """A support plan; as `tokencross.SupportPlan`."""

    label: str = "support plan"
    """Name in breakdowns."""
    bands: tuple[SupportBand, ...] = Field(min_length=1)
    """From 0, ascending."""
    min_usd_per_month: UncertainAmount = 0.0
    """At least this much. [USD/month]"""


class AutoscaledEntry(StrictRecord):
    """As `tokencross.Scaling.autoscaled`."""

    start_up_minutes: UncertainAmount | None = None
    """Billed before an instance serves; 2 and the time to load the weights unless said. [minutes]"""
    cool_down_minutes: UncertainAmount = 5.0
    """Kept after its load has gone. [minutes]"""


class ScheduledEntry(StrictRecord):
    """As `tokencross.Scaling.scheduled`."""

    start_hour: Count = 9
    """First hour of the window on weekdays, UTC. [hour]"""
    end_hour: PositiveCount = 18
    """First hour after it. [hour]"""
    blocks: tuple[Count, ...] | None = None
    """24 or 168 numbers instead: hours of one number share one size."""


class ServerlessEntry(StrictRecord):
    """As `tokencross.Scaling.serverless`."""

    start_up_seconds: UncertainAmount
    """Billed before the first token of a cold start. [seconds]"""
    idle_seconds: UncertainAmount
    """Billed after the last request. [seconds]"""


class ScalingEntry(StrictRecord):
    """How a fleet follows its load: `autoscaled:`, `scheduled:` or `serverless:`; as `tokencross.Scaling`."""

    autoscaled: AutoscaledEntry | None = None
    """Comes and goes with the load."""
    scheduled: ScheduledEntry | None = None
    """One size in a window, another outside."""
    serverless: ServerlessEntry | None = None
    """Billed by the second."""

    @model_validator(mode="after")
    def _one_kind(self) -> ScalingEntry:
        if len(self.model_fields_set) != 1:
            mistake(" and ".join(sorted(self.model_fields_set)) or "none", "one of autoscaled, scheduled, serverless")
        return self


class LatencyEntry(StrictRecord):
    """A latency objective; as `tokencross.Latency`."""

    time_per_output_token_ms: PositiveAmount | None = None
    """Longest time between two tokens of an answer. [ms]"""
    time_to_first_token_ms: PositiveAmount | None = None
    """Longest wait for the first token. [ms]"""


class BenchmarkEntry(StrictRecord):
    """A benchmark's file; as `tokencross.Throughput.from_benchmark`."""

    path: str = Field(min_length=1)
    """Relative to the scenario."""
    gpu_count: PositiveCount | None = None
    """GPUs of the deployment that was measured."""
    precision: str | None = None
    """Number format of the weights."""
    load_basis: LoadBasis | None = None
    """Instead of the one that follows from the file."""
    measured_on: date | None = None
    """Its day."""
    engine: str | None = None
    """Serving software."""
    engine_version: str | None = None
    """Its version."""


class MeasuredEntry(StrictRecord):
    """One measured rate; as `tokencross.Throughput.measured`."""

    input_tokens: PositiveAmount
    """Mean prompt. [the model's own tokens]"""
    output_tokens: PositiveAmount
    """Mean answer. [the model's own tokens]"""
    gpu_count: PositiveCount
    """GPUs of the deployment: one replica."""
    load_basis: LoadBasis
    """offline, closed_loop or open_loop_slo."""
    source: str = Field(min_length=1)
    """Where the figure is from."""
    output_tokens_per_second: PositiveAmount | None = None
    """Of the whole deployment, or requests_per_second. [tokens per second]"""
    requests_per_second: PositiveAmount | None = None
    """Of the whole deployment. [requests per second]"""
    precision: str | None = None
    """Number format of the weights."""
    concurrency: PositiveCount | None = None
    """Requests in flight."""
    time_to_first_token_ms: PositiveAmount | None = None
    """What users saw. [ms]"""
    time_per_output_token_ms: PositiveAmount | None = None
    """What users saw. [ms]"""
    measured_on: date | None = None
    """Its day."""
    engine: str | None = None
    """Serving software."""
    engine_version: str | None = None
    """Its version."""


class ThroughputEntry(Distributions):
    """One's own measurements, `benchmarks:`, `measured:` or both, as `tokencross.Throughput`; or a distribution."""

    benchmarks: tuple[BenchmarkEntry, ...] = ()
    """Files that a benchmark wrote."""
    measured: tuple[MeasuredEntry, ...] = ()
    """Rates by hand."""

    @model_validator(mode="after")
    def _any(self) -> ThroughputEntry:
        said = [*self.kinds, *(key for key in ("benchmarks", "measured") if getattr(self, key))]
        if not said:
            mistake("neither benchmarks nor measured", "at least one measurement, or a distribution")
        if self.kinds and len(said) > 1:
            mistake(" and ".join(said), "one distribution, or measurements")
        return self


class AroundEntry(StrictRecord):
    """What stands around the GPU; the tables' defaults but for what is said. As `tokencross.AroundGpu`."""

    storage: str | None = None
    """A row of around/ by id, or `none`."""
    egress: str | None = None
    """A row of around/ by id, or `none`."""
    load_balancer: str | None = None
    """A row of around/ by id, or `none`."""
    observability: str | None = None
    """A row of around/ by id, or `none`."""
    licence: str | None = None
    """A row of around/ by id, such as nvidia_ai_enterprise, or `none`."""
    staging: str | None = None
    """A row of around/ by id, or `none`."""
    traffic: str | None = None
    """A row of around/ by id."""
    numbers: dict[str, UncertainAmount] = Field(default_factory=dict)
    """Numbers by name, such as staging_hours_share or observability_usd_per_month."""
    other: dict[str, UncertainAmount] = Field(default_factory=dict)
    """Items of one's own by name. [USD per month]"""


class ModelEntry(StrictRecord):
    """A hosted model that training asks; as `prices.api`."""

    api: str = Field(min_length=1)
    """provider/model."""
    service_tier: str | None = None
    """standard, batch, or another that the table has."""
    discount_share: UncertainShare | None = None
    """Off the list price."""


class TrainingEntry(StrictRecord):
    """What training takes; as `tokencross.Training`. All tokens and counts are of one retraining."""

    examples_count: UncertainPositiveAmount | None = None
    """Labelled examples."""
    usd_per_example: UncertainAmount | None = None
    """Labelling one. [USD]"""
    pilot_share: UncertainAmount | None = None
    """Schema and pilot, on top of the labels' cost."""
    tokens_per_example: UncertainPositiveAmount | None = None
    """Of an example. [reference tokens]"""
    training_tokens: UncertainPositiveAmount | None = None
    """Of one epoch, instead. [tokens]"""
    epochs: UncertainPositiveAmount | None = None
    """Passes over the data."""
    validation_tokens: UncertainAmount | None = None
    """Of the validation set. [tokens]"""
    validation_count: UncertainAmount | None = None
    """How often it is evaluated in a run."""
    training_usd_per_mtok: UncertainAmount | None = None
    """The vendor's price, instead of the table's. [USD per million tokens]"""
    training_hours: UncertainAmount | None = None
    """Of a run. [hours]"""
    training_usd_per_hour: UncertainAmount | None = None
    """Of training time. [USD per hour]"""
    minimum_usd_per_run: UncertainAmount | None = None
    """At least. [USD]"""
    instance: str | None = None
    """Where it is trained, provider/instance."""
    purchase: str | None = None
    """On which terms."""
    region: str | None = None
    """In which region."""
    parameter_count: UncertainPositiveAmount | None = None
    """Parameters that work on one token."""
    gpu_tflops: UncertainPositiveAmount | None = None
    """The GPUs' peak, instead of the table's. [10^12 operations per second]"""
    model_flops_utilisation_share: UncertainShare | None = None
    """Of the GPUs' peak."""
    run_count: UncertainPositiveAmount | None = None
    """Runs for each model that is served, failed ones too."""
    evaluation_usd: UncertainAmount | None = None
    """Of a retraining. [USD]"""
    judge: ModelEntry | None = None
    """A hosted model that judges the result."""
    evaluation_request_count: UncertainAmount | None = None
    """Requests to it."""
    evaluation_input_tokens: UncertainAmount | None = None
    """Per request to it. [reference tokens]"""
    evaluation_output_tokens: UncertainAmount | None = None
    """Per answer of it. [reference tokens]"""
    teacher: ModelEntry | None = None
    """A hosted model that labels the examples."""
    teacher_input_tokens: UncertainAmount | None = None
    """Per request to it. [reference tokens]"""
    teacher_output_tokens: UncertainAmount | None = None
    """Per answer of it. [reference tokens]"""
    kept_share: UncertainShare | None = None
    """Of its answers, what becomes examples."""
    retrain_every_months: UncertainPositiveAmount | None = None
    """From one training to the next; 9 unless said. [months]"""
    data_life_months: UncertainPositiveAmount | None = None
    """How long the labelled data serve. [months]"""
    relabelled_share: UncertainShare | None = None
    """Of the examples, what a retraining buys anew."""
    scratch: bool | None = None
    """Whether all weights are trained from nothing."""
