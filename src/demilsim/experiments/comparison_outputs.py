"""The named outputs that alternatives are compared by, one value for each replication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from demilsim.experiments.ensemble import Ensemble, Response
from demilsim.experiments.rare_events import explosion_chances, is_exact
from demilsim.experiments.risk_measures import MAJOR_NEQ_KG, first_major_days
from demilsim.experiments.statistics import Estimate, counted, estimate, share
from demilsim.plan import Floats


class Measured(StrEnum):
    """Outputs that alternatives are compared by.

    ``clearance_days`` is the time from the earliest start of all until the surplus is cleared, or until the
    first of the horizons ends if it is not: a mean that exists, where that of the date would not.
    """

    EXPECTED_FATALITIES = "expected_fatalities"
    P_MAJOR = "p_major_explosion"
    NEQ_YEARS = "neq_tonne_years"
    DESTROYED = "destroyed_t"
    COST = "cost_usd"
    CLEARANCE = "clearance_days"


RESPONSES = {
    Measured.EXPECTED_FATALITIES: Response.EXPECTED_FATALITIES,
    Measured.NEQ_YEARS: Response.NEQ_YEARS,
    Measured.DESTROYED: Response.DESTROYED,
    Measured.COST: Response.COST,
}


@dataclass(frozen=True)
class AlternativeOutputs:
    """Outputs of one alternative.

    Parameters
    ----------
    values
        Of each replication, shape (replication,); `Measured.P_MAJOR` may have fewer.
    counted_major
        Whether major explosions are counted; if not, their probability in each replication given all else is
        computed, which has far less error.
    """

    values: Mapping[Measured, Floats]
    counted_major: bool

    def estimate(self, output: Measured) -> Estimate:
        """Return the mean with its half-width."""
        values = self.values[output]
        return share(values) if self._counts(output) else estimate(values)

    def difference(self, other: AlternativeOutputs, output: Measured) -> Estimate:
        """Return the paired difference from another alternative, this one less the other."""
        values = self.values[output] - other.values[output]
        return counted(values, int(np.abs(values).sum()), 1.0) if self._counts(output) else estimate(values)

    def _counts(self, output: Measured) -> bool:
        return self.counted_major and output is Measured.P_MAJOR


def outputs_of(
    ensembles: Mapping[int, Ensemble], alternatives: list[tuple[int, str]], seed: int
) -> tuple[AlternativeOutputs, ...]:
    """Return the outputs of alternatives.

    Parameters
    ----------
    ensembles
        By number of the scenario.
    alternatives
        Number of the scenario and policy of each.
    seed
        Root seed of the ensembles.

    Notes
    -----
    The chance of a major explosion is computed if it can be for all scenarios, and counted otherwise for all,
    so that differences are of one kind.
    """
    exact = all(is_exact(ensemble.scenario) for ensemble in ensembles.values())
    chances: dict[tuple[int, str], Floats] = {}
    for number, ensemble in ensembles.items():
        shown = {policy: ensemble.plans[policy] for own, policy in alternatives if own == number}
        if exact:
            found = explosion_chances(ensemble.scenario, shown, least_neq_kg=(MAJOR_NEQ_KG,), seed=seed)
            chances |= {(number, policy): found.values[policy][MAJOR_NEQ_KG][:, -1] for policy in shown}
        else:
            days = {policy: first_major_days(ensemble, policy) for policy in shown}
            chances |= {(number, policy): np.isfinite(day).astype(float) for policy, day in days.items()}
    span = (
        min(ensemble.scenario.settings.start for ensemble in ensembles.values()),
        min(ensemble.scenario.period_dates[-1] for ensemble in ensembles.values()),
    )
    return tuple(
        _outputs(ensembles[number], policy, chances[number, policy], span, exact)
        for number, policy in alternatives
    )


def _outputs(
    ensemble: Ensemble, policy: str, p_major: Floats, span: tuple[dt.date, dt.date], exact: bool
) -> AlternativeOutputs:
    values = {output: ensemble.values(policy, response) for output, response in RESPONSES.items()}
    start, end = span
    waited = (ensemble.scenario.settings.start - start).days + ensemble.clearance_days(policy)
    values[Measured.CLEARANCE] = np.minimum(waited, float((end - start).days))
    values[Measured.P_MAJOR] = p_major
    return AlternativeOutputs({output: values[output] for output in Measured}, not exact)
