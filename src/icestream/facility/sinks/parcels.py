"""What sinks are given: one frozen value for each thing that a session has found out.

Lengths on the specimen are in Å, times in seconds since the epoch, as in the session's store. What
is not known is ``None``. Paths are as the sink's side sees them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from icestream.facility.sinks.pictures import Attached
from icestream.model import content_key, from_document, to_document

__all__ = [
    "CONTENTS",
    "ClassContent",
    "ClassesContent",
    "Content",
    "CtfContent",
    "ModelContent",
    "MotionContent",
    "MovieContent",
    "Parcel",
    "PicksContent",
    "SessionContent",
    "StatusContent",
    "VerdictContent",
    "parcel_of",
    "parents_first",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is in a parcel."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionContent(Content):
    """The acquisition: one for each session, as soon as something was taken in."""

    kind: ClassVar[str] = "session"
    uid: str
    """Of the session, its own wherever its folder is moved."""
    name: str
    workflow: str
    folder: str
    """Of the session."""
    microscope: str
    """Name in the facility file; empty where it is not known."""
    project: str
    began: float
    """When the session was made."""
    steps: tuple[tuple[str, str], ...]
    """Names of the steps, and their protocols."""
    software: str
    """Name and version of what processes it."""
    images: str = ""
    """Folder of the first movie, or micrograph, that was taken in."""
    suffix: str = ""
    """How its name ends, without the dot."""
    frames: int | None = None
    """Of a movie, as read."""
    shape: tuple[int, int] | None = None
    """(y, x) pixels of a frame."""
    pixel_size: float | None = None
    """Å per pixel of a frame."""
    voltage: float | None = None
    """kV."""
    spherical_aberration: float | None = None
    """mm."""
    amplitude_contrast: float | None = None
    """Fraction, 0 to 1."""
    dose: float | None = None
    """e/Å² in a whole movie."""
    phase_plate: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieContent(Content):
    """An exposure that was taken in."""

    kind: ClassVar[str] = "movie"
    number: int
    """In order of arrival, from 1."""
    exposure: str
    """Its name."""
    path: str
    """Of the movie; of the micrograph, where that was taken in."""
    taken_in: float
    acquired: float | None = None
    """When it was taken, by its metadata."""
    frames: int | None = None
    dose: float | None = None
    """e/Å² in the whole movie."""
    nominal_defocus: float | None = None
    """Å, underfocus positive."""
    tilt: float | None = None
    """Of the stage, degrees."""
    stage: tuple[float, float, float] | None = None
    """(x, y, z), µm."""
    grid_square: str | None = None
    foil_hole: str | None = None
    group: int = 1
    """Exposure group."""
    size: int | None = None
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionContent(Content):
    """The motion of an exposure, and the micrograph that was made of it."""

    kind: ClassVar[str] = "motion"
    number: int
    """Of the exposure."""
    exposure: str
    micrograph: str
    """Path of the aligned sum."""
    thumbnail: str | None = None
    plot: str | None = None
    """Path of the track of the whole frame, as a figure for plotly."""
    track: tuple[tuple[float, float], ...] = ()
    """(x, y) of the whole frame at each frame, Å."""
    first_frame: int | None = None
    last_frame: int | None = None
    dose_per_frame: float | None = None
    """e/Å²."""
    dose_weighted: bool = False
    total: float | None = None
    """Length of the whole track, Å; None where there was nothing to align."""
    per_frame: float | None = None
    """`total` over the number of frames, Å."""
    early: float | None = None
    """Length of the track up to 4 e/Å², Å."""
    late: float | None = None
    """Length of the rest, Å."""
    pixel_size: float | None = None
    """Å per pixel of the micrograph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CtfContent(Content):
    """The contrast transfer function of a micrograph."""

    kind: ClassVar[str] = "ctf"
    number: int
    """Of the exposure."""
    exposure: str
    defocus_u: float
    """Å, the larger one."""
    defocus_v: float
    """Å."""
    defocus: float
    """Å, their mean."""
    astigmatism: float
    """Å, their difference."""
    angle: float | None
    """Degrees from +x towards +y of the stored array; None where it means nothing."""
    phase_shift: float
    """Degrees, additional to the amplitude contrast."""
    resolution: float | None
    """Å up to which the rings agree with the fit; None where they do nowhere."""
    score: float
    """Weighted correlation, -1 to 1."""
    ice_ring: float
    """Excess of power near 1/3.7 Å."""
    amplitude_contrast: float
    """Fraction, 0 to 1."""
    spectrum: str | None = None
    """Path of the picture."""
    box: int | None = None
    """Side of the tiles whose spectra were averaged, pixels."""
    searched: tuple[float, float] | None = None
    """Least and most defocus that was looked for, Å."""
    fitted: tuple[float, float] | None = None
    """Low and high resolution of what was fitted, Å."""
    tilt: float | None = None
    """Of the specimen, degrees."""
    thickness: float | None = None
    """Of the ice, Å."""
    doubt: str = ""
    """Why the fit is not to be believed, or only roughly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PicksContent(Content):
    """How many particles were picked in a micrograph."""

    kind: ClassVar[str] = "picks"
    number: int
    """Of the exposure."""
    exposure: str
    particles: int
    picker: str
    """Protocol of the step that picked."""
    diameter: float | None = None
    """Å; None where nobody knows it."""
    by_hand: int = 0
    """How many of them a person added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictContent(Content):
    """What became of an exposure: sent when it has come to an end, and whenever that changes."""

    kind: ClassVar[str] = "verdict"
    number: int
    exposure: str
    state: str
    """done, rejected, failed; going where it is processed again."""
    reasons: tuple[str, ...] = ()
    """Why it was rejected or failed, each with the step's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassesContent(Content):
    """The newest snapshot of the 2D classes; a later one takes its place."""

    kind: ClassVar[str] = "classes"
    snapshot: int
    """From 1."""
    particles: int
    classes: int
    """How many have particles."""
    pixel_size: float
    """Å per pixel of the averages."""
    diameter: float | None
    """Å; None where nobody knows it."""
    step: str
    """Name of the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassContent(Content):
    """One of the 2D classes, and its average."""

    kind: ClassVar[str] = "class"
    number: int
    """Kept from snapshot to snapshot."""
    particles: int
    """None are left of a class that was joined to another."""
    share: float
    """Of all classified particles, 0 to 1."""
    resolution: float | None
    """Å, where it can be told."""
    score: float | None
    """Higher looks more like a particle."""
    selected: bool | None
    """None where nobody has judged."""
    picture: str | None
    """Path of the average as a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelContent(Content):
    """The newest initial model; a later one takes its place."""

    kind: ClassVar[str] = "model"
    snapshot: int
    particles: int
    resolution: float | None
    """Å where the halves correlate by 0.143; None where no one number holds in all directions."""
    symmetry: str
    pixel_size: float
    map: str
    """Path."""
    picture: str | None
    classes: tuple[int, ...] = ()
    """Numbers of the 2D classes that it was made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusContent(Content):
    """How far the processing is."""

    kind: ClassVar[str] = "status"
    state: str
    """running, paused, draining, stopped, done."""
    reason: str
    began: float
    ended: float | None
    """When it was done, or stopped; None while it runs."""
    exposures: int
    """Taken in; told when the processing ends, as are the next ones."""
    accepted: int
    rejected: int
    failed: int
    medians: Mapping[str, float]
    """Of the newest fifty values of qualities, in the units of `icestream.model.quality`."""
    final: bool = False
    """Whether nothing more is expected: it is done, or was stopped a day ago and did not go on."""


CONTENTS: Mapping[str, type[Content]] = {
    content.kind: content
    for content in (
        *(SessionContent, MovieContent, MotionContent, CtfContent, PicksContent, VerdictContent),
        *(ClassesContent, ClassContent, ModelContent, StatusContent),
    )
}
"""Every kind of content, those that others refer to before those."""

_ORDER = {kind: place for place, kind in enumerate(CONTENTS)}


@dataclass(frozen=True)
class Parcel:
    """One thing that is delivered, again whenever it is another."""

    id: str
    """Its own within the session: ``motion:17`` is the motion of the exposure number 17."""
    content: Content
    after: tuple[str, ...] = ()
    """Ids of those that it refers to; they are delivered before it."""
    files: tuple[Attached, ...] = field(default=(), compare=False)
    """Files that it names, and that are to be written before it is delivered."""

    @property
    def kind(self) -> str:
        """Of the content."""
        return self.content.kind

    @cached_property
    def document(self) -> dict[str, Any]:
        """The content as JSON."""
        return to_document(self.content)

    @cached_property
    def version(self) -> str:
        """A hash of the content: another whenever something about it changed."""
        return content_key(self.document)

    def described(self) -> dict[str, Any]:
        """All of it as JSON; `parcel_of` is the inverse."""
        facts = {"id": self.id, "kind": self.kind, "version": self.version}
        return facts | {"after": list(self.after), "content": self.document}


def parcel_of(described: Mapping[str, Any]) -> Parcel:
    """The parcel that `Parcel.described` told of."""
    content = from_document(CONTENTS[described["kind"]], described["content"])
    return Parcel(described["id"], content, tuple(described["after"]))


def parents_first(parcels: Iterable[Parcel]) -> list[Parcel]:
    """Parcels in an order in which none comes before what it refers to."""
    return sorted(parcels, key=lambda parcel: _ORDER[parcel.kind])
