"""Movie alignment against RELION's own, on the same simulated movies: error and time.

    python benchmarks/bench_motion.py --movies 8

Prints a Markdown table. Both programs work on one core, in turn, movie by movie. Without RELION
(`relion_run_motioncorr` on the PATH) only icestream is measured.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import read_star, write_mrc, write_tiff
from icestream.model import Motion, Movie, Optics, column
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.tracks import Tracks
from icestream.processing.simulate.transfer import Aberrations
from icestream.protocol import Work
from icestream.protocols.align_movies import AlignMovies, AlignMoviesParameters

RELION = "relion_run_motioncorr"
OPTICS = Optics(pixel_size=1.5, voltage=300.0)
FRAMES, DOSE = 24, 1.3
GRID = np.linspace(-0.5, 0.5, 9)


@dataclass
class Score:
    """Errors (pixels) and times (seconds) of one program over the movies."""

    whole: list[float] = field(default_factory=list)
    everywhere: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def make_movie(folder: Path, seed: int, size: int) -> tuple[Movie, Tracks]:
    """Write a movie and its gain; return it with its true motion."""
    rng = np.random.default_rng(seed)
    camera = make_camera(rng, (size, size))
    defocus = rng.uniform(9000, 20000)
    conditions = Conditions(
        optics=OPTICS,
        aberrations=Aberrations(defocus_u=defocus + 150, defocus_v=defocus - 150),
        frames=FRAMES,
        dose_per_frame=DOSE,
        particles=round(40 * (size / 1024) ** 2),
    )
    truth, frames = simulate_movie(conditions, make_cage(), camera, rng)
    path, gain = folder / f"movie{seed}.tif", folder / f"gain{seed}.mrc"
    write_tiff(path, np.stack(list(frames)), compression="lzw")
    write_mrc(gain, camera.gain)
    movie = Movie(
        exposure=f"movie{seed}",
        path=path,
        frames=FRAMES,
        shape=(size, size),
        optics=OPTICS,
        dose_per_frame=DOSE,
        gain=gain,
    )
    return movie, truth.tracks


def true_field(tracks: Tracks) -> NDArray[np.float64]:
    """Shifts ``(frames, 2, 81)`` on a 9 x 9 grid over the field."""
    y, x = np.meshgrid(GRID + 0.5, GRID + 0.5, indexing="ij")
    return tracks.at(y.ravel(), x.ravel(), (1, 1))


def found_field(motion: Motion) -> NDArray[np.float64]:
    """The same for a result, with the model of RELION's motion STAR files."""
    field_ = np.repeat(np.asarray(motion.shifts, dtype=np.float64)[:, :, None], 81, axis=2)
    if motion.local is None:
        return field_
    y, x = (axis.ravel() for axis in np.meshgrid(GRID, GRID, indexing="ij"))
    t = np.arange(len(field_), dtype=np.float64)
    terms = np.asarray(motion.local, dtype=np.float64).reshape(2, 6, 3)
    places = np.stack([np.ones_like(x), x, x * x, y, y * y, x * y])
    return field_ + np.einsum("csa,af,sp->fcp", terms, np.stack([t, t**2, t**3]), places)


def errors(motion: Motion, tracks: Tracks) -> tuple[float, float]:
    """RMS error per axis, pixels: of the whole frame, and over the 9 x 9 grid.

    What is constant over the frames is removed, of the whole frame or at each place of the grid:
    it moves the micrograph and blurs nothing.
    """
    truth = true_field(tracks)
    whole = np.asarray(motion.shifts, dtype=np.float64) - truth.mean(axis=2)
    whole -= whole.mean(axis=0)
    local = found_field(motion) - truth
    local -= local.mean(axis=0)
    return float(np.sqrt((whole**2).mean())), float(np.sqrt((local**2).mean()))


def run_icestream(movie: Movie, folder: Path, local: bool) -> tuple[Motion, float, float]:
    align = AlignMovies(AlignMoviesParameters(local_motion=local))
    started, clock = time.process_time(), time.perf_counter()
    micrograph = align.process(movie, Work(folder=folder, seed=1))
    used = time.process_time() - started, time.perf_counter() - clock
    if micrograph.motion is None:
        raise SystemExit(f"{movie.path}: no motion was found")
    return micrograph.motion, *used


def run_relion(movie: Movie, folder: Path, local: bool) -> tuple[Motion, float, float]:
    star = folder / f"{movie.exposure}.star"
    star.write_text(
        "# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n"
        "_rlnMicrographOriginalPixelSize #3\n_rlnVoltage #4\n_rlnSphericalAberration #5\n"
        f"_rlnAmplitudeContrast #6\nopticsGroup1 1 {OPTICS.pixel_size} {OPTICS.voltage} 2.7 0.1\n\n"
        "# version 30001\n\ndata_movies\n\nloop_\n_rlnMicrographMovieName #1\n_rlnOpticsGroup #2\n"
        f"{movie.path.name} 1\n\n"
    )
    command = [RELION, "--i", star.name, "--o", "MotionCorr/", "--use_own", "--j", "1"]
    patches = "5" if local else "1"
    command += ["--patch_x", patches, "--patch_y", patches, "--bfactor", "150", "--bin_factor", "1"]
    command += ["--gainref", Path(str(movie.gain)).name, "--dose_weighting", "--save_noDW"]
    command += ["--dose_per_frame", str(DOSE), "--skip_logfile"]
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - clock
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = folder / "MotionCorr" / f"{movie.exposure}.star"
    if done.returncode or not result.exists():
        raise SystemExit(f"{RELION} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return read_relion_motion(result), used, wall


def read_relion_motion(path: Path) -> Motion:
    """Motion as RELION wrote it."""
    blocks = read_star(path)
    shifts = blocks["global_shift"].columns
    rows = np.stack(
        [
            np.asarray(shifts["rlnMicrographShiftY"], dtype=np.float64),
            np.asarray(shifts["rlnMicrographShiftX"], dtype=np.float64),
        ],
        axis=1,
    )
    local = None
    if "local_motion_model" in blocks:
        terms = blocks["local_motion_model"].columns["rlnMotionModelCoeff"]
        numbers = np.asarray(terms, dtype=np.float64)
        local = column(np.stack([numbers[18:], numbers[:18]]))
    return Motion(shifts=column(rows), local=local, pixel_size=OPTICS.pixel_size)


def table(scores: dict[str, Score]) -> str:
    rows = [
        "| program | whole frame, px | worst | 9 x 9 grid, px | worst | CPU, s | wall, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, score in scores.items():
        whole, everywhere = np.array(score.whole), np.array(score.everywhere)
        rows.append(
            f"| {name} | {np.sqrt((whole**2).mean()):.3f} | {whole.max():.3f} "
            f"| {np.sqrt((everywhere**2).mean()):.3f} | {everywhere.max():.3f} "
            f"| {np.median(score.processor):.2f} | {np.median(score.wall):.2f} |"
        )
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--movies", type=int, default=6)
    parser.add_argument("--size", type=int, default=1024, help="pixels of a side")
    parser.add_argument("--seed", type=int, default=101, help="of the first movie")
    chosen = parser.parse_args(arguments)
    programs = {
        "icestream": partial(run_icestream, local=True),
        "icestream, whole frames only": partial(run_icestream, local=False),
    }
    if shutil.which(RELION):
        programs["RELION, 5 x 5 patches"] = partial(run_relion, local=True)
        programs["RELION, whole frames only"] = partial(run_relion, local=False)
    else:
        print(f"{RELION} is not installed: icestream alone is measured")
    scores = {name: Score() for name in programs}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        movie, _ = make_movie(folder, chosen.seed - 1, chosen.size)
        first = run_icestream(movie, folder, local=True)[1]
        for seed in range(chosen.seed, chosen.seed + chosen.movies):
            movie, tracks = make_movie(folder, seed, chosen.size)
            for name, run in programs.items():
                motion, processor, wall = run(movie, folder)
                whole, everywhere = errors(motion, tracks)
                score = scores[name]
                score.whole.append(whole)
                score.everywhere.append(everywhere)
                score.processor.append(processor)
                score.wall.append(wall)
                print(f"{seed} {name}: {whole:.3f} {everywhere:.3f} px, {processor:.2f} s CPU")
            for path in folder.glob(f"movie{seed}*"):
                path.unlink()
    print(f"\n{chosen.movies} movies of {chosen.size} x {chosen.size} x {FRAMES}, one core each\n")
    print(table(scores))
    print(f"\nfirst movie of a new process: {first:.2f} s CPU (loads or compiles the kernels)")
    return 0


if __name__ == "__main__":
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        # One thread, as in a worker of the engine; NumPy reads this when it is imported.
        alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        os.execve(sys.executable, [sys.executable, *sys.argv], alone)
    sys.exit(main())
