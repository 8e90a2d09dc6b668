"""A key that is misspelt by one letter is met with the key that was meant."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from changes import append, swap
from demilsim.errors import ScenarioError
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.paths import UnknownPathError, parse_path
from demilsim.scenario.records import leaf_paths, to_record
from demilsim.scenario.register import shipped_register
from demilsim.scenario.schema import HarmWeights, Override
from demilsim.scenario.settings import Settings
from demilsim.scenario.starter import write_starter
from demilsim.scenario.tables import form_table
from demilsim.scenario.text import Tree

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SHARE = 0.95
SEED = 20261124
KINDS = ("table", "column", "setting", "path", "constant")


def misspelt(key: str, position: int, letter: str) -> dict[str, str]:
    """Return a key without a letter, with it twice, swapped with the next one, and replaced."""
    swapped = key[:position] + key[position + 1 : position + 2] + key[position] + key[position + 2 :]
    return {
        "deletion": key[:position] + key[position + 1 :],
        "doubling": key[: position + 1] + key[position:],
        "swap": swapped,
        "replacement": key[:position] + letter + key[position + 1 :],
    }


def spellings(key: str, known: set[str], positions: Iterator[int], rng: random.Random) -> Iterator[str]:
    """Yield the misspellings of a key at some letters that are no other key."""
    for position in positions:
        if key[position] in "_.":
            continue
        letter = rng.choice([one for one in LETTERS if one != key[position]])
        yield from (word for word in misspelt(key, position, letter).values() if word and word not in known)


def column_message(table: str, column: str, word: str) -> str:
    """Return what is said of a table in which one column is misspelt, all others being there."""
    layout = LAYOUT[table]
    header = [word if name == column else name for name in layout.columns]
    read = form_table(table, iter([(1, header)]), layout.needed, layout.allowed, [])
    return "\n".join(str(problem) for problem in read.problems)


def setting_message(owner: str, word: str) -> str:
    """Return what is said of a key of scenario.yaml, its weights or a constant's own keys."""
    given: Tree = {word: "1"}
    trees: dict[str, Tree] = {
        "": given,
        "harm_weights": {"harm_weights": given},
        "parameters": {"parameters": {"c": given}},
    }
    return "\n".join(finding.message for finding in to_record(Settings, trees[owner])[1])


def path_message(word: str) -> str:
    """Return what is said of a path on the command line."""
    try:
        parse_path(word)
    except UnknownPathError as unknown:
        return str(unknown)
    return ""


def keys() -> Iterator[tuple[str, str, str]]:
    """Yield the kind, the key and what else it belongs to, of every schema."""
    for table, layout in LAYOUT.items():
        yield "table", table, ""
        yield from (("column", column, table) for column in layout.columns)
    yield from (("setting", name, "") for name in (*Settings.model_fields, *Settings.BESIDE))
    yield from (("setting", name, "harm_weights") for name in HarmWeights.model_fields)
    yield from (("setting", name, "parameters") for name in Override.model_fields)
    yield from (("path", path, "") for path in leaf_paths(Settings))
    yield from (("constant", key, "") for key in shipped_register().entries)


def message(kind: str, key: str, owner: str, word: str) -> str:
    """Return what is said of one misspelling."""
    if kind == "column":
        return column_message(owner, key, word)
    if kind == "setting":
        return setting_message(owner, word)
    if kind == "table":
        return path_message(f"{word}[x].source")
    return path_message(f"parameters.{word}" if kind == "constant" else word)


def shares(every_letter: bool, kinds: tuple[str, ...] = KINDS) -> dict[str, tuple[int, int]]:
    """Return how many misspellings of each kind of key named the right one, and of how many."""
    rng = random.Random(SEED)
    found: dict[str, tuple[int, int]] = {}
    every = list(keys())
    for kind, key, owner in every:
        if kind not in kinds:
            continue
        known = {other for other_kind, other, its in every if (other_kind, its) == (kind, owner)}
        places = range(len(key)) if every_letter else [rng.randrange(len(key))]
        for word in spellings(key, known, iter(places), rng):
            right, of = found.get(kind, (0, 0))
            told = message(kind, key, owner, word)
            meant = f"parameters.{key}" if kind == "constant" else key
            found[kind] = right + (f"did you mean {meant}?" in told), of + 1
    return found


def test_most_misspelt_keys_name_the_right_one() -> None:
    """At one letter of each key of every schema, four ways to slip: at least 95% name the right key."""
    found = shares(every_letter=False)
    print({kind: f"{right}/{of}" for kind, (right, of) in found.items()})
    assert set(found) == set(KINDS)
    assert all(right >= SHARE * of for right, of in found.values())


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_most_keys_misspelt_at_any_letter_name_the_right_one(kind: str) -> None:
    """The same at every letter of every key."""
    right, of = shares(every_letter=True, kinds=(kind,))[kind]
    print(f"{kind}: {right}/{of} = {right / of:.2%}")
    assert right >= SHARE * of


def test_a_misspelt_file_names_the_right_one(tmp_path: Path) -> None:
    """Each table's file, misspelt, is met as well, with nothing else that is not its consequence."""
    rng = random.Random(SEED)
    for number, name in enumerate(("sites", "lots", "facility_rates", "funding")):
        folder = write_starter(f"s{number}", tmp_path)
        word = misspelt(name, rng.randrange(len(name)), "x")["replacement"]
        (folder / f"{name}.csv").rename(folder / f"{word}.csv")
        with pytest.raises(ScenarioError, match=rf"{word}\.csv: unknown table; did you mean {name}\.csv\?"):
            load_scenario(folder)


def test_what_is_said_here_is_what_a_file_gets(tmp_path: Path) -> None:
    """A column, a key and a constant misspelt in files give the messages that the shares count."""
    folder = write_starter("pilot", tmp_path)
    swap("scenario.yaml", "terminal_years:", "terminal_yaers:")(folder)
    swap("scenario.yaml", "transport.payload_t:", "transport.paylod_t:")(folder)
    swap("facilities.csv", "lead_time_days", "lead_tme_days")(folder)
    append("scenario.yaml", "variants:\n  v:\n    exteds: base\n    set:\n      seed: 2\n")(folder)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    told = str(caught.value)
    for meant in ("terminal_years", "transport.payload_t", "lead_time_days", "extends"):
        assert f"did you mean {meant}?" in told
    assert len(list(csv.reader(told.splitlines()))) == 5
