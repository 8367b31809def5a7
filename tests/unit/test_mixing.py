"""The cheapest routed mix: by hand, against brute force over the vertices, and what it refuses."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests import oracle
from tests.oracle import MTOK, Curve

import tokencross as tc
from tokencross.costs.curve import CostCurve
from tokencross.costs.hourly_load import HourlyLoad
from tokencross.costs.overflow import CheapestSteps
from tokencross.costs.terms import Fixed, PerToken
from tokencross.errors import ResolveError, ScenarioError
from tokencross.options.base import Option
from tokencross.studies.mixing import best_mix

SHAPE = tc.Workload(input_tokens=3_000, output_tokens=1_000)


def study(*curves: CostCurve, **given: Any) -> tc.Study:
    """Return a study of curves labelled a, b, c."""
    options = [Option(label, curve) for label, curve in zip("abc", curves, strict=False)]
    return tc.Study(options, workload=SHAPE, **given)


# ---------------------------------------------------------------------- by hand


def test_a_cheaper_option_gets_as_much_as_it_may() -> None:
    """1 USD per million for at most 60%, 10 for the rest: 1,000 million cost 600 + 4,000."""
    found = best_mix(study(CostCurve.per_mtok(10.0), CostCurve.per_mtok(1.0)), [1e9], max_shares={"b": 0.6})
    assert found.columns.tolist() == ["usd_per_month", "a", "b"]
    assert found.index.name == "tokens_per_month"
    assert found.loc[[1e9]].iloc[0].tolist() == pytest.approx([4_600.0, 0.4, 0.6])


def test_steps_are_filled_and_the_rest_is_bought_by_the_token() -> None:
    """A step of 3 million costs 6 USD, 2 per million when full; by the token 5. 7 million: two steps and 1 million."""
    found = best_mix(study(CostCurve.per_mtok(5.0), CostCurve.staircase(6.0, 3e6)), [7e6, 8e6, 1e6])
    assert found.loc[[7e6]].iloc[0].tolist() == pytest.approx([2 * 6 + 5, 1 / 7, 6 / 7])
    assert found.loc[[8e6]].iloc[0].tolist() == pytest.approx([18.0, 0.0, 1.0])  # a third step is less than 2 x 5
    assert found.loc[[1e6]].iloc[0].tolist() == pytest.approx([5.0, 1.0, 0.0])


def test_what_is_not_used_is_not_paid() -> None:
    """100 USD a month and 1 per million against 5: worth it above 25 million."""
    given = study(CostCurve.per_mtok(5.0), CostCurve.fixed(100.0) + CostCurve.per_mtok(1.0))
    found = best_mix(given, [24e6, 26e6])
    assert found["usd_per_month"].tolist() == pytest.approx([24 * 5, 100 + 26])
    assert found["b"].tolist() == pytest.approx([0.0, 1.0])


def test_a_price_that_falls_for_the_whole_bill_is_reached_on_purpose() -> None:
    """10 per million, 2 for everything above 5 million; 1.5 for at most 46%: less of that, to reach the lower price."""
    bands = CostCurve.bands([(0, 10.0), (5e6, 2.0)], whole_bill=True)
    found = best_mix(study(CostCurve.per_mtok(1.5), bands), [9e6], max_shares={"a": 0.46})
    assert found.loc[[9e6]].iloc[0].tolist() == pytest.approx([1.5 * 4 + 2 * 5, 4 / 9, 5 / 9], rel=1e-6)


def test_a_reference_takes_part_where_a_share_is_routable_to_it() -> None:
    given = study(CostCurve.per_mtok(10.0), CostCurve.per_mtok(1.0), reference=["b"])
    assert best_mix(given, 1e9).loc[[1e9]].iloc[0].tolist() == pytest.approx([10_000.0, 1.0])
    capped = best_mix(given, 1e9, max_shares={"b": 0.25})
    assert capped.loc[[1e9]].iloc[0].tolist() == pytest.approx([7_750.0, 0.75, 0.25])


def test_draws_are_mixed_at_their_medians() -> None:
    given = study(CostCurve.per_mtok(10.0), CostCurve.per_mtok(1.0))
    drawn = tc.Workload(input_tokens=np.array([1_000.0, 3_000.0]), output_tokens=10)
    assert best_mix(given.with_workload(drawn), 1e9, max_shares={"b": 0.5})["usd_per_month"].tolist() == [5_500.0]


def test_spill_over_curves_can_be_mixed() -> None:
    """A term that is neither steps nor a line goes in piece by piece; alone it is as cheap as it is."""
    best = CheapestSteps(HourlyLoad.of([1, 2, 3, 2]), 1e6, (Fixed(4.0),), (PerToken(6.0),))
    curve = CostCurve((best,))
    found = best_mix(study(CostCurve.per_mtok(5.5), curve), [7.7e6])
    assert found["usd_per_month"].iloc[0] <= curve.usd_per_month(7.7e6) * (1 + 1e-9)
    shares = np.linspace(0.0, 1.0, 2_001)
    grid = 5.5 * 7.7 * (1 - shares) + np.where(shares > 0, curve.usd_per_month(shares * 7.7e6), 0.0)
    assert found["usd_per_month"].iloc[0] <= grid.min() * (1 + 1e-9)


# ---------------------------------------------------------------------- against brute force


def examples(count: int) -> settings:
    """Return the settings of every test here: the same examples on every run."""
    return settings(
        max_examples=count,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def curves() -> st.SearchStrategy[Curve]:
    """Curves that never fall."""
    return st.one_of(
        oracle.lines(),
        oracle.sums(oracle.fixed_costs(), oracle.lines(3)),
        oracle.sums(oracle.staircases(), oracle.lines(2)),
        oracle.bands(whole_bill=False),
        oracle.commitments(),
        oracle.minimums(oracle.lines()),
        oracle.envelopes(oracle.sums(oracle.fixed_costs(), oracle.lines())),
    )


def brute_force(curves: Sequence[Curve], caps: Sequence[Fraction], volume: Fraction) -> Fraction:
    """Return the least cost over all mixes with at most one share off a breakpoint, a cap or nothing."""
    ends = [
        sorted({Fraction(0), cap * volume, *oracle.breakpoints(curve, cap * volume)})
        for curve, cap in zip(curves, caps, strict=True)
    ]
    best: Fraction | None = None
    for free in range(len(curves)):
        others = [i for i in range(len(curves)) if i != free]
        for tokens in itertools.product(*(ends[i] for i in others)):
            rest = volume - sum(tokens, Fraction(0))
            if not 0 <= rest <= caps[free] * volume:
                continue
            parts = [*zip(others, tokens, strict=True), (free, rest)]
            cost = sum((oracle.value(curves[i], part) for i, part in parts if part), Fraction(0))
            best = cost if best is None else min(best, cost)
    assert best is not None
    return best


CAPS = st.sampled_from([Fraction(1), Fraction(1), Fraction(3, 4), Fraction(1, 2), Fraction(1, 4)])


@examples(120)
@given(st.lists(st.tuples(curves(), CAPS), min_size=2, max_size=3), st.integers(1, 60))
def test_the_best_mix_is_brute_force_over_the_vertices(pairs: list[tuple[Curve, Fraction]], halves: int) -> None:
    volume = Fraction(halves * MTOK, 2)
    members, caps = [curve for curve, _ in pairs], [cap for _, cap in pairs]
    if sum(caps) < 1:
        caps[0] = Fraction(1)
    expected = float(brute_force(members, caps, volume))
    given = study(*(oracle.to_tokencross(member) for member in members))
    allowed = {label: float(cap) for label, cap in zip("abc", caps, strict=False)}
    found = best_mix(given, float(volume), max_shares=allowed).iloc[0]
    assert found["usd_per_month"] == pytest.approx(expected, rel=1e-7, abs=1e-5)
    shares = found.drop("usd_per_month")
    assert float(shares.sum()) == pytest.approx(1.0)
    assert all(share <= allowed[str(label)] + 1e-12 for label, share in shares.items())
    costs = [
        given.comparison.curve(str(label)).usd_per_month(share * float(volume))
        for label, share in shares.items()
        if share > 0.0
    ]
    assert found["usd_per_month"] == pytest.approx(sum(costs), rel=1e-12)


# ---------------------------------------------------------------------- refusals


def test_bad_input_is_one_error_each(monkeypatch: pytest.MonkeyPatch) -> None:
    given = study(CostCurve.per_mtok(10.0), CostCurve.per_mtok(1.0))
    with pytest.raises(ScenarioError, match=r"max_shares\n  found 'd'; accepted: one of a, b"):
        best_mix(given, 1e9, max_shares={"d": 0.5})
    with pytest.raises(ScenarioError, match=r"found 0.5 \+ 0.25 = 0.75; accepted: shares that together reach 1"):
        best_mix(given, 1e9, max_shares={"a": 0.5, "b": 0.25})
    with pytest.raises(ScenarioError, match=r"max_shares\[a\]\n  found 60; accepted: a number from 0 to 1"):
        best_mix(given, 1e9, max_shares={"a": 60})
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ScenarioError, match=r"best_mix: volumes\n  found .*accepted: finite numbers > 0"):
            best_mix(given, [1e9, bad])
    fine = study(CostCurve.per_mtok(10.0), CostCurve.minimum(5.0, CostCurve.staircase(1.0, 1_000.0)))
    with pytest.raises(ResolveError, match=r"'minimum top-up' of b with more than 5,000 pieces up to 1B tokens"):
        best_mix(fine, 1e9)
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ScenarioError, match=r"found no SciPy; accepted: SciPy, the extra 'stats'"):
        best_mix(given, 1e9)
