"""What routes show results with: types of items, protocols, and pictures that were drawn before."""

import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header
from pydantic_core import to_json
from starlette.responses import Response

from icestream.model import ITEM_TYPES
from icestream.protocol import Registry, known_types
from icestream.report.limits import Limits, limits_of
from icestream.report.views.cache import PictureCache, tag_of
from icestream.server.access import Viewer
from icestream.server.again import OLDEST, KeptAnswer
from icestream.server.catalogue import Entry
from icestream.server.context import Server, ThisServer
from icestream.server.errors import Refused, refusal
from icestream.server.remembered import LONGEST, Remembered
from icestream.server.sessions import OpenStore, ThisSession
from icestream.store import queries
from icestream.store.follow import mark_of
from icestream.store.items import Known
from icestream.store.newest import newest_micrograph
from icestream.store.open import Store
from icestream.store.places import state_folder
from icestream.store.records import StepRecord
from icestream.store.standing import reruns

__all__ = [
    "Gallery",
    "IfNoneMatch",
    "Shelf",
    "ThisGallery",
    "answer_picture",
    "file_mark",
    "shelf_of",
]

_FOREVER = "private, max-age=31536000, immutable"
"""A result never changes: what it looks like is asked for once by each browser."""
_MEDIA = {".png": "image/png", ".svg": "image/svg+xml", ".xml": "application/xml"}

V = TypeVar("V")

IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", description="Tags of what the browser has.")
]


class Shelf:
    """Protocols, the types that they work with, and pictures, for all sessions of a server.

    Parameters
    ----------
    folder
        Where pictures are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.registry = Registry()
        self.cache = PictureCache(folder)
        self._known: dict[frozenset[str], Known] = {}
        self._titles: dict[str, str] = {}
        self._turn = threading.Lock()

    def known(self, store: Store) -> Known:
        """Types of the items that a session may hold."""
        names = frozenset(step.protocol for step in queries.steps(store))
        with self._turn:
            if names not in self._known:
                protocols = self.registry.usable(sorted(names))
                self._known[names] = {**ITEM_TYPES, **known_types(protocols)}
            return self._known[names]

    def titles(self, store: Store, branch: str | None = None) -> Mapping[str, str]:
        """Titles of the protocols of a session; one that is not installed is called by its name."""
        return self._titled(queries.steps(store, branch=branch))

    def _titled(self, steps: Sequence[StepRecord]) -> dict[str, str]:
        with self._turn:
            for protocol in self.registry.usable(
                sorted({step.protocol for step in steps} - self._titles.keys())
            ):
                self._titles[protocol.name] = protocol.title
        return {step.protocol: self._titles.get(step.protocol, step.protocol) for step in steps}

    def step_titles(self, store: Store, branch: str | None = None) -> dict[str, str]:
        """Titles of the steps of a session, those of their protocols."""
        steps = queries.steps(store, branch=branch)
        titles = self._titled(steps)
        return {step.name: titles[step.protocol] for step in steps}

    def close(self) -> None:
        """Nothing is held open."""


def shelf_of(server: Server) -> Shelf:
    """The shelf of a server."""
    return server.one(Shelf, lambda _: Shelf(state_folder() / "pictures"))


@dataclass(frozen=True, slots=True)
class Gallery:
    """A session that somebody may see, with all that is needed to show its results."""

    entry: Entry
    store: Store
    shelf: Shelf
    roots: tuple[Path, ...]
    """Folders of the server, outside of which no file is shown."""
    remembered: Remembered
    """Answers that were given before."""
    now: bool = False
    """Whether who asks wants all that has happened, whatever that costs."""

    @property
    def known(self) -> Known:
        """Types of the session's items."""
        return self.shelf.known(self.store)

    def limits(self, branch: str | None = None) -> Limits:
        """What is refused and what is warned of in a branch, by quality."""
        store, standing = self.store, reruns(self.store).standing if branch is None else None
        micrograph = newest_micrograph(store, standing, branch=branch)
        return limits_of(
            self.shelf.registry,
            queries.steps(store, branch=branch),
            self.shelf.step_titles(store, branch),
            0.0 if micrograph is None else micrograph.optics.pixel_size,
        )

    @property
    def base(self) -> str:
        """Where the session is."""
        return f"/api/sessions/{self.entry.id}"

    def once(
        self, asked: tuple[Hashable, ...], make: Callable[[], V], *, longest: float = LONGEST
    ) -> V:
        """What `make` gives, worked out once for all who ask while nothing happens.

        Parameters
        ----------
        asked
            What is asked of this session.
        make
            Works it out; that there is none is remembered, too.
        longest
            Seconds for which it is given again at most while something happens.
        """
        return self._kept(asked, mark_of(self.store), make, longest)

    def answer(
        self,
        asked: tuple[Hashable, ...],
        make: Callable[[], object],
        *,
        tick: int = 0,
        longest: float = LONGEST,
    ) -> Response:
        """The same as an answer that was written once for all: many tabs ask for it.

        Parameters
        ----------
        asked, make, longest
            As in `once`; what `make` gives becomes JSON, with null for what is not finite. That
            there is nothing yet (404) is an answer, too.
        tick
            It is worked out anew where this is another, though nothing has happened.
        """
        mark = mark_of(self.store), tick

        def written() -> tuple[float, bytes, int]:
            began = time.monotonic()
            try:
                return began, to_json(make(), inf_nan_mode="null"), 200
            except Refused as nothing:
                if nothing.status != 404:
                    raise
                return began, bytes(refusal(nothing).body), 404

        began, content, status = self._kept(("answer", *asked), mark, written, longest)
        return KeptAnswer(content, self.entry.key, began, status=status)

    def _kept(
        self, asked: tuple[Hashable, ...], mark: object, make: Callable[[], V], longest: float
    ) -> V:
        def tried() -> V | Refused | LookupError:
            try:
                with self.store.held():
                    return make()
            except (KeyError, IndexError):  # a defect, which is not remembered
                raise
            except (Refused, LookupError) as nothing:  # many ask for what is not there yet, too
                return nothing.with_traceback(None)

        found = self.remembered.get(
            (self.entry, *asked), mark, tried, longest=longest, now=self.now
        )
        if isinstance(found, (Refused, LookupError)):
            raise found.with_traceback(None)
        return found

    def readable(self, path: Path) -> Path:
        """A file that a result names, if it may be shown: below the session or one of the roots.

        Raises
        ------
        Refused
            If it is elsewhere; what a session says of itself is not believed.
        FileNotFoundError
            If it is gone.
        """
        found = path.resolve()
        folders = (self.entry.folder.resolve(), *self.roots)
        if not any(found.is_relative_to(folder) for folder in folders):
            raise Refused(
                403,
                f"{path} is outside of the session and of the folders of this server",
                "start the server with that folder among its roots",
            )
        if not found.is_file():
            gone = "the file is gone: it was moved, cleaned or deleted"
            raise FileNotFoundError(2, gone, str(path))
        return found


async def _this_gallery(
    _: Viewer,
    entry: ThisSession,
    store: OpenStore,
    server: ThisServer,
    cache_control: Annotated[
        str | None,
        Header(
            max_length=200,
            description="With `max-age=S`, an answer of the last S seconds (at most"
            f" {OLDEST:g}) will do, whatever has happened since; with `no-cache`, none will do that"
            " is older than anything that has happened.",
        ),
    ] = None,
) -> Gallery:
    remembered, now = server.catalogue.answers, "no-cache" in (cache_control or "").lower()
    return Gallery(entry, store, shelf_of(server), server.roots, remembered, now)


ThisGallery = Annotated[Gallery, Depends(_this_gallery)]
"""A parameter of a route: the session of its path, to a viewer who may see it."""


def file_mark(path: Path) -> tuple[int, int]:
    """What is another when a file was replaced."""
    about = path.stat()
    return about.st_mtime_ns, about.st_size


def answer_picture(
    gallery: Gallery,
    known_tag: str | None,
    key: tuple[Any, ...],
    suffix: str,
    make: Callable[[], bytes],
) -> Response:
    """A picture that was drawn before or is drawn now; nothing where the browser has it.

    Parameters
    ----------
    gallery
        The session that it is of.
    known_tag
        What the browser says that it has.
    key
        All that it is made from.
    suffix
        Of what is made.
    make
        Draws it.
    """
    said = "/".join(map(str, key))
    tag = f'"{tag_of(said)}"'
    headers = {"Cache-Control": _FOREVER, "ETag": tag}
    if known_tag is not None and tag in known_tag:
        return Response(status_code=304, headers=headers)
    began = time.monotonic()
    content = gallery.shelf.cache.get(said, suffix, make).read_bytes()
    headers["Content-Type"] = _MEDIA[suffix]
    return KeptAnswer(content, gallery.entry.key, began, headers=headers, lasts=True)
