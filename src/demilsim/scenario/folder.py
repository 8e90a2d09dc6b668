"""Read a folder of `scenario.yaml` and CSV tables as a scenario of text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.capped import limited
from demilsim.scenario.layout import LAYOUT, TableLayout
from demilsim.scenario.phrases import did_you_mean
from demilsim.scenario.place import Place
from demilsim.scenario.source import ScenarioText, SettingsText, VariantText, settings_text
from demilsim.scenario.tables import TextTable, read_table
from demilsim.scenario.text import MAX_YAML_BYTES, read_yaml
from demilsim.scenario.variants import VARIANTS, checked, variant_of, variants_of

SETTINGS_FILE = "scenario.yaml"
TABLE_FILES = tuple(f"{table.name}.csv" for table in LAYOUT.values() if not table.optional)
OPTIONAL_FILES = tuple(f"{table.name}.csv" for table in LAYOUT.values() if table.optional)
_ALIASES = {"tranches.csv": "funding.csv", "scenario.yml": SETTINGS_FILE}


def read_folder(folder: Path) -> ScenarioText:
    """Return what the files of a folder say.

    Parameters
    ----------
    folder
        An existing folder with ``scenario.yaml`` and the tables that ``scenarios/README.md`` describes.

    Raises
    ------
    ScenarioError
        If it has none of them, but a folder or workbook in it has.
    """
    _refuse_other(folder)
    problems = list(limited(_stray_files(folder)))
    settings = _settings(folder, problems)
    variants: list[VariantText] = []
    if settings is not None and VARIANTS in settings.tree:
        variants = variants_of(settings.tree.pop(VARIANTS), settings.places, VARIANTS, problems)
        own = {path: place for path, place in settings.places.items() if not path.startswith(VARIANTS)}
        settings = replace(settings, places=own)
    variants += _variant_files(folder / VARIANTS, problems)
    tables = {table.name: read for table in LAYOUT.values() if (read := _table(folder, table, problems))}
    names = {name: str(folder / f"{name}.csv") for name in LAYOUT}
    return checked(ScenarioText(str(folder), settings, tables, names, tuple(problems)), variants)


def _stray_files(folder: Path) -> Iterator[Problem]:
    """Find tables and settings files that nothing would read."""
    known = (SETTINGS_FILE, *TABLE_FILES, *OPTIONAL_FILES)
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        files = []
        yield Problem(str(folder), 0, "", f"cannot be read: {error.strerror}")
    for file in files:
        stray = file.suffix.lower() in (".csv", ".yaml", ".yml") and file.name not in known
        if stray and not file.name.startswith("."):
            alias = _ALIASES.get(file.name.lower())
            hint = f"; did you mean {alias}?" if alias else did_you_mean(file.name, known)
            named = hint.removeprefix("; did you mean ").removesuffix("?")
            if hint and os.path.exists(folder / named):
                hint += " it is there; move this one out of the folder"
            what = "table" if file.suffix.lower() == ".csv" else "settings file"
            yield Problem(str(file), 0, "", f"unknown {what}{hint or '; move it out of the folder'}")


def _out_of(folder: Path, file: str) -> Problem | None:
    """Return a problem if a file that is there is not really inside the folder."""
    path = folder / file
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        inside = False
    message = "expected a file inside the folder (got a link out of it)"
    return None if inside else Problem(str(path), 0, "", message)


def _missing(folder: Path, file: str) -> Problem:
    stem = file.partition(".")[0]
    near = [name for name in _names(folder) if name.partition(".")[0].casefold() == stem]
    todo = "every scenario needs it; `demilsim new NAME` writes one to look at"
    if near and near[0].lower().endswith((".xlsx", ".xls", ".ods")):
        todo = f"{near[0]} is not read in a folder; save its sheet as {file}"
    elif near:
        todo = f"{near[0]} is not read; name it {file}"
    return Problem(str(folder / file), 0, "", f"missing file: {todo}")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _refuse_other(folder: Path) -> None:
    """Raise a `ScenarioError` for a folder with nothing of a scenario in it, and say where one is."""
    names = _names(folder)
    known = (SETTINGS_FILE, *TABLE_FILES, *OPTIONAL_FILES)
    if not names or set(known) & set(names):
        return
    within = [name for name in names if os.path.isfile(folder / name / SETTINGS_FILE)]
    books = [name for name in names if name.lower().endswith((".xlsx", ".ods"))]
    near = [str(folder / name) for name in [*within, *books]]
    if near:
        more = f" and {len(near) - 1} more like it" if len(near) > 1 else ""
        message = f"expected {SETTINGS_FILE} and tables (got none of them); did you mean {near[0]}{more}?"
        raise ScenarioError([Problem(str(folder), 0, "", message)])


def _settings(folder: Path, problems: list[Problem]) -> SettingsText | None:
    if not os.path.exists(folder / SETTINGS_FILE):
        problems.append(_missing(folder, SETTINGS_FILE))
        return None
    if outside := _out_of(folder, SETTINGS_FILE):
        problems.append(outside)
        return None
    name = str(folder / SETTINGS_FILE)
    try:
        yaml = read_yaml(folder / SETTINGS_FILE, name)
    except ScenarioError as error:
        problems += error.problems
        return None
    return settings_text(name, yaml.tree, {path: Place(name, line) for path, line in yaml.lines.items()})


def _table(folder: Path, layout: TableLayout, problems: list[Problem]) -> TextTable | None:
    file = f"{layout.name}.csv"
    name = str(folder / file)
    if not os.path.exists(folder / file):
        problems += [] if layout.optional else [_missing(folder, file)]
        return None
    if outside := _out_of(folder, file):
        return TextTable(name, 0, (), (), (outside,))
    return read_table(folder / file, name, layout.needed, layout.allowed, layout.name)


def _variant_files(folder: Path, problems: list[Problem]) -> list[VariantText]:
    """Return the variants that have a file of their own, named after it."""
    variants: list[VariantText | None] = []
    files = sorted(folder.iterdir()) if os.path.isdir(folder) else []
    read = [f for f in files if f.suffix.lower() in (".csv", ".yaml", ".yml") and f.name[0] != "."]
    if sum(file.stat().st_size for file in read if file.is_file()) > MAX_YAML_BYTES:
        megabytes = MAX_YAML_BYTES // 1_000_000
        problems.append(
            Problem(str(folder), 0, "", f"expected at most {megabytes} MB of variants (got more)")
        )
        return []
    for file in read:
        suffix, name = file.suffix.lower(), str(file)
        if suffix != ".yaml":
            problems.append(Problem(name, 0, "", "expected a variant as NAME.yaml (got another suffix)"))
            continue
        if outside := _out_of(folder.parent, f"{VARIANTS}/{file.name}"):
            problems.append(outside)
            continue
        try:
            yaml = read_yaml(file, name)
        except ScenarioError as error:
            problems += error.problems
            continue
        places = {path: Place(name, line) for path, line in yaml.lines.items()}
        variants.append(variant_of(file.stem, yaml.tree, places, "", problems))
    return [variant for variant in variants if variant]
