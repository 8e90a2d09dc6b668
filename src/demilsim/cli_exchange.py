"""Commands that write and read what other programs know: workbooks, maps, aid activities, editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from demilsim.cli_options import Audience, AudienceOption, ScenarioPath, Set
from demilsim.cli_steps import load, overrides_of
from demilsim.cli_table import Of, only_new, table
from demilsim.errors import DemilsimError, Problem, ScenarioError
from demilsim.terminal import Console

PURPOSES = "15250,15240,15210"
"""OECD-DAC purpose codes under which donors pay for this work."""


def workbook(
    scenario: ScenarioPath,
    file: Annotated[Path, typer.Argument(help="New .xlsx file, or new folder.", show_default=False)],
    set_: Set = [],  # noqa: B006
) -> None:
    """Write a scenario as a workbook, or a workbook as a folder."""
    from demilsim.reporting.folder import write_atomically
    from demilsim.scenario.folder_write import write_folder
    from demilsim.scenario.loader import load_resolved
    from demilsim.scenario.workbook_write import workbook_bytes

    only_new(file)
    resolved = load_resolved(scenario, overrides_of(set_))
    variants = resolved.text.variants.values()
    if file.suffix.lower() == ".xlsx":
        write_atomically(file, workbook_bytes(resolved.scenario, variants))
    elif not file.suffix:
        write_folder(resolved.scenario, file, variants)
    else:
        message = "expected a file that ends in .xlsx, or a folder without a dot (got another ending)"
        raise ScenarioError([Problem(str(file), 0, "", message)])
    typer.echo(f"{file}: written. Edit it, then: demilsim check {file}")


def geojson(
    scenario: ScenarioPath,
    file: Annotated[Path, typer.Argument(help="New .geojson file.", show_default=False)],
    set_: Set = [],  # noqa: B006
    audience: AudienceOption = Audience.PUBLIC,
) -> None:
    """Write the sites as a map, for an audience.

    Regions for the public, single sites for others.
    """
    from demilsim.exchange.geojson import sites_geojson
    from demilsim.reporting.folder import write_atomically

    only_new(file)
    write_atomically(file, sites_geojson(load(scenario, set_), audience.value))
    typer.echo(f"{file}: written for the audience {audience.value}")


def sites(
    file: Annotated[Path, typer.Argument(help="A GeoJSON file.", show_default=False)],
    table: Annotated[Path, typer.Argument(help="New sites.csv.", show_default=False)],
    scenario: Of = None,
) -> None:
    """Read sites from a map into a table.

    Columns that the map lacks come from a scenario.
    """
    from demilsim.exchange.geojson_sites import read_sites
    from demilsim.reporting.folder import write_atomically
    from demilsim.scenario.folder_write import records_csv

    only_new(table)
    found = read_sites(file, load(scenario, []) if scenario else None)
    write_atomically(table, records_csv("sites", found))
    typer.echo(f"{table}: {len(found)} sites written")


def iati(
    scenario: ScenarioPath,
    file: Annotated[Path, typer.Argument(help="New .xml file.", show_default=False)],
    set_: Set = [],  # noqa: B006
    results: Annotated[Path | None, typer.Option(help="Results folder with the targets.")] = None,
    purpose: Annotated[str, typer.Option(help="OECD-DAC purpose code of the money.")] = "15250",
    organisation: Annotated[str, typer.Option(help="Identifier of who reports.")] = "DRAFT",
) -> None:
    """Write a draft of an IATI activity: money asked for, targets.

    It is in version 2.03 of the standard.
    """
    from demilsim.exchange.envelopes import military_operators
    from demilsim.exchange.iati_write import draft_activity
    from demilsim.exchange.reference import purposes
    from demilsim.reporting.folder import write_atomically
    from demilsim.reporting.reading import read_results

    only_new(file)
    console, known = Console(quiet=False), purposes()
    if purpose not in known:
        raise DemilsimError(f"--purpose: expected one of {', '.join(known)} (got {purpose!r})")
    loaded = load(scenario, set_)
    stored = read_results(results) if results else None
    if stored and stored.scenario.sha256 != loaded.sha256:
        raise DemilsimError(
            f"--results: expected results of this scenario (got those of {stored.scenario.name})"
        )
    write_atomically(file, draft_activity(loaded, purpose, organisation, stored))
    console.warn(f"{purpose} {known[purpose].name}: {known[purpose].caution}")
    for warning in military_operators(loaded):
        console.warn(warning)
    typer.echo(f"{file}: draft written; let the validator of IATI pass it before it is published")


def envelopes(
    file: Annotated[Path, typer.Argument(help="An IATI activity file.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="New folder for the tables.", show_default=False)],
    scenario: Of = None,
    codes: Annotated[str, typer.Option("--purposes", help="OECD-DAC purpose codes that count.")] = PURPOSES,
) -> None:
    """Read donors' budgets by quarter from an IATI file.

    They become tables of funds, tranches and sources.
    """
    from demilsim.exchange.envelopes import envelopes_of
    from demilsim.exchange.iati_read import read_activities
    from demilsim.scenario.folder_write import records_csv, write_files

    only_new(folder)
    console = Console(quiet=False)
    counted = [code.strip() for code in codes.split(",") if code.strip()]
    loaded = load(scenario, []) if scenario else None
    found = envelopes_of(read_activities(file), file.name, counted, loaded)
    for note in found.notes:
        console.warn(note)
    if not found.envelopes:
        raise DemilsimError(f"{file}: expected budgets for {', '.join(counted)} (got none that count)")
    rows = {"funds": found.funds, "funding": found.tranches, "sources": found.sources}
    write_files(folder, {f"{name}.csv": records_csv(name, records) for name, records in rows.items()})
    typer.echo(
        f"{folder}: {len(found.funds)} funds, {len(found.tranches)} tranches; add the rows to a scenario"
    )


def schema() -> None:
    """Print the JSON Schema of a scenario, for editors.

    It covers scenario.yaml and the rows of the tables.
    """
    from demilsim.scenario.editor_schema import editor_schema_text

    typer.echo(editor_schema_text(), nl=False)


EXCHANGE = (workbook, table, geojson, sites, iati, envelopes, schema)
"""In the order of the help."""
