"""Bootstrap intervals of an ensemble's outputs, and half-widths that hold for all differences at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demilsim.experiments.bootstrap import bootstrap
from demilsim.experiments.ensemble import COUNTS, Ensemble, Response
from demilsim.experiments.statistics import LEVEL

Interval = tuple[float, float]
Key = tuple[str, Response]


@dataclass(frozen=True)
class Intervals:
    """What `ensemble_intervals` finds.

    Parameters
    ----------
    policies
        Studentised bootstrap interval of each policy's response; infinite ends are not known.
    differences
        The same of the reference policy minus another one, by the name of the other.
    simultaneous
        Half-width of these differences that holds for all other policies at once, response by response;
        None if not known.
    """

    policies: Mapping[Key, Interval]
    differences: Mapping[Key, Interval]
    simultaneous: Mapping[Key, float | None]


def ensemble_intervals(ensemble: Ensemble, reference: str) -> Intervals | None:
    """Return intervals beside those by the t distribution; None for fewer than two replications.

    Parameters
    ----------
    ensemble
        Replications of all policies.
    reference
        The policy from which differences are taken; none are if it was not simulated.

    Notes
    -----
    The chance that an explosion happened at all is left out: `Ensemble.estimate` has Wilson's interval.
    Half-widths of counted responses hold at once by Bonferroni's inequality, since the bootstrap of a count
    says nothing where few events were seen; all others by the largest studentised deviation.
    """
    responses: list[Response] = [response for response in Response if response is not Response.ANY_EXPLOSION]
    others = [name for name in ensemble.plans if name != reference] if reference in ensemble.plans else []
    own = [(policy, response) for policy in ensemble.plans for response in responses]
    pairs = [(other, response) for other in others for response in responses]
    columns = [ensemble.values(*key) for key in own]
    columns += [ensemble.values(reference, r) - ensemble.values(other, r) for other, r in pairs]
    if columns[0].size < 2:
        return None
    found = bootstrap(np.column_stack(columns))
    place: dict[Key, int] = {key: len(own) + index for index, key in enumerate(pairs)}
    simultaneous: dict[Key, float | None] = {}
    for response in Response:
        if not others:
            break
        if response in COUNTS:
            level = 1.0 - (1.0 - LEVEL) / len(others)
            for other in others:
                half = ensemble.difference(reference, other, response, level).half_width
                simultaneous[other, response] = half
        else:
            halves = found.simultaneous([place[other, response] for other in others])
            for other, half in zip(others, halves.tolist(), strict=True):
                simultaneous[other, response] = half if np.isfinite(half) else None
    return Intervals(
        {key: found.interval(index) for index, key in enumerate(own)},
        {key: found.interval(index) for key, index in place.items()},
        simultaneous,
    )
