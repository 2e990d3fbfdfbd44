"""What the real brokers of the tests have in common."""

import socket
import subprocess
import time
from pathlib import Path
from typing import NoReturn

import pytest

from icestream.facility.messages.kinds import BrokerSection


class RealBroker:
    """A broker that runs, and can be killed and started again."""

    kind: str
    port: int
    user: str
    password: str
    amqp: int = 0
    """Port of AMQP, where it is spoken."""

    def start(self) -> None:
        raise NotImplementedError

    def kill(self) -> None:
        raise NotImplementedError

    def section(self, **more: object) -> BrokerSection:
        """The broker as a facility file has it."""
        return BrokerSection.model_validate(
            {
                "kind": self.kind,
                "servers": f"127.0.0.1:{self.port}",
                "user": self.user,
                "password": self.password,
                **more,
            }
        )


def without(package: str) -> NoReturn:
    """Skip; where everything is required that is a failure."""
    pytest.skip(f"{package} is not installed (Debian: apt-get install {package})")


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until a server listens."""
    for _ in range(1800):  # it takes eight seconds, and minutes where the machine is busy
        if process.poll() is not None:
            raise AssertionError(f"the broker has not started: {log.read_text()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the broker does not answer: {log.read_text()[-2000:]}")
