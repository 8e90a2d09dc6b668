"""Money as a plan earns it: tranches that wait for a milestone come once it has been met."""

from __future__ import annotations

import numpy as np

from demilsim.model.money import NO_FUND
from demilsim.optimisation.releases import Waiting
from demilsim.plan import Floats


class Earned:
    """What comes in, period by period, by what has been done and spent before.

    Parameters
    ----------
    receipts_usd
        Receipts if no tranche waits for a milestone [USD], shape (fund, period).
    waiting
        Tranches that do, with what comes without them; None if none does.
    """

    def __init__(self, receipts_usd: Floats, waiting: Waiting | None) -> None:
        self._waiting = waiting
        self._receipts_usd = receipts_usd if waiting is None else waiting.receipts_usd(())
        self._releases: list[tuple[str, int]] = []
        self._received_usd = np.zeros(receipts_usd.shape[0])
        self._spent_usd = np.zeros(receipts_usd.shape[0])
        self._destroyed_t = 0.0

    def spend(self, fund: int, usd: float) -> None:
        """Note what a fund has paid [USD]."""
        self._spent_usd[fund] += usd

    def destroy(self, mass_t: float) -> None:
        """Note what has been destroyed [t gross]."""
        self._destroyed_t += mass_t

    def begin(self, period: int, other_usd: Floats) -> Floats:
        """Return what the funds receive at the start of a period by tranches [USD], shape (fund,).

        Parameters
        ----------
        period
            The period that begins. Each is begun once, in order: what is earned by then is released.
        other_usd
            What else they receive then [USD], shape (fund,): a share of receipts is a share of that too.
        """
        received = self._received_usd + other_usd + self._receipts_usd[:, period]
        if self._waiting is not None:
            known = {name for name, _ in self._releases}
            met = [
                (name, period)
                for j, name in enumerate(self._waiting.ids)
                if name not in known and self._is_met(self._waiting, j, received)
            ]
            if met:
                self._releases += met
                self._receipts_usd = self._waiting.receipts_usd(tuple(self._releases))
        self._received_usd += other_usd + self._receipts_usd[:, period]
        return self._receipts_usd[:, period]

    def _is_met(self, waiting: Waiting, j: int, received_usd: Floats) -> bool:
        """Return whether the milestone of a tranche is met."""
        fund, share = int(waiting.spent_fund[j]), float(waiting.spent_fraction[j])
        spent_enough = fund == NO_FUND or 0.0 < share * received_usd[fund] <= self._spent_usd[fund]
        return spent_enough and self._destroyed_t >= float(waiting.needed_t[j])
