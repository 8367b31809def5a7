"""An open model on GPUs that one rents or owns: whole instances, sized for the load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, plain, point
from tokencross.options.around import AroundGpu
from tokencross.options.around_costs import AroundCosts
from tokencross.options.base import Resolved, checked_engineering, checked_label, from_tables, replaced_engineering
from tokencross.options.capacity import MIN_INSTANCE_COUNT, SPARE_INSTANCE_COUNT, Fleet
from tokencross.options.demand import peak_ratio, planned_hours
from tokencross.options.hosting import CHOICES, NUMBERS, check_billing, check_terms, checked_count, checked_numbers
from tokencross.options.hosting_words import hosting_notes, hosting_parameters
from tokencross.options.latency import Latency, checked_latency, combined_ratio, latency_class
from tokencross.options.levels import Levels, one_level
from tokencross.options.mix import Demand, classes_of, demand_of
from tokencross.options.own_rate import Throughput, as_throughput
from tokencross.options.replica import Replica
from tokencross.options.replicas import Wanted, choose_replica
from tokencross.options.scaling import FIXED, Scaling
from tokencross.options.throughput import Lengths, bytes_per_parameter
from tokencross.options.workload import Workload
from tokencross.tables.book import Book
from tokencross.tables.rented import DEDICATED
from tokencross.tables.resolved import HourlyPrice
from tokencross.tables.serving_records import Gpu, OpenModel
from tokencross.units import BYTES_PER_GIB, HOURS_PER_MONTH

__all__ = ["SelfHostedOption"]


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
    throughput: Number | Throughput | None = None
    latency: str | Latency = "interactive"
    latency_factor: Number | None = None
    target_load_share: Number | None = None
    min_instance_count: Number | None = None
    spare_instance_count: Number | None = None
    prefix_hit_share: Number = 0.0
    billed_hours_share: Number = 1.0
    scaling: Scaling = FIXED
    base_purchase: str | None = None
    reserved_count: Number | None = None
    max_instance_count: Number | None = None
    interruption_overhead_share: Number = 0.0
    zone_count: int = 1
    standby_share: Number = 0.0
    around: AroundGpu = field(default_factory=AroundGpu.none)
    rate: Number | None = None  # replaces the number that the tables or measurements give, and nothing else of theirs
    throughput_ratio: Number | None = None  # the rate reached over the one that is planned with
    compute_as_of: date | None = None
    throughput_as_of: date | None = None

    def __post_init__(self) -> None:
        """Check what was given."""
        checked_label(self.label)
        fields = {name: getattr(self, name) for name in NUMBERS}
        numbers = checked_numbers(fields, where=self.label)
        for name, number in numbers.items():
            object.__setattr__(self, name, number)
        object.__setattr__(self, "latency", checked_latency(self.latency, where=self.label))
        own = as_throughput(self.throughput)
        if own is not None:
            object.__setattr__(self, "throughput", own)
        if not isinstance(self.around, AroundGpu):
            accepted = "tc.AroundGpu(…), .typical() or .none()"
            raise ScenarioError(Problem(f"{self.label}:around", repr(self.around), accepted))
        for name in ("precision", "engine", "base_purchase", "region"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ScenarioError(Problem(f"{self.label}:{name}", repr(value), "text, or None"))
        checked_engineering(self.engineering, where=self.label, gpus="")
        checked_count(self.gpus_per_replica, name="gpus_per_replica", where=self.label)
        checked_count(self.zone_count, name="zone_count", where=self.label, optional=False)
        check_terms(
            where=self.label,
            purchase=self.purchase,
            base_purchase=self.base_purchase,
            scaling=self.scaling,
            numbers=numbers,
            zone_count=self.zone_count,
        )

    # ------------------------------------------------------------------ curve

    def curve(self, workload: Workload) -> CostCurve:
        """See `CostOption.curve`."""
        return self.resolve(workload).curve

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        prices = self.book if self.compute_as_of is None else self.book.at(self.compute_as_of)
        hourly = prices.hourly_price(self.instance, purchase=self.purchase, region=self.region)
        terms = [hourly]
        if self.base_purchase is not None:
            terms.append(prices.hourly_price(self.instance, purchase=self.base_purchase, region=self.region))
        model, model_citation = self.book.open_model(self.model)
        gpu, gpu_citation = self.book.gpu(hourly.instance.gpu)
        ratio = self.book.text_ratio(model.tokenizer, workload.text_kind, of=model.id)
        replica, seconds_per_token = self._replica(workload, model, gpu, hourly)
        weights_gib = model.parameter_count * bytes_per_parameter(self._precision(replica)) / BYTES_PER_GIB
        start_up = self.scaling.start_up(weights_gib)
        demand = demand_of(workload, seconds_per_token)
        around = self.around.resolve(prices, provider=hourly.address.removeprefix("compute:").partition("/")[0])
        beside_each = self._beside_usd_per_hour(around, hourly, weights_gib) if len(terms) > 1 else 0.0
        fleet = replace(
            self._fleet(workload, demand, terms, replica, start_up),
            beside_usd_per_hour=beside_each,
        )
        beside = around.curve(
            instances=fleet.instances(),
            gpus=fleet.gpus(),
            staging_usd_per_month=hourly.usd_per_hour * HOURS_PER_MONTH * replica.instances_per_replica,
            weights_gib=weights_gib,
            output_share=float_or_draws(workload.output_tokens) / workload.request_tokens,
        )
        self._check_quota(fleet)
        limit = fleet.limit(None if self.max_instance_count is None else point(self.max_instance_count))
        run = () if replica.rate is None or replica.rate.source is None else (replica.rate.source.citation,)
        others = (model_citation, gpu_citation, *(() if ratio.citation is None else (ratio.citation,)))
        quantities = tuple(quantity for price in terms for quantity in price.quantities)
        beyond = [] if limit is None else [f"{self.label}: its quota ends at {limit.words}."]
        known = [*beyond, *(note for price in terms for note in price.notes), *ratio.notes, *around.notes]
        return Resolved(
            curve=fleet.curve(run) + beside + self.engineering.curve(fleet.gpus()),
            local=(*hosting_parameters(self, fleet, start_up), *around.parameters()),
            tables=from_tables((*quantities, *ratio.quantities)),
            notes=tuple(hosting_notes(self, workload, fleet, ratio, known=known, beside=beside.terms)),
            citations=(*(price.citation for price in terms), *run, *others, *around.citations),
            fleet=fleet,
            limit=limit,
            latency=fleet.replica.served,
        )

    def _replica(
        self, workload: Workload, model: OpenModel, gpu: Gpu, hourly: HourlyPrice
    ) -> tuple[Replica, tuple[FloatOrDraws, ...]]:
        """Return the GPUs that serve one copy of the model, and the seconds that a token of each class takes.

        Over classes of work the replica is chosen for the mean request; its seconds add up class by class.
        """
        target = None if self.target_load_share is None else float_or_draws(self.target_load_share)
        wanted = Wanted(self.precision, self.engine, self.gpus_per_replica, self.latency, target)
        replica = self._chosen(workload, wanted, model, gpu, hourly)
        classes = classes_of(workload)
        if len(classes) == 1 or replica.rate is None or replica.rate.way == "given":
            return self._at_rate(replica, tuple(1.0 / replica.tokens_per_second for _ in classes))
        source = replica.rate.source
        alike = replace(wanted, precision=self._precision(replica), gpu_count=replica.gpu_count)
        if source is not None:
            alike = replace(alike, engine=source.run.engine or self.engine)
        seconds = tuple(
            1.0 / self._chosen(one.workload, alike, model, gpu, hourly).tokens_per_second for one in classes
        )
        total = sum((one.share * each for one, each in zip(classes, seconds, strict=True)), np.float64(0.0))
        return self._at_rate(replace(replica, tokens_per_second=plain(1.0 / total)), seconds)

    def _at_rate(self, replica: Replica, seconds: tuple[FloatOrDraws, ...]) -> tuple[Replica, tuple[FloatOrDraws, ...]]:
        """Return the same at the rate that replaces its own and is reached, every class as much faster or slower."""
        if self.rate is None and self.throughput_ratio is None:
            return replica, seconds
        rate = self.reached * (replica.tokens_per_second if self.rate is None else float_or_draws(self.rate))
        ratio = replica.tokens_per_second / rate
        return replace(replica, tokens_per_second=rate), tuple(each * ratio for each in seconds)

    @property
    def reached(self) -> FloatOrDraws:
        """The rate reached over the one that is planned with."""
        return 1.0 if self.throughput_ratio is None else float_or_draws(self.throughput_ratio)

    def _chosen(self, workload: Workload, wanted: Wanted, model: OpenModel, gpu: Gpu, hourly: HourlyPrice) -> Replica:
        """Return the replica for requests of one shape."""
        rates = self.book if self.throughput_as_of is None else self.book.at(self.throughput_as_of)
        ratio = self.book.text_ratio(model.tokenizer, workload.text_kind, of=model.id).value
        lengths = Lengths(
            float_or_draws(workload.input_tokens) * ratio,
            float_or_draws(workload.output_tokens) * ratio,
            float_or_draws(workload.input_cv),
            float_or_draws(workload.output_cv),
            float_or_draws(self.prefix_hit_share),
        )
        own = self.throughput
        return choose_replica(
            rates,
            model,
            gpu,
            hourly.instance,
            wanted,
            lengths,
            request_tokens=workload.request_tokens,
            given=own if own is None or isinstance(own, Throughput) else float_or_draws(own),
            where=self.label,
        )

    def _check_quota(self, fleet: Fleet) -> None:
        """Refuse a quota below what runs at the least volume: minimum, spares and zones together."""
        if self.max_instance_count is None:
            return
        quota, least = point(self.max_instance_count), fleet.instances_at_peak(1.0)
        if least > quota:
            found = f"{quota:g}, where minimum, spares and zones come to {least:g} instances at any volume"
            accepted = f"at least {least:g}, or a smaller min_instance_count, spare_instance_count or zone_count"
            raise ScenarioError(Problem(f"{self.label}:max_instance_count", found, accepted))

    def _beside_usd_per_hour(self, around: AroundCosts, hourly: HourlyPrice, weights_gib: float) -> FloatOrDraws:
        """Return what one more running instance costs besides itself: licences, storage and the like, and upkeep."""
        totals = []
        for count in (1.0, 0.0):
            instances, gpus = CostCurve.fixed(count), CostCurve.fixed(count * hourly.instance.gpu_count)
            beside = around.curve(
                instances=instances, gpus=gpus, staging_usd_per_month=0.0, weights_gib=weights_gib, output_share=0.0
            )
            totals.append((beside + self.engineering.curve(gpus)).usd_per_month(np.zeros(1))[..., 0])
        return plain((totals[0] - totals[1]) / HOURS_PER_MONTH)

    def _precision(self, replica: Replica) -> str | None:
        """Return the number format of the weights: asked for, or the measured run's."""
        source = None if replica.rate is None else replica.rate.source
        return self.precision if source is None else source.run.precision

    def _fleet(
        self,
        workload: Workload,
        demand: Demand,
        terms: Sequence[HourlyPrice],
        replica: Replica,
        start_up: FloatOrDraws,
    ) -> Fleet:
        """Return the sized fleet, on the purchase's terms and, if there are any, those of its base."""
        hourly, *base = terms
        target = None if self.target_load_share is None else float_or_draws(self.target_load_share)
        check_billing(self.scaling, hourly.billing_seconds, address=hourly.address, where=self.label)
        factor = None if self.latency_factor is None else float_or_draws(self.latency_factor)
        deratings = replica.deratings(self.latency, target, factor)
        speedup = combined_ratio(replica.deratings("batch", target)) / combined_ratio(deratings)
        return Fleet(
            instance=hourly.instance,
            replica=replica,
            deratings=deratings,
            levels=self._levels(demand, speedup, start_up),
            scaling=self.scaling,
            request_tokens=workload.request_tokens,
            price=hourly,
            base_price=base[0] if base else None,
            reserved_count=None if self.reserved_count is None else float_or_draws(self.reserved_count),
            billed_hours_share=float_or_draws(self.billed_hours_share),
            interruption_overhead_share=float_or_draws(self.interruption_overhead_share),
            standby_share=float_or_draws(self.standby_share),
            min_instance_count=self._least(hourly, replica),
            spare_instance_count=self._spares(),
            zone_count=self.zone_count,
            peak_to_mean=demand.peak,
            burst_ratio=demand.burst,
        )

    def _levels(self, demand: Demand, speedup: FloatOrDraws, start_up: FloatOrDraws) -> Levels:
        """Return for how much of the month the fleet is sized for which load."""
        burst, batch_share = demand.burst, demand.batch_share
        if self.scaling.kind == "fixed":
            ratio = peak_ratio(peak=demand.peak, burst=burst, batch_share=batch_share, batch_speedup=speedup)
            return one_level(ratio)
        if demand.hours is None:
            found = f"a fleet that is {self.scaling.kind}, for traffic of which only the peak is known"
            accepted = "workload: load=, the hours of the week: tc.Load.business_hours(), a preset, or your own"
            raise ScenarioError(Problem(f"{self.label}:scaling", found, accepted))
        if self.scaling.kind == "serverless":
            burst = 1.0  # billed by the second: busy minutes and quiet ones add up to their hour
        hours = planned_hours(demand.hours, burst=burst, batch_share=batch_share, batch_speedup=speedup)
        return self.scaling.levels(hours, start_up_minutes=start_up)

    def _least(self, hourly: HourlyPrice, replica: Replica) -> FloatOrDraws:
        """Return the fewest instances: given, what the provider keeps up, or the default for the latency class."""
        given = None if self.min_instance_count is None else float_or_draws(self.min_instance_count)
        if self.scaling.kind == "serverless":
            return 0.0
        if self.purchase == DEDICATED:  # endpoints are counted in replicas
            sold = 1.0 if hourly.min_replica_count is None else float(hourly.min_replica_count)
            return (sold if given is None else given) * replica.instances_per_replica
        return MIN_INSTANCE_COUNT[latency_class(self.latency)] if given is None else given

    def _spares(self) -> FloatOrDraws:
        """Return the instances beyond what the load needs: given, or the default for the latency class."""
        if self.spare_instance_count is not None:
            return float_or_draws(self.spare_instance_count)
        ready = self.purchase == DEDICATED or self.scaling.kind == "serverless" or self.zone_count > 1
        return 0.0 if ready else SPARE_INSTANCE_COUNT[latency_class(self.latency)]

    # ------------------------------------------------------------------ the same, otherwise

    @property
    def rate_is_given(self) -> bool:
        """Whether the study gives the rate itself, instead of rows or measurements."""
        return self.rate is not None or not (self.throughput is None or as_throughput(self.throughput) is not None)

    def with_book(self, book: Book) -> SelfHostedOption:
        """See `CostOption.with_book`."""
        return replace(self, book=book)

    def with_number(self, name: str, value: object) -> SelfHostedOption:
        """See `CostOption.with_number`."""
        if name.startswith("engineering"):
            plan = replaced_engineering(self.engineering, name, value, where=self.label)
            return replace(self, engineering=plan)
        of_rows = self.rate is not None or not self.rate_is_given
        if name == "throughput" and of_rows and as_throughput(value) is None:
            unit, low, high, open_low = NUMBERS[name]
            where = f"{self.label}:{name}"
            number = check_number(value, where=where, unit=unit, low=low, high=high, open_low=open_low)
            return replace(self, rate=number)
        if name.startswith("around."):
            return replace(self, around=self.around.with_number(name, value, where=self.label))
        if name.startswith("scaling."):
            part = name.removeprefix("scaling.")
            return replace(self, scaling=self.scaling.with_number(part, value, where=f"{self.label}:scaling"))
        if name in NUMBERS or name in CHOICES:
            changes: dict[str, Any] = {name: value}
            if name == "throughput":
                changes["rate"] = None
            return replace(self, **changes)
        known = [*NUMBERS, *CHOICES, "engineering"]
        raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", ", ".join(known), offer(name, known)))
