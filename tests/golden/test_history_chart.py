"""The chart of a study through time says what its frame says: levels, lanes, gaps, dashes and words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox
from tests.tables import api, hosted, price_book, row

import tokencross as tc
from tokencross.options.base import CostOption
from tokencross.show.history_view import moves, runs
from tokencross.show.study_history import plot_history
from tokencross.studies.history import History, Succession, history
from tokencross.studies.history_words import headline

WORKLOAD = tc.Workload(input_tokens=3_000, output_tokens=1_000, name="chat")
OWN = tc.CostCurve.fixed(4_500) + tc.CostCurve.per_mtok(1.0)
SIZES = [(8.0, 5.0), (13.0, 7.0)]


@pytest.fixture(autouse=True)
def _no_figures_stay() -> Iterator[None]:
    yield
    plt.close("all")


@cache
def since_gpt_4() -> History:
    """A frontier model and an open one of the day, on rented GPUs."""
    prices = tc.load_prices(as_of="2026-11-21")
    days = {
        "2023-07-26": "gpt-4",
        "2023-11-06": "gpt-4-turbo",
        "2024-08-06": "gpt-4o-2024-08-06",
        "2026-09-29": "gpt-6.1-sol",
    }
    own = {
        "2023-07-18": ("llama-2-70b", "lambda/gpu_8x_a100_80gb_sxm4"),
        "2024-07-23": ("llama-3.1-70b", "lambda/gpu_8x_a100_80gb_sxm4"),
        "2025-08-05": ("gpt-oss-120b", "lambda/gpu_8x_h100_sxm5"),
    }
    hosted_elsewhere = [(day, prices.api(f"openai/{model}")) for day, model in days.items()]
    on_gpus = [
        (
            day,
            prices.self_hosted(
                model, instance=instance, purchase="on_demand", engineering=tc.Engineering.typical(), label=model
            ),
        )
        for day, (model, instance) in own.items()
    ]
    options: list[CostOption] = [
        prices.api("openai/gpt-6.1-sol", label="frontier"),
        prices.self_hosted(
            "gpt-oss-120b",
            instance="lambda/gpu_8x_h100_sxm5",
            purchase="on_demand",
            engineering=tc.Engineering.typical(),
            label="self-hosted",
        ),
    ]
    study = tc.Study(options, workload=WORKLOAD, tokens_per_month=3e9)
    succession: Succession = {"frontier": hosted_elsewhere, "self-hosted": on_gpus}
    return history(study.comparison, from_="2023-07-01", succession=succession)


def by_hand(tmp_path: Path, *, to: str | None = None, here: float | None = 400e6) -> History:
    """10 USD/Mtok from 2024-02 on, 1 from 2025 on (never), 4 from 2026 on, and 10 again announced for 2027."""
    prices = [("2024-02-01", 10.0), ("2025-01-01", 1.0), ("2026-01-01", 4.0)]
    rows = [row(day, input_usd_per_mtok=usd, output_usd_per_mtok=usd) for day, usd in prices]
    rows.append(rows[0] | {"effective_from": date(2027, 1, 1), "status": "announced", "basis": "announced"})
    free = row("2024-06-01", input_usd_per_mtok=0.5, output_usd_per_mtok=0.5)
    tables = price_book(tmp_path / "tables", api(hosted("big", *rows), hosted("tiny", free)))
    options: list[Any] = [
        tables.api("acme/big", label="API"),
        tc.Option("own", OWN),
        tables.api("acme/tiny", label="tiny"),
    ]
    study = tc.Study(options, workload=WORKLOAD, tokens_per_month=here)
    return history(study.comparison, from_="2024-01-01", to=to)


def levels(axes: Axes, colour: str) -> list[tuple[date, date, float, str]]:
    """The level parts of a line: from, to, height, dash."""
    found = []
    for line in axes.lines:
        days = np.asarray(line.get_xdata())
        heights = np.asarray(line.get_ydata(), dtype=float)
        if line.get_color() == colour and days.dtype.kind == "M" and days[0] != days[1]:
            found.append((days[0].item(), days[1].item(), float(heights[0]), str(line.get_linestyle())))
    return found


def notes_on(axes: Axes) -> list[Annotation]:
    return [text for text in axes.texts if isinstance(text, Annotation)]


def test_levels_hold_between_changes_and_gaps_stay(tmp_path: Path) -> None:
    axes = plot_history(by_hand(tmp_path))
    own = levels(axes, "#332288")
    assert [(str(start), str(end)) for start, end, _, _ in own] == [
        ("2024-02-01", "2025-01-01"),  # nothing in January 2024: the API had no price
        ("2025-01-01", "2026-01-01"),
        ("2026-01-01", "2026-11-21"),
    ]
    # 4,500 USD over 10 - 1, over 1 - 1 (never), over 4 - 1 USD/Mtok
    assert own[0][2] == pytest.approx(500e6)
    assert own[1][2] > 1.5e9
    assert own[2][2] == pytest.approx(1.5e9)
    lanes = [text.get_text() for text in notes_on(axes) if text.get_text() in ("never cheaper", "from the first token")]
    assert lanes == ["never cheaper", "from the first token"]


def test_one_that_always_pays_has_a_lane_at_the_bottom(tmp_path: Path) -> None:
    axes = plot_history(by_hand(tmp_path))
    lowest = min(float(np.asarray(line.get_ydata(), dtype=float)[0]) for line in axes.lines)
    assert lowest < 400e6 / 1.6  # below everything that has a volume
    ends = [" ".join(text.get_text().split()) for text in notes_on(axes)]
    assert "tiny from the first token" in ends
    assert "own 1.5B tokens/month" in ends
    assert "you are here: 400M" in ends


def test_what_is_announced_is_dotted_after_the_studys_date(tmp_path: Path) -> None:
    axes = plot_history(by_hand(tmp_path, to="2027-06-01"), challenger="own")
    last = levels(axes, "#332288")[-1]
    assert str(last[0]) == "2027-01-01"
    assert last[2] == pytest.approx(500e6)
    today = [
        line for line in axes.lines if np.asarray(line.get_xdata()).dtype.kind != "M" and line.get_linewidth() == 0.9
    ]
    assert len(today) == 1
    assert "Dotted: announced" in " ".join(axes.get_xlabel().split())


def test_borrowed_figures_are_dashed() -> None:
    found = since_gpt_4()
    axes = plot_history(found)
    drawn = levels(axes, "#009E73")
    for moment, breakeven in zip(found.moments, found.breakevens("self-hosted"), strict=True):
        if breakeven is None or moment.day == found.until:
            continue
        (level,) = [each for each in drawn if each[0] <= moment.day < each[1]]
        borrowed = any(era.borrowed for era in moment.eras.values())
        assert (level[3] == "--") == borrowed, moment.day
        if breakeven.first is not None:
            assert level[2] == breakeven.first
    assert {each[3] for each in drawn} == {"-", "--"}
    assert "Dashed: a GPU price or a measured throughput of a later day is borrowed." in " ".join(
        axes.get_xlabel().split()
    )


def test_the_title_is_the_finding() -> None:
    found = since_gpt_4()
    said = " ".join(plot_history(found).get_title(loc="left").split())
    assert said == headline(found)
    assert said.startswith("Since July 2023 the breakeven of self-hosted rose from ")


def test_the_biggest_moves_are_named_with_what_moved_them() -> None:
    found = since_gpt_4()
    said = [" ".join(text.get_text().split()) for text in notes_on(plot_history(found))]
    sizes = dict((index, size) for size, index in moves(found, "self-hosted"))
    assert len(sizes) >= 5
    named = [index for index in sizes if any(found.moments[index].changes[0].short in words for words in said)]
    assert named
    assert any(words.startswith("GPT-4 Turbo ") for words in said)
    assert any(words.startswith("gpt-oss-120b ") for words in said)


@pytest.mark.parametrize("size", SIZES)
def test_no_words_overlap_or_leave_the_figure(size: tuple[float, float]) -> None:
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    plot_history(since_gpt_4(), ax=axes)
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in notes_on(axes)]
    for one, other in itertools.combinations(boxes, 2):
        overlap = Bbox.intersection(one, other)
        assert overlap is None or min(overlap.width, overlap.height) < 1.0
    for each in boxes:
        assert 0.0 <= each.x0 < each.x1 <= figure.bbox.x1
    assert axes.title.get_window_extent().y1 <= figure.bbox.y1 or axes.get_title(loc="left")


def test_the_band_is_who_is_the_cheapest_where_you_are(tmp_path: Path) -> None:
    found = by_hand(tmp_path)
    axes = plot_history(found)
    bars = [str(c.get_gid()) for c in axes.collections if str(c.get_gid()).startswith("cheapest")]
    assert bars == [f"cheapest: {label}" for _, _, label in runs(found, 400e6) if label is not None]
    assert "tiny" in bars[-1]
    unknown = plot_history(by_hand(tmp_path / "b", here=None))
    assert not [c for c in unknown.collections if str(c.get_gid()).startswith("cheapest")]


def test_a_history_without_any_breakeven_is_drawn(tmp_path: Path) -> None:
    found = by_hand(tmp_path)
    early = History(found.comparison, found.moments[:1], date(2024, 1, 15), found.today, found.throughput)
    axes = plot_history(early)
    assert all(math.isfinite(edge) for edge in axes.get_ylim())
    assert "never existed together" in " ".join(axes.get_title(loc="left").split())
