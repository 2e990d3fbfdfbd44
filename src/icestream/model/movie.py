"""The frames of one exposure, as the camera wrote them."""

from dataclasses import dataclass
from pathlib import Path

from icestream.model.exposure import Exposure
from icestream.model.gain import AS_IT_IS, Orientation
from icestream.model.optics import Optics

__all__ = ["Movie"]

_SUPER_RESOLUTION = frozenset({frozenset({11520, 8184}), frozenset({7676, 7420})})
"""Sides of the frames that K3 and K2 cameras write in super-resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movie:
    """A movie file and what is needed to read it."""

    exposure: str
    """Name of the exposure."""
    path: Path
    frames: int
    """Number of frames as read: for EER after grouping into dose fractions."""
    shape: tuple[int, int]
    """Size of a frame as read, (y, x) pixels."""
    optics: Optics
    """`pixel_size` is that of a frame as read."""
    dose_per_frame: float
    """e/Å² in each frame as read, their mean where they differ; 0 when it is unknown."""
    frame_doses: tuple[float, ...] = ()
    """e/Å² in each frame as read, where they differ; else empty."""
    pre_exposure: float = 0.0
    """e/Å² that the specimen had received before the first frame."""
    gain: Path | None = None
    """Gain reference; the raw counts are multiplied by it. None: already gain corrected."""
    gain_orientation: Orientation = AS_IT_IS
    """How the reference is laid onto the frames."""
    defects: Path | None = None
    """Defect map or list of the camera."""
    eer_grouping: int = 1
    """EER frames summed into one frame; 1 for other formats."""
    eer_upsampling: int = 1
    """2 where the place of an electron within its pixel is used, so that frames have twice the
    camera's pixels along each side; 1 for other formats."""
    size: int = 0
    """Bytes on disk when the movie was taken in."""
    content: str = ""
    """Fingerprint of its file (`icestream.formats.arrivals.fingerprint`), by which copies are told;
    empty where it was taken in by a version that kept none."""
    details: Exposure | None = None
    """The shot itself: time, place, beam shift, exposure group."""
    inherited: tuple[str, ...] = ()
    """What no metadata of its own say, such as ``voltage``: that of the movies before it is used.
    Only what is the same for a whole session is inherited."""

    assumed: tuple[tuple[str, str], ...] = ()
    """What neither a person nor the metadata say of the optics, and where its value is from:
    ``("spherical_aberration", "preset krios1")``."""

    @property
    def dose(self) -> float:
        """Total dose of the movie, e/Å²."""
        return self.dose_per_frame * self.frames

    @property
    def is_super_resolution(self) -> bool:
        """Whether a pixel of a frame is half a pixel of the camera: K2, K3 and upsampled EER."""
        return self.eer_upsampling == 2 or frozenset(self.shape) in _SUPER_RESOLUTION
