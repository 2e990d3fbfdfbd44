"""What is kept between the batches of an estimate of the gain."""

from dataclasses import dataclass, field

from icestream.formats.counts import FrameSum
from icestream.model import GainVerdict, Movie
from icestream.processing.counts import mean_count
from icestream.processing.gain.detail import Pattern
from icestream.processing.gain.orientation import Fit
from icestream.processing.gain.sums import GainSums

__all__ = ["GainLook", "GainProgress"]

_EARLY = 10
"""Movies after which a second look is taken, however long the pause between later ones is."""
_FEW = 4
"""Fewest movies that a residual is measured on, once there were more."""
_CHANGED = 2.0
"""The camera has changed when its residual has grown by this factor between two looks."""
_GROWN = 1.25
"""The estimate is written again when it is made of so many times more movies."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GainLook:
    """What was found when the sums were last looked at."""

    movies: int
    """Of the session, so far."""
    fit: Fit | None
    """None without a reference."""
    verdict: GainVerdict
    raw: Pattern
    """What repeats in the newest movies."""
    corrected: Pattern
    """The same after correction."""
    error: float
    """Relative standard error of the estimated gain in a pixel."""
    bad_pixels: int
    """Those that no file calls bad."""


@dataclass(slots=True)
class GainProgress:
    """Sums so far. What is older than the last look is apart from what has come since."""

    old: GainSums
    new: GainSums
    movie: Movie
    """The newest that could be read."""
    eer: bool
    """Whether it is EER, of which other references divide."""
    taken: int = 0
    doses: list[float] = field(default_factory=list)
    look: GainLook | None = None
    written: int = 0
    """Movies in the estimate that was written last."""
    wrote: bool = False
    """Whether it was written with the newest batch."""
    snapshots: int = 0

    @classmethod
    def begin(cls, movie: Movie, read: FrameSum) -> "GainProgress":
        """Nothing is in the sums, which are of frames such as those that were read."""
        sums = GainSums((read.total.shape[0], read.total.shape[1]), real=read.is_real)
        return cls(old=sums, new=sums.emptied(), movie=movie, eer=read.eer)

    def add(self, movie: Movie, read: FrameSum) -> None:
        """Take in what was read of a movie."""
        self.new.add(read.total, read.frames)
        self.movie = movie
        self.eer = read.eer
        self.taken += 1
        self.doses.append(_counted_dose(movie, read))

    def is_time(self, pause: int, *, final: bool) -> bool:
        """Whether to look: at first, at the end, early, or `pause` movies after the last look."""
        last = self.look
        if last is None:
            return True
        wait = pause if last.movies >= _EARLY else _EARLY - last.movies
        return self.new.movies > 0 and (final or self.taken >= last.movies + wait)

    def merge(self) -> GainSums:
        """Add the new sums to the old; those to measure a residual on: the new, unless too few."""
        self.old.merge(self.new)
        return self.new if self.new.movies >= _FEW else self.old

    def has_changed(self, corrected: Pattern) -> bool:
        """Whether the camera is no longer what it was when it was last looked at."""
        before = self.look.corrected.pixels if self.look is not None else 0.0
        return before > 0 and corrected.pixels > _CHANGED * before + corrected.error

    def forget_all_but(self, newest: GainSums) -> None:
        """Go on with these sums alone: what the camera was before is no longer of use."""
        self.old = newest
        self.written = 0

    def note(self, look: GainLook) -> None:
        """Keep what was found, and decide whether the estimate is to be written."""
        self.look = look
        self.new = self.old.emptied()
        self.wrote = self.old.movies >= _GROWN * self.written
        if self.wrote:
            self.written = self.old.movies


def _counted_dose(movie: Movie, read: FrameSum) -> float:
    """Electrons counted, over those that the metadata say; 0 when they say nothing."""
    said = movie.dose_per_frame * movie.optics.pixel_size**2 * read.frames
    return mean_count(read.total) / said if said > 0 else 0.0
