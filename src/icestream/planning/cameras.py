"""Cameras whose movies a plan can be for, as they usually write them."""

from collections.abc import Mapping
from dataclasses import dataclass

from icestream.alike import hint
from icestream.planning.costs import NotPlanned
from icestream.simulator.plan import Container

__all__ = ["CAMERAS", "CameraKind", "camera_called"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraKind:
    """A camera, and movies as they are usual with it."""

    name: str
    shape: tuple[int, int]
    """(y, x) pixels of a frame."""
    container: Container
    """``tiff``: 8-bit counts, LZW; ``mrc``: 16-bit counts; ``eer``: events."""
    frames: int
    """Of a movie; of EER, fractions of about 1 e/Å²."""
    pixel_size: float
    """Å."""
    dose_per_frame: float
    """e/Å²."""

    def __post_init__(self) -> None:
        wrong = [
            f"{name} is {value}: it must be {rule}"
            for name, value, fine, rule in (
                ("size", min(self.shape), min(self.shape) >= 256, "256 pixels or more"),
                ("size", max(self.shape), max(self.shape) <= 16384, "at most 16384 pixels"),
                ("frames", self.frames, 2 <= self.frames <= 1000, "2 to 1000"),
                ("pixel size", self.pixel_size, 0.2 <= self.pixel_size <= 10, "0.2 to 10 Å"),
                (
                    "dose per frame",
                    self.dose_per_frame,
                    0.05 <= self.dose_per_frame <= 20,
                    "0.05 to 20 e/Å²",
                ),
            )
            if not fine
        ]
        counts = self.dose_per_frame * self.pixel_size**2
        if counts > 40:
            wrong.append(
                f"{counts:.0f} electrons fall on a pixel in a frame: a counting camera has 40"
            )
        if wrong:
            raise NotPlanned("there are no such movies: " + "; ".join(wrong))


def _cameras() -> Mapping[str, CameraKind]:
    known = (
        ("K3", (4092, 5760), "tiff", 50, 0.83, 1.0),
        ("K3 super-resolution", (8184, 11520), "tiff", 50, 0.415, 1.0),
        ("K2", (3710, 3838), "tiff", 50, 1.0, 1.0),
        ("Falcon 4i", (4096, 4096), "eer", 40, 0.95, 1.0),
        ("Falcon 3", (4096, 4096), "mrc", 40, 1.0, 1.0),
    )
    return {
        name: CameraKind(
            name=name,
            shape=shape,
            container=container,  # type: ignore[arg-type]
            frames=frames,
            pixel_size=pixel,
            dose_per_frame=dose,
        )
        for name, shape, container, frames, pixel, dose in known
    }


CAMERAS: Mapping[str, CameraKind] = _cameras()
"""By name."""


def camera_called(name: str) -> CameraKind:
    """The camera of a name, however its spaces, hyphens and capitals are written.

    Raises
    ------
    LookupError
        If there is none; the message lists those that there are.
    """
    spelled = {_letters(known): camera for known, camera in CAMERAS.items()}
    if (found := spelled.get(_letters(name))) is not None:
        return found
    known = ", ".join(CAMERAS)
    raise LookupError(f"no camera {name!r}: there are {known}{hint(name, CAMERAS)}")


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
