"""Draw the gallery's figure of the CTF: `python docs/gallery/ctf.py OUT.png`."""

import os
import sys
from pathlib import Path

import numpy as np
import style

from icestream.formats import read_image
from icestream.model import Optics
from icestream.processing.ctf import Defocus, ctf_2d, fit_ctf, power_spectrum, spectrum_picture
from icestream.processing.ctf.partial import tile_rings
from icestream.processing.ctf.quality import modulation
from icestream.processing.ctf.rings import make_rings

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ICESTREAM_TEST_DATA", ROOT.parent / "shared" / "data"))
REAL = DATA / "micrographs" / "apoferritin_empiar10146" / "May08_05.35.20.average.png"
KRIOS = Optics(pixel_size=1.5, voltage=300.0)
TILTED = Defocus(u=18400, v=17600, angle=30.0)
GRADIENT = (0.2, 0.3)


def tilted_ice(size=1536):
    """Ice in a plane: images of planes 60 Å apart, blended."""
    rng = np.random.default_rng(1)
    white = np.fft.rfft2(rng.standard_normal((size, size)))
    place = (np.arange(size) - 0.5 * (size - 1)) * KRIOS.pixel_size
    height = GRADIENT[0] * place[:, None] + GRADIENT[1] * place
    image = np.zeros((size, size))
    for level in np.arange(height.min() - 60, height.max() + 60, 60):
        weight = np.clip(1 - np.abs(height - level) / 60, 0, 1)
        at = Defocus(u=TILTED.u + level, v=TILTED.v + level, angle=TILTED.angle)
        image += weight * np.fft.irfft2(white * ctf_2d((size, size), at, KRIOS, half=True))
    return rng.poisson(np.clip(50 * (1 + 0.05 * image), 1, None)).astype(np.float32)


def curve(fit):
    """Equi-phase average over the depth of the rings, with its error from the tiles' scatter."""
    rings = make_rings(fit.spectrum, KRIOS, 30.0)
    tiles = tile_rings(fit.spectrum, rings, fit.defocus, KRIOS)
    depth = np.maximum(modulation(rings, fit.defocus, KRIOS), 0.02)
    each = tiles.without_background(tiles.sums[:, 0]) / tiles.counts / depth
    error = each.std(axis=0, ddof=1) * np.sqrt(tiles.variance_ratio / len(each))
    return rings.frequency, 0.5 + 0.5 * each.mean(axis=0), 0.5 * error


def draw_curve(axes, fit):
    frequency, measured, error = curve(fit)
    shown = (frequency > 1 / 22) & (frequency < 1 / 4.2)
    s, model = fit.curve[0].astype(float), fit.curve[2].astype(float)
    low, high = measured - error, measured + error
    axes.fill_between(frequency[shown], low[shown], high[shown], color=style.FOUND, alpha=0.3, lw=0)
    axes.plot(
        frequency[shown],
        measured[shown],
        color=style.FOUND,
        lw=0.9,
        label="equi-phase average ± 1 standard error",
    )
    near = (s > 1 / 22) & (s < 1 / 4.2)
    axes.plot(s[near], model[near], color=style.FITTED, lw=0.9, label="fitted CTF²")
    axes.axvline(1 / fit.resolution, color=style.OTHER, ls="--", lw=0.9)
    label = f"followed to {fit.resolution:.1f} Å "
    axes.text(1 / fit.resolution, 1.62, label, fontsize=7, color="0.3", ha="right")
    axes.set(xlim=(1 / 22, 1 / 4.2), ylim=(-0.7, 1.8), yticks=[0, 0.5, 1])
    axes.set_xticks([1 / 20, 1 / 10, 1 / 7, 1 / 5], ["20", "10", "7", "5"])
    axes.set(xlabel="resolution / Å", ylabel="CTF²")
    axes.legend(loc="lower left", ncols=2)


def draw_plane(axes, image, fit):
    """Each tile's own defocus, against the plane that was fitted to all of them."""
    gradient = np.asarray(fit.plane.gradient)
    spectrum = power_spectrum(image, KRIOS.pixel_size)
    places = spectrum.parts.places
    along = places @ gradient / np.hypot(*gradient)
    rings = make_rings(spectrum, KRIOS, 30.0)
    tiles = tile_rings(spectrum, rings, fit.defocus, KRIOS)
    depth = np.interp(rings.frequency, fit.curve[0], fit.depth) * (rings.frequency < 0.25)
    data = tiles.without_background(tiles.sums[:, 0]) * depth
    trial = np.arange(-800, 801, 10.0)
    score = data @ -np.cos(2 * np.pi * (tiles.turns[:, None] + np.outer(tiles.linear, trial)))
    own = (fit.defocus.mean + trial[score.argmax(axis=1)]) * 1e-4
    axes.plot(along / 1e3, own, ".", color=style.FOUND, ms=5, label="one tile")
    line = np.array([along.min(), along.max()])
    level = fit.defocus.mean + line * np.hypot(*gradient)
    axes.plot(line / 1e3, level * 1e-4, color=style.FITTED, label="plane of all")
    tilt = np.degrees(np.arctan(np.hypot(*gradient)))
    error = np.degrees(fit.plane.error / (1 + gradient @ gradient))
    true = np.degrees(np.arctan(np.hypot(*GRADIENT)))
    style.title(axes, "b", f"ice tilted by {true:.1f}°: found {tilt:.1f} ± {error:.1f}°")
    axes.set(xlabel="way across the tilt axis / 1000 Å", ylabel="defocus / µm")
    axes.legend()


def main(out):
    if not REAL.exists():
        print(f"no real data in {DATA}: set ICESTREAM_TEST_DATA")
        sys.exit(77)
    fit = fit_ctf(read_image(REAL), KRIOS)
    image = tilted_ice()
    tilted = fit_ctf(image, KRIOS)
    figure = style.begin(4.6)
    above, below = figure.subfigures(2, 1, height_ratios=(1.25, 1))
    left, right = above.subplots(1, 2)
    _, picture = spectrum_picture(fit, KRIOS, size=480)
    style.picture(left, np.asarray(picture), cut=(0, 100))
    style.title(left, "a", "measured | fitted, to 3 Å")
    middle = below.subplots()
    error = fit.errors
    style.title(
        middle,
        "c",
        f"defocus {fit.defocus.mean * 1e-4:.4f} ± {error.mean * 1e-4:.4f} µm, "
        f"astigmatism {fit.defocus.u - fit.defocus.v:.0f} ± {error.astigmatism:.0f} Å",
    )
    draw_curve(middle, fit)
    draw_plane(right, image, tilted)
    style.save(figure, out)


if __name__ == "__main__":
    main(sys.argv[1])
