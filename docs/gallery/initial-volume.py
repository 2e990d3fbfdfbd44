"""Draw a first map of simulated β-galactosidase beside the truth: `initial-volume.py OUT.png`."""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import bench_volume as bench
from icestream.processing.volume.slices import cube_of, volume_of

mpl.use("Agg")
from matplotlib import pyplot as plt

COUNT, SEED = 800, 11


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
    figure = plt.figure(figsize=(10, 5.6), layout="constrained")
    grid = figure.add_gridspec(2, 5, width_ratios=(1, 1, 1, 1, 1.7))
    for row, (name, volume) in enumerate((("map", laid), ("truth", limited))):
        views = [volume[middle], volume[:, middle], volume.sum(axis=0), volume.sum(axis=1)]
        titles = ("slice across z", "slice across y", "projection along z", "projection along y")
        for column, (view, title) in enumerate(zip(views, titles, strict=True)):
            axes = figure.add_subplot(grid[row, column])
            axes.imshow(view[8:56, 8:56], cmap="gray", vmin=np.percentile(view, 2))
            axes.set(xticks=[], yticks=[], ylabel=name if column == 0 else "")
            if row == 0:
                axes.set_title(title, fontsize=9)
    axes = figure.add_subplot(grid[:, 4])
    extent = bench.BOX * case.pixel_size
    for values, label in ((curve, "map against truth"), (found.correlation, "halves of the data")):
        shells = np.arange(1, min(len(values), found.rings + 3))
        axes.plot(shells / extent, values[shells], label=label)
    axes.axhline(0.5, color="gray", lw=0.6)
    axes.axhline(0.143, color="gray", lw=0.6, ls=":")
    axes.set(xlabel="spatial frequency / Å$^{-1}$", ylim=(-0.1, 1.05))
    axes.set_title(f"Fourier shell correlation: {resolution:.1f} Å at 0.5", fontsize=9)
    axes.legend(fontsize=8, loc="lower left")
    figure.savefig(target, dpi=110)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
