"""Values from the command line laid over those of ``scenario.yaml``, still as text."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from demilsim.errors import Problem
from demilsim.scenario.draft import COMMAND_LINE
from demilsim.scenario.phrases import did_you_mean, plain
from demilsim.scenario.records import leaf_paths
from demilsim.scenario.schema import Settings, Source
from demilsim.scenario.text import Tree

SET_SOURCE = Source(source_id="set", confidence="assumed", text="given on the command line")
_PARAMETERS = "parameters."


def overlay(
    tree: Tree, overrides: Mapping[str, str], keys: Collection[str]
) -> tuple[frozenset[str], list[Problem]]:
    """Lay values over the settings, in place; return the paths that were set and those that are unknown.

    Parameters
    ----------
    tree
        The settings as text; changed.
    overrides
        Text by dotted path, with or without ``settings.`` in front.
    keys
        Keys of the register's constants.
    """
    scalars = leaf_paths(Settings)
    known = (*scalars, *(f"{_PARAMETERS}{key}" for key in keys))
    done, problems = [], []
    for given, text in overrides.items():
        path = given.removeprefix("settings.")
        if path not in known:
            problems.append(
                Problem(COMMAND_LINE, 0, plain(given), f"unknown path{did_you_mean(path, known)}")
            )
            continue
        if path in scalars:
            *above, key = path.split(".")
            value: str | Tree = text
        else:
            above, key = ["parameters"], path.removeprefix(_PARAMETERS)
            value = {"value": text, "source": SET_SOURCE.source_id}
        target: str | Tree = tree
        for name in above:
            target = target.setdefault(name, {}) if isinstance(target, dict) else target
        if isinstance(target, dict):
            target[key] = value
        done.append(path)
    return frozenset(done), problems
