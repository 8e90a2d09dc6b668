"""Time blocks: runs of planning periods that the MILP takes as one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from demilsim.model.options import Bools
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario
from demilsim.units import MONTHS_PER_YEAR, PERIOD_MONTHS


@dataclass(frozen=True)
class Blocks:
    """Consecutive periods in blocks; no block crosses a calendar year or the expiry of a fund.

    Parameters
    ----------
    of_period
        Block of each period, shape (period,), rising from 0 without gaps.
    first
        First period of each block, shape (block,).
    year
        Calendar year in which each block starts, shape (block,).
    labels
        For the names of rows, such as ``2027`` or ``2027q1``.
    """

    of_period: Ints
    first: Ints
    year: Ints
    labels: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of blocks."""
        return self.first.size

    def sum(self, per_period: Floats) -> Floats:
        """Return sums over the periods of each block, shape (..., period) to (..., block)."""
        return np.add.reduceat(per_period, self.first, axis=-1)


def single_periods(scenario: Scenario) -> Blocks:
    """Return one block for each period."""
    return _blocks(scenario, np.arange(scenario.periods))


def calendar_years(scenario: Scenario) -> Blocks:
    """Return one block for each calendar year, cut where a fund expires.

    A fund is then either alive throughout a block or not at all, so that its strings stay exact. A period
    belongs to the year in which it starts.
    """
    starts = scenario.period_dates[:-1]
    expiries = sorted({fund.expires for fund in scenario.funds if fund.expires})
    keys = [(date.year, sum(expiry < date for expiry in expiries)) for date in starts]
    change = [i > 0 and keys[i] != keys[i - 1] for i in range(len(keys))]
    return _blocks(scenario, np.cumsum(change))


def fund_alive(scenario: Scenario, blocks: Blocks) -> Bools:
    """Return whether a fund may still be spent in a block, shape (fund, block).

    It may in every period that starts on the day of its expiry or before.
    """
    starts = [scenario.period_dates[first] for first in blocks.first]
    return np.array(
        [[fund.expires is None or date <= fund.expires for date in starts] for fund in scenario.funds],
        dtype=bool,
    ).reshape(len(scenario.funds), blocks.count)


def _blocks(scenario: Scenario, of_period: Ints) -> Blocks:
    first = np.flatnonzero(np.diff(of_period, prepend=-1))
    years = [date.year for date in scenario.period_dates[:-1]]
    step = PERIOD_MONTHS[scenario.settings.period]
    letter = "m" if step == 1 else "q"
    in_year = Counter(years)
    in_block = Counter(of_period.tolist())
    texts = []
    for block, period in enumerate(first.tolist()):
        date = scenario.period_dates[period]
        number = (date.month - 1) // step + 1
        # A block that covers all of its year needs no part in its name; single periods always do.
        whole = in_block[block] == in_year[date.year] and in_block[block] > 1
        texts.append(
            f"{date.year}" if whole else f"{date.year}{letter}{number:0{len(str(MONTHS_PER_YEAR // step))}d}"
        )
    return Blocks(
        of_period=of_period.astype(np.int64),
        first=first.astype(np.int64),
        year=np.array([years[period] for period in first], dtype=np.int64),
        labels=tuple(texts),
    )
