"""Every value of a scenario knows where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from changes import append, cell
from demilsim.scenario.loader import load_resolved, load_scenario
from demilsim.scenario.notes import borrowed_sources
from demilsim.scenario.origins import Given, Origin, origins
from demilsim.scenario.starter import write_starter

VARIANT = "variants:\n  v:\n    set:\n      funding[DONOR-2].amount_usd: 0.4 MUSD\n      period: month\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_starter("pilot", tmp_path)


@pytest.fixture
def found(folder: Path) -> dict[str, Origin]:
    """Origins of the starter with a variant and a value from the command line over it, by path."""
    append("scenario.yaml", VARIANT)(folder)
    cell("lots.csv", 3, "gross_mass_t", "180000 kg")(folder)
    resolved = load_resolved(f"{folder}@v", {"lots[L01].mass_sigma": "10 %", "horizon_years": "9"})
    return {one.path: one for one in origins(resolved)}


@pytest.mark.parametrize(
    ("path", "value", "given", "place", "written"),
    [
        ("settings.start", "2026-01-01", Given.SCENARIO, "scenario.yaml:9", ""),
        ("settings.period", "month", Given.VARIANT, "scenario.yaml:27", ""),
        ("settings.horizon_years", "9", Given.COMMAND_LINE, "--set", ""),
        ("settings.scrap_fund", "", Given.DEFAULT, "None", ""),
        ("lots[L02].gross_mass_t", "180", Given.SCENARIO, "lots.csv:3", "180000 kg"),
        ("lots[L01].mass_sigma", "0.1", Given.COMMAND_LINE, "--set", "10 %"),
        ("lots[L02].mass_sigma", "0", Given.DEFAULT, "None", ""),
        ("funding[DONOR-2].amount_usd", "400000", Given.VARIANT, "scenario.yaml:26", "0.4 MUSD"),
        ("facility_rates[KILN-B,mortar].scrap_usd_per_t", "0", Given.DEFAULT, "None", ""),
        ("routes[A,C].distance_km", "140", Given.SCENARIO, "routes.csv:3", ""),
        ("parameters.transport.payload_t", "10", Given.SCENARIO, "scenario.yaml:21", ""),
        ("parameters.transport.cost_usd_per_t_km", "0.5", Given.REGISTER, "None", ""),
    ],
)
def test_each_value_names_who_says_so(
    found: dict[str, Origin], path: str, value: str, given: Given, place: str, written: str
) -> None:
    """File and line, variant, command line, default and register are told apart."""
    one = found[path]
    assert (one.value, one.given, one.written) == (value, given, written)
    assert str(one.place).endswith(place)


def test_every_path_that_is_shown_can_be_set(folder: Path) -> None:
    """The scenario that is shown, set over itself value by value, is the same scenario to the hash."""
    resolved = load_resolved(folder)
    shown = {one.path: one.value for one in origins(resolved) if one.given is not Given.REGISTER}
    own = [path for path in shown if path.startswith("parameters.")]
    sets = {path: value for path, value in shown.items() if path not in own}
    assert len(sets) > 400
    assert load_scenario(folder, sets).sha256 == resolved.scenario.sha256


def test_a_number_without_a_source_of_its_own_is_said(folder: Path) -> None:
    """A number laid over a row that cites a derivation is noted, unless it brings its source."""
    path, source = "lots[L01].neq_kg", "lots[L01].source"
    noted = [(p, column) for _, p, column, _ in borrowed_sources(load_resolved(folder, {path: "47000"}))]
    assert [(str(place), column) for place, column in noted] == [("--set", "neq_kg")]
    assert not list(borrowed_sources(load_resolved(folder, {path: "47000", source: "A-EXAMPLE"})))
    assert not list(borrowed_sources(load_resolved(folder, {"routes[A,B].distance_km": "95"})))
