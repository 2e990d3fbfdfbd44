"""A RELION project of a session: what RELION would have written itself.

Every file name and label follows RELION's own jobs, so that any later job can start here. Files are
the project's own (`icestream.exports.place`), and what RELION has added since is kept.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.exports.chain import (
    Items,
    Makers,
    cut_parameters,
    find_chain,
    latest_classes,
    read_exposures,
    taken_by_classes,
)
from icestream.exports.chosen import chosen_results
from icestream.exports.claim import claim_folder
from icestream.exports.classified import CutParticles
from icestream.exports.damage import Inspection, recorded_sizes
from icestream.exports.left_out import LeftOut
from icestream.exports.place import check_room, link, place
from icestream.exports.provenance import write_provenance
from icestream.exports.relion.camera import CameraFiles
from icestream.exports.relion.class2d import write_class2d
from icestream.exports.relion.jobs import (
    CLASS2D,
    CORRECTED,
    IMPORTED,
    JOBS,
    JOBS_OF_MICROGRAPHS,
    Job,
    Version,
    class2d_job,
)
from icestream.exports.relion.modulation import put_mtf
from icestream.exports.relion.optics import OpticsGroups, session_label
from icestream.exports.relion.pipeline import settle_version, write_pipeline
from icestream.exports.relion.rows import (
    Names,
    ctf_row,
    micrograph_row,
    picks_row,
)
from icestream.exports.relion.settings import (
    Settings,
    class2d_settings,
    ctf_settings,
    extract_settings,
    import_settings,
    motion_settings,
    picking_settings,
)
from icestream.exports.relion.summary import Summary, write_readme
from icestream.exports.relion.table import Table
from icestream.formats.relion import RELION_VERSION, particle_columns, pick_columns
from icestream.formats.relion_motion import write_motion
from icestream.formats.renamed import present_path
from icestream.formats.star import Block, write_star
from icestream.model import (
    Classes,
    Micrograph,
    Movie,
    Particles,
    Picks,
    optics_words,
    safe_file_name,
)
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import Store, open_store
from icestream.store.records import StandingRecord

__all__ = ["export_relion"]


def export_relion(  # noqa: PLR0913 - each option is one thing that may be said
    session: Path,
    out: Path,
    *,
    version: Version | None = None,
    registry: Registry | None = None,
    incomplete: bool = False,
    branch: str | None = None,
    mtf: Path | None = None,
) -> Summary:
    """Write the session in the folder `session` as a RELION project into `out`.

    What is missing or cut is left out, and named in the summary. Where steps wait to be run again,
    the project is of the last complete results: those of before the change.

    Parameters
    ----------
    session
        Folder of the session; it may still be running.
    out
        Folder of the project; made if missing. A project that is there is brought up to date.
    version
        Of RELION, for which it is written; by default that of the project, or 3.1 for a new one.
    registry
        Where the session's protocols are found; the installed ones by default.
    incomplete
        Write what there is of the present results, although steps wait to be run again.
    branch
        Name of a branch; the adopted one by default. Of one for a sample, it is what it has.
    mtf
        STAR file of the camera's modulation transfer function; that of an earlier export is kept.

    Raises
    ------
    LookupError
        If the session begins neither with movies nor with micrographs, or has no such branch.
    FileExistsError
        If `out` holds something that is not a RELION project of ours, or one of another session, or
        another export is written there now.
    icestream.exports.relion.pipeline.PipelineConflict
        If RELION has added to the project what cannot be kept.
    icestream.formats.errors.FormatError
        If `mtf` is no modulation transfer function.
    icestream.exports.place.NoRoom
        If the disk of `out` is too small.
    """
    out = out.resolve()
    store = open_store(session, readonly=True)
    try:
        record = queries.session(store)
        chain = find_chain(store, registry or Registry())
        if Movie not in chain and Micrograph not in chain:
            raise LookupError(
                f"the session {session} has no step that imports movies or micrographs, and a "
                "RELION project of ours begins with them: nothing was written. Take the tables of "
                "`icestream table`"
            )
        join = "join the two in RELION (Join star files)"
        with claim_folder(out, record, "RELION project", join):
            chosen = chosen_results(store, branch, incomplete=incomplete)
            version_ = settle_version(out, version)
            called = put_mtf(out, mtf)
            export = _Export(store, out, registry or Registry(), version_, chosen.standing, called)
            made = export.write()
            summary = replace(made, state=chosen.words)
            write_readme(summary, record.name, summary.steps)
        return summary
    finally:
        store.close()


@dataclass(slots=True)
class _Firsts:
    """The first of each kind, which stand for all in what RELION's window shows."""

    items: Items | None = None
    """Of the first micrograph."""
    movie: Items | None = None
    picks: Picks | None = None
    particles: Particles | None = None


class _Export:
    """One export: the tables that grow while the exposures go by."""

    def __init__(
        self,
        store: Store,
        out: Path,
        registry: Registry,
        version: Version,
        standing: StandingRecord | None = None,
        mtf: str = "",
    ) -> None:
        self.store, self.out, self.version = store, out, version
        self.session = queries.session(store)
        self.chain: Makers = find_chain(store, registry, standing)
        self.inspection = Inspection(recorded_sizes(store))
        exposures = self.inspection.whole(read_exposures(store, self.chain))
        self.groups = OpticsGroups(exposures, session_label(self.session), mtf)
        self.classes = self.inspection.whole_classes(latest_classes(store, self.chain))
        movies, images = self.groups.of_movies(), self.groups.of_micrographs()
        self.imported = Movie not in self.chain
        """The session begins with micrographs."""
        self.movies = Table(out / "Import/job001/movies.star", "movies", movies)
        aligned = IMPORTED if self.imported else CORRECTED
        self.micrographs = Table(out / aligned.path, "micrographs", images)
        self.ctfs = Table(out / "CtfFind/job003/micrographs_ctf.star", "micrographs", images)
        self.picks = Table(out / "AutoPick/job004/autopick.star", "coordinate_files")
        self.picked = Table(out / "AutoPick/job004/summary.star", "")
        particles = self.groups.of_particles()
        self.particles = Table(out / "Extract/job005/particles.star", "particles", particles)
        self.camera = CameraFiles(out)
        self.left_out = LeftOut()
        self.firsts = _Firsts()
        self.assumed: dict[str, None] = {}
        self.cut: dict[str, int | None] = {}
        """The result that has the particles of each exposure."""
        self.places: dict[str, NDArray[np.float32]] = {}
        """Where they lie in its micrograph, Å."""
        self.uneven = 0
        """Movies whose doses differ from frame to frame."""

    def write(self) -> Summary:
        check_room(self._to_come(), self.out)
        tables = (
            self.movies, self.micrographs, self.ctfs, self.picks, self.picked, self.particles,
        )  # fmt: skip
        try:
            for found in self.inspection.whole(read_exposures(self.store, self.chain)):
                items = self.groups.known(found)
                if items is not None:
                    self._exposure(items)
            for table in tables:
                table.close()
        except BaseException:
            for table in tables:
                table.drop()
            raise
        classes, classified = self._class2d()
        write_pipeline(self.out, self._jobs(classes), self.version, self._settings(classes))
        write_provenance(self.store, self.out / "provenance", self.chain.standing)
        return self._summary(classes, classified)

    def _to_come(self) -> list[tuple[Path, int]]:
        """The session's own files, which are put into the project, with their bytes."""
        ours = self.inspection.sizes
        return [(path, size) for path, size in self.inspection.found() if path in ours]

    def _exposure(self, items: Items) -> None:
        taken = items.movie if items.movie is not None else items.micrograph
        if taken is not None and taken.assumed:
            self.assumed[optics_words(taken.optics, taken.assumed, all_=False)] = None
        if self.imported and items.micrograph is not None:
            names = _names_of(items.micrograph)
        elif items.movie is not None:
            names = self._movie(items.movie, self.groups.number(items))
            self.firsts.movie = self.firsts.movie or items
        else:
            return
        picked = items.accepted and items.picks is not None and items.ctf is not None
        if items.micrograph is None or not picked:
            # RELION 3.1 takes every file of this name, also one of before a rejection.
            (self.out / names.picks).unlink(missing_ok=True)
        if items.micrograph is None:
            return
        group = self.groups.number(items)
        row = self._micrograph(names, items.micrograph, items.movie, group)
        self.firsts.items = self.firsts.items or items
        if items.ctf is None:
            return
        if items.ctf.spectrum_image is not None:
            place(items.ctf.spectrum_image, self.out / names.ctf)
        self.ctfs.add({**row, **ctf_row(names, items.ctf)})
        self.left_out.count(items)
        if not items.accepted:
            return
        if items.picks is not None:
            self._picks(names, items.picks)
        if items.particles is not None and len(items.particles):
            self._particles(names, items.particles, group)
            self.cut[items.exposure.name] = items.particles_result
            self.places[items.exposure.name] = items.particles.places().astype(np.float32)

    def _movie(self, movie: Movie, group: int) -> Names:
        root = f"Movies/{safe_file_name(movie.exposure)}"
        names = Names(f"{root}{movie.path.suffix}", root)
        self.uneven += bool(movie.frame_doses)
        path = present_path(movie)
        if self.inspection.is_whole(path, movie.size):
            link(path, self.out / names.movie)
            self.movies.add({"rlnMicrographMovieName": names.movie, "rlnOpticsGroup": group})
        return names

    def _micrograph(
        self, names: Names, micrograph: Micrograph, movie: Movie | None, group: int
    ) -> dict[str, object]:
        raw = self.imported and micrograph.path not in self.inspection.sizes
        (link if raw else place)(micrograph.path, self.out / names.micrograph)
        if micrograph.unweighted is not None:
            place(micrograph.unweighted, self.out / names.unweighted)
        if movie is not None:
            gain, defects = self.camera.gain(movie), self.camera.defects(movie)
            motion = self.out / names.motion
            write_motion(motion, names.movie, movie, micrograph, gain=gain, defects=defects)
        row = micrograph_row(names, micrograph, group)
        self.micrographs.add(row)
        return row

    def _picks(self, names: Names, picks: Picks) -> None:
        path = self.out / names.picks
        path.parent.mkdir(parents=True, exist_ok=True)
        write_star(path, [Block("", pick_columns(picks))], RELION_VERSION)
        self.picks.add(
            {"rlnMicrographName": names.micrograph, "rlnMicrographCoordinates": names.picks}
        )
        self.picked.add(picks_row(names, picks))
        self.firsts.picks = self.firsts.picks or picks

    def _particles(self, names: Names, particles: Particles, group: int) -> None:
        place(particles.stack, self.out / names.stack)
        self.firsts.particles = self.firsts.particles or particles
        columns = particle_columns(
            particles, stack=names.stack, micrograph=names.micrograph, group=group
        )
        self.particles.extend(columns, len(particles))

    def _class2d(self) -> tuple[Classes | None, int]:
        """Write the classes, if there are any of these particles; how many of them they have."""
        classes, first = self.classes, self.firsts.particles
        if classes is None or first is None:
            return None, 0
        optics = self.groups.of_particles()
        raw = "Micrographs" if self.imported else "Movies"
        taken = taken_by_classes(self.store, self.chain, list(self.cut))
        there = {
            name: CutParticles(places, classified=self.cut[name] in taken.get(name, ()))
            for name, places in self.places.items()
        }
        count = write_class2d(self.out, classes, first, optics, there, raw)
        return (classes if count else None), count

    def _jobs(self, classes: Classes | None) -> list[Job]:
        first = () if self.imported else (self.movies,)
        tables = (*first, self.micrographs, self.ctfs, self.picks, self.particles)
        ours = JOBS_OF_MICROGRAPHS if self.imported else JOBS
        jobs = [job for job, table in zip(ours, tables, strict=True) if table.rows]
        if self.picks.rows:
            micrographs = "CtfFind/job003/micrographs_ctf.star"
            (self.out / "AutoPick/job004/coords_suffix_autopick.star").write_text(
                micrographs + "\n"
            )
        return jobs if classes is None else [*jobs, class2d_job(classes.iteration)]

    def _settings(self, classes: Classes | None) -> dict[str, Settings]:
        """What RELION's window shows, by the folder of the job."""
        first, folders = self.firsts, [job.folder for job in JOBS]
        settings: dict[str, Settings] = {}
        if first.movie is not None and first.movie.movie is not None:
            name = self.groups.name(self.groups.number(first.movie))
            settings[folders[0]] = import_settings(first.movie.movie, name)
        if first.items is not None:
            movie, micrograph = first.items.movie, first.items.micrograph
            assert micrograph is not None
            if movie is None:
                name = self.groups.name(self.groups.number(first.items))
                settings[folders[0]] = import_settings(micrograph, name)
            else:
                gain, defects = self.camera.gain(movie), self.camera.defects(movie)
                settings[folders[1]] = motion_settings(movie, micrograph, gain, defects)
            settings[folders[2]] = ctf_settings(micrograph, first.items.ctf, imported=self.imported)
        if first.picks is not None:
            settings[folders[3]] = picking_settings(first.picks)
        if first.particles is not None:
            wanted = cut_parameters(self.store, self.chain)
            settings[folders[4]] = extract_settings(first.particles, self.version, wanted)
            if classes is not None:
                settings[CLASS2D] = class2d_settings(classes, first.particles, self.version)
        return settings

    def _summary(self, classes: Classes | None, classified: int) -> Summary:
        summary = Summary(
            project=self.out,
            version=self.version,
            movies=self.movies.rows,
            micrographs=self.micrographs.rows,
            imported=self.imported,
            ctfs=self.ctfs.rows,
            picked=self.picks.rows,
            picks=self.left_out.picks,
            particles=self.particles.rows,
            classes=0 if classes is None else len(classes.counts),
            over_rim=self.left_out.over_rim,
            unexplained=self.left_out.unexplained,
            unselected=dict(self.left_out.unselected),
            waiting=self.left_out.waiting,
            rejected=self.left_out.rejected,
            uneven=self.uneven,
            assumed=tuple(self.assumed),
            diameter_known=self.firsts.particles is None or self.firsts.particles.diameter_known,
            flipped=self.firsts.particles is not None and self.firsts.particles.phases_flipped,
            damages=tuple(self.inspection.damages),
            steps=tuple(self._steps()),
        )
        missing = 0 if self.classes is None else self.particles.rows - classified
        return replace(summary, unclassified=missing)

    def _steps(self) -> list[str]:
        """Which step, protocol and parameters made each kind of item."""
        steps = {step.name: step for step in queries.steps(self.store, branch=self.chain.standing)}
        said: dict[str, str] = {}
        for kind, (name, _) in self.chain.places.items():
            if name in steps and name not in said:
                given = json.dumps(dict(steps[name].changed), ensure_ascii=False)
                said[name] = (
                    f"{kind.__name__}: step `{name}`, `{steps[name].protocol}`, revision "
                    f"{steps[name].revision}, set: `{given}`"
                )
        return list(said.values())


def _names_of(micrograph: Micrograph) -> Names:
    """Where a micrograph that was imported is: a single image is never called a stack."""
    root = f"Micrographs/{safe_file_name(micrograph.exposure)}"
    suffix = micrograph.path.suffix
    return Names("", root, f"{root}{'.mrc' if suffix == '.mrcs' else suffix}")
