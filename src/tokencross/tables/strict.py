"""The base of every record, and how its mistakes become messages with file, line and remedy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from tokencross.errors import Problem, TokencrossError, offer
from tokencross.tables.naming import unit_of
from tokencross.tables.reading import Document, KeyPath, Plain

__all__ = [
    "Amount",
    "Count",
    "Finite",
    "PositiveAmount",
    "PositiveCount",
    "Share",
    "StrictRecord",
    "as_error",
    "as_written",
    "in_file_words",
    "mistake",
    "parse_record",
]

_RecordT = TypeVar("_RecordT", bound="StrictRecord")


def mistake(found: str, accepted: str, remedy: str = "") -> NoReturn:
    """Refuse a value from within a validator, in the parts that every message has."""
    context = {"found": found, "accepted": accepted, "remedy": remedy}
    raise PydanticCustomError("mistake", "found {found}; accepted: {accepted}", context)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        mistake(f"{value}", "a finite number")
    return value


Finite = Annotated[float, AfterValidator(_finite)]
Amount = Annotated[float, Field(ge=0.0), AfterValidator(_finite)]
PositiveAmount = Annotated[float, Field(gt=0.0), AfterValidator(_finite)]
Share = Annotated[float, Field(ge=0.0, le=1.0), AfterValidator(_finite)]
Count = Annotated[int, Field(ge=0)]
PositiveCount = Annotated[int, Field(ge=1)]


class StrictRecord(BaseModel):
    """A frozen record in which an unknown key, a wrong type or a number written as text is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:  # pydantic hands over whatever was written
        fields = cls.__pydantic_fields__  # `model_fields` costs more than the rest of this check
        if not isinstance(data, dict) or (data.keys() <= fields.keys() and None not in data.values()):
            return data
        for key in data:
            if key not in fields:
                known = list(fields)
                context = {"key": key, "known": ", ".join(known), "remedy": offer(str(key), known)}
                raise PydanticCustomError("unknown_key", "unknown key {key}", context)
            if data[key] is None and fields[key].default is None:
                raise PydanticCustomError("empty_key", "empty key {key}", {"key": key})
        return data


def parse_record(kind: type[_RecordT], data: Plain, document: Document, path: KeyPath = ()) -> _RecordT:
    """Return a record from plain data; every mistake names its place in the document.

    Raises
    ------
    TableError or ScenarioError
        As the document says, with at most ten problems written out.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        findings = error.errors(include_url=False)
        # a list whose entries are wrong is also reported as too short: the entries say it better
        told = [d for d in findings if not (d["type"] == "too_short" and d["input"])]
        problems = [_problem(details, document, path) for details in _clearest(told, data)]
        raise document.error(*problems) from None


# what pydantic adds to the place of a mistake in a value that may be of several kinds
_KIND = re.compile(r"str|float|int|date|constrained-.*|function-.*|(tuple|dict|list|union|literal)\[.*|[A-Z]\w*Entry")
_RECORD = re.compile(r"function-.*Entry\]|dict\[.*|[A-Z]\w*Entry")
_LIST = re.compile(r"(tuple|list)\[.*")
_ALL_PERCENT = 100.0
_CALL = re.compile(r"\btc\.(between|triangular|share_between)\(([^()]*)\)")
_ARGUMENT = re.compile(r"\bUse (before_first)=\"(\w+)\"")


def _clearest(findings: Sequence[ErrorDetails], data: Plain) -> list[ErrorDetails]:
    """Return what is wrong with the kinds of value that were written, and else the first finding of each place."""
    meant = [_meant(finding["loc"], data) for finding in findings]
    places = [_written(finding["loc"]) for finding in findings]
    known = [place for place, is_meant in zip(places, meant, strict=True) if is_meant]
    told = []
    for finding, place, is_meant in zip(findings, places, meant, strict=True):
        if is_meant or not any(other[: len(place)] == place for other in known):
            told.append(finding)
            known.append(place)
    return told


def _written(place: Sequence[str | int]) -> list[str | int]:
    """Return the keys and indices of a place, without the kinds of value that were tried there."""
    return [step for step in place if not (isinstance(step, str) and _KIND.fullmatch(step))]


def _meant(place: Sequence[str | int], data: Plain) -> bool:
    """Return whether a finding is about the kind of value that was written: a mapping is no text that went wrong."""
    value: Any = data
    for step in place:
        if isinstance(step, str) and _KIND.fullmatch(step):
            meant = dict if _RECORD.fullmatch(step) else tuple if _LIST.fullmatch(step) else None
            written = next((kind for kind in (dict, tuple) if isinstance(value, kind)), None)
            if meant is not written:
                return False
        elif isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, tuple) and isinstance(step, int) and step < len(value):
            value = value[step]
    return True


def _problem(details: ErrorDetails, document: Document, path: KeyPath) -> Problem:
    """Return one of pydantic's findings as a problem in our words."""
    place: list[str | int] = [*path, *_written(details["loc"])]
    context = details.get("ctx", {})
    kind = details["type"]
    if kind == "unknown_key":
        place.append(context["key"])
        return Problem(document.where(place), "an unknown key", f"one of {context['known']}", context["remedy"])
    if kind == "empty_key":
        place.append(context["key"])
        return Problem(document.where(place), "nothing", "a value", "Leave the key out if there is none.")
    if kind == "mistake":
        return Problem(document.where(place), context["found"], context["accepted"], context["remedy"])
    key = next((step for step in reversed(place) if isinstance(step, str)), "")
    if kind == "missing":
        unit = unit_of(key)
        where = document.where(place[:-1])
        return Problem(where, f"no key {key!r}", f"{key}{f' ({unit})' if unit else ''}, which is required")
    found = "nothing" if details["input"] is None else as_written(details["input"])
    accepted = _accepted(kind, context, details["msg"])
    unit = unit_of(key)
    return Problem(document.where(place), found, accepted + (f", in {unit}" if unit else ""), _remedy(details, key))


_ACCEPTED: dict[str, Callable[[dict[str, Any]], str]] = {
    "greater_than_equal": lambda c: f"a number >= {c['ge']:g}",
    "greater_than": lambda c: f"a number > {c['gt']:g}",
    "less_than_equal": lambda c: f"a number <= {c['le']:g}",
    "less_than": lambda c: f"a number < {c['lt']:g}",
    "literal_error": lambda c: f"one of {c['expected']}",
    "float_type": lambda c: "a number",
    "int_type": lambda c: "a whole number",
    "int_from_float": lambda c: "a whole number",
    "date_type": lambda c: "a date such as 2026-11-21",
    "bool_type": lambda c: "true or false",
    "string_type": lambda c: "text",
    "list_type": lambda c: "a list",
    "tuple_type": lambda c: "a list",
    "model_type": lambda c: "a mapping of keys to values",
    "dict_type": lambda c: "a mapping of keys to values",
    "too_short": lambda c: "at least one entry" if c["min_length"] == 1 else f"at least {c['min_length']} entries",
    "string_too_short": lambda c: "text that is not empty",
}


def _accepted(kind: str, context: dict[str, Any], message: str) -> str:
    """Return what is accepted instead."""
    return _ACCEPTED[kind](context) if kind in _ACCEPTED else message[:1].lower() + message[1:]


def _remedy(details: ErrorDetails, key: str) -> str:
    """Return what to do about the commonest surprises of YAML."""
    value, kind = details["input"], details["type"]
    if kind == "less_than_equal" and key.endswith("_share") and value <= _ALL_PERCENT:
        return f"A share is a fraction: {value / _ALL_PERCENT:g} is {value:g}%."
    if isinstance(value, str) and kind in {"float_type", "int_type"}:
        try:
            float(value)
        except ValueError:
            return "Write the number alone; its unit is in the key's name."
        return "YAML reads this as text: write 1.0e+6 or 1_000_000."
    if isinstance(value, str) and kind == "literal_error":
        return offer(value, [part.strip("' ") for part in details["ctx"]["expected"].replace(" or ", ",").split(",")])
    if isinstance(value, bool) and kind == "string_type":
        return "YAML reads yes, no, on and off as true and false: put it in quotes."
    return ""


def as_written(value: object) -> str:
    """Return a value as a file writes it: lists and mappings in YAML's short form, texts in quotes.

    Examples
    --------
    >>> as_written({"between": (1, None)}), as_written("50k")
    ('{between: [1, null]}', "'50k'")
    """
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {as_written(part)}' for key, part in value.items())}}}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(as_written, value))}]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value) if isinstance(value, date) else repr(value)


def in_file_words(text: str) -> str:
    """Return a message of a call with its distributions as a file writes them.

    Examples
    --------
    >>> in_file_words("A share is tc.share_between(low, high).")
    'A share is share_between: [low, high].'
    >>> in_file_words('Use before_first="hold" to take the row of 2026-01-01.')
    'Say before_first: hold to take the row of 2026-01-01.'
    """
    return _ARGUMENT.sub(r"Say \1: \2", _CALL.sub(r"\1: [\2]", text))


def _joined(place: str, where: str) -> str:
    """Return a place in a file with what the call names, once where both say the same."""
    return place if place.endswith((f": {where}", f".{where}")) else f"{place}: {where}"


def as_error(document: Document, path: KeyPath, error: TokencrossError) -> TokencrossError:
    """Return an error raised by a call, with the place in the document that asked for it put in front."""
    place = document.where(path)
    problems = [
        Problem(
            _joined(place, problem.where),
            problem.found,
            in_file_words(problem.accepted),
            in_file_words(problem.remedy),
        )
        if isinstance(problem, Problem)
        else f"{place}: {problem}"
        for problem in error.problems
    ]
    return type(error)(*problems)
