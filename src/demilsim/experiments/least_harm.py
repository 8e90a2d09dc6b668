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
        Told of each plan that is searched for, and how many there are at most.
    searched
        Plans that were searched for so far, by the money and strings that they had.
    """

    taught: PlanningCoefficients
    options: SolveOptions = OPTIONS
    tell: Callable[[str], None] = lambda _: None
    most: int = 1
    searched: list[tuple[Scenario, Found]] = field(default_factory=list)

    def of(
        self,
        variant: Scenario,
        allowed: Sequence[Found] = (),
        like: Found | None = None,
        *,
        name: str = "",
        orders: bool = True,
        relaxed: bool = True,
    ) -> Found:
        """Return the best plan found for a variant; what was found is not searched for again.

        Parameters
        ----------
        variant
            The variant.
        allowed
            What was found for variants whose every plan this one allows.
        like
            What was found for another one: the search begins there as well, as far as it fits.
        name
            What is told of the variant.
        orders
            Whether a MILP may choose other commissionings than those of the plans where the search begins,
            which are put off where they cannot be paid.
        relaxed
            Whether a search begins far from known plans as well, where harm relaxed to a convex function is
            least. A variant that differs little from a known one does without, so that what the change is
            worth is not hidden by what another start is.
        """
        same = [known for other, known in self.searched if _same_money(other, variant)]
        best = min([*same, *allowed], key=lambda found: found.harm, default=None)
        if best is not None and any(best is known for known in same):
            return best
        self.tell(f"plan {len(self.searched) + 1} of at most {self.most}: {name}")
        known = replace(self.taught, receipts_usd=expected_receipts_usd(variant))
        starts = list({id(found.plan): found.plan for found in (best, like) if found is not None}.values())
        steps = self.options.bound_steps if relaxed or not starts else 0
        options = replace(self.options, milp=self.options.milp and orders, bound_steps=steps)
        result = optimise(
            variant, known, start=starts[0] if starts else None, others=starts[1:], options=options
        )
        found = Found(result.planned_harm, flow_plan(variant, result))
        found = found if best is None or found.harm < best.harm else best
        self.searched.append((variant, found))
        return found


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
