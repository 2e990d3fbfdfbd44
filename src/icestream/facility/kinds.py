"""What the sections of the facility file are made of."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

__all__ = [
    "Days",
    "FileMode",
    "Flaw",
    "Hours",
    "Name",
    "Rate",
    "Seconds",
    "Section",
    "Several",
    "WholePath",
    "worst_first",
]


class Section(BaseModel):
    """A table of the facility file: typed, documented by its docstrings, never changed."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=True,
        hide_input_in_errors=True,  # what is given may be a secret
        defer_build=True,  # until the whole file is read, which builds each once
    )


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is wrong with the facility's configuration, or with what it names."""

    where: str
    """The name in the file: ``bookings.url``."""
    what: str
    """What was asked, what was found, and what to do, in one sentence."""
    stops: bool = True
    """Whether it keeps that part from working; otherwise it is worth knowing."""


def _whole(path: Path) -> Path:
    whole = path.expanduser()
    if not whole.is_absolute():
        raise ValueError(f"write the whole path, found {str(path)!r}")
    return whole


def _listed(given: Any) -> Any:
    """One of something for a list of one."""
    return (given,) if isinstance(given, str) else given


_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"([0-9]*\.?[0-9]+)\s*(s|min|h|d|w)")
_BYTES = {"kB/s": 1e3, "MB/s": 1e6, "GB/s": 1e9, "Mbit/s": 1.25e5, "Gbit/s": 1.25e8}
_RATE = re.compile(r"([0-9]*\.?[0-9]+)\s*([kMG]B/s|[MG]bit/s)")


def _seconds(given: Any) -> Any:
    """``10 min`` in seconds; a number is taken as it is."""
    if not isinstance(given, str):
        return given
    found = _DURATION.fullmatch(given.strip())
    if found is None:
        raise ValueError(f"write a time such as 30 s, 10 min, 2 h, 14 d or 3 w, found {given!r}")
    return float(found[1]) * _UNITS[found[2]]


def _in(unit: str) -> BeforeValidator:
    def read(given: Any) -> Any:
        return _seconds(given) / _UNITS[unit] if isinstance(given, str) else given

    return BeforeValidator(read)


def _rate(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    found = _RATE.fullmatch(given.strip())
    if found is None:
        units = ", ".join(_BYTES)
        raise ValueError(f"write a rate such as 100 MB/s ({units}), found {given!r}")
    return float(found[1]) * _BYTES[found[2]]


def _mode(given: Any) -> Any:
    if isinstance(given, str) and re.fullmatch(r"0?[0-7]{3,4}", given):
        return int(given, 8)
    raise ValueError(f'write permissions as "2750" (in quotes), found {given!r}')


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*$", max_length=64)]
"""How people call a thing in files, addresses and commands."""

WholePath = Annotated[Path, AfterValidator(_whole)]
"""A path from the root or from ``~``."""

Several = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_listed),
]
"""Texts, or one."""

Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0, allow_inf_nan=False)]
"""A time in seconds, written ``30 s`` or ``10 min``."""

Hours = Annotated[float, _in("h"), Field(ge=0, allow_inf_nan=False)]
"""A time in hours, written ``36 h`` or ``2 d``."""

Days = Annotated[float, _in("d"), Field(ge=0, allow_inf_nan=False)]
"""A time in days, written ``14 d`` or ``3 w``."""

Rate = Annotated[float, BeforeValidator(_rate), Field(gt=0, allow_inf_nan=False)]
"""Bytes per second, written ``100 MB/s`` or ``1 Gbit/s``."""

FileMode = Annotated[int, BeforeValidator(_mode)]
"""Permissions, written ``"2750"``."""


def worst_first(found: Iterable[Flaw]) -> list[Flaw]:
    """Troubles in the order in which people should read them."""
    return sorted(found, key=lambda flaw: (not flaw.stops, flaw.where))
