"""Whose a folder is that an export is written into."""

import json
from pathlib import Path

from icestream.store.records import SessionRecord

__all__ = ["claim_folder"]

MARKER = ".icestream-export"
"""In every export of several files that is written again: what it is, and of which session."""


def claim_folder(out: Path, session: SessionRecord, kind: str, join: str) -> None:
    """Make the folder of an export, or see that it is one of this kind and session.

    Parameters
    ----------
    out
        The folder.
    session
        Whose export it is to be.
    kind
        As people read it: ``RELION project``.
    join
        How two of different sessions are put together.

    Raises
    ------
    FileExistsError
        If it holds something else.
    """
    marker = out / MARKER
    if out.exists() and any(out.iterdir()) and not marker.exists():
        raise FileExistsError(
            f"{out} is not empty and was not written by an earlier export; "
            "name an empty or new folder"
        )
    out.mkdir(parents=True, exist_ok=True)
    said = marker.read_text(encoding="utf-8") if marker.exists() else ""
    owner = json.loads(said) if said else {}
    is_now = owner.get("kind", "RELION project")  # the only one when no kind was written
    if owner and is_now != kind:
        raise FileExistsError(f"{out} is a {is_now}, and no {kind}; name an empty or new folder")
    if session.uid and owner.get("uid", session.uid) != session.uid:
        raise FileExistsError(
            f"{out} is a {kind} of the session {owner.get('session')}, and this is "
            f"{session.name}; name an empty or new folder, and {join}"
        )
    about = {"kind": kind, "session": session.name, "uid": session.uid}
    marker.write_text(json.dumps(about), encoding="utf-8")
