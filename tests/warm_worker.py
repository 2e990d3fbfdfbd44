"""What a worker does with its first movie: for a process of a test's own, which imports it.

A module of its own below the folder of the tests: a package ``tests`` of somebody else, which a
dependency may bring, is in the way of ``tests.system``.
"""

import sys
import time
from pathlib import Path

from icestream.compiled import Kernel
from icestream.engine.executors import attempt as work
from icestream.model import Movie
from icestream.protocol import Cursor, Work
from icestream.protocols.align_movies import AlignMovies
from icestream.protocols.estimate_ctf import EstimateCtf
from icestream.protocols.import_movies import ImportMovies, ImportParameters
from icestream.protocols.judge_micrographs import JudgeMicrographs
from icestream.protocols.pick_by_log import PickByLog

CHAIN = (AlignMovies, EstimateCtf, JudgeMicrographs, PickByLog)


def compiled() -> dict[str, int]:
    """Kernels of this process, and for how many types of arguments each is ready."""
    modules = [module for name, module in sys.modules.items() if name.startswith("icestream.")]
    kernels = {
        kernel
        for module in modules
        for kernel in vars(module).values()
        if isinstance(kernel, Kernel)
    }
    return {f"{k.py_func.__module__}.{k.py_func.__name__}": len(k.signatures) for k in kernels}


def process(movie: Movie, folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """What is compiled after the warm-up, and after the first movie."""
    work.warm(tuple(f"{protocol.__module__}:{protocol.__name__}" for protocol in CHAIN))
    before = compiled()
    micrograph = AlignMovies().process(movie, Work(folder=folder))
    assert micrograph.spectra is not None
    ctf = EstimateCtf().process(micrograph, Work(folder=folder))
    JudgeMicrographs().process(micrograph, ctf, Work(folder=folder))
    PickByLog().process(micrograph, ctf)
    return before, compiled()


def first_movie(folder: Path) -> Movie:
    source = ImportMovies(ImportParameters(pattern=str(folder)))
    state = None
    for _ in range(600):
        found = source.discover(Cursor(state=state))
        if found.items:
            return found.items[0]
        state = found.state
        time.sleep(0.05)
    raise AssertionError(f"no movie was found in {folder}")
