"""Countries by their codes of ISO 3166-1, with outlines for a map of the world.

The outlines are Natural Earth's (public domain), at 1:110 million, in the Equal Earth projection,
which shows areas as they are. What is too small for that scale has a place instead of an outline.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from icestream.alike import meant

__all__ = ["Country", "WorldMap", "country_code", "world_map"]


@dataclass(frozen=True, slots=True)
class Country:
    """A country, and how it is drawn."""

    code: str
    """Two letters of ISO 3166-1, or XK."""
    name: str
    outline: str = ""
    """Path of SVG; empty: too small for the map."""
    dot: tuple[int, int] | None = None
    """Where it lies if it is too small for an outline; None: it has one, or is not on the map."""


@dataclass(frozen=True, slots=True)
class WorldMap:
    """All countries, and the size of the drawing that their outlines are made for."""

    width: int
    height: int
    others: str
    """Path of land to which no code belongs."""
    countries: Mapping[str, Country]
    """By code."""


@functools.cache
def world_map() -> WorldMap:
    """The map, read once."""
    said = json.loads((files("icestream.usage") / "countries.json").read_text("utf-8"))
    countries = {
        code: Country(
            code, one["name"], one.get("outline", ""), tuple(one["dot"]) if "dot" in one else None
        )
        for code, one in said["countries"].items()
    }
    return WorldMap(said["width"], said["height"], said["others"], countries)


def country_code(given: str) -> str:
    """The code of a country that is given by code or by name.

    >>> country_code("es"), country_code("Spain")
    ('ES', 'ES')

    Raises
    ------
    ValueError
        If there is none; says what may be meant.
    """
    known = world_map().countries
    code = given.strip().upper()
    if code in known:
        return code
    names = {one.name: one.code for one in known.values()}
    for name, found in names.items():
        if name.casefold() == given.strip().casefold():
            return found
    advice = meant(given, names) or "give its two letters of ISO 3166-1, such as ES"
    raise ValueError(f"{given[:60]!r} is no country that is known; {advice}")
