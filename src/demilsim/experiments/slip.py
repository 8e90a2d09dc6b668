"""The slip prior: how late the plans of disposal programmes are, and what closed ones teach about it.

Four delays, each a median times exp(L + e): L is common to all programmes, e belongs to one delay of one
programme; both normal, independent. A closed programme of planned time T that destroyed the share s of its
tonnes in the time t says log t ~ N(log(D + s T (1 + r)), `OBSERVATION_SIGMA`), D the longest of its delays by
money, permits and commissioning, r its rate slip. Form and values were fixed in ``docs/decisions/0026``
before any forecast was held against an outcome.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from demilsim.plan import Floats
from demilsim.scenario.programmes import PastProgramme
from demilsim.scenario.scenario import Scenario
from demilsim.units import DAYS_PER_YEAR, MONTHS_PER_YEAR

MONEY_MONTHS, PERMIT_MONTHS = 6.0, 3.0
"""Medians of the delay of payments, and of the time before anything may be destroyed [months]."""

COMMISSIONING_SHARE, RATE_SHARE = 0.5, 0.25
"""Medians of what new plant takes longer, as a share of its lead time, and each tonne, of its time [1]."""

OWN_SIGMA, COMMON_SIGMA, OBSERVATION_SIGMA = 0.6, 0.5, 0.15
"""Standard deviations of e, of L, and of the logarithm of a closed programme's time [1]."""

LEAD_YEARS = 0.5
"""Planned lead time of new plant in a closed programme: none is on record [yr]."""

GRID = np.linspace(-3.0, 3.0, 1201)
"""Values of L at which its density is kept: six prior standard deviations to each side."""

INNER_POINTS = 1024
"""Points on which the delays of a closed programme are integrated out."""

SLIP_WORD, INNER_WORD = 0x534C4950, 0x494E4E45
"""Told to the generators with the seed, so that they have nothing in common with other draws."""


@dataclass(frozen=True, slots=True)
class Slip:
    """How late one programme is; all zero: as planned.

    Parameters
    ----------
    money_days, permit_days
        Every payment, and the first day of work, come later by this [d], >= 0.
    commissioning_share, rate_share
        New plant takes longer by this share of its lead time, each tonne of its working time [1], >= 0.
    """

    money_days: float = 0.0
    permit_days: float = 0.0
    commissioning_share: float = 0.0
    rate_share: float = 0.0


@dataclass(frozen=True)
class CommonSlip:
    """What is known about L: its density on `GRID`, shape (grid,), summing to 1."""

    weight: Floats

    @property
    def mean(self) -> float:
        """Mean of L [1]."""
        return float(self.weight @ GRID)

    @property
    def sigma(self) -> float:
        """Standard deviation of L [1]."""
        return float(self.weight @ (GRID - self.mean) ** 2) ** 0.5

    def quantile(self, share: Floats) -> Floats:
        """Return quantiles of L for shares in (0, 1) of any shape, linear between the points of the grid."""
        below = np.concatenate([[0.0], np.cumsum(self.weight)])
        step = GRID[1] - GRID[0]
        edges = np.append(GRID - step / 2.0, GRID[-1] + step / 2.0)
        return np.interp(share * below[-1], below, edges)


def learned(closed: Iterable[PastProgramme]) -> CommonSlip:
    """Return what closed programmes say about L, in any order; the prior if there are none."""
    log_weight = -0.5 * (GRID / COMMON_SIGMA) ** 2
    for programme in closed:
        log_weight = log_weight + np.log(_likelihood(programme))
    weight = np.exp(log_weight - log_weight.max())
    return CommonSlip(weight / weight.sum())


def _likelihood(programme: PastProgramme) -> Floats:
    """Return how likely a closed programme's time is under each L of `GRID`, up to a factor."""
    own = np.exp(OWN_SIGMA * _inner_normals())
    factor = np.exp(GRID)[:, None]
    money, permit = (factor * months / MONTHS_PER_YEAR * own[:, i] for i, months in _WAITS)
    plant = factor * COMMISSIONING_SHARE * LEAD_YEARS * own[:, 2]
    waiting = np.maximum(np.maximum(money, permit), plant)
    work = programme.share_done * programme.planned_years * (1.0 + factor * RATE_SHARE * own[:, 3])
    error = (np.log(programme.years) - np.log(waiting + work)) / OBSERVATION_SIGMA
    # The smallest number keeps the logarithm finite where no point comes near.
    return np.exp(-0.5 * error**2).mean(axis=1) + np.finfo(float).tiny


_WAITS = ((0, MONEY_MONTHS), (1, PERMIT_MONTHS))


def _inner_normals() -> Floats:
    """Return the fixed points of e, shape (point, delay): money, permits, commissioning, rates."""
    return _normals(4, INNER_POINTS, [INNER_WORD])


def _normals(dimensions: int, count: int, words: list[int]) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(_shares(dimensions, count, words)))


def _shares(dimensions: int, count: int, words: list[int]) -> Floats:
    """Return points of a scrambled Sobol sequence, shape (count, dimensions)."""
    # SciPy's statistics take a second to import, and most commands draw nothing.
    from scipy.stats import qmc

    sequence = qmc.Sobol(dimensions, scramble=True, seed=np.random.default_rng(words))
    return np.asarray(sequence.random_base2(max(count - 1, 0).bit_length())[:count])


def slip_draws(common: CommonSlip, count: int, seed: int) -> tuple[Slip, ...]:
    """Return draws of the slip of one programme; draw k depends on the seed, on k and on what is known of L.

    Parameters
    ----------
    common
        What is known about L.
    count
        How many, >= 1.
    seed
        Root seed.
    """
    from scipy.special import ndtri

    shares = _shares(5, count, [seed, SLIP_WORD])
    size = np.exp(common.quantile(shares[:, :1]) + OWN_SIGMA * ndtri(shares[:, 1:]))
    days = DAYS_PER_YEAR / MONTHS_PER_YEAR
    medians = np.array([MONEY_MONTHS * days, PERMIT_MONTHS * days, COMMISSIONING_SHARE, RATE_SHARE])
    return tuple(Slip(*row) for row in (size * medians).tolist())


def slipped(scenario: Scenario, slip: Slip) -> Scenario:
    """Return a scenario in which money, permits, new plant and rates are late.

    An existing facility that waits for its permit is entered as one that opens when it has it, free of
    charge: a plan has to order it (`history.as_planned` does). A facility that is to be built waits for the
    longer of its lead time and the permit.

    Parameters
    ----------
    scenario
        As planned.
    slip
        How late.
    """
    longer = 1.0 + slip.commissioning_share
    shift = dt.timedelta(days=round(slip.money_days))
    return replace(
        scenario,
        facilities=tuple(
            one.model_copy(
                update={
                    "status": "possible",
                    "lead_time_days": max(one.lead_time_days * longer, slip.permit_days),
                }
            )
            for one in scenario.facilities
        ),
        facility_rates=tuple(
            one.model_copy(
                update={"throughput_t_per_day": one.throughput_t_per_day / (1.0 + slip.rate_share)}
            )
            for one in scenario.facility_rates
        ),
        tranches=tuple(one.model_copy(update={"due": one.due + shift}) for one in scenario.tranches),
    )
