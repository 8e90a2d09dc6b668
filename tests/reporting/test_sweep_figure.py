"""The figure of a sweep: every factor, with its unit, and how sure each mean is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demilsim.experiments.factors import Factor, Levels
from demilsim.experiments.sweep import How, sweep
from demilsim.experiments.workers import Backend
from demilsim.reporting.sweep_figure import INTERVAL, factor_label, sweep_figure
from sweeps import GRID, RATES, tiny_experiment

FEW = GRID.replace("replications: 50", "replications: 4")
SAMPLE = (
    FEW.replace("; 0.2", " to 0.2")
    .replace(", 2 levels", "")
    .replace("policies:", "design: latin_hypercube\npoints: 3\npolicies:")
)


def figure(folder: Path, text: str) -> list[str]:
    """Return the texts of the figure of a sweep."""
    result = sweep(tiny_experiment(folder, text), folder / "out", how=How(backend=Backend.SERIAL))
    return re.findall(r"<text[^>]*>([^<]*)</text>", sweep_figure(result))


@pytest.mark.parametrize(
    ("name", "path", "base", "label"),
    [
        (RATES, RATES, (), "storage per storehouse year [1/yr]"),
        ("lots[L2].neq_kg", "lots[L2].neq_kg", (), "neq, lots L2 [kg]"),
        ("funding[fund=HOST].mean_delay_days", "", (), "mean delay, funding fund_id=HOST [d]"),
        ("late", "funding[T1].mean_delay_days", (), "late [d]"),
        ("horizon_years", "horizon_years", (), "horizon [yr]"),
        ("donors_money", "funding[T1].amount_usd", (1e6,), "donors money [times the scenario's]"),
        ("lots[L2].status", "lots[L2].status", (), "status, lots L2"),
    ],
)
def test_a_factor_is_told_with_its_unit(name: str, path: str, base: tuple[float, ...], label: str) -> None:
    """A raw path says neither what it is nor in what it is measured."""
    assert factor_label(Factor(name, (path or name,), Levels(("1", "2")), base)) == label


def test_lines_say_what_their_numbers_are(tmp_path: Path) -> None:
    """The other factors are named where their values stand at the ends of lines, and intervals are told."""
    texts = figure(tmp_path, FEW)
    head = next(text for text in texts if INTERVAL in text)
    assert head.endswith("lines: policy, neq, lots L2 [kg]")
    assert {"do nothing 10000", "storage per storehouse year [1/yr]"} <= set(texts)


def test_dots_have_a_panel_for_each_factor(tmp_path: Path) -> None:
    """A sampled design shows all of its factors, and each policy once in the key."""
    texts = figure(tmp_path, SAMPLE)
    assert {"storage per storehouse year [1/yr]", "neq, lots L2 [kg]"} <= set(texts)
    assert texts.count("do nothing") == 1
    assert any(INTERVAL in text for text in texts)
