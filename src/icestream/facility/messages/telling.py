"""What happens in sessions is told on queues, as it comes, each thing once.

Each session is read on from the event that was told last, and that number is written down with what
is to be published: killed in between, it goes on where it was.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from icestream.engine.machine.lock import as_it_is
from icestream.facility.messages import zocalo
from icestream.facility.messages.documents import SessionNews
from icestream.facility.messages.following import FollowedSession
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.outbox import OutgoingMessage
from icestream.facility.messages.requests import AnswerPlaces, say
from icestream.store import queries
from icestream.store.event_reading import read_event
from icestream.store.events import (
    AlertCleared,
    AlertRaised,
    EpochLeft,
    EpochStarted,
    ExposureStateChanged,
    TaskDone,
)
from icestream.store.follow import EventFollower, commit_mark
from icestream.store.open import NoStore, Store, open_store
from icestream.store.records import EventRecord, ResultRecord
from icestream.store.results import result
from icestream.store.touched import event_time, last_event_by

__all__ = ["SessionsTold"]

_KINDS = (
    EpochStarted.kind,
    EpochLeft.kind,
    ExposureStateChanged.kind,
    AlertRaised.kind,
    AlertCleared.kind,
    TaskDone.kind,
)
_AT_ONCE = 500
"""Events that are told in one transaction."""
_OFTEN = 1.0
_SELDOM = 30.0
"""Seconds between two looks at a session that runs, and at one that nobody runs."""
_LARGEST = 65_536
"""Characters of the outputs of a result that are told; those of larger ones are in the session."""


@dataclass(slots=True)
class _Watched:
    """What is kept of a session between two looks."""

    next: float = 0.0
    mark: object = None
    over: bool = False
    """Nobody runs it, and that was told: nothing is new before something is committed."""


@dataclass(slots=True)
class SessionsTold:
    """What tells of sessions.

    Parameters
    ----------
    told
        Where it is kept, and who may be told what.
    watched
        What was seen of sessions before, which spares looking again.
    """

    told: AnswerPlaces
    watched: dict[Path, Any] = field(default_factory=dict)

    @property
    def _ledger(self) -> MessageLedger:
        return self.told.ledger

    @property
    def _section(self) -> MessagesSection:
        return self.told.section

    def look(self, now: float | None = None) -> int:
        """Tell what is new in all sessions that are followed; how many events that were."""
        moment = time.monotonic() if now is None else now
        count = 0
        for followed in self._ledger.following.followed():
            seen: _Watched = self.watched.setdefault(followed.folder, _Watched())
            if moment < seen.next:
                continue
            seen.next = moment + _OFTEN
            mark = commit_mark(followed.folder)
            if mark is not None and mark == seen.mark:
                self._end_of_killed(followed, seen, moment)
                continue
            try:
                count += self._read(followed, seen)
                seen.mark = mark
            except (NoStore, LookupError, DBAPIError, OSError):
                seen.next = moment + _SELDOM
                if not followed.folder.exists() and followed.folder.parent.exists():
                    self._ledger.following.leave(followed.folder)
        return count

    def _read(self, followed: FollowedSession, seen: _Watched) -> int:
        """Tell all that is new in one session."""
        count = 0
        with closing(open_store(followed.folder, readonly=True)) as store:
            session = queries.session(store)
            followed = self._after_restoring(followed, store)
            after, life = followed.after, followed.life
            follower = EventFollower(store, after=after, kinds=_KINDS)
            while page := follower.read(limit=_AT_ONCE):
                with self._ledger.transaction():
                    for event in page:
                        self._tell(followed, store, session.uid, event)
                    at = event_time(store, follower.after)
                    self._ledger.following.told(followed.folder, follower.after, at, life=life)
                count += len(page)
            if (follower.after != after or followed.at is None) and not count:
                at = event_time(store, follower.after)
                self._ledger.following.told(followed.folder, follower.after, at, life=life)
            seen.over = self._killed(followed, store)
        return count

    def _after_restoring(self, followed: FollowedSession, store: Store) -> FollowedSession:
        """How far a session was told, where its store was replaced by an older one as well.

        What is in that one from before the last event that was told was told: it is of the same
        history. What comes has numbers that others had, so that it gets names of its own.
        """
        if followed.at is None or event_time(store, followed.after) == followed.at:
            return followed
        after = last_event_by(store, followed.at)
        found = replace(followed, after=after, at=event_time(store, after), life=followed.life + 1)
        self._ledger.following.told(found.folder, after, found.at, life=found.life)
        return found

    def _end_of_killed(self, followed: FollowedSession, seen: _Watched, moment: float) -> None:
        """Look seldom at a session in which nothing happens, and whether anybody runs it still."""
        seen.next = moment + _OFTEN * 5
        if seen.over:
            seen.next = moment + _SELDOM
            return
        with (
            suppress(NoStore, LookupError, DBAPIError, OSError),
            closing(open_store(followed.folder, readonly=True)) as store,
        ):
            seen.over = self._killed(followed, store)

    def _killed(self, followed: FollowedSession, store: Store) -> bool:
        """Tell the end of a session whose process was ended before it could; whether none runs."""
        session = queries.session(store)
        now = as_it_is(session, followed.folder)
        if now.state not in ("stopped", "done"):
            return False
        if session.state not in ("stopped", "done"):
            self._ended(followed, session.uid, session.epoch, "stopped", now.reason, time.time())
        return True

    # -- events ----------------------------------------------------------------------------------

    def _tell(self, followed: FollowedSession, store: Store, uid: str, record: EventRecord) -> None:
        event = read_event(record.kind, record.document)
        match event:
            case EpochStarted():
                said = "it goes on" if event.epoch > 1 else "it began"
                self._news(followed, uid, record, "began", said=said, state="running")
            case EpochLeft():
                self._ended(followed, uid, event.epoch, event.state, event.reason, record.time)
            case ExposureStateChanged() if event.state != "going":
                self._exposure(followed, store, uid, record, event)
            case AlertRaised():
                self._alert(followed, uid, record, event)
            case AlertCleared():
                self._news(followed, uid, record, "alert over", alert=event.alert)
            case TaskDone() if event.result is not None and not event.branch:
                self._result(followed, store, uid, record, event.result)

    def _exposure(
        self, followed: FollowedSession, store: Store, uid: str, record: EventRecord,
        event: ExposureStateChanged,
    ) -> None:  # fmt: skip
        if self._section.results == "none" or record.exposure is None:
            return
        found = queries.qualities(store, exposure=record.exposure)
        self._news(
            followed, uid, record, "exposure",
            exposure=record.exposure, state=event.state, reasons=tuple(event.reasons),
            values={one.name: one.value for one in found},
        )  # fmt: skip

    def _alert(
        self, followed: FollowedSession, uid: str, record: EventRecord, event: AlertRaised
    ) -> None:
        self._news(
            followed, uid, record, "alert",
            alert=event.alert, level=event.level, said=event.message, exposure=event.about or "",
        )  # fmt: skip
        spoken, about = self._section.zocalo, followed.about.get("zocalo")
        if spoken is not None and about is not None and not self._secret(followed):
            key = f"{_named(followed, uid, record.seq)}:pato"
            if message := zocalo.alert_message(key, spoken, about, event.message):
                self._ledger.outbox.publish([message])

    def _result(
        self, followed: FollowedSession, store: Store, uid: str, record: EventRecord, number: int
    ) -> None:
        spoken, about = self._section.zocalo, followed.about.get("zocalo")
        wanted = spoken is not None and about is not None and not self._secret(followed)
        if self._section.results != "all" and not wanted:
            return
        with suppress(LookupError):
            found = result(store, number)
            if self._section.results == "all":
                outputs: dict[str, Any] = {port: dict(o) for port, o in found.outputs.items()}
                small = len(json.dumps(outputs)) <= _LARGEST
                self._news(
                    followed, uid, record, "result",
                    exposure=found.exposure, outputs=outputs if small else {},
                )  # fmt: skip
            if wanted and spoken is not None and about is not None:
                for register, values in _registered(store, followed.folder, found):
                    key = f"{_named(followed, uid, record.seq)}:{register}"
                    message = zocalo.feedback_message(key, spoken, about, register, **values)
                    if message is not None:
                        self._ledger.outbox.publish([message])

    def _ended(
        self, followed: FollowedSession, uid: str, epoch: int, state: str, reason: str, at: float
    ) -> None:
        """Say that a session ended, once for each time that it ran."""
        said = reason or ("everything is done" if state == "done" else state)
        news = SessionNews(
            id=_named(followed, uid, f"ended.{epoch}"), kind="ended", session=followed.name,
            folder=str(followed.folder), uid=uid, time=at, state=state, said=said,
        )  # fmt: skip
        self._publish(followed, news)
        if followed.inbox_id is not None:
            entry = self._ledger.inbox.entry(followed.inbox_id)
            mark = f".{epoch}" if not followed.life else f".{epoch}~{followed.life}"
            say(self.told, entry, "ended", mark=mark, said=said)

    def _news(
        self, followed: FollowedSession, uid: str, record: EventRecord, kind: Any, **values: Any
    ) -> None:
        news = SessionNews(
            id=_named(followed, uid, record.seq), kind=kind, session=followed.name,
            folder=str(followed.folder), uid=uid, time=record.time,
            step=record.step or "", **values,
        )  # fmt: skip
        self._publish(followed, news)

    def _publish(self, followed: FollowedSession, news: SessionNews) -> None:
        broker = self._section.broker
        if broker is None:
            return
        if self._secret(followed):
            if self._section.confidential == "nothing" or news.kind not in ("began", "ended"):
                return
            # Under its number alone: neither its name nor its folder, which have the project's.
            news = SessionNews(
                id=news.id, kind=news.kind, session=news.uid, uid=news.uid, time=news.time,
                state=news.state,
            )  # fmt: skip
        queue = broker.alerts if news.kind in ("alert", "alert over") else broker.results
        body = news.text()
        self._ledger.outbox.publish(
            [
                OutgoingMessage(
                    key=news.id, queue=queue, headers={"icestream-id": news.id}, body=body
                )
            ]
        )

    def _secret(self, followed: FollowedSession) -> bool:
        return self.told.sessions.confidential(str(followed.folder))


def _named(followed: FollowedSession, uid: str, what: int | str) -> str:
    """What is told under the same name wherever it is told again."""
    life = f"~{followed.life}" if followed.life else ""
    return f"{uid}{life}.{what}"


def _registered(
    store: Store, folder: Path, found: ResultRecord
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What murfey calls a result, and what it wants to know of it."""
    for port, kind in found.types.items():
        document = found.outputs.get(port, {})
        name = kind.rpartition(":")[2]
        if name == "Micrograph" and isinstance(document.get("motion"), Mapping):
            movie = next(
                (
                    str(one.outputs[at].get("path", ""))
                    for one in queries.results_of(store, found.exposure).values()
                    for at, made in one.types.items()
                    if made.endswith(":Movie")
                ),
                "",
            )
            yield "motion_corrected", {"movie": movie, "mrc_out": _whole(folder, document, "path")}
        elif name == "Classes":
            stack = _whole(folder, document, "averages")
            protocol = {step.name: step.protocol for step in queries.steps(store)}.get(
                found.step, ""
            )
            if protocol.endswith(".select"):
                yield "done_class_selection", {}
            else:
                # A snapshot of a stream is never the last batch until the session has ended.
                yield "done_incomplete_2d_batch", {"job_dir": str(Path(stack).parent)}


def _whole(folder: Path, document: Mapping[str, Any], name: str) -> str:
    """A path of a document, from the root."""
    given = str(document.get(name, ""))
    return str(folder / given) if given else ""
