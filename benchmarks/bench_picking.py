"""Picking against truth on simulated micrographs, and against people on real ones.

    python benchmarks/bench_picking.py --micrographs 6

Prints a Markdown table. A pick is right when it is within half a diameter of a true centre, one to
one; particles whose centres are in the rim of half a diameter are not asked for. Beside icestream,
RELION's Laplacian of Gaussian works on the same micrographs where `relion_autopick` is installed.
The real micrographs are apoferritin of EMPIAR-10146 with human picks (`ICESTREAM_TEST_DATA`).
The page of the documentation is `docs/explanation/picking.md`.
"""

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from scipy import ndimage

from icestream.formats import read_star, write_mrc
from icestream.model import Ctf, Micrograph, Optics
from icestream.processing.fourier import fourier_shift
from icestream.processing.picking import match_peaks
from icestream.processing.simulate.assembly import make_brick, make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations
from icestream.protocols.pick_by_log import PickByLog, PickByLogParameters

PIXEL = 1.5
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
RELION = "relion_autopick"
Points = NDArray[np.float64]
Picker = Callable[["Case", Path], tuple[Points, float]]


@dataclass
class Case:
    """A micrograph and where its particles are."""

    name: str
    image: NDArray[np.float32]
    true: Points
    """(x, y) pixels."""
    diameter: float
    ctf: Ctf | None


@dataclass
class Score:
    """Figures of one picker, one per micrograph."""

    recall: list[float] = field(default_factory=list)
    precision: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def simulated(specimen_name: str, count: int, seed: int) -> Iterator[Case]:
    """Micrographs summed from simulated movies along their true whole-frame motion."""
    specimen = {"cage": make_cage, "brick": make_brick}[specimen_name]()
    camera = make_camera(np.random.default_rng(7), (1024, 1024))
    for number in range(seed, seed + count):
        rng = np.random.default_rng(number)
        defocus, split = rng.uniform(8000, 25000), rng.uniform(0, 400)
        bent = Aberrations(
            defocus_u=defocus + split / 2, defocus_v=defocus - split / 2, angle=rng.uniform(-90, 90)
        )
        wanted = Conditions(optics=OPTICS, aberrations=bent, particles=int(rng.integers(30, 80)))
        truth, frames = simulate_movie(wanted, specimen, camera, rng)
        total = np.zeros((1024, 1024), np.float32)
        for frame, shift in zip(frames, truth.tracks.shifts, strict=True):
            corrected = frame * camera.gain
            bad = camera.gain == 0
            corrected[bad] = ndimage.median_filter(corrected, 5)[bad]
            total += fourier_shift(corrected, (float(shift[0]), float(shift[1])))
        hot = np.abs(total - np.median(total)) > 6 * total.std()
        total[hot] = np.median(total)
        ctf = Ctf(
            exposure=f"m{number}",
            optics=OPTICS,
            defocus_u=bent.defocus_u,
            defocus_v=bent.defocus_v,
            angle=bent.angle,
        )
        true = np.stack([truth.particles.x, truth.particles.y], axis=1)
        yield Case(f"{specimen_name}{number}", total, true, specimen.diameter, ctf)


def apoferritin() -> Iterator[Case]:
    """Real averages with the picks of people."""
    given = os.environ.get("ICESTREAM_TEST_DATA")
    root = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    folder = root / "micrographs" / "apoferritin_empiar10146"
    if not folder.is_dir():
        print(f"no {folder}: real micrographs are left out (set ICESTREAM_TEST_DATA)")
    for path in sorted(folder.glob("*.average.png")):
        with PIL.Image.open(path) as picture:
            image = np.asarray(picture, dtype=np.float32)
        picks = path.with_name(path.name.replace("average.png", "picks.csv"))
        true = np.loadtxt(picks, delimiter=",", skiprows=1)[:, :2]
        yield Case(path.name.split(".average")[0].replace(".", "_"), image, true, 130.0, None)


def run_icestream(case: Case, folder: Path) -> tuple[Points, float]:
    path = folder / f"{case.name}.mrc"
    shape = (case.image.shape[0], case.image.shape[1])
    item = Micrograph(exposure=case.name, path=path, shape=shape, optics=OPTICS)
    step = PickByLog(PickByLogParameters(diameter=round(case.diameter)))
    started = time.process_time()
    picks = step.process(item, case.ctf)
    used = time.process_time() - started
    return np.stack([picks.x, picks.y], axis=1).astype(np.float64), used


def run_relion(case: Case, folder: Path) -> tuple[Points, float]:
    star = folder / "micrographs.star"
    star.write_text(
        "# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n"
        "_rlnMicrographPixelSize #3\n_rlnVoltage #4\n_rlnSphericalAberration #5\n"
        f"_rlnAmplitudeContrast #6\nopticsGroup1 1 {PIXEL} 300 2.7 0.1\n\n"
        "# version 30001\n\ndata_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnOpticsGroup #2\n"
        f"{case.name}.mrc 1\n\n"
    )
    command = [RELION, "--i", star.name, "--odir", "AutoPick/", "--pickname", "autopick", "--LoG"]
    command += ["--LoG_diam_min", f"{case.diameter / 1.25:.0f}"]
    command += ["--LoG_diam_max", f"{case.diameter * 1.25:.0f}", "--shrink", "0"]
    command += ["--lowpass", "20", "--LoG_adjust_threshold", "0", "--angpix", str(PIXEL)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = next(folder.glob(f"AutoPick/**/{case.name}_autopick.star"), None)
    if done.returncode or result is None:
        raise SystemExit(f"{RELION} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    (columns,) = [block.columns for block in read_star(result).values()]
    points = np.stack(
        [np.asarray(columns[f"rlnCoordinate{a}"], dtype=np.float64) for a in "XY"], axis=1
    )
    return points, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def judge(case: Case, found: Points, used: float, score: Score) -> None:
    """Add the figures of one micrograph."""
    rim = case.diameter / 2 / PIXEL
    limit = np.array([case.image.shape[1], case.image.shape[0]]) - 1 - rim
    asked = ((case.true > rim) & (case.true < limit)).all(axis=1)
    matches = match_peaks((found[:, 0], found[:, 1]), (case.true[:, 0], case.true[:, 1]), rim)
    seen = np.isin(np.flatnonzero(asked), matches.pairs[:, 1])
    off = found[matches.pairs[:, 0]] - case.true[matches.pairs[:, 1]]
    score.recall.append(float(seen.mean()))
    score.precision.append(matches.precision)
    score.error.append(float(np.sqrt((off**2).sum(axis=1).mean())) * PIXEL)
    score.processor.append(used)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--micrographs", type=int, default=6, help="simulated, of each specimen")
    parser.add_argument("--seed", type=int, default=5001, help="of the first one")
    chosen = parser.parse_args(arguments)
    pickers: dict[str, Picker] = {"icestream": run_icestream}
    if shutil.which(RELION):
        pickers["RELION LoG"] = run_relion
    else:
        print(f"{RELION} is not installed: icestream alone is measured")
    sets = {
        "cage, simulated": simulated("cage", chosen.micrographs, chosen.seed),
        "brick, simulated": simulated("brick", chosen.micrographs, chosen.seed + 1000),
        "apoferritin, EMPIAR-10146": apoferritin(),
    }
    print("| micrographs | picker | recall | worst | precision | worst | error, Å | CPU, s |")
    print("|---|---|---|---|---|---|---|---|")
    for title, cases in sets.items():
        scores = {name: Score() for name in pickers}
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            for case in cases:
                write_mrc(folder / f"{case.name}.mrc", case.image, PIXEL)
                for name, picker in pickers.items():
                    judge(case, *picker(case, folder), scores[name])
        for name, score in scores.items():
            if score.recall:
                print(
                    f"| {title} ({len(score.recall)}) | {name} | {np.mean(score.recall):.3f} "
                    f"| {min(score.recall):.3f} | {np.mean(score.precision):.3f} "
                    f"| {min(score.precision):.3f} | {np.mean(score.error):.1f} "
                    f"| {np.median(score.processor):.2f} |",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
