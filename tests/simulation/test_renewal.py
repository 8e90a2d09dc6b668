"""A plan that is renewed on the way: the policy sees what can be seen, and nothing that is to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from demilsim.errors import PlanError
from demilsim.plan import Commissioning, DisposalPlan, ObservedState, PlanLine
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import Draws, draw
from demilsim.simulation.income import Receipt
from demilsim.simulation.record import RunResult
from demilsim.simulation.renewal import Renewal
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from stories import QUIET, TONNE, candidate, line, plan, without_accidents
from worlds import facility, lot, one_lot, rate, storehouse, tranche


class Watcher:
    """Takes what is left of each lot that it has seen, lightest first, and remembers what it saw."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.seen: list[ObservedState] = []
        self.decided: list[DisposalPlan] = []

    def decide(self, observed: ObservedState) -> DisposalPlan:
        """Plan all that is left from now on."""
        self.seen.append(observed)
        order = np.argsort(observed.remaining_g, kind="stable").tolist()
        lines = tuple(
            PlanLine(
                self.scenario.lots[i].lot_id, "F1",
                min(int(observed.remaining_g[i]), round(self.scenario.lots[i].gross_mass_t * TONNE)),
                observed.period, rank + 1,
            )
            for rank, i in enumerate(order) if observed.remaining_g[i] > 0
        )  # fmt: skip
        self.decided.append(DisposalPlan("watcher", "none", lines))
        return self.decided[-1]


def followed(
    scenario: Scenario, story: DisposalPlan, change: Callable[[Draws], Draws] = lambda d: d, every: int = 4
) -> tuple[RunResult, Watcher, Run]:
    """Return a replication whose plan is renewed, who renewed it, and its end state."""
    world = prepare(without_accidents(scenario))
    draws = change(replace(draw(world, Streams(8, 0)), candidates=()))
    watcher, states = Watcher(world.scenario), []
    result = run(world, compile_plan(world, story), draws, states.append, renewal=Renewal(watcher, every))
    return result, watcher, states[-1]


def uncertain(**changes: object) -> Scenario:
    """Return four years with two lots of unknown condition and mass, one of which is announced, and money."""
    return one_lot(
        lots=[
            lot("L1", stabiliser_fraction="unknown", mass_sigma=0.2),
            lot("L2", arrives="2028-03-01", arrival_probability=0.5, stabiliser_fraction="unknown"),
        ],
        facility_rates=[rate(throughput_t_per_day=0.1)],
        tranches=[tranche("T1", amount_usd=30_000.0), tranche("T2", due=dt.date(2029, 1, 1))],
        parameters=QUIET, horizon_years=4, **changes,
    )  # fmt: skip


def same(a: ObservedState, b: ObservedState) -> bool:
    """Return whether two observations are equal."""
    return (
        a.period == b.period
        and np.array_equal(a.remaining_g, b.remaining_g)
        and np.array_equal(a.available_usd, b.available_usd)
        and np.array_equal(a.commissioned, b.commissioned)
    )


def another_future(draws: Draws) -> Draws:
    """Return the same two years, then other money, another inflow, and lots of another condition."""
    supply = replace(draws.supply, lot_g=draws.supply.lot_g * np.array([1, 0]))
    late = (*draws.income.receipts[:1], Receipt(1_000.0, 0, 7_000_000))
    return replace(
        draws, supply=supply, income=replace(draws.income, receipts=late), lot_factor=9.0 * draws.lot_factor
    )


def test_equal_histories_have_equal_decisions() -> None:
    """Two replications that part after two years are planned alike at both renewals before, and not after."""

    def comes(draws: Draws) -> Draws:
        supply = replace(draws.supply, lot_g=np.array([draws.supply.lot_g[0], 100 * TONNE]))
        return replace(draws, supply=supply)

    _, one, _ = followed(uncertain(), plan(line("L1")), comes)
    _, other, _ = followed(uncertain(), plan(line("L1")), another_future)
    assert len(one.seen) == len(other.seen) == 3
    for early in (0, 1):
        assert same(one.seen[early], other.seen[early])
        assert one.decided[early] == other.decided[early]
    assert not same(one.seen[2], other.seen[2])
    assert one.decided[2] != other.decided[2]


def test_true_mass_is_seen_once_a_lot_is_opened() -> None:
    """130 t that are recorded as 100 t are seen as 100 t, and as what is left of 130 t once opened."""

    def heavy(draws: Draws) -> Draws:
        return replace(draws, supply=replace(draws.supply, lot_g=np.array([130 * TONNE, 0])))

    _, shut, _ = followed(uncertain(), DO_NOTHING, heavy)
    assert shut.seen[0].remaining_g.tolist() == [100 * TONNE, 0]
    small = plan(line("L1", mass_t=10.0))
    _, opened, _ = followed(uncertain(), small, heavy)
    assert opened.seen[0].remaining_g[0] == 120 * TONNE


def test_renewed_plan_takes_over() -> None:
    """After doing nothing for a year, the policy's plan is carried out; what was queued before goes on."""
    scenario = one_lot(
        lots=[lot("L1"), lot("L2", gross_mass_t=40.0)], facility_rates=[rate(throughput_t_per_day=1.0)],
        parameters=QUIET,
    )  # fmt: skip
    result, watcher, state = followed(scenario, DO_NOTHING)
    assert result.destroyed_g[0, :4].sum() == 0.0
    assert state.stock.destroyed_g == [100 * TONNE, 40 * TONNE]
    assert [segment.lot for segment in state.plants[0].segments] == [1, 0]
    assert watcher.seen[0].available_usd.tolist() == [1_000_000.0]


def test_lines_of_the_old_plan_are_forgotten() -> None:
    """A line that was due after the renewal is not done unless the new plan has it."""

    class Nothing(Watcher):
        def decide(self, observed: ObservedState) -> DisposalPlan:
            return DO_NOTHING

    world = prepare(one_lot(parameters=QUIET))
    draws = replace(draw(world, Streams(8, 0)), candidates=())
    schedule = compile_plan(world, plan(line("L1", period=5)))
    result = run(world, schedule, draws, renewal=Renewal(Nothing(world.scenario), 4))
    assert result.destroyed_g.sum() == 0.0


def test_facility_that_was_ordered_is_not_ordered_again() -> None:
    """The state says since when a facility is ordered; a new plan that names it again pays it once."""
    scenario = one_lot(
        facilities=[facility(status="possible", capital_cost_usd=1_000.0, lead_time_days=30.0)],
        parameters=QUIET,
    )

    class Again(Watcher):
        def decide(self, observed: ObservedState) -> DisposalPlan:
            mine = super().decide(observed)
            return replace(mine, commissionings=(Commissioning("F1", observed.period),))

    world = prepare(without_accidents(scenario))
    draws = replace(draw(world, Streams(8, 0)), candidates=())
    policy = Again(world.scenario)
    story = plan(commissionings=(Commissioning("F1", 1),))
    result = run(world, compile_plan(world, story), draws, renewal=Renewal(policy, 4))
    assert policy.seen[0].commissioned.tolist() == [1]
    assert result.spent_cents.sum() == 100_000 + 100 * 50_000


def test_job_that_comes_back_after_a_renewal_finds_its_payers() -> None:
    """An order of the first plan that an explosion sends back under the second is paid by the same funds."""
    scenario = one_lot(
        storehouses=[storehouse("H1"), storehouse("H2", y_m=5_000.0)],
        lots=[lot("L1", "H1"), lot("L2", "H2")],
        facility_rates=[rate(throughput_t_per_day=0.25)],
        parameters=QUIET | {"consequence.site_closure_days": 10.0},
    )
    blown = candidate(400.0, storehouse=0, extent=0.01)
    _, watcher, state = followed(
        scenario, plan(line("L2"), line("L1")), lambda draws: replace(draws, candidates=(blown,))
    )
    assert state.stock.destroyed_g[1] == pytest.approx(100 * TONNE, abs=0.9 * TONNE)
    assert len(watcher.seen) == 1


@pytest.mark.parametrize("every", [0, -4, 1.5, None])
def test_renewals_need_a_number_of_periods(every: int) -> None:
    """Zero would divide by nothing, 1.5 skip what it should not; the policy is named."""
    with pytest.raises(PlanError, match=r"renewal by Watcher: expected a whole number of periods >= 1 \(got"):
        Renewal(Watcher(one_lot()), every)


def test_what_cannot_be_asked_is_no_policy() -> None:
    """A function, or a class in place of its object, is refused where the renewal is made."""
    with pytest.raises(PlanError, match=r"expected a policy with a method decide \(got followed\)"):
        Renewal(followed, 4)


@pytest.mark.parametrize(("decided", "got"), [(None, "None"), ([], "list"), (DisposalPlan, "DisposalPlan")])
def test_a_decision_must_be_a_plan(decided: object, got: str) -> None:
    """A policy that returns nothing, or something else, is named with the period in which it did."""

    class Forgetful(Watcher):
        def decide(self, observed: ObservedState) -> DisposalPlan:
            return decided  # type: ignore[return-value]

    prepared = prepare(one_lot())
    renewal = Renewal(Forgetful(one_lot()), 4)
    told = rf"policy Forgetful, period 4: expected decide to return a DisposalPlan \(got {got}\)"
    with pytest.raises(PlanError, match=told):
        run(prepared, compile_plan(prepared, DO_NOTHING), draw(prepared, Streams(8, 0)), renewal=renewal)
