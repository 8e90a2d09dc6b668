"""Responses of fixed plans under draws of what is not known: ranges, and how much is chance.

Draws come from several independent quasi-random sequences. The variance between draws is taken from pairs of
different sequences, which are independent, and is unbiased; errors are judged between the sequences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from demilsim.experiments.ensemble import COUNTS, Response
from demilsim.experiments.parameters import Uncertain
from demilsim.experiments.statistics import (
    FEW_EVENTS,
    Estimate,
    VarianceSplit,
    borrowed_split,
    draw_quantiles,
    group_estimate,
    share_half_width,
    variance_split,
)
from demilsim.plan import Floats, Ints

RESPONSES = tuple(Response)
"""Order of responses in arrays."""

PARAMETER_RANGE = (0.05, 0.95)
"""Points of the distribution over draws that a range goes from and to [1]."""

SAME_MEAN = {Response.FATALITIES: Response.EXPECTED_FATALITIES}
"""Counted responses with an integrated one of the same mean: what is not known is judged by that, since it
has far less chance."""


@dataclass(frozen=True, slots=True)
class OneAtATime:
    """Effect of one constant at both ends of its range, all others as given.

    Parameters
    ----------
    constant
        The constant.
    expected_fatalities
        Of the optimised plan at (low, value, high) [persons].
    difference
        Of optimised - host_only at (low, value, high) [persons].
    """

    constant: Uncertain
    expected_fatalities: tuple[float, float, float]
    difference: tuple[float, float, float]

    @property
    def swing(self) -> float:
        """Largest less smallest expected fatalities of the optimised plan [persons]."""
        return max(self.expected_fatalities) - min(self.expected_fatalities)


@dataclass(frozen=True)
class Uncertainty:
    """Responses of fixed plans under draws of what is not known.

    Parameters
    ----------
    values
        By policy, shape (draw, replication, response) in the order of `RESPONSES`.
    site_rate_per_year
        Harm rate of each site at the start [weighted persons/yr], shape (draw, site).
    one_at_a_time
        The constants with the largest effect, largest first; empty if none was changed.
    sequence
        Number of the quasi-random sequence that each draw is from, shape (draw,); None if all draws are
        independent.
    """

    values: Mapping[str, Floats]
    site_rate_per_year: Floats
    one_at_a_time: tuple[OneAtATime, ...]
    sequence: Ints | None = None

    @property
    def draws(self) -> int:
        """Number of draws of the constants."""
        return len(self.site_rate_per_year)

    @property
    def replications(self) -> int:
        """Number of replications of each draw."""
        return next(iter(self.values.values())).shape[1]

    def of(self, policy: str, response: Response) -> Floats:
        """Return a response of a policy, shape (draw, replication)."""
        return self.values[policy][:, :, RESPONSES.index(response)]

    def mean(self, policy: str, response: Response) -> float:
        """Return the mean over draws and replications."""
        return float(self.of(policy, response).mean())

    def estimate(self, policy: str, response: Response) -> Estimate:
        """Return the mean over draws and replications with the error of having drawn so few."""
        return group_estimate(self.of(policy, response), self.sequence)

    def parameter_range(self, policy: str, response: Response) -> tuple[float, float] | None:
        """Return the 5% and 95% points of a response's mean over what is not known; None where not known.

        It is not where the share of what is not known cannot be told apart from zero: chance may then explain
        all that draws differ by, and a range without a width, or beside the mean, would say that nothing
        depends on the constants. Of a counted response it is not with fewer than `FEW_EVENTS` either. No
        other response's range stands for it.
        """
        values = self.of(policy, response)
        share = variance_split(values, self.sequence).share_not_known
        error = share_half_width(values, values, self.sequence)
        if share is not None and share <= (error or 0.0):
            return None
        if response in COUNTS and (error is None or self.events(policy, response) < FEW_EVENTS):
            return None
        low, high = draw_quantiles(values, PARAMETER_RANGE, self.sequence)
        return low, high

    def events(self, policy: str, response: Response) -> int:
        """Return in how many replications of all draws a response is not zero."""
        return int(np.count_nonzero(self.of(policy, response)))

    def split(self, policy: str, response: Response) -> VarianceSplit | None:
        """Return how the variance of a response splits into what is not known and chance.

        None for a counted response with fewer than `FEW_EVENTS` events: its chance cannot be judged.
        """
        if response in COUNTS and self.events(policy, response) < FEW_EVENTS:
            return None
        same_mean = self.of(policy, SAME_MEAN.get(response, response))
        return borrowed_split(same_mean, self.of(policy, response), self.sequence)

    def share_half_width(self, policy: str, response: Response) -> float | None:
        """Return the half-width of the share of what is not known [1]; None where there is none."""
        same_mean = self.of(policy, SAME_MEAN.get(response, response))
        return share_half_width(same_mean, self.of(policy, response), self.sequence)

    def p_better(self, policy: str, other: str) -> float:
        """Return the share of draws in which `policy` has fewer expected fatalities, ties as half."""
        own, others = (self.of(name, Response.EXPECTED_FATALITIES).mean(axis=1) for name in (policy, other))
        return float(np.mean((own < others) + 0.5 * (own == others)))

    def highest_shares(self, group_of_site: Sequence[str]) -> dict[str, float]:
        """Return the share of draws in which each group of sites has the highest harm rate at the start.

        Parameters
        ----------
        group_of_site
            Name of each site's group; groups in order of first mention break ties.
        """
        groups = list(dict.fromkeys(group_of_site))
        names = np.array(group_of_site)
        rates = np.column_stack([self.site_rate_per_year[:, names == g].sum(axis=1) for g in groups])
        highest = rates.argmax(axis=1)
        return {group: float(np.mean(highest == i)) for i, group in enumerate(groups)}
