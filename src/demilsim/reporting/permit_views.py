"""Whether the plan keeps permits, and which file says so: lines summed by a date need not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from demilsim.reporting.records import StoredResults
from demilsim.reporting.schedule import BY_PERIOD
from demilsim.reporting.schedule_records import FacilitySchedule
from demilsim.reporting.wording import figure

ROUNDING_T = 1e-3
"""More than a permit by less is rounding of sums [t]."""

Year = tuple[str, int]
"""Facility and calendar year."""


def permit_reading(results: StoredResults) -> tuple[str, ...]:
    """Return whether planned work keeps permits, and where lines summed by their planned date would not.

    Nothing where no permit is stored, as in older results.
    """
    facts = results.schedule
    limited = [row for row in facts.facilities if row.permit_t_per_year] if facts else []
    if facts is None or facts.basis is None or not limited:
        return ()
    years = [start.year for start in facts.starts]
    planned: dict[Year, float] = defaultdict(float)
    for row in limited:
        for year, tonnes in zip(years, row.planned_t, strict=True):
            planned[row.facility_id, year] += tonnes
    by_lines: dict[Year, float] = defaultdict(float)
    for line in results.lines:
        if line.planned:
            by_lines[line.facility_id, line.planned.year] += line.tonnes
    said = [_kept(limited, planned)]
    over = _over(limited, by_lines)
    if over:
        said.append(
            f"Lines of plan.csv summed by planned_from come to more: {over}. A line may take several periods "
            "and stands there where its work begins, and one of a lot that may not come stands whole. For "
            f"permits sum {BY_PERIOD}."
        )
    return tuple(said)


def _kept(limited: list[FacilitySchedule], planned: Mapping[Year, float]) -> str:
    over = _over(limited, planned)
    if over:
        return f"More is planned in a calendar year than a permit allows: {over}."
    return "In no calendar year is more planned at a facility than its permit allows."


def _over(limited: list[FacilitySchedule], tonnes: Mapping[Year, float]) -> str:
    """Return the worst year of each facility in which it comes to more than its permit; empty without any."""
    told = []
    for row in limited:
        permit = row.permit_t_per_year or 0.0
        own = {year: t for (facility, year), t in tonnes.items() if facility == row.facility_id}
        worst = max(own, key=lambda year: own[year], default=None)
        if worst is not None and own[worst] > permit + ROUNDING_T:
            told.append(f"{row.name}, {figure(own[worst])} t in {worst} where {figure(permit)} t are allowed")
    return "; ".join(told)
