"""When to switch as text: the verdict, each challenger, waiting, cash over the horizon, what would change it, notes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tokencross.show.terminal import bullets, plain_table
from tokencross.studies.price_paths import PriceStep
from tokencross.studies.switch_plans import Switch
from tokencross.studies.switching import Timing
from tokencross.studies.timing_words import months_words
from tokencross.units import format_count, format_usd

__all__ = ["timing_text"]

_KINDS = {
    "now": "now",
    "price step": "at a price step",
    "interior": "an interior month",
    "first possible": "when examples suffice",
    "never": "never",
}


def timing_text(timing: Timing, *, wait_months: int | None, assumed: Sequence[str] = ()) -> RenderableType:
    """Return everything that `tokencross when` prints.

    Parameters
    ----------
    timing : Timing
        The answer.
    wait_months : int or None
        Which waiting is costed; None where the horizon leaves no month to wait. [months]
    assumed : sequence of str
        What nobody said.
    """
    months = months_words(timing.projection.months)
    parts: list[RenderableType] = [
        Text(timing.verdict(), style="bold"),
        _heading(f"When to leave {timing.comparison.incumbent}: present value of all costs over {months}"),
        _switches(timing),
        *_waiting(timing, wait_months),
        _heading("Cash over the horizon, each challenger on its best plan; payback from its decision on"),
        _cash(timing),
        _heading("What would have to change"),
        bullets([str(timing.would_change(label)) for label in timing.switches]),
    ]
    steps = [_step(step) for step in timing.projected.steps]
    if steps:
        parts += [_heading("Prices that jump on the way"), bullets(steps)]
    notes = [*timing.notes, *timing.comparison.notes]
    if assumed:
        parts += [_heading("Assumed, not given"), bullets(list(assumed))]
    if notes:
        parts += [_heading("Notes"), bullets(notes)]
    return Group(*parts)


def _heading(text: str) -> RenderableType:
    return Padding(Text(text, style="bold underline"), (1, 0, 0, 0), expand=False)


def _usd(usd: float) -> str:
    """Return an amount; a dash where there is no such plan."""
    return format_usd(usd) if math.isfinite(usd) else "-"


def _step(step: PriceStep) -> str:
    """Return a price step with its day or month."""
    return f"{f'month {format_count(step.month)}' if step.day is None else step.day}: {step.words}."


def _switches(timing: Timing) -> Table:
    """Return the best month of every challenger, and what now and never cost."""
    table = plain_table("challenger", "best month", "kind", "best", "now", "never", "too early", "too late", left=3)
    best = timing.best
    for switch in timing.switches.values():
        style = "bold" if switch is best else ""
        label = switch.challenger if switch.substitute else f"{switch.challenger} (reference)"
        table.add_row(
            label,
            _month(switch),
            _KINDS[switch.kind],
            _usd(switch.best_usd),
            _usd(switch.now_usd),
            _usd(switch.never_usd),
            _usd(switch.now_usd - switch.best_usd),
            _usd(switch.never_usd - switch.best_usd),
            style=style,
        )
    return table


def _month(switch: Switch) -> str:
    """Return a challenger's best month in words."""
    if switch.month is None:
        return "-"
    day = "" if switch.date is None else f" ({switch.date})"
    left = "" if switch.leaves_month is None else f" until {format_count(switch.leaves_month)}"
    return f"{switch.month}{left}{day}"


def _waiting(timing: Timing, months: int | None) -> list[RenderableType]:
    """Return what waiting costs or saves, for every challenger, with a heading."""
    if months is None:
        return []
    table = plain_table("challenger", "now", f"in month {months}", "waiting costs", "best from then on", "which costs")
    names = ("now_usd", "then_usd", "waiting_usd", "free_usd", "waiting_free_usd")
    for row in timing.waiting(months).to_dict("records"):
        table.add_row(str(row["challenger"]), *(_usd(float(row[name])) for name in names))
    return [_heading(f"Waiting {months_words(months)} against acting now (below 0 it saves)"), table]


def _cash(timing: Timing) -> Table:
    """Return what each option comes to, and when it has paid back."""
    planned = timing.planned()
    table = plain_table("option", "in all", "present value", "payback", left=1)
    totals = planned.totals().to_dict("index")
    for label in planned.comparison.labels:
        words = "" if label == planned.comparison.incumbent else _payback(timing, label)
        amounts = (format_usd(float(totals[label][name])) for name in ("total_usd", "present_value_usd"))
        table.add_row(label, *amounts, words)
    return table


def _payback(timing: Timing, label: str) -> str:
    """Return when a challenger on its best plan has paid back, from the decision on."""
    if timing.switch(label).month is None:
        return "not begun"
    found = timing.planned().payback(label)
    if found.month is not None:
        return f"after {months_words(found.month)}"
    if found.recovered_share is None:
        return "never" if found.ahead_months is None else "not for good"
    never = "never" if found.ahead_months is None else "not for good"
    return f"{never}, {max(found.recovered_share, 0.0):.0%} at the highest"
