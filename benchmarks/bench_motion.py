"""Movie alignment against RELION's own, on the same simulated movies: error, time and memory.

    python benchmarks/bench_motion.py --write

Movies of 24 frames of 2048 x 2048 pixels and of 40 frames of 4096 x 4096, as raw MRC and as TIFF
with LZW. Each is simulated once and aligned by both programs in turn, on one core, each run in a
fresh process, whose peak memory is taken. Both write the sum with and without dose weighting, and
power spectra of groups of frames for the CTF. icestream's process warms up first, as a worker does,
which loads the compiled kernels. Without RELION (`relion_run_motioncorr` on the PATH)
only icestream is measured.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats import write_mrc, write_tiff
from icestream.formats.relion import read_motion
from icestream.model import Motion, Movie, Optics
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.tracks import Tracks
from icestream.processing.simulate.transfer import Aberrations
from icestream.protocol import Work
from icestream.protocols.align_movies import AlignMovies
from icestream.protocols.align_parameters import AlignMoviesParameters
from measured import on_one_thread, publish

RELION = "relion_run_motioncorr"
OPTICS = Optics(pixel_size=1.5, voltage=300.0)
DOSE = 1.3
CASES = {2048: 24, 4096: 40}
"""Pixels of a side, and frames."""
FORMATS = {"mrcs": "raw MRC", "tif": "TIFF, LZW"}
BARS = {"whole": 0.9, "field": 0.9, "mrcs": 1 / 5, "tif": 1 / 3, "memory": 1.0}
"""What icestream may have of RELION's errors, CPU time by format, and memory."""
GRID = np.linspace(-0.5, 0.5, 9)
PEERS = ("icestream", "RELION")


@dataclass(frozen=True)
class Run:
    """One program on one movie."""

    seed: int
    size: int
    kind: str
    program: str
    whole: float
    """RMS error of the whole-frame shifts, pixels."""
    field: float
    """RMS error over the field, pixels."""
    processor: float
    """CPU seconds."""
    memory: float
    """Peak, MB."""


def make_movie(folder: Path, seed: int, size: int, frames: int) -> tuple[dict[str, Movie], Tracks]:
    """Write a movie in both formats, and its gain; return them with the true motion."""
    rng = np.random.default_rng(seed)
    camera = make_camera(rng, (size, size))
    defocus = rng.uniform(9000, 20000)
    conditions = Conditions(
        optics=OPTICS,
        aberrations=Aberrations(defocus_u=defocus + 150, defocus_v=defocus - 150),
        frames=frames,
        dose_per_frame=DOSE,
        particles=round(40 * (size / 1024) ** 2),
    )
    truth, images = simulate_movie(conditions, make_cage(), camera, rng)
    stack = np.stack(list(images))
    gain = folder / f"gain{seed}.mrc"
    write_mrc(gain, camera.gain)
    movies = {}
    for kind in FORMATS:
        path = folder / f"movie{seed}_{kind}.{kind}"
        if kind == "tif":
            write_tiff(path, stack, compression="lzw")
        else:
            write_mrc(path, stack, OPTICS.pixel_size)
        movies[kind] = Movie(
            exposure=path.stem,
            path=path,
            frames=frames,
            shape=(size, size),
            optics=OPTICS,
            dose_per_frame=DOSE,
            gain=gain,
        )
    return movies, truth.tracks


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


def alone(function: Any, *arguments: Any) -> Any:
    """What `function` returns in a fresh process, so that no memory of this one counts as its."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def align(movie: Movie, folder: Path) -> tuple[Motion, float, float]:
    """Motion, CPU seconds and peak memory (MB) of icestream, whose kernels are loaded before."""
    AlignMovies.warm()
    protocol = AlignMovies(AlignMoviesParameters())
    started = time.process_time()
    micrograph = protocol.process(movie, Work(folder=folder, seed=1))
    used = time.process_time() - started
    if micrograph.motion is None:
        raise SystemExit(f"{movie.path}: no motion was found")
    return micrograph.motion, used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_relion(movie: Movie, folder: Path) -> tuple[Motion, float, float]:
    """The same of RELION with 5 x 5 patches."""
    star = folder / f"{movie.exposure}.star"
    star.write_text(
        "# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n"
        "_rlnMicrographOriginalPixelSize #3\n_rlnVoltage #4\n_rlnSphericalAberration #5\n"
        f"_rlnAmplitudeContrast #6\nopticsGroup1 1 {OPTICS.pixel_size} {OPTICS.voltage} 2.7 0.1\n\n"
        "# version 30001\n\ndata_movies\n\nloop_\n_rlnMicrographMovieName #1\n_rlnOpticsGroup #2\n"
        f"{movie.path.name} 1\n\n"
    )
    command = [RELION, "--i", star.name, "--o", "MotionCorr/", "--use_own", "--j", "1"]
    command += ["--patch_x", "5", "--patch_y", "5", "--bfactor", "150", "--bin_factor", "1"]
    command += ["--gainref", Path(str(movie.gain)).name, "--dose_weighting", "--save_noDW"]
    command += ["--dose_per_frame", str(DOSE), "--skip_logfile"]
    # Spectra for the CTF, as icestream writes them, of groups of the exposure that is advised.
    command += ["--grouping_for_ps", str(round(4.0 / DOSE)), "--ps_size", "512"]
    log = folder / "relion.log"
    with log.open("w") as output:
        child = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    result = folder / "MotionCorr" / f"{movie.exposure}.star"
    if child.returncode or not result.exists():
        raise SystemExit(f"{RELION} failed:\n{log.read_text()[-3000:]}")
    return read_motion(result), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(size: int, seeds: range, folder: Path, peer: bool) -> Iterator[Run]:
    """Both programs on the movies of one size, in turn."""
    for seed in seeds:
        movies, tracks = alone(make_movie, folder, seed, size, CASES[size])
        for kind, movie in movies.items():
            found = {"icestream": alone(align, movie, folder)}
            if peer:
                found["RELION"] = run_relion(movie, folder)
            for program, (motion, used, memory) in found.items():
                run = Run(seed, size, kind, program, *errors(motion, tracks), used, memory)
                print(run, flush=True)
                yield run
            for path in [movie.path, *folder.glob(f"**/{movie.exposure}*")]:
                path.unlink(missing_ok=True)


def table(runs: list[Run]) -> str:
    """What was measured, and the bars that it was measured against."""
    rows = [
        "| movies | program | whole frame, px | worst | field, px | worst | CPU, s | memory, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    bars = [
        "| icestream over RELION | whole frame | field | CPU | memory |",
        "|---|---|---|---|---|",
    ]
    for size, kind in product(CASES, FORMATS):
        mine = [run for run in runs if (run.size, run.kind) == (size, kind)]
        if not mine:
            continue
        seeds = len({run.seed for run in mine})
        name = f"{seeds} of {CASES[size]} x {size}², {FORMATS[kind]}"
        by_program = {program: [run for run in mine if run.program == program] for program in PEERS}
        for program, each in by_program.items():
            if each:
                rows.append(f"| {name} | {program} | {describe(each)} |")
        if all(by_program.values()):
            bars.append(f"| {name} | {compare(kind, *by_program.values())} |")
    return "\n".join([*rows, "", *(bars if len(bars) > 2 else [])])


def describe(runs: list[Run]) -> str:
    whole, everywhere = np.array([(run.whole, run.field) for run in runs]).T
    return (
        f"{rms(whole):.3f} | {whole.max():.3f} | {rms(everywhere):.3f} | {everywhere.max():.3f} "
        f"| {np.median([run.processor for run in runs]):.2f} "
        f"| {max(run.memory for run in runs):.0f}"
    )


def compare(kind: str, ours: list[Run], theirs: list[Run]) -> str:
    """Ratios, each with its bar: of errors the RMS over the movies, and the worst movie."""
    cells = []
    for what in ("whole", "field"):
        a, b = (np.array([getattr(run, what) for run in runs]) for runs in (ours, theirs))
        cells.append(f"{rms(a) / rms(b):.2f}, worst {(a / b).max():.2f} (bar {BARS[what]})")
    times = [np.median([run.processor for run in runs]) for runs in (ours, theirs)]
    cells.append(f"1/{times[1] / times[0]:.1f} (bar 1/{1 / BARS[kind]:.0f})")
    memory = [max(run.memory for run in runs) for runs in (ours, theirs)]
    cells.append(f"{memory[0] / memory[1]:.2f} (bar {BARS['memory']})")
    return " | ".join(cells)


def rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt((values**2).mean()))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--movies", type=int, default=4, help="of each size")
    parser.add_argument("--size", type=int, choices=list(CASES), help="pixels of a side; both")
    parser.add_argument("--seed", type=int, default=701, help="of the first movie")
    parser.add_argument("--runs", type=Path, help="file of earlier runs, which gets the new ones")
    parser.add_argument("--write", action="store_true", help="write the table of the gallery")
    chosen = parser.parse_args(arguments)
    peer = shutil.which(RELION) is not None
    if not peer:
        print(f"{RELION} is not installed: icestream alone is measured")
    runs: list[Run] = []
    if chosen.runs and chosen.runs.exists():
        runs = [Run(**json.loads(line)) for line in chosen.runs.read_text().splitlines()]
    for size in [chosen.size] if chosen.size else CASES:
        with tempfile.TemporaryDirectory() as scratch:
            seeds = range(chosen.seed, chosen.seed + chosen.movies)
            for run in measure(size, seeds, Path(scratch), peer):
                runs.append(run)
                if chosen.runs:
                    with chosen.runs.open("a") as file:
                        file.write(json.dumps(asdict(run)) + "\n")
    text = (
        "Simulated movies, 1.5 Å per "
        f"pixel, {DOSE} e/Å² per frame, one core. *Whole frame* is the RMS error of the shifts per "
        "axis, *field* that at 9 x 9 places of the field, each with the mean over the frames "
        "removed. CPU seconds are medians for the whole of `movies.align`, from the file to the "
        "two sums and the spectra of groups of frames for the CTF, which RELION is told to write "
        "too; memory is the highest peak of a process.\n\n" + table(runs)
    )
    print(f"\n{text}")
    if chosen.write:
        publish("movie-alignment", text, "python benchmarks/bench_motion.py --write")
    return 0


if __name__ == "__main__":
    on_one_thread()
    sys.exit(main())
