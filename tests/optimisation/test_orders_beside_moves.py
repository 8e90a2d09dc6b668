"""New plant where mobile plant cannot be at all sites at once: ordered if that averts more, and only then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from demilsim.optimisation import optimise as module
from demilsim.optimisation.audit import audit
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.solve import SolveOptions
from demilsim.plan import Commissioning
from demilsim.planning.disaggregate import flow_plan
from demilsim.planning.rules import nominal_coefficients, nominal_start
from demilsim.scenario.scenario import Scenario
from mobile_plans import crowded
from worlds import facility, tranche

QUICK = SolveOptions(bound_steps=0)
ORDER = Commissioning("F2", 0)


def slow_to_move(capital_usd: float = 20_000.0) -> Scenario:
    """Return three sites, plant that moves for 60 days, and new plant for S2 for a fifth of the money."""
    scenario = crowded((60.0, 20_000.0), (30.0, 20_000.0), (60.0, 20_000.0))
    mobile = scenario.facilities[0].model_copy(update={"move_days": 60.0})
    fixed = facility("F2", "S2", status="possible", capital_cost_usd=capital_usd, lead_time_days=90.0)
    rates = [*scenario.facility_rates]
    rates += [row.model_copy(update={"facility_id": "F2"}) for row in scenario.facility_rates]
    return replace(
        scenario,
        facilities=(mobile, fixed),
        facility_rates=tuple(rates),
        tranches=(tranche(amount_usd=100_000.0),),
    )


def planned(scenario: Scenario, *orders: Commissioning) -> PlanResult:
    """Return the optimiser's plan, from that of a rule with some orders."""
    known = nominal_coefficients(scenario)
    start = replace(nominal_start(scenario), commissionings=orders)
    result = optimise(scenario, known, start=start, options=QUICK)
    assert audit(scenario, flow_plan(scenario, result), known, tours=result.tours) == ()
    return result


@pytest.fixture(scope="module")
def found() -> PlanResult:
    """Return the plan where nobody orders anything beforehand."""
    return planned(slow_to_move())


def test_plant_is_ordered_that_spares_mobile_plant_a_move(
    found: PlanResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With mobile plant at all sites at once the order averts nothing; with its moves it averts some."""
    assert found.commissionings == (ORDER,)
    assert found.without_orders is not None
    monkeypatch.setattr(module, "with_orders_again", lambda task, ended, *others: ended)
    before = planned(slow_to_move())
    assert before.commissionings == ()
    assert found.without_orders.planned_harm == pytest.approx(before.planned_harm, rel=1e-6)
    assert before.planned_harm - found.planned_harm > 0.03 * found.do_nothing_harm


def test_a_plan_is_no_worse_than_the_one_that_it_improves(
    found: PlanResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commissionings of a given plan are tried with moves, though without places others are better."""
    monkeypatch.setattr(module, "with_orders_again", lambda task, ended, *others: ended)
    given = planned(slow_to_move(), ORDER)
    assert given.commissionings == (ORDER,)
    assert given.planned_harm == pytest.approx(found.planned_harm, rel=0.01)
    assert given.planned_harm <= given.start_harm


def test_what_cannot_be_paid_is_not_ordered() -> None:
    """A plant that costs more than all money there is leaves the plan as it is."""
    assert planned(slow_to_move(100_001.0)).commissionings == ()
