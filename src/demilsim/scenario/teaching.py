"""Messages about a column that say what it is for: what belongs into it, what an empty cell means."""

from __future__ import annotations

import re
from functools import cache

from demilsim.scenario.choices import Choice, choice_of, register_lists, scalar_choice
from demilsim.scenario.columns import ColumnMeaning, column_meanings, meaning_of
from demilsim.scenario.hints import SEVERAL_IDS
from demilsim.scenario.layout import LAYOUT, TableLayout
from demilsim.scenario.paths import PARAMETERS
from demilsim.scenario.phrases import MOST_CHOICES
from demilsim.scenario.readings import column_unit, setting_unit
from demilsim.scenario.records import NO_IDENTIFIER, NO_KEYS, Finding, leaf_paths
from demilsim.scenario.register import GROUPS
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
FEWEST_MISSING = 3
"""Empty cells of a row that may be told in one sentence."""

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
    if table in LAYOUT and message.startswith(NO_IDENTIFIER) and path in LAYOUT[table].columns:
        return _no_name(table, path, message.removeprefix(NO_IDENTIFIER))
    if path.startswith(PARAMETERS) and message.startswith(NO_KEYS):
        return f"expected value and source below it{message.removeprefix(NO_KEYS)}"
    if message.startswith(_ABOVE_ZERO) and table in LAYOUT and path in LAYOUT[table].columns:
        means = _EMPTY.search(meaning_of(table, path).meaning)
        if means and choice_of(LAYOUT[table].record, path).may_be_empty:
            todo = f"; {_NOTHING[path]}" if path in _NOTHING else ""
            return f"{message}; an empty cell means {means[1]}{todo}"
    return message


def _no_name(table: str, path: str, found: str) -> str:
    """Return what is told of a text that is no id, where it should be one of the register or a source."""
    choice = choice_of(LAYOUT[table].record, path)
    if path == "source":
        todo = "" if SEVERAL_IDS in found else "; its text belongs into sources, only its id here"
        return f"expected a source_id of sources{found}{todo}"
    if choice.ids_of not in _OF_REGISTER:
        return f"{NO_IDENTIFIER}{found}"
    known = register_lists().get(choice.ids_of, ())
    names = f"; choose from {', '.join(known)}" if 0 < len(known) <= MOST_CHOICES else ""
    return f"expected {_what(choice, meaning_of(table, path), '')}{found}{names}"


def one_for_a_note(findings: list[Finding], layout: TableLayout) -> list[Finding]:
    """Return what is wrong with a row, in one sentence if half of what it needs is missing.

    Such a row is a total or a note as often as a row of the table; what was typed into it is told too.
    """
    missing = [finding.path for finding in findings if finding.message == "missing"]
    if len(missing) < FEWEST_MISSING or 2 * len(missing) < len(layout.needed):
        return findings
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    message = (
        f"expected values in {len(missing)} columns, {', '.join(missing[:3])}{more} (got nothing); fill "
        "them in, or take the row out if it is a total or a note"
    )
    other = [f for f in findings if f.message != "missing" and f.path not in layout.keys]
    return [Finding(layout.keys[0], message), *other]


def one_for_a_group(findings: list[Finding]) -> list[Finding]:
    """Return what is wrong with the scalars, in one sentence for constants that stand below their group."""
    kept: list[Finding] = []
    below: dict[str, list[str]] = {}
    for finding in findings:
        parts = finding.path.split(".")
        of_a_group = len(parts) == 3 and f"{parts[0]}." == PARAMETERS and parts[1] in GROUPS
        if of_a_group and finding.message == "missing" and parts[2] in ("value", "source"):
            below.setdefault(parts[1], [])
        elif of_a_group and finding.message.startswith("unknown key"):
            below.setdefault(parts[1], []).append(parts[2])
        else:
            kept.append(finding)
    for group, names in below.items():
        name = names[0] if names else "NAME"
        message = f"expected constants by their whole name, as {group}.{name}: (got {group}: alone)"
        kept.append(Finding(f"{PARAMETERS}{group}", message))
    return kept


@cache
def _expected(table: str, path: str) -> str:
    """Return what belongs into a cell and what for; nothing of a path that is no column and no scalar."""
    if table in LAYOUT and path in LAYOUT[table].columns:
        choice = choice_of(LAYOUT[table].record, path)
    elif table == SETTINGS and path in leaf_paths(Settings) and (table, path) in column_meanings():
        choice = scalar_choice(path)
    elif path.startswith(PARAMETERS) and path.endswith((".value", ".source")):
        unit = setting_unit(path) if path.endswith(".value") else ""
        number = f"a number of {unit}" if unit not in ("", "1") else "a number"
        return f": expected {number if path.endswith('.value') else 'a source_id of sources'}"
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
