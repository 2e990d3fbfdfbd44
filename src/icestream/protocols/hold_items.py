"""Hold movies, micrographs or picks back until there are enough of them."""

from typing import Annotated

from annotated_types import Ge

from icestream.model import Micrograph, Movie, Picks
from icestream.protocol import Operational
from icestream.protocols.holding import HoldParameters, HoldUntil


class HoldItemsParameters(HoldParameters):
    """When to let the items through."""

    items: Annotated[int, Operational, Ge(0)] = 0
    """Exposures to gather; those that come later pass at once. 0: not counted."""


class HoldPicksParameters(HoldItemsParameters):
    """When to let the picks through."""

    particles: Annotated[int, Operational, Ge(0)] = 0
    """Picked particles to gather; those that come later pass at once. 0: not counted."""


class HoldMovies(HoldUntil[HoldItemsParameters]):
    """Hold movies until enough have come, or until the session ends."""

    name = "movies.trigger"
    title = "Movie trigger"
    item = Movie


class HoldMicrographs(HoldUntil[HoldItemsParameters]):
    """Hold micrographs until enough have come, or until the session ends."""

    name = "micrographs.trigger"
    title = "Micrograph trigger"
    item = Micrograph


class HoldPicks(HoldUntil[HoldPicksParameters]):
    """Hold picks until enough have come, or until the session ends."""

    name = "picks.trigger"
    title = "Picks trigger"
    item = Picks
    counted = ("items", "particles")
