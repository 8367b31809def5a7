"""What every format of a report needs: its parts by file, text that breaks no format, and where a problem is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tokencross.checks.outcome import Outcome, Report
from tokencross.errors import Problem, TokencrossError

__all__ = ["FilePart", "Mistake", "by_file", "counted", "mistakes", "one_line", "printable", "total"]

_PLACE = re.compile(r"(?P<file>[^\n]+?):(?P<line>\d+)(?:: (?P<key>.*))?", re.DOTALL)
_UNPRINTED = {"Cc", "Cs"}  # control characters and lone surrogates: terminals obey the first, UTF-8 has no second
_KINDS = ("assumption", "lock", "tables")
_THINGS = {
    "assumption": ("check", "checks"),
    "lock": ("study", "studies"),
    "tables": ("set of tables", "sets of tables"),
}
_PASSED = {"assumption": ("holds", "hold"), "lock": ("is as locked", "are as locked"), "tables": ("loads", "load")}
_FAILED = {
    "assumption": ("fails", "fail"),
    "lock": ("is not as locked", "are not as locked"),
    "tables": ("fails", "fail"),
}


@dataclass(frozen=True)
class Mistake:
    """Bad input, once: where it is as far as its message says, and that message.

    Attributes
    ----------
    where : str
        The place as the message names it.
    file, line, key : str, int or None, str
        Its parts; no line, and an empty file and key, where the place has none.
    problem : Problem or None
        The four parts of the message, where it has them.
    message : str
        The whole of it.
    """

    where: str
    file: str
    line: int | None
    key: str
    problem: Problem | None
    message: str


@dataclass(frozen=True)
class FilePart:
    """What a report says of one file."""

    file: str
    outcomes: tuple[Outcome, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The checks that did not pass."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passed)

    @property
    def word(self) -> str:
        """How it stands with the file, in a word or two."""
        return "bad input" if self.mistakes else "fails" if self.failed else "holds"


def printable(text: str) -> str:
    r"""Return text whose control characters are seen and not obeyed; line ends stay.

    Examples
    --------
    >>> printable("\x1b[31mred")
    '\\x1b[31mred'
    """
    lines = text.replace("\r\n", "\n").replace("\t", "    ")
    if lines.isascii() and lines.replace("\n", "").isprintable():
        return lines
    return "".join(_seen(char) for char in lines)


def _seen(char: str) -> str:
    """Return a character as it may be shown."""
    if char == "\n" or (unicodedata.category(char) not in _UNPRINTED and char not in "\u2028\u2029\ufffe\uffff"):
        return char
    return repr(char)[1:-1]


def one_line(text: str) -> str:
    """Return text on a line of its own."""
    return " ".join(printable(text).split())


def mistakes(errors: tuple[TokencrossError, ...]) -> Iterator[Mistake]:
    """Yield the mistakes that errors name, each once."""
    seen: set[str] = set()
    for error in errors:
        for problem in error.problems or (str(error),):
            message = str(problem)
            if message not in seen:
                seen.add(message)
                yield _mistake(problem, message)


def _mistake(problem: Problem | str, message: str) -> Mistake:
    """Return a mistake with the parts of its place."""
    where = problem.where if isinstance(problem, Problem) else problem.partition("\n")[0]
    place = _PLACE.fullmatch(where)
    known = problem if isinstance(problem, Problem) else None
    if place is None:
        return Mistake(where, "", None, "", known, message)
    return Mistake(where, place["file"], int(place["line"]), place["key"] or "", known, message)


def by_file(report: Report) -> list[FilePart]:
    """Return what a report says file by file; first the files of which nothing but bad input is known."""
    outcomes: dict[str, list[Outcome]] = {}
    wrong: dict[str, list[Mistake]] = {}
    for mistake in mistakes(report.problems):
        wrong.setdefault(mistake.file or one_line(mistake.where), []).append(mistake)
    for outcome in report.outcomes:
        outcomes.setdefault(outcome.file, []).append(outcome)
    names = dict.fromkeys([*(name for name in wrong if name not in outcomes), *outcomes])
    return [FilePart(name, tuple(outcomes.get(name, ())), tuple(wrong.get(name, ()))) for name in names]


def counted(outcomes: tuple[Outcome, ...]) -> str:
    """Return how many checks of which kind hold and how many fail.

    Examples
    --------
    >>> counted((Outcome("assumption", "a.yaml", 1, "one", True), Outcome("assumption", "a.yaml", 2, "two", False)))
    '1 check holds, 1 fails'
    """
    return "; ".join(_of_kind(kind, outcomes) for kind in _KINDS if any(one.kind == kind for one in outcomes))


def _of_kind(kind: str, outcomes: tuple[Outcome, ...]) -> str:
    """Return the count of one kind; the thing is named once."""
    told: list[str] = []
    for passed, words in ((True, _PASSED), (False, _FAILED)):
        count = sum(outcome.kind == kind and outcome.passed is passed for outcome in outcomes)
        if count:
            noun = "" if told else f" {_THINGS[kind][count > 1]}"
            told.append(f"{count}{noun} {words[kind][count > 1]}")
    return ", ".join(told)


def total(report: Report) -> str:
    """Return the whole report in a line."""
    found: Mapping[int, str] = {0: "Holds", 1: "Fails", 2: "Bad input"}
    wrong = len(list(mistakes(report.problems)))
    parts = [counted(report.outcomes)] if report.outcomes else []
    if wrong:
        parts.append(f"{wrong} mistake{'s' if wrong > 1 else ''} in the input")
    return f"{found[report.exit_code]}: {'; '.join(parts) or 'nothing was checked'}."
