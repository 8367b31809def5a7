"""What differs between two studies, in words: figures before and after, and of recipes the model, place and terms."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import TypeAlias

from tokencross.citation import Citation
from tokencross.options.base import Blend, CostOption, Parameter
from tokencross.options.load import Load
from tokencross.options.mix import Mix
from tokencross.options.own_rate import Throughput
from tokencross.options.workload import Workload
from tokencross.studies.changed import Figure, Move, MoveKind
from tokencross.studies.input_words import input_name, unit_words, values_words
from tokencross.tables.book import REPLACED, Book

__all__ = ["RowPlace", "figure_words", "number_move", "recipe_move", "recipe_words", "workload_move"]

RowPlace: TypeAlias = tuple[str, date | None]
"""A row's name and its first day: what makes it the same in another version of the tables."""

_ARROW = " → "
_ROOMS = ("prices", "compute", "provisioned", "tokenizers", "tuning")
_ROW = "row"
_SKIPPED = ("book", "label", "name", "engineering", "tier", "weights", "classes", "routes")
_KIND_WORDS = {"ApiOption": "by the token", "SelfHostedOption": "self-hosted", "Option": "a curve of one's own"}


def figure_words(address: str, old: float, new: float) -> str:
    """Return a number before and after, with as many digits as tell them apart.

    Examples
    --------
    >>> figure_words("prices:acme/large.input_usd_per_mtok", 5.0, 4.0), figure_words("own:target_load_share", 0.7, 0.6)
    ('acme/large input price 5 → 4 USD/Mtok', 'own target load share 70% → 60%')
    """
    part = address.endswith(".share") or ":share[" in address  # of a split, or a class's
    valued = "own:_share" if part else address
    before, after = values_words(valued, old, new)
    unit = unit_words(valued)
    return f"{_name(address)} {before.removesuffix(unit).rstrip() if unit else before}{_ARROW}{after}"


def _name(address: str) -> str:
    """Return what a number is called, the row of a table as the tables spell it."""
    room, _, rest = address.partition(":")
    row, dot, name = rest.rpartition(".")
    if room not in _ROOMS or not dot:
        return input_name(address)
    return input_name(f"{room}:{_ROW}.{name}").replace(_ROW, row, 1)


def recipe_words(old: object, new: object, *, numbers: frozenset[str]) -> list[str]:
    """Return what differs between two options or workloads in what is no number at an address.

    Parameters
    ----------
    old, new : option or workload
        Before and after.
    numbers : set of str
        Addresses that either has, which are not said again.

    Returns
    -------
    list of str
        Such as ``instance lambda/a → lambda/b``; empty where nothing but numbers and tables differ.
    """
    if type(old) is not type(new):
        return [f"{_kind(old)}{_ARROW}{_kind(new)}"]
    named = {address.rpartition(":")[2].rpartition(".")[2] for address in numbers}
    return list(dict.fromkeys((*_parts(old, new), *_fields(old, new, named))))


def _kind(thing: object) -> str:
    """Return what kind of option or workload something is."""
    name = type(thing).__name__
    return _KIND_WORDS.get(name, name.removesuffix("Option").lower())


def _parts(old: object, new: object) -> Iterator[str]:
    """Yield which options a blend is made of, or which classes a workload has, if they are others."""
    if isinstance(old, Blend) and isinstance(new, Blend):
        labels = [", ".join(part.label for part in each.parts) for each in (old, new)]
        if labels[0] != labels[1]:
            yield f"of {labels[0]}{_ARROW}{labels[1]}"
    if isinstance(old, Mix) and isinstance(new, Mix):
        names = [", ".join(each.name for each in mix.classes) for mix in (old, new)]
        if names[0] != names[1]:
            yield f"classes {names[0]}{_ARROW}{names[1]}"
            return
        for was, now in zip(old.classes, new.classes, strict=True):
            yield from (f"{was.name} {words}" for words in _fields(was.workload, now.workload, set()))


def _fields(old: object, new: object, named: set[str]) -> Iterator[str]:
    """Yield the fields that differ and are text, dates, counts or made of such."""
    if not is_dataclass(old) or isinstance(old, Mix):
        return
    for each in fields(old):
        was, now = getattr(old, each.name), getattr(new, each.name)
        if each.name in _SKIPPED or each.name in named or was is now or isinstance(was, Book):
            continue
        yield from _field(each.name, was, now)


def _field(name: str, was: object, now: object) -> Iterator[str]:
    """Yield how one field differs."""
    said = name.replace("_", " ")
    if isinstance(was, CostOption) or isinstance(now, CostOption):
        inner = isinstance(was, CostOption) and isinstance(now, CostOption) and name == "recipe"
        yield from recipe_words(was, now, numbers=frozenset()) if inner else ()
    elif isinstance(was, Load) or isinstance(now, Load):
        names = [_load(each) for each in (was, now)]
        if names[0] != names[1]:
            yield f"load {names[0]}{_ARROW}{names[1]}"
        elif was is None or now is None or not _same_hours(was, now):
            yield "other hours of its load"
    elif _is_text(was) and _is_text(now):
        if was != now and not (isinstance(was, float) and isinstance(now, float)):
            yield f"{said} {_text(was)}{_ARROW}{_text(now)}"
    elif isinstance(was, Throughput) or isinstance(now, Throughput):
        yield from ["other measurements of its rate"] if was != now else []
    elif is_dataclass(was) and type(was) is type(now):
        yield from (f"{said} {words}" for words in _fields(was, now, set()))
    elif type(was) is not type(now):
        yield f"another {said}"


def _load(value: object) -> str:
    """Return what a load is called."""
    return (value.name or "by hour") if isinstance(value, Load) else "none"


def _same_hours(was: object, now: object) -> bool:
    """Return whether two loads have the same hours."""
    return isinstance(was, Load) and isinstance(now, Load) and bool((was.hours == now.hours).all())


def _is_text(value: object) -> bool:
    """Return whether a value can be written as it is."""
    return value is None or isinstance(value, (str, bool, int, float, date))


def _text(value: object) -> str:
    """Return a value as it is written."""
    return "none" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)


# ---------------------------------------------------------------------- as moves


def number_move(
    figure: Figure,
    was: Parameter | None,
    now: Parameter | None,
    *,
    named: bool,
    rows_before: Collection[RowPlace] | None = None,
) -> Move:
    """Return a changed number with what it rests on; its owner named where another has other figures.

    ``rows_before`` are the rows of the old study, where they are on record: its own numbers may have been put in.
    """
    known = now or was
    cited = None if now is None else _row(now)
    kind: MoveKind = "scenario" if cited is None else "table"
    words = figure_words(figure.address, figure.old, figure.new)
    return Move(
        f"{figure.owner}: {figure.address}" if named else figure.address,
        f"{figure.owner}: {words}" if named else words,
        kind,
        "" if known is None else known.unit,
        figure.old,
        figure.new,
        _since(None if was is None else was.citation, cited, rows_before),
        cited,
    )


def _row(parameter: Parameter) -> Citation | None:
    """Return the row that a number is from; None for one that the study gives, in place of a row too."""
    cited = parameter.citation
    return None if cited is None or not cited.location or cited.via == REPLACED else cited


def _since(was: Citation | None, now: Citation | None, rows_before: Collection[RowPlace] | None = None) -> date | None:
    """Return the day of a row that is another than before."""
    if now is None or now.effective_from is None:
        return None
    if rows_before is not None:
        return None if _place(now) in rows_before else now.effective_from
    return None if was is not None and was.effective_from == now.effective_from else now.effective_from


def workload_move(old: Workload, new: Workload) -> Move:
    """Return what differs of the traffic beside its numbers."""
    words = recipe_words(old, new, numbers=frozenset()) or ["another traffic"]
    return Move("workload", f"workload: {'; '.join(words)}", "scenario")


def recipe_move(
    was: CostOption, now: CostOption, before: Mapping[str, Parameter], after: Mapping[str, Parameter]
) -> Move:
    """Return what differs of an option beside its numbers: what the study says of it, else what its rows do."""
    owner = now.label
    said = recipe_words(was, now, numbers=frozenset({*before, *after}))
    rows = [row for row in _rows(after) if _place(row) not in {_place(old) for old in _rows(before)}]
    cited = max(rows, key=lambda row: row.effective_from or date.min, default=None)
    day = None if said or cited is None else cited.effective_from
    words = said or _rows_in_words(before, after, cited)
    kind: MoveKind = "scenario" if said or cited is None else "table"
    return Move(owner, f"{owner}: {'; '.join(words)}", kind, on=day, citation=cited)


def _rows(numbers: Mapping[str, Parameter]) -> list[Citation]:
    """Return the rows that numbers are from, each once."""
    return list(dict.fromkeys(row for each in numbers.values() if (row := _row(each)) is not None))


def _place(row: Citation) -> RowPlace:
    """Return what makes a row the same in another version of the tables."""
    return row.row, row.effective_from


def _rows_in_words(
    before: Mapping[str, Parameter], after: Mapping[str, Parameter], cited: Citation | None
) -> list[str]:
    """Return what tables say otherwise: numbers that appear or go, else which row."""
    listed = {"now with": [a for a in after if a not in before], "without": [a for a in before if a not in after]}
    words = []
    for how, addresses in listed.items():
        if addresses:
            names = [_name(address) for address in addresses[:3]]
            more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
            words.append(f"{how} {', '.join(names)}{more}")
    row = "" if cited is None else f" of {cited.row.partition(':')[2] or cited.row}"
    return words or [f"what the rows{row} say otherwise than in numbers"]
