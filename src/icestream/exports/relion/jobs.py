"""The jobs that a project has, and the files by which one feeds another.

RELION 3.1 numbers the types of jobs and nodes; RELION 4 and 5 name them, and RELION 5 has other
names for nodes than RELION 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

__all__ = [
    "CLASS2D",
    "COMMENTS",
    "FIRST_FREE",
    "IMPORTED",
    "JOBS",
    "JOBS_OF_MICROGRAPHS",
    "OURS",
    "Job",
    "Node",
    "Version",
    "class2d_job",
]

Version = Literal["3.1", "4", "5"]
"""Of RELION, as far as they write projects differently."""

COMMENTS: Mapping[Version, str] = {
    "3.1": "version 30001",
    "4": "version 30001",
    "5": "version 50001",
}
"""What stands above every block of a pipeline and of a job's settings."""


@dataclass(frozen=True, slots=True)
class Node:
    """A file that one job makes and others read."""

    path: str
    """Relative to the project."""
    number: int
    """Type in RELION 3.1."""
    label: str
    """Type in RELION 5."""
    versions: tuple[Version, ...] = get_args(Version)
    """Those whose pipeline has it."""

    def kind(self, version: Version) -> str:
        """The type as `version` says it."""
        if version == "3.1":
            return str(self.number)
        if version == "5":
            return self.label
        label = self.label
        for new, old in _LABELS_4.items():
            label = label.replace(new, old)
        return label


_LABELS_4 = {
    "MicrographMovieGroupMetadata": "MicrographMoviesData",
    "MicrographGroupMetadata": "MicrographsData",
    "MicrographCoordsGroup": "MicrographsCoords",
    "ParticleGroupMetadata": "ParticlesData",
    "OptimiserData.star.relion": "ProcessData.star.relion.optimiser",
}
"""Beginnings of RELION 5's labels of nodes, and what RELION 4 called them."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the project."""

    folder: str
    number: int
    label: str
    outputs: tuple[Node, ...]
    inputs: tuple[str, ...] = ()
    """Paths of the nodes that it reads."""

    def kind(self, version: Version) -> str:
        """Its type as `version` says it."""
        return str(self.number) if version == "3.1" else self.label

    def made(self, version: Version) -> list[Node]:
        """Its outputs in the pipeline of `version`."""
        return [node for node in self.outputs if version in node.versions]


MOVIES = Node("Import/job001/movies.star", 0, "MicrographMovieGroupMetadata.star.relion")
IMPORTED = Node("Import/job001/micrographs.star", 1, "MicrographGroupMetadata.star.relion")
CORRECTED = Node(
    "MotionCorr/job002/corrected_micrographs.star",
    1,
    "MicrographGroupMetadata.star.relion.motioncorr",
)
WITH_CTF = Node("CtfFind/job003/micrographs_ctf.star", 1, "MicrographGroupMetadata.star.relion.ctf")
_PICKED = "MicrographCoordsGroup.star.relion.autopick"
PICKS = Node("AutoPick/job004/autopick.star", 2, _PICKED, ("4", "5"))
PICKS_3_1 = Node("AutoPick/job004/coords_suffix_autopick.star", 2, _PICKED, ("3.1",))
PARTICLES = Node("Extract/job005/particles.star", 3, "ParticleGroupMetadata.star.relion")

CLASS2D = "Class2D/job006/"
FIRST_FREE = 7
"""Number of the first job that is not ours, also where the session has not come to its classes."""


def class2d_job(iteration: int) -> Job:
    """The 2D classification as of `iteration`."""
    root = f"{CLASS2D}run_it{iteration:03d}"
    optimiser = "OptimiserData.star.relion.class2d"
    nodes = (
        Node(f"{root}_data.star", 3, "ParticleGroupMetadata.star.relion.class2d"),
        Node(f"{root}_model.star", 8, optimiser, ("3.1",)),
        Node(f"{root}_optimiser.star", 9, optimiser),
    )
    return Job(CLASS2D, 8, "relion.class2d", nodes, (PARTICLES.path,))


JOBS: tuple[Job, ...] = (
    Job("Import/job001/", 0, "relion.import.movies", (MOVIES,)),
    Job("MotionCorr/job002/", 1, "relion.motioncorr.own", (CORRECTED,), (MOVIES.path,)),
    Job("CtfFind/job003/", 2, "relion.ctffind.ctffind4", (WITH_CTF,), (CORRECTED.path,)),
    Job("AutoPick/job004/", 4, "relion.autopick.log", (PICKS, PICKS_3_1), (WITH_CTF.path,)),
    Job(
        "Extract/job005/",
        5,
        "relion.extract",
        (PARTICLES,),
        (WITH_CTF.path, PICKS.path, PICKS_3_1.path),
    ),
)
"""The jobs up to extraction; a 2D classification is added when the session has one."""

JOBS_OF_MICROGRAPHS: tuple[Job, ...] = (
    Job("Import/job001/", 0, "relion.import.movies", (IMPORTED,)),
    replace(JOBS[2], inputs=(IMPORTED.path,)),
    *JOBS[3:],
)
"""The same of a session that begins with micrographs: RELION's import has one type for both."""

OURS = frozenset({job.folder for job in JOBS} | {CLASS2D})
