"""Cash by hand: when sums fall due, what leads and renewals do, payback, and the breakeven month by month."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.test_projection import own

import tokencross as tc
from tokencross.costs.engineering import EngineeringItems, amortized_usd_per_month
from tokencross.studies.cash import project
from tokencross.studies.projection import Projection
from tokencross.studies.terms_of_switching import Switching

API = tc.CostCurve.per_mtok(10)  # 10,000 USD a month at a billion tokens


def staffed(*items: tc.Engineering) -> tc.Study:
    """An API against a small hosted model that costs less and takes people."""
    prices = tc.load_prices(as_of="2026-11-21")
    hosted = prices.api("anthropic/claude-opus-5-5", label="incumbent", tokenizer_ratio=1)
    other = prices.api("openai/gpt-6-luna", label="challenger", tokenizer_ratio=1, engineering=EngineeringItems(items))
    return tc.Study([hosted, other], workload=tc.Workload(input_tokens=1_000, output_tokens=0), tokens_per_month=1e9)


# at a billion fresh input tokens: 4 and 0.1 USD per million
THEIRS, OURS = 4_000.0, 100.0


def columns(study: tc.Study, projection: Projection, **given: object) -> dict[str, list[float]]:
    """The challenger's cash by kind and month."""
    frame = project(study.comparison, projection, **given).cash_flows()  # type: ignore[arg-type]  # as the tests write it
    own = frame[frame["option"] == "challenger"]
    return {str(name): own[name].tolist() for name in own.columns if str(name).endswith("_usd")}


# ---------------------------------------------------------------------- when sums fall due


def test_over_its_amortisation_cash_is_what_the_curve_says() -> None:
    study = staffed(tc.Engineering(upfront_usd=24_000, amortization_months=24, upkeep_usd_per_month=500))
    totals = project(study.comparison, Projection(months=24)).totals()["total_usd"]
    for label in ("incumbent", "challenger"):
        assert totals[label] == pytest.approx(24 * study.comparison.curve(label).usd_per_month(1e9))


def test_level_payments_discount_back_to_the_principal() -> None:
    item = tc.Engineering(upfront_usd=24_000, amortization_months=24, discount_rate_per_year=0.1)
    study = staffed(item)
    projection = Projection(months=24, discount_rate_per_year=0.1)
    worth = project(study.comparison, projection).totals()["present_value_usd"]["challenger"]
    rate = 1.1 ** (1 / 12) - 1
    monthly = study.comparison.curve("challenger").usd_per_month(1e9)  # the level payment is in it
    assert monthly == pytest.approx(
        OURS + amortized_usd_per_month(24_000, amortization_months=24, discount_rate_per_year=0.1)
    )
    assert worth == pytest.approx(sum(monthly / (1 + rate) ** k for k in range(1, 25)))


def test_until_the_lead_is_over_the_incumbents_bill_runs_on() -> None:
    item = tc.Engineering(upfront_usd=25_000, upkeep_usd_per_month=600, lead_months=2.5)
    found = columns(staffed(item), Projection(months=4))
    assert found["running_usd"] == pytest.approx([THEIRS, THEIRS, (THEIRS + OURS) / 2, OURS])
    assert found["upkeep_usd"] == pytest.approx([0, 0, 300, 600])
    assert found["upfront_usd"] == pytest.approx([10_000, 10_000, 5_000, 0])


def test_work_is_done_again_when_its_amortisation_has_run_out() -> None:
    platform = tc.Engineering(upfront_usd=9_000, amortization_months=24, label="platform")
    model = tc.Engineering(upfront_usd=3_000, amortization_months=4, label="model")
    found = columns(staffed(platform, model), Projection(months=12))
    assert found["upfront_usd"] == pytest.approx([12_000, 0, 0, 0, 3_000, 0, 0, 0, 3_000, 0, 0, 0])
    once = columns(staffed(platform, model), Projection(months=12, renew_engineering=False))
    assert sum(once["upfront_usd"]) == 12_000


def test_work_shrinks_as_tooling_matures() -> None:
    item = tc.Engineering(upfront_usd=10_000, amortization_months=12)
    asked = Projection(months=24, engineering_decline_per_year=0.4)
    assert sum(columns(staffed(item), asked)["upfront_usd"]) == pytest.approx(10_000 + 6_000)
    later = columns(staffed(item), asked, begins={"challenger": 12})
    assert sum(later["upfront_usd"]) == pytest.approx(6_000)


def test_what_the_incumbent_took_is_spent() -> None:
    study = staffed(tc.Engineering(upfront_usd=10_000, amortization_months=6))
    turned = tc.Study(study.options, workload=study.workload, incumbent="challenger", tokens_per_month=1e9)
    found = project(turned.comparison, Projection(months=12))
    frame = found.cash_flows()
    assert frame[frame["option"] == "challenger"]["upfront_usd"].tolist() == [0] * 6 + [10_000] + [0] * 5
    assert found.notes == (
        "challenger is in place: what it took to set up is spent and not counted until it is renewed.",
    )


def test_recovered_delay_and_exit() -> None:
    item = tc.Engineering(upfront_usd=10_000, amortization_months=24)
    terms = Switching(
        switching_usd=700,
        exit_usd=900,
        delay_cost_usd_per_month=50,
        obsolete_after_months=4,
        recoverable_share=0.3,
        lead_months=1,
    )
    found = columns(staffed(item), Projection(months=6, switching=terms))
    assert found["switching_usd"] == [700, 0, 0, 0, 0, 0]
    assert found["running_usd"] == pytest.approx([THEIRS, OURS, OURS, OURS, THEIRS, THEIRS])
    assert found["benefit_usd"] == pytest.approx([0, -50, -50, -50, 0, 0])  # what delay no longer loses
    assert found["exit_usd"] == [0, 0, 0, 0, 900, 0]
    assert found["recovered_usd"] == pytest.approx([0, 0, 0, 0, -3_000, 0])
    assert found["total_usd"][4] == pytest.approx(THEIRS + 900 - 3_000)


def test_at_the_horizon_the_recoverable_part_comes_back_at_the_end() -> None:
    item = tc.Engineering(upfront_usd=10_000)
    asked = Projection(months=3, switching=Switching(recoverable_share=0.5), discount_rate_per_year=0.21)
    found = columns(staffed(item), asked)
    assert found["recovered_usd"] == [0, 0, -5_000]
    rate = 1.21 ** (1 / 12)
    assert found["discounted_usd"][2] == pytest.approx((OURS - 5_000) / rate**3)
    assert found["discounted_usd"][0] == pytest.approx(10_000 + OURS / rate)


def test_never_is_the_incumbents_bill() -> None:
    study = staffed(tc.Engineering(upfront_usd=10_000))
    found = columns(study, Projection(months=3), begins={"challenger": None})
    assert found["total_usd"] == pytest.approx([THEIRS] * 3)


@pytest.mark.parametrize(
    ("begins", "message"),
    [
        ({"challenger": 3}, "begins[challenger]\n  found 3; accepted: a whole month from 0 to 2, or None for never."),
        ({"chalenger": 1}, "Did you mean 'challenger'?"),
        ({"incumbent": 1}, "begins\n  found 'incumbent'; accepted: a challenger: challenger."),
    ],
)
def test_a_month_outside_the_horizon_is_refused(begins: dict[str, int], message: str) -> None:
    study = staffed(tc.Engineering(upfront_usd=10_000))
    with pytest.raises(ValueError, match="found") as refused:
        project(study.comparison, Projection(months=3), begins=begins)
    assert message in str(refused.value)


# ---------------------------------------------------------------------- payback


def test_payback_is_after_the_month_in_which_the_outlay_is_saved() -> None:
    study = staffed(tc.Engineering(upfront_usd=3_900 * 5, amortization_months=36))  # it saves 3,900 a month
    found = project(study.comparison, Projection(months=12)).payback("challenger")
    assert (found.month, found.outlay_usd) == (5, 19_500)
    assert str(found) == "challenger lays out 19,500 USD and has cost less than incumbent after 5 months, for good."


def test_a_payback_that_never_comes_says_how_far_it_got() -> None:
    study = staffed(tc.Engineering(upfront_usd=100_000, amortization_months=36))
    found = project(study.comparison, Projection(months=12)).payback("challenger")
    assert found.month is None
    assert found.recovered_share == pytest.approx(12 * 3_900 / 100_000)
    assert found.recovered_month == 12
    assert (
        str(found)
        == "challenger does not pay back for good: at the highest 47% of what it has laid out, after 12 months."
    )


def test_a_payback_that_renewal_undoes_is_none() -> None:
    study = staffed(tc.Engineering(upfront_usd=15_000, amortization_months=6))
    found = project(study.comparison, Projection(months=7)).payback("challenger")
    assert found.month is None  # 6 x 3,900 were more than 15,000, but 7 x 3,900 are less than 30,000
    assert found.recovered_share == pytest.approx(6 * 3_900 / 15_000)
    assert found.recovered_month == 6
    assert project(study.comparison, Projection(months=8)).payback("challenger").month == 8


def test_interest_makes_payback_later() -> None:
    study = staffed(tc.Engineering(upfront_usd=3_900 * 5, amortization_months=36))
    found = project(study.comparison, Projection(months=12, discount_rate_per_year=0.3))
    assert found.payback("challenger", discounted=True).month == 6
    assert found.payback("challenger").month == 5


def test_who_lays_out_nothing_pays_at_once_or_never() -> None:
    found = project(own(API, tc.CostCurve.per_mtok(4), tc.CostCurve.per_mtok(40)).comparison, Projection(months=3))
    assert found.payback("B").month == 0
    assert str(found.payback("C")) == "C never costs less than A in all."
    with pytest.raises(ValueError, match="found 'B' against itself"):
        found.payback("B", "B")


# ---------------------------------------------------------------------- frames


def test_cumulative_begins_at_nothing_and_ends_at_the_total() -> None:
    study = staffed(tc.Engineering(upfront_usd=9_000), tc.Engineering(upfront_usd=100, label="more"))
    found = project(study.comparison, Projection(months=7, growth_per_year=1.0, discount_rate_per_year=0.2))
    for discounted, column in ((False, "total_usd"), (True, "present_value_usd")):
        frame = found.cumulative(discounted=discounted)
        assert frame.iloc[0].tolist() == [0, 0]
        np.testing.assert_allclose(frame.iloc[-1].sort_index(), found.totals()[column].sort_index())


def test_the_breakeven_moves_with_the_months_prices() -> None:
    fleet = tc.CostCurve.fixed(8_000) + tc.CostCurve.per_mtok(2)
    asked = Projection(months=13, declines={"A": 0.5}, growth_per_year=3.0)
    found = project(own(API, fleet).comparison, asked)
    frame = found.breakevens().set_index("month")
    assert frame.loc[0, "first_tokens_per_month"] == pytest.approx(8_000 / 8e-6)
    assert frame.loc[12, "first_tokens_per_month"] == pytest.approx(8_000 / 3e-6)
    assert frame["tokens_per_month"].tolist() == pytest.approx(found.volumes.tolist())
    cheaper = frame["tokens_per_month"] > frame["first_tokens_per_month"]
    assert frame["undercuts"].tolist() == cheaper.tolist()
    assert found.crossing_month("B") == int(cheaper.to_numpy().argmax())


def test_a_study_of_draws_is_projected_at_their_medians() -> None:
    uncertain = own(API, tc.CostCurve.per_mtok(np.array([1.0, 4.0, 9.0])))
    plain = own(API, tc.CostCurve.per_mtok(4.0))
    asked = Projection(months=5, growth_per_year=0.5)
    assert project(uncertain.comparison, asked).totals().equals(project(plain.comparison, asked).totals())


def test_it_shows_itself_in_a_line_and_in_a_small_table() -> None:
    found = project(own(API, tc.CostCurve.per_mtok(4)).comparison, Projection(months=3))
    assert repr(found) == "<Projected A, B over 3 months>"
    assert "B has cost less than A from the first month, for good." in found._repr_html_()
