"""Fine-tuned models by hand: at a vendor's prices, on a deployment with a fee, on own GPUs, in an endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.tables import CITED, api, hosted, open_model, price_book, row

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError

NONE = tc.Engineering.none()
NO_TRAINING = tc.Training.none()
DATA = tc.Training(examples_count=1_000, usd_per_example=0.9, tokens_per_example=1_000, epochs=2)
FLAT: dict[str, Any] = {"peak_to_mean": 1.0, "burst_ratio": 1.0}
SHAPE = tc.Workload(input_tokens=3_000, output_tokens=1_000, **FLAT)
SECONDS = 730 * 3_600
VOLUMES = np.array([0.0, 1e6, 2.6e9, 2.7e9, 1e11])
TUNED = {"training_usd_per_mtok": 5.0, "input_usd_per_mtok": 2.0, "output_usd_per_mtok": 8.0}


def tuned(name: str, base: str, *prices: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """Return a way to tune a model."""
    how = {"method": "supervised", "serving": "per_token", **keys}
    return {"id": name, "name": name.title(), "base": base, **how, "prices": list(prices)}


def tuner(provider: str, *models: dict[str, Any]) -> dict[str, Any]:
    """Return a file of tuned models."""
    return {"provider": provider, "name": provider.title(), "models": list(models)}


@pytest.fixture
def book(tmp_path: Path) -> tc.PriceBook:
    """Acme tunes its model for use by the token, Zure the same on deployments, two others an open model for GPUs."""
    by_token = row(**TUNED, cache_read_usd_per_mtok=0.5, batch={"discount_share": 0.5})
    later = row("2027-01-06", input_usd_per_mtok=2.0, output_usd_per_mtok=8.0, status="announced")
    fee = {**TUNED, "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, "hosting_usd_per_hour": 1.7}
    lora = {"serving": "dedicated", "adapter": "lora"}
    rate = {"input_tokens": 3_000, "output_tokens": 1_000, "output_tokens_per_second": 250.0}  # 1,000 in all
    how = {"engine": "vllm", "load_basis": "open_loop_slo", "nature": "measured", "measured_on": CITED["checked"]}
    offers = [{"purchase": "on_demand", "region": "us", "prices": [row(usd_per_hour=2.0)]}]
    endpoint = [{"purchase": "dedicated", "region": "us", "prices": [row(usd_per_hour=5.0)]}]
    return price_book(
        tmp_path,
        {
            **api(
                hosted("closed", row(input_usd_per_mtok=1.0, output_usd_per_mtok=4.0), aliases=["closed-latest"]),
                hosted("same", row(**{key: TUNED[key] for key in list(TUNED)[1:]}, batch={"discount_share": 0.5})),
                hosted(
                    "wide",
                    row(
                        input_usd_per_mtok=1.0,
                        output_usd_per_mtok=4.0,
                        long_context=[{"threshold_tokens": 1_000, "input_usd_per_mtok": 9, "output_usd_per_mtok": 9}],
                    ),
                ),
            ),
            "tuning/acme": tuner(
                "acme",
                tuned("closed-supervised", "acme/closed", by_token, {**later, "basis": "announced"}),
                tuned("same-supervised", "acme/same", row(**TUNED, batch={"discount_share": 0.5})),
                tuned("wide-preference", "acme/wide", row(**TUNED), method="preference"),
                tuned("wide-supervised", "acme/wide", row(**TUNED), aliases=["ft:wide"]),
            ),
            "tuning/zure": tuner(
                "zure",
                tuned("closed-global", "acme/closed", row(**fee), serving="hosted", region="Global"),
                tuned("closed-zone", "acme/closed", row(**fee), serving="hosted", region="Zone"),
            ),
            "tuning/fire": tuner("fire", tuned("open-lora", "open-one", row(training_usd_per_mtok=3.0), **lora)),
            "tuning/gather": tuner("gather", tuned("open-lora", "open-one", row(training_usd_per_mtok=4.0), **lora)),
            "hardware/gpus": {"gpus": [{"id": "X1", "memory_gib": 80.0, "dense_bf16_tflops": 100.0, **CITED}]},
            "models/open": {"family": "open", "models": [open_model("open-one")]},
            "throughput/open": {
                "runs": [{"model": "open-one", "gpu": "X1", "gpu_count": 1, **how, "points": [rate], **CITED}]
            },
            "compute/fire": {
                "provider": "fire",
                "name": "Fire",
                "instances": [
                    {"id": "box", "gpu": "X1", "gpu_count": 1, "offers": offers},
                    {"id": "endpoint", "gpu": "X1", "gpu_count": 1, "offers": endpoint},
                ],
            },
        },
    )


def option(book: tc.PriceBook, base: str = "acme/closed", training: tc.Training = NO_TRAINING, **keys: Any) -> Any:
    """Return a fine-tuned model without people."""
    return book.fine_tuned(base, **{"training": training, "engineering": NONE, "label": "mine", **keys})


def own(book: tc.PriceBook, training: tc.Training = NO_TRAINING, **keys: Any) -> Any:
    """Return the open model tuned, on own GPUs: one instance at least, no spares."""
    counts = {"min_instance_count": 1, "spare_instance_count": 0}
    return option(book, "open-one", training, **{"instance": "fire/box", "purchase": "on_demand", **counts, **keys})


def costs(served: Any, volumes: NDArray[np.float64] = VOLUMES, workload: tc.Workload = SHAPE) -> list[float]:
    """Return USD per month at volumes."""
    return [float(usd) for usd in served.curve(workload).usd_per_month(volumes)]


# ---------------------------------------------------------------------- by the token


def test_without_training_it_is_the_api_at_the_tuned_prices(book: tc.PriceBook) -> None:
    shape = tc.Workload(input_tokens=3_000, output_tokens=1_000, batch_share=0.3, input_cv=1.0)
    terms: dict[str, Any] = {"discount_share": 0.1, "credits_usd_per_month": 50.0, "output_ratio": 1.5}
    mine = costs(option(book, "acme/same", **terms), workload=shape)
    assert mine == pytest.approx(costs(book.api("acme/same", **terms), workload=shape), rel=1e-14)


def test_the_tuned_prices_replace_all_of_the_base(book: tc.PriceBook) -> None:
    expected = (3_000 * 2 + 1_000 * 8) / 4_000  # no long-context tier, though the base has one
    served = option(book, "acme/wide", method="supervised")
    assert costs(served)[1] == pytest.approx(expected)
    cached = tc.Workload(input_tokens=3_000, output_tokens=1_000, cached_input_share=0.5, cache_write_share=0.0)
    read = (1_500 * 2 + 1_500 * 0.5 + 1_000 * 8) / 4_000
    assert costs(option(book, provider="acme"), workload=cached)[1] == pytest.approx(read)
    full = option(book, "acme/wide", method="supervised").resolve(cached)
    assert full.curve.usd_per_month(1e6) == pytest.approx(expected)  # no price of cached input: billed as input
    assert any("no cache price" in note for note in full.notes)


def test_training_is_added_at_its_price(book: tc.PriceBook) -> None:
    # 900 USD of labels and 2M tokens at 5 USD, over nine months
    served = option(book, training=DATA)
    assert costs(served)[0] == pytest.approx((900 + 10) / 9)
    assert costs(served)[1] == pytest.approx((900 + 10) / 9 + (3_000 * 2 + 1_000 * 8) / 4_000)


def test_each_part_is_a_line_with_its_source(book: tc.PriceBook) -> None:
    study = tc.Study([option(book, training=DATA, engineering=tc.Engineering(upfront_usd=2_400))], workload=SHAPE)
    lines = study.breakdown(1e6).set_index("component")
    assert lines.index.tolist() == [
        "input tokens",
        "output tokens",
        "training: labelled data",
        "training: compute",
        "engineering: amortised",
    ]
    assert "tuning/acme.yaml" in str(lines.loc["input tokens", "source"])
    assert "tuning/acme.yaml" in str(lines.loc["training: compute", "source"])
    assert lines["usd_per_month"].sum() == pytest.approx(study.costs(1e6)["mine"].iloc[0])
    assert study.sources()["row"].tolist() == ["tuning:acme/closed-supervised"]


def test_prices_of_the_row_can_be_replaced(book: tc.PriceBook) -> None:
    study = tc.Study([option(book, training=DATA)], workload=SHAPE)
    changed = study.replace({"tuning:acme/closed-supervised.output_usd_per_mtok": 16.0})
    assert changed.costs(1e6)["mine"].iloc[0] - study.costs(1e6)["mine"].iloc[0] == pytest.approx(0.25 * 8)
    cheaper = study.replace({"mine:discount_share": 0.5})
    assert cheaper.costs(1e6)["mine"].iloc[0] == pytest.approx((900 + 10) / 9 + 3.5 / 2)


def test_what_is_announced_of_the_row_is_said(book: tc.PriceBook) -> None:
    notes = option(book, training=DATA).resolve(SHAPE).notes
    assert "mine: announced for 2027-01-06: training has no price from that day on; not used before that day." in notes
    study = tc.Study([option(book, training=DATA)], workload=SHAPE)
    with pytest.raises(ScenarioError, match=r"mine:training\.training_usd_per_mtok"):
        study.at("2027-01-06").costs(0)


# ---------------------------------------------------------------------- on a deployment with a fee


def test_a_deployment_costs_730_hours_used_or_not(book: tc.PriceBook) -> None:
    # Azure's fee of 1.70 USD an hour is 1,241 USD a month
    served = option(book, provider="zure", region="Global")
    assert costs(served)[:2] == pytest.approx([1.7 * 730, 1_241 + (3_000 * 1 + 1_000 * 4) / 4_000])
    two = option(book, provider="zure", region="Global", deployment_count=2)
    assert costs(two)[0] == pytest.approx(2 * 1_241)
    listed = tc.Study([served], workload=SHAPE).parameters().set_index("address")
    assert listed.loc["mine:deployment_count", "origin"] == "default"
    assert listed.loc["tuning:zure/closed-global.hosting_usd_per_hour", "value"] == 1.7
    assert "hosting fee" in tc.Study([served], workload=SHAPE).breakdown(0)["component"].tolist()


def test_the_shipped_row_of_azure(tmp_path: Path) -> None:
    prices = tc.load_prices(as_of="2026-11-21")
    served = prices.fine_tuned(
        "openai/gpt-4.1", provider="azure", region="Global", training=NO_TRAINING, engineering=NONE
    )
    assert served.curve(SHAPE).usd_per_month(0.0) == pytest.approx(1_241)
    assert served.curve(SHAPE).usd_per_month(1e6) == pytest.approx(1_241 + 0.75 * 2 + 0.25 * 8)


# ---------------------------------------------------------------------- on GPUs

STEP = 1_000 * SECONDS  # tokens per instance and month: 1,000 a second, the rate of an open loop


def test_own_gpus_are_the_same_fleet_as_for_the_base(book: tc.PriceBook) -> None:
    base = book.self_hosted(
        "open-one",
        instance="fire/box",
        purchase="on_demand",
        engineering=NONE,
        min_instance_count=1,
        spare_instance_count=0,
    )
    assert costs(own(book)) == costs(base)
    assert costs(own(book))[2:4] == [1_460, 2_920]  # 2.628e9 tokens an instance at 2 USD an hour
    assert own(book).resolve(SHAPE).fleet is not None


def test_adapters_share_a_fleet_that_is_sized_for_all_of_them(book: tc.PriceBook) -> None:
    # a fourth of the traffic: the fleet serves four times as much, and a fourth of each instance is paid
    shared = own(book, adapter="lora", base_share=0.25)
    volumes = np.array([0.0, STEP / 4, STEP / 4 * 1.001, STEP])
    assert costs(shared, volumes) == pytest.approx([365, 365, 730, 1_460])
    resolved = shared.resolve(SHAPE)
    assert resolved.fleet is None
    assert "mine: pays 25% of replicas that serve 4 times its tokens in all." in resolved.notes


def test_adapters_cost_throughput_only_if_said(book: tc.PriceBook) -> None:
    slower = own(book, adapter="lora", adapter_overhead_share=0.2)
    assert costs(slower, np.array([STEP * 0.8, STEP * 0.81])) == pytest.approx([1_460, 2_920])


def test_a_fleet_that_ends_ends_at_this_models_share_of_it(book: tc.PriceBook) -> None:
    whole = own(book, max_instance_count=4).resolve(SHAPE).limit
    shared = own(book, adapter="lora", base_share=0.25, max_instance_count=4).resolve(SHAPE).limit
    assert whole is not None
    assert shared is not None
    assert shared.tokens_per_month == pytest.approx(whole.tokens_per_month / 4)
    assert "its share of" in shared.words


def test_upkeep_by_the_gpu_is_shared_and_the_rest_is_not(book: tc.PriceBook) -> None:
    people = tc.Engineering(upfront_usd=2_400, upkeep_usd_per_gpu_month=100.0)
    shared = own(book, adapter="lora", base_share=0.25, engineering=people)
    assert costs(shared)[0] == pytest.approx(365 + 25 + 100)
    addresses = [number.address for number in shared.resolve(SHAPE).local]
    assert addresses.count("engineering[engineering].upfront_usd") == 1
    assert addresses.count("engineering[engineering].upkeep_usd_per_gpu_month") == 1


def test_training_at_a_vendor_and_serving_on_own_gpus(book: tc.PriceBook) -> None:
    assert costs(own(book, DATA, provider="gather"))[0] == pytest.approx(1_460 + (900 + 2 * 4) / 9)
    with pytest.raises(ResolveError, match="provider: one of fire, gather"):
        own(book, DATA)


def test_an_endpoint_of_the_vendor(book: tc.PriceBook) -> None:
    served = option(book, "open-one", DATA, provider="fire", gpu="X1", adapter="lora")
    assert costs(served)[2:4] == pytest.approx([5 * 730 + (900 + 2 * 3) / 9, 2 * 5 * 730 + (900 + 2 * 3) / 9])
    assert served.tier == "fine_tuned"
    shared = option(book, "open-one", provider="fire", gpu="X1", adapter="lora", base_share=0.01)
    assert costs(shared)[0] == pytest.approx(36.5)  # a hundred adapters on one deployment


def test_weights_of_ones_own_are_served_like_the_open_model_they_resemble(book: tc.PriceBook) -> None:
    run = tc.Training.from_scratch(parameter_count=1e9, tokens=1e10, instance="fire/box", purchase="on_demand")
    hours = 6 * 1e9 * 1e10 / (0.4 * 100e12 * 3_600)
    assert costs(own(book, run))[0] == pytest.approx(1_460 + hours * 2 / 9)


def test_draws_stay_draws(book: tc.PriceBook) -> None:
    share = np.array([0.25, 0.5])
    curve = own(book, DATA, provider="fire", adapter="lora", base_share=share).curve(SHAPE)
    for index in range(2):
        alone = own(book, DATA, provider="fire", adapter="lora", base_share=float(share[index]))
        assert curve.draw(index).usd_per_month(VOLUMES) == pytest.approx(costs(alone))
    study = tc.Study([own(book, DATA, provider="fire", adapter="lora", base_share=share)], workload=SHAPE)
    assert study.costs(0)["mine"].iloc[0] == pytest.approx(1_460 * 0.375 + (900 + 2 * 3) / 9)


# ---------------------------------------------------------------------- which row


def test_a_base_may_be_named_in_any_of_its_spellings(book: tc.PriceBook) -> None:
    expected = costs(option(book))
    for name in ("acme/closed-latest", "closed", "acme/closed-supervised"):
        assert costs(option(book, name, provider="acme")) == expected
    by_alias = costs(option(book, "ft:wide"))
    assert by_alias == costs(option(book, "acme/wide", method="supervised"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"base": "acme/wide"}, "found no method, though 2 rows differ in it; accepted: method: one of preference, su"),
        ({"provider": "zure"}, "found no region, though 2 rows differ in it; accepted: region: one of Global, Zone"),
        ({"base": "closed"}, "found no provider, though 3 rows differ in it; accepted: provider: one of acme, zure"),
        ({"base": "acme/closet"}, "no way to tune 'acme/closet'"),
        ({"base": "acme/closet"}, "Did you mean 'acme/closed'"),
        ({"method": "preference"}, "method 'preference', with which it is not tuned; accepted: one of supervised"),
        ({"provider": "fire"}, "provider 'fire', with which it is not tuned; accepted: one of acme, zure"),
        ({"provider": "zure", "region": "Globe"}, "Did you mean 'Global'"),
    ],
)
def test_an_ambiguous_or_unknown_base_is_asked_about(book: tc.PriceBook, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ResolveError) as caught:
        option(book, **given)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"base": "open-one"}, "no instance and no gpu, though open-one tuned at fire, gather is not served by the to"),
        ({"base": "open-one", "serving": "hosted"}, "found hosted, though open-one"),
        ({"base": "acme/wide", "serving": "hosted"}, "accepted: vendor."),
        ({"serving": "vendr"}, "Did you mean 'vendor'"),
        ({"serving": "own"}, "'own' alone; accepted: it with instance= and purchase="),
        ({"serving": "dedicated"}, "'dedicated' alone; accepted: it with gpu= and provider="),
        ({"serving": "vendor", "gpu": "X1"}, "'vendor' with gpu"),
        ({"instance": "fire/box", "gpu": "X1"}, "instance and gpu"),
        ({"base": "open-one", "instance": "fire/box"}, "mine:purchase\n  found nothing"),
        ({"base": "open-one", "gpu": "X1"}, "mine:provider\n  found nothing"),
        ({"training": 3}, "mine:training\n  found 3"),
        ({"deployment_count": 2}, "no hosting fee is paid"),
        ({"provider": "zure", "region": "Zone", "deployment_count": 1.5}, "a whole number of deployments"),
        ({"base_share": 0.5}, "no adapters share replicas"),
        ({"service_tier": "flex"}, "one of standard, batch"),
        ({"latency": "batch"}, "mine:latency\n  found it with serving 'vendor'"),
        ({"discount_shar": 0.1}, "Did you mean 'discount_share'"),
        ({"engineering": tc.Engineering(upkeep_usd_per_gpu_month=5.0)}, "has no GPUs of yours"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(book: tc.PriceBook, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        option(book, **given).curve(SHAPE)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"base_share": 0.0}, "mine:base_share\n  found 0"),
        ({"base_share": 1.5}, "a number above 0 up to 1"),
        ({"adapter_overhead_share": 1.0}, "something has to be served"),
        ({"adapter": "full", "base_share": 0.5}, "no adapters share replicas"),
        ({"adapter": "lorra"}, "lora or full"),
        ({"service_tier": "batch"}, "mine:service_tier\n  found it with serving 'own'"),
        (
            {
                "adapter": "lora",
                "training": tc.Training.from_scratch(
                    parameter_count=1e9, tokens=1e9, instance="fire/box", purchase="on_demand"
                ),
            },
            "'lora', for weights from scratch",
        ),
    ],
)
def test_what_own_gpus_refuse(book: tc.PriceBook, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        own(book, **{"adapter": "lora", **given})
    assert words in str(caught.value)


def test_weights_from_scratch_are_no_vendors(book: tc.PriceBook) -> None:
    run = tc.Training.from_scratch(parameter_count=1e9, tokens=1e9, instance="fire/box", purchase="on_demand")
    with pytest.raises(ScenarioError, match="a vendor's, for weights from scratch"):
        option(book, training=run)


def test_engineering_has_to_be_said(book: tc.PriceBook) -> None:
    with pytest.raises(TypeError, match="engineering"):
        book.fine_tuned("acme/closed", training=NO_TRAINING)  # type: ignore[call-arg]  # what is tested


def test_every_shipped_row_has_a_curve_or_says_why_not() -> None:
    """All tuned models of the tables: those by the token make a curve, unless shut down; the others are for GPUs."""
    prices = tc.load_prices(as_of="2026-11-21")
    store = prices._book.store
    gone = []
    for path in store.files("tuning"):
        for record in store.records("tuning", path):
            name = f"{path.stem}/{record.data['id']}"
            if record.data["serving"] == "dedicated":
                with pytest.raises(ScenarioError, match="own GPUs or a dedicated endpoint"):
                    option(prices, name)
            elif "effective_to" in record.data["prices"][-1]:  # type: ignore[index]  # plain YAML
                gone.append(name)
                with pytest.raises(ResolveError, match="when no price is known"):
                    option(prices, name).curve(SHAPE)
            else:
                assert float(option(prices, name).curve(SHAPE).usd_per_month(1e9)) > 0.0
    assert "openai/gpt-4.1-nano-supervised" in gone
