"""The loop between simulation and optimisation, and the choice of the plan by simulation.

1. A good rule's plan on nominal coefficients is simulated and teaches capacity, money and harm factors.
2. All rules plan with them, and are simulated. 3. The optimiser plans with them, starting from the best of
the rules; and near that plan for money that is likely to have come, if some is indicative. 4. Its plans are
audited, and compete with the rules' on common random numbers (`choice`), free to run ahead of their dates and
not. 5. Again, if more rounds are wanted and one of them won, with what the new plan teaches. The best by
simulation is kept, whoever made it.

Replications that teach, that choose and that report are three different sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from demilsim.errors import InfeasibleError, SolverError
from demilsim.optimisation.deadlines import has_date
from demilsim.optimisation.optimise import optimise, with_bound
from demilsim.optimisation.releases import with_expected_releases
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.risk_limits import limits_risk
from demilsim.optimisation.solve import SolveOptions
from demilsim.plan import DisposalPlan, Floats, PlanningCoefficients
from demilsim.planning.added_measures import untaken_measures, with_measures
from demilsim.planning.choice import Compared, Contest
from demilsim.planning.draft import period_by_period
from demilsim.planning.learned import learned_coefficients, objective
from demilsim.planning.likely_plans import likely_note, likely_result
from demilsim.planning.proposals import Proposal, Proposer
from demilsim.planning.rules import DO_NOTHING, RULES, nominal_coefficients
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult

TEACHING_FIRST, CHOOSING_FIRST = 1_000_000, 2_000_000
"""Numbers of the first replications that teach and that choose; reports use those from 0."""

GAP_AVERTED = 0.002
"""Gap of the MILP as a share of the harm averted [1].

On the Kazakhstan scenario 0.4% left the orders half a year early, for 0.6% more harm, in the same time."""

TEACHER = "risk_per_day_first"
"""The rule whose simulation teaches the first coefficients."""


class Simulator(Protocol):
    """Simulates named plans on replications `first` to `first + count - 1`, harm by storehouse kept."""

    def __call__(
        self, plans: dict[str, DisposalPlan], first: int, count: int
    ) -> dict[str, Sequence[RunResult]]:
        """Return the results of each plan in order of replication."""
        ...


@dataclass(frozen=True)
class LoopOptions:
    """How the loop runs.

    Parameters
    ----------
    teaching, choosing
        Replications that teach coefficients, and that choose between plans: the latter for each plan on
        average, most for those between which the choice is in doubt.
    baseline
        Replications that tell what doing nothing comes to, >= 1: plans are promised against that.
    rounds
        Rounds of optimise and simulate at most, >= 0; 0 leaves the choice to the rules.
    solve
        How the optimiser solves.
    """

    teaching: int = 32
    choosing: int = 64
    baseline: int = 128
    rounds: int = 1
    solve: SolveOptions = field(default_factory=lambda: SolveOptions(gap_averted=GAP_AVERTED))


@dataclass(frozen=True)
class Before:
    """Planning that comes before, of a programme that may do less: with less money, say.

    Parameters
    ----------
    coefficients
        Whose working days and harm factors are taken, so that planning harm of both compares; money alone
        is learned anew.
    start
        A plan from which the optimiser begins as well as from the best rule's, period by period; before it
        where it searches near plans alone.
    others
        Further plans from which it begins.
    """

    coefficients: PlanningCoefficients
    start: DisposalPlan | None = None
    others: tuple[DisposalPlan, ...] = ()


@dataclass(frozen=True)
class Programme:
    """What planning came to.

    Parameters
    ----------
    plan
        The chosen plan, named ``optimised``.
    rules
        Plans of the rules and of `host_only`, by name.
    result
        The optimiser's result: that of the plan, or of the first round if a rule won; None if no solver
        was found.
    coefficients
        Those of the last round, with the money that the result counts on.
    notes
        What its reader should know.
    proposed
        The optimiser's plans, round by round, chosen or not, without measures: the form that does best in
        simulation, free to run ahead or not and, where its plan commissions something, with that or without.
    compared
        How the plans did on the replications that chose, measures left aside.
    do_nothing_harm
        Mean objective of doing nothing, as simulated while planning [weighted persons]. The planning model's
        own does not see that what has exploded is gone.
    """

    plan: DisposalPlan
    rules: dict[str, DisposalPlan]
    result: PlanResult | None
    coefficients: PlanningCoefficients
    notes: tuple[str, ...]
    proposed: tuple[DisposalPlan, ...] = ()
    compared: tuple[Compared, ...] = ()
    do_nothing_harm: float | None = None


def plan_programme(
    scenario: Scenario,
    simulate: Simulator,
    options: LoopOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
    before: Before | None = None,
) -> Programme:
    """Plan a programme: rules, simulation, optimisation, choice.

    Parameters
    ----------
    scenario
        The scenario.
    simulate
        How to simulate plans (`experiments.programme` gives the one for all cores).
    options
        How the loop runs.
    tell
        Told what is being done.
    before
        What this planning takes over from another.
    """
    return _Loop(scenario, simulate, options or LoopOptions(), tell, before).run()


class _Loop:
    def __init__(
        self,
        scenario: Scenario,
        simulate: Simulator,
        options: LoopOptions,
        tell: Callable[[str], None],
        before: Before | None,
    ) -> None:
        self._before = before
        self._scenario = scenario
        self._simulate = simulate
        self._options = options
        self._tell = tell
        self._proposer = Proposer(scenario)
        self._notes: list[str] = []
        # Rules know neither dates of lots nor limits on risk nor cost: only a plan that keeps them will do.
        self._alone = any(has_date(lot) for lot in scenario.lots) or limits_risk(scenario)
        self._alone |= options.solve.in_order is not None

    def run(self) -> Programme:
        nominal = nominal_coefficients(self._scenario)
        coefficients = self._taken_over(self._learn(self._proposer.by_rule(TEACHER, nominal), nominal))
        nothing = self._evaluate({"do_nothing": DO_NOTHING}, TEACHING_FIRST, self._options.baseline)
        rules = {name: self._proposer.by_rule(name, coefficients) for name in ("host_only", *RULES)}
        self._tell("simulating the rules' plans")
        contest = Contest(self._evaluate, CHOOSING_FIRST, self._options.choosing)
        entered = dict(rules)
        best = self._best(contest, entered)
        result: PlanResult | None = None
        proposed: list[DisposalPlan] = []
        for number in range(1, self._options.rounds + 1):
            self._tell(f"optimising, round {number}")
            found = self._optimise(coefficients, best, f"round {number}")
            if not found:
                break
            self._tell(f"simulating the optimised plan, round {number}")
            entered |= {name: proposal for name, (proposal, _) in found.items()}
            best = self._best(contest, entered)
            candidate, candidate_result = found[contest.best_of(found)]
            proposed.append(candidate.plan)
            result = result or candidate_result
            self._notes += likely_note([own for _, own in found.values()], candidate_result)
            best = candidate if self._alone else best
            if best is not candidate:
                self._notes.append(
                    f"round {number}: simulated, the optimiser's plan was not better than that of "
                    f"{best.plan.source}"
                )
                break
            result = candidate_result
            if number < self._options.rounds:
                coefficients = self._taken_over(self._learn(best, coefficients))
        if result is not None:
            coefficients = result.counting(coefficients)
            result = self._bounded(result, coefficients)
        return Programme(
            plan=replace(self._with_measures(best.plan), name="optimised"),
            rules={name: proposal.plan for name, proposal in rules.items()},
            result=result,
            coefficients=coefficients,
            notes=tuple(self._notes),
            proposed=tuple(proposed),
            compared=contest.table(),
            do_nothing_harm=float(np.mean(nothing["do_nothing"])),
        )

    def _best(self, contest: Contest, entered: dict[str, Proposal]) -> Proposal:
        """Return the proposal that wins among all that have entered so far."""
        contest.enter({name: proposal.plan for name, proposal in entered.items()})
        return entered[contest.choose()]

    def _evaluate(self, plans: dict[str, DisposalPlan], first: int, count: int) -> dict[str, Floats]:
        """Return the simulated objective of plans on some replications, each of shape (replication,)."""
        results = self._simulate(plans, first, count)
        return {name: objective(self._scenario, results[name]) for name in plans}

    def _learn(self, proposal: Proposal, known: PlanningCoefficients) -> PlanningCoefficients:
        self._tell("learning capacity, money and harm factors")
        results = self._simulate({"teacher": proposal.plan}, TEACHING_FIRST, self._options.teaching)
        return with_expected_releases(self._scenario, learned_coefficients(results["teacher"], known))

    def _taken_over(self, learned: PlanningCoefficients) -> PlanningCoefficients:
        """Return what was learned, with all but money from the planning before, if there was any."""
        if self._before is None:
            return learned
        return replace(self._before.coefficients, receipts_usd=learned.receipts_usd)

    def _optimise(
        self, coefficients: PlanningCoefficients, best: Proposal, name: str
    ) -> dict[str, tuple[Proposal, PlanResult]]:
        """Return the optimiser's proposals and results; none, with a note, without solver or clean audit."""
        start = period_by_period(best.draft, self._scenario)
        others = [self._before.start] if self._before and self._before.start else []
        others += self._before.others if self._before else ()
        if others and self._options.solve.near:
            # Harm is made linear along the first of them, and a rule's plan is the poorer one.
            start, others = others[0], [*others[1:], start]
        try:
            result = optimise(
                self._scenario, coefficients, start=start, others=others, options=self._options.solve
            )
        except (SolverError, InfeasibleError) as error:
            self._notes.append(f"{error}; the plan is that of {best.plan.source}")
            return {}
        results = {name: result}
        if result.without_orders is not None:
            results[f"{name}, nothing ordered"] = result.without_orders
        likely = self._likely(coefficients, result)
        if likely is not None:
            results[f"{name}, likely money"] = likely
        found: dict[str, tuple[Proposal, PlanResult]] = {}
        for each, own in results.items():
            audited = self._proposer.by_optimiser(each, own, own.counting(coefficients))
            self._notes += [note for note in audited.notes if note not in self._notes]
            found |= {key: (proposal, own) for key, proposal in audited.proposals.items()}
        return found

    def _likely(self, coefficients: PlanningCoefficients, expected: PlanResult) -> PlanResult | None:
        """Return the optimiser's result for likely money; None, with a note, where no such plan was found.

        Only where simulated harm alone decides: a plan must keep dates and limits with money as expected.
        """
        if self._alone:
            return None
        try:
            return likely_result(self._scenario, coefficients, expected, self._options.solve)
        except (SolverError, InfeasibleError) as error:
            self._notes.append(f"no plan that counts on likely money competes: {error}")
            return None

    def _bounded(self, result: PlanResult, coefficients: PlanningCoefficients) -> PlanResult:
        """Return a result with a bound also where it was searched near another."""
        if result.on_expected is None:
            return result
        self._tell("bounding what other plans that count on the same money avert")
        return with_bound(self._scenario, coefficients, result, self._options.solve)

    def _with_measures(self, plan: DisposalPlan) -> DisposalPlan:
        """Return the plan with the further measures that do better on the choosing replications."""
        if self._options.solve.in_order is not None or not untaken_measures(self._scenario, plan):
            return plan
        self._tell("trying measures other than destruction")
        plan, notes = with_measures(self._scenario, plan, self._mean_objective)
        self._notes += notes
        return plan

    def _mean_objective(self, plans: dict[str, DisposalPlan]) -> dict[str, float]:
        found = self._evaluate(plans, CHOOSING_FIRST, self._options.choosing)
        return {name: float(np.mean(values)) for name, values in found.items()}
