"""``plan.csv`` out and in, with the commissionings that it needs beside it."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

from demilsim.errors import Problem, ScenarioError
from demilsim.plan import Commissioning, DisposalPlan, MeasureOrder, PlanLine
from demilsim.planning.coordinate import Programme
from demilsim.planning.expected import expected_work
from demilsim.reporting.earlier import write_files, written
from demilsim.reporting.folder import write_atomically
from demilsim.reporting.mobile_plant import MOBILE_PLANT, mobile_plant_text, planned_by_policy
from demilsim.reporting.outputs import (
    COMMISSIONING_COLUMNS,
    MEASURE_COLUMNS,
    commissionings_text,
    measures_text,
)
from demilsim.reporting.plan_table import plan_text
from demilsim.reporting.risk_by_group import groups_of, moved_document, risk_by_group_text
from demilsim.reporting.schedule import BY_PERIOD, by_period_text
from demilsim.reporting.tables import json_text
from demilsim.scenario.formula_guard import unquoted
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.tables import MAX_TABLE_BYTES
from demilsim.scenario.text import Refused, read_utf8
from demilsim.simulation.schedule import line_problems
from demilsim.simulation.world import prepare
from demilsim.units import grams

NEEDED = ("lot_id", "facility_id", "tonnes", "earliest_period", "priority")


def write_plan_files(directory: Path, scenario: Scenario, programme: Programme) -> dict[str, Any]:
    """Write ``plan.csv``, what it needs, who runs its risk, and ``plan.json``; return what the last holds.

    What an earlier command wrote there and this one does not is removed.
    """
    result, groups = programme.result, groups_of(scenario, programme)
    document: dict[str, Any] = {
        "scenario": {"name": scenario.settings.name, "sha256": scenario.sha256},
        "plan_sha256": programme.plan.sha256(),
        "source": programme.plan.source,
        "money": "expected" if result is None or result.on_expected is None else "likely",
        "status": result.status.value if result else None,
        "solver": result.solver if result else None,
        "planned_harm": result.planned_harm if result else None,
        "cost_usd": result.cost_usd if result else None,
        "lines": len(programme.plan.lines),
        "commissionings": [
            {"facility_id": c.facility_id, "period": c.period} for c in programme.plan.commissionings
        ],
        "measures": [{"measure_id": m.measure_id, "period": m.period} for m in programme.plan.measures],
        "deaths_moved": moved_document(groups),
        "notes": list(programme.notes) + list(result.notes if result else ()),
    }
    work = expected_work(scenario, programme.plan, programme.coefficients, result)
    mobile = planned_by_policy(scenario, {programme.plan.name: programme.plan}, programme)
    files = {
        "plan.csv": plan_text(scenario, programme.plan, work),
        BY_PERIOD: by_period_text(scenario, work),
        "commissionings.csv": commissionings_text(programme.plan),
        "risk_by_group.csv": risk_by_group_text(groups),
    }
    if mobile:
        files[MOBILE_PLANT] = mobile_plant_text(mobile)
    if scenario.measures:
        files["plan_measures.csv"] = measures_text(programme.plan)
    document["files"] = listed = written(files, "plan.json")
    write_files(directory, files, listed)
    write_atomically(directory / "plan.json", json_text(document))
    return document


def read_plan(path: Path, scenario: Scenario) -> DisposalPlan:
    """Read a plan that a person may have edited.

    Parameters
    ----------
    path
        A ``plan.csv``; ``commissionings.csv`` and ``plan_measures.csv`` in the same folder are read with it.
    scenario
        What it is for.

    Raises
    ------
    ScenarioError
        With every problem and its line.
    """
    problems: list[Problem] = []
    lines = [line for row in _rows(path, NEEDED, problems) if (line := _line(path, row, problems))]
    possible = {f.facility_id for f in scenario.facilities if f.status == "possible"}
    file = path.parent / "commissionings.csv"
    commissionings = _orders(file, COMMISSIONING_COLUMNS, possible, "possible facility", problems)
    offered = {measure.measure_id for measure in scenario.measures}
    file = path.parent / "plan_measures.csv"
    measures = _orders(file, MEASURE_COLUMNS, offered, "measure of the scenario", problems)
    problems += _unknown(path, lines, scenario)
    if problems:
        raise ScenarioError(problems)
    ordered = sorted(lines, key=lambda entry: entry[1].priority)
    plan = DisposalPlan(
        path.stem,
        "file",
        tuple(line for _, line in ordered),
        tuple(Commissioning(*order) for order in commissionings),
        measures=tuple(MeasureOrder(*order) for order in measures),
    )
    begun, _ = within_horizon(plan, scenario)
    numbers = [number for number, line in ordered if line.earliest_period < scenario.periods]
    unfit = line_problems(prepare(scenario), begun)
    if unfit:
        raise ScenarioError(Problem(str(path), numbers[place], "", told) for place, told in unfit)
    return plan


def within_horizon(plan: DisposalPlan, scenario: Scenario) -> tuple[DisposalPlan, str]:
    """Return what of a plan begins within the horizon, and a sentence on the rest; empty without any.

    A plan may have been made for a longer horizon, or mistyped.
    """
    periods = scenario.periods
    lines = tuple(line for line in plan.lines if line.earliest_period < periods)
    commissionings = tuple(order for order in plan.commissionings if order.period < periods)
    measures = tuple(order for order in plan.measures if order.period < periods)
    late = {
        "line": len(plan.lines) - len(lines),
        "commissioning": len(plan.commissionings) - len(commissionings),
        "measure": len(plan.measures) - len(measures),
    }
    told = ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for what, n in late.items() if n)
    if not told:
        return plan, ""
    kept = replace(plan, lines=lines, commissionings=commissionings, measures=measures)
    return kept, (
        f"Of the plan, {told} would not begin before the horizon ends on {scenario.period_dates[-1]} "
        f"(periods are 0 to {periods - 1}), and {'is' if sum(late.values()) == 1 else 'are'} left out."
    )


def _orders(
    path: Path, columns: tuple[str, ...], known: set[str], what: str, problems: list[Problem]
) -> list[tuple[str, int]]:
    """Return the id and period of each row of a table beside the plan; none if it is not there."""
    if not path.is_file():
        return []
    key, when = columns
    orders: dict[str, int] = {}
    for number, row in _rows(path, columns, problems):
        found = row[key]
        if found not in known:
            problems.append(Problem(str(path), number, key, f"expected a {what} (got {found!r})"))
        elif found in orders:
            problems.append(
                Problem(str(path), number, key, f"expected each {what} once (got {found!r} again)")
            )
        orders[found] = _whole(path, number, row, when, problems)
    return list(orders.items())


def _rows(path: Path, needed: tuple[str, ...], problems: list[Problem]) -> list[tuple[int, dict[str, str]]]:
    try:
        text = read_utf8(path, MAX_TABLE_BYTES)
    except Refused as refused:
        problems.append(Problem(str(path), refused.line, "", refused.message))
        return []
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    for name in missing:
        problems.append(Problem(str(path), 1, name, "missing column"))
    return [] if missing else [(reader.line_num, row) for row in reader]


def _line(
    path: Path, numbered: tuple[int, dict[str, str]], problems: list[Problem]
) -> tuple[int, PlanLine] | None:
    number, row = numbered
    before = len(problems)
    mass_t = _positive(path, number, row, "tonnes", problems)
    period = _whole(path, number, row, "earliest_period", problems)
    priority = _whole(path, number, row, "priority", problems)
    if len(problems) > before:
        return None
    line = PlanLine(unquoted(row["lot_id"]), unquoted(row["facility_id"]), grams(mass_t), period, priority)
    return number, line


def _whole(path: Path, line: int, row: dict[str, str], column: str, problems: list[Problem]) -> int:
    text = (row.get(column) or "").strip()
    if not text.isdecimal():
        problems.append(Problem(str(path), line, column, f"expected a whole number >= 0 (got {text!r})"))
        return 0
    return int(text)


def _positive(path: Path, line: int, row: dict[str, str], column: str, problems: list[Problem]) -> float:
    text = (row.get(column) or "").strip()
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        problems.append(Problem(str(path), line, column, f"expected > 0 (got {text!r})"))
        return 1.0
    return value


def _unknown(path: Path, lines: list[tuple[int, PlanLine]], scenario: Scenario) -> list[Problem]:
    lots = {lot.lot_id for lot in scenario.lots}
    facilities = {facility.facility_id for facility in scenario.facilities}
    found = []
    seen: set[int] = set()
    for number, line in lines:
        if line.lot_id not in lots:
            found.append(Problem(str(path), number, "lot_id", f"unknown lot (got {line.lot_id!r})"))
        if line.facility_id not in facilities:
            found.append(
                Problem(str(path), number, "facility_id", f"unknown facility (got {line.facility_id!r})")
            )
        if line.priority in seen:
            found.append(Problem(str(path), number, "priority", f"used twice (got {line.priority})"))
        seen.add(line.priority)
    return found
