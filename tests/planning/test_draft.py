from __future__ import annotations

import numpy as np
import pytest

from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.plan import Commissioning, DisposalPlan
from demilsim.planning.draft import (
    Draft,
    Piece,
    drafted_periods,
    period_by_period,
    tonnes_left,
    with_lead,
    write_plan,
)
from demilsim.planning.premises import premises_of
from demilsim.planning.rules import RULES, nominal_coefficients, rule_draft
from demilsim.scenario.scenario import Scenario
from stories import RAISED, TONNE, line, plan
from worlds import facility, lot, one_lot, rate, three_sites, two_lots, world


def written(scenario: Scenario, *pieces: Piece) -> DisposalPlan:
    """Return the plan of some pieces."""
    return write_plan(
        Draft("name", "source", pieces, (), ("HOST",)),
        scenario,
        stock_harm(scenario),
        disposal_options(scenario),
        lambda averted, mass_t: f"{mass_t:g} t",
    )


def rows(made: DisposalPlan) -> list[tuple[str, str, int, int, int]]:
    """Return lot, facility, grams, first period and priority of each line."""
    return [(p.lot_id, p.facility_id, p.mass_g, p.earliest_period, p.priority) for p in made.lines]


def two_plants() -> Scenario:
    """Return two lots of 100 t and two plants."""
    return world(
        lots=[lot("L1"), lot("L2")],
        facilities=[facility("F1"), facility("F2")],
        facility_rates=[rate("F1"), rate("F2")],
    )


def test_tonnes_left_by_hand() -> None:
    """A piece of period 2 is gone from the knot at that period's end on."""
    left = tonnes_left(two_plants(), [Piece(0, 0, 2, 30.0), Piece(0, 1, 4, 80.0), Piece(1, 0, 7, 1.0)])
    assert left[:, 0].tolist() == [100.0] * 3 + [70.0] * 2 + [0.0] * 4
    assert left[:, 1].tolist() == [100.0] * 8 + [99.0]


def test_each_piece_becomes_a_line() -> None:
    """Lines are due with their pieces and stand in their order."""
    made = written(
        two_plants(),
        Piece(0, 0, 1, 20.0),
        Piece(1, 0, 1, 50.0),
        Piece(0, 1, 2, 30.0),
        Piece(0, 0, 3, 40.0),
    )
    assert rows(made) == [
        ("L1", "F1", 20 * TONNE, 1, 1),
        ("L2", "F1", 50 * TONNE, 1, 2),
        ("L1", "F2", 30 * TONNE, 2, 3),
        ("L1", "F1", 40 * TONNE, 3, 4),
    ]
    assert (made.name, made.source, made.funds) == ("name", "source", ("HOST",))
    assert made.lines[0].reason == "20 t"


def test_small_remainders_join_the_line_before() -> None:
    """A lot of which less than 100 kg would stay is taken whole; a piece below 100 kg is not sent alone."""
    follows = written(two_plants(), Piece(0, 0, 0, 10.0), Piece(1, 0, 0, 5.0), Piece(0, 0, 2, 0.05))
    assert rows(follows) == [("L1", "F1", 10_050_000, 0, 1), ("L2", "F1", 5 * TONNE, 0, 2)]
    made = written(two_plants(), Piece(0, 0, 0, 99.95), Piece(1, 0, 0, 0.05), Piece(1, 1, 1, 10.0))
    assert rows(made) == [("L1", "F1", 100 * TONNE, 0, 1), ("L2", "F2", 10 * TONNE, 1, 2)]


def test_no_more_than_the_lot_and_in_whole_grams() -> None:
    """Pieces that round above a lot are cut to it."""
    made = written(one_lot(), Piece(0, 0, 0, 66.6666666), Piece(0, 0, 1, 33.3333339))
    assert rows(made) == [("L1", "F1", 66_666_667, 0, 1), ("L1", "F1", 33_333_333, 1, 2)]
    third = written(one_lot(), Piece(0, 0, 0, 100.0 / 3.0))
    assert third.lines[0].mass_g == 33_333_333


@pytest.mark.parametrize("name", list(RULES))
def test_harm_averted_of_the_lines_sums_to_the_plans(name: str) -> None:
    """The shares of all lines sum to the harm of the full stock less that of the path and of accidents."""
    scenario = three_sites(parameters=RAISED)
    premises = premises_of(scenario, nominal_coefficients(scenario))
    harm, options = premises.harm, premises.options
    draft = rule_draft(name, premises)
    made = write_plan(draft, scenario, harm, options, lambda *_: "")
    lots = {row.lot_id: i for i, row in enumerate(scenario.lots)}
    plants = {row.facility_id: i for i, row in enumerate(scenario.facilities)}
    pieces = [
        Piece(lots[p.lot_id], plants[p.facility_id], p.earliest_period, p.mass_g / TONNE) for p in made.lines
    ]
    saved = harm.total(tonnes_left(scenario, ())) - harm.total(tonnes_left(scenario, pieces))
    accidents = sum(p.mass_t * options.accident_harm_per_t[p.lot, p.facility] for p in pieces)
    total = sum(p.harm_averted for p in made.lines)
    assert total == pytest.approx(saved - accidents, rel=1e-3)
    assert total > 0.0


def test_equal_lots_have_equal_shares() -> None:
    """Two lots of one storehouse that differ in nothing are credited equally, whichever comes first."""
    scenario = world(lots=[lot("L1"), lot("L2")], parameters=RAISED)
    one = written(scenario, Piece(0, 0, 2, 100.0), Piece(1, 0, 2, 100.0))
    assert one.lines[0].harm_averted == pytest.approx(one.lines[1].harm_averted)
    assert one.lines[0].harm_averted > 0.0


def test_lead_lets_lines_start_earlier_and_changes_nothing_else() -> None:
    """Two periods of lead move the first period of each line, not before the start, and keep the rest."""
    story = plan(
        line("L1", 10.0, 0), line("L2", 20.0, 1), line("L1", 5.0, 6), commissionings=(Commissioning("F2", 3),)
    )
    ahead = with_lead(story, 2)
    assert [p.earliest_period for p in ahead.lines] == [0, 0, 4]
    assert [p.priority for p in ahead.lines] == [p.priority for p in story.lines]
    assert [p.mass_g for p in ahead.lines] == [p.mass_g for p in story.lines]
    assert ahead.commissionings == story.commissionings
    assert with_lead(story, 0) == story


@pytest.mark.parametrize("lead", [0, 1, 2])
def test_periods_are_known_whatever_the_lead(lead: int) -> None:
    """What the lines were drafted for is found again, ahead of plan or not; with more lead it is not."""
    pieces = (Piece(0, 0, 1, 20.0), Piece(1, 0, 4, 50.0))
    made = with_lead(written(two_plants(), *pieces), lead)
    assert drafted_periods(made, pieces, two_plants(), 2) == [1, 4]
    assert drafted_periods(with_lead(made, 3 - lead), pieces, two_plants(), 2) is None


def test_period_by_period_keeps_the_pieces_apart() -> None:
    """A draft as a plan for the optimiser's start has a line for each piece of at least a gram."""
    draft = Draft("d", "s", (Piece(0, 0, 0, 20.0), Piece(0, 0, 1, 1e-9), Piece(0, 0, 2, 30.0)))
    made = period_by_period(draft, two_lots())
    assert rows(made) == [("L1", "F1", 20 * TONNE, 0, 1), ("L1", "F1", 30 * TONNE, 2, 2)]
    assert np.isclose(sum(p.harm_averted for p in made.lines), 0.0)


def test_a_lot_that_may_not_come_counts_with_its_probability() -> None:
    """Of 100 t that come in one case of four, 25 t are expected; a line for 60 t leaves 10 t of them."""
    scenario = one_lot(lots=[lot("L1", arrives="2026-04-01", arrival_probability=0.25)])
    left = tonnes_left(scenario, [Piece(0, 0, 2, 60.0)])
    assert left[:, 0].tolist() == [0.0, 25.0, 25.0] + [10.0] * 6


def test_lines_of_a_lot_that_may_not_come_sum_to_what_is_expected_of_them() -> None:
    """The harm that they avert is harm without less harm with them, less expected accidents."""
    scenario = one_lot(lots=[lot("L1", arrives="2026-04-01", arrival_probability=0.25)])
    pieces, harm = (Piece(0, 0, 1, 60.0), Piece(0, 0, 2, 40.0)), stock_harm(scenario)
    per_tonne = disposal_options(scenario).accident_harm_per_t[0, 0]
    averted = harm.total(tonnes_left(scenario, ())) - harm.total(tonnes_left(scenario, pieces))
    planned = sum(line.harm_averted for line in written(scenario, *pieces).lines)
    assert planned == pytest.approx(averted - 25.0 * per_tonne, rel=1e-3)


def test_small_pieces_join_a_line_of_their_lot() -> None:
    """2 t before 20 t wait for them, 3 t after them go along; 4 t alone at another plant stay a line."""
    pieces = (
        Piece(0, 0, 1, 2.0),
        Piece(1, 0, 1, 30.0),
        Piece(0, 0, 3, 20.0),
        Piece(0, 1, 4, 4.0),
        Piece(0, 0, 6, 3.0),
    )
    assert rows(written(two_plants(), *pieces)) == [
        ("L2", "F1", 30 * TONNE, 1, 1),
        ("L1", "F1", 25 * TONNE, 3, 2),
        ("L1", "F2", 4 * TONNE, 4, 3),
    ]
