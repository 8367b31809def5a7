"""The row that an upstream's era would be in the tables: its figures, and what it keeps of the row before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tokencross.tables.reading import Plain
from tokencross.tables.records import Dated
from tokencross.tables.sources import UpstreamInstance, UpstreamPrice, UpstreamTier
from tokencross.tables.sources.matching import same_threshold

__all__ = ["ProposedRow", "proposed_row"]

_PRICES = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "cache_write_usd_per_mtok",
    "cache_write_1h_usd_per_mtok",
)
_RATIOS = ("batch", "regions", "time_windows")
"""What holds for another price as well: discounts and quotients."""
_OWN = (*Dated.model_fields, "promised_until")
"""What belongs to one row alone."""
_SAME_DISCOUNT = 1e-3
_DIGITS = 6


@dataclass(frozen=True)
class ProposedRow:
    """A row as it would be written.

    Attributes
    ----------
    data : dict
        Its keys in the order in which they are written.
    kept, dropped : tuple of str
        Of the keys of the row before that the upstream says nothing of: those taken over, and those left out
        because they are amounts that go with another price.
    """

    data: dict[str, Plain]
    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def proposed_row(
    era: UpstreamPrice | UpstreamInstance,
    *,
    before: Mapping[str, Plain],
    effective_from: date,
    effective_to: date | None,
    checked: date,
    via: str,
) -> ProposedRow:
    """Return the row for an era.

    Parameters
    ----------
    era : UpstreamPrice or UpstreamInstance
        What the upstream says.
    before : mapping
        The row that it follows, as written; empty for a new model.
    effective_from, effective_to : date
        First day, and first day without the price; after ``checked`` the row is an announced one.
    checked : date
        The day of looking.
    via : str
        What the figures were read from.
    """
    announced = effective_from > checked
    data: dict[str, Plain] = {"effective_from": effective_from}
    data |= {"effective_to": effective_to} if effective_to is not None else {}
    data |= {"status": "announced"} if announced else {}
    kept: list[str] = []
    dropped: list[str] = []
    if isinstance(era, UpstreamInstance):
        data["usd_per_hour"] = era.usd_per_hour
    else:
        figures, kept, dropped = _figures(era, before)
        data |= figures
    data |= {"basis": "announced" if announced else era.basis, "via": via}
    data |= {"cited_url": era.cited_url} if era.cited_url else {}
    data["checked"] = checked
    if era.effective_from is None:
        data["note"] = f"{via} gives no date; the day is that of its data."
    if dropped:
        data["caveat"] = f"{via} says nothing of {', '.join(dropped)}, which the row before has."
    return ProposedRow(data, tuple(kept), tuple(dropped))


def _figures(era: UpstreamPrice, before: Mapping[str, Plain]) -> tuple[dict[str, Plain], list[str], list[str]]:
    """Return the prices, and the names of what was kept and dropped of the row before."""
    said: dict[str, Plain] = {key: value for key in _PRICES if (value := getattr(era, key)) is not None}
    if era.long_context:
        said["long_context"] = [_tier(tier, before) for tier in era.long_context]
    batch = _batch(era, before)
    said |= {"batch": batch} if batch is not None else {}
    silent = {*_PRICES, *(["long_context"] if era.long_context is None else [])}
    same_price = all(before.get(key) == said[key] for key in _PRICES[:2])
    figures, kept, dropped = dict(said), list[str](), list[str]()
    for key, value in before.items():
        spoken = key in said or key in _OWN or (key == "long_context" and key not in silent)
        if spoken or (key == "batch" and era.batch is not None and batch is None and not _has_batch(era)):
            continue
        if same_price or (key in _RATIOS and (key != "batch" or era.batch is None)):
            figures[key] = value
            kept.append(key)
        else:
            dropped.append(key)
    order = [*_PRICES, *before, "long_context", "batch"]
    return dict(sorted(figures.items(), key=lambda item: order.index(item[0]))), kept, dropped


def _tier(tier: UpstreamTier, before: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return a tier as it is written; how it counts is taken from the row before."""
    tiers = before.get("long_context", ())
    head: dict[str, Plain] = {"threshold_tokens": tier.threshold_tokens}
    for old in tiers if isinstance(tiers, tuple | list) else ():
        tokens = old.get("threshold_tokens") if isinstance(old, dict) else None
        inclusive = isinstance(old, dict) and old.get("inclusive") is True
        if isinstance(tokens, int) and same_threshold(tier.threshold_tokens, book_tokens=tokens, inclusive=inclusive):
            head = {key: old[key] for key in ("threshold_tokens", "inclusive", "counts") if key in old}
    return {**head, **{key: value for key in _PRICES if (value := getattr(tier, key)) is not None}}


def _has_batch(era: UpstreamPrice) -> bool:
    """Return whether an era's batch prices are lower than its others."""
    return era.batch is not None and (
        era.batch.input_usd_per_mtok < era.input_usd_per_mtok or era.batch.output_usd_per_mtok < era.output_usd_per_mtok
    )


def _batch(era: UpstreamPrice, before: Mapping[str, Plain]) -> dict[str, Plain] | None:
    """Return batch prices as one discount; None where there are none, or input and output differ in it."""
    if era.batch is None or not era.input_usd_per_mtok or not era.output_usd_per_mtok:
        return None
    share = 1.0 - era.batch.input_usd_per_mtok / era.input_usd_per_mtok
    if share <= 0.0 or not math.isclose(
        share, 1.0 - era.batch.output_usd_per_mtok / era.output_usd_per_mtok, abs_tol=_SAME_DISCOUNT
    ):
        return None
    old = before.get("batch")
    cached: Plain = old.get("cache_discount_share") if isinstance(old, dict) else None
    if era.batch.cache_read_usd_per_mtok is not None and era.cache_read_usd_per_mtok:
        cached = max(round(1.0 - era.batch.cache_read_usd_per_mtok / era.cache_read_usd_per_mtok, _DIGITS), 0.0)
    batch: dict[str, Plain] = {"discount_share": round(share, _DIGITS)}
    return batch if cached is None else {**batch, "cache_discount_share": cached}
