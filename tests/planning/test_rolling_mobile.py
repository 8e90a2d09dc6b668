"""Plans with mobile plant that are renewed: from where plant stands, after what it was given, stays kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.experiments.policies import simple_plan
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.task import make_task
from demilsim.optimisation.tour_choice import tours_from
from demilsim.optimisation.tours import Tours
from demilsim.plan import DisposalPlan, Ints, ObservedState
from demilsim.planning.decided import decided_stays
from demilsim.planning.premises import premises_of
from demilsim.planning.remaining import remaining_coefficients
from demilsim.planning.replay import replayed
from demilsim.planning.rolling import ROLLING, Rolling
from demilsim.planning.rules import nominal_coefficients
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.renewal import Renewal
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from mobile_plans import crowded, plan_of
from optimisation.test_tours import MOVE_DAYS, sites_with
from stories import QUIET, TONNE, drawn, line, plan, without_accidents

YEARS, QUARTERS, REPLICATIONS = 4, 4, 12


def newcomer() -> Scenario:
    """Return 500 t among few people at S1, and 60 t that come among many at S2 as the second year begins.

    Plant stands at S1 and has more than a year's work there.
    """
    scenario = crowded((500.0, 500.0), (60.0, 50_000.0))
    here, there = scenario.lots
    lots = here, there.model_copy(update={"arrives": dt.date(2027, 1, 1)})
    longer = scenario.settings.model_copy(update={"horizon_years": YEARS})
    return replace(scenario, lots=lots, settings=longer)


@pytest.fixture(scope="module")
def planned() -> tuple[Scenario, DisposalPlan]:
    """Return the newcomer and the optimiser's plan, by which plant goes to S2 at once and comes back."""
    scenario = newcomer()
    known = nominal_coefficients(scenario)
    result = optimise(scenario, known, start=simple_plan("host_only", scenario))
    assert result.tours == ((0, 4, 1), (0, 5, 0))
    return scenario, plan_of(scenario, result, known)


def sites_worked(scenario: Scenario, story: DisposalPlan, policy: Rolling, replication: int) -> list[int]:
    """Return at which sites plant works, one after the other, under a plan renewed every year."""
    states: list[Run] = []
    world, draws = drawn(scenario, replication)
    quiet = replace(draws, candidates=())
    run(world, compile_plan(world, story), quiet, states.append, renewal=Renewal(policy, QUARTERS))
    lots = [segment.lot for segment in states[-1].plants[0].segments]
    return [lot for k, lot in enumerate(lots) if k == 0 or lot != lots[k - 1]]


def seen(period: int, remaining_t: list[float], place: int, busy_days: float = 0.0) -> ObservedState:
    """Return what is seen of scenarios with one facility and one fund, with money enough."""
    return ObservedState(
        period,
        np.array([round(mass * TONNE) for mass in remaining_t]),
        np.array([500_000.0]),
        np.array([-1]),
        np.array([place]),
        np.array([busy_days]),
    )


def test_a_renewed_plan_keeps_the_moves_of_the_first(planned: tuple[Scenario, DisposalPlan]) -> None:
    """S1, S2 and back to S1, renewed every year as without, and about as little harm.

    Where stays were not known, what was left at S1 came first, and the renewed plan was as bad as a rule.
    """
    scenario, first = planned
    policy = Rolling(scenario, first, nominal_coefficients(scenario))
    for replication in range(3):
        assert sites_worked(scenario, first, policy, replication) == [0, 1, 0]
    plans = {"static": first, ROLLING: first, "rule": simple_plan("host_only", scenario)}
    found = replicate(scenario, plans, REPLICATIONS, jobs=1, renewals={ROLLING: Renewal(policy, QUARTERS)})
    harm = {name: found.objective(name).mean() for name in plans}
    assert harm[ROLLING] == pytest.approx(harm["static"], rel=0.05)
    assert harm[ROLLING] < 0.6 * harm["rule"]


def test_lines_of_a_quarter_come_in_the_order_of_stays(planned: tuple[Scenario, DisposalPlan]) -> None:
    """What there is time for at S1 comes before S2, where each tonne averts more, and the rest after."""
    scenario, first = planned
    renewed = Rolling(scenario, first, nominal_coefficients(scenario)).decide(seen(4, [100.0, 60.0], 0))
    assert [(row.lot_id, row.earliest_period) for row in renewed.lines][:3] == [
        ("L1", 4),
        ("L2", 4),
        ("L1", 5),
    ]


@pytest.mark.parametrize("place", [0, 1])
def test_a_renewal_begins_where_plant_stands(place: int) -> None:
    """With as much to do among as many people at both sites, it first does what is where it stands.

    Half a year's work at each fills a year, so that no line of the other site is due before it has moved.
    """
    scenario = crowded((180.0, 5_000.0), (180.0, 5_000.0))
    first = simple_plan("host_only", scenario)
    policy = Rolling(scenario, first, nominal_coefficients(scenario))
    renewed = policy.decide(seen(4, [180.0, 180.0], place))
    due = {
        lot: min(row.earliest_period for row in renewed.lines if row.lot_id == lot) for lot in ("L1", "L2")
    }
    here, there = ("L1", "L2") if place == 0 else ("L2", "L1")
    assert due[here] == 4
    assert due[there] > 4


def test_equal_states_but_for_the_place_are_planned_apart() -> None:
    """What was decided for plant at S1 is not given back for plant at S2, nor for plant that is busy."""
    scenario = crowded((180.0, 5_000.0), (180.0, 5_000.0))
    policy = Rolling(scenario, simple_plan("host_only", scenario), nominal_coefficients(scenario))
    states = [seen(4, [180.0, 180.0], 0), seen(4, [180.0, 180.0], 1), seen(4, [180.0, 180.0], 0, 80.0)]
    assert len({policy.decide(state).sha256() for state in states}) == len(states)


def test_no_move_is_put_into_the_past() -> None:
    """Plant that moves for nothing but days could begin anywhere, were moves before the renewal possible."""
    scenario = without_accidents(sites_with(1.0, 200.0, move_cost_usd=0.0))
    known = remaining_coefficients(nominal_coefficients(scenario), seen(4, [1.0, 200.0], 0))
    task = make_task(scenario, known)
    nothing = np.zeros(task.shape)
    moves = tours_from(task, (), task.left_t(nothing), (), nothing)
    assert moves
    assert min(period for _, period, _ in moves) >= 4


def test_days_of_what_facilities_were_given_are_gone() -> None:
    """100 days of work before a year of quarters of 90, 91, 92 and 92 days leave 81 of the second."""
    scenario = sites_with(60.0, 60.0)
    days = remaining_coefficients(
        nominal_coefficients(scenario), seen(4, [60.0, 60.0], 0, 100.0)
    ).working_days
    assert days[0].tolist() == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.0, 81.0, 92.0, 92.0])


class Looker:
    """Keeps what it saw, and plans nothing more."""

    def __init__(self) -> None:
        self.seen: list[ObservedState] = []

    def decide(self, observed: ObservedState) -> DisposalPlan:
        """Return a plan of nothing."""
        self.seen.append(observed)
        return plan()


def test_a_planner_sees_where_plant_will_stand_and_what_it_still_has_to_do() -> None:
    """Given 100 t at S1 and 60 t at S2 on 1 October, 1 t a day, it has 92 days until the year ends.

    Then eight days, a move of nine and 60 days are left, and it will stand at S2.
    """
    scenario = without_accidents(sites_with(100.0, 60.0, parameters=QUIET))
    world, draws = drawn(scenario)
    story, looker = plan(line("L1", 100.0, 3), line("L2", 60.0, 3)), Looker()
    run(world, compile_plan(world, story), replace(draws, candidates=()), renewal=Renewal(looker, QUARTERS))
    (observed,) = looker.seen
    assert observed.place.tolist() == [1]
    assert observed.busy_days.tolist() == pytest.approx([8.0 + MOVE_DAYS + 60.0])


def test_a_move_under_way_counts_as_far_as_it_is_to_go() -> None:
    """Given 60 t at S2 alone on 1 October, it has moved and worked for 92 days: nothing is left.

    With 90 t seven days are, and where a move takes 99 days, seven days of it and all of the work.
    """
    for mass_t, move_days, left in ((60.0, 9.0, 0.0), (90.0, 9.0, 7.0), (60.0, 99.0, 67.0)):
        scenario = without_accidents(sites_with(100.0, mass_t, move_days=move_days, parameters=QUIET))
        world, draws = drawn(scenario)
        looker, story = Looker(), plan(line("L2", mass_t, 3))
        run(world, compile_plan(world, story), replace(draws, candidates=()), renewal=Renewal(looker, 4))
        assert looker.seen[0].busy_days.tolist() == pytest.approx([left])


AT_S2: Ints = np.array([1])


def test_stays_and_replays_begin_where_plant_stands() -> None:
    """Before its first move it does what is at S2, where it stands; a replay of lines moves it to S1 only."""
    scenario = sites_with(60.0, 60.0)
    to_s1: Tours = ((0, 2, 0),)
    stays = decided_stays(scenario, to_s1, AT_S2)
    assert [stays.number("L2", "F1", t) for t in (0, 1, 2)] == [0, 0, 0]
    assert [stays.number("L1", "F1", t) for t in (1, 2, 7)] == [-1, 1, 1]
    known = replace(nominal_coefficients(scenario), place=AT_S2)
    lines = plan(line("L1", 60.0), line("L2", 60.0))
    _, moves = replayed(lines, premises_of(scenario, known))
    assert moves == ((0, 0, 0),)
