"""How fast hosted models and options answer: whole answers, tokens per second, and the wait for the first token."""

from __future__ import annotations

import math

from tokencross.checks.context import Context, Measures, cited_by
from tokencross.checks.expectations import figure, finding
from tokencross.checks.outcome import Finding
from tokencross.citation import Citation
from tokencross.options.speed import latency_figures
from tokencross.tables.api_records import Speed
from tokencross.tables.assumption_market import SpeedRatioEntry, TimeToFirstTokenEntry

__all__ = ["SPEED_MEASURES"]

_MS_PER_SECOND = 1_000.0
_NOT_KNOWN = "not known: the tables say nothing of it"
_UNITS = {"answer": "ms", "tokens_per_second": "tokens/s", "first_token": "ms"}


def speed_ratio(entry: SpeedRatioEntry, context: Context) -> Finding:
    """Return how many times faster the first model is than the second."""
    rows = [_row(name, context, "speed_ratio") for name in entry.speed_ratio]
    figures = [None if row is None else _figure(entry, row[0]) for row in rows]
    cited = tuple(row[1] for row in rows if row is not None)
    first, second = figures
    missing = [name for name, value in zip(entry.speed_ratio, figures, strict=True) if value is None]
    if first is None or second is None:
        return finding(entry, None, unit="times", none=f"not known of {' and '.join(missing)}", citations=cited)
    more_is_faster = entry.quantity == "tokens_per_second"
    unit = _UNITS[entry.quantity]
    what = f"an answer of {figure(entry.output_tokens)} tokens: " if entry.output_tokens is not None else ""
    words = f"{what}{figure(first, digits=4)} against {figure(second, digits=4)} {unit}"
    settings = tuple(
        f"{name}: {row[0].setting or 'no setting named'}, {row[0].statistic or row[0].nature}"
        for name, row in zip(entry.speed_ratio, rows, strict=True)
        if row is not None
    )
    ratio = first / second if more_is_faster else second / first
    return finding(entry, ratio, unit="times", of=words, citations=cited, detail=settings)


def _row(name: str, context: Context, key: str) -> tuple[Speed, Citation] | None:
    """Return how fast a model is by the tables; None where they do not say."""
    return context.within(key, lambda: context.book.speed(context.book.api_name(name)))


def _figure(entry: SpeedRatioEntry, row: Speed) -> float | None:
    """Return a model's figure; None where its row does not have it."""
    wait, speed = row.time_to_first_token_ms, row.output_tokens_per_second
    if entry.quantity == "first_token":
        return wait
    if entry.quantity == "tokens_per_second":
        return speed
    if wait is None or speed is None or entry.output_tokens is None:
        return None
    return wait + entry.output_tokens / speed * _MS_PER_SECOND


def time_to_first_token(entry: TimeToFirstTokenEntry, context: Context) -> Finding:
    """Return how long users wait for the first token of an answer."""
    name = entry.time_to_first_token
    if context.comparison is not None and name in context.comparison.labels:
        return _of_option(entry, context)
    if "/" not in name:
        context.option("time_to_first_token", name)
    row = _row(name, context, "time_to_first_token")
    if row is None or row[0].time_to_first_token_ms is None:
        return finding(entry, None, unit="ms", none=_NOT_KNOWN, citations=() if row is None else row[1:])
    setting = row[0].setting or row[0].statistic or row[0].nature
    return finding(entry, row[0].time_to_first_token_ms, unit="ms", of=setting, citations=row[1:])


def _of_option(entry: TimeToFirstTokenEntry, context: Context) -> Finding:
    """Return how long users of a study's option wait."""
    label = entry.time_to_first_token
    latency = context.study.central[label].latency
    wait, _ = latency_figures(latency)
    cited = cited_by(context.study, label)
    if latency is None or math.isnan(wait):
        return finding(entry, None, unit="ms", none=_NOT_KNOWN, citations=cited)
    if math.isinf(wait):
        return finding(entry, None, unit="ms", none=latency.how, citations=cited)
    own = cited if latency.citation is None else (latency.citation,)
    return finding(entry, wait, unit="ms", of=latency.how, citations=own)


SPEED_MEASURES: Measures = {SpeedRatioEntry: speed_ratio, TimeToFirstTokenEntry: time_to_first_token}
"""What evaluates the checks of this module's topic."""
