"""GuideLLM's report, benchmarks.json: one benchmark for each load level, statistics by status of the request."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tokencross.errors import Problem, ScenarioError
from tokencross.tables.serving_records import LoadBasis
from tokencross.tables.sources.benchmarks import BenchmarkFile, BenchmarkPoint, Keys, failures, overload

__all__ = ["read"]

_TOOL = "GuideLLM"
_STRATEGIES = ("synchronous", "concurrent", "throughput", "constant", "poisson")


def read(records: list[tuple[str, dict[str, object]]]) -> BenchmarkFile:
    """Return the points of a report."""
    points: list[BenchmarkPoint] = []
    version = ""
    for where, record in records:
        keys = Keys(where, record, _TOOL)
        version = keys.text("metadata", "guidellm_version") or version
        points += [_point(entry) for entry in keys.listed("benchmarks")]
        if not points:
            raise ScenarioError(Problem(where, "a report without benchmarks", "at least one in its list"))
    return BenchmarkFile(_TOOL, version, "measured", tuple(points))


def _point(keys: Keys) -> BenchmarkPoint:
    """Return a benchmark as a point: successful requests only.

    Time per output token is what GuideLLM calls inter-token latency: its own ``time_per_output_token_ms`` spreads the
    wait for the first token over the answer.
    """
    strategy = keys.within("config" if keys.has("config", "strategy") else "args", "strategy")
    basis, flight = _load(strategy)
    metrics = keys.within("metrics")
    per_second = metrics.number("requests_per_second", "successful", "mean", above=0.0)
    answer = metrics.number("output_token_count", "successful", "mean", above=0.0)
    return BenchmarkPoint(
        load_basis=basis,
        input_tokens=metrics.number("prompt_token_count", "successful", "mean"),
        output_tokens=answer,
        output_tokens_per_second=per_second * answer,
        concurrency=flight,
        time_to_first_token_ms=_latency(metrics, "time_to_first_token_ms", basis),
        time_per_output_token_ms=_latency(metrics, "inter_token_latency_ms", basis),
        measured_on=_day(keys),
        overloaded=bool(overload(per_second, strategy.maybe("rate"))),
        caveat=_doubts(keys, strategy, per_second),
        place=keys.where,
    )


def _load(strategy: Keys) -> tuple[LoadBasis, int | None]:
    """Return load basis and requests in flight of a scheduling strategy."""
    kind = strategy.text("type_")
    if kind == "synchronous":
        return "closed_loop", 1
    if kind == "concurrent":
        return "closed_loop", int(strategy.number("streams", above=0.0))
    if kind == "throughput":
        cap = strategy.maybe("max_concurrency")
        return ("offline", None) if cap is None else ("closed_loop", int(cap))
    if kind in _STRATEGIES:
        return "open_loop_slo", None
    found = f"the strategy {kind!r}"
    raise ScenarioError(Problem(strategy.where, found, f"one of {', '.join(_STRATEGIES)}"))


def _latency(metrics: Keys, name: str, basis: LoadBasis) -> float | None:
    """Return the median of a closed loop, the highest percentile of an open one; none offline."""
    if basis == "offline" or not metrics.has(name, "successful"):
        return None
    spread = metrics.within(name, "successful")
    if basis == "closed_loop":
        return spread.first("median", "mean") or None
    high = spread.within("percentiles").first("p99", "p95", "p90") if spread.has("percentiles") else None
    return high or None


def _doubts(keys: Keys, strategy: Keys, per_second: float) -> str:
    """Return what is doubtful about a benchmark."""
    totals = ("metrics", "request_totals") if keys.has("metrics", "request_totals") else ("request_totals",)
    done = keys.maybe(*totals, "successful")
    doubts = [failures(keys.maybe(*totals, "errored"), 0.0 if done is None else done)]
    doubts.append(overload(per_second, strategy.maybe("rate")))
    return " ".join(filter(None, doubts))


def _day(keys: Keys) -> date | None:
    """Return the day on which the benchmark began (UTC)."""
    began = keys.maybe("start_time")
    began = keys.maybe("scheduler_metrics", "start_time") if began is None else began
    try:
        return None if not began else datetime.fromtimestamp(began, UTC).date()
    except (OverflowError, OSError, ValueError):
        return None
