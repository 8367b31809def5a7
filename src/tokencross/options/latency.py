"""Latency: what is asked for, what a measured row does, and what of a rate is left where more is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokencross.citation import Citation
from tokencross.errors import Problem, ScenarioError, offer
from tokencross.number import FloatOrDraws, check_number
from tokencross.options.throughput import Lengths, Rate, RatedRun
from tokencross.tables.serving_records import LoadBasis, ThroughputPoint

__all__ = [
    "LATENCY_FACTORS",
    "LATENCY_LIMITS",
    "Derating",
    "Latency",
    "Objective",
    "ServedLatency",
    "checked_latency",
    "combined_ratio",
    "latency_class",
    "objective",
    "served_latency",
    "tpot_factor",
]

LATENCY_FACTORS = {"interactive": 0.6, "relaxed": 0.9, "batch": 1.0}
"""What a latency limit leaves of an offline rate: MLPerf Inference v5.1, same system, relative to offline."""

# MLPerf's limits for a 70B, per output token and to the first (Inference v5.1: interactive, server)
_INTERACTIVE_MS = (40.0, 450.0)
_SERVER_MS = (200.0, 2_000.0)

# What the maximum throughput keeps at a time per output token: InferenceX, 53 curves, medians.
_TPOT_MS = (10.0, 15.0, 20.0, 25.0, 33.0, 50.0)
_LEFT_SHARE = (0.15, 0.34, 0.48, 0.64, 0.84, 1.0)
_SAME_LENGTH_RATIO = 0.01
_LIMIT = re.compile(r"(TTFT|TPOT|ITL)\s*<=\s*([\d.]+)\s*(ms|s)\b", re.IGNORECASE)
_MS_PER_SECOND = 1_000.0


@dataclass(frozen=True)
class Latency:
    """A latency objective in figures, where the words interactive, relaxed and batch are too coarse.

    A row meets it by the statistic that its source gives: medians for InferenceX, 99th percentiles for MLPerf and for
    one's own open-loop runs.

    Attributes
    ----------
    time_per_output_token_ms : float, optional
        Longest time between two tokens of an answer, the first left aside. [ms]
    time_to_first_token_ms : float, optional
        Longest wait for the first token. [ms]

    Raises
    ------
    ScenarioError
        If neither is given, or one is not a number above 0.

    Examples
    --------
    >>> print(Latency(time_per_output_token_ms=25))
    25 ms per output token
    """

    time_per_output_token_ms: float | None = None
    time_to_first_token_ms: float | None = None

    def __post_init__(self) -> None:
        """Check what was given."""
        given = False
        for name in ("time_per_output_token_ms", "time_to_first_token_ms"):
            value = getattr(self, name)
            if value is None:
                continue
            number = check_number(value, where=f"latency:{name}", unit="ms", open_low=True)
            if not isinstance(number, float):
                raise ScenarioError(Problem(f"latency:{name}", "draws or a distribution", "one number > 0 (ms)"))
            object.__setattr__(self, name, number)
            given = True
        if not given:
            accepted = "time_per_output_token_ms or time_to_first_token_ms, or both"
            raise ScenarioError(Problem("latency", "tc.Latency() without a figure", accepted))

    def __str__(self) -> str:
        """Return the objective in words."""
        parts = []
        if self.time_per_output_token_ms is not None:
            parts.append(f"{self.time_per_output_token_ms:g} ms per output token")
        if self.time_to_first_token_ms is not None:
            parts.append(f"the first token in {self.time_to_first_token_ms:g} ms")
        return ", ".join(parts)

    def met_by(self, time_to_first_token_ms: float | None, time_per_output_token_ms: float | None) -> bool:
        """Return whether latencies are known where they are asked for, and short enough. [ms]"""
        pairs = (
            (self.time_per_output_token_ms, time_per_output_token_ms),
            (self.time_to_first_token_ms, time_to_first_token_ms),
        )
        return all(asked is None or (does is not None and does <= asked) for asked, does in pairs)


LATENCY_LIMITS = {"interactive": Latency(*_INTERACTIVE_MS), "relaxed": Latency(*_SERVER_MS)}
"""The limits of MLPerf's interactive and server scenarios for a 70B, at which the factors were measured."""


@dataclass(frozen=True)
class Derating:
    """A factor between a measured rate and what is planned with."""

    name: str
    ratio: FloatOrDraws
    why: str


def combined_ratio(deratings: Sequence[Derating]) -> FloatOrDraws:
    """Return the product of the deratings."""
    product: FloatOrDraws = 1.0
    for derating in deratings:
        product = product * derating.ratio
    return product


@dataclass(frozen=True)
class ServedLatency:
    """How long a replica's users wait at its rate.

    Attributes
    ----------
    time_to_first_token_ms, time_per_output_token_ms : float or None
        None where nobody measured it. [ms]
    how : str
        How they are known.
    citation : Citation
        The row.
    bound : bool
        Whether they are upper bounds that follow from the load alone: enough to meet an objective, too loose to show.
    """

    time_to_first_token_ms: float | None
    time_per_output_token_ms: float | None
    how: str
    citation: Citation | None
    bound: bool = False

    def residence_seconds(self, output_tokens: float) -> float | None:
        """Return how long a request stays; None unless both latencies are known. [s]"""
        if self.time_to_first_token_ms is None or self.time_per_output_token_ms is None:
            return None
        return (self.time_to_first_token_ms + self.time_per_output_token_ms * output_tokens) / _MS_PER_SECOND


@dataclass(frozen=True)
class Objective:
    """How a rate stands to a latency objective: met as it was measured, or by a rule that takes some of it.

    Attributes
    ----------
    met : bool
        Whether the measurement itself meets it.
    derating : Derating or None
        What a rule leaves of the rate where it does not.
    """

    met: bool
    derating: Derating | None = None


def checked_latency(value: object, *, where: str) -> str | Latency:
    """Return a latency as a word or an objective, once it is seen to be one."""
    if isinstance(value, Latency) or (isinstance(value, str) and value in LATENCY_FACTORS):
        return value
    known = list(LATENCY_FACTORS)
    accepted = f"one of {', '.join(known)}, or tc.Latency(time_per_output_token_ms=…, time_to_first_token_ms=…)"
    remedy = offer(value, known) if isinstance(value, str) else ""
    raise ScenarioError(Problem(f"{where}:latency", repr(value), accepted, remedy))


def latency_class(latency: str | Latency) -> str:
    """Return the word whose defaults apply: with an objective in figures somebody waits, so interactive."""
    return latency if isinstance(latency, str) else "interactive"


def tpot_factor(time_per_output_token_ms: float) -> float:
    """Return what a limit on the time per output token leaves of the maximum throughput.

    Parameters
    ----------
    time_per_output_token_ms : float
        At least 10, below which 28% of the set-ups cannot go. [ms]

    Notes
    -----
    Linear between the medians of 53 curves of throughput against time per output token (InferenceX): 1 at 50 ms and
    above, 0.84 at 33, 0.64 at 25, 0.48 at 20, 0.34 at 15, 0.15 at 10.

    Examples
    --------
    >>> round(tpot_factor(22.5), 3)
    0.56
    """
    return float(np.interp(time_per_output_token_ms, _TPOT_MS, _LEFT_SHARE))


# ---------------------------------------------------------------------- what a row does


def served_latency(source: RatedRun, rate: Rate, lengths: Lengths) -> ServedLatency | None:
    """Return the latencies of a run at lengths; None where it says nothing of them.

    At lengths that were not measured they are those of the nearest point, the first token in proportion to the prompt,
    and both stretched so that the time in the replica grows like the replica-seconds of a request (Little's law at the
    same number in flight). Leaving out the shipped points one pair of lengths at a time, the time per output token is
    off by a median factor of 1.16, that to the first token by 2.5.

    A closed loop whose source gives no latency still bounds them: no request stays longer than those in flight over
    the requests per second.
    """
    inputs, outputs = float(np.median(lengths.input_tokens)), float(np.median(lengths.output_tokens))
    seconds = float(np.median(rate.seconds_per_request))
    timed = [p for p in source.run.points if _timed(p, source)]
    if timed:
        return _at_lengths(_nearest(timed, inputs, outputs), source, inputs, outputs, seconds)
    limits = _kept_limits(source.run.latency_target)
    if limits:
        how = f"kept within the limit of its run ({source.run.latency_target})"
        return ServedLatency(limits.get("ttft"), limits.get("tpot"), how, source.citation)
    if source.run.load_basis == "closed_loop" and source.concurrency and outputs > 0.0:
        stay = source.concurrency * seconds * _MS_PER_SECOND
        return ServedLatency(stay, stay / outputs, "bounded by the requests in flight", source.citation, bound=True)
    return None


def _timed(point: ThroughputPoint, source: RatedRun) -> bool:
    """Return whether a point is one of the source's and has a latency."""
    same = (point.concurrency_count or None) == source.concurrency
    measured = point.time_to_first_token_ms is not None or point.time_per_output_token_ms is not None
    return same and measured and bool(point.input_tokens) and point.output_tokens is not None


def _nearest(points: Sequence[ThroughputPoint], inputs: float, outputs: float) -> ThroughputPoint:
    """Return the point with the nearest lengths in proportion; the fastest of several."""

    def away(point: ThroughputPoint) -> tuple[float, float]:
        across = np.log(max(inputs, 1.0) / (point.input_tokens or 1))
        down = np.log(max(outputs, 1.0) / (point.output_tokens or 1.0))
        return float(f"{np.hypot(across, down):.9e}"), -point.output_tokens_per_second

    return min(points, key=away)


def _at_lengths(
    point: ThroughputPoint, source: RatedRun, inputs: float, outputs: float, seconds: float
) -> ServedLatency:
    """Return a point's latencies, carried over where its lengths are others."""
    measured_inputs, measured_outputs = float(point.input_tokens or 0), float(point.output_tokens or 0.0)
    first, each = point.time_to_first_token_ms, point.time_per_output_token_ms
    same = all(
        abs(measured - asked) <= _SAME_LENGTH_RATIO * measured
        for measured, asked in ((measured_inputs, inputs), (measured_outputs, outputs))
    )
    if same:
        return ServedLatency(first, each, "measured at these lengths", source.citation)
    how = f"carried over from {measured_inputs:,.0f} in / {measured_outputs:,.0f} out"
    in_proportion = None if first is None else first * inputs / measured_inputs
    stay = (in_proportion or 0.0) + (each or 0.0) * outputs
    stayed = (first or 0.0) + (each or 0.0) * measured_outputs
    measured_seconds = measured_outputs / point.output_tokens_per_second
    stretch = 1.0 if each is None or stay <= 0.0 else stayed * (seconds / measured_seconds) / stay
    return ServedLatency(
        None if in_proportion is None else in_proportion * stretch,
        None if each is None else each * stretch,
        how,
        source.citation,
    )


def _kept_limits(said: str) -> dict[str, float]:
    """Return the limits that a run kept, by ttft and tpot, from its source's words. [ms]"""
    limits: dict[str, float] = {}
    for name, figure, unit in _LIMIT.findall(said):
        key = "ttft" if name.upper() == "TTFT" else "tpot"
        limits[key] = float(figure) * (1.0 if unit.lower() == "ms" else _MS_PER_SECOND)
    return limits


# ---------------------------------------------------------------------- what is left of a rate


def objective(target: Latency, basis: LoadBasis, served: ServedLatency | None) -> Objective | None:
    """Return how a rate stands to a target; None where neither its measurement nor a rule can meet it.

    Notes
    -----
    An offline rate keeps 0.9 within 2 s and 200 ms, and 0.6 within 450 ms and 40 ms (MLPerf); below 40 ms it also
    takes the curve of `tpot_factor`, relative to 40 ms. A rate with a known, slower time per output token takes that
    curve relative to its own. No rule shortens the time to the first token further, or a token below 10 ms.
    """
    if served is not None and target.met_by(served.time_to_first_token_ms, served.time_per_output_token_ms):
        return Objective(met=True)
    asked = target.time_per_output_token_ms
    if asked is not None and asked < _TPOT_MS[0]:
        return None
    derating = _offline(target) if basis == "offline" else _along_the_curve(target, served)
    return None if derating is None else Objective(met=False, derating=derating)


def _offline(target: Latency) -> Derating | None:
    """Return what an objective leaves of an offline rate."""
    each, first = target.time_per_output_token_ms, target.time_to_first_token_ms
    slow_each, slow_first = _SERVER_MS
    limit, least_first = _INTERACTIVE_MS
    if (each is None or each >= slow_each) and (first is None or first >= slow_first):
        return Derating("latency factor", LATENCY_FACTORS["relaxed"], f"offline rate, {target} (MLPerf server)")
    if first is not None and first < least_first:
        return None
    factor = LATENCY_FACTORS["interactive"]
    if each is None or each >= limit:
        return Derating("latency factor", factor, f"offline rate, {target} (MLPerf interactive)")
    left = tpot_factor(each) / tpot_factor(limit)
    why = f"offline rate, {target}: {factor:g} at {limit:g} ms (MLPerf interactive), {left:.2f} of that (InferenceX)"
    return Derating("latency factor", factor * left, why)


def _along_the_curve(target: Latency, served: ServedLatency | None) -> Derating | None:
    """Return what a shorter time per output token leaves of a rate whose own is known."""
    asked, first = target.time_per_output_token_ms, target.time_to_first_token_ms
    if served is None or asked is None or served.time_per_output_token_ms is None:
        return None
    if first is not None and (served.time_to_first_token_ms is None or served.time_to_first_token_ms > first):
        return None
    own = max(served.time_per_output_token_ms, asked)
    at_most = "at most " if served.bound else ""
    why = f"{target}, measured at {at_most}{served.time_per_output_token_ms:.3g} ms per output token (InferenceX)"
    return Derating("latency factor", tpot_factor(asked) / tpot_factor(own), why)
