"""``mobile_plant.csv``: where shared mobile plant stands and when it moves, as each policy plans it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from demilsim.plan import DisposalPlan
from demilsim.planning.coordinate import Programme
from demilsim.planning.rules import nominal_coefficients
from demilsim.planning.stays import PlannedStays, Stay, planned_stays
from demilsim.reporting.document import Document
from demilsim.reporting.policy_records import OPTIMISED
from demilsim.reporting.tables import csv_text
from demilsim.scenario.scenario import Scenario

MOBILE_PLANT = "mobile_plant.csv"
COLUMNS = (
    "policy", "basis", "facility_id", "stay", "from_site_id", "site_id", "leaves_period", "leaves",
    "move_days", "move_cost_usd", "first_period", "last_period", "stands_from", "stands_until", "tonnes",
)  # fmt: skip
NOT_REACHED = "not reached"
"""Basis of a row that says what a plan wants of plant at a site but would not reach by the end."""

Planned = Mapping[str, PlannedStays]
"""By policy, of those that use mobile plant with a place."""


def planned_by_policy(
    scenario: Scenario, plans: Mapping[str, DisposalPlan], programme: Programme | None
) -> Planned:
    """Return where the mobile plant of each plan stands; nothing of plans that use none with a place.

    Parameters
    ----------
    scenario, plans
        The scenario, and plans by policy.
    programme
        What was learned of days and money, and what the optimiser decided; None if plans were only simulated.
    """
    coefficients = programme.coefficients if programme else nominal_coefficients(scenario)
    decided = {OPTIMISED: programme.result} if programme else {}
    found = {
        policy: planned_stays(scenario, plan, coefficients, decided.get(policy))
        for policy, plan in plans.items()
    }
    return {policy: stays for policy, stays in found.items() if stays is not None}


def mobile_plant_text(planned: Planned) -> str:
    """Return ``mobile_plant.csv``: a row for each stay, with the move by which it begins.

    Parameters
    ----------
    planned
        By policy. The tonnes of a facility sum to those of its lines in the plan.
    """
    return csv_text(COLUMNS, _rows(planned))


def _rows(planned: Planned) -> Iterator[tuple[object, ...]]:
    for policy, plan in planned.items():
        number, facility_id = 0, ""
        for stay in plan.stays:
            number = number + 1 if stay.facility_id == facility_id else 1
            facility_id = stay.facility_id
            yield (policy, plan.basis.value, facility_id, number, *_stay_cells(stay))
        for rest in plan.rests:
            beside = (None,) * (len(COLUMNS) - 7)
            yield (
                policy, NOT_REACHED, rest.facility_id, None, None, rest.site_id, *beside, rest.rest_t,
            )  # fmt: skip


def _stay_cells(stay: Stay) -> tuple[object, ...]:
    """Return the cells of a stay from the site that it comes from."""
    move = stay.move
    from_site_id = None if move is None else move.from_site_id
    came = (None,) * 4 if move is None else (move.period, move.leaves, move.days, move.cost_usd)
    periods = stay.first_period, stay.last_period
    dates = stay.stands_from, stay.stands_until
    return (from_site_id, stay.site_id, *came, *periods, *dates, stay.destroyed_t)


def mobile_plant_document(scenario: Scenario, planned: Planned) -> Document | None:
    """Return what ``summary.json`` says: sums by policy and facility, without sites and dates; or None."""
    if not planned:
        return None
    names = {facility.facility_id: facility.name for facility in scenario.facilities}
    return {"policies": {policy: list(_sums(plan, names)) for policy, plan in planned.items()}}


def _sums(plan: PlannedStays, names: Mapping[str, str]) -> Iterator[Document]:
    """Yield the sums of each facility of a plan."""
    used = [stay.facility_id for stay in plan.stays] + [rest.facility_id for rest in plan.rests]
    for facility_id in dict.fromkeys(used):
        stays = [stay for stay in plan.stays if stay.facility_id == facility_id]
        moves = [stay.move for stay in stays if stay.move]
        yield {
            "facility_id": facility_id,
            "name": names[facility_id],
            "basis": plan.basis.value,
            "moves": len(moves),
            "move_days": sum((move.days for move in moves), 0.0),
            "move_cost_usd": sum((move.cost_usd for move in moves), 0.0),
            "tonnes": sum((stay.destroyed_t for stay in stays), 0.0),
            "not_reached_t": sum(
                (rest.rest_t for rest in plan.rests if rest.facility_id == facility_id), 0.0
            ),
        }
