"""A rate of one's own: benchmark points that take the place of the tables' rows, given by hand or read from a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import get_args

from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import check_number
from tokencross.tables.serving_records import LoadBasis, Nature
from tokencross.tables.sources.benchmarks import BenchmarkPoint, read_benchmark

__all__ = ["OwnPoint", "Throughput", "as_throughput"]

_UNITS = {
    "input_tokens": ("the model's own tokens per request", False),
    "output_tokens": ("the model's own tokens per request", True),
    "output_tokens_per_second": ("the model's own tokens per second of the deployment", True),
    "requests_per_second": ("requests per second of the deployment", True),
    "time_to_first_token_ms": ("ms", True),
    "time_per_output_token_ms": ("ms", True),
}


@dataclass(frozen=True, kw_only=True)
class OwnPoint:
    """A rate at given lengths that somebody measured, in the model's own tokens; as `Throughput.measured` takes it."""

    gpu_count: int
    load_basis: LoadBasis
    input_tokens: float
    output_tokens: float
    output_tokens_per_second: float
    precision: str | None = None
    concurrency: int | None = None
    time_to_first_token_ms: float | None = None
    time_per_output_token_ms: float | None = None
    measured_on: date | None = None
    engine: str = ""
    engine_version: str = ""
    source: str = ""
    tool: str = ""
    nature: Nature = "measured"
    overloaded: bool = False
    caveat: str = ""

    @property
    def deployment(self) -> tuple[int, str, str, str, str, str]:
        """What points of one fit have in common."""
        return self.gpu_count, self.precision or "", self.engine, self.engine_version, self.load_basis, self.nature


@dataclass(frozen=True)
class Throughput:
    """Rates of one's own, accepted wherever ``throughput=`` is.

    Several points, added with ``+`` or in a list, are fitted together, with what the tables' rows say of the rest.
    Lengths and rates are in the model's own tokens, as benchmarks count them; they meet a workload's reference
    tokens through the same tokenizer ratio as the tables' rows.

    Attributes
    ----------
    points : tuple of OwnPoint
        What was measured.

    Examples
    --------
    >>> a = Throughput.measured(input_tokens=1_000, output_tokens=500, output_tokens_per_second=2_400, gpu_count=2,
    ...                         load_basis="offline", source="run of 2026-11-03")
    >>> b = Throughput.measured(input_tokens=4_000, output_tokens=500, requests_per_second=2.6, gpu_count=2,
    ...                         load_basis="offline", source="run of 2026-11-03")
    >>> [point.output_tokens_per_second for point in (a + b).points]
    [2400.0, 1300.0]
    """

    points: tuple[OwnPoint, ...]

    def __add__(self, other: object) -> Throughput:
        """Return the points of both."""
        if not isinstance(other, Throughput):
            return NotImplemented
        return Throughput((*self.points, *other.points))

    @classmethod
    def measured(
        cls,
        *,
        input_tokens: float,
        output_tokens: float,
        gpu_count: int,
        load_basis: LoadBasis,
        source: str,
        output_tokens_per_second: float | None = None,
        requests_per_second: float | None = None,
        precision: str | None = None,
        concurrency: int | None = None,
        time_to_first_token_ms: float | None = None,
        time_per_output_token_ms: float | None = None,
        measured_on: date | str | None = None,
        engine: str = "",
        engine_version: str = "",
    ) -> Throughput:
        """Return one measured rate.

        Parameters
        ----------
        input_tokens, output_tokens : float
            Mean per request. [the model's own tokens]
        output_tokens_per_second, requests_per_second : float
            One of the two, of the whole deployment. [tokens/s or requests/s]
        gpu_count : int
            GPUs of the deployment: one replica.
        load_basis : str
            ``offline`` (all requests queued), ``closed_loop`` (fixed concurrency) or ``open_loop_slo`` (arrivals over
            time, within a latency limit): what has to be derated follows from it.
        source : str
            Where the figure is from, in your words.
        precision : str, optional
            Number format of the weights: fp8, bf16, …
        concurrency : int, optional
            Requests in flight of a closed loop.
        time_to_first_token_ms, time_per_output_token_ms : float, optional
            What users saw at this rate; needed for a `Latency` objective. [ms]
        measured_on : date or str, optional
            Its day; undated, it counts as of the study's and says so.
        engine, engine_version : str
            Serving software.

        Raises
        ------
        ScenarioError
            If a figure is missing, no number or out of bounds.
        """
        answer = _figure("output_tokens", output_tokens)
        if (output_tokens_per_second is None) == (requests_per_second is None):
            found = "neither" if requests_per_second is None else "both"
            accepted = "output_tokens_per_second or requests_per_second, one of the two"
            raise ScenarioError(Problem("throughput", found, accepted))
        if requests_per_second is not None:
            rate = _figure("requests_per_second", requests_per_second) * answer
        else:
            rate = _figure("output_tokens_per_second", output_tokens_per_second)
        first, each = (
            None if value is None else _figure(name, value)
            for name, value in (
                ("time_to_first_token_ms", time_to_first_token_ms),
                ("time_per_output_token_ms", time_per_output_token_ms),
            )
        )
        if not _text("source", source).strip():
            accepted = "where the figure is from, in a few words"
            raise ScenarioError(Problem("throughput:source", repr(source), accepted))
        return cls(
            (
                OwnPoint(
                    gpu_count=_whole("gpu_count", gpu_count),
                    load_basis=_basis(load_basis),
                    input_tokens=_figure("input_tokens", input_tokens),
                    output_tokens=answer,
                    output_tokens_per_second=rate,
                    precision=None if precision is None else _text("precision", precision),
                    concurrency=None if concurrency is None else _whole("concurrency", concurrency),
                    time_to_first_token_ms=first,
                    time_per_output_token_ms=each,
                    measured_on=_day(measured_on),
                    engine=_text("engine", engine),
                    engine_version=_text("engine_version", engine_version),
                    source=source,
                    tool="given by the study",
                ),
            )
        )

    @classmethod
    def from_benchmark(
        cls,
        path: str | Path,
        *,
        gpu_count: int | None = None,
        precision: str | None = None,
        load_basis: LoadBasis | None = None,
        measured_on: date | str | None = None,
        engine: str = "",
        engine_version: str = "",
    ) -> Throughput:
        """Return the rates in a benchmark's file; which tool wrote it is seen from its keys.

        Read are vLLM's ``vllm bench serve --save-result``, SGLang's ``bench_serving``, GuideLLM's report, AIPerf's and
        GenAI-Perf's export, and aiconfigurator's tables, which are predictions and are called so.

        Parameters
        ----------
        path : str or Path
            The file.
        gpu_count : int, optional
            GPUs of the deployment that was measured, which only aiconfigurator's files say; of those it picks the
            rows with this count.
        precision, engine, engine_version, measured_on : optional
            As for `measured`; they go before what the file says.
        load_basis : str, optional
            Instead of the one that follows from arrivals and concurrency.

        Raises
        ------
        ScenarioError
            If there is no such file, it is of another format or lacks a key, or ``gpu_count`` is missing; one message.
        """
        found = read_benchmark(path)
        count = None if gpu_count is None else _whole("gpu_count", gpu_count)
        points = found.points
        if count is not None and any(point.gpu_count is not None for point in points):
            points = tuple(point for point in points if point.gpu_count == count)
            if not points:
                known = sorted({point.gpu_count for point in found.points if point.gpu_count is not None})
                accepted = f"one of {', '.join(map(str, known))}, which the file has rows for"
                raise ScenarioError(Problem(f"{path}: gpu_count", str(count), accepted))
        tool = f"{found.tool} {found.tool_version}".strip()
        basis = None if load_basis is None else _basis(load_basis)
        day = _day(measured_on)
        return cls(
            tuple(
                _from_file(
                    point,
                    gpu_count=count,
                    precision=None if precision is None else _text("precision", precision),
                    load_basis=basis,
                    measured_on=day,
                    engine=_text("engine", engine),
                    engine_version=_text("engine_version", engine_version),
                    tool=tool,
                    nature=found.nature,
                )
                for point in points
            )
        )


def _from_file(
    point: BenchmarkPoint,
    *,
    gpu_count: int | None,
    precision: str | None,
    load_basis: LoadBasis | None,
    measured_on: date | None,
    engine: str,
    engine_version: str,
    tool: str,
    nature: Nature,
) -> OwnPoint:
    """Return a file's point, with what was said beside the file."""
    count = point.gpu_count if gpu_count is None else gpu_count
    if count is None:
        accepted = "gpu_count=…, the GPUs of the deployment that was measured"
        raise ScenarioError(Problem(point.place, "no number of GPUs in the file", accepted))
    return OwnPoint(
        gpu_count=count,
        load_basis=point.load_basis if load_basis is None else load_basis,
        input_tokens=point.input_tokens,
        output_tokens=point.output_tokens,
        output_tokens_per_second=point.output_tokens_per_second,
        precision=point.precision if precision is None else precision,
        concurrency=point.concurrency,
        time_to_first_token_ms=point.time_to_first_token_ms,
        time_per_output_token_ms=point.time_per_output_token_ms,
        measured_on=point.measured_on if measured_on is None else measured_on,
        engine=engine or point.engine,
        engine_version=engine_version or point.engine_version,
        source=point.place,
        tool=tool,
        nature=nature,
        overloaded=point.overloaded,
        caveat=point.caveat,
    )


def as_throughput(value: object) -> Throughput | None:
    """Return rates of one's own, alone or in a list; None for a plain number."""
    if isinstance(value, Throughput):
        return value
    if isinstance(value, (list, tuple)) and value and all(isinstance(part, Throughput) for part in value):
        return Throughput(tuple(point for part in value for point in part.points))
    return None


# ---------------------------------------------------------------------- what is accepted


def _figure(name: str, value: object) -> float:
    """Return a figure of a benchmark: one number, no draws."""
    unit, open_low = _UNITS[name]
    number = check_number(value, where=f"throughput:{name}", unit=unit, open_low=open_low)
    if not isinstance(number, float):
        raise ScenarioError(Problem(f"throughput:{name}", "draws or a distribution", f"one number ({unit})"))
    return number


def _text(name: str, value: object) -> str:
    """Return text."""
    if not isinstance(value, str):
        raise ScenarioError(Problem(f"throughput:{name}", repr(value), "text"))
    return value


def _whole(name: str, value: object) -> int:
    """Return a count."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ScenarioError(Problem(f"throughput:{name}", repr(value), "a whole number >= 1"))
    return value


def _basis(value: object) -> LoadBasis:
    """Return a load basis."""
    for known in get_args(LoadBasis):
        if value == known:
            basis: LoadBasis = known
            return basis
    accepted = ", ".join(get_args(LoadBasis))
    remedy = offer(str(value), list(get_args(LoadBasis)))
    raise ScenarioError(Problem("throughput:load_basis", repr(value), f"one of {accepted}", remedy))


def _day(value: object) -> date | None:
    """Return a day, given as one or as text."""
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        accepted = "a date such as 2026-11-03"
        raise ScenarioError(Problem("throughput:measured_on", repr(value), accepted)) from None
