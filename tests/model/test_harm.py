from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.curves import INTERVALS
from demilsim.model.harm import (
    StockHarm,
    blast_neq_kg,
    interval_years,
    knot_weights,
    lot_masses_t,
    scenario_curves,
    stock_harm,
    storehouse_index,
)
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import HarmWeights
from model import hand_model
from worlds import lot, one_lot, three_sites, two_lots, village

seeds = st.integers(0, 2**32 - 1)


@cache
def world() -> Scenario:
    """Return three sites with workers, nine lots, own weights and four years of terminal harm."""
    plain = three_sites()
    guards = [village(f"{s}-W", s, kind="workers", x_m=-130.0, persons=6.0) for s in ("S1", "S2", "S3")]
    extra = [
        lot("X1", "S1-H1", nature_id="tank_125", neq_kg=9_000.0, stabiliser_fraction="unknown"),
        lot("X2", "S2-H2", nature_id="sa_rifle", neq_kg=7_000.0, stabiliser_fraction=0.3),
        lot("X3", "S3-H1", nature_id="bomb_he", neq_kg=50_000.0, stabiliser_fraction=None),
    ]
    return three_sites(
        exposed_sites=[*plain.exposed_sites, *guards],
        lots=[*extra[:1], *plain.lots, *extra[1:]],
        terminal_years=4.0,
        harm_weights=HarmWeights(fatalities_public=1.0, fatalities_workers=0.4),
    )


@cache
def harm() -> StockHarm:
    """Return the harm of that world."""
    return stock_harm(world())


def random_path(seed: int) -> np.ndarray:
    """Return tonnes left that fall from the start on, shape (knot, lot)."""
    share = np.sort(np.random.default_rng(seed).uniform(0.05, 1.0, (13, 9)), axis=0)[::-1]
    return share * lot_masses_t(world())


def ageing_rates() -> list[list[float]]:
    """Return the mean ageing rate of each lot at each knot, which `test_ageing` checks."""
    return harm().ageing_rate_per_t_year.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_total_agrees_with_loops(seed: int) -> None:
    """On random stock paths the total is that of loops over lots and knots, but for interpolation."""
    path = random_path(seed)
    by_hand = hand_model.total_harm(world(), path.tolist(), ageing_rates(), blast_neq_kg(world()).tolist())
    assert harm().total(path) == pytest.approx(by_hand, rel=1e-3)


def test_total_is_exact_at_the_nodes() -> None:
    """Where all storehouses stand at nodes of their curves the total agrees to rounding."""
    node = np.array([96, 95, 90, 80, 77, 60, 51, 40, 33, 20, 12, 5, 1])
    path = (node[:, None] / INTERVALS) ** 3 * lot_masses_t(world())
    by_hand = hand_model.total_harm(world(), path.tolist(), ageing_rates(), blast_neq_kg(world()).tolist())
    assert harm().total(path) == pytest.approx(by_hand, rel=1e-9)


def test_one_lot_left_alone_by_hand() -> None:
    """One lot that stays for two years: base causes and ageing, each times deaths per event."""
    scenario = one_lot(
        parameters={
            "ageing.lot_factor_sigma": 0.0,
            "consequence.outdoor_lethality_factor": 1.0,
            "consequence.responder_distance_m": 150.0,
            "consequence.responders_caught_share": 0.2,
        }
    )
    # Deaths: stack 0.012097, storehouse 0.06899 × 0.28 + 0.8 × 6 × 0.08991 = 0.45088 (test_consequence).
    stack, whole = 0.012097, 0.45088
    base = (
        2.5e-4 * (0.45 * stack + 0.30 * whole)
        + 2.0e-4 * (0.40 * stack + 0.45 * whole)
        + 7.0e-5 * (0.40 * stack + 0.40 * whole)
        + 2.8e-4 * (0.45 * stack + 0.35 * whole)
    )
    # At half stabiliser the ageing factor is 1: 100 t at 2e-7 per t and year; at 10 °C it grows slowly.
    at_start = base + 100.0 * 2e-7 * (0.45 * stack + 0.35 * whole)
    harm = stock_harm(scenario)
    remaining = np.full((9, 1), 100.0)
    assert harm.rate_per_year(remaining)[0] == pytest.approx([at_start], rel=1e-3)
    assert harm.total(remaining) == pytest.approx(2.0 * at_start, rel=3e-3)
    assert harm.total(remaining) > 2.0 * 730 / 730.5 * at_start


def test_empty_stock_harms_nobody() -> None:
    """Without stock there is no harm."""
    assert harm().total(np.zeros((13, 9))) == 0.0


@settings(derandomize=True, deadline=None, max_examples=15)
@given(seeds)
def test_gradient_agrees_with_finite_differences(seed: int) -> None:
    """The gradient is that of the total, for every lot and knot."""
    path = random_path(seed)
    total, gradient = harm().total_and_gradient(path)
    assert total == pytest.approx(harm().total(path), rel=1e-14)
    step = 1e-4
    rng = np.random.default_rng(seed + 1)
    for knot, entity in zip(rng.integers(0, 13, 20), rng.integers(0, 9, 20), strict=True):
        # Only one knot and storehouse change: differences of their rate lose no digits in the total.
        bump = np.zeros_like(path)
        bump[knot, entity] = step
        up, down = harm().rate_per_year(path + bump), harm().rate_per_year(path - bump)
        numeric = float(np.sum(harm().weight_years * (up - down))) / (2.0 * step)
        assert gradient[knot, entity] == pytest.approx(numeric, rel=1e-6, abs=1e-6 * gradient.max())


@settings(derandomize=True, deadline=None, max_examples=15)
@given(seeds)
def test_gradient_along_a_direction(seed: int) -> None:
    """Removing a little of everything changes the total by gradient times change, to 1e-6."""
    path = random_path(seed)
    direction = np.random.default_rng(seed + 2).uniform(0.2, 1.0, path.shape) * path
    step = 1e-6
    numeric = (harm().total(path + step * direction) - harm().total(path - step * direction)) / (2.0 * step)
    _, gradient = harm().total_and_gradient(path)
    assert np.sum(gradient * direction) == pytest.approx(numeric, rel=1e-6)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(seeds, seeds)
def test_more_stock_never_harms_less(seed: int, other: int) -> None:
    """The gradient is nowhere negative, and of two stock paths the larger harms more."""
    low, high = np.minimum(random_path(seed), random_path(other)), random_path(seed)
    assert harm().total(low) <= harm().total(high)
    assert harm().total_and_gradient(low)[1].min() >= 0.0


@settings(derandomize=True, deadline=None, max_examples=15)
@given(seeds, seeds)
def test_mean_gradient_shares_out_the_difference_exactly(seed: int, other: int) -> None:
    """Aumann-Shapley shares times changes sum to the difference of totals, whichever way the paths lie."""
    start, end = random_path(seed), random_path(other)
    shares = harm().mean_gradient(start, end) * (end - start)
    difference = harm().total(end) - harm().total(start)
    assert shares.sum() == pytest.approx(difference, rel=1e-9, abs=1e-12 * harm().total(start))


def test_mean_gradient_of_full_depletion() -> None:
    """From full stock down to nothing the shares sum to all harm, and none is negative."""
    full = np.tile(lot_masses_t(world()), (13, 1))
    nothing = np.zeros_like(full)
    averted = harm().mean_gradient(full, nothing) * (full - nothing)
    assert averted.sum() == pytest.approx(harm().total(full), rel=1e-9)
    assert averted.min() >= 0.0


def test_mean_gradient_agrees_with_a_fine_average() -> None:
    """Lot by lot it is the average of the gradient over 4,000 points of the straight path."""
    start, end = random_path(11), random_path(12)
    shares = (np.arange(4_000) + 0.5) / 4_000
    average = np.mean([harm().total_and_gradient(start + s * (end - start))[1] for s in shares], axis=0)
    assert harm().mean_gradient(start, end) == pytest.approx(average, rel=0.02, abs=1e-3 * average.max())


def test_mean_gradient_between_equal_paths_is_the_gradient() -> None:
    """A path of no length has the gradient of its point."""
    path = random_path(4)
    assert harm().mean_gradient(path, path) == pytest.approx(harm().total_and_gradient(path)[1], rel=1e-12)


def test_lots_that_differ_in_mass_only_share_by_mass() -> None:
    """Two like lots in one storehouse get harm averted in proportion to their tonnes."""
    lots = [
        lot("SMALL", gross_mass_t=25.0, neq_kg=5_000.0),
        lot("LARGE", gross_mass_t=75.0, neq_kg=15_000.0),
    ]
    both, single = stock_harm(one_lot(lots=lots)), stock_harm(one_lot())
    full = np.tile([25.0, 75.0], (9, 1))
    shares = (both.mean_gradient(full, 0.0 * full) * full).sum(axis=0)
    assert shares[1] == pytest.approx(3.0 * shares[0])
    assert both.total(full) == pytest.approx(single.total(full.sum(axis=1, keepdims=True)))


@settings(derandomize=True, deadline=None, max_examples=15)
@given(seeds)
def test_groups_of_equal_proportions_are_exact(seed: int) -> None:
    """Lots grouped within storehouses give the same harm while members fall in step."""
    house, mass = storehouse_index(world()), lot_masses_t(world())
    grouped = harm().grouped(house, mass)
    share = np.random.default_rng(seed).uniform(0.0, 1.0, (13, 6))
    groups_t = share * np.bincount(house, mass)
    lots_t = share[:, house] * mass
    assert grouped.total(groups_t) == pytest.approx(harm().total(lots_t), rel=1e-12)
    _, by_group = grouped.total_and_gradient(groups_t)
    _, by_lot = harm().total_and_gradient(lots_t)
    weighted = np.array([np.bincount(house, row * mass) for row in by_lot]) / np.bincount(house, mass)
    assert by_group == pytest.approx(weighted, rel=1e-9)


def test_dropped_entities_leave_no_harm() -> None:
    """Entities with a negative group do not count; the others keep their own coefficients."""
    group = np.array([-1, 0, 1, -1, 2, 3, 4, -1, -1])
    kept = harm().grouped(group, lot_masses_t(world()))
    path = random_path(5)
    without = np.where(group >= 0, path, 0.0)
    assert kept.total(path[:, group >= 0]) == pytest.approx(harm().total(without), rel=1e-12)


def test_factor_scales_storehouse_and_period() -> None:
    """Simulated over closed-form ratios multiply each storehouse's periods, the last also for ever after."""
    factor = np.random.default_rng(8).uniform(0.5, 2.0, (6, 12))
    node = np.linspace(96, 20, 13).round()[:, None] / INTERVALS
    path = node**3 * lot_masses_t(world())
    by_hand = hand_model.total_harm(
        world(), path.tolist(), ageing_rates(), blast_neq_kg(world()).tolist(), factor.tolist()
    )
    scaled = harm().with_factor(factor)
    assert scaled.total(path) == pytest.approx(by_hand, rel=1e-9)
    assert scaled.with_factor(np.ones_like(factor)).total(path) == pytest.approx(harm().total(path))


def test_terminal_term_by_hand() -> None:
    """Ten years after the horizon add ten times the rate that is left at its end."""
    remaining = np.linspace(100.0, 40.0, 9)[:, None]
    short, long = stock_harm(one_lot()), stock_harm(one_lot(terminal_years=10.0))
    last = short.rate_per_year(remaining)[-1].sum()
    assert long.total(remaining) - short.total(remaining) == pytest.approx(10.0 * last, rel=1e-9)


def test_weights_of_public_and_workers() -> None:
    """The total is linear in the weights of the harm vector."""
    remaining = np.linspace(100.0, 40.0, 9)[:, None]
    public, workers, mixed = (
        stock_harm(one_lot(harm_weights=HarmWeights(fatalities_public=p, fatalities_workers=w))).total(
            remaining
        )
        for p, w in ((1.0, 0.0), (0.0, 1.0), (2.0, 0.5))
    )
    assert public > 0.0
    assert workers > 0.0
    assert mixed == pytest.approx(2.0 * public + 0.5 * workers, rel=1e-12)


def test_knot_weights_are_trapezoids() -> None:
    """Inner knots get half of both neighbours, the ends one half, the last the terminal years too."""
    intervals = np.array([0.25, 0.5, 1.0])
    weights = knot_weights(intervals, 3.0, np.ones((3, 2)))
    assert weights == pytest.approx(np.array([0.125, 0.375, 0.75, 0.5 + 3.0])[:, None] * np.ones(2))


@settings(derandomize=True, deadline=None)
@given(st.lists(st.floats(0.01, 2.0), min_size=1, max_size=12), st.floats(0.0, 30.0))
def test_knot_weights_sum_to_the_time_that_counts(intervals: list[float], terminal_years: float) -> None:
    """All weights together are horizon plus terminal years, each period scaled by its factor."""
    years = np.array(intervals)
    factor = np.linspace(0.5, 2.0, years.size)[:, None]
    weights = knot_weights(years, terminal_years, np.hstack([np.ones_like(factor), factor]))
    expected = [years.sum() + terminal_years, (years * factor[:, 0]).sum() + terminal_years * factor[-1, 0]]
    assert weights.sum(axis=0) == pytest.approx(expected)


def test_intervals_follow_the_calendar() -> None:
    """Quarters of 2026 have 90, 91, 92 and 92 days of a year of 365.25."""
    assert interval_years(one_lot(horizon_years=1)) * 365.25 == pytest.approx([90, 91, 92, 92])


def test_curves_reach_what_a_storehouse_holds() -> None:
    """The grid ends at the NEQ that joins a mass explosion at the start, summed over lots."""
    lots = [
        lot("L1", "H1"), lot("L2", "H1", nature_id="tank_125", neq_kg=3_000.0),
        lot("L3", "H2", nature_id="tank_125", neq_kg=3_000.0), lot("L4", "H2", nature_id="sa_rifle"),
    ]  # fmt: skip
    scenario = two_lots(lots=lots)
    assert blast_neq_kg(scenario) == pytest.approx([20_000.0, 3_000.0, 300.0, 0.0])
    assert scenario_curves(scenario).deaths.neq_max_kg == pytest.approx([23_000.0, 300.0])
    assert storehouse_index(scenario).tolist() == [0, 0, 1, 1]


def test_given_curves_are_used() -> None:
    """Curves made once may be handed in; the harm is the same."""
    path = random_path(1)
    assert stock_harm(world(), scenario_curves(world())).total(path) == harm().total(path)
