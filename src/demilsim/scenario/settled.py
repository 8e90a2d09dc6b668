"""A scenario whose laid-over values have become its own, for files that are written and read again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from demilsim.scenario.scenario import TABLES, Scenario
from demilsim.scenario.schema import Sourced
from demilsim.scenario.source import SET_SOURCE

OWN_SOURCE = "A-SET"
"""What such values cite in a file; the id that stands for them in memory is no id of a file."""


def settled(scenario: Scenario) -> Scenario:
    """Return a scenario that cites an assumption of its own where it cites what was laid over it."""
    laid_over = SET_SOURCE.source_id
    taken = {source.source_id for source in scenario.sources}
    if laid_over not in taken:
        return scenario
    name, number = OWN_SOURCE, 1
    while name in taken:
        number += 1
        name = f"{OWN_SOURCE}-{number}"

    def cited(row: Sourced) -> tuple[str, ...]:
        return tuple(name if one == laid_over else one for one in row.source)

    parameters = {
        key: own.model_copy(update={"source": cited(own)})
        for key, own in scenario.settings.parameters.items()
    }
    tables: dict[str, Any] = {
        table: tuple(
            row.model_copy(update={"source": cited(row)}) if isinstance(row, Sourced) else row
            for row in getattr(scenario, table)
        )
        for table in TABLES
    }
    tables["sources"] = tuple(
        source.model_copy(update={"source_id": name}) if source.source_id == laid_over else source
        for source in scenario.sources
    )
    settings = scenario.settings.model_copy(update={"parameters": parameters})
    return replace(scenario, settings=settings, **tables)
