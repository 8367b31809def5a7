"""How long the users of an option wait: of a hosted model, and of options made of others."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tokencross.citation import Citation
from tokencross.number import FloatOrDraws, point
from tokencross.options.base import Inner, Resolved
from tokencross.options.latency import ServedLatency
from tokencross.tables.api_records import Speed
from tokencross.tables.book import Book

__all__ = ["api_latency", "latency_figures", "latency_in_turn", "latency_of", "not_known_of", "reached"]

_MS_PER_SECOND = 1_000.0


# ---------------------------------------------------------------------- hosted models


def api_latency(book: Book, address: str, service_tier: str = "standard") -> ServedLatency | None:
    """Return how long users of a hosted model wait; None where the tables do not say.

    Parameters
    ----------
    book : Book
        The tables at a date.
    address : str
        Of its prices: ``prices:provider/model``. A tuned model's (``tuning:…``) are not the base's, and neither is its
        speed, which no table has.
    service_tier : str
        Speeds are those of ``standard``; ``batch`` answers hours later, so both figures are infinite; of any other
        tier nothing is known.
    """
    if service_tier == "batch":
        return ServedLatency(math.inf, math.inf, "batches are answered hours later", None)
    kind, _, model = address.partition(":")
    found = book.speed(model) if kind == "prices" and service_tier == "standard" else None
    if found is None:
        return None
    row, citation = found
    speed = row.output_tokens_per_second
    each = None if speed is None else _MS_PER_SECOND / speed
    return ServedLatency(row.time_to_first_token_ms, each, _how(row), citation)


def _how(row: Speed) -> str:
    """Return how a speed is known, in words."""
    words = ["claimed by its vendor" if row.nature == "claimed" else "measured"]
    words += [row.statistic] * bool(row.statistic) + [row.setting] * bool(row.setting)
    if row.input_tokens is not None:
        words.append(f"prompts of {row.input_tokens:,} tokens")
    return f"{', '.join(words)}; {row.effective_from}"


# ---------------------------------------------------------------------- options made of others


def reached(inner: Inner) -> bool:
    """Return whether any request ever gets to a part; a share that depends on the volume counts as some."""
    return inner.share is None or bool(np.any(np.asarray(inner.share) > 0.0))


def latency_of(inner: Sequence[Inner]) -> ServedLatency | None:
    """Return the latency of an option each of whose requests goes to one of its parts: that of the slowest.

    Each figure is the worst of those known, so the option may be slower where one is not; `not_known_of` names those.
    None where nothing is known.
    """
    parts = [each for each in inner if reached(each)]
    known = _known(parts)
    if len(parts) <= 1 or not known:
        return known[0] if known else None
    first, each = _worst(known, "time_to_first_token_ms"), _worst(known, "time_per_output_token_ms")
    return ServedLatency(first, each, _said(f"the slowest of {_named(parts)}", parts), _one_row(known))


def latency_in_turn(before: Sequence[tuple[Inner, FloatOrDraws]], last: Inner) -> ServedLatency | None:
    r"""Return the latency of the slowest requests where parts answer in turn.

    Parameters
    ----------
    before : sequence of (Inner, float or ndarray)
        Parts whose answers have to be complete before the next one starts, with the length of these answers; the
        first of them is the one that everything goes to. [tokens]
    last : Inner
        The part whose answer users then see. Where nothing ever reaches it, only the first part counts.

    Returns
    -------
    ServedLatency or None
        To the first token everything before it and the last part's own wait; between tokens the slower of the first
        part and the last. What is not known counts as 0, so the option may be slower; `not_known_of` names it. None
        where nothing is known.

    Notes
    -----
    With a wait t, a time per token d and an answer of n tokens, of parts i before the last:

    .. math:: T = \sum_i (t_i + n_i d_i) + t_{last}, \qquad d = \max(d_1, d_{last})

    Lengths are counted as if every part wrote them in tokens of its own.
    """
    if not before or not reached(last):
        return latency_of([part for part, _ in before[:1]] or [last])
    parts = [*(part for part, _ in before), last]
    known = _known(parts)
    if not known:
        return None
    waits = [_stay(part, point(tokens)) for part, tokens in before]
    first = sum(waits) + (_worst(_known([last]), "time_to_first_token_ms") or 0.0)
    each = _worst(_known([before[0][0], last]), "time_per_output_token_ms")
    return ServedLatency(first or None, each, _said(_named(parts, ", then "), parts), _one_row(known))


def not_known_of(label: str, resolved: Resolved, figure: str) -> tuple[str, ...]:
    """Return the labels of those whose figure (a field of `ServedLatency`) is not known: the option, or its parts."""
    parts = [each for each in resolved.inner if reached(each)]
    if parts:
        return tuple(dict.fromkeys(name for each in parts for name in not_known_of(each.label, each.resolved, figure)))
    latency = resolved.latency
    missing = latency is None or latency.bound or getattr(latency, figure) is None
    return (label,) if missing else ()


def latency_figures(latency: ServedLatency | None) -> tuple[float, float]:
    """Return the wait for the first token [ms] and the tokens per second and user; nan where not known.

    A batch, whose answers come hours later, waits infinitely and has no speed.
    """
    if latency is None or latency.bound:
        return math.nan, math.nan
    first, each = latency.time_to_first_token_ms, latency.time_per_output_token_ms
    return math.nan if first is None else first, math.nan if each is None else _MS_PER_SECOND / each


def _stay(part: Inner, tokens: float) -> float:
    """Return how long a part's answer takes, as far as it is known. [ms]"""
    latency = part.resolved.latency
    if latency is None or latency.bound:
        return 0.0
    first, each = latency.time_to_first_token_ms or 0.0, latency.time_per_output_token_ms or 0.0
    return first if math.isinf(first) else first + each * tokens


def _known(parts: Sequence[Inner]) -> list[ServedLatency]:
    """Return the latencies that are more than bounds."""
    found = [part.resolved.latency for part in parts]
    return [latency for latency in found if latency is not None and not latency.bound]


def _worst(known: Sequence[ServedLatency], figure: str) -> float | None:
    """Return the largest of a figure; None where it is not known of any. [ms]"""
    return max((value for latency in known if (value := getattr(latency, figure)) is not None), default=None)


def _named(parts: Sequence[Inner], between: str = ", ") -> str:
    """Return the labels of parts."""
    return between.join(dict.fromkeys(part.label for part in parts))


def _said(how: str, parts: Sequence[Inner]) -> str:
    """Return how a latency came about, with the parts that it does not know in full."""
    figures = ("time_to_first_token_ms", "time_per_output_token_ms")
    missing = [name for each in parts for figure in figures for name in not_known_of(each.label, each.resolved, figure)]
    return f"{how}; not known in full of {', '.join(dict.fromkeys(missing))}" if missing else how


def _one_row(known: Sequence[ServedLatency]) -> Citation | None:
    """Return the row where all that is known comes from one."""
    rows = {latency.citation for latency in known}
    return rows.pop() if len(rows) == 1 else None
