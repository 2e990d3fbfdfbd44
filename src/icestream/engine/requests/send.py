"""Commands: what people ask of a session, as rows that its coordinator reads.

A command is written into the session's store, and a datagram wakes the coordinator. Without a
coordinator it waits in the store until the next one starts.
"""

import contextlib
import getpass
import json
import time
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from icestream.engine.requests.doorbell import wake
from icestream.store import tables as t
from icestream.store.open import NoStore, open_store

__all__ = ["VERBS", "answer_of", "send"]

VERBS = (
    "pause", "resume", "stop", "abort", "retry", "set", "accept", "reject", "acknowledge", "adopt",
)  # fmt: skip


def send(folder: Path | str, verb: str, **arguments: Any) -> str:
    """Ask something of the session in `folder`; returns a token for `answer_of`.

    Parameters
    ----------
    folder
        The session's folder.
    verb
        ``pause``, ``resume``, ``stop``, ``abort`` (arguments: `step`, nothing for the whole
        session; `branch=True` for all that depends on it too); ``retry`` (`step`, nothing for every
        step); ``set`` (`step`, `changes`: a
        mapping of parameters); ``accept``, ``reject`` (`exposures`: names; `why`; `step`, by
        default every selection, or the sources where there is none); ``acknowledge``, ``adopt``
        (`alert`: its id).
    """
    if verb not in VERBS:
        raise ValueError(f"no command {verb!r}; there are {', '.join(VERBS)}")
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise NoStore(f"{folder} is not a folder")
    open_store(folder, readonly=True).close()  # says so when there is no session
    store = open_store(folder)
    token = uuid.uuid4().hex
    with contextlib.closing(store), store.write() as connection:
        connection.execute(
            insert(t.command).values(
                token=token,
                time=time.time(),
                name=verb,
                arguments=json.dumps(arguments),
                who=getpass.getuser(),
                state="new",
            )
        )
    wake(folder)
    return token


def answer_of(folder: Path | str, token: str, *, timeout: float = 0.0) -> tuple[str, str]:
    """State of a command (new, done, refused) and what was said to it.

    Waits up to `timeout` seconds while it is new; LookupError when it was never sent.
    """
    deadline = time.monotonic() + timeout
    chosen = select(t.command.c.state, t.command.c.answer).where(t.command.c.token == token)
    with contextlib.closing(open_store(folder, readonly=True)) as store:
        while True:
            with store.read() as connection:
                row = connection.execute(chosen).one_or_none()
            if row is None:
                raise LookupError(f"no command {token!r} was sent to the session in {folder}")
            if row.state != "new" or time.monotonic() >= deadline:
                return str(row.state), str(row.answer)
            time.sleep(0.02)
