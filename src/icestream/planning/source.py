"""A source that brings one movie as often as it is asked to, each time as another exposure."""

import json
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any

from annotated_types import Ge

from icestream.model import Movie, from_document, to_document
from icestream.protocol import Cursor, Discovery, Parameters, Registry, SourceProtocol
from icestream.protocol.registry import GROUP

__all__ = ["RepeatedMovie", "RepeatedMovieParameters", "registry_with_it"]


class RepeatedMovieParameters(Parameters):
    """Which movie, and how often."""

    movie: str = ""
    """Document of the movie, JSON."""

    times: Annotated[int, Ge(1)] = 1
    """Exposures that it is brought as."""


class RepeatedMovie(SourceProtocol[RepeatedMovieParameters]):
    """Bring one movie as many exposures: what each costs is what counts, not what it shows."""

    name = "planning.movie"
    title = "Repeated movie"
    item = Movie

    @classmethod
    def of(cls, movie: Movie, times: int) -> dict[str, Any]:
        """Its parameters for a movie."""
        return {"movie": json.dumps(to_document(movie)), "times": times}

    def discover(self, cursor: Cursor) -> Discovery:
        movie = from_document(Movie, json.loads(self.parameters.movie))
        names = (f"movie_{number:05}" for number in range(1, self.parameters.times + 1))
        return Discovery([replace(movie, exposure=name) for name in names], closed=True)


def registry_with_it(points: Iterable[EntryPoint] | None = None) -> Registry:
    """The protocols of all installed packages, and this one, which only plans use."""
    target = f"{RepeatedMovie.__module__}:{RepeatedMovie.__qualname__}"
    others = entry_points(group=GROUP) if points is None else points
    return Registry([*others, EntryPoint(RepeatedMovie.name, target, GROUP)])
