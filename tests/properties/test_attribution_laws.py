"""Attributions by their laws: they add up, treat equals alike, give nothing to what does nothing, and match orders."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.toy_options import Toy

import tokencross as tc
from tokencross.studies.attribution import MOST_EXACT, Attribution, attribute
from tokencross.studies.compare import Comparison
from tokencross.studies.shapley import adding_up, shapley_values

EXACT = 1e-9  # of the largest cost involved


def examples(count: int) -> settings:
    """Return the settings of every test here: the same examples on every run."""
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


# ---------------------------------------------------------------------- arithmetic


def by_orders(count: int, worth: Callable[[frozenset[int]], Fraction]) -> list[Fraction]:
    """Shapley values as they are defined: what each adds when it comes, averaged over all orders."""
    totals = [Fraction(0)] * count
    for order in permutations(range(count)):
        made: frozenset[int] = frozenset()
        for player in order:
            totals[player] += worth(made | {player}) - worth(made)
            made |= {player}
    return [total / math.factorial(count) for total in totals]


WORTH = st.integers(0, 5).flatmap(lambda n: st.lists(st.integers(-1_000, 1_000), min_size=2**n, max_size=2**n))


@examples(200)
@given(WORTH)
def test_values_are_the_mean_over_all_orders(worth: list[int]) -> None:
    count = len(worth).bit_length() - 1
    expected = by_orders(count, lambda made: Fraction(worth[sum(1 << player for player in made)]))
    found = shapley_values(np.array(worth, dtype=float))
    assert found == pytest.approx([float(each) for each in expected], rel=1e-12, abs=1e-12)


@examples(300)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=13), st.floats(-1e9, 1e9), st.floats(-8.0, 8.0))
def test_rounding_is_put_where_nobody_sees_it(parts: list[float], before: float, ulps: float) -> None:
    """The ends are known to some last digits only; the parts add up to their difference to the last float."""
    scale = max(abs(each) for each in (*parts, before))
    after = before + math.fsum(parts) + ulps * math.ulp(scale)
    found, ends = adding_up(parts, (before, after))
    assert math.fsum(found) == ends[1] - ends[0] or not any(parts)
    assert all(one == 0.0 for one, part in zip(found, parts, strict=True) if part == 0.0)
    np.testing.assert_allclose([*found, *ends], [*parts, before, after], rtol=0.0, atol=1e-13 * max(scale, abs(after)))


# ---------------------------------------------------------------------- random studies


def amounts(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers over decades, to four digits."""
    return st.floats(math.log(low), math.log(high)).map(lambda x: float(f"{math.exp(x):.4g}"))


PRICES = amounts(0.01, 90.0)
NUMBERS: dict[str, st.SearchStrategy[float]] = {
    "fixed_usd_per_month": amounts(10.0, 1e5),
    "input_usd_per_mtok": PRICES,
    "output_usd_per_mtok": PRICES,
    "step_usd_per_month": amounts(100.0, 1e4),
    "step_tokens": amounts(1e7, 1e10),
    "load_share": st.floats(0.05, 1.0).map(lambda x: round(x, 3)),
    "least_count": st.integers(0, 4).map(float),
}
TRAFFIC = {"input_tokens": amounts(100.0, 1e5), "output_tokens": amounts(10.0, 1e4)}
VOLUMES = amounts(1e6, 1e11)
Numbers = dict[str, float]


@st.composite
def sides(draw: st.DrawFn, label: str) -> tuple[Toy, Toy]:
    """An option before and after: some of its numbers changed."""
    was = {name: draw(values) for name, values in NUMBERS.items()}
    moved = draw(st.sets(st.sampled_from(sorted(NUMBERS)), max_size=3))
    now = {name: draw(NUMBERS[name]) if name in moved else value for name, value in was.items()}
    return Toy(label, **was), Toy(label, **now)  # type: ignore[arg-type]  # numbers by their names


@st.composite
def workloads(draw: st.DrawFn) -> tuple[Numbers, Numbers]:
    """Tokens per request before and after."""
    was = {name: draw(values) for name, values in TRAFFIC.items()}
    moved = draw(st.sets(st.sampled_from(sorted(TRAFFIC))))
    return was, {name: draw(TRAFFIC[name]) if name in moved else value for name, value in was.items()}


def study(options: tuple[Toy, Toy], traffic: Mapping[str, float], here: float | None = None) -> Comparison:
    """A study of two toys, the first the incumbent."""
    shape = tc.Workload(input_tokens=traffic["input_tokens"], output_tokens=traffic["output_tokens"])
    return tc.Study(list(options), workload=shape, tokens_per_month=here).comparison


def exact_bill(numbers: Mapping[str, Any], traffic: Mapping[str, float], volume: float) -> Fraction:
    """What a toy costs, in fractions; a full step is inclusive to 1e-12."""
    f = {name: Fraction(value) for name, value in numbers.items()}
    share = Fraction(traffic["input_tokens"]) / (Fraction(traffic["input_tokens"]) + Fraction(traffic["output_tokens"]))
    price = f["input_usd_per_mtok"] * share + f["output_usd_per_mtok"] * (1 - share)
    wide = Fraction(float(f["step_tokens"]) * float(f["load_share"]) * (1.0 + 1e-12))
    steps = max(Fraction(math.ceil(Fraction(volume) / wide)), f["least_count"])
    return f["fixed_usd_per_month"] + price * Fraction(volume) / 10**6 + f["step_usd_per_month"] * steps


def numbers_of(toy: Toy) -> dict[str, Any]:
    """The numbers of a toy by name."""
    return {field.name: getattr(toy, field.name) for field in fields(toy) if field.name in NUMBERS}


def largest(found: Attribution, *studies: Comparison) -> float:
    """The largest cost involved."""
    volumes = {found.tokens_per_month, found.tokens_per_month_before}
    return max(
        each.curve(label).usd_per_month(volume) for each in studies for label in each.labels for volume in volumes
    )


def check_additive(found: Attribution, old: Comparison, new: Comparison) -> None:
    """The parts are the change, to the last float; and the change is that of the two studies."""
    before, after = found.tokens_per_month_before, found.tokens_per_month
    api, own = found.against, found.challenger
    start = old.curve(api).usd_per_month(before) - old.curve(own).usd_per_month(before)
    end = new.curve(api).usd_per_month(after) - new.curve(own).usd_per_month(after)
    scale = largest(found, old, new)
    assert found.advantage_before_usd_per_month == pytest.approx(start, abs=EXACT * scale)
    assert found.advantage_after_usd_per_month == pytest.approx(end, abs=EXACT * scale)
    total = math.fsum(part.usd_per_month for part in found.parts)
    assert total == pytest.approx(end - start, abs=EXACT * scale)
    if any(part.usd_per_month for part in found.parts):
        assert total == found.change_usd_per_month


SLOW = Toy("api", input_usd_per_mtok=1.0), Toy("api", input_usd_per_mtok=1.0)


@examples(50)
@given(sides("api"), sides("own"), workloads(), VOLUMES, VOLUMES)
@example(SLOW, SLOW, ({"input_tokens": 1.0, "output_tokens": 1.0},) * 2, 1e6, 1e9)
def test_parts_add_up_and_are_the_mean_over_all_orders(
    api: tuple[Toy, Toy],
    own: tuple[Toy, Toy],
    traffic: tuple[Numbers, Numbers],
    before: float,
    after: float,
) -> None:
    """Against brute force in fractions, number by number: prices, steps, the traffic, the volume."""
    own = replace(own[0], label="own"), replace(own[1], label="own")
    old, new = study((api[0], own[0]), traffic[0], before), study((api[1], own[1]), traffic[1], after)
    found = attribute(old, new, "own")
    check_additive(found, old, new)

    states = [{"api": numbers_of(api[i]), "own": numbers_of(own[i]), "traffic": traffic[i]} for i in (0, 1)]
    volumes = (before, after)
    players: list[tuple[str, str]] = [
        (owner, name) for owner, was in states[0].items() for name in was if was[name] != states[1][owner][name]
    ]
    players += [("study", "volume")] if before != after else []
    if len(players) > 5:
        return  # 720 orders and more take long, and say nothing that fewer do not

    def worth(made: frozenset[int]) -> Fraction:
        moved = {players[place] for place in made}
        state = {
            owner: {name: states[(owner, name) in moved][owner][name] for name in was}
            for owner, was in states[0].items()
        }
        volume = volumes[("study", "volume") in moved]
        return exact_bill(state["api"], state["traffic"], volume) - exact_bill(state["own"], state["traffic"], volume)

    expected = dict(zip(players, by_orders(len(players), worth), strict=True))
    scale = max(largest(found, old, new), max((abs(float(each)) for each in expected.values()), default=0.0))
    parts = {part.moves[0].key: part.usd_per_month for part in found.parts}
    address = {"traffic": "workload:{}", "study": "tokens_per_month"}
    for (owner, name), value in expected.items():
        key = address.get(owner, f"{owner}:{{}}").format(name)
        assert parts.get(key, 0.0) == pytest.approx(float(value), abs=EXACT * scale), key


@examples(25)
@given(PRICES, PRICES, PRICES, PRICES, VOLUMES)
def test_in_the_linear_case_each_part_is_its_own_difference(
    was_in: float, was_out: float, now_in: float, now_out: float, volume: float
) -> None:
    """Half the tokens are input: a price that moves by d moves the bill by d V / 2e6, whatever else moves."""
    even = {"input_tokens": 500.0, "output_tokens": 500.0}
    own = Toy("own", fixed_usd_per_month=100.0)
    old = study((Toy("api", input_usd_per_mtok=was_in, output_usd_per_mtok=was_out), own), even)
    new = study((Toy("api", input_usd_per_mtok=now_in, output_usd_per_mtok=now_out), own), even)
    found = attribute(old, new, "own", tokens_per_month=volume)
    parts = {part.moves[0].key: part.usd_per_month for part in found.parts}
    scale = largest(found, old, new)
    for name, difference in (("input", now_in - was_in), ("output", now_out - was_out)):
        expected = difference * volume / 2e6
        assert parts.get(f"api:{name}_usd_per_mtok", 0.0) == pytest.approx(expected, abs=EXACT * scale)


@examples(25)
@given(sides("api"), PRICES, PRICES, VOLUMES)
def test_equals_are_treated_alike(api: tuple[Toy, Toy], was: float, now: float, volume: float) -> None:
    """Input and output of one price and one length each, which move together: one part is the other."""
    even = {"input_tokens": 500.0, "output_tokens": 500.0}
    pairs = [
        replace(side, input_usd_per_mtok=usd, output_usd_per_mtok=usd)
        for side, usd in zip(api, (was, now), strict=True)
    ]
    own = Toy("own", fixed_usd_per_month=1e3)
    old, new = (study((side, own), even) for side in pairs)
    found = attribute(old, new, "own", tokens_per_month=volume)
    parts = {part.moves[0].key: part.usd_per_month for part in found.parts}
    one, other = (parts.get(f"api:{name}_usd_per_mtok", 0.0) for name in ("input", "output"))
    assert one == pytest.approx(other, abs=1e-13 * largest(found, old, new))


@examples(25)
@given(sides("api"), sides("own"), VOLUMES, st.floats(1.0, 9.0))
def test_what_does_nothing_gets_nothing(api: tuple[Toy, Toy], own: tuple[Toy, Toy], volume: float, peak: float) -> None:
    """Neither toy asks how busy the busiest hour is; and without steps nobody asks how wide they are."""
    flat = [replace(side, label="own", step_usd_per_month=0.0) for side in own]
    shape = tc.Workload(input_tokens=300, output_tokens=100, peak_to_mean=2.0)
    busy = replace(shape, peak_to_mean=round(peak + 2.0, 3))
    old, new = (
        tc.Study([a, b], workload=traffic).comparison
        for a, b, traffic in ((api[0], flat[0], shape), (api[1], flat[1], busy))
    )
    found = attribute(old, new, "own", tokens_per_month=volume)
    parts = {part.moves[0].key: part.usd_per_month for part in found.parts}
    assert parts["workload:peak_to_mean"] == 0.0
    for name in ("step_tokens", "load_share", "least_count"):
        assert parts.get(f"own:{name}", 0.0) == 0.0
    assert "peak to mean" in " ".join(line for line in found.lines() if "nothing there" in line)


@examples(8)
@given(st.lists(amounts(0.5, 2.0), min_size=16, max_size=16), VOLUMES, VOLUMES)
def test_above_twelve_changes_the_parts_still_add_up(ratios: list[float], before: float, after: float) -> None:
    """Every number of both options, of the traffic, and the volume."""
    start = {name: 0.5 if name == "load_share" else 2.0 for name in NUMBERS}
    start |= {"step_tokens": 1e8, "fixed_usd_per_month": 500.0, "step_usd_per_month": 900.0, "least_count": 2.0}
    scaled = [
        {name: min(value * ratio, 1.0) if name == "load_share" else value * ratio
         for (name, value), ratio in zip(start.items(), ratios[7 * side :], strict=False)}
        for side in (0, 1)
    ]  # fmt: skip
    scaled = [{**each, "least_count": 3.0} for each in scaled]
    traffic = {"input_tokens": 3_000.0, "output_tokens": 1_000.0}
    moved = {name: value * ratio for (name, value), ratio in zip(traffic.items(), ratios[14:], strict=True)}
    old = study((Toy("api", **start), Toy("own", **start)), traffic, before)  # type: ignore[arg-type]  # numbers
    new = study((Toy("api", **scaled[0]), Toy("own", **scaled[1])), moved, after)  # type: ignore[arg-type]  # numbers
    found = attribute(old, new, "own")
    check_additive(found, old, new)
    assert len(found.parts) <= MOST_EXACT
