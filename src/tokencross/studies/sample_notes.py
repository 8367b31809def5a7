"""What has to be said with a sample: choices that every draw shares though other values would make others."""

from __future__ import annotations

from tokencross.options.capacity import Fleet
from tokencross.options.inside import resolved_everywhere
from tokencross.studies.compare import Comparison
from tokencross.studies.inputs import Input, at_inputs
from tokencross.units import format_count

__all__ = ["choice_notes"]

_ENDS = (0.05, 0.95)
_TRAFFIC = "workload:"  # what decides which replica is built


def choice_notes(comparison: Comparison, inputs: tuple[Input, ...], *, table_errors: bool) -> tuple[str, ...]:
    """Return where another replica, or other rows of throughput, would be chosen at the ends of an input.

    One deployment is built before anybody knows the draw: its GPUs and its rows are those of the medians. That moves
    the answer where the lengths of requests are very uncertain.
    """
    chosen = _choices(at_inputs(comparison, {}, table_errors=table_errors))
    said = []
    for each in inputs:
        if not any(address.startswith(_TRAFFIC) for address in each.addresses):
            continue
        for q in _ENDS:
            value = float(each.distribution.ppf(q))
            there = _choices(at_inputs(comparison, {each.name: value}, table_errors=table_errors))
            said += [
                f"{label}: with {each.name} at {format_count(value)} it would be built as {there[label]}; "
                f"every draw has what the medians choose, {chosen[label]}."
                for label in chosen
                if there.get(label, chosen[label]) != chosen[label]
            ]
    return tuple(dict.fromkeys(said))


def _choices(comparison: Comparison) -> dict[str, str]:
    """Return the replica of every fleet in words."""
    fleets = {label: resolved.fleet for label, resolved in resolved_everywhere(comparison.resolved)}
    return {label: _in_words(fleet) for label, fleet in fleets.items() if fleet is not None}


def _in_words(fleet: Fleet) -> str:
    """Return the GPUs of a replica, and the row of its rate."""
    rate = fleet.replica.rate
    row = "" if rate is None or rate.source is None else f" ({rate.source.describe()})"
    return f"replicas of {fleet.replica.gpu_count}x {fleet.instance.gpu}{row}"
