"""Pictures: found by their mark, wherever the mark is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

from icestream.model import (
    ITEM_TYPES,
    Picture,
    from_document,
    marked_fields,
    pictures_of,
    to_document,
)

ICE, RING, TILES = Picture("Ice", "Thick ice is dark"), Picture("Ring"), Picture("Tiles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An item with pictures of all sorts, and a path that is none."""

    exposure: str
    ring: Annotated[Path | None, RING] = None
    table: Path | None = None
    ice: Annotated[Path, ICE] | None = None
    tiles: tuple[Annotated[Path, TILES], ...] = ()
    limit: Annotated[float, "Å"] = 1.0


def test_pictures_come_in_the_order_of_the_fields() -> None:
    seen = Seen(
        exposure="e", ice=Path("i.png"), ring=Path("r.png"), table=Path("t.csv"),
        tiles=(Path("1.png"), Path("2.png")),
    )  # fmt: skip
    assert list(pictures_of(seen)) == [
        (Path("r.png"), RING),
        (Path("i.png"), ICE),
        (Path("1.png"), TILES),
        (Path("2.png"), TILES),
    ]


def test_a_picture_that_is_not_there_is_none() -> None:
    assert list(pictures_of(Seen(exposure="e"))) == []


def test_a_mark_changes_nothing_in_a_document() -> None:
    seen = Seen(exposure="e", ring=Path("r.png"), ice=Path("i.png"))
    assert to_document(seen)["ring"] == "r.png"
    assert from_document(Seen, to_document(seen)) == seen


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("Micrograph", ["Micrograph", "Motion over the field"]),
        ("Ctf", ["Power spectrum"]),
        ("Volume", ["Map"]),
        ("Gain", ["Gain"]),
        ("Movie", []),
        ("Rejected", []),
    ],
)
def test_our_own_pictures(name: str, titles: list[str]) -> None:
    marks = marked_fields(ITEM_TYPES[f"icestream.model:{name}"])
    assert [mark.title for _, mark in marks] == titles
