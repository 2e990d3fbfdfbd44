"""A process that is killed again and again begins each session once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from icestream.facility.messages.ledger import MessageLedger
from message_room import start
from stomp_broker import stomp_broker

PROCESS = """
import sys
from pathlib import Path
from icestream.facility.messages.broker import BrokerAway
from icestream.facility.messages.exchange import exchange, link_of
from icestream.facility.messages.folder import RequestFolder
from icestream.facility.messages.intake import take_files, write_out_answers
from message_room import room, section
import threading

folder, port = Path(sys.argv[1]), sys.argv[2]
made = room(folder, section(folder, broker={"servers": f"localhost:{port}"}))
laid = RequestFolder(made.section, made.section.folder)
laid.make()
link = link_of(made.section)
link.open()
print("ready", flush=True)
while True:
    exchange(made.carrying, link, threading.Event(), 0.01)
    take_files(made.carrying, laid)
    before = len(made.sessions.begun)
    made.carrying.carry_out()
    write_out_answers(made.carrying)
    for name in made.sessions.begun[before:]:
        print(name, flush=True)
"""


def test_killed_between_any_two_steps_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    places = (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", ""))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
    wanted = {f"s{number}" for number in range(4)}
    (tmp_path / "requests").mkdir()
    with stomp_broker() as broker:
        for number, name in enumerate(sorted(wanted)):
            if number % 2:
                broker.put("icestream.requests", json.dumps(start(name)))
            else:
                (tmp_path / "requests" / f"{name}.json").write_text(json.dumps(start(name)))
        for life in range(4):
            with subprocess.Popen(
                [sys.executable, "-c", PROCESS, str(tmp_path), str(broker.port)],
                env=environment, stdout=subprocess.PIPE, text=True,
            ) as process:  # fmt: skip
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                until = time.monotonic() + (0.6 + 0.8 * life if life < 3 else 60.0)
                while time.monotonic() < until and not _all_told(tmp_path / "messages.db"):
                    time.sleep(0.05)
                process.send_signal(signal.SIGKILL)
        answers = [json.loads(body) for body in broker.bodies("icestream.answers")]
    began = {one["id"]: one["session"] for one in answers if one["state"] == "began"}
    assert set(began.values()) == wanted
    assert len(began) == 4, "no session began under two answers"
    ledger = MessageLedger(tmp_path / "messages.db")
    assert ledger.counts() == {"done": 4, "unsent": 0}
    ledger.close()
    assert {one.name for one in (tmp_path / "sessions").iterdir()} == wanted
    assert {one.name for one in (tmp_path / "requests").glob("*.json")} == set()
    aside = {one.name for one in (tmp_path / "requests" / "taken").iterdir()}
    assert aside == {f"s{n}{end}" for n in range(0, 4, 2) for end in (".json", ".answers.json")}


def _all_told(path: Path) -> bool:
    """Whether all is done, and the broker has confirmed every answer."""
    ledger = MessageLedger(path)
    counts = ledger.counts()
    ledger.close()
    return counts == {"done": 4, "unsent": 0}
