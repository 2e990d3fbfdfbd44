"""Alerts as people read them: the worst first, of the same level the newest, with what to type."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from icestream.cli.describe import value_words
from icestream.engine.requests.commands import mending_command
from icestream.store.open import Store
from icestream.store.records import AlertRecord
from icestream.store.severity import worst_first

__all__ = ["alert_lines", "offer_words"]


def alert_lines(store: Store, alerts: Iterable[AlertRecord], program: str) -> Iterator[str]:
    """Each alert in a line, and below it the whole command that fixes it, where one does.

    Parameters
    ----------
    program
        How icestream is called, as a shell reads it.
    """
    for alert in worst_first(alerts):
        yield f"{alert.level}: {alert.message}"
        command = mending_command(store, alert, program)
        if alert.offer and alert.adopted is None:
            yield f"  offered: {offer_words(alert.offer)}; to do so: {command}"
        elif alert.offer:
            yield f"  {alert.adopted_by} has set {offer_words(alert.offer)}"
        elif command:
            yield f"  then: {command}"


def offer_words(offer: Mapping[str, Any]) -> str:
    """An offer in words: ``align: gain_flip=up-down``."""
    changes = " ".join(f"{name}={value_words(value)}" for name, value in offer["changes"].items())
    return f"{offer['step']}: {changes}"
