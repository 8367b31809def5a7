"""Tables of one's own that come before a folder's: negotiated prices, own instances.

The file's keys are the folders' names (``api``, ``compute``, …); each lists what files there hold. A record whose id
the folder knows replaces the keys that it gives; any other is added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tokencross.errors import TableError, offer
from tokencross.tables.kinds import FILE_KINDS, PROVIDER_KINDS
from tokencross.tables.located import Located, names_of, records_in
from tokencross.tables.reading import Document, Plain, read_document
from tokencross.tables.strict import parse_record

__all__ = ["OWN_STEM", "Overlay", "read_overlay"]

OWN_STEM = "overlay"
"""The file that records of a kind without providers seem to stand in."""


@dataclass(frozen=True, eq=False)
class Overlay:
    """A file of one's own records, by kind and provider.

    Attributes
    ----------
    path : Path
        The file.
    document : Document
        What it says.
    """

    path: Path
    document: Document

    @cached_property
    def _entries(self) -> dict[tuple[str, str], tuple[tuple[str | int, ...], dict[str, Plain]]]:
        """What stands for each file: its place and its keys."""
        data = self.document.data
        assert isinstance(data, dict)  # read_document refuses anything else
        found: dict[tuple[str, str], tuple[tuple[str | int, ...], dict[str, Plain]]] = {}
        for kind, entries in data.items():
            if kind not in FILE_KINDS:
                accepted = f"one of {', '.join(sorted(FILE_KINDS))}"
                raise self.document.problem((kind,), "an unknown kind of table", accepted, offer(kind, [*FILE_KINDS]))
            if not isinstance(entries, tuple):
                raise self.document.problem((kind,), repr(entries), "a list, an entry for each provider")
            for index, entry in enumerate(entries):
                place = (kind, index)
                if not isinstance(entry, dict):
                    raise self.document.problem(place, repr(entry), "a mapping of keys to values")
                stem = self._stem(kind, place, entry)
                if (kind, stem) in found:
                    raise self.document.problem(place, f"{stem!r} again", "one entry for each provider")
                found[kind, stem] = (place, entry)
        return found

    def _stem(self, kind: str, place: tuple[str | int, ...], entry: dict[str, Plain]) -> str:
        """Return the name of the file that an entry stands for."""
        if kind not in PROVIDER_KINDS:
            return OWN_STEM
        provider = entry.get("provider")
        if not isinstance(provider, str) or not provider or "/" in provider:
            raise self.document.problem((*place, "provider"), repr(provider), "a provider's id, as in provider/model")
        return provider

    def stems(self, kind: str) -> Iterable[str]:
        """Return the names of the files that it has records for."""
        return (stem for own, stem in self._entries if own == kind)

    def entry(self, kind: str, stem: str) -> dict[str, Plain]:
        """Return what stands for a file; nothing where it has none."""
        return self._entries.get((kind, stem), ((), {}))[1]

    def mentions(self, word: str) -> bool:
        """Return whether the file has a word in it at all."""
        return word in self._text

    @cached_property
    def _text(self) -> str:
        """The file as it is."""
        return self.path.read_text(encoding="utf-8")

    def records(self, kind: str, stem: str) -> list[Located]:
        """Return its records for a file."""
        place, entry = self._entries.get((kind, stem), ((), {}))
        return records_in(self.document, place, entry, FILE_KINDS[kind][1]) if entry else []

    def over(self, own: list[Located], kind: str, stem: str) -> list[Located]:
        """Return a file's records with the overlay's keys in those that it knows, by id or alias."""
        ours = {name: record for record in self.records(kind, self._own_stem(kind, stem)) if (name := _id_of(record))}
        found = []
        for record in own:
            meant = {id(ours[name]): ours[name] for name in names_of(record) if name in ours}
            over, *again = [*meant.values(), None]
            if over is not None and again != [None]:
                first, second = list(meant.values())[:2]
                found_twice = f"{_id_of(second)!r}, the same model as {_id_of(first)!r} at {first.location()}"
                raise self.document.problem(second.path, found_twice, "one record for each")
            found.append(record if over is None else record.merged(over))
        return found

    def added(self, known: set[str], kind: str, stem: str) -> list[Located]:
        """Return the overlay's records whose ids are none of the known names."""
        return [record for record in self.records(kind, stem) if _id_of(record) not in known]

    @staticmethod
    def _own_stem(kind: str, stem: str) -> str:
        return stem if kind in PROVIDER_KINDS else OWN_STEM

    def listed(self, kind: str, stem: str, key: str) -> list[Located]:
        """Return the entries of another list than the records in what stands for a file."""
        place, entry = self._entries[kind, stem]
        return records_in(self.document, place, entry, key)

    def check(self) -> None:
        """Refuse what no file of its kind may say besides records, and a record that stands twice."""
        for (kind, stem), (place, entry) in self._entries.items():
            file, key = FILE_KINDS[kind]
            needed = {name: stem for name, field in file.model_fields.items() if field.is_required()}
            parse_record(file, {**needed, **entry, key: ()}, self.document, place)
            seen: dict[str, Located] = {}
            for record in self.records(kind, stem):
                name = _id_of(record)
                if name in seen:
                    found = f"{name!r} again, as at {seen[name].location()}"
                    raise self.document.problem(record.path, found, "each id once")
                if name:
                    seen[name] = record


def _id_of(record: Located) -> str:
    """Return a record's id; empty for one without."""
    return str(record.data.get("id", ""))


def read_overlay(path: Path) -> Overlay:
    """Return a file of one's own records.

    Raises
    ------
    TableError
        If it cannot be read, or says something else than tables.
    """
    overlay = Overlay(path, read_document(path, error=TableError))
    overlay.check()
    return overlay
