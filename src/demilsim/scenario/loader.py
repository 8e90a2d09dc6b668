"""`load_scenario`: a scenario from wherever it is written, typed and checked."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.cells import cell_of, cell_text
from demilsim.scenario.column_types import is_identifier
from demilsim.scenario.folder import SETTINGS_FILE, read_folder
from demilsim.scenario.overlay import laid_over
from demilsim.scenario.phrases import plain
from demilsim.scenario.place import COMMAND_LINE, Place
from demilsim.scenario.resolve import Resolved, resolve
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.source import ScenarioText, SetText
from demilsim.scenario.variants import VARIANTS, chosen

WORKBOOK_SUFFIXES = (".xlsx", ".ods")


@runtime_checkable
class Scalar(Protocol):
    """A number of NumPy, which this room does without."""

    ndim: int

    def item(self) -> object:
        """Return it as Python's own."""
        ...


Value = str | bool | float | dt.date
"""What may stand for a value of a scenario in Python; numbers of NumPy are numbers."""


def load_scenario(path: str | Path, overrides: Mapping[str, Value] | None = None) -> Scenario:
    """Return the scenario in a folder, typed and checked.

    Parameters
    ----------
    path
        Folder with ``scenario.yaml`` and the tables that ``scenarios/README.md`` describes; with
        ``@NAME`` after it, that variant of it.
    overrides
        Values by path, as `paths` has it, that replace what the scenario says, e.g. ``horizon_years``,
        ``parameters.consequence.prompt_share`` or ``funding[tranche=T3].amount_usd``: text as in the files,
        or a number, truth value or date.

    Raises
    ------
    ScenarioError
        With every problem that was found, each with its file and line.
    """
    return load_resolved(path, overrides).scenario


def load_resolved(path: str | Path, overrides: Mapping[str, Value] | None = None) -> Resolved:
    """Return the scenario that `load_scenario` returns, with where each of its values came from."""
    where, variant = split_variant(str(path))
    base, texts = read_text(where), _texts(overrides or {})
    sets = [SetText(key, text, Place(COMMAND_LINE)) for key, text in texts.items()]
    resolved = resolve(laid_over(chosen(base, variant), sets))
    # A variant may have a name of its own, by which no command finds it.
    name = base.settings.tree.get("name") if base.settings else None
    own = name if isinstance(name, str) and is_identifier(name) else resolved.scenario.settings.name
    asked_as = f"{own}@{variant}" if variant else own
    values_set = tuple(f"{key}={text}" for key, text in texts.items())
    scenario = replace(resolved.scenario, asked_as=asked_as, values_set=values_set)
    return replace(resolved, scenario=scenario)


def _texts(overrides: Mapping[str, Value]) -> dict[str, str]:
    """Return values as text; raise a `ScenarioError` with all that are none."""
    texts = {key: _text(value) for key, value in overrides.items()}
    wanted = "expected text as in the files, a number, a truth value or a date"
    wrong = [
        Problem(COMMAND_LINE, 0, plain(str(key)), f"{wanted} (got {plain(repr(overrides[key]))})")
        for key, text in texts.items()
        if text is None
    ]
    if wrong:
        raise ScenarioError(wrong)
    return {str(key): text for key, text in texts.items() if text is not None}


def _text(value: object) -> str | None:
    """Return a value as it would stand in a file; None for what is not one value."""
    if isinstance(value, Scalar) and value.ndim == 0:
        value = value.item()
    if isinstance(value, dt.datetime):
        value = value.date() if value.time() == dt.time() else None
    return cell_text(cell_of(value)) if isinstance(value, str | int | float | dt.date) else None


def split_variant(path: str) -> tuple[str, str]:
    """Return where a scenario is, and the variant of it that a name asks for, empty if none.

    ``FOLDER@NAME`` and ``FOLDER/variants/NAME.yaml`` ask for the same.
    """
    head, tail = os.path.split(path)
    folder, inside = os.path.split(head)
    if inside == VARIANTS and tail.endswith(".yaml") and os.path.isfile(path):
        return folder or os.curdir, tail.removesuffix(".yaml")
    before, separator, name = tail.rpartition("@")
    if separator and before and not os.path.exists(path):
        return os.path.join(head, before), name
    return path, ""


def _instead(path: str | Path) -> str:
    """Return what to name or do instead, where a file of a scenario or another sort of workbook is named."""
    above, suffix = Path(path).parent, Path(path).suffix.lower()
    if suffix in (".xls", ".xlsm", ".xlsb"):
        return "; save it as .xlsx"
    if suffix in (".csv", ".yaml", ".yml") and os.path.isfile(above / SETTINGS_FILE):
        return f"; name the folder, {above}"
    return ""


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
    if os.path.isfile(path) and Path(path).suffix.lower() in WORKBOOK_SUFFIXES:
        from demilsim.scenario.workbook_read import read_workbook

        return read_workbook(Path(path))
    found = "a file" if os.path.exists(path) else "nothing of that name"
    message = (
        f"expected a folder with {SETTINGS_FILE}, or a workbook, .xlsx or .ods (got {found}){_instead(path)}"
    )
    raise ScenarioError([Problem(str(path), 0, "", message)])
