from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from demilsim.reporting.report import RESULTS_BOOK, write_report
from hostile import HOSTILE
from reporting.conftest import Reported


def sheets(folder: Path) -> dict[str, list[list[object]]]:
    """Return the cells of a results workbook."""
    workbook = CalamineWorkbook.from_path(str(folder / RESULTS_BOOK))
    return {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}


def test_plan_comparison_and_assumptions_are_there_and_synthetic_is_said_first(reported: Reported) -> None:
    """The sheets that a planner needs, and the warning before everything."""
    found = sheets(reported("public"))
    assert list(found) == ["about", "plan", "comparison", "differences", "assumptions"]
    assert found["about"][2][0] == "SYNTHETIC"


def test_comparison_has_the_stored_numbers_with_their_intervals(reported: Reported) -> None:
    """Mean, half width and parameter range of each policy's expected deaths are those of summary.json."""
    folder = reported("public")
    stored = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["policies"]
    shown = {row[0]: row[3:] for row in sheets(folder)["comparison"] if row[1] == "expected_fatalities"}
    assert set(shown) == set(stored)
    for name, cells in shown.items():
        spread = stored[name]["expected_fatalities"]
        kept = [spread[key] for key in ("mean", "half_width", "parameter_p5", "parameter_p95")]
        assert cells == pytest.approx(kept)


def test_assumptions_carry_source_and_confidence(reported: Reported) -> None:
    """Each stored assumption has its row with evidence."""
    folder = reported("public")
    stored = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["assumptions"]
    rows = sheets(folder)["assumptions"][2:]
    assert [(row[0], row[6], row[7] or None) for row in rows] == [
        (one["key"], one["confidence"], one["source"]) for one in stored
    ]


def test_public_plan_has_facilities_and_years_only(reported: Reported) -> None:
    """No lot, storehouse, site, quantity of explosive or date within the year is in the public file."""
    folder = reported("public")
    heads = sheets(folder)["plan"][0]
    assert heads == ["facility", "year", "planned"]
    with zipfile.ZipFile(folder / RESULTS_BOOK) as archive:
        text = "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    plan = (folder / "plan.csv").read_text(encoding="utf-8").splitlines()
    secret = {cell for line in plan[1:] for cell in line.split(",")[1:4]}
    assert secret
    assert not [word for word in secret if f">{word}<" in text]


def test_partner_sees_lots_and_restricted_reasons(reported: Reported) -> None:
    """A partner's plan has lots, sites and dates; only the restricted one has storehouses and NEQ."""
    partner, restricted = (sheets(reported(who))["plan"] for who in ("partner", "restricted"))
    assert partner[0][1:3] == ["lot", "site"]
    assert partner[0][5:7] == ["planned from", "not before"]
    assert [cell.isoformat()[:10] for cell in partner[2][5:7]] == ["2026-07-01", "2026-01-01"]
    assert "storehouse" not in partner[0]
    assert restricted[0][9:] == ["storehouse", "net explosive quantity", "reason"]


def test_nothing_in_it_runs(folder: Path) -> None:
    """Five hundred hostile notes are text cells: no formula, no link, no macro."""
    file = folder / "summary.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["notes"] = list(HOSTILE)
    file.write_text(json.dumps(document), encoding="utf-8")
    write_report(folder, "restricted")
    with zipfile.ZipFile(io.BytesIO((folder / RESULTS_BOOK).read_bytes())) as archive:
        pages = [archive.read(name).decode() for name in archive.namelist() if "worksheets/" in name]
    assert not [page for page in pages if "<f>" in page or "<f " in page or "<hyperlink" in page]
    workbook = CalamineWorkbook.from_path(str(folder / RESULTS_BOOK))
    assert len([row for row in workbook.get_sheet_by_name("about").to_python() if row[0] == "note"]) == 500
