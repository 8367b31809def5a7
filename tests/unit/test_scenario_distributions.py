"""A scenario file says distributions, replaced numbers and correlations as Python does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tokencross as tc
from tokencross.distributions import between, share_between, triangular
from tokencross.errors import ScenarioError
from tokencross.number import Distribution
from tokencross.studies.inputs import Input, uncertain_inputs
from tokencross.tables import scenario_options, scenario_parts, scenario_workload

BOOK = tc.load_prices(as_of="2026-11-21")
VOLUMES = np.geomspace(1e8, 1e12, 30)
SCHEMA = Path(__file__).resolve().parents[2] / "pricing" / "schema" / "scenario.schema.json"
SCENARIO = """
name: chat
as_of: 2026-11-21
workload:
  input_tokens: {between: [2000, 4000]}
  output_tokens: 400
  batch_share: {share_between: [0.1, 0.3], name: waits}
tokens_per_month: {between: [2.0e+9, 8.0e+9]}
options:
  - {label: api, api: openai/gpt-6-sol, discount_share: {share_between: [0.05, 0.2]}}
  - label: own
    self_hosted: llama-3.3-70b
    instance: aws/p5.48xlarge
    region: us-east-1
    purchase: on_demand
    throughput: {triangular: [2000, 3000, 5000]}
    around: {numbers: {egress_usd_per_gb: {between: [0.05, 0.1]}}, other: {vpn: {between: [100, 200]}}}
    engineering:
      - {label: platform, upfront_usd: {triangular: [80000, 120000, 200000], name: work}}
      - {label: model, upfront_usd: {triangular: [80000, 120000, 200000], name: work}}
replace:
  prices:openai/gpt-6-sol.output_usd_per_mtok: {between: [6, 15], name: api price}
  compute:aws/p5.48xlarge[on_demand, us-east-1].usd_per_hour: {between: [40, 70], name: gpu price}
  workload:peak_to_mean: 2
correlations:
  - {pair: [gpu price, api price], correlation: 0.4}
  - {pair: [work, "own:throughput"], correlation: -0.2}
"""


def load(folder: Path, text: str) -> tc.Study:
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return tc.load_study(path)


def inputs(study: tc.Study) -> dict[str, Input]:
    return {each.name: each for each in uncertain_inputs(study.comparison, table_errors=False)}


def in_python() -> tc.Study:
    work = triangular(80_000, 120_000, 200_000, name="work")
    own = BOOK.self_hosted(
        "llama-3.3-70b",
        instance="aws/p5.48xlarge",
        region="us-east-1",
        purchase="on_demand",
        throughput=triangular(2_000, 3_000, 5_000),
        around=tc.AroundGpu(egress_usd_per_gb=between(0.05, 0.1), other={"vpn": between(100, 200)}),
        engineering=tc.Engineering(upfront_usd=work, label="platform")
        + tc.Engineering(upfront_usd=work, label="model"),
        label="own",
    )
    api = BOOK.api("openai/gpt-6-sol", discount_share=share_between(0.05, 0.2), label="api")
    waits = share_between(0.1, 0.3, name="waits")
    workload = tc.Workload(input_tokens=between(2_000, 4_000), output_tokens=400, batch_share=waits)
    study = tc.Study([api, own], workload=workload, tokens_per_month=between(2e9, 8e9))
    changed = study.replace(
        {
            "prices:openai/gpt-6-sol.output_usd_per_mtok": between(6, 15, name="api price"),
            "compute:aws/p5.48xlarge[on_demand, us-east-1].usd_per_hour": between(40, 70, name="gpu price"),
            "workload:peak_to_mean": 2,
        }
    )
    return changed.correlate({("gpu price", "api price"): 0.4, ("work", "own:throughput"): -0.2})


def test_a_file_says_what_python_says(tmp_path: Path) -> None:
    found, expected = load(tmp_path, SCENARIO), in_python()
    assert_allclose(found.costs(VOLUMES).to_numpy(), expected.costs(VOLUMES).to_numpy(), rtol=1e-12)
    assert found.comparison.correlations == expected.comparison.correlations
    said, meant = inputs(found), inputs(expected)
    assert [(name, one.addresses, one.distribution) for name, one in said.items()] == [
        (name, one.addresses, one.distribution) for name, one in meant.items()
    ]
    assert set(said) == {
        *("workload:input_tokens", "waits", "tokens_per_month", "api:discount_share", "own:throughput", "work"),
        *("own:around.egress_usd_per_gb", "own:around.other[vpn].usd_per_month", "api price", "gpu price"),
    }


def test_numbers_of_one_name_are_one_number(tmp_path: Path) -> None:
    study = load(tmp_path, SCENARIO)
    work = inputs(study)["work"]
    assert work.addresses == ("own:engineering[platform].upfront_usd", "own:engineering[model].upfront_usd")
    first, second = study.options[1].engineering.items
    assert first.upfront_usd is second.upfront_usd
    apart = inputs(load(tmp_path, SCENARIO.replace(", name: work}", "}").replace("  - {pair: [work,", "  #")))
    assert apart["own:engineering[platform].upfront_usd"].distribution == triangular(80_000, 120_000, 200_000)
    assert len(apart) == len(inputs(study)) + 1


def test_one_name_for_two_numbers_names_both_lines(tmp_path: Path) -> None:
    text = SCENARIO.replace("120000, 200000], name: work}}\n  ", "120000, 250000], name: work}}\n  ", 1)
    lines = text.splitlines()
    first, second = (
        1 + next(i for i, line in enumerate(lines) if f"label: {label}," in line) for label in ("platform", "model")
    )
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, text)
    assert str(caught.value) == (
        f"{tmp_path / 'scenario.yaml'}:{second}: options[1].engineering[1].upfront_usd\n"
        f"  found triangular: [80000, 120000, 200000] of the name 'work'; accepted: the same as on line {first}, "
        "triangular: [80000, 120000, 250000]: one name is one number.\n"
        "  Give it another name, or none."
    )


# what stands in an option: (key and value, what it is there)
OWN = """
name: a
as_of: 2026-11-21
workload: {{input_tokens: 3000, output_tokens: 400, load: business_hours}}
options:
  - {{label: small, api: openai/gpt-6-luna}}
  - {{label: api, api: openai/gpt-6-sol{api}}}
  - label: own
    self_hosted: llama-3.3-70b
    instance: aws/p5.48xlarge
    region: us-east-1
    purchase: {purchase}
    engineering: [{engineering}]
{own}
{more}
"""
SHARE, AMOUNT = "{share_between: [0.1, 0.3]}", "{between: [2, 4]}"
PLACES: list[tuple[dict[str, str], str]] = [
    ({"api": f", credits_usd_per_month: {AMOUNT}"}, "api:credits_usd_per_month"),
    ({"api": f", tokenizer_ratio: {AMOUNT}"}, "api:tokenizer_ratio"),
    ({"api": f", output_ratio: {AMOUNT}"}, "api:output_ratio"),
    (
        {"api": f", support: {{bands: [{{from_usd_per_month: 0, bill_share: 0.1}}], min_usd_per_month: {AMOUNT}}}"},
        "api:support.min_usd_per_month",
    ),
    ({"own": f"    target_load_share: {SHARE}"}, "own:target_load_share"),
    ({"own": f"    prefix_hit_share: {SHARE}"}, "own:prefix_hit_share"),
    ({"own": f"    billed_hours_share: {SHARE}"}, "own:billed_hours_share"),
    ({"own": f"    standby_share: {SHARE}"}, "own:standby_share"),
    ({"own": f"    interruption_overhead_share: {SHARE}", "purchase": "spot"}, "own:interruption_overhead_share"),
    ({"own": f"    scaling: {{autoscaled: {{start_up_minutes: {AMOUNT}}}}}"}, "own:scaling.start_up_minutes"),
    ({"own": f"    scaling: {{autoscaled: {{cool_down_minutes: {AMOUNT}}}}}"}, "own:scaling.cool_down_minutes"),
    (
        {"engineering": f"{{upfront_usd: 10, amortization_months: {AMOUNT}}}"},
        "own:engineering[engineering].amortization_months",
    ),
    (
        {"engineering": f"{{upfront_usd: 10, discount_rate_per_year: {AMOUNT}}}"},
        "own:engineering[engineering].discount_rate_per_year",
    ),
    ({"engineering": f"{{upkeep_usd_per_month: {AMOUNT}}}"}, "own:engineering[engineering].upkeep_usd_per_month"),
    (
        {"engineering": f"{{upkeep_usd_per_gpu_month: {AMOUNT}}}"},
        "own:engineering[engineering].upkeep_usd_per_gpu_month",
    ),
    ({"engineering": f"{{lead_months: {AMOUNT}}}"}, "own:engineering[engineering].lead_months"),
    ({"more": f"  - {{label: c, cascade: small, fallback: api, escalation_share: {SHARE}}}"}, "c:escalation_share"),
    (
        {
            "more": "  - {label: c, cascade: small, fallback: api, escalation_share: 0.2, "
            f"verifier_usd_per_request: {AMOUNT}}}"
        },
        "c:verifier_usd_per_request",
    ),
    ({"more": f"  - {{label: c, accepted: small, success_share: {SHARE}}}"}, "c:success_share"),
    (
        {
            "more": "  - {label: c, accepted: small, success_share: 0.5, reviewed_share: 0.5, "
            f"review_usd_per_task: {AMOUNT}}}"
        },
        "c:review_usd_per_task",
    ),
    (
        {
            "more": "  - {label: c, fine_tuned: openai/gpt-4.1-mini, engineering: [], training: {epochs: 3, "
            f"tokens_per_example: 1000, examples_count: {AMOUNT}}}}}"
        },
        "c:training.examples_count",
    ),
]


@pytest.mark.parametrize(("given", "address"), PLACES, ids=[address for _, address in PLACES])
def test_a_key_that_takes_a_distribution(tmp_path: Path, given: dict[str, str], address: str) -> None:
    blank = {"api": "", "purchase": "on_demand", "engineering": "", "own": "", "more": ""}
    found = inputs(load(tmp_path, OWN.format(**{**blank, **given})))
    expected: dict[str, Distribution] = {address: share_between(0.1, 0.3) if SHARE in str(given) else between(2, 4)}
    assert {name: one.distribution for name, one in found.items()} == expected


PLAIN = {
    *(
        "from_usd_per_month",
        "outside_share",
        "shifted_hours",
        "time_zone",
    ),  # bands, and a load's hours, are drawn as one
    *("share",),  # of routes and classes: together they are 1
    *("time_per_output_token_ms", "time_to_first_token_ms"),  # an objective
    *("input_tokens", "output_tokens", "output_tokens_per_second", "requests_per_second"),  # a measurement
}
"""Keys of traffic and options that are single numbers, each for its reason."""


def test_every_other_key_of_a_number_takes_a_distribution() -> None:
    records = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    names = [*scenario_options.__all__, *scenario_parts.__all__, *scenario_workload.__all__]
    plain: set[str] = set()
    uncertain: set[str] = set()
    for record in (records[name] for name in names if name in records):
        for key, said in record["properties"].items():
            kinds: list[dict[str, Any]] = said.get("anyOf", [said])
            if any(kind.get("type") == "number" for kind in kinds):
                entries = {"#/$defs/DistributionEntry", "#/$defs/ThroughputEntry"}
                (uncertain if any(kind.get("$ref") in entries for kind in kinds) else plain).add(key)
    assert {"upfront_usd", "discount_share", "throughput", "examples_count", "peak_to_mean"} <= uncertain
    assert plain == PLAIN


def test_an_editor_knows_the_keys() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    entry = schema["$defs"]["DistributionEntry"]
    assert list(entry["properties"]) == ["between", "triangular", "share_between", "name"]
    assert all(said["description"] for said in entry["properties"].values())
    assert entry["additionalProperties"] is False
    assert (entry["properties"]["triangular"]["minItems"], entry["properties"]["triangular"]["maxItems"]) == (3, 3)
    assert {"replace", "correlations"} <= set(schema["properties"])


# ---------------------------------------------------------------------- replaced numbers and correlations


def test_a_number_of_a_table_is_replaced(tmp_path: Path) -> None:
    plain = SCENARIO[: SCENARIO.index("replace:")]
    address = "prices:openai/gpt-6-sol.output_usd_per_mtok"
    found = load(tmp_path, f"{plain}replace:\n  {address}: 7.5\n")
    expected = load(tmp_path, plain).replace({address: 7.5})
    assert_allclose(found.costs(VOLUMES).to_numpy(), expected.costs(VOLUMES).to_numpy(), rtol=1e-12)
    assert found.parameters().set_index("address")["value"][address] == 7.5


def test_where_you_are_may_be_replaced(tmp_path: Path) -> None:
    plain = SCENARIO[: SCENARIO.index("replace:")]
    assert load(tmp_path, f"{plain}replace:\n  tokens_per_month: 5.0e+9\n").tokens_per_month == 5e9
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, f"{plain}replace:\n  tokens_per_month: -1\n")
    line = len(plain.splitlines()) + 2
    assert str(caught.value) == (
        f"{tmp_path / 'scenario.yaml'}:{line}: replace.tokens_per_month\n"
        "  found -1; accepted: a finite number > 0 (tokens per month)."
    )


CORRELATIONS = SCENARIO[: SCENARIO.index("correlations:")] + "correlations:\n"


@pytest.mark.parametrize(
    ("entries", "where", "found"),
    [
        (
            "  - {pair: [work, gpu price], correlation: 0.9}\n"
            "  - {pair: [gpu price, api price], correlation: 0.9}\n"
            "  - {pair: [work, api price], correlation: -0.9}\n",
            "correlations",
            "",
        ),
        (
            "  - {pair: [gpu price, work], correlation: 0.9}\n  - {pair: [work, gpu price], correlation: 0.9}\n",
            "correlations",
            "work with gpu price twice; accepted: each pair once",
        ),
        (
            "  - {pair: [work, work], correlation: 0.9}\n",
            "correlations[0].pair",
            "'work' with 'work', the same input; accepted: two different ones",
        ),
    ],
)
def test_correlations_that_cannot_be(tmp_path: Path, entries: str, where: str, found: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, CORRELATIONS + entries)
    first, second = str(caught.value).splitlines()[:2]
    line = len(CORRELATIONS.splitlines()) + (1 if "[" in where else 0)
    assert first.startswith(f"{tmp_path / 'scenario.yaml'}:{line}: {where}")
    assert second.startswith(f"  found {found}")


def test_correlations_that_go_together_only_as_a_whole(tmp_path: Path) -> None:
    together = (
        "  - {pair: [work, gpu price], correlation: 0.9}\n"
        "  - {pair: [gpu price, api price], correlation: 0.9}\n"
        "  - {pair: [work, api price], correlation: 0.9}\n"
    )
    assert len(load(tmp_path, CORRELATIONS + together).comparison.correlations) == 3


def test_a_list_for_a_number_is_one_mistake(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, SCENARIO.replace("output_tokens: 400", "output_tokens: [300, 500]"))
    assert str(caught.value) == (
        f"{tmp_path / 'scenario.yaml'}:6: workload.output_tokens\n  found [300, 500]; accepted: a number, in tokens."
    )


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("{between: [1, 2]}", "{between: [1, 2]}"),
        ("[a, true, null, 2026-11-21, {b: [1.5]}]", "['a', true, null, 2026-11-21, {b: [1.5]}]"),
        ("[2000, 4500]", "[2000, 4500]"),
    ],
)
def test_what_was_written_is_shown_as_it_was_written(tmp_path: Path, given: str, found: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, SCENARIO + f"note: {given}\n")
    assert f"\n  found {found}; accepted: text." in str(caught.value)
    day = SCENARIO.replace("as_of: 2026-11-21", f"as_of: {given}")
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, day)
    assert f"\n  found {found}; accepted: a date such as 2026-11-21, or tables." in str(caught.value)


def test_mistakes_at_several_places_are_all_said(tmp_path: Path) -> None:
    text = SCENARIO.replace("output_tokens: 400", "output_tokens: [300, 500]").replace("[2000, 4000]", "[4000, 2000]")
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, text)
    assert len(caught.value.problems) == 2
