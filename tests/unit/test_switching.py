"""When to switch: closed forms, and every term of a switch by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.tables import api, hosted, price_book, row
from tests.unit.test_projection import own

import tokencross as tc
from tokencross.options.base import CostOption
from tokencross.studies.cash import project
from tokencross.studies.projection import Projection
from tokencross.studies.switching import Timing, when
from tokencross.studies.terms_of_switching import Switching

# at a billion tokens A costs 10,000 USD a month and B 4,000: it saves 6,000
A, B = tc.CostCurve.per_mtok(10), tc.CostCurve.per_mtok(4)


def timed(projection: Projection, *curves: tc.CostCurve) -> Timing:
    """When to switch from the first curve to the others."""
    return when(own(*(curves or (A, B))).comparison, projection)


def over(months: int, *, terms: Switching | None = None, **given: object) -> Projection:
    """A projection over so many months."""
    return Projection(months=months, switching=terms or Switching(), **given)  # type: ignore[arg-type]  # as written


# ---------------------------------------------------------------------- closed forms


@pytest.mark.parametrize(("growth", "discount", "outlay"), [(1.0, 0.1, 900_000), (0.5, 0.05, 2e6), (3.0, 0.3, 600_000)])
def test_under_constant_growth_one_switches_when_the_saving_is_the_interest_on_the_outlay(
    growth: float, discount: float, outlay: float
) -> None:
    # waiting from month s to s + 1 loses the saving S g^s at that month's end and gains a month's interest r U at the
    # same moment: one switches in the first month with S g^s >= r U, s = ceil(ln(r U / S) / ln g)
    months = 120
    asked = over(months, terms=Switching(switching_usd=outlay), growth_per_year=growth, discount_rate_per_year=discount)
    found = timed(asked).switch("B")
    rate, ratio = (1 + discount) ** (1 / 12) - 1, (1 + growth) ** (1 / 12)
    first = max(math.ceil(math.log(rate * outlay / 6_000) / math.log(ratio)), 0)
    assert found.month == first
    assert found.kind == ("interior" if first else "now")
    saved = sum(6_000 * ratio**m / (1 + rate) ** (m + 1) for m in range(first, months))
    assert found.never_usd - found.best_usd == pytest.approx(saved - outlay / (1 + rate) ** first, rel=1e-9)


def test_under_falling_prices_without_return_it_is_now_or_never() -> None:
    # the saving only shrinks: D (1 - d)^(m / 12) - F; what pays to begin later pays to begin now
    fleet = tc.CostCurve.fixed(4_000)
    saved = [10_000 * 0.4 ** (m / 12) - 4_000 for m in range(24)]
    for outlay in (0.9 * sum(saved), 1.1 * sum(saved)):
        found = timed(over(24, terms=Switching(switching_usd=outlay), declines={"A": 0.6}), A, fleet).switch("B")
        assert found.kind == ("now" if outlay < sum(saved) else "never")
        assert found.now_usd - found.never_usd == pytest.approx(outlay - sum(saved))


def test_under_falling_prices_one_returns_when_the_saving_is_gone() -> None:
    # D (1 - d)^(m / 12) < F from month 12 ln(F / D) / ln(1 - d) = 12 on
    fleet = tc.CostCurve.fixed(4_000)
    left = math.ceil(12 * math.log(4_000 / 10_000) / math.log(0.4) + 1e-9)
    saved = [10_000 * 0.4 ** (m / 12) - 4_000 for m in range(left)]
    terms = Switching(switching_usd=5_000, may_return=True)
    found = timed(over(36, terms=terms, declines={"A": 0.6}), A, fleet).switch("B")
    assert found.month == 0
    assert found.leaves_month in (left, left + 1)  # in month 12 itself they cost the same
    assert found.never_usd - found.best_usd == pytest.approx(sum(saved) - 5_000)


def test_who_has_to_pay_to_leave_stays_until_the_loss_is_more() -> None:
    fleet = tc.CostCurve.fixed(4_000)
    lost = [4_000 - 10_000 * 0.4 ** (m / 12) for m in range(24)]
    for exit_usd in (0.99 * sum(lost[13:]), 1.01 * sum(lost[13:])):
        terms = Switching(may_return=True, exit_usd=exit_usd)
        found = timed(over(24, terms=terms, declines={"A": 0.6}), A, fleet).switch("B")
        assert found.month == 0
        assert (found.leaves_month is None) == (exit_usd > sum(lost[13:]))


def test_it_is_best_to_wait_for_a_step_that_is_known() -> None:
    # the challenger's price halves in month 5: until then it loses 2,000 a month, then it saves 4,000
    path = [12.0 / 8.0] * 5 + [6.0 / 8.0] * 7
    found = timed(over(12, price_ratio={"B": path}), A, tc.CostCurve.per_mtok(8)).switch("B")
    assert (found.month, found.kind) == (5, "price step")
    assert found.step is not None
    assert found.step.words == "B: prices go from 1.5 to 0.75 times today's"
    assert found.now_usd - found.best_usd == pytest.approx(5 * 2_000)
    assert found.never_usd - found.best_usd == pytest.approx(7 * 4_000)


# ---------------------------------------------------------------------- terms of a switch


def test_lead_months_move_the_first_token_and_so_the_decision() -> None:
    path = [12.0 / 8.0] * 5 + [6.0 / 8.0] * 7
    terms = Switching(lead_months=2)
    found = timed(over(12, terms=terms, price_ratio={"B": path}), A, tc.CostCurve.per_mtok(8)).switch("B")
    assert (found.month, found.kind, found.lead_months) == (3, "price step", 2.0)
    assert found.never_usd - found.best_usd == pytest.approx(7 * 4_000)


def test_the_cost_of_delay_brings_the_switch_forward() -> None:
    # waiting gains r U = 797 a month in interest and loses the saving; with a growing saving of 500 now it pays to wait
    near = tc.CostCurve.per_mtok(9.5)
    outlay = 100_000
    asked = {"growth_per_year": 1.0, "discount_rate_per_year": 0.1}
    waits = timed(over(120, terms=Switching(switching_usd=outlay), **asked), A, near).switch("B")
    assert waits.month == math.ceil(math.log((1.1 ** (1 / 12) - 1) * outlay / 500) / math.log(2 ** (1 / 12))) == 9
    terms = Switching(switching_usd=outlay, delay_cost_usd_per_month=300)
    assert timed(over(120, terms=terms, **asked), A, near).switch("B").month == 0  # 500 + 300 is more than 797
    found = timed(over(120, terms=terms), A, near).switch("B")
    assert found.never_usd - found.now_usd == pytest.approx(120 * (500 + 300) - outlay)


def test_what_becomes_obsolete_has_to_pay_back_before() -> None:
    def until(month: float) -> Switching:
        return Switching(switching_usd=30_000, exit_usd=1_000, obsolete_after_months=month)

    assert timed(over(24, terms=until(5))).switch("B").month is None
    found = timed(over(24, terms=until(6))).switch("B")
    assert found.now_usd - found.never_usd == pytest.approx(30_000 + 1_000 - 6 * 6_000)
    assert (found.month, found.leaves_month) == (0, 6.0)
    assert found.ways[0].starts.tolist() == [0, 1, 2, 3, 4, 5]  # later there is nothing to switch for


def test_a_layer_is_answered_beside_the_plain_switch() -> None:
    terms = Switching(switching_usd=20_000, abstraction_layer_usd=8_000, switching_with_layer_usd=5_000)
    found = timed(over(12, terms=terms)).switch("B")
    plain, layered = found.ways
    assert (plain.at(0), layered.at(0)) == (12 * 4_000 + 20_000, 12 * 4_000 + 8_000 + 5_000)
    assert found.way is layered
    assert "An abstraction layer pays for itself." in str(found)
    dear = Switching(switching_usd=20_000, abstraction_layer_usd=16_000, switching_with_layer_usd=5_000)
    other = timed(over(12, terms=dear)).switch("B")
    assert other.way is other.ways[0]
    assert other.never_usd == 12 * 10_000  # who never switches builds none


def test_examples_have_to_be_there_first() -> None:
    terms = Switching(labelled_examples_per_month=400, examples_held_count=1_000, examples_needed_count=3_000)
    found = timed(over(12, terms=terms)).switch("B")
    assert (found.first_month, found.month, found.kind) == (5, 5, "first possible")  # 2,000 missing, 400 a month
    assert math.isinf(found.now_usd)
    frame = timed(over(12, terms=terms)).frame()
    assert frame["too_late_usd"].tolist() == pytest.approx([7 * 6_000])
    never = timed(over(5, terms=terms))
    assert never.switch("B").first_month == 5
    assert never.verdict() == "Stay with A for all 5 months: there are not examples enough for B before month 5."
    assert str(never.would_change("B")) == (
        "Switching to B now is not possible: there are not examples enough before month 5."
    )
    with pytest.raises(ValueError, match="found a switch that cannot begin before month 5"):
        never.flexibility("B", volatility_per_year=0.5)
    none = timed(over(5, terms=Switching(labelled_examples_per_month=0, examples_needed_count=10)))
    assert none.switch("B").first_month is None
    assert none.verdict() == "Stay with A for all 5 months: there are never examples enough for B."
    assert str(none.would_change("B")) == "Switching to B now is not possible: there are never examples enough."


def test_where_one_cannot_act_now_waiting_costs_nothing_that_could_be_told() -> None:
    terms = Switching(labelled_examples_per_month=400, examples_held_count=1_000, examples_needed_count=3_000)
    row = timed(over(12, terms=terms)).waiting(6).iloc[0]
    assert math.isinf(row["now_usd"])
    assert row["free_usd"] == row["then_usd"] == pytest.approx(6 * 10_000 + 6 * 4_000)
    assert math.isnan(row["waiting_usd"])
    assert math.isnan(row["waiting_free_usd"])


def test_a_fine_tuned_option_says_itself_how_many_examples_it_takes() -> None:
    prices = tc.load_prices(as_of="2026-11-21")
    frontier = prices.api("anthropic/claude-opus-5-5", label="frontier")
    training = tc.Training(examples_count=2_000, usd_per_example=1, tokens_per_example=1_000, epochs=2)
    tuned = prices.fine_tuned(
        "openai/gpt-4.1-mini", training=training, engineering=tc.Engineering.none(), label="tuned"
    )
    traffic = tc.Workload(input_tokens=1_000, output_tokens=100)
    study = tc.Study([frontier, tuned], workload=traffic, tokens_per_month=1e9)
    terms = Switching(labelled_examples_per_month=300)
    found = when(study.comparison, over(12, terms=terms)).switch("tuned")
    assert (found.first_month, found.month) == (7, 7)  # 2,000 / 300, rounded up


def test_terms_may_differ_by_challenger() -> None:
    asked = Projection(months=12, switching={"C": Switching(switching_usd=1_000)})
    found = timed(asked, A, B, B)
    assert found.switch("C").best_usd - found.switch("B").best_usd == pytest.approx(1_000)


def test_what_can_be_recovered_lowers_the_hurdle() -> None:
    item = tc.Engineering(upfront_usd=80_000, amortization_months=36)
    prices = tc.load_prices(as_of="2026-11-21")
    options = [
        prices.api("anthropic/claude-opus-5-5", label="theirs", tokenizer_ratio=1),
        prices.api("openai/gpt-6-luna", label="ours", tokenizer_ratio=1, engineering=item),
    ]
    study = tc.Study(options, workload=tc.Workload(input_tokens=1_000, output_tokens=0), tokens_per_month=1e9)
    assert when(study.comparison, over(20)).switch("ours").month is None  # 20 x 3,900 is less than 80,000
    found = when(study.comparison, over(20, terms=Switching(recoverable_share=0.1))).switch("ours")
    assert found.month == 0
    assert found.never_usd - found.best_usd == pytest.approx(20 * 3_900 - 72_000)


# ---------------------------------------------------------------------- leaving, and coming back


def renewing(**team: float) -> tc.Study:
    """An incumbent whose work comes again, against a curve that costs 25 times as much."""
    prices = tc.load_prices(as_of="2026-11-21")
    work = tc.Engineering(upfront_usd=100_000, **team)  # type: ignore[arg-type]  # as the tests write it
    theirs = prices.api("anthropic/claude-opus-5-5", label="theirs", engineering=work, tokenizer_ratio=1)
    options: list[CostOption] = [theirs, tc.Option("ours", tc.CostCurve.per_mtok(100))]
    return tc.Study(options, workload=tc.Workload(input_tokens=1_000, output_tokens=0), tokens_per_month=1e9)


def upfront(study: tc.Study, asked: Projection, begins: int) -> list[float]:
    """Work up front by month, for a plan that begins in a month."""
    cash = study.project(asked, begins={"ours": begins}).cash_flows()
    return [float(usd) for usd in cash[cash["option"] == "ours"]["upfront_usd"]]


def test_a_renewal_that_fell_due_while_away_is_done_on_return() -> None:
    study = renewing(amortization_months=6)
    for terms in (Switching(may_return=True), Switching(obsolete_after_months=7)):
        assert study.when(over(12, terms=terms)).switch("ours").month is None
    asked = over(20, terms=Switching(obsolete_after_months=7))
    # away from month 3 to 7: month 6 is missed, done in month 7, and again six months after that
    assert [m for m, usd in enumerate(upfront(study, asked, 3)) if usd] == [7, 13, 19]
    # away in month 0 only: nothing fell due, the old clock goes on
    soon = over(20, terms=Switching(obsolete_after_months=1))
    assert [m for m, usd in enumerate(upfront(study, soon, 0)) if usd] == [6, 12, 18]
    # two that were missed are done once
    late = over(20, terms=Switching(obsolete_after_months=13.5))
    assert upfront(study, late, 4)[13] == 100_000
    assert sum(upfront(study, late, 4)) == 200_000  # and in month 19


def test_who_missed_migrations_moves_once_on_return() -> None:
    given = {"capability_declines": {"A": 0.5}, "model_life_months": 6, "migration_usd": 50_000}
    near = tc.CostCurve.per_mtok(11)
    returning = timed(over(12, terms=Switching(may_return=True), **given), A, near).switch("B")
    assert returning.leaves_month is None  # coming back in month 7 would cost the migration after all
    asked = over(20, terms=Switching(obsolete_after_months=14), **given)
    cash = project(own(A, near).comparison, asked).cash_flows()
    moved = cash[cash["option"] == "B"].set_index("month")["migration_usd"]
    assert moved[moved > 0].to_dict() == {14: 50_000, 18: 50_000}
    asked = over(20, terms=Switching(obsolete_after_months=12), **given)
    cash = project(own(A, near).comparison, asked).cash_flows()
    moved = cash[cash["option"] == "B"].set_index("month")["migration_usd"]
    assert moved[moved > 0].to_dict() == {12: 50_000, 18: 50_000}  # who returns that month moves once


def test_a_plan_whose_first_token_comes_after_its_end_is_none() -> None:
    work = tc.Engineering(upfront_usd=1e6, amortization_months=24, lead_months=2)
    ours = tc.load_prices(as_of="2026-11-21").api("openai/gpt-6-luna", label="ours", engineering=work)
    options: list[CostOption] = [tc.Option("theirs", tc.CostCurve.per_mtok(0.01)), ours]
    study = tc.Study(options, workload=tc.Workload(input_tokens=1_000, output_tokens=0), tokens_per_month=1e9)
    terms = Switching(obsolete_after_months=7.5, recoverable_share=1.0)
    found = study.when(over(12, terms=terms, discount_rate_per_year=0.5)).switch("ours")
    assert found.month is None
    assert found.ways[0].starts.tolist() == [0, 1, 2, 3, 4, 5]  # from month 6 on nothing would be served
    to_the_end = study.when(over(12)).switch("ours")
    assert to_the_end.ways[0].starts.tolist() == list(range(10))
    assert study.when(over(2)).verdict() == "Stay with theirs for all 2 months: ours could not serve before month 2."


# ---------------------------------------------------------------------- what is said


def test_a_step_against_the_switch_is_not_its_reason() -> None:
    # the incumbent gets cheaper in month 5: examples are the reason, and that comes first even where both agree
    terms = Switching(labelled_examples_per_month=100, examples_needed_count=500)
    down, up = [1.0] * 5 + [0.9] * 19, [1.0] * 5 + [1.1] * 19
    for path in (down, up):
        found = timed(over(24, terms=terms, price_ratio={"A": path}))
        assert (found.switch("B").month, found.switch("B").kind) == (5, "first possible")
        assert found.verdict().startswith("Switch to B in month 5, when there are examples enough;")
    dear, path = tc.CostCurve.per_mtok(10.5), [1.0] * 4 + [1.1] * 8  # B pays once A's price has gone up
    found = timed(over(12, price_ratio={"A": path}), A, dear)
    assert (found.switch("B").month, found.switch("B").kind) == (4, "price step")
    # the same month of an own volume, with a step of A down in it: no reason
    volumes = [1e8] * 4 + [1e9] * 8
    fleet = tc.CostCurve.fixed(4_000)
    found = timed(over(12, tokens_per_month=volumes, price_ratio={"A": [1.0] * 4 + [0.9] * 8}), A, fleet)
    assert (found.switch("B").month, found.switch("B").kind, found.switch("B").step) == (4, "interior", None)


def test_waiting_is_costed_against_acting_now() -> None:
    found = timed(over(24, terms=Switching(switching_usd=10_000))).waiting(6).iloc[0]
    assert found["waiting_usd"] == pytest.approx(6 * 6_000)
    assert found["waiting_free_usd"] == pytest.approx(6 * 6_000)
    path = [12.0 / 8.0] * 5 + [6.0 / 8.0] * 7
    saves = timed(over(12, price_ratio={"B": path}), A, tc.CostCurve.per_mtok(8)).waiting(6).iloc[0]
    assert saves["waiting_usd"] == pytest.approx(-5 * 2_000 + 4_000)  # what B loses in five months, and saves in one


@pytest.mark.parametrize("months", [0, 24, 1.5, True])
def test_waiting_is_within_the_horizon(months: object) -> None:
    with pytest.raises(ValueError, match="accepted: a whole number from 1 to 23"):
        timed(over(24)).waiting(months)  # type: ignore[arg-type]  # that is the point


def test_every_month_to_begin_in_is_in_the_table() -> None:
    frame = timed(over(12, terms=Switching(switching_usd=10_000))).by_month("B")
    assert frame.index.tolist() == list(range(12))
    assert frame["present_value_usd"].tolist() == pytest.approx(
        [10_000 * (s + 1) + 4_000 * (12 - s) for s in range(12)]
    )
    assert frame["over_best_usd"].tolist() == pytest.approx([6_000 * s for s in range(12)])


def test_the_verdict_names_the_best_and_what_now_and_never_cost() -> None:
    path = [12.0 / 8.0] * 5 + [6.0 / 8.0] * 7
    found = timed(over(12, price_ratio={"B": path}), A, tc.CostCurve.per_mtok(8), tc.CostCurve.per_mtok(30))
    assert found.verdict() == (
        "Switch to B in month 5, when B: prices go from 1.5 to 0.75 times today's; acting now costs 10,000 USD more "
        "over 12 months and never switching 28,000 USD more. C never pays to switch to."
    )
    assert repr(found) == "<Timing over 12 months: B in month 5>"
    assert "Switch to B in month 5" in found._repr_html_()
    stay = timed(over(12), A, tc.CostCurve.per_mtok(30))
    assert stay.verdict() == "Stay with A for all 12 months: switching to B now would cost 240k USD more."


def test_references_are_timed_and_never_advised() -> None:
    options = [tc.Option("A", A), tc.Option("B", B)]
    traffic = tc.Workload(input_tokens=1_000, output_tokens=0)
    third = [*options, tc.Option("C", tc.CostCurve.per_mtok(9))]
    study = tc.Study(third, workload=traffic, reference=["B"], tokens_per_month=1e9)
    found = when(study.comparison, over(12))
    assert found.best is not None
    assert found.best.challenger == "C"
    assert found.switch("B").month == 0


def test_an_announced_step_is_named_with_its_day(tmp_path: object) -> None:
    step = row("2027-03-21", input_usd_per_mtok=8.0, output_usd_per_mtok=8.0, status="announced", basis="announced")
    book = price_book(
        tmp_path,  # type: ignore[arg-type]  # pytest's folder
        api(
            hosted("one", row(input_usd_per_mtok=4.0, output_usd_per_mtok=4.0), step),
            hosted("two", row(input_usd_per_mtok=6.0, output_usd_per_mtok=6.0)),
        ),
    )
    options = [book.api("acme/one", label="one"), book.api("acme/two", label="two")]
    study = tc.Study(options, workload=tc.Workload(input_tokens=1_000, output_tokens=0), tokens_per_month=1e9)
    found = when(study.comparison, over(12))
    assert found.verdict() == (
        "Switch to two in month 4 (2027-03-21), when on 2027-03-21 one goes from 4,000 USD to 8,000 USD a month at the "
        "volume of then; acting now costs 8,000 USD more over 12 months and never switching 16,000 USD more."
    )


def test_the_best_plan_in_cash_costs_what_the_timing_says() -> None:
    terms = Switching(
        switching_usd=20_000, abstraction_layer_usd=8_000, switching_with_layer_usd=5_000, may_return=True
    )
    asked = over(36, terms=terms, declines={"A": 0.6}, discount_rate_per_year=0.1)
    found = timed(asked, A, tc.CostCurve.fixed(4_000))
    worth = found.planned().totals()["present_value_usd"]
    assert worth["B"] == pytest.approx(found.switch("B").best_usd)
    assert worth["A"] == pytest.approx(found.switch("B").never_usd)


# ---------------------------------------------------------------------- under uncertainty


def test_without_uncertainty_the_lattice_gives_the_same_worth() -> None:
    terms = Switching(switching_usd=50_000, lead_months=2)
    asked = over(36, terms=terms, growth_per_year=1.0, discount_rate_per_year=0.1)
    found = timed(asked, A, tc.CostCurve.fixed(15_000))
    switch = found.switch("B")
    sure = found.flexibility("B", volatility_per_year=0.0)
    assert sure.value_usd == pytest.approx(switch.never_usd - switch.best_usd, rel=1e-6)
    assert sure.now_usd == pytest.approx(switch.never_usd - switch.now_usd, rel=1e-6)
    assert sure.expected_month == pytest.approx(switch.month)


def test_uncertainty_makes_waiting_worth_more() -> None:
    asked = over(36, terms=Switching(switching_usd=50_000), discount_rate_per_year=0.1)
    found = timed(asked, A, tc.CostCurve.fixed(8_500))
    worth = [found.flexibility("B", volatility_per_year=sigma).flexibility_usd for sigma in (0.0, 0.3, 0.6)]
    assert worth == sorted(worth)
    assert worth[0] == pytest.approx(0.0, abs=1e-6)
    assert worth[2] > 1_000.0


def test_what_cannot_begin_now_has_no_lattice() -> None:
    terms = Switching(labelled_examples_per_month=10, examples_needed_count=100)
    with pytest.raises(ValueError, match="found a switch that cannot begin before month 10"):
        timed(over(36, terms=terms)).flexibility("B", volatility_per_year=0.5)


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"switching_usd": -1.0}, "switching: switching_usd\n  found -1; accepted: a finite number >= 0 (USD)."),
        ({"exit_usd": math.nan}, "switching: exit_usd\n  found nan"),
        ({"recoverable_share": 1.5}, "switching: recoverable_share\n  found 1.5; accepted: a number from 0 to 1"),
        ({"lead_months": -2}, "switching: lead_months\n  found -2"),
        ({"switching_with_layer_usd": 5.0}, "switching: switching_with_layer_usd\n  found 5 without a layer"),
        (
            {"examples_needed_count": 10.0},
            "switching: examples_needed_count\n  found 10 examples short, and none coming",
        ),
        ({"switching_usd": None}, "switching: switching_usd\n  found None; accepted: a finite number >= 0 (USD)."),
        ({"exit_usd": None}, "switching: exit_usd\n  found None"),
        ({"may_return": "yes"}, "switching: may_return\n  found 'yes'; accepted: True or False."),
    ],
)
def test_bad_terms_are_one_clear_error(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match="found") as refused:
        Switching(**given)  # type: ignore[arg-type]  # that is the point
    assert message in str(refused.value)


def test_a_challenger_has_to_exist() -> None:
    with pytest.raises(ValueError, match="found 'b'; accepted: a challenger: B"):
        timed(over(12)).switch("b")
    for label in (None, ["B"]):
        with pytest.raises(ValueError, match="accepted: a challenger: B"):
            timed(over(12)).would_change(label)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(ValueError, match="found one option; accepted: at least one more to switch to"):
        when(own(A).comparison, over(12))


def test_draws_in_terms_count_as_their_medians() -> None:
    terms = Switching(switching_usd=np.array([1.0, 5_000.0, 9e9]))
    assert timed(over(12, terms=terms)).switch("B").now_usd == pytest.approx(48_000 + 5_000)
    assert "switching_usd" in repr(terms)
