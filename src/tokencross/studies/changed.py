"""What can differ between two studies: moves in words, and changes that can be made or left out."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Literal

from tokencross.citation import Citation

__all__ = ["Change", "Figure", "Move", "MoveKind", "sum_of"]

MoveKind = Literal["table", "scenario", "rest"]


@dataclass(frozen=True)
class Move:
    """Something that differs between two studies.

    Attributes
    ----------
    key : str
        An address; a label or ``workload`` where a recipe differs; ``rest`` for what is left unexplained.
    words : str
        What it is in words, figures before and after included, its date not.
    kind : str
        table (a row says so), scenario (the study does) or rest.
    unit : str
        Of the figures, in words; empty for what is no number.
    old, new : float or None
        The figures before and after; None for what is no number.
    on : date or None
        The day from which the new figure holds, where its row is another than before; None for a correction of the
        same row and for what the study says.
    citation : Citation or None
        The row behind it.
    """

    key: str
    words: str
    kind: MoveKind
    unit: str = ""
    old: float | None = None
    new: float | None = None
    on: date | None = None
    citation: Citation | None = None


@dataclass(frozen=True)
class Figure:
    """A number where one owner has it, before and after.

    ``pinned`` says that it is put in before too. Otherwise it is one that follows from others: before, it is whatever
    they make it.
    """

    owner: str
    address: str
    old: float
    new: float
    pinned: bool = True


@dataclass(frozen=True)
class Change:
    """What can be made or left out as one: numbers, and recipes by label (or ``workload``)."""

    moves: tuple[Move, ...]
    figures: tuple[Figure, ...] = ()
    recipes: tuple[str, ...] = ()

    def __add__(self, other: Change) -> Change:
        """Return both as one."""
        return Change((*self.moves, *other.moves), (*self.figures, *other.figures), (*self.recipes, *other.recipes))

    @property
    def owners(self) -> set[str]:
        """Whose numbers and recipes it is of: labels, ``workload``, ``study:`` for the volume."""
        return {*self.recipes, *(figure.owner for figure in self.figures)}


def sum_of(changes: Sequence[Change]) -> Change:
    """Return changes as one."""
    return reduce(operator.add, changes)
