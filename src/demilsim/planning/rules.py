"""Simple rules that make a full plan within money and capacity: the comparators of every optimised plan.

Period by period, lots are ranked, and each goes to the cheapest facility that has room and can be paid.
No rule commissions a facility.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demilsim.model.calendar import expected_working_days, roads_open
from demilsim.model.harm import StockHarm, arrival_period, held_t, lot_masses_t
from demilsim.model.money import NO_FUND, expected_receipts_usd, scrap_fund
from demilsim.model.options import DisposalOptions, drawing_order
from demilsim.plan import DisposalPlan, Floats, PlanningCoefficients
from demilsim.planning.draft import Draft, Piece, write_plan
from demilsim.scenario.scenario import Scenario

NEGLIGIBLE_T = 1e-6
"""Tonnes below which a lot counts as done."""

NEGLIGIBLE_DAYS = 1e-9
"""Working days below which a facility counts as full."""


@dataclass(frozen=True)
class Outlook:
    """What a rule may look at when it ranks.

    Parameters
    ----------
    period
        Period to be filled.
    left_t
        Tonnes of each lot left at its start, shape (lot,).
    path_t
        Tonnes left at each knot if nothing more is done, shape (knot, lot).
    harm, options, scenario
        The planning harm over lots, the options, the scenario.
    """

    period: int
    left_t: Floats
    path_t: Floats
    harm: StockHarm
    options: DisposalOptions
    scenario: Scenario


Ranking = Callable[[Outlook], Floats]
"""Score of each (lot, facility) pair, higher first; minus infinity for never."""


def _by_lot(score: Floats, outlook: Outlook) -> Floats:
    """Return a score by lot as one by pair; among a lot's facilities the cheapest comes first."""
    cost = outlook.options.cost_usd_per_t
    order = np.argsort(np.argsort(score, kind="stable"), kind="stable")[:, None]
    return order - cost / (cost.max() + 1.0)


def oldest_first(outlook: Outlook) -> Floats:
    """Score lots by year made, oldest first."""
    return _by_lot(-np.array([lot.year_made for lot in outlook.scenario.lots], dtype=float), outlook)


def most_neq_first(outlook: Outlook) -> Floats:
    """Score lots by net explosive quantity, largest first."""
    return _by_lot(np.array([lot.neq_kg for lot in outlook.scenario.lots], dtype=float), outlook)


def highest_risk_first(outlook: Outlook) -> Floats:
    """Score lots by the present harm rate of their storehouse, worst first."""
    rate = outlook.harm.rate_per_year(
        outlook.path_t[outlook.period][None, :].repeat(outlook.path_t.shape[0], 0)
    )
    return _by_lot(rate[outlook.period][outlook.harm.storehouse], outlook)


def cheapest_first(outlook: Outlook) -> Floats:
    """Score pairs by cost per tonne, cheapest first."""
    return -outlook.options.cost_usd_per_t


def risk_per_day_first(outlook: Outlook) -> Floats:
    """Score pairs by exact marginal harm averted per facility-day, accidents taken off; losses never.

    A c-mu index: the gradient of the planning harm at what is left, ranked anew each period.
    """
    _, gradient = outlook.harm.total_and_gradient(outlook.path_t)
    per_tonne = gradient[outlook.period + 1 :].sum(axis=0)[:, None] - outlook.options.accident_harm_per_t
    with np.errstate(invalid="ignore"):
        score = per_tonne / outlook.options.days_per_t
    return np.where(per_tonne > 0.0, score, -np.inf)


RULES: dict[str, Ranking] = {
    "oldest_first": oldest_first,
    "most_neq_first": most_neq_first,
    "highest_risk_first": highest_risk_first,
    "risk_per_day_first": risk_per_day_first,
    "cheapest_first": cheapest_first,
}

HOST_RANKING = "risk_per_day_first"
"""How the host spends its own money in `host_only`: as well as the best simple rule, so that the donor's
baseline is not made of straw."""

DO_NOTHING = DisposalPlan("do_nothing", "none")


def nominal_coefficients(scenario: Scenario) -> PlanningCoefficients:
    """Return what can be expected before anything is simulated: mean capacity and money, plain harm."""
    return PlanningCoefficients(
        working_days=expected_working_days(scenario),
        receipts_usd=expected_receipts_usd(scenario),
        harm_factor=np.ones((len(scenario.storehouses), scenario.periods)),
    )


def rule_draft(
    name: str,
    scenario: Scenario,
    coefficients: PlanningCoefficients,
    harm: StockHarm,
    options: DisposalOptions,
) -> Draft:
    """Return what a rule would do.

    Parameters
    ----------
    name
        Key of `RULES`, or ``host_only``.
    coefficients
        Expected capacity and money.
    harm
        Planning harm over lots.
    options
        Options of the scenario.
    """
    host = tuple(fund.fund_id for fund in scenario.funds if fund.holder == "host")
    funds = host if name == "host_only" else ()
    ranking = RULES[HOST_RANKING if name == "host_only" else name]
    filler = _Filler(scenario, coefficients, options, funds)
    mass = np.where(options.allowed.any(axis=1), lot_masses_t(scenario), 0.0)
    arrives = arrival_period(scenario)
    left, path = np.where(arrives == 0, mass, 0.0), held_t(scenario)
    pieces: list[Piece] = []
    for period in range(scenario.periods):
        filler.open(period)
        if period:
            left += np.where(arrives == period, mass, 0.0)
        score = ranking(Outlook(period, left, path, harm, options, scenario))
        for piece in filler.fill(period, left, np.where(options.allowed, score, -np.inf)):
            pieces.append(piece)
            left[piece.lot] -= piece.mass_t
            path[period + 1 :, piece.lot] -= piece.mass_t
        np.maximum(path, 0.0, out=path)
    return Draft(name, f"rule:{name}", tuple(pieces), funds=funds)


def rule_plan(
    name: str,
    scenario: Scenario,
    coefficients: PlanningCoefficients,
    harm: StockHarm,
    options: DisposalOptions,
) -> DisposalPlan:
    """Return the plan of a rule; parameters as in `rule_draft`."""
    draft = rule_draft(name, scenario, coefficients, harm, options)
    return write_plan(draft, scenario, harm, options, lambda *_: f"{name} takes it next")


class _Filler:
    """Fills the facilities of one period after the other with ranked pairs, as far as money goes."""

    def __init__(
        self,
        scenario: Scenario,
        coefficients: PlanningCoefficients,
        options: DisposalOptions,
        funds: tuple[str, ...],
    ) -> None:
        self._scenario = scenario
        self._coefficients = coefficients
        self._options = options
        self._existing = np.array([f.status == "existing" for f in scenario.facilities], dtype=bool)
        allowed = np.array([not funds or fund.fund_id in funds for fund in scenario.funds], dtype=bool)
        self._order = [f for f in drawing_order(scenario.funds) if allowed[f]]
        self._purse = np.zeros(len(scenario.funds))
        self._verification = np.array([fund.verification_usd_per_t for fund in scenario.funds], dtype=float)
        self._scrap_fund, self._scrap_usd = scrap_fund(scenario), 0.0
        self._permit_t = np.full(len(scenario.facilities), np.inf)
        self._roads_open = roads_open(scenario)
        site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
        self._site = [site_of[lot.storehouse_id] for lot in scenario.lots]
        self._place = {
            f: facility.site_id
            for f, facility in enumerate(scenario.facilities)
            if facility.mobile and (facility.move_days or facility.move_cost_usd)
        }

    def open(self, period: int) -> None:
        """Start a period: money that has come, funds that expire, permits of a new year."""
        dates = self._scenario.period_dates
        self._purse += self._coefficients.receipts_usd[:, period]
        if self._scrap_fund != NO_FUND:
            # What was sold in a period can first be committed in the next one.
            self._purse[self._scrap_fund] += self._scrap_usd
            self._scrap_usd = 0.0
        for index, fund in enumerate(self._scenario.funds):
            if fund.expires and fund.expires < dates[period]:
                self._purse[index] = 0.0
        if period == 0 or dates[period].year != dates[period - 1].year:
            self._permit_t = np.array([f.permit_t_per_year or np.inf for f in self._scenario.facilities])

    def fill(self, period: int, left_t: Floats, score: Floats) -> list[Piece]:
        """Return the pieces of a period in the order in which they were ranked.

        Mobile plant first takes the lots of the site where it stands; what it does at others comes last, site
        by site.
        """
        room = np.where(self._existing, self._coefficients.working_days[:, period], 0.0)
        left = left_t.copy()
        score = np.where(self._roads_open[self._options.road, period], score, -np.inf)
        flat = np.argsort(-score, axis=None, kind="stable")
        flat = flat[np.isfinite(score.ravel()[flat])]
        lots, facilities = np.unravel_index(flat, score.shape)
        pieces: list[Piece] = []
        pairs = list(zip(lots.tolist(), facilities.tolist(), strict=True))
        while pairs:
            pairs = self._take(period, pairs, room, left, pieces)
            pairs = [
                (lot, f)
                for lot, f in pairs
                if room[f] > NEGLIGIBLE_DAYS and left[lot] > NEGLIGIBLE_T and self._payable(lot, f)
            ]
            if pairs:
                self._move(period, *pairs[0], room)
        return pieces

    def _payable(self, lot: int, facility: int) -> bool:
        """Return whether mobile plant may move to a lot: permit and money are not used up."""
        if self._permit_t[facility] <= NEGLIGIBLE_T:
            return False
        purse = self._purse[self._options.running_eligible[:, lot, facility]]
        return bool(purse.sum() > 0.0) or float(self._options.cost_usd_per_t[lot, facility]) == 0.0

    def _move(self, period: int, lot: int, facility: int, room: Floats) -> None:
        """Bring mobile plant to the site of a lot; the days that it takes are no longer there for work."""
        dates = self._scenario.period_dates
        share = self._coefficients.working_days[facility, period] / (dates[period + 1] - dates[period]).days
        self._place[facility] = self._site[lot]
        room[facility] -= self._scenario.facilities[facility].move_days * share

    def _take(
        self,
        period: int,
        pairs: list[tuple[int, int]],
        room: Floats,
        left: Floats,
        pieces: list[Piece],
    ) -> list[tuple[int, int]]:
        """Add the pieces of ranked pairs; return the pairs of mobile plant that would have to move first."""
        elsewhere = []
        for lot, facility in pairs:
            if room[facility] <= NEGLIGIBLE_DAYS or left[lot] <= NEGLIGIBLE_T:
                continue
            if self._place.get(facility, self._site[lot]) != self._site[lot]:
                elsewhere.append((lot, facility))
                continue
            days = float(self._options.days_per_t[lot, facility])
            wanted = min(left[lot], room[facility] / days, self._permit_t[facility])
            mass = self._pay(lot, facility, wanted)
            if mass <= NEGLIGIBLE_T:
                continue
            left[lot] -= mass
            room[facility] -= mass * days
            self._permit_t[facility] -= mass
            self._scrap_usd += mass * float(self._options.scrap_usd_per_t[lot, facility])
            pieces.append(Piece(lot, facility, period, mass))
            if not np.any(room > NEGLIGIBLE_DAYS):
                break
        return elsewhere

    def _pay(self, lot: int, facility: int, wanted_t: float) -> float:
        """Return how much of what is wanted the funds that may pay can pay, and pay it [t]."""
        cost = float(self._options.cost_usd_per_t[lot, facility])
        if cost == 0.0:
            return float(wanted_t)
        payers = [f for f in self._order if self._options.running_eligible[f, lot, facility]]
        # Verification makes a dollar of work dearer for the fund that wants it.
        dearer = 1.0 + self._verification[payers] / cost
        affordable = min(wanted_t, (self._purse[payers] / dearer).sum() / cost)
        due = affordable * cost
        for fund, factor in zip(payers, dearer.tolist(), strict=True):
            share = min(self._purse[fund] / factor, due)
            self._purse[fund] = max(self._purse[fund] - share * factor, 0.0)
            due -= share
        return float(affordable)
