"""The results of vLLM's ``vllm bench serve`` and of SGLang's ``bench_serving``, which grew from one script.

vLLM writes one JSON object (several, one a line, with ``--append-result``); SGLang appends one line for each run.
"""

from __future__ import annotations

import math
import re
from datetime import date

from tokencross.errors import Problem, ScenarioError
from tokencross.tables.serving_records import LoadBasis
from tokencross.tables.sources.benchmarks import BenchmarkFile, BenchmarkPoint, Keys, engine_of, failures, overload

__all__ = ["read_sglang", "read_vllm"]


def read_vllm(records: list[tuple[str, dict[str, object]]]) -> BenchmarkFile:
    """Return the points of vLLM's files."""
    tool = "vLLM bench serve"
    points = tuple(_point(Keys(where, record, tool)) for where, record in records)
    return BenchmarkFile(tool, "", "measured", points)


def read_sglang(records: list[tuple[str, dict[str, object]]]) -> BenchmarkFile:
    """Return the points of SGLang's files."""
    tool = "SGLang bench_serving"
    points = tuple(_point(Keys(where, record, tool)) for where, record in records)
    return BenchmarkFile(tool, "", "measured", points)


def _point(keys: Keys) -> BenchmarkPoint:
    """Return a run as a point: means from totals over completed requests, the load basis from rate and cap."""
    if keys.text("ramp_up_strategy"):
        found = "a run whose request rate was ramped up"
        raise ScenarioError(Problem(keys.where, found, "a run at one rate, or at one concurrency"))
    completed = keys.number("completed", above=0.0)
    rate, cap = _arrivals(keys), keys.maybe("max_concurrency")
    basis = _basis(rate, cap)
    first, each = _latencies(keys, basis)
    return BenchmarkPoint(
        load_basis=basis,
        input_tokens=keys.number("total_input_tokens") / completed,
        output_tokens=keys.number("total_output_tokens", above=0.0) / completed,
        output_tokens_per_second=keys.number("output_throughput", above=0.0),
        concurrency=None if basis != "closed_loop" or cap is None else int(cap),
        time_to_first_token_ms=first,
        time_per_output_token_ms=each,
        measured_on=_day(keys.text("date")),
        engine=engine_of(keys.text("backend")),
        engine_version=keys.text("server_info", "version"),
        overloaded=bool(overload(keys.maybe("request_throughput"), rate)),
        caveat=" ".join(filter(None, _doubts(keys, completed, rate, cap))),
        place=keys.where,
    )


def _arrivals(keys: Keys) -> float | None:
    """Return requests per second that arrive; None where they follow a trace, infinite where all are queued."""
    said = keys.data.get("request_rate")
    if said in ("inf", "Infinity"):
        return math.inf
    if said == "trace":
        return None
    if isinstance(said, (int, float)) and not isinstance(said, bool) and said > 0.0:
        return float(said)
    return keys.number("request_rate", above=0.0)  # says what is wrong with it


def _basis(rate: float | None, cap: float | None) -> LoadBasis:
    """Return the load basis: arrivals over time, a fixed number in flight, or everything at once."""
    if rate is None or math.isfinite(rate):
        return "open_loop_slo"
    return "offline" if cap is None else "closed_loop"


def _latencies(keys: Keys, basis: LoadBasis) -> tuple[float | None, float | None]:
    """Return time to first and per further token; none offline, where first tokens wait in the queue."""
    if basis == "offline":
        return None, None
    ranks = ["median", "mean"] if basis == "closed_loop" else ["p99", "p95", "p90"]
    first, each = (keys.first(*(f"{rank}_{name}_ms" for rank in ranks)) for name in ("ttft", "tpot"))
    return first or None, each or None  # 0 is what is written where nothing was streamed


def _doubts(keys: Keys, completed: float, rate: float | None, cap: float | None) -> list[str]:
    """Return what is doubtful about a run."""
    asked = keys.maybe("num_prompts")
    failed = keys.maybe("failed")
    if failed is None and asked is not None:
        failed = asked - completed
    doubts = [failures(failed, completed)]
    doubts.append(overload(keys.maybe("request_throughput"), rate))
    if cap is not None and rate is not None and math.isfinite(rate):
        doubts.append(f"Arrivals above {cap:.0f} in flight waited outside, and the latencies leave that out.")
    if cap is not None and completed < cap:
        doubts.append(f"With {completed:,.0f} requests it never had {cap:,.0f} in flight.")
    return doubts


def _day(text: str) -> date | None:
    """Return the day of vLLM's stamp, 20261103-142501."""
    found = re.match(r"(\d{4})(\d{2})(\d{2})-", text)
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None
