"""Theft from storehouses: how often, by guard level and by how attractive a lot is."""

from __future__ import annotations

import numpy as np

from demilsim.plan import Floats
from demilsim.scenario.register import Diversion
from demilsim.scenario.scenario import Scenario


def guard_factor(parameters: Diversion, level: int) -> float:
    """Return the factor on the rate of theft at a guard level, 0 (none) to 3 (good) [1]."""
    return (
        parameters.guard_factor_0,
        parameters.guard_factor_1,
        parameters.guard_factor_2,
        parameters.guard_factor_3,
    )[level]


def attractiveness(parameters: Diversion, category: str) -> float:
    """Return how attractive a category is to thieves relative to small-arms ammunition [1]."""
    return {
        "small_arms": 1.0,
        "grenades": parameters.attractiveness_grenades,
        "recoilless": parameters.attractiveness_recoilless,
        "mines": parameters.attractiveness_mines,
    }.get(category, parameters.attractiveness_other)


def theft_rate_per_year(scenario: Scenario) -> Floats:
    """Return the rate of thefts from each lot at its site's guard level [1/yr], shape (lot,).

    A site without a guard level has none: what is not known is left out rather than guessed.
    """
    parameters = scenario.register.diversion
    site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    level = {site.site_id: site.guard_level for site in scenario.sites}
    rates = []
    for lot in scenario.lots:
        guard = level[site_of[lot.storehouse_id]]
        rates.append(
            parameters.thefts_per_lot_year
            * guard_factor(parameters, guard)
            * attractiveness(parameters, scenario.natures[lot.nature_id].category)
            if guard is not None
            else 0.0
        )
    return np.array(rates, dtype=float)
