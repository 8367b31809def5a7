"""How long `tokencross check` of the whole repository takes as a process, beside importing what it needs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_ROUNDS = 5
_BOUND_SECONDS = 5.0

BARE = "import numpy, pydantic, yaml, typer; import tokencross.cli, tokencross.scenario"


def _median_seconds(command: list[str]) -> float:
    """Return the median wall time of a command that ends well."""
    taken = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def test_check_of_the_repository(capsys: pytest.CaptureFixture[str]) -> None:
    bare = _median_seconds([sys.executable, "-c", BARE])
    taken = _median_seconds([sys.executable, "-m", "tokencross.cli", "check"])
    with capsys.disabled():
        print(
            f"\ntokencross check of the repository: {taken:.2f} s (meant to stay below {_BOUND_SECONDS:g} s), "
            f"{taken / bare:.1f} times importing it, {bare:.2f} s"
        )
