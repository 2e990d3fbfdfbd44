"""Blind gain, orientation and age of a reference, on simulated movies whose gain is known.

    python benchmarks/bench_gain.py --write

The movies are those of the simulator: particles in ice that move and fade, an uneven beam, other in
each movie. A pixel counts 40 electrons on average: 4 frames with 10 each stand for 40 with one,
since only their sum is used, whose statistics are the same. `relion_estimate_gain`, where it is
installed, averages the same files in the same run.
"""

import argparse
import math
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import open_movie, read_mrc, write_mrc, write_tiff
from icestream.model import ORIENTATIONS, Movie, Optics
from icestream.processing.gain.bad_pixels import find_bad_pixels
from icestream.processing.gain.detail import local_mean, repeated_pattern
from icestream.processing.gain.estimate import estimate_gain
from icestream.processing.gain.orientation import find_orientation
from icestream.processing.gain.sums import GainSums
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import Camera, make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations
from icestream.protocol import Batch, Work
from icestream.protocols.align_movies import AlignMovies
from icestream.protocols.estimate_gain import EstimateGain, EstimateGainParameters
from icestream.protocols.monitor_gain import GainLimits
from measured import publish

FRAMES, COUNTS = 4, 10.0
PIXEL = 1.0
SPECIMEN = make_cage()
STEPS = (1, 10, 30, 100)


def movie_frames(camera: Camera, rng: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    """Frames of one movie; 40 electrons are counted in a pixel of them all, on average."""
    thickness = rng.uniform(220.0, 450.0)
    defocus = rng.uniform(8000.0, 22000.0)
    conditions = Conditions(
        optics=Optics(pixel_size=PIXEL, voltage=300.0),
        aberrations=Aberrations(defocus_u=defocus + 150, defocus_v=defocus - 150),
        frames=FRAMES,
        dose_per_frame=COUNTS * math.exp(thickness / 3950.0) / PIXEL**2,
        thickness=thickness,
        particles=round(40 * camera.gain.size / 1024**2) + 1,
    )
    return simulate_movie(conditions, SPECIMEN, camera, rng)[1]


def session(camera: Camera, rng: np.random.Generator, movies: int) -> Iterator[GainSums]:
    """The sums after each movie."""
    sums = GainSums(camera.shape)
    for _ in range(movies):
        total = np.zeros(camera.shape, np.uint32)
        for frame in movie_frames(camera, rng):
            total += frame
        sums.add(total, FRAMES)
        yield sums


def correlation(found: NDArray[np.float32], true: NDArray[np.float32]) -> float:
    good = (found > 0) & (true > 0) & np.isfinite(found)
    return float(np.corrcoef(found[good], true[good])[0, 1])


def detail_correlation(found: NDArray[np.float32], true: NDArray[np.float32]) -> float:
    """The same of what is finer than 31 pixels."""
    good = (found > 0) & (true > 0)
    fine = [image / local_mean(image, good) for image in (found, true)]
    return float(np.corrcoef(fine[0][good], fine[1][good])[0, 1])


def plain(sums: GainSums) -> NDArray[np.float32]:
    """What a mean image alone gives."""
    mean = sums.mean()
    return np.divide(1.0, mean, out=np.zeros_like(mean), where=mean > 0)


def blind(seeds: range, size: int) -> list[str]:
    """Correlation with the true gain as movies come in."""
    rows = [
        "| Movies | icestream: median (least) | expected by icestream | mean image | "
        "detail alone: icestream |",
        "|---|---|---|---|---|",
    ]
    found: dict[int, list[tuple[float, ...]]] = {step: [] for step in STEPS}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        camera = make_camera(rng, (size, size))
        for sums in session(camera, rng, STEPS[-1]):
            if sums.movies in STEPS:
                estimate = estimate_gain(sums, find_bad_pixels(sums))
                found[sums.movies].append(
                    (
                        correlation(estimate.gain, camera.gain),
                        estimate.correlation,
                        correlation(plain(sums), camera.gain),
                        detail_correlation(estimate.gain, camera.gain),
                    )
                )
        print(seed, {step: np.round(values[-1], 4) for step, values in found.items()}, flush=True)
    for step, values in found.items():
        ours, said, simple, fine = np.array(values).T
        expected = "–" if step == 1 else f"{np.median(said):.3f}"
        rows.append(
            f"| {step} | {np.median(ours):.3f} ({ours.min():.3f}) | {expected} | "
            f"{np.median(simple):.3f} | {np.median(fine):.3f} |"
        )
    return rows


def still_beam(seed: int, size: int) -> tuple[float, float]:
    """Correlations, whole and of the detail, when one uneven beam lies on all of 100 movies."""
    rng = np.random.default_rng(seed)
    camera = make_camera(rng, (size, size))
    y, x = np.linspace(-1, 1, size)[:, None], np.linspace(-1, 1, size)[None, :]
    beam = 1 + 0.04 * (0.5 - (x - 0.3) ** 2 - (y + 0.2) ** 2)
    lit = replace(camera, gain=(camera.gain / beam).astype(np.float32))
    *_, sums = session(lit, rng, STEPS[-1])
    gain = estimate_gain(sums, find_bad_pixels(sums)).gain
    return correlation(gain, camera.gain), detail_correlation(gain, camera.gain)


def orientations(trials: range, size: int) -> tuple[int, int, float]:
    """How many are right, and decided, and the least certainty."""
    right = decided = 0
    least = math.inf
    for seed in trials:
        rng = np.random.default_rng(seed)
        camera = make_camera(rng, (size, size))
        true = replace(ORIENTATIONS[rng.integers(8)], inverse=bool(rng.integers(2)))
        good = camera.gain > 0
        stored = camera.gain
        if true.inverse:
            stored = np.divide(1, camera.gain, out=np.zeros_like(camera.gain), where=good)
        back = next(o for o in ORIENTATIONS if np.array_equal(true.turn(o.turn(stored)), stored))
        *_, sums = session(camera, rng, 10)
        fit = find_orientation(sums.mean(), np.ascontiguousarray(back.turn(stored)))
        right += fit.orientation.is_same_as(true)
        decided += fit.decided
        least = min(least, fit.certainty)
    return right, decided, least


def outdated(seed: int, size: int, change: float) -> str:
    """Movies after which a reference is called outdated whose pixels are off by `change`."""
    rng = np.random.default_rng(seed)
    camera = make_camera(rng, (size, size))
    stale = (camera.gain * (1 + change * rng.standard_normal(camera.shape))).astype(np.float32)
    limits = GainLimits()
    residual = 0.0
    for sums in session(camera, rng, 30):
        halves = sums.half_means()
        if halves is None:
            continue
        first, second = halves
        pattern = repeated_pattern(first * stale, second * stale, (stale > 0) & (sums.mean() > 0))
        residual = pattern.pixels
        if residual**2 > limits.residual_max**2 + 3 * pattern.error**2:
            return f"{sums.movies} movies ({100 * residual:.1f} % measured)"
    return f"not in 30 movies ({100 * residual:.1f} % measured)"


def against_relion(folder: Path, seed: int, size: int, movies: int) -> list[str]:
    """Ours and `relion_estimate_gain` from the same files."""
    rng = np.random.default_rng(seed)
    camera = make_camera(rng, (size, size))
    paths = []
    for number in range(movies):
        paths.append(folder / f"m{number:03d}.tiff")
        write_tiff(paths[-1], np.stack(list(movie_frames(camera, rng))))
    start = time.process_time()
    sums = GainSums(camera.shape)
    for path in paths:
        total = np.zeros(camera.shape, np.uint32)
        with open_movie(path) as file:
            for index in range(file.frames):
                total += file.read(index)
        sums.add(total, FRAMES)
    estimate = estimate_gain(sums, find_bad_pixels(sums))
    ours = time.process_time() - start
    rows = ["| Program | correlation | CPU-seconds |", "|---|---|---|"]
    rows.append(f"| icestream | {correlation(estimate.gain, camera.gain):.3f} | {ours:.1f} |")
    if shutil.which("relion_estimate_gain"):
        star = folder / "in.star"
        star.write_text(
            "data_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n"
            "_rlnMicrographOriginalPixelSize #3\n_rlnVoltage #4\n_rlnSphericalAberration #5\n"
            "_rlnAmplitudeContrast #6\nog1 1 1.0 300 2.7 0.1\n\n"
            "data_movies\n\nloop_\n_rlnMicrographMovieName #1\n_rlnOpticsGroup #2\n"
            + "".join(f"{path.name} 1\n" for path in paths)
        )
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = ["relion_estimate_gain", "--i", "in.star", "--o", "gain.mrc", "--j", "1"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=1800)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        theirs = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        gain = np.squeeze(read_mrc(folder / "gain.mrc"))
        rows.append(
            f"| `relion_estimate_gain` | {correlation(gain, camera.gain):.3f} | {theirs:.1f} |"
        )
    return rows


def cost(folder: Path, size: int) -> str:
    """CPU time of watching the gain beside that of aligning, per movie of a session of 200."""
    frames = 40
    rng = np.random.default_rng(7)
    camera = make_camera(rng, (size, size))
    seen = np.divide(1, camera.gain, out=np.zeros_like(camera.gain), where=camera.gain > 0)
    frame = rng.poisson(seen).astype(np.uint8)
    write_tiff(folder / "m.tiff", np.stack([np.roll(frame, 16 * n, 0) for n in range(frames)]))
    write_mrc(folder / "g.mrc", camera.gain)
    movie = Movie(
        exposure="m",
        path=folder / "m.tiff",
        frames=frames,
        shape=camera.shape,
        optics=Optics(pixel_size=PIXEL, voltage=300.0),
        dose_per_frame=1.0,
        gain=folder / "g.mrc",
    )
    work = Work(folder=folder)
    align = AlignMovies()
    align.process(movie, work)  # compiles
    times = [time.process_time()]
    align.process(movie, work)
    times.append(time.process_time())
    gain = EstimateGain()
    state = gain.update(None, Batch((movie, movie)), work)  # all frames of both, and a look
    times.append(time.process_time())
    assert state is not None
    assert state.look is not None
    state.taken = 30
    state.look = replace(state.look, movies=state.taken)  # no look is due for a while
    EstimateGain(EstimateGainParameters(whole_movies=99)).update(state, Batch((movie, movie)), work)
    times.append(time.process_time())
    gain.update(state, Batch((movie,)), work)
    times.append(time.process_time())
    assert state.look.movies == 30
    aligning, first, whole, part = np.diff(times)
    look = first - whole
    looks = 2 + (200 - 10) // 20
    each = (10 * whole / 2 + 190 * part + looks * look) / 200
    return (
        f"Of movies of {frames} x {size} x {size} (LZW): aligning one took {aligning:.1f} CPU-s, "
        f"reading all its frames for the gain {whole / 2:.1f}, one in ten {part:.2f}, and a look "
        f"{look:.1f}; over a session of 200 movies the gain costs {each:.2f} CPU-s a movie, "
        f"{100 * each / aligning:.0f} % of aligning it."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=6)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=9000, help="first of the seeds")
    parser.add_argument("--cost-size", type=int, default=2048)
    parser.add_argument("--write", action="store_true", help="write the gallery's table")
    wanted = parser.parse_args()
    seed, size = wanted.seed, wanted.size
    parts = [f"Correlation with the true gain, {wanted.cameras} cameras of {size} x {size}:\n"]
    parts += blind(range(seed, seed + wanted.cameras), size)
    beam, fine = still_beam(seed + 50, size)
    parts.append(
        f"\nThe same, when one uneven beam (4 %) lies on all 100 movies: {beam:.3f}, of the detail "
        f"{fine:.3f}.\n"
    )
    trials = range(seed + 100, seed + 100 + wanted.trials)
    right, decided, least = orientations(trials, size // 2)
    parts.append(
        f"Orientation (8 ways, multiplied or divided by), 10 movies of {size // 2} x {size // 2}: "
        f"right in {right} of {wanted.trials} trials, decided in {decided}; the least certain by "
        f"{least:.0f} standard errors (5 are asked for).\n"
    )
    for change in (0.01, 0.02, 0.04):
        found = outdated(seed + 60, size, change)
        parts.append(f"* A reference whose pixels are off by {100 * change:g} %: {found}.")
    parts.append(f"\n100 movies of {FRAMES} frames, the same files ({size} x {size}):\n")
    with tempfile.TemporaryDirectory() as folder:
        parts += against_relion(Path(folder), seed + 70, size, 100)
    with tempfile.TemporaryDirectory() as folder:
        parts.append(f"\n{cost(Path(folder), wanted.cost_size)}")
    text = "\n".join(parts)
    print(text)
    if wanted.write:
        publish("gain", text, "python benchmarks/bench_gain.py --write")


if __name__ == "__main__":
    main()
