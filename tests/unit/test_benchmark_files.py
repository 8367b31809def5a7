"""Files of serving benchmarks: what is read from each tool's, and what is said where nothing can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tokencross.errors import ScenarioError, TokencrossError
from tokencross.options.own_rate import Throughput, as_throughput
from tokencross.tables.sources.benchmarks import TOOLS, BenchmarkPoint, read_benchmark

FILES = Path(__file__).resolve().parents[1] / "benchmark_files"
ACCEPTED = f"accepted: one of: {'; '.join(TOOLS)}."


def points(name: str) -> tuple[BenchmarkPoint, ...]:
    """Return the points of a sample file."""
    return read_benchmark(FILES / name).points


def changed(tmp_path: Path, name: str, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return a copy of a sample file of one object, changed."""
    record = json.loads((FILES / name).read_text(encoding="utf-8"))
    change(record)
    path = tmp_path / name
    path.write_text(json.dumps(record), encoding="utf-8")
    return path


def message(path: Path) -> str:
    """Return the error for a file."""
    with pytest.raises(TokencrossError) as caught:
        read_benchmark(path)
    return str(caught.value)


# ---------------------------------------------------------------------- what is read


def test_vllm_under_a_concurrency_cap() -> None:
    """320 requests of 3,000 in and 400 out in 141 s, 32 in flight."""
    (found,) = points("vllm.json")
    assert found.load_basis == "closed_loop"
    assert (found.input_tokens, found.output_tokens, found.concurrency) == (3_000, 400, 32)
    assert found.output_tokens_per_second == pytest.approx(320 * 400 / 141)
    assert (found.time_to_first_token_ms, found.time_per_output_token_ms) == (950, 33)  # the medians
    assert (found.measured_on, found.engine, found.caveat) == (date(2026, 11, 3), "vLLM", "")


def test_vllm_with_everything_queued_counts_what_succeeded() -> None:
    """12 of 1,000 failed: means and rate are of the 988 that did not."""
    (found,) = points("vllm-offline.json")
    assert (found.load_basis, found.concurrency) == ("offline", None)
    assert (found.input_tokens, found.output_tokens) == (1_000, 1_000)
    assert found.output_tokens_per_second == pytest.approx(988 * 1_000 / 250)
    assert (found.time_to_first_token_ms, found.time_per_output_token_ms) == (None, None)  # they waited in the queue
    assert found.caveat == "12 of 1,000 requests failed and are not counted."


def test_vllm_appends_one_object_to_a_line() -> None:
    found = points("vllm-appended.json")
    assert [(p.input_tokens, p.output_tokens) for p in found] == [(3_000, 400), (1_000, 1_000), (8_000, 200)]
    assert [p.place.rpartition(":")[2] for p in found] == ["1", "2", "3"]


def test_arrivals_over_time_are_an_open_loop_with_high_percentiles() -> None:
    slow, _, drowned = points("vllm-rates.json")
    assert [p.load_basis for p in points("vllm-rates.json")] == ["open_loop_slo"] * 3
    assert slow.time_to_first_token_ms == 410 * 2.5
    assert slow.time_per_output_token_ms == pytest.approx(27 * 1.4)
    assert (slow.overloaded, drowned.overloaded) == (False, True)
    assert drowned.caveat == "It served 3.17 of the 4 requests a second that arrived: it was overloaded."


def test_sglang_offline_capped_and_open() -> None:
    offline, capped, arriving = points("sglang.jsonl")
    assert [p.load_basis for p in (offline, capped, arriving)] == ["offline", "closed_loop", "open_loop_slo"]
    assert offline.output_tokens_per_second == pytest.approx(1_000 * 1_000 / 240)
    assert (capped.concurrency, capped.time_per_output_token_ms) == (64, 28.0)
    assert arriving.time_to_first_token_ms == pytest.approx(260 * 2.2)
    assert (offline.engine, offline.engine_version, offline.measured_on) == ("SGLang", "0.5.4", None)


def test_guidellm_has_a_benchmark_for_each_level() -> None:
    one, queued, slow, _, drowning, capped = points("guidellm.json")
    assert (one.load_basis, one.concurrency) == ("closed_loop", 1)
    assert (queued.load_basis, queued.time_to_first_token_ms) == ("offline", None)
    assert (slow.load_basis, drowning.load_basis) == ("open_loop_slo", "open_loop_slo")
    assert (capped.load_basis, capped.concurrency) == ("closed_loop", 64)
    assert (one.input_tokens, one.output_tokens) == (1_024, 250)
    assert queued.output_tokens_per_second == pytest.approx(21 * 250)
    assert queued.caveat == "3 of 303 requests failed and are not counted."
    # without the wait for the first token, which GuideLLM's own time per output token spreads over the answer
    assert (capped.time_to_first_token_ms, capped.time_per_output_token_ms) == (160, 18.8)
    assert slow.time_to_first_token_ms == 95 * 2
    assert read_benchmark(FILES / "guidellm.json").tool_version == "0.5.3"


@pytest.mark.parametrize(
    ("name", "basis", "flight", "first", "each"),
    [
        ("aiperf.json", "closed_loop", 32, 180.0, 22.0),
        ("aiperf-rate.json", "open_loop_slo", None, 410.0, 29.0),
        ("genai-perf.json", "closed_loop", 32, 180.0, 22.0),
    ],
)
def test_aiperf_and_genai_perf(name: str, basis: str, flight: int | None, first: float, each: float) -> None:
    (found,) = points(name)
    assert (found.load_basis, found.concurrency) == (basis, flight)
    assert (found.input_tokens, found.output_tokens) == (1_024, 256)
    assert found.output_tokens_per_second == 5 * 256
    assert (found.time_to_first_token_ms, found.time_per_output_token_ms) == (first, each)


def test_aiperf_counts_failures_and_knows_its_day() -> None:
    (found,) = points("aiperf.json")
    assert found.measured_on == date(2026, 11, 5)
    assert found.caveat == "5 of 485 requests failed and are not counted."
    assert points("genai-perf.json")[0].measured_on is None


def test_aiconfigurator_is_modelled() -> None:
    found = read_benchmark(FILES / "aiconfigurator.csv")
    assert found.nature == "modelled"
    assert [(p.gpu_count, p.concurrency) for p in found.points] == [(1, 128), (1, 256), (2, 256)]
    first = found.points[0]
    assert (first.precision, first.engine, first.engine_version) == ("fp8", "TensorRT-LLM", "1.3.0rc20")
    assert (first.output_tokens_per_second, first.time_per_output_token_ms) == (7_278.6, 17.3)
    assert first.caveat.startswith("Modelled, not measured")


def test_doubts_of_a_run_travel(tmp_path: Path) -> None:
    few = changed(tmp_path, "vllm.json", lambda r: r.update(max_concurrency=512))
    assert read_benchmark(few).points[0].caveat == "With 320 requests it never had 512 in flight."
    both = changed(tmp_path, "vllm.json", lambda r: r.update(request_rate=2.0))
    assert read_benchmark(both).points[0].caveat.startswith("Arrivals above 32 in flight waited outside")
    old = changed(tmp_path, "vllm-offline.json", lambda r: r.pop("failed"))
    assert read_benchmark(old).points[0].caveat.startswith("12 of 1,000 requests failed")
    cut = changed(tmp_path, "aiperf.json", lambda r: r.update(was_cancelled=True))
    assert "The run was cancelled before its end." in read_benchmark(cut).points[0].caveat


def test_seconds_are_seconds(tmp_path: Path) -> None:
    wait = {"unit": "s", "avg": 0.2, "p50": 0.19, "p99": 0.4}
    path = changed(tmp_path, "aiperf.json", lambda r: r.update(time_to_first_token=wait))
    assert read_benchmark(path).points[0].time_to_first_token_ms == pytest.approx(190.0)


# ---------------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("empty.json", "", "an empty file"),
        ("blank.csv", " \n\n", "an empty file"),
        ("prose.json", "Successful requests: 320\n", "text that is neither JSON nor JSON lines"),
        ("list.json", "[1, 2]", "JSON that is a list, not an object"),
        ("nothing.json", "{}", "an empty JSON object"),
        (
            "other.json",
            '{"results": {"mmlu": 0.7}, "config": {}}',
            "JSON of no known tool, with the keys results, config",
        ),
        ("other.csv", "model,isl\na,1\n", "a CSV file with the columns model, isl"),
        ("mixed.json", '{"benchmarks": [{}]}\n{"completed": 1, "request_throughput": 2}\n', "lines of different tools"),
    ],
)
def test_what_no_tool_wrote_is_one_message_that_names_the_tools(
    tmp_path: Path, name: str, text: str, found: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    said = message(path)
    assert said.startswith(str(path))
    assert f"found {found}" in said
    assert ACCEPTED in said


def test_no_such_file(tmp_path: Path) -> None:
    assert "found no such file; accepted: one of: the JSON of vLLM's" in message(tmp_path / "none.json")
    assert "found is a directory" in message(tmp_path)
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "found a file that is no text" in message(binary)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("vllm.json", "total_input_tokens"),
        ("vllm.json", "total_output_tokens"),
        ("vllm.json", "output_throughput"),
        ("vllm.json", "request_rate"),
        ("aiperf.json", "input_config"),
        ("aiperf.json", "input_sequence_length"),
        ("aiperf.json", "output_sequence_length"),
    ],
)
def test_a_key_that_is_missing_is_named(tmp_path: Path, name: str, key: str) -> None:
    said = message(changed(tmp_path, name, lambda record: record.pop(key)))
    assert f"found no usable key '{key}" in said
    assert said.endswith("The file is cut short, or of a version whose format is another.")


def test_a_missing_key_of_a_report_is_named_with_its_place(tmp_path: Path) -> None:
    path = changed(tmp_path, "guidellm.json", lambda r: r["benchmarks"][1]["metrics"].pop("prompt_token_count"))
    said = message(path)
    assert "benchmarks[1]: metrics\n  found no usable key 'prompt_token_count.successful.mean'" in said
    path = changed(tmp_path, "guidellm.json", lambda r: r.update(benchmarks=[]))
    assert "found a report without benchmarks" in message(path)


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("vllm.json", {"completed": 0}, "completed\n  found 0; accepted: a number above 0.\n  Nothing was served."),
        ("vllm.json", {"completed": "320"}, "no usable key 'completed'"),
        ("vllm.json", {"output_throughput": float("nan")}, "no usable key 'output_throughput'"),
        ("vllm.json", {"request_rate": 0}, "request_rate\n  found 0; accepted: a number above 0"),
        ("vllm.json", {"ramp_up_strategy": "linear"}, "found a run whose request rate was ramped up"),
        ("aiperf.json", {"time_to_first_token": {"unit": "h", "p50": 1}}, "found 'h'; accepted: one of ms, s, sec"),
        ("aiperf.json", {"input_config": {"phases": []}}, "found 0 measured phases"),
        ("aiperf.json", {"input_config": {"endpoint": {}}}, "found neither a concurrency nor a request rate"),
    ],
)
def test_a_value_that_makes_no_sense(tmp_path: Path, name: str, change: dict[str, Any], found: str) -> None:
    assert found in message(changed(tmp_path, name, lambda record: record.update(change)))


def test_an_unknown_strategy_is_refused(tmp_path: Path) -> None:
    def replay(record: dict[str, Any]) -> None:
        record["benchmarks"][0]["config"]["strategy"] = {"type_": "replay"}

    assert "found the strategy 'replay'; accepted: one of synchronous" in message(
        changed(tmp_path, "guidellm.json", replay)
    )


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("0,1024,1024,64,abc,100,20,1,500", "tokens/s\n  found 'abc'"),
        ("0,1024,1024,64,0,100,20,1,500", "tokens/s\n  found '0'; accepted: a number above 0"),
        ("0,1024", "found fewer cells than columns"),
    ],
)
def test_a_table_with_a_bad_cell(tmp_path: Path, row: str, found: str) -> None:
    path = tmp_path / "pareto.csv"
    path.write_text(f"index,isl,osl,concurrency,tokens/s,ttft,tpot,num_total_gpus,tokens/s/gpu\n{row}\n")
    assert found in message(path)


def test_a_table_without_a_column_or_a_row(tmp_path: Path) -> None:
    path = tmp_path / "pareto.csv"
    path.write_text("isl,osl,tokens/s/gpu\n1,2,3\n")
    assert "found no column 'concurrency'" in message(path)
    path.write_text("isl,osl,concurrency,tokens/s,ttft,tpot,num_total_gpus,tokens/s/gpu\n")
    assert "found a table without rows" in message(path)


# ---------------------------------------------------------------------- as rates of one's own


def test_a_file_needs_the_gpus_that_it_does_not_say() -> None:
    with pytest.raises(ScenarioError) as caught:
        Throughput.from_benchmark(FILES / "vllm.json")
    assert "found no number of GPUs in the file; accepted: gpu_count=…" in str(caught.value)
    own = Throughput.from_benchmark(FILES / "vllm.json", gpu_count=2, precision="fp8", engine_version="0.11.0")
    (point,) = own.points
    assert (point.gpu_count, point.precision, point.engine, point.engine_version) == (2, "fp8", "vLLM", "0.11.0")
    assert (point.tool, point.source) == ("vLLM bench serve", str(FILES / "vllm.json"))


def test_a_table_says_its_gpus_and_a_count_picks_rows() -> None:
    assert {p.gpu_count for p in Throughput.from_benchmark(FILES / "aiconfigurator.csv").points} == {1, 2}
    two = Throughput.from_benchmark(FILES / "aiconfigurator.csv", gpu_count=2)
    assert [p.output_tokens_per_second for p in two.points] == [14_653.4]
    with pytest.raises(ScenarioError, match="found 8; accepted: one of 1, 2, which the file has rows for"):
        Throughput.from_benchmark(FILES / "aiconfigurator.csv", gpu_count=8)


def test_what_is_said_goes_before_the_file() -> None:
    own = Throughput.from_benchmark(
        FILES / "vllm.json", gpu_count=1, measured_on="2026-11-20", load_basis="offline", engine="mine"
    )
    (point,) = own.points
    assert (point.measured_on, point.load_basis, point.engine) == (date(2026, 11, 20), "offline", "mine")


def by_hand(**figures: Any) -> Throughput:
    """Return a measured rate."""
    said = {
        "input_tokens": 1_000,
        "output_tokens": 500,
        "output_tokens_per_second": 2_000,
        "gpu_count": 1,
        "load_basis": "offline",
        "source": "our run",
        **figures,
    }
    return Throughput.measured(**said)


def test_requests_per_second_are_output_over_answer_length() -> None:
    own = by_hand(output_tokens_per_second=None, requests_per_second=4)
    assert own.points[0].output_tokens_per_second == 4 * 500


def test_points_add_up_and_lists_are_points() -> None:
    a, b = by_hand(), by_hand(input_tokens=4_000)
    assert (a + b).points == a.points + b.points
    assert as_throughput([a, b]) == a + b
    assert as_throughput(a) is a
    for number in (1_000.0, np.array([1.0, 2.0]), [1.0, 2.0], [], None):
        assert as_throughput(number) is None
    with pytest.raises(TypeError):
        a + 5  # a rate and a number do not add up


@pytest.mark.parametrize(
    ("figures", "found"),
    [
        ({"output_tokens_per_second": None}, "throughput\n  found neither; accepted: output_tokens_per_second or"),
        ({"requests_per_second": 1}, "throughput\n  found both; accepted: output_tokens_per_second or"),
        (
            {"output_tokens_per_second": 0},
            "throughput:output_tokens_per_second\n  found 0; accepted: a finite number >",
        ),
        ({"output_tokens": -1}, "throughput:output_tokens\n  found -1"),
        ({"input_tokens": np.array([1.0, 2.0])}, "throughput:input_tokens\n  found draws or a distribution"),
        ({"gpu_count": 0}, "throughput:gpu_count\n  found 0; accepted: a whole number >= 1"),
        ({"gpu_count": True}, "throughput:gpu_count\n  found True"),
        ({"concurrency": 1.5}, "throughput:concurrency\n  found 1.5; accepted: a whole number >= 1"),
        ({"load_basis": "closed"}, "throughput:load_basis\n  found 'closed'; accepted: one of offline, closed_loop"),
        ({"measured_on": "November"}, "throughput:measured_on\n  found 'November'; accepted: a date such as"),
        ({"source": " "}, "throughput:source\n  found ' '; accepted: where the figure is from"),
        ({"precision": 8}, "throughput:precision\n  found 8; accepted: text"),
        ({"time_per_output_token_ms": 0}, "throughput:time_per_output_token_ms\n  found 0"),
    ],
)
def test_a_measured_rate_that_is_none(figures: dict[str, Any], found: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        by_hand(**figures)
    assert found in str(caught.value)
