"""Draw the true and the found motion of a simulated movie: movie-alignment.py OUT.png"""

import sys

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
from matplotlib import pyplot as plt

from icestream.model import Optics
from icestream.processing.defects import find_outliers, replace_defects
from icestream.processing.dose import Dose
from icestream.processing.motion.field import LocalMotion
from icestream.processing.motion.measure import measure_motion
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import TrackSearch
from icestream.processing.motion.warp import Recipe, sum_frames
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations

SIZE, FRAMES, PIXEL, DOSE = 1536, 24, 1.5, 1.3
ENLARGED = 25.0
"""Tracks are drawn this many times as long."""


def main() -> None:
    rng = np.random.default_rng(5)
    camera = make_camera(rng, (SIZE, SIZE))
    conditions = Conditions(
        optics=Optics(pixel_size=PIXEL, voltage=300.0),
        aberrations=Aberrations(defocus_u=15200, defocus_v=14800),
        frames=FRAMES,
        dose_per_frame=DOSE,
        particles=90,
    )
    truth, images = simulate_movie(conditions, make_cage(), camera, rng)
    counts, gain = np.stack(list(images)), camera.gain.astype(np.float32)
    replace_defects(counts, find_outliers(counts.sum(axis=0, dtype=np.float32) * gain), seed=1)
    frames = Frames(counts, gain, PIXEL)
    dose = Dose(per_frame=DOSE)
    found = measure_motion(frames, TrackSearch(), dose)
    image = sum_frames(frames, found.best, Recipe(dose=dose, binning=4)).weighted

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5.2), width_ratios=(1, 1))
    low, high = np.percentile(image, [1, 99])
    left.imshow(
        image,
        cmap="gray",
        vmin=low,
        vmax=high,
        extent=(0, SIZE, 0, SIZE),
        origin="lower",
        alpha=0.6,
    )
    side = np.linspace(-0.4, 0.4, 6)
    places = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    pixels = (places + 0.5) * SIZE
    true = truth.tracks.at(*pixels.T, (SIZE, SIZE)).transpose(0, 2, 1)
    if isinstance(found.best, LocalMotion):
        ours = found.best.at(places) / PIXEL
    else:
        ours = np.repeat(found.shifts[:, None] / PIXEL, len(places), axis=1)
    ours = ours + (true - ours).mean(axis=0)
    for tracks, style in ((true, {"color": "k", "lw": 3.2}), (ours, {"color": "C1", "lw": 1.4})):
        drawn = pixels + ENLARGED * -(tracks - true.mean(axis=0))
        for place in range(len(places)):
            name = {"k": "truth", "C1": "found"}[style["color"]] if place == 0 else None
            left.plot(drawn[:, place, 1], drawn[:, place, 0], label=name, **style)
    left.set(
        xlim=(0, SIZE),
        ylim=(0, SIZE),
        xticks=[],
        yticks=[],
        title=f"Motion over the field, {ENLARGED:.0f} times enlarged",
    )
    left.legend(loc="upper right")

    whole = truth.tracks.shifts * PIXEL
    shifts = found.shifts + (whole - found.shifts).mean(axis=0)
    number = np.arange(1, FRAMES + 1)
    for axis, name, colour in ((0, "y", "C0"), (1, "x", "C3")):
        right.plot(number, whole[:, axis], color=colour, lw=1, label=f"{name}, truth")
        right.errorbar(
            number,
            shifts[:, axis],
            2 * found.frame_errors,
            fmt="o",
            ms=3.5,
            capsize=2,
            color=colour,
            label=f"{name}, found, ± 2σ predicted",
        )
    error = np.sqrt(((shifts - whole) ** 2).mean())
    predicted = np.sqrt((found.frame_errors**2).mean())
    right.set(
        xlabel="frame",
        ylabel="shift of the whole frame / Å",
        title=f"Whole frame: RMS error {error:.2f} Å, predicted {predicted:.2f} Å",
    )
    right.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(sys.argv[1], dpi=110)


if __name__ == "__main__":
    main()
