"""Sensitivity of a swept scenario: refusals, tables, and what only money can say."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from commands import CommandLine
from demilsim.errors import ResultsError, StudyError
from demilsim.experiments.block import Failure, Outcome, study_of
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.funding_curve import funding_curve, promised_by_donors
from demilsim.experiments.funding_study import FundingStudy
from demilsim.experiments.information_value import InformationValue
from demilsim.experiments.ledgers import open_ledger
from demilsim.experiments.price_of_harm import CurvePoint, PriceOfHarm, margin
from demilsim.experiments.sensitivity import Sensitivity, sensitivity
from demilsim.experiments.sweep import How, sweep
from demilsim.experiments.sweep_result import SweepResult
from demilsim.experiments.workers import Backend
from demilsim.planning.coordinate import LoopOptions
from demilsim.reporting.funding import write_funding
from demilsim.reporting.sensitivity import curve_price, write_sensitivity
from demilsim.scenario.folder_write import write_folder
from demilsim.scenario.loader import load_scenario
from optimisation.instances import two_towns
from sweeps import tiny_experiment
from worlds import fund, tranche

STORAGE = "parameters.event_rate.storage_per_storehouse_year"
TEXT = f"""question: What should be measured?
scenario: tiny
policies: do_nothing; cheapest_first
design: saltelli
points: 16
factors:
  {STORAGE}: 0.01 to 0.2
  lots[L2].neq_kg: 10000 to 40000
outputs: expected_fatalities
replications: 4
"""


def swept(folder: Path, text: str) -> SweepResult:
    """Return a sweep in memory."""
    return sweep(tiny_experiment(folder, text), how=How(backend=Backend.SERIAL))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SweepResult:
    """Return a sweep of 64 rows of 4 replications."""
    return swept(tmp_path_factory.mktemp("whole"), TEXT)


@pytest.fixture(scope="module")
def found(whole: SweepResult) -> Sensitivity:
    """Return what the sweep says."""
    return sensitivity(whole)


def experiment_with(tmp_path: Path, old: str, new: str) -> Experiment:
    """Return the experiment with one piece of its text replaced."""
    return tiny_experiment(tmp_path, TEXT.replace(old, new))


def test_each_output_of_each_policy_is_explained(found: Sensitivity) -> None:
    """Both policies, and the second against the first."""
    names = [(r.quantity.policy, r.quantity.against) for r in found.quantities]
    assert names == [("do_nothing", None), ("cheapest_first", None), ("cheapest_first", "do_nothing")]


def test_harm_averted_depends_on_the_rate_of_its_lot_alone(found: Sensitivity) -> None:
    """The money destroys the first lot: the averted harm depends on the rate, not on the second lot."""
    averted = found.quantities[2].sobol
    assert averted is not None
    assert averted.total[0] > 0.9
    assert averted.total[1] < 0.01


def test_tables_and_text_agree(found: Sensitivity, tmp_path: Path) -> None:
    """CSV and JSON hold the same rows; without a price no dollars stand anywhere."""
    document = write_sensitivity(tmp_path, found)
    with (tmp_path / "information.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["known"] for row in rows] == [row["known"] for row in document["information"]]
    assert {row["usd"] for row in rows} == {""}
    assert document == json.loads((tmp_path / "sensitivity.json").read_text(encoding="utf-8"))
    assert "No dollars" in (tmp_path / "sensitivity.txt").read_text(encoding="utf-8")


def test_dollars_are_harm_times_the_price(found: Sensitivity, tmp_path: Path) -> None:
    """With a price each value in dollars is that in deaths times it, and the source is named."""
    document = write_sensitivity(tmp_path, found, PriceOfHarm(2e6, "stated"))
    for row in document["information"]:
        assert row["usd"] == pytest.approx(2e6 * row["averted"])
    assert any("2,000,000 USD: stated" in sentence for sentence in document["sentences"])


def test_few_points_are_told(found: Sensitivity) -> None:
    """Sixteen points are done, and whoever reads their numbers is told that 256 are advised."""
    assert any("16 of the 256 that are advised" in note for note in found.notes)


def test_one_factor_worth_more_than_all_is_told_to_be_noise(
    whole: SweepResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By logic nobody gains more from one factor than from all; an estimate that does says so."""
    told = {}
    for value in (0.0, 0.25):
        one = InformationValue(value, 0.0, 0.5)
        monkeypatch.setattr("demilsim.experiments.sensitivity.partial_information", lambda *_, one=one: one)
        told[value] = [note for note in sensitivity(whole).notes if "which cannot be" in note]
    assert told[0.0] == []
    assert [STORAGE in note for note in told[0.25]] == [True, False]
    assert all("alone is estimated at more than to know all factors" in note for note in told[0.25])
    assert all("0.25, is noise of 32 rows" in note for note in told[0.25])


def test_rows_not_done_are_refused(tmp_path: Path) -> None:
    """With nothing done, the rows, their number and the command are named."""
    experiment = tiny_experiment(tmp_path, TEXT)
    result = SweepResult(experiment, open_ledger(None, study_of(experiment)), range(len(experiment.rows)))
    with pytest.raises(StudyError, match=r"256 runs in 64 rows are missing") as refusal:
        sensitivity(result, "out")
    assert "row 0: 4 missing (not done)" in str(refusal.value)
    assert f"demilsim sweep {experiment.file} --out out" in str(refusal.value)


def test_one_failed_run_is_refused_by_name(whole: SweepResult) -> None:
    """A row with one failed replication: row, replication, error, and how to do it again."""
    experiment = whole.experiment
    ledger = open_ledger(None, study_of(experiment))
    for row, values in whole:
        spoilt = values.copy()
        failures = (Failure(2, "ValueError: planted"),) if row == 7 else ()
        if failures:
            spoilt[2] = float("nan")
        ledger.add(experiment.row_key(experiment.rows[row]), 0, Outcome(spoilt, failures, 0.0, 0.0))
    with pytest.raises(StudyError, match=r"row 7: 1 missing .*replication 2: ValueError: planted") as refusal:
        sensitivity(SweepResult(experiment, ledger, whole.indices), "out")
    assert "demilsim replay out --row 7 --replication 2" in str(refusal.value)
    assert "--retry-failed" in str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("design: saltelli\npoints: 16\n", "", "grid covers chosen levels only"),
        ("replications: 4", "precision: 10%", "all rows share"),
    ],
)
def test_designs_that_cannot_be_analysed(tmp_path: Path, old: str, new: str, match: str) -> None:
    """A grid and a precision are refused before anything is simulated."""
    text = TEXT.replace(" to 0.2", " to 0.2, 2 levels").replace("40000", "40000, 2 levels")
    experiment = tiny_experiment(tmp_path, text.replace(old, new))
    result = SweepResult(experiment, open_ledger(None, study_of(experiment)), [])
    with pytest.raises(StudyError, match=match):
        sensitivity(result)


def test_saltelli_needs_a_power_of_two(tmp_path: Path) -> None:
    """Seventeen points are refused with the numbers around them."""
    with pytest.raises(Exception, match="saltelli: expected a power of two, better 256 or more"):
        experiment_with(tmp_path, "points: 16", "points: 17")


def test_morris_design_ranks(tmp_path: Path) -> None:
    """Morris' design gives effects and no information; the rate has the larger effect on averted harm."""
    result = swept(tmp_path, TEXT.replace("saltelli\npoints: 16", "morris\npoints: 4"))
    found = sensitivity(result)
    averted = found.quantities[2].morris
    assert averted is not None
    assert averted.mean_absolute[0] > averted.mean_absolute[1]
    assert found.information is None


def test_margin_of_a_funding_curve() -> None:
    """The piece that holds the budget prices a death: from 2 to 6 million for 2 deaths more."""
    curve = [CurvePoint(0.0, 0.0), CurvePoint(6e6, 6.0), CurvePoint(2e6, 4.0), CurvePoint(9e6, 6.1)]
    assert margin(curve, 5e6, "curve").usd == pytest.approx(2e6)


def test_dent_is_priced_with_what_follows() -> None:
    """A piece that averts nothing, before one that averts much, is no price without end: both are one."""
    curve = [
        CurvePoint(b * 1e6, averted) for b, averted in ((0, 0.0), (1, 3.0), (2, 2.9), (4, 6.0), (5, 6.5))
    ]
    price = margin(curve, 2e6, "curve")
    assert price.usd == pytest.approx(3e6 / 3.0)
    assert price.source == "margin of curve from 1,000,000 to 4,000,000 USD: 3 deaths"
    assert margin(curve, 9e6, "curve").usd == pytest.approx(1e6 / 0.5)


def test_flat_curve_prices_nothing() -> None:
    """Where more money averts no more, no price is made up."""
    with pytest.raises(StudyError, match=r"expected more averted deaths from 1 to 2 USD, .* has no price"):
        margin([CurvePoint(1.0, 3.0), CurvePoint(2.0, 3.0)], 2.0, "curve")
    with pytest.raises(StudyError, match=r"expected at least two budgets \(got 1\)"):
        margin([CurvePoint(1.0, 3.0)], 2.0, "curve")


def test_command_prices_deaths_by_a_real_curve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Dollars come from what `demilsim fund` would write of the same scenario, at the donors' promise."""
    write_folder(two_towns(funds=[fund(), fund("D", holder="donor")],
                           tranches=[tranche(amount_usd=1_000.0), tranche("T-D", "D", amount_usd=50_000.0)]),
                 tmp_path / "towns")  # fmt: skip
    scenario, loop = load_scenario(tmp_path / "towns"), LoopOptions(teaching=4, choosing=8, baseline=4)
    points = funding_curve(scenario, (0.0, 50_000.0), 6, jobs=1, options=loop)
    write_funding(tmp_path / "curve", FundingStudy(scenario, promised_by_donors(scenario), points, None, ()))
    file = tmp_path / "experiment.yaml"
    file.write_text(
        "question: What should be measured?\nscenario: towns\npolicies: host_only; risk_per_day_first\n"
        f"design: latin_hypercube\npoints: 4\nfactors:\n  {STORAGE}: register\n"
        "outputs: expected_fatalities\nreplications: 2\n",
        encoding="utf-8",
    )
    cli = CommandLine(monkeypatch, capfd)
    done = cli("sensitivity", file, "--out", tmp_path / "out", "--funding", tmp_path / "curve", "--json",
               "--jobs", "1")  # fmt: skip
    assert done.code == 0, done.err
    document = json.loads(done.out)
    usd = 50_000.0 / (points[1].averted.mean - points[0].averted.mean)
    assert document["usd_per_death"]["usd"] == pytest.approx(usd)
    assert "margin of" in document["usd_per_death"]["source"]
    assert [row["usd"] for row in document["information"]] == pytest.approx(
        [usd * row["averted"] for row in document["information"]]
    )


def test_curve_of_another_scenario_is_refused(tmp_path: Path) -> None:
    """The margin of another scenario says nothing of this one."""
    points = [{"budget_usd": b, "averted_over_host_only": b} for b in (1.0, 2.0)]
    curve = {"scenario": {"name": "other", "sha256": "x"}, "promised_usd": 2.0, "points": points}
    (tmp_path / "funding.json").write_text(json.dumps(curve), encoding="utf-8")
    with pytest.raises(ResultsError, match="is of another scenario, other"):
        curve_price(tmp_path, "y")
    assert curve_price(tmp_path, "x").usd == pytest.approx(1.0)


def entries(ledger: Path) -> list[str]:
    """Return what a ledger holds, as SQL; its file also counts how often it was opened for writing."""
    with closing(sqlite3.connect(ledger)) as connection:
        return list(connection.iterdump())


def test_a_sweep_by_the_command_itself_is_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where nothing was swept before, the command that did it says so; a sweep later keeps the analysis."""
    experiment = tiny_experiment(tmp_path, TEXT.replace("points: 16", "points: 2"))
    cli, out = CommandLine(monkeypatch, capfd), tmp_path / "out"
    for command in ("sensitivity", "sweep"):
        assert cli(command, experiment.file, "--out", out, "--jobs", "1").code == 0
        run = json.loads((out / "run.json").read_text(encoding="utf-8"))
        assert run["command"][1] == command
        assert [one["command"][1] for one in run["analyses"]] == ["sensitivity"]


def test_command_goes_on_and_prints_one_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """After a sweep the command simulates nothing; ``run.json`` says how it was swept, and how analysed."""
    experiment = tiny_experiment(tmp_path, TEXT.replace("points: 16", "points: 2"))
    cli, swept_by = CommandLine(monkeypatch, capfd), ["sweep", str(experiment.file), "--out"]
    assert cli(*swept_by, tmp_path / "out", "--jobs", "1").code == 0
    done_before = entries(tmp_path / "out" / "ledger.sqlite")
    assert done_before
    for _ in range(2):
        done = cli("sensitivity", experiment.file, "--out", tmp_path / "out", "--json", "--jobs", "1")
        assert done.code == 0, done.err
        run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
        assert run["command"][1:4] == swept_by
        assert [one["command"][1] for one in run["analyses"]] == ["sensitivity"]
    assert json.loads(done.out)["rows"] == 8
    assert entries(tmp_path / "out" / "ledger.sqlite") == done_before
