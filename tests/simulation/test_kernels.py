"""Compiled kernels of the national engine against the parts that they replace, and the switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario
from demilsim.simulation import kernels
from demilsim.simulation.compiled import SWITCH, compiled
from demilsim.simulation.draws import draw
from demilsim.simulation.estimate import storage_harm
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.stock_path import Gone, StockPath, _compiled_path, _path
from demilsim.simulation.streams import Purpose, Streams, entity_keys, keyed_mantissas
from demilsim.simulation.work import Steps
from demilsim.simulation.working_time import working_times
from demilsim.simulation.world import World, prepare
from stories import busy, busy_plan

EQUAL = 1e-12
PURPOSES = (Purpose.BREAKDOWN_UP, Purpose.BREAKDOWN_DOWN)


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the kernels out."""
    monkeypatch.setenv(SWITCH, "0")


def test_kernels_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels are used if numba is there, and one variable turns them off."""
    monkeypatch.delenv(SWITCH, raising=False)
    assert compiled()
    monkeypatch.setenv(SWITCH, "0")
    assert not compiled()


@pytest.mark.parametrize("positions", [1, 40])
def test_hashes_are_equal_to_the_bit(off: None, positions: int) -> None:
    """Draws do not depend on whether numba is there."""
    states, keys = Streams(5, 1).states(PURPOSES), entity_keys(["a", "b", "c"])
    found = kernels.keyed_mantissas(states, keys, positions)
    assert np.array_equal(found, keyed_mantissas(states, keys, positions))


def test_breakpoints_of_overlapping_stops(off: None) -> None:
    """Stops that overlap, touch, begin at 0, have no length or outlast the horizon, in rows filled up."""
    edges = np.array([0.0, 59.0, 334.0, 424.0, 730.0])
    share = np.array([[0.0, 5 / 7, 0.0, 1.0], [1.0, 0.25, 1.0, 0.5], [1.0, 1.0, 1.0, 1.0]])
    generator = np.random.default_rng(1)
    start = generator.uniform(0.0, 800.0, (3, 30))
    end = start + generator.exponential(20.0, (3, 30))
    start[0, :3], end[0, :3] = (0.0, 59.0, 100.0), (5.0, 59.0, 110.0)
    start[1, 5:9] = end[1, 5:9] = np.inf
    start[2, 0], end[2, 0] = end[2, 1], end[2, 1] + 3.0
    expected = working_times(edges, share, start, end)
    for (days, worked), path in zip(kernels.breakpoints(edges, share, start, end), expected, strict=True):
        asked = np.concatenate([edges, start[np.isfinite(start)], end[np.isfinite(end)]])
        asked = np.minimum(asked, 730.0)
        assert np.interp(asked, days, worked) == pytest.approx(
            [path.at(d) for d in asked], rel=EQUAL, abs=1e-9
        )
        assert np.all(np.diff(days) > 0.0)


def results(scenario: Scenario) -> list[RunResult]:
    """Return 40 replications of a plan."""
    world = prepare(scenario)
    schedule = compile_plan(world, busy_plan())
    return [run(world, schedule, draw(world, Streams(20262, number))) for number in range(40)]


def test_a_replication_is_equal_with_and_without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number of a result, chains that spread included, to 1e-12."""
    monkeypatch.setenv(SWITCH, "0")
    plain = results(busy())
    monkeypatch.setenv(SWITCH, "1")
    fast = results(busy())
    assert sum(len(result.events) for result in plain) > 40
    for one, other in zip(plain, fast, strict=True):
        assert [(e.kind, e.site, e.storehouse) for e in one.events] == [
            (e.kind, e.site, e.storehouse) for e in other.events
        ]
        for name in ("expected_public", "expected_workers", "stock_harm", "destroyed_g", "working_days"):
            assert getattr(other, name) == pytest.approx(getattr(one, name), rel=EQUAL, abs=EQUAL), name


def test_chains_spread_as_bits_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expected deaths of chains at stocks that fall and rise: loops over years against years as bits."""
    world = prepare(busy())
    generator, spread = np.random.default_rng(2), 0
    for number in range(20):
        monkeypatch.setenv(SWITCH, "0")
        draws = draw(world, Streams(3, number))
        full = draws.supply.full.blast_kg
        held = full * generator.choice([0.0, 0.2, 1.0], (world.knots.size, full.size))
        ageing = np.full(held.shape, 1e-3)
        plain = storage_harm(world, draws, held, ageing)
        monkeypatch.setenv(SWITCH, "1")
        fast = storage_harm(world, draws, held, ageing)
        spread += plain.public_per_year.sum() > plain.root_public_per_year.sum()
        assert fast.public_per_year == pytest.approx(plain.public_per_year, rel=EQUAL)
        assert fast.workers_per_year == pytest.approx(plain.workers_per_year, rel=EQUAL)
    assert spread >= 5


def test_more_years_than_a_word_has_bits() -> None:
    """Years spread by themselves: 150 of them at once as in three parts."""
    world = prepare(busy())
    links, curves = world.links, world.curves.propagated
    of_links = (
        links.donor, links.acceptor, links.source_pair, links.sink_pair, links.pair_root, links.pair_house
    )  # fmt: skip
    draws = next(d for d in (draw(world, Streams(3, k)) for k in range(20)) if d.open_links.size)
    full = draws.supply.full.blast_kg
    held = full * np.random.default_rng(4).choice([0.0, 0.2, 1.0], (150, full.size))

    def deaths(some: Floats) -> Floats:
        return kernels.set_off_deaths(
            some, draws.open_links, draws.link_critical_kg, of_links, (curves.neq_max_kg, curves.coefficients)
        )

    whole = deaths(held)
    assert whole.any()
    assert np.array_equal(whole, np.concatenate([deaths(held[k : k + 50]) for k in (0, 50, 100)], axis=1))


def random_steps(world: World, generator: np.random.Generator) -> tuple[Steps, Steps]:
    """Return four lots' grams in pieces from random knots on or never, and parts of one at single knots."""
    lots, knots = np.repeat(generator.choice(world.lot_g.size, 4, replace=False), 5), world.knots.size
    whole = world.lot_g[lots] // 6
    lasting = Steps(generator.integers(0, knots + 2, lots.size), lots, whole.astype(float))
    passing = Steps(
        generator.integers(0, knots, 5), lots[:5], whole[:5] * generator.uniform(0.0, 1.0, 5) / 5.0
    )
    return lasting, passing


def test_stock_paths_are_equal() -> None:
    """What is left of a full stock, storehouse by storehouse and in total, with and without kernels."""
    world, generator = prepare(busy()), np.random.default_rng(5)
    for number in range(20):
        draws, steps = draw(world, Streams(3, number)), random_steps(world, generator)
        (plain, gone), (fast, away) = _path(world, draws, *steps), _compiled_path(world, draws, *steps)
        assert plain.stock_g[0] > plain.stock_g[-1] > 0.0
        for field in fields(StockPath):
            expected = getattr(plain, field.name)
            assert getattr(fast, field.name) == pytest.approx(expected, rel=EQUAL, abs=EQUAL * expected.max())
        for lot, lot_g in enumerate(draws.supply.lot_g.tolist()):
            assert away.left_g(lot, lot_g) == pytest.approx(gone.left_g(lot, lot_g), rel=EQUAL)


@pytest.mark.parametrize("path", [_path, _compiled_path])
def test_an_emptied_storehouse_is_empty(path: Callable[..., tuple[StockPath, Gone]]) -> None:
    """What leaves in uneven pieces leaves exactly nothing: an empty storehouse sets off nobody."""
    world = prepare(busy())
    draws = draw(world, Streams(3, 0))
    lots = np.tile(np.arange(world.lot_g.size), 3)
    third = world.lot_g // 3 + 1
    pieces = np.concatenate([third, third, world.lot_g - 2 * third]).astype(float)
    nothing = Steps(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))
    left, _ = path(world, draws, Steps(np.repeat([1, 2, 4], world.lot_g.size), lots, pieces), nothing)
    assert np.all(left.blast_kg[3] > 0.0)
    for gone in (left.blast_kg[4:], left.ageing_per_year[4:], left.stock_g[4:], left.site_end_g):
        assert not gone.any()
