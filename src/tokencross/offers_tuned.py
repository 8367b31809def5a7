"""Fine-tuned and custom models as a price book offers them."""

from __future__ import annotations

from typing import Any, Unpack

from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.number import Number
from tokencross.offers_gpus import GpuOffers
from tokencross.options.dedicated import DedicatedOption
from tokencross.options.fine_tuned import FineTunedOption, TunedApiOption
from tokencross.options.fine_tuning_plan import ServingArguments, checked_arguments, fine_tuning_plan, given
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.options.training import Training

__all__ = ["TunedOffers"]


class TunedOffers(GpuOffers):
    """Tuned models, at their vendors and on GPUs, from tables at a date."""

    def fine_tuned(
        self,
        base: str,
        *,
        training: Training,
        engineering: Engineering | EngineeringItems,
        label: str | None = None,
        serving: str | None = None,
        provider: str | None = None,
        method: str | None = None,
        adapter: str | None = None,
        region: str | None = None,
        instance: str | None = None,
        purchase: str | None = None,
        gpu: str | None = None,
        deployment_count: Number | None = None,
        base_share: Number = 1.0,
        adapter_overhead_share: Number = 0.0,
        **served: Unpack[ServingArguments],
    ) -> FineTunedOption:
        """Return a fine-tuned model as an option, served by its vendor or on GPUs.

        Parameters
        ----------
        base : str
            What is tuned: ``provider/model`` or an open model; or a row of ``tuning/``, by ``provider/id`` or alias.
            Weights from scratch name the open model whose architecture, and so whose throughput, they have.
        training : Training
            What training takes; a model that is tuned already is ``tc.Training.none()``.
        engineering : Engineering
            The people's side; a free lunch is written ``tc.Engineering.none()``.
        label : str, optional
            Name in tables, charts and addresses.
        serving : str, optional
            ``vendor``: by the token; ``hosted``: by the token on a deployment with an hourly fee; ``own``: on GPUs of
            one's own; ``dedicated``: in a provider's endpoint. Unless said, ``instance`` means own, ``gpu`` dedicated,
            and otherwise it is as the tables have it.
        provider : str, optional
            Who tunes, and whose endpoint it is; the one that ``base`` names, or the only one, unless said.
        method : str, optional
            ``supervised``, ``preference`` or ``reinforcement``; to be said where prices depend on it.
        adapter : str, optional
            ``lora`` or ``full``; to be said where prices or hours of training depend on it.
        region : str, optional
            Kind of deployment of a tuned model, or region of the instance; to be said where the price depends on it.
        instance, purchase : str, optional
            Own GPUs, as for `self_hosted`.
        gpu : str, optional
            A provider's endpoint, as for `dedicated`.
        deployment_count : Number, optional
            Deployments with an hourly fee; 1 unless given.
        base_share : Number
            Adapters that share a base's replicas: this model's share of the traffic on them. [share]
        adapter_overhead_share : Number
            Of the base's throughput, what serving adapters costs. [share]
        **served
            By the token: ``service_tier`` (standard or batch), ``discount_share``, ``credits_usd_per_month``,
            ``support``, ``tokenizer_ratio``, ``output_ratio`` as for `api`. On GPUs: ``precision``, ``engine``,
            ``gpus_per_replica``, ``throughput``, ``latency``, ``target_load_share``, ``billed_hours_share``,
            ``scaling``, ``compute_as_of``, ``throughput_as_of``, and everything else of `self_hosted` or
            ``min_replica_count`` of `dedicated`.

        Raises
        ------
        ResolveError
            If nobody tunes the base, or several do and it is not said which; the choices are named.
        ScenarioError
            If arguments do not go together, or a number is out of bounds.
        """
        said = "fine-tuned" if label is None else label
        plan = fine_tuning_plan(
            self._book,
            base,
            training=training,
            label=said,
            serving=serving,
            provider=provider,
            method=method,
            adapter=adapter,
            region=region,
            own=instance is not None or purchase is not None,
            dedicated=gpu is not None,
        )
        checked_arguments(said, plan, served)
        name = f"{plan.name}, fine-tuned" if label is None else label
        shared: dict[str, Any] = {"engineering": engineering, "label": name, **served}
        recipe: TunedApiOption | SelfHostedOption | DedicatedOption
        if plan.serving == "own":
            where, terms = given(said, instance=instance, purchase=purchase)
            recipe = self.self_hosted(plan.base, instance=where, purchase=terms, region=region, **shared)
        elif plan.serving == "dedicated":
            whose, chip = given(said, provider=provider, gpu=gpu)
            recipe = self.dedicated(whose, gpu=chip, model=plan.base, region=region, **shared)
        else:
            assert plan.tuned is not None  # served at prices of a row
            recipe = TunedApiOption(
                book=self._book, model=plan.base, tier="fine_tuned", weights=None, tuned=plan.tuned, **shared
            )
        return FineTunedOption(
            plan=plan,
            training=training,
            recipe=recipe,
            deployment_count=deployment_count,
            base_share=base_share,
            adapter_overhead_share=adapter_overhead_share,
        )
