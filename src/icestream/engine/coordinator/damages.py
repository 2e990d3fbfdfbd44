"""Damages: results whose files were lost, and what people are told of them."""

from collections.abc import Collection, Mapping, Sequence

import structlog

from icestream.engine.coordinator.forgone import fail_forgone
from icestream.engine.coordinator.taken import TAKEN, TakenAway
from icestream.engine.decisions.events import Event
from icestream.engine.executors.contract import Ended
from icestream.engine.record import observations
from icestream.engine.record.alerts import SESSION
from icestream.engine.record.record import Record
from icestream.engine.record.remaking import Left, make_again
from icestream.engine.record.segments import give_up_lost
from icestream.model import Alert, RevisionId

__all__ = ["AGAIN", "LOST", "Damages", "again_words"]

AGAIN = "results.again"
"""Of the alert that results are made again."""
LOST = "results.lost"
"""Of the alert that results lack files and cannot be made again."""

_log = structlog.get_logger("icestream.engine")


class Damages:
    """Looks at the files of a session that is opened, and tells what is made again."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._taken = TakenAway(record.folder)
        self._left: list[str] = []
        """Why results are not made again."""

    def begin(self, going: Collection[RevisionId]) -> Sequence[Event]:
        """Have everything made again that was lost, where it can be; returns what follows."""
        remade = make_again(self._record, going)
        self._left = [_why(left) for left in remade.left]
        self._tell(AGAIN, "notice", again_words(remade.again) if remade.again else "")
        self._tell_left()
        self._tell(TAKEN, "notice", self._taken.words())
        for lost in give_up_lost(self._record):
            _log.warning("a segment is lost, and made again", said=str(lost.damage))
        if remade.again or remade.left:
            _log.warning("files are lost", again=dict(remade.again), left=self._left[:10])
        return remade.events

    def judged(self, ended: Sequence[Ended]) -> list[Ended]:
        """What became of leases, where what they need was given up, or removed on purpose."""
        return self._taken.judged(fail_forgone(self._record, ended))

    def look(self) -> None:
        """Clear the alert when everything was made again; say what could not be."""
        memory = self._record.memory
        if memory.unmade:
            self._left += memory.unmade
            memory.unmade.clear()
            self._tell_left()
        if not memory.remade:
            self._tell(AGAIN, "notice", "")

    def _tell_left(self) -> None:
        many = len(self._left)
        message = ""
        if many:
            message = (
                f"{_results(many)} {_lack(many)} not made again "
                f"({self._left[0]}{', ...' if many > 1 else ''}); icestream check "
                f"{self._record.folder} lists the files. What was made from them stays"
            )
        self._tell(LOST, "warning", message)

    def _tell(self, key: str, level: str, message: str) -> None:
        held = self._record.alerts.held.get((SESSION, key))
        if message:
            alert = Alert(key=key, level=level, message=message)  # type: ignore[arg-type]
            if held is None or held.alert != alert:
                observations.alert(self._record, alert, holds=True)
        elif held is not None:
            observations.alert(self._record, held.alert, holds=False)


def again_words(counts: Mapping[str, int]) -> str:
    """How many results of which steps are made again, in one line."""
    each = ", ".join(f"{count} of {step}" for step, count in counts.items())
    many = sum(counts.values())
    return f"{_results(many)} {_lack(many)} made again: {each}"


def _lack(many: int) -> str:
    return "lacks files and is" if many == 1 else "lack files and are"


def _results(many: int) -> str:
    return "1 result" if many == 1 else f"{many} results"


def _why(left: Left) -> str:
    return f"{left.result.step} of {left.result.name}: {left.why}"
