"""Draw classes of simulated particles and of junk, with their scores: OUT.png."""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from matplotlib import pyplot as plt

import bench_classify2d as bench
from icestream.processing.classify2d.averages import class_averages, class_counts
from icestream.processing.classify2d.scores import class_scores

images, defocus, _ = bench.make_set(600, bench.SNR, 91)
junk, _ = bench.make_junk(200, 92)
rng = np.random.default_rng(91)
order = rng.permutation(800)
everything = np.concatenate([images, junk])[order]
contrast = np.concatenate([defocus, rng.uniform(8000, 22000, 200)])[order]
done, _ = bench.classify(everything, contrast, 20, 40)
averages, counts, score = class_averages(done), class_counts(done), class_scores(done).score
places = np.argsort(-score)
figure, axes = plt.subplots(3, 7, figsize=(10, 4.9), layout="constrained")
for axis in axes.flat:
    axis.axis("off")
examples = [(images[0], "a particle"), *((junk[n], "junk") for n in range(4))]
for axis, (image, name) in zip(axes[0], examples, strict=False):
    axis.imshow(image, cmap="gray")
    axis.set_title(name, fontsize=9)
for axis, place in zip(axes[1:].flat, places, strict=False):
    axis.imshow(averages[place], cmap="gray")
    number = done.numbers[place]
    axis.set_title(f"{number}: {counts[place]}, score {score[place]:.2f}", fontsize=8)
figure.savefig(sys.argv[1], dpi=110)
