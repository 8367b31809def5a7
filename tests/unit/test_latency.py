"""Latency objectives: what is accepted, what a row's users wait, and what a rule leaves of a rate."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import CITED, open_model

from tokencross.citation import Citation
from tokencross.errors import ScenarioError
from tokencross.options.latency import (
    LATENCY_FACTORS,
    LATENCY_LIMITS,
    Latency,
    ServedLatency,
    checked_latency,
    latency_class,
    objective,
    served_latency,
    tpot_factor,
)
from tokencross.options.throughput import Lengths, RatedRun, best_rate, rated_runs
from tokencross.tables.serving_records import Gpu, OpenModel, ThroughputPoint, ThroughputRun

# share of the maximum throughput left at a time per output token: InferenceX, 53 curves
CURVE = {50: 1.0, 33: 0.84, 25: 0.64, 20: 0.48, 15: 0.34, 10: 0.15}
MODEL = OpenModel.model_validate(open_model("toy"))
GPU = Gpu.model_validate({"id": "X1", "memory_gib": 80.0, **CITED})
PLAIN: dict[str, Any] = {"input_tokens": 1_000, "output_tokens": 500.0, "output_tokens_per_second": 1_000.0}


def run_of(*points: dict[str, Any], **keys: Any) -> RatedRun:
    """Return the rated run of points that share a concurrency."""
    said: dict[str, Any] = {
        "model": "toy",
        "gpu": "X1",
        "gpu_count": 1,
        "load_basis": "closed_loop",
        "nature": "measured",
        "measured_on": date(2026, 6, 1),
        **CITED,
        **keys,
    }
    run = ThroughputRun(points=tuple(ThroughputPoint.model_validate({**PLAIN, **point}) for point in points), **said)
    (source,) = rated_runs([(run, Citation("throughput:toy"))])
    return source


def served(source: RatedRun, inputs: float, outputs: float) -> ServedLatency | None:
    """Return the latencies of a run at lengths."""
    lengths = Lengths(inputs, outputs)
    return served_latency(source, best_rate(MODEL, GPU, source, lengths), lengths)


def known(first: float | None, each: float | None) -> ServedLatency:
    """Return latencies that somebody measured."""
    return ServedLatency(first, each, "measured", None)


# ---------------------------------------------------------------------- what is accepted


@pytest.mark.parametrize(
    ("given_figures", "message"),
    [
        ({}, "latency\n  found tc.Latency() without a figure; accepted: time_per_output_token_ms or"),
        ({"time_per_output_token_ms": 0}, "latency:time_per_output_token_ms\n  found 0; accepted: a finite number > 0"),
        ({"time_to_first_token_ms": -1.0}, "latency:time_to_first_token_ms\n  found -1; accepted: a finite number > 0"),
        ({"time_per_output_token_ms": "25"}, "latency:time_per_output_token_ms\n  found '25'; accepted: a finite"),
        ({"time_per_output_token_ms": float("nan")}, "latency:time_per_output_token_ms\n  found nan; accepted:"),
        ({"time_to_first_token_ms": np.array([1.0, 2.0])}, "found draws or a distribution; accepted: one number > 0"),
    ],
)
def test_an_objective_is_one_figure_or_two(given_figures: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Latency(**given_figures)
    assert message in str(caught.value)


def test_an_objective_says_itself() -> None:
    assert str(Latency(time_per_output_token_ms=25)) == "25 ms per output token"
    assert str(Latency(30, 450)) == "30 ms per output token, the first token in 450 ms"


def test_words_stay_words() -> None:
    assert [checked_latency(word, where="own") for word in LATENCY_FACTORS] == ["interactive", "relaxed", "batch"]
    target = Latency(time_to_first_token_ms=300)
    assert checked_latency(target, where="own") is target
    assert (latency_class("batch"), latency_class(target)) == ("batch", "interactive")


@pytest.mark.parametrize("wrong", ["interactiv", 25, None, {"time_per_output_token_ms": 25}])
def test_what_is_no_latency_is_refused(wrong: object) -> None:
    with pytest.raises(ScenarioError) as caught:
        checked_latency(wrong, where="own")
    assert str(caught.value).startswith(f"own:latency\n  found {wrong!r}; accepted: one of interactive, relaxed, batch")


# ---------------------------------------------------------------------- the curve


@pytest.mark.parametrize(("ms", "left"), CURVE.items())
def test_the_curve_goes_through_its_points(ms: float, left: float) -> None:
    assert tpot_factor(ms) == pytest.approx(left)


def test_between_its_points_the_curve_is_straight_and_above_them_one() -> None:
    assert tpot_factor(22.5) == pytest.approx((0.48 + 0.64) / 2)
    assert tpot_factor(40.0) == pytest.approx(0.84 + 0.16 * 7 / 17)
    assert tpot_factor(500.0) == 1.0


# ---------------------------------------------------------------------- what a rule leaves


@pytest.mark.parametrize(
    ("target", "left"),
    [
        (Latency(200, 2_000), 0.9),  # MLPerf server
        (Latency(time_to_first_token_ms=5_000), 0.9),
        (Latency(time_per_output_token_ms=1_000), 0.9),
        (Latency(199, 2_000), 0.6),  # between the two the stricter holds
        (Latency(200, 1_999), 0.6),
        (Latency(40, 450), 0.6),  # MLPerf interactive
        (Latency(time_to_first_token_ms=450), 0.6),
        (Latency(25, 450), 0.6 * 0.64 / (0.84 + 0.16 * 7 / 17)),  # below 40 ms the curve, relative to 40
        (Latency(time_per_output_token_ms=10), 0.6 * 0.15 / (0.84 + 0.16 * 7 / 17)),
    ],
)
def test_an_offline_rate_keeps_what_mlperf_and_the_curve_say(target: Latency, left: float) -> None:
    held = objective(target, "offline", None)
    assert held is not None
    assert not held.met
    assert held.derating is not None
    assert held.derating.ratio == pytest.approx(left)
    assert str(target) in held.derating.why


def test_the_words_are_the_limits_that_their_factors_were_measured_at() -> None:
    for word, limit in LATENCY_LIMITS.items():
        held = objective(limit, "offline", None)
        assert held is not None
        assert held.derating is not None
        assert held.derating.ratio == LATENCY_FACTORS[word]


@pytest.mark.parametrize("target", [Latency(9.9), Latency(40, 449), Latency(time_to_first_token_ms=100)])
def test_no_rule_goes_further_offline(target: Latency) -> None:
    assert objective(target, "offline", None) is None


@pytest.mark.parametrize("basis", ["closed_loop", "open_loop_slo"])
def test_a_slower_row_takes_the_curve_relative_to_its_own(basis: Any) -> None:
    held = objective(Latency(20), basis, known(None, 25.0))
    assert held is not None
    assert held.derating is not None
    assert held.derating.ratio == pytest.approx(0.48 / 0.64)
    slow = objective(Latency(20), basis, known(300.0, 120.0))  # slower than where the maximum sits
    assert slow is not None
    assert slow.derating is not None
    assert slow.derating.ratio == pytest.approx(0.48)


def test_a_row_that_meets_it_loses_nothing() -> None:
    held = objective(Latency(25, 500), "closed_loop", known(500.0, 25.0))
    assert held is not None
    assert held.met
    assert held.derating is None
    # below the curve's end only a measurement can
    fast = objective(Latency(5), "closed_loop", known(None, 4.9))
    assert fast is not None
    assert fast.met


@pytest.mark.parametrize(
    ("target", "row"),
    [
        (Latency(9), known(100.0, 12.0)),  # below the curve
        (Latency(20, 300), known(301.0, 15.0)),  # nothing shortens the wait for the first token
        (Latency(20, 300), known(None, 15.0)),  # nobody knows it
        (Latency(20), known(100.0, None)),
        (Latency(20), None),
    ],
)
def test_what_neither_measurement_nor_rule_reaches(target: Latency, row: ServedLatency | None) -> None:
    assert objective(target, "closed_loop", row) is None


@given(a=st.floats(10.0, 300.0), b=st.floats(10.0, 300.0), own=st.floats(5.0, 300.0))
def test_a_shorter_limit_never_leaves_more(a: float, b: float, own: float) -> None:
    short, long = sorted((a, b))

    def left(limit: float, basis: Any, row: ServedLatency | None) -> float:
        held = objective(Latency(limit), basis, row)
        assert held is not None
        return 1.0 if held.derating is None else float(np.asarray(held.derating.ratio))

    assert left(short, "offline", None) <= left(long, "offline", None) * (1 + 1e-12)
    row = known(None, own)
    assert left(short, "closed_loop", row) <= left(long, "closed_loop", row) * (1 + 1e-12)


# ---------------------------------------------------------------------- what a row does


def test_latencies_at_measured_lengths_are_the_rows() -> None:
    source = run_of({"concurrency_count": 8, "time_to_first_token_ms": 120.0, "time_per_output_token_ms": 15.0})
    found = served(source, 1_000.0, 500.0)
    assert found is not None
    assert (found.time_to_first_token_ms, found.time_per_output_token_ms) == (120.0, 15.0)
    assert found.how == "measured at these lengths"
    assert found.citation == Citation("throughput:toy")
    assert found.residence_seconds(500.0) == pytest.approx(0.12 + 500 * 0.015)


def test_at_other_lengths_they_stretch_as_the_replica_seconds_do() -> None:
    """Twice the prompt waits twice as long for its first token; both then stretch to what Little's law leaves."""
    source = run_of({"concurrency_count": 8, "time_to_first_token_ms": 100.0, "time_per_output_token_ms": 10.0})
    lengths = Lengths(2_000.0, 500.0)
    rate = best_rate(MODEL, GPU, source, lengths)
    found = served_latency(source, rate, lengths)
    assert found is not None
    measured_seconds = 500.0 / 1_000.0
    stretch = (100 + 10 * 500) * (rate.seconds_per_request / measured_seconds) / (200 + 10 * 500)
    assert found.time_to_first_token_ms == pytest.approx(200 * stretch)
    assert found.time_per_output_token_ms == pytest.approx(10 * stretch)
    assert found.how == "carried over from 1,000 in / 500 out"


def test_the_nearest_lengths_in_proportion_are_carried_over() -> None:
    near = {"input_tokens": 4_000, "concurrency_count": 8, "time_per_output_token_ms": 20.0}
    far = {"input_tokens": 100, "concurrency_count": 8, "time_per_output_token_ms": 5.0}
    found = served(run_of(near, far), 3_000.0, 500.0)
    assert found is not None
    assert found.how == "carried over from 4,000 in / 500 out"
    assert found.time_to_first_token_ms is None


def test_of_points_at_the_same_lengths_the_fastest_is_the_one_that_the_rate_is_of() -> None:
    slow = {"concurrency_count": 8, "output_tokens_per_second": 900.0, "time_per_output_token_ms": 16.0}
    fast = {"concurrency_count": 8, "output_tokens_per_second": 1_100.0, "time_per_output_token_ms": 14.0}
    found = served(run_of(slow, fast), 1_000.0, 500.0)
    assert found is not None
    assert found.time_per_output_token_ms == 14.0


@pytest.mark.parametrize(
    ("said", "first", "each"),
    [
        ("p99 TTFT<=2s, p99 TPOT<=200ms (MLPerf Server)", 2_000.0, 200.0),
        ("TTFT<=2000ms, TPOT<=50ms", 2_000.0, 50.0),
        ("p99 TTFT<=2s and median ITL<=50ms; most users meeting it", 2_000.0, 50.0),
        ("TPOT <= 25 ms", None, 25.0),
    ],
)
def test_a_run_under_a_limit_kept_it(said: str, first: float | None, each: float | None) -> None:
    found = served(run_of({}, load_basis="open_loop_slo", latency_target=said), 1_000.0, 500.0)
    assert found is not None
    assert (found.time_to_first_token_ms, found.time_per_output_token_ms) == (first, each)
    assert said in found.how
    assert not found.bound


def test_the_requests_in_flight_bound_the_stay() -> None:
    """8 in flight at 2 requests a second stay 4 s: at most 8 ms for each of 500 tokens."""
    found = served(run_of({"concurrency_count": 8}), 1_000.0, 500.0)
    assert found is not None
    assert found.bound
    assert found.time_per_output_token_ms == pytest.approx(8.0)


def test_an_offline_run_says_nothing_of_latency() -> None:
    assert served(run_of({}, load_basis="offline"), 1_000.0, 500.0) is None
