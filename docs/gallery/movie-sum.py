"""Draw the figure of the page "The sum of a movie": OUT.png is the only argument."""

import sys

import numpy as np
import style
from scipy import ndimage

from icestream.model import Optics
from icestream.processing.dose import Dose
from icestream.processing.motion.measure import measure_motion
from icestream.processing.motion.picture import draw_tracks
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.track import TrackSearch
from icestream.processing.motion.warp import Recipe, sum_frames
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations

SIZE, FRAMES, PIXEL, DOSE = style.some(1024, 640), 24, 1.5, Dose(per_frame=1.3)


def movie():
    rng = np.random.default_rng(12)
    camera = make_camera(rng, (SIZE, SIZE))
    conditions = Conditions(
        optics=Optics(pixel_size=PIXEL, voltage=300.0),
        aberrations=Aberrations(defocus_u=13000, defocus_v=12600),
        frames=FRAMES,
        dose_per_frame=DOSE.per_frame,
        particles=style.some(60, 12),
        contrast=1.6,
    )
    _, images = simulate_movie(conditions, make_cage(), camera, rng)
    gain = np.where(camera.gain > 0, camera.gain, 1).astype(np.float32)
    return Frames(np.stack(list(images)), gain, PIXEL)


def spectrum(image):
    side = SIZE - 128
    cut = image[64:-64, 64:-64]
    window = np.hanning(side)
    return np.fft.rfft2((cut - cut.mean()) * window[:, None] * window)


def rings(one, two, count=48):
    """Correlation and amplitude ratio against the exact sum, over parts of Nyquist."""
    side = SIZE - 128
    k = 2 * np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    ring = (k * count).astype(int).ravel()

    def total(values):
        return np.bincount(ring, values.ravel(), minlength=count)[:count]

    a, b = spectrum(one), spectrum(two)
    powers = total(abs(a) ** 2), total(abs(b) ** 2)
    together = total((a * b.conj()).real)
    return together / np.sqrt(powers[0] * powers[1]), np.sqrt(powers[0] / powers[1])


frames = movie()
found = measure_motion(frames, TrackSearch(), DOSE)
exact = sum_frames(frames, found.shifts, Recipe(dose=DOSE, exact=True))
quick = sum_frames(frames, found.shifts, Recipe(dose=DOSE))
linear = sum(
    ndimage.shift(counts * frames.gain, shift / PIXEL, order=1, mode="mirror")
    for counts, shift in zip(frames.counts, found.shifts, strict=True)
)
figure = style.begin(2.6)
axes = figure.subplots(1, 3, width_ratios=(1, 1, 0.95))
k = (np.arange(48) + 0.5) / 48
for name, image, wanted, line, colour in (
    ("plain", quick.plain, exact.plain, "-", style.FOUND),
    ("dose weighted", quick.weighted, exact.weighted, "--", style.SECOND),
    ("linear interpolation", linear, exact.plain, ":", style.OTHER),
):
    correlation, ratio = rings(image, wanted)
    axes[0].plot(k, correlation, line, label=name, color=colour)
    axes[1].plot(k, ratio, line, label=name, color=colour)
for letter, panel, what in (("a", axes[0], "ring correlation"), ("b", axes[1], "amplitude")):
    panel.axvline(0.7, color="0.8", lw=1, zorder=0)
    panel.set(xlabel="spatial frequency / Nyquist", ylabel=what, xlim=(0, 0.95))
    style.title(panel, letter, "against the exact sum")
axes[0].axhline(0.999, color=style.GOAL, lw=1)
axes[0].text(0.02, 0.9989, "goal, up to 0.7", color=style.GOAL, fontsize=7, va="top")
axes[0].set_ylim(0.985, 1.0008)
axes[1].set_ylim(0, 1.1)
axes[1].legend(loc="lower left")
axes[2].imshow(draw_tracks(found.best, frames.shape))
style.title(axes[2], "c", "tracks, as in the report")
axes[2].axis("off")
style.save(figure, sys.argv[1])
