"""Whether a figure is as a check expects, and both of them in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tokencross.checks.outcome import Finding
from tokencross.citation import Citation
from tokencross.tables.assumption_entry import NumericEntry
from tokencross.units import format_count

__all__ = ["apart", "as_expected", "expected_words", "figure", "finding", "many", "with_unit"]

_EQUAL_SHARE = 1e-9
_SCALED_FROM = 1e6  # up to here a figure is written out; above, it is scaled
_FEWEST_DIGITS, _MOST_DIGITS = 4, 17
_SMALL_DIGITS = 6


def as_expected(entry: NumericEntry, value: float | None) -> bool:
    """Return whether a figure is as expected; None is no figure, which only `never` expects."""
    never = bool(getattr(entry, "never", None))
    if value is None or (never and entry.at_least is None):
        return value is None and never
    if entry.equals is not None:
        share = _EQUAL_SHARE if entry.within_share is None else entry.within_share
        return math.isclose(value, entry.equals, rel_tol=0.0, abs_tol=share * abs(entry.equals) * (1.0 + _EQUAL_SHARE))
    if entry.between is not None:
        return entry.between[0] <= value <= entry.between[1]
    if entry.at_least is not None:
        return value >= entry.at_least
    return entry.at_most is not None and value <= entry.at_most


def expected_words(entry: NumericEntry, unit: str, *, digits: int = 0) -> str:
    """Return what is expected in words, as in ``between 4 and 6 USD/Mtok``."""
    never = "none at all" if getattr(entry, "never", None) else ""
    if never and entry.at_least is None:
        return never
    if entry.equals is not None:
        said = with_unit(figure(entry.equals, digits=digits), unit)
        return said if entry.within_share is None else f"{said}, to within {entry.within_share * 100.0:.3g}%"
    if entry.between is not None:
        low, high = (figure(bound, digits=digits) for bound in entry.between)
        return f"between {low} and {with_unit(high, unit)}"
    if entry.at_least is not None:
        least = f"at least {with_unit(figure(entry.at_least, digits=digits), unit)}"
        return f"{least}, or {never}" if never else least
    return f"at most {with_unit(figure(entry.at_most or 0.0, digits=digits), unit)}"


def figure(value: float, *, digits: int = 0) -> str:
    """Return a figure for reading: in full below a million, above it with M, B or T.

    Examples
    --------
    >>> figure(5.0), figure(38123.4), figure(6_412_345_678.0), figure(-0.00025)
    ('5', '38,123.4', '6.412B', '-0.00025')
    """
    if not math.isfinite(value):
        return format_count(value)
    if abs(value) >= _SCALED_FROM:
        return format_count(value, digits=max(digits, _FEWEST_DIGITS))
    rounded = float(f"{value:.{max(digits, _SMALL_DIGITS)}g}")
    if rounded and abs(rounded) < 1e-4:
        return f"{rounded:.20f}".rstrip("0")
    return f"{rounded:,.15g}" if abs(rounded) < 1e3 else f"{rounded:,}".removesuffix(".0")


def with_unit(said: str, unit: str) -> str:
    """Return a figure with its unit, if it has one."""
    return f"{said} {unit}" if unit else said


def many(count: int, what: str) -> str:
    """Return a count with its noun, as in ``1 day`` and ``30 days``."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _bounds(entry: NumericEntry) -> list[float]:
    """Return the figures that the check itself says."""
    said = [entry.equals, *(entry.between or ()), entry.at_least, entry.at_most]
    return [bound for bound in said if bound is not None]


def apart(low: float, high: float) -> tuple[str, str]:
    """Return two figures for reading, with digits enough to tell one from the other.

    Examples
    --------
    >>> apart(1.0, 2.0), apart(1_252_000_000.0, 1_252_100_000.0)
    (('1', '2'), ('1.252B', '1.2521B'))
    """
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        said = figure(low, digits=digits), figure(high, digits=digits)
        if said[0] != said[1] or low == high:
            return said
    return repr(low), repr(high)


def _digits(entry: NumericEntry, value: float) -> int:
    """Return how many digits tell a figure from the bounds that it is not."""
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS):
        said = figure(value, digits=digits)
        if all(bound == value or figure(bound, digits=digits) != said for bound in _bounds(entry)):
            return digits
    return _MOST_DIGITS


def finding(
    entry: NumericEntry,
    value: float | None,
    *,
    unit: str,
    of: str = "",
    none: str = "none",
    citations: Sequence[Citation] = (),
    detail: Sequence[str] = (),
) -> Finding:
    """Return what came of a check that expects a figure.

    Parameters
    ----------
    entry : NumericEntry
        What is expected.
    value : float or None
        The figure; None where there is none.
    unit : str
        Its unit in words, as in ``USD/Mtok``; empty for a quotient.
    of : str
        What it is a figure of, in words; said after it.
    none : str
        What is said where there is none.
    citations, detail
        The rows that it rests on, and what more there is to say.
    """
    holds = as_expected(entry, value)
    digits = 0 if value is None or holds else _digits(entry, value)
    found = none if value is None else with_unit(figure(value, digits=digits), unit)
    return Finding(
        holds=holds,
        expected=expected_words(entry, unit, digits=digits),
        found=f"{found} ({of})" if of else found,
        value=value,
        unit=unit,
        citations=tuple(citations),
        detail=tuple(detail),
    )
