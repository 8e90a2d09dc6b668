"""A scenario as text: what a folder and a workbook both give before anything is typed.

Readers (`folder`, a workbook's) make a `ScenarioText`; `resolve` turns it into a `Scenario`. Nobody else
needs to know where the text came from, since every value brings its place along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from demilsim.errors import Problem
from demilsim.scenario.place import Place
from demilsim.scenario.schema import Source
from demilsim.scenario.tables import TextTable
from demilsim.scenario.text import Tree

SETTINGS = "settings"
"""Name of the scalars beside those of the tables."""

BASE = "base"
"""What a variant extends if it names nothing: the scenario itself."""

SET_SOURCE = Source(
    source_id="set", confidence="assumed", text="laid over the scenario by a variant or on the command line"
)
"""What a constant or a new row cites that was set without a source of its own."""


@dataclass(frozen=True)
class SettingsText:
    """The scalars as text.

    Parameters
    ----------
    file
        The file or sheet as messages name it.
    tree
        Nested mappings of text, as `settings_key` splits a path.
    places
        Place of each dotted path that is given.
    cited
        Source ids that its own constants name.
    """

    file: str
    tree: Tree
    places: Mapping[str, Place]
    cited: frozenset[str]


def settings_text(file: str, tree: Tree, places: Mapping[str, Place]) -> SettingsText:
    """Return the scalars of a file or sheet, with the sources that they cite."""
    parameters = tree.get("parameters", {})
    members = parameters.values() if isinstance(parameters, dict) else ()
    texts = [member.get("source", "") for member in members if isinstance(member, dict)]
    cited = (part.strip() for text in texts if isinstance(text, str) for part in text.split(";"))
    return SettingsText(file, tree, places, frozenset(cited))


@dataclass(frozen=True, slots=True)
class SetText:
    """One value that a variant or the command line lays over a scenario.

    Parameters
    ----------
    path
        As the user wrote it, e.g. ``funding[tranche=T3].amount_usd`` or ``settings.horizon_years``.
    text
        The value as text.
    place
        Where it is written.
    """

    path: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Gone:
    """A row that a layer took out: its table, its name, and where that is said."""

    table: str
    row: str
    place: Place


@dataclass(frozen=True)
class VariantText:
    """A named variant: what it extends, and what it sets.

    Parameters
    ----------
    name
        Its name.
    extends
        Another variant, or `BASE`.
    sets
        Its values, in order.
    place
        Where it begins.
    """

    name: str
    extends: str
    sets: tuple[SetText, ...]
    place: Place


@dataclass(frozen=True)
class ScenarioText:
    """Everything that a scenario says, as text.

    Parameters
    ----------
    name
        Folder or workbook as the user named it.
    settings
        The scalars; None if they could not be read, which is then among the problems.
    tables
        By name of `layout.LAYOUT`; one that is not there, or could not be read, is left out.
    names
        How messages name each table of the layout, there or not.
    variants
        By name.
    problems
        Everything wrong with its form.
    gone
        Rows that layers took out.
    """

    name: str
    settings: SettingsText | None
    tables: Mapping[str, TextTable]
    names: Mapping[str, str]
    problems: tuple[Problem, ...]
    variants: Mapping[str, VariantText] = field(default_factory=dict)
    gone: tuple[Gone, ...] = ()
