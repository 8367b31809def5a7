"""What a chart rests on, in words: date, tables, workload, and the defaults that matter most."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tokencross.number import point
from tokencross.options.base import Parameter
from tokencross.options.centred import centred_workload
from tokencross.options.inside import resolved_everywhere
from tokencross.options.replica import rate_in_words
from tokencross.studies.announced import next_moves
from tokencross.studies.compare import Comparison
from tokencross.units import format_count, format_list, format_share

__all__ = ["caption", "provenance"]

_HASH_DIGITS = 12


def provenance(comparison: Comparison) -> str:
    """Return date, tables and workload in a line, as every chart says them."""
    return f"{_tables(comparison)}. {_workload(comparison)}."


def caption(comparison: Comparison) -> str:
    """Return what stands under a dashboard: date and tables, workload, what is assumed, how rates are known."""
    lines = [f"{provenance(comparison)} USD at list price; a month is 730 hours."]
    assumed = _assumed(comparison)
    if assumed:
        lines.append(f"Assumed where nothing was given: {assumed}.")
    rates = _rates(comparison)
    if rates:
        lines.append(f"{rates}.")
    to_come = _to_come(comparison)
    if to_come:
        lines.append(f"{to_come}.")
    if comparison.is_uncertain:
        lines.append("Some numbers are uncertain: lines are drawn at their medians.")
    return "\n".join(lines)


def _tables(comparison: Comparison) -> str:
    """Return date, version and the start of the content hash of the tables."""
    books = [option.book for option in comparison.options if option.book is not None]
    if not books:
        return "Costs given by the study, no price tables"
    days = " and ".join(dict.fromkeys(book.as_of.isoformat() for book in books))
    stores = dict.fromkeys(f"{book.store.version} ({book.store.content_hash[:_HASH_DIGITS]})" for book in books)
    return f"Prices as of {days}, tables {' and '.join(stores)}"


def _workload(comparison: Comparison) -> str:
    """Return the workload's name and shape."""
    named = f" {comparison.workload.name}" if comparison.workload.name else ""
    return f"Workload{named}: {centred_workload(comparison.workload).describe()}"


def _to_come(comparison: Comparison) -> str:
    """Return which pale lines are costs to come; empty where nothing is announced that moves a breakeven."""
    changes = next_moves(comparison)
    if not changes:
        return ""
    told = [f"{change.label} from {change.on}{'' if change.announced else ', known later'}" for change in changes]
    return f"Pale and dashed: {format_list(told)}"


# ---------------------------------------------------------------------- what is assumed


def _assumed(comparison: Comparison) -> str:
    """Return the defaults that matter most, those of an option after its label, alike options once."""
    parts = [_traffic(p) for p in comparison.workload.parameters() if p.origin == "default"]
    central = dict(resolved_everywhere(comparison.central)).items()
    said = [(label, _defaults(resolved.local, gpus=resolved.fleet is not None)) for label, resolved in central]
    told = sorted((words, label) for label, words in said if words)
    for words, group in groupby(told, key=lambda pair: pair[0]):
        labels = format_list([label for _, label in group])
        parts.append(f"{labels} with {words}")
    return "; ".join(part for part in parts if part)


def _traffic(parameter: Parameter) -> str:
    """Return a default of the workload in words."""
    value = format_count(point(parameter.value))
    name = parameter.address.partition(":")[2]
    return {
        "peak_to_mean": f"peak hour {value} times the mean",
        "burst_ratio": f"bursts {value} times the peak hour",
    }.get(name, "")


def _defaults(parameters: Sequence[Parameter], *, gpus: bool) -> str:
    """Return an option's own defaults in words."""
    known = {p.address: point(p.value) for p in parameters if p.origin == "default"}
    parts = []
    if "target_load_share" in known:
        what = "GPUs" if gpus else "units"
        parts.append(f"{what} loaded to {format_share(known['target_load_share'])}")
    if known.get("latency_factor", 1.0) != 1.0:
        parts.append(f"latency factor {format_count(known['latency_factor'])}")
    if "min_instance_count" in known:
        parts.append(f"at least {_count(known['min_instance_count'], 'instance')}")
    if known.get("spare_instance_count", 0.0) > 0.0:
        parts.append(f"{_count(known['spare_instance_count'], 'spare')}")
    if "tokenizer_ratio" in known:
        parts.append("tokens counted as the reference's")
    if any(p.address.startswith("around.") and p.origin != "given" for p in parameters):
        parts.append("storage, staging and the like around the GPUs as usual")
    months = {value for address, value in known.items() if address.endswith(".amortization_months")}
    if months:
        parts.append(f"engineering spread over {' and '.join(format_count(m) for m in sorted(months))} months")
    return ", ".join(parts)


def _count(value: float, noun: str) -> str:
    """Return a count with its noun."""
    return f"{format_count(value)} {noun}{'' if value == 1.0 else 's'}"


def _rates(comparison: Comparison) -> str:
    """Return how the throughput of each fleet is known; a modelled one is called so."""
    told: dict[str, list[str]] = {}
    for label, resolved in dict(resolved_everywhere(comparison.central)).items():
        rate = None if resolved.fleet is None else resolved.fleet.replica.rate
        if rate is None:
            continue
        words = rate_in_words(rate) + ("; extrapolated to these lengths" if rate.extrapolated else "")
        told.setdefault(words, []).append(label)
    return ". ".join(f"Throughput of {format_list(labels)}: {words}" for words, labels in told.items())
