"""What a check is evaluated on: a study, tables at a date, and its place in a file for messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias, TypeVar

from tokencross.checks.outcome import Finding
from tokencross.citation import Citation
from tokencross.errors import Problem, ScenarioError, TokencrossError, offer
from tokencross.number import point
from tokencross.options.inside import resolved_everywhere
from tokencross.studies.compare import Comparison
from tokencross.tables.assumption_entry import CheckEntry
from tokencross.tables.book import Book
from tokencross.tables.reading import Document
from tokencross.tables.strict import as_error
from tokencross.units import per_day

__all__ = ["Context", "Measure", "Measures", "cited_by", "one_each"]

T = TypeVar("T")
_RUN = "throughput:"
_ADDRESS = "an address of a number of the study, as study.parameters() lists them"
_MOST_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Context:
    """What a check is evaluated on.

    Attributes
    ----------
    book : Book
        The tables at the check's date.
    as_of : date
        That date.
    document, path : Document and key path
        The file, and where in it the check (or the case of it) stands.
    comparison : Comparison or None
        The study; None for a check that needs none, in a file without one.
    """

    book: Book
    as_of: date
    document: Document
    path: tuple[str | int, ...] = ()
    comparison: Comparison | None = None

    @property
    def study(self) -> Comparison:
        """The study of a check that needs one."""
        if self.comparison is None:
            raise self.problem("study", "no study", "a study, which the check is about")
        return self.comparison

    def problem(self, key: str, found: str, accepted: str, remedy: str = "") -> TokencrossError:
        """Return the error that says what is wrong with a key of the check."""
        return self.document.problem((*self.path, key), found, accepted, remedy)

    def within(self, key: str, call: Callable[[], T]) -> T:
        """Return what a call gives; its error names the file, the line and the key."""
        try:
            return call()
        except TokencrossError as error:
            places = [problem.where for problem in error.problems if isinstance(problem, Problem)]
            if places and all(where.startswith(f"{self.document.name}:") for where in places):
                raise  # it names its key already
            raise as_error(self.document, (*self.path, key), error) from None

    def option(self, key: str, label: str) -> str:
        """Return the label that a key names, once the study is seen to have it."""
        known = list(self.study.labels)
        if label not in known:
            accepted = f"one of {', '.join(known)}, the options of the study"
            raise self.problem(key, f"unknown label {label!r}", accepted, offer(label, known))
        return label

    def substitute(self, key: str, label: str) -> str:
        """Return the label of a substitute that a key names: a reference is never the cheapest of them."""
        if self.option(key, label) in self.study.reference:
            known = list(self.study.substitutes)
            found = f"{label!r}, a reference: it is compared, but is no substitute"
            raise self.problem(key, found, f"one of {', '.join(known)}")
        return label

    def pair(self, key: str, challenger: str, against: str | None) -> tuple[str, str]:
        """Return challenger and rival, the incumbent unless said."""
        first = self.option(key, challenger)
        second = self.study.incumbent if against is None else self.option("against", against)
        if first == second:
            others = ", ".join(label for label in self.study.labels if label != first)
            if against is None:
                remedy = "Or say against: what it is held against."
                raise self.problem(key, f"{first!r}, the incumbent, against itself", f"one of {others}", remedy)
            raise self.problem("against", f"{first!r} against itself", f"one of {others}")
        return first, second

    def volume(self, tokens_per_month: float | None, tokens_per_day: float | None) -> float:
        """Return the volume that a check says, or the study's own. [tokens/month]"""
        if tokens_per_month is not None:
            return tokens_per_month
        if tokens_per_day is not None:
            return per_day(tokens_per_day)
        if self.study.here is None:
            remedy = "Say it here, or give the study its tokens_per_month."
            raise self.problem("tokens_per_month", "no volume", "tokens_per_month or tokens_per_day", remedy)
        return self.study.here

    def reach(
        self, tokens_per_month: float | tuple[float, float] | None, tokens_per_day: float | tuple[float, float] | None
    ) -> float | tuple[float, float]:
        """Return the volume, or the two, that a check says; else the study's own. [tokens/month]"""
        if isinstance(tokens_per_month, tuple):
            return tokens_per_month
        if isinstance(tokens_per_day, tuple):
            return per_day(tokens_per_day[0]), per_day(tokens_per_day[1])
        return self.volume(tokens_per_month, tokens_per_day)

    def number(self, address: str, key: str) -> float:
        """Return a number of the study by its address, at the medians."""
        values = {parameter.address: parameter.value for parameter in self.study.medians.parameters}
        if address not in values:
            known = list(values)
            remedy = offer(address, known) or f"Addresses look like {', '.join(known[:_MOST_SHOWN])}."
            raise self.problem(key, f"unknown address {address!r}", _ADDRESS, remedy)
        return point(values[address])


Measure: TypeAlias = Callable[[Any, Context], Finding]
"""What evaluates a kind of check: its record and what it is evaluated on, to a finding."""
Measures: TypeAlias = Mapping[type[CheckEntry], Measure]


def one_each(citations: tuple[Citation, ...] | list[Citation]) -> tuple[Citation, ...]:
    """Return rows of the tables once each, in their order; what stands in no table is left out."""
    return tuple(dict.fromkeys(citation for citation in citations if citation.location))


def cited_by(comparison: Comparison, *labels: str) -> tuple[Citation, ...]:
    """Return the rows that the figures of some options rest on, once each: prices first, then measured rates."""
    for label in labels:
        if label not in comparison.labels:
            raise ScenarioError(Problem("option", repr(label), f"one of {', '.join(comparison.labels)}"))
    chosen = {label: comparison.central[label] for label in labels}
    everywhere = [resolved for _, resolved in resolved_everywhere(chosen)]
    found = [p.citation for resolved in everywhere for p in resolved.tables if p.citation]
    runs = [row for resolved in everywhere for row in resolved.citations if row.row.startswith(_RUN)]
    return one_each([*found, *runs])
