"""Characters that look like others are named, and read only where they can mean one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from changes import Change, cell, swap
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_resolved, load_scenario
from demilsim.scenario.lookalikes import folded, odd_characters
from demilsim.scenario.starter import write_starter

CYRILLIC_A, NO_BREAK, MINUS = "\u0410", "\u00a0", "\u2212"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("180 t", ""),
        ("-3 °C", ""),
        ("180 т", "; т is Cyrillic, not a Latin t"),
        ("180 к\u0433", "; к is Cyrillic, not a Latin k; \u0433 is Cyrillic"),
        (f"{CYRILLIC_A}1", f"; {CYRILLIC_A} is Cyrillic, not a Latin A"),
        (f"{MINUS}1", f"; {MINUS} is a minus sign, U+2212, not -"),
        ("1\u20135", "; \u2013 is an en dash, U+2013, not -"),
        (f"A{NO_BREAK}1", "; there is a no-break space in it, U+00A0"),
        ("A\u200b1", "; there is a zero width space in it, U+200B"),
        ("\uff11", "; \uff11 is a fullwidth digit one, U+FF11, not 1"),
        ("Склад 1", "; letters in it are Cyrillic, not Latin"),
        ("много", ""),
        ("Łódź 1", ""),
    ],
)
def test_what_is_not_what_it_looks_like_is_named(text: str, told: str) -> None:
    """Letters, dashes, digits and spaces of other sorts; words that are plainly in another script are not."""
    assert odd_characters(text) == told


def test_plain_characters_take_the_place_of_lookalikes() -> None:
    """What is meant can be shown, so that it can be copied."""
    assert folded(f"{MINUS}1{NO_BREAK}ºС") == "-1 °C"
    assert folded("plain") == "plain"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            cell("lots.csv", 3, "gross_mass_t", "180 т"),
            [
                "lots.csv:3: gross_mass_t: expected a number in plain characters (got '180 т'; т is "
                "Cyrillic, not a Latin t); write 180 t"
            ],
        ),
        (
            cell("lots.csv", 3, "gross_mass_t", "180 к\u0433"),
            [
                "lots.csv:3: gross_mass_t: expected a number of t, alone or followed by kg, g, t, kt or lb "
                "(got '180 к\u0433'; к is Cyrillic, not a Latin k; \u0433 is Cyrillic)"
            ],
        ),
        (
            cell("sites.csv", 2, "temperature_jan_c", f"{MINUS}1"),
            [
                f"sites.csv:2: temperature_jan_c: expected a number in plain characters (got "
                f"'{MINUS}1'; {MINUS} is a minus sign, U+2212, not -); write -1"
            ],
        ),
        (
            swap("lots.csv", "neq_kg", "n\u0435q_kg"),
            [
                "lots.csv:1: n\u0435q_kg: unknown column; \u0435 is Cyrillic, not a Latin e; did you "
                "mean neq_kg?",
                "lots.csv:1: neq_kg: missing column",
            ],
        ),
        (
            cell("storehouses.csv", 2, "storehouse_id", f"{CYRILLIC_A}1"),
            [
                "storehouses.csv:2: storehouse_id: expected Latin letters, digits and . _ - only, a letter "
                f"or digit first (got '{CYRILLIC_A}1'; {CYRILLIC_A} is Cyrillic, not a Latin A)"
            ],
        ),
    ],
)
def test_a_message_says_which_character_it_is(change: Change, told: list[str], tmp_path: Path) -> None:
    """In numbers, units, headings and ids; an id that only looks right is told once, not for each lot."""
    folder = write_starter("pilot", tmp_path)
    change(folder)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    seen = [str(p).removeprefix(f"{folder}/") for p in caught.value.problems]
    assert sorted(seen) == sorted(told)


@pytest.mark.parametrize("space", [NO_BREAK, "\u202f", "\u2009"])
def test_any_space_before_a_unit_is_a_space(space: str, tmp_path: Path) -> None:
    """A number with its unit means one thing, whatever keeps the two on a line."""
    folder = write_starter("pilot", tmp_path)
    cell("lots.csv", 3, "gross_mass_t", f"180000{space}kg")(folder)
    resolved = load_resolved(folder)
    assert resolved.scenario.lots[1].gross_mass_t == 180.0
    assert [one.value for _, one in resolved.understood] == ["180 t"]
