"""The evidence register: every constant of the model, with unit, range, source and confidence.

The numbers live in ``reference/parameters.csv``, ``natures.csv`` and ``methods.csv``; the classes here
give them typed names. A test checks that fields and rows match one to one. Coefficients of formulas stand
beside their formula in ``model/``; ``formulae.csv`` gives their evidence.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import Field

from demilsim.scenario.column_types import Fraction, Identifier, NonNegative, Positive
from demilsim.scenario.schema import HazardDivision, Override, Record

Confidence = Literal["read", "derived", "assumed"]

Distribution = Literal["triangular", "log-triangular", "uniform", "fixed"]
"""How low, value and high are read when a constant is drawn.

Triangular: least, most likely and greatest value. Log-triangular: the same of the logarithm, for scales
known within a factor. Uniform: anything from low to high alike. Fixed: always the value, as it is a
reference or a limit.
"""

ACCIDENT_RATE_DISTRIBUTION: Distribution = "log-triangular"
"""How the range of every method's accident rate is read."""


def weakest(confidences: Iterable[Confidence]) -> Confidence:
    """Return the weakest of at least one confidence: assumed, then derived, then read."""
    return max(confidences, key=("read", "derived", "assumed").index)


class Ageing(Record):
    """Stabiliser depletion and storehouse temperature (`model.ageing`)."""

    activation_energy_j_per_mol: Positive
    depletion_rate_per_year: Positive
    lot_factor_sigma: NonNegative
    swing_factor_earth_covered: NonNegative
    swing_factor_masonry: NonNegative
    swing_factor_sheet_metal: NonNegative
    swing_factor_open_stack: NonNegative
    zero_order_share: Fraction
    corrosion_doubling_years_earth_covered: Positive
    corrosion_doubling_years_masonry: Positive
    corrosion_doubling_years_sheet_metal: Positive
    corrosion_doubling_years_open_stack: Positive


class EventRate(Record):
    """Rates of unplanned explosion by cause (`model.event_rate`)."""

    storage_per_storehouse_year: NonNegative
    external_per_storehouse_year: NonNegative
    security_per_storehouse_year: NonNegative
    undetermined_per_storehouse_year: NonNegative
    rrpl_factor_0: NonNegative
    rrpl_factor_1: NonNegative
    rrpl_factor_2: NonNegative
    rrpl_factor_3: NonNegative
    external_factor_earth_covered: NonNegative
    external_factor_masonry: NonNegative
    external_factor_sheet_metal: NonNegative
    external_factor_open_stack: NonNegative
    lightning_protection_factor: Fraction
    ageing_per_t_year: NonNegative
    retest_level_fraction: Fraction
    destroy_level_fraction: Fraction
    ageing_factor_full: NonNegative
    ageing_factor_retest: NonNegative
    ageing_factor_destroy: NonNegative
    ageing_factor_none: NonNegative
    ageing_factor_without_propellant: NonNegative


class Consequence(Record):
    """Extent of an event and what it does to people and property (`model.consequence`, `timeline`)."""

    stack_neq_kg: Positive
    stack_share_ageing: Fraction
    stack_share_storage: Fraction
    stack_share_external: Fraction
    stack_share_security: Fraction
    stack_share_undetermined: Fraction
    storehouse_share_ageing: Fraction
    storehouse_share_storage: Fraction
    storehouse_share_external: Fraction
    storehouse_share_security: Fraction
    storehouse_share_undetermined: Fraction
    mass_share_projection: Fraction
    mass_share_mass_fire: Fraction
    mass_share_minor: Fraction
    prompt_share: Fraction
    cook_off_hours: Positive
    chain_delay_hours: Positive
    evacuation_hours_public: Positive
    evacuation_hours_workers: Positive
    day_share: Fraction
    outdoor_share_public: Fraction
    outdoor_share_workers: Fraction
    outdoor_lethality_factor: Fraction
    fragment_distance_m: Positive
    fragment_kill_share: Fraction
    fragment_neq_kg: Positive
    k_fireball: Positive
    responders_per_event: NonNegative
    responder_distance_m: Positive
    responders_caught_share: Fraction
    lethality_factor: NonNegative
    injury_share_glass: Annotated[Fraction, Field(gt=0)]
    injury_share_near: Annotated[Fraction, Field(gt=0)]
    debris_radius_m: NonNegative
    debris_injury_share: Fraction
    injuries_per_fire: NonNegative
    evacuation_radius_m: Positive
    evacuation_days: NonNegative
    property_usd_per_person: NonNegative
    cleanup_usd_per_t: NonNegative
    cleanup_years: NonNegative
    site_closure_days: NonNegative


class Propagation(Record):
    """From one storehouse to the next (`model.separation`)."""

    probability_touching: Fraction
    k_touching: Positive
    k_none_earth_covered: Positive
    k_none_masonry: Positive
    k_none_sheet_metal: Positive
    k_none_open_stack: Positive


class Destruction(Record):
    """Handling and processing accidents (`simulation.destruction`)."""

    stop_after_accident_days: NonNegative


class Transport(Record):
    """Convoys (`simulation.transport`)."""

    payload_t: Positive
    cost_usd_per_t_km: NonNegative
    accident_rate_per_vehicle_km: NonNegative
    accident_delay_days: NonNegative
    explosion_given_accident: Fraction
    fatalities_per_explosion: NonNegative
    injuries_per_fatality: NonNegative


class Diversion(Record):
    """Theft from storehouses (`model.diversion`)."""

    thefts_per_lot_year: NonNegative
    share_taken: Fraction
    guard_factor_0: NonNegative
    guard_factor_1: NonNegative
    guard_factor_2: NonNegative
    guard_factor_3: NonNegative
    attractiveness_grenades: NonNegative
    attractiveness_recoilless: NonNegative
    attractiveness_mines: NonNegative
    attractiveness_other: NonNegative


class Nature(Record):
    """Type and model of ammunition, as the model needs to know it."""

    nature_id: Identifier
    name: str
    category: Identifier
    hazard_division: HazardDivision
    compatibility_group: str
    propellant: bool
    neq_share_low: Fraction
    neq_share_high: Fraction
    source: str
    confidence: Confidence


class Method(Record):
    """A disposal method with the risk that it carries itself."""

    method_id: Identifier
    name: str
    accident_rate_per_t: NonNegative
    accident_rate_per_t_low: NonNegative
    accident_rate_per_t_high: NonNegative
    worker_fatalities_per_accident: NonNegative
    worker_injuries_per_accident: NonNegative
    source: str
    confidence: Confidence


class Entry(Record):
    """One constant with its evidence. `value` lies within [`low`, `high`]."""

    key: str
    value: float
    unit: str
    low: float
    high: float
    distribution: Distribution
    source: str
    confidence: Confidence


class FormulaConstant(Record):
    """A named number or array of `model`, whose value stands in the code beside its formula."""

    key: str
    unit: str
    source: str
    confidence: Confidence


@dataclass(frozen=True)
class Register:
    """All constants in use, as typed groups, and the evidence behind each.

    Parameters
    ----------
    entries
        By key ``group.field``; overridden ones carry the scenario's own source.
    """

    ageing: Ageing
    event_rate: EventRate
    consequence: Consequence
    propagation: Propagation
    destruction: Destruction
    transport: Transport
    diversion: Diversion
    natures: Mapping[str, Nature]
    methods: Mapping[str, Method]
    entries: Mapping[str, Entry]

    def overridden(
        self, overrides: Mapping[str, Override], sources: Mapping[str, Confidence] | None = None
    ) -> Register:
        """Return a register in which the scenario's own values replace the shipped ones.

        Parameters
        ----------
        overrides
            The scenario's own values by key.
        sources
            Confidence of each of the scenario's sources. An entry is as good as the weakest that it names.

        Returns
        -------
        Register
            The same constants; a range is widened where the scenario's own value lies outside it. A scale
            that the scenario sets to zero has no logarithm: its range is then read as triangular.
        """
        entries = dict(self.entries)
        for key, own in overrides.items():
            shipped = entries[key]
            named = [sources[name] for name in own.source if name in sources] if sources else []
            low = min(shipped.low, own.value)
            logarithmic = shipped.distribution == "log-triangular"
            entries[key] = shipped.model_copy(
                update={
                    "value": own.value,
                    "low": low,
                    "high": max(shipped.high, own.value),
                    "distribution": "triangular" if logarithmic and low <= 0.0 else shipped.distribution,
                    "source": ";".join(own.source),
                    "confidence": weakest(named) if named else shipped.confidence,
                }
            )
        return _assemble(entries, self.natures, self.methods)


GROUPS: dict[str, type[Record]] = {
    "ageing": Ageing,
    "event_rate": EventRate,
    "consequence": Consequence,
    "propagation": Propagation,
    "destruction": Destruction,
    "transport": Transport,
    "diversion": Diversion,
}


def _assemble(
    entries: Mapping[str, Entry], natures: Mapping[str, Nature], methods: Mapping[str, Method]
) -> Register:
    groups: dict[str, Any] = {
        name: group(**{field: entries[f"{name}.{field}"].value for field in group.model_fields})
        for name, group in GROUPS.items()
    }
    return Register(**groups, natures=natures, methods=methods, entries=entries)


def _rows(name: str) -> list[dict[str, str]]:
    text = files("demilsim.scenario").joinpath("reference", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def shipped_register() -> Register:
    """Return the register as shipped, read once."""
    entries = [Entry.model_validate(row) for row in _rows("parameters.csv")]
    natures = [Nature.model_validate(row) for row in _rows("natures.csv")]
    methods = [Method.model_validate(row) for row in _rows("methods.csv")]
    return _assemble(
        {e.key: e for e in entries},
        {n.nature_id: n for n in natures},
        {m.method_id: m for m in methods},
    )


@cache
def formula_constants() -> tuple[FormulaConstant, ...]:
    """Return the evidence of the numbers that stand beside their formula, read once."""
    return tuple(FormulaConstant.model_validate(row) for row in _rows("formulae.csv"))
