"""Sizing a fixed fleet: from tokens per month to requests per second, peak, replicas, instances and GPUs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.costs.curve import CostCurve
from tokencross.errors import Problem, ResolveError, ScenarioError, offer
from tokencross.number import FloatOrDraws
from tokencross.options.throughput import (
    Lengths,
    Rate,
    RatedRun,
    best_rate,
    bytes_per_parameter,
    kv_bytes_per_token,
    rated_runs,
)
from tokencross.tables.book import Book
from tokencross.tables.records import Gpu, Instance, LoadBasis, OpenModel, ThroughputRun
from tokencross.units import HOURS_PER_MONTH, SECONDS_PER_MONTH

__all__ = [
    "LATENCY_FACTORS",
    "MIN_INSTANCE_COUNT",
    "SPARE_INSTANCE_COUNT",
    "TARGET_LOAD_SHARE",
    "Derating",
    "Fleet",
    "Replica",
    "Wanted",
    "choose_replica",
    "combined_ratio",
    "peak_ratio",
]

Array = NDArray[np.float64]

TARGET_LOAD_SHARE = 0.7
LATENCY_FACTORS = {"interactive": 0.6, "relaxed": 0.9, "batch": 1.0}
MIN_INSTANCE_COUNT = {"interactive": 2.0, "relaxed": 2.0, "batch": 1.0}
SPARE_INSTANCE_COUNT = {"interactive": 1.0, "relaxed": 1.0, "batch": 0.0}
_USABLE_MEMORY_SHARE = 0.92
_GIB = 1024.0**3
_WHOLE_NODE_GPUS = 8  # a replica may span instances only when each is a whole node with its fast network


@dataclass(frozen=True)
class Derating:
    """A factor between a measured rate and what is planned with."""

    name: str
    ratio: FloatOrDraws
    why: str


@dataclass(frozen=True)
class Replica:
    """The GPUs that serve one copy of a model, with the rate that is planned with.

    Attributes
    ----------
    gpu_count : int
        GPUs of one replica.
    replicas_per_instance, instances_per_replica : int
        How replicas fit instances; one of the two is 1.
    rate : Rate
        Where the rate comes from.
    tokens_per_second : float or ndarray, shape (D,)
        Reference tokens per replica-second before deratings.
    load_basis : str
        How the rate was measured, which says what has to be derated.
    others : tuple of str
        What other engines reached on the same hardware, for comparison.
    """

    gpu_count: int
    replicas_per_instance: int
    instances_per_replica: int
    rate: Rate | None
    tokens_per_second: FloatOrDraws
    load_basis: LoadBasis
    others: tuple[str, ...] = ()

    def deratings(
        self, latency: str, target_load_share: FloatOrDraws | None, latency_factor: FloatOrDraws | None = None
    ) -> tuple[Derating, ...]:
        """Return the factors that apply, in their order, as the load basis says."""
        listed: list[Derating] = []
        if latency_factor is not None:
            listed.append(Derating("latency factor", latency_factor, "given"))
        elif self.load_basis == "offline":
            listed.append(
                Derating("latency factor", LATENCY_FACTORS[latency], f"offline rate, {latency} latency (MLPerf)")
            )
        if self.load_basis == "open_loop_slo":
            share = 1.0 if target_load_share is None else target_load_share
            listed.append(Derating("target load share", share, "queueing is already in an open-loop rate"))
        else:
            share = TARGET_LOAD_SHARE if target_load_share is None else target_load_share
            listed.append(Derating("target load share", share, "queueing headroom"))
        return tuple(listed)


def combined_ratio(deratings: Sequence[Derating]) -> FloatOrDraws:
    """Return the product of the deratings."""
    product: FloatOrDraws = 1.0
    for derating in deratings:
        product = product * derating.ratio
    return product


def peak_ratio(
    *, peak: FloatOrDraws, burst: FloatOrDraws, batch_share: FloatOrDraws, batch_speedup: FloatOrDraws
) -> FloatOrDraws:
    """Return planned capacity over mean load.

    The capacity holds the interactive traffic's busiest minutes, and its idle hours hold what can wait: the larger of
    ``(1 - b) peak burst`` and ``(1 - b) burst + b / s``, with b the deferrable share and s how much faster the same
    GPUs work when nobody waits. Only the peak of the load profile matters, since the capacity is at least the
    interactive load in every hour.
    """
    interactive = 1.0 - batch_share
    return np.maximum(interactive * peak * burst, interactive * burst + batch_share / batch_speedup)


# ---------------------------------------------------------------------- which replica


@dataclass(frozen=True)
class Wanted:
    """What a self-hosted option asks for, narrowing the choice of rows."""

    precision: str | None
    engine: str | None
    gpu_count: int | None
    latency: str
    target_load_share: FloatOrDraws | None


def choose_replica(
    book: Book,
    model: OpenModel,
    gpu: Gpu,
    instance: Instance,
    wanted: Wanted,
    lengths: Lengths,
    *,
    request_tokens: FloatOrDraws,
    given: FloatOrDraws | None,
    where: str,
) -> Replica:
    """Return the replica with the most planned tokens per instance-second.

    Parameters
    ----------
    book : Book
        Tables at the throughput's date.
    model, gpu, instance : OpenModel, Gpu, Instance
        What is served, and where.
    wanted : Wanted
        Precision, engine and GPUs per replica, where the user has chosen.
    lengths : Lengths
        Tokens per request in the model's own tokens.
    request_tokens : float or ndarray, shape (D,)
        Tokens of a mean request in reference tokens.
    given : float or ndarray, optional
        A rate of one's own, reference tokens per replica-second.
    where : str
        What errors name.

    Raises
    ------
    ResolveError
        If no row fits the request.
    ScenarioError
        If the model does not fit the instance.
    """
    runs = book.runs(model.id)
    _fits_memory(model, gpu, instance, wanted, [run for run, _ in runs], where)
    if given is not None and wanted.gpu_count is not None:
        per_instance, spanned = _packing(wanted.gpu_count, instance, where)
        return Replica(wanted.gpu_count, per_instance, spanned, None, given, "closed_loop")
    sources = _matching(book, model, instance, wanted, runs, where)
    best: tuple[float, Replica] | None = None
    for count in sorted({source.run.gpu_count for source in sources}):
        fitting = sorted((s for s in sources if s.run.gpu_count == count), key=lambda s: s.rank, reverse=True)
        source = fitting[0]
        rate = best_rate(model, gpu, source, lengths)
        tokens_per_second = request_tokens / rate.seconds_per_request if given is None else given
        per_instance, spanned = _packing(count, instance, where)
        others = tuple(
            f"{other.describe()}: {_reached(model, gpu, other, lengths, request_tokens):,.0f}"
            for other in _one_per_engine(fitting[1:], source)
        )
        replica = Replica(count, per_instance, spanned, rate, tokens_per_second, source.run.load_basis, others)
        planned = combined_ratio(replica.deratings(wanted.latency, wanted.target_load_share)) * tokens_per_second
        score = float(np.median(planned)) * per_instance / spanned
        if best is None or score > best[0] * (1.0 + 1e-9):
            best = (score, replica)
    assert best is not None  # _matching leaves at least one
    return best[1]


def _reached(model: OpenModel, gpu: Gpu, source: RatedRun, lengths: Lengths, request_tokens: FloatOrDraws) -> float:
    """Return reference tokens per replica-second of another run."""
    return float(np.median(request_tokens / best_rate(model, gpu, source, lengths).seconds_per_request))


def _one_per_engine(sources: Sequence[RatedRun], chosen: RatedRun) -> list[RatedRun]:
    """Return the best run of each other engine and version."""
    seen = {(chosen.run.engine, chosen.run.engine_version)}
    kept = []
    for source in sources:
        key = (source.run.engine, source.run.engine_version)
        if key not in seen:
            seen.add(key)
            kept.append(source)
    return kept


def _packing(count: int, instance: Instance, where: str) -> tuple[int, int]:
    """Return replicas per instance and instances per replica."""
    if count <= instance.gpu_count:
        return instance.gpu_count // count, 1
    if instance.gpu_count >= _WHOLE_NODE_GPUS and count % instance.gpu_count == 0:
        return 1, count // instance.gpu_count
    found = f"a replica of {count} GPUs on an instance with {instance.gpu_count}"
    raise ScenarioError(Problem(f"{where}:instance", found, f"an instance with at least {count} GPUs"))


def _fits_memory(
    model: OpenModel, gpu: Gpu, instance: Instance, wanted: Wanted, runs: Sequence[ThroughputRun], where: str
) -> None:
    """Refuse an instance whose memory cannot hold the weights at the chosen, or the smallest known, precision."""
    known = {run.precision for run in runs if run.precision} or {"fp8"}
    precision = wanted.precision or min(known, key=bytes_per_parameter)
    weights = model.parameter_count * bytes_per_parameter(precision)
    cache = kv_bytes_per_token(model)
    usable = _USABLE_MEMORY_SHARE * gpu.memory_gib * _GIB
    count = min(wanted.gpu_count or instance.gpu_count, instance.gpu_count)
    if instance.gpu_count >= _WHOLE_NODE_GPUS and wanted.gpu_count is not None:
        count = wanted.gpu_count
    if weights + cache <= usable * count:
        return
    needed = int(np.ceil((weights + cache) / usable))
    found = (
        f"{count}x {gpu.id} with {count * gpu.memory_gib:,.0f} GiB for {weights / _GIB:,.0f} GiB of weights "
        f"({model.name} at {precision})"
    )
    accepted = f"at least {needed} such GPUs, or larger ones"
    raise ScenarioError(Problem(f"{where}:instance", found, accepted))


def _matching(
    book: Book,
    model: OpenModel,
    instance: Instance,
    wanted: Wanted,
    runs: Sequence[tuple[ThroughputRun, Citation]],
    where: str,
) -> list[RatedRun]:
    """Return the rated runs that fit the request, or say which of its parts has no row."""
    sources = rated_runs(runs)
    if not sources:
        first = book.first_run_on(model.id)
        found = f"no measured rate of {model.id} by {book.as_of}"
        remedy = f"Its first is of {first}: set throughput_as_of." if first else ""
        raise ResolveError(Problem(f"{where}:throughput", found, "a model with rows in throughput/", remedy))
    sources = _narrowed(sources, "gpu", instance.gpu, lambda s: s.run.gpu, model, where)
    if wanted.precision is not None:
        sources = _narrowed(sources, "precision", wanted.precision, lambda s: s.run.precision or "", model, where)
    if wanted.engine is not None:
        sources = _narrowed(sources, "engine", wanted.engine, lambda s: s.run.engine, model, where)
    if wanted.gpu_count is not None:
        sources = _narrowed(
            sources, "gpus_per_replica", str(wanted.gpu_count), lambda s: str(s.run.gpu_count), model, where
        )
    whole = instance.gpu_count >= _WHOLE_NODE_GPUS
    fitting = [
        s
        for s in sources
        if s.run.gpu_count <= instance.gpu_count or (whole and s.run.gpu_count % instance.gpu_count == 0)
    ]
    if not fitting:
        counts = sorted({s.run.gpu_count for s in sources})
        found = f"an instance with {instance.gpu_count}x {instance.gpu}"
        accepted = f"one with at least {counts[0]}: {model.id} was measured on {', '.join(map(str, counts))} of them"
        raise ScenarioError(Problem(f"{where}:instance", found, accepted))
    return fitting


def _narrowed(
    sources: list[RatedRun], name: str, value: str, key: Callable[[RatedRun], str], model: OpenModel, where: str
) -> list[RatedRun]:
    """Return the runs with a value, or say which values have runs."""
    kept = [source for source in sources if key(source).casefold() == value.casefold()]
    if not kept:
        known = sorted({key(source) for source in sources if key(source)})
        found = f"{name} {value!r}, for which {model.id} has no measured rate"
        remedy = offer(value, known)
        raise ResolveError(Problem(f"{where}:{name}", found, f"one of {', '.join(known)}", remedy))
    return kept


# ---------------------------------------------------------------------- the fleet


@dataclass(frozen=True)
class Fleet:
    """A fixed fleet in whole instances, every step of its sizing kept.

    Attributes
    ----------
    instance : Instance
        What is rented.
    replica : Replica
        What serves the model.
    deratings : tuple of Derating
        From the measured to the planned rate.
    peak_ratio : float or ndarray, shape (D,)
        Planned capacity over mean load.
    request_tokens : float or ndarray, shape (D,)
        Reference tokens of a mean request.
    usd_per_hour, billed_hours_share : float or ndarray, shape (D,)
        Price of an instance, and the share of the month's hours that are billed.
    min_instance_count, spare_instance_count : float or ndarray, shape (D,)
        Least number at any volume, and instances beyond what the peak needs.
    peak_to_mean, burst_ratio : float or ndarray, shape (D,)
        Of the workload.
    """

    instance: Instance
    replica: Replica
    deratings: tuple[Derating, ...]
    peak_ratio: FloatOrDraws
    request_tokens: FloatOrDraws
    usd_per_hour: FloatOrDraws
    billed_hours_share: FloatOrDraws
    min_instance_count: FloatOrDraws
    spare_instance_count: FloatOrDraws
    peak_to_mean: FloatOrDraws
    burst_ratio: FloatOrDraws

    @property
    def planned_tokens_per_second(self) -> FloatOrDraws:
        """Reference tokens per replica-second after the deratings."""
        return self.replica.tokens_per_second * combined_ratio(self.deratings)

    @property
    def tokens_per_step(self) -> FloatOrDraws:
        """What one more step of instances serves, peaks included. [tokens/month]"""
        replicas = self.replica.replicas_per_instance
        return self.planned_tokens_per_second * SECONDS_PER_MONTH * replicas / self.peak_ratio

    @property
    def usd_per_step(self) -> FloatOrDraws:
        """What one more step costs. [USD/month]"""
        hours = HOURS_PER_MONTH * self.billed_hours_share
        return self.usd_per_hour * hours * self.replica.instances_per_replica

    @property
    def min_steps(self) -> FloatOrDraws:
        """Least number of steps beside the spares."""
        per_step = self.replica.instances_per_replica
        return np.maximum(np.ceil(self.min_instance_count / per_step) - self._spare_steps, 0.0)

    @property
    def _spare_steps(self) -> FloatOrDraws:
        return np.ceil(self.spare_instance_count / self.replica.instances_per_replica)

    def curve(self, citations: Sequence[Citation]) -> CostCurve:
        """Return the fleet's cost: a staircase of instances and the spares. [USD/month]"""
        cost = CostCurve.staircase(
            self.usd_per_step,
            self.tokens_per_step,
            min_steps=_plain(self.min_steps),
            label="GPU instances",
            citations=citations,
        )
        if np.any(np.asarray(self._spare_steps) > 0.0):
            spares = _plain(self.usd_per_step * self._spare_steps)
            cost = cost + CostCurve.fixed(spares, label="spare instances", citations=citations)
        return cost

    def gpus(self) -> CostCurve:
        """Return the number of GPUs as a curve of volume (its USD are GPUs)."""
        per_step = float(self.instance.gpu_count * self.replica.instances_per_replica)
        count = CostCurve.staircase(per_step, self.tokens_per_step, min_steps=_plain(self.min_steps))
        return count + CostCurve.fixed(_plain(per_step * self._spare_steps))

    def served_tokens_per_month(self, volumes: Array) -> Array:
        """Return what the billed fleet could serve at the measured rate, around the clock. [tokens/month]"""
        gpus = np.asarray(self.gpus().usd_per_month(volumes))
        replicas = gpus / (self.instance.gpu_count * self.replica.instances_per_replica)
        full = self.replica.tokens_per_second * SECONDS_PER_MONTH * self.replica.replicas_per_instance
        return replicas * full * self.billed_hours_share

    def steps(self, tokens_per_month: float) -> dict[str, float | str]:
        """Return every step of the sizing at a volume, as a reader would follow it."""
        mean = tokens_per_month / SECONDS_PER_MONTH
        per_replica = float(np.median(self.planned_tokens_per_second))
        planned = mean * float(np.median(self.peak_ratio))
        per_instance = self.replica.replicas_per_instance
        gpus = float(np.median(self.gpus().usd_per_month(tokens_per_month)))
        instances = gpus / self.instance.gpu_count
        served = float(np.median(self.served_tokens_per_month(np.asarray(tokens_per_month))))
        rows: dict[str, float | str] = {
            "requests_per_second_mean": mean / float(np.median(self.request_tokens)),
            "requests_per_second_peak": planned / float(np.median(self.request_tokens)),
            "tokens_per_second_peak": planned,
            "measured_tokens_per_replica_second": float(np.median(self.replica.tokens_per_second)),
        }
        for derating in self.deratings:
            rows[f"derating: {derating.name}"] = float(np.median(derating.ratio))
        rows |= {
            "planned_tokens_per_replica_second": per_replica,
            "replicas_needed": float(np.ceil(planned / per_replica * (1.0 - 1e-12))),
            "gpus_per_replica": float(self.replica.gpu_count),
            "replicas_per_instance": float(per_instance),
            "spare_instances": float(np.median(self.spare_instance_count)),
            "instances": instances,
            "gpus": gpus,
            "utilisation_share": tokens_per_month / served,
        }
        return rows


def _plain(value: FloatOrDraws) -> FloatOrDraws:
    """Return NumPy scalars as floats."""
    return value if isinstance(value, np.ndarray) and value.ndim else float(value)
