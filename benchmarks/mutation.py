"""Change one thing at a time in `model/` and see whether a test notices.

A fixed sample of mutants: an operator, a comparison, a number or a returned value changed. A mutant is
killed if the tests of `model/` fail with it. Survivors are printed with their place.

    python benchmarks/mutation.py [--sample N] [--seed N] [--jobs N]
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODEL = Path("src/demilsim/model")
TESTS = ("tests/model", "tests/test_constants.py")
SECONDS = 120
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
NUMBER_FACTOR = 1.1


@dataclass(frozen=True)
class Mutant:
    """The n-th thing that can be changed in a file."""

    path: Path
    number: int


class Mutator(ast.NodeTransformer):
    """Changes the chosen node, or only counts what could be changed."""

    def __init__(self, chosen: int) -> None:
        self.chosen, self.seen, self.line, self.what = chosen, 0, 0, ""

    def _turn(self, line: int, what: str) -> bool:
        self.seen += 1
        if self.seen - 1 != self.chosen:
            return False
        self.line, self.what = line, what
        return True

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value:
            node.value = self.visit(node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = [self.visit(part) for part in node.body]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        swap = SWAPS.get(type(node.op))
        if swap and self._turn(node.lineno, f"{type(node.op).__name__} -> {swap.__name__}"):
            node.op = swap()  # type: ignore[assignment]
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        swap = SWAPS.get(type(node.ops[0]))
        if swap and self._turn(node.lineno, f"{type(node.ops[0]).__name__} -> {swap.__name__}"):
            node.ops[0] = swap()  # type: ignore[call-overload]
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.USub | ast.Invert) and self._turn(node.lineno, "sign or not dropped"):
            return self.visit(node.operand)
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return node
        changed = node.value + 1 if isinstance(node.value, int) else node.value * NUMBER_FACTOR + 1e-3
        if self._turn(node.lineno, f"{node.value} -> {changed}"):
            return ast.copy_location(ast.Constant(changed), node)
        return node


def count(path: Path) -> int:
    mutator = Mutator(-1)
    mutator.visit(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    return mutator.seen


def survives(mutant: Mutant, base: Path) -> str | None:
    """Return the place and kind of a mutant that no test notices, else None."""
    with tempfile.TemporaryDirectory(dir=base) as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "src", copy / "src")
        tree = ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))
        mutator = Mutator(mutant.number)
        tree = mutator.visit(tree)
        (copy / mutant.path).write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
        tests = [str(ROOT / name) for name in TESTS if (ROOT / name).exists()]
        command = [
            sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not soak",
            "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), *tests,
        ]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return None
        return f"{mutant.path}:{mutator.line}: {mutator.what}" if done.returncode == 0 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    paths = sorted(p.relative_to(ROOT) for p in (ROOT / MODEL).glob("*.py"))
    every = [Mutant(path, number) for path in paths for number in range(count(path))]
    chosen = random.Random(arguments.seed).sample(every, min(arguments.sample, len(every)))
    with tempfile.TemporaryDirectory() as base, ThreadPoolExecutor(arguments.jobs) as pool:
        found = list(pool.map(lambda mutant: survives(mutant, Path(base)), chosen))
    survivors = sorted(place for place in found if place)
    killed = len(chosen) - len(survivors)
    report = {
        "mutants": len(every), "sample": len(chosen), "killed": killed, "score": killed / len(chosen),
        "survivors": survivors,
    }  # fmt: skip
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
