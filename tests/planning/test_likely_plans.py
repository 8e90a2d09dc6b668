"""A plan that counts on likely money competes by simulation: it wins where a pledge fails, and else not.

A range open from July destroys what lies beside a town; a kiln destroys what lies beside a hamlet at once.
The host's 50,000 USD pay for either. A pledge pays for the kiln alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.experiments.funding_curve import on_expected_money
from demilsim.optimisation import optimise as search
from demilsim.optimisation.status import PlanStatus
from demilsim.plan import DisposalPlan, PlanLine
from demilsim.planning import likely_plans
from demilsim.planning.coordinate import CHOOSING_FIRST, LoopOptions, Programme, plan_programme
from demilsim.planning.explained import explained
from demilsim.planning.learned import objective
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult
from worlds import facility, fund, lot, rate, site, storehouse, tranche, village, world

SMALL = LoopOptions(teaching=64, choosing=40, baseline=8)

TOLD = "a plan that counts only on money that is likely to have come was simulated"


def town_and_hamlet(probability: float) -> Scenario:
    """Return the two places; the pledge is of 100,000 USD and comes punctually or never."""
    return world(
        sites=(site("S1"), site("S2")),
        storehouses=(storehouse("H1", "S1"), storehouse("H2", "S2")),
        exposed_sites=(village("TOWN", "S1", persons=500_000.0), village("HAMLET", "S2", persons=20_000.0)),
        lots=(lot("A", "H1"), lot("B", "H2")),
        facilities=(
            facility("RANGE", "S1", open_months=tuple(range(7, 13))),
            facility("KILN", "S2", method_id="rotary_kiln"),
        ),
        facility_rates=(rate("RANGE"), rate("KILN")),
        funds=(fund(), fund("DONOR", holder="donor", earmark_methods=("rotary_kiln",))),
        tranches=(
            tranche(amount_usd=50_000.0),
            tranche("PLEDGE", "DONOR", amount_usd=100_000.0, probability=probability),
        ),
    )


class World:
    """Simulates plans in a world, which need not be the one that planning believes in."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __call__(
        self, plans: dict[str, DisposalPlan], first: int, count: int
    ) -> dict[str, Sequence[RunResult]]:
        """Simulate in this process."""
        return dict(replicate(self.scenario, plans, count, first=first, jobs=1, detailed=True).results)


@pytest.fixture(scope="module")
def pledged() -> Programme:
    """Return the programme where the pledge comes in six futures of ten."""
    scenario = town_and_hamlet(0.6)
    return plan_programme(scenario, World(scenario), SMALL)


def tonnes_of(plan: DisposalPlan, lot_id: str) -> float:
    """Return what a plan destroys of a lot, to 0.1 t."""
    return round(sum(line.mass_g for line in plan.lines if line.lot_id == lot_id) / 1e6, 1)


def by_hand(name: str, *pairs: tuple[str, str]) -> DisposalPlan:
    """Return a plan that destroys whole lots, each as early as it may be, in order."""
    lines = (PlanLine(a, b, 100_000_000, 0, k) for k, (a, b) in enumerate(pairs))
    return DisposalPlan(name, "none", tuple(lines))


def test_plan_that_does_not_count_on_the_pledge_wins_where_it_fails_often(pledged: Programme) -> None:
    """Chosen is the plan that keeps the host's money for the town: at 75% the pledge does not count.

    Neither plan does the last 4 t of a lot: they avert less than the accidents of their work.
    """
    result = pledged.result
    assert result is not None
    assert tonnes_of(pledged.plan, "A") == pytest.approx(96.3, abs=0.1)
    assert tonnes_of(pledged.plan, "B") == pytest.approx(3.7, abs=0.1)
    assert result.receipts_usd is not None
    assert result.receipts_usd.tolist() == [[50_000.0, *[0.0] * 7], [0.0] * 8]
    assert pledged.coefficients.receipts_usd is result.receipts_usd
    assert result.on_expected is not None
    assert result.status is result.on_expected.status is PlanStatus.OPTIMAL
    assert len(set(result.on_expected.flows.group.tolist())) == 2


def test_what_each_plan_comes_to_is_what_the_pledge_decides(pledged: Programme) -> None:
    """Future by future the plan on expected money does all, or the hamlet alone where the pledge fails.

    What these come to is simulated from plans written by hand, in a world where money is certain; they do
    the last 4 t as well, which is within 1%.
    """
    firm, scenario = World(town_and_hamlet(1.0)), town_and_hamlet(0.6)
    kiln, town = ("B", "KILN"), ("A", "RANGE")
    hand = {p.name: p for p in (by_hand("all", kiln, town), by_hand("hamlet", kiln), by_hand("town", town))}
    known = {n: objective(scenario, r) for n, r in firm(hand, CHOOSING_FIRST, SMALL.choosing).items()}
    chosen = World(scenario)({"chosen": pledged.plan}, CHOOSING_FIRST, SMALL.choosing)["chosen"]
    come = np.array([r.receipts_cents[1].sum() > 0 for r in chosen])
    counting = np.where(come, known["all"], known["hamlet"])
    assert objective(scenario, chosen) == pytest.approx(known["town"], rel=0.01)
    told = {row.name: row for row in pledged.compared}
    n = told["round 1"].replications
    assert told["round 1"].difference == pytest.approx(
        float(np.mean((counting - known["town"])[:n])), rel=0.01
    )
    assert 0.4 * np.mean(known["hamlet"] - known["town"]) > 0.6 * np.mean(known["town"] - known["all"])


def test_reader_is_told_which_money_the_plan_counts_on(pledged: Programme) -> None:
    """Notes say that plans competed, which did better, and what the plan counts on."""
    assert pledged.result is not None
    assert any(
        note.startswith(TOLD) and note.endswith("it did better, and is proposed") for note in pledged.notes
    )
    assert sum("with a probability of 75%" in note for note in pledged.result.notes) == 1
    assert np.isfinite(pledged.result.best_bound)
    assert pledged.result.best_bound <= pledged.result.planned_harm
    assert any(note.startswith("the bound holds for") for note in pledged.result.notes)


def test_bound_is_that_of_a_full_search_for_the_same_money(pledged: Programme) -> None:
    """A plan that is searched near another one is bounded as one that is searched in full."""
    assert pledged.result is not None
    full = search.optimise(town_and_hamlet(0.6), pledged.coefficients)
    assert pledged.result.best_bound == pytest.approx(full.best_bound, rel=1e-9)
    assert pledged.result.planned_harm == pytest.approx(full.planned_harm, rel=1e-3)


def test_budgets_are_compared_by_the_plan_on_expected_money(pledged: Programme) -> None:
    """What studies of funding take over is the plan for the donor's 60,000 USD, which does more."""
    result, known = on_expected_money(pledged)
    assert result is not None
    assert pledged.result is not None
    assert result.planned_harm < pledged.result.planned_harm
    assert known.receipts_usd.sum(axis=1) == pytest.approx([50_000.0, 60_000.0], rel=0.2)


def test_prices_and_reasons_are_those_of_the_money_counted_on(pledged: Programme) -> None:
    """The linear plan around it is the plan itself, a further dollar of the host's is worth something."""
    found = explained(town_and_hamlet(0.6), pledged)
    assert found is not None
    assert pledged.result is not None
    assert found.plan.total == pytest.approx(pledged.result.planned_harm, rel=1e-6)
    host = next(worth for worth in found.worths if worth.subject == "HOST")
    assert host.amount == 50_000.0
    assert host.price > 0.0


def test_ordinary_plan_is_kept_where_the_pledge_always_comes() -> None:
    """The same pledge, said to be indicative; in every simulated future it comes, and both are destroyed."""
    programme = plan_programme(town_and_hamlet(0.6), World(town_and_hamlet(1.0)), SMALL)
    assert programme.result is not None
    assert programme.result.on_expected is None
    assert min(tonnes_of(programme.plan, name) for name in "AB") >= 96.0
    assert any(note.startswith(TOLD) and note.endswith("it did not do better") for note in programme.notes)


def test_nothing_more_is_optimised_where_money_is_firm(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a pledge that is certain no further plan is searched for, none competes, nothing is told."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("nothing is indicative: there is nothing to search for")

    assert likely_plans.optimise is search.optimise
    monkeypatch.setattr(likely_plans, "optimise", never)
    scenario = town_and_hamlet(1.0)
    programme = plan_programme(scenario, World(scenario), SMALL)
    assert programme.result is not None
    assert programme.result.on_expected is None
    assert not any("likely" in row.name for row in programme.compared)
    assert not any(TOLD in note for note in programme.notes)
