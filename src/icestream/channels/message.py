"""A message: alerts of one session as a subject, a text, JSON, or a card."""

import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from icestream.shown import printable

__all__ = ["Message", "Told", "card_of", "discreet", "document_of", "subject_of", "text_of"]

_LEVELS = ("critical", "warning", "notice")
_SUBJECT = 120
"""Characters of a subject."""
_MOST = 20
"""Alerts of a message that are written out; Teams takes no card beyond 28 kB."""
_LONGEST = 500
"""Characters of one alert in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert of a message."""

    number: int
    level: str
    key: str
    message: str
    step: str = ""
    exposure: str = ""
    raised: float
    began: float | None = None
    """When its first exposure was taken."""
    extent: str = ""
    """Which exposures show it, in words."""
    cause: str = ""
    """What is likely to have caused it."""
    over: float | None = None
    """Since when it is over; None: it holds."""
    command: str = ""
    """The whole command that fixes it, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent at once over one channel."""

    id: str
    """The same whenever it is sent again."""
    session: str
    """Name of the session's folder."""
    folder: str
    """Empty where it is not to be said which session it is."""
    report: str = ""
    """Its page; empty where there is none."""
    time: float
    alerts: tuple[Told, ...]
    """The worst first."""


def discreet(message: Message, take_out: Callable[[str], str]) -> Message:
    """A message that does not say which session it is about.

    Parameters
    ----------
    take_out
        Takes what names the session out of a text.
    """
    told = [
        replace(
            one,
            key=take_out(one.key),
            message=take_out(one.message),
            cause=take_out(one.cause),
            exposure="",
            command="",
        )
        for one in message.alerts
    ]
    session = take_out(message.session)
    return replace(message, session=session, folder="", report="", alerts=tuple(told))


def subject_of(message: Message) -> str:
    """Session, level and the first words, in one line."""
    first = message.alerts[0]
    what = f"{'over' if first.over else first.level}: {_plain(first.message)}"
    if len(message.alerts) > 1:
        what = f"{len(message.alerts)} alerts, {what}"
    line = f"[icestream] {_plain(message.session)}: {what}"
    return line if len(line) <= _SUBJECT else f"{line[: _SUBJECT - 1].rstrip()}…"


def text_of(message: Message) -> str:
    """The whole message for people."""
    return "\n".join(_lines(message)) + "\n"


def document_of(message: Message) -> dict[str, Any]:
    """The whole message for programs."""
    return {**asdict(message), "subject": subject_of(message), "text": text_of(message)}


def card_of(message: Message) -> dict[str, Any]:
    """An adaptive card, as Workflows webhooks of Microsoft Teams take it."""
    title: dict[str, Any] = {
        "type": "TextBlock",
        "text": subject_of(message),
        "weight": "Bolder",
        "wrap": True,
    }
    blocks = [_block(text) for text in text_of(message).strip().split("\n\n")]
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [title, *blocks],
                },
            }
        ],
    }


def _block(text: str) -> dict[str, Any]:
    # A card has markdown, in which a single end of line is none.
    return {"type": "TextBlock", "text": text.replace("\n", "\n\n"), "wrap": True}


def _lines(message: Message) -> Iterator[str]:
    for told in message.alerts[:_MOST]:
        yield from _told_lines(told)
        yield ""
    left = len(message.alerts) - _MOST
    folder = shlex.quote(message.folder)
    if left > 0:
        yield f"and {left} more{f': icestream alerts {folder}' if message.folder else ''}"
        yield ""
    if not message.folder:
        return
    yield f"session: {_plain(message.folder)}"
    if message.report:
        yield f"report: {_plain(message.report)}"
    holding = [told.number for told in message.alerts if told.over is None and told.number]
    if holding:
        yield f"you take care of it: icestream acknowledge {folder} {holding[0]}"
        yield f"not again for a time: icestream mute {folder} {holding[0]} --for 2h"


def _told_lines(told: Told) -> Iterator[str]:
    said = _plain(told.message)
    said = said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
    if told.over is not None:
        yield f"over since {_clock(told.over)}: {said}"
        return
    yield f"{told.level}: {said}"
    about = [f"step {told.step}" if told.step else "", told.exposure]
    where = "".join(f", {_plain(part)}" for part in about if part)
    yield f"since {_clock(told.raised if told.began is None else told.began)}{where}"
    if told.extent:
        yield f"shown by {_plain(told.extent)}"
    if told.cause:
        yield f"likely cause: {_plain(told.cause)}"
    if told.command:
        yield f"to fix it: {told.command}"


def _clock(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(when))


def _plain(text: str) -> str:
    return " ".join(printable(text).split())
