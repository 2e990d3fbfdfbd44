"""CTF estimation: error on simulated movies, honesty of the errors, real data, tilt, and time.

    python benchmarks/bench_ctf.py --movies 50 --images 50 --write

Prints Markdown tables; `--write` puts them where the gallery page "CTF" of the documentation shows
them. The simulated movies go through icestream's own alignment first. Real data are those of the
folder ICESTREAM_TEST_DATA, or ../shared/data; without it that table is left out.
"""

import argparse
import csv
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import read_image, read_mrc
from icestream.model import Optics
from icestream.processing.ctf import (
    CtfFit,
    Defocus,
    PowerSpectrum,
    SearchRange,
    ctf_2d,
    fit_ctf,
    fit_spectrum,
    power_spectrum,
)
from icestream.processing.ctf.groups import PackedTiles, group_tiles
from icestream.processing.ctf.spectrum import average_ordinary
from icestream.processing.defects import find_outliers, replace_defects
from icestream.processing.gain.reference import dead_pixels
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.measure import measure_motion
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import TrackSearch
from icestream.processing.motion.warp import sum_frames
from icestream.processing.simulate.assembly import make_brick, make_cage
from icestream.processing.simulate.camera import Camera, make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.tracks import MotionTraits
from icestream.processing.simulate.transfer import Aberrations
from measured import publish

SIZE, FRAMES, DOSE = 2048, 24, 1.3
SIMULATED = Optics(pixel_size=1.0, voltage=300.0, amplitude_contrast=0.07)
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
ONE_SIGMA = 0.683
CONTRAST = 0.08
"""Of the images of ice alone, relative to the mean: rings to about 4 Å in 1024 x 1024."""


@dataclass
class Errors:
    """Deviations from the truth, each with its standard error."""

    mean: list[tuple[float, float]] = field(default_factory=list)
    astigmatism: list[tuple[float, float]] = field(default_factory=list)
    angle: list[tuple[float, float]] = field(default_factory=list)
    phase: list[tuple[float, float]] = field(default_factory=list)
    gradient: list[tuple[float, float]] = field(default_factory=list)
    vector: list[float] = field(default_factory=list)
    resolution: list[float] = field(default_factory=list)
    tilted: int = 0
    lost: int = 0

    def add(self, fit: CtfFit, true: Defocus, gradient: tuple[float, float] = (0.0, 0.0)) -> None:
        errors = fit.errors
        if errors is None:
            self.lost += 1
            return
        found, length = fit.defocus, fit.defocus.u - fit.defocus.v
        self.mean.append((found.mean - true.mean, errors.mean))
        self.astigmatism.append((length - true.u + true.v, errors.astigmatism))
        self.vector.append(2 * float(np.hypot(*np.subtract(found.vector, true.vector))))
        self.resolution.append(fit.resolution)
        if errors.angle <= 10.0:
            turn = (found.angle - true.angle + 90.0) % 180.0 - 90.0
            self.angle.append((turn, errors.angle))
        if errors.phase_shift is not None:
            self.phase.append((found.phase_shift - true.phase_shift, errors.phase_shift))
        if fit.plane is not None:
            self.tilted += fit.plane.tilted
            for a, b in zip(fit.plane.gradient, gradient, strict=True):
                self.gradient.append((a - b, fit.plane.error))


def rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values else float("nan")


def off(pairs: list[tuple[float, float]]) -> list[float]:
    return [deviation for deviation, _ in pairs]


def within(pairs: list[tuple[float, float]]) -> str:
    """Share of the deviations within one standard error, and of how many."""
    if not pairs:
        return "-"
    share = np.mean([abs(deviation) <= error for deviation, error in pairs])
    return f"{100 * share:.0f} % of {len(pairs)}"


def aligned(seed: int, motion: MotionTraits) -> tuple[NDArray[np.float32], PowerSpectrum, Defocus]:
    """The sum of an aligned movie, the spectrum that alignment hands to the CTF, its defocus."""
    rng = np.random.default_rng(seed)
    middle, half = rng.uniform(6000, 25000), rng.uniform(0, 400)
    true = Defocus(u=middle + half, v=middle - half, angle=rng.uniform(-90, 90))
    camera = make_camera(rng, (SIZE, SIZE))
    conditions = Conditions(
        optics=SIMULATED,
        aberrations=Aberrations(
            defocus_u=true.u, defocus_v=true.v, angle=true.angle, b_factor=rng.uniform(60, 100)
        ),
        frames=FRAMES,
        dose_per_frame=DOSE,
        thickness=rng.uniform(200, 500),
        particles=int(rng.uniform(50, 210)),
        motion=motion,
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
    found = measure_motion(movie, TrackSearch(), None, patches=7).best
    return sum_frames(movie, found).plain, in_groups(movie, found), true


def in_groups(movie: Frames, motion: NDArray[np.float64] | LocalMotion) -> PowerSpectrum:
    """The spectrum of groups of frames, as `movies.align` writes it and `ctf.estimate` reads it."""
    tiles = group_tiles(movie, motion, DOSE)
    assert tiles is not None
    return average_ordinary(tiles.unpack())


def ice(
    true: Defocus,
    optics: Optics,
    size: int,
    seed: int,
    *,
    gradient: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.float32]:
    """White ice that lies in a plane, without motion, and counting noise; no molecule.

    Where it is tilted, images of planes 60 Å apart are blended.
    """
    rng = np.random.default_rng(seed)
    pixel, shape = optics.pixel_size, (size, size)
    squared = np.square(np.fft.fftfreq(size, pixel))[:, None]
    squared = squared + np.square(np.fft.rfftfreq(size, pixel))
    envelope = np.exp(-0.25 * 80.0 * squared)
    place = (np.arange(size) - 0.5 * (size - 1)) * pixel
    height = gradient[0] * place[:, None] + gradient[1] * place
    white = np.fft.rfft2(rng.standard_normal(shape)) * envelope
    image = np.zeros(shape)
    for level in np.arange(np.floor(height.min() / 60) * 60, height.max() + 60, 60.0):
        weight = np.clip(1.0 - np.abs(height - level) / 60.0, 0.0, 1.0)
        if weight.any():
            at = replace(true, u=true.u + level, v=true.v + level)
            image += weight * np.fft.irfft2(white * ctf_2d(shape, at, optics, half=True), s=shape)
    return rng.poisson(np.clip(50.0 * (1.0 + CONTRAST * image), 1.0, None)).astype(np.float32)


def drawn(seed: int) -> Defocus:
    """A defocus of 0.6 to 2.5 µm with up to 800 Å of astigmatism."""
    rng = np.random.default_rng(seed)
    middle, half = rng.uniform(6000, 25000), rng.uniform(0, 400)
    return Defocus(u=middle + half, v=middle - half, angle=rng.uniform(-90, 90))


def of_movies(seeds: range, motion: MotionTraits) -> tuple[Errors, Errors]:
    """Errors on aligned movies: fitted to the sum, and to the spectra of groups of frames."""
    whole, grouped = Errors(), Errors()
    for seed in seeds:
        image, groups, true = aligned(seed, motion)
        whole.add(fit_ctf(image, SIMULATED), true)
        grouped.add(fit_spectrum(groups, SIMULATED), true)
    return whole, grouped


def of_ice(images: int) -> dict[str, Errors]:
    """Errors on images of ice alone: flat, with a phase plate, at 200 kV, and tilted."""
    found = {name: Errors() for name in ("flat", "phase plate", "200 kV", "tilted")}
    cold = Optics(pixel_size=1.3, voltage=200.0, spherical_aberration=1.4)
    plate = SearchRange(phase_shift=(0.0, 180.0))
    for seed in range(images):
        true = drawn(7100 + seed)
        found["flat"].add(fit_ctf(ice(true, KRIOS, 1024, seed), KRIOS), true)
        if seed % 5 == 0:
            found["200 kV"].add(fit_ctf(ice(true, cold, 1024, 100 + seed), cold), true)
            shift = float(np.random.default_rng(seed).uniform(40.0, 140.0))
            shifted = Defocus(u=true.u, v=true.v, angle=true.angle, phase_shift=shift)
            image = ice(shifted, KRIOS, 1024, 200 + seed)
            found["phase plate"].add(fit_ctf(image, KRIOS, wanted=plate), shifted)
            # From 5 to 40 degrees, about any axis.
            rng = np.random.default_rng(300 + seed)
            slope, axis = np.tan(np.radians(rng.uniform(5.0, 40.0))), rng.uniform(-np.pi, np.pi)
            gradient = (float(slope * np.sin(axis)), float(slope * np.cos(axis)))
            image = ice(true, KRIOS, 1280, 400 + seed, gradient=gradient)
            found["tilted"].add(fit_ctf(image, KRIOS), true, gradient)
    return found


def accuracy(whole: Errors, grouped: Errors) -> str:
    rows = [
        ("mean defocus, RMS error", rms(off(whole.mean)), rms(off(grouped.mean)), "45"),
        ("mean defocus, mean error", np.mean(off(whole.mean)), np.mean(off(grouped.mean)), ""),
        (
            "astigmatism, RMS error",
            rms(off(whole.astigmatism)),
            rms(off(grouped.astigmatism)),
            "100",
        ),
        ("astigmatism as a vector, RMS error", rms(whole.vector), rms(grouped.vector), ""),
    ]
    text = (
        f"**Simulated movies**: {len(whole.mean)} of {FRAMES} x {SIZE} x {SIZE}, 1 Å/px, 1.3 e/Å² "
        "a frame, 0.6 to 2.5 µm, aligned by icestream\n\n"
        "| | sum of all frames | groups of frames | bar |\n|---|---|---|---|\n"
    )
    for title, a, b, bar in rows:
        text += f"| {title} | {a:.0f} Å | {b:.0f} Å | {bar and f'{bar} Å'} |\n"
    a, b = np.median(whole.resolution), np.median(grouped.resolution)
    text += f"| fit resolution, median | {a:.1f} Å | {b:.1f} Å | |\n"
    return text + f"| tilts found where there are none | {whole.tilted} | {grouped.tilted} | 0 |\n"


def honesty(whole: Errors, grouped: Errors, flat: Errors, images: dict[str, Errors]) -> str:
    text = (
        "**Errors**: how many deviations from the truth are within one standard error "
        f"({100 * ONE_SIGMA:.0f} % would be right)\n\n"
        "| | mean defocus | its RMS error | astigmatism | angle, where known | gradient |\n"
        "|---|---|---|---|---|---|\n"
    )
    kinds = {
        "aligned movies": whole,
        "aligned movies, groups of frames": grouped,
        "the same of movies without local motion": flat,
    }
    kinds |= {f"ice without motion, {name}": errors for name, errors in images.items()}
    for name, errors in kinds.items():
        parts = (errors.astigmatism, errors.angle, errors.gradient)
        text += f"| {name} | {within(errors.mean)} | {rms(off(errors.mean)):.0f} Å | "
        text += " | ".join(within(part) for part in parts) + " |\n"
    plate, tilted = images["phase plate"], images["tilted"]
    return text + (
        f"\nThe phase shift has an RMS error of {rms(off(plate.phase)):.1f}°, "
        f"{within(plate.phase)} within one standard error. Of {len(tilted.mean)} specimens tilted "
        f"by 5 to 40° {tilted.tilted} were seen to be, and of {len(images['flat'].mean)} flat ones "
        f"{images['flat'].tilted}; each component of the gradient has an RMS error of "
        f"{rms(off(tilted.gradient)):.3f}.\n"
    )


def thick() -> str:
    """Ice without molecules or motion, as the simulator makes it; water moves all the same."""
    text = (
        "**Thickness of the ice** from the node of the rings: simulated movies of ice at rest, "
        "1024 x 1024, 1.5 Å/px\n\n"
        "| true | sum of all frames | rings to | groups of frames | rings to |\n"
        "|---|---|---|---|---|\n"
    )
    still = MotionTraits(early=(0.0, 0.0), walk=(0.0, 0.0), doming=(0.0, 0.0))
    camera = Camera(gain=np.ones((1024, 1024), np.float32), hot=np.zeros((0, 3), np.float32))
    for thickness in (400, 700, 1000, 1500, 2000):
        conditions = Conditions(
            optics=KRIOS,
            aberrations=Aberrations(defocus_u=12300, defocus_v=11900, angle=20.0, b_factor=60.0),
            thickness=thickness,
            frames=FRAMES,
            dose_per_frame=DOSE,
            particles=0,
            motion=still,
        )
        rng = np.random.default_rng(7300 + thickness)
        _, frames = simulate_movie(conditions, make_brick(), camera, rng)
        counts = np.stack(list(frames))
        movie = Frames(counts, camera.gain, KRIOS.pixel_size)
        whole = power_spectrum(counts.sum(axis=0).astype(np.float32), KRIOS.pixel_size)
        text += f"| {thickness} Å "
        for spectrum in (whole, in_groups(movie, np.zeros((FRAMES, 2)))):
            fit = fit_spectrum(spectrum, KRIOS)
            found = fit.thickness
            shown = "no node" if found is None else f"{found.value:.0f} ± {found.error or 0:.0f} Å"
            text += f"| {shown} | {fit.resolution:.1f} Å "
        text += "|\n"
    return text


def real_fits() -> Iterator[tuple[str, CtfFit, tuple[tuple[float, float], ...]]]:
    """Name, fit, and the (u, v) of the references."""
    folder = DATA / "relion_tutorial"
    optics = Optics(pixel_size=0.885, voltage=200.0, spherical_aberration=1.4)
    with (folder / "ctf_truth.csv").open() as table:
        for row in csv.DictReader(table):
            power = read_mrc(folder / f"{row['movie']}_PS.mrc") ** 2
            fit = fit_spectrum(PowerSpectrum(power=power, step=1 / (512 * 1.3995525)), optics)
            pair = (float(row["defocus_u_A"]), float(row["defocus_v_A"]))
            yield f"10204 {row['movie'][9:14]}, spectrum", fit, (pair,)
    images = DATA / "micrographs"
    for name, fits in APOFERRITIN.items():
        path = images / "apoferritin_empiar10146" / f"May08_{name}.average.png"
        yield f"10146 {name}", fit_ctf(read_image(path), KRIOS), fits
    sparse = Optics(pixel_size=0.8537755, voltage=300.0)
    yield "k2_sparse", fit_ctf(read_image(images / "k2_sparse.mrc"), sparse), SPARSE


def real() -> str:
    if not DATA.is_dir():
        print(f"\nno real data in {DATA}: set ICESTREAM_TEST_DATA")
        return ""
    text = (
        "**Real data**\n\n| micrograph | mean defocus | references | off their mean | "
        "astigmatism | references | tilt | rings to |\n|---|---|---|---|---|---|---|---|\n"
    )
    for name, fit, fits in real_fits():
        means = [0.5 * (u + v) for u, v in fits]
        errors, plane = fit.errors, fit.plane
        assert errors is not None
        tilt = "-" if plane is None else "none"
        if plane is not None and plane.tilted:
            tilt = f"{np.degrees(np.arctan(np.hypot(*plane.gradient))):.1f}°"
        text += (
            f"| {name} | {fit.defocus.mean:.0f} ± {errors.mean:.0f} Å "
            f"| {', '.join(f'{mean:.0f}' for mean in means)} Å "
            f"| {100 * (fit.defocus.mean / np.mean(means) - 1):+.2f} % "
            f"| {fit.defocus.u - fit.defocus.v:.0f} ± {errors.astigmatism:.0f} Å "
            f"| {', '.join(f'{u - v:.0f}' for u, v in fits)} Å "
            f"| {tilt} | {fit.resolution:.1f} Å |\n"
        )
    return text


def speed() -> str:
    plate = SearchRange(phase_shift=(0.0, 180.0))
    text = (
        "**Time** of one fit with everything that is reported, rings present; last, of one to the "
        "spectra that alignment wrote\n\n"
        "| image | pixel | processor time | with a phase plate | to spectra |\n"
        "|---|---|---|---|---|\n"
    )
    true = Defocus(u=12400, v=11800, angle=30.0)
    for size, pixel in ((1024, 1.5), (2048, 1.0), (4096, 1.0), (4096, 0.7)):
        optics = Optics(pixel_size=pixel, voltage=300.0)
        image = ice(true, optics, size, 1)
        frames = Frames(image[None], np.ones_like(image), pixel)
        tiles = group_tiles(frames, np.zeros((1, 2)), DOSE)
        assert tiles is not None
        times = (
            least(partial(fit_ctf, image, optics)),
            least(partial(fit_ctf, image, optics, wanted=plate)),
            least(partial(fit_packed, tiles, optics)),
        )
        text += f"| {size} x {size} | {pixel} Å | "
        text += " | ".join(f"{seconds:.2f} s" for seconds in times) + " |\n"
    return text


def fit_packed(tiles: PackedTiles, optics: Optics) -> CtfFit:
    """What `ctf.estimate` does with what alignment wrote."""
    return fit_spectrum(average_ordinary(tiles.unpack()), optics)


def least(work: Callable[[], object]) -> float:
    """Processor time of the fastest of three runs, s."""
    times = []
    for _ in range(3):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movies", type=int, default=50, help="simulated movies (default 50)")
    parser.add_argument("--images", type=int, default=50, help="images of ice (default 50)")
    parser.add_argument("--write", action="store_true", help="write the tables for the gallery")
    asked = parser.parse_args()
    tables: dict[str, str] = {}

    def keep(name: str, text: str) -> None:
        """Print a table, and write those that are there: a benchmark that is cut short is kept."""
        tables[name] = text
        print(f"\n{text}", flush=True)
        if asked.write:
            order = ("movies", "errors", "real", "thick", "speed")
            counts = f"--movies {asked.movies} --images {asked.images}"
            command = f"python benchmarks/bench_ctf.py {counts} --write"
            publish("ctf", "\n".join(tables[name] for name in order if name in tables), command)

    keep("real", real())
    keep("speed", speed())
    whole, grouped = of_movies(range(9100, 9100 + asked.movies), MotionTraits())
    keep("movies", accuracy(whole, grouped))
    rigid = range(9300, 9300 + asked.movies)
    _, flat = of_movies(rigid, MotionTraits(doming=(0.0, 0.0)))
    keep("errors", honesty(whole, grouped, flat, of_ice(asked.images)))
    keep("thick", thick())


if __name__ == "__main__":
    main()
