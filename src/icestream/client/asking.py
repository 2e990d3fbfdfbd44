"""What can be asked of a session, from a program: the same as on the command line."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from icestream.client.connection import Connection
from icestream.client.errors import RequestRefused
from icestream.engine.requests.models import (
    Accept,
    Acknowledge,
    Adopt,
    AdoptBranch,
    CorrectPicks,
    CreateBranch,
    DropBranch,
    Pause,
    Reject,
    Request,
    Resume,
    SetParameters,
    Stop,
    Undo,
)
from icestream.store.records import RequestRecord

__all__ = ["Asking"]


class Asking:
    """Asks things of a session, and waits for the answers.

    Parameters
    ----------
    connection
        To the server.
    path
        Of the session, below ``/api``.
    """

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def ask(self, request: Request, *, wait: float = 10.0, as_given: bool = False) -> RequestRecord:
        """Ask anything that can be asked of a session, and wait for the answer.

        Parameters
        ----------
        request
            One of `icestream.engine.requests.models`; who asks is whoever the token belongs to.
        wait
            Seconds; without an answer in time, what is returned says that it is ``new``.
        as_given
            Take unusual values as they are.

        Raises
        ------
        RequestRefused
            If the session refuses it.
        """
        body = request.model_dump(mode="json", exclude={"who"}, exclude_unset=True)
        body["verb"] = request.verb
        sent = self._connection.post(
            f"{self._path}/requests", RequestRecord, body, as_given=as_given or None
        )
        if wait > 0 and sent.state == "new":
            asked = f"{self._path}/requests/{sent.token}"
            sent = self._connection.get(asked, RequestRecord, wait=min(wait, 30.0))
        if sent.state == "refused":
            raise RequestRefused(sent.answer)
        return sent

    def accept(self, *exposures: str, why: str = "") -> RequestRecord:
        """Accept exposures, whatever a selection said."""
        return self.ask(Accept(exposures=exposures, why=why))

    def reject(self, *exposures: str, why: str = "") -> RequestRecord:
        """Reject exposures, whatever a selection said."""
        return self.ask(Reject(exposures=exposures, why=why))

    def correct_picks(
        self,
        exposure: str,
        *,
        add: Sequence[tuple[float, float]] = (),
        remove: Sequence[tuple[float, float]] = (),
        step: str | None = None,
        why: str = "",
    ) -> RequestRecord:
        """Add and remove picks of an exposure by hand: x and y in pixels of the micrograph.

        They are of the last step that gives picks, where none is named.
        """
        request = CorrectPicks(
            exposure=exposure, add=tuple(add), remove=tuple(remove), step=step, why=why
        )
        return self.ask(request)

    def set(self, step: str, why: str = "", **changes: Any) -> RequestRecord:
        """Change parameters of a step: a new revision of it and of all that depends on it."""
        return self.ask(SetParameters(step=step, changes=changes, why=why))

    def try_(
        self,
        name: str,
        changes: Mapping[str, Mapping[str, Any]],
        exposures: Sequence[str] | None = None,
    ) -> RequestRecord:
        """Try a change beside what runs: a branch, for all exposures or for some."""
        sample = None if exposures is None else tuple(exposures)
        each = {step: dict(values) for step, values in changes.items()}
        return self.ask(CreateBranch(name=name, changes=each, exposures=sample))

    def adopt(self, what: str | int) -> RequestRecord:
        """Take a branch, by its name, for all; or do what an alert offers, by its number."""
        if isinstance(what, int):
            return self.ask(Adopt(alert=what))
        return self.ask(AdoptBranch(name=what))

    def drop(self, branch: str) -> RequestRecord:
        """Try a branch no more."""
        return self.ask(DropBranch(name=branch))

    def undo(self, why: str = "") -> RequestRecord:
        """Take back the last change."""
        return self.ask(Undo(why=why))

    def acknowledge(self, alert: int, why: str = "") -> RequestRecord:
        """Take care of an alert."""
        return self.ask(Acknowledge(alert=alert, why=why))

    def steer(
        self, verb: Literal["pause", "resume", "stop"], step: str | None = None, why: str = ""
    ) -> RequestRecord:
        """Pause, resume or stop the session, or one of its steps."""
        request: Request
        match verb:
            case "pause":
                request = Pause(step=step, why=why)
            case "resume":
                request = Resume(step=step, why=why)
            case "stop":
                request = Stop(step=step, why=why)
        return self.ask(request)
