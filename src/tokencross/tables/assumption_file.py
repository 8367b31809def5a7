"""What a file of assumptions may say: studies, and checks of several kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, Union

from pydantic import BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from tokencross.errors import nearest, offer
from tokencross.tables.assumption_checks import CHECK_KINDS
from tokencross.tables.assumption_entry import CASE_KEYS_REFUSED, AsOf, CheckEntry
from tokencross.tables.assumption_market import MARKET_KINDS
from tokencross.tables.reading import Document, KeyPath
from tokencross.tables.scenario_file import ScenarioFile
from tokencross.tables.strict import StrictRecord, as_written, mistake, parse_record

__all__ = ["KINDS", "AssumptionsFile", "StudyEntry", "cases_of", "parsed_assumptions"]

KINDS: Mapping[str, type[CheckEntry]] = {entry.kind: entry for entry in (*CHECK_KINDS, *MARKET_KINDS)}
"""Every kind of check by the key that names it: the one place where a kind is listed."""

_MOST_NAMED = 4


class StudyEntry(ScenarioFile):
    """A study within the file: the keys of a scenario file."""


def _kinds_in(data: Mapping[str, object]) -> list[str]:
    """Return the keys that name a kind: those that are no argument of another kind that is named beside them."""
    named = [key for key in data if key in KINDS]
    return [key for key in named if not any(key in KINDS[other].model_fields for other in named if other != key)]


def _of_one_kind(data: object) -> object:
    """Refuse a check of no kind or of two."""
    if not isinstance(data, dict) or isinstance(data, CheckEntry):
        return data
    kinds = _kinds_in(data)
    accepted = f"one of {', '.join(KINDS)}"
    if len(kinds) > 1:
        mistake(f"{' and '.join(kinds)} in one check", accepted, "Make a check of each.")
    if not kinds:
        others = [str(key) for key in data if not _kinds_with(key)]  # a key that kinds have is no kind misspelt
        close = next((remedy for key in others if (remedy := offer(key, list(KINDS)))), "")
        mistake("no key that says what is checked", accepted, close)
    _check_foreign(data, kinds[0])
    return data


def _kinds_with(key: object) -> list[str]:
    """Return the kinds that have a key."""
    return [kind for kind, entry in KINDS.items() if key in entry.model_fields]


def _check_foreign(data: Mapping[str, object], kind: str) -> None:
    """Refuse a key that only other kinds have, and say which."""
    known = list(KINDS[kind].model_fields)
    for key in data:
        kinds = _kinds_with(key)
        if key in known or not kinds or nearest(key, known):
            continue
        named = f"{', '.join(kinds[:_MOST_NAMED])}{' and others' if len(kinds) > _MOST_NAMED else ''}"
        context = {"key": key, "known": ", ".join(known), "remedy": f"{key} belongs to {named}, not to {kind}."}
        raise PydanticCustomError("unknown_key", "unknown key {key}", context)


def _path_or_keys(value: object) -> object:
    """Refuse what is neither the path of a scenario nor its keys."""
    if isinstance(value, (str, dict, StudyEntry)) or value is None:
        return value
    single = isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], str)
    remedy = f"Write {value[0]}." if isinstance(value, tuple) and single else ""
    mistake(as_written(value), "the path of a scenario file, or the keys of one", remedy)


def _tag(data: object) -> str:
    """Return the record that a check is read as."""
    kinds = _kinds_in(data) if isinstance(data, dict) else [type(data).kind] if isinstance(data, CheckEntry) else []
    return KINDS[kinds[0]].__name__ if kinds else next(iter(KINDS.values())).__name__


def _any_of(schema: dict[str, Any]) -> None:
    """Let an editor complete keys of every kind until the one that names it is written."""
    items = schema.get("items", {})
    if "oneOf" in items:
        items["anyOf"] = items.pop("oneOf")


if TYPE_CHECKING:
    AnyCheck: TypeAlias = CheckEntry
else:  # the kinds are a table, which a type checker does not read
    AnyCheck = Annotated[
        Union[tuple(Annotated[entry, Tag(entry.__name__)] for entry in KINDS.values())],  # noqa: UP007 - of a tuple
        Discriminator(_tag),
        BeforeValidator(_of_one_kind),
    ]


StudySaid: TypeAlias = Annotated[str | StudyEntry, BeforeValidator(_path_or_keys)]


class AssumptionsFile(StrictRecord):
    """Assumptions that a decision rests on, each as a check."""

    name: str = Field(min_length=1)
    """What the assumptions are about."""
    note: str = ""
    """What to keep in mind; shown on the page that is made of the file."""
    as_of: AsOf | None = None
    """The day whose prices count, instead of the studies' own: a date, `tables`, or `today`."""
    pricing: str | None = None
    """A folder of one's own tables, relative to this file; the studies' own or the bundled ones unless said."""
    overlay: str | None = None
    """A file of one's own records that come before the tables', relative to this file."""
    study: StudySaid | None = None
    """The study that checks are about unless they say another: a scenario file relative to this one, or its keys."""
    studies: dict[str, StudySaid] = Field(default_factory=dict)
    """More studies by name, for checks that say `study: name`; each as `study`."""
    checks: tuple[AnyCheck, ...] = Field(min_length=1, json_schema_extra=_any_of)
    """What is assumed."""


def parsed_assumptions(document: Document) -> AssumptionsFile:
    """Return what a file says, once names are seen to be single and known and every case to be a check.

    Raises
    ------
    ScenarioError
        With file, line and key of what is wrong.
    """
    said = parse_record(AssumptionsFile, document.data, document)
    lines: dict[str, int] = {}
    for index, entry in enumerate(said.checks):
        path = ("checks", index)
        if entry.name in lines:
            found = f"{entry.name!r} again, as on line {lines[entry.name]}"
            raise document.problem((*path, "name"), found, "a name that no other check has")
        lines[entry.name] = document.line((*path, "name"))
        for _, case, place in cases_of(document, said, index):
            _check_study(document, said, case, place)
    return said


def cases_of(
    document: Document, said: AssumptionsFile, index: int
) -> tuple[tuple[str, CheckEntry, tuple[str | int, ...]], ...]:
    """Return a check as it is in each of its cases, with the case's name and place; a check without cases once."""
    entry = said.checks[index]
    path: tuple[str | int, ...] = ("checks", index)
    if not entry.cases:
        return (("", entry, path),)
    own: Any = document.data
    for step in path:
        own = own[step]
    found = []
    for name, keys in entry.cases.items():
        place = (*path, "cases", name)
        _check_case(document, entry, keys, place)
        found.append((name, parse_record(type(entry), entry.in_case(keys, own), document, place), place))
    return tuple(found)


def _check_case(document: Document, entry: CheckEntry, keys: Mapping[str, object], place: KeyPath) -> None:
    """Refuse what a check says once for all of its cases, and another kind."""
    for key in keys:
        if key in CASE_KEYS_REFUSED:
            found, accepted = f"{key!r} in a case", f"any key of the check but {', '.join(CASE_KEYS_REFUSED)}"
            raise document.problem((*place, key), found, accepted, "Say it for the check, or make two checks.")
        if key in KINDS and key not in type(entry).model_fields:
            found, accepted = f"another kind in a case of {entry.kind}", f"keys of {entry.kind}"
            raise document.problem((*place, key), found, accepted, "Make a check of it.")


def _check_study(document: Document, said: AssumptionsFile, entry: CheckEntry, path: KeyPath) -> None:
    """Refuse a study that the file does not have, and a check about one where there is none."""
    known = list(said.studies)
    if entry.study is not None and entry.study not in known:
        accepted = f"one of {', '.join(known)}" if known else "a name in studies, of which the file has none"
        remedy = offer(entry.study, known)
        if entry.study.endswith((".yaml", ".yml")):
            remedy = f"Name the file in studies: {{NAME: {entry.study}}}, and say study: NAME here."
        raise document.problem((*path, "study"), f"unknown study {entry.study!r}", accepted, remedy)
    if entry.study is None and entry.asks_study and said.study is None:
        accepted = "a study, which this check is about"
        remedy = f"Say study: with one of {', '.join(known)}." if known else "Give the file a study: or studies:."
        raise document.problem((*path, entry.kind), "no study", accepted, remedy)
