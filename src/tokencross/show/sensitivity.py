"""Charts of what an answer hinges on: the tornado, and for each input how far it is from changing the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tokencross.errors import Problem, ScenarioError, offer
from tokencross.show.flips import plot_flips
from tokencross.show.frame import own_axes
from tokencross.show.rows import (
    PAD_INCHES,
    SMALL_SIZE,
    WORD_SIZE,
    broken_names,
    limits_for,
    log_ticks,
    name_rows,
    rest_words,
    room_inches,
    rows_for,
    set_finding,
)
from tokencross.show.style import (
    GREY,
    INK,
    shortened,
    text_colour,
    text_inches,
    usd_tick,
    volume_tick,
)
from tokencross.studies.input_words import values_words
from tokencross.studies.tornado import Swing, Tornado
from tokencross.units import format_tokens, format_usd

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["plot_flips", "plot_tornado"]

Measure = Literal["usd_per_month", "first", "robust"]

_MEASURES = ("usd_per_month", "first", "robust")
_LOW, _HIGH = "#E69F00", "#0072B2"  # Okabe and Ito: orange and blue
_BAR_HEIGHT = 0.62
_LABEL_GAP_POINTS = 5.0
_BELOW_TICKS_POINTS, _COLOUR_LINE_POINTS, _COLOUR_GAP_POINTS = 19.0, 14.0, 7.0
_NEVER_SHARE = 0.3  # of the axis, beyond the last breakeven, for bars that end in never


def plot_tornado(tornado: Tornado, *, ax: Axes | None = None, measure: Measure = "usd_per_month") -> Axes:
    """Return axes with a bar per input, from what comes out at its low value to what comes out at its high one.

    Parameters
    ----------
    tornado : Tornado
        One-at-a-time swings.
    ax : Axes, optional
        Where to draw; axes of their own unless given.
    measure : str
        ``usd_per_month``: what the rival costs more than the challenger at the volume; ``first`` or ``robust``
        breakeven, where a bar that runs out of the chart is one that ends in "never".

    Returns
    -------
    Axes
        The dozen inputs that move it most, the largest on top; those that move nothing are left out.

    Raises
    ------
    ScenarioError
        If the measure is unknown, or the cost difference is asked for and no volume is known.
    """
    if measure not in _MEASURES:
        accepted = f"one of {', '.join(_MEASURES)}"
        raise ScenarioError(Problem("plot_tornado: measure", repr(measure), accepted, offer(str(measure), _MEASURES)))
    if measure == "usd_per_month" and tornado.tokens_per_month is None:
        remedy = "Say tokens_per_month, or plot measure='first'."
        raise ScenarioError(Problem("plot_tornado", "no volume", "a study that says where you are", remedy))
    axes = own_axes()[1] if ax is None else ax
    moving = [each for each in tornado.swings if _drawn_spread(each, measure) > 0.0]
    moving.sort(key=lambda each: each.spread(measure), reverse=True)
    names = broken_names(axes, [each.words for each in moving])
    count = rows_for(axes, [[name] for name in names])
    shown, names = moving[:count], names[:count]
    name_rows(axes, names)
    width = room_inches(axes, names)
    base = float(getattr(tornado.base, measure))
    scale = _scale(axes, tornado, shown, measure, width)
    for row, each in enumerate(shown):
        _draw_bar(axes, scale, row, each, base)
    if math.isfinite(base):
        axes.axvline(base, color=INK, linewidth=1.2, zorder=4)
    rest = rest_words(len(tornado.swings) - len(shown), "moves it less, or not at all", "move it less, or not at all")
    set_finding(axes, _tornado_finding(tornado, shown, measure), f"{scale.words}{rest}", tornado.study, width=width)
    if shown:
        _say_colours(axes)
    return axes


def _drawn_spread(swing: Swing, measure: str) -> float:
    """Return how far a measure moves; 0 where it only rounds."""
    low, high = (float(getattr(end, measure)) for end in (swing.low, swing.high))
    return 0.0 if low == high or math.isclose(low, high, rel_tol=1e-9) else swing.spread(measure)


def _say_colours(axes: Axes) -> None:
    """Say in either colour, between the ticks and the axis title, which end of an input it stands for."""
    for words, colour, side, shift in (
        ("■ low value of the input", _LOW, "right", -_COLOUR_GAP_POINTS),
        ("■ high value of the input", _HIGH, "left", _COLOUR_GAP_POINTS),
    ):
        axes.annotate(
            words,
            (0.5, 0.0),
            xycoords="axes fraction",
            xytext=(shift, -_BELOW_TICKS_POINTS),
            textcoords="offset points",
            ha=side,
            va="top",
            fontsize=WORD_SIZE,
            color=text_colour(colour),
        )
    axes.xaxis.labelpad += _COLOUR_LINE_POINTS


@dataclass(frozen=True)
class _Scale:
    """The horizontal scale of a tornado: what it shows, in words, and from where to where."""

    measure: Measure
    words: str
    low: float
    high: float

    def at(self, value: float) -> float:
        """Return where a value is drawn: never is at the right edge."""
        return min(max(value, self.low), self.high)


def _scale(axes: Axes, tornado: Tornado, shown: Sequence[Swing], measure: Measure, width: float) -> _Scale:
    """Give axes a scale of money, or a logarithmic one of volumes, with room for the words at the bars' ends."""
    from matplotlib.ticker import FuncFormatter

    money = measure == "usd_per_month"
    base = float(getattr(tornado.base, measure))
    known = [float(getattr(end, measure)) for each in shown for end in (each.low, each.high)]
    known = [value for value in (*known, base) if math.isfinite(value)] or [1.0, 10.0]

    def place(value: float) -> float:
        return value if money else math.log(max(value, 1.0))

    labels = [
        (
            place(value),
            text_inches(_end_words(each, end), size=WORD_SIZE) + PAD_INCHES,
            not _rightwards(value, float(getattr(other, measure)), base),
        )
        for each in shown
        for end, other in ((each.low, each.high), (each.high, each.low))
        if math.isfinite(value := float(getattr(end, measure)))
    ]
    never = len(labels) < 2 * len(shown) or math.isinf(base)
    points, least = [place(value) for value in known], 0.0 if money else math.log(1.5)
    low, high = limits_for(points, labels, width, least=least)
    if money and low < 0.0 < high:  # the words at 0 are in view, and need room too
        sides = [
            (0.0, text_inches(words, size=SMALL_SIZE) + PAD_INCHES, side == "right")
            for words, side in _side_words(tornado)
        ]
        low, high = limits_for(points, labels + sides, width, least=least)
    if money:
        axes.set_xlim(low, high)
        axes.xaxis.set_major_formatter(FuncFormatter(_signed_usd))
        _say_sides(axes, tornado)
        return _Scale(measure, f"what {tornado.against} costs more than {tornado.challenger}, USD per month", low, high)
    if never:
        high += _NEVER_SHARE * (high - low)
        _say_never(axes)
    axes.set_xlim(math.exp(low), math.exp(high))
    axes.set_xscale("log")
    log_ticks(axes.xaxis, volume_tick)
    return _Scale(measure, f"{measure} breakeven, tokens per month", math.exp(low), math.exp(high))


def _say_never(axes: Axes) -> None:
    """Say what the right edge stands for."""
    axes.annotate(
        "never →",
        (1.0, 1.0),
        xycoords="axes fraction",
        xytext=(-2.0, -1.0),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=SMALL_SIZE,
        color=GREY,
    )


def _say_sides(axes: Axes, tornado: Tornado) -> None:
    """Mark where both cost the same, and say who is cheaper on either side, if that is in view."""
    low, high = axes.get_xlim()
    if not low < 0.0 < high:
        return
    axes.axvline(0.0, color=GREY, linewidth=1.0, linestyle=(0.0, (2.0, 2.0)), zorder=1)
    for words, side in _side_words(tornado):
        axes.annotate(
            words,
            (0.0, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(4.0 if side == "left" else -4.0, -1.0),
            textcoords="offset points",
            ha=side,
            va="top",
            fontsize=SMALL_SIZE,
            color=GREY,
            parse_math=False,
        )


def _side_words(tornado: Tornado) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return what stands on either side of where both cost the same, and which edge of the words lies there."""
    return (
        (f"{shortened(tornado.challenger)} cheaper →", "left"),
        (f"← {shortened(tornado.against)} cheaper", "right"),
    )


def _rightwards(outcome: float, other: float, base: float) -> bool:
    """Return whether the words at an end of an input stand to the right of it."""
    return outcome > base or (outcome == base and other < base)


def _signed_usd(value: float, position: int | None = None) -> str:
    """Return a difference in money as ticks write it."""
    return "$0" if value == 0.0 else f"{'−' if value < 0.0 else '+'}{usd_tick(abs(value))}"


def _end_words(swing: Swing, end: object) -> str:
    """Return an end's value of the input, with as many digits as tell the two ends apart."""
    low, high = values_words(swing.addresses[0], swing.low.value, swing.high.value)
    return low if end is swing.low else high


def _draw_bar(axes: Axes, scale: _Scale, row: int, swing: Swing, base: float) -> None:
    """Draw one input's bar in two parts, each with the input's value at its end."""
    start = scale.at(base)
    ends = [(swing.low, _LOW), (swing.high, _HIGH)]
    ends.sort(key=lambda pair: abs(scale.at(getattr(pair[0], scale.measure)) - start), reverse=True)
    outcomes = [float(getattr(end, scale.measure)) for end, _ in ends]
    one_side = (outcomes[0] - base) * (outcomes[1] - base) > 0.0
    for turn, (end, colour) in enumerate(ends):
        outcome = outcomes[turn]
        at = scale.at(outcome)
        axes.barh(row, at - start, left=start, height=_BAR_HEIGHT, color=colour, linewidth=0.0, zorder=3)
        rightwards = _rightwards(outcome, outcomes[1 - turn], base)
        inside = (one_side and turn == 1) or outcome == base == math.inf
        never = math.isinf(outcome)
        words = f"{_end_words(swing, end)}{': never' if never else ''}"
        _label_bar(axes, at, row, words, colour, rightwards=rightwards and not never, hidden=inside)


def _label_bar(axes: Axes, at: float, row: int, words: str, colour: str, *, rightwards: bool, hidden: bool) -> None:
    """Write the input's value at the end of a bar; not where the other end of the input is farther on that side."""
    if hidden:
        return
    inside = at >= axes.get_xlim()[1]  # runs out of the chart: the words stand on the bar
    axes.annotate(
        words + (" →" if inside else ""),
        (at, row),
        xytext=(_LABEL_GAP_POINTS if rightwards else -_LABEL_GAP_POINTS, 0.0),
        textcoords="offset points",
        ha="left" if rightwards else "right",
        va="center",
        fontsize=WORD_SIZE,
        color="#FFFFFF" if inside and colour == _HIGH else (INK if inside else text_colour(colour)),
        bbox=None if inside else {"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none"},
        parse_math=False,
        zorder=5,
    )


def _tornado_finding(tornado: Tornado, shown: Sequence[Swing], measure: Measure) -> str:
    """Return what a tornado says in a sentence."""
    pair = f"{tornado.challenger} against {tornado.against}"
    if not shown:
        what = "cost difference" if measure == "usd_per_month" else f"{measure} breakeven"
        return f"No input moves the {what}: {pair}"
    most = shown[0]
    low, high = _end_words(most, most.low), _end_words(most, most.high)
    if measure != "usd_per_month":
        value = float(getattr(tornado.base, measure))
        said = (
            _NEVER[measure].format(tornado.against)
            if math.isinf(value)
            else f"undercuts {tornado.against} {_WHEN[measure]} {format_tokens(value)}"
        )
        return f"{tornado.challenger} {said}: it hinges most on {most.words}, from {low} to {high}"
    usd = tornado.base.usd_per_month
    assert tornado.tokens_per_month is not None  # checked by the caller
    less = f"{format_usd(abs(usd))}/month {'less' if usd >= 0.0 else 'more'} than {tornado.against}"
    where = format_tokens(tornado.tokens_per_month)
    said = f"At {where} {tornado.challenger} costs {less}: it hinges most on {most.words}"
    flips = [each for each in shown if each.low.usd_per_month * each.high.usd_per_month < 0.0]
    if not flips:
        return f"{said}; no input, moved alone, changes who is cheaper"
    return f"{said}; {len(flips)} of the inputs, moved alone, change{'s' if len(flips) == 1 else ''} who is cheaper"


_WHEN = {"first": "from", "robust": "for good from"}
_NEVER = {"first": "undercuts {} at no volume", "robust": "never undercuts {} for good"}
