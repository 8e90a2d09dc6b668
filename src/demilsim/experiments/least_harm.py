"""The least planning harm that is found for variants of a scenario, some of which allow all that others do.

A plan that a variant allows is a plan of every variant that allows more. So the search for the latter begins
from it, and what is found is never worse: what more money is worth is never below zero, by theory and here.
Planning harm is exact harm over the model's curves; nothing is simulated.

Only the programme as given is searched in full. Variants are searched near plans that are known (`nearby`):
from their commissionings and flows, and from the commissionings of a MILP unless they are to stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from demilsim.experiments.backends import run_tasks
from demilsim.model.money import expected_receipts_usd
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.status import SolveOptions
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.planning.disaggregate import flow_plan
from demilsim.scenario.scenario import Scenario

OPTIONS = SolveOptions(bound_steps=8, near=True)
"""How variants are optimised: they are compared with each other, so none needs a bound of its own. The MILP
stops at a gap wider than for a programme, since commissionings of known plans are tried beside its own."""


@dataclass(frozen=True)
class Found:
    """The best plan found for a variant.

    Parameters
    ----------
    harm
        Its exact planning harm [weighted persons].
    plan
        The plan, period by period.
    """

    harm: float
    plan: DisposalPlan


@dataclass(frozen=True, eq=False)
class Variant:
    """What a plan is wanted for.

    Parameters
    ----------
    scenario
        The variant.
    allowed
        What was found for variants whose every plan this one allows.
    like
        What was found for another one: the search begins there as well, as far as it fits.
    name
        What is told of it.
    orders
        Whether a MILP may choose other commissionings than those of the plans where the search begins, which
        are put off where they cannot be paid.
    relaxed
        Whether a search begins far from known plans as well, where harm relaxed to a convex function is
        least. A variant that differs little from a known one does without, so that what the change is worth
        is not hidden by what another start is.
    """

    scenario: Scenario
    allowed: Sequence[Found] = ()
    like: Found | None = None
    name: str = ""
    orders: bool = True
    relaxed: bool = True


@dataclass(frozen=True)
class LeastHarm:
    """Finds least planning harm with capacity and harm factors as taught, money as each variant expects it.

    Parameters
    ----------
    taught
        Working days and harm factors are used of it.
    options
        How to solve.
    tell, most
        Told of each plan that was found, and how many there are at most.
    jobs
        Processes.
    searched
        Plans that were searched for so far, by the money and strings that they had.
    known
        Plans that others found, by the same: what is known is not searched for again.
    always
        Plans that every variant allows.
    """

    taught: PlanningCoefficients
    options: SolveOptions = OPTIONS
    tell: Callable[[str], None] = lambda _: None
    most: int = 1
    jobs: int = 1
    searched: list[tuple[Scenario, Found]] = field(default_factory=list)
    known: Sequence[tuple[Scenario, Found]] = ()
    always: Sequence[Found] = ()

    def of(
        self, variant: Scenario, allowed: Sequence[Found] = (), like: Found | None = None, name: str = ""
    ) -> Found:
        """Return the best plan found for one variant; parameters as in `Variant`."""
        return self.each([Variant(variant, allowed, like, name)])[0]

    def each(self, variants: Sequence[Variant]) -> tuple[Found, ...]:
        """Return the best plan found for each of some variants; what was found is not searched for again."""
        best = [self._known(variant) for variant in variants]
        wanted = [number for number, (_, same) in enumerate(best) if not same]
        tasks = [self._task(variants[number], best[number][0]) for number in wanted]
        found = {number: known for number, (known, _) in enumerate(best) if known is not None}
        results = run_tasks(_search, tasks, self.jobs, _nothing, (), chunk=1)
        for number, plan in zip(wanted, results, strict=True):
            found[number] = min(found.get(number, plan), plan, key=lambda each: each.harm)
            self.searched.append((variants[number].scenario, found[number]))
            self.tell(f"plan {len(self.searched)} of at most {self.most}: {variants[number].name}")
        return tuple(found[number] for number in range(len(variants)))

    def _known(self, variant: Variant) -> tuple[Found | None, bool]:
        """Return the best plan that is known for a variant, and whether a search for the same gave it."""
        everything = (*self.known, *self.searched)
        same = [known for other, known in everything if _same_money(other, variant.scenario)]
        best = min([*same, *variant.allowed, *self.always], key=lambda found: found.harm, default=None)
        return best, any(best is known for known in same)

    def _task(self, variant: Variant, best: Found | None) -> _Task:
        known = replace(self.taught, receipts_usd=expected_receipts_usd(variant.scenario))
        starts = {id(found.plan): found.plan for found in (best, variant.like) if found is not None}
        steps = self.options.bound_steps if variant.relaxed or not starts else 0
        options = replace(self.options, milp=self.options.milp and variant.orders, bound_steps=steps)
        return _Task(variant.scenario, known, tuple(starts.values()), options)


class _Task(NamedTuple):
    scenario: Scenario
    coefficients: PlanningCoefficients
    starts: tuple[DisposalPlan, ...]
    options: SolveOptions


def _search(task: _Task) -> Found:
    first, *others = task.starts or (None,)
    result = optimise(
        task.scenario,
        task.coefficients,
        start=first,
        others=[plan for plan in others if plan],
        options=task.options,
    )
    return Found(result.planned_harm, flow_plan(task.scenario, result))


def _nothing() -> None:
    """Tasks share nothing."""


def _same_money(one: Scenario, other: Scenario) -> bool:
    """Return whether two variants of a scenario have the same funds and tranches."""
    return one.funds == other.funds and one.tranches == other.tranches


def donors_of(scenario: Scenario) -> tuple[str, ...]:
    """Return the ids of donors' funds that bring money, by tranches or by matching."""
    receipts = expected_receipts_usd(scenario).sum(axis=1)
    return tuple(
        fund.fund_id
        for fund, usd in zip(scenario.funds, receipts.tolist(), strict=True)
        if fund.holder == "donor" and usd > 0.0
    )


def without_funds(scenario: Scenario, absent: Iterable[str]) -> Scenario:
    """Return the scenario in which some funds pay nothing and match nobody."""
    gone = set(absent)
    nothing = {"matches_funds": (), "match_ratio": 0.0}
    return replace(
        scenario,
        funds=tuple(f.model_copy(update=nothing) if f.fund_id in gone else f for f in scenario.funds),
        tranches=tuple(t for t in scenario.tranches if t.fund_id not in gone),
    )
