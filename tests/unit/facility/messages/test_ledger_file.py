"""The file of the ledger: what is in it after a kill."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.ledger_file import OtherLedger


def test_what_was_entered_is_there_after_a_kill(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from icestream.facility.messages.inbox import ArrivedMessage
from icestream.facility.messages.ledger import MessageLedger
ledger = MessageLedger(Path(sys.argv[1]))
def arrived(name):
    return ArrivedMessage(identity=name, digest="d", kind="request", source="q", body=b"{}")
ledger.inbox.receive(arrived("kept"))
with ledger.transaction():
    ledger.inbox.receive(arrived("lost"))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "messages.db"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=False, env=dict(os.environ)
    )
    assert done.returncode == -signal.SIGKILL
    assert [one.identity for one in MessageLedger(path).inbox.due(1e12)] == ["kept"]


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    MessageLedger(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(OtherLedger, match="newer version"):
        MessageLedger(path)


def test_a_ledger_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    MessageLedger(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE followed DROP COLUMN at")
        connection.execute("ALTER TABLE followed DROP COLUMN life")
        connection.execute("INSERT INTO followed (folder, name, after) VALUES ('/s', 's', 7)")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    with closing(MessageLedger(path)) as ledger:
        (one,) = ledger.following.followed()
        assert (one.after, one.at, one.life) == (7, None, 0)
        ledger.following.told(one.folder, 9, 5.0, life=2)
        (one,) = ledger.following.followed()
        assert (one.after, one.at, one.life) == (9, 5.0, 2)
    MessageLedger(path).close()
