"""Small models of what may matter lead to the optimum of the whole one, whatever has changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.optimisation import bound as bounds
from demilsim.optimisation import kept as kept_models
from demilsim.optimisation import sifting
from demilsim.optimisation.assemble import Model, cost_scale
from demilsim.optimisation.bound import bound_harm
from demilsim.optimisation.duals import priced
from demilsim.optimisation.interior import bound_from_duals
from demilsim.optimisation.kept import KeptHighs, SiftedHighs, keep
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.rows import Columns, Sense
from demilsim.optimisation.sifting import PricedPoint, Sifter
from demilsim.optimisation.task import make_task
from demilsim.plan import Floats
from demilsim.planning.rules import nominal_coefficients
from demilsim.scenario.loader import load_scenario
from optimisation.instances import model
from optimisation.random_cases import case, random_scenario

SAME = 1e-9
"""Largest relative difference of two optima [1]."""

ANY_SIZE = 1.0
"""Share of the whole model up to which small models are solved [1]: these are too small for the usual one."""

KAZAKHSTAN = Path(__file__).parents[2] / "scenarios" / "kazakhstan"


def relaxation(seed: int) -> Model:
    """Return the relaxation of a random programme in single periods, its orders open."""
    return case(random_scenario(seed), by_period=True).model.lp_relaxation()


def changed(rng: np.random.Generator, cost: Floats, by: float) -> Floats:
    """Return costs of which each has changed by itself, by a share at most."""
    return cost * rng.uniform(1.0 - by, 1.0 + by, cost.size)


def optimum(instance: Model, cost: Floats) -> PricedPoint:
    """Return the optimum of the whole model, its prices for costs as they are scaled for a solver."""
    lp = priced(instance)
    values, duals = lp.minimise(cost).values, lp.duals(cost)
    assert values is not None
    assert duals is not None
    return PricedPoint(values, cost_scale(cost) * duals.row)


@pytest.mark.parametrize("by", [0.05, 0.9])
@pytest.mark.parametrize("seed", range(6))
def test_optima_are_those_of_the_whole_model(seed: int, by: float) -> None:
    """After each of five changes of costs, the plan keeps all rows and is as good as by the kept basis."""
    instance, rng = relaxation(seed), np.random.default_rng(seed)
    sifted, plain = SiftedHighs(instance, ANY_SIZE), keep(instance)
    for _ in range(5):
        cost = changed(rng, instance.cost, by)
        found, expected = sifted.minimise(cost).values, plain.minimise(cost).values
        assert found is not None
        assert expected is not None
        assert cost @ found == pytest.approx(cost @ expected, rel=SAME)
        assert instance.violations(found) == ()


@pytest.mark.parametrize("seed", range(6))
def test_prices_prove_the_optimum(seed: int) -> None:
    """The bound that the prices give in the whole model, by another way of counting, is the optimum."""
    instance, rng = relaxation(seed), np.random.default_rng(seed)
    scale = cost_scale(instance.cost)
    sifter, found = Sifter(instance, ANY_SIZE), optimum(instance, instance.cost)
    for _ in range(3):
        cost = changed(rng, instance.cost, 0.05)
        new = sifter.optimum(scale * cost, found)
        assert new is not None
        found = new
        bound = bound_from_duals(replace(instance, cost=scale * cost, constant=0.0), found.duals)
        assert bound == pytest.approx(scale * cost @ found.values, rel=SAME)


def test_what_was_left_out_comes_in_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun where a third of the work is worth doing, the search finds columns and rows for the rest."""
    sizes: list[tuple[int, int]] = []
    instance = relaxation(1)
    solve = sifting._Small.optimum

    def counted(small: sifting._Small) -> PricedPoint | None:
        sizes.append((int(small.has_column.sum()), int(small.has_row.sum())))
        return solve(small)

    monkeypatch.setattr(sifting._Small, "optimum", counted)
    some = np.where(np.arange(instance.cost.size) % 3 == 0, instance.cost, 0.0)
    scale = cost_scale(instance.cost)
    found = Sifter(instance, ANY_SIZE).optimum(scale * instance.cost, optimum(instance, some))
    assert found is not None
    assert sizes[-1][0] > sizes[0][0]
    assert sizes[-1][1] > sizes[0][1]
    assert instance.cost @ found.values == pytest.approx(
        instance.cost @ optimum(instance, instance.cost).values, rel=SAME
    )


def test_whole_model_is_solved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first solve the whole model rests, and only where it was asked for."""
    instance, rng = relaxation(3), np.random.default_rng(3)
    sifted, plain = SiftedHighs(instance, ANY_SIZE), keep(instance)
    sifted.minimise(instance.cost)

    def fail(*_: object) -> None:
        raise AssertionError("the whole model was solved")

    monkeypatch.setattr(KeptHighs, "minimise", fail)
    assert sifted.minimise(changed(rng, instance.cost, 0.05)).values is not None
    with pytest.raises(AssertionError, match="whole model"):
        plain.minimise(instance.cost)


def test_small_model_without_limit_leaves_it_to_the_whole_one() -> None:
    """A row that did not bind is left out; if only it bounds what has become cheap, HiGHS solves all rows."""
    free = replace(
        model([1.0], [([1.0], Sense.AT_MOST, 5.0)], [1.0]),
        columns=Columns(("x",), np.array([np.inf]), np.array([False])),
    )
    nothing = PricedPoint(np.zeros(1), np.zeros(1))
    assert Sifter(free, ANY_SIZE).optimum(np.array([-1.0]), nothing) is None
    kept = SiftedHighs(free, ANY_SIZE)
    assert kept.minimise(np.array([1.0])).values == pytest.approx([0.0])
    assert kept.minimise(np.array([-1.0])).values == pytest.approx([5.0])


def test_bounds_for_one_solve_are_kept_and_do_not_stay() -> None:
    """Bounds go to the whole model, and the next small one knows nothing of them."""
    instance, rng = relaxation(2), np.random.default_rng(2)
    kept, plain = SiftedHighs(instance, ANY_SIZE), keep(instance)
    for _ in range(4):
        cost = changed(rng, instance.cost, 0.5)
        half = (np.zeros(cost.size), np.where(rng.random(cost.size) < 0.5, 0.0, instance.columns.upper))
        limited = kept.minimise(cost, half)
        assert limited.values is None or np.all(limited.values <= half[1] + 1e-7)
        found, expected = kept.minimise(cost).values, plain.minimise(cost).values
        assert cost @ found == pytest.approx(cost @ expected, rel=SAME)


def test_what_is_not_small_goes_to_the_whole_model() -> None:
    """A small model with half of the columns and rows of the whole saves nothing, and is not solved."""
    instance, rng = relaxation(4), np.random.default_rng(4)
    before, cost = optimum(instance, instance.cost), changed(rng, instance.cost, 0.05)
    scaled = cost_scale(cost) * cost
    assert Sifter(instance, 0.01).optimum(scaled, before) is None
    assert Sifter(instance, ANY_SIZE).optimum(scaled, before) is not None
    kept, plain = SiftedHighs(instance, 0.01), keep(instance)
    for _ in range(2):
        assert kept.minimise(cost).values == pytest.approx(plain.minimise(cost).values)


def test_large_models_alone_are_sifted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What plans are made with looks for small models from so many columns on, and below never."""
    instance = relaxation(5)
    monkeypatch.setattr(kept_models, "LEAST_COLUMNS", instance.cost.size)
    assert isinstance(keep(instance), SiftedHighs)
    monkeypatch.setattr(kept_models, "LEAST_COLUMNS", instance.cost.size + 1)
    assert not isinstance(keep(instance), SiftedHighs)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_national_programs_are_sifted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most programs of the bound on the Kazakhstan scenario are small ones, as good as the whole ones."""
    scenario = load_scenario(KAZAKHSTAN)
    task = make_task(scenario, nominal_coefficients(scenario))
    problem = task.every_plan()
    harm, steps, compared = planning_harm(problem, task.stock), 8, []
    sifted, whole = Sifter.optimum, KeptHighs.minimise

    def counted(sifter: Sifter, cost: Floats, before: PricedPoint) -> PricedPoint | None:
        found = sifted(sifter, cost, before)
        if found is not None:
            expected = whole(plain, cost).values
            assert expected is not None
            compared.append((float(cost @ found.values), float(cost @ expected)))
        return found

    def kept_apart(model: Model) -> KeptHighs:
        nonlocal plain
        plain = KeptHighs(model)
        made = keep(model)
        assert isinstance(made, SiftedHighs)
        return made

    plain: KeptHighs
    monkeypatch.setattr(bounds, "keep", kept_apart)
    monkeypatch.setattr(Sifter, "optimum", counted)
    found = bound_harm(problem, harm, max_steps=steps)
    print(f"{len(compared)} of {found.steps} programs were sifted")
    assert 2 * len(compared) > found.steps
    for by_small, by_whole in compared:
        assert by_small == pytest.approx(by_whole, rel=SAME)
