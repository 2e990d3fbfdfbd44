"""Several files of one micrograph, as programs that align movies write them side by side.

MotionCor writes ``X.mrc``, ``X_DW.mrc`` and ``X_DWS.mrc``, RELION ``X.mrc``, ``X_noDW.mrc`` and
``X_PS.mrc``, cryoSPARC ``X_patch_aligned.mrc`` and ``X_patch_aligned_doseweighted.mrc``, icestream
``X.mrc`` and ``X_noDW.mrc``; most can write sums of the odd and the even frames, too.
"""

__all__ = ["better_names", "is_weighted", "plain_names"]

_LESSER = ("_DWS", "_noDW", "_PS", "_EVN", "_ODD", "_even", "_odd", "_Stk", "_background")
"""Ends of names of what is not the micrograph to work with, when that is there."""
_WEIGHTED = ("_DW", "_patch_aligned_doseweighted", "_rigid_aligned_doseweighted", "_doseweighted")
"""Ends of names of sums that are weighted by dose, where those without are called plainly."""
_PLAIN = ("_patch_aligned", "_rigid_aligned")


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
