"""One exposure: a movie and everything that is true about it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.spatial import cKDTree

from icestream.compiled import njit
from icestream.model.optics import Optics
from icestream.processing.dose import critical_exposure
from icestream.processing.fourier import frequency_grid
from icestream.processing.simulate.camera import Camera, expose, spline_prefilter
from icestream.processing.simulate.debris import (
    carbon_film,
    cluster_points,
    debris_transform,
    ice_drops,
)
from icestream.processing.simulate.ice import diffusion_memory, ice_amplitude
from icestream.processing.simulate.placement import (
    lay_end_on,
    random_rotations,
    scatter_points,
)
from icestream.processing.simulate.projection import image_transform, project
from icestream.processing.simulate.specimen import Specimen
from icestream.processing.simulate.tracks import MotionTraits, Tracks, random_tracks
from icestream.processing.simulate.transfer import Aberrations

__all__ = ["Conditions", "ParticleTruth", "Truth", "simulate_movie"]

SLICE = 50.0
"""Depth of a slice of the ice, Å: particles in it share a defocus, which is their true one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the microscope was set to and what the beam met."""

    optics: Optics
    """Of the movie."""
    aberrations: Aberrations
    frames: int = 24
    dose_per_frame: float = 1.3
    """e/Å² that reach the specimen in each frame."""
    pre_exposure: float = 0.0
    """e/Å² before the first frame."""
    thickness: float = 300.0
    """Of the ice, Å; 0 where there is none."""
    particles: int = 80
    """Particles wanted in the image; fewer where no more fit side by side."""
    spacing: float = 1.0
    """Least distance of particles over their diameter."""
    contrast: float = 0.9
    """What is left of the contrast of a perfect microscope: inelastic scattering and the camera
    take the rest. Calibrated on EMPIAR-10146 and 10204."""
    motion: MotionTraits = field(default_factory=MotionTraits)
    crystalline: float = 0.0
    """How much of the ice is crystalline, 0 to 1."""
    gradient: float = 0.04
    """Largest deviation of the illumination from even."""
    carbon: float = 0.0
    """Part of the field that the holey film covers, 0 to 1; no particle touches it."""
    drops: int = 0
    """Drops of ice on the surface; no particle touches them."""
    aggregates: int = 0
    """Heaps of particles, which are none of those that a picker should find."""
    end_on: float = 0.0
    """Part of the particles that are seen along their z axis, 0 to 1; the others are seen from
    anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParticleTruth:
    """Where the particles are, one row each."""

    y: NDArray[np.float64]
    """Centre in the first frame, pixels of the movie."""
    x: NDArray[np.float64]
    defocus: NDArray[np.float64]
    """Mean defocus at the particle's depth, Å."""
    rotations: NDArray[np.float32]
    """``(n, 3, 3)``: applied to the specimen's (x, y, z)."""

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What a program that processes the movie should find."""

    conditions: Conditions
    tracks: Tracks
    particles: ParticleTruth


@njit(cache=True, nogil=True, fastmath=True)
def _next_frame(ice, noise, memory, amplitude, scale, signal, fading, still, pre, out):  # type: ignore[no-untyped-def]  # noqa: PLR0913, PLR0917
    """Let the ice diffuse, add what is left of the particles: spline coefficients' transform."""
    prefilter_y, prefilter_x = pre
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            kept = memory[j, i]
            fresh = np.sqrt(max(np.float32(1.0) - kept * kept, np.float32(0.0))) * scale
            ice[j, i] = kept * ice[j, i] + fresh * noise[j, i]
            value = amplitude[j, i] * ice[j, i] + signal[j, i] * fading[j, i] + still[j, i]
            out[j, i] = value * prefilter_y[j] * prefilter_x[i]


def simulate_movie(
    conditions: Conditions, specimen: Specimen, camera: Camera, rng: np.random.Generator
) -> tuple[Truth, Iterator[NDArray[np.uint8]]]:
    """Simulate one movie.

    Parameters
    ----------
    conditions
        Settings of the microscope, ice and motion.
    specimen
        What lies in the ice.
    camera
        Gain and faults; its shape is the movie's.
    rng
        Source of chance; the same state gives the same movie.

    Returns
    -------
    truth : Truth
        What was drawn.
    frames : iterator of numpy.ndarray
        Raw counts ``(y, x)`` uint8 of each frame, not gain corrected, made as they are asked for.

    Notes
    -----
    The specimen is drawn on a field that is larger than the image by the largest shift and half a
    particle, so that what moves in at the edges is real. Frames are stills: motion within a frame
    is left out.
    """
    optics = conditions.optics
    tracks = random_tracks(
        rng,
        conditions.frames,
        conditions.dose_per_frame,
        optics.pixel_size,
        conditions.motion,
    )
    reach = np.abs(tracks.shifts).max() + np.abs(tracks.local).sum(axis=2).max() / 2
    margin = math.ceil(max(reach, 0.5 * specimen.diameter / optics.pixel_size)) + 3
    field_shape = (
        fft.next_fast_len(camera.shape[0] + 2 * margin, real=True),
        fft.next_fast_len(camera.shape[1] + 2 * margin, real=True),
    )
    debris = _debris(conditions, field_shape, 0.5 * specimen.diameter / optics.pixel_size, rng)
    everywhere, slices = _populate(
        conditions, specimen, field_shape, camera.shape, rng=rng, debris=debris
    )
    if slices:
        signal = image_transform(slices, optics, conditions.aberrations)
        signal *= np.float32(conditions.contrast)
    else:
        signal = np.zeros((field_shape[0], field_shape[1] // 2 + 1), dtype=np.complex64)
    truth = Truth(
        conditions=conditions, tracks=tracks, particles=_inside(everywhere, margin, camera.shape)
    )
    still = None if debris is None else debris.still
    return truth, _frames(truth, camera, signal, (field_shape, margin), rng=rng, still=still)


@dataclass(frozen=True, slots=True, eq=False)
class _Debris:
    """What is not ice with particles."""

    still: NDArray[np.complex64]
    """``(y, x // 2 + 1)`` transform of the relative intensity that it adds."""
    covered: NDArray[np.bool_]
    """``(y, x)`` where no particles are."""


def _debris(
    conditions: Conditions, shape: tuple[int, int], reach: float, rng: np.random.Generator
) -> _Debris | None:
    """Carbon and drops of a field, `reach` pixels off which there are particles; None without."""
    if not conditions.carbon and not conditions.drops:
        return None
    pixel = conditions.optics.pixel_size
    carbon = carbon_film(rng, shape, pixel, conditions.carbon) if conditions.carbon else None
    drops = ice_drops(rng, shape, pixel, conditions.drops) if conditions.drops else None
    covered = np.zeros(shape, dtype=bool)
    for layer in (carbon, drops):
        if layer is not None:
            covered |= layer > 0
    covered = ndimage.distance_transform_edt(~covered) <= reach
    still = debris_transform(rng, carbon, drops, conditions.optics, conditions.aberrations)
    return _Debris(still, covered)


def _populate(
    conditions: Conditions,
    specimen: Specimen,
    shape: tuple[int, int],
    inner: tuple[int, int],
    *,
    rng: np.random.Generator,
    debris: _Debris | None,
) -> tuple[ParticleTruth, list[tuple[float, NDArray[np.float32], NDArray[np.float32]]]]:
    """Place particles over the whole field, `inner` of which is seen; project each depth."""
    pixel = conditions.optics.pixel_size
    spacing = conditions.spacing * specimen.diameter / pixel
    wanted = round(conditions.particles * shape[0] * shape[1] / (inner[0] * inner[1]))
    points = scatter_points(rng, shape, spacing, wanted)
    if debris is not None:
        points = points[~debris.covered[tuple(points.astype(int).T)]]
    heaped = np.zeros((0, 2))
    if conditions.aggregates:
        size = specimen.diameter / pixel
        heaped, _ = cluster_points(rng, shape, size, conditions.aggregates)
        points = points[cKDTree(heaped).query(points)[0] > size]
    rotations = random_rotations(rng, len(points))
    if conditions.end_on:
        rotations = lay_end_on(rng, rotations, conditions.end_on)
    room = max(conditions.thickness - specimen.diameter, 0.0)
    count = max(1, math.ceil(room / SLICE))
    which = rng.integers(count, size=len(points))
    offsets = (np.arange(count) + 0.5) / count * room - 0.5 * room
    slices = []
    for index, offset in enumerate(offsets):
        chosen = which == index
        if chosen.any():
            atoms, water = project(specimen, rotations[chosen], points[chosen], shape, pixel)
            slices.append((float(offset), atoms, water))
    if len(heaped):
        turned = random_rotations(rng, len(heaped))
        slices.append((0.0, *project(specimen, turned, heaped, shape, pixel)))
    particles = ParticleTruth(
        y=points[:, 0],
        x=points[:, 1],
        defocus=conditions.aberrations.defocus + offsets[which],
        rotations=rotations,
    )
    return particles, slices


def _inside(particles: ParticleTruth, margin: int, shape: tuple[int, int]) -> ParticleTruth:
    """The particles whose centre is in the image, in its coordinates."""
    y, x = particles.y - margin, particles.x - margin
    kept = (y >= 0) & (x >= 0) & (y < shape[0]) & (x < shape[1])
    return ParticleTruth(
        y=y[kept],
        x=x[kept],
        defocus=particles.defocus[kept],
        rotations=particles.rotations[kept],
    )


def _frames(
    truth: Truth,
    camera: Camera,
    signal: NDArray[np.complex64],
    field: tuple[tuple[int, int], int],
    *,
    rng: np.random.Generator,
    still: NDArray[np.complex64] | None,
) -> Iterator[NDArray[np.uint8]]:
    conditions = truth.conditions
    shape, margin = field
    optics, dose = conditions.optics, conditions.dose_per_frame
    frequency = frequency_grid(shape, optics.pixel_size)
    k2 = np.square(frequency)
    exposure = critical_exposure(frequency, optics.voltage)
    # The frame's mean: what is left at the middle of its exposure.
    fading = np.exp(-(conditions.pre_exposure + 0.5 * dose) / (2 * exposure)).astype(np.float32)
    step = np.exp(-dose / (2 * exposure)).astype(np.float32)
    amplitude = ice_amplitude(shape, optics, conditions.aberrations, conditions.thickness)
    amplitude *= np.float32(conditions.contrast)
    memory = diffusion_memory(k2, dose)
    pre = (spline_prefilter(shape[0], half=False), spline_prefilter(shape[1], half=True))
    crystals = _crystals(conditions, k2, shape, rng)
    still = crystals if still is None else crystals + still
    flux = _flux(conditions, camera, rng)
    # Components of the transform of white noise: their real and imaginary parts have half each.
    scale = np.float32(math.sqrt(shape[0] * shape[1] / 2))
    half = (shape[0], shape[1] // 2 + 1)
    ice = scale * _white(rng, half)
    spectrum = np.empty(half, dtype=np.complex64)
    for frame in range(conditions.frames):
        # The ice of the first frame does not depend on an earlier one, so its memory is moot.
        _next_frame(
            ice, _white(rng, half), memory, amplitude, scale, signal, fading, still, pre, spectrum
        )
        fading *= step
        spline = fft.irfft2(spectrum, s=shape)
        counts = expose(spline, margin, truth.tracks, frame, flux, seed=int(rng.integers(2**63)))
        _light_hot_pixels(counts, camera, rng)
        yield counts


def _white(rng: np.random.Generator, half: tuple[int, int]) -> NDArray[np.complex64]:
    return rng.standard_normal((half[0], 2 * half[1]), dtype=np.float32).view(np.complex64)


def _flux(conditions: Conditions, camera: Camera, rng: np.random.Generator) -> NDArray[np.float32]:
    """Mean counts of each pixel where the intensity is 1."""
    ny, nx = camera.shape
    y, x = np.linspace(-1, 1, ny)[:, None], np.linspace(-1, 1, nx)[None, :]
    tilt, center = rng.uniform(-1, 1, 2), rng.uniform(-0.5, 0.5, 2)
    beam = 0.5 * (tilt[0] * y + tilt[1] * x) - 0.5 * ((y - center[0]) ** 2 + (x - center[1]) ** 2)
    beam = 1.0 + conditions.gradient * (beam - beam.mean()) / max(np.abs(beam).max(), 1e-6)
    # Apparent mean free path of an energy-filtered microscope, Rice et al.,
    # J. Struct. Biol. 204 (2018), doi:10.1016/j.jsb.2018.06.007
    free_path = 3950.0 + (conditions.optics.voltage - 300.0) * 7.3
    passed = math.exp(-conditions.thickness / free_path)
    counts = conditions.dose_per_frame * conditions.optics.pixel_size**2 * passed
    sensitivity = np.divide(1.0, camera.gain, out=np.zeros_like(camera.gain), where=camera.gain > 0)
    return np.asarray(np.minimum(counts * beam * sensitivity, 70.0), dtype=np.float32)


def _light_hot_pixels(counts: NDArray[np.uint8], camera: Camera, rng: np.random.Generator) -> None:
    y, x = camera.hot[:, 0].astype(int), camera.hot[:, 1].astype(int)
    counts[y, x] = np.minimum(rng.poisson(camera.hot[:, 2]), 255)


def _crystals(
    conditions: Conditions,
    k2: NDArray[np.float32],
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> NDArray[np.complex64]:
    """Crystals in the ice: grains that scatter into spots near 1/3.7 Å, and a coarse mottle."""
    still = np.zeros(k2.shape, dtype=np.complex64)
    if conditions.crystalline <= 0:
        return still
    pixel = conditions.optics.pixel_size
    real = np.zeros(shape, dtype=np.float32)
    y, x = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
    for _ in range(round(24 * conditions.crystalline) + 1):
        k = rng.choice([1 / 3.90, 1 / 3.67, 1 / 3.44]) * pixel
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        middle = rng.uniform((0, 0), shape)
        size = rng.uniform(100.0, 400.0) / pixel
        grain = np.exp(-0.5 * (((y - middle[0]) / size) ** 2 + ((x - middle[1]) / size) ** 2))
        if k < 0.5:
            wave = np.cos(2 * np.pi * k * (y * np.sin(angle) + x * np.cos(angle)) + phase)
            real += (0.15 * conditions.crystalline * grain * wave).astype(np.float32)
    mottle = ndimage.gaussian_filter(rng.standard_normal(shape), 60.0 / pixel, mode="wrap")
    real += (0.08 * conditions.crystalline * mottle / mottle.std()).astype(np.float32)
    envelope = np.exp(-0.1 * conditions.aberrations.b_factor * k2)
    still += fft.rfft2(real) * envelope
    return still
