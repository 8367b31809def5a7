"""How long a cold process takes: import, a study over four table files, the README's first command."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_ROUNDS = 7

STUDY = """
import time
import numpy, pandas, pydantic, yaml
from tokencross.prices import load_prices
from tokencross.study import Study
from tokencross.options.workload import Workload
from tokencross.costs.engineering import Engineering
start = time.perf_counter()
prices = load_prices(as_of="2026-11-21")
study = Study(
    [
        prices.api("anthropic/claude-opus-5-5"),
        prices.api("openai/gpt-6-luna"),
        prices.self_hosted("gpt-oss-120b", instance="lambda/gpu_1x_b200_sxm6", purchase="on_demand",
                           engineering=Engineering.typical()),
    ],
    workload=Workload(input_tokens=3000, output_tokens=400),
)
study.comparison.resolved
print(time.perf_counter() - start)
"""


def _median_seconds(command: list[str]) -> float:
    """Return the median wall time of a command."""
    taken = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def test_import(capsys: pytest.CaptureFixture[str]) -> None:
    bare = _median_seconds([sys.executable, "-c", "pass"])
    loaded = _median_seconds([sys.executable, "-c", "import tokencross"])
    with capsys.disabled():
        print(f"\nimport tokencross: {(loaded - bare) * 1e3:.1f} ms beyond a bare interpreter's {bare * 1e3:.1f} ms")


def test_cold_study(capsys: pytest.CaptureFixture[str]) -> None:
    taken = []
    for _ in range(_ROUNDS):
        done = subprocess.run([sys.executable, "-c", STUDY], check=True, capture_output=True, text=True, cwd=ROOT)
        taken.append(float(done.stdout))
    with capsys.disabled():
        print(f"\na study over its table files, cold, beyond imports: {statistics.median(taken) * 1e3:.0f} ms")


def test_first_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    chart = tmp_path / "crossover.png"
    command = [sys.executable, "-m", "tokencross.cli", "compare", "scenarios/support-chat.yaml", "--chart", str(chart)]
    bare = _median_seconds(
        [sys.executable, "-c", "import numpy, pandas, pydantic, matplotlib.figure, typer, rich.console"]
    )
    taken = _median_seconds(command)
    with capsys.disabled():
        print(f"\nthe README's first command: {taken:.2f} s, of which importing its libraries {bare:.2f} s")
