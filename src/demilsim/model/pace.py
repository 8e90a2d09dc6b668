"""Pace of a facility after it has opened, over its full throughput: learning and objections of neighbours."""

from __future__ import annotations

import numpy as np

from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility
from demilsim.units import DAYS_PER_YEAR


def learned_days(facility: Facility, since: Floats) -> Floats:
    """Return the days at full throughput that the days since opening are worth, by learning alone.

    Throughput rises linearly from `learning_start_fraction` to 1 over the first `learning_days`.

    Parameters
    ----------
    facility
        The facility.
    since
        Days since it opened, >= 0 [d], in any shape.
    """
    if facility.learning_days == 0.0:
        return since
    early = np.minimum(since, facility.learning_days)
    lost = 1.0 - facility.learning_start_fraction
    return since - lost * early * (1.0 - 0.5 * early / facility.learning_days)


def expected_days(facility: Facility, since: Floats) -> Floats:
    """Return the same with the objections that may come: the first is exponential from the opening on.

    With c = `objection_capacity_fraction` the expected pace t days after opening is
    learning(t) · (c + (1 - c) · exp(-rate · t)).
    """
    learned = learned_days(facility, since)
    rate = facility.objections_per_year / DAYS_PER_YEAR
    if rate == 0.0:
        return learned
    slowed = facility.objection_capacity_fraction
    return slowed * learned + (1.0 - slowed) * _before_objection(facility, since, rate)


def _before_objection(facility: Facility, since: Floats, rate: float) -> Floats:
    """Return the integral of learning(t) · exp(-rate · t) from the opening on [d]."""
    undisturbed = -np.expm1(-rate * since) / rate
    if facility.learning_days == 0.0:
        return undisturbed
    early = np.minimum(since, facility.learning_days)
    weight = -np.expm1(-rate * early) / rate
    moment = (weight - early * np.exp(-rate * early)) / rate
    lost = 1.0 - facility.learning_start_fraction
    return undisturbed - lost * (weight - moment / facility.learning_days)


def expected_pace(scenario: Scenario, facility: Facility, opened: float) -> Floats:
    """Return the mean expected pace of a facility in each period [1], shape (period,); 0 before it opens.

    Parameters
    ----------
    scenario, facility
        The facility of a scenario.
    opened
        Day on which it opens [d].
    """
    ordinal = np.array([date.toordinal() for date in scenario.period_dates], dtype=float)
    since = np.maximum(ordinal - ordinal[0] - opened, 0.0)
    open_days = np.diff(since)
    worth = np.diff(expected_days(facility, since))
    return np.divide(worth, open_days, out=np.zeros_like(worth), where=open_days > 0.0)
