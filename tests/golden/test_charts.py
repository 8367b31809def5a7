"""Charts say what the comparison says: lines, labels, limits and words, not pixels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox
from tests.tables import api, hosted, price_book, row

import tokencross as tc
from tokencross.options.inside import resolved_everywhere
from tokencross.show.dashboard import dashboard
from tokencross.show.marks import FlagBox, apart, stacked
from tokencross.show.plots import plot_costs, plot_fleet, plot_unit_costs
from tokencross.show.style import TIER_COLOURS, line_styles, usd_tick, volume_tick, wrapped
from tokencross.show.view import drawn_volumes, marks_of, volume_range
from tokencross.studies.announced import next_moves
from tokencross.studies.compare import Comparison
from tokencross.studies.twins import with_hosted_twins
from tokencross.studies.verdict import headline, phases
from tokencross.units import format_count

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
WORKLOAD = tc.Workload(input_tokens=3_000, output_tokens=1_000, name="chat")
FLEET = tc.CostCurve.fixed(2_500) + tc.CostCurve.staircase(1_825, 3.285e9)
API = tc.CostCurve.per_mtok(6)
BREAKEVEN = 4_325 / 6e-6  # (2,500 + 1,825) USD over 6 USD/Mtok


def compared(*curves: tc.CostCurve, here: float | None = None, reference: tuple[str, ...] = ()) -> Comparison:
    """Options labelled A, B, C … with these curves; A is the incumbent."""
    options = [tc.Option("ABCDEFGHIJ"[i], curve) for i, curve in enumerate(curves)]
    return tc.Study(options, workload=WORKLOAD, reference=reference, tokens_per_month=here).comparison


@cache
def scenario(name: str) -> Comparison:
    """A shipped scenario as charts get it."""
    path = next(path for path in SCENARIOS if path.stem == name)
    return with_hosted_twins(tc.load_study(path).comparison)


@cache
def drawn(name: str) -> Figure:
    """A scenario's dashboard with its layout settled."""
    figure = dashboard(scenario(name))
    figure.draw_without_rendering()
    return figure


@pytest.fixture(autouse=True)
def _no_figures_stay() -> Iterator[None]:
    yield
    plt.close("all")


def words(axes: Axes) -> list[str]:
    """Every text in the axes, lines joined."""
    return [" ".join(text.get_text().split()) for text in axes.texts]


def note(axes: Axes, part: str) -> Annotation:
    """The one annotation that says something."""
    (found,) = [t for t in axes.texts if isinstance(t, Annotation) and part in " ".join(t.get_text().split())]
    return found


def band_of(axes: Axes) -> PolyCollection:
    """The band of the cheapest."""
    (band,) = [c for c in axes.collections if c.get_gid() == "cheapest"]
    assert isinstance(band, PolyCollection)
    return band


def box(text: Text) -> Bbox:
    """Where the words themselves are, without an annotation's line."""
    return Text.get_window_extent(text)


# ------------------------------------------------------------------ every scenario


@pytest.mark.parametrize("name", [path.stem for path in SCENARIOS])
def test_title_is_the_verdicts_headline(name: str) -> None:
    assert " ".join(drawn(name).get_suptitle().split()) == headline(scenario(name))


@pytest.mark.parametrize("name", [path.stem for path in SCENARIOS])
def test_every_line_lies_on_its_curve(name: str) -> None:
    comparison, figure = scenario(name), drawn(name)
    costs, units = figure.axes[0], figure.axes[1]
    for axes, per_mtok in ((costs, False), (units, True)):
        assert [label for label in line_labels(axes) if not label.startswith("_")] == list(comparison.labels)
        for line in axes.lines:
            curve = comparison.curve(str(line.get_label()).removeprefix("_"))
            volumes = np.asarray(line.get_xdata(), dtype=float)
            expected = curve.usd_per_mtok(volumes) if per_mtok else curve.usd_per_month(volumes)
            np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), expected, rtol=1e-12)
        for label in comparison.labels:
            parts = [np.asarray(x.get_xdata()) for x in axes.lines if str(x.get_label()).removeprefix("_") == label]
            assert (parts[0][0], parts[-1][-1]) == axes.get_xlim() == volume_range(comparison)
            assert all(before[-1] == after[0] for before, after in itertools.pairwise(parts))


def line_labels(axes: Axes) -> list[str]:
    return [str(line.get_label()) for line in axes.lines]


@pytest.mark.parametrize("name", [path.stem for path in SCENARIOS])
def test_caption_says_date_tables_and_workload(name: str) -> None:
    comparison = scenario(name)
    caption = " ".join(drawn(name).get_supxlabel().split())
    books = [option.book for option in comparison.options if option.book is not None]
    assert f"as of {books[0].as_of.isoformat()}" in caption
    assert f"tables {books[0].store.version} ({books[0].store.content_hash[:12]})" in caption
    assert f"Workload {comparison.workload.name}: {comparison.workload.describe()}" in caption
    fleets = [resolved for _, resolved in resolved_everywhere(comparison.central) if resolved.fleet is not None]
    assert ("GPUs loaded to 70%" in caption) == bool(fleets)
    units = [option for option in comparison.options if option.tier == "provisioned"]
    assert ("units loaded to 100%" in caption) == bool(units)
    rates = [resolved.fleet.replica.rate for resolved in fleets if resolved.fleet is not None]
    assert ("extrapolated" in caption) == any(rate.extrapolated for rate in rates if rate is not None)


SLIDE, SMALL = (13.33, 7.5), (9.0, 7.5)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *((path.stem, None) for path in SCENARIOS),
        *itertools.product(("support-chat", "coding-agent", "article-2024"), (SLIDE, SMALL)),
    ],
)
def test_no_words_overlap_or_leave_the_figure(name: str, size: tuple[float, float] | None) -> None:
    figure = drawn(name) if size is None else dashboard(scenario(name), size_inches=size)
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [box(text) for text in axes.texts if isinstance(text, Annotation)]
        for one, other in itertools.combinations(boxes, 2):
            overlap = Bbox.intersection(one, other)
            assert overlap is None or min(overlap.width, overlap.height) < 1.0
        for each in boxes:
            assert each.x0 >= 0.0
            assert each.x1 <= figure.bbox.x1
    for own in figure.texts:
        assert 0.0 <= box(own).x0 < box(own).x1 <= figure.bbox.x1


@pytest.mark.parametrize("name", [path.stem for path in SCENARIOS])
def test_strip_shows_gpus_and_utilisation(name: str) -> None:
    fleets = [each.fleet for each in scenario(name).central.values() if each.fleet is not None]
    if not fleets:
        assert len(drawn(name).axes) == 2
        return
    strip, used = drawn(name).axes[2:]
    assert (len(strip.lines), len(used.collections)) == (len(fleets), len(fleets))
    for fleet, line, area in zip(fleets, strip.lines, used.collections, strict=True):
        volumes = np.asarray(line.get_xdata(), dtype=float)
        np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), fleet.gpus().usd_per_month(volumes))
        corners = area.get_paths()[0].vertices
        share = volumes / fleet.served_tokens_per_month(volumes)
        assert np.max(np.asarray(corners)[:, 1]) == pytest.approx(share.max())
        assert used.get_ylim()[1] >= share.max()


# ------------------------------------------------------------------ ghosts


def ghost_lines(axes: Axes) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """The points of the pale lines of costs to come, by option."""
    lines = [c for c in axes.collections if isinstance(c, LineCollection) and str(c.get_gid()).startswith("announced")]
    return {str(c.get_gid()).removeprefix("announced: "): np.asarray(c.get_segments()[0]) for c in lines}


@pytest.mark.parametrize("name", [path.stem for path in SCENARIOS])
def test_ghosts_are_drawn_where_a_change_moves_a_breakeven_and_nowhere_else(name: str) -> None:
    to_come = next_moves(scenario(name))
    axes, caption = drawn(name).axes[0], " ".join(drawn(name).get_supxlabel().split())
    assert list(ghost_lines(axes)) == [change.label for change in to_come]
    assert len([text for text in words(axes) if text.startswith("on 20")]) == len(to_come)
    assert ("Pale and dashed: " in caption) == bool(to_come)
    assert all(str(change.on) in caption for change in to_come)


def test_a_ghost_is_the_cost_after_the_change_with_the_moved_breakeven() -> None:
    study = tc.load_study(next(path for path in SCENARIOS if path.stem == "nightly-documents"))
    then = study.at("2026-12-01")
    axes = drawn("nightly-documents").axes[0]
    points = ghost_lines(axes)["frontier"]
    expected = then.comparison.curve("frontier").usd_per_month(points[:, 0])
    np.testing.assert_allclose(points[:, 1], expected, rtol=1e-12)
    before, after = (each.breakeven("self-hosted").first for each in (study, then))
    assert isinstance(before, float)
    assert isinstance(after, float)
    assert f"on 2026-12-01: self-hosted {format_count(before)} → {format_count(after)}" in words(axes)
    (dot,) = [c for c in axes.collections if isinstance(c, PathCollection) and c.get_gid() == "announced"]
    at = np.asarray(dot.get_offsets())[0]
    np.testing.assert_allclose(at, [after, then.comparison.curve("self-hosted").usd_per_month(after)], rtol=1e-9)
    low, high = axes.get_xlim()
    assert low < after < high


@pytest.mark.parametrize(
    ("now", "then", "said"),
    [(6.0, 1.0, "833M → never"), (1.0, 6.0, "never → 833M"), (6.0, 6.01, ""), (6.0, 12.0, "833M → 370M")],
)
def test_what_a_ghost_says(tmp_path: Path, now: float, then: float, said: str) -> None:
    """Against 4,000 USD a month and 1.2 USD/Mtok: 833M at 6, 370M at 12 USD/Mtok, never at 1; 6.01 moves it by 0.2%."""
    change = row("2027-01-01", input_usd_per_mtok=then, output_usd_per_mtok=then)
    change |= {"status": "announced", "basis": "announced"}
    first = row(input_usd_per_mtok=now, output_usd_per_mtok=now)
    tables = price_book(tmp_path / "tables", api(hosted("big", first, change)))
    own = tc.Option("own", tc.CostCurve.fixed(4_000) + tc.CostCurve.per_mtok(1.2))
    axes = plot_costs(tc.Study([tables.api("acme/big", label="API"), own], workload=WORKLOAD).comparison)
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]  # a figure, not one of its parts
    told = [text for text in words(axes) if text.startswith("on 20")]
    assert told == ([f"on 2027-01-01: {said}"] if said else [])


# ------------------------------------------------------------------ marks


def test_switch_says_volume_and_bill_in_large_letters() -> None:
    comparison = scenario("support-chat")
    turn = phases(comparison)[1]
    axes = drawn("support-chat").axes[0]
    bill = format_count(turn.incumbent_usd_per_month, digits=2)
    switch = note(axes, f"self-hosted from {format_count(turn.first)} tokens/month, {bill} USD on frontier")
    assert turn.robust is not None
    settled = note(axes, f"for good from {format_count(turn.robust)}")
    first = comparison.breakeven("self-hosted", "frontier").first
    assert isinstance(first, float)
    beats = note(axes, f"self-hosted beats frontier from {format_count(first)}")
    sizes = [float(text.get_fontsize()) for text in (switch, settled, beats)]
    assert sizes[0] > sizes[1] >= sizes[2]
    assert switch.get_fontweight() == "bold"
    red, green, blue = mpl.colors.to_rgb(beats.get_color())
    assert red == green == blue  # grey
    dots = [c for c in axes.collections if isinstance(c, PathCollection)]
    at = [tuple(float(x) for x in point) for c in dots for point in np.asarray(c.get_offsets())]
    least = comparison.curve("open, hosted").usd_per_month(turn.first)
    assert any(x == turn.first and y == pytest.approx(least, rel=1e-6) for x, y in at)


def test_crossing_that_is_the_switch_is_marked_once() -> None:
    marks = marks_of(compared(API, FLEET))
    assert [str(mark.kind) for mark in marks] == ["switch"]
    assert marks[0].volume == pytest.approx(BREAKEVEN)
    assert marks[0].text == "B from 721M tokens/month, 4.3k USD on A"


def test_return_of_the_first_is_named() -> None:
    bands = tc.CostCurve.bands([(0.0, 10.0), (1e9, 1.0)])
    flat = tc.CostCurve.per_mtok(5) + tc.CostCurve.fixed(100)
    said = [mark.text for mark in marks_of(compared(bands, flat))]
    # bands: 9,000 + 1 V beyond 1B; flat: 100 + 5 V: equal at 8,900 / 4 = 2,225 Mtok
    assert "A for good from 2.22B" in said


@pytest.mark.parametrize("here", [None, 4e9])
def test_you_are_here(here: float | None) -> None:
    axes = plot_costs(compared(API, FLEET, here=here))
    assert [text for text in words(axes) if "here" in text] == (
        [] if here is None else ["you are here: 4B tokens/month"]
    )


def test_band_follows_the_stretches() -> None:
    for comparison in (scenario("support-chat"), compared(API, FLEET, here=4e9)):
        band = band_of(plot_costs(comparison))
        low, high = volume_range(comparison)
        seen = [s for s in comparison.stretches if s.high > low and s.low < high]
        styles = line_styles(comparison)
        expected = [styles[comparison.substitutes[s.winner]].colour for s in seen]
        assert [to_hex(c).upper() for c in np.asarray(band.get_facecolor())] == expected
        for path, stretch in zip(band.get_paths(), seen, strict=True):
            xs = np.asarray(path.vertices)[:, 0]
            assert (xs.min(), xs.max()) == pytest.approx((max(stretch.low, low), min(stretch.high, high)))


def test_references_are_thinner_and_called_so() -> None:
    axes = drawn("coding-agent").axes[0]
    lines = {str(line.get_label()): line for line in axes.lines}
    for label in ("small", "gpt-oss-120b at deepinfra"):
        assert f"{label} reference, not a substitute" in words(axes)
        assert lines[label].get_linewidth() < lines["frontier"].get_linewidth()
        assert lines[label].is_dashed()
    assert "frontier" in words(axes)


# ------------------------------------------------------------------ lines, ranges, scales


def test_jumps_are_upright() -> None:
    comparison = compared(API, FLEET)
    axes = plot_costs(comparison)
    (line,) = [line for line in axes.lines if line.get_label() == "B"]
    volumes, usd = (np.asarray(data, dtype=float) for data in line.get_data())
    for step in (1, 2, 3, 4):
        at = int(np.searchsorted(volumes, step * 3.285e9))
        assert volumes[at] == step * 3.285e9
        assert volumes[at + 1] == pytest.approx(volumes[at], rel=1e-11)
        assert usd[at + 1] - usd[at] == pytest.approx(1_825)


def test_dense_staircases_are_thinned() -> None:
    curve = tc.CostCurve.staircase(1e-6, 1.0) + tc.CostCurve.staircase(2e3, 1e9)
    volumes = drawn_volumes(curve, 1e6, 1e13)
    assert volumes.size < 1_200
    assert {1e9, 2e9, 3e9} <= set(volumes.tolist())


def test_range_covers_what_is_marked_with_a_decade_around() -> None:
    low, high = volume_range(compared(API, FLEET, here=1e9))
    assert low <= BREAKEVEN / 10
    assert high >= 1e10
    assert volume_range(compared(API)) == (1e7, 1e12)
    assert volume_range(compared(API, FLEET, here=200.0))[0] <= 100.0
    far = compared(tc.CostCurve.per_mtok(1e-9), tc.CostCurve.fixed(1e6), here=1e9)  # crosses at 1e21
    assert volume_range(far)[1] <= 1e13


def test_ticks_read_as_people_say_them() -> None:
    assert [volume_tick(x) for x in (1e7, 1e9, 2.5e12)] == ["10M", "1B", "2.5T"]
    assert [usd_tick(x) for x in (5e3, 2.5e6, 0.05)] == ["$5k", "$2.5M", "$0.05"]
    axes = plot_costs(compared(API, FLEET))
    axes.figure.canvas.draw()
    assert {"10M", "100M", "1B", "10B"} <= {label.get_text() for label in axes.get_xticklabels()}
    assert {"$1k", "$10k", "$100k"} <= {label.get_text() for label in axes.get_yticklabels()}
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert f"from {usd_tick(axes.get_ylim()[0])}" in axes.get_ylabel()


def test_top_axis_has_days_and_the_incumbents_bill() -> None:
    axes = plot_costs(compared(API, FLEET))
    axes.figure.canvas.draw()
    (top,) = axes.child_axes
    # 10M a day is 10e6 * 730 / 24 a month, at 6 USD/Mtok 1,825 USD
    assert "10M\n$1.8k" in [label.get_text() for label in top.get_xticklabels()]
    assert "tokens per day" in top.get_xlabel()


def test_unit_costs_end_in_prices() -> None:
    axes = plot_unit_costs(scenario("support-chat"))
    assert {"frontier $6.59", "open, hosted $0.203"} <= set(words(axes))


def test_one_colour_per_tier_in_every_chart() -> None:
    for name in ("support-chat", "extraction"):
        comparison = scenario(name)
        for axes in drawn(name).axes[:2]:
            for line in axes.lines:
                option = comparison.option(str(line.get_label()).removeprefix("_"))
                assert to_hex(line.get_color()).upper() == TIER_COLOURS[option.tier]
    styles = line_styles(scenario("coding-agent"))  # two hosted open models
    assert styles["open, hosted"].colour != styles["gpt-oss-120b at deepinfra"].colour


# ------------------------------------------------------------------ manners


@pytest.mark.parametrize("plot", [plot_costs, plot_unit_costs, plot_fleet])
def test_draws_into_the_given_axes_and_leaves_no_trace(plot: object) -> None:
    assert callable(plot)
    before = dict(mpl.rcParams)
    ax = Figure().add_subplot()
    assert plot(scenario("support-chat"), ax=ax) is ax
    assert ax.lines
    dashboard(compared(API, FLEET))
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
    own = plot(scenario("support-chat"))
    assert own is not ax
    assert plt.get_fignums() == [1]


def test_every_chart_says_what_it_rests_on() -> None:
    for plot in (plot_costs, plot_unit_costs, plot_fleet):
        title = " ".join(plot(scenario("support-chat")).get_title(loc="left").split())
        assert "as of 2026-11-21" in title
        assert "tables 2026.11.22" in title
        assert "3,000 in / 400 out" in title


def test_flags_stand_clear_after_a_resize() -> None:
    figure = dashboard(scenario("support-chat"))
    figure.set_size_inches(8.0, 9.0)
    figure.draw_without_rendering()
    notes = [box(text) for text in figure.axes[0].texts if isinstance(text, Annotation)]
    for one, other in itertools.combinations(notes, 2):
        overlap = Bbox.intersection(one, other)
        assert overlap is None or min(overlap.width, overlap.height) < 1.0


def test_a_notebook_without_pyplot_gets_a_png() -> None:
    figure = dashboard(compared(API, FLEET))
    png = figure._repr_png_()  # type: ignore[attr-defined]  # IPython's protocol
    assert png.startswith(b"\x89PNG")


EDGES = {
    "one option": lambda: compared(API),
    "one option, known place": lambda: compared(API, here=1e9),
    "free": lambda: compared(API, tc.CostCurve.fixed(0), FLEET, here=1e9),
    "all free": lambda: compared(tc.CostCurve.fixed(0), tc.CostCurve.fixed(0), here=1e9),
    "never crossing": lambda: compared(tc.CostCurve.per_mtok(0.1), FLEET),
    "identical": lambda: compared(API, API),
    "ever flipping": lambda: compared(tc.CostCurve.per_mtok(0.5556), tc.CostCurve.staircase(1_825, 3.285e9)),
    "no substitute but one": lambda: compared(API, FLEET, reference=("B",)),
    "few tokens": lambda: compared(API, FLEET, here=200.0),
    "very many tokens": lambda: compared(API, FLEET, here=8e15),
    "draws": lambda: compared(API, FLEET + tc.CostCurve.fixed(np.linspace(0.0, 5e3, 16))),
    "many": lambda: compared(
        *(tc.CostCurve.fixed(10 * 4**i) + tc.CostCurve.per_mtok(20 / 2.4**i) for i in range(9)), here=3e8
    ),
}


@pytest.mark.parametrize("name", EDGES)
def test_unusual_comparisons_are_drawn(name: str) -> None:
    comparison = EDGES[name]()
    figure = dashboard(comparison)
    figure.draw_without_rendering()
    assert len(figure.axes) == 2  # no fleet, no strip
    assert " ".join(figure.get_suptitle().split()) == headline(comparison)
    for axes in figure.axes:
        assert [label for label in line_labels(axes) if not label.startswith("_")] == list(comparison.labels)
        low, high = axes.get_ylim()
        assert 0.0 < low < high < math.inf
    assert "no price tables" in figure.get_supxlabel()


def test_labels_may_hold_anything() -> None:
    long = "a name that goes on and on and on and on without any end in sight"
    options = [tc.Option("costs $5 or $6_x", API), tc.Option(long, FLEET)]
    figure = dashboard(tc.Study(options, workload=WORKLOAD).comparison)
    figure.canvas.draw()
    ends = words(figure.axes[0])
    assert "costs $5 or $6_x" in ends
    assert not any(text.get_parse_math() for axes in figure.axes for text in axes.texts)  # no formula between the $
    assert any(text.startswith("a name that goes on") and text.endswith("…") for text in ends)


def test_modelled_rates_are_called_so() -> None:
    from dataclasses import replace

    from tokencross.show.caption import caption

    comparison = scenario("support-chat")
    resolved = comparison.resolved["self-hosted"]
    assert resolved.fleet is not None
    rate = resolved.fleet.replica.rate
    assert rate is not None
    assert rate.source is not None
    run = rate.source.run.model_copy(update={"nature": "modelled"})
    modelled = replace(
        resolved,
        fleet=replace(
            resolved.fleet,
            replica=replace(resolved.fleet.replica, rate=replace(rate, source=replace(rate.source, run=run))),
        ),
    )
    changed = replace(comparison)
    changed.__dict__["central"] = {**comparison.central, "self-hosted": modelled}  # fills the cached property
    assert "modelled" not in caption(comparison)
    assert "Throughput of self-hosted: modelled, not measured" in caption(changed)


# ------------------------------------------------------------------ placing


def test_apart_keeps_order_and_room() -> None:
    assert apart([10.0, 12.0, 50.0], [10.0, 10.0, 10.0], 0.0, 100.0) == [6.0, 16.0, 50.0]
    assert apart([0.0, 0.0], [10.0, 10.0], 0.0, 100.0) == [15.0, 5.0]  # the first given stays above
    assert apart([100.0, 99.0], [10.0, 10.0], 0.0, 100.0) == [95.0, 85.0]


def test_stacked_flags_turn_to_the_free_side() -> None:
    boxes = [FlagBox(90.0, 50.0, 8.0), FlagBox(95.0, 4.0, 8.0)]
    assert stacked(boxes, width=100.0, gap=2.0, row=1.0) == [(38.0, 1.0), (89.0, 10.0)]


def test_wrapped_fills_the_width_and_keeps_the_words() -> None:
    text = "one two three four five six seven eight nine ten " * 4
    lines = wrapped(text.strip(), width_inches=3.0, size=10.0).split("\n")
    assert len(lines) > 2
    assert " ".join(lines) == text.strip()
    assert wrapped("a\nb", width_inches=3.0, size=10.0) == "a\nb"


# ------------------------------------------------------------------ published limits


def limited(tmp_path: Path, tokens_per_minute: float) -> Comparison:
    """A hosted model whose highest usage tier has a limit, against a fleet."""
    limit = row(usage_tier="tier 5", tokens_per_minute=tokens_per_minute)
    model = hosted("m", row(input_usd_per_mtok=6.0, output_usd_per_mtok=6.0), limits=[limit])
    book = price_book(tmp_path / "tables", api(model))
    capped = book.api("acme/m", label="A", tokenizer_ratio=1.0)
    return tc.Study([capped, tc.Option("B", FLEET)], workload=WORKLOAD, tokens_per_month=1e8).comparison


def test_a_line_is_dotted_beyond_its_published_limits(tmp_path: Path) -> None:
    # 1,000,000 tokens a minute, 43,800 minutes a month, busiest minutes 3 x 1.25 times the mean
    limit = 1e6 * 43_800 / 3.75
    for axes in (plot_costs(limited(tmp_path, 1e6)), plot_unit_costs(limited(tmp_path, 1e6))):
        solid, dotted = (line for line in axes.lines if str(line.get_label()).endswith("A"))
        assert (solid.get_gid(), dotted.get_gid()) == ("within limits", "beyond limits")
        assert np.asarray(solid.get_xdata()).max() <= limit <= np.asarray(dotted.get_xdata())[1]
        assert solid.get_color() == dotted.get_color()
        assert dotted.get_linestyle() != solid.get_linestyle()
        plt.close("all")
    costs = plot_costs(limited(tmp_path, 1e6))
    (words,) = [text.get_text() for text in costs.texts if text.get_text().startswith("A\n")]
    assert words == "A\ndotted: beyond its limits"
    plt.close("all")


def test_a_line_within_or_wholly_beyond_its_limits_is_one_line(tmp_path: Path) -> None:
    for tokens_per_minute, gid in ((1e15, "within limits"), (1e-6, "beyond limits")):
        axes = plot_costs(limited(tmp_path / gid.split()[0], tokens_per_minute))
        (line,) = [line for line in axes.lines if str(line.get_label()).endswith("A")]
        assert (line.get_label(), line.get_gid()) == ("A", gid)
        plt.close("all")


# ------------------------------------------------------------------ histories


def test_a_history_is_drawn_era_by_era_with_announced_ones_dotted(tmp_path: Path) -> None:
    announced = row("2027-01-01", input_usd_per_mtok=4.0, output_usd_per_mtok=8.0)
    announced |= {"basis": "announced", "status": "announced"}
    eras = [row("2025-01-01", input_usd_per_mtok=2.0, output_usd_per_mtok=9.0, effective_to=date(2025, 7, 1))]
    eras += [row("2026-01-01", input_usd_per_mtok=1.0, output_usd_per_mtok=5.0), announced]
    axes = price_book(tmp_path, api(hosted("m", *eras))).plot_history("acme/m")
    levels = [(np.asarray(line.get_xdata())[0], float(np.asarray(line.get_ydata())[-1])) for line in axes.lines[:-1]]
    days = [np.datetime64(day) for day in ("2025-01-01", "2026-01-01", "2027-01-01")]
    assert levels == [*zip(days, (2.0, 1.0, 4.0), strict=True), *zip(days, (9.0, 5.0, 8.0), strict=True)]
    assert np.asarray(axes.lines[0].get_xdata())[-1] == np.datetime64("2025-07-01")  # a gap stays a gap
    assert axes.lines[2].get_linestyle() == ":" or axes.lines[2].is_dashed()
    words = {f"acme/m {kind} from 2027-01-01" for kind in ("input $1, $4", "output $5, $8")}
    assert {text.get_text() for text in axes.texts} == words
    plt.close("all")


def test_a_tier_is_drawn_with_its_median_within_lowest_and_highest(tmp_path: Path) -> None:
    models = [
        hosted("cheap", row("2025-01-01", input_usd_per_mtok=1.0, output_usd_per_mtok=5.0)),
        hosted("dear", row("2025-06-01", input_usd_per_mtok=3.0, output_usd_per_mtok=11.0)),
        hosted("other", row("2025-06-01", input_usd_per_mtok=9.0, output_usd_per_mtok=9.0), tier="small"),
    ]
    book = price_book(tmp_path, api(*models))
    frame = book.tier_history("frontier", input_share=0.75)
    # three quarters of input: 2 and 5 USD per million tokens
    assert frame["median_usd_per_mtok"].tolist() == [2.0, 3.5]
    assert frame["lowest_usd_per_mtok"].tolist() == [2.0, 2.0]
    assert frame["highest_usd_per_mtok"].tolist() == [2.0, 5.0]
    assert frame["cheapest"].tolist() == ["acme/cheap", "acme/cheap"]
    axes = book.plot_tier("frontier")
    (median,) = [line for line in axes.lines if line.get_label() == "median"]
    assert np.asarray(median.get_ydata(), dtype=float).tolist() == [2.0, 3.5, 3.5, 3.5]
    words = {"lowest today $2", "median today $3.5", "highest today $5"}
    assert {text.get_text() for text in axes.texts} == words
    with pytest.raises(ValueError, match="one of frontier, small, open_hosted"):
        book.plot_tier("fronteer")
    plt.close("all")
