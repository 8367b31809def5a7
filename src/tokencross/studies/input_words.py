"""Inputs in words: what an address is called, and how its values are written with their unit."""

from __future__ import annotations

import math

from tokencross.units import format_count, format_share

__all__ = ["input_name", "range_words", "unit_words", "value_words", "values_words"]

_ROOMS = {"prices", "compute", "provisioned", "tokenizers", "tuning"}
# ending of a name: (what remains of it, the unit written behind a value)
_ENDINGS = {
    "_usd_per_mtok_hour": (" price per hour", "USD/Mtok and hour"),
    "_usd_per_mtok": (" price", "USD/Mtok"),
    "_usd_per_unit_hour": (" price per unit", "USD/h"),
    "_usd_per_hour": (" price per hour", "USD/h"),
    "_usd_per_gpu_month": (" per GPU", "USD/month"),
    "_usd_per_instance_month": (" per instance", "USD/month"),
    "_usd_per_gib_month": (" price", "USD/GiB and month"),
    "_usd_per_month": ("", "USD/month"),
    "_usd_per_request": (" price per request", "USD/request"),
    "_usd_per_example": (" price per example", "USD"),
    "_usd_per_gb": (" price", "USD/GB"),
    "_usd": (" spend", "USD"),
    "_tokens_per_minute": (" tokens per minute", ""),
    "_tokens": (" tokens", ""),
    "_months": ("", "months"),
    "_minutes": ("", "minutes"),
    "_ms": ("", "ms"),
    "_count": (" count", ""),
    "_ratio": (" ratio", ""),
}
_WHOLE = {"usd_per_hour": ("price per hour", "USD/h"), "usd_per_unit_hour": ("price per unit", "USD/h")}
_THROUGHPUT = ("throughput", "tok/s")
_FULL = 1e6  # up to here a number is written out
_DIGITS = range(3, 16)


def input_name(address: str) -> str:
    """Return what the number at an address is called in a sentence or beside a bar.

    Examples
    --------
    >>> input_name("prices:acme/large.input_usd_per_mtok"), input_name("self-hosted:engineering[platform].upfront_usd")
    ('acme/large input price', 'self-hosted platform upfront spend')
    >>> input_name("workload:output_tokens"), input_name("tokens_per_month")
    ('output tokens', 'volume')
    """
    head, colon, rest = address.partition(":")
    if not colon:
        return "volume" if address == "tokens_per_month" else address
    owner, dot, name = rest.rpartition(".") if rest.count("[") == rest.count("]") else ("", "", rest)
    words = _said(name)
    if not dot:
        return words if head == "workload" else f"{head} {words}"
    owner = owner.replace("engineering[", "").replace("]", "").replace("_", " ").replace("[", " ")
    if head not in _ROOMS:
        owner = owner.replace("around", "").replace(".", " ")
    outside = "" if head in _ROOMS or head == "workload" else head
    return " ".join(" ".join((outside, owner, words)).split())


def _said(name: str) -> str:
    """Return the last part of an address without its unit."""
    if name in _WHOLE:
        return _WHOLE[name][0]
    ending = _ending(name)
    said = name.removesuffix(ending) + _ENDINGS[ending][0] if ending else name
    return said.replace("_", " ")


def _ending(name: str) -> str:
    """Return the unit that a name ends with."""
    return max((end for end in _ENDINGS if name.endswith(end)), key=len, default="")


def value_words(address: str, value: float, *, digits: int = 3) -> str:
    """Return a value of the number at an address with its unit.

    Examples
    --------
    >>> value_words("own:throughput", 2_400.0), value_words("own:target_load_share", 0.7)
    ('2,400 tok/s', '70%')
    >>> value_words("compute:a/b.usd_per_hour", 6.987)
    '6.99 USD/h'
    """
    name = _name(address)
    if name.endswith("_share") and value <= 1.0:
        return format_share(value) if digits <= 3 else f"{value * 100.0:.{digits}g}%"
    return f"{_number(value, digits)} {unit_words(address)}".rstrip()


def unit_words(address: str) -> str:
    """Return the unit of the number at an address as it is written behind a value; empty for a plain number.

    Examples
    --------
    >>> unit_words("own:throughput"), unit_words("workload:output_tokens"), unit_words("tokens_per_month")
    ('tok/s', '', 'tokens/month')
    """
    name = _name(address)
    if name == _THROUGHPUT[0]:
        return _THROUGHPUT[1]
    if name == "tokens_per_month":
        return "tokens/month"
    return _WHOLE[name][1] if name in _WHOLE else _ENDINGS.get(_ending(name), ("", ""))[1]


def _name(address: str) -> str:
    """Return the last part of an address."""
    return address.rpartition(":")[2].rpartition(".")[2]


def values_words(address: str, value: float, beside: float) -> tuple[str, str]:
    """Return two values of one number with as many digits as tell them apart.

    Examples
    --------
    >>> values_words("own:throughput", 2_400.3, 2_400.9)
    ('2,400 tok/s', '2,401 tok/s')
    """
    for digits in _DIGITS:
        said = value_words(address, value, digits=digits), value_words(address, beside, digits=digits)
        if said[0] != said[1] or value == beside:
            break
    return said


def range_words(address: str, low: float, high: float) -> str:
    """Return a range of values with its unit once.

    Examples
    --------
    >>> range_words("compute:a/b.usd_per_hour", 0.0, 7e6), range_words("own:target_load_share", 0.0, 1.0)
    ('between 0 and 7M USD/h', 'between 0% and 100%')
    """
    first, last = value_words(address, low), value_words(address, high)
    number, _, unit = first.partition(" ")
    return f"between {number if unit and last.endswith(unit) else first} and {last}"


def _number(value: float, digits: int) -> str:
    """Return a number to some significant digits, written out up to a million."""
    if not math.isfinite(value) or abs(value) >= _FULL:
        return format_count(value, digits=digits)
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= _FULL or rounded == 0.0:
        return format_count(rounded, digits=digits)
    decimals = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
