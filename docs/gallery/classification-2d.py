"""Draw classes of simulated particles and of junk, with their scores: OUT.png."""

import sys
from pathlib import Path

import numpy as np
import style

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import bench_classify2d as bench
from icestream.processing.classify2d.averages import class_averages, class_counts
from icestream.processing.classify2d.scores import class_scores

GOOD, JUNK = style.some(600, 120), style.some(200, 40)
images, defocus, _ = bench.make_set(GOOD, bench.SNR, 91)
junk, _ = bench.make_junk(JUNK, 92)
rng = np.random.default_rng(91)
order = rng.permutation(GOOD + JUNK)
everything = np.concatenate([images, junk])[order]
contrast = np.concatenate([defocus, rng.uniform(8000, 22000, JUNK)])[order]
done, _ = bench.classify(everything, contrast, 20, style.some(40, 10))
averages, counts, score = class_averages(done), class_counts(done), class_scores(done).score
places = np.argsort(-score)
figure = style.begin(3.4)
above, below = figure.subfigures(2, 1, height_ratios=(1, 2.25))
examples = [(images[0], "a particle"), *((junk[n], "junk") for n in range(4))]
first = above.subplots(1, 7)
second = below.subplots(2, 7)
for axis in (*first, *second.flat):
    axis.axis("off")
for axis, (image, name) in zip(first, examples, strict=False):
    style.picture(axis, image, bench.PIXEL)
    style.title(axis, "a" if axis is first[0] else "", name)
style.scale_bar(first[0], 50 / bench.PIXEL, "50 Å")
for axis, place in zip(second.flat, places, strict=False):
    style.picture(axis, averages[place], bench.PIXEL, cut=(0, 100))
    style.title(
        axis,
        "b" if axis is second[0, 0] else "",
        f"class {done.numbers[place]} ({counts[place]})\nscore {score[place]:.2f}",
    )
style.save(figure, sys.argv[1])
