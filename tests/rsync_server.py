"""A real daemon of rsync, and a real sshd, on loopback."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


def _missing(program: str, package: str) -> None:
    reason = f"{program} is not installed (Debian: apt-get install {package})"
    if os.environ.get("ICESTREAM_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, "it has ended"
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


@contextlib.contextmanager
def rsync_daemon(config: Path, text: str) -> Iterator[int]:
    """A daemon of rsync with this configuration; gives its port."""
    if shutil.which("rsync") is None:
        _missing("rsync", "rsync")
    port = free_port()
    config.write_text(f"log file = {config}.log\n{text}")
    command = ["rsync", "--daemon", "--no-detach", "--address=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen([*command, f"--config={config}"], stdin=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Sshd:
    """An sshd that takes one key, and how to get to it."""

    port: int
    key: Path
    keys: Path
    """Its ``authorized_keys``."""
    known_hosts: Path

    @property
    def options(self) -> list[str]:
        return [
            *("-o", f"UserKnownHostsFile={self.known_hosts}", "-o", "BatchMode=yes"),
            *("-o", "StrictHostKeyChecking=no", "-o", "IdentitiesOnly=yes", "-i", str(self.key)),
            *("-o", "LogLevel=ERROR"),
        ]

    @property
    def shell(self) -> str:
        """For rsync."""
        return " ".join(["ssh", "-p", str(self.port), *self.options])


@contextlib.contextmanager
def sshd(folder: Path, more: str = "", users: str = "") -> Iterator[Sshd]:
    """An sshd on loopback, with `more` in its configuration."""
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    if not Path(program).exists():
        _missing("sshd", "openssh-server")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    folder.mkdir(parents=True)
    for name in ("host", "id"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(make, check=True, stdin=subprocess.DEVNULL)
    keys = folder / "authorized_keys"
    shutil.copy(folder / "id.pub", keys)
    port = free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nPidFile none\n"
        f"AuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
        f"PasswordAuthentication no\nAllowUsers {users or getpass.getuser()}\n"
        f"Subsystem sftp internal-sftp\n{more}"
    )
    process = subprocess.Popen(
        [program, "-D", "-E", str(folder / "log"), "-f", str(config)], stdin=subprocess.DEVNULL
    )
    try:
        _await(port, process)
        yield Sshd(port, folder / "id", keys, folder / "known_hosts")
    finally:
        process.terminate()
        process.wait()
