"""Rates of unplanned explosion, per cause [1/yr]."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from demilsim.plan import Floats
from demilsim.scenario.register import EventRate
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Construction


class Cause(StrEnum):
    """Cause of an unplanned explosion, after the categories of the Small Arms Survey."""

    AGEING = "ageing"
    STORAGE = "storage"
    EXTERNAL = "external"
    SECURITY = "security"
    UNDETERMINED = "undetermined"
    HANDLING = "handling"
    TRANSPORT = "transport"


BASE_CAUSES = (Cause.STORAGE, Cause.EXTERNAL, Cause.SECURITY, Cause.UNDETERMINED)
"""Causes that act on a storehouse as long as it holds anything."""


def ageing_factor(stabiliser: Floats, rates: EventRate) -> Floats:
    """Return the event rate of propellant relative to its rate at the retest level.

    The logarithm is linear between four points: full stabiliser, the retest level, the level at which a
    lot is to be destroyed, and none left. The factors are assumptions of the register.

    Parameters
    ----------
    stabiliser
        Remaining fraction of the original stabiliser [1], within [0, 1], any shape.
    rates
        Levels and factors.

    Returns
    -------
    ndarray
        Factor [1], falling as stabiliser rises; shape of `stabiliser`.
    """
    levels = np.array([0.0, rates.destroy_level_fraction, rates.retest_level_fraction, 1.0])
    logs = np.log(
        [
            rates.ageing_factor_none,
            rates.ageing_factor_destroy,
            rates.ageing_factor_retest,
            rates.ageing_factor_full,
        ]
    )
    slope = np.diff(logs) / np.diff(levels)
    offset = logs[1:] - slope * levels[1:]
    # Line by line from the top: a third of the time of np.interp, which searches for every value.
    values = np.asarray(stabiliser, dtype=float)
    result = np.asarray(values * slope[-1] + offset[-1])
    for line in range(slope.size - 2, -1, -1):
        np.copyto(result, values * slope[line] + offset[line], where=values < levels[line + 1])
    return np.exp(result, out=result)


def rrpl_factor(rates: EventRate, rrpl: int) -> float:
    """Return the factor on base causes at a risk-reduction process level (IATG 01.20; 0 is ours)."""
    return (rates.rrpl_factor_0, rates.rrpl_factor_1, rates.rrpl_factor_2, rates.rrpl_factor_3)[rrpl]


def external_factor(rates: EventRate, construction: Construction) -> float:
    """Return the factor on external causes (lightning, wildfire, heat) by construction [1]."""
    return {
        Construction.EARTH_COVERED: rates.external_factor_earth_covered,
        Construction.MASONRY: rates.external_factor_masonry,
        Construction.SHEET_METAL: rates.external_factor_sheet_metal,
        Construction.OPEN_STACK: rates.external_factor_open_stack,
    }[construction]


def base_event_rate_per_year(scenario: Scenario) -> Floats:
    """Return the event rate of each storehouse by each base cause while it is stocked.

    Returns
    -------
    ndarray
        Rate [1/yr], shape (storehouse, base cause) in the order of `BASE_CAUSES`.
    """
    rates = scenario.register.event_rate
    rrpl_of = {site.site_id: site.rrpl for site in scenario.sites}
    return np.array(
        [
            rrpl_factor(rates, rrpl_of[house.site_id])
            * np.array(
                [
                    rates.storage_per_storehouse_year,
                    rates.external_per_storehouse_year * external_factor(rates, house.construction),
                    rates.security_per_storehouse_year,
                    rates.undetermined_per_storehouse_year,
                ]
            )
            for house in scenario.storehouses
        ]
    ).reshape(len(scenario.storehouses), len(BASE_CAUSES))
