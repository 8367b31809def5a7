"""A hosted model billed by the token: frontier API, smaller hosted model, hosted open model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import NO_ENGINEERING, Engineering, EngineeringItems
from tokencross.errors import Problem, ResolveError, ScenarioError, TokencrossError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, is_draws, point
from tokencross.options.base import (
    GIVEN,
    NOT_MEASURED,
    Parameter,
    Resolved,
    checked_engineering,
    checked_label,
    engineering_parameters,
    from_tables,
    replaced_engineering,
)
from tokencross.options.billing import (
    BlendedPrice,
    billed_lengths,
    blend,
    cheapest_ratio,
    hourly_ratio,
    request_usd,
    tier_shares,
)
from tokencross.options.buyer import SupportPlan, usage_curve
from tokencross.options.centred import centred_price, centred_workload
from tokencross.options.limits import VolumeLimit, volume_limit
from tokencross.options.mix import busiest_rates, classes_of
from tokencross.options.speed import api_latency
from tokencross.options.workload import Workload
from tokencross.tables.book import Book
from tokencross.tables.resolved import ApiPrice, Quantity, Terms, TextRatio
from tokencross.units import HOURS_PER_MONTH, TOKENS_PER_MTOK, format_share

__all__ = ["ApiOption"]

_UNITS = {
    "discount_share": "share off the list price",
    "credits_usd_per_month": "USD of usage that is free every month",
    "stored_cache_tokens": "billed tokens kept in an explicit cache around the clock",
    "tokenizer_ratio": "billed tokens per reference token",
    "output_ratio": "answer length over the workload's, reasoning included",
}
_ABSENT = ("discount_share", "credits_usd_per_month", "stored_cache_tokens")  # 0 means there is none
_CHOICES = ("service_tier", "region", "cache_lifetime", "usage_tier", "support")


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
    cache_lifetime: str | None = None
    usage_tier: str | None = None
    discount_share: Number = 0.0
    credits_usd_per_month: Number = 0.0
    stored_cache_tokens: Number = 0.0
    support: SupportPlan | None = None
    tokenizer_ratio: Number | None = None
    output_ratio: Number | None = None
    engineering: Engineering | EngineeringItems = NO_ENGINEERING

    def __post_init__(self) -> None:
        """Check what was given."""
        checked_label(self.label)
        where = f"{self.label}:"
        for name, unit in _UNITS.items():
            value = getattr(self, name)
            if value is not None or name in _ABSENT:
                high = 1.0 if name.endswith("_share") else np.inf
                checked = check_number(
                    value, where=where + name, unit=unit, high=high, open_low=name == "tokenizer_ratio"
                )
                object.__setattr__(self, name, checked)
        if self.support is not None and not isinstance(self.support, SupportPlan):
            accepted = "tc.SupportPlan(bands=[(0, 0.10), …]), or None"
            raise ScenarioError(Problem(f"{where}support", repr(self.support), accepted))
        checked_engineering(self.engineering, where=self.label, gpus="an API has no GPUs of yours")

    # ------------------------------------------------------------------ curve

    def curve(self, workload: Workload) -> CostCurve:
        """See `CostOption.curve`."""
        return self.resolve(workload).curve

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        price = self._price()
        ratios = self._text_ratios(workload, price)
        blended = self._blended(workload, price)
        keep = 1.0 - float_or_draws(self.discount_share)
        cite = (price.citation, *(ratio.citation for ratio in ratios if ratio.citation))
        usage = usage_curve(
            {label: usd * keep for label, usd in blended.parts().items()},
            credits_usd_per_month=float_or_draws(self.credits_usd_per_month),
            citations=cite,
        )
        stored = self._storage_usd_per_month(price) * keep
        if is_draws(stored) or np.any(np.asarray(stored) > 0.0):
            usage = usage + CostCurve.fixed(stored, label="cache storage", citations=cite)
        if self.support is not None:
            usage = usage + self.support.curve(blended.total * keep, stored)
        limit = self._limit(workload, price, point(blended.total) * point(keep))
        beyond: tuple[str, ...] = ()
        if limit is not None:
            beyond = (f"{self.label}: published limits end at {limit.words}; beyond, a higher tier or a contract.",)
        return Resolved(
            curve=usage + self.engineering.curve(),
            local=self._local_parameters(ratios, price),
            tables=from_tables((*self._quantities(workload, price), *(q for r in ratios for q in r.quantities))),
            notes=(*price.notes, *(n for r in ratios for n in r.notes), *self._class_notes(workload, price), *beyond),
            citations=cite if limit is None else (*cite, limit.citation),
            limit=limit,
            latency=api_latency(self.book, price.address, self.service_tier),
        )

    def usd_per_mtok(self, workload: Workload) -> FloatOrDraws:
        """Return what a million reference tokens of a workload cost, before credits, support and storage."""
        price = self._price()
        return self._blended(workload, price).total * (1.0 - float_or_draws(self.discount_share))

    def _blended(self, workload: Workload, price: ApiPrice) -> BlendedPrice:
        """Return the workload's list price: the classes' prices by their shares of the tokens."""
        parts = [
            [each.share * usd for usd in self._class_price(each.workload, price, ratio).parts().values()]
            for each, ratio in zip(classes_of(workload), self._text_ratios(workload, price), strict=True)
        ]
        return BlendedPrice(*(sum(usd, np.float64(0.0)) for usd in zip(*parts, strict=True)))

    def _text_ratios(self, workload: Workload, price: ApiPrice) -> list[TextRatio]:
        """Return billed tokens per reference token of every class of the workload."""
        return [self._text_ratio(each.workload, price) for each in classes_of(workload)]

    def _class_price(self, workload: Workload, price: ApiPrice, ratio: TextRatio) -> BlendedPrice:
        """Return the list price of one shape: what can wait at batch prices, or in the cheapest hours."""
        input_tokens, output_tokens = billed_lengths(workload, ratio, self.output_ratio)
        shape = {
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "request_tokens": workload.request_tokens,
            "cached_share": float_or_draws(workload.cached_input_share),
            "written_share": workload.written_share,
            "prompt_cv": float_or_draws(workload.input_cv),
        }
        now = blend(price, **shape, deferred=False, window_ratio=hourly_ratio(price, workload.hours))
        later = self._deferred_share(workload)
        if not is_draws(later) and later == 0.0:
            return now
        deferrable = self._deferrable(price)
        return now.mixed(blend(deferrable, **shape, deferred=True, window_ratio=cheapest_ratio(price)), later)

    def _deferred_share(self, workload: Workload) -> FloatOrDraws:
        """Return the share of the traffic that waits."""
        return 1.0 if self.service_tier == "batch" else float_or_draws(workload.batch_share)

    def _deferrable(self, price: ApiPrice) -> ApiPrice:
        """Return the prices of what waits: those of batches, which are the standard ones less a discount."""
        return self._price("batch") if price.has_batch else price

    def _storage_usd_per_month(self, price: ApiPrice) -> FloatOrDraws:
        """Return what an explicit cache costs to keep."""
        stored = float_or_draws(self.stored_cache_tokens)
        hourly = price.cache_storage_usd_per_mtok_hour
        if hourly is None:
            if np.any(np.asarray(stored) > 0.0):
                accepted = "0: the table has no price of cache storage for it"
                raise ScenarioError(Problem(f"{self.label}:stored_cache_tokens", f"{point(stored):g}", accepted))
            return 0.0
        return stored / TOKENS_PER_MTOK * hourly * HOURS_PER_MONTH

    def _quantities(self, workload: Workload, price: ApiPrice) -> tuple[Quantity, ...]:
        """Return every number of the tables that the bill takes, once each."""
        later = self._deferred_share(workload)
        waits = is_draws(later) or later != 0.0
        taken = (*price.quantities, *(self._deferrable(price).quantities if waits else ()))
        return tuple({quantity.address: quantity for quantity in taken}.values())

    def _limit(self, workload: Workload, price: ApiPrice, usd_per_mtok: float) -> VolumeLimit | None:
        """Return the volume at which the published limits end: every rate in the busiest minutes of all classes."""
        workload = centred_workload(workload)
        lengths = [
            billed_lengths(each.workload, ratio, self.output_ratio)
            for each, ratio in zip(classes_of(workload), self._text_ratios(workload, price), strict=True)
        ]
        waits = 1.0 if self.service_tier == "batch" else None
        rates = busiest_rates(workload, lengths, batch_share=waits, besides_batches=price.has_batch)
        return volume_limit(
            self.book.limits(self.model),
            self.usage_tier,
            input_per_token=rates[0],
            output_per_token=rates[1],
            requests_per_token=rates[2],
            usd_per_mtok=usd_per_mtok,
            peak_ratio=1.0,
            where=self.label,
        )

    def _price(self, service_tier: str | None = None) -> ApiPrice:
        """Return the prices in force on the option's terms, once they are seen to be sold so."""
        tier = self.service_tier if service_tier is None else service_tier
        try:
            price = self.book.api_price(self.model, Terms(tier, self.region, self.cache_lifetime))
        except ResolveError as error:
            raise self._on_terms(error) from None
        if tier == "batch" and not price.has_batch:
            accepted = "service_tier: standard; the table has no batch price of it"
            raise ScenarioError(Problem(f"{self.label}:service_tier", "'batch'", accepted))
        return price

    def _on_terms(self, error: ResolveError) -> TokencrossError:
        """Return an error about the option's own terms under the option's name, and any other as it is."""
        terms = {"service_tier": self.service_tier, "region": self.region, "cache_lifetime": self.cache_lifetime}
        for problem in error.problems:
            for name, value in terms.items():
                if isinstance(problem, Problem) and problem.found == f"{name} {value!r}":
                    return ScenarioError(Problem(f"{self.label}:{name}", repr(value), problem.accepted, problem.remedy))
        return error

    def _text_ratio(self, workload: Workload, price: ApiPrice) -> TextRatio:
        """Return billed tokens per reference token, given or from the tables."""
        if self.tokenizer_ratio is not None:
            return TextRatio(float_or_draws(self.tokenizer_ratio), None)
        return self.book.text_ratio(price.model.tokenizer, workload.text_kind, of=self.model)

    def _class_notes(self, workload: Workload, price: ApiPrice) -> list[str]:
        """Return what has to be said about the numbers, class by class."""
        found = []
        for each, ratio in zip(classes_of(workload), self._text_ratios(workload, price), strict=True):
            label = f"{self.label}, {each.name}:" if each.name else f"{self.label}:"
            said = self._notes(each.workload, price, ratio)
            found += [note.replace(f"{self.label}:", label, 1) for note in said]
        return found

    def _notes(self, workload: Workload, price: ApiPrice, ratio: TextRatio) -> list[str]:
        """Return what has to be said about the numbers."""
        notes = self._ratio_notes(workload, price, ratio)
        if price.cached_as_input and point(workload.cached_input_share) > 0.0:
            notes.append(
                f"{self.label}: the table has no cache price of {self.model}; cached tokens are billed as input."
            )
        if point(workload.batch_share) > 0.0 and not price.has_batch and not price.windows:
            notes.append(f"{self.label}: the table has no batch price of {self.model}; deferrable tokens pay in full.")
        input_tokens, _ = billed_lengths(workload, ratio, self.output_ratio)
        cached = float_or_draws(workload.cached_input_share) + workload.written_share
        for tier in tier_shares(price, input_tokens, float_or_draws(workload.input_cv), cached)[1:]:
            share = point(tier.input_share)
            if share > 0.0005 and not isinstance(tier.price, ApiPrice):
                over = f"{tier.price.threshold_tokens:,.0f} billed tokens"
                notes.append(
                    f"{self.label}: {format_share(share)} of its input is in prompts over {over}, at a higher price."
                )
        return [*notes, *self._hour_notes(workload, price)]

    def _ratio_notes(self, workload: Workload, price: ApiPrice, ratio: TextRatio) -> list[str]:
        """Return how far the tokenizer's ratio moved the bill."""
        value = point(ratio.value)
        if abs(value - 1.0) <= 0.005 or self.tokenizer_ratio is not None:
            return []
        ours = point(self._class_price(workload, price, ratio).total)
        plain = point(self._class_price(workload, price, TextRatio(1.0, None)).total)
        moved = ours / plain - 1.0 if plain > 0.0 else 0.0
        way = f"adds {format_share(moved)} to" if moved > 0.0 else f"takes {format_share(-moved)} off"
        return [
            f"{self.label}: {value:g} billed tokens per reference token of {workload.text_kind} text "
            f"({price.model.tokenizer}{_ranged(ratio)}) {way} its bill; tokenizer_ratio=1 switches it off."
        ]

    def _hour_notes(self, workload: Workload, price: ApiPrice) -> list[str]:
        """Return what hours of the week did to the price."""
        notes = []
        for window in price.windows:
            mean = point(hourly_ratio(price, workload.hours))
            how = "the load profile (its hours are UTC)" if workload.load is not None else "flat traffic"
            besides = f", {window.except_holidays} holidays not counted" if window.except_holidays else ""
            ratio = point(window.price_ratio)
            if point(workload.batch_share) > 0.0 and not price.has_batch:
                besides += f"; what can wait pays {point(cheapest_ratio(price)):g} times"
            notes.append(
                f"{self.label}: {ratio:g} times the price in {window.id} hours; over {how} {mean:.4g} times{besides}."
            )
        return notes

    def _local_parameters(self, ratios: list[TextRatio], price: ApiPrice) -> tuple[Parameter, ...]:
        """Return the option's own numbers."""
        found: list[Parameter] = []
        if self.tokenizer_ratio is not None:
            found.append(
                Parameter("tokenizer_ratio", self.tokenizer_ratio, _UNITS["tokenizer_ratio"], "given", "", GIVEN)
            )
        elif any(ratio.citation is None for ratio in ratios):
            found.append(NOT_MEASURED)
        if self.output_ratio is not None:
            found.append(Parameter("output_ratio", self.output_ratio, _UNITS["output_ratio"], "given", "", GIVEN))
        for name in _ABSENT:
            value = getattr(self, name)
            if not (isinstance(value, float) and value == 0.0):
                found.append(Parameter(name, value, _UNITS[name], "given", "", GIVEN))
        if self.support is not None:
            for name, (number, unit) in self.support.numbers().items():
                found.append(Parameter(f"support.{name}", number, unit, "given", "", GIVEN))
        return (*found, *engineering_parameters(self.engineering))

    # ------------------------------------------------------------------ requests

    def bill(
        self,
        *,
        input_tokens: ArrayLike,
        output_tokens: ArrayLike,
        cached_input_tokens: ArrayLike = 0,
        cache_write_tokens: ArrayLike = 0,
        completed_at: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Return what single requests cost; prices that are draws count with their medians.

        Parameters
        ----------
        input_tokens, output_tokens : array_like, of one shape
            Billed tokens per request, as the vendor counts them; input counts all of the prompt, cached and written
            tokens too.
        cached_input_tokens, cache_write_tokens : array_like
            Of the input, read from and written to the cache.
        completed_at : array_like of datetime64, optional
            When each request was completed, UTC; needed where the price depends on the hour.

        Returns
        -------
        ndarray of that shape
            Long-context rules, request fees and hours included; not credits, support and cache storage. [USD]

        Raises
        ------
        ScenarioError
            If a count is negative or not finite, more input is cached than there is, or a time is missing.
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
            completed_at=completed_at,
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
        if name.startswith("support.") and self.support is not None:
            part = name.removeprefix("support.")
            return replace(self, support=self.support.with_number(part, value, where=f"{self.label}:support"))
        if name in _UNITS or name in _CHOICES:
            changes: dict[str, Any] = {name: value}
            return replace(self, **changes)
        known = [*_UNITS, "engineering", *_CHOICES]
        raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", ", ".join(known), offer(name, known)))


def _ranged(ratio: TextRatio) -> str:
    """Return between which values other sources put a ratio."""
    if ratio.range is None:
        return ""
    low, high = ratio.range
    return f"; another source {low:g}" if low == high else f"; other sources {low:g} to {high:g}"
