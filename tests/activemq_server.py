"""Debian's ActiveMQ in a folder of its own, with STOMP, for the tests that need a real broker."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from real_broker import RealBroker, wait_for_port, without
from served import free_port

HOME = Path("/usr/share/activemq")

_CONFIGURATION = """<beans xmlns="http://www.springframework.org/schema/beans"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.springframework.org/schema/beans
 http://www.springframework.org/schema/beans/spring-beans.xsd
 http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
 <broker xmlns="http://activemq.apache.org/schema/core" brokerName="icestream" useJmx="false"
   dataDirectory="{folder}/data" schedulePeriodForDestinationPurge="0">
  <persistenceAdapter><kahaDB directory="{folder}/data/kahadb" journalMaxFileLength="4mb"/>
  </persistenceAdapter>
  <systemUsage><systemUsage>
   <memoryUsage><memoryUsage limit="32 mb"/></memoryUsage>
   <storeUsage><storeUsage limit="64 mb"/></storeUsage>
   <tempUsage><tempUsage limit="64 mb"/></tempUsage>
  </systemUsage></systemUsage>
  <plugins><simpleAuthenticationPlugin><users>
   <authenticationUser username="{user}" password="{password}" groups="users,admins"/>
  </users></simpleAuthenticationPlugin></plugins>
  <transportConnectors>
   <transportConnector name="stomp" uri="stomp://127.0.0.1:{port}"/>
  </transportConnectors>
 </broker>
</beans>
"""


@dataclass
class ActiveMq(RealBroker):
    """A server that runs, and can be killed and started again."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    kind: str = "activemq"
    user: str = "icestream"
    password: str = "of-the-tests-alone"

    def start(self) -> None:
        command = [
            "java", "-Xms32m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            f"-Dactivemq.home={HOME}", f"-Dactivemq.base={HOME}", f"-Dactivemq.conf={self.folder}",
            f"-Dactivemq.data={self.folder}/data", f"-Djava.io.tmpdir={self.folder}",
            "-jar", str(HOME / "bin" / "activemq.jar"),
            "start", f"xbean:file:{self.folder}/activemq.xml",
        ]  # fmt: skip
        with (self.folder / "out.log").open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        wait_for_port(self.port, self.process, self.folder / "out.log")

    def kill(self) -> None:
        """As a power cut would: without a word."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def activemq_server() -> Iterator[ActiveMq]:
    """Start ActiveMQ on loopback; skips where it is not installed."""
    if shutil.which("java") is None or not (HOME / "bin" / "activemq.jar").exists():
        without("activemq")
    folder = Path(tempfile.mkdtemp(prefix="icestream-amq-"))
    made = ActiveMq(folder, free_port())
    (folder / "activemq.xml").write_text(
        _CONFIGURATION.format(folder=folder, port=made.port, user=made.user, password=made.password)
    )
    (folder / "log4j.properties").write_text("log4j.rootLogger=WARN\n")
    try:
        made.start()
        yield made
    finally:
        if made.process is not None:
            made.kill()
        shutil.rmtree(folder, ignore_errors=True)
