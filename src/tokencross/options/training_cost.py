"""What training costs a month: each part of a `Training` recipe priced at a study's date, as a fixed term."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from tokencross.citation import Citation
from tokencross.costs.curve import CostCurve
from tokencross.errors import Problem, ScenarioError
from tokencross.number import DefaultFloat, FloatOrDraws, Number, float_or_draws, is_draws, plain, point
from tokencross.options.api import ApiOption
from tokencross.options.base import GIVEN, Parameter, from_tables
from tokencross.options.training import TRAINING_NUMBERS, Training
from tokencross.options.workload import Workload
from tokencross.tables.book import Book
from tokencross.tables.resolved import Terms, TextRatio
from tokencross.tables.tuned import TunedPrice
from tokencross.units import SECONDS_PER_HOUR, TOKENS_PER_MTOK, format_count, format_share

__all__ = ["Trainee", "TrainingCost", "training_cost"]

_FULL_OPERATIONS = 6.0  # 2 forward, 4 backward: gradients of activations and of weights
_LORA_OPERATIONS = 4.0  # the frozen base has no gradients of weights
_FORWARD_OPERATIONS = 2.0
_PER_TFLOPS = 1e12
_ABSENT = {
    name: getattr(Training, name)
    for name in ("usd_per_example", "pilot_share", "minimum_usd_per_run", "run_count", "evaluation_usd", "kept_share")
}
_UTILISATION = "model_flops_utilisation_share"
_WHY = {
    "retrain_every_months": "model turnover: about nine months per model",
    _UTILISATION: "our assumption: what well-kept training reaches",
}


@dataclass(frozen=True)
class Trainee:
    """What is trained, for whom: everything that a `Training` does not say itself.

    Attributes
    ----------
    book : Book
        The tables at a date.
    label : str
        The option's label, for messages.
    base : str
        What is tuned, as a message names it.
    weights : str or None
        The open model that is tuned, if it is one.
    adapter : "lora", "full" or None
        What is trained of it.
    ratio : TextRatio
        Its tokens per reference token.
    text_kind : str
        Kind of text of the study's workload.
    tuned : TunedPrice or None
        The vendor's prices in force.
    """

    book: Book
    label: str
    base: str
    weights: str | None
    adapter: str | None
    ratio: TextRatio
    text_kind: str
    tuned: TunedPrice | None


@dataclass
class TrainingCost:
    """The terms of training, and everything that went into them."""

    curve: CostCurve = field(default_factory=CostCurve)
    local: list[Parameter] = field(default_factory=list)
    tables: list[Parameter] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)

    def pay(self, label: str, usd_per_month: FloatOrDraws, citations: tuple[Citation, ...]) -> None:
        """Add a fixed term, unless there is nothing to pay."""
        self.citations += citations
        if is_draws(usd_per_month) or float(usd_per_month) != 0.0:
            term = CostCurve.fixed(plain(usd_per_month), label=f"training: {label}", citations=citations)
            self.curve = self.curve + term


def training_cost(training: Training, trainee: Trainee) -> TrainingCost:
    r"""Return what training costs a month.

    Parameters
    ----------
    training : Training
        The recipe.
    trainee : Trainee
        What is trained, for whom.

    Returns
    -------
    TrainingCost
        A fixed term each for labelled data, teacher tokens, compute and evaluation, as far as there is something to
        pay. [USD/month]

    Raises
    ------
    ScenarioError
        If a price, a size or the kind of adapter is needed and nothing says it.
    ResolveError
        If instance, teacher or judge have no price at the book's date.

    Notes
    -----
    With :math:`n` months between trainings, labels that serve :math:`L \ge n` months and a share :math:`s` of them
    bought anew by each training in between, data worth :math:`D` costs

    .. math:: D \left( \frac{1}{L} + s \left( \frac{1}{n} - \frac{1}{L} \right) \right)

    a month: one first set, and :math:`L / n - 1` times a share of it, over :math:`L` months. Runs and evaluation cost
    their price over :math:`n`. Straight lines, without interest.
    """
    found = TrainingCost()
    found.local += _own_numbers(training)
    period = float_or_draws(training.retrain_every_months)
    life = period if training.data_life_months is None else float_or_draws(training.data_life_months)
    fresh = 0.0 if training.relabelled_share is None else float_or_draws(training.relabelled_share)
    data = 1.0 / life + fresh * (1.0 / period - 1.0 / life)
    if training.examples_count is not None:
        labels = float_or_draws(training.examples_count) * float_or_draws(training.usd_per_example)
        found.pay("labelled data", labels * (data + float_or_draws(training.pilot_share) / life), (GIVEN,))
        if training.teacher is not None:
            asked = float_or_draws(training.examples_count) / float_or_draws(training.kept_share)
            usd, cite = _bought(training, "teacher", trainee, found)
            found.pay("teacher tokens", asked * usd * data, cite)
    run, cite = _run_usd(training, trainee, found)
    run = np.maximum(run, float_or_draws(training.minimum_usd_per_run)) * float_or_draws(training.run_count)
    found.pay("compute", run / period, cite)
    evaluation, cite = float_or_draws(training.evaluation_usd), (GIVEN,)
    if training.judge is not None and training.evaluation_request_count is not None:
        usd, cite = _bought(training, "judge", trainee, found)
        evaluation = evaluation + float_or_draws(training.evaluation_request_count) * usd
    found.pay("evaluation", evaluation / period, cite)
    return found


# ---------------------------------------------------------------------- a run


def _run_usd(training: Training, trainee: Trainee, found: TrainingCost) -> tuple[FloatOrDraws, tuple[Citation, ...]]:
    """Return what one run costs, before the least that is billed. [USD]"""
    if training.instance is not None:
        return _on_instance(training, trainee, found)
    if training.training_hours is not None:
        usd, cite = _price("training_usd_per_hour", training.training_usd_per_hour, trainee, found)
        return float_or_draws(training.training_hours) * usd, cite
    usd, cite = _price("training_usd_per_mtok", training.training_usd_per_mtok, trainee, found)
    trained, validated = _tokens(training, trainee, found)
    return (trained + validated) / TOKENS_PER_MTOK * usd, cite


def _price(
    name: str, given: Number | None, trainee: Trainee, found: TrainingCost
) -> tuple[FloatOrDraws, tuple[Citation, ...]]:
    """Return a price that was given, or else the vendor's in the tables."""
    if given is not None:
        return float_or_draws(given), (GIVEN,)
    tuned = trainee.tuned
    quantity = None if tuned is None else tuned.quantities.get(name)
    if tuned is None or quantity is None:
        raise _no_price(name, trainee)
    found.tables += from_tables([quantity])
    return float_or_draws(quantity.value), (tuned.citation,)


def _no_price(name: str, trainee: Trainee) -> ScenarioError:
    """Return the error about a run that nothing prices."""
    tuned = trainee.tuned
    other = {"training_usd_per_mtok": "training_usd_per_hour", "training_usd_per_hour": "training_usd_per_mtok"}[name]
    whose = f"no table is asked about {trainee.base}" if tuned is None else f"{tuned.citation.location} has none"
    remedy = (
        "Or train on GPUs: instance= and purchase=; or say training_hours= and training_usd_per_hour=. A model that is "
        "tuned already is Training.none()."
    )
    if tuned is not None and other in tuned.quantities:
        said = "training_hours=" if other.endswith("hour") else "tokens_per_example= or training_tokens=, and epochs="
        remedy = f"The vendor sells it {'by the hour' if other.endswith('hour') else 'by the token'}: say {said}."
    elif tuned is not None and tuned.citation.caveat:
        remedy = f"{tuned.citation.caveat} {remedy}"
    unit = TRAINING_NUMBERS[name][0]
    where = f"{trainee.label}:training.{name}"
    return ScenarioError(Problem(where, f"nothing, and {whose}", f"a number ({unit})", remedy))


def _tokens(training: Training, trainee: Trainee, found: TrainingCost) -> tuple[FloatOrDraws, FloatOrDraws]:
    """Return the tokens that a run trains on, every epoch counted, and those that it validates on."""
    epochs = 1.0 if training.epochs is None else float_or_draws(training.epochs)  # given with tokens, always
    validated: FloatOrDraws = 0.0
    if training.validation_tokens is not None and training.validation_count is not None:
        validated = float_or_draws(training.validation_tokens) * float_or_draws(training.validation_count)
    if training.training_tokens is not None:
        return float_or_draws(training.training_tokens) * epochs, validated
    assert training.examples_count is not None  # asked for with the length of one
    length = _example_length(training, found)
    ratio = trainee.ratio
    found.tables += from_tables(ratio.quantities)
    found.notes += ratio.notes
    found.citations += () if ratio.citation is None else (ratio.citation,)
    return float_or_draws(training.examples_count) * length * ratio.value * epochs, validated


def _example_length(training: Training, found: TrainingCost) -> FloatOrDraws:
    """Return the length of an example: given, or what the teacher reads and writes. [reference tokens]"""
    if training.tokens_per_example is not None:
        return float_or_draws(training.tokens_per_example)
    assert training.teacher_input_tokens is not None  # as the recipe has seen to
    assert training.teacher_output_tokens is not None
    length = float_or_draws(training.teacher_input_tokens) + float_or_draws(training.teacher_output_tokens)
    unit = TRAINING_NUMBERS["tokens_per_example"][0]
    why = "the teacher's prompt and answer"
    found.local.append(Parameter("training.tokens_per_example", length, unit, "default", why))
    return length


def _on_instance(
    training: Training, trainee: Trainee, found: TrainingCost
) -> tuple[FloatOrDraws, tuple[Citation, ...]]:
    """Return what a run costs on rented or owned GPUs, by the hours that are given or worked out. [USD]"""
    assert training.instance is not None  # as the recipe has seen to
    assert training.purchase is not None
    hourly = trainee.book.hourly_price(training.instance, purchase=training.purchase, region=training.region)
    found.tables += from_tables(hourly.quantities)
    found.notes += hourly.notes
    if training.training_hours is not None:
        return float_or_draws(training.training_hours) * hourly.usd_per_hour, (hourly.citation,)
    trained, validated = _tokens(training, trainee, found)
    peak, peak_cite = _peak_tflops(training, trainee, hourly.instance.gpu, found)
    size, size_cite = _parameters(training, trainee, found)
    each = _operations(training, trainee)
    share = float_or_draws(training.model_flops_utilisation_share)
    operations = size * (each * trained + _FORWARD_OPERATIONS * validated)
    gpu_hours = operations / (share * peak * _PER_TFLOPS * SECONDS_PER_HOUR)
    unit = TRAINING_NUMBERS[_UTILISATION][0]
    found.local.append(_given_or_default(_UTILISATION, training.model_flops_utilisation_share, unit))
    found.notes.append(
        f"{trainee.label}: a training run is worked out, not measured: {format_count(point(gpu_hours))} GPU-hours, at "
        f"{each:g} operations per parameter and token and {format_share(point(share))} of the GPUs' peak."
    )
    cite = (hourly.citation, *peak_cite, *size_cite)
    return gpu_hours / hourly.instance.gpu_count * hourly.usd_per_hour, cite


def _operations(training: Training, trainee: Trainee) -> float:
    """Return the operations per parameter and token trained."""
    if training.scratch or trainee.adapter == "full":
        return _FULL_OPERATIONS
    if trainee.adapter == "lora":
        return _LORA_OPERATIONS
    found = "nothing, though the hours of training depend on it"
    raise ScenarioError(Problem(f"{trainee.label}:adapter", found, "lora or full: an adapter, or all weights"))


def _peak_tflops(
    training: Training, trainee: Trainee, name: str, found: TrainingCost
) -> tuple[FloatOrDraws, tuple[Citation, ...]]:
    """Return the peak of a GPU: given, or its dense 16-bit rate. [10^12 operations per second]"""
    if training.gpu_tflops is not None:
        return float_or_draws(training.gpu_tflops), ()
    gpu, citation = trainee.book.gpu(name)
    if gpu.dense_bf16_tflops is None:
        said = f"nothing, and {citation.location} has no dense 16-bit rate of {gpu.id}"
        accepted = f"a number ({TRAINING_NUMBERS['gpu_tflops'][0]})"
        raise ScenarioError(Problem(f"{trainee.label}:training.gpu_tflops", said, accepted))
    found.local.append(_from_table("gpu_tflops", gpu.dense_bf16_tflops, citation))
    return gpu.dense_bf16_tflops, (citation,)


def _parameters(training: Training, trainee: Trainee, found: TrainingCost) -> tuple[FloatOrDraws, tuple[Citation, ...]]:
    """Return the parameters that work on one token: given, or the open base's."""
    if training.parameter_count is not None:
        return float_or_draws(training.parameter_count), ()
    if trainee.weights is None:
        said = f"nothing, and {trainee.base} is no open model whose size is known"
        accepted = f"a number ({TRAINING_NUMBERS['parameter_count'][0]})"
        raise ScenarioError(Problem(f"{trainee.label}:training.parameter_count", said, accepted))
    model, citation = trainee.book.open_model(trainee.weights)
    found.local.append(_from_table("parameter_count", model.active_parameter_count, citation))
    return model.active_parameter_count, (citation,)


def _from_table(name: str, value: float, citation: Citation) -> Parameter:
    """Return a number of another table that the study can replace here."""
    return Parameter(f"training.{name}", value, TRAINING_NUMBERS[name][0], "table", "", citation)


# ---------------------------------------------------------------------- tokens that are bought


def _bought(
    training: Training, role: str, trainee: Trainee, found: TrainingCost
) -> tuple[FloatOrDraws, tuple[Citation, ...]]:
    """Return what one request to the teacher or the judge costs at the study's date. [USD]"""
    option: ApiOption = getattr(training, role)
    _check_same_tables(option, role, trainee)
    option = option.with_book(trainee.book)
    stem = "evaluation" if role == "judge" else role
    lengths = (getattr(training, f"{stem}_{name}_tokens") for name in ("input", "output"))
    request = Workload(input_tokens=next(lengths), output_tokens=next(lengths), text_kind=trainee.text_kind)
    resolved = option.resolve(request)
    own = [number for number in resolved.local if not number.address.startswith(("engineering", "support"))]
    found.local += [replace(number, address=f"training.{role}.{number.address}") for number in own]
    found.tables += resolved.tables
    price = trainee.book.api_price(option.model, Terms(option.service_tier, option.region, option.cache_lifetime))
    found.notes += price.notes
    usd = option.usd_per_mtok(request) * request.request_tokens / TOKENS_PER_MTOK
    rows = tuple(citation for citation in resolved.citations if not citation.row.startswith("limits:"))
    return usd, rows


def _check_same_tables(option: ApiOption, role: str, trainee: Trainee) -> None:
    """Refuse a teacher of other tables: it is priced at the study's date, in the option's own ones."""
    theirs, ours = option.book.store, trainee.book.store
    places = [(store.root, None if store.overlay is None else store.overlay.path) for store in (theirs, ours)]
    if places[0] != places[1]:
        found = f"{option.model} of other tables ({theirs.name})"
        accepted = "a hosted model of the same price book as the option"
        raise ScenarioError(Problem(f"{trainee.label}:training.{role}", found, accepted))


# ---------------------------------------------------------------------- what it rests on


def _own_numbers(training: Training) -> list[Parameter]:
    """Return the recipe's own numbers that are not plainly absent."""
    found = []
    for name, (unit, *_) in TRAINING_NUMBERS.items():
        value: Number | None = getattr(training, name)
        absent = name in _ABSENT and isinstance(value, float) and value == _ABSENT[name]
        if value is None or absent or name == _UTILISATION:  # its utilisation counts only where hours are worked out
            continue
        found.append(_given_or_default(name, value, unit))
    return found


def _given_or_default(name: str, value: Number, unit: str) -> Parameter:
    """Return a number of the recipe with its origin."""
    if isinstance(value, DefaultFloat):
        return Parameter(f"training.{name}", value, unit, "default", _WHY[name])
    return Parameter(f"training.{name}", value, unit, "given", "", GIVEN)
