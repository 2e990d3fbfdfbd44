"""The pipeline of a RELION project: which jobs there are, and what flows between them.

RELION 3.1 numbers the types of jobs, nodes and states; RELION 4 and 5 name them, and read the
numbers only where there are no names. Both are written, so that either opens the project.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from icestream.exports.relion.table import VERSION
from icestream.formats.star import Block, write_star

__all__ = ["JOBS", "Job", "Node", "write_pipeline"]


@dataclass(frozen=True, slots=True)
class Node:
    """A file that one job makes and others read."""

    path: str
    """Relative to the project."""
    number: int
    """Type in RELION 3.1."""
    label: str
    """Type in RELION 4 and 5."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the project."""

    folder: str
    number: int
    label: str
    outputs: tuple[Node, ...]
    inputs: tuple[str, ...] = ()
    """Paths of the nodes that it reads."""


MOVIES = Node("Import/job001/movies.star", 0, "MicrographMovieGroupMetadata.star.relion")
CORRECTED = Node(
    "MotionCorr/job002/corrected_micrographs.star",
    1,
    "MicrographGroupMetadata.star.relion.motioncorr",
)
WITH_CTF = Node("CtfFind/job003/micrographs_ctf.star", 1, "MicrographGroupMetadata.star.relion.ctf")
PICKS = Node("AutoPick/job004/autopick.star", 2, "MicrographCoordsGroup.star.relion.autopick")
PICKS_3_1 = Node(
    "AutoPick/job004/coords_suffix_autopick.star", 2, "MicrographCoordsGroup.star.relion.autopick"
)
PARTICLES = Node("Extract/job005/particles.star", 3, "ParticleGroupMetadata.star.relion")


def class2d_nodes(iteration: int) -> tuple[Node, ...]:
    """Outputs of the 2D classification as of `iteration`."""
    root = f"Class2D/job006/run_it{iteration:03d}"
    return (
        Node(f"{root}_data.star", 3, "ParticleGroupMetadata.star.relion.class2d"),
        Node(f"{root}_model.star", 8, "OptimiserData.star.relion.class2d.model"),
        Node(f"{root}_optimiser.star", 8, "OptimiserData.star.relion.class2d"),
    )


JOBS: tuple[Job, ...] = (
    Job("Import/job001/", 0, "relion.import.movies", (MOVIES,)),
    Job("MotionCorr/job002/", 1, "relion.motioncorr.own", (CORRECTED,), (MOVIES.path,)),
    Job("CtfFind/job003/", 2, "relion.ctffind.ctffind4", (WITH_CTF,), (CORRECTED.path,)),
    Job("AutoPick/job004/", 4, "relion.autopick.log", (PICKS, PICKS_3_1), (WITH_CTF.path,)),
    Job("Extract/job005/", 5, "relion.extract", (PARTICLES,), (WITH_CTF.path, PICKS.path)),
)
"""The jobs up to extraction; a 2D classification is added when the session has one."""


def write_pipeline(project: Path, jobs: Sequence[Job]) -> None:
    """Write ``default_pipeline.star`` and mark each of `jobs` as finished."""
    nodes = [node for job in jobs for node in job.outputs]
    known = {node.path for node in nodes}
    reads = [(path, job.folder) for job in jobs for path in job.inputs if path in known]
    makes = [(job.folder, node.path) for job in jobs for node in job.outputs]
    write_star(
        project / "default_pipeline.star",
        [
            Block("pipeline_general", {"rlnPipeLineJobCounter": [len(jobs) + 1]}, single=True),
            Block(
                "pipeline_processes",
                {
                    "rlnPipeLineProcessName": [job.folder for job in jobs],
                    "rlnPipeLineProcessAlias": ["None"] * len(jobs),
                    "rlnPipeLineProcessType": [job.number for job in jobs],
                    "rlnPipeLineProcessStatus": [2] * len(jobs),
                    "rlnPipeLineProcessTypeLabel": [job.label for job in jobs],
                    "rlnPipeLineProcessStatusLabel": ["Succeeded"] * len(jobs),
                },
            ),
            Block(
                "pipeline_nodes",
                {
                    "rlnPipeLineNodeName": [node.path for node in nodes],
                    "rlnPipeLineNodeType": [node.number for node in nodes],
                    "rlnPipeLineNodeTypeLabel": [node.label for node in nodes],
                    "rlnPipeLineNodeTypeLabelDepth": [1] * len(nodes),
                },
            ),
            Block(
                "pipeline_input_edges",
                {
                    "rlnPipeLineEdgeFromNode": [path for path, _ in reads],
                    "rlnPipeLineEdgeProcess": [folder for _, folder in reads],
                },
            ),
            Block(
                "pipeline_output_edges",
                {
                    "rlnPipeLineEdgeProcess": [folder for folder, _ in makes],
                    "rlnPipeLineEdgeToNode": [path for _, path in makes],
                },
            ),
        ],
        VERSION,
    )
    for job in jobs:
        (project / job.folder / "RELION_JOB_EXIT_SUCCESS").touch()
