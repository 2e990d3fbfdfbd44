"""Commands of `icestream export` that hand a session over to archives and catalogues."""

from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["COMMANDS"]


def bibtex(session: Path, file: Path, /) -> int:
    """Write what to cite for all programs that the session used, as BibTeX.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    file
        The ``.bib`` file. An older one of that name is replaced.
    """
    from icestream.exports.deposit import export_bibtex

    return _told(file, export_bibtex(session, file))


def _told(made: Path, missing: Sequence[str]) -> int:
    """Say what was written and all that it lacks; the exit status."""
    for sentence in missing:
        print(f"{made}: {sentence}")
    print(made)
    return 1 if missing else 0


COMMANDS: tuple[Callable[..., int], ...] = (bibtex,)
"""Each is called after its function."""
