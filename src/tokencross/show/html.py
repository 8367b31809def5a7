"""A study in a notebook: a small escaped table with units, date and sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from tokencross.show.terminal import latency_rows, shown_volumes
from tokencross.studies.compare import Comparison
from tokencross.studies.verdict import verdict
from tokencross.units import format_count, format_usd

__all__ = ["study_html", "table_html"]


def study_html(comparison: Comparison) -> str:
    """Return verdict, costs, breakevens and sources as HTML without scripts or styles that leak."""
    parts = [
        f"<p><strong>{escape(verdict(comparison))}</strong></p>",
        table_html("Monthly cost", ["tokens/month", *comparison.labels], _cost_rows(comparison)),
        table_html(
            f"Against {comparison.incumbent}",
            ["challenger", "cheaper from", "for good from", "bill there", ""],
            _breakeven_rows(comparison),
        ),
        _notes(comparison),
        _sources(comparison),
    ]
    return f'<div class="tokencross">{"".join(parts)}</div>'


def table_html(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an escaped table."""
    columns = "".join(f"<th>{escape(column)}</th>" for column in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"


def _cost_rows(comparison: Comparison) -> Iterable[list[str]]:
    for volume in shown_volumes(comparison):
        here = " (you)" if volume == comparison.here else ""
        costs = (format_usd(comparison.curve(label).usd_per_month(volume)) for label in comparison.labels)
        yield [format_count(volume) + here, *costs]
    yield from latency_rows(comparison)


def _breakeven_rows(comparison: Comparison) -> Iterable[list[str]]:
    for label in comparison.labels:
        if label == comparison.incumbent:
            continue
        found = comparison.central_breakeven(label)
        name = label if label in comparison.substitutes else f"{label} (reference)"
        if found.first is None:
            yield [name, "never", "", "", found.reason or ""]
            continue
        robust = "never" if found.robust is None else f"{format_count(float(found.robust))} tokens/month"
        bill = format_usd(float(found.first_usd_per_month or 0.0))
        yield [name, f"{format_count(float(found.first))} tokens/month", robust, bill, found.reason or ""]


def _notes(comparison: Comparison) -> str:
    """Return what has to be said with the numbers, folded away."""
    if not comparison.notes:
        return ""
    items = "".join(f"<li>{escape(note)}</li>" for note in comparison.notes)
    return f"<details><summary>{len(comparison.notes)} notes</summary><ul>{items}</ul></details>"


def _sources(comparison: Comparison) -> str:
    """Return the rows used, folded away, with the tables' version and date in sight."""
    rows = ([c.row, c.location, c.via, str(c.effective_from or ""), str(c.checked or "")] for c in comparison.cited)
    table = table_html("Table rows used", ["row", "file", "read from", "holds from", "checked"], rows)
    books = {option.book.store: option.book for option in comparison.options if option.book is not None}
    said = "; ".join(
        f"tables {store.version} (sha256 {store.content_hash[:12]}), prices as of {book.as_of}"
        for store, book in books.items()
    )
    return f"<details><summary>Sources: {escape(said) or 'given by the study'}</summary>{table}</details>"
