"""Each command does its job on the starter scenario."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest

from commands import CommandLine, Seen
from demilsim.scenario.starter import write_starter

pytestmark = pytest.mark.usefixtures("quick_planning")

FILES = ("run.json", "summary.json", "plan.csv", "timeline.csv", "events.csv", "report.html")
POLICIES = {
    "do_nothing", "host_only", "oldest_first", "most_neq_first", "highest_risk_first",
    "risk_per_day_first", "cheapest_first", "optimised",
}  # fmt: skip

SIZE = ("--replications", 18, "--parameter-draws", 2)
"""Size of the runs of all that `run` does."""


@dataclass(frozen=True)
class Done:
    """A run with one worker and ``--json``: its scenario, what was seen, and its results folder."""

    alpha: Path
    seen: Seen
    out: Path


@pytest.fixture(scope="module")
def kept() -> dict[str, Done]:
    """Return where `done` keeps its run."""
    return {}


@pytest.fixture
def done(kept: dict[str, Done], tmp_path_factory: pytest.TempPathFactory, cli: CommandLine) -> Done:
    """Return a run of the starter scenario, made by the first test that asks for it."""
    if not kept:
        alpha = write_starter("alpha", tmp_path_factory.mktemp("done"))
        out = alpha.with_name("out")
        kept["run"] = Done(alpha, cli("run", alpha, "--out", out, *SIZE, "--jobs", 1, "--json"), out)
    return kept["run"]


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder but ``run.json`` and a study's, which may hold times and paths."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("run.json")
    }


def test_run_writes_the_results_folder(done: Done) -> None:
    """`run` writes every file of the contract, with every policy and difference in the summary."""
    out = done.out
    assert done.seen.code == 0, done.seen.err
    assert all((out / name).is_file() for name in FILES)
    assert list((out / "figures").glob("*.svg"))
    assert not list(out.rglob("*.tmp"))
    summary = json.loads((out / "summary.json").read_text())
    assert set(summary["policies"]) == POLICIES
    assert set(summary["differences"]) == {f"optimised - {p}" for p in POLICIES - {"optimised"}}
    assert summary["replications"] == 18
    assert summary["plan"]["status"] == "optimal"
    assert summary["uncertainty"]["parameter_draws"] == 2
    assert set(summary["uncertainty"]["p_optimised_better"]) == POLICIES - {"optimised"}
    assert len(summary["uncertainty"]["tornado"]) == 10
    for policy in POLICIES:
        deaths = summary["policies"][policy]["expected_fatalities"]
        assert 0.0 < deaths["parameter_p5"] <= deaths["parameter_p95"]
        assert deaths["bootstrap_low"] < deaths["mean"] < deaths["bootstrap_high"]
    nothing = summary["differences"]["optimised - do_nothing"]["expected_fatalities"]
    assert nothing["half_width_simultaneous"] > nothing["half_width"] > 0.0
    assert "for all differences to hold at once" in (out / "report.html").read_text()
    header = (out / "timeline.csv").read_text().splitlines()[0].split(",")
    assert header[:7] == [
        "policy",
        "period",
        "start",
        "stock_t_mean",
        "stock_t_p5",
        "stock_t_p50",
        "stock_t_p95",
    ]
    assert "SYNTHETIC" in (out / "report.html").read_text()
    assert len((out / "report.html").read_bytes()) < 3_000_000


def test_same_seed_same_bytes(
    done: Done, tmp_path: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs with one, one and two workers leave equal files, all but run.json."""
    # Force workers to start even for this small scenario.
    monkeypatch.setattr("demilsim.experiments.backends.WORTH_SECONDS", 0.0)
    first = contents(done.out)
    for name, jobs in (("again", 1), ("two", 2)):
        out = tmp_path / name
        assert cli("run", done.alpha, "--out", out, *SIZE, "--jobs", jobs).code == 0
        assert first == contents(out)


def test_one_parameter_draw_is_refused(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """One draw has no variance: input wrong, nothing written."""
    seen = cli("run", alpha, "--out", tmp_path / "out", "--replications", 8, "--parameter-draws", 1)
    assert seen.code == 2
    assert "parameter draws: expected 0 (none) or at least 2 (got 1)" in seen.err
    assert not (tmp_path / "out").exists()


def test_seed_changes_results(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """Another seed gives other replications."""
    for seed in (1, 2):
        cli(
            "simulate", alpha, "--out", tmp_path / str(seed), "--replications", 8, "--seed", seed, "--jobs", 1
        )
    assert contents(tmp_path / "1")["timeline.csv"] != contents(tmp_path / "2")["timeline.csv"]


def test_json_is_all_there_is_on_stdout(done: Done) -> None:
    """With --json one document and nothing else is on standard output, whatever the solver prints."""
    assert json.loads(done.seen.out) == json.loads((done.out / "summary.json").read_text())


def test_a_plan_can_be_simulated_again(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """The plan that `plan` writes can be read, edited and simulated."""
    assert cli("plan", alpha, "--out", tmp_path / "plan", "--jobs", 1).code == 0
    plan = tmp_path / "plan" / "plan.csv"
    seen = cli("simulate", alpha, "--plan", plan, "--out", tmp_path / "out", "--replications", 8, "--jobs", 1)
    assert seen.code == 0, seen.err
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["policies"]["plan"]["destroyed_t"]["mean"] > 0.0
    with plan.open() as file:
        rows = list(csv.DictReader(file))
    rows[0]["tonnes"] = "-1"
    rows[1]["lot_id"] = "NOSUCH"
    with plan.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    seen = cli("simulate", alpha, "--plan", plan, "--out", tmp_path / "again", "--replications", 8)
    assert seen.code == 2
    assert f"{plan}:2: tonnes: expected > 0 (got '-1')" in seen.err
    assert f"{plan}:3: lot_id: unknown lot (got 'NOSUCH')" in seen.err
    assert not (tmp_path / "again").exists()


def test_a_plan_for_a_longer_horizon_can_be_simulated(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """What of it begins too late is left out, which the command and the notes of the results say."""
    plan, out = tmp_path / "plan.csv", tmp_path / "out"
    plan.write_text(
        "lot_id,facility_id,tonnes,earliest_period,priority\nL01,RANGE-A,5,0,1\nL01,RANGE-A,5,9,2\n"
    )
    shorter = ("--set", "horizon_years=2", "--replications", 2, "--jobs", 1)
    seen = cli("simulate", alpha, "--plan", plan, "--out", out, *shorter)
    assert seen.code == 0, seen.err
    told = "Of the plan, 1 line would not begin before the horizon ends on 2028-01-01"
    assert told in seen.err
    assert told in json.loads((out / "summary.json").read_text())["notes"][-1]


def test_report_is_written_again_from_stored_results(done: Done, tmp_path: Path, cli: CommandLine) -> None:
    """`report` restores the same page from the stored numbers."""
    out = tmp_path / "out"
    copytree(done.out, out)
    page = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    assert cli("report", out).code == 0
    assert (out / "report.html").read_bytes() == page


def test_compare_puts_scenarios_side_by_side(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """A scenario against itself differs by nothing; the table and the figure are there."""
    out = tmp_path / "out"
    seen = cli("compare", alpha, alpha, "--out", out, "--replications", 8, "--jobs", 1)
    assert seen.code == 0, seen.err
    with (out / "compare.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["difference"]]
    assert rows
    assert {float(row["difference"]) for row in rows} == {0.0}
    assert (out / "figures" / "compare.svg").is_file()


def test_fund_draws_a_funding_curve(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """A funding curve has a point for each budget; how sure the answer is, is the one line on stdout."""
    out = tmp_path / "out"
    seen = cli(
        "fund", alpha, "--out", out, "--budgets", "0:1e6:3", "--replications", 8, "--parameter-draws", 4,
        "--jobs", 1,
    )  # fmt: skip
    assert seen.code == 0, seen.err
    (sure,) = seen.out.splitlines()
    assert sure.startswith("Over 4 draws of the model's constants, which are not known, ")
    assert json.loads((out / "funding.json").read_text())["parameter_draws"]["draws"] == 4
    with (out / "funding.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["budget_usd"]) for row in rows] == [0.0, 500_000.0, 1_000_000.0]
    assert (out / "figures" / "funding.svg").is_file()


def test_sweep_runs_a_grid(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """A sweep has a row for each combination and policy; fewer responders mean fewer deaths."""
    experiment = tmp_path / "grid.yaml"
    experiment.write_text(
        "question: Do responders matter?\nscenario: alpha\nfactors:\n"
        "  parameters.consequence.responders_per_event: 0; 50\n"
        "policies: do_nothing; host_only\nreplications: 8\n"
    )
    out = tmp_path / "out"
    seen = cli("sweep", experiment, "--out", out, "--jobs", 1)
    assert seen.code == 0, seen.err
    with (out / "estimates.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    deaths = [float(row["expected_fatalities"]) for row in rows if row["policy"] == "do_nothing"]
    assert deaths[0] < deaths[1]
    assert "SYNTHETIC" in (out / "figures" / "results.svg").read_text()


def test_broken_experiment_is_refused(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """Every problem of an experiment file is told with its line."""
    experiment = tmp_path / "grid.yaml"
    experiment.write_text(f"question: Why?\nscenario: {alpha.name}\npolicies: luck\nreplications: 1\n")
    seen = cli("sweep", experiment, "--out", tmp_path / "out")
    assert seen.code == 2
    assert f"{experiment}:3: policies: expected some of" in seen.err
    assert f"{experiment}:4: replications: expected >= 2 (got 1)" in seen.err
    assert f"{experiment}:1: factors: expected a mapping" in seen.err


def test_sources_lists_the_register(alpha: Path, cli: CommandLine) -> None:
    """`sources` prints every number with value, range, source and confidence, the code's own last."""
    seen = cli("sources", alpha)
    rows = list(csv.DictReader(seen.out.splitlines()))
    assert len(rows) > 60
    assert all(row["source"] and row["confidence"] in ("read", "derived", "assumed") for row in rows)
    shapes = {"triangular", "log-triangular", "uniform", "fixed"}
    assert {row["distribution"] for row in rows} <= shapes
    by_key = {row["key"]: row for row in rows}
    assert by_key["event_rate.rrpl_factor_1"]["distribution"] == "fixed"
    assert by_key["method.open_detonation.accident_rate_per_t"]["distribution"] == "log-triangular"
    in_code = [row for row in rows if row["key"].startswith("model.")]
    assert in_code == rows[-len(in_code) :]
    gas = by_key["model.ageing.GAS_CONSTANT_J_PER_MOL_K"]
    assert (gas["unit"], gas["value"], gas["low"], gas["high"]) == ("J/(mol K)", *["8.314462618"] * 3)
    # As they stand in model/blast.py and model/calibration.py, several numbers in a cell.
    assert by_key["model.blast.LETHALITY_COEFFICIENTS"]["value"] == "1.827; -3.433; -0.853; 0.356"
    assert by_key["model.blast.OVERPRESSURE_COEFFICIENTS"]["value"].startswith("(0.2; 2.9; (7.2106; -2.1069;")
    assert by_key["model.calibration.CAUSE_SHARES"]["value"].startswith("ageing 17.5; storage 22.5; ")
    own = sum(not row["key"].startswith(("model.", "method.")) for row in rows)
    assert f"{len(rows)} numbers: {own} constants that a scenario can override, 3 accident rates" in seen.err
    assert f"of the {own} that a scenario can override" in cli("check", alpha).out


def test_precision_chooses_the_replications(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """A run that stops at n differs from one with n replications only in what it says about precision."""
    arguments = ("simulate", alpha, "--rule", "oldest_first", "--jobs", 1)
    outs = tmp_path / "precise", tmp_path / "fixed"
    seen = cli(*arguments, "--out", outs[0], "--replications", 100, "--precision", "expected_fatalities=20%")
    assert seen.code == 0, seen.err
    run, summary = (json.loads((outs[0] / name).read_text()) for name in ("run.json", "summary.json"))
    assert run["precision"] == summary["precision"]
    (output,) = summary["precision"]["outputs"]
    assert (output["output"], output["response"]) == ("oldest_first", "expected_fatalities")
    deaths = summary["policies"]["oldest_first"]["expected_fatalities"]
    assert output["reached"] == pytest.approx(deaths["half_width"] / deaths["mean"])
    assert output["reached"] <= output["asked"] == 0.2
    assert summary["precision"]["met"]
    assert cli(*arguments, "--out", outs[1], "--replications", summary["replications"]).code == 0
    fixed = json.loads((outs[1] / "summary.json").read_text())
    assert fixed["precision"] is None
    assert summary | {"precision": None} == fixed
    files = [contents(out) for out in outs]
    assert files[0] | {"summary.json": b""} == files[1] | {"summary.json": b""}


def test_missed_precision_is_told(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """If the replications run out first, the exit code is 1, with a line and a note in the report."""
    out = tmp_path / "out"
    arguments = ("--max-replications", 100, "--precision", "expected_fatalities=0.0001%", "--jobs", 1)
    seen = cli("simulate", alpha, "--rule", "oldest_first", "--out", out, *arguments)
    assert seen.code == 1
    assert "target missed: precision not reached within 100 replications for 1 of 1 outputs" in seen.err
    summary = json.loads((out / "summary.json").read_text())
    assert summary["replications"] == 100
    assert not summary["precision"]["met"]
    assert summary["notes"][-1].startswith("Precision not reached within 100 replications")
    assert "Precision not reached within 100 replications" in (out / "report.html").read_text()


def test_rolling_compares_a_plan_with_itself_renewed(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """`rolling` writes both policies and their paired difference; the same bytes with two workers."""
    one, two = tmp_path / "one", tmp_path / "two"
    for out, jobs in ((one, 1), (two, 2)):
        seen = cli("rolling", alpha, "--out", out, "--replications", 4, "--jobs", jobs, "--json")
        assert seen.code == 0, seen.err
    assert contents(one) == contents(two)
    document = json.loads(seen.out)
    assert set(document["policies"]) == {"do_nothing", "optimised", "rolling"}
    difference = document["differences"]["optimised - rolling"]["planning_objective"]
    means = [document["policies"][name]["planning_objective"]["mean"] for name in ("optimised", "rolling")]
    assert difference["mean"] == pytest.approx(means[0] - means[1], abs=1e-12)
    assert difference["half_width"] >= 0.0
