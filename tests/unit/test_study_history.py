"""A study through time: the day before and the day of a change, gaps, borrowed figures, successions, and the words."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tables import api, hosted, price_book, row

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.studies.compare import Comparison
from tokencross.studies.history import History, Succession, history
from tokencross.studies.history_words import headline, main_challenger

WORKLOAD = tc.Workload(input_tokens=3_000, output_tokens=1_000)
OWN = tc.CostCurve.fixed(4_500) + tc.CostCurve.per_mtok(1.0)
LAMBDA = "lambda/gpu_8x_a100_80gb_sxm4"


def prices(old: float, new: float, *, since: str = "2024-01-01", changed: str = "2025-01-01") -> list[dict[str, Any]]:
    """Two eras of a model whose input and output cost the same."""
    return [
        row(since, input_usd_per_mtok=old, output_usd_per_mtok=old),
        row(changed, input_usd_per_mtok=new, output_usd_per_mtok=new),
    ]


def book(tmp_path: Path, *models: dict[str, Any], **given: Any) -> tc.PriceBook:
    """A folder with these models of one provider."""
    return price_book(tmp_path / "tables", api(*models), **given)


def compared(*options: Any, **given: Any) -> Comparison:
    """The options as a comparison."""
    return tc.Study(list(options), workload=WORKLOAD, **given).comparison


def studied(tmp_path: Path, *, here: float | None = 1e9) -> Comparison:
    """An API at 10, from 2025 on at 5.5 USD/Mtok, against 4,500 USD a month and 1 USD/Mtok."""
    tables = book(tmp_path, hosted("big", *prices(10.0, 5.5)))
    return compared(tables.api("acme/big", label="API"), tc.Option("own", OWN), tokens_per_month=here)


# ------------------------------------------------------------------ by hand


def test_the_day_before_and_the_day_of_a_change(tmp_path: Path) -> None:
    found = history(studied(tmp_path), from_="2024-12-31", to="2025-01-01").frame()
    assert found["date"].tolist() == [date(2024, 12, 31), date(2025, 1, 1)]
    # 4,500 USD over 10 - 1, and over 5.5 - 1 USD/Mtok
    np.testing.assert_allclose(found["first_tokens_per_month"], [500e6, 1e9], rtol=1e-12)
    np.testing.assert_allclose(found["robust_tokens_per_month"], [500e6, 1e9], rtol=1e-12)
    assert found["cheapest"].tolist() == ["own", "API"]  # at 1e9 a tie on the second day, which the first listed wins
    np.testing.assert_allclose(found["usd_per_month"], [5_500.0, 5_500.0])
    np.testing.assert_allclose(found["usd_per_mtok"], [5.5, 5.5])
    np.testing.assert_allclose(found["incumbent_usd_per_month"], [10_000.0, 5_500.0])
    assert found["changed"].tolist()[1] == "API: acme/big input 10 → 5.5 USD/Mtok, output 10 → 5.5 USD/Mtok"
    assert found["source"][1].endswith("(acme@1.0)")
    assert "api/acme.yaml:" in found["source"][1]
    assert not found["announced"].any()


def test_gpt_4o_halved_on_2024_11_04() -> None:
    """pricing/api/openai.yaml: 5 in and 15 out, then 2.5 and 10; 3,000 in and 1,000 out blend to 7.5 and 4.375."""
    tables = tc.load_prices(as_of="2026-11-21")
    gpt = tables.api("openai/gpt-4o", label="GPT-4o", tokenizer_ratio=1.0)
    study = compared(gpt, tc.Option("own", tc.CostCurve.fixed(4_375)))
    found = history(study, from_="2024-11-03", to="2024-11-04").frame()
    np.testing.assert_allclose(found["first_tokens_per_month"], [4_375 / 7.5e-6, 1e9], rtol=1e-12)


def test_rented_gpus_rose_on_2024_09_05() -> None:
    """pricing/compute/lambda.yaml: 8x A100 80 GB from 12 to 14.32 USD an hour; one instance at work, one to spare."""
    tables = tc.load_prices(as_of="2026-11-21")
    fleet = tables.self_hosted(
        "llama-3.1-70b",
        instance=LAMBDA,
        purchase="on_demand",
        engineering=tc.Engineering.none(),
        around=tc.AroundGpu.none(),
        label="fleet",
    )
    study = compared(tc.Option("flat", tc.CostCurve.per_mtok(30)), fleet, tokens_per_month=1e6)
    found = history(study, from_="2024-09-04", to="2024-09-05").frame()
    np.testing.assert_allclose(found["usd_per_month"], [2 * 12.0 * 730, 2 * 14.32 * 730], rtol=1e-12)
    assert found["changed"][1] == f"fleet: {LAMBDA} 12 → 14.32 USD/hour"


@pytest.mark.parametrize("day", ["2024-06-30", "2024-11-04", "2026-11-21"])
def test_a_moment_is_the_study_at_that_date(day: str) -> None:
    tables = tc.load_prices(as_of="2026-11-21")
    study = tc.Study(
        [tables.api("openai/gpt-4o", label="a"), tables.api("groq/llama3-70b-8192", label="b"), tc.Option("c", OWN)],
        workload=WORKLOAD,
        tokens_per_month=3e9,
    )
    if day == "2026-11-21":
        study = tc.Study(study.options[::2], workload=WORKLOAD, tokens_per_month=3e9)  # b is not sold any more
    found = history(study.comparison, from_=day, to=day)
    then = study.at(day)
    (moment,) = found.moments
    assert moment.comparison is not None
    for label in then.comparison.labels:
        assert moment.usd_per_month(label, 3e9) == then.comparison.curve(label).usd_per_month(3e9)
    for label in found.challengers:
        breakeven = moment.breakeven(label, "a")
        assert breakeven is not None
        assert breakeven.first == then.breakeven(label).first


# ------------------------------------------------------------------ dates


def test_only_days_on_which_a_figure_changes(tmp_path: Path) -> None:
    """The second row repeats the first: no date of its own; one that only another tier changes is none either."""
    rows = [*prices(10.0, 10.0), row("2025-06-01", input_usd_per_mtok=8.0, output_usd_per_mtok=10.0)]
    tables = book(tmp_path, hosted("big", *rows))
    found = history(compared(tables.api("acme/big", label="API"), tc.Option("own", OWN)), from_="2024-03-01")
    assert [moment.day for moment in found.moments] == [date(2024, 3, 1), date(2025, 6, 1)]
    assert (found.until, found.today) == (date(2026, 11, 21), date(2026, 11, 21))


def test_a_study_without_changes_has_one_date(tmp_path: Path) -> None:
    tables = book(tmp_path, hosted("big", row("2024-01-01", input_usd_per_mtok=10.0, output_usd_per_mtok=10.0)))
    study = compared(tables.api("acme/big", label="API"), tc.Option("own", OWN))
    found = history(study, from_="2025-01-01")
    assert repr(found) == "<History 2025-01-01 to 2026-11-21, 1 date, breakeven against API: own 500M>"
    assert headline(found) == "Since January 2025 own has undercut API from 500M tokens a month"
    one_day = history(study, from_="2026-11-21")
    assert one_day.frame()["announced"].tolist() == [False]


def test_before_anything_exists_is_a_gap(tmp_path: Path) -> None:
    found = history(studied(tmp_path), from_="2020-01-01", to="2022-01-01")
    (line,) = found.frame().to_dict("records")
    assert not line["exists"]
    assert math.isnan(line["first_tokens_per_month"])
    assert line["reason"] == "API: before the first known price of acme/big (a date from 2024-01-01 on)"
    assert line["cheapest"] == "own"
    assert headline(found) == "own and API never existed together from 2020-01-01 to 2022-01-01"


def test_a_retired_model_leaves_a_gap(tmp_path: Path) -> None:
    retirement = {
        "retires_on": date(2025, 6, 1),
        "via": "acme@1.0",
        "checked": date(2026, 11, 21),
        "basis": "documented",
    }
    tables = book(tmp_path, hosted("big", *prices(10.0, 5.5), retirement=retirement))
    found = history(compared(tables.api("acme/big", label="API"), tc.Option("own", OWN)), from_="2024-06-01")
    assert [moment.day for moment in found.moments][-1] == date(2025, 6, 1)
    last = found.frame().iloc[-1]
    assert not last["exists"]
    assert "acme/big is retired" in last["reason"]


def test_announced_prices_count_when_asked_for(tmp_path: Path) -> None:
    announced = row("2027-01-01", input_usd_per_mtok=19.0, output_usd_per_mtok=19.0)
    announced |= {"status": "announced", "basis": "announced"}
    other = [announced | {"effective_from": date(2027, 3, 1)}]
    tables = book(tmp_path, hosted("big", *prices(10.0, 5.5), announced), hosted("small", *prices(20.0, 10.0), *other))
    apis = [tables.api(f"acme/{name}", label=label) for name, label in (("big", "API"), ("small", "small"))]
    study = compared(apis[0], tc.Option("own", OWN))
    later = history(compared(apis[0], tc.Option("own", OWN), apis[1]), from_="2024-06-01", to="2027-06-01")
    assert headline(later).endswith("; 250M from 2027-01-01 on")  # another option's change in March is not its day
    assert len(history(study, from_="2024-06-01").moments) == 2
    ahead = history(study, from_="2024-06-01", to="2027-06-01")
    assert ahead.frame()["announced"].tolist() == [False, False, True]
    np.testing.assert_allclose(ahead.frame()["first_tokens_per_month"], [500e6, 1e9, 250e6], rtol=1e-12)
    assert headline(ahead).endswith("; 250M from 2027-01-01 on")
    assert ahead.notes == ("After 2026-11-21 prices are those announced or known for later.",)


def test_a_number_that_the_study_replaced_holds_all_along(tmp_path: Path) -> None:
    tables = book(tmp_path, hosted("big", *prices(10.0, 5.5)))
    study = tc.Study([tables.api("acme/big", label="API"), tc.Option("own", OWN)], workload=WORKLOAD)
    fixed = study.replace({f"prices:acme/big.{way}_usd_per_mtok": 10.0 for way in ("input", "output")}).comparison
    assert len(history(fixed, from_="2024-06-01").moments) == 1


def test_what_is_inside_a_blend_moves_it(tmp_path: Path) -> None:
    cheap = row("2024-01-01", input_usd_per_mtok=1.0, output_usd_per_mtok=1.0)
    tables = book(tmp_path, hosted("big", *prices(10.0, 5.0)), hosted("tiny", cheap))
    big, tiny = tables.api("acme/big", label="big"), tables.api("acme/tiny", label="tiny")
    study = compared(big, tc.Split([(big, 0.5), (tiny, 0.5)], label="half"), tokens_per_month=1e9)
    found = history(study, from_="2024-12-31", to="2025-01-01").frame()
    np.testing.assert_allclose(found["usd_per_month"], [5_500.0, 3_000.0])
    assert found["changed"][1].count("half: ") == 1


def test_uncertain_numbers_are_taken_at_their_medians(tmp_path: Path) -> None:
    tables = book(tmp_path, hosted("big", *prices(10.0, 5.5)))
    draws = np.array([0.0, 0.1, 0.5])
    study = compared(tables.api("acme/big", label="API", discount_share=draws), tc.Option("own", OWN))
    found = history(study, from_="2024-06-01").frame()
    np.testing.assert_allclose(found["first_tokens_per_month"], [4_500 / 8e-6, 4_500 / 3.95e-6], rtol=1e-12)


# ------------------------------------------------------------------ successions


def followed(tmp_path: Path, **given: Any) -> History:
    """An old model of which a newer one takes the place in 2025."""
    tables = book(tmp_path, hosted("old", *prices(20.0, 19.0)), hosted("new", *prices(10.0, 5.5, since="2024-06-01")))
    old, new = tables.api("acme/old", label="Old One"), tables.api("acme/new", label="API")
    study = compared(new, tc.Option("own", OWN), tokens_per_month=1e9)
    return history(study, succession={"API": [("2024-02-01", old), ("2024-07-01", new)]}, **given)


def test_one_model_takes_the_place_of_another(tmp_path: Path) -> None:
    found = followed(tmp_path, from_="2024-01-01").frame()
    assert [str(day) for day in found["date"]] == ["2024-01-01", "2024-02-01", "2024-07-01", "2025-01-01"]
    expected = [math.nan, 4_500 / 19e-6, 500e6, 1e9]
    np.testing.assert_allclose(found["first_tokens_per_month"], expected, rtol=1e-12)
    assert found["incumbent_option"].tolist() == ["Old One", "Old One", "API", "API"]
    assert found["reason"][0] == "API: before 2024-02-01, from which on Old One is used"
    assert found["changed"][1] == "API: Old One begins"
    assert found["changed"][2] == "API: API in place of Old One"
    assert "api/acme.yaml:" in found["source"][2]


def test_the_headline_says_what_moved_the_breakeven(tmp_path: Path) -> None:
    """Further tokens of the API: 20 USD/Mtok, then 5.5; of the own option 1 throughout."""
    said = headline(followed(tmp_path, from_="2024-02-01"))
    assert said == (
        "Since February 2024 the breakeven of own rose from 237M to 1B tokens a month: "
        "a token costs 3.6 times less on API and the same on own"
    )


def test_a_successor_that_never_resolves_is_said(tmp_path: Path) -> None:
    found = followed(tmp_path, from_="2023-01-01", to="2023-12-31")
    assert found.notes == ("API: Old One never resolves: before 2024-02-01, from which on Old One is used",)


def test_units_winners_and_challengers(tmp_path: Path) -> None:
    found = followed(tmp_path, from_="2024-01-01")
    units = found.unit_costs()
    assert units.columns.tolist() == ["API", "own"]
    np.testing.assert_allclose(units["API"], [math.nan, 20.0, 10.0, 5.5])
    np.testing.assert_allclose(units["own"], 5.5)
    winners = found.winners()
    on_last = winners[winners["date"] == date(2025, 1, 1)]
    assert on_last["option"].tolist() == ["API", "own"]
    np.testing.assert_allclose(on_last["from_tokens_per_month"], [0.0, 1e9])
    assert main_challenger(found) == "own"
    with pytest.raises(ScenarioError, match="unknown label 'owm'"):
        found.breakevens("owm")


def test_html_is_escaped(tmp_path: Path) -> None:
    tables = book(tmp_path, hosted("big", *prices(10.0, 5.5)))
    study = compared(tables.api("acme/big", label="API"), tc.Option("<b>own</b>", OWN))
    text = history(study, from_="2024-06-01")._repr_html_()
    assert "&lt;b&gt;own&lt;/b&gt;" in text
    assert "<b>" not in text


# ------------------------------------------------------------------ borrowed


def fleet(**given: Any) -> Comparison:
    """A measured model on instances whose price is known from 2023-08-10 on; its first run is of 2024-11-30."""
    tables = tc.load_prices(as_of="2026-11-21")
    own = tables.self_hosted(
        "llama-3.1-70b",
        instance=LAMBDA,
        purchase="on_demand",
        engineering=tc.Engineering.none(),
        around=tc.AroundGpu.none(),
        label="fleet",
        **given,
    )
    return compared(tables.api("openai/gpt-4o", label="API"), own, tokens_per_month=1e9)


def test_the_first_price_of_an_instance_is_borrowed_and_said() -> None:
    gpt = tc.load_prices(as_of="2026-11-21").api("openai/gpt-4", label="GPT-4")
    study = fleet()
    own = study.option("fleet")
    succession: Succession = {"API": [("2023-07-26", gpt)], "fleet": [("2023-07-26", own)]}
    found = history(study, from_="2023-07-26", to="2024-12-31", succession=succession).frame()
    first = found.iloc[0]
    assert first["compute_as_of"] == date(2023, 8, 10)
    assert first["measured_on"] == date(2024, 11, 30)
    assert first["throughput_as_of"] == date(2026, 11, 21)
    assert first["borrowed"] == (
        f"compute price of {LAMBDA} of 2023-08-10; throughput of llama-3.1-70b measured on 2024-11-30"
    )
    by_day = found.set_index(found["date"].astype(str))
    assert by_day.loc["2023-08-10", "borrowed"] == "throughput of llama-3.1-70b measured on 2024-11-30"
    assert by_day.loc["2023-08-10", "changed"] == f"fleet: no longer borrowed: compute price of {LAMBDA} of 2023-08-10"
    assert by_day.loc["2024-11-30", "borrowed"] == ""
    # the price on the days before is that of the first row
    assert first["usd_per_month"] == by_day.loc["2023-08-10", "usd_per_month"]
    apart = history(study, from_="2023-07-26", to="2023-08-10", succession=succession, borrow=False).frame()
    assert apart["exists"].tolist() == [False, True]
    assert "before the first known price of lambda" in apart["reason"][0]


def test_a_model_that_no_table_knows_yet_is_a_gap() -> None:
    """The first price of Llama 3.1 70B hosted by anyone is of 2024-07-25; no run of it is older."""
    found = history(fleet(), from_="2024-07-24", to="2024-07-25")
    assert [moment.eras["fleet"].resolved is None for moment in found.moments] == [True, False]
    assert found.moments[0].eras["fleet"].reason == (
        "before 2024-07-25, the first day on which the tables know llama-3.1-70b"
    )


def test_a_model_that_stands_for_an_older_one_exists_all_along() -> None:
    """The study of 2024-06-01 takes Llama 3.1 for Llama 3, of which no rate is known: then so does its history."""
    path = Path(__file__).parents[2] / "scenarios" / "article-2024.yaml"
    study = tc.load_study(path)
    found = history(study.comparison, from_="2024-05-13")
    own = found.frame().query("challenger == 'Llama 70B, self-hosted'").iloc[-1]
    assert own["exists"]
    assert own["first_tokens_per_month"] == study.breakeven("Llama 70B, self-hosted").first
    assert "measured on 2024-11-30" in own["borrowed"]


def test_rates_as_known_by_then() -> None:
    """On 2025-01-01 only the runs of 2024-11-30 are known; held, later runs of other models count too."""
    study = fleet()
    then = history(study, from_="2025-01-01", to="2025-01-01", throughput="known by then").frame().iloc[0]
    assert then["throughput_as_of"] == date(2025, 1, 1)
    before = history(study, from_="2024-08-01", to="2024-08-01", throughput="known by then").frame().iloc[0]
    assert before["throughput_as_of"] == date(2024, 11, 30)  # its first run: borrowed
    assert "measured on 2024-11-30" in before["borrowed"]
    held = history(study, from_="2025-01-01", to="2025-01-01").frame().iloc[0]
    assert held["throughput_as_of"] == date(2026, 11, 21)
    pinned = history(fleet(throughput_as_of="2024-12-31"), from_="2025-06-01", throughput="known by then")
    assert {moment.eras["fleet"].throughput_as_of for moment in pinned.moments} == {date(2024, 12, 31)}


def test_a_dedicated_endpoint_and_provisioned_units_have_a_history() -> None:
    tables = tc.load_prices(as_of="2026-11-21")
    none = tc.Engineering.none()
    endpoint = tables.dedicated(
        "together", gpu="H100-SXM-80GB", model="llama-3.3-70b", engineering=none, label="endpoint"
    )
    units = tables.provisioned("azure/gpt-5", region="Global", label="units")
    study = compared(tables.api("openai/gpt-5", label="API"), endpoint, units, tokens_per_month=1e9)
    found = history(study, from_="2025-01-01").frame()
    last = found[found["date"] == found["date"].max()].set_index("challenger")
    assert last["exists"].all()
    for label in ("endpoint", "units"):
        assert last.loc[label, "usd_per_month"] == study.curve(label).usd_per_month(1e9)


# ------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"from_": "2027-01-01"}, "found 2027-01-01, after the study's date, 2026-11-21"),
        ({"from_": "2025-01-02", "to": "2025-01-01"}, "found 2025-01-02, after to, 2025-01-01"),
        ({"from_": "2025-01-01", "throughput": "then"}, "accepted: held, or 'known by then'"),
        ({"from_": "2025-01-01", "succession": {"AP": []}}, "unknown label 'AP'"),
        ({"from_": "2025-01-01", "succession": {"API": []}}, "at least one (date, option)"),
        (
            {"from_": "2025-01-01", "succession": {"API": [("2025-01-01", "gpt-4")]}},
            "found str; accepted: (date, option)",
        ),
    ],
)
def test_refused(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        history(studied(tmp_path), **given)
    assert said in str(caught.value)


def test_successions_are_in_order(tmp_path: Path) -> None:
    study = studied(tmp_path)
    own = study.option("API")
    for days in (("2025-01-02", "2025-01-01"), ("2025-01-01", "2025-01-01")):
        with pytest.raises(ScenarioError, match="each date once, the earliest first"):
            history(study, from_="2024-01-01", succession={"API": [(day, own) for day in days]})


def test_a_study_without_tables_has_no_history() -> None:
    study = compared(tc.Option("A", tc.CostCurve.per_mtok(6)), tc.Option("own", OWN))
    with pytest.raises(ScenarioError, match="all its own, without dated prices"):
        history(study, from_="2025-01-01")


# ------------------------------------------------------------------ a study that holds first prices


def test_a_study_that_holds_first_prices_does_so_at_every_date(tmp_path: Path) -> None:
    rows = prices(10.0, 5.5, since="2024-06-21", changed="2025-01-01")
    tables = book(tmp_path, hosted("big", *rows), as_of="2024-06-01", before_first="hold")
    study = compared(tables.api("acme/big", label="API"), tc.Option("own", OWN), tokens_per_month=1e9)
    found = history(study, from_="2024-05-01", to="2024-06-30").frame()
    assert found["exists"].tolist() == [True, True]
    assert found["borrowed"].tolist() == ["list price of acme/big of 2024-06-21", ""]
    assert found["changed"][1] == "API: no longer borrowed: list price of acme/big of 2024-06-21"
    # as in the study itself: 4,500 USD over 10 - 1
    assert found["first_tokens_per_month"].tolist() == [study.breakeven("own").first] * 2 == pytest.approx([5e8] * 2)
    gaps = history(study, from_="2024-05-01", to="2024-06-30", borrow=False).frame()
    assert gaps["exists"].tolist() == [False, True]


def test_the_article_of_2024_has_its_own_answer_in_its_history() -> None:
    study = tc.load_study("scenarios/article-2024.yaml")
    found = study.history(from_="2024-06-01")
    last = found.moments[-1]
    for label in found.challengers:
        assert found.breakevens(label)[-1] is not None
        assert found.breakevens(label)[-1].first == study.breakeven(label).first  # type: ignore[union-attr]  # not None
    assert any("of 2024-06-21" in row for era in last.eras.values() for row in era.borrowed)


def test_a_rate_is_named_once_and_its_change_is_seen() -> None:
    study = tc.load_study("scenarios/nightly-documents.yaml")
    found = study.history(from_="2025-10-01", throughput="known by then")
    words = [each.words for moment in found.moments for each in moment.changes if "tokens/s" in each.words]
    assert "self-hosted: throughput 15.25k → 15.28k tokens/s" in words
    for each in words:
        before, _, after = each.removesuffix(" tokens/s").rpartition("throughput ")[2].partition(" → ")
        assert "throughput throughput" not in each
        assert before != after


BAD_HISTORY: list[tuple[dict[str, Any], str]] = [
    ({"succession": 5}, "succession\n  found 5; accepted: a mapping of labels to lists of (date, option) pairs"),
    ({"succession": {"API": 5}}, "succession['API']\n  found 5; accepted: a list of (date, option) pairs"),
    ({"succession": {"API": ["x"]}}, "succession['API']\n  found 'x'; accepted: (date, option) pairs"),
    (
        {"succession": {"API": [("2024-01-01",)]}},
        "succession['API']\n  found ('2024-01-01',); accepted: (date, option)",
    ),
    ({"succession": {"API": [5]}}, "succession['API']\n  found 5; accepted: (date, option) pairs"),
    ({"borrow": "x"}, "borrow\n  found 'x'; accepted: True or False."),
    ({"throughput": ["held"]}, "throughput\n  found ['held']; accepted: held, or 'known by then'."),
]


@pytest.mark.parametrize(("given", "message"), BAD_HISTORY)
def test_what_a_history_refuses(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        history(studied(tmp_path), from_="2024-06-01", **given)
    assert message in str(refused.value)


@pytest.mark.parametrize("challenger", [["own"], None, 5, "API"])
def test_a_breakeven_is_asked_for_by_label(tmp_path: Path, challenger: Any) -> None:
    found = history(studied(tmp_path), from_="2024-06-01")
    with pytest.raises(ScenarioError, match="challenger\n  found unknown label"):
        found.breakevens(challenger)
