"""What flows between RELION's later programs: tables of particles and movies, masks, sharpening."""

from dataclasses import dataclass
from pathlib import Path

from icestream.model import Movie

__all__ = ["Mask", "RelionMovie", "RelionMovies", "RelionParticles", "Sharpening"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelionParticles:
    """Particles of many exposures, as one of RELION's tables and the stacks that it names.

    The table says ``000001@stacks/000002.mrcs``: the first image of the second of `stacks`, in a
    micrograph that is called ``000002.mrc``. RELION runs where links of these names are.
    """

    table: Path
    """STAR file with a block ``optics`` and a block ``particles``."""
    stacks: tuple[Path, ...]
    exposures: tuple[str, ...]
    """Names of the exposures that the stacks are of."""
    particles: int
    """Rows of the table."""
    box: int
    """Side of the images, pixels."""
    pixel_size: float
    """Å per pixel of the images."""
    diameter: float
    """Of the particles, Å; 0 when nobody said."""
    iteration: int
    """Number of the snapshot, from 1."""
    diameter_known: bool = True
    """False: `diameter` is a placeholder, as of the picks."""
    note: str = ""
    """What a person should know of them, such as which were left out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mask:
    """Where the density of a map is: 1 inside, 0 outside, with a soft edge between."""

    path: Path
    """MRC volume."""
    box: int
    """Voxels along a side."""
    pixel_size: float
    """Å per voxel."""
    threshold: float
    """Density from which on a voxel was taken for a part of the molecule."""
    part: float
    """Of the box that is inside, from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sharpening:
    """How a map was sharpened, and the correlation of its halves inside of a mask."""

    table: Path
    """RELION's table of the correlation (``postprocess.star``)."""
    mask: Path
    """MRC volume of the mask that was used."""
    bfactor: float
    """Å² by which the map was sharpened, mostly below 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelionMovie:
    """A movie whose motion is written down for Bayesian polishing."""

    exposure: str
    motion: Path
    """RELION's table of the motion of one movie."""
    movie: Movie
    name: str
    """What the table calls the movie: ``movies/shot_1.tiff``."""
    gain_name: str
    """What the table calls the gain reference: ``camera/gain_0123.mrc``; empty without one."""
    defects: Path | None
    """Defect map or list of the camera, as it was given."""
    defects_name: str
    """What the table calls the map of the defects; empty without one."""
    binning: float
    """Pixel of the micrograph in pixels of the movie."""
    dose_per_frame: float
    """e/Å²."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelionMovies:
    """The movies of many exposures, their motion, and what belongs to their camera.

    The tables say ``movies/shot_1.tiff`` and ``camera/gain_0123.mrc``. RELION runs where links of
    these names are.
    """

    table: Path
    """STAR file with a block ``optics`` and a block ``micrographs`` (``corrected_micrographs``),
    a row for each movie."""
    exposures: tuple[str, ...]
    """Names of the exposures, in the order of the rows."""
    motions: tuple[Path, ...]
    """RELION's table of the motion of each."""
    movies: tuple[Path, ...]
    camera: tuple[Path, ...]
    """Gain references and maps of defects."""
    camera_names: tuple[str, ...]
    """What the tables call each of these."""
