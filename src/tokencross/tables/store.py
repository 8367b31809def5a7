"""A folder of pricing tables: which files it has, each parsed when something in it is first asked for."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from tokencross.errors import Problem, ResolveError, TableError, offer
from tokencross.tables.compiled import COMPILED_FOLDER, read_compiled
from tokencross.tables.kinds import FILE_KINDS, PROVIDER_KINDS, record_kind
from tokencross.tables.located import Located, names_of, records_in
from tokencross.tables.overlay import OWN_STEM, Overlay, read_overlay
from tokencross.tables.reading import Document, Plain, read_document
from tokencross.tables.strict import parse_record

__all__ = ["FILE_KINDS", "Located", "Store", "bundled_store", "open_store"]

_REFERENCES = {"tokenizer": "tokenizers", "gpu": "hardware", "model": "models"}

_VERSION_FORM = re.compile(r"(\d{4})\.(\d{2})\.(\d{2})(?:\.\d+)?")


@dataclass(frozen=True, eq=False)
class Store:
    """A folder of tables.

    Attributes
    ----------
    root : Path
        The folder.
    name : str
        How messages and citations name it.
    overlay : Overlay, optional
        Records of one's own that come before the folder's.
    compiled : Path, optional
        Where compiled copies of its files are: only those that came with the package are read.
    """

    root: Path
    name: str
    overlay: Overlay | None = None
    compiled: Path | None = None
    _files: dict[str, list[Path]] = field(default_factory=dict, repr=False)
    _documents: dict[Path, Document] = field(default_factory=dict, repr=False)
    _texts: dict[Path, str] = field(default_factory=dict, repr=False)
    _records: dict[Path, tuple[Located, ...]] = field(default_factory=dict, repr=False)
    _names: dict[Path, dict[str, list[Located]]] = field(default_factory=dict, repr=False)

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
        for path in [self.root / "VERSION", *self.all_files(), *([self.overlay.path] if self.overlay else [])]:
            named = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else "overlay"
            if path.is_file():
                digest.update(named.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
        return digest.hexdigest()

    def files(self, kind: str) -> list[Path]:
        """Return the table files of a kind, sorted, with those that only an overlay has."""
        if kind not in self._files:
            own = set((self.root / kind).glob("*.yaml"))
            stems = () if self.overlay is None else self.overlay.stems(kind)
            self._files[kind] = sorted(own | {self.root / kind / f"{stem}.yaml" for stem in stems})
        return list(self._files[kind])

    def all_files(self) -> list[Path]:
        """Return every table file, sorted."""
        return [path for kind in sorted(FILE_KINDS) for path in self.files(kind)]

    def document(self, path: Path) -> Document:
        """Return a file, parsed once."""
        if path not in self._documents:
            if self.overlay is not None and not path.exists():
                return self.overlay.document
            name = f"{self.name}/{path.relative_to(self.root).as_posix()}"
            compiled = read_compiled(path, name=name, folder=self.compiled) if self.compiled else None
            self._documents[path] = compiled or read_document(path, name=name)
        return self._documents[path]

    def head(self, path: Path) -> dict[str, Plain]:
        """Return what a file says besides its records."""
        kind = path.parent.name
        data: Plain = self.document(path).data if path.exists() or self.overlay is None else {}
        assert isinstance(data, dict)  # read_document refuses anything else
        own = {} if self.overlay is None else self.overlay.entry(kind, path.stem)
        return {name: value for name, value in {**data, **own}.items() if name != FILE_KINDS[kind][1]}

    def listed(self, path: Path, key: str) -> list[Located]:
        """Return the entries of another list than the records in a file's head, those of an overlay instead."""
        kind = path.parent.name
        if self.overlay is not None and key in self.overlay.entry(kind, path.stem):
            return self.overlay.listed(kind, path.stem, key)
        data = self.document(path).data if path.exists() or self.overlay is None else {}
        assert isinstance(data, dict)  # read_document refuses anything else
        return records_in(self.document(path), (), data, key) if key in data else []

    def mentions(self, path: Path, word: str) -> bool:
        """Return whether a file has a word in it at all: cheaper than parsing it."""
        if path in self._records or not path.exists():
            return True
        if self.overlay is not None and self.overlay.mentions(word):
            return True
        if path not in self._texts:
            try:
                self._texts[path] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                return True  # parsing says what is wrong with it
        return word in self._texts[path]

    def records(self, kind: str, path: Path) -> tuple[Located, ...]:
        """Return every record of a file as it was written, those of an overlay in their places."""
        if path not in self._records:
            own = self._written(kind, path) if path.exists() or self.overlay is None else []
            if self.overlay is not None:
                own = self.overlay.over(own, kind, path.stem)
                others = [other for other in self.files(kind) if other != path] if path.stem == OWN_STEM else []
                known = {
                    name
                    for records in (own, *(self.records(kind, other) for other in others))
                    for record in records
                    for name in names_of(record)
                }
                own += self.overlay.added(known, kind, path.stem)
            self._records[path] = tuple(own)
        return self._records[path]

    def _written(self, kind: str, path: Path) -> list[Located]:
        """Return the records that a file itself has."""
        document = self.document(path)
        key = FILE_KINDS[kind][1]
        data = document.data
        assert isinstance(data, dict)  # read_document refuses anything else
        return records_in(document, (), data, key)

    def named(self, kind: str, path: Path) -> dict[str, list[Located]]:
        """Return the records of a file by id and alias."""
        if path not in self._names:
            found: dict[str, list[Located]] = {}
            for record in self.records(kind, path):
                for name in names_of(record):
                    found.setdefault(name, []).append(record)
            self._names[path] = found
        return self._names[path]

    def find(self, kind: str, word: str, *, within: list[Path] | None = None) -> Located:
        """Return the one record of a kind whose id or alias is ``word``.

        Raises
        ------
        ResolveError
            If there is none (with the nearest known), or an alias names several.
        """
        paths = self.files(kind) if within is None else within
        hits = [hit for path in paths if self.mentions(path, word) for hit in self.named(kind, path).get(word, ())]
        exact = [hit for hit in hits if hit.data.get("id") == word]
        if len(exact or hits) == 1:
            return (exact or hits)[0]
        if hits:
            candidates = " or ".join(sorted(str(hit.data.get("id")) for hit in hits))
            raise ResolveError(Problem(f"{self.name}/{kind}", f"{word!r}, which names several", candidates))
        known = [name for path in paths for name in self.named(kind, path)]
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
            kind = path.parent.name
            if path.exists():
                document = self.document(path)
                parse_record(FILE_KINDS[kind][0], document.data, document)
            self._check_names(path)
        self.overlay_checked()
        for path in self.all_files():
            self._check_references(path)

    def overlay_checked(self) -> None:
        """Check every record that an overlay changes or adds."""
        if self.overlay is None:
            return
        for kind in FILE_KINDS:
            touched = [self.root / kind / f"{stem}.yaml" for stem in self.overlay.stems(kind)]
            if kind not in PROVIDER_KINDS and touched:
                touched = self.files(kind)  # its records may stand in any of them
            for path in touched:
                for record in self.records(kind, path):
                    if record.document is self.overlay.document or record.over is not None:
                        record.parse(record_kind(kind))

    def _check_names(self, path: Path) -> None:
        """Refuse a provider that is not the file's name, and an id or alias that stands twice in a file."""
        document, kind = self.document(path), path.parent.name
        provider = self.head(path).get("provider", path.stem)
        if provider != path.stem:
            raise document.problem(("provider",), repr(provider), f"{path.stem!r}, the name of the file")
        seen: dict[str, Located] = {}
        for record in self.records(kind, path):
            for name in names_of(record):
                if name in seen and kind != "throughput":
                    first = seen[name].location()
                    found = f"{name!r} again, as at {first}"
                    raise record.document.problem(record.path, found, "each id and alias once")
                seen[name] = record

    def _check_references(self, path: Path) -> None:
        """Refuse an id that a row names and no table has (`weights` may name a model without a row of its own)."""
        for record in self.records(path.parent.name, path):
            for key, kind in _REFERENCES.items():
                name = record.data.get(key)
                if not isinstance(name, str) or (key == "model" and path.parent.name != "throughput"):
                    continue
                if not any(name in self.named(kind, other) for other in self.files(kind)):
                    known = [known for other in self.files(kind) for known in self.named(kind, other)]
                    accepted = f"an id in {self.name}/{kind}"
                    raise record.document.problem((*record.path, key), repr(name), accepted, offer(name, known))


def open_store(folder: Path | None, overlay: Path | None = None) -> Store:
    """Return the tables in a user's folder, or the bundled ones; with records of one's own over them.

    Raises
    ------
    TableError
        If there is no such folder or file, or it holds no tables.
    """
    if overlay is not None:
        base = open_store(folder)
        store = Store(  # what is read of the folder is the same with an overlay, and read once
            base.root, base.name, read_overlay(overlay), base.compiled, _documents=base._documents, _texts=base._texts
        )
        store.overlay_checked()
        return store
    if folder is None:
        return bundled_store()
    if not folder.is_dir():
        raise TableError(Problem(str(folder), "no such folder", "a folder of pricing tables with a file VERSION"))
    # a file that is byte for byte one of the package's is read from the same copy
    store = Store(folder, folder.as_posix(), compiled=bundled_store().compiled)
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
        _bundled.append(Store(root, "pricing", compiled=root / COMPILED_FOLDER))
    return _bundled[0]
