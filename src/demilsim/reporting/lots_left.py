"""What of the surplus a plan leaves, and why: by choice, since no facility takes it, or for want of means."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.draft import Piece, tonnes_left
from demilsim.planning.expected import ExpectedWork
from demilsim.planning.premises import Premises
from demilsim.reporting.document import Document
from demilsim.reporting.stored import Stored, Text
from demilsim.reporting.wording import figure
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import LotStatus
from demilsim.units import tonnes

CHOICE, NO_WAY, SHORT = "choice", "no_way", "short"
REASONS = {
    CHOICE: "to destroy it is expected to kill more than it averts",
    NO_WAY: "no facility that there is or could be takes it",
    SHORT: "money, capacity and time do not reach it",
}
"""Why something is left, in words."""

LEAST_T = 0.5
"""What is left of a lot from which on it is told [t]."""

MOST_LOTS = 25
"""Lots that are told by name, those of which most is left."""


class LotLeft(Stored):
    """Of one lot what a plan leaves [t]; not for the public."""

    lot_id: Text
    site_id: Text
    left_t: float
    reason: Text


class LeftFacts(Stored):
    """What a plan leaves of the surplus, in all and by reason [t], and the lots of which most is left."""

    surplus_t: float
    left_t: float
    by_reason: dict[Text, float]
    lots_left: int
    lots: tuple[LotLeft, ...] = ()


def left_document(premises: Premises, plan: DisposalPlan, work: ExpectedWork) -> Document | None:
    """Return what a plan leaves of the surplus at the end of the horizon, as it is expected to be worked.

    A lot is left by choice if, beside all else as planned, a tonne of it destroyed in the first period would
    avert less harm than the safest facility for it adds in accidents. Then no money or capacity would bring
    the planner to take it.

    Parameters
    ----------
    premises
        What was expected when the plan was made.
    plan
        The plan; without lines there is nothing to tell, and None is returned.
    work
        When its lines are expected.
    """
    if not plan.lines:
        return None
    scenario = premises.scenario
    left = tonnes_left(scenario, _pieces(scenario, plan, work))
    reasons = _reasons(premises, left)
    site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    surplus = [k for k, lot in enumerate(scenario.lots) if lot.status is LotStatus.SURPLUS]
    told = [k for k in surplus if left[-1, k] >= LEAST_T]
    by_reason = {reason: float(sum(left[-1, k] for k in told if reasons[k] == reason)) for reason in REASONS}
    most = sorted(told, key=lambda k: (-left[-1, k], k))[:MOST_LOTS]
    return {
        "surplus_t": float(tonnes_left(scenario, ())[-1, surplus].sum()),
        "left_t": float(left[-1, surplus].sum()),
        "by_reason": by_reason,
        "lots_left": len(told),
        "lots": [
            {
                "lot_id": scenario.lots[k].lot_id,
                "site_id": site_of[scenario.lots[k].storehouse_id],
                "left_t": float(left[-1, k]),
                "reason": reasons[k],
            }
            for k in most
        ],
    }


def _pieces(scenario: Scenario, plan: DisposalPlan, work: ExpectedWork) -> Iterator[Piece]:
    """Yield the lines that are expected within the horizon, each in its period."""
    lots = {lot.lot_id: k for k, lot in enumerate(scenario.lots)}
    facilities = {facility.facility_id: k for k, facility in enumerate(scenario.facilities)}
    for line, period in zip(plan.lines, work.periods, strict=True):
        if period is not None:
            yield Piece(lots[line.lot_id], facilities[line.facility_id], period, tonnes(line.mass_g))


def _reasons(premises: Premises, left_t: Floats) -> list[str]:
    """Return why something would be left of each lot."""
    options = premises.options
    _, gradient = premises.harm.total_and_gradient(left_t)
    # What a tonne that is gone from the end of the first period on averts, and the least that it costs.
    averted = gradient[1:].sum(axis=0)
    added = np.where(options.allowed, options.accident_harm_per_t, np.inf).min(axis=1, initial=np.inf)
    return [
        NO_WAY if not np.isfinite(cost) else CHOICE if cost >= gain else SHORT
        for gain, cost in zip(averted.tolist(), added.tolist(), strict=True)
    ]


def left_words(facts: LeftFacts) -> str:
    """Return what is left and why, as part of a sentence."""
    parts = [(mass, REASONS.get(reason, reason)) for reason, mass in facts.by_reason.items() if mass > 0.0]
    if len(parts) == 1:
        return f"the plan leaves {figure(facts.left_t)} t, since {parts[0][1]}"
    told = "; ".join(f"{figure(mass)} t since {why}" for mass, why in parts)
    return f"the plan leaves {figure(facts.left_t)} t{': ' if told else ''}{told}"
