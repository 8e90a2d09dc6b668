"""Write a mapping to edit: our columns with their meaning, the sheet's where names agree, gaps to fill."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from demilsim.exchange.own_cells import FILL, collapsed, latin, normal, our_unit, unit_matters
from demilsim.exchange.own_guess import (
    guess_columns,
    guess_date,
    guess_first_row,
    guess_headings,
    guess_unit,
    guess_word,
)
from demilsim.exchange.own_mapping import Citation, ColumnRule, SheetMapping
from demilsim.exchange.own_rows import headings_of
from demilsim.exchange.own_sheet import Held, OwnSheet
from demilsim.scenario.choices import Choice, choice_of, register_lists
from demilsim.scenario.column_types import is_identifier
from demilsim.scenario.columns import meaning_of
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.register import shipped_register
from demilsim.units import units_like

TOTALS = ("итого", "всего", "total", "sum", "барлығы", "жиыны")
"""How cells begin that name a row of totals."""
MOST_WORDS = 200
"""Different words of a column that a mapping lists; more are no words of a list."""
_REGISTER = ("natures", "methods", "categories")
_INTRODUCTION = """\
# How {file}{sheet} becomes the table {table}.
# Fill in every "{fill}" and look at every line with GUESS: guesses are made from the look of names and cells.
# Lines that begin with "#" are notes; take the "#" away from a line to use it. For a column that the sheet
# lacks, write value = "..." in place of column = "...": it holds for every row, and is said to come from you.
# What each key does: docs/own-sheets.md. Headings of the sheet:
# {headings}
"""


@dataclass(frozen=True)
class _Column:
    """A column of ours, and what stands in the column of the sheet that it may come from."""

    name: str
    choice: Choice
    rule: ColumnRule
    guessed: bool
    needed: bool
    unit: str
    cells: tuple[str, ...] = ()
    merged: int = 0
    words: Counter[str] = field(default_factory=Counter)


def draft_mapping(
    sheet: OwnSheet, table: str, form: Mapping[str, str], before: SheetMapping | None = None
) -> str:
    """Return the text of a mapping, with gaps and guesses marked.

    Parameters
    ----------
    sheet
        The sheet.
    table
        The table that it is to become.
    form
        What is already known of how the sheet is written, by key of `own_mapping.FORM_KEYS`.
    before
        An unfinished mapping, whose rules are kept; guesses only fill what it leaves open.
    """
    said = {**form, **(before.form if before else {})}
    lines, first, last = _form_lines(sheet, said)
    names = headings_of(sheet, *_span(first))
    data = range(last, 1 + (int(said["last_row"]) if said.get("last_row") else len(sheet.rows)))
    head = _INTRODUCTION.format(
        file=_note(sheet.file),
        sheet=f", sheet {_note(sheet.sheet)}" if sheet.sheet else "",
        table=table,
        fill=FILL,
        headings="; ".join(map(_note, names)),
    )
    top = [f"table = {_quoted(table)}", "guesses_checked = false  # true, once you have looked at each"]
    columns = list(_columns(sheet, table, names, data, before))
    text = [head, *top, *lines, "", *_citation_lines(before)]
    for column in columns:
        text += ["", *_column_lines(table, column)]
    text += ["", *_leave_out_lines(sheet, names, data, before)]
    return "\n".join([*text, ""])


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _marked(guessed: bool, note: str = "") -> str:
    """Return the note behind a line: whether it is a guess, and what else."""
    parts = [part for part in ("GUESS" if guessed else "", note) if part]
    return f"  # {'; '.join(parts)}" if parts else ""


def _rows(count: int) -> str:
    return f"in {count:,} row{'' if count == 1 else 's'}"


def _form_lines(sheet: OwnSheet, said: Mapping[str, str]) -> tuple[list[str], str, int]:
    """Return the lines of how the sheet is written, the rows of its headings and the first of its data."""
    lines = [f"sheet = {_quoted(sheet.sheet)}"] if sheet.sheet else []
    for key in () if sheet.sheet else ("encoding", "delimiter"):
        lines.append(f"{key} = {_quoted(said[key])}{_marked(key not in said.get('stated', ''))}")
    headings = said.get("headings") or str(guess_headings(sheet))
    first = said.get("first_row") or str(guess_first_row(sheet, _span(headings)[1]))
    last, decimal = said.get("last_row"), said.get("decimal") or _decimal(sheet, int(first))
    thousands = said.get("thousands")
    lines += [
        f"headings = {_quoted(headings)}{_marked('headings' not in said, 'their row, or rows as 4-5')}",
        f"first_row = {first}{_marked('first_row' not in said, 'of the data')}",
        f"last_row = {last}" if last else f"# last_row = {len(sheet.rows)}  # what is below is not read",
        f"decimal = {_quoted(decimal)}{_marked('decimal' not in said, 'sign in numbers that are text')}",
        f"thousands = {_quoted(thousands)}" if thousands else '# thousands = "space"  # for 12 345',
    ]
    return lines, headings, int(first)


def _decimal(sheet: OwnSheet, first: int) -> str:
    """Return the decimal sign of most numbers that are text."""
    texts = [c.strip() for row in sheet.rows[first - 1 :] for c in row if not isinstance(c, Held)]
    commas, points = (
        sum(t.count(sign) == 1 and t.replace(sign, "").isdecimal() for t in texts) for sign in ",."
    )
    return "," if commas > points or not points else "."


def _citation_lines(before: SheetMapping | None) -> Iterator[str]:
    source = before.source if before else Citation()
    given = before.given if before else Citation()
    yield "[source]  # what every row cites; file, rows and hash are added by themselves"
    yield from _citation(
        source, "an id for sources.csv, as REG-2026", "read from a document, derived, or assumed"
    )
    yield ""
    yield "[given]  # what rows cite besides, if a value or blank below adds to what is in the sheet"
    yield from _citation(given, "another id, as REG-2026-added", "as above; assumed, unless you know")


def _citation(citation: Citation, of_id: str, of_confidence: str) -> Iterator[str]:
    yield f"id = {_quoted(citation.id or FILL)}  # {of_id}"
    yield f"confidence = {_quoted(citation.confidence or FILL)}  # {of_confidence}"
    yield f"text = {_quoted(citation.text)}  # who keeps it, as of when"


def _columns(
    sheet: OwnSheet, table: str, names: Sequence[str], data: range, before: SheetMapping | None
) -> Iterator[_Column]:
    layout = LAYOUT[table]
    guesses = guess_columns(table, names)
    numbers = {normal(name): number for number, name in enumerate(names, start=1)}
    for name in layout.columns:
        if name == "source":
            continue
        known = before.columns.get(name) if before else None
        settled = known is not None and known.column != FILL and known.value != FILL
        guess = "" if before else guesses.get(name, "")
        rule = known if known and settled else ColumnRule(column=guess)
        choice, unit = choice_of(layout.record, name), our_unit(table, name)
        number = numbers.get(normal(rule.column)) if rule.column else None
        cells = tuple(sheet.cell(row, number) for row in data if any(sheet.rows[row - 1])) if number else ()
        merged = sum((row, number) in sheet.merged for row in data) if number else 0
        words: Counter[str] = Counter()
        for cell in cells if choice.words or choice.ids_of in _REGISTER else ():
            if cell.strip() and not (choice.kind in ("number", "whole") and _numeric(cell)):
                words[collapsed(cell)] += 1
        yield _Column(name, choice, rule, not settled, name in layout.needed, unit, cells, merged, words)


def _numeric(cell: str) -> bool:
    return any(sign.isdecimal() for sign in cell)


def _leave_out_lines(
    sheet: OwnSheet, names: Sequence[str], data: range, before: SheetMapping | None
) -> Iterator[str]:
    """Yield which rows are left out: what was said, or rows of totals as a note that nobody has to use."""
    if before and before.leave_out:
        yield "[leave_out]"
        yield from (f"{_quoted(head)} = {_quoted('; '.join(own))}" for head, own in before.leave_out.items())
        return
    found = [
        (names[number], collapsed(cell))
        for row in data
        for number, cell in enumerate(sheet.rows[row - 1])
        if normal(cell).startswith(TOTALS)
    ]
    yield "# Rows that are no data, by what stands in a column (several with ; between):"
    yield "# [leave_out]"
    for head, text in dict.fromkeys(found or [(names[0], "...")]):
        yield f"# {_quoted(head)} = {_quoted(text)}"


def _column_lines(table: str, column: _Column) -> list[str]:
    meaning = meaning_of(table, column.name)
    note = f"# {'REQUIRED. ' if column.needed else 'Optional. '}{meaning.meaning} {meaning.bracketed}"
    number = "a number, or " if column.choice.kind in ("number", "whole") else "one of "
    listed = f"; {number}{', '.join(column.choice.words)}" if column.choice.words else ""
    lines = [note + listed]
    if column.choice.ids_of == "natures":
        lines += [
            f"#   {n.nature_id}: {n.name}; NEQ {n.neq_share_low:.0%}-{n.neq_share_high:.0%} of gross, "
            f"{'propellant' if n.propellant else 'no propellant'}"
            for n in shipped_register().natures.values()
        ]
    elif column.choice.ids_of in _REGISTER:
        lines.append(f"#   {', '.join(register_lists()[column.choice.ids_of])}")
    open_, rule = not (column.rule.column or column.rule.value is not None), column.rule
    if open_ and not column.needed:
        return [*lines, f"# [columns.{column.name}]", f'# column = "{FILL}"']
    lines.append(f"[columns.{column.name}]")
    if rule.value is not None:
        return [*lines, f"value = {_quoted(rule.value)}"]
    if open_:
        return [*lines, f'column = "{FILL}"  # or value = "..." for every row']
    lines.append(f"column = {_quoted(rule.column)}{_marked(column.guessed)}")
    return [*lines, *_detail_lines(table, column), *_word_lines(column)]


def _detail_lines(table: str, column: _Column) -> Iterator[str]:
    rule, cells = column.rule, column.cells
    if unit_matters(column.unit):
        guess = rule.unit if rule.unit not in ("", FILL) else guess_unit(rule.column, column.unit, cells)
        more = "; Excel shows 0.35 as 35%: then it is 1" if column.unit == "1" else ""
        note = f"one of {', '.join(units_like(column.unit))}{more}"
        yield f"unit = {_quoted(guess or FILL)}{_marked(bool(guess) and guess != rule.unit, note)}"
    elif rule.unit:
        yield f"unit = {_quoted(rule.unit)}"
    is_year = meaning_of(table, column.name).unit == "year"
    if rule.date:
        yield f"date = {_quoted(rule.date)}"
    elif column.choice.kind == "date" or (is_year and any(len(c.strip()) > 4 for c in cells)):
        guess = guess_date(cells)
        note = f"as DD.MM.YYYY{'; the year is taken' if is_year else ''}"
        yield f"date = {_quoted(guess or FILL)}{_marked(bool(guess), note)}"
    ids = is_id_column(column.choice, meaning_of(table, column.name).unit)
    odd = [c for c in cells if c.strip() and not is_identifier(c.strip())] if ids else []
    if rule.spelling:
        yield f"spelling = {_quoted(rule.spelling)}"
    elif odd:
        note = f"{len(odd):,} of its cells are no ids: {_note(odd[0])} becomes {_latin(odd[0])}"
        yield f'spelling = "latin"{_marked(True, note)}'
    if rule.merged:
        yield f"merged = {_quoted(rule.merged)}"
    elif column.merged:
        note = f"{column.merged:,} of its cells are merged into one above or beside them"
        yield f'merged = "repeat"{_marked(True, note)}'
    blanks = sum(not cell.strip() for cell in cells) - (column.merged if rule.merged or column.merged else 0)
    if rule.blank is not None:
        yield f"blank = {_quoted(rule.blank)}"
    elif blanks > 0 and not column.choice.may_be_empty:
        yield f'# blank = "..."  # blank {_rows(blanks)}: fill them in the sheet, or say this'


def is_id_column(choice: Choice, unit: str) -> bool:
    """Return whether a column holds ids that are not those of the register, which nobody may respell."""
    return unit in ("id", "ids") and choice.ids_of not in _REGISTER


def _word_lines(column: _Column) -> Iterator[str]:
    """Yield what stands in the sheet and is no word of ours, with what it may mean."""
    known = {normal(own): ours for own, ours in column.rule.values.items()}
    ours = {*column.choice.words, *register_lists().get(column.choice.ids_of, ())}
    words = {word: count for word, count in column.words.items() if word not in ours}
    listed = dict(sorted(words.items(), key=lambda item: -item[1])[:MOST_WORDS])
    by_word: dict[str, tuple[str, int]] = {}
    for word, count in listed.items():
        first, before = by_word.get(normal(word), (word, 0))
        by_word[normal(word)] = (first, before + count)
    rest = [own for own in column.rule.values if normal(own) not in by_word]
    if by_word or rest:
        yield f"[columns.{column.name}.values]  # what stands in the sheet = what it means here"
    for key, (word, count) in by_word.items():
        guess = guess_word(column.name, column.choice, word)
        if key in known:
            yield f"{_quoted(word)} = {_quoted(known[key])}{_marked(False, _rows(count))}"
        else:
            yield f"{_quoted(word)} = {_quoted(guess or FILL)}{_marked(bool(guess), _rows(count))}"
    for own in rest:
        yield f"{_quoted(own)} = {_quoted(column.rule.values[own])}"
    if len(words) > MOST_WORDS:
        yield f"# and {len(words) - MOST_WORDS:,} more words: is this the right column?"


def _latin(text: str) -> str:
    try:
        return latin(text)
    except ValueError:
        return "nothing: name it among its values"


def _quoted(text: str) -> str:
    """Return a TOML string; what JSON escapes TOML reads, but for one control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _note(text: str) -> str:
    """Return a text that cannot leave the comment that it stands in."""
    return "".join(sign for sign in collapsed(text) if sign.isprintable())
