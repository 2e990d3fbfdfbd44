"""Hold movies, micrographs or picks back until there are enough of them."""

from typing import Annotated

from annotated_types import Ge

from icestream.model import Micrograph, Movie, Picks
from icestream.protocol import Operational, Parameters
from icestream.protocols.holding import HoldParameters, HoldUntil


class _Items(Parameters):
    """How many items are enough."""

    items: Annotated[int, Operational, Ge(0)] = 0
    """Exposures to gather; those that come later pass at once. 0: not counted."""


class _Picks(_Items):
    """How many picks are enough."""

    particles: Annotated[int, Operational, Ge(0)] = 0
    """Picked particles to gather; those that come later pass at once. 0: not counted."""


class HoldItemsParameters(HoldParameters, _Items):
    """When to let the items through."""


class HoldPicksParameters(HoldParameters, _Picks):
    """When to let the picks through."""


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
