"""aiconfigurator's tables, best_config_topn.csv and pareto.csv: deployments that it predicts, none measured."""

from __future__ import annotations

from pathlib import Path

from tokencross.errors import Problem, ScenarioError
from tokencross.tables.sources.benchmarks import TOOLS, BenchmarkFile, BenchmarkPoint
from tokencross.tables.sources.catalog import CsvTable, read_csv

__all__ = ["read"]

_TOOL = "aiconfigurator"
_NEEDED = ("isl", "osl", "concurrency", "tokens/s", "ttft", "tpot", "num_total_gpus")
_PRECISIONS = {
    "bfloat16": "bf16",
    "float16": "fp16",
    "fp8": "fp8",
    "fp8_block": "fp8",
    "fp8_static": "fp8",
    "int4_wo": "int4",
    "int8_wo": "int8",
    "nvfp4": "nvfp4",
}
_ENGINES = {"trtllm": "TensorRT-LLM", "vllm": "vLLM", "sglang": "SGLang"}
_CAVEAT = "Modelled, not measured; on 24 matched real runs it was 1.22x too fast at the median (0.47x to 3.89x)."


def read(text: str, file: Path) -> BenchmarkFile:
    """Return the rows of a table as points, one for each replica that it describes."""
    table = read_csv(text, file)
    if "tokens/s/gpu" not in table.columns:
        found = f"a CSV file with the columns {', '.join(table.columns[:8]) or 'none'}"
        raise ScenarioError(Problem(str(file), found, f"one of: {'; '.join(TOOLS)}"))
    table.need(_NEEDED, f"{_TOOL}'s table")
    if not table.rows:
        raise ScenarioError(Problem(str(file), "a table without rows", "at least one deployment"))
    return BenchmarkFile(_TOOL, "", "modelled", tuple(_point(table, line, row) for line, row in table.rows))


def _point(table: CsvTable, line: int, row: dict[str, str]) -> BenchmarkPoint:
    """Return a row as a point of a closed loop."""

    def figure(column: str) -> float:
        value = table.number(line, row, column)
        if not value:
            place = f"{table.where}:{line}: {column}"
            raise ScenarioError(Problem(place, repr(row[column]), "a number above 0"))
        return value

    engine = row.get("backend", "").strip()
    return BenchmarkPoint(
        load_basis="closed_loop",
        input_tokens=figure("isl"),
        output_tokens=figure("osl"),
        output_tokens_per_second=figure("tokens/s"),
        concurrency=max(int(figure("concurrency")), 1),
        time_to_first_token_ms=figure("ttft"),
        time_per_output_token_ms=figure("tpot"),
        gpu_count=int(figure("num_total_gpus")),
        precision=_PRECISIONS.get(row.get("gemm", "").strip()),
        engine=_ENGINES.get(engine, engine),
        engine_version=row.get("version", "").strip(),
        caveat=_CAVEAT,
        place=f"{table.where}:{line}",
    )
