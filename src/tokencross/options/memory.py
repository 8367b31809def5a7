"""Whether a replica's memory holds the weights and the key-value cache of the requests in flight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tokencross.errors import Problem, ScenarioError
from tokencross.options.throughput import (
    USABLE_MEMORY_SHARE,
    Lengths,
    RatedRun,
    bytes_per_parameter,
    kv_bytes_per_token,
)
from tokencross.tables.serving_records import Gpu, OpenModel
from tokencross.units import BYTES_PER_GIB

__all__ = ["Need", "cache_bytes", "ran_with", "too_small"]

_WIDE_BYTES = 2.0


def cache_bytes(model: OpenModel, precision: str | None, input_tokens: float, output_tokens: float) -> float:
    """Return the key-value cache of one request, mean over its life. [bytes]

    Notes
    -----
    A request holds its prompt and, on average, half its answer: ``i + o / 2`` tokens in the layers that attend to all
    of them, and no more than the window in those with a sliding one. Keys and values take 8 bits with weights of 8 or
    fewer, else 16, as in the roofline.
    """
    context = input_tokens + output_tokens / 2.0
    window = context if model.sliding_window_tokens is None else min(context, float(model.sliding_window_tokens))
    bits = 0.5 if bytes_per_parameter(precision) < _WIDE_BYTES else 1.0
    per_layer = 2.0 * model.kv_head_count * model.head_size_count * _WIDE_BYTES
    return bits * (context * kv_bytes_per_token(model) + window * per_layer * model.sliding_layer_count)


@dataclass(frozen=True)
class Need:
    """The memory that a replica of a model needs.

    Attributes
    ----------
    weights, cache : float
        Weights, and the cache of all requests in flight. [bytes]
    in_flight : float
        Requests at once.
    precision : str
        Number format of the weights.
    """

    weights: float
    cache: float
    in_flight: float
    precision: str

    @classmethod
    def of(cls, model: OpenModel, precision: str, lengths: Lengths, in_flight: float) -> Need:
        """Return the need at mean lengths; draws count with their medians."""
        inputs, outputs = float(np.median(lengths.input_tokens)), float(np.median(lengths.output_tokens))
        weights = model.parameter_count * bytes_per_parameter(precision)
        at_once = max(in_flight, 1.0)
        return cls(weights, at_once * cache_bytes(model, precision, inputs, outputs), at_once, precision)

    def gpus(self, gpu: Gpu) -> int:
        """Return how many GPUs hold it, headroom left free."""
        usable = USABLE_MEMORY_SHARE * gpu.memory_gib * BYTES_PER_GIB
        return max(int(np.ceil((self.weights + self.cache) / usable * (1.0 - 1e-12))), 1)


def ran_with(source: RatedRun, model: OpenModel, lengths: Lengths) -> bool:
    """Return whether a run held requests at least as long as these: what ran, fits."""
    inputs, outputs = float(np.median(lengths.input_tokens)), float(np.median(lengths.output_tokens))
    pairs = zip(source.inputs, source.outputs, strict=True)
    held = max(cache_bytes(model, source.run.precision, float(i), float(o)) for i, o in pairs)
    return cache_bytes(model, source.run.precision, inputs, outputs) <= held * 1.01


def too_small(model: OpenModel, gpu: Gpu, count: int, need: Need, where: str) -> ScenarioError:
    """Return the error for a replica that does not hold its model."""
    has = f"{count}x {gpu.id} with {count * gpu.memory_gib:,.0f} GiB"
    what = f"{need.weights / BYTES_PER_GIB:,.0f} GiB of weights ({model.name} at {need.precision})"
    if need.in_flight > 1.0:
        what += f" and {need.cache / BYTES_PER_GIB:,.0f} GiB of cache for {need.in_flight:,.0f} requests in flight"
    accepted, remedy = f"at least {need.gpus(gpu)} such GPUs, or larger ones", ""
    if need.in_flight > 1.0:
        remedy = "Fewer requests at once need less: a shorter latency objective, or a benchmark at these lengths."
    return ScenarioError(Problem(f"{where}:instance", f"{has} for {what}", accepted, remedy))
