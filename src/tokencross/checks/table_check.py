"""Pricing tables as something that is checked: which ones they are, or every mistake in them."""

from __future__ import annotations

from pathlib import Path

from tokencross.checks.outcome import Outcome
from tokencross.errors import Problem, TableError
from tokencross.tables.kinds import FILE_KINDS
from tokencross.tables.store import Store, bundled_store, open_store
from tokencross.tables.strict import parse_record

__all__ = ["check_overlay", "check_tables"]

_HASH_DIGITS = 12


def check_tables(folder: Path | None) -> Outcome:
    """Return which tables a folder holds, once every record of it is seen to be right.

    Parameters
    ----------
    folder : Path, optional
        None for the bundled tables, whose records were checked before they were packaged: they are hashed only.

    Raises
    ------
    TableError
        With every mistake in the folder.
    """
    store = bundled_store()
    if folder is None:
        return _loaded(store, "bundled tables")
    if folder.resolve() != store.root.resolve():
        store = open_store(folder)
    try:
        store.check()
    except TableError as error:
        raise _all_of(store, error) from None
    return _loaded(store, folder.as_posix())


def _loaded(store: Store, file: str) -> Outcome:
    """Return which tables were loaded."""
    count = len(store.all_files())
    name = f"tables {store.version} ({store.content_hash[:_HASH_DIGITS]})"
    return Outcome("tables", file, 1, name, passed=True, lines=(f"{count} file{'s' if count > 1 else ''}",))


def check_overlay(overlay: Path, folder: Path | None) -> Outcome:
    """Return over which tables an overlay lies, once every record that it changes or adds is seen to be right.

    Raises
    ------
    TableError
        At the first record with mistakes.
    """
    store = open_store(folder, overlay)
    together = f"over tables {store.version} (together {store.content_hash[:_HASH_DIGITS]})"
    return Outcome("tables", overlay.as_posix(), 1, together, passed=True)


def _all_of(store: Store, first: TableError) -> TableError:
    """Return the mistakes of every file: a check stops at the first file that has any."""
    problems: dict[Problem | str, None] = dict.fromkeys(first.problems)
    for path in store.all_files():
        try:
            document = store.document(path)
            parse_record(FILE_KINDS[path.parent.name][0], document.data, document)
        except TableError as error:
            problems |= dict.fromkeys(error.problems)
    return TableError(*problems)
