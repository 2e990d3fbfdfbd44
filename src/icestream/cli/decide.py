"""`icestream accept` and `reject`: a person's word on an exposure."""

from pathlib import Path

from icestream.cli.control import ask
from icestream.engine.requests.models import Accept, Reject

__all__ = ["accept", "reject"]


def accept(session: Path, exposure: str, /, *more: str, why: str = "") -> int:
    """Accept exposures, whatever a selection said.

    Parameters
    ----------
    session
        The session's folder.
    exposure
        Name of the exposure.
    more
        Names of further exposures.
    why
        Kept with your name and the time.
    """
    return ask(session, Accept(exposures=(exposure, *more), why=why))


def reject(session: Path, exposure: str, /, *more: str, why: str = "") -> int:
    """Reject exposures, whatever a selection said.

    Parameters
    ----------
    session
        The session's folder.
    exposure
        Name of the exposure.
    more
        Names of further exposures.
    why
        Kept with your name and the time, and shown as the reason.
    """
    return ask(session, Reject(exposures=(exposure, *more), why=why))
