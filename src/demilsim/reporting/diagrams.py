"""The figures that stand in the page as SVG of its own, with what is said where one of them is absent."""

from __future__ import annotations

from demilsim.reporting import finishing_views, load_views, region_map, schedule_views, waterfall_views
from demilsim.reporting.delay_views import delay_figure
from demilsim.reporting.disclosure import Audience
from demilsim.reporting.drawing import DrawnFigure
from demilsim.reporting.finishing_views import finishing_figure
from demilsim.reporting.grid import Table
from demilsim.reporting.load_views import load_figure
from demilsim.reporting.over_time_views import money_table
from demilsim.reporting.records import StoredResults
from demilsim.reporting.schedule_views import schedule_figure
from demilsim.reporting.series_table import series_tables
from demilsim.reporting.waterfall_views import waterfall_figure


def draw_diagrams(results: StoredResults, audience: Audience) -> tuple[DrawnFigure, ...]:
    """Return every figure of the page's own for which there are numbers.

    Parameters
    ----------
    results
        Results as the audience may see them (`disclosure.for_audience`).
    audience
        Who will read it.
    """
    figures = (
        waterfall_figure(results),
        schedule_figure(results, audience),
        region_map.region_map(results),
        finishing_figure(results),
        load_figure(results),
        delay_figure(results),
    )
    return tuple(figure for figure in figures if figure)


def numbers_behind(results: StoredResults, audience: Audience) -> dict[str, Table]:
    """Return the tables that say the same as figures, by the figure's name."""
    return {
        waterfall_views.NAME: waterfall_views.waterfall_table(results),
        schedule_views.NAME: schedule_views.schedule_table(results, audience),
        region_map.NAME: region_map.map_table(results),
        finishing_views.NAME: finishing_views.finishing_table(results),
        load_views.NAME: load_views.load_table(results),
        "tranches": money_table(results.over_time, results.shown.name, results.scenario.price_year),
        **series_tables(results),
    }


def absences(results: StoredResults) -> dict[str, str]:
    """Return what stands in the place of a figure for which there is nothing to draw, by its name."""
    there = results.schedule is not None
    return {
        schedule_views.NAME: "Nothing is planned." if there else schedule_views.ABSENT_FACTS,
        region_map.NAME: region_map.ABSENT_FACTS,
        finishing_views.NAME: finishing_views.ABSENT_FACTS,
        load_views.NAME: "No facility could work." if there else load_views.ABSENT_LOAD,
    }
