"""The capacity view: from tokens to GPUs at one volume, and what would make it break even."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tokencross.costs.overflow import CheapestSteps, Overflow
from tokencross.number import point
from tokencross.options.base import Resolved
from tokencross.options.speed import latency_figures
from tokencross.units import HOURS_PER_MONTH, SECONDS_PER_MONTH, TOKENS_PER_MTOK

if TYPE_CHECKING:
    from tokencross.studies.compare import Comparison

__all__ = ["capacity_steps"]


def capacity_steps(comparison: Comparison, tokens_per_month: float) -> dict[str, dict[str, float | str]]:
    """Return the steps of every fleet's sizing by option and name; of fleets inside others at their share."""
    found: dict[str, dict[str, float | str]] = {}
    for label, resolved in comparison.central.items():
        for path, inner, volume in _fleets(label, resolved, tokens_per_month):
            found[path] = _rows(comparison, inner, volume, against=label != comparison.incumbent)
        for path, outer, inner, volume in _spilling(label, resolved, tokens_per_month):
            found[path] = _spilling_rows(outer, inner, volume)
    return found


def _fleets(path: str, resolved: Resolved, volume: float) -> Iterator[tuple[str, Resolved, float]]:
    """Yield what has a fleet, with its place and its volume."""
    if resolved.fleet is not None:
        yield path, resolved, volume
    for inner in resolved.inner:
        if inner.share is not None and point(inner.share) > 0.0:
            yield from _fleets(f"{path} > {inner.label}", inner.resolved, volume * point(inner.share))


def _spilling(path: str, resolved: Resolved, volume: float) -> Iterator[tuple[str, Resolved, Resolved, float]]:
    """Yield fleets that others stand by for, with what they are part of, their place and the volume of both."""
    for inner in resolved.inner:
        if inner.share is not None and point(inner.share) > 0.0:
            yield from _spilling(f"{path} > {inner.label}", inner.resolved, volume * point(inner.share))
        elif inner.share is None and inner.resolved.fleet is not None:
            yield f"{path} > {inner.label}", resolved, inner.resolved, volume


def _spilling_rows(outer: Resolved, inner: Resolved, volume: float) -> dict[str, float | str]:
    """Return the steps of a fleet that does not hold everything."""
    fleet = inner.fleet
    assert fleet is not None  # asked for fleets only
    full = float(np.median(np.asarray(fleet.tokens_per_step)))
    points = np.asarray(volume)
    steps, spilt = 0.0, volume
    for term in outer.curve.terms:
        if isinstance(term, CheapestSteps):
            steps = float(term.count(points))
            spilt = float(term.load.overflow(points, steps * float(term.tokens_per_step)))
        elif isinstance(term, Overflow):
            steps = float(term.capacity) / (full * term.load.levels[-1])
            spilt = float(term.load.overflow(points, float(term.capacity)))
    instances = round(steps) * fleet.replica.instances_per_replica
    gpus = float(instances * fleet.instance.gpu_count)
    served = round(steps) * fleet.replica.tokens_per_second * SECONDS_PER_MONTH * fleet.replica.replicas_per_instance
    return {
        "instances": float(instances),
        "gpus": gpus,
        "utilisation_share": (volume - spilt) / float(served) if steps else np.nan,
        "overflow_share": spilt / volume if volume else np.nan,
        **_source(inner),
    }


def _rows(
    comparison: Comparison, resolved: Resolved, tokens_per_month: float, *, against: bool
) -> dict[str, float | str]:
    """Return the steps of a fleet's sizing, by name.

    The breakeven utilisation is the share of what the billed fleet could serve at which its bill equals the
    incumbent's price for the same tokens; the breakeven price is what a GPU-hour may cost at this volume.
    """
    assert resolved.fleet is not None  # asked for fleets only
    rows = resolved.fleet.steps(tokens_per_month)
    cost = resolved.curve.usd_per_month(tokens_per_month)
    rows["usd_per_month"] = cost
    rows["usd_per_mtok"] = resolved.curve.usd_per_mtok(tokens_per_month)
    gpu_hours = float(rows["gpus"]) * HOURS_PER_MONTH * point(resolved.fleet.billed_hours_share)
    gpu_cost = resolved.fleet.curve(()).usd_per_month(tokens_per_month)
    rows["usd_per_gpu_hour"] = gpu_cost / gpu_hours if gpu_hours > 0.0 else np.nan
    if against:
        rival = comparison.curve(comparison.incumbent)
        bill, unit = rival.usd_per_month(tokens_per_month), rival.usd_per_mtok(tokens_per_month)
        served = float(resolved.fleet.served_tokens_per_month(np.asarray(tokens_per_month)))
        rows["breakeven_utilisation_share"] = (
            np.nan if served <= 0.0 else cost / unit * TOKENS_PER_MTOK / served if unit > 0.0 else np.inf
        )
        rows["breakeven_usd_per_gpu_hour"] = (bill - (cost - gpu_cost)) / gpu_hours if gpu_hours > 0.0 else np.nan
    return {**rows, **_source(resolved)}


def _source(resolved: Resolved) -> dict[str, float | str]:
    """Return how the fleet's rate is known."""
    rate = None if resolved.fleet is None else resolved.fleet.replica.rate
    source = None if rate is None else rate.source
    wait, speed = latency_figures(resolved.latency)
    why = next((p.why for p in resolved.local if p.address == "throughput"), "")
    return {
        "time_to_first_token_ms": wait,
        "tokens_per_second_per_user": speed,
        "throughput": why or "given by the study",
        "throughput_row": "" if source is None else source.citation.location,
    }
