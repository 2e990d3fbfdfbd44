"""How a session runs here: options of every command that runs one."""

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Group, Parameter, validators

__all__ = ["Here"]

_GROUP = Group("How it runs", sort_key=100)


@dataclass(frozen=True, kw_only=True)
class Here:
    """How a session runs here."""

    order: Annotated[Literal["newest", "oldest", "both"] | None, Parameter(group=_GROUP)] = None
    """Which exposure goes first when several wait; both: newest and oldest in turn. Default: as
    the session was told, and the newest in a new one."""

    cores: Annotated[int | None, Parameter(group=_GROUP, validator=validators.Number(gte=1))] = None
    """CPU cores that this session may use. Default: all that others leave."""

    executor: Annotated[str | None, Parameter(group=_GROUP)] = None
    """Where its tasks run: local, on this machine, or a cluster of the settings, by its name in
    [executors]. Default: what the settings say."""

    report: Annotated[bool, Parameter(group=_GROUP)] = True
    """Keep the live report up to date while it runs."""

    publish: Annotated[str | None, Parameter(group=_GROUP)] = None
    """Bring the report there after each update: user@host:/path/ for rsync, or a program with its
    arguments; none: nowhere. Default: what the settings say."""

    put_back: Annotated[str | None, Parameter(group=_GROUP)] = None
    """Keep a backup of the session in a bucket while it runs: s3://bucket/prefix; none: nowhere.
    Default: where it was put back before."""

    alerts: Annotated[bool, Parameter(group=_GROUP)] = True
    """Send alerts over the channels of the settings."""

    as_given: Annotated[bool, Parameter(group=_GROUP, negative="")] = False
    """Take unusual values as they are, such as a pixel size of 0.1 Å, without asking."""

    log_json: Annotated[bool, Parameter(group=_GROUP, negative="")] = False
    """Write log events to the terminal as JSON lines, and nothing else."""
