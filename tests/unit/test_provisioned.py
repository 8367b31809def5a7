"""Provisioned units by hand: what a step serves and costs, what has to be given, and that they may never pay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.tables import AS_OF, CITED, api, hosted, price_book, row

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError

MINUTES = 730 * 60
FLAT: dict[str, Any] = {"peak_to_mean": 1.0, "burst_ratio": 1.0}
# 3,000 in and 1,000 out: with outputs counting four times, 7,000 input tokens for 4,000 reference tokens
SHAPE = tc.Workload(input_tokens=3_000, output_tokens=1_000, **FLAT)
SERVED = 3_000 * MINUTES  # input tokens per unit and month
STEP = 5 * SERVED / (7_000 / 4_000)  # reference tokens per step of 5 units


def offer(commitment: str, region: str, *prices: dict[str, Any]) -> dict[str, Any]:
    """Return a way to buy units."""
    return {"commitment": commitment, "region": region, "prices": list(prices)}


def unit_model(
    name: str, *capacity: dict[str, Any], deployments: Sequence[dict[str, Any]] = (), **keys: Any
) -> dict[str, Any]:
    """Return a model that is sold by unit, in the same sizes in every era."""
    sized = [{**era, "deployments": list(deployments)} if deployments else era for era in capacity]
    return {"id": name, "name": name.upper(), "tier": "frontier", "capacity": sized, **keys}


def size(region: str, least: int, step: int) -> dict[str, Any]:
    """Return how units are sold in a region."""
    return {"region": region, "min_unit_count": least, "unit_step_count": step}


GLOBAL = [size("global", 15, 5)]
CAPACITY = row(input_tokens_per_minute=3_000.0, output_weight_ratio=4.0)


@pytest.fixture
def book(tmp_path: Path) -> tc.PriceBook:
    """Units at 1 USD an hour (0.70 for a year, 1.10 in the zone), in steps of 5 from 15; by the token 2 and 8 USD."""
    units = {
        "provider": "azure",
        "name": "Azure",
        "unit": "PTU",
        "offers": [
            offer("hourly", "global", row(usd_per_unit_hour=1.0)),
            offer("1_year", "global", row(usd_per_unit_hour=0.7)),
            offer("hourly", "zone", row(usd_per_unit_hour=1.1)),
        ],
        "models": [
            unit_model("gpt", CAPACITY, deployments=GLOBAL, same_as="openai/gpt"),
            unit_model("own", CAPACITY, offers=[offer("hourly", "moon", row(usd_per_unit_hour=9.0))]),
            unit_model("placed", CAPACITY, deployments=[*GLOBAL, size("zone", 25, 50)]),
            unit_model("unweighted", row(input_tokens_per_minute=3_000.0), deployments=GLOBAL),
            unit_model("unknown"),
        ],
    }
    priceless = {"provider": "vertex", "name": "V", "unit": "GSU", "models": [unit_model("gem", CAPACITY)]}
    by_token = api(hosted("gpt", row(input_usd_per_mtok=2.0, output_usd_per_mtok=8.0)), provider="openai")
    return price_book(tmp_path, {"provisioned/azure": units, "provisioned/vertex": priceless, **by_token})


def costs(option: Any, *volumes: float, workload: tc.Workload = SHAPE) -> list[float]:
    """Return USD per month at volumes."""
    return [float(usd) for usd in option.curve(workload).usd_per_month(np.array(volumes))]


# ---------------------------------------------------------------------- what a step serves and costs


def test_units_are_bought_in_steps_from_the_smallest_size_on(book: tc.PriceBook) -> None:
    """15 units serve 3 steps; one token more takes 20. A unit costs 730 USD a month."""
    option = book.provisioned("azure/gpt")
    assert costs(option, 0, 1, 3 * STEP) == pytest.approx([15 * 730] * 3)
    assert costs(option, 3 * STEP * (1 + 1e-9), 4 * STEP, 4 * STEP * (1 + 1e-9)) == pytest.approx(
        [20 * 730, 20 * 730, 25 * 730]
    )
    assert pytest.approx(5 * 131_400_000 / 1.75) == STEP  # 375 million tokens for 3,650 USD: 9.72 USD per million
    assert option.label == "GPT, provisioned"
    assert option.curve(SHAPE).breakdown(1e9).columns.tolist() == ["PTUs"]


def test_the_busiest_minutes_decide(book: tc.PriceBook) -> None:
    """At 3 times the mean, and 1.25 of that within the hour, a step serves 3.75 times less."""
    peaked = tc.Workload(input_tokens=3_000, output_tokens=1_000, peak_to_mean=3.0, burst_ratio=1.25)
    option = book.provisioned("azure/gpt")
    assert costs(option, 10 * STEP / 3.75, 10.001 * STEP / 3.75, workload=peaked) == pytest.approx([36_500, 40_150])


@pytest.mark.parametrize(("share", "ratio"), [(0.5, 0.5 * 3.75), (0.9, 0.1 * 1.25 + 0.9), (1.0, 1.0)])
def test_what_can_wait_fills_idle_units(book: tc.PriceBook, share: float, ratio: float) -> None:
    peaked = tc.Workload(input_tokens=3_000, output_tokens=1_000, peak_to_mean=3.0, burst_ratio=1.25, batch_share=share)
    option = book.provisioned("azure/gpt")
    assert costs(option, 10 * STEP / ratio, 10.001 * STEP / ratio, workload=peaked) == pytest.approx([36_500, 40_150])


def test_a_lighter_load_needs_more_units(book: tc.PriceBook) -> None:
    option = book.provisioned("azure/gpt", target_load_share=0.8, discount_share=0.1)
    assert costs(option, 8 * STEP, 8.001 * STEP) == pytest.approx([10 * 5 * 730 * 0.9, 11 * 5 * 730 * 0.9])


@pytest.mark.parametrize(("least", "units"), [(0, 0), (1, 5), (15, 15), (16, 20), (100, 100)])
def test_a_smallest_size_of_ones_own_is_whole_steps(book: tc.PriceBook, least: int, units: int) -> None:
    option = book.provisioned("azure/gpt", min_unit_count=least)
    assert costs(option, 0) == pytest.approx([units * 730])


def test_longer_answers_and_more_tokens_weigh_more(book: tc.PriceBook) -> None:
    """1.2 tokens for each reference token; answers half as long again: 3,600 + 4 x 1,800 for 4,000."""
    option = book.provisioned("azure/gpt", tokenizer_ratio=1.2, output_ratio=1.5)
    step = 5 * SERVED / ((1.2 * 3_000 + 4 * 1.2 * 1.5 * 1_000) / 4_000)
    assert costs(option, 10 * step, 10.001 * step) == pytest.approx([36_500, 40_150])


# ---------------------------------------------------------------------- it may never pay


def test_units_that_no_volume_makes_worth_their_price(book: tc.PriceBook) -> None:
    """Even full around the clock a unit costs 9.72 USD per million tokens; by the token it is (3 x 2 + 8) / 4."""
    study = tc.Study(
        [book.api("openai/gpt", label="list"), book.provisioned("azure/gpt", label="units")], workload=SHAPE
    )
    found = study.breakeven("units")
    assert found.first is None
    assert found.robust is None
    assert found.reason == (
        "never cheaper: units comes down to 9.72 USD/Mtok at best, list's further tokens cost 3.5 USD/Mtok"
    )
    assert f"{3_650 / STEP * 1e6:.2f}" == "9.72"


def test_units_that_pay_once_they_are_full(book: tc.PriceBook) -> None:
    """At 0.20 USD an hour a step costs 730 USD; 3 steps are worth their 2,190 USD from 626 million tokens on."""
    cheap = book.provisioned("azure/gpt", label="units", usd_per_unit_hour=0.2)
    study = tc.Study([book.api("openai/gpt", label="list"), cheap], workload=SHAPE)
    found = study.breakeven("units")
    assert found.first == pytest.approx(3 * 730 / 3.5 * 1e6)
    # a step that is full costs 1.94 USD per million: from the fourth on each is worth its price as soon as it begins,
    # since 3 steps are full at 1,126 million tokens, 3,942 USD by the token, and 4 steps cost 2,920
    assert found.robust == found.first


# ---------------------------------------------------------------------- cached tokens


def test_cached_tokens_count_in_full_unless_the_table_has_a_weight(book: tc.PriceBook) -> None:
    cached = tc.Workload(input_tokens=3_000, output_tokens=1_000, cached_input_share=0.5, cache_write_share=0.0, **FLAT)
    option = book.provisioned("azure/gpt", label="units")
    assert costs(option, 10 * STEP, 10.001 * STEP, workload=cached) == pytest.approx([36_500, 40_150])
    lines = tc.Study([option], workload=cached).assumptions().set_index("address")
    assert lines.loc["units:cached_weight_ratio", "value"] == 1.0
    assert lines.loc["units:cached_weight_ratio", "origin"] == "default"
    said = "the table has no weight of cached tokens: they count as input"
    assert lines.loc["units:cached_weight_ratio", "source"] == said


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_a_weight_of_cached_tokens_is_used(tmp_path: Path, weight: float) -> None:
    """1,500 fresh, 1,500 at the weight, 1,000 out at 4."""
    capacity = row(input_tokens_per_minute=3_000.0, output_weight_ratio=4.0, cached_weight_ratio=weight)
    units = {
        "provider": "azure",
        "name": "Azure",
        "unit": "PTU",
        "offers": [offer("hourly", "global", row(usd_per_unit_hour=1.0))],
        "models": [unit_model("gpt", capacity, deployments=GLOBAL)],
    }
    book = price_book(tmp_path, {"provisioned/azure": units})
    cached = tc.Workload(input_tokens=3_000, output_tokens=1_000, cached_input_share=0.5, cache_write_share=0.0, **FLAT)
    step = 5 * SERVED / ((1_500 + 1_500 * weight + 4_000) / 4_000)
    option = book.provisioned("azure/gpt")
    assert costs(option, 10 * step, 10.001 * step, workload=cached) == pytest.approx([36_500, 40_150])
    own = 5 * SERVED / ((1_500 + 1_500 * 0.5 + 4_000) / 4_000)
    option = book.provisioned("azure/gpt", cached_weight_ratio=0.5)
    assert costs(option, 10 * own, 10.001 * own, workload=cached) == pytest.approx([36_500, 40_150])


# ---------------------------------------------------------------------- what no table has


@pytest.mark.parametrize(
    ("model", "name", "unit"),
    [
        ("azure/unknown", "input_tokens_per_minute", "billed input tokens per unit and minute"),
        ("azure/unweighted", "output_weight_ratio", "input tokens that one output token counts as"),
        ("vertex/gem", "usd_per_unit_hour", "USD per unit and hour"),
    ],
)
def test_what_nobody_publishes_has_to_be_given(book: tc.PriceBook, model: str, name: str, unit: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        book.provisioned(model, label="mine", region=None if "gem" in model else "global").resolve(SHAPE)
    assert str(caught.value) == (
        f"mine:{name}\n  found nothing, and the table has none of {model}; accepted: a number ({unit}).\n"
        "  No trustworthy source publishes it: give the figure of your own offer."
    )


def test_a_weight_of_outputs_is_not_asked_for_without_outputs(book: tc.PriceBook) -> None:
    reading = tc.Workload(input_tokens=4_000, output_tokens=0, **FLAT)
    assert costs(book.provisioned("azure/unweighted"), 4 * 5 * SERVED, workload=reading) == pytest.approx([14_600])


def test_figures_of_ones_own_come_first(book: tc.PriceBook) -> None:
    """Nothing of the table is left: 2 USD, 1,000 tokens a minute, outputs 3 times, single units."""
    figures: dict[str, Any] = {
        "usd_per_unit_hour": 2.0,
        "input_tokens_per_minute": 1_000.0,
        "output_weight_ratio": 3.0,
        "min_unit_count": 0,
    }
    option = book.provisioned("vertex/gem", label="own", **figures)
    step = 1_000 * MINUTES / (6_000 / 4_000)
    assert costs(option, 0, 7 * step, 7.001 * step) == pytest.approx([0, 7 * 1_460, 8 * 1_460])
    lines = tc.Study([option], workload=SHAPE).assumptions().set_index("address")
    for name, value in figures.items():
        assert lines.loc[f"own:{name}", "value"] == value
        assert lines.loc[f"own:{name}", "origin"] == "given"


# ---------------------------------------------------------------------- regions and commitments


def test_a_region_has_its_price_and_sizes(book: tc.PriceBook) -> None:
    """In the zone 1.10 USD, from 25 units on but in steps of 50: at least 50."""
    assert costs(book.provisioned("azure/placed", region="zone"), 0) == pytest.approx([50 * 1.1 * 730])
    assert costs(book.provisioned("azure/placed", region="global"), 0) == pytest.approx([15 * 730])


def test_a_region_has_to_be_said_where_there_are_several(book: tc.PriceBook) -> None:
    with pytest.raises(ResolveError) as caught:
        book.provisioned("azure/placed").resolve(SHAPE)
    assert str(caught.value) == (
        "provisioned:azure/placed\n  found no region, though price and sizes depend on it; "
        "accepted: region: one of global, zone."
    )
    with pytest.raises(ResolveError) as caught:
        book.provisioned("azure/gpt", region="zone").resolve(SHAPE)
    assert str(caught.value).startswith(
        "provisioned:azure/gpt\n  found region 'zone', where no units of it are known; accepted: one of global."
    )


def test_a_models_own_offers_come_before_the_providers(book: tc.PriceBook) -> None:
    """9 USD on the moon, in single units."""
    assert costs(book.provisioned("azure/own"), 0, STEP / 5) == pytest.approx([9 * 730] * 2)


def test_a_commitment_has_its_price(book: tc.PriceBook) -> None:
    assert costs(book.provisioned("azure/gpt", commitment="1_year"), 0) == pytest.approx([15 * 0.7 * 730])
    with pytest.raises(ResolveError) as caught:
        book.provisioned("azure/gpt", commitment="1_month").resolve(SHAPE)
    assert str(caught.value).startswith(
        "provisioned:azure/gpt\n  found commitment '1_month', for which no price is known; "
        "accepted: one of hourly, 1_year."
    )
    with pytest.raises(ResolveError):
        book.provisioned("azure/placed", commitment="1_year", region="zone").resolve(SHAPE)


def test_an_unknown_model_offers_the_nearest(book: tc.PriceBook) -> None:
    with pytest.raises(ResolveError, match="Did you mean 'gpt'"):
        book.provisioned("azure/gtp")
    assert book.provisioned("gem").model == "vertex/gem"


# ---------------------------------------------------------------------- dates, addresses, draws


def test_units_on_the_day_of_a_change(tmp_path: Path) -> None:
    prices = offer("hourly", "global", row(usd_per_unit_hour=2.0), row("2026-07-01", usd_per_unit_hour=1.0))
    capacities = CAPACITY, row("2026-09-01", input_tokens_per_minute=6_000.0, output_weight_ratio=4.0)
    models = [unit_model("gpt", *capacities, deployments=GLOBAL)]
    units = {"provider": "azure", "name": "Azure", "unit": "PTU", "offers": [prices], "models": models}
    price_book(tmp_path, {"provisioned/azure": units})
    for day, usd, faster in (("2026-06-30", 2, 1), ("2026-07-01", 1, 1), ("2026-08-31", 1, 1), ("2026-09-01", 1, 2)):
        option = tc.load_prices(tmp_path, as_of=day).provisioned("azure/gpt")
        steps = [10 * STEP * faster, 10.001 * STEP * faster]
        assert costs(option, *steps) == pytest.approx([50 * usd * 730, 55 * usd * 730])


def test_every_number_has_an_address(book: tc.PriceBook) -> None:
    study = tc.Study([book.provisioned("azure/gpt", label="units")], workload=SHAPE)
    address = "provisioned:azure/gpt."
    values = study.parameters().set_index("address")["value"]
    assert values[f"{address}usd_per_unit_hour"] == 1.0
    assert values[f"{address}input_tokens_per_minute"] == 3_000
    assert values[f"{address}output_weight_ratio"] == 4.0
    assert values["units:min_unit_count"] == 15.0
    changed = study.replace({f"{address}usd_per_unit_hour": 2.0, "units:min_unit_count": 30.0})
    assert changed.costs(0.0)["units"].item() == pytest.approx(30 * 2 * 730)
    assert study.replace({"units:discount_share": 0.5}).costs(0.0)["units"].item() == pytest.approx(15 * 0.5 * 730)


def test_sources_name_the_rows_of_price_and_capacity(book: tc.PriceBook, tmp_path: Path) -> None:
    lines = (tmp_path / "provisioned" / "azure.yaml").read_text(encoding="utf-8").splitlines()
    price = lines.index("  - effective_from: 2026-01-01") + 1
    capacity = lines.index("  capacity:") + 2
    locations = tc.Study([book.provisioned("azure/gpt")], workload=SHAPE).sources()["location"].tolist()
    file = f"{tmp_path.as_posix()}/provisioned/azure.yaml"
    assert locations == [f"{file}:{price}", f"{file}:{capacity}"]


def test_numbers_that_are_draws(book: tc.PriceBook) -> None:
    option = book.provisioned(
        "azure/gpt", usd_per_unit_hour=np.array([1.0, 2.0]), min_unit_count=np.array([15.0, 21.0])
    )
    found = option.curve(SHAPE).usd_per_month(np.array([0.0, 10 * STEP]))
    assert_allclose(found, [[15 * 730, 50 * 730], [25 * 2 * 730, 50 * 2 * 730]])


def test_the_same_model_by_the_token_lends_its_tokenizer(tmp_path: Path) -> None:
    """1.25 tokens for each reference token: a step serves 1.25 times less."""
    ratio = {"text_kind": "english", "tokenizer_ratio": 1.25}
    units = {
        "provider": "azure",
        "name": "Azure",
        "unit": "PTU",
        "offers": [offer("hourly", "global", row(usd_per_unit_hour=1.0))],
        "models": [unit_model("gpt", CAPACITY, deployments=GLOBAL, same_as="openai/gpt")],
    }
    files = {
        "provisioned/azure": units,
        **api(hosted("gpt", row(input_usd_per_mtok=2.0, output_usd_per_mtok=8.0), tokenizer="t"), provider="openai"),
        "tokenizers/all": {"reference": "o200k", "tokenizers": [{"id": "t", "name": "T", "ratios": [ratio], **CITED}]},
    }
    option = price_book(tmp_path, files, as_of=AS_OF).provisioned("azure/gpt", label="units")
    assert costs(option, 10 * STEP / 1.25, 10.001 * STEP / 1.25) == pytest.approx([36_500, 40_150])
    said = "units: 1.25 billed tokens per reference token of english text (t)."
    assert said in tc.Study([option], workload=SHAPE).notes


def test_units_have_no_gpus_to_keep(book: tc.PriceBook) -> None:
    with pytest.raises(ScenarioError, match="upkeep_usd_per_month: provisioned units have no GPUs of yours"):
        book.provisioned("azure/gpt", engineering=tc.Engineering(upkeep_usd_per_gpu_month=1_000))


def test_a_figure_of_ones_own_takes_the_place_of_the_tables(book: tc.PriceBook) -> None:
    resolved = book.provisioned("azure/gpt", label="mine", usd_per_unit_hour=0.7).resolve(SHAPE)
    assert "provisioned:azure/gpt.usd_per_unit_hour" not in [p.address for p in resolved.tables]
    assert "provisioned:azure/gpt.input_tokens_per_minute" in [p.address for p in resolved.tables]


def test_single_units_are_assumed_where_no_size_is_known(book: tc.PriceBook) -> None:
    (least,) = [p for p in book.provisioned("azure/own").resolve(SHAPE).local if p.address == "min_unit_count"]
    assert (least.value, least.origin, least.why) == (1.0, "default", "the table has no sizes of it: single units")
