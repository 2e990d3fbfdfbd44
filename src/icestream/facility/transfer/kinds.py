"""The section of the facility file about copying from microscopes."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from icestream.channels.secret import Secret
from icestream.facility.kinds import FileMode, Hours, Name, Rate, Seconds, Section, Several
from icestream.facility.transfer.address import read_address

__all__ = ["PlaceText", "Transfer"]


def _address(text: str) -> str:
    read_address(text)
    return text


PlaceText = Annotated[str, AfterValidator(_address)]
"""A folder of this machine, one that rsync reaches, or a place in a bucket."""


class Transfer(Section):
    """Copying movies from the microscopes, before or while they are processed."""

    way: Literal["copy", "in-place"] = "copy"
    """Whether movies are copied into the session's place, or read where the microscope writes
    them."""
    in_place: tuple[Name, ...] = ()
    """Microscopes whose movies are read where they are although others' are copied."""
    sources: dict[Name, PlaceText] = Field(default_factory=dict)
    """Where movies of a microscope are copied from, if not the folder that it has among the
    microscopes: host:/path, host::module/path, rsync://user@host/module/path or
    s3://bucket/prefix."""
    password: Secret | None = None
    """Of daemons of rsync. Keys of ssh are those of the user who runs icestream."""
    shell: str = ""
    """Command that connects to other hosts; ssh, asking nobody anything, when not given."""
    every: Seconds = 10.0
    """Time between two looks at the source."""
    settle: Seconds = 10.0
    """How long a file must not change; an object of a bucket never does. A movie must also be whole
    by what is in it."""
    patience: Seconds = 300.0
    """How long a movie that is not whole is waited for; then it is copied as it is."""
    exclude: Several = (
        "*.tmp",
        "*.part",
        "Thumbs.db",
        "desktop.ini",
        "System Volume Information",
    )
    """Patterns of what is not copied: names of files or folders, or paths below the source."""
    streams: Annotated[int, Field(ge=1, le=64)] = 4
    """Copies that run at once, of all sessions together."""
    bandwidth: Rate | None = None
    """Most that all copies together may take; no limit when not given."""
    reserve: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20.0
    """GB that are left free on the disk of the copy."""
    file_mode: FileMode | None = Field(default=0o640, validate_default=False)
    """Permissions of copied files."""
    folder_mode: FileMode | None = Field(default=0o2750, validate_default=False)
    """Permissions of folders in the copy; what is made in them belongs to the same group."""
    clean_source: Literal["never", "after-verified-copy"] = "never"
    """Whether files are removed at the source: only such as were read back from the copy and found
    to be the same, have not changed since, and are older than `clean_after`."""
    clean_after: Hours = 168.0
    """How long files stay at the source at least."""
    ends_after: Hours = 2.0
    """How long after the end of a session without anything new its copy is over."""
