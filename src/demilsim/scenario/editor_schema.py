"""The JSON Schema of ``scenario.yaml`` and of the rows of its tables, for editors that complete and check."""

from __future__ import annotations

import json
from typing import Any

from demilsim.scenario.choices import YES_NO
from demilsim.scenario.column_types import IDENTIFIER_PATTERN
from demilsim.scenario.columns import meaning_of
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.register import shipped_register
from demilsim.scenario.schema import HarmWeights, Override, Record
from demilsim.scenario.settings import Settings
from demilsim.scenario.source import BASE, SETTINGS
from demilsim.scenario.variants import VARIANTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PARAMETERS, OVERRIDE = "parameters", "override"
_NUMBER_AS_TEXT = {"type": "string", "pattern": "^[+-]?[0-9.]"}
"""A number with its unit, as ``12 t``, or in quotes."""

Schema = dict[str, Any]


def editor_schema() -> Schema:
    """Return the JSON Schema: ``scenario.yaml`` itself, and the row of each table under ``$defs``.

    It knows form and ranges; what hangs together across rows and files, only ``demilsim check`` knows.
    """
    weights = _record(HarmWeights, SETTINGS, prefix="harm_weights.")
    settings = _record(Settings, SETTINGS, leave_out=("harm_weights", PARAMETERS))
    rows = {name: _record(layout.record, name, columns=layout.columns) for name, layout in LAYOUT.items()}
    settings["properties"] |= {"harm_weights": weights, PARAMETERS: _parameters(), VARIANTS: _variants()}
    return {
        "$schema": DIALECT,
        "title": "scenario.yaml of demilsim",
        **settings,
        "$defs": {OVERRIDE: _override()} | rows,
    }


def editor_schema_text() -> str:
    """Return the schema as ``docs/scenario.schema.json`` has it."""
    return json.dumps(editor_schema(), indent=1, ensure_ascii=False) + "\n"


def _record(
    record: type[Record],
    table: str,
    *,
    prefix: str = "",
    columns: tuple[str, ...] = (),
    leave_out: tuple[str, ...] = (),
) -> Schema:
    """Return the schema of a record whose values are still text or plain scalars."""
    generated = record.model_json_schema()
    shared = generated.get("$defs", {})
    names = [name for name in columns or record.model_fields if name not in leave_out]
    properties = {}
    for name in names:
        meaning = meaning_of(table, f"{prefix}{name}")
        written = _as_written(generated["properties"][name], shared)
        moves_nothing = f"; changes no result: {meaning.inert}" if meaning.inert else ""
        described = f"{meaning.meaning} {meaning.bracketed}{moves_nothing}"
        properties[name] = {**written, "description": described}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in names if record.model_fields[name].is_required()],
        "additionalProperties": False,
    }


def _as_written(schema: Schema, shared: Schema) -> Schema:
    """Return the schema of a typed value as that of how it is written."""
    schema = {key: value for key, value in schema.items() if key != "title"}
    if "$ref" in schema:
        target = shared[schema["$ref"].rpartition("/")[2]]
        return _as_written({"enum": target["enum"]}, shared)
    if "anyOf" in schema:
        return {**schema, "anyOf": [_as_written(branch, shared) for branch in schema["anyOf"]]}
    kind = schema.get("type")
    if kind == "array":
        return {"type": "string"}
    if kind == "boolean":
        return {"enum": [True, False, *YES_NO]}
    if kind == "null":
        return {"enum": [None, ""]}
    if kind in ("number", "integer") and "const" not in schema:
        default = {"default": schema.pop("default")} if "default" in schema else {}
        return {"anyOf": [schema, _NUMBER_AS_TEXT], **default}
    return schema


def _override() -> Schema:
    """Return the schema of one override."""
    own = Override.model_json_schema()
    properties = {
        name: _as_written(own["properties"][name], own.get("$defs", {})) for name in Override.model_fields
    }
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name, field in Override.model_fields.items() if field.is_required()],
        "additionalProperties": False,
    }


def _parameters() -> Schema:
    """Return the schema of overrides: every constant of the register by name, with what is shipped."""
    entries = shipped_register().entries
    return {
        "type": "object",
        "description": "constants of the model with a value and a source of the scenario's own",
        "properties": {
            key: {
                "$ref": f"#/$defs/{OVERRIDE}",
                "description": f"shipped {entry.value:g} [{entry.unit}], {entry.confidence}",
            }
            for key, entry in entries.items()
        },
        "additionalProperties": False,
    }


def _variants() -> Schema:
    variant = {
        "type": "object",
        "properties": {
            "extends": {
                "type": "string",
                "default": BASE,
                "description": "the variant that this one starts from",
            },
            "set": {
                "type": "object",
                "minProperties": 1,
                "description": (
                    "values by path, as horizon_years: 20 or lots[L01].neq_kg: 900; rows come by "
                    "lots[+L99]: like L01 and go by lots[L01]: remove"
                ),
            },
        },
        "required": ["set"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "variants by name; each lists only what it changes",
        "patternProperties": {IDENTIFIER_PATTERN: variant},
        "additionalProperties": False,
    }
