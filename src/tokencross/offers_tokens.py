"""The options that are billed by the token or by the provisioned unit."""

from __future__ import annotations

from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.number import Number
from tokencross.options.api import ApiOption
from tokencross.options.buyer import SupportPlan
from tokencross.options.provisioned import ProvisionedOption
from tokencross.tables.book import Book

__all__ = ["TokenOffers"]


class TokenOffers:
    """Hosted models from tables at a date."""

    _book: Book

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
