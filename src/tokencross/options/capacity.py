"""A fleet of GPU instances: from tokens per month to steps of instances, and what each part of it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tokencross.citation import Citation
from tokencross.costs.curve import CostCurve
from tokencross.number import FloatOrDraws, float_or_draws, plain
from tokencross.options.latency import Derating, combined_ratio
from tokencross.options.levels import Levels, joined, one_level, split_at
from tokencross.options.limits import VolumeLimit
from tokencross.options.replica import Replica
from tokencross.options.scaling import Scaling
from tokencross.tables.compute_records import Instance
from tokencross.tables.resolved import HourlyPrice
from tokencross.units import HOURS_PER_MONTH, SECONDS_PER_MONTH, TOKENS_PER_MTOK, format_tokens

__all__ = ["MIN_INSTANCE_COUNT", "SPARE_INSTANCE_COUNT", "Fleet", "Piece"]

Array = NDArray[np.float64]

MIN_INSTANCE_COUNT = {"interactive": 2.0, "relaxed": 2.0, "batch": 1.0}
SPARE_INSTANCE_COUNT = {"interactive": 1.0, "relaxed": 1.0, "batch": 0.0}


@dataclass(frozen=True)
class Piece:
    """A part of a fleet: how many steps of instances run at each volume, over the month, and on whose terms.

    The steps are a curve whose "USD" are steps; ``label`` is empty where its terms have labels of their own.
    """

    label: str
    price: HourlyPrice
    steps: CostCurve


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """A fleet in whole instances, every step of its sizing kept.

    Attributes
    ----------
    instance : Instance
        What is rented.
    replica : Replica
        What serves the model.
    deratings : tuple of Derating
        From the measured to the planned rate.
    levels : Levels
        How long the fleet is sized for which load.
    scaling : Scaling
        How it follows its load.
    request_tokens : float or ndarray, shape (D,)
        Reference tokens of a mean request.
    price : HourlyPrice
        What an instance costs.
    base_price : HourlyPrice, optional
        What it costs on the terms of the base, such as a reservation.
    reserved_count : float or ndarray, shape (D,), optional
        Instances on the terms of the base; the cheapest number at every volume unless given.
    billed_hours_share, interruption_overhead_share, standby_share : float or ndarray, shape (D,)
        Share of the month's hours that are billed, of spot hours lost to interruptions, and of the capacity that
        stands by elsewhere.
    beside_usd_per_hour : float or ndarray, shape (D,)
        What each running instance costs besides itself, which the split between base and top has to know.
    min_instance_count, spare_instance_count : float or ndarray, shape (D,)
        Least number at any volume, and instances beyond what the load needs.
    zone_count : int
        Failure domains, the loss of one of which the rest can bear; 1 for none.
    peak_to_mean, burst_ratio : float or ndarray, shape (D,)
        Of the workload.
    """

    instance: Instance
    replica: Replica
    deratings: tuple[Derating, ...]
    levels: Levels
    scaling: Scaling
    request_tokens: FloatOrDraws
    price: HourlyPrice
    base_price: HourlyPrice | None = None
    reserved_count: FloatOrDraws | None = None
    billed_hours_share: FloatOrDraws = 1.0
    interruption_overhead_share: FloatOrDraws = 0.0
    standby_share: FloatOrDraws = 0.0
    beside_usd_per_hour: FloatOrDraws = 0.0
    min_instance_count: FloatOrDraws
    spare_instance_count: FloatOrDraws
    zone_count: int = 1
    peak_to_mean: FloatOrDraws
    burst_ratio: FloatOrDraws

    # ------------------------------------------------------------------ one step

    @property
    def planned_tokens_per_second(self) -> FloatOrDraws:
        """Reference tokens per replica-second after the deratings."""
        return self.replica.tokens_per_second * combined_ratio(self.deratings)

    @property
    def peak_ratio(self) -> FloatOrDraws:
        """Planned capacity over mean load."""
        return self.levels.peak

    @property
    def tokens_per_level_step(self) -> FloatOrDraws:
        """What one step of instances serves at an even load. [tokens/month]"""
        return self.planned_tokens_per_second * SECONDS_PER_MONTH * self.replica.replicas_per_instance

    @property
    def tokens_per_step(self) -> FloatOrDraws:
        """What one more step of instances serves, peaks included. [tokens/month]"""
        return self.tokens_per_level_step / self.peak_ratio

    @property
    def usd_per_step(self) -> FloatOrDraws:
        """What one more step costs all month. [USD/month]"""
        return self.price.usd_per_hour * self._hours_per_step

    @property
    def min_steps(self) -> FloatOrDraws:
        """Least number of steps beside the spares."""
        per_step = self.replica.instances_per_replica
        return np.maximum(np.ceil(self.min_instance_count / per_step) - self.spare_steps, 0.0)

    @property
    def spare_steps(self) -> FloatOrDraws:
        """Steps beyond what the load needs."""
        return np.ceil(self.spare_instance_count / self.replica.instances_per_replica)

    @property
    def gpus_per_step(self) -> float:
        """GPUs of one step."""
        return float(self.instance.gpu_count * self.replica.instances_per_replica)

    @property
    def _hours_per_step(self) -> FloatOrDraws:
        return HOURS_PER_MONTH * self.billed_hours_share * self.replica.instances_per_replica

    # ------------------------------------------------------------------ curves

    def curve(self, citations: Sequence[Citation]) -> CostCurve:
        """Return the fleet's cost, a term for each of its parts. [USD/month]"""
        total = CostCurve()
        for piece in self.pieces(citations):
            for part, usd in piece.price.parts or (("", piece.price.usd_per_hour),):
                cost = piece.steps * (usd * self._hours_per_step)
                if piece.label:
                    label = f"{piece.label}: {part}" if part else piece.label
                    cost = cost.labelled(label).cited(tuple(dict.fromkeys((piece.price.citation, *citations))))
                total = total + cost
        return total

    def instances(self) -> CostCurve:
        """Return the mean number of instances over the month as a curve of volume (its USD are instances)."""
        return self._all_steps() * float(self.replica.instances_per_replica)

    def gpus(self) -> CostCurve:
        """Return the mean number of GPUs over the month as a curve of volume (its USD are GPUs)."""
        return self._all_steps() * self.gpus_per_step

    def _all_steps(self) -> CostCurve:
        total = CostCurve()
        for piece in self.pieces():
            total = total + piece.steps
        return total

    def pieces(self, citations: Sequence[Citation] = ()) -> list[Piece]:
        """Return the parts of the fleet."""
        if self.scaling.kind == "serverless":
            return [Piece("", self.price, self._by_the_second(citations))]
        found = self._running() if self.base_price is None else self._over_base(self.base_price)
        if np.any(np.asarray(self.standby_share) > 0.0):
            waiting = one_level(self.peak_ratio * self.standby_share)
            found.append(Piece("standby fleet", self.price, waiting.steps(self.tokens_per_level_step)))
        lost = self.interruption_overhead_share
        if np.any(np.asarray(lost) > 0.0):
            overhead = lost / (1.0 - lost)
            spot = [piece for piece in found if piece.price is self.price]
            found += [Piece("spot interruptions", self.price, piece.steps * overhead) for piece in spot]
        return [piece for piece in found if piece.steps.terms]

    def _running(self) -> list[Piece]:
        """Return the steps of a fleet on one purchase's terms."""
        need = self.levels.at_least(self.min_steps)
        found = [Piece("GPU instances", self.price, need.steps(self.tokens_per_level_step))]
        if self.zone_count > 1:
            zone = need.over_zones(self.zone_count)
            beyond = joined([*[zone] * self.zone_count, need.taken_off()])
            found.append(Piece("zone spares", self.price, beyond.steps(self.tokens_per_level_step)))
        return [*found, *self._spares(self.spare_steps, self.price)]

    def _over_base(self, base: HourlyPrice) -> list[Piece]:
        """Return the steps on the terms of a base and those above it: the chosen number, or the cheapest split."""
        zones = float(self.zone_count)
        need = self.levels.at_least(self.min_steps).over_zones(self.zone_count)
        label, label_above = f"{base.purchase} instances", f"GPU instances, {self.price.purchase}"
        if self.reserved_count is None:
            beside = self.beside_usd_per_hour
            running = (self.price.usd_per_hour + beside) / (1.0 - self.interruption_overhead_share)
            below, above = split_at(need, base_usd=base.usd_per_hour + beside, usd=running)
            steps = below.steps(self.tokens_per_level_step) * zones
            cheaper = bool(np.all(np.asarray(base.usd_per_hour + beside <= running)))
            spares = self._spares(self.spare_steps, base if cheaper else self.price)
        else:
            chosen = self.reserved_count / self.replica.instances_per_replica
            spare = np.minimum(self.spare_steps, chosen)
            free = one_level(0.0).at_least((chosen - spare) / zones)
            paid = replace(need, least=np.maximum(need.least, free.least))
            above = joined([paid, free.taken_off()])
            steps = CostCurve.fixed(plain(chosen))
            spares = self._spares(self.spare_steps - spare, self.price)
        top = above.steps(self.tokens_per_level_step) * zones
        return [Piece(label, base, steps), Piece(label_above, self.price, top), *spares]

    def _spares(self, steps: FloatOrDraws, price: HourlyPrice) -> list[Piece]:
        """Return instances that stand ready all month."""
        if not np.any(np.asarray(steps) > 0.0):
            return []
        return [Piece("spare instances", price, CostCurve.fixed(plain(steps)))]

    def _by_the_second(self, citations: Sequence[Citation]) -> CostCurve:
        """Return the steps of a fleet that is billed while it works, starts, or waits for the next request.

        In an hour with ``rho`` steps of work and requests that would each keep a step for ``tau`` seconds beyond it,
        ``rho + min(requests * tau, max(0, 1 - rho))``: no more than one idle step. With random arrivals the expected
        time is less (an M/G/infinity queue is busy for ``1 - exp(-x)`` of the time, which is below ``min(x, 1)``).
        """
        idle = sum(
            np.asarray(0.0 if x is None else float_or_draws(x))
            for x in (self.scaling.start_up_seconds, self.scaling.idle_seconds)
        )
        total, idle_label = CostCurve(), "GPU seconds starting and idle"
        for level in range(self.levels.loads.shape[-1]):
            share, load = float(self.levels.shares[level]), self.levels.loads[..., level]
            busy = plain(share * load / self.tokens_per_level_step * TOKENS_PER_MTOK)
            kept = plain(share * load * idle / SECONDS_PER_MONTH / self.request_tokens * TOKENS_PER_MTOK)
            work = CostCurve.per_mtok(busy, label="GPU seconds at work", citations=citations)
            waits = CostCurve.per_mtok(kept, label=idle_label, citations=citations)
            whole = CostCurve.minimum(share, work, label=idle_label, citations=citations)
            total = total + CostCurve.cheapest([work + waits, whole])
        return total

    def limit(self, max_instance_count: float | None) -> VolumeLimit | None:
        """Return the volume at which a quota of instances is reached; at the medians, spares and zones counted."""
        if max_instance_count is None:
            return None
        zones = self.zone_count
        steps = np.floor(max_instance_count / self.replica.instances_per_replica)
        steps = np.floor((steps - float(np.median(self.spare_steps))) / zones) * max(zones - 1, 1)
        volume = max(float(steps), 0.0) * float(np.median(self.tokens_per_step))
        said = f"{format_tokens(volume)}: the quota is {max_instance_count:g} instances"
        return VolumeLimit(volume, said, Citation("quota", via="given by the study"))

    # ------------------------------------------------------------------ shown

    def served_tokens_per_month(self, volumes: Array) -> Array:
        """Return what the billed fleet could serve at the measured rate, around the clock. [tokens/month]"""
        replicas = np.asarray(self._all_steps().usd_per_month(volumes))
        full = self.replica.tokens_per_second * SECONDS_PER_MONTH * self.replica.replicas_per_instance
        return replicas * full * self.billed_hours_share

    def steps(self, tokens_per_month: float) -> dict[str, float | str]:
        """Return every step of the sizing at a volume, as a reader would follow it."""
        mean = tokens_per_month / SECONDS_PER_MONTH
        per_replica = float(np.median(self.planned_tokens_per_second))
        planned = mean * float(np.median(self.peak_ratio))
        per_instance = self.replica.replicas_per_instance
        gpus = float(np.median(self.gpus().usd_per_month(tokens_per_month)))
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
        band = self.rate_band()
        if band is not None:
            rows |= dict(zip(("low_tokens_per_replica_second", "high_tokens_per_replica_second"), band, strict=True))
        for derating in self.deratings:
            rows[f"derating: {derating.name}"] = float(np.median(derating.ratio))
        rows |= {
            "planned_tokens_per_replica_second": per_replica,
            "replicas_needed": float(np.ceil(planned / per_replica * (1.0 - 1e-12))),
            "gpus_per_replica": float(self.replica.gpu_count),
            "replicas_per_instance": float(per_instance),
            "scaling": self.scaling.kind,
            "zones": float(self.zone_count),
            "min_instances": float(np.median(self.min_instance_count)),
            "spare_instances": float(np.median(self.spare_instance_count)),
        }
        own = [piece for piece in self.pieces() if not piece.label.startswith("spare")]
        based = [piece.steps for piece in own if piece.price is self.base_price]
        steps = sum(float(np.median(one.usd_per_month(tokens_per_month))) for one in based)
        return rows | {
            "reserved_instances": steps * self.replica.instances_per_replica,
            "instances_at_peak": self.instances_at_peak(tokens_per_month),
            "instances": gpus / self.instance.gpu_count,
            "gpus": gpus,
            "utilisation_share": tokens_per_month / served if served > 0.0 else np.nan,
        }

    def rate_band(self, share: float = 0.9) -> tuple[float, float] | None:
        """Return between which rates so many left-out rows of this kind lay; None for a number of the study's own.

        Reference tokens per replica-second before deratings, at the medians.
        """
        rate = self.replica.rate
        if rate is None:
            return None
        if not np.allclose(self.replica.tokens_per_second * rate.seconds_per_request, self.request_tokens):
            return None
        slow, fast = (float(np.median(self.request_tokens / seconds)) for seconds in reversed(rate.band(share)))
        return slow, fast

    def instances_at_peak(self, tokens_per_month: float) -> float:
        """Return the instances of the busiest hours, at the medians."""
        zone = self.levels.at_least(self.min_steps).over_zones(self.zone_count)
        each = np.ceil(tokens_per_month * zone.peak / np.asarray(self.tokens_per_level_step) * (1.0 - 1e-12))
        steps = np.maximum(each, np.max(zone.least, axis=-1)) * self.zone_count + self.spare_steps
        if self.reserved_count is not None:
            steps = np.maximum(steps, self.reserved_count / self.replica.instances_per_replica)
        elsewhere = [piece.steps for piece in self.pieces() if piece.label == "standby fleet"]
        steps = steps + sum(np.asarray(each.usd_per_month(tokens_per_month)) for each in elsewhere)
        return float(np.median(steps)) * self.replica.instances_per_replica
