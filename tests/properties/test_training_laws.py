"""Laws of training: more of anything never costs less, time halves it, and parts add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tokencross as tc

PRICES = tc.load_prices(as_of="2026-11-21")
CHAT = tc.Workload(input_tokens=1_000, output_tokens=200)
GPUS: dict[str, Any] = {"instance": "lambda/gpu_8x_h100_sxm5", "purchase": "on_demand"}
counts = st.floats(1.0, 1e6)
growing = st.sampled_from(
    [
        "examples_count",
        "usd_per_example",
        "tokens_per_example",
        "epochs",
        "run_count",
        "evaluation_usd",
        "pilot_share",
        "validation_tokens",
        "validation_count",
        "minimum_usd_per_run",
    ]
)


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the arguments of a recipe, at a vendor or on GPUs."""
    months = draw(st.floats(1.0, 24.0))
    said: dict[str, Any] = {
        "examples_count": draw(counts),
        "usd_per_example": draw(st.floats(0.0, 100.0)),
        "tokens_per_example": draw(st.floats(1.0, 1e5)),
        "epochs": draw(st.floats(0.1, 20.0)),
        "run_count": draw(st.floats(1.0, 20.0)),
        "evaluation_usd": draw(st.floats(0.0, 1e5)),
        "pilot_share": draw(st.floats(0.0, 0.3)),
        "validation_tokens": draw(st.floats(0.0, 1e7)),
        "validation_count": draw(st.floats(0.0, 10.0)),
        "minimum_usd_per_run": draw(st.floats(0.0, 100.0)),
        "retrain_every_months": months,
    }
    if draw(st.booleans()):
        said |= {"data_life_months": months * draw(st.floats(1.0, 4.0)), "relabelled_share": draw(st.floats(0.0, 1.0))}
    return said | ({**GPUS, "parameter_count": 8e9} if draw(st.booleans()) else {})


def monthly(said: dict[str, Any]) -> float:
    """Return what training costs a month."""
    option = PRICES.fine_tuned(
        "openai/gpt-4.1-mini",
        training=tc.Training(**said),
        engineering=tc.Engineering.none(),
        label="tuned",
        adapter="lora",
    )
    return float(option.curve(CHAT).usd_per_month(0.0))  # served by the token: nothing else at no volume


@settings(max_examples=40, deadline=None)
@given(said=recipes(), name=growing, factor=st.floats(1.0, 10.0))
def test_more_of_anything_never_costs_less(said: dict[str, Any], name: str, factor: float) -> None:
    more = min(said[name] * factor, 1.0) if name.endswith("_share") else said[name] * factor
    assert monthly({**said, name: more}) >= monthly(said) * (1 - 1e-12)


@settings(max_examples=40, deadline=None)
@given(said=recipes())
def test_twice_the_months_are_half_the_cost(said: dict[str, Any]) -> None:
    months = [name for name in ("retrain_every_months", "data_life_months") if name in said]
    assert monthly({**said, **{name: 2 * said[name] for name in months}}) == pytest.approx(monthly(said) / 2)


@settings(max_examples=40, deadline=None)
@given(said=recipes(), life=st.floats(1.0, 4.0))
def test_buying_all_labels_anew_is_the_same_as_keeping_none(said: dict[str, Any], life: float) -> None:
    said = {key: value for key, value in said.items() if key not in ("data_life_months", "relabelled_share")}
    said["pilot_share"] = 0.0
    months = said["retrain_every_months"] * life
    kept = {**said, "data_life_months": months, "relabelled_share": 1.0}
    assert monthly(kept) == pytest.approx(monthly(said))


@settings(max_examples=25, deadline=None)
@given(
    share=st.floats(0.01, 1.0),
    overhead=st.floats(0.0, 0.5),
    volume=st.floats(0.0, 1e12),
)
def test_shares_of_one_fleet_add_up_to_it(share: float, overhead: float, volume: float) -> None:
    def curve(part: float) -> tc.CostCurve:
        return PRICES.fine_tuned(
            "llama-3.1-8b",
            training=tc.Training.none(),
            engineering=tc.Engineering.none(),
            adapter="lora",
            base_share=part,
            adapter_overhead_share=overhead,
            **GPUS,
        ).curve(CHAT)

    whole = curve(1.0).usd_per_month(volume)
    near = np.array([volume * (1 - 1e-9), volume * (1 + 1e-9)])  # a step's edge may round to either side
    low, high = curve(1.0).usd_per_month(near)
    parts = curve(share).usd_per_month(volume * share) / share
    assert low * (1 - 1e-9) <= parts <= high * (1 + 1e-9)
    assert low * (1 - 1e-9) <= whole <= high * (1 + 1e-9)
