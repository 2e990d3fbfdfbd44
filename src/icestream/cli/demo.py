"""`icestream demo`: a simulated microscope, and a session that processes what it writes."""

import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.beside import served_beside
from icestream.cli.report import NOWHERE
from icestream.cli.running import INTERRUPTED, Here, run_here
from icestream.cli.step_options import StepOptions
from icestream.cli.terminal import called
from icestream.engine.graph.workflow import load_workflow
from icestream.protocol import Registry

__all__ = ["demo"]

MARKER = ".icestream-demo"
"""Says that a folder was made by a demo, and may be replaced by the next one."""


class NotADemo(FileExistsError):
    """The folder holds something that is not an earlier demo."""


def demo(
    out: Path = Path("demo-session"),
    *,
    movies: int = 20,
    rate: float = 900.0,
    keep: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Process a simulated session while it is written, and show it in the web application.

    Parameters
    ----------
    out
        Folder for the microscope's files and the session; an earlier demo in it is replaced.
    movies
        Movies that the microscope writes (1024 x 1024 pixels, 24 frames, LZW TIFF).
    rate
        Movies an hour.
    keep
        Go on showing it when it has been processed, until Ctrl-C.
    """
    out = out.absolute()
    _make_room(out)
    with served_beside(out, out / "server.log") as address:
        print(f"watch it in a browser: {address}", flush=True)
        code = _process(out, movies, rate)
        shown = shlex.join([called(), "serve", str(out)])
        if keep and code != INTERRUPTED:
            print(f"\nit stays at {address} until Ctrl-C", flush=True)
            _until_interrupted()
        print(f"look at it again: {shown}")
    return code


def _process(out: Path, movies: int, rate: float) -> int:
    """Run the session while the microscope writes; the exit status."""
    microscope, session = out / "microscope", out / "session"
    print(f"a simulated microscope writes {movies} movies into {microscope}", flush=True)
    workflow = StepOptions(load_workflow("default"), Registry()).changed(
        {}, pattern=str(microscope)
    )
    source = workflow.steps[0].name
    workflow = workflow.changed(source, {"watch": True, "idle_timeout": max(20.0, 4 * 3600 / rate)})
    with _microscope(microscope, movies, rate, out / "microscope.log"):
        code = run_here(workflow, session, Here(alerts=False, publish=NOWHERE), counted=False)
    words = shlex.join(["export", "relion", str(session), str(out / "relion")])
    print(f"\ntake it to RELION: {called()} {words}")
    return code


def _until_interrupted() -> None:
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


def _make_room(out: Path) -> None:
    """Remove an earlier demo."""
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).exists():
            raise NotADemo(f"{out} is not empty and was not made by a demo; name another folder")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).touch()


@contextmanager
def _microscope(folder: Path, movies: int, rate: float, log: Path) -> Iterator[None]:
    """Let the simulated microscope write while a block runs; it is switched off afterwards."""
    command = [sys.executable, "-P", "-m", "icestream", "simulate", str(folder)]
    options = ["--movies", str(movies), "--rate", str(rate)]
    folder.mkdir()
    with log.open("wb") as output:
        # A session of its own: Ctrl-C is for the coordinator, which still has to drain.
        process = subprocess.Popen(
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        # On a busy machine its first movie takes longer than a session waits for the next one.
        while process.poll() is None and not any(folder.rglob("*_Fractions.tiff")):
            time.sleep(0.1)
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
