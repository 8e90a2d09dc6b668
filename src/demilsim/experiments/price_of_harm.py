"""What an averted death is taken to be worth: as the user states, or at the funding curve's margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demilsim.errors import StudyError


@dataclass(frozen=True, slots=True)
class PriceOfHarm:
    """USD per averted death, and in words where it comes from."""

    usd: float
    source: str


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of a funding curve: donors' money [USD], deaths averted by it [persons]."""

    budget_usd: float
    averted: float


def margin(points: Sequence[CurvePoint], budget_usd: float, name: str) -> PriceOfHarm:
    """Return the USD that one more averted death costs around a budget.

    It is the slope of the piece of the curve that ends at the budget or holds it; of the first or last
    piece if the budget lies outside.

    Parameters
    ----------
    points
        The curve.
    budget_usd
        Donors' money that is promised [USD].
    name
        Of the curve, for messages.

    Raises
    ------
    StudyError
        If there is one point only, or no more deaths are averted along that piece.
    """
    ordered = sorted(points, key=lambda point: point.budget_usd)
    if len(ordered) < 2:
        raise StudyError(f"{name}: expected at least two budgets (got {len(ordered)})")
    above = next((i for i, p in enumerate(ordered) if p.budget_usd >= budget_usd), len(ordered) - 1)
    low, high = ordered[max(above, 1) - 1], ordered[max(above, 1)]
    more = high.averted - low.averted
    if more <= 0.0:
        raise StudyError(
            f"{name}: expected more averted deaths at {high.budget_usd:,.0f} USD than at "
            f"{low.budget_usd:,.0f} USD (got {more:.3g} more); more replications, or --usd-per-death"
        )
    usd = (high.budget_usd - low.budget_usd) / more
    return PriceOfHarm(
        usd, f"margin of {name} from {low.budget_usd:,.0f} to {high.budget_usd:,.0f} USD: {more:.3g} deaths"
    )
