"""The kinds of channels, as the settings have them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from icestream.channels.hours import checked_hours
from icestream.channels.secret import Secret
from icestream.model import Level
from icestream.units import Second

__all__ = [
    "Channel",
    "Channels",
    "CommandChannel",
    "EmailChannel",
    "LogChannel",
    "MattermostChannel",
    "SlackChannel",
    "TeamsChannel",
    "WebhookChannel",
]

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def _listed(given: Any) -> Any:
    """One of something for a list of one."""
    return (given,) if isinstance(given, str) else given


Several = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_listed),
    Field(min_length=1),
]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s,<>]+@[^@\s,<>]+$")]


class _Channel(BaseModel):
    """What all channels have."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    levels: Annotated[tuple[Level, ...], BeforeValidator(_listed), Field(min_length=1)] = (
        "warning",
        "critical",
    )
    """Which alerts are sent."""
    sessions: Several = ("*",)
    """Names of the folders of the sessions whose alerts are sent; ``*`` stands for anything."""
    quiet: Annotated[str, AfterValidator(checked_hours)] | None = None
    """Hours in which nothing is sent, such as 22:00-07:00; it is sent at their end."""
    critical_always: bool = True
    """Send critical alerts in quiet hours, too."""
    gather: Annotated[Second, Field(ge=0, le=3600)] = 60.0
    """Seconds for which alerts are gathered into one message, and between two messages."""
    over: bool = True
    """Say when an alert that was sent is over."""

    def wants(self, level: str, session: str) -> bool:
        """Whether alerts of this level of the session of this name go over it."""
        return level in self.levels and any(fnmatchcase(session, one) for one in self.sessions)

    @property
    def place(self) -> str:
        """Where it leads, without what is secret."""
        raise NotImplementedError


class EmailChannel(_Channel):
    """Mail over a server of the site, with TLS and login."""

    kind: Literal["email"]
    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]+$")]
    """Name of the mail server."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """587, 465 or 25, as `security` says, where it is not given."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is protected."""
    user: str | None = None
    """Whom to log in as; no login where it is not given."""
    password: Secret | None = None
    """Of the user."""
    sender: Address
    """Whom mail comes from."""
    to: Annotated[tuple[Address, ...], BeforeValidator(_listed), Field(min_length=1)]
    """Whom it goes to."""
    certificates: Path | None = None
    """A file with the authority that signed the server's certificate, where the system has none."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.user is not None and self.security == "none":
            raise ValueError("a password is only sent over TLS: security must be starttls or tls")
        return self

    @property
    def own_port(self) -> int:
        """The port that is given, or that of the protection."""
        return self.port or _PORTS[self.security]

    @property
    def place(self) -> str:
        """``server:port``."""
        return f"{self.server}:{self.own_port}"


class _WebChannel(_Channel):
    """What is posted to an address."""

    url: Secret
    """The address; whoever has it can post."""
    certificates: Path | None = None
    """A file with the authority that signed the server's certificate, where the system has none."""

    @property
    def place(self) -> str:
        """The server alone: the path of its address is a secret."""
        return urlsplit(self.url.read()).netloc.rpartition("@")[2]


class SlackChannel(_WebChannel):
    """An incoming webhook of Slack."""

    kind: Literal["slack"]


class MattermostChannel(_WebChannel):
    """An incoming webhook of Mattermost."""

    kind: Literal["mattermost"]


class TeamsChannel(_WebChannel):
    """A Workflows webhook of Microsoft Teams."""

    kind: Literal["teams"]


class WebhookChannel(_WebChannel):
    """Any server that takes JSON."""

    kind: Literal["webhook"]
    token: Secret | None = None
    """Sent as ``Authorization: Bearer``."""


class CommandChannel(_Channel):
    """A program of the site."""

    kind: Literal["command"]
    command: Several
    """The program and its arguments; it gets JSON on its standard input."""

    @property
    def place(self) -> str:
        """The program."""
        return self.command[0]


class LogChannel(_Channel):
    """A file to which a line of JSON is added for each message."""

    kind: Literal["log"]
    path: Path
    """The file; all sessions may share it."""

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)


Channel = Annotated[
    EmailChannel
    | SlackChannel
    | MattermostChannel
    | TeamsChannel
    | WebhookChannel
    | CommandChannel
    | LogChannel,
    Field(discriminator="kind"),
]
"""A way by which alerts reach people."""


@dataclass(frozen=True, slots=True)
class Channels:
    """All channels of a machine, by their names, and where they are said."""

    each: Mapping[str, Channel] = field(default_factory=dict)
    origin: str = ""
    """The file of the settings that has them."""
    secret: Callable[[], Callable[[str], str] | None] = field(default=lambda: None, repr=False)
    """Gives what takes the names of the session out of a text; None where they may be said."""
