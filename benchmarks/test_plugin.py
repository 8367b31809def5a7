"""What the pytest plugin costs a run that has nothing to do with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_BOUND_MS = 10
_RUNS = """
import contextlib, io, statistics, sys, time
import pytest

def seconds(*options):
    for name in [name for name in sys.modules if name.partition(".")[0] == "tokencross"]:
        del sys.modules[name]
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        assert pytest.main(["-q", "-p", "no:cacheprovider", *options, "empty"]) == 0
    return time.process_time() - start

without = ("-p", "no:tokencross")
seconds(), seconds(*without)
pairs = [(seconds(), seconds(*without)) for _ in range(41)]  # by turns: what else the machine does falls on both
print(statistics.median(loaded - bare for loaded, bare in pairs))
"""
_COLD = """
import time
start = time.perf_counter()
import pytest
pytest.main(["-q", "-p", "no:cacheprovider", "empty"])
print(time.perf_counter() - start)
"""
_LISTED = """
import importlib.metadata, statistics, time
taken = []
for _ in range(21):
    start = time.process_time()
    files = [str(file) for file in importlib.metadata.distribution("tokencross").files or ()]
    taken.append(time.process_time() - start)
print(len(files), statistics.median(taken))
"""


def _figures(script: str, folder: Path) -> list[float]:
    """Return the figures on the last line that a script prints; modules are compiled, as users have them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONDONTWRITE"))}
    environment = {**kept, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder, env=environment)
    return [float(word) for word in done.stdout.splitlines()[-1].split()]


def test_overhead_of_an_empty_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    (beyond,) = _figures(_RUNS, tmp_path)
    whole = min(_figures(_COLD, tmp_path)[0] for _ in range(3))
    count, listed = _figures(_LISTED, tmp_path)
    with capsys.disabled():
        print(
            f"\nthe pytest plugin in an empty run: {beyond * 1e3:.1f} ms to import and to call (bound {_BOUND_MS} ms)"
            f" of the run's {whole * 1e3:.0f} ms; pytest itself lists the {count:.0f} files of the distribution:"
            f" {listed * 1e3:.1f} ms more"
        )
