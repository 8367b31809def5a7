"""A report as the Markdown that a job summary or a merge request shows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from tokencross.checks.outcome import Outcome, Report
from tokencross.checks.report_parts import FilePart, by_file, counted, mistakes, one_line, printable, total

__all__ = ["markdown_summary"]

_MOST_BYTES = 900_000  # GitHub refuses a step's summary above 1 MiB
_MARKED = re.compile(r"([\\`*_{\[\]#|~$@])")


def markdown_summary(report: Report) -> str:
    """Return a table of verdicts, file by file, and the whole message of each thing wrong."""
    parts = [f"### tokencross check: {_text(total(report))}", _table(by_file(report))]
    size = sum(len(part.encode()) for part in parts)
    left_out = 0
    for detail in _details(report):
        size += len(detail.encode()) + 2
        if size > _MOST_BYTES:
            left_out += 1
        else:
            parts.append(detail)
    if left_out:
        parts.append(f"{left_out} messages more are in the log.")
    parts += [_text(note) for note in report.notes]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(files: Iterable[FilePart]) -> str:
    """Return the table of files, and of what fails in each."""
    rows = []
    for part in files:
        said = [counted(part.outcomes)] if part.outcomes else []
        wrong = [f"line {one.line}: {one.key or 'bad input'}" if one.line else "bad input" for one in part.mistakes]
        wrong += [f"line {one.line}: {one.name}" for one in part.failed]
        cells = [part.word, part.file, "; ".join(said), *(["; ".join(wrong)])]
        rows.append(f"| {' | '.join(_text(cell) for cell in cells)} |")
    if not rows:
        return ""
    return "\n".join(["| | file | checked | what is wrong |", "| --- | --- | --- | --- |", *rows])


def _details(report: Report) -> Iterator[str]:
    """Yield the messages, each under a line that opens it."""
    for mistake in mistakes(report.problems):
        yield _detail(f"bad input: {mistake.where}", mistake.message)
    for outcome in report.failed:
        yield _detail(f"fails: {_heading(outcome)}", outcome.message())


def _heading(outcome: Outcome) -> str:
    """Return a check's name with its place."""
    return f"{outcome.name} ({outcome.file}:{outcome.line})"


def _detail(heading: str, message: str) -> str:
    """Return a message that opens under its heading; preformatted, so that nothing in it is read as markup."""
    shown = html.escape(printable(message), quote=False)
    return f"<details open><summary>{html.escape(one_line(heading))}</summary>\n\n<pre>\n{shown}\n</pre>\n\n</details>"


def _text(text: str) -> str:
    """Return text of which Markdown reads nothing as markup."""
    return _MARKED.sub(r"\\\1", html.escape(one_line(text), quote=False))
