"""Which GPUs serve one copy of a model on an instance, and the rate that is planned with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError, ScenarioError, offer
from tokencross.number import FloatOrDraws
from tokencross.options.throughput import (
    USABLE_MEMORY_SHARE,
    Lengths,
    Rate,
    RatedRun,
    best_rate,
    bytes_per_parameter,
    kv_bytes_per_token,
    rated_runs,
)
from tokencross.tables.book import Book
from tokencross.tables.compute_records import Instance
from tokencross.tables.serving_records import Gpu, LoadBasis, OpenModel, ThroughputRun
from tokencross.units import BYTES_PER_GIB

__all__ = [
    "LATENCY_FACTORS",
    "TARGET_LOAD_SHARE",
    "Derating",
    "Replica",
    "Wanted",
    "choose_replica",
    "combined_ratio",
]

TARGET_LOAD_SHARE = 0.7
LATENCY_FACTORS = {"interactive": 0.6, "relaxed": 0.9, "batch": 1.0}
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
    try:
        sources = _matching(book, model, instance, wanted, runs, where)
    except ResolveError:
        if given is None or wanted.gpu_count is None:
            raise
        per_instance, spanned = _packing(wanted.gpu_count, instance, where)  # a rate and a count need no row
        return Replica(wanted.gpu_count, per_instance, spanned, None, given, "closed_loop")
    best: tuple[float, Replica] | None = None
    for count in sorted({source.run.gpu_count for source in sources}):
        fitting = sorted((s for s in sources if s.run.gpu_count == count), key=lambda s: s.rank, reverse=True)
        source = fitting[0]
        rate = best_rate(model, gpu, source, lengths)
        fitted = request_tokens / rate.seconds_per_request
        tokens_per_second = fitted if given is None else given
        per_instance, spanned = _packing(count, instance, where)
        others = tuple(
            f"{other.describe()}: {_reached(model, gpu, other, lengths, request_tokens):,.0f}"
            for other in _one_per_engine(fitting[1:], source)
        )
        replica = Replica(count, per_instance, spanned, rate, tokens_per_second, source.run.load_basis, others)
        # a rate of one's own replaces that of the replica which the rows make the most productive
        planned = combined_ratio(replica.deratings(wanted.latency, wanted.target_load_share)) * fitted
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
    usable = USABLE_MEMORY_SHARE * gpu.memory_gib * BYTES_PER_GIB
    count = min(wanted.gpu_count or instance.gpu_count, instance.gpu_count)
    if instance.gpu_count >= _WHOLE_NODE_GPUS and wanted.gpu_count is not None:
        count = wanted.gpu_count
    if weights + cache <= usable * count:
        return
    needed = int(np.ceil((weights + cache) / usable))
    found = (
        f"{count}x {gpu.id} with {count * gpu.memory_gib:,.0f} GiB for {weights / BYTES_PER_GIB:,.0f} GiB of weights "
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
