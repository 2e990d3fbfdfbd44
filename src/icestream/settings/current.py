"""The settings of a process that runs on while their files are changed."""

import threading
from dataclasses import replace
from typing import Any

from icestream.settings import tree
from icestream.settings.change import EFFECT
from icestream.settings.tree import Loaded, SettingsError, load

__all__ = ["CurrentSettings"]

_KEPT = tuple(name for name, effect in EFFECT.items() if effect == "restart")


class CurrentSettings:
    """What the files say now, but for what holds from the start of a process to its end.

    Parameters
    ----------
    loaded
        The settings with which the process started.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._started = loaded
        self._now = loaded
        self._stamp = loaded.stamp
        self._turn = threading.Lock()
        self._said: Loaded = loaded
        self.problem: str | None = None
        """Why the files cannot be read since they were changed; what held before holds on then."""

    def now(self) -> Loaded:
        """The settings that hold."""
        with self._turn:
            if self._stamp is not None and (stamp := tree.stamp()) != self._stamp:
                self._stamp = stamp
                try:
                    self._said = load(**self._started.given)
                except (SettingsError, OSError) as error:
                    self.problem = str(error)
                else:
                    self.problem = None
                    self._now = self._mixed(self._said)
            return self._now

    def waiting(self) -> tuple[str, ...]:
        """Names of the settings whose files say something that holds after a new start alone."""
        self.now()
        return tuple(
            name
            for name in _KEPT
            if getattr(self._said.settings, name) != getattr(self._started.settings, name)
        )

    def _mixed(self, said: Loaded) -> Loaded:
        kept: dict[str, Any] = {name: getattr(self._started.settings, name) for name in _KEPT}
        origins = {name: self._started.origins[name] for name in _KEPT}
        return replace(
            said,
            settings=said.settings.model_copy(update=kept),
            origins={**said.origins, **origins},
        )
