"""Speed of an attribution: twelve changes of one study, beside working that study's pair out once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tokencross as tc
from tokencross.studies.attribution import MOST_EXACT, attribute
from tokencross.studies.compare import Comparison

Benchmark = Callable[..., Any]

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "support-chat.yaml"
FRONTIER = "prices:anthropic/claude-opus-5-5"
CHANGES: dict[str, float] = {
    "workload:input_tokens": 3_500.0,
    "workload:output_tokens": 450.0,
    "workload:cached_input_share": 0.4,
    "workload:peak_to_mean": 4.0,
    f"{FRONTIER}.input_usd_per_mtok": 5.0,
    f"{FRONTIER}.output_usd_per_mtok": 25.0,
    "tokenizers:claude-5.english.tokenizer_ratio": 1.4,
    "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour": 6.0,
    "self-hosted:target_load_share": 0.6,
    "self-hosted:engineering[platform].upfront_usd": 140_000.0,
    "self-hosted:engineering[this model].upkeep_usd_per_month": 10_000.0,
    "tokens_per_month": 6e9,
}


def studies() -> tuple[Comparison, Comparison]:
    """A study, and the same with twelve numbers changed."""
    study = tc.load_study(SCENARIO)
    return study.comparison, study.replace(CHANGES).comparison


@pytest.mark.benchmark(group="12 changes of one study attributed: under 2 s", min_rounds=3)
class TestAttribution:
    def test_one_evaluation_of_the_pair(self, benchmark: Benchmark) -> None:
        old, _ = studies()
        options = [old.option(label) for label in ("frontier", "self-hosted")]
        benchmark(lambda: [option.resolve(old.workload).curve.usd_per_month(4e9) for option in options])

    def test_twelve_changes(self, benchmark: Benchmark) -> None:
        old, new = studies()
        found = benchmark(lambda: attribute(old, new, "self-hosted"))
        assert len(found.parts) == len(CHANGES) == MOST_EXACT

    def test_twelve_changes_and_another_instance(self, benchmark: Benchmark) -> None:
        """The recipe makes it two resolves of 4,096 draws, and thirteen changes are put together to fewer."""
        old, new = studies()
        other = new.option("self-hosted").with_number("instance", "lambda/gpu_8x_b200_sxm6")
        changed = new.changed(lambda option: other if option.label == "self-hosted" else option)
        found = benchmark(lambda: attribute(old, changed, "self-hosted"))
        assert len(found.parts) <= MOST_EXACT
