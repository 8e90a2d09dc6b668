"""What an averted death is taken to be worth: as the user states, or at the funding curve's margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the curve, from one budget to another [USD], and the deaths that it averts [persons]."""

    low_usd: float
    high_usd: float
    averted: float

    @property
    def per_usd(self) -> float:
        """Deaths averted per dollar."""
        return self.averted / (self.high_usd - self.low_usd)

    def joined(self, following: _Piece) -> _Piece:
        """Return this piece and the next as one."""
        return _Piece(self.low_usd, following.high_usd, self.averted + following.averted)


def margin(points: Sequence[CurvePoint], budget_usd: float, name: str) -> PriceOfHarm:
    """Return the USD that one more averted death costs around a budget.

    It is the slope of the least concave curve above the points, along the piece that ends at the budget or
    holds it; along the first or last piece if the budget lies outside. A dent of the simulated curve, or a
    plant that pays only once it is whole, is so priced together with what follows it.

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
        If there are fewer than two budgets, or no more deaths are averted along that piece.

    References
    ----------
    Barlow, Bartholomew, Bremner and Brunk, Statistical inference under order restrictions (1972), section
    1.2: slopes of that curve are those of the points, adjacent violators pooled.
    """
    by_budget = {point.budget_usd: point for point in points}
    pieces = _concave([by_budget[budget] for budget in sorted(by_budget)])
    if not pieces:
        raise StudyError(f"{name}: expected at least two budgets (got {len(by_budget)})")
    piece = next((one for one in pieces if one.high_usd >= budget_usd), pieces[-1])
    ends = f"from {piece.low_usd:,.0f} to {piece.high_usd:,.0f} USD"
    if piece.averted <= 0.0:
        raise StudyError(
            f"{name}: expected more averted deaths {ends}, where the money promised lies (got "
            f"{piece.averted:.3g} more): the margin has no price; state one by --usd-per-death"
        )
    return PriceOfHarm(1.0 / piece.per_usd, f"margin of {name} {ends}: {piece.averted:.3g} deaths")


def _concave(ordered: Sequence[CurvePoint]) -> list[_Piece]:
    """Return pieces of falling slope, made of those between points by joining what rises more steeply."""
    pieces: list[_Piece] = []
    for low, high in pairwise(ordered):
        pieces.append(_Piece(low.budget_usd, high.budget_usd, high.averted - low.averted))
        while len(pieces) > 1 and pieces[-1].per_usd > pieces[-2].per_usd:
            last = pieces.pop()
            pieces.append(pieces.pop().joined(last))
    return pieces
