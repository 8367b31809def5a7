"""Adding rows to table files: every line that was there stays as it was, and all files change, or none does."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

import yaml

from tokencross.checks.refresh import Proposal
from tokencross.errors import Problem, ResolveError, TableError
from tokencross.tables.reading import Plain, read_document
from tokencross.tables.store import FILE_KINDS
from tokencross.tables.strict import parse_record

if TYPE_CHECKING:
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.representer import RoundTripRepresenter

__all__ = ["item_lines", "with_item", "write_proposals"]

_WIDTH = 120
_STR = "tag:yaml.org,2002:str"
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_resolver = yaml.resolver.Resolver()  # as the reader takes plain text: "10:00" for a number, "no" for false
_Path = tuple[str | int, ...]


@dataclass
class _Change:
    """A file that is to change: its text as it was and as it is to be."""

    path: Path
    before: str
    after: str
    added: list[_Path] = field(default_factory=list)


def write_proposals(proposals: Sequence[Proposal], *, root: Path, name: str) -> list[Path]:
    """Add rows to their files, and return the files.

    Each new text is read back with the records of the tables, and compared with the old one, before any file is
    replaced.

    Parameters
    ----------
    proposals : sequence of Proposal
        What to add.
    root, name : Path and str
        The folder of tables, and how messages name it.

    Raises
    ------
    ResolveError
        If ruamel.yaml, which writes the rows, is not installed.
    TableError
        If a text would not be a table, or a file cannot be written; then all files are as they were.
    """
    changes: dict[Path, _Change] = {}
    for proposal in sorted(proposals, key=lambda each: each.new_model):  # rows first: their places are by index
        path = proposal.file
        if path not in changes:
            text = _text(path)
            changes[path] = _Change(path, text, text)
        change = changes[path]
        change.after, index = with_item(change.after, proposal.path, proposal.proposed.data, name=str(path))
        change.added.append((*proposal.path, index))
    for change in changes.values():
        _check(change, name=f"{name}/{change.path.relative_to(root).as_posix()}")
    _replace(list(changes.values()))
    return list(changes)


def _text(path: Path) -> str:
    """Return a file's text, its line ends as they are."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(Problem(str(path), str(error).lower(), "a pricing table that can be read")) from None


def with_item(text: str, path: Sequence[str | int], item: Mapping[str, Plain], *, name: str) -> tuple[str, int]:
    """Return a YAML text with one more entry in a list, and the entry's index; other lines are not touched.

    Parameters
    ----------
    text : str
        The file.
    path : key path
        The list: of rows, kept by ``effective_from``, or of models, kept by ``id``.
    item : mapping
        The entry.
    name : str
        How messages name the file.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    text += "" if text.endswith("\n") else newline
    node = _list_at(text, path, name)
    key = "effective_from" if "effective_from" in item else "id"
    keys = [_value(entry, key) for entry in node.value]
    index = sum(1 for each in keys if each < str(item[key]))
    lines = text.splitlines(keepends=True)
    indent = node.start_mark.column
    ends = [_last_line(lines, entry.end_mark.line, indent) for entry in node.value]
    added = [line + newline for line in item_lines(item, indent=indent)]
    blank = ends[0] < len(lines) - 1 and not lines[ends[0]].strip() and len(ends) > 1
    if index:
        place = ends[index - 1]
        added = [newline, *added] if blank else added
    else:
        place = node.value[0].start_mark.line
        while place and lines[place - 1].strip().startswith("#") and _indent(lines[place - 1]) == indent:
            place -= 1
        added = [*added, newline] if blank else added
    return "".join([*lines[:place], *added, *lines[place:]]), index


def _list_at(text: str, path: Sequence[str | int], name: str) -> yaml.SequenceNode:
    """Return the node of a list in block style."""
    node: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    for step in path:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise TableError(Problem(name, "no list to add to", "a list with at least one entry"))
    if node.flow_style or any(entry.flow_style for entry in node.value):
        line = node.start_mark.line + 1
        raise TableError(Problem(f"{name}:{line}", "a list in brackets", "a list with a line for each key"))
    return node


def _value(entry: yaml.Node, key: str) -> str:
    """Return the text of a key of an entry."""
    pairs = entry.value if isinstance(entry, yaml.MappingNode) else []
    return next((str(value.value) for own, value in pairs if own.value == key), "")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _last_line(lines: Sequence[str], end: int, indent: int) -> int:
    """Return the line after an entry: blank lines and the comments of what follows are not its own."""
    end = min(end, len(lines))
    while end and (
        not lines[end - 1].strip() or (lines[end - 1].lstrip().startswith("#") and _indent(lines[end - 1]) <= indent)
    ):
        end -= 1
    return end


def item_lines(item: Mapping[str, Plain], *, indent: int) -> list[str]:
    """Return an entry of a list as lines of YAML, its dash at a column."""
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.compat import StringIO
        from ruamel.yaml.representer import RoundTripRepresenter
    except ImportError:
        remedy = "pip install 'tokencross[sources]'"
        raise ResolveError(Problem("--write", "no ruamel.yaml", "an installed ruamel.yaml", remedy)) from None

    class _Representer(RoundTripRepresenter):
        """Writes numbers without exponents, which YAML 1.1 would read as text, and no aliases for what is the same."""

        def ignore_aliases(self, data: object) -> bool:
            return True

    def plain_number(representer: RoundTripRepresenter, value: float) -> ScalarNode:
        text = f"{value:.12f}".rstrip("0")
        node: ScalarNode = representer.represent_scalar("tag:yaml.org,2002:float", text + "0" * text.endswith("."))
        return node

    def quoted_where_needed(representer: RoundTripRepresenter, value: str) -> ScalarNode:
        plain = _resolver.resolve(yaml.ScalarNode, value, (True, False)) == _STR  # type: ignore[no-untyped-call]  # PyYAML's has no types
        node: ScalarNode = representer.represent_scalar(_STR, value, style=None if plain else '"')
        return node

    _Representer.add_representer(float, plain_number)
    _Representer.add_representer(str, quoted_where_needed)
    writer = YAML()
    writer.Representer = _Representer
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.width = _WIDTH - indent + 2
    stream = StringIO()
    writer.dump([_commented(item)], stream)
    return [" " * indent + line[2:] for line in stream.getvalue().splitlines()]


def _commented(value: Plain, *, key: str = "") -> Plain:
    """Return plain data as ruamel.yaml's, discounts in one line as the tables have them."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, Mapping):
        mapping = CommentedMap({name: _commented(part, key=str(name)) for name, part in value.items()})
        if key == "batch":
            mapping.fa.set_flow_style()
        return cast("Plain", mapping)
    if isinstance(value, list | tuple):
        sequence = CommentedSeq([_commented(part) for part in value])
        if all(isinstance(part, str | int | float | date) for part in value):
            sequence.fa.set_flow_style()
        return cast("Plain", sequence)
    return value


def _check(change: _Change, *, name: str) -> None:
    """Read a new text as a table, and compare it with the old one; the text is put beside the file for that."""
    handle, beside = _beside(change.path)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(change.after.encode("utf-8"))
        document = read_document(beside, name=name)
        parse_record(FILE_KINDS[change.path.parent.name][0], document.data, document)
        new: Plain = document.data
        for path in reversed(change.added):
            new = _without(new, path)
        beside.write_bytes(change.before.encode("utf-8"))
        if new != read_document(beside, name=name).data:
            found = "a text that would change more than it adds"
            raise TableError(Problem(name, found, "a table laid out as the others", "Add the rows by hand."))
    except OSError as error:
        raise _unwritable(change.path, error) from None
    finally:
        beside.unlink(missing_ok=True)


def _without(data: Plain, path: _Path) -> Plain:
    """Return plain data without the entry at a path."""
    step, rest = path[0], path[1:]
    if isinstance(data, dict) and isinstance(step, str):
        return {**data, step: _without(data[step], rest)}
    if isinstance(data, tuple) and isinstance(step, int):
        middle = (_without(data[step], rest),) if rest else ()
        return (*data[:step], *middle, *data[step + 1 :])
    return data


def _beside(path: Path) -> tuple[int, Path]:
    """Return a temporary file in a file's folder."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.resolve().parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    return handle, Path(name)


def _unwritable(path: Path, error: OSError) -> TableError:
    reason = (error.strerror or str(error)).lower()
    return TableError(Problem(str(path), reason, "a folder and a file that can be written to"))


def _replace(changes: Sequence[_Change]) -> None:
    """Put every new text in its file's place; where one fails, the others get their old ones back."""
    written: list[tuple[Path, _Change]] = []
    done: list[_Change] = []
    try:
        for change in changes:
            handle, beside = _beside(change.path)
            written.append((beside, change))
            with os.fdopen(handle, "wb") as stream:
                stream.write(change.after.encode("utf-8"))
            shutil.copymode(change.path, beside)
        for beside, change in written:
            beside.replace(change.path.resolve())  # a link stays one
            done.append(change)
    except OSError as error:
        for change in done:
            change.path.write_bytes(change.before.encode("utf-8"))
        raise _unwritable(changes[len(done)].path, error) from None
    finally:
        for beside, _ in written:
            beside.unlink(missing_ok=True)
