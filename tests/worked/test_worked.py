"""Months worked by hand, each number traced to its row, against what a study says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

import tokencross as tc

HERE = Path(__file__).parent
CASES = ("self_hosted_month", "api_month", "one_numbers_walk")
Case = dict[str, Any]  # a worked case as YAML gives it


def worked(name: str) -> Case:
    """Return a case."""
    case: Case = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return case


def study_of(case: Case, folder: Path) -> tc.Study:
    """Return the case's study, loaded from a scenario file beside its own tables, if it has any."""
    for name, text in case.get("tables", {}).items():
        path = folder / "tables" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        (folder / "tables" / "VERSION").write_text("2026.11.21\n", encoding="utf-8")
    scenario = folder / "study.yaml"
    scenario.write_text(yaml.safe_dump({"name": "worked", **case["study"]}, sort_keys=False), encoding="utf-8")
    return tc.load_study(scenario)


def by_hand(step: Case) -> float:
    """Return what a step's arithmetic gives."""
    said = str(step["how"])
    assert set(said) <= set("0123456789.eE+-*/(), cilmax"), said
    return float(eval(said, {"__builtins__": {}}, {"ceil": math.ceil, "max": max}))


def every_step(case: Case) -> list[Case]:
    """Return all steps of a case."""
    first = [case["first_tokens_per_month"]] if "first_tokens_per_month" in case else []
    return [*case.get("capacity", []), *case["breakdown"], *case["costs"].values(), *first]


def test_every_case_is_run() -> None:
    assert {path.stem for path in HERE.glob("*.yaml")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_arithmetic_gives_the_number_beside_it(name: str) -> None:
    case = worked(name)
    for step in every_step(case):
        assert by_hand(step) == pytest.approx(step["is"], rel=case["margin_share"]), step
        assert step["from"], step


@pytest.mark.parametrize("name", CASES)
def test_a_study_gives_the_same_numbers(name: str, tmp_path: Path) -> None:
    case = worked(name)
    study = study_of(case, tmp_path)
    volume = float(case["study"]["tokens_per_month"])
    rel = 1e-6
    steps = study.capacity(volume)
    for step in case.get("capacity", []):
        assert steps.loc[step["step"], case["option"]] == pytest.approx(by_hand(step), rel=rel), step
    parts = study.breakdown(volume)
    parts = parts[parts["option"] == case["option"]].set_index("component")["usd_per_month"]
    assert parts.index.tolist() == [step["component"] for step in case["breakdown"]]
    for step in case["breakdown"]:
        assert parts[step["component"]] == pytest.approx(by_hand(step), rel=rel), step
    costs = study.costs(volume).iloc[0]
    assert set(costs.index) == set(case["costs"])
    for label, step in case["costs"].items():
        assert costs[label] == pytest.approx(by_hand(step), rel=rel), label
    assert sum(parts) == pytest.approx(float(costs[case["option"]]))
    if "first_tokens_per_month" in case:
        found = study.breakeven(case["option"])
        assert found.first == pytest.approx(by_hand(case["first_tokens_per_month"]), rel=1e-12)
        assert found.robust == found.first


def test_the_rows_that_the_self_hosted_month_cites_are_the_studys_sources(tmp_path: Path) -> None:
    study = study_of(worked("self_hosted_month"), tmp_path)
    frame = study.sources()
    rows = dict(zip(frame["row"], frame["location"].astype(str), strict=True))
    rate = "throughput:llama-3.3-70b/2x H100-SXM-80GB"
    assert rows["compute:lambda/gpu_8x_h100_sxm5"].startswith("pricing/compute/lambda.yaml:")
    assert rows[rate].startswith("pricing/throughput/llama.yaml:")
    assert rows["prices:openai/gpt-6-sol"].startswith("pricing/api/openai.yaml:")
    capacity = study.capacity(20e9)["own"]
    assert capacity["throughput_row"] == rows[rate]
    assert str(capacity["throughput"]).startswith("measured at these lengths")


def test_the_design_walks_volumes_around_the_crossing(tmp_path: Path) -> None:
    """6 USD/Mtok against 4,325 USD: the API is cheaper just below 720,833,333 tokens, dearer just above."""
    study = study_of(worked("one_numbers_walk"), tmp_path)
    costs = study.costs([720_833_333.0, 720_833_334.0])
    assert costs["api"].iloc[0] < costs["own"].iloc[0] == pytest.approx(4_325.0)
    assert costs["api"].iloc[1] > costs["own"].iloc[1] == pytest.approx(4_325.0)
    # a full step is inclusive: 3.285e9 tokens are one instance, a token more are two
    two = study.costs([3.285e9, 3.285e9 + 1.0])["own"].tolist()
    assert two == pytest.approx([4_325.0, 4_325.0 + 1_825.0])
