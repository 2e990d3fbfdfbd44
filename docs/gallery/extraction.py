"""Draws the figure of the page on extraction: `python docs/gallery/extraction.py OUT.png`."""

import os
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import style
from numpy.typing import NDArray

from icestream.model import Ctf, Optics
from icestream.processing.ctf import fit_ctf
from icestream.processing.particles import (
    Box,
    cut_particles,
    extract_particles,
    flip_phases,
    sweep_dust,
    whole_boxes,
)

OPTICS = Optics(pixel_size=1.5, voltage=300.0)
SHOWN = "07.10.35"
CUT, SIZE, RADIUS = 128, 64, 46.0
"""Pixels: 130 Å particles, whose background is outside 0.55 diameters."""
COLUMNS = 6


def shared() -> Path:
    """Folder of the test data; ends the script where it is missing."""
    given = os.environ.get("ICESTREAM_TEST_DATA")
    root = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
    folder = root / "micrographs" / "apoferritin_empiar10146"
    if not folder.is_dir():
        print(f"no micrographs in {root} (set ICESTREAM_TEST_DATA)")
        raise SystemExit(77)
    return folder


def speck(image: NDArray[np.float32], x: float, y: float) -> NDArray[np.float32]:
    """The micrograph with a bright speck of dust beside a particle."""
    dirty = image.copy()
    row, column = int(y) + 44, int(x) - 44
    dirty[row : row + 4, column : column + 4] += 20.0 * image.std()
    return dirty


def main(out: str) -> None:
    folder = shared()
    with PIL.Image.open(folder / f"May08_{SHOWN}.average.png") as picture:
        image = np.asarray(picture, dtype=np.float32)
    x, y = np.loadtxt(folder / f"May08_{SHOWN}.picks.csv", delimiter=",", skiprows=1)[:, :2].T
    inside = whole_boxes((image.shape[0], image.shape[1]), x, y, CUT)[:COLUMNS]
    x, y = x[inside], y[inside]
    fit = fit_ctf(image, OPTICS).defocus
    ctf = Ctf(exposure=SHOWN, optics=OPTICS, defocus_u=fit.u, defocus_v=fit.v, angle=fit.angle)
    dirty = speck(image, x[2], y[2])
    left = Box(cut=CUT, size=CUT, radius=RADIUS, dust=0.0)
    box = Box(cut=CUT, size=SIZE, radius=RADIUS)
    swept = sweep_dust(dirty, box.dust)
    rows = {
        "as cut": cut_particles(dirty, x, y, CUT).images,
        "background of mean 0\nand deviation 1;\nparticles bright": extract_particles(
            dirty, x, y, left
        ).images,
        "dust replaced;\n64 pixels of 3 Å": extract_particles(dirty, x, y, box).images,
        "phases flipped\n(an option)": extract_particles(
            flip_phases(swept, OPTICS, ctf), x, y, box
        ).images,
    }
    figure = style.begin(4.1)
    axes = figure.subplots(len(rows), COLUMNS)
    for letter, line, (name, images) in zip("abcd", axes, rows.items(), strict=True):
        limits = tuple(np.percentile(images, (0.5, 99.5)))
        for axis, one in zip(line, images, strict=True):
            pixel = OPTICS.pixel_size * CUT / len(one)
            style.picture(axis, one, pixel, 50 if axis is line[0] else 0, limits=limits)
        text = rf"$\bf{{{letter}}}$  {name}"
        line[0].set_ylabel(text, rotation=0, ha="right", va="center", labelpad=6)
    style.save(figure, out)


if __name__ == "__main__":
    main(sys.argv[1])
