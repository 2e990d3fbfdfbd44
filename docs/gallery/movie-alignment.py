"""Draw the true and the found motion of a simulated movie: movie-alignment.py OUT.png"""

import sys

import numpy as np
import style

from icestream.model import Optics
from icestream.processing.defects import find_outliers, replace_defects
from icestream.processing.dose import Dose
from icestream.processing.gain.reference import dead_pixels
from icestream.processing.motion.field import LocalMotion
from icestream.processing.motion.measure import measure_motion
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import TrackSearch
from icestream.processing.motion.warp import Recipe, sum_frames
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations

SIZE, FRAMES, PIXEL, DOSE = style.some(1536, 640), 24, 1.5, 1.3
ENLARGED = 20.0
"""Tracks are drawn this many times as long."""


def main() -> None:
    rng = np.random.default_rng(5)
    camera = make_camera(rng, (SIZE, SIZE))
    conditions = Conditions(
        optics=Optics(pixel_size=PIXEL, voltage=300.0),
        aberrations=Aberrations(defocus_u=15200, defocus_v=14800),
        frames=FRAMES,
        dose_per_frame=DOSE,
        particles=style.some(90, 16),
    )
    truth, images = simulate_movie(conditions, make_cage(), camera, rng)
    counts, gain = np.stack(list(images)), camera.gain.astype(np.float32)
    total, dead = counts.sum(axis=0, dtype=np.float32) * gain, dead_pixels(gain)
    total[dead] = np.median(total)
    replace_defects(counts, dead | find_outliers(total), seed=1)
    gain[dead] = 1.0
    frames = Frames(counts, gain, PIXEL)
    dose = Dose(per_frame=DOSE)
    found = measure_motion(frames, TrackSearch(), dose)
    image = sum_frames(frames, found.best, Recipe(dose=dose, binning=4)).weighted

    figure = style.begin(3.5)
    left, right = figure.subplots(1, 2, width_ratios=(1, 0.95))
    style.picture(left, image, cut=(1, 99)).set(extent=(0, SIZE, SIZE, 0), alpha=0.6)
    left.set(xlim=(0, SIZE), ylim=(SIZE, 0))
    rows, columns = np.linspace(-0.42, 0.32, 6), np.linspace(-0.4, 0.4, 6)
    places = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    pixels = (places + 0.5) * SIZE
    true = truth.tracks.at(*pixels.T, (SIZE, SIZE)).transpose(0, 2, 1)
    if isinstance(found.best, LocalMotion):
        ours = found.best.at(places) / PIXEL
    else:
        ours = np.repeat(found.shifts[:, None] / PIXEL, len(places), axis=1)
    ours = ours + (true - ours).mean(axis=0)
    for tracks, look in (
        (true, {"color": style.TRUTH, "lw": 2.6, "label": "truth"}),
        (ours, {"color": style.SECOND, "lw": 1.2, "label": "found"}),
    ):
        drawn = pixels + ENLARGED * -(tracks - true.mean(axis=0))
        lines = left.plot(drawn[..., 1], drawn[..., 0], **look)
        for line in lines[1:]:
            line.set_label("_")
    style.scale_bar(left, 500 / PIXEL, "500 Å")
    style.title(left, "a", f"motion over the field, {ENLARGED:.0f} times enlarged")
    left.legend(loc="upper left", bbox_to_anchor=(0.0, -0.01), ncols=2)

    whole = truth.tracks.shifts * PIXEL
    shifts = found.shifts + (whole - found.shifts).mean(axis=0)
    number = np.arange(1, FRAMES + 1)
    for axis, name, colour in ((0, "y", style.FOUND), (1, "x", style.SECOND)):
        right.plot(number, whole[:, axis], color=style.TRUTH, lw=1, label="_" if axis else "truth")
        right.errorbar(
            number,
            shifts[:, axis],
            2 * found.frame_errors,
            fmt="o",
            ms=2.5,
            lw=0.8,
            capsize=2,
            color=colour,
            label=f"{name}, found, ± 2 predicted standard errors",
        )
    error = np.sqrt(((shifts - whole) ** 2).mean())
    predicted = np.sqrt((found.frame_errors**2).mean())
    right.set(xlabel="frame", ylabel="shift of the whole frame / Å")
    style.title(right, "b", f"whole frame: RMS error {error:.2f} Å, predicted {predicted:.2f} Å")
    right.legend(loc="center right")
    style.save(figure, sys.argv[1])


if __name__ == "__main__":
    main()
