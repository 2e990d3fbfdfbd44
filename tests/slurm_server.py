"""Debian's Slurm on this machine, for the tests that submit jobs to a real one."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from post_office import free_port

_PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel")
QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}


@dataclass(frozen=True)
class Slurm:
    """A Slurm that runs: one host that stands for several nodes, with GPUs that are none."""

    folder: Path
    environment: dict[str, str]

    def ask(self, *words: str) -> str:
        """What one of its commands says."""
        done = subprocess.run(
            words, env={**os.environ, **self.environment}, cwd="/", capture_output=True,
            text=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout

    def jobs(self, state: str = "") -> list[str]:
        """Numbers of the jobs that wait or run."""
        chosen = ["--states", state] if state else []
        return self.ask("squeue", "--noheader", "--format", "%i", *chosen).split()


def _missing() -> str:
    absent = [name for name in _PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)}: not installed (Debian: apt-get install slurm-wlm munge)"
    return "" if os.getuid() == 0 else "only root can start Slurm's daemons as they have to be"


@contextlib.contextmanager
def slurm(nodes: int = 3, cores: int = 2, gpus: int = 2) -> Iterator[Slurm]:
    """Start munge and Slurm with so many nodes of so many cores, all on this machine."""
    if reason := _missing():
        if os.environ.get("ICESTREAM_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="slurm", dir="/tmp"))
    folder.chmod(0o755)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        _munge(folder, processes)
        names = [f"n{number}" for number in range(1, nodes + 1)]
        conf = _configure(folder, names, cores, gpus)
        environment = {"SLURM_CONF": str(conf)}
        given = {**os.environ, **environment}
        processes.append(subprocess.Popen(["slurmctld", "-D", "-f", str(conf)], env=given, **QUIET))
        for name in names:
            words = ["slurmd", "-D", "-N", name, "-f", str(conf)]
            processes.append(subprocess.Popen(words, env=given, **QUIET))
        made = Slurm(folder, environment)
        _wait_until_idle(made, nodes, folder)
        yield made
        with contextlib.suppress(subprocess.SubprocessError):
            made.ask("scancel", "--signal=KILL", "--user", "root")
            made.ask("scancel", "--user", "root")
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _munge(folder: Path, processes: list["subprocess.Popen[bytes]"]) -> None:
    """Start munge with a key and a socket of its own."""
    home = folder / "munge"
    home.mkdir(mode=0o755)
    key = home / "key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    shutil.chown(key, "munge", "munge")
    shutil.chown(home, "munge", "munge")
    words = [
        "runuser", "-u", "munge", "--", "munged", "--foreground", "--force",
        f"--key-file={key}", f"--socket={home}/socket", f"--pid-file={home}/pid",
        f"--log-file={home}/log", f"--seed-file={home}/seed",
    ]  # fmt: skip
    processes.append(subprocess.Popen(words, **QUIET))
    _wait((home / "socket").exists, "munge has not started", home / "log")


def _configure(folder: Path, names: list[str], cores: int, gpus: int) -> Path:
    for name in ("state", "spool", "log"):
        (folder / name).mkdir()
    for number in range(gpus):
        os.mknod(folder / f"gpu{number}", 0o20666, os.makedev(1, 3))
    host = socket.gethostname()
    listed = "\n".join(
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={free_port()} "
        f"CPUs={cores} RealMemory=4000 State=UNKNOWN" + (f" Gres=gpu:{gpus}" if gpus else "")
        for name in names
    )
    conf = folder / "slurm.conf"
    conf.write_text(
        f"""
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/ctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
KillWait=2
MinJobAge=60
ReturnToService=2
MpiDefault=none
GresTypes=gpu
{listed}
PartitionName=all Nodes={",".join(names)} Default=YES MaxTime=INFINITE State=UP
PartitionName=fast Nodes={names[0]} MaxTime=INFINITE State=UP
"""
    )
    if gpus:
        (folder / "gres.conf").write_text(
            f"NodeName={','.join(names)} Name=gpu File={folder}/gpu[0-{gpus - 1}]\n"
        )
    return conf


def _wait_until_idle(made: Slurm, nodes: int, folder: Path) -> None:
    def idle() -> bool:
        try:
            said = made.ask("sinfo", "--noheader", "--Node", "--partition", "all", "--format", "%T")
        except subprocess.SubprocessError:
            return False
        return said.split() == ["idle"] * nodes

    _wait(idle, "Slurm has not started", folder / "log" / "ctld.log")


def _wait(what: Any, otherwise: str, log: Path) -> None:
    until = time.monotonic() + 60
    while not what():
        if time.monotonic() > until:
            said = log.read_text()[-2000:] if log.exists() else "there is no log"
            pytest.fail(f"{otherwise}: {said}")
        time.sleep(0.1)
