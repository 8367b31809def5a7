"""A workload of classes of work, each with its own shape and its share of the tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, float_or_draws, plain, point
from tokencross.options.base import GIVEN, Parameter
from tokencross.options.demand import peak_ratio
from tokencross.options.shares import adding_up, check_shares, checked_share, reshared, sum_of
from tokencross.options.workload import Workload
from tokencross.units import format_share

__all__ = [
    "Demand",
    "Mix",
    "WorkClass",
    "busiest_rates",
    "classes_of",
    "demand_of",
    "judged",
    "mixed",
]

Array = NDArray[np.float64]

_WEEK_HOURS = 168


@dataclass(frozen=True)
class WorkClass:
    """A class of work: its name, its shape, and its share of the tokens."""

    name: str
    workload: Workload
    share: FloatOrDraws


@dataclass(frozen=True)
class Demand:
    """How demand is spread over time, in the words of a workload: hour by hour, and what can wait.

    Attributes
    ----------
    hours : ndarray, shape (168,), or None
        Demand that cannot wait by hour of the week over its mean, draws first; None where a class has no profile.
    peak, burst : float or ndarray, shape (D,)
        Its peak hour over its mean, and the busiest minutes over the peak hour.
    batch_share : float or ndarray, shape (D,)
        Share of the demand that can wait.
    """

    hours: Array | None
    peak: FloatOrDraws
    burst: FloatOrDraws
    batch_share: FloatOrDraws


@dataclass(frozen=True, kw_only=True, eq=False)
class Mix(Workload):
    """A workload of classes, by `Workload.mix`.

    As a plain workload it shows the shape of its mean request; options that depend on more than means look at the
    classes.

    Attributes
    ----------
    classes : tuple of WorkClass
        At least two; their shares of the tokens add up to 1.
    """

    input_tokens: Number = 0.0
    output_tokens: Number = 0.0
    classes: tuple[WorkClass, ...] = ()

    derived: ClassVar[tuple[str, ...]] = (
        "input_tokens",
        "output_tokens",
        "cached_input_share",
        "cache_write_share",
        "batch_share",
        "input_cv",
        "output_cv",
        "peak_to_mean",
        "burst_ratio",
    )
    """What follows from the classes."""

    def rebuilt(self, **changes: Any) -> Mix:
        """Return the mix with fields exchanged; shares that no longer add up give way in proportion."""
        if "classes" in changes:
            shares = adding_up([each.share for each in changes["classes"]])
            changes["classes"] = tuple(
                replace(each, share=share) for each, share in zip(changes["classes"], shares, strict=True)
            )
        return replace(self, **changes)

    def __post_init__(self) -> None:
        """Check the classes and derive the mean request from them."""
        _check_classes(self.classes)
        for name, value in self._mean_request().items():
            object.__setattr__(self, name, value)
        super().__post_init__()

    def _mean_request(self) -> dict[str, object]:
        """Return the fields of a workload that follow from the classes."""
        requests = [c.share / c.workload.request_tokens for c in self.classes]  # per token
        inputs = [n * float_or_draws(c.workload.input_tokens) for n, c in zip(requests, self.classes, strict=True)]
        outputs = [n * float_or_draws(c.workload.output_tokens) for n, c in zip(requests, self.classes, strict=True)]
        count, all_input, all_output = sum_of(requests), sum_of(inputs), sum_of(outputs)
        shapes = [c.workload for c in self.classes]
        said = any(shape.cache_write_share is not None for shape in shapes)
        demand = self.demand()
        plain_hours = demand.hours is not None and demand.hours.ndim == 1
        kinds = {shape.text_kind for shape in shapes}
        largest = max(self.classes, key=lambda c: point(c.share)).workload
        return {
            "input_tokens": all_input / count,
            "output_tokens": all_output / count,
            "cached_input_share": _mean([float_or_draws(s.cached_input_share) for s in shapes], inputs),
            "cache_write_share": _mean([s.written_share for s in shapes], inputs) if said else None,
            "batch_share": demand.batch_share,
            "input_cv": _spread([(s.input_tokens, s.input_cv) for s in shapes], requests),
            "output_cv": _spread([(s.output_tokens, s.output_cv) for s in shapes], requests),
            "text_kind": kinds.pop() if len(kinds) == 1 else largest.text_kind,
            "peak_to_mean": None if plain_hours else demand.peak,
            "load": tuple(demand.hours.tolist()) if plain_hours and demand.hours is not None else None,
            "burst_ratio": demand.burst,
        }

    def demand(self, per_token: Sequence[FloatOrDraws] | None = None) -> Demand:
        r"""Return how demand is spread over time, in tokens or in what a token of each class takes.

        Parameters
        ----------
        per_token : sequence of float or ndarray, optional
            What a token of each class takes: replica-seconds, weighted tokens, requests; 1 unless given.

        Notes
        -----
        With class k's part of the demand :math:`g_k` (its share times what a token takes, over their sum), its
        deferrable share :math:`b_k`, hours :math:`w_{kh}` and burst :math:`u_k`, the busiest demand that cannot wait is
        :math:`\max_h \sum_k g_k (1 - b_k) u_k w_{kh}`. A class without a profile counts with its peak in every hour:
        nothing says that it does not fall into the others'. ``peak``, ``burst`` and ``batch_share`` are such that
        ``(1 - batch_share) * peak * burst`` is that demand over the mean, and ``(1 - batch_share) * burst`` its mean.
        """
        taken = [1.0] * len(self.classes) if per_token is None else list(per_token)
        parts = [c.share * each for c, each in zip(self.classes, taken, strict=True)]
        whole = sum_of(parts)
        shapes = [c.workload for c in self.classes]
        waits = [float_or_draws(shape.batch_share) for shape in shapes]
        now = [g / whole * (1.0 - b) * s.burst for g, b, s in zip(parts, waits, shapes, strict=True)]
        busy = sum_of(now)
        hours = [shape.hours for shape in shapes]
        rows = [np.full(_WEEK_HOURS, 1.0) if each is None else each for each in hours]
        peaks = [shape.peak if each is None else 1.0 for shape, each in zip(shapes, hours, strict=True)]
        profile = sum_of([np.multiply.outer(g * peak, row) for g, peak, row in zip(now, peaks, rows, strict=True)])
        later = _mean(waits, parts)
        known = all(each is not None for each in hours) and np.all(np.asarray(busy) > 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            peak = np.where(busy > 0.0, np.max(profile, axis=-1) / busy, 1.0)
            burst = np.where(np.asarray(later) < 1.0, busy / (1.0 - later), 1.0)
        return Demand(
            hours=np.asarray(profile) / np.asarray(busy)[..., np.newaxis] if known else None,
            peak=plain(np.maximum(peak, 1.0)),
            burst=plain(np.maximum(burst, 1.0)),
            batch_share=plain(np.clip(later, 0.0, 1.0)),
        )

    def only(self, names: Sequence[str]) -> tuple[Workload, FloatOrDraws]:
        """Return the workload of some of the classes, and their share of the tokens."""
        kept = [c for c in self.classes if c.name in names]
        share = sum_of([c.share for c in kept])
        if len(kept) == 1:
            return kept[0].workload, share
        return Mix(classes=tuple(replace(c, share=c.share / share) for c in kept), name=self.name), share

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The rows of tables that the classes' loads are from."""
        return tuple(dict.fromkeys(row for each in self.classes for row in each.workload.citations))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is doubtful about them."""
        return tuple(dict.fromkeys(note for each in self.classes for note in each.workload.notes))

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every number of the classes that is given or defaulted, and their shares."""
        found = []
        for each in self.classes:
            unit = "share of the tokens"
            found.append(Parameter(f"workload:{each.name}.share", each.share, unit, "given", "", GIVEN))
            for parameter in each.workload.parameters():
                rest = parameter.address.removeprefix("workload:")
                found.append(replace(parameter, address=f"workload:{each.name}.{rest}"))
        return tuple(found)

    def with_numbers(self, numbers: Mapping[str, object]) -> Workload:
        """Return the mix with numbers replaced, one after the other."""
        changed: Workload = self
        for name, value in numbers.items():
            changed = changed.with_number(name, value)
        return changed

    def with_number(self, name: str, value: object) -> Workload:
        """Return the mix with a number of a class replaced (``tagging.input_tokens``).

        A class's share (``tagging.share``) takes from, or leaves to, the others in proportion.
        """
        if name in {"tokens_per_month", "name"}:
            return replace(self, **{name: value})  # type: ignore[arg-type]  # checked by the workload itself
        names = [each.name for each in self.classes]
        head, dot, rest = name.partition(".")
        if not dot or head not in names:
            known = [parameter.address.removeprefix("workload:") for parameter in self.parameters()]
            accepted = f"a number of one of the classes {', '.join(names)}, such as {names[0]}.input_tokens"
            raise ScenarioError(Problem(f"workload:{name}", "no such number", accepted, offer(name, known)))
        at = names.index(head)
        classes = list(self.classes)
        if rest == "share":
            shares = reshared([c.share for c in classes], at, value, where=f"workload:{name}")
            classes = [replace(c, share=share) for c, share in zip(classes, shares, strict=True)]
        else:
            classes[at] = replace(classes[at], workload=classes[at].workload.with_number(rest, value))
        return replace(self, classes=tuple(classes))

    def describe(self) -> str:
        """Return the classes in a few words, for captions."""
        return "; ".join(f"{format_share(point(c.share))} {c.name}: {c.workload.describe()}" for c in self.classes)


def mixed(
    classes: Mapping[str, tuple[Workload, Number]], *, name: str = "", tokens_per_month: Number | None = None
) -> Mix:
    """Return a workload of classes; see `Workload.mix`.

    Raises
    ------
    ScenarioError
        If a class is no workload, or the shares do not add up to 1.
    """
    accepted = '{"tagging": (workload, 0.6), "agent": (workload, 0.4)}: workloads with their shares of the tokens'
    if not isinstance(classes, Mapping) or len(classes) < 2:
        raise ScenarioError(Problem("workload: mix", f"{classes!r:.60}", f"at least two classes, {accepted}"))
    found = []
    for key, pair in classes.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ScenarioError(Problem(f"workload:{key}", f"{pair!r:.60}", accepted))
        found.append(WorkClass(key, pair[0], checked_share(pair[1], f"workload:{key}.share")))
    return Mix(classes=tuple(found), name=name, tokens_per_month=tokens_per_month)


def _check_classes(classes: Sequence[WorkClass]) -> None:
    """Refuse names that addresses cannot hold, what is no plain workload, and shares that do not add up."""
    for each in classes:
        where = f"workload: mix, class {each.name!r}"
        if not isinstance(each.name, str) or not each.name.strip() or set(each.name) & set(":.[]"):
            raise ScenarioError(Problem(where, repr(each.name), "a name without ':', '.' and brackets"))
        if not isinstance(each.workload, Workload) or isinstance(each.workload, Mix):
            found = "a mix" if isinstance(each.workload, Mix) else type(each.workload).__name__
            raise ScenarioError(Problem(where, found, "a plain tc.Workload"))
        if each.workload.tokens_per_month is not None:
            remedy = "Say it once for the mix: tokens_per_month=."
            raise ScenarioError(Problem(where, "tokens_per_month", "a workload without it", remedy))
        if np.any(np.asarray(each.share) <= 0.0):
            raise ScenarioError(Problem(f"workload:{each.name}.share", f"{point(each.share):g}", "a share above 0"))
    check_shares([each.share for each in classes], where="workload: mix")


def classes_of(workload: Workload) -> tuple[WorkClass, ...]:
    """Return the classes of a workload; a plain one is a single class without a name."""
    return workload.classes if isinstance(workload, Mix) else (WorkClass("", workload, 1.0),)


def demand_of(workload: Workload, per_token: Sequence[FloatOrDraws]) -> Demand:
    """Return how demand is spread over time, by what a token of each class takes; see `Mix.demand`."""
    if isinstance(workload, Mix):
        return workload.demand(per_token)
    return Demand(workload.hours, workload.peak, workload.burst, float_or_draws(workload.batch_share))


def busiest_rates(
    workload: Workload,
    lengths: Sequence[tuple[FloatOrDraws, FloatOrDraws]],
    *,
    batch_share: float | None,
    besides_batches: bool,
) -> tuple[float, float, float]:
    """Return input tokens, output tokens and requests in the busiest minutes over the mean rate of tokens.

    Parameters
    ----------
    workload : Workload
        The traffic.
    lengths : sequence of (input, output)
        Billed tokens of a mean request of each class.
    batch_share : float, optional
        Share that waits, if not the workload's.
    besides_batches : bool
        Whether what waits does not count towards the rates.
    """
    classes = classes_of(workload)

    def busiest(amounts: Sequence[FloatOrDraws]) -> float:
        per_token = [amount / each.workload.request_tokens for amount, each in zip(amounts, classes, strict=True)]
        mean = point(sum_of([each.share * rate for rate, each in zip(per_token, classes, strict=True)]))
        if mean == 0.0:
            return 0.0
        demand = demand_of(workload, per_token)
        later = point(demand.batch_share) if batch_share is None else batch_share
        peak, burst = point(demand.peak), point(demand.burst)
        if besides_batches:
            return mean * (1.0 - later) * peak * burst
        return mean * point(peak_ratio(peak=peak, burst=burst, batch_share=later, batch_speedup=1.0))

    return busiest([i for i, _ in lengths]), busiest([o for _, o in lengths]), busiest([1.0] * len(classes))


def judged(workload: Workload, output_tokens: FloatOrDraws) -> tuple[Workload, FloatOrDraws]:
    """Return the workload of a model that reads every request with its answer, and its tokens per token of theirs.

    It reads question and answer uncached and writes ``output_tokens``.
    """
    if isinstance(workload, Mix):
        pairs = [judged(c.workload, output_tokens) for c in workload.classes]
        parts = [c.share * ratio for c, (_, ratio) in zip(workload.classes, pairs, strict=True)]
        whole = sum_of(parts)
        classes = [
            WorkClass(c.name, shape, part / whole)
            for c, (shape, _), part in zip(workload.classes, pairs, parts, strict=True)
        ]
        return Mix(classes=tuple(classes), name=workload.name), whole
    read = workload.request_tokens
    shape = replace(
        workload,
        input_tokens=read,
        output_tokens=output_tokens,
        cached_input_share=0.0,
        cache_write_share=None,
        output_cv=0.0,
        tokens_per_month=None,
    )
    return shape, (read + output_tokens) / read


def _mean(values: Sequence[FloatOrDraws], weights: Sequence[FloatOrDraws]) -> FloatOrDraws:
    """Return a weighted mean; 0 where nothing weighs."""
    whole = np.asarray(sum_of(weights), dtype=float)
    parts = sum_of([value * weight for value, weight in zip(values, weights, strict=True)])
    with np.errstate(divide="ignore", invalid="ignore"):
        return plain(np.where(whole > 0.0, np.asarray(parts) / whole, 0.0))


def _spread(lengths: Sequence[tuple[Number, Number]], requests: Sequence[FloatOrDraws]) -> FloatOrDraws:
    """Return standard deviation over mean of a length over the requests of all classes."""
    means = [float_or_draws(mean) for mean, _ in lengths]
    mean = np.asarray(_mean(means, requests), dtype=float)
    squares = [m**2 * (1.0 + float_or_draws(cv) ** 2) for m, (_, cv) in zip(means, lengths, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(mean > 0.0, np.asarray(_mean(squares, requests)) / mean**2 - 1.0, 0.0)
    spread = np.sqrt(np.maximum(ratio, 0.0))
    return plain(np.where(spread < 1e-7, 0.0, spread))  # one length in all classes, but for rounding
