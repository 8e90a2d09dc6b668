"""Options that several commands share."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from demilsim import __version__

SETTINGS_FILE, VARIANTS = "scenario.yaml", "variants"
"""As in `demilsim.scenario.folder`, which takes too long to import for help."""


class Audience(StrEnum):
    """Who the report is for."""

    PUBLIC = "public"
    PARTNER = "partner"
    RESTRICTED = "restricted"


ScenarioPath = Annotated[
    Path, typer.Argument(help="A scenario; SCENARIO@NAME is a variant.", show_default=False)
]


def _folder(out: Path) -> Path:
    """Refuse what cannot become a folder before the work begins, not after it."""
    nearest = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise typer.BadParameter(f"expected a folder, there or new ({nearest} is a file)")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise typer.BadParameter(f"expected a folder that may be written to (got {out})")
    return _no_scenario(out)


def _no_scenario(out: Path) -> Path:
    """Refuse a folder whose tables are read as those of a scenario, or its variants."""
    own = out.resolve()
    scenario = own.parent if own.name == VARIANTS else own
    if (scenario / SETTINGS_FILE).is_file():
        raise typer.BadParameter(
            f"expected a folder for results (got {out}, whose files belong to the scenario {scenario.name}); "
            f"name another, as {scenario.name}-results"
        )
    return out


Out = Annotated[
    Path, typer.Option("--out", help="Folder for the results.", show_default=False, callback=_folder)
]
SweepOut = Annotated[
    Path, typer.Option("--out", help="Folder for the results.", show_default=False, callback=_no_scenario)
]
"""Claimed before a sweep begins, which finds what is wrong with it."""
Seed = Annotated[int | None, typer.Option(min=0, help="Root seed. [default: the scenario's]")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Worker processes. [default: all cores]")]
Set = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="PATH=VALUE", help="Replace a value, as funding[tranche=T3].amount_usd=2e6."
    ),
]
Replications = Annotated[int, typer.Option(min=2, help="Fresh replications.")]
PrecisionOption = Annotated[
    list[str],
    typer.Option(
        "--precision",
        metavar="[OUTPUT=]SHARE",
        help="Replicate until half-widths are at most this share of the means, e.g. 5%, of the expected "
        "fatalities and their differences or of an OUTPUT; --replications are then the least.",
    ),
]
MaxReplications = Annotated[
    int | None, typer.Option(help="With --precision: give up after so many. [default: 4000]")
]
ParameterDraws = Annotated[
    int, typer.Option(min=0, help="Draws of constants that are not known; 0 for none, else 2 or more.")
]
AudienceOption = Annotated[Audience, typer.Option(help="Who the report is for.")]
Pdf = Annotated[
    bool, typer.Option("--pdf", help="Print the report as report.pdf, by your own Chromium or Chrome.")
]
FirstObjective = Annotated[
    str | None,
    typer.Option(
        "--order",
        metavar="FIRST,SECOND",
        help="Two objectives in order: harm,cost or cost,harm. [default: harm alone]",
    ),
]
Within = Annotated[
    str | None,
    typer.Option(help="With --order: how much of the first to give up for the second. [default: 1%]"),
]
Averting = Annotated[
    str | None,
    typer.Option(
        help="With --order cost,harm: share to avert of what the plan of least harm averts, as 80%."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]


def _version(asked: bool) -> None:
    """Print the version and end."""
    if asked:
        typer.echo(f"demilsim {__version__}")
        raise typer.Exit()


Version = Annotated[
    bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
