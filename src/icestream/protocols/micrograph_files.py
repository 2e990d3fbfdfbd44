"""The files of an aligned movie, see `icestream.model.Micrograph`."""

from dataclasses import dataclass
from pathlib import Path

from icestream.formats.image import write_picture
from icestream.formats.mrc import write_mrc
from icestream.model import Image, PartialSpectra, column
from icestream.processing.ctf.groups import PackedTiles
from icestream.processing.grey import draw_thumbnail
from icestream.processing.motion.warp import MovieSums

__all__ = ["MicrographFiles", "write_spectra", "write_sums"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrographFiles:
    """Where the sums of a movie were written; None for those that were not made."""

    best: Path
    unweighted: Path | None
    odd: Path | None
    even: Path | None
    thumbnail: Path


def write_sums(
    stem: Path, sums: MovieSums, pixel_size: float, thumbnail_size: int
) -> MicrographFiles:
    """Write the sums and a small picture of the best, to files whose names begin alike.

    `pixel_size` is that of the sums in Å, `thumbnail_size` the longest side of the picture.
    """

    def write(ending: str, image: Image) -> Path:
        return write_mrc(stem.with_name(f"{stem.name}{ending}"), image, pixel_size)

    thumbnail = draw_thumbnail(sums.best, pixel_size, thumbnail_size)
    return MicrographFiles(
        best=write(".mrc", sums.best),
        unweighted=None if sums.weighted is None else write("_noDW.mrc", sums.plain),
        odd=None if sums.halves is None else write("_odd.mrc", sums.halves[0]),
        even=None if sums.halves is None else write("_even.mrc", sums.halves[1]),
        thumbnail=write_picture(stem.with_name(f"{stem.name}.jpg"), thumbnail),
    )


def write_spectra(stem: Path, tiles: PackedTiles) -> PartialSpectra:
    """Write what the CTF is to be estimated on."""
    path = stem.with_name(f"{stem.name}_spectra.mrcs")
    write_mrc(path, tiles.power, tiles.side / len(tiles.power[0]))
    return PartialSpectra(
        path=path, places=column(tiles.places), side=tiles.side, taper=tiles.taper
    )
