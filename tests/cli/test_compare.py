"""`compare` writes a page, its numbers and how they came about, the same bytes twice."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from changes import append
from commands import CommandLine
from demilsim.experiments import compare as compare_module
from demilsim.experiments.policies import simple_plan
from demilsim.scenario.scenario import Scenario

VARIANT = "variants:\n  late:\n    set:\n      name: late\n      funding[DONOR-1].due: 2028-07-01\n"
FILES = {
    "compare.csv", "comparison.html", "comparison.json", "differences.csv", "input_differences.csv",
    "comparison.run.json", "figures/compare.svg",
}  # fmt: skip
RULE = ("--rule", "oldest_first", "--replications", 4, "--parameter-draws", 2, "--jobs", 1)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by its name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def document(folder: Path) -> dict[str, Any]:
    """Return ``comparison.json``."""
    found: dict[str, Any] = json.loads((folder / "comparison.json").read_text("utf-8"))
    return found


def test_two_scenarios_side_by_side(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """All files are written, --json prints the document, and a second run leaves the same bytes.

    Only comparison.run.json may differ: it says how the numbers came about.
    """
    append("scenario.yaml", VARIANT)(alpha)
    outs = tmp_path / "one", tmp_path / "two"
    seen = [cli("compare", alpha, f"{alpha}@late", "--out", out, *RULE, "--json") for out in outs]
    assert [one.code for one in seen] == [0, 0], seen[0].err
    first, second = map(contents, outs)
    assert set(first) == FILES
    run = json.loads(first.pop("comparison.run.json"))
    assert first == {name: text for name, text in second.items() if name != "comparison.run.json"}
    found = document(outs[0])
    assert json.loads(seen[0].out) == found
    assert [one["name"] for one in run["scenarios"]] == ["alpha", "late"]
    assert [one["sha256"] for one in run["scenarios"]] == [one["sha256"] for one in found["scenarios"]]
    assert set(run["plans_sha256"]) == {"alpha", "late"}
    assert (run["seed"], run["replications"], run["parameter_draws"]) == (1, 4, 2)
    assert run["command"][:2] == ["demilsim", "compare"]
    (inputs,) = found["inputs"]
    (value,) = inputs["values"]
    assert (value["path"], value["reference_value"], value["value"]) == (
        "funding[DONOR-1].due", "2026-07-01", "2028-07-01",
    )  # fmt: skip
    assert (value["reference_place"], value["from"], value["variant"]) == ("funding.csv:5", "variant", "late")
    assert not inputs["identical"]


def test_the_tables_hold_what_the_document_holds(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """differences.csv has a row for each output, equal to the document, and the difference of the means."""
    out = tmp_path / "out"
    sets = ("--rule", "do_nothing", *RULE, "--parameter-draws", 0)
    assert cli("compare", alpha, "--out", out, *sets).code == 0
    found = document(out)
    (difference,) = found["differences"]
    rows = list(csv.DictReader((out / "differences.csv").read_text("utf-8").splitlines()))
    assert [row["output"] for row in rows] == list(difference["outputs"])
    assert [one["name"] for one in found["alternatives"]] == ["do_nothing", "oldest_first"]
    assert found["inputs"] == []
    assert difference["over_draws"] is None
    for row in rows:
        stored = difference["outputs"][row["output"]]
        assert float(row["difference"]) == pytest.approx(stored["mean"], rel=1e-9, abs=1e-12)
        means = [one["outputs"][row["output"]]["mean"] for one in found["alternatives"]]
        assert means[1] - means[0] == pytest.approx(stored["mean"], rel=1e-9, abs=1e-12)
    assert float(rows[3]["difference"]) > 0.0
    assert rows[3]["resolved"] == "true"


def test_a_plan_of_a_file_against_a_rule(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """A plan.csv takes the name that it is given; the same plan under a rule differs by nothing.

    A line of it for after the horizon is left out, and that is said.
    """
    made = tmp_path / "made"
    assert cli("simulate", alpha, "--rule", "oldest_first", "--out", made, "--replications", 2).code == 0
    with (made / "plan.csv").open("r+", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
        late = csv.DictWriter(file, list(rows[-1]))
        late.writerow(rows[-1] | {"earliest_period": "32", "priority": "999"})
    out = tmp_path / "out"
    seen = cli("compare", alpha, "--plan", f"edited={made / 'plan.csv'}", *RULE, "--out", out)
    assert seen.code == 0, seen.err
    assert "come out the same in every replication and every output" in seen.err
    assert "edited in alpha: Of the plan, 1 line would not begin before the horizon ends" in seen.err
    plans = [(one["name"], one["plan"]["source"]) for one in document(out)["alternatives"]]
    assert plans == [("edited", "file"), ("oldest_first", "rule:oldest_first")]
    assert "--plan edited=FILE --rule oldest_first" in (out / "comparison.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("--rule", "oldest_first"),
            "expected two scenarios or more, or one with two plans or rules or more",
        ),
        (("--rule", "oldest_fist", "--rule", "optimised"), "did you mean oldest_first?"),
        (("--rule", "host_only", "--rule", "host_only"), "expected each name of a plan or rule once"),
        (("--plan", "plan.csv"), "--plan: expected NAME=FILE (got 'plan.csv')"),
        (("--plan", "a=nowhere.csv", "--rule", "host_only"), "nowhere.csv: expected a file (got nothing"),
        (("--rule", "host_only", "--rule", "oldest_first", "--parameter-draws", "1"), "at least 2 (got 1)"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    arguments: tuple[str, ...], told: str, alpha: Path, tmp_path: Path, cli: CommandLine
) -> None:
    """Wrong input ends with code 2, says what was expected, and writes nothing."""
    out = tmp_path / "out"
    seen = cli("compare", alpha, "--out", out, *arguments)
    assert seen.code == 2, seen.err
    assert told in seen.err
    assert not out.exists()


def test_a_plan_that_missed_its_gap_is_told(
    alpha: Path, tmp_path: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no solver made the plan the comparison is written all the same, and the exit code is 1."""

    def without_solver(scenario: Scenario, **_: object) -> SimpleNamespace:
        plan = simple_plan("oldest_first", scenario)
        return SimpleNamespace(plan=plan, rules={}, result=None, notes=("no solver could be started",))

    monkeypatch.setattr(compare_module, "plan_with_simulation", without_solver)
    out = tmp_path / "out"
    sets = ("--rule", "optimised", *RULE, "--replications", 2, "--parameter-draws", 0)
    seen = cli("compare", alpha, "--out", out, *sets)
    assert seen.code == 1, seen.err
    assert "target missed: optimiser without a plan; the plan is from rule:oldest_first" in seen.err
    notes = document(out)["notes"]
    assert "Planning “alpha”: no solver could be started." in notes
    assert "Planning “alpha”: optimiser without a plan; a better plan may exist." in notes
