"""Fleets as a user asks for them: worked by hand, every part in the breakdown, and what does not go together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError, TokencrossError
from tokencross.options.scaling import Scaling
from tokencross.options.self_hosted import SelfHostedOption

BOOK = tc.load_prices(as_of="2026-11-21")
DAY = [0.5] * 8 + [2.0] * 8 + [0.5] * 8
CHAT = tc.Workload(input_tokens=1_000, output_tokens=1_000, load=DAY, burst_ratio=1)
STEP = 10_000 * 2_628_000  # four replicas of 2,500 tokens a second in an instance
ON_DEMAND, RESERVED, SPOT = 55.04, 23.7773, 19.4933  # pricing/compute/aws.yaml, p5.48xlarge in us-east-1
AT_ONCE = tc.Scaling.autoscaled(start_up_minutes=0, cool_down_minutes=0)


def own(**terms: Any) -> SelfHostedOption:  # any argument of self_hosted
    """Return a 70B on eight H100 at 10,000 tokens a second an instance, that rate planned with as it is."""
    said = {
        "instance": "aws/p5.48xlarge",
        "region": "us-east-1",
        "purchase": "on_demand",
        "engineering": tc.Engineering.none(),
        "around": tc.AroundGpu.none(),
        "throughput": 2_500,
        "gpus_per_replica": 2,
        "latency": "batch",
        "target_load_share": 1,
        "min_instance_count": 0,
        "spare_instance_count": 0,
        "label": "own",
        **terms,
    }
    return BOOK.self_hosted("llama-3.3-70b", **said)


def parts(volume: float, workload: tc.Workload = CHAT, **terms: Any) -> dict[str, float]:
    """Return the breakdown at a volume by label."""
    frame = tc.Study([own(**terms)], workload=workload).breakdown(volume)
    return dict(zip(frame["component"], frame["usd_per_month"], strict=True))


def test_the_parts_of_an_autoscaled_fleet_with_everything() -> None:
    """At five mean steps: 10 instances in busy hours and 3 in others, two of them spare, half of the peak elsewhere."""
    found = parts(5 * STEP, scaling=AT_ONCE, spare_instance_count=2, min_instance_count=2, standby_share=0.5)
    assert found == pytest.approx(
        {
            "GPU instances": (10 * 8 + 3 * 16) / 24 * ON_DEMAND * 730,
            "spare instances": 2 * ON_DEMAND * 730,
            "standby fleet": 5 * ON_DEMAND * 730,
        }
    )


def test_reserved_and_on_demand_are_two_lines() -> None:
    """A third of the month is less than the 43% at which a reservation pays: the busy hours stay on demand."""
    found = parts(5 * STEP, scaling=AT_ONCE, base_purchase="reserved_3y", spare_instance_count=1)
    assert found == pytest.approx(
        {
            "reserved_3y instances": 3 * RESERVED * 730,
            "GPU instances, on_demand": 7 * 8 / 24 * ON_DEMAND * 730,
            "spare instances": RESERVED * 730,
        }
    )


def test_a_chosen_number_holds_the_spares_first() -> None:
    found = parts(5 * STEP, scaling=AT_ONCE, base_purchase="reserved_3y", reserved_count=4, spare_instance_count=1)
    assert found == pytest.approx(
        {
            "reserved_3y instances": 4 * RESERVED * 730,
            "GPU instances, on_demand": 7 * 8 / 24 * ON_DEMAND * 730,
        }
    )
    few = parts(5 * STEP, scaling=AT_ONCE, base_purchase="reserved_3y", reserved_count=1, spare_instance_count=3)
    assert few["reserved_3y instances"] == pytest.approx(RESERVED * 730)
    assert few["spare instances"] == pytest.approx(2 * ON_DEMAND * 730)
    assert few["GPU instances, on_demand"] == pytest.approx((10 * 8 + 3 * 16) / 24 * ON_DEMAND * 730)


def test_a_fixed_fleet_may_have_a_base_too() -> None:
    found = parts(5 * STEP, base_purchase="reserved_3y", reserved_count=4)
    assert found == pytest.approx(
        {"reserved_3y instances": 4 * RESERVED * 730, "GPU instances, on_demand": 6 * ON_DEMAND * 730}
    )
    assert parts(5 * STEP, base_purchase="reserved_3y")["reserved_3y instances"] == pytest.approx(10 * RESERVED * 730)


def test_spot_with_interruptions_and_an_on_demand_base() -> None:
    """A fifth of the spot hours is lost: a quarter more of them is paid."""
    found = parts(
        5 * STEP,
        purchase="spot",
        base_purchase="on_demand",
        reserved_count=2,
        scaling=AT_ONCE,
        interruption_overhead_share=0.2,
    )
    spot = (8 * 8 + 1 * 16) / 24 * SPOT * 730
    assert found == pytest.approx(
        {"on_demand instances": 2 * ON_DEMAND * 730, "GPU instances, spot": spot, "spot interruptions": spot / 4}
    )


def test_spot_without_interruptions_is_said() -> None:
    study = tc.Study([own(purchase="spot")], workload=CHAT)
    assert any("spot without interruptions" in note for note in study.notes)


def test_zones_stand_in_for_spares() -> None:
    """Three zones, two of which hold the load: 5 each for 10, 2 each for 3."""
    found = parts(5 * STEP, scaling=AT_ONCE, zone_count=3, spare_instance_count=None)
    assert sum(found.values()) == pytest.approx((15 * 8 + 6 * 16) / 24 * ON_DEMAND * 730)
    assert found["zone spares"] == pytest.approx((5 * 8 + 3 * 16) / 24 * ON_DEMAND * 730)
    assumed = tc.Study([own(zone_count=3, spare_instance_count=None)], workload=CHAT).assumptions()
    row = assumed[assumed["address"] == "own:spare_instance_count"].iloc[0]
    assert (row["value"], row["source"]) == (0.0, "the other zones stand in")


def test_the_quota_is_where_the_chart_ends() -> None:
    limit = own(max_instance_count=6, spare_instance_count=1, min_instance_count=1).resolve(CHAT).limit
    assert limit is not None
    assert limit.tokens_per_month == pytest.approx(5 * STEP / 2)
    assert "the quota is 6 instances" in limit.words


def test_deferrable_work_is_poured_into_the_valleys() -> None:
    """A third can wait: 1.333 in busy hours, and the others filled from 0.333 to 0.833 of the mean."""
    patient = tc.Workload(input_tokens=1_000, output_tokens=1_000, load=DAY, burst_ratio=1, batch_share=1 / 3)
    found = parts(6 * STEP, workload=patient, scaling=AT_ONCE)
    assert found["GPU instances"] == pytest.approx((8 * 8 + 5 * 16) / 24 * ON_DEMAND * 730)


def test_start_up_is_what_the_weights_take_to_load() -> None:
    """70.6e9 weights at 8 bits are 65.7 GiB: 33 seconds at 2 GiB a second, after 2 minutes for the machine."""
    study = tc.Study([own(scaling=tc.Scaling.autoscaled(), precision="fp8")], workload=CHAT)
    assumed = study.assumptions().set_index("address")["value"]
    assert assumed["own:scaling.start_up_minutes"] == pytest.approx(2 + 70.6e9 / 2**30 / 2 / 60, rel=1e-2)
    assert assumed["own:scaling.cool_down_minutes"] == 5.0


def test_numbers_of_the_scaling_have_addresses() -> None:
    study = tc.Study([own(scaling=AT_ONCE)], workload=CHAT)
    slower = study.replace({"own:scaling.cool_down_minutes": 60.0})
    assert slower.costs(5 * STEP)["own"].iloc[0] == pytest.approx((10 * 9 + 3 * 15) / 24 * ON_DEMAND * 730)
    with pytest.raises(ScenarioError, match=r"own:scaling.warm_up_minutes\n.*start_up_minutes"):
        study.replace({"own:scaling.warm_up_minutes": 1.0})


def test_by_the_second_by_hand() -> None:
    """A replica billed by the second (modal, H100): work, and 80 seconds of a replica for every request on its own."""
    endpoint = BOOK.dedicated(
        "modal",
        gpu="H100-SXM-80GB",
        model="llama-3.1-8b",
        engineering=tc.Engineering.none(),
        throughput=1_000,
        gpus_per_replica=1,
        latency="batch",
        target_load_share=1,
        scaling=tc.Scaling.serverless(start_up_seconds=20, idle_seconds=60),
        label="serverless",
    )
    flat = tc.Workload(input_tokens=500, output_tokens=500, load="flat")
    usd = 3.9492 * 730  # pricing/compute/modal.yaml, an H100 all month
    full = 1_000 * 2_628_000
    few = tc.Study([endpoint], workload=flat).breakdown(full / 100)
    by_label = few.groupby("component")["usd_per_month"].sum()
    assert by_label["GPU seconds at work"] == pytest.approx(usd / 100, rel=1e-3)
    # a hundredth of a request a second keeps 0.8 of a replica
    assert by_label["GPU seconds starting and idle"] == pytest.approx(usd * 0.8, rel=1e-3)
    curve = endpoint.curve(flat)
    assert curve.usd_per_month(full / 2) == pytest.approx(usd, rel=1e-3)  # never more than one idle step on top
    assert curve.usd_per_month(3.5 * full) == pytest.approx(3.5 * usd, rel=1e-3)
    assert curve.usd_per_month(0.0) == 0.0


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"scaling": "autoscaled"}, "own:scaling\n.*tc.Scaling.fixed"),
        ({"reserved_count": 3}, "own:reserved_count\n.*without a base_purchase"),
        ({"base_purchase": "on_demand"}, "own:base_purchase\n.*other terms than purchase"),
        ({"base_purchase": "reserved_9y"}, "reserved_9y.*\n?.*reserved_3y"),
        ({"purchase": "spot", "region": "ap-south-1"}, "no spot price is known"),
        ({"interruption_overhead_share": 0.1}, "own:interruption_overhead_share\n.*purchase: on_demand"),
        ({"interruption_overhead_share": 1.0, "purchase": "spot"}, "own:interruption_overhead_share\n.*from 0 to 0.99"),
        ({"scaling": AT_ONCE, "billed_hours_share": 0.5}, "own:billed_hours_share\n.*the scaling says"),
        ({"purchase": "reserved_3y", "scaling": AT_ONCE}, "own:scaling\n.*base_purchase: reserved_3y"),
        (
            {"purchase": "reserved_3y", "billed_hours_share": 0.3},
            "own:billed_hours_share\n.*costs the same when it is off",
        ),
        (
            {"base_purchase": "reserved_3y", "billed_hours_share": 0.3},
            "own:billed_hours_share\n.*paid around the clock",
        ),
        (
            {"scaling": AT_ONCE, "billed_hours_share": np.array([1.0, 0.5])},
            "own:billed_hours_share\n.*the scaling says",
        ),
        ({"min_instance_count": 5, "max_instance_count": 4}, "own:min_instance_count\n.*above the quota of 4"),
        (
            {"max_instance_count": 1, "latency": "relaxed", "min_instance_count": None},
            "come to 2 instances at any volume",
        ),
        ({"max_instance_count": 2, "zone_count": 3, "min_instance_count": 2}, "come to 3 instances at any volume"),
        ({"max_instance_count": 3, "min_instance_count": 1, "spare_instance_count": 3}, "come to 4 instances"),
        ({"around": "none"}, "own:around\n.*tc.AroundGpu"),
        ({"precision": 8}, "own:precision\n.*text, or None"),
        ({"standby_share": 50}, "own:standby_share\n.*from 0 to 1"),
        ({"zone_count": 0}, "own:zone_count\n.*whole number >= 1"),
        ({"target_load_share": 0}, "own:target_load_share\n.*above 0 up to 1"),
        ({"target_load_share": 1.2}, "own:target_load_share\n.*above 0 up to 1"),
        ({"standby_share": -1}, "own:standby_share"),
        (
            {"scaling": tc.Scaling.serverless(start_up_seconds=1, idle_seconds=1)},
            "own:scaling\n.*billed by the second or minute",
        ),
        (
            {"scaling": tc.Scaling.serverless(start_up_seconds=1, idle_seconds=1), "min_instance_count": 1},
            "own:scaling\n.*with a minimum or spares",
        ),
    ],
)
def test_what_does_not_go_together(terms: dict[str, Any], said: str) -> None:
    with pytest.raises(TokencrossError, match=said) as caught:
        own(**terms).resolve(CHAT)
    assert isinstance(caught.value, (ScenarioError, ResolveError))


def test_a_quota_is_said_in_words() -> None:
    study = tc.Study([own(max_instance_count=6, min_instance_count=1)], workload=CHAT)
    assert any("its quota ends at" in note and "the quota is 6 instances" in note for note in study.notes)


def test_measurements_in_a_list_are_their_sum() -> None:
    points = [
        tc.Throughput.measured(
            input_tokens=1_000,
            output_tokens=size,
            gpu_count=2,
            load_basis="closed_loop",
            source="our bench",
            output_tokens_per_second=2_000,
        )
        for size in (500, 1_000)
    ]
    listed, summed = (own(throughput=rate, gpus_per_replica=None) for rate in (points, points[0] + points[1]))
    assert listed.curve(CHAT).usd_per_month(STEP) == summed.curve(CHAT).usd_per_month(STEP)


def test_a_rate_replaced_by_itself_changes_nothing() -> None:
    """Classes of unequal speed and unequal hours: each stays as fast relative to the other."""
    small = tc.Workload(input_tokens=900, output_tokens=100, load="flat")
    large = tc.Workload(input_tokens=9_000, output_tokens=500, load="azure-coding-2024")
    mix = tc.Workload.mix({"small": (small, 0.6), "large": (large, 0.4)})
    study = tc.Study([own(throughput=None, gpus_per_replica=None)], workload=mix)
    rate = float(study.parameters().set_index("address")["value"]["own:throughput"])
    same = study.replace({"own:throughput": rate})
    assert same.costs(40 * STEP)["own"].iloc[0] == pytest.approx(study.costs(40 * STEP)["own"].iloc[0], rel=1e-9)
    half = study.replace({"own:throughput": rate / 2})
    assert half.costs(40 * STEP)["own"].iloc[0] > 1.8 * study.costs(40 * STEP)["own"].iloc[0]


def test_nothing_is_served_at_no_volume() -> None:
    study = tc.Study([own(scaling=AT_ONCE), own(label="fixed")], workload=CHAT)
    assert study.capacity(0.0).loc["utilisation_share"].isna().all()


def test_the_split_counts_what_goes_with_an_instance() -> None:
    """3,000 USD of upkeep for each GPU is paid for a reserved instance all month: fewer are worth reserving."""
    upkeep = tc.Engineering(upkeep_usd_per_gpu_month=3_000)
    shape = tc.Workload(input_tokens=1_000, output_tokens=1_000, load=[2.0] * 11 + [0.2] * 13, burst_ratio=1)
    terms: dict[str, Any] = {"base_purchase": "reserved_3y", "scaling": AT_ONCE, "engineering": upkeep}
    tried = [own(reserved_count=count, **terms).curve(shape).usd_per_month(5 * STEP) for count in range(14)]
    assert own(**terms).curve(shape).usd_per_month(5 * STEP) == pytest.approx(min(tried))


def test_a_mix_with_draws_keeps_its_hours() -> None:
    flat = tc.Workload(input_tokens=2_000, output_tokens=100, load="flat")
    mix = tc.Workload.mix({"a": (CHAT, 0.6), "b": (flat, 0.4)})
    rates = np.array([2_000.0, 2_500.0])
    together = own(throughput=rates, scaling=AT_ONCE).curve(mix).usd_per_month(4 * STEP)
    alone = [own(throughput=rate, scaling=AT_ONCE).curve(mix).usd_per_month(4 * STEP) for rate in rates]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_a_fleet_that_follows_its_load_asks_for_the_hours() -> None:
    only_a_peak = tc.Workload(input_tokens=1_000, output_tokens=1_000, peak_to_mean=4)
    with pytest.raises(ScenarioError, match=r"own:scaling\n.*of which only the peak is known.*load="):
        own(scaling=AT_ONCE).resolve(only_a_peak)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Scaling(kind="foo"), "kind 'foo'"),  # type: ignore[arg-type]  # on purpose
        (lambda: Scaling(kind="scheduled"), "with 0 blocks"),
        (lambda: Scaling.scheduled([np.inf] * 24), "24 or 168 whole numbers"),  # type: ignore[list-item]  # on purpose
        (lambda: Scaling.autoscaled(start_up_minutes=-1), "scaling.start_up_minutes"),
        (lambda: Scaling.autoscaled(cool_down_minutes=np.inf), "scaling.cool_down_minutes"),
        (lambda: Scaling.scheduled(start_hour=9, end_hour=9), "the first before the second"),
        (lambda: Scaling.scheduled(start_hour=-1), "whole hours from 0 to 24"),
        (lambda: Scaling.scheduled([1, 2, 3]), "24 or 168 whole numbers"),
        (lambda: Scaling.scheduled(["day"] * 24), "24 or 168 whole numbers"),  # type: ignore[list-item]  # on purpose
        (lambda: Scaling.serverless(start_up_seconds=-1, idle_seconds=0), "scaling.start_up_seconds"),
    ],
)
def test_a_scaling_that_is_none(make: Any, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        make()


def test_nothing_becomes_nan() -> None:
    """No curve of any of them has a value that is no number, at no volume and at many."""
    volumes = np.concatenate([[0.0], np.geomspace(1.0, 1e14, 40)])
    for terms in (
        {"scaling": AT_ONCE},
        {"scaling": tc.Scaling.scheduled(), "zone_count": 2},
        {"scaling": AT_ONCE, "base_purchase": "reserved_3y"},
        {"base_purchase": "reserved_3y", "reserved_count": 0},
        {"standby_share": 1.0},
    ):
        usd = own(**terms).curve(CHAT).usd_per_month(volumes)
        assert np.all(np.isfinite(usd))
        assert np.all(np.diff(usd) >= -1e-9 * usd[1:])
