"""Debian's MariaDB in a folder of its own, with the tables of an ISPyB, for the tests that need it.

The tables are made as the package `ispyb` describes them: those of electron microscopy and their
parents, without what refers to the other two hundred.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, Table, create_engine, insert, text

TABLES = (
    "Person", "Proposal", "BLSession", "ExperimentType", "DataCollectionGroup", "DataCollection",
    "ProcessingJob", "ProcessingJobParameter", "AutoProcProgram", "Movie", "MotionCorrection",
    "CTF", "ParticlePicker",
    "ParticleClassificationGroup", "ParticleClassification", "CryoemInitialModel",
    "ParticleClassification_has_CryoemInitialModel",
)  # fmt: skip
VISIT = "cm31111-5"
QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
    if found is None:
        reason = "MariaDB is not installed (Debian: apt-get install mariadb-server)"
        if os.environ.get("ICESTREAM_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass
class Server:
    """A server on loopback, which can be killed and started again."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def url(self, database: str = "") -> str:
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{database}"

    def engine(self, database: str = "") -> Engine:
        return create_engine(self.url(database))

    def start(self) -> None:
        user = ["--user=mysql"] if os.getuid() == 0 else []
        data = self.folder / "data"
        self.process = subprocess.Popen(
            [_program("mariadbd"), "--no-defaults", *user, f"--datadir={data}",
             f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.folder / 's'}",
             f"--pid-file={self.folder / 'pid'}", "--skip-name-resolve", "--skip-log-bin",
             "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=32M",
             "--innodb-flush-method=nosync", "--performance-schema=OFF"],
            **QUIET,
        )  # fmt: skip
        engine = self.engine()
        for _ in range(1200):
            with contextlib.suppress(Exception), engine.connect():
                break
            assert self.process.poll() is None, "mariadbd ended at once"
            time.sleep(0.05)
        engine.dispose()

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def make_ispyb(self, database: str) -> Engine:
        """A database with the tables of an ISPyB, a proposal and a visit."""
        with self.engine().begin() as connection:
            connection.execute(text(f"CREATE DATABASE {database} CHARACTER SET latin1"))
        engine = self.engine(database)
        metadata = ispyb_tables()
        metadata.create_all(engine)
        t = metadata.tables
        with engine.begin() as connection:
            connection.execute(insert(t["Person"]).values(personId=1, login="ann"))
            connection.execute(
                insert(t["Proposal"]).values(
                    proposalId=1, personId=1, proposalCode="cm", proposalNumber="31111"
                )
            )
            connection.execute(
                insert(t["BLSession"]).values(
                    sessionId=7, proposalId=1, visit_number=5, beamLineName="m12"
                )
            )
            connection.execute(
                insert(t["ExperimentType"]).values(
                    experimentTypeId=37, name="Single Particle", proposalType="em"
                )
            )
        return engine


def ispyb_tables() -> MetaData:
    """The tables, with references to each other and to no other."""
    from ispyb.sqlalchemy import Base  # slow, and only here

    made = MetaData()
    for name in TABLES:
        known = Base.metadata.tables[name]
        columns = [column._copy() for column in known.columns]
        Table(name, made, *columns, mysql_engine="InnoDB", mysql_default_charset="latin1")
    for name in TABLES:
        for reference in Base.metadata.tables[name].foreign_key_constraints:
            if reference.referred_table.name in TABLES:
                made.tables[name].append_constraint(reference._copy())
    return made


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Start MariaDB in a temporary folder, in memory where there is room."""
    install = _program("mariadb-install-db")
    where = "/dev/shm" if shutil.disk_usage("/dev/shm").free > 5e8 else None
    folder = Path(tempfile.mkdtemp(prefix="icestream-mariadb-", dir=where))
    if os.getuid() == 0:
        shutil.chown(folder, "mysql")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Server(folder, port)
    try:
        user = ["--user=mysql"] if os.getuid() == 0 else []
        subprocess.run(
            [install, "--no-defaults", *user, f"--datadir={folder / 'data'}",
             "--auth-root-authentication-method=normal", "--skip-test-db",
             "--innodb-log-file-size=8M"],
            check=True, **QUIET,
        )  # fmt: skip
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
