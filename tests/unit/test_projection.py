"""What is assumed about time: growth, declines of their kinds, migrations, dated steps, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.tables import api, hosted, price_book, row

import tokencross as tc
from tokencross.studies.cash import Projected, project
from tokencross.studies.growth import SCurve, compound
from tokencross.studies.price_paths import month_start, months_until
from tokencross.studies.projection import Projection
from tokencross.studies.terms_of_switching import Switching

TRAFFIC = tc.Workload(input_tokens=1_000, output_tokens=0)


def own(*curves: tc.CostCurve, here: float | None = 1e9) -> tc.Study:
    """Options labelled A, B, … with these curves; A is the incumbent."""
    options = [tc.Option("ABCDE"[i], curve) for i, curve in enumerate(curves)]
    return tc.Study(options, workload=TRAFFIC, tokens_per_month=here)


def running(found: Projected, label: str) -> list[float]:
    """What an option costs in each month while it runs. [USD]"""
    return [float(usd) for usd in found.costs[label].running + found.costs[label].upkeep]


# ---------------------------------------------------------------------- volume


def test_growth_is_compounded_from_where_you_are() -> None:
    volumes = Projection(months=25, growth_per_year=0.5).volumes(1e9)
    assert volumes[[0, 12, 24]].tolist() == pytest.approx([1e9, 1.5e9, 2.25e9])
    assert volumes[1] == pytest.approx(1e9 * 1.5 ** (1 / 12))


def test_volume_may_shrink() -> None:
    assert Projection(months=13, growth_per_year=-0.5).volumes(1e9)[12] == pytest.approx(0.5e9)
    assert compound(0.0, 3).tolist() == [1.0, 1.0, 1.0]


def test_an_s_curve_starts_where_you_are_and_ends_at_its_ceiling() -> None:
    growth = Projection.s_curve(ceiling_tokens_per_month=9e9, midpoint_month=12, steepness_per_month=0.5)
    volumes = Projection(months=60, growth=growth).volumes(1e9)
    assert volumes[0] == 1e9
    assert volumes[-1] == pytest.approx(9e9, rel=1e-6)
    rises = np.diff(volumes)
    assert np.all(rises > 0.0)
    assert int(np.argmax(rises)) in (11, 12)  # fastest around the midpoint
    # by hand, month 12: half of the way, less what month 0 had of it
    begun = 1 / (1 + np.exp(6.0))
    assert volumes[12] == pytest.approx(1e9 + 8e9 * (0.5 - begun) / (1 - begun))


def test_an_s_curve_may_fall() -> None:
    growth = SCurve(ceiling_tokens_per_month=0, midpoint_month=6, steepness_per_month=1)
    volumes = growth.tokens_per_month(1e9, 36)
    assert np.all(volumes >= 0.0)
    assert volumes[-1] < 1.0


def test_a_series_of_ones_own_may_be_longer_than_the_horizon() -> None:
    assert Projection(months=2, tokens_per_month=[1e9, 2e9, 3e9]).volumes(None).tolist() == [1e9, 2e9]


# ---------------------------------------------------------------------- prices


def test_a_decline_by_label_moves_that_option_only() -> None:
    found = project(
        own(tc.CostCurve.per_mtok(10), tc.CostCurve.per_mtok(4)).comparison, _over(13, declines={"A": 0.36})
    )
    assert running(found, "A")[0] == pytest.approx(10_000)
    assert running(found, "A")[6] == pytest.approx(10_000 * 0.8)  # half a year: the root of 0.64
    assert running(found, "A")[12] == pytest.approx(10_000 * 0.64)
    assert running(found, "B") == pytest.approx([4_000] * 13)


def test_a_price_may_rise() -> None:
    found = project(own(tc.CostCurve.per_mtok(10)).comparison, _over(13, declines={"A": -0.2}))
    assert running(found, "A")[12] == pytest.approx(12_000)


def test_a_decline_may_come_in_steps() -> None:
    asked = _over(13, declines={"A": 0.36}, steps_per_year=2)
    found = project(own(tc.CostCurve.per_mtok(10)).comparison, asked)
    assert running(found, "A") == pytest.approx([10_000] * 6 + [8_000] * 6 + [6_400])
    assert [(step.month, step.rises) for step in found.steps] == [(6.0, False), (12.0, False)]
    assert found.steps[0].words == "A: the next step of its decline"
    monthly = project(own(tc.CostCurve.per_mtok(10)).comparison, _over(13, declines={"A": 0.36}, steps_per_year=12))
    assert monthly.steps == ()  # a step in every month is a slope


def test_a_capability_falls_at_migrations_only_and_each_costs() -> None:
    asked = _over(20, capability_declines={"A": 0.75}, model_life_months=6, migration_usd=5_000)
    found = project(own(tc.CostCurve.per_mtok(10)).comparison, asked)
    assert running(found, "A") == pytest.approx([10_000] * 6 + [5_000] * 6 + [2_500] * 6 + [1_250] * 2)
    cash = found.cash_flows()
    assert cash.loc[cash["migration_usd"] > 0, "month"].tolist() == [6, 12, 18]
    assert cash["migration_usd"].sum() == 15_000


def test_a_path_of_ones_own_may_jump_either_way() -> None:
    found = project(own(tc.CostCurve.per_mtok(10)).comparison, _over(4, price_ratio={"A": [1, 1, 2, 0.5]}))
    assert running(found, "A") == pytest.approx([10_000, 10_000, 20_000, 5_000])
    assert [(step.month, step.label, step.rises) for step in found.steps] == [(2.0, "A", True), (3.0, "A", False)]


def test_rental_falls_and_people_do_not() -> None:
    study = _shipped()
    asked = _over(13, declines={"compute": 0.5}, growth_per_year=0.0)
    costs = project(study.comparison, asked).costs["self-hosted"]
    assert costs.upkeep.tolist() == [12_500.0] * 13
    parts = {part.label: float(part.usd_per_month) for part in study.comparison.curve("self-hosted").components(4e9)}
    rented = parts["GPU instances"] + parts["spare instances"] + parts["staging"]
    others = parts["load balancer"] + parts["observability"]
    assert costs.running[0] == pytest.approx(rented + others)
    assert costs.running[12] == pytest.approx(rented / 2 + others)


@pytest.mark.parametrize(
    ("key", "ratio"),
    [
        ("prices", 0.5),
        ("prices:anthropic/claude-opus-5-5", 0.5),
        ("frontier", 0.5),
    ],
)
def test_a_price_is_named_by_room_row_or_label(key: str, ratio: float) -> None:
    study = _shipped()
    bill = project(study.comparison, _over(13, declines={key: 0.5})).costs["frontier"].running
    assert bill[12] == pytest.approx(bill[0] * ratio)


def test_an_address_beats_a_label_and_a_label_a_room() -> None:
    study = _shipped()
    output = "prices:anthropic/claude-opus-5-5.output_usd_per_mtok"
    asked = _over(13, declines={"prices": 0.9, "frontier": 0.5, output: 0.0})
    found = project(study.comparison, asked)
    parts = {part.label: float(part.usd_per_month) for part in study.comparison.curve("frontier").components(4e9)}
    other = sum(parts.values()) - parts["output tokens"]
    assert found.costs["frontier"].running[12] == pytest.approx(other / 2 + parts["output tokens"])
    assert found.costs["small"].running[12] == pytest.approx(found.costs["small"].running[0] * 0.1)


def test_a_decline_reaches_the_option_inside_a_cascade() -> None:
    small, large = tc.Option("small", tc.CostCurve.per_mtok(1)), tc.Option("large", tc.CostCurve.per_mtok(10))
    both = tc.Cascade(small, large, escalation_share=0.2, label="both")
    study = tc.Study([large, both], workload=TRAFFIC, tokens_per_month=1e9)
    found = project(study.comparison, _over(13, declines={"large": 0.5}))
    assert running(found, "both")[0] == pytest.approx(1_000 + 0.2 * 10_000)
    assert running(found, "both")[12] == pytest.approx(1_000 + 0.2 * 5_000)
    whole = project(study.comparison, _over(13, declines={"both": 0.5}))
    assert running(whole, "both")[12] == pytest.approx((1_000 + 0.2 * 10_000) / 2)
    assert running(whole, "large")[12] == pytest.approx(10_000)  # alone it is not inside


# ---------------------------------------------------------------------- the tables' own days


@pytest.fixture
def dated(tmp_path: Path) -> tc.Study:
    """A model whose price doubles on 2026-12-06, half-way through month 0; another that retires on 2027-01-21."""
    step = row("2026-12-06", input_usd_per_mtok=8.0, output_usd_per_mtok=8.0, status="announced", basis="announced")
    going = {**row("2026-10-01", retires_on=date(2027, 1, 21), successor="acme/one")}
    going.pop("effective_from")
    book = price_book(
        tmp_path / "pricing",
        api(
            hosted("one", row(input_usd_per_mtok=4.0, output_usd_per_mtok=4.0), step),
            hosted("two", row(input_usd_per_mtok=3.0, output_usd_per_mtok=3.0), retirement=going),
        ),
    )
    options = [book.api("acme/one", label="one"), book.api("acme/two", label="two")]
    return tc.Study(options, workload=TRAFFIC, tokens_per_month=1e9)


def test_an_announced_price_counts_from_its_day_on(dated: tc.Study) -> None:
    found = project(dated.comparison, _over(3))
    assert found.start == date(2026, 11, 21)
    # month 0 has 30 days, 15 of them before 2026-12-06
    assert running(found, "one") == pytest.approx([4_000 * 15 / 30 + 8_000 * 15 / 30, 8_000, 8_000])
    (step,) = found.steps
    assert (step.day, step.label, step.rises) == (date(2026, 12, 6), "one", True)
    assert step.words == "one goes from 4,000 USD to 8,000 USD a month at the volume of then"


def test_announced_prices_may_be_left_out(dated: tc.Study) -> None:
    assert running(project(dated.comparison, _over(3, announced=False)), "one") == pytest.approx([4_000] * 3)


def test_a_decline_goes_on_from_the_announced_price(dated: tc.Study) -> None:
    found = project(dated.comparison, _over(13, declines={"one": 0.5}))
    assert running(found, "one")[12] == pytest.approx(8_000 / 2)


def test_the_last_price_of_a_retired_model_is_held_and_said(dated: tc.Study) -> None:
    found = project(dated.comparison, _over(6))
    assert running(found, "two") == pytest.approx([3_000] * 6)
    (said,) = [note for note in found.notes if note.startswith("two: no price from 2027-01-21 on (")]
    assert said.endswith("; the one before is taken to hold.")


def test_months_are_those_of_the_calendar() -> None:
    assert month_start(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert month_start(date(2026, 12, 5), 1) == date(2027, 1, 5)
    assert months_until(date(2026, 11, 21), date(2027, 11, 21)) == 12.0
    assert months_until(date(2026, 11, 21), date(2026, 12, 6)) == 15 / 30


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"months": 0}, "projection: months\n  found 0; accepted: a whole number from 1 to 600 (months)."),
        ({"months": 1.5}, "projection: months\n  found 1.5; accepted: a whole number"),
        (
            {"declines": {"A": 1.1}},
            "projection: declines[A]\n  found 1.1; accepted: a number from -100 to 1 (share a year by which a price "
            "falls, as a decimal; below 0 it rises).\n  0.3 means that a year on the price is 0.7 times today's.",
        ),
        ({"growth_per_year": -1.0}, "projection: growth_per_year\n  found -1; accepted: a finite number > -1"),
        ({"growth_per_year": -2.0}, "found -2; accepted: a finite number > -1"),
        ({"tokens_per_month": [1e9]}, "projection: tokens_per_month\n  found a series of 1 month; accepted: a number"),
        ({"tokens_per_month": [1e9] * 11 + [-1.0]}, "projection: tokens_per_month\n  found -1 in month 11"),
        ({"price_ratio": {"A": [1.0, 2.0]}}, "projection: price_ratio[A]\n  found a series of 2 months"),
        ({"growth_per_year": 0.1, "tokens_per_month": [1e9] * 12}, "found it beside growth_per_year"),
        ({"growth": 0.5}, "projection: growth\n  found 0.5; accepted: tc.Projection.s_curve"),
        ({"capability_declines": {"A": 0.5}}, "projection: model_life_months\n  found nothing beside capability"),
        ({"migration_usd": 5.0}, "projection: migration_usd\n  found 5, though no option follows a capability"),
        ({"migration_usd": {"A": -5.0}, "model_life_months": 9}, "projection: migration_usd[A]\n  found -5"),
        ({"discount_rate_per_year": -0.1}, "projection: discount_rate_per_year\n  found -0.1"),
        ({"declines": 0.3}, "projection: declines\n  found 0.3; accepted: a mapping by label, room or address"),
        ({"switching": 5_000.0}, "projection: switching\n  found 5000.0; accepted: tc.Switching(…)"),
        (
            {"model_life_months": 1e-8, "capability_declines": {"A": 0.5}},
            "projection: model_life_months\n  found 1e-08; accepted: a finite number >= 1 (months).",
        ),
        ({"announced": "no"}, "projection: announced\n  found 'no'; accepted: True or False."),
        ({"renew_engineering": None}, "projection: renew_engineering\n  found None; accepted: True or False."),
        ({"steps_per_year": 0}, "projection: steps_per_year\n  found 0; accepted: a whole number from 1 to 12"),
    ],
)
def test_bad_input_is_one_clear_error(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match="found") as refused:
        Projection(**{"months": 12, **given})  # type: ignore[arg-type]  # that is the point
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"declines": {"frontir": 0.3}}, "projection: declines\n  found 'frontir'; accepted: an option's label"),
        ({"declines": {"compute": 0.3}}, "found 'compute'"),  # curves of one's own rent nothing
        ({"price_ratio": {"prices:x": [1.0] * 12}}, "projection: price_ratio\n  found 'prices:x'"),
        ({"switching": {"C": Switching()}}, "projection: switching\n  found 'C'; accepted: a challenger: B."),
        ({"switching": {"A": Switching()}}, "projection: switching\n  found 'A'; accepted: a challenger: B."),
        ({"migration_usd": {"C": 5.0}, "model_life_months": 9}, "projection: migration_usd\n  found 'C'"),
    ],
)
def test_unknown_names_are_refused(given: dict[str, object], message: str) -> None:
    study = own(tc.CostCurve.per_mtok(10), tc.CostCurve.per_mtok(5))
    with pytest.raises(ValueError, match="found") as refused:
        project(study.comparison, Projection(months=12, **given))  # type: ignore[arg-type]  # that is the point
    assert message in str(refused.value)


def test_a_misspelt_label_is_offered() -> None:
    with pytest.raises(ValueError, match="Did you mean 'frontier'"):
        project(_shipped().comparison, _over(12, declines={"frontir": 0.3}))


def test_without_where_you_are_there_is_no_projection() -> None:
    with pytest.raises(ValueError, match="found nothing; accepted: where you are"):
        project(own(tc.CostCurve.per_mtok(10), here=None).comparison, _over(12))


def test_a_volume_that_nobody_could_have_is_refused() -> None:
    with pytest.raises(ValueError, match="found a volume over 1e\\+24 tokens per month in month 20") as refused:
        project(own(tc.CostCurve.per_mtok(10)).comparison, _over(600, growth_per_year=1e9))
    assert str(refused.value).startswith("projection: growth_per_year\n")


def test_a_curve_of_ones_own_is_all_that_its_option_costs() -> None:
    work = tc.Engineering(upfront_usd=1_000)
    with pytest.raises(ValueError, match="B:engineering\n  found engineering beside a curve of one's own") as refused:
        tc.Option("B", tc.CostCurve.per_mtok(4), engineering=work)
    assert "curve + tc.Engineering" in str(refused.value)


def _over(months: int, **given: object) -> Projection:
    """A projection over so many months."""
    return Projection(months=months, **given)  # type: ignore[arg-type]  # as the tests write it


def _shipped() -> tc.Study:
    """A shipped scenario."""
    return tc.load_study(Path(__file__).resolve().parents[2] / "scenarios" / "support-chat.yaml")


@dataclass(frozen=True)
class _Fitted:
    """What a trend says of itself."""

    decline_per_year: float


def test_a_decline_may_be_a_fitted_trend() -> None:
    found = project(own(tc.CostCurve.per_mtok(10)).comparison, _over(13, declines={"A": _Fitted(0.3)}))
    assert running(found, "A")[12] == pytest.approx(7_000)
