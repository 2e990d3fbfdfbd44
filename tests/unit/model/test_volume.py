"""A first map as a value."""

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
