"""The options that run an open model on GPUs paid by time."""

from __future__ import annotations

from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.number import Number
from tokencross.options.around import AroundGpu
from tokencross.options.dedicated import DedicatedOption
from tokencross.options.latency import Latency
from tokencross.options.load import Load
from tokencross.options.own_rate import Throughput
from tokencross.options.scaling import FIXED, Scaling
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.tables.book import Book
from tokencross.tables.dates import DateLike, as_date
from tokencross.tables.rented import DEDICATED

__all__ = ["GpuOffers"]


class GpuOffers:
    """Open models on GPUs from tables at a date."""

    _book: Book

    def load(self, name: str) -> Load:
        """Return a load profile of the tables, measured from a public trace; see `Load.preset`.

        Raises
        ------
        ScenarioError
            If the tables have none of this name; the message lists them.
        """
        return Load.preset(name, book=self._book)

    def dedicated(
        self,
        provider: str,
        *,
        gpu: str,
        model: str,
        engineering: Engineering | EngineeringItems,
        label: str | None = None,
        region: str | None = None,
        precision: str | None = None,
        engine: str | None = None,
        gpus_per_replica: int | None = None,
        throughput: Number | Throughput | None = None,
        latency: str | Latency = "interactive",
        target_load_share: Number | None = None,
        min_replica_count: Number | None = None,
        billed_hours_share: Number = 1.0,
        scaling: Scaling = FIXED,
        compute_as_of: DateLike | None = None,
        throughput_as_of: DateLike | None = None,
    ) -> DedicatedOption:
        """Return a managed endpoint of one's own as an option: a provider's GPUs, billed by time.

        Of the sizes that the provider sells with this GPU, the one whose full replicas cost the least per token.

        Parameters
        ----------
        provider : str
            Whose endpoints.
        gpu : str
            Accelerator, by id or alias.
        model : str
            Open model, by id or alias.
        engineering : Engineering
            The people's side; a free lunch is written ``tc.Engineering.none()``.
        min_replica_count : Number, optional
            Fewest replicas kept up; what the provider keeps, or 1, unless given. 0 scales to zero.
        label, region, precision, engine, gpus_per_replica, throughput, latency, target_load_share
            As for `self_hosted`.
        billed_hours_share, scaling, compute_as_of, throughput_as_of
            As for `self_hosted`; the provider keeps what stands around the GPUs.

        Raises
        ------
        ResolveError
            If provider, GPU or model are unknown or do not go together.
        ScenarioError
            If a number is out of bounds.
        """
        recipe = self.self_hosted(
            model,
            instance=f"{provider}/",
            purchase=DEDICATED,
            engineering=engineering,
            label=f"{model} at {provider}, dedicated" if label is None else label,
            region=region,
            precision=precision,
            engine=engine,
            gpus_per_replica=gpus_per_replica,
            throughput=throughput,
            latency=latency,
            target_load_share=target_load_share,
            min_instance_count=min_replica_count,
            billed_hours_share=billed_hours_share,
            scaling=scaling,
            around=AroundGpu.none(),
            compute_as_of=compute_as_of,
            throughput_as_of=throughput_as_of,
        )
        self._book.dedicated_instances(provider, gpu)
        return DedicatedOption(provider=provider, gpu=gpu, recipe=recipe)

    def self_hosted(
        self,
        model: str,
        *,
        instance: str,
        purchase: str,
        engineering: Engineering | EngineeringItems,
        label: str | None = None,
        region: str | None = None,
        precision: str | None = None,
        engine: str | None = None,
        gpus_per_replica: int | None = None,
        throughput: Number | Throughput | None = None,
        latency: str | Latency = "interactive",
        target_load_share: Number | None = None,
        min_instance_count: Number | None = None,
        spare_instance_count: Number | None = None,
        prefix_hit_share: Number = 0.0,
        billed_hours_share: Number = 1.0,
        scaling: Scaling = FIXED,
        base_purchase: str | None = None,
        reserved_count: Number | None = None,
        max_instance_count: Number | None = None,
        interruption_overhead_share: Number = 0.0,
        zone_count: int = 1,
        standby_share: Number = 0.0,
        around: AroundGpu | None = None,
        compute_as_of: DateLike | None = None,
        throughput_as_of: DateLike | None = None,
    ) -> SelfHostedOption:
        """Return an open model on rented or owned GPUs as an option: whole instances, sized for the peak.

        Parameters
        ----------
        model : str
            Open model, by id or alias.
        instance : str
            ``provider/instance``.
        purchase : str
            ``on_demand``, ``spot``, ``reserved_1y``, ``reserved_3y``, ``savings_1y``, ``savings_3y``,
            ``capacity_block`` or ``owned``, as the table has it.
        engineering : Engineering
            The people's side; a free lunch is written ``tc.Engineering.none()``.
        label : str, optional
            Name in tables, charts and addresses.
        region : str, optional
            To be said where the price depends on it.
        precision, engine : str, optional
            To choose among the measured rates.
        gpus_per_replica : int, optional
            GPUs that serve one copy; the most productive measured count unless given.
        throughput : Number or Throughput, optional
            A rate of one's own before deratings [reference tokens per replica-second], or one's own measurements.
        latency : str or Latency
            ``interactive``, ``relaxed`` or ``batch``: how much of an offline rate is planned with, and the
            defaults of minimum and spares; or a target in milliseconds.
        target_load_share : Number, optional
            Load at which the latency objective still holds; 0.7, or 1 for open-loop rates. [share]
        min_instance_count, spare_instance_count : Number, optional
            2 and 1, or 1 and 0 for batch. [instances]
        prefix_hit_share : Number
            Share of prefill that a prefix cache saves.
        billed_hours_share : Number
            Share of the month's hours that are billed.
        scaling : Scaling
            Fixed, autoscaled, on a schedule, or billed by the second; all but the first need the workload's ``load``.
        base_purchase : str, optional
            Terms of a base that is paid all month, such as ``reserved_1y``; ``purchase`` is then of what goes beyond.
        reserved_count : Number, optional
            Instances on the terms of the base; the cheapest number at every volume unless given. [instances]
        max_instance_count : Number, optional
            The provider's quota. [instances]
        interruption_overhead_share : Number
            Spot: share of the paid hours that interruptions take.
        zone_count : int
            Failure domains, the loss of one of which the others bear.
        standby_share : Number
            Capacity kept running elsewhere for outages, over the planned one.
        around : AroundGpu, optional
            Storage, egress, load balancer, observability, licences, staging; the tables' defaults unless given.
        compute_as_of, throughput_as_of : date or str, optional
            Dates of instance price and measured rates, if not the book's.

        Raises
        ------
        ResolveError
            If model or instance are unknown; the nearest known are named.
        ScenarioError
            If a number is out of bounds.
        """
        record, _ = self._book.open_model(model)
        days = {
            "compute_as_of": compute_as_of,
            "throughput_as_of": throughput_as_of,
        }
        dated = {name: None if day is None else as_date(day, where=name) for name, day in days.items()}
        return SelfHostedOption(
            book=self._book,
            model=record.id,
            instance=instance,
            purchase=purchase,
            engineering=engineering,
            label=f"{record.name} on {instance}" if label is None else label,
            weights=record.id,
            region=region,
            precision=precision,
            engine=engine,
            gpus_per_replica=gpus_per_replica,
            throughput=throughput,
            latency=latency,
            target_load_share=target_load_share,
            min_instance_count=min_instance_count,
            spare_instance_count=spare_instance_count,
            prefix_hit_share=prefix_hit_share,
            billed_hours_share=billed_hours_share,
            scaling=scaling,
            base_purchase=base_purchase,
            reserved_count=reserved_count,
            max_instance_count=max_instance_count,
            interruption_overhead_share=interruption_overhead_share,
            zone_count=zone_count,
            standby_share=standby_share,
            around=AroundGpu.typical() if around is None else around,
            compute_as_of=dated["compute_as_of"],
            throughput_as_of=dated["throughput_as_of"],
        )
