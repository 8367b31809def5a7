"""The lock: what it records of each study, how it is read, and its text, the same bytes for the same studies."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import replace as replaced
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeAlias

import yaml
from pydantic import Field, model_validator

from tokencross.errors import Problem, ScenarioError, TokencrossError
from tokencross.tables.reading import Document, read_document
from tokencross.tables.strict import Amount, Finite, PositiveAmount, StrictRecord, mistake, parse_record

__all__ = [
    "ANCHORS_TOKENS_PER_MONTH",
    "LOCK_NAME",
    "Addressed",
    "Lock",
    "LockFile",
    "LockedBreakeven",
    "LockedStudy",
    "LockedTables",
    "LockedWinner",
    "read_lock",
    "text_of",
]

LOCK_NAME = "tokencross.lock"
ANCHORS_TOKENS_PER_MONTH = tuple(10.0**power for power in range(6, 14))
"""Volumes at which every study's costs are kept."""

_FORMAT = 1
_WRITTEN = "a lock as `tokencross lock` writes it"
_AGAIN = "tokencross lock SCENARIO… --anew"
_ANEW = f"It is not edited by hand; write it anew: {_AGAIN}"
_SHOWN_DIGITS, _NUMBER_DIGITS = 6, 12  # the last digits of what is fitted differ from machine to machine
_WIDTH = 96  # where a line is broken; the word there still fits
_CONFLICT = re.compile(rb"^(?:<{7}|\|{7}|>{7})(?: .*)?$|^={7}\r?$", re.MULTILINE)
_END = "..."  # YAML's own end of a document: a lock without it was cut off
_MAP, _FLOAT, _TEXT = (f"tag:yaml.org,2002:{kind}" for kind in ("map", "float", "str"))
_BREAKS = frozenset("\x85\u2028\u2029")
_HEADER = """\
# What this repository's studies came to when they were last agreed on. Written by `tokencross lock`, not by hand;
# `tokencross check` compares, and says what moved and why. Costs, winners and breakevens to 6 digits, at the medians
# of what is uncertain; costs at the volumes of `anchors_tokens_per_month`, and at the study's own.
"""

Addressed: TypeAlias = "dict[str, Finite | dict[str, Finite]]"
"""Numbers by address, those of one row or part together: an address is the two keys with a dot between them."""


class LockedTables(StrictRecord):
    """The tables that a study was locked with."""

    version: str
    """Calendar version."""
    sha256: str = Field(min_length=1)
    """Hash of the table files."""


class LockedWinner(StrictRecord):
    """The cheapest substitute from a volume on."""

    from_tokens_per_month: Finite = Field(ge=0.0)
    """First volume. [reference tokens/month]"""
    option: str
    """Its label."""


class LockedBreakeven(StrictRecord):
    """Where a challenger undercuts the incumbent. [reference tokens/month]"""

    first: Amount | Literal["never"]
    """The first volume."""
    robust: Amount | Literal["never"]
    """The volume from which it does so for ever."""


class LockedStudy(StrictRecord):
    """What a study came to, what it rested on, and the scenario that it was."""

    name: str
    """The scenario's."""
    as_of: date
    """The day whose prices counted."""
    tables: LockedTables
    """The tables."""
    tokencross: str
    """Version of the package that wrote it."""
    incumbent: str
    """Label of the option that breakevens are against."""
    tokens_per_month: PositiveAmount | None = None
    """The study's own volume. [reference tokens/month]"""
    costs_usd_per_month: dict[str, tuple[Finite, ...]]
    """By label, at the anchors."""
    costs_here_usd_per_month: dict[str, Finite] = Field(default_factory=dict)
    """By label, at the study's own volume."""
    winners: tuple[LockedWinner, ...] = Field(min_length=1)
    """The cheapest substitutes; the first of them where they take turns very often."""
    winner_count: int = Field(ge=1)
    """How many stretches with one winner there are in all."""
    breakevens_tokens_per_month: dict[str, LockedBreakeven]
    """By challenger, against the incumbent."""
    numbers: dict[str, Addressed]
    """Every number that the study rested on, by label (`workload` for the traffic) and address."""
    rows: dict[str, str]
    """Digest of every table row used, what is said about its source left out."""
    scenario: dict[str, object]
    """The scenario file as it was."""

    @model_validator(mode="after")
    def _complete(self) -> LockedStudy:
        for label, costs in self.costs_usd_per_month.items():
            if len(costs) != len(ANCHORS_TOKENS_PER_MONTH):
                mistake(f"{len(costs)} costs of {label!r}", f"one for each of {len(ANCHORS_TOKENS_PER_MONTH)} volumes")
        here = set(self.costs_here_usd_per_month)
        if here != (set() if self.tokens_per_month is None else set(self.costs_usd_per_month)):
            mistake("costs_here_usd_per_month of other options", "the labels of costs_usd_per_month")
        if not {self.incumbent, *self.breakevens_tokens_per_month} <= set(self.costs_usd_per_month):
            mistake("an option without costs", "costs_usd_per_month for each option")
        return self


class LockFile(StrictRecord):
    """A lock."""

    format_version: Literal[1]
    """Of its layout."""
    anchors_tokens_per_month: tuple[PositiveAmount, ...]
    """Volumes at which costs are kept. [reference tokens/month]"""
    studies: dict[str, LockedStudy]
    """By path of the scenario, from the lock's folder on."""

    @model_validator(mode="after")
    def _same_anchors(self) -> LockFile:
        if self.anchors_tokens_per_month != ANCHORS_TOKENS_PER_MONTH:
            mistake("other anchors_tokens_per_month", ", ".join(map(_number_text, ANCHORS_TOKENS_PER_MONTH)))
        return self


@dataclass(frozen=True, eq=False)
class Lock:
    """A lock that was read.

    Attributes
    ----------
    path : Path
        The file.
    said : LockFile
        What it says.
    document : Document
        The same with its lines.
    """

    path: Path
    said: LockFile
    document: Document

    @property
    def studies(self) -> Mapping[str, LockedStudy]:
        """The studies by key: the scenario's path from the lock's folder on."""
        return self.said.studies

    def scenario_path(self, key: str) -> Path:
        """Return where the scenario of a study lies."""
        return Path(os.path.normpath(self.path.parent / key))

    def line(self, key: str) -> int:
        """Return the line of a study."""
        return self.document.line(("studies", key))


# ---------------------------------------------------------------------- reading


def read_lock(path: Path) -> Lock:
    """Return what a lock says; the file is opened for reading only.

    Raises
    ------
    ScenarioError
        If there is no such file, it is damaged, or a later version wrote it; with file, line and key.
    """
    try:
        _refuse_broken(path)
        document = read_document(path, error=ScenarioError, kind=_WRITTEN)
        _refuse_later(document)
        return Lock(path, parse_record(LockFile, document.data, document), document)
    except FileNotFoundError:
        remedy = f"Write one: tokencross lock SCENARIO… --output {path}"
        raise ScenarioError(Problem(str(path), "no such file", _WRITTEN, remedy)) from None
    except TokencrossError as error:
        raise ScenarioError(*(_as_lock(each) for each in error.problems)) from None


def _refuse_later(document: Document) -> None:
    """Refuse a layout that only later versions know."""
    data = document.data
    said = data.get("format_version") if isinstance(data, dict) else None
    if isinstance(said, int) and said > _FORMAT:
        remedy = f"A later tokencross wrote it: install that version, or write it anew with this one: {_AGAIN}"
        raise document.problem(("format_version",), f"{said}", f"{_FORMAT}, the layout that this version reads", remedy)


def _refuse_broken(path: Path) -> None:
    """Refuse a file in which a merge left both sides, or whose end is missing."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError:
        return  # reading it as a document says what is wrong
    conflict = _CONFLICT.search(raw)
    if conflict:
        where = f"{path}:{raw.count(10, 0, conflict.start()) + 1}"
        found = f"a merge conflict ({conflict[0].decode('utf-8', 'replace').strip()})"
        remedy = f"Write it anew, once the scenarios are merged: {_AGAIN}"
        raise ScenarioError(Problem(where, found, _WRITTEN, remedy))
    if raw.strip() and not raw.rstrip().endswith(f"\n{_END}".encode()):
        where = f"{path}:{raw.count(10) + (not raw.endswith(bytes([10])))}"
        raise ScenarioError(Problem(where, "the end of a text that was cut off", f"{_WRITTEN}, up to its line `...`"))


def _as_lock(problem: Problem | str) -> Problem | str:
    """Return a problem with what to do about it."""
    if not isinstance(problem, Problem):
        return problem
    return problem if "tokencross lock" in problem.remedy else replaced(problem, remedy=_ANEW)


# ---------------------------------------------------------------------- writing


def text_of(studies: Mapping[str, LockedStudy]) -> str:
    """Return the text of a lock: studies by path, fields in one order, numbers by address.

    Examples
    --------
    >>> print(text_of({}).partition("format_version")[2])
    : 1
    anchors_tokens_per_month: [1.0e+6, 1.0e+7, 1.0e+8, 1.0e+9, 1.0e+10, 1.0e+11, 1.0e+12, 1.0e+13]
    studies: {}
    ...
    <BLANKLINE>
    """
    head = {"format_version": _FORMAT, "anchors_tokens_per_month": list(ANCHORS_TOKENS_PER_MONTH)}
    blocks = []
    for key in sorted(studies):
        lines = _dumped({key: _plain(studies[key])}).removesuffix("\n").split("\n")
        blocks.append("".join(f"  {line}\n" if line else "\n" for line in lines))
    listed = "\n" + "\n".join(blocks) if blocks else " {}\n"
    return f"{_HEADER}{_dumped(head)}studies:{listed}{_END}\n"


def _plain(study: LockedStudy) -> dict[str, object]:
    """Return a study as plain data in the order in which it is written."""
    here, volume = study.costs_here_usd_per_month, study.tokens_per_month
    own: dict[str, object] = {"tokens_per_month": _rounded(volume, _NUMBER_DIGITS)} if volume is not None else {}
    costs_here: dict[str, object] = {"costs_here_usd_per_month": _all_shown(here)} if here else {}
    breakevens = study.breakevens_tokens_per_month
    return {
        "name": study.name,
        "as_of": study.as_of,
        "tables": {"version": study.tables.version, "sha256": study.tables.sha256},
        "tokencross": study.tokencross,
        "incumbent": study.incumbent,
        **own,
        "costs_usd_per_month": {label: _shown(costs) for label, costs in study.costs_usd_per_month.items()},
        **costs_here,
        "winners": [
            {"from_tokens_per_month": _rounded(each.from_tokens_per_month), "option": each.option}
            for each in study.winners
        ],
        "winner_count": study.winner_count,
        "breakevens_tokens_per_month": {
            label: {"first": _or_never(found.first), "robust": _or_never(found.robust)}
            for label, found in breakevens.items()
        },
        "numbers": {label: _numbers(numbers) for label, numbers in study.numbers.items() if numbers},
        "rows": _Lines(sorted(study.rows.items())),
        "scenario": study.scenario,
    }


def _numbers(numbers: Addressed) -> dict[str, object]:
    """Return numbers sorted by address, rounded to what every machine agrees on."""
    return {
        key: {name: _rounded(number, _NUMBER_DIGITS) for name, number in sorted(part.items())}
        if isinstance(part, dict)
        else _rounded(part, _NUMBER_DIGITS)
        for key, part in sorted(numbers.items(), key=lambda pair: (isinstance(pair[1], dict), pair[0]))
    }


def _shown(costs: Iterable[float]) -> list[float]:
    return [_rounded(cost) for cost in costs]


def _all_shown(costs: Mapping[str, float]) -> dict[str, float]:
    return {label: _rounded(cost) for label, cost in costs.items()}


def _or_never(volume: float | str) -> float | str:
    return volume if isinstance(volume, str) else _rounded(volume)


def _rounded(value: float, digits: int = _SHOWN_DIGITS) -> float:
    """Return a number to so many significant digits."""
    return float(f"{value:.{digits}g}")


class _Dumper(yaml.SafeDumper):
    """Writes every value out where it belongs; not libyaml's, which breaks lines elsewhere."""

    def ignore_aliases(self, data: object) -> bool:
        """Return that a value met twice is written twice."""
        return True


def _number_text(value: float) -> str:
    """Return a number so that YAML reads it back exactly.

    Examples
    --------
    >>> _number_text(4e9), _number_text(0.25), _number_text(720833000.0), _number_text(2e-05), _number_text(3.0)
    ('4.0e+9', '0.25', '7.20833e+8', '2.0e-5', '3.0')
    """
    if value == 0.0 or 1e-4 <= abs(value) < 1e6:
        return repr(value)
    mantissa, _, exponent = f"{Decimal(repr(value)).normalize():e}".partition("e")
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}e{exponent}"


class _Lines(dict[str, str]):
    """A mapping with a line for each key."""


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    if not math.isfinite(value):
        return dumper.represent_float(value)
    return dumper.represent_scalar(_FLOAT, _number_text(value))


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    if _BREAKS.isdisjoint(value):
        return dumper.represent_str(value)
    return dumper.represent_scalar(_TEXT, value, style='"')  # else a reader takes them for ends of lines


_Dumper.add_representer(float, _represent_float)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Lines, lambda dumper, value: dumper.represent_mapping(_MAP, value, flow_style=False))
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(list(value)))


def _dumped(data: Mapping[str, object]) -> str:
    """Return plain data as YAML: what holds only plain values in one line."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=_WIDTH)
