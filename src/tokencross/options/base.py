"""What an option is, what resolving one gives, and the option that is a curve of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from tokencross.citation import Citation
from tokencross.costs.curve import CostCurve
from tokencross.costs.engineering import NO_ENGINEERING, Engineering, EngineeringItems
from tokencross.errors import Problem, ScenarioError
from tokencross.number import Distribution, FloatOrDraws, Number, point
from tokencross.options.spread import spread_between
from tokencross.tables.book import REPLACED, Book
from tokencross.tables.resolved import Quantity

if TYPE_CHECKING:
    from tokencross.options.capacity import Fleet
    from tokencross.options.latency import ServedLatency
    from tokencross.options.limits import VolumeLimit
    from tokencross.options.workload import Workload

__all__ = [
    "GIVEN",
    "NOT_MEASURED",
    "Blend",
    "CostOption",
    "Inner",
    "Option",
    "Origin",
    "Parameter",
    "Resolved",
    "checked_engineering",
    "checked_label",
    "engineering_parameters",
    "from_tables",
    "replaced_engineering",
]

Origin = Literal["given", "default", "table", "fitted"]

# what an address begins with, besides a label
_ROOMS = ("workload", "prices", "compute", "provisioned", "tokenizers", "tuning")

GIVEN = Citation("given", via="given by the study")


@dataclass(frozen=True)
class Parameter:
    """A number that a study rests on.

    Attributes
    ----------
    address : str
        Its one name, as `Study.replace` takes it.
    value : Number
        Its value.
    unit : str
        Its unit in words.
    origin : str
        given by the user, default of the method, table row, or fitted to table rows.
    why : str
        The reason for a default, or how it was fitted.
    citation : Citation or None
        The row that it comes from.
    spread : Distribution or None
        How far off it may be, as the table or the fit says.
    """

    address: str
    value: Number
    unit: str
    origin: Origin
    why: str = ""
    citation: Citation | None = None
    spread: Distribution | None = None


NOT_MEASURED = Parameter(
    "tokenizer_ratio",
    1.0,
    "billed tokens per reference token",
    "default",
    "its tokenizer was not measured: counted as the reference's",
)


@dataclass(frozen=True)
class Resolved:
    """An option at a date, for a workload: its curve and everything that went into it.

    ``local`` addresses are the option's own (``target_load_share``); the study puts the label in front.
    ``accepted_share`` is the share of the work that ends accepted, where the option says it. ``latency`` is how long
    its users wait, where anyone knows.
    """

    curve: CostCurve
    local: tuple[Parameter, ...] = ()
    tables: tuple[Parameter, ...] = ()
    notes: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    fleet: Fleet | None = None
    limit: VolumeLimit | None = None
    inner: tuple[Inner, ...] = ()
    accepted_share: FloatOrDraws | None = None
    latency: ServedLatency | None = None


@dataclass(frozen=True)
class Inner:
    """An option inside a blend, resolved, with the share of the blend's volume that it gets.

    The share is None where it depends on the volume.
    """

    label: str
    share: FloatOrDraws | None
    resolved: Resolved


@runtime_checkable
class Blend(Protocol):
    """An option made of others; theirs keep their own labels, and so their own addresses."""

    @property
    def parts(self) -> tuple[CostOption, ...]:
        """The options inside."""
        ...

    def with_parts(self, parts: tuple[CostOption, ...]) -> CostOption:
        """Return the same blend of other options, in the order of `parts`."""
        ...


@runtime_checkable
class CostOption(Protocol):
    """A way to get tokens, as a frozen recipe: compared and hashed by identity, nothing resolved."""

    @property
    def label(self) -> str:
        """Name in tables, charts and addresses."""
        ...

    @property
    def tier(self) -> str:
        """Kind of option: frontier, small, open_hosted, self_hosted, dedicated, provisioned or custom."""
        ...

    @property
    def weights(self) -> str | None:
        """Id of the open model that it serves, if any."""
        ...

    @property
    def book(self) -> Book | None:
        """The tables at a date that it resolves against, if any."""
        ...

    @property
    def engineering(self) -> Engineering | EngineeringItems:
        """The people's side."""
        ...

    def curve(self, workload: Workload) -> CostCurve:
        """Return monthly cost against volume for a workload."""
        ...

    def resolve(self, workload: Workload) -> Resolved:
        """Return the curve with everything that went into it."""
        ...

    def with_book(self, book: Book) -> CostOption:
        """Return the same recipe against other tables, date or overrides."""
        ...

    def with_number(self, name: str, value: object) -> CostOption:
        """Return the same recipe with one of its own numbers (by local address) replaced."""
        ...


@dataclass(frozen=True, eq=False)
class Option:
    """A cost curve of one's own as an option.

    Attributes
    ----------
    label : str
        Name in tables, charts and addresses.
    own_curve : CostCurve
        Monthly cost against tokens per month, whatever the workload.
    """

    label: str
    own_curve: CostCurve
    tier: str = "custom"
    weights: str | None = None
    book: Book | None = None
    engineering: Engineering | EngineeringItems = NO_ENGINEERING

    def __post_init__(self) -> None:
        """Check label and curve."""
        checked_label(self.label)
        if not isinstance(self.own_curve, CostCurve):
            found = f"{type(self.own_curve).__name__} {self.own_curve!r:.60}"
            raise ScenarioError(Problem(f"{self.label}: curve", found, "a CostCurve, such as CostCurve.per_mtok(3.0)"))
        if self.engineering != NO_ENGINEERING:
            accepted = "a curve that has it: curve + tc.Engineering(…).curve()"
            raise ScenarioError(
                Problem(f"{self.label}:engineering", "engineering beside a curve of one's own", accepted)
            )

    def curve(self, workload: Workload) -> CostCurve:
        """See `CostOption.curve`."""
        return self.own_curve

    def resolve(self, workload: Workload) -> Resolved:
        """See `CostOption.resolve`."""
        own = Citation(f"option {self.label}", via="given by the study")
        return Resolved(self.own_curve, citations=(*self.own_curve.citations, own))

    def with_book(self, book: Book) -> Option:
        """See `CostOption.with_book`."""
        return self

    def with_number(self, name: str, value: object) -> Option:
        """See `CostOption.with_number`."""
        if name == "curve" and isinstance(value, CostCurve):
            return replace(self, own_curve=value)
        raise ScenarioError(Problem(f"{self.label}:{name}", "no such number", "curve, a CostCurve"))


def checked_label(label: object) -> str:
    """Return a label that addresses can hold."""
    if not isinstance(label, str) or not label.strip():
        raise ScenarioError(Problem("label", repr(label), "a name that is not empty"))
    if label in _ROOMS:
        found = f"{label!r}, which addresses use for something else"
        raise ScenarioError(Problem("label", found, f"a name that is none of {', '.join(_ROOMS)}"))
    if ":" in label or "[" in label or "]" in label:
        raise ScenarioError(Problem("label", repr(label), "a name without ':' and brackets, which addresses use"))
    return label


def checked_engineering(plan: object, *, where: str, gpus: str) -> None:
    """Refuse what is no plan; and upkeep by the GPU, unless ``gpus`` is empty, which says whose GPUs they are."""
    if not isinstance(plan, (Engineering, EngineeringItems)):
        accepted = "tc.Engineering(…), or tc.Engineering.none()"
        raise ScenarioError(Problem(f"{where}:engineering", repr(plan), accepted))
    if gpus and any(point(item.upkeep_usd_per_gpu_month) for item in plan.items):
        accepted = f"upkeep_usd_per_month: {gpus}"
        raise ScenarioError(Problem(f"{where}:engineering", "upkeep_usd_per_gpu_month", accepted))


def from_tables(quantities: Sequence[Quantity]) -> tuple[Parameter, ...]:
    """Return numbers of tables as parameters."""
    return tuple(
        Parameter(
            q.address,
            q.value,
            q.unit,
            "given" if q.citation.via == REPLACED else "table",
            citation=q.citation,
            spread=spread_between(q.value, q.between),
        )
        for q in quantities
    )


def engineering_parameters(plan: Engineering | EngineeringItems) -> tuple[Parameter, ...]:
    """Return the numbers of the engineering items that are not plainly absent."""
    found: list[Parameter] = []
    for item in plan.items:
        team = {} if item.team is None else item.team.numbers()
        found += [
            Parameter(f"engineering[{item.label}].team.{name}", value, unit, "given", "", GIVEN)
            for name, (value, unit) in team.items()
            if not (isinstance(value, float) and value == 0.0)
        ]
        for name, (value, unit) in item.numbers().items():
            if item.defaulted(name) and name != "amortization_months":
                continue
            if name == "amortization_months" and item.defaulted("upfront_usd"):
                continue
            origin: Origin = "default" if item.defaulted(name) else "given"
            why = "model turnover: a platform outlives two models" if origin == "default" else ""
            found.append(Parameter(f"engineering[{item.label}].{name}", value, unit, origin, why, GIVEN))
    return tuple(found)


def replaced_engineering(
    plan: Engineering | EngineeringItems, name: str, value: object, *, where: str
) -> Engineering | EngineeringItems:
    """Return a plan with the whole of it, or one number of one item, replaced."""
    if name == "engineering":
        if isinstance(value, (Engineering, EngineeringItems)):
            return value
        raise ScenarioError(Problem(f"{where}:{name}", repr(value), "tc.Engineering(…), or tc.Engineering.none()"))
    item_label, bracket, field = name.removeprefix("engineering[").partition("].")
    items = list(plan.items)
    for index, item in enumerate(items):
        if not bracket or item.label != item_label:
            continue
        changed = _with_field(item, field, value)
        if changed is not None:
            items[index] = changed
            return items[0] if len(items) == 1 else EngineeringItems(tuple(items))
    known = [parameter.address for parameter in engineering_parameters(plan)]
    raise ScenarioError(Problem(f"{where}:{name}", "no such number", f"one of {', '.join(known) or 'none'}"))


def _with_field(item: Engineering, name: str, value: object) -> Engineering | None:
    """Return an item with one of its numbers, or of its team's, replaced; None where it has no such number."""
    if name in item.numbers():
        return replace(item, **{name: value})  # type: ignore[arg-type]  # checked by Engineering itself
    of_team = name.removeprefix("team.")
    if item.team is None or name == of_team or of_team not in item.team.numbers():
        return None
    team = replace(item.team, **{of_team: value})  # type: ignore[arg-type]  # checked just below
    return item.rebuilt(team=team.checked(f"engineering[{item.label}].team"))
