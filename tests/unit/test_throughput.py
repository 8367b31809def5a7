"""Replica-seconds per request from a run: measured, fitted or shrunk, against SciPy and synthetic rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy import optimize

import tokencross as tc
from tokencross.citation import Citation
from tokencross.errors import ScenarioError
from tokencross.options.rates import ERROR_QUANTILES, Rate
from tokencross.options.roofline import Setup
from tokencross.options.throughput import (
    Lengths,
    RatedRun,
    attention_ratio,
    best_rate,
    bytes_per_parameter,
    fit_seconds,
    kv_bytes_per_token,
    rated_runs,
)
from tokencross.tables.book import Book
from tokencross.tables.serving_records import Gpu, OpenModel, ThroughputPoint, ThroughputRun
from tokencross.tables.store import bundled_store

Array = NDArray[np.float64]
CITED: dict[str, Any] = {"basis": "documented", "via": "lab@1.0", "checked": date(2026, 11, 21)}
MODEL = OpenModel(
    id="toy-70b",
    name="Toy 70B",
    parameter_count=70e9,
    active_parameter_count=70e9,
    layer_count=80,
    query_head_count=64,
    kv_head_count=8,
    head_size_count=128,
    **CITED,
)
GPU = Gpu(
    id="CHIP",
    memory_gib=180.0,
    memory_bandwidth_gb_per_second=8_000.0,
    dense_bf16_tflops=2_000.0,
    dense_fp8_tflops=4_000.0,
    dense_fp4_tflops=8_000.0,
    interconnect="nvlink",
    **CITED,
)
BARE = Gpu(id="BARE", memory_gib=180.0, **CITED)  # no bandwidth, no arithmetic: no roofline, no floors
GAMMA = 80 * 64 * 128 / 70e9  # layers x heads x their size over active parameters
TRUE = np.array([1.0e-4, 6.0e-4, 2.0e-8])  # seconds per prompt token, per answer token, per token pair
GRID = [(128, 128), (128, 2048), (500, 2000), (2048, 128), (2048, 2048), (8192, 1024), (20_000, 2000)]


def columns(inputs: Array, outputs: Array) -> Array:
    """Return what (1/P, 1/D, K) multiply, as METHOD.md writes them."""
    return np.stack([inputs * (1 + GAMMA * inputs), outputs, outputs * (inputs + outputs / 2)], axis=1)


def run_of(pairs: Sequence[tuple[float, float]], seconds: Array, **fields: object) -> RatedRun:
    """Return a run whose requests of these lengths took these replica-seconds."""
    points = tuple(
        ThroughputPoint(input_tokens=int(i), output_tokens=float(o), output_tokens_per_second=float(o / s))
        for (i, o), s in zip(pairs, seconds, strict=True)
    )
    said: dict[str, Any] = {
        "model": "toy-70b",
        "gpu": "CHIP",
        "gpu_count": 1,
        "precision": "fp8",
        "engine": "vLLM",
        "load_basis": "offline",
        "nature": "measured",
        "measured_on": date(2026, 1, 1),
        **CITED,
        **fields,
    }
    (source,) = rated_runs([(ThroughputRun(points=points, **said), Citation("throughput:toy"))])
    return source


def exact(pairs: Sequence[tuple[float, float]], coefficients: Array = TRUE) -> Array:
    """Return the replica-seconds that the coefficients give."""
    inputs, outputs = np.array(pairs, dtype=float).T
    return np.asarray(columns(inputs, outputs) @ coefficients)


# ---------------------------------------------------------------------- the columns


def test_gamma_is_fixed_by_the_architecture() -> None:
    assert attention_ratio(MODEL) == pytest.approx(GAMMA)
    sliding = MODEL.model_copy(update={"sliding_layer_count": 40})
    assert attention_ratio(sliding) == pytest.approx(GAMMA / 2)  # half the layers see a window only


def test_cache_bytes_by_the_architecture() -> None:
    """Key and value, 80 layers, 8 heads of 128, 2 bytes each."""
    assert kv_bytes_per_token(MODEL) == 2 * 80 * 8 * 128 * 2


@pytest.mark.parametrize(
    ("precision", "bits"), [("fp8", 8), ("bf16", 16), ("fp4", 4.25), ("MXFP4", 4.25), ("nvfp4", 4.5), (None, 16)]
)
def test_bytes_of_a_weight(precision: str | None, bits: float) -> None:
    assert bytes_per_parameter(precision) == bits / 8


# ---------------------------------------------------------------------- the fit without a roofline


def test_the_fit_recovers_known_coefficients() -> None:
    inputs, outputs = np.array(GRID, dtype=float).T
    assert_allclose(fit_seconds(columns(inputs, outputs), exact(GRID), floors=np.zeros(3)), TRUE, rtol=1e-9)


def test_without_the_chips_limits_three_terms_are_fitted_to_the_run_alone() -> None:
    rate = best_rate(MODEL, BARE, run_of(GRID, exact(GRID), gpu="BARE"), Lengths(5_000.0, 700.0))
    assert rate.way == "fitted"
    assert rate.residual_share == pytest.approx(0.0, abs=1e-9)
    assert rate.seconds_per_request == pytest.approx(exact([(5_000.0, 700.0)])[0], rel=1e-9)
    assert "lack the chip's" in rate.basis
    few = best_rate(MODEL, BARE, run_of(GRID[:2], exact(GRID[:2]), gpu="BARE"), Lengths(500.0, 500.0))
    assert math.isfinite(float(np.asarray(few.seconds_per_request)))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(16, 30_000), st.integers(1, 8_000)), min_size=5, max_size=9, unique=True),
    st.lists(st.floats(-1.0, 1.0), min_size=9, max_size=9),
    st.tuples(st.floats(0.0, 1e-3), st.floats(0.0, 3e-3), st.floats(0.0, 1e-7)),
    st.tuples(st.floats(0.0, 3e-4), st.floats(0.0, 2e-3)),
)
def test_the_fit_agrees_with_scipys_bounded_least_squares(
    pairs: list[tuple[int, int]],
    noise: list[float],
    coefficients: tuple[float, float, float],
    floor: tuple[float, float],
) -> None:
    """On relative error, never below the floors: no solver does better than the enumeration of supports."""
    seconds = exact(pairs, np.maximum(coefficients, 1e-9)) * np.exp(0.5 * np.array(noise[: len(pairs)]))
    inputs, outputs = np.array(pairs, dtype=float).T
    matrix, floors = columns(inputs, outputs), np.array([*floor, 0.0])
    found = fit_seconds(matrix, seconds, floors=floors)
    relative = matrix / seconds[:, np.newaxis]
    size = np.linalg.norm(relative, axis=0)  # the solver needs columns of one size
    oracle = optimize.lsq_linear(
        relative / size, np.ones(len(pairs)), bounds=(floors * size, np.inf), method="bvls", tol=1e-14
    )
    ours = float(np.sum((relative @ found - 1.0) ** 2))
    assert np.all(found >= floors * (1 - 1e-12))
    assert ours <= 2.0 * oracle.cost * (1 + 1e-7) + 1e-12


def test_without_floors_the_fit_is_non_negative_least_squares() -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        seconds = exact(GRID) * np.exp(rng.normal(0, 0.8, len(GRID)))  # noise that drives coefficients to zero
        inputs, outputs = np.array(GRID, dtype=float).T
        relative = columns(inputs, outputs) / seconds[:, np.newaxis]
        size = np.linalg.norm(relative, axis=0)
        scaled, _ = optimize.nnls(relative / size, np.ones(len(GRID)))
        found = fit_seconds(columns(inputs, outputs), seconds, floors=np.zeros(3))
        assert_allclose(found * size, scaled, rtol=1e-6, atol=1e-9)


# ---------------------------------------------------------------------- the fit with a roofline


def test_floors_are_respected_where_rows_claim_more_than_the_chip_can_do() -> None:
    """An fp8 chip of 4e15 operations needs 2 x 70e9 / 4e15 s per token; rows a thousand times faster change nothing."""
    least = 2 * 70e9 / 4_000e12
    rate = best_rate(MODEL, GPU, run_of(GRID, exact(GRID) / 1_000), Lengths(4_000.0, 500.0))
    assert rate.way == "fitted"
    assert rate.seconds_per_request == pytest.approx(least * (4_000 * (1 + GAMMA * 4_000) + 500), rel=1e-12)


@pytest.mark.parametrize(("precision", "tflops"), [("bf16", 2_000.0), ("fp8", 4_000.0), ("fp4", 8_000.0)])
def test_floors_scale_with_gpus_and_precision(precision: str, tflops: float) -> None:
    floor = Setup(MODEL, GPU, 4, precision, None).floor_seconds(Lengths(1_000.0, 100.0))
    assert floor == pytest.approx((1_000 * (1 + GAMMA * 1_000) + 100) * 2 * 70e9 / 4 / (tflops * 1e12))


def test_a_known_number_in_flight_bounds_decoding_by_the_reading_of_the_weights() -> None:
    """Four requests share each reading of 70 GB at 8 TB/s: 70 / 8,000 / 4 s per token, far above the arithmetic."""
    floor = Setup(MODEL, GPU, 1, "fp8", 4).floor_seconds(Lengths(100.0, 1_000.0))
    assert floor == pytest.approx(1_000 * 70e9 / 8_000e9 / 4)


@pytest.mark.parametrize(
    ("pairs", "way"),
    [
        (GRID[:5], "fitted"),  # five pairs over both axes
        (GRID[:4], "shrunk"),  # four
        ([(i, 256) for i in (128, 256, 512, 1024, 2048)], "shrunk"),  # five, but one answer length
        ([(512, o) for o in (128, 256, 512, 1024, 2048)], "shrunk"),  # five, but one prompt length
        ([(128, 128)] * 5 + [(128, 2048)], "shrunk"),  # six points, two pairs
    ],
)
def test_five_pairs_over_both_axes_are_fitted_fewer_are_shrunk(pairs: list[tuple[int, int]], way: str) -> None:
    rate = best_rate(MODEL, GPU, run_of(pairs, exact(pairs)), Lengths(700.0, 300.0))
    assert rate.way == way


def test_a_fit_stays_near_the_runs_own_points() -> None:
    """Seven points that three terms made: between them a roofline of six parts stays within a tenth."""
    rate = best_rate(MODEL, GPU, run_of(GRID, exact(GRID)), Lengths(1_500.0, 1_500.0))
    assert rate.seconds_per_request == pytest.approx(exact([(1_500.0, 1_500.0)])[0], rel=0.1)
    assert rate.residual_share < 0.1


def test_one_point_moves_the_level() -> None:
    """A run twice as slow as another is predicted to be nearly twice as slow at other lengths too."""
    pairs = [(1_000, 1_000)]
    slow, fast = (best_rate(MODEL, GPU, run_of(pairs, exact(pairs) * k), Lengths(4_000.0, 200.0)) for k in (2.0, 1.0))
    assert 1.5 < float(np.asarray(slow.seconds_per_request)) / float(np.asarray(fast.seconds_per_request)) < 2.0


lengths_of_requests = st.tuples(st.floats(16.0, 30_000.0), st.floats(1.0, 8_000.0))


@settings(deadline=None, max_examples=60)
@given(lengths_of_requests, st.floats(1.0, 3.0), st.floats(1.0, 3.0), st.sampled_from([None, 16]))
def test_longer_requests_never_take_less(
    lengths: tuple[float, float], more_in: float, more_out: float, flight: int | None
) -> None:
    source = replace(run_of(GRID[:3], exact(GRID[:3])), concurrency=flight)
    i, o = lengths
    once, longer = (
        float(np.asarray(best_rate(MODEL, GPU, source, at).seconds_per_request))
        for at in (Lengths(i, o, 0.1), Lengths(i * more_in, o * more_out, 0.1))
    )
    assert longer >= once * (1 - 1e-12)
    floor = float(np.asarray(Setup(MODEL, GPU, 1, "fp8", flight).floor_seconds(Lengths(i, o, 0.1))))
    assert once >= floor * (1 - 1e-12)


# ---------------------------------------------------------------------- errors


def test_the_error_of_a_rate() -> None:
    source = run_of(GRID, exact(GRID))
    measured = best_rate(MODEL, GPU, source, Lengths(2_048.0, 128.0))
    inside = best_rate(MODEL, GPU, source, Lengths(2_000.0, 1_000.0))
    outside = best_rate(MODEL, GPU, source, Lengths(60_000.0, 20.0))
    assert 0.0 < measured.log_error < inside.log_error < outside.log_error


def test_a_band_is_the_draws_at_its_edges() -> None:
    rate = Rate(2.0, "roofline", None, 0.0, extrapolated=True, log_error=0.2)
    low, high = rate.band(0.9)
    factor = math.exp(0.2 * dict(ERROR_QUANTILES)[1.645])
    assert low == pytest.approx(2.0 / factor, rel=1e-3)
    assert high == pytest.approx(2.0 * factor, rel=1e-3)
    scores = np.array([-9.0, -1.282, 0.0, 1.282, 9.0])
    draws = rate.draws(scores)
    assert np.all(np.diff(draws) > 0)
    assert_allclose(draws * draws[::-1], 1.0)  # as likely to be faster as slower, in ratio
    assert rate.draws(np.array([1.282]))[0] == pytest.approx(math.exp(0.2 * dict(ERROR_QUANTILES)[1.282]))


def test_draws_fall_within_the_band_as_often_as_it_says() -> None:
    rate = Rate(1.0, "roofline", None, 0.0, extrapolated=True, log_error=0.3)
    draws = rate.draws(np.random.default_rng(5).standard_normal(100_000))
    for share in (0.5, 0.9, 0.99):
        low, high = rate.band(share)
        assert np.mean((draws >= low) & (draws <= high)) == pytest.approx(share, abs=0.005)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5])
def test_a_band_of_no_share_is_refused(share: float) -> None:
    with pytest.raises(ScenarioError, match="a share between 0 and 1"):
        Rate(1.0, "roofline", None, 0.0, extrapolated=True).band(share)


# ---------------------------------------------------------------------- order of trust


def test_a_row_measured_at_these_lengths_is_used_as_it_is() -> None:
    seconds = exact(GRID)
    seconds[3] *= 1.7  # a row that no fit would reproduce
    source = run_of(GRID, seconds)
    for at in ((2_048.0, 128.0), (2_048.0 * 1.009, 128.0 * 0.991)):  # within one percent is the same length
        rate = best_rate(MODEL, GPU, source, Lengths(*at))
        assert (rate.way, rate.residual_share, rate.extrapolated) == ("measured", 0.0, False)
        assert rate.seconds_per_request == pytest.approx(seconds[3], rel=1e-12)
    off = best_rate(MODEL, GPU, source, Lengths(2_048.0 * 1.02, 128.0))
    assert off.way == "fitted"


def test_of_two_rows_of_one_length_the_faster_counts() -> None:
    pairs = [(1_000, 1_000), (1_000, 1_000)]
    source = run_of(pairs, np.array([3.0, 2.0]))
    assert best_rate(MODEL, GPU, source, Lengths(1_000.0, 1_000.0)).seconds_per_request == pytest.approx(2.0)


@pytest.mark.parametrize("spread", [{"input_cv": 0.5}, {"output_cv": 0.5}, {"prefix_hit_share": 0.5}])
def test_spread_or_cached_prompts_are_not_the_measured_ones(spread: dict[str, float]) -> None:
    rate = best_rate(MODEL, GPU, run_of(GRID, exact(GRID)), Lengths(2_048.0, 128.0, **spread))
    assert rate.way == "fitted"


def test_what_is_preferred() -> None:
    """METHOD.md: measured before modelled, the most pairs of lengths, then the newest."""
    two, three = GRID[:2], GRID[:3]
    old = run_of(three, exact(three), measured_on=date(2025, 1, 1))
    new = run_of(three, exact(three), measured_on=date(2026, 1, 1))
    few = run_of(two, exact(two), measured_on=date(2026, 6, 1))
    modelled = run_of(GRID, exact(GRID), nature="modelled", measured_on=date(2026, 9, 1))
    derived = run_of(GRID, exact(GRID), nature="derived", measured_on=date(2024, 9, 1))
    assert max([old, new, few, modelled], key=lambda s: s.rank) is new
    assert max([modelled, few], key=lambda s: s.rank) is few
    assert max([derived, new, modelled], key=lambda s: s.rank) is derived


def test_points_are_grouped_by_concurrency_and_need_both_lengths() -> None:
    points = (
        ThroughputPoint(input_tokens=100, output_tokens=10.0, concurrency_count=8, output_tokens_per_second=1.0),
        ThroughputPoint(input_tokens=200, output_tokens=10.0, concurrency_count=8, output_tokens_per_second=2.0),
        ThroughputPoint(input_tokens=100, output_tokens=10.0, concurrency_count=64, output_tokens_per_second=4.0),
        ThroughputPoint(output_tokens=10.0, concurrency_count=8, output_tokens_per_second=9.0),
    )
    base = run_of(GRID, exact(GRID)).run
    run = base.model_copy(update={"points": points})
    found = rated_runs([(run, Citation("throughput:toy"))])
    assert [(s.concurrency, s.pair_count) for s in found] == [(8, 2), (64, 1)]
    assert found[0].rates.tolist() == [1.0, 2.0]


# ---------------------------------------------------------------------- the hull


@pytest.mark.parametrize(
    ("lengths", "outside"),
    [
        ((1_000.0, 1_000.0), False),
        ((128.0, 128.0), False),  # a corner
        ((1_100.0, 128.0), False),  # on the edge between two corners
        ((4_000.0, 128.0), True),  # longer prompts with short answers than any measured
        ((100.0, 1_000.0), True),
        ((2_048.0, 5_000.0), True),
    ],
)
def test_outside_the_hull_of_measured_lengths_is_extrapolated(lengths: tuple[float, float], outside: bool) -> None:
    square = [(128, 128), (128, 2_048), (2_048, 128), (2_048, 2_048), (900, 1_000)]
    rate = best_rate(MODEL, GPU, run_of(square, exact(square)), Lengths(*lengths))
    assert rate.extrapolated is outside


def test_one_point_is_its_own_hull() -> None:
    pairs = [(1_000, 1_000)]
    source = run_of(pairs, exact(pairs))
    assert best_rate(MODEL, GPU, source, Lengths(1_000.0, 1_000.0, input_cv=0.3)).extrapolated is False
    assert best_rate(MODEL, GPU, source, Lengths(1_100.0, 1_000.0)).extrapolated is True


# ---------------------------------------------------------------------- spread, draws, caches


def test_spread_lengths_take_the_expectation_of_every_term() -> None:
    """Half a million independent lognormal requests with a fixed seed, each at its own replica-seconds."""
    rng = np.random.default_rng(11)
    cv_in, cv_out = 1.2, 0.7
    s_in, s_out = (math.sqrt(math.log(1 + cv**2)) for cv in (cv_in, cv_out))
    inputs = rng.lognormal(math.log(3_000) - s_in**2 / 2, s_in, 500_000)
    outputs = rng.lognormal(math.log(400) - s_out**2 / 2, s_out, 500_000)
    each = columns(inputs, outputs) @ TRUE
    source = run_of(GRID, exact(GRID), gpu="BARE")
    rate = best_rate(MODEL, BARE, source, Lengths(3_000.0, 400.0, cv_in, cv_out))
    noise = float(each.std()) / math.sqrt(each.size)
    assert abs(float(np.asarray(rate.seconds_per_request)) - float(each.mean())) < 4 * noise
    plain = best_rate(MODEL, BARE, source, Lengths(3_000.0, 400.0))
    # the spread matters: with E[x^2] = mean^2 (1 + cv^2)
    extra = TRUE[0] * GAMMA * 3_000**2 * cv_in**2 + TRUE[2] * 400**2 * cv_out**2 / 2
    difference = np.asarray(rate.seconds_per_request) - np.asarray(plain.seconds_per_request)
    assert difference == pytest.approx(extra, rel=1e-6)


def test_a_prefix_hit_saves_prefill_only() -> None:
    source = run_of(GRID, exact(GRID), gpu="BARE")
    prefill = TRUE[0] * 3_000 * (1 + GAMMA * 3_000)
    for share in (0.0, 0.25, 1.0):
        rate = best_rate(MODEL, BARE, source, Lengths(3_000.0, 400.0, prefix_hit_share=share))
        whole = exact([(3_000.0, 400.0)])[0]
        assert rate.seconds_per_request == pytest.approx(whole - share * prefill, rel=1e-9)


def test_draws_of_lengths_give_draws_of_seconds() -> None:
    source = run_of(GRID, exact(GRID), gpu="BARE")
    inputs = np.array([300.0, 3_000.0, 9_000.0])
    rate = best_rate(MODEL, BARE, source, Lengths(inputs, 400.0))
    one_by_one = [
        float(np.asarray(best_rate(MODEL, BARE, source, Lengths(float(i), 400.0)).seconds_per_request)) for i in inputs
    ]
    assert_allclose(np.asarray(rate.seconds_per_request), one_by_one, rtol=1e-12)


def test_draws_of_lengths_are_fitted_even_where_one_was_measured() -> None:
    """A curve over draws has no spike at the one draw that happens to be a row."""
    seconds = exact(GRID)
    seconds[3] *= 1.7
    source = run_of(GRID, seconds)
    rate = best_rate(MODEL, GPU, source, Lengths(np.array([2_048.0, 3_000.0]), 128.0))
    assert rate.way == "fitted"
    assert np.asarray(rate.seconds_per_request)[0] != pytest.approx(seconds[3])


# ---------------------------------------------------------------------- the shipped rows


def shipped(model: str) -> tuple[OpenModel, list[RatedRun], Book]:
    """Return a model's runs of the shipped tables."""
    book = Book(bundled_store(), date(2026, 11, 21))
    return book.open_model(model)[0], rated_runs(book.runs(model)), book


def test_a_shipped_row_at_its_own_lengths() -> None:
    """pricing/throughput/llama.yaml, llama-3.3-70b on 2x H100, TensorRT-LLM 1.0: 4205 tok/s at 1000 in, 1000 out."""
    book = tc.load_prices(as_of="2026-11-21")
    own = book.self_hosted(
        "llama-3.3-70b",
        instance="lambda/gpu_2x_h100_sxm5",
        purchase="on_demand",
        engine="TensorRT-LLM",
        engineering=tc.Engineering.none(),
        label="own",
    )
    study = tc.Study([own], workload=tc.Workload(input_tokens=1_000, output_tokens=1_000))
    steps = study.capacity(1e9)["own"]
    assert steps["measured_tokens_per_replica_second"] == pytest.approx(4205 * (1_000 + 1_000) / 1_000)
    assert steps["throughput"].startswith("measured at these lengths")
