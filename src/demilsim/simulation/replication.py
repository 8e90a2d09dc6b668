"""One replication: a function of scenario, plan and streams, driven by SimPy.

SimPy holds only what changes the future: tranches, expiries, arrivals of lots, thefts, candidate incidents
and period starts. At equal times they come in that order. Between them, facilities progress in working time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import simpy

from demilsim.collector import no_collector
from demilsim.model.consequence import Extent
from demilsim.model.event_rate import Cause
from demilsim.plan import DisposalPlan
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Measure
from demilsim.simulation.commissioning import Commissioning
from demilsim.simulation.delays import load, time_use
from demilsim.simulation.destruction import Accident, Job, Plant, Segment
from demilsim.simulation.draws import Candidate, Draws, draw
from demilsim.simulation.funding import Ledger
from demilsim.simulation.income import Promise, Receipt
from demilsim.simulation.lots import Theft
from demilsim.simulation.measures import Measures, condemned, movable
from demilsim.simulation.orders import OrderBook
from demilsim.simulation.pace import Pace
from demilsim.simulation.record import Event, RunResult
from demilsim.simulation.renewal import Renewal, observe
from demilsim.simulation.results import collect
from demilsim.simulation.schedule import Schedule, compile_plan
from demilsim.simulation.storage import Detonation, Stock, events_of, explosion, poisson_quantile
from demilsim.simulation.streams import Streams
from demilsim.simulation.transport import Dispatch
from demilsim.simulation.treasury import Treasury
from demilsim.simulation.use import Use
from demilsim.simulation.world import World, prepare
from demilsim.units import GRAMS_PER_TONNE, day_of

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


@no_collector()
def run(
    world: World,
    schedule: Schedule,
    draws: Draws,
    probe: Probe | None = None,
    explain: bool = False,
    renewal: Renewal | None = None,
    by_storehouse: bool = True,
) -> RunResult:
    """Simulate one replication of a compiled plan with chance already drawn.

    Parameters
    ----------
    world, schedule, draws
        The scenario, the plan and its chance.
    probe
        Called after every event.
    explain
        Whether to work out where the working days of facilities went.
    renewal
        Who renews the plan on the way, if anybody.
    by_storehouse
        Whether to give harm by period and storehouse.
    """
    environment = simpy.Environment()
    state = Run(world, schedule, draws, renewal)
    agenda: list[tuple[float, Callable[[], None]]] = []
    for receipt in draws.receipts:
        agenda.append((receipt.day, partial(state.on_receipt, receipt)))
    for promise in draws.income.promises:
        agenda.append((promise.day, partial(state.on_promise, promise)))
    for fund, record in enumerate(world.scenario.funds):
        if record.expires:
            # A fund may still pay on the day on which it expires.
            day = float(max(0, day_of(record.expires, world.scenario.settings.start) + 1))
            if day <= world.horizon:
                agenda.append((day, partial(state.on_expiry, fund, day)))
    supply = draws.supply
    for lot in np.flatnonzero((supply.arrival_day > 0.0) & (supply.lot_g > 0)).tolist():
        agenda.append((float(supply.arrival_day[lot]), partial(state.stock.arrive, lot)))
    for theft in supply.thefts:
        agenda.append((theft.day, partial(state.on_theft, theft)))
    for candidate in draws.candidates:
        agenda.append((candidate.day, partial(state.on_candidate, candidate)))
    for period in range(world.scenario.periods):
        agenda.append((world.days[period], partial(state.on_period, period)))
    agenda.append((world.horizon, state.on_horizon))

    def act(event: simpy.Event) -> None:
        event.value()
        if probe:
            probe(state)

    for day, action in agenda:
        # All timeouts are made at time 0, so that days stay exact and ties keep the order above.
        environment.timeout(day, action).callbacks.append(act)
    environment.run()
    events = [*state.events, *events_of(world, state.detonations)]
    result = collect(
        world,
        draws,
        state.plants,
        state.stock,
        state.ledger,
        events,
        [*state.commissioning.paid, *state.orders.moved, *state.treasury.paid],
        state.treasury,
        state.measures,
        state.orders.condemned_g,
        by_storehouse,
    )
    if not explain:
        return result
    state.orders.note_the_rest()
    opened, worked = load(world, state.plants)
    used = time_use(world, draws, state.plants, state.orders)
    return replace(result, time_use=used, open_days=opened, worked_days=worked)


@dataclass(slots=True)
class Run:
    """The state of one replication. Born and dead within `run`."""

    world: World
    schedule: Schedule
    draws: Draws
    renewal: Renewal | None = None
    plants: list[Plant] = field(init=False)
    stock: Stock = field(init=False)
    ledger: Ledger = field(init=False)
    orders: OrderBook = field(init=False)
    commissioning: Commissioning = field(init=False)
    measures: Measures = field(init=False)
    treasury: Treasury = field(init=False)
    events: list[Event] = field(default_factory=list)
    detonations: list[Detonation] = field(default_factory=list)
    closed_until: list[float] = field(init=False)

    def __post_init__(self) -> None:
        scenario = self.world.scenario
        stop = scenario.register.destruction.stop_after_accident_days
        accident_at_g, deaths = self.draws.accident_at_g.tolist(), self.draws.accident_deaths.tolist()
        self.plants = [
            Plant(
                index=i,
                path=self.draws.working_time[i],
                accident_at_g=accident_at_g[i],
                accident_deaths=deaths[i],
                stop_days=stop,
                open_from=0.0 if facility.status == "existing" else float("inf"),
                place=int(self.world.facility_site[i]) if self.world.placed[i] else -1,
                move_days=facility.move_days,
            )
            for i, facility in enumerate(scenario.facilities)
        ]
        for plant, facility in zip(self.plants, scenario.facilities, strict=True):
            if facility.status == "existing" and facility.objections_per_year:
                plant.pace = Pace(facility, 0.0, float(self.draws.objection_days[plant.index]))
        supply = self.draws.supply
        later = np.where(supply.arrival_day > 0.0, supply.lot_g, 0)
        self.stock = Stock(supply.lot_g.tolist(), later.tolist())
        self.ledger = Ledger(
            len(scenario.funds), self.world.drawing_order, self.world.verification_cents_per_t
        )
        self.treasury = Treasury(
            self.world, self.draws.income, self.ledger, self.plants, self.stock, self.schedule.funds
        )
        dispatch = Dispatch(self.world, self.draws)
        self.orders = OrderBook(self.world, self.schedule, self.plants, self.stock, self.ledger, dispatch)
        builds = list(self.schedule.builds)
        self.commissioning = Commissioning(self.world, self.draws, self.plants, self.ledger, builds)
        steps = list(self.schedule.measures)
        self.measures = Measures(self.world, self.ledger, steps, self.commissioning.paid)
        self.closed_until = [0.0] * len(scenario.sites)

    def on_receipt(self, receipt: Receipt) -> None:
        """Take in a tranche."""
        self.treasury.receive(receipt)

    def on_promise(self, promise: Promise) -> None:
        """Take in a tranche whose milestone has been met, or note that it is due."""
        self.treasury.come_due(promise)

    def on_expiry(self, fund: int, day: float) -> None:
        """Let a fund lapse."""
        if fund == self.world.scrap_fund:
            # What has been sold by now is in the fund before it closes.
            self.advance(day)
        self.ledger.expire(fund)

    def on_theft(self, theft: Theft) -> None:
        """Let thieves take their share of what no facility has been promised."""
        self.advance(theft.day)
        present, lot = self.stock.present_g[theft.lot], theft.lot
        taken = min(int(theft.share * present), present - self.orders.committed_g[lot])
        if taken > 0 and theft.mark <= self.measures.theft_left(lot):
            self.stock.steal(theft.day, lot, taken)
            house = self.stock.house_of(self.world, lot)
            site = int(self.world.storehouse_site[house])
            stolen_t = taken / GRAMS_PER_TONNE
            event = Event(theft.day, "theft", Cause.SECURITY, site, house, lot, stolen_t=stolen_t)
            self.events.append(event)

    def on_candidate(self, candidate: Candidate) -> None:
        """Let a candidate incident happen if what would have caused it is still there."""
        self.advance(candidate.day)
        if candidate.lot >= 0 and self.stock.moves:
            candidate = replace(candidate, storehouse=self.stock.house_of(self.world, candidate.lot))
        if candidate.mark > self.share_present(candidate) * self.measures.share_left(candidate):
            return
        for plant in self.plants:
            plant.settle(candidate.day, self.finished)
        site = int(self.world.storehouse_site[candidate.storehouse])
        happened = explosion(self.world, self.draws, self.stock, candidate, self.blast_kg(site))
        self.detonations.extend(happened)
        self.treasury.clean_up(candidate.day, site, happened)
        if happened[0].extent is not Extent.ITEM:
            self.close_site(site, candidate.day)

    def share_present(self, candidate: Candidate) -> float:
        """Return the share of a candidate's lot that is in store, or 1 for a storehouse with any; else -1."""
        lots = self.stock.lots_in(self.world, candidate.storehouse) if candidate.lot < 0 else [candidate.lot]
        present = sum(self.stock.present_g[lot] for lot in lots)
        for plant in self.plants:
            lot, done_g = plant.in_progress_g(candidate.day)
            if lot in lots:
                present -= done_g
        if present <= 0:
            return -1.0
        return 1.0 if candidate.lot < 0 else present / self.stock.full_g[candidate.lot]

    def blast_kg(self, site: int) -> dict[int, float]:
        """Return the NEQ that joins a mass explosion in each storehouse of a site [kg]."""
        per_t, present = self.world.blast_kg_per_t, self.stock.present_g
        return {
            house: sum(
                float(per_t[lot]) * (present[lot] / GRAMS_PER_TONNE)
                for lot in self.stock.lots_in(self.world, house)
            )
            for house in self.world.houses_of_site[site]
        }

    def on_period(self, period: int) -> None:
        """Settle the shared resources: commissioning, standing cost, then lines in global priority."""
        day = self.world.days[period]
        self.advance(day)
        self.treasury.look_at_milestones(day)
        if self.renewal and self.renewal.is_due(period):
            self.renew(self.renewal, period)
        self.commissioning.order(period, day)
        self.commissioning.keep_open(period, day)
        for measure in self.measures.start(period, day):
            self.take(self.world.scenario.measures[measure], period, day)
        if self.world.begins_year[period]:
            self.orders.renew_permits(day)
        for order in self.schedule.due[period]:
            self.orders.push(order)
        self.orders.commit_lines(period, day, self.closed_until)

    def renew(self, renewal: Renewal, period: int) -> None:
        """Let a policy that sees what can be seen make another plan from this period on."""
        seen = observe(self.world, period, self.stock, self.ledger, self.orders, self.plants)
        self.schedule = compile_plan(self.world, renewal.decided(seen), self.schedule.payers)
        self.orders.take_over(self.schedule, period)
        self.commissioning.to_order = [b for b in self.schedule.builds if self.plants[b.facility].ordered < 0]
        self.measures.to_order = [s for s in self.schedule.measures if s.measure not in self.measures.begins]

    def take(self, measure: Measure, period: int, day: float) -> None:
        """Let a measure happen that is done in a day."""
        house = self.world.house_index[measure.storehouse_id or ""]
        lots = self.stock.lots_in(self.world, house)
        if measure.kind == "move":
            # Work under way makes room as far as it is done.
            for plant in self.plants:
                plant.settle(day, self.finished)
            to = self.world.house_index[measure.to_storehouse_id or ""]
            for lot in movable(self.world, self.stock, lots, to):
                self.stock.moves.append((day, lot, to))
        else:
            for lot in condemned(self.world, self.draws, lots, period):
                self.orders.condemn(lot)

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
        self.orders.committed_g[segment.lot] -= segment.mass_g
        self.ledger.spend(segment.payment)
        if self.treasury.buys_scrap:
            self.treasury.sell(segment)

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
            stands = plant.place if plant.place >= 0 else self.world.facility_site[plant.index]
            if stands == site:
                plant.held_until = max(plant.held_until, until)
                plant.close(day, until, Use.EXPLOSION)
            plant.keep(day, partial(self.keep_job, site, day))
            if plant.place >= 0:
                plant.drop_needless_moves(self.ledger.release)

    def keep_job(self, closed_site: int, day: float, job: Job) -> bool:
        """Send a job back to the plan if its lot's site is closed."""
        if job.order.site != closed_site:
            return True
        self.orders.take_back(job, day)
        return False
