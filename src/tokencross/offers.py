"""The options that a price book offers: one method for each way to get tokens."""

from __future__ import annotations

from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.number import Number
from tokencross.options.api import ApiOption
from tokencross.options.buyer import SupportPlan
from tokencross.options.dedicated import DedicatedOption
from tokencross.options.provisioned import ProvisionedOption
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.tables.book import Book
from tokencross.tables.dates import DateLike, as_date
from tokencross.tables.rented import DEDICATED

__all__ = ["Offers"]


class Offers:
    """What can be bought from tables at a date; users hold it as `PriceBook`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def api(
        self,
        model: str,
        *,
        label: str | None = None,
        service_tier: str = "standard",
        region: str | None = None,
        discount_share: Number = 0.0,
        tokenizer_ratio: Number | None = None,
        output_ratio: Number | None = None,
        engineering: Engineering | EngineeringItems | None = None,
        cache_lifetime: str | None = None,
        stored_cache_tokens: Number = 0.0,
        usage_tier: str | None = None,
        credits_usd_per_month: Number = 0.0,
        support: SupportPlan | None = None,
    ) -> ApiOption:
        """Return a hosted model as an option: frontier API, smaller hosted model or hosted open model.

        Parameters
        ----------
        model : str
            ``provider/model``, by id or alias; a name that only one provider has may stand alone.
        label : str, optional
            Name in tables, charts and addresses; the model's name unless given.
        service_tier : str
            ``standard``, ``batch``, or another that the tables have for it: ``flex``, ``priority``, ``fast``,
            ``thinking``.
        region : str, optional
            Where the tables have regional prices.
        discount_share : Number
            Off the list price. [share]
        tokenizer_ratio : Number, optional
            Billed tokens per reference token instead of the tables'; 1 switches it off.
        output_ratio : Number, optional
            Length of its answers over the workload's, reasoning tokens included.
        engineering : Engineering, optional
            The people's side; none unless given.
        cache_lifetime : str, optional
            ``1h`` or ``12h``: how long what is written to the cache lasts, where that has its own price.
        stored_cache_tokens : Number
            Kept in an explicit cache around the clock, where storage is billed. [billed tokens]
        usage_tier : str, optional
            Whose published limits count; the highest published one's unless given.
        credits_usd_per_month : Number
            Usage that is free every month. [USD/month]
        support : SupportPlan, optional
            A support plan that grows with the bill.

        Raises
        ------
        ResolveError
            If the model is unknown; the nearest known is named.
        ScenarioError
            If a number is out of bounds.
        """
        record, _ = self._book.api_model(model)
        return ApiOption(
            book=self._book,
            model=self._book.api_name(model),
            label=record.name if label is None else label,
            tier=record.tier,
            weights=record.weights,
            service_tier=service_tier,
            region=region,
            discount_share=discount_share,
            tokenizer_ratio=tokenizer_ratio,
            output_ratio=output_ratio,
            engineering=Engineering.none() if engineering is None else engineering,
            cache_lifetime=cache_lifetime,
            stored_cache_tokens=stored_cache_tokens,
            usage_tier=usage_tier,
            credits_usd_per_month=credits_usd_per_month,
            support=support,
        )

    def provisioned(
        self,
        model: str,
        *,
        label: str | None = None,
        region: str | None = None,
        commitment: str = "hourly",
        usd_per_unit_hour: Number | None = None,
        input_tokens_per_minute: Number | None = None,
        output_weight_ratio: Number | None = None,
        cached_weight_ratio: Number | None = None,
        target_load_share: Number | None = None,
        min_unit_count: Number | None = None,
        discount_share: Number = 0.0,
        tokenizer_ratio: Number | None = None,
        output_ratio: Number | None = None,
        engineering: Engineering | EngineeringItems | None = None,
    ) -> ProvisionedOption:
        """Return provisioned throughput of a hosted model as an option: whole units, sized for the busiest minutes.

        Parameters
        ----------
        model : str
            ``provider/model``, as in ``provisioned/``.
        label : str, optional
            Name in tables, charts and addresses.
        region : str, optional
            Region or kind of deployment; to be said where price or sizes depend on it.
        commitment : str
            ``hourly``, ``1_month``, ``6_months``, ``1_year`` or ``3_years``, as the table has it.
        usd_per_unit_hour, input_tokens_per_minute, output_weight_ratio, cached_weight_ratio : Number, optional
            Price of a unit, what one serves, and how many input tokens an output or cached token counts as: one's own
            figures instead of the tables', needed where these have none.
        target_load_share : Number, optional
            How full the units are planned; 1 unless given. [share]
        min_unit_count : Number, optional
            Fewest units, instead of the tables'.
        discount_share : Number
            Off the list price. [share]
        tokenizer_ratio, output_ratio : Number, optional
            As for `api`.
        engineering : Engineering, optional
            The people's side; none unless given.

        Raises
        ------
        ResolveError
            If the model is unknown, or not sold on these terms.
        ScenarioError
            If a number is out of bounds, or neither given nor in the tables.
        """
        name, record = self._book.provisioned_model(model)
        return ProvisionedOption(
            book=self._book,
            model=name,
            label=f"{record.name}, provisioned" if label is None else label,
            region=region,
            commitment=commitment,
            usd_per_unit_hour=usd_per_unit_hour,
            input_tokens_per_minute=input_tokens_per_minute,
            output_weight_ratio=output_weight_ratio,
            cached_weight_ratio=cached_weight_ratio,
            target_load_share=target_load_share,
            min_unit_count=min_unit_count,
            discount_share=discount_share,
            tokenizer_ratio=tokenizer_ratio,
            output_ratio=output_ratio,
            engineering=Engineering.none() if engineering is None else engineering,
        )

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
        throughput: Number | None = None,
        latency: str = "interactive",
        target_load_share: Number | None = None,
        min_replica_count: Number | None = None,
        billed_hours_share: Number = 1.0,
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
        billed_hours_share, compute_as_of, throughput_as_of
            As for `self_hosted`.

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
        throughput: Number | None = None,
        latency: str = "interactive",
        target_load_share: Number | None = None,
        min_instance_count: Number | None = None,
        spare_instance_count: Number | None = None,
        prefix_hit_share: Number = 0.0,
        billed_hours_share: Number = 1.0,
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
        throughput : Number, optional
            A rate of one's own before deratings. [reference tokens per replica-second]
        latency : str
            ``interactive``, ``relaxed`` or ``batch``: how much of an offline rate is planned with, and the
            defaults of minimum and spares.
        target_load_share : Number, optional
            Load at which the latency objective still holds; 0.7, or 1 for open-loop rates. [share]
        min_instance_count, spare_instance_count : Number, optional
            2 and 1, or 1 and 0 for batch. [instances]
        prefix_hit_share : Number
            Share of prefill that a prefix cache saves.
        billed_hours_share : Number
            Share of the month's hours that are billed.
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
            compute_as_of=dated["compute_as_of"],
            throughput_as_of=dated["throughput_as_of"],
        )
