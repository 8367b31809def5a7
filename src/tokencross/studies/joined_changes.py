"""Changes as one: those that are only possible together, and of too many those of a row, a room, or the smallest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tokencross.studies.changed import Change, sum_of
from tokencross.studies.moves import REFUSED
from tokencross.studies.partly_changed import PartlyChanged

__all__ = ["countable", "grouped", "settled"]


def settled(study: PartlyChanged) -> tuple[Change, ...]:
    """Return the changes, those as one that the study only accepts together.

    Two shares of which one has to fall before the other can rise are one change. Looked at is each change alone and
    the lack of each; a change that is refused is joined with the first that makes it possible, else with all of its
    room, else with all others.
    """
    count = len(study.changes)
    groups = list(range(count))
    for place in range(count):
        for rest in (0, study.everything & ~(1 << place)):
            one = rest ^ (1 << place) if rest == 0 else rest
            if not study.accepts(one):
                others = _partners(study, place, one)
                for other in others:
                    _join(groups, place, other)
    return _as_joined(study.changes, groups)


def _partners(study: PartlyChanged, place: int, refused: int) -> list[int]:
    """Return with which others a change has to be made, or left."""
    others = [other for other in range(len(study.changes)) if other != place]
    possible = next((other for other in others if study.accepts(refused ^ (1 << other))), None)
    if possible is not None:
        return [possible]
    rooms = study.changes[place].owners
    return [other for other in others if rooms & study.changes[other].owners] or others


def _join(groups: list[int], one: int, other: int) -> None:
    """Put two changes, and all that were joined with either, into one group."""
    first, second = groups[one], groups[other]
    for place, group in enumerate(groups):
        if group == second:
            groups[place] = first


def _as_joined(changes: Sequence[Change], groups: Sequence[int]) -> tuple[Change, ...]:
    """Return the changes of each group as one."""
    found: dict[int, Change] = {}
    for change, group in zip(changes, groups, strict=True):
        found[group] = found[group] + change if group in found else change
    return tuple(found.values())


# ---------------------------------------------------------------------- fewer of them


def grouped(study: PartlyChanged, pair: tuple[str, str], most: int) -> tuple[Change, ...]:
    """Return at most so many changes: those of one row together, then of one room, then the smallest."""
    changes = _by_row_and_room(study.changes, most)
    if len(changes) <= most:
        return changes
    apart = study.of(changes)
    effects = [abs(_effect(apart, pair, 1 << place)) for place in range(len(changes))]
    ordered = sorted(range(len(changes)), key=lambda place: effects[place])
    small = set(ordered[: len(changes) - most + 1])
    kept = [each for place, each in enumerate(changes) if place not in small]
    return (*kept, sum_of([each for place, each in enumerate(changes) if place in small]))


def countable(changes: tuple[Change, ...], most: int) -> tuple[Change, ...]:
    """Return changes whose subsets can be counted: with more than that, fewer, whatever they do."""
    changes = _by_row_and_room(changes, most)
    return changes if len(changes) <= most else (*changes[: most - 1], sum_of(changes[most - 1 :]))


def _by_row_and_room(changes: tuple[Change, ...], most: int) -> tuple[Change, ...]:
    """Return changes, if there are more than that those of one row as one, and if still so those of one room."""
    for key in (_row_of, _room_of):
        if len(changes) > most:
            changes = _merged(changes, key)
    return changes


def _effect(study: PartlyChanged, pair: tuple[str, str], subset: int) -> float:
    """Return what some changes do to the advantage by themselves; inf where they are not possible alone."""
    challenger, rival = pair
    try:
        return sum(
            sign * (study.cost(label, subset) - study.cost(label, 0)) for label, sign in ((rival, 1), (challenger, -1))
        )
    except REFUSED:
        return math.inf


def _merged(changes: Sequence[Change], key: Callable[[Change], object]) -> tuple[Change, ...]:
    """Return changes of one key as one."""
    found: dict[object, Change] = {}
    for each in changes:
        name = key(each)
        found[name] = found[name] + each if name in found else each
    return tuple(found.values())


def _row_of(change: Change) -> object:
    """Return the row or item that all numbers of a change are of; the change itself where there is no such thing."""
    rows = {figure.address.rpartition(".")[0] for figure in change.figures}
    return rows.pop() if len(rows) == 1 and not change.recipes and rows != {""} else change


def _room_of(change: Change) -> object:
    """Return whose a change is; of several owners the room of its table."""
    whose = change.owners
    if len(whose) == 1:
        return whose.pop()
    rooms = {figure.address.partition(":")[0] for figure in change.figures}
    return rooms.pop() if len(rooms) == 1 else change
