"""The house stands: imports go one way, heavy packages stay in their rooms, rooms stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "demilsim"
LAYERS = (
    ("errors", "units", "collector"),
    ("scenario", "plan"),
    ("model",),
    ("simulation", "optimisation"),
    ("planning",),
    ("experiments",),
    ("reporting",),
    ("exchange",),
    ("terminal", "cli_options"),
    ("cli_steps",),
    ("cli_table",),
    ("cli_exchange",),
    ("cli_compare", "cli_history", "cli_inputs", "cli_sensitivity", "cli_studies", "cli_sweep"),
    ("cli",),
    ("__main__",),
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
HOMES = {"simpy": "simulation", "pulp": "optimisation", "highspy": "optimisation", "matplotlib": "reporting"}
LONGEST_MODULE = 400
HEAVY = ("scipy", "matplotlib", "pandas", "pulp", "highspy", "simpy", "numba")


def modules() -> Iterator[Path]:
    """Yield every module of the package but the package's own front door."""
    yield from (path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py")


def room(path: Path) -> str:
    """Return the room that a module is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import, wherever in the module it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.lineno, node.module or ""


@pytest.mark.parametrize("path", list(modules()), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    """No module imports from a room above its own, or from the other room on its floor."""
    for line, name in imports(path):
        if not name.startswith("demilsim."):
            continue
        target = name.split(".")[1]
        if target == room(path):
            continue
        assert LEVEL[target] < LEVEL[room(path)], f"{path.relative_to(PACKAGE)}:{line}: imports {name}"


@pytest.mark.parametrize("path", list(modules()), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_packages_stay_in_their_room(path: Path) -> None:
    """SimPy, PuLP, HiGHS and matplotlib are imported only where they belong."""
    for line, name in imports(path):
        home = HOMES.get(name.split(".")[0])
        assert home in (None, room(path)), f"{path.relative_to(PACKAGE)}:{line}: imports {name}"


def test_rooms_are_small() -> None:
    """No module has more than 400 lines."""
    long = {
        p.name: n
        for p in modules()
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }
    assert not long


def test_layers_are_complete() -> None:
    """Every room of the package has its place among the layers."""
    assert {room(path) for path in modules()} == set(LEVEL)


@pytest.mark.parametrize("statement", ["import demilsim", "import demilsim.cli", "help"])
def test_help_is_light(statement: str) -> None:
    """Help, and importing the package or its command line, load none of the heavy packages."""
    run = "from demilsim.cli import app; app(['--help'], standalone_mode=False)"
    loaded = f"import sys\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    check = f"{run if statement == 'help' else statement}\n{loaded}"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_public_names_resolve() -> None:
    """Every public name exists, and the list is the one in the design."""
    import demilsim

    expected = {
        "DisposalPlan", "Ensemble", "PlanResult", "Scenario", "ScenarioError", "compare", "funding_curve",
        "load_scenario", "optimise", "plan_programme", "replicate", "simulate", "sweep",
    }  # fmt: skip
    assert set(demilsim.__all__) == expected
    assert all(callable(getattr(demilsim, name)) for name in demilsim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = demilsim.nonsense
