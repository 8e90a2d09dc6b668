"""Columns of what a plan releases, and the receipts that they bring.

They come after all others: released[tranche, block], whether its milestone is met by the start of the block;
matched[fund, period], what a fund has matched by then, before overhead [kUSD]; destroyed[block], tonnes
destroyed before the block. None of them is there where no tranche waits, or where releases are fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.model.money import NO_FUND
from demilsim.optimisation.blocks import Blocks
from demilsim.optimisation.releases import Releases, Waiting
from demilsim.plan import Floats, Ints

USD_PER_KUSD = 1000.0
"""Money enters the model in thousands, so that its coefficients stay near those of tonnes and days."""

SPARE_T = 1e-3
"""Tonnes beyond a milestone that a plan destroys for it [t], so that what is rounded to grams, lot by lot,
does not leave it a little short. A bound asks for none."""


@dataclass(frozen=True)
class ReleaseColumns:
    """What a plan may release, or does.

    Parameters
    ----------
    waiting
        Tranches that wait.
    blocks
        Time blocks of the problem.
    spare_t
        Tonnes beyond a milestone that are asked for [t].
    fixed
        What is released, if that is decided.
    """

    waiting: Waiting
    blocks: Blocks
    spare_t: float = 0.0
    fixed: Releases | None = None

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """Tranche and block of each column ``released``: where money can have come, or a share be spent."""
        if self.fixed is not None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        waiting, periods = self.waiting, self.blocks.of_period.size
        last = np.append(self.blocks.first[1:], periods) - 1
        possible = waiting.at_release_usd[:, last] > 0.0
        # A share spent at one time may not be at another: it is looked at before the tranche is due, too.
        spending = waiting.spent_fund != NO_FUND
        received = np.cumsum(waiting.most_usd, axis=1)[waiting.spent_fund][:, self.blocks.first] > 0.0
        possible[spending] = received[spending] & possible[spending, -1:]
        possible[:, 0] = False
        tranche, block = np.nonzero(possible)
        return tranche.astype(np.int64), block.astype(np.int64)

    @property
    def matching(self) -> int:
        """Number of funds whose matching depends on releases that are open."""
        return len(self.waiting.matches) if self.pairs[0].size else 0

    @property
    def receipts_usd(self) -> Floats:
        """Receipts beside those that the columns bring [USD], shape (fund, period)."""
        if self.matching:
            return self.waiting.base_usd
        return self.waiting.receipts_usd(self.fixed or ())

    @property
    def most_usd(self) -> Floats:
        """Receipts if all that may be released is [USD], shape (fund, period)."""
        return self.waiting.most_usd if self.fixed is None else self.receipts_usd

    @property
    def counts_tonnes(self) -> bool:
        """Whether there are columns of what has been destroyed."""
        return bool(np.any(self.waiting.needed_t[self.pairs[0]] > 0.0))

    @property
    def counts_spending(self) -> bool:
        """Whether any tranche waits for the spending of a fund."""
        return bool(np.any(self.waiting.spent_fund != NO_FUND))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        names = [f"z{j}_{b}" for j, b in zip(*self.pairs, strict=True)]
        names += [f"g{n}_{t}" for n in range(self.matching) for t in range(self.blocks.of_period.size)]
        return (*names, *(f"d{b}" for b in range(1, self.blocks.count) if self.counts_tonnes))

    @property
    def upper(self) -> Floats:
        """Upper bounds of the columns, shape (column,)."""
        upper = np.full(len(self.names), np.inf)
        z, periods = self.pairs[0].size, self.blocks.of_period.size
        upper[:z] = 1.0
        caps = np.array([m.cap_usd for m in self.waiting.matches[: self.matching]], dtype=float)
        upper[z : z + caps.size * periods] = np.repeat(caps, periods) / USD_PER_KUSD
        return upper

    def releases_of(self, values: Floats) -> Releases:
        """Return what values of these columns release, shape (column,)."""
        if self.fixed is not None:
            return self.fixed
        found: dict[str, int] = {}
        for j, b, value in zip(*(part.tolist() for part in self.pairs), values.tolist(), strict=False):
            if value > 0.5:
                found.setdefault(self.waiting.ids[j], int(self.blocks.first[b]))
        return tuple(found.items())

    def needed_t(self, tranche: Ints, most_t: float) -> Floats:
        """Return the tonnes asked for by each of some tranches [t]; the spare is left out where stock ends.

        Parameters
        ----------
        tranche
            Indices of tranches.
        most_t
            All that could ever be destroyed [t].
        """
        wanted = self.waiting.needed_t[tranche]
        spare = np.minimum(wanted + self.spare_t, np.maximum(wanted, most_t))
        return np.where(wanted > 0.0, spare, 0.0)

    def gross_usd(self) -> tuple[Ints, Ints, Floats]:
        """Return what each column ``released`` brings: column, period and amount before overhead [USD].

        With B[t] what comes at a release at the start of t, and a[t] what comes in t after one before: in t
        the first period of block b, B[t] (z[b] - z[b-1]) + a[t] z[b-1]; in the others a[t] z[b].
        """
        tranche, block = self.pairs
        first, periods = self.blocks.first, self.blocks.of_period.size
        amount = np.zeros((tranche.size, periods))
        for row, (j, b) in enumerate(zip(tranche.tolist(), block.tolist(), strict=True)):
            start, after = int(first[b]), int(first[b + 1]) if b + 1 < first.size else periods
            later, at_release = self.waiting.later_usd[j], self.waiting.at_release_usd[j]
            amount[row, start:after] = later[start:after]
            amount[row, start] = at_release[start]
            if after < periods:
                amount[row, after] = later[after] - at_release[after]
        column, period = np.nonzero(amount)
        return column.astype(np.int64), period.astype(np.int64), amount[column, period]

    def net_usd(self) -> tuple[Ints, Ints, Ints, Floats]:
        """Return what each column brings: fund, period, column and amount after overhead [USD].

        A column ``matched`` counts in thousands of USD what has been matched by a period: it brings its rise.
        """
        released, come, gross = self.gross_usd()
        tranche = self.pairs[0][released]
        parts = [(self.waiting.fund[tranche], come, released, gross * self.waiting.kept[tranche])]
        periods = self.blocks.of_period.size
        at = np.arange(periods)
        for number, match in enumerate(self.waiting.matches[: self.matching]):
            own = self.pairs[0].size + number * periods + at
            usd = np.full(periods, (1.0 - match.overhead_fraction) * USD_PER_KUSD)
            into = np.full(periods, match.fund)
            parts += [(into, at, own, usd), (into[1:], at[1:], own[:-1], -usd[1:])]
        fund, period, column, usd = (np.concatenate(part) for part in zip(*parts, strict=True))
        return fund.astype(np.int64), period.astype(np.int64), column.astype(np.int64), usd


def merged(key: Ints, column: Ints, coefficient: Floats) -> tuple[Ints, Ints, Floats]:
    """Return terms of which no two have the same row and column, each of shape (term,)."""
    if not key.size:
        return key, column, coefficient
    pairs, where = np.unique(np.stack([key, column]), axis=1, return_inverse=True)
    total = np.zeros(pairs.shape[1])
    np.add.at(total, where.ravel(), coefficient)
    return pairs[0], pairs[1], total
