"""`icestream accept` and `reject`: a person's word on an exposure."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from icestream.cli.control import ask
from icestream.cli.exposures import Square
from icestream.engine.requests.models import Accept, Reject
from icestream.store.chosen import UnknownExposure, chosen_exposures
from icestream.store.open import open_store

__all__ = ["accept", "reject"]

_SHOWN = 5
"""Exposures that are named."""


def accept(
    session: Path, /, *exposures: str, square: Square = None, why: str = "", step: str | None = None
) -> int:
    """Accept exposures, whatever a selection, a sampler or a trigger said.

    Parameters
    ----------
    session
        The session's folder.
    exposures
        Numbers as the report shows them (12), ranges (12-20), names, or a part of a name that no
        other has; several, if you like.
    square
        Name of a grid square: all of its exposures.
    why
        Kept with your name and the time.
    step
        The selection, sampler or trigger at which your word holds; by default every selection.
    """
    return _judge(Accept, session, exposures, square, why, step)


def reject(
    session: Path, /, *exposures: str, square: Square = None, why: str = "", step: str | None = None
) -> int:
    """Reject exposures, whatever a selection said.

    Parameters
    ----------
    session
        The session's folder.
    exposures
        Numbers as the report shows them (12), ranges (12-20), names, or a part of a name that no
        other has; several, if you like.
    square
        Name of a grid square: all of its exposures.
    why
        Kept with your name and the time, and shown as the reason.
    step
        The selection, sampler or trigger at which your word holds; by default every selection.
    """
    return _judge(Reject, session, exposures, square, why, step)


def _judge(
    verb: type[Accept | Reject],
    session: Path,
    words: Sequence[str],
    square: str | None,
    why: str,
    step: str | None,
) -> int:
    with closing(open_store(session, readonly=True)) as store:
        try:
            names = chosen_exposures(store, words, square)
        except UnknownExposure as error:
            print(error)
            return 1
    if set(names) != set(words):
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        exposures = "1 exposure" if len(names) == 1 else f"{len(names)} exposures"
        print(f"{exposures}: {', '.join(names[:_SHOWN])}{more}")
    return ask(session, verb(exposures=names, why=why, step=step))
