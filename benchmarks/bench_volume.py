"""First 3D maps of simulated particles against the truth: resolution and processor time.

    python benchmarks/bench_volume.py --seeds 10 --write

Each run draws particles of an atomic model (64 pixels, SNR 0.05, defocus 0.8-2.2 µm, shifts of
2 pixels RMS, views at random), sorts them into 2D classes and makes maps of those, once without
and once with the symmetry given. Maps are laid onto the truth, either hand, and compared by
Fourier shell correlation. Runs are kept in `--results`, and not repeated. The atomic models are in
`../shared/data/models` or in `$ICESTREAM_TEST_DATA`.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import numpy as np
from measured import publish
from numpy.typing import NDArray
from scipy import fft

from icestream.formats.mrc import write_mrc
from icestream.formats.star import write_star
from icestream.model import Optics
from icestream.processing.classify2d.averages import class_averages, class_counts, class_quality
from icestream.processing.classify2d.online import Classification
from icestream.processing.classify2d.online import Plan as ClassPlan
from icestream.processing.ctf.transfer import aberration
from icestream.processing.fourier import frequency_grid
from icestream.processing.particles import normalize_particles
from icestream.processing.simulate.ice import VOLT_SQUARE_ANGSTROM
from icestream.processing.simulate.placement import random_rotations
from icestream.processing.simulate.projection import DISPLACED_WATER, WATER_SPREAD, project
from icestream.processing.simulate.specimen import Specimen, specimen_from_pdb
from icestream.processing.volume.align import align
from icestream.processing.volume.fsc import fourier_shell_correlation, resolution_at
from icestream.processing.volume.initial import FirstMap, first_map
from icestream.processing.volume.refine import observe
from icestream.processing.volume.slices import cube_of, soft_sphere, volume_of
from icestream.processing.volume.starts import Plan

BOX, B_FACTOR = 64, 80.0
Images = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Case:
    """A specimen of the benchmark."""

    title: str
    file: str
    pixel_size: float
    symmetry: str


CASES = {
    "apoferritin": Case("apoferritin", "apoferritin_6z6u.pdb.gz", 3.3, "O"),
    "betagal": Case("β-galactosidase", "beta_galactosidase_5a1a.pdb.gz", 3.5, "D2"),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """Simulated particles, their true centers and defocus."""

    images: Images
    centers: NDArray[np.float64]
    defocus: NDArray[np.float64]
    optics: Optics
    diameter: float
    """Å."""


def models() -> Path:
    """Folder of the atomic models."""
    given = os.environ.get("ICESTREAM_TEST_DATA")
    root = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    return root / "models"


def read_specimen(case: Case) -> Specimen:
    """The atomic model of a case."""
    with gzip.open(models() / case.file, "rt") as file:
        return specimen_from_pdb(file.read(), case.title)


def draw(case: Case, specimen: Specimen, count: int, seed: int, snr: float = 0.05) -> Drawn:
    """Particles in white noise, as an extraction leaves them."""
    rng = np.random.default_rng(seed)
    optics = Optics(pixel_size=case.pixel_size, voltage=300.0)
    rotations, shifts = random_rotations(rng, count), rng.normal(0.0, 2.0, (count, 2))
    defocus = rng.uniform(8000.0, 22000.0, count)
    k = frequency_grid((BOX, BOX), case.pixel_size)
    spread = np.exp(-2.0 * (np.pi * WATER_SPREAD * k) ** 2)
    foot = np.sinc(np.fft.fftfreq(BOX))[:, None] * np.sinc(np.fft.rfftfreq(BOX))
    envelope = np.exp(-0.25 * B_FACTOR * k**2) / foot**2
    images = np.empty((count, BOX, BOX), np.float32)
    for place in range(count):
        center = BOX // 2 + shifts[place : place + 1]
        one = rotations[place : place + 1]
        atoms, water = project(specimen, one, center, (BOX, BOX), case.pixel_size)
        seen = np.sin(aberration(k, float(defocus[place]), optics)) * envelope
        images[place] = fft.irfft2((fft.rfft2(atoms) - fft.rfft2(water) * spread) * seen)
    images *= np.sqrt(snr / images.var(axis=(1, 2)).mean())
    images += rng.standard_normal(images.shape, dtype=np.float32)
    radius = 0.52 * specimen.diameter / case.pixel_size
    normal = normalize_particles(images, radius)
    return Drawn(normal, shifts, defocus, optics, specimen.diameter)


def true_map(case: Case, specimen: Specimen) -> Images:
    """The density ``(box, box, box)`` that the particles are projections of, up to 7.3 Å."""
    atoms, water = np.zeros((2, BOX, BOX, BOX))
    place = specimen.positions[:, ::-1] / case.pixel_size + BOX // 2
    first = np.floor(place).astype(int)
    for corner in np.ndindex(2, 2, 2):
        near = np.abs(1.0 - np.array(corner) - (place - first)).prod(axis=1)
        voxels = tuple((first + np.array(corner)).T)
        np.add.at(atoms, voxels, near * specimen.lengths * VOLT_SQUARE_ANGSTROM)
        np.add.at(water, voxels, near * specimen.displaced * DISPLACED_WATER)
    axes = [np.fft.fftfreq(BOX), np.fft.fftfreq(BOX), np.fft.rfftfreq(BOX)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    k2 = (z**2 + y**2 + x**2) / case.pixel_size**2
    blurred = fft.rfftn(water) * np.exp(-2.0 * (np.pi * WATER_SPREAD) ** 2 * k2)
    spectrum = (fft.rfftn(atoms) - blurred) * np.exp(-0.25 * B_FACTOR * k2)
    sharp = fft.irfftn(spectrum / (np.sinc(z) * np.sinc(y) * np.sinc(x)) ** 2)
    return volume_of(cube_of(sharp.astype(np.float32), 29, BOX), BOX, BOX)


def transfer(drawn: Drawn, rings: int) -> Images:
    """Contrast ``(n, rings)`` of the particles."""
    frequency = np.arange(1, rings + 1) / (BOX * drawn.optics.pixel_size)
    chi = aberration(frequency[None], drawn.defocus[:, None], drawn.optics)
    return np.sin(chi).astype(np.float32)


def classify(drawn: Drawn, seed: int) -> Classification:
    """2D classes of all the particles, as a session makes them."""
    plan = ClassPlan(
        box=BOX,
        pixel_size=drawn.optics.pixel_size,
        diameter=drawn.diameter,
        per_class=50,
        seed=seed,
    )
    contrast = transfer(drawn, plan.grid.rings)
    done = Classification(plan)
    for first in range(0, len(drawn.images), 300):
        part = slice(first, first + 300)
        done.add(drawn.images[part], contrast[part])
    done.consolidate(2)
    done.settle()
    return done


def make_map(drawn: Drawn, classes: Classification, symmetry: str, seed: int) -> FirstMap:
    """A map as `volume.initial` makes it from a snapshot of the classes."""
    pixel_size = drawn.optics.pixel_size
    plan = Plan(pixel_size=pixel_size, symmetry=symmetry, seed=seed)
    rings, diameter = plan.rings(BOX), drawn.diameter / pixel_size
    counts, resolution = class_counts(classes), class_quality(classes)[0]
    good = (resolution > 0.0) & (resolution < 40.0) & (counts >= 10)
    images = class_averages(classes)[good]
    averages = observe(
        images,
        np.ones((len(images), rings), dtype=np.float32),
        diameter,
        weights=np.clip(counts[good] / counts[good].mean(), 0.3, 3.0).astype(np.float32),
    )
    chosen = np.flatnonzero(good[classes.group])
    particles = observe(
        drawn.images[chosen],
        transfer(drawn, rings)[chosen],
        diameter,
        centers=classes.poses.shift[chosen],
    )
    return first_map(averages, particles, plan)


def score(found: FirstMap, truth: Images, drawn: Drawn) -> tuple[float, bool, Images, Images]:
    """Å at FSC 0.5 against the truth, the hand, the curve, and the map as it lies then."""
    extent = BOX * drawn.optics.pixel_size
    radius = 0.55 * drawn.diameter / drawn.optics.pixel_size
    limited = volume_of(cube_of(truth, found.rings + 2, BOX), BOX, BOX)
    masked = limited * soft_sphere(BOX, radius, 4.0)
    laid = align(masked, found.volume, int(extent / 14.0))
    curve = fourier_shell_correlation(masked, laid.volume)
    return resolution_at(curve, 0.5, extent), laid.hand, curve, laid.volume


def run(name: str, count: int, seed: int) -> dict[str, Any]:
    """One set of particles: its classes, and its maps with and without the symmetry given."""
    case = CASES[name]
    specimen = read_specimen(case)
    drawn, truth = draw(case, specimen, count, seed), true_map(case, specimen)
    started = time.process_time()
    classes = classify(drawn, seed)
    result = {"name": name, "particles": count, "seed": seed, "maps": {}}
    result["classes_cpu"] = time.process_time() - started
    extent = BOX * case.pixel_size
    for asked in ("auto", case.symmetry):
        started = time.process_time()
        found = make_map(drawn, classes, asked, seed)
        used = time.process_time() - started
        resolution, hand, _, _ = score(found, truth, drawn)
        result["maps"]["unknown" if asked == "auto" else "given"] = {
            "cpu": used,
            "symmetry": found.symmetry,
            "resolution": resolution,
            "halves": resolution_at(found.correlation, 0.143, extent),
            "hand": bool(hand),
        }
    return result


def warm() -> None:
    """Compile what the map needs, so that no run is charged with it."""
    case = CASES["betagal"]
    drawn = draw(case, read_specimen(case), 300, 0, snr=1.0)
    plan = ClassPlan(box=BOX, pixel_size=case.pixel_size, diameter=drawn.diameter, per_class=30)
    classes = Classification(plan)
    classes.add(drawn.images, transfer(drawn, plan.grid.rings))
    classes.settle()
    quick = Plan(pixel_size=case.pixel_size, starts=1)
    ones = np.ones((len(class_averages(classes)), quick.rings(BOX)), dtype=np.float32)
    diameter = drawn.diameter / case.pixel_size
    averages = observe(class_averages(classes), ones, diameter)
    first_map(averages, observe(drawn.images, transfer(drawn, quick.rings(BOX)), diameter), quick)


def relion_iteration(name: str, count: int, seed: int, iterations: int) -> dict[str, float] | None:
    """CPU seconds of an iteration of RELION's gradient descent on the same particles."""
    if shutil.which("relion_refine") is None:
        return None
    case = CASES[name]
    drawn = draw(case, read_specimen(case), count, seed)
    with tempfile.TemporaryDirectory() as folder:
        write_relion_stack(Path(folder), drawn)
        command = ["relion_refine", "--i", "particles.star", "--o", "run", "--ctf", "--K", "1"]
        command += ["--sgd", "--denovo_3dref", "--sym", "C1", "--zero_mask", "--pad", "1"]
        command += ["--particle_diameter", f"{1.1 * drawn.diameter:.0f}", "--oversampling", "1"]
        command += ["--healpix_order", "1", "--offset_range", "6", "--offset_step", "2"]
        command += ["--sgd_ini_iter", str(iterations), "--sgd_inbetween_iter", "0"]
        command += ["--sgd_fin_iter", "0", "--dont_combine_weights_via_disc", "--j", "1"]
        before = getrusage(RUSAGE_CHILDREN).ru_utime
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=1800)
        used = getrusage(RUSAGE_CHILDREN).ru_utime - before
    return {"particles": count, "iterations": iterations, "cpu": used}


def write_relion_stack(folder: Path, drawn: Drawn) -> None:
    """The particles as RELION reads them."""
    write_mrc(folder / "particles.mrcs", drawn.images, drawn.optics.pixel_size)
    optics = drawn.optics
    table = {
        "rlnImageName": [f"{n + 1}@particles.mrcs" for n in range(len(drawn.images))],
        "rlnDefocusU": [f"{value:.1f}" for value in drawn.defocus],
        "rlnDefocusV": [f"{value:.1f}" for value in drawn.defocus],
        "rlnDefocusAngle": ["0"] * len(drawn.images),
        "rlnOpticsGroup": ["1"] * len(drawn.images),
    }
    group = {
        "rlnOpticsGroup": ["1"],
        "rlnOpticsGroupName": ["one"],
        "rlnVoltage": [f"{optics.voltage:g}"],
        "rlnSphericalAberration": [f"{optics.spherical_aberration:g}"],
        "rlnAmplitudeContrast": [f"{optics.amplitude_contrast:g}"],
        "rlnImagePixelSize": [f"{optics.pixel_size:g}"],
        "rlnImageSize": [str(BOX)],
        "rlnImageDimensionality": ["2"],
    }
    write_star(folder / "particles.star", {"optics": group, "particles": table})


def tabulate(results: list[dict[str, Any]], peer: dict[str, float] | None) -> Iterator[str]:
    """Lines of the Markdown table."""
    yield "| specimen | particles | symmetry | sets | symmetry found | FSC 0.5 to the truth, "
    yield "median (worst) | better than 20 Å | CPU of the classes, s | CPU of the map, s |\n"
    yield "|---|---|---|---|---|---|---|---|---|\n"
    kinds = sorted({(each["name"], each["particles"]) for each in results}, key=lambda k: k[::-1])
    for name, particles in kinds:
        runs = [r for r in results if (r["name"], r["particles"]) == (name, particles)]
        for asked in ("unknown", "given"):
            maps = [each["maps"][asked] for each in runs]
            reached = np.array([each["resolution"] or np.inf for each in maps])
            names = [each["symmetry"] for each in maps]
            found = ", ".join(f"{n} {names.count(n)}x" for n in sorted(set(names)))
            yield (
                f"| {CASES[name].title} ({CASES[name].symmetry}) | {particles} | {asked} "
                f"| {len(runs)} | {found} | {np.median(reached):.1f} ({reached.max():.1f}) Å "
                f"| {int((reached < 20.0).sum())} of {len(runs)} "
                f"| {np.mean([each['classes_cpu'] for each in runs]):.0f} "
                f"| {np.mean([each['cpu'] for each in maps]):.0f} |\n"
            )
    if peer is not None:
        yield (
            f"\nRELION 3.1.3 (`relion_refine --sgd --denovo_3dref`, C1) takes "
            f"{peer['cpu'] / peer['iterations']:.0f} CPU s for each of its first iterations, "
            f"measured over {peer['iterations']:.0f} of them on {peer['particles']:.0f} of the same "
            "images; its defaults make 300, the later ones at finer steps.\n"
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="sets of each specimen")
    parser.add_argument("--first", type=int, default=101, help="seed of the first set")
    parser.add_argument("--particles", type=int, default=2000)
    parser.add_argument("--large", type=int, default=5000, help="particles of one more set each")
    parser.add_argument("--specimen", choices=sorted(CASES), action="append")
    parser.add_argument("--relion", type=int, default=2, help="iterations of the peer; 0 for none")
    parser.add_argument("--results", type=Path, default=Path("bench_volume.jsonl"))
    parser.add_argument("--write", action="store_true", help="write the table of the gallery")
    chosen = parser.parse_args(arguments)
    kept = chosen.results.read_text().splitlines() if chosen.results.exists() else []
    results = [json.loads(line) for line in kept]
    wanted = [
        (name, count, seed)
        for seed in range(chosen.first, chosen.first + chosen.seeds)
        for name in chosen.specimen or sorted(CASES)
        for count in (chosen.particles, *([chosen.large] if seed == chosen.first else []))
        if count
    ]
    done = {(each["name"], each["particles"], each["seed"]) for each in results}
    if set(wanted) - done:
        warm()
    for name, count, seed in wanted:
        if (name, count, seed) not in done:
            results.append(run(name, count, seed))
            print(json.dumps(results[-1]), flush=True)
            with chosen.results.open("a") as file:
                file.write(json.dumps(results[-1]) + "\n")
    peer = None
    if chosen.relion:
        peer = relion_iteration("betagal", chosen.particles, chosen.first, chosen.relion)
    shown = [each for each in results if (each["name"], each["particles"], each["seed"]) in wanted]
    text = "".join(tabulate(shown, peer))
    print(text)
    if chosen.write:
        publish("initial-volume", text, "python benchmarks/bench_volume.py --write")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
