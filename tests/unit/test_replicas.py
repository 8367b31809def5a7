"""Which replica is chosen: by the order of trust, by memory, by latency objectives, and with rates of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tables import CITED, Plain, open_model, write_tables

from tokencross.errors import ResolveError, ScenarioError
from tokencross.options.candidates import usual_precision
from tokencross.options.latency import Latency
from tokencross.options.memory import Need, cache_bytes
from tokencross.options.own_rate import Throughput
from tokencross.options.replicas import Replica, Wanted, choose_replica, combined_ratio, rate_in_words
from tokencross.options.roofline import Setup
from tokencross.options.throughput import Lengths
from tokencross.tables.book import Book
from tokencross.tables.compute_records import Instance
from tokencross.tables.serving_records import OpenModel
from tokencross.tables.store import bundled_store, open_store

FILES = Path(__file__).resolve().parents[1] / "benchmark_files"
DAY = date(2026, 11, 21)
SHIPPED = Book(bundled_store(), DAY)
X1: Plain = {
    "id": "X1",
    "memory_gib": 80.0,
    "memory_bandwidth_gb_per_second": 3_350.0,
    "dense_bf16_tflops": 989.0,
    "dense_fp8_tflops": 1_979.0,
    "interconnect": "nvlink",
    **CITED,
}
TOY = open_model("toy", parameter_count=8.0e9, active_parameter_count=8.0e9)
USABLE = 0.92 * 80 * 2**30  # of an X1: 8% are left free


def point(rate: float, inputs: int = 1_000, outputs: float = 500.0, **keys: Any) -> Plain:
    """Return a point of a run."""
    return {"input_tokens": inputs, "output_tokens": outputs, "output_tokens_per_second": rate, **keys}


def run(*points: Plain, **keys: Any) -> Plain:
    """Return a run of the toy model on one X1."""
    said = {"model": "toy", "gpu": "X1", "gpu_count": 1, "precision": "fp8", "engine": "vLLM", "engine_version": "1"}
    how = {"load_basis": "closed_loop", "nature": "measured", "measured_on": date(2026, 6, 1)}
    return {**said, **how, **CITED, **keys, "points": list(points)}


OTHER = open_model("other", parameter_count=7.0e9, active_parameter_count=7.0e9)
TEACHER = run(
    point(4_000.0), point(1_500.0, inputs=4_000), model="other", load_basis="offline", measured_on=date(2024, 1, 1)
)


@pytest.fixture
def tables(tmp_path: Path) -> Callable[..., Book]:
    """Return a maker of books with some runs."""

    def make(*runs: Plain, model: Plain = TOY, gpu: Plain = X1, as_of: date = DAY) -> Book:
        files: dict[str, Plain | str] = {
            "models/open": {"family": "open", "models": [OTHER, model]},
            "hardware/gpus": {"gpus": [gpu]},
            "throughput/open": {"runs": [TEACHER, *runs]},
        }
        return Book(open_store(write_tables(tmp_path / "tables", files)), as_of)

    return make


def chosen(
    book: Book,
    *,
    model: str = "toy",
    gpu: str = "X1",
    gpus: int = 1,
    inputs: Any = 1_000.0,
    outputs: Any = 500.0,
    given: Any = None,
    latency: str | Latency = "batch",
    precision: str | None = None,
    engine: str | None = None,
    count: int | None = None,
) -> Replica:
    """Return the replica of a model on an instance."""
    instance = Instance.model_construct(id="box", gpu=gpu, gpu_count=gpus, aliases=(), offers=(), owned=())
    return choose_replica(
        book,
        book.open_model(model)[0],
        book.gpu(gpu)[0],
        instance,
        Wanted(precision, engine, count, latency, None),
        Lengths(inputs, outputs),
        request_tokens=inputs + outputs,
        given=given,
        where="own",
    )


def planned(replica: Replica, latency: str | Latency) -> float:
    """Return what the deratings leave of a replica's rate."""
    return float(np.median(replica.tokens_per_second * combined_ratio(replica.deratings(latency, 1.0))))


# ---------------------------------------------------------------------- the order of trust


GRID = [(500, 200.0), (500, 2_000.0), (2_000, 200.0), (2_000, 2_000.0), (8_000, 500.0)]


def grid(**keys: Any) -> Plain:
    """Return a run of five pairs of lengths that the three terms describe exactly."""
    points = [point(o / (i * 2e-5 + o * 4e-4 + o * (i + o / 2) * 2e-8), i, o) for i, o in GRID]
    return run(*points, load_basis="offline", **keys)


def test_a_row_at_these_lengths_comes_first(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(run(point(1_000.0))))
    assert replica.rate is not None
    assert replica.rate.way == "measured"
    assert replica.tokens_per_second == pytest.approx(1_000 * 1_500 / 500)
    assert rate_in_words(replica.rate).startswith("measured at these lengths; 1x X1 fp8, vLLM 1, 2026-06-01")


def test_then_a_fit_then_a_shrunk_fit(tables: Callable[..., Book]) -> None:
    fitted = chosen(tables(grid()), inputs=1_000.0, outputs=1_000.0)
    assert fitted.rate is not None
    assert fitted.rate.way == "fitted"
    assert fitted.tokens_per_second == pytest.approx(2_000 / (0.02 + 0.4 + 1_000 * 1_500 * 2e-8), rel=0.02)
    assert rate_in_words(fitted.rate).startswith(
        "fitted to 5 pairs of lengths of this run and 2 points of others, residual"
    )
    shrunk = chosen(tables(run(point(1_000.0))), inputs=2_000.0)
    assert shrunk.rate is not None
    assert shrunk.rate.way == "shrunk"
    assert rate_in_words(shrunk.rate).startswith(
        "fitted to 1 pair of lengths of this run and 2 points of others; 1x X1"
    )


def test_a_modelled_row_is_called_so(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(run(point(1_000.0), nature="modelled")))
    assert rate_in_words(replica.rate).startswith("modelled, not measured; at these lengths; 1x X1")
    assert rate_in_words(None) == "given by the study"


def test_plain_words_choose_by_pairs_then_date_then_requests_in_flight(tables: Callable[..., Book]) -> None:
    old = run(point(3_000.0), measured_on=date(2025, 1, 1), engine="SGLang")
    new = run(point(1_000.0, concurrency_count=8), point(1_500.0, concurrency_count=16))
    replica = chosen(tables(old, new))
    assert replica.rate is not None
    assert replica.rate.source is not None
    assert replica.rate.source.concurrency == 16
    assert replica.others == ("1x X1 fp8, SGLang 1, 2025-01-01: 9,000",)


def test_the_count_with_the_most_planned_tokens_per_instance(tables: Callable[..., Book]) -> None:
    one, two = run(point(1_000.0)), run(point(2_100.0), gpu_count=2)
    assert chosen(tables(one, two), gpus=4).gpu_count == 2
    assert chosen(tables(one, run(point(1_900.0), gpu_count=2)), gpus=4).gpu_count == 1


# ---------------------------------------------------------------------- a row that is not there


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"precision": "int4"},
            "own:precision\n  found precision 'int4', for which toy has no measured rate; accepted: one of bf16, fp8.\n"
            "  Known: bf16, fp8.",
        ),
        (
            {"engine": "vLM"},
            "own:engine\n  found engine 'vLM', for which toy has no measured rate; accepted: one of SGLang, vLLM.\n"
            "  Did you mean 'vLLM'?",
        ),
        (
            {"count": 3},
            "own:gpus_per_replica\n  found gpus_per_replica '3', for which toy has no measured rate; "
            "accepted: one of 1.\n  Known: 1.",
        ),
    ],
)
def test_what_no_row_has_is_one_error_that_says_which_have(
    tables: Callable[..., Book], asked: dict[str, Any], message: str
) -> None:
    book = tables(run(point(1_000.0)), run(point(900.0), precision="bf16", engine="SGLang"))
    with pytest.raises(ResolveError) as caught:
        chosen(book, gpus=8, **asked)
    assert str(caught.value) == message


def test_a_precision_that_no_gpu_has_rows_of_is_refused_on_another_gpu_too() -> None:
    with pytest.raises(ResolveError, match=r"precision 'int4', for which llama-3\.3-70b has no measured rate"):
        chosen(SHIPPED, model="llama-3.3-70b", gpu="H100-NVL-94GB", gpus=8, precision="int4")


def test_a_measured_replica_that_the_instance_does_not_hold(tables: Callable[..., Book]) -> None:
    with pytest.raises(ScenarioError) as caught:
        chosen(tables(run(point(1_000.0), gpu_count=2)), gpus=1, count=2)
    assert str(caught.value) == (
        "own:instance\n  found an instance with 1x X1; accepted: one with at least 2: toy was measured on 2 of them."
    )


# ---------------------------------------------------------------------- the roofline


def test_a_model_without_any_row_is_modelled(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(), gpus=8)
    assert replica.rate is not None
    assert (replica.rate.way, replica.rate.source) == ("roofline", None)
    assert replica.load_basis == "offline"
    assert replica.remarks == ("no measured rate of toy: its throughput is modelled.",)
    assert rate_in_words(replica.rate).startswith("modelled, not measured; ")
    assert [d.name for d in replica.deratings("interactive", None)] == ["latency factor", "target load share"]
    assert (replica.time_per_output_token_ms, replica.others) == (None, ())


def test_a_model_whose_first_row_is_later_says_so(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(run(point(1_000.0)), as_of=date(2026, 5, 31)))
    assert replica.remarks == (
        "no measured rate of toy by 2026-05-31; its first is of 2026-06-01: its throughput is modelled.",
    )


def test_a_gpu_without_rows_takes_what_the_models_other_rows_teach() -> None:
    """gpt-oss-120b has rows on B200 and H100, none on an L40S."""
    replica = chosen(SHIPPED, model="gpt-oss-120b", gpu="L40S", gpus=8)
    assert replica.rate is not None
    assert replica.rate.way == "roofline"
    assert replica.gpu_count in (2, 4, 8)  # 62e9 bytes of weights do not fit 48 GiB
    assert "of this model" in rate_in_words(replica.rate)
    assert replica.remarks == ("no measured rate of gpt-oss-120b on L40S: its throughput is modelled.",)


def test_of_the_modelled_counts_the_most_productive(tables: Callable[..., Book]) -> None:
    def per_instance(count: int) -> float:
        replica = chosen(tables(), gpus=8, count=count)
        return float(np.median(replica.tokens_per_second)) * replica.replicas_per_instance

    every = {count: per_instance(count) for count in (1, 2, 4, 8)}
    assert chosen(tables(), gpus=8).gpu_count == max(every, key=lambda count: every[count])


def test_a_count_without_a_row_is_modelled_where_a_roofline_can(tables: Callable[..., Book]) -> None:
    book = tables(run(point(1_000.0), gpu_count=8))
    for replica in (chosen(book, gpus=8, count=2), chosen(book, gpus=4)):
        assert replica.rate is not None
        assert replica.rate.way == "roofline"
        assert replica.remarks[0].startswith("toy was measured on 8 of X1, which do not fit")
    measured = chosen(book, gpus=8)
    assert measured.rate is not None
    assert (measured.rate.way, measured.remarks) == ("measured", ())


def test_a_chip_whose_limits_nobody_wrote_down_is_not_modelled(tables: Callable[..., Book]) -> None:
    with pytest.raises(ResolveError, match="X1 without memory bandwidth, or without arithmetic at"):
        chosen(tables(gpu=BARE))
    with pytest.raises(ScenarioError, match="one with at least 8: toy was measured on 8 of them"):
        chosen(tables(run(point(1_000.0), gpu_count=8), gpu=BARE), gpus=4)


def test_a_model_larger_than_the_instance_names_the_gpus_that_would_do(tables: Callable[..., Book]) -> None:
    large = open_model("toy", parameter_count=5e11, active_parameter_count=3e10)
    with pytest.raises(ScenarioError) as caught:
        chosen(tables(model=large), gpus=4)
    assert str(caught.value) == (
        "own:instance\n  found 4x X1 with 320 GiB for 466 GiB of weights (Toy at fp8); "
        f"accepted: at least {math.ceil(5e11 / USABLE)} such GPUs, or larger ones."
    )
    assert chosen(tables(model=large), gpus=8).gpu_count == 8  # 7 would do, but replicas divide the instance


def test_the_number_format_that_is_modelled() -> None:
    """The smallest with rows that the chip computes with; of a model without rows fp8, or bf16 on an older chip."""
    hopper, ampere, blackwell = (SHIPPED.gpu(n)[0] for n in ("H100-SXM-80GB", "A100-SXM-80GB", "B200-SXM-180GB"))
    assert [usual_precision((), gpu) for gpu in (hopper, ampere)] == ["fp8", "bf16"]
    some = ["bf16", "fp8", "fp4"]
    assert [usual_precision(some, gpu) for gpu in (blackwell, hopper, ampere)] == ["fp4", "fp8", "bf16"]
    assert usual_precision(["mxfp4"], ampere) == "mxfp4"  # all there is


def test_a_modelled_rate_is_derated_for_an_objective(tables: Callable[..., Book]) -> None:
    target = Latency(40, 450)
    replica = chosen(tables(), latency=target)
    assert planned(replica, target) == pytest.approx(0.6 * float(np.median(replica.tokens_per_second)))
    assert replica.time_per_output_token_ms == 40
    with pytest.raises(ResolveError, match="is known to meet it"):
        chosen(tables(), latency=Latency(5))


# ---------------------------------------------------------------------- memory


def test_a_requests_cache_by_hand() -> None:
    """10 layers, 8 heads of 64, keys and values, 2 bytes: 20,480 bytes a token; a prompt and half an answer."""
    plain = OpenModel.model_validate(TOY)
    assert cache_bytes(plain, "bf16", 1_000, 500) == 20_480 * 1_250
    assert cache_bytes(plain, None, 1_000, 500) == 20_480 * 1_250
    assert cache_bytes(plain, "fp8", 1_000, 500) == 10_240 * 1_250  # 8 bits with weights of 8 or fewer
    sliding = OpenModel.model_validate({**TOY, "sliding_layer_count": 4, "sliding_window_tokens": 128})
    assert cache_bytes(sliding, "bf16", 1_000, 500) == 2_048 * (6 * 1_250 + 4 * 128)
    assert cache_bytes(sliding, "bf16", 100, 20) == 20_480 * 110  # shorter than the window
    unsaid = OpenModel.model_validate({**TOY, "sliding_layer_count": 4})
    assert cache_bytes(unsaid, "bf16", 1_000, 500) == 20_480 * 1_250


@pytest.mark.parametrize("precision", ["bf16", "fp8", "mxfp4"])
def test_memory_is_counted_as_in_the_roofline(precision: str) -> None:
    """What the roofline says memory holds at once is what the need says."""
    model, gpu = SHIPPED.open_model("gpt-oss-20b")[0], SHIPPED.gpu("H100-SXM-80GB")[0]
    lengths = Lengths(8_000.0, 1_000.0)
    most = float(np.asarray(Setup(model, gpu, 1, precision, 10**9).in_flight(lengths)))
    assert Need.of(model, precision, lengths, most).gpus(gpu) == 1
    assert Need.of(model, precision, lengths, most * 1.001).gpus(gpu) == 2


def test_needs_count_gpus() -> None:
    model = OpenModel.model_validate(TOY)
    gpu = SHIPPED.gpu("H100-SXM-80GB")[0]
    need = Need.of(model, "bf16", Lengths(1_000.0, 500.0), 100.0)
    assert need.weights == 16e9
    assert need.cache == 100 * 20_480 * 1_250
    assert need.gpus(gpu) == 1
    assert Need(USABLE, 0.0, 1.0, "fp8").gpus(gpu) == 1
    assert Need(USABLE, 1.0, 1.0, "fp8").gpus(gpu) == 2


def test_what_ran_at_these_lengths_fits_whatever_the_formula_says(tables: Callable[..., Book]) -> None:
    """4,096 in flight of 1,250 tokens would be 105 GB; the engine queued some, and the rate is what it reached."""
    replica = chosen(tables(run(point(1_000.0, concurrency_count=4_096))))
    assert replica.requests_in_flight == 4_096


def test_longer_requests_than_measured_are_as_many_as_memory_holds(tables: Callable[..., Book]) -> None:
    """16e9 bytes of weights leave room for (usable - 16e9) / (20,480 x 200,250) requests of 200,250 tokens."""
    book = tables(run(point(1_000.0, concurrency_count=64), precision="bf16"))
    replica = chosen(book, inputs=200_000.0)
    assert replica.requests_in_flight == pytest.approx((USABLE - 16e9) / (20_480 * 200_250))
    assert chosen(book).requests_in_flight == 64


BARE: Plain = {"id": "X1", "memory_gib": 80.0, **CITED}  # a chip whose limits nobody wrote down


def test_where_the_chip_is_unknown_longer_requests_have_to_fit(tables: Callable[..., Book]) -> None:
    """64 in flight of 60,250 tokens: 64 x 20,480 x 60,250 bytes and 16e9 of weights need two GPUs."""
    book = tables(run(point(1_000.0, concurrency_count=64), precision="bf16"), gpu=BARE)
    need = 16e9 + 64 * 20_480 * 60_250
    with pytest.raises(ScenarioError) as caught:
        chosen(book, inputs=60_000.0)
    assert str(caught.value) == (
        "own:instance\n  found 1x X1 with 80 GiB for 15 GiB of weights (Toy at bf16) and 74 GiB of cache for 64 "
        f"requests in flight; accepted: at least {math.ceil(need / USABLE)} such GPUs, or larger ones.\n"
        "  Fewer requests at once need less: a shorter latency objective, or a benchmark at these lengths."
    )


def test_a_run_with_fewer_in_flight_takes_its_place(tables: Callable[..., Book]) -> None:
    levels_of = (point(1_000.0, concurrency_count=64), point(500.0, concurrency_count=16))
    book = tables(run(*levels_of, precision="bf16"), gpu=BARE)
    replica = chosen(book, inputs=60_000.0)
    assert replica.rate is not None
    assert replica.rate.source is not None
    assert (replica.rate.source.concurrency, replica.requests_in_flight) == (16, 16)
    short = chosen(book)
    assert short.requests_in_flight == 64


def test_a_given_rate_above_the_measured_has_more_in_flight(tables: Callable[..., Book]) -> None:
    """1,000 output tokens a second with 16 in flight; ten times that takes 160, by Little's law."""
    book = tables(run(point(1_000.0, concurrency_count=16)))
    assert chosen(book, given=30_000.0).requests_in_flight == pytest.approx(160)
    with pytest.raises(ScenarioError, match="for 16,000 requests in flight"):
        chosen(book, given=3_000.0 * 1_000)


def test_a_rate_and_a_count_need_no_row_but_the_weights_have_to_fit(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(gpu=BARE), given=1_000.0, count=1)
    assert (replica.rate, replica.tokens_per_second, replica.load_basis) == (None, 1_000.0, "closed_loop")
    assert replica.requests_in_flight == 1.0
    large = open_model("toy", parameter_count=2e11, active_parameter_count=2e11)
    with pytest.raises(ScenarioError) as caught:
        chosen(tables(gpu=BARE, model=large), given=1_000.0, count=1, gpus=4, precision="fp8")
    assert "186 GiB of weights (Toy at fp8); accepted: at least 3 such GPUs" in str(caught.value)
    odd = chosen(tables(run(point(1_000.0))), given=1_000.0, count=3, gpus=8, precision="int4")
    assert (odd.rate, odd.gpu_count, odd.replicas_per_instance) == (None, 3, 2)
    with pytest.raises(ResolveError) as refused:
        chosen(tables(gpu=BARE), given=1_000.0)
    assert str(refused.value) == (
        "own:gpus_per_replica\n  found nothing, with a rate of one's own and no measured row of toy on X1; "
        "accepted: the GPUs that the rate is of."
    )


def test_an_objective_says_how_long_requests_stay(tables: Callable[..., Book]) -> None:
    """0.6 x 2 requests a second, each for 0.45 s and 500 x 40 ms: 24.54 in flight."""
    replica = chosen(tables(run(point(1_000.0), load_basis="offline")), latency=Latency(40, 450))
    assert replica.requests_in_flight == pytest.approx(0.6 * 2 * (0.45 + 500 * 0.04))


def test_no_shipped_row_is_refused_at_its_own_lengths() -> None:
    """What was measured fits; every run of the tables, at one pair of its lengths."""
    tried = 0
    for model in ("gpt-oss-120b", "deepseek-r1"):
        for entry, _ in SHIPPED.runs(model):
            first = next((p for p in entry.points if p.input_tokens and p.output_tokens), None)
            if first is None or first.output_tokens is None:
                continue
            replica = chosen(
                SHIPPED,
                model=model,
                gpu=entry.gpu,
                gpus=entry.gpu_count,
                count=entry.gpu_count,
                inputs=float(first.input_tokens or 0),
                outputs=first.output_tokens,
            )
            assert replica.gpu_count == entry.gpu_count
            tried += 1
    assert tried > 20


# ---------------------------------------------------------------------- latency objectives


def levels(*pairs: tuple[int, float, float, float]) -> Plain:
    """Return a closed loop at several concurrencies: in flight, rate, first token, per output token."""
    return run(
        *(
            point(rate, concurrency_count=flight, time_to_first_token_ms=first, time_per_output_token_ms=each)
            for flight, rate, first, each in pairs
        )
    )


SWEEP = levels((8, 600.0, 80.0, 12.0), (32, 1_500.0, 200.0, 20.0), (128, 2_600.0, 900.0, 45.0))


@pytest.mark.parametrize(
    ("target", "flight"),
    [
        (Latency(50), 128),
        (Latency(45), 128),
        (Latency(44.9), 32),
        (Latency(50, 500), 32),
        (Latency(15), 8),
        (Latency(time_to_first_token_ms=100), 8),
    ],
)
def test_of_the_rows_that_meet_it_the_most_productive(
    tables: Callable[..., Book], target: Latency, flight: int
) -> None:
    replica = chosen(tables(SWEEP), latency=target)
    assert replica.requests_in_flight == flight
    assert replica.latency_derating is None
    rate = {8: 600, 32: 1_500, 128: 2_600}[flight]
    assert planned(replica, target) == pytest.approx(rate * 3)
    assert [d.name for d in replica.deratings(target, None)] == ["target load share"]


def test_a_replicas_latencies_are_the_chosen_rows(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(SWEEP), latency=Latency(25))
    assert (replica.time_to_first_token_ms, replica.time_per_output_token_ms) == (200.0, 20.0)
    assert replica.tokens_per_second_per_user == pytest.approx(50.0)
    assert replica.served is not None
    assert replica.served.citation is not None
    assert replica.served.citation.row == "throughput:toy/1x X1"
    words = chosen(tables(SWEEP), latency="interactive")  # the word takes the row that it always took
    assert (words.requests_in_flight, words.time_per_output_token_ms) == (128, 45.0)


def test_where_nobody_measured_it_there_is_none(tables: Callable[..., Book]) -> None:
    for basis in ("offline", "closed_loop"):
        replica = chosen(tables(run(point(1_000.0, concurrency_count=8), load_basis=basis)))
        assert replica.time_per_output_token_ms is None
        assert replica.tokens_per_second_per_user is None
        assert replica.time_to_first_token_ms is None


def test_where_only_slower_rows_exist_the_curve_is_a_derating(tables: Callable[..., Book]) -> None:
    """From 25 to 20 ms per output token: 0.48 of the curve over 0.64."""
    target = Latency(20)
    replica = chosen(tables(levels((64, 2_000.0, 300.0, 25.0))), latency=target)
    latency, load = replica.deratings(target, None)
    assert (latency.name, load.name) == ("latency factor", "target load share")
    assert latency.ratio == pytest.approx(0.48 / 0.64)
    assert "20 ms per output token, measured at 25 ms" in latency.why
    assert planned(replica, target) == pytest.approx(2_000 * 3 * 0.48 / 0.64)
    assert (replica.time_per_output_token_ms, replica.time_to_first_token_ms) == (20.0, 300.0)
    assert replica.served is not None
    assert replica.served.how == "planned for: 20 ms per output token"
    assert combined_ratio(replica.deratings("batch", 1.0)) == 1.0  # what can wait gets all of it


def test_a_row_that_meets_it_comes_before_a_faster_one_that_a_rule_brings_there(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(levels((8, 300.0, 80.0, 12.0), (128, 9_000.0, 90.0, 21.0))), latency=Latency(20))
    assert replica.requests_in_flight == 8


def test_measured_comes_before_modelled(tables: Callable[..., Book]) -> None:
    fast = {**levels((64, 9_000.0, 100.0, 10.0)), "nature": "modelled", "engine": "SGLang"}
    replica = chosen(tables(fast, SWEEP), latency=Latency(25))
    assert replica.rate is not None
    assert replica.rate.source is not None
    assert replica.rate.source.run.nature == "measured"


def test_an_offline_row_takes_mlperfs_factors_and_the_curve(tables: Callable[..., Book]) -> None:
    book = tables(run(point(1_000.0), load_basis="offline"))
    for target, left in (
        (Latency(200, 2_000), 0.9),
        (Latency(40, 450), 0.6),
        (Latency(33, 450), 0.6 * 0.84 / 0.9058824),
    ):
        assert planned(chosen(book, latency=target), target) == pytest.approx(3_000 * left)
    replica = chosen(book, latency=Latency(33, 450))
    assert (replica.time_to_first_token_ms, replica.time_per_output_token_ms) == (450, 33)


def test_an_objective_that_nothing_meets_names_the_best_known(tables: Callable[..., Book]) -> None:
    with pytest.raises(ResolveError) as caught:
        chosen(tables(SWEEP), latency=Latency(8))
    assert str(caught.value) == (
        "own:latency\n  found 8 ms per output token: no rate of Toy on X1 is known to meet it; accepted: a longer one; "
        "the shortest known: 12 ms per output token (1x X1 fp8, vLLM 1, 8 in flight, 2026-06-01), "
        "80 ms to the first one (1x X1 fp8, vLLM 1, 8 in flight, 2026-06-01).\n"
        "  A benchmark of your own can show that it is met: throughput=tc.Throughput.from_benchmark(…)."
    )
    with pytest.raises(ResolveError, match=r"no rate of Toy on X1 is known to meet it; accepted: a longer one\."):
        chosen(tables(run(point(1_000.0), load_basis="offline")), latency=Latency(time_to_first_token_ms=100))


def test_a_shorter_objective_never_plans_more() -> None:
    """gpt-oss-120b on a B200, shipped rows with latencies at several concurrencies."""
    rates = []
    for each in (200, 50, 40, 30, 25, 20, 17, 15, 12):
        target = Latency(each)
        replica = chosen(SHIPPED, model="gpt-oss-120b", gpu="B200-SXM-180GB", latency=target, outputs=1_000.0)
        rates.append(planned(replica, target))
        assert replica.time_per_output_token_ms is not None
        assert replica.time_per_output_token_ms <= each
    assert rates == sorted(rates, reverse=True)


# ---------------------------------------------------------------------- rates of one's own


def mine(rate: float = 2_000.0, inputs: float = 1_000, outputs: float = 500, **keys: Any) -> Throughput:
    """Return a measured rate of one's own on one GPU."""
    said = {"gpu_count": 1, "load_basis": "closed_loop", "source": "our run", "measured_on": "2026-11-03", **keys}
    return Throughput.measured(input_tokens=inputs, output_tokens=outputs, output_tokens_per_second=rate, **said)


def test_ones_own_points_take_the_place_of_the_rows(tables: Callable[..., Book]) -> None:
    book = tables(run(point(1_000.0)))
    replica = chosen(book, given=mine(concurrency=32, engine="vLLM", time_per_output_token_ms=15.0))
    assert replica.tokens_per_second == pytest.approx(2_000 * 1_500 / 500)
    assert replica.rate is not None
    assert replica.rate.source is not None
    assert rate_in_words(replica.rate) == "measured at these lengths; 1x X1, vLLM, 32 in flight, 2026-11-03"
    citation = replica.rate.source.citation
    assert (citation.row, citation.location) == ("throughput:toy/1x X1, own benchmark", "our run")
    assert citation.effective_from == date(2026, 11, 3)
    assert (replica.requests_in_flight, replica.time_per_output_token_ms, replica.others) == (32, 15.0, ())


def test_a_model_without_rows_needs_only_ones_own(tables: Callable[..., Book]) -> None:
    assert chosen(tables(gpu=BARE), given=mine()).tokens_per_second == pytest.approx(6_000)


def test_several_points_are_fitted_with_the_three_terms(tables: Callable[..., Book]) -> None:
    points = [mine(o / (i * 2e-5 + o * 4e-4 + o * (i + o / 2) * 2e-8), i, o, load_basis="offline") for i, o in GRID]
    replica = chosen(tables(), given=points, inputs=1_000.0, outputs=1_000.0)
    assert replica.rate is not None
    assert replica.rate.way == "fitted"
    assert replica.tokens_per_second == pytest.approx(2_000 / (0.02 + 0.4 + 1_000 * 1_500 * 2e-8), rel=0.02)
    by_sum = chosen(tables(), given=points[0] + points[1] + points[2] + points[3] + points[4], outputs=1_000.0)
    assert by_sum.tokens_per_second == replica.tokens_per_second


def test_an_undated_point_says_so(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(), given=mine(measured_on=None))
    assert replica.rate is not None
    assert replica.rate.source is not None
    assert replica.rate.source.run.caveat == "Undated, so taken as of 2026-11-21."
    assert replica.rate.source.citation.effective_from is None


def test_gpus_of_the_benchmark_are_those_of_the_replica(tables: Callable[..., Book]) -> None:
    book = tables()
    both = mine() + mine(4_500.0, gpu_count=2)
    assert chosen(book, given=both, gpus=4).gpu_count == 2
    assert chosen(book, given=both, gpus=4, count=1).gpu_count == 1
    assert chosen(book, given=both, gpus=1).gpu_count == 1
    with pytest.raises(ScenarioError) as caught:
        chosen(book, given=both, gpus=4, count=4)
    assert str(caught.value) == (
        "own:gpus_per_replica\n  found 4, with rates of one's own for 1, 2; "
        "accepted: the GPUs of the benchmark, or no gpus_per_replica."
    )
    with pytest.raises(ScenarioError, match="a replica of 2 GPUs on an instance with 1; accepted: an instance with at"):
        chosen(book, given=mine(gpu_count=2), gpus=1)


def test_a_sweep_plans_with_what_serves_most() -> None:
    """One at a time says nothing of capacity; queued keeps 0.6; arrivals beyond the limit do not count."""
    own = Throughput.from_benchmark(FILES / "guidellm.json", gpu_count=1, precision="fp8")
    said: dict[str, Any] = {"model": "llama-3.1-8b", "gpu": "H100-SXM-80GB", "inputs": 1_024.0, "outputs": 250.0}
    replica = chosen(SHIPPED, given=own, latency="interactive", **said)
    # 13.8 requests a second within 450 and 40 ms, against 0.6 x 0.7 x 21 queued and 0.7 x 13.1 in the closed loop
    assert replica.load_basis == "open_loop_slo"
    assert replica.tokens_per_second == pytest.approx(13.8 * 1_274)
    tight = chosen(SHIPPED, given=own, latency=Latency(20, 200), **said)
    assert tight.tokens_per_second == pytest.approx(13.1 * 1_274)  # the closed loop: 18.8 ms, against 7.95 arriving
    patient = chosen(SHIPPED, given=own, latency="batch", **said)
    assert patient.tokens_per_second == pytest.approx(18.4 * 1_274)


def test_overloaded_arrivals_are_no_rate() -> None:
    """None of the three keeps 40 ms; the fastest that was not overloaded stands."""
    own = Throughput.from_benchmark(FILES / "vllm-rates.json", gpu_count=2, precision="fp8")
    replica = chosen(
        SHIPPED, model="llama-3.3-70b", gpu="H100-SXM-80GB", gpus=2, given=own, inputs=3_000.0, outputs=400.0,
        latency="interactive",
    )  # fmt: skip
    assert replica.tokens_per_second == pytest.approx(600 / 203 * 3_400)
    assert replica.time_to_first_token_ms == 1_750


def test_a_benchmarks_failures_are_a_caveat() -> None:
    own = Throughput.from_benchmark(FILES / "vllm-offline.json", gpu_count=2, precision="fp8")
    replica = chosen(SHIPPED, model="llama-3.3-70b", gpu="H100-SXM-80GB", gpus=2, given=own, outputs=1_000.0)
    assert replica.rate is not None
    assert replica.rate.source is not None
    assert replica.rate.source.run.caveat == "12 of 1,000 requests failed and are not counted."
    assert replica.load_basis == "offline"


def test_predictions_of_aiconfigurator_are_called_modelled() -> None:
    own = Throughput.from_benchmark(FILES / "aiconfigurator.csv")
    replica = chosen(SHIPPED, model="llama-3.1-8b", gpu="H100-SXM-80GB", given=own, inputs=1_024.0, outputs=1_024.0)
    assert replica.tokens_per_second == pytest.approx(12_206.1 * 2)
    assert rate_in_words(replica.rate).startswith("modelled, not measured; at these lengths; 1x H100-SXM-80GB fp8")


def test_ones_own_have_to_meet_the_objective_too(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(), given=mine(time_per_output_token_ms=20.0), latency=Latency(20))
    assert replica.latency_derating is None
    slower = chosen(tables(), given=mine(time_per_output_token_ms=25.0), latency=Latency(20))
    assert slower.latency_derating is not None
    with pytest.raises(ResolveError, match="20 ms per output token: no rate of Toy on X1 is known to meet it"):
        chosen(tables(), given=mine(), latency=Latency(20))


def test_draws_of_lengths_give_draws_of_rates(tables: Callable[..., Book]) -> None:
    replica = chosen(tables(SWEEP), inputs=np.array([1_000.0, 2_000.0]), latency=Latency(50))
    assert np.shape(replica.tokens_per_second) == (2,)


def test_arrivals_beyond_the_limit_do_not_stand_beside_a_closed_loop(tables: Callable[..., Book]) -> None:
    arriving = mine(9_000.0, load_basis="open_loop_slo", time_to_first_token_ms=5_000.0, time_per_output_token_ms=30.0)
    both = arriving + mine(2_000.0, concurrency=32)
    assert chosen(tables(), given=both, latency="interactive").load_basis == "closed_loop"
    assert chosen(tables(), given=both, latency="batch").load_basis == "open_loop_slo"


def test_a_plain_number_keeps_its_owners_objective_where_no_row_says_otherwise(tables: Callable[..., Book]) -> None:
    book = tables(levels((64, 2_000.0, 300.0, 25.0)))
    by_rule = chosen(book, given=5_000.0, latency=Latency(20))
    assert planned(by_rule, Latency(20)) == pytest.approx(5_000 * 0.48 / 0.64)
    sure = chosen(book, given=5_000.0, latency=Latency(5))
    assert planned(sure, Latency(5)) == 5_000
    assert sure.time_per_output_token_ms is None
