"""Draw the gallery's figure of the gain: `python docs/gallery/gain.py OUT.png`."""

import math
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from icestream.model import ORIENTATIONS, Optics
from icestream.processing.gain.bad_pixels import find_bad_pixels
from icestream.processing.gain.estimate import estimate_gain
from icestream.processing.gain.orientation import find_orientation
from icestream.processing.gain.sums import GainSums
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations

SIZE, MOVIES = 224, 100
FRAMES, COUNTS = 8, 5.0
"""40 electrons in a pixel of a movie, in fewer frames than usual: the figure is sooner drawn."""
SHOWN = (1, 10, 100)


def main(out):
    rng = np.random.default_rng(5)
    camera = make_camera(rng, (SIZE, SIZE))
    specimen = make_cage()
    sums = GainSums(camera.shape)
    estimates, curve, scores = {}, [], None
    for number in range(1, MOVIES + 1):
        thickness = rng.uniform(220, 450)
        defocus = rng.uniform(8000, 22000)
        conditions = Conditions(
            optics=Optics(pixel_size=1.5, voltage=300.0),
            aberrations=Aberrations(defocus_u=defocus, defocus_v=defocus),
            frames=FRAMES,
            dose_per_frame=COUNTS * math.exp(thickness / 3950) / 1.5**2,
            thickness=thickness,
            particles=6,
        )
        _, frames = simulate_movie(conditions, specimen, camera, rng)
        sums.add(sum(frame.astype(np.uint32) for frame in frames), FRAMES)
        if number in SHOWN or (number < 10 and number % 2) or number % 10 == 0:
            found = estimate_gain(sums, find_bad_pixels(sums))
            good = (found.gain > 0) & (camera.gain > 0)
            mean = np.where(good, 1 / np.maximum(sums.mean(), 1e-6), 0)
            pairs = [
                np.corrcoef(image[good], camera.gain[good])[0, 1] for image in (found.gain, mean)
            ]
            curve.append((number, *pairs, found.correlation if number > 1 else np.nan))
            if number in SHOWN:
                estimates[number] = found.gain
        if number == 3:
            # The reference as a file holds it that must be turned by 90° and flipped.
            true = replace(ORIENTATIONS[6])
            stored = next(
                o.turn(camera.gain)
                for o in ORIENTATIONS
                if np.array_equal(true.turn(o.turn(camera.gain)), camera.gain)
            )
            scores = find_orientation(sums.mean(), np.ascontiguousarray(stored)).scores
    draw(camera.gain, estimates, np.array(curve), scores, out)


def draw(true, estimates, curve, scores, out):
    figure, axes = plt.subplots(2, 3, figsize=(10.5, 7), constrained_layout=True)
    corner = np.s_[:112, :112]
    for axis, (title, image) in zip(
        axes.ravel()[:4],
        [("true gain", true), *((f"estimated, {n} movies", g) for n, g in estimates.items())],
        strict=True,
    ):
        shown = np.where(image > 0, image, np.nan)[corner]
        picture = axis.imshow(shown, cmap="gray", vmin=0.85, vmax=1.15, interpolation="nearest")
        picture.cmap.set_bad("tab:red")
        axis.set_title(title.replace("1 movies", "1 movie"))
        axis.set_xticks([])
        axis.set_yticks([])
    figure.colorbar(picture, ax=axes[:, 0], shrink=0.5, location="left", label="gain (bad: red)")
    axis = axes[1, 1]
    axis.semilogx(curve[:, 0], curve[:, 1], "o-", label="icestream")
    axis.semilogx(curve[:, 0], curve[:, 3], "k:", label="expected by icestream")
    axis.semilogx(curve[:, 0], curve[:, 2], "s-", color="tab:gray", label="mean image")
    axis.axhline(0.95, color="tab:green", lw=1)
    axis.set_xlabel("movies")
    axis.set_ylabel("correlation with the true gain")
    axis.set_ylim(0.2, 1)
    axis.legend(loc="lower right")
    axis = axes[1, 2]
    names = [
        "as it is",
        "90°",
        "180°",
        "270°",
        "up-down",
        "left-right",
        "90° up-down",
        "90° left-right",
    ]
    best = int(np.argmax(scores))
    axis.barh(names, scores, color=["tab:green" if i == best else "tab:gray" for i in range(8)])
    axis.invert_yaxis()
    axis.set_xlabel("correlation of the detail, 3 movies")
    axis.set_title("a reference in eight orientations")
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1])
