import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from demilsim.errors import ResultsError
from demilsim.reporting.folder import write_atomically
from demilsim.reporting.plan_views import plan_lines
from demilsim.reporting.reading import read_results
from demilsim.reporting.stored import plain
from demilsim.reporting.tables import csv_text
from reporting.conftest import EditSummary, write_results


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """The new content is there, no temporary file is left, and others may read it."""
    path = tmp_path / "a.txt"
    write_atomically(path, "old")
    write_atomically(path, "new\nж")
    assert path.read_bytes() == "new\nж".encode()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_write_that_fails_leaves_the_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails at the last step costs the new file, not the old one."""
    path = tmp_path / "a.txt"
    write_atomically(path, "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ResultsError, match=r"a\.txt: cannot be written: No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_results_become_records(folder: Path) -> None:
    """Numbers, dates, periods and formula-like texts arrive as they were stored."""
    results = read_results(folder)
    assert results.shown.name == "optimised"
    assert results.baseline is not None
    assert results.baseline.name == "host_only"
    assert results.shown.measures.expected_fatalities is not None
    assert results.shown.measures.expected_fatalities.mean == 8.25
    assert results.shown.measures.clearance_date is not None
    assert str(results.shown.measures.clearance_date.p50) == "2038-06-30"
    assert results.shown.timeline is not None
    assert len(results.shown.timeline.starts) == 60
    assert results.lines[5].start.isoformat() == "2027-04-01"
    assert str(results.lines[5].planned) == "2027-10-01"
    assert results.lines[0].reason == "@worst in STORE-SECRET-0"
    assert results.shown.facilities[2].name == "=cmd|' /C calc'!A0"


def test_plans_of_older_results_say_when_work_may_begin(folder: Path) -> None:
    """A plan without planned periods is read, and its tonnes by year are said to be those that may begin."""
    assert "in which work is planned" in plan_lines(read_results(folder), "public").caption
    rows = list(csv.reader((folder / "plan.csv").read_text(encoding="utf-8").splitlines()))
    older = [[*row[:11], row[-1]] for row in rows]
    (folder / "plan.csv").write_text(csv_text(older[0], older[1:]), encoding="utf-8")
    results = read_results(folder)
    assert {line.planned for line in results.lines} == {None}
    assert "in which work may begin" in plan_lines(results, "public").caption


def test_one_policy_is_enough(tmp_path: Path) -> None:
    """`demilsim simulate` leaves one policy and no plan."""
    folder = write_results(tmp_path / "one", ("oldest_first",))
    results = read_results(folder)
    assert results.shown.name == "oldest_first"
    assert results.baseline is None


def test_null_and_an_empty_object_are_absent(folder: Path, edit: EditSummary) -> None:
    """Both stand for a measure that was not computed."""

    def change(document: dict[str, Any]) -> None:
        document["policies"]["optimised"]["p_cleared"] = {}
        document["policies"]["optimised"]["cost_usd"] = None

    edit(change)
    measures = read_results(folder).shown.measures
    assert measures.p_cleared is None
    assert measures.cost_usd is None


@pytest.mark.parametrize("name", ["summary.json", "timeline.csv", "plan.csv"])
def test_a_missing_or_garbled_file_is_named(folder: Path, name: str) -> None:
    """Missing, not text, empty: each says which file."""
    path = folder / name
    for content in (b"\xff\xfe\x00", b""):
        path.write_bytes(content)
        with pytest.raises(ResultsError, match=f"^{name}"):
            read_results(folder)
    path.unlink()
    with pytest.raises(ResultsError, match=f"^{name}: missing"):
        read_results(folder)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("policies.optimised.expected_fatalities.mean", "8", r"number \(got '8'\)"),
        ("policies.optimised.expected_fatalities.mean", None, "number"),
        ("scenario.start", "2026-13-01", "2026-13-01"),
        ("policies", {}, "at least 1"),
        ("level", 1.5, "less than 1"),
    ],
)
def test_a_damaged_summary_names_the_place(
    folder: Path, edit: EditSummary, place: str, value: object, message: str
) -> None:
    """The message holds the dotted key, what was expected and what was found."""

    def change(document: dict[str, Any]) -> None:
        *path, last = place.split(".")
        for key in path:
            document = document[key]
        document[last] = value

    edit(change)
    with pytest.raises(ResultsError, match=rf"^summary\.json: {place}: .*{message}"):
        read_results(folder)


def test_all_that_is_wrong_with_a_summary_is_said_at_once(folder: Path, edit: EditSummary) -> None:
    """Two problems, two lines."""

    def change(document: dict[str, Any]) -> None:
        del document["seed"]
        document["scenario"]["lots"] = "many"

    edit(change)
    with pytest.raises(ResultsError) as raised:
        read_results(folder)
    assert sorted(line.split(": ")[1] for line in str(raised.value).splitlines()) == ["scenario.lots", "seed"]


def test_a_summary_that_was_cut_or_holds_nan_is_refused(folder: Path) -> None:
    """A file cut in the middle is not read in part; NaN is not a result."""
    path = folder / "summary.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    with pytest.raises(ResultsError, match=r"^summary\.json: Invalid JSON"):
        read_results(folder)
    document = json.loads(text)
    document["policies"]["optimised"]["expected_fatalities"]["mean"] = float("nan")
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ResultsError, match=r"expected_fatalities\.mean: .*finite"):
        read_results(folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("timeline.csv", "do_nothing,0,2026-01-01,", "do_nothing,0,soon,", "2: start: expected an ISO date"),
        ("timeline.csv", ",40000.0,", ",nan,", "2: stock_t_mean: expected a finite number"),
        ("timeline.csv", "stock_t_p95", "stock_t_p99", " column stock_t_p95 is missing"),
        ("plan.csv", ",0,0,88000.0,", ",600,0,88000.0,", "2: earliest_period: expected a period"),
        ("plan.csv", ",120.5,", ",", r"2: expected 15 cells \(got 14\)"),
    ],
)
def test_a_damaged_table_names_line_and_column(
    folder: Path, name: str, old: str, new: str, message: str
) -> None:
    """The message reads file:line: column: expected (got)."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ResultsError, match=rf"^{name}:{message}"):
        read_results(folder)


def test_texts_lose_what_could_mislead() -> None:
    """Line breaks become spaces; control characters and direction overrides go."""
    assert plain("a\n b\x00\u202ec\u200b") == "a bc"
