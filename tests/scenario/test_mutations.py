"""Shipped scenarios broken at random: each is refused with a place, or accepted; nothing else happens."""

from __future__ import annotations

import csv
import io
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from changes import append
from demilsim.errors import Problem, ScenarioError
from demilsim.scenario import folder, resolve
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from demilsim.scenario.tables import TextTable
from hostile import HOSTILE

FAST, SOAK, BLOCK = 500, 100_000, 500
REMEMBERED = 400
"""Tables that are kept while mutations go on."""

SEED = 20261124
SHIPPED = Path(__file__).parents[2] / "scenarios"
# Of every hundred mutations so many are of each scenario; the large ones take longest.
OF_A_HUNDRED = {"starter": 85, "central-asia": 13, "kazakhstan": 2}
VARIANTS = """\
variants:
  late:
    set:
      horizon_years: 9
      lots[L02].mass_sigma: 10 %
  later:
    extends: late
    set:
      period: month
"""
ODD = (
    "", " ", "-1", "0", "1e999", "nan", "inf", "-inf", "9" * 400, "1e-300", "1,5", "1,234", "1.234.567,8",
    "12 t", "12 parsec", "2026-02-30", "31.12.2026", "0001-01-01", "9999-12-31", "4-13", "A;;B", "=1+1",
    "@x", "../../etc/passwd", "\u202e", "\ud7ff", "\x00", "\x1b[31m", "x" * 10_000, "0e999999999 kg",
)  # fmt: skip
BITS = (
    b"\xff", b"\xfe\xff", b"\x00", b"\r", b"\n", b",", b";", b'"', b":", b"&a ", b"*a", b"!!int ", b"[",
    b"{", b"- ", b"\t", b"---\n", b"%", b"\xef\xbb\xbf", b"?", b"|", b">",
)  # fmt: skip

Mutation = Callable[[random.Random, bytes], bytes]


def some_bytes(chance: random.Random, data: bytes) -> bytes:
    """Change, insert or drop a few bytes, or cut the file."""
    changed = bytearray(data)
    if chance.random() < 0.1:
        return bytes(changed[: chance.randrange(len(changed))])
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.randint(0, 2)] = chance.choice((*BITS, bytes([chance.randrange(256)])))
    return bytes(changed)


def one_line(chance: random.Random, data: bytes) -> bytes:
    """Drop, double, move or indent a line."""
    lines = data.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    line = lines.pop(at)
    again = chance.choice(((), (line, line), (b"  " + line,), (line.lstrip(),), (line.upper(),)))
    where = chance.choice((at, chance.randrange(len(lines) + 1)))
    lines[where:where] = again
    return b"".join(lines)


def one_word(chance: random.Random, data: bytes) -> bytes:
    """Put something odd in place of a word, number, key or value."""
    text = data.decode()
    words = [word for word in set(text.replace(",", " ").replace(":", " ").split()) if word]
    word = chance.choice(sorted(words))
    other = chance.choice((*ODD, *HOSTILE, word[1:], word + word[-1], word.upper()))
    return text.replace(word, other, chance.choice((1, -1))).encode("utf-8", "surrogatepass")


def one_cell(chance: random.Random, data: bytes) -> bytes:
    """Put something odd into a cell of a table, or into any value of a file that is none."""
    rows = [row for row in csv.reader(io.StringIO(data.decode(), newline="")) if row]
    row = chance.choice(rows)
    row[chance.randrange(len(row))] = chance.choice((*ODD, *HOSTILE, chance.choice(rows)[0]))
    return _written(rows, chance.choice(",;") if chance.random() < 0.2 else ",")


def one_column(chance: random.Random, data: bytes) -> bytes:
    """Drop, double or swap columns."""
    rows = [row for row in csv.reader(io.StringIO(data.decode(), newline="")) if row]
    one, other = chance.randrange(len(rows[0])), chance.randrange(len(rows[0]))
    kind = chance.randrange(3)
    for row in rows:
        if max(one, other) >= len(row):
            continue
        if kind == 0:
            del row[one]
        elif kind == 1:
            row.insert(other, row[one])
        else:
            row[one], row[other] = row[other], row[one]
    return _written(rows, ",")


def whole_file(chance: random.Random, data: bytes) -> bytes:
    """Write the file in another encoding, or empty, or twice."""
    text = data.decode()
    return chance.choice(
        (text.encode("utf-16"), text.encode("utf-16-be"), ("é" + text).encode("latin-1"), b"", data * 2)
    )


MUTATIONS: tuple[Mutation, ...] = (some_bytes, one_line, one_word, one_cell, one_column, one_cell, whole_file)


def _written(rows: list[list[str]], delimiter: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a copy of each shipped scenario in a folder; the starter has variants too."""
    root = tmp_path_factory.mktemp("mutations")
    starter = write_starter("starter", root)
    append("scenario.yaml", VARIANTS)(starter)
    for name in ("central-asia", "kazakhstan"):
        (root / name).mkdir()
        for file in (*(SHIPPED / name).glob("*.csv"), SHIPPED / name / "scenario.yaml"):
            (root / name / file.name).write_bytes(file.read_bytes())
    return {name: root / name for name in OF_A_HUNDRED}


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read and type once what a mutation leaves alone: a table is what its name and bytes make of it."""
    read, rows = folder.read_table, resolve._rows
    tables: dict[tuple[str, bytes], TextTable] = {}
    typed: dict[int, tuple[TextTable, Any, list[Problem], list[Any]]] = {}

    def read_once(path: Path, name: str, *rest: Any) -> TextTable:
        try:
            key = name, path.read_bytes()
        except OSError:
            return read(path, name, *rest)
        if len(tables) > REMEMBERED:
            tables.clear()
            typed.clear()
        return tables.setdefault(key, tables.get(key) or read(path, name, *rest))

    def rows_once(text: Any, layout: Any, problems: list[Problem], understood: list[Any]) -> Any:
        table = text.tables.get(layout.name)
        if table is None:
            return rows(text, layout, problems, understood)
        known = typed.get(id(table))
        if known is None or known[0] is not table:
            found: tuple[list[Problem], list[Any]] = [], []
            known = typed[id(table)] = table, rows(text, layout, *found), *found
        problems += known[2]
        understood += known[3]
        return known[1]

    monkeypatch.setattr(folder, "read_table", read_once)
    monkeypatch.setattr(resolve, "_rows", rows_once)


def broken(scenarios: dict[str, Path], first: int, count: int) -> tuple[list[str], int]:
    """Return what went wrong beyond a refusal, and how many were refused; a number alone decides each."""
    wrong, refused = [], 0
    names = [name for name, times in OF_A_HUNDRED.items() for _ in range(times)]
    for number in range(first, first + count):
        chance = random.Random(f"{SEED}-{number}")
        given = scenarios[names[number % len(names)]]
        file = chance.choice(sorted(given.iterdir()))
        before, mutation = file.read_bytes(), MUTATIONS[number % len(MUTATIONS)]
        after = mutation(chance, before)
        file.write_bytes(after)
        listed = sorted(given.iterdir())
        variant = "@later" if given.name == "starter" and chance.random() < 0.5 else ""
        label = f"{number} {mutation.__name__} {given.name}/{file.name}"
        try:
            load_scenario(f"{given}{variant}")
        except ScenarioError as error:
            refused += 1
            lines = str(error).splitlines()
            wrong += [f"{label}: {line[:200]}" for line in lines if not line.startswith(str(given))]
            wrong += [] if lines else [f"{label}: refused without a word"]
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            wrong.append(f"{label}: {type(error).__name__}: {str(error)[:200]}")
        if sorted(given.iterdir()) != listed or file.read_bytes() != after:
            wrong.append(f"{label}: wrote something")
        file.write_bytes(before)
    return wrong, refused


def test_broken_scenarios_are_refused_with_a_place(scenarios: dict[str, Path]) -> None:
    """Five hundred broken scenarios: refused with file and place, or accepted, and nothing is written."""
    wrong, refused = broken(scenarios, 0, FAST)
    assert wrong == []
    assert FAST / 2 < refused < FAST


def outcomes(scenarios: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return hash or messages of some mutations."""
    found: list[str] = []
    load = load_scenario

    def told(path: str) -> Any:
        try:
            scenario = load(path)
        except ScenarioError as error:
            found.append(str(error))
            raise
        found.append(scenario.sha256)
        return scenario

    with monkeypatch.context() as patched:
        patched.setattr(sys.modules[__name__], "load_scenario", told)
        assert broken(scenarios, FAST, 40)[0] == []
    return found


def test_what_is_remembered_changes_nothing(
    scenarios: dict[str, Path], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The soak reads what is not mutated once: messages and hashes are the same as without that."""
    plainly = outcomes(scenarios, monkeypatch)
    request.getfixturevalue("remembered")
    assert outcomes(scenarios, monkeypatch) == plainly
    assert len(set(plainly)) > 20


@pytest.mark.soak
@pytest.mark.usefixtures("remembered")
@pytest.mark.parametrize("first", range(FAST, SOAK, BLOCK))
def test_many_broken_scenarios_are_refused_with_a_place(scenarios: dict[str, Path], first: int) -> None:
    """A hundred thousand of them, in blocks."""
    wrong, refused = broken(scenarios, first, min(BLOCK, SOAK - first))
    print(f"folders {first}: {refused} refused")
    assert wrong == []


@pytest.mark.parametrize("name", OF_A_HUNDRED)
def test_the_unbroken_scenario_is_accepted(scenarios: dict[str, Path], name: str) -> None:
    """What is mutated is good to begin with, with its variants."""
    assert load_scenario(scenarios[name]).lots
    if name == "starter":
        assert load_scenario(f"{scenarios[name]}@later").settings.period == "month"
