"""Which files a check is about: those below folders, those that paths name, and the tables that they rest on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tokencross.checks.lock_file import LOCK_NAME
from tokencross.errors import Problem, ScenarioError, TokencrossError
from tokencross.tables.kinds import FILE_KINDS
from tokencross.tables.reading import Plain, read_document

__all__ = ["ASSUMPTIONS_ENDING", "CheckedFiles", "find_files", "named_tables", "nearest_lock"]

ASSUMPTIONS_ENDING = ".assumptions.yaml"

_MISSPELT_ENDING = ".assumptions.yml"
_LEFT_OUT = {"node_modules", "build", "dist", "site-packages", "__pycache__"}
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"
_TABLES_FOLDER = "pricing"
_LOOKED_FOR = (
    f"a folder with {LOCK_NAME} or {_TABLES_FOLDER}/VERSION in it or *{ASSUMPTIONS_ENDING} anywhere below it; "
    "or an assumption file, a lock, a scenario, an overlay, a folder of tables"
)


@dataclass(frozen=True)
class CheckedFiles:
    """What is checked, each in the order found, and what of the paths is none of it.

    Attributes
    ----------
    assumptions, locks, scenarios, overlays : tuple of Path
        Files.
    tables : tuple of Path
        Folders of tables.
    problems : tuple of TokencrossError
        Paths that do not exist, or with nothing to check.
    """

    assumptions: tuple[Path, ...] = ()
    locks: tuple[Path, ...] = ()
    scenarios: tuple[Path, ...] = ()
    overlays: tuple[Path, ...] = ()
    tables: tuple[Path, ...] = ()
    problems: tuple[TokencrossError, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything to say, be it a mistake."""
        return any(getattr(self, name) for name in self.__dataclass_fields__)

    def joined(self, other: CheckedFiles) -> CheckedFiles:
        """Return both, each file once however it was reached."""
        return CheckedFiles(
            _once(self.assumptions, other.assumptions),
            _once(self.locks, other.locks),
            _once(self.scenarios, other.scenarios),
            _once(self.overlays, other.overlays),
            _once(self.tables, other.tables),
            (*self.problems, *other.problems),
        )


def _once(*found: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return paths, each as it was first reached."""
    known: dict[Path, Path] = {}
    for path in (path for paths in found for path in paths):
        known.setdefault(path.resolve(), path)
    return tuple(known.values())


def find_files(paths: Sequence[Path]) -> CheckedFiles:
    """Return what there is to check in folders and files; what cannot be found or read is among its problems."""
    found = CheckedFiles()
    for path in paths:
        try:
            found = found.joined(_found(path))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            found = found.joined(_wrong(Problem(str(path), reason, "a file or folder that can be read")))
    return found


def _wrong(*problems: Problem) -> CheckedFiles:
    """Return mistakes, and nothing to check."""
    return CheckedFiles(problems=tuple(ScenarioError(problem) for problem in problems))


def _found(path: Path) -> CheckedFiles:
    """Return what there is to check in one folder or file."""
    if path.is_dir():
        return CheckedFiles(tables=(path,)) if _holds_tables(path) else _below(path)
    if not path.is_file():
        name = str(path)
        return _wrong(Problem(name if name.strip() else repr(name), "no such file or folder", _LOOKED_FOR))
    if path.name.endswith(ASSUMPTIONS_ENDING):
        return CheckedFiles(assumptions=(path,))
    if path.suffix == ".lock":
        return CheckedFiles(locks=(path,))
    if path.suffix in {".yaml", ".yml"}:
        return _by_content(path)
    return _wrong(Problem(str(path), "a file of another kind", _LOOKED_FOR))


def _holds_tables(folder: Path) -> bool:
    """Return whether a folder is one of tables."""
    return (folder / "VERSION").is_file() and any((folder / kind).is_dir() for kind in FILE_KINDS)


def _by_content(path: Path) -> CheckedFiles:
    """Return what a YAML file is by its keys: assumptions, a scenario, or an overlay."""
    try:
        data = read_document(path, error=ScenarioError).data
    except TokencrossError as error:
        return CheckedFiles(problems=(error,))
    assert isinstance(data, dict)  # read_document refuses anything else
    if "checks" in data:
        return CheckedFiles(assumptions=(path,))
    if "options" in data:
        return CheckedFiles(scenarios=(path,))
    if data and set(data) <= set(FILE_KINDS):
        return CheckedFiles(overlays=(path,))
    keys = ", ".join(list(data)[:5])
    accepted = "the checks of an assumption file, the options of a scenario, or tables to lie over others"
    remedy = "Of a file of tables, give the folder that holds VERSION." if {"provider", "schema"} & set(data) else ""
    return _wrong(Problem(f"{path}:1", f"a file with {keys}", accepted, remedy))


def _below(folder: Path) -> CheckedFiles:
    """Return what there is to check in a folder and below it."""
    problems: list[Problem] = []

    def unread(error: OSError) -> None:
        reason = (error.strerror or str(error)).lower()
        problems.append(Problem(str(error.filename), reason, "a folder that can be read"))

    assumptions = []
    for place, folders, files in os.walk(folder, onerror=unread):
        folders[:] = sorted(name for name in folders if not _left_out(Path(place, name)))
        for name in sorted(files):
            if name.endswith(ASSUMPTIONS_ENDING) and _is_readable(Path(place, name)):
                assumptions.append(Path(place, name))
            elif name.endswith(_MISSPELT_ENDING):
                accepted = f"assumption files that end in {ASSUMPTIONS_ENDING}"
                problems.append(Problem(str(Path(place, name)), "a file that ends in .yml", accepted, "Rename it."))
    lock, tables = folder / LOCK_NAME, folder / _TABLES_FOLDER
    found = replace(
        _wrong(*problems),
        assumptions=tuple(assumptions),
        locks=(lock,) if lock.is_file() else (),
        tables=(tables,) if _holds_tables(tables) else (),
    )
    if not found:
        return _wrong(Problem(_shown(folder), "nothing to check", _LOOKED_FOR))
    return found


def _left_out(folder: Path) -> bool:
    """Return whether what is below a folder is not the user's own: hidden, installed or built."""
    hidden = folder.name.startswith(".")
    return hidden or folder.name in _LEFT_OUT or (folder / _VIRTUAL_ENVIRONMENT).is_file()


def _is_readable(path: Path) -> bool:
    """Return whether a name is that of a file, or of a link that leads to none; reading a pipe would never end."""
    return path.is_file() or path.is_symlink()


def _shown(folder: Path) -> str:
    """Return how messages name a folder."""
    return "the current folder" if folder == Path() else str(folder)


def nearest_lock(path: Path) -> Path | None:
    """Return the lock that stands beside a file or in the nearest folder above it."""
    here = Path.cwd()
    found = next((lock for folder in path.absolute().parents if (lock := folder / LOCK_NAME).is_file()), None)
    return found.relative_to(here) if found is not None and found.is_relative_to(here) else found


def named_tables(path: Path) -> Iterator[tuple[Path | None, Path | None]]:
    """Yield the tables that a file or the scenarios that it names rest on: a folder, an overlay; none is the bundled.

    What cannot be read, or does not exist, is left to the check of the file itself.
    """
    seen: set[Path] = set()
    yield from _named_in_file(path, seen)


def _named_in_file(path: Path, seen: set[Path]) -> Iterator[tuple[Path | None, Path | None]]:
    """Yield the tables of a file that was not seen yet."""
    try:
        place = path.resolve()
        if place in seen:
            return
        seen.add(place)
        data = read_document(path).data
    except (TokencrossError, OSError, ValueError):  # a name that no file can have is a ValueError
        return
    yield from _named(data, path.parent, seen)


def _named(data: Plain, folder: Path, seen: set[Path]) -> Iterator[tuple[Path | None, Path | None]]:
    """Yield the tables that a part of a file names, then those of the studies in it."""
    if not isinstance(data, dict):
        return
    pricing, overlay = (_existing(data.get(key), folder) for key in ("pricing", "overlay"))
    yield pricing, overlay
    said = data.get("studies")
    studies: Mapping[str, Plain] = said if isinstance(said, dict) else {}
    locked = "format_version" in data  # whose studies are named by their files
    for study in [data.get("study"), *(studies if locked else studies.values())]:
        if isinstance(study, str):
            yield from _named_in_file(folder / study, seen)
        elif isinstance(study, Mapping):
            yield from _named(study, folder, seen)


def _existing(name: Plain, folder: Path) -> Path | None:
    """Return the file or folder that a key names, if it is there."""
    if not isinstance(name, str):
        return None
    places = (Path(os.path.normpath(folder / name)), folder / name)  # the second where a link is on the way
    try:
        return next((place for place in places if place.exists()), None)
    except OSError:
        return None
