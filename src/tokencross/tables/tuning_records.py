"""What the tables of fine-tuning may say: training, hosting, and what a tuned model's tokens cost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tokencross.tables.api_records import Batch
from tokencross.tables.records import Dated, check_eras
from tokencross.tables.strict import Amount, StrictRecord, mistake

__all__ = ["TunedModel", "TuningFile", "TuningRow"]


class TuningRow(Dated):
    """Prices of tuning a model and of using it tuned, from a day on; what is unknown stays out."""

    training_usd_per_mtok: Amount | None = None
    """Training tokens, epochs counted. [USD per million tokens]"""
    training_usd_per_hour: Amount | None = None
    """Training time. [USD per hour]"""
    hosting_usd_per_hour: Amount | None = None
    """Keeping the tuned model deployed. [USD per hour]"""
    input_usd_per_mtok: Amount | None = None
    """Fresh input of the tuned model. [USD per million tokens]"""
    output_usd_per_mtok: Amount | None = None
    """Output of the tuned model. [USD per million tokens]"""
    cache_read_usd_per_mtok: Amount | None = None
    """Input of the tuned model read from the cache. [USD per million tokens]"""
    batch: Batch | None = None
    """Deferred requests of the tuned model, where they cost less."""

    @model_validator(mode="after")
    def _something(self) -> TuningRow:
        prices = [value for key, value in self if key.endswith(("_usd_per_mtok", "_usd_per_hour"))]
        if not any(value is not None for value in prices):
            mistake("no price at all", "at least one of training, hosting and inference prices")
        return self


class TunedModel(StrictRecord):
    """A way to tune one base model at a provider."""

    id: str = Field(min_length=1)
    """Base, method and variant, unique in the file."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    base: str = Field(min_length=1)
    """What is tuned: provider/model in api/, or the id of an open model."""
    method: Literal["supervised", "preference", "reinforcement"]
    """How it is trained."""
    adapter: Literal["lora", "full"] | None = None
    """Whether an adapter or all weights are trained, where the vendor says."""
    serving: Literal["per_token", "hosted", "dedicated"]
    """How the tuned model is served: by the token, by the token on a deployment with an hourly fee, or on GPUs billed
    by time."""
    region: str = ""
    """Kind of deployment, where the price depends on it."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""
    prices: tuple[TuningRow, ...] = Field(min_length=1)
    """Eras, oldest first."""

    @model_validator(mode="after")
    def _eras(self) -> TunedModel:
        check_eras(self.prices)
        return self


class TuningFile(StrictRecord):
    """Fine-tuning at one provider."""

    provider: str = Field(min_length=1)
    """Id of the provider."""
    name: str = Field(min_length=1)
    """Name as people say it."""
    models: tuple[TunedModel, ...]
    """What can be tuned, sorted by id."""
