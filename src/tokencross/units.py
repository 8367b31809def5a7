"""Constants, conversions and the way that numbers are written for people."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = [
    "BYTES_PER_GIB",
    "DAYS_PER_MONTH",
    "HOURS_PER_DAY",
    "HOURS_PER_MONTH",
    "MINUTES_PER_MONTH",
    "SECONDS_PER_HOUR",
    "SECONDS_PER_MONTH",
    "TOKENS_PER_MTOK",
    "format_count",
    "format_list",
    "format_share",
    "format_tokens",
    "format_unit_price",
    "format_usd",
    "per_day",
]

HOURS_PER_DAY = 24.0
HOURS_PER_MONTH = 730.0  # cloud convention: 8,760 hours a year over 12 months
DAYS_PER_MONTH = HOURS_PER_MONTH / HOURS_PER_DAY
SECONDS_PER_HOUR = 3_600.0
SECONDS_PER_MONTH = HOURS_PER_MONTH * SECONDS_PER_HOUR
MINUTES_PER_MONTH = SECONDS_PER_MONTH / 60.0
TOKENS_PER_MTOK = 1_000_000.0
BYTES_PER_GIB = 1024.0**3

_SCALES = ((1e15, "Q"), (1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_PERCENT = 100.0
_FULL_USD = 100_000.0  # up to here money is written out; above, it is scaled


def per_day(tokens_per_day: float) -> float:
    """Return tokens per month from tokens per day (a month is 730 hours, a day 24 of them).

    Parameters
    ----------
    tokens_per_day : float
        Daily volume. [tokens/day]

    Returns
    -------
    float
        Monthly volume. [tokens/month]

    Examples
    --------
    >>> round(per_day(100e6))
    3041666667
    """
    return tokens_per_day * DAYS_PER_MONTH


def format_count(value: float, *, digits: int = 3) -> str:
    """Return a number to ``digits`` significant digits with k, M, B or T.

    Examples
    --------
    >>> format_count(17_234_000_000), format_count(950), format_count(999_999)
    ('17.2B', '950', '1M')
    """
    if not math.isfinite(value):
        return "∞" if value > 0 else ("-∞" if value < 0 else "n/a")
    rounded = float(f"{value:.{digits}g}")
    for scale, suffix in _SCALES:
        if abs(rounded) >= scale:
            return f"{_plain(rounded / scale, digits)}{suffix}"
    return _plain(rounded, digits)


def _plain(value: float, digits: int) -> str:
    """Write ``value`` to ``digits`` significant digits without an exponent and without trailing zeros."""
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{float(text):.{max(digits + 6, 0)}f}".rstrip("0").rstrip(".")
    return text


def format_tokens(tokens_per_month: float) -> str:
    """Return a monthly volume in words, as in ``1.23B tokens/month``."""
    return f"{format_count(tokens_per_month)} tokens/month"


def format_usd(usd: float) -> str:
    """Return an amount of money rounded for reading; only shown numbers are rounded.

    Examples
    --------
    >>> format_usd(38_123.4), format_usd(4.2), format_usd(2_345_678)
    ('38,123 USD', '4.20 USD', '2.35M USD')
    """
    if not math.isfinite(usd):
        return f"{format_count(usd)} USD"
    if abs(usd) >= _FULL_USD:
        return f"{format_count(usd)} USD"
    return f"{usd:,.0f} USD" if abs(usd) >= 100 else f"{usd:,.2f} USD"


def format_unit_price(usd_per_mtok: float) -> str:
    """Return a price per million tokens to three significant digits.

    Examples
    --------
    >>> format_unit_price(0.0375), format_unit_price(12.5)
    ('0.0375 USD/Mtok', '12.5 USD/Mtok')
    """
    return f"{format_count(usd_per_mtok)} USD/Mtok"


def format_share(share: float) -> str:
    """Return a share of one as a percentage.

    Examples
    --------
    >>> format_share(0.5), format_share(0.0123)
    ('50%', '1.2%')
    """
    return f"{share * _PERCENT:.2g}%" if share * _PERCENT < 10 else f"{share * _PERCENT:.0f}%"


def format_list(words: Sequence[str]) -> str:
    """Return words as a sentence lists them.

    >>> format_list(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = words or [""]
    return f"{', '.join(most)} and {last}" if most else last
