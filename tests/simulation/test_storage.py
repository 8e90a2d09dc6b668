from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from demilsim.model.event_rate import Cause
from demilsim.simulation.draws import Draws
from demilsim.simulation.record import Event
from demilsim.simulation.storage import Stock, events_of, explosion, poisson_quantile, set_off
from demilsim.simulation.world import World
from stories import TONNE, candidate, drawn
from worlds import lot, storehouse, village, world

ITEM, STACK, STOREHOUSE = 0.9, 0.5, 0.1
"""Uniforms that make an event of practices one of each extent (storehouse below 0.3, stack below 0.75)."""


HALF_TIME = 0.6
"""Uniform in the middle of what is left above a prompt share of 0.2: the median time of a fire."""

SLOW = {"consequence.evacuation_hours_public": 1.0, "consequence.responder_distance_m": 10.0}
"""Half leave in 0.69 h: after the median fire of 3 h times ln 2 an eighth are there; responders at 10 m."""


def row_of_three(**changes: object) -> tuple[World, Draws]:
    """Return storehouses 30 m apart in a row with 100, 50 and 20 t, and every link open from a hand value.

    H1 sets off H2 from 15,000 kg and H3 from 30,000 kg; H2 sets off H3 from 5,000 kg; all others never.
    """
    world_, draws = drawn(
        world(
            storehouses=[storehouse(f"H{k}", y_m=30.0 * k) for k in (1, 2, 3)],
            lots=[
                lot("L1", "H1"), lot("L2", "H2", gross_mass_t=50.0, neq_kg=10_000.0),
                lot("L3", "H3", gross_mass_t=20.0, neq_kg=4_000.0),
            ],
            **{"exposed_sites": (), **changes},
        )
    )  # fmt: skip
    critical = {(0, 1): 15_000.0, (0, 2): 30_000.0, (1, 2): 5_000.0}
    links = world_.links
    values = np.array([critical.get(pair, np.inf) for pair in zip(links.donor, links.acceptor, strict=True)])
    return world_, replace(draws, link_critical_kg=values, open_links=np.arange(values.size))


def blow(world_: World, draws: Draws, **changes: object) -> tuple[list[Event], Stock]:
    """Return events and stock after one incident on day 5, worked out on full storehouses."""
    stock = Stock(world_.lot_g.tolist())
    held = world_.houses.sum(world_.blast_kg_per_t * world_.lot_t).tolist()
    happened = explosion(world_, draws, stock, candidate(5.0, **changes), dict(enumerate(held)))
    return events_of(world_, happened), stock


def test_destruction_and_loss_keep_the_balance() -> None:
    """Of 100 g, 30 destroyed and a third of the rest exploded leave 47, since grams are whole."""
    stock = Stock([100])
    stock.destroy(0, 30)
    assert stock.explode(2.0, 0, 1 / 3) == 23
    assert (stock.present_g, stock.destroyed_g, stock.exploded_g) == ([47], [30], [23])
    assert stock.losses == [(2.0, 0, 23)]
    assert stock.explode(3.0, 0, 1.0) == 47
    assert stock.explode(4.0, 0, 1.0) == 0
    assert len(stock.losses) == 2
    with pytest.raises(AssertionError, match="more of a lot"):
        stock.destroy(0, 1)


def test_single_item_takes_nothing() -> None:
    """A minor event leaves the stock as it was and harms nobody."""
    events, stock = blow(*row_of_three(), extent=ITEM)
    assert [(e.kind, e.storehouse, e.fatalities, e.neq_kg) for e in events] == [("minor", 0, 0, 0.0)]
    assert stock.losses == []


def test_stack_takes_its_share_of_every_lot() -> None:
    """A stack of 5 t NEQ in a storehouse with 50 t takes a tenth of each lot, costs that, sets off nobody."""
    lots = [lot("L1"), lot("L2", gross_mass_t=60.0, neq_kg=30_000.0)]
    events, stock = blow(*drawn(world(lots=lots, exposed_sites=())), extent=STACK)
    assert stock.present_g == pytest.approx([90 * TONNE, 54 * TONNE], abs=1)
    (event,) = events
    assert (event.kind, event.cause, event.day) == ("explosion", Cause.STORAGE, 5.0)
    assert event.neq_kg == pytest.approx(5000.0, abs=1e-3)
    assert event.cost_usd == pytest.approx(4700.0 * 16.0)


def test_storehouse_takes_all_its_lots_and_no_others() -> None:
    """A whole storehouse loses every gram; one farther than its links reach loses none."""
    world_, draws = row_of_three()
    events, stock = blow(world_, draws, storehouse=2, extent=STOREHOUSE)
    assert stock.present_g == [100 * TONNE, 50 * TONNE, 0]
    assert [(e.kind, e.storehouse, round(e.neq_kg)) for e in events] == [("explosion", 2, 4000)]


def test_chain_by_hand() -> None:
    """H1 with 20 t sets off H2, which sets off H3; the direct link from H1 to H3 would need 30 t."""
    world_, draws = row_of_three()

    def chain(root: int, *blast_kg: float) -> list[int]:
        return set_off(world_, draws, root, dict(enumerate(blast_kg)))

    assert chain(0, 20_000.0, 10_000.0, 4_000.0) == [0, 1, 2]
    assert chain(0, 14_999.0, 10_000.0, 4_000.0) == [0]
    assert chain(0, 20_000.0, 4_999.0, 4_000.0) == [0, 1]
    assert chain(0, 20_000.0, 0.0, 4_000.0) == [0]
    assert chain(0, 30_000.0, 0.0, 4_000.0) == [0, 2]
    assert chain(1, 20_000.0, 10_000.0, 4_000.0) == [1, 2]
    events, stock = blow(world_, draws, extent=STOREHOUSE)
    assert [(e.kind, e.storehouse) for e in events] == [
        ("explosion", 0), ("propagated", 1), ("propagated", 2)
    ]  # fmt: skip
    assert stock.present_g == [0, 0, 0]


def test_link_that_a_full_donor_cannot_bridge_is_left_out() -> None:
    """Open links are those whose critical NEQ the donor holds when full."""
    world_, draws = drawn(
        world(
            storehouses=[storehouse("H1"), storehouse("H2", y_m=60.0)],
            lots=[lot("L1", "H1"), lot("L2", "H2", neq_kg=9_000.0)],
        )
    )
    held = np.array([20_000.0, 9_000.0])
    expected = np.flatnonzero(draws.link_critical_kg <= held[world_.links.donor])
    assert draws.open_links.tolist() == expected.tolist()


def test_deaths_by_hand() -> None:
    """Ten metres away all 100 die at once; after the median fire an eighth of them, and 30 responders."""
    world_, draws = row_of_three(exposed_sites=[village(x_m=10.0, y_m=30.0)], parameters=SLOW)
    half = {"extent": STOREHOUSE, "deaths_public": 0.5, "deaths_workers": 0.5}
    prompt = blow(world_, draws, prompt=0.1, **half)[0][0]
    fire = blow(world_, draws, prompt=HALF_TIME, **half)[0][0]
    late = blow(world_, draws, prompt=HALF_TIME, responders=0.34, **half)[0][0]
    assert (prompt.fatalities_public, prompt.fatalities_workers) == (100, 0)
    assert (fire.fatalities_public, fire.fatalities_workers) == (12, 30)
    assert (late.fatalities_public, late.fatalities_workers) == (12, 0)
    assert (prompt.fire_hours, fire.fire_hours) == (0.0, pytest.approx(3.0 * np.log(2.0)))
    # Nobody that near is hurt and lives; a fire has its own injuries, a prompt detonation none.
    assert (prompt.injuries, fire.injuries) == pytest.approx((0.0, 35.0))
    assert fire.displaced_person_days == 400.0
    assert fire.cleanup_years == 7.0


def test_deaths_by_day_and_night() -> None:
    """Of 100 who are there by night and 20 by day, all die, by the candidate's own mark."""
    near = village(x_m=10.0, y_m=30.0, day_fraction=0.2)
    world_, draws = row_of_three(exposed_sites=[near])
    marks = {"extent": STOREHOUSE, "prompt": 0.1, "deaths_public": 0.5}
    dead = [blow(world_, draws, daytime=u, **marks)[0][0].fatalities_public for u in (0.49, 0.51)]
    assert dead == [20, 100]
    stack = [blow(world_, draws, **marks | {"daytime": u, "extent": STACK})[0][0] for u in (0.49, 0.51)]
    assert [e.fatalities_public for e in stack] == [20, 100]
    assert [e.cleanup_years for e in stack] == [0.0, 0.0]


def test_storehouses_of_a_chain_have_deaths_of_their_own() -> None:
    """At a uniform of 0.5 H2 as root has 12 dead; set off by H1 it reads 0.5 + 0.618 - 1, and comes later."""
    world_, draws = row_of_three(exposed_sites=[village(x_m=10.0, y_m=60.0)], parameters=SLOW)
    fire = {"extent": STOREHOUSE, "prompt": HALF_TIME, "deaths_public": 0.5, "chain": 0.25}
    events, _ = blow(world_, draws, **fire)
    delay = -2.0 * np.log(1.0 - 0.868034)
    assert events[1].fire_hours - events[0].fire_hours == pytest.approx(delay, rel=1e-6)
    assert events[1].fatalities_public == stats.poisson.ppf(0.118, 12.5 * np.exp(-delay)) == 0
    assert events[1].injuries == 0.0
    swift, _ = blow(world_, draws, **fire | {"chain": 0.39})
    mean = 12.5 * np.exp(-(swift[1].fire_hours - swift[0].fire_hours))
    assert swift[1].fatalities_public == stats.poisson.ppf(0.118034, mean) > 0
    events, _ = blow(world_, draws, storehouse=1, **fire)
    assert events[0].fatalities_public == 12


def test_event_by_ageing_names_its_lot() -> None:
    """The lot that started it is on the root's event only."""
    world_, draws = row_of_three()
    events, _ = blow(world_, draws, extent=STOREHOUSE, cause=Cause.AGEING, lot=0)
    assert [e.lot for e in events] == [0, -1, -1]


@pytest.mark.parametrize("mean", [0.0, 1e-9, 0.3, 4.0, 60.0, 199.9, 200.1, 740.0, 20_000.0])
def test_poisson_quantile_equals_scipy(mean: float) -> None:
    """The count is SciPy's for small, large and very large means."""
    uniform = np.concatenate([np.random.default_rng(5).random(500), [1e-12, 1.0 - 1e-12]])
    expected = stats.poisson.ppf(uniform, mean).astype(int).tolist()
    assert [poisson_quantile(float(u), mean) for u in uniform] == expected


def test_poisson_quantile_ends_at_the_last_uniform() -> None:
    """The largest uniform that a stream can give yields a count in the far tail, not a search without end."""
    assert 60 < poisson_quantile(1.0 - 2.0**-53, 50.0) < 200
    assert poisson_quantile(1.0 - 2.0**-53, 0.0) == 0
