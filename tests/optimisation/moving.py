"""Programmes with moves between storehouses on offer: random ones, and a depot without room for one yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from demilsim.scenario.scenario import Scenario
from optimisation.random_cases import CROWD, random_scenario
from worlds import facility, lot, measure, rate, storehouse, tranche, village, world


def random_moves(seed: int, **changes: Any) -> Scenario:
    """Return a random programme with three storehouses at one site, and two moves between them on offer.

    Even seeds have both into the last storehouse, odd ones into the second and from there.
    """
    rng = np.random.default_rng(seed)
    scenario = random_scenario(seed, **({"years": 1, "possible": 0, "plain": True} | changes))
    houses = tuple(
        storehouse(f"H{k}", "S1", x_m=x) for k, x in enumerate((0.0, -rng.integers(0, 200), -250.0))
    )
    # Lots of one storehouse are alike: of unlike ones the rows take the least NEQ in a tonne, which a plan in
    # lots need not.
    per_t = rng.uniform(20.0, 70.0, 3)
    lots = tuple(
        row.model_copy(update={"storehouse_id": f"H{k % 3}", "neq_kg": per_t[k % 3] * row.gross_mass_t})
        for k, row in enumerate((*scenario.lots, lot("L8"), lot("L9")))
    )
    leads, prices = rng.integers(0, 150, 2).tolist(), rng.integers(0, 20, 2) * 500.0
    ends = (("H0", "H1"), ("H1", "H2")) if seed % 2 else (("H0", "H2"), ("H1", "H2"))
    moves = tuple(
        measure(
            f"M{k}", "move", storehouse_id=source, to_storehouse_id=target,
            lead_time_days=float(leads[k]), cost_usd=float(prices[k]),
        )
        for k, (source, target) in enumerate(ends)
    )  # fmt: skip
    settings = scenario.settings.model_copy(update={"scrap_fund": None})
    people = (village("E", "S1", persons=CROWD, x_m=float(rng.integers(200, 400))),)
    return replace(
        scenario, settings=settings, storehouses=houses, lots=lots, measures=moves, exposed_sites=people
    )


def paid_moves(seed: int) -> Scenario:
    """Return a random programme whose money is there at the start.

    Planning counts on what comes within a period from its start on, which the simulation does not.
    """
    usd = float(np.random.default_rng(seed).uniform(20_000.0, 90_000.0))
    return replace(random_moves(seed), tranches=(tranche(fund_id="M0", amount_usd=usd),))


def depot(**changes: Any) -> Scenario:
    """Return reserve near a town, and surplus in a storehouse farther off that has no room for it as it is.

    H2, 700 m from the town, may hold (700 / 22.2)^3 = 31,349.8 kg; 20 t and the 16 t of H1 are 4,650.2 kg too
    much, with the kilogram to spare 4,651.2 kg: 23.26 t of L2, at 1 t a day 24 days of work.
    """
    base: dict[str, Any] = {
        "storehouses": (storehouse("H1"), storehouse("H2", x_m=-200.0)),
        "exposed_sites": (village(persons=CROWD),),
        "lots": (lot("L1", "H1", neq_kg=16_000.0, status="reserve"), lot("L2", "H2", neq_kg=20_000.0)),
        "measures": (measure("MOVE", "move", to_storehouse_id="H2", cost_usd=1_000.0),),
        "tranches": (tranche(amount_usd=60_000.0),),
    }
    return world(**(base | changes))


def random_depot(seed: int) -> Scenario:
    """Return reserve in H1 that would take H2 over its licence, surplus in H2, and a lot that may come there.

    Two thirds of what is too much could be destroyed at least.
    """
    rng = np.random.default_rng(seed)
    limit_kg = (700.0 / 22.2) ** 3
    over, reserve = rng.uniform(1_000.0, 8_000.0), rng.uniform(3_000.0, 12_000.0)
    late = rng.uniform(500.0, 3_000.0)
    surplus = limit_kg + over - reserve - late
    months = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), (4, 5, 6, 7, 8, 9, 10))[int(rng.integers(2))]
    return depot(
        lots=(
            lot("L1", "H1", neq_kg=reserve, status="reserve"),
            lot("L2", "H2", neq_kg=0.7 * surplus, gross_mass_t=float(rng.uniform(60.0, 200.0))),
            lot("L3", "H2", neq_kg=0.3 * surplus, gross_mass_t=40.0, stabiliser_fraction=0.9),
            lot("L4", "H2", neq_kg=late, gross_mass_t=20.0, arrives=f"2026-{rng.integers(2, 12):02d}-15"),
        ),
        facilities=(facility(open_months=months),),
        facility_rates=(rate(throughput_t_per_day=float(rng.uniform(0.3, 2.0))),),
        tranches=(tranche(amount_usd=float(rng.uniform(40_000.0, 200_000.0))),),
    )
