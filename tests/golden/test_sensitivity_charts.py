"""Charts of sensitivity say what the results say: bars, words, limits and regions, not pixels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox
from scipy import stats
from tests.toy_options import Toy, toy_study

import tokencross as tc
from tokencross.errors import ScenarioError
from tokencross.show.cheapest_map import plot_cheapest_map
from tokencross.show.rows import limits_for
from tokencross.show.sensitivity import plot_flips, plot_tornado
from tokencross.studies.cheapest_map import cheapest_map
from tokencross.studies.flips import flips
from tokencross.studies.tornado import tornado

API = Toy("api", input_usd_per_mtok=4.0, output_usd_per_mtok=12.0)  # 6 USD per million tokens
FLEET = Toy("fleet", fixed_usd_per_month=2_500.0, step_usd_per_month=1_825.0, step_tokens=3.285e9)
STUDY = toy_study(API, FLEET, here=2e9).replace(
    {
        "fleet:fixed_usd_per_month": stats.uniform(2_000, 12_000),
        "api:output_usd_per_mtok": stats.uniform(8, 8),
        "fleet:load_share": stats.uniform(0.8, 0.1),
    }
)


@pytest.fixture(autouse=True)
def _no_figures_stay() -> Iterator[None]:
    yield
    plt.close("all")


def words(axes: Axes) -> list[str]:
    """Every text in the axes."""
    return [text.get_text() for text in axes.texts if text.get_text()]


def names(axes: Axes) -> list[str]:
    """The inputs at the left, from the top."""
    return [" ".join(label.get_text().split()) for label in axes.get_yticklabels()]


def title(axes: Axes) -> str:
    """What stands above, in one line."""
    return " ".join(axes.get_title(loc="left").split())


def bars(axes: Axes) -> list[tuple[float, float]]:
    """From where to where bars reach."""
    found = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in found]


# ---------------------------------------------------------------------- tornado


def test_bars_reach_from_the_base_to_the_outcome() -> None:
    result = tornado(STUDY.comparison)
    axes = plot_tornado(result)
    assert names(axes) == ["fleet fixed", "api output price"]  # the load share moves nothing
    base = result.base.usd_per_month
    ends = {end for bar in bars(axes) for end in bar}
    wanted = {
        base,
        *(end.usd_per_month for each in result.swings if each.spread("usd_per_month") for end in (each.low, each.high)),
    }
    np.testing.assert_allclose(sorted(ends), sorted(wanted))
    assert {"2,600 USD/month", "13,400 USD/month", "8.4 USD/Mtok", "15.6 USD/Mtok"} <= set(words(axes))
    low, high = axes.get_xlim()
    assert low < min(wanted)
    assert high > max(wanted)
    assert title(axes) == (
        "At 2B tokens/month fleet costs 2,175 USD/month less than api: it hinges most on fleet fixed; "
        "1 of the inputs, moved alone, changes who is cheaper"
    )
    assert axes.get_xlabel().startswith("what api costs more than fleet, USD per month. 1 more input moves it less")
    assert "fleet cheaper →" in words(axes)


def test_breakevens_are_logarithmic_and_never_is_beyond_the_edge() -> None:
    cheap = toy_study(API, FLEET, here=2e9).replace(
        {"api:output_usd_per_mtok": stats.uniform(0.0, 14.0), "api:input_usd_per_mtok": 0.0}
    )
    result = tornado(cheap.comparison)
    assert result.swings[0].low.first == math.inf
    axes = plot_tornado(result, measure="first")
    assert axes.get_xscale() == "log"
    assert "0.7 USD/Mtok: never →" in words(axes)
    assert "never →" in words(axes)
    assert max(end for bar in bars(axes) for end in bar) == pytest.approx(axes.get_xlim()[1])
    assert title(axes).startswith("fleet undercuts api from ")


def test_a_base_that_never_comes_is_said_in_the_title() -> None:
    """At the median, a quarter of 4.05 USD per million tokens; steps of 4,000 USD come down to 1.22 at best."""
    cheap = toy_study(API, FLEET, here=2e9).replace(
        {"api:output_usd_per_mtok": stats.triang(0.1, 0.1, 12.0), "api:input_usd_per_mtok": 0.0}
    )
    result = tornado(cheap.replace({"fleet:step_usd_per_month": 4_000.0}).comparison)
    assert result.base.first == math.inf
    axes = plot_tornado(result, measure="first")
    assert title(axes).startswith("fleet undercuts api at no volume: it hinges most on api output price")


def test_a_tornado_without_anything_that_moves_says_so() -> None:
    still = toy_study(API, FLEET, here=2e9).replace({"fleet:load_share": stats.uniform(0.8, 0.1)})
    axes = plot_tornado(tornado(still.comparison), measure="robust")
    assert title(axes) == "No input moves the robust breakeven: fleet against api"


def test_a_cost_difference_needs_a_volume() -> None:
    result = tornado(toy_study(API, FLEET).replace({"fleet:fixed_usd_per_month": tc.between(2e3, 3e3)}).comparison)
    with pytest.raises(ScenarioError, match="plot_tornado\n  found no volume"):
        plot_tornado(result)
    with pytest.raises(ScenarioError, match="plot_tornado: measure\n  found 'frist'"):
        plot_tornado(result, measure="frist")  # type: ignore[arg-type]  # the mistake is the point


def test_room_for_labels() -> None:
    assert limits_for([0.0, 1.0], [(1.0, 1.0, False)], 2.0, least=0.0) == pytest.approx((0.0, 2.0))
    both = limits_for([0.0, 10.0], [(0.0, 1.0, True), (10.0, 1.0, False)], 4.0, least=0.0)
    assert both == pytest.approx((-5.0, 15.0))
    assert limits_for([3.0], [], 4.0, least=2.0) == (3.0, 5.0)


# ---------------------------------------------------------------------- flips


def test_arrows_end_at_the_ratio_of_the_flip() -> None:
    result = flips(toy_study(API, FLEET, here=2e9).comparison)
    axes = plot_flips(result)
    shown = [each for each in result.flips if each.place.assumed > 0 and not math.isnan(each.nearest[0])]
    arrows = [line.get_xdata() for line in axes.lines if len(np.asarray(line.get_xdata())) == 2]
    ends = sorted(float(np.asarray(x)[1]) for x in arrows if float(np.asarray(x)[0]) == 1.0 != float(np.asarray(x)[1]))
    wanted = [
        value / each.place.assumed for each in shown for value in (each.below, each.above) if not math.isnan(value)
    ]
    np.testing.assert_allclose(ends, sorted(wanted))
    assert names(axes)[0] == "volume, 2B tokens/month"
    assert "under 721M tokens/month: api" in words(axes)
    assert title(axes) == (
        "At 2B tokens/month fleet is the cheapest. Nearest to changing that: "
        "api is the cheapest if volume is under 721M tokens/month; assumed 2B tokens/month"
    )
    assert "assumed" in [tick.get_text() for tick in axes.get_xticklabels()]


def boxes(axes: Axes) -> list[tuple[str, Bbox]]:
    """Where every text in and beside the axes stands, once it is drawn."""
    axes.figure.get_figure(root=True).draw_without_rendering()
    texts = [*axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels(), axes.xaxis.label]
    low, high = axes.get_xlim()
    hidden = [
        label for at, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True) if not low <= at <= high
    ]
    return [(each.get_text(), each.get_window_extent()) for each in texts if each.get_text() and each not in hidden]


@pytest.mark.parametrize("size", [(8.0, 5.0), (9.0, 5.5), (13.0, 7.0)])
def test_no_words_cover_others(size: tuple[float, float]) -> None:
    study = tc.load_study("scenarios/support-chat.yaml")
    unsure = study.replace(
        {
            "workload:output_tokens": tc.between(280, 570, name="answers"),
            "compute:lambda/gpu_1x_b200_sxm6.usd_per_hour": tc.between(5.0, 9.0, name="GPU price"),
            "self-hosted:engineering[this model].upkeep_usd_per_month": tc.triangular(
                8_000, 12_500, 20_000, name="upkeep"
            ),
        }
    ).comparison
    swings = tornado(unsure, "self-hosted")
    changes = [flips(each, challenger="self-hosted", against="frontier") for each in (study.comparison, unsure)]
    charts: list[Callable[[Axes], Axes]] = [
        lambda ax: plot_tornado(swings, ax=ax),
        lambda ax: plot_tornado(swings, ax=ax, measure="first"),
        *(lambda ax, each=each: plot_flips(each, ax=ax) for each in changes),
    ]
    for chart in charts:
        axes = chart(plt.subplots(figsize=size, layout="constrained")[1])
        found = boxes(axes)
        for (words_of_one, one), (words_of_other, other) in itertools.combinations(found, 2):
            assert not one.overlaps(other), f"{words_of_one!r} and {words_of_other!r}"
        right = axes.figure.get_figure(root=True).bbox.x1
        assert all(box.x0 >= 0.0 and box.x1 <= right for _, box in found)


def test_colours_are_said_in_their_colours() -> None:
    axes = plot_tornado(tornado(STUDY.comparison))
    said = {text.get_text(): text.get_color() for text in axes.texts}
    assert said["■ low value of the input"] == said["2,600 USD/month"]
    assert said["■ high value of the input"] == said["13,400 USD/month"]


def test_nothing_that_flips_says_so() -> None:
    axes = plot_flips(flips(toy_study(FLEET, here=2e9).comparison))
    assert title(axes) == "At 2B tokens/month fleet is the cheapest, and no input, changed alone, changes that"
    assert names(axes) == []


# ---------------------------------------------------------------------- map


def test_regions_borders_and_where_you_are() -> None:
    found = cheapest_map(
        toy_study(API, FLEET, here=2e9).comparison,
        "tokens_per_month",
        "fleet:fixed_usd_per_month",
        x_range=(1e8, 1e11),
        y_range=(1_000, 5_000),
        points=5,
    )
    axes = plot_cheapest_map(found)
    regions = {c.get_gid(): c for c in axes.collections if isinstance(c, PolyCollection)}
    assert set(regions) == {"api", "fleet"}
    lines = next(c for c in axes.collections if isinstance(c, LineCollection))
    points = np.concatenate([np.asarray(segment) for segment in lines.get_segments()])
    np.testing.assert_allclose(points[:, 0], (points[:, 1] + 1_825) / 6e-6, rtol=1e-11)
    assert {"api", "fleet", "you are here"} <= set(words(axes))
    here = next(c for c in axes.collections if c.get_gid() == "here")
    np.testing.assert_allclose(np.asarray(here.get_offsets()), [[2e9, 2_500.0]])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert (axes.get_xlim(), axes.get_ylim()) == ((1e8, 1e11), (1_000, 5_000))
    assert title(axes) == (
        "Where you are, at volume 2B tokens/month and fleet fixed 2,500 USD/month, fleet is the cheapest; "
        "elsewhere on this map api"
    )


def test_jumps_are_drawn_upright() -> None:
    """Along the load share a border of the fixed sum jumps by a step's 1,825 USD: lines run along either axis only."""
    found = cheapest_map(
        toy_study(API, FLEET, here=2e9).comparison,
        "fleet:fixed_usd_per_month",
        "fleet:load_share",
        x_range=(100, 12_000),
        y_range=(0.2, 1.0),
        points=9,
    )
    axes = plot_cheapest_map(found)
    lines = next(c for c in axes.collections if isinstance(c, LineCollection))
    for segment in lines.get_segments():
        (x0, y0), (x1, y1) = np.asarray(segment)
        slanted = abs(x1 - x0) > 1e-9 * abs(x0)
        assert not slanted or y1 - y0 <= 2e-4  # a jump lies within a ten-thousandth of the axis


def test_an_option_that_wins_everywhere_is_said_to() -> None:
    study = toy_study(API, FLEET, here=2e9).comparison
    found = cheapest_map(
        study, "api:output_usd_per_mtok", "fleet:fixed_usd_per_month", x_range=(11, 20), y_range=(100, 200), points=2
    )
    axes = plot_cheapest_map(found)
    assert title(axes) == "fleet is the cheapest everywhere on this map"
    assert "you are here" not in words(axes)


def test_charts_are_drawn_into_axes_and_leave_settings_alone() -> None:
    before = dict(mpl.rcParams)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(18, 5), layout="constrained")
    assert plot_tornado(tornado(STUDY.comparison), ax=left) is left
    assert plot_flips(flips(STUDY.comparison), ax=middle) is middle
    found = cheapest_map(STUDY.comparison, "tokens_per_month", "fleet:fixed_usd_per_month", points=3)
    assert plot_cheapest_map(found, ax=right) is right
    figure.draw_without_rendering()
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == [figure.number]
