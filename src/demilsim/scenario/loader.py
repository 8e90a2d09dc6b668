"""`load_scenario`: a scenario from wherever it is written, typed and checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.folder import SETTINGS_FILE, read_folder
from demilsim.scenario.overlay import laid_over
from demilsim.scenario.place import COMMAND_LINE, Place
from demilsim.scenario.resolve import Resolved, resolve
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.source import ScenarioText, SetText


def load_scenario(path: str | Path, overrides: Mapping[str, str] | None = None) -> Scenario:
    """Return the scenario in a folder, typed and checked.

    Parameters
    ----------
    path
        Folder with ``scenario.yaml`` and the tables that ``scenarios/README.md`` describes.
    overrides
        Text by dotted path that replaces what ``scenario.yaml`` says, e.g. ``horizon_years``,
        ``harm_weights.fatalities_public`` or ``parameters.consequence.prompt_share``.

    Raises
    ------
    ScenarioError
        With every problem that was found, each with its file and line.
    """
    return load_resolved(path, overrides).scenario


def load_resolved(path: str | Path, overrides: Mapping[str, str] | None = None) -> Resolved:
    """Return the scenario that `load_scenario` returns, with where each of its values came from."""
    sets = [SetText(key, value, Place(COMMAND_LINE)) for key, value in (overrides or {}).items()]
    return resolve(laid_over(read_text(path), sets))


def read_text(path: str | Path) -> ScenarioText:
    """Return a scenario as text, from whatever kind of source its name says.

    Raises
    ------
    ScenarioError
        If there is nothing of that name, or nothing that holds a scenario.
    """
    # os.path answers no, where pathlib raises, for a name too long or unreadable.
    if os.path.isdir(path):
        return read_folder(Path(path))
    found = "a file" if os.path.exists(path) else "nothing of that name"
    raise ScenarioError([Problem(str(path), 0, "", f"expected a folder with {SETTINGS_FILE} (got {found})")])
