from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from changes import append, cell, remove, swap, write
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import Value, load_scenario
from demilsim.scenario.register import shipped_register
from demilsim.scenario.starter import write_starter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_starter("pilot", tmp_path)


def test_text_is_typed_by_the_schema(folder: Path) -> None:
    """Country NO, a lot 0123 and a number 6e1 arrive as what they are."""
    swap("scenario.yaml", "country: XX", "country: NO")(folder)
    cell("lots.csv", 2, "lot_id", "0123")(folder)
    cell("lots.csv", 2, "gross_mass_t", "6e1")(folder)
    scenario = load_scenario(folder)
    assert scenario.settings.country == "NO"
    assert (scenario.lots[0].lot_id, scenario.lots[0].gross_mass_t) == ("0123", 60.0)
    assert scenario.lots[2].stabiliser_fraction == "unknown"
    assert scenario.lots[4].stabiliser_fraction is None
    assert scenario.facilities[0].open_months == (4, 5, 6, 7, 8, 9, 10)
    assert scenario.facilities[0].breakdown_mean_days is None
    assert scenario.funds[1].expires == dt.date(2031, 12, 31)
    assert scenario.funds[1].earmark_methods == ("disassembly", "rotary_kiln")


def test_path_may_be_text(folder: Path) -> None:
    """A path as text gives the same scenario as a path object."""
    assert load_scenario(str(folder)).sha256 == load_scenario(folder).sha256


def test_own_constant_replaces_the_shipped_one(folder: Path) -> None:
    """A constant of the scenario carries its value, source, confidence and a range that holds it."""
    swap("scenario.yaml", "value: 10", "value: 30")(folder)
    register = load_scenario(folder).register
    entry = register.entries["transport.payload_t"]
    assert register.transport.payload_t == 30.0
    assert (entry.value, entry.source, entry.confidence) == (30.0, "A-EXAMPLE", "assumed")
    assert entry.low == shipped_register().entries["transport.payload_t"].low
    assert entry.high == 30.0


@pytest.mark.parametrize("path", ["horizon_years", "settings.horizon_years"])
def test_override_replaces_a_scalar(folder: Path, path: str) -> None:
    """A value from the command line wins over the file, with or without the prefix."""
    assert load_scenario(folder, {path: "3"}).settings.horizon_years == 3


def test_override_of_a_nested_scalar_keeps_its_neighbours(folder: Path) -> None:
    """Setting one weight leaves the others as they are."""
    weights = load_scenario(folder, {"harm_weights.fatalities_public": "2"}).settings.harm_weights
    assert (weights.fatalities_public, weights.fatalities_workers) == (2.0, 1.0)


def test_override_works_where_the_file_has_no_such_key(folder: Path) -> None:
    """Defaults can be set too."""
    swap("scenario.yaml", "period: quarter\n", "")(folder)
    assert load_scenario(folder, {"period": "month"}).settings.period == "month"


def test_override_of_a_constant_is_an_assumption(folder: Path) -> None:
    """A constant from the command line is marked as assumed, with a source that says so."""
    scenario = load_scenario(folder, {"parameters.consequence.prompt_share": "0.3"})
    entry = scenario.register.entries["consequence.prompt_share"]
    assert (entry.value, entry.source, entry.confidence) == (0.3, "set", "assumed")
    assert scenario.sources[-1].source_id == "set"
    assert scenario.sources[-1].text == "laid over the scenario by a variant or on the command line"


def test_override_of_a_constant_keeps_its_source_used(folder: Path) -> None:
    """Trying another value does not turn the source of the file's own into an unused one."""
    append("sources.csv", "A-LORRY,assumed,Own lorries")(folder)
    swap("scenario.yaml", "source: A-EXAMPLE", "source: A-LORRY")(folder)
    scenario = load_scenario(folder, {"parameters.transport.payload_t": "12"})
    assert scenario.register.transport.payload_t == 12.0


def test_no_override_adds_no_source(folder: Path) -> None:
    """The source of the command line appears only if something was given there."""
    assert {source.source_id for source in load_scenario(folder).sources} == {"A-EXAMPLE", "D-NEQ"}


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        ("horizon_year", "3", r"^--set: horizon_year: unknown path; did you mean horizon_years\?$"),
        ("harm_weights", "3", "^--set: harm_weights: unknown path"),
        ("parameters.consequence.prompt", "1", r"did you mean parameters\.consequence\.prompt_share\?"),
        ("horizon_years", "x", r"^--set: horizon_years: expected a whole number \(got 'x'\)$"),
        ("start", "2026-02-02", "^--set: start: expected the first day of a month"),
        (
            "parameters.consequence.prompt_share",
            "1.5",
            r"^--set: parameters\.consequence\.prompt_share\.value: expected <= 1 \(got 1\.5\)$",
        ),
        ("parameters.consequence.prompt_share", "inf", r"expected a number \(got 'inf'\)$"),
        ("parameters.consequence.stack_share_ageing", "0.9", r"storehouse_share_ageing <= 1 \(got 1\.25\)$"),
        ("parameters.event_rate.destroy_level_fraction", "0.6", r"expected .* < .* \(got 0\.6 and 0\.5\)$"),
        ("a\nb", "1", r"^--set: 'a\\nb': unknown path$"),
    ],
)
def test_bad_override_names_the_command_line(folder: Path, path: str, value: str, match: str) -> None:
    """A mistake in a value from the command line is not blamed on the file."""
    with pytest.raises(ScenarioError, match=match):
        load_scenario(folder, {path: value})


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.linspace(3.0, 9.0, 2)[0], "3"])
def test_override_may_be_a_number(folder: Path, value: Value) -> None:
    """Python's and NumPy's numbers, whole ones without a point, are what their text is; so are printed."""
    scenario = load_scenario(folder, {"horizon_years": value})
    assert scenario.settings.horizon_years == 3
    assert scenario.values_set == ("horizon_years=3",)


def test_override_may_be_a_date_a_truth_value_or_a_share(folder: Path) -> None:
    """Each is read as it would stand in the file."""
    share = np.float64(0.1) + 0.2
    values: dict[str, Value] = {
        "start": dt.date(2027, 4, 1), "synthetic": np.True_, "parameters.consequence.prompt_share": share,
    }  # fmt: skip
    scenario = load_scenario(folder, values)
    assert (scenario.settings.start, scenario.settings.synthetic) == (dt.date(2027, 4, 1), True)
    assert scenario.register.consequence.prompt_share == share
    assert load_scenario(folder, values | {"start": dt.datetime(2027, 4, 1)}) == scenario


def test_overrides_that_are_no_values_are_told_at_once(folder: Path) -> None:
    """Lists, nothing, and times of day are named with what was expected; none is tried."""
    wrong = {"horizon_years": [3], "period": None, "start": dt.datetime(2027, 4, 1, 9), "seed": np.arange(2)}
    with pytest.raises(ScenarioError) as refused:
        load_scenario(folder, wrong)  # type: ignore[arg-type]
    wanted = "expected text as in the files, a number, a truth value or a date"
    assert [str(problem) for problem in refused.value.problems] == [
        f"--set: horizon_years: {wanted} (got [3])",
        f"--set: period: {wanted} (got None)",
        f"--set: seed: {wanted} (got array([0, 1]))",
        f"--set: start: {wanted} (got datetime.datetime(2027, 4, 1, 9, 0))",
    ]


def test_bad_scalar_does_not_hide_a_bad_constant_or_date(folder: Path) -> None:
    """What can be typed of the settings is checked even if another scalar is wrong."""
    with pytest.raises(ScenarioError, match="seed") as caught:
        load_scenario(folder, {"seed": "x", "start": "2025-02-03", "parameters.transport.payload_t": "-1"})
    assert [p.path for p in caught.value.problems if p.file == "--set"] == [
        "parameters.transport.payload_t.value",
        "seed",
        "start",
    ]


def test_broken_row_does_not_break_what_refers_to_it(folder: Path) -> None:
    """A site that cannot be typed is one problem, not one more for each of its storehouses."""
    cell("sites.csv", 2, "latitude_deg", "north")(folder)
    with pytest.raises(ScenarioError, match="latitude_deg") as caught:
        load_scenario(folder)
    assert len(caught.value.problems) == 1


def test_missing_table_does_not_break_what_refers_to_it(folder: Path) -> None:
    """A table that is not there is one problem, not one more for each reference to it."""
    remove("sites.csv")(folder)
    with pytest.raises(ScenarioError, match=r"sites\.csv: missing file") as caught:
        load_scenario(folder)
    assert len(caught.value.problems) == 1


def test_tables_of_means_may_be_empty(folder: Path) -> None:
    """Without facilities, routes and money the stock can still be looked at."""
    for file in ("facilities.csv", "facility_rates.csv", "routes.csv", "funds.csv", "funding.csv"):
        header = (folder / file).read_text(encoding="utf-8").splitlines()[0]
        write(file, header.encode())(folder)
    scenario = load_scenario(folder)
    assert scenario.facilities == scenario.routes == scenario.tranches == ()


@pytest.mark.parametrize(
    "file", ["sites.csv", "storehouses.csv", "exposed_sites.csv", "lots.csv", "sources.csv"]
)
def test_tables_of_the_stock_may_not_be_empty(folder: Path, file: str) -> None:
    """A scenario without stock, people or sources is refused."""
    header = (folder / file).read_text(encoding="utf-8").splitlines()[0]
    write(file, header.encode())(folder)
    with pytest.raises(ScenarioError, match=rf"{file}:1: expected at least one row \(got none\)"):
        load_scenario(folder)


def test_other_files_are_left_alone(folder: Path) -> None:
    """Notes, scripts and hidden files in the folder are not tables."""
    for file in ("notes.md", "generate.py", ".cache.csv"):
        write(file, b"anything")(folder)
    assert load_scenario(folder).lots


def test_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    """A table cannot be a link to a file elsewhere, whose text would end in messages."""
    outside = tmp_path / "secret.csv"
    outside.write_text("a secret", encoding="utf-8")
    remove("lots.csv")(folder)
    (folder / "lots.csv").symlink_to(outside)
    with pytest.raises(ScenarioError, match=r"lots\.csv: expected a file inside the folder"):
        load_scenario(folder)


def test_path_that_is_no_folder_is_said_to_be(folder: Path) -> None:
    """A missing folder and a file in place of one are told apart."""
    with pytest.raises(ScenarioError, match=r"expected a folder .*\(got nothing of that name\)"):
        load_scenario(folder / "nowhere")
    with pytest.raises(ScenarioError, match=r"expected a folder .*\(got a file\)"):
        load_scenario(folder / "scenario.yaml")
    with pytest.raises(ScenarioError, match="got nothing of that name"):
        load_scenario("x" * 5000)


def test_markup_in_names_is_text(folder: Path) -> None:
    """Names may hold HTML, formulas, quotes and other scripts; writers escape them."""
    name = '<script>alert(1)</script> =1+1 "Арысь"'
    cell("sites.csv", 2, "name", name)(folder)
    assert load_scenario(folder).sites[0].name == name


def test_loading_needs_no_heavy_library() -> None:
    """Reading a scenario imports neither solvers nor plotting nor simulation."""
    heavy = "{'scipy', 'matplotlib', 'pandas', 'pulp', 'simpy'}"
    code = f"import sys, demilsim.scenario.loader; sys.exit(str({heavy} & set(sys.modules) or '') or 0)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("31.12.2026", r"\(got '31\.12\.2026'\); write 2026-12-31$"),
        ("3.4.2026", r"\(got '3\.4\.2026'\); write 2026-04-03$"),
        ("03/04/2026", r"; write 2026-04-03 or 2026-03-04$"),
        ("12/31/2026", r"; write 2026-12-31$"),
        ("31/31/2026", r"\(got '31/31/2026'\)$"),
        ("00/00/0000", r"\(got '00/00/0000'\)$"),
    ],
)
def test_date_in_another_order_is_answered_with_ours(folder: Path, text: str, match: str) -> None:
    """What a spreadsheet makes of a date is met with how to write it, in both readings if there are two."""
    with pytest.raises(ScenarioError, match=match):
        load_scenario(folder, {"funding[DONOR-1].due": text})
