"""Which gain reference is used for a movie."""

from collections.abc import Callable, Sequence
from pathlib import Path

from icestream.formats.errors import FormatError
from icestream.formats.gain import read_gain
from icestream.formats.movie import MovieFacts, holds_one_image
from icestream.formats.nearby import NearbyFiles
from icestream.model import Level, Orientation
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.option_words import option_words

__all__ = ["GainChoice"]

Warn = Callable[[str, Level, str], None]


class GainChoice:
    """The reference that is given, that the metadata name, or the nearest that fits.

    Parameters
    ----------
    wanted
        What the person says.
    files
        Those that were seen.
    warn
        Is told, with a key and a level, what people should know.
    """

    def __init__(self, wanted: ImportParameters, files: NearbyFiles, warn: Warn) -> None:
        self._wanted = wanted
        self._files = files
        self._warn = warn
        self._fits: set[tuple[Path, tuple[int, int]]] = set()
        self.orientation = Orientation(
            rotation=wanted.gain_rotation, flip=wanted.gain_flip, inverse=wanted.gain_inverse
        )
        """How it is laid onto the frames."""

    def choose(
        self, movie: Path, facts: MovieFacts, names: Sequence[str], *, corrected: bool = False
    ) -> Path | None:
        """The reference for a movie whose metadata say `names`; None when there is none.

        `corrected` says that the camera has multiplied the frames with its reference.

        Raises
        ------
        FormatError
            If the one that is given, named or the only one there does not fit.
        """
        if corrected:
            used = self._wanted.gain is not None
            self._warn(
                "import.gain.corrected",
                "warning" if used else "notice",
                f"the camera says that {movie.name} is gain corrected: "
                + ("the given reference is used all the same" if used else "no reference is used"),
            )
        found = self._find(movie, facts, names, corrected=corrected)
        as_it_is = self.orientation == Orientation(inverse=self.orientation.inverse)
        if found is not None and facts.turned and as_it_is:
            self._warn(
                "import.gain.turned",
                "warning",
                f"SerialEM turned or flipped the frames of {movie.name} after they were read out "
                f"(r/f {facts.turned}), and {found.name} is laid onto them as it is: if it was not "
                "turned with them, set "
                f"{option_words('gain_rotation', 'gain_flip')}",
            )
        return found

    def _find(
        self, movie: Path, facts: MovieFacts, names: Sequence[str], *, corrected: bool
    ) -> Path | None:
        wanted = self._wanted
        if wanted.gain is not None:
            return self._fitting(wanted.gain, facts)
        if not wanted.find_gain or corrected or facts.dtype.kind == "f":
            return None  # real numbers are gain corrected already
        named = self._files.gain_named(names, movie)
        if named is not None:
            return self._fitting(named, facts)
        if names:
            self._warn(
                "import.gain.missing",
                "warning",
                f"the metadata name the gain reference {names[0]}, which was not found as MRC, "
                "TIFF, DM4 or .gain; movies are used as they are: give "
                f"{option_words('gain', value='FILE')}",
            )
            return None
        return self._nearest(movie, facts)

    def _nearest(self, movie: Path, facts: MovieFacts) -> Path | None:
        unfit: Path | None = None
        for near in self._files.gains(movie):
            there = [path for path in near if path != movie and holds_one_image(path)]
            fitting = [path for path in there if self._does_fit(path, facts)]
            if len(fitting) == 1:
                message = f"the gain reference {fitting[0]} was found and is used"
                self._warn("import.gain.found", "notice", message)
                return fitting[0]
            if fitting:
                listed = ", ".join(path.name for path in fitting[:5])
                wanted = option_words("gain", value="FILE")
                message = f"{len(fitting)} gain references were found ({listed}); give {wanted}"
                self._warn("import.gain.unclear", "warning", message)
                return None
            unfit = unfit or next(iter(there), None)
        return None if unfit is None else self._fitting(unfit, facts)

    def _does_fit(self, gain: Path, facts: MovieFacts) -> bool:
        try:
            self._fitting(gain, facts)
        except (FormatError, OSError):
            return False
        return True

    def _fitting(self, gain: Path, facts: MovieFacts) -> Path:
        """The reference, once it is known that it can be read and has the frames' size."""
        known = (gain, facts.shape)
        if known not in self._fits:
            eer = facts.container == "eer"
            read_gain(gain, facts.shape, eer=eer, orientation=self.orientation)
            self._fits.add(known)
        return gain
