"""What is in store at each knot: what is left of a full stock after work, losses, arrivals and moves.

Few lots leave a storehouse, so the path is kept as what has left, and storehouses that nothing left stay as
they are when full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from demilsim.model.partition import partition, sums
from demilsim.plan import Floats, Ints
from demilsim.simulation.compiled import compiled
from demilsim.simulation.draws import Draws
from demilsim.simulation.storage import Stock
from demilsim.simulation.work import Steps, Work, joined, running_totals
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE


@dataclass(frozen=True, slots=True)
class StockPath:
    """What is in store at each knot.

    Parameters
    ----------
    blast_kg
        NEQ that joins a mass explosion [kg], shape (knot, storehouse).
    ageing_per_year
        Rate of events by ageing [1/yr], shape (knot, storehouse).
    stock_g, neq_kg, surplus_g
        Mass, all NEQ, and mass of surplus, shape (knot,).
    site_end_g
        Mass at the horizon by site [g], shape (site,).
    """

    blast_kg: Floats
    ageing_per_year: Floats
    stock_g: Floats
    neq_kg: Floats
    surplus_g: Floats
    site_end_g: Floats


@dataclass(frozen=True, slots=True)
class Gone:
    """What of each lot that does not stay whole is not in store.

    Parameters
    ----------
    row
        Of each lot in `gone_g`, negative for those that stay whole, shape (lot,).
    gone_g
        What has left, or has not come, at each knot [g], shape (row, knot).
    """

    row: Ints
    gone_g: Floats

    def left_g(self, lot: int, lot_g: int) -> Floats:
        """Return what is left of a lot at each knot [g], shape (knot,)."""
        row = int(self.row[lot])
        return lot_g - self.gone_g[row] if row >= 0 else np.full(self.gone_g.shape[1], float(lot_g))


def stock_path(world: World, draws: Draws, work: Work, stock: Stock) -> StockPath:
    """Return what is left of a full stock after work and losses."""
    lasting = joined([work.done(work.lot, work.mass_g), *_besides(world, draws, stock)])
    passing = work.part_done(work.lot, work.mass_g)
    path, gone = (_compiled_path if compiled() else _path)(world, draws, lasting, passing)
    for day, lot, to in stock.moves:
        left_g = gone.left_g(lot, int(draws.supply.lot_g[lot]))
        _move(world, draws, path, lot, to, np.where(world.knots >= day, left_g, 0.0) / GRAMS_PER_TONNE)
    return path


def _path(world: World, draws: Draws, lasting: Steps, passing: Steps) -> tuple[StockPath, Gone]:
    full, order = draws.supply.full, world.houses.order
    is_touched = np.zeros(order.size, dtype=bool)
    is_touched[lasting.of] = True
    # By storehouse, as the sums of a full stock are: what is all gone leaves nothing by rounding.
    lots = order[is_touched[order]]
    column = np.full(order.size, -1)
    column[lots] = np.arange(lots.size)
    lasting, passing = (replace(steps, of=column[steps.of]) for steps in (lasting, passing))
    gone_g = running_totals(world.knots.size, lots.size, lasting, passing)
    house = partition(world.lot_storehouse[lots], world.houses.parts)
    gone_t = gone_g / GRAMS_PER_TONNE
    gone_kg = gone_t @ world.neq_kg_per_t[lots]
    gone_per_year = draws.ageing_rate_per_t_year[:, lots]
    gone_per_year *= gone_t
    gone_t *= world.blast_kg_per_t[lots]
    left_by_house = full.house_g - house.sum(gone_g[-1])
    path = StockPath(
        blast_kg=_less(full.blast_kg, house.sum(gone_t)),
        ageing_per_year=_less(draws.full_ageing_per_year, house.sum(gone_per_year)),
        stock_g=full.mass_g - gone_g.sum(axis=1),
        neq_kg=_less(full.neq_kg, gone_kg),
        surplus_g=full.surplus_g - gone_g @ world.surplus[lots].astype(float),
        site_end_g=sums(world.storehouse_site, left_by_house, len(world.scenario.sites)),
    )
    return path, Gone(column, gone_g.T)


def _compiled_path(world: World, draws: Draws, lasting: Steps, passing: Steps) -> tuple[StockPath, Gone]:
    from demilsim.simulation import kernels

    full, knots, houses = draws.supply.full, world.knots.size, world.houses
    blast_kg, ageing_per_year = np.empty((knots, houses.parts)), draws.full_ageing_per_year.copy()
    blast_kg[:] = full.blast_kg
    mass_g, neq_kg, surplus_g = totals = np.empty((3, knots))
    totals[:] = np.array([[full.mass_g], [full.neq_kg], [full.surplus_g]])
    house_g = full.house_g.astype(float)
    row, gone_g = kernels.take_away(
        (lasting.knot, lasting.of, lasting.amount),
        (passing.knot, passing.of, passing.amount),
        (houses.order, houses.start, houses.label),
        (draws.supply.lot_g, world.blast_kg_per_t, world.neq_kg_per_t, world.surplus),
        draws.ageing_rate_per_t_year,
        (blast_kg, ageing_per_year, totals, house_g),
    )
    site_end_g = sums(world.storehouse_site, house_g, len(world.scenario.sites))
    return StockPath(blast_kg, ageing_per_year, mass_g, neq_kg, surplus_g, site_end_g), Gone(row, gone_g)


def _move(world: World, draws: Draws, path: StockPath, lot: int, to: int, moved_t: Floats) -> None:
    """Count what a lot holds at each knot [t] in another storehouse of its site."""
    house = int(world.lot_storehouse[lot])
    for held, moved in (
        (path.blast_kg, moved_t * world.blast_kg_per_t[lot]),
        (path.ageing_per_year, moved_t * draws.ageing_rate_per_t_year[:, lot]),
    ):
        held[:, house] = _less(held[:, house], moved)
        held[:, to] += moved


def _besides(world: World, draws: Draws, stock: Stock) -> Iterator[Steps]:
    """Yield from which knots lots are not there though nobody destroyed them [g], or are again."""
    if stock.losses:
        days, lots, lost_g = (np.array(column) for column in zip(*stock.losses, strict=True))
        yield Steps(np.searchsorted(world.knots, days), lots, lost_g.astype(float))
    supply = draws.supply
    coming = np.flatnonzero((supply.arrival_day > 0.0) & (supply.lot_g > 0))
    if coming.size:
        mass_g = supply.lot_g[coming].astype(float)
        yield Steps(np.zeros_like(coming), coming, mass_g)
        yield Steps(np.searchsorted(world.knots, supply.arrival_day[coming]), coming, -mass_g)


def _less(full: Floats | float, gone: Floats) -> Floats:
    left = full - gone
    # Rounding must not leave less than nothing in an emptied storehouse.
    return np.maximum(left, 0.0, out=left)
