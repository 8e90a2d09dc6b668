"""Permits hold for calendar years of the schedule; lines summed by a date may pass them, which is said."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

from demilsim.planning.draft import Piece
from demilsim.planning.expected import ExpectedWork
from demilsim.planning.stays import Basis
from demilsim.reporting.permit_views import permit_reading
from demilsim.reporting.reading import read_results
from demilsim.reporting.records import StoredResults
from demilsim.reporting.schedule import BY_PERIOD, BY_PERIOD_COLUMNS, by_period_text
from reporting.conftest import EditSummary
from reporting.facts import with_facts
from worlds import lot, one_lot

KEPT = "In no calendar year is more planned at a facility than its permit allows."


def with_permit(results: StoredResults, permit_t: float | None, planned_t: float) -> StoredResults:
    """Return results of one facility that has so much planned in its first period, and a line of 100 t."""
    assert results.schedule is not None
    own = results.schedule.facilities[0]
    series = (planned_t, *(0.0 for _ in own.planned_t[1:]))
    row = own.model_copy(update={"permit_t_per_year": permit_t, "planned_t": series})
    facts = results.schedule.model_copy(update={"facilities": (row,), "basis": "implied"})
    planned = dt.date(facts.starts[0].year, 3, 1)
    line = replace(results.lines[0], facility_id=own.facility_id, tonnes=100.0, planned=planned)
    return replace(results, schedule=facts, lines=(line,))


def test_the_report_checks_permits(folder: Path, edit: EditSummary) -> None:
    """Work and lines within a permit, lines beyond it, both beyond it, and no permit at all."""
    edit(with_facts)
    results = read_results(folder)
    assert results.schedule is not None
    name, year = results.schedule.facilities[0].name, results.schedule.starts[0].year
    assert permit_reading(with_permit(results, 100.0, 100.0)) == (KEPT,)
    kept, lines = permit_reading(with_permit(results, 90.0, 90.0))
    assert kept == KEPT
    assert lines.startswith(
        f"Lines of plan.csv summed by planned_from come to more: {name}, 100 t in {year} where 90.0 t are "
        "allowed."
    )
    assert lines.endswith(f"For permits sum {BY_PERIOD}.")
    over, _ = permit_reading(with_permit(results, 90.0, 95.0))
    assert over == (
        f"More is planned in a calendar year than a permit allows: {name}, 95.0 t in {year} where 90.0 t are "
        "allowed."
    )
    assert permit_reading(with_permit(results, None, 100.0)) == ()


def test_tonnes_by_period_are_those_that_are_expected() -> None:
    """A lot that comes with one chance in two counts half; periods without work have no row."""
    scenario = one_lot(lots=[lot("L1"), lot("L2", arrives="2026-06-15", arrival_probability=0.5)])
    pieces = (Piece(0, 0, 0, 40.0), Piece(1, 0, 2, 10.0), Piece(0, 0, 2, 1.0))
    text = by_period_text(scenario, ExpectedWork(Basis.DECIDED, pieces, ()))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == BY_PERIOD_COLUMNS
    assert [(row["year"], row["period"], float(row["planned_t"])) for row in rows] == [
        ("2026", "0", 40.0),
        ("2026", "2", 6.0),
    ]
