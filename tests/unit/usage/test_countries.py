"""Countries and their outlines."""

import re

import pytest

from icestream.usage.countries import country_code, world_map


def test_every_outline_is_within_the_map() -> None:
    found = world_map()
    assert len(found.countries) == 250
    drawn = [one for one in found.countries.values() if one.outline or one.dot]
    assert len(drawn) > 230
    for one in drawn:
        assert not (one.outline and one.dot)
        places = [one.dot] if one.dot else corners(one.outline)
        assert all(0 <= x <= found.width and y <= found.height for x, y in places), one.name


def corners(path: str) -> list[tuple[int, int]]:
    """Corners of a path of M, l and z."""
    found = []
    for ring in path.removesuffix("z").split("z"):
        start, _, steps = ring.removeprefix("M").partition("l")
        numbers = [int(one) for one in re.findall(r"-?\d+", steps)]
        x, y = map(int, start.split())
        found.append((x, y))
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            found.append((x, y))
    return found


def test_no_outline_runs_across_the_map() -> None:
    # What lies on both sides of the 180th meridian is drawn in two parts.
    for code in ("RU", "FJ", "US"):
        for ring in world_map().countries[code].outline.removesuffix("z").split("z"):
            across = [x for x, _ in corners(ring)]
            assert max(across) - min(across) < 1000, code


def test_countries_are_where_they_are() -> None:
    def middle(code: str) -> tuple[float, float]:
        places = corners(world_map().countries[code].outline)
        return (
            sum(x for x, _ in places) / len(places),
            sum(y for _, y in places) / len(places),
        )

    assert middle("PT")[0] < middle("ES")[0] < middle("IT")[0]
    assert middle("SE")[1] < middle("DE")[1] < middle("ZA")[1]
    singapore = world_map().countries["SG"].dot
    assert singapore is not None
    assert middle("TH")[1] < singapore[1] < middle("AU")[1]


def test_a_country_is_said_by_code_or_by_name() -> None:
    assert country_code("es") == country_code("Spain") == country_code(" SPAIN ") == "ES"
    assert country_code("United Kingdom") == "GB"
    with pytest.raises(ValueError, match="did you mean Sweden"):
        country_code("Sweeden")
    with pytest.raises(ValueError, match="two letters of ISO 3166-1"):
        country_code("QQ")
