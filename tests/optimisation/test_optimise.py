from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from demilsim.errors import PlanError
from demilsim.optimisation import kept, solve
from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.audit import audit
from demilsim.optimisation.candidates import begin, finish
from demilsim.optimisation.objective import emptied_path_t, planning_harm
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.solve import PlanStatus, SolveOptions
from demilsim.optimisation.task import make_task
from demilsim.plan import Commissioning, DisposalPlan, PlanLine
from demilsim.units import grams
from optimisation.instances import build_or_not, coefficients, lot_plan, three_towns, two_towns
from worlds import rate, tranche

EXACT = SolveOptions(gap_averted=0.0)


def test_money_for_one_lot_goes_where_a_fine_grid_says() -> None:
    """50,000 USD destroy 100 t: mostly of the lot with twice the NEQ, and no split on a grid is better."""
    scenario = two_towns()
    known = coefficients(scenario)
    result = optimise(scenario, known)
    assert result.status is PlanStatus.OPTIMAL
    assert result.source == "milp"
    worse = result.flows.group == result.groups.group_of_lot[1]
    assert result.flows.tonnes[worse].sum() > 90.0
    assert result.flows.period.max() == 1
    task = make_task(scenario, known)
    harm = planning_harm(task.problem(()), task.stock)
    grid = []
    # One tonne a day: 90 t in the first quarter and the 10 t that are left to pay for in the second.
    for first, second in product(np.linspace(0.0, 90.0, 46), np.linspace(0.0, 10.0, 11)):
        amounts = np.zeros((2, scenario.periods))
        amounts[:, 0] = 90.0 - first, first
        amounts[:, 1] = 10.0 - second, second
        grid.append(harm.total(amounts.ravel()))
    averted = result.do_nothing_harm - result.planned_harm
    assert result.planned_harm <= min(grid) + 1e-4 * averted


def test_planned_harm_is_that_of_the_flows() -> None:
    """The harm handed over is the model's harm of what is left, plus accidents."""
    scenario = three_towns()
    known = coefficients(scenario)
    result = optimise(scenario, known)
    task = make_task(scenario, known)
    choice = tuple((2, order.period) for order in result.commissionings)
    problem = task.problem(choice)
    harm = planning_harm(problem, task.stock)
    amounts = np.zeros(problem.flows.group.size)
    at = {
        key: j
        for j, key in enumerate(
            zip(problem.flows.group, problem.flows.facility, problem.flows.block, strict=True)
        )
    }
    for key, tonnes in zip(
        zip(result.flows.group, result.flows.facility, result.flows.period, strict=True),
        result.flows.tonnes,
        strict=True,
    ):
        amounts[at[key]] = tonnes
    assert result.planned_harm == pytest.approx(harm.total(amounts), rel=1e-6)
    assert result.planned_harm < result.do_nothing_harm


def test_milp_agrees_with_enumeration_of_orders() -> None:
    """The best linear plan over all single orders, each solved on its own, is the MILP's optimum."""
    scenario = build_or_not()
    task = make_task(scenario, coefficients(scenario))
    problem = task.yearly_problem()
    harm = planning_harm(problem, task.stock)
    path = emptied_path_t(task.groups.held_t(scenario.periods))
    model = assemble(problem, harm.linearised(path), harm.do_nothing)
    first, end = problem.order_offset, problem.payment_offset
    assert end - first == 6
    values = []
    for built in (None, *range(first, end)):
        upper = model.columns.upper.copy()
        upper[first:end] = [float(order == built) for order in range(first, end)]
        columns = replace(model.columns, upper=upper)
        values.append(solve.solve(replace(model, columns=columns), EXACT).objective)
    assert solve.solve(model, EXACT).objective == pytest.approx(min(values), rel=1e-9)


def test_plan_is_near_the_best_of_all_commissionings() -> None:
    """Against every order of the kiln in every quarter, the MILP's loses less than 2% of harm averted."""
    scenario = three_towns()
    known = coefficients(scenario)
    result = optimise(scenario, known)
    looked_further = optimise(scenario, known, options=SolveOptions(neighbours=True))
    task = make_task(scenario, known)
    path = emptied_path_t(task.groups.held_t(scenario.periods))
    choices = [(), *(((2, period),) for period in range(scenario.periods))]
    best = min(
        finish(begin(task, choice, path, None), 40)[0].exact_harm
        for choice in choices
        if begin(task, choice, path, None)
    )
    averted = result.do_nothing_harm - best
    assert result.planned_harm - best < 0.02 * averted
    assert looked_further.planned_harm <= result.planned_harm


def test_optimised_plan_passes_the_audit() -> None:
    """As lines of lots the plan breaks no row of the scenario."""
    for scenario in (two_towns(), three_towns(), build_or_not()):
        known = coefficients(scenario)
        result = optimise(scenario, known)
        assert result.flows.tonnes.size > 0
        assert audit(scenario, lot_plan(scenario, result), known) == ()


def test_plant_that_learns_is_planned_at_its_pace() -> None:
    """A kiln that opens at half pace is filled to 57.5 of 92 days in its first quarter; the audit agrees."""
    base = build_or_not(facility_rates=(rate("KILN", throughput_t_per_day=0.5, unit_cost_usd_per_t=400.0),))
    kiln = base.facilities[1].model_copy(update={"learning_days": 184.0, "learning_start_fraction": 0.5})
    used = []
    for plant in (base.facilities[1], kiln):
        scenario = replace(base, facilities=(base.facilities[0], plant))
        known = coefficients(scenario)
        result = optimise(scenario, known, start=DisposalPlan("now", "none", (), (Commissioning("KILN", 0),)))
        assert result.commissionings == (Commissioning("KILN", 0),)
        assert audit(scenario, lot_plan(scenario, result), known) == ()
        first = (result.flows.facility == 1) & (result.flows.period == 2)
        used.append(result.flows.tonnes[first].sum())
    assert used == pytest.approx([46.0, 28.75], rel=1e-3)


def test_result_is_never_worse_than_a_feasible_start() -> None:
    """Even without a step of its own the optimiser hands back the start, under the start's name."""
    scenario = three_towns()
    known = coefficients(scenario)
    good = lot_plan(scenario, optimise(scenario, known))
    start = replace(good, name="given", source="rule:given")
    again = optimise(scenario, known, start=start, options=SolveOptions(max_steps=0))
    assert again.planned_harm <= again.start_harm * (1.0 + 1e-12)
    improved = optimise(scenario, known, start=start)
    assert improved.planned_harm <= again.start_harm * (1.0 + 1e-12)


def test_start_that_is_not_bettered_keeps_its_source() -> None:
    """Without any step, a start that beats the linear plan is handed back as what it is."""
    scenario = two_towns()
    known = coefficients(scenario)
    start = replace(lot_plan(scenario, optimise(scenario, known)), source="rule:given")
    result = optimise(scenario, known, start=start, options=SolveOptions(max_steps=0))
    assert result.source == "rule:given"
    assert result.planned_harm == result.start_harm


def test_infeasible_start_is_cut_to_what_the_model_allows() -> None:
    """A start that wants both lots at once is trimmed, and does not spoil the plan."""
    scenario = two_towns()
    lines = (PlanLine("L1", "F1", grams(100.0), 0, 0), PlanLine("L2", "F1", grams(100.0), 0, 1))
    start = DisposalPlan("greedy", "rule:greedy", lines)
    result = optimise(scenario, coefficients(scenario), start=start)
    assert 95.0 < result.flows.tonnes.sum() < 100.0 + 1e-6
    assert result.planned_harm <= result.start_harm


@pytest.mark.parametrize(
    ("start", "match"),
    [
        (DisposalPlan("p", "none", (PlanLine("NO", "F1", 1, 0, 0),)), "got lot NO at F1"),
        (DisposalPlan("p", "none", (PlanLine("L1", "F1", 1, 8, 0),)), "within 0 to 7 .got 8."),
        (DisposalPlan("p", "none", (), (Commissioning("F1", 0),)), "possible facilities .got F1."),
    ],
)
def test_foreign_start_is_refused(start: DisposalPlan, match: str) -> None:
    """A start must be a plan of this scenario."""
    scenario = two_towns()
    with pytest.raises(PlanError, match=match):
        optimise(scenario, coefficients(scenario), start=start)


def test_without_money_nothing_is_planned() -> None:
    """No receipts: no flows, and the harm of doing nothing."""
    scenario = two_towns(tranches=(tranche(amount_usd=1.0, probability=0.0),))
    result = optimise(scenario, coefficients(scenario))
    assert result.flows.tonnes.size == 0
    assert result.planned_harm == result.do_nothing_harm


def test_gaps_refer_to_exact_harm() -> None:
    """Both gaps follow from incumbent, bound and the harm of doing nothing."""
    scenario = three_towns()
    result = optimise(scenario, coefficients(scenario))
    difference = result.incumbent - result.best_bound
    assert result.gap_remaining == pytest.approx(difference / result.incumbent, abs=1e-12)
    assert result.gap_averted == pytest.approx(
        difference / (result.do_nothing_harm - result.incumbent), abs=1e-12
    )
    assert result.incumbent == result.planned_harm
    assert 0.0 <= result.gap_averted <= 0.1


def test_milp_without_plan_takes_one_from_relaxations() -> None:
    """With the MILP stopped before its root, relax-and-fix gives it a plan, and it is said."""
    scenario = three_towns()
    result = optimise(scenario, coefficients(scenario), options=SolveOptions(node_limit=0))
    assert result.status is PlanStatus.FEASIBLE
    assert result.planned_harm < result.do_nothing_harm
    assert any("comes from relaxations" in note for note in result.notes)


def test_no_incumbent_still_gives_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where relaxations give no plan either, flows without commissioning are optimised, and it is said."""
    monkeypatch.setattr(solve, "relax_and_fix", lambda _: None)
    scenario = three_towns()
    result = optimise(scenario, coefficients(scenario), options=SolveOptions(node_limit=0))
    assert result.status is PlanStatus.NO_INCUMBENT
    assert result.commissionings == ()
    assert result.planned_harm < result.do_nothing_harm
    assert 0.0 <= result.gap_averted < 1.0
    assert "no_incumbent" in result.notes[0]


def test_without_highs_the_plan_is_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """CBC for the orders and SciPy for the flows find a plan of the same harm."""
    scenario = build_or_not()
    known = coefficients(scenario)
    with_highs = optimise(scenario, known)
    monkeypatch.setattr(solve, "highs_available", lambda: False)
    monkeypatch.setattr(kept, "highs_available", lambda: False)
    without = optimise(scenario, known)
    assert without.solver.startswith("CBC")
    assert without.notes[0] == "HiGHS is not installed"
    assert without.planned_harm == pytest.approx(with_highs.planned_harm, rel=1e-3)


def test_same_inputs_give_the_same_bytes() -> None:
    """Two runs in one process agree in every bit of their flows."""
    scenario = three_towns()
    known = coefficients(scenario)
    first, second = optimise(scenario, known), optimise(scenario, known)
    assert first.flows.tonnes.tobytes() == second.flows.tonnes.tobytes()
    assert first.planned_harm == second.planned_harm
    assert first.commissionings == second.commissionings


def test_import_brings_no_solver() -> None:
    """Importing the optimiser loads neither PuLP nor HiGHS; solving does."""
    code = (
        "import sys, demilsim.optimisation.optimise, demilsim.optimisation.audit;"
        "print([m for m in ('pulp', 'highspy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_plan_that_orders_something_comes_with_the_best_one_that_does_not() -> None:
    """The second plan passes the audit, orders nothing, and is what is made where no order is possible."""
    scenario = three_towns()
    known = coefficients(scenario)
    result = optimise(scenario, known)
    assert result.commissionings
    other = result.without_orders
    assert other is not None
    assert other.commissionings == ()
    assert audit(scenario, lot_plan(scenario, other), known) == ()
    present = tuple(f for f in scenario.facilities if f.status == "existing")
    rates = tuple(r for r in scenario.facility_rates if r.facility_id in {f.facility_id for f in present})
    days = known.working_days[[f.status == "existing" for f in scenario.facilities]]
    fewer = replace(scenario, facilities=present, facility_rates=rates)
    alone = optimise(fewer, replace(known, working_days=days))
    assert other.planned_harm == pytest.approx(alone.planned_harm, rel=2e-3)


def test_result_is_no_worse_than_any_further_plan() -> None:
    """A plan that was found before is an even better start: what comes of it has no more harm."""
    scenario = three_towns()
    known = coefficients(scenario)
    first = optimise(scenario, known)
    again = optimise(scenario, known, others=[lot_plan(scenario, first)])
    assert again.planned_harm <= first.planned_harm * (1.0 + 1e-9)
