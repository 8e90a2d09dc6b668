"""Workbooks broken at random: each is refused with a place, or accepted; nothing else happens."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from books import Parts, packed, parts_of, starter_book
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.workbook_scan import scan
from hostile import HOSTILE

FAST, SOAK, BLOCK = 100, 20_000, 500
SEED = 20261124
PLACE = re.compile(r"b\.xlsx(:|, )")
ODD_NUMBERS = ("-1", "0", "1e999", "NaN", "9" * 400, "1e-300", "-0.0", "2958466", "0.5", "1,5", "")
TOKEN = re.compile(rb'<[^>]{1,80}>|r="[A-Z]+\d+"|\d+|[A-Za-z_]{3,}')

Mutation = Callable[[random.Random, Parts], bytes]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return parts_of(starter_book(tmp_path_factory.mktemp("starter")))


def _any_part(chance: random.Random, parts: Parts) -> str:
    """Return the name of a part, of a sheet or the texts in three of four draws."""
    sheets = [name for name in parts if "worksheets/sheet" in name or "sharedStrings" in name]
    return chance.choice(sheets if chance.random() < 0.75 else list(parts))


def file_byte(chance: random.Random, parts: Parts) -> bytes:
    """Change a few bytes of the file, or cut it."""
    data = bytearray(packed(parts))
    if chance.random() < 0.2:
        return bytes(data[: chance.randrange(len(data))])
    for _ in range(chance.randint(1, 4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def part_byte(chance: random.Random, parts: Parts) -> bytes:
    """Change a few bytes of one part; sizes and checksums fit."""
    name = _any_part(chance, parts)
    part = bytearray(parts[name])
    for _ in range(chance.randint(1, 4)):
        part[chance.randrange(len(part))] = chance.randrange(256)
    return packed(parts | {name: bytes(part)}, 0)


def part_token(chance: random.Random, parts: Parts) -> bytes:
    """Drop, double or swap tags, references, numbers and words of one part."""
    name = _any_part(chance, parts)
    part = parts[name]
    tokens = [match.span() for match in TOKEN.finditer(part)]
    (a, b), (c, d) = sorted(chance.sample(tokens, 2))
    done = chance.choice(
        (part[:a] + part[b:], part[:b] + part[a:], part[:a] + part[c:d] + part[b:c] + part[a:b] + part[d:])
    )
    return packed(parts | {name: done}, 0)


def part_gone(chance: random.Random, parts: Parts) -> bytes:
    """Leave a part out, or give it the content of another."""
    name, other = chance.sample(list(parts), 2)
    left = dict(parts)
    if chance.random() < 0.5:
        del left[name]
    else:
        left[name] = parts[other]
    return packed(left, 0)


def cell_value(chance: random.Random, parts: Parts) -> bytes:
    """Put a hostile text or an odd number into a cell."""
    name = chance.choice([name for name in parts if "worksheets/sheet" in name])
    text = parts[name].decode()
    cells = [match.span() for match in re.finditer(r"<c r=\"[A-Z]+\d+\"[^>]*?(?:/>|>.*?</c>)", text)]
    start, end = chance.choice(cells)
    where = re.search(r'r="([A-Z]+\d+)"', text[start:end])
    assert where, "every cell says where it is"
    if chance.random() < 0.5:
        value = f'<c r="{where[1]}"><v>{chance.choice(ODD_NUMBERS)}</v></c>'
    else:
        words = chance.choice(HOSTILE).replace("&", "&amp;").replace("<", "&lt;")
        value = f'<c r="{where[1]}" t="inlineStr"><is><t>{words}</t></is></c>'
    changed = (text[:start] + value + text[end:]).encode(errors="surrogatepass")
    return packed(parts | {name: changed}, 0)


MUTATIONS: tuple[Mutation, ...] = (file_byte, part_byte, part_token, part_gone, cell_value)


def broken(parts: Parts, first: int, count: int, folder: Path) -> tuple[list[str], int]:
    """Return what went wrong beyond a refusal, and how many were refused; a number alone decides each."""
    file = folder / "b.xlsx"
    wrong: list[str] = []
    refused = 0
    for number in range(first, first + count):
        chance = random.Random(f"{SEED}-{number}")
        mutation = MUTATIONS[number % len(MUTATIONS)]
        after = mutation(chance, parts)
        file.write_bytes(after)
        try:
            load_scenario(file)
        except ScenarioError as error:
            refused += 1
            lines = str(error).splitlines()
            wrong += [f"{number} {mutation.__name__}: {line}" for line in lines if not PLACE.search(line)]
            wrong += [] if lines else [f"{number} {mutation.__name__}: refused without a word"]
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            wrong.append(f"{number} {mutation.__name__}: {type(error).__name__}: {error}")
        if list(folder.iterdir()) != [file] or file.read_bytes() != after:
            wrong.append(f"{number} {mutation.__name__}: wrote something")
    return wrong, refused


def test_broken_workbooks_are_refused_with_a_place(parts: Parts, tmp_path: Path) -> None:
    """A hundred broken workbooks: refused with file and place, or accepted, and nothing is written."""
    wrong, refused = broken(parts, 0, FAST, tmp_path)
    assert wrong == []
    assert FAST / 2 < refused < FAST


@pytest.mark.soak
@pytest.mark.parametrize("first", range(FAST, SOAK, BLOCK))
def test_many_broken_workbooks_are_refused_with_a_place(parts: Parts, tmp_path: Path, first: int) -> None:
    """Twenty thousand of them, in blocks."""
    wrong, refused = broken(parts, first, min(BLOCK, SOAK - first), tmp_path)
    print(f"workbooks {first}: {refused} refused")
    assert wrong == []


def test_the_unbroken_workbook_is_accepted(parts: Parts, tmp_path: Path) -> None:
    """What is mutated is good to begin with, and its scan finds nothing."""
    (tmp_path / "b.xlsx").write_bytes(packed(parts))
    assert load_scenario(tmp_path / "b.xlsx").lots
    assert scan(parts).found == []
