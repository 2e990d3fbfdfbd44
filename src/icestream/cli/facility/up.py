"""`icestream facility up`: a whole facility in a folder, to try it and to develop with."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.beside import command_beside, server_beside
from icestream.cli.serve import address_of, listen
from icestream.cli.terminal import called
from icestream.facility.service.supervise import KeptService, keep_up
from icestream.facility.service.trial import (
    MICROSCOPES,
    TrialFacility,
    book_now,
    trial_facility,
)
from icestream.shown import printable

__all__ = ["up"]

_HOST, _PORT = "127.0.0.1", 8000
_SPECIMENS = {"krios1": "cage", "glacios": "barrel"}

Plain = Annotated[bool, Parameter(negative="")]


def up(
    folder: Path = Path("icestream-facility"),
    /,
    *,
    demo: Plain = False,
    movies: int = 30,
    rate: float = 240.0,
    port: int | None = None,
    stop_sessions: Plain = False,
) -> int:
    """Have a whole facility in a folder, with the web application and all duties, until Ctrl-C.

    Where there is none it is made: two microscopes, which are folders, bookings and projects in
    tables, prices, a registry and a backup. It needs no other program and nothing of the machine's
    own facility. It is for trying and developing; a folder that was not made by it is left alone.

    Parameters
    ----------
    folder
        Where it is.
    demo
        Have both microscopes booked now, and simulated ones write movies into their folders.
    movies
        With --demo: movies that each writes; 0: until Ctrl-C.
    rate
        With --demo: movies an hour of each.
    port
        Port of the web application; 8000, or one that is free, when not given.
    stop_sessions
        End the sessions that run, too, when this ends; otherwise they go on.
    """
    trial = trial_facility(folder)
    environment = {**os.environ, **trial.environment}
    print(f"{'made' if trial.made else 'found'} {trial.file}", flush=True)
    if not _checked(environment):
        return 1
    with closing(_listening(port)) as listening:
        address = address_of(_HOST, listening.getsockname()[1])
        kept = list(_services(trial, environment, listening.fileno()))
        if demo:
            book_now(trial)
            kept += _simulated(trial, environment, movies, rate)
        _explain(trial, address, demo=demo)
        stop = threading.Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: stop.set())
        keep_up(kept, stop, lambda said: print(f"icestream: {said}", file=sys.stderr, flush=True))
    _say_goodbye(trial, environment, end=stop_sessions)
    return 0


def _listening(port: int | None) -> Any:
    if port is not None:
        return listen(_HOST, port)
    try:
        return listen(_HOST, _PORT)
    except OSError:
        return listen(_HOST, 0)


def _asked(environment: Mapping[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    """What a command says of this facility."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "icestream", *words],
        env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def _checked(environment: Mapping[str, str]) -> bool:
    done = _asked(environment, "facility", "check", "--json")
    try:
        found = json.loads(done.stdout)["problems"]
    except (ValueError, KeyError):
        print(done.stderr.strip() or done.stdout.strip(), file=sys.stderr)
        return False
    for one in found:
        if one["stops"]:
            print(f"wrong  {one['where'] or 'file'}: {printable(one['what'])}")
    return done.returncode == 0


def _services(
    trial: TrialFacility, environment: Mapping[str, str], number: int
) -> Iterator[KeptService]:
    yield KeptService(
        name="the web application",
        command=server_beside(number, trial.folder / "sessions"),
        log=trial.folder / "server.log",
        environment=environment,
        handles=(number,),
    )
    yield KeptService(
        name="the process of the duties",
        command=command_beside("facility", "run"),
        log=trial.folder / "duties.log",
        environment=environment,
    )


def _simulated(
    trial: TrialFacility, environment: Mapping[str, str], movies: int, rate: float
) -> Iterator[KeptService]:
    """A microscope for each, which writes into a new folder."""
    for seed, name in enumerate(MICROSCOPES, 1):
        place = trial.folder / "microscopes" / name
        taken = [path.name for path in place.iterdir()]
        number = next(n for n in range(1, len(taken) + 2) if f"grid-{n}" not in taken)
        words = ("--movies", str(movies), "--rate", str(rate), "--seed", str(seed), "--quiet")
        yield KeptService(
            name=f"the simulated {name}",
            command=command_beside(
                "simulate", str(place / f"grid-{number}"), "--specimen", _SPECIMENS[name], *words
            ),
            log=trial.folder / f"{name}.log",
            environment=environment,
            again=False,
            ends=signal.SIGINT,
        )


def _explain(trial: TrialFacility, address: str, *, demo: bool) -> None:
    """What there is, and what to do next."""
    folder = shlex.quote(str(trial.folder))
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in trial.environment.items())
    lines = [
        "",
        f"open {address} in a browser",
        "  begin a session:  Begin for a booking",
        "  all of it:        Facility",
        "or in another terminal:",
        f"  export {given}",
        f"  {called()} session new krios1 --yes",
        f"  {called()} facility status",
        f"what writes movies into {folder}/microscopes/krios1 is the microscope"
        + (": simulated ones do, and both are booked now" if demo else
           f"; {called()} facility up {folder} --demo has some written"),
        f"bookings are in bookings.csv, projects in projects.csv, all else in {trial.file.name}",
        "Ctrl-C ends the web application and the duties; sessions go on",
        "",
    ]  # fmt: skip
    print("\n".join(lines), flush=True)


def _say_goodbye(trial: TrialFacility, environment: Mapping[str, str], *, end: bool) -> None:
    done = _asked(environment, "session", "list", "--state", "running", "--json")
    try:
        names = [one["name"] for one in json.loads(done.stdout)]
    except ValueError:
        names = []
    print(f"the web application and the duties of {trial.folder} have ended")
    for name in names:
        if end:
            said = _asked(environment, "session", "end", name, "--why", "icestream facility up")
            print((said.stdout or said.stderr).strip())
        else:
            print(f"session {printable(name)} goes on: {called()} session end {printable(name)}")
    again = shlex.join([called(), "facility", "up", str(trial.folder)])
    print(f"go on with: {again}")
