"""Let a sample of a stream through: a share, so many, or so many of each square or stratum."""

import difflib
from collections.abc import Sequence
from math import floor, isfinite
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le
from pydantic import field_validator, model_validator

from icestream.model import QUALITIES, Micrograph, Movie, Particles, Picks
from icestream.protocol import (
    Advanced,
    Draw,
    Enough,
    Incoming,
    Parameters,
    SampleProtocol,
    shown_if,
)
from icestream.protocols.holding import PLACES, FeedbackParameters
from icestream.protocols.rules import may_report
from icestream.units import Unit

_SHARE = 10.0
"""Per cent, where nothing is said."""


class _Numbers(Parameters):
    """What is in the sample, but for other steps."""

    share: Annotated[float, Unit("%"), Gt(0), Le(100)] | None = None
    """So many of a hundred exposures, at once and at random. 10 where neither this nor a number is
    set."""

    number: Annotated[int, Ge(1)] | None = None
    """So many, of the session or of each part of it; with a share, so many at least."""

    which: Literal["random", "first"] = "random"
    """Random: those with the lowest tickets, which are known when the stream has ended. First:
    those that come first, at once."""

    each: Literal["session", "square", "hole", "group", "quality"] = "session"
    """Of what the number holds: each grid square, foil hole, exposure group, or range of a
    quality."""

    quality: Annotated[str, shown_if("each", "quality")] = ""
    """The quality whose ranges are sampled, such as ctf.defocus, ctf.ice_ring or motion.total."""

    bin_width: Annotated[float, Gt(0), shown_if("each", "quality")] | None = None
    """Width of the ranges, in the unit that screens show: 0.25 for 0.25 µm of defocus."""

    seed: Annotated[int, Ge(0), Advanced] = 0
    """Another number makes another sample."""

    @field_validator("quality")
    @classmethod
    def check_quality(cls, name: str) -> str:
        """Refuse a quality that nothing reports."""
        if name and name not in QUALITIES:
            near = difflib.get_close_matches(name, QUALITIES, n=2)
            hint = (
                f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(QUALITIES)}"
            )
            raise ValueError(f"no quality {name!r}; {hint}")
        return name

    @model_validator(mode="after")
    def check_together(self) -> "_Numbers":
        """Refuse what does not go together."""
        if self.which == "first" and self.number is None:
            raise ValueError("which=first needs a number: the first how many? Set number=10")
        if self.which == "first" and self.share is not None:
            raise ValueError(
                "which=first and a share do not go together: leave out the share, or which=first"
            )
        if self.each == "quality" and not (self.quality and self.bin_width):
            raise ValueError(
                "each=quality needs a quality and a bin_width, such as "
                "quality=ctf.defocus bin_width=0.25"
            )
        return self


class SampleParameters(FeedbackParameters, _Numbers):
    """What is in the sample."""


class _Sample(SampleProtocol[SampleParameters]):
    """What all samplers do."""

    def draw(self, draw: Draw) -> bool | None:
        wanted = self.parameters
        if wanted.which == "first":
            return draw.taken < (wanted.number or 0)
        if draw.ticket < self._share() / 100.0:
            return True
        if wanted.number is None:
            return False
        return draw.taken < wanted.number if draw.closed else None

    def left_out(self, draw: Draw) -> str:
        if self.parameters.number is None:
            return f"not in the sample: {self._share():g} of 100 are"
        return f"not in the sample: {draw.taken} of {draw.lot or 'the session'} are there"

    def lot_of(self, incoming: Incoming) -> str:
        wanted = self.parameters
        if wanted.each == "quality":
            return _stratum(wanted.quality, wanted.bin_width or 1.0, incoming)
        place = PLACES.get(wanted.each)
        if place is None or incoming.exposure is None:
            return ""
        return place(incoming.exposure)

    def seed(self) -> int:
        return self.parameters.seed

    def unreported(self, linked: Sequence[tuple[str, type[Any]]]) -> Sequence[str]:
        """A quality that nothing reports."""
        quality = self.parameters.quality
        if self.parameters.each != "quality":
            return ()
        if any(may_report(kind, quality) for _, kind in linked):
            return ()
        return [
            f"nothing that is linked reports {quality}; link the step that does to the input "
            "'evidence'"
        ]

    def opened_by(self) -> Enough | None:
        return self.parameters.opener()

    def closed_by(self) -> Enough | None:
        return self.parameters.closer()

    def _share(self) -> float:
        wanted = self.parameters
        if wanted.share is not None:
            return wanted.share
        return _SHARE if wanted.number is None else 0.0


def _stratum(name: str, width: float, incoming: Incoming) -> str:
    """The range of a quality that an item is in, as people are told of it."""
    quality = QUALITIES[name]
    value = incoming.measured.get(name)
    if value is None or not isfinite(value):
        return f"no {quality.title}"
    # A value on an edge must not fall by rounding.
    low = floor(value * quality.scale / width + 1e-9) * width
    unit = f" {quality.shown_unit}" if quality.shown_unit else ""
    return f"{quality.title} {low:g} to {low + width:g}{unit}"


class SampleMovies(_Sample):
    """A sample of movies: of all exposures, each square, or each range of a quality."""

    name = "movies.sample"
    title = "Sample of movies"
    item = Movie


class SampleMicrographs(_Sample):
    """A sample of micrographs: of all exposures, each square, or each range of a quality."""

    name = "micrographs.sample"
    title = "Sample of micrographs"
    item = Micrograph


class SamplePicks(_Sample):
    """A sample of micrographs with their picks, whole: of all, or of each square or range."""

    name = "picks.sample"
    title = "Sample of picks"
    item = Picks


class SampleParticles(_Sample):
    """The particles of a sample of micrographs: of all, or of each square or range."""

    name = "particles.sample"
    title = "Sample of particles"
    item = Particles
