"""The sections of the facility file about backups: one for each place that they go to."""

from typing import Annotated, Literal

from pydantic import Field

from icestream.channels.secret import Secret
from icestream.facility.kinds import Days, Rate, Seconds, Section, Several
from icestream.facility.transfer.kinds import PlaceText

__all__ = ["BackupPlace"]


class BackupPlace(Section):
    """A place that sessions are backed up to: a folder, a disk, another machine, a bucket."""

    to: PlaceText
    """The folder, host:/path, host::module/path, rsync://user@host/module/path or
    s3://bucket/prefix. It has to be prepared once (icestream facility backup --prepare NAME), so
    that an empty mount point is never taken for the disk."""
    what: tuple[Literal["movies", "processing", "registry"], ...] = (
        "movies", "processing", "registry",
    )  # fmt: skip
    """Movies, all that was made of them with the session's store, and the facility's registry with
    the facility file and the settings (without passwords)."""
    password: Secret | None = None
    """Of a daemon of rsync."""
    shell: str = ""
    """Command that connects to another host; ssh, asking nobody anything, when not given."""
    every: Seconds = 600.0
    """Time between two backups of a session that runs."""
    exclude: Several = ()
    """Patterns of what is left out: names of files or folders, or paths below the part."""
    bandwidth: Rate | None = None
    """Most that it may take; no limit when not given."""
    reserve: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0
    """GB that are left free on a disk."""
    keep_former: Days | None = None
    """How long it keeps what a file held before it was replaced, and files that are gone from the
    session; for ever when not given. Only in folders of this machine."""
    verify_every: Days | None = None
    """How often all files of it are read again and compared; only when asked when not given."""
