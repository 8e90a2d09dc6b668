"""The command that a page prints to be made again: whole, as far as its reader may see what was set.

Values that the command line set beside a scenario may name lots and sites. Each audience sees those that it
may also see where scenarios are compared; of the others it is told how many there are and where they stand.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from demilsim.reporting.comparison_audience import may_see
from demilsim.reporting.disclosure import Audience
from demilsim.reporting.stored import plain
from demilsim.scenario.paths import (
    PARAMETERS,
    ScalarPath,
    UnknownPathError,
    parse_path,
    split_assignment,
)
from demilsim.scenario.source import SETTINGS

RUN = "run.json"
"""How the plan of a folder came about; a study beside it has a record of its own, see `record_of`."""


def record_of(page: str) -> str:
    """Return the name of the file that says how a study's page came about, as ``frontier.run.json``."""
    return f"{page}.{RUN}"


def printed_command(
    words: str, values_set: Sequence[str], record: str, audience: Audience = "public", untold: int = 0
) -> str:
    """Return the command that gives a page again, without anyone's paths.

    Parameters
    ----------
    words
        Command, scenario and options, quoted, without what follows here.
    values_set
        What ``--set`` was given, each as ``PATH=VALUE``.
    record
        File of the results in which the command stands as it was given.
    audience
        Who reads it.
    untold
        How many more values were set, which are not known here.
    """
    shown = [text for text in values_set if may_see_set(audience, text)]
    options = "".join(f" --set {shlex.quote(plain(text))}" for text in shown)
    if audience != "public":
        options += f" --audience {audience}"
    return f"demilsim {words}{options} --out DIR{_unseen(len(values_set) - len(shown) + untold, record)}"


def may_see_set(audience: Audience, text: str) -> bool:
    """Return whether an audience may see a value that was set: its column, and those that name its row."""
    found = split_assignment(text)
    try:
        path = parse_path(found[0]) if found else None
    except UnknownPathError:
        path = None
    if path is None:
        return False
    if isinstance(path, ScalarPath):
        return may_see(audience, PARAMETERS.rstrip(".") if path.key else SETTINGS, path.key or path.path)
    columns = (*(column for column, _ in path.where), path.column)
    return all(may_see(audience, path.table.name, column) for column in columns)


def _unseen(count: int, record: str) -> str:
    """Return a comment on values that are set beside those that are printed: how many, and where they are."""
    if not count:
        return ""
    return f"  # and {count} --set that {'are' if count > 1 else 'is'} not shown here, but in {record}"
