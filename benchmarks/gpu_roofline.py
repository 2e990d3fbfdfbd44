"""What a GPU could at most gain for `movies.align`, on paper: no GPU is used.

    python benchmarks/gpu_roofline.py --write

A movie of 40 frames of 4096 x 4096 pixels is simulated and aligned on one core, and the time of a
processor is taken part by part. Beside it stands the least time that a GPU could need for the same
part: what has to be read from its memory and written to it, over the bandwidth that its maker
states, or what has to be copied to it, over that of its bus. Nothing is faster than that, and
real kernels take longer.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import icestream.processing.motion.field as local
import icestream.processing.motion.measure as measuring
import icestream.processing.motion.track as whole
import icestream.protocols.align_movies as protocol
from bench_motion import make_movie
from icestream.protocol import Work
from icestream.protocols.align_movies import AlignMovies
from measured import on_one_thread, publish

FRAMES, SIZE = 40, 4096
BUS, MEMORY = 64e9, 4.8e12
"""Bytes a second: PCI Express 5.0 x16 in one direction, and the memory of an H200, as stated."""
SUMS = 4
"""Sums that the dose weights of a movie take (see docs/explanation/movie-alignment.md)."""
PARTS = {
    "read the file": (protocol, "read_raw_movie"),
    "find defects": (protocol, "correct_frames"),
    "bin": (measuring, "bin_frames"),
    "measure the motion": (protocol, "measure_motion"),
    "spectra of groups": (protocol, "group_tiles"),
    "sum": (protocol, "sum_frames"),
    "write": (protocol, "write_sums"),
}
"""What is timed; the binning is a part of the measurement, and is taken off it."""


@dataclass
class Sizes:
    """Bytes of the parts of a movie."""

    counts: float = 0.0
    binned: float = 0.0
    patches: float = 0.0
    rounds: int = 0
    image: float = SIZE * SIZE * 4.0

    @property
    def bus(self) -> float:
        """Counts and gain go, two sums come back."""
        return self.counts + 3 * self.image

    @property
    def bin(self) -> float:
        return self.counts + self.image + self.binned

    @property
    def measure(self) -> float:
        """Patches are cut and transformed along both axes, and read once in each round."""
        return 2 * self.binned + 5 * self.patches + self.rounds * self.patches

    @property
    def spectra(self) -> float:
        """A quarter of all pixels is cut into tiles, each transformed along both axes."""
        return self.counts + 5 * self.image * FRAMES / 4

    @property
    def sum(self) -> float:
        """Frames are read once; each sum is written, and transformed there, two of them back."""
        return self.counts + self.image + (SUMS + 4 * SUMS + 4 * 2) * self.image


@contextmanager
def timed(spent: dict[str, float], sizes: Sizes) -> Iterator[None]:
    """Take the time of a processor that each part needs, and sizes on the way."""
    kept = []

    def put(module: Any, name: str, note: Callable[[Any, float], None]) -> None:
        made = getattr(module, name)

        def run(*given: Any, **named: Any) -> Any:
            began = time.process_time()
            result = made(*given, **named)
            note(result, time.process_time() - began)
            return result

        kept.append((module, name, made))
        setattr(module, name, run)

    def part(name: str) -> Callable[[Any, float], None]:
        def note(result: Any, seconds: float) -> None:
            spent[name] = spent.get(name, 0.0) + seconds
            if name == "read the file":
                sizes.counts = result.counts.nbytes
            if name == "bin":
                sizes.binned = result.images.nbytes

        return note

    def patches(result: Any, _: float) -> None:
        sizes.patches = result.real.nbytes + result.imaginary.nbytes

    def round_(_: Any, __: float) -> None:
        sizes.rounds += 1

    for name, (module, function) in PARTS.items():
        put(module, function, part(name))
    put(measuring, "cut_patches", patches)
    put(whole, "measure_agreement", round_)
    put(local, "measure_agreement", round_)
    try:
        yield
    finally:
        for module, name, original in kept:
            setattr(module, name, original)


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write it for the documentation")
    asked = parser.parse_args()
    on_one_thread()
    spent: dict[str, float] = {}
    sizes = Sizes()
    with tempfile.TemporaryDirectory() as folder:
        movies, _ = make_movie(Path(folder), 1, SIZE, FRAMES)
        AlignMovies.warm()
        movie = movies["tif"]
        AlignMovies().process(movie, Work(folder=Path(folder)))  # the file is in memory now
        began = time.process_time()
        with timed(spent, sizes):
            AlignMovies().process(movie, Work(folder=Path(folder)))
        whole_time = time.process_time() - began
    spent["measure the motion"] -= spent["bin"]
    text = table(spent, whole_time, sizes)
    print(text)
    if asked.write:
        publish("gpu-roofline", text, "python benchmarks/gpu_roofline.py --write")


def table(spent: dict[str, float], whole_time: float, sizes: Sizes) -> str:
    """The parts, one below the other, and what follows from them."""
    moved = {
        "bin": sizes.bin,
        "measure the motion": sizes.measure,
        "spectra of groups": sizes.spectra,
        "sum": sizes.sum,
    }
    rows = [
        "| part | on one core, s | to and from the memory of a GPU, GB | at least, ms |",
        "|---|---|---|---|",
        f"| copy to and from the GPU | | {sizes.bus / 1e9:.2f}, over its bus | "
        f"{1e3 * sizes.bus / BUS:.1f} |",
    ]
    for part in PARTS:
        there = "on the CPU | "
        if part in moved:
            there = f"{moved[part] / 1e9:.2f} | {1e3 * moved[part] / MEMORY:.1f}"
        rows.append(f"| {part} | {spent[part]:.2f} | {there} |")
    other = whole_time - sum(spent.values())
    rows += [
        f"| all else | {other:.2f} | on the CPU | |",
        f"| **a movie** | **{whole_time:.2f}** | | "
        f"**{1e3 * (sizes.bus / BUS + sum(moved.values()) / MEMORY):.1f}** |",
    ]
    here = whole_time - spent["bin"] - spent["sum"]
    left = whole_time - sum(spent[part] for part in moved)
    return "\n".join(
        [
            *rows,
            "",
            f"With the operations that there are for a GPU (binning and the sum) {here:.1f} s of a "
            f"core are left of a movie. With the patches and the spectra of groups on the GPU too "
            f"{left:.1f} s are left: ten times one core, a movie in {whole_time / 10:.2f} s, then "
            f"takes {ceil(10 * left / whole_time)} cores beside the GPU, and 3,000 movies an hour "
            f"from memory {ceil(3000 * (left - spent['read the file']) / 3600)}.",
        ]
    )


if __name__ == "__main__":
    main()
