"""Files that a source took in earlier runs: those that are new do not wait behind them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icestream.formats.arrivals import TakenFiles
from icestream.formats.exposure_names import ExposureNames
from icestream.formats.renamed import Gone

__all__ = ["EarlierFiles"]

_RECENT = 100
"""Files from which is learnt what those that come next have in common with them."""


@dataclass(frozen=True, slots=True)
class _Earlier:
    exposure: str
    content: str
    """Fingerprint, as hexadecimal digits; empty where it was not recorded."""
    place: int
    """Among all that were taken, the first first."""


class EarlierFiles:
    """What was taken in earlier runs, by path.

    Parameters
    ----------
    items
        All items of a source so far, the first first.
    """

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._files: dict[Path, _Earlier] = {}
        self.gone = Gone(self._read(items))
        """Those that may have other names now."""

    def _read(self, items: Iterable[Any]) -> Iterator[tuple[str, Path, int, Any]]:
        for place, item in enumerate(items):
            content = getattr(item, "content", "")
            # Taken once more, it is among the newest.
            self._files[item.path] = _Earlier(item.exposure, content, place)
            if item.details is not None and item.details.written is not None:
                size = getattr(item, "size", 0)
                yield item.exposure, item.path, size, item.details.written

    def tell(self, paths: Iterable[Path], taken: TakenFiles, names: ExposureNames) -> None:
        """Let copies of files that are there be known for what they are, and names be kept."""
        for path in self._in_order(paths):
            earlier = self._files[path]
            if not earlier.content:
                continue
            taken.know(path, earlier.exposure, bytes.fromhex(earlier.content))
            if names.of(path) == earlier.exposure:
                names.take(path)

    def in_turn(self, paths: list[Path]) -> list[tuple[Path, bool]]:
        """Files in the order in which to look at them, each with whether it can wait for others.

        First some of the newest of earlier runs, then all that are new. The others of earlier
        runs can wait: what was made of them is there. None can where it is not known of all what
        is in them, since a copy would be taken for a new exposure before they are looked at.
        """
        earlier = self._in_order(paths)
        if not all(self._files[path].content for path in earlier):
            return [(path, False) for path in paths]
        recent = earlier[-_RECENT:]
        first = set(recent)
        new = [path for path in paths if path not in self._files]
        rest = [path for path in paths if path in self._files and path not in first]
        return [*((path, False) for path in [*recent, *new]), *((path, True) for path in rest)]

    def _in_order(self, paths: Iterable[Path]) -> list[Path]:
        """Those of earlier runs among these, in the order in which they were taken."""
        known = (path for path in paths if path in self._files)
        return sorted(known, key=lambda path: self._files[path].place)
