"""SVG that stands in the page itself: it follows the page's colours, and tells values under the pointer.

Every mark has a class for the page's style sheet and, for the file beside the page, attributes that look
alike on white.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from demilsim.reporting.canvas import BLUE, INK, MARK, MUTED, ORANGE, PURPLE

LINE = "#d5d9dd"
WIDTH = 760
"""Width of a drawing in its own units; a line of text is 12 of them high."""

LOOKS = {
    "": f'fill="{INK}"',
    "quiet": f'fill="{MUTED}"',
    "loud": f'fill="{INK}" font-weight="bold"',
    "warn": f'fill="{MARK}" font-weight="bold"',
    "over": f'fill="{INK}" stroke="#ffffff" stroke-width="2.5" paint-order="stroke"',
    "rule": f'stroke="{LINE}" stroke-width="1"',
    "level": f'stroke="{INK}" stroke-width="1.5"',
    "frame": f'fill="none" stroke="{LINE}"',
    "work": f'fill="{BLUE}"',
    "late": f'fill="none" stroke="{MUTED}" stroke-width="1.2" stroke-dasharray="3 2"',
    "lead": f'fill="none" stroke="{MARK}" stroke-width="1.2" stroke-dasharray="4 3"',
    "order": f'fill="{MARK}"',
    "before": f'fill="none" stroke="{MUTED}" stroke-width="1.5" stroke-dasharray="4 3"',
    "after": f'fill="{BLUE}" fill-opacity="0.75" stroke="{INK}" stroke-width="0.8"',
    "total": f'fill="{MUTED}"',
    "fewer": f'fill="{BLUE}"',
    "more": f'fill="{MARK}"',
    "part0": f'fill="{BLUE}"',
    "part1": 'fill="#b9bfc5"',
    "part2": f'fill="{ORANGE}"',
    "part3": 'fill="#5d4a8c"',
    "part4": f'fill="{PURPLE}"',
    "part5": 'fill="#00664a"',
    "part6": 'fill="#7fc4e8"',
    "part7": 'fill="#a8480a"',
}
"""How each class looks on white."""


@dataclass(frozen=True, slots=True)
class DrawnFigure:
    """A figure as SVG text.

    Parameters
    ----------
    name
        File name without ending.
    title, caption, alt
        Heading, sentence under it, and words in its place.
    svg
        SVG document; same bytes for same results.
    """

    name: str
    title: str
    caption: str
    alt: str
    svg: str


def drawn(
    name: str, title: str, form: str, caption: str, height: float, marks: Sequence[str], synthetic: bool
) -> DrawnFigure:
    """Return a drawing as a figure, whose words for those who cannot see it say its form and its caption."""
    alt = f"{form}. {caption}"
    return DrawnFigure(name, title, caption, alt, drawing(title, alt, height, marks, synthetic))


def number(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def words(x: float, y: float, text: str, look: str = "", anchor: str = "start") -> str:
    """Return a line of text, its baseline beginning, centred or ending at a point."""
    return (
        f'<text class="{look}" x="{number(x)}" y="{number(y)}" text-anchor="{anchor}" {LOOKS[look]}>'
        f"{escape(text)}</text>"
    )


def box(x: float, y: float, width: float, height: float, look: str, told: str = "") -> str:
    """Return a rectangle; `told` is shown under the pointer."""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect class="{look}" {place} {LOOKS[look]}{_told("rect", told)}'


def line(x1: float, y1: float, x2: float, y2: float, look: str = "rule") -> str:
    """Return a straight line."""
    ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
    return f'<line class="{look}" {ends} {LOOKS[look]}/>'


def circle(x: float, y: float, radius: float, look: str, told: str = "", data: str = "") -> str:
    """Return a circle; `data` are attributes, escaped already."""
    place = f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
    return f'<circle class="{look}" {place} {LOOKS[look]}{data}{_told("circle", told)}'


def diamond(x: float, y: float, reach: float, look: str, told: str = "") -> str:
    """Return a diamond about a point."""
    corners = ((x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y))
    points = " ".join(f"{number(across)},{number(down)}" for across, down in corners)
    return f'<polygon class="{look}" points="{points}" {LOOKS[look]}{_told("polygon", told)}'


def _told(tag: str, told: str) -> str:
    return f"><title>{escape(told)}</title></{tag}>" if told else "/>"


def drawing(name: str, alt: str, height: float, marks: Sequence[str], synthetic: bool, data: str = "") -> str:
    """Return a drawing as one SVG element, named for those who cannot see it.

    Parameters
    ----------
    name, alt
        Name of the figure, and words in its place.
    height
        In the drawing's units; it is `WIDTH` wide.
    marks
        What is on it, from the back to the front.
    synthetic
        Whether to mark it as drawn from invented data, in the upper right corner.
    data
        Further attributes, escaped already.
    """
    corner = [words(WIDTH - 4, 14, "SYNTHETIC", "warn", "end")] if synthetic else []
    inside = "\n".join((*marks, *corner))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(f"{name}. {alt}")}" '
        f'viewBox="0 0 {WIDTH} {number(height)}" '
        f'font-family="Arial, Helvetica, sans-serif" font-size="12"{data}>\n{inside}\n</svg>'
    )
