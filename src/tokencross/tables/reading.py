"""Reading YAML as plain data that remembers its lines; tags, aliases and duplicate keys are refused."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import yaml

from tokencross.errors import Problem, ScenarioError, TableError, TokencrossError

__all__ = ["Document", "KeyPath", "LineTree", "Plain", "line_tree", "path_beside", "read_document"]

Plain: TypeAlias = object
"""Mappings as dict, sequences as tuple, and str, int, float, bool, date or None."""
KeyPath: TypeAlias = Sequence["str | int"]
LineTree: TypeAlias = "tuple[int, dict[str | int, LineTree] | None]"
"""A line and the lines of the parts."""

_LARGEST_BYTES = 8_000_000
_DEEPEST = 60
_DEEP_BLOCK = re.compile(rf"^ *(?:[-?][ \t]+){{{_DEEPEST + 1}}}|^ {{{20 * _DEEPEST}}}", re.MULTILINE)
"""Blocks so deep that libyaml, which recurses on them, would exhaust the stack."""
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_constructor = yaml.constructor.SafeConstructor()
_SCALARS = {
    "tag:yaml.org,2002:null": lambda node: None,
    "tag:yaml.org,2002:bool": _constructor.construct_yaml_bool,
    "tag:yaml.org,2002:int": _constructor.construct_yaml_int,
    "tag:yaml.org,2002:float": _constructor.construct_yaml_float,
    "tag:yaml.org,2002:timestamp": _constructor.construct_yaml_timestamp,
    "tag:yaml.org,2002:str": _constructor.construct_yaml_str,
}
_LIST, _MAP = "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"


@dataclass(frozen=True, eq=False)
class Document:
    """A YAML file as plain data that knows its lines.

    Attributes
    ----------
    name : str
        The file as messages and citations name it.
    error : type
        What a mistake in this file raises.
    root : yaml.Node, optional
        Its syntax tree; data and lines are taken from it when asked for.
    compiled : tuple, optional
        Its data and `line_tree`, read from a compiled copy instead.
    within : sequence of str and int
        Where this is a part of a file: its key path there, which messages put in front.
    """

    name: str
    error: type[TokencrossError]
    root: yaml.Node | None = None
    compiled: tuple[Plain, LineTree] | None = None
    within: KeyPath = ()

    @cached_property
    def data(self) -> Plain:
        """The whole file as plain data."""
        if self.root is None:
            return None if self.compiled is None else self.compiled[0]
        return _Builder(self).build(self.root, 0)

    def line(self, path: KeyPath = ()) -> int:
        """Return the one-based line of the value at a path, or of the deepest part of it that exists."""
        if self.root is None:
            return 1 if self.compiled is None else _line_in_tree(self.compiled[1], path)
        node = self.root
        line = node.start_mark.line
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == step), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line
            else:
                break
        return int(line) + 1

    def where(self, path: KeyPath = ()) -> str:
        """Return file, line and key path, the way that errors name a place."""
        shown = ""
        for step in (*self.within, *path):
            shown += f"[{step}]" if isinstance(step, int) else (f".{step}" if shown else str(step))
        return f"{self.name}:{self.line(path)}" + (f": {shown}" if shown else "")

    def under(self, path: KeyPath) -> Document:
        """Return the mapping at a path as a document: with its own lines, and messages that name the whole path."""
        node = self.root
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == step), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                node = None
        if not isinstance(node, yaml.MappingNode):
            raise self.problem(path, "no mapping", "a mapping of keys to values")
        return Document(self.name, self.error, node, within=(*self.within, *path))

    def problem(self, path: KeyPath, found: str, accepted: str, remedy: str = "") -> TokencrossError:
        """Return the error that says what is wrong at a path."""
        return self.error(Problem(self.where(path), found, accepted, remedy))


def line_tree(node: yaml.Node, line: int | None = None) -> LineTree:
    """Return the lines of a node: its own (of its key, in a mapping), and those of its parts by key or index."""
    own = node.start_mark.line + 1 if line is None else line
    if isinstance(node, yaml.MappingNode):
        return own, {key.value: line_tree(value, key.start_mark.line + 1) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return own, {index: line_tree(child) for index, child in enumerate(node.value)}
    return own, None


def _line_in_tree(tree: LineTree, path: KeyPath) -> int:
    """Return the line of the value at a path, or of the deepest part of it that exists."""
    for step in path:
        parts = tree[1]
        if parts is None or step not in parts:
            break
        tree = parts[step]
    return tree[0]


class _Builder:
    """Turns nodes into data once each: a node met twice was reached through an alias."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()

    def _fail(self, node: yaml.Node, found: str, accepted: str, remedy: str = "") -> TokencrossError:
        where = f"{self.document.name}:{node.start_mark.line + 1}"
        return self.document.error(Problem(where, found, accepted, remedy))

    def build(self, node: yaml.Node, depth: int) -> Plain:
        """Return the data of a node."""
        if id(node) in self.seen:
            raise self._fail(node, "an alias (*name) of another part", "every value written out where it belongs")
        self.seen.add(id(node))
        if depth > _DEEPEST:
            raise self._fail(node, f"more than {_DEEPEST} levels of nesting", "a file as the documentation shows it")
        if isinstance(node, yaml.MappingNode) and node.tag == _MAP:
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == _LIST:
            return tuple(self.build(child, depth + 1) for child in node.value)
        construct = _SCALARS.get(node.tag)
        if construct is None or not isinstance(node, yaml.ScalarNode):
            raise self._fail(node, f"the YAML tag {node.tag!r}", "plain values without a tag")
        try:
            value: object = construct(node)
        except (ValueError, yaml.YAMLError):
            raise self._fail(node, repr(node.value), "a value that exists, such as 2026-11-21 for a date") from None
        return value

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Plain]:
        built: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            if key_node.tag != "tag:yaml.org,2002:str":
                plain = isinstance(key_node, yaml.ScalarNode)
                key = f"the key {key_node.value!r}" if plain else "a key that is a list or a mapping"
                raise self._fail(key_node, key, "a key that is text", "Quote it if it is meant." if plain else "")
            if key_node.value in built:
                found = f"the key {key_node.value!r} twice in one mapping"
                raise self._fail(key_node, found, "each key once", "Keep one of the two.")
            built[key_node.value] = self.build(value_node, depth + 1)
        return built


def path_beside(folder: Path, said: str) -> Path:
    """Return a path that a file in a folder says, without ``..`` where that is the same file."""
    path = folder / said
    plain = Path(os.path.normpath(path))
    try:
        return plain if plain.samefile(path) else path
    except (OSError, ValueError):
        return path


def read_document(
    path: Path, *, name: str | None = None, error: type[TokencrossError] = TableError, kind: str = ""
) -> Document:
    """Return a YAML file, parsed but not yet turned into data.

    Parameters
    ----------
    path : Path
        The file.
    name : str, optional
        How messages name it; by default the path as given.
    error : type
        What a mistake raises: `TableError`, or `ScenarioError` for a scenario.
    kind : str
        What messages call the file; by default a scenario or a pricing table, as the error says.

    Raises
    ------
    TableError or ScenarioError
        If the file cannot be read, is empty, too large, or not YAML.
    """
    shown = name or str(path)
    kind = kind or ("a scenario" if error is ScenarioError else "a pricing table")
    text = _text_of(path, shown, error, kind)
    if _deepest_flow(text) > _DEEPEST:
        found = f"more than {_DEEPEST} levels of brackets"
        raise error(Problem(shown, found, "a file as the documentation shows it"))
    if _DEEP_BLOCK.search(text):
        found = f"more than {_DEEPEST} levels of nesting"
        raise error(Problem(shown, found, "a file as the documentation shows it"))
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = f"{shown}:{mark.line + 1}" if mark else shown
        said = " ".join(part for part in (problem.context, problem.problem) if part)
        raise error(Problem(where, f"text that is not YAML ({said})", f"{kind} as one YAML document")) from None
    except yaml.YAMLError as problem:
        said = str(problem).splitlines()[0]
        raise error(Problem(shown, f"text that is not YAML ({said})", f"{kind} as one YAML document")) from None
    if root is None:
        raise error(Problem(f"{shown}:1", "an empty file", f"{kind}: a mapping of keys to values"))
    if not isinstance(root, yaml.MappingNode):
        found = "a list" if isinstance(root, yaml.SequenceNode) else f"the single value {str(root.value)[:40]!r}"
        raise error(Problem(f"{shown}:1", found, f"{kind}: a mapping of keys to values"))
    return Document(shown, error, root)


def _text_of(path: Path, shown: str, error: type[TokencrossError], kind: str) -> str:
    """Return the text of a file."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        reason = (
            "no such file" if isinstance(problem, FileNotFoundError) else (problem.strerror or str(problem)).lower()
        )
        raise error(Problem(shown, reason, f"{kind} that can be read")) from None
    except ValueError:  # a null byte
        raise error(Problem(repr(shown), "a name that no file can have", f"{kind} that can be read")) from None
    if len(raw) > _LARGEST_BYTES:
        raise error(Problem(shown, f"{len(raw):,} bytes", f"at most {_LARGEST_BYTES:,} bytes"))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        found = f"a byte that is not UTF-8 at position {problem.start}"
        raise error(Problem(shown, found, f"{kind} as UTF-8 text")) from None


def _deepest_flow(text: str) -> int:
    """Return a bound on how deep brackets nest: libyaml recurses on them, so it is asked before parsing."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return 0
    depth = deepest = 0
    for char in text:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth = max(depth - 1, 0)
    return deepest
