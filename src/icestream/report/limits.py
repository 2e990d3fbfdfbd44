"""Limits of selections and monitors, where people see the numbers that they are about.

A selection and a monitor that draw a line for the same quality are said together: whoever reads
an alert learns what is refused, and whoever reads what is refused learns where a warning begins.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from icestream.model import quality_of
from icestream.protocol import Limit, Registry
from icestream.report.numbers import number_text
from icestream.store.records import StepRecord

__all__ = [
    "Drawn",
    "Limits",
    "alert_words",
    "beyond_words",
    "document_of",
    "limits_of",
    "step_words",
    "words_of",
]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A limit of a step; its numbers are in the unit of the page."""

    step: str
    title: str
    refuses: bool
    """Whether what is beyond it is refused; otherwise it is warned of."""
    low: float | None
    high: float | None


Limits = Mapping[str, Sequence[Drawn]]
"""By quality; those that refuse come first."""


def limits_of(
    registry: Registry, steps: Iterable[StepRecord], titles: Mapping[str, str], pixel_size: float
) -> dict[str, list[Drawn]]:
    """Limits of all steps of a session.

    Parameters
    ----------
    registry
        Where the protocols come from; one that is not there, or fails, has no limits.
    steps
        With the parameters of now.
    titles
        Of the steps.
    pixel_size
        Å per pixel of the micrographs; 0 where it is not known yet.
    """
    found: dict[str, list[Drawn]] = {}
    for step in steps:
        for limit in _asked(registry, step, pixel_size):
            found.setdefault(limit.quality, []).append(
                Drawn(
                    step=step.name,
                    title=titles.get(step.name, step.name),
                    refuses=step.kind == "selection",
                    low=limit.low,
                    high=limit.high,
                )
            )
    for drawn in found.values():
        drawn.sort(key=lambda each: not each.refuses)
    return found


def _asked(registry: Registry, step: StepRecord, pixel_size: float) -> Sequence[Limit]:
    if step.kind not in ("selection", "monitor"):
        return ()
    try:
        kind = registry.get(step.protocol)
        parameters = kind.parameters_type().model_validate(dict(step.changed))
        return list(kind(parameters).limits(pixel_size))
    except Exception as error:  # a plugin that is gone, or wrong: the report goes on without
        _log.info("limits of a step are not known", step=step.name, why=str(error))
        return ()


def words_of(name: str, drawn: Sequence[Drawn]) -> str:
    """What is refused and what is warned of, such as ``refused above 8 Å; warning above 6 Å``."""
    return "; ".join(_words(name, drawn))


def _words(name: str, drawn: Sequence[Drawn]) -> Iterator[str]:
    """Each end once: where a selection and a monitor agree, they are said in one."""
    refused = {beyond_words(name, limit) for limit in drawn if limit.refuses}
    warned = {beyond_words(name, limit) for limit in drawn if not limit.refuses}
    for where in sorted(refused):
        yield f"refused {where}{', and an alert warns of it' if where in warned else ''}"
    for where in sorted(warned - refused):
        yield f"warning {where}"


def beyond_words(name: str, limit: Drawn) -> str:
    """Where a limit is broken: ``below 0.2 µm or above 5 µm``."""
    unit = quality_of(name).shown_unit
    spaced = unit if unit == "°" or not unit else f"\u202f{unit}"
    ends = (("below", limit.low), ("above", limit.high))
    return " or ".join(
        f"{word} {_plain(value)}{spaced}" for word, value in ends if value is not None
    )


def _plain(value: float) -> str:
    """A number as a person set it."""
    return number_text(value) if abs(value) >= 1000 else f"{value:g}"


def alert_words(key: str, step: str, limits: Limits) -> str:
    """What an alert on a limit leaves unsaid: whether such exposures are refused, too.

    Empty where the alert is of no quality that its step has a limit for.
    """
    name = key.rpartition(".")[0]
    drawn = limits.get(name, ())
    if not any(limit.step == step for limit in drawn) or not key.endswith((".low", ".high")):
        return ""
    refusing = [limit for limit in drawn if limit.refuses]
    if not refusing:
        return "No selection refuses such exposures."
    return " ".join(
        f"{each.title} refuses what is {beyond_words(name, each)}." for each in refusing
    )


def step_words(step: str, limits: Limits) -> list[str]:
    """The limits of a step, each with what others do about the same quality."""
    return [
        f"{quality_of(name).title} {beyond_words(name, mine)}{_others(name, mine, drawn)}"
        for name, drawn in limits.items()
        for mine in drawn
        if mine.step == step
    ]


def _others(name: str, mine: Drawn, drawn: Sequence[Drawn]) -> str:
    said = [
        f"{each.title} {'refuses' if each.refuses else 'warns'} {beyond_words(name, each)}"
        for each in drawn
        if each.step != mine.step
    ]
    return f" ({'; '.join(said)})" if said else ""


def document_of(name: str, drawn: Sequence[Drawn]) -> dict[str, Any]:
    """The limits of a quality for the page: the lines to draw, and the words."""
    return {
        "lines": [
            {"refuses": each.refuses, "title": each.title, "low": each.low, "high": each.high}
            for each in drawn
        ],
        "words": words_of(name, drawn),
    }
