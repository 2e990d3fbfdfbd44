"""What the simulated microscope is asked to do."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from icestream.alike import hint
from icestream.units import Usual, may_be_meant

__all__ = [
    "DOSE_RATE",
    "FAULTS",
    "Arrival",
    "Container",
    "Fault",
    "Layout",
    "SessionPlan",
    "check_plan",
]

Layout = Literal["epu", "serialem"]
Container = Literal["tiff", "mrc", "eer"]
Arrival = Literal["rename", "copy", "extend"]
Fault = Literal[
    "bad-squares",
    "drift",
    "crystalline-ice",
    "astigmatism",
    "wrong-gain",
    "truncated",
    "duplicate",
    "outage",
    "dose",
]

FAULTS: dict[Fault, str] = {
    "bad-squares": "every third grid square has thick ice, or none",
    "drift": "a tenth of the movies drift by 2.5 Å in each frame",
    "crystalline-ice": "a tenth of the movies have crystals in the ice",
    "astigmatism": "the astigmatism jumps by 1500 Å at 60 % of the session",
    "wrong-gain": "the gain reference is upside down",
    "truncated": "a tenth of the movies end in the middle of the file",
    "duplicate": "a tenth of the movies are written twice, in another folder",
    "outage": "nothing is written for the time of 8 movies, halfway",
    "dose": "the dose falls to 60 % at 75 % of the session; the metadata do not know",
}


DOSE_RATE = 15.0
"""Electrons that fall on a pixel in a second."""


@dataclass(frozen=True, kw_only=True)
class SessionPlan:
    """A session, from the settings of the microscope to how its files arrive."""

    movies: int = 30
    """Movies to write; 0 for as many as come until it is stopped."""
    specimen: str = "cage"
    """Name of a generated specimen, or path of a PDB file (.pdb, .pdb.gz) or map (.mrc, .map)."""
    seed: int = 1
    """The same plan with the same seed gives the same movies."""
    started: datetime | None = None
    """Time of the first exposure, in names and metadata; now when not given."""

    layout: Layout = "epu"
    container: Container = "tiff"
    size: int = 1024
    """Pixels along each side of the camera."""
    frames: int = 24
    eer_frames: int = 10
    """EER: camera frames written for each of the `frames`."""

    pixel_size: float = 1.5
    """Å."""
    voltage: float = 300.0
    """kV."""
    spherical_aberration: float = 2.7
    """mm."""
    amplitude_contrast: float = 0.07
    dose_per_frame: float = 1.3
    """e/Å²."""
    defocus: tuple[float, float] = (0.8, 2.2)
    """Range of the defocus, µm."""
    astigmatism: float = 250.0
    """Of the microscope, Å; it wavers by a quarter from exposure to exposure."""
    b_factor: tuple[float, float] = (60.0, 100.0)
    """Range of the envelope, Å²."""
    thickness: tuple[float, float] = (220.0, 450.0)
    """Range of the ice over the grid squares, Å."""
    particles: int = 80
    """In each movie; fewer where no more fit side by side."""
    end_on: float = 0.0
    """Part of the particles that are seen along the z axis of the specimen, 0 to 1."""

    rate: float = 240.0
    """Movies an hour by the microscope's clock."""
    speed: float = 1.0
    """How many times faster than the microscope's clock; 0: as fast as the machine can."""
    arrival: Arrival = "rename"
    """How a file comes: under its name when whole, growing in place, or at full size and filled."""
    metadata_first: bool = True
    """Whether the metadata of an exposure come before or after its movie."""
    holes_per_square: int = 9
    shots_per_hole: int = 1
    faults: frozenset[Fault] = field(default_factory=frozenset)

    @property
    def dose(self) -> float:
        """Of a whole movie, e/Å²."""
        return self.dose_per_frame * self.frames

    @property
    def exposure_time(self) -> float:
        """Seconds that a movie takes."""
        return round(self.dose * self.pixel_size**2 / DOSE_RATE, 4)


_RANGES = (
    ("pixel_size", "Å", Usual(0.2, 10.0)),
    ("voltage", "kV", Usual(60.0, 400.0)),
    ("spherical_aberration", "mm", Usual(0.0, 20.0)),
)


def check_plan(plan: SessionPlan) -> None:
    """Say everything that cannot be done as asked.

    Raises
    ------
    ValueError
        With one line for each thing that is wrong.
    """
    wrong = [
        f"{name} is {value}: it must be {rule}"
        for name, value, fine, rule in (
            ("movies", plan.movies, plan.movies >= 0, "0 or more"),
            ("size", plan.size, 64 <= plan.size <= 8192, "64 to 8192 pixels"),
            ("frames", plan.frames, 1 <= plan.frames <= 1000, "1 to 1000"),
            ("eer_frames", plan.eer_frames, plan.eer_frames >= 1, "1 or more"),
            ("dose_per_frame", plan.dose_per_frame, plan.dose_per_frame > 0, "above 0 e/Å²"),
            ("defocus", plan.defocus, 0 <= plan.defocus[0] <= plan.defocus[1], "low, then high"),
            ("rate", plan.rate, plan.rate > 0, "above 0 movies an hour"),
            ("speed", plan.speed, plan.speed >= 0, "0 or more"),
            ("holes_per_square", plan.holes_per_square, plan.holes_per_square >= 1, "1 or more"),
            ("shots_per_hole", plan.shots_per_hole, plan.shots_per_hole >= 1, "1 or more"),
            ("end_on", plan.end_on, 0 <= plan.end_on <= 1, "0 to 1"),
            (
                "amplitude_contrast",
                plan.amplitude_contrast,
                0 <= plan.amplitude_contrast < 1,
                "0 up to 1",
            ),
        )
        if not fine
    ]
    for name, unit, can_be in _RANGES:
        value = getattr(plan, name)
        if not can_be.holds(value):
            meant = may_be_meant(value, unit, can_be.holds)
            rule = f"it must be {can_be.low:g} to {can_be.high:g} {unit}{meant and f'; {meant}'}"
            wrong.append(f"{name} is {value}: {rule}")
    counts = plan.dose_per_frame * plan.pixel_size**2
    if counts > 40:
        wrong.append(f"{counts:.0f} electrons fall on a pixel in a frame: a counting camera has 40")
    unknown = sorted(set(plan.faults) - set(get_args(Fault)))
    if unknown:
        asked = "".join(hint(fault, FAULTS) for fault in unknown)
        wrong.append(
            f"faults {', '.join(unknown)} are not known: there are {', '.join(FAULTS)}{asked}"
        )
    if wrong:
        raise ValueError("this session cannot be simulated:\n  " + "\n  ".join(wrong))
