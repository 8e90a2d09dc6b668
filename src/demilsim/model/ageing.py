"""Ageing of every lot: effective age from the climate of its storehouse, and the event rate that follows.

Effective age is the time at 25 °C that would have depleted as much:
tau(t) = integral of exp(-Ea/R (1/T(u) - 1/T_ref)) du. The outdoor temperature is the month's mean plus a
sinusoidal daily swing that the storehouse's construction damps or amplifies. Ammunition without propellant
ages by calendar time, the faster the less its storehouse keeps out damp.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.model.corrosion import corrosion_doubling_years, corrosion_factor
from demilsim.model.event_rate import ageing_factor
from demilsim.model.stabiliser import stabiliser_fraction
from demilsim.plan import Floats, Ints
from demilsim.scenario.register import Ageing
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Construction
from demilsim.units import DAYS_PER_YEAR, KELVIN_OFFSET, MONTHS_PER_YEAR, add_months

GAS_CONSTANT_J_PER_MOL_K = 8.314462618
"""Molar gas constant R (CODATA 2018, exact)."""

REFERENCE_TEMPERATURE_K = 298.15
"""25 °C, at which `depletion_rate_per_year` is stated."""

PHASES_PER_DAY = 48
"""Points of the periodic trapezoidal rule over a day; it converges geometrically for a sinusoid."""

QUADRATURE_POINTS = 9
"""Gauss-Hermite points for the mean over the lognormal lot factor."""


def arrhenius_factor(temperature_k: Floats, activation_energy_j_per_mol: float) -> Floats:
    """Return the depletion rate relative to 25 °C.

    Parameters
    ----------
    temperature_k
        Temperature [K], > 0, any shape.
    activation_energy_j_per_mol
        Ea [J/mol].

    Returns
    -------
    ndarray
        exp(-Ea/R (1/T - 1/T_ref)) [1], shape of `temperature_k`.
    """
    inverse = 1.0 / np.asarray(temperature_k) - 1.0 / REFERENCE_TEMPERATURE_K
    return np.exp(-activation_energy_j_per_mol / GAS_CONSTANT_J_PER_MOL_K * inverse)


def daily_mean_arrhenius_factor(
    mean_c: Floats, half_swing_c: Floats, activation_energy_j_per_mol: float
) -> Floats:
    """Return the Arrhenius factor averaged over a sinusoidal day.

    Parameters
    ----------
    mean_c
        Mean temperature of the day [°C], any shape.
    half_swing_c
        Half the difference between the day's maximum and minimum [K], broadcast against `mean_c`.
    activation_energy_j_per_mol
        Ea [J/mol].

    Returns
    -------
    ndarray
        Mean factor [1]; above the factor of the mean temperature, since the law is convex.
    """
    phase = 2.0 * np.pi * np.arange(PHASES_PER_DAY) / PHASES_PER_DAY
    mean = np.asarray(mean_c, dtype=float)[..., None]
    swing = np.asarray(half_swing_c, dtype=float)[..., None]
    kelvin = mean + swing * np.sin(phase) + KELVIN_OFFSET
    return arrhenius_factor(kelvin, activation_energy_j_per_mol).mean(axis=-1)


def kinetic_mean_temperature_c(mean_factor: Floats, activation_energy_j_per_mol: float) -> Floats:
    """Return the constant temperature that ages as much as a climate does.

    Parameters
    ----------
    mean_factor
        Mean Arrhenius factor F of the climate [1], > 0, any shape.
    activation_energy_j_per_mol
        Ea [J/mol], > 0.

    Returns
    -------
    ndarray
        1 / (1/T_ref - R/Ea ln F) [°C], at or above the mean temperature; shape of `mean_factor`.
    """
    shift = GAS_CONSTANT_J_PER_MOL_K / activation_energy_j_per_mol * np.log(mean_factor)
    return 1.0 / (1.0 / REFERENCE_TEMPERATURE_K - shift) - KELVIN_OFFSET


def swing_factor(ageing: Ageing, construction: Construction) -> float:
    """Return the share of the outdoor daily half-swing that the stock feels [1]."""
    return {
        Construction.EARTH_COVERED: ageing.swing_factor_earth_covered,
        Construction.MASONRY: ageing.swing_factor_masonry,
        Construction.SHEET_METAL: ageing.swing_factor_sheet_metal,
        Construction.OPEN_STACK: ageing.swing_factor_open_stack,
    }[construction]


@dataclass(frozen=True)
class AgeingProfile:
    """What decides the ageing of every lot, shared by all replications.

    Parameters
    ----------
    propellant
        Whether the lot's nature holds propellant, shape (lot,).
    initial
        Stabiliser fraction at the start [1], NaN where unknown, shape (lot,).
    past_effective_age
        Effective age at the start [yr at 25 °C], shape (lot,).
    effective_age
        Effective age gained since the start at each knot [yr at 25 °C], shape (knot, trajectory class).
    trajectory_class
        Class (site × construction) of each lot, shape (lot,).
    corrosion
        Factor by packaging and corrosion at each knot [1], shape (knot, lot without propellant).
    scenario
        For the constants.
    """

    propellant: np.ndarray
    initial: Floats
    past_effective_age: Floats
    effective_age: Floats
    trajectory_class: Ints
    corrosion: Floats
    scenario: Scenario

    def stabiliser(self, lot_factor: Floats) -> Floats:
        """Return the stabiliser fraction of each lot with propellant at each knot.

        Parameters
        ----------
        lot_factor
            Multiplier on the depletion rate of each lot [1], median 1, shape (lot,).

        Returns
        -------
        ndarray
            Fraction [1], shape (knot, lot with propellant).
        """
        ageing = self.scenario.register.ageing
        initial, age = self._propellant_at_median
        return stabiliser_fraction(
            initial,
            ageing.depletion_rate_per_year * lot_factor[self._columns[0]],
            age,
            ageing.zero_order_share,
        )

    @cached_property
    def _columns(self) -> tuple[Ints, Ints]:
        """Lots with propellant, and without."""
        return np.flatnonzero(self.propellant), np.flatnonzero(~self.propellant)

    @cached_property
    def _propellant_at_median(self) -> tuple[Floats, Floats]:
        """Stabiliser from which each propellant lot is followed [1], and its effective age since [yr]."""
        unknown = np.isnan(self.initial)
        past = np.where(unknown, self.past_effective_age, 0.0)
        columns = self.propellant
        age = past[columns] + self.effective_age[:, self.trajectory_class[columns]]
        return np.where(unknown, 1.0, self.initial)[columns], age

    def rate_per_t_year(self, lot_factor: Floats) -> Floats:
        """Return the event rate by ageing of each lot at each knot.

        Parameters
        ----------
        lot_factor
            Multiplier on the depletion rate of each lot [1], median 1, shape (lot,).

        Returns
        -------
        ndarray
            Rate per gross tonne [1/(t yr)], shape (knot, lot).
        """
        rates = self.scenario.register.event_rate
        aged = ageing_factor(self.stabiliser(lot_factor), rates)
        aged *= rates.ageing_per_t_year
        rate = np.empty((self.effective_age.shape[0], self.initial.size))
        rate[:, self._columns[0]] = aged
        rate[:, self._columns[1]] = self._rate_without_propellant
        return rate

    @cached_property
    def _rate_without_propellant(self) -> Floats:
        """What `rate_per_t_year` returns for lots without propellant, whatever their factor."""
        rates = self.scenario.register.event_rate
        return rates.ageing_per_t_year * rates.ageing_factor_without_propellant * self.corrosion

    def mean_rate_per_t_year(self) -> Floats:
        """Return the rate of `rate_per_t_year` averaged over the lognormal lot factor."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(QUADRATURE_POINTS)
        sigma = self.scenario.register.ageing.lot_factor_sigma
        lots = self.initial.size
        total = np.zeros((self.effective_age.shape[0], lots))
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            total += weight * self.rate_per_t_year(np.full(lots, np.exp(sigma * node)))
        return total


def ageing_profile(scenario: Scenario) -> AgeingProfile:
    """Return the ageing profile of a scenario's lots."""
    ageing = scenario.register.ageing
    site_of = {site.site_id: site for site in scenario.sites}
    house_of = {house.storehouse_id: house for house in scenario.storehouses}
    classes: dict[tuple[str, Construction], int] = {}
    lot_class = []
    for lot in scenario.lots:
        house = house_of[lot.storehouse_id]
        lot_class.append(classes.setdefault((house.site_id, house.construction), len(classes)))
    monthly = np.array(
        [
            daily_mean_arrhenius_factor(
                np.array(site_of[site_id].monthly_temperature_c),
                np.array(site_of[site_id].daily_half_swing_c * swing_factor(ageing, construction)),
                ageing.activation_energy_j_per_mol,
            )
            for site_id, construction in classes
        ]
    ).reshape(len(classes), MONTHS_PER_YEAR)
    index = np.array(lot_class, dtype=np.int64)
    stored_years = np.array([scenario.settings.start.year - lot.year_made for lot in scenario.lots], float)
    initial = [
        lot.stabiliser_fraction if isinstance(lot.stabiliser_fraction, float) else np.nan
        for lot in scenario.lots
    ]
    propellant = np.array([scenario.natures[lot.nature_id].propellant for lot in scenario.lots], bool)
    doubling = np.array([corrosion_doubling_years(ageing, construction) for _, construction in classes])
    age = stored_years[~propellant] + _elapsed_years(scenario)[:, None]
    return AgeingProfile(
        propellant=propellant,
        initial=np.array(initial, dtype=float),
        past_effective_age=stored_years * monthly.mean(axis=1)[index],
        effective_age=_cumulated_effective_age(scenario, monthly),
        trajectory_class=index,
        corrosion=corrosion_factor(age, doubling[index[~propellant]]),
        scenario=scenario,
    )


def _elapsed_years(scenario: Scenario) -> Floats:
    """Return years from the start to each knot, shape (knot,)."""
    dates = scenario.period_dates
    return np.array([(date - dates[0]).days for date in dates]) / DAYS_PER_YEAR


def _cumulated_effective_age(scenario: Scenario, monthly_factor: Floats) -> Floats:
    """Return effective age at each knot, shape (knot, class), from factors of shape (class, month)."""
    dates = scenario.period_dates
    start, end = dates[0], dates[-1]
    months = (end.year - start.year) * MONTHS_PER_YEAR + end.month - start.month
    edges = [add_months(start, m) for m in range(months + 1)]
    length = np.diff([(edge - start).days for edge in edges]) / DAYS_PER_YEAR
    month = np.array([edge.month - 1 for edge in edges[:-1]])
    gained = np.cumsum(monthly_factor[:, month] * length, axis=1).T
    gained = np.vstack([np.zeros(monthly_factor.shape[0]), gained])
    return gained[np.searchsorted([e.toordinal() for e in edges], [d.toordinal() for d in dates])]
