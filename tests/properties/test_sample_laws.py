"""Laws of a sample: shares add up, quantiles rise, a wider interval never narrows a band."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import tokencross as tc

SHAPE = tc.Workload(input_tokens=1_000, output_tokens=500)
PRICES = st.floats(0.1, 50.0)
WIDTHS = st.floats(1.05, 4.0)


def study_of(price: float, width: float, fixed: float, step: float) -> tc.Study:
    """Three options of which one price is uncertain by a factor either way."""
    uncertain = tc.between(price / width, price * width, name="price")
    api = tc.Option("API", tc.CostCurve.per_mtok(price))
    own = tc.Option("own", tc.CostCurve.fixed(fixed) + tc.CostCurve.staircase(step, 1e9, min_steps=1))
    prices = tc.load_prices(as_of="2026-11-21")
    listed = prices.api("anthropic/claude-opus-5-5", label="listed")
    study = tc.Study([api, own, listed], workload=SHAPE, tokens_per_month=2e9)
    return study.replace({"prices:anthropic/claude-opus-5-5.output_usd_per_mtok": uncertain})


@settings(max_examples=40, deadline=None)
@given(PRICES, WIDTHS, st.floats(1.0, 1e5), st.floats(1.0, 1e4))
def test_shares_add_up_and_quantiles_rise(price: float, width: float, fixed: float, step: float) -> None:
    sample = study_of(price, width, fixed, step).sample(draws=64, seed=5)
    volumes = np.geomspace(1e6, 1e12, 9)
    shares = sample.cheapest_shares(volumes).to_numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert np.all((shares >= 0.0) & (shares <= 1.0))
    bands = sample.costs(volumes).to_numpy().reshape(9, 3, 5)
    assert np.all(np.diff(bands, axis=2) >= 0.0)
    table = sample.breakevens()[["q05", "q25", "q50", "q75", "q95"]].to_numpy(float)
    assert np.all(table[:, 1:] >= table[:, :-1])


@settings(max_examples=40, deadline=None)
@given(PRICES, WIDTHS, WIDTHS)
def test_a_wider_interval_never_narrows_the_band(price: float, width: float, more: float) -> None:
    narrow, wide = (study_of(price, size, 1_000.0, 100.0).sample(draws=128, seed=5) for size in (width, width * more))
    for label, column in (("listed", "q05"), ("listed", "q95")):
        inner, outer = (each.costs([1e9])[label, column].iloc[0] for each in (narrow, wide))
        assert outer <= inner * (1 + 1e-12) if column == "q05" else outer >= inner * (1 - 1e-12)


@settings(max_examples=30, deadline=None)
@given(PRICES, WIDTHS, st.floats(1.0, 1e5))
def test_regret_is_never_negative_and_somebody_has_least(price: float, width: float, fixed: float) -> None:
    sample = study_of(price, width, fixed, 500.0).sample(draws=64, seed=5)
    regret = sample.regret()["regret_usd_per_month"].to_numpy()
    assert np.all(regret >= 0.0)
    assert np.all(np.diff(regret) >= 0.0)
    means = sample.regret().set_index("option")["mean_usd_per_month"]
    assert means.idxmin() == sample.regret()["option"].iloc[0]  # regret is cost less a common sum
