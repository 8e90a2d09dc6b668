"""What a spreadsheet user does, done by LibreOffice: change cells, save, convert, run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import CommandLine
from demilsim.scenario.folder_write import settings_yaml
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from demilsim.scenario.workbook_write import workbook_bytes
from office import CSV, CSV_OPTIONS, ODS, XLSX, Job, office

SHIPPED = sorted(path.parent for path in Path("scenarios").glob("**/scenario.yaml"))
TYPED = [("lots", "E3", "900"), ("lots", "G3", "no"), ("settings", "B9", "4")]
"""Sheet, cell and what is typed: NEQ and mobility of the first lot, and the horizon."""


def chain(folder: Path) -> list[Job]:
    """Return the jobs that turn ``b.xlsx`` into ``b.ods``, and that into CSV files."""
    book, ods = folder / "b.xlsx", folder / "b.ods"
    return [Job(book, save=[(ods, ODS, "")]), Job(ods, save=[(folder / "b.csv", CSV, CSV_OPTIONS)])]


def hashes(folder: Path) -> tuple[str, str]:
    """Return the hash of ``b.ods``, and of a folder of the CSV files that LibreOffice wrote of it."""
    converted = load_scenario(folder / "b.ods")
    tables = folder / "tables"
    tables.mkdir()
    (tables / "scenario.yaml").write_text(settings_yaml(converted), encoding="utf-8")
    for name in LAYOUT:
        (folder / f"b-{name}.csv").rename(tables / f"{name}.csv")
    return converted.sha256, load_scenario(tables).sha256


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which LibreOffice converted the starter, and typed into it."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "b.xlsx").write_bytes(workbook_bytes(load_scenario(write_starter("pilot", folder))))
    typed = Job(folder / "b.xlsx", TYPED, [(folder / "typed.xlsx", XLSX, "")])
    office(folder, [*chain(folder), typed])
    return folder


def test_hash_survives_libreoffice(worked: Path) -> None:
    """Folder to .xlsx, to .ods and to CSV by LibreOffice, rows of units and all: equal hashes."""
    given = load_scenario(worked / "pilot").sha256
    assert hashes(worked) == (given, given)


def test_changed_workbook_runs(worked: Path, cli: CommandLine) -> None:
    """Three cells typed in LibreOffice are what `demilsim run` of the saved file works with."""
    changed, given = load_scenario(worked / "typed.xlsx"), load_scenario(worked / "pilot")
    assert (given.lots[0].neq_kg, given.lots[0].safe_to_move, given.settings.horizon_years) != (900, False, 4)
    first = changed.lots[0]
    assert (first.neq_kg, first.safe_to_move, changed.settings.horizon_years) == (900.0, False, 4)
    out = worked / "out"
    seen = cli(
        "run", worked / "typed.xlsx", "--out", out, "--replications", 2, "--parameter-draws", 0, "--jobs", 1
    )
    assert seen.code in (0, 1), seen.err
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["scenario"]["sha256"] == changed.sha256


@pytest.mark.soak
@pytest.mark.parametrize("scenario", SHIPPED, ids=lambda path: path.name)
def test_hash_of_every_shipped_scenario_survives_libreoffice(scenario: Path, tmp_path: Path) -> None:
    """The same for each shipped scenario."""
    given = load_scenario(scenario)
    (tmp_path / "b.xlsx").write_bytes(workbook_bytes(given))
    office(tmp_path, chain(tmp_path))
    assert hashes(tmp_path) == (given.sha256, given.sha256)
