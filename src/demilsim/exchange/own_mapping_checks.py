"""What can be wrong with a mapping by itself, before the sheet is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demilsim.errors import Problem
from demilsim.exchange.own_cells import DATE_PARTS, FILL, our_unit, unit_matters, unit_words
from demilsim.exchange.own_sheet import DELIMITERS, ENCODINGS
from demilsim.scenario.column_types import is_identifier
from demilsim.scenario.columns import meaning_of
from demilsim.scenario.layout import LAYOUT, TableLayout
from demilsim.scenario.phrases import got
from demilsim.units import conversion_factor, units_like

if TYPE_CHECKING:
    from demilsim.exchange.own_mapping import ColumnRule, SheetMapping

TABLES = tuple(name for name in LAYOUT if name != "sources")
"""Tables that may be made from a sheet; sources are made with them."""
CONFIDENCES = ("read", "derived", "assumed")
LONGEST_SOURCE = 30
"""Characters of the id of a source, to which numbers may be added."""
_WORDS = {
    "encoding": tuple(ENCODINGS),
    "delimiter": tuple(DELIMITERS),
    "decimal": (",", "."),
    "thousands": ("", "space"),
}


def mapping_problems(mapping: SheetMapping, table: str, unfinished: bool) -> Iterator[Problem]:
    """Find what is wrong with a mapping; gaps are no problem in an unfinished one."""
    if mapping.table != table:
        yield mapping.problem("table", f"expected {table}, as the command says {got(mapping.table)}")
        return
    yield from _form(mapping, unfinished)
    layout = LAYOUT[table]
    for name, rule in mapping.columns.items():
        path = f"columns.{name}"
        if name == "source":
            yield mapping.problem(path, "expected no rule: what rows cite is said under [source]")
        elif name not in layout.columns:
            yield mapping.problem(path, f"unknown column of {table} {got(name, layout.columns)}")
        else:
            yield from _rule(mapping, layout, name, rule, unfinished)
    if unfinished:
        return
    yield from _gaps(mapping)
    if not mapping.guesses_checked:
        message = (
            "expected true, once every line with GUESS has been looked at (got false); "
            "a guess may be wrong, and nobody else will notice"
        )
        yield mapping.problem("guesses_checked", message)
    for name in layout.needed:
        if name != "source" and name not in mapping.columns:
            meaning = meaning_of(table, name)
            message = f"missing: {meaning.meaning} {meaning.bracketed}; name a column of the sheet or a value"
            yield mapping.problem(f"columns.{name}", message)
    yield from _citations(mapping)


def _form(mapping: SheetMapping, unfinished: bool) -> Iterator[Problem]:
    form = mapping.form
    for key, words in _WORDS.items():
        if key in form and form[key] not in words and not (unfinished and form[key] == FILL):
            listed = ", ".join(map(repr, words))
            yield mapping.problem(key, f"expected one of {listed} {got(form[key])}")
    if "decimal" not in form:
        yield mapping.problem("decimal", "missing: , or . in numbers that are text")
    if not _is_rows(form.get("headings", "")):
        message = f"expected the row of the headings, as 4, or 4-5 {got(form.get('headings', ''))}"
        yield mapping.problem("headings", message)
        return
    first = form.get("first_row", "")
    if not first.isdecimal() or int(first) <= mapping.headings[1]:
        yield mapping.problem("first_row", f"expected a row below the headings {got(first)}")
    last = form.get("last_row", "")
    if last and (not last.isdecimal() or int(last) < mapping.row_of("first_row")):
        yield mapping.problem("last_row", f"expected a row below first_row {got(last)}")


def _is_rows(text: str) -> bool:
    first, dash, last = text.partition("-")
    return (
        first.isdecimal() and int(first) > 0 and (not dash or (last.isdecimal() and int(last) >= int(first)))
    )


def _rule(
    mapping: SheetMapping, layout: TableLayout, name: str, rule: ColumnRule, unfinished: bool
) -> Iterator[Problem]:
    path = f"columns.{name}"
    if rule.column and rule.value is not None:
        yield mapping.problem(
            path, "expected a column or a value for every row (got both); blank is for gaps"
        )
    if not rule.column and rule.value is None:
        yield mapping.problem(path, "expected a column or a value (got neither)")
    if rule.blank is not None and not rule.column:
        yield mapping.problem(f"{path}.blank", "expected only with a column")
    if rule.spelling not in ("", "latin"):
        yield mapping.problem(f"{path}.spelling", f"expected latin {got(rule.spelling)}")
    if rule.merged not in ("", "repeat"):
        yield mapping.problem(f"{path}.merged", f"expected repeat {got(rule.merged)}")
    if rule.date not in ("", FILL) and not _is_date_form(rule.date):
        message = f"expected DD, MM and YYYY with signs between, as DD.MM.YYYY {got(rule.date)}"
        yield mapping.problem(f"{path}.date", message)
    unit = our_unit(layout.name, name)
    if rule.unit in ("", FILL) and (unfinished or rule.column == FILL):
        return
    if rule.column and unit_matters(unit) and (not rule.unit or rule.unit == FILL):
        message = f"missing: the unit of the numbers in the sheet, one of {', '.join(units_like(unit))}"
        yield mapping.problem(f"{path}.unit", message)
    elif rule.unit and rule.unit != unit and conversion_factor(unit_words(rule.unit), unit or "-") is None:
        wanted = f"one of {', '.join(units_like(unit))}" if unit else "none, since it has no unit"
        yield mapping.problem(f"{path}.unit", f"expected {wanted} {got(rule.unit)}")


def _is_date_form(text: str) -> bool:
    return "YYYY" in text and all(text.count(part) <= 1 for part in DATE_PARTS)


def _gaps(mapping: SheetMapping) -> Iterator[Problem]:
    """Find what is still to be filled in."""
    message = f"expected something in place of {FILL}"
    for key, text in mapping.form.items():
        if text == FILL and key not in _WORDS:
            yield mapping.problem(key, message)
    for name, rule in mapping.columns.items():
        for key in ("column", "value", "blank", "date"):
            if getattr(rule, key) == FILL:
                yield mapping.problem(f"columns.{name}.{key}", message)
        for own, ours in rule.values.items():
            if ours == FILL:
                yield mapping.problem(f"columns.{name}.values.{own}", message)


def _citations(mapping: SheetMapping) -> Iterator[Problem]:
    named = [("source", mapping.source), *([("given", mapping.given)] if mapping.adds else [])]
    for name, citation in named:
        if not is_identifier(citation.id) or len(citation.id) > LONGEST_SOURCE:
            what = "what stands in the sheet" if name == "source" else "values that the mapping adds to it"
            message = (
                f"expected an id of at most {LONGEST_SOURCE} Latin letters, digits and . _ - for {what} "
                f"{got(citation.id)}"
            )
            yield mapping.problem(f"{name}.id", message)
        if citation.confidence not in CONFIDENCES:
            message = f"expected one of {', '.join(CONFIDENCES)} {got(citation.confidence, CONFIDENCES)}"
            yield mapping.problem(f"{name}.confidence", message)
    if mapping.adds and mapping.source.id == mapping.given.id:
        yield mapping.problem(
            "given.id", f"expected another id than that of [source] {got(mapping.given.id)}"
        )
