"""When a storehouse detonates, and who is still there: prompt or after a fire, by day or by night.

The time from the start of a fire to the detonation is exponential with mean `cook_off_hours`. People leave
at a constant rate, so that a share exp(-t / evacuation_hours) is still there after t hours; with an
exponential t of mean m the expected share is evacuation_hours / (evacuation_hours + m).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from demilsim.scenario.register import Consequence


@dataclass(frozen=True, slots=True)
class Moment:
    """Who is there when something detonates: expected shares for planning, realised ones in a replication.

    Parameters
    ----------
    day
        Probability that it is day [1]; 0 or 1 once drawn.
    public, workers
        Share of those usually there that has not left [1].
    responders
        Probability that responders are within reach [1]; 0 or 1 once drawn.
    """

    day: float
    public: float
    workers: float
    responders: float


@dataclass(frozen=True, slots=True)
class Fire:
    """One realised event that involves a whole storehouse.

    Parameters
    ----------
    day
        Whether it is day: 0 or 1.
    hours
        Time from its start to the detonation [h]; 0 if prompt.
    responders
        Whether responders are within reach when it detonates: 0 or 1.
    """

    day: float
    hours: float
    responders: float

    def root(self, parameters: Consequence) -> Moment:
        """Return the moment at which the storehouse where it began detonates."""
        return self._after(self.hours, self.responders, parameters)

    def chain(self, delay_hours: float, parameters: Consequence) -> Moment:
        """Return the moment at which another one detonates, later by a delay [h]; responders have left."""
        return self._after(self.hours + delay_hours, 0.0, parameters)

    def _after(self, hours: float, responders: float, p: Consequence) -> Moment:
        return Moment(
            day=self.day,
            public=math.exp(-hours / p.evacuation_hours_public),
            workers=math.exp(-hours / p.evacuation_hours_workers),
            responders=responders,
        )


def drawn_fire(parameters: Consequence, prompt: float, daytime: float, responders: float) -> Fire:
    """Return the event that three uniforms decide.

    Parameters
    ----------
    parameters
        Constants.
    prompt
        Below `prompt_share` the detonation is prompt; the rest of the range gives the time by inversion.
    daytime, responders
        Below `day_share` it is day; below `responders_caught_share` responders are within reach.
    """
    day = float(daytime < parameters.day_share)
    if prompt < parameters.prompt_share:
        return Fire(day, 0.0, 0.0)
    rank = (prompt - parameters.prompt_share) / (1.0 - parameters.prompt_share)
    hours = drawn_hours(rank, parameters.cook_off_hours)
    return Fire(day, hours, float(responders < parameters.responders_caught_share))


def drawn_hours(uniform: float, mean_hours: float) -> float:
    """Return an exponential time by inversion [h]; the uniform lies in [0, 1)."""
    return -mean_hours * math.log1p(-uniform)


def sudden(day: float) -> Moment:
    """Return the moment of a detonation without warning: nobody has left, no responder has come."""
    return Moment(day=day, public=1.0, workers=1.0, responders=0.0)


def mean_root(parameters: Consequence) -> Moment:
    """Return the expectation of `Fire.root`, prompt detonations included."""
    p = parameters
    late = 1.0 - p.prompt_share
    return Moment(
        day=p.day_share,
        public=p.prompt_share + late * _staying(p.evacuation_hours_public, p.cook_off_hours),
        workers=p.prompt_share + late * _staying(p.evacuation_hours_workers, p.cook_off_hours),
        responders=late * p.responders_caught_share,
    )


def mean_chain(parameters: Consequence) -> Moment:
    """Return the expectation of `Fire.chain` with an exponential delay of mean `chain_delay_hours`."""
    root, delay = mean_root(parameters), parameters.chain_delay_hours
    return Moment(
        day=root.day,
        public=root.public * _staying(parameters.evacuation_hours_public, delay),
        workers=root.workers * _staying(parameters.evacuation_hours_workers, delay),
        responders=0.0,
    )


def _staying(evacuation_hours: float, mean_hours: float) -> float:
    """Return the expected share still there after an exponential time [1]."""
    return evacuation_hours / (evacuation_hours + mean_hours)
