"""What the terms of donors' money cost or bring: strings, late tranches, promises not firm, matching.

All is least planning harm of the scenario with a term and without it, save for a late tranche, under which
the plan as it is and the plan made again are simulated as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from demilsim.experiments.ensemble import Ensemble, Response, replicate
from demilsim.experiments.least_harm import Found, LeastHarm, Variant, donors_of
from demilsim.experiments.next_million import MILLION_USD
from demilsim.experiments.statistics import Estimate, paired
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.model.harm import stock_harm
from demilsim.model.money import expected_receipts_usd, matches
from demilsim.model.options import disposal_options
from demilsim.optimisation.reoptimised import tied, untied
from demilsim.plan import DisposalPlan
from demilsim.planning.draft import Draft, Piece, write_plan
from demilsim.scenario.exchange import promised_usd, scaled
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Tranche
from demilsim.units import tonnes

LATE_DAYS = 365
"""By how much a tranche is late [d]."""

TOLD = 3
"""Significant digits to which options are told apart."""

AGAIN = "made again"
"""Name of a plan that was made with a tranche late, or with none late as its yardstick."""

EXTRA = "-MORE"
"""Ends the id of a fund that is added to those of the scenario."""


class Changed(NamedTuple):
    """A scenario with other terms, and the best plan found for it, in lines that can be carried out."""

    scenario: Scenario
    plan: DisposalPlan


@dataclass(frozen=True)
class StringsPrice:
    """Planning harm that a fund's strings cost [weighted persons], >= 0: planned with them and without."""

    fund_id: str
    price: float


@dataclass(frozen=True)
class LateTranche:
    """What it costs if a tranche comes a year late.

    Parameters
    ----------
    tranche_id, fund_id, usd
        The tranche, and what it promises [USD].
    replanned
        Planning harm more if planning knows of it [weighted persons].
    simulated
        Expected fatalities more up to the horizon if the plan stays as it is [persons], paired.
    followed, made_again
        Deaths more as the plan counts them, simulated and paired [weighted persons]: if the plan stays as it
        is, and if it is made again in time, both plans period by period as planned.
    again
        The scenario with the tranche late, and the plan made again for it.
    """

    tranche_id: str
    fund_id: str
    usd: float
    replanned: float
    simulated: Estimate
    followed: Estimate
    made_again: Estimate
    again: Changed | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Firmness:
    """Committed money (a probability of 1) against indicative money (less).

    Parameters
    ----------
    committed_usd, indicative_usd
        Promised by donors [USD].
    indicative_expected_usd
        The latter times its probability [USD].
    rests_on_indicative
        Planning harm averted that would be lost with committed money alone [weighted persons].
    """

    committed_usd: float
    indicative_usd: float
    indicative_expected_usd: float
    rests_on_indicative: float


@dataclass(frozen=True)
class Leverage:
    """What a matching fund adds.

    Parameters
    ----------
    fund_id
        The fund that matches.
    matched_usd
        What it is expected to add, after overhead [USD].
    per_usd
        That over what the matched funds are expected to bring, after overhead [USD/USD].
    averted
        Planning harm averted by it [weighted persons].
    """

    fund_id: str
    matched_usd: float
    per_usd: float
    averted: float


@dataclass(frozen=True)
class FundingOption:
    """A change of donors' terms: promised more [USD], planning harm averted by it [weighted persons].

    `changed` is the scenario with it, and the plan found for that.
    """

    name: str
    usd: float
    averted: float
    changed: Changed | None = field(default=None, compare=False, repr=False)


def donor_tranches(scenario: Scenario) -> tuple[Tranche, ...]:
    """Return donors' tranches that are due before the horizon."""
    donors = {fund.fund_id for fund in scenario.funds if fund.holder == "donor"}
    return tuple(t for t in scenario.tranches if t.fund_id in donors and t.due < scenario.period_dates[-1])


def delayed(scenario: Scenario, tranche_id: str, days: int = LATE_DAYS) -> Scenario:
    """Return the scenario with a tranche due some days later."""
    later = dt.timedelta(days=days)
    return replace(
        scenario,
        tranches=tuple(
            t.model_copy(update={"due": t.due + later}) if t.tranche_id == tranche_id else t
            for t in scenario.tranches
        ),
    )


def late_tranches(
    ensemble: Ensemble, late: dict[str, Found], base: Found, *, seed: int | None, jobs: int | None
) -> tuple[LateTranche, ...]:
    """Return the cost of each late tranche.

    Parameters
    ----------
    ensemble
        The plan of the scenario, named `OPTIMISED`, as simulated with every tranche as promised.
    late
        The best plan found with each tranche late.
    base
        The best plan found with every tranche as promised.
    seed, jobs
        Those of the ensemble.
    """
    scenario, plan = ensemble.scenario, ensemble.plans[OPTIMISED]
    punctual = ensemble.values(OPTIMISED, Response.EXPECTED_FATALITIES)
    tranches = donor_tranches(scenario)
    if not tranches:
        return ()

    def simulated(variant: Scenario, plans: dict[str, DisposalPlan]) -> Ensemble:
        return replicate(variant, plans, punctual.size, seed=seed, jobs=jobs)

    in_time = simulated(scenario, {AGAIN: carried_out(scenario, base.plan)}).objective(AGAIN)
    found = []
    for tranche in tranches:
        best = late[tranche.tranche_id]
        again = carried_out(scenario, best.plan)
        waiting = delayed(scenario, tranche.tranche_id)
        seen = simulated(waiting, {OPTIMISED: plan, AGAIN: again})
        found.append(
            LateTranche(
                tranche.tranche_id,
                tranche.fund_id,
                promised_usd(tranche, scenario.exchange_rates, tranche.due),
                best.harm - base.harm,
                paired(seen.values(OPTIMISED, Response.EXPECTED_FATALITIES), punctual),
                paired(seen.objective(OPTIMISED), ensemble.objective(OPTIMISED)),
                paired(seen.objective(AGAIN), in_time),
                Changed(waiting, again),
            )
        )
    return tuple(found)


def carried_out(scenario: Scenario, flows: DisposalPlan) -> DisposalPlan:
    """Return a plan that was found period by period in lines that can be carried out: see `write_plan`."""
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    facilities = {facility.facility_id: f for f, facility in enumerate(scenario.facilities)}
    pieces = tuple(
        Piece(lots[row.lot_id], facilities[row.facility_id], row.earliest_period, tonnes(row.mass_g))
        for row in flows.lines
    )
    draft = Draft(flows.name, flows.source, pieces, flows.commissionings, flows.funds, flows.measures)
    return write_plan(draft, scenario, stock_harm(scenario), disposal_options(scenario), lambda *_: AGAIN)


def committed_only(scenario: Scenario) -> Scenario:
    """Return the scenario without donors' tranches that may not come."""
    donors = {fund.fund_id for fund in scenario.funds if fund.holder == "donor"}
    kept = (t for t in scenario.tranches if t.fund_id not in donors or t.probability == 1.0)
    return replace(scenario, tranches=tuple(kept))


def all_committed(scenario: Scenario) -> Scenario:
    """Return the scenario in which every tranche of a donor is certain to come."""
    donors = {fund.fund_id for fund in scenario.funds if fund.holder == "donor"}
    certain = {"probability": 1.0}
    tranches = (t.model_copy(update=certain) if t.fund_id in donors else t for t in scenario.tranches)
    return replace(scenario, tranches=tuple(tranches))


def firmness(scenario: Scenario, committed: Found, base: Found) -> Firmness:
    """Return how much of donors' money is firm, and what rests on the rest."""
    rates = scenario.exchange_rates
    donors = {fund.fund_id for fund in scenario.funds if fund.holder == "donor"}
    promised = [
        (t.probability, promised_usd(t, rates, t.due)) for t in scenario.tranches if t.fund_id in donors
    ]
    return Firmness(
        committed_usd=sum(usd for p, usd in promised if p == 1.0),
        indicative_usd=sum(usd for p, usd in promised if p < 1.0),
        indicative_expected_usd=sum(p * usd for p, usd in promised if p < 1.0),
        rests_on_indicative=committed.harm - base.harm,
    )


def without_matching(scenario: Scenario, fund_id: str) -> Scenario:
    """Return the scenario in which a fund matches nobody."""
    nothing = {"matches_funds": (), "match_ratio": 0.0}
    funds = (f.model_copy(update=nothing) if f.fund_id == fund_id else f for f in scenario.funds)
    return replace(scenario, funds=tuple(funds))


def matching_funds(scenario: Scenario) -> tuple[str, ...]:
    """Return the ids of funds that match."""
    return tuple(scenario.funds[match.fund].fund_id for match in matches(scenario))


def leverages(scenario: Scenario, unmatched: dict[str, Found], base: Found) -> tuple[Leverage, ...]:
    """Return what each matching fund adds; `unmatched` is the best plan found without its matching."""
    receipts = expected_receipts_usd(scenario).sum(axis=1)
    found = []
    for match in matches(scenario):
        fund_id = scenario.funds[match.fund].fund_id
        own = expected_receipts_usd(without_matching(scenario, fund_id)).sum(axis=1)
        matched = float(receipts[match.fund] - own[match.fund])
        basis = float(receipts[list(match.matched)].sum())
        averted = unmatched[fund_id].harm - base.harm
        found.append(Leverage(fund_id, matched, matched / basis if basis > 0.0 else 0.0, averted))
    return tuple(found)


def funding_options(
    scenario: Scenario, least: LeastHarm, base: Found
) -> tuple[tuple[StringsPrice, ...], tuple[FundingOption, ...]]:
    """Return what each donor's strings cost, and what donors could do next, what averts most first.

    A million more to each fund, all its tranches in proportion, as tied as it is and without strings; strings
    dropped; indicative money made certain.

    Parameters
    ----------
    scenario, least
        The scenario as given, and what finds plans.
    base
        The best plan found for it.
    """
    terms = {fund.fund_id: fund for fund in scenario.funds}
    tied_funds = [d for d in donors_of(scenario) if tied(terms[d])]
    paying = {tranche.fund_id for tranche in scenario.tranches}
    richer = [d for d in donors_of(scenario) if d in paying]
    certain = all_committed(scenario)
    dropped = [Variant(untied(scenario, d), [base], name=f"{d}: strings dropped") for d in tied_funds]
    more = [
        Variant(with_million(scenario, d), [base], name=f"{d}: a million more", relaxed=False) for d in richer
    ]
    if certain.tranches != scenario.tranches:
        more.append(Variant(certain, [base], name="indicative money made certain", relaxed=False))
    found = dict(zip([*dropped, *more], least.each([*dropped, *more]), strict=True))
    free = [
        Variant(
            untied(one.scenario, d + EXTRA), [found[one]], name=f"{one.name}, without strings", relaxed=False
        )
        for d, one in zip(richer, more, strict=False)
        if d in tied_funds
    ]
    found |= dict(zip(free, least.each(free), strict=True))
    averted = {variant.name: base.harm - plan.harm for variant, plan in found.items()}
    strings = [StringsPrice(d, averted[one.name]) for d, one in zip(tied_funds, dropped, strict=True)]
    usd = {variant.name: MILLION_USD for variant in (*more[: len(richer)], *free)}
    options = [
        FundingOption(
            v.name,
            usd.get(v.name, 0.0),
            averted[v.name],
            Changed(v.scenario, carried_out(v.scenario, plan.plan)),
        )
        for v, plan in found.items()
    ]
    return tuple(strings), ranked(options)


def ranked(options: Sequence[FundingOption]) -> tuple[FundingOption, ...]:
    """Return options, the one that averts most first; of those that avert the same as told, the cheaper."""
    return tuple(
        sorted(options, key=lambda option: (-float(f"{option.averted:.{TOLD}g}"), option.usd, option.name))
    )


def with_million(scenario: Scenario, fund_id: str) -> Scenario:
    """Return the scenario with a further fund like one, that promises a million by tranches like its own.

    What others match of the fund, they match of the further one.
    """
    like = next(fund for fund in scenario.funds if fund.fund_id == fund_id)
    own = [t for t in scenario.tranches if t.fund_id == fund_id]
    promised = sum(promised_usd(t, scenario.exchange_rates, t.due) for t in own)
    further = fund_id + EXTRA
    tranches = [
        scaled(t, MILLION_USD / promised).model_copy(
            update={"fund_id": further, "tranche_id": t.tranche_id + EXTRA}
        )
        for t in own
    ]
    funds = [
        f.model_copy(update={"matches_funds": (*f.matches_funds, further)})
        if fund_id in f.matches_funds
        else f
        for f in scenario.funds
    ]
    extra = like.model_copy(update={"fund_id": further, "matches_funds": (), "match_ratio": 0.0})
    return replace(scenario, funds=(*funds, extra), tranches=(*scenario.tranches, *tranches))
