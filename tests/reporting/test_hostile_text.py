"""Five hundred hostile texts through the writers of CSV and HTML: nothing of them runs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from demilsim.reporting.report import write_report
from demilsim.reporting.tables import csv_text
from demilsim.scenario.formula_guard import unquoted
from hostile import HOSTILE
from pages import Page

RUNS = ("=", "+", "-", "@", "\t", "\r")
"""First characters by which a spreadsheet takes a cell for a formula."""


def noted(folder: Path, notes: list[str]) -> tuple[str, Page]:
    """Return the report of a results folder whose title and notes are given."""
    file = folder / "summary.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["notes"] = notes
    file.write_text(json.dumps(document), encoding="utf-8")
    html = write_report(folder, "restricted").read_text(encoding="utf-8")
    return html, Page(html)


def test_no_cell_of_a_csv_file_is_a_formula() -> None:
    """Every text of five hundred is one cell that no spreadsheet runs, and comes back as it was."""
    text = csv_text(["name", "n"], [[one, 1] for one in HOSTILE])
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert len(rows) == len(HOSTILE)
    assert not [cells for cells in rows if cells[0].startswith(RUNS)]
    assert [unquoted(cells[0]) for cells in rows] == list(HOSTILE)


def test_no_text_of_a_page_is_markup(folder: Path) -> None:
    """Five hundred notes add text and no tag, attribute or address beyond those of a plain note."""
    _, plain = noted(folder, ["plain"] * len(HOSTILE))
    _, seen = noted(folder, list(HOSTILE))
    assert [(tag, sorted(attrs)) for tag, attrs in seen.tags] == [(t, sorted(a)) for t, a in plain.tags]
    handlers = [name for _, attrs in seen.tags for name in attrs if name.startswith("on")]
    addresses = [attrs.get("href") or attrs.get("src") or "" for _, attrs in seen.tags]
    assert handlers == []
    assert not [address for address in addresses if address.lower().startswith(("javascript:", "http"))]
    shown = [one for one in HOSTILE if one.isprintable()]
    assert len(shown) > 350
    assert [one for one in shown if one.strip() not in seen.text] == []
