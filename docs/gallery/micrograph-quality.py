"""Draw the labelled thumbnails with their verdicts: ``micrograph-quality.py OUT.png``."""

import os
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image

from icestream.processing.micrograph_quality import judge_micrograph, look_at

mpl.use("Agg")
import matplotlib.pyplot as plt

given = os.environ.get("ICESTREAM_TEST_DATA")
data = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
folder = data / "micrographs" / "quality_classes"
paths = sorted(folder.glob("*/*.png"))
if not paths:
    print(f"no labelled thumbnails in {folder} (set ICESTREAM_TEST_DATA)")
    sys.exit(77)

figure, axes = plt.subplots(3, 4, figsize=(11, 9.4), layout="constrained")
for axis, path in zip(axes.flat, paths, strict=True):
    image = np.asarray(Image.open(path), dtype=np.float32)
    look = look_at(image, 7.5)
    verdict = judge_micrograph(look)
    axis.imshow(image, cmap="gray", vmin=np.percentile(image, 0.5), vmax=np.percentile(image, 99.5))
    axis.set_axis_off()
    right = verdict.label == path.parent.name
    axis.set_title(
        f"{verdict.label.replace('_', ' ')}, {verdict.score:.2f}",
        fontsize=10,
        color="#1a6b3c" if right else "#6b6b6b" if verdict.label == "unclear" else "#b3261e",
        fontweight="bold",
    )
    axis.text(
        0.02,
        0.02,
        f"texture {look.texture:.3g}   patches {look.patches:.3g}\n"
        f"objects {100 * look.objects:.1f} %   covered {100 * look.covered:.0f} %",
        transform=axis.transAxes,
        fontsize=8,
        color="black",
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 2},
    )
figure.savefig(sys.argv[1], dpi=75)
