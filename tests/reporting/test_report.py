import base64
import hashlib
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest

from demilsim.errors import ResultsError
from demilsim.reporting.disclosure import merged_regions
from demilsim.reporting.headline import headline
from demilsim.reporting.policy_records import Region
from demilsim.reporting.reading import read_results
from demilsim.reporting.report import LARGEST_BYTES, Audience, write_report
from pages import Page
from reporting.conftest import EditSummary, Reported, write_results

FETCHING = ("src", "href", "srcset", "action", "data", "poster", "background")
SECRETS = ("LOT-SECRET", "STORE-SECRET", "SITE-SECRET")
NEQ_OF_A_LINE = re.compile(r"77,?7\d\d")


def written(folder: Path, audience: Audience = "public") -> tuple[str, Page]:
    html = write_report(folder, audience).read_text(encoding="utf-8")
    return html, Page(html)


def read(folder: Path) -> tuple[str, Page]:
    """Return the report that is there."""
    html = (folder / "report.html").read_text(encoding="utf-8")
    return html, Page(html)


def everything(folder: Path, html: str) -> str:
    """Return the report's text with its embedded figures decoded, and the figures beside it."""
    embedded = [base64.b64decode(found).decode() for found in re.findall(r"base64,([A-Za-z0-9+/=]+)", html)]
    return "\n".join([html, *embedded, *(path.read_text() for path in (folder / "figures").iterdir())])


def test_the_same_results_give_the_same_bytes(folder: Path) -> None:
    """Report and figures written twice are equal."""
    written(folder)
    first = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    written(folder)
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == first


def test_the_report_stands_alone_and_is_small(reported: Reported) -> None:
    """One script, of which the policy knows the hash; nothing else may run or be fetched; at most 3 MB."""
    html, page = read(reported("public"))
    assert len(html.encode()) <= LARGEST_BYTES
    assert [attributes for tag, attributes in page.tags if tag == "script"] == [{}]
    assert "link" not in {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in FETCHING:
            assert (attributes.get(name) or "#").startswith(("#", "data:image/svg+xml;base64,"))
    assert "url(" not in html
    assert "@import" not in html
    policies = [a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    script = html.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policies == [
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    ]


def test_figures_inside_and_beside_the_report_fetch_nothing(reported: Reported) -> None:
    """Addresses in an SVG are names of namespaces only."""
    html, _ = read(reported("public"))
    figures = "\n".join(everything(reported("public"), html).splitlines()[len(html.splitlines()) :])
    addresses = set(re.findall(r'(\S+)="https?://[^"]*"', figures))
    assert addresses == {"xmlns", "xmlns:xlink"}
    assert set(re.findall(r'href="(.)', figures)) == {"#"}


def test_hostile_names_are_shown_not_run(reported: Reported) -> None:
    """Tags in a title, a fund and a note arrive as text."""
    html, page = read(reported("public"))
    assert "Testland <script>alert('x')</script>" in page.text
    assert '"><img src=x onerror=alert(1)>' in page.text
    assert "<i>note</i>" in page.text
    assert all(str(a.get("src")).startswith("data:") for tag, a in page.tags if tag == "img")
    assert everything(reported("public"), html).count("<script") == 1


def test_the_headline_repeats_the_summary(reported: Reported) -> None:
    """17.5 - 8.25 = 9.25 averted, ± 0.21; 1.35 more than the best rule; tonnes and money as stored."""
    _, page = read(reported("public"))
    words = " ".join(page.text.split())
    assert (
        "The optimised plan is expected to avert 9.25 of the 17.50 ± 0.53 deaths (95% Monte Carlo interval "
        "9.04 to 9.46) expected over 15 years if only the host's own money is spent. Against the best simple "
        "rule, “risk per day first”, it averts a further 1.35 (95% Monte Carlo interval 1.14 to 1.56)."
    ) in words
    assert (
        "destroys 27,100 ± 130 t of a surplus of 29,500 t for USD 28.45 ± 0.21 million (2025 prices; ± is "
        "the half width of the 95% Monte Carlo interval)"
    ) in words
    assert "gone by 2038-06-30 in half of the replications" in words
    assert "between 3.30 and 18.2" in words


def set_difference(document: dict[str, Any], other: str, mean: float, half_width: float) -> None:
    document["differences"][f"optimised - {other}"] = {
        "expected_fatalities": {"mean": mean, "half_width": half_width}
    }


@pytest.mark.parametrize(
    ("other", "mean", "half_width", "said"),
    [
        (
            "host_only",
            -6.25,
            0.5,
            "avert 6.25 of the 17.50 ± 0.53 deaths (95% Monte Carlo interval 5.75 to 6.75)",
        ),
        ("host_only", -0.2, 0.5, "the interval includes zero, so no effect is shown"),
        ("host_only", 2.0, 0.5, "cause 2.00 deaths more than the 17.50"),
        ("risk_per_day_first", -0.1, 0.3, "no difference in deaths can be shown: \N{MINUS SIGN}0.10 ± 0.30"),
        (
            "risk_per_day_first",
            0.9,
            0.3,
            "it causes 0.90 more deaths (95% Monte Carlo interval 0.60 to 1.20)",
        ),
    ],
)
def test_the_headline_says_what_the_difference_is(
    folder: Path, edit: EditSummary, other: str, mean: float, half_width: float, said: str
) -> None:
    """More, fewer, or not shown: the sentence follows the paired difference and its interval."""
    edit(lambda document: set_difference(document, other, mean, half_width))
    assert said in headline(read_results(folder)).finding


def test_a_rule_picked_among_many_needs_the_wider_interval(folder: Path, edit: EditSummary) -> None:
    """Shown against one rule but not against all at once: no difference to the best rule is claimed."""

    def widen(document: dict[str, Any]) -> None:
        set_difference(document, "risk_per_day_first", -0.35, 0.3)
        spread = document["differences"]["optimised - risk_per_day_first"]["expected_fatalities"]
        spread["half_width_simultaneous"] = 0.39

    edit(lambda document: set_difference(document, "risk_per_day_first", -0.35, 0.3))
    assert "averts a further 0.35" in headline(read_results(folder)).finding
    _, page = written(folder)
    assert "to hold at once" not in page.text
    edit(widen)
    assert (
        "no difference in deaths can be shown: \N{MINUS SIGN}0.35 ± 0.39"
        in headline(read_results(folder)).finding
    )
    _, page = written(folder)
    assert "for all differences to hold at once, take their half widths 1.30 times as wide" in page.text


def test_a_rule_that_won_is_called_a_rule(folder: Path, edit: EditSummary) -> None:
    """Nothing claims an optimised plan where a rule was kept."""
    edit(lambda document: document["plan"].update(source="rule:risk_per_day_first"))
    finding = headline(read_results(folder)).finding
    assert finding.startswith("The chosen plan, the rule “risk per day first”,")
    assert "that rule is the plan reported here" in finding


def test_one_policy_gives_a_report_without_comparison(tmp_path: Path) -> None:
    """Results of `demilsim simulate`: an expectation, no difference, and the command that made them."""
    folder = write_results(tmp_path / "one", ("oldest_first",))
    _, page = written(folder)
    assert "12.60 ± 0.38 deaths are expected over 15 years" in page.text
    assert "Optimised minus this" not in page.text
    assert "demilsim simulate testland --seed 7 --replications 400 --rule oldest_first --out DIR" in page.text


def test_no_plan_is_called_optimal_beside_a_gap(folder: Path, edit: EditSummary) -> None:
    """The status of the MILP is told as that of a first choice; the gap as that of the whole plan."""
    edit(lambda document: document["plan"].update(status="optimal", gap_remaining=0.31))
    html, _ = written(folder)
    pairs = dict(re.findall(r"<dt>([^<]*)</dt>\s*<dd[^>]*>([^<]*)</dd>", html))
    assert pairs["Choice of new facilities and measures, on simplified harm"] == "solved to its own gap"
    assert pairs["Gap of the whole plan, share of the harm that remains"] == "31%"
    assert "optimal" not in pairs.values()
    edit(lambda document: document["plan"].update(status="feasible"))
    _, page = written(folder)
    assert "stopped early: another choice may be better" in page.text


def test_the_plan_is_described_with_bound_and_gaps(reported: Reported) -> None:
    """Incumbent, bound and both gaps stand together, with what they concern."""
    _, page = read(reported("public"))
    words = " ".join(page.text.split())
    for said in ("10.52", "9.874", "6.1%", "1.2%", "HiGHS 1.16", "4.4% more harm than was planned"):
        assert said in words
    assert words.count("The optimiser's bound concerns the linearised model") == 2


def test_a_bound_without_a_note_is_not_oversold(folder: Path, edit: EditSummary) -> None:
    """Where no note says what the bound holds for, the report claims nothing for it."""
    edit(lambda document: document.update(notes=[]))
    _, page = written(folder)
    assert "not known to bound the simulated harm" in page.text


def test_the_public_report_names_no_lot_storehouse_or_site(reported: Reported) -> None:
    """Nor any quantity of explosive or date of a line; tonnes by facility and year take their place."""
    html, page = read(reported("public"))
    text = everything(reported("public"), html)
    assert not [secret for secret in SECRETS if secret in text]
    assert not NEQ_OF_A_LINE.search(page.text)
    assert "Tonnes by facility and year in which work is planned" in page.text
    # lines 0, 4, … of the fixture go to the kiln; those of 2026 are line 0 alone
    row = re.search(r"Rotary kiln\s+120\s+124\s+128", page.text)
    assert row is not None


def test_partner_and_restricted_see_more(reported: Reported) -> None:
    """A partner sees lots and sites, the restricted report also storehouses, NEQ and reasons; both say so."""
    _, partner = read(reported("partner"))
    assert "PARTNER" in partner.text
    assert "LOT-SECRET-024" in partner.text
    assert "LOT-SECRET-025" not in partner.text
    assert "STORE-SECRET" not in partner.text
    assert not NEQ_OF_A_LINE.search(partner.text)
    _, restricted = read(reported("restricted"))
    assert "RESTRICTED" in restricted.text
    assert "STORE-SECRET-3" in restricted.text
    assert NEQ_OF_A_LINE.search(restricted.text)
    assert get_args(Audience) == ("public", "partner", "restricted")


def region(name: str, sites: int) -> Region:
    return Region(
        region=name,
        sites=sites,
        stock_t_start=10.0 * sites,
        stock_t_end=sites,
        harm_rate_start_per_year=0.1 * sites,
        harm_rate_end_per_year=0.01,
    )


@pytest.mark.parametrize(
    ("sites", "expected"),
    [
        ((3, 4), {"A": 3, "B": 4}),
        ((1, 2, 5), {"C": 5, "Other regions": 3}),
        ((2, 3, 5), {"C": 5, "Other regions": 5}),
        ((1, 1), {"All sites": 2}),
        ((1, 3), {"All sites": 4}),
    ],
)
def test_the_public_sees_regions_of_three_sites_or_more(
    sites: tuple[int, ...], expected: dict[str, int]
) -> None:
    """Small regions are merged until three sites are together; tonnes are kept."""
    regions = tuple(region(name, count) for name, count in zip("ABC", sites, strict=False))
    merged = merged_regions(regions)
    assert {row.region: row.sites for row in merged} == expected
    assert sum(row.stock_t_start for row in merged) == 10.0 * sum(sites)


def test_what_is_not_known_has_its_section(reported: Reported) -> None:
    """Shares of variance, the chance of being better, the worst region and single constants are told."""
    _, page = read(reported("public"))
    words = " ".join(page.text.split())
    assert "21% comes from constants that are not known and 79% from chance" in words
    assert "fewer expected deaths in at least 94% of the draws; the closest is “cheapest first”" in words
    assert "South has the highest harm rate at the start in 81% of the draws" in words
    assert re.search(r"Host only 19\.2 7\.00 to 38\.5 98 21 99 ", words)
    assert "consequence.responders_per_event 10 to 100 4.25 14.2" in words
    assert "demilsim run testland --seed 7 --replications 400 --parameter-draws 32 --out DIR" in words


def test_without_draws_the_report_says_so(folder: Path, edit: EditSummary) -> None:
    """No shares, no table, and a command that gives the same again."""
    edit(lambda document: document.update(uncertainty=None))
    _, page = written(folder)
    words = " ".join(page.text.split())
    assert "The constants were not varied here" in words
    assert "Optimised is better" not in words
    assert "--parameter-draws 0 --out DIR" in words


def test_ranks_of_small_regions_are_not_public(folder: Path, edit: EditSummary) -> None:
    """A region of one site is not named as the worst, even where the folder holds it."""

    def change(document: dict[str, Any]) -> None:
        document["uncertainty"]["region_ranking"][0].update(region="LONE-PLACE", sites=1)

    edit(change)
    html, _ = written(folder)
    assert "LONE-PLACE" not in everything(folder, html)


def test_the_public_report_merges_small_regions(folder: Path, edit: EditSummary) -> None:
    """Even where the folder holds a region of one site, its name does not come out."""

    def change(document: dict[str, Any]) -> None:
        document["regions"]["optimised"][0].update(region="LONE-PLACE", sites=1)

    edit(change)
    html, _ = written(folder)
    assert "LONE-PLACE" not in everything(folder, html)


def test_figures_of_another_audience_do_not_stay(folder: Path) -> None:
    """A figure that this report does not have is removed; those that no report draws stay."""
    (folder / "figures").mkdir()
    for name in ("frequency-number.svg", "funding.svg", "logo.svg"):
        (folder / "figures" / name).write_text("<svg/>")
    written(folder)
    assert not (folder / "figures" / "frequency-number.svg").exists()
    assert (folder / "figures" / "funding.svg").exists()
    assert (folder / "figures" / "logo.svg").exists()


def test_everything_synthetic_says_so(folder: Path, edit: EditSummary, reported: Reported) -> None:
    """Title, banner, each table and each figure; real data are marked nowhere."""
    html, page = read(reported("public"))
    assert html.count('class="synthetic">SYNTHETIC') == html.count("<caption>") + html.count("<figure")
    assert "(SYNTHETIC)</title>" in html
    edit(lambda document: document["scenario"].update(synthetic=False))
    _, real = written(folder)
    assert "SYNTHETIC" in page.text
    assert "SYNTHETIC" not in real.text


def test_the_page_can_be_read_aloud(reported: Reported) -> None:
    """Language, skip link, one h1, headings in order, scopes on heads, words for each picture."""
    html, page = read(reported("public"))
    tags = page.tags
    assert ("html", {"lang": "en"}) in tags
    assert any(attributes.get("href") == "#main" for _, attributes in tags)
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in tags if tag == "th")
    assert all(attributes.get("alt") for tag, attributes in tags if tag == "img")
    identifiers = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_assumed_numbers_are_marked(reported: Reported) -> None:
    """The two assumed numbers of the fixture carry the mark; others do not."""
    html, page = read(reported("public"))
    assert html.count('<span class="mark">assumed</span>') == 2
    assert "4 \N{MULTIPLICATION SIGN} 10⁻⁷" in page.text
    assert "4,000 to 25,000" in page.text


def test_nothing_of_the_run_enters_the_report(folder: Path, reported: Reported) -> None:
    """Whatever `run.json` holds, the report stays the same and names no path."""
    html, _ = read(reported("public"))
    (folder / "run.json").write_text('{"wall_seconds": 12345.678, "command": ["/secret/path"]}')
    again, _ = written(folder)
    assert again == html
    assert str(folder) not in html


def test_a_report_that_grew_too_large_is_refused(folder: Path, edit: EditSummary) -> None:
    """It would not pass through an e-mail; nothing is written."""
    edit(lambda document: document["notes"].append("x" * LARGEST_BYTES))
    with pytest.raises(ResultsError, match=r"report\.html: expected at most 3,000,000 bytes"):
        write_report(folder)
    assert not (folder / "report.html").exists()


def test_a_folder_that_is_not_one_says_so(tmp_path: Path) -> None:
    """The first missing file is named."""
    with pytest.raises(ResultsError, match=r"summary\.json: missing"):
        write_report(tmp_path)
