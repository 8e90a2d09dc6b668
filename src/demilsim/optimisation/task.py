"""What all stages of one optimisation share, and a given plan in its terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from demilsim.errors import PlanError
from demilsim.model.harm import StockHarm, lot_masses_t, scenario_curves, stock_harm
from demilsim.model.options import DisposalOptions, disposal_options
from demilsim.model.risk import LimitedRisk, limited_risk
from demilsim.optimisation.blocks import calendar_years, single_periods
from demilsim.optimisation.groups import Groups, make_groups
from demilsim.optimisation.moves import Room
from demilsim.optimisation.objective import remaining_t
from demilsim.optimisation.problem import Problem, make_problem
from demilsim.optimisation.releases import Releases, waiting_tranches
from demilsim.optimisation.tours import Tours, placed_facilities
from demilsim.plan import Commissioning, DisposalPlan, Floats, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.units import tonnes

Choice = tuple[tuple[int, int], ...]
"""Commissionings as (facility, period of the order), in order of facility."""


@dataclass(frozen=True)
class Task:
    """A scenario with what the simulation taught, in groups.

    Parameters
    ----------
    scenario, coefficients
        As given.
    options
        Options of the lots.
    groups
        Lots in groups.
    stock
        Harm over groups, with simulated harm factors.
    risk
        Limits on the risk of exposed groups; None without.
    releases
        Tranches that are released, where some wait for milestones; None as long as that is open.
    rooms
        Room that must be made for moves that are decided.
    tours
        Moves of mobile plant; None where places are left out, as they are until flows are known.
    """

    scenario: Scenario
    coefficients: PlanningCoefficients
    options: DisposalOptions
    groups: Groups
    stock: StockHarm
    risk: LimitedRisk | None = None
    releases: Releases | None = None
    rooms: tuple[Room, ...] = ()
    tours: Tours | None = None

    @property
    def opens_releases(self) -> bool:
        """Whether tranches wait for milestones, and which of them are released is open."""
        return self.releases is None and waiting_tranches(self.scenario, self.coefficients) is not None

    def release_starts(self) -> tuple[Task, ...]:
        """Return the tasks in which to look for little cost: this, and if open, one that releases nothing."""
        return (self, replace(self, releases=())) if self.opens_releases else (self,)

    def yearly_problem(self) -> Problem:
        """Return the problem of the MILP: work in blocks of years, orders in every period, releases open."""
        blocks = calendar_years(self.scenario)
        problem = make_problem(self.scenario, self.coefficients, self.options, self.groups, blocks, None)
        return replace(problem, rooms=self.rooms)

    def problem(self, choice: Choice) -> Problem:
        """Return the problem of flows in single periods for given commissionings.

        No tranche that waits for a milestone is counted on but those of `releases`.
        """
        return self._problem(choice, self.releases or ())

    def open_problem(self, choice: Choice) -> Problem:
        """Return the same problem with releases as columns."""
        return self._problem(choice, None)

    def touring_problem(self, choice: Choice) -> Problem:
        """Return the problem of `problem` with moves of mobile plant as columns."""
        return self._problem(choice, self.releases or (), open_tours=True)

    def _problem(self, choice: Choice, releases: Releases | None, open_tours: bool = False) -> Problem:
        known = (self.scenario, self.coefficients, self.options, self.groups, single_periods(self.scenario))
        tours = None if open_tours else self.tours
        problem = make_problem(*known, dict(choice), releases=releases, tours=tours, open_tours=open_tours)
        return replace(problem, rooms=self.rooms)

    def every_plan(self) -> Problem:
        """Return the problem of flows in single periods with every order as a column: all plans are in it.

        Also those that make no room for moves. Mobile plant is everywhere at once, and its moves are free.
        """
        blocks = single_periods(self.scenario)
        groups = self.groups.without_moves(placed_facilities(self.scenario))
        known = (self.scenario, self.coefficients, self.options, groups, blocks, None)
        return make_problem(*known, every_order=True)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of groups, facilities and periods."""
        return self.groups.count, len(self.scenario.facilities), self.scenario.periods

    def left_t(self, destroyed_t: Floats) -> Floats:
        """Return what is left at each knot [t], shape (knot, group).

        Parameters
        ----------
        destroyed_t
            What is destroyed [t], shape (group, facility, period).
        """
        return remaining_t(self.groups.held_t(self.scenario.periods), destroyed_t.sum(axis=1).T)

    def destroyed_t(self, plan: DisposalPlan) -> Floats:
        """Return what a plan is expected to destroy if all goes by its earliest periods [t].

        Returns
        -------
        ndarray
            Shape (group, facility, period).

        Raises
        ------
        PlanError
            If the plan names a lot, a facility or a period that the scenario does not have.
        """
        lots = {lot.lot_id: group for lot, group in zip(self.scenario.lots, self._groups, strict=True)}
        facilities = self._facilities
        result = np.zeros(self.shape)
        for line in plan.lines:
            if line.lot_id not in lots or line.facility_id not in facilities:
                raise PlanError(
                    f"plan {plan.name}: expected lots and facilities of the scenario "
                    f"(got lot {line.lot_id} at {line.facility_id})"
                )
            self._check_period(plan, line.earliest_period)
            at = (lots[line.lot_id], facilities[line.facility_id], line.earliest_period)
            result[at] += tonnes(line.mass_g) * self.groups.likely[lots[line.lot_id]]
        return result

    def choice_of(self, commissionings: Iterable[Commissioning]) -> Choice:
        """Return commissionings of facilities that exist in the scenario."""
        return tuple(sorted((self._facilities[c.facility_id], c.period) for c in commissionings))

    def choice(self, plan: DisposalPlan) -> Choice:
        """Return the commissionings of a plan.

        Raises
        ------
        PlanError
            If the plan commissions what is not a possible facility, or outside the horizon.
        """
        for order in plan.commissionings:
            f = self._facilities.get(order.facility_id)
            if f is None or self.scenario.facilities[f].status != "possible":
                raise PlanError(
                    f"plan {plan.name}: expected commissionings of possible facilities "
                    f"(got {order.facility_id})"
                )
            self._check_period(plan, order.period)
        return self.choice_of(plan.commissionings)

    def _check_period(self, plan: DisposalPlan, period: int) -> None:
        """Raise a `PlanError` for a period that is not one of the scenario's."""
        if not 0 <= period < self.scenario.periods:
            raise PlanError(
                f"plan {plan.name}: expected periods within 0 to {self.scenario.periods - 1} (got {period})"
            )

    @property
    def _groups(self) -> list[int]:
        """Group of each lot."""
        groups: list[int] = self.groups.group_of_lot.tolist()
        return groups

    @property
    def _facilities(self) -> dict[str, int]:
        """Index of each facility."""
        return {facility.facility_id: f for f, facility in enumerate(self.scenario.facilities)}


def make_task(scenario: Scenario, coefficients: PlanningCoefficients) -> Task:
    """Return the task for a scenario and what the simulation taught."""
    options = disposal_options(scenario)
    curves = scenario_curves(scenario)
    own = stock_harm(scenario, curves)
    groups = make_groups(scenario, options, own)
    stock = own.with_factor(coefficients.harm_factor).grouped(groups.group_of_lot, lot_masses_t(scenario))
    return Task(scenario, coefficients, options, groups, stock, limited_risk(scenario, curves))
