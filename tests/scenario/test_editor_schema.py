from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from demilsim.scenario.columns import ANY_TABLE, column_meanings
from demilsim.scenario.editor_schema import editor_schema, editor_schema_text
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.records import leaf_paths
from demilsim.scenario.register import shipped_register
from demilsim.scenario.schema import Override
from demilsim.scenario.settings import Settings

SCHEMA = editor_schema()
TYPES = {"object": dict, "string": str, "number": (int, float), "integer": int}
GOOD = {
    "schema_version": 1, "name": "a", "title": "A", "country": "KZ", "synthetic": "yes", "price_year": 2025,
    "start": "2026-01-01", "horizon_years": 5,
}  # fmt: skip


def valid(value: Any, schema: dict[str, Any]) -> bool:
    """Return whether a value keeps to the part of JSON Schema that ours is made of."""
    if "$ref" in schema:
        return valid(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return any(valid(value, branch) for branch in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    if "const" in schema:
        return bool(value == schema["const"])
    kind = TYPES[schema["type"]]
    if not isinstance(value, kind) or isinstance(value, bool):
        return False
    if isinstance(value, str):
        return bool(re.search(schema.get("pattern", ""), value)) and len(value) <= schema.get(
            "maxLength", 10**6
        )
    if isinstance(value, dict):
        return _valid_members(value, schema)
    low, high = schema.get("minimum", -1e300), schema.get("maximum", 1e300)
    return bool(low <= value <= high and value > schema.get("exclusiveMinimum", -1e300))


def _valid_members(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    patterns = schema.get("patternProperties", {})
    for key, member in value.items():
        named = [schema["properties"][key]] if key in schema.get("properties", {}) else []
        named += [own for pattern, own in patterns.items() if re.search(pattern, key)]
        if not named and schema.get("additionalProperties") is False:
            return False
        if not all(valid(member, own) for own in named):
            return False
    return all(key in value for key in schema.get("required", ())) and len(value) >= schema.get(
        "minProperties", 0
    )


def as_editors_read(path: Path) -> Any:
    """Return a YAML file as editors of YAML 1.2 do: dates and yes are text."""
    loader = type("Loader", (yaml.SafeLoader,), {})
    for letter, rules in yaml.SafeLoader.yaml_implicit_resolvers.items():
        left_out = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
        kept = [rule for rule in rules if rule[0] not in left_out]
        loader.yaml_implicit_resolvers = loader.yaml_implicit_resolvers | {letter: kept}  # type: ignore[attr-defined]
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


def test_published_schema_is_that_of_the_models() -> None:
    """The file in docs/ is what `demilsim schema` prints; after a change: demilsim schema > docs/..."""
    assert Path("docs/scenario.schema.json").read_text(encoding="utf-8") == editor_schema_text()


def test_schema_knows_every_key_and_column() -> None:
    """Scalars, constants and the columns of every table are there, and nothing else."""
    keys = {path.partition(".")[0] for path in leaf_paths(Settings)}
    assert set(SCHEMA["properties"]) == keys | {"parameters", "variants"}
    assert set(SCHEMA["properties"]["parameters"]["properties"]) == set(shipped_register().entries)
    for name, layout in LAYOUT.items():
        assert set(SCHEMA["$defs"][name]["properties"]) == set(layout.columns)
        assert set(SCHEMA["$defs"][name]["required"]) == set(layout.needed)


@pytest.mark.parametrize("path", sorted(Path("scenarios").glob("**/scenario.yaml")), ids=str)
def test_shipped_scenarios_are_valid(path: Path) -> None:
    """Editors find nothing wrong with what is shipped."""
    assert valid(as_editors_read(path), SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"horizon_years": 0}, {"horizon_years": 51}, {"country": "Kazakhstan"}, {"synthetic": "perhaps"},
        {"period": "week"}, {"horizon_year": 5}, {"name": "a b"}, {"schema_version": 2},
        {"harm_weights": {"fatalities_public": -1}}, {"parameters": {"consequence.prompt": {}}},
        {"parameters": {"transport.payload_t": {"value": 5}}}, {"variants": {"long": {"horizon_years": 9}}},
    ],
)  # fmt: skip
def test_wrong_settings_are_not(change: dict[str, Any]) -> None:
    """Ranges, words, misspelt keys and constants, and half an override are marked in an editor."""
    assert valid(GOOD, SCHEMA)
    assert not valid(GOOD | change, SCHEMA)


def test_every_column_has_a_meaning_and_every_meaning_a_column() -> None:
    """``reference/columns.csv`` and the schema have the same columns."""
    known = set(column_meanings())
    columns = {(name, column) for name, layout in LAYOUT.items() for column in layout.columns}
    columns |= {("settings", path) for path in leaf_paths(Settings)}
    columns |= {("parameters", column) for column in ("key", *Override.model_fields)}
    assert {(t, c) for t, c in columns if (t, c) not in known and (ANY_TABLE, c) not in known} == set()
    assert {(t, c) for t, c in known if t != ANY_TABLE and (t, c) not in columns} == set()
