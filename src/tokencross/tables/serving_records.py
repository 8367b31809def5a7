"""What the tables of serving may say: accelerators, open models, measured rates and tokenizers."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from tokencross.tables.records import Provenance
from tokencross.tables.strict import Count, PositiveAmount, PositiveCount, StrictRecord, mistake

__all__ = [
    "Gpu",
    "HardwareFile",
    "LoadBasis",
    "ModelsFile",
    "Nature",
    "OpenModel",
    "RatioRange",
    "ThroughputFile",
    "ThroughputPoint",
    "ThroughputRun",
    "Tokenizer",
    "TokenizerRatio",
    "TokenizersFile",
]

LoadBasis = Literal["offline", "closed_loop", "open_loop_slo"]
Nature = Literal["measured", "derived", "modelled"]
Interconnect = Literal["nvlink", "pcie", "infinity_fabric", "none"]


class Gpu(Provenance):
    """An accelerator's limits."""

    id: str = Field(min_length=1)
    """Chip, form factor and memory: an H100 is three products."""
    architecture: str = ""
    """The vendor's name of the generation."""
    memory_gib: PositiveAmount
    """Memory. [GiB]"""
    memory_bandwidth_gb_per_second: PositiveAmount | None = None
    """Memory bandwidth. [GB/s]"""
    dense_bf16_tflops: PositiveAmount | None = None
    """Dense 16-bit arithmetic. [10^12 operations per second]"""
    dense_fp8_tflops: PositiveAmount | None = None
    """Dense 8-bit arithmetic. [10^12 operations per second]"""
    dense_fp4_tflops: PositiveAmount | None = None
    """Dense 4-bit arithmetic. [10^12 operations per second]"""
    tdp_w: PositiveAmount | None = None
    """Thermal design power. [W]"""
    all_in_kw: PositiveAmount | None = None
    """Power with host and network share. [kW]"""
    interconnect: Interconnect | None = None
    """How GPUs of one node talk to each other."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""


class HardwareFile(StrictRecord):
    """Accelerators."""

    gpus: tuple[Gpu, ...]
    """Accelerators sorted by id."""


class OpenModel(Provenance):
    """An open model's architecture, as far as serving it needs."""

    id: str = Field(min_length=1)
    """Plain id; what `weights` and throughput rows name."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""
    licence: str = ""
    """Licence of the weights."""
    tokenizer: str | None = None
    """Id in tokenizers/."""
    parameter_count: PositiveAmount
    """All parameters."""
    active_parameter_count: PositiveAmount
    """Parameters that work on one token."""
    expert_count: Count | None = None
    """Experts per layer, in a mixture of experts."""
    active_expert_count: Count | None = None
    """Experts that work on one token."""
    layer_count: Count
    """Layers."""
    hidden_count: Count | None = None
    """Width of the residual stream."""
    query_head_count: Count
    """Query heads per layer."""
    kv_head_count: Count
    """Key-value heads per layer."""
    head_size_count: Count
    """Width of one head."""
    sliding_layer_count: Count = 0
    """Layers that attend to a sliding window only."""
    sliding_window_tokens: Count | None = None
    """Length of that window. [tokens]"""
    context_tokens: Count | None = None
    """Longest context. [tokens]"""


class ModelsFile(StrictRecord):
    """Open models of one family."""

    family: str = Field(min_length=1)
    """Id of the family."""
    models: tuple[OpenModel, ...]
    """Models."""


class ThroughputPoint(StrictRecord):
    """A rate at given lengths; the rate is of the whole deployment."""

    input_tokens: Count | None = None
    """Prompt length per request; left out where the source does not say. [tokens]"""
    output_tokens: PositiveAmount | None = None
    """Mean answer length per request. [tokens]"""
    concurrency_count: Count | None = None
    """Requests in flight."""
    output_tokens_per_second: PositiveAmount
    """Output of the deployment. [tokens per second]"""
    time_to_first_token_ms: PositiveAmount | None = None
    """Observed. [ms]"""
    time_per_output_token_ms: PositiveAmount | None = None
    """Observed. [ms]"""


class ThroughputRun(Provenance):
    """Rates of one deployment: model, hardware, engine and the way it was loaded."""

    model: str = Field(min_length=1)
    """Id in models/."""
    gpu: str = Field(min_length=1)
    """Id in hardware/."""
    gpu_count: PositiveCount
    """GPUs of the deployment: one replica."""
    precision: str | None = None
    """Number format of the weights, as the source says."""
    engine: str = ""
    """Serving software."""
    engine_version: str = ""
    """Its version."""
    load_basis: LoadBasis
    """offline: all requests queued; closed_loop: fixed concurrency; open_loop_slo: arrivals under a latency limit."""
    nature: Nature
    """measured; derived from measured latency; modelled."""
    measured_on: date
    """Day of the measurement, or last day of the month that the source names."""
    latency_target: str = ""
    """The latency limit of the run, in the source's words."""
    points: tuple[ThroughputPoint, ...] = Field(min_length=1)
    """Rates by lengths."""


class ThroughputFile(StrictRecord):
    """Rates of one family of models."""

    runs: tuple[ThroughputRun, ...]
    """Runs sorted by model, hardware and engine."""


class RatioRange(StrictRecord):
    """Where a ratio lies, with whose figures say so."""

    low_ratio: PositiveAmount
    """Low end. [quotient]"""
    high_ratio: PositiveAmount
    """High end. [quotient]"""
    source: str = Field(min_length=1)
    """What low and high end were read from."""

    @model_validator(mode="after")
    def _ordered(self) -> RatioRange:
        if self.low_ratio > self.high_ratio:
            mistake(f"low_ratio {self.low_ratio:g} above high_ratio {self.high_ratio:g}", "low_ratio <= high_ratio")
        return self


class TokenizerRatio(StrictRecord):
    """How many tokens a tokenizer makes of a kind of text."""

    text_kind: str = Field(min_length=1)
    """Kind of text."""
    tokenizer_ratio: PositiveAmount
    """Its tokens per reference token of the same text. [quotient]"""
    range: RatioRange | None = None
    """Between which values other texts of the kind, or other sources, lie."""


class Tokenizer(Provenance):
    """A tokenizer measured against the reference."""

    id: str = Field(min_length=1)
    """What a model's `tokenizer` names."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    ratios: tuple[TokenizerRatio, ...] = Field(min_length=1)
    """By kind of text."""


class TokenizersFile(StrictRecord):
    """Tokenizers and the reference that they are measured against."""

    reference: str = Field(min_length=1)
    """The tokenizer of reference tokens."""
    tokenizers: tuple[Tokenizer, ...]
    """Tokenizers sorted by id."""
