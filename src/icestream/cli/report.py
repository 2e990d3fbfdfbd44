"""`icestream report`: a session's pages, once or all the time."""

import os
import select
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from icestream.engine.machine.home import make_below
from icestream.settings import PREFIX, load
from icestream.store.open import NoStore
from icestream.store.published import RECORD, Published, published, published_words

if TYPE_CHECKING:
    from icestream.report.publish import Publisher
    from icestream.report.upload import Target

__all__ = ["NOWHERE", "PublishingFailed", "kept_up_to_date", "publish_target", "report"]

NOWHERE = "none"
"""What is given in the place of a target to publish nothing."""

_LAST = 60.0
"""Seconds that the last update of a session's report may take."""
_LAST_ROUND = 30.0
"""Seconds for publishing what came last."""
_ONE_ROUND = 60.0
"""Seconds for publishing a report that is written once."""
_FIRST, _LONGEST = 1.0, 60.0
"""Seconds before a process that has ended is started again: the first pause, and the longest."""
_WELL = 120.0
"""Seconds that a process has to have run for the pauses to begin anew."""


class PublishingFailed(RuntimeError):
    """A report was written, and did not get to where it was to be published."""


def report(
    session: Path,
    /,
    *,
    out: Path | None = None,
    publish: str | None = None,
    follow: Annotated[bool, Parameter(negative="")] = False,
    while_open: Annotated[bool, Parameter(negative="", show=False)] = False,
) -> None:
    """Write a session's report and say where it is.

    Parameters
    ----------
    session
        The session's folder.
    out
        Folder for the pages; SESSION/report when not given.
    publish
        Bring it there after each update: user@host:/path/ for rsync, or a program with its
        arguments, in quotes; none: nowhere. What the settings say when not given.
    follow
        Go on updating it, until Ctrl-C.
    while_open
        Go on until standard input is closed, and then update it once more.
    """
    from icestream.report.writer import ReportWriter

    target, hidden = publish_target(publish, session, decided=while_open), _known_as(session)[1]
    if not (follow or while_open):
        with ReportWriter(session, out) as writer:
            publisher = None if target is None else writer.publish(target, _say)
            writer.update(patience=float("inf"))
            print(writer.page, flush=True)
            if publisher is not None:
                _finished(publisher.finish(_ONE_ROUND))
        return
    if target is None and while_open:
        (session / RECORD).unlink(missing_ok=True)  # of an earlier run that did publish
    every, waiting = load().settings.report_interval, while_open
    while True:
        try:
            writer = ReportWriter(session, out, every=every)
            break
        except NoStore:
            if not waiting:
                raise
            waiting = _still_open(every)  # it may have begun just before the end
    with writer:
        if follow:
            print(writer.page, flush=True)
        publisher = None if target is None else writer.publish(target, _say)
        try:
            going = True
            while going:
                publisher = _still_published(publisher, session, hidden=hidden)
                writer.update()
                going = _still_open(every) if while_open else _wait(every)
            writer.update(patience=_LAST)
        except KeyboardInterrupt:
            return
        finally:
            publisher = _still_published(publisher, session, hidden=hidden)
            state = None if publisher is None else publisher.finish(_LAST_ROUND)
        if state is not None:
            _finished(state)


def publish_target(given: str | None, session: Path, *, decided: bool = False) -> "Target | None":
    """Where a session's report is published: as given, or as the settings say; None: nowhere.

    One that a facility holds confidential is published only where a person says so; with `decided`,
    whoever started this process has seen to that. ``{session}`` is the name that the facility has
    for it, else that of its folder.

    Raises
    ------
    BadTarget
        If that cannot be a place to publish to.
    """
    setting = load().settings.report_publish
    asked = given if given is not None else setting.get_secret_value() if setting else ""
    if not asked or asked == NOWHERE:
        return None
    from icestream.report.upload import read_target

    name, confidential = _known_as(session)
    if confidential and given is None and not decided:
        return None
    return read_target(asked, name)


def _known_as(session: Path) -> tuple[str, bool]:
    """The name of a session, and whether it is confidential, as a facility has written it down."""
    from icestream.facility.begin.card import BadCard, read_card

    name = session.absolute().name
    try:
        card = read_card(session)
    except BadCard:
        return name, True  # nobody knows: nothing is shown to others
    return (name, False) if card is None else (card.session, card.confidential)


def _still_published(
    publisher: "Publisher | None", session: Path, *, hidden: bool
) -> "Publisher | None":
    """Publish no more what has become confidential since it was begun to be."""
    if publisher is None or hidden or not _known_as(session)[1]:
        return publisher
    publisher.drop()
    there = "it is published no more, as the session is confidential now: remove what is there"
    with suppress(OSError):
        print(f"{published_words(publisher.state)}; {there}", flush=True)
    return None


def _say(state: Published) -> None:
    """Tell of publishing when it begins to fail, fails otherwise, or is well again."""
    with suppress(OSError):
        print(published_words(state), flush=True)


def _finished(state: Published) -> None:
    """Raise an error when what came last is not published."""
    if state.failing is not None or state.last is None:
        raise PublishingFailed(published_words(state))


def _wait(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def _still_open(seconds: float) -> bool:
    """Wait; False as soon as the other end of standard input has gone."""
    return not select.select([sys.stdin], [], [], seconds)[0]


@contextmanager
def kept_up_to_date(session: Path, publish: str | None = None) -> Iterator[None]:
    """Have a process of its own keep the session's report up to date while a block runs.

    What it is to `publish` to is as `publish_target` takes it.

    It ends with this process, however this process ends, because the pipe between them closes.
    One that ends before is started again, after pauses that grow.
    """
    if publish is None and _known_as(session)[1]:
        publish = NOWHERE
    keeper = _Keeper(session, publish)
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


class _Keeper(threading.Thread):
    """Runs the process that keeps a report up to date, again and again if it must."""

    def __init__(self, session: Path, publish: str | None) -> None:
        super().__init__(name="report", daemon=True)
        self._session = session
        # Not among its arguments: everybody on the machine can read those.
        told = {} if publish is None else {f"{PREFIX}REPORT_PUBLISH": publish}
        self._environment = {**os.environ, **told}
        self._log = session / "logs" / "report.log"
        self._command = [sys.executable, "-P", "-m", "icestream", "report", str(session)]
        self._stopped = threading.Event()
        self._writer: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def run(self) -> None:
        """Start it, and wait for its end; it comes too early unless this has been stopped."""
        pause = _FIRST
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                with self._turn:
                    if not self._stopped.is_set():
                        self._writer = self._begin()
                if self._writer is not None:
                    self._writer.wait()
                    _close(self._writer)
            except OSError:
                self._writer = None  # no process, or no room for its log: later, perhaps
            pause = _FIRST if time.monotonic() - began > _WELL else min(2 * pause, _LONGEST)
            self._stopped.wait(pause)

    def _begin(self) -> "subprocess.Popen[bytes]":
        make_below(self._session, self._log.parent)
        with self._log.open("ab") as output:
            # A session of its own: Ctrl-C is for the coordinator, which still has to drain.
            return subprocess.Popen(
                [*self._command, "--while-open"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Let it write what came last; say so when it cannot."""
        self._stopped.set()
        with self._turn:
            writer = self._writer
        if writer is not None:
            _close(writer)
            try:
                writer.wait(_LAST + _LAST_ROUND + 10)
            except subprocess.TimeoutExpired:
                writer.kill()
                writer.wait()
        self.join(5.0)
        if writer is None or writer.returncode != 0:
            state = published(self._session)
            again = f"icestream report {shlex.quote(str(self._session))}"
            words = f"the report is not up to date, see {self._log}; {again} writes it"
            if writer is not None and state is not None and state.failing is not None:
                words = f"the report was written and {published_words(state)}; {again} tries again"
            with suppress(OSError):
                print(f"icestream: {words}", file=sys.stderr)


def _close(writer: "subprocess.Popen[bytes]") -> None:
    """Let go of the pipe to a report's process: it ends when nobody holds the other end."""
    if writer.stdin is not None:
        writer.stdin.close()
