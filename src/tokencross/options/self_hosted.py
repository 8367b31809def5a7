"""An open model on GPUs that one rents: whole instances, sized for the peak."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, point
from tokencross.options.base import (
    GIVEN,
    Origin,
    Parameter,
    Resolved,
    checked_engineering,
    checked_label,
    engineering_parameters,
    from_tables,
    replaced_engineering,
)
from tokencross.options.capacity import MIN_INSTANCE_COUNT, SPARE_INSTANCE_COUNT, Fleet, peak_ratio
from tokencross.options.replicas import LATENCY_FACTORS, Replica, Wanted, choose_replica, combined_ratio
from tokencross.options.throughput import Lengths
from tokencross.options.workload import Workload
from tokencross.tables.book import Book
from tokencross.tables.rented import DEDICATED, OWNED
from tokencross.tables.resolved import HourlyPrice, TextRatio
from tokencross.units import format_share

__all__ = ["SelfHostedOption"]

# field: (unit, lowest, highest, whether the lowest is refused)
_NUMBERS: dict[str, tuple[str, float, float, bool]] = {
    "throughput": ("reference tokens per replica-second, before deratings", 0.0, np.inf, True),
    "latency_factor": ("share of the measured rate that the latency objective leaves", 0.0, 1.0, True),
    "target_load_share": ("share of what a replica can serve", 0.0, 1.0, True),
    "min_instance_count": ("instances", 0.0, np.inf, False),
    "spare_instance_count": ("instances", 0.0, np.inf, False),
    "prefix_hit_share": ("share of prefill that a prefix cache saves", 0.0, 1.0, False),
    "billed_hours_share": ("share of the month's hours", 0.0, 1.0, True),
}
_WHY = {
    "min_instance_count": "survive the failure of one",
    "spare_instance_count": "N+1",
}
_WHY_DEDICATED = {
    "min_instance_count": "replicas that the provider keeps up, or one where the table does not say",
    "spare_instance_count": "the provider replaces what fails",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class SelfHostedOption:
    """An open model on rented GPUs, by `PriceBook.self_hosted`."""

    book: Book
    model: str
    instance: str
    purchase: str
    engineering: Engineering | EngineeringItems
    label: str
    weights: str | None
    tier: str = "self_hosted"
    region: str | None = None
    precision: str | None = None
    engine: str | None = None
    gpus_per_replica: int | None = None
    throughput: Number | None = None
    latency: str = "interactive"
    latency_factor: Number | None = None
    target_load_share: Number | None = None
    min_instance_count: Number | None = None
    spare_instance_count: Number | None = None
    prefix_hit_share: Number = 0.0
    billed_hours_share: Number = 1.0
    compute_as_of: date | None = None
    throughput_as_of: date | None = None

    def __post_init__(self) -> None:
        """Check what was given."""
        checked_label(self.label)
        for name, (unit, low, high, open_low) in _NUMBERS.items():
            value = getattr(self, name)
            if value is None and name not in {"prefix_hit_share", "billed_hours_share"}:
                continue
            where = f"{self.label}:{name}"
            checked = check_number(value, where=where, unit=unit, low=low, high=high, open_low=open_low)
            if name.endswith("_count") and np.any(np.asarray(float_or_draws(checked)) % 1.0):
                raise ScenarioError(Problem(where, f"{value}", "a whole number of instances"))
            object.__setattr__(self, name, checked)
        if self.latency not in LATENCY_FACTORS:
            known = list(LATENCY_FACTORS)
            remedy = offer(str(self.latency), known)
            raise ScenarioError(
                Problem(f"{self.label}:latency", repr(self.latency), f"one of {', '.join(known)}", remedy)
            )
        checked_engineering(self.engineering, where=self.label, gpus="")
        if self.purchase == OWNED and point(self.billed_hours_share) != 1.0:
            found = f"{point(self.billed_hours_share):g} with purchase: {OWNED}"
            accepted = "1: what one owns costs the same when it is off"
            raise ScenarioError(Problem(f"{self.label}:billed_hours_share", found, accepted))
        count = self.gpus_per_replica
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise ScenarioError(Problem(f"{self.label}:gpus_per_replica", repr(count), "a whole number >= 1"))

    # ------------------------------------------------------------------ curve

    def curve(self, workload: Workload) -> CostCurve:
        """See `CostOption.curve`."""
        return self.resolve(workload).curve

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        prices = self.book if self.compute_as_of is None else self.book.at(self.compute_as_of)
        rates = self.book if self.throughput_as_of is None else self.book.at(self.throughput_as_of)
        hourly = prices.hourly_price(self.instance, purchase=self.purchase, region=self.region)
        model, model_citation = self.book.open_model(self.model)
        gpu, gpu_citation = self.book.gpu(hourly.instance.gpu)
        ratio = self.book.text_ratio(model.tokenizer, workload.text_kind, of=model.id)
        lengths = Lengths(
            float_or_draws(workload.input_tokens) * ratio.value,
            float_or_draws(workload.output_tokens) * ratio.value,
            float_or_draws(workload.input_cv),
            float_or_draws(workload.output_cv),
            float_or_draws(self.prefix_hit_share),
        )
        target = None if self.target_load_share is None else float_or_draws(self.target_load_share)
        replica = choose_replica(
            rates,
            model,
            gpu,
            hourly.instance,
            Wanted(self.precision, self.engine, self.gpus_per_replica, self.latency, target),
            lengths,
            request_tokens=workload.request_tokens,
            given=None if self.throughput is None else float_or_draws(self.throughput),
            where=self.label,
        )
        fleet = self._fleet(workload, hourly, replica, target)
        run = () if replica.rate is None else (replica.rate.source.citation,)
        cite = (hourly.citation, *run)
        ratio_cite = () if ratio.citation is None else (ratio.citation,)
        return Resolved(
            curve=fleet.curve(cite) + self.engineering.curve(fleet.gpus()),
            local=self._local_parameters(fleet),
            tables=from_tables((*hourly.quantities, *ratio.quantities)),
            notes=(*hourly.notes, *ratio.notes, *self._notes(workload, fleet, ratio, hourly)),
            citations=(*cite, model_citation, gpu_citation, *ratio_cite),
            fleet=fleet,
        )

    def _fleet(self, workload: Workload, hourly: HourlyPrice, replica: Replica, target: FloatOrDraws | None) -> Fleet:
        """Return the sized fleet."""
        factor = None if self.latency_factor is None else float_or_draws(self.latency_factor)
        deratings = replica.deratings(self.latency, target, factor)
        unhurried = combined_ratio(replica.deratings("batch", target))
        peak, burst = workload.peak, workload.burst
        planned = peak_ratio(
            peak=peak,
            burst=burst,
            batch_share=float_or_draws(workload.batch_share),
            batch_speedup=unhurried / combined_ratio(deratings),
        )
        return Fleet(
            instance=hourly.instance,
            replica=replica,
            deratings=deratings,
            peak_ratio=planned,
            request_tokens=workload.request_tokens,
            usd_per_hour=hourly.usd_per_hour,
            billed_hours_share=float_or_draws(self.billed_hours_share),
            min_instance_count=self._least(hourly, replica),
            spare_instance_count=self._spares(),
            peak_to_mean=peak,
            burst_ratio=burst,
        )

    def _least(self, hourly: HourlyPrice, replica: Replica) -> FloatOrDraws:
        """Return the fewest instances: given, what the provider keeps up, or the default for the latency class."""
        given = None if self.min_instance_count is None else float_or_draws(self.min_instance_count)
        if self.purchase == DEDICATED:  # endpoints are counted in replicas
            sold = 1.0 if hourly.min_replica_count is None else float(hourly.min_replica_count)
            return (sold if given is None else given) * replica.instances_per_replica
        return MIN_INSTANCE_COUNT[self.latency] if given is None else given

    def _spares(self) -> FloatOrDraws:
        """Return the instances beyond what the peak needs: given, or the default for the latency class."""
        if self.spare_instance_count is not None:
            return float_or_draws(self.spare_instance_count)
        return 0.0 if self.purchase == DEDICATED else SPARE_INSTANCE_COUNT[self.latency]

    # ------------------------------------------------------------------ what it rests on

    def _local_parameters(self, fleet: Fleet) -> tuple[Parameter, ...]:
        """Return the option's own numbers."""
        load = next(d for d in fleet.deratings if d.name == "target load share")
        values: dict[str, Number] = {
            "throughput": fleet.replica.tokens_per_second,
            "latency_factor": 1.0 if self.latency_factor is None else self.latency_factor,
            "target_load_share": load.ratio,
            "min_instance_count": fleet.min_instance_count,
            "spare_instance_count": fleet.spare_instance_count,
            "prefix_hit_share": self.prefix_hit_share,
            "billed_hours_share": self.billed_hours_share,
        }
        absent = {"latency_factor": 1.0, "prefix_hit_share": 0.0, "billed_hours_share": 1.0}
        found: list[Parameter] = []
        for name, value in values.items():
            if name in absent and isinstance(value, float) and value == absent[name]:
                continue
            given = getattr(self, name) is not None
            origin: Origin = "given" if given else "default"
            reasons = _WHY_DEDICATED if self.purchase == DEDICATED else _WHY
            why, citation = ("", GIVEN) if given else (reasons.get(name, load.why), None)
            if name == "throughput" and not given and fleet.replica.rate is not None:
                origin, citation = "fitted", fleet.replica.rate.source.citation
                why = self._rate_in_words(fleet)
            found.append(Parameter(name, value, _NUMBERS[name][0], origin, why, citation))
        for derating in fleet.deratings:
            if derating.name == "latency factor" and self.latency_factor is None and point(derating.ratio) != 1.0:
                unit = _NUMBERS["latency_factor"][0]
                found.append(Parameter("latency_factor", derating.ratio, unit, "default", derating.why))
        return (*found, *engineering_parameters(self.engineering))

    def _rate_in_words(self, fleet: Fleet) -> str:
        """Return how the rate is known."""
        rate = fleet.replica.rate
        if rate is None:
            return "given by the study"
        source = rate.source
        modelled = "modelled, not measured; " if source.run.nature == "modelled" else ""
        pairs = f"{source.pair_count} pair{'s' if source.pair_count != 1 else ''} of lengths"
        ways = {
            "measured": "measured at these lengths",
            "fitted": f"three-term fit to {pairs}, residual {format_share(rate.residual_share)}",
            "shrunk": f"three-term fit to {pairs}, shrunk towards the roofline's ratios",
            "given": "given by the study",
        }
        return f"{modelled}{ways[rate.way]}; {source.describe()}"

    def _notes(self, workload: Workload, fleet: Fleet, ratio: TextRatio, hourly: HourlyPrice) -> list[str]:
        """Return what has to be said about the numbers."""
        notes = []
        rate = fleet.replica.rate if self.throughput is None else None
        for kind, day in (("compute", self.compute_as_of), ("throughput", self.throughput_as_of)):
            if day is not None and day != self.book.as_of:
                notes.append(f"{self.label}: {kind} figures are those of {day}, not of {self.book.as_of}.")
        if rate is not None and rate.source.run.nature == "modelled":
            notes.append(f"{self.label}: its throughput is modelled, not measured ({rate.source.describe()}).")
        if rate is not None and rate.extrapolated:
            shape = f"{point(workload.input_tokens):,.0f} in / {point(workload.output_tokens):,.0f} out"
            notes.append(f"{self.label}: its throughput is extrapolated; {shape} lies outside the measured lengths.")
        if rate is not None and rate.source.run.caveat:
            notes.append(f"{self.label}: {rate.source.run.caveat}")
        if rate is not None and fleet.replica.others:
            listed = "; ".join(fleet.replica.others)
            notes.append(f"{self.label}: other engines, in tokens per replica-second before deratings: {listed}.")
        value = point(ratio.value)
        if abs(value - 1.0) > 0.005:
            notes.append(f"{self.label}: the model makes {value:g} tokens of one reference token of this text.")
        return notes

    # ------------------------------------------------------------------ the same, otherwise

    def with_book(self, book: Book) -> SelfHostedOption:
        """See `CostOption.with_book`."""
        return replace(self, book=book)

    def with_number(self, name: str, value: object) -> SelfHostedOption:
        """See `CostOption.with_number`."""
        if name.startswith("engineering"):
            plan = replaced_engineering(self.engineering, name, value, where=self.label)
            return replace(self, engineering=plan)
        choices = ["latency", "precision", "engine", "instance", "purchase", "region", "gpus_per_replica"]
        if name in _NUMBERS or name in choices:
            changes: dict[str, Any] = {name: value}
            return replace(self, **changes)
        known = [*_NUMBERS, *choices, "engineering"]
        raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", ", ".join(known), offer(name, known)))
