"""Which breakevens of scenarios moved between two versions of the tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tokencross.errors import Problem, TokencrossError
from tokencross.studies.compare import Comparison
from tokencross.tables.store import Store

__all__ = ["Moved", "Movements", "NotCompared", "moved_breakevens"]

_LEAST_MOVE_RATIO = 1e-9


@dataclass(frozen=True)
class Moved:
    """A breakeven that moved.

    Attributes
    ----------
    scenario, challenger, incumbent : str
        Which.
    quantity : "first" or "robust"
        Where the challenger first undercuts, or from where it does for good.
    old, new : float or None
        The volumes; None where there is none. [tokens/month]
    """

    scenario: str
    challenger: str
    incumbent: str
    quantity: Literal["first", "robust"]
    old: float | None
    new: float | None


@dataclass(frozen=True)
class NotCompared:
    """A scenario that does not run on a version, with the reason in one line."""

    scenario: str
    version: str
    reason: str


@dataclass(frozen=True)
class Movements:
    """What two versions of the tables make of scenarios.

    Attributes
    ----------
    scenario_count : int
        How many ran on both.
    moved : tuple of Moved
        Their breakevens that moved.
    failed : tuple of NotCompared
        Scenarios that ran on one version only, or on none.
    """

    scenario_count: int
    moved: tuple[Moved, ...]
    failed: tuple[NotCompared, ...]


def moved_breakevens(
    scenarios: Sequence[Path], old: Store, new: Store, *, load: Callable[[Path, Store], Comparison]
) -> Movements:
    """Return the breakevens against the incumbent that differ by more than 1e-9 of the old, at the medians.

    Parameters
    ----------
    scenarios : sequence of Path
        Scenario files.
    old, new : Store
        Two versions of the tables.
    load : callable
        Runs a scenario file on tables.
    """
    moved: list[Moved] = []
    failed: list[NotCompared] = []
    count = 0
    for path in scenarios:
        found: list[dict[tuple[str, str, Literal["first", "robust"]], float | None]] = []
        for store in (old, new):
            try:
                found.append(_breakevens(load(path, store)))
            except TokencrossError as error:
                reason = _one_line(error).replace(store.root.as_posix(), store.name)
                reason = reason.replace(f"{path.parent.as_posix()}/", "")
                failed.append(NotCompared(path.stem, store.version, reason))
        if len(found) < 2:
            continue
        count += 1
        now = found[1]
        moved += [Moved(path.stem, *key, was, now[key]) for key, was in found[0].items() if _far(was, now[key])]
    return Movements(count, tuple(moved), tuple(failed))


def _breakevens(comparison: Comparison) -> dict[tuple[str, str, Literal["first", "robust"]], float | None]:
    """Return first and robust breakeven of every challenger. [tokens/month]"""
    found: dict[tuple[str, str, Literal["first", "robust"]], float | None] = {}
    for label in comparison.labels:
        if label != comparison.incumbent:
            at = comparison.central_breakeven(label)
            found[label, comparison.incumbent, "first"] = None if at.first is None else float(at.first)
            found[label, comparison.incumbent, "robust"] = None if at.robust is None else float(at.robust)
    return found


def _far(old: float | None, new: float | None) -> bool:
    """Return whether a breakeven moved."""
    if old is None or new is None:
        return old is not new
    return not math.isclose(old, new, rel_tol=_LEAST_MOVE_RATIO)


def _one_line(error: TokencrossError) -> str:
    """Return the first mistake in a line."""
    first = error.problems[0]
    return " ".join((f"{first.where}: found {first.found}" if isinstance(first, Problem) else str(first)).split())
