"""Schedulers and workers of Dask as processes, and what sessions on clusters say, for tests."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, select

from icestream.store import tables as t
from post_office import free_port
from toy_session import Session, wait_for


@dataclass
class Dask:
    """A scheduler of Dask and its workers, each a process that can be killed."""

    folder: Path
    host: str = "127.0.0.1"
    tls: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    scheduler: "subprocess.Popen[bytes] | None" = None
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{'tls' if self.tls else 'tcp'}://{self.host}:{self.port}"

    def start(self) -> None:
        words = ["scheduler", "--host", self.address.rpartition(":")[0], "--port", str(self.port)]
        self.scheduler = self._run(*words, "--no-dashboard", *self.tls)

    def work(self, name: str, *before: str, threads: int = 2) -> "subprocess.Popen[bytes]":
        words = ["worker", self.address, "--name", name, "--nthreads", str(threads)]
        more = ["--no-nanny", "--no-dashboard", "--death-timeout", "120s"]
        made = self._run(*words, *more, *self.tls, before=before)
        self.workers.append(made)
        return made

    def _run(self, what: str, *words: str, before: tuple[str, ...] = ()) -> Any:
        path = os.pathsep.join(filter(None, sys.path))
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                [*before, sys.executable, "-m", f"distributed.cli.dask_{what}", *words],
                stdout=log,
                stderr=log,
                cwd="/",
                env={
                    **os.environ,
                    "PYTHONPATH": path,
                    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "6s",
                },
            )

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process is not None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    psutil.Process(process.pid).resume()
                process.kill()
                process.wait()


def numbers(many: int, seconds: float, **more: Any) -> tuple[Any, ...]:
    """A workflow that adds to so many numbers, each for a while."""
    log = more.pop("log", None)
    return (
        ("src", "toy.count", {"count": many, **more}, {}),
        ("add", "toy.add", {"seconds": seconds, "write": True, "log": log}, {"number": "src"}),
    )


def is_whole(session: Session, many: int) -> bool:
    """Whether each number has its one result."""
    return session.values("add") == {f"e{n:06d}": n + 1.0 for n in range(many)}


def wait_until(what: Callable[[], Any]) -> Any:
    """Wait for what takes a cluster seconds: asking often would hold it up."""
    return wait_for(what, 120.0, every=0.2)


def some_done(session: Session, least: int = 2) -> None:
    wait_for(lambda: len(session.values("add")) >= least, 120.0, every=0.1)


def attempts(session: Session) -> int:
    """The most that any task had."""
    with session.store().read() as connection:
        return int(connection.execute(select(func.max(t.task.c.attempt))).scalar_one())


def alerts(session: Session) -> list[str]:
    """What people were told, by any alert of the engine's."""
    with session.store().read() as connection:
        return [row.message for row in connection.execute(select(t.alert.c.message))]


def hosts(session: Session) -> set[str]:
    """Where results were made."""
    with session.store().read() as connection:
        return {row.host for row in connection.execute(select(t.result.c.host))}


def ended(*processes: psutil.Process) -> bool:
    """Whether none of them is there any more."""
    return not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
