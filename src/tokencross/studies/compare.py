"""Options side by side for one workload: costs, breakevens, winners, capacity, and what they rest on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from tokencross.citation import Citation
from tokencross.costs.breakeven import Breakeven, breakeven
from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import longest_amortization_months
from tokencross.costs.envelope import Stretch, lower_envelope
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import Distribution, Draws, Number, check_number, point
from tokencross.options.base import GIVEN, CostOption, Parameter, Resolved
from tokencross.options.centred import centred_option, centred_workload, exchanged
from tokencross.options.inside import everyone, rebuilt, resolved_everywhere
from tokencross.options.workload import Workload
from tokencross.studies.frames import parameter_frame
from tokencross.studies.notes import notes_of
from tokencross.studies.rate_bands import rate_band_notes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Options resolved for a workload.

    Attributes
    ----------
    options : tuple of CostOption
        In the order given.
    workload : Workload
        The traffic.
    incumbent : str
        Label of the option that the others are compared with.
    reference : tuple of str
        Labels that are drawn and compared pairwise, but are no substitutes.
    tokens_per_month : Number or None
        Where you are.
    said : str
        What the scenario says of itself.
    remarks : tuple of str
        What became of options that were compared before.
    correlations : mapping of (name, name) to float
        How uncertain inputs go together, as `studies.inputs` checks them.
    """

    options: tuple[CostOption, ...]
    workload: Workload
    incumbent: str
    reference: tuple[str, ...]
    tokens_per_month: Number | None
    said: str = ""
    remarks: tuple[str, ...] = ()
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels in the order given."""
        return tuple(option.label for option in self.options)

    @cached_property
    def everyone(self) -> Mapping[str, CostOption]:
        """The options and those inside them by label, outer ones first."""
        return everyone(self.options)

    def changed(self, change: Callable[[CostOption], CostOption]) -> Comparison:
        """Return the comparison with a change made to every option and to those inside them."""
        return replace(self, options=rebuilt(self.options, change))

    @cached_property
    def substitutes(self) -> tuple[str, ...]:
        """Labels of the options that would do the job equally well."""
        return tuple(label for label in self.labels if label not in self.reference)

    @cached_property
    def resolved(self) -> Mapping[str, Resolved]:
        """Every option with its curve; draws and distributions as they are."""
        return {option.label: option.resolve(self.workload) for option in self.options}

    @cached_property
    def has_draws(self) -> bool:
        """Whether any curve has draws."""
        return any(resolved.curve.draw_count is not None for resolved in self.resolved.values())

    @cached_property
    def is_uncertain(self) -> bool:
        """Whether any number is a distribution or an array of draws."""
        met: list[object] = []

        def point_of(number: Draws | Distribution) -> float:
            met.append(number)
            return point(number)

        for value in (*self.options, self.workload, self.tokens_per_month):
            exchanged(value, point_of)
        return bool(met)

    @cached_property
    def central(self) -> Mapping[str, Resolved]:
        """Every option at the medians of what is uncertain: what tables and charts show."""
        if not self.has_draws:
            return self.resolved
        return self.medians.resolved

    @cached_property
    def here(self) -> float | None:
        """Where you are, in tokens per month."""
        return None if self.tokens_per_month is None else point(self.tokens_per_month)

    def option(self, label: str) -> CostOption:
        """Return an option by its label."""
        if label not in self.labels:
            known = list(self.labels)
            raise ScenarioError(
                Problem("option", f"unknown label {label!r}", f"one of {', '.join(known)}", offer(label, known))
            )
        return self.options[self.labels.index(label)]

    def curve(self, label: str) -> CostCurve:
        """Return an option's curve at the medians."""
        self.option(label)
        return self.central[label].curve

    # ------------------------------------------------------------------ numbers

    def costs(self, volumes: ArrayLike) -> pd.DataFrame:
        """Return USD/month, a row per volume and a column per option."""
        import pandas as pd

        points = np.atleast_1d(np.asarray(volumes, dtype=float))
        index = pd.Index(points, name="tokens_per_month")
        return pd.DataFrame({label: self.curve(label).usd_per_month(points) for label in self.labels}, index=index)

    def breakdown(self, tokens_per_month: float) -> pd.DataFrame:
        """Return option, component, USD/month and source at a volume; per option they add up to its cost."""
        import pandas as pd

        rows = [
            {
                "option": label,
                "component": part.label,
                "usd_per_month": float(part.usd_per_month),
                "source": "; ".join(f"{c.location} ({c.via})" if c.location else c.via for c in part.citations),
            }
            for label in self.labels
            for part in self.curve(label).components(float(tokens_per_month))
        ]
        return pd.DataFrame(rows, columns=["option", "component", "usd_per_month", "source"])

    def breakeven(
        self, challenger: str, against: str | None = None, *, margin_share: float = 0.0, per: str = "token"
    ) -> Breakeven:
        """Return where an option undercuts another, by the token or by accepted work; with draws, draw by draw."""
        from tokencross.studies.units import curve_per

        rival = self.incumbent if against is None else against
        self.option(challenger)
        self.option(rival)
        if challenger == rival:
            found = f"{challenger!r} against itself"
            raise ScenarioError(Problem("breakeven", found, "two different options"))
        ours, theirs = (curve_per(label, self.resolved[label], per) for label in (challenger, rival))
        found_at = breakeven(ours, theirs, margin_share=margin_share)
        reason = found_at.reason
        if reason is not None:
            reason = reason.replace("the challenger", challenger).replace("the incumbent", rival)
        return replace(found_at, tokens_per_request=self.workload.request_tokens, reason=reason)

    def central_breakeven(self, challenger: str, against: str | None = None) -> Breakeven:
        """Return where an option undercuts another, at the medians."""
        return self.medians.breakeven(challenger, against)

    @cached_property
    def medians(self) -> Comparison:
        """The comparison at the medians of what is uncertain: itself when nothing is."""
        if not self.has_draws:
            return self
        known: dict[int, object] = {}
        return replace(
            self,
            options=tuple(centred_option(option, known) for option in self.options),
            workload=centred_workload(self.workload),
            tokens_per_month=self.here,
        )

    def breakevens(self) -> pd.DataFrame:
        """Return every challenger against the incumbent: first, robust, in other units, or the reason for none."""
        import pandas as pd

        rows = []
        for label in self.labels:
            if label == self.incumbent:
                continue
            found = self.central_breakeven(label)
            rows.append(
                {
                    "challenger": label,
                    "incumbent": self.incumbent,
                    "first_tokens_per_month": found.first,
                    "robust_tokens_per_month": found.robust,
                    "first_tokens_per_day": found.first_tokens_per_day,
                    "first_requests_per_month": found.first_requests_per_month,
                    "first_usd_per_month": found.first_usd_per_month,
                    "interval_count": found.interval_count,
                    "substitute": label in self.substitutes,
                    "reason": found.reason or "",
                }
            )
        columns = [
            "challenger",
            "incumbent",
            "first_tokens_per_month",
            "robust_tokens_per_month",
            "first_tokens_per_day",
            "first_requests_per_month",
            "first_usd_per_month",
            "interval_count",
            "substitute",
            "reason",
        ]
        frame = pd.DataFrame(rows, columns=columns)
        numeric = [name for name in columns if "_per_" in name]
        return frame.astype(dict.fromkeys(numeric, float))

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """Who of the substitutes is the cheapest at which volume."""
        return tuple(lower_envelope([self.curve(label) for label in self.substitutes]))

    def winners(self) -> pd.DataFrame:
        """Return the cheapest substitute by volume: from, to, option."""
        import pandas as pd

        rows = [(s.low, s.high, self.substitutes[s.winner]) for s in self.stretches]
        return pd.DataFrame(rows, columns=["from_tokens_per_month", "to_tokens_per_month", "option"])

    def cheapest_at(self, tokens_per_month: float) -> str:
        """Return the label of the cheapest substitute at a volume."""
        return min(self.substitutes, key=lambda label: self.curve(label).usd_per_month(tokens_per_month))

    def tokens_per_month_for(self, *, usd_per_month: float, option: str) -> float:
        """Return the largest volume up to which an option stays within a budget; inf when it always does."""
        budget = CostCurve.fixed(
            check_number(usd_per_month, where="usd_per_month", unit="USD per month"), label="budget"
        )
        over = breakeven(budget, self.curve(option))
        return math.inf if over.first is None else float(over.first)

    def capacity(self, tokens_per_month: float) -> pd.DataFrame:
        """Return every step from tokens to GPUs at a volume, a column per fleet (``"outer > own"`` inside others)."""
        import pandas as pd

        frame = pd.DataFrame(self.capacity_steps(tokens_per_month))
        frame.index.name = "step"
        return frame

    def capacity_steps(self, tokens_per_month: float) -> dict[str, dict[str, float | str]]:
        """Return the steps of `capacity` by option and name."""
        from tokencross.studies.sizing import capacity_steps

        return capacity_steps(self, float(tokens_per_month))

    # ------------------------------------------------------------------ what it rests on

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every number of the study with its address, once each."""
        found: dict[str, Parameter] = {p.address: p for p in self.workload.parameters()}
        for label, resolved in resolved_everywhere(self.resolved):
            for own in resolved.local:
                address = f"{label}:{own.address}"
                found.setdefault(address, replace(own, address=address))
            for parameter in resolved.tables:
                found.setdefault(parameter.address, parameter)
        if self.tokens_per_month is not None:
            where = Parameter(
                "tokens_per_month", self.tokens_per_month, "reference tokens per month", "given", "", GIVEN
            )
            found[where.address] = where
        return tuple(found.values())

    def assumptions(self) -> pd.DataFrame:
        """Return every number that was given, defaulted or fitted (table rows are in `sources`)."""
        return parameter_frame([p for p in self.parameters if p.origin != "table"])

    def parameter_frame(self) -> pd.DataFrame:
        """Return every number of the study."""
        return parameter_frame(self.parameters)

    def sources(self) -> pd.DataFrame:
        """Return every table row used: dates, file and line, and where its figures come from."""
        import pandas as pd

        dated = ("row", "location", "via", "basis", "effective_from", "checked")
        columns = [*dated, "cited_url", "url", "dispute", "caveat"]
        rows = [
            {**{name: getattr(citation, name) for name in columns}, "options": ", ".join(labels)}
            for citation, labels in self.cited.items()
        ]
        return pd.DataFrame(rows, columns=[*columns, "options"])

    @cached_property
    def cited(self) -> Mapping[Citation, tuple[str, ...]]:
        """Every table row used, once, with the labels of the options that use it."""
        found: dict[Citation, list[str]] = {}
        used = [(label, resolved.citations) for label, resolved in resolved_everywhere(self.resolved)]
        for label, citations in [*used, ("workload", self.workload.citations)]:
            for citation in citations:
                if citation.location:
                    found.setdefault(citation, []).append(label)
        return {citation: tuple(dict.fromkeys(labels)) for citation, labels in found.items()}

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What has to be said with the result, once each."""
        own = [note for _, resolved in resolved_everywhere(self.resolved) for note in resolved.notes]
        said = [self.said.strip()] if self.said.strip() else []
        if self.is_uncertain:
            said.append("Some numbers are uncertain: tables and charts show their medians; a sample says how sure.")
        upcoming = notes_of(tuple(self.everyone.values()), self.longest_amortization_months)
        bands = rate_band_notes(self)
        return tuple(dict.fromkeys([*said, *self.remarks, *self.workload.notes, *own, *bands, *upcoming]))

    @property
    def longest_amortization_months(self) -> float:
        """The longest horizon over which engineering is spread. [months]"""
        return max((longest_amortization_months(option.engineering) for option in self.everyone.values()), default=0.0)


def _check_kinds(options: Sequence[CostOption], workload: Workload) -> None:
    """Refuse anything that is no option or no workload."""
    if not options:
        raise ScenarioError(Problem("options", "none", "at least one option"))
    for option in options:
        if not isinstance(option, CostOption):
            accepted = "options, such as prices.api(…) or tc.Option(label, curve)"
            raise ScenarioError(Problem("options", type(option).__name__, accepted))
    if not isinstance(workload, Workload):
        raise ScenarioError(Problem("workload", type(workload).__name__, "a tc.Workload"))


def _check_labels(labels: Sequence[str], incumbent: str | None, reference: Sequence[str]) -> None:
    """Refuse double and unknown labels, and a study without substitutes."""
    double = sorted({label for label in labels if labels.count(label) > 1})
    if double:
        raise ScenarioError(Problem("options", f"{double[0]!r} twice", "every option once"))
    if isinstance(reference, str):
        raise ScenarioError(Problem("reference", repr(reference), f"a list of labels, such as [{reference!r}]"))
    named = [("incumbent", incumbent)] if incumbent is not None else []
    for kind, name in [*named, *(("reference", name) for name in reference)]:
        if name not in labels:
            accepted = f"one of {', '.join(labels)}"
            raise ScenarioError(Problem(kind, f"unknown option label {name!r}", accepted, offer(str(name), labels)))
    if set(labels) <= set(reference):
        raise ScenarioError(Problem("reference", "every option", "at least one option that is a substitute"))


def compare(
    options: Sequence[CostOption],
    *,
    workload: Workload,
    incumbent: str | None,
    reference: Sequence[str],
    tokens_per_month: Number | None,
    said: str = "",
) -> Comparison:
    """Return a comparison, its labels checked.

    Raises
    ------
    ScenarioError
        If there is no option, two have one label, or a label is unknown.
    """
    _check_kinds(options, workload)
    everyone(options)
    labels = [option.label for option in options]
    _check_labels(labels, incumbent, reference)
    where = tokens_per_month if tokens_per_month is not None else workload.tokens_per_month
    if where is not None:
        where = check_number(where, where="tokens_per_month", unit="tokens per month", open_low=True)
    return Comparison(tuple(options), workload, incumbent or labels[0], tuple(reference), where, said)
