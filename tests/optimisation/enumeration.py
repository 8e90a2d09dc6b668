"""The planning model written a second time, in lots, dollars and single periods, choice by choice.

It reads the scenario through the rows of the audit, takes harm per tonne from the shared harm curves, and
shares no expression with the constraint families.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from demilsim.optimisation.audit_rows import (
    AuditRows,
    audit_rows,
    first_working_period,
    may_pay,
    share_of_full_pace,
)
from demilsim.optimisation.bill import Bill
from demilsim.plan import Floats, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility, Fund, LotStatus

Choice = tuple[tuple[str, int], ...]
"""Facility and period of each commissioning."""

KUSD = 1000.0


@dataclass
class LinearProgram:
    """Rows and columns as they are met; all columns are zero or more."""

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: dict[object, dict[int, float]] = field(default_factory=dict)
    at_most: dict[object, float] = field(default_factory=dict)

    def column(self, cost: float, upper: float = np.inf) -> int:
        """Add a column."""
        self.cost.append(cost)
        self.upper.append(upper)
        return len(self.cost) - 1

    def add(self, row: object, column: int, coefficient: float) -> None:
        """Add a term to a row."""
        terms = self.rows.setdefault(row, {})
        terms[column] = terms.get(column, 0.0) + coefficient

    def minimum(self) -> float:
        """Return the optimum; infinite if there is no point."""
        if any(limit < 0.0 and not self.rows.get(row) for row, limit in self.at_most.items()):
            return float("inf")
        kept = [row for row in self.at_most if self.rows.get(row)]
        triples = [(i, c, v) for i, row in enumerate(kept) for c, v in self.rows[row].items()]
        if not triples:
            return 0.0
        row, column, value = (np.array(part) for part in zip(*triples, strict=True))
        matrix = coo_array((value, (row, column)), shape=(len(kept), len(self.cost))).tocsr()
        found = linprog(
            self.cost, A_ub=matrix, b_ub=[self.at_most[r] for r in kept],
            bounds=[(0.0, u) for u in self.upper], method="highs-ds",
            options={"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9},
        )  # fmt: skip
        if found.status == 2:
            return float("inf")
        assert found.status == 0, found.message
        return float(found.fun)


def choices(scenario: Scenario) -> Iterator[Choice]:
    """Yield every choice of commissionings: each possible facility in any period or never."""
    possible = [f.facility_id for f in scenario.facilities if f.status == "possible"]
    for periods in product([None, *range(scenario.periods)], repeat=len(possible)):
        yield tuple((name, t) for name, t in zip(possible, periods, strict=True) if t is not None)


def least_harm(scenario: Scenario, known: PlanningCoefficients, harm_per_t: Floats) -> tuple[float, Choice]:
    """Return the least change of harm over all choices, with the choice [persons].

    Parameters
    ----------
    scenario, known
        What is planned, and what it may count on.
    harm_per_t
        Harm of a tonne of each lot left at each knot [persons/t], shape (knot, lot).
    """
    best, at = np.inf, ()
    for choice in choices(scenario):
        value = best_flows(scenario, known, harm_per_t, choice)
        if value < best:
            best, at = value, choice
    return float(best), at


def best_flows(
    scenario: Scenario,
    known: PlanningCoefficients,
    harm_per_t: Floats,
    choice: Choice,
    bills: Sequence[Bill] = (),
    needed_t: Mapping[int, float] | None = None,
    rooms: Sequence[tuple[int, tuple[float, ...], float]] = (),
) -> float:
    """Return the least change of harm for given orders and bills [persons]; infinite if unpayable.

    `needed_t` are tonnes that must be destroyed before periods; `rooms` are periods, what a tonne of each lot
    counts, and what must have come together before.
    """
    rows, program = audit_rows(scenario), LinearProgram()
    for period, tonnes in (needed_t or {}).items():
        program.at_most["needed", period] = -tonnes
    for period, per_t, amount in rooms:
        program.at_most["needed", period, per_t] = -amount
    opened = {name: first_working_period(scenario, rows.facilities[name], period) for name, period in choice}
    spent: list[tuple[Fund, int, int]] = []
    for f, plant in enumerate(scenario.facilities):
        for t in range(scenario.periods):
            days = _days(scenario, known, plant, f, t, opened)
            if days > 0.0:
                program.at_most["days", plant.facility_id, t] = days
                spent += _work(rows, program, harm_per_t, plant, t)
        for year in {date.year for date in scenario.period_dates[:-1]}:
            if plant.permit_t_per_year is not None:
                program.at_most["permit", plant.facility_id, year] = plant.permit_t_per_year
            if plant.worker_risk_limit_per_year is not None:
                program.at_most["workers", plant.facility_id, year] = 1.0
    for lot in scenario.lots:
        program.at_most["stock", lot.lot_id] = lot.gross_mass_t
    for name, period in choice:
        spent += _commissioning(rows, program, rows.facilities[name], period, opened[name])
    for number, bill in enumerate(bills):
        if bill.usd > 0:
            program.at_most["bill", number] = -float(bill.usd) / KUSD
            payers = [fund for fund in scenario.funds if fund.fund_id in bill.funds]
            spent += _payers(rows, program, ("bill", number), bill.period, payers)
    for k, fund in enumerate(scenario.funds):
        received = np.cumsum(known.receipts_usd[k]) / KUSD
        for t in range(scenario.periods):
            program.at_most["fund", fund.fund_id, t] = float(received[t])
    for fund, t, column in spent:
        for later in range(t, scenario.periods):
            program.add(("fund", fund.fund_id, later), column, 1.0)
    return program.minimum()


def _days(
    scenario: Scenario,
    known: PlanningCoefficients,
    plant: Facility,
    f: int,
    t: int,
    opened: dict[str, int],
) -> float:
    """Return the working days of a plant in a period [d]."""
    days = float(known.working_days[f, t])
    if plant.status == "existing":
        return days
    first = opened.get(plant.facility_id, scenario.periods)
    return days * float(share_of_full_pace(scenario, plant, first, t)) if t >= first else 0.0


def _work(
    rows: AuditRows, program: LinearProgram, harm_per_t: Floats, plant: Facility, t: int
) -> list[tuple[Fund, int, int]]:
    """Add what a plant may do in a period, and return who pays in which column."""
    scenario, name = rows.scenario, plant.facility_id
    transport = scenario.register.transport
    weights = scenario.settings.harm_weights
    spent: list[tuple[Fund, int, int]] = []
    for i, lot in enumerate(scenario.lots):
        if not _may_go(rows, i, plant, t):
            continue
        method = scenario.methods[plant.method_id]
        accidents = (
            weights.fatalities_workers * method.accident_rate_per_t * method.worker_fatalities_per_accident
        )
        route = rows.route(lot, plant) if rows.moves(lot, plant) else None
        if route:
            vehicles = 1.0 / transport.payload_t
            if route.neq_limit_kg_per_vehicle:
                vehicles = max(vehicles, lot.neq_kg / lot.gross_mass_t / route.neq_limit_kg_per_vehicle)
            crashes = vehicles * route.distance_km * transport.accident_rate_per_vehicle_km
            deaths = crashes * transport.explosion_given_accident * transport.fatalities_per_explosion
            accidents += weights.fatalities_transport * deaths
        x = program.column(accidents - float(harm_per_t[t + 1 :, i].sum()))
        program.add(("stock", lot.lot_id), x, 1.0)
        for row in program.at_most:
            if isinstance(row, tuple) and row[0] == "needed" and t < row[1]:
                program.add(row, x, -1.0 if len(row) == 2 else -row[2][i])
        program.add(("days", name, t), x, float(rows.days_per_t(lot, plant)))
        if plant.permit_t_per_year is not None:
            program.add(("permit", name, scenario.period_dates[t].year), x, 1.0)
        if plant.worker_risk_limit_per_year is not None and plant.workers is not None:
            deaths = method.accident_rate_per_t * method.worker_fatalities_per_accident
            share = deaths / plant.workers / plant.worker_risk_limit_per_year
            program.add(("workers", name, scenario.period_dates[t].year), x, share)
        cost = float(rows.cost_usd_per_t(lot, plant)) / KUSD
        where = (rows.place(rows.site(lot)), plant.method_id, rows.category(lot))
        if cost > 0.0:
            bill = ("bill", name, lot.lot_id, t)
            program.at_most[bill] = 0.0
            program.add(bill, x, cost)
            spent += _payers(
                rows, program, bill, t, [f for f in scenario.funds if may_pay(f, "running", *where)]
            )
        sold = scenario.settings.scrap_fund
        if sold is not None:
            for later in range(t + 1, scenario.periods):
                program.add(("fund", sold, later), x, -float(rows.scrap_usd_per_t(lot, plant)) / KUSD)
    return spent


def _may_go(rows: AuditRows, i: int, plant: Facility, t: int) -> bool:
    """Return whether a lot may be destroyed by a plant in a period."""
    scenario = rows.scenario
    lot = scenario.lots[i]
    if lot.status is LotStatus.RESERVE or rows.rate(lot, plant) is None:
        return False
    if plant.serves_sites and rows.site(lot) not in plant.serves_sites:
        return False
    if lot.arrives and scenario.period_dates[t] < lot.arrives:
        return False
    if not rows.moves(lot, plant):
        return rows.may_go(plant, rows.site(lot))
    return lot.safe_to_move and rows.route(lot, plant) is not None and not rows.road_closed(lot, plant, t)


def _commissioning(
    rows: AuditRows, program: LinearProgram, plant: Facility, period: int, opened: int
) -> list[tuple[Fund, int, int]]:
    """Add the bills of a commissioning, and return who pays in which column."""
    scenario = rows.scenario
    place = (rows.place(plant.site_id), plant.method_id, None)
    bare = [f for f in scenario.funds if not f.earmark_categories]
    bills = [("capital", period, plant.capital_cost_usd)]
    for t in range(opened, scenario.periods):
        days = (scenario.period_dates[t + 1] - scenario.period_dates[t]).days
        bills.append(("running", t, plant.fixed_cost_usd_per_year * days / 365.25))
    spent: list[tuple[Fund, int, int]] = []
    for use, t, usd in bills:
        if usd > 0.0:
            bill = (use, plant.facility_id, t)
            program.at_most[bill] = -usd / KUSD
            spent += _payers(rows, program, bill, t, [f for f in bare if may_pay(f, use, *place)])
    return spent


def _payers(
    rows: AuditRows, program: LinearProgram, bill: object, t: int, funds: list[Fund]
) -> list[tuple[Fund, int, int]]:
    """Add what each fund that is alive pays of a bill."""
    start = rows.scenario.period_dates[t]
    spent = []
    for fund in funds:
        if fund.expires is None or start <= fund.expires:
            column = program.column(0.0)
            program.add(bill, column, -1.0)
            spent.append((fund, t, column))
    return spent
