"""Requests carried out: each is taken from the ledger, moved on by one step, and answered.

A step is one transaction of the ledger, with the answers to it and what has to be published; what
it does to the world before that does no harm when it is done again.
"""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from icestream.facility.messages import zocalo
from icestream.facility.messages.documents import (
    AnswerState,
    AskSession,
    MessageAnswer,
    MessageRequest,
    StartSession,
    StatusOfSession,
    UnreadableRequest,
    parsed,
    read_message,
)
from icestream.facility.messages.following import FollowedSession
from icestream.facility.messages.inbox import LedgerEntry
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.outbox import OutgoingMessage
from icestream.facility.messages.sessions import (
    PlannedSession,
    SessionsOfMessages,
    ask_session,
    asked_answer,
    has_begun,
    status_of,
)
from icestream.formats.watch import FolderWatch
from icestream.shown import printable
from icestream.starting.begin import NOT_STARTED
from icestream.store import queries
from icestream.store.open import NoStore, open_store

__all__ = ["AnswerPlaces", "RequestsCarriedOut", "answered_again", "pause_after", "say", "who_asks"]

_log = structlog.get_logger("icestream.facility")

_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 600.0
_LOOK = 1.0
"""Seconds between two looks whether whoever runs a session has answered."""


def pause_after(tries: int) -> float:
    """Seconds to wait after so many tries: twice as long each time, ten minutes at most."""
    return float(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** max(0, tries)))


def who_asks(entry: LedgerEntry, request: MessageRequest) -> str:
    """Who asks: what the request says, and by which way it came."""
    said = request.who or entry.who
    return f"{said} ({entry.source})" if said else entry.source


@dataclass(frozen=True, slots=True)
class AnswerPlaces:
    """Where answers are kept and go to, and who may be told what."""

    section: MessagesSection
    ledger: MessageLedger
    sessions: SessionsOfMessages


class RequestsCarriedOut:
    """What carries out requests.

    Parameters
    ----------
    section
        Of the facility file.
    ledger
        Where requests are, and where it is kept what became of them.
    sessions
        What begins sessions.
    lookup
        Of jobs of ISPyB, where there is one.
    """

    def __init__(
        self,
        section: MessagesSection,
        ledger: MessageLedger,
        sessions: SessionsOfMessages,
        lookup: zocalo.IspybLookup | None = None,
    ) -> None:
        self.section, self.ledger, self.sessions = section, ledger, sessions
        self.told = AnswerPlaces(section, ledger, sessions)
        self._lookup = lookup

    def carry_out(self, now: float | None = None) -> int:
        """Move on everything that is due; how many requests that were."""
        entries = self.ledger.inbox.due(time.time() if now is None else now)
        for entry in entries:
            self._one(entry)
        return len(entries)

    def _one(self, entry: LedgerEntry) -> None:
        """One step of one request; whatever goes wrong is its answer, or tried again later."""
        try:
            request = self._request(entry)
            if isinstance(request, StartSession):
                self._start(entry, request)
            elif isinstance(request, AskSession):
                self._ask(entry, request)
            else:
                self._status(entry, request)
        except UnreadableRequest as error:
            self.refuse(entry, error.problems)
        except Exception as error:
            # A disk that is full, a folder that is away, a defect: none of them loses a request.
            self._later(entry, error)

    def _request(self, entry: LedgerEntry) -> MessageRequest:
        document = parsed(entry.body)
        if entry.kind == "workflow":
            name = entry.headers.get("file", "session.json").rpartition(".")[0]
            return read_message(
                {
                    "id": entry.identity,
                    "action": "start",
                    "session": _as_name(name),
                    "workflow": document,
                    "watch": _watches(document),
                }
            )
        if entry.kind == "step":
            asked = zocalo.read_step(document).asked
            return read_message({"action": "start", "id": entry.identity, **asked})
        if entry.kind == "zocalo":
            assert self.section.zocalo is not None
            return zocalo.start_of(document, self.section.zocalo, entry.identity, self._lookup)
        return read_message(document)

    # -- starting --------------------------------------------------------------------------------

    def _start(self, entry: LedgerEntry, request: StartSession) -> None:
        if entry.state == "new":
            if self._joins(entry, request):
                return
            planned = self.sessions.plan(request)
            if self._waits_for_other(entry, planned):
                return
            with self.ledger.transaction():
                self.ledger.inbox.move(
                    entry.id, "accepted", session=planned.name, folder=str(planned.folder)
                )
                self._say(entry, "accepted", session=planned.name, folder=str(planned.folder))
            entry = self.ledger.inbox.entry(entry.id)
        elif has_begun(Path(entry.folder)):
            # It began, and that could not be written down: nothing is looked at or begun again.
            planned = PlannedSession(
                name=entry.session, folder=Path(entry.folder), workflow=None, asked=request
            )
        else:
            planned = self.sessions.plan(request, ours=True)
            planned = replace(planned, folder=Path(entry.folder))  # as it was answered
        self.sessions.begin(planned)
        with self.ledger.transaction():
            self.ledger.inbox.move(entry.id, "done")
            self.ledger.following.follow(
                FollowedSession(
                    folder=Path(entry.folder),
                    name=entry.session,
                    inbox_id=entry.id,
                    about=_about(entry),
                )
            )
            self._say(entry, "began")

    def _waits_for_other(self, entry: LedgerEntry, planned: PlannedSession) -> bool:
        """Whether another request of zocalo's is about to begin the session of this one.

        Raises
        ------
        UnreadableRequest
            If another request has its place, and is another session.
        """
        others = [one for one in self.ledger.inbox.of_folder(planned.folder) if one.id != entry.id]
        if not others:
            return False
        if entry.kind != "zocalo" or others[0].kind != "zocalo":
            said = f"{planned.name!r} was asked for before, by message {others[0].id}"
            raise UnreadableRequest([f"session: {said}; give it another name"])
        until = time.time() + _FIRST_PAUSE
        said = f"message {others[0].id} begins its session"
        self.ledger.inbox.put_off(entry.id, until, said, counts=False)
        return True

    def _joins(self, entry: LedgerEntry, request: StartSession) -> bool:
        """Whether a movie that zocalo asks for comes to a session that it began before."""
        if entry.kind != "zocalo":
            return False
        for followed in self.ledger.following.followed():
            if followed.name != request.session or followed.inbox_id is None:
                continue
            first = self.ledger.inbox.entry(followed.inbox_id)
            if first.kind != "zocalo":
                return False
            if self._has_ended(followed.folder):
                said = f"session {request.session} has ended: let it go on, and ask again"
                raise UnreadableRequest([f"movie: {said}"])
            before = self._request(first)
            assert isinstance(before, StartSession)
            movie = str(parsed(entry.body).get("parameters", {}).get("movie", ""))
            if not _takes(before.movies, movie):
                raise UnreadableRequest(
                    [
                        f"movie: {movie} is not among {before.movies}, which session "
                        f"{request.session} takes in; let messages.zocalo.movies name them all, "
                        "or messages.zocalo.name another session"
                    ]
                )
            with self.ledger.transaction():
                folder = str(followed.folder)
                self.ledger.inbox.move(entry.id, "done", session=followed.name, folder=folder)
                self._say(entry, "done", session=followed.name, folder=folder,
                          said="the session takes it in")  # fmt: skip
            return True
        return False

    def _has_ended(self, folder: Path) -> bool:
        """Whether somebody stopped a session, or it is done: it takes nothing in."""
        try:
            with closing(open_store(folder, readonly=True)) as store:
                found = queries.session(store)
        except NoStore:
            return False
        return found.state in ("stopped", "done") and found.reason != NOT_STARTED

    # -- asking ----------------------------------------------------------------------------------

    def _ask(self, entry: LedgerEntry, request: AskSession) -> None:
        folder = Path(entry.folder) if entry.folder else self._folder(request.session)
        token = f"message:{entry.identity}"
        if entry.state == "new":
            ask_session(folder, request, who_asks(entry, request), token)
            with self.ledger.transaction():
                self.ledger.inbox.move(
                    entry.id, "accepted", session=request.session, folder=str(folder)
                )
                self._say(entry, "accepted", session=request.session, folder=str(folder))
        try:
            state, said = asked_answer(folder, token)
        except (LookupError, NoStore) as error:
            raise UnreadableRequest([str(error)]) from None
        if state == "new":
            pause = min(60.0, _LOOK + (time.time() - entry.arrived) / 10.0)
            self.ledger.inbox.put_off(
                entry.id, time.time() + pause, "whoever runs the session has not answered yet",
                counts=False,
            )  # fmt: skip
            return
        if state == "refused":
            self.refuse(self.ledger.inbox.entry(entry.id), [said])
            return
        with self.ledger.transaction():
            self.ledger.inbox.move(entry.id, "done")
            self._say(entry, "done", session=request.session, folder=str(folder), said=said)

    def _status(self, entry: LedgerEntry, request: StatusOfSession) -> None:
        folder = self._folder(request.session)
        status = status_of(folder, request.session, time.time())
        if entry.source != "folder" and self.sessions.confidential(str(folder)):
            # Who asks over the broker is not known: no more than that it runs.
            status = {name: status[name] for name in ("id", "state", "running")}
        with self.ledger.transaction():
            self.ledger.inbox.move(entry.id, "done", session=request.session)
            self._say(entry, "done", session=request.session, folder=str(folder), status=status)

    def _folder(self, session: str) -> Path:
        """Folder of a session that is named, by its name or its folder."""
        found = self.sessions.folder_of(session) or self.ledger.following.folder_of(session)
        if found is None and session.startswith("/"):
            known = Path(session)
            found = known if self.sessions.folder_of(known.name) == known else None
        if found is None:
            raise UnreadableRequest(
                [f"session: there is none called {session!r} here; name one as it began"]
            )
        return found

    # -- what becomes of them --------------------------------------------------------------------

    def refuse(self, entry: LedgerEntry, problems: tuple[str, ...] | list[str]) -> None:
        """Answer that a request is refused, with all its problems; it is kept."""
        shown = tuple(printable(one) for one in problems)
        with self.ledger.transaction():
            self.ledger.inbox.move(entry.id, "refused", reason="; ".join(shown))
            self._say(entry, "refused", problems=shown)
            self._bury(entry, "refused", "; ".join(shown))

    def _later(self, entry: LedgerEntry, error: Exception) -> None:
        reason = printable(f"{type(error).__name__}: {error}" if not str(error) else str(error))
        if entry.tried + 1 < self.section.tries:
            self.ledger.inbox.put_off(entry.id, time.time() + pause_after(entry.tried), reason)
            return
        secret = _is_secret(self.told, entry)
        _log.warning("message.given_up", message=entry.id, reason="" if secret else reason)
        with self.ledger.transaction():
            self.ledger.inbox.put_off(entry.id, 0.0, reason)
            self.ledger.inbox.move(entry.id, "given up", reason=reason)
            self._say(entry, "given up", said=f"tried {entry.tried + 1} times: {reason}")
            self._bury(entry, "given up", reason)

    def _bury(self, entry: LedgerEntry, state: str, reason: str) -> None:
        """A copy for whoever looks after the broker; the ledger has the request itself."""
        broker = self.section.broker
        if broker is None or entry.source == "folder":
            return
        secret = _is_secret(self.told, entry)
        body = {
            "version": 1,
            "message": entry.id,
            "state": state,
            "reason": "" if secret else reason,
            "source": entry.source,
            "headers": dict(entry.headers),
            "body": "" if secret else entry.body.decode("utf-8", "backslashreplace"),
        }
        key = f"dead:{entry.identity}:{entry.again}"
        self.ledger.outbox.publish(
            [OutgoingMessage(key=key, queue=broker.dead, body=json.dumps(body))]
        )

    def _say(self, entry: LedgerEntry, state: AnswerState, **values: Any) -> None:
        say(self.told, entry, state, **values)


def say(
    told: AnswerPlaces,
    entry: LedgerEntry,
    state: AnswerState,
    *,
    mark: str = "",
    **values: Any,
) -> None:
    """Answer a request, on its queue, beside its file, and along its recipe; once for a state.

    Parameters
    ----------
    told
        Where answers are kept, and who may be told what.
    mark
        Tells several answers of one state apart.
    """
    if entry.again:
        mark += f":{entry.again}"
    answer = MessageAnswer(
        id=f"{entry.identity}:{state}{mark}",
        request=_own_id(entry),
        state=state,
        time=time.time(),
        **{"session": entry.session, "folder": entry.folder, **values},
    )
    with told.ledger.transaction():
        if not told.ledger.inbox.answer(entry.id, answer):
            return
        told.ledger.outbox.publish(_answers_out(told, entry, answer))


def answered_again(told: AnswerPlaces, entry: LedgerEntry) -> None:
    """Publish the last answer once more, to who asks the same again: it may have been lost."""
    answers = told.ledger.inbox.answers(entry.id)
    if answers:
        answer = MessageAnswer.model_validate(answers[-1])
        mark = f":{entry.times}"
        told.ledger.outbox.publish(
            replace(one, key=one.key + mark) for one in _answers_out(told, entry, answer)
        )


def _answers_out(
    told: AnswerPlaces, entry: LedgerEntry, answer: MessageAnswer
) -> Iterator[OutgoingMessage]:
    """Messages that carry an answer."""
    if entry.kind == "step":
        with contextlib.suppress(UnreadableRequest):  # nothing follows one that is none
            yield from zocalo.next_steps(zocalo.read_step(parsed(entry.body)), answer)
    broker = told.section.broker
    if not entry.reply_to or broker is None:
        return
    open_to_all = entry.reply_to == broker.answers
    if open_to_all and _is_secret(told, entry, answer.folder):
        # Whoever wants more names a queue of his own by reply-to.
        answer = MessageAnswer(
            id=answer.id, request=answer.request, state=answer.state, time=answer.time
        )
    headers = {"icestream-id": answer.id}
    if correlation := entry.headers.get("correlation-id"):
        headers["correlation-id"] = correlation
    yield OutgoingMessage(
        key=answer.id,
        queue=entry.reply_to,
        headers=headers,
        body=answer.text(),
    )


def _is_secret(told: AnswerPlaces, entry: LedgerEntry, folder: str = "") -> bool:
    """Whether a request is about a confidential session, or would begin one."""
    named = {"session": "", "project": ""}
    with contextlib.suppress(UnreadableRequest):
        document = parsed(entry.body)
        if entry.kind == "step":
            document = zocalo.read_step(document).asked
        if isinstance(document, Mapping):
            named |= {name: str(document.get(name) or "") for name in named}
    place = folder or entry.folder
    if not place and named["session"]:
        place = str(told.sessions.folder_of(named["session"]) or "")
    return told.sessions.confidential(place, named["project"])


def _own_id(entry: LedgerEntry) -> str:
    kind, _, rest = entry.identity.partition(":")
    return rest if kind == "id" else entry.identity


def _about(entry: LedgerEntry) -> Mapping[str, Any]:
    """What has to be known to tell zocalo's programs of a session."""
    if entry.kind != "zocalo":
        return {}
    parameters = parsed(entry.body).get("parameters") or {}
    kept = (str, int, float, bool)
    return {"zocalo": {k: v for k, v in parameters.items() if isinstance(v, kept)}}


def _takes(pattern: str | None, movie: str) -> bool:
    """Whether a session takes in a movie by its pattern."""
    if pattern is None or not movie:
        return True
    watch = FolderWatch(pattern)
    return Path(movie).is_relative_to(watch.root) and watch.matches(Path(movie))


def _as_name(text: str) -> str:
    """The name of a session made of that of a file."""
    plain = "".join(
        one if one.isascii() and (one.isalnum() or one in "._-") else "-" for one in text
    )
    return plain.lstrip("._-")[:100] or "session"


def _watches(document: Any) -> bool:
    """Whether a workflow file says itself whether it waits for movies; else it does."""
    steps = document.get("steps") if isinstance(document, Mapping) else None
    for step in steps if isinstance(steps, list) else []:
        parameters = step.get("parameters") if isinstance(step, Mapping) else None
        if isinstance(parameters, Mapping) and isinstance(parameters.get("watch"), bool):
            return bool(parameters["watch"])
    return True
