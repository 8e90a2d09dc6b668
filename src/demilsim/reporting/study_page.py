"""The page of a study of one scenario that comes to a figure and its tables; it extends `sheet`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demilsim.model.cautions import Caution
from demilsim.optimisation.tours import placed_facilities
from demilsim.reporting.again import record_of
from demilsim.reporting.caution_notes import caution_sentences
from demilsim.reporting.document import Document
from demilsim.reporting.drawing import DrawnFigure
from demilsim.reporting.folder import make_folder, write_atomically
from demilsim.reporting.grid import Table
from demilsim.reporting.outputs import HowRun, run_facts
from demilsim.reporting.sheet import HASH_CHARACTERS, Sheet, picture_uri, rendered
from demilsim.reporting.stored import plain
from demilsim.reporting.tables import json_text
from demilsim.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyTold:
    """What a study has to say, nothing of it unfit for the public.

    Parameters
    ----------
    title, heading
        What the page is called, and what stands over table and figure.
    findings
        What it comes to, a sentence each.
    reading
        How to read table and figure, a sentence each.
    table, drawn
        The main table, and the figure of it.
    more
        Further tables, below the figure.
    notes
        What the reader must know, a sentence each.
    command
        What gives the same page again.
    """

    title: str
    heading: str
    findings: tuple[str, ...]
    reading: tuple[str, ...]
    table: Table
    drawn: DrawnFigure
    more: tuple[Table, ...] = ()
    notes: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPage(Sheet):
    """All that ``study.html.j2`` shows: what was told, and of which scenario with its content hash."""

    told: StudyTold
    source: str


def places_left_aside(scenario: Scenario) -> tuple[str, ...]:
    """Return what a study that leaves places of mobile plant out says of it; nothing where moves are free."""
    if not placed_facilities(scenario).size:
        return ()
    return (
        "Moves of mobile plant are left aside: it is taken to be at all sites at once and to lose no days on "
        "the way. So mobile plant is told to avert more than it can, and new plant at sites to which mobile "
        "plant would have to go may avert more than is told.",
    )


def moves_paid(scenario: Scenario) -> tuple[str, ...]:
    """Return what a study says of the moves of mobile plant in its plans; nothing where they are free."""
    if not placed_facilities(scenario).size:
        return ()
    return (
        "Mobile plant moves from site to site, for days and money: it makes the moves of the plan of least "
        "harm, or some of them. Other moves may be cheaper.",
    )


def write_study_page(
    directory: Path,
    name: str,
    scenario: Scenario,
    told: StudyTold,
    how: HowRun | None,
    facts: Document,
    cautions: Sequence[Caution] = (),
) -> None:
    """Write ``NAME.html``, the figure under its own name, and ``NAME.run.json`` if `how` says how it was run.

    Parameters
    ----------
    directory
        Made if it is not there.
    name
        Of the study, and of its files.
    scenario
        What it is about.
    told
        What it has to say.
    how, facts
        Command and time, and what else ``NAME.run.json`` says.
    cautions
        What `demilsim check` warns of in the scenario.

    Raises
    ------
    ResultsError
        If a file cannot be written.
    """
    settings = scenario.settings
    page = StudyPage(
        title=f"{told.title}: {plain(settings.title)}",
        kind=name,
        countries=tuple(sorted(set(scenario.country_of_site.values()))),
        synthetic=settings.synthetic,
        audience="public",
        findings=told.findings,
        picture=picture_uri(told.drawn.svg),
        notes=(*told.notes, *caution_sentences(cautions, "public")),
        command=told.command,
        told=told,
        source=f"{plain(settings.name)}, content {scenario.sha256[:HASH_CHARACTERS]}",
    )
    make_folder(directory / "figures")
    write_atomically(directory / "figures" / f"{told.drawn.name}.svg", told.drawn.svg)
    write_atomically(directory / f"{name}.html", rendered("study.html.j2", page))
    if how is not None:
        known = {"scenario": {"name": settings.name, "sha256": scenario.sha256}}
        write_atomically(directory / record_of(name), json_text(known | facts | run_facts(how)))
