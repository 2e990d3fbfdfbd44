"""What the boxers of EMAN2 and of SPHIRE have in common: their files, and how they fail."""

import json

import numpy as np

from icestream.protocol import BadOutput, Failure, Probe, Work
from icestream_pickers.picking import NEEDS_CUDA, NO_PLACE, Floats, output_text

__all__ = ["EMAN2_CITES", "FAILURES", "PROBE", "read_boxes"]

EMAN2_CITES = ("Tang et al. (2007) J. Struct. Biol. 157, 38, doi:10.1016/j.jsb.2006.05.009",)

PROBE = Probe(arguments=("--version",), pattern=r"EMAN2?\s+v?(\d+\.\d+\S*)", timeout=60)

FAILURES = (
    Failure(
        code="no-references",
        when=r"required for autopicking|Not enough references",
        advice="give references of particles, cut from micrographs of this pixel size in "
        "e2boxer.py",
    ),
    Failure(
        code="no-network",
        when=r"Cannot find saved network|retrain from scratch",
        advice="train the network in e2boxer.py --gui, and give nnet_pickptcls.hdf",
    ),
    Failure(
        code="no-gpu-memory",
        when=r"OOM when allocating|ResourceExhausted|CUDA_ERROR_OUT_OF_MEMORY|out of memory",
        advice="let nothing else use this GPU, or set gpu to false",
        retry=True,
    ),
    NEEDS_CUDA,
    Failure(
        code="no-tensorflow",
        when=r"Cannot import required dependencies|No module named '?(?:tensorflow|theano)",
        advice="EMAN2's neural network needs TensorFlow: install it as eman2.org says, or pick by "
        "references",
    ),
    Failure(
        code="no-parameters",
        when=r"no autoboxing parameters were found|no (?:gausse? method )?autoboxing information",
        advice="this version keeps the parameters of the Gaussian picker elsewhere: install EMAN2 "
        "2.31 with SPHIRE 1.3 or 1.4",
    ),
    Failure(
        code="other-version",
        when=r"unrecognized arguments|no such option|not yet complete",
        advice="this EMAN2 takes other arguments: install a version that the plugin knows",
    ),
    Failure(
        code="no-eman2",
        when=r"No module named '?EMAN2|ImportError|ModuleNotFoundError",
        advice="the installation of EMAN2 is not whole: run e2version.py by hand",
    ),
    NO_PLACE,
)
"""By what the programs print, whatever their exit status: they often end well."""


def read_boxes(work: Work, kind: str = "") -> Floats:
    """Read the boxes of the micrograph in the folder of the task.

    Parameters
    ----------
    work
        The task's folder, where ``info/mic_info.json`` is.
    kind
        Boxes that are called so; all when empty.

    Returns
    -------
    Floats
        ``(n, 3)`` x and y of the centres, pixels from the first row of the file on, and the score;
        ``(n, 2)`` where the program does not tell it of every box.

    Raises
    ------
    BadOutput
        If there is no such file, or it holds no boxes.
    """
    path = work.folder / "info" / "mic_info.json"
    text = output_text(path).strip()
    try:
        said = json.loads(text)
        boxes = [box for box in said["boxes"] if not kind or box[2] == kind]
        rows = [(float(box[0]), float(box[1]), *_score(box)) for box in boxes]
    except json.JSONDecodeError as error:
        cut = text.startswith("{") and not text.endswith("}")
        raise BadOutput(
            f"{path.name} is no whole JSON file: {error}",
            code="half-output" if cut else "garbage-output",
        ) from error
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadOutput(
            f"{path.name} holds no boxes as x, y and kind: {error!r}", code="garbage-output"
        ) from error
    width = min(map(len, rows), default=2)
    return np.array([row[:width] for row in rows], np.float64).reshape(-1, width)


def _score(box: list[object]) -> tuple[float, ...]:
    """The fourth value of a box, where it has one."""
    return (float(str(box[3])),) if len(box) > 3 and isinstance(box[3], int | float) else ()
