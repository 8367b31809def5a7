"""Assumption files and what came of them: studies and tables loaded once, every check made, verdicts compared."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from tokencross.checks.context import Context
from tokencross.checks.measures import measured
from tokencross.checks.outcome import CaseOutcome, Outcome
from tokencross.errors import ScenarioError, TokencrossError, offer
from tokencross.scenario import study_in
from tokencross.studies.addresses import replaced
from tokencross.studies.compare import Comparison
from tokencross.studies.eras import study_day
from tokencross.tables.assumption_entry import TODAY, CheckEntry, HoldsForEntry
from tokencross.tables.assumption_file import AssumptionsFile, cases_of, parsed_assumptions
from tokencross.tables.book import Book
from tokencross.tables.reading import Document, KeyPath, path_beside, read_document
from tokencross.tables.store import Store, open_store
from tokencross.tables.strict import as_error

if TYPE_CHECKING:
    from tokencross.checks.lock_file import Lock

__all__ = ["AssumptionFile", "context_of", "read_assumptions", "run_check", "run_file"]

T = TypeVar("T")
Day: TypeAlias = date | str | None
"""A date, the tables' own by its word, or None for the study's own."""

_ENDING = ".assumptions.yaml"


@dataclass(frozen=True, eq=False)
class AssumptionFile:
    """A file of assumptions, parsed; what its checks load is kept for the next ones.

    Attributes
    ----------
    path : Path
        Where it is; other files that it names are looked for from its folder on.
    said : AssumptionsFile
        What it says: ``said.checks`` are its checks.
    document : Document
        The same with lines.
    """

    path: Path
    said: AssumptionsFile
    document: Document
    studies: dict[tuple[str | None, Day], Comparison] = field(default_factory=dict, repr=False)

    @cached_property
    def store(self) -> Store:
        """The tables that the file names, or the bundled ones."""
        folder, overlay = self.beside("pricing"), self.beside("overlay")
        key = "overlay" if overlay is not None else "pricing"
        return _at(self.document, (key,), partial(open_store, folder, overlay))

    def beside(self, key: str) -> Path | None:
        """Return the path that a key of the file says, from the file's folder on."""
        said = getattr(self.said, key)
        return None if said is None else path_beside(self.path.parent, said)


def read_assumptions(path: str | Path, *, name: str | None = None) -> AssumptionFile:
    """Return a file of assumptions, parsed: nothing is evaluated, and no other file is read.

    Parameters
    ----------
    path : str or Path
        The file.
    name : str, optional
        How messages name it; by default the path as given.

    Raises
    ------
    ScenarioError
        With file, line and key of what is wrong.
    """
    path = Path(path)
    document = read_document(path, name=name, error=ScenarioError, kind="a file of assumptions")
    return AssumptionFile(path, parsed_assumptions(document), document)


def run_file(path: str | Path, *, today: date, lock: Path | None = None) -> Iterator[Outcome]:
    """Yield what comes of every check of a file; see `run_check`."""
    file = read_assumptions(path)
    for index in range(len(file.said.checks)):
        yield run_check(file, index, today=today, lock=lock)


def run_check(file: AssumptionFile, index: int, *, today: date, lock: Path | None = None) -> Outcome:
    """Return what came of a check in each of its cases, and whether that is what is on record.

    Parameters
    ----------
    file : AssumptionFile
        From `read_assumptions`.
    index : int
        Which of its checks.
    today : date
        What `as_of: today` stands for.
    lock : Path, optional
        A lock of studies: where a check held under it, what has changed since then is said.

    Raises
    ------
    TokencrossError
        If something that the check asks for does not exist; the message names file, line and key.
    """
    entry = file.said.checks[index]
    cases = []
    hinges = set(entry.hinges_on)
    for name, case, place in cases_of(file.document, file.said, index):
        context = context_of(file, case, place, today)
        hinges = {address for address in hinges if not _has(context, case, address)}
        finding = measured(case, context)
        expected = _on_record(entry, name)
        since = () if finding.holds == expected else _since(file, case, context, lock, holds=expected)
        cases.append(CaseOutcome(name, finding, file.document.line(place), since))
    _check_hinges(file, index, [address for address in entry.hinges_on if address in hinges])
    passed = all(case.finding.holds == _on_record(entry, case.name) for case in cases)
    return Outcome(
        kind="assumption",
        file=file.document.name,
        line=file.document.line(("checks", index)),
        name=entry.name,
        passed=passed,
        verdict=_verdict(entry),
        cases=tuple(cases),
        because=entry.because,
        claim=entry.claim,
        source=entry.source,
        lines=() if passed else _advice(entry, cases),
    )


# ---------------------------------------------------------------------- verdicts


def _on_record(entry: CheckEntry, case: str) -> bool:
    """Return whether a check is on record to hold in a case."""
    if isinstance(entry.verdict, HoldsForEntry):
        return case in entry.verdict.holds_for
    return entry.verdict == "holds"


def _verdict(entry: CheckEntry) -> str:
    """Return the verdict on record in words."""
    if isinstance(entry.verdict, HoldsForEntry):
        return f"holds for {', '.join(entry.verdict.holds_for)}"
    return entry.verdict


def _advice(entry: CheckEntry, cases: list[CaseOutcome]) -> tuple[str, ...]:
    """Return what to do where a check that is on record as false holds."""
    if entry.verdict == "holds":
        return ()
    holding = [case.name for case in cases if case.finding.holds]
    if entry.verdict == "fails" and len(cases) == 1:
        return ("It is recorded as false, and it holds now. If that is right: verdict: holds.",)
    verdict = (
        "fails" if not holding else "holds" if len(holding) == len(cases) else f"{{holds_for: [{', '.join(holding)}]}}"
    )
    return (f"It is recorded otherwise. If what was found is right: verdict: {verdict}.",)


# ---------------------------------------------------------------------- what a check is made on


def context_of(file: AssumptionFile, entry: CheckEntry, place: tuple[str | int, ...], today: date) -> Context:
    """Return what a check is evaluated on."""
    said = entry.as_of if entry.as_of is not None else file.said.as_of
    day: Day = today if said == TODAY else said
    has_study = entry.study is not None or file.said.study is not None
    comparison = None
    if entry.asks_study:
        comparison = _replaced(file, entry, place, _study(file, entry, day, place))
    book = _book(file, entry, day, place, has_study=has_study)
    return Context(book, book.as_of, file.document, place, comparison)


def _book(file: AssumptionFile, entry: CheckEntry, day: Day, place: KeyPath, *, has_study: bool) -> Book:
    """Return the tables at a check's date: those of its study, or else the file's or the bundled ones."""
    study = _study(file, entry, day if entry.asks_study else None, place) if has_study else None
    own = None if study is None else _tables_of(study)
    base = Book(file.store, file.store.date) if own is None else replace(own, overrides={})
    if day is None:
        return base
    return base.at(day) if isinstance(day, date) else base.at(base.store.date)


def _tables_of(study: Comparison) -> Book | None:
    """Return the tables of a study, at the latest date of its options."""
    book = next((option.book for option in study.everyone.values() if option.book is not None), None)
    return None if book is None else book.at(study_day(study) or book.as_of)


def _study(file: AssumptionFile, entry: CheckEntry, day: Day, place: KeyPath) -> Comparison:
    """Return the study that a check is about, with the prices of a day, loaded once."""
    name = entry.study
    if (name, day) not in file.studies:
        try:
            file.studies[name, day] = _loaded(file, name, day)
        except TokencrossError as error:
            if day is None:
                raise
            _loaded(file, name, None)  # what is wrong on any day is a mistake of the study itself
            said = ("as_of",) if entry.as_of is None else (*place, "as_of")
            raise as_error(file.document, said, error) from None
    return file.studies[name, day]


def _loaded(file: AssumptionFile, name: str | None, day: Day) -> Comparison:
    """Return a study of the file, with the file's own tables where it names any."""
    said = file.said.study if name is None else file.said.studies[name]
    path: tuple[str | int, ...] = ("study",) if name is None else ("studies", name)
    pricing, overlay = file.beside("pricing"), file.beside("overlay")
    if pricing is not None or overlay is not None:
        _ = file.store  # tables that are not there are a mistake of this file, not of the study
    if isinstance(said, str):
        scenario = _scenario(file, path, said)
        document, folder = read_document(scenario, error=ScenarioError), scenario.parent
    else:
        document, folder = file.document.under(path), file.path.parent
    return study_in(document, folder, pricing=pricing, overlay=overlay, as_of=day).comparison


def _scenario(file: AssumptionFile, path: KeyPath, said: str) -> Path:
    """Return the scenario that a path names."""
    scenario = path_beside(file.path.parent, said)
    accepted = "a scenario file, relative to this one"
    if scenario.name.endswith(_ENDING):
        raise file.document.problem(path, f"{said!r}, a file of assumptions", accepted)
    if not scenario.is_file():
        known = sorted(each.name for each in scenario.parent.glob("*.yaml") if not each.name.endswith(_ENDING))
        found = "a folder" if scenario.is_dir() else "no such file"
        raise file.document.problem(path, f"{said!r}: {found}", accepted, offer(scenario.name, known))
    return scenario


def _replaced(file: AssumptionFile, entry: CheckEntry, place: KeyPath, study: Comparison) -> Comparison:
    """Return a study with the numbers that a check replaces."""
    if not entry.replace:
        return study

    def changed() -> Comparison:
        found = replaced(study, entry.replace)
        assert found.resolved  # what a number does not allow is said here
        return found

    return _at(file.document, (*place, "replace"), changed)


def _at(document: Document, path: KeyPath, call: Callable[[], T]) -> T:
    """Return what a call gives; its error names the place in the file."""
    try:
        return call()
    except TokencrossError as error:
        raise as_error(document, path, error) from None


# ---------------------------------------------------------------------- what a claim hinges on


def _has(context: Context, case: CheckEntry, address: str) -> bool:
    """Return whether a check says a figure itself, or its study has it."""
    if getattr(case, address, None) is not None:
        return True
    known = () if context.comparison is None else context.comparison.medians.parameters
    return any(parameter.address == address for parameter in known)


def _check_hinges(file: AssumptionFile, index: int, unknown: list[str]) -> None:
    """Refuse an address that none of the cases has."""
    for address in unknown:
        place = ("checks", index, "hinges_on")
        accepted = "an address of the study, or a key of the check that is a number"
        raise file.document.problem(place, f"unknown address {address!r}", accepted)


# ---------------------------------------------------------------------- what changed


def _since(
    file: AssumptionFile, entry: CheckEntry, context: Context, lock: Path | None, *, holds: bool
) -> tuple[str, ...]:
    """Return what has changed since a check on a study last was as it is on record."""
    if not entry.asks_past or context.comparison is None:
        return ()
    from tokencross.checks.check_past import check_since

    kept = _in_lock(file, entry, lock)
    if kept is None:
        return check_since(entry, context, holds=holds)
    from tokencross.checks.lock_record import row_places
    from tokencross.locking import locked_comparison

    written, key = kept
    study = written.studies[key]
    found = locked_comparison(written, key)
    locked = replaced(found, entry.replace) if found is not None and entry.replace else found
    words = f"{written.path.name} was written (tables {study.tables.version}, as of {study.as_of})"
    return check_since(entry, context, holds=holds, locked=locked, lock_words=words, rows_before=row_places(study))


def _in_lock(file: AssumptionFile, entry: CheckEntry, lock: Path | None) -> tuple[Lock, str] | None:
    """Return a lock and the name under which it has a check's study; None where it is of another day, or not there."""
    said = file.said.study if entry.study is None else file.said.studies[entry.study]
    day = entry.as_of if entry.as_of is not None else file.said.as_of
    if lock is None or not isinstance(said, str) or isinstance(day, date):
        return None
    from tokencross.locking import read_lock

    written = read_lock(lock)
    key = Path(os.path.relpath((file.path.parent / said).absolute(), lock.absolute().parent)).as_posix()
    return (written, key) if key in written.studies else None
