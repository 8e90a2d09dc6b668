"""What a mapping says: which columns of somebody's own sheet become which of ours, and how."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demilsim.errors import Problem, ScenarioError
from demilsim.exchange.own_mapping_checks import mapping_problems
from demilsim.scenario.phrases import got, plain
from demilsim.scenario.text import MAX_YAML_BYTES, Refused, read_utf8

FORM_KEYS = ("sheet", "encoding", "delimiter", "headings", "first_row", "last_row", "decimal", "thousands")
TOP_KEYS = ("table", "guesses_checked", *FORM_KEYS)
RULE_KEYS = ("column", "value", "blank", "unit", "date", "spelling", "merged")
CITATION_KEYS = ("id", "confidence", "text")
_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_-]+))\s*=""")
_HEAD = re.compile(r"\s*\[([A-Za-z0-9_.]+)\]")


@dataclass(frozen=True)
class ColumnRule:
    """How one of our columns is filled; what is not said is empty.

    Parameters
    ----------
    column
        Heading of the column of the sheet that it comes from.
    value
        Value of every row, where it comes from none; None if it does.
    blank
        Value where the cell is blank; None if blank stays blank.
    unit
        Unit of the numbers of the sheet.
    date
        How dates are written, as ``DD.MM.YYYY``.
    spelling
        ``latin`` to write ids in Latin letters.
    merged
        ``repeat`` to take the value of merged cells for each of their rows.
    values
        What stands in the sheet, and what is to stand in ours.
    """

    column: str = ""
    value: str | None = None
    blank: str | None = None
    unit: str = ""
    date: str = ""
    spelling: str = ""
    merged: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Citation:
    """What the rows cite: an id, its confidence and, if anything, a text about it."""

    id: str = ""
    confidence: str = ""
    text: str = ""


@dataclass(frozen=True)
class SheetMapping:
    """A mapping as read.

    Parameters
    ----------
    file, sha256
        The file as messages name it, and its hash.
    lines
        Line of each dotted path in it.
    table
        Table of ours that it makes.
    guesses_checked
        Whether somebody says that they looked at what was guessed.
    form
        How the sheet is written, text by key of `FORM_KEYS`.
    source, given
        What rows cite for what stands in the sheet, and for what `value` and `blank` add to it.
    columns
        Rule of each of our columns.
    leave_out
        By heading, the values (joined by ``;``, blank if empty) whose rows are left out.
    """

    file: str
    sha256: str
    lines: Mapping[str, int]
    table: str
    guesses_checked: bool
    form: Mapping[str, str]
    source: Citation
    given: Citation
    columns: Mapping[str, ColumnRule]
    leave_out: Mapping[str, tuple[str, ...]]

    def problem(self, path: str, message: str) -> Problem:
        """Return a problem with a path, on its line or that of the nearest key above it."""
        above = path
        while above and above not in self.lines:
            above = above.rpartition(".")[0]
        return Problem(self.file, self.lines.get(above, 0), plain(path), message)

    def row_of(self, key: str) -> int:
        """Return a row number of the form; 0 if it is not said."""
        text = self.form.get(key, "")
        return int(text) if text.isdecimal() else 0

    @property
    def headings(self) -> tuple[int, int]:
        """First and last row of the headings."""
        first, _, last = self.form.get("headings", "").partition("-")
        return int(first), int(last or first)

    @property
    def adds(self) -> bool:
        """Whether any column has values that do not stand in the sheet."""
        return any(rule.value is not None or rule.blank is not None for rule in self.columns.values())


def read_mapping(path: Path, table: str, unfinished: bool = False) -> SheetMapping:
    """Return the mapping of a file.

    Parameters
    ----------
    path
        A TOML file, as `own_draft` writes it and somebody has edited it.
    table
        The table that it is to make.
    unfinished
        Whether it may still have gaps, as when it is drafted again.

    Raises
    ------
    ScenarioError
        With everything that is wrong with it, whatever the sheet holds.
    """
    name = str(path)
    try:
        text = read_utf8(path, MAX_YAML_BYTES)
        tree = tomllib.loads(text)
    except Refused as refused:
        raise ScenarioError([Problem(name, refused.line, "", refused.message)]) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        message = f"expected TOML (got a mistake: {error}); look at quotation marks and brackets"
        raise ScenarioError([Problem(name, int(line[1]) if line else 0, "", message)]) from None
    reader = _Reader(name, _lines(text))
    digest = hashlib.sha256(text.encode()).hexdigest()
    mapping = reader.mapping(tree, digest)
    problems = reader.problems or list(mapping_problems(mapping, table, unfinished))
    if problems:
        raise ScenarioError(problems)
    return mapping


class _Reader:
    """Takes a mapping out of a tree of TOML, and notes what does not belong there."""

    def __init__(self, name: str, lines: Mapping[str, int]) -> None:
        self._name, self._lines = name, lines
        self.problems: list[Problem] = []

    def mapping(self, tree: dict[str, Any], digest: str) -> SheetMapping:
        """Return it, as far as it can be taken."""
        groups = ("source", "given", "columns", "leave_out")
        top = self._texts(tree, "", TOP_KEYS, groups)
        columns = self._tree(tree.get("columns", {}), "columns")
        return SheetMapping(
            file=self._name,
            sha256=digest,
            lines=self._lines,
            table=top.get("table", ""),
            guesses_checked=top.get("guesses_checked") == "yes",
            form={key: top[key] for key in FORM_KEYS if key in top},
            source=self._citation(tree, "source"),
            given=self._citation(tree, "given"),
            columns={name: self._rule(own, f"columns.{name}") for name, own in columns.items()},
            leave_out={
                head: tuple(part.strip() for part in text.split(";"))
                for head, text in self._texts(tree.get("leave_out", {}), "leave_out", None).items()
            },
        )

    def _citation(self, tree: dict[str, Any], name: str) -> Citation:
        return Citation(**self._texts(tree.get(name, {}), name, CITATION_KEYS))

    def _rule(self, tree: object, path: str) -> ColumnRule:
        given: dict[str, Any] = self._texts(tree, path, RULE_KEYS, ("values",))
        values = self._tree(tree, path).get("values", {})
        return ColumnRule(**given, values=self._texts(values, f"{path}.values", None))

    def _tree(self, tree: object, path: str) -> dict[str, Any]:
        if isinstance(tree, dict):
            return tree
        self._say(path, f"expected keys and values, below [{path}] (got one value)")
        return {}

    def _texts(
        self, tree: object, path: str, known: tuple[str, ...] | None, groups: tuple[str, ...] = ()
    ) -> dict[str, str]:
        """Return the values of a group as text; any key will do if none are known."""
        texts = {}
        for key, value in self._tree(tree, path).items():
            full = f"{path}.{key}" if path else key
            if key in groups:
                continue
            if known is not None and key not in known:
                self._say(full, f"unknown key {got(key, (*known, *groups))}")
            elif isinstance(value, dict | list):
                self._say(full, "expected one value in quotation marks (got several)")
            else:
                texts[key] = ("yes" if value else "no") if isinstance(value, bool) else str(value)
        return texts

    def _say(self, path: str, message: str) -> None:
        self.problems.append(Problem(self._name, self._lines.get(path, 0), plain(path), message))


def _lines(text: str) -> dict[str, int]:
    """Return the line of each dotted path, as far as it is written one key a line."""
    lines: dict[str, int] = {}
    above = ""
    for number, line in enumerate(text.splitlines(), start=1):
        head, key = _HEAD.match(line), _KEY.match(line)
        if head:
            above = head[1]
            lines.setdefault(above, number)
        elif key:
            name = key[2] or re.sub(r"\\(.)", r"\1", key[1] or "")
            lines.setdefault(f"{above}.{name}" if above else name, number)
    return lines
