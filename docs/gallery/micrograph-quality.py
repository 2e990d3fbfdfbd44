"""Draw the labelled thumbnails with their verdicts: ``micrograph-quality.py OUT.png``."""

import os
import sys
from pathlib import Path

import numpy as np
import style
from PIL import Image

from icestream.processing.micrograph_quality import judge_micrograph, look_at

PIXEL = 7.5
"""Å, taken to be that of the thumbnails."""
USABLE = {"great", "decent"}

given = os.environ.get("ICESTREAM_TEST_DATA")
data = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
folder = data / "micrographs" / "quality_classes"
paths = sorted(folder.glob("*/*.png"))
if not paths:
    print(f"no labelled thumbnails in {folder} (set ICESTREAM_TEST_DATA)")
    sys.exit(77)

figure = style.begin(7.2)
figure.get_layout_engine().set(hspace=0.06)
axes = figure.subplots(3, 4)
for letter, axis, path in zip("abcdefghijkl", axes.flat, paths, strict=True):
    image = np.asarray(Image.open(path), dtype=np.float32)
    look = look_at(image, PIXEL)
    verdict = judge_micrograph(look)
    style.picture(axis, image, PIXEL, 1000)
    label, said = path.parent.name, verdict.label
    title = f"{label.replace('_', ' ')}:\n{said.replace('_', ' ')}"
    title += "" if said == "unclear" else f", {verdict.score:.2f}"
    right = said == label or {said, label} <= USABLE
    colour = style.OTHER if said == "unclear" else style.GOAL if right else style.WRONG
    style.title(axis, letter, title).set_color(colour)
    axis.set_xlabel(
        f"texture {look.texture:.3g}, patches {look.patches:.3g}\n"
        f"objects {100 * look.objects:.1f} %, covered {100 * look.covered:.0f} %",
        fontsize=6.5,
        loc="left",
        labelpad=2,
    )
style.save(figure, sys.argv[1])
