"""Several files of one micrograph, as programs that align movies write them side by side.

MotionCor writes ``X.mrc``, ``X_DW.mrc`` and ``X_DWS.mrc``, RELION ``X.mrc``, ``X_noDW.mrc`` and
``X_PS.mrc``, cryoSPARC ``X_patch_aligned.mrc`` and ``X_patch_aligned_doseweighted.mrc``, icestream
``X.mrc`` and ``X_noDW.mrc``; most can write sums of the odd and the even frames, too.
"""

import re

from icestream.model import safe_file_name

__all__ = ["better_names", "is_weighted", "micrograph_root", "plain_names"]

_LESSER = ("_DWS", "_noDW", "_PS", "_EVN", "_ODD", "_even", "_odd", "_Stk", "_background")
"""Ends of names of what is not the micrograph to work with, when that is there."""
_WEIGHTED = ("_DW", "_patch_aligned_doseweighted", "_rigid_aligned_doseweighted", "_doseweighted")
"""Ends of names of sums that are weighted by dose, where those without are called plainly."""
_PLAIN = ("_patch_aligned", "_rigid_aligned")
_LISTS = ("_particles", "_autopick", "_manualpick", "_picks", "_topaz", "_fractions", "_eer")
"""Ends of names of files that list what is in a micrograph, and of the movie that it is of."""
_UID = re.compile(r"^\d{18,21}_")
"""The number that CryoSPARC writes before the name of an imported file."""


def better_names(stem: str) -> tuple[str, ...]:
    """Names without suffix of what is taken in the place of `stem`, where it is there."""
    if is_weighted(stem):
        return ()
    for ending in _LESSER:
        base = stem[: -len(ending)]
        if base and stem.lower().endswith(ending.lower()):
            return tuple(base + end for end in (*_WEIGHTED, "", *_PLAIN))
    return (f"{stem}_DW", f"{stem}_doseweighted")


def is_weighted(stem: str) -> bool:
    """Whether the name says that it is weighted by dose, beside a plain one."""
    return stem.lower().endswith(tuple(end.lower() for end in _WEIGHTED))


def plain_names(stem: str) -> tuple[str, ...]:
    """Names without suffix of the sum that is not weighted, of one that is by its name."""
    end = next((end for end in _WEIGHTED if stem.lower().endswith(end.lower())), "")
    base = stem[: len(stem) - len(end)]
    return tuple(base + plain for plain in ("", *_PLAIN)) if end and base else ()


def micrograph_root(stem: str) -> str:
    """What is left of a name of a micrograph, or of a list of its particles, by any program.

    Two files with one root are of one exposure: numbers that a program writes before a name and
    endings that it writes behind are taken off, and capitals make no difference.

    >>> micrograph_root("012951868257382468663_Grid_01_Fractions_patch_aligned_doseweighted")
    'grid_01'
    """
    root = _UID.sub("", safe_file_name(stem)).lower()
    endings = [end.lower() for end in (*_WEIGHTED, *_LESSER, *_PLAIN, *_LISTS, ".frames")]
    while True:
        ending = next((end for end in endings if root.endswith(end) and root != end), None)
        if ending is None:
            return root
        root = root.removesuffix(ending)
