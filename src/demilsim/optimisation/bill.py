"""What the audit holds against the funds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Bill:
    """A cost that must be paid in a period.

    Parameters
    ----------
    period
        When.
    funds
        Ids of the funds that may pay.
    usd
        How much [USD].
    mass_t
        Mass that it destroys [t]; 0 for capital and standing cost.
    """

    period: int
    funds: frozenset[str]
    usd: Fraction
    mass_t: Fraction = Fraction(0)
