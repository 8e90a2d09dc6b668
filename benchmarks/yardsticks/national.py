"""The full national model once more, as event-driven SimPy: a yardstick for speed and a check of the engine.

Written from `docs/model.md`. Facilities, stops, hauls, tranches, expiries, incidents and commissionings are
processes; lots, jobs and funds are objects; nothing is worked out ahead of time. With the engine it shares
the scenario as arrays, the compiled plan, the numbers drawn and the formulas of `demilsim.model`, but no
dynamics: no working time as a function, no heaps of waiting lines, no evaluation at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import simpy
from benchmarks.yardsticks.national_books import Books, open_links
from benchmarks.yardsticks.national_chance import facility_chances
from benchmarks.yardsticks.national_facility import Facility, Steps
from benchmarks.yardsticks.national_incident import Explosion, poisson_count
from benchmarks.yardsticks.national_records import (
    CountingEnvironment,
    Done,
    FixedDate,
    Fund,
    Job,
    Lot,
    Payment,
    commit,
)
from benchmarks.yardsticks.national_road import road_explosions
from benchmarks.yardsticks.national_scope import beyond

from demilsim.model.event_rate import Cause
from demilsim.plan import SMALLEST_PART_G, Floats
from demilsim.simulation.draws import Candidate, Draws
from demilsim.simulation.income import Receipt
from demilsim.simulation.record import Event, RunResult
from demilsim.simulation.schedule import Build, Order, Schedule
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE, MONTHS_PER_YEAR, cents, day_of, years

MARGIN = 1.25
"""Work that a facility may hold at the start of a period over its expected working days (decision 0003)."""


def replication(world: World, schedule: Schedule, draws: Draws) -> RunResult:
    """Return what `demilsim.simulation.replication.run` returns; every field is filled."""
    return observed(world, schedule, draws).result


class Observed(NamedTuple):
    """A replication: result, SimPy events processed, and times at which rounding decided about a gram."""

    result: RunResult
    simpy_events: int
    knife_edges: int


def observed(world: World, schedule: Schedule, draws: Draws) -> Observed:
    """Return the result of a replication and what it took."""
    missing = beyond(world, schedule, draws)
    if missing:
        raise NotImplementedError(f"not in the reference: {', '.join(missing)}")
    environment = CountingEnvironment()
    country = Country(environment, world, schedule, draws)
    environment.run(until=environment.process(country.periods()))
    road_explosions(world, draws, country.lots, country.books, country.parts)
    edges = sum(facility.knife_edges for facility in country.facilities)
    return Observed(country.books.result(country.funds), environment.processed, edges)


class Country:
    """The state of one replication, and the processes that sites share.

    Parameters
    ----------
    environment, world, schedule, draws
        Where, what, by which plan, with which chance.
    """

    def __init__(
        self, environment: simpy.Environment, world: World, schedule: Schedule, draws: Draws
    ) -> None:
        self.environment, self.world, self.schedule, self.draws = environment, world, schedule, draws
        scenario = world.scenario
        self.links = open_links(world, draws)
        self.books = Books(world, draws, self.links)
        self.lots = [
            Lot(i, house, mass, mass, blast, neq)
            for i, (house, mass, blast, neq) in enumerate(
                zip(
                    world.lot_storehouse.tolist(),
                    world.lot_g.tolist(),
                    world.blast_kg_per_t.tolist(),
                    world.neq_kg_per_t.tolist(),
                    strict=True,
                )
            )
        ]
        self.houses: list[list[Lot]] = [[] for _ in scenario.storehouses]
        for lot in self.lots:
            self.houses[lot.house].append(lot)
        self.funds = [Fund(i) for i in range(len(scenario.funds))]
        self.payers = [[self.funds[f] for f in group] for group in schedule.payers]
        self.waiting: list[tuple[int, int, Order]] = []
        self.joined = 0
        self.closed_until = [0.0] * len(scenario.sites)
        self.unpaid = list(schedule.builds)
        self.built: list[Build] = []
        self.stock_taken: list[simpy.Event] = []
        self.parts: dict[tuple[int, simpy.Event | None], float] = {}
        self.facilities = self._facilities()
        for receipt in draws.receipts:
            environment.process(self._tranche(receipt))
        for fund, record in zip(self.funds, scenario.funds, strict=True):
            if record.expires:
                environment.process(self._expiry(fund, day_of(record.expires, scenario.settings.start) + 1))
        for candidate in draws.candidates:
            environment.process(self._incident(candidate))

    def _facilities(self) -> list[Facility]:
        world, edges = self.world, self.world.calendar_edges[:-1].tolist()
        first = world.scenario.settings.start.month - 1
        months = [(first + k) % MONTHS_PER_YEAR + 1 for k in range(len(edges))]
        return [
            Facility(
                self.environment,
                i,
                int(world.facility_site[i]),
                list(zip(edges, world.calendar_share[i].tolist(), strict=True)),
                chance,
                record,
                months,
                self._work_done,
                self._accident,
            )
            for i, (record, chance) in enumerate(
                zip(world.scenario.facilities, facility_chances(world, self.draws), strict=True)
            )
        ]

    def _tranche(self, receipt: Receipt) -> Steps:
        yield FixedDate(self.environment, receipt.day)
        self.funds[receipt.fund].receive(receipt.amount_cents)
        self.books.receive(receipt.fund, receipt.amount_cents, receipt.day)

    def _expiry(self, fund: Fund, day: float) -> Steps:
        yield FixedDate(self.environment, max(day, 0.0))
        fund.expire()

    def _incident(self, candidate: Candidate) -> Steps:
        yield FixedDate(self.environment, candidate.day)
        if not self._accepted(candidate):
            return
        for facility in self.facilities:
            facility.settle()
        links = self.links.get(candidate.storehouse, {})
        explosion = Explosion(self.world, candidate, self.houses, links)
        events = explosion.happen()
        self.books.events.extend(events)
        self.books.exploded_g += explosion.lost_g
        self.books.lose(0, explosion.lost_g, candidate.day)
        cleanup_usd_per_t = self.world.scenario.register.consequence.cleanup_usd_per_t
        self.books.cleanup_cents += cents(cleanup_usd_per_t * explosion.lost_g / GRAMS_PER_TONNE)
        if events[0].kind == "explosion":
            self._close_site(explosion.site)

    def _accepted(self, candidate: Candidate) -> bool:
        """Return whether enough is left of what would explode."""
        under_way = [0] * len(self.lots)
        for facility in self.facilities:
            facility.catch_up()
            if facility.current:
                under_way[facility.current.order.lot] += facility.current.done_g
        if candidate.lot < 0:
            return any(lot.present_g > under_way[lot.index] for lot in self.houses[candidate.storehouse])
        lot = self.lots[candidate.lot]
        left = lot.present_g - under_way[lot.index]
        return left > 0 and candidate.mark <= left / lot.initial_g

    def _close_site(self, site: int) -> None:
        """Stop the facilities of a site, and send the jobs of its lots back to the plan."""
        days = self.world.scenario.register.consequence.site_closure_days
        self.closed_until[site] = max(self.closed_until[site], self.environment.now + days)
        for facility in self.facilities:
            if facility.site == site:
                facility.stop_for(days)
            for job in facility.recall(site):
                for fund, amount in job.payment:
                    fund.release(amount)
                self.lots[job.order.lot].committed_g -= job.mass_g
                facility.permit_g += job.mass_g
                self._wait(replace(job.order, mass_g=job.mass_g))

    def _accident(self, facility: Facility, lot: int, uniform: float) -> None:
        record = self.world.scenario.facilities[facility.index]
        method = self.world.scenario.methods[record.method_id]
        self.books.events.append(
            Event(
                day=self.environment.now,
                kind="processing",
                cause=Cause.HANDLING,
                site=facility.site,
                lot=lot,
                facility=facility.index,
                fatalities_workers=poisson_count(uniform, method.worker_fatalities_per_accident),
                injuries=method.worker_injuries_per_accident,
            )
        )

    def _work_done(self, done: Done) -> None:
        """Take what was destroyed from its lot, pay for it, and count its risks."""
        lot, options = self.lots[done.job.order.lot], self.world.options
        lot.present_g -= done.mass_g
        lot.committed_g -= done.mass_g
        for fund, amount in done.payment:
            fund.spend(amount)
            self.books.spend_work(fund.index, amount, done.ended)
        mass_t = done.mass_g / GRAMS_PER_TONNE
        place = lot.index, done.facility
        self.books.processing_deaths += mass_t * float(options.worker_fatalities_per_t[place])
        self.books.road_deaths += mass_t * float(options.road_fatalities_per_t[place])
        lot.loads.append((done, mass_t * float(options.road_rate_per_t[place])))

    def periods(self) -> Steps:
        """Settle what sites share at the start of each period, and close the books at the horizon."""
        knots, dates = self.world.knots.tolist(), self.world.scenario.period_dates
        for period, day in enumerate(knots[:-1]):
            yield FixedDate(self.environment, day)
            self._take_stock(period)
            self._commission(period)
            self._keep_open(period)
            if period == 0 or dates[period].year > dates[period - 1].year:
                self._renew_permits()
            for order in self.schedule.due[period]:
                self._wait(order)
            self._commit_lines(period)
        yield FixedDate(self.environment, knots[-1])
        self._take_stock(len(knots) - 1)
        for facility in self.facilities:
            facility.settle()
            if facility.current:
                facility.current.end_stretch(0)
        yield self.environment.all_of(self.stock_taken)

    def _take_stock(self, knot: int) -> None:
        """Write down a knot; work under way counts once it is known how many whole grams it came to."""
        left_g = np.array([lot.present_g for lot in self.lots], dtype=float)
        open_stretches = []
        for facility in self.facilities:
            facility.catch_up()
            # What a plan may count on from another day of opening on is without the pace of this one.
            existing = facility.record.status == "existing"
            days = facility.worked_days if existing else facility.full_days
            self.books.worked_days[facility.index, knot] = days
            self.books.destroyed_g[facility.index, knot] = facility.processed_g
            job = facility.current
            if job and job.worked > 0.0:
                job.booked = job.booked or self.environment.event()
                open_stretches.append((facility.index, job, job.worked, job.booked))
        if open_stretches:
            self.stock_taken.append(self.environment.process(self._complete(knot, left_g, open_stretches)))
        else:
            self.books.take_stock(knot, left_g)

    def _complete(
        self, knot: int, left_g: Floats, stretches: Sequence[tuple[int, Job, float, simpy.Event]]
    ) -> Steps:
        """Take off the part of each stretch that was done at a knot: a lot leaves evenly over the work."""
        for facility, job, worked, booked in stretches:
            mass_g, whole = yield booked
            done_g = mass_g * worked / whole
            self.parts[knot, booked] = done_g
            left_g[job.order.lot] -= done_g
            self.books.destroyed_g[facility, knot] += done_g
        self.books.take_stock(knot, left_g)

    def _commission(self, period: int) -> None:
        """Order the facilities that are due and can be paid; the others wait for money."""
        waiting = []
        for build in self.unpaid:
            record = self.world.scenario.facilities[build.facility]
            payment = None
            if build.period <= period:
                payment = commit(self._funds(build.capital_payers), cents(record.capital_cost_usd))
            if payment is None:
                waiting.append(build)
            else:
                self._pay_now(payment, period)
                self.built.append(build)
                self._order_facility(build.facility, float(self.draws.lead_days[build.facility]))
        self.unpaid = waiting

    def _order_facility(self, facility: int, lead_days: float) -> None:
        """Open a facility at the first start of a period that comes a lead time or more from now."""
        ready = self.environment.now + lead_days
        opens = next((day for day in self.world.knots[:-1].tolist() if day >= ready), None)
        if opens == self.environment.now:
            self.facilities[facility].open()
        elif opens is not None:
            self.environment.process(self._opening(self.facilities[facility], opens))

    def _opening(self, facility: Facility, day: float) -> Steps:
        yield self.environment.timeout(day - self.environment.now)
        facility.open()

    def _keep_open(self, period: int) -> None:
        """Pay the standing cost of commissioned facilities; stop for the period those that cannot be paid."""
        days = float(self.world.knots[period + 1]) - self.environment.now
        for build in self.built:
            facility = self.facilities[build.facility]
            if not facility.opened:
                continue
            yearly_usd = self.world.scenario.facilities[build.facility].fixed_cost_usd_per_year
            payment = commit(self._funds(build.standing_payers), cents(yearly_usd * years(days)))
            if payment is None:
                facility.stop_for(days)
            else:
                self._pay_now(payment, period)

    def _funds(self, indices: Sequence[int]) -> list[Fund]:
        return [self.funds[i] for i in indices]

    def _pay_now(self, payment: Payment, period: int) -> None:
        for fund, amount in payment:
            fund.spend(amount)
            self.books.spent[fund.index, period] += amount

    def _renew_permits(self) -> None:
        """Start a permit year: what is still queued counts against it."""
        for facility, record in zip(self.facilities, self.world.scenario.facilities, strict=True):
            if record.permit_t_per_year:
                facility.permit_g = record.permit_t_per_year * GRAMS_PER_TONNE - facility.queued_g()

    def _wait(self, order: Order) -> None:
        """Put an order among those that wait, behind others of its rank."""
        self.joined += 1
        self.waiting.append((order.rank, self.joined, order))

    def _commit_lines(self, period: int) -> None:
        """Commit waiting orders in global priority while room, permits and money last."""
        now = self.environment.now
        length = float(self.world.knots[period + 1]) - now
        room = [
            MARGIN * days * facility.known_pace(length) - facility.backlog_days() if facility.opened else 0.0
            for facility, days in zip(
                self.facilities, self.world.nominal_days[:, period].tolist(), strict=True
            )
        ]
        held_up: set[tuple[int, int]] = set()
        lines, self.waiting = sorted(self.waiting, key=lambda line: line[:2]), []
        for line in lines:
            order = line[2]
            queue = (order.facility, order.payers)
            if queue in held_up or room[order.facility] <= 0.0 or self.closed_until[order.site] > now:
                self.waiting.append(line)
                continue
            lot = self.lots[order.lot]
            wanted = min(order.mass_g, lot.present_g - lot.committed_g)
            if wanted <= 0:
                continue
            given, in_full = self._commit(order, wanted, room)
            if not given:
                self.waiting.append(line)
            if not in_full:
                held_up.add(queue)

    def _commit(self, order: Order, wanted_g: int, room: list[float]) -> tuple[int, bool]:
        """Give a facility what permit and money allow of an order.

        Returns
        -------
        given, in_full
            Mass [g], and whether money sufficed for what the permit allows.
        """
        facility, payers = self.facilities[order.facility], self.payers[order.payers]
        mass_g = int(min(wanted_g, facility.permit_g))
        if mass_g <= 0:
            return 0, False
        payment = commit(payers, order.cost_cents(mass_g))
        in_full = payment is not None
        if payment is None:
            mass_g = mass_g * sum(fund.available for fund in payers) // order.cost_cents(mass_g)
            if mass_g < SMALLEST_PART_G:
                return 0, False
            payment = commit(payers, order.cost_cents(mass_g))
            assert payment is not None, "a part is cut to what there is"
        if mass_g < wanted_g:
            self._wait(replace(order, mass_g=wanted_g - mass_g))
        self.lots[order.lot].committed_g += mass_g
        facility.permit_g -= mass_g
        room[order.facility] -= mass_g * order.days_per_g
        facility.add(Job(order, mass_g, payment))
        return mass_g, in_full
