"""Measures of checks on what options cost at a volume, and on single numbers of a study."""

from __future__ import annotations

from tokencross.checks.context import Context, Measures, cited_by, one_each
from tokencross.checks.expectations import as_expected, finding
from tokencross.checks.outcome import Finding
from tokencross.number import point
from tokencross.tables.assumption_checks import CostDifferenceEntry, CostEntry, CostRatioEntry, NumberEntry
from tokencross.units import DAYS_PER_MONTH, TOKENS_PER_MTOK, format_tokens, format_usd

__all__ = ["COST_MEASURES", "cost_per"]

_UNITS = {"month": "USD/month", "day": "USD/day", "mtok": "USD/Mtok", "request": "USD/request"}
_MOST_PARTS = 6


def cost_per(context: Context, label: str, tokens_per_month: float, per: str) -> float:
    """Return what an option costs at a volume, at the medians.

    Parameters
    ----------
    context : Context
        With a study.
    label : str
        Of its option.
    tokens_per_month : float
        Above 0. [tokens/month]
    per : str
        ``month``, ``day``, ``mtok`` (a million reference tokens) or ``request`` [USD of each].
    """
    usd = float(context.study.curve(label).usd_per_month(tokens_per_month))
    if per == "month":
        return usd
    if per == "day":
        return usd / DAYS_PER_MONTH
    tokens = point(context.study.medians.workload.request_tokens) if per == "request" else TOKENS_PER_MTOK
    return usd * tokens / tokens_per_month


def cost(entry: CostEntry, context: Context) -> Finding:
    """Return whether what an option costs at a volume is as expected."""
    label = context.option("cost", entry.cost)
    volume = context.volume(entry.tokens_per_month, entry.tokens_per_day)
    value = cost_per(context, label, volume, entry.per)
    return finding(
        entry,
        value,
        unit=_UNITS[entry.per],
        of=f"{label} at {format_tokens(volume)}, {context.as_of}",
        citations=cited_by(context.study, label),
        detail=() if as_expected(entry, value) else (_parts(context, label, volume),),
    )


def cost_ratio(entry: CostRatioEntry, context: Context) -> Finding:
    """Return whether one option's cost over another's is as expected."""
    first, second = (context.option("cost_ratio", label) for label in entry.cost_ratio)
    volume = context.volume(entry.tokens_per_month, entry.tokens_per_day)
    over, under = (cost_per(context, label, volume, "month") for label in (first, second))
    if under == 0.0:
        raise context.problem("cost_ratio", f"{second} at no cost", "a second option that costs something")
    return finding(
        entry,
        over / under,
        unit="",
        of=f"{first} {format_usd(over)}/month over {second} {format_usd(under)}/month at {format_tokens(volume)}",
        citations=cited_by(context.study, *dict.fromkeys((first, second))),
        detail=_both_parts(context, (first, second), volume, holds=as_expected(entry, over / under)),
    )


def cost_difference(entry: CostDifferenceEntry, context: Context) -> Finding:
    """Return whether one option's cost less another's is as expected."""
    first, second = (context.option("cost_difference", label) for label in entry.cost_difference)
    volume = context.volume(entry.tokens_per_month, entry.tokens_per_day)
    value = cost_per(context, first, volume, entry.per) - cost_per(context, second, volume, entry.per)
    return finding(
        entry,
        value,
        unit=_UNITS[entry.per],
        of=f"{first} less {second} at {format_tokens(volume)}",
        citations=cited_by(context.study, *dict.fromkeys((first, second))),
        detail=_both_parts(context, (first, second), volume, holds=as_expected(entry, value)),
    )


def _both_parts(context: Context, labels: tuple[str, str], volume: float, *, holds: bool) -> tuple[str, ...]:
    """Return what two costs are made of, where that is worth a line each."""
    return () if holds else tuple(_parts(context, label, volume) for label in dict.fromkeys(labels))


def _parts(context: Context, label: str, volume: float) -> str:
    """Return what a bill is made of, the largest parts first."""
    parts = sorted(context.study.curve(label).components(volume), key=lambda part: -abs(float(part.usd_per_month)))
    told = ", ".join(f"{part.label} {format_usd(float(part.usd_per_month))}" for part in parts[:_MOST_PARTS])
    return f"{label}, by the month: {told}{', …' if len(parts) > _MOST_PARTS else ''}"


def number(entry: NumberEntry, context: Context) -> Finding:
    """Return whether a number of the study is as expected."""
    value = context.number(entry.number, "number")
    parameter = next(each for each in context.study.parameters if each.address == entry.number)
    cited = one_each([parameter.citation]) if parameter.citation is not None else ()
    origin = parameter.origin if not parameter.why else f"{parameter.origin}: {parameter.why}"
    return finding(entry, value, unit=_short(parameter.unit), of=f"{entry.number}, {origin}", citations=cited)


def _short(unit: str) -> str:
    """Return a unit in words as a figure carries it."""
    return "" if unit.startswith("a ") else unit.replace("USD per million tokens", "USD/Mtok")


COST_MEASURES: Measures = {
    CostEntry: cost,
    CostRatioEntry: cost_ratio,
    CostDifferenceEntry: cost_difference,
    NumberEntry: number,
}
