"""Scripts of jobs: of all queuing systems, as dask-jobqueue writes them."""

import re
import signal
import sys
from pathlib import Path

import pytest

from icestream.engine.executors.cluster import scripts
from icestream.engine.executors.cluster.scripts import JobScript, NoScript, job_script

GIVEN = {
    "scheduler": "tls://head:8786",
    "cores": 4,
    "processes": 1,
    "memory": "8000000000B",
    "nanny": False,
    "python": "/opt/python",
    "death_timeout": "120s",
    "worker_extra_args": ["--no-dashboard", "--tls-key", "/shared/key.pem"],
    "queue": "bulk",
    "walltime": "12:00:00",
}
HEADS = {
    "slurm": ["#SBATCH -J s-cpu-1", "#SBATCH -p bulk", "--cpus-per-task=4", "-t 12:00:00"],
    "pbs": ["#PBS -N s-cpu-1", "#PBS -q bulk", "ncpus=4", "walltime=12:00:00"],
    "sge": ["#$ -N s-cpu-1", "#$ -q bulk"],
    "lsf": ["#BSUB -J s-cpu-1", "#BSUB -q bulk", "#BSUB -n 4"],
}
COMMANDS = {
    "slurm": ("sbatch", "scancel"),
    "pbs": ("qsub", "qdel"),
    "sge": ("qsub", "qdel"),
    "lsf": ("bsub", "bkill"),
}
ANSWERS = {
    "slurm": "17",
    "pbs": "17.head.example.org",
    "sge": 'Your job 17 ("s-cpu-1") has been submitted',
    "lsf": "Job <17> is submitted to queue <bulk>.",
}


@pytest.mark.parametrize("system", sorted(HEADS))
def test_a_script_asks_for_the_node_and_starts_it(system: str) -> None:
    written = job_script(system, GIVEN)
    text = written.named("s-cpu-1")
    for part in HEADS[system]:
        assert part in text
    (line,) = [one for one in text.splitlines() if "distributed.cli.dask_worker" in one]
    assert line.startswith("/opt/python -m distributed.cli.dask_worker tls://head:8786")
    assert "--name s-cpu-1" in line
    assert "--nthreads 4" in line
    assert "--no-nanny" in line
    assert "--tls-key /shared/key.pem" in line
    assert (written.submit.split()[0], written.cancel.split()[0]) == COMMANDS[system]
    found = re.search(written.number, ANSWERS[system])
    assert found is not None
    assert found["job_id"].startswith("17")


def test_one_of_htcondor_has_no_queue() -> None:
    given = {name: value for name, value in GIVEN.items() if name not in ("queue", "walltime")}
    extra = {"job_extra_directives": {"Requirements": "HasGpu"}, "disk": "1GB"}
    written = job_script("htcondor", {**given, **extra})
    text = written.named("s-cpu-1")
    assert "Requirements = HasGpu" in text
    assert "RequestCpus = MY.DaskWorkerCores" in text
    assert "--name s-cpu-1" in text
    assert (written.submit.split()[0], written.cancel.split()[0]) == ("condor_submit", "condor_rm")


def test_arguments_that_are_refused_are_said() -> None:
    with pytest.raises(NoScript, match="cannot be written: .*banana"):
        job_script("slurm", {**GIVEN, "banana": 1})


def test_without_dask_jobqueue_it_is_said_how_to_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dask_jobqueue").mkdir()
    (tmp_path / "dask_jobqueue" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'dask_jobqueue'\")"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(NoScript, match=r"pip install 'icestream\[cluster\]'"):
        job_script("slurm", GIVEN)


def test_python_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(NoScript, match="cannot be written: .*/nowhere/python"):
        job_script("slurm", GIVEN)


def test_ctrl_c_stays_ours() -> None:
    before = signal.getsignal(signal.SIGINT)
    job_script("slurm", GIVEN)
    assert signal.getsignal(signal.SIGINT) is before
    assert "dask_jobqueue" not in sys.modules


def test_a_name_is_put_in_wherever_the_script_has_one() -> None:
    script = JobScript(f"-J {scripts._NAME}\n--name {scripts._NAME}", "sbatch", "scancel", "")
    assert script.named("a") == "-J a\n--name a"
