"""What is to be said of many files, as alerts that name a few of them and count all."""

from itertools import islice

from icestream.model import Alert, Level

__all__ = ["Notices"]

_NAMED = 3
"""Files that an alert calls by their names."""


class Notices:
    """Alerts by their keys; those about files grow with the files."""

    def __init__(self) -> None:
        self._once: dict[str, Alert] = {}
        self._about: dict[str, tuple[Level, str, dict[str, None]]] = {}

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All that hold now."""
        return (*self._once.values(), *(self._alert(key) for key in self._about))

    def once(self, key: str, level: Level, message: str) -> None:
        """An alert that holds from now on; the first of each key is kept."""
        self._once.setdefault(key, Alert(key=key, level=level, message=message))

    def replace(self, key: str, level: Level, message: str) -> None:
        """An alert that holds from now on, in the place of the last of its key."""
        self._once[key] = Alert(key=key, level=level, message=message)

    def listed(self, key: str, level: Level, name: str, message: str) -> None:
        """One more file to be named by an alert, in the place of ``{}`` in its message."""
        self._about.setdefault(key, (level, message, {}))[2][name] = None

    def _alert(self, key: str) -> Alert:
        level, message, names = self._about[key]
        told = ", ".join(islice(names, _NAMED))
        if len(names) > _NAMED:
            told = f"{told} and {len(names) - _NAMED} more"
        return Alert(key=key, level=level, message=message.replace("{}", told, 1))
