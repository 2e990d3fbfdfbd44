"""A first map as a value."""

from dataclasses import replace
from pathlib import Path

from icestream.model import QUALITIES, Volume, column, from_document, map_paths, to_document


def test_without_a_map_there_is_a_reason_and_no_quality() -> None:
    none = Volume(particles=0, iteration=1, note="12 particles in good classes, 1000 are needed")
    assert none.qualities() == {}
    again = from_document(Volume, to_document(none))
    assert (again.map, again.note) == (None, none.note)


def test_qualities_and_paths() -> None:
    volume = Volume(
        particles=1200,
        iteration=3,
        map=Path("map.mrc"),
        mirrored=Path("mirrored.mrc"),
        symmetry="D2",
        resolution=12.5,
        efficiency=0.9,
        fsc=column([1.0, 0.9]),
        symmetries=("C1", "D2"),
    )
    assert volume.qualities() == {
        "volume.resolution": 12.5,
        "volume.efficiency": 0.9,
        "volume.particles": 1200.0,
    }
    assert set(volume.qualities()) <= set(QUALITIES)
    moved = map_paths(volume, lambda path: Path("/session") / path)
    assert moved.mirrored == Path("/session/mirrored.mrc")
    assert moved.half1 is None
    assert from_document(Volume, to_document(volume)).symmetries == ("C1", "D2")


def made(efficiency: float = 0.9, *, limit: bool = False, shells: int = 11) -> Volume:
    return Volume(
        particles=1000,
        iteration=1,
        map=Path("map.mrc"),
        box=64,
        pixel_size=3.5,
        resolution=11.93,
        resolution_is_limit=limit,
        efficiency=efficiency,
        fsc=column([1.0] * shells),
    )


def test_a_resolution_at_the_end_of_the_shells_is_said_to_be_a_limit() -> None:
    assert made().reached == "11.9 Å"
    assert made(limit=True).reached == "11.9 Å or better, the limit of what was compared"
    whole = made(limit=True, shells=29)
    assert whole.reached == "11.9 Å or better, the limit of pixels of 3.50 Å"
    again = from_document(Volume, to_document(whole))
    assert again.resolution_is_limit
    assert not again.resolution_half_is_limit
    assert again.reached_half == "nowhere"


def test_uneven_views_have_no_resolution_of_all_directions() -> None:
    good, poor = made(0.35), made(0.06)
    assert good.even
    assert "volume.resolution" in good.qualities()
    assert not poor.even
    assert set(poor.qualities()) == {"volume.efficiency", "volume.particles"}
    assert poor.reached == "11.9 Å, in directions that are seen"
    assert replace(poor, resolution=0.0).reached == "nowhere"
