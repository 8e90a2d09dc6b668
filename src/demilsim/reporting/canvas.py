"""How a figure looks and how it becomes SVG text: the only module that touches matplotlib's settings.

matplotlib is imported inside functions: it is heavy, and most commands draw nothing.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from demilsim.reporting.wording import MOST_DECIMALS, fixed
from demilsim.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

INK, MUTED, FAINT, MARK = "#1f2328", "#5b636b", "#e4e7ea", "#b3261e"

# Okabe and Ito (2008), Color Universal Design; its yellow is too pale for a line on white.
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE, GREY = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
    "#8A8A8A",
)

WIDTH_IN, HEIGHT_IN = 8.4, 4.3
"""Size of a figure [inch]; height of a time series."""

SETTINGS: dict[Any, Any] = {
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "demilsim",
    "text.color": INK,
    # a dollar sign in a name is a dollar sign
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}

MEASURED_FONT = "'DejaVu Sans'"
SHOWN_FONTS = "Arial, 'Liberation Sans', Helvetica, 'DejaVu Sans', sans-serif"
"""Fonts of the reader's machine, all narrower than the one with which the layout was measured."""

LABEL_GAP = 0.062
"""Least distance between two labels at the end of lines, as a share of the axes' height."""


@contextmanager
def settings() -> Iterator[None]:
    """Draw with our settings and nobody else's; restore theirs afterwards."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        # the reader's fonts draw the text, so a glyph that the measuring font lacks does not matter
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def new_figure(title: str, unit: str, synthetic: bool, height_in: float = HEIGHT_IN) -> tuple[Figure, Axes]:
    """Return an empty figure with its title and what its main axis measures above it.

    Parameters
    ----------
    title, unit
        First and second line in the corner.
    synthetic
        Whether to mark it as drawn from invented data.
    height_in
        Height [inch].
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height_in), facecolor="white")
    axes = figure.add_axes((0.08, 0.45 / height_in, 0.74, 1 - 1.2 / height_in))
    figure.text(0.012, 1 - 0.15 / height_in, title, va="top", fontsize=11, fontweight="bold")
    figure.text(0.012, 1 - 0.4 / height_in, unit, va="top", color=MUTED)
    if synthetic:
        corner = 1 - 0.15 / height_in
        figure.text(0.988, corner, "SYNTHETIC", ha="right", va="top", color=MARK, fontweight="bold")
    axes.tick_params(length=3, width=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def svg_text(figure: Figure, title: str, description: str) -> str:
    """Return a figure as SVG: same bytes for same content, named for those who cannot see it.

    Date, program and doctype are left out; title and description are in, escaped.
    """
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    text = buffer.getvalue()
    text = re.sub(r"<!DOCTYPE.*?>\s*", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    text = re.sub(rf"(font-family: |px ){MEASURED_FONT}", rf"\1{SHOWN_FONTS}", text)
    named = f"<title>{escape(title)}</title>\n <desc>{escape(description)}</desc>\n"
    return re.sub(r"<svg ([^>]*)>\n", lambda found: f'<svg role="img" {found[1]}>\n {named}', text, count=1)


def decimal_year(date: dt.date) -> float:
    """Return a date as a year with its fraction, for an axis."""
    return date.year + (date - dt.date(date.year, 1, 1)).days / DAYS_PER_YEAR


def number_axis(which: Axis, integer: bool = False, separators: bool = True) -> None:
    """Give an axis with final limits few ticks, spelled alike; years go without separators."""
    from matplotlib.ticker import MaxNLocator

    low, high = which.get_view_interval()
    slack = (high - low) * 1e-9
    ticks = [
        float(tick)
        for tick in MaxNLocator(nbins=7, integer=integer).tick_values(low, high)
        if low - slack <= tick <= high + slack
    ]
    decimals = (
        max(len(f"{tick:.{MOST_DECIMALS}f}".rstrip("0").partition(".")[2]) for tick in ticks) if ticks else 0
    )
    which.set_ticks(ticks, [fixed(tick, decimals) if separators else f"{tick:.0f}" for tick in ticks])


def year_axes(axes: Axes, first: float, last: float) -> None:
    """Let axes go from a year to a year and from 0 up, with few ticks and faint lines across."""
    axes.set_xlim(first, last)
    axes.set_ylim(0, axes.get_ylim()[1] or 1)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_xlabel("year")
    number_axis(axes.xaxis, integer=True, separators=False)
    number_axis(axes.yaxis)


def spread_out(wanted: Sequence[float], gap: float = LABEL_GAP) -> list[float]:
    """Return places near the wanted ones, at least `gap` apart and, if there is room, within 0 to 1.

    Parameters
    ----------
    wanted
        Places as shares of the axes' height, in any order.
    gap
        Least distance.
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    places = list(wanted)
    floor = -gap
    for i in order:
        places[i] = max(wanted[i], floor + gap)
        floor = places[i]
    ceiling = 1.0 + gap
    for i in reversed(order):
        places[i] = min(places[i], ceiling - gap)
        ceiling = places[i]
    return places


def label_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str, bool]]) -> None:
    """Write each line's name beside its end, moved apart and tied to it by a thin line.

    Parameters
    ----------
    axes
        Axes whose limits are final.
    ends
        (x, y, name, colour, bold) of each line.
    """
    bottom, top = axes.get_ylim()
    right = axes.get_xlim()[1]
    places = spread_out([(y - bottom) / (top - bottom) for _, y, *_ in ends])
    for (x, y, name, colour, bold), place in zip(ends, places, strict=True):
        across = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))
        axes.plot(
            [across[0] + 0.004, 1.018, 1.03],
            [across[1], place, place],
            transform=axes.transAxes,
            color=colour,
            linewidth=0.9,
            clip_on=False,
            scalex=False,
            scaley=False,
        )
        weight = "bold" if bold else "normal"
        axes.text(1.036, place, name, transform=axes.transAxes, va="center", fontsize=8.5, fontweight=weight)
    axes.set_xlim(right=right)
    axes.set_ylim(bottom, top)
