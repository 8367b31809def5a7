"""The book looked at: what is in force, ranked for a workload, histories and tiers over time; on small tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.tables import api, hosted, price_book, row, write_tables
from typer.testing import CliRunner

import tokencross as tc
from tokencross.cli import app

TIER = {"threshold_tokens": 200_000, "input_usd_per_mtok": 8.0, "output_usd_per_mtok": 30.0}
FLEX = {"id": "flex", "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 5.0}
SCENARIO = """\
name: talk
as_of: 2026-11-21
workload: {input_tokens: 3000, output_tokens: 1000, cached_input_share: 0.5, cache_write_share: 0.0}
options:
  - {label: a, api: acme/plain}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two list prices, one index, and one that is over."""
    plain = row("2025-01-01", input_usd_per_mtok=4.0, output_usd_per_mtok=20.0)
    later = row("2026-01-01", input_usd_per_mtok=2.0, output_usd_per_mtok=10.0)
    cached = row(
        input_usd_per_mtok=3.0,
        output_usd_per_mtok=6.0,
        cache_read_usd_per_mtok=0.3,
        batch={"discount_share": 0.5},
        long_context=[TIER],
        service_tiers=[FLEX],
        regions=[{"id": "eu", "price_ratio": 1.1}],
    )
    over = row("2025-01-01", input_usd_per_mtok=1.0, output_usd_per_mtok=1.0, effective_to=date(2026, 1, 1))
    models = [hosted("cached", cached), hosted("over", over, tier="small"), hosted("plain", plain, later)]
    index = api(hosted("m", row(input_usd_per_mtok=0.1, output_usd_per_mtok=0.2)), provider="bazaar", market_index=True)
    return write_tables(tmp_path / "tables", {**api(*models), **index})


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Return exit code and output of a command on the folder, at a date."""
    done = CliRunner().invoke(app, ["prices", *arguments, "--pricing", str(folder), "--as-of", "2026-11-21"])
    return done.exit_code, done.output


def first_words(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.startswith(("acme/", "bazaar/"))]


def test_the_frame_has_what_is_in_force_with_its_mechanisms(folder: Path) -> None:
    frame = tc.load_prices(folder, as_of="2026-11-21").frame().set_index("model")
    assert frame.index.tolist() == ["acme/cached", "acme/plain"]  # neither what is over nor what is an index
    cached = frame.loc["acme/cached"]
    assert cached["long_context"] == "over 200,000: 8/30"
    assert cached["service_tiers"] == "flex 1/5"
    assert cached["regions"] == "eu x1.1"
    assert cached["batch_discount_share"] == 0.5
    index = tc.load_prices(folder, as_of="2026-11-21").frame(market_index=True)
    assert index["model"].tolist() == ["bazaar/m"]


def test_a_workload_blends_the_prices(folder: Path) -> None:
    talk = tc.Workload(input_tokens=3_000, output_tokens=1_000, cached_input_share=0.5, cache_write_share=0.0)
    frame = tc.load_prices(folder, as_of="2026-11-21").frame(workload=talk).set_index("model")
    # of 4,000 tokens 1,500 fresh, 1,500 cached, 1,000 out; without a cache price cached is billed as input
    assert frame.loc["acme/plain", "blended_usd_per_mtok"] == pytest.approx((3_000 * 2 + 1_000 * 10) / 4_000)
    expected = (1_500 * 3 + 1_500 * 0.3 + 1_000 * 6) / 4_000
    assert frame.loc["acme/cached", "blended_usd_per_mtok"] == pytest.approx(expected)


def test_a_ranking_by_the_blended_price(folder: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "talk.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    code, shown = run(folder, "list", "--sort", "blended", "--workload", str(scenario))
    assert code == 0
    assert first_words(shown) == ["acme/cached", "acme/plain"]  # 2.7375 before 4; by input it is the other way round
    assert "2.737" in shown
    assert "USD per million reference tokens of talk" in " ".join(shown.split())
    assert first_words(run(folder, "list")[1]) == ["acme/plain", "acme/cached"]
    assert first_words(run(folder, "list", "--sort", "output")[1]) == ["acme/cached", "acme/plain"]
    assert first_words(run(folder, "list", "--market-index")[1]) == ["bazaar/m"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sort", "blended"), "found 'blended' without a workload; accepted: --workload with a scenario"),
        (("--sort", "blendd"), "Did you mean 'blended'?"),
        (("--tier", "smal"), "found 'smal'; accepted: one of frontier"),
        (("--workload", "nowhere.yaml"), "no such file"),
    ],
)
def test_a_listing_that_cannot_be(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    code, shown = run(folder, "list", *arguments)
    assert code == 2
    assert said in shown


def test_a_history_has_a_bar_for_each_era(folder: Path, tmp_path: Path) -> None:
    chart = tmp_path / "history.png"
    code, shown = run(folder, "show", "acme/plain", "--history", "--chart", str(chart))
    assert code == 0
    bars = [line.count("█") for line in shown.splitlines() if "█" in line]
    assert bars == [24, 12]  # 20 and 10 USD of output
    assert chart.read_bytes().startswith(b"\x89PNG")
    code, shown = run(folder, "show", "acme/cached")
    assert "other service tiers, in/out: flex 1/5" in shown
    assert "regions, over these prices: eu x1.1" in shown
    assert "█" not in shown


def test_what_is_over_is_shown_with_its_history_only(folder: Path) -> None:
    assert run(folder, "show", "acme/over")[0] == 2
    code, shown = run(folder, "show", "acme/over", "--history")
    assert code == 0
    assert "2026-01-01" in shown


def test_a_tiers_history_ends_with_a_retirement(tmp_path: Path) -> None:
    gone = {**row(), "retires_on": date(2026, 6, 1)}
    del gone["effective_from"]
    model = hosted("m", row("2026-01-01", input_usd_per_mtok=2.0, output_usd_per_mtok=2.0), retirement=gone)
    frame = price_book(tmp_path, api(model)).tier_history("frontier")
    assert frame["model_count"].tolist() == [1, 0]
    assert [day.date() for day in frame.index] == [date(2026, 1, 1), date(2026, 6, 1)]
