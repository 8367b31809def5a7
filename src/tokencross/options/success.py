"""The cost of accepted work: attempts, retries, a fallback and a person, so that unequal options compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tokencross.costs.curve import CostCurve
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws, plain, point
from tokencross.options.base import GIVEN, CostOption, Inner, Parameter, Resolved, checked_label
from tokencross.options.inside import Blended, checked_part, everyone, limit_of, under
from tokencross.options.latency import ServedLatency
from tokencross.options.speed import latency_in_turn, reached
from tokencross.options.workload import Workload
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["Accepted"]

_NUMBERS: dict[str, tuple[str, float]] = {
    "success_share": ("share of first attempts that are accepted", 1.0),
    "retry_count": ("retries of a task that failed", np.inf),
    "retry_success_share": ("share of retries that are accepted", 1.0),
    "fallback_success_share": ("share of the fallback's attempts that are accepted", 1.0),
    "review_usd_per_task": ("USD per task that a person settles", np.inf),
    "reviewed_share": ("share of what is left that a person settles", 1.0),
}
_OPTIONAL = ("fallback_success_share", "review_usd_per_task", "reviewed_share")


@dataclass(frozen=True, eq=False)
class Accepted(Blended):
    r"""An option with what it takes to get its work accepted: V counts the tokens of tasks, attempted once each.

    Attributes
    ----------
    option : option
        What attempts every task first.
    success_share : Number
        Share of first attempts that are accepted.
    retry_count : int
        How often a task that failed is tried again.
    retry_success_share : Number
        Share of the retries that are accepted; 0 unless said, because failures repeat.
    fallback : option, optional
        What attempts the tasks that are left, once each.
    fallback_success_share : Number, optional
        Share of its attempts that are accepted; to be said with ``fallback``.
    review_usd_per_task : Number, optional
        What a person costs who settles a task that is left; nobody does unless said. [USD/task]
    reviewed_share : Number, optional
        Share of the tasks left that a person settles; all of them unless said.
    label : str
        Name in tables, charts and addresses.

    Notes
    -----
    With success s, n retries of success r, a fallback of success f and a share :math:`\rho` of the rest settled by a
    person, per task:

    .. math::
        m &= 1 + (1 - s) \sum_{i=0}^{n-1} (1 - r)^i, \quad
        g = (1 - s) (1 - r)^n, \quad
        u = g (1 - f) \\
        C(V) &= C_{option}(m V) + C_{fallback}(g V) + \rho u\, c_{review} V / R, \quad
        a = 1 - u (1 - \rho)

    m are the option's attempts, g what reaches the fallback, u what is left after it (g without one), R the tokens of
    a task, and a the share that ends accepted. That every failure is noticed is assumed; a check that costs something
    is a `Cascade`'s verifier. An attempt is as long as a task's first.

    Examples
    --------
    >>> import tokencross as tc
    >>> small = tc.Option("small", tc.CostCurve.per_mtok(1.0))
    >>> done = Accepted(small, success_share=0.75, review_usd_per_task=0.5)
    >>> done.curve(tc.Workload(input_tokens=900, output_tokens=100)).usd_per_month(1e9)  # 250,000 of a million tasks
    126000.0
    """

    option: CostOption
    success_share: Number = field(kw_only=True)
    retry_count: int = field(default=0, kw_only=True)
    retry_success_share: Number = field(default=0.0, kw_only=True)
    fallback: CostOption | None = field(default=None, kw_only=True)
    fallback_success_share: Number | None = field(default=None, kw_only=True)
    review_usd_per_task: Number | None = field(default=None, kw_only=True)
    reviewed_share: Number | None = field(default=None, kw_only=True)
    label: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        """Check the numbers, and that they go together."""
        option = checked_part(self.option, "accepted: option")
        object.__setattr__(self, "label", checked_label(self.label or f"{option.label}, accepted"))
        where = f"{self.label}:"
        for name, (unit, high) in _NUMBERS.items():
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            remedy = "Shares are fractions: write 0.9 for 90%." if name.endswith("_share") else ""
            checked = check_number(value, where=where + name, unit=unit, high=high, remedy=remedy)
            if name != "retry_count":
                object.__setattr__(self, name, checked)
        count = self.retry_count
        if isinstance(count, bool) or not isinstance(count, (int, float)) or count % 1.0:
            raise ScenarioError(Problem(f"{where}retry_count", repr(count), "a whole number of retries"))
        object.__setattr__(self, "retry_count", int(count))
        if (self.fallback is None) != (self.fallback_success_share is None):
            found = "fallback without it" if self.fallback is not None else "nothing to fall back to"
            accepted = "both fallback and fallback_success_share, or neither"
            raise ScenarioError(Problem(f"{where}fallback_success_share", found, accepted))
        if self.fallback is not None:
            checked_part(self.fallback, f"{where}fallback")
        if self.reviewed_share is not None and self.review_usd_per_task is None:
            accepted = "review_usd_per_task too (0 where nobody is paid for it)"
            raise ScenarioError(Problem(f"{where}reviewed_share", f"{point(self.reviewed_share):g}", accepted))
        if np.any(np.asarray(self.accepted_share) <= 0.0):
            found = "0: nothing is ever accepted"
            accepted = "a success, a fallback or a review by which some work is accepted"
            raise ScenarioError(Problem(f"{where}success_share", found, accepted))
        everyone([self])

    # ------------------------------------------------------------------ per task

    @property
    def attempt_ratio(self) -> FloatOrDraws:
        """The option's attempts per task."""
        success, count = np.asarray(float_or_draws(self.retry_success_share)), float(self.retry_count)
        with np.errstate(divide="ignore", invalid="ignore"):
            tries = plain(np.where(success > 0.0, (1.0 - (1.0 - success) ** count) / success, count))
        return 1.0 + (1.0 - float_or_draws(self.success_share)) * tries

    @property
    def fallback_share(self) -> FloatOrDraws:
        """Share of the tasks that the option does not get accepted."""
        failed = 1.0 - float_or_draws(self.retry_success_share)
        return (1.0 - float_or_draws(self.success_share)) * failed**self.retry_count

    @property
    def left_share(self) -> FloatOrDraws:
        """Share of the tasks that no model gets accepted."""
        success = 0.0 if self.fallback_success_share is None else float_or_draws(self.fallback_success_share)
        return self.fallback_share * (1.0 - success)

    @property
    def settled_share(self) -> FloatOrDraws:
        """Share of the tasks that a person settles."""
        if self.review_usd_per_task is None:
            return 0.0
        return self.left_share * (1.0 if self.reviewed_share is None else float_or_draws(self.reviewed_share))

    @property
    def accepted_share(self) -> FloatOrDraws:
        """Share of the tasks that end accepted."""
        return plain(1.0 - self.left_share + self.settled_share)

    # ------------------------------------------------------------------ as an option

    @property
    def tier(self) -> str:
        """See `CostOption.tier`: the option's."""
        return self.option.tier

    @property
    def parts(self) -> tuple[CostOption, ...]:
        """See `Blend.parts`: the option and, if there is one, the fallback."""
        return (self.option,) if self.fallback is None else (self.option, self.fallback)

    def with_parts(self, parts: tuple[CostOption, ...]) -> Accepted:
        """See `Blend.with_parts`."""
        option, *rest = parts
        return replace(self, option=option, fallback=rest[0] if rest else None)

    def with_number(self, name: str, value: object) -> Accepted:
        """See `CostOption.with_number`."""
        if name not in _NUMBERS:
            known = list(_NUMBERS)
            raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", ", ".join(known), offer(name, known)))
        changes: dict[str, Any] = {name: value}
        return replace(self, **changes)

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        inner = [Inner(self.option.label, self.attempt_ratio, self.option.resolve(workload))]
        curve = under(self.option, inner[0].resolved.curve.at_share(self.attempt_ratio))
        if self.fallback is not None:
            inner.append(Inner(self.fallback.label, self.fallback_share, self.fallback.resolve(workload)))
            curve = curve + under(self.fallback, inner[1].resolved.curve.at_share(self.fallback_share))
        if self.review_usd_per_task is not None:
            usd = float_or_draws(self.review_usd_per_task) * self.settled_share
            per_mtok = usd * TOKENS_PER_MTOK / workload.request_tokens
            curve = curve + CostCurve.per_mtok(per_mtok, label="review", citations=(GIVEN,))
        return Resolved(
            curve=curve,
            local=self._local_parameters(),
            inner=tuple(inner),
            limit=limit_of(inner),
            accepted_share=self.accepted_share,
            latency=self._latency(inner, float_or_draws(workload.output_tokens)),
        )

    def _latency(self, inner: Sequence[Inner], output_tokens: FloatOrDraws) -> ServedLatency | None:
        """Return the latency of what is accepted last: after every retry, by the fallback; nobody's review counts."""
        option, *fallback = inner
        tries = 1 + (self.retry_count if np.any(np.asarray(self.attempt_ratio) > 1.0) else 0)
        if fallback and reached(fallback[0]):
            return latency_in_turn([(option, output_tokens)] * tries, fallback[0])
        return latency_in_turn([(option, output_tokens)] * (tries - 1), option)

    def _local_parameters(self) -> tuple[Parameter, ...]:
        """Return the numbers that were given, and what stands for those that matter and were not."""
        found = []
        for name, (unit, _) in _NUMBERS.items():
            value = getattr(self, name)
            if name == "retry_success_share" and self.retry_count and isinstance(value, float) and value == 0.0:
                found.append(Parameter(name, value, unit, "default", "failures repeat"))
            elif name == "success_share" or not (value is None or (isinstance(value, (int, float)) and value == 0.0)):
                found.append(Parameter(name, value, unit, "given", "", GIVEN))
        if self.review_usd_per_task is not None and self.reviewed_share is None:
            unit, _ = _NUMBERS["reviewed_share"]
            found.append(Parameter("reviewed_share", 1.0, unit, "default", "a person settles all that is left"))
        return tuple(found)
