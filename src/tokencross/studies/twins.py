"""The same open weights hosted by others: what a self-hosted line always has to be seen beside."""

from __future__ import annotations

from dataclasses import replace

from tokencross.number import point
from tokencross.options.api import ApiOption
from tokencross.options.base import CostOption
from tokencross.studies.compare import Comparison

__all__ = ["with_hosted_twins"]


def with_hosted_twins(comparison: Comparison) -> Comparison:
    """Return the comparison with the cheapest host of each self-hosted model as a reference, where none is compared."""
    hosted = {option.weights for option in comparison.options if isinstance(option, ApiOption)}
    added: list[CostOption] = []
    for option in comparison.options:
        weights = option.weights
        if option.tier != "self_hosted" or weights is None or weights in hosted or option.book is None:
            continue
        hosted.add(weights)
        twins = [
            ApiOption(
                book=option.book,
                model=name,
                label=f"{weights} at {name.partition('/')[0]}",
                tier="open_hosted",
                weights=weights,
            )
            for name in option.book.hosts_of(weights)
        ]
        if twins:
            added.append(min(twins, key=lambda twin: point(_unit_price(twin, comparison))))
    taken = set(comparison.labels)
    fresh = [option for option in added if option.label not in taken]
    return replace(
        comparison,
        options=(*comparison.options, *fresh),
        reference=(*comparison.reference, *(option.label for option in fresh)),
    )


def _unit_price(option: ApiOption, comparison: Comparison) -> float:
    """Return an API option's price per million reference tokens of the workload."""
    return float(option.resolve(comparison.medians.workload).curve.usd_per_mtok(1e9))
