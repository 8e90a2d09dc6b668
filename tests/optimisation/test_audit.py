from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from demilsim.optimisation.audit import audit
from demilsim.plan import Commissioning, DisposalPlan, PlanLine
from demilsim.scenario.scenario import Scenario
from demilsim.units import grams
from optimisation.instances import build_or_not, coefficients
from worlds import fund, lot, one_lot, route, site, tranche

ORDER = (Commissioning("KILN", 0),)


def plan(
    *lines: tuple[str, str, float, int],
    orders: tuple[Commissioning, ...] = ORDER,
    funds: tuple[str, ...] = (),
) -> DisposalPlan:
    """Return a plan from (lot, facility, tonnes, period)."""
    rows = tuple(
        PlanLine(lot_id, facility_id, grams(mass_t), period, rank)
        for rank, (lot_id, facility_id, mass_t, period) in enumerate(lines)
    )
    return DisposalPlan("test", "none", rows, orders, funds)


GOOD = plan(("L1", "F-1", 18.0, 0), ("L2", "F-1", 12.0, 1), ("L1", "KILN", 46.0, 2), ("L2", "KILN", 45.0, 5))
"""F-1: 18 t of 90 days at 0.2 t/d and its permit of 30 t; KILN: 46 t of 92 days at 0.5 t/d."""


def problems(bad: DisposalPlan, scenario: Scenario | None = None) -> tuple[str, ...]:
    scenario = scenario or build_or_not()
    return audit(scenario, bad, coefficients(scenario))


def test_plan_at_its_limits_passes() -> None:
    """Days, permit and lead time are used to the last, and nothing is found."""
    assert problems(GOOD) == ()
    assert problems(DisposalPlan("idle", "none")) == ()


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (plan(("NO", "F-1", 1.0, 0)), "unknown lot NO"),
        (plan(("L1", "NO", 1.0, 0)), "unknown facility NO"),
        (plan(("L1", "F-1", 1.0, 8)), "period 8, expected 0 to 7"),
        (plan(("L1", "F-1", 0.0, 0)), "mass 0 g, expected > 0"),
        (plan(orders=(Commissioning("NO", 0),)), "unknown facility NO"),
        (plan(orders=(Commissioning("KILN", 8),)), "KILN: period 8, expected 0 to 7"),
        (plan(orders=(Commissioning("F-1", 0),)), "F-1 exists already"),
        (plan(("L1", "KILN", 1.0, 2), orders=()), "KILN is never commissioned"),
        (plan(("L1", "KILN", 1.0, 1)), "KILN works from period 2, after its lead time (got 1)"),
        (plan(("L2", "KILN", 45.0, 2), ("L2", "KILN", 35.1, 3)), "stock: lot L2: 80100000 g planned"),
        (plan(("L1", "F-1", 18.1, 0)), "working days: F-1, period of 2026-01-01: 90.50 d of work in 90.00 d"),
        (
            plan(("L1", "KILN", 46.2, 2)),
            "working days: KILN, period of 2026-07-01: 92.40 d of work in 92.00 d",
        ),
        (plan(("L1", "F-1", 18.0, 0), ("L1", "F-1", 12.1, 1)), "permit: F-1, 2026: 30.100 t of 30.0 t"),
    ],
)
def test_planted_violation_is_found(bad: DisposalPlan, found: str) -> None:
    """Each family of constraints, broken alone, is named with its figures."""
    reported = problems(bad)
    assert len(reported) == 1
    assert found in reported[0]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"status": "reserve"}, "stock: lot L1 is reserve"),
        ({"nature_id": "mine_at"}, "lot L1 at F-1: it does not take category mines"),
        ({"safe_to_move": False, "storehouse_id": "H2"}, "lot L1 at F-1: the lot is unsafe to move"),
        ({"storehouse_id": "H3"}, "lot L1 at F-1: there is no road"),
    ],
)
def test_lot_where_it_may_not_go(changes: dict[str, Any], found: str) -> None:
    """Reserve, category, safety and roads are read from the rows."""
    base = build_or_not()
    other = [
        base.storehouses[k].model_copy(update={"storehouse_id": f"H{k + 2}", "site_id": f"S{k + 2}"})
        for k in (0, 1)
    ]
    scenario = replace(
        base,
        sites=(site("S1"), site("S2"), site("S3")),
        storehouses=(base.storehouses[0], *other),
        lots=(lot("L1", **changes),),
        routes=(route("S1", "S2"),),
    )
    reported = problems(plan(("L1", "F-1", 1.0, 0)), scenario)
    assert len(reported) == 1
    assert found in reported[0]


def test_facility_that_does_not_serve_the_site() -> None:
    """A range that serves other sites only does not take the lot."""
    base = build_or_not()
    elsewhere = base.facilities[0].model_copy(update={"serves_sites": ("S2",)})
    scenario = replace(base, facilities=(elsewhere, base.facilities[1]))
    assert "does not serve site S1" in problems(plan(("L1", "F-1", 1.0, 0)), scenario)[0]


def test_daily_limit_on_neq_counts_as_work() -> None:
    """0.2 kg/kg under 20 kg a day is 10 working days a tonne, whatever the throughput."""
    base = build_or_not()
    limited = base.facilities[0].model_copy(update={"neq_limit_kg_per_day": 20.0})
    scenario = replace(base, facilities=(limited, base.facilities[1]))
    assert problems(plan(("L1", "F-1", 9.0, 0)), scenario) == ()
    assert "90.00 d" in problems(plan(("L1", "F-1", 9.1, 0)), scenario)[0]


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        pytest.param({"shifts_per_day": 2.0}, 0.5, id="shifts"),
        pytest.param({"neq_limit_kg_per_shot": 5.0, "shots_per_day": 4.0}, 10.0 / 5.0, id="shots"),
    ],
)
def test_shifts_and_shots_count_as_work(changes: dict[str, float], days: float) -> None:
    """At 0.2 t/d a tonne takes 5 days: half of them in two shifts, 10 days in shots of 20 kg a day."""
    base = build_or_not()
    changed = base.facilities[0].model_copy(update={"permit_t_per_year": None, **changes})
    scenario = replace(base, facilities=(changed, base.facilities[1]))
    most = 90.0 / (5.0 * days)
    assert problems(plan(("L1", "F-1", most, 0)), scenario) == ()
    assert "days: F-1" in problems(plan(("L1", "F-1", most + 0.1, 0)), scenario)[0]


def test_new_plant_is_held_to_its_pace() -> None:
    """A kiln opens on day 181 at half pace and learns for 184 days: the next 92 days are worth 57.5.

    Objections at 365.25 a year and no effect before them: on average a fifth is left from the first days on.
    """
    base = build_or_not()
    learns = {"learning_days": 184.0, "learning_start_fraction": 0.5}
    kiln = base.facilities[1].model_copy(update=learns)
    scenario = replace(base, facilities=(base.facilities[0], kiln))
    assert problems(plan(("L1", "KILN", 0.5 * 57.5, 2)), scenario) == ()
    assert "57.60 d of work in 57.50 d" in problems(plan(("L1", "KILN", 28.8, 2)), scenario)[0]
    objected = {"objections_per_year": 365.25, "objection_capacity_fraction": 0.2}
    kiln = base.facilities[1].model_copy(update=objected)
    scenario = replace(base, facilities=(base.facilities[0], kiln))
    worth = 0.2 * 92.0 + 0.8
    assert problems(plan(("L1", "KILN", 0.5 * worth - 0.02, 2)), scenario) == ()
    assert "days: KILN" in problems(plan(("L1", "KILN", 0.5 * worth + 0.05, 2)), scenario)[0]


@pytest.mark.parametrize(
    ("funds", "tranches", "bad", "found"),
    [
        pytest.param(
            (fund("US"),), (tranche(fund_id="US", amount_usd=4_990.0),),
            plan(("L1", "F-1", 10.0, 0), orders=()), "2026-01-01: 9.00 USD short", id="budget",
        ),
        pytest.param(
            (fund("US"),), (tranche(fund_id="US", due="2026-04-01"),),
            plan(("L1", "F-1", 10.0, 0), orders=()), "2026-01-01: 4999.00 USD short", id="too early",
        ),
        pytest.param(
            (fund("US", expires="2026-03-31"),), (tranche(fund_id="US"),),
            plan(("L1", "F-1", 10.0, 1), orders=()), "2026-04-01: 4999.00 USD short", id="expired",
        ),
        pytest.param(
            (fund("US", use="capital"),), (tranche(fund_id="US"),),
            plan(("L1", "F-1", 10.0, 0), orders=()), "paid by no fund at all", id="capital only",
        ),
        pytest.param(
            (fund("US", earmark_sites=("S2",)), fund("EU", earmark_methods=("rotary_kiln",))),
            (tranche(fund_id="US"), tranche("T2", "EU")),
            plan(("L1", "F-1", 10.0, 0), orders=()), "paid by no fund at all", id="site and method",
        ),
        pytest.param(
            (fund("US", earmark_categories=("mines",)),), (tranche(fund_id="US"),),
            plan(("L1", "F-1", 10.0, 0), orders=()), "paid by no fund at all", id="category",
        ),
        pytest.param(
            (fund("US", use="running"),), (tranche(fund_id="US"),),
            plan(), "59999.00 USD short, of costs that may be paid by no fund at all", id="capital cost",
        ),
        pytest.param(
            (fund("US", use="capital"),), (tranche(fund_id="US"),),
            plan(), "2026-07-01: 2517.82 USD short", id="standing cost",
        ),
        pytest.param(
            (fund("US"), fund("EU")), (tranche(fund_id="US"), tranche("T2", "EU", amount_usd=100.0)),
            replace(plan(("L1", "F-1", 10.0, 0), orders=()), funds=("EU",)),
            "4899.00 USD short, of costs that may be paid by EU", id="plan's own funds",
        ),
    ],
)  # fmt: skip
def test_money_that_is_not_there_is_missed(funds: Any, tranches: Any, bad: DisposalPlan, found: str) -> None:
    """Amount, date, expiry, every string and the plan's own choice of funds; 1 USD is the tolerance."""
    reported = problems(bad, build_or_not(funds=funds, tranches=tranches))
    assert any(found in problem for problem in reported), reported


def test_free_money_is_kept_for_what_only_it_may_pay() -> None:
    """Paying the first bill from the free fund would leave the second unpaid; the audit finds the way."""
    scenario = build_or_not(
        funds=(fund("FREE"), fund("TIED", earmark_methods=("open_detonation",))),
        tranches=(tranche("T1", "FREE", amount_usd=78_000.0), tranche("T2", "TIED", amount_usd=5_000.0)),
    )
    both = plan(("L1", "F-1", 10.0, 0), ("L1", "KILN", 7.0, 2))
    assert problems(both, scenario) == ()


def test_audit_reads_no_expression_of_the_optimiser() -> None:
    """A doubled working day in the coefficients is seen as given, not derived from the optimiser's arrays."""
    scenario = one_lot()
    known = coefficients(scenario)
    fewer = replace(known, working_days=np.full_like(known.working_days, 45.0))
    ten = DisposalPlan("test", "none", (PlanLine("L1", "F1", grams(50.0), 0, 0),))
    assert audit(scenario, ten, known) == ()
    assert "50.00 d of work in 45.00 d" in audit(scenario, ten, fewer)[0]
