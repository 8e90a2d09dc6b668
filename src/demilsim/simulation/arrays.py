"""`ScenarioArrays`: what a scenario says, as arrays that all replications and plans share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.model.ageing import AgeingProfile
from demilsim.model.curves import HarmCurves
from demilsim.model.options import DisposalOptions
from demilsim.model.partition import Partition
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.links import Links
from demilsim.simulation.streams import Keys


@dataclass(frozen=True)
class ScenarioArrays:
    """A scenario as arrays.

    Parameters
    ----------
    knots
        First day of each period and, last, the horizon [d], shape (knot,).
    year_knots
        Indices of the knots at which a year begins, and the last.
    lot_g
        Recorded gross mass of each lot [g], shape (lot,).
    arrival_day, arrival_probability
        Day on which a lot arrives [d], 0 if it is there at the start, and how likely [1], shape (lot,).
    mass_sigma
        Standard deviation of the logarithm of true over recorded mass [1], shape (lot,).
    theft_rate_per_year
        Thefts from each lot at its site's guard level [1/yr], shape (lot,).
    blast_kg_per_t, neq_kg_per_t
        NEQ that joins a mass explosion, and all NEQ, per gross tonne [kg/t], shape (lot,).
    lot_storehouse, storehouse_site, facility_site
        Indices.
    surplus
        Whether a lot is surplus, shape (lot,).
    lots_in
        Lots of each storehouse.
    houses
        Lots by storehouse.
    nominal_days
        Expected working days, shape (facility, period).
    calendar_edges, calendar_share
        First days of the months [d], and working days per day of each facility, shape (facility, month).
    """

    scenario: Scenario
    knots: Floats
    year_knots: Ints
    interval_years: Floats
    lot_g: Ints
    lot_t: Floats
    blast_kg_per_t: Floats
    neq_kg_per_t: Floats
    surplus: np.ndarray
    lot_storehouse: Ints
    lots_in: tuple[Ints, ...]
    storehouse_site: Ints
    facility_site: Ints
    houses: Partition
    options: DisposalOptions
    drawing_order: tuple[int, ...]
    curves: HarmCurves
    ageing: AgeingProfile
    links: Links
    calendar_edges: Floats
    calendar_share: Floats
    nominal_days: Floats
    lot_keys: Keys
    arrival_day: Floats
    arrival_probability: Floats
    mass_sigma: Floats
    theft_rate_per_year: Floats
    base_keys: Keys
    facility_keys: Keys
    tranche_keys: Keys
