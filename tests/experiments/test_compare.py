"""Scenarios and plans side by side: differences that are known, mirrored, and common in chance."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from demilsim.errors import DemilsimError
from demilsim.experiments.compare import Comparison, Plans, compare
from demilsim.experiments.comparison_outputs import AlternativeOutputs, Measured
from demilsim.experiments.ensemble import Response
from demilsim.experiments.policies import simple_plan
from demilsim.plan import DisposalPlan
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from worlds import lot, site, storehouse, three_sites, village, world

NOTHING: Plans = {"nothing": DO_NOTHING}
REPLICATIONS, DRAWS = 12, 4


def rule(scenario: Scenario, name: str = "cheapest_first") -> DisposalPlan:
    """Return the plan of a rule."""
    return simple_plan(name, scenario)


@pytest.fixture(scope="module")
def both() -> Comparison:
    """Return three sites as they are and with half the money, under a rule."""
    scenarios = (three_sites(), halved())
    plans = [{"rule": rule(scenario)} for scenario in scenarios]
    return compare(scenarios, REPLICATIONS, plans=plans, jobs=1, parameter_draws=DRAWS)


def halved() -> Scenario:
    """Return three sites with half the money."""
    as_given = three_sites()
    tranches = [t.model_copy(update={"amount_usd": t.amount_usd / 2}) for t in as_given.tranches]
    return three_sites(tranches=tranches, name="half")


def test_a_scenario_differs_from_itself_by_nothing() -> None:
    """Every difference is exactly 0 in every replication and draw, and both are always tied."""
    same = three_sites()
    plans = [{"rule": rule(same)}] * 2
    found = compare([same, same], REPLICATIONS, plans=plans, jobs=1, parameter_draws=DRAWS)
    assert found.names == ("tiny", "tiny (2)")
    first, other = found.outputs
    for output in Measured:
        assert np.array_equal(first.values[output], other.values[output])
        assert other.difference(first, output).mean == 0.0
    assert found.draws is not None
    chance = found.draws.chance_fewer(1)
    assert (chance.share, chance.ties, chance.resolved) == (0.5, DRAWS, False)


def test_order_swapped_mirrors_every_number(both: Comparison) -> None:
    """The other way round differences change their sign, and chances become what is left to 1."""
    scenarios = (halved(), three_sites())
    plans = [{"rule": rule(scenario)} for scenario in scenarios]
    back = compare(scenarios, REPLICATIONS, plans=plans, jobs=1, parameter_draws=DRAWS)
    assert [one.name for one in back.alternatives] == ["half", "tiny"]
    for output in Measured:
        there = both.outputs[1].difference(both.outputs[0], output)
        again = back.outputs[1].difference(back.outputs[0], output)
        assert (again.mean, again.half_width) == (-there.mean, there.half_width)
    assert both.draws is not None
    assert back.draws is not None
    chance, mirrored = both.draws.chance_fewer(1), back.draws.chance_fewer(1)
    assert mirrored.share == 1.0 - chance.share
    assert mirrored.low == pytest.approx(1.0 - chance.high)
    assert np.array_equal(back.draws.deaths, both.draws.deaths[::-1])


def test_twice_the_people_are_twice_the_public_deaths() -> None:
    """The paired difference is the first scenario's own value in every replication: chance is common."""
    few, many = world(), world(exposed_sites=[village(persons=200.0)])
    found = compare([few, many], REPLICATIONS, plans=[NOTHING] * 2, jobs=1)
    own, doubled = (e.values("nothing", Response.EXPECTED_PUBLIC) for e in found.ensembles)
    assert own.min() > 0.0
    assert doubled == pytest.approx(2.0 * own, rel=1e-12)
    assert found.difference(1, "nothing", Response.EXPECTED_PUBLIC) is not None
    workers = [e.values("nothing", Response.EXPECTED_WORKERS) for e in found.ensembles]
    assert np.array_equal(*workers)


def test_what_has_the_same_id_has_the_same_chance() -> None:
    """A further site adds its own harm and explosions, replication by replication, and changes no other."""
    parameters = {"event_rate.undetermined_per_storehouse_year": 0.4}
    far = {
        "sites": [site("S9")], "storehouses": [storehouse("H9", "S9")],
        "exposed_sites": [village("E9", "S9")], "lots": [lot("L9", "H9", neq_kg=30_000.0)],
    }  # fmt: skip
    near = {"sites": [site()], "storehouses": [storehouse()], "exposed_sites": [village()], "lots": [lot()]}
    joined = {table: near[table] + far[table] for table in near}
    worlds = [world(**tables, parameters=parameters) for tables in (near, joined)]  # type: ignore[arg-type]
    alone = world(**far, parameters=parameters, facilities=[], facility_rates=[])  # type: ignore[arg-type]
    found = compare([*worlds, alone], 40, plans=[NOTHING] * 3, jobs=1)
    for response in (Response.EXPECTED_FATALITIES, Response.EXPLOSIONS):
        few, all_of_it, other = (e.values("nothing", response) for e in found.ensembles)
        assert all_of_it == pytest.approx(few + other, rel=1e-9, abs=1e-12)
    assert found.ensembles[0].values("nothing", Response.EXPLOSIONS).sum() > 5


def test_alternatives_are_called_after_what_tells_them_apart() -> None:
    """One scenario: the plans; one plan: the scenarios; several of both: both."""
    one, two = three_sites(), halved()
    plans: Plans = {"nothing": DO_NOTHING, "rule": rule(one)}
    alone = compare([one], 2, plans=[plans], jobs=1)
    assert [a.name for a in alone.alternatives] == ["nothing", "rule"]
    assert alone.outputs[1].difference(alone.outputs[0], Measured.DESTROYED).mean > 0.0
    crossed = compare([one, two], 2, plans=[plans, plans], jobs=1)
    names = ["tiny: nothing", "tiny: rule", "half: nothing", "half: rule"]
    assert [a.name for a in crossed.alternatives] == names
    assert [crossed.plan(i).source for i in range(4)] == ["none", "rule:cheapest_first"] * 2


def test_one_alternative_is_no_comparison() -> None:
    """A scenario with one plan is refused, and so is a scenario without any."""
    with pytest.raises(DemilsimError, match=r"expected two scenarios or more.*\(got 1\)"):
        compare([three_sites()], plans=[NOTHING])
    with pytest.raises(DemilsimError, match="expected plans of each scenario"):
        compare([three_sites(), three_sites()], plans=[NOTHING])


def test_chances_that_are_counted_have_intervals_of_counts() -> None:
    """No major explosion in ten replications of either: the half-width is that of Garwood's interval."""
    none = dict.fromkeys(Measured, np.zeros(10))
    first, other = AlternativeOutputs(none, True), AlternativeOutputs(none, True)
    assert other.difference(first, Measured.P_MAJOR).half_width == pytest.approx(0.3689, abs=1e-4)
    assert other.estimate(Measured.P_MAJOR).half_width == pytest.approx(0.2775, abs=1e-4)
    assert other.difference(first, Measured.COST).half_width == 0.0


def test_time_to_clear_is_counted_in_dates_and_to_the_end_of_the_first_horizon() -> None:
    """Never cleared counts as the end of the shorter horizon; a later start counts as waiting."""
    late = world(start=dt.date(2026, 7, 1), horizon_years=1, name="late")
    found = compare([world(), late], 2, plans=[NOTHING] * 2, jobs=1)
    days = [float(own.values[Measured.CLEARANCE][0]) for own in found.outputs]
    assert days == [(dt.date(2027, 7, 1) - dt.date(2026, 1, 1)).days] * 2
    plans = [{"rule": rule(scenario)} for scenario in (world(), late)]
    worked = compare([world(), late], 2, plans=plans, jobs=1)
    waited = worked.outputs[1].difference(worked.outputs[0], Measured.CLEARANCE)
    assert waited.mean > 0.0
