"""Every file that is missing or cut is named, and takes what needs it out of the export."""

from dataclasses import replace
from pathlib import Path

import pytest

from export_items import MICROGRAPH, MOVIE, OPTICS, exposure, particles
from icestream.exports.chain import Items
from icestream.exports.damage import Inspection, recorded_sizes
from icestream.model import Classes, Ctf, column
from icestream.store.files import Damage
from report_session import SampleSession


@pytest.fixture
def items(tmp_path: Path) -> Items:
    """An exposure with all its files, of 8 bytes each."""
    for name in ("a.tiff", "g.mrc", "a.mrc", "n.mrc", "s.mrc", "a.mrcs"):
        (tmp_path / name).write_bytes(b"8 bytes.")
    ctf = Ctf(
        exposure="a", optics=OPTICS, defocus_u=2e4, defocus_v=1e4, angle=5,
        spectrum_image=tmp_path / "s.mrc",
    )  # fmt: skip
    whole = exposure(
        replace(MOVIE, path=tmp_path / "a.tiff", size=8, gain=tmp_path / "g.mrc"),
        replace(MICROGRAPH, path=tmp_path / "a.mrc", unweighted=tmp_path / "n.mrc"),
        replace(particles(), stack=tmp_path / "a.mrcs"),
    )
    return replace(whole, ctf=ctf)


def inspected(items: Items, folder: Path) -> tuple[Items, list[Damage]]:
    inspection = Inspection(dict.fromkeys(folder.glob("*.mrc*"), 8))
    (found,) = inspection.whole([items])
    (again,) = inspection.whole([items])
    assert again == found  # and no damage is counted twice
    return found, inspection.damages


def test_what_is_whole_stays(items: Items, tmp_path: Path) -> None:
    assert inspected(items, tmp_path) == (items, [])


def test_all_damages_are_named(items: Items, tmp_path: Path) -> None:
    sizes = dict.fromkeys(tmp_path.glob("*.mrc*"), 8)
    (tmp_path / "a.mrcs").write_bytes(b"cut")
    for name in ("a.tiff", "g.mrc", "n.mrc", "s.mrc", "a.mrc"):
        (tmp_path / name).unlink()
    inspection = Inspection(sizes)
    (found,) = inspection.whole([items])
    said = {damage.path.name: damage.what for damage in inspection.damages}
    gone = "is missing"
    assert said == {
        "a.tiff": gone, "g.mrc": gone, "n.mrc": gone, "s.mrc": gone, "a.mrc": gone,
        "a.mrcs": "has 3 of 8 bytes",
    }  # fmt: skip
    assert str(Damage(tmp_path / "a.mrcs", "has 3 of 8 bytes")).startswith(str(tmp_path))
    assert found.micrograph is None
    assert found.particles is None
    assert found.movie is not None


@pytest.mark.parametrize("cut", ["n.mrc", "s.mrc"])
def test_what_can_be_without_a_file_is_exported_without(
    items: Items, tmp_path: Path, cut: str
) -> None:
    sizes = dict.fromkeys(tmp_path.glob("*.mrc*"), 8)
    (tmp_path / cut).write_bytes(b"longer than it was")
    (found,) = Inspection(sizes).whole([items])
    assert found.micrograph is not None
    assert found.ctf is not None
    assert (found.micrograph.unweighted is None) == (cut == "n.mrc")
    assert (found.ctf.spectrum_image is None) == (cut == "s.mrc")


def test_classes_need_both_their_files(tmp_path: Path) -> None:
    (tmp_path / "c.mrcs").write_bytes(b"12345678")
    one = column([1])
    classes = Classes(
        averages=tmp_path / "c.mrcs", box=8, pixel_size=1.0, counts=one, resolution=one, score=one,
        assignments=tmp_path / "a.parquet", particles=1, iteration=1,
    )  # fmt: skip
    inspection = Inspection({})
    assert inspection.whole_classes(classes) is None
    assert [damage.path.name for damage in inspection.damages] == ["a.parquet"]
    (tmp_path / "a.parquet").touch()
    assert Inspection({}).whole_classes(classes) is classes
    assert Inspection({}).whole_classes(None) is None


def test_a_folder_in_the_way_is_a_damage_too(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    inspection = Inspection({})
    assert not inspection.is_whole(tmp_path / "file" / "below")
    assert str(inspection.damages[0]).endswith("below is missing")
    assert dict(inspection.found()) == {}


def test_sizes_are_those_of_the_store(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=1.7e9)
    session.grow(2)
    sizes = recorded_sizes(session.store)
    assert all(path.is_absolute() for path in sizes)
