"""The file of the ledger: what is in it after a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from icestream.facility.messages.ledger import MessageLedger


def test_what_was_entered_is_there_after_a_kill(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from icestream.facility.messages.inbox import Arrived
from icestream.facility.messages.ledger import MessageLedger
ledger = MessageLedger(Path(sys.argv[1]))
def arrived(name):
    return Arrived(identity=name, digest="d", kind="request", source="q", body=b"{}")
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
