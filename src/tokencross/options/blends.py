"""Options made of others: a cascade passes on what its first cannot do, a split sends each request to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np

from tokencross.costs.curve import CostCurve
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, Number, check_number, float_or_draws
from tokencross.options.base import GIVEN, CostOption, Inner, Parameter, Resolved, checked_label
from tokencross.options.inside import Blended, checked_part, everyone, limit_of, under
from tokencross.options.latency import ServedLatency
from tokencross.options.mix import Mix, judged
from tokencross.options.shares import adding_up, check_shares, checked_share, reshared
from tokencross.options.speed import latency_in_turn, latency_of
from tokencross.options.workload import Workload
from tokencross.units import TOKENS_PER_MTOK

__all__ = ["Cascade", "Split"]

_SHARE = "Shares are fractions: write 0.15 for 15%."


# ---------------------------------------------------------------------- cascade


@dataclass(frozen=True, eq=False)
class Cascade(Blended):
    r"""A first option for everything, a fallback for the share that escalates, and what checks the answers.

    Attributes
    ----------
    first, fallback : option
        What is asked first, and what is asked as well where the first answer is not good enough. Either may be a
        cascade itself.
    escalation_share : Number
        Share of the traffic that goes on to the fallback; from 0 to 1.
    label : str
        Name in tables, charts and addresses.
    verifier_usd_per_request : Number
        What checking an answer of the first costs. [USD/request]
    verifier : option, optional
        A model that reads every request with the first's answer, uncached, and writes ``verifier_output_tokens``.
    verifier_output_tokens : Number, optional
        Length of its verdict; to be said with ``verifier``. [reference tokens per request]

    Notes
    -----
    .. math:: C(V) = C_{first}(V) + C_{fallback}(e V) + C_{verifier}(V)

    Escalated requests are taken to be as long as the others; where they are longer, ``escalation_share`` is their
    share of the tokens.

    References
    ----------
    .. [1] L. Chen, M. Zaharia and J. Zou, "FrugalGPT: How to Use Large Language Models While Reducing Cost and
       Improving Performance", arXiv:2305.05176 (2023): cascades with a scorer that decides what goes on.

    Examples
    --------
    >>> import tokencross as tc
    >>> small = tc.Option("small", tc.CostCurve.per_mtok(1.0))
    >>> large = tc.Option("large", tc.CostCurve.per_mtok(10.0))
    >>> chat = tc.Workload(input_tokens=3_000, output_tokens=1_000)
    >>> Cascade(small, large, escalation_share=0.25).curve(chat).usd_per_month(1e9)
    3500.0
    """

    first: CostOption
    fallback: CostOption
    escalation_share: Number = field(kw_only=True)
    label: str = field(default="", kw_only=True)
    verifier_usd_per_request: Number = field(default=0.0, kw_only=True)
    verifier: CostOption | None = field(default=None, kw_only=True)
    verifier_output_tokens: Number | None = field(default=None, kw_only=True)
    tier: str = field(default="cascade", kw_only=True)

    def __post_init__(self) -> None:
        """Check the numbers, and that the parts go together."""
        first, fallback = checked_part(self.first, "cascade: first"), checked_part(self.fallback, "cascade: fallback")
        object.__setattr__(self, "label", checked_label(self.label or f"{first.label}, then {fallback.label}"))
        where = f"{self.label}:"
        share = check_number(
            self.escalation_share,
            where=f"{where}escalation_share",
            unit="share of the traffic that goes on to the fallback",
            high=1.0,
            remedy=_SHARE,
        )
        usd = check_number(
            self.verifier_usd_per_request, where=f"{where}verifier_usd_per_request", unit="USD per request"
        )
        object.__setattr__(self, "escalation_share", share)
        object.__setattr__(self, "verifier_usd_per_request", usd)
        if (self.verifier is None) != (self.verifier_output_tokens is None):
            found = "verifier without verifier_output_tokens"
            if self.verifier is None:
                found = "verifier_output_tokens without verifier"
            raise ScenarioError(Problem(f"{where}verifier", found, "both (an option and the length of its verdict)"))
        if self.verifier is not None:
            checked_part(self.verifier, f"{where}verifier")
            tokens = check_number(
                self.verifier_output_tokens,
                where=f"{where}verifier_output_tokens",
                unit="reference tokens per request",
            )
            object.__setattr__(self, "verifier_output_tokens", tokens)
        everyone([self])

    @classmethod
    def chain(
        cls, stages: Sequence[tuple[CostOption, Number] | CostOption], *, label: str = "", **verifier: Any
    ) -> Cascade:
        """Return a cascade of several stages.

        Parameters
        ----------
        stages : sequence of (option, escalation_share), and an option at last
            ``[(a, 0.3), (b, 0.2), c]``: 30% of the traffic goes on to b, 20% of that, 6% of all, to c.
        label : str, optional
            Name of the whole; the rest of the chain from stage n on is ``"<label>, from stage n"``.
        **verifier
            The verifier of `Cascade`; it checks every stage but the last.

        Raises
        ------
        ScenarioError
            If there are fewer than two stages, or they are not such pairs.
        """
        where = "cascade: stages"
        accepted = "[(a, 0.3), (b, 0.2), c]: options with their escalation shares, and a last option"
        pairs = list(stages) if isinstance(stages, (list, tuple)) else []
        *early, last = pairs or [None]
        if not early or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in early):
            raise ScenarioError(Problem(where, f"{stages!r:.60}", accepted))
        option = checked_part(last, where)
        options = [checked_part(cast("tuple[CostOption, Number]", pair)[0], where) for pair in early]
        whole = label or ", then ".join(each.label for each in (*options, option))
        for at in range(len(early) - 1, -1, -1):
            share = cast("tuple[CostOption, Number]", early[at])[1]
            name = whole if at == 0 else f"{whole}, from stage {at + 1}"
            option = cls(options[at], option, escalation_share=share, label=name, **verifier)
        return cast("Cascade", option)

    @property
    def parts(self) -> tuple[CostOption, ...]:
        """See `Blend.parts`: first, fallback and, if there is one, verifier."""
        return (self.first, self.fallback) if self.verifier is None else (self.first, self.fallback, self.verifier)

    def with_parts(self, parts: tuple[CostOption, ...]) -> Cascade:
        """See `Blend.with_parts`."""
        first, fallback, *rest = parts
        return replace(self, first=first, fallback=fallback, verifier=rest[0] if rest else None)

    def with_number(self, name: str, value: object) -> Cascade:
        """See `CostOption.with_number`."""
        known = ["escalation_share", "verifier_usd_per_request", "verifier_output_tokens"]
        if name not in known:
            raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", ", ".join(known), offer(name, known)))
        changes: dict[str, Any] = {name: value}
        return replace(self, **changes)

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        escalated = float_or_draws(self.escalation_share)
        inner = [
            Inner(self.first.label, 1.0, self.first.resolve(workload)),
            Inner(self.fallback.label, escalated, self.fallback.resolve(workload)),
        ]
        first, fallback = (each.resolved.curve for each in inner)
        curve = under(self.first, first) + under(self.fallback, fallback.at_share(escalated))
        local = [Parameter("escalation_share", self.escalation_share, "share of the traffic", "given", "", GIVEN)]
        usd = float_or_draws(self.verifier_usd_per_request)
        if np.any(np.asarray(usd) > 0.0):
            per_mtok = usd * TOKENS_PER_MTOK / workload.request_tokens
            curve = curve + CostCurve.per_mtok(per_mtok, label="verifier", citations=(GIVEN,))
            local.append(
                Parameter(
                    "verifier_usd_per_request", self.verifier_usd_per_request, "USD per request", "given", "", GIVEN
                )
            )
        if self.verifier is not None and self.verifier_output_tokens is not None:
            shape, ratio = judged(workload, float_or_draws(self.verifier_output_tokens))
            inner.append(Inner(self.verifier.label, ratio, self.verifier.resolve(shape)))
            curve = curve + under(self.verifier, inner[-1].resolved.curve.at_share(ratio))
            unit = "reference tokens per request"
            local.append(
                Parameter("verifier_output_tokens", self.verifier_output_tokens, unit, "given", "", GIVEN),
            )
        return Resolved(
            curve=curve,
            local=tuple(local),
            inner=tuple(inner),
            limit=limit_of(inner),
            latency=self._latency(inner, float_or_draws(workload.output_tokens)),
        )

    def _latency(self, inner: Sequence[Inner], output_tokens: FloatOrDraws) -> ServedLatency | None:
        """Return the latency of what escalates: the first's whole answer, the verdict on it, then the fallback."""
        first, fallback, *verifier = inner
        verdict = 0.0 if self.verifier_output_tokens is None else float_or_draws(self.verifier_output_tokens)
        return latency_in_turn([(first, output_tokens), *((each, verdict) for each in verifier)], fallback)


# ---------------------------------------------------------------------- split


@dataclass(frozen=True, eq=False)
class Split(Blended):
    """A routed mix: every request goes to one option, by shares of the volume or by class of work.

    Attributes
    ----------
    routes : sequence of (option, share), or mapping of class to option
        ``[(small, 0.7), (frontier, 0.3)]``: shares of V that add up to 1, each with the workload's own shape; an
        option that comes twice gets both. With ``by="class"``, ``{"tagging": small, "agent": frontier}``: each class
        of a `Workload.mix` to its own option; classes of one option are its one workload.
    by : str
        ``volume`` or ``class``.
    label : str
        Name in tables, charts and addresses.

    Examples
    --------
    >>> import tokencross as tc
    >>> small = tc.Option("small", tc.CostCurve.per_mtok(1.0))
    >>> large = tc.Option("large", tc.CostCurve.per_mtok(10.0))
    >>> chat = tc.Workload(input_tokens=3_000, output_tokens=1_000)
    >>> Split([(small, 0.75), (large, 0.25)]).curve(chat).usd_per_month(1e9)
    3250.0
    """

    routes: Sequence[tuple[CostOption | str, Number | CostOption]] | Mapping[str, CostOption]
    by: str = field(default="volume", kw_only=True)
    label: str = field(default="", kw_only=True)
    tier: str = field(default="split", kw_only=True)

    def __post_init__(self) -> None:
        """Check routes and shares."""
        if self.by not in {"volume", "class"}:
            known = ["volume", "class"]
            raise ScenarioError(Problem("split: by", repr(self.by), "volume or class", offer(str(self.by), known)))
        found = _by_class(self.routes) if self.by == "class" else _by_volume(self.routes)
        object.__setattr__(self, "routes", found)
        named = list(dict.fromkeys(option.label for option in self.parts))
        usual = " and ".join(named) if len(named) > 1 else f"split, {named[0]}"
        object.__setattr__(self, "label", checked_label(self.label or usual))
        if self.by == "volume":
            check_shares(self._shares, where=f"{self.label}: shares")
        everyone([self])

    @property
    def _shares(self) -> list[FloatOrDraws]:
        """Shares of the volume, route by route."""
        return [float_or_draws(share) for _, share in cast("tuple[tuple[CostOption, Number], ...]", self.routes)]

    @property
    def _classes(self) -> list[str]:
        """Classes, route by route."""
        return [name for name, _ in cast("tuple[tuple[str, CostOption], ...]", self.routes)]

    @property
    def parts(self) -> tuple[CostOption, ...]:
        """See `Blend.parts`: the option of every route."""
        place = 1 if self.by == "class" else 0
        return tuple(cast("CostOption", route[place]) for route in cast("tuple[tuple[object, object]]", self.routes))

    def rebuilt(self, **changes: Any) -> Split:
        """Return the split with fields exchanged; shares that no longer add up give way in proportion."""
        if "routes" in changes and self.by == "volume":
            options, shares = zip(*changes["routes"], strict=True)
            changes["routes"] = tuple(zip(options, adding_up(shares), strict=True))
        return replace(self, **changes)

    def with_parts(self, parts: tuple[CostOption, ...]) -> Split:
        """See `Blend.with_parts`."""
        if self.by == "class":
            return replace(self, routes=tuple(zip(self._classes, parts, strict=True)))
        return replace(self, routes=tuple(zip(parts, self._shares, strict=True)))

    def with_number(self, name: str, value: object) -> Split:
        """See `CostOption.with_number`; a share takes from, or leaves to, the others in proportion."""
        known = [] if self.by == "class" else [f"share[{option.label}]" for option in self.parts]
        if name not in known:
            accepted = ", ".join(known) or "none: shares of classes are the workload's (workload:<class>.share)"
            raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", accepted, offer(name, known)))
        shares = reshared(self._shares, known.index(name), value, where=f"{self.label}:{name}")
        return replace(self, routes=tuple(zip(self.parts, shares, strict=True)))

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        if self.by == "class":
            shapes = self._shapes(workload)
            local: tuple[Parameter, ...] = ()
        else:
            shapes = [(option, workload, share) for option, share in zip(self.parts, self._shares, strict=True)]
            unit = "share of the volume"
            local = tuple(
                Parameter(f"share[{option.label}]", share, unit, "given", "", GIVEN) for option, _, share in shapes
            )
        curve, inner = CostCurve(), []
        for option, shape, share in shapes:
            inner.append(Inner(option.label, share, option.resolve(shape)))
            curve = curve + under(option, inner[-1].resolved.curve.at_share(share))
        accepted = _accepted(inner)
        return Resolved(
            curve=curve,
            local=local,
            inner=tuple(inner),
            limit=limit_of(inner),
            accepted_share=accepted,
            latency=latency_of(inner),
        )

    def _shapes(self, workload: Workload) -> list[tuple[CostOption, Workload, FloatOrDraws]]:
        """Return every option with the workload of its classes and their share."""
        where = f"{self.label}: classes"
        if not isinstance(workload, Mix):
            found = "a workload without classes"
            accepted = 'tc.Workload.mix({"tagging": (workload, 0.6), …})'
            raise ScenarioError(Problem(where, found, accepted, "Or split by volume: [(option, share), …]."))
        names = set(self._classes)
        known = {each.name for each in workload.classes}
        if names != known:
            missing, unknown = sorted(known - names), sorted(names - known)
            found = "; ".join(
                [f"no option for {', '.join(missing)}"] * bool(missing)
                + [f"unknown {', '.join(unknown)}"] * bool(unknown)
            )
            raise ScenarioError(Problem(where, found, f"an option for each of {', '.join(sorted(known))}"))
        options = {option.label: option for option in self.parts}
        taken = list(zip(self._classes, self.parts, strict=True))
        return [
            (option, *workload.only([name for name, each in taken if each.label == label]))
            for label, option in options.items()
        ]


def _by_volume(routes: object) -> tuple[tuple[CostOption, Number], ...]:
    """Return routes by share of the volume, those of one option added up."""
    accepted = "[(option, 0.7), (other, 0.3)]: options with shares of the volume"
    if not isinstance(routes, (list, tuple)) or not routes:
        remedy = 'For classes of work say by="class".' if isinstance(routes, Mapping) else ""
        raise ScenarioError(Problem("split: routes", f"{routes!r:.60}", accepted, remedy))
    found: dict[str, tuple[CostOption, Number]] = {}
    for pair in routes:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ScenarioError(Problem("split: routes", f"{pair!r:.60}", accepted))
        option = checked_part(pair[0], "split: routes")
        where = f"split: share of {option.label}"
        share = checked_share(pair[1], where)
        if option.label in found:
            everyone([found[option.label][0], option])
            share = float_or_draws(share) + float_or_draws(found[option.label][1])
        found[option.label] = (option, share)
    return tuple(found.values())


def _by_class(routes: object) -> tuple[tuple[str, CostOption], ...]:
    """Return routes by class of work."""
    accepted = '{"tagging": option, "agent": other}: an option for each class of the workload'
    pairs = list(routes.items()) if isinstance(routes, Mapping) else routes
    if not isinstance(pairs, (list, tuple)) or not pairs or not all(_names_class(pair) for pair in pairs):
        raise ScenarioError(Problem("split: routes", f"{routes!r:.60}", accepted))
    return tuple((name, checked_part(option, f"split: {name}")) for name, option in pairs)


def _names_class(pair: object) -> bool:
    """Return whether something is a class's name with something."""
    return isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)


def _accepted(inner: Sequence[Inner]) -> FloatOrDraws | None:
    """Return the share of all the work that ends accepted; None unless every part says its own."""
    total: FloatOrDraws = 0.0
    for each in inner:
        if each.resolved.accepted_share is None or each.share is None:
            return None
        total = total + each.share * each.resolved.accepted_share
    return total
