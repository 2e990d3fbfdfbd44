"""Have RELION's network say how good 2D classes are: `relion_class_ranker`, of RELION 4 and 5."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.protocol import BadOutput, Command, Failure, Work, found_by, run_program
from icestream_relion.results import read_table
from icestream_relion.suite import FAILURES, KNOWN, refuse_ignored, relion, version_numbers

__all__ = ["CLASS_RANKER", "rank_classes", "ranker_lacking"]

CLASS_RANKER = relion("relion_class_ranker", KNOWN[1:])
_FIRST = (4,)
"""The version from which it is there."""
_NETWORK = "relion_python_classranker"
"""What RELION 5 runs the network by, and looks for on the PATH."""
_PYTHON = "RELION_PYTHON_EXECUTABLE"
"""The environment variable that names RELION 4 its Python."""
_TIMEOUT = 3600.0
_FAILURES = (
    Failure(
        code="no-torch",
        when=r"No module named|relion_python_classranker: (command )?not found|"
        r"need to specify the python executable|Python script file is missing",
        advice="set scores to own, or install what the ranking of classes needs: PyTorch in the "
        "Python that RELION_PYTHON_EXECUTABLE names (RELION 4), RELION's Python environment with "
        "relion_python_classranker (RELION 5)",
    ),
    Failure(
        code="no-scores",
        when=r"Something went wrong in the external Python call|"
        r"Failed to run external python script|std::invalid_argument|stof",
        advice="set scores to own, or see in its log what the network said instead of scores",
    ),
    *FAILURES,
)


def ranker_lacking(version: str | None) -> Sequence[str]:
    """What is missing to rank the classes that this version of `relion_refine` makes."""
    path, own = CLASS_RANKER.find(), CLASS_RANKER.version()
    if version and version_numbers(version) < _FIRST:
        return (
            f"scores is class_ranker, and RELION {version} does not have it: set scores to own, or "
            "install RELION 4 or newer",
        )
    if path is None or not own:
        return ()  # which is told of every program
    if version_numbers(own) < (5,):
        if os.environ.get(_PYTHON):
            return ()
        return (
            f"scores is class_ranker, and nothing says which Python has PyTorch for RELION {own}: "
            f"set {_PYTHON} in the environment of icestream, or scores to own",
        )
    if shutil.which(_NETWORK, path=_search(path)) is None:
        return (
            f"scores is class_ranker, and {_NETWORK} is neither beside {path} nor on the PATH: "
            "install RELION's Python environment, or set scores to own",
        )
    return ()


def _search(path: Path) -> str:
    """The PATH, beginning with where the program is."""
    return os.pathsep.join([str(path.parent), os.environ.get("PATH", os.defpath)])


def rank_classes(run: Path, count: int, work: Work) -> NDArray[np.float32]:
    """Run it on a classification; its score of each class, from 0 to 1.

    It says nothing of classes of ten particles or fewer: their score is 0.

    Parameters
    ----------
    run
        The beginning of the names of its last files, as ``refine/run_it025``.
    count
        Number of classes.
    work
        Where the files of the task are.

    Raises
    ------
    ItemFailed, TryAgain
        As `run_program`.
    BadOutput
        If scores are missing, or no numbers.
    """
    optimiser = f"{run.parent.name}/{run.name}_optimiser.star"
    words = ["--opt", optimiser, "--o", "rank/", "--fn_root", "rank", "--do_granularity_features"]
    # Without it, it wants files of those who train the network.
    words += ["--auto_select", "--min_score", "0", "--fn_sel_parts", "particles.star"]
    words += ["--fn_sel_classavgs", "class_averages.star"]
    command = Command(
        (CLASS_RANKER.executable, *words),
        environment={"PATH": _search(found_by(CLASS_RANKER, work).path)},
        timeout=_TIMEOUT,
    )
    refuse_ignored(run_program(CLASS_RANKER, command, work, _FAILURES))
    table = read_table(work.folder / "rank" / "rank_model.star", "model_classes")
    if "rlnClassScore" not in table or len(table) != count:
        raise BadOutput(
            f"it scored {len(table) if 'rlnClassScore' in table else 'none'} of {count} classes",
            advice="set scores to own",
            code="no-scores",
        )
    scores = table.floats("rlnClassScore")
    if not np.isfinite(scores).all():
        bad = int(np.count_nonzero(~np.isfinite(scores)))
        raise BadOutput(
            f"the scores of {bad} of {count} classes are no numbers",
            advice="set scores to own",
            code="garbage-output",
        )
    return np.clip(scores, 0.0, 1.0).astype(np.float32)
