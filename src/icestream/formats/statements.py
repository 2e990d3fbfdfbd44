"""What each source says about a movie, in one form, so that sources can be compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from icestream.formats.epu import EpuExposure, epu_place
from icestream.formats.mdoc import MdocFrames
from icestream.formats.movie import MovieFacts
from icestream.model import Exposure
from icestream.units import may_be_meant

__all__ = [
    "Said",
    "Statement",
    "describe_exposure",
    "differences",
    "first_said",
    "inherited",
    "likely_mistake",
    "say_epu",
    "say_header",
    "say_mdoc",
]

_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Pixels a side of a frame for one of the image that the metadata describe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one source says about one movie; None where it says nothing."""

    source: str
    """In words, for people: ``EPU's FoilHole_1_Data_2_3.xml``."""
    pixel_size: float | None = None
    """Å, of a frame of the movie."""
    voltage: float | None = None
    """kV."""
    dose: float | None = None
    """e/Å² of the whole exposure."""
    dose_per_frame: float | None = None
    """e/Å² of a frame in the file, the mean where they differ; for EER of a camera frame."""
    frame_doses: tuple[float, ...] = ()
    """The same of each frame, where they differ; else empty."""
    prior_dose: float | None = None
    """e/Å² that the specimen had received before."""
    frames: int | None = None
    spherical_aberration: float | None = None
    """mm."""
    amplitude_contrast: float | None = None
    nominal_defocus: float | None = None
    """Å, underfocus positive."""
    beam_shift: tuple[float, float] | None = None
    shift_radius: float = 0.005
    """Distance of beam shifts below which two are surely of one group, in their unit."""
    stage: tuple[float, float, float] | None = None
    """µm."""
    tilt: float | None = None
    """Degrees."""
    exposure_time: float | None = None
    """s."""
    magnification: float | None = None
    camera: str | None = None
    instrument: str | None = None
    """What the metadata call the microscope."""
    phase_plate: bool | None = None
    acquired: datetime | None = None
    gain: str | None = None
    """Name of the gain reference."""
    defects: str | None = None
    """Name of the list of defects."""
    odd: tuple[str, ...] = ()
    """Why something that the source says is not used for this movie, in words."""


def inherited(statement: Statement) -> Statement:
    """What a movie without metadata of its own has in common with those before it.

    Only what is the same for a whole session. The dose, the time and the place of an exposure are
    its own.
    """
    return Statement(
        source="the movies before it",
        pixel_size=statement.pixel_size,
        voltage=statement.voltage,
        camera=statement.camera,
        instrument=statement.instrument,
        magnification=statement.magnification,
        phase_plate=statement.phase_plate,
        gain=statement.gain,
        defects=statement.defects,
    )


def say_epu(exposure: EpuExposure, facts: MovieFacts, frames: int | None = None) -> Statement:
    """EPU's XML, for a movie that may have smaller pixels than the image that EPU shows.

    `frames` are those that were asked for; the movie may have fewer.
    """
    return Statement(
        source=f"EPU's {exposure.path.name}",
        odd=_other_field(exposure.path, exposure.pixel_size, exposure.shape, facts),
        pixel_size=_of_frames(exposure.pixel_size, exposure.shape, facts.shape),
        voltage=exposure.voltage,
        dose=exposure.dose,
        dose_per_frame=_shared(exposure.dose, frames or facts.frames),
        frames=exposure.fractions,
        nominal_defocus=exposure.nominal_defocus,
        beam_shift=exposure.beam_shift,
        stage=exposure.stage,
        tilt=exposure.tilt,
        exposure_time=exposure.exposure_time,
        magnification=exposure.magnification,
        camera=exposure.detector,
        instrument=exposure.instrument,
        phase_plate=exposure.phase_plate,
        acquired=_with_zone(exposure.acquired),
        gain=exposure.gain,
    )


def say_mdoc(frames: MdocFrames, facts: MovieFacts) -> Statement:
    """SerialEM's mdoc."""
    return Statement(
        source=f"SerialEM's {frames.path.name}",
        odd=(
            *_other_field(frames.path, frames.pixel_size, frames.image_size, facts),
            *_other_count(frames, facts),
        ),
        pixel_size=_of_frames(frames.pixel_size, frames.image_size, facts.shape),
        voltage=frames.voltage,
        dose=frames.dose,
        dose_per_frame=_mean_dose(frames, facts),
        frame_doses=frames.frame_doses,
        prior_dose=frames.prior_dose,
        frames=frames.frames,
        nominal_defocus=frames.nominal_defocus,
        beam_shift=frames.image_shift,
        shift_radius=0.1,
        stage=frames.stage,
        tilt=frames.tilt,
        exposure_time=frames.exposure_time,
        magnification=frames.magnification,
        acquired=_with_zone(frames.acquired),
        gain=frames.gain,
        defects=frames.defects,
    )


def say_header(facts: MovieFacts) -> Statement:
    """The header of the movie itself."""
    return Statement(
        source="the movie's header",
        pixel_size=facts.pixel_size,
        voltage=facts.voltage,
        dose=facts.dose,
        dose_per_frame=_shared(facts.dose, facts.expected_frames or facts.frames),
        nominal_defocus=facts.nominal_defocus,
        stage=facts.stage,
        tilt=facts.tilt,
        exposure_time=facts.exposure_time,
        magnification=facts.magnification,
        camera=facts.camera or None,
        phase_plate=facts.phase_plate,
    )


def _of_frames(
    pixel_size: float | None, image: tuple[int, int] | None, frame: tuple[int, int]
) -> float | None:
    """The pixel size of a frame, from that of an image (y, x) of the same field of view.

    None where the two have not the same field: then it is not known.
    """
    if pixel_size is None or image is None:
        return pixel_size
    for height, width in (image, image[::-1]):
        down, across = frame[0] / height, frame[1] / width
        scale = min(_STEPS, key=lambda step: abs(step - across))
        if abs(across / scale - 1.0) < 0.02 and abs(down / scale - 1.0) < 0.02:
            return pixel_size / scale
    return None


def _other_field(
    path: Path, pixel_size: float | None, image: tuple[int, int] | None, facts: MovieFacts
) -> tuple[str, ...]:
    """That a pixel size is of an image which the frames are no binning of."""
    if pixel_size is None or _of_frames(pixel_size, image, facts.shape) is not None or not image:
        return ()
    return (
        f"{path.name} gives the pixel size ({pixel_size:.4g} Å) of an image of {image[1]} x "
        f"{image[0]} pixels, of which frames of {facts.shape[1]} x {facts.shape[0]} are no "
        "binning: it is not used",
    )


def _other_count(frames: MdocFrames, facts: MovieFacts) -> tuple[str, ...]:
    """That doses are given for another number of frames than there are."""
    said, there = len(frames.frame_doses), facts.frames
    if said in (0, there) or facts.container == "eer":
        return ()
    rest = "the last is taken for the others" if said < there else "those at the end are not used"
    return (
        f"FrameDosesAndNumber in {frames.path.name} gives the doses of {said} frames, and there "
        f"are {there}: {rest}",
    )


def _mean_dose(frames: MdocFrames, facts: MovieFacts) -> float | None:
    if frames.frame_doses:
        return sum(frames.frame_doses) / len(frames.frame_doses)
    return frames.dose_per_frame or _shared(frames.dose, frames.frames or facts.frames)


def _with_zone(time: datetime | None) -> datetime | None:
    """SerialEM's clock has no time zone, nor some of EPU's; it is taken to be ours."""
    return time.astimezone() if time is not None and time.tzinfo is None else time


def _shared(dose: float | None, frames: int) -> float | None:
    return dose / frames if dose and frames else None


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and who said it."""

    value: float | None = None
    """None: nobody."""
    source: str = ""


def first_said(statements: Iterable[Statement], what: str) -> Said:
    """The first value other than 0 that any source gives for `what`."""
    for statement in statements:
        value = getattr(statement, what)
        if value:
            return Said(value, statement.source)
    return Said()


def differences(statements: Sequence[Statement], what: str, tolerance: float = 0.01) -> str:
    """Who says what, when two sources differ by more than a share `tolerance`; else empty."""
    said = [
        (getattr(statement, what), statement.source)
        for statement in statements
        if getattr(statement, what)
    ]
    if not said or max(s[0] for s in said) <= (1.0 + tolerance) * min(s[0] for s in said):
        return ""
    return ", ".join(f"{value:g} says {source}" for value, source in said)


_UNITS = {"pixel_size": "Å", "voltage": "kV", "dose_per_frame": "e/Å²"}


def likely_mistake(statements: Sequence[Statement], what: str) -> str:
    """What was meant by the first value, if another unit makes it what the others say; or nothing.

    A dose that is that of the whole exposure is told, too.
    """
    first = getattr(statements[0], what)
    others = [value for one in statements[1:] if (value := getattr(one, what))]
    if not first or not others:
        return ""
    totals = [
        total
        for one in statements[1:]
        if (total := one.dose or (one.dose_per_frame or 0.0) * (one.frames or 0))
    ]
    if what == "dose_per_frame" and any(_alike(first, total) for total in totals):
        return f"{first:g} e/Å² is the dose of the whole exposure"
    return may_be_meant(
        first, _UNITS[what], lambda value: any(_alike(value, other) for other in others)
    )


def _alike(one: float, other: float) -> bool:
    """Whether two are the same but for calibration."""
    return abs(one - other) <= 0.1 * abs(other)


def describe_exposure(
    name: str, path: Path, statements: Sequence[Statement], *, group: int, written: datetime
) -> Exposure:
    """The shot itself, from what the sources say about its movie.

    Parameters
    ----------
    name
        Of the exposure.
    path
        Of the movie: in EPU's tree it says the place on the grid.
    statements
        The first that says something wins.
    group
        Exposure group.
    written
        When the movie was written.
    """

    def first(what: str) -> Any:
        values = (getattr(statement, what) for statement in statements)
        return next((value for value in values if value is not None), None)

    square, hole = epu_place(path)
    return Exposure(
        name=name,
        acquired=first("acquired"),
        written=written,
        grid_square=square,
        foil_hole=hole,
        group=group,
        beam_shift=first("beam_shift"),
        stage=first("stage"),
        tilt=first("tilt"),
        nominal_defocus=first_said(statements, "nominal_defocus").value,
        phase_plate=first("phase_plate"),
    )
