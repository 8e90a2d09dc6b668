"""Rows of bars along calendar time: the form of the schedule, of finishing dates and of facility loads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demilsim.reporting.drawing import WIDTH, box, diamond, line, words
from demilsim.reporting.wording import shortened

LEFT, RIGHT = 214.0, 128.0
"""Room for labels on the left, and for a sum on the right."""

ROW, GAP = 26.0, 4.0
TOP = 40.0
LONGEST_LABEL = 35
"""Characters that fit in `LEFT`."""

LEAST_TICK = 34.0
"""Room that the number of a year needs."""

LEAST_BAR = 0.8
WIDE_STEP = 8.0
"""Width of a column from which on bars stand apart."""


@dataclass(frozen=True, slots=True)
class Span:
    """Time from one place on the axis to another, in columns, with what is said of it."""

    begin: float
    end: float
    told: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A row.

    Parameters
    ----------
    label
        What stands on the left.
    values
        Height of each column, as a share of the row [1].
    told
        What is said of each column under the pointer.
    levels
        Share of the row at which a short line is drawn, for each column; empty for none.
    numbers
        Text in each column; empty for none.
    sum
        What stands on the right.
    leads
        Times of waiting, drawn dashed with a diamond at their beginning.
    last
        Look of the last column.
    """

    label: str
    values: tuple[float, ...]
    told: tuple[str, ...]
    levels: tuple[float, ...] = ()
    numbers: tuple[str, ...] = ()
    sum: str = ""
    leads: tuple[Span, ...] = ()
    last: str = "work"


@dataclass(frozen=True, slots=True)
class Block:
    """Rows under a heading, which also says what their height means."""

    heading: str
    strips: tuple[Strip, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis: its columns, and the names of some of them, each under its column's beginning or middle."""

    columns: int
    names: tuple[tuple[int, str], ...]
    centred: bool

    @property
    def step(self) -> float:
        """Width of a column."""
        return (WIDTH - LEFT - RIGHT) / self.columns

    def at(self, column: float) -> float:
        """Return the place of a column's beginning."""
        return LEFT + column * self.step


def draw_strips(
    blocks: Sequence[Block], scale: Scale, key: Sequence[tuple[str, str]]
) -> tuple[list[str], float]:
    """Return marks and height of rows of bars.

    Parameters
    ----------
    blocks
        From top to bottom; those without rows are left out.
    scale
        The axis, named above and below.
    key
        Look and meaning of what is drawn.
    """
    marks: list[str] = []
    y = TOP
    for block in (block for block in blocks if block.strips):
        marks.append(words(0, y, block.heading, "loud"))
        y += 8
        top = y
        body = []
        for strip in block.strips:
            body += _row(strip, scale, y)
            y += ROW
        marks += [*_grid(scale, top, y), *body]
        y += 38
    marks += _key(key, y - 4)
    return marks, y + 8


def _grid(scale: Scale, top: float, bottom: float) -> list[str]:
    """Return the lines of the axis, and numbers under them as far as there is room."""
    marks, free = [line(LEFT, bottom, WIDTH - RIGHT, bottom)], float(WIDTH)
    for column, name in reversed(scale.names):
        x = scale.at(column)
        marks.append(line(x, top, x, bottom))
        if free - x >= LEAST_TICK:
            where = x + scale.step / 2 if scale.centred else x
            marks.append(words(where, bottom + 13, name, "quiet", "middle" if scale.centred else "start"))
            free = x
    return [*marks, words(WIDTH - RIGHT + 6, bottom + 13, "calendar year", "quiet")]


def _row(strip: Strip, scale: Scale, y: float) -> list[str]:
    """Return the marks of one row, whose lower edge is a row's height below `y`."""
    middle, tall = y + ROW / 2 + 4, ROW - GAP
    marks = [words(0, middle, shortened(strip.label, LONGEST_LABEL)), *_bars(strip, scale, y + ROW)]
    for lead in strip.leads:
        begin, end = scale.at(lead.begin), scale.at(min(lead.end, scale.columns))
        if end > begin:
            marks.append(box(begin, y + GAP + 4, end - begin, tall - 8, "lead", lead.told))
        marks.append(diamond(begin, y + GAP + tall / 2, 5, "order", lead.told))
    if strip.sum:
        marks.append(words(WIDTH - RIGHT + 6, middle, strip.sum, "quiet"))
    return marks


def _bars(strip: Strip, scale: Scale, floor: float) -> list[str]:
    """Return the bars of a row, which stand on `floor`, their levels and numbers."""
    tall, last = ROW - GAP, len(strip.values) - 1
    slim = min(0.12 * scale.step, 2.0) if scale.step > WIDE_STEP else 0.0
    wide, marks = scale.step - 2 * slim, []
    for i, (value, told) in enumerate(zip(strip.values, strip.told, strict=True)):
        x = scale.at(i) + slim
        if value > 0:
            height = max(value * tall, LEAST_BAR)
            look = strip.last if i == last else "work"
            marks.append(box(x, floor - height, wide, height, look, told))
        if strip.levels and strip.levels[i] > 0:
            level = floor - strip.levels[i] * tall
            marks.append(line(x, level, x + wide, level, "level"))
        if strip.numbers and strip.numbers[i]:
            marks.append(words(x + wide / 2, floor - 4, strip.numbers[i], "over", "middle"))
    return marks


def _key(key: Sequence[tuple[str, str]], y: float) -> list[str]:
    """Return what each look means, in one line."""
    marks, x = [], 0.0
    for look, meaning in key:
        if look == "order":
            marks.append(diamond(x + 6, y - 4, 5, look))
        elif look == "level":
            marks.append(line(x, y - 4, x + 12, y - 4, look))
        else:
            marks.append(box(x, y - 9, 12, 10, look))
        marks.append(words(x + 18, y, meaning, "quiet"))
        x += 18 + 6.2 * len(meaning) + 16
    return marks
