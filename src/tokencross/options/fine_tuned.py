"""A fine-tuned or custom model: its training, and the way it is served."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.costs.terms import PerToken
from tokencross.errors import Problem, ResolveError, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, point, whole_number
from tokencross.options.api import ApiOption
from tokencross.options.base import (
    GIVEN,
    Parameter,
    Resolved,
    checked_engineering,
    engineering_parameters,
    from_tables,
)
from tokencross.options.dedicated import DedicatedOption
from tokencross.options.fine_tuning_plan import OWN_GPUS, FineTuningPlan
from tokencross.options.limits import VolumeLimit
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.options.training import Training
from tokencross.options.training_cost import Trainee, training_cost
from tokencross.options.workload import Workload
from tokencross.tables.book import Book
from tokencross.tables.resolved import ApiPrice, TextRatio
from tokencross.tables.tuned import TunedPrice
from tokencross.units import DAYS_PER_MONTH, HOURS_PER_MONTH, format_count, format_share, format_tokens

__all__ = ["FineTunedOption", "TunedApiOption"]


# field: (unit, highest, whether 0 is refused, what it is when absent)
_NUMBERS: dict[str, tuple[str, float, bool, float | None]] = {
    "deployment_count": ("deployments", np.inf, True, None),
    "base_share": ("share of the traffic on replicas of one base", 1.0, True, 1.0),
    "adapter_overhead_share": ("share of the base's throughput that adapters cost", 1.0, False, 0.0),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class TunedApiOption(ApiOption):
    """A tuned model by the token: the base's option at the prices of a row of tuning.

    Attributes
    ----------
    tuned : str
        ``provider/id`` in tuning.
    """

    tuned: str

    def _price(self, service_tier: str | None = None) -> ApiPrice:
        """Return the tuned model's prices; they replace all of the base's."""
        tier = self.service_tier if service_tier is None else service_tier
        price = self.book.tuned_price(self.tuned).api_price()
        sold = ["standard", *(["batch"] if price.has_batch else [])]
        if tier not in sold:
            accepted = f"one of {', '.join(sold)}: no other price of the tuned model is known"
            raise ScenarioError(Problem(f"{self.label}:service_tier", repr(tier), accepted, offer(tier, sold)))
        return price

    def with_book(self, book: Book) -> TunedApiOption:
        """See `CostOption.with_book`."""
        return replace(self, book=book)

    def _limit(self, *_: object, **__: object) -> VolumeLimit | None:
        """Return no limit: the published ones are the base's."""
        return None


@dataclass(frozen=True, kw_only=True, eq=False)
class FineTunedOption:
    """A fine-tuned or custom model, by `PriceBook.fine_tuned`.

    Attributes
    ----------
    plan : FineTuningPlan
        What is tuned, by whom, and how it is served.
    training : Training
        What training takes.
    recipe : TunedApiOption, SelfHostedOption or DedicatedOption
        How it is served, people included.
    deployment_count : Number or None
        Deployments that a hosting fee is paid for; 1 unless given.
    base_share : Number
        Adapters on one base: this model's share of the traffic on the replicas.
    adapter_overhead_share : Number
        Throughput that serving adapters costs.
    """

    plan: FineTuningPlan
    training: Training
    recipe: TunedApiOption | SelfHostedOption | DedicatedOption
    deployment_count: Number | None = None
    base_share: Number = 1.0
    adapter_overhead_share: Number = 0.0
    tier: str = "fine_tuned"
    weights: str | None = None  # nobody else hosts these

    def __post_init__(self) -> None:
        """Check what was given."""
        for name, (unit, high, open_low, _) in _NUMBERS.items():
            value = getattr(self, name)
            if value is not None or name != "deployment_count":
                where = f"{self.label}:{name}"
                checked = check_number(value, where=where, unit=unit, high=high, open_low=open_low)
                object.__setattr__(self, name, checked)
        self._check_deployments()
        if np.any(np.asarray(float_or_draws(self.adapter_overhead_share)) == 1.0):
            where = f"{self.label}:adapter_overhead_share"
            raise ScenarioError(Problem(where, "1", "a number below 1: something has to be served"))
        if self.plan.serving not in OWN_GPUS or self.plan.adapter != "lora":
            for name in ("base_share", "adapter_overhead_share"):
                value = getattr(self, name)
                if not (isinstance(value, float) and value == _NUMBERS[name][3]):
                    found = f"{point(value):g}, though no adapters share replicas"
                    raise ScenarioError(Problem(f"{self.label}:{name}", found, 'it on GPUs with adapter="lora" only'))
        gpus = "" if self.plan.serving in OWN_GPUS else "the vendor's deployment has no GPUs of yours"
        checked_engineering(self.engineering, where=self.label, gpus=gpus)

    def _check_deployments(self) -> None:
        """Refuse parts of a deployment, and deployments where no hosting fee is paid."""
        count = self.deployment_count
        if count is None:
            return
        where = f"{self.label}:deployment_count"
        whole_number(count, where=where, accepted="a whole number of deployments")
        if self.plan.serving != "hosted":
            found = f"{point(count):g}, though no hosting fee is paid"
            raise ScenarioError(Problem(where, found, "it for a hosted deployment only"))

    @property
    def label(self) -> str:
        """See `CostOption.label`."""
        return self.recipe.label

    @property
    def book(self) -> Book:
        """See `CostOption.book`."""
        return self.recipe.book

    @property
    def engineering(self) -> Engineering | EngineeringItems:
        """See `CostOption.engineering`."""
        return self.recipe.engineering

    # ------------------------------------------------------------------ curve

    def curve(self, workload: Workload) -> CostCurve:
        """See `CostOption.curve`."""
        return self.resolve(workload).curve

    def resolve(self, workload: Workload) -> Resolved:
        r"""See `CostOption.resolve`.

        Adapters that share replicas: with a share :math:`s` of the traffic on them and a throughput loss :math:`o`,
        the fleet's cost :math:`C` becomes :math:`s \, C(V / (s (1 - o)))`: a fleet for everything on it, paid by
        share. What is paid around it and kept by the GPU goes with it; what is paid by the token stays as it is, and
        so does the rest of the engineering.
        """
        fleet = self.recipe.with_number("engineering", _by_gpu(self.engineering))
        served = fleet.resolve(workload)
        tuned = None if self.plan.tuned is None else self.book.tuned_price(self.plan.tuned)
        hosting = self._hosting(tuned)
        trained = training_cost(self.training, self._trainee(workload, tuned))
        alone = self._is_alone()
        shared = served.curve if alone else self._shared(served.curve)
        own = [number for number in served.local if not number.address.startswith("engineering")]
        row = () if tuned is None else (tuned.citation,)
        local = (*own, *self._own_numbers(), *trained.local, *engineering_parameters(self.engineering))
        notes = (*served.notes, *self._notes(tuned), *trained.notes)
        return Resolved(
            curve=shared + hosting.curve + trained.curve + self.engineering.curve(),
            local=tuple({number.address: number for number in local}.values()),
            tables=(*served.tables, *hosting.tables, *trained.tables),
            notes=tuple(dict.fromkeys(notes)),
            citations=tuple(dict.fromkeys((*served.citations, *row, *trained.citations))),
            fleet=served.fleet if alone else None,  # its steps are those of the whole fleet
            limit=self._limit(served.limit),
            latency=served.latency if alone else None,
        )

    def _is_alone(self) -> bool:
        """Return whether the replicas serve nothing else, at their full rate."""
        names = ("base_share", "adapter_overhead_share")
        return all(
            isinstance(getattr(self, name), float) and getattr(self, name) == _NUMBERS[name][3] for name in names
        )

    def _shared(self, fleet: CostCurve) -> CostCurve:
        """Return this model's share of a fleet that is sized for everything on it."""
        share, tokens = float_or_draws(self.base_share), 1.0 / self._scale()
        return CostCurve(
            tuple(term if isinstance(term, PerToken) else term.scaled(share, tokens) for term in fleet.terms)
        )

    def _scale(self) -> FloatOrDraws:
        """Return this model's tokens over the tokens that the fleet is sized for."""
        return float_or_draws(self.base_share) * (1.0 - float_or_draws(self.adapter_overhead_share))

    def _limit(self, limit: VolumeLimit | None) -> VolumeLimit | None:
        """Return how far the fleet goes, in this model's tokens."""
        if limit is None or self._is_alone():
            return limit
        volume = limit.tokens_per_month * point(self._scale())
        return replace(limit, tokens_per_month=volume, words=f"{format_tokens(volume)}: its share of {limit.words}")

    def _hosting(self, tuned: TunedPrice | None) -> Resolved:
        """Return the hourly fees of deployments, as a curve with its numbers."""
        if self.plan.serving != "hosted" or tuned is None:
            return Resolved(CostCurve())
        fee = tuned.number("hosting_usd_per_hour")
        if fee is None:
            found = "a hosted deployment without an hourly fee"
            raise ResolveError(Problem(tuned.address, found, "a row with hosting_usd_per_hour"))
        count = 1.0 if self.deployment_count is None else float_or_draws(self.deployment_count)
        usd = fee * HOURS_PER_MONTH * count
        curve = CostCurve.fixed(usd, label="hosting fee", citations=(tuned.citation,))
        return Resolved(curve, tables=from_tables([tuned.quantities["hosting_usd_per_hour"]]))

    def _trainee(self, workload: Workload, tuned: TunedPrice | None) -> Trainee:
        """Return what is trained, for the pricing of its training."""
        book, recipe = self.book, self.recipe
        if isinstance(recipe, TunedApiOption) and recipe.tokenizer_ratio is not None:
            ratio = TextRatio(float_or_draws(recipe.tokenizer_ratio), None)
        else:
            known = tuned.base.tokenizer if tuned is not None else None
            if self.plan.weights is not None:
                known = book.open_model(self.plan.weights)[0].tokenizer
            ratio = book.text_ratio(known, workload.text_kind, of=self.plan.base)
        return Trainee(
            book=book,
            label=self.label,
            base=self.plan.base,
            weights=self.plan.weights,
            adapter=self.plan.adapter,
            ratio=ratio,
            text_kind=workload.text_kind,
            tuned=tuned,
        )

    # ------------------------------------------------------------------ what it rests on

    def _own_numbers(self) -> list[Parameter]:
        """Return the option's own numbers that are not plainly absent."""
        found = []
        for name, (unit, _, _, absent) in _NUMBERS.items():
            value = getattr(self, name)
            if value is None:
                if self.plan.serving == "hosted":
                    found.append(Parameter(name, 1.0, unit, "default", "one deployment serves it"))
            elif not (isinstance(value, float) and value == absent):
                found.append(Parameter(name, value, unit, "given", "", GIVEN))
        return found

    def _notes(self, tuned: TunedPrice | None) -> list[str]:
        """Return what has to be said about the tuned model and its replicas."""
        notes = [] if tuned is None else [*tuned.notes, *self._later(tuned)]
        if point(self.base_share) < 1.0:
            share = format_share(point(self.base_share))
            times = format_count(1.0 / point(self.base_share))
            notes.append(f"{self.label}: pays {share} of replicas that serve {times} times its tokens in all.")
        return notes

    def _later(self, tuned: TunedPrice) -> list[str]:
        """Return the rows that begin before a year, or the next training, has passed; and the base's end."""
        months = max(point(self.training.retrain_every_months), 12.0)
        left = (date.max - self.book.as_of).days
        until = self.book.as_of + timedelta(days=min(months * DAYS_PER_MONTH, left))
        notes = []
        for row in tuned.later:
            if row.effective_from <= until:
                closed = tuned.number("training_usd_per_mtok") is not None and row.training_usd_per_mtok is None
                what = "training has no price from that day on" if closed else "its prices change"
                kind = "announced" if row.status == "announced" else "known"
                notes.append(f"{self.label}: {kind} for {row.effective_from}: {what}; not used before that day.")
        if "/" in self.plan.base:
            gone = self._retirement(until)
            notes += [] if gone is None else [f"{self.label}: its base {self.plan.base} retires on {gone}."]
        return notes

    def _retirement(self, until: date) -> date | None:
        """Return the day on which the base goes, where that is known and soon."""
        try:
            gone = self.book.retires_by(self.plan.base, until)
        except ResolveError:
            return None  # a base of which no table says anything else
        return None if gone is None else gone.retires_on

    # ------------------------------------------------------------------ the same, otherwise

    def with_book(self, book: Book) -> FineTunedOption:
        """See `CostOption.with_book`."""
        return replace(self, recipe=self.recipe.with_book(book))

    def with_number(self, name: str, value: object) -> FineTunedOption:
        """See `CostOption.with_number`."""
        changes: dict[str, Any] = {}
        if name == "training":
            if not isinstance(value, Training):
                accepted = "tc.Training(…), or tc.Training.none()"
                raise ScenarioError(Problem(f"{self.label}:training", f"{value!r:.60}", accepted))
            changes["training"] = value
        elif name.startswith("training."):
            where = f"{self.label}:training"
            changes["training"] = self.training.with_number(name.removeprefix("training."), value, where=where)
        elif name in _NUMBERS:
            changes[name] = value
        else:
            changes["recipe"] = self.recipe.with_number(name, value)
        return replace(self, **changes)


def _by_gpu(plan: Engineering | EngineeringItems) -> EngineeringItems:
    """Return only what a plan says of upkeep by the GPU."""
    items = [
        Engineering(upkeep_usd_per_gpu_month=item.upkeep_usd_per_gpu_month, label=item.label)
        for item in plan.items
        if not item.defaulted("upkeep_usd_per_gpu_month")
    ]
    return EngineeringItems(tuple(items))
