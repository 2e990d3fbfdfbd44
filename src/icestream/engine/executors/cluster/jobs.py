"""Starting one node and ending it: a process here, one by SSH, or a job of a queuing system."""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from icestream.engine.executors.cluster.kinds import (
    DaskCluster,
    NodeKind,
    QueueCluster,
    SshCluster,
)
from icestream.engine.executors.cluster.scripts import JobScript, NoScript, job_script

__all__ = ["CannotStart", "Door", "NodeStarter", "ProcessStarter", "QueueStarter", "starter_of"]

_PATIENCE = 60.0
"""Seconds for a command of a queuing system."""
_ALONE = "120s"
"""How long a node looks for its scheduler, and is there without one."""


class CannotStart(RuntimeError):
    """A node cannot be started now; the message says why, in the words of who was asked."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where nodes come in."""

    address: str
    """Of the scheduler."""
    words: tuple[str, ...] = ()
    """Options of a node that knows it by certificates."""


class NodeStarter(Protocol):
    """Starts and ends nodes."""

    def start(self, name: str, kind: NodeKind, door: Door) -> str:
        """Have a node started, which may come much later; returns how it is called.

        Raises
        ------
        CannotStart
            If it will not come.
        """

    def stop(self, called: str) -> None:
        """End a node, or take it out of the queue; does nothing to one that has ended.

        Raises
        ------
        CannotStart
            If it cannot be said to whoever has it.
        """

    def look(self, called: str) -> tuple[bool, str]:
        """Whether a node is there or will come, and what is said of it.

        Raises
        ------
        CannotStart
            If that cannot be known now.
        """

    def close(self) -> None:
        """Have done: every node was ended, and none will be started."""


def starter_of(cluster: DaskCluster | SshCluster | QueueCluster, log: Path) -> NodeStarter | None:
    """What starts the nodes of a cluster; None where they join by themselves.

    Parameters
    ----------
    log
        Folder for what nodes write, on a disk that they see.
    """
    if isinstance(cluster, QueueCluster):
        return QueueStarter(cluster, log)
    if isinstance(cluster, SshCluster):
        return ProcessStarter(log, cluster.python, hosts=cluster.hosts)
    return ProcessStarter(log, cluster.python) if not cluster.address else None


def node_command(python: str, name: str, kind: NodeKind, door: Door) -> list[str]:
    """The words that make a process a node."""
    return [
        python, "-m", "distributed.cli.dask_worker", door.address,
        "--name", name,
        "--nthreads", str(kind.cores),
        "--memory-limit", "0",  # what leases need is counted before they are sent
        "--no-nanny",
        "--no-dashboard",
        "--death-timeout", _ALONE,
        *door.words,
    ]  # fmt: skip


class ProcessStarter:
    """Nodes as processes: of this machine, or of hosts by SSH, each with one.

    One that was started here ends with this process, whatever ends that.
    """

    def __init__(self, log: Path, python: str, *, hosts: Sequence[str] = ()) -> None:
        self._log = log
        self._python = python
        self._hosts = hosts
        self._each: dict[str, tuple[subprocess.Popen[bytes], str]] = {}
        # All by one thread, which lives as long as this: the kernel ends them when it ends.
        self._forking = ThreadPoolExecutor(1, thread_name_prefix="nodes")

    def start(self, name: str, kind: NodeKind, door: Door) -> str:
        """Start the process."""
        words = node_command(self._python, name, kind, door)
        host = ""
        if self._hosts:
            busy = {host for process, host in self._each.values() if process.poll() is None}
            host = next((one for one in self._hosts if one not in busy), "")
            if not host:
                raise CannotStart("there is a node on each host")
            remote = " && ".join(["cd /", *_path(), f"exec {shlex.join(words)}"])
            # A terminal of its own, so that the node ends when the connection does.
            words = ["ssh", "-tt", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=15", host]
            words.append(remote)
        self._log.mkdir(parents=True, exist_ok=True)
        try:
            log = self._log / f"{name}.log"
            process = self._forking.submit(lambda: _popen(words, log)).result()
        except OSError as error:
            raise CannotStart(f"{words[0]}: {error.strerror or error}") from error
        self._each[name] = process, host
        return name

    def stop(self, called: str) -> None:
        """Kill it, with all that it started."""
        process, _ = self._each.pop(called, (None, ""))
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM if self._hosts else signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10.0)

    def close(self) -> None:
        """End the thread that has started them."""
        self._forking.shutdown()

    def look(self, called: str) -> tuple[bool, str]:
        """Whether its process is there; the end of its log when it is not."""
        process, host = self._each.get(called, (None, ""))
        if process is None:
            return False, "it was ended"
        status = process.poll()
        if status is None:
            return True, host
        with contextlib.suppress(OSError):
            lines = (self._log / f"{called}.log").read_text(errors="replace").strip().splitlines()
            last = lines[-1][-300:] if lines else "it said nothing"
            return False, f"exit status {status}: {last}"
        return False, f"exit status {status}"


def _popen(words: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    code = (
        "import ctypes, os, signal, sys\n"
        "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
        "os.getppid() == int(sys.argv[1]) or sys.exit(0)\n"
        "os.execvp(sys.argv[2], sys.argv[2:])"
    )
    with log.open("ab") as written:
        return subprocess.Popen(
            [sys.executable, "-I", "-c", code, str(os.getpid()), *words],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for the coordinator alone
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )


@dataclass(frozen=True, slots=True)
class _System:
    """A queuing system: how it is asked of a job, and for what nodes need."""

    ask: tuple[str, ...]
    """Words that ask of the job ``JOB``."""
    over: str
    """A regular expression that is found in what is said of a job that has ended."""
    unknown: str
    """A regular expression that is found in the refusal to speak of one that is long gone."""
    gpus: str = ""
    """A directive that asks for GPUs."""


_SYSTEMS = {
    "slurm": _System(
        ("squeue", "--noheader", "--format", "%T %r", "--jobs", "JOB"),
        over="^(BOOT_FAIL|CANCELLED|COMPLET|DEADLINE|FAILED|NODE_FAIL|OUT_OF_ME|PREEMPTED|TIMEOUT)",
        unknown="Invalid job id",
        gpus="--gres=gpu:{gpus}",
    ),
    "pbs": _System(("qstat", "JOB"), over=r" [CF] \S+\s*$", unknown="Unknown Job|has finished"),
    "sge": _System(("qstat", "-j", "JOB"), over="$^", unknown="do not exist"),
    "lsf": _System(
        ("bjobs", "-noheader", "-o", "stat", "JOB"), over="^(DONE|EXIT)", unknown="is not found"
    ),
    "htcondor": _System(("condor_q", "JOB", "-af", "JobStatus"), over="^[34]", unknown="$^"),
}


class QueueStarter:
    """Nodes as jobs: the script is dask-jobqueue's, and so are the commands."""

    def __init__(self, cluster: QueueCluster, log: Path) -> None:
        self._cluster = cluster
        self._system = _SYSTEMS[cluster.kind]
        self._log = log
        self._scripts: dict[tuple[NodeKind, Door], JobScript] = {}

    def start(self, name: str, kind: NodeKind, door: Door) -> str:
        """Submit the job; its number."""
        job = self._script(kind, door)
        with tempfile.NamedTemporaryFile("w", suffix=".sh", prefix=f"{name}.") as script:
            script.write(job.named(name))
            script.flush()
            submit = shlex.split(job.submit)
            # Some take the script as a file, and one reads it from its standard input.
            if self._cluster.kind == "lsf":
                said = _ask([*submit], script=Path(script.name))
            else:
                said = _ask([*submit, script.name])
        found = re.search(job.number, said)
        if found is None:
            raise CannotStart(f"{submit[0]} gave no number of a job: {said.strip()[-300:]}")
        return found["job_id"]

    def stop(self, called: str) -> None:
        """Cancel the job."""
        words = shlex.split(next(iter(self._scripts.values())).cancel)
        try:
            _ask([*words, called])
        except _Refused:
            if self.look(called)[0]:
                raise

    def look(self, called: str) -> tuple[bool, str]:
        """Whether the job waits or runs, and what the queuing system says of it."""
        try:
            words = [called if word == "JOB" else word for word in self._system.ask]
            said = _ask(words).strip()
        except _Refused as error:
            if re.search(self._system.unknown, str(error)) is None:
                raise
            return False, "the job is gone"
        last = said.splitlines()[-1].strip() if said else "the job is gone"
        return bool(said) and re.search(self._system.over, last) is None, last

    def close(self) -> None:
        """Do nothing: jobs are whose queuing system they are in."""

    def _script(self, kind: NodeKind, door: Door) -> JobScript:
        if (kind, door) not in self._scripts:
            self._log.mkdir(parents=True, exist_ok=True)
            try:
                made = job_script(self._cluster.kind, self._arguments(kind, door))
            except NoScript as error:
                raise CannotStart(str(error)) from error
            self._scripts[kind, door] = made
        return self._scripts[kind, door]

    def _arguments(self, kind: NodeKind, door: Door) -> dict[str, Any]:
        """What dask-jobqueue is told of a kind of nodes."""
        directives = list(kind.directives)
        if kind.gpus and self._system.gpus:
            directives.append(self._system.gpus.format(gpus=kind.gpus))
        given: dict[str, Any] = {
            "scheduler": door.address,
            "cores": kind.cores,
            "processes": 1,
            "memory": f"{int(kind.memory)}B",
            "nanny": False,
            "python": self._cluster.python,
            "death_timeout": _ALONE,
            "worker_extra_args": ["--no-dashboard", *door.words],
            "job_extra_directives": directives,
            "job_script_prologue": [*_path(), *kind.prologue],
            "log_directory": str(self._log),
        }
        if kind.hosts > 1:  # of Slurm alone: programs start their parts on all hosts by MPI
            each = kind.cores // kind.hosts
            given["job_directives_skip"] = ["-n 1", "--cpus-per-task", "--mem"]
            directives += [
                f"--nodes={kind.hosts}",
                f"--ntasks-per-node={each}",
                f"--mem={int(kind.memory) // kind.hosts // 2**20}M",
            ]
        if self._cluster.kind == "htcondor":  # it has no queues, and its directives are a mapping
            pairs = (line.partition("=") for line in directives)
            given["job_extra_directives"] = {
                name.strip(): value.strip() for name, _, value in pairs
            }
            return {**given, "disk": "1GB"}
        pays = "account" if self._cluster.kind in ("slurm", "pbs") else "project"
        return {
            **given,
            "queue": kind.queue,
            "walltime": kind.walltime,
            pays: self._cluster.account,
        }


def _path() -> list[str]:
    """A line of a shell that lets Python find what was put on this process's path."""
    given = os.environ.get("PYTHONPATH")
    return [f"export PYTHONPATH={shlex.quote(given)}"] if given else []


class _Refused(CannotStart):
    """A command said no."""


def _ask(words: Sequence[str], script: Path | None = None) -> str:
    """What a command of the queuing system says."""
    try:
        with contextlib.ExitStack() as stack:
            given = stack.enter_context(script.open("rb")) if script else subprocess.DEVNULL
            done = subprocess.run(
                words, stdin=given, capture_output=True, timeout=_PATIENCE, check=False
            )
    except FileNotFoundError:
        raise CannotStart(
            f"{words[0]} is not there: is this a machine from which jobs can be submitted?"
        ) from None
    except OSError as error:
        raise CannotStart(f"{words[0]}: {error.strerror or error}") from error
    except subprocess.TimeoutExpired:
        raise CannotStart(f"{words[0]} has not answered for {_PATIENCE:.0f} s") from None
    said = done.stdout.decode(errors="replace")
    if done.returncode:
        why = (done.stderr.decode(errors="replace").strip() or said.strip())[-300:]
        raise _Refused(f"{words[0]}: {why or f'exit status {done.returncode}'}")
    return said
