"""Tables of the book itself: everything in force, the history of one model, and that of a tier."""

from __future__ import annotations

import statistics
from datetime import date
from typing import TYPE_CHECKING, get_args

from tokencross.errors import Problem, ResolveError, ScenarioError, offer
from tokencross.number import point
from tokencross.options.api import ApiOption
from tokencross.options.workload import Workload
from tokencross.tables.api_records import ApiModel, ApiPriceRow, Tier, TimeWindow
from tokencross.tables.book import Book
from tokencross.tables.resolved import ApiPrice

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TIERS", "about_model", "history_frame", "prices_frame", "tier_history_frame"]

TIERS: tuple[str, ...] = get_args(Tier)
_COLUMNS = [
    "model",
    "name",
    "tier",
    "weights",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "cache_write_usd_per_mtok",
    "long_context",
    "batch_discount_share",
    "service_tiers",
    "regions",
    "time_windows",
    "cache_write_1h_usd_per_mtok",
    "cache_write_12h_usd_per_mtok",
    "cache_storage_usd_per_mtok_hour",
    "fee_usd_per_request",
    "promised_until",
    "retires_on",
    "effective_from",
    "basis",
    "via",
    "checked",
    "location",
    "dispute",
    "caveat",
]
_PRICES = ["input_usd_per_mtok", "output_usd_per_mtok", "cache_read_usd_per_mtok", "cache_write_usd_per_mtok"]
_BLENDED = "blended_usd_per_mtok"


def history_frame(book: Book, name: str) -> pd.DataFrame:
    """Return every era of a hosted model."""
    import pandas as pd

    model, located = book.api_model(name)
    rows = []
    for index, row in enumerate(model.prices):
        rows.append(
            {
                "effective_from": row.effective_from,
                "effective_to": _ends(model, index),
                "status": row.status,
                **{key: getattr(row, key) for key in _PRICES},
                **_mechanisms(row),
                "basis": row.basis,
                "via": row.via,
                "checked": row.checked,
                "location": located.location("prices", index),
                "dispute": row.dispute,
                "caveat": row.caveat,
            }
        )
    return pd.DataFrame(rows)


def _ends(model: ApiModel, index: int) -> date | None:
    """Return the first day on which an era no longer holds: by its own word, the next one's or the model's end."""
    following = model.prices[index + 1].effective_from if index + 1 < len(model.prices) else None
    gone = model.retirement.retires_on if model.retirement is not None else None
    return model.prices[index].effective_to or following or gone


def _mechanisms(row: ApiPriceRow) -> dict[str, object]:
    """Return what changes a row's prices, in words."""
    return {
        "long_context": "; ".join(
            f"{'from' if t.inclusive else 'over'} {t.threshold_tokens:,}: "
            f"{t.input_usd_per_mtok:g}/{t.output_usd_per_mtok:g}"
            for t in row.long_context
        ),
        "batch_discount_share": row.batch.discount_share if row.batch else None,
        "service_tiers": "; ".join(
            f"{t.id} {t.input_usd_per_mtok:g}/{t.output_usd_per_mtok:g}" for t in row.service_tiers
        ),
        "regions": "; ".join(f"{region.id} x{region.price_ratio:g}" for region in row.regions),
        "time_windows": "; ".join(
            f"{window.id} x{window.price_ratio:g} ({_hours(window)})" for window in row.time_windows
        ),
        "cache_write_1h_usd_per_mtok": row.cache_write_1h_usd_per_mtok,
        "cache_write_12h_usd_per_mtok": row.cache_write_12h_usd_per_mtok,
        "cache_storage_usd_per_mtok_hour": row.cache_storage_usd_per_mtok_hour,
        "fee_usd_per_request": row.fee_usd_per_request,
        "promised_until": row.promised_until,
    }


def _hours(window: TimeWindow) -> str:
    """Return a window's hours in words."""
    days = "daily" if len(window.days) == 7 else f"{window.days[0]}-{window.days[-1]}"
    spans = ", ".join(f"{span.from_time}-{span.until_time}" for span in window.spans)
    return f"{days} {spans} {window.time_zone}"


def about_model(book: Book, name: str) -> list[str]:
    """Return what the tables say of a hosted model besides its prices, in sentences."""
    said = []
    full = book.api_name(name)
    if book.is_market_index(full.partition("/")[0]):
        said.append("A market index: the headline price of whichever host was listed; not a list price.")
    gone = book.api_model(name)[0].retirement
    if gone is not None:
        after = f"; its vendor names {gone.successor} instead" if gone.successor else ""
        said.append(f"Retires on {gone.retires_on}{after}.")
    for limit in book.limits(name):
        numbers = (
            (limit.requests_per_minute, "requests a minute"),
            (limit.tokens_per_minute, "tokens a minute"),
            (limit.input_tokens_per_minute, "input tokens a minute"),
            (limit.output_tokens_per_minute, "output tokens a minute"),
            (limit.spend_usd_per_month, "USD a month"),
        )
        words = ", ".join(f"{number:,.0f} {unit}" for number, unit in numbers if number is not None)
        said.append(f"Usage tier {limit.usage_tier}: {words}.")
    return said


def prices_frame(book: Book, *, workload: Workload | None, market_index: bool) -> pd.DataFrame:
    """Return every hosted model with a price in force; with a workload, what a million tokens of it cost."""
    import pandas as pd

    rows = []
    for path in book.store.files("api"):
        if book.is_market_index(path.stem) == market_index:
            names = [f"{path.stem}/{record.data.get('id')}" for record in book.store.records("api", path)]
            rows += [_listed(book, name, workload) for name in names]
    columns = [*_COLUMNS, *([_BLENDED] if workload is not None else [])]
    return pd.DataFrame([row for row in rows if row], columns=columns)


def _listed(book: Book, name: str, workload: Workload | None) -> dict[str, object]:
    """Return a model's line; nothing where it is not sold at the book's date."""
    try:
        price, row = book.api_price_row(name)
    except ResolveError:
        return {}
    line: dict[str, object] = {
        "model": name,
        "name": price.model.name,
        "tier": price.model.tier,
        "weights": price.model.weights or "",
        "input_usd_per_mtok": price.input_usd_per_mtok,
        "output_usd_per_mtok": price.output_usd_per_mtok,
        "cache_read_usd_per_mtok": None if price.cached_as_input else price.cache_read_usd_per_mtok,
        "cache_write_usd_per_mtok": None if price.written_as_input else price.cache_write_usd_per_mtok,
        **_mechanisms(row),
        "retires_on": None if price.model.retirement is None else price.model.retirement.retires_on,
        "effective_from": price.citation.effective_from,
        "basis": price.citation.basis,
        "via": price.citation.via,
        "checked": price.citation.checked,
        "location": price.citation.location,
        "dispute": price.citation.dispute,
        "caveat": price.citation.caveat,
    }
    if workload is not None:
        line[_BLENDED] = _blended(book, name, price, workload)
    return line


def _blended(book: Book, name: str, price: ApiPrice, workload: Workload) -> float:
    """Return what a million reference tokens of a workload cost at a model."""
    option = ApiOption(book=book, model=name, label="blended", tier=price.model.tier, weights=price.model.weights)
    return point(option.usd_per_mtok(workload))


def tier_history_frame(book: Book, tier: str, *, input_share: float) -> pd.DataFrame:
    """Return what a tier cost over time: a row per day on which a price of it changed.

    List prices of all first-hand providers, ``input_share`` of the tokens being fresh input; a median over models says
    what was on sale, not what was bought.
    """
    import pandas as pd

    if tier not in TIERS:
        raise ScenarioError(Problem("tier", repr(tier), f"one of {', '.join(TIERS)}", offer(tier, TIERS)))
    eras = _eras(book, tier, input_share)
    days = sorted({day for start, end, *_ in eras for day in (start, end) if day is not None})
    columns = ["lowest_usd_per_mtok", "median_usd_per_mtok", "highest_usd_per_mtok", "model_count", "cheapest"]
    rows = []
    for day in days:
        live = [(usd, name) for start, end, usd, name in eras if start <= day and (end is None or day < end)]
        if live:
            usds = [usd for usd, _ in live]
            rows.append((min(usds), statistics.median(usds), max(usds), len(live), min(live)[1]))
        else:
            rows.append((float("nan"), float("nan"), float("nan"), 0, ""))
    return pd.DataFrame(rows, columns=columns, index=pd.DatetimeIndex(days, name="from"))


def _eras(book: Book, tier: str, input_share: float) -> list[tuple[date, date | None, float, str]]:
    """Return begin, end, price and name of every era of a tier's models."""
    found = []
    for path in book.store.files("api"):
        if book.is_market_index(path.stem):
            continue
        for record in book.store.records("api", path):
            if record.data.get("tier") != tier:
                continue
            model = record.parse(ApiModel)
            for index, row in enumerate(model.prices):
                if book.announced or row.status != "announced":
                    usd = input_share * row.input_usd_per_mtok + (1.0 - input_share) * row.output_usd_per_mtok
                    found.append((row.effective_from, _ends(model, index), usd, f"{path.stem}/{model.id}"))
    return found
