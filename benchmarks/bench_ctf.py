"""CTF estimation: error on simulated movies, agreement on real data, and time.

    python benchmarks/bench_ctf.py --movies 20

Prints Markdown tables; what they mean is on the page "CTF estimation" of the documentation. The
simulated movies go through icestream's own alignment first. Real data are those of the folder
ICESTREAM_TEST_DATA, or ../shared/data; without it that table is left out.
"""

import argparse
import csv
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import read_image, read_mrc
from icestream.model import Optics
from icestream.processing.ctf import CtfFit, Defocus, PowerSpectrum, fit_ctf, fit_spectrum
from icestream.processing.defects import find_outliers, replace_defects
from icestream.processing.gain import dead_pixels
from icestream.processing.motion.measure import measure_motion
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import Search
from icestream.processing.motion.warp import sum_frames
from icestream.processing.simulate.assembly import make_brick, make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations

SIMULATED = Optics(pixel_size=1.5, voltage=300.0, amplitude_contrast=0.07)
KRIOS = Optics(pixel_size=1.5, voltage=300.0)
ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ICESTREAM_TEST_DATA", ROOT.parent / "shared" / "data"))
APOFERRITIN = {
    "03.13.02": ((22617, 21381), (22387, 21383)),
    "05.35.20": ((24879, 24636), (25096, 24796)),
    "05.53.51": ((19537, 19172), (19675, 19242)),
    "07.10.35": ((18385, 18085), (18693, 18514)),
}
SPARSE = ((10822, 10360), (10667, 10505))


@dataclass
class Errors:
    """Deviations from the truth over the movies, Å."""

    mean: list[float] = field(default_factory=list)
    astigmatism: list[float] = field(default_factory=list)
    vector: list[float] = field(default_factory=list)
    expected: list[float] = field(default_factory=list)
    resolution: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, fit: CtfFit, true: Defocus, seconds: float) -> None:
        self.mean.append(fit.defocus.mean - true.mean)
        self.astigmatism.append(fit.defocus.u - fit.defocus.v - true.u + true.v)
        self.vector.append(2 * float(np.hypot(*np.subtract(fit.defocus.vector, true.vector))))
        self.expected.append(fit.defocus_error or np.nan)
        self.resolution.append(fit.resolution)
        self.seconds.append(seconds)


def rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def micrograph(seed: int) -> tuple[NDArray[np.float32], Defocus]:
    """A movie of 24 frames of 1.3 e/Å², aligned and summed; and its true defocus."""
    rng = np.random.default_rng(seed)
    middle, half = rng.uniform(6000, 25000), rng.uniform(0, 400)
    true = Defocus(u=middle + half, v=middle - half, angle=rng.uniform(-90, 90))
    camera = make_camera(rng, (1024, 1024))
    conditions = Conditions(
        optics=SIMULATED,
        aberrations=Aberrations(
            defocus_u=true.u, defocus_v=true.v, angle=true.angle, b_factor=rng.uniform(60, 100)
        ),
        thickness=rng.uniform(200, 500),
        particles=int(rng.uniform(30, 120)),
    )
    specimen = make_cage() if seed % 2 else make_brick()
    _, frames = simulate_movie(conditions, specimen, camera, rng)
    counts = np.stack(list(frames))
    gain = np.where(camera.gain == 0, 1, camera.gain).astype(np.float32)
    total = (counts.sum(axis=0) * gain).astype(np.float32)
    dead = dead_pixels(camera.gain)
    total[dead] = np.median(total)
    replace_defects(counts, dead | find_outliers(total), seed=seed)
    movie = Frames(counts, gain, SIMULATED.pixel_size)
    found = measure_motion(movie, Search(), None, patches=7)
    return sum_frames(movie, found.best).plain, true


def simulated(movies: int) -> None:
    errors = Errors()
    for seed in range(movies):
        image, true = micrograph(9000 + seed)
        started = time.process_time()
        fit = fit_ctf(image, SIMULATED)
        errors.add(fit, true, time.process_time() - started)
    print(f"\n{movies} simulated movies, 1024 x 1024 x 24, 1.5 Å/px, 1.3 e/Å² a frame:\n")
    print("| | |\n|---|---|")
    print(f"| mean defocus, RMS error | {rms(errors.mean):.0f} Å |")
    print(f"| its own estimate of that | {rms(errors.expected):.0f} Å |")
    print(f"| mean defocus, mean error | {np.mean(errors.mean):+.0f} Å |")
    print(f"| astigmatism, RMS error | {rms(errors.astigmatism):.0f} Å |")
    print(f"| astigmatism as a vector, RMS error | {rms(errors.vector):.0f} Å |")
    print(f"| fit resolution, median | {np.median(errors.resolution):.1f} Å |")
    print(f"| processor time, median | {np.median(errors.seconds):.2f} s |")


def real_fits() -> Iterator[tuple[str, CtfFit, float, float]]:
    """Name, fit, and mean defocus and astigmatism of the reference."""
    folder = DATA / "relion_tutorial"
    optics = Optics(pixel_size=0.885, voltage=200.0, spherical_aberration=1.4)
    with (folder / "ctf_truth.csv").open() as table:
        for row in csv.DictReader(table):
            power = read_mrc(folder / f"{row['movie']}_PS.mrc") ** 2
            fit = fit_spectrum(PowerSpectrum(power=power, step=1 / (512 * 1.3995525)), optics)
            u, v = float(row["defocus_u_A"]), float(row["defocus_v_A"])
            yield f"10204 {row['movie'][9:14]}, spectrum", fit, 0.5 * (u + v), u - v
    images = DATA / "micrographs"
    for name, fits in APOFERRITIN.items():
        path = images / "apoferritin_empiar10146" / f"May08_{name}.average.png"
        both = np.mean(fits, axis=0)
        yield f"10146 {name}", fit_ctf(read_image(path), KRIOS), both.mean(), both[0] - both[1]
    sparse = Optics(pixel_size=0.8537755, voltage=300.0)
    both = np.mean(SPARSE, axis=0)
    fit = fit_ctf(read_image(images / "k2_sparse.mrc"), sparse)
    yield "k2_sparse", fit, both.mean(), both[0] - both[1]


def real() -> None:
    if not DATA.is_dir():
        print(f"\nno real data in {DATA}: set ICESTREAM_TEST_DATA")
        return
    print("\n| micrograph | mean defocus | reference | off | astigmatism | reference | rings to |")
    print("|---|---|---|---|---|---|---|")
    for name, fit, mean, astigmatism in real_fits():
        print(
            f"| {name} | {fit.defocus.mean:.0f} ± {fit.defocus_error:.0f} Å | {mean:.0f} Å "
            f"| {100 * (fit.defocus.mean / mean - 1):+.2f} % "
            f"| {fit.defocus.u - fit.defocus.v:.0f} Å | {astigmatism:.0f} Å "
            f"| {fit.resolution:.1f} Å |"
        )


def speed() -> None:
    rng = np.random.default_rng(1)
    fit_ctf(rng.normal(size=(512, 512)).astype(np.float32), KRIOS)  # compiles
    print("\n| image | pixel | processor time |\n|---|---|---|")
    for size, pixel in ((1024, 1.5), (2048, 1.0), (4096, 1.0), (4096, 0.7)):
        image = rng.normal(size=(size, size)).astype(np.float32)
        times = []
        for _ in range(3):
            started = time.process_time()
            fit_ctf(image, Optics(pixel_size=pixel, voltage=300.0))
            times.append(time.process_time() - started)
        print(f"| {size} x {size} | {pixel} Å | {min(times):.2f} s |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movies", type=int, default=20, help="simulated movies (default 20)")
    speed()
    real()
    simulated(parser.parse_args().movies)


if __name__ == "__main__":
    main()
