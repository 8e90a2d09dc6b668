"""Risk of each group of people with and without the plan, as a table, and what moved in ``plan.json``."""

from __future__ import annotations

from demilsim.planning.coordinate import Programme
from demilsim.planning.risk_moved import GroupRisk, decided, moved_by_kind, risk_by_group
from demilsim.reporting.tables import csv_text
from demilsim.scenario.scenario import Scenario

COLUMNS = (
    "group_id", "kind", "persons", "limit_per_year", "risk_start_per_year", "highest_risk_without_plan",
    "highest_risk_with_plan", "highest_risk_in_force",
    "deaths_without_plan", "deaths_with_plan", "deaths_moved",
)  # fmt: skip


def groups_of(scenario: Scenario, programme: Programme) -> tuple[GroupRisk, ...]:
    """Return the risk of every group with a programme's plan and without."""
    return risk_by_group(scenario, decided(scenario, programme))


def risk_by_group_text(groups: tuple[GroupRisk, ...]) -> str:
    """Return ``risk_by_group.csv``: a row for each group, those last onto whom most is moved.

    Deaths are expected ones over the horizon; ``deaths_moved`` is negative where the plan averts them.
    """
    rows = [
        (
            g.group_id, g.kind, g.persons, g.limit_per_year, g.start_per_year, g.highest_without,
            g.highest_with, g.in_force_with, g.deaths_without, g.deaths_with, g.moved,
        )
        for g in sorted(groups, key=lambda g: (g.moved, g.kind, g.group_id))
    ]  # fmt: skip
    return csv_text(COLUMNS, rows)


def moved_document(groups: tuple[GroupRisk, ...]) -> dict[str, float]:
    """Return the expected deaths that the plan adds to each kind of group, negative where it averts them."""
    return dict(sorted(moved_by_kind(groups).items()))
