"""`icestream report`: a session's pages, once or all the time."""

import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.settings import load
from icestream.store.open import NoStore

__all__ = ["kept_up_to_date", "report"]

_LAST = 60.0
"""Seconds that the last update of a session's report may take."""


def report(
    session: Path,
    /,
    *,
    out: Path | None = None,
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
    follow
        Go on updating it, until Ctrl-C.
    while_open
        Go on until standard input is closed, and then update it once more.
    """
    from icestream.report import ReportWriter, write_report

    if not (follow or while_open):
        print(write_report(session, out))
        return
    every = load().settings.report_interval
    while True:
        try:
            writer = ReportWriter(session, out, every=every)
            break
        except NoStore:
            if not while_open or not _still_open(every):
                raise
    with writer:
        if follow:
            print(writer.page, flush=True)
        try:
            going = True
            while going:
                writer.update()
                going = _still_open(every) if while_open else _wait(every)
            writer.update(patience=_LAST)
        except KeyboardInterrupt:
            return


def _wait(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def _still_open(seconds: float) -> bool:
    """Wait; False as soon as the other end of standard input has gone."""
    return not select.select([sys.stdin], [], [], seconds)[0]


@contextmanager
def kept_up_to_date(session: Path) -> Iterator[None]:
    """Have a process of its own keep the session's report up to date while a block runs.

    It ends with this process, however this process ends, because the pipe between them closes.
    """
    command = [sys.executable, "-P", "-m", "icestream", "report", str(session), "--while-open"]
    log = session / "logs" / "report.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        # A session of its own: Ctrl-C is for the coordinator, which still has to drain.
        writer = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    assert writer.stdin is not None
    try:
        yield
    finally:
        writer.stdin.close()
        try:
            writer.wait(_LAST + 5)
        except subprocess.TimeoutExpired:
            writer.kill()
            writer.wait()
