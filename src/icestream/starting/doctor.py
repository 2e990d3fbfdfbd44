"""What this machine has for sessions, what is missing, and what that costs."""

import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import psutil

from icestream import __version__
from icestream.processing.backend import cuda_available
from icestream.protocol import Program, Protocol, Registry, UnknownProtocol
from icestream.protocol.breaking import in_a_sentence
from icestream.protocols.gpus import read_gpus
from icestream.settings import load
from icestream.store.places import is_network

__all__ = ["Finding", "examine"]

Mark = Literal["ok", "busy", "scarce", "missing", "wrong"]
_NODES = 120.0
"""Seconds in which nodes of a cluster should come and answer."""
_OF_NODES: dict[str, tuple[Mark, str]] = {
    "well": ("ok", ""),
    "waits": ("busy", "sessions begin when nodes come"),
    "wrong": ("wrong", "sessions cannot use these nodes; see the how-to Run on a cluster"),
}
Programs = dict[tuple[str, str], tuple[Program, list[str]]]
"""By name and what keeps it from being used: a program, and the protocols that run it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    mark: Mark
    """``wrong`` keeps icestream from working; all but ``ok`` cost something."""
    what: str
    found: str
    cost: str = ""
    """What it costs, and what to do."""


def examine(folder: Path) -> Iterator[Finding]:
    """Look at the machine and at the file system of `folder`."""
    python = platform.python_version()
    yield Finding("ok", "icestream", f"{__version__}, Python {python} in {sys.prefix}")
    yield _cores()
    yield _memory()
    gpus = _gpu_names()
    yield Finding("ok", "GPUs", "; ".join(gpus) or "none; icestream's own steps need none")
    yield _numerics(gpus=len(gpus))
    yield from _folder(folder)
    yield _writable("shared state", load().settings.state)
    yield _compiled()
    yield _postgres()
    yield from _executor(folder)
    yield from _protocols(gpus=len(gpus))


def _executor(folder: Path) -> Iterator[Finding]:
    """Where tasks run, which is tried where it is a cluster."""
    settings = load().settings
    cluster = settings.cluster()
    if cluster is None:
        yield Finding("ok", "executor", "local, this machine")
        return
    # Dask is slow to load.
    from icestream.engine.executors.cluster.trial import try_cluster

    there = next(path for path in (folder, *folder.parents) if path.is_dir())
    for tried in try_cluster(cluster, there, _NODES):
        what = f"executor {settings.executor}{f', {tried.kind}' if tried.kind else ''}"
        mark, cost = _OF_NODES[tried.how]
        yield Finding(mark, what, tried.said, cost)


def _cores() -> Finding:
    usable = len(os.sched_getaffinity(0))
    load_now = os.getloadavg()[0]
    found = f"{usable} of {os.cpu_count()} usable, load {load_now:.1f}"
    if load_now > usable:
        return Finding("busy", "cores", found, "others use them: sessions will run slower")
    return Finding("ok", "cores", found)


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    found = f"{memory.available / 2**30:.1f} GB free of {memory.total / 2**30:.1f} GB"
    if memory.available < 2 * 2**30:
        return Finding("scarce", "memory", found, "large movies will wait for memory")
    return Finding("ok", "memory", found)


def _gpu_names() -> list[str]:
    """Name and memory of each GPU, as its driver tells."""
    # A driver that sleeps takes seconds to wake up.
    return [
        gpu.name if gpu.memory is None else f"{gpu.name}, {gpu.memory / 1024:.0f} GB"
        for gpu in read_gpus(patience=20.0)
    ]


def _numerics(*, gpus: int) -> Finding:
    """Whether `icestream.processing` can compute on a GPU, and why not."""
    available, reason = cuda_available()
    if available:
        return Finding("ok", "numerics", f"CPU, and CuPy arrays on {reason}")
    if gpus:
        cost = "the numerics use the CPU only; icestream's own steps always do"
        return Finding("missing", "numerics", f"no GPU: {reason}", cost)
    return Finding("ok", "numerics", f"CPU; no GPU: {reason}")


def _folder(folder: Path) -> Iterator[Finding]:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    yield _writable("folder", folder)
    usage = shutil.disk_usage(there)
    found = f"{usage.free / 2**30:.0f} GB free of {usage.total / 2**30:.0f} GB"
    scarce = usage.free < 20 * 2**30
    cost = "an hour of movies may not fit" if scarce else ""
    yield Finding("scarce" if scarce else "ok", "disk", found, cost)
    if is_network(there):
        cost = "the store is kept on a local disk and copied here at checkpoints"
        yield Finding("missing", "file system", "on the network, no safe write-ahead log", cost)
    elif not _keeps_wal(there):
        cost = "sessions cannot be kept here; choose a folder on a local disk"
        yield Finding("wrong", "file system", "SQLite cannot write its log here", cost)
    else:
        yield Finding("ok", "file system", "local, safe for the store")


def _keeps_wal(folder: Path) -> bool:
    """Whether SQLite can open a database in WAL mode here, by trying."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".icestream-doctor-") as scratch:
            connection = sqlite3.connect(Path(scratch) / "try.db")
            try:
                mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
                connection.execute("CREATE TABLE one (number INTEGER)")
                connection.commit()
            finally:
                connection.close()
    except (OSError, sqlite3.Error):
        return False
    return bool(mode == "wal")


def _writable(what: str, folder: Path) -> Finding:
    """Whether something can be written, by trying in the nearest folder that exists."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".icestream-doctor-"):
            pass
    except OSError as error:
        cost = f"give yourself the right to write to {there}, or choose another place"
        return Finding("wrong", what, f"{folder}, cannot be written: {error.strerror}", cost)
    state = "writable" if folder.exists() else "does not exist yet; can be made"
    return Finding("ok", what, f"{folder}, {state}")


def _compiled() -> Finding:
    """Whether compiled kernels are kept, or made again by each process."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(given) if given else Path(__file__).parents[1] / "processing"
    finding = _writable("compiled kernels", folder)
    if finding.mark == "ok":
        return finding
    cost = "each start compiles again; set NUMBA_CACHE_DIR to a folder of yours"
    return Finding("missing", finding.what, finding.found, cost)


def _postgres() -> Finding:
    if find_spec("psycopg"):
        return Finding("ok", "PostgreSQL driver", "psycopg")
    cost = "stores are SQLite files only; pip install 'icestream[postgres]'"
    return Finding("missing", "PostgreSQL driver", "not installed", cost)


def _protocols(*, gpus: int) -> Iterator[Finding]:
    registry = Registry()
    broken = registry.broken()
    whole = len(registry.names()) - len(broken)
    yield Finding("ok", "protocols", f"{whole} installed")
    for broken_ in broken:
        cost = "workflows that need it refuse to start; see icestream protocols list --broken"
        yield Finding("wrong", f"protocol {broken_.name}", broken_.reason, cost)
    programs: Programs = {}
    for name in registry.names():
        try:
            protocol = registry.get(name)
        except UnknownProtocol:
            continue
        yield from _machine_for(protocol, gpus, programs)
    for (executable, said), (program, names) in programs.items():
        what = f"program {executable}"
        if said:
            yield Finding("missing", what, said, f"{', '.join(names)} cannot run here")
        else:
            version = program.version()
            found = f"{program.find()}{f', version {version}' if version else ''}"
            yield Finding("ok", what, found)


def _machine_for(protocol: type[Protocol[Any]], gpus: int, programs: Programs) -> Iterator[Finding]:
    """What a protocol needs of the machine with its default parameters.

    Programs are added to `programs`, so that one is told once for all protocols that run it.
    """
    name = protocol.name
    try:
        made = protocol()
        wanted = made.need().gpus
        lacking = [(program, program.lacking()) for program in made.programs()]
        others = made.lacking()
    except Exception as error:  # a plugin's own code
        said = in_a_sentence(error, protocol.__module__)
        cost = "workflows that need it fail; see icestream plugin check"
        yield Finding("wrong", f"protocol {name}", f"cannot be made: {said}", cost)
        return
    cost = f"{name} cannot run here"
    if wanted > gpus:
        yield Finding("missing", f"GPUs for {name}", f"needs {wanted}, found {gpus}", cost)
    for program, said in lacking:
        programs.setdefault((program.executable, said), (program, []))[1].append(name)
    for said in others:
        yield Finding("missing", f"for {name}", said, cost)
