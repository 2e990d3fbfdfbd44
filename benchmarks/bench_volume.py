"""First 3D maps of simulated particles against the truth: resolution and processor time.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/bench_volume.py --write

Each run draws particles of an atomic model (64 pixels, SNR 0.05, defocus 0.8-2.2 µm, shifts of
2 pixels RMS, views at random), sorts them into 2D classes and makes maps of those, once without
and once with the symmetry given. Maps are laid onto the truth, either hand, and compared by
Fourier shell correlation. Runs are kept in `--results`, and not repeated. The atomic models are in
`../shared/data/models` or in `$ICESTREAM_TEST_DATA`. The specimens of other symmetries are parts
of one of them, and domains of 80 residues at random places around axes.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.formats.mrc import write_mrc
from icestream.formats.star import Block, write_star
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
from icestream.processing.volume.symmetry import point_group
from measured import publish

BOX, B_FACTOR = 64, 80.0
Images = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Case:
    """A specimen of the benchmark."""

    title: str
    file: str
    """Of an atomic model; empty for an assembly of `domains` in each unit, made from the seed."""
    pixel_size: float
    symmetry: str
    chains: str = ""
    """Those that are used; all when empty."""
    domains: int = 0


CASES = {
    "apoferritin": Case("apoferritin", "apoferritin_6z6u.pdb.gz", 3.3, "O"),
    "betagal": Case("β-galactosidase", "beta_galactosidase_5a1a.pdb.gz", 3.5, "D2"),
    "trimer": Case(
        "β-galactosidase without a subunit",
        "beta_galactosidase_5a1a.pdb.gz",
        3.5,
        "C1",
        "ABC",
    ),
    "dimer": Case("half of β-galactosidase", "beta_galactosidase_5a1a.pdb.gz", 3.5, "C2", "AB"),
    **{
        name.lower(): Case("domains at random", "", 3.3, name, domains=domains)
        for name, domains in {"C4": 6, "D3": 4, "T": 2, "O": 1, "I": 1}.items()
    },
}
MODELS = ("apoferritin", "betagal")
RELION_SUBSET, RELION_ITERATIONS = 20, (2, 12)
"""Particles of an iteration of RELION's, and how many are made to measure one."""


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


def read_specimen(case: Case, seed: int = 0) -> Specimen:
    """The atomic model of a case, or the assembly that the seed makes."""
    if not case.file:
        return make_assembly(case.symmetry, case.domains, seed)
    with gzip.open(models() / case.file, "rt") as file:
        text = file.read()
    if case.chains:
        lines = text.splitlines(keepends=True)
        text = "".join(line for line in lines if line[21:22] in case.chains)
    return specimen_from_pdb(text, case.title)


def make_assembly(symmetry: str, domains: int, seed: int) -> Specimen:
    """Domains of 80 residues at random places within 65 Å, none within 22 Å of another."""
    rng, group = np.random.default_rng(seed), point_group(symmetry).astype(np.float64)
    apart = 22.0 if len(group) < 60 else 16.0
    placed: list[NDArray[np.float64]] = []
    while len(placed) < domains:
        place = rng.uniform(-1.0, 1.0, 3)
        if not 0.5 < np.linalg.norm(place) < 1.0:
            continue
        copies = 65.0 * group @ place
        others = np.concatenate([copies[1:], *placed, np.full((1, 3), 1e3)])
        if np.linalg.norm(others - copies[0], axis=1).min() > apart:
            placed.append(copies)
    atoms = np.concatenate([c[0] + rng.normal(0.0, 6.5, (160, 3)) for c in placed])
    every = np.concatenate([atoms @ element.T for element in group])
    full = np.full(len(every), 4.0)
    return Specimen.from_points(symmetry, every, full * 2.6, full)


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
    counts, resolution = class_counts(classes), class_quality(classes).resolution
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
    """One set of particles: its classes, and its maps without and with the symmetry given."""
    case = CASES[name]
    specimen = read_specimen(case, seed)
    drawn, truth = draw(case, specimen, count, seed), true_map(case, specimen)
    started = time.process_time()
    classes = classify(drawn, seed)
    used = time.process_time() - started
    maps = {"unknown": _measured(drawn, classes, "auto", seed, truth)}
    if name in MODELS:
        maps["given"] = _measured(drawn, classes, case.symmetry, seed, truth)
    return {"name": name, "particles": count, "seed": seed, "classes_cpu": used, "maps": maps}


def _measured(
    drawn: Drawn, classes: Classification, symmetry: str, seed: int, truth: Images
) -> dict[str, Any]:
    started = time.process_time()
    found = make_map(drawn, classes, symmetry, seed)
    used = time.process_time() - started
    resolution, hand, _, _ = score(found, truth, drawn)
    return {
        "cpu": used,
        "symmetry": found.symmetry,
        "resolution": resolution,
        "halves": resolution_at(found.correlation, 0.143, BOX * drawn.optics.pixel_size),
        "hand": bool(hand),
    }


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


def relion_cost(name: str, seed: int) -> dict[str, Any] | None:
    """CPU seconds that a particle takes in RELION's gradient descent, at its begin and its end.

    Its defaults are 50 iterations of 100 particles up to 35 Å, 200 on the way to 500 particles
    and 15 Å, and 50 of those: too many to run. A few with few particles are: from RELION's random
    map up to 35 Å, and from the true map up to 15 Å. The last iteration, of all particles, and
    what comes before the first are in the shorter run too, and drop out of the difference.
    """
    if shutil.which("relion_refine") is None:
        return None
    case, (few, many) = CASES[name], RELION_ITERATIONS
    specimen = read_specimen(case)
    drawn = draw(case, specimen, RELION_SUBSET + 4, seed)
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        write_relion_stack(Path(folder), drawn)
        truth = true_map(case, specimen)
        write_mrc(Path(folder) / "truth.mrc", truth, case.pixel_size, volume=True)
        for phase in (
            ["--denovo_3dref", "--sgd_ini_resol", "35"],
            ["--ref", "truth.mrc", "--ini_high", "15", "--sgd_ini_resol", "15"],
        ):
            used = [_relion_run(folder, drawn, phase, count) for count in (few, many)]
            spent.append((used[1] - used[0]) / (many - few) / RELION_SUBSET)
    return {"name": name, "particles": len(drawn.images), "seed": seed, "relion": spent}


def relion_total(spent: list[float]) -> float:
    """CPU seconds of its 300 iterations, if the cost of a particle changes evenly in between."""
    first, last = spent
    ramp = np.linspace(0.0, 1.0, 200)
    between = ((100.0 + 400.0 * ramp) * (first + (last - first) * ramp)).sum()
    return float(50 * 100 * first + between + 50 * 500 * last)


def _relion_run(folder: str, drawn: Drawn, phase: list[str], iterations: int) -> float:
    """CPU seconds of some iterations, with the options of RELION's `InitialModel` job."""
    command = ["relion_refine", "--i", "particles.star", "--o", "out/run", "--ctf", *phase]
    command += ["--K", "1", "--sgd", "--sym", "C1", "--flatten_solvent", "--zero_mask"]
    command += ["--particle_diameter", f"{1.1 * drawn.diameter:.0f}", "--pad", "1"]
    command += ["--oversampling", "1", "--healpix_order", "1", "--offset_range", "6"]
    command += ["--offset_step", "2", "--dont_combine_weights_via_disc", "--pool", "3"]
    command += ["--sgd_ini_subset", str(RELION_SUBSET)]
    command += ["--sgd_ini_iter", str(iterations)]
    command += ["--sgd_inbetween_iter", "0", "--sgd_fin_iter", "0", "--j", "1"]
    (Path(folder) / "out").mkdir(exist_ok=True)
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "--random_seed", "1"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=3600,
    )
    if done.returncode:
        raise RuntimeError(f"relion_refine failed: {(done.stderr or done.stdout)[-2000:]}")
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_relion_stack(folder: Path, drawn: Drawn) -> None:
    """The particles as RELION reads them."""
    write_mrc(folder / "particles.mrcs", drawn.images, drawn.optics.pixel_size)
    optics = drawn.optics
    particles = {
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
    blocks = [Block("optics", group), Block("particles", particles)]
    write_star(folder / "particles.star", blocks, "version 30001")


def tabulate(results: list[dict[str, Any]], peer: dict[str, Any] | None) -> Iterator[str]:
    """Lines of the Markdown table."""
    yield "| specimen | particles | symmetry | sets | symmetry found | FSC 0.5 to the truth, "
    yield "median (worst) | better than 20 Å | CPU of the classes, s | CPU of the map, s |\n"
    yield "|---|---|---|---|---|---|---|---|---|\n"
    order = {name: place for place, name in enumerate(CASES)}
    kinds = {(each["name"], each["particles"]) for each in results}
    for name, particles in sorted(kinds, key=lambda k: (k[0] not in MODELS, k[1], order[k[0]])):
        runs = [r for r in results if (r["name"], r["particles"]) == (name, particles)]
        for asked in runs[0]["maps"]:
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
        first, last = peer["relion"]
        yield (
            f"\nIn RELION 3.1.3 (`relion_refine --sgd`, C1, one thread) a particle of the same "
            f"images of β-galactosidase takes {first:.2f} CPU s against the random map that it "
            f"begins with (35 Å), and {last:.2f} s against the true map (15 Å), as at its end: "
            f"measured over {RELION_ITERATIONS[1] - RELION_ITERATIONS[0]} iterations of "
            f"{RELION_SUBSET}. Its 300 iterations look at 90,000 particles: that would be "
            f"{relion_total(peer['relion']) / 3600:.1f} CPU hours. They were not run, and its map "
            "was not made.\n"
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="sets of each atomic model")
    parser.add_argument("--first", type=int, default=101, help="seed of the first set")
    parser.add_argument("--particles", type=int, default=2000)
    parser.add_argument("--large", type=int, default=5000, help="particles of one more set each")
    parser.add_argument("--others", type=int, default=1, help="sets of each other symmetry")
    parser.add_argument("--specimen", choices=sorted(CASES), action="append")
    parser.add_argument("--no-relion", action="store_true", help="leave the peer out")
    parser.add_argument("--results", type=Path, default=Path("bench_volume.jsonl"))
    parser.add_argument("--write", action="store_true", help="write the table of the gallery")
    given = sys.argv[1:] if arguments is None else arguments
    chosen = parser.parse_args(given)
    kept = chosen.results.read_text().splitlines() if chosen.results.exists() else []
    results = [json.loads(line) for line in kept]
    wanted = list(_wanted(chosen))
    done = {(each["name"], each["particles"], each["seed"]) for each in results}
    if set(wanted) - done:
        warm()
    for name, count, seed in wanted:
        if (name, count, seed) not in done:
            results.append(_kept(run(name, count, seed), chosen.results))
    peers = [each for each in results if "relion" in each]
    if not chosen.no_relion and not peers:
        cost = relion_cost("betagal", chosen.first)
        peers = [_kept(cost, chosen.results)] if cost else []
    shown = [each for each in results if (each["name"], each["particles"], each["seed"]) in wanted]
    text = "".join(tabulate(shown, None if chosen.no_relion or not peers else peers[0]))
    print(text)
    if chosen.write:
        publish("initial-volume", text, " ".join(["python benchmarks/bench_volume.py", *given]))
    return 0


def _wanted(chosen: argparse.Namespace) -> Iterator[tuple[str, int, int]]:
    """Specimen, particles and seed of each set."""
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        for name in chosen.specimen or MODELS:
            if name in MODELS:
                yield name, chosen.particles, seed
                if seed == chosen.first and chosen.large:
                    yield name, chosen.large, seed
    for seed in range(chosen.first, chosen.first + chosen.others):
        for name in chosen.specimen or CASES:
            if name not in MODELS:
                yield name, chosen.particles, seed


def _kept(result: dict[str, Any], path: Path) -> dict[str, Any]:
    """The result, once it is on disk."""
    print(json.dumps(result), flush=True)
    with path.open("a") as file:
        file.write(json.dumps(result) + "\n")
    return result


if __name__ == "__main__":
    raise SystemExit(main())
