"""`icestream session`: sessions of a facility, begun for somebody and found again."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter

from icestream.cli.control import ask
from icestream.cli.facility.asking import settled
from icestream.cli.facility.withdrawing import withdraw
from icestream.cli.terminal import print_json, print_table
from icestream.engine.machine.lock import SessionBusy, holder
from icestream.engine.requests.models import Stop
from icestream.facility.begin.begin import WantedSession, begin_session
from icestream.facility.opened import Facility, open_facility
from icestream.facility.people.hiding import hide_session
from icestream.facility.people.seeing import read_seeing
from icestream.facility.registry.records import KnownSession, PlaceState
from icestream.facility.registry.sessions import change_session, sessions
from icestream.facility.registry.sessions import session as session_named
from icestream.protocol import Registry
from icestream.starting.begin import go_on, wait_for_it
from icestream.starting.filling import fill_words

__all__ = ["app"]

app = App(name="session", help="Sessions of a facility: begin one for somebody, find it again.")

_WHOSE = Group("Whose it is", sort_key=1)
_WORK = Group("What is done", sort_key=2)

Plain = Annotated[bool, Parameter(negative="")]


@dataclass(frozen=True, kw_only=True)
class ForWhom:
    """Whose a session is."""

    project: Annotated[str | None, Parameter(group=_WHOSE)] = None
    """Code of the project; that of the booking by default."""
    operator: Annotated[str | None, Parameter(group=_WHOSE)] = None
    """Login of the one whom it is for; the one who booked by default."""
    sample: Annotated[str | None, Parameter(group=_WHOSE)] = None
    """What is looked at."""
    confidential: Annotated[bool, Parameter(group=_WHOSE, negative="")] = False
    """Only people of its project may know of it."""
    note: Annotated[str | None, Parameter(group=_WHOSE)] = None
    """Kept with the session."""


@dataclass(frozen=True, kw_only=True)
class SessionWork:
    """What is done in a session."""

    movies: Annotated[str | None, Parameter(group=_WORK)] = None
    """Folder of its movies, or a pattern; the newest below the microscope's folder by default."""
    workflow: Annotated[str | None, Parameter(group=_WORK)] = None
    """Name of a workflow, or its file; that of the microscope by default."""
    set: Annotated[tuple[str, ...], Parameter(group=_WORK, negative="", show_default=False)] = ()
    """A parameter that is otherwise than in the workflow: step.name=value; once for each."""
    fill: Annotated[tuple[str, ...], Parameter(group=_WORK, negative="", show_default=False)] = ()
    """A value for a blank of the workflow: name=value; once for each."""
    all: Annotated[bool, Parameter(group=_WORK, negative="")] = False
    """Of a folder that all sessions share, take what was written before this one, too."""
    as_given: Annotated[bool, Parameter(group=_WORK, negative="")] = False
    """Take unusual values as they are, without asking."""
    start: Annotated[bool, Parameter(group=_WORK)] = True
    """Start processing now."""


@app.command
def new(
    microscope: str | None = None,
    /,
    *,
    whom: Annotated[ForWhom | None, Parameter(name="*")] = None,
    work: Annotated[SessionWork | None, Parameter(name="*")] = None,
    yes: Plain = False,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Begin a session: whoever has booked the microscope now gets a place, and processing starts.

    What is given is not asked for; of the rest at most two questions are asked, each with an answer
    that Enter takes. A booking system that is down keeps nobody up.

    Parameters
    ----------
    microscope
        Its name in the facility file; not needed where there is one, or one is booked now.
    yes
        Ask nothing: take the answers that Enter would.
    json_
        For programs; asks nothing.
    """
    whom, work = whom or ForWhom(), work or SessionWork()
    given = {
        "project": whom.project,
        "operator": whom.operator,
        "sample": whom.sample,
        "note": whom.note,
        "movies": work.movies,
        "workflow": work.workflow,
    }
    with open_facility() as facility:
        answers = settled(facility, microscope, given, ask=not (yes or json_))
        wanted = WantedSession(
            **answers,
            confidential=whom.confidential or None,
            parameters=_parameters(work.set),
            fill=fill_words(work.fill),
            all_movies=work.all,
            as_given=work.as_given,
            start=work.start,
        )
        begun = begin_session(facility, Registry(), wanted)
        for sentence in begun.said:
            print(f"icestream: {sentence}", file=sys.stderr)
        if json_:
            with facility.registry.read() as connection:
                print_json(_document(session_named(connection, begun.card.key)))
            return 0
        how = "was made" if not work.start else "runs" if begun.running else "takes long to begin"
        print(f"session {begun.card.session} {how}: {begun.card.folder}")
        print(f"its movies are taken from {begun.card.movies}")
    return 0


@app.command(name="list")
def list_(
    *,
    microscope: str | None = None,
    project: str | None = None,
    state: PlaceState | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """List the facility's sessions, the newest first.

    Parameters
    ----------
    microscope
        Of that one only.
    project
        Of that one only.
    state
        In that state only.
    json_
        For programs.
    """
    with open_facility() as facility:
        with facility.registry.read() as connection:
            found = sessions(connection, microscope=microscope, project=project, state=state)
        if json_:
            print_json([_document(one) for one in found])
        elif not found:
            print("there is none: icestream session new MICROSCOPE begins one")
        else:
            rows = [
                (
                    one.name,
                    one.microscope,
                    one.project or "-",
                    one.operator or "-",
                    f"{facility.local(one.began):%Y-%m-%d %H:%M}",
                    one.state,
                    "?" if one.exposures is None else str(one.exposures),
                )
                for one in found
            ]
            heads = ("session", "microscope", "project", "for", "began", "state", "exposures")
            print_table(heads, rows)


@app.command
def show(
    session: str, /, *, json_: Annotated[bool, Parameter(name="--json", negative="")] = False
) -> None:
    """Show what the facility knows of a session.

    Parameters
    ----------
    session
        Its name, its place or its folder.
    json_
        For programs.
    """
    with open_facility() as facility:
        with facility.registry.read() as connection:
            found = session_named(connection, _named(session))
        if json_:
            print_json(_document(found))
            return
        for name, value in _document(found).items():
            if value not in (None, ""):
                print(f"{name:<13} {_shown(facility, name, value)}")


@app.command(name="start")
def start_(session: str, /) -> int:
    """Let a session go on that no process runs.

    Parameters
    ----------
    session
        Its name, its place or its folder.
    """
    with open_facility() as facility:
        with facility.registry.read() as connection:
            found = session_named(connection, _named(session))
        try:
            started = go_on(Path(found.folder), state=facility.loaded.settings.state)
        except SessionBusy as error:
            print(error)
            return 1
        running = wait_for_it(started)
        with facility.registry.write() as connection:
            change_session(connection, found.id, state="running", reason="", revivals=0, ended=None)
        print(f"session {found.name} {'runs' if running else 'takes long to begin'}")
    return 0


@app.command
def end(session: str, /, *, why: str = "") -> int:
    """End a session: nothing new is taken, what has begun is finished, copying ends.

    Parameters
    ----------
    session
        Its name, its place or its folder.
    why
        Kept with your name and the time.
    """
    with open_facility() as facility:
        with facility.registry.read() as connection:
            found = session_named(connection, _named(session))
        folder = Path(found.folder)
        runs = holder(folder)
        if not runs and found.state in ("done", "archived", "gone"):
            print(f"session {found.name} is over already: it is {found.state}")
            return 0
        answered = ask(folder, Stop(why=why)) if runs else 0
        if not answered:
            with facility.registry.write() as connection:
                ended = datetime.now().timestamp()
                change_session(connection, found.id, state="stopped", ended=found.ended or ended)
            print(f"session {found.name} is ended: icestream session start {found.name} goes on")
        return answered


@app.command
def confidential(session: str, /, *, off: Plain = False) -> None:
    """Let only people of its project, and administrators, know of a session.

    Links that were shared of it end. What was given out before, and cannot be taken back from here,
    is listed.

    Parameters
    ----------
    session
        Its name, its place or its folder.
    off
        Take it back. A session of a confidential project stays confidential.
    """
    with open_facility() as facility:
        with facility.registry.read() as connection:
            found = session_named(connection, _named(session))
        hide_session(facility, found, not off)
        with facility.registry.read() as connection:
            hidden = found.key in (read_seeing(connection).confidential or ())
        said = tuple(withdraw(facility, (found,))) if hidden and not off else ()
    whose = f"all of project {found.project} are" if hidden and off else "it is"
    print(f"session {found.name}: {whose} {'' if hidden else 'not '}confidential")
    for line in said:
        print(line)


def _named(text: str) -> str:
    """A name as it is, a path as a whole one."""
    return str(Path(text).absolute()) if "/" in text or Path(text).is_dir() else text


def _parameters(words: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        step, dot, parameter = name.partition(".")
        if not (equals and dot and step and parameter):
            raise LookupError(f"--set {word}: write it as --set step.name=value")
        try:
            read = json.loads(value)
        except ValueError:
            read = value
        found.setdefault(step, {})[parameter.replace("-", "_")] = read
    return found


def _document(one: KnownSession) -> dict[str, Any]:
    return {name: getattr(one, name) for name in KnownSession.__slots__}


def _shown(facility: Facility, name: str, value: Any) -> str:
    if name in ("began", "ended", "taken", "revived"):
        return f"{facility.local(value):%Y-%m-%d %H:%M:%S}"
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )
