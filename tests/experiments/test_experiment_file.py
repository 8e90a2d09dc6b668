"""Experiment files: what factors and designs mean, and what is said about a file that is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demilsim.errors import ScenarioError
from demilsim.experiments.design import DesignKind, design_rows, unit_points
from demilsim.experiments.experiment_file import load_experiment
from demilsim.experiments.factors import Factor, parse_spread
from demilsim.experiments.parameters import Uncertain
from demilsim.scenario.loader import load_scenario
from sweeps import GRID, RATES, tiny_experiment, write_experiment

SHARES = np.array([0.0, 0.25, 0.5, 0.999])
CONSTANT = Uncertain("consequence.prompt_share", 0.2, 0.1, 0.4, "triangular")


def factor(text: str, name: str = "x") -> Factor:
    """Return a factor of that text."""
    return Factor(name, (name,), parse_spread(text, name, {}))


@pytest.mark.parametrize(
    ("text", "grid", "drawn"),
    [
        ("2; 7", ("2", "7"), ["2", "2", "7", "7"]),
        ("south", ("south",), ["south"] * 4),
        ("0 to 8, 3 levels", ("0", "4", "8"), ["0", "2", "4", "7.992"]),
        ("1 to 100, log, 3 levels", ("1", "10", "100"), ["1", "3.16227766", "10", "99.54054174"]),
        ("1 to 4, whole, 4 levels", ("1", "2", "3", "4"), ["1", "2", "3", "4"]),
        ("0 to 1, whole, 5 levels", ("0", "1"), ["0", "0", "1", "1"]),
    ],
)
def test_factors_mean_what_they_say(text: str, grid: tuple[str, ...], drawn: list[str]) -> None:
    """Levels, ranges, logarithms and whole numbers, as a grid and at shares of the unit interval."""
    spread = parse_spread(text, "x", {})
    assert spread.grid() == grid
    assert spread.at(SHARES) == drawn


def test_register_draws_by_the_constant() -> None:
    """`register` takes ends and distribution from the constant: half of this triangle lies below 0.2268."""
    spread = parse_spread("register", "parameters.consequence.prompt_share", {CONSTANT.key: CONSTANT})
    # Distribution function at m + w: 1 - (h - x)²/((h - l)(h - m)) = 1/2 for x = 0.4 - sqrt(0.03).
    assert float(spread.at(np.array([0.5]))[0]) == pytest.approx(0.4 - 0.03**0.5, abs=1e-9)


def test_grid_turns_its_last_factor_fastest() -> None:
    """A grid has every combination once."""
    rows = design_rows(DesignKind.GRID, [factor("a; b"), factor("1; 2; 3")], 0, 1)
    assert rows == [("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"), ("b", "2"), ("b", "3")]


def test_latin_hypercube_has_one_point_in_each_stratum() -> None:
    """Of 20 points each twentieth of each axis has one; another seed gives other points."""
    points = unit_points(DesignKind.LATIN_HYPERCUBE, 3, 20, 1)
    for column in points.T:
        assert sorted((column * 20).astype(int)) == list(range(20))
    assert not np.array_equal(points, unit_points(DesignKind.LATIN_HYPERCUBE, 3, 20, 2))


def test_longer_sobol_sequence_begins_with_the_shorter() -> None:
    """16 points are the first of 64, and balance every half of each axis."""
    short = unit_points(DesignKind.SOBOL, 2, 16, 1)
    assert np.array_equal(unit_points(DesignKind.SOBOL, 2, 64, 1)[:16], short)
    assert ((short < 0.5).sum(axis=0) == 8).all()


def test_row_sets_the_scenario(tmp_path: Path) -> None:
    """What a row overrides is what a scenario then has."""
    experiment = tiny_experiment(tmp_path)
    scenario = load_scenario(experiment.folder, experiment.overrides(experiment.rows[1]))
    assert experiment.names == (RATES, "lots[L2].neq_kg")
    assert scenario.register.event_rate.storage_per_storehouse_year == 0.05
    assert [lot.neq_kg for lot in scenario.lots] == [20_000.0, 40_000.0]


def test_scale_multiplies_what_is_there(tmp_path: Path) -> None:
    """A factor with paths and scale multiplies each number by itself."""
    text = GRID.replace(
        "  lots[L2].neq_kg: 10000 to 40000, 2 levels\n",
        "  neq:\n    paths: lots[status=surplus].neq_kg\n    scale: 0.5; 2\n",
    )
    experiment = tiny_experiment(tmp_path, text)
    assert experiment.names == (RATES, "neq")
    assert experiment.overrides(("0.1", "0.5")) == {
        RATES: "0.1", "lots[L1].neq_kg": "10000", "lots[L2].neq_kg": "20000"
    }  # fmt: skip


def test_larger_design_keeps_the_keys_of_its_rows(tmp_path: Path) -> None:
    """Keys are of what a row sets: more levels, or their order, change none that stays."""
    small = tiny_experiment(tmp_path)
    large = tiny_experiment(tmp_path, GRID.replace("0.05; 0.2", "0.2; 0.1; 0.05"))
    assert {small.row_key(row) for row in small.rows} < {large.row_key(row) for row in large.rows}
    assert small.study == large.study


BROKEN = [
    ("question: Do rates matter?\n", "", 1, "expected question as the first key (got scenario)"),
    ("question: Do rates matter?", "question:", 1, "question: missing"),
    ("outputs:", "output:", 7, "output: unknown key; did you mean outputs?"),
    ("scenario: tiny", "scenario: tinny", 2, "scenario: cannot be used"),
    ("cheapest_first", "cheapest", 3, "(got 'cheapest'; did you mean cheapest_first?)"),
    ("cheapest_first", "do_nothing", 3, "policies: expected each name once (got do_nothing twice)"),
    ("cheapest_first", "cheapest_first+KILN", 3, "expected facilities of none that is possible (got 'KILN')"),
    ("0.05; 0.2", "0.05; 0.2; 0.05", 5, "expected each level once (got '0.05' twice)"),
    ("0.05; 0.2", "0.05; -1", 5, "-1: "),
    (RATES, f"{RATES}s", 5, "unknown path; did you mean"),
    ("lots[L2]", "lots[L3]", 6, "expected a row of lots with lot_id 'L3' (got none"),
    ("10000 to 40000, 2 levels", "40000 to 10000, 2 levels", 6, "expected the lower number first"),
    ("10000 to 40000, 2 levels", "10000 to many", 6, "expected two numbers around to (got '10000 to many')"),
    ("10000 to 40000, 2 levels", "0 to 4, log", 6, "log: expected a lower end > 0 (got 0)"),
    ("10000 to 40000, 2 levels", "10000 to 40000", 6, "grid: expected a number of levels"),
    ("10000 to 40000, 2 levels", "1 to 4, lag", 6, "(got 'lag'; did you mean log?)"),
    ("10000 to 40000, 2 levels", "register", 6, "register: expected the path of a constant that has a range"),
    ("unplanned_explosions", "explosions", 7, "outputs: expected some of expected_fatalities"),
    ("replications: 50", "replications: many", 8, "expected a whole number (got 'many')"),
    ("replications: 50", "", 1, "replications: missing: expected a number, or precision such as 5%"),
    ("replications: 50", "precision: five", 8, "expected a share such as 5% or 0.05 (got 'five')"),
    ("replications: 50", "precision: destroyed_t=5%", 8, "expected an output that is kept (got destroyed_t)"),
    ("replications: 50", "replications: 50\npoints: 8", 9, "points: expected none for a grid"),
    ("replications: 50", "replications: 50\ndesign: gird", 9, "(got 'gird'; did you mean grid?)"),
    (
        "replications: 50",
        "replications: 50\ndesign: sobol",
        1,
        "points: missing: sobol needs a number of rows",
    ),
    ("replications: 50", "replications: 50\ndesign: sobol\npoints: 9", 10, "a power of two, 8 or 16 (got 9)"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"), BROKEN, ids=[new or old for old, new, *_ in BROKEN]
)
def test_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    """Each mistake is refused at its line, with what was expected and found."""
    assert GRID.count(old) >= 1
    path = write_experiment(tmp_path, GRID.replace(old, new, 1))
    with pytest.raises(ScenarioError) as caught:
        load_experiment(path)
    found = [p for p in caught.value.problems if message in f"{p.path}: {p.message}"]
    assert [(p.file, p.line) for p in found] == [(str(path), line)], str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Three mistakes of different kinds are three lines."""
    text = GRID.replace("cheapest_first", "luck").replace("0.05; 0.2", "1; 1").replace("50", "1")
    with pytest.raises(ScenarioError) as caught:
        tiny_experiment(tmp_path, text)
    assert [problem.line for problem in caught.value.problems] == [3, 5, 8]


def test_the_path_may_be_text(tmp_path: Path) -> None:
    """A path as text is the same experiment, and a mistake in it has the same words."""
    path = write_experiment(tmp_path)
    assert load_experiment(str(path)) == load_experiment(path)
    wrong = str(write_experiment(tmp_path, GRID.replace("0.05; 0.2", "1; 1")))
    with pytest.raises(ScenarioError) as caught:
        load_experiment(wrong)
    assert [problem.file for problem in caught.value.problems] == [wrong]
    with pytest.raises(ScenarioError, match=r"missing\.yaml"):
        load_experiment(str(tmp_path / "missing.yaml"))


def test_shipped_experiments_are_valid() -> None:
    """Every experiment that is shipped loads, and opens with its question."""
    files = sorted((Path(__file__).parents[2] / "experiments").glob("*.yaml"))
    assert len(files) >= 4
    for file in files:
        assert load_experiment(file).question.endswith("?"), file
