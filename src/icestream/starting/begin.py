"""Beginning a session in a process of its own, which outlives whoever began it."""

import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from icestream.engine.graph.validation import doubts, validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow, save_workflow
from icestream.engine.machine.lock import SessionBusy, hold, holder
from icestream.engine.record.record import Record
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.commands import run_again_words
from icestream.protocol import Registry
from icestream.settings import Settings
from icestream.starting.checks import check_folder, missing_here
from icestream.starting.presets import with_presets
from icestream.store.open import NoStore, open_store

__all__ = [
    "NOT_STARTED",
    "NotStarted",
    "Started",
    "begin",
    "enter",
    "go_on",
    "last_words",
    "launch",
    "prepared",
    "wait_for_it",
]

NOT_STARTED = "it was not started yet"
"""Why a session is stopped that was made, and that no process has come to."""
WORKFLOW = "workflow.json"
LOG = "started.log"
_TOLD = 12
"""Last lines of the log that say why a session did not begin."""
_LOOK = 0.1
"""Seconds between two looks whether it has begun."""


class NotStarted(RuntimeError):
    """The process ended before the session began; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process that runs a session."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    log: Path
    """What it writes to its terminal."""


def prepared(
    workflow: Workflow, folder: Path, registry: Registry, settings: Settings, *, as_given: bool
) -> Workflow:
    """The workflow that a new session in `folder` begins with: checked, with the site's presets.

    Parameters
    ----------
    as_given
        Take unusual values as they are; otherwise they are asked about.

    Raises
    ------
    InvalidWorkflow
        If it cannot run, or not here, or is hardly meant; with everything that is wrong.
    OccupiedFolder
        If there is something else in the folder.
    UnknownMicroscope
        If one is named that the settings do not have.
    """
    check_folder(folder)
    problems = validate(workflow, registry) or list(missing_here(workflow, registry))
    if problems:
        raise InvalidWorkflow(workflow.name, problems)
    ready = with_presets(workflow, registry, settings.microscopes)
    asked = [] if as_given else list(doubts(ready, registry))
    if asked:
        raise InvalidWorkflow(workflow.name, asked)
    return ready


def begin(
    folder: Path, workflow: Workflow, options: Sequence[str] = (), *, state: Path | None = None
) -> Started:
    """Begin a session with a workflow that is `prepared`, in a process of its own.

    Its workflow and what it writes to its terminal are kept in the session's ``logs``.

    Parameters
    ----------
    options
        Of ``icestream run``, such as ``--no-report``.
    state
        What the sessions of the machine share.
    """
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    file = logs / WORKFLOW
    save_workflow(workflow, file)
    words = ("run", str(file), "--session", str(folder), "--as-given", *options)
    return launch(folder, words, state=state)


def enter(folder: Path, workflow: Workflow, registry: Registry, *, url: str | None = None) -> None:
    """Make a session with a workflow that is `prepared`, to be run later.

    Raises
    ------
    SessionBusy
        If a process runs a session there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder), closing(open_store(folder, url=url)) as store:
        record = Record(store, registry, None, timeout=0.0)
        record.open(workflow)
        record.leave("stopped", NOT_STARTED)


def go_on(folder: Path, *, state: Path | None = None) -> Started:
    """Let a session go on that nobody runs, with the command that it was run with.

    Raises
    ------
    SessionBusy
        If a process runs it.
    NoStore, LookupError
        If there is no session in the folder, or none that has begun.
    """
    if runs := holder(folder):
        raise SessionBusy(f"the session in {folder} is already being processed by {runs}")
    with closing(open_store(folder, readonly=True)) as store:
        words = run_again_words(store)
        if words is None:
            (folder / "logs").mkdir(exist_ok=True)
            file = folder / "logs" / WORKFLOW
            save_workflow(session_workflow(store), file)
            words = ["run", str(file), "--session", str(folder)]
    return launch(folder, [*words, "--as-given"], state=state)


def launch(folder: Path, words: Sequence[str], *, state: Path | None = None) -> Started:
    """Run icestream with these words, without a shell, in a process that outlives this one."""
    log = folder / "logs" / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    if state is not None:
        environment["ICESTREAM_STATE"] = str(state)
    command = [sys.executable, "-P", "-m", "icestream", *words]
    with log.open("wb") as written:
        written.write(f"$ {shlex.join(['icestream', *words])}\n".encode())
        written.flush()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,  # what ends this process, or its terminal, does not end it
        )
    # Nobody else asks how it ended, and it would stay in the list of processes.
    threading.Thread(target=process.wait, name="session", daemon=True).start()
    return Started(folder, process, log)


def wait_for_it(started: Started, seconds: float = 30.0) -> bool:
    """Wait until the process has the session, or is done with it; False when it takes longer.

    Raises
    ------
    NotStarted
        If the process ended without having begun.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended = started.process.poll()
        if _runs(started) or (ended is not None and _is_there(started.folder)):
            return True
        if ended is not None:
            raise NotStarted(f"the session did not begin: {last_words(started.log)}")
        time.sleep(_LOOK)
    return False


def _runs(started: Started) -> bool:
    """Whether this very process has the session."""
    return str(started.process.pid) in holder(started.folder).split() and _is_there(started.folder)


def _is_there(folder: Path) -> bool:
    with suppress(NoStore, LookupError, DBAPIError, OSError):
        with closing(open_store(folder, readonly=True)) as store:
            session_workflow(store)
        return True
    return False


def last_words(log: Path) -> str:
    """The last lines that a process wrote, in words."""
    lines = log.read_text(errors="replace").strip().splitlines()[1:]
    told = [_message(line) for line in lines[-_TOLD:]]
    return "\n".join(filter(None, told)) or "it said nothing"


def _message(line: str) -> str:
    """What a line says, also where it is one of JSON."""
    try:
        said = json.loads(line)
    except ValueError:
        return line.removeprefix("icestream: ")
    return str(said.get("event", line)) if isinstance(said, dict) else line
