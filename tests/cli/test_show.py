"""`check` and `show`: what was understood, what looks odd, and where each value came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from changes import append, cell
from commands import CommandLine
from demilsim.scenario.loader import load_scenario

VARIANT = "variants:\n  late:\n    set:\n      funding[DONOR-1].due: 2027-07-01\n"


@pytest.fixture
def varied(alpha: Path) -> Path:
    append("scenario.yaml", VARIANT)(alpha)
    return alpha


def test_show_names_variants_and_hash(varied: Path, cli: CommandLine) -> None:
    """Without --resolved, `show` lists the variants and the hash of the resolved content."""
    seen = cli("show", varied)
    assert (seen.code, seen.err) == (0, "")
    assert seen.out == f"variant late extends base\nsha256 {load_scenario(varied).sha256}\n"


def test_show_resolved_names_file_variant_and_command_line(varied: Path, cli: CommandLine) -> None:
    """Each value stands on a line with its path, unit and origin."""
    seen = cli(
        "show", f"{varied}@late", "--resolved", "--only", "funding[DONOR-1]",
        "--set", "funding[tranche=DONOR-1].amount_usd=0.5 MUSD",
    )  # fmt: skip
    assert seen.code == 0
    lines = seen.out.splitlines()
    assert f"funding[DONOR-1].due = 2027-07-01  [variant late, {varied}/scenario.yaml:26]" in lines
    assert "funding[DONOR-1].amount_usd = 500000 USD  [--set, written '0.5 MUSD']" in lines
    assert f"funding[DONOR-1].probability = 0.9  [{varied}/funding.csv:5]" in lines
    assert "funding[DONOR-1].currency = USD  [default]" in lines


def test_show_as_json(varied: Path, cli: CommandLine) -> None:
    """The keys of the JSON document are those of docs/inputs.md."""
    seen = cli("show", f"{varied}@late", "--resolved", "--json")
    document = json.loads(seen.out)
    assert list(document) == ["scenario", "variants", "values"]
    assert list(document["scenario"]) == ["name", "sha256"]
    assert document["variants"] == [{"name": "late", "extends": "base"}]
    keys = ["path", "value", "unit", "written", "from", "variant", "file", "line", "cell"]
    assert {tuple(value) for value in document["values"]} == {tuple(keys)}
    page = (Path(__file__).parents[2] / "docs" / "inputs.md").read_text(encoding="utf-8")
    assert all(f"`{key}`" in page for key in (*keys, "understood", "warnings", "kind", "message"))


def test_only_needs_a_path_that_is_there(varied: Path, cli: CommandLine) -> None:
    """A beginning that no path has, and one without --resolved, are wrong use."""
    assert cli("show", varied, "--resolved", "--only", "lots[L99]").code == 2
    assert cli("show", varied, "--only", "lots").code == 2


def test_check_says_what_it_understood_and_what_looks_odd(alpha: Path, cli: CommandLine) -> None:
    """Notes come after the summary, with file and line; a kind of warning does not fill the screen."""
    cell("lots.csv", 2, "gross_mass_t", "60000 kg")(alpha)
    seen = cli("check", alpha)
    assert seen.code == 0
    assert f"understood: {alpha}/lots.csv:2: gross_mass_t: 60000 kg as 60 t" in seen.out.splitlines()
    assert f"warning: {alpha}/storehouses.csv:3: storehouse_id: expected at most 905 kg NEQ" in seen.out
    # Four of a kind are told, since "1 more of this kind" would be a line too; of five, three.
    assert seen.out.count("kg NEQ in ") == 4
    assert "more of this kind" not in seen.out
    append("lots.csv", "L13,C1,bomb_he,900,400000,surplus,yes,1990,,A-EXAMPLE")(alpha)
    seen = cli("check", alpha)
    assert seen.out.count("kg NEQ in ") == 3
    assert "warning: 2 more of this kind (stock_over_licence); --json lists them" in seen.out
    first = next(row for row in seen.out.splitlines() if "kg NEQ in " in row)
    assert first.endswith("move some: its reserve alone is 20,000 kg, which no plan destroys")


def test_check_as_json_has_every_note(alpha: Path, cli: CommandLine) -> None:
    """JSON has all warnings and everything that was understood, each with its place."""
    cell("lots.csv", 2, "gross_mass_t", "60000 kg")(alpha)
    document = json.loads(cli("check", alpha, "--json").out)
    assert list(document) == ["ok", "scenario", "understood", "warnings"]
    assert document["understood"] == [
        {
            "file": f"{alpha}/lots.csv", "line": 2, "cell": None, "path": "gross_mass_t",
            "written": "60000 kg", "value": "60 t",
        }
    ]  # fmt: skip
    assert [w["kind"] for w in document["warnings"]].count("stock_over_licence") == 4
    assert all(w["file"].endswith(".csv") and w["line"] > 1 for w in document["warnings"])


@pytest.mark.parametrize("values", [("seed=1", "seed=2"), ("seed=1", "settings.seed=2")])
def test_a_value_is_set_once(alpha: Path, cli: CommandLine, values: tuple[str, str]) -> None:
    """Two values for one path are wrong use: neither is ignored in silence."""
    seen = cli("check", alpha, "--set", values[0], "--set", values[1])
    assert seen.code == 2
    assert "once" in seen.err
