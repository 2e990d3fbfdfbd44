"""Gather the motion of all movies, and write what belongs to their camera as RELION wants it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from icestream.formats import Block, write_star
from icestream.formats.defects import read_defects
from icestream.formats.gain import read_gain, write_gain
from icestream.formats.mrc import write_mrc
from icestream.formats.relion import RELION_VERSION, loop
from icestream.protocol import Group, LastProtocol, Parameters, Work
from icestream_relion.items import RelionMovie, RelionMovies
from icestream_relion.tables import micrograph_optics

__all__ = ["JoinMovies"]


class JoinMovies(LastProtocol[Parameters]):
    """Gather the movies of a session and their motion, once all are there, for RELION's polishing.

    Connect it to `movies.relion_motion`. What it makes is about the session, as are the last
    table, classes and map (`particles.relion_last`, `classes2d.last`, `volume.last`), and can be
    joined with what was made of these. When more movies come it waits for the end of them.
    """

    name = "movies.relion_join"
    title = "Movies for RELION"

    def process(self, group: Group[RelionMovie], work: Work) -> RelionMovies:
        movies = sorted(group.items, key=lambda item: item.exposure)
        path = work.path("corrected_micrographs.star")
        first = movies[0].movie
        optics = micrograph_optics(first.optics.binned(movies[0].binning), movies[0].binning)
        write_star(path, [loop("optics", [optics]), Block("micrographs", _rows(movies))],
                   RELION_VERSION)  # fmt: skip
        camera = _camera(movies, work)
        return RelionMovies(
            table=path,
            exposures=tuple(item.exposure for item in movies),
            motions=tuple(item.motion for item in movies),
            movies=tuple(item.movie.path for item in movies),
            camera=tuple(camera.values()),
            camera_names=tuple(camera),
        )

    def summarize(self, items: Sequence[RelionMovies]) -> str:
        return f"the motion of {len(items[-1].exposures)} movies is in one table" if items else ""


def _rows(movies: Sequence[RelionMovie]) -> dict[str, list[object]]:
    """A row for each movie, with what polishing needs to be the same in all of them."""
    rows: dict[str, list[object]] = {
        "rlnMicrographName": [f"{Path(item.name).stem}.mrc" for item in movies],
        "rlnMicrographMetadata": [f"motion/{Path(item.name).stem}.star" for item in movies],
        "rlnOpticsGroup": [1] * len(movies),
        "rlnMicrographMovieName": [item.name for item in movies],
        "rlnImageSizeX": [item.movie.shape[1] for item in movies],
        "rlnImageSizeY": [item.movie.shape[0] for item in movies],
        "rlnImageSizeZ": [item.movie.frames for item in movies],
        "rlnMicrographOriginalPixelSize": [item.movie.optics.pixel_size for item in movies],
        "rlnMicrographBinning": [item.binning for item in movies],
        "rlnMicrographDoseRate": [item.dose_per_frame for item in movies],
        "rlnEERUpsampling": [item.movie.eer_upsampling for item in movies],
        "rlnEERGrouping": [item.movie.eer_grouping for item in movies],
    }
    return rows


def _camera(movies: Sequence[RelionMovie], work: Work) -> Mapping[str, Path]:
    """Write each gain reference and each map of defects once; the files by their names.

    They are laid onto the frames here, since polishing is told of no orientation. A reference of
    EER movies divides.
    """
    written: dict[str, Path] = {}
    for item in movies:
        movie = item.movie
        if movie.gain is not None and item.gain_name not in written:
            target = written[item.gain_name] = _target(item.gain_name, work)
            eer = movie.path.suffix.lower() == ".eer"
            gain = read_gain(movie.gain, movie.shape, eer=eer, orientation=movie.gain_orientation)
            write_gain(target, gain, movie.optics.pixel_size, eer=eer)
        if item.defects is not None and item.defects_name not in written:
            target = written[item.defects_name] = _target(item.defects_name, work)
            write_mrc(target, read_defects(item.defects, movie.shape).astype("int8"))
    return written


def _target(name: str, work: Work) -> Path:
    path = work.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
