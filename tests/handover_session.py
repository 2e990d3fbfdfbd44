"""A small session whose files are real: noise with dark particles in it, cut out as usual."""

from dataclasses import replace
from pathlib import Path

import duckdb
import mrcfile
import numpy as np

from icestream.formats.mrc import write_mrc
from icestream.model import (
    Classes,
    Ctf,
    Micrograph,
    Movie,
    Optics,
    Particles,
    Picks,
    column,
    to_document,
)
from icestream.processing.particles import Box, extract_particles
from icestream.store import tables as t
from icestream.store.newest import newest_map
from icestream.store.writing import Writes
from report_session import SampleSession, Shot

SHAPE = (320, 420)
"""Of the micrographs, not square: an exchange of axes shows."""
OPTICS = Optics(pixel_size=1.5, voltage=300.0, spherical_aberration=2.7, amplitude_contrast=0.1)
BOX = Box(cut=64, size=48, radius=24.0)
PER_MICROGRAPH = 9


class HandoverSession(SampleSession):
    """Grows as the one it is made of does; exposures have files."""

    def __init__(self, folder: Path, exposures: int = 4, *, flipped: bool = False) -> None:
        self.flipped = flipped
        """Whether the session says that it flipped the phases of the particles."""
        super().__init__(folder, start=1.7e9, name="session")
        (folder / "work").mkdir()
        (folder / "raw").mkdir()
        with self.store.write() as connection:
            connection.execute(t.session.update().values(uid="0123456789abcdef"))
        self.taken: list[Particles] = []
        self.grow(exposures)

    def _shot(self, number: int) -> Shot:
        return Shot(
            defocus=12000.0 + 500 * number, astigmatism=300.0, resolution=3.5, ice=0.1, jump=1
        )

    def _import(self, writes: Writes, exposure: int, name: str, number: int) -> None:
        path = self.folder / "raw" / f"{name}_Fractions.tiff"
        path.write_bytes(b"a movie")
        gain = self.folder / "raw" / "gain.mrc"
        if not gain.exists():
            rows = np.linspace(0.8, 1.2, SHAPE[0], dtype=np.float32)[:, None]
            write_mrc(gain, np.repeat(rows, SHAPE[1], axis=1), OPTICS.pixel_size)
        movie = Movie(
            exposure=name, path=path, frames=40, shape=SHAPE, optics=OPTICS,
            dose_per_frame=1.02, gain=gain,
        )  # fmt: skip
        self._result(writes, "import", exposure, {"movie": to_document(movie)}, {}, 0.01)

    def _micrograph(self, name: str, number: int, shot: Shot) -> Micrograph:
        draw = np.random.default_rng(number)
        image = draw.normal(10.0, 2.0, SHAPE).astype(np.float32)
        image += np.linspace(0, 3, SHAPE[0], dtype=np.float32)[:, None]
        y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
        for at_y, at_x in self._centers(number):
            image[np.hypot(y - at_y, (x - at_x) / 1.4) < 12] -= 2.0
        write_mrc(self.folder / "work" / f"{name}.mrc", image, OPTICS.pixel_size)
        made = super()._micrograph(name, number, shot)
        return replace(made, shape=SHAPE, optics=OPTICS)

    @staticmethod
    def _centers(number: int) -> np.ndarray:
        draw = np.random.default_rng(100 + number)
        inside = draw.uniform((40, 40), (SHAPE[0] - 40, SHAPE[1] - 40), (PER_MICROGRAPH, 2))
        return np.concatenate([inside, [[20.0, 20.0]]])  # the last one's box reaches over the rim

    def _ctf(self, name: str, number: int, shot: Shot) -> Ctf:
        return replace(super()._ctf(name, number, shot), optics=OPTICS, shape=SHAPE)

    def _picks(self, name: str, number: int) -> Picks:
        places = self._centers(number)
        return Picks(
            exposure=name, x=column(places[:, 1]), y=column(places[:, 0]),
            score=column(np.linspace(1, 0.4, len(places))), diameter=48.0,
            pixel_size=OPTICS.pixel_size,
        )  # fmt: skip

    def _particles(self, name: str, picks: Picks) -> Particles:
        with mrcfile.open(self.folder / "work" / f"{name}.mrc") as file:
            cut = extract_particles(np.array(file.data), picks.x, picks.y, BOX)
        stack = Path(f"work/{name}.mrcs")
        binned = OPTICS.binned(BOX.cut / BOX.size)
        write_mrc(self.folder / stack, cut.images, binned.pixel_size)
        kept = cut.kept
        particles = Particles(
            exposure=name, stack=stack, box=BOX.size, optics=binned,
            micrograph=Path(f"work/{name}.mrc"), micrograph_pixel_size=OPTICS.pixel_size,
            x=column(picks.x[kept]), y=column(picks.y[kept]), score=column(picks.score[kept]),
            defocus_u=column(12000.0 + np.arange(len(kept))),
            defocus_v=column(11700.0 + np.arange(len(kept))),
            defocus_angle=column(np.full(len(kept), 31.0)), diameter=picks.diameter,
            phase_shift=10.0, phases_flipped=self.flipped,
        )  # fmt: skip
        self.taken.append(particles)
        return particles

    def reconstruct(self, efficiency: float = 0.83, *, halves: bool = False) -> None:
        """Commit a first map, with its halves or, as of long ago, without."""
        super().reconstruct(efficiency)
        if halves:
            found = newest_map(self.store)
            assert found is not None
            half1, half2 = Path("pool/half1.mrc"), Path("pool/half2.mrc")
            made = replace(found, map=Path("pool/map.mrc"), picture=None, half1=half1, half2=half2)
            self._commit("volume", {"volume": to_document(made)})

    def classify(self) -> None:
        """Commit a snapshot in which every particle has a class, an angle and a shift."""
        rows = [
            f"('{one.exposure}', {n}, {x}, {y}, {1 + n % 2}, {10.0 * n}, {n / 2}, {-n / 4}, 0.9)"
            for one in self.taken
            for n, (x, y) in enumerate(one.places())
        ]
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT * FROM (VALUES {', '.join(rows)}) AS "
                't(exposure, "index", x, y, "class", angle, shift_y, shift_x, likelihood)) '
                f"TO '{self.folder / 'pool/x.parquet'}' (FORMAT parquet)"
            )
        averages = np.random.default_rng(3).normal(0, 1, (2, 32, 32)).astype(np.float32)
        write_mrc(self.folder / "pool" / "averages.mrcs", averages, 3.0)
        classes = Classes(
            averages=Path("pool/averages.mrcs"), box=32, pixel_size=3.0,
            counts=column([len(rows) / 2, len(rows) / 2]), resolution=column([8.0, 9.0]),
            score=column([1.0, 0.5]), assignments=Path("pool/x.parquet"), particles=len(rows),
            iteration=1, diameter=48.0, optics=OPTICS.binned(2.0),
        )  # fmt: skip
        self._commit("classify", {"classes": to_document(classes)})
        self.classes = classes
