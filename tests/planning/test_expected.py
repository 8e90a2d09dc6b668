"""When work is expected: within permits, never before it may begin, and all of it told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest

from demilsim.experiments.policies import simple_plan
from demilsim.optimisation.optimise import optimise
from demilsim.plan import DisposalPlan
from demilsim.planning.coordinate import Programme
from demilsim.planning.draft import Piece
from demilsim.planning.expected import ExpectedWork, as_written, expected_work
from demilsim.planning.risk_moved import decided
from demilsim.planning.rules import nominal_coefficients, nominal_start
from demilsim.planning.stays import Basis
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.starter import write_starter
from demilsim.units import tonnes
from mobile_plans import plan_of
from stories import line, plan
from worlds import lot, one_lot, rate

RANGE = 0
"""The starter's range: 250 t a year, open from April to October."""


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Return the scenario that `demilsim new` writes."""
    return load_scenario(write_starter("alpha", tmp_path_factory.mktemp("new")))


def of_rule(scenario: Scenario) -> tuple[DisposalPlan, ExpectedWork]:
    """Return the plan of a rule, and when its work is expected."""
    found = simple_plan("oldest_first", scenario)
    return found, expected_work(scenario, found, nominal_coefficients(scenario))


def of_optimiser(scenario: Scenario) -> tuple[DisposalPlan, ExpectedWork]:
    """Return the plan of the optimiser as the loop writes it, and when its work is expected."""
    known = nominal_coefficients(scenario)
    result = optimise(scenario, known, start=nominal_start(scenario))
    found = plan_of(scenario, result, known)
    return found, expected_work(scenario, found, known, result)


def most_in_a_year(scenario: Scenario, done: Iterable[tuple[int, int, float]]) -> float:
    """Return the most tonnes of the range in a calendar year."""
    sums = defaultdict[int, float](float)
    for f, period, mass_t in done:
        sums[scenario.period_dates[period].year] += mass_t if f == RANGE else 0.0
    return max(sums.values())


@pytest.mark.parametrize(("made", "basis"), [(of_rule, Basis.IMPLIED), (of_optimiser, Basis.DECIDED)])
def test_expected_work_keeps_the_permit_that_earliest_periods_break(
    starter: Scenario, made: object, basis: Basis
) -> None:
    """Where lines may begin the range has more than 250 t in a year; where they are expected it has not."""
    found, work = made(starter)  # type: ignore[operator]
    ids = [one.facility_id for one in starter.facilities]
    earliest = [(ids.index(p.facility_id), p.earliest_period, tonnes(p.mass_g)) for p in found.lines]
    assert most_in_a_year(starter, earliest) > 300.0
    assert most_in_a_year(starter, ((p.facility, p.period, p.mass_t) for p in work.pieces)) <= 250.0 + 1e-6
    assert work.basis is basis
    assert sum(p.mass_t for p in work.pieces) == pytest.approx(sum(row[2] for row in earliest), abs=0.1 * 12)
    for own, planned in zip(found.lines, work.periods, strict=True):
        assert planned is not None
        assert planned >= own.earliest_period


def test_risk_of_a_rule_is_that_of_its_work_as_expected(starter: Scenario) -> None:
    """Who works at the range is not counted with more tonnes in a year than its permit allows."""
    found, known = simple_plan("oldest_first", starter), nominal_coefficients(starter)
    plan_as_done = decided(starter, Programme(found, {}, None, known, ()))
    ids = [one.facility_id for one in starter.facilities]
    done = ((ids.index(p.facility_id), p.earliest_period, tonnes(p.mass_g)) for p in plan_as_done.lines)
    assert 100.0 < most_in_a_year(starter, done) <= 250.0 + 1e-6


def slow() -> Scenario:
    """Return a lot of 100 t at a plant that does 10 t in a quarter of 91 days, for two years."""
    return one_lot(
        lots=[lot(gross_mass_t=100.0)],
        facility_rates=[rate(throughput_t_per_day=10.0 / 91.25, unit_cost_usd_per_t=0.0)],
    )


def test_each_line_is_told_when_its_own_work_comes() -> None:
    """A line that may begin later waits, whatever its priority; one that the end cuts off has no period."""
    scenario = slow()
    story = plan(line("L1", 40.0, 4), line("L1", 15.0, 0), line("L1", 30.0, 0), line("L1", 15.0, 5))
    work = expected_work(scenario, story, nominal_coefficients(scenario))
    assert work.periods == (4, 0, 1, None)
    assert work.basis is Basis.IMPLIED


def test_what_was_announced_is_expected_when_it_was_announced() -> None:
    """Nobody runs ahead of an announced plan: its periods are those of its lines."""
    scenario, story = one_lot(), plan(line("L1", 10.0, 3), line("L1", 20.0, 1))
    work = as_written(scenario, story)
    assert work.periods == (3, 1)
    assert work.pieces == (Piece(0, 0, 3, 10.0), Piece(0, 0, 1, 20.0))
