"""The band of a rate as a study says it: the breakevens at its ends, each of a study of its own."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tokencross as tc

BOOK = tc.load_prices(as_of="2026-11-21")
CHAT = tc.Workload(input_tokens=3_000, output_tokens=700)
API = tc.Option("api", tc.CostCurve.per_mtok(4.0))


def own(**terms: object) -> tc.Study:
    """Return a 70B of the tables' rows against a price by the token."""
    option = BOOK.self_hosted(
        "llama-3.3-70b",
        instance="lambda/gpu_2x_h100_sxm5",
        purchase="on_demand",
        engineering=tc.Engineering.none(),
        label="own",
        **terms,  # type: ignore[arg-type]  # any argument
    )
    return tc.Study([API, option], workload=CHAT)


def said(study: tc.Study) -> list[str]:
    return [note for note in study.notes if "nine of ten" in note]


def test_the_ends_of_the_band_are_studies_of_their_own() -> None:
    study = own()
    fleet = study.comparison.resolved["own"].fleet
    assert fleet is not None
    band = fleet.rate_band()
    assert band is not None
    rate = float(np.asarray(fleet.replica.tokens_per_second))
    assert band[0] < rate < band[1]
    assert band[0] / rate == pytest.approx(rate / band[1])
    ends = [study.replace({"own:throughput": end}).breakeven("own").first for end in band]
    assert isinstance(ends[0], float)
    assert isinstance(ends[1], float)
    assert ends[1] <= ends[0]
    (note,) = said(study)
    shown = re.findall(r"from ([0-9.]+)B tokens/month", note)
    assert [float(each) for each in shown] == pytest.approx([ends[0] / 1e9, ends[1] / 1e9], rel=5e-3)


def test_a_wider_band_for_a_wider_share() -> None:
    fleet = own().comparison.resolved["own"].fleet
    assert fleet is not None
    narrow, wide = fleet.rate_band(0.5), fleet.rate_band(0.95)
    assert narrow is not None
    assert wide is not None
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_a_number_of_ones_own_has_no_band() -> None:
    assert said(own(throughput=5_000, gpus_per_replica=2)) == []
    assert said(own().replace({"own:throughput": 5_000.0})) == []
