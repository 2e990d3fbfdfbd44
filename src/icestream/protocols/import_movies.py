"""Bring movies in from a folder, as the microscope writes them."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from icestream.formats.completeness import Bad, Growing, Whole, judge
from icestream.formats.errors import FormatError
from icestream.formats.gain_names import is_gain_name
from icestream.formats.mdoc_images import ImagesOfStack, images_at_tilts
from icestream.formats.movie import MovieFacts, holds_one_image, movie_facts
from icestream.formats.sidecars import Sidecars
from icestream.model import Movie
from icestream.protocol import Cursor, ProtocolError
from icestream.protocols.folder_source import FolderSource
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.intake import Intake
from icestream.protocols.option_words import option_words
from icestream.protocols.settled_optics import assumed_words

__all__ = ["ImportMovies", "ImportParameters"]

_REST = 5.0
"""Seconds of quiet after which the header of a file is believed."""
_ALIGNED = "_stk"
"""End of the names of aligned frames, as MotionCor writes them, in any case."""
_OVERVIEW = re.compile(r"(Atlas|GridSquare|FoilHole|Tile)_(?!.*_Data_)", re.IGNORECASE)
"""What EPU calls its pictures of the grid, of a square and of a hole."""
_NUMBER = re.compile(r"[-_. ]?(frame|fr)?[-_. ]?\d+$", re.IGNORECASE)


class ImportMovies(FolderSource[ImportParameters]):
    """Take movies in as soon as they are whole, with what their metadata say about them."""

    name = "movies.import"
    title = "Import movies"
    item = Movie
    called = "movies"
    needed = ("pixel_size", "voltage", "dose_per_frame")

    def __init__(self, parameters: ImportParameters | None = None) -> None:
        super().__init__(parameters)
        self._frames: Counter[int] = Counter()
        self._images: Counter[tuple[Path, str]] = Counter()
        """Files of one image, which are no movies, by folder and name without number."""
        self._first_image = ""

    def wanted(self) -> ImportParameters:
        """The parameters."""
        return self.parameters

    def _begin(self, cursor: Cursor) -> Intake:
        """Begin to watch, when all that was given is there."""
        wanted = self.parameters
        for what, path in (("gain reference", wanted.gain), ("defects", wanted.defects)):
            if path is not None and not path.is_file():
                raise ProtocolError(
                    f"the file of the {what}, {path}, is not there", advice="check its path"
                )
        return super()._begin(cursor)

    def is_known(self, path: Path) -> bool:
        """Whether a file that is called like a gain reference is surely one.

        Movies are hardly ever of real numbers. Behind one image of integers more may still come.
        """
        if not is_gain_name(path.name) or self.parameters.frames == 1:
            return False
        try:
            facts = movie_facts(path)
        except (FormatError, OSError):
            return False
        return facts.frames == 1 and facts.dtype.kind == "f"

    def lacks(self, path: Path, facts: MovieFacts, beside: Sidecars) -> bool:
        """Whether the gain reference that its metadata name is still to come."""
        return self._acquisition.lacks_gain(path, facts, beside)

    def judge(self, path: Path, beside: Sidecars, quiet: float) -> Whole | Growing | Bad:
        """Whether a file is whole, by itself, by its metadata and by the movies before it."""
        return judge(
            path,
            expected_frames=self.parameters.frames or beside.frames,
            usual_frames=self._frames.most_common(1)[0][0] if self._frames else None,
            quiet=quiet,
            patience=self.parameters.patience,
        )

    def is_other(
        self, path: Path, verdict: Whole | Growing | Bad, beside: Sidecars, quiet: float
    ) -> bool:
        """Whether a file is a picture or a reference, or a stack of exposures: no movie."""
        images = beside.images
        if images is None and isinstance(verdict, Whole):
            images = images_at_tilts(verdict.facts.frames, verdict.facts.tilts)
        if images is not None:
            self._tell_of_stack(path, images)
            return True
        if isinstance(verdict, Whole) and self._is_made_of_movies(path, verdict.facts):
            return True
        if self.parameters.frames == 1 or isinstance(verdict, Bad):
            return False
        is_sum = self._acquisition.is_sum(path)
        sure = is_sum or quiet >= _REST or isinstance(verdict, Whole)
        if not sure or not holds_one_image(path):
            return False
        if is_gain_name(path.name):
            self._acquisition.notice(path)
        elif not (is_sum or _OVERVIEW.match(path.name)):
            self._tell_of_image(path)
        return True

    def _is_made_of_movies(self, path: Path, facts: MovieFacts) -> bool:
        """Whether a stack of real numbers is a volume, power spectra, or aligned frames.

        They are what programs, ours too, make of movies; it is told. Aligned frames have the movie
        beside them.
        """
        if facts.dtype.kind != "f" or facts.container != "mrc":
            return False
        movie = None
        if path.stem.lower().endswith(_ALIGNED):
            movie = self._acquisition.beside(path, [path.stem[: -len(_ALIGNED)]])
        kind = "" if movie is None else "aligned frames"
        height, width = facts.shape
        if facts.frames > 1 and facts.shape == (facts.frames, facts.frames):
            kind = "a volume"
        elif facts.frames > 1 and width == height // 2 + 1:
            kind = "power spectra"
        if not kind:
            return False
        self._acquisition.notices.listed(
            "import.made",
            "notice",
            f"{path.name} ({kind})",
            "not taken, as they were made of movies: {}",
        )
        return True

    def _tell_of_stack(self, path: Path, images: ImagesOfStack) -> None:
        """A stack whose images are exposures is named, with what can be done."""
        self._acquisition.notices.listed(
            "import.stacks",
            "notice" if len(self._taken) else "warning",
            f"{path.name} ({images.told})",
            "not taken, as they are several exposures by their mdoc or header, and no movies: {}; "
            "import the frames that were saved of each exposure, in a file of its own",
        )

    def _tell_of_image(self, path: Path) -> None:
        """Files of one image are never passed over without a word."""
        series_of = (path.parent, _NUMBER.sub("", path.stem))
        self._images[series_of] += 1
        count, bases = self._images.total(), len(self._images)
        series = f" (in {bases} numbered series)" if count > 2 * bases else ""
        first = self._first_image = self._first_image or path.name
        those = f"{count} files hold one image each, such as {first}{series}"
        if count == 1:
            those = f"{first} holds one image"
        if len(self._taken) and not series:
            told = f"{those}: not taken, as movies have several"
            self._acquisition.notices.replace("import.images", "notice", told)
            return
        self._acquisition.notices.replace(
            "import.images",
            "warning",
            f"{those}: not taken, as movies have several. If these are the frames of movies, join "
            "those of each movie into one stack first; if they are micrographs, import them with "
            "micrographs.import; if they are movies of one frame, set "
            f"{option_words('frames', value='1')}",
        )

    def describe(
        self, name: str, path: Path, facts: MovieFacts, beside: Sidecars, status: os.stat_result
    ) -> Movie:
        """The item of a whole movie."""
        movie = self._acquisition.describe(name, path, facts, beside, status)
        self._frames[facts.frames] += 1
        return movie

    def summarize(self, items: Sequence[Movie]) -> str:
        """How many movies, and how they were taken."""
        if not items:
            return ""
        first = items[-1]
        dose = median(movie.dose for movie in items)
        return (
            f"{len(items)} movies of {first.frames} frames of {first.shape[1]} x {first.shape[0]} "
            f"pixels were taken at {first.optics.voltage:g} kV with {first.optics.pixel_size:.4g} "
            f"Å per pixel and {dose:.3g} e/Å².{assumed_words(first)}"
        )
