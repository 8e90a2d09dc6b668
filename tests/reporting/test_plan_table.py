"""``plan.csv``: the day before which a line does not begin, and the one from which it is planned."""

from __future__ import annotations

import csv
import io

from demilsim.plan import Commissioning
from demilsim.planning.expected import ExpectedWork
from demilsim.planning.stays import Basis
from demilsim.reporting.plan_table import PLAN_COLUMNS, plan_text
from stories import line, plan
from worlds import facility, lot, one_lot, rate

DATES = ("not_before", "planned_period", "planned_from")


def test_dates_are_days_on_which_the_facility_is_open_and_all_is_there() -> None:
    """A closed season, a lot that is to come and a plant that is to be built move both dates."""
    scenario = one_lot(
        lots=[lot("L1"), lot("L2", arrives="2026-06-15", arrival_probability=1.0)],
        facilities=[
            facility("F1", open_months="4-10"),
            facility("F2", status="possible", capital_cost_usd=1.0, lead_time_days=100.0),
        ],
        facility_rates=[rate("F1"), rate("F2")],
    )
    story = plan(
        line("L1", 1.0, 0),
        line("L1", 1.0, 3),
        line("L2", 1.0, 0),
        line("L1", 1.0, 0, "F2"),
        commissionings=(Commissioning("F2", 1),),
    )
    text = plan_text(scenario, story, ExpectedWork(Basis.IMPLIED, (), (1, None, 2, 3)))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == PLAN_COLUMNS
    assert [tuple(row[name] for name in DATES) for row in rows] == [
        ("2026-04-01", "1", "2026-04-01"),
        ("2026-10-01", "", ""),
        ("2026-06-15", "2", "2026-07-01"),
        ("2026-07-10", "3", "2026-10-01"),
    ]
