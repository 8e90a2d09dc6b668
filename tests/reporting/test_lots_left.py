"""Why something is left: the cause that is told is the one that holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demilsim.planning.expected import expected_work
from demilsim.planning.premises import premises_of
from demilsim.planning.rules import DO_NOTHING, nominal_coefficients
from demilsim.reporting.disclosure import Audience, for_audience
from demilsim.reporting.headline import headline
from demilsim.reporting.lots_left import LeftFacts, left_document, left_words
from demilsim.reporting.plan_risks import risks_table
from demilsim.reporting.plan_views import lots_left
from demilsim.reporting.reading import read_results
from demilsim.reporting.report import write_report
from demilsim.scenario.scenario import Scenario
from reporting.conftest import EditSummary
from stories import line, plan, with_methods
from worlds import site, storehouse, two_lots


def left(scenario: Scenario, tonnes: float) -> dict[str, Any]:
    """Return what a plan leaves that destroys some of the first lot in the first period, and no more."""
    known, story = nominal_coefficients(scenario), plan(line("L1", tonnes))
    found = left_document(premises_of(scenario, known), story, expected_work(scenario, story, known))
    assert found is not None
    return found


def far_off() -> Scenario:
    """Return two lots, the second at a site without plant and road."""
    return two_lots(
        sites=(site("S1"), site("S2")), storehouses=(storehouse("H1", "S1"), storehouse("H2", "S2"))
    )


@pytest.mark.parametrize(
    ("scenario", "masses"),
    [
        (with_methods(two_lots(), accident_rate_per_t=0.0), {"short": 160.0}),
        (with_methods(two_lots(), accident_rate_per_t=1.0), {"choice": 160.0}),
        (with_methods(far_off(), accident_rate_per_t=0.0), {"short": 60.0, "no_way": 100.0}),
    ],
    ids=["for want of means", "by choice", "out of reach"],
)
def test_the_cause_is_the_one_that_holds(scenario: Scenario, masses: dict[str, float]) -> None:
    """40 of 200 t are destroyed: the rest would kill more, or has no way, or else means are short."""
    found = left(scenario, 40.0)
    assert found["surplus_t"] == pytest.approx(200.0)
    assert found["left_t"] == pytest.approx(160.0)
    assert {k: v for k, v in found["by_reason"].items() if v} == pytest.approx(masses)
    assert [(lot["lot_id"], lot["left_t"]) for lot in found["lots"]] == [("L2", 100.0), ("L1", 60.0)]


def test_a_plan_without_lines_leaves_nothing_by_reason() -> None:
    """Doing nothing is no choice of lots."""
    scenario = two_lots()
    known = nominal_coefficients(scenario)
    work = expected_work(scenario, DO_NOTHING, known)
    assert left_document(premises_of(scenario, known), DO_NOTHING, work) is None


def stored(left_t: float) -> Any:
    """Return how to store that a plan leaves something by choice, and that nothing was ever cleared."""

    def change(document: dict[str, Any]) -> None:
        document["policies"]["optimised"]["p_cleared"] = {"mean": 0.0, "half_width": 0.01}
        document["policies"]["optimised"]["clearance_date"] = {}
        document["left"] = {
            "surplus_t": 29_500.0,
            "left_t": left_t,
            "by_reason": {"choice": left_t, "no_way": 0.0, "short": 0.0},
            "lots_left": 1,
            "lots": [{"lot_id": "LOT-SECRET-9", "site_id": "S", "left_t": left_t, "reason": "choice"}],
        }

    return change


def test_the_page_gives_the_cause(folder: Path, edit: EditSummary) -> None:
    """Risks and headline say that the plan leaves it; lots are for those who may see them."""
    edit(stored(2_916.0))
    said = "the plan leaves 2,916 t, since to destroy it is expected to kill more than it averts"
    results = for_audience(read_results(folder), "public")
    risks = {row.cells[0]: row.cells[2] for row in risks_table(results).rows}
    assert risks["The surplus is not gone within the horizon"] == said
    assert f"not gone within the horizon in any replication: {said}." in headline(results).context
    assert lots_left(results).rows == ()
    (row,) = lots_left(for_audience(read_results(folder), "partner")).rows
    assert row.cells[:3] == ("LOT-SECRET-9", "S", "2,916")


def test_several_causes_are_told_with_their_tonnes() -> None:
    """Each cause has its part of what is left."""
    facts = LeftFacts(surplus_t=900.0, left_t=510.0, by_reason={"choice": 310.0, "short": 200.0}, lots_left=3)
    assert left_words(facts) == (
        "the plan leaves 510 t: 310 t since to destroy it is expected to kill more than it averts; "
        "200 t since money, capacity and time do not reach it"
    )


def test_where_the_plan_leaves_next_to_nothing_it_is_not_the_cause(folder: Path, edit: EditSummary) -> None:
    """Below the share at which the surplus counts as gone, delays and money are what keeps it."""
    edit(stored(200.0))
    risks = {row.cells[0]: row.cells[2] for row in risks_table(read_results(folder)).rows}
    assert risks["The surplus is not gone within the horizon"] == "money, capacity and delays, see below"


def test_a_page_shows_lots_to_partners_alone(folder: Path, edit: EditSummary) -> None:
    """The table of lots is on a partner's page, and neither it nor a lot on the public one."""
    edit(stored(2_916.0))
    readers: tuple[tuple[Audience, bool], ...] = (("public", False), ("partner", True))
    for audience, there in readers:
        write_report(folder, audience)
        html = (folder / "report.html").read_text(encoding="utf-8")
        assert ("LOT-SECRET-9" in html) == there
        assert ("Lots that the plan leaves" in html) == there
