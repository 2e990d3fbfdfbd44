"""What a session takes in, as people call it."""

from collections.abc import Iterable
from dataclasses import dataclass

from icestream.model.document import type_name
from icestream.model.micrograph import Micrograph
from icestream.model.movie import Movie

__all__ = ["Taken", "taken_words"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What comes into a session: its word for one, and for many."""

    one: str = "exposure"
    many: str = "exposures"

    def count(self, number: int) -> str:
        """``1 movie``, ``20 movies``."""
        return f"{number:,} {self.one if number == 1 else self.many}"


_WORDS = {
    type_name(Movie): Taken("movie", "movies"),
    type_name(Micrograph): Taken("micrograph", "micrographs"),
}


def taken_words(kinds: Iterable[str]) -> Taken:
    """The words for items of some types, by their names; exposures where they are of several."""
    found = {_WORDS.get(kind, Taken()) for kind in kinds}
    return found.pop() if len(found) == 1 else Taken()
