"""How severe are the storage explosions of the model, against those on record.

Question: could the documented ones have come from it?

Covers: counts of doing nothing, chains as one event, the record of Kazakhstan 2001-2021.
Scenario: the shipped one as it stands at its start. The record spans 21 years, so that a window is 21
replications of one year each: the stock neither ages nor is used up within it. Constants are those of the
register; what is not known about them is left out, so that the intervals are too narrow.

Run ``python experiments/severity.py --windows 2000``; it prints the table of docs/model.md, Validation.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.record import Event
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare

KAZAKHSTAN = Path(__file__).resolve().parent.parent / "scenarios" / "kazakhstan"
YEARS = 21
"""Length of the record, 2001 to 2021 [yr]."""

STORAGE_DEATHS, STORAGE_EVENTS, HANDLING_DEATHS = 15, 4, 4
"""Documented: Arys 2019 3, Taraz 2021 12, Tokrau 2001 0, border unit 2009 unknown.

At disposal sites 4: Arys 2009 2, Arys 2014 2.
"""

HANDLED_T = 125_000.0
"""Destroyed 2001-2021 [t]: middle of the 100,000 to 150,000 assumed for the accident rates of the methods."""

BY_HAND = ("open_detonation", "open_burning", "disassembly")
FIRST_REPLICATION = 5_000_000
"""Far from those that other studies use."""


@dataclass(frozen=True)
class Severity:
    """Explosions of a stack or more, chains as one event.

    Parameters
    ----------
    window
        Number of the window of each event, shape (event,).
    dead, dead_workers, injured, displaced
        [persons], shape (event,); workers include responders.
    windows
        Number of windows.
    """

    window: np.ndarray
    dead: np.ndarray
    dead_workers: np.ndarray
    injured: np.ndarray
    displaced: np.ndarray
    windows: int

    def per_window(self, values: np.ndarray) -> np.ndarray:
        """Return sums over the events of each window, shape (window,)."""
        return np.bincount(self.window, values, minlength=self.windows)

    @property
    def like_arys(self) -> np.ndarray:
        """Events with at least 3 dead and 20,000 displaced."""
        return (self.dead >= 3) & (self.displaced >= 20_000)

    @property
    def like_taraz(self) -> np.ndarray:
        """Events with at least 12 dead, most of them workers or responders."""
        return (self.dead >= 12) & (2 * self.dead_workers > self.dead)


def observe(scenario: Scenario, windows: int) -> Severity:
    """Return the explosions of doing nothing in windows of `YEARS` replications of one year each."""
    one_year = scenario.settings.model_copy(update={"horizon_years": 1})
    world = prepare(replace(scenario, settings=one_year, tranches=()))
    schedule = compile_plan(world, DO_NOTHING)
    evacuation_days = scenario.register.consequence.evacuation_days
    rows: list[tuple[float, ...]] = []
    for number in range(windows * YEARS):
        draws = draw(world, Streams(scenario.settings.seed, FIRST_REPLICATION + number))
        chains: dict[float, list[Event]] = defaultdict(list)
        for event in run(world, schedule, draws).events:
            if event.kind in ("explosion", "propagated"):
                chains[event.day].append(event)
        rows += [
            (
                number // YEARS,
                sum(e.fatalities for e in chain),
                sum(e.fatalities_workers for e in chain),
                sum(e.injuries for e in chain),
                sum(e.displaced_person_days for e in chain) / evacuation_days,
            )
            for chain in chains.values()
        ]
    window, *columns = np.array(rows, dtype=float).reshape(-1, 5).T
    return Severity(window.astype(np.int64), *columns, windows=windows)


def handling_deaths(scenario: Scenario, windows: int) -> np.ndarray:
    """Return deaths in processing over a window: Poisson accidents of Poisson deaths, shape (window,)."""
    rng = np.random.default_rng([scenario.settings.seed, FIRST_REPLICATION])
    methods = [scenario.methods[name] for name in BY_HAND]
    accidents = rng.poisson(HANDLED_T * np.mean([m.accident_rate_per_t for m in methods]), windows)
    return rng.poisson(accidents * np.mean([m.worker_fatalities_per_accident for m in methods]))


def table(found: Severity, handling: np.ndarray) -> list[str]:
    """Return the lines of a Markdown table."""
    events, deaths = found.per_window(np.ones(found.dead.size)), found.per_window(found.dead)
    rows = [
        ("events of a stack or more in 21 years", _interval(events), f"{STORAGE_EVENTS}"),
        ("deaths per event", f"{found.dead.mean():.2f}", "3.75 to 5 (15 over 3 or 4)"),
        ("injured per event", f"{found.injured.mean():.1f}", "77, 90"),
        ("injured per dead", f"{found.injured.sum() / found.dead.sum():.1f}", "26, 7.5 (8.5 Arys 2009)"),
        ("share of events without deaths", f"{np.mean(found.dead == 0):.0%}", "1 of 3"),
        ("share of events with 10 dead or more", f"{np.mean(found.dead >= 10):.1%}", "1 of 3"),
        ("chance of one like Arys 2019 in 21 years", _chance(found, found.like_arys), "1 seen"),
        ("chance of one like Taraz 2021 in 21 years", _chance(found, found.like_taraz), "1 seen"),
        ("deaths in storage events in 21 years", _interval(deaths), f"{STORAGE_DEATHS}"),
        ("windows with as many deaths or more", f"{np.mean(deaths >= STORAGE_DEATHS):.0%}", "-"),
        ("injured in storage events in 21 years", _interval(found.per_window(found.injured)), "167"),
        ("deaths in handling in 21 years", _interval(handling), f"{HANDLING_DEATHS}"),
    ]
    return [
        f"| {found.windows:,} windows of {YEARS} years, do nothing | model | documented |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def inside(found: Severity) -> bool:
    """Return whether the documented deaths lie within the central 90% of the windows."""
    low, high = np.quantile(found.per_window(found.dead), [0.05, 0.95])
    return bool(low <= STORAGE_DEATHS <= high)


def _interval(values: np.ndarray) -> str:
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return f"mean {values.mean():.1f}, median {middle:.0f}, 90% {low:.0f} to {high:.0f}"


def _chance(found: Severity, chosen: np.ndarray) -> str:
    return f"{np.mean(found.per_window(chosen.astype(float)) > 0):.1%}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--windows", type=int, default=2_000)
    parser.add_argument("--scenario", type=Path, default=KAZAKHSTAN)
    options = parser.parse_args(arguments)
    scenario = load_scenario(options.scenario)
    found = observe(scenario, options.windows)
    print("\n".join(table(found, handling_deaths(scenario, options.windows))))
    verdict = "within" if inside(found) else "OUTSIDE"
    print(f"\nThe documented {STORAGE_DEATHS} deaths lie {verdict} the model's central 90%.")


if __name__ == "__main__":
    main()
