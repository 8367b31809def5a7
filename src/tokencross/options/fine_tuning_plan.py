"""Which way to tune and to serve a model the arguments mean, once the tables have been asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, cast

from tokencross.errors import Problem, ResolveError, ScenarioError, offer
from tokencross.number import Number
from tokencross.options.buyer import SupportPlan
from tokencross.options.training import Training
from tokencross.tables.book import Book
from tokencross.tables.tuned import Tuning, untuned

if TYPE_CHECKING:
    from tokencross.options.around import AroundGpu
    from tokencross.options.latency import Latency
    from tokencross.options.own_rate import Throughput
    from tokencross.options.scaling import Scaling

__all__ = ["OWN_GPUS", "FineTuningPlan", "ServingArguments", "checked_arguments", "fine_tuning_plan", "given"]

Serving: TypeAlias = Literal["vendor", "hosted", "own", "dedicated"]

OWN_GPUS = ("own", "dedicated")
"""Ways of serving that are a fleet."""

_BY_TOKEN = "service_tier discount_share credits_usd_per_month support tokenizer_ratio output_ratio"
_GPUS = (
    "precision engine gpus_per_replica throughput latency target_load_share billed_hours_share scaling compute_as_of "
    "throughput_as_of"
)
_OWN = (
    "min_instance_count spare_instance_count prefix_hit_share base_purchase reserved_count max_instance_count "
    "interruption_overhead_share zone_count standby_share around"
)
_ARGUMENTS = {
    "vendor": _BY_TOKEN.split(),
    "hosted": _BY_TOKEN.split(),
    "own": [*_GPUS.split(), *_OWN.split()],
    "dedicated": [*_GPUS.split(), "min_replica_count"],
}
_SOLD_AS = {"vendor": "per_token", "hosted": "hosted", "own": "dedicated", "dedicated": "dedicated"}
_SERVED_BY: dict[str, Serving] = {"per_token": "vendor", "hosted": "hosted"}


class ServingArguments(TypedDict, total=False):
    """What `PriceBook.fine_tuned` takes of `PriceBook.api`, `self_hosted` and `dedicated`, by the way of serving."""

    service_tier: str
    discount_share: Number
    credits_usd_per_month: Number
    support: SupportPlan
    tokenizer_ratio: Number
    output_ratio: Number
    precision: str
    engine: str
    gpus_per_replica: int
    throughput: Number | Throughput
    latency: str | Latency
    target_load_share: Number
    min_instance_count: Number
    spare_instance_count: Number
    min_replica_count: Number
    prefix_hit_share: Number
    billed_hours_share: Number
    scaling: Scaling
    base_purchase: str
    reserved_count: Number
    max_instance_count: Number
    interruption_overhead_share: Number
    zone_count: int
    standby_share: Number
    around: AroundGpu
    compute_as_of: date | str
    throughput_as_of: date | str


def checked_arguments(label: str, plan: FineTuningPlan, names: Iterable[str]) -> None:
    """Refuse arguments that the way of serving has no use for.

    Raises
    ------
    ScenarioError
        At the first of them; the ones that it has are named.
    """
    known = _ARGUMENTS[plan.serving]
    for name in names:
        if name not in known:
            found = f"it with serving {plan.serving!r}"
            raise ScenarioError(Problem(f"{label}:{name}", found, f"one of {', '.join(known)}", offer(name, known)))


@dataclass(frozen=True)
class FineTuningPlan:
    """How a model is tuned and served, once the tables have been asked.

    Attributes
    ----------
    serving : "vendor", "hosted", "own" or "dedicated"
        The way it is served.
    base : str
        What is tuned: as the tables name it.
    name : str
        The base as people say it.
    weights : str or None
        The open model, where one serves it oneself or in an endpoint.
    tuned : str or None
        ``provider/id`` in tuning, where its prices are needed.
    adapter : "lora", "full" or None
        What is trained.
    """

    serving: Serving
    base: str
    name: str
    weights: str | None
    tuned: str | None
    adapter: str | None


def fine_tuning_plan(
    book: Book,
    base: str,
    *,
    training: Training,
    label: str,
    serving: str | None,
    provider: str | None,
    method: str | None,
    adapter: str | None,
    region: str | None,
    own: bool,
    dedicated: bool,
) -> FineTuningPlan:
    """Return the one way to tune and serve a base that the arguments mean.

    Parameters
    ----------
    book : Book
        The tables at a date.
    base : str
        ``provider/model``, an open model, or a row of tuning by ``provider/id`` or alias.
    training : Training
        The recipe: whether a vendor's training price is needed.
    label : str
        The option's label, for messages.
    serving, provider, method, adapter, region : str, optional
        As `PriceBook.fine_tuned` takes them.
    own, dedicated : bool
        Whether an instance, or a GPU of an endpoint, is named.

    Raises
    ------
    ResolveError
        If nobody tunes the base, or several do and it is not said which.
    ScenarioError
        If the arguments do not go together.
    """
    if not isinstance(training, Training):
        accepted = "tc.Training(…), or tc.Training.none()"
        raise ScenarioError(Problem(f"{label}:training", f"{training!r:.60}", accepted))
    asked = _asked_serving(label, serving, own=own, dedicated=dedicated)
    known = book.tunings(base)
    if asked in OWN_GPUS:
        rows = [row for row in known if row.model.serving == _SOLD_AS["own"]]
        wanted = {"provider": provider, "method": method, "adapter": adapter}
        row = None if training.priced else _chosen(book, base, rows, wanted)
        return _on_gpus(book, base, asked, row, adapter, training, label)
    if training.scratch:
        accepted = "a model of one's own on own GPUs, with instance= and purchase=, or gpu= and provider="
        raise ScenarioError(Problem(f"{label}:serving", "a vendor's, for weights from scratch", accepted))
    if not known:
        raise untuned(book, base)
    sold = [row for row in known if asked is None or row.model.serving == _SOLD_AS[asked]]
    by_token = [row for row in sold if row.model.serving in _SERVED_BY]
    if not by_token:
        raise _not_sold(label, base, known, asked)
    wanted = {"provider": provider, "method": method, "adapter": adapter, "region": region}
    row = _chosen(book, base, by_token, wanted)
    assert row is not None  # there is at least one, and one is left
    way = _SERVED_BY[row.model.serving]
    return FineTuningPlan(way, row.model.base, row.model.name, None, row.name, row.model.adapter or adapter)


def _asked_serving(label: str, serving: str | None, *, own: bool, dedicated: bool) -> Serving | None:
    """Return the way of serving that is said, or that the arguments mean."""
    where = f"{label}:serving"
    if serving is not None and serving not in _SOLD_AS:
        known = [*_SOLD_AS]
        raise ScenarioError(Problem(where, repr(serving), f"one of {', '.join(known)}", offer(str(serving), known)))
    if own and dedicated:
        raise ScenarioError(Problem(where, "instance and gpu", "one of them: own GPUs, or a provider's endpoint"))
    meant = "own" if own else "dedicated" if dedicated else None
    if serving is None or serving == meant:
        return cast("Serving | None", meant)
    if meant is not None:
        given = "instance or purchase" if own else "gpu"
        raise ScenarioError(Problem(where, f"{serving!r} with {given}", f"{meant!r}, which they mean"))
    if serving in OWN_GPUS:
        needed = "instance= and purchase=" if serving == "own" else "gpu= and provider="
        raise ScenarioError(Problem(where, f"{serving!r} alone", f"it with {needed}"))
    return cast("Serving", serving)


def _on_gpus(
    book: Book, base: str, way: Serving, row: Tuning | None, adapter: str | None, training: Training, label: str
) -> FineTuningPlan:
    """Return the plan of an open model on GPUs of one's own, or in an endpoint."""
    name = base if row is None else row.model.base
    if "/" in name:
        name = book.api_model(name)[0].weights or name
    model, _ = book.open_model(name)
    kind = adapter if row is None else row.model.adapter or adapter
    if kind not in (None, "lora", "full"):
        raise ScenarioError(Problem(f"{label}:adapter", repr(kind), "lora or full", offer(str(kind), ["lora", "full"])))
    if training.scratch and kind == "lora":
        raise ScenarioError(Problem(f"{label}:adapter", "'lora', for weights from scratch", "full, or none"))
    return FineTuningPlan(way, model.id, model.name, model.id, None if row is None else row.name, kind)


def _chosen(book: Book, base: str, rows: Sequence[Tuning], wanted: dict[str, str | None]) -> Tuning | None:
    """Return the one way to tune that fits; none only where there are none to choose from."""
    where = f"{book.store.name}/tuning: {base}"
    of: dict[str, Callable[[Tuning], str | None]] = {
        "provider": lambda row: row.provider,
        "method": lambda row: row.model.method,
        "adapter": lambda row: row.model.adapter,
        "region": lambda row: row.model.region or None,
    }
    left = list(rows)
    for key, value in wanted.items():
        kept = [row for row in left if value is None or of[key](row) in (value, None)]
        if not kept and left:
            known = sorted({str(of[key](row)) for row in left})
            found = f"{key} {value!r}, with which it is not tuned"
            raise ResolveError(Problem(where, found, f"one of {', '.join(known)}", offer(str(value), known)))
        left = kept
        named = base.partition("/")[0] if "/" in base else ""
        if key == "provider" and value is None and any(row.provider == named for row in left):
            left = [row for row in left if row.provider == named]
    for key in wanted:
        known = list(dict.fromkeys(name for row in left if (name := of[key](row)) is not None))
        if len(known) > 1:
            raise ResolveError(Problem(where, f"no {key}, though {len(left)} rows differ in it", _one_of(key, known)))
    return left[0] if left else None


def _one_of(key: str, known: Sequence[str]) -> str:
    return f"{key}: one of {', '.join(known)}"


def _not_sold(label: str, base: str, known: Sequence[Tuning], asked: str | None) -> ScenarioError:
    """Return the error about a way of serving that nobody sells."""
    ways = [_SERVED_BY.get(row.model.serving, "own GPUs or a dedicated endpoint") for row in known]
    who = ", ".join(dict.fromkeys(row.provider for row in known))
    found = f"{asked or 'no instance and no gpu'}, though {base} tuned at {who} is not served by the token so"
    accepted = " or ".join(dict.fromkeys(ways))
    remedy = "Own GPUs are instance= and purchase=; a provider's endpoint is gpu= and provider=."
    return ScenarioError(Problem(f"{label}:serving", found, accepted, remedy))


def given(label: str, **needed: str | None) -> tuple[str, ...]:
    """Return arguments that a way of serving cannot do without.

    Raises
    ------
    ScenarioError
        At the first that is missing.
    """
    for name, value in needed.items():
        if value is None:
            accepted = f"{' and '.join(f'{each}=' for each in needed)}, which go together"
            raise ScenarioError(Problem(f"{label}:{name}", "nothing", accepted))
    return tuple(value for value in needed.values() if value is not None)
