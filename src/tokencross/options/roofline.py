"""What a request asks of the hardware: seconds of arithmetic, memory and network at the chip's own limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tokencross.number import FloatOrDraws
from tokencross.options.rates import Lengths
from tokencross.tables.serving_records import Gpu, OpenModel
from tokencross.units import BYTES_PER_GIB

__all__ = [
    "COMPONENTS",
    "USABLE_MEMORY_SHARE",
    "Setup",
    "attention_ratio",
    "bytes_per_parameter",
    "kv_bytes_per_token",
]

COMPONENTS = ("prefill", "weights", "step", "cache", "arithmetic", "network")
USABLE_MEMORY_SHARE = 0.92

_BITS = {"fp4": 4.25, "mxfp4": 4.25, "nvfp4": 4.5, "int4": 4.25, "fp8": 8.0, "int8": 8.0, "fp16": 16.0, "bf16": 16.0}
_KV_BYTES = 2.0
_MOST_IN_FLIGHT = 2048.0  # TensorRT-LLM's default max_batch_size, whose offline rows are two thirds of the points
_LEAST_ROOM_SHARE = 0.02  # of the weights, left for the cache where the table's memory would not even hold them
_STEP_SECONDS_PER_LAYER = 1e-4
_BYTES_EXCHANGED = 8.0  # per token, layer and element of the stream: two sums of 16 bits, each sent and collected
# One way, per GPU: NVLink 4, the seven Infinity Fabric links of an MI300X, PCIe 4.0 x16. [bytes per second]
_LINK_BYTES_PER_SECOND = {"nvlink": 450e9, "infinity_fabric": 448e9, "pcie": 32e9}


def bytes_per_parameter(precision: str | None) -> float:
    """Return the bytes that a weight takes, scales of block formats included; 16 bits when unknown."""
    return _BITS.get((precision or "").lower(), 16.0) / 8.0


def attention_ratio(model: OpenModel) -> float:
    """Return gamma: attention's share of prefill arithmetic per prompt token, from the architecture.

    Prefill takes ``2 a`` operations per token for the weights and ``2 L d`` per token pair for attention, causal
    masking included, with a active parameters, L layers that attend to all, d query heads times their size.
    """
    full_layers = model.layer_count - model.sliding_layer_count
    width = model.query_head_count * model.head_size_count
    return full_layers * width / model.active_parameter_count


def kv_bytes_per_token(model: OpenModel) -> float:
    """Return the key-value cache that grows with context, in bytes per token at 16 bits."""
    full_layers = model.layer_count - model.sliding_layer_count
    return 2.0 * full_layers * model.kv_head_count * model.head_size_count * _KV_BYTES


@dataclass(frozen=True)
class Setup:
    """A model on GPUs at a precision, with so many requests in flight or as many as memory holds."""

    model: OpenModel
    gpu: Gpu
    gpu_count: int
    precision: str | None
    concurrency: int | None

    @property
    def known(self) -> bool:
        """Whether the hardware table has bandwidth, and arithmetic at the precision."""
        return self.gpu.memory_bandwidth_gb_per_second is not None and self._operations()[0] is not None

    def components(self, lengths: Lengths) -> list[FloatOrDraws]:
        """Return a mean request's seconds in each of `COMPONENTS`, were the hardware used in full.

        Notes
        -----
        With n GPUs of F operations and BW bytes per second, a active parameters, L layers, W(B) the bytes of weights
        that a step with B requests reads, k(c) the bytes of cache of c tokens, h the width of the residual stream,
        i and o tokens in and out and c = i + o / 2 (over a spread of lengths, expectations):

        - prefill: ``2 a (i + gamma i^2) / (n F)``
        - weights: ``o W(B) / (n BW) / B``, with B as given, or as many as fit in memory, at most 2,048
        - step: ``o L 10^-4 s / B``
        - cache: ``o k(c) / (n BW)``
        - arithmetic: ``2 a o / (n F)``
        - network: ``8 (i + o) L h (n - 1) / n`` bytes over one GPU's link
        """
        _, usual = self._operations()
        assert usual is not None  # `known` is asked first
        model, count = self.model, float(self.gpu_count)
        bytes_per_second = self._bytes_per_second()
        per_token = 2.0 * model.active_parameter_count / count / usual
        fresh = 1.0 - lengths.prefix_hit_share
        inputs, outputs = lengths.input_tokens, lengths.output_tokens
        in_flight = self.in_flight(lengths)
        width = model.hidden_count or model.query_head_count * model.head_size_count
        exchanged = _BYTES_EXCHANGED * model.layer_count * width * (count - 1.0) / count
        link = _LINK_BYTES_PER_SECOND.get(self.gpu.interconnect or "pcie", _LINK_BYTES_PER_SECOND["pcie"])
        return [
            fresh * (inputs + attention_ratio(model) * lengths.input_squared) * per_token,
            outputs * self._weights_read(in_flight) / bytes_per_second / in_flight,
            outputs * model.layer_count * _STEP_SECONDS_PER_LAYER / in_flight,
            outputs * self._cache_bytes(lengths.context_tokens) / bytes_per_second,
            outputs * per_token,
            (fresh * inputs + outputs) * exchanged / link,
        ]

    def floor_seconds(self, lengths: Lengths) -> FloatOrDraws:
        """Return the least seconds that the hardware allows a mean request.

        All arithmetic at the fastest rate that the chip has for the precision; where the number in flight is given,
        also one reading of the weights for each step that they share, which holds without speculative decoding.
        """
        fastest, _ = self._operations()
        if fastest is None:
            return 0.0 * lengths.input_tokens
        per_token = 2.0 * self.model.active_parameter_count / self.gpu_count / fastest
        fresh = (1.0 - lengths.prefix_hit_share) * (
            lengths.input_tokens + attention_ratio(self.model) * lengths.input_squared
        )
        least = (fresh + lengths.output_tokens) * per_token
        if self.concurrency is None or self.gpu.memory_bandwidth_gb_per_second is None:
            return least
        shared = self._weights_read(float(self.concurrency)) / self.concurrency
        read: FloatOrDraws = np.maximum(least, lengths.output_tokens * shared / self._bytes_per_second())
        return read

    def in_flight(self, lengths: Lengths) -> FloatOrDraws:
        """Return requests in flight: as given or at most 2,048, and no more than memory has cache for."""
        weights = self.model.parameter_count * bytes_per_parameter(self.precision)
        memory = USABLE_MEMORY_SHARE * self.gpu.memory_gib * BYTES_PER_GIB * self.gpu_count
        room = max(memory - weights, _LEAST_ROOM_SHARE * weights)
        most = float(self.concurrency or _MOST_IN_FLIGHT)
        fitting: FloatOrDraws = np.clip(room / self._cache_bytes(lengths.context_tokens), 1.0, max(most, 1.0))
        return fitting

    def _bytes_per_second(self) -> float:
        """Return memory bandwidth of all GPUs together."""
        assert self.gpu.memory_bandwidth_gb_per_second is not None  # `known` is asked first
        return self.gpu.memory_bandwidth_gb_per_second * 1e9 * self.gpu_count

    def _cache_bytes(self, context_tokens: FloatOrDraws) -> FloatOrDraws:
        """Return the cache of a context: 8 bits with weights of 8 or fewer, and a window's worth in sliding layers."""
        model = self.model
        bits = 1.0 if bytes_per_parameter(self.precision) < _KV_BYTES else _KV_BYTES
        growing = kv_bytes_per_token(model) / _KV_BYTES * context_tokens
        if not model.sliding_layer_count:
            return bits * growing
        window = float(model.sliding_window_tokens or np.inf)
        per_layer = 2.0 * model.kv_head_count * model.head_size_count
        return bits * (growing + model.sliding_layer_count * per_layer * np.minimum(context_tokens, window))

    def _weights_read(self, in_flight: FloatOrDraws) -> FloatOrDraws:
        """Return the bytes of weights that one step reads: all when dense, by expert coverage otherwise.

        Active and total parameters tell the shared part from the routed one: ``a = s + r k/E``, ``total = s + r``.
        """
        model = self.model
        size = bytes_per_parameter(self.precision)
        if not model.expert_count or not model.active_expert_count or model.active_expert_count >= model.expert_count:
            return model.parameter_count * size
        chosen = model.active_expert_count / model.expert_count
        routed = (model.parameter_count - model.active_parameter_count) / (1.0 - chosen)
        return size * (model.parameter_count - routed + routed * (1.0 - (1.0 - chosen) ** in_flight))

    def _operations(self) -> tuple[float | None, float | None]:
        """Return dense operations per second of a chip: the most it can do, and what kernels usually use.

        Weights of 4 bits are mostly multiplied with activations of 8, at the rate of 8.
        """
        kind = (self.precision or "bf16").lower()
        wide = self.gpu.dense_bf16_tflops
        byte = self.gpu.dense_fp8_tflops or wide
        fastest, usual = wide, wide
        if kind in {"fp8", "int8"}:
            fastest = usual = byte
        elif kind.endswith("4"):
            fastest, usual = self.gpu.dense_fp4_tflops or byte, byte
        return (None if fastest is None else fastest * 1e12), (None if usual is None else usual * 1e12)
