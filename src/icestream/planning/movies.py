"""A movie of a camera's size, made in seconds: a small simulated field, laid side by side."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from icestream.formats.eer import write_eer
from icestream.formats.mrc import write_mrc
from icestream.formats.tiff import write_tiff
from icestream.model import Movie, Optics
from icestream.planning.cameras import CameraKind
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.transfer import Aberrations

__all__ = ["make_movie"]

_T = TypeVar("_T", np.uint8, np.float32)
_FIELD = 1024
"""Pixels along each side of what is simulated."""
_EER_FRAMES = 8
"""Frames of the camera in a fraction of an EER movie."""


def make_movie(
    camera: CameraKind, folder: Path, *, particles: int, seed: int = 1, threads: int = 1
) -> Movie:
    """Write a movie, and its gain reference beside it.

    Parameters
    ----------
    camera
        Of which size and kind.
    folder
        Where; made.
    particles
        In the whole of it.
    seed
        Of the simulation.
    threads
        That write it.
    """
    folder.mkdir(parents=True)
    rng = np.random.default_rng([seed, 17])
    field = (min(_FIELD, camera.shape[0]), min(_FIELD, camera.shape[1]))
    part = field[0] * field[1] / (camera.shape[0] * camera.shape[1])
    eye = make_camera(rng, field)
    optics = Optics(pixel_size=camera.pixel_size, voltage=300.0, amplitude_contrast=0.07)
    conditions = Conditions(
        optics=optics,
        aberrations=Aberrations(defocus_u=13_000.0, defocus_v=12_800.0, angle=30.0, b_factor=50.0),
        frames=camera.frames,
        dose_per_frame=camera.dose_per_frame,
        thickness=250.0,
        particles=max(1, round(particles * part)),
    )
    _, frames = simulate_movie(conditions, make_cage(), eye, rng)
    gain = _write_gain(camera, folder, _laid(eye.gain, camera.shape))
    path = folder / f"movie.{camera.container}"
    _write(camera, path, frames, rng, threads)
    return Movie(
        exposure=path.stem,
        path=path,
        frames=camera.frames,
        shape=camera.shape,
        optics=optics,
        dose_per_frame=camera.dose_per_frame,
        gain=gain,
        eer_grouping=_EER_FRAMES if camera.container == "eer" else 1,
        size=path.stat().st_size,
    )


def _laid(image: NDArray[_T], shape: tuple[int, int]) -> NDArray[_T]:
    """An image again and again, side by side, up to a size."""
    times = [-(-whole // part) for whole, part in zip(shape, image.shape, strict=True)]
    return np.tile(image, times)[: shape[0], : shape[1]]


def _write(
    camera: CameraKind,
    path: Path,
    frames: Iterator[NDArray[np.uint8]],
    rng: np.random.Generator,
    threads: int,
) -> None:
    if camera.container == "eer":
        write_eer(
            path,
            _events(camera, frames, rng),
            camera.shape,
            metadata={
                "exposureTime": f"{camera.frames * 0.1:.4f}",
                "numberOfFrames": str(camera.frames * _EER_FRAMES),
                "totalDose": f"{camera.frames * camera.dose_per_frame * camera.pixel_size**2:.4f}",
            },
        )
        return
    stack = np.empty((camera.frames, *camera.shape), dtype=np.uint8)
    for number, frame in enumerate(frames):
        stack[number] = _laid(frame, camera.shape)
    if camera.container == "tiff":
        write_tiff(path, stack, pixel_size=camera.pixel_size, threads=threads)
    else:
        write_mrc(path, stack.astype(np.int16), camera.pixel_size)


def _events(
    camera: CameraKind, frames: Iterator[NDArray[np.uint8]], rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """The electrons of each frame of the camera, as quarters of pixels (y, x)."""
    height, width = camera.shape
    for counts in frames:
        y, x = np.nonzero(counts)
        times = counts[y, x]
        y, x = y.repeat(times), x.repeat(times)
        quarters = rng.integers(0, 4, (2, len(y)))
        when = rng.integers(0, _EER_FRAMES, len(y))
        for frame in range(_EER_FRAMES):
            ours = np.stack([4 * y + quarters[0], 4 * x + quarters[1]], axis=1)[when == frame]
            everywhere = np.concatenate(
                [
                    ours + np.array([4 * down, 4 * across])
                    for down in range(0, height, counts.shape[0])
                    for across in range(0, width, counts.shape[1])
                ]
            )
            yield everywhere[(everywhere < np.array([4 * height, 4 * width])).all(axis=1)]


def _write_gain(camera: CameraKind, folder: Path, gain: NDArray[np.float32]) -> Path:
    if camera.container == "eer":
        path = folder / "reference.gain"
        # A .gain has its rows as the EER movie has; a TIFF is turned on writing.
        write_tiff(path, np.ascontiguousarray(gain[::-1]), pixel_size=camera.pixel_size)
        return path
    return write_mrc(folder / "reference.mrc", np.ascontiguousarray(gain), camera.pixel_size)
