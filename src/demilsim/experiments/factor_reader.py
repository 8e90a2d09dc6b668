"""The factors of an experiment file: paths with levels, ranges or register, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from demilsim.experiments.factors import Factor, Levels, parse_spread
from demilsim.experiments.parameters import uncertain_constants
from demilsim.experiments.scaling import numbers_at
from demilsim.scenario.phrases import NUMBER, did_you_mean, got
from demilsim.scenario.resolve import Resolved
from demilsim.scenario.text import Tree


def several(value: object) -> object:
    """Return the parts of a text that are divided by semicolons; anything else as it is."""
    return tuple(p.strip() for p in value.split(";") if p.strip()) if isinstance(value, str) else value


class FactorReader:
    """Reads the factors of an experiment file.

    Parameters
    ----------
    base
        The base scenario; None if it cannot be used: then its numbers and its constants are not there.
    wrong
        Told a key of the file, and what is wrong with it.
    """

    def __init__(self, base: Resolved | None, wrong: Callable[[str, str], None]) -> None:
        self._base, self._wrong = base, wrong
        self._constants = {c.key: c for c in uncertain_constants(base.scenario)} if base else {}

    def read(self, tree: object) -> tuple[Factor, ...]:
        """Return the factors that can be read of a mapping of paths."""
        if not isinstance(tree, dict) or not tree:
            self._wrong("factors", "expected a mapping of paths to levels, ranges or register")
            return ()
        return tuple(self._branch(tree, ""))

    def _branch(self, tree: Tree, prefix: str) -> Iterator[Factor]:
        for name, value in tree.items():
            path = f"{prefix}{name}"
            if isinstance(value, dict) and "paths" in value:
                yield from self._several(path, value)
            elif isinstance(value, dict):
                yield from self._branch(value, f"{path}.")
            else:
                yield from self._one(path, (path,), value, f"factors.{path}")

    def _several(self, name: str, tree: Tree) -> Iterator[Factor]:
        """Read a factor with a name of its own that sets several paths."""
        known = ("paths", "values", "scale")
        for key in tree:
            if key not in known:
                self._wrong(f"factors.{name}.{key}", f"unknown key{did_you_mean(key, known)}")
        paths, given = several(tree["paths"]), [key for key in known[1:] if isinstance(tree.get(key), str)]
        if not isinstance(paths, tuple) or not paths or len(given) != 1:
            self._wrong(f"factors.{name}", "expected paths, and either values or scale")
            return
        key, text = f"factors.{name}.{given[0]}", str(tree[given[0]])
        for factor in self._one(name, paths, text, key):
            yield from self._scaled(factor, key) if given[0] == "scale" else (factor,)

    def _one(self, name: str, paths: tuple[str, ...], text: str, key: str) -> Iterator[Factor]:
        try:
            yield Factor(name, paths, parse_spread(text, paths[0], self._constants))
        except ValueError as error:
            self._wrong(key, str(error))

    def _scaled(self, factor: Factor, key: str) -> Iterator[Factor]:
        """Turn a factor into one that multiplies what the scenario says."""
        spread = factor.spread
        texts = spread.values if isinstance(spread, Levels) else ()
        wrong = [text for text in texts if not NUMBER.fullmatch(text)]
        if wrong:
            self._wrong(key, f"expected numbers {got(wrong[0])}")
        elif self._base is not None:
            try:
                found = [one for path in factor.paths for one in numbers_at(self._base, path)]
            except ValueError as error:
                self._wrong(key, str(error))
            else:
                yield replace(factor, paths=tuple(p for p, _ in found), base=tuple(n for _, n in found))
