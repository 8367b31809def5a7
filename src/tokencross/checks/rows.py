"""What differs between two forms of a record: its rows, one by one, and what each difference is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from tokencross.checks.edits import Figure, Mapped, aligned, frozen, identity, label_of, mappings, plain_edits
from tokencross.tables.reading import Plain
from tokencross.tables.records import Provenance
from tokencross.tables.store import Located

__all__ = ["Entry", "Place", "Verdict", "differences"]

Verdict = Literal[
    "change",
    "came into force",
    "correction",
    "silent edit",
    "earlier row",
    "completion",
    "description",
    "added",
    "removed",
    "provenance",
]
"""What an entry is.

change: a row appended, an announcement revised, or a day still to come moved; came into force: what was announced;
correction: a row of the past edited, or put between others, with a new reason; silent edit: without one; earlier row:
put before all that were there; completion: only keys that were absent; description: keys of what holds rows; added,
removed: a record, or a part of one with its rows; provenance: only where figures come from.
"""

_PROVENANCE = frozenset(Provenance.model_fields)
_ERA = frozenset({"effective_from", "effective_to"})
_UNNAMED = frozenset({"prices", "offers"})


@dataclass(frozen=True)
class Entry:
    """One row, record or description that differs.

    Attributes
    ----------
    verdict : Verdict
        What it is.
    file : str
        Folder and file: ``api/openai.yaml``.
    name : str
        Record and part of it: ``aws/p5.48xlarge[on_demand/us-east-1]``.
    where : str
        File, line and key path in the new tables; in the old ones for what is gone.
    effective_from : str
        Day of the row; empty for one without.
    figures : tuple of Figure
        What differs; for an appended row, from the row before it.
    reason : str
        The correction's text, or what else there is to say.
    """

    verdict: Verdict
    file: str
    name: str
    where: str
    effective_from: str = ""
    figures: tuple[Figure, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Place:
    """Where a part of a record stands.

    Attributes
    ----------
    file : str
        Folder and file: ``api/openai.yaml``.
    name : str
        Record and part of it, in words.
    record : Located
        The record that the part is of.
    since : date
        The day up to which the old tables are known to be right.
    path : key path
        Of the part in the record.
    """

    file: str
    name: str
    record: Located
    since: date
    path: tuple[str | int, ...] = ()

    def into(self, *steps: str | int, named: str = "") -> Place:
        """Return a part of the part."""
        return replace(self, path=(*self.path, *steps), name=self.name + named)

    def entry(
        self, verdict: Verdict, row: Mapped | None = None, figures: tuple[Figure, ...] = (), reason: str = ""
    ) -> Entry:
        """Return the entry for it."""
        where = self.record.document.where((*self.record.path, *self.path))
        day = "" if row is None or "effective_from" not in row else _day(row)
        return Entry(verdict, self.file, self.name, where, day, figures, " ".join(reason.split()))


def _is_row(value: Plain) -> bool:
    return isinstance(value, dict) and ("via" in value or "basis" in value)


def _has_rows(value: Plain) -> bool:
    """Return whether plain data holds rows: mappings that say where they come from."""
    if isinstance(value, dict):
        return _is_row(value) or any(_has_rows(entry) for entry in value.values())
    return isinstance(value, tuple) and any(_has_rows(entry) for entry in value)


def differences(old: Mapped, new: Mapped, at: Place) -> Iterator[Entry]:
    """Yield what differs between two forms of a mapping: its own keys, then the rows within it."""
    nested = [key for key in dict.fromkeys([*old, *new]) if _has_rows(old.get(key)) or _has_rows(new.get(key))]
    before, after = ({key: data[key] for key in data if key not in nested} for data in (old, new))
    if _is_row(old) or _is_row(new):
        yield from _row(before, after, at)
    elif edits := plain_edits(before, after):
        added = all(edit.old is None for edit in edits)
        yield at.entry("completion" if added else "description", None, edits)
    for key in nested:
        yield from _nested(old.get(key), new.get(key), at.into(key, named="" if key in _UNNAMED else f".{key}"))


def _nested(old: Plain, new: Plain, at: Place) -> Iterator[Entry]:
    """Yield what differs under a key that holds rows: one row, eras, or parts with rows of their own."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from differences(old, new, at)
    elif isinstance(old, dict) or isinstance(new, dict):
        yield at.entry("added" if isinstance(new, dict) else "removed")
    else:
        before, after = mappings(old) or (), mappings(new) or ()
        if any("effective_from" in row for row in (*before, *after)):
            yield from _histories(before, after, at)
            return
        for i, j in aligned(before, after, (identity,)):
            entry = after[j] if j is not None else before[i or 0]
            here = at.into(*(() if j is None else (j,)), named=f"[{label_of(entry) or j}]")
            if i is None or j is None:
                yield here.entry("added" if i is None else "removed")
            else:
                yield from differences(before[i], after[j], here)


# ---------------------------------------------------------------------- eras


def _day(row: Mapped) -> str:
    """Return the day from which a row holds; ISO days sort as text."""
    return str(row.get("effective_from", ""))


def _figures(row: Mapped, without: frozenset[str] = frozenset()) -> Mapped:
    """Return what a row says besides where it comes from."""
    return {key: value for key, value in row.items() if key not in _PROVENANCE | without | {"status"}}


def _announced(row: Mapped) -> bool:
    return row.get("status") == "announced"


def _histories(old: Sequence[Mapped], new: Sequence[Mapped], at: Place) -> Iterator[Entry]:
    """Yield what differs between lists of eras: one history, or one for each usage tier."""
    for who, named in {identity(row): label_of(row) for row in (*old, *new)}.items():
        before = [row for row in old if identity(row) == who]
        after = [(index, row) for index, row in enumerate(new) if identity(row) == who]
        yield from _eras(before, after, at.into(named=f"[{named}]" if named else ""))


def _eras(old: Sequence[Mapped], new: Sequence[tuple[int, Mapped]], at: Place) -> Iterator[Entry]:
    """Yield what differs between two forms of a history."""
    rows = [row for _, row in new]
    same = aligned(old, rows, (_day, lambda row: frozen(_figures(row, _ERA))))
    origin = {j: old[i] for i, j in same if i is not None and j is not None}
    for j, (index, row) in enumerate(new):
        here = at.into(index)
        if j in origin:
            yield from differences(origin[j], row, here)
            continue
        edits = plain_edits(_figures(rows[j - 1], _ERA) if j else {}, _figures(row, _ERA))
        said = "announced" if _announced(row) else str(row.get("correction", ""))
        verdict = _verdict_on_new(row, old, reason=said)
        yield here.entry(verdict, row, edits, said or (_missing(row) if verdict == "silent edit" else ""))
    for gone in (old[i] for i, j in same if i is not None and j is None):
        yield _gone(gone, new, origin, at)


def _verdict_on_new(row: Mapped, old: Sequence[Mapped], *, reason: str) -> Verdict:
    """Return what a row is that was not there: one between rows of the past changes the past, and says why."""
    if not old:
        return "added"
    if _day(row) > max(_day(before) for before in old):
        return "change"
    if _day(row) < min(_day(before) for before in old):
        return "earlier row"
    return "correction" if reason else "silent edit"


def _gone(row: Mapped, new: Sequence[tuple[int, Mapped]], origin: Mapping[int, Mapped], at: Place) -> Entry:
    """Return the entry for an era that is no more; the row that now holds on its day has to say why."""
    edits = plain_edits({"effective_from": row.get("effective_from"), **_figures(row)}, None)
    if _announced(row):
        return at.entry("change", row, edits, "announced, and withdrawn")
    if not new:
        return at.entry("removed", row, edits)
    holder = max((k for k, (_, later) in enumerate(new) if _day(later) <= _day(row)), default=0)
    index, now = new[holder]
    reason = _new_reason(origin.get(holder, {}), now)
    verdict: Verdict = "correction" if reason else "silent edit"
    return at.into(index).entry(verdict, row, edits, reason or _missing(now))


def _row(old: Mapped, new: Mapped, at: Place) -> Iterator[Entry]:
    """Yield what differs between two forms of a row, if anything does."""
    edits = plain_edits(_figures(old), _figures(new))
    if _announced(new) and not _announced(old):
        edits += (Figure("status", "in_force", "announced"),)
    if _announced(old) and not _announced(new):
        yield at.entry("came into force", new, edits)
    elif not edits:
        if plain_edits(old, new):
            yield at.entry("provenance", new)
    elif _announced(old):
        yield at.entry("change", new, edits, "announcement revised")
    else:
        yield _edited(old, new, edits, at)


def _edited(old: Mapped, new: Mapped, edits: tuple[Figure, ...], at: Place) -> Entry:
    """Return the entry for a row with edits: of what was to come, of what was unknown, or of the past."""
    past = [edit for edit in edits if not _to_come(edit, at.since)]
    if not past:
        return at.entry("change", new, edits)
    if all(edit.old is None and edit.key != "effective_to" for edit in past):
        return at.entry("completion", new, edits)
    reason = _new_reason(old, new)
    return at.entry("correction" if reason else "silent edit", new, edits, reason or _missing(new))


def _to_come(edit: Figure, since: date) -> bool:
    """Return whether an edit moves a day that was to come after the old tables, or sets the end of a row there."""
    if edit.old is None:
        return edit.key == "effective_to" and str(edit.new) > since.isoformat()
    days = [str(day) for day in (edit.old, edit.new) if day is not None]
    return isinstance(edit.old, date) and min(days) > since.isoformat()


def _new_reason(old: Mapped, new: Mapped) -> str:
    """Return the text of a correction that the old row did not have."""
    said = str(new.get("correction", "")).strip()
    return "" if said == str(old.get("correction", "")).strip() else said


def _missing(row: Mapped) -> str:
    return "with the `correction:` that it had" if row.get("correction") else "without a `correction:`"
