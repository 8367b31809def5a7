"""Provisioned throughput: units of a vendor's capacity, paid by time, whatever passes through them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import NO_ENGINEERING, Engineering, EngineeringItems
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, is_draws, plain, point
from tokencross.options.base import (
    GIVEN,
    NOT_MEASURED,
    Origin,
    Parameter,
    Resolved,
    checked_engineering,
    checked_label,
    engineering_parameters,
    from_tables,
    replaced_engineering,
)
from tokencross.options.billing import billed_lengths
from tokencross.options.demand import peak_ratio
from tokencross.options.mix import classes_of, demand_of
from tokencross.options.workload import Workload
from tokencross.tables.book import Book
from tokencross.tables.resolved import Quantity, TextRatio, UnitPrice
from tokencross.units import HOURS_PER_MONTH, MINUTES_PER_MONTH

__all__ = ["ProvisionedOption"]

# field: (unit, highest, whether 0 is refused)
_NUMBERS: dict[str, tuple[str, float, bool]] = {
    "usd_per_unit_hour": ("USD per unit and hour", np.inf, True),
    "input_tokens_per_minute": ("billed input tokens per unit and minute", np.inf, True),
    "output_weight_ratio": ("input tokens that one output token counts as", np.inf, True),
    "cached_weight_ratio": ("input tokens that one cached token counts as", np.inf, False),
    "target_load_share": ("share of what a unit serves", 1.0, True),
    "min_unit_count": ("units", np.inf, False),
    "discount_share": ("share off the list price", 1.0, False),
    "tokenizer_ratio": ("billed tokens per reference token", np.inf, True),
    "output_ratio": ("answer length over the workload's, reasoning included", np.inf, False),
}
_DEFAULTS = {
    "target_load_share": (1.0, "the vendor sells what a unit serves; requests above it are turned away"),
    "cached_weight_ratio": (1.0, "the table has no weight of cached tokens: they count as input"),
}
_WEIGHTS = ("cached_weight_ratio",)
_CHOICES = ("region", "commitment")


@dataclass(frozen=True, kw_only=True, eq=False)
class ProvisionedOption:
    """Provisioned throughput of a hosted model, by `PriceBook.provisioned`."""

    book: Book
    model: str
    label: str
    region: str | None = None
    commitment: str = "hourly"
    usd_per_unit_hour: Number | None = None
    input_tokens_per_minute: Number | None = None
    output_weight_ratio: Number | None = None
    cached_weight_ratio: Number | None = None
    target_load_share: Number | None = None
    min_unit_count: Number | None = None
    discount_share: Number = 0.0
    tokenizer_ratio: Number | None = None
    output_ratio: Number | None = None
    engineering: Engineering | EngineeringItems = NO_ENGINEERING
    tier: str = "provisioned"
    weights: str | None = None

    def __post_init__(self) -> None:
        """Check what was given."""
        checked_label(self.label)
        for name, (unit, high, open_low) in _NUMBERS.items():
            value = getattr(self, name)
            if value is not None:
                where = f"{self.label}:{name}"
                checked = check_number(value, where=where, unit=unit, high=high, open_low=open_low)
                object.__setattr__(self, name, checked)
        checked_engineering(self.engineering, where=self.label, gpus="provisioned units have no GPUs of yours")

    # ------------------------------------------------------------------ curve

    def curve(self, workload: Workload) -> CostCurve:
        """See `CostOption.curve`."""
        return self.resolve(workload).curve

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`.

        Units are bought in whole steps for the busiest minutes; what can wait fills the idle ones.
        """
        sold = self.book.unit_price(self.model, commitment=self.commitment, region=self.region)
        classes = classes_of(workload)
        known = [self._text_ratio(each.workload, sold) for each in classes]
        ratios, notes = [ratio for ratio, _ in known], [note for _, said in known for note in said]
        usd = self._needed("usd_per_unit_hour", sold.usd_per_unit_hour)
        rate = self._needed("input_tokens_per_minute", sold.input_tokens_per_minute)
        weights = [self._weight(each.workload, sold, ratio) for each, ratio in zip(classes, ratios, strict=True)]
        weight = sum((each.share * taken for each, taken in zip(classes, weights, strict=True)), np.float64(0.0))
        if np.any(np.asarray(weight) == 0.0):
            found = "requests that take nothing of a unit: all cached at a weight of 0, and no output"
            raise ScenarioError(Problem(f"{self.label}:cached_weight_ratio", found, "a workload that takes some"))
        demand = demand_of(workload, weights)
        planned = peak_ratio(peak=demand.peak, burst=demand.burst, batch_share=demand.batch_share, batch_speedup=1.0)
        served = rate * MINUTES_PER_MONTH * self._value("target_load_share", None)
        step = float(sold.unit_step_count)
        keep = 1.0 - float_or_draws(self.discount_share)
        least = float(sold.min_unit_count) if self.min_unit_count is None else float_or_draws(self.min_unit_count)
        curve = CostCurve.staircase(
            usd * HOURS_PER_MONTH * step * keep,
            step * served / (weight * planned),
            min_steps=plain(np.ceil(least / step * (1.0 - 1e-12))),
            label=f"{sold.unit}s",
            citations=sold.citations,
        )
        return Resolved(
            curve=curve + self.engineering.curve(),
            local=self._local_parameters(workload, sold, ratios),
            tables=from_tables(
                (*(q for q in sold.quantities if self._takes(q)), *(q for ratio in ratios for q in ratio.quantities))
            ),
            notes=(*sold.notes, *(note for ratio in ratios for note in ratio.notes), *dict.fromkeys(notes)),
            citations=(*sold.citations, *(ratio.citation for ratio in ratios if ratio.citation)),
        )

    def _takes(self, quantity: Quantity) -> bool:
        """Return whether a number of the tables counts: one's own figure takes its place."""
        return getattr(self, quantity.address.rpartition(".")[2], None) is None

    def _weight(self, workload: Workload, sold: UnitPrice, ratio: TextRatio) -> FloatOrDraws:
        """Return what one reference token takes of a unit, in billed input tokens."""
        cached = float_or_draws(workload.cached_input_share)
        inputs, output = billed_lengths(workload, ratio, self.output_ratio)
        taken = inputs * (1.0 - cached)
        if is_draws(cached) or cached > 0.0:
            taken = taken + inputs * cached * self._value("cached_weight_ratio", sold.cached_weight_ratio)
        if is_draws(output) or output > 0.0:
            taken = taken + output * self._needed("output_weight_ratio", sold.output_weight_ratio)
        return taken / workload.request_tokens

    def _needed(self, name: str, known: FloatOrDraws | None) -> FloatOrDraws:
        """Return a number that was given, or else the table's; it is an error if there is neither."""
        given: Number | None = getattr(self, name)
        if given is not None:
            return float_or_draws(given)
        if known is None:
            found = f"nothing, and the table has none of {self.model}"
            remedy = "No trustworthy source publishes it: give the figure of your own offer."
            raise ScenarioError(Problem(f"{self.label}:{name}", found, f"a number ({_NUMBERS[name][0]})", remedy))
        return known

    def _value(self, name: str, known: FloatOrDraws | None) -> FloatOrDraws:
        """Return a number that was given, the table's, or the default."""
        given: Number | None = getattr(self, name)
        if given is not None:
            return float_or_draws(given)
        return _DEFAULTS[name][0] if known is None else known

    def _text_ratio(self, workload: Workload, sold: UnitPrice) -> tuple[TextRatio, list[str]]:
        """Return billed tokens per reference token, given or those of the same model by the token."""
        if self.tokenizer_ratio is not None:
            return TextRatio(float_or_draws(self.tokenizer_ratio), None), []
        same = sold.model.same_as
        tokenizer = None if same is None else self.book.api_model(same)[0].tokenizer
        ratio = self.book.text_ratio(tokenizer, workload.text_kind, of=self.model)
        value = point(ratio.value)
        if abs(value - 1.0) <= 0.005:
            return ratio, []
        kind = f"{workload.text_kind} text ({tokenizer})"
        return ratio, [f"{self.label}: {value:g} billed tokens per reference token of {kind}."]

    # ------------------------------------------------------------------ what it rests on

    def _local_parameters(self, workload: Workload, sold: UnitPrice, ratios: list[TextRatio]) -> tuple[Parameter, ...]:
        """Return the option's own numbers."""
        found: list[Parameter] = []
        asked = _WEIGHTS if point(workload.cached_input_share) > 0.0 else ()
        for name, (unit, *_) in _NUMBERS.items():
            given: Number | None = getattr(self, name)
            if name == "discount_share" and isinstance(given, float) and given == 0.0:
                continue
            if given is not None:
                found.append(Parameter(name, given, unit, "given", "", GIVEN))
            elif name in _DEFAULTS and getattr(sold, name, None) is None and (name in asked or name not in _WEIGHTS):
                default, why = _DEFAULTS[name]
                found.append(Parameter(name, default, unit, "default", why))
        if self.min_unit_count is None:
            why = f"sold in steps of {sold.unit_step_count}"
            least = float(sold.min_unit_count)
            if sold.size_citation is None:
                why = "the table has no sizes of it: single units"
            origin: Origin = "default" if sold.size_citation is None else "table"
            found.append(Parameter("min_unit_count", least, "units", origin, why, sold.size_citation))
        if self.tokenizer_ratio is None and any(ratio.citation is None for ratio in ratios):
            found.append(NOT_MEASURED)
        return (*found, *engineering_parameters(self.engineering))

    # ------------------------------------------------------------------ the same, otherwise

    def with_book(self, book: Book) -> ProvisionedOption:
        """See `CostOption.with_book`."""
        return replace(self, book=book)

    def with_number(self, name: str, value: object) -> ProvisionedOption:
        """See `CostOption.with_number`."""
        if name.startswith("engineering"):
            plan = replaced_engineering(self.engineering, name, value, where=self.label)
            return replace(self, engineering=plan)
        if name in _NUMBERS or name in _CHOICES:
            changes: dict[str, Any] = {name: value}
            return replace(self, **changes)
        known = [*_NUMBERS, *_CHOICES, "engineering"]
        raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", ", ".join(known), offer(name, known)))
