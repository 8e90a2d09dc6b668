"""Named variants: in one file or in files of their own, one on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from changes import append, write
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter

VARIANTS = """\
variants:
  more-money:
    set:
      funding[DONOR-2].amount_usd: 900000
      funding[DONOR-2].probability: 0.9
  late:
    extends: more-money
    set:
      funding[DONOR-2].due: 2029-01-01
      funding[DONOR-2].probability: 0.5
      settings:
        horizon_years: 9
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_starter("pilot", tmp_path)


@pytest.fixture
def varied(folder: Path) -> Path:
    append("scenario.yaml", VARIANTS)(folder)
    return folder


def refused(folder: Path, match: str) -> list[tuple[str, int, str]]:
    """Return file, line and path of every problem, one of which matches."""
    with pytest.raises(ScenarioError, match=match) as caught:
        load_scenario(folder)
    return [(Path(p.file).name, p.line, p.path) for p in caught.value.problems]


def test_a_scenario_with_variants_is_itself(folder: Path) -> None:
    """Variants that nobody asks for change nothing, not even the hash."""
    before = load_scenario(folder).sha256
    append("scenario.yaml", VARIANTS)(folder)
    assert load_scenario(folder).sha256 == before == load_scenario(f"{folder}@base").sha256


def test_a_variant_changes_what_it_lists(varied: Path) -> None:
    """Everything else is that of the scenario."""
    base, variant = load_scenario(varied), load_scenario(f"{varied}@more-money")
    assert (variant.tranches[-1].amount_usd, variant.tranches[-1].probability) == (900_000.0, 0.9)
    assert (variant.settings, variant.tranches[:-1]) == (base.settings, base.tranches[:-1])


def test_a_variant_extends_another(varied: Path) -> None:
    """What the nearer one says wins over what the farther one says."""
    late = load_scenario(f"{varied}@late")
    last = late.tranches[-1]
    assert (last.amount_usd, last.probability, last.due.year) == (900_000.0, 0.5, 2029)
    assert late.settings.horizon_years == 9


def test_every_route_to_the_same_values_has_the_same_hash(varied: Path) -> None:
    """Variant in the file, variant in its own file and command line cannot be told apart afterwards."""
    (varied / "variants").mkdir()
    text = "set:\n  funding[DONOR-2].amount_usd: 900000\n  funding[DONOR-2].probability: 9e-1\n"
    write("variants/own.yaml", text.encode())(varied)
    sets = {"funding[DONOR-2].amount_usd": "9e5", "funding[DONOR-2].probability": "0.90"}
    hashes = {
        load_scenario(f"{varied}@more-money").sha256,
        load_scenario(f"{varied}@own").sha256,
        load_scenario(varied / "variants" / "own.yaml").sha256,
        load_scenario(varied, sets).sha256,
    }
    assert len(hashes) == 1


def test_the_command_line_wins_over_a_variant(varied: Path) -> None:
    """--set is the last layer."""
    scenario = load_scenario(f"{varied}@late", {"horizon_years": "10"})
    assert (scenario.settings.horizon_years, scenario.tranches[-1].due.year) == (10, 2029)


def test_a_constant_is_the_same_whoever_sets_it(folder: Path) -> None:
    """A constant set by a variant is as assumed as one from the command line."""
    append("scenario.yaml", "variants:\n  v:\n    set:\n      parameters.transport.payload_t: 14\n")(folder)
    variant = load_scenario(f"{folder}@v")
    assert variant.register.entries["transport.payload_t"].confidence == "assumed"
    assert variant.sha256 == load_scenario(folder, {"parameters.transport.payload_t": "14"}).sha256


def test_a_source_for_a_variant_alone_is_used(folder: Path) -> None:
    """A source that only a variant cites is not an unused one."""
    append("sources.csv", "A-OFFER,assumed,Offer of a donor")(folder)
    append("scenario.yaml", "variants:\n  v:\n    set:\n      funding[DONOR-2].source: A-OFFER\n")(folder)
    assert load_scenario(folder).sources[-1].source_id == "A-OFFER"
    assert load_scenario(f"{folder}@v").tranches[-1].source == ("A-OFFER",)


def test_unknown_variant_is_answered(varied: Path) -> None:
    """Asking for a variant that is not there says which are."""
    with pytest.raises(ScenarioError, match=r"pilot: unknown variant more_money; did you mean more-money\?$"):
        load_scenario(f"{varied}@more_money")
    with pytest.raises(ScenarioError, match=r"unknown variant xyz; the variants are more-money, late$"):
        load_scenario(f"{varied}@xyz")


def test_no_variant_at_all_is_said(tmp_path: Path) -> None:
    """Asking for a variant of a scenario without any says so."""
    with pytest.raises(ScenarioError, match=r"unknown variant late; there is none yet$"):
        load_scenario(f"{write_starter('pilot', tmp_path)}@late")


def test_a_folder_with_an_at_sign_is_a_folder(tmp_path: Path) -> None:
    """The sign asks for a variant only if there is nothing of the whole name."""
    folder = write_starter("pilot", tmp_path)
    folder.rename(tmp_path / "pilot@home")
    assert load_scenario(tmp_path / "pilot@home").settings.name == "pilot"


@pytest.mark.parametrize(
    ("text", "line", "match"),
    [
        ("variants: 3\n", 23, r"variants: expected names of variants \(got 3\)"),
        ("variants:\n  v: 3\n", 24, r"variants\.v: expected the keys extends and set \(got 3\)"),
        ("variants:\n  v:\n    sets:\n      seed: 3\n", 25, r"unknown key; did you mean set\?"),
        ("variants:\n  v:\n    extends: base\n", 24, r"variants\.v\.set: expected paths and values"),
        ("variants:\n  v:\n    extends: w\n    set:\n      seed: 3\n", 24, "the name of a variant, or base"),
        ("variants:\n  v:\n    extends: v\n    set:\n      seed: 3\n", 24, "in a circle"),
        ("variants:\n  base:\n    set:\n      seed: 3\n", 24, "expected a name of Latin letters.* not base"),
        ("variants:\n  v w:\n    set:\n      seed: 3\n", 24, "expected a name of Latin letters"),
        ("variants:\n  v:\n    set:\n      sed: 3\n", 26, r"sed: unknown path; did you mean seed\?"),
        ("variants:\n  v:\n    set:\n      lots[L99].neq_kg: 3\n", 26, "expected a row of lots"),
        ("variant:\n  v:\n    set:\n      seed: 3\n", 23, r"variant: unknown key; did you mean variants\?"),
    ],
)
def test_a_mistake_in_a_variant_is_met_by_everybody(folder: Path, text: str, line: int, match: str) -> None:
    """A variant that is not asked for keeps no mistake of form to itself; each has its line."""
    append("scenario.yaml", text)(folder)
    assert ("scenario.yaml", line) in {(file, at) for file, at, _ in refused(folder, match)}


def test_a_value_of_a_variant_is_blamed_on_its_line(varied: Path) -> None:
    """A value that the schema refuses is reported where the variant has it."""
    text = (varied / "scenario.yaml").read_text(encoding="utf-8").replace("900000", "-9")
    (varied / "scenario.yaml").write_text(text, encoding="utf-8")
    line = 1 + text.splitlines().index("      funding[DONOR-2].amount_usd: -9")
    with pytest.raises(ScenarioError, match=rf"yaml:{line}: .*amount_usd: expected > 0 \(got -9\)$"):
        load_scenario(f"{varied}@more-money")
    assert load_scenario(varied).tranches[-1].amount_usd == 300_000.0


@pytest.mark.parametrize(
    ("file", "match"),
    [("x.yml", "expected a variant as NAME.yaml"), ("x.csv", "expected a variant as NAME.yaml")],
)
def test_a_file_that_is_no_variant_is_not_passed_over(folder: Path, file: str, match: str) -> None:
    """Files among the variants that nothing would read are errors."""
    (folder / "variants").mkdir()
    write(f"variants/{file}", b"set:\n  seed: 3\n")(folder)
    assert refused(folder, match) == [(file, 0, "")]


def test_one_name_is_one_variant(varied: Path) -> None:
    """A file and an entry of the same name are an error that names both."""
    (varied / "variants").mkdir()
    write("variants/late.yaml", b"set:\n  seed: 3\n")(varied)
    assert refused(varied, r"each variant once \(got late in .*scenario\.yaml:28 too\)") == [
        ("late.yaml", 1, "variants")
    ]


def test_a_variant_may_not_be_a_link_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    """A variant is as much a file of the folder as a table is, also through a linked folder."""
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "v.yaml").write_text("set:\n  seed: 3\n", encoding="utf-8")
    (folder / "variants").symlink_to(outside)
    assert refused(folder, "expected a file inside the folder") == [("v.yaml", 0, "")]
