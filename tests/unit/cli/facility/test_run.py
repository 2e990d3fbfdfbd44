"""`icestream facility run`."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility import run as run_module
from icestream.cli.facility.app import app
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.opened import Facility

SERVICE = """
import threading
from icestream.cli.facility import run
from icestream.facility.duties.duty import Duty

def act(facility, stop):
    print("did", flush=True)
    return "it"

run.duties_of = lambda file: (Duty(name="copy", what="copies", every=0.05, act=act),)
raise SystemExit(run.run())
"""


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_duties_are_done_once(
    facility: Facility, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(facility: Facility, stop: threading.Event) -> str:
        raise Outage("the NAS is away")

    own = (
        Duty(name="copy", what="copies", every=1.0, act=away),
        Duty(name="bookings", what="reads", every=1.0, act=lambda facility, stop: "7 bookings"),
    )
    monkeypatch.setattr(run_module, "duties_of", lambda _: own)
    assert facility_("run", "--once") == 1
    assert "copy: the NAS is away\nbookings: 7 bookings\n" in capsys.readouterr().out
    assert facility_("run", "bookings", "--once") == 0
    with pytest.raises(LookupError, match="no duty 'bokings'; did you mean bookings"):
        facility_("run", "bokings")


def test_a_service_ends_when_it_is_told_to(write_facility: Callable[[str], Path]) -> None:
    write_facility("")
    process = subprocess.Popen([sys.executable, "-c", SERVICE], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "did\n"
    assert process.stdout.readline() == "did\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
