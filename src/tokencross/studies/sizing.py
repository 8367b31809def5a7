"""The capacity view: from tokens to GPUs at one volume, and what would make it break even."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tokencross.number import point
from tokencross.units import HOURS_PER_MONTH, TOKENS_PER_MTOK

if TYPE_CHECKING:
    from tokencross.studies.compare import Comparison

__all__ = ["capacity_rows"]


def capacity_rows(comparison: Comparison, label: str, tokens_per_month: float) -> dict[str, float | str]:
    """Return the steps of an option's sizing, by name.

    The breakeven utilisation is the share of what the billed fleet could serve at which its bill equals the
    incumbent's price for the same tokens; the breakeven price is what a GPU-hour may cost at this volume.
    """
    resolved = comparison.central[label]
    assert resolved.fleet is not None  # asked for self-hosted options only
    rows = resolved.fleet.steps(tokens_per_month)
    cost = resolved.curve.usd_per_month(tokens_per_month)
    rows["usd_per_month"] = cost
    rows["usd_per_mtok"] = resolved.curve.usd_per_mtok(tokens_per_month)
    rows["usd_per_gpu_hour"] = point(resolved.fleet.usd_per_hour) / resolved.fleet.instance.gpu_count
    if label != comparison.incumbent:
        rival = comparison.curve(comparison.incumbent)
        bill, unit = rival.usd_per_month(tokens_per_month), rival.usd_per_mtok(tokens_per_month)
        served = float(resolved.fleet.served_tokens_per_month(np.asarray(tokens_per_month)))
        rows["breakeven_utilisation_share"] = cost / unit * TOKENS_PER_MTOK / served if unit > 0.0 else np.inf
        gpus = float(rows["gpus"])
        billed_hours = gpus * HOURS_PER_MONTH * point(resolved.fleet.billed_hours_share)
        gpu_cost = billed_hours * float(rows["usd_per_gpu_hour"])
        rows["breakeven_usd_per_gpu_hour"] = (bill - (cost - gpu_cost)) / billed_hours
    rate = resolved.fleet.replica.rate
    rows["throughput"] = next(p.why for p in resolved.local if p.address == "throughput") or "given by the study"
    rows["throughput_row"] = "" if rate is None else rate.source.citation.location
    return rows
