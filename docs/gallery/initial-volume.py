"""Draw a first map of simulated β-galactosidase beside the truth: `initial-volume.py OUT.png`."""

import sys
from pathlib import Path

import numpy as np
import style

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import bench_volume as bench
from icestream.processing.volume.slices import cube_of, volume_of

COUNT, SEED = style.some(800, 150), 11


def main(target: str) -> int:
    case = bench.CASES["betagal"]
    if not (bench.models() / case.file).exists():
        print(f"{case.file} not found in {bench.models()} (set ICESTREAM_TEST_DATA)")
        return 77
    specimen = bench.read_specimen(case)
    drawn, truth = bench.draw(case, specimen, COUNT, SEED), bench.true_map(case, specimen)
    found = bench.make_map(drawn, bench.classify(drawn, SEED), case.symmetry, SEED)
    resolution, _, curve, laid = bench.score(found, truth, drawn)
    limited = volume_of(cube_of(truth, found.rings, bench.BOX), bench.BOX, bench.BOX)
    middle = bench.BOX // 2
    figure = style.begin(3.0)
    pictures, right = figure.subfigures(1, 2, width_ratios=(1.75, 1))
    grid = pictures.subplots(2, 4)
    titles = ("slice across z", "slice across y", "projection\nalong z", "projection\nalong y")
    for row, letter, name, volume in zip(
        grid, "ab", ("map", "truth"), (laid, limited), strict=True
    ):
        views = [volume[middle], volume[:, middle], volume.sum(axis=0), volume.sum(axis=1)]
        for axes, view, text in zip(row, views, titles, strict=True):
            bar = 50 if axes is row[0] else 0
            style.picture(axes, view[8:56, 8:56], case.pixel_size, bar, cut=(2, 100))
            if letter == "a":
                axes.set_title(text, fontsize=7)
        row[0].set_ylabel(rf"$\bf{{{letter}}}$  {name}")
    axes = right.subplots()
    extent = bench.BOX * case.pixel_size
    for values, label, colour in (
        (curve, "map and truth", style.TRUTH),
        (found.correlation, "halves of the data", style.FOUND),
    ):
        shells = np.arange(1, min(len(values), found.rings + 3))
        axes.plot(shells / extent, values[shells], label=label, color=colour)
    for level, line in ((0.5, "--"), (0.143, ":")):
        axes.axhline(level, color=style.OTHER, lw=0.8, ls=line)
        axes.text(0.001, level + 0.01, f"{level}", color="0.4", fontsize=7)
    axes.set(xlabel="resolution / Å", ylabel="Fourier shell correlation", ylim=(-0.1, 1.05))
    axes.set_xlim(0, None)
    marks = (50, 30, 20, 15, 12, 10)
    axes.set_xticks([1 / mark for mark in marks], [str(mark) for mark in marks])
    style.title(axes, "c", f"{resolution:.1f} Å at 0.5 against the truth")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.24))
    style.save(figure, target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
