"""`load_scenario`: a folder of text becomes a checked `Scenario`, or a list of everything wrong with it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.checks import problems_of
from demilsim.scenario.draft import Draft, Essentials, Rows, SettingsDraft
from demilsim.scenario.overlay import SET_SOURCE, overlay
from demilsim.scenario.phrases import did_you_mean
from demilsim.scenario.records import to_record
from demilsim.scenario.register import shipped_register
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import (
    ExchangeRate,
    ExposedSite,
    Facility,
    FacilityRate,
    Fund,
    Inflow,
    Lot,
    Measure,
    Override,
    Record,
    Route,
    Settings,
    Site,
    Source,
    Storehouse,
    Tranche,
)
from demilsim.scenario.tables import read_table
from demilsim.scenario.text import Tree, YamlText, read_yaml

SETTINGS_FILE = "scenario.yaml"
TABLE_FILES = tuple(
    f"{table}.csv"
    for table in (
        "sites", "storehouses", "exposed_sites", "lots", "facilities", "facility_rates", "routes",
        "funds", "funding", "sources",
    )
)  # fmt: skip
OPTIONAL_FILES = ("inflows.csv", "measures.csv", "exchange_rates.csv")
MAY_BE_EMPTY = frozenset({"facilities.csv", "facility_rates.csv", "routes.csv", "funds.csv", "funding.csv"})
_INFLOW_COLUMNS = frozenset({"arrives", "arrival_probability"})
_ALIASES = {"tranches.csv": "funding.csv", "scenario.yml": SETTINGS_FILE}

M = TypeVar("M", bound=Record)


class _Span(Record):
    """The settings that dates are checked against."""

    start: dt.date | None = None
    horizon_years: int | None = None


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
    folder = Path(path)
    # os.path answers no, where pathlib raises, for a name too long or unreadable.
    if not os.path.isdir(folder):
        found = "a file" if os.path.exists(folder) else "nothing of that name"
        raise ScenarioError(
            [Problem(str(path), 0, "", f"expected a folder with {SETTINGS_FILE} (got {found})")]
        )
    problems = list(_stray_files(folder))
    draft = Draft(
        settings=_settings(folder, overrides or {}, problems),
        sites=_rows(folder, "sites.csv", Site, "site_id", problems),
        storehouses=_rows(folder, "storehouses.csv", Storehouse, "storehouse_id", problems),
        exposed_sites=_rows(folder, "exposed_sites.csv", ExposedSite, "exposed_site_id", problems),
        lots=_rows(folder, "lots.csv", Lot, "lot_id", problems),
        facilities=_rows(folder, "facilities.csv", Facility, "facility_id", problems),
        facility_rates=_rows(folder, "facility_rates.csv", FacilityRate, "", problems),
        routes=_rows(folder, "routes.csv", Route, "", problems),
        funds=_rows(folder, "funds.csv", Fund, "fund_id", problems),
        tranches=_rows(folder, "funding.csv", Tranche, "tranche_id", problems),
        inflows=_rows(folder, "inflows.csv", Inflow, "lot_id", problems),
        measures=_rows(folder, "measures.csv", Measure, "measure_id", problems),
        exchange_rates=_rows(folder, "exchange_rates.csv", ExchangeRate, "", problems),
        sources=_rows(folder, "sources.csv", Source, "source_id", problems),
        register=shipped_register(),
    )
    problems += problems_of(draft, readable=not problems)
    if problems:
        raise ScenarioError(problems)
    return _scenario(draft)


def _scenario(draft: Draft) -> Scenario:
    settings = draft.settings.record
    assert settings is not None, "settings that cannot be typed are a problem"
    sources = draft.sources.records
    if any(SET_SOURCE.source_id in own.source for own in settings.parameters.values()):
        sources += (SET_SOURCE,)
    confidence = {source.source_id: source.confidence for source in sources}
    return Scenario(
        settings=settings,
        sites=draft.sites.records,
        storehouses=draft.storehouses.records,
        exposed_sites=draft.exposed_sites.records,
        lots=(*draft.lots.records, *draft.inflows.records),
        facilities=draft.facilities.records,
        facility_rates=draft.facility_rates.records,
        routes=draft.routes.records,
        funds=draft.funds.records,
        tranches=draft.tranches.records,
        measures=draft.measures.records,
        exchange_rates=draft.exchange_rates.records,
        sources=sources,
        register=draft.register.overridden(settings.parameters, confidence),
    )


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
            what = "table" if file.suffix.lower() == ".csv" else "settings file"
            yield Problem(str(file), 0, "", f"unknown {what}{hint or '; move it out of the folder'}")


def _present(folder: Path, file: str, problems: list[Problem]) -> bool:
    """Return whether a file is there and really inside the folder; say so if not."""
    path = folder / file
    if not path.exists():
        problems.append(Problem(str(path), 0, "", "missing file: every scenario needs it"))
    elif not path.resolve().is_relative_to(folder.resolve()):
        problems.append(Problem(str(path), 0, "", "expected a file inside the folder (got a link out of it)"))
    else:
        return True
    return False


def _settings(folder: Path, overrides: Mapping[str, str], problems: list[Problem]) -> SettingsDraft:
    name = str(folder / SETTINGS_FILE)
    unread = SettingsDraft(name, None, {}, Essentials(), frozenset(), frozenset())
    if not _present(folder, SETTINGS_FILE, problems):
        return unread
    try:
        yaml = read_yaml(folder / SETTINGS_FILE, name)
    except ScenarioError as error:
        problems += error.problems
        return unread
    cited = _cited(yaml)
    overridden, unknown = overlay(yaml.tree, overrides, shipped_register().entries)
    problems += unknown
    record, findings = to_record(Settings, yaml.tree)
    essentials = _essentials(yaml.tree, {finding.path for finding in findings})
    draft = SettingsDraft(name, record, yaml.lines, essentials, overridden, cited)
    problems += [draft.at(finding.path, finding.message) for finding in findings]
    return draft


def _essentials(tree: Tree, failed: Collection[str]) -> Essentials:
    """Return what can be typed of the settings that other checks lean on."""
    known = {name: value for name, value in tree.items() if name in _Span.model_fields and name not in failed}
    span = to_record(_Span, known)[0] or _Span()
    given = tree.get("parameters")
    members = given.items() if isinstance(given, dict) else ()
    typed = {key: to_record(Override, own)[0] for key, own in members if isinstance(own, dict)}
    parameters = {key: own for key, own in typed.items() if own is not None}
    return Essentials(span.start, span.horizon_years, parameters)


def _cited(yaml: YamlText) -> frozenset[str]:
    parameters = yaml.tree.get("parameters", {})
    members = parameters.values() if isinstance(parameters, dict) else ()
    texts = [member.get("source", "") for member in members if isinstance(member, dict)]
    return frozenset(part.strip() for text in texts if isinstance(text, str) for part in text.split(";"))


def _rows(folder: Path, file: str, model: type[M], id_column: str, problems: list[Problem]) -> Rows[M]:
    """Return the typed rows of a table; what cannot be typed becomes problems."""
    name = str(folder / file)
    if file in OPTIONAL_FILES and not (folder / file).exists():
        return Rows(name, (), (), id_column, (), complete=True)
    if not _present(folder, file, problems):
        return Rows(name, (), (), id_column, (), complete=False)
    before = len(problems)
    columns, optional = _columns(model)
    table = read_table(folder / file, name, columns, optional)
    problems += table.problems
    if table.header_line and not table.rows and not table.problems and file not in MAY_BE_EMPTY:
        problems.append(Problem(name, table.header_line, "", "expected at least one row (got none)"))
    lines, records = [], []
    for row in table.rows:
        # An empty cell of a column that may be left out is as if it were left out.
        cells: Tree = {c: text for c, text in row.cells.items() if c not in optional or text.strip()}
        record, findings = to_record(model, cells)
        if record is not None:
            lines.append(row.line)
            records.append(record)
        # A column that is not there is said once, at the header.
        problems += [Problem(name, row.line, f.path, f.message) for f in findings if f.path in table.columns]
    ids = tuple((row.line, row.cells[id_column].strip()) for row in table.rows if id_column in row.cells)
    return Rows(name, tuple(lines), tuple(records), id_column, ids, complete=len(problems) == before)


def _columns(model: type[Record]) -> tuple[list[str], list[str]]:
    """Return the columns that a table must have, and those that it may have."""
    own = [name for name in model.model_fields if model is not Lot or name not in _INFLOW_COLUMNS]
    fields = model.model_fields
    needed = sorted((name for name in own if fields[name].is_required()), key="source".__eq__)
    return needed, [name for name in own if not fields[name].is_required()]
