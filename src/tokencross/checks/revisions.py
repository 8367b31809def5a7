"""Tables as they were: a folder, a git revision, or the last version before the present one."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tokencross.errors import Problem, TableError
from tokencross.tables.store import Store, open_store

__all__ = ["LAST_VERSION", "Released", "base_names", "released", "tables_at"]

LAST_VERSION = "last-version"
"""The word for the commit that set the last version before the present one."""
_WHERE = "prices diff"
_SHORT = 12
_OF_ANOTHER_REPOSITORY = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
"""What a hook of git's sets: it would win over the folder that is meant."""


@dataclass(frozen=True)
class Released:
    """Commits that set versions of the tables.

    Attributes
    ----------
    previous : str or None
        The one that set the last version other than the present one; None where there was none.
    present : str or None
        The one that set the present version; None where that is not committed yet.
    """

    previous: str | None
    present: str | None


@contextmanager
def tables_at(name: str, *, beside: Path) -> Iterator[Store]:
    """Provide the tables in a folder, or as they were at a git revision while the context is open.

    Parameters
    ----------
    name : str
        A folder with a file VERSION, or a revision of the repository that ``beside`` is in.
    beside : Path
        The folder whose earlier state a revision means.

    Raises
    ------
    TableError
        If there is no such folder or revision, or no tables in it.
    """
    if Path(name).is_dir():
        yield open_store(Path(name))
        return
    top, folder = _place(beside, name)
    commit = _commit(top, name)
    shown = f"{commit[:_SHORT] if commit.startswith(name) else name}:{folder or '.'}"
    if not _git(top, "ls-tree", "--name-only", f"{commit}:{folder}" if folder else commit, "VERSION", missing=True):
        accepted = f"a revision with a file {folder + '/' if folder else ''}VERSION"
        remedy = "Name the new tables too, if others are meant: tokencross prices diff OLD FOLDER."
        raise TableError(Problem(_WHERE, f"no tables at {shown}", accepted, remedy))
    with tempfile.TemporaryDirectory(prefix="tokencross-") as temporary:
        root = Path(temporary)
        _unpack(_git(top, "archive", "--format=tar", f"{commit}:{folder}"), root)
        yield replace(open_store(root), name=shown)


def base_names(name: str, *, beside: Path, version: str) -> tuple[str, ...]:
    """Return the revisions or folders that an OLD stands for, the one to tell of first.

    ``last-version`` stands for the commit that set the version before ``version``, and for the one that set
    ``version``: what was edited since either is to say why. It stands for none where no version was ever set.
    """
    if name != LAST_VERSION:
        return (name,)
    found = released(beside, version=version)
    return tuple(commit for commit in (found.previous, found.present) if commit is not None)


def released(folder: Path, *, version: str) -> Released:
    """Return the commits that set a version of the tables in a folder, and the one before.

    A version is set by the first commit of its run in the history of VERSION: what was edited after that commit, in
    however many commits, differs from it.

    Raises
    ------
    TableError
        If the folder is in no git repository, or in one without its whole history.
    """
    top, inside = _place(folder, LAST_VERSION)
    if inside and _git(top, "check-ignore", "--", inside, missing=True).strip():
        foreign = f"{folder}, which its repository ignores"
        remedy = "Name the folder of the checkout: tokencross prices diff last-version pricing."
        raise TableError(Problem(_WHERE, foreign, "tables that are committed", remedy))
    if _git(top, "rev-parse", "--is-shallow-repository").strip() == b"true":
        remedy = "Fetch the rest: git fetch --unshallow (for actions/checkout: fetch-depth: 0)."
        raise TableError(Problem(_WHERE, "a clone without its history", "a repository with its whole history", remedy))
    file = f"{inside}/VERSION" if inside else "VERSION"
    commits = _git(top, "log", "--format=%H", "--diff-filter=AM", "--", file, missing=True).decode().split()
    found: dict[str, str] = {}  # version to the commit that set it, newest version first
    latest = ""
    for commit in commits:
        said = _git(top, "show", f"{commit}:{file}").decode("utf-8", "replace").strip()
        if said == latest or said not in found:
            found[said] = commit
        latest = said
    previous = next((commit for said, commit in found.items() if said != version), None)
    return Released(previous, found.get(version))


def _place(folder: Path, wanted: str) -> tuple[Path, str]:
    """Return the top of the repository that a folder is in, and the folder's path in it."""
    if not folder.is_dir():
        raise TableError(Problem(str(folder), "no such folder", "a folder of pricing tables with a file VERSION"))
    try:
        top, prefix = _git(folder, "rev-parse", "--show-toplevel", "--show-prefix").decode().split("\n")[:2]
    except _GitError as error:
        found = f"{wanted!r}, which is no folder, and {folder} is in no git repository ({error})"
        accepted = "a folder of tables, or a revision of the repository that the new tables are in"
        raise TableError(Problem(_WHERE, found, accepted)) from None
    return Path(top), prefix.rstrip("/")


def _commit(top: Path, name: str) -> str:
    """Return the commit of a revision."""
    try:
        return _git(top, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}").decode().strip()
    except _GitError:
        found = f"{name!r}, neither a folder nor a revision of {top}"
        accepted = f"a folder of tables, a commit, tag or branch, or {LAST_VERSION}"
        raise TableError(Problem(_WHERE, found, accepted)) from None


def _unpack(archive: bytes, root: Path) -> None:
    """Write the files of an archive below a folder; links are left out."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                path = root / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


class _GitError(TableError):
    """A git command failed."""


def _git(folder: Path, *arguments: str, missing: bool = False) -> bytes:
    """Return what a git command prints; nothing where it fails and that is allowed."""
    command = ["git", "-C", str(folder), *arguments]
    surroundings = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=surroundings)
    except FileNotFoundError:
        found = "no program git, which revisions need"
        raise TableError(Problem(_WHERE, found, "an installed git, or a folder of tables as OLD")) from None
    if done.returncode == 0:
        return done.stdout
    if missing:
        return b""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    raise _GitError(said[-1] if said else f"git {arguments[0]} failed")
