"""The faults: how each is done to a run, and how it is undone."""

import contextlib
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from nemesis.stage import Stage

__all__ = ["FAULTS", "Fault"]

_CGROUPS = Path("/sys/fs/cgroup/memory")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong; when `happen` returns, it is undone."""

    name: str
    how: str
    """How it is done and undone."""
    happen: Callable[[Stage], str]
    """Does it; what it did to whom, or, behind "not: ", why nothing happened."""
    weight: int = 2
    """How often it is drawn, beside the others."""
    disk: bool = False
    """Whether it needs a disk of its own."""
    needs: str = ""
    """A service that runs beside only where this was drawn."""


def _kill(*roles: str) -> Callable[[Stage], str]:
    def happen(stage: Stage) -> str:
        victim = stage.one(*roles)
        if victim is None:
            return f"not: no {' or '.join(roles)}"
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
        return f"{victim.pid}"

    return happen


def _kill_all(stage: Stage) -> str:
    return f"{stage.kill_all()} processes"


def _stop(*roles: str) -> Callable[[Stage], str]:
    def happen(stage: Stage) -> str:
        victim, seconds = stage.one(*roles), stage.random.uniform(0.5, 8.0)
        if victim is None:
            return f"not: no {' or '.join(roles)}"
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.suspend()
            stage.rest(seconds)
            victim.resume()
        return f"{victim.pid} for {seconds:.1f} s"

    return happen


def _full(stage: Stage) -> str:
    disk = stage.mounted
    assert disk is not None
    seconds = stage.random.uniform(1.0, 4.0)
    disk.fill()
    try:
        stage.rest(seconds)
    finally:
        disk.empty()
    return f"for {seconds:.1f} s"


def _locked(stage: Stage) -> str:
    disk = stage.mounted
    assert disk is not None
    if not stage.session.exists():
        return "not: no session yet"
    seconds = stage.random.uniform(1.0, 4.0)
    folders = [stage.session, *(path for path in stage.session.iterdir() if path.is_dir())]
    disk.lock(folders)
    try:
        stage.rest(seconds)
    finally:
        disk.unlock(folders)
    return f"for {seconds:.1f} s"


def _read_only(stage: Stage) -> str:
    """It is mounted so while nobody uses it: what starts on it meets it read-only."""
    disk = stage.mounted
    assert disk is not None
    seconds = stage.random.uniform(3.0, 6.0)
    running = stage.all_held()
    disk.read_only(yes=True)
    try:
        for service in running:
            service.start()
        time.sleep(seconds)
    finally:
        disk.read_only(yes=False)
    return f"for {seconds:.1f} s"


def _hangs(stage: Stage) -> str:
    disk = stage.mounted
    assert disk is not None
    seconds = stage.random.uniform(0.5, 8.0)
    disk.hang(seconds)
    return f"for {seconds:.1f} s"


def _power(stage: Stage) -> str:
    disk = stage.mounted
    assert disk is not None
    running = stage.all_held()
    disk.cut_power()
    for service in running:
        service.start()
    return "all that was not synced is gone"


def _away(stage: Stage) -> str:
    seconds = stage.random.uniform(1.0, 4.0)
    stage.away(seconds)
    return f"for {seconds:.1f} s"


def _limited(kind: int, *roles: str) -> Callable[[Stage], str]:
    """Let a process have no more of something than it has, for a while."""

    def happen(stage: Stage) -> str:
        victim, seconds = stage.one(*roles), stage.random.uniform(1.0, 4.0)
        if victim is None:
            return f"not: no {' or '.join(roles)}"
        try:
            has = victim.num_fds() if kind == resource.RLIMIT_NOFILE else victim.memory_info().vms
            room = stage.random.choice((0, 1, 2)) if kind == resource.RLIMIT_NOFILE else 2**20
            before = victim.rlimit(kind)
            victim.rlimit(kind, (has + room, before[1]))
        except psutil.NoSuchProcess:
            return "not: it had just ended"
        stage.rest(seconds)
        with contextlib.suppress(psutil.NoSuchProcess):  # for want of it, perhaps
            victim.rlimit(kind, before)
        return f"{victim.pid} has {has} and may have {has + room} for {seconds:.1f} s"

    return happen


def _out_of_memory(stage: Stage) -> str:
    """Let the kernel find no memory for the session, so that it kills whom it chooses."""
    group = _CGROUPS / f"nemesis-{os.getpid()}"
    victims = stage.those("coordinator", "worker", "report")
    try:
        group.mkdir()
    except OSError as error:
        return f"not: {error}"
    limit = group / "memory.limit_in_bytes"
    try:
        for victim in victims:
            with contextlib.suppress(OSError):
                (group / "cgroup.procs").write_text(str(victim.pid))
        limit.write_text(str(8 * 2**20))  # what they have already is not counted
        stage.rest(stage.random.uniform(2.0, 6.0))
    finally:
        limit.write_text("-1")
        for pid in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (_CGROUPS / "cgroup.procs").write_text(pid)
        killed = (group / "memory.oom_control").read_text().split()[-1]
        until = time.monotonic() + 10.0
        while group.exists() and time.monotonic() < until:
            with contextlib.suppress(OSError):
                group.rmdir()
    return f"{len(victims)} processes, of which {killed} were killed"


def _clock(stage: Stage) -> str:
    by = stage.random.choice((-7200.0, -90.0, 90.0, 7200.0, 400 * 86400.0))
    stage.move_clock(by)
    stage.rest(stage.random.uniform(1.0, 4.0))
    back = stage.random.random() < 0.5
    if back:
        stage.move_clock(0.0)
    return f"by {by:.0f} s{' and back' if back else ''}"


def _spoil(stage: Stage) -> str:
    """Files of a session that nobody runs: what is wrong is found when it is run again."""
    files = [path for path in stage.files() if path.suffix == ".mrc"]
    if not files:
        return "not: no file yet"
    running = stage.all_held()
    path = stage.random.choice(files)
    said = path.name
    with contextlib.suppress(FileNotFoundError):
        if stage.random.random() < 0.5:
            path.unlink()
            said += " deleted"
        else:
            os.truncate(path, path.stat().st_size // 2)
            said += " cut in half"
    for service in running:
        service.start()
    return said


FAULTS = (
    Fault(
        name="coordinator-killed", weight=4,
        how="SIGKILL; who keeps the service starts it again half a second later",
        happen=_kill("coordinator"),
    ),
    Fault(name="worker-killed", how="SIGKILL", happen=_kill("worker"), weight=3),
    Fault(name="report-killed", how="SIGKILL", happen=_kill("report"), weight=1, needs="report"),
    Fault(name="guardian-killed", how="SIGKILL", happen=_kill("guardian"), weight=1),
    Fault(
        name="server-killed", weight=1, happen=_kill("server"), needs="server",
        how="SIGKILL to icestream serve, which runs beside in such a run and is started again",
    ),
    Fault(name="person-killed", how="SIGKILL, while it asks something", happen=_kill("person")),
    Fault(name="all-killed", how="SIGKILL to every process at once", happen=_kill_all),
    Fault(
        name="coordinator-stopped", how="SIGSTOP, and SIGCONT after at most 8 s",
        happen=_stop("coordinator"),
    ),
    Fault(
        name="worker-stopped", happen=_stop("worker"),
        how="SIGSTOP, and SIGCONT after at most 8 s; one that is silent for 5 s is replaced",
    ),
    Fault(
        name="disk-full", disk=True, weight=4, happen=_full,
        how="a file takes all that is free of an ext4 of 64 MiB, and is deleted after at most 4 s",
    ),
    Fault(
        name="folders-locked", disk=True, happen=_locked,
        how="chattr +i on the session's folders, taken back: nothing is made, renamed or removed",
    ),
    Fault(
        name="read-only", disk=True, happen=_read_only,
        how="all are killed, the disk is mounted read-only, they start, and it is remounted rw",
    ),
    Fault(
        name="disk-hangs", disk=True, weight=4, happen=_hangs,
        how="FIFREEZE and FITHAW after at most 8 s: who writes waits, and cannot be killed",
    ),
    Fault(
        name="power-cut", disk=True, weight=6, happen=_power,
        how="all are killed, what was not synced is lost: the disk's image is copied without what "
        "the kernel had not written, and mounted anew with its journal replayed",
    ),
    Fault(
        name="movies-away", how="an empty folder in their place for at most 4 s", happen=_away,
        weight=3,
    ),
    Fault(
        name="no-descriptors", happen=_limited(resource.RLIMIT_NOFILE, "coordinator", "worker"),
        how="RLIMIT_NOFILE of one process at what it has open or one or two above, taken back",
        weight=3,
    ),
    Fault(
        name="no-memory", happen=_limited(resource.RLIMIT_AS, "worker"), weight=3,
        how="RLIMIT_AS of a worker 1 MiB above what it has, taken back",
    ),
    Fault(
        name="out-of-memory", happen=_out_of_memory, weight=3,
        how="all processes of the session in a memory cgroup that may have 8 MiB more: the kernel "
        "kills whom it chooses, and what they start; the limit is taken back",
    ),
    Fault(
        name="clock-jumps", happen=_clock, weight=3,
        how="time.time moved in all processes by 90 s to 400 days, and in half of the cases back",
    ),
    Fault(
        name="file-spoiled", happen=_spoil,
        how="all are killed, a file of a result is deleted or cut in half, they start again",
    ),
)  # fmt: skip
"""All that are known."""
