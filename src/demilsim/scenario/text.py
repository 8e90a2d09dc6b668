"""Read files as text: decoding with limits, and YAML in which every scalar stays what was typed.

YAML would turn ``NO`` into false and ``0123`` into 83. Here nothing is typed before the schema does it.
Anchors, aliases, tags and further documents are refused: a scenario is plain data.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.phrases import got, plain

MAX_YAML_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_KEYS = 20_000
"""Keys of one file; a variant that sets each cell of a national register has a few thousand."""
# What neither XML (figures) nor a terminal should ever be handed.
CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]")

_LOOK = "look at colons, quotation marks, brackets and the space before keys, here and in the line above"

_SAVE = "save the file as UTF-8, in Excel as CSV UTF-8"
_OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16, as Excel saves Unicode text",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""By their first bytes, the longer ones first: UTF-32 begins as UTF-16 does."""

_TAB = "found character that cannot start any token"
_COLON = "mapping values are not allowed in this context"
_YAML_HINTS = {
    _TAB: "put spaces in place of tabs before a key",
    _COLON: "put a text with a colon and a space in it into quotation marks",
}

Tree = dict[str, "str | Tree"]

# libyaml is some 10 times faster; both parsers give the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class YamlText:
    """A YAML mapping as text.

    Parameters
    ----------
    tree
        Nested mappings of text.
    lines
        Line of the key of each dotted path, first line 1.
    """

    tree: Tree
    lines: dict[str, int]


class Refused(Exception):  # noqa: N818 (never leaves this package: turned into a Problem)
    """Text that cannot be read at all, with the line where it stops making sense."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(message)


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """Return what a file holds; raise `Refused` if it cannot be read, or is larger than `max_bytes`."""
    try:
        with path.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except OSError as error:
        raise Refused(0, f"cannot be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise Refused(0, f"expected at most {max_bytes // 1_000_000} MB (got more)")
    return data


def read_utf8(path: Path, max_bytes: int) -> str:
    """Return the text of a file, without byte order mark; raise `Refused` if it is none.

    Parameters
    ----------
    path
        A regular file.
    max_bytes
        Largest size that is read at all [bytes].
    """
    if not path.is_file():
        found = "something else" if path.exists() else "nothing"
        raise Refused(0, f"expected a file (got {found} of that name)")
    data = read_bytes(path, max_bytes)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        other = next((name for mark, name in _OTHER_MARKS.items() if data.startswith(mark)), "")
        if other:
            raise Refused(1, f"expected UTF-8 text (got {other}); {_SAVE}") from error
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(line, f"expected UTF-8 text (got byte 0x{data[error.start]:02x}); {_SAVE}") from error
    control = CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise Refused(
            line, f"expected text (got the control character 0x{ord(control[0]):02x}); save it as UTF-8 text"
        )
    return text


def read_yaml(path: Path, name: str) -> YamlText:
    """Return a YAML file as nested mappings of text with the line of each key.

    Parameters
    ----------
    path
        The file.
    name
        The file as messages name it.

    Raises
    ------
    ScenarioError
        With every problem found: duplicate keys, anchors, tags, lists, depth, size, encoding, syntax.
    """
    try:
        text = read_utf8(path, MAX_YAML_BYTES)
    except Refused as refused:
        raise ScenarioError([Problem(name, refused.line, "", refused.message)]) from None
    builder = _Builder(name)
    try:
        builder.read(text)
    except Refused as refused:
        builder.problem(refused.line, "", refused.message)
    except yaml.MarkedYAMLError as error:
        builder.problem(*_mistake(error))
    except yaml.YAMLError as error:
        builder.problem(0, "", f"expected YAML (got a mistake: {' '.join(str(error).split())})")
    if builder.problems:
        raise ScenarioError(builder.problems)
    return YamlText(builder.tree, builder.lines)


def _mistake(error: yaml.MarkedYAMLError) -> tuple[int, str, str]:
    """Return line, path and sentence of what a parser does not understand."""
    mark = error.problem_mark or error.context_mark
    if error.context and "quoted scalar" in error.context and error.context_mark:
        line = error.context_mark.line + 1
        return (
            line,
            "",
            "expected YAML (got a quotation mark that begins here and does not end)",
        )
    hint = _YAML_HINTS.get(error.problem or "", _LOOK)
    return (
        mark.line + 1 if mark else 0,
        "",
        f"expected YAML (got a mistake: {error.problem or error.context}); {hint}",
    )


@dataclass
class _Builder:
    """Builds the tree from parser events; unlike YAML's own composer it never follows an alias."""

    name: str
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    tree: Tree = field(default_factory=dict)
    keys: int = 0

    def problem(self, line: int, path: str, message: str) -> None:
        self.problems.append(Problem(self.name, line, path, message))

    def read(self, text: str) -> None:
        events = self._plain(yaml.parse(text, Loader=_LOADER))
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Refused(_line(event), "expected one YAML document (got another)")
            elif isinstance(event, yaml.MappingStartEvent):
                self.tree = self._mapping(events, "", 1)
            elif isinstance(event, yaml.NodeEvent):
                raise Refused(_line(event), "expected keys and values (got something else); write key: value")
        if not self.lines and not self.problems:
            raise Refused(0, "expected keys and values (got an empty file)")

    def _plain(self, events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
        """Pass events on, refusing what plain data does not need."""
        for event in events:
            if isinstance(event, yaml.AliasEvent):
                raise Refused(_line(event), f"expected no alias (got '*{event.anchor}'); repeat the value")
            if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
                raise Refused(_line(event), f"expected no anchor (got '&{event.anchor}'); leave it out")
            tag = getattr(event, "tag", None)
            if tag is not None:
                raise Refused(_line(event), f"expected no tag {got(str(tag))}; leave it out")
            yield event

    def _mapping(self, events: Iterator[yaml.Event], prefix: str, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise Refused(_line(next(events)), f"expected at most {MAX_DEPTH} levels (got more)")
        tree: Tree = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                raise Refused(_line(event), "expected a key that is plain text (got a list or mapping)")
            self.keys += 1
            if self.keys > MAX_KEYS:
                raise Refused(_line(event), f"expected at most {MAX_KEYS:,} keys (got more)")
            key = plain(str(event.value))
            path = f"{prefix}.{key}" if prefix else key
            if key in tree:
                first = self.lines[path]
                self.problem(_line(event), path, f"expected each key once (got it on line {first} too)")
            self.lines.setdefault(path, _line(event))
            tree[key] = self._value(events, path, depth)
        return tree

    def _value(self, events: Iterator[yaml.Event], path: str, depth: int) -> str | Tree:
        event = next(events)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path, depth + 1)
        if isinstance(event, yaml.SequenceStartEvent):
            self.problem(_line(event), path, "expected text, several values separated by ; (got a list)")
            _skip_list(events)
            return ""
        assert isinstance(event, yaml.ScalarEvent), "a value is a mapping, a list or a scalar"
        return str(event.value)


def _skip_list(events: Iterator[yaml.Event]) -> None:
    depth = 1
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth == 0:
            return
        if depth > MAX_DEPTH:
            raise Refused(_line(event), f"expected at most {MAX_DEPTH} levels (got more)")


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None, "events of a parser carry their place"
    return event.start_mark.line + 1
