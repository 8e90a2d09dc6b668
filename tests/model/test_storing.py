"""What may be stored together: the mixing rules pair by pair, and limits that grow with distance."""

from __future__ import annotations

import pytest

from demilsim.model.storing import may_share, may_share_lots, storehouse_limit_kg
from worlds import lot, village, world


@pytest.mark.parametrize(
    "pair", ["CD", "CE", "DE", "CN", "DN", "EN", "BS", "CS", "DS", "ES", "FS", "GS", "JS", "NS"]
)
def test_groups_that_may_share(pair: str) -> None:
    """Ammunition of these groups may share a storehouse, in either order."""
    assert may_share(*pair)
    assert may_share(*reversed(pair))


@pytest.mark.parametrize(
    "pair", ["AB", "AS", "BD", "CF", "DF", "DG", "EF", "EG", "FG", "GH", "HJ", "KS", "LS", "LL"]
)
def test_groups_that_may_not(pair: str) -> None:
    """Detonators, incendiaries and what needs permission are kept apart, and L from all, itself included."""
    assert not may_share(*pair)
    assert not may_share(*reversed(pair))


@pytest.mark.parametrize("group", list("ABCDEFGHJKNS"))
def test_a_group_may_share_with_itself(group: str) -> None:
    """More of the same group may come in."""
    assert may_share(group, group)


def test_lots_follow_their_natures() -> None:
    """Shells (E) and mines (D) may share, hand grenades (F) with neither."""
    scenario = world(
        lots=[
            lot("SHELLS"),
            lot("MINES", nature_id="mine_at", stabiliser_fraction=None),
            lot("GRENADES", nature_id="grenade_hand", stabiliser_fraction=None),
        ]
    )
    expected = [[True, True, False], [True, True, False], [False, False, True]]
    assert may_share_lots(scenario).tolist() == expected


def test_limit_is_the_cube_of_the_distance() -> None:
    """Dwellings 222 m away allow (222 / 22.2)^3 = 1,000 kg; nobody near allows anything."""
    near = storehouse_limit_kg(world(exposed_sites=[village(x_m=222.0)]))
    assert near == pytest.approx([1_000.0])
    assert storehouse_limit_kg(world(exposed_sites=[])) == pytest.approx([float("inf")])
