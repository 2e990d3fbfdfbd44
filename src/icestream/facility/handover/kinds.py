"""The section of the facility file about handing data over."""

from typing import Annotated, Literal

from pydantic import Field

from icestream.facility.kinds import Days, Name, Seconds, Section, WholePath

__all__ = ["Handover"]


class Handover(Section):
    """The area from which people fetch their data, by rsync or SFTP, knowing its name."""

    folder: WholePath
    """The area; those who fetch can enter it and not list it."""
    offer: tuple[Literal["movies", "results", "report", "exports"], ...] = (
        "movies", "results", "report", "exports",
    )  # fmt: skip
    """What is offered: movies, micrographs and all else that was made of them, the report,
    exports (the place's folder `exports`)."""
    names: Literal["random", "project"] = "random"
    """What folders are called: as nobody can guess, or by project with a random ending. Those of
    confidential projects are always random."""
    way: Literal["hardlink", "copy"] = "hardlink"
    """Whether files are linked, which takes no room and needs one file system, or copied. What
    cannot be linked is copied."""
    days: Days = 30.0
    """How long data is offered after the last change; then the folder goes, and the data stay."""
    every: Seconds = 600.0
    """Time between two looks at what is new."""
    sessions: Literal["ended", "all", "asked"] = "asked"
    """Which sessions are offered: those that ended, all from their beginning, or such as somebody
    asked for (icestream facility handover SESSION)."""
    host: str = ""
    """Name of the machine that people fetch from."""
    user: Name = "handover"
    """User of the system that SFTP and rsync over ssh log in as."""
    rsync_port: Annotated[int, Field(ge=0, le=65535)] = 873
    """Port of the daemon of rsync; 0 where there is none."""
    sftp_port: Annotated[int, Field(ge=0, le=65535)] = 22
    """Port of ssh; 0 where there is none."""
