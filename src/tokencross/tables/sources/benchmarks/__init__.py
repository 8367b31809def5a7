"""Files of serving benchmarks, one module for each tool's format, all giving the same frozen values."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

from tokencross.errors import Problem, ScenarioError
from tokencross.tables.serving_records import LoadBasis, Nature

__all__ = ["TOOLS", "BenchmarkFile", "BenchmarkPoint", "Keys", "engine_of", "failures", "overload", "read_benchmark"]

TOOLS = (
    "the JSON of vLLM's `vllm bench serve --save-result`",
    "the JSON lines of SGLang's `bench_serving`",
    "GuideLLM's benchmarks.json",
    "AIPerf's profile_export_aiperf.json (or GenAI-Perf's)",
    "aiconfigurator's best_config_topn.csv or pareto.csv",
)
"""What is accepted, in words."""

_ENGINES = {
    "sglang": "SGLang",
    "vllm": "vLLM",
    "trt": "TensorRT-LLM",
    "tensorrt": "TensorRT-LLM",
    "lmdeploy": "LMDeploy",
    "tgi": "TGI",
    "llama.cpp": "llama.cpp",
}
_FIRST_KEYS = 8
_SATURATED = 0.9  # of the offered arrivals; a run's ramp and tail alone cost a few per cent


@dataclass(frozen=True)
class BenchmarkPoint:
    """One load level of a benchmark, as its file has it; tokens are the model's own.

    Attributes
    ----------
    load_basis : str
        offline, closed_loop or open_loop_slo.
    input_tokens, output_tokens : float
        Mean of the completed requests. [tokens]
    output_tokens_per_second : float
        Of the whole deployment. [tokens/s]
    concurrency : int or None
        Requests in flight of a closed loop.
    time_to_first_token_ms, time_per_output_token_ms : float or None
        Median of a closed loop; of an open loop the highest percentile that the file has. [ms]
    gpu_count, precision, measured_on : optional
        Where the file says them.
    engine, engine_version : str
        Where the file says them.
    overloaded : bool
        Whether clearly less was served than arrived.
    caveat : str
        What is doubtful about the point.
    place : str
        Where in the file it stands.
    """

    load_basis: LoadBasis
    input_tokens: float
    output_tokens: float
    output_tokens_per_second: float
    concurrency: int | None = None
    time_to_first_token_ms: float | None = None
    time_per_output_token_ms: float | None = None
    gpu_count: int | None = None
    precision: str | None = None
    measured_on: date | None = None
    engine: str = ""
    engine_version: str = ""
    overloaded: bool = False
    caveat: str = ""
    place: str = ""


@dataclass(frozen=True)
class BenchmarkFile:
    """What a benchmark's file holds.

    Attributes
    ----------
    tool, tool_version : str
        What wrote it.
    nature : str
        measured or modelled.
    points : tuple of BenchmarkPoint
        One for each load level.
    """

    tool: str
    tool_version: str
    nature: Nature
    points: tuple[BenchmarkPoint, ...]


@dataclass(frozen=True)
class Keys:
    """Nested data of a file, whose missing or odd keys become one message that names the place."""

    where: str
    data: dict[str, object]
    tool: str

    def has(self, *path: str) -> bool:
        """Return whether there is something at a path."""
        return self._at(path) is not None

    def within(self, *path: str) -> Keys:
        """Return the mapping at a path, which has to be there."""
        found = self._at(path)
        if not isinstance(found, dict):
            self._lacks(path)
        return Keys(f"{self.where}: {'.'.join(path)}", found, self.tool)

    def listed(self, key: str) -> list[Keys]:
        """Return the mappings of a list, which has to be there."""
        found = self.data.get(key)
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            self._lacks((key,))
        return [Keys(f"{self.where}: {key}[{index}]", entry, self.tool) for index, entry in enumerate(found)]

    def text(self, *path: str) -> str:
        """Return text at a path; empty where there is none."""
        found = self._at(path)
        return found if isinstance(found, str) else ""

    def number(self, *path: str, above: float | None = None) -> float:
        """Return the finite number at a path, which has to be there and, where said, lie above a bound."""
        value = self.maybe(*path)
        if value is None:
            self._lacks(path)
        if above is not None and value <= above:
            place = f"{self.where}: {'.'.join(path)}"
            raise ScenarioError(Problem(place, f"{value:g}", f"a number above {above:g}", "Nothing was served."))
        return value

    def maybe(self, *path: str) -> float | None:
        """Return the finite number at a path; None where there is none."""
        found = self._at(path)
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not math.isfinite(found):
            return None
        return float(found)

    def first(self, *names: str) -> float | None:
        """Return the first of several keys that holds a number."""
        return next((value for name in names if (value := self.maybe(name)) is not None), None)

    def _at(self, path: Sequence[str]) -> object:
        found: object = self.data
        for step in path:
            if not isinstance(found, dict):
                return None
            found = found.get(step)
        return found

    def _lacks(self, path: Sequence[str]) -> NoReturn:
        accepted = f"a report of {self.tool} with it"
        remedy = "The file is cut short, or of a version whose format is another."
        raise ScenarioError(Problem(self.where, f"no usable key {'.'.join(path)!r}", accepted, remedy))


def engine_of(backend: str) -> str:
    """Return the engine that a client's backend is named after; empty for a plain OpenAI-compatible one."""
    return next((engine for start, engine in _ENGINES.items() if backend.lower().startswith(start)), "")


def failures(failed: float | None, completed: float) -> str:
    """Return what has to be said about requests that failed."""
    if not failed or failed <= 0.0:
        return ""
    return f"{failed:,.0f} of {failed + completed:,.0f} requests failed and are not counted."


def overload(served: float | None, arriving: float | None) -> str:
    """Return what has to be said where clearly fewer requests were served than arrived. [requests/s]"""
    if served is None or arriving is None or not math.isfinite(arriving) or served >= _SATURATED * arriving:
        return ""
    return f"It served {served:.3g} of the {arriving:.3g} requests a second that arrived: it was overloaded."


def read_benchmark(path: str | Path) -> BenchmarkFile:
    """Return what a benchmark's file says, whichever tool wrote it.

    Raises
    ------
    ScenarioError
        If there is no such file, it is empty, of a format that is not known here, or lacks a key; one message, which
        names the file and what is accepted.
    """
    file = Path(path)
    text = _text(file)
    if not text.strip():
        _refuse(str(file), "an empty file")
    if file.suffix.lower() == ".csv":
        from tokencross.tables.sources.benchmarks import aiconfigurator

        return aiconfigurator.read(text, file)
    records = _records(text, file)
    readers = {id(read): read for read in (_reader(record, where) for where, record in records)}
    if len(readers) > 1:
        _refuse(str(file), "lines of different tools")
    (read,) = readers.values()
    return read(records)


def _text(file: Path) -> str:
    """Return a file's text; a mistake is one message."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error)).lower()
    except UnicodeDecodeError:
        found = "a file that is no text"
    _refuse(str(file), found)


def _refuse(where: str, found: str) -> NoReturn:
    remedy = "Or give the figures yourself: tc.Throughput.measured(…)."
    raise ScenarioError(Problem(where, found, f"one of: {'; '.join(TOOLS)}", remedy))


def _records(text: str, file: Path) -> list[tuple[str, dict[str, object]]]:
    """Return the JSON objects of a file, the whole of it or one on each line, with their places."""
    try:
        whole = [(str(file), json.loads(text))]
    except (json.JSONDecodeError, RecursionError):
        whole = _lines(text, file)
    for where, record in whole:
        if not isinstance(record, dict):
            _refuse(where, f"JSON that is a {type(record).__name__}, not an object")
    return whole


def _lines(text: str, file: Path) -> list[tuple[str, dict[str, object]]]:
    """Return the objects of a file with JSON on each line."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                found.append((f"{file}:{number}", json.loads(line)))
            except (json.JSONDecodeError, RecursionError):
                _refuse(f"{file}:{number}", "text that is neither JSON nor JSON lines")
    return found


Read = Callable[[list[tuple[str, dict[str, object]]]], BenchmarkFile]


def _reader(record: dict[str, object], where: str) -> Read:
    """Return the reader of the tool that wrote a record, told by the keys that only it writes."""
    from tokencross.tables.sources.benchmarks import aiperf, bench_serve, guidellm

    if isinstance(record.get("benchmarks"), list):
        return guidellm.read
    if any(isinstance(record.get(key), dict) for key in ("output_token_throughput", "request_latency")):
        return aiperf.read
    if "total_output_tokens_retokenized" in record:
        return bench_serve.read_sglang
    if "total_token_throughput" in record or {"completed", "request_throughput"} <= record.keys():
        return bench_serve.read_vllm
    keys = list(record)
    shown = ", ".join(keys[:_FIRST_KEYS]) + (", …" if len(keys) > _FIRST_KEYS else "")
    _refuse(where, f"JSON of no known tool, with the keys {shown}" if keys else "an empty JSON object")
