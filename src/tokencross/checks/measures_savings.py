"""What going over to another option saves, how often a cascade may escalate, and what training and leads come to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from tokencross.checks.context import Context, Measures, cited_by
from tokencross.checks.expectations import figure, finding
from tokencross.checks.outcome import Finding
from tokencross.number import point
from tokencross.options.base import CostOption
from tokencross.options.blends import Cascade
from tokencross.options.fine_tuned import FineTunedOption
from tokencross.tables.assumption_market import EscalationEntry, LeadRatioEntry, SavingEntry, TrainingCostEntry
from tokencross.units import format_share, format_tokens

__all__ = ["SAVING_MEASURES"]

_STEPS = 100
_SAME_RATIO = 1e-12
_MONTHS_PER_YEAR = 12.0
_TRAINING = "training: "
_DATA = ("training: labelled data", "training: teacher tokens")


def saving(entry: SavingEntry, context: Context) -> Finding:
    """Return what an option costs less than the one that is left, engineering counted. [USD]"""
    label, rival = context.pair("saving", entry.saving, entry.against)
    study = context.study
    if entry.bill_usd_per_month is not None:
        bill = entry.bill_usd_per_month
        volume = study.tokens_per_month_for(usd_per_month=bill, option=rival)
        if not 0.0 < volume < math.inf:
            found = f"{figure(bill)} USD a month, which {rival} costs at {'every' if volume else 'no'} volume"
            raise context.problem("bill_usd_per_month", found, f"a bill that {rival} has at some volume")
    else:
        volume = context.volume(entry.tokens_per_month, entry.tokens_per_day)
    theirs, ours = (float(study.curve(each).usd_per_month(volume)) for each in (rival, label))
    times = _MONTHS_PER_YEAR if entry.per == "year" else 1.0
    words = f"{label} {figure(ours, digits=4)}, {rival} {figure(theirs, digits=4)} USD/month"
    return finding(
        entry,
        (theirs - ours) * times,
        unit=f"USD/{entry.per}",
        of=words,
        citations=cited_by(study, label, rival),
        detail=(f"at {format_tokens(volume)}",),
    )


def escalation(entry: EscalationEntry, context: Context) -> Finding:
    """Return the share of escalations up to which a cascade costs less."""
    label = context.option("escalation", entry.escalation)
    study = context.study.medians
    cascade = study.option(label)
    if not isinstance(cascade, Cascade):
        raise context.problem("escalation", f"{label!r}, which is no cascade", "the label of a cascade")
    rival: CostOption = cascade.fallback
    if entry.against is not None:
        rival = study.option(context.pair("escalation", label, entry.against)[1])
    volume = context.volume(entry.tokens_per_month, entry.tokens_per_day)
    theirs = float(rival.curve(study.workload).usd_per_month(volume))

    def excess(share: float) -> float:
        changed = cascade.with_number("escalation_share", share)
        return float(changed.curve(study.workload).usd_per_month(volume)) - theirs

    now = float(study.curve(label).usd_per_month(volume))
    at = format_share(point(cascade.escalation_share))
    detail = (f"at {at} it costs {figure(now / theirs, digits=3)} of {rival.label}, at {format_tokens(volume)}",)
    cited = cited_by(study, label)
    if excess(0.0) >= 0.0:
        none = f"none: {label} is no cheaper than {rival.label} even without escalations"
        return finding(entry, None, unit="of the traffic", none=none, citations=cited, detail=detail)
    share = 1.0 if excess(1.0) < 0.0 else _crossing(excess)
    return finding(entry, share, unit="of the traffic", of=f"against {rival.label}", citations=cited, detail=detail)


def _crossing(excess: Callable[[float], float]) -> float:
    """Return the share at which what is below 0 at 0, and not at 1, comes to 0.

    False position with a bisection in between: one step where the excess is a straight line, and safe over steps.
    """
    low, high = 0.0, 1.0
    below, above = excess(low), excess(high)
    for step in range(_STEPS):
        share = 0.5 * (low + high) if step % 2 else low + (high - low) * below / (below - above)
        value = excess(share)
        if abs(value) <= _SAME_RATIO * (above - below):
            return share
        if value < 0.0:
            low, below = share, value
        else:
            high, above = share, value
        if high - low <= _SAME_RATIO:
            break
    return low


def training_cost(entry: TrainingCostEntry, context: Context) -> Finding:
    """Return what the first training costs: as if it were all paid in one month. [USD]"""
    label = context.option("training_cost", entry.training_cost)
    study = context.study.medians
    option = study.option(label)
    if not isinstance(option, FineTunedOption):
        raise context.problem("training_cost", f"{label!r}, which is not trained", "the label of a fine-tuned option")
    once = replace(option.training, retrain_every_months=1.0, data_life_months=None, relabelled_share=None)
    curve = option.with_number("training", once).curve(study.workload)
    parts = {part.label: float(part.usd_per_month) for part in curve.components(0.0)}
    chosen = {
        name: usd
        for name, usd in parts.items()
        if (name in _DATA if entry.part == "labelled data" else name.startswith(_TRAINING))
    }
    detail = tuple(f"{name.removeprefix(_TRAINING)}: {figure(usd, digits=4)} USD" for name, usd in chosen.items())
    cited = cited_by(study, label)
    return finding(entry, math.fsum(chosen.values()), unit="USD", citations=cited, detail=detail)


def lead_ratio(entry: LeadRatioEntry, context: Context) -> Finding:
    """Return the months before one option's first token over those of another's."""
    first, second = (_lead(context, label) for label in entry.lead_ratio)
    if second == 0.0:
        found = f"no lead of {entry.lead_ratio[1]!r}"
        raise context.problem("lead_ratio", found, "a second option whose engineering has lead_months above 0")
    words = f"{figure(first)} against {figure(second)} months"
    return finding(entry, first / second, unit="times the other's", of=words)


def _lead(context: Context, label: str) -> float:
    """Return the longest lead of an option's engineering. [months]"""
    option = context.study.option(context.option("lead_ratio", label))
    return max((point(item.lead_months) for item in option.engineering.items), default=0.0)


SAVING_MEASURES: Measures = {
    SavingEntry: saving,
    EscalationEntry: escalation,
    TrainingCostEntry: training_cost,
    LeadRatioEntry: lead_ratio,
}
"""What evaluates the checks of this module's topic."""
