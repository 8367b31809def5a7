"""The tables themselves on a terminal: a model's eras, and the models on sale."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from tokencross.show.terminal import bullets, plain_table

__all__ = ["SORTS", "history_text", "listing_text"]

SORTS = {
    "input": ["input_usd_per_mtok", "output_usd_per_mtok", "model"],
    "output": ["output_usd_per_mtok", "input_usd_per_mtok", "model"],
    "blended": ["blended_usd_per_mtok", "model"],
    "since": ["effective_from", "model"],
    "model": ["model"],
}
"""Orders of a listing, and the columns that each goes by."""

_BAR_WIDTH = 24
_WORDS = {
    "service_tiers": "other service tiers, in/out",
    "regions": "regions, over these prices",
    "time_windows": "hours, over these prices",
    "batch_discount_share": "batch, share off",
    "cache_write_1h_usd_per_mtok": "written to the cache for an hour",
    "cache_write_12h_usd_per_mtok": "written to the cache for 12 hours",
    "cache_storage_usd_per_mtok_hour": "kept in the cache, USD per million tokens and hour",
    "fee_usd_per_request": "fee, USD per request",
    "promised_until": "promised through",
}


def history_text(
    name: str, rows: Sequence[dict[str, object]], *, history: bool, besides: Sequence[str] = ()
) -> RenderableType:
    """Return the eras of a hosted model with a bar for each output price; the one in force with its mechanisms."""
    drawn = ["output, drawn"] if history else []
    table = plain_table(
        "from",
        "to",
        "input",
        "output",
        *drawn,
        "cached",
        "written",
        "long context",
        "date",
        "read from",
        "file",
        left=2,
    )
    for column in table.columns[-4:]:
        column.justify = "left"
    if history:
        table.columns[4].justify = "left"
    most = max(float(str(row["output_usd_per_mtok"])) for row in rows)
    for row in rows:
        keys = ("input", "output", "cache_read", "cache_write")
        prices = [_price(row[f"{key}_usd_per_mtok"]) for key in keys]
        bar = [_bar(float(str(row["output_usd_per_mtok"])), most)] if history else []
        basis = str(row["basis"]).replace("_", " ")
        ends = row["effective_to"] or ""
        cells = [row["effective_from"], ends, *prices[:2], *bar, *prices[2:], row["long_context"], basis]
        table.add_row(*(str(cell) for cell in (*cells, row["via"], row["location"])))
    said = [
        f"{words}: {_mechanism(row[key])}"
        for row in rows
        if not history
        for key, words in _WORDS.items()
        if _mechanism(row[key])
    ]
    said += besides
    said += [f"{row['effective_from']}: {row[key]}" for row in rows for key in ("caveat", "dispute") if row[key]]
    title = f"{name}: USD per million billed tokens" + ("" if history else ", in force")
    return Group(Text(title, style="bold"), table, *([bullets(said)] if said else []))


def _bar(value: float, most: float) -> str:
    """Return a bar as long as its share of the dearest."""
    eighths = round(8 * _BAR_WIDTH * value / most) if most > 0.0 else 0
    partial = " ▏▎▍▌▋▊▉"[eighths % 8].strip()
    return "█" * (eighths // 8) + partial


def _mechanism(value: object) -> str:
    """Return a mechanism's words, or nothing."""
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def listing_text(rows: Sequence[dict[str, object]], *, caption: str, blended: bool) -> RenderableType:
    """Return hosted models with a price in force."""
    first = ["blended"] if blended else []
    table = plain_table("model", "tier", *first, "input", "output", "cached", "since", "read from", left=2)
    for column in table.columns[-2:]:
        column.justify = "left"
    for row in rows:
        prices = [_price(row[f"{key}_usd_per_mtok"]) for key in ("input", "output", "cache_read")]
        mixed = [f"{float(str(row['blended_usd_per_mtok'])):.4g}"] if blended else []
        cells = [row["model"], row["tier"], *mixed, *prices, row["effective_from"], _short(str(row["via"]))]
        table.add_row(*(str(cell) for cell in cells))
    return Group(table, Text(caption, style="dim"))


def _short(via: str) -> str:
    """Return a source without the path within it; `prices show` has the whole of it."""
    return via if via.startswith("https:") else via.partition(":")[0]


def _price(value: object) -> str:
    """Return a price per million tokens, or nothing where there is none."""
    number = float("nan") if value is None else float(str(value))
    return "" if math.isnan(number) else f"{number:g}"
