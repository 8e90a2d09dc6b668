"""Facilities for many draws at once: against enumeration, the MILP of one draw, and one large program."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, csr_array

from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.objective import emptied_path_t, planning_harm
from demilsim.optimisation.recourse import Recourse, emergency_price, first_from, with_emergency_money
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import Task, make_task
from demilsim.optimisation.two_stage import Draws, first_stage, mean_or_tail, worth_of_draws
from optimisation.instances import build_or_not, coefficients, three_towns

EXACT = SolveOptions(gap_averted=0.0, node_limit=100_000)
DRAWS = 6


def task_of(scale_days: float = 1.0, scale_money: float = 1.0) -> Task:
    """Return the small world with other working days and receipts."""
    scenario = build_or_not()
    known = coefficients(scenario)
    return make_task(
        scenario,
        replace(
            known,
            working_days=scale_days * known.working_days,
            receipts_usd=scale_money * known.receipts_usd,
        ),
    )


def recourse_of(task: Task) -> Recourse:
    return Recourse(task, emptied_path_t(task.groups.held_t(task.scenario.periods)))


def tasks() -> list[Task]:
    """Return draws of capacity and money, lognormal with sigma 0.4, seed 11."""
    generator = np.random.default_rng(11)
    return [task_of(*np.exp(0.4 * generator.standard_normal(2))) for _ in range(DRAWS)]


@pytest.fixture(scope="module")
def draws() -> Draws:
    """Return the subproblems of six draws."""
    return Draws([recourse_of(task) for task in tasks()])


def choices(draws: Draws) -> list[tuple[int, ...]]:
    """Return every choice of orders: none or one for each facility."""
    by_facility: dict[int, list[tuple[int, ...]]] = {}
    for i, (facility, _) in enumerate(draws.orders):
        by_facility.setdefault(facility, [()]).append((i,))
    return [tuple(sum(parts, ())) for parts in product(*by_facility.values())]


def test_one_draw_is_the_milp() -> None:
    """With one draw and money for its orders the method finds what the MILP finds."""
    task = task_of()
    problem = task.yearly_problem()
    harm = planning_harm(problem, task.stock)
    path = emptied_path_t(task.groups.held_t(task.scenario.periods))
    found = solve(assemble(problem, harm.linearised(path), harm.do_nothing), EXACT)
    ours = first_stage(Draws([recourse_of(task)]), gap_averted=0.0)
    assert ours.objective == pytest.approx(found.objective, rel=1e-7)
    assert ours.bound == pytest.approx(found.objective, rel=1e-7)


def test_many_draws_against_enumeration(draws: Draws) -> None:
    """No choice of orders has less mean harm, and the bound is no higher."""
    ours = first_stage(draws, gap_averted=0.0)
    least = min(draws.harm(choice).mean() for choice in choices(draws))
    assert ours.objective == pytest.approx(least, rel=1e-9)
    assert ours.bound <= least * (1.0 + 1e-9)
    assert ours.bound == pytest.approx(least, rel=1e-6)


def test_many_draws_against_one_large_program(draws: Draws) -> None:
    """All draws in one program with common orders, solved by another door, have the same optimum."""
    models = []
    for task in tasks():
        problem = task.yearly_problem()
        harm = planning_harm(problem, task.stock)
        path = emptied_path_t(task.groups.held_t(task.scenario.periods))
        model = assemble(problem, harm.linearised(path), harm.do_nothing)
        models.append((with_emergency_money(model, problem), problem))
    width, count = [m.cost.size for m, _ in models], len(draws.orders)
    matrix = block_array(
        [[m.matrix() if i == j else None for j in range(DRAWS)] for i, (m, _) in enumerate(models)]
    )
    first = np.concatenate([[0], np.cumsum(width)[:-1]])
    rows, columns, values = [], [], []
    for d, (_, problem) in enumerate(models[1:], start=1):
        assert problem.orders.facility.size == models[0][1].orders.facility.size == count
        for i in range(count):
            rows += [len(rows) // 2] * 2
            columns += [first[0] + models[0][1].order_offset + i, first[d] + problem.order_offset + i]
            values += [1.0, -1.0]
    equal = csr_array((values, (rows, columns)), shape=(len(rows) // 2, sum(width)))
    lower, upper = (np.concatenate(side) for side in zip(*(m.row_bounds() for m, _ in models), strict=True))
    found = milp(
        np.concatenate([m.cost for m, _ in models]) / DRAWS,
        integrality=np.concatenate([m.columns.integer for m, _ in models]).astype(int),
        bounds=Bounds(0.0, np.concatenate([m.columns.upper for m, _ in models])),
        constraints=[LinearConstraint(matrix, lower, upper), LinearConstraint(equal, 0.0, 0.0)],
        options={"mip_rel_gap": 0.0},
    )
    optimum = found.fun + np.mean([m.constant for m, _ in models])
    assert first_stage(draws, gap_averted=0.0).objective == pytest.approx(optimum, rel=1e-6)


@pytest.mark.parametrize("tail", [0.2, 0.5, 1.0])
def test_tail_against_enumeration(draws: Draws, tail: float) -> None:
    """The orders of least conditional value at risk are those of enumeration."""
    ours = first_stage(draws, tail=tail, gap_averted=0.0)
    least = min(mean_or_tail(draws.harm(choice), tail) for choice in choices(draws))
    assert ours.objective == pytest.approx(least, rel=1e-9)


def test_tail_by_hand() -> None:
    """Of harms 1 to 4 the worst half is 3.5 on average, the worst three eighths (4 + 3/2) / 1.5."""
    harm = np.array([1.0, 4.0, 2.0, 3.0])
    assert mean_or_tail(harm, None) == 2.5
    assert mean_or_tail(harm, 0.5) == pytest.approx(3.5)
    assert mean_or_tail(harm, 0.375) == pytest.approx(5.5 / 1.5)


def test_planes_lie_below(draws: Draws) -> None:
    """Harm as its slopes at one choice foretell it is never above the harm of another."""
    every = choices(draws)
    for draw in range(DRAWS):
        for here in every:
            at, slopes = draws.evaluate(draw, here)
            intercept = at - slopes[list(here)].sum()
            for there in every:
                value = draws.evaluate(draw, there)[0]
                assert intercept + slopes[list(there)].sum() <= value + 1e-7 * (1.0 + abs(value))


def test_orders_without_money_are_paid_by_the_emergency_account() -> None:
    """A draw without any money has a recourse for every order, at the price of its cost."""
    poor = Draws([recourse_of(task_of(scale_money=0.0))])
    nothing = poor.harm(())[0]
    for i in range(len(poor.orders)):
        assert poor.harm((i,))[0] > nothing
        assert poor.emergency_usd((i,))[0] >= 60_000.0
    assert poor.emergency_usd(())[0] == 0.0


def test_price_of_emergency_money_by_hand() -> None:
    """The most harm per kUSD of any flow; all harm for each kUSD where no flow that costs averts any."""
    problem = task_of().yearly_problem()
    flows = problem.flows
    kusd_per_t = problem.groups.cost_usd_per_t[flows.group, flows.facility] / 1000.0
    cost = -2.0 * kusd_per_t
    cost[3] = -5.0 * kusd_per_t[3]
    assert emergency_price(problem, cost, 7.0) == pytest.approx(5.0)
    assert emergency_price(problem, np.zeros(flows.group.size), 7.0) == 7.0


def test_an_order_stands_for_the_next_of_its_facility() -> None:
    """Orders that a draw leaves out are found then or after, and not at another facility."""
    wanted = ((0, 1), (0, 2), (0, 5), (1, 0))
    assert first_from(wanted, ((0, 4), (0, 2), (1, 3))).tolist() == [1, 1, -1, 2]


def test_equal_draws_are_worth_nothing() -> None:
    """Where all draws are the same there is nothing to know, and the plan for the mean is the plan."""
    draws = Draws([recourse_of(task_of()) for _ in range(3)])
    best = first_stage(draws, gap_averted=0.0)
    chosen = tuple(draws.orders.index(order) for order in best.orders)
    worth = worth_of_draws(draws, chosen, gap_averted=0.0)
    assert worth.expected_value_of_perfect_information == pytest.approx(0.0, abs=1e-7)
    assert worth.value_of_stochastic_solution == pytest.approx(0.0, abs=1e-7)


def test_worth_of_draws_against_enumeration(draws: Draws) -> None:
    """Perfect information and the stochastic plan are worth what enumeration says, and never less than 0."""
    mean = Draws([recourse_of(task_of())])
    best = first_stage(mean, gap_averted=0.0)
    chosen = tuple(draws.orders.index(order) for order in best.orders)
    worth = worth_of_draws(draws, chosen, gap_averted=0.0)
    harm = np.array([draws.harm(choice) for choice in choices(draws)])
    here_and_now = harm.mean(axis=1).min()
    assert worth.expected_value_of_perfect_information == pytest.approx(
        here_and_now - harm.min(axis=0).mean(), abs=1e-6
    )
    assert worth.value_of_stochastic_solution == pytest.approx(
        draws.harm(chosen).mean() - here_and_now, abs=1e-6
    )
    assert worth.expected_value_of_perfect_information >= -1e-9
    assert worth.value_of_stochastic_solution >= -1e-9


def test_several_facilities_against_enumeration() -> None:
    """Three sites with a plant to build, capacity halved or doubled by draw."""
    scenario = three_towns()
    known = coefficients(scenario)
    draws = Draws(
        [
            recourse_of(make_task(scenario, replace(known, working_days=share * known.working_days)))
            for share in (0.5, 1.0, 2.0)
        ]
    )
    ours = first_stage(draws, gap_averted=0.0)
    least = min(draws.harm(choice).mean() for choice in choices(draws))
    assert ours.objective == pytest.approx(least, rel=1e-9)
