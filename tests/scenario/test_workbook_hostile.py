from __future__ import annotations

import re
import subprocess
import sys

import pytest

from books import starter_book
from hostile_books import Hostile, hostile_books

MOST_SECONDS, MOST_MEGABYTES = 2.0, 200
# Loads each file of a folder in turn; the process and its peak memory are those of a user. What `resource`
# says of the peak would be that of the process from which this one was started.
READ_ALL = """
import re, sys, time
from pathlib import Path
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
for file in sorted(Path(sys.argv[1]).iterdir()):
    started = time.process_time()
    try:
        load_scenario(file)
        said = "accepted"
    except ScenarioError as error:
        said = " | ".join(str(error).splitlines())
    print(file.stem, time.process_time() - started, said, sep="\\t")
status = Path("/proc/self/status").read_text()
print("peak", int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) // 1000, "", sep="\\t")
"""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Hostile]:
    return list(hostile_books(starter_book(tmp_path_factory.mktemp("starter"))))


@pytest.fixture(scope="module")
def seen(cases: list[Hostile], tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[float, str]]:
    """Return seconds of computing and messages of each case, and megabytes of the whole under `peak`."""
    folder = tmp_path_factory.mktemp("hostile")
    for case in cases:
        (folder / f"{case.name}{case.suffix}").write_bytes(case.data)
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, folder], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    lines = [line.split("\t", 2) for line in done.stdout.splitlines()]
    return {name: (float(number), said) for name, number, said in lines}


def test_each_hostile_file_is_refused_with_its_place(
    cases: list[Hostile], seen: dict[str, tuple[float, str]]
) -> None:
    """Every file is refused, and what is said names the part, sheet or cell."""
    missed = [(c.name, seen[c.name][1]) for c in cases if not re.search(c.match, seen[c.name][1])]
    assert missed == []


def test_none_takes_long_or_much(seen: dict[str, tuple[float, str]]) -> None:
    """Each is refused within two seconds of computing, and all of them in turn within 200 MB."""
    slow = {name: seconds for name, (seconds, _) in seen.items() if name != "peak" and seconds > MOST_SECONDS}
    assert slow == {}
    assert seen["peak"][0] <= MOST_MEGABYTES
