"""A folder of pricing tables: which files it has, each parsed when something in it is first asked for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from tokencross.errors import Problem, ResolveError, TableError, offer
from tokencross.tables.api_records import ApiFile
from tokencross.tables.compute_records import ComputeFile, ProvisionedFile
from tokencross.tables.reading import Document, Plain, read_document
from tokencross.tables.serving_records import HardwareFile, ModelsFile, ThroughputFile, TokenizersFile
from tokencross.tables.strict import StrictRecord, parse_record
from tokencross.tables.tuning_records import TuningFile

__all__ = ["FILE_KINDS", "Located", "Store", "bundled_store", "open_store"]

RecordT = TypeVar("RecordT", bound=StrictRecord)

FILE_KINDS: dict[str, tuple[type[StrictRecord], str]] = {
    "api": (ApiFile, "models"),
    "compute": (ComputeFile, "instances"),
    "hardware": (HardwareFile, "gpus"),
    "models": (ModelsFile, "models"),
    "provisioned": (ProvisionedFile, "models"),
    "throughput": (ThroughputFile, "runs"),
    "tokenizers": (TokenizersFile, "tokenizers"),
    "tuning": (TuningFile, "models"),
}
"""Folder, what a file in it is, and the key under which it lists its records."""

_REFERENCES = {"tokenizer": "tokenizers", "gpu": "hardware", "model": "models"}

_VERSION_FORM = re.compile(r"(\d{4})\.(\d{2})\.(\d{2})(?:\.\d+)?")


@dataclass(frozen=True)
class Located:
    """A record as it was written, and where."""

    document: Document
    path: tuple[str | int, ...]
    data: dict[str, Plain]

    def parse(self, kind: type[RecordT]) -> RecordT:
        """Return the record, checked."""
        return parse_record(kind, self.data, self.document, self.path)

    def location(self, *steps: str | int) -> str:
        """Return file and line of a part of the record."""
        return f"{self.document.name}:{self.document.line((*self.path, *steps))}"


@dataclass(frozen=True, eq=False)
class Store:
    """A folder of tables.

    Attributes
    ----------
    root : Path
        The folder.
    name : str
        How messages and citations name it.
    """

    root: Path
    name: str
    _documents: dict[Path, Document] = field(default_factory=dict, repr=False)
    _texts: dict[Path, str] = field(default_factory=dict, repr=False)

    @cached_property
    def version(self) -> str:
        """The calendar version of the tables."""
        path = self.root / "VERSION"
        try:
            text = path.read_text(encoding="utf-8").strip()
        except OSError:
            accepted = "a folder with a file VERSION such as 2026.11.21"
            raise TableError(Problem(str(self.root), "no file VERSION", accepted)) from None
        if not _VERSION_FORM.fullmatch(text):
            raise TableError(
                Problem(f"{self.name}/VERSION:1", repr(text[:40]), "a calendar version such as 2026.11.21")
            )
        return text

    @cached_property
    def date(self) -> date:
        """The tables' own date: the day up to which they are known to be right."""
        found = _VERSION_FORM.fullmatch(self.version)
        assert found is not None  # checked by `version`
        try:
            return date(*(int(part) for part in found.groups()))
        except ValueError:
            accepted = "a calendar version such as 2026.11.21"
            raise TableError(Problem(f"{self.name}/VERSION:1", repr(self.version), accepted)) from None

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of every table file's path and bytes: two books of one hash give the same results."""
        digest = hashlib.sha256()
        for path in [self.root / "VERSION", *self.all_files()]:
            digest.update(path.relative_to(self.root).as_posix().encode() + b"\0")
            digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
        return digest.hexdigest()

    def files(self, kind: str) -> list[Path]:
        """Return the table files of a kind, sorted."""
        return sorted((self.root / kind).glob("*.yaml"))

    def all_files(self) -> list[Path]:
        """Return every table file, sorted."""
        return [path for kind in sorted(FILE_KINDS) for path in self.files(kind)]

    def document(self, path: Path) -> Document:
        """Return a file, parsed once."""
        if path not in self._documents:
            name = f"{self.name}/{path.relative_to(self.root).as_posix()}"
            document = read_document(path, name=name)
            self._documents[path] = document
        return self._documents[path]

    def mentions(self, path: Path, word: str) -> bool:
        """Return whether a file has a word in it at all: cheaper than parsing it."""
        if path not in self._texts:
            try:
                self._texts[path] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                return True  # parsing says what is wrong with it
        return word in self._texts[path]

    def records(self, kind: str, path: Path) -> Iterator[Located]:
        """Yield every record of a file as it was written."""
        document = self.document(path)
        key = FILE_KINDS[kind][1]
        data = document.data
        assert isinstance(data, dict)  # read_document refuses anything else
        entries = data.get(key)
        if not isinstance(entries, tuple):
            raise document.problem((key,), f"no list {key!r}", f"a list of {key}")
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                raise document.problem((key, index), repr(entry), "a mapping of keys to values")
            yield Located(document, (key, index), entry)

    def find(self, kind: str, word: str, *, within: list[Path] | None = None) -> Located:
        """Return the one record of a kind whose id or alias is ``word``.

        Raises
        ------
        ResolveError
            If there is none (with the nearest known), or an alias names several.
        """
        paths = self.files(kind) if within is None else within
        known: list[str] = []
        hits: list[Located] = []
        for path in paths:
            if self.mentions(path, word):
                hits += [record for record in self.records(kind, path) if word in names_of(record)]
        exact = [hit for hit in hits if hit.data.get("id") == word]
        if len(exact or hits) == 1:
            return (exact or hits)[0]
        if hits:
            candidates = " or ".join(sorted(str(hit.data.get("id")) for hit in hits))
            raise ResolveError(Problem(f"{self.name}/{kind}", f"{word!r}, which names several", candidates))
        for path in paths:
            known += [name for record in self.records(kind, path) for name in names_of(record)]
        accepted = f"an id or alias in {self.name}/{kind}"
        raise ResolveError(Problem(f"{self.name}/{kind}", f"unknown {word!r}", accepted, offer(word, known)))

    def check(self) -> None:
        """Check every record of every file.

        Raises
        ------
        TableError
            At the first file with mistakes; all of that file's are in the message.
        """
        for path in self.all_files():
            document = self.document(path)
            parse_record(FILE_KINDS[path.parent.name][0], document.data, document)
            self._check_names(path)
        for path in self.all_files():
            self._check_references(path)

    def _check_names(self, path: Path) -> None:
        """Refuse a provider that is not the file's name, and an id or alias that stands twice in a file."""
        document, kind = self.document(path), path.parent.name
        data = document.data
        provider = data.get("provider", path.stem) if isinstance(data, dict) else path.stem
        if provider != path.stem:
            raise document.problem(("provider",), repr(provider), f"{path.stem!r}, the name of the file")
        seen: dict[str, Located] = {}
        for record in self.records(kind, path):
            for name in names_of(record):
                if name in seen and kind != "throughput":
                    first = seen[name].location()
                    raise document.problem(record.path, f"{name!r} again, as at {first}", "each id and alias once")
                seen[name] = record

    def _check_references(self, path: Path) -> None:
        """Refuse an id that a row names and no table has (`weights` may name a model without a row of its own)."""
        for record in self.records(path.parent.name, path):
            for key, kind in _REFERENCES.items():
                name = record.data.get(key)
                if not isinstance(name, str) or (key == "model" and path.parent.name != "throughput"):
                    continue
                known = [
                    known for other in self.files(kind) for r in self.records(kind, other) for known in names_of(r)
                ]
                if name not in known:
                    accepted = f"an id in {self.name}/{kind}"
                    raise record.document.problem((*record.path, key), repr(name), accepted, offer(name, known))


def names_of(record: Located) -> list[str]:
    """Return a record's id and aliases."""
    aliases = record.data.get("aliases", ())
    spelled = aliases if isinstance(aliases, tuple) else ()
    return [str(name) for name in (record.data.get("id"), *spelled) if name is not None]


def open_store(folder: Path) -> Store:
    """Return the tables in a user's folder.

    Raises
    ------
    TableError
        If there is no such folder, or it holds no tables.
    """
    if not folder.is_dir():
        raise TableError(Problem(str(folder), "no such folder", "a folder of pricing tables with a file VERSION"))
    store = Store(folder, folder.as_posix())
    for path in sorted(folder.glob("*/*.yml")):
        raise TableError(Problem(path.as_posix(), "a file that ends in .yml", "tables that end in .yaml", "Rename it."))
    _ = store.version
    if not store.all_files():
        accepted = f"YAML files in at least one of {', '.join(sorted(FILE_KINDS))}"
        raise TableError(Problem(str(folder), "no table", accepted))
    return store


_bundled: list[Store] = []


def bundled_store() -> Store:
    """Return the tables that came with the package (in a checkout: those of the checkout)."""
    if not _bundled:
        package = Path(__file__).resolve().parents[1]
        candidates = [package / "pricing", package.parents[1] / "pricing"]
        root = next((folder for folder in candidates if (folder / "VERSION").is_file()), None)
        if root is None:
            found = "no pricing tables beside the package"
            raise TableError(
                Problem(str(package), found, "an installation with its tables", "Install tokencross again.")
            )
        _bundled.append(Store(root, "pricing"))
    return _bundled[0]
