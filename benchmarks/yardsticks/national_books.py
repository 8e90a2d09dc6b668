"""What the SimPy reference writes down as time passes, and the result that it makes of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np
from benchmarks.yardsticks.national_incident import extent_shares, set_off
from benchmarks.yardsticks.national_records import Fund

from demilsim.model.event_rate import BASE_CAUSES, Cause
from demilsim.plan import Floats, Ints
from demilsim.simulation.draws import Draws
from demilsim.simulation.record import Event, RunResult
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE

PUBLIC, WORKERS = 0, 1
"""Rows of harm."""

Links = Mapping[int, Mapping[int, Sequence[tuple[int, float]]]]
"""(acceptor, NEQ of the donor from which the link is open [kg]) by root and donor."""


def open_links(world: World, draws: Draws) -> dict[int, dict[int, list[tuple[int, float]]]]:
    """Return the links that a donor as full as at the start opens."""
    links = world.links
    held = np.bincount(
        world.lot_storehouse, world.lot_t * world.blast_kg_per_t, len(world.scenario.storehouses)
    )
    found: dict[int, dict[int, list[tuple[int, float]]]] = {}
    for i in np.flatnonzero(
        draws.link_critical_kg <= held[links.donor] * (1.0 + np.finfo(float).eps)
    ).tolist():
        by_donor = found.setdefault(int(links.root[i]), {})
        by_donor.setdefault(int(links.donor[i]), []).append(
            (int(links.acceptor[i]), float(draws.link_critical_kg[i]))
        )
    return found


class Books:
    """Everything that is read off at knots or added up between them.

    Parameters
    ----------
    world, draws, links
        What is simulated, and the open links of this replication.
    """

    def __init__(self, world: World, draws: Draws, links: Links) -> None:
        self.world, self.draws, self.links = world, draws, links
        self.knots = world.knots.tolist()
        knots, houses = len(self.knots), len(world.scenario.storehouses)
        plants, funds = len(world.scenario.facilities), len(world.scenario.funds)
        self.events: list[Event] = []
        self.left_g = np.zeros((knots, len(world.scenario.lots)))
        self.root = np.zeros((2, knots, houses))
        self.chain = np.zeros((2, knots, houses))
        self.destroyed_g = np.zeros((plants, knots))
        self.worked_days = np.zeros((plants, knots))
        self.spent = np.zeros((funds, knots - 1), dtype=np.int64)
        self.receipts = np.zeros((funds, knots - 1), dtype=np.int64)
        self.processing_deaths = self.road_deaths = 0.0
        self.exploded_g = self.cleanup_cents = self.road_g = 0
        self.lost_g = np.zeros((3, knots - 1))
        parameters = world.scenario.register.consequence
        stack, whole = np.array([extent_shares(parameters, cause) for cause in BASE_CAUSES]).T
        self._stack_per_year = world.curves.base_rate_per_year @ stack
        self._whole_per_year = world.curves.base_rate_per_year @ whole
        self._whole_ageing = extent_shares(parameters, Cause.AGEING)[1]
        self._year_knots = set(world.year_knots.tolist())

    def receive(self, fund: int, amount: int, day: float) -> None:
        """Note a tranche by the first period that can use it."""
        usable = bisect_left(self.knots, day)
        if usable < self.receipts.shape[1]:
            self.receipts[fund, usable] += amount

    def lose(self, loss: int, mass_g: int, day: float) -> None:
        """Note what is lost on a day: 0 in an explosion, 2 on the road; nobody steals here."""
        self.lost_g[loss, max(bisect_left(self.knots, day) - 1, 0)] += mass_g

    def spend_work(self, fund: int, amount: int, day: float) -> None:
        """Note a payment for work that ended on a day; at the turn of a period it belongs to the old one."""
        self.spent[fund, max(bisect_left(self.knots, day) - 1, 0)] += amount

    def take_stock(self, knot: int, left_g: Floats) -> None:
        """Evaluate the rates of expected deaths of what is left of each lot at a knot [g], shape (lot,)."""
        world, houses = self.world, self.root.shape[2]
        self.left_g[knot] = left_g
        left_t = left_g / GRAMS_PER_TONNE
        blast = np.bincount(world.lot_storehouse, left_t * world.blast_kg_per_t, houses)
        ageing = np.bincount(world.lot_storehouse, left_t * self.draws.ageing_rate_per_t_year[knot], houses)
        values, _ = world.curves.deaths(blast[None, :])
        stack, whole = values[:2, 0], values[2:, 0]
        by_stack, by_whole = extent_shares(world.scenario.register.consequence, Cause.AGEING)
        self.root[:, knot] = (self._stack_per_year + ageing * by_stack) * stack
        self.root[:, knot] += (self._whole_per_year + ageing * by_whole) * whole
        if knot in self._year_knots:
            rate = (blast > 0.0) * self._whole_per_year + ageing * self._whole_ageing
            self.chain[:, knot] = rate * self._set_off_deaths(blast)

    def _set_off_deaths(self, blast: Floats) -> Floats:
        """Return expected deaths in the others if each storehouse goes up, shape (2, storehouse)."""
        extra = np.zeros((2, blast.size))
        if not self.links:
            return extra
        values, _ = self.world.curves.propagated(blast[None, :])
        held = blast.tolist()
        for root, links in self.links.items():
            for house in set_off(root, held, links)[1:]:
                extra[:, root] += values[:, 0, house]
        return extra

    def _rates(self) -> Floats:
        """Return rates of expected deaths with chains, linear between the starts of years."""
        total = self.root.copy()
        years = sorted(self._year_knots)
        for k, day in enumerate(self.knots):
            after = min(max(bisect_left(years, k), 1), len(years) - 1)
            first, last = years[after - 1], years[after]
            share = (day - self.knots[first]) / (self.knots[last] - self.knots[first])
            total[:, k] += (1.0 - share) * self.chain[:, first] + share * self.chain[:, last]
        return total

    def result(self, funds: Sequence[Fund]) -> RunResult:
        """Return the result of a replication that has come to its horizon."""
        world = self.world
        rates = self._rates()
        years = world.interval_years
        public, workers = (self._integral(rates[row].sum(axis=1)) for row in (PUBLIC, WORKERS))
        weights = world.scenario.settings.harm_weights
        pair = np.array([weights.fatalities_public, weights.fatalities_workers])
        weighted, root = np.tensordot(pair, rates, 1), np.tensordot(pair, self.root, 1)
        half = 0.5 * years[:, None]
        left_t = self.left_g / GRAMS_PER_TONNE
        everyone = rates.sum(axis=0)
        lot_site = world.storehouse_site[world.lot_storehouse]
        return RunResult(
            replication=self.draws.streams.replication,
            events=tuple(sorted(self.events, key=lambda e: (e.day, e.kind, e.site))),
            expected_public=public,
            expected_workers=workers + self.processing_deaths,
            expected_transport=self.road_deaths,
            stock_harm=half * (weighted[:-1] + weighted[1:]),
            root_harm=half * (root[:-1] + root[1:]),
            weighted_rate_end=float(weighted[-1].sum()),
            harm_rate_per_year=everyone.sum(axis=1),
            site_rate_start=self._by_site(world.storehouse_site, everyone[0]),
            site_rate_end=self._by_site(world.storehouse_site, everyone[-1]),
            stock_g=self.left_g.sum(axis=1),
            neq_kg=left_t @ world.neq_kg_per_t,
            site_stock_end_g=self._by_site(lot_site, self.left_g[-1]),
            destroyed_g=np.diff(self.destroyed_g, axis=1),
            spent_cents=self.spent,
            received_cents=np.array([fund.received for fund in funds], dtype=np.int64),
            lapsed_cents=np.array([fund.lapsed for fund in funds], dtype=np.int64),
            lapses_cents=np.array([fund.lapses for fund in funds], dtype=np.int64).reshape(len(funds), 3),
            scrap_cents=np.zeros(len(funds) + 1, dtype=np.int64),
            cleanup_unfunded_cents=self.cleanup_cents,
            committed_cents=np.array([fund.committed for fund in funds], dtype=np.int64),
            receipts_cents=self.receipts,
            working_days=np.diff(self.worked_days, axis=1),
            moving_days=np.zeros((self.worked_days.shape[0], self.worked_days.shape[1] - 1)),
            surplus_left_g=self.left_g[:, world.surplus].sum(axis=1),
            exploded_g=self.exploded_g,
            road_g=self.road_g,
            lost_g=self.lost_g,
        )

    def _integral(self, rate: Floats) -> float:
        """Return the integral of a rate at the knots, by trapezoids."""
        return float(np.sum(0.5 * (rate[:-1] + rate[1:]) * self.world.interval_years))

    def _by_site(self, site: Ints, values: Floats) -> Floats:
        return np.bincount(site, values, len(self.world.scenario.sites))
