"""A sample as text and in a notebook: how sure the answer is, breakevens with their quantiles, what was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from tokencross.show.html import table_html
from tokencross.show.terminal import bullets, plain_table
from tokencross.studies.sample_words import how_sure, where_you_are
from tokencross.units import format_count, format_share, format_usd

if TYPE_CHECKING:
    from tokencross.studies.sample import StudySample

__all__ = ["sample_html", "sample_text"]

_BREAKEVENS = ("challenger", "breakeven", "5%", "25%", "half", "75%", "95%", "none")
_INPUTS = ("input", "5%", "half", "95%", "unit", "known from")
_REGRET = ("option", "the cheapest in", "mean bill", "regret, mean", "regret, 95%")
_QUANTILES = ("q05", "q25", "q50", "q75", "q95")


def sample_text(sample: StudySample) -> RenderableType:
    """Return what `tokencross compare --draws` prints below the comparison."""
    parts: list[RenderableType] = [
        _heading(f"How sure ({sample.draws:,} draws of {len(sample.inputs)} uncertain inputs, seed {sample.seed})"),
        Text("\n".join(how_sure(sample)), style="bold"),
        _heading(f"Breakevens against {sample.comparison.incumbent}, tokens/month"),
        _table(_BREAKEVENS, _breakeven_rows(sample), left=2),
    ]
    if sample.comparison.here is not None:
        parts += [_heading(f"Choosing now. {where_you_are(sample)}"), _table(_REGRET, _regret_rows(sample))]
    parts += [_heading("What was drawn"), _table(_INPUTS, _input_rows(sample))]
    if sample.notes:
        parts.append(bullets(sample.notes))
    return Group(*parts)


def sample_html(sample: StudySample) -> str:
    """Return the same as HTML without scripts or styles that leak."""
    from html import escape

    said = "".join(f"<p><strong>{escape(sentence)}</strong></p>" for sentence in how_sure(sample))
    against = f"Breakevens against {sample.comparison.incumbent}, tokens/month"
    parts = [said, table_html(against, _BREAKEVENS, _breakeven_rows(sample))]
    if sample.comparison.here is not None:
        parts.append(table_html(f"Choosing now. {where_you_are(sample)}", _REGRET, _regret_rows(sample)))
    parts += [f"<p>{escape(note)}</p>" for note in sample.notes]
    drawn = table_html("What was drawn", _INPUTS, _input_rows(sample))
    counted = f"{sample.draws:,} draws of {len(sample.inputs)} uncertain inputs, seed {sample.seed}"
    parts.append(f"<details><summary>{counted}</summary>{drawn}</details>")
    return f'<div class="tokencross">{"".join(parts)}</div>'


def _heading(text: str) -> RenderableType:
    return Padding(Text(text, style="bold underline"), (1, 0, 0, 0), expand=False)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> RenderableType:
    """Return rows as a table of the terminal."""
    table = plain_table(*head, left=left)
    for row in rows:
        table.add_row(*row)
    return table


def _breakeven_rows(sample: StudySample) -> list[list[str]]:
    """Return quantiles of first and robust breakeven; none is ∞."""
    return [
        [
            str(row["challenger"]),
            "first" if row["breakeven"] == "first" else "for good",
            *(format_count(float(row[name])) for name in _QUANTILES),
            format_share(float(row["none_share"])),
        ]
        for row in sample.breakevens().to_dict("records")
    ]


def _regret_rows(sample: StudySample) -> list[list[str]]:
    """Return what choosing each substitute costs against knowing."""
    return [
        [
            str(row["option"]),
            f"{format_share(float(row['cheapest_share']))} of draws",
            format_usd(float(row["mean_usd_per_month"])),
            format_usd(float(row["regret_usd_per_month"])),
            format_usd(float(row["regret_q95_usd_per_month"])),
        ]
        for row in sample.regret().to_dict("records")
    ]


def _input_rows(sample: StudySample) -> list[list[str]]:
    """Return what is uncertain and between which values nine of ten draws lie."""
    known = {"given": "the study", "table": "fit or table"}
    return [
        [
            str(row["input"]),
            *(format_count(float(row[name])) for name in ("q05", "q50", "q95")),
            str(row["unit"]),
            known[str(row["origin"])],
        ]
        for row in sample.inputs_frame().to_dict("records")
    ]
