"""A session as groups for CryoSPARC to import: exposures, movies, particles, classes, the map.

Tables grow a micrograph at a time, so that a session of any length takes no more memory than a
short one. Files are the folder's own (`icestream.exports.place`), but for movies, which are links.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.exports.chain import (
    Items,
    are_inverted,
    find_chain,
    latest_classes,
    read_exposures,
    taken_by_classes,
)
from icestream.exports.chosen import chosen_results
from icestream.exports.claim import claim_folder
from icestream.exports.classified import CutParticles, assigned_particles
from icestream.exports.cryosparc.columns import (
    ALIGNED,
    EXPOSURES,
    MOVIES,
    PARTICLES,
    PICKS,
    REJECTED,
    TEMPLATES,
    VOLUME,
    columns_of,
    exposure_row,
    movie_row,
    particle_rows,
    pick_rows,
    uid_of,
)
from icestream.exports.cryosparc.gains import Gains
from icestream.exports.cryosparc.groups import ItemGroup, write_group
from icestream.exports.cryosparc.summary import CryosparcSummary, write_cryosparc_readme
from icestream.exports.damage import Inspection, recorded_sizes
from icestream.exports.left_out import LeftOut
from icestream.exports.place import check_room, link, place
from icestream.exports.provenance import write_provenance
from icestream.exports.relion.optics import OpticsGroups, session_label
from icestream.formats.cs import CsWriter, read_cs
from icestream.formats.mrc import read_mrc_header
from icestream.formats.renamed import present_path
from icestream.model import Classes, Volume, safe_file_name
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.newest import newest_map
from icestream.store.open import Store, open_store
from icestream.store.records import StandingRecord

__all__ = ["export_cryosparc"]

_KIND = "folder of groups for CryoSPARC"
_AT_ONCE = 100_000
"""Rows of particles that are looked at together."""


def export_cryosparc(
    session: Path,
    out: Path,
    *,
    registry: Registry | None = None,
    incomplete: bool = False,
    branch: str | None = None,
) -> CryosparcSummary:
    """Write the session in the folder `session` as groups of CryoSPARC into `out`.

    What is missing or cut is left out, and named in the summary.

    Parameters
    ----------
    session
        Folder of the session; it may still be running.
    out
        Folder of the groups; made if missing, brought up to date if it is there.
    registry
        Where the session's protocols are found; the installed ones by default.
    incomplete
        Write what there is of the present results, although steps wait to be run again.
    branch
        Name of a branch; the adopted one by default.

    Raises
    ------
    LookupError
        If the session has no such branch.
    FileExistsError
        If `out` holds something else.
    icestream.exports.place.NoRoom
        If the disk of `out` is too small.
    """
    out = out.resolve()
    with closing(open_store(session, readonly=True)) as store:
        record = queries.session(store)
        with claim_folder(out, record, _KIND, "import both in CryoSPARC"):
            chosen = chosen_results(store, branch, incomplete=incomplete)
            export = _Export(store, out, registry or Registry(), chosen.standing)
            summary = export.write(chosen.words)
            write_provenance(store, out / "provenance", chosen.standing)
            write_cryosparc_readme(summary, record.name)
        return summary


@dataclass(slots=True)
class _Cut:
    """Where the particles of an exposure are in the table of particles."""

    first: int
    places: NDArray[np.float32]
    result: int | None


@dataclass(slots=True)
class _Counts:
    without_ctf: int = 0
    defects: int = 0
    flipped: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)


class _Export:
    """One export."""

    def __init__(
        self, store: Store, out: Path, registry: Registry, standing: StandingRecord | None
    ) -> None:
        self.store, self.out = store, out
        self.session = queries.session(store)
        self.chain = find_chain(store, registry, standing)
        self.dark = are_inverted(store, self.chain)
        self.inspection = Inspection(recorded_sizes(store))
        exposures = list(_names(self.inspection.whole(read_exposures(store, self.chain))))
        self.groups = OpticsGroups(
            self.inspection.whole(read_exposures(store, self.chain)), session_label(self.session)
        )
        longest = max((len(name.encode()) for name in exposures), default=0)
        # A table says once for all rows how long a text may be: `>micrographs/NAME.mrcs`.
        self.text = max(64, longest + 32)
        self.gains = Gains(out)
        self.cut: dict[str, _Cut] = {}
        self.counts = _Counts()

    def write(self, words: tuple[str, ...]) -> CryosparcSummary:
        ours = self.inspection.sizes
        there = self.inspection.found()
        check_room([(path, size) for path, size in there if path in ours], self.out)
        with ExitStack() as open_:
            tables = {
                group.name: open_.enter_context(self._table(group))
                for group in (MOVIES, EXPOSURES, REJECTED, PICKS, PARTICLES)
            }
            for found in self.inspection.whole(read_exposures(self.store, self.chain)):
                items = self.groups.known(found)
                if items is not None:
                    self._exposure(items, tables)
        for group in (MOVIES, EXPOSURES, REJECTED, PICKS, PARTICLES):
            self._finish(group, tables[group.name].rows)
        classes = self.inspection.whole_classes(latest_classes(self.store, self.chain))
        aligned = self._aligned(classes) if classes is not None else 0
        self._finish(ALIGNED, aligned)
        templates = self._templates(classes) if classes is not None and aligned else 0
        self._finish(TEMPLATES, templates)
        volume = self._volume()
        self._finish(VOLUME, int(volume))
        return CryosparcSummary(
            folder=self.out,
            movies=tables[MOVIES.name].rows,
            exposures=tables[EXPOSURES.name].rows,
            rejected=tables[REJECTED.name].rows,
            picks=tables[PICKS.name].rows,
            particles=tables[PARTICLES.name].rows,
            aligned=aligned,
            classes=templates,
            volume=volume,
            without_ctf=self.counts.without_ctf,
            left_out=self.counts.left_out,
            defects=self.counts.defects,
            gains=self.gains.unknown,
            flipped=self.counts.flipped,
            damages=tuple(self.inspection.damages),
            state=words,
        )

    def _table(self, group: ItemGroup) -> CsWriter:
        return CsWriter(self.out / f"{group.name}.cs", columns_of(group, self.text))

    def _finish(self, group: ItemGroup, count: int) -> None:
        """Write the file of a group; one without items goes, also that of an earlier export."""
        if count:
            write_group(self.out, group, count)
            return
        for suffix in (".cs", ".csg"):
            (self.out / f"{group.name}{suffix}").unlink(missing_ok=True)

    def _exposure(self, items: Items, tables: dict[str, CsWriter]) -> None:
        name = items.exposure.name
        uid = uid_of(self.session.uid or self.session.created, name)
        group = self.groups.number(items)
        self._movie(items, uid, group, tables[MOVIES.name])
        if items.micrograph is None:
            return
        if items.ctf is None:
            self.counts.without_ctf += 1
            return
        self.counts.left_out.count(items)
        root = safe_file_name(name)
        suffix = items.micrograph.path.suffix
        image = f"micrographs/{root}{'.mrc' if suffix == '.mrcs' else suffix}"
        raw = items.micrograph.path not in self.inspection.sizes
        (link if raw else place)(items.micrograph.path, self.out / image)
        table = tables[(EXPOSURES if items.accepted else REJECTED).name]
        columns = columns_of(EXPOSURES, self.text)
        names = (f">{image}", _format(self.out / image))
        row = exposure_row(columns, uid, items.micrograph, items.ctf, group, names)
        row["mscope_params/neg_stain"] = not self.dark
        table.extend(row)
        particles = items.particles
        if items.accepted and items.picks is not None and len(items.picks):
            columns = columns_of(PICKS, self.text)
            picked = pick_rows(columns, uid, items.picks, items.micrograph, group, f">{image}")
            tables[PICKS.name].extend(picked)
        if not items.accepted or particles is None or not len(particles):
            return
        if particles.phases_flipped:
            # CryoSPARC has no word for it, and would correct for the CTF as if they were not.
            self.counts.flipped += len(particles)
            return
        stack = f"particles/{root}.mrcs"
        place(particles.stack, self.out / stack)
        places = particles.places().astype(np.float32)
        self.cut[name] = _Cut(tables[PARTICLES.name].rows, places, items.particles_result)
        columns, shape = columns_of(PARTICLES, self.text), items.micrograph.shape
        files = (f">{stack}", f">{image}")
        tables[PARTICLES.name].extend(particle_rows(columns, uid, particles, shape, group, files))

    def _movie(self, items: Items, uid: int, group: int, table: CsWriter) -> None:
        movie = items.movie
        if movie is None:
            return
        path = present_path(movie)
        if not self.inspection.is_whole(path, movie.size):
            return
        name = f"movies/{safe_file_name(items.exposure.name)}{movie.path.suffix}"
        link(path, self.out / name)
        gain = self.gains.name(movie)
        self.counts.defects += movie.defects is not None
        names = (f">{name}", _format(path), gain and f">{gain}")
        row = movie_row(columns_of(MOVIES, self.text), uid, movie, group, names)
        row["mscope_params/neg_stain"] = not self.dark
        table.extend(row)

    def _aligned(self, classes: Classes) -> int:
        """Write the particles that have a class, with their alignments."""
        if not self.cut:
            return 0
        taken = taken_by_classes(self.store, self.chain, list(self.cut))
        there = {
            name: CutParticles(cut.places, classified=cut.result in taken.get(name, ()))
            for name, cut in self.cut.items()
        }
        assigned = assigned_particles(classes.assignments, there)
        first = np.array([self.cut[str(name)].first for name in assigned["exposure"]], np.int64)
        at = first + assigned["index"]
        particles = read_cs(self.out / f"{PARTICLES.name}.cs")
        with self._table(ALIGNED) as table:
            for start in range(0, len(at), _AT_ONCE):
                part = slice(start, start + _AT_ONCE)
                some = {name: values[part] for name, values in assigned.items()}
                table.extend(self._alignments(particles[at[part]], some))
        return len(at)

    def _alignments(
        self, particles: NDArray[np.void], assigned: dict[str, NDArray[Any]]
    ) -> NDArray[np.void]:
        rows = np.zeros(len(particles), columns_of(ALIGNED, self.text))
        for name in particles.dtype.names or ():
            rows[name] = particles[name]
        pixel = particles["blob/psize_A"][:, None]
        shift = np.column_stack([assigned["shift_x"], assigned["shift_y"]])
        rows["alignments2D/shift"] = shift / pixel
        rows["alignments2D/pose"] = np.radians(-np.asarray(assigned["angle"], np.float64))
        rows["alignments2D/psize_A"] = particles["blob/psize_A"]
        rows["alignments2D/alpha"] = 1.0
        rows["alignments2D/class"] = np.asarray(assigned["class"]) - 1
        rows["alignments2D/class_posterior"] = assigned["likelihood"]
        rows["alignments2D/class_ess"] = 1.0
        return rows

    def _templates(self, classes: Classes) -> int:
        name = "classes/averages.mrcs"
        place(classes.averages, self.out / name)
        count = len(classes.counts)
        rows = np.zeros(count, columns_of(TEMPLATES, self.text))
        rows["uid"] = [uid_of(self.session.uid, "template", number) for number in range(count)]
        rows["blob/path"] = f">{name}".encode()
        rows["blob/idx"] = np.arange(count)
        rows["blob/shape"] = classes.box
        rows["blob/psize_A"] = classes.pixel_size
        rows["blob/sign"] = 1.0
        with self._table(TEMPLATES) as table:
            table.extend(rows)
        return count

    def _volume(self) -> bool:
        volume = newest_map(self.store, self.chain.standing)
        if volume is None or volume.map is None or not self._whole(volume):
            return False
        row = np.zeros(1, columns_of(VOLUME, self.text))
        row["uid"] = uid_of(self.session.uid, "volume", volume.iteration)
        halves = {"map": volume.map, "map_half_A": volume.half1, "map_half_B": volume.half2}
        for slot, path in halves.items():
            assert path is not None
            name = f"volume/{slot}.mrc"
            place(path, self.out / name)
            row[f"{slot}/path"] = f">{name}".encode()
            row[f"{slot}/shape"] = volume.box
            row[f"{slot}/psize_A"] = volume.pixel_size
        if volume.mirrored is not None and self.inspection.is_whole(volume.mirrored):
            place(volume.mirrored, self.out / "volume/map_other_hand.mrc")
        with self._table(VOLUME) as table:
            table.extend(row)
        return True

    def _whole(self, volume: Volume) -> bool:
        found = (volume.map, volume.half1, volume.half2)
        return all(path is not None and self.inspection.is_whole(path) for path in found)


def _names(exposures: Any) -> Iterator[str]:
    return (safe_file_name(items.exposure.name) for items in exposures)


def _format(path: Path) -> str:
    """What CryoSPARC calls the format of a file: of MRC, with the mode."""
    known = {".eer": "EER", ".tif": "TIFF", ".tiff": "TIFF"}
    return known.get(path.suffix.lower()) or f"MRC/{read_mrc_header(path).mode}"
