"""The loop: what it learns, what it chooses, and that it never reports what it chose on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.errors import StudyError
from demilsim.experiments.ensemble import replicate
from demilsim.experiments.programme import ProgrammeOutcome, run_programme
from demilsim.plan import DisposalPlan
from demilsim.planning.coordinate import (
    CHOOSING_FIRST,
    TEACHING_FIRST,
    LoopOptions,
    Programme,
    plan_programme,
)
from demilsim.planning.draft import LEAD_PERIODS
from demilsim.planning.learned import learned_coefficients, objective
from demilsim.planning.rules import RULES, nominal_coefficients
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.starter import write_starter
from demilsim.simulation.record import RunResult
from optimisation.instances import three_towns
from worlds import fund, lot, measure, three_sites, tranche, village

SMALL = LoopOptions(teaching=8, choosing=16, baseline=12)

Planned = tuple[Programme, list[tuple[tuple[str, ...], int, int]]]
"""A programme, and names of plans, first replication and number of them of each call for simulation."""


@pytest.fixture(scope="module")
def crowded() -> Scenario:
    """Return three sites with so many people near that destroying is worth its accidents."""
    return three_sites(
        exposed_sites=[
            village(f"{s}-E", s, x_m=x, persons=50_000.0)
            for s, x in (("S1", 400.0), ("S2", 700.0), ("S3", 1500.0))
        ]
    )


class Spy:
    """Simulates, and remembers which replications were asked for."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.calls: list[tuple[tuple[str, ...], int, int]] = []

    def __call__(
        self, plans: dict[str, DisposalPlan], first: int, count: int
    ) -> dict[str, Sequence[RunResult]]:
        """Simulate in this process."""
        self.calls.append((tuple(plans), first, count))
        return dict(replicate(self.scenario, plans, count, first=first, jobs=1, detailed=True).results)


@pytest.fixture(scope="module")
def planned(crowded: Scenario) -> Planned:
    """Return the programme of the crowded sites, and what was simulated for it."""
    spy = Spy(crowded)
    return plan_programme(crowded, spy, SMALL), spy.calls


@pytest.fixture(scope="module")
def outcome(crowded: Scenario) -> ProgrammeOutcome:
    """Return the crowded sites planned again, and simulated on fresh replications."""
    return run_programme(crowded, 60, jobs=1, options=SMALL, parameter_draws=0)


def test_chosen_plan_beats_or_equals_every_rule_where_they_were_compared(
    crowded: Scenario, planned: Planned
) -> None:
    """On the replications that a rule and the chosen plan have in common the rule is no better."""
    spy, (programme, _) = Spy(crowded), planned
    told = {row.name: row for row in programme.compared}
    assert set(programme.rules) == {"host_only", *RULES} <= set(told)
    assert min(row.replications for row in programme.compared) >= 8
    for name, rule in programme.rules.items():
        results = spy({"rule": rule, "chosen": programme.plan}, CHOOSING_FIRST, told[name].replications)
        difference = objective(crowded, results["rule"]) - objective(crowded, results["chosen"])
        assert float(np.mean(difference)) == pytest.approx(told[name].difference, rel=1e-9)
        assert told[name].difference >= 0.0
    assert programme.result is not None
    assert programme.result.status.value == "optimal"


def test_teaching_choosing_and_reporting_use_different_replications(
    planned: Planned, outcome: ProgrammeOutcome
) -> None:
    """No replication number serves twice: teaching, choosing and the reported ensemble are disjoint."""
    asked = {first + k for _, first, count in planned[1] for k in range(count)}
    teaching = {number for number in asked if number < CHOOSING_FIRST}
    choosing = asked - teaching
    reported = {r.replication for r in outcome.ensemble.results["optimised"]}
    assert reported == set(range(60))
    assert teaching == set(range(TEACHING_FIRST, TEACHING_FIRST + max(SMALL.teaching, SMALL.baseline)))
    assert min(choosing) == CHOOSING_FIRST
    assert not reported & asked


def test_promise_is_kept(outcome: ProgrammeOutcome) -> None:
    """The harm as planned is within 15% of the harm as simulated on fresh replications."""
    result = outcome.programme.result
    assert result is not None
    simulated = float(np.mean(outcome.ensemble.objective("optimised")))
    assert result.planned_harm == pytest.approx(simulated, rel=0.15)


def test_planning_is_deterministic(planned: Planned, outcome: ProgrammeOutcome) -> None:
    """Two runs of the loop make the same plan."""
    assert planned[0].plan.sha256() == outcome.programme.plan.sha256()


def test_disaggregation_loses_no_tonnes(crowded: Scenario, planned: Planned) -> None:
    """The lines of the plan add up to the optimiser's flows within 1%, and never exceed a lot."""
    programme, _ = planned
    assert programme.plan.source == "milp"
    assert programme.result is not None
    planned_t = sum(line.mass_g for line in programme.plan.lines) / 1e6
    assert planned_t == pytest.approx(float(programme.result.flows.tonnes.sum()), rel=0.01)
    for one in crowded.lots:
        taken = sum(line.mass_g for line in programme.plan.lines if line.lot_id == one.lot_id)
        assert taken <= one.gross_mass_t * 1e6


def test_factor_is_one_without_neighbours() -> None:
    """Where no storehouse can set off another, the learned harm factor is exactly one."""
    world = three_sites(storehouses=[h for h in three_sites().storehouses if h.storehouse_id.endswith("1")])
    world = replace(world, lots=tuple(lot(f"{s}-L1", f"{s}-H1") for s in ("S1", "S2", "S3")))
    nominal = nominal_coefficients(world)
    results = replicate(world, [DisposalPlan("wait", "none")], 4, jobs=1, detailed=True).results["wait"]
    assert np.all(learned_coefficients(results, nominal).harm_factor == 1.0)


def test_learned_money_and_capacity_approach_what_is_expected() -> None:
    """Means over 200 replications of receipts and working days agree with the nominal ones."""
    world = three_sites()
    nominal = nominal_coefficients(world)
    results = replicate(world, [DisposalPlan("wait", "none")], 200, jobs=1, detailed=True).results["wait"]
    learned = learned_coefficients(results, nominal)
    assert learned.receipts_usd.sum(axis=1) == pytest.approx(nominal.receipts_usd.sum(axis=1), rel=0.1)
    assert learned.working_days.sum(axis=1) == pytest.approx(nominal.working_days.sum(axis=1), rel=0.02)


def with_measures(*measures: object, **changes: object) -> Scenario:
    """Return three crowded sites with some measures on offer."""
    people = [village(f"S{k}-E", f"S{k}", x_m=300.0 * k, persons=50_000.0) for k in (1, 2, 3)]
    return three_sites(exposed_sites=people, measures=measures, **changes)


def test_cheap_measure_is_taken_and_dear_one_left() -> None:
    """Level 3 for 1,000 USD is taken; at the price of all the money there is, it would stop destruction."""
    cheap = measure("M1", site_id="S1", level=3, cost_usd=1_000.0)
    dear = measure("M2", site_id="S3", level=3, cost_usd=250_000.0)
    scenario = with_measures(cheap, dear)
    programme = plan_programme(scenario, Spy(scenario), SMALL)
    assert [order.measure_id for order in programme.plan.measures] == ["M1"]
    assert "1 measures other than destruction taken, 1 not" in programme.notes


def test_measure_that_nobody_may_pay_for_is_not_taken() -> None:
    """Without money that may pay for it, a measure changes nothing and is left out of the plan."""
    scenario = with_measures(
        measure("M1", site_id="S1", level=3, cost_usd=1_000.0),
        funds=[fund("PLANT", use="capital")],
        tranches=[tranche("T1", "PLANT", amount_usd=500_000.0)],
    )
    assert plan_programme(scenario, Spy(scenario), SMALL).plan.measures == ()


def test_lot_is_not_planned_before_it_arrives() -> None:
    """Rules and optimiser plan an announced lot from the period in which it arrives."""
    coming = lot("S1-L9", "S1-H1", arrives="2027-02-15", arrival_probability=0.9, neq_kg=30_000.0)
    people = [village(f"S{k}-E", f"S{k}", x_m=300.0 * k, persons=50_000.0) for k in (1, 2, 3)]
    there = three_sites(exposed_sites=people)
    scenario = replace(there, lots=(*there.lots, coming))
    programme = plan_programme(scenario, Spy(scenario), SMALL)
    for plan in (programme.plan, *programme.rules.values()):
        early = [
            line for line in plan.lines if line.lot_id == "S1-L9" and line.earliest_period < 5 - LEAD_PERIODS
        ]
        assert not early
    assert any(line.lot_id == "S1-L9" for line in programme.rules["oldest_first"].lines)


def test_all_of_a_lot_that_may_not_come_is_destroyed_if_it_comes() -> None:
    """Flows hold the 64 t that are expected of 80 t; the lines hold all of them, or a storehouse stays."""
    coming = lot("S1-L9", "S1-H1", arrives="2026-07-01", arrival_probability=0.8, gross_mass_t=80.0)
    people = [village(f"S{k}-E", f"S{k}", x_m=300.0 * k, persons=500_000.0) for k in (1, 2, 3)]
    rich = [tranche("T1", amount_usd=10_000_000.0)]
    there = three_sites(exposed_sites=people, tranches=rich, horizon_years=6)
    scenario = replace(there, lots=(*there.lots, coming))
    programme = plan_programme(scenario, Spy(scenario), SMALL)
    planned_g = sum(line.mass_g for line in programme.proposed[0].lines if line.lot_id == "S1-L9")
    assert planned_g == 80_000_000


def test_a_plan_may_keep_its_dates(tmp_path: Path) -> None:
    """The starter's kiln waits for the donor's money; run ahead it spends the host's, which costs lives."""
    scenario = load_scenario(write_starter("alpha", tmp_path))
    programme = plan_programme(scenario, Spy(scenario), SMALL)
    worse = {row.name: row.difference for row in programme.compared}
    assert worse["round 1, never ahead of plan"] == 0.0
    assert worse["round 1"] > 0.0
    assert programme.proposed[0].lines == programme.plan.lines


def test_plan_that_orders_a_plant_competes_with_one_that_does_not() -> None:
    """Both are simulated, and the better one is what the optimiser proposes."""
    scenario = three_towns()
    spy = Spy(scenario)
    programme = plan_programme(scenario, spy, SMALL)
    names = {name for row in spy.calls for name in row[0]}
    assert {"round 1", "round 1, nothing ordered"} <= names
    gain = {row.name: row.difference for row in programme.compared if row.name.startswith("round")}
    best = min(gain, key=lambda name: gain[name])
    assert bool(programme.proposed[0].commissionings) == ("nothing ordered" not in best)


def test_simulator_that_keeps_no_detail_is_told_so(crowded: Scenario) -> None:
    """Without harm by storehouse nothing can be learned; the sentence names the option that keeps it."""

    def simulate(plans: dict[str, DisposalPlan], first: int, count: int) -> dict[str, Sequence[RunResult]]:
        return dict(replicate(crowded, plans, count, first=first, jobs=1).results)

    with pytest.raises(StudyError, match=r"expected harm by .* let the simulator call .* detailed=True$"):
        plan_programme(crowded, simulate, SMALL)
