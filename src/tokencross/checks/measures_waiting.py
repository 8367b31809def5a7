"""What putting a switch off costs or saves."""

from __future__ import annotations

import math
from dataclasses import replace

from tokencross.checks.context import Context, Measures, cited_by
from tokencross.checks.expectations import figure, finding
from tokencross.checks.outcome import Finding
from tokencross.studies.projection import Projection
from tokencross.studies.switching import when
from tokencross.studies.terms_of_switching import Switching
from tokencross.tables.assumption_market import WaitingEntry
from tokencross.units import format_tokens

__all__ = ["WAITING_MEASURES"]


def waiting(entry: WaitingEntry, context: Context) -> Finding:
    """Return what deciding later costs against deciding now, worth today; below 0 it saves. [USD]"""
    label, rival = context.pair("waiting", entry.waiting, entry.against)
    study = context.study
    volume = context.volume(entry.tokens_per_month, entry.tokens_per_day)
    two = tuple(option for option in study.options if option.label in (label, rival))
    alone = replace(study, options=two, incumbent=rival, reference=(), tokens_per_month=volume)
    projection = context.within("waiting", lambda: _projection(entry))
    timing = context.within("waiting", lambda: when(alone, projection))
    switch = timing.switch(label)
    later = range(entry.wait_months, entry.wait_months + 1 if entry.then == "decide" else entry.months)
    choices = [switch.plan_usd(month) for month in later]
    if entry.then == "best":
        choices.append(switch.never_usd)
    value = min(choices) - switch.now_usd
    best = "never" if switch.month is None else f"in month {switch.month}"
    words = f"{figure(entry.wait_months)} months, at {format_tokens(volume)} now; best {best}"
    if not math.isfinite(value):
        raise context.problem("wait_months", f"a switch that cannot be decided in month {entry.wait_months}", "a wait")
    detail = (
        f"deciding now: {figure(switch.now_usd, digits=4)} USD over {entry.months} months",
        f"never: {figure(switch.never_usd, digits=4)} USD",
    )
    return finding(entry, value, unit="USD", of=words, citations=cited_by(study, label, rival), detail=detail)


def _projection(entry: WaitingEntry) -> Projection:
    """Return what a check assumes about the months to come."""
    return Projection(
        months=entry.months,
        growth_per_year=entry.growth_per_year,
        declines=entry.declines,
        engineering_decline_per_year=entry.engineering_decline_per_year,
        discount_rate_per_year=entry.discount_rate_per_year,
        announced=entry.announced,
        renew_engineering=entry.renew_engineering,
        switching=Switching(switching_usd=entry.switching_usd, delay_cost_usd_per_month=entry.delay_cost_usd_per_month),
    )


WAITING_MEASURES: Measures = {WaitingEntry: waiting}
"""What evaluates the checks of this module's topic."""
