"""Regions on a map of longitude and latitude, sized by harm: before, and in each year of the plan.

Nothing is fetched: the map is a graticule. Places are those of the stored facts, means of at least three
sites rounded to half a degree. Without the page's script it shows the first year and the last.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from demilsim.reporting.drawing import WIDTH, DrawnFigure, circle, drawing, line, number, words
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.over_time_records import OverTimeFacts, RegionYears
from demilsim.reporting.policy_records import DO_NOTHING
from demilsim.reporting.records import StoredResults
from demilsim.reporting.schedule_views import WITHOUT
from demilsim.reporting.wording import figure, label, sentence, the_plan

NAME, TITLE = "map", "Where the harm is, year by year"
UNIT = "expected deaths per year"
ABSENT_FACTS = f"No map: no places of regions that may be shown are stored here; {WITHOUT}."

TOP, BOTTOM, LEFT = 30.0, 74.0, 46.0
TALLEST, WIDEST = 400.0, WIDTH - LEFT - 10
LARGEST = 44.0
"""Radius of the largest circle."""

MARGIN_DEG = 2.5
"""Around the outermost regions."""

STEPS_DEG = (1, 2, 5, 10, 20, 30, 60)
MOST_LINES = 6
LETTER, NAME_ROW = 6.6, 14.0
"""Width of a letter of a name, about, and height of its row."""

DOT = 1.6
KEY_SHARE = 2.5
"""The circle of the key has at most this part of the largest circle's area."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A window on the globe, longitudes shortened by the cosine of its middle latitude."""

    west: float
    east: float
    south: float
    north: float

    @property
    def scale(self) -> float:
        """Drawing units for each degree of latitude."""
        across = WIDEST / ((self.east - self.west) * self.shrink)
        return min(across, TALLEST / (self.north - self.south))

    @property
    def shrink(self) -> float:
        """Length of a degree of longitude against one of latitude."""
        return max(math.cos(math.radians((self.south + self.north) / 2)), 0.1)

    @property
    def height(self) -> float:
        """Of the map."""
        return (self.north - self.south) * self.scale

    def x(self, longitude: float) -> float:
        """Return the place of a longitude."""
        return LEFT + (longitude - self.west) * self.shrink * self.scale

    def y(self, latitude: float) -> float:
        """Return the place of a latitude."""
        return TOP + (self.north - latitude) * self.scale


def frame_of(regions: Sequence[RegionYears]) -> Frame:
    """Return a window around regions, not much higher than wide."""
    west = min(row.longitude_deg for row in regions) - MARGIN_DEG
    east = max(row.longitude_deg for row in regions) + MARGIN_DEG
    south = max(min(row.latitude_deg for row in regions) - MARGIN_DEG, -89.0)
    north = min(max(row.latitude_deg for row in regions) + MARGIN_DEG, 89.0)
    own = Frame(west, east, south, north)
    # a map that is high and narrow gets more land on both sides
    more = max((north - south) * WIDEST / TALLEST / own.shrink - (east - west), 0.0) / 2
    return Frame(west - more, east + more, south, north)


def yearly(deaths: Sequence[float], results: StoredResults, years: Sequence[int]) -> tuple[float, ...]:
    """Return deaths of calendar years as rates: the first and the last may be cut by the horizon [1/yr]."""
    covered = (_covered(year, results.scenario.start, results.scenario.end) for year in years)
    return tuple(value / part if part > 0 else 0.0 for value, part in zip(deaths, covered, strict=True))


def _covered(year: int, start: dt.date, end: dt.date) -> float:
    """Return the share of a calendar year that lies within the horizon [1]."""
    first, last = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
    return (min(end, last) - max(start, first)) / (last - first)


def region_map(results: StoredResults) -> DrawnFigure | None:
    """Return the map; None where no place of a region is stored that the audience may see.

    Parameters
    ----------
    results
        Results as the audience may see them.
    """
    facts = results.over_time
    if facts is None or not facts.regions:
        return None
    frame = frame_of(facts.regions)
    most = max(max(_before(row, results, facts), *_after(row, results, facts)) for row in facts.regions)
    marks = [*_graticule(frame), *_circles(results, facts, frame, most)]
    marks += _key(results, facts, TOP + frame.height + 36, most)
    caption = _caption(results, facts)
    alt = f"Map with a circle for each region, its area the {UNIT}. {caption}"
    data = f' data-years="{" ".join(map(str, facts.years))}" data-unit="{UNIT}"'
    height = TOP + frame.height + BOTTOM
    svg = drawing(TITLE, alt, height, marks, results.scenario.synthetic, data)
    return DrawnFigure(NAME, TITLE, caption, alt, svg)


def _after(row: RegionYears, results: StoredResults, facts: OverTimeFacts) -> tuple[float, ...]:
    """Return a region's harm in each year under the plan [1/yr]."""
    return yearly(row.deaths, results, facts.years)


def _nothing(row: RegionYears, results: StoredResults, facts: OverTimeFacts) -> tuple[float, ...]:
    """Return a region's harm in each year if nothing is destroyed, else under the plan [1/yr]."""
    return yearly(row.deaths_do_nothing or row.deaths, results, facts.years)


def _before(row: RegionYears, results: StoredResults, facts: OverTimeFacts) -> float:
    """Return a region's harm in the first year if nothing is destroyed [1/yr]."""
    return _nothing(row, results, facts)[0]


def _step(width: float) -> int:
    """Return the degrees between lines of the graticule."""
    return next((step for step in STEPS_DEG if width / step <= MOST_LINES), STEPS_DEG[-1])


def _graticule(frame: Frame) -> list[str]:
    """Return the lines of round longitudes and latitudes, each with its name."""
    marks = []
    step = _step(frame.east - frame.west)
    bottom = TOP + frame.height
    for degrees in range(math.ceil(frame.west / step) * step, math.floor(frame.east) + 1, step):
        x = frame.x(degrees)
        marks += [line(x, TOP, x, bottom), words(x, bottom + 14, _degrees(degrees, "EW"), "quiet", "middle")]
    step = _step(frame.north - frame.south)
    for degrees in range(math.ceil(frame.south / step) * step, math.floor(frame.north) + 1, step):
        y = frame.y(degrees)
        name = words(LEFT - 6, y + 4, _degrees(degrees, "NS"), "quiet", "end")
        marks += [line(LEFT, y, frame.x(frame.east), y), name]
    return marks


def _degrees(degrees: int, names: str) -> str:
    return f"{abs(degrees)}°" + (f" {names[degrees < 0]}" if degrees else "")


def _circles(results: StoredResults, facts: OverTimeFacts, frame: Frame, most: float) -> list[str]:
    """Return a dashed circle for the start and a filled one for the years, for each region, and its name."""
    marks: list[str] = []
    named: list[tuple[float, float, float]] = []
    for row in facts.regions:
        x, y = frame.x(row.longitude_deg), frame.y(row.latitude_deg)
        before, after = _before(row, results, facts), _after(row, results, facts)
        data = (
            f' data-name="{escape(row.region)}"'
            f' data-radii="{" ".join(number(_radius(value, most)) for value in after)}"'
            f' data-values="{" ".join(figure(value) for value in after)}"'
        )
        told = f"{row.region}, {facts.years[-1]}: {figure(after[-1])} {UNIT}"
        first = f"{row.region}, {facts.years[0]}, {_baseline(facts)}: {figure(before)} {UNIT}"
        marks.append(circle(x, y, _radius(before, most), "before", first))
        marks.append(circle(x, y, _radius(after[-1], most), "after", told, data))
        marks.append(circle(x, y, DOT, ""))
        reach = _radius(max(before, *after), most) + 5
        marks.append(_name(f"{row.region} ({row.sites} sites)", x, y + 4, reach, named))
    return marks


def _name(text: str, x: float, y: float, reach: float, named: list[tuple[float, float, float]]) -> str:
    """Return a region's name beside its circle, below names that would lie under it; `named` learns of it."""
    wide = LETTER * len(text)
    right = x + reach + wide < WIDTH
    left = x + reach if right else x - reach - wide
    while any(
        abs(y - other) < NAME_ROW and left < end and begin < left + wide for begin, end, other in named
    ):
        y += 1
    named.append((left, left + wide, y))
    return words(x + reach if right else x - reach, y, text, "over", "start" if right else "end")


def _radius(value: float, most: float) -> float:
    """Return the radius whose circle has an area proportional to a value."""
    return LARGEST * math.sqrt(max(value, 0.0) / most) if most > 0 else 0.0


def _baseline(facts: OverTimeFacts) -> str:
    stored = all(row.deaths_do_nothing for row in facts.regions)
    return "if nothing is destroyed" if stored else "under the plan"


def _key(results: StoredResults, facts: OverTimeFacts, y: float, most: float) -> list[str]:
    """Return what the circles mean, and how large one of a round number is."""
    last = facts.years[-1]
    shown = 10.0 ** math.floor(math.log10(most / KEY_SHARE)) if most > 0 else 0.0
    x, radius = WIDTH - 260.0, _radius(shown, most)
    return [
        circle(LEFT + 8, y + 2, 7, "before"),
        words(LEFT + 22, y + 6, f"{facts.years[0]}, {_baseline(facts)}", "quiet"),
        circle(LEFT + 8, y + 24, 7, "after"),
        f'<text class="quiet" x="{number(LEFT + 22)}" y="{number(y + 28)}" fill="#5b636b">'
        f'<tspan data-shown-year="">{last}</tspan>, {escape(the_plan(results.shown))}</text>',
        circle(x, y + 12, radius, "before"),
        words(x + radius + 8, y + 10, f"{figure(shown, 1)} {UNIT}", "quiet"),
        words(x + radius + 8, y + 26, "area in proportion", "quiet"),
    ]


def _caption(results: StoredResults, facts: OverTimeFacts) -> str:
    """Return what the map shows, in a sentence."""
    worst = max(facts.regions, key=lambda row: _before(row, results, facts))
    before = sum(_before(row, results, facts) for row in facts.regions)
    after = sum(_after(row, results, facts)[-1] for row in facts.regions)
    nothing = sum(_nothing(row, results, facts)[-1] for row in facts.regions)
    said = (
        f"{worst.region} has most of the harm in storage in {facts.years[0]}, "
        f"{figure(_before(worst, results, facts))} of {figure(before)} {UNIT}; under "
        f"{the_plan(results.shown)} all regions together come to {figure(after)} in {facts.years[-1]}"
    )
    if results.shown.name != DO_NOTHING and all(row.deaths_do_nothing for row in facts.regions):
        said += f", against {figure(nothing)} if nothing is destroyed"
    return (
        f"{said}. Places are means of a region's sites, rounded to half a degree; numbers are means of "
        f"{facts.regions_replications} replications."
    )


def map_table(results: StoredResults) -> Table:
    """Return the harm of each region in each year, under the plan and if nothing is destroyed."""
    facts = results.over_time
    lead = (Column("Region", wide=True), Column("Policy", wide=True))
    caption = f"Harm in storage by region and calendar year, {UNIT}, mean"
    if facts is None or not facts.regions:
        return Table(caption, lead, (), ABSENT_FACTS)
    rows = []
    for row in facts.regions:
        series = [(sentence(label(results.shown.name)), _after(row, results, facts), True)]
        if row.deaths_do_nothing:
            series.insert(0, (sentence(label(DO_NOTHING)), _nothing(row, results, facts), False))
        rows += [Row((row.region, name, *map(figure, values)), strong) for name, values, strong in series]
    columns = (*lead, *(Column(str(year)) for year in facts.years))
    return Table(caption, columns, tuple(rows), ABSENT_FACTS)
