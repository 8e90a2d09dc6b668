"""`World`: everything about a scenario that all replications and plans share, and how it is prepared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from demilsim.model.ageing import ageing_profile
from demilsim.model.calendar import (
    departure_days,
    merged_months,
    month_edges,
    monthly_open_share,
    nominal_working_days,
    stops,
    year_knots,
)
from demilsim.model.diversion import theft_rate_per_year
from demilsim.model.event_rate import BASE_CAUSES
from demilsim.model.harm import (
    blast_neq_kg,
    interval_years,
    lot_masses_t,
    scenario_curves,
    storehouse_index,
)
from demilsim.model.measures import rate_factors, theft_factors
from demilsim.model.money import Match, matches, scrap_fund, tranche_terms
from demilsim.model.options import Bools, disposal_options, drawing_order, has_place, pays_for_clean_up
from demilsim.model.partition import Partition, partition, sums
from demilsim.model.separation import open_scale
from demilsim.model.storing import may_share_lots, storehouse_limit_kg
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import LotStatus
from demilsim.simulation.arrays import ScenarioArrays
from demilsim.simulation.full_stock import FullStock
from demilsim.simulation.links import links_of
from demilsim.simulation.streams import entity_keys
from demilsim.units import CENTS_PER_USD, GRAMS_PER_TONNE, day_of, grams


@dataclass(frozen=True)
class World(ScenarioArrays):
    """A scenario as arrays, and what follows from them, worked out once when it is first asked for."""

    @cached_property
    def days(self) -> list[float]:
        """`knots` as a list."""
        return self.knots.tolist()

    @cached_property
    def begins_year(self) -> list[bool]:
        """Whether a calendar year begins for each period, the first one included: permits are renewed."""
        years = [date.year for date in self.scenario.period_dates]
        return [True, *(after != before for before, after in pairwise(years))]

    @cached_property
    def permits_g(self) -> list[tuple[int, float]]:
        """Facilities that need a permit, and what it allows in a year [g]."""
        rows = enumerate(self.scenario.facilities)
        return [(i, row.permit_t_per_year * GRAMS_PER_TONNE) for i, row in rows if row.permit_t_per_year]

    @property
    def horizon(self) -> float:
        """End of the horizon [d]."""
        return self.days[-1]

    def full_stock(self, lot_g: Ints) -> FullStock:
        """Return what holds as long as nothing of some masses [g], shape (lot,), has left."""
        lot_t = lot_g / GRAMS_PER_TONNE
        blast = self.houses.sum(lot_t * self.blast_kg_per_t)
        return FullStock(
            blast_kg=blast,
            mass_g=float(lot_g.sum()),
            neq_kg=float(lot_t @ self.neq_kg_per_t),
            surplus_g=float(lot_g[self.surplus].sum()),
            house_g=sums(self.lot_storehouse, lot_g.astype(float), blast.size),
        )

    @cached_property
    def full(self) -> FullStock:
        """What holds before anything has left, by the records."""
        return self.full_stock(self.lot_g)

    @cached_property
    def opening(self) -> tuple[Floats, Floats]:
        """`calendar_edges` and `calendar_share` without the turns of months at which no facility changes."""
        return merged_months(self.calendar_edges, self.calendar_share)

    @cached_property
    def link_scale(self) -> tuple[Floats, Floats]:
        """See `open_scale`."""
        links = self.links
        return open_scale(links.separation_m, links.k_none, self.scenario.register.propagation)

    @cached_property
    def nominal_days_in(self) -> list[list[float]]:
        """`nominal_days` as lists, for each period those of every facility."""
        return self.nominal_days.T.tolist()

    @cached_property
    def sites(self) -> Partition:
        """Storehouses by site."""
        return partition(self.storehouse_site, len(self.scenario.sites))

    @cached_property
    def base_rates(self) -> tuple[Floats, Floats]:
        """Rates of base events that involve a stack, and a storehouse [1/yr], shape (storehouse,)."""
        stack, whole = (self.curves.base_rate_per_year @ self.curves.base_shares).T
        return stack, whole

    @cached_property
    def rate_factors(self) -> Floats:
        """What each measure leaves of the rates of base causes [1], shape (measure, storehouse, cause)."""
        return rate_factors(self.scenario)

    @cached_property
    def theft_factors(self) -> Floats:
        """What each measure leaves of the rate of theft from each lot [1], shape (measure, lot)."""
        return theft_factors(self.scenario)

    @cached_property
    def may_share(self) -> Bools:
        """Whether two lots may be kept in one storehouse, shape (lot, lot)."""
        return may_share_lots(self.scenario)

    @cached_property
    def limit_kg(self) -> Floats:
        """NEQ that joins a mass explosion up to which distances are kept [kg], shape (storehouse,)."""
        return storehouse_limit_kg(self.scenario)

    @cached_property
    def has_true_stock(self) -> bool:
        """Whether what is there may differ from what is recorded, now or later."""
        return bool(np.any(self.mass_sigma > 0.0) or np.any(self.arrival_day > 0.0))

    @cached_property
    def between_years(self) -> tuple[Ints, Ints, Floats]:
        """Position in `year_knots` before and after each knot, and how far it is between them [1]."""
        years = self.year_knots
        position = np.interp(self.knots, self.knots[years], np.arange(years.size))
        before = np.minimum(position.astype(np.int64), max(years.size - 2, 0))
        return before, np.minimum(before + 1, years.size - 1), (position - before)[:, None]

    @cached_property
    def departs(self) -> tuple[list[float], ...]:
        """Day on which a load leaves by each route if it is ready at the start of each period [d]."""
        return tuple(departure_days(self.scenario).tolist())

    @cached_property
    def placed(self) -> tuple[bool, ...]:
        """Whether each facility has a place to move from: it is mobile, and moves take time or money."""
        return tuple(has_place(facility) for facility in self.scenario.facilities)

    @cached_property
    def matches(self) -> tuple[Match, ...]:
        """Funds that match what others receive."""
        return matches(self.scenario)

    @cached_property
    def scrap_fund(self) -> int:
        """Fund that income from scrap goes into, or `NO_FUND`."""
        return scrap_fund(self.scenario)

    @cached_property
    def accident_rate_per_g(self) -> Floats:
        """Rate of processing accidents at each facility [1/g], shape (facility,)."""
        methods = (self.scenario.methods[f.method_id] for f in self.scenario.facilities)
        return np.array([method.accident_rate_per_t for method in methods], dtype=float) / GRAMS_PER_TONNE

    @cached_property
    def stops(self) -> tuple[Floats, Floats]:
        """See `demilsim.model.calendar.stops`."""
        return stops(self.scenario.facilities)

    @cached_property
    def tranche_terms(self) -> tuple[Floats, Floats, Floats]:
        """See `demilsim.model.money.tranche_terms`."""
        return tranche_terms(self.scenario)

    @cached_property
    def fund_index(self) -> dict[str, int]:
        """Index of each fund by id."""
        return {fund.fund_id: i for i, fund in enumerate(self.scenario.funds)}

    @cached_property
    def verification_cents_per_t(self) -> tuple[float, ...]:
        """What verification costs each fund for each tonne that it pays for [cents/t]; empty if none."""
        per_t = tuple(fund.verification_usd_per_t * CENTS_PER_USD for fund in self.scenario.funds)
        return per_t if any(per_t) else ()

    @cached_property
    def emergency(self) -> tuple[tuple[bool, ...], ...]:
        """Whether a fund pays for clean-up at a site, by fund and site."""
        return pays_for_clean_up(self.scenario)

    @cached_property
    def due_day(self) -> dict[int, int]:
        """Day by which a lot must be destroyed [d], by lot; none that is beyond the horizon."""
        start = self.scenario.settings.start
        due = {i: day_of(lot.destroy_by, start) for i, lot in enumerate(self.scenario.lots) if lot.destroy_by}
        return {lot: day for lot, day in due.items() if day <= self.horizon}

    @cached_property
    def lots_of_house(self) -> tuple[list[int], ...]:
        """`lots_in` as lists, for loops over the few lots of one storehouse."""
        return tuple(lots.tolist() for lots in self.lots_in)

    @cached_property
    def house_index(self) -> dict[str, int]:
        """Position of each storehouse by id."""
        return {house.storehouse_id: i for i, house in enumerate(self.scenario.storehouses)}

    @cached_property
    def houses_of_site(self) -> tuple[list[int], ...]:
        """Storehouses of each site."""
        sites = range(len(self.scenario.sites))
        return tuple(np.flatnonzero(self.storehouse_site == site).tolist() for site in sites)


def prepare(scenario: Scenario) -> World:
    """Return the world of a scenario."""
    house_of_lot = storehouse_index(scenario)
    site_index = {site.site_id: i for i, site in enumerate(scenario.sites)}
    lot_t = lot_masses_t(scenario)
    start = scenario.settings.start
    houses = len(scenario.storehouses)
    return World(
        scenario=scenario,
        knots=np.array([day_of(date, start) for date in scenario.period_dates], dtype=float),
        year_knots=year_knots(scenario),
        interval_years=interval_years(scenario),
        lot_g=np.array([grams(lot.gross_mass_t) for lot in scenario.lots], dtype=np.int64),
        lot_t=lot_t,
        blast_kg_per_t=blast_neq_kg(scenario) / lot_t,
        neq_kg_per_t=np.array([lot.neq_kg for lot in scenario.lots], dtype=float) / lot_t,
        surplus=np.array([lot.status is LotStatus.SURPLUS for lot in scenario.lots], dtype=bool),
        lot_storehouse=house_of_lot,
        lots_in=tuple(np.flatnonzero(house_of_lot == house) for house in range(houses)),
        storehouse_site=np.array([site_index[h.site_id] for h in scenario.storehouses], dtype=np.int64),
        facility_site=np.array([site_index[f.site_id] for f in scenario.facilities], dtype=np.int64),
        houses=partition(house_of_lot, houses),
        options=disposal_options(scenario),
        drawing_order=drawing_order(scenario.funds),
        curves=scenario_curves(scenario),
        ageing=ageing_profile(scenario),
        links=links_of(scenario),
        calendar_edges=np.array([day_of(edge, start) for edge in month_edges(scenario)], dtype=float),
        calendar_share=monthly_open_share(scenario),
        nominal_days=nominal_working_days(scenario),
        lot_keys=entity_keys(lot.lot_id for lot in scenario.lots),
        arrival_day=np.array(
            [max(0, day_of(lot.arrives, start)) if lot.arrives else 0 for lot in scenario.lots], dtype=float
        ),
        arrival_probability=np.array([lot.arrival_probability for lot in scenario.lots], dtype=float),
        mass_sigma=np.array([lot.mass_sigma for lot in scenario.lots], dtype=float),
        theft_rate_per_year=theft_rate_per_year(scenario),
        base_keys=entity_keys(
            f"{house.storehouse_id}/{cause}" for house in scenario.storehouses for cause in BASE_CAUSES
        ),
        facility_keys=entity_keys(f.facility_id for f in scenario.facilities),
        tranche_keys=entity_keys(t.tranche_id for t in scenario.tranches),
    )


def refreshed(world: World, scenario: Scenario) -> World:
    """Return `prepare(scenario)`, of which a world with other constants alone is known.

    Parameters
    ----------
    world
        Prepared from the same settings and tables; constants of the register may differ.
    scenario
        With its own register. What its constants do not touch is taken over.
    """
    own, known = scenario.register, world.scenario.register
    blast = blast_neq_kg(scenario) / world.lot_t
    same_blast = bool(np.array_equal(blast, world.blast_kg_per_t))
    same_options = own.transport == known.transport and own.methods == known.methods
    same_curves = same_blast and own.consequence == known.consequence and own.event_rate == known.event_rate
    same_links = same_blast and own.propagation == known.propagation
    return replace(
        world,
        scenario=scenario,
        blast_kg_per_t=blast,
        options=world.options if same_options else disposal_options(scenario),
        curves=world.curves if same_curves else scenario_curves(scenario),
        ageing=ageing_profile(scenario),
        theft_rate_per_year=theft_rate_per_year(scenario),
        links=world.links if same_links else links_of(scenario),
    )
