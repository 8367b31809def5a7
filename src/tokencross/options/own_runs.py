"""Rates of one's own as rated runs, which are fitted and cited like the tables' rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from tokencross.citation import Citation
from tokencross.options.latency import Latency
from tokencross.options.own_rate import OwnPoint, Throughput
from tokencross.options.throughput import RatedRun, rated_runs
from tokencross.tables.book import Book
from tokencross.tables.serving_records import Gpu, OpenModel, ThroughputPoint, ThroughputRun

__all__ = ["own_sources"]


def own_sources(
    own: Throughput, model: OpenModel, gpu: Gpu, book: Book, *, precision: str | None, limit: Latency | None
) -> list[RatedRun]:
    """Return the points as rated runs: one for each deployment and concurrency.

    Of open-loop points with the same lengths, which differ in how much arrived, only the fastest counts that keeps the
    limit, or where none does the fastest that keeps it for the first token or at least was not overloaded: slower
    arrivals say nothing of what a replica can serve.

    Parameters
    ----------
    own : Throughput
        The points.
    model, gpu : OpenModel, Gpu
        What is served, on what.
    book : Book
        Its date stands in for points without one.
    precision : str, optional
        Of points that do not say theirs.
    limit : Latency, optional
        What the open-loop points should keep.
    """
    kept = _fastest_arrivals(own.points, limit)
    ordered = sorted(kept, key=lambda point: point.deployment)
    runs = [
        _run(list(points), model, gpu, book, precision) for _, points in groupby(ordered, key=lambda p: p.deployment)
    ]
    return rated_runs(runs)


def _fastest_arrivals(points: Iterable[OwnPoint], limit: Latency | None) -> list[OwnPoint]:
    """Return the points, of open loops one for each deployment and pair of lengths."""
    kept: list[OwnPoint] = []
    best: dict[tuple[object, ...], OwnPoint] = {}
    for point in points:
        if point.load_basis != "open_loop_slo":
            kept.append(point)
            continue
        key = (*point.deployment, round(point.input_tokens), round(point.output_tokens))
        if key not in best or _rank(point, limit) > _rank(best[key], limit):
            best[key] = point
    keeping = [point for point in best.values() if _keeps(point, limit)]
    return [*kept, *(keeping or best.values())]


def _rank(point: OwnPoint, limit: Latency | None) -> tuple[bool, bool, bool, float]:
    """Return what is preferred: the limit kept, at least for the first token, not overloaded, fast."""
    first = None if limit is None or limit.time_to_first_token_ms is None else limit.time_to_first_token_ms
    prompt = first is None or (point.time_to_first_token_ms is not None and point.time_to_first_token_ms <= first)
    return _keeps(point, limit), prompt, not point.overloaded, point.output_tokens_per_second


def _keeps(point: OwnPoint, limit: Latency | None) -> bool:
    """Return whether a point is known to keep a limit."""
    return limit is None or limit.met_by(point.time_to_first_token_ms, point.time_per_output_token_ms)


def _point(point: OwnPoint) -> ThroughputPoint:
    """Return a point as the tables have one; what is not known is left out."""
    figures = {
        "input_tokens": round(point.input_tokens),
        "output_tokens": point.output_tokens,
        "concurrency_count": point.concurrency,
        "output_tokens_per_second": point.output_tokens_per_second,
        "time_to_first_token_ms": point.time_to_first_token_ms,
        "time_per_output_token_ms": point.time_per_output_token_ms,
    }
    return ThroughputPoint.model_validate({name: value for name, value in figures.items() if value is not None})


def _run(
    points: Sequence[OwnPoint], model: OpenModel, gpu: Gpu, book: Book, precision: str | None
) -> tuple[ThroughputRun, Citation]:
    """Return points of one deployment as a run with its citation."""
    first = points[0]
    days = [point.measured_on for point in points if point.measured_on is not None]
    caveats = list(dict.fromkeys(point.caveat for point in points if point.caveat))
    day = max(days) if len(days) == len(points) else None
    if day is None:
        caveats.append(f"Undated, so taken as of {book.as_of}.")
    caveat = " ".join(caveats)
    source = "; ".join(dict.fromkeys(point.source for point in points))
    run = ThroughputRun(
        model=model.id,
        gpu=gpu.id,
        gpu_count=first.gpu_count,
        engine=first.engine,
        engine_version=first.engine_version,
        load_basis=first.load_basis,
        nature=first.nature,
        measured_on=day or book.as_of,
        basis="first_observed",
        via=first.tool,
        checked=day or book.as_of,
        caveat=caveat,
        points=tuple(_point(point) for point in points),
    )
    said = first.precision or precision
    run = run if said is None else run.model_copy(update={"precision": said})  # a record knows no empty keys
    row = f"throughput:{model.id}/{first.gpu_count}x {gpu.id}, own benchmark"
    return run, Citation(
        row, location=source, via=first.tool, effective_from=day, checked=day, basis="first_observed", caveat=caveat
    )
