"""Average particles with those that look alike, by ASPIRE's rotationally invariant features."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, MultipleOf
from numpy.typing import NDArray

from icestream.formats import write_mrc
from icestream.formats.parquet import write_columns
from icestream.model import Classes, Particles, column
from icestream.processing.classify2d.scores import structure
from icestream.protocol import (
    Advanced,
    Batch,
    BatchProtocol,
    Failure,
    Figure,
    Operational,
    Parameters,
    Program,
    Resources,
    Work,
    run_program,
)
from icestream.units import Angstrom, Pixel, Usual
from icestream_aspire.gathered import (
    GatheredParticles,
    add_particles,
    flip_phases,
    read_images,
    spread,
)
from icestream_aspire.members import Neighbours, assign, read_neighbours
from icestream_aspire.program import ASPIRE, FAILURES, call

__all__ = ["AspireClassParameters", "AverageClassesWithAspire", "AveragedClasses"]

_STRUCTURED = 0.1
"""Structure beyond a blob that particles have, at the least."""
_SAMPLE = 5000
"""Most images that are handed on with the classes."""
_IMAGES = "images.npy"
_DEFOCUS = ("defocus_u", "defocus_v", "defocus_angle", "phase_shift")
_FAILURES = (
    Failure(
        code="no-features",
        when=r"failed to return valid feature vector|coef_norm should not be -inf",
        advice="wait for more particles, or set fewer components and features",
    ),
    Failure(
        code="too-few",
        when=r"Images too small for Bispectrum Components|n_neighbors <= n_samples",
        advice="wait for more particles, or set fewer neighbours",
    ),
    *FAILURES,
)


class AspireClassParameters(Parameters):
    """Which images are averaged, and how they are compared."""

    classes: Annotated[int, Ge(1), Le(1000)] = 50
    """Averages that are kept, the best first; fewer where there are not as many."""

    neighbours: Annotated[int, Ge(2), Le(1000)] = 50
    """Images in each average (`n_nbor`)."""

    box: Annotated[Pixel, Ge(16), Le(256), MultipleOf(2)] = 64
    """Side to which images are brought (`downsample`)."""

    shift: Annotated[Pixel, Ge(0), Le(32)] = 2
    """How far images are moved onto each other, pixels of that box (`radius`)."""

    selection: Literal["variance", "global"] = "variance"
    """Which averages are the best: those whose neighbours differ most in how near they are
    (`NeighborVarianceWithRepulsionClassSelector`), or those that stand out most of their
    surroundings (`GlobalWithRepulsionClassSelector`), for which the average of every single image
    is made. Images that are in a better one begin none."""

    whiten: bool = True
    """Make the noise alike at all frequencies (`whiten`)."""

    batch: Annotated[int, Ge(100)] = 5000
    """New particles after which all are averaged again; they always are at the end."""

    most: Annotated[int, Ge(100), Advanced] = 10_000
    """Particles that are compared, spread evenly over all that there are."""

    components: Annotated[int, Ge(20), Le(2000), Advanced] = 400
    """Components that images are made of (`fspca_components`); fewer where they vanish."""

    features: Annotated[int, Ge(10), Le(2000), Advanced] = 300
    """Features by which images are compared (`bispectrum_components`)."""

    samples: Annotated[int, Ge(1000), Advanced] = 50_000
    """Products of components that are drawn to make features of (`sample_n`). ASPIRE itself draws
    4000, of which too few come from small images to tell an image from its reflection."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0), Advanced] | None = None
    """Of the particle, by which averages are scored; that of the picks when empty."""

    seed: Annotated[int, Ge(0), Advanced] = 1
    """Of what is drawn (`seed`)."""

    cores: Annotated[int, Ge(1), Le(64), Operational, Advanced] = 1
    """Cores."""

    hours: Annotated[float, Gt(0), Operational, Advanced] = 12.0
    """Hours after which the program is ended."""


@dataclass(slots=True)
class AveragedClasses:
    """The particles so far, and the averages."""

    particles: GatheredParticles = field(default_factory=GatheredParticles)
    snapshots: int = 0
    averages: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 8, 8), np.float32))
    """``(k, box, box)``; none where too few particles have come."""
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """``(n,)`` particles that are in a class."""
    group: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """``(n,)`` class of each, from 0."""
    angle: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """``(n,)`` degrees."""
    shift: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    """``(n, 2)`` (y, x) Å."""
    mirrored: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """``(n,)`` 1 for those that are reflected in their average."""
    likeness: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """``(n,)`` from 0 to 1: how near each is to the image that its class is of."""


class AverageClassesWithAspire(BatchProtocol[AspireClassParameters, AveragedClasses]):
    """Average particles with their nearest neighbours, turned, moved and reflected onto them.

    A class is an image and its neighbours, not a part of all particles: some are in no class, and
    some in several, of which the table names the nearest.
    """

    name = "classes2d.aspire"
    title = "ASPIRE class averages"
    cites = (
        "Zhao & Singer (2014) J. Struct. Biol. 186, 153, doi:10.1016/j.jsb.2014.03.003",
        "Zhao, Shkolnisky & Singer (2016) IEEE Trans. Comput. Imaging 2, 1, "
        "doi:10.1109/TCI.2016.2514700",
    )

    def programs(self) -> Sequence[Program]:
        return (ASPIRE,)

    def need(self) -> Resources:
        """Cores as asked, and memory for the features of all images."""
        wanted = self.parameters
        images = 4 * wanted.most * wanted.box**2
        features = 16 * wanted.most * min(wanted.samples, 20_000)
        return Resources(cores=wanted.cores, memory=2**30 + 8 * images + features)

    def batch_size(self) -> int:
        return self.parameters.batch

    def start(self, first: Batch[Particles], work: Work) -> AveragedClasses:
        return self.update(AveragedClasses(), first, work)

    def update(self, state: AveragedClasses, new: Batch[Particles], work: Work) -> AveragedClasses:
        state.snapshots += 1
        taken = [item for item in new if len(item)]
        for item in taken:
            add_particles(state.particles, item, work)
        if taken and len(state.particles.rows) >= self._fewest():
            self._average(state, work)
        return state

    def _fewest(self) -> int:
        return 2 * self.parameters.neighbours

    def _average(self, state: AveragedClasses, work: Work) -> None:
        """Run ASPIRE on as many of the particles as are wanted."""
        wanted, particles = self.parameters, state.particles
        box = min(wanted.box, particles.box)
        chosen = spread(len(particles.rows), wanted.most)
        rows = particles.rows[chosen]
        images = flip_phases(particles, rows, read_images(particles, rows, box, work))
        np.save(work.path(_IMAGES), images)
        pixel_size = particles.width / box
        command = call(self.words(pixel_size), work, 3600.0 * wanted.hours)
        run_program(ASPIRE, command, work, _FAILURES)
        found = read_neighbours(work.folder, len(images), box)
        state.averages = found.averages
        self._assign(state, found, chosen, pixel_size)

    def _assign(
        self, state: AveragedClasses, found: Neighbours, chosen: NDArray[np.int64], pixel: float
    ) -> None:
        """Put each particle into the class whose image it is nearest to."""
        image, group, place = assign(found)
        state.rows = chosen[image]
        state.group = group.astype(np.int32)
        # ASPIRE moves an image by -shift, reflects it where y is turned round, and turns it by
        # -rotation: so the class, turned by the rotation, lies as the particle.
        state.angle = np.degrees(found.rotations[group, place]).astype(np.float32) % 360
        state.shift = (-pixel * found.shifts[group, place][:, ::-1]).astype(np.float32)
        state.mirrored = found.reflections[group, place].astype(np.int32)
        far = found.distances[group, place]
        state.likeness = (1.0 - far / max(float(found.distances.max()), 1e-9)).astype(np.float32)

    def words(self, pixel_size: float) -> tuple[str, ...]:
        """Arguments for images of a pixel size (Å)."""
        wanted = self.parameters
        return (
            *("class-averages", "--images", _IMAGES, "--pixel_size", f"{pixel_size:.6g}"),
            *("--n_classes", str(wanted.classes), "--n_nbor", str(wanted.neighbours)),
            *("--fspca_components", str(wanted.components)),
            *("--bispectrum_components", str(wanted.features)),
            *("--sample_n", str(wanted.samples), "--radius", str(wanted.shift)),
            *("--selector", wanted.selection, "--seed", str(wanted.seed)),
            *(("--whiten",) if wanted.whiten else ()),
        )

    def snapshot(self, state: AveragedClasses, work: Work) -> Classes:
        particles, wanted = state.particles, self.parameters
        stem = f"classes_{state.snapshots:04d}"
        averages, assignments = work.path(f"{stem}.mrcs"), work.path(f"{stem}.parquet")
        there = len(state.averages) > 0
        images = state.averages if there else np.zeros((1, 8, 8), np.float32)
        box = images.shape[-1]
        pixel_size = particles.width / box if particles.width else 1.0
        write_mrc(averages, images, pixel_size)
        table = _columns(state)
        write_columns(assignments, table, {"exposure": particles.exposures})
        counts = np.bincount(state.group, minlength=len(images))
        diameter = wanted.diameter or particles.diameter
        radius = 0.5 * diameter / pixel_size or 0.35 * box
        score = np.minimum(structure(images, radius) / _STRUCTURED, 1.0) if there else counts
        sample = sample_table = None
        if there and not any(particles.flipped):  # who looks at them again expects a CTF
            sample, sample_table = self._sample(state, table, work)
        return Classes(
            averages=averages,
            box=box,
            pixel_size=pixel_size,
            counts=column(counts),
            resolution=column(np.zeros(len(images))),
            score=column(score),
            assignments=assignments,
            particles=len(state.rows),
            iteration=state.snapshots,
            diameter=diameter,
            diameter_known=wanted.diameter is not None or particles.diameter_known,
            optics=particles.optics_of(0, box) if there else None,
            sample=sample,
            sample_table=sample_table,
        )

    def _sample(
        self, state: AveragedClasses, table: Mapping[str, NDArray[np.generic]], work: Work
    ) -> tuple[Path, Path]:
        """Images to look at again, as the microscope's CTF left them, and their table."""
        particles = state.particles
        picked = spread(len(state.rows), _SAMPLE)
        rows = particles.rows[state.rows[picked]]
        box = state.averages.shape[-1]
        stem = f"sample_{state.snapshots:04d}"
        stack = work.path(f"{stem}.mrcs")
        write_mrc(stack, read_images(particles, rows, box, work), particles.width / box)
        columns = {name: np.ascontiguousarray(values[picked]) for name, values in table.items()}
        for name, values in zip(_DEFOCUS, rows["defocus"].T, strict=True):
            columns[name] = np.ascontiguousarray(values)
        path = work.path(f"{stem}.parquet")
        write_columns(path, columns, {"exposure": particles.exposures})
        return stack, path

    def methods(self) -> str:
        """How many images are averaged, and how they are compared."""
        wanted = self.parameters
        return (
            f"Class averages of {wanted.neighbours} particles each were made by ASPIRE, from "
            "rotationally invariant features."
        )

    def summarize(self, items: Sequence[Classes]) -> str:
        """Say how many averages there are, and how many particles are in them."""
        if not items:
            return ""
        last = items[-1]
        if not last.particles:
            return f"{self._fewest()} particles are needed to make averages of them"
        return f"{len(last.counts)} averages were made, which {last.particles} particles are in"

    def plot(self, items: Sequence[Classes]) -> Iterator[Figure]:
        """Particles that are nearest to each average."""
        if items:
            counts = sorted((float(n) for n in items[-1].counts), reverse=True)
            label = "classes, the most populated first"
            yield Figure("Particles in each class", "series", counts, "particles", x_label=label)


def _columns(state: AveragedClasses) -> Mapping[str, NDArray[np.generic]]:
    """The table of assignments, see `icestream.model.Classes`, and who is reflected."""
    rows = state.particles.rows[state.rows]
    places = {name: np.ascontiguousarray(rows[name]) for name in ("exposure", "index", "x", "y")}
    return {
        **places,
        "class": state.group + np.int32(1),
        "angle": state.angle,
        "shift_y": np.ascontiguousarray(state.shift[:, 0]),
        "shift_x": np.ascontiguousarray(state.shift[:, 1]),
        "likelihood": state.likeness,
        "mirrored": state.mirrored,
    }
