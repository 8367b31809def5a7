"""How long a replica works on a request: measured at these lengths, fitted to measured rows, or fitted and shrunk.

Replica-seconds per request have three terms: prefill ``input / P * (1 + gamma * input)``, decode over the weights
``output / D``, and reading the key-value cache ``K * output * (input + output / 2)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.number import FloatOrDraws
from tokencross.tables.serving_records import Gpu, OpenModel, ThroughputRun
from tokencross.units import BYTES_PER_GIB

__all__ = [
    "USABLE_MEMORY_SHARE",
    "Lengths",
    "Rate",
    "RatedRun",
    "Way",
    "attention_ratio",
    "best_rate",
    "bytes_per_parameter",
    "fit_seconds",
]

Array = NDArray[np.float64]
Way = Literal["measured", "fitted", "shrunk", "given"]

_SAME_LENGTH_RATIO = 0.01
_ENOUGH_PAIRS = 5
_PRIOR_WEIGHT = 0.01  # of the roofline's ratios against one measured point; chosen by leave-one-out over the tables

# The five-number roofline fitted to the measured rows: docs/methodology/throughput.md
_FLOPS_SHARE = 0.42
_BANDWIDTH_SHARE = 0.66
_STEP_SECONDS = 0.00365
_SCALING_LOSS = {"nvlink": 0.22, "infinity_fabric": 0.22, "pcie": 0.64}
USABLE_MEMORY_SHARE = 0.92
_BITS = {"fp4": 4.25, "mxfp4": 4.25, "nvfp4": 4.5, "int4": 4.25, "fp8": 8.0, "int8": 8.0, "fp16": 16.0, "bf16": 16.0}
_KV_BYTES = 2.0
_MOST_CONCURRENT = 512.0


@dataclass(frozen=True)
class Lengths:
    """Tokens per request in the model's own tokens, their spread, and the share of prefill that a cache saves."""

    input_tokens: FloatOrDraws
    output_tokens: FloatOrDraws
    input_cv: FloatOrDraws = 0.0
    output_cv: FloatOrDraws = 0.0
    prefix_hit_share: FloatOrDraws = 0.0

    @property
    def plain(self) -> bool:
        """Whether every request is alike and nothing is cached."""
        return all(np.all(np.asarray(x) == 0.0) for x in (self.input_cv, self.output_cv, self.prefix_hit_share))


@dataclass(frozen=True)
class RatedRun:
    """The points of one run that share a concurrency, with prompt and answer lengths."""

    run: ThroughputRun
    citation: Citation
    concurrency: int | None
    inputs: Array
    outputs: Array
    rates: Array  # output tokens per second of the replica

    @property
    def pair_count(self) -> int:
        """Number of different pairs of lengths."""
        return len({*zip(self.inputs.tolist(), self.outputs.tolist(), strict=True)})

    @property
    def rank(self) -> tuple[bool, bool, int, str, int]:
        """What is preferred: measured before modelled, undoubted, most pairs, newest, most requests in flight."""
        run = self.run
        return (
            run.nature != "modelled",
            not run.caveat,
            self.pair_count,
            run.measured_on.isoformat(),
            self.concurrency or 0,
        )

    def describe(self) -> str:
        """Return hardware, engine and date in a few words."""
        run = self.run
        engine = " ".join(part for part in (run.engine, run.engine_version) if part) or "engine not stated"
        flight = f", {self.concurrency} in flight" if self.concurrency else ""
        said = f", {run.nature}" if run.nature != "measured" else ""
        precision = f" {run.precision}" if run.precision else ""
        return f"{run.gpu_count}x {run.gpu}{precision}, {engine}{flight}, {run.measured_on}{said}"


@dataclass(frozen=True)
class Rate:
    """Replica-seconds of a mean request and how they are known.

    Attributes
    ----------
    seconds_per_request : float or ndarray, shape (D,)
        Before any derating. [replica-seconds]
    way : str
        measured, fitted, shrunk or given.
    source : RatedRun
        The rows it rests on.
    residual_share : float
        Root mean square relative error of the fit at its own points.
    extrapolated : bool
        Whether the lengths lie outside the hull of the measured ones.
    """

    seconds_per_request: FloatOrDraws
    way: Way
    source: RatedRun
    residual_share: float
    extrapolated: bool


def bytes_per_parameter(precision: str | None) -> float:
    """Return the bytes that a weight takes, scales of block formats included; 16 bits when unknown."""
    return _BITS.get((precision or "").lower(), 16.0) / 8.0


def rated_runs(runs: Sequence[tuple[ThroughputRun, Citation]]) -> list[RatedRun]:
    """Return the usable points of runs, grouped by concurrency; points without a prompt length are no use."""
    found: list[RatedRun] = []
    for run, citation in runs:
        usable = [p for p in run.points if p.input_tokens is not None and p.output_tokens is not None]
        for flight in sorted({p.concurrency_count or 0 for p in usable}):
            points = [p for p in usable if (p.concurrency_count or 0) == flight]
            columns = (
                [float(p.input_tokens or 0), float(p.output_tokens or 0), p.output_tokens_per_second] for p in points
            )
            inputs, outputs, rates = np.array(list(columns)).T
            found.append(RatedRun(run, citation, flight or None, inputs, outputs, rates))
    return found


def attention_ratio(model: OpenModel) -> float:
    """Return gamma: attention's share of prefill arithmetic per prompt token, from the architecture.

    Prefill takes ``2 a`` operations per token for the weights and ``2 L d`` per token pair for attention, causal
    masking included, with a active parameters, L layers that attend to all, d query heads times their size.
    """
    full_layers = model.layer_count - model.sliding_layer_count
    width = model.query_head_count * model.head_size_count
    return full_layers * width / model.active_parameter_count


def _columns(inputs: FloatOrDraws | Array, outputs: FloatOrDraws | Array, gamma: float) -> list[FloatOrDraws | Array]:
    """Return what the coefficients (1/P, 1/D, K) multiply for fixed lengths."""
    return [inputs * (1.0 + gamma * inputs), outputs, outputs * (inputs + outputs / 2.0)]


def _expected_columns(lengths: Lengths, gamma: float) -> list[FloatOrDraws]:
    """Return the expectations of the same over a spread of lengths; input and output are taken as independent."""
    i, o = lengths.input_tokens, lengths.output_tokens
    i_squared = i * i * (1.0 + np.square(lengths.input_cv))
    o_squared = o * o * (1.0 + np.square(lengths.output_cv))
    prefill = (1.0 - lengths.prefix_hit_share) * (i + gamma * i_squared)
    return [prefill, o, o * i + o_squared / 2.0]


def fit_seconds(columns: Array, seconds: Array, *, floors: Array, prior: Array | None) -> Array:
    """Return the coefficients by bounded least squares on relative error.

    Parameters
    ----------
    columns : ndarray, shape (N, 3)
        What each coefficient multiplies, per measured point.
    seconds : ndarray, shape (N,)
        Measured replica-seconds per request.
    floors : ndarray, shape (3,)
        The least that the hardware allows each coefficient to be.
    prior : ndarray, shape (3,), optional
        The roofline's coefficients; with it the ratios are shrunk towards the roofline's.

    Returns
    -------
    ndarray, shape (3,)
        (1/P, 1/D, K).
    """
    relative = columns / seconds[:, np.newaxis]
    target = np.ones(seconds.size)
    scale = np.maximum(floors, 1e-30) if prior is None else prior
    if prior is not None:
        level = relative @ prior
        scale = prior * (level.sum() / (level @ level))
        weight = np.sqrt(_PRIOR_WEIGHT) * np.eye(3)
        relative = np.vstack([relative, weight / scale])
        target = np.concatenate([target, np.diagonal(weight)])
    return floors + _non_negative(relative, target - relative @ floors)


def _non_negative(matrix: Array, target: Array) -> Array:
    """Return the least-squares solution with no negative entry: with three columns every support is tried."""
    best, best_error = np.zeros(matrix.shape[1]), float(target @ target)
    size = np.maximum(np.linalg.norm(matrix, axis=0), 1e-300)
    for count in range(1, matrix.shape[1] + 1):
        for support in combinations(range(matrix.shape[1]), count):
            chosen = list(support)
            part, *_ = np.linalg.lstsq(matrix[:, chosen] / size[chosen], target, rcond=None)
            if np.any(part < 0.0):
                continue
            rest = target - matrix[:, chosen] @ (part / size[chosen])
            error = float(rest @ rest)
            if error < best_error * (1.0 - 1e-12):
                best, best_error = np.zeros(matrix.shape[1]), error
                best[chosen] = part / size[chosen]
    return best


def roofline(model: OpenModel, gpu: Gpu, source: RatedRun) -> tuple[Array | None, Array]:
    """Return the roofline's (1/P, 1/D, K) at the run's lengths and concurrency, and the hardware's floors.

    The first is None where the hardware table lacks bandwidth or arithmetic for the precision.
    """
    run = source.run
    fastest, usual = _dense_flops(gpu, run.precision)
    if fastest is None or usual is None or gpu.memory_bandwidth_gb_per_second is None:
        return None, np.zeros(3)
    count = float(run.gpu_count)
    bandwidth = gpu.memory_bandwidth_gb_per_second * 1e9
    operations = 2.0 * model.active_parameter_count / count
    floors = np.array([operations / fastest, operations / fastest, 0.0])
    kv_bytes = kv_bytes_per_token(model)
    weights = model.parameter_count * bytes_per_parameter(run.precision)
    context = float(np.mean(source.inputs + source.outputs / 2.0))
    room = USABLE_MEMORY_SHARE * gpu.memory_gib * BYTES_PER_GIB * count - weights
    in_flight = source.concurrency or max(min(room / (kv_bytes * context), _MOST_CONCURRENT), 1.0)
    loss = float(count ** _SCALING_LOSS.get(gpu.interconnect or "pcie", _SCALING_LOSS["pcie"]))
    step = weights * _touched_share(model, in_flight) / (count * bandwidth * _BANDWIDTH_SHARE) * loss + _STEP_SECONDS
    prefill = operations / usual / _FLOPS_SHARE * loss
    decode = max(step / in_flight, prefill)
    cache = kv_bytes / (count * bandwidth * _BANDWIDTH_SHARE) * loss
    return np.array([prefill, decode, cache]), floors


def kv_bytes_per_token(model: OpenModel) -> float:
    """Return the key-value cache that grows with context, in bytes per token at 16 bits."""
    full_layers = model.layer_count - model.sliding_layer_count
    return 2.0 * full_layers * model.kv_head_count * model.head_size_count * _KV_BYTES


def _touched_share(model: OpenModel, in_flight: float) -> float:
    """Return the share of the weights that one step reads: all when dense, by expert coverage otherwise."""
    if not model.expert_count or not model.active_expert_count:
        return 1.0
    covered = 1.0 - (1.0 - model.active_expert_count / model.expert_count) ** in_flight
    return max(float(covered), model.active_parameter_count / model.parameter_count)


def _dense_flops(gpu: Gpu, precision: str | None) -> tuple[float | None, float | None]:
    """Return dense operations per second at a precision: what the chip can do, and what kernels usually use.

    Weights of 4 bits are mostly multiplied with activations of 8, at the rate of 8.
    """
    kind = (precision or "bf16").lower()
    wide = gpu.dense_bf16_tflops
    byte = gpu.dense_fp8_tflops or wide
    fastest: float | None = wide
    usual: float | None = wide
    if kind in {"fp8", "int8"}:
        fastest = usual = byte
    elif kind.endswith("4"):
        fastest, usual = gpu.dense_fp4_tflops or byte, byte
    return (None if fastest is None else fastest * 1e12), (None if usual is None else usual * 1e12)


def best_rate(model: OpenModel, gpu: Gpu, source: RatedRun, lengths: Lengths) -> Rate:
    """Return replica-seconds of a mean request from a run, by the order of trust.

    Parameters
    ----------
    model, gpu : OpenModel, Gpu
        What was run, and on what.
    source : RatedRun
        The run's points.
    lengths : Lengths
        What is asked for.

    Returns
    -------
    Rate
        measured when a point has these lengths; fitted with five or more pairs of lengths over both axes; else
        shrunk towards the roofline's ratios.
    """
    seconds = source.outputs / source.rates
    outside = not _inside_hull(source, lengths)
    at = _same_lengths(source, lengths)
    if at is not None:
        return Rate(float(seconds[at]), "measured", source, 0.0, extrapolated=False)
    gamma = attention_ratio(model)
    columns = np.stack([np.asarray(c) for c in _columns(source.inputs, source.outputs, gamma)], axis=1)
    prior, floors = roofline(model, gpu, source)
    spans = len(set(source.inputs.tolist())) > 1 and len(set(source.outputs.tolist())) > 1
    enough = source.pair_count >= _ENOUGH_PAIRS and spans
    coefficients = fit_seconds(columns, seconds, floors=floors, prior=None if enough else prior)
    residuals = columns @ coefficients / seconds - 1.0
    expected = _expected_columns(lengths, gamma)
    total = sum((c * x for c, x in zip(coefficients, expected, strict=True)), np.float64(0.0))
    way: Way = "fitted" if enough or prior is None else "shrunk"
    spread = float(np.sqrt(np.mean(residuals**2)))
    return Rate(total if isinstance(total, np.ndarray) else float(total), way, source, spread, outside)


def _same_lengths(source: RatedRun, lengths: Lengths) -> int | None:
    """Return the point measured at these very lengths, the one with the highest rate if several."""
    if (
        not lengths.plain
        or isinstance(lengths.input_tokens, np.ndarray)
        or isinstance(lengths.output_tokens, np.ndarray)
    ):
        return None
    near = (np.abs(source.inputs - lengths.input_tokens) <= _SAME_LENGTH_RATIO * source.inputs) & (
        np.abs(source.outputs - lengths.output_tokens) <= _SAME_LENGTH_RATIO * source.outputs
    )
    if not np.any(near):
        return None
    return int(np.argmax(np.where(near, source.rates, -np.inf)))


def _inside_hull(source: RatedRun, lengths: Lengths) -> bool:
    """Return whether the mean lengths lie in the convex hull of the measured ones."""
    point = np.array([float(np.median(lengths.input_tokens)), float(np.median(lengths.output_tokens))])
    corners = np.unique(np.stack([source.inputs, source.outputs], axis=1), axis=0)
    offsets = corners - point
    if np.any(np.all(np.abs(offsets) <= _SAME_LENGTH_RATIO * corners, axis=1)):
        return True
    # outside exactly when all corners lie in an open half plane around the point
    angles = np.sort(np.arctan2(offsets[:, 1], offsets[:, 0]))
    gaps = np.diff(np.concatenate([angles, [angles[0] + 2.0 * np.pi]]))
    return bool(np.max(gaps) <= np.pi * (1.0 + 1e-12))
