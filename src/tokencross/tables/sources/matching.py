"""What the tables and an upstream say of the same thing: found by id or alias, never guessed, figure by figure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from tokencross.tables.api_records import ApiModel, ApiPriceRow, LongContext
from tokencross.tables.compute_records import HourlyPriceRow, Instance, Offer
from tokencross.tables.sources import Upstream, UpstreamInstance, UpstreamPrice
from tokencross.tables.store import Located, Store

__all__ = [
    "Difference",
    "Match",
    "Matched",
    "differences",
    "era_in_force",
    "match_instances",
    "match_prices",
    "row_in_force",
    "same_threshold",
]

_RELATIVE, _ABSOLUTE = 1e-6, 1e-9
_RELATIVE_BATCH = 1e-3  # the tables write a batch price as a rounded discount

RowT = TypeVar("RowT", ApiPriceRow, HourlyPriceRow)
EraT = TypeVar("EraT", UpstreamPrice, UpstreamInstance)


@dataclass(frozen=True)
class Difference:
    """A figure on which a row and an upstream differ; None is a figure that one of them does not have."""

    field: str
    book: float | None
    upstream: float | None


@dataclass(frozen=True)
class Match(Generic[RowT, EraT]):
    """A price history of the tables, and the eras that an upstream has for it.

    Attributes
    ----------
    subject : str
        What it is the price of: ``provider/model``, or ``provider/instance (purchase, region)``.
    located, steps : Located and key path
        The record, and where in it the rows stand.
    rows : sequence of rows
        Those of the tables, oldest first.
    eras : sequence of eras
        Those of the upstream, oldest first.
    """

    subject: str
    located: Located
    steps: tuple[str | int, ...]
    rows: tuple[RowT, ...]
    eras: tuple[EraT, ...]


@dataclass(frozen=True)
class Matched(Generic[RowT, EraT]):
    """Everything of an upstream that the tables have, and the names of what they do not have."""

    matches: tuple[Match[RowT, EraT], ...]
    missing: tuple[str, ...]


def _spellings(store: Store, kind: str) -> dict[tuple[str, str], list[tuple[str, Located]]]:
    """Return the records by provider and name, other spellings of both included."""
    found: dict[tuple[str, str], list[tuple[str, Located]]] = {}
    for path in store.files(kind):
        head = store.document(path).data
        aliases = head.get("aliases", ()) if isinstance(head, dict) else ()
        providers = (path.stem, *(aliases if isinstance(aliases, tuple) else ()))
        for record in store.records(kind, path):
            own = record.data.get("aliases", ())
            for name in (record.data.get("id"), *(own if isinstance(own, tuple) else ())):
                for provider in providers:
                    found.setdefault((str(provider), str(name)), []).append((path.stem, record))
    return found


def _found(
    known: Mapping[tuple[str, str], list[tuple[str, Located]]], provider: str, name: str
) -> tuple[str, Located] | None:
    """Return the record of that id, or the only one of that alias."""
    hits = known.get((provider, name), [])
    exact = [hit for hit in hits if hit[1].data.get("id") == name]
    return (exact or hits)[0] if len(exact or hits) == 1 else None


def match_prices(store: Store, upstream: Upstream) -> Matched[ApiPriceRow, UpstreamPrice]:
    """Return the hosted models that tables and upstream both have.

    Where an upstream has a model under several of its spellings, its id counts first, then its aliases in order.
    """
    known = _spellings(store, "api")
    eras: dict[tuple[str, str], list[UpstreamPrice]] = {}
    for price in upstream.prices:
        eras.setdefault((price.provider, price.model), []).append(price)
    by_record: dict[str, dict[str, list[UpstreamPrice]]] = {}
    records: dict[str, Located] = {}
    missing = []
    for (provider, name), found in eras.items():
        hit = _found(known, provider, name)
        if hit is None:
            missing.append(f"{provider}/{name}")
            continue
        subject = f"{hit[0]}/{hit[1].data['id']}"
        records[subject] = hit[1]
        by_record.setdefault(subject, {})[name] = found
    matches = []
    for subject, located in sorted(records.items()):
        model = located.parse(ApiModel)
        spelled = next(name for name in (model.id, *model.aliases) if name in by_record[subject])
        ordered = sorted(by_record[subject][spelled], key=lambda era: era.effective_from or date.min)
        matches.append(Match(subject, located, ("prices",), model.prices, tuple(ordered)))
    return Matched(tuple(matches), tuple(sorted(missing)))


def match_instances(store: Store, upstream: Upstream) -> Matched[HourlyPriceRow, UpstreamInstance]:
    """Return the offers that tables and upstream both have.

    An upstream's price counts for a region of its own name; where all its regions cost the same, for any.
    """
    known = _spellings(store, "compute")
    eras: dict[tuple[str, str], list[UpstreamInstance]] = {}
    for instance in upstream.instances:
        eras.setdefault((instance.provider, instance.instance), []).append(instance)
    matches, missing = [], []
    for (provider, name), found in sorted(eras.items()):
        hit = _found(known, provider, name)
        if hit is None:
            missing.append(f"{provider}/{name}")
            continue
        record = hit[1].parse(Instance)
        for index, offer in enumerate(record.offers):
            own = _eras_of_offer(offer, found)
            subject = f"{hit[0]}/{record.id} ({offer.purchase}, {offer.region})"
            if own:
                matches.append(Match(subject, hit[1], ("offers", index, "prices"), offer.prices, own))
    return Matched(tuple(matches), tuple(missing))


def _eras_of_offer(offer: Offer, found: Sequence[UpstreamInstance]) -> tuple[UpstreamInstance, ...]:
    """Return the eras of an offer, oldest first."""
    bought = [era for era in found if era.purchase == offer.purchase]
    here = [era for era in bought if era.region == offer.region]
    if not here and len({era.usd_per_hour for era in bought}) == 1:
        here = bought[:1]
    return tuple(sorted(here, key=lambda era: era.effective_from or date.min))


def row_in_force(rows: Iterable[RowT], day: date, *, announced: bool = True) -> tuple[int, RowT] | None:
    """Return index and row in force at a day; None before the first one and in gaps."""
    begun = [
        (index, row)
        for index, row in enumerate(rows)
        if row.effective_from <= day and (announced or row.status != "announced")
    ]
    if not begun or (begun[-1][1].effective_to is not None and begun[-1][1].effective_to <= day):
        return None
    return begun[-1]


def era_in_force(eras: Iterable[EraT], day: date) -> EraT | None:
    """Return an upstream's era in force at a day; None where it has none."""
    begun = [era for era in eras if era.effective_from is None or era.effective_from <= day]
    if not begun or (begun[-1].effective_to is not None and begun[-1].effective_to <= day):
        return None
    return begun[-1]


def differences(row: ApiPriceRow | HourlyPriceRow, era: UpstreamPrice | UpstreamInstance) -> tuple[Difference, ...]:
    """Return the figures on which a row and an era differ; what the upstream does not say is not compared."""
    if isinstance(row, HourlyPriceRow) or isinstance(era, UpstreamInstance):
        hourly = {"usd_per_hour": row.usd_per_hour} if isinstance(row, HourlyPriceRow) else {}
        return _unequal(hourly, {"usd_per_hour": era.usd_per_hour} if isinstance(era, UpstreamInstance) else {})
    book, theirs = _row_figures(row), _era_figures(era, row)
    if era.long_context is not None:
        theirs |= dict.fromkeys(key for key in book if key.endswith("].input_usd_per_mtok") and key not in theirs)
    ours = {key: book.get(key) for key in theirs}
    for key in ("cache_read_usd_per_mtok", "cache_write_usd_per_mtok"):
        if ours.get(key) is None and theirs.get(key) == row.input_usd_per_mtok:
            del theirs[key]  # without a price of its own it is billed as input
    told_once = {key for key in theirs if key not in book and _first_of(key) not in (key, *book)}
    return _unequal(ours, {key: value for key, value in theirs.items() if key not in told_once})


def _first_of(key: str) -> str:
    """Return the figure that stands for a whole tier or batch price where one side lacks it."""
    group, dot, _ = key.rpartition(".")
    return f"{group}{dot}{_PLAIN[0]}"


def _unequal(book: Mapping[str, float | None], theirs: Mapping[str, float | None]) -> tuple[Difference, ...]:
    found = []
    for key, value in theirs.items():
        own = book.get(key)
        if own is None and (value is None or key in (_HOUR, _BATCH_READ)):
            continue
        near = _RELATIVE_BATCH if key.startswith("batch.") else _RELATIVE
        if own is None or value is None or not math.isclose(own, value, rel_tol=near, abs_tol=_ABSOLUTE):
            found.append(Difference(key, own, value))
    return tuple(found)


_HOUR = "cache_write_1h_usd_per_mtok"  # unknown in the tables is no statement: compared where both have it
_BATCH_READ = "batch.cache_read_usd_per_mtok"  # told by the cache read outside batches
_PLAIN = ("input_usd_per_mtok", "output_usd_per_mtok")
_CACHED = ("cache_read_usd_per_mtok", "cache_write_usd_per_mtok")


def _row_figures(row: ApiPriceRow) -> dict[str, float | None]:
    """Return a row's figures by name, those of tiers and batch as prices."""
    figures: dict[str, float | None] = {key: getattr(row, key) for key in (*_PLAIN, *_CACHED, _HOUR)}
    for tier in row.long_context:
        figures |= {f"long_context[{tier.threshold_tokens}].{key}": getattr(tier, key) for key in _PLAIN}
        figures |= {f"long_context[{tier.threshold_tokens}].{key}": _tier_cache(row, tier, key) for key in _CACHED}
    if row.batch is not None:
        kept, cached = 1.0 - row.batch.discount_share, 1.0 - row.batch.cache_discount_share
        figures |= {f"batch.{key}": getattr(row, key) * kept for key in _PLAIN}
        if row.cache_read_usd_per_mtok is not None:
            figures[_BATCH_READ] = row.cache_read_usd_per_mtok * cached
    return figures


def _tier_cache(row: ApiPriceRow, tier: LongContext, key: str) -> float | None:
    """Return a tier's cache price; one that the row leaves out scales like the input price."""
    own: float | None = getattr(tier, key)
    base: float | None = getattr(row, key)
    if own is not None or base is None or not row.input_usd_per_mtok:
        return own
    return base * tier.input_usd_per_mtok / row.input_usd_per_mtok


def same_threshold(upstream_tokens: int, *, book_tokens: int, inclusive: bool) -> bool:
    """Return whether a tier of an upstream, which begins after its threshold, is one of the tables.

    Upstreams write both "after 200,000" and "after 199,999" for what begins at 200,000 itself.
    """
    return upstream_tokens == book_tokens or (inclusive and upstream_tokens == book_tokens - 1)


def _threshold(tokens: int, row: ApiPriceRow) -> int:
    """Return a tier's threshold as the row writes it."""
    for tier in row.long_context:
        if same_threshold(tokens, book_tokens=tier.threshold_tokens, inclusive=tier.inclusive):
            return tier.threshold_tokens
    return tokens


def _era_figures(era: UpstreamPrice, row: ApiPriceRow) -> dict[str, float | None]:
    """Return what an era says, by the names that the row has for it; silence is left out."""
    figures: dict[str, float | None] = {key: getattr(era, key) for key in (*_PLAIN, *_CACHED, _HOUR)}
    for tier in era.long_context or ():
        name = f"long_context[{_threshold(tier.threshold_tokens, row)}]"
        figures |= {f"{name}.{key}": getattr(tier, key) for key in (*_PLAIN, *_CACHED)}
    if era.batch is not None:
        figures |= {f"batch.{key}": getattr(era.batch, key) for key in (*_PLAIN, "cache_read_usd_per_mtok")}
    return {key: value for key, value in figures.items() if value is not None}
