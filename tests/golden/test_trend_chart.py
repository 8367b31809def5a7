"""The chart of a trend says what the trend says: lines, marks, words and their places."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Annotation

import tokencross as tc
from tokencross.show.trends import plot_trend
from tokencross.studies.trend_result import Trend
from tokencross.studies.trends import trend


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    with mpl.rc_context({"backend": "Agg"}):
        yield
    plt.close("all")


@cache
def fitted(kind: str, **given: Any) -> Trend:
    return trend(tc.load_prices(as_of="2026-11-21")._book, kind, **given)


def drawn(found: Trend, size: tuple[float, float] = (8.0, 5.0)) -> Axes:
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    assert plot_trend(found, ax=axes) is axes
    figure.draw_without_rendering()
    return axes


def words(axes: Axes) -> list[str]:
    return [note.get_text() for note in axes.texts if isinstance(note, Annotation)]


def test_a_slot_is_drawn_as_steps_with_its_line() -> None:
    found = fitted("small")
    axes = drawn(found)
    lines = {line.get_label(): line for line in axes.lines}
    steps = lines["small slot, median"]
    assert steps.get_drawstyle() == "steps-post"
    usd = np.asarray(steps.get_ydata())
    np.testing.assert_allclose(usd, [*(point.usd for point in found.points), found.points[-1].usd])
    line = np.asarray(lines["fitted"].get_ydata())
    np.testing.assert_allclose(line[[0, -1]], found.fitted_usd([found.points[0].day, found.to]))
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "USD per million billed tokens"
    (band,) = axes.collections
    assert band.get_label() == "90% interval"


def test_the_title_does_not_claim_what_the_interval_does_not_bear() -> None:
    unclear, clear = fitted("small"), fitted("frontier")
    assert drawn(unclear).get_title(loc="left") == "Small slot, median: no clear trend (-33% a year fits best)"
    assert drawn(clear).get_title(loc="left") == "Frontier slot, median: fell 48% a year"
    said = " ".join(words(drawn(unclear))[0].split())
    assert said.startswith("90% interval -74% to +64%; 57 changes (28 down, 29 up);")
    assert said.endswith("2023-07-26 to 2026-11-21")


def test_ends_are_labelled_directly() -> None:
    found = fitted("small")
    axes = drawn(found)
    assert words(axes)[1:] == ["median: $0.562", "fitted: -33% a year", "90%: +64%", "90%: -74%"]
    assert axes.get_legend() is None


@pytest.mark.parametrize("size", [(8.0, 5.0), (13.0, 7.0)])
@pytest.mark.parametrize(
    ("kind", "given"), [("small", {}), ("frontier", {"price": "lowest"}), ("same model", {}), ("gpu", {"gpu": "H100"})]
)
def test_no_words_overlap(kind: str, given: dict[str, Any], size: tuple[float, float]) -> None:
    axes = drawn(fitted(kind, **given), size)
    figure = axes.figure
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]  # Agg's, which this test has set
    boxes = [note.get_window_extent(renderer) for note in axes.texts if note.get_text()]
    boxes.append(axes._left_title.get_window_extent(renderer))  # type: ignore[attr-defined]  # where loc="left" is kept
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])
        assert box.x0 >= 0.0
        assert box.x1 <= figure.bbox.x1 + 1.0
        assert box.y1 <= figure.bbox.y1 + 1.0


def test_single_prices_are_marked_by_the_size_of_their_changes() -> None:
    found = fitted("same model")
    axes = drawn(found)
    marks = {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}
    assert len(marks["fell"]) == found.fall_count
    assert len(marks["rose"]) == found.rise_count
    assert np.all(marks["fell"] < 1.0)
    assert np.all(marks["rose"] > 1.0)
    low, high = axes.get_ylim()
    assert all(low < point.ratio < high for point in found.points)
    ticks = [label.get_text() for label in axes.get_yticklabels()]
    assert {"no change", "+100%", "-50%"} <= set(ticks)
    assert words(axes)[1].startswith(f"fell {found.fall_count} times,\nmedian -")
    assert axes.get_title(loc="left") == "List price of one model: fell 3.5% a year"


def test_axes_of_its_own() -> None:
    axes = plot_trend(fitted("gpu", gpu="H100"))
    assert axes.get_title(loc="left") == "H100 on demand: no clear trend (+5% a year fits best)"
