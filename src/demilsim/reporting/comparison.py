"""A comparison as a page that can be put on a table, with the numbers behind it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from demilsim.experiments.compare import Comparison
from demilsim.experiments.comparison_inputs import InputComparison
from demilsim.model.cautions import Caution
from demilsim.reporting.again import printed_command, record_of
from demilsim.reporting.caution_notes import caution_sentences
from demilsim.reporting.comparison_audience import ShownInputs, inputs_for
from demilsim.reporting.comparison_documents import (
    comparison_document,
    difference_table,
    input_table,
    policy_table,
)
from demilsim.reporting.comparison_figure import comparison_figure
from demilsim.reporting.comparison_views import inputs_sentences, inputs_table, results_table
from demilsim.reporting.comparison_words import findings, name_of, notes
from demilsim.reporting.disclosure import Audience
from demilsim.reporting.document import Document
from demilsim.reporting.folder import make_folder, write_atomically
from demilsim.reporting.grid import Table
from demilsim.reporting.outputs import HowRun, run_facts
from demilsim.reporting.sheet import HASH_CHARACTERS, Sheet, picture_uri, rendered
from demilsim.reporting.stored import plain
from demilsim.reporting.tables import json_text

PAGE, FIGURE = "comparison.html", "compare.svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Sheet):
    """All that the template shows."""

    results: Table
    picture_alt: str
    draws: int
    inputs: Table
    input_sentences: tuple[str, ...]
    scenarios: tuple[tuple[str, str, str], ...]


def write_comparison(
    directory: Path,
    comparison: Comparison,
    inputs: Sequence[InputComparison],
    how: HowRun,
    audience: Audience = "public",
    cautions: Sequence[Caution] = (),
) -> Document:
    """Write the page, its numbers and how they came about; return the JSON document.

    ``comparison.html`` is the page, ``comparison.json`` its numbers, ``differences.csv`` the paired
    differences, ``input_differences.csv`` what differs in the inputs, ``compare.csv`` every policy of every
    scenario, ``figures/compare.svg`` the figure, and ``comparison.run.json`` how it was run. All of them but
    the last show only what the audience may see.

    Parameters
    ----------
    directory
        Made if it is not there.
    comparison
        What was compared.
    inputs
        Of each scenario but the first, against the first.
    how
        For ``comparison.run.json``.
    audience
        Who reads it.
    cautions
        What `demilsim check` warns of in any of the scenarios.

    Raises
    ------
    ResultsError
        If a file cannot be written.
    """
    shown = tuple(
        inputs_for(audience, found, name, comparison.names[0])
        for found, name in zip(inputs, comparison.names[1:], strict=True)
    )
    warned = caution_sentences(cautions, audience)
    document = comparison_document(comparison, shown, audience)
    document["notes"] += warned
    document["warnings"] = len(cautions)
    figure = comparison_figure(comparison)
    make_folder(directory / "figures")
    for name, text in (
        ("compare.csv", policy_table(comparison)),
        ("differences.csv", difference_table(comparison)),
        ("input_differences.csv", input_table(shown)),
        ("comparison.json", json_text(document)),
        (f"figures/{FIGURE}", figure),
        (PAGE, comparison_html(comparison, shown, figure, audience, warned)),
        (record_of("comparison"), json_text(_run_document(comparison, how))),
    ):
        write_atomically(directory / name, text)
    return document


def comparison_html(
    comparison: Comparison,
    inputs: tuple[ShownInputs, ...],
    figure: str,
    audience: Audience,
    warned: tuple[str, ...] = (),
) -> str:
    """Return the page as HTML text.

    Parameters
    ----------
    comparison
        What was compared.
    inputs
        What the audience may see of the inputs.
    figure
        The figure as SVG.
    audience
        Who reads it.
    warned
        What it may be told of warnings, a sentence each.
    """
    page = _page(comparison, inputs, figure, audience)
    return rendered("comparison.html.j2", replace(page, notes=(*page.notes, *warned)))


def _page(comparison: Comparison, inputs: tuple[ShownInputs, ...], figure: str, audience: Audience) -> Page:
    scenarios = [ensemble.scenario for ensemble in comparison.ensembles]
    count = len(comparison.alternatives)
    names = [name_of(comparison, index) for index in range(count)]
    title = f"{names[0]} and {names[1]} side by side" if count == 2 else f"{count} alternatives side by side"
    return Page(
        title=title,
        kind="comparison",
        countries=tuple(sorted({country for s in scenarios for country in s.country_of_site.values()})),
        synthetic=any(scenario.settings.synthetic for scenario in scenarios),
        audience=audience,
        findings=findings(comparison),
        results=results_table(comparison),
        picture=picture_uri(figure),
        picture_alt=f"Expected deaths of {', '.join(names)}; the numbers are in the table",
        draws=comparison.draws.draws if comparison.draws else 0,
        inputs=inputs_table(inputs),
        input_sentences=inputs_sentences(inputs),
        notes=notes(comparison, inputs),
        scenarios=tuple(
            (plain(name), plain(scenario.settings.title), scenario.sha256[:HASH_CHARACTERS])
            for name, scenario in zip(comparison.names, scenarios, strict=True)
        ),
        command=_command(comparison, audience),
    )


def _command(comparison: Comparison, audience: Audience) -> str:
    """Return the command that gives these results again, as far as the audience may see it."""
    scenarios = [ensemble.scenario for ensemble in comparison.ensembles]
    names = " ".join(shlex.quote(scenario.command_name) for scenario in scenarios)
    draws = comparison.draws.draws if comparison.draws else 0
    own = [i for i, one in enumerate(comparison.alternatives) if one.scenario == 0]
    # Without plans of its own choice the command simulates all rules beside the optimiser's plans.
    asked = len(own) == len(comparison.ensembles[0].plans)
    plans = "".join(f" {_asked(comparison, index)}" for index in own) if asked else ""
    words = (
        f"compare {names}{plans} --seed {comparison.seed} "
        f"--replications {comparison.replications} --parameter-draws {draws}"
    )
    # One --set is for all scenarios: what was set of some alone is not for a command line.
    common = [text for text in scenarios[0].values_set if all(text in s.values_set for s in scenarios)]
    alone = {text for scenario in scenarios for text in scenario.values_set} - set(common)
    return printed_command(words, common, record_of("comparison"), audience, len(alone))


def _asked(comparison: Comparison, index: int) -> str:
    """Return the option that asks for an alternative's plan; of a file, its name alone is known."""
    policy = plain(comparison.alternatives[index].policy)
    from_file = comparison.plan(index).source == "file"
    return f"--plan {shlex.quote(policy)}=FILE" if from_file else f"--rule {shlex.quote(policy)}"


def _run_document(comparison: Comparison, how: HowRun) -> Document:
    """Return the content of ``run.json``."""
    return {
        "scenarios": [
            {"name": name, "sha256": ensemble.scenario.sha256}
            for name, ensemble in zip(comparison.names, comparison.ensembles, strict=True)
        ],
        "plans_sha256": {
            alternative.name: comparison.plan(index).sha256()
            for index, alternative in enumerate(comparison.alternatives)
        },
        "seed": comparison.seed,
        "replications": comparison.replications,
        "parameter_draws": comparison.draws.draws if comparison.draws else 0,
        **run_facts(how),
    }
