"""What may be stored together: mixing rules of compatibility groups, and the limit of each storehouse.

They bind what the model decides, a move into another storehouse. What a scenario says is where it is stays
there, and `licence` reports where that is too much.
"""

from __future__ import annotations

import numpy as np

from demilsim.model.licence import licences
from demilsim.model.options import Bools
from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario

TOGETHER = (frozenset("CDENS"), *(frozenset((group, "S")) for group in "BFGHJ"))
"""Groups that may share a storehouse; each may with itself, L not even that.

Recollected from the mixing table of IATG 01.50: C, D, E and N with each other, S with all but A, K and L.
What there needs an authority's permission, such as G with C, D or E, is not allowed here.
"""

ALONE = "L"
"""Group of which each type is stored by itself."""


def may_share(one: str, other: str) -> bool:
    """Return whether two compatibility groups may be kept in one storehouse."""
    if one == other:
        return one != ALONE
    return any({one, other} <= groups for groups in TOGETHER)


def may_share_lots(scenario: Scenario) -> Bools:
    """Return whether two lots may be kept in one storehouse, shape (lot, lot)."""
    groups = [scenario.natures[lot.nature_id].compatibility_group for lot in scenario.lots]
    return np.array([[may_share(a, b) for b in groups] for a in groups], dtype=bool).reshape(
        2 * (len(groups),)
    )


def storehouse_limit_kg(scenario: Scenario) -> Floats:
    """Return the largest NEQ that joins a mass explosion for which distances are kept [kg], by storehouse."""
    return licences(scenario, np.zeros(len(scenario.storehouses))).limit_kg
