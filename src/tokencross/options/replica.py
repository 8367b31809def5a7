"""The GPUs that serve one copy of a model: their rate, what comes off it, and how long users wait."""

from __future__ import annotations

from dataclasses import dataclass

from tokencross.number import FloatOrDraws
from tokencross.options.latency import LATENCY_FACTORS, Derating, Latency, ServedLatency
from tokencross.options.throughput import Rate
from tokencross.tables.serving_records import LoadBasis
from tokencross.units import format_share

__all__ = ["TARGET_LOAD_SHARE", "Replica", "rate_in_words"]

TARGET_LOAD_SHARE = 0.7
_MS_PER_SECOND = 1_000.0


@dataclass(frozen=True)
class Replica:
    """The GPUs that serve one copy of a model, with the rate that is planned with.

    Attributes
    ----------
    gpu_count : int
        GPUs of one replica.
    replicas_per_instance, instances_per_replica : int
        How replicas fit instances; one of the two is 1.
    rate : Rate
        Where the rate comes from; None for a plain number of one's own without a row beside it.
    tokens_per_second : float or ndarray, shape (D,)
        Reference tokens per replica-second before deratings.
    load_basis : str
        How the rate was measured, which says what has to be derated.
    others : tuple of str
        What other engines reached on the same hardware, for comparison.
    latency_derating : Derating or None
        What the latency objective in figures, for which the replica was chosen, takes off its rate.
    served : ServedLatency or None
        How long users wait: what the row says, or what the objective plans for.
    requests_in_flight : float
        Requests at once that the memory was checked for.
    remarks : tuple of str
        What has to be said about the choice.
    """

    gpu_count: int
    replicas_per_instance: int
    instances_per_replica: int
    rate: Rate | None
    tokens_per_second: FloatOrDraws
    load_basis: LoadBasis
    others: tuple[str, ...] = ()
    latency_derating: Derating | None = None
    served: ServedLatency | None = None
    requests_in_flight: float = 1.0
    remarks: tuple[str, ...] = ()

    @property
    def time_to_first_token_ms(self) -> float | None:
        """Wait for the first token; None where nobody measured it. [ms]"""
        return None if self.served is None else self.served.time_to_first_token_ms

    @property
    def time_per_output_token_ms(self) -> float | None:
        """Time between two tokens of an answer; None where nobody measured it. [ms]"""
        return None if self.served is None else self.served.time_per_output_token_ms

    @property
    def tokens_per_second_per_user(self) -> float | None:
        """How fast an answer appears; None where nobody measured it. [tokens/s]"""
        each = self.time_per_output_token_ms
        return None if each is None else _MS_PER_SECOND / each

    def deratings(
        self,
        latency: str | Latency,
        target_load_share: FloatOrDraws | None,
        latency_factor: FloatOrDraws | None = None,
    ) -> tuple[Derating, ...]:
        """Return the factors that apply, in their order, as the load basis says."""
        listed: list[Derating] = []
        if latency_factor is not None:
            listed.append(Derating("latency factor", latency_factor, "given"))
        elif isinstance(latency, Latency):
            listed += [] if self.latency_derating is None else [self.latency_derating]
        elif self.load_basis == "offline":
            listed.append(
                Derating("latency factor", LATENCY_FACTORS[latency], f"offline rate, {latency} latency (MLPerf)")
            )
        if self.load_basis == "open_loop_slo":
            share = 1.0 if target_load_share is None else target_load_share
            listed.append(Derating("target load share", share, "queueing is already in an open-loop rate"))
        else:
            share = TARGET_LOAD_SHARE if target_load_share is None else target_load_share
            listed.append(Derating("target load share", share, "queueing headroom"))
        return tuple(listed)


def rate_in_words(rate: Rate | None) -> str:
    """Return how a rate is known; a modelled one is called so."""
    if rate is None:
        return "given by the study"
    source = rate.source
    if source is None:
        return f"modelled, not measured; {rate.basis}"
    modelled = "modelled, not measured; " if source.run.nature == "modelled" else ""
    how = rate.basis
    if rate.way == "measured" and modelled:
        how = "at these lengths"
    elif rate.way == "fitted":
        how += f", residual {format_share(rate.residual_share)}"
    return f"{modelled}{how}; {source.describe()}"
