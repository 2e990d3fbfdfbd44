"""Starting one node: processes, hosts by SSH, and jobs of queuing systems that are stand-ins."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from icestream.engine.executors.cluster import jobs as module
from icestream.engine.executors.cluster.jobs import (
    CannotStart,
    Door,
    ProcessStarter,
    QueueStarter,
    starter_of,
)
from icestream.engine.executors.cluster.kinds import (
    DaskCluster,
    NodeKind,
    QueueCluster,
    SshCluster,
)
from icestream.engine.executors.cluster.scripts import JobScript, NoScript
from toy_session import wait_for

DOOR = Door("tls://head:8786", ("--tls-key", "/shared/key.pem"))
SUBMIT = {
    "slurm": "sbatch",
    "pbs": "qsub",
    "sge": "qsub",
    "lsf": "bsub",
    "htcondor": "condor_submit",
}
CANCEL = {"slurm": "scancel", "pbs": "qdel", "sge": "qdel", "lsf": "bkill", "htcondor": "condor_rm"}
ASK = {"slurm": "squeue", "pbs": "qstat", "sge": "qstat", "lsf": "bjobs", "htcondor": "condor_q"}
ASKED = {
    "slurm": "--noheader --format %T %r --jobs 17",
    "pbs": "17",
    "sge": "-j 17",
    "lsf": "-noheader -o stat 17",
    "htcondor": "17 -af JobStatus",
}
SAYS = {
    "slurm": (
        "PENDING Resources",
        "CANCELLED None",
        "slurm_load_jobs error: Invalid job id specified",
    ),
    "pbs": (
        "17.head s-cpu-1 me 0 Q bulk",
        "17.head s-cpu-1 me 0 C bulk",
        "qstat: Unknown Job Id 17",
    ),
    "sge": ("job_number: 17", "", "Following jobs do not exist: 17"),
    "lsf": ("PEND", "EXIT", "Job <17> is not found"),
    "htcondor": ("1", "3", ""),
}
"""What each says of a job that waits, of one that has ended, and of one that is long gone."""


def node(**given: Any) -> NodeKind:
    return NodeKind(**{"cores": 4, "memory": 8 * 10**9, **given})


class Commands:
    """Stand-ins of a queuing system's commands, which write down what they are told."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        patch.setenv("PATH", str(folder), prepend=os.pathsep)

    def make(self, name: str, says: str = "", status: int = 0) -> None:
        script = self.folder / name
        script.write_text(
            f'#!/bin/sh\necho "$@" >> {self.folder}/{name}.told\n'
            f"case $1 in *.sh) cat $1;; *) [ -t 0 ] || cat;; esac > {self.folder}/{name}.script\n"
            f"echo '{says}' {'>&2' if status else ''}\nexit {status}\n"
        )
        script.chmod(0o755)

    def told(self, name: str, what: str = "told") -> str:
        return (self.folder / f"{name}.{what}").read_text().strip()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    def written(system: str, given: dict[str, Any]) -> JobScript:
        text = f"#!/bin/sh\n# NAME-OF-THE-NODE {given}\n"
        return JobScript(text, SUBMIT[system], CANCEL[system], r"(?P<job_id>\d+)")

    monkeypatch.setattr(module, "job_script", written)
    return Commands(tmp_path / "bin", monkeypatch)


def queue(system: str, folder: Path, **given: Any) -> QueueStarter:
    one = node(**given)
    cluster = QueueCluster(kind=system, nodes={"cpu": one}, account="ours")  # type: ignore[arg-type]
    return QueueStarter(cluster, folder / "logs")


@pytest.mark.parametrize("system", sorted(SUBMIT))
def test_a_job_is_submitted_and_cancelled(system: str, commands: Commands, tmp_path: Path) -> None:
    starter = queue(system, tmp_path)
    commands.make(SUBMIT[system], "it is job 17")
    assert starter.start("s-cpu-1", node(), DOOR) == "17"
    assert "# s-cpu-1" in commands.told(SUBMIT[system], "script")
    commands.make(CANCEL[system])
    starter.stop("17")
    assert commands.told(CANCEL[system]) == "17"
    starter.close()


@pytest.mark.parametrize("system", sorted(SUBMIT))
def test_it_is_asked_how_a_job_is(system: str, commands: Commands, tmp_path: Path) -> None:
    starter = queue(system, tmp_path)
    waits, ended, gone = SAYS[system]
    commands.make(ASK[system], waits)
    assert starter.look("17") == (True, waits)
    assert commands.told(ASK[system]) == ASKED[system]
    commands.make(ASK[system], ended)
    assert starter.look("17")[0] is False
    commands.make(ASK[system], gone, status=1 if gone else 0)
    assert starter.look("17") == (False, "the job is gone")
    commands.make(ASK[system], "Unable to contact the controller", status=1)
    with pytest.raises(CannotStart, match="Unable to contact"):
        starter.look("17")


def test_cancelling_a_job_that_has_ended_does_nothing(commands: Commands, tmp_path: Path) -> None:
    starter = queue("slurm", tmp_path)
    commands.make("sbatch", "17")
    starter.start("s-cpu-1", node(), DOOR)
    commands.make("scancel", "Invalid job id specified", status=1)
    commands.make("squeue", "slurm_load_jobs error: Invalid job id specified", status=1)
    starter.stop("17")
    commands.make("squeue", "RUNNING None")
    with pytest.raises(CannotStart, match="scancel: Invalid"):
        starter.stop("17")


@pytest.mark.parametrize(
    ("says", "status", "said"),
    [
        ("sbatch: error: invalid partition specified: bulk", 1, "invalid partition specified"),
        ("", 3, "exit status 3"),
        ("thank you", 0, "gave no number of a job: thank you"),
    ],
)
def test_a_refusal_is_said_in_its_own_words(
    says: str, status: int, said: str, commands: Commands, tmp_path: Path
) -> None:
    commands.make("sbatch", says, status)
    with pytest.raises(CannotStart, match=said):
        queue("slurm", tmp_path).start("s-cpu-1", node(), DOOR)


def test_a_machine_without_the_commands_is_told_from_one_with_trouble(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starter = queue("lsf", tmp_path)
    with pytest.raises(CannotStart, match="bsub is not there: is this a machine from which"):
        starter.start("s-cpu-1", node(), DOOR)
    (commands.folder / "bsub").write_text("#!/bin/sh\nsleep 60\n")
    (commands.folder / "bsub").chmod(0o755)
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    with pytest.raises(CannotStart, match="bsub has not answered"):
        starter.start("s-cpu-1", node(), DOOR)


def test_a_script_that_cannot_be_written_is_a_node_that_cannot_start(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Any:
        raise NoScript("dask-jobqueue is not there")

    monkeypatch.setattr(module, "job_script", refuse)
    with pytest.raises(CannotStart, match="dask-jobqueue is not there"):
        queue("slurm", tmp_path).start("s-cpu-1", node(), DOOR)


def arguments(system: str, tmp_path: Path, **given: Any) -> dict[str, Any]:
    kind = node(**given)
    return queue(system, tmp_path, **given)._arguments(kind, DOOR)


def test_what_nodes_need_is_asked_of_each_system_in_its_words(tmp_path: Path) -> None:
    slurm = arguments("slurm", tmp_path, gpus=2, queue="gpu", directives="--qos=high")
    assert slurm["job_extra_directives"] == ["--qos=high", "--gres=gpu:2"]
    assert (slurm["queue"], slurm["account"], slurm["walltime"]) == ("gpu", "ours", "24:00:00")
    assert slurm["worker_extra_args"] == ["--no-dashboard", "--tls-key", "/shared/key.pem"]
    assert slurm["memory"] == "8000000000B"
    assert arguments("sge", tmp_path)["project"] == "ours"
    condor = arguments("htcondor", tmp_path, gpus=1, directives="request_gpus = 1")
    assert condor["job_extra_directives"] == {"request_gpus": "1"}
    assert "queue" not in condor


def test_a_node_of_several_hosts_has_a_task_for_each_core(tmp_path: Path) -> None:
    given = arguments("slurm", tmp_path, cores=8, hosts=2)
    assert given["job_extra_directives"] == ["--nodes=2", "--ntasks-per-node=4", "--mem=3814M"]
    assert given["job_directives_skip"] == ["-n 1", "--cpus-per-task", "--mem"]


def test_what_is_run_before_and_the_path_are_in_the_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/opt/a b")
    given = arguments("slurm", tmp_path, prologue="module load cuda")
    assert given["job_script_prologue"] == ["export PYTHONPATH='/opt/a b'", "module load cuda"]


def test_each_kind_of_cluster_has_its_starter(tmp_path: Path) -> None:
    here, kind = DaskCluster(nodes={"here": node()}), {"kind": "slurm", "nodes": {"cpu": node()}}
    hosts = SshCluster(kind="ssh", hosts=("a",), node=node())
    assert isinstance(starter_of(here, tmp_path), ProcessStarter)
    assert isinstance(starter_of(hosts, tmp_path), ProcessStarter)
    assert isinstance(starter_of(QueueCluster(**kind), tmp_path), QueueStarter)  # type: ignore[arg-type]
    assert starter_of(DaskCluster(address="tcp://head:8786"), tmp_path) is None


# -- processes -------------------------------------------------------------------------------------


@pytest.fixture
def python(tmp_path: Path) -> str:
    """A program that stands for the node's Python: it sleeps, and so does a child of it."""
    made = tmp_path / "python"
    made.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/told\nsleep 7261 &\nexec sleep 7261\n')
    made.chmod(0o755)
    return str(made)


@pytest.fixture
def here(tmp_path: Path, python: str) -> Iterator[ProcessStarter]:
    made = ProcessStarter(tmp_path / "logs", python)
    yield made
    for name in tuple(made._each):
        made.stop(name)
    made.close()


def sleepers() -> list[psutil.Process]:
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if one.info["cmdline"] == ["sleep", "7261"] and one.status() != psutil.STATUS_ZOMBIE
    ]


def test_a_node_here_is_a_process_that_ends_with_what_it_started(
    here: ProcessStarter, tmp_path: Path
) -> None:
    assert here.start("s-here-1", node(), DOOR) == "s-here-1"
    wait_for(lambda: len(sleepers()) == 2)
    told = (tmp_path / "told").read_text()
    assert told.startswith("-m distributed.cli.dask_worker tls://head:8786 --name s-here-1")
    assert "--nthreads 4 " in told
    assert "--tls-key /shared/key.pem" in told
    assert here.look("s-here-1") == (True, "")
    here.stop("s-here-1")
    wait_for(lambda: not sleepers())
    assert here.look("s-here-1") == (False, "it was ended")
    here.stop("s-here-1")


def test_one_that_ends_says_why(tmp_path: Path) -> None:
    starter = ProcessStarter(tmp_path / "logs", sys.executable)
    called = starter.start("s-here-1", node(), Door("no address"))
    wait_for(lambda: not starter.look(called)[0], 120.0)
    there, said = starter.look(called)
    assert said.startswith("exit status 1: ")
    assert not there
    starter.close()


def test_a_machine_without_processes_is_said(
    here: ProcessStarter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Any:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(module, "_popen", full)
    with pytest.raises(CannotStart, match="Resource temporarily unavailable"):
        here.start("s-here-1", node(), DOOR)


def test_of_each_host_one_node_is_made(
    tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in of ssh runs the command here."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/ssh\nshift 6\nexec sh -c "$1"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(ssh.parent), prepend=os.pathsep)
    starter = ProcessStarter(tmp_path / "logs", python, hosts=("a", "b"))
    first, second = (starter.start(f"s-host-{n}", node(), DOOR) for n in (1, 2))
    assert [starter.look(one) for one in (first, second)] == [(True, "a"), (True, "b")]
    with pytest.raises(CannotStart, match="there is a node on each host"):
        starter.start("s-host-3", node(), DOOR)
    wait_for(lambda: len(sleepers()) == 4)
    said = (tmp_path / "ssh").read_text()
    assert f"-o ServerAliveInterval=15 a cd / && exec {python} -m distributed" in said
    starter.stop(first)
    third = starter.start("s-host-3", node(), DOOR)
    assert starter.look(third) == (True, "a")
    for one in (second, third):
        starter.stop(one)
    wait_for(lambda: not sleepers())
    starter.close()
