"""What may stand in a column: its kind, its words, and the table whose ids it takes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.records import field_kinds
from demilsim.scenario.register import shipped_register
from demilsim.scenario.schema import Record
from demilsim.scenario.settings import Settings

Kind = Literal["text", "number", "whole", "date", "yes_no"]

YES_NO = ("yes", "no")
_IDS_OF = {
    "site_id": "sites", "from_site_id": "sites", "to_site_id": "sites", "storehouse_id": "storehouses",
    "to_storehouse_id": "storehouses", "facility_id": "facilities", "fund_id": "funds",
    "milestone_fund": "funds", "scrap_fund": "funds", "nature_id": "natures", "method_id": "methods",
    "category": "categories",
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What may stand in a column.

    Parameters
    ----------
    kind
        How a value is written; ids, months and lists are text.
    words
        The only words, or those besides numbers; empty if any will do.
    ids_of
        Table, or list of the register, that the value is an id of; empty if of none.
    may_be_empty
        Whether the cell may be empty.
    """

    kind: Kind
    words: tuple[str, ...]
    ids_of: str
    may_be_empty: bool


def choice_of(record: type[Record], column: str) -> Choice:
    """Return what may stand in a column of a record."""
    kinds, words, may_be_empty = field_kinds(record, column)
    enums = [kind for kind in kinds if issubclass(kind, Enum)]
    if enums:
        words = tuple(str(member.value) for member in enums[0])
    kind: Kind = "text"
    if bool in kinds:
        kind, words = "yes_no", YES_NO
    elif dt.date in kinds:
        kind = "date"
    elif tuple not in kinds and kinds & {int, float}:
        kind = "number" if float in kinds else "whole"
    optional = may_be_empty or not record.model_fields[column].is_required()
    own = {layout.record: layout.id_column for layout in LAYOUT.values()}.get(record) == column
    return Choice(kind, words, "" if own else _IDS_OF.get(column, ""), optional)


def scalar_choice(path: str) -> Choice:
    """Return what may stand at a dotted path of the settings."""
    record: type[Record] = Settings
    *above, key = path.split(".")
    for name in above:
        annotation = record.model_fields[name].annotation
        assert isinstance(annotation, type), f"{path} leads through a record"
        record = annotation
    return choice_of(record, key)


def register_lists() -> dict[str, tuple[str, ...]]:
    """Return the ids of the register that tables and overrides may name, by list."""
    register = shipped_register()
    return {
        "natures": tuple(register.natures),
        "methods": tuple(register.methods),
        "categories": tuple(dict.fromkeys(nature.category for nature in register.natures.values())),
        "constants": tuple(register.entries),
    }
