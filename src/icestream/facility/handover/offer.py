"""What is offered to people, written down beside the area: one small file for each folder."""

import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from icestream.documents import read_json
from icestream.model import safe_file_name
from icestream.whole import written_whole

__all__ = [
    "RECORDS",
    "DataOffer",
    "NoArea",
    "new_offer",
    "offer_of",
    "offers",
    "require_area",
    "write_offer",
]

RECORDS = ".offers"
"""Folder in the area that only its owner can enter."""
_OWN, _OTHERS = 0o700, 0o711
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


class NoArea(RuntimeError):
    """The area cannot be used; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOffer:
    """A folder from which a session's data can be fetched; times are seconds since the epoch."""

    name: str
    """Of the folder: who knows it can fetch what is in it."""
    session: str
    folder: str
    """Of the session."""
    project: str = ""
    confidential: bool = False
    parts: tuple[str, ...] = ()
    made: float = 0.0
    changed: float = 0.0
    """When something was last added or taken away."""
    expires: float = 0.0
    files: int = 0
    bytes: int = 0
    linked: int = 0
    """Bytes of those that take no room of their own."""
    password: str = ""
    """For the daemon of rsync."""

    @property
    def shown(self) -> str:
        """What may be said of it where others read: of a confidential project no name."""
        return "a confidential session" if self.confidential else self.session


def require_area(area: Path) -> Path:
    """Make the area one that can be entered and not listed; its folder of records.

    Raises
    ------
    NoArea
        If it is not there, or belongs to somebody else.
    """
    try:
        area.chmod(_OTHERS)
        records = area / RECORDS
        records.mkdir(mode=_OWN, exist_ok=True)
        records.chmod(_OWN)
    except FileNotFoundError:
        raise NoArea(f"the area {area} is not there: make the folder, or mount its disk") from None
    except OSError as error:
        raise NoArea(
            f"the area {area} cannot be used ({error.strerror or error}): it has to belong to the "
            "user who runs icestream"
        ) from None
    return records


def new_offer(session: str, folder: Path, project: str, *, named: bool, secret: bool) -> DataOffer:
    """An offer with a name that nobody can guess.

    Parameters
    ----------
    session, folder, project
        What is offered.
    named
        Whether the name begins with that of the project.
    secret
        Whether the project is confidential: then its name is nowhere.
    """
    begins = _PLAIN.sub("-", safe_file_name(project or session)).strip("-.")[:40]
    ending = secrets.token_urlsafe(12).replace("_", "x").replace("-", "y")
    return DataOffer(
        name=f"{begins}-{ending}" if named and not secret and begins else f"d-{ending}",
        session=session,
        folder=str(folder),
        project=project,
        confidential=secret,
        made=time.time(),
        password=secrets.token_urlsafe(15),
    )


def write_offer(area: Path, offer: DataOffer) -> None:
    """Write an offer down."""
    with written_whole(area / RECORDS / f"{offer.name}.json") as path:
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(offer)))


def offers(area: Path) -> Iterator[DataOffer]:
    """All that is offered, the newest last; a record that cannot be read is left out."""
    found = []
    for path in (area / RECORDS).glob("*.json"):
        try:
            said = read_json(path.read_bytes())
            found.append(replace(DataOffer(**said), parts=tuple(said["parts"])))
        except (OSError, ValueError, TypeError, KeyError):
            continue
    yield from sorted(found, key=lambda offer: offer.made)


def offer_of(area: Path, folder: Path) -> DataOffer | None:
    """What is offered of a session; None where nothing is."""
    mine = [offer for offer in offers(area) if offer.folder == str(folder)]
    return mine[-1] if mine else None
