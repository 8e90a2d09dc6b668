"""Draws of the constants that are not known, and scenarios in which they are replaced.

Draw k depends on the seed and k alone: it is the same for every plan, any number of draws and any number of
worker processes. Draws are quasi-random, points of scrambled Sobol sequences: even over the ranges, so that
means over few draws are closer than those of independent ones. Points of one sequence depend on each other;
`scrambled_draws` deals from several sequences, independent of each other, between which errors can be judged.
Constants are drawn by their range and distribution in the register. The rates of the five
causes of storage events are not: they are set so that events per year at the start, by cause, are those of
the register as given times a multiplier from the documented record (`model.calibration`). What is drawn for
the factors on these rates then moves events between storehouses and over time, not their number at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from demilsim.model.ageing import ageing_profile
from demilsim.model.calibration import CALIBRATED, STORAGE_CAUSES, Calibration, calibrate
from demilsim.model.event_rate import BASE_CAUSES, Cause, base_event_rate_per_year
from demilsim.model.harm import lot_masses_t
from demilsim.plan import Floats
from demilsim.scenario.events import documented_events
from demilsim.scenario.register import ACCIDENT_RATE_DISTRIBUTION, Distribution, Register
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Override

RATE_KEYS: Mapping[str, Cause] = {
    "event_rate.ageing_per_t_year": Cause.AGEING,
    "event_rate.storage_per_storehouse_year": Cause.STORAGE,
    "event_rate.external_per_storehouse_year": Cause.EXTERNAL,
    "event_rate.security_per_storehouse_year": Cause.SECURITY,
    "event_rate.undetermined_per_storehouse_year": Cause.UNDETERMINED,
}
"""Constants that the record calibrates."""

SOBOL_WORD = 0x534F42
"""Told to the generator with the seed, so that the sequence has nothing in common with other draws."""

SCRAMBLINGS = 4
"""Independent sequences from which draws are dealt: enough for an interval, with eight points each of 32."""

DRAWN = ("parameter-draw",)
"""Source of a constant that was replaced."""

HIGHEST_LEVEL_SHARE = 0.99
"""The destroy level stays below this share of the retest level [1]."""

LEAST_PROPAGATION_RATIO = 1.01
"""A limit of no propagation stays above the limit of touching by this ratio [1]."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A constant that is not known.

    Parameters
    ----------
    key
        As in the register; ``method.<id>.accident_rate_per_t`` for a method's accident rate.
    value, low, high
        In the constant's unit.
    distribution
        How the range is read.
    """

    key: str
    value: float
    low: float
    high: float
    distribution: Distribution

    def quantile(self, share: Floats) -> Floats:
        """Return quantiles of the constant, for shares in (0, 1) of any shape; within [low, high]."""
        if self.distribution == "uniform":
            return self.low + share * (self.high - self.low)
        if self.distribution == "log-triangular":
            low, mode, high = np.log([self.low, self.value, self.high])
            return np.clip(np.exp(_triangular(share, low, mode, high)), self.low, self.high)
        return np.clip(_triangular(share, self.low, self.value, self.high), self.low, self.high)


def _triangular(share: Floats, low: float, mode: float, high: float) -> Floats:
    width = high - low
    left = low + np.sqrt(share * width * (mode - low))
    right = high - np.sqrt((1.0 - share) * width * (high - mode))
    return np.where(share * width < mode - low, left, right)


@dataclass(frozen=True)
class ParameterDraw:
    """One draw.

    Parameters
    ----------
    values
        By key, of constants that are drawn by their range.
    level
        Multiplier of the events per year at the start by each cause [1]; `Cause.HANDLING` multiplies all
        methods' accident rates. 1 where absent.
    """

    values: Mapping[str, float]
    level: Mapping[Cause, float]


def method_key(method_id: str) -> str:
    """Return the key of a method's accident rate."""
    return f"method.{method_id}.accident_rate_per_t"


def uncertain_constants(scenario: Scenario) -> tuple[Uncertain, ...]:
    """Return all constants whose range has a width, those of methods in use last."""
    rows = [
        Uncertain(entry.key, entry.value, entry.low, entry.high, entry.distribution)
        for entry in scenario.register.entries.values()
    ]
    used = {facility.method_id for facility in scenario.facilities}
    rows += [
        Uncertain(
            method_key(method.method_id),
            method.accident_rate_per_t,
            method.accident_rate_per_t_low,
            method.accident_rate_per_t_high,
            ACCIDENT_RATE_DISTRIBUTION if method.accident_rate_per_t_low > 0.0 else "triangular",
        )
        for method in scenario.methods.values()
        if method.method_id in used
    ]
    return tuple(row for row in rows if row.low < row.high and row.distribution != "fixed")


def calibrated_causes(scenario: Scenario) -> frozenset[Cause]:
    """Return the causes whose rate the record calibrates: all that the scenario has no own rate for."""
    own = {RATE_KEYS[key] for key in RATE_KEYS if key in scenario.settings.parameters}
    return frozenset(CALIBRATED) - own


def parameter_draws(
    scenario: Scenario,
    count: int,
    seed: int,
    calibration: Calibration | None = None,
    scrambling: int = 0,
) -> tuple[ParameterDraw, ...]:
    """Return draws of all that is not known, points of one scrambled Sobol sequence.

    Parameters
    ----------
    scenario
        The scenario; what it overrides is drawn in its own range.
    count
        How many, >= 1.
    seed
        Root seed.
    calibration
        What the record says; by default the shipped one.
    scrambling
        Number of the sequence; those of different numbers are independent.

    References
    ----------
    Owen 1997, doi:10.1214/aos/1031594731.
    """
    # SciPy's statistics take a second to import, and most commands draw nothing.
    from scipy.stats import qmc

    calibration = calibration or calibrate(documented_events())
    words = [seed, SOBOL_WORD, scrambling] if scrambling else [seed, SOBOL_WORD]
    sequence = qmc.Sobol(dimensions(scenario, calibration), scramble=True, seed=np.random.default_rng(words))
    shares = sequence.random_base2(max(count - 1, 0).bit_length())[:count]
    return draws_at(scenario, shares, calibration)


def scrambled_draws(scenario: Scenario, count: int, seed: int) -> tuple[ParameterDraw, ...]:
    """Return draws dealt in turn from `SCRAMBLINGS` independent sequences.

    Draw k is from sequence k % `SCRAMBLINGS`.

    Parameters
    ----------
    scenario, count, seed
        As in `parameter_draws`.
    """
    calibration = calibrate(documented_events())
    each = -(-count // SCRAMBLINGS)
    hands = [parameter_draws(scenario, each, seed, calibration, number) for number in range(SCRAMBLINGS)]
    return tuple(hands[k % SCRAMBLINGS][k // SCRAMBLINGS] for k in range(count))


def dimensions(scenario: Scenario, calibration: Calibration) -> int:
    """Return how many independent shares a draw is made from."""
    return calibration.dimensions + len(drawn_by_range(scenario))


def draws_at(
    scenario: Scenario, shares: Floats, calibration: Calibration | None = None
) -> tuple[ParameterDraw, ...]:
    """Return draws at points of the unit cube.

    Parameters
    ----------
    scenario
        The scenario.
    shares
        In [0, 1), shape (draw, `dimensions`). The first are for the levels of events, on which most depends:
        the first dimensions of a Sobol sequence are its most even ones. The others go through the constants'
        quantile functions.
    calibration
        As in `parameter_draws`.
    """
    calibration = calibration or calibrate(documented_events())
    drawn, own = drawn_by_range(scenario), shares[:, calibration.dimensions :]
    columns = {row.key: row.quantile(own[:, i]).tolist() for i, row in enumerate(drawn)}
    levels = calibration.draw_at(shares[:, : calibration.dimensions])
    causes = calibrated_causes(scenario)
    return tuple(
        ParameterDraw(
            {key: column[k] for key, column in columns.items()},
            {cause: float(levels[k, i]) for i, cause in enumerate(CALIBRATED) if cause in causes},
        )
        for k in range(len(shares))
    )


def drawn_by_range(scenario: Scenario) -> list[Uncertain]:
    """Return the constants that are drawn in their range: all but rates that the record calibrates."""
    causes = calibrated_causes(scenario)
    return [row for row in uncertain_constants(scenario) if RATE_KEYS.get(row.key) not in causes]


def with_parameters(scenario: Scenario, draw: ParameterDraw) -> Scenario:
    """Return the scenario with the constants of a draw.

    What a draw would leave without meaning is clipped: the share of storehouses to what stacks leave, the
    destroy level below the retest level, limits of propagation above the limit of touching.

    Parameters
    ----------
    scenario
        The scenario as given.
    draw
        Constants that are absent keep their value.
    """
    values = {key: value for key, value in draw.values.items() if not key.startswith("method.")}
    register = _overridden(scenario.register, _repaired(scenario.register, values))
    changed = replace(scenario, register=_with_methods(register, draw))
    causes = calibrated_causes(scenario) - {Cause.HANDLING}
    kept = dict.fromkeys(STORAGE_CAUSES, 1.0)
    if any(key.startswith(("ageing.", "event_rate.")) for key in values):
        given, found = start_events_per_year(scenario), start_events_per_year(changed)
        kept = {cause: given[cause] / found[cause] for cause in STORAGE_CAUSES if found[cause] > 0.0}
    rates = {
        key: register.entries[key].value * kept[cause] * draw.level.get(cause, 1.0)
        for key, cause in RATE_KEYS.items()
        if cause in causes and cause in kept
    }
    return replace(changed, register=_overridden(changed.register, rates))


def _overridden(register: Register, values: Mapping[str, float]) -> Register:
    return register.overridden({key: Override(value=v, source=DRAWN) for key, v in values.items()})


def _with_methods(register: Register, draw: ParameterDraw) -> Register:
    level = draw.level.get(Cause.HANDLING, 1.0)
    methods = {
        method_id: method.model_copy(
            update={
                "accident_rate_per_t": level
                * draw.values.get(method_key(method_id), method.accident_rate_per_t)
            }
        )
        for method_id, method in register.methods.items()
    }
    return replace(register, methods=methods)


def _repaired(register: Register, values: dict[str, float]) -> dict[str, float]:
    """Return values with whatever must be clipped clipped."""

    def now(key: str) -> float:
        return values.get(key, register.entries[key].value)

    repaired = dict(values)
    for cause in STORAGE_CAUSES:
        room = 1.0 - now(f"consequence.stack_share_{cause}")
        if now(f"consequence.storehouse_share_{cause}") > room:
            repaired[f"consequence.storehouse_share_{cause}"] = room
    highest = HIGHEST_LEVEL_SHARE * now("event_rate.retest_level_fraction")
    if now("event_rate.destroy_level_fraction") > highest:
        repaired["event_rate.destroy_level_fraction"] = highest
    least = LEAST_PROPAGATION_RATIO * now("propagation.k_touching")
    for key in register.entries:
        if key.startswith("propagation.k_none_") and now(key) < least:
            repaired[key] = least
    return repaired


def start_events_per_year(scenario: Scenario) -> dict[Cause, float]:
    """Return the scenario's events per year at its start by each cause of storage events [1/yr]."""
    first_year = replace(scenario, settings=scenario.settings.model_copy(update={"horizon_years": 1}))
    ageing = ageing_profile(first_year).mean_rate_per_t_year()[0] @ lot_masses_t(scenario)
    stocked = {lot.storehouse_id for lot in scenario.lots}
    held = np.array([house.storehouse_id in stocked for house in scenario.storehouses])
    base = base_event_rate_per_year(scenario)[held].sum(axis=0)
    return {Cause.AGEING: float(ageing), **dict(zip(BASE_CAUSES, base.tolist(), strict=True))}
