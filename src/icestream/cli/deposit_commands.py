"""Commands of `icestream export` that hand a session over to archives and catalogues."""

from collections.abc import Callable, Sequence
from pathlib import Path

from cyclopts.types import ExistingFile

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


def osc_em(session: Path, file: Path, /, *, about: ExistingFile | None = None) -> int:
    """Write OSC-EM metadata (JSON, schema 1.0.1): acquisition, instrument, people, processing.

    What is not known is left out and told; where the schema requires it, the exit status is 1.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    file
        The JSON file. An older one of that name is replaced.
    about
        TOML or JSON of what people know: title, authors, microscope. deposition.toml in the
        session's folder when not given.
    """
    from icestream.exports.deposit import export_osc_em

    return _told(file, export_osc_em(session, file, about))


def mmcif(session: Path, file: Path, /, *, about: ExistingFile | None = None) -> int:
    """Write the em categories of mmCIF: the beginning of an entry of EMDB or PDB.

    What is not known is left out and told, and the exit status is then 1.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    file
        The CIF file. An older one of that name is replaced.
    about
        TOML or JSON of what people know: title, authors, microscope. deposition.toml in the
        session's folder when not given.
    """
    from icestream.exports.deposit import export_mmcif

    return _told(file, export_mmcif(session, file, about))


def empiar(session: Path, file: Path, /, *, about: ExistingFile | None = None) -> int:
    """Write a deposition in EMPIAR: JSON with the movies, micrographs and particles as image sets.

    All that EMPIAR requires and nobody said is told at once, and the exit status is then 1.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    file
        The JSON file. An older one of that name is replaced.
    about
        TOML or JSON of what people know: title, authors, release. deposition.toml in the
        session's folder when not given.
    """
    from icestream.exports.deposit import export_empiar

    return _told(file, export_empiar(session, file, about))


def ro_crate(session: Path, folder: Path, /, *, about: ExistingFile | None = None) -> int:
    """Write an RO-Crate (Provenance Run Crate): workflow, lineage, table, classes and map.

    What is not known is left out and told, and the exit status is then 1.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    folder
        Folder of the crate. Running it again brings it up to date.
    about
        TOML or JSON of what people know: title, authors, licence. deposition.toml in the
        session's folder when not given.
    """
    from icestream.exports.deposit import export_ro_crate

    return _told(folder, export_ro_crate(session, folder, about))


def _told(made: Path, missing: Sequence[str]) -> int:
    """Say what was written and all that it lacks; the exit status."""
    for sentence in missing:
        print(f"{made}: {sentence}")
    print(made)
    return 1 if missing else 0


COMMANDS: tuple[Callable[..., int], ...] = (bibtex, osc_em, mmcif, empiar, ro_crate)
"""Each is called after its function."""
