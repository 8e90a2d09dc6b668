"""What an earlier command left in the same folder: its own files go, those of people stay and are told."""

from __future__ import annotations

import json
from pathlib import Path

from demilsim.reporting.earlier import left_over, write_files, written

OLD = {"plan.csv": "old plan", "plan_reasons.csv": "old reasons", "prices.csv": "old prices"}


def earlier(folder: Path) -> Path:
    """Write results of an earlier command that also lists what cannot be its own."""
    listed = written(OLD, "report.html", "run.json", "figures/map.svg", "notes.csv", "../outside.csv")
    write_files(folder, OLD, listed)
    (folder / "figures").mkdir()
    for name in ("report.html", "figures/map.svg", "notes.csv", "../outside.csv"):
        (folder / name).write_text(name)
    (folder / "run.json").write_text(json.dumps({"files": listed}))
    return folder


def test_what_is_not_written_again_does_not_stay(tmp_path: Path) -> None:
    """Reasons of another plan, its page and its list go; names that no command of ours writes are left."""
    folder = earlier(tmp_path / "out")
    new = {"plan.csv": "new plan"}
    write_files(folder, new, written(new, "plan.json"))
    assert sorted(path.name for path in folder.rglob("*")) == ["figures", "notes.csv", "plan.csv"]
    assert (folder / "plan.csv").read_text() == "new plan"
    assert (tmp_path / "outside.csv").exists()


def test_what_a_person_changed_or_made_stays_and_is_told(tmp_path: Path) -> None:
    """Prices with a remark of somebody, and a table that no command has listed."""
    folder = earlier(tmp_path / "out")
    (folder / "prices.csv").write_text("old prices, and what I think of them")
    (folder / "alternatives.csv").write_text("from elsewhere")
    new = {"plan.csv": "new plan"}
    listed = written(new, "plan.json")
    write_files(folder, new, listed)
    (folder / "plan.json").write_text(json.dumps({"files": listed}))
    assert left_over(folder) == ("alternatives.csv", "prices.csv")


def test_a_damaged_list_removes_nothing(tmp_path: Path) -> None:
    """Neither text that is no JSON nor a list of another form costs a file."""
    folder = earlier(tmp_path / "out")
    for text in ("{", "[]", '{"files": ["prices.csv"]}', '{"files": {"prices.csv": 1}}'):
        (folder / "run.json").write_text(text)
        write_files(folder, {}, {})
        assert (folder / "prices.csv").exists()
