"""Streaming 2D classification of particles whose view is known, beside RELION on the same stack.

    python benchmarks/bench_classify2d.py purity junk load relion --write

Each particle is one of some random views of a protein (64 pixels of 3 Å, defocus 0.8-2.2 µm,
shifts of 2 pixels RMS, any angle, white noise, 5 % signal). Purity is the fraction of particles
in a class that mostly holds their own view; the ceiling is that of particles sorted with the true
views as references, which no classification can pass but by chance. Parts can be run one by one:
what was measured is kept in `benchmarks/results/classify2d`, and `--write` makes the table of all
of it. RELION's result is made in `relion/` there and kept too: it takes the best part of an hour.
"""

import argparse
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from scipy import fft, ndimage

from icestream.formats.image import write_picture
from icestream.formats.mrc import write_mrc
from icestream.formats.star import read_star
from icestream.model import Optics, Particles, column
from icestream.processing.classify2d.averages import (
    class_averages,
    class_counts,
    class_quality,
)
from icestream.processing.classify2d.expectation import Matching, expect
from icestream.processing.classify2d.online import Classification, Plan
from icestream.processing.classify2d.scores import class_scores
from icestream.processing.ctf.transfer import aberration
from icestream.processing.grey import stretch
from icestream.processing.particles import normalize_particles
from icestream.processing.simulate.assembly import make_brick
from icestream.processing.simulate.placement import random_rotations
from icestream.processing.simulate.projection import project
from icestream.protocol import Batch, Work
from icestream.protocols.classify_particles import ClassifyParticles, ClassifyParticlesParameters
from measured import publish

BOX, PIXEL, VIEWS, SNR = 64, 3.0, 10, 0.05
SETS, JUNK_SETS, RELION_SET, LOAD_SET = (61, 62, 63), (71, 72), 41, 81
RESULTS = Path(__file__).parent / "results" / "classify2d"
TILE, LABEL, COLUMNS = 112, 16, 10
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
Images = NDArray[np.float32]


def draw_views(rng: np.random.Generator, count: int = VIEWS) -> Images:
    """Projections of a generated protein, low-passed to 6 Å."""
    specimen = make_brick()
    center = np.full((1, 2), BOX / 2)
    views = []
    for rotation in random_rotations(rng, count):
        atoms, water = project(specimen, rotation[None], center, (BOX, BOX), PIXEL)
        views.append(ndimage.gaussian_filter(atoms - water, 0.5))
    return np.asarray(views, dtype=np.float32)


def make_set(
    count: int, snr: float, seed: int, different: int = VIEWS
) -> tuple[Images, NDArray[np.float64], NDArray[np.int64]]:
    """Images, their defocus (Å) and their view."""
    rng = np.random.default_rng(seed)
    views = draw_views(rng, different)
    view = rng.integers(different, size=count)
    defocus = rng.uniform(8000, 22000, count)
    ky, kx = np.fft.fftfreq(BOX, PIXEL)[:, None], np.fft.rfftfreq(BOX, PIXEL)[None, :]
    frequency = np.hypot(ky, kx)
    images = np.empty((count, BOX, BOX), np.float32)
    for place in range(count):
        turn, shift = rng.uniform(0, 2 * np.pi), rng.normal(0, 2, 2)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        offset = BOX / 2 - rotation @ (BOX / 2 + shift)
        turned = ndimage.affine_transform(views[view[place]], rotation, offset, order=1)
        seen = np.sin(aberration(frequency, float(defocus[place]), OPTICS))
        images[place] = fft.irfft2(fft.rfft2(turned) * seen, s=(BOX, BOX))
    images *= np.sqrt(snr / images.var(axis=(1, 2)).mean())
    images += rng.standard_normal(images.shape, dtype=np.float32)
    return normalize_particles(images, 24.0), defocus, view


def make_plan(classes: int, per_class: int) -> Plan:
    """What all measurements have in common, but for the number of classes."""
    return Plan(
        box=BOX, pixel_size=PIXEL, diameter=140.0, classes_max=classes, per_class=per_class, seed=1
    )


def transfer(defocus: NDArray[np.float64], plan: Plan) -> Images:
    frequency = np.arange(1, plan.grid.rings + 1) / (BOX * PIXEL)
    return np.sin(aberration(frequency[None], defocus[:, None], OPTICS)).astype(np.float32)


def ceiling(
    images: Images, defocus: NDArray[np.float64], view: NDArray[np.int64], seed: int
) -> float:
    """Purity when the true views are the references, with the noise that is really there."""
    views, plan = draw_views(np.random.default_rng(seed), int(view.max()) + 1), make_plan(50, 100)
    frequency = np.hypot(np.fft.fftfreq(BOX, PIXEL)[:, None], np.fft.rfftfreq(BOX, PIXEL))
    seen = [
        fft.irfft2(
            fft.rfft2(views[which]) * np.sin(aberration(frequency, float(under), OPTICS)),
            s=(BOX, BOX),
        )
        for which, under in zip(view[:500], defocus[:500], strict=True)
    ]
    views *= np.sqrt(SNR / np.var(seen, axis=(1, 2)).mean())
    independence = float(np.square(plan.mask).mean())
    matching = Matching(
        grid=plan.grid,
        references=plan.grid.harmonics(views * plan.reference_mask),
        noise=np.full(plan.grid.rings, independence, np.float32),
        independence=independence,
        rings=plan.finest,
        shifts=plan.shifts,
        shift_spread=max(1.0, 0.5 * plan.max_shift / PIXEL),
    )
    contrast, found = transfer(defocus, plan), []
    for first in range(0, len(images), 64):
        part = slice(first, first + 64)
        spectra = plan.grid.spectra(images[part] * plan.mask)
        found.append(expect(spectra, contrast[part], matching).best_class)
    return purity(np.concatenate(found), view)


def purity(group: NDArray[np.integer[Any]], view: NDArray[np.int64]) -> float:
    return float(sum(np.bincount(view[group == k]).max() for k in np.unique(group)) / len(view))


def montage(averages: Images, labels: list[str]) -> NDArray[np.uint8]:
    """One picture ``(y, x)`` of all averages in their order, each with its label below."""
    rows, across = -(-len(averages) // COLUMNS), min(COLUMNS, len(averages))
    canvas = Picture.new("L", (across * TILE, rows * (TILE + LABEL)), 0)
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(11)
    for place, (average, label) in enumerate(zip(averages, labels, strict=True)):
        left, top = place % COLUMNS * TILE, place // COLUMNS * (TILE + LABEL)
        tile = Picture.fromarray(stretch(average, low=1.0, high=99.8))
        canvas.paste(tile.resize((TILE - 2, TILE - 2), Picture.Resampling.BICUBIC), (left + 1, top))
        pen.text((left + 4, top + TILE - 1), label, fill=200, font=font)
    return np.asarray(canvas, dtype=np.uint8)


def adjusted_rand(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Agreement of two groupings: 1 when they are the same, 0 when they agree by chance.

    Source: L. Hubert and P. Arabie (1985), https://doi.org/10.1007/BF01908075
    """
    table = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(table, (first, second), 1)

    def pairs(counts: NDArray[np.float64]) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, one, other = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    chance = one * other / pairs(np.array([float(len(first))]))
    return (both - chance) / (0.5 * (one + other) - chance)


def make_junk(count: int, seed: int) -> tuple[Images, NDArray[np.int64]]:
    """Drops of ice, plain noise, edges of carbon, and pairs of particles; and which they are."""
    rng = np.random.default_rng(seed)
    views = draw_views(rng)
    level = np.sqrt(SNR / views.var(axis=(1, 2)).mean())
    y, x = np.mgrid[:BOX, :BOX] - BOX / 2
    images, kind = np.zeros((count, BOX, BOX)), np.arange(count) % 4
    for place, which in enumerate(kind):
        turn = rng.uniform(0, 2 * np.pi)
        along = x * np.cos(turn) + y * np.sin(turn)
        if which == 0:
            width, (dy, dx) = rng.uniform(5, 14), rng.normal(0, 4, 2)
            drop = np.exp(-((y - dy) ** 2 + (x - dx) ** 2) / (2 * width**2))
            images[place] = rng.uniform(0.5, 2.0) * drop
        elif which == 2:
            images[place] = rng.uniform(0.5, 2) / (1 + np.exp(-(along - rng.uniform(-15, 15)) / 2))
        elif which == 3:
            apart = rng.uniform(18, 24) * np.array([np.sin(turn), np.cos(turn)])
            for side in (1, -1):
                view = views[rng.integers(VIEWS)]
                view = ndimage.rotate(view, rng.uniform(0, 360), reshape=False, order=1)
                images[place] += level * ndimage.shift(view, side * apart, order=1)
    images += rng.standard_normal(images.shape)
    return normalize_particles(images.astype(np.float32), 24.0), kind


def classify(
    images: Images, defocus: NDArray[np.float64], classes: int, per_class: int, batch: int = 300
) -> tuple[Classification, float]:
    """Stream particles through a classification; also its processor time, s."""
    plan = make_plan(classes, per_class)
    contrast = transfer(defocus, plan)
    started = time.process_time()
    done = Classification(plan)
    for first in range(0, len(images), batch):
        part = slice(first, first + batch)
        done.add(images[part], contrast[part])
    done.consolidate(3)
    done.settle()
    return done, time.process_time() - started


def measure_purity(particles: int) -> list[str]:
    """Rows: three sets, each in two orders."""
    rows = []
    for seed in SETS:
        images, defocus, view = make_set(particles, SNR, seed)
        groups, pure, used, count = [], [], [], []
        for order in (0, 1):
            shuffled = np.random.default_rng(seed + order).permutation(particles)
            done, seconds = classify(images[shuffled], defocus[shuffled], 20, particles // 20)
            group = np.empty(particles, np.int64)
            group[shuffled] = done.group
            groups.append(group)
            pure.append(purity(group, view))
            used.append(seconds)
            count.append(len(done.numbers))
            if seed == SETS[0] and order == 0:
                RESULTS.mkdir(parents=True, exist_ok=True)
                write_picture(RESULTS / "classes.png", picture(done))
        agreement = adjusted_rand(groups[0], groups[1])
        most = ceiling(images, defocus, view, seed)
        rows.append(
            f"| {seed} | {pure[0]:.3f} and {pure[1]:.3f} | {most:.3f} | {agreement:.3f} "
            f"| {count[0]} and {count[1]} | {np.mean(used):.0f} |"
        )
        print(rows[-1], flush=True)
    title = f"{particles} particles of 10 views, at most 20 classes, in two shuffled orders:"
    head = "| set | purity | ceiling | adjusted Rand index of the orders | classes found | CPU, s |"
    return [title, "", head, "|---|---|---|---|---|---|", *rows]


def measure_junk(particles: int) -> list[str]:
    """How well the scores of classes tell particles from junk."""
    rows = []
    for seed in JUNK_SETS:
        images, defocus, _ = make_set(particles, SNR, seed)
        bad, kind = make_junk(2 * particles // 5, seed + 500)
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(images) + len(bad))
        everything = np.concatenate([images, bad])[order]
        contrast = np.concatenate([defocus, rng.uniform(8000, 22000, len(bad))])[order]
        junk = (order >= len(images)).astype(bool)
        kinds = np.concatenate([np.full(len(images), -1), kind])[order]
        done, _ = classify(everything, contrast, 30, len(everything) // 30)
        score = class_scores(done).score[done.group]
        good, rest = score[~junk][:, None], score[junk][None, :]
        area = float((good > rest).mean() + 0.5 * (good == rest).mean())
        kept = float((score[~junk] >= 0.3).mean())
        passed = [float((score[kinds == each] >= 0.3).mean()) for each in range(4)]
        listed = " | ".join(f"{100 * share:.0f} %" for share in passed)
        rows.append(f"| {seed} | {area:.3f} | {100 * kept:.0f} % | {listed} |")
        print(rows[-1], flush=True)
    title = (
        f"{particles} particles and {2 * particles // 5} pieces of junk: area under the curve of "
        "the score of a particle's class, and what the default limit of 0.3 lets pass:"
    )
    head = "| set | AUC | particles | drops of ice | noise | edges | pairs |"
    return [title, "", head, "|---|---|---|---|---|---|---|", *rows]


def measure_load(particles: int) -> list[str]:
    """Processor time of a session, and of one more batch at its end and at ten times its size."""
    images, defocus, view = make_set(particles + 600, SNR, LOAD_SET, 50)
    protocol = ClassifyParticles(ClassifyParticlesParameters(diameter=140.0))
    with tempfile.TemporaryDirectory() as folder:
        work = Work(folder=Path(folder))
        items = [
            _item(Path(folder), first, images[first : first + 300], defocus[first : first + 300])
            for first in range(0, particles + 600, 300)
        ]
        started = time.process_time()
        last = particles // 300
        state = protocol.start(Batch((items[0],)), work)
        for item in items[1:last]:
            state = protocol.update(state, Batch((item,)), work)
        before = _one_more(protocol, state, items[last], work)
        done = state.classification
        assert done is not None
        early = purity(done.group, view[: len(done)])
        # Ten times the particles, as far as tables go: images are let go beyond the memory.
        rows = state.origins.particles.rows.copy()
        numbers = done.poses.number.copy()
        for _ in range(9):
            state.origins.particles.append(rows)
            done.poses.grow(len(numbers))
            done.poses.number[-len(numbers) :] = numbers
        after = _one_more(protocol, state, items[last + 1], work)
        done.consolidate(3)
        done.settle()
        used = time.process_time() - started
    pure, found = purity(done.group[:particles], view[:particles]), len(done.numbers)
    # A quarter of the particles tells the ceiling to half a percent.
    some = slice(0, particles // 4)
    most = ceiling(images[some], defocus[some], view[some], LOAD_SET)
    line = (
        f"| {particles} of 50 views | {found} | {early:.3f} | {pure:.3f} | {most:.3f} "
        f"| {used:.0f} | {before:.1f} | {after:.1f} |"
    )
    print(line, flush=True)
    head = (
        "| particles | classes | purity while they come | purity at the end | ceiling "
        "| CPU of the whole session, s | a new one then, ms | a new one at ten times as many, ms |"
    )
    title = "A whole session with the defaults (50 classes), and one more batch of 300:"
    return [title, "", head, "|---|---|---|---|---|---|---|---|", line]


def _one_more(protocol: ClassifyParticles, state: object, item: Particles, work: Work) -> float:
    """Milliseconds of processor time for each particle of a batch, from files to checkpoint."""
    started = time.process_time()
    protocol.update(state, Batch((item,)), work)  # type: ignore[arg-type]
    protocol.snapshot(state, work)  # type: ignore[arg-type]
    protocol.save(state, work.folder / "checkpoint")  # type: ignore[arg-type]
    return 1e3 * (time.process_time() - started) / len(item)


def _item(folder: Path, first: int, images: Images, defocus: NDArray[np.float64]) -> Particles:
    stack = folder / f"{first:06d}.mrcs"
    write_mrc(stack, images, PIXEL)
    zeros = column(np.zeros(len(images)))
    return Particles(
        exposure=stack.stem,
        stack=stack,
        box=BOX,
        optics=OPTICS,
        micrograph=stack,
        micrograph_pixel_size=PIXEL,
        x=zeros,
        y=zeros,
        score=zeros,
        defocus_u=column(defocus),
        defocus_v=column(defocus),
        defocus_angle=zeros,
    )


def measure_relion(particles: int) -> list[str]:
    """RELION's 25 iterations and ours on the same stack."""
    images, defocus, view = make_set(particles, SNR, RELION_SET)
    folder = RESULTS / "relion"
    result = folder / "run_it025_data.star"
    if not result.exists():
        _run_relion(folder, images, defocus)
    table = read_star(result)["particles"].columns
    place = np.array([int(str(name).split("@")[0]) - 1 for name in table["rlnImageName"]])
    group = np.empty(particles, np.int32)
    group[place] = np.asarray(table["rlnClassNumber"], dtype=np.int32)
    theirs, spent = purity(group, view), folder / "cpu.txt"
    seconds = spent.read_text().strip() if spent.exists() else "not measured"
    done, used = classify(images, defocus, 20, particles // 20)
    rows = [
        f"| RELION 3.1.3, 25 iterations | {theirs:.3f} | {len(np.unique(group))} "
        f"| {adjusted_rand(group.astype(np.int64), view):.3f} | {seconds} |",
        f"| icestream | {purity(done.group, view):.3f} | {len(done.numbers)} "
        f"| {adjusted_rand(done.group.astype(np.int64), view):.3f} | {used:.0f} |",
    ]
    print(*rows, sep="\n", flush=True)
    title = f"The same stack of {particles} particles of 10 views, at most 20 classes:"
    head = "| program | purity | classes | adjusted Rand index to the truth | CPU, s |"
    return [title, "", head, "|---|---|---|---|---|", *rows]


def _run_relion(folder: Path, images: Images, defocus: NDArray[np.float64]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_mrc(folder / "particles.mrcs", images, PIXEL)
    optics = "OpticsGroup OpticsGroupName Voltage SphericalAberration AmplitudeContrast"
    optics += " ImagePixelSize ImageSize ImageDimensionality"
    lines = ["data_optics", "", "loop_", *(f"_rln{name}" for name in optics.split())]
    lines += [f"1 group1 300.0 2.7 0.1 {PIXEL} {BOX} 2", "", "data_particles", "", "loop_"]
    lines += [f"_rln{name}" for name in ("ImageName", "DefocusU", "DefocusV", "DefocusAngle")]
    lines += ["_rlnMicrographName", "_rlnOpticsGroup"]
    for place, value in enumerate(defocus):
        lines.append(
            f"{place + 1:06d}@particles.mrcs {value:.2f} {value:.2f} 0 mic{place // 50:03d}.mrc 1"
        )
    (folder / "particles.star").write_text("\n".join(["", *lines, ""]))
    words = (
        "relion_refine --i particles.star --o run --K 20 --iter 25 --tau2_fudge 2"
        " --particle_diameter 170 --ctf --offset_range 5 --offset_step 2 --psi_step 12"
        " --oversampling 1 --norm --scale --flatten_solvent --zero_mask"
        " --dont_combine_weights_via_disc --pool 30 --pad 2 --j 1 --random_seed 1"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (folder / "log.txt").open("w") as log:
        subprocess.run(words.split(), cwd=folder, check=True, stdout=log, stderr=log)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (folder / "cpu.txt").write_text(f"{used:.0f}\n")


def picture(done: Classification) -> NDArray[np.uint8]:
    """Averages of all classes, the largest first."""
    order = np.argsort(-class_counts(done), kind="stable")
    counts, resolution = class_counts(done), class_quality(done).resolution
    # The font that comes with the drawing library has no Å.
    labels = [f"{counts[k]}   {resolution[k]:.0f} A" for k in order]
    return montage(class_averages(done)[order], labels)


PARTS = {
    "purity": (measure_purity, 1500),
    "junk": (measure_junk, 1000),
    "load": (measure_load, 10_200),
    "relion": (measure_relion, 1000),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all when none is named")
    parser.add_argument("--particles", type=int, help="instead of each part's own number")
    parser.add_argument("--write", action="store_true", help="the table that the docs show")
    chosen = parser.parse_args(arguments)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for part in chosen.parts or PARTS:
        measure, particles = PARTS[part]
        rows = measure(chosen.particles or particles)
        (RESULTS / f"{part}.json").write_text(json.dumps(rows))
    if chosen.write:
        files = [RESULTS / f"{part}.json" for part in PARTS]
        made = [json.loads(file.read_text()) for file in files if file.exists()]
        publish(
            "classification-2d",
            "\n\n".join("\n".join(rows) for rows in made),
            "python benchmarks/bench_classify2d.py --write",
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
