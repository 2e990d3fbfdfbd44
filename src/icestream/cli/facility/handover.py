"""`icestream facility handover`: what is offered to people, and how they reach it."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from icestream.cli.facility.transfer import size_words
from icestream.cli.terminal import print_json, print_table
from icestream.facility.handover.access import fetch_text, key_line, rsyncd_conf, sshd_block
from icestream.facility.handover.area import end_offer
from icestream.facility.handover.duty import offer_known
from icestream.facility.handover.kinds import Handover
from icestream.facility.handover.offer import DataOffer, NoArea, offer_of, offers
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.sessions import session as find_session
from icestream.shown import printable

__all__ = ["handover"]


def handover(
    session: str | None = None,
    /,
    *,
    end: Annotated[bool, Parameter(negative="")] = False,
    key: Path | None = None,
    config: Literal["sshd", "rsyncd"] | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Offer a session's data to people, and say what they have to type; or say what is offered.

    Parameters
    ----------
    session
        Its name; without it all that is offered is shown.
    end
        Offer it no more: the folder in the area goes, the session stays as it is.
    key
        File with somebody's public key of ssh: prints the line for authorized_keys with which that
        key can fetch this session by rsync, and nothing else.
    config
        Print the configuration of sshd, or of the daemon of rsync.
    json
        For programs.
    """
    with open_facility() as facility:
        section = _section(facility)
        if config is not None:
            every = list(offers(section.folder))
            print(sshd_block(section) if config == "sshd" else rsyncd_conf(section, every), end="")
            return 0
        if session is None:
            _show(section, facility, json)
            return 0
        with facility.registry.read() as connection:
            known = find_session(connection, session)
        if end:
            offered = offer_of(section.folder, Path(known.folder))
            if offered is None:
                raise LookupError(f"nothing of {known.name} is offered")
            end_offer(section, offered)
            print(f"{printable(known.name)} is offered no more")
            return 0
        offered = offer_known(facility, known)
        if key is not None:
            print(key_line(section, offered, key.read_text()))
        elif json:
            print_json(_document(section, offered))
        else:
            print(fetch_text(section, offered, facility.file.zone), end="")
    return 0


def _section(facility: Facility) -> Handover:
    if facility.file.handover is None:
        raise NoArea("the facility file has no section [handover]: write one, with its folder")
    return facility.file.handover


def _show(section: Handover, facility: Facility, json: bool) -> None:
    found = list(offers(section.folder))
    if json:
        print_json([_document(section, each) for each in found])
        return
    if not found:
        print("nothing is offered")
        return
    rows = [
        (
            printable(each.shown),
            str(each.files),
            size_words(each.bytes),
            size_words(each.bytes - each.linked),
            f"{facility.local(each.expires):%Y-%m-%d}",
        )
        for each in found
    ]
    print_table(("session", "files", "size", "takes", "until"), rows)


def _document(section: Handover, offer: DataOffer) -> dict[str, object]:
    # Without the password, and of what is confidential without its name: output is kept in logs.
    secret = offer.confidential
    return {
        "session": None if secret else offer.session,
        "folder": None if secret else str(section.folder / offer.name),
        "confidential": secret,
        "parts": list(offer.parts),
        "files": offer.files,
        "bytes": offer.bytes,
        "made": offer.made,
        "expires": offer.expires,
    }
