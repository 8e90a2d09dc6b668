"""Which storehouses may set off which others, for each root of a chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.model.harm import blast_neq_kg, storehouse_index
from demilsim.model.partition import Partition, partition
from demilsim.model.separation import k_none, storehouse_distance_m
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.streams import Keys, entity_keys


@dataclass(frozen=True)
class Links:
    """Pairs of storehouses near enough for one to set off the other, for each root of a chain.

    Parameters
    ----------
    root, donor, acceptor
        Storehouses, shape (link,).
    separation_m
        Distance donor to acceptor [m], shape (link,).
    k_none
        K beyond which the acceptor is safe [m kg^(-1/3)], shape (link,).
    keys
        Entity keys of (root, donor, acceptor), shape (link,).
    pair_root, pair_house, roots
        All pairs of a root and a storehouse of its site, shape (pair,); pairs by root.
    source_pair, sink_pair
        Pairs (root, donor) and (root, acceptor) of each link, shape (link,); links come in order of the
        latter.
    """

    root: Ints
    donor: Ints
    acceptor: Ints
    separation_m: Floats
    k_none: Floats
    keys: Keys
    roots: Partition
    pair_root: Ints
    pair_house: Ints
    source_pair: Ints
    sink_pair: Ints


def links_of(scenario: Scenario) -> Links:
    """Return the links whose distance a full donor could bridge, with every root of the same site."""
    donor, acceptor, distance = storehouse_distance_m(scenario)
    parameters = scenario.register.propagation
    limit = np.array([k_none(parameters, h.construction) for h in scenario.storehouses], dtype=float)
    held = np.bincount(
        storehouse_index(scenario), blast_neq_kg(scenario), minlength=len(scenario.storehouses)
    )
    near = distance < limit[acceptor] * np.cbrt(held[donor])
    houses = scenario.storehouses
    members: dict[str, list[int]] = {}
    for i, house in enumerate(houses):
        members.setdefault(house.site_id, []).append(i)
    pairs = [(root, house) for site in members.values() for root in site for house in site]
    pair_index = {pair: i for i, pair in enumerate(pairs)}
    rows = [
        (root, a, b, metres)
        for a, b, metres in zip(*(x[near].tolist() for x in (donor, acceptor, distance)), strict=True)
        for root in members[houses[a].site_id]
        if root != b
    ]
    rows.sort(key=lambda row: pair_index[row[0], row[2]])
    root, a, b = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(3))
    return Links(
        root=root,
        donor=a,
        acceptor=b,
        separation_m=np.array([row[3] for row in rows], dtype=float),
        k_none=limit[b],
        keys=entity_keys(
            f"{houses[r].storehouse_id}/{houses[d].storehouse_id}/{houses[c].storehouse_id}"
            for r, d, c, _ in rows
        ),
        roots=partition(np.array([r for r, _ in pairs], dtype=np.int64), len(houses)),
        pair_root=np.array([r for r, _ in pairs], dtype=np.int64),
        pair_house=np.array([h for _, h in pairs], dtype=np.int64),
        source_pair=np.array([pair_index[r, d] for r, d, _, _ in rows], dtype=np.int64),
        sink_pair=np.array([pair_index[r, c] for r, _, c, _ in rows], dtype=np.int64),
    )
