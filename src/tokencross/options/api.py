"""A hosted model billed by the token: frontier API, smaller hosted model, hosted open model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import NO_ENGINEERING, Engineering, EngineeringItems
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import Number, check_number, float_or_draws, is_draws, point
from tokencross.options.base import (
    GIVEN,
    Parameter,
    Resolved,
    checked_label,
    engineering_parameters,
    from_tables,
    replaced_engineering,
)
from tokencross.options.billing import blend, request_usd, tier_shares
from tokencross.options.centred import centred_price
from tokencross.options.workload import Workload
from tokencross.tables.book import Book
from tokencross.tables.resolved import ApiPrice, TextRatio
from tokencross.units import format_share

__all__ = ["ApiOption"]

_SERVICE_TIERS = ("standard", "batch")
_UNITS = {
    "discount_share": "share off the list price",
    "tokenizer_ratio": "billed tokens per reference token",
    "output_ratio": "answer length over the workload's, reasoning included",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class ApiOption:
    """A hosted model, by `PriceBook.api`."""

    book: Book
    model: str
    label: str
    tier: str
    weights: str | None
    service_tier: str = "standard"
    region: str | None = None
    discount_share: Number = 0.0
    tokenizer_ratio: Number | None = None
    output_ratio: Number | None = None
    engineering: Engineering | EngineeringItems = NO_ENGINEERING

    def __post_init__(self) -> None:
        """Check what was given."""
        checked_label(self.label)
        where = f"{self.label}:"
        for name, unit in _UNITS.items():
            value = getattr(self, name)
            if value is not None or name == "discount_share":
                high = 1.0 if name.endswith("_share") else np.inf
                checked = check_number(
                    value, where=where + name, unit=unit, high=high, open_low=name == "tokenizer_ratio"
                )
                object.__setattr__(self, name, checked)
        if self.service_tier not in _SERVICE_TIERS:
            remedy = offer(str(self.service_tier), _SERVICE_TIERS)
            found, accepted = repr(self.service_tier), f"one of {', '.join(_SERVICE_TIERS)}"
            raise ScenarioError(Problem(f"{where}service_tier", found, accepted, remedy))
        if self.region is not None:
            accepted = "no region: the tables have no regional price of it"
            raise ScenarioError(Problem(f"{where}region", repr(self.region), accepted))
        if not isinstance(self.engineering, (Engineering, EngineeringItems)):
            accepted = "tc.Engineering(…), or tc.Engineering.none()"
            raise ScenarioError(Problem(f"{where}engineering", repr(self.engineering), accepted))
        if any(point(item.upkeep_usd_per_gpu_month) for item in self.engineering.items):
            accepted = "upkeep_usd_per_month: an API has no GPUs of yours"
            raise ScenarioError(Problem(f"{where}engineering", "upkeep_usd_per_gpu_month", accepted))

    # ------------------------------------------------------------------ curve

    def curve(self, workload: Workload) -> CostCurve:
        """See `CostOption.curve`."""
        return self.resolve(workload).curve

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        price = self._price()
        ratio = self._text_ratio(workload, price)
        longer = 1.0 if self.output_ratio is None else float_or_draws(self.output_ratio)
        input_tokens = float_or_draws(workload.input_tokens) * ratio.value
        blended = blend(
            price,
            input_tokens=input_tokens,
            output_tokens=float_or_draws(workload.output_tokens) * ratio.value * longer,
            request_tokens=workload.request_tokens,
            cached_share=float_or_draws(workload.cached_input_share),
            written_share=workload.written_share,
            batch_share=1.0 if self.service_tier == "batch" else float_or_draws(workload.batch_share),
            prompt_cv=float_or_draws(workload.input_cv),
        )
        keep = 1.0 - float_or_draws(self.discount_share)
        cite = (price.citation,) + ((ratio.citation,) if ratio.citation else ())
        parts = {
            "input tokens": blended.fresh_input,
            "cache reads": blended.cache_reads,
            "cache writes": blended.cache_writes,
            "output tokens": blended.output,
        }
        total = CostCurve()
        for label, usd_per_mtok in parts.items():
            if is_draws(usd_per_mtok) or np.any(np.asarray(usd_per_mtok) != 0.0):
                total = total + CostCurve.per_mtok(usd_per_mtok * keep, label=label, citations=cite)
        if not total.terms:
            total = CostCurve.per_mtok(0.0, label="input tokens", citations=cite)
        return Resolved(
            curve=total + self.engineering.curve(),
            local=self._local_parameters(ratio, price),
            tables=from_tables((*price.quantities, *ratio.quantities)),
            notes=(*price.notes, *ratio.notes, *self._notes(workload, price, ratio, input_tokens)),
            citations=cite,
        )

    def _price(self) -> ApiPrice:
        """Return the prices in force, once they are seen to have the service tier."""
        price = self.book.api_price(self.model)
        if self.service_tier == "batch" and not price.has_batch:
            accepted = "service_tier: standard; the table has no batch price of it"
            raise ScenarioError(Problem(f"{self.label}:service_tier", "'batch'", accepted))
        return price

    def _text_ratio(self, workload: Workload, price: ApiPrice) -> TextRatio:
        """Return billed tokens per reference token, given or from the tables."""
        if self.tokenizer_ratio is not None:
            return TextRatio(float_or_draws(self.tokenizer_ratio), None)
        return self.book.text_ratio(price.model.tokenizer, workload.text_kind, of=self.model)

    def _notes(
        self, workload: Workload, price: ApiPrice, ratio: TextRatio, input_tokens: float | NDArray[np.float64]
    ) -> list[str]:
        """Return what has to be said about the numbers."""
        notes = []
        value = point(ratio.value)
        if abs(value - 1.0) > 0.005 and self.tokenizer_ratio is None:
            way = f"adds {format_share(value - 1.0)} to" if value > 1.0 else f"takes {format_share(1.0 - value)} off"
            notes.append(
                f"{self.label}: {value:g} billed tokens per reference token of {workload.text_kind} text "
                f"({price.model.tokenizer}) {way} its bill; tokenizer_ratio=1 switches it off."
            )
        if price.cached_as_input and point(workload.cached_input_share) > 0.0:
            notes.append(
                f"{self.label}: the table has no cache price of {self.model}; cached tokens are billed as input."
            )
        if point(workload.batch_share) > 0.0 and not price.has_batch:
            notes.append(f"{self.label}: the table has no batch price of {self.model}; deferrable tokens pay in full.")
        for tier in tier_shares(price, input_tokens, float_or_draws(workload.input_cv))[1:]:
            share = point(tier.input_share)
            if share > 0.0005 and not isinstance(tier.price, ApiPrice):
                over = f"{tier.price.threshold_tokens:,.0f} billed tokens"
                notes.append(
                    f"{self.label}: {format_share(share)} of its input is in prompts over {over}, at a higher price."
                )
        return notes

    def _local_parameters(self, ratio: TextRatio, price: ApiPrice) -> tuple[Parameter, ...]:
        """Return the option's own numbers."""
        found: list[Parameter] = []
        if self.tokenizer_ratio is not None:
            found.append(
                Parameter("tokenizer_ratio", self.tokenizer_ratio, _UNITS["tokenizer_ratio"], "given", "", GIVEN)
            )
        elif ratio.citation is None:
            why = "its tokenizer was not measured: counted as the reference's"
            found.append(Parameter("tokenizer_ratio", 1.0, _UNITS["tokenizer_ratio"], "default", why))
        if self.output_ratio is not None:
            found.append(Parameter("output_ratio", self.output_ratio, _UNITS["output_ratio"], "given", "", GIVEN))
        if not (isinstance(self.discount_share, float) and self.discount_share == 0.0):
            found.append(Parameter("discount_share", self.discount_share, _UNITS["discount_share"], "given", "", GIVEN))
        return (*found, *engineering_parameters(self.engineering))

    # ------------------------------------------------------------------ requests

    def bill(
        self,
        *,
        input_tokens: ArrayLike,
        output_tokens: ArrayLike,
        cached_input_tokens: ArrayLike = 0,
        cache_write_tokens: ArrayLike = 0,
    ) -> NDArray[np.float64]:
        """Return what single requests cost; prices that are draws count with their medians.

        Parameters
        ----------
        input_tokens, output_tokens : array_like, of one shape
            Billed tokens per request, as the vendor counts them; input counts all of the prompt, cached and written
            tokens too.
        cached_input_tokens, cache_write_tokens : array_like
            Of the input, read from and written to the cache.

        Returns
        -------
        ndarray of that shape
            Long-context rules included. [USD]

        Raises
        ------
        ScenarioError
            If a count is negative or not finite, or more input is cached than there is.
        ResolveError
            If the model has no price at the book's date.

        Examples
        --------
        >>> import tokencross as tc
        >>> sol = tc.load_prices(as_of="2026-11-21").api("openai/gpt-6-sol")
        >>> sol.bill(input_tokens=[100_000, 300_000], output_tokens=1_000).round(4)  # over 272,000 all tokens cost more
        array([0.21 , 1.215])
        """
        return request_usd(
            centred_price(self._price()),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cached_input_tokens=cached_input_tokens,
            cache_write_tokens=cache_write_tokens,
            batch=self.service_tier == "batch",
            keep_share=1.0 - point(self.discount_share),
        )

    # ------------------------------------------------------------------ the same, otherwise

    def with_book(self, book: Book) -> ApiOption:
        """See `CostOption.with_book`."""
        return replace(self, book=book)

    def with_number(self, name: str, value: object) -> ApiOption:
        """See `CostOption.with_number`."""
        if name.startswith("engineering"):
            plan = replaced_engineering(self.engineering, name, value, where=self.label)
            return replace(self, engineering=plan)
        if name in _UNITS or name in {"service_tier", "region"}:
            changes: dict[str, Any] = {name: value}
            return replace(self, **changes)
        known = [*_UNITS, "engineering", "service_tier"]
        raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", ", ".join(known), offer(name, known)))
