"""Make a first 3D map from the 2D classes, and a better one as they improve."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import duckdb
import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray
from pydantic import AfterValidator

from icestream.formats.image import write_picture
from icestream.formats.mrc import read_stack, write_mrc
from icestream.model import Classes, Volume, column
from icestream.processing.classify2d.polar import Float
from icestream.processing.ctf.transfer import aberration
from icestream.processing.volume.align import align, mirrored
from icestream.processing.volume.coverage import direction_histogram, sampling_efficiency
from icestream.processing.volume.fsc import resolution_at
from icestream.processing.volume.initial import (
    LEAST_AVERAGES,
    LEAST_PARTICLES,
    FirstMap,
    better_map,
    first_map,
    improve_map,
)
from icestream.processing.volume.picture import draw_volume
from icestream.processing.volume.refine import Observations, observe
from icestream.processing.volume.starts import Plan
from icestream.processing.volume.symmetry import point_group
from icestream.protocol import Advanced, Batch, BatchProtocol, Figure, Parameters, Resources, Work
from icestream.units import Angstrom

Table = dict[str, NDArray[Any]]
_AGAIN = 2.0
"""Factor by which the particles must have grown in number for new random starts."""
_COARSEST = 40.0
"""Å: an average that shows less, when nobody has judged the classes, is not used."""
_LEAST_COUNT = 10
"""Particles in a class whose average is used."""


def _symmetry(text: str) -> str:
    if text.strip().lower() == "auto":
        return "auto"
    point_group(text)
    return text.strip().upper()


class InitialVolumeParameters(Parameters):
    """What is known of the particle, and when to begin."""

    symmetry: Annotated[str, AfterValidator(_symmetry)] = "auto"
    """Point group (C1, C4, D2, T, O, I), imposed; with auto it is looked for."""

    least: Annotated[int, Ge(200)] = 1000
    """Particles in good classes without which no map is made."""

    resolution: Annotated[Angstrom, Ge(5), Le(30)] = 10.0
    """Finest detail that is compared."""

    diameter: Annotated[Angstrom, Gt(10)] | None = None
    """Of the sphere that holds the particle. That of the classes when empty."""

    starts: Annotated[int, Ge(1), Le(50), Advanced] = 6
    """Random maps to begin with; the best is kept."""

    most: Annotated[int, Ge(200), Advanced] = 5000
    """Particles that are used at a time."""

    seed: Annotated[int, Ge(0), Advanced] = 1
    """Of the random starts: the same seed and classes give the same map."""


@dataclass(slots=True)
class Progress:
    """The map so far."""

    found: FirstMap | None = None
    note: str = ""
    snapshots: int = 0
    particles: int = 0
    """Images that made the map."""
    started: int = 0
    """Images that there were when maps were last begun at random."""
    pixel_size: float = 0.0
    diameter: float = 0.0


class InitialVolume(BatchProtocol[InitialVolumeParameters, Progress]):
    """Make a first 3D map from class averages and particles, and refine it as they improve."""

    name = "volume.initial"
    title = "First 3D map"
    version = 2
    cites = (
        "doi:10.1016/j.jsb.2012.09.006",
        "doi:10.1038/nmeth.4169",
        "doi:10.1016/j.jmb.2003.07.013",
    )
    resources = Resources(cores=1, memory=1024 * 2**20)

    @classmethod
    def warm(cls) -> None:
        """Make a small map of noise, and compare it with itself, so that all is compiled."""
        noise = np.random.default_rng(1).standard_normal((LEAST_PARTICLES, 32, 32))
        plan = Plan(pixel_size=6.0, symmetry="D2", resolution=30.0, starts=1)
        contrast = np.ones((len(noise), plan.rings(32)), dtype=np.float32)
        particles = observe(noise.astype(np.float32), contrast, 20.0)
        found = first_map(particles.part(np.arange(LEAST_AVERAGES)), particles, plan)
        align(found.volume, found.volume, plan.ring(32, plan.resolution), hands=False)

    def batch_size(self) -> int:
        return 1

    def start(self, first: Batch[Classes], work: Work) -> Progress:
        return self.update(Progress(), first, work)

    def update(self, state: Progress, new: Batch[Classes], work: Work) -> Progress:
        if new.items:
            state.note = self._take(state, new.items[-1])
        return state

    def snapshot(self, state: Progress, work: Work) -> Volume:
        state.snapshots += 1
        if state.found is None:
            return Volume(particles=0, iteration=state.snapshots, note=state.note)
        found, stem = state.found, f"volume_{state.snapshots:04d}"
        maps = {
            "map": found.volume,
            "mirrored": mirrored(found.volume),
            "half1": found.halves[0],
            "half2": found.halves[1],
        }
        paths = {name: work.path(f"{stem}_{name}.mrc") for name in maps}
        for name, path in paths.items():
            write_mrc(path, maps[name], state.pixel_size, volume=True)
        picture = work.path(f"{stem}.png")
        write_picture(picture, draw_volume(found.volume))
        group, extent = point_group(found.symmetry), len(found.volume) * state.pixel_size
        seen = direction_histogram(found.views, group)
        return Volume(
            particles=state.particles,
            iteration=state.snapshots,
            note=state.note,
            **paths,
            picture=picture,
            box=len(found.volume),
            pixel_size=state.pixel_size,
            diameter=state.diameter,
            symmetry=found.symmetry,
            resolution=resolution_at(found.correlation, 0.143, extent),
            resolution_half=resolution_at(found.correlation, 0.5, extent),
            fsc=column(found.correlation),
            directions=column(np.column_stack([seen.directions, seen.counts])),
            efficiency=sampling_efficiency(found.views, group),
            starts=column([[each.likelihood, each.agreement] for each in found.starts]),
            symmetries=tuple(each.name for each in found.symmetries),
            symmetry_trials=column(
                np.reshape([[t.likelihood, t.agreement] for t in found.symmetries], (-1, 2))
            ),
        )

    def summarize(self, items: Sequence[Volume]) -> str:
        """Say what the map is good for, or why there is none."""
        if not items:
            return ""
        last = items[-1]
        if last.map is None:
            return f"there is no 3D map: {last.note}" if last.note else ""
        return (
            f"a first 3D map with {last.symmetry} symmetry was made from {last.particles} "
            f"particles, at {last.resolution:.1f} Å (FSC 0.143); its hand is not known"
        )

    def plot(self, items: Sequence[Volume]) -> Iterator[Figure]:
        """Correlation of the halves, and how likely each start was."""
        if not items or items[-1].fsc is None:
            return
        last = items[-1]
        curve = [float(value) for value in np.asarray(last.fsc)[1:]]
        frequency = np.arange(1, len(curve) + 1) / (last.box * last.pixel_size)
        yield Figure(
            "Correlation of the halves of the map (up to 25 Å they begin alike)",
            "series",
            curve,
            "FSC",
            x=[float(value) for value in frequency],
            x_label="1/Å",
        )
        if last.starts is not None and len(last.starts) > 1:
            told = sorted((float(value) for value in last.starts[:, 0]), reverse=True)
            yield Figure("Likelihood of the starts", "series", told, "log-likelihood ratio")

    def _take(self, state: Progress, classes: Classes) -> str:
        """Improve the map with the newest classes; says why when that cannot be done."""
        if classes.sample is None or classes.sample_table is None:
            return "" if state.found else "the classes came without a sample of their particles"
        if classes.optics is None:
            return "the classes do not say with what optics they were taken"
        good = _good_classes(classes)
        if good.sum() < LEAST_AVERAGES:
            return f"{good.sum()} good classes, {LEAST_AVERAGES} are needed"
        state.diameter = self.parameters.diameter or classes.diameter
        if not state.diameter:
            return "nobody said how large the particle is: set the diameter"
        plan = Plan(
            pixel_size=classes.pixel_size,
            symmetry=self.parameters.symmetry,
            resolution=self.parameters.resolution,
            starts=self.parameters.starts,
            seed=self.parameters.seed,
        )
        particles = self._particles(classes, good, plan, state.diameter)
        if particles is None or len(particles) < self.parameters.least:
            have = 0 if particles is None else len(particles)
            return f"{have} particles in good classes, {self.parameters.least} are needed"
        state.pixel_size = classes.pixel_size
        known = state.found
        if known is not None:
            state.found = improve_map(known, particles, plan)
        if known is None or len(particles) >= _AGAIN * state.started:
            averages = self._averages(classes, good, plan, state.diameter)
            new = first_map(averages, particles, plan)
            state.found = better_map(state.found, new, particles, plan) if state.found else new
            state.started = len(particles)
        state.particles = len(particles)
        return ""

    def _averages(
        self, classes: Classes, good: NDArray[np.bool_], plan: Plan, diameter: float
    ) -> Observations:
        images = read_stack(classes.averages, np.flatnonzero(good))
        counts = np.asarray(classes.counts)[good]
        return observe(
            images,
            np.ones((len(images), plan.rings(classes.box)), dtype=np.float32),
            diameter / classes.pixel_size,
            weights=np.clip(counts / counts.mean(), 0.3, 3.0),
            seed=self.parameters.seed,
        )

    def _particles(
        self, classes: Classes, good: NDArray[np.bool_], plan: Plan, diameter: float
    ) -> Observations | None:
        """The sampled particles of good classes; None when there is none."""
        assert classes.sample is not None
        assert classes.sample_table is not None
        table = _read_table(classes.sample_table)
        rows = np.flatnonzero(good[table["class"].astype(np.int64) - 1])
        if not len(rows):
            return None
        if len(rows) > self.parameters.most:
            random = np.random.default_rng(self.parameters.seed)
            rows = np.sort(random.choice(rows, self.parameters.most, replace=False))
        shifts = np.column_stack([table["shift_y"], table["shift_x"]])[rows]
        return observe(
            read_stack(classes.sample, rows),
            _transfer(classes, table, plan)[rows],
            diameter / classes.pixel_size,
            centers=(-shifts / classes.pixel_size).astype(np.float32),
            seed=self.parameters.seed,
        )


def _good_classes(classes: Classes) -> NDArray[np.bool_]:
    """``(k,)`` classes to use: those selected, or those that show something."""
    if classes.selected is not None:
        return np.asarray(classes.selected) > 0
    resolution = np.asarray(classes.resolution)
    enough = np.asarray(classes.counts) >= _LEAST_COUNT
    return np.asarray((resolution > 0) & (resolution < _COARSEST) & enough)


def _read_table(path: Path) -> Table:
    with duckdb.connect() as connection:
        found: Table = connection.read_parquet(str(path)).fetchnumpy()
    return found


def _transfer(classes: Classes, table: Table, plan: Plan) -> Float:
    """Contrast ``(n, rings)`` of all sampled particles; 1 where there is no defocus."""
    assert classes.optics is not None
    rings = np.arange(1, plan.rings(classes.box) + 1)
    frequency = rings / (classes.box * classes.pixel_size)
    defocus = 0.5 * (table["defocus_u"] + table["defocus_v"]).astype(np.float64)
    found = np.ones((len(defocus), len(rings)), dtype=np.float32)
    for phase_shift in np.unique(table["phase_shift"]):
        rows = (table["phase_shift"] == phase_shift) & (defocus != 0.0)
        chi = aberration(
            frequency[None], defocus[rows, None], classes.optics, phase_shift=float(phase_shift)
        )
        found[rows] = np.sin(chi)
    return found
