"""Options of a scenario file by the token, as endpoints and as units: the calls' arguments, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.tables import AS_OF, CITED, api, hosted, open_model, price_book, row

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError, TokencrossError

SECONDS = 730 * 3_600
HEAD = f"name: kinds\nas_of: {AS_OF}\npricing: tables\n"
WORKLOAD = "workload: {input_tokens: 3000, output_tokens: 1000, peak_to_mean: 1, burst_ratio: 1}\n"
API_KEYS = (
    "cache_lifetime, credits_usd_per_month, discount_share, engineering, output_ratio, region, service_tier, "
    "stored_cache_tokens, support, tokenizer_ratio, usage_tier"
)
KINDS = "api, self_hosted, dedicated, provisioned, fine_tuned, cascade, split, spillover, accepted"
DEDICATED_KEYS = (
    "billed_hours_share, compute_as_of, engine, engineering, gpu, gpus_per_replica, latency, min_replica_count, model, "
    "precision, region, scaling, target_load_share, throughput, throughput_as_of"
)
PROVISIONED_KEYS = (
    "cached_weight_ratio, commitment, discount_share, engineering, input_tokens_per_minute, min_unit_count, "
    "output_ratio, output_weight_ratio, region, target_load_share, tokenizer_ratio, usd_per_unit_hour"
)
SUPPORT_KEYS = "label, bands, min_usd_per_month"
BAND_KEYS = "from_usd_per_month, bill_share"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Tables with one of each: by the token, an endpoint at 4 USD for 1,000 tokens per second, units at 1 USD."""
    rate = {"input_tokens": 3_000, "output_tokens": 1_000, "output_tokens_per_second": 250.0}
    how = {"engine": "vllm", "load_basis": "open_loop_slo", "nature": "measured", "measured_on": CITED["checked"]}
    run = {"model": "open-one", "gpu": "X1", "gpu_count": 1, **how, "points": [rate], **CITED}
    offers = [{"purchase": "dedicated", "region": "us", "prices": [row(usd_per_hour=4.0)]}]
    machine = {"id": "1x", "gpu": "X1", "gpu_count": 1, "offers": offers}
    unit_offers = [
        {"commitment": commitment, "region": "global", "prices": [row(usd_per_unit_hour=usd)]}
        for commitment, usd in (("hourly", 1.0), ("1_year", 0.7))
    ]
    units = {
        "id": "gpt",
        "name": "GPT",
        "tier": "frontier",
        "capacity": [
            row(
                input_tokens_per_minute=3_000.0,
                output_weight_ratio=4.0,
                deployments=[{"region": "global", "min_unit_count": 15, "unit_step_count": 5}],
            )
        ],
    }
    prices: dict[str, Any] = {
        "input_usd_per_mtok": 4.0,
        "output_usd_per_mtok": 4.0,
        "cache_write_1h_usd_per_mtok": 8.0,
        "cache_storage_usd_per_mtok_hour": 2.0,
        "regions": [{"id": "eu", "price_ratio": 1.5}],
        "service_tiers": [{"id": "flex", "input_usd_per_mtok": 2.0, "output_usd_per_mtok": 2.0}],
    }
    limits = [row(usage_tier="tier 1", spend_usd_per_month=1_000.0), row(usage_tier="tier 2", spend_usd_per_month=5e3)]
    files: dict[str, dict[str, Any] | str] = {
        **api(hosted("one", row(**prices), limits=limits)),
        "compute/acme": {"provider": "acme", "name": "Acme", "instances": [machine]},
        "hardware/gpus": {"gpus": [{"id": "X1", "memory_gib": 80.0, **CITED}]},
        "models/open": {"family": "open", "models": [open_model("open-one")]},
        "throughput/open": {"runs": [run]},
        "provisioned/azure": {
            "provider": "azure",
            "name": "Azure",
            "unit": "PTU",
            "offers": unit_offers,
            "models": [units],
        },
    }
    price_book(tmp_path / "tables", files)
    return tmp_path


def scenario(folder: Path, *options: str) -> Path:
    """Write a scenario with these options, each on a line of its own from line 6 on."""
    path = folder / "scenario.yaml"
    lines = "".join(f"  - {option}\n" for option in options)
    path.write_text(f"{HEAD}{WORKLOAD}options:\n{lines}", encoding="utf-8")
    return path


def cost(folder: Path, option: str, volume: float) -> float:
    """Return what a scenario's only option costs at a volume."""
    return float(tc.load_study(scenario(folder, option)).costs(volume).to_numpy().item())


# ---------------------------------------------------------------------- what they may say


@pytest.mark.parametrize(
    ("keys", "volume", "usd"),
    [
        ("engineering: []", 1_000 * SECONDS, 2_920),
        ("engineering: []", 1_001 * SECONDS, 2 * 2_920),
        ("engineering: [], min_replica_count: 3", 0, 3 * 2_920),
        ("engineering: [], min_replica_count: 0", 0, 0),
        ("engineering: [{upkeep_usd_per_month: 500}], billed_hours_share: 0.5", 1, 2_920 / 2 + 500),
        ("engineering: [], throughput: 500, target_load_share: 0.5", 251 * SECONDS, 2 * 2_920),
        ("engineering: [], region: us, gpus_per_replica: 1, engine: vllm, latency: batch", 1, 2_920),
        ("engineering: [], compute_as_of: 2026-05-01, throughput_as_of: 2026-11-21", 1, 2_920),
    ],
)
def test_a_dedicated_endpoint(folder: Path, keys: str, volume: float, usd: float) -> None:
    assert cost(folder, f"{{dedicated: acme, gpu: X1, model: open-one, {keys}}}", volume) == pytest.approx(usd)


STEP = 5 * 3_000 * 60 * 730 / 1.75  # tokens of 5 units: 3,000 in and 4 x 1,000 out count for 4,000


@pytest.mark.parametrize(
    ("keys", "volume", "usd"),
    [
        ("", 3 * STEP, 15 * 730),
        ("", 3.001 * STEP, 20 * 730),
        (", commitment: 1_year, region: global", 0, 15 * 0.7 * 730),
        (", min_unit_count: 30, discount_share: 0.1", 0, 30 * 730 * 0.9),
        (", usd_per_unit_hour: 2", 0, 15 * 2 * 730),
        (", input_tokens_per_minute: 6000", 6.001 * STEP, 20 * 730),
        (", output_weight_ratio: 1, cached_weight_ratio: 0.5", 3.001 * STEP * 1.75, 20 * 730),
        (", target_load_share: 0.5", 1.501 * STEP, 20 * 730),
        (", tokenizer_ratio: 2, output_ratio: 1", 1.501 * STEP, 20 * 730),
        (", engineering: [{upkeep_usd_per_month: 500}]", 0, 15 * 730 + 500),
    ],
)
def test_provisioned_units(folder: Path, keys: str, volume: float, usd: float) -> None:
    assert cost(folder, f"{{provisioned: azure/gpt{keys}}}", volume) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("keys", "usd"),
    [
        ("support: {bands: [{from_usd_per_month: 0, bill_share: 0.1}]}", 4_000 * 1.1),
        (
            "support: {bands: [{from_usd_per_month: 0, bill_share: 0.1}, "
            "{from_usd_per_month: 1000, bill_share: 0.05}]}",
            4_000 + 1_000 * 0.1 + 3_000 * 0.05,
        ),
        ("support: {bands: [{from_usd_per_month: 0, bill_share: 0}], min_usd_per_month: 29}", 4_029),
        ("credits_usd_per_month: 1000", 3_000),
        ("stored_cache_tokens: 1000000", 4_000 + 2 * 730),
        ("region: eu", 6_000),
        ("service_tier: flex, cache_lifetime: 1h", 2_000),
        ("usage_tier: tier 1", 4_000),
    ],
)
def test_a_buyers_terms(folder: Path, keys: str, usd: float) -> None:
    assert cost(folder, f"{{api: acme/one, {keys}}}", 1e9) == pytest.approx(usd)


def test_a_support_plan_keeps_its_label(folder: Path) -> None:
    plan = "support: {label: business, bands: [{from_usd_per_month: 0, bill_share: 0.1}]}"
    study = tc.load_study(scenario(folder, f"{{api: acme/one, {plan}}}"))
    parts = study.breakdown(1e9).set_index("component")["usd_per_month"]
    assert parts["business"] == pytest.approx(400)


def test_a_limit_is_noted(folder: Path) -> None:
    notes = tc.load_study(scenario(folder, "{label: a, api: acme/one, usage_tier: tier 1}")).notes
    assert (
        "a: published limits end at 250M tokens/month: usage tier tier 1 is limited to 1,000 USD per month; beyond, a "
        "higher tier or a contract."
    ) in notes


def test_all_kinds_in_one_study(folder: Path) -> None:
    """Labels are the file's, or what the calls make of the names."""
    file = scenario(
        folder,
        "{label: list, api: one}",
        "{dedicated: acme, gpu: X1, model: open-one, engineering: []}",
        "{provisioned: azure/gpt}",
    )
    study = tc.load_study(file)
    assert list(study.costs(1e9).columns) == ["list", "open-one at acme, dedicated", "GPT, provisioned"]
    assert [option.tier for option in study.options] == ["frontier", "dedicated", "provisioned"]
    # 2,920 USD a month for the first endpoint, at 4 USD per million tokens
    assert study.breakeven("open-one at acme, dedicated").first == pytest.approx(2_920 / 4 * 1e6)


# ---------------------------------------------------------------------- what they may not say

DEDICATED = "dedicated: acme, gpu: X1, model: open-one, engineering: []"
WRONG: dict[str, tuple[type[TokencrossError], str, str, str]] = {
    "no kind": (
        ScenarioError,
        "{label: a}",
        ":6: options[0]",
        f"none of {KINDS}; accepted: one of {KINDS}, naming what it is",
    ),
    "two kinds": (
        ScenarioError,
        "{dedicated: acme, provisioned: azure/gpt}",
        ":6: options[0]",
        f"dedicated and provisioned; accepted: one of {KINDS}, naming what it is",
    ),
    "an instance of an endpoint": (
        ScenarioError,
        f"{{{DEDICATED}, instance: acme/1x}}",
        ":6: options[0]",
        f"'instance' with dedicated; accepted: one of {DEDICATED_KEYS}",
    ),
    "a discount on an endpoint": (
        ScenarioError,
        f"{{{DEDICATED}, discount_share: 0.1}}",
        ":6: options[0]",
        f"'discount_share' with dedicated; accepted: one of {DEDICATED_KEYS}",
    ),
    "no gpu": (
        ScenarioError,
        "{dedicated: acme, model: open-one, engineering: []}",
        ":6: options[0]",
        "no key 'gpu'; accepted: gpu, which dedicated requires",
    ),
    "no model": (
        ScenarioError,
        "{dedicated: acme, gpu: X1, engineering: []}",
        ":6: options[0]",
        "no key 'model'; accepted: model, which dedicated requires",
    ),
    "no engineering": (
        ScenarioError,
        "{dedicated: acme, gpu: X1, model: open-one}",
        ":6: options[0]",
        "no key 'engineering'; accepted: engineering, which dedicated requires.\n"
        "  A free lunch is written engineering: []",
    ),
    "a service tier of units": (
        ScenarioError,
        "{provisioned: azure/gpt, service_tier: flex}",
        ":6: options[0]",
        f"'service_tier' with provisioned; accepted: one of {PROVISIONED_KEYS}",
    ),
    "a commitment by the token": (
        ScenarioError,
        "{api: acme/one, commitment: 1_year}",
        ":6: options[0]",
        f"'commitment' with api; accepted: one of {API_KEYS}",
    ),
    "an unknown commitment": (
        ResolveError,
        "{provisioned: azure/gpt, commitment: 2_years}",
        ":6: options[0]: provisioned:azure/gpt",
        "commitment '2_years', for which no price is known; accepted: one of hourly, 1_year",
    ),
    "an unknown provider of endpoints": (
        ResolveError,
        "{dedicated: beta, gpu: X1, model: open-one, engineering: []}",
        ":6: options[0]: {tables}/compute",
        "'beta', which has no dedicated endpoints in the tables; accepted: one of acme",
    ),
    "an unknown region": (
        ScenarioError,
        "{label: a, api: acme/one, region: mars}",
        ":6: options[0]: a:region",
        "'mars'; accepted: one of eu, or none",
    ),
    "an unknown usage tier": (
        ScenarioError,
        "{label: a, api: acme/one, usage_tier: gold}",
        ":6: options[0]: a:usage_tier",
        "'gold'; accepted: one of tier 1, tier 2",
    ),
    "replicas by halves": (
        ScenarioError,
        f"{{{DEDICATED}, min_replica_count: 1.5}}",
        ":6: options[0].min_replica_count",
        "1.5; accepted: a whole number",
    ),
    "a free unit": (
        ScenarioError,
        "{provisioned: azure/gpt, usd_per_unit_hour: 0}",
        ":6: options[0].usd_per_unit_hour",
        "0; accepted: a number > 0, in USD per unit and hour",
    ),
    "a number as support": (
        ScenarioError,
        "{api: acme/one, support: 0.1}",
        ":6: options[0].support",
        "0.1; accepted: a mapping of keys to values",
    ),
    "an unknown key of support": (
        ScenarioError,
        "{api: acme/one, support: {bnds: []}}",
        ":6: options[0].support.bnds",
        f"an unknown key; accepted: one of {SUPPORT_KEYS}.\n  Did you mean 'bands'?",
    ),
    "an unknown key of a band": (
        ScenarioError,
        "{api: acme/one, support: {bands: [{from_usd: 0, bill_share: 0.1}]}}",
        ":6: options[0].support.bands[0].from_usd",
        f"an unknown key; accepted: one of {BAND_KEYS}.\n  Did you mean 'from_usd_per_month'?",
    ),
    "a band in percent": (
        ScenarioError,
        "{api: acme/one, support: {bands: [{from_usd_per_month: 0, bill_share: 10}]}}",
        ":6: options[0].support.bands[0].bill_share",
        "10; accepted: a number <= 1, in a fraction from 0 to 1",
    ),
    "bands that begin late": (
        ScenarioError,
        "{api: acme/one, support: {bands: [{from_usd_per_month: 100, bill_share: 0.1}]}}",
        ":6: options[0].support: support plan: bands",
        "starts [100.0]; accepted: at least one band, the first from 0, ascending",
    ),
    "no bands": (
        ScenarioError,
        "{api: acme/one, support: {bands: []}}",
        ":6: options[0].support.bands",
        "[]; accepted: at least one entry",
    ),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_mistake_names_its_place(folder: Path, name: str) -> None:
    error, option, where, found = WRONG[name]
    file = scenario(folder, option)
    with pytest.raises(TokencrossError) as caught:
        tc.load_study(file)
    assert type(caught.value) is error
    place = where.replace("{tables}", (folder / "tables").as_posix())
    said = f"{file.as_posix()}{place}\n  found {found}"
    assert str(caught.value)[: len(said)] == said
    assert len(caught.value.problems) == 1
