"""Run a notebook top to bottom; say where it fails, or where it was committed with outputs."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

_SECONDS = 120


def main(name: str) -> int:
    """Return 0 when every cell runs and none was committed with outputs."""
    path = Path(name)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    stale = [index for index, cell in enumerate(notebook.cells) if cell.get("outputs") or cell.get("execution_count")]
    if stale:
        print(f"{path}: cells {stale} have outputs; clear them before committing", file=sys.stderr)
        return 1
    client = NotebookClient(notebook, timeout=_SECONDS, resources={"metadata": {"path": str(path.parent)}})
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    print(f"{path}: {len(notebook.cells)} cells ran")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
