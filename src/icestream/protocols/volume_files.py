"""The files of a first 3D map, see `icestream.model.Volume`."""

from dataclasses import dataclass
from pathlib import Path

from icestream.formats.image import write_picture
from icestream.formats.mrc import write_mrc
from icestream.processing.volume.align import mirrored
from icestream.processing.volume.initial import FirstMap
from icestream.processing.volume.picture import draw_volume

__all__ = ["VolumeFiles", "write_volume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFiles:
    """Where the parts of a map were written."""

    map: Path
    mirrored: Path
    half1: Path
    half2: Path
    picture: Path


def write_volume(stem: Path, found: FirstMap, pixel_size: float) -> VolumeFiles:
    """Write a map, its other hand, its halves and a picture, to files whose names begin alike."""
    files = VolumeFiles(
        map=stem.with_name(f"{stem.name}_map.mrc"),
        mirrored=stem.with_name(f"{stem.name}_mirrored.mrc"),
        half1=stem.with_name(f"{stem.name}_half1.mrc"),
        half2=stem.with_name(f"{stem.name}_half2.mrc"),
        picture=stem.with_name(f"{stem.name}.png"),
    )
    write_mrc(files.map, found.volume, pixel_size, volume=True)
    write_mrc(files.mirrored, mirrored(found.volume), pixel_size, volume=True)
    write_mrc(files.half1, found.halves[0], pixel_size, volume=True)
    write_mrc(files.half2, found.halves[1], pixel_size, volume=True)
    write_picture(files.picture, draw_volume(found.volume))
    return files
