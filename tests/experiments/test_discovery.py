"""Boxes that were planted are found; targets are read or refused; policies are compared over rows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from commands import CommandLine
from demilsim.errors import StudyError
from demilsim.experiments.design import DesignKind, unit_points
from demilsim.experiments.discovery import Box, Limit, discover, find_boxes, parse_target
from demilsim.experiments.sweep import How, sweep
from demilsim.experiments.sweep_result import SweepResult
from demilsim.experiments.workers import Backend
from sweeps import RATES, tiny_experiment

SEED = 8
NAMES = ("delay", "budget", "cost", "method")
TEXT = f"""question: When is it too much?
scenario: tiny
policies: do_nothing; cheapest_first
design: sobol
points: 64
factors:
  {RATES}: 0.01 to 0.2
  lots[L2].neq_kg: 10000 to 40000
outputs: expected_fatalities
replications: 2
"""


@pytest.fixture(scope="module")
def planted() -> list[Box]:
    """Return the boxes of 1,024 rows that miss where delay > 0.6 and budget < 0.4 and method is burn."""
    shares = unit_points(DesignKind.SOBOL, 4, 1024, SEED)
    rows = [(f"{a:.6g}", f"{b:.6g}", f"{c:.6g}", "burn" if d < 0.5 else "kiln") for a, b, c, d in shares]
    missed = (shares[:, 0] > 0.6) & (shares[:, 1] < 0.4) & (shares[:, 3] < 0.5)
    return list(find_boxes(NAMES, rows, missed))


@pytest.mark.parametrize("method", ["prim", "cart"])
def test_planted_box_is_found(planted: list[Box], method: str) -> None:
    """Both methods find its three limits within 0.05, and nothing of the factor that plays no part."""
    first = next(box for box in planted if box.method == method)
    limits = {limit.factor: limit for limit in first.limits}
    assert set(limits) == {"delay", "budget", "method"}
    assert limits["delay"].low == pytest.approx(0.6, abs=0.05)
    assert limits["budget"].high == pytest.approx(0.4, abs=0.05)
    assert limits["method"] == Limit("method", words=("burn",))


@pytest.mark.parametrize("method", ["prim", "cart"])
def test_planted_box_holds_the_misses(planted: list[Box], method: str) -> None:
    """Both hold at least nine of ten misses, and at least nine of ten of their rows miss."""
    first = next(box for box in planted if box.method == method)
    assert first.coverage >= 0.9
    assert first.density >= 0.9


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a sweep of 64 rows."""
    return tmp_path_factory.mktemp("discovery")


@pytest.fixture(scope="module")
def swept(folder: Path) -> SweepResult:
    """Return that sweep."""
    return sweep(tiny_experiment(folder, TEXT), how=How(backend=Backend.SERIAL))


def test_target_that_half_of_the_rows_miss(swept: SweepResult) -> None:
    """Deaths without any plan are many where storage is dangerous: the first box says so."""
    means = np.median(swept.array(swept.experiment.outputs[0], "do_nothing"))
    found = discover(swept, parse_target(f"do_nothing.expected_fatalities<={means:.6g}", swept.experiment))
    assert 0.4 <= found.missed.mean() <= 0.6
    limits = {limit.factor: limit for limit in found.boxes[0].limits}
    assert limits[RATES].low is not None
    assert limits[RATES].high is None


def test_target_that_all_rows_meet(swept: SweepResult) -> None:
    """There is no box to find, and the range of the means is told."""
    with pytest.raises(StudyError, match=r"every row meets it.*the means are"):
        discover(swept, parse_target("do_nothing.expected_fatalities<=1e9", swept.experiment))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("do_nothing.expected_fatalities<3", "expected POLICY.OUTPUT<=NUMBER"),
        ("do_nothing.expected_fatalities<=many", "expected POLICY.OUTPUT<=NUMBER"),
        ("optimised.expected_fatalities<=3", "expected a policy of do_nothing, cheapest_first"),
        ("do_nothing.cost_usd<=3", "expected an output of expected_fatalities"),
    ],
)
def test_targets_that_cannot_be_read(swept: SweepResult, text: str, match: str) -> None:
    """Each is refused with what was expected."""
    with pytest.raises(StudyError, match=match):
        parse_target(text, swept.experiment)


def table(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_command_refuses_holes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A larger design than was swept has rows that are not done: exit 1, with the command that does them."""
    file, out = tmp_path / "experiment.yaml", tmp_path / "out"
    tiny_experiment(tmp_path, TEXT.replace("points: 64", "points: 2"))
    cli = CommandLine(monkeypatch, capfd)
    assert cli("sweep", file, "--out", out, "--backend", "serial", "--quiet").code == 0
    file.write_text(TEXT.replace("points: 64", "points: 4"), encoding="utf-8")
    seen = cli("discover", out, "--target", "do_nothing.expected_fatalities<=0.01")
    assert seen.code == 1
    assert "4 runs in 2 rows are missing" in seen.err
    assert f"demilsim sweep {file} --out {out}" in seen.err


def test_command_writes_its_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Regret and met targets of a small sweep are those that its table of estimates gives by hand."""
    file, out = tmp_path / "experiment.yaml", tmp_path / "out"
    tiny_experiment(tmp_path, TEXT.replace("points: 64", "points: 32"))
    cli = CommandLine(monkeypatch, capfd)
    assert cli("sweep", file, "--out", out, "--backend", "serial", "--quiet").code == 0
    seen = cli("discover", out, "--target", "do_nothing.expected_fatalities<=0.015")
    assert seen.code == 0, seen.err
    means: dict[str, list[float]] = {}
    for line in table(out / "estimates.csv"):
        means.setdefault(line["policy"], []).append(float(line["expected_fatalities"]))
    for line in table(out / "robustness.csv"):
        own = means[line["policy"]]
        losses = [mean - min(both) for mean, both in zip(own, zip(*means.values(), strict=True), strict=True)]
        assert float(line["largest_regret"]) == pytest.approx(max(losses), rel=1e-6)
        assert float(line["share_target_met"]) == sum(mean <= 0.015 for mean in own) / len(own)
