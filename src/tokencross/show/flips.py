"""The chart of flips: for each input how far it is from the value that changes the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokencross.show.frame import own_axes
from tokencross.show.rows import (
    MOST_ROWS,
    PAD_INCHES,
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
from tokencross.show.style import INK, line_styles, shortened, text_colour, text_inches, wrapped
from tokencross.studies.flips import Flip, Flips
from tokencross.studies.input_words import value_words
from tokencross.units import format_count, format_tokens

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_flips"]

_ONE_SIDED_SHARE, _TWO_SIDED_SHARE = 0.6, 0.32  # of the width, for words
_HEAD_INCHES = 0.1


def plot_flips(flips: Flips, *, ax: Axes | None = None) -> Axes:
    """Return axes with the nearest dozen inputs, and how far each is from the value that changes the answer.

    Parameters
    ----------
    flips : Flips
        As `flips.flips` gives them.
    ax : Axes, optional
        Where to draw; axes of their own unless given.

    Returns
    -------
    Axes
        The flip over the assumed value, logarithmic: 1 is what is assumed. Inputs of which 0 is assumed have no
        ratio, and are left out.
    """
    axes = own_axes()[1] if ax is None else ax
    found = [each for each in flips.flips if _sides(each)]
    names = broken_names(axes, [f"{e.place.words}, {value_words(e.place.address, e.place.assumed)}" for e in found])
    arrows = _arrows(flips, found, room_inches(axes, names[:MOST_ROWS]))
    words = [[name, *(arrow.words for arrow in row)] for name, row in zip(names, arrows, strict=True)]
    count = rows_for(axes, words)
    shown, names, arrows = found[:count], names[:count], arrows[:count]
    name_rows(axes, names)
    width = room_inches(axes, names)
    _ratio_scale(axes, [arrow for row in arrows for arrow in row], width)
    for at, row in enumerate(arrows):
        for arrow in row:
            _draw_flip(axes, at, arrow)
    axes.axvline(1.0, color=INK, linewidth=1.2, zorder=4)
    beyond = "changes it only farther away, or not at all", "change it only farther away, or not at all"
    below = f"times the assumed value{rest_words(len(flips.flips) - len(shown), *beyond)}"
    set_finding(axes, _flips_finding(flips, shown), below, flips.study, width=width)
    return axes


def _sides(flip: Flip) -> list[tuple[float, float, str]]:
    """Return the flips of an input that have a ratio: value, ratio, who is the answer beyond."""
    if flip.place.assumed <= 0.0:
        return []
    found = [(flip.below, flip.becomes_below), (flip.above, flip.becomes_above)]
    return [(value, value / flip.place.assumed, becomes) for value, becomes in found if value > 0.0]


def _colours(flips: Flips) -> dict[str, str]:
    """Return the colour of every answer: its option's."""
    if flips.study is None:
        return dict.fromkeys((label for each in flips.flips for label in (each.becomes_below, each.becomes_above)), INK)
    return {label: style.colour for label, style in line_styles(flips.study).items()}


@dataclass(frozen=True)
class _Arrow:
    """How far it is to a flip: its ratio, what stands beside it, from where [ratio] and on which side, the colour."""

    ratio: float
    words: str
    words_at: float
    leftwards: bool
    colour: str


def _arrows(flips: Flips, found: Sequence[Flip], width: float) -> list[list[_Arrow]]:
    """Return the arrows of each row, with words in lines that leave room for what is on the other side.

    The words stand at the arrow's head; those of a lone arrow to the left at its foot, where there is room for them.
    """
    colours = _colours(flips)
    two_sided = any(len(_sides(each)) > 1 for each in found[:MOST_ROWS])
    room = width * (_TWO_SIDED_SHARE if two_sided else _ONE_SIDED_SHARE)
    rows = []
    for each in found:
        sides, row = _sides(each), []
        for value, ratio, becomes in sides:
            words = wrapped(
                f"{flips.beyond(each.place, value)}: {shortened(becomes)}", width_inches=room, size=WORD_SIZE
            )
            alone = ratio < 1.0 and len(sides) == 1
            row.append(_Arrow(ratio, words, 1.0 if alone else ratio, ratio < 1.0 and not alone, colours[becomes]))
        rows.append(row)
    return rows


def _ratio_scale(axes: Axes, arrows: Sequence[_Arrow], width: float) -> None:
    """Give axes a logarithmic scale of ratios around 1, with room for the words."""
    labels = [(math.log(each.words_at), _words_inches(each.words) + PAD_INCHES, each.leftwards) for each in arrows]
    heads = [(math.log(each.ratio), _HEAD_INCHES, each.ratio < 1.0) for each in arrows]
    low, high = limits_for([0.0, *(at for at, _, _ in heads)], labels + heads, width, least=math.log(1.5))
    axes.set_xlim(math.exp(low), math.exp(high))
    axes.set_xscale("log")
    log_ticks(axes.xaxis, _ratio_tick)


def _ratio_tick(value: float, position: int | None = None) -> str:
    """Return a ratio as ticks write it."""
    if math.isclose(value, 1.0):
        return "assumed"
    return f"×{format_count(value)}"


def _words_inches(words: str) -> float:
    """Return the width of the longest of some lines. [inches]"""
    return max(text_inches(line, size=WORD_SIZE) for line in words.split("\n"))


def _draw_flip(axes: Axes, row: int, arrow: _Arrow) -> None:
    """Draw how far it is to a flip, and what is beyond it."""
    ratio, colour = arrow.ratio, arrow.colour
    axes.plot([1.0, ratio], [row, row], color=colour, linewidth=2.4, solid_capstyle="butt", zorder=3)
    axes.scatter(ratio, row, s=46.0, color=colour, zorder=4, marker=">" if ratio > 1.0 else "<")
    axes.annotate(
        arrow.words,
        (arrow.words_at, row),
        xytext=(-8.0 if arrow.leftwards else 8.0, 0.0),
        textcoords="offset points",
        ha="right" if arrow.leftwards else "left",
        va="center",
        fontsize=WORD_SIZE,
        color=text_colour(colour),
        parse_math=False,
        zorder=5,
    )


def _flips_finding(flips: Flips, shown: Sequence[Flip]) -> str:
    """Return what the flips say in a sentence."""
    where = format_tokens(flips.tokens_per_month)
    start = f"At {where} {flips.wins(flips.answer)}"
    if not shown:
        return f"{start}, and no input, changed alone, changes that"
    return f"{start}. Nearest to changing that: {flips.sentence(shown[0], nearest_only=True).removesuffix('.')}"
