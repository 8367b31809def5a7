"""Charts of time say what the projection says: lines, marks, words and limits, not pixels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Annotation

import tokencross as tc
from tokencross.scenario_projection import load_projection
from tokencross.show.timing import plot_cash, plot_timing, timing_figure
from tokencross.studies.cash import project
from tokencross.studies.projection import Projection
from tokencross.studies.switching import Timing, when
from tokencross.studies.terms_of_switching import Switching

WAITING = Path(__file__).resolve().parents[2] / "scenarios" / "waiting.yaml"
SIZES = [(8.0, 5.0), (13.0, 7.0)]


@cache
def waiting() -> Timing:
    """The shipped scenario."""
    projection = load_projection(WAITING)
    assert projection is not None
    return when(tc.load_study(WAITING).comparison, projection)


@cache
def bare(outlay: float = 20_000.0) -> Timing:
    """Curves without tables: it saves 6,000 a month."""
    options = [tc.Option("A", tc.CostCurve.per_mtok(10)), tc.Option("B", tc.CostCurve.per_mtok(4))]
    study = tc.Study(options, workload=tc.Workload(input_tokens=1, output_tokens=1), tokens_per_month=1e9)
    return when(study.comparison, Projection(months=12, switching=Switching(switching_usd=outlay)))


@pytest.fixture(autouse=True)
def _no_figures_stay() -> Iterator[None]:
    yield
    plt.close("all")


def words(axes: Axes) -> list[str]:
    """Every text in the axes, lines joined."""
    return [" ".join(text.get_text().split()) for text in axes.texts]


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    """The data of a line."""
    (found,) = [each for each in axes.lines if each.get_label() == label]
    return np.asarray(found.get_xdata()).tolist(), np.asarray(found.get_ydata()).tolist()


# ---------------------------------------------------------------------- cash


def test_cash_is_drawn_month_by_month_with_its_jumps() -> None:
    axes = plot_cash(bare().projected)
    months, usd = line(axes, "B")
    assert months == [m for month in range(12) for m in (month, month)] + [12]
    assert usd[:4] == pytest.approx([0, 20_000, 24_000, 24_000])  # the outlay at once, then 4,000 a month
    assert usd[-1] == pytest.approx(20_000 + 12 * 4_000)
    assert line(axes, "A")[1][-1] == pytest.approx(120_000)


def test_payback_is_marked_where_it_is() -> None:
    axes = plot_cash(bare().projected)
    assert "paid back after 4 months" in words(axes)  # 20,000 at 6,000 a month
    (mark,) = [each for each in axes.lines if each.get_marker() == "o"]
    assert np.asarray(mark.get_xdata()).tolist() == [4]
    assert axes.get_title(loc="left") == "B costs $52k less than A over 12 months and pays back in 4 months"


def test_what_never_pays_back_says_how_far_it_gets() -> None:
    axes = plot_cash(bare(100_000.0).projected)
    title = " ".join(axes.get_title(loc="left").split())
    assert title == "A costs the least over 12 months: B wins back 72% of what it lays out"


def test_announced_steps_are_thin_dated_lines() -> None:
    axes = plot_cash(waiting().planned())
    (said,) = [text for text in words(axes) if text.startswith("2027-01-01: hosted goes from")]
    assert said.endswith("USD a month")
    assert axes.get_xlabel() == "months from now; month 0 begins on 2026-11-21"


# ---------------------------------------------------------------------- timing


def test_timing_is_over_the_best_plan() -> None:
    timing = waiting()
    switch = timing.switch("self-hosted")
    axes = plot_timing(timing)
    months, over = line(axes, "self-hosted")
    assert months == list(range(33))  # with three months of lead nothing begun later is served
    assert over == pytest.approx((switch.way.present_value_usd - switch.best_usd).tolist())
    assert over[switch.month or 0] == 0.0
    title = " ".join(axes.get_title(loc="left").split())
    assert title.startswith(f"Switch to self-hosted in month {switch.month} ({switch.date}): now costs $")
    assert f"best plan: month {switch.month}" in words(axes)
    assert any(text.startswith("now: $") and text.endswith(" more") for text in words(axes))
    assert any(text.startswith("never: $") for text in words(axes))
    assert "present value" in axes.get_ylabel()


def test_where_now_is_best_and_where_never_is() -> None:
    assert plot_timing(bare()).get_title(loc="left") == "Switch to B now: never switching costs $52k more"
    axes = plot_timing(bare(100_000.0))
    assert axes.get_title(loc="left") == "No switch away from A pays within 12 months"
    assert "never: the best" in words(axes)


def test_both_draw_into_the_axes_they_are_given() -> None:
    _, (left, right) = plt.subplots(1, 2)
    assert plot_cash(bare().projected, ax=left) is left
    assert plot_timing(bare(), ax=right) is right
    assert len(timing_figure(bare()).axes) == 2


def test_a_horizon_of_one_month_is_drawn_too() -> None:
    options = [tc.Option("A", tc.CostCurve.per_mtok(10)), tc.Option("B", tc.CostCurve.per_mtok(4))]
    study = tc.Study(options, workload=tc.Workload(input_tokens=1, output_tokens=1), tokens_per_month=1e9)
    plot_timing(when(study.comparison, Projection(months=1)))
    plot_cash(project(study.comparison, Projection(months=1)))


@pytest.mark.parametrize("size", SIZES)
def test_words_do_not_overlap(size: tuple[float, float]) -> None:
    for timed in (True, False):
        figure, axes = plt.subplots(figsize=size, layout="constrained")
        _ = plot_timing(waiting(), ax=axes) if timed else plot_cash(waiting().planned(), ax=axes)
        figure.draw_without_rendering()
        boxes = [
            (text.get_text(), text.get_window_extent())
            for text in axes.texts
            if isinstance(text, Annotation) and text.get_text()
        ]
        for (one, first), (other, second) in itertools.combinations(boxes, 2):
            assert not first.padded(-1.0).overlaps(second.padded(-1.0)), f"{one!r} and {other!r}"
