"""The value of measures in the summary and in the report, and who may see of which place it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.experiments.measure_value import measure_values
from demilsim.plan import MeasureOrder
from demilsim.planning.rules import DO_NOTHING
from demilsim.reporting.disclosure import for_audience
from demilsim.reporting.measure_views import measure_document, measures_table
from demilsim.reporting.outputs import HowRun, write_results
from demilsim.reporting.reading import read_results
from experiments.test_measure_value import with_tests
from reporting.conftest import EditSummary
from worlds import measure, one_lot

HOW = HowRun(("demilsim", "simulate"), 0.0, 1)


def row(measure_id: str, kind: str, per_million: float | None, **changes: Any) -> dict[str, Any]:
    """Return a stored measure."""
    known = None if per_million is None else {"mean": per_million, "half_width": 0.5}
    base = {
        "measure_id": measure_id, "kind": kind, "region": "All sites", "in_plan": False, "affordable": True,
        "fatalities_averted": known, "paid_usd": known, "spent_more_usd": known,
        "fatalities_averted_per_million_usd": known,
    }  # fmt: skip
    return base | changes


@pytest.fixture
def stored(edit: EditSummary, folder: Path) -> Path:
    """Return a results folder with a test, guards, and a test that nobody can pay."""
    rows = [
        row("GUARD-SECRET", "guard", 2.0, in_plan=True),
        row("TEST-SECRET", "surveillance", 7.0),
        row("DEAR-SECRET", "surveillance", None, affordable=False),
    ]

    def add(document: dict[str, Any]) -> None:
        document["measure_values"] = {"policy": "optimised", "replications": 64, "rows": rows}

    edit(add)
    return folder


def test_scenario_without_measures_has_no_values() -> None:
    """Nothing is simulated for a scenario without measures, and null is stored."""
    assert measure_document(one_lot(), "do_nothing", DO_NOTHING, 1) is None


def test_stored_numbers_are_those_of_the_study() -> None:
    """What is stored is what `measure_values` gives, measure by measure, with its region."""
    scenario = with_tests()
    plan = replace(DO_NOTHING, measures=(MeasureOrder("T1", 0),))
    document = measure_document(scenario, "mine", plan, 1)
    values = measure_values(scenario, plan, seed=1)
    assert document is not None
    assert [r["measure_id"] for r in document["rows"]] == ["T1", "T2"]
    for stored_row, value in zip(document["rows"], values, strict=True):
        assert value.per_million_usd is not None
        assert stored_row["fatalities_averted_per_million_usd"] == {
            "mean": value.per_million_usd.mean, "half_width": value.per_million_usd.half_width,
        }  # fmt: skip
        assert stored_row["in_plan"] == value.in_plan
        assert stored_row["region"] == "All sites"


def test_simulated_plan_is_reported_with_the_value_of_tests(tmp_path: Path) -> None:
    """A folder of one simulated plan holds both tests, and its report has the table."""
    ensemble = replicate(with_tests(), {"do_nothing": DO_NOTHING}, 4, seed=1, jobs=1)
    write_results(tmp_path, ensemble, seed=1, how=HOW, audience="partner")
    facts = read_results(tmp_path).measure_values
    assert facts is not None
    assert [r.measure_id for r in facts.rows] == ["T1", "T2"]
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Surveillance test T1" in html


def test_best_measure_comes_first_and_the_dear_one_says_so(stored: Path) -> None:
    """Rows come by what a million dollars averts; one that cannot be paid stands last."""
    table = measures_table(read_results(stored))
    names = [cells.cells[0] for cells in table.rows]
    assert names == ["Surveillance test TEST-SECRET", "Guards GUARD-SECRET", "Surveillance test DEAR-SECRET"]
    assert table.rows[0].cells[-1] == "7.00 ± 0.50"
    assert table.rows[2].cells[3] == "not affordable"


def test_public_sees_no_id_and_no_guards(stored: Path) -> None:
    """The public report says what a test is worth in a region; ids and guards are left out."""
    results = for_audience(read_results(stored), "public")
    cells = [cell for line in measures_table(results).rows for cell in line.cells]
    assert not [cell for cell in cells if "SECRET" in cell or "uard" in cell]
    assert len(measures_table(results).rows) == 2


def test_partner_sees_which_measure_it_is(stored: Path) -> None:
    """A partner is told the ids."""
    table = measures_table(for_audience(read_results(stored), "partner"))
    assert len(table.rows) == 3


def test_measure_document_names_its_plan() -> None:
    """The policy and the replications behind the numbers are stored with them."""
    lit = measure("L", "lightning")
    scenario = with_tests(measures=[lit])
    assert measure_document(scenario, "mine", DO_NOTHING, 1) is None
    taken = replace(DO_NOTHING, measures=(MeasureOrder("L", 0),))
    document = measure_document(scenario, "mine", taken, 1)
    assert document is not None
    assert (document["policy"], document["replications"]) == ("mine", 64)
