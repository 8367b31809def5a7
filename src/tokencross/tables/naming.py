"""The endings that a numeric key may have: its name says its unit."""

from __future__ import annotations

__all__ = ["UNITS_BY_ENDING", "unit_of"]

UNITS_BY_ENDING = {
    "usd_per_gpu_month": "USD per GPU and month",
    "usd_per_instance_month": "USD per instance and month",
    "usd_per_gib_month": "USD per GiB and month",
    "usd_per_gb": "USD per GB",
    "bytes_per_output_token": "bytes per output token",
    "_usd_per_request": "USD per request",
    "usd_per_month": "USD per month",
    "usd_per_hour": "USD per hour",
    "usd_per_unit_hour": "USD per unit and hour",
    "_usd_per_mtok_hour": "USD per million tokens and hour",
    "_usd_per_kwh": "USD per kWh",
    "_usd_per_mtok": "USD per million tokens",
    "_usd": "USD",
    "tokens_per_month": "tokens per month",
    "tokens_per_second": "tokens per second",
    "_gb_per_second": "gigabytes per second",
    "tokens_per_minute": "tokens per minute",
    "requests_per_minute": "requests per minute",
    "_seconds": "seconds",
    "_per_year": "per year, as a decimal",
    "peak_to_mean": "peak hour over mean hour",
    "_tflops": "10^12 operations per second",
    "_tokens": "tokens",
    "_share": "a fraction from 0 to 1",
    "_ratio": "a quotient",
    "_count": "a whole number",
    "_months": "months",
    "_hours": "hours",
    "_days": "days",
    "_cv": "standard deviation over mean",
    "_gib": "GiB",
    "_ms": "milliseconds",
    "_kw": "kW",
    "_w": "W",
}
"""Ending of a key and its unit in words; the longest ending that fits counts."""


def unit_of(key: str) -> str:
    """Return the unit that a key's ending stands for; empty for a key that is not a quantity."""
    fits = [ending for ending in UNITS_BY_ENDING if key.endswith(ending)]
    return UNITS_BY_ENDING[max(fits, key=len)] if fits else ""
