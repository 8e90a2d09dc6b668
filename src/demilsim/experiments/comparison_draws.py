"""How often one alternative does less harm than another under draws of what is not known.

All alternatives see the same draws: a constant that scenarios share has the same quantile in each, within the
scenario's own range, and an event level of the record is the same number. In each draw the mean of the
integrated expected deaths over some replications, the same for all, is compared, so that chance is averaged
out: what is left is the part that the ranges of the constants leave open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demilsim.experiments.ensemble import Response
from demilsim.experiments.parameters import (
    SCRAMBLINGS,
    SOBOL_WORD,
    ParameterDraw,
    drawn_by_range,
    draws_at,
)
from demilsim.experiments.statistics import (
    LEVEL,
    Estimate,
    draw_quantiles,
    group_estimate,
    t_quantile,
    wilson_interval,
)
from demilsim.experiments.uncertainty import check_draws, uncertainty
from demilsim.experiments.uncertainty_result import PARAMETER_RANGE
from demilsim.model.calibration import calibrate
from demilsim.plan import DisposalPlan, Floats, Ints
from demilsim.scenario.events import documented_events
from demilsim.scenario.register import shipped_register
from demilsim.scenario.scenario import Scenario

REPLICATIONS = 4
"""Replications of each draw: the integrated estimate has little chance, and four tell how much."""

EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Chance:
    """Probability over draws of what is not known that one alternative has fewer expected deaths.

    Parameters
    ----------
    share
        Share of the draws, ties as half [1].
    low, high
        Wilson's interval at `LEVEL` [1], as if draws were independent. They lie more evenly, for which it is
        seldom too narrow.
    in_doubt
        Draws whose few replications do not settle which is lower: the t interval of their paired difference
        at `LEVEL` covers zero, but not every replication ties.
    ties
        Draws in which every replication gives both the same.
    """

    share: float
    low: float
    high: float
    in_doubt: int
    ties: int

    @property
    def resolved(self) -> bool:
        """Whether the interval lies on one side of an even chance."""
        return self.low > EVEN or self.high < EVEN


@dataclass(frozen=True)
class DrawComparison:
    """Expected deaths of alternatives under common draws of what is not known.

    Parameters
    ----------
    deaths
        Of each alternative, shape (alternative, draw, replication) [persons].
    sequence
        Number of the quasi-random sequence that each draw is from, shape (draw,).
    constants, common_constants
        How many constants are drawn in any of the scenarios, and in all of them.
    """

    deaths: Floats
    sequence: Ints
    constants: int = 0
    common_constants: int = 0

    @property
    def draws(self) -> int:
        """Number of draws."""
        return self.deaths.shape[1]

    @property
    def replications(self) -> int:
        """Replications of each draw."""
        return self.deaths.shape[2]

    def difference(self, index: int, other: int = 0) -> Estimate:
        """Return the mean over draws of the paired difference [persons]."""
        return group_estimate(self.deaths[index] - self.deaths[other], self.sequence)

    def difference_range(self, index: int, other: int = 0) -> tuple[float, float]:
        """Return the 5% and 95% points over draws of the mean paired difference [persons]."""
        low, high = draw_quantiles(self.deaths[index] - self.deaths[other], PARAMETER_RANGE, self.sequence)
        return low, high

    def range_of(self, index: int) -> tuple[float, float]:
        """Return the 5% and 95% points over draws of an alternative's mean expected deaths [persons]."""
        low, high = draw_quantiles(self.deaths[index], PARAMETER_RANGE, self.sequence)
        return low, high

    def chance_fewer(self, index: int, other: int = 0) -> Chance:
        """Return the probability that an alternative has fewer expected deaths than another."""
        paired = self.deaths[index] - self.deaths[other]
        means, ties = paired.mean(axis=1), ~paired.any(axis=1)
        share = float(np.mean((means < 0.0) + EVEN * (means == 0.0)))
        half = t_quantile(self.replications) * paired.std(axis=1, ddof=1) / self.replications**0.5
        low, high = wilson_interval(share, self.draws, LEVEL)
        in_doubt = int(np.count_nonzero((np.abs(means) <= half) & ~ties))
        return Chance(share, low, high, in_doubt, int(ties.sum()))


def common_draws(scenarios: Sequence[Scenario], count: int, seed: int) -> list[tuple[ParameterDraw, ...]]:
    """Return draws for each scenario, made from the same points of the unit cube.

    Draw k is from sequence k % `SCRAMBLINGS`. Where scenarios draw the same constants, these are the draws
    of `scrambled_draws`; otherwise each constant has a dimension of its own, whichever scenarios draw it.

    Parameters
    ----------
    scenarios
        Any order: a scenario's draws do not depend on it.
    count
        How many draws, >= 1.
    seed
        Root seed of all.
    """
    # SciPy's statistics take a second to import.
    from scipy.stats import qmc

    calibration = calibrate(documented_events())
    keys = drawn_constants(scenarios)
    place = {key: calibration.dimensions + number for number, key in enumerate(keys)}
    each = -(-count // SCRAMBLINGS)
    points = np.empty((count, calibration.dimensions + len(keys)))
    for number in range(SCRAMBLINGS):
        words = [seed, SOBOL_WORD, number] if number else [seed, SOBOL_WORD]
        sequence = qmc.Sobol(points.shape[1], scramble=True, seed=np.random.default_rng(words))
        own = sequence.random_base2(max(each - 1, 0).bit_length())[:each]
        hand = points[number::SCRAMBLINGS]
        hand[:] = own[: len(hand)]
    levels = list(range(calibration.dimensions))
    return [
        draws_at(scenario, points[:, levels + [place[row.key] for row in drawn_by_range(scenario)]])
        for scenario in scenarios
    ]


def drawn_constants(scenarios: Sequence[Scenario]) -> list[str]:
    """Return the constants that any scenario draws by range, in the order of the register, others last."""
    order = {key: number for number, key in enumerate(shipped_register().entries)}
    drawn = {row.key: None for scenario in scenarios for row in drawn_by_range(scenario)}
    alone = [[row.key for row in drawn_by_range(scenario)] for scenario in scenarios]
    if all(keys == alone[0] for keys in alone):
        return alone[0]
    return sorted(drawn, key=lambda key: (order.get(key, len(order)), key))


def compare_under_draws(
    scenarios: Sequence[Scenario],
    plans: Sequence[Sequence[DisposalPlan]],
    draws: int,
    replications: int = REPLICATIONS,
    *,
    seed: int,
    jobs: int | None = None,
) -> DrawComparison:
    """Simulate plans of several scenarios under the same draws of what is not known.

    Parameters
    ----------
    scenarios
        One or more.
    plans
        Of each scenario, one or more; alternatives come in this order.
    draws
        How many, >= 2.
    replications
        Of each draw, the same for all, >= 2.
    seed
        Root seed of all.
    jobs
        As in `replicate`.
    """
    check_draws(draws)
    found = []
    for scenario, own, samples in zip(scenarios, plans, common_draws(scenarios, draws, seed), strict=True):
        # Numbered, so that no names of policies ask for a pass with one constant at a time.
        numbered = {str(number): plan for number, plan in enumerate(own)}
        spread = uncertainty(scenario, numbered, draws, replications, seed=seed, jobs=jobs, samples=samples)
        found += [spread.of(name, Response.EXPECTED_FATALITIES) for name in numbered]
    alone = [{row.key for row in drawn_by_range(scenario)} for scenario in scenarios]
    return DrawComparison(
        np.array(found),
        np.arange(draws) % SCRAMBLINGS,
        len(set.union(*alone)),
        len(set.intersection(*alone)),
    )
