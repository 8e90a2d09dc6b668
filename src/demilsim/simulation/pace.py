"""Pace of one facility in one replication: learning after its opening, and objections of neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.model.pace import learned_days
from demilsim.scenario.schema import Facility
from demilsim.simulation.working_time import WorkingTime

LEARNING_STEPS = 24
"""Equal steps in which a learning curve is followed; what is done by the end of each is exact.

In between it is off by at most learning_days / (8 · 24²), 0.08 days of a year's learning.
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a facility works, over its full throughput.

    Parameters
    ----------
    facility
        Its row.
    opens
        Day from which it works [d].
    objection
        Day of the first objection [d]; infinite if none comes.
    """

    facility: Facility
    opens: float
    objection: float

    @property
    def is_full(self) -> bool:
        """Whether it works at full throughput from the beginning, and for ever."""
        learns = self.facility.learning_days > 0.0 and self.facility.learning_start_fraction < 1.0
        return self.objection == np.inf and not learns

    def slow(self, path: WorkingTime) -> WorkingTime:
        """Return the working time at this pace of a facility that has another one at full pace."""
        days = self.facility.learning_days
        if days:
            since = np.linspace(0.0, days, LEARNING_STEPS + 1)
            factors = np.diff(learned_days(self.facility, since)) * (LEARNING_STEPS / days)
            path = path.paced((self.opens + since).tolist(), factors.tolist())
        if self.objection < np.inf:
            end = max(path.days[-1], self.objection)
            path = path.slowed(self.objection, end, self.facility.objection_capacity_fraction)
        return path

    def known(self, day: float, end: float) -> float:
        """Return the mean pace over [day, end] as it can be known on `day` [1]."""
        begin = max(day - self.opens, 0.0)
        since = np.array([begin, max(end - self.opens, begin)])
        worth = float(np.diff(learned_days(self.facility, since))[0])
        mean = worth / float(since[1] - begin) if since[1] > begin else 1.0
        return mean * (self.facility.objection_capacity_fraction if self.objection <= day else 1.0)
