"""A projection from a scenario file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tokencross.errors import Problem, ScenarioError
from tokencross.scenario_build import number_of
from tokencross.studies.growth import SCurve
from tokencross.studies.projection import Projection
from tokencross.studies.terms_of_switching import Switching
from tokencross.tables.reading import Document, KeyPath, read_document
from tokencross.tables.scenario_file import ScenarioFile
from tokencross.tables.scenario_numbers import Distributions
from tokencross.tables.scenario_projection import ProjectionEntry
from tokencross.tables.strict import StrictRecord, as_error, parse_record

__all__ = ["load_projection"]

T = TypeVar("T")

_KEY = re.compile(r"(?:projection|switching|growth): (\w+)")
_OWN = ("s_curve", "switching", "switching_by_option")


def load_projection(path: str | Path) -> Projection | None:
    """Return what a scenario file assumes about the months to come; None where it says nothing.

    Raises
    ------
    ScenarioError
        With file, line and key of what is wrong.
    """
    document = read_document(Path(path), error=ScenarioError)
    entry = parse_record(ScenarioFile, document.data, document).projection
    return None if entry is None else _projection(entry, document)


def _projection(entry: ProjectionEntry, document: Document) -> Projection:
    """Return the projection of an entry."""
    said: dict[str, Any] = _said(entry, *_OWN)
    if entry.s_curve is not None:
        said["growth"] = _made(SCurve, _said(entry.s_curve), document, ("projection", "s_curve"))
    if entry.switching is not None and entry.switching_by_option:
        found = "it beside switching"
        raise document.problem(("projection", "switching_by_option"), found, "one of the two")
    if entry.switching is not None:
        said["switching"] = _made(Switching, _said(entry.switching), document, ("projection", "switching"))
    if entry.switching_by_option:
        said["switching"] = {
            label: _made(Switching, _said(terms), document, ("projection", "switching_by_option", label))
            for label, terms in entry.switching_by_option.items()
        }
    return _made(Projection, said, document, ("projection",))


def _made(kind: Callable[..., T], said: Mapping[str, Any], document: Document, path: KeyPath) -> T:
    """Return a value from what an entry says; its error names the key of the mistake."""
    try:
        return kind(**said)
    except ScenarioError as error:
        where = [_KEY.match(problem.where) for problem in error.problems if isinstance(problem, Problem)]
        keys = [found[1] for found in where if found is not None and found[1] in said]
        raise as_error(document, (*path, *keys[:1]), error) from None


def _said(entry: StrictRecord, *leave: str) -> dict[str, Any]:
    """Return what an entry says, by key; distributions as what they stand for."""
    return {key: _number(getattr(entry, key)) for key in entry.model_fields_set if key not in leave}


def _number(said: Any) -> Any:
    """Return what an entry's value stands for, those of a mapping one by one."""
    if isinstance(said, dict):
        return {key: _number(value) for key, value in said.items()}
    return number_of(said) if isinstance(said, Distributions) else said
