"""From tokens per month to instances: peaks, deratings, deferrable work, minimum and spares, hour by hour."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError
from tokencross.options.capacity import Fleet
from tokencross.options.demand import peak_ratio
from tokencross.options.replicas import Replica, combined_ratio
from tokencross.options.self_hosted import SelfHostedOption

BOOK = tc.load_prices(as_of="2026-11-21")
SECONDS = 730 * 3_600
SHAPE: dict[str, Any] = {"input_tokens": 3_000, "output_tokens": 1_000}  # any field of Workload


def own(**fields: Any) -> SelfHostedOption:  # any argument of self_hosted
    """Return llama-3.1-8b on one H100 at 1,000 tokens per replica-second, that rate planned with as it is."""
    said = {
        "instance": "lambda/gpu_1x_h100_sxm5",  # pricing/compute/lambda.yaml: 4.29 USD per hour
        "purchase": "on_demand",
        "engineering": tc.Engineering.none(),
        "around": tc.AroundGpu.none(),
        "label": "own",
        "throughput": 1_000.0,
        "gpus_per_replica": 1,
        "latency": "batch",
        "target_load_share": 1.0,
        "min_instance_count": 0,
        "spare_instance_count": 0,
        **fields,
    }
    return BOOK.self_hosted("llama-3.1-8b", **said)


def fleet_of(option: SelfHostedOption, workload: tc.Workload) -> Fleet:
    """Return the sized fleet of an option."""
    fleet = option.resolve(workload).fleet
    assert fleet is not None
    return fleet


def instances(option: SelfHostedOption, workload: tc.Workload, tokens_per_month: float) -> float:
    """Return how many instances are billed."""
    return float(np.asarray(fleet_of(option, workload).gpus().usd_per_month(tokens_per_month)))


# ---------------------------------------------------------------------- the peak


def test_capacity_over_mean_load_without_deferrable_work() -> None:
    assert peak_ratio(peak=3.0, burst=1.25, batch_share=0.0, batch_speedup=1.0) == 3.0 * 1.25


def test_deferrable_work_fills_the_valleys() -> None:
    """A fifth can wait: the peak is 0.8 x 3 x 1.25; the month's work is 0.8 x 1.25 + 0.2, far below."""
    assert peak_ratio(peak=3.0, burst=1.25, batch_share=0.2, batch_speedup=1.0) == pytest.approx(0.8 * 3.75)
    # nine tenths can wait: now the month's work decides
    assert peak_ratio(peak=3.0, burst=1.25, batch_share=0.9, batch_speedup=1.0) == pytest.approx(0.1 * 1.25 + 0.9)
    # with nobody waiting the same GPUs work 1 / 0.6 times as fast
    assert peak_ratio(peak=3.0, burst=1.25, batch_share=1.0, batch_speedup=1 / 0.6) == pytest.approx(0.6)


@settings(deadline=None)
@given(
    weights=st.lists(st.floats(0.0, 10.0), min_size=24, max_size=24).filter(lambda w: sum(w) > 0.1),
    batch=st.floats(0.0, 1.0),
    burst=st.floats(1.0, 2.0),
    speedup=st.floats(1.0, 3.0),
)
def test_it_is_the_least_capacity_whose_idle_hours_hold_what_waits(
    weights: list[float], batch: float, burst: float, speedup: float
) -> None:
    """METHOD.md, sizing: hour by hour, by bisection."""
    hourly = np.array(weights) / np.mean(weights)
    busy = (1 - batch) * hourly * burst  # what the interactive traffic needs in each hour

    def holds(capacity: float) -> bool:
        return bool(np.all(busy <= capacity)) and float(np.sum(capacity - busy)) * speedup >= 24 * batch

    low, high = 0.0, float(busy.max()) + batch / speedup + 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    ours = peak_ratio(peak=float(hourly.max()), burst=burst, batch_share=batch, batch_speedup=speedup)
    assert float(np.asarray(ours)) == pytest.approx(high, rel=1e-9)


def test_deferring_never_needs_more_capacity() -> None:
    shares = np.linspace(0.0, 1.0, 101)
    ratios = np.asarray(peak_ratio(peak=3.0, burst=1.25, batch_share=shares, batch_speedup=1.0))
    assert np.all(np.diff(ratios) <= 1e-15)


# ---------------------------------------------------------------------- deratings


@pytest.mark.parametrize(
    ("basis", "latency", "expected"),
    [
        ("offline", "interactive", {"latency factor": 0.6, "target load share": 0.7}),
        ("offline", "relaxed", {"latency factor": 0.9, "target load share": 0.7}),
        ("offline", "batch", {"latency factor": 1.0, "target load share": 0.7}),
        ("closed_loop", "interactive", {"target load share": 0.7}),
        ("closed_loop", "batch", {"target load share": 0.7}),
        ("open_loop_slo", "interactive", {"target load share": 1.0}),
    ],
)
def test_deratings_follow_from_how_the_rate_was_measured(basis: Any, latency: str, expected: dict[str, float]) -> None:
    replica = Replica(1, 1, 1, None, 1_000.0, basis)
    listed = replica.deratings(latency, None)
    assert {derating.name: derating.ratio for derating in listed} == expected
    assert combined_ratio(listed) == pytest.approx(math.prod(expected.values()))


def test_given_deratings_take_the_place_of_the_defaults() -> None:
    offline, open_loop = (Replica(1, 1, 1, None, 1_000.0, basis) for basis in ("offline", "open_loop_slo"))
    assert combined_ratio(offline.deratings("interactive", 0.5)) == pytest.approx(0.6 * 0.5)
    assert combined_ratio(offline.deratings("interactive", 0.5, 0.8)) == pytest.approx(0.8 * 0.5)
    assert combined_ratio(open_loop.deratings("interactive", 0.9)) == pytest.approx(0.9)
    assert combined_ratio(()) == 1.0


def test_an_offline_row_of_the_tables_is_derated_in_order() -> None:
    """llama-3.3-70b on 2x H100, TensorRT-LLM 1.0, offline: 4205 tok/s out at 1000 in and 1000 out."""
    option = BOOK.self_hosted(
        "llama-3.3-70b",
        instance="lambda/gpu_2x_h100_sxm5",
        purchase="on_demand",
        engineering=tc.Engineering.none(),
        engine="TensorRT-LLM",
        label="own",
    )
    study = tc.Study([option], workload=tc.Workload(input_tokens=1_000, output_tokens=1_000))
    steps = study.capacity(5e9)["own"]
    derated = [name for name in steps.index if str(name).startswith("derating")]
    assert derated == ["derating: latency factor", "derating: target load share"]
    assert steps["planned_tokens_per_replica_second"] == pytest.approx(2 * 4205 * 0.6 * 0.7)


# ---------------------------------------------------------------------- the fleet


def test_from_tokens_to_instances_by_hand() -> None:
    """A step serves 1,000 tok/s x 2,628,000 s over a planned peak of 3 x 1.25."""
    workload = tc.Workload(**SHAPE)
    step = 1_000 * SECONDS / 3.75
    assert fleet_of(own(), workload).tokens_per_step == pytest.approx(step)
    for tokens, count in ((0.0, 0), (1.0, 1), (step * 0.999, 1), (step, 1), (step * 1.001, 2), (step * 7.5, 8)):
        assert instances(own(), workload, tokens) == count
    assert own().curve(workload).usd_per_month(step * 7.5) == pytest.approx(8 * 4.29 * 730)


def test_the_target_load_share_is_headroom() -> None:
    workload = tc.Workload(**SHAPE)
    step = fleet_of(own(), workload).tokens_per_step
    assert fleet_of(own(target_load_share=0.7), workload).tokens_per_step == pytest.approx(np.asarray(step) * 0.7)


def test_minimum_and_spares_count_instances() -> None:
    """METHOD.md: max(minimum, what the peak needs + spares)."""
    workload = tc.Workload(**SHAPE)
    step = 1_000 * SECONDS / 3.75
    for minimum, spare in ((0, 0), (1, 0), (2, 1), (3, 1), (1, 3), (0, 2)):
        option = own(min_instance_count=minimum, spare_instance_count=spare)
        for needed in (0, 1, 2, 3, 7):
            tokens = 0.0 if needed == 0 else step * (needed - 0.5)
            assert instances(option, workload, tokens) == max(minimum, needed + spare), (minimum, spare, needed)


@pytest.mark.parametrize(("latency", "least"), [("interactive", 2), ("relaxed", 2), ("batch", 1)])
def test_default_minimum_and_spares(latency: str, least: int) -> None:
    """METHOD.md, defaults: 2 and 1; for batch 1 and 0."""
    option = own(latency=latency, min_instance_count=None, spare_instance_count=None)
    workload = tc.Workload(**SHAPE)
    assert instances(option, workload, 0.0) == least
    step = float(np.asarray(fleet_of(option, workload).tokens_per_step))
    assert instances(option, workload, 3.5 * step) == 4 + (0 if latency == "batch" else 1)


def test_several_replicas_share_an_instance() -> None:
    """8 GPUs, 2 per replica: 4 replicas per instance, and a step is an instance."""
    option = own(instance="lambda/gpu_8x_h100_sxm5", gpus_per_replica=2)
    fleet = fleet_of(option, tc.Workload(**SHAPE))
    assert (fleet.replica.replicas_per_instance, fleet.replica.instances_per_replica) == (4, 1)
    assert fleet.tokens_per_step == pytest.approx(4 * 1_000 * SECONDS / 3.75)
    three = own(instance="lambda/gpu_8x_h100_sxm5", gpus_per_replica=3)
    assert fleet_of(three, tc.Workload(**SHAPE)).replica.replicas_per_instance == 8 // 3


def test_a_replica_over_several_whole_nodes_is_one_step_of_that_many() -> None:
    option = own(instance="lambda/gpu_8x_h100_sxm5", gpus_per_replica=16, min_instance_count=3, spare_instance_count=1)
    workload = tc.Workload(**SHAPE)
    fleet = fleet_of(option, workload)
    assert (fleet.replica.replicas_per_instance, fleet.replica.instances_per_replica) == (1, 2)
    # a minimum of 3 and a spare of 1 become 2 steps and 1 step of two instances
    assert float(np.asarray(fleet.gpus().usd_per_month(0.0))) == 8 * 2 * 2
    assert option.curve(workload).usd_per_month(0.0) == pytest.approx(2 * 2 * 31.92 * 730)  # 31.92 USD per hour
    step = 1_000 * SECONDS / 3.75
    assert float(np.asarray(fleet.gpus().usd_per_month(2.5 * step))) == 8 * 2 * (3 + 1)


@pytest.mark.parametrize(("instance", "gpus"), [("lambda/gpu_1x_h100_sxm5", 2), ("lambda/gpu_8x_h100_sxm5", 12)])
def test_a_replica_that_does_not_fit_is_refused(instance: str, gpus: int) -> None:
    with pytest.raises(ScenarioError, match=f"an instance with at least {gpus} GPUs"):
        own(instance=instance, gpus_per_replica=gpus).curve(tc.Workload(**SHAPE))


def test_an_instance_too_small_for_the_weights_is_refused() -> None:
    with pytest.raises(ScenarioError) as caught:
        BOOK.self_hosted(
            "llama-3.3-70b",
            instance="lambda/gpu_1x_h100_sxm5",
            purchase="on_demand",
            engineering=tc.Engineering.none(),
            precision="bf16",
            label="own",
        ).curve(tc.Workload(**SHAPE))
    # 70.6e9 weights of 2 bytes are 131.5 GiB; an H100 has 80, of which 92% hold weights: two of them
    assert str(caught.value) == (
        "own:instance\n"
        "  found 1x H100-SXM-80GB with 80 GiB for 132 GiB of weights (Llama 3.3 70B at bf16); "
        "accepted: at least 2 such GPUs, or larger ones."
    )


def test_billed_hours_are_not_utilisation() -> None:
    workload = tc.Workload(**SHAPE)
    half = own(billed_hours_share=0.5)
    assert half.curve(workload).usd_per_month(1e9) == pytest.approx(own().curve(workload).usd_per_month(1e9) / 2)
    assert instances(half, workload, 1e9) == instances(own(), workload, 1e9)


def test_only_the_peak_of_a_profile_matters() -> None:
    profile = np.ones(168)
    profile[:24] = 4.0  # mean (24 x 4 + 144) / 168
    peak = 4.0 / ((24 * 4 + 144) / 168)
    profiled = fleet_of(own(), tc.Workload(**SHAPE, load=profile.tolist())).tokens_per_step
    said = fleet_of(own(), tc.Workload(**SHAPE, peak_to_mean=peak)).tokens_per_step
    assert profiled == pytest.approx(np.asarray(said))


def test_a_fleet_that_holds_every_hour_of_a_week() -> None:
    """The fixed fleet is the largest over the hours of what METHOD.md asks for in each."""
    rng = np.random.default_rng(3)
    profile = rng.gamma(2.0, 1.0, 168)
    hourly = profile / profile.mean()
    workload = tc.Workload(**SHAPE, load=profile.tolist(), burst_ratio=1.4)
    for tokens in (1e8, 7e9, 3.3e11):
        needed = np.ceil(tokens / 730 * hourly * 1.4 / (3_600 * 0.8 * 1_000))
        assert instances(own(target_load_share=0.8), workload, tokens) == needed.max()


def test_deferrable_traffic_in_the_fleet() -> None:
    """A third can wait: the step grows by 1 / (1 - 1/3)."""
    plain = fleet_of(own(), tc.Workload(**SHAPE)).tokens_per_step
    deferred = fleet_of(own(), tc.Workload(**SHAPE, batch_share=1 / 3)).tokens_per_step
    assert np.asarray(deferred) == pytest.approx(np.asarray(plain) * 1.5)


def test_all_of_it_can_wait_on_an_offline_rate() -> None:
    """An interactive fleet plans with 0.6 of an offline rate; what waits gets all of it, the load share kept."""
    option = BOOK.self_hosted(
        "llama-3.3-70b",
        instance="lambda/gpu_2x_h100_sxm5",
        purchase="on_demand",
        engineering=tc.Engineering.none(),
        engine="TensorRT-LLM",
        label="own",
    )
    workload = tc.Workload(input_tokens=1_000, output_tokens=1_000, batch_share=1.0)
    assert fleet_of(option, workload).tokens_per_step == pytest.approx(2 * 4205 * 0.7 * SECONDS)


def test_utilisation_is_served_over_servable() -> None:
    workload = tc.Workload(**SHAPE)
    study = tc.Study([own(spare_instance_count=1)], workload=workload)
    steps = study.capacity(5e9)["own"]
    step = 1_000 * SECONDS / 3.75
    count = math.ceil(5e9 / step) + 1
    assert steps["instances"] == count
    assert steps["utilisation_share"] == pytest.approx(5e9 / (count * 1_000 * SECONDS))


# ---------------------------------------------------------------------- draws


DRAWS: dict[str, tuple[str, NDArray[np.float64]]] = {
    "workload:peak_to_mean": ("workload", np.array([1.0, 3.0, 5.0])),
    "workload:burst_ratio": ("workload", np.array([1.0, 1.25, 2.0])),
    "workload:batch_share": ("workload", np.array([0.0, 0.5, 1.0])),
    "throughput": ("option", np.array([500.0, 1_000.0, 4_000.0])),
    "target_load_share": ("option", np.array([0.5, 0.7, 1.0])),
    "min_instance_count": ("option", np.array([0.0, 2.0, 9.0])),
    "spare_instance_count": ("option", np.array([0.0, 1.0, 4.0])),
    "billed_hours_share": ("option", np.array([0.25, 0.5, 1.0])),
}


@pytest.mark.parametrize("name", sorted(DRAWS))
def test_draws_give_a_row_per_draw_as_one_by_one(name: str) -> None:
    volumes = np.array([0.0, 1e8, 1e10, 1.234e11])
    where, draws = DRAWS[name]
    field = name.removeprefix("workload:")

    def usd(value: Any) -> NDArray[np.float64]:  # a float or draws
        workload = tc.Workload(**{**SHAPE, **({field: value} if where == "workload" else {})})
        option = own(**({field: value} if where == "option" else {}))
        return np.asarray(option.curve(workload).usd_per_month(volumes))

    found = usd(draws)
    assert found.shape == (3, 4)
    assert_allclose(found, np.stack([usd(float(value)) for value in draws]), rtol=1e-12)


def test_a_fraction_of_an_instance_is_refused() -> None:
    for name in ("min_instance_count", "spare_instance_count"):
        with pytest.raises(ScenarioError, match="a whole number of instances"):
            own(**{name: 1.5})


# ---------------------------------------------------------------------- choosing a replica


def test_the_most_productive_count_is_chosen() -> None:
    """METHOD.md: Llama 70B fp8 gives little on one H100 and much on two: not the smallest that fits.

    pricing/throughput/llama.yaml, llama-3.3-70b on H100s at 1000 in, 1000 out, offline, TensorRT-LLM 1.0: 4205 on two.
    """
    option = BOOK.self_hosted(
        "llama-3.3-70b",
        instance="lambda/gpu_8x_h100_sxm5",
        purchase="on_demand",
        engineering=tc.Engineering.none(),
        label="own",
    )
    workload = tc.Workload(input_tokens=1_000, output_tokens=1_000)
    chosen = fleet_of(option, workload)

    def per_instance(count: int) -> float:
        forced = BOOK.self_hosted(
            "llama-3.3-70b",
            instance="lambda/gpu_8x_h100_sxm5",
            purchase="on_demand",
            engineering=tc.Engineering.none(),
            label="own",
            gpus_per_replica=count,
        )
        return float(np.asarray(fleet_of(forced, workload).tokens_per_step))

    # the counts of H100s that rows exist for and that fit one node
    every = {count: per_instance(count) for count in (2, 4, 8)}
    assert chosen.replica.gpu_count == max(every, key=lambda count: every[count])
    assert float(np.asarray(chosen.tokens_per_step)) == pytest.approx(max(every.values()))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"gpus_per_replica": 3}, "gpus_per_replica '3', for which llama-3.3-70b has no measured rate"),
        ({"precision": "int4"}, "precision 'int4', for which llama-3.3-70b has no measured rate"),
        ({"engine": "vLM"}, "engine 'vLM', for which llama-3.3-70b has no measured rate"),
    ],
)
def test_what_has_no_row_is_refused_and_the_rest_offered(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ResolveError) as caught:
        BOOK.self_hosted(
            "llama-3.3-70b",
            instance="lambda/gpu_8x_h100_sxm5",
            purchase="on_demand",
            engineering=tc.Engineering.none(),
            label="own",
            **asked,
        ).curve(tc.Workload(**SHAPE))
    assert str(caught.value).startswith(f"own:{next(iter(asked))}\n  found {said}; accepted: one of ")
