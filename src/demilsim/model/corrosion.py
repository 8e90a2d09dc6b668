"""Corrosion and failing packaging of ammunition without propellant, by the storehouse that it is in."""

from __future__ import annotations

import numpy as np

from demilsim.plan import Floats
from demilsim.scenario.register import Ageing
from demilsim.scenario.schema import Construction


def corrosion_factor(age_years: Floats, doubling_years: Floats) -> Floats:
    """Return the event rate of ammunition without propellant relative to when it was new.

    Seals, packaging and fuzes are taken to fail at a rate that grows linearly with time in store. The
    construction stands in for humidity, which scenarios do not have.

    Parameters
    ----------
    age_years
        Years since manufacture [yr], >= 0.
    doubling_years
        Age at which the rate has doubled [yr], > 0, broadcast against `age_years`.

    Returns
    -------
    ndarray
        1 + age / doubling [1].
    """
    return 1.0 + np.asarray(age_years) / doubling_years


def corrosion_doubling_years(ageing: Ageing, construction: Construction) -> float:
    """Return the years in store that double the rate of ammunition without propellant [yr]."""
    return {
        Construction.EARTH_COVERED: ageing.corrosion_doubling_years_earth_covered,
        Construction.MASONRY: ageing.corrosion_doubling_years_masonry,
        Construction.SHEET_METAL: ageing.corrosion_doubling_years_sheet_metal,
        Construction.OPEN_STACK: ageing.corrosion_doubling_years_open_stack,
    }[construction]
