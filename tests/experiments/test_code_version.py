"""The version under which a sweep keeps its results covers all code that they can depend on."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from demilsim.experiments import code_version as module
from demilsim.experiments.code_version import PACKAGE, PARTS, code_version

START = PACKAGE / "experiments" / "block.py"
"""What a worker runs."""


def read_when_run(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes under one, without what stands there for the type checker alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from read_when_run(child)


def imported(path: Path) -> Iterator[Path]:
    """Yield the modules of the package that a module imports, wherever in it the import stands."""
    for node in read_when_run(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            first, *rest = name.split(".")
            place = PACKAGE.joinpath(*rest)
            files = [place / "__init__.py", *([place.with_suffix(".py")] if rest else [])]
            yield from (file for file in files if first == "demilsim" and file.is_file())


@cache
def reached() -> frozenset[Path]:
    """Return all modules that a block of a sweep can reach by imports."""
    found, new = set[Path](), {START}
    while new:
        found |= new
        new = {other for path in new for other in imported(path)} - found
    return frozenset(found)


def test_all_that_a_sweep_can_reach_is_hashed() -> None:
    """Walking the imports of a worker's code leads to no module that its version leaves out."""
    parts = {PACKAGE / part for part in PARTS}
    left_out = {path for path in reached() if not parts & {path, *path.parents}}
    assert {path.relative_to(PACKAGE).as_posix() for path in left_out} == set()
    assert PACKAGE / "optimisation" / "releases.py" in reached()


def test_parts_are_there() -> None:
    """A part that was renamed would be left out without a word; and the walk sees what is loaded by name."""
    assert [part for part in PARTS if not (PACKAGE / part).exists()] == []
    by_name = [path for path in reached() if "import_module" in path.read_text("utf-8")]
    assert by_name == [PACKAGE / "__init__.py"]


@pytest.mark.parametrize(
    "part", ["optimisation/releases.py", "planning/rules.py", "scenario/reference/parameters.csv"]
)
def test_another_byte_is_another_version(part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment more in what rules take from the optimiser, or a constant, makes another version."""
    for name in PARTS:
        source, target = PACKAGE / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    assert code_version.__wrapped__() == code_version()
    with (tmp_path / part).open("a", encoding="utf-8") as file:
        file.write("#\n")
    assert code_version.__wrapped__() != code_version()
