"""Debian's PostgreSQL in a folder of its own, for the tests that need one."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _binaries() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start PostgreSQL on a socket in a temporary folder; gives its URL."""
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
    control = [*become, str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w"]
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    try:
        subprocess.run(
            [*become, str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "icestream",
             "-A", "trust", "--no-sync"],
            check=True, **quiet,
        )  # fmt: skip
        subprocess.run([*control, "-o", settings, "start"], check=True, **quiet)
        yield f"postgresql+psycopg://icestream@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, **quiet)
        shutil.rmtree(folder, ignore_errors=True)
