"""Exports of a deposition as files to download, beside what each of them lacks."""

from collections.abc import Callable, Mapping
from pathlib import Path

from icestream.exports.deposit.about import ABOUT
from icestream.exports.deposit.bibtex import export_bibtex
from icestream.exports.deposit.empiar import export_empiar
from icestream.exports.deposit.mmcif import export_mmcif
from icestream.exports.deposit.osc_em import export_osc_em
from icestream.exports.deposit.ro_crate import export_ro_crate

__all__ = ["DEPOSITS", "make_deposit"]

_Export = Callable[[Path, Path], tuple[str, ...]]
"""Of a session's folder and of what is written; gives sentences on what is missing."""

DEPOSITS: Mapping[str, tuple[str, _Export]] = {
    "bibtex": (".bib", export_bibtex),
    "osc-em": ("-osc-em.json", export_osc_em),
    "mmcif": (".cif", export_mmcif),
    "empiar": ("-empiar.json", export_empiar),
    "ro-crate": ("-ro-crate", export_ro_crate),
}
"""How each is called by its name: the end of its file's or folder's name, and what writes it."""

_WHERE = f"What people know is read from {ABOUT} in the session's folder."


def make_deposit(name: str, session: Path, target: Path) -> Path:
    """Make a download of a session: what was written, beside ``missing.txt`` where it lacks things.

    Parameters
    ----------
    name
        One of `DEPOSITS`.
    session
        The session's folder; it may still be running.
    target
        What is made, without the end of its name.

    Returns
    -------
    The file, or folder, of the export; or a folder with it and with what is missing.
    """
    end, export = DEPOSITS[name]
    folder = target.with_name(f"{target.name}-{name}")
    made = folder / f"{target.name}{end}"
    missing = export(session, made)
    if missing:
        (folder / "missing.txt").write_text("\n".join((*missing, _WHERE, "")), encoding="utf-8")
        return folder
    return made
