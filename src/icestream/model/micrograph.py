"""The aligned sum of a movie and the motion that was found in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from icestream.model.arrays import Column
from icestream.model.exposure import Exposure
from icestream.model.optics import Optics
from icestream.model.picture import Picture

__all__ = ["Micrograph", "Motion", "PartialSpectra", "TrackAgreement"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Motion:
    """Motion of the specimen during a movie, with the numbers of RELION's motion STAR files.

    A shift is added to the coordinates of a frame to bring it onto the micrograph: the image
    content moved by ``-shift``. The place (y, x) of frame f was shifted by the whole-frame shift
    plus what the local model says for it.
    """

    shifts: Column
    """Whole-frame shifts ``(frames, 2)`` as (dy, dx), pixels of the movie, relative to the frame
    that the micrograph lies on, which has 0: rlnMicrographShiftY and rlnMicrographShiftX. It is
    the first frame used here and in RELION, and one in the middle in many other programs."""
    local: Column | None = None
    """Coefficients ``(2, 18)`` for (y, x) of the local motion model, pixels of the movie, RELION's
    model version 1: ``(t, t², t³)`` times 1, then times x, x², y, y² and xy, with x and y in
    -0.5..0.5 across the frame and t the frame number from 0 at the first frame used.
    rlnMotionModelCoeff lists those for x, then those for y. None: whole-frame motion only."""
    pixel_size: float = 1.0
    """Å per pixel of the movie."""
    first_frame: int = 1
    """Number of the first frame used, from 1."""
    hot_pixels: Column | None = None
    """Pixels ``(n, 2)`` as (y, x) that were replaced."""
    frame_errors: Column | None = None
    """``(frames,)`` expected standard deviation of each whole-frame shift along an axis, pixels of
    the movie."""
    frame_agreement: Column | None = None
    """``(frames,)`` how well each frame agrees with the sum of the others, as a part of what is
    expected: about 1, and 0 for a frame that shows nothing of what the others show; see
    `known`."""
    patch_quality: Column | None = None
    """``(patches, 4)``: centre (y, x) of each patch as in `local`, log-likelihood that it gains by
    the local motion of the other patches, and curvature of the agreement of its frames over that
    of the mean patch. None: no local motion was looked for."""

    @property
    def known(self) -> bool:
        """Whether there was a signal to align; if not, shifts of 0 mean nothing."""
        return self.frame_agreement is None or bool(np.any(self.frame_agreement))

    @property
    def total(self) -> float:
        """Length of the whole track, Å."""
        return self._length(0, len(self.shifts))

    @property
    def fastest(self) -> float:
        """Largest motion from one frame to the next, Å."""
        steps = np.diff(np.asarray(self.shifts, dtype=np.float64), axis=0)
        return float(np.hypot(steps[:, 0], steps[:, 1]).max(initial=0.0) * self.pixel_size)

    def early(self, frames: int) -> float:
        """Length of the track up to `frames` (4 e/Å² by convention), Å."""
        return self._length(0, frames)

    def late(self, frames: int) -> float:
        """Length of the track from `frames` on, Å."""
        return self._length(frames, len(self.shifts))

    def _length(self, first: int, last: int) -> float:
        steps = np.diff(np.asarray(self.shifts, dtype=np.float64), axis=0)[
            max(first - 1, 0) if first else 0 : max(last - 1, 0)
        ]
        return float(np.hypot(steps[:, 0], steps[:, 1]).sum() * self.pixel_size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartialSpectra:
    """Power spectra of parts of the field: means over sums of a few frames each.

    They show more of the Thon rings than the sum of all frames: water moves under the beam.
    """

    path: Path
    """MRC stack of bytes ``(tiles, n, n // 2 + 1)``, the order of `scipy.fft.rfft2`, packed
    by `icestream.processing.ctf.groups.pack`."""
    places: Column
    """``(tiles, 2)``: (y, x) of the middle of each tile from the middle of the field, Å."""
    side: float
    """Å along each side of a tile."""
    taper: float
    """Part of a side over which the window of a tile rises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackAgreement:
    """How the tracks that several alignments found in one movie agree."""

    members: tuple[str, ...]
    """Steps whose tracks agree with the one that is kept, which is the first."""
    outvoted: tuple[str, ...]
    """Steps whose tracks do not, or that found none."""
    distance: float
    """Å, root mean square, between the two of all tracks that lie nearest to each other, which are
    laid over each other first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Micrograph:
    """One aligned image of an exposure."""

    exposure: str
    path: Path
    """Dose-weighted sum (the plain sum when the dose is unknown), float32 MRC."""
    shape: tuple[int, int]
    """(y, x) pixels of `path`."""
    optics: Optics
    """`pixel_size` is that of `path`."""
    unweighted: Path | None = None
    """Sum without dose weighting."""
    spectra: PartialSpectra | None = None
    """What the CTF is estimated on; None: the sum without dose weighting, if any."""
    motion: Motion | None = None
    movie: Path | None = None
    """The movie it was made from."""
    gain: Path | None = None
    """Gain reference that was applied."""
    dose_per_frame: float = 0.0
    """e/Å² in each frame; 0 when it is unknown."""
    pre_exposure: float = 0.0
    """e/Å² before the first frame of the movie."""
    frames: int = 0
    """Frames in the sum."""
    binning: float = 1.0
    """Pixel of the micrograph / pixel of the movie."""
    eer_grouping: int = 1
    """EER frames summed into one frame of the movie."""
    group: int = 1
    """Exposure group (RELION's optics group)."""
    phase_plate: bool = False
    """The metadata say that a phase plate was in."""
    details: Exposure | None = None
    """The shot itself, of a micrograph that was imported; else the movie has them."""
    inherited: tuple[str, ...] = ()
    """The same as of a movie."""
    assumed: tuple[tuple[str, str], ...] = ()
    """The same as of a movie."""
    thumbnail: Annotated[Path | None, Picture("Micrograph")] = None
    """Small contrast-stretched PNG or JPEG."""
    odd: Path | None = None
    """Sum of the first, third, ... frame without dose weighting."""
    even: Path | None = None
    """Sum of the second, fourth, ... frame."""
    half_correlation: float | None = None
    """Correlation of `odd` and `even` between 30 and 10 Å."""
    counted: float | None = None
    """Mean count in a pixel of a frame, after gain correction: the dose rate as the camera saw it;
    None where it is not known."""
    tracks: Annotated[
        Path | None,
        Picture(
            "Motion over the field",
            "Tracks of the whole frame, and of places of the field without it",
        ),
    ] = None
    """Picture of how the specimen moved."""
    agreement: TrackAgreement | None = None
    """Of the alignments that this one was compared with; None where it was not."""

    def qualities(self) -> dict[str, float]:
        """Measured qualities that screens plot, by the names in `icestream.model.quality`."""
        qualities = {}
        if self.half_correlation is not None:
            qualities["sum.correlation"] = self.half_correlation
        if self.counted is not None:
            qualities["dose.counted"] = self.counted
        if self.agreement is not None:
            qualities["motion.agreement"] = self.agreement.distance
        if self.motion is None or not self.motion.known:
            return qualities
        early = round(4.0 / self.dose_per_frame) if self.dose_per_frame > 0 else 4
        return qualities | {
            "motion.total": self.motion.total,
            "motion.early": self.motion.early(early),
            "motion.late": self.motion.late(early),
            "motion.fastest": self.motion.fastest,
        }
