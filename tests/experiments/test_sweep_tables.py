"""What a sweep writes and can be asked again: without extras, Parquet and xarray, one run, by precision."""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from commands import CommandLine
from demilsim.experiments import block as block_module
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.ledgers import LedgerKind
from demilsim.experiments.policies import simple_plan
from demilsim.experiments.precision import Case, named_outputs, replicate_until
from demilsim.experiments.replay import replay
from demilsim.experiments.sweep import How, sweep
from demilsim.experiments.sweep_result import SweepResult
from demilsim.experiments.workers import Backend
from demilsim.reporting.sweep import write_sweep
from demilsim.reporting.tables import cell_text
from demilsim.scenario.loader import load_scenario
from sweeps import GRID, files_of, tiny_experiment

SERIAL = How(backend=Backend.SERIAL)


@pytest.fixture(scope="module")
def folder(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with its ledger and tables."""
    path = tmp_path_factory.mktemp("out")
    write_sweep(path, sweep(experiment, path, how=SERIAL))
    return path


@pytest.fixture(scope="module")
def result(experiment: Experiment, folder: Path) -> SweepResult:
    """Return what is in the folder: nothing is simulated."""
    return sweep(experiment, folder, how=SERIAL)


WITHOUT = """
import sys
ABSENT = {"pandas", "pyarrow", "xarray", "dask", "distributed", "SALib", "ema_workbench"}
from importlib.machinery import PathFinder

class Core(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in ABSENT else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Core
from pathlib import Path
from demilsim.cli import app
from demilsim.experiments.experiment_file import load_experiment
from demilsim.experiments.sweep import sweep
from demilsim.terminal import guarded

file, morris, limit, out = sys.argv[1:]

def run(*arguments):
    sys.argv = ["demilsim", *arguments]
    print(int(guarded(app)), file=sys.stderr)

run("sweep", file, "--out", out, "--backend", "serial", "--quiet")
try:
    sweep(load_experiment(Path(file)), Path(out)).to_xarray()
except Exception as error:
    print(error, file=sys.stderr)
run("sweep", file, "--out", out + "-dask", "--backend", "dask")
run("sensitivity", morris, "--out", out + "-morris")
run("discover", out, "--target", f"do_nothing.expected_fatalities<={limit}")
assert not ABSENT & set(sys.modules), ABSENT & set(sys.modules)
"""
"""All in one process, in which only what the core needs can be imported."""


def test_core_does_without_extras(
    experiment: Experiment, folder: Path, result: SweepResult, tmp_path: Path
) -> None:
    """Without any extra the same tables but Parquet; what needs one names it and how to install it."""
    morris = tiny_experiment(
        tmp_path,
        GRID.replace("0.05; 0.2", "0.05 to 0.2").replace(", 2 levels", "")
        .replace("replications: 50", "replications: 2\ndesign: morris\npoints: 2"),
    )  # fmt: skip
    out = tmp_path / "core"
    means = [values[:, 0, 0].mean() for _, values in result]
    told = [experiment.file, morris.file, np.mean(means), out]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *map(str, told)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if not line.startswith("warning: ")] == [
        "0",
        "to_xarray: expected xarray; install it with: pip install 'demilsim[data]'",
        "--backend dask: expected Dask; install it with: pip install 'demilsim[cluster]'",
        "2",
        "design morris: expected SALib; install it with: pip install 'demilsim[sens]'",
        "2",
        "discover: expected EMA Workbench; install it with: pip install 'demilsim[discover]'",
        "2",
    ]
    core = files_of(out)
    whole = {name: content for name, content in files_of(folder).items() if name != "results.parquet"}
    assert core == whole


def test_parquet_is_the_table(folder: Path, result: SweepResult) -> None:
    """Parquet holds the lines of the CSV, in order, and the ledger's values to the bit; same provenance."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="not run: pyarrow missing (extra data)")
    table = parquet.read_table(folder / "results.parquet")
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert table.column_names == header
    columns = [table.column(name).to_pylist() for name in header]
    assert [list(map(str, line)) for line in zip(*columns[:3], strict=True)] == [line[:3] for line in lines]
    cells = [list(map(cell_text, values)) for values in zip(*columns[3:], strict=True)]
    assert [list(map(str, line)) for line in cells] == [line[3:] for line in lines]
    kept = np.concatenate([values.reshape(-1, values.shape[2]) for _, values in result])
    assert np.array(columns[3:]).T.tobytes() == kept.tobytes()
    stored = json.loads(table.schema.metadata[b"demilsim"])
    beside = json.loads((folder / "results.csv-metadata.json").read_text(encoding="utf-8"))
    assert stored == beside["provenance"]


def test_xarray_is_the_result(result: SweepResult, experiment: Experiment, tmp_path: Path) -> None:
    """Each value stands at its row, replication and policy, also after a way through a NetCDF file."""
    xarray = pytest.importorskip("xarray", reason="not run: xarray missing (extra data)")
    whole = result.to_xarray()
    assert dict(whole.sizes) == {"row": 4, "replication": 50, "policy": 2}
    assert whole[experiment.names[0]].values.tolist() == [0.05, 0.05, 0.2, 0.2]
    for row, values in result:
        for place, policy in enumerate(experiment.policies):
            for column, output in enumerate(experiment.outputs):
                found = whole[output.value].sel(row=row, policy=policy).values
                assert found.tobytes() == values[:, place, column].tobytes()
    # Names of factors are paths, which not every format allows.
    renamed = whole.rename({name: f"factor_{i}" for i, name in enumerate(experiment.names)})
    renamed.to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    with xarray.open_dataset(tmp_path / "results.nc", engine="h5netcdf") as back:
        assert back.identical(renamed)


@pytest.mark.parametrize(("row", "replication"), [(0, 0), (2, 31), (3, 49)])
def test_replay_is_the_stored_run(
    experiment: Experiment, folder: Path, result: SweepResult, row: int, replication: int
) -> None:
    """One run done again gives the values of its line, bit for bit."""
    again = replay(folder, experiment, row, replication)
    assert again.same is True
    found = [[again.values[p][o.value] for o in experiment.outputs] for p in experiment.policies]
    assert np.array(found).tobytes() == result.values(row)[replication].tobytes()


def test_replay_tells_what_differs(experiment: Experiment, tmp_path: Path) -> None:
    """Where the ledger holds another value, the answer is no, and the command ends with 1."""
    sweep(experiment, tmp_path, how=How(backend=Backend.SERIAL, ledger=LedgerKind.SQLITE))
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as base, base:
        base.execute("UPDATE block SET outcome = zeroblob(length(outcome))")
    again = replay(tmp_path, experiment, 1, 3)
    assert (again.same, again.sentence) == (False, "NOT the same bits as before")


def test_precision_stops_each_row_where_its_own_rule_does(tmp_path: Path) -> None:
    """Rows get as many replications as an ensemble of the same scenario under the same precision, no more."""
    text = GRID.replace("replications: 50", "precision: expected_fatalities=10%\nmax_replications: 400")
    experiment = tiny_experiment(tmp_path, text)
    precision = experiment.precision
    assert precision is not None
    found = sweep(experiment, tmp_path / "out", how=How(backend=Backend.SERIAL, chunk=33))
    assert found.holes() == []
    numbers = []
    for row, values in found:
        scenario = load_scenario(experiment.folder, experiment.overrides(experiment.rows[row]))
        plans = {policy: simple_plan(policy, scenario) for policy in experiment.policies}
        (alone,), reached = replicate_until(
            [Case(scenario, plans)], precision, lambda whole: named_outputs(whole[0], precision, None),
            seed=experiment.seed, jobs=1,
        )  # fmt: skip
        numbers.append(reached.replications)
        assert len(values) == reached.replications
        for place, policy in enumerate(experiment.policies):
            for column, output in enumerate(experiment.outputs):
                assert values[:, place, column].tobytes() == alone.values(policy, output).tobytes()
    assert len(set(numbers)) > 1, numbers
    assert min(numbers) < 400


def test_another_version_is_set_aside(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Blocks of other code count as not done, and every command that meets them says so."""
    cli, out = CommandLine(monkeypatch, capfd), tmp_path / "out"
    command = ("sweep", experiment.file, "--out", out, "--backend", "serial", "--chunk", "25")
    monkeypatch.setattr(block_module, "code_version", lambda: "0.0.1+older")
    assert cli(*command).code == 0
    monkeypatch.undo()
    cli = CommandLine(monkeypatch, capfd)
    aside = "8 blocks of another version of demilsim are left aside"
    merged = cli("merge", out, "--out", tmp_path / "merged")
    assert merged.code == 3
    assert aside in merged.err
    assert "200 runs are not done" in merged.err
    alone = cli("replay", out, "--row", "0", "--replication", "0")
    assert f"the sweep has not done this run yet; {aside}" in alone.err
    looked = cli("discover", out, "--target", "do_nothing.fatalities<=3")
    assert (looked.code, aside in looked.err) == (1, True)
    again = cli(*command)
    assert (again.code, aside in again.err) == (0, True)
    clean = cli("merge", out, "--out", tmp_path / "merged")
    assert (clean.code, aside in clean.err) == (0, True)
