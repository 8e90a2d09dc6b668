"""Messages about a column that say what it is for: what belongs into it, what an empty cell means."""

from __future__ import annotations

import re
from functools import cache

from demilsim.scenario.choices import Choice, choice_of, scalar_choice
from demilsim.scenario.columns import ColumnMeaning, column_meanings, meaning_of
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.readings import column_unit
from demilsim.scenario.records import leaf_paths
from demilsim.scenario.settings import Settings
from demilsim.scenario.source import SETTINGS

_EMPTY = re.compile(r"\bempty: ([^;]*)")
_LEVELS = re.compile(r"\d-\d")
_ABOVE_ZERO = "expected > 0 (got"
_NO_PLANT = "take the facility out if it may process nothing"
_NOTHING = {
    "permit_t_per_year": _NO_PLANT,
    "neq_limit_kg_per_day": _NO_PLANT,
    "neq_limit_kg_per_shot": _NO_PLANT,
    "shots_per_day": _NO_PLANT,
    "neq_limit_kg_per_vehicle": "take the route out if nothing may go by it",
    "match_cap_usd": "empty matches_funds too if nothing is matched",
}
"""What to do where a limit is to be 0: an empty cell would be no limit at all."""
_OF_REGISTER = {
    "natures": "a nature of the register",
    "methods": "a disposal method of the register",
    "categories": "a category of the register",
}
_AS_UNIT = {"months": "months as 4-10", "ISO 3166": "two capital letters as KZ",
            "ISO 4217": "three capital letters as EUR", "id": "an id", "year": "a year"}  # fmt: skip


def taught(table: str, path: str, message: str) -> str:
    """Return a message about a column or scalar, with what is expected and what the column is for.

    Parameters
    ----------
    table
        Its table, or ``settings``.
    path
        Column or dotted path.
    message
        As the schema has it; only ``missing`` and ``expected > 0`` need more.
    """
    if message == "missing":
        return f"{message}{_expected(table, path)}"
    if message.startswith(_ABOVE_ZERO) and table in LAYOUT and path in LAYOUT[table].columns:
        means = _EMPTY.search(meaning_of(table, path).meaning)
        if means and choice_of(LAYOUT[table].record, path).may_be_empty:
            todo = f"; {_NOTHING[path]}" if path in _NOTHING else ""
            return f"{message}; an empty cell means {means[1]}{todo}"
    return message


@cache
def _expected(table: str, path: str) -> str:
    """Return what belongs into a cell and what for; nothing of a path that is no column and no scalar."""
    if table in LAYOUT and path in LAYOUT[table].columns:
        choice = choice_of(LAYOUT[table].record, path)
    elif table == SETTINGS and path in leaf_paths(Settings) and (table, path) in column_meanings():
        choice = scalar_choice(path)
    else:
        return ""
    meaning = meaning_of(table, path)
    what = _what(choice, meaning, column_unit(table, path))
    purpose = "; ".join(part for part in meaning.meaning.split("; ") if part != what)
    return f": expected {what}{f' ({purpose})' if purpose else ''}"


def _what(choice: Choice, meaning: ColumnMeaning, unit: str) -> str:
    if choice.ids_of in LAYOUT:
        return f"a {LAYOUT[choice.ids_of].id_column} of {choice.ids_of}"
    if choice.ids_of:
        return _OF_REGISTER[choice.ids_of]
    if meaning.column == "source":
        return "a source_id of sources"
    if choice.kind == "date":
        return "a date as YYYY-MM-DD"
    number = _AS_UNIT.get(meaning.unit) or f"a {'whole ' * (choice.kind == 'whole')}number"
    number += f" from {meaning.unit.replace('-', ' to ')}" if _LEVELS.fullmatch(meaning.unit) else ""
    number += f" of {unit}" if unit not in ("", "1") else ""
    words = [*choice.words, *([number] if choice.words and choice.kind == "number" else [])]
    if words:
        return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
    return _AS_UNIT.get(meaning.unit, "a text") if choice.kind == "text" else number
