"""What came of a check: one evaluation, all of its cases, and the run that they belong to, with what to say of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tokencross.citation import Citation
from tokencross.errors import TokencrossError

__all__ = ["CaseOutcome", "Finding", "Outcome", "Report"]

_MOST_CITED = 6
_HOLDS, _FAILS, _BAD_INPUT = 0, 1, 2


@dataclass(frozen=True)
class Finding:
    """One evaluation: what was expected, and what was found.

    Attributes
    ----------
    holds : bool
        Whether it is as expected.
    expected, found : str
        In words, with units.
    value : float or None
        The figure found; None where there is none.
    unit : str
        Its unit in words.
    citations : tuple of Citation
        The rows that it rests on.
    detail : tuple of str
        What more there is to say.
    """

    holds: bool
    expected: str
    found: str
    value: float | None = None
    unit: str = ""
    citations: tuple[Citation, ...] = ()
    detail: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseOutcome:
    """A check in one of its cases (the only one has no name), and what changed since it last held."""

    name: str
    finding: Finding
    line: int
    since: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of a check.

    Attributes
    ----------
    kind : str
        assumption, tables or lock.
    file, line, name : str, int, str
        Where it is written, and what it is called.
    passed : bool
        Whether the verdict on record is what was found.
    verdict : str
        That verdict: holds, fails, or the cases that it holds for.
    cases : tuple of CaseOutcome
        Its evaluations.
    because, claim, source : str
        Why it matters; what is claimed, and by whom.
    lines : tuple of str
        What a lock or a table has to say.
    """

    kind: Literal["assumption", "tables", "lock"]
    file: str
    line: int
    name: str
    passed: bool
    verdict: str = "holds"
    cases: tuple[CaseOutcome, ...] = ()
    because: str = ""
    claim: str = ""
    source: str = ""
    lines: tuple[str, ...] = ()

    @property
    def holding(self) -> tuple[str, ...]:
        """The cases that hold."""
        return tuple(case.name for case in self.cases if case.finding.holds)

    def in_a_line(self) -> str:
        """Return what is wrong in a line, without the place."""
        if not self.cases:
            return self.lines[0] if self.lines else self.name
        if len(self.cases) > 1:
            return f"on record: {self.verdict}; holds for {', '.join(self.holding) or 'none'}"
        finding = self.cases[0].finding
        if finding.holds:
            return f"recorded as false, and holds now: {finding.found}"
        return f"expected {finding.expected}, found {finding.found}"

    def message(self) -> str:
        """Return all there is to say of it: what was expected and found, the rows behind it, and what changed."""
        return "\n".join(self._told())

    def _told(self) -> Iterator[str]:
        """Yield the lines of the message."""
        yield f"{self.file}:{self.line}: {_one_line(self.name)}"
        if self.claim:
            yield f"  claim: {_one_line(self.claim)}{f' ({_one_line(self.source)})' if self.source else ''}"
        if self.because:
            yield f"  because: {_one_line(self.because)}"
        if self.cases and (self.verdict != "holds" or len(self.cases) > 1):
            held = ", ".join(self.holding) or "none of them"
            found = ("holds" if self.holding else "fails") if len(self.cases) == 1 else f"holds for {held}"
            yield f"  on record: {self.verdict}; found: {found}"
        for case in self.cases:
            if len(self.cases) == 1 or not self.passed:
                yield from _case_lines(case)
        yield from (f"  {line}" for line in self.lines)


def _one_line(text: str) -> str:
    """Return what a file says on several lines in one: the lines of a message are its own."""
    return " ".join(text.split())


def _case_lines(case: CaseOutcome) -> Iterator[str]:
    """Yield what there is to say of a case."""
    indent = "    " if case.name else "  "
    finding = case.finding
    if case.name:
        yield f"  {case.name} ({'holds' if finding.holds else 'fails'}):"
    yield f"{indent}expected: {finding.expected}"
    yield f"{indent}found: {finding.found}"
    yield from (f"{indent}{line}" for line in finding.detail)
    for citation in finding.citations[:_MOST_CITED]:
        yield f"{indent}row: {citation}"
    if len(finding.citations) > _MOST_CITED:
        yield f"{indent}and {len(finding.citations) - _MOST_CITED} rows more"
    yield from (f"{indent}{line}" for line in case.since)


@dataclass(frozen=True)
class Report:
    """A run of checks: what came of each, and the input that could not be read.

    Attributes
    ----------
    outcomes : tuple of Outcome
        In the order of the files.
    problems : tuple of TokencrossError
        Bad input.
    notes : tuple of str
        What else has to be said.
    """

    outcomes: tuple[Outcome, ...] = ()
    problems: tuple[TokencrossError, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The checks that did not pass."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passed)

    @property
    def exit_code(self) -> int:
        """0 where all holds, 1 where something does not, 2 where input is bad."""
        return _BAD_INPUT if self.problems else _FAILS if self.failed else _HOLDS
