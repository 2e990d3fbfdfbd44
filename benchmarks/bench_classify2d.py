"""Streaming 2D classification of particles whose view is known: purity and processor time.

    python benchmarks/bench_classify2d.py --sets 3

Each set has 2,000 images of 10 random views of a protein (64 pixels of 3 Å, defocus 0.8-2.2 µm,
shifts of 2 pixels RMS, any angle, white noise). Purity is the fraction of particles in a class that
mostly holds their own view. Prints a Markdown table; `--montage FILE` writes a picture of the
classes of the first set. The page of the documentation is
`docs/explanation/classification-2d.md`.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from scipy import fft, ndimage

from icestream.formats.image import write_picture
from icestream.model import Optics
from icestream.processing.classify2d.averages import (
    class_averages,
    class_counts,
    class_quality,
)
from icestream.processing.classify2d.online import Classification, Plan
from icestream.processing.ctf.transfer import aberration
from icestream.processing.grey import stretch
from icestream.processing.particles import normalize_particles
from icestream.processing.simulate.assembly import make_brick
from icestream.processing.simulate.placement import random_rotations
from icestream.processing.simulate.projection import project

BOX, PIXEL, VIEWS = 64, 3.0, 10
TILE, LABEL, COLUMNS = 112, 16, 10
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
Images = NDArray[np.float32]


def draw_views(rng: np.random.Generator) -> Images:
    """Projections of a generated protein, low-passed to 6 Å."""
    specimen = make_brick()
    center = np.full((1, 2), BOX / 2)
    views = []
    for rotation in random_rotations(rng, VIEWS):
        atoms, water = project(specimen, rotation[None], center, (BOX, BOX), PIXEL)
        views.append(ndimage.gaussian_filter(atoms - water, 0.5))
    return np.asarray(views, dtype=np.float32)


def make_set(
    count: int, snr: float, seed: int
) -> tuple[Images, NDArray[np.float64], NDArray[np.int64]]:
    """Images, their defocus (Å) and their view."""
    rng = np.random.default_rng(seed)
    views = draw_views(rng)
    view = rng.integers(VIEWS, size=count)
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


def transfer(defocus: NDArray[np.float64], plan: Plan) -> Images:
    frequency = np.arange(1, plan.grid.rings + 1) / (BOX * PIXEL)
    return np.sin(aberration(frequency[None], defocus[:, None], OPTICS)).astype(np.float32)


def purity(group: NDArray[np.int32], view: NDArray[np.int64]) -> float:
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


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=3)
    parser.add_argument("--seed", type=int, default=11, help="of the first set")
    parser.add_argument("--particles", type=int, default=2000)
    parser.add_argument("--snr", type=float, default=0.05)
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--batch", type=int, default=300)
    parser.add_argument("--passes", type=int, default=4)
    parser.add_argument("--montage", type=Path)
    chosen = parser.parse_args(arguments)
    print("| set | classes | purity as it streams | at the end | rings | looks | CPU, s |")
    print("|---|---|---|---|---|---|---|")
    for seed in range(chosen.seed, chosen.seed + chosen.sets):
        images, defocus, view = make_set(chosen.particles, chosen.snr, seed)
        plan = Plan(
            box=BOX, pixel_size=PIXEL, diameter=140.0, classes_max=chosen.classes, seed=seed
        )
        contrast = transfer(defocus, plan)
        done = Classification(plan)
        started = time.process_time()
        for first in range(0, chosen.particles, chosen.batch):
            part = slice(first, first + chosen.batch)
            done.add(images[part], contrast[part])
        streamed = purity(done.group, view)
        done.consolidate(chosen.passes)
        done.settle()
        used = time.process_time() - started
        print(
            f"| {seed} | {len(done.statistics.weight)} | {streamed:.3f} "
            f"| {purity(done.group, view):.3f} | {done.rings} of {plan.finest} "
            f"| {done.poses.visits.sum()} | {used:.1f} |",
            flush=True,
        )
        if chosen.montage and seed == chosen.seed:
            # The font that comes with the drawing library has no Å.
            order = np.argsort(-class_counts(done), kind="stable")
            counts, resolution = class_counts(done), class_quality(done)[0]
            labels = [f"{counts[k]}   {resolution[k]:.0f} A" for k in order]
            write_picture(chosen.montage, montage(class_averages(done)[order], labels))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
