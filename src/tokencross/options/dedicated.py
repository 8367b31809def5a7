"""A managed endpoint of one's own, billed by time: the provider's GPUs, in replicas of one model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.errors import ResolveError, ScenarioError, TokencrossError
from tokencross.options.base import Resolved
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.options.workload import Workload
from tokencross.tables.book import Book

__all__ = ["DedicatedOption"]


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
        """Return the endpoint whose full replicas cost the least per token; see `CostOption.resolve`."""
        dated = self.book if self.recipe.compute_as_of is None else self.book.at(self.recipe.compute_as_of)
        found: list[tuple[float, Resolved]] = []
        refused: TokencrossError | None = None
        for name in dated.dedicated_instances(self.provider, self.gpu):
            try:
                resolved = replace(self.recipe, instance=name).resolve(workload)
            except (ResolveError, ScenarioError) as error:
                refused = error  # the largest one says best what is missing
                continue
            fleet = resolved.fleet
            assert fleet is not None  # every self-hosted option has one
            found.append((float(np.median(fleet.usd_per_step / fleet.tokens_per_step)), resolved))
        if not found:
            assert refused is not None  # there is at least one instance
            raise refused
        return min(found, key=lambda pair: pair[0])[1]

    def with_book(self, book: Book) -> DedicatedOption:
        """See `CostOption.with_book`."""
        return replace(self, recipe=self.recipe.with_book(book))

    def with_number(self, name: str, value: object) -> DedicatedOption:
        """See `CostOption.with_number`."""
        return replace(self, recipe=self.recipe.with_number(name, value))
