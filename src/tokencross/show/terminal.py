"""The comparison as text: verdict, costs and latency, winners, breakevens, capacity, assumptions, notes, sources."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tokencross.costs.envelope import MOST_STRETCHES
from tokencross.number import point
from tokencross.options.speed import latency_figures
from tokencross.studies.compare import Comparison
from tokencross.studies.verdict import phases, verdict
from tokencross.units import format_count, format_share, format_unit_price, format_usd

__all__ = ["bullets", "comparison_text", "latency_rows", "plain_table", "shown_volumes"]

_MOST_ROWS = 8
_SHOWN = {
    "requests_per_second_mean": ("requests/s, mean", "count"),
    "peak_to_mean": ("peak hour over mean hour", "count"),
    "burst_ratio": ("busiest minutes over peak hour", "count"),
    "planned_to_mean_ratio": ("planned capacity over mean load", "count"),
    "requests_per_second_peak": ("requests/s, planned peak", "count"),
    "tokens_per_second_peak": ("tokens/s, planned peak", "count"),
    "measured_tokens_per_replica_second": ("tokens per replica-second, before deratings", "count"),
    "low_tokens_per_replica_second": ("in nine cases of ten, from", "count"),
    "high_tokens_per_replica_second": ("to", "count"),
    "planned_tokens_per_replica_second": ("tokens per replica-second, planned", "count"),
    "replicas_needed": ("replicas needed at the peak", "whole"),
    "gpus_per_replica": ("GPUs per replica", "whole"),
    "replicas_per_instance": ("replicas per instance", "whole"),
    "min_instances": ("least instances", "whole"),
    "spare_instances": ("spare instances", "whole"),
    "zones": ("zones, one of which may fail", "whole"),
    "reserved_instances": ("instances on the terms of the base", "count"),
    "instances_at_peak": ("instances in the busiest hours", "whole"),
    "instances": ("instances, mean over the month", "count"),
    "gpus": ("GPUs, mean over the month", "count"),
    "overflow_share": ("share that goes to the burst option", "share"),
    "time_to_first_token_ms": ("wait for the first token, ms", "count"),
    "tokens_per_second_per_user": ("tokens/s per user", "count"),
    "utilisation_share": ("utilisation (tokens served / servable)", "share"),
    "usd_per_month": ("bill", "usd"),
    "usd_per_mtok": ("unit cost", "unit"),
    "usd_per_gpu_hour": ("price of a GPU-hour", "usd"),
    "breakeven_utilisation_share": ("utilisation that would break even", "share"),
    "breakeven_usd_per_gpu_hour": ("GPU-hour price that would break even", "usd"),
}


def shown_volumes(comparison: Comparison) -> list[float]:
    """Return the volumes of the cost table: powers of ten around the crossings, and where you are."""
    marks = [phase.first for phase in phases(comparison) if phase.first > 0.0]
    marks += [comparison.here] if comparison.here is not None else []
    for label in comparison.labels:
        if label != comparison.incumbent:
            first = comparison.central_breakeven(label).first
            marks += [float(first)] if first is not None and first > 0.0 else []
    low = math.floor(math.log10(min(marks, default=1e9)))
    high = math.ceil(math.log10(max(marks, default=1e10)))
    volumes = {10.0**power for power in range(max(low, 3), min(high, 15) + 1)}
    return sorted(volumes | ({comparison.here} if comparison.here is not None else set()))


def comparison_text(comparison: Comparison) -> RenderableType:
    """Return everything that `tokencross compare` prints."""
    volume = comparison.here if comparison.here is not None else shown_volumes(comparison)[-1]
    parts: list[RenderableType] = [
        Text(verdict(comparison), style="bold"),
        _heading("Monthly cost"),
        _costs(comparison),
        _heading("Cheapest by volume"),
        _winners(comparison),
        _heading(f"Against {comparison.incumbent}"),
        _breakevens(comparison),
    ]
    capacity = _capacity(comparison, volume)
    if capacity is not None:
        parts += [_heading(f"Capacity at {format_count(volume)} tokens/month"), capacity]
    parts += [
        _heading("Assumed, not given"),
        _assumptions(comparison),
        _heading("Notes"),
        bullets(comparison.notes),
        _heading("Sources"),
        _sources(comparison),
    ]
    return Group(*parts)


def _heading(text: str) -> RenderableType:
    return Padding(Text(text, style="bold underline"), (1, 0, 0, 0), expand=False)


def plain_table(*columns: str, left: int = 1) -> Table:
    """Return an empty table, its first columns left-aligned and the others right-aligned."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < left else "right", overflow="fold")
    return table


def _costs(comparison: Comparison) -> Table:
    """Return bill and unit cost of every option at a few volumes."""
    table = plain_table("tokens/month", *comparison.labels)
    for volume in shown_volumes(comparison):
        cheapest = comparison.cheapest_at(volume)
        cells = []
        for label in comparison.labels:
            curve = comparison.curve(label)
            usd, unit = curve.usd_per_month(volume), curve.usd_per_mtok(volume)
            cells.append(Text(f"{format_usd(usd)} ({format_count(unit)}/Mtok)", "bold" if label == cheapest else ""))
        here = " (you)" if volume == comparison.here else ""
        table.add_row(f"{format_count(volume)}{here}", *cells)
    for name, *latencies in latency_rows(comparison):
        table.add_row(name, *latencies, style="dim")
    return table


def latency_rows(comparison: Comparison) -> list[list[str]]:
    """Return how long users of each option wait, a row per figure beginning with its name; none if nobody knows any."""
    figures = [latency_figures(comparison.central[label].latency) for label in comparison.labels]
    waits, speeds = ([pair[place] for pair in figures] for place in (0, 1))
    rows = [("first token after", waits, _wait), ("tokens/s per user", speeds, _speed)]
    return [[name, *map(form, values)] for name, values, form in rows if not np.all(np.isnan(values))]


def _wait(ms: float) -> str:
    """Return a wait in words."""
    if math.isnan(ms):
        return "not known"
    return "hours" if math.isinf(ms) else f"{format_count(ms / 1_000.0, digits=2)} s"


def _speed(tokens_per_second: float) -> str:
    """Return a speed; a batch has none."""
    if math.isnan(tokens_per_second):
        return "not known"
    return format_count(tokens_per_second) if tokens_per_second > 0.0 else ""


def _winners(comparison: Comparison) -> Table:
    """Return the stretches, the middle of a long list left out."""
    table = plain_table("from", "to", "cheapest substitute", left=3)
    rows = [
        (
            format_count(s.low),
            "and beyond" if math.isinf(s.high) else format_count(s.high),
            comparison.substitutes[s.winner],
        )
        for s in comparison.stretches
    ]
    if len(rows) > _MOST_ROWS:
        half = _MOST_ROWS // 2
        more = "" if len(rows) < MOST_STRETCHES else "more than "
        rows = [*rows[:half], ("…", "…", f"({more}{len(rows) - _MOST_ROWS:,} turns left out)"), *rows[-half:]]
    for row in rows:
        table.add_row(*row)
    return table


def _breakevens(comparison: Comparison) -> Table:
    """Return each challenger's breakeven or why there is none."""
    table = plain_table("challenger", "cheaper from", "for good from", "tokens/day", "bill there", "", left=1)
    for label in comparison.labels:
        if label == comparison.incumbent:
            continue
        found = comparison.central_breakeven(label)
        name = label if label in comparison.substitutes else f"{label} (reference)"
        if found.first is None:
            table.add_row(name, "never", "", "", "", Text(found.reason or ""))
            continue
        first, robust = float(found.first), None if found.robust is None else float(found.robust)
        table.add_row(
            name,
            "the first token" if first == 0.0 else format_count(first),
            "never" if robust is None else ("the first token" if robust == 0.0 else format_count(robust)),
            format_count(float(found.first_tokens_per_day or 0.0)) if first else "",
            format_usd(float(found.first_usd_per_month or 0.0)) if first else "",
            Text(found.reason or ""),
        )
    return table


def _capacity(comparison: Comparison, volume: float) -> Table | None:
    """Return the steps of the sizing for the self-hosted options; None without one."""
    columns = comparison.capacity_steps(volume)
    if not columns:
        return None
    table = plain_table("", *columns)
    for step in dict.fromkeys(step for rows in columns.values() for step in rows):
        if step == "throughput_row":
            continue
        name, kind = _SHOWN.get(step, (step, "share" if step.startswith("derating") else "text"))
        cells = [_cell(rows.get(step, ""), kind) for rows in columns.values()]
        if any(cells):
            table.add_row(name, *cells)
    return table


def _cell(value: object, kind: str) -> str:
    """Return a step's value in its unit."""
    if isinstance(value, str):
        return value
    number = float(value) if isinstance(value, (int, float)) else float("nan")
    forms = {"usd": format_usd, "unit": format_unit_price, "share": format_share, "count": format_count}
    if np.isnan(number):
        return ""
    return forms[kind](number) if kind in forms else f"{number:,.0f}"


def _assumptions(comparison: Comparison) -> RenderableType:
    """Return the defaults and fitted numbers that the result rests on."""
    table = plain_table("address", "value", "unit", "why", left=1)
    table.columns[0].no_wrap = True  # an address that is cut in two cannot be copied
    table.columns[2].justify = table.columns[3].justify = "left"
    chosen = [p for p in comparison.parameters if p.origin in ("default", "fitted")]
    for parameter in chosen:
        table.add_row(parameter.address, f"{point(parameter.value):,.4g}", parameter.unit, Text(parameter.why))
    return table if chosen else Text("nothing: every number was given or comes from the tables")


def bullets(lines: Sequence[str]) -> RenderableType:
    """Return lines as a list."""
    if not lines:
        return Text("none")
    return Group(*(Text(f"- {line}") for line in lines))


def _sources(comparison: Comparison) -> RenderableType:
    """Return the table rows used, and the tables' version."""
    table = plain_table("row", "file", "read from", "holds from", "checked", left=5)
    for citation in comparison.cited:
        holds = f"{_text(citation.effective_from)} {citation.basis}".strip()
        table.add_row(citation.row, citation.location, citation.via, holds, _text(citation.checked))
    books = {option.book.store: option.book for option in comparison.options if option.book is not None}
    lines = [
        f"Tables {store.version} (sha256 {store.content_hash[:12]}), prices as of {book.as_of}."
        for store, book in books.items()
    ]
    return Group(table, *(Text(line) for line in lines))


def _text(value: object) -> str:
    """Return a cell as text, nothing for none."""
    return "" if value is None else str(value)
