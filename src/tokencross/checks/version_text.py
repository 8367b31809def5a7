"""Two versions of the tables compared, in words: for the terminal, and as a section of the tables' changelog."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tokencross.checks.edits import Figure
from tokencross.checks.moved import Moved, Movements
from tokencross.checks.rows import Entry, Verdict
from tokencross.checks.versions import TableDiff
from tokencross.units import format_count

__all__ = ["diff_markdown", "diff_text", "summary"]

_HASH_DIGITS = 12
_MOST_ENTRIES = 40
_MOST_REASONS = 8
_WIDTH = 120
_PLURALS: dict[Verdict, str] = {
    "silent edit": "silent edits",
    "change": "changes",
    "came into force": "announced rows that came into force",
    "correction": "corrections",
    "earlier row": "earlier rows",
    "completion": "completions",
    "description": "edits of descriptions",
    "added": "added",
    "removed": "removed",
}
"""In the order in which they are told."""
_WORDS = {"first": "cheaper from", "robust": "cheaper for good from"}


def summary(diff: TableDiff) -> str:
    """Return both versions with the start of their hashes, and how much of what differs."""
    versions = [
        f"{version} (sha256 {content[:_HASH_DIGITS]})"
        for version, content in ((diff.new_version, diff.new_hash), (diff.old_version, diff.old_hash))
    ]
    counts = _counts(diff.entries) or "no difference"
    rest = f"; of {diff.provenance_count} more rows only where they come from" if diff.provenance_count else ""
    return f"Tables {versions[0]} against {versions[1]}: {counts}{rest}."


def diff_markdown(diff: TableDiff, movements: Movements | None) -> str:
    """Return the section for ``pricing/CHANGELOG.md``; without the breakevens where they were not compared."""
    parts = [f"## {diff.new_version}", _wrapped(summary(diff), "")]
    for file, entries in _by_file(diff):
        parts.append(f"### {file}")
        parts.append("\n".join(_wrapped(line, "- ") for line in [*_detailed(entries), *_named(entries)]))
    if movements is not None:
        parts.append("### Breakevens of the scenarios")
        parts.append("\n".join(_wrapped(line, "- ") for line in _movement_lines(movements)))
    return "\n\n".join(parts) + "\n"


def diff_text(diff: TableDiff, movements: Movements | None) -> RenderableType:
    """Return the same for the terminal."""
    parts: list[RenderableType] = [Text(summary(diff), style="bold")]
    for file, entries in _by_file(diff):
        parts.append(Text(f"\n{file}", style="bold underline"))
        told = _told(entries)
        if 0 < len(told) <= _MOST_ENTRIES:
            parts.append(_table(told))
        elif told:
            parts += [Text(line) for line in _detailed(entries)]
        parts += [Text(line) for line in _named(entries)]
    if movements is not None:
        parts.append(Text("\nBreakevens of the scenarios", style="bold underline"))
        parts += [Text(line) for line in _movement_lines(movements)]
    return Group(*parts)


# ---------------------------------------------------------------------- rows


def _by_file(diff: TableDiff) -> list[tuple[str, list[Entry]]]:
    """Return the entries of each file."""
    ordered = sorted(diff.entries, key=lambda entry: entry.file)
    return [(file, list(entries)) for file, entries in groupby(ordered, key=lambda entry: entry.file)]


def _counts(entries: Iterable[Entry]) -> str:
    """Return how many entries of each kind there are, in words."""
    found = Counter(entry.verdict for entry in entries)
    told = ((found[verdict], verdict, plural) for verdict, plural in _PLURALS.items())
    return ", ".join(f"{count} {verdict if count == 1 else plural}" for count, verdict, plural in told if count)


def _table(entries: Sequence[Entry]) -> Table:
    """Return the entries of a file as a table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", "row", "from", "figures", "why"):
        table.add_column(column, overflow="fold")
    for entry in entries:
        style = "bold red" if entry.verdict == "silent edit" else ""
        cells = (entry.name, entry.effective_from, _figures(entry.figures), entry.reason)
        table.add_row(Text(entry.verdict, style), *(Text(cell) for cell in cells))
    return table


def _told(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries but records that were added or removed as a whole."""
    return [entry for entry in entries if entry.figures or entry.verdict not in ("added", "removed")]


def _detailed(entries: Sequence[Entry]) -> list[str]:
    """Return a line for each entry; of very many, how many of each kind, and the reasons given."""
    told = _told(entries)
    if len(told) <= _MOST_ENTRIES:
        return [_line(entry) for entry in told]
    reasons = Counter(entry.reason for entry in told if entry.verdict == "correction")
    lines = [f"{len(told)} entries: {_counts(told)}."]
    lines += [f"Corrected in {count}: {reason}" for reason, count in reasons.most_common(_MOST_REASONS)]
    if len(reasons) > _MOST_REASONS:
        lines.append(f"and {len(reasons) - _MOST_REASONS} more reasons, in the file.")
    return lines


def _line(entry: Entry) -> str:
    """Return an entry in a line."""
    since = f" from {entry.effective_from}" if entry.effective_from else ""
    why = f": {entry.reason}" if entry.reason else ""
    return f"`{entry.name}`: {_figures(entry.figures)}{since} ({entry.verdict}{why})"


def _figures(figures: Sequence[Figure]) -> str:
    return ", ".join(str(figure) for figure in figures) or "the same figures"


def _named(entries: Sequence[Entry]) -> list[str]:
    """Return what was added and removed as a whole: by name, or how many."""
    lines = []
    for verdict in ("added", "removed"):
        whole = [entry.name for entry in entries if entry.verdict == verdict and not entry.figures]
        names = Counter(name.partition(" on ")[0] for name in whole)  # of runs, how many of each model
        if names:
            told = [f"`{name}`{f' ({count} runs)' if count > 1 else ''}" for name, count in names.items()]
            said = ", ".join(told) if len(told) <= _MOST_ENTRIES else f"{len(whole)} records"
            lines.append(f"{verdict.capitalize()}: {said}.")
    return lines


# ---------------------------------------------------------------------- breakevens


def _movement_lines(movements: Movements) -> list[str]:
    """Return a line for each breakeven that moved, and for each scenario that did not run."""
    lines = [_movement(moved) for moved in movements.moved]
    if not lines:
        lines = [f"None moved; scenarios that ran on both versions: {movements.scenario_count}."]
    return lines + [
        f"`{failed.scenario}` does not run on {failed.version}: {failed.reason}" for failed in movements.failed
    ]


def _movement(moved: Moved) -> str:
    """Return a breakeven that moved, in words."""
    volumes = " → ".join("never" if at is None else format_count(at, digits=4) for at in (moved.old, moved.new))
    percent = Figure("", moved.old, moved.new).percent
    much = "" if percent is None else f" ({percent:+.3g}%)"
    who = f"{moved.challenger} against {moved.incumbent}"
    return f"`{moved.scenario}`: {who}, {_WORDS[moved.quantity]} {volumes} tokens/month{much}"


def _wrapped(line: str, lead: str) -> str:
    """Return a line of the changelog, broken to its width."""
    return textwrap.fill(
        line,
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
