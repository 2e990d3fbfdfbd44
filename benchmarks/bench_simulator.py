"""How fast a movie is simulated, and how like a real one it is.

Compared with frames and an average of EMPIAR-10146 (apoferritin) and with spectra of EMPIAR-10204
(beta-galactosidase), which are test data of this project (ICESTREAM_TEST_DATA, or ../shared/data).
With --figure PATH it draws the picture of docs/explanation/simulator.md.
"""

import gzip
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import fft, ndimage

from icestream.formats import read_image, read_mrc
from icestream.model import Optics
from icestream.processing.ctf import ctf_2d
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, Truth, simulate_movie
from icestream.processing.simulate.specimen import Specimen, specimen_from_pdb
from icestream.processing.simulate.tracks import MotionTraits
from icestream.processing.simulate.transfer import Aberrations

Picture = NDArray[np.float64]

APOFERRITIN = Conditions(
    optics=Optics(pixel_size=1.5, voltage=300.0, amplitude_contrast=0.07),
    aberrations=Aberrations(defocus_u=22617.0, defocus_v=21381.0, angle=0.0),
    frames=42,
    dose_per_frame=1.0,
    thickness=300.0,
    particles=160,
    spacing=0.95,
)
GALACTOSIDASE = Conditions(
    optics=Optics(
        pixel_size=0.885, voltage=200.0, spherical_aberration=1.4, amplitude_contrast=0.1
    ),
    aberrations=Aberrations(defocus_u=10675.0, defocus_v=10373.0, angle=72.0),
    frames=24,
    dose_per_frame=1.277,
    thickness=300.0,
    particles=30,
    motion=MotionTraits(early=(0.0, 0.0), walk=(0.0, 0.0), doming=(0.0, 0.0)),
)
"""Without motion, since RELION had corrected the motion of the real movies."""
BANDS = ((13, 10), (10, 8), (8, 7), (7, 6), (6, 5), (5, 4.5), (4.5, 4), (4, 3.6))
"""Å, from coarse to fine."""


def main() -> None:
    speed()
    given = os.environ.get("ICESTREAM_TEST_DATA")
    shared = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not shared.is_dir():
        print(f"no real data in {shared}: not compared")
        return
    pictures = compare_average(shared)
    compare_rings(shared)
    if "--figure" in sys.argv:
        draw(pictures, Path(sys.argv[sys.argv.index("--figure") + 1]))


def speed() -> None:
    """CPU seconds of one default movie, the kernels compiled."""
    camera = make_camera(np.random.default_rng(0), (1024, 1024))
    conditions = Conditions(
        optics=APOFERRITIN.optics, aberrations=Aberrations(defocus_u=15200, defocus_v=15000)
    )
    taken = []
    for seed in range(4):
        started = time.process_time()
        _, frames = simulate_movie(conditions, make_cage(), camera, np.random.default_rng(seed))
        for _ in frames:
            pass
        taken.append(time.process_time() - started)
    print(f"a movie of 24 x 1024 x 1024: {min(taken[1:]):.2f} CPU s, before it is compressed")


def compare_average(shared: Path) -> list[Picture]:
    """A frame and the plain average, real and simulated: correlation, rings of the particles."""
    folder = shared / "micrographs" / "apoferritin_empiar10146"
    name = "May08_03.13.02"
    real = [read_image(folder / f"{name}.{kind}.png") for kind in ("average", "single_frame")]
    picks = np.loadtxt(folder / f"{name}.picks.csv", delimiter=",", skiprows=1)[:, 1::-1]
    specimen = _specimen(shared / "models" / "apoferritin_6z6u.pdb.gz")
    truth, frames = _corrected(APOFERRITIN, specimen, (1200, 1240))
    where = np.stack([truth.particles.y, truth.particles.x], axis=1)
    where = where - truth.tracks.shifts.mean(axis=0)
    simulated = [frames.mean(axis=0), frames[21]]
    for label, images, points in (
        ("real", real, picks),
        ("simulated", simulated, where),
    ):
        average, frame = (_normal(image) for image in images)
        rings = _profile(average, points)
        print(
            f"{label:10}: frame against average {np.mean(average * frame):.3f}; particles "
            f"{len(points)}; bright fringe {rings.max():+.2f}, shell {rings.min():+.2f} sd"
        )
        power = np.abs(fft.rfft2(average)) ** 2
        k = np.hypot(np.fft.fftfreq(average.shape[0])[:, None], np.fft.rfftfreq(average.shape[1]))
        floor = power[k > 0.4].mean()
        parts = [power[(k >= low) & (k < high)].mean() / floor for low, high in _STEPS]
        print(f"{'':10}  power over that of noise: " + "  ".join(f"{p:.2f}" for p in parts))
    return [_normal(real[0]), _normal(simulated[0])]


_STEPS = ((0.002, 0.032), (0.032, 0.062), (0.062, 0.092), (0.092, 0.15), (0.15, 0.25))
"""Cycles per pixel."""


def compare_rings(shared: Path) -> None:
    """Depth of the Thon rings in sums of 4 e/Å²: amplitude of CTF² over the mean power."""
    print("depth of the Thon rings, %, in bands of Å: " + "  ".join(f"{a}-{b}" for a, b in BANDS))
    rows = np.genfromtxt(shared / "relion_tutorial" / "ctf_truth.csv", delimiter=",", dtype=str)
    measured = []
    for row in rows[1:]:
        u, v, angle = (float(value) for value in row[1:4])
        spectrum = read_mrc(shared / "relion_tutorial" / f"{row[0]}_PS.mrc").squeeze() ** 2
        aberrations = Aberrations(defocus_u=u, defocus_v=v, angle=angle)
        measured.append(_ring_depth(spectrum, 1.3996, aberrations, GALACTOSIDASE.optics))
    print("  real, mean of 4:      " + "  ".join(f"{100 * d:5.1f}" for d in np.mean(measured, 0)))
    specimen = _specimen(shared / "models" / "beta_galactosidase_5a1a.pdb.gz")
    made = []
    for seed in range(4):
        truth, frames = _corrected(GALACTOSIDASE, specimen, (1024, 1024), seed)
        spectrum = _spectrum(truth, frames)
        made.append(_ring_depth(spectrum, 0.885, GALACTOSIDASE.aberrations, GALACTOSIDASE.optics))
    print("  simulated, mean of 4: " + "  ".join(f"{100 * d:5.1f}" for d in np.mean(made, 0)))


def _specimen(path: Path) -> Specimen:
    return specimen_from_pdb(gzip.decompress(path.read_bytes()).decode("ascii"), path.stem)


def _corrected(
    conditions: Conditions, specimen: Specimen, shape: tuple[int, int], seed: int = 1
) -> tuple[Truth, NDArray[np.float32]]:
    """A movie after gain correction, with the bad pixels filled with noise."""
    camera = make_camera(np.random.default_rng(seed), shape)
    rng = np.random.default_rng([seed, 1])
    truth, frames = simulate_movie(conditions, specimen, camera, rng)
    stack = np.stack(list(frames)) * camera.gain
    bad = camera.gain == 0
    bad[camera.hot[:, 0].astype(int), camera.hot[:, 1].astype(int)] = True
    stack[:, bad] = rng.poisson(stack.mean(), (len(stack), int(bad.sum())))
    return truth, stack


def _normal(image: NDArray[np.floating]) -> Picture:
    return (np.asarray(image, dtype=np.float64) - image.mean()) / image.std()


def _profile(image: Picture, points: NDArray[np.floating]) -> Picture:
    """Mean over the particles and around their centres, in steps of 4 pixels."""
    half = 72
    inside = [
        image[y - half : y + half, x - half : x + half]
        for y, x in np.round(points).astype(int)
        if half < y < image.shape[0] - half and half < x < image.shape[1] - half
    ]
    mean = np.mean(inside, axis=0)
    radius = (np.hypot(*np.mgrid[-half:half, -half:half]) / 4).astype(int)
    return np.array([mean[radius == ring].mean() for ring in range(half // 4)])


def _spectrum(truth: Truth, frames: NDArray[np.float32]) -> Picture:
    """Power of sums of three frames, moved by their true whole-frame shifts, as RELION does."""
    box, total = 512, np.zeros((512, 512))
    window = np.outer(np.hanning(box), np.hanning(box))
    ky, kx = np.fft.fftfreq(1024)[:, None], np.fft.rfftfreq(1024)[None]
    for first in range(0, len(frames), 3):
        group = np.zeros((1024, 513), dtype=np.complex128)
        for number in range(first, first + 3):
            dy, dx = truth.tracks.shifts[number]
            group += fft.rfft2(frames[number]) * np.exp(-2j * np.pi * (dy * ky + dx * kx))
        image = fft.irfft2(group)
        for y in range(0, 513, 256):
            for x in range(0, 513, 256):
                tile = image[y : y + box, x : x + box]
                total += np.abs(fft.fftshift(fft.fft2((tile - tile.mean()) * window))) ** 2
    return total


def _ring_depth(
    power: Picture, pixel: float, aberrations: Aberrations, optics: Optics
) -> list[float]:
    k = np.fft.fftshift(np.fft.fftfreq(power.shape[0], pixel))
    ky, kx = np.meshgrid(k, k, indexing="ij")
    radius = np.hypot(ky, kx)
    rings = ctf_2d(power.shape, aberrations.at(), replace(optics, pixel_size=pixel)) ** 2
    depths = []
    for coarse, fine in BANDS:
        band = (radius > 1 / coarse) & (radius < 1 / fine) & (np.abs(kx) > 2 * k[-1] / 256)
        band &= np.abs(ky) > 2 * k[-1] / 256
        r = radius[band] - radius[band].mean()
        terms = np.stack([np.ones_like(r), r, r * r, rings[band]], axis=1)
        found = np.linalg.lstsq(terms, power[band].astype(float), rcond=None)[0]
        depths.append(float(found[3] / power[band].mean()))
    return depths


def draw(pictures: list[Picture], path: Path) -> None:
    """The two averages side by side, and what the generated specimens look like."""
    panels = [("real: EMPIAR-10146", pictures[0]), ("simulated: apoferritin", pictures[1])]
    small = Conditions(
        optics=APOFERRITIN.optics,
        aberrations=Aberrations(defocus_u=15200.0, defocus_v=15000.0),
        particles=75,
    )
    truth, frames = _corrected(small, make_cage(), (1000, 1000))
    aligned = sum(
        ndimage.shift(frame, shift, order=1, mode="nearest")
        for frame, shift in zip(frames, truth.tracks.shifts, strict=True)
    )
    panels.append(("simulated: the cage, aligned", aligned))
    side, title = 310, 18
    sheet = Image.new("L", (len(panels) * (side + 6) - 6, side + title), 255)
    for number, (label, picture) in enumerate(panels):
        smooth = ndimage.gaussian_filter(picture[40:940, 40:940], 2.0)
        low, high = np.quantile(smooth, [0.005, 0.995])
        gray = np.clip((smooth - low) / (high - low) * 255, 0, 255).astype(np.uint8)
        tile = Image.fromarray(gray).resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(tile, (number * (side + 6), title))
        ImageDraw.Draw(sheet).text((number * (side + 6) + 2, 3), label, fill=0)
    sheet.quantize(24).save(path, optimize=True)
    print(f"drawn: {path}")


if __name__ == "__main__":
    main()
