"""One replication: a function of scenario, plan and streams, driven by SimPy.

SimPy holds only what changes the future: tranches, expiries, candidate incidents and period starts. At
equal times they come in that order. Between them, facilities progress in working time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import simpy

from demilsim.model.calendar import first_open_period
from demilsim.model.consequence import Extent
from demilsim.model.event_rate import Cause
from demilsim.plan import DisposalPlan
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.destruction import Accident, Job, Plant, Segment
from demilsim.simulation.draws import Candidate, Draws, Receipt, draw
from demilsim.simulation.funding import Ledger, Payment
from demilsim.simulation.record import Event, RunResult
from demilsim.simulation.results import collect
from demilsim.simulation.schedule import Build, Order, Schedule, compile_plan
from demilsim.simulation.storage import Detonation, Stock, events_of, explosion, poisson_quantile
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare
from demilsim.units import GRAMS_PER_TONNE, cents, day_of, years

COMMITMENT_MARGIN = 1.25
"""Work committed at a period's start over its expected working days: a facility ahead of plan goes on."""

Waiting = list[tuple[int, int, Order]]
"""A heap of orders by rank, then by when they were put there."""

Probe = Callable[["Run"], None]
"""Called after every event, for tests that watch the ledgers."""


def simulate(scenario: Scenario, plan: DisposalPlan, streams: Streams) -> RunResult:
    """Simulate one replication of a plan; mutates nothing.

    Parameters
    ----------
    scenario
        The scenario.
    plan
        The plan.
    streams
        Seed and replication number.

    Returns
    -------
    RunResult
        Events and per-period arrays.

    Raises
    ------
    PlanError
        If the plan does not fit the scenario.
    """
    world = prepare(scenario)
    return run(world, compile_plan(world, plan), draw(world, streams))


def run(world: World, schedule: Schedule, draws: Draws, probe: Probe | None = None) -> RunResult:
    """Simulate one replication of a compiled plan with chance already drawn."""
    environment = simpy.Environment()
    state = Run(world, schedule, draws)
    agenda: list[tuple[float, Callable[[], None]]] = []
    for receipt in draws.receipts:
        agenda.append((receipt.day, partial(state.on_receipt, receipt)))
    for fund, record in enumerate(world.scenario.funds):
        if record.expires:
            # A fund may still pay on the day on which it expires.
            day = float(max(0, day_of(record.expires, world.scenario.settings.start) + 1))
            if day < world.horizon:
                agenda.append((day, partial(state.on_expiry, fund)))
    for candidate in draws.candidates:
        agenda.append((candidate.day, partial(state.on_candidate, candidate)))
    for period in range(world.scenario.periods):
        agenda.append((float(world.knots[period]), partial(state.on_period, period)))
    agenda.append((world.horizon, state.on_horizon))
    for day, action in agenda:
        # All timeouts are made at time 0, so that days stay exact and ties keep the order above.
        timeout = environment.timeout(day)
        timeout.callbacks.append(_callback(action, state, probe))
    environment.run()
    events = [*state.events, *events_of(world, state.detonations)]
    return collect(
        world, draws, state.plants, state.stock, state.ledger, events, state.standing, state.received
    )


def _callback(action: Callable[[], None], state: Run, probe: Probe | None) -> Callable[[simpy.Event], None]:
    def call(_: simpy.Event) -> None:
        action()
        if probe:
            probe(state)

    return call


@dataclass(slots=True)
class Run:
    """The state of one replication. Born and dead within `run`."""

    world: World
    schedule: Schedule
    draws: Draws
    plants: list[Plant] = field(init=False)
    stock: Stock = field(init=False)
    ledger: Ledger = field(init=False)
    events: list[Event] = field(default_factory=list)
    detonations: list[Detonation] = field(default_factory=list)
    standing: list[tuple[float, int, int]] = field(default_factory=list)
    received: list[Receipt] = field(default_factory=list)
    pending: dict[tuple[int, int], Waiting] = field(default_factory=dict)
    pushed: int = 0
    committed_g: list[int] = field(init=False)
    closed_until: list[float] = field(init=False)
    to_commission: list[Build] = field(init=False)
    to_keep_open: list[Build] = field(default_factory=list)
    permit_g: list[float] = field(init=False)

    def __post_init__(self) -> None:
        scenario = self.world.scenario
        stop = scenario.register.destruction.stop_after_accident_days
        self.plants = [
            Plant(
                index=i,
                path=self.draws.working_time[i],
                accident_at_g=self.draws.accident_at_g[i].tolist(),
                accident_deaths=self.draws.accident_deaths[i].tolist(),
                stop_days=stop,
                open_from=0.0 if facility.status == "existing" else float("inf"),
            )
            for i, facility in enumerate(scenario.facilities)
        ]
        self.stock = Stock(self.world.lot_g.tolist())
        self.ledger = Ledger(len(scenario.funds), self.world.drawing_order)
        self.committed_g = [0] * len(scenario.lots)
        self.closed_until = [0.0] * len(scenario.sites)
        self.to_commission = list(self.schedule.builds)
        self.permit_g = [float("inf")] * len(self.plants)

    def on_receipt(self, receipt: Receipt) -> None:
        """Take in a tranche."""
        self.received.append(receipt)
        self.ledger.receive(receipt.fund, receipt.amount_cents)

    def on_expiry(self, fund: int) -> None:
        """Let a fund lapse."""
        self.ledger.expire(fund)

    def on_candidate(self, candidate: Candidate) -> None:
        """Let a candidate incident happen if what would have caused it is still there."""
        self.advance(candidate.day)
        if candidate.mark > self.share_present(candidate):
            return
        for plant in self.plants:
            plant.settle(candidate.day, self.finished)
        site = int(self.world.storehouse_site[candidate.storehouse])
        happened = explosion(self.world, self.draws, self.stock, candidate, self.blast_kg(site))
        self.detonations.extend(happened)
        if happened[0].extent is not Extent.ITEM:
            self.close_site(site, candidate.day)

    def share_present(self, candidate: Candidate) -> float:
        """Return the share of a candidate's lot that is in store, or 1 for a storehouse with any; else -1."""
        lots = self.world.lots_of_house[candidate.storehouse] if candidate.lot < 0 else [candidate.lot]
        present = sum(self.stock.present_g[lot] for lot in lots)
        for plant in self.plants:
            lot, done_g = plant.in_progress_g(candidate.day)
            if lot in lots:
                present -= done_g
        if present <= 0:
            return -1.0
        return 1.0 if candidate.lot < 0 else present / self.stock.initial_g[candidate.lot]

    def blast_kg(self, site: int) -> dict[int, float]:
        """Return the NEQ that joins a mass explosion in each storehouse of a site [kg]."""
        per_t, present = self.world.blast_kg_per_t, self.stock.present_g
        return {
            house: sum(
                float(per_t[lot]) * (present[lot] / GRAMS_PER_TONNE)
                for lot in self.world.lots_of_house[house]
            )
            for house in self.world.houses_of_site[site]
        }

    def on_period(self, period: int) -> None:
        """Settle the shared resources: commissioning, standing cost, then lines in global priority."""
        day = float(self.world.knots[period])
        self.advance(day)
        self.commission(period, day)
        self.keep_open(period, day)
        dates = self.world.scenario.period_dates
        if period == 0 or dates[period].year != dates[period - 1].year:
            self.renew_permits(day)
        for order in self.schedule.due[period]:
            self.push(order)
        self.commit_lines(period, day)

    def on_horizon(self) -> None:
        """Book what is under way."""
        self.advance(self.world.horizon)
        for plant in self.plants:
            plant.settle(self.world.horizon, self.finished)

    def advance(self, day: float) -> None:
        """Bring every facility up to a day."""
        for plant in self.plants:
            if plant.queue:
                plant.advance(day, self.finished, self.accident)

    def finished(self, segment: Segment) -> None:
        """Book a finished stretch of work."""
        self.stock.destroy(segment.lot, segment.mass_g)
        self.committed_g[segment.lot] -= segment.mass_g
        self.ledger.spend(segment.payment)

    def accident(self, accident: Accident) -> None:
        """Book a processing accident."""
        facility = self.world.scenario.facilities[accident.facility]
        method = self.world.scenario.methods[facility.method_id]
        self.events.append(
            Event(
                day=accident.day,
                kind="processing",
                cause=Cause.HANDLING,
                site=int(self.world.facility_site[accident.facility]),
                lot=accident.lot,
                facility=accident.facility,
                fatalities_workers=poisson_quantile(accident.deaths, method.worker_fatalities_per_accident),
                injuries=method.worker_injuries_per_accident,
            )
        )

    def close_site(self, site: int, day: float) -> None:
        """Stop a site's facilities, and send the jobs of its lots back to the plan."""
        until = day + self.world.curves.exposure.parameters.site_closure_days
        self.closed_until[site] = max(self.closed_until[site], until)
        for plant in self.plants:
            if self.world.facility_site[plant.index] == site:
                plant.close(day, until)
            plant.keep(day, partial(self.keep_job, site))

    def keep_job(self, closed_site: int, job: Job) -> bool:
        """Send a job back to the plan if its lot's site is closed; `commit` cuts it to what is left then."""
        order = job.order
        if order.site != closed_site:
            return True
        self.ledger.release(job.payment)
        self.committed_g[order.lot] -= job.mass_g
        self.permit_g[order.facility] += job.mass_g
        self.push(replace(order, mass_g=job.mass_g))
        return False

    def push(self, order: Order) -> None:
        """Put an order among those that wait."""
        queue = self.pending.setdefault((order.facility, order.payers), [])
        self.pushed += 1
        heapq.heappush(queue, (order.rank, self.pushed, order))

    def commission(self, period: int, day: float) -> None:
        """Order the facilities that are due and can be paid; the others wait for money."""
        waiting = []
        for build in self.to_commission:
            facility = self.world.scenario.facilities[build.facility]
            payment = None
            if build.period <= period:
                payment = self.ledger.commit(build.capital_payers, cents(facility.capital_cost_usd))
            if payment is None:
                waiting.append(build)
                continue
            self.pay_now(payment, day)
            opens = first_open_period(self.world.scenario, facility, period)
            self.plants[build.facility].open_from = float(self.world.knots[opens])
            self.to_keep_open.append(build)
        self.to_commission = waiting

    def pay_now(self, payment: Payment, day: float) -> None:
        """Spend what has just been committed."""
        self.ledger.spend(payment)
        self.standing.extend((day, fund, amount) for fund, amount in payment)

    def keep_open(self, period: int, day: float) -> None:
        """Pay the standing cost of commissioned facilities; close for the period those that cannot."""
        end = float(self.world.knots[period + 1])
        for build in self.to_keep_open:
            plant = self.plants[build.facility]
            if plant.open_from >= end:
                continue
            yearly_usd = self.world.scenario.facilities[build.facility].fixed_cost_usd_per_year
            payment = self.ledger.commit(build.standing_payers, cents(yearly_usd * years(end - day)))
            if payment is None:
                plant.close(day, end)
            else:
                self.pay_now(payment, day)

    def renew_permits(self, day: float) -> None:
        """Start a permit year: what is still queued counts against it."""
        for plant, facility in zip(self.plants, self.world.scenario.facilities, strict=True):
            if facility.permit_t_per_year:
                permit = facility.permit_t_per_year * GRAMS_PER_TONNE
                self.permit_g[plant.index] = permit - plant.queued_g(day)

    def commit_lines(self, period: int, day: float) -> None:
        """Commit waiting orders in global priority while capacity, permits and money last.

        Orders of one facility that the same funds pay wait in one heap. A heap whose head cannot be paid
        is passed over until the next period; an order whose site is closed is set aside.
        """
        waiting = [(queue[0][0], key) for key, queue in self.pending.items() if queue]
        room = self.room(period, day, {key[0] for _, key in waiting})
        aside: list[Order] = []
        heads = [(rank, key) for rank, key in waiting if room[key[0]] > 0.0]
        heapq.heapify(heads)
        while heads:
            _, key = heapq.heappop(heads)
            queue = self.pending[key]
            if room[key[0]] <= 0.0:
                continue
            order = queue[0][2]
            if self.closed_until[order.site] > day:
                heapq.heappop(queue)
                aside.append(order)
            elif not self.commit(order, queue, room, day):
                continue
            if queue:
                heapq.heappush(heads, (queue[0][0], key))
        for order in aside:
            self.push(order)

    def room(self, period: int, day: float, facilities: Iterable[int]) -> dict[int, float]:
        """Return the work that some facilities may still be given in a period [working d]."""
        end = float(self.world.knots[period + 1])
        expected = self.world.nominal_days[:, period].tolist()
        return {
            f: COMMITMENT_MARGIN * expected[f] - self.plants[f].backlog_days(day)
            if self.plants[f].open_from < end
            else 0.0
            for f in facilities
        }

    def commit(self, order: Order, queue: Waiting, room: dict[int, float], day: float) -> bool:
        """Commit one order, or the part that its permit allows; return False to pass its heap over."""
        plant = self.plants[order.facility]
        left = self.stock.present_g[order.lot] - self.committed_g[order.lot]
        wanted = min(order.mass_g, left)
        if wanted <= 0:
            heapq.heappop(queue)
            return True
        mass = int(min(wanted, self.permit_g[order.facility]))
        if mass <= 0:
            return False
        payment = self.ledger.commit(self.schedule.payers[order.payers], order.cost_cents(mass))
        if payment is None:
            return False
        heapq.heappop(queue)
        if mass < wanted:
            self.push(replace(order, mass_g=wanted - mass))
        plant.add(order, mass, payment, day)
        self.committed_g[order.lot] += mass
        self.permit_g[order.facility] -= mass
        room[order.facility] -= mass * order.days_per_g
        return True
