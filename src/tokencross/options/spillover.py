"""Base load on own GPUs, the rest by the token: as many steps of GPUs as pay, and an API that stands by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tokencross.citation import Citation
from tokencross.costs.curve import CostCurve
from tokencross.costs.hourly import HourlyStaircase
from tokencross.costs.hourly_load import HourlyLoad
from tokencross.costs.overflow import CheapestSteps, Overflow
from tokencross.costs.terms import Fixed, PerToken, Staircase, Term
from tokencross.errors import Problem, ScenarioError
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, plain, point, whole_number
from tokencross.options.base import GIVEN, CostOption, Inner, Parameter, Resolved, checked_label
from tokencross.options.capacity import Fleet
from tokencross.options.fine_tuned import FineTunedOption
from tokencross.options.inside import Blended, checked_part, everyone, under
from tokencross.options.limits import VolumeLimit
from tokencross.options.mix import classes_of
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.options.speed import latency_of
from tokencross.options.workload import Workload
from tokencross.units import format_tokens

__all__ = ["Spillover"]

_SAFETY = ("min_instance_count", "spare_instance_count")
_FARTHEST = 1e18  # tokens/month
_SAME_WIDTH_RATIO = 1e-9  # widths computed in two ways are one


@dataclass(frozen=True, eq=False)
class Spillover(Blended):
    r"""Own GPUs for the base load, and an option billed by use for what they do not hold.

    Attributes
    ----------
    base : option
        A fixed fleet of rented or owned GPUs. Minimum and spares count only where they are given: the burst option
        stands by when an instance fails.
    burst : option
        Where the rest goes, hour by hour.
    replica_count : Number, optional
        Replicas of the base, in whole instances; the cheapest number at every volume unless given, for which the burst
        option has to cost the same for every token.
    label : str
        Name in tables, charts and addresses.

    Notes
    -----
    An instance holds :math:`c` tokens an hour in its hours' busiest minutes, so k of them hold :math:`q k` tokens a
    month when they are full in every hour, and of V tokens

    .. math:: o_k(V) = \sum_h s_h \max(0, w_h V - q k)

    overflow. It is nothing up to what the base would serve alone with k instances. See
    `tokencross.costs.overflow.CheapestSteps` for the cheapest k.
    """

    base: CostOption
    burst: CostOption
    replica_count: Number | None = field(default=None, kw_only=True)
    label: str = field(default="", kw_only=True)
    tier: str = field(default="spillover", kw_only=True)

    def __post_init__(self) -> None:
        """Check the parts and the number of replicas."""
        base, burst = checked_part(self.base, "spillover: base"), checked_part(self.burst, "spillover: burst")
        object.__setattr__(self, "label", checked_label(self.label or f"{base.label}, spilling over to {burst.label}"))
        if self.replica_count is not None:
            where = f"{self.label}:replica_count"
            count = check_number(self.replica_count, where=where, unit="replicas")
            whole = whole_number(count, where=where, accepted="a whole number of replicas, or None")
            object.__setattr__(self, "replica_count", whole)
        everyone([self])

    @property
    def parts(self) -> tuple[CostOption, ...]:
        """See `Blend.parts`: base and burst."""
        return (self.base, self.burst)

    def with_parts(self, parts: tuple[CostOption, ...]) -> Spillover:
        """See `Blend.with_parts`."""
        base, burst = parts
        return replace(self, base=base, burst=burst)

    def with_number(self, name: str, value: object) -> Spillover:
        """See `CostOption.with_number`."""
        if name != "replica_count":
            raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", "replica_count"))
        return replace(self, replica_count=value)  # type: ignore[arg-type]  # checked by the option itself

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        load = self._load(workload)
        base, burst = self._bare().resolve(workload), self.burst.resolve(workload)
        fleet = self._fleet(base)
        self._check_terms(fleet)
        own = _Own.of(under(self.base, base.curve).terms, fleet, where=self.label)
        full = fleet.tokens_per_step * load.levels[-1]  # what a step holds when it is full in every hour
        spilt = under(self.burst, burst.curve).terms
        if self.replica_count is None:
            curve = self._cheapest(load, full, own, spilt)
            local: tuple[Parameter, ...] = ()
        else:
            curve = self._chosen(load, full, own, spilt, self._steps(fleet))
            local = (Parameter("replica_count", self.replica_count, "replicas", "given", "", GIVEN),)
        limit = self._limit(curve, base, fleet)
        beyond = () if limit is None else (f"{self.label}: its base's quota ends at {limit.words}.",)
        inner = (Inner(self.base.label, None, self._shown(base)), Inner(self.burst.label, None, burst))
        return Resolved(
            curve=curve,
            local=local,
            notes=(
                f"{self.label}: {self.burst.label} stands by, so no instance of {self.base.label} is a spare.",
                *self._burst_notes(workload),
                *beyond,
            ),
            inner=inner,
            latency=latency_of(inner),
            limit=limit,
        )

    def _burst_notes(self, workload: Workload) -> list[str]:
        """Return that classes of unequal bursts are spread by their busiest minutes."""
        bursts = {point(each.workload.burst) for each in classes_of(workload)}
        if len(bursts) == 1:
            return []
        return [
            f"{self.label}: the classes' busiest minutes differ; what overflows is spread as they are, not as tokens."
        ]

    def _check_terms(self, fleet: Fleet) -> None:
        """Refuse a base that is not paid all month, and more replicas than its provider gives."""
        if np.any(np.asarray(fleet.billed_hours_share) != 1.0):
            accepted = "1: the base serves in every hour"
            found = f"below 1 for {self.base.label}"
            raise ScenarioError(Problem(f"{self.label}: billed_hours_share", found, accepted))
        quota = self._quota()
        if quota is None or self.replica_count is None:
            return
        count = point(np.asarray(self._steps(fleet))) * fleet.replica.instances_per_replica
        if count > quota:
            found = f"{count:g} instances of {self.base.label}, whose quota is {quota:g}"
            raise ScenarioError(Problem(f"{self.label}:replica_count", found, "no more than the quota holds"))

    def _quota(self) -> float | None:
        """Return the most instances that the base's provider gives."""
        recipe = self._recipe
        return None if recipe is None or recipe.max_instance_count is None else point(recipe.max_instance_count)

    def _limit(self, curve: CostCurve, base: Resolved, fleet: Fleet) -> VolumeLimit | None:
        """Return the volume at which the cheapest number of instances passes the base's quota."""
        quota = self._quota()
        best = next((term for term in curve.terms if isinstance(term, CheapestSteps)), None)
        if quota is None or best is None or curve.draw_count is not None:
            return None

        def within(volume: float) -> bool:
            return float(best.count(np.asarray(volume))) * fleet.replica.instances_per_replica <= quota

        low, high = 0.0, float(fleet.tokens_per_step)
        while within(high) and high < _FARTHEST:
            high *= 2.0
        if within(high):
            return None
        while high - low > 1e-12 * high:
            middle = (low + high) / 2.0
            low, high = (middle, high) if within(middle) else (low, middle)
        said = f"{format_tokens(low)}: the quota of {self.base.label} is {quota:g} instances"
        return VolumeLimit(low, said, Citation("quota", via="given by the study"))

    def _load(self, workload: Workload) -> HourlyLoad:
        """Return the workload's hours, once they are seen to be known and not to wait."""
        hours = workload.hours
        if hours is None:
            accepted = "a workload with load=: 24 or 168 weights by hour"
            remedy = "What spills over depends on every hour, not on the peak alone."
            raise ScenarioError(Problem(f"{self.label}: workload:load", "no load profile", accepted, remedy))
        waiting = point(workload.batch_share)
        if waiting > 0.0:
            accepted = "0: what can wait fills idle hours and never spills over"
            remedy = "Make it a class of its own: tc.Workload.mix(…) with tc.Split({…}, by='class')."
            raise ScenarioError(Problem(f"{self.label}: workload:batch_share", f"{waiting:g}", accepted, remedy))
        return HourlyLoad.of(hours)

    def _bare(self) -> CostOption:
        """Return the base without the minimum and the spares that nobody gave."""
        base = self.base
        for name in self._not_given():
            base = base.with_number(name, 0.0)
        return base

    def _not_given(self) -> tuple[str, ...]:
        """Return which of minimum and spares nobody gave."""
        recipe = self._recipe
        return () if recipe is None else tuple(name for name in _SAFETY if getattr(recipe, name) is None)

    @property
    def _recipe(self) -> SelfHostedOption | None:
        """The self-hosted recipe of the base, a fine-tuned one's too."""
        recipe = self.base.recipe if isinstance(self.base, FineTunedOption) else self.base
        return recipe if isinstance(recipe, SelfHostedOption) else None

    def _shown(self, base: Resolved) -> Resolved:
        """Return the base as it is listed: without the zeros that stand for what nobody gave."""
        taken_off = set(self._not_given())
        return replace(base, local=tuple(each for each in base.local if each.address not in taken_off))

    def _fleet(self, base: Resolved) -> Fleet:
        """Return the base's fleet."""
        if base.fleet is None:
            accepted = "a fleet of GPUs, such as prices.self_hosted(…)"
            raise ScenarioError(Problem(f"{self.label}: base", f"{self.base.label}, which has none", accepted))
        return base.fleet

    def _steps(self, fleet: Fleet) -> FloatOrDraws:
        """Return the chosen replicas in steps of whole instances."""
        assert self.replica_count is not None  # asked for with a number only
        return plain(np.ceil(float_or_draws(self.replica_count) / fleet.replica.replicas_per_instance))

    def _chosen(
        self, load: HourlyLoad, full: FloatOrDraws, own: _Own, spilt: Sequence[Term], steps: FloatOrDraws
    ) -> CostCurve:
        """Return the cost with so many steps at every volume."""
        count = plain(np.maximum(steps, own.min_steps))
        bought = tuple(Fixed(plain(step.usd_per_step * count), step.label, step.citations) for step in own.steps)
        rest = Overflow(load, plain(full * count), (*spilt, *own.saved), f"{self.label}: overflow")
        return CostCurve((*bought, *own.around, *own.served, rest))

    def _cheapest(self, load: HourlyLoad, full: FloatOrDraws, own: _Own, spilt: Sequence[Term]) -> CostCurve:
        """Return the cost with the cheapest number of steps at every volume."""
        fixed = tuple(term for term in spilt if isinstance(term, Fixed))
        prices = tuple(term for term in spilt if isinstance(term, PerToken))
        if len(fixed) + len(prices) < len(spilt):
            odd = next(term.label for term in spilt if not isinstance(term, (Fixed, PerToken)))
            found = f"none, with {odd!r} of {self.burst.label}, which does not cost the same for every token"
            accepted = "a number of replicas, or a burst option with a fixed part and a price per token"
            raise ScenarioError(Problem(f"{self.label}:replica_count", found, accepted))
        steps = tuple(Fixed(step.usd_per_step, step.label, step.citations) for step in own.steps)
        best = CheapestSteps(load, full, steps, (*prices, *own.saved), own.min_steps, f"{self.label}: steps")
        return CostCurve((*own.around, *fixed, *own.served, best))


@dataclass(frozen=True)
class _Own:
    """A fixed fleet's bill by kind of term.

    Attributes
    ----------
    steps : tuple of Staircase
        What a step of instances costs, and what goes with it.
    around : tuple of Fixed
        What is paid however many there are.
    served : tuple of PerToken
        What a token costs that is served; ``saved`` takes it off for those that are not.
    """

    steps: tuple[Staircase, ...]
    around: tuple[Fixed, ...]
    served: tuple[PerToken, ...]

    @classmethod
    def of(cls, terms: Sequence[Term], fleet: Fleet, *, where: str) -> _Own:
        """Return the terms of a fleet's curve, once they are seen to be those of a fixed one."""
        width = np.asarray(fleet.tokens_per_step)
        steps, others = [], []
        for term in terms:
            step = _one_staircase(term)
            if step is not None and np.allclose(step.tokens_per_step, width, rtol=_SAME_WIDTH_RATIO, atol=0.0):
                steps.append(step)
            elif isinstance(term, (Fixed, PerToken)):
                others.append(term)
            else:
                found = f"{term.label!r}, which does not grow with a fixed number of instances"
                accepted = "a fixed fleet on one purchase's terms, without zones or standby"
                raise ScenarioError(Problem(f"{where}: base", found, accepted))
        return cls(
            tuple(steps),
            tuple(term for term in others if isinstance(term, Fixed)),
            tuple(term for term in others if isinstance(term, PerToken)),
        )

    @property
    def saved(self) -> tuple[PerToken, ...]:
        """What a token that is not served does not cost."""
        return tuple(replace(term, usd_per_mtok=-term.usd_per_mtok) for term in self.served)

    @property
    def min_steps(self) -> FloatOrDraws:
        """Steps that are bought at any volume."""
        least: FloatOrDraws = 0.0
        for step in self.steps:
            least = np.maximum(least, step.min_steps)
        return plain(least)


def _one_staircase(term: Term) -> Staircase | None:
    """Return a term as the staircase that it is; None for what is more."""
    if isinstance(term, Staircase):
        return term
    if not isinstance(term, HourlyStaircase) or term.loads.shape[-1] != 1:
        return None
    share, load, least = (plain(x[..., 0]) for x in (term.shares, term.loads, term.min_steps))
    return Staircase(term.usd_per_step * share, plain(term.tokens_per_step / load), least, term.label, term.citations)
