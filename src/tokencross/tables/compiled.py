"""Compiled copies of table files, named by the hash of what they were made from, so that none can be stale."""

from __future__ import annotations

import hashlib
import io
import pickle
from datetime import date
from pathlib import Path

from tokencross.errors import TableError
from tokencross.tables.reading import Document, line_tree, read_document

__all__ = ["COMPILED_FOLDER", "compile_folder", "read_compiled"]

COMPILED_FOLDER = "compiled"
_FORM = 2
"""Number of the layout of a copy; a copy of another layout is not found."""
_DIGEST_BYTES = hashlib.sha256().digest_size
"""A copy begins with the hash of the rest of it."""


def _place(folder: Path, raw: bytes) -> Path:
    """Return where the copy of a file's bytes is kept."""
    return folder / f"{hashlib.sha256(raw).hexdigest()}.{_FORM}"


def compile_folder(tables: Path, folder: Path) -> list[Path]:
    """Write a copy of every table file below ``tables`` into ``folder``, and return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(tables.glob("*/*.yaml")):
        document = read_document(path)
        assert document.root is not None  # read from YAML
        place = _place(folder, path.read_bytes())
        copy = pickle.dumps((document.data, line_tree(document.root)), protocol=5)
        place.write_bytes(hashlib.sha256(copy).digest() + copy)
        written.append(place)
    return written


def read_compiled(path: Path, *, name: str, folder: Path) -> Document | None:
    """Return a table file from its copy; nothing where there is no copy of exactly these bytes."""
    try:
        held = _place(folder, path.read_bytes()).read_bytes()
        digest, copy = held[:_DIGEST_BYTES], held[_DIGEST_BYTES:]
        if hashlib.sha256(copy).digest() != digest:
            return None  # damaged: the YAML says what it should have been
        data, lines = _PlainUnpickler(io.BytesIO(copy)).load()
    except (OSError, ValueError, TypeError, EOFError, pickle.UnpicklingError):
        return None  # absent, or something else than plain data
    return Document(name, TableError, compiled=(data, lines))


class _PlainUnpickler(pickle.Unpickler):
    """Reads plain data and dates, and refuses to import anything else."""

    def find_class(self, module: str, name: str) -> type[date]:
        """Return the one class that plain data has."""
        if (module, name) == ("datetime", "date"):
            return date
        raise pickle.UnpicklingError(f"{module}.{name} in a copy of plain data")
