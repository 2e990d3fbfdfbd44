"""Hold: trouble with storage, for which a session waits until it is over."""

import shlex
import time
from pathlib import Path

from icestream.engine.machine import storage
from icestream.engine.messages import StopAsked
from icestream.engine.record.tenure import Tenure

__all__ = ["Hold"]


class Hold:
    """Why a session is held, and whether it can go on.

    Parameters
    ----------
    tenure
        The coordinator's, of the session.
    probe
        Seconds between looks whether the trouble is over.
    """

    def __init__(self, tenure: Tenure, probe: float) -> None:
        self._tenure = tenure
        self._probe = probe
        self._probe_at = 0.0
        self._away: Path | None = None
        self.reason = ""
        """What is wrong and where, for people; empty when nothing is."""

    def is_trouble(self, error: Exception) -> bool:
        """Whether an error is no defect: the disk, the store, or a folder that has gone away."""
        gone = isinstance(error, OSError) and self._tenure.lost() is not None
        return gone or storage.is_trouble(error)

    def describe(self, error: BaseException | str) -> str:
        """What is wrong and where, for people."""
        if deleted := self.for_good():
            return deleted
        said = storage.describe(self._tenure.folder, self._tenure.lost() or error, self._away)
        if not self.is_elsewhere():
            return said
        folder = shlex.quote(str(self._tenure.folder))
        return f"{said}. If it is gone for good: icestream give-up {folder}"

    def begin(self, error: BaseException | str, away: str = "") -> None:
        """Hold until the session's folder can be written, and what is `away` can be read."""
        self._away = Path(away) if away else None
        self.reason = self.describe(error)
        self._probe_at = time.monotonic() + self._probe

    def is_elsewhere(self) -> bool:
        """Whether it is what is read that is away, while the session itself can be written."""
        away = self._away is not None and self._away != self._tenure.folder
        return away and self._tenure.lost() is None

    def for_good(self) -> str:
        """That the session or its store was deleted, for good; empty where it was not."""
        deleted = self._tenure.deleted()
        if deleted is None:
            return ""
        what = f"folder {deleted} was deleted, with its results"
        if deleted != self._tenure.folder:
            what = f"store {deleted} was deleted"
        return f"the session's {what}: there is nothing to wait for, and its process ends"

    def is_given_up(self, stop: StopAsked | None) -> bool:
        """Whether to end as it is: nothing can come back, or be finished for who asks to stop."""
        here = self._tenure.lost() is None
        return bool(self.for_good()) or (stop is not None and not (stop.drain and here))

    def patience(self) -> float:
        """Seconds until it is looked at again."""
        return max(0.0, self._probe_at - time.monotonic())

    def is_over(self) -> bool:
        """Whether the trouble is over; it is not looked at more often than every `probe`."""
        if self.patience() > 0.0:
            return False
        self._probe_at = time.monotonic() + self._probe
        here = self._tenure.lost() is None
        return here and storage.mended(self._tenure.folder, self._away)

    def end(self) -> None:
        """Hold no more."""
        self.reason = ""
