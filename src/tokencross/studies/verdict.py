"""The answer in one or two sentences, and the phases that it is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tokencross.studies.compare import Comparison
from tokencross.units import format_count, format_list, format_usd

__all__ = ["Phase", "headline", "phases", "verdict"]


@dataclass(frozen=True)
class Phase:
    """A substitute that is the cheapest somewhere.

    Attributes
    ----------
    label : str
        The option.
    first : float
        Where it is first the cheapest. [tokens/month]
    robust : float or None
        From where on it always is; None for one that is overtaken.
    last : float
        Up to where it ever is; inf for the last one. [tokens/month]
    incumbent_usd_per_month : float
        The incumbent's bill at ``first``. [USD/month]
    """

    label: str
    first: float
    robust: float | None
    last: float
    incumbent_usd_per_month: float


def phases(comparison: Comparison) -> list[Phase]:
    """Return the substitutes that are ever the cheapest, by where they first are."""
    stretches = comparison.stretches
    bill = comparison.curve(comparison.incumbent)
    found = []
    for winner in dict.fromkeys(stretch.winner for stretch in stretches):
        own = [stretch for stretch in stretches if stretch.winner == winner]
        last = own[-1]
        robust = last.low if math.isinf(last.high) else None
        usd = bill.usd_per_month(own[0].low)
        found.append(Phase(comparison.substitutes[winner], own[0].low, robust, last.high, usd))
    return found


def verdict(comparison: Comparison) -> str:
    """Return who is the cheapest at which volume, who never is, and who is where you are."""
    sentences = [headline(comparison)]
    never = [label for label in comparison.substitutes if label not in {p.label for p in phases(comparison)}]
    for label in never:
        sentences.append(_never(comparison, label))
    if comparison.here is not None:
        sentences.append(_here(comparison, comparison.here))
    return " ".join(sentences)


def headline(comparison: Comparison) -> str:
    """Return the crossovers among the substitutes in one sentence."""
    found = phases(comparison)
    substitutes = comparison.substitutes
    if len(substitutes) == 1:
        return f"{_capital(substitutes[0])} is the only option that is compared as a substitute."
    if len(found) == 1:
        others = format_list([label for label in substitutes if label != found[0].label])
        return f"{_capital(found[0].label)} is the cheapest at every volume, ahead of {others}."
    parts = [f"{_capital(found[0].label)} is the cheapest up to {format_count(found[1].first)} tokens/month"]
    for phase in found[1:]:
        bill = f"where {comparison.incumbent} costs {format_usd(phase.incumbent_usd_per_month)}"
        at = f"from {format_count(phase.first)} tokens/month ({bill})"
        good = ""
        if phase.robust is not None and phase.robust > phase.first * (1.0 + 1e-9):
            good = f", for good from {format_count(phase.robust)}"
        parts.append(f"{phase.label} {at}{good}")
    last = comparison.stretches[-1]
    if math.isinf(last.high) and substitutes[last.winner] != found[-1].label:
        parts.append(f"{substitutes[last.winner]} again, for good, from {format_count(last.low)}")
    return "; ".join(parts) + "."


def _never(comparison: Comparison, label: str) -> str:
    """Return what a substitute that is never the cheapest still beats."""
    if label == comparison.incumbent:
        return f"{_capital(label)}, the incumbent, is never the cheapest."
    found = comparison.central_breakeven(label)
    said = f"{_capital(label)} is never the cheapest"
    if found.first is None:
        return f"{said}, and it never undercuts {comparison.incumbent}."
    if found.first == 0.0:
        return f"{said}, though it undercuts {comparison.incumbent} from the first token."
    bill = f" ({format_usd(float(found.first_usd_per_month or 0.0))} a month)"
    first, robust = float(found.first), None if found.robust is None else float(found.robust)
    lasting = f", for good from {format_count(robust)}" if robust is not None and robust > first else ""
    return f"{said}; it undercuts {comparison.incumbent} from {format_count(first)} tokens/month{bill}{lasting}."


def _here(comparison: Comparison, volume: float) -> str:
    """Return who is the cheapest where you are."""
    best = comparison.cheapest_at(volume)
    usd = comparison.curve(best).usd_per_month(volume)
    at = f"At your {format_count(volume)} tokens/month"
    if best == comparison.incumbent:
        return f"{at} {best} is the cheapest, {format_usd(usd)} a month."
    bill = comparison.curve(comparison.incumbent).usd_per_month(volume)
    return f"{at} {best} costs {format_usd(usd)} a month against {format_usd(bill)} for {comparison.incumbent}."


def _capital(label: str) -> str:
    """Return a label as a sentence begins with it."""
    return label[:1].upper() + label[1:]
