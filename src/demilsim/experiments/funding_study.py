"""All that `fund` tells: the curve, and what the scenario's own donors, strings, dates and promises come to.

The scenario as given is planned first and teaches working days and harm factors for everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demilsim.experiments.backends import available_cores
from demilsim.experiments.donors import MOST_EXACT, SAMPLED_ORDERS, Shares, donor_shares
from demilsim.experiments.ensemble import Ensemble, replicate
from demilsim.experiments.funding_curve import (
    SAME_USD,
    FundingPoint,
    funding_curve,
    on_expected_money,
    promised_by_donors,
    settled,
    with_donor_budget,
)
from demilsim.experiments.funding_draws import (
    REPLICATIONS,
    Case,
    LateCase,
    OptionCase,
    TermCases,
    funding_draws,
)
from demilsim.experiments.funding_ranges import FundingDraws
from demilsim.experiments.funding_terms import (
    Firmness,
    FundingOption,
    LateTranche,
    Leverage,
    StringsPrice,
    carried_out,
    committed_only,
    delayed,
    donor_tranches,
    firmness,
    funding_options,
    late_tranches,
    leverages,
    matching_funds,
    without_matching,
)
from demilsim.experiments.least_harm import Found, LeastHarm, Variant, donors_of
from demilsim.experiments.programme import plan_with_simulation
from demilsim.experiments.uncertainty import OPTIMISED, check_draws
from demilsim.optimisation.deadlines import has_date
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.risk_limits import limits_risk
from demilsim.plan import DisposalPlan
from demilsim.planning.coordinate import LoopOptions
from demilsim.planning.disaggregate import flow_plan
from demilsim.scenario.scenario import Scenario

SEARCHED_NEAR = (
    "the programme as given was planned as by demilsim run. Every other plan of this study, at each budget "
    "and under each change of terms, was searched for near plans already found, and how far it is from the "
    "best is not proved: what two of them differ by is an estimate"
)

LATE_ORDERS = (
    "where a tranche is late and planned for, plants are ordered as in the plan with it in time, or as much "
    "later as they have to be"
)

AT_NO_BUDGET = (
    "what is averted at a budget of 0 comes of using the host's own money better than it would alone: no "
    "donor pays for it"
)


@dataclass(frozen=True)
class DonorTerms:
    """What the donors of the scenario as given come to.

    Parameters
    ----------
    shares, strings, late, firmness, matching
        See there.
    options
        The one that averts most planning harm first.
    """

    shares: Shares
    strings: tuple[StringsPrice, ...]
    late: tuple[LateTranche, ...]
    firmness: Firmness
    matching: tuple[Leverage, ...]
    options: tuple[FundingOption, ...]


@dataclass(frozen=True)
class FundingStudy:
    """The funding curve of a scenario and the terms of its donors.

    Parameters
    ----------
    scenario
        As given.
    promised_usd
        What its donors promise [USD].
    points
        The curve, in order of budget.
    terms
        None where lots have dates: with less money they may not be kept, so that plans do not compare.
    notes
        What its reader should know.
    draws
        The same plans under draws of what is not known; None if none were asked for.
    """

    scenario: Scenario
    promised_usd: float
    points: tuple[FundingPoint, ...]
    terms: DonorTerms | None
    notes: tuple[str, ...]
    draws: FundingDraws | None = None


def funding_study(
    scenario: Scenario,
    budgets_usd: Sequence[float],
    replications: int = 100,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    options: LoopOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
    parameter_draws: int = 0,
) -> FundingStudy:
    """Return the funding curve and the terms of the donors; parameters as in `funding_curve`.

    With `parameter_draws` all plans are simulated again under so many draws of what is not known: 0 for none,
    else >= 2. Each draw has its share of the replications, and at least `REPLICATIONS`.

    Raises
    ------
    DemilsimError
        If the scenario has no donor with tranches, or one draw of what is not known is asked for.
    """
    if parameter_draws:
        check_draws(parameter_draws)
    promised = promised_by_donors(scenario)
    tell("the programme as given")
    given = plan_with_simulation(scenario, seed=seed, jobs=jobs, options=options)
    points = funding_curve(
        scenario, budgets_usd, replications, seed=seed, jobs=jobs, options=options, tell=tell,
        given=given,
    )  # fmt: skip
    # Under limits on risk every plan is searched for in full.
    terms, notes = None, [AT_NO_BUDGET, *(() if limits_risk(scenario) else (SEARCHED_NEAR,))]
    if any(has_date(lot) for lot in scenario.lots):
        notes.append("lots have dates, which plans with less money may miss: donors' terms are not priced")
    elif limits_risk(scenario):
        notes.append("risk has limits, which plans with less money may break: donors' terms are not priced")
    else:
        ensemble = replicate(scenario, {OPTIMISED: given.plan}, replications, seed=seed, jobs=jobs)
        known = [one for point in points for one in point.found]
        least = LeastHarm(
            given.coefficients,
            tell=tell,
            most=most_plans(scenario),
            jobs=jobs or available_cores(),
            known=[(with_donor_budget(scenario, budget), found) for budget, found in known],
            # What is done without any donor may be done on any terms.
            always=[found for budget, found in known if not budget],
        )
        result, _ = on_expected_money(given)
        like = None if result is None else _found(scenario, result)
        cheaper = [found for budget, found in known if budget <= promised * (1.0 + SAME_USD)]
        terms = donor_terms(ensemble, least, like, cheaper, seed=seed, jobs=jobs, tell=tell)
        points = settled(points, [(promised, terms.shares.everyone)])
        notes += _notes(terms)
    draws = None
    if parameter_draws:
        tell(f"simulating all plans again under {parameter_draws} draws of what is not known")
        cases = None if terms is None else term_cases(scenario, given.plan, terms)
        # As often in all as with the constants as given: who asks for less chance gets less of it here too.
        each = max(REPLICATIONS, -(-replications // parameter_draws))
        draws = funding_draws(scenario, points, cases, parameter_draws, each, seed=seed, jobs=jobs)
    return FundingStudy(scenario, promised, points, terms, tuple(notes), draws)


def term_cases(scenario: Scenario, plan: DisposalPlan, terms: DonorTerms) -> TermCases:
    """Return the plans behind donors' terms as they are to be simulated.

    Parameters
    ----------
    scenario, plan
        As given, and its plan.
    terms
        What its donors come to.
    """
    late = [
        LateCase(
            one.tranche_id,
            one.followed.mean,
            one.made_again.mean,
            Case(one.again.scenario, (plan, one.again.plan)),
        )
        for one in terms.late
        if one.again is not None
    ]
    options = [
        OptionCase(one.name, one.usd, one.averted, Case(one.changed.scenario, (one.changed.plan,)))
        for one in terms.options
        if one.changed is not None
    ]
    base = Case(scenario, (plan, carried_out(scenario, terms.shares.everyone.plan)))
    return TermCases(base, tuple(late), tuple(options))


def most_plans(scenario: Scenario) -> int:
    """Return how many plans the terms of donors take at most."""
    donors = donors_of(scenario)
    groups = 2 ** len(donors) if len(donors) <= MOST_EXACT else SAMPLED_ORDERS * len(donors) + 2
    # As promised, committed, certain; for each donor no strings, and a million more with and without them.
    return 3 + len(matching_funds(scenario)) + len(donor_tranches(scenario)) + groups + 3 * len(donors)


def _found(scenario: Scenario, result: PlanResult) -> Found:
    return Found(result.planned_harm, flow_plan(scenario, result))


def donor_terms(
    ensemble: Ensemble,
    least: LeastHarm,
    like: Found | None = None,
    cheaper: Sequence[Found] = (),
    *,
    seed: int | None = None,
    jobs: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> DonorTerms:
    """Return what the donors of a scenario come to.

    Parameters
    ----------
    ensemble
        The plan of the scenario, named `OPTIMISED`, as simulated.
    least
        Finds least planning harm.
    like
        A plan of the scenario, where the search begins.
    cheaper
        Plans of the scenario with no more of all its donors' money.
    seed, jobs
        Those of the ensemble.
    tell
        Told what is done.
    """
    scenario = ensemble.scenario
    # What allows less comes first, since its plans are where what allows more begins.
    allowed = [*cheaper, *([like] if like else [])]
    first = least.of(scenario, allowed, like, name="the money as promised")
    matching, tranches = matching_funds(scenario), donor_tranches(scenario)
    less = [Variant(committed_only(scenario), like=first, name="committed money alone")]
    less += [Variant(without_matching(scenario, d), like=first, name=f"no matching by {d}") for d in matching]
    less += [
        Variant(
            delayed(scenario, t.tranche_id), like=first, name=f"{t.tranche_id} a year late",
            orders=False, relaxed=False,
        )
        for t in tranches
    ]  # fmt: skip
    committed, *others = least.each(less)
    unmatched = dict(zip(matching, others, strict=False))
    late = {t.tranche_id: found for t, found in zip(tranches, others[len(matching) :], strict=True)}
    begin = [first, committed, *unmatched.values(), *late.values()]
    root = scenario.settings.seed if seed is None else seed
    shares = donor_shares(scenario, donors_of(scenario), least, begin, like=first, seed=root)
    base = shares.everyone
    strings, options = funding_options(scenario, least, base)
    tell("simulating late tranches")
    return DonorTerms(
        shares=shares,
        strings=strings,
        late=late_tranches(ensemble, late, base, seed=seed, jobs=jobs),
        firmness=firmness(scenario, committed, base),
        matching=leverages(scenario, unmatched, base),
        options=options,
    )


def _notes(terms: DonorTerms) -> list[str]:
    notes = [LATE_ORDERS] if terms.late else []
    shares = terms.shares
    if shares.last_in_sum > shares.total * (1.0 + 1e-9):
        notes.append(
            "last-in shares sum to more than the total: some donors' money needs that of others, and what is "
            "lost without either is counted for both; use the Shapley values to share it out"
        )
    if shares.orders is not None:
        notes.append(
            f"Shapley values are estimates from {shares.orders} orders in which {len(shares.shares)} donors "
            f"could come, from plans for {shares.groups} groups; each has its standard error beside it"
        )
    return notes
