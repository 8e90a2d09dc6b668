"""Two lots beside a town and donors who pay for them: what funding studies are tried on."""

from __future__ import annotations

from typing import Any

from demilsim.experiments.least_harm import LeastHarm
from demilsim.optimisation.status import SolveOptions
from demilsim.planning.rules import nominal_coefficients
from demilsim.scenario.scenario import Scenario
from optimisation.instances import two_towns
from stories import without_accidents
from worlds import fund, tranche

QUICK = SolveOptions(bound_steps=0)


def towns_and_donors(*donors: dict[str, Any], host_usd: float = 1_000.0) -> Scenario:
    """Return two lots of 100 t at 500 USD/t beside a town; each donor brings 50,000 USD if not told."""
    funds, tranches = [fund()], [tranche(amount_usd=host_usd)]
    for number, terms in enumerate(donors):
        name = f"D{number}"
        own = {key: terms[key] for key in ("amount_usd", "probability", "due") if key in terms}
        rest = {key: value for key, value in terms.items() if key not in own and key != "silent"}
        funds.append(fund(name, holder="donor", **rest))
        if not terms.get("silent"):
            tranches.append(tranche(f"T-{name}", name, **({"amount_usd": 50_000.0} | own)))
    return without_accidents(two_towns(funds=funds, tranches=tranches))


def least(scenario: Scenario) -> LeastHarm:
    """Return what finds least planning harm with nominal coefficients."""
    return LeastHarm(nominal_coefficients(scenario), QUICK)
