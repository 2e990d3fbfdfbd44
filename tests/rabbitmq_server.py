"""Debian's RabbitMQ in a folder of its own, with STOMP, for the tests that need a real broker."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from real_broker import RealBroker, wait_for_port, without
from served import free_port

USER, PASSWORD = "icestream", "of the tests alone"


def _program() -> Path | None:
    """The server itself: Debian's own command runs it as another user, in places of its own."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    return found[-1] if found else None


@dataclass
class RabbitMq(RealBroker):
    """A server that runs, and can be killed and started again."""

    folder: Path
    program: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    kind: str = "rabbitmq"
    user: str = USER
    password: str = PASSWORD

    def start(self) -> None:
        with (self.folder / "out.log").open("ab") as out:
            self.process = subprocess.Popen(
                [self.program], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        wait_for_port(self.port, self.process, self.folder / "out.log")

    def kill(self) -> None:
        """As a power cut would: the whole group, without a word."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        time.sleep(0.2)  # epmd forgets the name of a node whose connection is gone


@contextlib.contextmanager
def rabbitmq_server() -> Iterator[RabbitMq]:
    """Start RabbitMQ on loopback; skips where it is not installed."""
    program = _program()
    if program is None:
        without("rabbitmq-server")
    folder = Path(tempfile.mkdtemp(prefix="icestream-mq-"))
    stomp, amqp, dist, names = (free_port() for _ in range(4))
    (folder / "rabbitmq.conf").write_text(
        f"""listeners.tcp.1 = 127.0.0.1:{amqp}
stomp.listeners.tcp.1 = 127.0.0.1:{stomp}
default_user = {USER}
default_pass = {PASSWORD}
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 10MB
"""
    )
    (folder / "plugins").write_text("[rabbitmq_stomp].\n")
    (folder / "env.conf").write_text("")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_NODENAME": f"icestream{stomp}@localhost",
        "RABBITMQ_DIST_PORT": str(dist),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
    }
    made = RabbitMq(folder, program, stomp, environment)
    made.amqp = amqp
    try:
        made.start()
        yield made
    finally:
        if made.process is not None:
            made.kill()
        subprocess.run(
            ["epmd", "-port", str(names), "-kill"], env=environment, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
