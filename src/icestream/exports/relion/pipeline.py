"""The pipeline of a RELION project: which jobs there are, and what flows between them.

A project is written for one version of RELION. What RELION has added to it since is kept: its
jobs, their numbers, nodes and edges, and the aliases of ours.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from icestream.exports.relion.jobs import COMMENTS, FIRST_FREE, OURS, Job, Version
from icestream.exports.relion.settings import Settings, write_settings
from icestream.formats.star import Block, read_star, write_star

__all__ = ["Pipeline", "PipelineConflict", "read_pipeline", "settle_version", "write_pipeline"]

_PROCESS = ("rlnPipeLineProcessName", "rlnPipeLineProcessAlias")
_PROCESSES: Mapping[Version, tuple[str, ...]] = {
    "3.1": (*_PROCESS, "rlnPipeLineProcessType", "rlnPipeLineProcessStatus"),
    "4": (*_PROCESS, "rlnPipeLineProcessTypeLabel", "rlnPipeLineProcessStatusLabel"),
    "5": (*_PROCESS, "rlnPipeLineProcessTypeLabel", "rlnPipeLineProcessStatusLabel"),
}
_NODES: Mapping[Version, tuple[str, ...]] = {
    "3.1": ("rlnPipeLineNodeName", "rlnPipeLineNodeType"),
    "4": ("rlnPipeLineNodeName", "rlnPipeLineNodeTypeLabel"),
    "5": ("rlnPipeLineNodeName", "rlnPipeLineNodeTypeLabel", "rlnPipeLineNodeTypeLabelDepth"),
}
"""Columns that each version writes itself."""
_INPUTS = ("rlnPipeLineEdgeFromNode", "rlnPipeLineEdgeProcess")
_OUTPUTS = ("rlnPipeLineEdgeProcess", "rlnPipeLineEdgeToNode")
_FILE = "default_pipeline.star"
_LOCK = ".relion_lock"
_RAN = "job_pipeline.star"
"""In the folder of every job that RELION has run, and of no other."""
_PATIENCE = 20.0
"""Seconds to wait for RELION, which holds the lock while it reads and writes the pipeline."""

Row = tuple[str, ...]
"""Values of the columns of the version."""
Edge = tuple[str, str]


class PipelineConflict(RuntimeError):
    """A project that cannot be added to; the message says what to do."""


@dataclass(slots=True)
class Pipeline:
    """A pipeline as it stands in a file: rows by name, in order, and edges."""

    version: Version
    counter: int = FIRST_FREE
    processes: dict[str, Row] = field(default_factory=dict)
    nodes: dict[str, Row] = field(default_factory=dict)
    inputs: dict[Edge, None] = field(default_factory=dict)
    """(node, job)."""
    outputs: dict[Edge, None] = field(default_factory=dict)
    """(job, node)."""

    @property
    def foreign(self) -> list[str]:
        """Folders of the jobs that RELION added."""
        return [name for name in self.processes if name not in OURS]

    def add(self, jobs: Sequence[Job], project: Path) -> None:
        """Put our jobs in, as finished; all else stays, and keeps its number."""
        ours = {job.folder: self._process(job) for job in jobs}
        self.processes = ours | {k: v for k, v in self.processes.items() if k not in ours}
        self._forget(ours)
        for job in jobs:
            for node in job.made(self.version):
                depth = ("1",) if self.version == "5" else ()
                self.nodes[node.path] = (node.path, node.kind(self.version), *depth)
                self.outputs[job.folder, node.path] = None
        for job in jobs:
            self.inputs |= {(path, job.folder): None for path in job.inputs if path in self.nodes}
        numbers = [_job_number(name) for name in (*self.processes, *_job_folders(project))]
        self.counter = max(self.counter, FIRST_FREE, *(number + 1 for number in numbers))

    def alias(self, folder: str) -> str:
        """What people call a job; ``None`` where they do not."""
        return self.processes[folder][1] if folder in self.processes else "None"

    def _process(self, job: Job) -> Row:
        status = "2" if self.version == "3.1" else "Succeeded"
        return (job.folder, self.alias(job.folder), job.kind(self.version), status)

    def _forget(self, ours: Iterable[str]) -> None:
        """Drop what our jobs made before, as an older snapshot, but for what others read."""
        read = {node for node, job in self.inputs if job not in OURS}
        gone = {node for job, node in self.outputs if job in ours} - read
        self.nodes = {name: row for name, row in self.nodes.items() if name not in gone}
        self.outputs = {edge: None for edge in self.outputs if edge[1] not in gone}
        self.inputs = {edge: None for edge in self.inputs if edge[1] not in ours}

    def blocks(self) -> list[Block]:
        """What the file has."""
        return [
            Block("pipeline_general", {"rlnPipeLineJobCounter": [self.counter]}, single=True),
            _block("pipeline_processes", _PROCESSES[self.version], self.processes.values()),
            _block("pipeline_nodes", _NODES[self.version], self.nodes.values()),
            _block("pipeline_input_edges", _INPUTS, self.inputs),
            _block("pipeline_output_edges", _OUTPUTS, self.outputs),
        ]


def read_pipeline(project: Path) -> Pipeline | None:
    """The pipeline of a project; None where there is none yet."""
    path = project / _FILE
    if not path.exists():
        return None
    blocks = read_star(path)
    version = _version(blocks)
    processes = _rows(blocks, "pipeline_processes", _PROCESSES[version])
    nodes = _rows(blocks, "pipeline_nodes", _NODES[version])
    return Pipeline(
        version=version,
        counter=int(blocks["pipeline_general"].value("rlnPipeLineJobCounter")),
        processes={row[0]: row for row in processes},
        nodes={row[0]: row for row in nodes},
        inputs={(row[0], row[1]): None for row in _rows(blocks, "pipeline_input_edges", _INPUTS)},
        outputs={
            (row[0], row[1]): None for row in _rows(blocks, "pipeline_output_edges", _OUTPUTS)
        },
    )


def settle_version(project: Path, wanted: Version | None) -> Version:
    """The version to write for: what is wanted, else the project's, else 3.1.

    Raises
    ------
    PipelineConflict
        If RELION has added jobs of another version than is wanted, a job of its own has a number
        of ours, or one of ours was run again there.
    """
    ran = sorted(job for job in OURS if (project / job / _RAN).exists())
    if ran:
        raise PipelineConflict(
            f"{', '.join(ran)} of {project} was run in RELION itself, and exporting would "
            "overwrite what it made; name a new folder"
        )
    there = read_pipeline(project)
    if there is None:
        return wanted or "3.1"
    version = wanted or there.version
    if there.foreign and version != there.version:
        raise PipelineConflict(
            f"{project} has jobs of RELION {there.version} ({', '.join(there.foreign[:3])}), and "
            f"RELION {version} was asked for; leave out --for, or name a new folder"
        )
    taken = [name for name in there.foreign if _job_number(name) < FIRST_FREE]
    if taken:
        raise PipelineConflict(
            f"{project} has {', '.join(taken)}, made in RELION, and the export has jobs of those "
            "numbers, up to 6; name a new folder"
        )
    return version


def write_pipeline(
    project: Path, jobs: Sequence[Job], version: Version, settings: Mapping[str, Settings]
) -> None:
    """Put finished `jobs` into the project's pipeline, with what RELION's window shows of them.

    `settings` are by the folder of the job.
    """
    (project / ".gui_projectdir").touch()
    for job in jobs:
        (project / job.folder / "RELION_JOB_EXIT_SUCCESS").touch()
        file = project / job.folder / "job.star"
        write_settings(file, job, settings.get(job.folder, {}), version)
    with _locked(project):
        there = read_pipeline(project)
        if there is None or there.version != version:
            there = Pipeline(version, counter=there.counter if there else FIRST_FREE)
        there.add(jobs, project)
        write_star(project / _FILE, there.blocks(), COMMENTS[version])
    for job in jobs:
        alias = there.alias(job.folder)
        for node in job.made(version):
            shown = node.path if alias == "None" else alias + node.path.removeprefix(job.folder)
            offered = project / ".Nodes" / node.kind(version).split(".")[0] / shown
            offered.parent.mkdir(parents=True, exist_ok=True)
            offered.touch()
    # A window that is open reads the pipeline again when this file changes.
    (project / ".pipeline_has_changed").touch()


@contextmanager
def _locked(project: Path) -> Iterator[None]:
    """Hold the lock by which RELION's own programs keep out of each other's way."""
    lock = project / _LOCK
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            if time.monotonic() > until:
                raise PipelineConflict(
                    f"RELION is writing the pipeline of {project} ({lock} is there); export again "
                    "when it is done, or remove that folder if RELION has crashed"
                ) from None
            time.sleep(0.1)
    try:
        yield
    finally:
        lock.rmdir()


def _version(blocks: Mapping[str, Block]) -> Version:
    """The version that wrote a pipeline; 3.1 for one of ours of before, with all columns."""
    processes, nodes = blocks.get("pipeline_processes"), blocks.get("pipeline_nodes")
    if processes is None or "rlnPipeLineProcessType" in processes:
        return "3.1"
    return "5" if nodes is not None and "rlnPipeLineNodeTypeLabelDepth" in nodes else "4"


def _rows(blocks: Mapping[str, Block], name: str, labels: Sequence[str]) -> list[Row]:
    if name not in blocks:
        return []  # RELION writes no empty table
    return list(zip(*(blocks[name].text(label) for label in labels), strict=True))


def _block(name: str, labels: Sequence[str], rows: Iterable[Row]) -> Block:
    listed = list(rows)
    return Block(name, {label: [row[n] for row in listed] for n, label in enumerate(labels)})


def _job_number(folder: str) -> int:
    found = re.search(r"/job(\d+)/?$", folder)
    return int(found.group(1)) if found else 0


def _job_folders(project: Path) -> Iterator[str]:
    """Folders of jobs that are there, whether the pipeline has them or not."""
    return (str(path.relative_to(project)) for path in project.glob("*/job[0-9]*"))
