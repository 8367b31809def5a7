"""What moved an advantage, worked by hand: numbers, dates, recipes, shares, runs, records, and the words for them."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tables import CITED, Plain, api, hosted, open_model, price_book, row
from tests.toy_options import Toy, toy_study

import tokencross as tc
from tokencross.errors import Problem, ScenarioError
from tokencross.number import point
from tokencross.options.base import Resolved
from tokencross.options.self_hosted import SelfHostedOption
from tokencross.studies.attribution import Attribution, Step, attribute, moves_between, with_numbers
from tokencross.studies.changed import Change, Figure, Move
from tokencross.studies.compare import Comparison
from tokencross.studies.joined_changes import countable
from tokencross.studies.moves import changes_of
from tokencross.studies.on_day import on_day
from tokencross.studies.partly_changed import PartlyChanged
from tokencross.studies.set_numbers import numbers_of
from tokencross.studies.shapley import shapley_values

EVEN = tc.Workload(input_tokens=500, output_tokens=500)
SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
OWN = Toy("own", fixed_usd_per_month=4_000.0)


def compared(*options: Any, workload: tc.Workload = EVEN, **given: Any) -> Comparison:
    """Options as a comparison."""
    return tc.Study(list(options), workload=workload, **given).comparison


def by_key(found: Attribution) -> dict[str, float]:
    """Each part's sum by the keys of its moves."""
    return {" + ".join(move.key for move in part.moves): part.usd_per_month for part in found.parts}


def adds_up(found: Attribution) -> bool:
    """Whether the parts are the change to the last float."""
    return math.fsum(part.usd_per_month for part in found.parts) == found.change_usd_per_month


# ---------------------------------------------------------------------- numbers, by hand


def test_two_factors_share_what_only_both_bring() -> None:
    """2 USD/Mtok at 1B is 2,000; 3 at 4B is 12,000. Price alone +1,000, volume alone +6,000, both 10,000: 2,500 each
    way... so the price gets (1,000 + 4,000) / 2 and the volume (6,000 + 9,000) / 2.
    """
    old = toy_study(Toy("api", output_usd_per_mtok=8.0), OWN, here=1e9).comparison
    new = toy_study(Toy("api", output_usd_per_mtok=12.0), OWN, here=4e9).comparison
    found = attribute(old, new, "own")
    assert by_key(found) == pytest.approx({"tokens_per_month": 7_500.0, "api:output_usd_per_mtok": 2_500.0})
    assert (found.tokens_per_month_before, found.tokens_per_month) == (1e9, 4e9)
    assert found.advantage_before_usd_per_month == pytest.approx(2_000.0 - 4_000.0)
    assert found.advantage_after_usd_per_month == pytest.approx(12_000.0 - 4_000.0)
    assert adds_up(found)
    assert found.first_before == pytest.approx(4_000 / 2e-6)
    assert found.robust_after == pytest.approx(4_000 / 3e-6)
    (step,) = found.steps  # the volume moves no breakeven
    assert (step.on, step.first) == (None, found.first_after)
    assert found.lines() == (
        "robust breakeven 2B → 1.33B tokens/month; the advantage of own over api at 4B tokens/month (where the study "
        "is, before 1B tokens/month) rose by 10,000 USD/month, from -2,000 USD to 8,000 USD: 7,500 USD of it volume "
        "1B → 4B tokens/month; 2,500 USD api output price 8 → 12 USD/Mtok",
    )


def test_a_step_that_two_changes_take_together_is_halved() -> None:
    """Steps of 1B: 2.4B need 3 at full load. A load of 90% alone needs 3 as well, wider traffic alone too; a step
    that holds 0.9B at 2.8B needs 4, of which neither change takes one by itself.
    """
    old = toy_study(Toy("flat"), Toy("fleet", step_usd_per_month=100.0), here=2.4e9).comparison
    new = toy_study(Toy("flat"), Toy("fleet", step_usd_per_month=100.0, load_share=0.9), here=2.8e9).comparison
    found = attribute(old, new, "fleet")
    assert by_key(found) == pytest.approx({"tokens_per_month": -50.0, "fleet:load_share": -50.0})


def test_a_number_that_refuses_draws_is_worked_out_apart() -> None:
    """At least 4 steps of 100 instead of 1, and each 50 dearer: 300 and 200 by themselves... 100 -> 400, 150 -> 600."""
    old = toy_study(Toy("flat"), Toy("fleet", step_usd_per_month=100.0, least_count=1.0), here=5e8).comparison
    new = toy_study(Toy("flat"), Toy("fleet", step_usd_per_month=150.0, least_count=4.0), here=5e8).comparison
    found = attribute(old, new, "fleet")
    expected = {"fleet:least_count": -(300 + 450) / 2, "fleet:step_usd_per_month": -(50 + 200) / 2}
    assert by_key(found) == pytest.approx(expected)


def test_what_is_uncertain_counts_with_its_median() -> None:
    old = toy_study(Toy("api", output_usd_per_mtok=tc.triangular(4.0, 8.0, 12.0)), OWN, here=tc.between(5e8, 2e9))
    new = toy_study(Toy("api", output_usd_per_mtok=np.array([11.0, 12.0, 13.0])), OWN, here=tc.between(5e8, 2e9))
    found = attribute(old.comparison, new.comparison, "own")
    assert found.tokens_per_month == pytest.approx(1e9)
    assert by_key(found) == pytest.approx({"api:output_usd_per_mtok": 1_000.0})


def test_nothing_changed() -> None:
    study = toy_study(Toy("api", output_usd_per_mtok=8.0), OWN, here=1e9).comparison
    found = attribute(study, study, "own")
    assert (found.parts, found.steps, found.change_usd_per_month) == ((), (), 0.0)
    assert found.frame().empty
    assert found.lines() == (
        "robust breakeven 2B tokens/month as before; the advantage of own over api at 1B tokens/month (where the study "
        "is) is -2,000 USD/month as before",
    )


def test_the_volume() -> None:
    """Given; else the study's own, new before old; else a breakeven; else a usual one. Given, it is no change."""
    cheap, dear = Toy("api", output_usd_per_mtok=8.0), Toy("api", output_usd_per_mtok=16.0)

    def volume(old_here: float | None, new_here: float | None, **given: float) -> tuple[float, float, str]:
        old, new = toy_study(cheap, OWN, here=old_here), toy_study(dear, OWN, here=new_here)
        found = attribute(old.comparison, new.comparison, "own", **given)  # type: ignore[arg-type]  # a volume
        assert ("tokens_per_month" in by_key(found)) == (found.tokens_per_month_before != found.tokens_per_month)
        return found.tokens_per_month_before, found.tokens_per_month, found.volume_words

    assert volume(2e9, 3e9, tokens_per_month=5e9) == (5e9, 5e9, "as asked")
    assert volume(2e9, 3e9) == (2e9, 3e9, "where the study is, before 2B tokens/month")
    assert volume(None, 3e9) == (3e9, 3e9, "where the study is")
    assert volume(2e9, None) == (2e9, 2e9, "where the study was")
    assert volume(None, None) == pytest.approx((1e9, 1e9, "where own first undercuts api"))
    never = toy_study(Toy("api"), OWN).comparison
    assert attribute(never, never, "own").tokens_per_month == 1e9
    found = attribute(toy_study(cheap, OWN).comparison, never, "own")
    assert found.tokens_per_month == pytest.approx(2e9)
    assert found.volume_words == "where own first undercut api"


def test_a_breakeven_that_hardly_moved_is_said_with_the_digits_that_show_it() -> None:
    old = toy_study(Toy("api", output_usd_per_mtok=8.0), OWN, here=1e9).comparison
    new = toy_study(Toy("api", output_usd_per_mtok=8.0004), OWN, here=1e9).comparison
    assert attribute(old, new, "own").lines()[0].startswith("robust breakeven 2B → 1.9999B tokens/month; the")


def test_more_changes_than_can_be_counted_are_put_together() -> None:
    """Seventy numbers of five rows of one option count as five; of seventy options the last eleven count as one."""
    changes = [
        Change((Move(f"a:{i}", "", "scenario"),), (Figure("a", f"a:x{i % 5}.n{i}", 0.0, 1.0),)) for i in range(70)
    ]
    assert [len(each.moves) for each in countable(tuple(changes), 60)] == [14] * 5
    others = [Change((Move(f"{i}", "", "scenario"),), recipes=(f"o{i}",)) for i in range(70)]
    assert [len(each.moves) for each in countable(tuple(others), 60)] == [1] * 59 + [11]


# ---------------------------------------------------------------------- rows and days


def dated(tmp_path: Path, *models: Plain, instances: tuple[Plain, ...] = (), **files: Plain) -> tc.PriceBook:
    """Hosted models of acme and instances of rack."""
    rack = {"compute/rack": {"provider": "rack", "name": "Rack", "instances": list(instances)}} if instances else {}
    return price_book(tmp_path / "tables", {**api(*models), **rack, **files})


def usd(day: str, both: float, **figures: Any) -> Plain:
    """A row whose input and output cost the same."""
    return row(day, input_usd_per_mtok=both, output_usd_per_mtok=both, **figures)


def test_rows_with_their_days_and_places(tmp_path: Path) -> None:
    """5 and 25 until 2026-09-22, then 4 and 20 USD/Mtok, half of the tokens each: 15 and 12 on average."""
    tables = dated(
        tmp_path,
        hosted(
            "large",
            row("2026-01-01", input_usd_per_mtok=5.0, output_usd_per_mtok=25.0),
            row("2026-09-22", input_usd_per_mtok=4.0, output_usd_per_mtok=20.0),
        ),
    )
    new = compared(tables.api("acme/large", label="API"), OWN, tokens_per_month=1e9)
    found = attribute(on_day(new, date(2026, 9, 21)), new, "own")
    row_key = "prices:acme/large"
    assert by_key(found) == pytest.approx(
        {f"{row_key}.output_usd_per_mtok": -2_500.0, f"{row_key}.input_usd_per_mtok": -500.0}
    )
    frame = found.frame()
    assert frame["change"].tolist() == [
        "acme/large output price 25 → 20 USD/Mtok",
        "acme/large input price 5 → 4 USD/Mtok",
    ]
    assert frame[["old", "new"]].to_numpy().tolist() == [[25.0, 20.0], [5.0, 4.0]]
    assert frame["on"].tolist() == [date(2026, 9, 22)] * 2
    assert frame["share"].tolist() == pytest.approx([2_500 / 3_000, 500 / 3_000])
    assert frame["unit"].tolist() == ["USD per million tokens"] * 2
    (place,) = set(frame["location"])
    assert "api/acme.yaml:" in place
    (step,) = found.steps
    assert (step.on, len(step.moves)) == (date(2026, 9, 22), 2)
    answer, cited = found.lines()
    assert answer.endswith(
        "fell by 3,000 USD/month, from 11,000 USD to 8,000 USD: 2,500 USD of it acme/large output price 25 → 20 "
        "USD/Mtok (2026-09-22); 500 USD acme/large input price 5 → 4 USD/Mtok (2026-09-22)"
    )
    assert cited.startswith(f"row: prices:acme/large ({place}; acme@1.0, from 2026-09-22")


def test_steps_go_by_day_through_never_then_corrections_then_the_scenario(tmp_path: Path) -> None:
    """Own costs 4,000 and 2 USD/Mtok. The API: 4, from March 1, from June 3 USD/Mtok: 2B, never, 4B; then own 2,000."""
    tables = dated(tmp_path, hosted("large", usd("2026-01-01", 4.0), usd("2026-03-01", 1.0), usd("2026-06-01", 3.0)))
    hosts = dated(tmp_path / "b", hosted("other", usd("2026-01-01", 0.5), usd("2026-03-01", 0.25)))
    large = tables.api("acme/large", label="API")
    both = tc.Split([(large, 0.5), (hosts.api("acme/other", label="other"), 0.5)], label="both")
    own = Toy("own", fixed_usd_per_month=4_000.0, input_usd_per_mtok=2.0, output_usd_per_mtok=2.0)
    less = Toy("own", fixed_usd_per_month=2_000.0, input_usd_per_mtok=2.0, output_usd_per_mtok=2.0)
    old = on_day(compared(large, own), date(2026, 1, 1))
    new = compared(large, less)
    middle = on_day(new, date(2026, 3, 1))
    found = attribute(middle, new, "own", tokens_per_month=1e9)
    assert [step.on for step in found.steps] == [date(2026, 6, 1)]
    assert found.robust_before is None
    assert found.lines()[0].startswith("robust breakeven never → 2B tokens/month; the advantage")
    found = attribute(old, middle, "own", tokens_per_month=1e9)
    assert [(step.on, step.first, step.robust) for step in found.steps] == [
        (date(2026, 3, 1), None, None),
        (None, None, None),
    ]
    assert found.lines()[0].startswith("robust breakeven 2B tokens/month → never; the advantage")
    # two rows on their own days: the half that is `other` follows in March, the other in June
    old, new = on_day(compared(both, own), date(2026, 1, 1)), compared(both, own)
    assert [step.on for step in attribute(old, new, "own", tokens_per_month=1e9).steps] == [
        date(2026, 3, 1),
        date(2026, 6, 1),
    ]


def test_a_step_through_never_is_said(tmp_path: Path) -> None:
    """Own costs 4,000 and 2 USD/Mtok; the API 4, then 1.5 from March on, when own falls to 1 USD/Mtok: 2B → 8B."""
    tables = dated(tmp_path, hosted("large", usd("2026-01-01", 4.0), usd("2026-03-01", 1.5)))
    large = tables.api("acme/large", label="API")
    old = on_day(compared(large, Toy("own", 4_000.0, 2.0, 2.0)), date(2026, 2, 1))
    found = attribute(old, compared(large, Toy("own", 4_000.0, 1.0, 1.0)), "own", tokens_per_month=1e10)
    steps = (
        "robust breakeven step by step: 2B → never (2026-03-01, acme/large input price 4 → 1.5 USD/Mtok, acme/large "
    )
    assert found.lines()[1].startswith(steps)
    assert [step.robust for step in found.steps[:1]] == [None]
    assert found.steps[-1].robust == pytest.approx(8e9)
    assert "→ 8B tokens/month (own output price 2 → 1 USD/Mtok)" in found.lines()[1]


def test_a_corrected_row_has_no_day(tmp_path: Path) -> None:
    before = dated(tmp_path / "a", hosted("large", usd("2026-01-01", 4.0)))
    after = dated(tmp_path / "b", hosted("large", usd("2026-01-01", 5.0)))
    old, new = (compared(tables.api("acme/large", label="API"), OWN) for tables in (before, after))
    moves = moves_between(old, new)
    assert [(move.kind, move.on, move.citation is not None) for move in moves] == [("table", None, True)] * 2
    replaced = tc.Study(list(old.options), workload=EVEN).replace({"prices:acme/large.input_usd_per_mtok": 5.0})
    (move,) = moves_between(old, replaced.comparison)
    assert (move.kind, move.on, move.citation, move.old, move.new) == ("scenario", None, None, 4.0, 5.0)


def test_corrections_come_before_what_the_scenario_says(tmp_path: Path) -> None:
    before = dated(tmp_path / "a", hosted("large", usd("2026-01-01", 4.0)))
    after = dated(tmp_path / "b", hosted("large", usd("2026-01-01", 5.0)))
    longer = tc.Workload(input_tokens=900, output_tokens=500)
    old = compared(before.api("acme/large", label="API"), OWN)
    new = compared(after.api("acme/large", label="API"), OWN, workload=longer)
    kinds = [[move.kind for move in step.moves] for step in attribute(old, new, "own").steps]
    assert kinds == [["table"], ["table"], ["scenario"]]


def test_one_address_for_rows_of_two_dates(tmp_path: Path) -> None:
    """The instance's price of 2025 in one option and of today in the other: each keeps its own, and each moves."""
    machine = box("box", usd_per_hour("2024-01-01", 2.0), usd_per_hour("2026-01-01", 3.0))
    tables = tc.load_prices(dated_with_models(tmp_path, machine), as_of="2026-11-21")
    held, moving = rented(tables, "held", compute_as_of="2025-06-01"), rented(tables, "moving")
    new = compared(held, moving)
    address = "compute:rack/box.usd_per_hour"
    assert [numbers_of(new)[label][address].value for label in ("held", "moving")] == [2.0, 3.0]
    old = with_numbers(new, {"held": {address: 1.0}, "moving": {address: 2.5}})
    assert [numbers_of(old)[label][address].value for label in ("held", "moving")] == [1.0, 2.5]
    found = attribute(old, new, "held", "moving", tokens_per_month=1e6)
    assert {move.key: (move.old, move.new) for part in found.parts for move in part.moves} == {
        f"held: {address}": (1.0, 2.0),
        f"moving: {address}": (2.5, 3.0),
    }
    assert by_key(found) == pytest.approx({f"held: {address}": -730.0, f"moving: {address}": 365.0})


# ---------------------------------------------------------------------- fleets

GPU: Plain = {
    "id": "B200",
    "memory_gib": 180.0,
    "memory_bandwidth_gb_per_second": 8_000.0,
    "dense_bf16_tflops": 2_250.0,
    "dense_fp8_tflops": 4_500.0,
    "interconnect": "nvlink",
    **CITED,
}


def usd_per_hour(day: str, price: float) -> Plain:
    """A row of an instance."""
    return row(day, usd_per_hour=price)


def measured(day: date, *rates: tuple[int, float]) -> Plain:
    """A run of the toy model: output tokens per second by input length, 500 out."""
    said = {"model": "toy", "gpu": "B200", "gpu_count": 1, "precision": "fp8", "engine": "vLLM", "engine_version": "1"}
    points = [{"input_tokens": i, "output_tokens": 500, "output_tokens_per_second": rate} for i, rate in rates]
    return {**said, "load_basis": "offline", "nature": "measured", "measured_on": day, **CITED, "points": points}


def dated_with_models(tmp_path: Path, *machines: Plain, runs: tuple[Plain, ...] = ()) -> Path:
    """A folder with an open model, its GPU, instances and runs."""
    runs = runs or (measured(date(2025, 1, 1), (500, 2_000.0), (2_000, 1_000.0)),)
    price_book(
        tmp_path / "tables",
        {
            "models/open": {"family": "open", "models": [open_model("toy")]},
            "hardware/gpus": {"gpus": [GPU]},
            "throughput/open": {"runs": list(runs)},
            "compute/rack": {"provider": "rack", "name": "Rack", "instances": list(machines)},
        },
    )
    return tmp_path / "tables"


def box(name: str, *prices: Plain) -> Plain:
    """An instance of one GPU."""
    return {
        "id": name,
        "gpu": "B200",
        "gpu_count": 1,
        "offers": [{"purchase": "on_demand", "region": "anywhere", "prices": [*prices]}],
    }


def rented(tables: tc.PriceBook, label: str, instance: str = "rack/box", **given: Any) -> SelfHostedOption:
    """The toy model on one instance, no spares, nothing around it."""
    said: dict[str, Any] = {
        "engineering": tc.Engineering.none(),
        "around": tc.AroundGpu.none(),
        "latency": "batch",
    } | given
    return tables.self_hosted("toy", instance=instance, purchase="on_demand", label=label, **said)


def test_another_run_behind_a_rate_is_one_number(tmp_path: Path) -> None:
    """From 2026 on a newer run, 1.5 times as fast: the rate is what moved, from the day of the measurement."""
    runs = measured(date(2025, 1, 1), (500, 2_000.0)), measured(date(2026, 6, 1), (500, 3_000.0))
    tables = tc.load_prices(
        dated_with_models(tmp_path, box("box", usd_per_hour("2024-01-01", 2.0)), runs=runs), as_of="2026-11-21"
    )
    new = compared(tc.Option("flat", tc.CostCurve.per_mtok(1.0)), rented(tables, "own"), tokens_per_month=1e11)
    old = on_day(new, date(2026, 5, 31))
    (move,) = moves_between(old, new)
    assert (move.key, move.kind, move.on) == ("own:throughput", "table", date(2026, 6, 1))
    assert move.new == pytest.approx(1.5 * (move.old or math.nan))
    found = attribute(old, new, "own")
    assert by_key(found) == pytest.approx({"own:throughput": found.change_usd_per_month})
    assert found.change_usd_per_month > 0.0
    assert "own throughput 4,000 → 6,000 tok/s (2026-06-01)" in found.lines()[0]


def test_a_rate_that_follows_from_the_traffic_is_no_change_of_its_own(tmp_path: Path) -> None:
    """Longer prompts are slower by the same run: only the prompts changed. With another run too, both did."""
    runs = (
        measured(date(2025, 1, 1), (500, 2_000.0), (2_000, 1_000.0)),
        measured(date(2026, 6, 1), (500, 3_000.0), (2_000, 1_400.0)),
    )
    tables = tc.load_prices(
        dated_with_models(tmp_path, box("box", usd_per_hour("2024-01-01", 2.0)), runs=runs), as_of="2026-11-21"
    )
    flat, own = tc.Option("flat", tc.CostCurve.per_mtok(1.0)), rented(tables, "own")
    longer = tc.Workload(input_tokens=2_000, output_tokens=500)
    new = compared(flat, own, workload=longer, tokens_per_month=2e11)
    assert [move.key for move in moves_between(compared(flat, own, tokens_per_month=2e11), new)] == [
        "workload:input_tokens"
    ]
    old = on_day(compared(flat, own, tokens_per_month=2e11), date(2026, 1, 1))
    assert {move.key for move in moves_between(old, new)} == {"workload:input_tokens", "own:throughput"}
    found = attribute(old, new, "own")
    assert adds_up(found)
    # by hand: v(S) from four studies, the rate put in where the run is the new one
    rate = numbers_of(new)["own"]["own:throughput"].value
    faster = compared(flat, own.with_number("throughput", rate), tokens_per_month=2e11)
    slower = on_day(new, date(2026, 1, 1))
    none, prompts, run, both = (advantage(study, 2e11) for study in (old, slower, faster, new))
    assert by_key(found) == pytest.approx(
        {
            "workload:input_tokens": ((prompts - none) + (both - run)) / 2,
            "own:throughput": ((run - none) + (both - prompts)) / 2,
        }
    )


def test_a_rate_that_was_fitted_goes_on_following_until_it_is_given(tmp_path: Path) -> None:
    """Longer prompts alone are slower; the rate that the study gives now takes the place of that, when it is made."""
    runs = (measured(date(2025, 1, 1), (500, 2_000.0), (2_000, 1_000.0)),)
    tables = tc.load_prices(
        dated_with_models(tmp_path, box("box", usd_per_hour("2024-01-01", 2.0)), runs=runs), as_of="2026-11-21"
    )
    flat, own = tc.Option("flat", tc.CostCurve.per_mtok(1.0)), rented(tables, "own")
    given = own.with_number("throughput", 5_000.0)
    longer = tc.Workload(input_tokens=2_000, output_tokens=500)
    old = compared(flat, own, tokens_per_month=2e11)
    studies = (
        old,
        compared(flat, own, workload=longer, tokens_per_month=2e11),
        compared(flat, given, tokens_per_month=2e11),
        compared(flat, given, workload=longer, tokens_per_month=2e11),
    )
    none, prompts, rate, both = (advantage(study, 2e11) for study in studies)
    assert prompts != none
    assert by_key(attribute(old, studies[-1], "own")) == pytest.approx(
        {
            "workload:input_tokens": ((prompts - none) + (both - rate)) / 2,
            "own:throughput": ((rate - none) + (both - prompts)) / 2,
        }
    )


def test_what_a_team_comes_to_is_no_change_beside_the_team(tmp_path: Path) -> None:
    """2 x 4 months at 25,000 USD over 24 months and half a one; then 1 for 6 months, and a whole one."""
    tables = dated(tmp_path, hosted("large", usd("2026-01-01", 5.0)))
    flat = tc.Option("flat", tc.CostCurve.per_mtok(1.0))

    def study(engineers: float, months: float, upkeep_fte: float) -> Comparison:
        team = tc.Engineering.from_team(
            engineers=engineers,
            months=months,
            loaded_usd_per_year=300_000,
            upkeep_fte=upkeep_fte,
            lead_months=1,
            label="people",
        )
        made = tables.api("acme/large", label="api", engineering=team, tokenizer_ratio=1)
        return compared(made, flat, tokens_per_month=1e9)

    found = attribute(study(2, 4, 0.5), study(1, 6, 1.0), "flat")
    assert by_key(found) == pytest.approx(
        {
            "api:engineering[people].team.engineers": -25_000 * (4 + 6) / 2 / 24,
            "api:engineering[people].team.months": 25_000 * 2 * (2 + 1) / 2 / 24,
            "api:engineering[people].team.upkeep_fte": 12_500,
        }
    )
    assert adds_up(found)


def test_only_rounding_is_no_change() -> None:
    """Costs of 0.1 + 0.2 and of 0.3 differ in the last digit; nothing else does."""
    flat = tc.Option("flat", tc.CostCurve.fixed(0.7))
    old = compared(tc.Option("sum", tc.CostCurve.fixed(0.1) + tc.CostCurve.fixed(0.2)), flat)
    new = compared(tc.Option("sum", tc.CostCurve.fixed(0.3)), flat)
    found = attribute(old, new, "flat", tokens_per_month=1e9)
    assert found.parts == ()
    assert adds_up(found)
    assert found.change_usd_per_month == 0.0


def test_changes_that_cancel_are_up_and_down() -> None:
    """A fixed price 100 up, another part of the bill 100 down."""
    old = toy_study(Toy("api", fixed_usd_per_month=300.0, output_usd_per_mtok=0.4), OWN, here=1e9).comparison
    new = toy_study(Toy("api", fixed_usd_per_month=200.0, output_usd_per_mtok=0.8), OWN, here=1e9).comparison
    (said, *_) = attribute(old, new, "own").lines()
    assert said.partition("is the same, ")[2] == (
        "-3,600 USD/month: down 100 USD api fixed 300 → 200 USD/month; up 100 USD api output price 0.4 → 0.8 USD/Mtok"
    )


def test_steps_that_hardly_move_are_told_apart_and_rounding_is_no_step() -> None:
    """4,000 USD at 2, at 2.0002, at 3 USD/Mtok: 2B, a little less, and 1.33B."""
    moves = tuple(Move(f"api:{name}", name, "scenario") for name in ("a", "b", "c"))
    volumes = (4e9 / 2.0002, 4e9 / 2.0002 * (1 + 1e-13), 4e9 / 3)
    steps = tuple(Step((move,), None, volume, volume) for move, volume in zip(moves, volumes, strict=True))
    found = Attribution("own", "api", 1e9, 1e9, "as asked", 0.0, 0.0, (), steps, 2e9, volumes[-1], 2e9, volumes[-1])
    (said,) = (line for line in found.lines() if "step by step" in line)
    assert said == "robust breakeven step by step: 2B → 1.9998B (a) → 1.3333B tokens/month (c)"


def advantage(study: Comparison, volume: float) -> float:
    """What the first option costs more than the second. [USD/month]"""
    first, second = (study.curve(label).usd_per_month(volume) for label in study.labels)
    return first - second


def test_a_choice_that_draws_would_make_once_is_made_in_each_study(tmp_path: Path) -> None:
    """A row measured at 500 tokens in, one at 2,000; halfway between, where the draws' middle is, a fit would count."""
    runs = (
        measured(date(2025, 1, 1), (500, 2_000.0)),
        {**measured(date(2025, 1, 1), (2_000, 1_800.0)), "engine": "SGLang"},
    )
    tables = tc.load_prices(
        dated_with_models(tmp_path, box("box", usd_per_hour("2024-01-01", 2.0)), runs=runs), as_of="2026-11-21"
    )
    flat, own = tc.Option("flat", tc.CostCurve.per_mtok(1.0)), rented(tables, "own")
    shapes = [
        tc.Workload(input_tokens=i, output_tokens=o) for i, o in ((500, 500), (2_000, 500), (500, 600), (2_000, 600))
    ]
    studies = [compared(flat, own, workload=shape, tokens_per_month=2e11) for shape in shapes]
    none, longer, wordier, both = (advantage(study, 2e11) for study in studies)
    found = attribute(studies[0], studies[3], "own")
    assert by_key(found) == pytest.approx(
        {
            "workload:input_tokens": ((longer - none) + (both - wordier)) / 2,
            "workload:output_tokens": ((wordier - none) + (both - longer)) / 2,
        }
    )


# ---------------------------------------------------------------------- what is no number


def test_another_instance_is_one_change_with_its_name(tmp_path: Path) -> None:
    """From 2 to 3 USD an hour on another instance, and 1,000 USD of engineering more: each its own difference."""
    folder = dated_with_models(
        tmp_path, box("box", usd_per_hour("2024-01-01", 2.0)), box("crate", usd_per_hour("2024-01-01", 3.0))
    )
    tables = tc.load_prices(folder, as_of="2026-11-21")
    flat = tc.Option("flat", tc.CostCurve.per_mtok(1.0))

    def plan(upkeep: float) -> tc.Engineering:
        return tc.Engineering(upkeep_usd_per_month=upkeep, label="team")

    old = compared(flat, rented(tables, "own", engineering=plan(500.0)), tokens_per_month=1e6)
    new = compared(flat, rented(tables, "own", "rack/crate", engineering=plan(1_500.0)), tokens_per_month=1e6)
    found = attribute(old, new, "own")
    assert by_key(found) == pytest.approx({"own:engineering[team].upkeep_usd_per_month": -1_000.0, "own": -730.0})
    (recipe,) = [move for part in found.parts for move in part.moves if move.key == "own"]
    assert (recipe.words, recipe.kind, recipe.old) == ("own: instance rack/box → rack/crate", "scenario", None)


def test_recipes_in_words(tmp_path: Path) -> None:
    tables = dated(
        tmp_path,
        hosted("large", usd("2026-01-01", 4.0, batch={"discount_share": 0.5})),
        hosted("small", usd("2026-01-01", 1.0)),
    )

    def words(was: Any, now: Any, **shapes: tc.Workload) -> list[str]:
        old = compared(was, OWN, workload=shapes.get("old", EVEN))
        return [move.words for move in moves_between(old, compared(now, OWN, workload=shapes.get("new", EVEN)))]

    large, small = tables.api("acme/large", label="a"), tables.api("acme/small", label="a")
    assert words(large, small) == ["a: model acme/large → acme/small"]
    assert words(large, tables.api("acme/large", label="a", service_tier="batch")) == [
        "a: service tier standard → batch"
    ]
    assert words(large, tc.Option("a", tc.CostCurve.per_mtok(1.0))) == ["a: by the token → a curve of one's own"]
    inner, other = tables.api("acme/large", label="x"), tables.api("acme/small", label="y")
    assert words(
        tc.Cascade(inner, other, escalation_share=0.5, label="a"),
        tc.Cascade(other, inner, escalation_share=0.5, label="a"),
    ) == ["a: of x, y → y, x"]
    classes = {"tagging": (EVEN, 0.5), "agent": (tc.Workload(input_tokens=900, output_tokens=100), 0.5)}
    toy = Toy("a", input_usd_per_mtok=1.0)
    assert words(toy, toy, new=tc.Workload.mix(classes)) == ["workload: workload → mix"]


def test_rows_that_say_otherwise_than_in_numbers(tmp_path: Path) -> None:
    """The same two prices, with prompts over 100,000 tokens dearer from June on: the row is what changed."""
    long = {"threshold_tokens": 100_000, "inclusive": False, "input_usd_per_mtok": 8.0, "output_usd_per_mtok": 8.0}
    tables = dated(tmp_path, hosted("large", usd("2026-01-01", 4.0), usd("2026-06-01", 4.0, long_context=[long])))
    shape = tc.Workload(input_tokens=150_000, output_tokens=150_000)
    new = compared(tables.api("acme/large", label="API"), OWN, workload=shape, tokens_per_month=1e9)
    found = attribute(on_day(new, date(2026, 5, 1)), new, "own")
    assert by_key(found) == pytest.approx({"API": 4_000.0})
    (move,) = found.parts[0].moves
    assert (move.kind, move.on) == ("table", date(2026, 6, 1))
    assert move.words.startswith("API: now with acme/large.long_context[100000] input price")
    assert move.citation is not None


def test_the_old_recipe_with_some_of_the_new_numbers_is_well_defined(tmp_path: Path) -> None:
    """Another model, a discount of 10% on either, and 3 instead of 1 USD/Mtok: by hand over two changes."""
    tables = dated(tmp_path, hosted("large", usd("2026-01-01", 4.0)), hosted("small", usd("2026-01-01", 1.0)))
    old = compared(tables.api("acme/large", label="a"), OWN, tokens_per_month=1e9)
    new = compared(tables.api("acme/small", label="a", discount_share=0.1), OWN, tokens_per_month=1e9)
    found = attribute(old, new, "own")
    # 4,000 → 1,000 without and 3,600 → 900 with the discount
    assert by_key(found) == pytest.approx({"a": -(3_000 + 2_700) / 2, "a:discount_share": -(400 + 100) / 2})
    assert "a discount share 0% → 10%" in found.lines()[0]
    back = attribute(new, old, "own")
    assert by_key(back) == pytest.approx({key: -value for key, value in by_key(found).items()})


# ---------------------------------------------------------------------- blends, shares, classes


def test_a_price_inside_a_blend_and_beside_it_is_one_change(tmp_path: Path) -> None:
    """8 instead of 4 USD/Mtok: all of the incumbent's bill, and a quarter of the cascade's."""
    tables = dated(tmp_path, hosted("large", usd("2026-01-01", 4.0), usd("2026-06-01", 8.0)))
    large = tables.api("acme/large", label="large")
    blend = tc.Cascade(
        Toy("small", input_usd_per_mtok=1.0, output_usd_per_mtok=1.0), large, escalation_share=0.25, label="both"
    )
    new = compared(large, blend, tokens_per_month=1e9)
    found = attribute(on_day(new, date(2026, 5, 1)), new, "both")
    key = "prices:acme/large.{}_usd_per_mtok"
    assert by_key(found) == pytest.approx({key.format("input"): 1_500.0, key.format("output"): 1_500.0})


def test_an_option_in_several_places_stays_one(tmp_path: Path) -> None:
    """Half of the traffic goes to it, and a quarter of the other half escalates to it."""
    tables = dated(tmp_path, hosted("large", usd("2026-01-01", 4.0), usd("2026-06-01", 8.0)))
    large = tables.api("acme/large", label="large")
    first = tc.Cascade(Toy("small", fixed_usd_per_month=1.0), large, escalation_share=0.25, label="first")
    new = compared(OWN, tc.Split([(first, 0.5), (large, 0.5)], label="both"), tokens_per_month=1e9)
    found = attribute(on_day(new, date(2026, 5, 1)), new, "both")
    assert set(by_key(found)) == {f"prices:acme/large.{name}_usd_per_mtok" for name in ("input", "output")}
    assert found.change_usd_per_month == pytest.approx(-4_000.0 * (0.5 + 0.125))


def test_one_row_that_both_options_use_is_one_change(tmp_path: Path) -> None:
    """8 instead of 4 USD/Mtok, and the challenger pays half of it."""
    tables = dated(tmp_path, hosted("large", usd("2026-01-01", 4.0), usd("2026-06-01", 8.0)))
    half = tables.api("acme/large", label="half", discount_share=0.5)
    new = compared(tables.api("acme/large", label="full"), half, tokens_per_month=1e9)
    found = attribute(on_day(new, date(2026, 5, 1)), new, "half")
    key = "prices:acme/large.{}_usd_per_mtok"
    assert by_key(found) == pytest.approx({key.format("input"): 1_000.0, key.format("output"): 1_000.0})
    assert len(moves_between(on_day(new, date(2026, 5, 1)), new)) == 2


def test_shares_that_add_up_are_one_change() -> None:
    """(0.5, 0.3, 0.2) → (0.6, 0.2, 0.2) of 1, 2 and 4 USD/Mtok is 1.9 → 1.8."""
    parts = [
        Toy(label, input_usd_per_mtok=usd, output_usd_per_mtok=usd)
        for label, usd in zip("xyz", (1.0, 2.0, 4.0), strict=True)
    ]
    old, new = (
        compared(OWN, tc.Split(list(zip(parts, shares, strict=True)), label="mix"), tokens_per_month=1e9)
        for shares in ((0.5, 0.3, 0.2), (0.6, 0.2, 0.2))
    )
    found = attribute(old, new, "mix")
    assert by_key(found) == pytest.approx({"mix:share[x] + mix:share[y]": 100.0})
    assert "mix share[x] 50% → 60%, mix share[y] 30% → 20%" in found.lines()[0]


def test_classes_of_work() -> None:
    """Shares move together; the tokens of a class by themselves."""

    def mix(share: float, tokens: float) -> tc.Workload:
        return tc.Workload.mix(
            {
                "tagging": (tc.Workload(input_tokens=tokens, output_tokens=100), share),
                "agent": (tc.Workload(input_tokens=900, output_tokens=100), round(0.9 - share, 12)),
                "chat": (EVEN, 0.1),
            }
        )

    api_ = Toy("api", input_usd_per_mtok=1.0, output_usd_per_mtok=5.0)
    old, new = (
        compared(api_, OWN, workload=mix(*shape), tokens_per_month=1e9) for shape in ((0.5, 100.0), (0.3, 300.0))
    )
    found = attribute(old, new, "own")
    assert set(by_key(found)) == {"workload:tagging.share + workload:agent.share", "workload:tagging.input_tokens"}
    shares, tokens = (compared(api_, OWN, workload=mix(*shape)) for shape in ((0.3, 100.0), (0.5, 300.0)))
    none, by_share, by_tokens, both = (advantage(study, 1e9) for study in (old, shares, tokens, new))
    assert by_key(found)["workload:tagging.input_tokens"] == pytest.approx(((by_tokens - none) + (both - by_share)) / 2)
    assert adds_up(found)


def test_every_kind_of_blend_against_studies_worked_out_one_by_one() -> None:
    """The sixteen studies of four changes, each by `Study.replace`."""
    study = tc.load_study(SCENARIOS / "mixed.yaml")
    changes = {
        "prices:openai/gpt-6-sol.output_usd_per_mtok": 5.0,
        "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour": 9.0,
        "workload:extraction.input_tokens": 2_500.0,
        "small first:escalation_share": 0.4,
    }
    items = list(changes.items())
    partly = [study.replace(dict(each for i, each in enumerate(items) if made >> i & 1)) for made in range(16)]
    for label in ("small first", "by class", "own and burst"):
        costs = [
            [
                each.comparison.option(one).resolve(each.workload).curve.usd_per_month(50e9)
                for one in ("frontier", label)
            ]
            for each in partly
        ]
        expected = dict(zip(changes, shapley_values(np.array([rival - ours for rival, ours in costs])), strict=True))
        found = by_key(attribute(study.comparison, partly[-1].comparison, label))
        assert {key: found.get(key, 0.0) for key in expected} == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_only_what_has_to_be_is_worked_out_apart() -> None:
    """Of three numbers the count of steps: it refuses draws."""
    was = Toy("fleet", step_usd_per_month=100.0, least_count=1.0, fixed_usd_per_month=10.0)
    now = Toy("fleet", step_usd_per_month=150.0, least_count=4.0, fixed_usd_per_month=20.0)
    old, new = (toy_study(Toy("flat"), fleet, here=5e8).comparison for fleet in (was, now))
    study = PartlyChanged(old, new, changes_of(old, new), (5e8, 5e8))
    (place,) = [place for place, each in enumerate(study.changes) if each.moves[0].key == "fleet:least_count"]
    assert (study.apart("fleet"), study.touching("flat")) == (1 << place, 0)


def test_what_is_only_possible_together_is_one_change(tmp_path: Path) -> None:
    """70% read and 40% written would be 110% of the input: neither can move alone from (0.5, 0.4) to (0.7, 0.2)."""
    priced = usd("2026-01-01", 4.0, cache_read_usd_per_mtok=1.0, cache_write_usd_per_mtok=5.0)
    large = dated(tmp_path, hosted("large", priced)).api("acme/large", label="API")

    def shape(read: float, write: float, output: float = 500.0) -> tc.Workload:
        return tc.Workload(input_tokens=500, output_tokens=output, cached_input_share=read, cache_write_share=write)

    old = compared(large, OWN, workload=shape(0.5, 0.4), tokens_per_month=1e9)
    new = compared(large, OWN, workload=shape(0.7, 0.2, 1_500.0), tokens_per_month=1e9)
    found = attribute(old, new, "own")
    assert set(by_key(found)) == {
        "workload:cached_input_share + workload:cache_write_share",
        "workload:output_tokens",
    }
    cache, output = (compared(large, OWN, workload=shape(*each)) for each in ((0.7, 0.2), (0.5, 0.4, 1_500.0)))
    none, cached, wordier, both = (advantage(study, 1e9) for study in (old, cache, output, new))
    assert by_key(found)["workload:output_tokens"] == pytest.approx(((wordier - none) + (both - cached)) / 2)


def test_a_number_that_was_left_out_is_one(tmp_path: Path) -> None:
    """No cache and no batches is a share of 0; and back."""
    priced = usd("2026-01-01", 4.0, cache_read_usd_per_mtok=1.0, batch={"discount_share": 0.5})
    large = dated(tmp_path, hosted("large", priced)).api("acme/large", label="API")
    cached = tc.Workload(
        input_tokens=500, output_tokens=500, cached_input_share=0.5, cache_write_share=0.1, batch_share=0.5
    )
    old, new = compared(large, OWN, tokens_per_month=1e9), compared(large, OWN, workload=cached, tokens_per_month=1e9)
    forth, back = attribute(old, new, "own"), attribute(new, old, "own")
    names = ("cached_input_share", "cache_write_share", "batch_share")
    assert set(by_key(forth)) == {f"workload:{name}" for name in names}
    assert by_key(back) == pytest.approx({key: -value for key, value in by_key(forth).items()})
    assert {move.old for part in forth.parts for move in part.moves} == {0.0}


def test_a_peak_of_a_load_by_hour_and_another_load() -> None:
    """The peak refuses draws; other hours are no number."""
    load = [1.0] * 12 + [3.0] * 12
    prices = tc.load_prices(as_of="2026-11-21")
    fleet = prices.self_hosted(
        "gpt-oss-120b", instance="lambda/gpu_1x_b200_sxm6", purchase="on_demand", label="fleet",
        engineering=tc.Engineering.none(), scaling=tc.Scaling.autoscaled(),
    )  # fmt: skip
    flat = Toy("flat", fixed_usd_per_month=100.0)

    def shape(tokens: float, hours: Any) -> tc.Workload:
        return tc.Workload(input_tokens=tokens, output_tokens=400, load=hours)

    old = compared(flat, fleet, workload=shape(3_000, load), tokens_per_month=1e12)
    new = compared(flat, fleet, workload=shape(3_500, load[::-1][:6] * 4), tokens_per_month=1e12)
    found = attribute(old, new, "fleet")
    assert set(by_key(found)) == {"workload:input_tokens", "workload"}
    assert adds_up(found)
    peak = tc.Study(list(old.options), workload=old.workload, tokens_per_month=1e12).replace(
        {"workload:peak_to_mean": 2.0}
    )
    found = attribute(old, peak.comparison, "fleet")
    assert found.change_usd_per_month != 0.0
    assert adds_up(found)


class Picky(Toy):
    """A toy that cannot do with a higher fixed sum and a dearer step, unless a step is wider or better used."""

    def resolve(self, workload: tc.Workload) -> Resolved:
        dear = (np.asarray(self.fixed_usd_per_month) == 2.0) & (np.asarray(self.step_usd_per_month) == 2.0)
        if np.any(dear & (np.asarray(self.load_share) == 0.5) & (np.asarray(self.step_tokens) == 1e9)):
            raise ScenarioError(Problem("picky", "too dear", "less"))
        return super().resolve(workload)


def test_what_is_refused_in_the_middle_is_said_together() -> None:
    """Each change alone and the lack of each is possible, but not the first two of four: one part, and a joint step."""
    was = Picky("own", fixed_usd_per_month=1.0, step_usd_per_month=1.0, step_tokens=1e9, load_share=0.5)
    now = Picky("own", fixed_usd_per_month=2.0, step_usd_per_month=2.0, step_tokens=2e9, load_share=1.0)
    old, new = (toy_study(Toy("api", output_usd_per_mtok=8.0), own, here=1e9).comparison for own in (was, now))
    found = attribute(old, new, "own")
    assert [len(part.moves) for part in found.parts] == [4]
    assert found.change_usd_per_month == pytest.approx((1.0 + 2 * 1.0) - (2.0 + 2.0))
    assert [[move.key for move in step.moves] for step in found.steps] == [
        ["own:fixed_usd_per_month"],
        ["own:step_usd_per_month", "own:step_tokens"],
        ["own:load_share"],
    ]


# ---------------------------------------------------------------------- many, records, what is missing


def test_above_twelve_changes_rows_come_first(tmp_path: Path) -> None:
    """Seven models in a split, each with two prices: fourteen numbers of seven rows, in the rows' order of size."""
    names = [f"m{index}" for index in range(7)]
    models = [hosted(name, usd("2026-01-01", 1.0), usd("2026-06-01", 2.0 + index)) for index, name in enumerate(names)]
    tables = dated(tmp_path, *models)
    routes = [(tables.api(f"acme/{name}", label=name), 1 / 7) for name in names]
    new = compared(OWN, tc.Split(routes, label="split"), tokens_per_month=7e9)
    found = attribute(on_day(new, date(2026, 5, 1)), new, "split")
    assert [part.usd_per_month for part in found.parts] == pytest.approx([-1_000.0 * k for k in range(7, 0, -1)])
    assert all(len(part.moves) == 2 for part in found.parts)
    assert adds_up(found)
    assert "acme/m6 input price 1 → 8 USD/Mtok, acme/m6 output price 1 → 8 USD/Mtok (2026-06-01)" in found.lines()[0]
    assert math.isnan(found.frame()["old"][0])


def test_beyond_rows_those_of_one_option_and_then_the_smallest() -> None:
    """Fifteen toys in a split, a fixed sum each: fifteen options, so the four smallest go together."""

    def split(moved: float) -> tc.Split:
        toys = [Toy(f"t{index:02}", fixed_usd_per_month=100.0 + moved * 2.0**index) for index in range(15)]
        return tc.Split([(toy, 1 / 15) for toy in toys], label="split")

    found = attribute(compared(OWN, split(0.0)), compared(OWN, split(1.0)), "split", tokens_per_month=1e9)
    assert len(found.parts) == 12
    assert [len(part.moves) for part in found.parts] == [1] * 11 + [4]
    assert found.parts[-1].usd_per_month == pytest.approx(-(1 + 2 + 4 + 8))
    assert adds_up(found)
    assert "and 1 more" in found.lines()[0]


def test_what_is_on_record_and_no_number_is_the_rest() -> None:
    """On record the API cost 2,500, the old study now says 2,000: 500 that no number tells, and 1,000 that one does."""
    old = toy_study(Toy("api", output_usd_per_mtok=8.0), OWN, here=1e9).comparison
    new = toy_study(Toy("api", output_usd_per_mtok=12.0), OWN, here=1e9).comparison
    found = attribute(old, new, "own", costs_before={"api": 2_500.0, "own": 4_000.001, "else": 1.0})
    assert by_key(found) == pytest.approx({"api:output_usd_per_mtok": 1_000.0, "rest": -500.0})
    assert found.advantage_before_usd_per_month == pytest.approx(2_500.0 - 4_000.0)
    assert adds_up(found)
    assert found.parts[1].moves[0].kind == "rest"
    assert "the other way 500 USD what the tables say otherwise than in numbers" in found.lines()[0]
    rounded = attribute(old, new, "own", costs_before={"api": 2_000.0 * (1.0 + 9e-7), "own": 4_000.0})
    assert [part.moves[0].kind for part in rounded.parts] == ["scenario"]


def test_an_option_that_only_one_study_has() -> None:
    api_, other = Toy("api", output_usd_per_mtok=8.0), Toy("other", fixed_usd_per_month=1.0)
    old, new = toy_study(api_, OWN, here=1e9).comparison, toy_study(api_, other, here=1e9).comparison
    assert [(move.key, move.words) for move in moves_between(old, new)] == [
        ("other", "other is new"),
        ("own", "own is gone"),
    ]
    found = attribute(old, new, "other")
    assert found.parts == ()
    assert math.isnan(found.advantage_before_usd_per_month)
    assert found.lines() == (
        "other is new: there is no advantage before, and nothing to attribute.",
        "now: robust breakeven 500k tokens/month; an advantage of 1,999 USD/month at 1B tokens/month (where the study "
        "is)",
    )
    gone = attribute(old, new, "own")
    assert gone.lines()[0] == "own is gone: there is no advantage any more, and nothing to attribute."
    assert gone.robust_before == pytest.approx(2e9)
    assert math.isnan(attribute(old, new, "own", "other").tokens_per_month)


def test_mistakes() -> None:
    study = toy_study(Toy("api"), OWN, here=1e9).comparison
    with pytest.raises(
        ScenarioError, match=r"attribute\n  found unknown label 'onw'; accepted: one of api, own\.\n.*own"
    ):
        attribute(study, study, "onw")
    with pytest.raises(ScenarioError, match="'api' against itself; accepted: two different options"):
        attribute(study, study, "api")
    with pytest.raises(ScenarioError, match="attribute: tokens_per_month"):
        attribute(study, study, "own", tokens_per_month=-1.0)


# ---------------------------------------------------------------------- numbers by owner


def values(study: Comparison) -> dict[str, dict[str, float]]:
    """Every number by owner and address."""
    return {owner: {at: point(each.value) for at, each in known.items()} for owner, known in numbers_of(study).items()}


def test_numbers_go_back_where_they_came_from() -> None:
    """Every scenario-like study: another study's numbers make it cost what that one costs."""
    prices = tc.load_prices(as_of="2026-11-21")
    chat = tc.Workload(input_tokens=3_000, output_tokens=400, cached_input_share=0.5, cache_write_share=0.05)
    frontier = prices.api("anthropic/claude-opus-5-5", label="frontier")
    own = prices.self_hosted(
        "gpt-oss-120b", instance="lambda/gpu_1x_b200_sxm6", purchase="on_demand",
        engineering=tc.Engineering(upfront_usd=120_000, label="platform"), label="own",
    )  # fmt: skip
    study = tc.Study([frontier, own], workload=chat, tokens_per_month=4e9)
    other = study.replace(
        {
            "workload:input_tokens": 2_000.0,
            "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour": 5.0,
            "own:engineering[platform].upfront_usd": 80_000.0,
            "own:throughput": 9_000.0,
            "tokens_per_month": 5e9,
        }
    ).comparison
    found = with_numbers(study.comparison, {**values(other), "nobody": {"nobody:x": 1.0}})
    assert found.here == 5e9
    for label in other.labels:
        volumes = np.geomspace(1e6, 1e13, 30)
        np.testing.assert_allclose(found.curve(label).usd_per_month(volumes), other.curve(label).usd_per_month(volumes))
    again = with_numbers(study.comparison, values(study.comparison))
    assert numbers_of(again)["own"]["own:throughput"].origin == "fitted"  # it stays what it follows from


def test_a_rate_goes_on_following_from_what_was_put_in() -> None:
    """Half of the prefill saved makes it faster; putting both numbers in leaves the rate to follow."""
    prices = tc.load_prices(as_of="2026-11-21")
    own = prices.self_hosted(
        "gpt-oss-120b", instance="lambda/gpu_1x_b200_sxm6", purchase="on_demand", engineering=tc.Engineering.none(),
        label="own", prefix_hit_share=0.2,
    )  # fmt: skip
    study = tc.Study([Toy("api"), own], workload=tc.Workload(input_tokens=3_000, output_tokens=400))
    other = study.replace({"own:prefix_hit_share": 0.5}).comparison
    found = numbers_of(with_numbers(study.comparison, values(other)))["own"]
    assert point(found["own:throughput"].value) == point(numbers_of(other)["own"]["own:throughput"].value)
    assert found["own:throughput"].origin == "fitted"


def test_a_quota_and_a_minimum_that_move_together_in_any_order() -> None:
    """From 8 of 8 instances to 2 of 4: the quota can only fall after the minimum."""
    prices = tc.load_prices(as_of="2026-11-21")
    own = prices.self_hosted(
        "gpt-oss-120b", instance="lambda/gpu_1x_b200_sxm6", purchase="on_demand", engineering=tc.Engineering.none(),
        label="own", max_instance_count=8, min_instance_count=8, spare_instance_count=0,
    )  # fmt: skip
    study = compared(Toy("api"), own)
    found = with_numbers(study, {"own": {"own:max_instance_count": 4.0, "own:min_instance_count": 2.0}})
    assert numbers_of(found)["own"]["own:max_instance_count"].value == 4.0
    with pytest.raises(ScenarioError, match="own:min_instance_count\n  found 8 above the quota of 1"):
        with_numbers(study, {"own": {"own:max_instance_count": 1.0}})


def test_a_study_says_what_moved_since_another() -> None:
    now = tc.load_study("scenarios/support-chat.yaml")
    before = now.replace({"prices:anthropic/claude-opus-5-5.input_usd_per_mtok": 5.0})
    found = now.moved_since(before, "self-hosted")
    assert repr(found) == f"<Attribution: {found.lines()[0]}>"
    assert found.change_usd_per_month == pytest.approx(-2461.7647, abs=1e-4)  # 4e9 x 3000/3400 x 0.45 x 1.55 USD/Mtok
    assert found.tokens_per_month == 4e9
    shown = found._repr_html_()
    assert "input price 5 → 4 USD/Mtok" in shown
    assert found.against == "frontier"
