"""No number without evidence: every literal of the model is registered or a numerical setting."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

import demilsim
from demilsim.scenario.register import formula_constants, shipped_register

MODEL = Path(demilsim.__file__).parent / "model"
PLAIN = (0.0, 0.5, 1.0, 2.0)
"""Floats that need no name: bounds of shares, halves and doubles."""

SETTINGS = {
    "model.ageing.PHASES_PER_DAY": "points of a quadrature; its error is tested",
    "model.ageing.QUADRATURE_POINTS": "points of a quadrature; its error is tested",
    "model.calendar.DAYS_PER_WEEK": "the calendar",
    "model.calibration.GRID": "points of a quadrature",
    "model.curves.INTERVALS": "pieces of an interpolation; its error is tested",
    "model.harm.ATTRIBUTION_POINTS": "points of a quadrature",
    "model.harm.MASS_SIGMAS": "room of a grid, not a property of stock",
    "model.plausible.ROUNDED_KM": "what rounding coordinates may make of a distance, for a warning",
    "model.plausible.THROUGHPUT_T_PER_DAY": "how odd a row must be for a warning; its docstring says why",
    "model.plausible.UNIT_COST_USD_PER_T": "how odd a row must be for a warning; its docstring says why",
    "model.plausible.SHARE_FACTOR": "how odd a row must be for a warning",
    "model.money.NO_FUND": "an index that stands for no fund",
    "model.risk.LIMIT_INTERVALS": "pieces of an interpolation, which is from above",
    "model.harm.LEAST_CHANGE": "tolerance below which a difference quotient is noise",
}
"""Named settings of numerical methods, with the reason why they have no source."""

LITERALS = {
    ("model.curves", 3.0): "coefficients of the cubic Hermite basis, and the derivative of a cube root"
}
"""Floats within functions, with the reason why they have no name."""


def modules() -> list[Path]:
    """Return the modules of the model."""
    return sorted(MODEL.rglob("*.py"))


def dotted(path: Path) -> str:
    """Return the name of a module within the package."""
    return ".".join(path.relative_to(MODEL.parent).with_suffix("").parts)


def is_number(node: ast.AST) -> bool:
    """Return whether a node is a literal number."""
    return isinstance(node, ast.Constant) and type(node.value) in (int, float, complex)


def constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield name and value of every constant: an upper-case name that the module itself assigns."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and target.id.isupper():
                    yield target.id, node.value


def named_numbers(path: Path) -> Iterator[str]:
    """Yield the constants of a module whose values are written with numbers."""
    for name, value in constants(ast.parse(path.read_text(encoding="utf-8"))):
        if any(is_number(part) for part in ast.walk(value)):
            yield f"{dotted(path)}.{name}"


def bare_floats(path: Path) -> Iterator[tuple[int, float]]:
    """Yield line and value of floats that are neither plain, nor named, nor part of a power."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            skipped |= {id(node.left), id(node.right)}
    for _, value in constants(tree):
        skipped |= {id(part) for part in ast.walk(value)}
    unnamed = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in skipped)
    for literal in unnamed:
        if isinstance(literal.value, float) and literal.value not in PLAIN:
            yield literal.lineno, literal.value


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_named_numbers_have_evidence(path: Path) -> None:
    """A named number of the model is in formulae.csv, or a numerical setting with a reason."""
    known = {item.key for item in formula_constants()} | SETTINGS.keys()
    assert sorted(set(named_numbers(path)) - known) == []


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_no_bare_numbers_within_functions(path: Path) -> None:
    """A float in a function is 0, 1/2, 1, 2, part of a power, or explained."""
    bare = [(line, value) for line, value in bare_floats(path) if (dotted(path), value) not in LITERALS]
    assert bare == []


def test_every_row_names_a_number_of_the_code() -> None:
    """Nothing is listed or excused that is not there."""
    names = [name for path in modules() for name in named_numbers(path)]
    listed = [item.key for item in formula_constants()] + list(SETTINGS)
    assert sorted(listed) == sorted(names)
    floats = {(dotted(path), value) for path in modules() for _, value in bare_floats(path)}
    assert floats == LITERALS.keys()


def test_every_row_has_unit_source_and_confidence() -> None:
    """Rows are as strict about evidence as those of the parameters, and no key is in both."""
    rows = formula_constants()
    assert len({item.key for item in rows}) == len(rows)
    assert not {item.key for item in rows} & shipped_register().entries.keys()
    for item in rows:
        assert item.unit
        assert len(item.source) > 20
        assert item.source.startswith("assumption") == (item.confidence == "assumed")
        assert item.source.startswith("derived") == (item.confidence == "derived")
    text = files("demilsim.scenario").joinpath("reference", "formulae.csv").read_text(encoding="utf-8")
    assert {row["key"] for row in csv.DictReader(text.splitlines())} == {item.key for item in rows}


def test_a_number_without_evidence_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk sees arrays, mappings, annotated names and floats without a name, but not powers."""
    source = (
        "A = (1.5, 2)\nB: float = 3.0\nC = {'x': 4}\nD = (A, B)\nlower = 6.5\n"
        "def f(x, y=0.25):\n    return 7.25 * x**3.5 + 10.0**x + 0.5\n"
    )
    monkeypatch.setattr(f"{__name__}.MODEL", tmp_path / "model")
    (tmp_path / "model").mkdir()
    path = tmp_path / "model" / "new.py"
    path.write_text(source, encoding="utf-8")
    assert list(named_numbers(path)) == ["model.new.A", "model.new.B", "model.new.C"]
    assert sorted(bare_floats(path)) == [(5, 6.5), (6, 0.25), (7, 7.25)]
