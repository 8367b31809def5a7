"""The values that a scenario file's entries stand for: workloads, loads, options and what stands inside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from tokencross.costs.engineering import Engineering, EngineeringItems
from tokencross.distributions import Between, ShareBetween, Triangular
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import Number
from tokencross.options.around import AroundGpu
from tokencross.options.base import CostOption
from tokencross.options.blends import Cascade, Split
from tokencross.options.buyer import SupportPlan
from tokencross.options.latency import Latency
from tokencross.options.load import Load, load_of
from tokencross.options.own_rate import Throughput
from tokencross.options.scaling import FIXED, Scaling
from tokencross.options.spillover import Spillover
from tokencross.options.success import Accepted
from tokencross.options.training import Training
from tokencross.options.workload import Workload
from tokencross.prices import PriceBook
from tokencross.tables.scenario_numbers import DistributionEntry, Distributions
from tokencross.tables.scenario_options import OptionEntry
from tokencross.tables.scenario_parts import (
    AroundEntry,
    EngineeringEntry,
    LatencyEntry,
    ModelEntry,
    ScalingEntry,
    SupportEntry,
    ThroughputEntry,
    TrainingEntry,
)
from tokencross.tables.scenario_workload import LoadEntry, LoadForm, WorkloadEntry
from tokencross.tables.strict import StrictRecord

__all__ = ["Builder", "built_workload", "number_of"]

At = Callable[[str, Callable[[], object]], object]
_BUILT_IN = ("flat", "business_hours")
BLENDS = ("cascade", "split", "spillover", "accepted")


def _said(entry: StrictRecord, *leave: str) -> dict[str, Any]:
    """Return what an entry says, by key; distributions as what they stand for."""
    said = {key: getattr(entry, key) for key in entry.model_fields_set if key not in leave}
    return {key: number_of(value) if isinstance(value, DistributionEntry) else value for key, value in said.items()}


def number_of(said: float | Distributions) -> Number:
    """Return a number as it is, and for an entry its distribution: one object for all that have its name."""
    if not isinstance(said, Distributions):
        return said
    found = said.distribution
    assert found is not None  # as the record says
    return _of_name(found) if found.name else found


@lru_cache(maxsize=1_024)
def _of_name(distribution: Between | Triangular | ShareBetween) -> Between | Triangular | ShareBetween:
    """Return the first distribution that was equal to this one, name and all."""
    return distribution


# ---------------------------------------------------------------------- traffic


def built_workload(entry: WorkloadEntry, name: str, folder: Path, prices: PriceBook | None = None) -> Workload:
    """Return the traffic, named after the scenario unless it has its own name; files lie beside the scenario.

    Presets are those of the price book's tables, or without one of the bundled ones.
    """
    if entry.classes is None:
        return Workload(**{"name": name, **_said(entry, "load"), **_hours(entry.load, folder, prices)})
    classes = {
        key: (
            Workload(**{"name": key, **_said(part, "share", "load"), **_hours(part.load, folder, prices)}),
            part.share,
        )
        for key, part in entry.classes.items()
    }
    return Workload.mix(classes, name=entry.name or name)


def _hours(form: LoadForm | None, folder: Path, prices: PriceBook | None) -> dict[str, Any]:
    """Return the argument that a load is, if any."""
    return {} if form is None else {"load": _load(form, folder, prices)}


def _load(form: LoadForm, folder: Path, prices: PriceBook | None) -> Load | str | tuple[float, ...]:
    """Return a load: by name, by weights, or built."""
    if isinstance(form, str) and prices is not None and form not in _BUILT_IN:
        return prices.load(form)
    if not isinstance(form, LoadEntry):
        return form
    if form.preset is not None:
        found = Load.preset(form.preset) if prices is None else prices.load(form.preset)
    elif form.business_hours is not None:
        found = Load.business_hours(**_said(form.business_hours))
    elif form.mix is not None:
        found = Load.mix([(_as_load(part.load, folder, prices), part.share) for part in form.mix])
    else:
        assert form.log is not None  # one of the four, as the record says
        found = Load.from_log(folder / form.log.path, **_said(form.log, "path"))
    return found.shifted(form.shifted_hours) if form.shifted_hours else found


def _as_load(form: LoadForm, folder: Path, prices: PriceBook | None) -> Load:
    """Return a part of mixed traffic as a load."""
    return load_of(_load(form, folder, prices), "workload:load")


# ---------------------------------------------------------------------- what stands in an option


def engineering_of(entries: Sequence[EngineeringEntry]) -> EngineeringItems:
    """Return the items of a list."""
    items = []
    for entry in entries:
        if entry.team is None:
            items.append(Engineering(**_said(entry, "team")))
        else:
            items.append(Engineering.from_team(**_said(entry.team), **_said(entry, "team")))
    return EngineeringItems(tuple(items))


def _support(entry: SupportEntry) -> SupportPlan:
    """Return a support plan."""
    bands: list[Any] = [(band.from_usd_per_month, number_of(band.bill_share)) for band in entry.bands]
    return SupportPlan(bands, number_of(entry.min_usd_per_month), entry.label)


def _scaling(entry: str | ScalingEntry) -> Scaling:
    """Return how a fleet follows its load."""
    if isinstance(entry, str):
        if entry == "fixed":
            return FIXED
        if entry == "autoscaled":
            return Scaling.autoscaled()
        accepted = "fixed, autoscaled, or a mapping with autoscaled, scheduled or serverless"
        raise ScenarioError(Problem("scaling", repr(entry), accepted, offer(entry, ["fixed", "autoscaled"])))
    if entry.autoscaled is not None:
        return Scaling.autoscaled(**_said(entry.autoscaled))
    if entry.scheduled is not None:
        return Scaling.scheduled(**_said(entry.scheduled))
    assert entry.serverless is not None  # one of the three, as the record says
    return Scaling.serverless(**_said(entry.serverless))


def _around(entry: str | AroundEntry) -> AroundGpu:
    """Return what stands around the GPU."""
    if isinstance(entry, str):
        known: dict[str, Callable[[], AroundGpu]] = {"typical": AroundGpu.typical, "none": AroundGpu.none}
        if entry not in known:
            accepted = "typical, none, or a mapping with what differs"
            raise ScenarioError(Problem("around", repr(entry), accepted, offer(entry, list(known))))
        return known[entry]()
    rows = {key: None if value == "none" else value for key, value in _said(entry, "numbers", "other").items()}
    clash = sorted(set(entry.numbers) & set(rows))
    if clash:
        raise ScenarioError(Problem(f"around.numbers.{clash[0]}", "an item", "a number, such as staging_hours_share"))
    numbers, other = ({name: number_of(value) for name, value in each.items()} for each in (entry.numbers, entry.other))
    return AroundGpu(other=other, **rows, **numbers)


def _throughput(entry: float | ThroughputEntry, folder: Path) -> Number | Throughput:
    """Return a rate of one's own."""
    if not isinstance(entry, ThroughputEntry):
        return entry
    if entry.kinds:
        return number_of(entry)
    parts = [Throughput.from_benchmark(folder / one.path, **_said(one, "path")) for one in entry.benchmarks]
    parts += [Throughput.measured(**_said(one)) for one in entry.measured]
    total, *more = parts
    for part in more:
        total = total + part
    return total


# ---------------------------------------------------------------------- options


@dataclass
class Builder:
    """Options from their entries; blends find the options that they hold by label.

    Attributes
    ----------
    prices : PriceBook
        What options are offered by.
    folder : Path
        Where files named in entries lie.
    built : dict of label to option
        What was built so far.
    """

    prices: PriceBook
    folder: Path
    built: dict[str, CostOption]

    def option(self, entry: OptionEntry, at: At) -> CostOption:
        """Return an option, which blends that come later may hold; ``at`` names the key that a mistake is in."""
        given = _said(entry, "label", "listed", entry.kind)
        found = self._blend(entry, given) if entry.kind in BLENDS else self._offer(entry, given, at)
        self.built[found.label] = found
        return found

    def _offer(self, entry: OptionEntry, given: dict[str, Any], at: At) -> CostOption:
        """Return an option of the price book."""
        makers: Mapping[str, Callable[[Any], object]] = {
            "engineering": engineering_of,
            "support": _support,
            "scaling": _scaling,
            "around": _around,
            "throughput": lambda rate: _throughput(rate, self.folder),
            "latency": lambda said: Latency(**_said(said)) if isinstance(said, LatencyEntry) else said,
            "training": self._training,
        }
        arguments = {
            key: at(key, partial(makers[key], value)) if key in makers else value for key, value in given.items()
        }
        call: Callable[..., CostOption] = getattr(self.prices, entry.kind)
        return call(getattr(entry, entry.kind), label=entry.label, **arguments)

    def _training(self, entry: TrainingEntry) -> Training:
        """Return what training takes."""
        asked: dict[str, Any] = {
            key: self.prices.api(model.api, **_said(model, "api"))
            for key in ("teacher", "judge")
            if isinstance(model := getattr(entry, key), ModelEntry)
        }
        said = _said(entry, "teacher", "judge")
        return Training(**said, **asked) if said or asked else Training.none()

    def _blend(self, entry: OptionEntry, given: dict[str, Any]) -> CostOption:
        """Return an option made of others."""
        label = entry.label or ""
        held = {key: self._held(given[key], key) for key in ("fallback", "verifier", "burst") if key in given}
        numbers = {key: value for key, value in given.items() if key not in held}
        if entry.kind == "split":
            assert entry.split is not None  # its kind
            if isinstance(entry.split, dict):
                routes = {name: self._held(one, f"split.{name}") for name, one in entry.split.items()}
                return Split(routes, by="class", label=label)
            return Split([(self._held(one.option, "split"), one.share) for one in entry.split], label=label)
        first = self._held(getattr(entry, entry.kind), entry.kind)
        calls: Mapping[str, Callable[..., CostOption]] = {
            "cascade": Cascade,
            "spillover": Spillover,
            "accepted": Accepted,
        }
        return calls[entry.kind](first, label=label, **held, **numbers)

    def _held(self, label: str, where: str) -> CostOption:
        """Return an option that was built before."""
        if label not in self.built:
            known = list(self.built)
            accepted = f"the label of an option above it: {', '.join(known) or 'none'}"
            raise ScenarioError(Problem(where, f"unknown option label {label!r}", accepted, offer(label, known)))
        return self.built[label]
