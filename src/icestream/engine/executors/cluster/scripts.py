"""Scripts of jobs, as dask-jobqueue writes them, in a process of its own.

Whoever imports dask-jobqueue has its Ctrl-C taken away, and a session needs it. So this module is
run as a program too, that reads what is wanted and writes the script.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["JobScript", "NoScript", "job_script"]

_JOBS = {
    "slurm": "SLURMJob",
    "pbs": "PBSJob",
    "sge": "SGEJob",
    "lsf": "LSFJob",
    "htcondor": "HTCondorJob",
}
_PATIENCE = 120.0
"""Seconds; it loads much."""
_NAME = "NAME-OF-THE-NODE"
_CODE = "from icestream.engine.executors.cluster.scripts import main; main()"


class NoScript(RuntimeError):
    """There is no script; the message says why."""


@dataclass(frozen=True, slots=True)
class JobScript:
    """A script of a job, and the commands that go with it."""

    text: str
    submit: str
    cancel: str
    number: str
    """A regular expression that finds the ``job_id`` in what `submit` says."""

    def named(self, name: str) -> str:
        """The script of one node."""
        return self.text.replace(_NAME, name)


def job_script(system: str, given: Mapping[str, Any]) -> JobScript:
    """Have a script written for a queuing system.

    Parameters
    ----------
    system
        ``slurm``, ``pbs``, ``sge``, ``lsf`` or ``htcondor``.
    given
        Arguments of dask-jobqueue's class of jobs, but for names.

    Raises
    ------
    NoScript
        If dask-jobqueue is not installed, or refuses the arguments.
    """
    asked = json.dumps({"system": system, "given": dict(given)})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _CODE],
            input=asked, capture_output=True, text=True, timeout=_PATIENCE, check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoScript(f"the script of a job cannot be written: {error}") from error
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        missing = "No module named 'dask_jobqueue'" in last[0]
        hint = ": pip install 'icestream[cluster]'" if missing else ""
        raise NoScript(f"the script of a job cannot be written: {last[0]}{hint}")
    return JobScript(**json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> None:
    """Read what is wanted from standard input, and write the script to standard output."""
    wanted = json.load(sys.stdin)
    module = importlib.import_module(f"dask_jobqueue.{wanted['system']}")
    kind = getattr(module, _JOBS[wanted["system"]])
    job = kind(name=_NAME, job_name=_NAME, **wanted["given"])
    said = {
        "text": job.job_script(),
        "submit": job.submit_command,
        "cancel": job.cancel_command,
        "number": job.job_id_regexp,
    }
    sys.stdout.write(f"{json.dumps(said)}\n")
