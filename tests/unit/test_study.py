"""The study, as API.md says it: every question one call away, every number at one address."""

from __future__ import annotations

import html.parser
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import tokencross as tc
from tokencross.errors import ResolveError, ScenarioError
from tokencross.studies.twins import with_hosted_twins

REPOSITORY = Path(__file__).resolve().parents[2]
PRICING = REPOSITORY / "pricing"
PRICES = tc.load_prices(as_of="2026-11-21")
CHAT = tc.Workload(
    input_tokens=3_000,
    output_tokens=400,
    cached_input_share=0.5,
    cache_write_share=0.05,
    peak_to_mean=3,
    name="support chat",
)
VOLUMES = np.array([0.0, 1.0, 1e6, 1e9, 4e9, 1e10, 1.7e11, 3e12])


def engineering() -> Any:  # Engineering + Engineering
    """Return API.md's two items."""
    return tc.Engineering(upfront_usd=120_000, amortization_months=24, label="platform") + tc.Engineering(
        upfront_usd=30_000, amortization_months=9, upkeep_usd_per_month=12_500, label="this model"
    )


def options() -> list[Any]:  # options of the library
    """Return API.md's four options."""
    return [
        PRICES.api("anthropic/claude-opus-5-5", label="frontier"),
        PRICES.api("openai/gpt-6-luna", label="small"),
        PRICES.api("together/openai/gpt-oss-120b", label="open, hosted"),
        PRICES.self_hosted(
            "gpt-oss-120b",
            instance="lambda/gpu_1x_b200_sxm6",
            purchase="on_demand",
            engineering=engineering(),
            label="self-hosted",
        ),
    ]


@pytest.fixture(scope="module")
def study() -> tc.Study:
    """API.md's study."""
    return tc.Study(options(), workload=CHAT, incumbent="frontier", reference=["small"], tokens_per_month=4e9)


# ---------------------------------------------------------------------- the notebook example, as it is written


def test_the_notebook_example_runs_as_written(study: tc.Study) -> None:
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    prices = tc.load_prices(as_of="2026-11-21")
    assert prices.as_of.isoformat() == "2026-11-21"
    assert isinstance(study.verdict(), str)
    costs = study.costs(np.geomspace(1e6, 1e12, 500))
    assert costs.index.name == "tokens_per_month"
    assert costs.columns.tolist() == ["frontier", "small", "open, hosted", "self-hosted"]
    assert costs.shape == (500, 4)
    assert study.breakdown(1e10).columns.tolist() == ["option", "component", "usd_per_month", "source"]
    b = study.breakeven("self-hosted", against="frontier")
    assert b.first is not None
    assert b.first_tokens_per_day == pytest.approx(b.first * 24 / 730)
    assert b.first_requests_per_month == pytest.approx(b.first / 3_400)
    bill = study.costs(float(b.first))["frontier"].iloc[0]
    assert b.first_usd_per_month == pytest.approx(bill, rel=1e-9)
    assert b.intervals[0][0] == b.first
    assert study.breakevens()["challenger"].tolist() == ["small", "open, hosted", "self-hosted"]
    assert study.winners().columns.tolist() == ["from_tokens_per_month", "to_tokens_per_month", "option"]
    assert study.tokens_per_month_for(usd_per_month=50_000, option="frontier") > 0
    assert study.capacity(1e10).columns.tolist() == ["self-hosted"]
    assert {"address", "unit", "source", "origin"} <= set(study.assumptions().columns)
    assert set(study.assumptions()["origin"]) <= {"given", "default", "fitted"}
    assert {"row", "location", "via", "checked", "effective_from"} <= set(study.sources().columns)
    bare = {"self-hosted:engineering": tc.Engineering.none(), "self-hosted:around": tc.AroundGpu.none()}
    free = study.replace(bare)
    assert free.costs(0.0)["self-hosted"].iloc[0] == pytest.approx(2 * 6.99 * 730)  # two instances, nobody to pay
    assert study.at("2027-01-01").costs(1e9).shape == (1, 4)
    other = tc.Workload(input_tokens=500, output_tokens=100)
    assert study.with_workload(other).workload is other
    assert study._repr_html_().startswith("<div")
    figure, axes = plt.subplots()
    assert study.plot(ax=axes) is axes
    assert isinstance(study.plot_unit_cost(), mpl.axes.Axes)
    assert isinstance(study.dashboard(), mpl.figure.Figure)
    plt.close("all")
    assert figure is axes.figure


def test_the_chats_costs_by_hand(study: tc.Study) -> None:
    """Per million tokens: 3,000 in (45% fresh, half cached, 5% written) and 400 out, of 3,400."""
    costs = study.costs(1e9).iloc[0]
    # claude-opus-5-5: 4 in, 20 out, 0.2 read, 5 written, 1.55 tokens per reference token
    opus = 1.55 * (1_350 * 4 + 1_500 * 0.2 + 150 * 5 + 400 * 20) / 3_400
    # gpt-6-luna: 0.1 in, 0.5 out, 0.01 read, 0.125 written; together's gpt-oss-120b: 0.15 in, 0.6 out, no cache price
    luna = (1_350 * 0.1 + 1_500 * 0.01 + 150 * 0.125 + 400 * 0.5) / 3_400
    hosted = (3_000 * 0.15 + 400 * 0.6) / 3_400
    assert costs["frontier"] == pytest.approx(1_000 * opus)
    assert costs["small"] == pytest.approx(1_000 * luna)
    assert costs["open, hosted"] == pytest.approx(1_000 * hosted)


def test_defaults_of_a_study() -> None:
    plain = tc.Study(options(), workload=CHAT)
    assert plain.incumbent == "frontier"
    assert plain.reference == ()
    assert plain.tokens_per_month is None
    assert repr(plain) == "<Study of frontier, small, open, hosted, self-hosted; incumbent frontier>"


def test_the_scenario_file_gives_the_same_study(study: tc.Study) -> None:
    """scenarios/support-chat.yaml is API.md's file: the same study, with a note of its own."""
    loaded = tc.load_study(REPOSITORY / "scenarios" / "support-chat.yaml")
    pd.testing.assert_frame_equal(loaded.costs(VOLUMES), study.costs(VOLUMES))
    pd.testing.assert_frame_equal(loaded.parameters(), study.parameters())
    pd.testing.assert_frame_equal(loaded.winners(), study.winners())
    assert loaded.verdict() == study.verdict()
    assert loaded.notes[1:] == study.notes


@pytest.mark.parametrize("path", sorted((REPOSITORY / "scenarios").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_scenario_answers(path: Path) -> None:
    loaded = tc.load_study(path)
    assert loaded.verdict()
    winners = loaded.winners()
    assert winners["from_tokens_per_month"].iloc[0] == 0.0
    assert winners["to_tokens_per_month"].iloc[-1] == np.inf
    assert winners["from_tokens_per_month"].iloc[1:].tolist() == winners["to_tokens_per_month"].iloc[:-1].tolist()
    assert set(winners["option"]) <= {o.label for o in loaded.options} - set(loaded.reference)
    assert loaded.sources()["via"].str.len().min() > 0


# ---------------------------------------------------------------------- engineering is required


def test_engineering_left_out_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="engineering"):
        PRICES.self_hosted("gpt-oss-120b", instance="lambda/gpu_1x_b200_sxm6", purchase="on_demand")  # type: ignore[call-arg]  # the mistake is the point
    with pytest.raises(ScenarioError, match="engineering\n  found None"):
        PRICES.self_hosted(
            "gpt-oss-120b",
            instance="lambda/gpu_1x_b200_sxm6",
            purchase="on_demand",
            engineering=None,  # type: ignore[arg-type]  # the mistake is the point
        )


def test_an_api_may_have_engineering_and_has_none_unless_said() -> None:
    plan = tc.Engineering(upkeep_usd_per_month=500.0, label="prompts")
    with_plan = tc.Study([PRICES.api("openai/gpt-6-sol", engineering=plan, label="sol")], workload=CHAT)
    without = tc.Study([PRICES.api("openai/gpt-6-sol", label="sol")], workload=CHAT)
    assert_allclose(with_plan.costs(VOLUMES) - without.costs(VOLUMES), 500.0, rtol=1e-9)
    assert without.costs(0.0).iloc[0, 0] == 0.0


# ---------------------------------------------------------------------- sums


@pytest.mark.parametrize("volume", [0.0, 1.0, 1e9, 1.234e11])
def test_the_breakdown_sums_to_the_costs(study: tc.Study, volume: float) -> None:
    parts = study.breakdown(volume)
    sums = parts.groupby("option", sort=False)["usd_per_month"].sum()
    assert_allclose(sums.to_numpy(), study.costs(volume).iloc[0][sums.index].to_numpy(), rtol=1e-12, atol=1e-9)
    assert set(parts["option"]) == {"frontier", "small", "open, hosted", "self-hosted"}
    assert (parts["source"].str.len() > 0).all()


def test_every_component_that_comes_from_a_table_names_its_row(study: tc.Study) -> None:
    parts = study.breakdown(1e10)
    given = parts["source"] == "given by the study"
    assert set(parts[given]["component"]) == {"platform: amortised", "this model: amortised", "this model: upkeep"}
    assert parts[~given]["source"].str.contains(r"pricing/[a-z]+/[a-z-]+\.yaml:\d+ \(", regex=True).all()


# ---------------------------------------------------------------------- addresses


def addresses_of(study: tc.Study) -> dict[str, float]:
    """Return every address with its value."""
    frame = study.parameters()
    assert frame["address"].is_unique
    return dict(zip(frame["address"], frame["value"], strict=True))


def other_value(address: str, value: float) -> float:
    """Return another value that the address may have, far from the first."""
    name = address.rpartition(".")[2].rpartition(":")[2]
    if name in {"peak_to_mean", "burst_ratio"}:
        return value + 1.0
    if name.endswith("_instance_count"):
        return value + 50.0
    return value * 0.5 if value else 0.25


def named_studies() -> Iterator[tuple[str, tc.Study]]:
    """Yield studies that between them have every kind of address."""
    yield "chat", tc.Study(options(), workload=CHAT, reference=["small"], tokens_per_month=4e9)
    long = tc.Workload(
        input_tokens=250_000,
        output_tokens=2_000,
        cached_input_share=0.4,
        cache_write_share=0.1,
        batch_share=0.3,
        input_cv=1.2,
        output_cv=0.5,
        text_kind="python",
        burst_ratio=1.5,
    )
    sol = PRICES.api("openai/gpt-6-sol", label="sol", discount_share=0.1, output_ratio=1.4)
    opus = PRICES.api("anthropic/claude-haiku-5-5", label="haiku", tokenizer_ratio=1.2)
    own = PRICES.self_hosted(
        "llama-3.3-70b",
        instance="lambda/gpu_8x_h100_sxm5",
        purchase="on_demand",
        engineering=tc.Engineering(
            upfront_usd=1e5,
            discount_rate_per_year=0.1,
            upkeep_usd_per_month=10.0,
            upkeep_usd_per_gpu_month=30.0,
            lead_months=2.0,
            label="all of it",
        ),
        label="own",
        prefix_hit_share=0.2,
        billed_hours_share=0.9,
        gpus_per_replica=2,
    )
    yield "long", tc.Study([sol, opus, own], workload=long)
    custom = tc.Option("curve", tc.CostCurve.per_mtok(3.0))
    yield "custom", tc.Study([custom, own], workload=CHAT)


STUDIES = dict(named_studies())
PROBES = np.array([0.0, 1e6, 1e9, 1.1e10, 3.3e11, 2.22e12, 7e13])

# addresses that other values of rightly leave every cost alone, and why
NEUTRAL = {
    "chat": {
        # where you are changes what the verdict says, not what a volume costs
        "tokens_per_month",
        # nothing is deferrable, so no batch discount applies
        "prices:anthropic/claude-opus-5-5.batch.discount_share",
        "prices:anthropic/claude-opus-5-5.batch.cache_discount_share",
        "prices:openai/gpt-6-luna.batch.discount_share",
        "prices:openai/gpt-6-luna.batch.cache_discount_share",
        # Lambda's disks cost nothing extra, however many copies of the weights are on them
        "self-hosted:around.storage_copies_per_instance_ratio",
        # every prompt has 3,000 tokens, so none is in the tier over 272,000
        "prices:openai/gpt-6-luna.long_context[272000].input_usd_per_mtok",
        "prices:openai/gpt-6-luna.long_context[272000].output_usd_per_mtok",
        "prices:openai/gpt-6-luna.long_context[272000].cache_read_usd_per_mtok",
        "prices:openai/gpt-6-luna.long_context[272000].cache_write_usd_per_mtok",
    },
    "long": {
        # lead time counts in projections, not in a month's bill (METHOD.md, Engineering)
        "own:engineering[all of it].lead_months",
        "own:around.storage_copies_per_instance_ratio",
    },
    "custom": {
        # a curve of one's own costs what it costs whatever the workload; the fleet does not cache at a provider
        "own:engineering[all of it].lead_months",
        "own:around.storage_copies_per_instance_ratio",
        "workload:cached_input_share",
        "workload:cache_write_share",
    },
}


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_a_number_replaced_by_itself_changes_nothing(name: str) -> None:
    studied = STUDIES[name]
    before = studied.costs(PROBES)
    for address, value in addresses_of(studied).items():
        after = studied.replace({address: value}).costs(PROBES)
        assert_allclose(after.to_numpy(), before.to_numpy(), rtol=1e-12, err_msg=address)


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_another_value_changes_something_or_is_rightly_neutral(name: str) -> None:
    studied = STUDIES[name]
    before = studied.costs(PROBES).to_numpy()
    silent = set()
    for address, value in addresses_of(studied).items():
        changed = studied.replace({address: other_value(address, value)})
        if np.allclose(changed.costs(PROBES).to_numpy(), before, rtol=1e-12):
            silent.add(address)
        assert addresses_of(changed)[address] == pytest.approx(other_value(address, value)), address
    assert silent == NEUTRAL[name]


def test_the_studies_have_every_kind_of_address() -> None:
    named = {address.partition(":")[0] for study in STUDIES.values() for address in addresses_of(study)}
    assert named >= {"workload", "prices", "compute", "tokenizers", "own", "sol", "haiku", "self-hosted"}


def test_replacing_a_price_by_hand(study: tc.Study) -> None:
    """8 instead of 4 USD/Mtok in: 1.55 x 1,350 fresh tokens of 3,400 cost 4 more per million."""
    changed = study.replace({"prices:anthropic/claude-opus-5-5.input_usd_per_mtok": 8.0})
    difference = changed.costs(1e9).iloc[0] - study.costs(1e9).iloc[0]
    assert difference["frontier"] == pytest.approx(1_000 * 1.55 * 4 * 1_350 / 3_400)
    assert difference.drop("frontier").abs().max() == 0.0
    cited = changed.parameters().set_index("address")
    assert cited.loc["prices:anthropic/claude-opus-5-5.input_usd_per_mtok", "origin"] == "given"


def test_several_numbers_at_once_are_the_same_as_one_after_another(study: tc.Study) -> None:
    changes = {
        "workload:output_tokens": 800.0,
        "self-hosted:engineering[platform].upfront_usd": 1.0,
        "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour": 3.0,
    }
    at_once = study.replace(changes)
    one_by_one = study
    for address, value in changes.items():
        one_by_one = one_by_one.replace({address: value})
    pd.testing.assert_frame_equal(at_once.costs(VOLUMES), one_by_one.costs(VOLUMES))
    assert study.workload.output_tokens == 400.0  # the first study is as it was


@pytest.mark.parametrize(
    ("address", "offered"),
    [
        ("workload:ouput_tokens", "output_tokens"),
        ("prices:anthropic/claude-opus-5-5.input_usd_per_mtk", "prices:anthropic/claude-opus-5-5.input_usd_per_mtok"),
        ("compute:lambda/gpu_1x_b200_sxm6.usd_per_hours", "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour"),
        ("self-hosted:target_load_shre", "target_load_share"),
        ("frontier:discount_shar", "discount_share"),
        ("frontir:discount_share", ""),
        ("nonsense", ""),
    ],
)
def test_an_unknown_address_offers_the_nearest(study: tc.Study, address: str, offered: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        study.replace({address: 1.0})
    assert address in str(caught.value).splitlines()[0]
    if offered:
        assert f"Did you mean '{offered}'" in str(caught.value)


def test_a_value_out_of_bounds_is_refused_at_its_address(study: tc.Study) -> None:
    for address in ("workload:output_tokens", "prices:openai/gpt-6-luna.input_usd_per_mtok", "self-hosted:throughput"):
        with pytest.raises(ScenarioError) as caught:
            study.replace({address: -1.0})
        assert str(caught.value).startswith(f"{address}\n  found -1; accepted: ")
    with pytest.raises(ScenarioError, match="self-hosted:engineering\n  found 5"):
        study.replace({"self-hosted:engineering": 5})


def test_where_you_are_has_an_address(study: tc.Study) -> None:
    assert study.replace({"tokens_per_month": 7e9}).tokens_per_month == 7e9
    with pytest.raises(ScenarioError, match="tokens_per_month\n  found 0"):
        study.replace({"tokens_per_month": 0})


def test_where_you_are_is_listed(study: tc.Study) -> None:
    assert "tokens_per_month" in addresses_of(study)


def twice(**fields: Any) -> list[Any]:  # arguments of self_hosted, one list of two per field
    """Return two self-hosted options that differ in some fields."""
    common = {
        "engineering": tc.Engineering.none(),
        "instance": "aws/p5.48xlarge",
        "purchase": "on_demand",
        "region": "us-east-1",
    }
    return [
        PRICES.self_hosted(
            "llama-3.3-70b", label=label, **{**common, **{key: value[i] for key, value in fields.items()}}
        )
        for i, label in enumerate(("a", "b"))
    ]


def test_two_offers_of_one_instance_have_two_addresses() -> None:
    pair = twice(purchase=["on_demand", "capacity_block"], region=["us-east-1", "us-east-1"])
    study = tc.Study(pair, workload=CHAT)
    hourly = [address for address in addresses_of(study) if address.startswith("compute:")]
    assert len(hourly) == 2
    before = study.costs(PROBES)
    for address in hourly:
        same = study.replace({address: addresses_of(study)[address]}).costs(PROBES)
        pd.testing.assert_frame_equal(same, before)
        half = study.replace({address: addresses_of(study)[address] / 2}).costs(PROBES)
        assert int((half.iloc[0] != before.iloc[0]).sum()) == 1


def one_row_or_refused(study: tc.Study, shared: set[str]) -> None:
    """Assert that addresses of one row take their own value without effect, and shared ones are refused."""
    before = study.costs(PROBES)
    for address, value in addresses_of(study).items():
        if address in shared:
            with pytest.raises(ScenarioError, match="an address that stands for 2 rows"):
                study.replace({address: value})
        else:
            pd.testing.assert_frame_equal(study.replace({address: value}).costs(PROBES), before)


def test_an_address_of_two_rows_of_a_model_is_refused() -> None:
    """gpt-4o at 5 in / 15 out on 2024-06-01 and at 2.5 / 10 now: one number cannot replace both."""
    then = tc.load_prices(as_of="2024-06-01").api("openai/gpt-4o", label="then")
    shape = tc.Workload(input_tokens=1, output_tokens=1)
    study = tc.Study([PRICES.api("openai/gpt-4o", label="now"), then], workload=shape)
    one_row_or_refused(study, {f"prices:openai/gpt-4o.{kind}_usd_per_mtok" for kind in ("input", "output")})
    late = tc.load_prices(as_of="2026-11-20").api("openai/gpt-4o", label="then")  # of the same row
    one_row_or_refused(tc.Study([PRICES.api("openai/gpt-4o", label="now"), late], workload=shape), set())


def test_an_address_of_two_rows_of_an_instance_is_refused() -> None:
    study = tc.Study(twice(compute_as_of=["2025-06-04", "2026-11-21"]), workload=CHAT)
    hourly = {address for address in addresses_of(study) if address.startswith("compute:")}
    assert len(hourly) == 1
    one_row_or_refused(study, hourly)


def test_a_fitted_rate_replaced_by_itself_keeps_its_replica() -> None:
    study = tc.Study(twice()[:1], workload=tc.Workload(input_tokens=3_000, output_tokens=400))
    rate = addresses_of(study)["a:throughput"]
    after = study.replace({"a:throughput": rate}).costs(PROBES)
    assert_allclose(after.to_numpy(), study.costs(PROBES).to_numpy(), rtol=1e-12)


@pytest.mark.parametrize("label", ["prices", "compute", "provisioned", "tokenizers", "workload"])
def test_a_label_that_addresses_use_is_refused(label: str) -> None:
    said = f"label\n  found '{label}', which addresses use for something else"
    with pytest.raises(ScenarioError, match=said):
        PRICES.api("anthropic/claude-opus-5-5", label=label)
    with pytest.raises(ScenarioError, match=said):
        own_of(PRICES, label)
    with pytest.raises(ScenarioError, match=said):
        line(1.0, label)


# ---------------------------------------------------------------------- dates


@pytest.mark.parametrize("day", ["2026-10-01", "2026-12-01", "2027-01-01"])
def test_at_is_the_study_loaded_at_that_date(day: str) -> None:
    def made(prices: tc.PriceBook) -> tc.Study:
        own = prices.self_hosted(
            "gpt-oss-120b",
            instance="lambda/gpu_1x_b200_sxm6",
            purchase="on_demand",
            engineering=engineering(),
            label="own",
        )
        api = [prices.api("google/gemini-3.8-flash", label="flash"), prices.api("openai/gpt-6-luna", label="luna")]
        return tc.Study([*api, own], workload=CHAT, incumbent="luna", reference=["flash"], tokens_per_month=1e9)

    moved, loaded = made(PRICES).at(day), made(tc.load_prices(as_of=day))
    pd.testing.assert_frame_equal(moved.costs(VOLUMES), loaded.costs(VOLUMES))
    pd.testing.assert_frame_equal(moved.parameters(), loaded.parameters())
    pd.testing.assert_frame_equal(moved.sources(), loaded.sources())
    assert moved.notes == loaded.notes
    assert moved.verdict() == loaded.verdict()
    assert (moved.incumbent, moved.reference, moved.tokens_per_month) == ("luna", ("flash",), 1e9)


def test_at_keeps_what_was_replaced(study: tc.Study) -> None:
    address = "prices:openai/gpt-6-luna.output_usd_per_mtok"
    moved = study.replace({address: 9.0}).at("2026-12-01")
    assert addresses_of(moved)[address] == 9.0


def test_at_a_date_without_a_price(study: tc.Study) -> None:
    with pytest.raises(ResolveError, match="before the first known price"):
        study.at("2026-01-01").costs(1e9)


# ---------------------------------------------------------------------- winners, references, incumbents


def line(usd_per_mtok: float, label: str, fixed: float = 0.0) -> tc.Option:
    """Return an option at a price per million tokens and a fixed amount."""
    return tc.Option(label, tc.CostCurve.per_mtok(usd_per_mtok) + tc.CostCurve.fixed(fixed))


def test_references_enter_neither_winners_nor_the_verdict() -> None:
    api, own, toy = line(6.0, "api"), line(1.0, "own", 5_000.0), line(0.1, "toy")
    with_toy = tc.Study([api, own, toy], workload=CHAT, reference=["toy"], tokens_per_month=2e9)
    without = tc.Study([api, own], workload=CHAT, tokens_per_month=2e9)
    pd.testing.assert_frame_equal(with_toy.winners(), without.winners())
    assert with_toy.verdict() == without.verdict()
    assert "toy" not in with_toy.verdict()
    # the crossing: 5,000 / (6 - 1) USD per million is 1e9 tokens
    assert with_toy.winners()["from_tokens_per_month"].tolist() == [0.0, pytest.approx(1e9)]
    assert with_toy.winners()["option"].tolist() == ["api", "own"]
    # but it is drawn and compared pairwise
    assert "toy" in with_toy.costs(1.0).columns
    assert with_toy.breakeven("toy").first == 0.0
    row = with_toy.breakevens().set_index("challenger").loc["toy"]
    assert not row["substitute"]
    as_substitute = tc.Study([api, own, toy], workload=CHAT)
    assert as_substitute.winners()["option"].tolist() == ["toy"]


def test_the_incumbent_is_the_first_option_unless_said() -> None:
    api, own = line(6.0, "api"), line(1.0, "own", 5_000.0)
    assert tc.Study([api, own], workload=CHAT).breakevens()["challenger"].tolist() == ["own"]
    said = tc.Study([api, own], workload=CHAT, incumbent="own")
    assert said.breakevens()["challenger"].tolist() == ["api"]
    assert said.breakeven("api").first == 0.0
    assert said.breakeven("api").robust is None
    assert said.breakeven("own", against="api").first == pytest.approx(1e9)


def test_the_verdict_in_a_sentence() -> None:
    """DESIGN.md's walk: 6 USD/Mtok against 4,325 USD: 4,325 / 6 = 720.83 million tokens."""
    study = tc.Study([line(6.0, "API"), line(0.0, "own GPUs", 4_325.0)], workload=CHAT, tokens_per_month=2e9)
    assert study.verdict() == (
        "API is the cheapest up to 721M tokens/month; own GPUs from 721M tokens/month (where API costs 4,325 USD). "
        "At your 2B tokens/month own GPUs costs 4,325 USD a month against 12,000 USD for API."
    )


def test_never_the_cheapest_is_a_result_with_a_reason() -> None:
    study = tc.Study([line(1.0, "api"), line(2.0, "own", 100.0)], workload=CHAT)
    found = study.breakeven("own")
    assert found.first is None
    assert found.robust is None
    assert found.reason is not None
    assert "own" in found.reason
    row = study.breakevens().iloc[0]
    assert np.isnan(row["first_tokens_per_month"])
    assert row["reason"] == found.reason
    assert "Own is never the cheapest, and it never undercuts api." in study.verdict()


def test_labels_have_to_exist_and_differ() -> None:
    api, own = line(6.0, "api"), line(1.0, "own")
    with pytest.raises(ScenarioError, match="two labelled 'api'"):
        tc.Study([api, line(1.0, "api")], workload=CHAT)
    with pytest.raises(ScenarioError, match="incumbent\n  found unknown option label 'ap'"):
        tc.Study([api, own], workload=CHAT, incumbent="ap")
    with pytest.raises(ScenarioError, match="reference\n  found unknown option label 'owm'"):
        tc.Study([api, own], workload=CHAT, reference=["owm"])
    with pytest.raises(ScenarioError, match="reference\n  found 'own'; accepted: a list of labels"):
        tc.Study([api, own], workload=CHAT, reference="own")
    with pytest.raises(ScenarioError, match="at least one option that is a substitute"):
        tc.Study([api], workload=CHAT, reference=["api"])
    with pytest.raises(ScenarioError, match="options\n  found none"):
        tc.Study([], workload=CHAT)
    with pytest.raises(ScenarioError, match="unknown label 'ow'"):
        tc.Study([api, own], workload=CHAT).breakeven("ow")
    with pytest.raises(ScenarioError, match="'api' against itself"):
        tc.Study([api, own], workload=CHAT).breakeven("api")
    with pytest.raises(TypeError, match="workload"):
        tc.Study([api, own])  # type: ignore[call-arg]  # the mistake is the point
    for label in ("", " ", "a:b", "a[0]"):
        with pytest.raises(ScenarioError, match="label"):
            line(1.0, label)


def test_margins_ask_for_more_than_cheaper() -> None:
    """10% cheaper than 6 is 5.4: 5,000 / (5.4 - 1) USD per million."""
    study = tc.Study([line(6.0, "api"), line(1.0, "own", 5_000.0)], workload=CHAT)
    assert study.breakeven("own", margin_share=0.1).first == pytest.approx(5_000 / 4.4 * 1e6)


# ---------------------------------------------------------------------- budgets


@pytest.mark.parametrize("label", ["frontier", "small", "open, hosted"])
@pytest.mark.parametrize("usd", [0.01, 50.0, 50_000.0, 3e7])
def test_a_budget_buys_the_volume_that_costs_it(study: tc.Study, label: str, usd: float) -> None:
    volume = study.tokens_per_month_for(usd_per_month=usd, option=label)
    assert study.costs(volume)[label].iloc[0] == pytest.approx(usd, rel=1e-9)
    assert study.costs(volume * (1 - 1e-9))[label].iloc[0] < usd < study.costs(volume * (1 + 1e-9))[label].iloc[0]


@pytest.mark.parametrize("usd", [31_038.74, 50_000.0, 123_456.0, 1e6])
def test_a_budget_on_a_staircase_buys_the_end_of_the_last_step(study: tc.Study, usd: float) -> None:
    study = study.replace({"self-hosted:around": tc.AroundGpu.none()})
    volume = study.tokens_per_month_for(usd_per_month=usd, option="self-hosted")
    assert study.costs(volume)["self-hosted"].iloc[0] <= usd
    assert study.costs(volume * (1 + 1e-9))["self-hosted"].iloc[0] > usd
    # fixed: 120,000 / 24 + 30,000 / 9 + 12,500; an instance costs 6.99 x 730, one of them is spare
    instances = (usd - 120_000 / 24 - 30_000 / 9 - 12_500) // (6.99 * 730) - 1
    step = study.comparison.resolved["self-hosted"].fleet
    assert step is not None
    assert volume == pytest.approx(instances * float(np.asarray(step.tokens_per_step)), rel=1e-9)


def test_budgets_at_the_edges() -> None:
    study = tc.Study([line(0.0, "flat", 100.0), line(1.0, "api")], workload=CHAT)
    assert study.tokens_per_month_for(usd_per_month=100.0, option="flat") == np.inf
    assert study.tokens_per_month_for(usd_per_month=99.0, option="flat") == 0.0
    assert study.tokens_per_month_for(usd_per_month=0.0, option="api") == 0.0
    with pytest.raises(ScenarioError, match="usd_per_month\n  found -1"):
        study.tokens_per_month_for(usd_per_month=-1.0, option="api")


# ---------------------------------------------------------------------- draws

DRAWS = {
    "workload:input_tokens": np.array([500.0, 2_900.0, 3_000.0, 9_000.0]),
    "workload:cached_input_share": np.array([0.0, 0.3, 0.6, 0.9]),
    "workload:batch_share": np.array([0.0, 0.3, 0.6, 1.0]),
    "workload:peak_to_mean": np.array([1.0, 2.0, 3.0, 8.0]),
    "prices:anthropic/claude-opus-5-5.input_usd_per_mtok": np.array([0.0, 1.0, 4.0, 40.0]),
    "tokenizers:claude-5.english.tokenizer_ratio": np.array([0.5, 1.0, 1.55, 3.0]),
    "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour": np.array([1.0, 3.0, 6.99, 90.0]),
    "self-hosted:engineering[platform].upfront_usd": np.array([0.0, 1e4, 1.2e5, 1e7]),
    "self-hosted:engineering[this model].amortization_months": np.array([1.0, 9.0, 24.0, 60.0]),
    "self-hosted:throughput": np.array([100.0, 1_000.0, 5e4, 1e6]),
    "self-hosted:min_instance_count": np.array([0.0, 2.0, 5.0, 400.0]),
    "frontier:discount_share": np.array([0.0, 0.2, 0.9, 1.0]),
}


@pytest.mark.parametrize("address", sorted(DRAWS))
def test_draws_give_a_breakeven_each_equal_to_one_by_one(study: tc.Study, address: str) -> None:
    draws = DRAWS[address]
    together = study.replace({address: draws}).breakeven("self-hosted", against="frontier")
    assert np.asarray(together.first).shape == np.asarray(together.robust).shape == (4,)
    assert together.intervals == ()
    one_by_one = [study.replace({address: float(v)}).breakeven("self-hosted", against="frontier") for v in draws]
    for name in ("first", "robust", "first_usd_per_month"):
        expected = [np.nan if getattr(b, name) is None else getattr(b, name) for b in one_by_one]
        assert_allclose(np.asarray(getattr(together, name)), expected, rtol=1e-9, err_msg=name)


def test_two_draws_go_together_index_by_index(study: tc.Study) -> None:
    """One draw per parameter, shared by every option that uses it (METHOD.md, Uncertainty)."""
    changes = {"workload:input_tokens": np.array([500.0, 9_000.0]), "workload:output_tokens": np.array([800.0, 100.0])}
    together = study.replace(changes).breakeven("self-hosted")
    one_by_one = [
        study.replace({name: float(values[i]) for name, values in changes.items()}).breakeven("self-hosted").first
        for i in range(2)
    ]
    assert_allclose(np.asarray(together.first), np.array(one_by_one, dtype=float), rtol=1e-9)


def test_tables_and_charts_show_the_medians_and_say_so(study: tc.Study) -> None:
    draws = np.array([1.0, 4.0, 100.0])
    uncertain = study.replace({"prices:anthropic/claude-opus-5-5.input_usd_per_mtok": draws})
    pd.testing.assert_frame_equal(uncertain.costs(VOLUMES), study.costs(VOLUMES))  # 4 is the median and the table's
    assert uncertain.verdict() == study.verdict()
    said = "Some numbers are uncertain: tables and charts show their medians; a sample says how sure."
    assert said in uncertain.notes
    row = uncertain.parameters().set_index("address").loc["prices:anthropic/claude-opus-5-5.input_usd_per_mtok"]
    assert bool(row["draws"])


def test_a_distribution_is_a_number(study: tc.Study) -> None:
    spread = study.replace({"workload:output_tokens": stats.uniform(200, 400)})  # from 200 to 600, median 400
    assert_allclose(spread.costs(VOLUMES).to_numpy(), study.costs(VOLUMES).to_numpy(), rtol=1e-12)


def test_draws_share_the_replica_of_their_medians() -> None:
    """One deployment is built before anybody knows the draw: its replica is the one for the medians."""
    study = tc.Study(
        [line(6.0, "api"), *twice()[:1]], workload=tc.Workload(input_tokens=3_000, output_tokens=400), incumbent="api"
    )
    draws = np.array([100.0, 3_000.0, 30_000.0])
    together = study.replace({"workload:input_tokens": draws}).breakeven("a")
    count = round(
        float(str(study.capacity(1e9).loc["gpus_per_replica", "a"]))
    )  # the study's 3,000 tokens are the draws' median
    pinned = study.replace({"a:gpus_per_replica": count})
    one_by_one = [pinned.replace({"workload:input_tokens": float(v)}).breakeven("a").first for v in draws]
    assert_allclose(np.asarray(together.first), np.array(one_by_one, dtype=float), rtol=1e-6)


# ---------------------------------------------------------------------- hosted twins


def test_a_self_hosted_line_is_seen_beside_the_same_weights_hosted() -> None:
    own = options()[3]
    study = tc.Study([options()[0], own], workload=CHAT)
    seen = with_hosted_twins(study.comparison)
    added = seen.labels[2:]
    assert len(added) == 1
    assert added[0].startswith("gpt-oss-120b at ")
    assert seen.reference == added
    # the cheapest host at this workload: deepinfra at 0.037 in and 0.17 out, together asks 0.15 and 0.6
    assert added == ("gpt-oss-120b at deepinfra",)
    assert seen.curve(added[0]).usd_per_mtok(1e9) == pytest.approx((3_000 * 0.037 + 400 * 0.17) / 3_400)
    assert "deepinfra" in study._repr_html_()
    assert study.costs(1.0).columns.tolist() == ["frontier", "self-hosted"]  # numbers are of what was asked


def test_no_twin_where_the_weights_are_compared_already(study: tc.Study) -> None:
    assert with_hosted_twins(study.comparison).labels == study.comparison.labels


def quoted(folder: Path, file: str, key: str) -> tc.PriceBook:
    """Return the shipped tables with quotes around every value of a key in a file: the same YAML."""
    shutil.copytree(PRICING, folder / "pricing")
    path = folder / "pricing" / file
    text = path.read_text(encoding="utf-8")
    assert f"{key}: gpt-oss-120b\n" in text
    path.write_text(text.replace(f"{key}: gpt-oss-120b\n", f'{key}: "gpt-oss-120b"\n'), encoding="utf-8")
    return tc.load_prices(folder / "pricing", as_of="2026-11-21")


def own_of(prices: tc.PriceBook, label: str = "own") -> Any:  # an option of the library
    """Return gpt-oss-120b on a B200."""
    return prices.self_hosted(
        "gpt-oss-120b",
        instance="lambda/gpu_1x_b200_sxm6",
        purchase="on_demand",
        engineering=engineering(),
        label=label,
    )


def test_quotes_in_a_table_do_not_hide_rates(tmp_path: Path) -> None:
    study = tc.Study([own_of(quoted(tmp_path, "throughput/gpt-oss.yaml", "model"))], workload=CHAT)
    assert_allclose(study.costs(VOLUMES), tc.Study([own_of(PRICES)], workload=CHAT).costs(VOLUMES))


def test_quotes_in_a_table_do_not_hide_twins(tmp_path: Path) -> None:
    study = tc.Study([own_of(quoted(tmp_path, "api/deepinfra.yaml", "weights"))], workload=CHAT)
    assert with_hosted_twins(study.comparison).labels == ("own", "gpt-oss-120b at deepinfra")


# ---------------------------------------------------------------------- in a notebook


class _Tags(html.parser.HTMLParser):
    """Collects the tags of a document."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("incumbent", [0, 1])
def test_html_escapes_what_people_wrote(incumbent: int) -> None:
    evil = '<script>alert("x")</script> & <b>'
    both = [line(6.0, evil), line(1.0, "own", 5_000.0)]
    study = tc.Study(both, workload=CHAT, incumbent=both[incumbent].label, tokens_per_month=2e9).noted("<img src=x>")
    shown = study._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown
    assert "&lt;img src=x&gt;" in shown
    found = _Tags(shown)
    assert found.open == []
    assert set(found.tags) <= {"div", "p", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td"} | {
        "details",
        "summary",
        "ul",
        "li",
    }


def test_html_has_verdict_costs_breakevens_and_sources(study: tc.Study) -> None:
    shown = study._repr_html_()
    assert study.verdict().split(";")[0] in shown.replace("&#x27;", "'")
    for part in ("Monthly cost", "Against frontier", "Table rows used", "pricing/api/anthropic.yaml:", "4B (you)"):
        assert part in shown
    assert f"sha256 {PRICES.content_hash[:12]}" in shown
    assert "prices as of 2026-11-21" in shown
