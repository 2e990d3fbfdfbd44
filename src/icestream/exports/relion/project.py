"""A RELION project of a session: what RELION 3.1 and 5 would have written themselves.

Image files are hard-linked (copied across file systems), raw movies and gains are symbolic
links. Every file name and label follows RELION's own jobs, so that any later job can start here.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from icestream.exports.chain import Items, Makers, find_chain, latest_classes, read_exposures
from icestream.exports.provenance import write_provenance
from icestream.exports.relion.class2d import write_class2d
from icestream.exports.relion.motion import write_motion
from icestream.exports.relion.optics import OpticsGroups, session_label
from icestream.exports.relion.pipeline import JOBS, Job, write_pipeline
from icestream.exports.relion.rows import (
    Names,
    ctf_row,
    micrograph_row,
    particle_columns,
    pick_columns,
)
from icestream.exports.relion.table import VERSION, Table
from icestream.formats.gain import read_gain, write_gain
from icestream.formats.star import Block, write_star
from icestream.formats.whole import written_whole
from icestream.model import AS_IT_IS, Ctf, Micrograph, Movie, Particles, Picks
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import Store, open_store

__all__ = ["Gains", "Summary", "export_relion"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What an export wrote."""

    project: Path
    movies: int
    micrographs: int
    ctfs: int
    picked: int
    particles: int
    classes: int


def export_relion(session: Path, out: Path, *, registry: Registry | None = None) -> Summary:
    """Write the session in the folder `session` as a RELION project into `out`.

    Parameters
    ----------
    session
        Folder of the session; it may still be running.
    out
        Folder of the project; made if missing. A project that is there is brought up to date.
    registry
        Where the session's protocols are found; the installed ones by default.

    Raises
    ------
    FileExistsError
        If `out` holds something that is not a RELION project of ours.
    """
    out = out.resolve()
    marker = out / ".icestream-export"
    if out.exists() and any(out.iterdir()) and not marker.exists():
        raise FileExistsError(
            f"{out} is not empty and was not written by an earlier export; "
            "name an empty or new folder"
        )
    out.mkdir(parents=True, exist_ok=True)
    marker.touch()
    store = open_store(session, readonly=True)
    try:
        return _Export(store, out, registry or Registry()).write()
    finally:
        store.close()


class Gains:
    """Gain references that RELION can take as they are: Polish is told of no orientation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: set[Path] = set()

    def of(self, movie: Movie) -> Path | None:
        """The movie's own reference, or where it was turned or is Gatan's one that was written."""
        path = movie.gain
        if path is None:
            return None
        as_it_is = movie.gain_orientation.is_same_as(AS_IT_IS)
        if as_it_is and path.suffix.lower() not in (".dm3", ".dm4"):
            return path
        laid = self._folder / f"{path.stem}_as_applied.mrc"
        if laid not in self._written:
            self._written.add(laid)
            eer = movie.path.suffix.lower() == ".eer"
            orientation = movie.gain_orientation
            factors = read_gain(path, movie.shape, eer=eer, orientation=orientation)
            self._folder.mkdir(parents=True, exist_ok=True)
            write_gain(laid, factors, movie.optics.pixel_size, eer=eer)
        return laid


class _Export:
    """One export: the tables that grow while the exposures go by."""

    def __init__(self, store: Store, out: Path, registry: Registry) -> None:
        self.store, self.out = store, out
        self.chain: Makers = find_chain(store, registry)
        label = session_label(queries.session(store))
        self.groups = OpticsGroups(read_exposures(store, self.chain), label)
        image = self.groups.of_micrographs()
        job = out / "MotionCorr/job002"
        movies = out / "Import/job001/movies.star"
        self.movies = Table(movies, "movies", self.groups.of_movies())
        self.micrographs = Table(job / "corrected_micrographs.star", "micrographs", image)
        self.ctfs = Table(out / "CtfFind/job003/micrographs_ctf.star", "micrographs", image)
        self.picks = Table(out / "AutoPick/job004/autopick.star", "coordinate_files")
        self.gains = Gains(out / "Movies")
        self.particles: Table | None = None
        self.first_particles: Particles | None = None

    def write(self) -> Summary:
        try:
            for items in read_exposures(self.store, self.chain):
                self._exposure(items)
            for table in self._tables():
                table.close()
        except BaseException:
            for table in self._tables():
                table.drop()
            raise
        jobs = self._jobs()
        classes = latest_classes(self.store, self.chain)
        if classes is not None and self.first_particles is not None:
            assert self.particles is not None
            optics = self.groups.of_particles()
            jobs.append(write_class2d(self.out, classes, self.first_particles, optics))
        write_pipeline(self.out, jobs)
        write_provenance(self.store, self.out / "provenance")
        return Summary(
            self.out,
            self.movies.rows,
            self.micrographs.rows,
            self.ctfs.rows,
            self.picks.rows,
            self.particles.rows if self.particles else 0,
            len(classes.counts) if classes is not None else 0,
        )

    def _tables(self) -> list[Table]:
        tables = [self.movies, self.micrographs, self.ctfs, self.picks]
        return tables + ([self.particles] if self.particles is not None else [])

    def _exposure(self, items: Items) -> None:
        if items.movie is None:
            return
        group = self.groups.number(items)
        names = self._movie(items.movie, group)
        if items.micrograph is None:
            return
        row = self._micrograph(names, items.micrograph, items.movie, group)
        if items.ctf is None:
            return
        if items.ctf.spectrum_image is not None:
            _place(items.ctf.spectrum_image, self.out / names.ctf)
        self.ctfs.add({**row, **ctf_row(names, items.ctf)})
        if items.accepted and items.picks is not None:
            self._picks(names, items.picks)
        if items.accepted and items.particles is not None and len(items.particles):
            self._particles(names, items.particles, group)

    def _movie(self, movie: Movie, group: int) -> Names:
        names = Names(f"Movies/{movie.exposure}{movie.path.suffix}", f"Movies/{movie.exposure}")
        _link(movie.path, self.out / names.movie)
        self.movies.add({"rlnMicrographMovieName": names.movie, "rlnOpticsGroup": group})
        return names

    def _micrograph(
        self, names: Names, micrograph: Micrograph, movie: Movie, group: int
    ) -> dict[str, object]:
        _place(micrograph.path, self.out / names.micrograph)
        if micrograph.unweighted is not None:
            _place(micrograph.unweighted, self.out / names.unweighted)
        gain, defects = self._beside(self.gains.of(movie)), self._beside(movie.defects)
        write_motion(self.out / names.motion, names, movie, micrograph, gain=gain, defects=defects)
        row = micrograph_row(names, micrograph, group)
        self.micrographs.add(row)
        return row

    def _beside(self, path: Path | None) -> str | None:
        """A gain or defect file, linked beside the movies."""
        if path is None:
            return None
        if path.parent != self.out / "Movies":
            _link(path, self.out / "Movies" / path.name)
        return f"Movies/{path.name}"

    def _picks(self, names: Names, picks: Picks) -> None:
        path = self.out / names.picks
        path.parent.mkdir(parents=True, exist_ok=True)
        write_star(path, [Block("", pick_columns(picks))], VERSION)
        self.picks.add(
            {"rlnMicrographName": names.micrograph, "rlnMicrographCoordinates": names.picks}
        )

    def _particles(self, names: Names, particles: Particles, group: int) -> None:
        _place(particles.stack, self.out / names.stack)
        if self.particles is None:
            self.first_particles = particles
            path = self.out / "Extract/job005/particles.star"
            self.particles = Table(path, "particles", self.groups.of_particles())
        self.particles.extend(particle_columns(names, particles, group), len(particles))

    def _jobs(self) -> list[Job]:
        made = (Movie, Micrograph, Ctf, Picks, Particles)
        tables = (self.movies, self.micrographs, self.ctfs, self.picks, self.particles)
        jobs = []
        for job, kind, table in zip(JOBS, made, tables, strict=True):
            if kind in self.chain and table is not None and table.rows:
                jobs.append(job)
        if self.picks.rows:
            micrographs = "CtfFind/job003/micrographs_ctf.star"
            (self.out / "AutoPick/job004/coords_suffix_autopick.star").write_text(
                micrographs + "\n"
            )
        return jobs


def _link(source: Path, target: Path) -> None:
    """A symbolic link to raw data, which stay where they are."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.exists():
        if target.is_symlink() and target.readlink() == source:
            return
        target.unlink()
    target.symlink_to(source)


def _place(source: Path, target: Path) -> None:
    """A hard link, or a copy across file systems, put in place by renaming."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.samefile(source):
        return
    with written_whole(target) as unfinished:
        try:
            os.link(source, unfinished)
        except OSError:
            shutil.copy2(source, unfinished)
