"""What it takes to train a model, as a recipe: data, runs, evaluation, and how often all of that comes again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

import numpy as np

from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import DefaultFloat, Number, check_number, float_or_draws, point
from tokencross.options.api import ApiOption

__all__ = ["MODEL_FLOPS_UTILISATION_SHARE", "RETRAIN_EVERY_MONTHS", "TRAINING_NUMBERS", "Training"]

RETRAIN_EVERY_MONTHS = DefaultFloat(9.0)
MODEL_FLOPS_UTILISATION_SHARE = DefaultFloat(0.4)

TRAINING_NUMBERS: dict[str, tuple[str, float, float, bool]] = {
    "examples_count": ("labelled examples", 0.0, np.inf, True),
    "usd_per_example": ("USD per labelled example", 0.0, np.inf, False),
    "pilot_share": ("schema and pilot, on top of what the labels cost", 0.0, 1.0, False),
    "tokens_per_example": ("reference tokens per example", 0.0, np.inf, True),
    "training_tokens": ("tokens of one epoch, as the trainer counts them", 0.0, np.inf, True),
    "epochs": ("passes over the data", 0.0, np.inf, True),
    "validation_tokens": ("tokens of the validation set, as the trainer counts them", 0.0, np.inf, False),
    "validation_count": ("evaluations of the validation set per run", 0.0, np.inf, False),
    "training_usd_per_mtok": ("USD per million training tokens", 0.0, np.inf, False),
    "training_hours": ("hours per run", 0.0, np.inf, False),
    "training_usd_per_hour": ("USD per hour", 0.0, np.inf, False),
    "minimum_usd_per_run": ("USD per run, at least", 0.0, np.inf, False),
    "parameter_count": ("parameters that work on one token", 0.0, np.inf, True),
    "gpu_tflops": ("10^12 operations per second and GPU, at most", 0.0, np.inf, True),
    "model_flops_utilisation_share": ("share of the GPUs' peak that training reaches", 0.0, 1.0, True),
    "run_count": ("runs for each model that is served, failed ones and experiments too", 1.0, np.inf, False),
    "evaluation_usd": ("USD per retraining", 0.0, np.inf, False),
    "evaluation_request_count": ("requests to the judge per retraining", 0.0, np.inf, False),
    "evaluation_input_tokens": ("reference tokens per request to the judge", 0.0, np.inf, False),
    "evaluation_output_tokens": ("reference tokens per answer of the judge", 0.0, np.inf, False),
    "teacher_input_tokens": ("reference tokens per request to the teacher", 0.0, np.inf, False),
    "teacher_output_tokens": ("reference tokens per answer of the teacher", 0.0, np.inf, False),
    "kept_share": ("share of the teacher's answers that become examples", 0.0, 1.0, True),
    "retrain_every_months": ("months from one training to the next", 0.0, np.inf, True),
    "data_life_months": ("months that the labelled data serve", 0.0, np.inf, True),
    "relabelled_share": ("share of the examples that a retraining buys anew", 0.0, 1.0, False),
}
"""Field: unit, lowest, highest, whether the lowest is refused."""

_JUDGED = ("evaluation_request_count", "evaluation_input_tokens", "evaluation_output_tokens")
_TAUGHT = ("teacher_input_tokens", "teacher_output_tokens")
_CHOICES = ("instance", "purchase", "region")
_SHARED = "Leave one of them out."


class _Further(TypedDict, total=False):
    """What `Training.distilled` and `Training.from_scratch` take besides their own arguments."""

    usd_per_example: Number
    pilot_share: Number
    epochs: Number
    validation_tokens: Number
    validation_count: Number
    training_usd_per_mtok: Number
    training_hours: Number
    training_usd_per_hour: Number
    minimum_usd_per_run: Number
    gpu_tflops: Number
    run_count: Number
    evaluation_usd: Number
    judge: ApiOption
    evaluation_request_count: Number
    evaluation_input_tokens: Number
    evaluation_output_tokens: Number
    retrain_every_months: Number
    data_life_months: Number
    relabelled_share: Number
    region: str


class _Distilled(_Further, total=False):
    tokens_per_example: Number
    training_tokens: Number
    parameter_count: Number
    model_flops_utilisation_share: Number
    instance: str
    purchase: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Training:
    """What training a model takes; its cost is spread evenly over the months until the next training.

    How much is trained is said in one of three ways: ``tokens_per_example``, ``training_tokens`` or
    ``training_hours``. What it costs is the vendor's price in the tables, a price that is given, or GPUs: ``instance``
    and ``purchase``.

    Attributes
    ----------
    examples_count : Number, optional
        Labelled examples; more than 0.
    usd_per_example : Number
        Labelling one; 0 where the labels are there. [USD]
    pilot_share : Number
        Label schema and pilot, once, on top of what the labels cost. [share]
    tokens_per_example : Number, optional
        Prompt and answer of one example; with packing off, the length that it is padded to. [reference tokens]
    training_tokens : Number, optional
        Tokens of one epoch, as the trainer counts them, instead of ``tokens_per_example``. [tokens]
    epochs : Number, optional
        Passes over the data; to be said with tokens.
    validation_tokens, validation_count : Number, optional
        Tokens of the validation set and how often a run goes over it, where the vendor bills them. [tokens; count]
    training_usd_per_mtok : Number, optional
        Instead of the tables' price. [USD per million tokens]
    training_hours : Number, optional
        Hours of a run: at the price by the hour, or of the instance. [hours]
    training_usd_per_hour : Number, optional
        Instead of the tables' price. [USD per hour]
    minimum_usd_per_run : Number
        Least that a run is billed. [USD]
    instance, purchase, region : str, optional
        What one trains on: ``provider/instance`` on the terms of `compute`.
    parameter_count : Number, optional
        Parameters that work on one token; the base's unless given.
    gpu_tflops : Number, optional
        Peak of one GPU; the table's dense 16-bit rate unless given. [10^12 operations per second]
    model_flops_utilisation_share : Number
        Share of that peak that training reaches; 0.4 unless given.
    run_count : Number
        Runs paid for each model that is served, experiments and failures counted; at least 1.
    evaluation_usd : Number
        Evaluating a new model, people included. [USD per retraining]
    judge : ApiOption, optional
        A hosted model that grades or judges, with the three numbers below.
    evaluation_request_count, evaluation_input_tokens, evaluation_output_tokens : Number, optional
        Its requests per retraining, and their lengths. [count; reference tokens]
    teacher : ApiOption, optional
        A hosted model that writes the labels; see `distilled`.
    teacher_input_tokens, teacher_output_tokens : Number, optional
        Lengths of its requests. [reference tokens]
    kept_share : Number
        Share of its answers that become examples; 1 where none is thrown away.
    retrain_every_months : Number
        Months from one training to the next; 9 unless given. [months]
    data_life_months : Number, optional
        Months that the labelled data serve; until the next training unless given. [months]
    relabelled_share : Number, optional
        Share of the examples that each retraining in between buys anew; to be said with ``data_life_months`` only.
    scratch : bool
        Whether all weights are new; see `from_scratch`.

    Raises
    ------
    ScenarioError
        If a number is out of bounds, or what is given does not go together.

    Examples
    --------
    >>> Training(examples_count=5_000, usd_per_example=1.0, tokens_per_example=600, epochs=3).retrain_every_months
    9.0
    """

    examples_count: Number | None = None
    usd_per_example: Number = 0.0
    pilot_share: Number = 0.0
    tokens_per_example: Number | None = None
    training_tokens: Number | None = None
    epochs: Number | None = None
    validation_tokens: Number | None = None
    validation_count: Number | None = None
    training_usd_per_mtok: Number | None = None
    training_hours: Number | None = None
    training_usd_per_hour: Number | None = None
    minimum_usd_per_run: Number = 0.0
    instance: str | None = None
    purchase: str | None = None
    region: str | None = None
    parameter_count: Number | None = None
    gpu_tflops: Number | None = None
    model_flops_utilisation_share: Number = MODEL_FLOPS_UTILISATION_SHARE
    run_count: Number = 1.0
    evaluation_usd: Number = 0.0
    judge: ApiOption | None = None
    evaluation_request_count: Number | None = None
    evaluation_input_tokens: Number | None = None
    evaluation_output_tokens: Number | None = None
    teacher: ApiOption | None = None
    teacher_input_tokens: Number | None = None
    teacher_output_tokens: Number | None = None
    kept_share: Number = 1.0
    retrain_every_months: Number = RETRAIN_EVERY_MONTHS
    data_life_months: Number | None = None
    relabelled_share: Number | None = None
    scratch: bool = False

    # ------------------------------------------------------------------ other ways to say it

    @classmethod
    def none(cls) -> Training:
        """Return no training at all: a model that is tuned already, written out."""
        return cls(training_hours=0.0, training_usd_per_hour=0.0)

    @classmethod
    def distilled(
        cls,
        *,
        teacher: ApiOption,
        examples_count: Number,
        input_tokens: Number,
        output_tokens: Number,
        kept_share: Number = 1.0,
        **further: Unpack[_Distilled],
    ) -> Training:
        """Return training on a larger model's answers, bought by the token at the study's date.

        Parameters
        ----------
        teacher : ApiOption
            Who answers, on its own terms: ``prices.api(…, service_tier="batch")`` pays the batch price.
        examples_count : Number
            Examples to train on.
        input_tokens, output_tokens : Number
            Lengths of a request to it, and of an example unless ``tokens_per_example`` says otherwise.
            [reference tokens]
        kept_share : Number
            Share of its answers that become examples: a quarter kept is four times the requests.
        **further
            As for `Training`.
        """
        return cls(
            teacher=teacher,
            examples_count=examples_count,
            teacher_input_tokens=input_tokens,
            teacher_output_tokens=output_tokens,
            kept_share=kept_share,
            **further,
        )

    @classmethod
    def from_scratch(
        cls,
        *,
        parameter_count: Number,
        tokens: Number,
        instance: str,
        purchase: str,
        model_flops_utilisation_share: Number = MODEL_FLOPS_UTILISATION_SHARE,
        **further: Unpack[_Further],
    ) -> Training:
        """Return training of all weights from nothing: 6 operations per parameter and token.

        Parameters
        ----------
        parameter_count : Number
            Parameters that work on one token: of a mixture of experts, the active ones.
        tokens : Number
            Tokens that it sees, in its own tokenizer. [tokens]
        instance, purchase : str
            What it is trained on, as in `compute`.
        model_flops_utilisation_share : Number
            Share of the GPUs' peak that training reaches; 0.4 unless given.
        **further
            As for `Training`.
        """
        seen: _Further = {"epochs": 1.0, **further}
        return cls(
            parameter_count=parameter_count,
            training_tokens=tokens,
            instance=instance,
            purchase=purchase,
            model_flops_utilisation_share=model_flops_utilisation_share,
            scratch=True,
            **seen,
        )

    # ------------------------------------------------------------------ checks

    def __post_init__(self) -> None:
        """Check every number, and that they go together."""
        for name, (unit, low, high, open_low) in TRAINING_NUMBERS.items():
            value = getattr(self, name)
            if value is not None or not _optional(name):
                where = f"training.{name}"
                checked = check_number(value, where=where, unit=unit, low=low, high=high, open_low=open_low)
                object.__setattr__(self, name, checked)
        for name in ("teacher", "judge"):
            option = getattr(self, name)
            if option is not None and not isinstance(option, ApiOption):
                accepted = "a hosted model, prices.api(…)"
                raise ScenarioError(Problem(f"training.{name}", f"{option!r:.60}", accepted))
        self._check_amount()
        self._check_price()
        self._check_together()
        self._check_months()

    def _check_amount(self) -> None:
        """Refuse none, and more than one, of the ways to say how much is trained."""
        ways = ("tokens_per_example", "training_tokens", "training_hours")
        given = [name for name in ways if getattr(self, name) is not None]
        if not given and self.teacher is not None:
            given = ["tokens_per_example"]  # as long as what the teacher reads and writes
        accepted = "one of tokens_per_example, training_tokens and training_hours"
        if not given:
            remedy = "A model that is tuned already is Training.none()."
            raise ScenarioError(Problem("training", "nothing that says how much is trained", accepted, remedy))
        if len(given) > 1:
            raise ScenarioError(Problem("training", " and ".join(given), accepted, _SHARED))
        if "training_hours" not in given and self.epochs is None:
            found = f"{given[0]} without a number of passes"
            raise ScenarioError(Problem("training.epochs", found, "a finite number > 0 (passes over the data)"))
        priced = any(np.any(np.asarray(float_or_draws(x)) > 0.0) for x in (self.usd_per_example, self.pilot_share))
        if self.examples_count is None and ("tokens_per_example" in given or priced or self.teacher is not None):
            found = "nothing, with a length or a price per example"
            raise ScenarioError(Problem("training.examples_count", found, "a finite number > 0 (labelled examples)"))

    def _check_price(self) -> None:
        """Refuse more than one way to pay for a run, and parts of one."""
        if (self.instance is None) != (self.purchase is None):
            found = "instance without purchase" if self.purchase is None else "purchase without instance"
            raise ScenarioError(Problem("training", found, 'both, such as instance="lambda/…", purchase="on_demand"'))
        hours = self.training_hours is not None
        clashes = {
            "training_usd_per_mtok with training_hours": hours and self.training_usd_per_mtok is not None,
            "training_usd_per_mtok with an instance": self.instance and self.training_usd_per_mtok is not None,
            "training_usd_per_hour with an instance": self.instance and self.training_usd_per_hour is not None,
        }
        for found, clash in clashes.items():
            if clash:
                raise ScenarioError(Problem("training", found, "one way to pay for a run", _SHARED))
        if self.training_usd_per_hour is not None and not hours:
            found = "nothing, with training_usd_per_hour"
            raise ScenarioError(Problem("training.training_hours", found, "a finite number >= 0 (hours per run)"))
        counted = self.parameter_count is not None or self.gpu_tflops is not None
        if counted and (self.instance is None or hours):
            found = "parameter_count or gpu_tflops, though no hours are worked out from them"
            accepted = "them with an instance, and without training_hours"
            raise ScenarioError(Problem("training", found, accepted))

    def _check_together(self) -> None:
        """Refuse parts of what has to be said together."""
        groups: list[tuple[str, tuple[str, ...]]] = [
            ("judge", ("judge", *_JUDGED)),
            ("teacher", ("teacher", *_TAUGHT)),
            ("validation_tokens", ("validation_tokens", "validation_count")),
        ]
        for head, names in groups:
            missing = [name for name in names if getattr(self, name) is None]
            if missing and len(missing) < len(names):
                found = f"{next(name for name in names if name not in missing)} without {' and '.join(missing)}"
                raise ScenarioError(Problem(f"training.{head}", found, f"all of {', '.join(names)}, or none"))
        draws = {name: value.size for name in TRAINING_NUMBERS if isinstance(value := getattr(self, name), np.ndarray)}
        if len(set(draws.values())) > 1:
            found = ", ".join(f"{name} with {size} draws" for name, size in draws.items())
            raise ScenarioError(Problem("training", found, "the same number of draws in every array"))

    def _check_months(self) -> None:
        """Refuse labels that are gone before the next training, and fresh ones that no horizon asks for."""
        if self.data_life_months is None:
            if self.relabelled_share is not None:
                found = f"nothing, with relabelled_share {point(self.relabelled_share):g}"
                accepted = "the months over which the first labels are spread (months)"
                raise ScenarioError(Problem("training.data_life_months", found, accepted))
            return
        life, period = float_or_draws(self.data_life_months), float_or_draws(self.retrain_every_months)
        if np.any(np.asarray(life) < period):
            found = f"{point(self.data_life_months):g}, with retrain_every_months {point(self.retrain_every_months):g}"
            accepted = "at least the months from one training to the next"
            raise ScenarioError(Problem("training.data_life_months", found, accepted))

    # ------------------------------------------------------------------ the same, otherwise

    @property
    def priced(self) -> bool:
        """Whether it says what a run costs, so that no price of a vendor is needed."""
        return not (self.instance is None and self.training_usd_per_mtok is None and self.training_usd_per_hour is None)

    def with_number(self, name: str, value: object, *, where: str) -> Training:
        """Return the same training with one of its numbers (by address after ``training.``) replaced."""
        for role in ("teacher", "judge"):
            option: ApiOption | None = getattr(self, role)
            if option is not None and name.startswith(f"{role}."):
                changed: dict[str, Any] = {role: option.with_number(name.removeprefix(f"{role}."), value)}
                return replace(self, **changed)
        known = [*TRAINING_NUMBERS, *_CHOICES]
        if name not in known:
            raise ScenarioError(Problem(f"{where}.{name}", "no such number", ", ".join(known), offer(name, known)))
        changes: dict[str, Any] = {name: value}
        return replace(self, **changes)


def _optional(name: str) -> bool:
    """Return whether a number may be left out altogether."""
    return getattr(Training, name, None) is None
