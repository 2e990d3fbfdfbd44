"""Reading and summing a movie: LZW beside imagecodecs, and the sum against the exact one.

    python benchmarks/bench_movie_sum.py --write

Prints Markdown tables; `--write` gives them to the page "The sum of a movie" of the gallery.
`bench_motion.py` has the whole of `movies.align` beside RELION.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from icestream.formats.lzw import SPARE, decode_lzw
from icestream.model import Optics
from icestream.processing.dose import Dose
from icestream.processing.motion import warp
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.measure import measure_motion
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import TrackSearch
from icestream.processing.motion.warp import Recipe, sum_frames
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations

sys.path.insert(0, str(Path(__file__).parent))
from measured import on_one_thread, publish

PIXEL, DOSE = 1.5, 1.3
EDGES = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def processor_time(work: Callable[[], object], times: int = 5) -> float:
    """Least CPU time of `work`, s."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def lzw_table(side: int = 4096) -> str:
    """One frame of Poisson counts in one strip, decoded in turn."""
    rows = [
        f"| {side} x {side}, counts per pixel | MB | imagecodecs, ms | icestream, ms | ratio |",
        "|---|---|---|---|---|",
    ]
    for mean in (0.1, 1.0, 4.0):
        counts = np.random.default_rng(17).poisson(mean, (side, side)).astype(np.uint8)
        stream = imagecodecs.lzw_encode(counts.tobytes())
        stored = np.frombuffer(stream + bytes(SPARE), np.uint8)
        out = np.empty(counts.size, np.uint8)
        decode_lzw(stored, out)
        if not np.array_equal(out, counts.ravel()):
            raise SystemExit("LZW was not decoded to what was encoded")
        ours, theirs = [], []
        for _ in range(4):
            ours.append(processor_time(lambda: decode_lzw(stored, out), 2))  # noqa: B023
            theirs.append(processor_time(lambda: imagecodecs.lzw_decode(stream), 2))  # noqa: B023
        one, two = min(theirs) * 1e3, min(ours) * 1e3
        rows.append(
            f"| {mean:g} | {len(stream) / 1e6:.2f} | {one:.0f} | {two:.1f} | {one / two:.1f} |"
        )
    return "\n".join(rows)


def simulate(seed: int, size: int, frames: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Counts and gain of a movie."""
    rng = np.random.default_rng(seed)
    camera = make_camera(rng, (size, size))
    defocus = rng.uniform(9000, 20000)
    conditions = Conditions(
        optics=Optics(pixel_size=PIXEL, voltage=300.0),
        aberrations=Aberrations(defocus_u=defocus + 150, defocus_v=defocus - 150),
        frames=frames,
        dose_per_frame=DOSE,
        particles=round(40 * (size / 1024) ** 2),
    )
    _, images = simulate_movie(conditions, make_cage(), camera, rng)
    counts = np.empty((frames, size, size), np.uint8)
    for place, image in enumerate(images):
        counts[place] = image
    return counts, camera.gain


def compare(one: NDArray[Any], two: NDArray[Any]) -> tuple[list[float], list[float]]:
    """Ring correlation and ratio of amplitudes in the bands of `EDGES` (of Nyquist)."""
    side = len(one) - 128
    window = np.hanning(side).astype(np.float32)
    spectra = []
    for image in (one, two):
        cut = image[64:-64, 64:-64]
        spectra.append(np.fft.rfft2((cut - cut.mean()) * window[:, None] * window))
    ky, kx = np.fft.fftfreq(side), np.fft.rfftfreq(side)
    k = 2 * np.hypot(ky[:, None], kx)
    correlation, ratio = [], []
    for low, high in pairwise(EDGES):
        inside = (k >= max(low, 4 / side)) & (k < high)
        a, b = (spectrum[inside] for spectrum in spectra)
        powers = (abs(a) ** 2).sum(), (abs(b) ** 2).sum()
        correlation.append(float((a * b.conj()).real.sum() / np.sqrt(powers[0] * powers[1])))
        ratio.append(float(np.sqrt(powers[0] / powers[1])))
    return correlation, ratio


def bend(shifts: NDArray[np.float64], seed: int) -> LocalMotion:
    """Local motion that ends 4 Å (root mean square) from the whole frame at the corners."""
    t = np.arange(len(shifts))
    course = np.linalg.lstsq(np.stack([t, t**2, t**3], axis=1), 1 - np.exp(-t / 6), rcond=None)[0]
    rng = np.random.default_rng(seed)
    terms = np.zeros((2, 6, 3))
    # x, x², y, y² and xy are 1/2, 1/4, 1/2, 1/4 and 1/4 there; their squares add to 0.6875.
    size = 4 / np.sqrt(2 * 0.6875)
    terms[:, 1:] = size * rng.choice([-1, 1], (2, 5))[..., None] * course
    return LocalMotion(shifts, terms.reshape(2, 18), 1.0)


def accuracy_table(seeds: tuple[int, ...], size: int) -> str:
    """The worst of the movies in each band."""
    dose = Dose(per_frame=DOSE)
    worst: dict[str, NDArray[np.float64]] = {}
    seconds: dict[str, list[float]] = {"quick": [], "exact": []}
    for seed in seeds:
        counts, gain = simulate(seed, size, 24)
        frames = Frames(counts, np.where(gain > 0, gain, 1).astype(np.float32), PIXEL)
        found = measure_motion(frames, TrackSearch(), dose)
        local = bend(found.shifts, seed)
        for name, motion in (("whole frames", found.shifts), ("local motion", local)):
            start = time.process_time()
            quick = sum_frames(frames, motion, Recipe(dose=dose))
            middle = time.process_time()
            # Against tiles so small that the shift does not change in them.
            with mock.patch.object(warp, "_TILES", (8,)):
                exact = sum_frames(frames, motion, Recipe(dose=dose, exact=True))
            seconds["quick"].append(middle - start)
            seconds["exact"].append(time.process_time() - middle)
            for kind in ("plain", "weighted"):
                correlation, ratio = compare(getattr(quick, kind), getattr(exact, kind))
                for what, values in (("FRC", correlation), ("amplitude", ratio)):
                    label = f"{name}, {kind}: {what}"
                    new = np.array(values)
                    old = worst.get(label, new)
                    far = abs(new - 1) > abs(old - 1)
                    worst[label] = np.where(far, new, old)
    bands = [f"{low:g}-{high:g}" for low, high in pairwise(EDGES)]
    rows = [f"| part of Nyquist | {' | '.join(bands)} |", "|---" * (len(bands) + 1) + "|"]
    rows += [
        f"| {label} | {' | '.join(f'{value:.4f}' for value in values)} |"
        for label, values in worst.items()
    ]
    times = {name: statistics.median(values) for name, values in seconds.items()}
    rows.append(
        f"\nSumming takes {times['quick']:.2f} CPU-s, in the exact mode {times['exact']:.2f} CPU-s."
    )
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the table of the gallery")
    parser.add_argument("--movies", type=int, default=4)
    parser.add_argument("--seed", type=int, default=701, help="of the first movie")
    chosen = parser.parse_args(arguments)
    seeds = tuple(range(chosen.seed, chosen.seed + chosen.movies))
    text = "\n\n".join(
        [
            "LZW, least CPU time of eight:",
            lzw_table(),
            f"Quick sum against the exact one, worst of {len(seeds)} movies of 24 x 2048 x 2048:",
            accuracy_table(seeds, 2048),
        ]
    )
    print(text)
    if chosen.write:
        publish("movie-sum", text, "python benchmarks/bench_movie_sum.py --write")
    return 0


if __name__ == "__main__":
    on_one_thread()
    sys.exit(main())
