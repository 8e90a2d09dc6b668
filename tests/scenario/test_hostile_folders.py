"""Folders that somebody hostile could send: each is refused with its place, soon and with little memory."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from changes import append, cell, remove, swap, write
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from demilsim.scenario.tables import MAX_TABLE_BYTES

MOST_SECONDS, MOST_MEGABYTES = 2.0, 200
YAML, LOTS = "scenario.yaml", "lots.csv"
BOMB = b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (i, i) for i in range(1000))
# Loads one folder; the process and its peak memory are those of a user.
READ = """
import resource, sys, time
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
started = time.perf_counter()
try:
    load_scenario(sys.argv[1])
except ScenarioError as error:
    print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
"""


def encoded(file: str, encoding: str, first: str = "") -> Callable[[Path], None]:
    """Write a file again in another encoding."""

    def apply(folder: Path) -> None:
        text = first + (folder / file).read_text(encoding="utf-8")
        (folder / file).write_bytes(text.encode(encoding))

    return apply


def linked(file: str) -> Callable[[Path], None]:
    """Put a link out of the folder in the place of a file."""

    def apply(folder: Path) -> None:
        outside = folder.parent / f"outside-{file}"
        outside.write_bytes((folder / file).read_bytes())
        (folder / file).unlink()
        (folder / file).symlink_to(outside)

    return apply


def circular(folder: Path) -> None:
    """Put a link to itself in the place of a table."""
    (folder / LOTS).unlink()
    (folder / LOTS).symlink_to(folder / LOTS)


CASES: list[tuple[str, Callable[[Path], None], str]] = [
    ("tag", append(YAML, "x: !!python/object/apply:os.system [id]"), r"yaml:23: expected no tag"),
    ("anchors", write(YAML, BOMB), r"yaml:1: expected no anchor"),
    ("duplicate key", append(YAML, "seed: 2"), r"yaml:23: seed: expected each key once"),
    ("depth", append(YAML, "x: " + "{a: " * 60 + "}" * 60), r"yaml:23: expected at most 50 levels"),
    ("depth of lists", append(YAML, "x: " + "[" * 500_000), r"yaml:23: .*expected at most 50 levels"),
    ("eleven MB", write(YAML, b"#" * 11_000_000), r"yaml: expected at most 1 MB"),
    ("large table", write(LOTS, b"x" * (MAX_TABLE_BYTES + 1)), r"lots\.csv: expected at most 10 MB"),
    ("UTF-16", encoded(LOTS, "utf-16"), r"lots\.csv:1: expected UTF-8"),
    ("UTF-16 without mark", encoded(LOTS, "utf-16-le"), r"lots\.csv:1: expected text .*0x00"),
    ("UTF-32", encoded(LOTS, "utf-32"), r"lots\.csv:1: expected UTF-8"),
    ("Latin-1", encoded(YAML, "latin-1", "# é\n"), r"yaml:1: expected UTF-8 text \(got byte 0xe9\)"),
    ("control", append(YAML, "x: \x07"), r"yaml:23: expected text \(got the control character 0x07\)"),
    ("NaN", cell(LOTS, 2, "neq_kg", "NaN"), r"lots\.csv:2: neq_kg: expected a number"),
    ("infinity", cell(LOTS, 2, "neq_kg", "-inf"), r"lots\.csv:2: neq_kg: expected a number"),
    ("overflow", cell(LOTS, 2, "neq_kg", "1e999"), r"lots\.csv:2: neq_kg: expected 0 or a size"),
    ("overflow of a unit", cell(LOTS, 2, "neq_kg", "1e999999999 t"), r"csv:2: neq_kg: expected 0 or a size"),
    ("huge integer", swap(YAML, "seed: 1", "seed: " + "9" * 100_000), r"yaml:12: seed: expected a whole"),
    ("huge number", cell(LOTS, 2, "neq_kg", "9" * 100_000), r"csv:2: neq_kg: expected 0 or a size"),
    ("formula in an id", cell(LOTS, 2, "lot_id", "=1+1"), r"csv:2: lot_id: expected letters, digits"),
    ("markup in an id", cell(LOTS, 2, "lot_id", "<b>"), r"csv:2: lot_id: expected letters, digits"),
    ("path in an id", cell(LOTS, 2, "lot_id", "../../x"), r"csv:2: lot_id: expected letters, digits"),
    ("link out", linked(LOTS), r"lots\.csv: expected a file inside the folder"),
    ("settings linked out", linked(YAML), r"yaml: expected a file inside the folder"),
    ("link to itself", circular, r"lots\.csv: (missing file|expected a file)"),
    ("folder as table", lambda f: (remove(LOTS)(f), (f / LOTS).mkdir())[1], r"lots\.csv: expected a file"),
    ("endless quote", append(LOTS, '"' + "x\n" * 200_000), r"lots\.csv:14: expected a CSV row"),
    ("long path", append(YAML, "variants:\n  v:\n    set:\n      " + "[a" * 300 + ": 1"), r"yaml:26: "),
]  # fmt: skip


@pytest.mark.parametrize(("name", "spoil", "match"), CASES, ids=[name for name, *_ in CASES])
def test_each_is_refused_with_its_place(
    name: str, spoil: Callable[[Path], None], match: str, tmp_path: Path
) -> None:
    """Every line of the list is refused, with file, line and what was found."""
    folder = write_starter("pilot", tmp_path)
    spoil(folder)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    assert re.search(match, str(caught.value)), str(caught.value)[:500]


def test_a_byte_order_mark_is_read_right(tmp_path: Path) -> None:
    """What Windows puts before UTF-8 is no part of the first column's name."""
    folder = write_starter("pilot", tmp_path)
    before = load_scenario(folder).sha256
    encoded(LOTS, "utf-8-sig")(folder)
    encoded(YAML, "utf-8-sig")(folder)
    assert load_scenario(folder).sha256 == before


@pytest.mark.soak
@pytest.mark.parametrize(("name", "spoil", "match"), CASES, ids=[name for name, *_ in CASES])
def test_none_takes_long_or_much(
    name: str, spoil: Callable[[Path], None], match: str, tmp_path: Path
) -> None:
    """Each is refused within two seconds and 200 MB."""
    folder = write_starter("pilot", tmp_path)
    spoil(folder)
    command = [sys.executable, "-c", READ, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    print(f"{name}: {seconds:.2f} s, {megabytes:.0f} MB")
    assert seconds <= MOST_SECONDS
    assert megabytes <= MOST_MEGABYTES
