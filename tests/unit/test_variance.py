"""Shares of variance, against functions whose shares are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from tests.toy_options import Toy, toy_study

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.studies.variance import shares_of, variance_shares

Array = NDArray[np.float64]

API = Toy("api", input_usd_per_mtok=4.0, output_usd_per_mtok=12.0)
FLEET = Toy("fleet", fixed_usd_per_month=2_500.0, step_usd_per_month=1_825.0, step_tokens=3.285e9)


def ishigami(x: Array) -> Array:
    """Ishigami and Homma (1990) with a = 7 and b = 0.1."""
    found: Array = np.sin(x[0]) + 7.0 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])
    return found


def angle(q: Array) -> Array:
    """Evenly from -pi to pi."""
    return (2.0 * q - 1.0) * np.pi


def test_ishigami() -> None:
    """Analytic: V = a²/8 + b pi⁴/5 + b² pi⁸/18 + 1/2, V1 = (1 + b pi⁴/5)²/2, V2 = a²/8, V13 = b² pi⁸ (1/18 - 1/50)."""
    a, b = 7.0, 0.1
    total = a**2 / 8 + b * np.pi**4 / 5 + b**2 * np.pi**8 / 18 + 0.5
    first = np.array([(1 + b * np.pi**4 / 5) ** 2 / 2, a**2 / 8, 0.0]) / total
    both = b**2 * np.pi**8 * (1 / 18 - 1 / 50) / total
    np.testing.assert_allclose(first, [0.3139, 0.4424, 0.0], atol=5e-5)
    found = shares_of(ishigami, [angle] * 3, draws=8_192, seed=3)
    # the bootstrap's 90% interval is at most ±0.03 wide here; low-discrepancy points do better
    np.testing.assert_allclose(found.first, first, atol=0.01)
    np.testing.assert_allclose(found.total, first + np.array([both, 0.0, both]), atol=0.01)
    assert np.all((found.total_low <= found.total) & (found.total <= found.total_high))
    assert np.all(found.first_high - found.first_low < 0.06)
    assert found.standard_deviation**2 == pytest.approx(total, rel=0.01)
    assert found.mean == pytest.approx(a / 2, abs=0.02)


def test_a_sum_of_two_prices() -> None:
    """Linear: at 2B tokens a USD of the input price is 1,500 and one of the output price 500."""
    study = toy_study(API, FLEET, here=2e9).replace(
        {"api:input_usd_per_mtok": stats.uniform(3.0, 2.0), "api:output_usd_per_mtok": stats.uniform(9.0, 6.0)}
    )
    found = variance_shares(study.comparison, "fleet", draws=1_024, seed=1)
    np.testing.assert_allclose(found.shares.first, [0.5, 0.5], atol=0.02)  # (1,500 * 2)² = (500 * 6)²
    np.testing.assert_allclose(found.shares.total, [0.5, 0.5], atol=0.02)
    assert found.shares.mean == pytest.approx(12_000 - 4_325, rel=0.01)
    frame = found.frame()
    assert list(frame.columns) == [
        "input",
        "address",
        "unit",
        "first_share",
        "first_share_low",
        "first_share_high",
        "total_share",
        "total_share_low",
        "total_share_high",
    ]
    assert "api input price" in found._repr_html_()
    assert repr(found).startswith("<VarianceShares of api minus fleet at 2B tokens/month: api ")


def test_the_volume_counts_where_nobody_says_it() -> None:
    study = toy_study(API, FLEET, here=stats.uniform(1e9, 2e9)).replace(
        {"fleet:fixed_usd_per_month": stats.uniform(2e3, 1e3)}
    )
    found = variance_shares(study.comparison, draws=512, seed=1)
    assert [each.name for each in found.inputs] == ["fleet:fixed_usd_per_month", "tokens_per_month"]
    # 6e-6 * 2e9 = 12,000 against 1,000: 144 to 1
    np.testing.assert_allclose(found.shares.total, [1 / 145, 144 / 145], atol=0.01)
    assert found.tokens_per_month is None
    said = variance_shares(study.comparison, tokens_per_month=2e9, draws=64, seed=1)
    assert [each.name for each in said.inputs] == ["fleet:fixed_usd_per_month"]
    np.testing.assert_allclose(said.shares.total, [1.0], atol=0.05)  # 64 points


def test_the_same_seed_gives_the_same_shares() -> None:
    study = toy_study(API, FLEET, here=2e9).replace({"fleet:fixed_usd_per_month": tc.between(1e3, 4e3)}).comparison
    one, again, other = (variance_shares(study, draws=64, seed=seed).frame() for seed in (5, 5, 6))
    assert one.equals(again)
    assert not one.equals(other)


def test_what_does_not_vary_has_no_shares() -> None:
    study = toy_study(API, FLEET, here=2e9).replace({"fleet:load_share": stats.uniform(0.8, 0.1)})
    assert variance_shares(study.comparison, draws=64, seed=1).shares.total.tolist() == [0.0]


def test_bad_input() -> None:
    known = toy_study(API, FLEET, here=2e9)
    study = known.replace(
        {"api:input_usd_per_mtok": tc.between(3, 5), "fleet:fixed_usd_per_month": tc.between(1e3, 4e3)}
    )
    with pytest.raises(ScenarioError, match=r"found 1,000; accepted: a power of two from 16 on, such as 512 or 1,024"):
        variance_shares(study.comparison, draws=1_000, seed=1)
    for few in (1, 2, 8, 15):
        with pytest.raises(ScenarioError, match=rf"found {few}; accepted: a power of two from 16 on, such as 16 or 32"):
            variance_shares(study.comparison, draws=few, seed=1)
    with pytest.raises(ScenarioError, match="variance_shares\n  found nothing that is uncertain"):
        variance_shares(known.comparison, seed=1)
    with pytest.raises(ScenarioError, match="variance_shares: tokens_per_month\n  found none"):
        variance_shares(toy_study(API, FLEET).comparison, seed=1)
    tied = study.correlate({("api:input_usd_per_mtok", "fleet:fixed_usd_per_month"): 0.5})
    with pytest.raises(ScenarioError, match=r"found a correlation of .*; accepted: independent inputs"):
        variance_shares(tied.comparison, seed=1)
    untied = study.correlate({("api:input_usd_per_mtok", "fleet:fixed_usd_per_month"): 0.0})
    without, plain = (variance_shares(each.comparison, draws=16, seed=1) for each in (untied, study))
    assert without.frame().equals(plain.frame())
    own = known.replace(
        {"api:input_usd_per_mtok": np.array([3.0, 4.0]), "fleet:fixed_usd_per_month": np.array([1e3, 2e3])}
    )
    with pytest.raises(ScenarioError, match="found draws that go together"):
        variance_shares(own.comparison, seed=1)
