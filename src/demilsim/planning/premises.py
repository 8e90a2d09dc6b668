"""Premises of planning: a scenario, and what is expected of capacity, money and harm."""

from __future__ import annotations

from dataclasses import dataclass, replace

from demilsim.model.harm import StockHarm, stock_harm
from demilsim.model.options import DisposalOptions, disposal_options
from demilsim.plan import PlanningCoefficients
from demilsim.scenario.scenario import Scenario


@dataclass(frozen=True)
class Premises:
    """What a plan is made on.

    Parameters
    ----------
    scenario
        The scenario.
    coefficients
        Expected capacity and money, and how harm came out against the model's.
    harm
        Planning harm over lots, with the factors of the coefficients.
    options
        What each facility can do with each lot, and at what cost.
    """

    scenario: Scenario
    coefficients: PlanningCoefficients
    harm: StockHarm
    options: DisposalOptions

    def expecting(self, coefficients: PlanningCoefficients) -> Premises:
        """Return the premises with other coefficients."""
        return replace(self, coefficients=coefficients, harm=self.harm.with_factor(coefficients.harm_factor))


def premises_of(scenario: Scenario, coefficients: PlanningCoefficients) -> Premises:
    """Return the premises of a scenario and its coefficients."""
    harm = stock_harm(scenario).with_factor(coefficients.harm_factor)
    return Premises(scenario, coefficients, harm, disposal_options(scenario))
