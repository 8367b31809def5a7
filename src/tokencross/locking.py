"""Locks and scenario files: writing what studies came to, and saying what moved since and why."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tokencross.checks.lock_check import (
    Differences,
    changed_numbers,
    differences,
    edited_rows,
    same_costs,
    same_figure,
    same_volume,
)
from tokencross.checks.lock_file import ANCHORS_TOKENS_PER_MONTH, LOCK_NAME, Lock, LockedStudy, read_lock, text_of
from tokencross.checks.lock_record import breakeven_of, record_of, row_places
from tokencross.checks.outcome import Outcome
from tokencross.errors import Problem, ScenarioError, TokencrossError
from tokencross.scenario import study_in
from tokencross.studies.compare import Comparison
from tokencross.studies.set_numbers import STUDY, VOLUME
from tokencross.tables.reading import read_document
from tokencross.units import format_count

__all__ = ["Written", "check_lock", "check_study", "lock_text", "locked_comparison", "read_lock", "write_lock"]

_MOST_LISTED = 12
_ROW = "row: "  # an attribution's lines about the rows behind it
_MIDDLE = 1e9
"""Volume at which costs are attributed where neither study nor breakevens say one. [tokens/month]"""
_SAID_FIRST = b"tokencross lock"
"""What every lock's first lines say, a damaged one's too."""


# ---------------------------------------------------------------------- writing


@dataclass(frozen=True)
class Written:
    """What became of a study in a lock.

    Attributes
    ----------
    key : str
        Path of the scenario from the lock's folder on.
    state : str
        new, changed (``lines`` say what moved and why), as before, or removed.
    lines : tuple of str
        What is different.
    """

    key: str
    state: Literal["new", "changed", "as before", "removed"]
    lines: tuple[str, ...] = ()


def lock_text(scenarios: Sequence[Path], *, beside: Path) -> str:
    """Return the text of a lock of some scenarios and no others.

    Parameters
    ----------
    scenarios : sequence of Path
        Scenario files, in any order.
    beside : Path
        The folder that the lock is to lie in: paths in it begin there.

    Raises
    ------
    TokencrossError
        If a scenario is wrong.
    """
    return text_of({key: _record(*_loaded(path)) for key, path in _by_key(scenarios, beside).items()})


def write_lock(scenarios: Sequence[Path], path: Path, *, anew: bool = False) -> tuple[Written, ...]:
    """Write what some scenarios come to into a lock, whole or not at all; other studies in it stay as they are.

    Parameters
    ----------
    scenarios : sequence of Path
        Scenario files.
    path : Path
        The lock; there need be none yet.
    anew : bool
        Whether the lock is to hold these studies only, whatever it held, damaged or not.

    Returns
    -------
    tuple of Written
        What became of each study that was named, and of those that were removed.

    Raises
    ------
    TokencrossError
        If a scenario is wrong, the lock is damaged, or it cannot be written; then it is as it was.
    """
    before = _lock_before(path, anew=anew)
    kept: Mapping[str, LockedStudy] = {} if before is None else before.studies
    studies = {} if anew else dict(kept)
    done = []
    for key, scenario in _by_key(scenarios, path.parent).items():
        comparison, data = _loaded(scenario)
        studies[key] = _record(comparison, data)
        if before is None or key not in kept:
            done.append(Written(key, "new"))
            continue
        found = differences(kept[key], comparison)
        lines = tuple(_what_and_why(before, key, comparison, found)) if found.moved else found.notes
        done.append(Written(key, "changed" if found.moved else "as before", lines))
    done += [Written(key, "removed") for key in kept if key not in studies]
    _write(path, text_of(studies))
    return tuple(done)


def _lock_before(path: Path, *, anew: bool) -> Lock | None:
    """Return the lock that is there; None where there is none, or a damaged one that is to be replaced."""
    if not path.absolute().parent.is_dir():
        raise ScenarioError(Problem(str(path), "a folder that does not exist", "an existing folder"))
    if not path.exists():
        return None
    if not _may_be_lock(path):
        raise ScenarioError(Problem(str(path), "a file that is no lock", f"a lock, such as {LOCK_NAME}"))
    try:
        return read_lock(path)
    except TokencrossError:
        if not anew:
            raise
        return None


def _may_be_lock(path: Path) -> bool:
    """Return whether a file may be replaced: it is empty, a lock, or what is left of one."""
    try:
        raw = path.read_bytes()
    except OSError:
        return True  # reading it as a lock says what is wrong
    return not raw or _SAID_FIRST in raw


def _by_key(scenarios: Iterable[Path], folder: Path) -> dict[str, Path]:
    """Return scenario files by their path from a folder on, as every system writes it."""
    found = {}
    for scenario in scenarios:
        try:
            relative = os.path.relpath(scenario.absolute(), folder.absolute())
        except ValueError:  # another drive
            accepted = f"a file that has a path from {folder.absolute()} on"
            raise ScenarioError(Problem(str(scenario), "a file on another drive than the lock", accepted)) from None
        found[Path(relative).as_posix()] = scenario
    return found


def _loaded(scenario: Path) -> tuple[Comparison, Mapping[str, object]]:
    """Return a scenario's study, and the scenario as plain data."""
    document = read_document(scenario, error=ScenarioError)
    comparison = study_in(document, scenario.parent).comparison
    assert isinstance(document.data, dict)  # read_document refuses anything else
    return comparison, document.data


def _record(comparison: Comparison, data: Mapping[str, object]) -> LockedStudy:
    """Return what a lock keeps of a study."""
    from tokencross import __version__

    return record_of(comparison, name=str(data["name"]), scenario=data, written_by=__version__)


def _write(path: Path, text: str) -> None:
    """Put a text in a file's place at once; a file that says so already is not touched."""
    raw = text.encode("utf-8")
    place = path.resolve()  # a link stays one
    try:
        if place.is_file() and place.read_bytes() == raw:
            return
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=place.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
        if place.exists():
            shutil.copymode(place, temporary)
        else:
            temporary.chmod(0o644)
        temporary.replace(place)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> ScenarioError:
    reason = (error.strerror or str(error)).lower()
    return ScenarioError(Problem(str(path), reason, "a place that can be written to"))


# ---------------------------------------------------------------------- checking


def check_lock(path: Path) -> Iterator[Outcome]:
    """Return an iterator over what became of each study of a lock; nothing is written.

    Raises
    ------
    TokencrossError
        At once if the lock is missing or damaged; and in the place of an outcome, if a scenario is gone or wrong: the
        next call of ``next`` goes on with the next study.
    """
    lock = read_lock(path)
    return map(partial(check_study, lock), lock.studies)


def check_study(lock: Lock, key: str) -> Outcome:
    """Return whether a study comes to what its lock says, and otherwise what moved and why.

    Raises
    ------
    TokencrossError
        If the scenario is gone or wrong.
    """
    scenario = lock.scenario_path(key)
    if not scenario.exists():
        place = lock.document.where(("studies", key))
        remedy = f"If it is meant to be gone, lock the others: tokencross lock SCENARIO… --anew{_output(lock.path)}"
        raise ScenarioError(Problem(place, f"no file {scenario.as_posix()}", "a scenario that is there", remedy))
    now, data = _loaded(scenario)
    found = differences(lock.studies[key], now)
    said = partial(Outcome, "lock", lock.path.as_posix(), lock.line(key), key)
    if not found.moved:
        edited = () if data == lock.studies[key].scenario else ("the scenario file was edited",)
        lines = (*found.notes, *edited)
        return said(passed=True, lines=(f"the same results: {', '.join(lines)}",) if lines else ())
    remedy = f"If that is meant: tokencross lock {shlex.quote(scenario.as_posix())}{_output(lock.path)}"
    return said(passed=False, lines=(*_what_and_why(lock, key, now, found), remedy))


def _output(path: Path) -> str:
    """Return the option that names a lock, where it is not the usual one."""
    return "" if path == Path(LOCK_NAME) else f" --output {shlex.quote(path.as_posix())}"


def _what_and_why(lock: Lock, key: str, now: Comparison, found: Differences) -> Iterator[str]:
    """Yield what moved in a study, and what moved it."""
    locked = lock.studies[key]
    yield from (f"{note}" for note in found.notes)
    yield from found.lines
    if found.challengers:
        yield from _attributed(lock, key, now, found)
    else:
        yield from found.breakevens.values()
    rows = edited_rows(locked, now)
    if rows:
        yield f"rows edited since: {', '.join(rows[:_MOST_LISTED])}{_and_more(rows)}"


def _attributed(lock: Lock, key: str, now: Comparison, found: Differences) -> Iterator[str]:
    """Yield how each challenger's advantage moved and why; without the why where the locked study cannot be had."""
    from tokencross.studies.attribution import attribute

    locked = lock.studies[key]
    before = _rebuilt(lock, key)
    if before.comparison is None:
        yield from found.breakevens.values()
        yield f"Why is not known, because the locked study cannot be rebuilt: {before.reason}"
        yield from _numbers(locked, now)
        return
    rows: dict[str, None] = {}  # those behind several changes are named once
    for challenger in found.challengers:
        on_record = {} if before.exact else _on_record(locked, before.comparison, now, challenger)
        try:
            told = attribute(
                before.comparison,
                now,
                challenger,
                now.incumbent,
                **on_record,
                rows_before=row_places(locked),
            ).lines()
        except TokencrossError as error:
            told = (*filter(None, [found.breakevens.get(challenger)]), f"Why is not known: {_one_line(error)}")
        rows |= dict.fromkeys(line for line in told if line.startswith(_ROW))
        whose = f"{challenger}: " if len(found.challengers) > 1 else ""
        yield from (f"{whose}{line}" for line in told if not line.startswith(_ROW))
    yield from rows


def _on_record(locked: LockedStudy, then: Comparison, now: Comparison, challenger: str) -> dict[str, Any]:
    """Return what is on record and the study as it can be had comes to otherwise, as `attribute` takes it.

    Costs are those at the study's own volume; without one, at the anchor nearest to the breakeven.
    """
    volume, costs = locked.tokens_per_month, locked.costs_here_usd_per_month
    record: dict[str, Any] = {}
    was = locked.breakevens_tokens_per_month[challenger]
    if volume is None:
        volumes = [was.first, now.central_breakeven(challenger).first]
        known = [volume for volume in volumes if isinstance(volume, float) and volume > 0.0]
        near = np.abs(np.log(np.array(ANCHORS_TOKENS_PER_MONTH) / [*known, _MIDDLE][0]))
        place = int(np.argmin(near))
        volume = record["tokens_per_month"] = ANCHORS_TOKENS_PER_MONTH[place]
        costs = {label: all_costs[place] for label, all_costs in locked.costs_usd_per_month.items()}
    record["costs_before"] = {
        label: cost
        for label, cost in costs.items()
        if label in then.labels and not same_figure(cost, float(then.curve(label).usd_per_month(volume)))
    }
    rebuilt = breakeven_of(then, challenger)
    if not (same_volume(was.first, rebuilt.first) and same_volume(was.robust, rebuilt.robust)):
        record["breakevens_before"] = tuple(None if each == "never" else each for each in (was.first, was.robust))
    return record


def _numbers(locked: LockedStudy, now: Comparison) -> Iterator[str]:
    """Yield the numbers that moved."""
    moved = {address: old for numbers in changed_numbers(locked, now).values() for address, old in numbers.items()}
    if moved:
        said = [f"{address} was {format_count(old, digits=6)}" for address, old in moved.items()]
        yield f"numbers that moved: {'; '.join(said[:_MOST_LISTED])}{_and_more(said)}"


def _and_more(listed: Sequence[str]) -> str:
    return f" and {len(listed) - _MOST_LISTED} more" if len(listed) > _MOST_LISTED else ""


def _one_line(error: TokencrossError) -> str:
    return " ".join(str(error).split())


# ---------------------------------------------------------------------- the study as it was


@dataclass(frozen=True)
class _Rebuilt:
    """A study as it was when it was locked; None and the reason where it cannot be had.

    ``exact`` says whether it costs what the lock says: the tables may have changed in what is no number.
    """

    comparison: Comparison | None
    exact: bool = False
    reason: str = ""


def locked_comparison(lock: Lock, key: str) -> Comparison | None:
    """Return a study as it was when it was locked: its scenario then, with the numbers that it rested on.

    What the tables say today takes the place of what is no number; None where that gives no study any more, or the
    lock does not have it.
    """
    return _rebuilt(lock, key).comparison if key in lock.studies else None


def _rebuilt(lock: Lock, key: str) -> _Rebuilt:
    """Return a study from its lock."""
    locked = lock.studies[key]
    try:
        document = lock.document.under(("studies", key, "scenario"))
        study = study_in(document, lock.scenario_path(key).parent, as_of=locked.as_of)
        then = study.comparison.medians
        moved = changed_numbers(locked, then)
        volume = locked.tokens_per_month
        if volume is not None and not same_figure(volume, then.here or 0.0):
            moved[STUDY] = {VOLUME: volume}
        if moved:
            from tokencross.studies.attribution import with_numbers

            then = with_numbers(then, moved)
        return _Rebuilt(then, exact=same_costs(locked, then))
    except TokencrossError as error:
        return _Rebuilt(None, reason=_one_line(error))
