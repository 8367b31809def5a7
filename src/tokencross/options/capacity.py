"""Sizing a fixed fleet: from tokens per month to requests per second, peak, replicas, instances and GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.costs.curve import CostCurve
from tokencross.number import FloatOrDraws, plain
from tokencross.options.replicas import Derating, Replica, combined_ratio
from tokencross.tables.compute_records import Instance
from tokencross.units import HOURS_PER_MONTH, SECONDS_PER_MONTH

__all__ = ["MIN_INSTANCE_COUNT", "SPARE_INSTANCE_COUNT", "Fleet", "peak_ratio"]

Array = NDArray[np.float64]

MIN_INSTANCE_COUNT = {"interactive": 2.0, "relaxed": 2.0, "batch": 1.0}
SPARE_INSTANCE_COUNT = {"interactive": 1.0, "relaxed": 1.0, "batch": 0.0}


def peak_ratio(
    *, peak: FloatOrDraws, burst: FloatOrDraws, batch_share: FloatOrDraws, batch_speedup: FloatOrDraws
) -> FloatOrDraws:
    """Return planned capacity over mean load.

    The capacity holds the interactive traffic's busiest minutes, and its idle hours hold what can wait: the larger of
    ``(1 - b) peak burst`` and ``(1 - b) burst + b / s``, with b the deferrable share and s how much faster the same
    GPUs work when nobody waits. Only the peak of the load profile matters, since the capacity is at least the
    interactive load in every hour.
    """
    interactive = 1.0 - batch_share
    return np.maximum(interactive * peak * burst, interactive * burst + batch_share / batch_speedup)


@dataclass(frozen=True)
class Fleet:
    """A fixed fleet in whole instances, every step of its sizing kept.

    Attributes
    ----------
    instance : Instance
        What is rented.
    replica : Replica
        What serves the model.
    deratings : tuple of Derating
        From the measured to the planned rate.
    peak_ratio : float or ndarray, shape (D,)
        Planned capacity over mean load.
    request_tokens : float or ndarray, shape (D,)
        Reference tokens of a mean request.
    usd_per_hour, billed_hours_share : float or ndarray, shape (D,)
        Price of an instance, and the share of the month's hours that are billed.
    min_instance_count, spare_instance_count : float or ndarray, shape (D,)
        Least number at any volume, and instances beyond what the peak needs.
    peak_to_mean, burst_ratio : float or ndarray, shape (D,)
        Of the workload.
    """

    instance: Instance
    replica: Replica
    deratings: tuple[Derating, ...]
    peak_ratio: FloatOrDraws
    request_tokens: FloatOrDraws
    usd_per_hour: FloatOrDraws
    billed_hours_share: FloatOrDraws
    min_instance_count: FloatOrDraws
    spare_instance_count: FloatOrDraws
    peak_to_mean: FloatOrDraws
    burst_ratio: FloatOrDraws

    @property
    def planned_tokens_per_second(self) -> FloatOrDraws:
        """Reference tokens per replica-second after the deratings."""
        return self.replica.tokens_per_second * combined_ratio(self.deratings)

    @property
    def tokens_per_step(self) -> FloatOrDraws:
        """What one more step of instances serves, peaks included. [tokens/month]"""
        replicas = self.replica.replicas_per_instance
        return self.planned_tokens_per_second * SECONDS_PER_MONTH * replicas / self.peak_ratio

    @property
    def usd_per_step(self) -> FloatOrDraws:
        """What one more step costs. [USD/month]"""
        hours = HOURS_PER_MONTH * self.billed_hours_share
        return self.usd_per_hour * hours * self.replica.instances_per_replica

    @property
    def min_steps(self) -> FloatOrDraws:
        """Least number of steps beside the spares."""
        per_step = self.replica.instances_per_replica
        return np.maximum(np.ceil(self.min_instance_count / per_step) - self._spare_steps, 0.0)

    @property
    def _spare_steps(self) -> FloatOrDraws:
        return np.ceil(self.spare_instance_count / self.replica.instances_per_replica)

    def curve(self, citations: Sequence[Citation]) -> CostCurve:
        """Return the fleet's cost: a staircase of instances and the spares. [USD/month]"""
        cost = CostCurve.staircase(
            self.usd_per_step,
            self.tokens_per_step,
            min_steps=plain(self.min_steps),
            label="GPU instances",
            citations=citations,
        )
        if np.any(np.asarray(self._spare_steps) > 0.0):
            spares = plain(self.usd_per_step * self._spare_steps)
            cost = cost + CostCurve.fixed(spares, label="spare instances", citations=citations)
        return cost

    def gpus(self) -> CostCurve:
        """Return the number of GPUs as a curve of volume (its USD are GPUs)."""
        per_step = float(self.instance.gpu_count * self.replica.instances_per_replica)
        count = CostCurve.staircase(per_step, self.tokens_per_step, min_steps=plain(self.min_steps))
        return count + CostCurve.fixed(plain(per_step * self._spare_steps))

    def served_tokens_per_month(self, volumes: Array) -> Array:
        """Return what the billed fleet could serve at the measured rate, around the clock. [tokens/month]"""
        gpus = np.asarray(self.gpus().usd_per_month(volumes))
        replicas = gpus / (self.instance.gpu_count * self.replica.instances_per_replica)
        full = self.replica.tokens_per_second * SECONDS_PER_MONTH * self.replica.replicas_per_instance
        return replicas * full * self.billed_hours_share

    def steps(self, tokens_per_month: float) -> dict[str, float | str]:
        """Return every step of the sizing at a volume, as a reader would follow it."""
        mean = tokens_per_month / SECONDS_PER_MONTH
        per_replica = float(np.median(self.planned_tokens_per_second))
        planned = mean * float(np.median(self.peak_ratio))
        per_instance = self.replica.replicas_per_instance
        gpus = float(np.median(self.gpus().usd_per_month(tokens_per_month)))
        instances = gpus / self.instance.gpu_count
        served = float(np.median(self.served_tokens_per_month(np.asarray(tokens_per_month))))
        rows: dict[str, float | str] = {
            "requests_per_second_mean": mean / float(np.median(self.request_tokens)),
            "peak_to_mean": float(np.median(self.peak_to_mean)),
            "burst_ratio": float(np.median(self.burst_ratio)),
            "planned_to_mean_ratio": float(np.median(self.peak_ratio)),
            "requests_per_second_peak": planned / float(np.median(self.request_tokens)),
            "tokens_per_second_peak": planned,
            "measured_tokens_per_replica_second": float(np.median(self.replica.tokens_per_second)),
        }
        for derating in self.deratings:
            rows[f"derating: {derating.name}"] = float(np.median(derating.ratio))
        rows |= {
            "planned_tokens_per_replica_second": per_replica,
            "replicas_needed": float(np.ceil(planned / per_replica * (1.0 - 1e-12))),
            "gpus_per_replica": float(self.replica.gpu_count),
            "replicas_per_instance": float(per_instance),
            "min_instances": float(np.median(self.min_instance_count)),
            "spare_instances": float(np.median(self.spare_instance_count)),
            "instances": instances,
            "gpus": gpus,
            "utilisation_share": tokens_per_month / served,
        }
        return rows
