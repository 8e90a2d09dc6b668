"""Checks of mass and money at every event of a replication, and of its work once it has ended."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from demilsim.simulation.destruction import Job
from demilsim.simulation.replication import Run
from demilsim.units import cents
from stories import TONNE


@dataclass
class Watch:
    """Checks the books after every event, and that nothing changed in a way that no event allows.

    Parameters
    ----------
    state
        The replication that was seen last; none before the first event.
    events
        How many were seen.
    """

    state: Run | None = None
    events: int = 0
    _fresh: dict[int, Job] = field(default_factory=dict)
    _before: Snapshot | None = None

    def __call__(self, state: Run) -> None:
        """Check the state after an event."""
        self.state, self.events = state, self.events + 1
        check_mass(state)
        check_money(state)
        now = Snapshot.of(state)
        if self._before is not None:
            check_step(state, self._before, now)
            check_stores(state, state.stock.moves[self._before.moves :])
        self._before = now
        for plant in state.plants:
            for job in plant.queue:
                if id(job) not in self._fresh:
                    self._fresh[id(job)] = job
                    check_price(state, job)


@dataclass(frozen=True)
class Snapshot:
    """What the books said after an event."""

    to_come_g: list[int]
    exploded_g: list[int]
    stolen_g: list[int]
    used_cents: list[int]
    expired: list[bool]
    detonations: int
    thefts: int
    moves: int

    @classmethod
    def of(cls, state: Run) -> Snapshot:
        """Return what the books say now."""
        stock, money = state.stock, state.ledger
        return cls(
            list(stock.to_come_g), list(stock.exploded_g), list(stock.stolen_g),
            [a + b for a, b in zip(money.committed, money.spent, strict=True)], list(money.expired),
            len(state.detonations), sum(event.kind == "theft" for event in state.events),
            len(stock.moves),
        )  # fmt: skip


def check_mass(state: Run) -> None:
    """Check that each lot is to come, present, destroyed, exploded or stolen, each part as it was booked."""
    stock = state.stock
    queued, worked, lost = defaultdict(int), defaultdict(int), defaultdict(int)
    for plant in state.plants:
        for job in plant.queue:
            queued[job.order.lot] += job.mass_g
        for segment in plant.segments:
            worked[segment.lot] += segment.mass_g
    for _, lot, mass in stock.losses:
        lost[lot] += mass
    assert stock.full_g == state.draws.supply.lot_g.tolist()
    for lot, full in enumerate(stock.full_g):
        losses = (stock.exploded_g[lot], stock.stolen_g[lot])
        parts = (stock.to_come_g[lot], stock.present_g[lot], stock.destroyed_g[lot], *losses)
        assert sum(parts) == full
        assert min(parts) >= 0
        # What is destroyed is what facilities did, and nothing else; so explosions and thefts are not.
        assert stock.destroyed_g[lot] == worked[lot]
        assert sum(losses) == lost[lot]
        assert state.orders.committed_g[lot] == queued[lot]
        assert 0 <= state.orders.committed_g[lot] <= stock.present_g[lot]


def check_money(state: Run) -> None:
    """Check that each fund's cents close, and that each account is what was booked on it."""
    money, treasury = state.ledger, state.treasury
    promised, came, left = defaultdict(int), defaultdict(int), defaultdict(int)
    for receipt in treasury.received:
        came[receipt.fund] += receipt.amount_cents
    for plant in state.plants:
        for job in plant.queue:
            for fund, amount in (*job.payment, *(job.move or ())):
                promised[fund] += amount
        for segment in plant.segments:
            for fund, amount in segment.payment:
                left[fund] += amount
    for _, fund, amount in (*state.commissioning.paid, *state.orders.moved, *treasury.paid):
        left[fund] += amount
    for fund in range(money.funds):
        parts = (money.available[fund], money.committed[fund], money.spent[fund], money.lapsed[fund])
        assert sum(parts) == money.received[fund]
        assert min(parts) >= 0
        assert money.received[fund] == came[fund] + treasury.scrap_cents[fund]
        assert money.committed[fund] == promised[fund]
        assert money.spent[fund] == left[fund]
        assert money.lapsed[fund] == sum(money.lapses[fund])
        assert not (money.expired[fund] and money.available[fund])
    check_matching(state)
    check_emergency(state)


def check_matching(state: Run) -> None:
    """Check that a fund that matches got its ratio of what others got, up to its cap, less overhead."""
    for match in state.world.matches:
        basis = sum(r.gross_cents for r in state.treasury.received if r.fund in match.matched)
        gross = round(match.ratio * basis)
        if match.cap_usd != float("inf"):
            gross = min(gross, cents(match.cap_usd))
        own = [r for r in state.treasury.received if r.fund == match.fund and not r.gross_cents]
        assert sum(r.amount_cents for r in own) == round(gross * (1.0 - match.overhead_fraction))


def check_emergency(state: Run) -> None:
    """Check that emergency accounts pay for clean-up alone, and that what they lack is noted, to a cent."""
    treasury, world = state.treasury, state.world
    paid = defaultdict(int)
    for _, fund, amount in treasury.paid:
        paid[fund] += amount
    for fund, record in enumerate(world.scenario.funds):
        assert paid[fund] == (state.ledger.spent[fund] if record.use == "emergency" else 0)
        assert record.use != "emergency" or not state.ledger.committed[fund]
    asked = {}
    for detonation in state.detonations:
        asked.setdefault(detonation.candidate.day, []).append(detonation.lost_t)
    per_t = world.scenario.register.consequence.cleanup_usd_per_t
    bill = sum(per_t * sum(lost) * 100.0 for lost in asked.values())
    assert abs(sum(paid.values()) + treasury.unfunded_cents - bill) <= len(asked) + 1e-9 * bill


def check_step(state: Run, before: Snapshot, now: Snapshot) -> None:
    """Check that an event moved only what it may: arrivals, one theft, one chain of explosions, expiries."""
    thefts, blown = now.thefts - before.thefts, state.detonations[before.detonations :]
    stolen = [b - a for a, b in zip(before.stolen_g, now.stolen_g, strict=True)]
    exploded = [b - a for a, b in zip(before.exploded_g, now.exploded_g, strict=True)]
    assert thefts <= 1
    assert sum(map(bool, stolen)) == thefts
    assert not (thefts and blown)
    assert sum(exploded) == sum(round(detonation.lost_t * TONNE) for detonation in blown)
    for was, is_now, full in zip(before.to_come_g, now.to_come_g, state.stock.full_g, strict=True):
        assert is_now == was or (was, is_now) == (full, 0)
    for fund, expired in enumerate(before.expired):
        assert not expired or now.used_cents[fund] <= before.used_cents[fund]


MIXED = frozenset(["CD", "CE", "DE", "CN", "DN", "EN", "BS", "CS", "DS", "ES", "FS", "GS", "HS", "JS", "NS"])
"""Pairs of different compatibility groups that may share a storehouse, in the order of the alphabet."""

K_DWELLINGS = 22.2
"""Quantity-distance of an inhabited building [m kg^(-1/3)]; the villages of these worlds are dwellings."""


def check_stores(state: Run, moved: list[tuple[float, int, int]]) -> None:
    """Check that no lot was taken above a storehouse's limit, or to a group that it may not be kept with."""
    world, stock, scenario = state.world, state.stock, state.world.scenario
    held = [a + b for a, b in zip(stock.present_g, stock.to_come_g, strict=True)]
    for _, lot, house in moved:
        if not held[lot] or stock.house_of(world, lot) != house:
            continue  # nothing is left of it, or it went on to another storehouse on the same day
        there = [k for k in stock.lots_in(world, house) if held[k]]
        record = scenario.storehouses[house]
        distances = [
            math.hypot(e.x_m - record.x_m, e.y_m - record.y_m)
            for e in scenario.exposed_sites
            if e.site_id == record.site_id
        ]
        limit_kg = min((d / K_DWELLINGS) ** 3 for d in distances)
        neq_kg = sum(float(world.blast_kg_per_t[k]) * held[k] / TONNE for k in there)
        assert not world.blast_kg_per_t[lot] or neq_kg <= limit_kg * (1.0 + 1e-9)
        groups = [scenario.natures[scenario.lots[k].nature_id].compatibility_group for k in there]
        own = scenario.natures[scenario.lots[lot].nature_id].compatibility_group
        assert all(group == own or "".join(sorted(group + own)) in MIXED for group in groups)


def check_price(state: Run, job: Job) -> None:
    """Check what a new job commits: work, escort of whole convoys, and each payer's own verification."""
    per_t = state.world.verification_cents_per_t or (0.0,) * state.ledger.funds
    route = state.world.scenario.routes[job.order.road] if job.order.road >= 0 else None
    escort = cents(route.escort_usd_per_convoy) if route else 0
    price, paid = job.order.cost_cents(job.mass_g), sum(amount for _, amount in job.payment)
    most = (paid - price) // escort if escort else 0
    # What is verified is not booked by itself: it is the payers' shares of the work that must add up.
    assert any(_adds_up(job, price + convoys * escort, per_t) for convoys in range(most + 1))


def _adds_up(job: Job, work: int, per_t: tuple[float, ...]) -> bool:
    """Return whether the payments of a job are shares of so much work, each with its own verification."""
    return sum(_share(paid, per_t[f] * job.mass_g / TONNE, work) for f, paid in job.payment) == work


def _share(paid: int, verification: float, work: int) -> int:
    """Return the only w with w + round(w · verification / work) = paid [cents]; -1 if there is none."""
    if not work:
        return paid
    per_cent = verification / work
    first = max(int(paid / (1.0 + per_cent)) - 2, 0)
    return next((w for w in range(first, first + 6) if w + round(w * per_cent) == paid), -1)
