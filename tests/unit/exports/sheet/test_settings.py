"""How the microscope was set is read beside the movies."""

import shutil
from dataclasses import replace
from pathlib import Path

from icestream.exports.sheet.settings import setting_rows
from icestream.model import Movie, Optics

MOVIE = Movie(
    exposure="a",
    path=Path("/gone/a.tiff"),
    frames=40,
    shape=(4092, 5760),
    optics=Optics(pixel_size=0.82, voltage=300.0),
    dose_per_frame=1.25,
)


def beside(folder: Path, name: str, metadata: Path) -> Movie:
    """A movie with metadata beside it."""
    (folder / name).write_bytes(b"")
    shutil.copyfile(metadata, folder / metadata.name)
    return replace(MOVIE, path=folder / name)


def test_epu_tells_spot_apertures_and_slit(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "acquisition" / "epu_3.8_falcon4i"
    movies = [
        beside(tmp_path, f"{path.stem}_EER.eer", path) for path in sorted(folder.glob("*.xml"))[:2]
    ]
    rows = dict(setting_rows(movies))
    assert rows["Camera"] == "Falcon 4i"
    assert rows["Nominal magnification"] == "270,000"
    assert rows["Energy slit"] == "10 eV"
    assert rows["Exposure time"] == "0.62 s"
    assert rows["Spot size"].isdigit()
    assert "C2" in rows["Apertures"]


def test_serialem_tells_spot_and_slit(tmp_path: Path, shared_data: Path) -> None:
    (path, *_) = sorted((shared_data / "acquisition" / "serialem").glob("*.tif.mdoc"))
    rows = dict(setting_rows([beside(tmp_path, path.stem, path)]))
    assert rows["Spot size"].isdigit()
    assert rows["Exposure time"].endswith(" s")


def test_movies_that_have_gone_tell_nothing() -> None:
    assert list(setting_rows([MOVIE, MOVIE])) == []
    assert list(setting_rows([])) == []
