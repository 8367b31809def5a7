"""The answer to "when" in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tokencross.units import format_count, format_list, format_usd

if TYPE_CHECKING:
    from tokencross.studies.switch_plans import Switch
    from tokencross.studies.switching import Timing

__all__ = ["month_words", "months_words", "switch_sentence", "timing_sentences"]

_SAME_RATIO = 1e-12  # what differs by less is the same to rounding


def month_words(month: float) -> str:
    """Return a month in words: the first one is now."""
    return "now" if month == 0 else f"in month {format_count(month)}"


def months_words(count: int) -> str:
    """Return a number of months in words."""
    return f"{count} month{'' if count == 1 else 's'}"


def timing_sentences(timing: Timing) -> str:
    """Return who to switch to and when, what now and never cost instead, and what the others come to."""
    best = timing.best
    substitutes = [each for each in timing.switches.values() if each.substitute]
    if best is None:
        incumbent = timing.comparison.incumbent
        if not substitutes:
            return f"{_capital(incumbent)} has no substitute to switch to."
        parts = [_stay(each) for each in substitutes]
        count = timing.projection.months
        months = f"{'for' if count == 1 else 'for all'} {months_words(count)}"
        return f"Stay with {incumbent} {months}: {format_list(parts)}."
    sentences = [f"Switch to {switch_sentence(best)}"]
    others = [each for each in substitutes if each is not best]
    never = [each.challenger for each in others if each.month is None]
    for each in others:
        if each.month is not None:
            more = format_usd(each.best_usd - best.best_usd)
            sentences.append(f"{_capital(each.challenger)}, best {month_words(each.month)}, would cost {more} more.")
    if never:
        sentences.append(f"{_capital(format_list(never))} never {'pays' if len(never) == 1 else 'pay'} to switch to.")
    return " ".join(sentences)


def _stay(switch: Switch) -> str:
    """Return what acting now would cost where one should not."""
    month, who = switch.first_month, switch.challenger
    if month is None:
        return f"there are never examples enough for {who}"
    if month >= switch.horizon:
        return f"there are not examples enough for {who} before month {month}"
    more = switch.plan_usd(month) - switch.never_usd
    if not math.isfinite(more):
        serves = month + switch.lead_months
        after = "" if serves >= switch.horizon else ", when it is out of use"
        return f"{who} could not serve before month {format_count(serves)}{after}"
    if abs(more) <= _SAME_RATIO * abs(switch.never_usd):
        return f"switching to {who} {month_words(month)} would cost the same"
    return f"switching to {switch.challenger} {month_words(month)} would cost {format_usd(more)} more"


def switch_sentence(switch: Switch) -> str:
    """Return a challenger's best month, why then, and what now and never cost instead."""
    months = months_words(switch.horizon)
    if switch.month is None:
        return f"{switch.challenger}: never within {months}."
    day = "" if switch.date is None or switch.month == 0 else f" ({switch.date})"
    live = switch.month + switch.lead_months
    served = f", served from month {format_count(live)}" if switch.lead_months > 0.0 else ""
    begun = f"{switch.challenger} {month_words(switch.month)}{day}{served}{_why(switch)}"
    costs = []
    if switch.month > 0 and math.isfinite(switch.now_usd):
        costs.append(f"acting now costs {format_usd(switch.now_usd - switch.best_usd)} more over {months}")
    over = "" if costs else f" over {months}"
    costs.append(
        f"never switching {'' if costs else 'costs '}{format_usd(switch.never_usd - switch.best_usd)} more{over}"
    )
    left = "" if switch.leaves_month is None else f", until month {format_count(switch.leaves_month)}"
    layer = " An abstraction layer pays for itself." if switch.way.layer else ""
    return f"{begun}{left}; {format_list(costs)}.{layer}"


def _why(switch: Switch) -> str:
    """Return what makes the best month the best, where there is something to name."""
    if switch.kind == "price step" and switch.step is not None:
        day = "" if switch.step.day is None else f" on {switch.step.day}"
        return f", when{day} {switch.step.words}"
    if switch.kind == "first possible":
        return ", when there are examples enough"
    return ""


def _capital(text: str) -> str:
    """Return words as a sentence begins with them."""
    return text[:1].upper() + text[1:]
