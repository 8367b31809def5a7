"""What differs between two versions of the tables: records matched, their rows compared, edits without a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokencross.checks.edits import Mapped, aligned, frozen
from tokencross.checks.rows import Entry, Place, Verdict, differences
from tokencross.errors import Problem
from tokencross.tables.store import FILE_KINDS, Located, Store

__all__ = ["TableDiff", "compare_tables"]


@dataclass(frozen=True)
class TableDiff:
    """What differs between two versions of the tables.

    Attributes
    ----------
    old_version, new_version : str
        Their calendar versions.
    old_hash, new_hash : str
        Their content hashes.
    entries : tuple of Entry
        By kind and file, in the order of the new tables.
    provenance_count : int
        Rows of which only the provenance differs.
    """

    old_version: str
    old_hash: str
    new_version: str
    new_hash: str
    entries: tuple[Entry, ...]
    provenance_count: int

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many entries of each kind there are."""
        return Counter(entry.verdict for entry in self.entries)

    def silent_edits(self) -> tuple[Problem, ...]:
        """Return a problem for every row of the past that was edited or removed without saying why."""
        gone = tuple(
            Problem(
                entry.where,
                f"no {entry.name} any more, which {self.old_version} has",
                "every record that a version has had: results of the past have to come out again",
                "Put it back, and end its last row with `effective_to`.",
            )
            for entry in self.entries
            if entry.verdict == "removed" and not entry.effective_from
        )
        return gone + tuple(
            Problem(
                entry.where,
                f"{', '.join(str(figure) for figure in entry.figures)}, edited since {self.old_version} {entry.reason}",
                "rows of the past as they were, or with a new `correction:` that says why",
                "If the row was wrong, add `correction:` with the reason; if the provider changed its price, restore "
                "the row and append one from the day of the change.",
            )
            for entry in self.entries
            if entry.verdict == "silent edit"
        )


def compare_tables(old: Store, new: Store) -> TableDiff:
    """Return what differs between two versions of the tables; their rows are taken as written, not checked.

    Raises
    ------
    TableError
        If a file that differs is no YAML, or lists no records.
    """
    found = [entry for kind in FILE_KINDS for entry in _kind(kind, old, new)]
    entries = tuple(entry for entry in found if entry.verdict != "provenance")
    provenance = len(found) - len(entries)
    return TableDiff(old.version, old.content_hash, new.version, new.content_hash, entries, provenance)


# ---------------------------------------------------------------------- records


def _kind(kind: str, old: Store, new: Store) -> Iterator[Entry]:
    """Yield what differs in the files of a kind; where a file is no provider's, records may move between files."""
    stems = sorted({path.stem for store in (old, new) for path in store.files(kind)})
    stems = [stem for stem in stems if _raw(old, kind, stem) != _raw(new, kind, stem)]
    if "provider" not in FILE_KINDS[kind][0].model_fields:
        yield from _records(kind, "", stems, old, new)
        return
    for stem in stems:
        if None not in (_raw(old, kind, stem), _raw(new, kind, stem)):
            heads = [_head(store, kind, stem) for store in (old, new)]
            yield from differences(heads[0].data, heads[1].data, Place(f"{kind}/{stem}.yaml", stem, heads[1], old.date))
        yield from _records(kind, f"{stem}/", [stem], old, new)


def _raw(store: Store, kind: str, stem: str) -> bytes | None:
    """Return the bytes of a file; None where there is none."""
    path = store.root / kind / f"{stem}.yaml"
    return path.read_bytes() if path.is_file() else None


def _head(store: Store, kind: str, stem: str) -> Located:
    """Return what a file says besides its records."""
    document = store.document(store.root / kind / f"{stem}.yaml")
    data = document.data if isinstance(document.data, dict) else {}
    return Located(document, (), {key: value for key, value in data.items() if key != FILE_KINDS[kind][1]})


def _records(kind: str, prefix: str, stems: Sequence[str], old: Store, new: Store) -> Iterator[Entry]:
    """Yield what differs in the records of a few files."""
    before, after = (
        [
            (f"{kind}/{stem}.yaml", record)
            for stem in stems
            if _raw(store, kind, stem) is not None
            for record in store.records(kind, store.root / kind / f"{stem}.yaml")
        ]
        for store in (old, new)
    )
    keys = _RUN_KEYS if kind == "throughput" else (_ID,)
    for i, j in aligned([record.data for _, record in before], [record.data for _, record in after], keys):
        file, record = after[j] if j is not None else before[i or 0]
        at = Place(file, prefix + _record_name(record.data), record, old.date)
        if i is None:
            yield at.entry("added")
        elif j is None:
            yield at.entry("removed")
        else:
            yield from differences(before[i][1].data, record.data, at)


def _sharing(*keys: str) -> Callable[[Mapped], Hashable]:
    """Return what makes two records one: that they agree in some keys."""
    return lambda data: tuple(frozen(data.get(key)) for key in keys)


_ID = _sharing("id")
_RUN = ("model", "gpu", "gpu_count", "precision", "engine", "engine_version", "load_basis", "latency_target")
_RUN_KEYS = (  # runs have no id: everything, then what tells them apart, then less of it
    frozen,
    _sharing(*_RUN, "measured_on", "nature", "via"),
    _sharing(*_RUN, "measured_on", "nature"),
    _sharing("model", "gpu", "gpu_count", "points"),
)


def _record_name(data: Mapped) -> str:
    """Return a record's id; a run's model and hardware."""
    if "id" in data:
        return str(data["id"])
    said = [str(data[key]) for key in ("engine", "precision", "measured_on") if data.get(key)]
    return ", ".join([f"{data.get('model')} on {data.get('gpu_count')}x {data.get('gpu')}", *said])
