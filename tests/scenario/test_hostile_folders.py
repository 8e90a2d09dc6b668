"""Folders that somebody hostile could send: each is refused with its place, soon and with little memory."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from changes import Change, append, cell, remove, swap, write
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from demilsim.scenario.tables import MAX_TABLE_BYTES

MOST_SECONDS, MOST_MEGABYTES, MOST_LINES = 2.0, 200, 300
YAML, LOTS = "scenario.yaml", "lots.csv"
BOMB = b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (i, i) for i in range(1000))
# Loads one folder; the process and its peak memory are those of a user, its seconds those of computing.
READ = """
import re, sys, time
from pathlib import Path
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
started = time.process_time()
try:
    load_scenario(sys.argv[1])
except ScenarioError as error:
    said = str(error)
seconds = time.process_time() - started
status = Path("/proc/self/status").read_text()
print(seconds, int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) / 1000)
print(said)
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


def lots(row: str, count: int) -> Change:
    """Add rows of lots; ``{}`` in the row is its number."""
    return append(LOTS, "\n".join(row.replace("{}", f"{number:06}") for number in range(count)))


def keys(head: str, key: str, count: int) -> Change:
    """Add keys to the settings; ``{}`` in the key is its number."""
    return append(YAML, head + "\n".join(key.replace("{}", f"{number:06}") for number in range(count)))


def many_files(folder: Path) -> None:
    """Put thousands of tables into the folder that nothing would read."""
    for number in range(3000):
        (folder / f"x{number}.csv").write_text("a\n")


FAULTY = "L01,Z9,charge_propellin,-60,4800000,surpls,ye,1972,3.5,A-EXAMPL"
TYPED = "L01,Z9,charge_propellin,60,480000000,surplus,yes,2072,0.5,A-EXAMPL"
GOOD = "L01,A1,art_122,1,1,surplus,yes,1990,0.5,A-EXAMPLE"
ELSEWHERE = "N{},H{},art_122,1,1,surplus,yes,1990,0.5,A-EXAMPLE"
LONG = "L{},A1,art_122,1,1,surplus,yes,1990,0.5," + "A;" * 60_000
VARIANTS = "variants:\n"
SET = f"{VARIANTS}  v:\n    set:\n"
ENDLESS = "  v{}:\n    extends: x\n    set:\n      a: 2"
LARGE: list[tuple[str, Change, str]] = [
    ("faulty rows, 2 MB", lots(FAULTY, 31_000), r"csv:34: gross_mass_t: and 980 more of this kind"),
    ("faulty rows, 10 MB", lots(FAULTY, 150_000), r"csv:1014: lot_id: and 149,000 rows from here on"),
    ("wrong rows, 10 MB", lots(TYPED, 145_000), r"csv:14: neq_kg: expected <= 60000"),
    ("same row, 10 MB", lots(GOOD, 190_000), r"csv:14: lot_id: expected each lot_id once"),
    ("ragged rows, 10 MB", lots("a,b", 2_400_000), r"csv:34: and 980 more of this kind"),
    ("unknown places, 2 MB", lots(ELSEWHERE, 30_000), r"csv:34: storehouse_id: and 180 more of this kind"),
    ("wide head", write(LOTS, b"c," * 4_000_000), r"csv:1: expected at most 500 columns \(got 4,000,001\)"),
    ("wide row", lots("," * 9_000_000, 1), r"csv:14: expected at most 500 columns"),
    ("long lists", lots(LONG, 80), r"at most 10,000"),
    ("unknown keys", keys("", "k{}: 1", 19_000), r"yaml:43: k000020: and 180 more of this kind"),
    ("unknown constants", keys("", "  transport.x{}:\n    value: 1", 9_000), r"yaml:\d+: par"),
    ("many keys", keys("", "k{}: 1", 85_000), r"yaml:20004: expected at most 20,000 keys"),
    ("key again and again", keys("", "seed: 1", 19_000), r"yaml:43: seed: and 18,980 more of this kind"),
    ("variants without end", keys(VARIANTS, ENDLESS, 4_900), r"yaml:24: ext"),
    ("unknown rows", keys(SET, "      lots[X{}].neq_kg: 2", 19_000), r"yaml:26: lots\["),
    ("unknown columns", keys(SET, "      lots[L01].x{}: 2", 19_000), r"yaml:26: lots\["),
    ("new rows, like none", keys(SET, "      lots[+N{}]: like X", 19_000), r"yaml:26: lo"),
    ("many files", many_files, r"x0\.csv: unknown table"),
]  # fmt: skip
"""Tables and settings that are as large as they may be, or larger, and wrong all over."""

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
    ("huge number", cell(LOTS, 2, "neq_kg", "9" * 10_000), r"csv:2: neq_kg: expected 0 or a size"),
    ("formula in an id", cell(LOTS, 2, "lot_id", "=1+1"), r"csv:2: lot_id: expected Latin letters, digits"),
    ("markup in an id", cell(LOTS, 2, "lot_id", "<b>"), r"csv:2: lot_id: expected Latin letters, digits"),
    ("path in an id", cell(LOTS, 2, "lot_id", "../../x"), r"csv:2: lot_id: expected Latin letters, digits"),
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
@pytest.mark.parametrize(
    ("name", "spoil", "match"), [*CASES, *LARGE], ids=[name for name, *_ in [*CASES, *LARGE]]
)
def test_none_takes_long_or_much(
    name: str, spoil: Callable[[Path], None], match: str, tmp_path: Path
) -> None:
    """Each is refused within two seconds of computing and 200 MB, in words that a person can read."""
    folder = write_starter("pilot", tmp_path)
    spoil(folder)
    command = [sys.executable, "-c", READ, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured, _, said = done.stdout.partition("\n")
    seconds, megabytes = map(float, measured.split())
    lines = said.splitlines()
    print(f"{name}: {seconds:.2f} s, {megabytes:.0f} MB, {len(lines)} lines; {lines[0][-90:]}")
    assert re.search(match, said), said[:500]
    assert seconds <= MOST_SECONDS
    assert megabytes <= MOST_MEGABYTES
    assert len(lines) <= MOST_LINES
