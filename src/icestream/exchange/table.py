"""What other workflow programs call the protocols of icestream: data, in one place.

Plugins say the same of their own protocols, as the attribute ``elsewhere``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from icestream.exchange.relion_table import RELION
from icestream.exchange.scipion_table import SCIPION
from icestream.protocol import Counterpart

__all__ = ["HOW_IT_RUNS", "OUTPUTS", "TABLE", "hinted"]

TABLE: Mapping[str, tuple[Counterpart, ...]] = MappingProxyType(
    {name: (*SCIPION.get(name, ()), *RELION.get(name, ())) for name in {**SCIPION, **RELION}}
)
"""Counterparts by the names of our protocols."""

HOW_IT_RUNS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "scipion": frozenset(
            ("hostName", "numberOfThreads", "numberOfMpi", "binThreads", "gpuList", "useGpu",
             "GPUIDs", "GPUCore", "gpusToUse", "doGpu", "doGPU", "gpuMsg", "streamingWarning",
             "streamingSleepOnWait", "streamingBatchSize", "numCpus", "memory", "compute_lane",
             "compute_use_ssd", "continueMsg", "expertLevel")
        ),
        "relion": frozenset(
            ("do_queue", "qsub", "qsubscript", "queuename", "qsub_extra1", "qsub_extra2",
             "qsub_extra3", "qsub_extra4", "min_dedicated", "nr_mpi", "nr_threads", "gpu_ids",
             "use_gpu", "scratch_dir", "nr_pool", "do_parallel_discio", "do_preread_images",
             "do_combine_thru_disc", "other_args", "do_pad1", "skip_gridding")
        ),
    }
)  # fmt: skip
"""Parameters of theirs that say how a program runs, which is the machine's matter with us."""

OUTPUTS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "scipion": (
            ("outputMovies", "Movie"),
            ("outputMicrographs", "Micrograph"),
            ("outputCTF", "Ctf"),
            ("outputCoordinates", "Picks"),
            ("consensusCoordinates", "Picks"),
            ("outputParticles", "Particles"),
            ("outputAverages", "Classes"),
            ("outputClasses", "Classes"),
            ("outputVolume", "Volume"),
            ("outputMicrographsDoseWeighted", "Micrograph"),
        ),
        "relion": (
            ("movies.star", "Movie"),
            ("micrographs.star", "Micrograph"),
            ("corrected_micrographs.star", "Micrograph"),
            ("micrographs_ctf.star", "Ctf"),
            ("autopick.star", "Picks"),
            ("manualpick.star", "Picks"),
            ("coords_suffix", "Picks"),
            ("particles.star", "Particles"),
            ("run_it", "Classes"),
            ("class_averages.star", "Classes"),
            ("initial_model.mrc", "Volume"),
            ("run_class001.mrc", "Volume"),
        ),
    }
)
"""How their outputs begin, and the type that ours have. The first of a type is written."""


def hinted(program: str, output: str) -> str:
    """The name of the type that an output of theirs seems to have; empty where nobody knows."""
    known = sorted(OUTPUTS[program], key=lambda pair: -len(pair[0]))
    return next((item for begins, item in known if output.startswith(begins)), "")
