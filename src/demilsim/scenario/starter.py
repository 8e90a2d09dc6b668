"""`demilsim new NAME`: write a small valid scenario to edit."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.column_types import Identifier
from demilsim.scenario.folder import SETTINGS_FILE, TABLE_FILES
from demilsim.scenario.phrases import got

_TEMPLATE_NAME = "name: starter\n"


def write_starter(name: str, directory: str | Path) -> Path:
    """Write a small valid scenario into a new folder, and return the folder.

    Parameters
    ----------
    name
        Name of the scenario and of its folder: Latin letters, digits and ``. _ -``, at most 40.
    directory
        Existing folder in which the new one is made.

    Raises
    ------
    ScenarioError
        If the name is none, or there is something of that name already: nothing is ever overwritten.
    """
    try:
        TypeAdapter(Identifier).validate_python(name)
    except ValidationError:
        message = f"expected a name of Latin letters, digits and . _ -, at most 40 {got(name)}"
        raise ScenarioError([Problem("new", 0, "", message)]) from None
    folder = Path(directory) / name
    source = files("demilsim.scenario").joinpath("starter")
    try:
        folder.mkdir()
        for file in (SETTINGS_FILE, *TABLE_FILES):
            text = source.joinpath(file).read_text(encoding="utf-8")
            if file == SETTINGS_FILE:
                text = text.replace(_TEMPLATE_NAME, f"name: {name}\n")
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
    except FileExistsError:
        message = "is there already; choose another name or move it away"
        raise ScenarioError([Problem(str(folder), 0, "", message)]) from None
    except OSError as error:
        message = f"cannot be written: {error.strerror}"
        raise ScenarioError([Problem(str(folder), 0, "", message)]) from error
    return folder
