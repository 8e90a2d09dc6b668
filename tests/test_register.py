from __future__ import annotations

import csv
import math
import re
from importlib.resources import files
from itertools import pairwise

import pytest

from demilsim.scenario.register import GROUPS, Register, shipped_register, weakest
from demilsim.scenario.schema import Construction, HazardDivision, Override

REGISTER = shipped_register()
ENTRIES = REGISTER.entries
CONFIDENCES = {"read", "derived", "assumed"}
UNIT_OF_SUFFIX = {
    "_j_per_mol": "J/mol", "_per_t_year": "1/(t yr)", "_per_year": "1/yr", "_per_storehouse_year": "1/yr",
    "_usd_per_t": "USD/t", "_usd_per_t_km": "USD/(t km)", "_usd_per_person": "USD", "_per_vehicle_km": "1/km",
    "_kg": "kg", "_m": "m", "_days": "d", "_hours": "h", "_years": "yr", "_t": "t",
    "_fraction": "1", "_sigma": "1",
}  # fmt: skip
UNIT_BY_PATTERN = {
    r"k_(touching|none_\w+)": "m/kg^(1/3)", r"\w*(share|factor)(_\w+)?": "1", r"probability_\w+": "1",
    r"explosion_given_accident": "1", r"(responders|fatalities)_per_(event|explosion)": "persons",
    r"injuries_per_fatality": "1", r"corrosion_doubling_years_\w+": "yr",
    r"attractiveness_\w+": "1",
    r"thefts_per_lot_year": "1/yr", r"injuries_per_fire": "persons", r"k_fireball": "m/kg^(1/3)",
    r"evacuation_hours_\w+": "h",
}  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a reference table as they stand in the file."""
    text = files("demilsim.scenario").joinpath("reference", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def own(value: float, *source: str) -> Override:
    """Return a scenario's own value."""
    return Override(value=value, source=source or ("S-1",))


def test_fields_and_rows_match_one_to_one() -> None:
    """Every typed field has one row of the file, and every row a field that holds its value."""
    keys = [row["key"] for row in rows("parameters.csv")]
    fields = [f"{name}.{field}" for name, group in GROUPS.items() for field in group.model_fields]
    assert len(keys) == len(set(keys))
    assert sorted(keys) == sorted(fields)
    for row in rows("parameters.csv"):
        group, field = row["key"].split(".")
        assert getattr(getattr(REGISTER, group), field) == float(row["value"])


def test_every_group_is_in_the_register() -> None:
    """Groups of constants and attributes of the register have the same names."""
    assert set(GROUPS) == set(Register.__dataclass_fields__) - {"entries", "natures", "methods"}


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_every_entry_has_its_evidence(key: str) -> None:
    """An entry has unit, source, confidence, and a range that holds its value."""
    entry = ENTRIES[key]
    assert entry.low <= entry.value <= entry.high
    assert entry.unit
    assert len(entry.source) > 20
    assert entry.confidence in CONFIDENCES
    if entry.source.startswith("assumption"):
        assert entry.confidence == "assumed"
    if entry.source.startswith("derived"):
        assert entry.confidence == "derived"


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_every_range_can_be_drawn_from(key: str) -> None:
    """A logarithm needs a positive range of a factor of 3 or more; what is fixed has no range."""
    entry = ENTRIES[key]
    share = re.search(r"share|fraction|probability|swing_factor", key.split(".")[1])
    wide = entry.low > 0.0 and entry.high / entry.low >= 3.0 - 1e-9
    if entry.low == entry.high:
        assert entry.distribution == "fixed"
    elif wide and not share:
        assert entry.distribution == "log-triangular"
    else:
        assert entry.distribution == "triangular"


def test_unit_defining_constants_are_fixed() -> None:
    """The references of the factors are never drawn, and neither are others."""
    fixed = {key for key, entry in ENTRIES.items() if entry.distribution == "fixed"}
    assert fixed == {
        "event_rate.rrpl_factor_1", "event_rate.external_factor_masonry", "event_rate.ageing_factor_retest",
        "diversion.guard_factor_1",
    }  # fmt: skip


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_unit_is_the_one_in_the_name(key: str) -> None:
    """Unit and name of an entry agree."""
    name = key.split(".")[1]
    by_suffix = [s for s in UNIT_OF_SUFFIX if name.endswith(s)]
    by_pattern = [unit for pattern, unit in UNIT_BY_PATTERN.items() if re.fullmatch(pattern, name)]
    expected = UNIT_OF_SUFFIX[max(by_suffix, key=len)] if by_suffix else by_pattern[0]
    assert ENTRIES[key].unit == expected


def test_derived_constants_follow_from_their_sources() -> None:
    """The arithmetic that the sources give leads to the values in use."""
    assert REGISTER.ageing.depletion_rate_per_year == pytest.approx(math.log(2.0) / 25.0, rel=0.02)
    injured, dead = 77 + 90 + 17, 3 + 12 + 2
    assert REGISTER.transport.injuries_per_fatality == pytest.approx(injured / dead, rel=0.01)
    assert REGISTER.consequence.cleanup_usd_per_t == pytest.approx(14.5e6 / 3085.0, rel=0.01)


@pytest.mark.parametrize("cause", ["ageing", "storage", "external", "security", "undetermined"])
def test_extents_are_probabilities_over_the_whole_range(cause: str) -> None:
    """Shares of stack and storehouse leave room for single items, at the ends of their ranges too."""
    stack, whole = (ENTRIES[f"consequence.{extent}_share_{cause}"] for extent in ("stack", "storehouse"))
    assert stack.value + whole.value < 1.0
    assert stack.high + whole.high <= 1.0


def test_levels_and_limits_stay_in_order_over_the_whole_range() -> None:
    """Action levels, ageing factors and propagation limits never cross within their ranges."""
    assert ENTRIES["event_rate.destroy_level_fraction"].low > 0.0
    assert ENTRIES["event_rate.destroy_level_fraction"].high < ENTRIES["event_rate.retest_level_fraction"].low
    assert ENTRIES["event_rate.retest_level_fraction"].high < 1.0
    factors = [
        ENTRIES[f"event_rate.ageing_factor_{level}"] for level in ("full", "retest", "destroy", "none")
    ]
    assert all(a.high <= b.low for a, b in pairwise(factors))
    for construction in Construction:
        limit = ENTRIES[f"propagation.k_none_{construction.value}"]
        assert limit.low > ENTRIES["propagation.k_touching"].high


def test_better_practice_is_never_riskier() -> None:
    """Factors fall with the process level, and earth is the best protection."""
    levels = [ENTRIES[f"event_rate.rrpl_factor_{level}"].value for level in range(4)]
    assert levels == sorted(levels, reverse=True)
    assert len(set(levels)) == 4
    for name in ("ageing.swing_factor", "event_rate.external_factor", "propagation.k_none"):
        by_construction = {c: ENTRIES[f"{name}_{c.value}"].value for c in Construction}
        assert min(by_construction, key=by_construction.__getitem__) is Construction.EARTH_COVERED
    years = {c: ENTRIES[f"ageing.corrosion_doubling_years_{c.value}"].value for c in Construction}
    assert min(years, key=years.__getitem__) is Construction.OPEN_STACK


def test_natures_cover_the_categories() -> None:
    """The natures fall into these categories, and every division is held by some nature."""
    categories = {nature.category for nature in REGISTER.natures.values()}
    assert categories == {
        "small_arms", "medium_calibre", "mortar", "artillery", "tank_gun", "recoilless", "rockets",
        "grenades", "mines", "aircraft_bombs", "propellant", "pyrotechnics",
    }  # fmt: skip
    assert {nature.hazard_division for nature in REGISTER.natures.values()} == set(HazardDivision)


def test_natures_are_consistent() -> None:
    """Shares have an order, ids are keys, and compatibility group S goes with HD 1.4 and only with it."""
    assert len(REGISTER.natures) == len(rows("natures.csv"))
    for nature_id, nature in REGISTER.natures.items():
        assert nature.nature_id == nature_id
        assert 0.0 < nature.neq_share_low < nature.neq_share_high <= 1.0
        assert re.fullmatch("[A-LNS]", nature.compatibility_group)
        assert (nature.compatibility_group == "S") == (nature.hazard_division is HazardDivision.MINOR)
        assert nature.source


def test_neq_shares_are_those_of_the_fact_sheet() -> None:
    """Shares of gross mass are the recollected ranges by category."""
    published = {
        "small_arms": (0.05, 0.10), "mortar": (0.10, 0.20), "artillery": (0.15, 0.25),
        "rockets": (0.25, 0.40), "grenades": (0.15, 0.25), "mines": (0.40, 0.70),
        "aircraft_bombs": (0.40, 0.60), "propellant": (0.70, 0.90), "pyrotechnics": (0.10, 0.30),
    }  # fmt: skip
    for nature in REGISTER.natures.values():
        if nature.category in published:
            assert (nature.neq_share_low, nature.neq_share_high) == published[nature.category]


def test_methods_carry_a_range_of_accidents() -> None:
    """Each method's accident rate lies in its range; remote work is safer than work by hand."""
    assert len(REGISTER.methods) == len(rows("methods.csv"))
    for method_id, method in REGISTER.methods.items():
        assert method.method_id == method_id
        assert 0.0 < method.accident_rate_per_t_low <= method.accident_rate_per_t
        assert method.accident_rate_per_t <= method.accident_rate_per_t_high
        assert method.source
    deaths = {
        k: m.accident_rate_per_t * m.worker_fatalities_per_accident for k, m in REGISTER.methods.items()
    }
    by_hand = {"open_detonation", "open_burning", "disassembly"}
    remote = {"rotary_kiln", "contained_detonation"}
    assert deaths.keys() == by_hand | remote
    assert max(deaths[k] for k in remote) < min(deaths[k] for k in by_hand)


def test_override_replaces_value_and_source() -> None:
    """The scenario's value is in use and its sources are named; all else stays as shipped."""
    key = "transport.cost_usd_per_t_km"
    register = REGISTER.overridden({key: own(0.8, "S-1", "S-2")})
    assert register.transport.cost_usd_per_t_km == 0.8
    assert register.entries[key].source == "S-1;S-2"
    assert (register.entries[key].low, register.entries[key].high) == (0.2, 1.0)
    assert {k: v for k, v in register.entries.items() if k != key} == {
        k: v for k, v in ENTRIES.items() if k != key
    }
    assert REGISTER.transport.cost_usd_per_t_km == 0.5


@pytest.mark.parametrize(("value", "low", "high"), [(0.05, 0.05, 1.0), (7.0, 0.2, 7.0), (0.2, 0.2, 1.0)])
def test_override_outside_the_range_widens_it(value: float, low: float, high: float) -> None:
    """The range of an entry always holds the value in use."""
    entry = REGISTER.overridden({"transport.cost_usd_per_t_km": own(value)}).entries[
        "transport.cost_usd_per_t_km"
    ]
    assert (entry.low, entry.value, entry.high) == (low, value, high)


def test_override_of_a_scale_to_zero_is_no_longer_logarithmic() -> None:
    """A rate that a scenario sets to zero has a range without logarithm; others keep their reading."""
    key = "event_rate.storage_per_storehouse_year"
    assert ENTRIES[key].distribution == "log-triangular"
    assert REGISTER.overridden({key: own(0.0)}).entries[key].distribution == "triangular"
    assert REGISTER.overridden({key: own(1e-6)}).entries[key].distribution == "log-triangular"
    reference = "event_rate.rrpl_factor_1"
    assert REGISTER.overridden({reference: own(2.0)}).entries[reference].distribution == "fixed"


@pytest.mark.parametrize(
    ("sources", "confidence"),
    [
        ({"S-1": "read", "S-2": "read"}, "read"),
        ({"S-1": "read", "S-2": "derived"}, "derived"),
        ({"S-1": "assumed", "S-2": "read"}, "assumed"),
        ({"S-9": "read"}, "assumed"),
        (None, "assumed"),
    ],
)
def test_override_is_as_good_as_its_weakest_source(sources: dict[str, str] | None, confidence: str) -> None:
    """Confidence comes from the weakest source that is named; without any it stays as shipped."""
    register = REGISTER.overridden({"transport.payload_t": own(13.0, "S-1", "S-2")}, sources)
    assert register.entries["transport.payload_t"].confidence == confidence


def test_weakest_confidence() -> None:
    """Assumed is weaker than derived, and derived than read."""
    assert weakest(["read", "derived", "read"]) == "derived"
    assert weakest(["derived", "assumed", "read"]) == "assumed"
    assert weakest(["read"]) == "read"


def test_override_that_is_impossible_is_refused() -> None:
    """A probability above one does not get into the register."""
    with pytest.raises(ValueError, match="less than or equal to 1"):
        REGISTER.overridden({"consequence.prompt_share": own(1.5)})
