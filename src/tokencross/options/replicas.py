"""Which GPUs serve one copy of a model on an instance, and the rate that is planned with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from tokencross.citation import Citation
from tokencross.errors import Problem, ResolveError
from tokencross.number import FloatOrDraws
from tokencross.options.candidates import (
    WHOLE_NODE_GPUS,
    Asked,
    Candidate,
    Wanted,
    candidate,
    from_own,
    from_roofline,
    from_rows,
    packing,
    usual_precision,
)
from tokencross.options.latency import LATENCY_FACTORS, Derating, Latency, ServedLatency, combined_ratio
from tokencross.options.memory import Need, ran_with, too_small
from tokencross.options.own_rate import Throughput, as_throughput
from tokencross.options.rates import rows_of
from tokencross.options.replica import TARGET_LOAD_SHARE, Replica, rate_in_words
from tokencross.options.roofline import Setup
from tokencross.options.throughput import Lengths, Rate, RatedRun, best_rate, bytes_per_parameter
from tokencross.tables.book import Book
from tokencross.tables.compute_records import Instance
from tokencross.tables.serving_records import Gpu, OpenModel, ThroughputRun

__all__ = [
    "LATENCY_FACTORS",
    "TARGET_LOAD_SHARE",
    "Derating",
    "Replica",
    "Wanted",
    "choose_replica",
    "combined_ratio",
    "rate_in_words",
]

_LEAST_PRECISION = "int4"  # of a benchmark of one's own that does not say: it ran, so only the least is sure
_MS_PER_SECOND = 1_000.0
Runs = Sequence[tuple[ThroughputRun, Citation]]


def choose_replica(
    book: Book,
    model: OpenModel,
    gpu: Gpu,
    instance: Instance,
    wanted: Wanted,
    lengths: Lengths,
    *,
    request_tokens: FloatOrDraws,
    given: FloatOrDraws | Throughput | None,
    where: str,
) -> Replica:
    """Return the replica with the most planned tokens per instance-second.

    Rates are taken in the order of trust: rows of one's own, measured rows at these lengths, fits to rows, and where
    there is no row of the model on the GPU, the roofline. With a latency objective in figures only rows that meet it
    count, or where none does those that a rule brings there.

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
    given : float, ndarray or Throughput, optional
        A rate of one's own: reference tokens per replica-second, or measured points.
    where : str
        What errors name.

    Raises
    ------
    ResolveError
        If a precision or engine without a row is asked for, or an objective that nothing meets.
    ScenarioError
        If the model, with the requests in flight that the rate implies, does not fit the GPUs.
    """
    asked = Asked(book, model, gpu, instance, wanted, lengths, where)
    own = as_throughput(given)
    number = given if own is None and not isinstance(given, Throughput) else None
    rows = rows_of(book, model.id)
    runs = rows.runs
    _holds_weights(asked, runs, own)
    try:
        sources = from_rows(asked, rows) if own is None else from_own(asked, own)
    except ResolveError:
        if number is None or wanted.gpu_count is None:
            raise
        sources = []  # a plain number and a count need no row
    if not sources and number is not None:
        return _of_a_number(asked, runs, number, request_tokens)
    remarks: tuple[str, ...] = ()
    if sources:
        found = _ranked(asked, sources, own=own is not None)
    else:
        found = [[entry] for entry in from_roofline(asked, rows)]
        remarks = (_why_modelled(asked, runs),)
    if asked.target is not None:
        found = _meeting(asked, asked.target, [list(group) for group in found], sure=number is not None)
    choice = _most_productive(asked, found, number, request_tokens)
    others = () if choice.source is None else _others(asked, sources, choice.source, request_tokens)
    return _replica(asked, choice, number, request_tokens, others, remarks)


# ---------------------------------------------------------------------- steps of the choice


def _holds_weights(asked: Asked, runs: Runs, own: Throughput | None) -> None:
    """Refuse an instance whose memory cannot hold the weights at the chosen, or the smallest known, precision."""
    instance, wanted = asked.instance, asked.wanted
    if own is None:
        known = {run.precision for run, _ in runs if run.precision} or {usual_precision((), asked.gpu)}
    else:
        known = {point.precision or _LEAST_PRECISION for point in own.points}
    precision = wanted.precision or min(sorted(known), key=bytes_per_parameter)
    count = min(wanted.gpu_count or instance.gpu_count, instance.gpu_count)
    if instance.gpu_count >= WHOLE_NODE_GPUS and wanted.gpu_count is not None:
        count = wanted.gpu_count
    need = Need.of(asked.model, precision, asked.lengths, 1.0)
    if need.gpus(asked.gpu) > count:
        raise too_small(asked.model, asked.gpu, count, need, asked.where)


def _ranked(asked: Asked, sources: Sequence[RatedRun], *, own: bool) -> list[Iterable[Candidate]]:
    """Return candidates by GPU count, the best first, each made when it is looked at.

    With a word for the latency, rows go by their rank. With an objective in figures, and among points of one's own,
    the most productive comes first, measured before modelled.
    """
    found: list[Iterable[Candidate]] = []
    for count in sorted({source.run.gpu_count for source in sources}):
        group = [source for source in sources if source.run.gpu_count == count]
        if asked.target is None and not own:
            group = sorted(group, key=lambda s: s.rank, reverse=True)
            found.append(map(partial(candidate, asked), group))
        else:
            entries = [candidate(asked, source) for source in group]
            found.append(sorted(entries, key=lambda c: _trust(asked, c), reverse=True))
    return found


def _trust(asked: Asked, entry: Candidate) -> tuple[bool, float]:
    """Return measured before modelled, then planned requests per replica-second."""
    assert entry.source is not None  # only runs are ranked by it
    requests = np.median(1.0 / np.asarray(entry.rate.seconds_per_request))
    return entry.source.run.nature != "modelled", float(f"{requests * _planned(asked, entry):.9e}")


def _planned(asked: Asked, entry: Candidate) -> float:
    """Return what the deratings leave of a candidate's rate."""
    bare = _bare(entry, entry.rate, 1.0)
    ratio = combined_ratio(bare.deratings(asked.wanted.latency, asked.wanted.target_load_share))
    return float(np.median(ratio))


def _bare(entry: Candidate, rate: Rate | None, tokens_per_second: FloatOrDraws) -> Replica:
    """Return a candidate as a replica, with what decides its deratings."""
    derating = None if entry.objective is None else entry.objective.derating
    return Replica(
        entry.gpu_count,
        entry.per_instance,
        entry.spanned,
        rate,
        tokens_per_second,
        entry.load_basis,
        latency_derating=derating,
    )


def _meeting(asked: Asked, target: Latency, found: list[list[Candidate]], *, sure: bool) -> list[Iterable[Candidate]]:
    """Return the candidates that meet the objective in figures: as measured, else by a rule.

    A plain number of one's own is sure to keep its owner's objective where no row and no rule say anything.
    """
    for met in (True, False):
        kept = [[c for c in group if c.objective is not None and c.objective.met is met] for group in found]
        if any(kept):
            return [group for group in kept if group]
    if sure:
        return [*found]
    known = [c for group in found for c in group if c.served is not None and not c.served.bound]
    asked_of = f"{asked.model.name} on {asked.gpu.id}"
    accepted = "a longer one" if not known else f"a longer one; {_shortest(known)}"
    remedy = "A benchmark of your own can show that it is met: throughput=tc.Throughput.from_benchmark(…)."
    raise ResolveError(
        Problem(f"{asked.where}:latency", f"{target}: no rate of {asked_of} is known to meet it", accepted, remedy)
    )


def _shortest(known: Sequence[Candidate]) -> str:
    """Return the shortest latencies that are known, in words."""
    parts = []
    for name, what in (
        ("time_per_output_token_ms", "per output token"),
        ("time_to_first_token_ms", "to the first one"),
    ):
        timed = [(value, c) for c in known if (value := getattr(c.served, name)) is not None]
        if timed:
            value, entry = min(timed, key=lambda pair: pair[0])
            assert entry.source is not None  # the roofline has no latencies
            parts.append(f"{value:,.3g} ms {what} ({entry.source.describe()})")
    return f"the shortest known: {', '.join(parts)}"


def _most_productive(
    asked: Asked, found: Sequence[Iterable[Candidate]], number: FloatOrDraws | None, request_tokens: FloatOrDraws
) -> Candidate:
    """Return the candidate with the most planned tokens per instance-second of those that fit the memory."""
    best: tuple[float, Candidate] | None = None
    short: list[tuple[int, Need]] = []
    for group in found:
        for entry in group:
            need = _need(asked, entry, number, request_tokens)
            if need is not None and need.gpus(asked.gpu) > entry.gpu_count:
                short.append((entry.gpu_count, need))
                continue
            # a rate of one's own replaces that of the replica which the rows make the most productive
            rate = float(np.median(request_tokens / entry.rate.seconds_per_request))
            score = rate * _planned(asked, entry) * entry.per_instance / entry.spanned
            if best is None or score > best[0] * (1.0 + 1e-9):
                best = (score, entry)
            break
    if best is None:
        count, need = min(short, key=lambda pair: pair[1].gpus(asked.gpu))
        raise too_small(asked.model, asked.gpu, count, need, asked.where)
    return best[1]


def _held(asked: Asked, entry: Candidate) -> float | None:
    """Return the requests in flight that a rate was made with: a closed loop's, or the roofline's.

    At longer lengths than measured a rate is that of as many as memory holds; the rest waits.
    """
    closed = entry.load_basis == "closed_loop"
    concurrency = entry.source.concurrency if entry.source is not None and closed else None
    if concurrency is None and entry.source is not None:
        return None
    setup = Setup(asked.model, asked.gpu, entry.gpu_count, entry.precision, concurrency)
    ran = entry.source is not None and ran_with(entry.source, asked.model, asked.lengths)
    if ran or not setup.known:
        return None if concurrency is None else float(concurrency)
    return float(np.median(setup.in_flight(asked.lengths)))


def _in_flight(asked: Asked, entry: Candidate, number: FloatOrDraws | None, request_tokens: FloatOrDraws) -> float:
    """Return the requests at once that a rate implies: those of a closed loop, else rate times stay, at least one.

    A stay counts what is known of it: the objective's figures, or the row's.
    """
    measured = 1.0 / float(np.median(entry.rate.seconds_per_request))
    per_second = measured if number is None else float(np.median(number / request_tokens))
    derating = None if entry.objective is None else entry.objective.derating
    held = _held(asked, entry)
    if derating is None and held is not None:
        return max(held * per_second / measured, 1.0)
    target, served = asked.target, entry.served
    first = each = None
    if served is not None and not served.bound:
        first, each = served.time_to_first_token_ms, served.time_per_output_token_ms
    if target is not None:
        first = target.time_to_first_token_ms if target.time_to_first_token_ms is not None else first
        each = target.time_per_output_token_ms if target.time_per_output_token_ms is not None else each
    outputs = float(np.median(asked.lengths.output_tokens))
    stay = ((first or 0.0) + (each or 0.0) * outputs) / _MS_PER_SECOND
    share = 1.0 if derating is None else float(np.median(derating.ratio))
    return max(per_second * share * stay, 1.0)


def _need(asked: Asked, entry: Candidate, number: FloatOrDraws | None, request_tokens: FloatOrDraws) -> Need | None:
    """Return the memory that a candidate needs; None where its run shows that it fits."""
    measured = float(np.median(request_tokens / entry.rate.seconds_per_request))
    slow = number is None or float(np.median(number)) <= measured * 1.01
    if entry.source is not None and slow and ran_with(entry.source, asked.model, asked.lengths):
        return None
    at_once = _in_flight(asked, entry, number, request_tokens)
    return Need.of(asked.model, entry.precision or _LEAST_PRECISION, asked.lengths, at_once)


def _others(
    asked: Asked, sources: Sequence[RatedRun], chosen: RatedRun, request_tokens: FloatOrDraws
) -> tuple[str, ...]:
    """Return what the best run of each other engine and version reaches on as many GPUs."""
    lengths, tokens = asked.lengths.median, float(np.median(request_tokens))
    same = sorted((s for s in sources if s.run.gpu_count == chosen.run.gpu_count), key=lambda s: s.rank, reverse=True)
    seen = {(chosen.run.engine, chosen.run.engine_version)}
    said = []
    for source in same:
        key = (source.run.engine, source.run.engine_version)
        if key not in seen:
            seen.add(key)
            seconds = best_rate(asked.model, asked.gpu, source, lengths, book=asked.book).seconds_per_request
            said.append(f"{source.describe()}: {tokens / float(np.median(seconds)):,.0f}")
    return tuple(said)


def _replica(
    asked: Asked,
    entry: Candidate,
    number: FloatOrDraws | None,
    request_tokens: FloatOrDraws,
    others: tuple[str, ...],
    remarks: tuple[str, ...],
) -> Replica:
    """Return the chosen candidate as a replica."""
    fitted = request_tokens / entry.rate.seconds_per_request
    bare = _bare(entry, entry.rate, fitted if number is None else number)
    return Replica(
        bare.gpu_count,
        bare.replicas_per_instance,
        bare.instances_per_replica,
        entry.rate,
        bare.tokens_per_second,
        entry.load_basis,
        others,
        latency_derating=bare.latency_derating,
        served=_shown(asked, entry) if number is None else None,
        requests_in_flight=_in_flight(asked, entry, number, request_tokens),
        remarks=remarks,
    )


def _shown(asked: Asked, entry: Candidate) -> ServedLatency | None:
    """Return the latencies to show: the row's, or what the objective plans for; loose bounds are not shown."""
    served = None if entry.served is None or entry.served.bound else entry.served
    target = asked.target
    if target is None or (served is not None and entry.objective is not None and entry.objective.met):
        return served
    return ServedLatency(
        target.time_to_first_token_ms or (None if served is None else served.time_to_first_token_ms),
        target.time_per_output_token_ms or (None if served is None else served.time_per_output_token_ms),
        f"planned for: {target}",
        None if entry.source is None else entry.source.citation,
    )


def _of_a_number(asked: Asked, runs: Runs, number: FloatOrDraws, request_tokens: FloatOrDraws) -> Replica:
    """Return the replica of a plain number and a count of GPUs, which need no row."""
    count = asked.wanted.gpu_count
    if count is None:
        found = f"nothing, with a rate of one's own and no measured row of {asked.model.id} on {asked.gpu.id}"
        raise ResolveError(Problem(f"{asked.where}:gpus_per_replica", found, "the GPUs that the rate is of"))
    per_instance, spanned = packing(count, asked.instance, asked.where)
    target = asked.target
    each = None if target is None else target.time_per_output_token_ms
    first = None if target is None else target.time_to_first_token_ms
    stay = ((first or 0.0) + (each or 0.0) * float(np.median(asked.lengths.output_tokens))) / _MS_PER_SECOND
    at_once = max(float(np.median(number / request_tokens)) * stay, 1.0)
    known = [run.precision for run, _ in runs if run.precision]
    precision = asked.wanted.precision or usual_precision(known, asked.gpu)
    need = Need.of(asked.model, precision, asked.lengths, at_once)
    if need.gpus(asked.gpu) > count:
        raise too_small(asked.model, asked.gpu, count, need, asked.where)
    return Replica(count, per_instance, spanned, None, number, "closed_loop", requests_in_flight=at_once)


def _why_modelled(asked: Asked, runs: Runs) -> str:
    """Return why no row could be used."""
    model, gpu = asked.model, asked.gpu
    if not runs:
        first = asked.book.first_run_on(model.id)
        later = f" by {asked.book.as_of}; its first is of {first}" if first else ""
        return f"no measured rate of {model.id}{later}: its throughput is modelled."
    here = sorted({run.gpu_count for run, _ in runs if run.gpu == gpu.id})
    if not here:
        return f"no measured rate of {model.id} on {gpu.id}: its throughput is modelled."
    counts = ", ".join(map(str, here))
    return f"{model.id} was measured on {counts} of {gpu.id}, which do not fit: its throughput is modelled."
