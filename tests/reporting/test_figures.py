import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from demilsim.reporting.canvas import spread_out
from demilsim.reporting.drawing import DrawnFigure
from demilsim.reporting.figures import draw_figures
from demilsim.reporting.reading import read_results
from reporting.conftest import EditSummary, write_results

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["harm-rate", "stock", "spending", "facilities", "deaths", "regions", "tornado"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[DrawnFigure, ...]:
    """Return the figures of the fixture's results, drawn once."""
    return draw_figures(read_results(write_results(tmp_path_factory.mktemp("drawn"))))


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()).strip() for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_figure_is_a_small_marked_document_with_words(drawn: tuple[DrawnFigure, ...]) -> None:
    """Each is well-formed XML with title and description, says SYNTHETIC, and has a caption."""
    assert [figure.name for figure in drawn] == NAMES
    for figure in drawn:
        root = ET.fromstring(figure.svg)
        assert root.findtext(f"{SVG}title") == figure.title
        assert root.findtext(f"{SVG}desc") == figure.alt
        assert root.get("role") == "img"
        assert "SYNTHETIC" in texts(figure.svg)
        assert figure.caption.endswith(".")
        assert len(figure.svg) < 100_000


def test_drawing_twice_gives_the_same_bytes(folder: Path, drawn: tuple[DrawnFigure, ...]) -> None:
    """No date, no random identifier, nothing left over in matplotlib's settings."""
    import matplotlib

    results = read_results(folder)
    before = dict(matplotlib.rcParams)
    matplotlib.rcParams["font.size"] = 30.0  # someone else's taste must not show
    try:
        assert draw_figures(results) == drawn
    finally:
        matplotlib.rcParams["font.size"] = before["font.size"]
    assert dict(matplotlib.rcParams) == before


def test_real_data_are_not_called_synthetic(folder: Path) -> None:
    """The mark follows the scenario."""
    results = read_results(folder)
    real = replace(results, scenario=results.scenario.model_copy(update={"synthetic": False}))
    assert not any("SYNTHETIC" in figure.svg for figure in draw_figures(real))


def test_hostile_names_stay_text(drawn: tuple[DrawnFigure, ...]) -> None:
    """Tags are escaped, dollar signs are not mathematics, no script element exists."""
    for figure in drawn:
        root = ET.fromstring(figure.svg)
        assert not list(root.iter(f"{SVG}script"))
        assert "<script" not in figure.svg
    facilities = next(f for f in drawn if f.name == "facilities")
    assert any("$x^2$" in text for text in texts(facilities.svg))


def test_letters_that_the_measuring_font_lacks_are_drawn_without_a_warning(
    folder: Path, edit: EditSummary
) -> None:
    """The reader's own font draws them."""

    def change(document: dict[str, Any]) -> None:
        document["regions"]["optimised"][0]["region"] = "北部"

    edit(change)
    drawn = {figure.name: figure for figure in draw_figures(read_results(folder))}
    assert "北部" in drawn["regions"].svg


@pytest.mark.parametrize(
    ("path", "value", "name", "said"),
    [
        (("policies", "optimised", "expected_fatalities", "mean"), 3.0, "deaths", "3.00 ± 0.25"),
        (
            ("regions", "optimised", 1, "harm_rate_start_per_year"),
            5.5,
            "regions",
            "in West <b>bold</b>, from 5.50",
        ),
        (
            ("destroyed_by_facility", "optimised", 1, "destroyed_t", 0),
            90_000.0,
            "facilities",
            "2026 with 90,",
        ),
    ],
)
def test_a_caption_follows_its_numbers(
    folder: Path,
    edit: EditSummary,
    drawn: tuple[DrawnFigure, ...],
    path: tuple[Any, ...],
    value: float,
    name: str,
    said: str,
) -> None:
    """Changing a stored number changes the sentence under the figure."""

    def change(document: dict[str, Any]) -> None:
        inner: Any = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value

    before = {figure.name: figure for figure in drawn}[name]
    edit(change)
    after = {figure.name: figure for figure in draw_figures(read_results(folder))}[name]
    assert said in after.caption
    assert after.caption != before.caption
    assert after.svg != before.svg


def test_few_results_draw_what_they_can(tmp_path: Path) -> None:
    """One policy without work: no facility figure, no comparison in the captions."""
    results = read_results(write_results(tmp_path / "one", ("do_nothing",)))
    figures = draw_figures(results)
    assert [figure.name for figure in figures] == ["harm-rate", "stock", "spending", "deaths", "regions"]
    assert "against" not in figures[0].caption


def test_single_constants_are_drawn_from_low_to_high(drawn: tuple[DrawnFigure, ...]) -> None:
    """Names in words, the largest first, both colours named, and the caption tells the first."""
    tornado = {figure.name: figure for figure in drawn}["tornado"]
    shown = texts(tornado.svg)
    assert {
        "responders per event [persons]",
        "open detonation accident rate per t",
        "low end of the range",
    } <= {*shown}
    assert "from 10 to 100 the optimised plan's expected deaths go from 4.25 to 14.2" in tornado.caption


@pytest.mark.parametrize("wanted", [[0.5] * 8, [0.0, 0.01, 0.99, 1.0], [1.0, 0.98, 0.97]])
def test_labels_keep_apart_and_inside(wanted: list[float]) -> None:
    """Labels at the same height are spread, and none leaves the axes."""
    places = sorted(spread_out(wanted, 0.06))
    assert all(later - earlier >= 0.06 - 1e-12 for earlier, later in pairwise(places))
    assert places[0] >= 0
    assert places[-1] <= 1
