"""Values of variants and of the command line laid over a scenario that is still text."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace

from demilsim.errors import Problem
from demilsim.scenario.phrases import did_you_mean, plain
from demilsim.scenario.records import leaf_paths
from demilsim.scenario.register import shipped_register
from demilsim.scenario.schema import Settings, Source
from demilsim.scenario.source import ScenarioText, SetText, SettingsText
from demilsim.scenario.text import Tree

SET_SOURCE = Source(source_id="set", confidence="assumed", text="given on the command line")
_PARAMETERS = "parameters."


def laid_over(text: ScenarioText, sets: Iterable[SetText]) -> ScenarioText:
    """Return a scenario with values in place of its own; unknown paths become problems.

    Parameters
    ----------
    text
        What was read; not changed.
    sets
        The values, the last one of a path wins.
    """
    problems: list[Problem] = list(text.problems)
    settings = text.settings
    for one in sets:
        if settings is not None:
            settings = _set_scalar(settings, one, problems)
    return replace(text, settings=settings, problems=tuple(problems))


def _set_scalar(settings: SettingsText, one: SetText, problems: list[Problem]) -> SettingsText:
    scalars = leaf_paths(Settings)
    known = (*scalars, *(f"{_PARAMETERS}{key}" for key in shipped_register().entries))
    path = one.path.removeprefix("settings.")
    if path not in known:
        problems.append(one.place.problem(plain(one.path), f"unknown path{did_you_mean(path, known)}"))
        return settings
    places = dict(settings.places)
    if path in scalars:
        *above, key = path.split(".")
        value: str | Tree = one.text
    else:
        above, key = ["parameters"], path.removeprefix(_PARAMETERS)
        value = {"value": one.text, "source": SET_SOURCE.source_id}
        places[f"{path}.value"] = places[f"{path}.source"] = one.place
    places[path] = one.place
    tree = deepcopy(settings.tree)
    target: str | Tree = tree
    for name in above:
        target = target.setdefault(name, {}) if isinstance(target, dict) else target
    if isinstance(target, dict):
        target[key] = value
    return replace(settings, tree=tree, places=places)
