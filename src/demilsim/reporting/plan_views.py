"""What the report says about the plan: where it comes from, how good it is, and its lines."""

from __future__ import annotations

from demilsim.reporting.disclosure import Audience
from demilsim.reporting.grid import Column, Table, by_year, plain_rows
from demilsim.reporting.lots_left import REASONS
from demilsim.reporting.records import StoredLine, StoredResults
from demilsim.reporting.wording import ABSENT, figure, fixed, label, percent, sentence

MOST_LINES = 25
"""Plan lines in a report; ``plan.csv`` has them all."""

PLAN_DIGITS = 4
"""Significant digits of harm as planned: bound and incumbent are close."""

PLANNED_AND_ALLOWED = (
    "Planned from: the first day of the period for which it is planned on which its facility is open; a dash "
    "where that is not expected by the end. Not before: work may run ahead of plan, but begins no earlier"
)
"""Said of the two dates of a line."""

STATUSES = {
    "optimal": "solved to its own gap",
    "feasible": "stopped early: another choice may be better",
    "infeasible": "no choice keeps all limits",
    "unbounded": "an error in the model",
    "no_incumbent": "no choice found",
}
"""What the status of the MILP says to a planner: it is of the choice of new facilities, not of the plan."""

OF_THE_GAP = (
    "The gap is of the whole plan: as far as it goes a better plan may exist, or the bound may be loose, as "
    "it is where there are few storehouses. The choice of new facilities and measures comes first, on harm "
    "made linear, and has a gap of its own."
)
"""Said wherever there is a bound."""

OF_AVERTED = (
    "As planned, harm averted is that of doing nothing less that of the plan, both in the planner's own "
    "model, which does not see that what has exploded is gone; the simulation does. The lines of plan.csv "
    "share it out lot by lot, small parts joined to other lines, where the planner counts groups of like "
    "lots; what measures avert is in no line. So their sum may differ a little."
)
"""Said of the rows on what is averted."""

UNKNOWN_BOUND = "The bound is that of the optimiser's own model; it is not known to bound the simulated harm."
"""Said where no note says what the bound holds for."""


MONEY = {
    "expected": "as expected: what is promised times its probability, by its mean delay",
    "likely": "as likely: each tranche whole once it has probably come, and none that may well fail",
}
"""What money a plan counts on, in words."""


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
        ("Money that it counts on", ABSENT if plan.money is None else MONEY.get(plan.money, plan.money)),
        ("Choice of new facilities and measures, on simplified harm", _status(plan.status)),
        ("Solver", plan.solver or ABSENT),
        ("Incumbent, the best plan found", figure(plan.incumbent, PLAN_DIGITS)),
        ("Best bound", figure(plan.best_bound, PLAN_DIGITS)),
        ("Gap of the whole plan, share of the harm that remains", percent(plan.gap_remaining)),
        ("Gap of the whole plan, share of the harm averted", percent(plan.gap_averted)),
        ("Harm as planned", figure(plan.planned_harm, PLAN_DIGITS)),
        ("Harm as simulated on fresh replications", figure(plan.simulated_harm, PLAN_DIGITS)),
        ("Harm if nothing is done, as planned", figure(plan.planned_do_nothing, PLAN_DIGITS)),
        ("Harm if nothing is done, as simulated", figure(plan.simulated_do_nothing, PLAN_DIGITS)),
        ("Harm averted as planned", figure(plan.planned_averted, PLAN_DIGITS)),
        ("Harm averted as planned, sum of the plan's lines", figure(plan.lines_averted, PLAN_DIGITS)),
        ("Harm averted as simulated on fresh replications", figure(plan.simulated_averted, PLAN_DIGITS)),
    )


def _status(status: str | None) -> str:
    return ABSENT if status is None else STATUSES.get(status, status)


def plan_reading(results: StoredResults) -> tuple[str, ...]:
    """Return the sentences that say what the plan's figures mean; notes on the bound are repeated here."""
    plan = results.plan
    if plan is None:
        return ("These results hold no optimised plan.",)
    said = ["Harm is the planning objective: expected deaths, unless the scenario weighs other harm."]
    if plan.best_bound is not None:
        said.append(OF_THE_GAP)
        said += [note for note in results.notes if "bound" in note.lower()] or [UNKNOWN_BOUND]
    if plan.planned_harm and plan.simulated_harm is not None:
        ratio = plan.simulated_harm / plan.planned_harm - 1
        side = "more" if ratio >= 0 else "less"
        said.append(
            f"The simulation finds {percent(abs(ratio))} {side} harm than was planned; the key figures "
            "come from the simulation, not from the planner's own objective."
        )
    if plan.planned_do_nothing is not None and plan.lines_averted is not None:
        said.append(OF_AVERTED)
    if results.scenario.terminal_years:
        said.append(
            "Harm as planned counts what is left at the end of the horizon for another "
            f"{results.scenario.terminal_years:g} years at its last rate; expected deaths elsewhere stop at "
            "the horizon."
        )
    return tuple(said)


def lots_left(results: StoredResults) -> Table:
    """Return the lots of which the plan leaves most, and why; none for the public."""
    left = results.left
    columns = (
        Column("Lot", wide=True),
        Column("Site", wide=True),
        Column("Left", "t"),
        Column("Why", wide=True),
    )
    rows = plain_rows(
        (lot.lot_id, lot.site_id, figure(lot.left_t), sentence(REASONS.get(lot.reason, lot.reason)))
        for lot in (left.lots if left else ())
    )
    caption = (
        f"Lots that the plan leaves: those of which most is left, {len(left.lots)} of {left.lots_left}, as "
        "it is expected to be worked"
        if left
        else "Lots that the plan leaves"
    )
    return Table(caption, columns, rows)


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
        Column("Planned from"),
        Column("Not before"),
        Column("Cost", "USD"),
        Column("Deaths averted", "as planned"),
    ]
    if audience == "restricted":
        columns += [Column("Storehouse", wide=True), Column("NEQ", "kg"), Column("Reason", wide=True)]
    rows = plain_rows(_line_cells(line, names, audience) for line in shown)
    caption = f"First {len(shown)} of {len(results.lines):,} lines of the plan, in order of priority"
    if shown:
        caption += f". {PLANNED_AND_ALLOWED}"
    return Table(caption, tuple(columns), rows, "The plan has no lines.")


def _line_cells(line: StoredLine, names: dict[str, str], audience: Audience) -> tuple[str, ...]:
    """Return a line of the plan."""
    common = (
        line.line_id,
        line.lot_id,
        line.site_id,
        names.get(line.facility_id, line.facility_id),
        figure(line.tonnes),
        ABSENT if line.planned is None else line.planned.isoformat(),
        line.start.isoformat(),
        ABSENT if line.cost_usd is None else fixed(line.cost_usd, 0),
        figure(line.harm_averted),
    )
    if audience == "partner":
        return common
    neq = ABSENT if line.neq_kg is None else fixed(line.neq_kg, 0)
    return (*common, line.storehouse_id, neq, line.reason)


def _public_plan(results: StoredResults, names: dict[str, str]) -> Table:
    """Return planned tonnes by facility and year, never by lot."""
    first, planned = planned_by_year(results)
    rows = sorted(((names.get(key, key),), tonnes) for key, tonnes in planned.items())
    caption = f"Tonnes by facility and year in which {when_planned(results)}; single lines are not public"
    return by_year(caption, (Column("Facility", wide=True),), first, rows)


def when_planned(results: StoredResults) -> str:
    """Return what planned periods are, to follow "in which"."""
    facts = results.schedule
    if facts is None or facts.basis is None:
        known = any(line.planned for line in results.lines)
        return "work is planned" if known or not results.lines else "work may begin"
    said = "work is planned" if facts.basis == "decided" else "work is expected, at mean days and money"
    if facts.weighed:
        said += ", lots that may not come counted with their probability"
    if facts.not_reached_t:
        said += f"; {figure(facts.not_reached_t)} t of the plan are not expected by the end"
    return said


def planned_by_year(results: StoredResults) -> tuple[int, dict[str, list[float]]]:
    """Return the first calendar year, and the planned tonnes of each facility in each year from it [t].

    They are those of the schedule, which keeps permits; without one, those of lines by their planned day, in
    results of older versions by the day from which they may begin.
    """
    facts, first = results.schedule, results.scenario.start.year
    planned: dict[str, list[float]] = {}
    if facts is not None and facts.basis is not None:
        rows = [(row.facility_id, facts.starts, row.planned_t) for row in facts.facilities]
        done = [(key, on.year, t) for key, on_, t_ in rows for on, t in zip(on_, t_, strict=True) if t]
    else:
        done = [(line.facility_id, (line.planned or line.start).year, line.tonnes) for line in results.lines]
    last = max((year for _, year, _ in done), default=first)
    for facility_id, year, tonnes in done:
        planned.setdefault(facility_id, [0.0] * (last - first + 1))[year - first] += tonnes
    return first, planned
