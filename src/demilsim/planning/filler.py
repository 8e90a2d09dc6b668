"""Fills facilities with ranked jobs, period by period, within permits and money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from demilsim.model.calendar import first_open_period, roads_open
from demilsim.model.harm import interval_years
from demilsim.model.money import NO_FUND, scrap_fund
from demilsim.model.options import Bools, drawing_order, move_usd_per_t
from demilsim.model.pace import expected_pace
from demilsim.optimisation.releases import Waiting
from demilsim.optimisation.tours import first_places, placed_facilities
from demilsim.plan import Commissioning, Floats
from demilsim.planning.draft import Piece
from demilsim.planning.earned import Earned
from demilsim.planning.premises import Premises

NEGLIGIBLE_T = 1e-6
"""Tonnes below which a lot counts as done."""

Job = tuple[int, int, int]
"""Work that may be done: lot, facility, and the line of a plan that limits it, -1 for as much as there is."""

NEGLIGIBLE_DAYS = 1e-9
"""Working days below which a facility counts as full."""


class Filler:
    """Fills the facilities of one period after the other with ranked jobs, as far as money goes.

    Parameters
    ----------
    premises
        What is expected.
    funds
        Ids of the funds that may pay; empty means all.
    orders
        Facilities that are ordered as soon as their period has come and they can be paid.
    lines_t, lines_due
        What may be taken in all for each line of a plan [t], and the period since which it is due.
    waiting
        Tranches that come once what was done and spent has earned them; None if all money comes as the
        coefficients say.

    `moves` has the moves of mobile plant as they are made: facility, period, and id of the site it goes to.
    """

    def __init__(
        self,
        premises: Premises,
        funds: tuple[str, ...] = (),
        orders: tuple[Commissioning, ...] = (),
        lines_t: Sequence[float] = (),
        lines_due: Sequence[int] = (),
        waiting: Waiting | None = None,
    ) -> None:
        self.premises = premises
        scenario, coefficients, options = premises.scenario, premises.coefficients, premises.options
        self._scenario, self._coefficients, self._options = scenario, coefficients, options
        existing = np.array([f.status == "existing" for f in scenario.facilities], dtype=bool)
        self._days = np.where(existing[:, None], coefficients.working_days, 0.0)
        index = {facility.facility_id: f for f, facility in enumerate(scenario.facilities)}
        self._to_order = [(index[order.facility_id], order.period) for order in orders]
        self._standing: list[tuple[int, int]] = []
        self._years = interval_years(scenario)
        # The last one is that of jobs without a line.
        self._most_t, self._due = [*lines_t, np.inf], [*lines_due, 0]
        allowed = np.array([not funds or fund.fund_id in funds for fund in scenario.funds], dtype=bool)
        self._fund_order = [f for f in drawing_order(scenario.funds) if allowed[f]]
        self._purse = np.zeros(len(scenario.funds))
        self._earned = Earned(coefficients.receipts_usd, waiting)
        self._verification = np.array([fund.verification_usd_per_t for fund in scenario.funds], dtype=float)
        self._scrap_fund, self._scrap_usd = scrap_fund(scenario), 0.0
        self._permit_t = np.full(len(scenario.facilities), np.inf)
        self._roads_open = roads_open(scenario)
        site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
        self._site = [site_of[lot.storehouse_id] for lot in scenario.lots]
        placed = placed_facilities(scenario).tolist(), first_places(scenario, coefficients).tolist()
        self._place = {f: scenario.sites[site].site_id for f, site in zip(*placed, strict=True)}
        self._came_for = dict.fromkeys(self._place, 0)
        self.moves: list[tuple[int, int, str]] = []
        self._days_on_the_way = dict.fromkeys(self._place, 0.0)
        # Moves are paid as they are made.
        self._cost_usd_per_t = options.cost_usd_per_t - move_usd_per_t(scenario, options.allowed)

    def open(self, period: int) -> None:
        """Start a period: money that has come, funds that expire, permits of a new year."""
        dates = self._scenario.period_dates
        scrap_usd = np.zeros(self._purse.size)
        if self._scrap_fund != NO_FUND:
            # What was sold in a period can first be committed in the next one.
            scrap_usd[self._scrap_fund], self._scrap_usd = self._scrap_usd, 0.0
        self._purse += scrap_usd + self._earned.begin(period, scrap_usd)
        for index, fund in enumerate(self._scenario.funds):
            if fund.expires and fund.expires < dates[period]:
                self._purse[index] = 0.0
        if period == 0 or dates[period].year != dates[period - 1].year:
            self._permit_t = np.array([f.permit_t_per_year or np.inf for f in self._scenario.facilities])
        self._order(period)
        self._keep_open(period)

    def _order(self, period: int) -> None:
        """Order the facilities that are due and can be paid; they work after their mean lead time."""
        waiting = []
        for f, due in self._to_order:
            facility = self._scenario.facilities[f]
            payers = self._options.capital_eligible[:, f]
            if due > period or not self._draw(payers, facility.capital_cost_usd):
                waiting.append((f, due))
                continue
            opens = first_open_period(self._scenario, facility.lead_time_days, period)
            dates = self._scenario.period_dates
            pace = expected_pace(self._scenario, facility, float((dates[opens] - dates[0]).days))
            self._days[f, opens:] = (self._coefficients.working_days[f] * pace)[opens:]
            self._standing.append((f, opens))
        self._to_order = waiting

    def _keep_open(self, period: int) -> None:
        """Pay the standing cost of what was ordered; what cannot be paid is closed for the period."""
        for f, opens in self._standing:
            usd = self._scenario.facilities[f].fixed_cost_usd_per_year * float(self._years[period])
            if period >= opens and not self._draw(self._options.standing_eligible[:, f], usd):
                self._days[f, period] = 0.0

    def _draw(self, eligible: Bools, usd: float) -> bool:
        """Take a sum from the funds that may pay it; return False, and take none, if they hold too little."""
        payers = [f for f in self._fund_order if eligible[f]]
        if self._purse[payers].sum() < usd:
            return False
        for fund in payers:
            share = min(self._purse[fund], usd)
            self._purse[fund] -= share
            self._earned.spend(fund, share)
            usd -= share
        return True

    def fill(self, period: int, left_t: Floats, ranked: Iterable[Job]) -> list[Piece]:
        """Return the pieces of a period in the order in which they were ranked.

        Mobile plant first takes the lots of the site where it stands, but for lines that became due after one
        elsewhere that can be done, and was not left behind when the plant came; what it does at other sites
        comes last, site by site.
        """
        room = self._days[:, period].copy()
        for facility in self._days_on_the_way:
            self._travel(period, facility, room)
        left = left_t.copy()
        passable = (self._options.allowed & self._roads_open[self._options.road, period]).tolist()
        pieces: list[Piece] = []
        jobs = [job for job in ranked if passable[job[0]][job[1]]]
        while jobs:
            jobs = [
                job for job in self._take(period, jobs, room, left, pieces) if self._doable(job, room, left)
            ]
            if jobs:
                self._move_on(period, jobs, room, left)
        return pieces

    def _move_on(self, period: int, jobs: Sequence[Job], room: Floats, left: Floats) -> None:
        """Bring the plant of the first job to what has been due for longest, if all is done where it is."""
        facility, longest = jobs[0][1], self._due_elsewhere(jobs, room, left)
        own = [job for job in jobs if job[1] == facility]
        if any(self._stands_at(job) and not self._waits(job, longest) for job in own):
            return
        lot, _, line = min((j for j in own if not self._stands_at(j)), key=lambda job: self._due[job[2]])
        self._came_for[facility] = self._due[line]
        self._move(period, lot, facility, room)

    def _waits(self, job: Job, longest: Mapping[int, int]) -> bool:
        """Return whether a job where plant stands comes after one elsewhere."""
        return self._due[job[2]] > longest.get(job[1], self._due[job[2]])

    def _stands_at(self, job: Job) -> bool:
        """Return whether a job needs no move of mobile plant."""
        lot, facility, _ = job
        return self._place.get(facility, self._site[lot]) == self._site[lot]

    def _doable(self, job: Job, room: Floats, left: Floats) -> bool:
        """Return whether there are room and tonnes for a job, and money for a move if it needs one."""
        lot, facility, line = job
        if room[facility] <= NEGLIGIBLE_DAYS or min(left[lot], self._most_t[line]) <= NEGLIGIBLE_T:
            return False
        return self._stands_at(job) or self._payable(lot, facility)

    def _due_elsewhere(self, jobs: Iterable[Job], room: Floats, left: Floats) -> dict[int, int]:
        """Return, by mobile plant, since when a job elsewhere has been due that it can do after a move.

        That of the longest counts, without those that were left behind when it came to where it stands.
        """
        found: dict[int, int] = {}
        if not self._place or not any(self._due):
            return found
        for job in jobs:
            facility, due = job[1], self._due[job[2]]
            if self._stands_at(job) or not self._came_for[facility] <= due < found.get(facility, due + 1):
                continue
            if self._doable(job, room, left):
                found[facility] = due
        return found

    def _payable(self, lot: int, facility: int) -> bool:
        """Return whether mobile plant may move to a lot: permit and money are not used up by the move."""
        if self._permit_t[facility] <= NEGLIGIBLE_T:
            return False
        left = float(self._purse[self._payers(lot, facility)].sum())
        left -= self._scenario.facilities[facility].move_cost_usd
        return left > 0.0 or (left == 0.0 and float(self._cost_usd_per_t[lot, facility]) == 0.0)

    def _payers(self, lot: int, facility: int) -> list[int]:
        """Return the funds that may pay for a lot at a facility, in drawing order."""
        return [f for f in self._fund_order if self._options.running_eligible[f, lot, facility]]

    def _move(self, period: int, lot: int, facility: int, room: Floats) -> None:
        """Bring mobile plant to the site of a lot; the days and money that it takes are gone."""
        payers = self._options.running_eligible[:, lot, facility]
        self._draw(payers, self._scenario.facilities[facility].move_cost_usd)
        self._place[facility] = self._site[lot]
        self.moves.append((facility, period, self._site[lot]))
        self._days_on_the_way[facility] = self._scenario.facilities[facility].move_days
        self._travel(period, facility, room)

    def _travel(self, period: int, facility: int, room: Floats) -> None:
        """Spend what is left of a period on the way until mobile plant is there, the rest in the next one."""
        length = (self._scenario.period_dates[period + 1] - self._scenario.period_dates[period]).days
        share = float(self._days[facility, period]) / length
        # Plant that does not work in a period has all of it to move.
        days = min(self._days_on_the_way[facility], room[facility] / share if share else length)
        room[facility] -= days * share
        self._days_on_the_way[facility] -= days

    def _take(
        self,
        period: int,
        jobs: list[Job],
        room: Floats,
        left: Floats,
        pieces: list[Piece],
    ) -> list[Job]:
        """Add the pieces of ranked jobs; return those of mobile plant that has to move first, or does so."""
        elsewhere, longest = [], self._due_elsewhere(jobs, room, left)
        for job in jobs:
            lot, facility, line = job
            if room[facility] <= NEGLIGIBLE_DAYS or left[lot] <= NEGLIGIBLE_T:
                continue
            if self._most_t[line] <= NEGLIGIBLE_T:
                continue
            if not self._stands_at(job) or self._waits(job, longest):
                elsewhere.append(job)
                continue
            days = float(self._options.days_per_t[lot, facility])
            wanted = min(left[lot], self._most_t[line], room[facility] / days, self._permit_t[facility])
            mass = self._pay(lot, facility, wanted)
            if mass <= NEGLIGIBLE_T:
                continue
            left[lot] -= mass
            self._most_t[line] -= mass
            room[facility] -= mass * days
            self._permit_t[facility] -= mass
            self._earned.destroy(mass)
            self._scrap_usd += mass * float(self._options.scrap_usd_per_t[lot, facility])
            pieces.append(Piece(lot, facility, period, mass))
            if not np.any(room > NEGLIGIBLE_DAYS):
                break
        return elsewhere

    def _pay(self, lot: int, facility: int, wanted_t: float) -> float:
        """Return how much of what is wanted the funds that may pay can pay, and pay it [t]."""
        cost = float(self._cost_usd_per_t[lot, facility])
        if cost == 0.0:
            return float(wanted_t)
        payers = self._payers(lot, facility)
        # Verification makes a dollar of work dearer for the fund that wants it.
        dearer = 1.0 + self._verification[payers] / cost
        affordable = min(wanted_t, (self._purse[payers] / dearer).sum() / cost)
        due = affordable * cost
        for fund, factor in zip(payers, dearer.tolist(), strict=True):
            share = min(self._purse[fund] / factor, due)
            self._purse[fund] = max(self._purse[fund] - share * factor, 0.0)
            self._earned.spend(fund, share * factor)
            due -= share
        return float(affordable)
