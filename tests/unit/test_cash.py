"""Cash by hand: when sums fall due, what leads and renewals do, payback, and the breakeven month by month."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.test_projection import own

import tokencross as tc
from tokencross.costs.engineering import EngineeringItems, amortized_usd_per_month
from tokencross.studies.cash import project
from tokencross.studies.projection import Projection
from tokencross.studies.switching import when
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


@pytest.mark.parametrize(
    ("begins", "message"),
    [
        (5, "begins\n  found 5; accepted: a mapping of challengers to months"),
        ([("challenger", 1)], "accepted: a mapping of challengers to months"),
        ({"challenger": True}, "begins[challenger]\n  found True"),
        (
            {"challenger": 5},
            "begins[challenger]\n  found 5: its first token would come in month 7, and it is out of use in month 6; "
            "accepted: a month that is early enough, or None for never.",
        ),
        ({"challenger": 4}, "its first token would come in month 6, and it is out of use in month 6"),
    ],
)
def test_a_plan_that_would_never_serve_is_refused(begins: object, message: str) -> None:
    study = staffed(tc.Engineering(upfront_usd=10_000, lead_months=2))
    asked = Projection(months=9, switching=Switching(obsolete_after_months=6))
    with pytest.raises(ValueError, match="found") as refused:
        project(study.comparison, asked, begins=begins)  # type: ignore[arg-type]  # that is the point
    assert message in str(refused.value)
    assert project(study.comparison, asked, begins={"challenger": 3}).plans["challenger"].begin == 3


def test_who_cannot_serve_before_the_end_is_not_begun_and_that_is_said() -> None:
    study = staffed(tc.Engineering(upfront_usd=30_000, amortization_months=24))
    terms = Switching(lead_months=6, obsolete_after_months=3, recoverable_share=1.0)
    found = project(study.comparison, Projection(months=12, switching=terms))
    assert found.plans["challenger"].begin is None
    assert found.totals()["total_usd"]["challenger"] == pytest.approx(12 * THEIRS)
    assert found.notes == ("challenger: its first token would come in month 6, and it is out of use in month 3.",)


# ---------------------------------------------------------------------- what is inside both


def cascaded(incumbent: str) -> tc.Study:
    """A small model with a team, alone and as the first of a cascade."""
    prices = tc.load_prices(as_of="2026-11-21")
    team = tc.Engineering(upfront_usd=100_000, amortization_months=6, lead_months=2)
    small = prices.api("openai/gpt-6-luna", label="small", engineering=team)
    other = tc.Engineering(upfront_usd=30_000, amortization_months=24)
    large = prices.api("anthropic/claude-opus-5-5", label="large", engineering=other)
    both = tc.Cascade(small, large, escalation_share=0.2, label="both")
    traffic = tc.Workload(input_tokens=1_000, output_tokens=100)
    return tc.Study([small, both], workload=traffic, tokens_per_month=1e9, incumbent=incumbent)


def test_what_is_in_place_is_not_paid_again() -> None:
    found = project(cascaded("small").comparison, Projection(months=14))
    cash = found.cash_flows()
    work = {label: each["upfront_usd"].tolist() for label, each in cash.groupby("option")}
    renewed = [0] * 6 + [100_000] + [0] * 5 + [100_000, 0]  # on its own clock, whoever serves
    assert work["small"] == renewed
    assert work["both"] == [30_000, *renewed[1:]]  # and its two months of lead are over
    assert found.payback("both").outlay_usd == 30_000
    assert "both: what small took to set up is in place with small." in found.notes


def test_leaving_a_cascade_for_a_part_of_it_takes_no_work() -> None:
    found = project(cascaded("both").comparison, Projection(months=26))
    cash = found.cash_flows()
    work = {label: each["upfront_usd"].tolist() for label, each in cash.groupby("option")}
    assert [month for month, usd in enumerate(work["small"]) if usd] == [6, 12, 18, 24]
    assert work["both"][24] == 130_000  # the large model's as well, where one stays
    assert work["small"][24] == 100_000


# ---------------------------------------------------------------------- payback


def test_payback_is_after_the_month_in_which_the_outlay_is_saved() -> None:
    study = staffed(tc.Engineering(upfront_usd=3_900 * 5 - 100, amortization_months=36))  # it saves 3,900 a month
    found = project(study.comparison, Projection(months=12)).payback("challenger")
    assert (found.month, found.outlay_usd) == (5, 19_400)
    assert str(found) == "challenger lays out 19,400 USD and has cost less than incumbent after 5 months, for good."


@pytest.mark.parametrize(
    ("terms", "month"),
    [
        (Switching(), 1),
        (Switching(switching_usd=3_000), 1),  # half a month's saving
        (Switching(switching_usd=6_000), 2),  # after one month both have cost the same
        (Switching(switching_usd=6_001), 2),
        (Switching(lead_months=3), 4),  # for three months they cost the same
        (Switching(switching_usd=72_000), None),  # the same at the horizon is no payback
    ],
)
def test_payback_is_the_first_month_at_whose_end_less_has_been_paid(terms: Switching, month: int | None) -> None:
    found = project(own(API, tc.CostCurve.per_mtok(4)).comparison, Projection(months=12, switching=terms))
    assert found.payback("B").month == month


def test_payback_counts_from_the_decision() -> None:
    study = staffed(tc.Engineering(upfront_usd=19_400, amortization_months=36))
    found = project(study.comparison, Projection(months=12), begins={"challenger": 4}).payback("challenger")
    assert (found.decided_month, found.month) == (4, 5)
    assert str(found) == (
        "challenger lays out 19,400 USD and has cost less than incumbent after 5 months from the decision in month 4, "
        "for good."
    )


@pytest.mark.parametrize("dearer", [10, 20])
def test_who_never_begins_has_nothing_to_pay_back(dearer: float) -> None:
    found = project(own(API, tc.CostCurve.per_mtok(dearer)).comparison, Projection(months=12), begins={"B": None})
    assert found.payback("B").month is None
    assert str(found.payback("B")) == "B is never begun: there is nothing to pay back."


def test_equal_costs_are_no_payback() -> None:
    found = project(own(API, API).comparison, Projection(months=12)).payback("B")
    assert (found.month, found.ahead_months) == (None, None)
    assert str(found) == "B never costs less than A in all."


def test_ahead_for_a_while_and_then_not_is_said() -> None:
    even = tc.CostCurve.per_mtok(1)
    asked = Projection(months=12, price_ratio={"B": [0.5] * 9 + [6.0] * 3})
    found = project(own(even, even).comparison, asked).payback("B")
    assert (found.month, found.ahead_months) == (None, (1, 9))
    assert found.ahead_usd == pytest.approx(4_500)
    assert str(found) == (
        "B does not pay back for good: it is ahead of A after months 1 to 9, by up to 4,500 USD, and then no longer."
    )


def test_the_incumbents_renewals_are_not_laid_out_for_the_challenger() -> None:
    prices = tc.load_prices(as_of="2026-11-21")
    team = tc.Engineering(upfront_usd=100_000, amortization_months=6)
    options = [
        prices.api("anthropic/claude-opus-5-5", label="theirs", engineering=team),
        prices.api("openai/gpt-6-luna", label="ours"),
    ]
    study = tc.Study(options, workload=tc.Workload(input_tokens=1_000, output_tokens=0), tokens_per_month=1e9)
    found = project(
        study.comparison, Projection(months=24, switching=Switching(switching_usd=700)), begins={"ours": 12}
    )
    cash = found.cash_flows()
    assert cash[cash["option"] == "ours"]["upfront_usd"].sum() == 100_000  # theirs of month 6
    assert found.payback("ours").outlay_usd == 700
    layered = Switching(abstraction_layer_usd=300, switching_with_layer_usd=50)
    planned = when(study.comparison, Projection(months=24, switching=layered)).planned()
    assert planned.payback("ours").outlay_usd == (0 if not planned.plans["ours"].layer else 350)


def test_a_payback_that_never_comes_says_how_far_it_got() -> None:
    study = staffed(tc.Engineering(upfront_usd=100_000, amortization_months=36))
    found = project(study.comparison, Projection(months=12)).payback("challenger")
    assert found.month is None
    assert found.recovered_share == pytest.approx(12 * 3_900 / 100_000)
    assert found.recovered_month == 12
    assert str(found) == "challenger does not pay back: at the highest 47% of what it has laid out, after 12 months."


def test_a_payback_that_renewal_undoes_is_none() -> None:
    study = staffed(tc.Engineering(upfront_usd=15_000, amortization_months=6))
    found = project(study.comparison, Projection(months=7)).payback("challenger")
    assert found.month is None  # 6 x 3,900 were more than 15,000, but 7 x 3,900 are less than 30,000
    assert found.recovered_share == pytest.approx(6 * 3_900 / 15_000)
    assert found.recovered_month == 6
    assert found.ahead_months == (4, 6)
    assert found.ahead_usd == pytest.approx(6 * 3_900 - 15_000)
    assert str(found) == (
        "challenger does not pay back for good: it is ahead of incumbent after months 4 to 6, by up to 8,400 USD, and "
        "then no longer, at the highest 156% of what it has laid out, after 6 months."
    )
    assert project(study.comparison, Projection(months=8)).payback("challenger").month == 8


def test_interest_makes_payback_later() -> None:
    study = staffed(tc.Engineering(upfront_usd=3_900 * 5 - 100, amortization_months=36))
    found = project(study.comparison, Projection(months=12, discount_rate_per_year=0.3))
    assert found.payback("challenger", discounted=True).month == 6
    assert found.payback("challenger").month == 5


def test_who_lays_out_nothing_pays_back_in_a_month_or_never() -> None:
    found = project(own(API, tc.CostCurve.per_mtok(4), tc.CostCurve.per_mtok(40)).comparison, Projection(months=3))
    assert found.payback("B").month == 1
    assert str(found.payback("C")) == "C never costs less than A in all."
    assert found.payback("B", "C").month == 1
    with pytest.raises(ValueError, match="found 'B' against itself"):
        found.payback("B", "B")


@pytest.mark.parametrize("label", ["A", "b", None, ["B"], 5])
def test_a_label_that_is_no_challenger_is_refused(label: object) -> None:
    found = project(own(API, API).comparison, Projection(months=3))
    for asked in (found.payback, found.crossing_month):
        with pytest.raises(ValueError, match="accepted: a challenger: B"):
            asked(label)  # type: ignore[arg-type]  # that is the point
    if label != "A":
        with pytest.raises(ValueError, match="accepted: an option: A, B"):
            found.payback("B", label or ["A"])  # type: ignore[arg-type]  # that is the point


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
    assert "B has cost less than A after 1 month, for good." in found._repr_html_()
