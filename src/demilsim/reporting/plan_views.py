"""What the report says about the plan: where it comes from, how good it is, and its lines."""

from __future__ import annotations

from demilsim.reporting.disclosure import Audience
from demilsim.reporting.grid import Column, Table, by_year, plain_rows
from demilsim.reporting.records import StoredLine, StoredResults
from demilsim.reporting.wording import ABSENT, figure, fixed, label, percent

MOST_LINES = 25
"""Plan lines in a report; ``plan.csv`` has them all."""

PLAN_DIGITS = 4
"""Significant digits of harm as planned: bound and incumbent are close."""

UNKNOWN_BOUND = "The bound is that of the optimiser's own model; it is not known to bound the simulated harm."
"""Said where no note says what the bound holds for."""


def plan_facts(results: StoredResults) -> tuple[tuple[str, str], ...]:
    """Return what the plan is, as pairs of term and statement; empty without a plan."""
    plan = results.plan
    if plan is None:
        return ()
    source = (
        "mathematical programme (mixed-integer linear, then exact harm)"
        if plan.source == "milp"
        else f"simple rule “{label(plan.source.removeprefix('rule:'))}”"
        if plan.source.startswith("rule:")
        else plan.source
    )
    return (
        ("Source", source),
        ("Status", plan.status or ABSENT),
        ("Solver", plan.solver or ABSENT),
        ("Incumbent, the best plan found", figure(plan.incumbent, PLAN_DIGITS)),
        ("Best bound", figure(plan.best_bound, PLAN_DIGITS)),
        ("Gap, share of the harm that remains", percent(plan.gap_remaining)),
        ("Gap, share of the harm averted", percent(plan.gap_averted)),
        ("Harm as planned", figure(plan.planned_harm, PLAN_DIGITS)),
        ("Harm as simulated on fresh replications", figure(plan.simulated_harm, PLAN_DIGITS)),
        ("Harm averted as planned", figure(plan.planned_averted, PLAN_DIGITS)),
        ("Harm averted as simulated on fresh replications", figure(plan.simulated_averted, PLAN_DIGITS)),
    )


def plan_reading(results: StoredResults) -> tuple[str, ...]:
    """Return the sentences that say what the plan's figures mean; notes on the bound are repeated here."""
    plan = results.plan
    if plan is None:
        return ("These results hold no optimised plan.",)
    said = ["Harm is the planning objective: expected deaths, unless the scenario weighs other harm."]
    if plan.best_bound is not None:
        said += [note for note in results.notes if "bound" in note.lower()] or [UNKNOWN_BOUND]
    if plan.planned_harm and plan.simulated_harm is not None:
        ratio = plan.simulated_harm / plan.planned_harm - 1
        side = "more" if ratio >= 0 else "less"
        said.append(
            f"The simulation finds {percent(abs(ratio))} {side} harm than was planned; the key figures "
            "come from the simulation, not from the planner's own objective."
        )
    if results.scenario.terminal_years:
        said.append(
            "Harm as planned counts what is left at the end of the horizon for another "
            f"{results.scenario.terminal_years:g} years at its last rate; expected deaths elsewhere stop at "
            "the horizon."
        )
    return tuple(said)


def plan_lines(results: StoredResults, audience: Audience) -> Table:
    """Return what is to be destroyed where and when, as far as the audience may see it.

    The public sees tonnes by facility and year only: no lot, storehouse, site, quantity of explosive or
    date within the year. A partner sees lots and sites; the restricted report sees all columns.
    """
    names = {row.facility_id: row.name for policy in results.policies for row in policy.facilities}
    if audience == "public":
        return _public_plan(results, names)
    shown = results.lines[:MOST_LINES]
    columns = [
        Column("Line", wide=True),
        Column("Lot", wide=True),
        Column("Site", wide=True),
        Column("Facility", wide=True),
        Column("Gross mass", "t"),
        Column("Not before"),
        Column("Cost", "USD"),
        Column("Deaths averted", "as planned"),
    ]
    if audience == "restricted":
        columns += [Column("Storehouse", wide=True), Column("NEQ", "kg"), Column("Reason", wide=True)]
    rows = plain_rows(_line_cells(line, names, audience) for line in shown)
    caption = f"First {len(shown)} of {len(results.lines):,} lines of the plan, in order of priority"
    return Table(caption, tuple(columns), rows, "The plan has no lines.")


def _line_cells(line: StoredLine, names: dict[str, str], audience: Audience) -> tuple[str, ...]:
    """Return a line of the plan."""
    common = (
        line.line_id,
        line.lot_id,
        line.site_id,
        names.get(line.facility_id, line.facility_id),
        figure(line.tonnes),
        line.start.isoformat(),
        ABSENT if line.cost_usd is None else fixed(line.cost_usd, 0),
        figure(line.harm_averted),
    )
    if audience == "partner":
        return common
    neq = ABSENT if line.neq_kg is None else fixed(line.neq_kg, 0)
    return (*common, line.storehouse_id, neq, line.reason)


def _public_plan(results: StoredResults, names: dict[str, str]) -> Table:
    """Return planned tonnes by facility and year."""
    first, planned = planned_by_year(results)
    rows = sorted(((names.get(key, key),), tonnes) for key, tonnes in planned.items())
    caption = "Tonnes planned by facility and year in which work may start; single lines are not public"
    return by_year(caption, (Column("Facility", wide=True),), first, rows)


def planned_by_year(results: StoredResults) -> tuple[int, dict[str, list[float]]]:
    """Return the first calendar year, and the planned tonnes of each facility in each year from it [t]."""
    first, last = results.scenario.start.year, max((line.start.year for line in results.lines), default=0)
    planned: dict[str, list[float]] = {}
    for line in results.lines:
        tonnes = planned.setdefault(line.facility_id, [0.0] * (last - first + 1))
        tonnes[line.start.year - first] += line.tonnes
    return first, planned
