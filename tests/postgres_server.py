"""Debian's PostgreSQL in a folder of its own, for the tests that need one."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


def _binaries() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@dataclass(frozen=True)
class Server:
    """A server that runs, and can be stopped and started."""

    url: str
    control: tuple[str, ...]
    settings: str

    def start(self) -> None:
        subprocess.run([*self.control, "-o", self.settings, "start"], check=True, **QUIET)

    def stop(self) -> None:
        subprocess.run([*self.control, "-m", "immediate", "stop"], check=False, **QUIET)


QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start PostgreSQL on a socket in a temporary folder; gives its URL."""
    with stoppable_server() as made:
        yield made.url


@contextlib.contextmanager
def stoppable_server() -> Iterator[Server]:
    """Start PostgreSQL for a test that stops it meanwhile."""
    binaries = _binaries()
    if binaries is None:
        reason = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("ICESTREAM_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    # It refuses to run as root, so root runs it as the user that Debian made for it.
    become = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="icestream-pg-"))
    if become:
        shutil.chown(folder, "postgres")
    made = Server(
        f"postgresql+psycopg://icestream@/postgres?host={folder}",
        (*become, str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w"),
        f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off",
    )
    try:
        subprocess.run(
            [*become, str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "icestream",
             "-A", "trust", "--no-sync"],
            check=True, **QUIET,
        )  # fmt: skip
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
