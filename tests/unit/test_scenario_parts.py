"""A scenario file says what Python says: each new entry beside the calls that it stands for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.testing import assert_allclose

import tokencross as tc
from tokencross.errors import TokencrossError

BOOK = tc.load_prices(as_of="2026-11-21")
VOLUMES = np.geomspace(1e8, 1e12, 30)
SAMPLES = Path(__file__).resolve().parents[1] / "benchmark_files"
OWN = """
  - label: own
    self_hosted: llama-3.3-70b
    instance: aws/p5.48xlarge
    region: us-east-1
    purchase: on_demand
    engineering: []
"""


def study_of(folder: Path, options: str, workload: str = "{input_tokens: 3000, output_tokens: 1000}") -> tc.Study:
    """Return the study of a scenario."""
    path = folder / "scenario.yaml"
    text = f"name: a\nas_of: 2026-11-21\nworkload: {workload}\noptions:\n{options.strip(chr(10))}\n"
    path.write_text(text, encoding="utf-8")
    return tc.load_study(path)


def own(**terms: object) -> object:
    """Return the option that OWN says."""
    return BOOK.self_hosted(
        "llama-3.3-70b",
        instance="aws/p5.48xlarge",
        region="us-east-1",
        purchase="on_demand",
        engineering=tc.Engineering.none(),
        label="own",
        **terms,  # type: ignore[arg-type]  # any argument
    )


def same(found: tc.Study, *options: object, workload: tc.Workload) -> None:
    """Assert that a scenario's study costs what Python's does."""
    expected = tc.Study(list(options), workload=workload)  # type: ignore[arg-type]  # options
    assert_allclose(found.costs(VOLUMES).to_numpy(), expected.costs(VOLUMES).to_numpy(), rtol=1e-12)


CHAT = tc.Workload(input_tokens=3_000, output_tokens=1_000)


@pytest.mark.parametrize(
    ("load", "value"),
    [
        ("flat", tc.Load.flat()),
        ("azure-coding-2024", tc.Load.preset("azure-coding-2024")),
        ("{preset: azure-coding-2024, shifted_hours: -8}", tc.Load.preset("azure-coding-2024").shifted(-8)),
        (
            "{business_hours: {start_hour: 8, end_hour: 17, time_zone: Europe/Berlin, outside_share: 0.2}}",
            tc.Load.business_hours(start_hour=8, end_hour=17, time_zone="Europe/Berlin", outside_share=0.2),
        ),
        (
            "{mix: [{load: flat, share: 0.3}, {load: business_hours, share: 0.7}]}",
            tc.Load.mix([(tc.Load.flat(), 0.3), (tc.Load.business_hours(), 0.7)]),
        ),
        (str([0.5] * 8 + [2.0] * 8 + [0.5] * 8), tc.Load.hourly([0.5] * 8 + [2.0] * 8 + [0.5] * 8)),
    ],
)
def test_a_load(tmp_path: Path, load: str, value: tc.Load) -> None:
    found = study_of(
        tmp_path, OWN + "    scaling: autoscaled\n", f"{{input_tokens: 3000, output_tokens: 1000, load: {load}}}"
    )
    workload = tc.Workload(input_tokens=3_000, output_tokens=1_000, load=value)
    same(found, own(scaling=tc.Scaling.autoscaled()), workload=workload)


def test_a_log_lies_beside_the_scenario(tmp_path: Path) -> None:
    rows = [f"2026-10-{5 + hour // 24:02d}T{hour % 24:02d}:10:00Z,{1 + hour % 7}" for hour in range(14 * 24)]
    (tmp_path / "usage.csv").write_text("\n".join(["at,tokens", *rows]), encoding="utf-8")
    said = "{log: {path: usage.csv, time_column: at, token_columns: [tokens]}}"
    found = study_of(tmp_path, OWN, f"{{input_tokens: 3000, output_tokens: 1000, load: {said}}}")
    value = tc.Load.from_log(tmp_path / "usage.csv", time_column="at", token_columns=["tokens"])
    same(found, own(), workload=tc.Workload(input_tokens=3_000, output_tokens=1_000, load=value))


def test_classes_of_work(tmp_path: Path) -> None:
    said = (
        "{classes: {tagging: {share: 0.6, input_tokens: 800, output_tokens: 50}, "
        "agent: {share: 0.4, input_tokens: 20000, output_tokens: 900, cached_input_share: 0.5, "
        "cache_write_share: 0.1}}}"
    )
    small = "  - {label: small, api: openai/gpt-6-luna}\n  - {label: frontier, api: anthropic/claude-opus-5-5}\n"
    found = study_of(tmp_path, small + "  - {label: routed, split: {tagging: small, agent: frontier}}\n", said)
    agent = tc.Workload(input_tokens=20_000, output_tokens=900, cached_input_share=0.5, cache_write_share=0.1)
    mix = tc.Workload.mix({"tagging": (tc.Workload(input_tokens=800, output_tokens=50), 0.6), "agent": (agent, 0.4)})
    luna, opus = BOOK.api("openai/gpt-6-luna", label="small"), BOOK.api("anthropic/claude-opus-5-5", label="frontier")
    same(found, luna, opus, tc.Split({"tagging": luna, "agent": opus}, by="class", label="routed"), workload=mix)


SCALINGS = {
    "fixed": tc.Scaling.fixed(),
    "{autoscaled: {start_up_minutes: 7, cool_down_minutes: 20}}": tc.Scaling.autoscaled(
        start_up_minutes=7, cool_down_minutes=20
    ),
    "{scheduled: {start_hour: 7, end_hour: 20}}": tc.Scaling.scheduled(start_hour=7, end_hour=20),
    f"{{scheduled: {{blocks: {[0] * 12 + [1] * 12}}}}}": tc.Scaling.scheduled([0] * 12 + [1] * 12),
}


@pytest.mark.parametrize("said", SCALINGS)
def test_a_scaling(tmp_path: Path, said: str) -> None:
    shape = "{input_tokens: 3000, output_tokens: 1000, load: azure-conversation-2024}"
    found = study_of(tmp_path, f"{OWN}    scaling: {said}\n", shape)
    workload = tc.Workload(input_tokens=3_000, output_tokens=1_000, load="azure-conversation-2024")
    same(found, own(scaling=SCALINGS[said]), workload=workload)


def test_the_terms_of_a_fleet(tmp_path: Path) -> None:
    terms = {
        "base_purchase": "reserved_3y",
        "reserved_count": 4,
        "max_instance_count": 40,
        "zone_count": 1,
        "standby_share": 0.2,
    }
    found = study_of(tmp_path, OWN + "".join(f"    {key}: {value}\n" for key, value in terms.items()))
    same(found, own(**terms), workload=CHAT)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("typical", tc.AroundGpu.typical()),
        ("none", tc.AroundGpu.none()),
        (
            "{licence: nvidia_ai_enterprise, load_balancer: none, numbers: {staging_hours_share: 0.1}, "
            "other: {vpn: 120}}",
            tc.AroundGpu(
                licence="nvidia_ai_enterprise", load_balancer=None, staging_hours_share=0.1, other={"vpn": 120.0}
            ),
        ),
    ],
)
def test_what_stands_around(tmp_path: Path, said: str, value: tc.AroundGpu) -> None:
    same(study_of(tmp_path, f"{OWN}    around: {said}\n"), own(around=value), workload=CHAT)


def test_a_team(tmp_path: Path) -> None:
    team = "{engineers: 2, months: 3, loaded_usd_per_year: 300000, upkeep_fte: 0.5}"
    said = OWN.replace("engineering: []", f"engineering: [{{label: platform, team: {team}}}]")
    plan = tc.Engineering.from_team(
        engineers=2, months=3, loaded_usd_per_year=300_000, upkeep_fte=0.5, label="platform"
    )
    option = BOOK.self_hosted(
        "llama-3.3-70b",
        instance="aws/p5.48xlarge",
        region="us-east-1",
        purchase="on_demand",
        engineering=plan,
        label="own",
    )
    same(study_of(tmp_path, said), option, workload=CHAT)


def test_an_objective_and_measurements(tmp_path: Path) -> None:
    measured = (
        "{measured: [{input_tokens: 3000, output_tokens: 1000, gpu_count: 2, load_basis: closed_loop, "
        "source: our bench, output_tokens_per_second: 2400, time_per_output_token_ms: 22, "
        "time_to_first_token_ms: 300}]}"
    )
    found = study_of(tmp_path, f"{OWN}    throughput: {measured}\n    latency: {{time_per_output_token_ms: 25}}\n")
    rate = tc.Throughput.measured(
        input_tokens=3_000,
        output_tokens=1_000,
        gpu_count=2,
        load_basis="closed_loop",
        source="our bench",
        output_tokens_per_second=2_400,
        time_per_output_token_ms=22,
        time_to_first_token_ms=300,
    )
    same(found, own(throughput=rate, latency=tc.Latency(time_per_output_token_ms=25)), workload=CHAT)


def test_blends_find_their_options_by_label(tmp_path: Path) -> None:
    found = study_of(
        tmp_path,
        """
  - {label: frontier, api: anthropic/claude-opus-5-5}
  - {label: small, api: openai/gpt-6-luna, listed: false}
  - {label: cascade, cascade: small, fallback: frontier, escalation_share: 0.3, verifier_usd_per_request: 0.0005}
  - {label: split, split: [{option: small, share: 0.7}, {option: frontier, share: 0.3}]}
  - {label: done, accepted: small, success_share: 0.8, fallback: frontier, fallback_success_share: 0.95}
""",
    )
    assert [option.label for option in found.options] == ["frontier", "cascade", "split", "done"]
    luna, opus = BOOK.api("openai/gpt-6-luna", label="small"), BOOK.api("anthropic/claude-opus-5-5", label="frontier")
    same(
        found,
        opus,
        tc.Cascade(luna, opus, escalation_share=0.3, verifier_usd_per_request=0.0005, label="cascade"),
        tc.Split([(luna, 0.7), (opus, 0.3)], label="split"),
        tc.Accepted(luna, success_share=0.8, fallback=opus, fallback_success_share=0.95, label="done"),
        workload=CHAT,
    )


def test_spill_over(tmp_path: Path) -> None:
    shape = "{input_tokens: 3000, output_tokens: 1000, load: azure-coding-2024}"
    hosted = "  - {label: hosted, api: deepinfra/meta-llama/Llama-3.3-70B-Instruct-Turbo}\n"
    found = study_of(tmp_path, OWN + hosted + "  - {label: both, spillover: own, burst: hosted}\n", shape)
    workload = tc.Workload(input_tokens=3_000, output_tokens=1_000, load="azure-coding-2024")
    base, burst = own(), BOOK.api("deepinfra/meta-llama/Llama-3.3-70B-Instruct-Turbo", label="hosted")
    same(found, base, burst, tc.Spillover(base, burst, label="both"), workload=workload)  # type: ignore[arg-type]  # own


def test_fine_tuned(tmp_path: Path) -> None:
    training = "{examples_count: 5000, usd_per_example: 0.5, tokens_per_example: 900, epochs: 3}"
    found = study_of(
        tmp_path,
        "  - {label: tuned, fine_tuned: openai/gpt-4.1-mini, engineering: [], method: supervised, "
        f"training: {training}}}\n",
    )
    plan = tc.Training(examples_count=5_000, usd_per_example=0.5, tokens_per_example=900, epochs=3)
    option = BOOK.fine_tuned(
        "openai/gpt-4.1-mini",
        training=plan,
        engineering=tc.Engineering.none(),
        method="supervised",
        label="tuned",
    )
    same(found, option, workload=CHAT)


@pytest.mark.parametrize(
    ("said", "place", "words"),
    [
        ("    scaling: elastic\n", "options[0].scaling", "fixed, autoscaled, or a mapping"),
        ("    scaling: {autoscaled: {}, scheduled: {}}\n", "options[0].scaling", "one of autoscaled, scheduled"),
        ("    around: usual\n", "options[0].around", "typical, none, or a mapping"),
        ("    around: {numbers: {staging: 1}}\n", "options[0].around", "staging"),
        ("    throughput: {}\n", "options[0].throughput", "at least one measurement"),
        ("    throughput: {benchmarks: [{path: no.json, gpu_count: 1}]}\n", "options[0].throughput", "no.json"),
        ("    latency: {}\n", "options[0].latency", "time_per_output_token_ms"),
        (
            "  - {label: c, cascade: own, fallback: nobody, escalation_share: 0.1}\n",
            "options[1]",
            "unknown option label",
        ),
        ("  - {label: c, cascade: own, fallback: own, escalation_share: 1.1}\n", "options[1].escalation_share", "1.1"),
        ("  - {label: s, split: [{option: own, share: 0.7}]}\n", "options[1]", "0.7"),
        ("  - {label: s, spillover: own}\n", "options[1]", "burst, which spillover requires"),
        ("  - {label: t, fine_tuned: openai/gpt-4.1-mini, engineering: []}\n", "options[1]", "training"),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, said: str, place: str, words: str) -> None:
    with pytest.raises(TokencrossError) as caught:
        study_of(tmp_path, OWN + said)
    assert place in str(caught.value)
    assert words in str(caught.value)
    assert str(caught.value).count("scenario.yaml:") == 1


def test_classes_and_a_shape_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(TokencrossError, match="'input_tokens' beside classes"):
        study_of(tmp_path, OWN, "{input_tokens: 1, classes: {a: {share: 1.0, input_tokens: 1, output_tokens: 1}}}")


def test_the_schema_knows_every_key() -> None:
    schema = Path(__file__).resolve().parents[2] / "pricing" / "schema" / "scenario.schema.json"
    text = schema.read_text(encoding="utf-8")
    assert all(f'"{key}"' in text for key in ("cascade", "spillover", "business_hours", "autoscaled", "teacher"))
    assert yaml.safe_load(text)["title"] == "ScenarioFile"
