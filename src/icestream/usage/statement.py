"""What is said of a machine's usage: the whole of what is sent, and of what a collector takes.

Numbers are rounded down to the beginning of a coarse class: 5 means 5 to 9 sessions. Of protocols
that are not released with icestream, nothing but that there was one is said.
"""

import datetime
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from icestream.usage.countries import world_map

__all__ = [
    "EXPOSURES",
    "LARGEST",
    "MOST_DAYS",
    "OTHER",
    "SESSIONS",
    "ChainUse",
    "DayOfUse",
    "ProtocolUse",
    "SessionUse",
    "UsageStatement",
    "UsedProtocol",
    "day_of_use",
    "statement_text",
]

OTHER = "other"
"""In the place of the name of a protocol that is not released with icestream, and its plugin."""
SESSIONS = (1, 2, 5, 10, 20, 50, 100)
EXPOSURES = (0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
"""Where the classes begin."""
MOST_DAYS = 60
"""Days that are kept until they could be sent, and that a collector takes."""
LARGEST = 256 * 1024
"""Bytes of a statement."""

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)
_PROTOCOL = r"^(other|[a-z][a-z0-9]*\.[a-z0-9][a-z0-9_]*)$"
_PLUGIN = r"^(other|icestream(-[a-z0-9]+)?)$"
_VERSION = r"^([0-9A-Za-z][0-9A-Za-z.+!]*)?$"


def _class_of_sessions(given: int) -> int:
    if given not in SESSIONS:
        raise ValueError(f"not one of {', '.join(map(str, SESSIONS))}")
    return given


def _class_of_exposures(given: int) -> int:
    if given not in EXPOSURES:
        raise ValueError(f"not one of {', '.join(map(str, EXPOSURES))}")
    return given


def _is_day(given: str) -> str:
    if datetime.date.fromisoformat(given).isoformat() != given:
        raise ValueError("write a day as 2026-11-30")
    return given


def _is_country(given: str) -> str:
    if given not in world_map().countries:
        raise ValueError("no code of ISO 3166-1")
    return given


ProtocolName = Annotated[str, Field(pattern=_PROTOCOL, max_length=60)]
VersionText = Annotated[str, Field(pattern=_VERSION, max_length=40)]
AtLeastSessions = Annotated[int, AfterValidator(_class_of_sessions)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_is_day)]


class ProtocolUse(BaseModel):
    """A protocol, and in how many sessions it was."""

    model_config = _STRICT

    name: ProtocolName
    version: Annotated[int, Field(ge=0, le=100_000)]
    plugin: Annotated[str, Field(pattern=_PLUGIN, max_length=60)]
    plugin_version: VersionText
    sessions: AtLeastSessions


class ChainUse(BaseModel):
    """Two protocols, the second of which took what the first made, and in how many sessions."""

    model_config = _STRICT

    protocol: ProtocolName
    next: ProtocolName
    sessions: AtLeastSessions


class DayOfUse(BaseModel):
    """The sessions that ended on one day."""

    model_config = _STRICT

    day: Day
    sessions: AtLeastSessions
    exposures: Annotated[int, AfterValidator(_class_of_exposures)]
    """Of all of them together."""
    protocols: Annotated[tuple[ProtocolUse, ...], Field(strict=False, max_length=200)]
    chains: Annotated[tuple[ChainUse, ...], Field(strict=False, max_length=1000)]


class UsageStatement(BaseModel):
    """What is sent."""

    model_config = _STRICT

    form: Literal[1]
    installation: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """Random; it says which days are of one installation, and can be thrown away."""
    country: Annotated[str, AfterValidator(_is_country)] | None
    """As it is said in the settings."""
    icestream: VersionText
    python: Annotated[str, Field(pattern=r"^3\.\d{1,3}$")]
    days: Annotated[tuple[DayOfUse, ...], Field(strict=False, min_length=1, max_length=MOST_DAYS)]


@dataclass(frozen=True, slots=True, order=True)
class UsedProtocol:
    """A protocol of a session; of one that is not released with icestream, not even the name."""

    name: str
    version: int = 0
    plugin: str = OTHER
    plugin_version: str = ""


@dataclass(frozen=True, slots=True)
class SessionUse:
    """What is counted of one session."""

    exposures: int
    protocols: tuple[UsedProtocol, ...]
    chains: tuple[tuple[str, str], ...]
    """Names of protocols that followed each other."""

    def to_json(self) -> str:
        """As it is kept until its day is sent."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "SessionUse":
        """What `to_json` wrote."""
        said = json.loads(text)
        return cls(
            said["exposures"],
            tuple(UsedProtocol(**one) for one in said["protocols"]),
            tuple((first, then) for first, then in said["chains"]),
        )


def day_of_use(day: str, uses: Sequence[SessionUse]) -> DayOfUse:
    """What is said of the sessions of a day: in coarse numbers, in an order that says nothing."""
    protocols = Counter(one for use in uses for one in set(use.protocols))
    chains = Counter(one for use in uses for one in set(use.chains))
    return DayOfUse(
        day=day,
        sessions=_rounded(len(uses), SESSIONS),
        exposures=_rounded(sum(use.exposures for use in uses), EXPOSURES),
        protocols=tuple(
            ProtocolUse(
                name=one.name,
                version=one.version,
                plugin=one.plugin,
                plugin_version=one.plugin_version,
                sessions=_rounded(count, SESSIONS),
            )
            for one, count in sorted(protocols.items())
        ),
        chains=tuple(
            ChainUse(protocol=first, next=then, sessions=_rounded(count, SESSIONS))
            for (first, then), count in sorted(chains.items())
        ),
    )


def _rounded(count: int, classes: Iterable[int]) -> int:
    return max(one for one in classes if one <= count)


def statement_text(statement: UsageStatement) -> bytes:
    """The very bytes that are sent: JSON that a person can read."""
    said: dict[str, Any] = statement.model_dump(mode="json")
    text = json.dumps(said, indent=1, ensure_ascii=True)
    # A protocol or a chain in a line: there may be many.
    flat = re.sub(r"\{\n\s+([^{}\[\]]*?)\n\s+\}", lambda one: "{" + _line(one[1]) + "}", text)
    return flat.encode() + b"\n"


def _line(inside: str) -> str:
    return re.sub(r"\n\s+", " ", inside)
