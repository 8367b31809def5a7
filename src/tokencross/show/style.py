"""How charts look: a colour and a dash per kind of option, and the way that ticks and sentences are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tokencross.units import format_count

if TYPE_CHECKING:
    from tokencross.studies.compare import Comparison

__all__ = [
    "GREY",
    "INK",
    "PALE",
    "RULE",
    "TIER_COLOURS",
    "LineStyle",
    "ink_on",
    "line_styles",
    "share_tick",
    "shortened",
    "size_for",
    "text_colour",
    "text_inches",
    "usd_tick",
    "volume_tick",
    "wrapped",
]

Dash: TypeAlias = str | tuple[float, tuple[float, ...]]

INK = "#222222"
GREY = "#6B6B6B"
PALE = "#B8B8B8"
RULE = "#E6E6E6"

# Okabe and Ito, "Color Universal Design" (2008): told apart with every common colour blindness
TIER_COLOURS = {
    "frontier": "#D55E00",
    "small": "#E69F00",
    "open_hosted": "#0072B2",
    "self_hosted": "#009E73",
    "fine_tuned": "#CC79A7",
    "dedicated": "#56B4E9",
    "provisioned": "#882255",
    "custom": "#332288",
}
# Curves of one's own are of no kind, so they take turns: P. Tol, "Colour schemes" (2021), muted
_CUSTOM = ("#332288", "#AA4499", "#117733", "#44AA99", "#999933")
_DASHES: dict[str, Dash] = {
    "small": (0.0, (7.0, 1.6)),
    "open_hosted": (0.0, (12.0, 1.6)),
    "fine_tuned": (0.0, (8.0, 1.6, 2.0, 1.6)),
    "dedicated": (0.0, (4.0, 1.6)),
    "provisioned": (0.0, (10.0, 1.6, 4.0, 1.6)),
}
# the second, third … option of one kind: another lightness and another dash
_LIGHTER = (0.0, 0.38, -0.30, 0.55, -0.5)
_SHARED: tuple[Dash | None, ...] = (
    None,
    (0.0, (5.0, 1.5, 1.2, 1.5)),
    (0.0, (3.6, 1.2, 1.0, 1.2, 1.0, 1.2)),  # not plain dots: those are a line beyond its limits
    (0.0, (9.0, 2.0, 3.0, 2.0)),
)
_REFERENCE_DASH: Dash = (0.0, (2.6, 2.0))
_WIDTH = {"self_hosted": 2.6}
_USUAL_WIDTH = 2.2
_REFERENCE_WIDTH = 1.2

_POINTS_PER_INCH = 72.0
_PALE_LUMA = 0.43  # above it coloured words on white are hard to read: vermillion and green
_LIGHT_LUMA = 0.5  # above it white words are: orange
_HINTING_RATIO = 1.05  # letters on a screen are as much wider than their outlines
_LONGEST_LABEL = 44
_FULL_WIDTH_INCHES = 9.0
_LEAST_SIZE_RATIO = 0.86


@dataclass(frozen=True)
class LineStyle:
    """Colour, dash and width [points] of an option's line, and whether it is a reference only."""

    colour: str
    dash: Dash
    width: float
    reference: bool


def line_styles(comparison: Comparison) -> dict[str, LineStyle]:
    """Return the style of every option: its tier's, told apart by lightness and dash where several share a tier."""
    seen: dict[str, int] = {}
    styles = {}
    for option in comparison.options:
        tier = option.tier if option.tier in TIER_COLOURS else "custom"
        turn = seen.get(tier, 0)
        seen[tier] = turn + 1
        reference = option.label in comparison.reference
        dash = _SHARED[turn % len(_SHARED)] or _DASHES.get(tier, "-")
        styles[option.label] = LineStyle(
            colour=_colour(tier, turn),
            dash=_REFERENCE_DASH if reference else dash,
            width=_REFERENCE_WIDTH if reference else _WIDTH.get(tier, _USUAL_WIDTH),
            reference=reference,
        )
    return styles


def _colour(tier: str, turn: int) -> str:
    """Return the colour of the first, second … option of a tier."""
    if tier == "custom":
        return _CUSTOM[turn % len(_CUSTOM)]
    return _shifted(TIER_COLOURS[tier], _LIGHTER[turn % len(_LIGHTER)])


def text_colour(colour: str) -> str:
    """Return a colour dark enough for words on white."""
    return _shifted(colour, -0.30) if _luma(colour) > _PALE_LUMA else colour


def ink_on(colour: str) -> str:
    """Return the colour of words that are written on a colour."""
    return INK if _luma(colour) > _LIGHT_LUMA else "#FFFFFF"


def _luma(colour: str) -> float:
    """Return how light a colour looks, 0..1 (the weights of Rec. 709)."""
    red, green, blue = _rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> tuple[float, float, float]:
    """Return red, green and blue of a hex colour in 0..1."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5))
    return red, green, blue


def _shifted(colour: str, share: float) -> str:
    """Return a hex colour moved by a share of the way to white (above 0) or black (below 0)."""
    end = 1.0 if share > 0.0 else 0.0
    mixed = (part + (end - part) * abs(share) for part in _rgb(colour))
    return "#" + "".join(f"{round(part * 255.0):02X}" for part in mixed)


# ---------------------------------------------------------------------- words


def volume_tick(value: float, position: int | None = None) -> str:
    """Return a volume as ticks write it.

    Examples
    --------
    >>> volume_tick(1e7), volume_tick(1e9)
    ('10M', '1B')
    """
    return format_count(value)


def usd_tick(value: float, position: int | None = None) -> str:
    """Return money as ticks write it.

    Examples
    --------
    >>> usd_tick(5_000), usd_tick(0.05)
    ('$5k', '$0.05')
    """
    return f"${format_count(value, digits=2 if value >= 1_000.0 else 3)}"


def share_tick(value: float, position: int | None = None) -> str:
    """Return a share as ticks write it.

    Examples
    --------
    >>> share_tick(0.25), share_tick(0.025)
    ('25%', '2.5%')
    """
    return f"{format_count(value * 100.0)}%"


def wrapped(text: str, *, width_inches: float, size: float, bold: bool = False) -> str:
    """Return text broken between words into lines that fit a width.

    Parameters
    ----------
    text : str
        Paragraphs divided by newlines.
    width_inches : float
        Room for a line. [inches]
    size : float
        Font size. [points]
    bold : bool
        Whether it is written in bold.
    """
    space = text_inches("i i", size=size, bold=bold) - text_inches("ii", size=size, bold=bold)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, taken = "", 0.0
        for word in paragraph.split():
            wide = text_inches(word, size=size, bold=bold)
            if line and taken + space + wide > width_inches:
                lines.append(line)
                line, taken = word, wide
            else:
                line, taken = f"{line} {word}".lstrip(), taken + wide + (space if line else 0.0)
        lines.append(line)
    return "\n".join(lines)


def text_inches(text: str, *, size: float, bold: bool = False) -> float:
    """Return the width of a line of text in the font of the charts. [inches]"""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=size, weight="bold" if bold else "normal")
    points = float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])
    return points * _HINTING_RATIO / _POINTS_PER_INCH


def shortened(label: str) -> str:
    """Return a label that fits beside a line: its beginning, if it is very long."""
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def size_for(width_inches: float, size: float, *, full_width_inches: float = _FULL_WIDTH_INCHES) -> float:
    """Return a font size for a width: the full size from some width on, a little less in narrow charts. [points]"""
    return size * min(max(width_inches / full_width_inches, _LEAST_SIZE_RATIO), 1.0)
