"""F-N curves and the chance of a major explosion, from events made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from demilsim.experiments.ensemble import Ensemble, replicate
from demilsim.experiments.risk_measures import frequency_number, p_major_by_year
from demilsim.model.event_rate import Cause
from demilsim.planning.rules import DO_NOTHING
from demilsim.simulation.record import Event
from worlds import one_lot


def blast(day: float, killed: int, neq_kg: float = 20_000.0, kind: str = "explosion") -> Event:
    """Return an explosion at the only site."""
    return Event(day, kind, Cause.STORAGE, 0, 0, neq_kg=neq_kg, fatalities_workers=killed)  # type: ignore[arg-type]


@pytest.fixture
def ensemble() -> Ensemble:
    """Return four replications of two years: 3 dead with a chain, 1 dead, none dead, nothing."""
    quiet = replicate(one_lot(), [DO_NOTHING], 4, jobs=1)
    events = (
        (blast(100.0, 2, 6_000.0), blast(100.0, 1, 6_000.0, "propagated")),
        (blast(500.0, 1),),
        (blast(600.0, 0, 500.0),),
        (),
    )
    results = tuple(
        replace(result, events=own) for result, own in zip(quiet.results["do_nothing"], events, strict=True)
    )
    return replace(quiet, results={"do_nothing": results})


def test_frequency_number_by_hand(ensemble: Ensemble) -> None:
    """In 8 years there were 2 events with a death or more and 1 with three; a chain is one event."""
    curve = frequency_number(ensemble, "do_nothing")
    assert curve.deaths.tolist() == [1.0, 3.0]
    assert curve.per_year.tolist() == [2 / 8, 1 / 8]
    assert curve.worst_ratio == pytest.approx(3 / 8 / 0.01)


def test_frequency_number_of_a_site_without_events_is_empty(ensemble: Ensemble) -> None:
    """A site where nobody dies has no steps and no ratio."""
    curve = frequency_number(ensemble, "do_nothing", site=1)
    assert curve.deaths.size == 0
    assert curve.worst_ratio == 0.0


def test_major_explosion_by_year(ensemble: Ensemble) -> None:
    """One of four by the end of the first year (a chain of 12 t counts), two of four by the second."""
    assert [p.mean for p in p_major_by_year(ensemble, "do_nothing")] == [0.25, 0.5]
