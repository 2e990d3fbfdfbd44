"""The particles of all exposures, and their images as ASPIRE takes them: of one size, no CTF."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats import FormatError, read_stack
from icestream.model import Optics, Particles, Stack
from icestream.processing.ctf.transfer import Defocus, ctf_2d
from icestream.processing.fourier import fourier_crop
from icestream.processing.particles import normalize_particles
from icestream.protocol import ItemFailed, Work

__all__ = ["GatheredParticles", "Rows", "add_particles", "flip_phases", "read_images", "spread"]

_SAME_SIZE = 0.02
"""Relative difference of the boxes' widths, in Å, that particles may have."""
_PLACE = np.dtype(
    [("exposure", "i4"), ("index", "i4"), ("x", "f4"), ("y", "f4"), ("defocus", "f4", 4)]
)

Rows = NDArray[np.void]
"""``(n,)`` of particles: place in the exposures, place in the stack, Å in the micrograph, and
defocus (u, v, angle, phase shift)."""


@dataclass(slots=True)
class GatheredParticles:
    """The particles so far."""

    exposures: list[str] = field(default_factory=list)
    stacks: list[str] = field(default_factory=list)
    """Seen from the folder of a task, so that a session may be moved."""
    flipped: list[bool] = field(default_factory=list)
    """Whether the phases of a stack were flipped."""
    optics: list[list[float]] = field(default_factory=list)
    """Voltage, spherical aberration and amplitude contrast of each exposure."""
    rows: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, _PLACE))
    width: float = 0.0
    """Of the boxes, Å; 0 before the first particle."""
    box: int = 0
    """Of the smallest, pixels."""
    diameter: float = 0.0
    diameter_known: bool = True

    def optics_of(self, exposure: int, box: int) -> Optics:
        """Optics of an exposure's images that were brought to `box` pixels."""
        voltage, aberration, amplitude = self.optics[exposure]
        return Optics(
            pixel_size=self.width / box,
            voltage=voltage,
            spherical_aberration=aberration,
            amplitude_contrast=amplitude,
        )


def add_particles(state: GatheredParticles, item: Particles, work: Work) -> None:
    """Note the particles of one exposure.

    Raises
    ------
    ItemFailed
        If their boxes are wider or narrower than those before.
    """
    width = item.box * item.optics.pixel_size
    if not state.width:
        state.width, state.box = width, item.box
        state.diameter, state.diameter_known = item.diameter, item.diameter_known
    if abs(width / state.width - 1.0) > _SAME_SIZE:
        raise ItemFailed(
            f"the particles of {item.exposure} are {width:.0f} Å wide, those before them "
            f"{state.width:.0f} Å",
            advice="extract all particles with the same box",
            code="boxes-differ",
        )
    state.box = min(state.box, item.box)
    rows = np.zeros(len(item), _PLACE)
    rows["exposure"], rows["index"] = len(state.exposures), np.arange(len(item))
    rows["x"], rows["y"] = item.places().T
    for at, values in enumerate((item.defocus_u, item.defocus_v, item.defocus_angle)):
        rows["defocus"][:, at] = values
    rows["defocus"][:, 3] = item.phase_shift
    optics = item.optics
    state.optics.append([optics.voltage, optics.spherical_aberration, optics.amplitude_contrast])
    state.exposures.append(item.exposure)
    state.stacks.append(os.path.relpath(item.stack, work.folder))
    state.flipped.append(item.phases_flipped)
    state.rows = np.concatenate([state.rows, rows])


def spread(count: int, most: int) -> NDArray[np.int64]:
    """At most so many of `count` places, evenly over all of them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def read_images(state: GatheredParticles, rows: Rows, box: int, work: Work) -> Stack:
    """Images ``(n, box, box)`` of particles, background of mean 0 and standard deviation 1.

    Raises
    ------
    ItemFailed
        If a stack is not there any more, or cannot be read.
    """
    images = np.empty((len(rows), box, box), np.float32)
    diameter = state.diameter or 0.7 * state.width
    radius = min(0.5 * diameter / state.width * box, 0.48 * box)
    for exposure, here in _by_exposure(rows):
        path = Path(os.path.normpath(work.folder.absolute() / state.stacks[exposure]))
        try:
            cut = read_stack(path, rows["index"][here])
        except (FormatError, OSError) as error:
            raise ItemFailed(
                f"the particles of {state.exposures[exposure]} cannot be read: {error}",
                advice="look whether the stack is still there and whole",
                code="stack-not-readable",
            ) from error
        images[here] = normalize_particles(fourier_crop(cut, (box, box)), radius)
    return images


def flip_phases(state: GatheredParticles, rows: Rows, images: Stack) -> Stack:
    """Give all frequencies of images the contrast of protein, where the CTF is known."""
    box = images.shape[-1]
    flipped = images.copy()
    for exposure, here in _by_exposure(rows):
        if state.flipped[exposure]:
            continue
        optics = state.optics_of(exposure, box)
        kinds, which = np.unique(rows["defocus"][here], axis=0, return_inverse=True)
        for number, (u, v, angle, shift) in enumerate(kinds.tolist()):
            if u == 0:
                continue
            defocus = Defocus(u=u, v=v, angle=angle, phase_shift=shift)
            # Bright particles have the contrast -CTF.
            transfer = ctf_2d((box, box), defocus, optics, half=True)
            chosen = here[which.ravel() == number]
            spectra = np.fft.rfft2(images[chosen])
            spectra[:, transfer > 0] *= -1
            flipped[chosen] = np.fft.irfft2(spectra, (box, box))
    return flipped


def _by_exposure(rows: Rows) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each exposure, and which of the rows are of it."""
    for exposure in np.unique(rows["exposure"]).tolist():
        yield exposure, np.flatnonzero(rows["exposure"] == exposure)
