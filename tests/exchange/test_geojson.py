from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demilsim.errors import ScenarioError
from demilsim.exchange.geojson import sites_geojson
from demilsim.exchange.geojson_sites import read_sites
from demilsim.scenario.scenario import Scenario
from hostile import HOSTILE
from worlds import lot, site, storehouse, world

MARKED_UP = ("<", ">", "&", "\u2028", "\u2029")


def seven_sites() -> Scenario:
    """Return four sites in the north, three in the south, 100 t in each of three of them."""
    places = [("N", 50.26 + k, 70.31 + 2 * k) for k in range(4)] + [
        ("S", 41.0 + k, 60.0 + k) for k in range(3)
    ]
    sites = [
        site(f"{region}{k}", region=region, latitude_deg=latitude, longitude_deg=longitude, guard_level=2)
        for k, (region, latitude, longitude) in enumerate(places)
    ]
    houses = [storehouse(f"H{k}", sites[k].site_id) for k in range(3)]
    return world(sites=sites, storehouses=houses, lots=[lot(f"L{k}", f"H{k}") for k in range(3)])


def features(scenario: Scenario, audience: Any) -> list[dict[str, Any]]:
    """Return the features of a map."""
    found: list[dict[str, Any]] = json.loads(sites_geojson(scenario, audience))["features"]
    return found


def saved(tmp_path: Path, change: Callable[[dict[str, Any]], None] = lambda document: None) -> Path:
    """Return the restricted map of the seven sites as a file, with something changed."""
    document = json.loads(sites_geojson(seven_sites(), "restricted"))
    change(document)
    file = tmp_path / "sites.geojson"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_public_map_has_regions_at_rounded_means() -> None:
    """The mean of the four northern sites is 51.76 N, 73.31 E: shown at 52.0 N, 73.5 E, with their 300 t."""
    north, south = features(seven_sites(), "public")
    assert north["geometry"] == {"type": "Point", "coordinates": [73.5, 52.0]}
    assert north["properties"] == {"region": "N", "sites": 4, "stock_t": 300}
    assert south["properties"]["sites"] == 3


def test_public_map_of_few_sites_is_one_region() -> None:
    """Two sites are no region: there is one feature for all, without a name of its own."""
    scenario = world(
        sites=[site("A", region="X"), site("B", region="Y")], storehouses=[storehouse("H1", "A")]
    )
    (only,) = features(scenario, "public")
    assert only["properties"]["region"] == "All sites"


def test_partner_map_has_sites_to_a_tenth_of_a_degree() -> None:
    """Names and rough places, without guards, levels or climate."""
    first = features(seven_sites(), "partner")[0]
    assert first["geometry"]["coordinates"] == [70.3, 50.3]
    assert set(first["properties"]) == {"site_id", "name", "region", "country", "stock_t"}


def test_restricted_map_is_read_again_as_the_same_sites(tmp_path: Path) -> None:
    """Every column of every site survives."""
    assert read_sites(saved(tmp_path)) == seven_sites().sites


def test_columns_that_are_missing_come_from_the_scenario(tmp_path: Path) -> None:
    """A map of ids and places moves the sites of a scenario and leaves the rest."""
    file = tmp_path / "moved.geojson"
    point = {"type": "Point", "coordinates": [71.0, 50.0]}
    feature = {"type": "Feature", "geometry": point, "properties": {"site_id": "N0"}}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    (found,) = read_sites(file, seven_sites())
    assert found == seven_sites().sites[0].model_copy(update={"longitude_deg": 71.0, "latitude_deg": 50.0})
    with pytest.raises(ScenarioError, match=r"feature 1: properties: missing .*daily_half_swing_c"):
        read_sites(file)


def swap_point(document: dict[str, Any]) -> None:
    document["features"][0]["geometry"]["coordinates"].reverse()


def pole(document: dict[str, Any]) -> None:
    document["features"][0]["geometry"]["coordinates"] = [50.0, 120.0]


def line(document: dict[str, Any]) -> None:
    document["features"][1]["geometry"] = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}


def typo(document: dict[str, Any]) -> None:
    document["features"][0]["properties"]["regoin"] = "N"


def twice(document: dict[str, Any]) -> None:
    document["features"].append(document["features"][0])


def nested(document: dict[str, Any]) -> None:
    document["features"][0]["properties"]["name"] = {"en": "A"}


def other_crs(document: dict[str, Any]) -> None:
    document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}


def no_features(document: dict[str, Any]) -> None:
    document["features"] = []


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (swap_point, r"feature 1: geometry: .*swapped"),
        (pole, r"feature 1: latitude_deg: expected <= 90 \(got 120"),
        (line, r"feature 2: geometry: expected a point"),
        (typo, r"feature 1: regoin: unknown property; did you mean region"),
        (twice, r"feature 8: site_id: expected each site once"),
        (nested, r"feature 1: name: expected one value"),
        (other_crs, "expected WGS 84"),
        (no_features, "at least one feature"),
    ],
)
def test_bad_maps_are_refused_with_their_feature(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], match: str
) -> None:
    """Each mistake is said with the feature that has it."""
    with pytest.raises(ScenarioError, match=match):
        read_sites(saved(tmp_path, change), seven_sites())


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[" * 100_000, "levels"),
        ('{"type": "FeatureCollection", "features": [' + "9" * 5000 + "]}", "digits"),
        ('{"type": "a", "type": "b"}', "each key once"),
        ('{"type": NaN}', r"expected a number \(got NaN\)"),
        ('{"type": ', "1: expected JSON"),
        ("\x00", "control character"),
        ("[]", "expected a GeoJSON FeatureCollection"),
    ],
)
def test_hostile_json_is_refused(tmp_path: Path, text: str, match: str) -> None:
    """Depth, digits, double keys and what is no JSON: a sentence each."""
    (tmp_path / "a.geojson").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=match):
        read_sites(tmp_path / "a.geojson")


@pytest.mark.parametrize("audience", ["public", "partner", "restricted"])
def test_five_hundred_hostile_names_stay_text(audience: str) -> None:
    """No sign that could end a script is in the file, and the names are those that were given."""
    sites = [site(f"S{k}", name=name, region=name) for k, name in enumerate(HOSTILE)]
    text = sites_geojson(world(sites=sites), audience)  # type: ignore[arg-type]
    assert not [sign for sign in MARKED_UP if sign in text]
    names = [feature["properties"].get("name") or "" for feature in json.loads(text)["features"]]
    if audience != "public":
        assert names == [one.name for one in sites]
