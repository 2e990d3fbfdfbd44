"""What RELION's programs read: STAR files of our items, and their images beside them.

A program runs in the folder of its task. Images are linked there under short names, so that no
table holds a path that is longer than RELION takes, or has a blank.
"""

from pathlib import Path

from icestream.formats import write_star
from icestream.formats.relion import RELION_VERSION, loop, optics_row
from icestream.model import Ctf, Micrograph, Movie, Optics
from icestream.protocol import Work

__all__ = ["link", "micrograph_optics", "write_micrograph", "write_movie"]

_GROUP = "opticsGroup1"


def link(source: Path, work: Work, name: str) -> str:
    """Put a link to `source` into the task's folder; its name there, as RELION is told it."""
    target = work.folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.symlink_to(source.absolute())
    return name


def write_movie(path: Path, movie: Movie, name: str) -> None:
    """Write the table of one movie, which is called `name` there."""
    optics = optics_row(1, _GROUP, movie.optics, movie.optics.pixel_size)
    row = {"rlnMicrographMovieName": name, "rlnOpticsGroup": 1}
    write_star(path, [loop("optics", [optics]), loop("movies", [row])], RELION_VERSION)


def write_micrograph(path: Path, micrograph: Micrograph, name: str, ctf: Ctf | None = None) -> None:
    """Write the table of one micrograph, which is called `name` there, with its CTF if any."""
    optics = micrograph_optics(micrograph.optics, micrograph.binning)
    row: dict[str, object] = {"rlnMicrographName": name, "rlnOpticsGroup": 1}
    if ctf is not None:
        row |= {
            "rlnDefocusU": ctf.defocus_u,
            "rlnDefocusV": ctf.defocus_v,
            "rlnDefocusAngle": ctf.angle,
            "rlnPhaseShift": ctf.phase_shift,
            "rlnCtfFigureOfMerit": ctf.score,
            "rlnCtfMaxResolution": ctf.resolution,
        }
    write_star(path, [loop("optics", [optics]), loop("micrographs", [row])], RELION_VERSION)


def micrograph_optics(optics: Optics, binning: float) -> dict[str, object]:
    """The optics group of micrographs."""
    return {
        **optics_row(1, _GROUP, optics, optics.pixel_size / binning),
        "rlnMicrographPixelSize": optics.pixel_size,
    }
