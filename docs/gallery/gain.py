"""Draw the gallery's figure of the gain: `python docs/gallery/gain.py OUT.png`."""

import math
import sys
from dataclasses import replace

import numpy as np
import style

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
    figure = style.begin(4.6)
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.1))
    axes = above.subplots(1, 4)
    corner = np.s_[:112, :112]
    images = [("true gain", true)]
    images += [(f"{n} movie{'s' * (n > 1)}", gain) for n, gain in estimates.items()]
    for letter, axis, (name, image) in zip("abcd", axes, images, strict=True):
        shown = np.where(image > 0, image, np.nan)[corner]
        picture = style.picture(axis, shown, limits=(0.85, 1.15))
        picture.set_interpolation("nearest")
        picture.cmap.set_bad(style.WRONG)
        style.title(axis, letter, name)
    style.scale_bar(axes[0], 25, "25 pixels")
    above.colorbar(picture, ax=axes, shrink=0.75, label="gain")
    left, right = below.subplots(1, 2, width_ratios=(1, 0.8))
    left.semilogx(curve[:, 0], curve[:, 1], "o-", ms=3, color=style.FOUND, label="estimate")
    left.semilogx(curve[:, 0], curve[:, 3], ":", color=style.FITTED, label="as the estimate says")
    left.semilogx(curve[:, 0], curve[:, 2], "s-", ms=3, color=style.OTHER, label="mean image")
    left.axhline(0.95, color=style.GOAL, lw=1)
    left.text(1, 0.955, "goal", color=style.GOAL, fontsize=7, va="bottom")
    left.set(xlabel="movies", ylabel="correlation with the true gain", ylim=(0.2, 1.02))
    left.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    left.legend(loc="lower right")
    style.title(left, "e", "approach to the truth")
    names = ["as it is", "90°", "180°", "270°", "up-down", "left-right"]
    names += ["90° up-down", "90° left-right"]
    colours = [style.OTHER] * 8
    colours[int(np.argmax(scores))] = style.GOAL
    right.barh(names, scores, color=colours)
    right.invert_yaxis()
    right.set_xlabel("correlation of the detail, 3 movies")
    style.title(right, "f", "a reference in eight orientations")
    style.save(figure, out)


if __name__ == "__main__":
    main(sys.argv[1])
