"""Tenure: that a session is this coordinator's still, and is where it began."""

import time
from pathlib import Path

from sqlalchemy import Connection, select

from icestream.engine.machine.home import Home, NotHere
from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["TakenOver", "Tenure"]

_SAYS_SO = 10.0
"""Seconds that another coordinator has from the sweep to its first word."""
_EPOCH = select(t.session.c.epoch, t.session.c.holder).with_for_update(read=True)
"""Whose the session is: nobody takes it over before the transaction that asks has ended."""


class TakenOver(RuntimeError):
    """Another coordinator has taken over the session: this one may write nothing more."""


class Tenure:
    """One coordinator's time with a session: its epoch, in the folder in which it began."""

    def __init__(self, store: Store) -> None:
        self.folder = store.folder
        self._store = store
        self._home = Home(store.folder, [store.file] if store.file is not None else [])
        self.epoch = 0
        """Of this coordinator, once it has one."""

    def check_home(self) -> None:
        """Do nothing when the session's folder and store are those that it began with.

        Raises
        ------
        NotHere
            If they are not.
        """
        self._home.check()

    def lost(self) -> NotHere | None:
        """What is not there any more."""
        try:
            self._home.check()
        except NotHere as error:
            return error
        return None

    def deleted(self) -> Path | None:
        """The session's folder or store, where it was deleted for good: nothing can come back."""
        return self._home.deleted()

    def fence(self, connection: Connection) -> None:
        """Do nothing when the session is this coordinator's, to the end of a transaction.

        Raises
        ------
        TakenOver
            If another coordinator has begun an epoch since.
        """
        epoch, holder = connection.execute(_EPOCH).one()
        if epoch != self.epoch:
            raise TakenOver(
                f"the session in {self.folder} has been taken over by another coordinator "
                f"({holder}, epoch {epoch}); this one, of epoch {self.epoch}, has written nothing "
                "since and ends"
            )

    def explain(self, error: OSError) -> None:
        """Say what is behind an error that was met outside of a transaction.

        Another coordinator sweeps away what this one had begun before it says that it is there:
        for a file that is gone, that is waited for.

        Raises
        ------
        TakenOver
            If it says so within a few seconds.
        """
        # What is gone with the whole folder, nobody has swept.
        gone = isinstance(error, FileNotFoundError) and self.lost() is None
        deadline = time.monotonic() + (_SAYS_SO if gone else 0.0)
        while True:
            with self._store.write() as connection:
                self.fence(connection)
            if time.monotonic() > deadline:
                return
            time.sleep(0.1)
