"""AIPerf's profile_export_aiperf.json, and that of GenAI-Perf, which it grew from."""

from __future__ import annotations

from datetime import date, datetime

from tokencross.errors import Problem, ScenarioError
from tokencross.tables.serving_records import LoadBasis
from tokencross.tables.sources.benchmarks import BenchmarkFile, BenchmarkPoint, Keys, failures, overload

__all__ = ["read"]

_MS = {"ms": 1.0, "s": 1e3, "sec": 1e3, "us": 1e-3, "ns": 1e-6}


def read(records: list[tuple[str, dict[str, object]]]) -> BenchmarkFile:
    """Return the points of a report; it holds one load level."""
    tools = {where: "AIPerf" if "aiperf_version" in record else "GenAI-Perf" for where, record in records}
    keys = [Keys(where, record, tools[where]) for where, record in records]
    points = tuple(_point(entry) for entry in keys)
    return BenchmarkFile(keys[0].tool, keys[0].text("aiperf_version"), "measured", points)


def _point(keys: Keys) -> BenchmarkPoint:
    """Return a report as a point."""
    rate, flight = _load(keys)
    basis: LoadBasis = "closed_loop" if rate is None else "open_loop_slo"
    return BenchmarkPoint(
        load_basis=basis,
        input_tokens=keys.number("input_sequence_length", "avg"),
        output_tokens=keys.number("output_sequence_length", "avg", above=0.0),
        output_tokens_per_second=keys.number("output_token_throughput", "avg", above=0.0),
        concurrency=flight if rate is None else None,
        time_to_first_token_ms=_latency(keys, "time_to_first_token", basis),
        time_per_output_token_ms=_latency(keys, "inter_token_latency", basis),
        measured_on=_day(keys.text("start_time")),
        overloaded=bool(overload(keys.maybe("request_throughput", "avg"), rate)),
        caveat=_doubts(keys, rate, flight),
        place=keys.where,
    )


def _load(keys: Keys) -> tuple[float | None, int | None]:
    """Return arrivals per second, or the requests in flight, from the configuration that the report repeats."""
    config = keys.within("input_config")
    if isinstance(config.data.get("phases"), list):
        counted = [p for p in config.listed("phases") if p.data.get("exclude_from_results") is not True]
        if len(counted) != 1:
            raise ScenarioError(Problem(config.where, f"{len(counted)} measured phases", "a report of one phase"))
        said, rate_key = counted[0], "rate"
    elif config.has("loadgen"):
        said, rate_key = config.within("loadgen"), "request_rate"
    elif config.has("perf_analyzer", "stimulus"):
        said, rate_key = config.within("perf_analyzer", "stimulus"), "request_rate"
    else:
        said, rate_key = config, "request_rate"
    rate, flight = said.maybe(rate_key), _one(said.data.get("concurrency"))
    if rate is None and flight is None:
        found = "neither a concurrency nor a request rate"
        raise ScenarioError(Problem(said.where, found, "a run with one of them"))
    return rate, flight


def _one(value: object) -> int | None:
    """Return a count, alone or in a list of one, as GenAI-Perf writes it."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _latency(keys: Keys, name: str, basis: LoadBasis) -> float | None:
    """Return the median of a closed loop, the highest percentile of an open one; only streamed runs have them."""
    if not keys.has(name):
        return None
    spread = keys.within(name)
    ranks = ("p50", "avg") if basis == "closed_loop" else ("p99", "p95", "p90")
    value = spread.first(*ranks)
    unit = spread.text("unit") or "ms"
    if unit not in _MS:
        raise ScenarioError(Problem(f"{spread.where}.unit", repr(unit), f"one of {', '.join(_MS)}"))
    return None if not value else value * _MS[unit]


def _doubts(keys: Keys, rate: float | None, flight: int | None) -> str:
    """Return what is doubtful about a report."""
    done = keys.maybe("request_count", "avg") or 0.0
    doubts = [failures(keys.maybe("error_request_count", "avg"), done)]
    if keys.data.get("was_cancelled") is True:
        doubts.append("The run was cancelled before its end.")
    doubts.append(overload(keys.maybe("request_throughput", "avg"), rate))
    if rate is None and flight is not None and 0.0 < done < flight:
        doubts.append(f"With {done:,.0f} requests it never had {flight:,} in flight.")
    return " ".join(filter(None, doubts))


def _day(text: str) -> date | None:
    """Return the day of an ISO time stamp."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None
