"""Replacing numbers at their addresses: the one way in which a study changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import check_number
from tokencross.options.base import CostOption
from tokencross.options.inside import resolved_everywhere
from tokencross.studies.compare import Comparison

__all__ = ["replaced"]

_WORKLOAD = "workload:"
_TABLES = ("prices", "compute", "provisioned", "tokenizers", "tuning")


def replaced(comparison: Comparison, changes: Mapping[str, object]) -> Comparison:
    """Return a comparison with numbers at addresses replaced; an unknown address is an error that names the nearest."""
    numbers = {
        address.removeprefix(_WORKLOAD): value for address, value in changes.items() if address.startswith(_WORKLOAD)
    }
    if numbers:  # together: two shares may be possible only so
        comparison = replace(comparison, workload=comparison.workload.with_numbers(numbers))
    for address, value in changes.items():
        if not address.startswith(_WORKLOAD):
            comparison = _replaced_one(comparison, address, value)
    return comparison


def _replaced_one(comparison: Comparison, address: str, value: object) -> Comparison:
    """Return a comparison with one number replaced."""
    head, colon, rest = address.partition(":")
    if head in comparison.everyone and colon and rest:
        return comparison.changed(lambda option: option.with_number(rest, value) if option.label == head else option)
    if address == "tokens_per_month":
        where = check_number(value, where=address, unit="tokens per month", open_low=True)
        return replace(comparison, tokens_per_month=where)
    known = {p.address: p for p in comparison.parameters}
    if head in _TABLES and address in known:
        _one_row(comparison, address)
        number = check_number(
            value,
            where=address,
            unit=known[address].unit,
            high=1.0 if address.endswith("_share") else float("inf"),
            open_low=address.endswith("tokenizer_ratio"),
        )
        return comparison.changed(lambda option: _overridden(option, address, number))
    accepted = "an address that study.parameters() lists"
    raise ScenarioError(Problem(address, "an unknown address", accepted, offer(address, list(known))))


def _one_row(comparison: Comparison, address: str) -> None:
    """Refuse an address that stands for rows of two dates: one number cannot replace both."""
    everywhere = resolved_everywhere(comparison.resolved)
    rows = {p.citation for _, resolved in everywhere for p in resolved.tables if p.address == address}
    if len(rows) > 1:
        places = " and ".join(sorted(row.location for row in rows if row is not None))
        found = f"an address that stands for {len(rows)} rows ({places})"
        raise ScenarioError(
            Problem(address, found, "an address of one row", "Use one date for the options that share it.")
        )


def _overridden(option: CostOption, address: str, number: object) -> CostOption:
    """Return an option whose tables have one number replaced."""
    if option.book is None:
        return option
    checked = check_number(number, where=address, unit="")
    return option.with_book(option.book.override(address, checked))
