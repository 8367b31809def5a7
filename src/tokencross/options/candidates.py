"""Which rates come into question for a replica: the rows that fit what is asked, one's own, or the roofline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokencross.errors import Problem, ResolveError, ScenarioError, offer
from tokencross.number import FloatOrDraws
from tokencross.options.latency import LATENCY_LIMITS, Latency, Objective, ServedLatency, objective, served_latency
from tokencross.options.memory import Need, too_small
from tokencross.options.own_rate import Throughput
from tokencross.options.own_runs import own_sources
from tokencross.options.rates import Rows
from tokencross.options.roofline import Setup
from tokencross.options.throughput import Lengths, Rate, RatedRun, best_rate, bytes_per_parameter, modelled_rate
from tokencross.tables.book import Book
from tokencross.tables.compute_records import Instance
from tokencross.tables.serving_records import Gpu, LoadBasis, OpenModel

__all__ = [
    "WHOLE_NODE_GPUS",
    "Asked",
    "Candidate",
    "Wanted",
    "candidate",
    "from_own",
    "from_roofline",
    "from_rows",
    "packing",
    "usual_precision",
]

WHOLE_NODE_GPUS = 8  # a replica may span instances only when each is a whole node with its fast network
MODELLED_COUNTS = (1, 2, 4, 8)
MODELLED_LOAD_BASIS: LoadBasis = "offline"
"""What the roofline predicts: two thirds of the shipped measured points are offline ones, so they teach it best."""


@dataclass(frozen=True)
class Wanted:
    """What a self-hosted option asks for, narrowing the choice of rows."""

    precision: str | None
    engine: str | None
    gpu_count: int | None
    latency: str | Latency
    target_load_share: FloatOrDraws | None


@dataclass(frozen=True)
class Asked:
    """What is asked of a replica: the model on an instance, at lengths, with the user's wishes."""

    book: Book
    model: OpenModel
    gpu: Gpu
    instance: Instance
    wanted: Wanted
    lengths: Lengths
    where: str

    @property
    def target(self) -> Latency | None:
        """The latency objective in figures, where there is one."""
        return self.wanted.latency if isinstance(self.wanted.latency, Latency) else None


@dataclass(frozen=True)
class Candidate:
    """A replica that could be chosen, with how its rate is known and what its users wait.

    Attributes
    ----------
    gpu_count, per_instance, spanned : int
        GPUs of a replica; replicas per instance and instances per replica, one of which is 1.
    rate : Rate
        Replica-seconds per request.
    source : RatedRun or None
        The rows; None for the roofline.
    precision : str or None
        Number format of the weights.
    load_basis : str
        How the rate came about.
    served : ServedLatency or None
        Where the rows say it.
    objective : Objective or None
        How the rate stands to an objective in figures; None where there is none, or nothing meets it.
    """

    gpu_count: int
    per_instance: int
    spanned: int
    rate: Rate
    source: RatedRun | None
    precision: str | None
    load_basis: LoadBasis
    served: ServedLatency | None
    objective: Objective | None


def packing(count: int, instance: Instance, where: str) -> tuple[int, int]:
    """Return replicas per instance and instances per replica."""
    if count <= instance.gpu_count:
        return instance.gpu_count // count, 1
    if instance.gpu_count >= WHOLE_NODE_GPUS and count % instance.gpu_count == 0:
        return 1, count // instance.gpu_count
    found = f"a replica of {count} GPUs on an instance with {instance.gpu_count}"
    raise ScenarioError(Problem(f"{where}:instance", found, f"an instance with at least {count} GPUs"))


def _packs(count: int, instance: Instance) -> bool:
    """Return whether replicas of so many GPUs and the instance go together."""
    whole = instance.gpu_count >= WHOLE_NODE_GPUS
    return count <= instance.gpu_count or (whole and count % instance.gpu_count == 0)


def candidate(asked: Asked, source: RatedRun) -> Candidate:
    """Return a rated run as a candidate."""
    rate = best_rate(asked.model, asked.gpu, source, asked.lengths, book=asked.book)
    served = served_latency(source, rate, asked.lengths)
    run = source.run
    per_instance, spanned = packing(run.gpu_count, asked.instance, asked.where)
    held = None if asked.target is None else objective(asked.target, run.load_basis, served)
    precision = run.precision or asked.wanted.precision
    return Candidate(run.gpu_count, per_instance, spanned, rate, source, precision, run.load_basis, served, held)


# ---------------------------------------------------------------------- rows of the tables


def from_rows(asked: Asked, rows: Rows) -> list[RatedRun]:
    """Return the rated runs that fit the request; none where the roofline has to do.

    Raises
    ------
    ResolveError
        If a precision or engine is asked for that no row has; it says which have.
    ScenarioError
        If the replica that is asked for does not fit the instance.
    """
    model, wanted, instance = asked.model, asked.wanted, asked.instance
    every = list(rows.rated)
    on_gpu = [s for s in every if s.run.gpu.casefold() == instance.gpu.casefold()]
    pool = on_gpu or every
    if pool and wanted.precision is not None:
        pool = _narrowed(pool, "precision", wanted.precision, lambda s: s.run.precision or "", asked)
    if pool and wanted.engine is not None:
        pool = _narrowed(pool, "engine", wanted.engine, lambda s: s.run.engine, asked)
    if not on_gpu:
        return []
    if wanted.gpu_count is not None:
        count = str(wanted.gpu_count)
        if wanted.gpu_count in MODELLED_COUNTS and all(s.run.gpu_count != wanted.gpu_count for s in pool):
            return []
        pool = _narrowed(pool, "gpus_per_replica", count, lambda s: str(s.run.gpu_count), asked)
    fitting = [s for s in pool if _packs(s.run.gpu_count, instance)]
    modelled = Setup(model, asked.gpu, 1, usual_precision([s.run.precision or "" for s in pool], asked.gpu), None).known
    if not fitting and (wanted.gpu_count is not None or not modelled):
        counts = sorted({s.run.gpu_count for s in pool})
        found = f"an instance with {instance.gpu_count}x {instance.gpu}"
        accepted = f"one with at least {counts[0]}: {model.id} was measured on {', '.join(map(str, counts))} of them"
        raise ScenarioError(Problem(f"{asked.where}:instance", found, accepted))
    return fitting


def _narrowed(
    sources: list[RatedRun], name: str, value: str, key: Callable[[RatedRun], str], asked: Asked
) -> list[RatedRun]:
    """Return the runs with a value, or say which values have runs."""
    kept = [source for source in sources if key(source).casefold() == value.casefold()]
    if not kept:
        known = sorted({key(source) for source in sources if key(source)})
        found = f"{name} {value!r}, for which {asked.model.id} has no measured rate"
        remedy = offer(value, known)
        raise ResolveError(Problem(f"{asked.where}:{name}", found, f"one of {', '.join(known)}", remedy))
    return kept


# ---------------------------------------------------------------------- one's own


def from_own(asked: Asked, own: Throughput) -> list[RatedRun]:
    """Return one's own points as rated runs; of a mixture, those that fit the instance.

    Open-loop points have to keep the objective, or the limit that the word for the latency stands for.
    """
    wanted = asked.wanted
    limit = asked.target or LATENCY_LIMITS.get(str(wanted.latency))
    every = own_sources(own, asked.model, asked.gpu, asked.book, precision=wanted.precision, limit=limit)
    counts = sorted({s.run.gpu_count for s in every})
    if wanted.gpu_count is not None and wanted.gpu_count not in counts:
        found = f"{wanted.gpu_count}, with rates of one's own for {', '.join(map(str, counts))}"
        accepted = "the GPUs of the benchmark, or no gpus_per_replica"
        raise ScenarioError(Problem(f"{asked.where}:gpus_per_replica", found, accepted))
    if wanted.gpu_count is not None:
        every = [s for s in every if s.run.gpu_count == wanted.gpu_count]
    fitting = [s for s in every if _packs(s.run.gpu_count, asked.instance)]
    if not fitting:
        packing(counts[0], asked.instance, asked.where)  # says what does not fit
    return _within(fitting, limit)


def _within(sources: list[RatedRun], limit: Latency | None) -> list[RatedRun]:
    """Return the runs without the open loops that miss the limit, where others remain."""

    def keeps(source: RatedRun) -> bool:
        if source.run.load_basis != "open_loop_slo" or limit is None:
            return True
        return all(limit.met_by(p.time_to_first_token_ms, p.time_per_output_token_ms) for p in source.run.points)

    return [s for s in sources if keeps(s)] or sources


# ---------------------------------------------------------------------- the roofline


def usual_precision(precisions: Sequence[str], gpu: Gpu) -> str:
    """Return the number format to model with: the smallest with rows that the GPU computes with.

    Of a model without rows it is fp8 where the GPU has 8-bit arithmetic, bf16 elsewhere.
    """
    if not precisions:
        return "fp8" if gpu.dense_fp8_tflops is not None else "bf16"

    def native(precision: str) -> bool:
        size = bytes_per_parameter(precision)
        return size > 1.0 or (size == 1.0 and gpu.dense_fp8_tflops is not None) or gpu.dense_fp4_tflops is not None

    candidates = [p for p in precisions if native(p)] or list(precisions)
    return min(sorted(set(candidates)), key=bytes_per_parameter)


def from_roofline(asked: Asked, rows: Rows) -> list[Candidate]:
    """Return modelled replicas of 1, 2, 4 or 8 GPUs that divide the instance and hold the model.

    Raises
    ------
    ScenarioError
        If none of them holds it; it says how many GPUs would.
    """
    wanted, instance = asked.wanted, asked.instance
    here = [run.precision for run, _ in rows.runs if run.precision and run.gpu == asked.gpu.id]
    known = here or [run.precision for run, _ in rows.runs if run.precision]
    precision = wanted.precision or usual_precision(known, asked.gpu)
    if wanted.gpu_count is not None:
        counts = [wanted.gpu_count]
    else:
        counts = [n for n in MODELLED_COUNTS if instance.gpu_count % n == 0]
    need = Need.of(asked.model, precision, asked.lengths, 1.0)
    holding = [count for count in counts if count >= need.gpus(asked.gpu)]
    if not holding:
        raise too_small(asked.model, asked.gpu, max(counts), need, asked.where)
    return [_modelled(asked, count, precision) for count in holding]


def _modelled(asked: Asked, count: int, precision: str) -> Candidate:
    """Return a modelled replica as a candidate."""
    per_instance, spanned = packing(count, asked.instance, asked.where)
    rate = modelled_rate(
        asked.model,
        asked.gpu,
        count,
        precision,
        asked.wanted.engine,
        MODELLED_LOAD_BASIS,
        asked.lengths,
        book=asked.book,
    )
    held = None if asked.target is None else objective(asked.target, MODELLED_LOAD_BASIS, None)
    return Candidate(count, per_instance, spanned, rate, None, precision, MODELLED_LOAD_BASIS, None, held)
