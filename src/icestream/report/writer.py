"""Writes the live report and keeps it up to date."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import NoResultFound, OperationalError

from icestream.model import (
    ITEM_TYPES,
    Classes,
    Taken,
    Volume,
    taken_words,
    type_name,
)
from icestream.protocol import Protocol, Registry, UnknownProtocol, known_types
from icestream.report.details import Facts, Session, exposure_details
from icestream.report.follow import Follower
from icestream.report.limits import Limits, limits_of
from icestream.report.live import live_document
from icestream.report.pictures import Found, PictureFolder, show, write_atomically, write_script
from icestream.report.publish import Publisher, shown
from icestream.report.scripts import Scripts
from icestream.report.shell import page_version, render_page
from icestream.report.snapshots import Snapshot, chosen_of, snapshot_of
from icestream.report.upload import Target
from icestream.store.open import NoStore, Store, open_store
from icestream.store.published import Published

__all__ = ["ReportWriter", "write_report"]

_log = structlog.get_logger(__name__)

_PATIENT = 30.0
"""An update with so much patience leaves nothing for the next."""
_PARTS: dict[Any, str] = {Classes: "classes", Volume: "maps"}
"""Parts of the page that fill late: what they are for is known before."""


def write_report(session: Store | Path | str, out: Path | str | None = None) -> Path:
    """Write the whole report of a session as it is now; the path of its ``index.html``.

    Parameters
    ----------
    session
        The session's store, or its folder.
    out
        Folder of the report; ``report`` in the session's folder by default.
    """
    with ReportWriter(session, out) as writer:
        writer.update(patience=float("inf"))
        return writer.page


class ReportWriter:
    """Keeps the report of one session up to date; each `update` costs what has changed.

    Parameters
    ----------
    session
        The session's store, or its folder.
    out
        Folder of the report; ``report`` in the session's folder by default.
    every
        Seconds between two updates, so that the page can tell when they fail to come.
    registry
        Where the protocols come from, for their titles and what they tell of their results.
    newest
        How many of the newest exposures have pictures in the report; as many of the older ones,
        evenly spread, have theirs too.
    """

    def __init__(
        self,
        session: Store | Path | str,
        out: Path | str | None = None,
        *,
        every: float = 5.0,
        registry: Registry | None = None,
        newest: int = 120,
    ) -> None:
        self._own = not isinstance(session, Store)
        self._store = session if isinstance(session, Store) else open_store(session, readonly=True)
        self.folder = Path(out) if out is not None else self._store.folder / "report"
        self._every = every
        self._registry = registry or Registry()
        self._titles: dict[str, str] = {}
        self._known = dict(ITEM_TYPES)
        self._unread: set[str] = set()
        self._follower = self._follow()
        self._pictures = PictureFolder(self.folder / "pictures", newest=newest, older=newest)
        self._facts = Facts()
        self._scripts = Scripts(self.folder, self._registry)
        self._shown: dict[str, tuple[int, str, dict[str, Any]]] = {}
        self._chosen: dict[str, tuple[int, dict[int, bool]]] = {}
        self._limits: Limits = {}
        self._asked_limits: tuple[Any, ...] = ()
        self._taken = Taken("movie", "movies")
        self._expects: set[str] = set()
        self._version = page_version()
        self._shell_written = False
        self._publisher: Publisher | None = None

    def _follow(self) -> Follower:
        try:
            return Follower(self._store)
        except (NoResultFound, OperationalError) as error:
            self.close()
            raise NoStore(
                f"the session in {self._store.folder} has not begun: its store is still empty"
            ) from error

    def __enter__(self) -> "ReportWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the store back, if it was opened here."""
        if self._own:
            self._store.close()

    @property
    def page(self) -> Path:
        """The file to open in a browser."""
        return self.folder / "index.html"

    def publish(self, target: Target, tell: Callable[[Published], None] | None = None) -> Publisher:
        """Have each update brought to a target, too; whoever asked for it finishes that."""
        self._publisher = Publisher(target, self.folder, self._store.folder, tell=tell)
        return self._publisher

    def update(self, *, patience: float = 2.0) -> None:
        """Bring the report up to date.

        Parameters
        ----------
        patience
            Seconds after which pictures that are still missing wait for the next update.
        """
        started = time.monotonic()
        while not self._follower.read():
            self._follower = Follower(self._store)
            self._scripts.begin_anew()
        self._read_protocols()
        self._write_pictures(started + patience)
        self._read_limits()  # the pictures' exposures have said how large their pixels are
        at_once = patience >= _PATIENT
        self._scripts.write(self._follower, self._titles, self._limits, at_once=at_once)
        if not self._shell_written:
            write_atomically(self.page, self._shell())
            self._shell_written = True
        self._write_live()  # last: it sends the page to all the others
        if self._publisher is not None:
            self._publisher.news()

    def _shell(self) -> bytes:
        return render_page(self._follower.session.name).encode()

    def _write_pictures(self, deadline: float) -> None:
        follower, pictures = self._follower, self._pictures
        pictures.grow(len(follower.table))
        if not self._shell_written:
            pictures.sweep()
            if self.page.exists() and self.page.read_bytes() != self._shell():
                pictures.forget()
        for order in sorted(follower.touched, reverse=True):
            if not pictures.keeps(order):
                del follower.touched[order]
            elif time.monotonic() < deadline:
                changed = follower.touched.pop(order)
                if not pictures.has(order, changed):
                    details, shown = self._details(order)
                    pictures.put(order, shown, {"order": order, **details})
        if not self._facts and len(follower.table):
            self._details(0)  # all pictures are those of an earlier report

    def _details(self, order: int) -> tuple[dict[str, Any], list[Found]]:
        name, steps = self._follower.table.names[order], self._follower.workflow.steps
        standing = self._follower.again.standing
        session = Session(self._store, steps, self._titles, self._known, standing)
        try:
            details, pictures = exposure_details(session, name, self._facts)
        except ValueError as error:  # a result that this version cannot draw
            _log.warning("exposure without details in the report", exposure=name, why=str(error))
            return {}, []
        for why in set(details["unread"]) - self._unread:
            _log.warning("left out of the report", exposure=name, why=why)
            self._unread.add(why)
        return details, pictures

    def _write_live(self) -> None:
        live = live_document(self._follower, self._titles, self._limits, self._taken)
        live["page"] = self._version
        live["every"] = self._every
        live["expects"] = sorted(self._expects)
        live["files"] = self._scripts.versions
        live["published"] = None if self._publisher is None else shown(self._publisher.state)
        live["kept"] = sorted(self._pictures.kept)
        live |= self._snapshots()
        live["chunks"]["versions"] = self._scripts.chunks
        live["session"]["facts"] = self._facts.shown(self._scripts.groups)
        write_script(self.folder / "live.js", "live", live)

    def _read_protocols(self) -> None:
        """Titles of the steps, and the types of items that their protocols work with."""
        steps = self._follower.workflow.steps
        placed = Counter(step.protocol for step in steps)
        for step in steps:
            if step.name not in self._titles:
                try:
                    protocol = self._registry.get(step.protocol)
                    # Two steps of one protocol are told apart by their names alone.
                    which = f" ({step.name})" if placed[step.protocol] > 1 else ""
                    self._titles[step.name] = f"{protocol.title}{which}"
                    self._known |= known_types([protocol])
                    self._taken = _taken(protocol, self._taken)
                    for port in protocol.outputs():
                        part = _PARTS.get(port.item)
                        self._expects |= {part} if part else set()
                except UnknownProtocol:
                    self._titles[step.name] = step.name

    def _read_limits(self) -> None:
        """Limits of the steps, when their parameters or what is known of the pixels change."""
        steps, pixel_size = self._follower.workflow.steps, self._facts.pixel_size
        asked = (pixel_size, *((step.name, step.revision) for step in steps))
        if asked != self._asked_limits:
            self._asked_limits = asked
            self._limits = limits_of(self._registry, steps, self._titles, pixel_size)
            self._scripts.limits_changed()

    def _snapshots(self) -> dict[str, list[dict[str, Any]]]:
        """By the part of the page: what the newest result of each step has for it."""
        for step, record in self._follower.snapshots.items():
            if self._shown.get(step, (0,))[0] == record.id:
                continue
            snapshot = snapshot_of(self._store, record, self._titles.get(step, step), self._known)
            if snapshot is not None:
                pictures = self._snapshot_pictures(snapshot, step, record.id)
                self._shown[step] = (
                    record.id,
                    snapshot.part,
                    snapshot.document | {"pictures": pictures},
                )
        parts: dict[str, list[dict[str, Any]]] = {
            part: [] for part in ("classes", "maps", "gains", "others")
        }
        for step, (_, part, document) in self._shown.items():
            parts[part].append(self._with_choice(step, document) if part == "classes" else document)
        return parts

    def _with_choice(self, step: str, classes: dict[str, Any]) -> dict[str, Any]:
        """The classes of a step, with what a later step has chosen of them."""
        record = self._follower.chosen.get(step)
        if record is None:
            return classes
        if self._chosen.get(step, (0, {}))[0] != record.id:
            self._chosen[step] = (record.id, chosen_of(self._store, record, self._known))
        chosen = self._chosen[step][1]
        return classes | {
            "items": [
                item | {"chosen": chosen.get(item["number"], item["chosen"])}
                for item in classes["items"]
            ]
        }

    def _snapshot_pictures(
        self, snapshot: Snapshot, step: str, version: int
    ) -> list[dict[str, str]]:
        """Bring the pictures of a snapshot beside those of the exposures; those that there are."""
        folder, shown = self._pictures.folder, []
        for index, (picture, mark) in enumerate(snapshot.pictures, start=1):
            name = f"{snapshot.part}-{step}" if index == 1 else f"{snapshot.part}-{step}-{index}"
            if isinstance(picture, bytes):
                made: Path | None = folder / f"{name}.png"
                write_atomically(folder / f"{name}.png", picture)
            else:
                made = show(picture, folder / name)
            if made is not None:
                src = f"{folder.name}/{made.name}?v={version}"
                alt = mark.description or mark.title
                shown.append({"src": src, "title": mark.title, "alt": alt})
        return shown


def _taken(protocol: type[Protocol[Any]], before: Taken) -> Taken:
    """What a session takes in, told from its sources."""
    if not protocol.brings:
        return before
    return taken_words(type_name(port.item) for port in protocol.outputs())
