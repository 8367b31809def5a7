"""How far real deployments stay behind the hardware: the effects that rows taught, and predictions from them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tokencross.number import FloatOrDraws, plain
from tokencross.options.rates import Lengths, RatedRun
from tokencross.options.roofline import COMPONENTS, Setup, bytes_per_parameter
from tokencross.tables.serving_records import LoadBasis, OpenModel

__all__ = [
    "CENTRE_SD",
    "COLUMNS",
    "EFFECT_SDS",
    "GROUPS",
    "NOISE",
    "PRIOR_MEAN",
    "Labels",
    "RateModel",
    "Software",
    "TaughtRun",
    "labels_of",
    "taught_run",
    "trust_in",
]

Array = NDArray[np.float64]
Labels = tuple[str, ...]

_LEVEL = "level"
COLUMNS = (*COMPONENTS, _LEVEL)
# Standard deviations of ln(multiplier), by what rows have in common and by component; `level` multiplies all of them.
# Chosen by the rows' marginal likelihood and rounded: docs/methodology/throughput.md
_EFFECTS: dict[str, dict[str, float]] = {
    "family": {"prefill": 0.25, _LEVEL: 0.25},
    "model": {"cache": 0.5},
    "architecture": {_LEVEL: 0.1},
    "gpu": {"prefill": 0.3, "arithmetic": 0.2, "network": 0.5},
    "load basis": {"step": 0.7, "cache": 0.3},
    "precision": {"prefill": 0.15, "weights": 0.25, "network": 0.6, _LEVEL: 0.25},
    "software": {"prefill": 0.6, "weights": 0.2, "step": 0.25, "cache": 0.5, _LEVEL: 0.1},
    "gpu and count": {"prefill": 0.1, "weights": 0.3, "cache": 0.15},
    "model and gpu": {"arithmetic": 0.3},
    "model and engine": {"prefill": 0.1, "weights": 0.2, "arithmetic": 0.5, "network": 0.7},
    "deployment": {"prefill": 0.1, "weights": 0.1, "cache": 0.1, "arithmetic": 0.3},
}
GROUPS = tuple(_EFFECTS)
_CENTRES = dict(zip(COMPONENTS, (2.3, 0.8, 0.15, 3.2, 3.5, 0.8), strict=True))  # multipliers that nothing is known of
CENTRE_SD = 0.1  # of each of them
NOISE = 0.055  # standard deviation of ln(seconds) that no effect explains
_TAIL = 4.0  # degrees of freedom: rows far off count less

EFFECT_SDS = np.array([[_EFFECTS[group].get(name, 0.0) for name in COLUMNS] for group in GROUPS])
PRIOR_MEAN = np.log(list(_CENTRES.values()))
_CENTRE_SDS = np.array([CENTRE_SD] * len(COMPONENTS) + [0.0])
_OWN_STEPS = 8
_OWN_KEPT = 8


def trust_in(residuals: Array) -> Array:
    """Return the weights of points whose ln(seconds) are off by these residuals: a t distribution's."""
    return np.asarray((_TAIL + 1.0) / (_TAIL + (residuals / NOISE) ** 2))


@dataclass(frozen=True, eq=False)
class TaughtRun:
    """A run that teaches: its points, what it shares with others, and its seconds at the hardware's limits."""

    source: RatedRun
    labels: Labels
    components: Array  # shape (N, len(COMPONENTS)): seconds

    @cached_property
    def digest(self) -> str:
        """What tells it from other runs: a few characters for all that was measured."""
        source = self.source
        points = (source.inputs.tolist(), source.outputs.tolist(), source.rates.tolist())
        return hashlib.sha256(repr((self.labels, source.concurrency, points)).encode()).hexdigest()[:12]


def labels_of(setup: Setup, family: str, engine: str, version: str, load_basis: LoadBasis) -> Labels:
    """Return what a deployment has in common with others, in the order of `GROUPS`."""
    model, gpu = setup.model.id, setup.gpu.id
    precision = (setup.precision or "").lower()
    if bytes_per_parameter(precision) == bytes_per_parameter("bf16"):
        precision = "bf16"
    deployment = (model, gpu, str(setup.gpu_count), precision, engine, load_basis)
    return (
        family,
        model,
        setup.gpu.architecture,
        gpu,
        load_basis,
        precision,
        f"{engine}|{version}|{load_basis}",
        f"{gpu}|{setup.gpu_count}",
        f"{model}|{gpu}",
        f"{model}|{engine}",
        "|".join(deployment),
    )


def taught_run(setup: Setup, family: str, source: RatedRun, *, own: bool = False) -> TaughtRun:
    """Return a run with its labels and components; the version of an own one stands for itself."""
    run = source.run
    version = f"{run.engine_version}, own" if own else run.engine_version
    labels = labels_of(setup, family, run.engine, version, run.load_basis)
    parts = setup.components(Lengths(source.inputs, source.outputs))
    return TaughtRun(source, labels, np.stack([np.broadcast_to(part, source.inputs.shape) for part in parts], axis=1))


@dataclass(frozen=True)
class Software:
    """An engine's version that was measured on a GPU, with how many points and when last."""

    gpu: str
    architecture: str
    load_basis: str
    engine: str
    version: str
    newest: date
    point_count: int


@dataclass(frozen=True, eq=False)
class RateModel:
    """What rows taught: effects on the components of a request, by what deployments have in common.

    Attributes
    ----------
    centres : ndarray, shape (len(COMPONENTS),)
        ln(multiplier) of each component before any effect.
    effects : tuple of mapping
        For each of `GROUPS`, label to its effects on ln(multiplier), in the order of `COLUMNS`.
    point_counts : tuple of mapping
        For each of `GROUPS`, label to how many points have it.
    residual_shares : mapping of str to float
        By digest of a taught run, the root mean square relative error at its points.
    software : tuple of Software
        What the rows were measured with.
    families : mapping of str to str
        Model to family.
    point_count : int
        Points that it was taught.
    residual_share : float
        Root mean square relative error at all of them.
    """

    centres: Array
    effects: tuple[Mapping[str, Array], ...]
    point_counts: tuple[Mapping[str, int], ...]
    residual_shares: Mapping[str, float]
    software: tuple[Software, ...]
    families: Mapping[str, str]
    point_count: int
    residual_share: float
    _with_own: dict[str, RateModel] = field(default_factory=dict, repr=False)

    @classmethod
    def untaught(cls, families: Mapping[str, str] | None = None) -> RateModel:
        """Return a model that no row has taught: the centres alone."""
        nothing: tuple[dict[str, Array], ...] = tuple({} for _ in GROUPS)
        return cls(PRIOR_MEAN, nothing, tuple({} for _ in GROUPS), {}, (), families or {}, 0, 0.0)

    def family(self, model: OpenModel) -> str:
        """Return a model's family: its file in the tables, or itself where no table has it."""
        return self.families.get(model.id, model.id)

    def points_with(self, group: str, label: str) -> int:
        """Return how many points share a label."""
        return self.point_counts[GROUPS.index(group)].get(label, 0)

    def seconds(self, setup: Setup, labels: Labels, lengths: Lengths) -> FloatOrDraws:
        """Return replica-seconds of a mean request, not below what the hardware allows."""
        logs = self._logs(labels)
        multipliers = np.exp(logs[:-1] + logs[-1])
        total = sum((m * part for m, part in zip(multipliers, setup.components(lengths), strict=True)), np.asarray(0.0))
        return plain(np.maximum(total, setup.floor_seconds(lengths)))

    def usual_software(self, setup: Setup, engine: str | None, load_basis: LoadBasis) -> tuple[str, str]:
        """Return the engine and version to predict for: as asked, else the one with most points on such chips.

        Of an engine the newest version with rows on this load basis; ("", "") where none has.
        """
        chosen = [entry for entry in self.software if entry.load_basis == load_basis]
        if engine is None:
            alike = [entry for entry in chosen if entry.gpu == setup.gpu.id]
            alike = alike or [entry for entry in chosen if entry.architecture == setup.gpu.architecture] or chosen
            counts: Counter[str] = Counter()
            for entry in alike:
                counts[entry.engine] += entry.point_count
            if not counts:
                return "", ""
            engine = max(sorted(counts), key=lambda name: counts[name])
        known = [entry for entry in chosen if entry.engine.casefold() == engine.casefold()]
        if not known:
            return engine, ""
        newest = max(known, key=lambda entry: (entry.newest, entry.version))
        return newest.engine, newest.version

    def including(self, run: TaughtRun) -> RateModel:
        """Return the model with one more run, whose own effects are fitted while all others stay as they are.

        The effects of what no row has in common with it, and of its deployment, are the most probable ones given its
        points; the last few models are kept.

        Notes
        -----
        As in `learning.learn`, but the points share all labels, so what is looked for is one sum of free effects for
        each of `COLUMNS`: with their summed variances ``V``, derivatives ``A`` at the points, residuals ``r`` and the
        noise ``R`` of each point, ``(I + V A' R^-1 A)^-1 V A' R^-1 r``, until it stands. Each free effect's part is in
        proportion to its variance.
        """
        if run.digest in self.residual_shares:
            return self
        found = self._with_own.get(run.digest)
        if found is None:
            found = self._including(run)
            while len(self._with_own) >= _OWN_KEPT:
                self._with_own.pop(next(iter(self._with_own)), None)
            self._with_own[run.digest] = found
        return found

    def _including(self, run: TaughtRun) -> RateModel:
        free = self._free(run.labels)
        centre = _CENTRE_SDS**2 if not self.point_count else np.zeros(len(COLUMNS))
        variance = centre + free.sum(axis=0)
        found, fitted = _moved(self._logs(run.labels), variance, run)
        moved = np.divide(found, variance, out=np.zeros(len(COLUMNS)), where=variance > 0.0)
        size = run.source.inputs.size
        zero = np.zeros(len(COLUMNS))
        effects = tuple(
            {**known, label: known.get(label, zero) + part * moved}
            for known, label, part in zip(self.effects, run.labels, free, strict=True)
        )
        counts = tuple(
            {**known, label: known.get(label, 0) + size}
            for known, label in zip(self.point_counts, run.labels, strict=True)
        )
        errors = fitted / run.source.seconds - 1.0
        return replace(
            self,
            centres=self.centres + (centre * moved)[:-1],
            effects=effects,
            point_counts=counts,
            residual_shares={**self.residual_shares, run.digest: float(np.sqrt(np.mean(errors**2)))},
            point_count=self.point_count + size,
            _with_own={},
        )

    def _free(self, labels: Labels) -> Array:
        """Return the variances of the effects that one more run may move, shape (len(GROUPS), len(COLUMNS)).

        Its deployment's (the last label), and those of labels that no row has.
        """
        known = [self.points_with(group, label) for group, label in zip(GROUPS[:-1], labels, strict=False)]
        movable = np.array([count == 0 for count in known] + [True])
        free: Array = EFFECT_SDS**2 * movable[:, np.newaxis]
        return free

    def _logs(self, labels: Labels) -> Array:
        """Return ln(multiplier) of each of `COLUMNS` for a deployment with these labels."""
        logs = np.append(self.centres, 0.0)
        for of_label, label in zip(self.effects, labels, strict=True):
            effect = of_label.get(label)
            if effect is not None:
                logs = logs + effect
        return logs


def _moved(before: Array, variance: Array, run: TaughtRun) -> tuple[Array, Array]:
    """Return by how much a run's points move ln(multiplier) of each of `COLUMNS`, and the seconds fitted to them."""
    logs, size = np.log(run.source.seconds), run.source.inputs.size
    moved, trust = np.zeros(len(COLUMNS)), np.ones(size)
    fitted = logs
    for _ in range(_OWN_STEPS):
        parts = np.exp((before + moved)[:-1]) * run.components
        total = parts.sum(axis=1)
        slopes = np.column_stack([parts / total[:, np.newaxis], np.ones(size)])
        target = logs - np.log(total) - (before + moved)[-1] + slopes @ moved
        weighted = variance[:, np.newaxis] * (slopes.T * (trust / NOISE**2))
        moved = np.linalg.solve(np.eye(len(COLUMNS)) + weighted @ slopes, weighted @ target)
        fitted = np.log(np.sum(np.exp((before + moved)[:-1]) * run.components, axis=1)) + (before + moved)[-1]
        trust = trust_in(logs - fitted)
    return moved, np.asarray(np.exp(fitted))
