"""`FullStock`: sums over all lots, worked out once for as long as nothing has left."""

from __future__ import annotations

from dataclasses import dataclass

from demilsim.plan import Floats


@dataclass(frozen=True)
class FullStock:
    """What holds as long as nothing has left a storehouse, so that replications need not work it out.

    Parameters
    ----------
    blast_kg
        NEQ that joins a mass explosion [kg], shape (storehouse,).
    mass_g, neq_kg, surplus_g
        All mass [g] and NEQ [kg], and the mass of all surplus [g].
    house_g
        Mass in each storehouse [g], shape (storehouse,).
    """

    blast_kg: Floats
    mass_g: float
    neq_kg: float
    surplus_g: float
    house_g: Floats
