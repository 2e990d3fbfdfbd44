"""What the facility file says of the memory of microscopes."""

from typing import Annotated

from pydantic import AfterValidator, Field

from icestream.alike import meant
from icestream.facility.kinds import Seconds, Section, Several, WholePath
from icestream.facility.memory.figures import FIGURES
from icestream.report.upload import BadTarget, read_target

__all__ = ["LiveReports", "MemorySection"]

_FIELDS = {"session": "name", "microscope": "krios1", "project": "code"}


def _figures(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in FIGURES:
            hint = meant(name, FIGURES) or f"there are {', '.join(FIGURES)}"
            raise ValueError(f"there is no figure {name!r}; {hint}")
    return names


def _address(template: str) -> str:
    try:
        template.format(**_FIELDS)
    except (LookupError, ValueError):
        known = ", ".join(f"{{{name}}}" for name in _FIELDS)
        raise ValueError(f"write an address with {known} in it, found {template!r}") from None
    if template and not template.startswith(("http://", "https://", "/", "./", "../")):
        raise ValueError(f"write an address that begins with https:// or /, found {template!r}")
    return template


def _target(text: str) -> str:
    try:
        read_target(text)
    except BadTarget as error:
        raise ValueError(str(error)) from None
    return text


_Target = Annotated[str, AfterValidator(_target)]


class LiveReports(Section):
    """The index of live reports: one page that lists sessions and leads to their reports."""

    folder: WholePath
    """Where it is written, as ``index.html``."""
    address: Annotated[str, AfterValidator(_address)] = ""
    """Where the report of a session is read, such as ``https://live.example.org/{session}/``; it
    may name {session}, {microscope} and {project}. Without it the page lists sessions only."""
    publish: _Target | None = None
    """Where the folder is brought after each change: an address of rsync, a folder that ends with
    ``/``, or a program, as for the setting ``report_publish``."""
    days: Annotated[float, Field(gt=0)] = 90.0
    """Sessions that ended longer ago are not listed."""


class MemorySection(Section):
    """The memory of microscopes: figures of sessions, control charts, drift."""

    every: Annotated[Seconds, Field(ge=10)] = 600.0
    """Between two looks at the sessions."""
    exposures: Annotated[int, Field(ge=5)] = 30
    """Exposures on which something has to be measured, so that a session has a figure of it."""
    history: Annotated[int, Field(ge=8, le=500)] = 30
    """Sessions before one that make the limits of a chart, at most."""
    least: Annotated[int, Field(ge=8)] = 8
    """Sessions before one without which there are no limits."""
    watched: Annotated[Several, AfterValidator(_figures)] = (
        "resolution",
        "astigmatism",
        "early_motion",
        "gain_residual",
        "dose",
        "uptime",
    )
    """Figures whose drift staff are told of."""
    folder: WholePath | None = None
    """Where the charts of microscopes and the statistics are written as pages, for staff; nowhere
    when not given."""
    publish: _Target | None = None
    """Where that folder is brought after each change."""
    reports: LiveReports | None = None
    """The index of live reports; there is none when not given."""
