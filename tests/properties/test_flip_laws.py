"""Flips against brute force: nothing between the assumed value and a flip changes the answer, and beyond it it has."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from tests.toy_options import WORKLOAD, Toy, toy_bill, toy_study

from tokencross.number import point
from tokencross.studies.cheapest_map import cheapest_map
from tokencross.studies.flips import flips

BESIDE = 1e-9  # of a value: rounding ends well before
DENSE = 3_000


def examples(count: int) -> settings:
    """The same examples on every run."""
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )


def amounts(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers over decades, to four digits."""
    return st.floats(math.log(low), math.log(high)).map(lambda x: float(f"{math.exp(x):.4g}"))


@st.composite
def toys(draw: st.DrawFn, label: str) -> Toy:
    """An option with some of a fixed sum, prices and steps."""
    numbers: dict[str, Any] = {
        "fixed_usd_per_month": draw(st.one_of(st.just(0.0), amounts(10.0, 1e5))),
        "input_usd_per_mtok": draw(amounts(0.01, 30.0)),
        "output_usd_per_mtok": draw(amounts(0.01, 90.0)),
    }
    if draw(st.booleans()):
        steps = {
            "step_usd_per_month": draw(amounts(100.0, 1e4)),
            "step_tokens": draw(amounts(1e6, 1e10)),
            "load_share": draw(st.floats(0.05, 1.0).map(lambda x: round(x, 3))),
            "least_count": float(draw(st.integers(0, 4))),
        }
        numbers.update(steps, input_usd_per_mtok=0.0, output_usd_per_mtok=draw(st.sampled_from([0.0, 0.5])))
    return Toy(label, **numbers)


@st.composite
def studies(draw: st.DrawFn) -> tuple[Toy, ...]:
    """Two to four options."""
    return tuple(draw(toys("abcd"[index])) for index in range(draw(st.integers(2, 4))))


VOLUMES = amounts(1e6, 1e11)


def cheapest(options: tuple[Toy, ...], volume: float, address: str, value: float) -> set[str]:
    """Who is the cheapest with one number changed, worked out number by number; all that tie by rounding."""
    head, _, name = address.partition(":")
    share = 0.75
    if head == "workload":
        tokens = {"input_tokens": 3_000.0, "output_tokens": 1_000.0, name: value}
        share = tokens["input_tokens"] / (tokens["input_tokens"] + tokens["output_tokens"])
    changed = [replace(one, **{name: value}) if one.label == head else one for one in options]  # type: ignore[arg-type]  # a number of its own
    bills = [toy_bill(one, volume, input_share=share) for one in changed]
    least = min(bills)
    return {one.label for one, bill in zip(options, bills, strict=True) if bill <= least * (1.0 + 1e-11)}


def sure(options: tuple[Toy, ...], volume: float, address: str, value: float, expected: str) -> bool:
    """Whether an option is the cheapest at a value, or ties by rounding there."""
    low, high = value * (1.0 - BESIDE), value * (1.0 + BESIDE)
    return any(expected in cheapest(options, volume, address, at) for at in (value, low, high))


@examples(20)
@given(options=studies(), volume=VOLUMES)
def test_flips_are_the_nearest_changes(options: tuple[Toy, ...], volume: float) -> None:
    bills = sorted(toy_bill(one, volume) for one in options)
    assume(bills[1] > bills[0] * (1.0 + BESIDE))  # at a tie, everything is near a flip
    result = flips(toy_study(*options, here=volume).comparison)
    for flip in result.flips:
        address = flip.place.address
        if address == "tokens_per_month" or address.split(":")[1] in {"peak_to_mean", "burst_ratio"}:
            continue
        assert flip.how in {"exact", "exact, with turns"}, address
        for found, becomes, end in (
            (flip.below, flip.becomes_below, flip.low),
            (flip.above, flip.becomes_above, flip.high),
        ):
            assumed, last = flip.place.assumed, end if math.isnan(found) else found
            if flip.place.whole:
                last = end if math.isnan(found) else found + math.copysign(1.0, assumed - found)
                values = np.unique(np.round(np.linspace(assumed, last, 60)))
            else:
                values = dense(assumed, last)
            for value in values:
                assert sure(options, volume, address, float(value), result.answer), (address, value, last)
            if not math.isnan(found):
                beyond = found if flip.place.whole else found + BESIDE * (found - assumed)
                beyond = min(beyond, 1.0) if address.endswith("_share") else beyond
                assert sure(options, volume, address, beyond, becomes), (address, found)


def dense(assumed: float, last: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Many values between the assumed one and a flip, evenly and in even ratios."""
    low, high = sorted((assumed, last))
    even = np.linspace(low, high, DENSE // 20)[1:-1]
    ratios = np.geomspace(max(low, high * 1e-6), high, DENSE // 20)[1:-1] if high > 0.0 else even
    inside = np.concatenate([even, ratios])
    return inside[(inside > low) & (inside < high * (1.0 - 1e-8))]


@examples(20)
@given(options=studies(), volume=VOLUMES)
def test_a_pair_flips_where_its_difference_changes_sign(options: tuple[Toy, ...], volume: float) -> None:
    ours, theirs = options[1], options[0]
    result = flips(toy_study(*options, here=volume).comparison, challenger=ours.label, against=theirs.label)
    flip = next(f for f in result.flips if f.place.address == f"{theirs.label}:fixed_usd_per_month")
    rest = toy_bill(replace(theirs, fixed_usd_per_month=0.0), volume)
    wanted = toy_bill(ours, volume) - rest  # the rival's fixed sum at which both cost the same
    assumed = point(theirs.fixed_usd_per_month)
    if wanted <= 0.0 or wanted > flip.high:
        assert math.isnan(flip.nearest[0]) or flip.nearest[0] <= BESIDE * max(rest, 1.0)
    elif abs(wanted - assumed) > BESIDE * max(rest, wanted):
        assert flip.nearest[0] == pytest.approx(wanted, rel=1e-9, abs=1e-12 * rest)


@examples(15)
@given(options=studies(), volume=VOLUMES, along=st.sampled_from(["tokens_per_month", "b:output_usd_per_mtok"]))
def test_a_map_says_what_each_of_its_points_says(options: tuple[Toy, ...], volume: float, along: str) -> None:
    study = toy_study(*options, here=volume)
    x_range = (volume / 50.0, volume * 50.0) if along == "tokens_per_month" else (0.01, 50.0)
    found = cheapest_map(
        study.comparison, along, "a:fixed_usd_per_month", x_range=x_range, y_range=(1.0, 1e5), points=5
    )
    rng = np.random.default_rng(7)
    for row in found.rows:
        for at in x_range[0] * (x_range[1] / x_range[0]) ** rng.random(25):
            place = int(np.searchsorted(np.array(row.edges[1:-1]), at))
            edges = np.array(row.edges)
            if np.min(np.abs(edges - at)) <= BESIDE * at:
                continue
            changed = tuple(replace(one, fixed_usd_per_month=row.y) if one.label == "a" else one for one in options)
            where = at if along == "tokens_per_month" else volume
            address, value = ("b:output_usd_per_mtok", at) if along != "tokens_per_month" else ("none:", at)
            assert sure(changed, where, address, value, found.label(row.places[place]))


def test_costs_of_a_toy_are_those_of_its_curve() -> None:
    toy = Toy("a", 5.0, 1.0, 2.0, 7.0, 1e9, 0.5, 3.0)
    for volume in (1.0, 4e8, 5e8, 5e8 + 1.0, 7e10):
        assert toy.curve(WORKLOAD).usd_per_month(volume) == pytest.approx(toy_bill(toy, volume))


def test_many_jumps_before_a_flip() -> None:
    """5,000 steps become 6,250 before the fleet costs as much: any jump on the way might hide a nearer one."""
    fleet = Toy("fleet", step_usd_per_month=1.0, step_tokens=1e6)
    flat = Toy("flat", fixed_usd_per_month=6_249.5)
    result = flips(toy_study(fleet, flat, here=5e9).comparison)
    flip = next(f for f in result.flips if f.place.address == "fleet:step_tokens")
    assert flip.below == pytest.approx(5e9 / 6_249, rel=1e-11)
    assert flip.how == "exact"


def test_near_misses_are_not_flips() -> None:
    """Both bills fall with the share of input, one just above the other everywhere: nothing crosses."""
    one = Toy("one", input_usd_per_mtok=1.0, output_usd_per_mtok=9.0)
    other = Toy("other", input_usd_per_mtok=1.0 + 1e-7, output_usd_per_mtok=9.0 + 1e-7)
    result = flips(toy_study(one, other, here=5e9).comparison)
    for name in ("input_tokens", "output_tokens"):
        flip = next(f for f in result.flips if f.place.address == f"workload:{name}")
        assert math.isnan(flip.nearest[0])
        assert flip.how == "exact"
