"""A record as it was written, with its place in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from tokencross.tables.reading import Document, Plain
from tokencross.tables.strict import StrictRecord, parse_record

__all__ = ["Located", "names_of", "records_in"]

RecordT = TypeVar("RecordT", bound=StrictRecord)


@dataclass(frozen=True)
class Located:
    """A record as it was written, and where; with what an overlay says instead.

    Attributes
    ----------
    document, path : Document and key path
        Where the record stands.
    data : dict
        Its keys, those of the overlay among them.
    over : Located, optional
        The overlay's part of it.
    """

    document: Document
    path: tuple[str | int, ...]
    data: dict[str, Plain]
    over: Located | None = None

    def parse(self, kind: type[RecordT]) -> RecordT:
        """Return the record, checked."""
        if self.over is not None:  # the overlay is who can be wrong here: its mistakes carry its name
            return parse_record(kind, self.data, self.over.document, self.over.path)
        return parse_record(kind, self.data, self.document, self.path)

    def location(self, *steps: str | int) -> str:
        """Return file and line of a part of the record."""
        if self.over is not None and (not steps or steps[0] in self.over.data):
            return f"{self.over.location(*steps)}, over {self.document.name}:{self.document.line(self.path)}"
        return f"{self.document.name}:{self.document.line((*self.path, *steps))}"

    def merged(self, over: Located) -> Located:
        """Return the record with the keys of an overlay in place of its own; its id stays."""
        own = {"id": self.data["id"]} if "id" in self.data else {}
        return replace(self, data={**self.data, **over.data, **own}, over=over)


def names_of(record: Located) -> list[str]:
    """Return a record's id and aliases."""
    aliases = record.data.get("aliases", ())
    spelled = aliases if isinstance(aliases, tuple) else ()
    return [str(name) for name in (record.data.get("id"), *spelled) if name is not None]


def records_in(document: Document, path: tuple[str | int, ...], data: Mapping[str, Plain], key: str) -> list[Located]:
    """Return the records that stand under a key."""
    entries = data.get(key)
    if not isinstance(entries, tuple):
        raise document.problem((*path, key), f"no list {key!r}", f"a list of {key}")
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise document.problem((*path, key, index), repr(entry), "a mapping of keys to values")
    return [Located(document, (*path, key, index), entry) for index, entry in enumerate(entries)]
