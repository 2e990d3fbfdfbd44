"""Which list of defects is used for a movie."""

from collections.abc import Callable, Sequence
from pathlib import Path

from icestream.formats.defects import read_defects
from icestream.formats.nearby import NearbyFiles
from icestream.model import Level
from icestream.protocols.import_parameters import ImportParameters
from icestream.protocols.option_words import option_words

__all__ = ["DefectsChoice"]


class DefectsChoice:
    """The list that is given, or that the metadata name.

    Parameters
    ----------
    wanted
        What the person says.
    files
        Those that were seen.
    warn
        Is told, with a key and a level, what people should know.
    """

    def __init__(
        self,
        wanted: ImportParameters,
        files: NearbyFiles,
        warn: Callable[[str, Level, str], None],
    ) -> None:
        self._given = wanted.defects
        self._files = files
        self._warn = warn
        self._fits: set[tuple[Path, tuple[int, int]]] = set()

    def choose(self, movie: Path, shape: tuple[int, int], names: Sequence[str]) -> Path | None:
        """The list for a movie with frames `shape` ``(y, x)`` whose metadata say `names`.

        Raises
        ------
        FormatError
            If it does not fit.
        """
        defects = self._given or self._files.named(names, movie)
        if defects is None and names:
            self._warn(
                "import.defects.missing",
                "warning",
                f"the metadata name the defects {names[0]}, which were not found: bad pixels are "
                f"found by their counts only; set {option_words('defects', value='FILE')}",
            )
        if defects is not None and (defects, shape) not in self._fits:
            read_defects(defects, shape)
            self._fits.add((defects, shape))
        return defects
