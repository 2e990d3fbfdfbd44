"""Unattended picking against truth on simulated micrographs, and against people on real ones.

    python benchmarks/bench_picking.py --write

Prints a Markdown table, and writes it for the gallery. The whole chain is run as in a session: the
picker without a diameter, extraction, 2D classes, the monitor that learns from them, and the picker
again with what it offers. A pick is right when it is within half a diameter of a true centre, one
to one; in the rim of half a diameter nothing is asked for and nothing is wrong. Beside icestream,
RELION's Laplacian of Gaussian, told the true diameter, works on the same micrographs where
`relion_autopick` is installed. The models and the real micrographs (apoferritin of EMPIAR-10146
with human picks; their CTF is fitted) are those of `ICESTREAM_TEST_DATA`.
"""

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# As the session's workers: threads that wait for each other would count as work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from scipy import ndimage

from icestream.formats import read_star, write_mrc
from icestream.model import Alert, Ctf, Micrograph, Optics, Picks
from icestream.processing.fourier import fourier_shift
from icestream.processing.picking import match_peaks
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.specimen import Specimen
from icestream.processing.simulate.transfer import Aberrations
from icestream.protocol import Batch, Window, Work
from icestream.protocols.classify_particles import ClassifyParticles
from icestream.protocols.estimate_ctf import EstimateCtf
from icestream.protocols.extract_particles import ExtractParticles
from icestream.protocols.monitor_picking import MonitorPicking, PickingLessons
from icestream.protocols.pick_unattended import PickUnattended, PickUnattendedParameters
from icestream.simulator.load import load_specimen
from measured import publish

PIXEL = 1.5
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
RELION = "relion_autopick"
MODELS = {
    "apoferritin, simulated": "apoferritin_6z6u.pdb.gz",
    "beta-galactosidase, simulated": "beta_galactosidase_5a1a.pdb.gz",
}
HARD: dict[str, tuple[str, dict[str, Any], tuple[int, int]]] = {
    "rods of 336 x 65 Å": ("rod", {"spacing": 0.6, "thickness": 400.0}, (14, 24)),
    "stalks of 168 x 45 Å, 140 kDa": ("stalk", {}, (60, 110)),
    "apoferritin, 40 % carbon": ("apoferritin_6z6u.pdb.gz", {"carbon": 0.4}, (40, 90)),
    "apoferritin, 40 % carbon, 3 drops of ice": (
        "apoferritin_6z6u.pdb.gz",
        {"carbon": 0.4, "drops": 3},
        (40, 90),
    ),
    "bricks, 40 % carbon, 2 drops of ice": ("brick", {"carbon": 0.4, "drops": 2}, (40, 90)),
    "beta-galactosidase, 4 drops of ice": (
        "beta_galactosidase_5a1a.pdb.gz",
        {"drops": 4},
        (30, 80),
    ),
    "beta-galactosidase, 5 heaps of it": (
        "beta_galactosidase_5a1a.pdb.gz",
        {"aggregates": 5},
        (30, 80),
    ),
}
"""Specimen, conditions and range of particles per 1024² pixels of what is hard to pick."""
BARS = (0.9, 0.85)
"""Recall and precision that every set must reach after the lesson."""
Points = NDArray[np.float64]


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
class Lesson:
    """What the monitor offered the picker, and what that cost."""

    changes: dict[str, Any]
    particles: int
    processor: float


@dataclass
class Score:
    """Figures of one picker, one per micrograph."""

    recall: list[float] = field(default_factory=list)
    precision: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def simulated(
    specimen: Specimen,
    count: int,
    seed: int,
    size: int = 1536,
    *,
    extra: dict[str, Any] | None = None,
    particles: tuple[int, int] = (30, 80),
) -> Iterator[Case]:
    """Micrographs summed from simulated movies along their true whole-frame motion."""
    camera = make_camera(np.random.default_rng(7), (size, size))
    for number in range(seed, seed + count):
        rng = np.random.default_rng(number)
        defocus, split = rng.uniform(8000, 25000), rng.uniform(0, 400)
        bent = Aberrations(
            defocus_u=defocus + split / 2, defocus_v=defocus - split / 2, angle=rng.uniform(-90, 90)
        )
        wanted = Conditions(
            optics=OPTICS,
            aberrations=bent,
            particles=int(rng.integers(*particles) * (size / 1024) ** 2),
            frames=4,
            dose_per_frame=7.75,
            **(extra or {}),
        )
        truth, frames = simulate_movie(wanted, specimen, camera, rng)
        total = np.zeros((size, size), np.float32)
        for frame, shift in zip(frames, truth.tracks.shifts, strict=True):
            corrected = frame * camera.gain
            bad = camera.gain == 0
            corrected[bad] = ndimage.median_filter(corrected, 5)[bad]
            total += fourier_shift(corrected, (float(shift[0]), float(shift[1])))
        hot = np.abs(total - ndimage.median_filter(total, 5)) > 6 * total.std()
        total[hot] = np.median(total)
        ctf = Ctf(
            exposure=f"{specimen.name}{number}",
            optics=OPTICS,
            defocus_u=bent.defocus_u,
            defocus_v=bent.defocus_v,
            angle=bent.angle,
        )
        true = np.stack([truth.particles.x, truth.particles.y], axis=1)
        yield Case(ctf.exposure, total, true, specimen.diameter, ctf)


def shared() -> Path:
    """Folder of the test data."""
    given = os.environ.get("ICESTREAM_TEST_DATA")
    return Path(given) if given else Path(__file__).parents[2] / "shared" / "data"


def apoferritin() -> Iterator[Case]:
    """Real averages with the picks of people."""
    folder = shared() / "micrographs" / "apoferritin_empiar10146"
    if not folder.is_dir():
        print(f"no {folder}: real micrographs are left out (set ICESTREAM_TEST_DATA)")
    for path in sorted(folder.glob("*.average.png")):
        with PIL.Image.open(path) as picture:
            image = np.asarray(picture, dtype=np.float32)
        picks = path.with_name(path.name.replace("average.png", "picks.csv"))
        true = np.loadtxt(picks, delimiter=",", skiprows=1)[:, :2]
        yield Case(path.name.split(".average")[0].replace(".", "_"), image, true, 130.0, None)


def micrograph(case: Case, folder: Path) -> Micrograph:
    """The item that the protocols take, for the file that was written."""
    shape = (case.image.shape[0], case.image.shape[1])
    return Micrograph(
        exposure=case.name, path=folder / f"{case.name}.mrc", shape=shape, optics=OPTICS
    )


def pick(case: Case, folder: Path, parameters: PickUnattendedParameters) -> tuple[Picks, float]:
    started = time.process_time()
    picks = PickUnattended(parameters).process(micrograph(case, folder), case.ctf)
    return picks, time.process_time() - started


def learn(cases: list[Case], first: list[Picks], folder: Path) -> Lesson:
    """Extract what was picked without a diameter, classify it, and ask the monitor."""
    started = time.process_time()
    work = Work(folder=folder, seed=1)
    particles = []
    for case, picks in zip(cases, first, strict=True):
        assert case.ctf is not None
        item = micrograph(case, folder)
        particles.append(ExtractParticles().process(item, case.ctf, picks, work))
    step = ClassifyParticles()
    classes = step.snapshot(step.start(Batch(tuple(particles)), work), work)
    monitor = MonitorPicking(PickingLessons(first=100, again=0))
    said = [one for one in monitor.inspect(Window((classes,))) if isinstance(one, Alert)]
    if not said or said[0].offer is None:
        raise SystemExit(f"the monitor offered nothing: {said}")
    used = time.process_time() - started
    return Lesson(dict(said[0].offer.changes), classes.particles, used)


def teach(cases: list[Case], first: list[Picks], folder: Path) -> Lesson:
    """What the picker is offered in the end: it may have to make room for the particles before."""
    used, known = 0.0, dict[str, Any]()
    for _ in range(3):
        lesson = learn(cases, first, folder)
        used += lesson.processor
        known |= lesson.changes
        if "roomy" not in lesson.changes:
            break
        wanted = PickUnattendedParameters.model_validate(known)
        first = [pick(case, folder, wanted)[0] for case in cases]
    return Lesson(known, lesson.particles, used)


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
    """Add the figures of one micrograph; what lies in the rim is neither asked for nor wrong."""
    rim = case.diameter / 2 / PIXEL
    limit = np.array([case.image.shape[1], case.image.shape[0]]) - 1 - rim
    asked = ((case.true > rim) & (case.true < limit)).all(axis=1)
    matches = match_peaks((found[:, 0], found[:, 1]), (case.true[:, 0], case.true[:, 1]), rim)
    seen = np.isin(np.flatnonzero(asked), matches.pairs[:, 1])
    counted = ((found > rim) & (found < limit)).all(axis=1)
    counted[matches.pairs[:, 0]] = True
    off = found[matches.pairs[:, 0]] - case.true[matches.pairs[:, 1]]
    score.recall.append(float(seen.mean()))
    score.precision.append(len(matches.pairs) / max(1, int(counted.sum())))
    score.error.append(float(np.sqrt((off**2).sum(axis=1).mean())) * PIXEL)
    score.processor.append(used)


def points(picks: Picks) -> Points:
    return np.stack([picks.x, picks.y], axis=1).astype(np.float64)


def _means(score: Score) -> tuple[float, float]:
    return float(np.mean(score.recall)), float(np.mean(score.precision))


def row(title: str, name: str, score: Score, diameter: str) -> str:
    recall, precision = _means(score)
    return (
        f"| {title} ({len(score.recall)}) | {name} | {recall:.3f} | {min(score.recall):.3f} "
        f"| {precision:.3f} | {min(score.precision):.3f} "
        f"| {2 * recall * precision / max(recall + precision, 1e-9):.3f} | {diameter} "
        f"| {np.mean(score.error):.1f} | {np.median(score.processor):.2f} |"
    )


def bench(title: str, cases: list[Case], relion: bool) -> Iterator[str]:
    """The whole chain on the micrographs of one specimen; a line for each picker."""
    untaught, taught, peer = Score(), Score(), Score()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for case in cases:
            write_mrc(folder / f"{case.name}.mrc", case.image, PIXEL)
            if case.ctf is None:
                work = Work(folder=folder, seed=1)
                case.ctf = EstimateCtf().process(micrograph(case, folder), work)
        first = []
        for case in cases:
            picks, used = pick(case, folder, PickUnattendedParameters())
            first.append(picks)
            judge(case, points(picks), used, untaught)
        lesson = teach(cases, first, folder)
        wanted = PickUnattendedParameters.model_validate(lesson.changes)
        for case in cases:
            picks, used = pick(case, folder, wanted)
            judge(case, points(picks), used, taught)
            if relion:
                judge(case, *run_relion(case, folder), peer)
    true = cases[0].diameter
    measured = wanted.measured_diameter or 0.0
    found = f"{measured:.0f} ({measured / true - 1:+.0%})"
    yield row(title, "icestream, before the lesson", untaught, "none")
    yield row(title, "icestream, after it", taught, found)
    for what, got, bar in zip(("recall", "precision"), _means(taught), BARS, strict=True):
        if got < bar:
            print(f"MISSED: {what} {got:.3f} of {title} is below {bar:g}")
    if relion:
        yield row(title, "RELION 3.1 LoG", peer, f"told: {true:.0f}")
    print(f"{title}: classes of {lesson.particles} particles, {lesson.processor:.1f} CPU-s")


def large(specimen: Specimen, seed: int) -> str:
    """CPU time on a micrograph of 4096 x 4096 pixels, some 500 particles of which teach."""
    (case,) = simulated(specimen, 1, seed, 4096)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_mrc(folder / f"{case.name}.mrc", case.image, PIXEL)
        picks, before = pick(case, folder, PickUnattendedParameters())
        lesson = learn([case], [picks], folder)
        _, after = pick(case, folder, PickUnattendedParameters.model_validate(lesson.changes))
    return (
        f"CPU on one micrograph of 4096 x 4096 pixels of {PIXEL} Å ({case.name}): "
        f"{before:.2f} s before the lesson, {after:.2f} s after it."
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--micrographs", type=int, default=8, help="simulated, of each specimen")
    parser.add_argument("--hard", type=int, default=8, help="of each hard set")
    parser.add_argument("--seed", type=int, default=7001, help="of the first one")
    parser.add_argument("--write", action="store_true", help="write the table of the gallery")
    chosen = parser.parse_args(arguments)
    relion = shutil.which(RELION) is not None
    if not relion:
        print(f"{RELION} is not installed: icestream alone is measured")
    sets = []
    for place, (title, model) in enumerate(MODELS.items()):
        path = shared() / "models" / model
        if path.is_file():
            seed = chosen.seed + 100 * place
            sets.append(
                (title, list(simulated(load_specimen(str(path)), chosen.micrographs, seed)))
            )
        else:
            print(f"no {path}: {title} is left out (set ICESTREAM_TEST_DATA)")
    sets.append(("apoferritin, EMPIAR-10146", list(apoferritin())))
    for place, (title, (model, extra, particles)) in enumerate(HARD.items()):
        path = shared() / "models" / model
        if model.endswith(".gz") and not path.is_file():
            continue
        specimen = load_specimen(str(path) if model.endswith(".gz") else model)
        made = simulated(
            specimen,
            chosen.hard,
            chosen.seed + 1000 + 100 * place,
            extra=extra,
            particles=particles,
        )
        sets.append((title, list(made)))
    lines = [
        "| micrographs | picker | recall | worst | precision | worst | F1 | diameter, Å "
        "| error, Å | CPU, s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for title, cases in sets:
        if cases:
            for line in bench(title, cases, relion):
                print(line, flush=True)
                lines.append(line)
    if sets and sets[0][1] and (shared() / "models").is_dir():
        last = load_specimen(str(shared() / "models" / list(MODELS.values())[-1]))
        lines += ["", large(last, chosen.seed + 900)]
    table = "\n".join(lines)
    print(table)
    if chosen.write:
        publish(
            "picking", table, f"python benchmarks/bench_picking.py --seed {chosen.seed} --write"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
