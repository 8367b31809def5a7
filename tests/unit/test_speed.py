"""How fast options answer: the tables' rows, blends, what is fast enough, and how it is shown."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tests.table_checks import Row, records, tables_of
from tests.tables import CITED, MTOK, api, hosted, price_book, row

import tokencross as tc
from tokencross.citation import Citation
from tokencross.errors import ScenarioError, TableError
from tokencross.options.base import CostOption, Inner, Resolved
from tokencross.options.latency import ServedLatency
from tokencross.options.speed import api_latency, latency_figures, latency_in_turn, latency_of, not_known_of
from tokencross.show.html import study_html
from tokencross.show.terminal import comparison_text, latency_rows
from tokencross.studies.compare import Comparison, compare
from tokencross.studies.feasible import feasible, latency_frame

PRICING = Path(__file__).resolve().parents[2] / "pricing"
CHAT = tc.Workload(input_tokens=900, output_tokens=100)


def speed(effective_from: str = "2026-01-01", /, **figures: object) -> Row:
    """Return a speed, measured unless said otherwise."""
    return row(effective_from, **{"nature": "measured", **figures})


def model(name: str, usd: float, *speeds: Row) -> Row:
    """Return a hosted model at a price, with speeds."""
    price = row(input_usd_per_mtok=usd, output_usd_per_mtok=usd, batch={"discount_share": 0.5})
    return hosted(name, price, **({"speeds": list(speeds)} if speeds else {}))


def book_of(folder: Path, *models: Row, as_of: str = "2026-11-21") -> tc.PriceBook:
    """Return a price book with these models of acme."""
    return price_book(folder / "tables", api(*models), as_of=as_of)


@pytest.fixture
def prices(tmp_path: Path) -> tc.PriceBook:
    """Two models that are timed, one of which only its speed is known, and one of which nothing is."""
    return book_of(
        tmp_path,
        model("small", 1.0, speed(time_to_first_token_ms=400, output_tokens_per_second=45)),
        model("large", 10.0, speed(time_to_first_token_ms=1_800, output_tokens_per_second=80)),
        model("chip", 2.0, speed(nature="claimed", output_tokens_per_second=500)),
        model("quiet", 5.0),
    )


def comparison_of(*options: CostOption, **given: object) -> Comparison:
    """Return a comparison for the chat workload."""
    said = {"workload": CHAT, "incumbent": None, "reference": (), "tokens_per_month": None, **given}
    return compare(options, **said)  # type: ignore[arg-type]  # keywords of compare


# ---------------------------------------------------------------------- the tables


def test_the_speed_in_force_is_that_of_the_date(tmp_path: Path) -> None:
    rows = (
        speed("2026-02-01", output_tokens_per_second=50),
        speed("2026-06-01", output_tokens_per_second=80, effective_to=date(2026, 9, 1)),
    )
    book = book_of(tmp_path, model("small", 1.0, *rows)).api("acme/small").book
    found = {
        day: None if (known := book.at(date.fromisoformat(day)).speed("acme/small")) is None else known[0]
        for day in ("2026-01-31", "2026-02-01", "2026-05-31", "2026-06-01", "2026-08-31", "2026-09-01")
    }
    assert {day: None if known is None else known.output_tokens_per_second for day, known in found.items()} == {
        "2026-01-31": None,
        "2026-02-01": 50.0,
        "2026-05-31": 50.0,
        "2026-06-01": 80.0,
        "2026-08-31": 80.0,
        "2026-09-01": None,  # the later row has ended; the earlier does not come back
    }


def test_an_announced_speed_counts_as_announced_prices_do(tmp_path: Path) -> None:
    coming = speed("2026-12-01", output_tokens_per_second=90, status="announced", basis="announced")
    book = book_of(tmp_path, model("small", 1.0, speed(output_tokens_per_second=50), coming)).api("acme/small").book
    later = book.at(date(2026, 12, 1))
    assert [found[0].output_tokens_per_second for b in (book, later) if (found := b.speed("acme/small"))] == [
        50.0,
        90.0,
    ]
    held = tc.load_prices(tmp_path / "tables", as_of="2026-12-01", announced=False).api("acme/small").book
    found = held.speed("acme/small")
    assert found is not None
    assert found[0].output_tokens_per_second == 50.0


def test_a_speed_cites_its_row(prices: tc.PriceBook, tmp_path: Path) -> None:
    found = prices.api("acme/chip").book.speed("acme/chip")
    assert found is not None
    text = (tmp_path / "tables" / "api" / "acme.yaml").read_text(encoding="utf-8").splitlines()
    assert found[1].row == "speeds:acme/chip"
    line = int(found[1].location.rpartition(":")[2])
    assert "nature: claimed" in "\n".join(text[line - 1 : line + 6])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([speed()], "found a speed without a figure; accepted: time_to_first_token_ms or output_tokens_per_second, or"),
        ([speed(output_tokens_per_second=0)], "found 0; accepted: a number > 0, in tokens per second"),
        ([speed(output_tokens_per_second=9, nature="guessed")], "found 'guessed'; accepted: one of 'measured' or 'cl"),
        ([speed(output_tokens_per_second=9, input_tokens=0)], "found 0; accepted: a number >= 1, in tokens"),
        ([{**CITED, "nature": "claimed", "time_to_first_token_ms": 5}], "found no key 'effective_from'"),
        (
            [speed("2026-02-01", output_tokens_per_second=9), speed("2026-01-01", output_tokens_per_second=9)],
            "found an era from 2026-01-01 after one from 2026-02-01; accepted: rows oldest first",
        ),
    ],
)
def test_speeds_that_say_nothing_are_refused(tmp_path: Path, rows: list[Row], message: str) -> None:
    with pytest.raises(TableError) as error:
        book_of(tmp_path, model("small", 1.0, *rows))
    assert message in str(error.value)


def test_shipped_speeds_are_plausible() -> None:
    """Nothing answers within 50 ms or slower than 10 tokens/s; a vendor's claim says so where results show it."""
    found = [(name, each) for name, record in records(tables_of(PRICING), "api") for each in record.get("speeds", ())]
    assert len(found) >= 24
    for name, each in found:
        assert 50 <= each.get("time_to_first_token_ms", 1_000) <= 60_000, name
        assert 10 <= each.get("output_tokens_per_second", 100) <= 4_000, name
        if each["nature"] == "claimed":
            assert "not a measurement" in each["caveat"], name
        else:
            assert each["statistic"], name


# ---------------------------------------------------------------------- hosted models


def test_the_latency_of_a_hosted_model_is_its_row(prices: tc.PriceBook) -> None:
    found = api_latency(prices.api("acme/small").book, "prices:acme/small")
    assert found is not None
    assert found.time_to_first_token_ms == 400.0
    assert found.time_per_output_token_ms == pytest.approx(1_000 / 45)
    assert found.how == "measured; 2026-01-01"
    assert latency_figures(found) == pytest.approx((400.0, 45.0))
    assert prices.api("acme/small").resolve(CHAT).latency == found


def test_how_a_speed_is_known_is_said_in_full(tmp_path: Path) -> None:
    said = {"statistic": "median of 72 hours", "setting": "without reasoning", "input_tokens": 1_000}
    book = book_of(tmp_path, model("small", 1.0, speed("2026-08-22", output_tokens_per_second=9, **said)))
    found = api_latency(book.api("acme/small").book, "prices:acme/small")
    assert found is not None
    assert found.how == "measured, median of 72 hours, without reasoning, prompts of 1,000 tokens; 2026-08-22"


def test_other_service_tiers_have_speeds_of_their_own(prices: tc.PriceBook) -> None:
    book = prices.api("acme/small").book
    assert api_latency(book, "prices:acme/quiet") is None
    assert api_latency(book, "prices:acme/small", "flex") is None
    assert api_latency(book, "tuning:acme/small") is None
    assert api_latency(book, "prices:acme/small", "priority") is None
    batch = api_latency(book, "prices:acme/small", "batch")
    assert latency_figures(batch) == (math.inf, 0.0)
    assert prices.api("acme/small", service_tier="batch", label="nightly").resolve(CHAT).latency == batch


# ---------------------------------------------------------------------- options made of others


def part(label: str, share: float | None, first: float | None, each: float | None, row: str = "") -> Inner:
    """Return a part with its latency; None for both figures is a part of which nothing is known."""
    known = ServedLatency(first, each, "measured", Citation(row or label))
    latency = None if first is None and each is None else known
    return Inner(label, share, Resolved(tc.CostCurve.per_mtok(1.0), latency=latency))


def test_a_split_is_as_fast_as_its_slowest_part() -> None:
    parts = [part("small", 0.7, 400, 20), part("large", 0.3, 300, 25), part("unused", 0.0, 9_000, 90)]
    assert latency_of(parts) == ServedLatency(400, 25, "the slowest of small, large", None)
    assert latency_of([part("small", None, 400, 20)]) == parts[0].resolved.latency
    assert latency_of([part("quiet", 1.0, None, None)]) is None
    same = latency_of([part("a", 0.5, 400, 20, "row"), part("b", 0.5, 300, 25, "row")])
    assert same is not None
    assert same.citation == Citation("row")


def test_what_is_not_known_of_a_part_is_said() -> None:
    parts = [part("small", 0.7, 400, 20), part("chip", 0.2, None, 2), part("quiet", 0.1, None, None)]
    found = latency_of(parts)
    assert found == ServedLatency(400, 20, "the slowest of small, chip, quiet; not known in full of chip, quiet", None)
    whole = Resolved(tc.CostCurve(), inner=tuple(parts), latency=found)
    assert not_known_of("mix", whole, "time_to_first_token_ms") == ("chip", "quiet")
    assert not_known_of("mix", whole, "time_per_output_token_ms") == ("quiet",)
    outer = Resolved(tc.CostCurve(), inner=(Inner("mix", 0.5, whole), part("large", 0.5, 1, 1)))
    assert not_known_of("outer", outer, "time_per_output_token_ms") == ("quiet",)


def test_what_escalates_waits_for_everything_before_it() -> None:
    """400 + 100 x 20 for the first answer, 200 + 10 x 5 for the verdict, then 1,800 for the fallback's first token."""
    first, judge, last = part("small", 1.0, 400, 20), part("judge", 0.4, 200, 5), part("large", 0.2, 1_800, 12.5)
    found = latency_in_turn([(first, 100.0), (judge, 10.0)], last)
    assert found is not None
    assert found.time_to_first_token_ms == 400 + 100 * 20 + 200 + 10 * 5 + 1_800
    assert found.time_per_output_token_ms == 20
    assert found.how == "small, then judge, then large"


def test_without_escalation_only_the_first_part_counts() -> None:
    first = part("small", 1.0, 400, 20)
    assert latency_in_turn([(first, 100.0)], part("large", 0.0, 1_800, 12.5)) == first.resolved.latency
    assert latency_in_turn([], first) == first.resolved.latency


def test_a_turn_of_which_some_is_not_known_is_at_least_the_rest() -> None:
    found = latency_in_turn([(part("chip", 1.0, None, 2), 100.0)], part("quiet", 0.1, None, None))
    assert found == ServedLatency(200, 2, "chip, then quiet; not known in full of chip, quiet", Citation("chip"))
    assert latency_in_turn([(part("a", 1.0, None, None), 100.0)], part("b", 0.1, None, None)) is None
    lengths = np.array([100.0, 100.0])
    drawn = latency_in_turn([(part("small", 1.0, 400, 20), lengths)], part("large", 0.2, 100, 10))
    assert drawn is not None
    assert drawn.time_to_first_token_ms == 400 + 2_000 + 100


def test_batches_inside_others_are_never_nan() -> None:
    batch = Inner("nightly", 0.5, Resolved(tc.CostCurve(), latency=ServedLatency(math.inf, math.inf, "later", None)))
    found = latency_in_turn([(batch, 0.0)], part("large", 0.2, 100, 10))
    assert latency_figures(found) == (math.inf, 0.0)


def test_blends_of_hosted_models(prices: tc.PriceBook) -> None:
    small, large = prices.api("acme/small"), prices.api("acme/large")
    cascade = tc.Cascade(small, large, escalation_share=0.2).resolve(CHAT).latency
    assert cascade is not None
    assert cascade.time_to_first_token_ms == pytest.approx(400 + 100 * 1_000 / 45 + 1_800)
    split = tc.Split([(small, 0.5), (large, 0.5)]).resolve(CHAT).latency
    assert latency_figures(split) == pytest.approx((1_800.0, 45.0))
    never = tc.Cascade(small, large, escalation_share=0.0).resolve(CHAT).latency
    assert latency_figures(never) == pytest.approx((400.0, 45.0))
    retried = tc.Accepted(small, success_share=0.8, retry_count=2, retry_success_share=0.5)
    tries = retried.resolve(CHAT).latency
    assert tries is not None
    assert tries.time_to_first_token_ms == pytest.approx(2 * (400 + 100 * 1_000 / 45) + 400)
    sure = tc.Accepted(small, success_share=1.0, retry_count=2).resolve(CHAT).latency
    assert latency_figures(sure) == pytest.approx((400.0, 45.0))
    rescued = tc.Accepted(small, success_share=0.8, fallback=large, fallback_success_share=1.0).resolve(CHAT).latency
    assert rescued is not None
    assert rescued.time_to_first_token_ms == cascade.time_to_first_token_ms


# ---------------------------------------------------------------------- fast enough


def test_what_is_too_slow_is_left_out_with_the_reason(prices: tc.PriceBook) -> None:
    options = [prices.api(f"acme/{name}", label=name) for name in ("large", "small", "chip", "quiet")]
    found = feasible(comparison_of(*options), min_tokens_per_second_per_user=60)
    assert found.labels == ("large", "chip", "quiet")
    assert found.incumbent == "large"
    latency = options[1].resolve(CHAT).latency
    assert latency is not None
    assert latency.citation is not None
    assert found.notes[:2] == (
        f"small: left out, 45 tokens per second per user is below 60 ({latency.citation.location}).",
        "quiet: kept, though the speed per user is not known.",
    )


def test_both_bounds_and_the_next_incumbent(prices: tc.PriceBook) -> None:
    own = tc.Option("own curve", tc.CostCurve.per_mtok(3.0))
    large, small, chip = (prices.api(f"acme/{name}", label=name) for name in ("large", "small", "chip"))
    comparison = comparison_of(large, small, own, chip, reference=["chip", "small"])
    found = feasible(comparison, max_ttft_ms=1_500, min_tokens_per_second_per_user=100)
    assert found.labels == ("own curve", "chip")
    assert (found.incumbent, found.reference) == ("own curve", ("chip",))
    where = [resolved.latency.citation.location for resolved in _resolved(large, small)]  # type: ignore[union-attr]
    reason = "its first token after 1,800 ms is above 1,500 and 80 tokens per second per user is below 100"
    assert found.remarks == (
        f"large: left out, {reason} ({where[0]}).",
        f"small: left out, 45 tokens per second per user is below 100 ({where[1]}).",
        "own curve is the incumbent in place of large, which is left out.",
        "own curve: kept, though the time to the first token is not known.",
        "own curve: kept, though the speed per user is not known.",
        "chip: kept, though the time to the first token is not known.",
    )
    assert feasible(found, max_ttft_ms=1_500).remarks[: len(found.remarks)] == found.remarks
    assert found.winners()["option"].tolist() == ["own curve"]


def _resolved(*options: CostOption) -> list[Resolved]:
    return [option.resolve(CHAT) for option in options]


def test_a_bound_is_met_at_the_figure_itself(prices: tc.PriceBook) -> None:
    comparison = comparison_of(prices.api("acme/small"))
    assert feasible(comparison, max_ttft_ms=400, min_tokens_per_second_per_user=45).remarks == ()
    for speed_bound in np.linspace(1.0, 500.0, 97):
        measured = ServedLatency(None, 1_000.0 / speed_bound, "measured", None)
        assert latency_figures(measured)[1] == pytest.approx(speed_bound, rel=1e-12)


def test_batches_and_blends_are_left_out_for_what_they_are(prices: tc.PriceBook) -> None:
    small, large, quiet = (prices.api(f"acme/{name}", label=name) for name in ("small", "large", "quiet"))
    nightly = prices.api("acme/small", service_tier="batch", label="nightly")
    slow = tc.Split([(small, 0.5), (quiet, 0.5)], label="slow")
    some = tc.Split([(large, 0.5), (quiet, 0.5)], label="some")
    found = feasible(comparison_of(large, nightly, slow, some), min_tokens_per_second_per_user=60)
    (slowest,) = [latency.citation.location for each in _resolved(small) if (latency := each.latency)]  # type: ignore[union-attr]
    assert found.remarks == (
        "nightly: left out, batches are answered hours later.",
        f"slow: left out, 45 tokens per second per user is below 60 ({slowest}).",
        "some: kept, though the speed per user of quiet is not known.",
    )


def test_a_blend_of_several_rows_says_how_instead_of_one_row(prices: tc.PriceBook) -> None:
    small, large = prices.api("acme/small", label="small"), prices.api("acme/large", label="large")
    mix = tc.Split([(small, 0.5), (large, 0.5)], label="mix")
    found = feasible(comparison_of(large, mix), min_tokens_per_second_per_user=60)
    assert found.remarks == ("mix: left out, 45 tokens per second per user is below 60 (the slowest of small, large).",)


def test_if_nothing_is_left_the_error_says_how_slow_all_are(prices: tc.PriceBook) -> None:
    small, chip = prices.api("acme/small", label="small"), prices.api("acme/chip", label="chip")
    with pytest.raises(ScenarioError) as error:
        feasible(comparison_of(small, chip, reference=["chip"]), min_tokens_per_second_per_user=100)
    said = "feasible\n  found no substitute that is fast enough (small: 45 tokens per second per user is below 100 ("
    assert str(error.value).startswith(said)
    assert str(error.value).endswith("accepted: looser bounds.")


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({}, "feasible\n  found no bound; accepted: max_ttft_ms or min_tokens_per_second_per_user, or both."),
        ({"max_ttft_ms": 0}, "feasible: max_ttft_ms\n  found 0; accepted: a finite number > 0"),
        ({"max_ttft_ms": -5.0}, "feasible: max_ttft_ms\n  found -5; accepted: a finite number > 0"),
        ({"max_ttft_ms": math.inf}, "feasible: max_ttft_ms\n  found inf; accepted: a finite number > 0"),
        ({"min_tokens_per_second_per_user": "fast"}, "feasible: min_tokens_per_second_per_user\n  found 'fast'"),
        ({"max_ttft_ms": np.array([1.0, 2.0])}, "found draws or a distribution; accepted: one number > 0 (ms)"),
    ],
)
def test_bad_bounds_are_refused(prices: tc.PriceBook, bounds: dict[str, float], message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        feasible(comparison_of(prices.api("acme/small")), **bounds)
    assert message in str(error.value)


def test_a_study_narrows_itself_and_keeps_its_notes(prices: tc.PriceBook) -> None:
    study = tc.Study([prices.api("acme/small", label="small"), prices.api("acme/large", label="large")], workload=CHAT)
    fast = study.feasible(min_tokens_per_second_per_user=60)
    assert (fast.options[0].label, fast.incumbent) == ("large", "large")
    assert fast.notes[0].startswith("small: left out, 45 tokens")
    other = tc.Workload(input_tokens=90, output_tokens=10)
    assert fast.with_workload(other).notes[0] == fast.notes[0]
    assert fast.replace({"workload:input_tokens": 800}).notes[0] == fast.notes[0]
    assert not [note for note in study.notes if "left out" in note]


# ---------------------------------------------------------------------- shown


def test_the_frame_says_how_fast_each_is_and_from_where(prices: tc.PriceBook) -> None:
    small, quiet = prices.api("acme/small", label="small"), prices.api("acme/quiet", label="quiet")
    mix = tc.Split([(small, 0.5), (quiet, 0.5)], label="mix")
    frame = latency_frame(comparison_of(mix, prices.api("acme/chip", label="chip"))).set_index("option")
    assert list(frame.index) == ["mix", "mix > small", "mix > quiet", "chip"]
    assert list(frame.columns[:2]) == ["time_to_first_token_ms", "tokens_per_second_per_user"]
    assert frame["time_to_first_token_ms"].fillna(-1.0).tolist() == [400.0, 400.0, -1.0, -1.0]
    assert frame["tokens_per_second_per_user"].fillna(-1.0).tolist() == pytest.approx([45.0, 45.0, -1.0, 500.0])
    assert frame["how"].tolist()[1:] == ["measured; 2026-01-01", "not known", "claimed by its vendor; 2026-01-01"]
    assert frame["source"].tolist()[3].endswith(" (acme@1.0)")
    study = tc.Study([small], workload=CHAT)
    assert study.latency()["option"].tolist() == ["small"]


def test_costs_are_shown_with_latency_where_anyone_knows_it(prices: tc.PriceBook) -> None:
    small, quiet, chip = (prices.api(f"acme/{name}", label=name) for name in ("small", "quiet", "chip"))
    nightly = prices.api("acme/large", service_tier="batch", label="nightly")
    assert latency_rows(comparison_of(quiet)) == []
    assert latency_rows(comparison_of(chip)) == [["tokens/s per user", "500"]]
    shown = comparison_of(small, quiet, nightly)
    assert latency_rows(shown) == [
        ["first token after", "0.4 s", "not known", "hours"],
        ["tokens/s per user", "45", "not known", ""],
    ]
    console = Console(width=160, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(comparison_text(shown))
    lines = [line.split() for line in capture.get().splitlines()]
    assert ["first", "token", "after", "0.4", "s", "not", "known", "hours"] in lines
    html = study_html(shown)
    assert "<tr><td>tokens/s per user</td><td>45</td><td>not known</td><td></td></tr>" in html
    assert "tokens/s per user" not in study_html(comparison_of(quiet))


def test_capacity_has_the_latency_of_a_fleet_where_it_was_measured() -> None:
    """One's own run saw 250 ms and 20 ms per token at the workload's lengths: 50 tokens per second and user."""
    ran = {"input_tokens": 900, "output_tokens": 100, "gpu_count": 8, "load_basis": "closed_loop", "concurrency": 64}
    seen = {"time_to_first_token_ms": 250, "time_per_output_token_ms": 20}
    timed = tc.Throughput.measured(**ran, **seen, output_tokens_per_second=2_000, precision="fp8", source="ours")  # type: ignore[arg-type]  # keywords of measured
    untimed = tc.Throughput.measured(**ran, output_tokens_per_second=2_000, precision="fp8", source="ours")  # type: ignore[arg-type]  # keywords of measured
    prices = tc.load_prices(as_of="2026-11-22")
    options = [
        prices.self_hosted(
            "llama-3.3-70b",
            instance="lambda/gpu_8x_h100_sxm5",
            purchase="on_demand",
            engineering=tc.Engineering.none(),
            throughput=own,
            label=label,
        )
        for label, own in (("timed", timed), ("untimed", untimed))
    ]
    reference = tc.Workload(input_tokens=900, output_tokens=100)
    study = tc.Study(options, workload=reference)
    steps = study.capacity(100 * MTOK)
    known = options[0].resolve(reference).latency
    assert known is not None
    assert known == study.comparison.central["timed"].fleet.replica.served  # type: ignore[union-attr]  # it has one
    shown_steps = steps.loc[["time_to_first_token_ms", "tokens_per_second_per_user"]].astype(float).fillna(-1.0)
    assert shown_steps["timed"].tolist() == [250.0, 50.0]
    assert shown_steps["untimed"].tolist() == [-1.0, -1.0]
    alone = tc.Study(options[1:], workload=reference, tokens_per_month=100 * MTOK)
    for shown, lines in ((study, True), (alone, False)):
        console = Console(width=160)
        with console.capture() as capture:
            console.print(comparison_text(shown.comparison))
        assert ("wait for the first token, ms" in capture.get()) == lines
