"""A managed endpoint of one's own, billed by time: the provider's GPUs, in replicas of one model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.errors import Problem, ResolveError, ScenarioError, TokencrossError, offer
from tokencross.options.base import Resolved
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.options.workload import Workload
from tokencross.tables.book import Book

__all__ = ["DedicatedOption"]

_NUMBERS = (
    "scaling",
    "throughput",
    "throughput_ratio",
    "latency_factor",
    "target_load_share",
    "billed_hours_share",
    "latency",
    "precision",
    "engine",
    "region",
    "gpus_per_replica",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class DedicatedOption:
    """A dedicated endpoint, by `PriceBook.dedicated`.

    Attributes
    ----------
    provider, gpu : str
        Whose endpoints, on which GPUs.
    recipe : SelfHostedOption
        Everything else; its instance is chosen when the option is resolved.
    """

    provider: str
    gpu: str
    recipe: SelfHostedOption
    tier: str = "dedicated"

    @property
    def label(self) -> str:
        """See `CostOption.label`."""
        return self.recipe.label

    @property
    def weights(self) -> str | None:
        """See `CostOption.weights`."""
        return self.recipe.weights

    @property
    def book(self) -> Book:
        """See `CostOption.book`."""
        return self.recipe.book

    @property
    def engineering(self) -> Engineering | EngineeringItems:
        """See `CostOption.engineering`."""
        return self.recipe.engineering

    def curve(self, workload: Workload) -> CostCurve:
        """See `CostOption.curve`."""
        return self.resolve(workload).curve

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`; the size is that of `size`."""
        name, others = self.size(workload)
        resolved = replace(self.recipe, instance=name).resolve(workload)
        local = tuple(
            replace(own, address="min_replica_count") if own.address == "min_instance_count" else own
            for own in resolved.local
            if own.address != "spare_instance_count"
        )
        taken = () if not others else (f"{self.label}: {name}, whose full replicas cost the least per token.",)
        return replace(resolved, local=local, notes=(*resolved.notes, *taken))

    def size(self, workload: Workload) -> tuple[str, tuple[str, ...]]:
        """Return the endpoint whose full replicas cost the least per token, the smaller one on a tie; and the others.

        It is chosen at the tables' own prices, so that what a study replaces changes the bill and not the choice.

        Raises
        ------
        ResolveError or ScenarioError
            If no size serves the model; the largest says what is missing.
        """
        book = replace(self.book, overrides=MappingProxyType({}))
        dated = book if self.recipe.compute_as_of is None else book.at(self.recipe.compute_as_of)
        found: list[tuple[bool, float, float, str]] = []
        refused: TokencrossError | None = None
        for name in dated.dedicated_instances(self.provider, self.gpu):
            try:
                fleet = replace(self.recipe, book=book, instance=name).resolve(workload).fleet
            except (ResolveError, ScenarioError) as error:
                refused = error
                continue
            assert fleet is not None  # every self-hosted option has one
            unit = float(np.median(fleet.usd_per_step / fleet.tokens_per_step))
            rate = fleet.replica.rate
            modelled = rate is not None and rate.source is None  # one without a row is the last resort
            found.append((modelled, float(f"{unit:.9e}"), float(np.median(fleet.usd_per_step)), name))
        if not found:
            assert refused is not None  # there is at least one instance
            raise refused
        chosen = min(found)[3]
        return chosen, tuple(name for *_, name in found if name != chosen)

    def with_book(self, book: Book) -> DedicatedOption:
        """See `CostOption.with_book`."""
        return replace(self, recipe=self.recipe.with_book(book))

    def with_number(self, name: str, value: object) -> DedicatedOption:
        """See `CostOption.with_number`."""
        if name in ("provider", "gpu") and isinstance(value, str):
            changes: dict[str, Any] = {name: value}
            changed = replace(self, **changes)
            changed.book.dedicated_instances(changed.provider, changed.gpu)
            return changed
        if name == "min_replica_count":
            return replace(self, recipe=self.recipe.with_number("min_instance_count", value))
        if name in _NUMBERS or name.startswith(("engineering", "scaling.")):
            return replace(self, recipe=self.recipe.with_number(name, value))
        known = ["min_replica_count", "provider", "gpu", *_NUMBERS, "engineering"]
        raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", ", ".join(known), offer(name, known)))
