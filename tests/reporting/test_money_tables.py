from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.plan import DisposalPlan
from demilsim.reporting.outputs import HowRun, write_results
from demilsim.reporting.reading import read_results
from demilsim.reporting.views import money, money_outside
from demilsim.reporting.wording import ABSENT
from stories import line, plan
from worlds import fund, rate, tranche, world

REPLICATIONS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results of a programme with scrap, an expiry and more explosions than the account pays."""
    often = {"event_rate.storage_per_storehouse_year": 2.0}
    scenario = world(
        funds=[fund(expires="2026-12-31"), fund("CLEAN", holder="donor", use="emergency")],
        tranches=[tranche(amount_usd=60_000.0), tranche("T2", "CLEAN", amount_usd=1_000.0)],
        facility_rates=[rate(scrap_usd_per_t=40.0)],
        parameters=often,
    )
    story: DisposalPlan = plan(line("L1"))
    out = tmp_path_factory.mktemp("money")
    write_results(out, replicate(scenario, [story], REPLICATIONS, jobs=1), seed=1, how=HowRun((), 0.0, 1))
    return out


def stored(folder: Path) -> Any:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def test_stored_money_adds_up(folder: Path) -> None:
    """Received = spent + lapsed + unspent, lapsed by its reasons; both sorts of money outside are there."""
    summary = stored(folder)
    for row in summary["spend_by_fund"]["story"]:
        parts = row["spent_usd"] + row["lapsed_usd"] + row["unspent_usd"]
        assert parts == pytest.approx(row["received_usd"], abs=0.01)
        reasons = sum(row[f"lapsed_{why}_usd"] for why in ("unspent", "late", "released"))
        assert reasons == pytest.approx(row["lapsed_usd"], abs=0.01)
    outside = summary["money_outside_funds"]["story"]
    assert outside["cleanup_unfunded_usd"] > 0.0
    assert outside["scrap_to_treasury_usd"] > 0.0


def test_tables_show_why_money_lapsed(folder: Path) -> None:
    """A column for each reason, a sum below, and clean-up and scrap in a table of their own."""
    results = read_results(folder)
    table = money(results)
    assert [column.head for column in table.columns[5:9]] == [
        "Lapsed", "unspent at expiry", "come after it", "set free after it",
    ]  # fmt: skip
    host = dict(zip((c.head for c in table.columns), table.rows[0].cells, strict=True))
    row = stored(folder)["spend_by_fund"]["story"][0]
    assert host["unspent at expiry"] == f"{row['lapsed_unspent_usd']:,.0f}"
    assert table.rows[-1].cells[0] == "All"
    outside = money_outside(results)
    assert (
        outside.rows[0].cells[1]
        == f"{stored(folder)['money_outside_funds']['story']['cleanup_unfunded_usd']:,.0f}"
    )
    assert "Clean-up that no fund pays" in (folder / "report.html").read_text(encoding="utf-8")


def test_results_without_reasons_can_still_be_read(folder: Path, tmp_path: Path) -> None:
    """A folder of an earlier version has no reasons: they are shown as absent, not as zero."""
    old = stored(folder)
    del old["money_outside_funds"]
    for row in old["spend_by_fund"]["story"]:
        for key in [key for key in row if key.startswith("lapsed_") and key != "lapsed_usd"]:
            del row[key]
    for name in ("timeline.csv", "plan.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "summary.json").write_text(json.dumps(old), encoding="utf-8")
    results = read_results(tmp_path)
    assert money_outside(results).rows == ()
    assert {row.cells[6] for row in money(results).rows} == {ABSENT}
