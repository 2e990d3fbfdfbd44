"""Sending what was counted to a collector; by itself once a day, and only where that is wanted."""

import platform
import threading
from contextlib import closing
from pathlib import Path

import structlog

from icestream import __version__
from icestream.protocol import Registry
from icestream.store.open import open_store
from icestream.usage.asking import ask
from icestream.usage.counting import count_session, release_of
from icestream.usage.kinds import Usage
from icestream.usage.record import Unsent, UsageRecord, today
from icestream.usage.statement import LARGEST, UsageStatement, day_of_use, statement_text

__all__ = [
    "ADDRESS",
    "NotSent",
    "after_session",
    "example",
    "next_statement",
    "post",
    "send",
    "statement_of",
]

log = structlog.get_logger(__name__)

ADDRESS = "/api/usage"
"""Of a collector, below its own address."""
_PATIENCE = 10.0
_PATIENCE_AT_END = 3.0
"""Seconds that the end of a session waits, once a day at most, for a collector."""
_ANSWER = 2000


class NotSent(OSError):
    """The collector could not be reached, or did not take it; the message says what it said."""


def statement_of(unsent: Unsent, usage: Usage) -> UsageStatement:
    """What is sent of what was counted.

    Raises
    ------
    ValueError
        If nothing waits.
    """
    return UsageStatement(
        form=1,
        installation=unsent.installation,
        country=usage.country,
        icestream=release_of(__version__),
        python=".".join(platform.python_version_tuple()[:2]),
        days=unsent.days,
    )


def example(session: Path, usage: Usage, registry: Registry) -> UsageStatement:
    """What would be said if that session alone ended today; nothing is counted or kept."""
    with closing(open_store(session, readonly=True)) as store:
        use = count_session(store, registry)
    return statement_of(Unsent("0" * 32, (day_of_use(today(), [use]),), {}), usage)


def next_statement(record: UsageRecord, usage: Usage) -> tuple[Unsent, bytes]:
    """What is sent next, and the very bytes, which are none where nothing waits.

    Those are the oldest days, as many as one statement holds: a collector that was away for
    long gets several.
    """
    record.forget_old(today())
    unsent = record.unsent()
    if not unsent.days:
        return unsent, b""
    while True:
        text = statement_text(statement_of(unsent, usage))
        if len(text) <= LARGEST or len(unsent.days) == 1:
            return unsent, text
        unsent = unsent.oldest(len(unsent.days) // 2)


def send(record: UsageRecord, usage: Usage, *, patience: float = _PATIENCE) -> int:
    """Send the statement that is next; how many days that were, 0 where nothing waits.

    Parameters
    ----------
    record
        What was counted.
    usage
        Where to; the setting is looked at by the caller.
    patience
        Seconds until a collector is given up.

    Raises
    ------
    NotSent
        If the collector did not take it: it is kept, and can be sent again.
    """
    unsent, text = next_statement(record, usage)
    if not text or usage.collector is None:
        return 0
    try:
        post(usage.collector, text, patience)
    except NotSent as error:
        record.say("outcome", f"{today()}: {error}")
        raise
    record.sent(unsent)
    record.say("outcome", f"{today()}: {len(unsent.days)} day(s) sent")
    return len(unsent.days)


def post(collector: str, text: bytes, patience: float) -> None:
    """Have a collector take a statement.

    Raises
    ------
    NotSent
        If it does not, within so many seconds.
    """
    address = collector + ADDRESS
    if len(text) > LARGEST:
        raise NotSent(f"the statement has {len(text)} bytes, and {LARGEST} are the most")
    try:
        status, said = ask(address, patience=patience, most=_ANSWER, content=text)
    except OSError as error:
        raise NotSent(str(error)) from None
    if status != 204:
        words = " ".join(said[:300].decode(errors="replace").split())
        raise NotSent(f"{address} answers {status}: {words or 'nothing'}")


def after_session(session: Path, usage: Usage, state: Path, registry: Registry) -> None:
    """Count a session that has ended, and once a day send what waits; where that is wanted alone.

    Nothing of it fails the session, and a collector that does not answer holds its process for a
    few seconds at most, once a day.

    Parameters
    ----------
    session
        Its folder.
    usage
        What the settings say.
    state
        Folder where it is counted.
    registry
        Where protocols are found.
    """
    if not usage.send:
        return
    try:
        with closing(UsageRecord(state)) as record:
            with closing(open_store(session, readonly=True)) as store:
                use = count_session(store, registry)
            record.note(session, use, today())
            due = record.take_turn(today())
    except Exception as error:
        log.warning("usage not counted", why=str(error))
        return
    if due:
        # A thread, for some waits, such as that for a name server, know no time limit.
        sending = threading.Thread(
            target=_send_quietly, args=(usage, state), name="usage", daemon=True
        )
        sending.start()
        sending.join(_PATIENCE_AT_END)


def _send_quietly(usage: Usage, state: Path) -> None:
    """Send; what could not be sent is kept, shown by `icestream usage show`, and tried again."""
    try:
        # Another connection: one of SQLite belongs to its thread.
        with closing(UsageRecord(state)) as record:
            while send(record, usage, patience=_PATIENCE_AT_END):
                pass
    except NotSent as error:
        log.info("usage not sent", why=str(error))
    except Exception as error:
        log.warning("usage not sent", why=str(error))
