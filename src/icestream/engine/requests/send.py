"""Sending a request: a row in the session's store, and a datagram that wakes its coordinator.

Without a coordinator the request waits in the store until the next one starts.
"""

import contextlib
import time
import uuid
from pathlib import Path

from sqlalchemy import insert, select

from icestream.engine.machine.naming import name_here
from icestream.engine.requests.doorbell import wake
from icestream.engine.requests.models import Request, document_of
from icestream.store import tables as t
from icestream.store.open import NoStore, open_store

__all__ = ["answer_of", "send"]


def send(folder: Path | str, request: Request, *, token: str = "") -> str:
    """Ask something of the session in `folder`; returns a token for `answer_of`.

    The store is only written to, never brought to another schema: that is for the coordinator.

    Parameters
    ----------
    token
        The asker's own, where the same may be asked again after a crash: it is asked once. By
        default a new one.

    Raises
    ------
    NoStore
        If there is no session in `folder`.
    OtherSchema
        If the session belongs to another version of icestream.
    """
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise NoStore(f"{folder} is not a folder")
    store = open_store(folder, upgrade=False)
    given, token = bool(token), token or uuid.uuid4().hex
    with contextlib.closing(store), store.write(durable=True) as connection:
        known = select(t.request.c.token).where(t.request.c.token == token)
        if not given or connection.execute(known).first() is None:
            connection.execute(
                insert(t.request).values(
                    token=token,
                    time=time.time(),
                    verb=request.verb,
                    document=document_of(request),
                    who=request.who,
                    state="new",
                )
            )
        uid = connection.execute(select(t.session.c.uid)).scalar() or ""
    wake(name_here(uid, folder))
    return token


def answer_of(folder: Path | str, token: str, *, timeout: float = 0.0) -> tuple[str, str]:
    """State of a request (new, done, refused) and what was said to it.

    Waits up to `timeout` seconds while it is new; LookupError when it was never sent.
    """
    deadline = time.monotonic() + timeout
    chosen = select(t.request.c.state, t.request.c.answer).where(t.request.c.token == token)
    with contextlib.closing(open_store(folder, readonly=True)) as store:
        while True:
            with store.read() as connection:
                row = connection.execute(chosen).one_or_none()
            if row is None:
                raise LookupError(f"no request {token!r} was sent to the session in {folder}")
            if row.state != "new" or time.monotonic() >= deadline:
                return str(row.state), str(row.answer)
            time.sleep(0.02)
