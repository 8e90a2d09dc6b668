"""Turn text into a record of the schema, and pydantic's errors into our own sentences.

Numbers and dates are read here, strictly; ranges, patterns and choices are left to the schema.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from demilsim.scenario.column_types import IDENTIFIER_PATTERN
from demilsim.scenario.hints import date_hint, list_hint, months_hint, number_hint, share_hint
from demilsim.scenario.lookalikes import odd_characters
from demilsim.scenario.phrases import SHOWN_CHARACTERS, did_you_mean, got
from demilsim.scenario.quantities import Reading, in_size
from demilsim.scenario.text import Tree

FIRST_YEAR, LAST_YEAR = 1900, 2200

MOST_FINDINGS = 200
"""Mistakes in one record that are looked at: what each could have meant takes time."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,19}(\.0*)?", re.ASCII)
_YES_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
NO_IDENTIFIER = "expected Latin letters, digits and . _ - only, a letter or digit first"
NO_KEYS = "expected keys and values"
"""Beginnings of sentences to which those who know the column may add."""

_PATTERNS = {
    r"^[A-Z]{2}$": "expected two capital letters such as KZ",
    r"^[A-Z]{3}$": "expected three capital letters such as EUR",
    IDENTIFIER_PATTERN: NO_IDENTIFIER,
}
_MONTHS = "expected a first and a last month such as 4-10, or 1-12"
_RANGES = {"greater_than": (">", "gt"), "greater_than_equal": (">=", "ge"),
           "less_than": ("<", "lt"), "less_than_equal": ("<=", "le")}  # fmt: skip

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with one field: its dotted path within the record, and the sentence."""

    path: str
    message: str


def to_record(
    model: type[M], text: Mapping[str, str | Tree], reading: Reading | None = None
) -> tuple[M | None, list[Finding]]:
    """Return the record that a mapping of text describes, or None and what is wrong with it.

    Parameters
    ----------
    model
        Class of the record.
    text
        Text by field; nested where the field is itself a record.
    reading
        How its numbers are written; plainly by default.
    """
    findings: list[Finding] = []
    typed = _typed(model, text, "", findings, reading or Reading())
    failed = {finding.path for finding in findings}
    try:
        record = model.model_validate(typed)
    except ValidationError as error:
        details = error.errors(include_url=False)
        findings += [f for f in _translated(model, details[:MOST_FINDINGS], text) if f.path not in failed]
        if len(details) > MOST_FINDINGS:
            more = f"and {len(details) - MOST_FINDINGS:,} more mistakes, not looked at; mend the others first"
            findings.append(Finding(_place(details[MOST_FINDINGS]["loc"], text)[0], more))
        return None, findings
    return (None, findings) if findings else (record, [])


def _typed(
    model: type[BaseModel],
    text: Mapping[str, str | Tree],
    prefix: str,
    findings: list[Finding],
    reading: Reading,
) -> dict[str, Any]:
    """Return the values with numbers, dates and truth values read; unreadable ones become findings."""
    typed: dict[str, Any] = {}
    fields = model.model_fields
    for name, value in text.items():
        field = fields.get(name)
        path = f"{prefix}{name}"
        if field is None:
            typed[name] = value
        elif isinstance(value, str):
            try:
                typed[name] = _read(value, path, field_kinds(model, name), reading)
            except ValueError as error:
                findings.append(Finding(path, str(error)))
        elif nested := _nested(field):
            typed[name] = _typed(nested, value, f"{path}.", findings, reading)
        elif member := _nested_member(field):
            typed[name] = {
                key: _typed(member, own, f"{path}.{key}.", findings, reading)
                if isinstance(own, dict)
                else own
                for key, own in value.items()
            }
        else:
            findings.append(Finding(path, "expected one value (got keys and values)"))
    return typed


def _read(
    text: str, path: str, kinds_words_empty: tuple[frozenset[type], tuple[str, ...], bool], reading: Reading
) -> Any:
    """Return a scalar as the first of its field's kinds says; raise ValueError with our sentence."""
    kinds, words, may_be_empty = kinds_words_empty
    value = text.strip()
    if not value:
        if may_be_empty:
            return text
        raise ValueError("missing")
    if value in words or not kinds & {bool, int, float, dt.date}:
        return value
    if bool in kinds:
        if value.lower() not in _YES_NO:
            raise ValueError(f"expected yes or no {got(value, ('yes', 'no'))}")
        return _YES_NO[value.lower()]
    if dt.date in kinds:
        return to_date(value)
    return _whole(value, path, reading, words) if int in kinds else _number(value, path, reading, words)


def _or(words: tuple[str, ...]) -> str:
    return f", or {' or '.join(words)}" if words else ""


def _whole(value: str, path: str, reading: Reading, words: tuple[str, ...]) -> int:
    number = reading.number(path, value)
    if number is None or not _WHOLE.fullmatch(number):
        raise ValueError(f"expected a whole number{_or(words)} {got(value, words)}")
    return int(number.partition(".")[0])


def _number(value: str, path: str, reading: Reading, words: tuple[str, ...]) -> float:
    number = reading.number(path, value)
    if number is None:
        raise ValueError(f"expected a number{_or(words)} {got(value, words)}{number_hint(value)}")
    return in_size(number)


def to_date(value: str) -> dt.date:
    """Return a date of the years that a scenario can be about; raise ValueError with our sentence."""
    try:
        date = dt.date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        date = None
    if date is None:
        raise ValueError(f"expected a date as YYYY-MM-DD {got(value)}{date_hint(value)}")
    if not FIRST_YEAR <= date.year < LAST_YEAR:
        raise ValueError(f"expected a date from {FIRST_YEAR} to {LAST_YEAR - 1} {got(value)}")
    return date


@cache
def field_kinds(model: type[BaseModel], name: str) -> tuple[frozenset[type], tuple[str, ...], bool]:
    """Return a field's scalar types, its literal words and whether it may be empty."""
    field = model.model_fields[name]
    kinds: set[type] = set()
    words: list[str] = []
    _walk(field.annotation, kinds, words)
    sequence = tuple in kinds and not any(getattr(m, "min_length", None) for m in field.metadata)
    return frozenset(kinds), tuple(words), sequence or type(None) in kinds


def _walk(annotation: Any, kinds: set[type], words: list[str]) -> None:
    origin = get_origin(annotation)
    if origin is Annotated:
        _walk(get_args(annotation)[0], kinds, words)
    elif origin is Literal:
        choices = get_args(annotation)
        kinds.update(type(choice) for choice in choices)
        words.extend(choice for choice in choices if isinstance(choice, str))
    elif origin in (tuple, dict):
        kinds.add(origin)
    elif isinstance(annotation, type):
        kinds.add(annotation)
    else:
        for part in get_args(annotation):
            _walk(part, kinds, words)


def _nested(field: FieldInfo) -> type[BaseModel] | None:
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _nested_member(field: FieldInfo) -> type[BaseModel] | None:
    """Return the class of the members of a field that is a mapping of records."""
    return get_args(field.annotation)[1] if get_origin(field.annotation) is dict else None


def _translated(
    model: type[BaseModel], details: list[ErrorDetails], text: Mapping[str, str | Tree]
) -> Iterator[Finding]:
    """Yield one finding per field: branches of a union are joined by *or*."""
    sentences: dict[str, list[str]] = {}
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for detail in details:
        path, value = _place(detail["loc"], text)
        sentence, known = _sentence(model, detail)
        sentences.setdefault(path, []).append(sentence)
        found.setdefault(path, (value, known))
    for path, parts in sentences.items():
        value, known = found[path]
        if parts[0] == "missing":
            yield Finding(path, "missing")
        elif parts[0] == "unknown key":
            odd = odd_characters(path.rpartition(".")[2][:SHOWN_CHARACTERS])
            yield Finding(path, f"unknown key{odd}{_key_hint(model, path)}")
        else:
            joined = " or ".join([parts[0], *(part.removeprefix("expected ") for part in parts[1:])])
            yield Finding(path, f"{joined} {got(value, known)}{_hint(parts[0], value)}")


def _hint(sentence: str, value: str) -> str:
    """Return what somebody may have meant by a value that is refused."""
    if sentence == _MONTHS:
        return months_hint(value)
    if sentence == NO_IDENTIFIER:
        return list_hint(value)
    return share_hint(value) if sentence == "expected <= 1" else ""


def _place(loc: tuple[int | str, ...], text: Mapping[str, str | Tree]) -> tuple[str, str]:
    """Return the dotted path of the text that an error is about, and that text."""
    keys: list[str] = []
    value: str | Tree = dict(text)
    for step in loc:
        if not isinstance(value, dict):
            break
        keys.append(str(step))
        value = value.get(str(step), "")
    return ".".join(keys), value if isinstance(value, str) else "keys and values"


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> tuple[str, tuple[str, ...]]:
    """Return our phrase for an error, and the words that would have been right."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _RANGES:
        symbol, key = _RANGES[kind]
        return f"expected {symbol} {context[key]:g}", ()
    if kind in ("enum", "literal_error"):
        words = tuple(re.findall(r"'([^']*)'", str(context["expected"])))
        return f"expected one of {', '.join(words)}" if len(words) > 1 else _only(words, context), words
    phrases = {
        "missing": "missing",
        "extra_forbidden": "unknown key",
        "too_short": "missing",
        "string_too_short": "missing",
        "string_too_long": f"expected at most {context.get('max_length')} characters",
        "string_pattern_mismatch": _PATTERNS.get(str(context.get("pattern")), "expected another form"),
        "model_type": NO_KEYS,
        "dict_type": NO_KEYS,
        "value_error": _MONTHS,
    }
    return phrases.get(kind, f"expected something else: {detail['msg']}"), ()


def _only(words: tuple[str, ...], context: Mapping[str, Any]) -> str:
    return f"expected {words[0] if words else context['expected']}"


def _key_hint(model: type[BaseModel], path: str) -> str:
    return did_you_mean(path.rpartition(".")[2], keys_beside(model, path))


@cache
def leaf_paths(model: type[BaseModel], prefix: str = "") -> tuple[str, ...]:
    """Return the dotted paths of all values of a record that are not records or mappings themselves."""
    paths: list[str] = []
    for name, field in model.model_fields.items():
        nested = _nested(field)
        if nested:
            paths += leaf_paths(nested, f"{prefix}{name}.")
        elif not _nested_member(field):
            paths.append(f"{prefix}{name}")
    return tuple(paths)


def keys_beside(model: type[BaseModel], path: str) -> tuple[str, ...]:
    """Return the known keys of the record in which the last key of a path stands."""
    for name in path.split(".")[:-1]:
        field = model.model_fields.get(name)
        inner = (_nested(field) or _nested_member(field)) if field else None
        model = inner or model
    return (*model.model_fields, *getattr(model, "BESIDE", ()))
