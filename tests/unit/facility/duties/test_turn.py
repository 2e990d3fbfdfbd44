"""A duty is done by one process at a time."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from icestream.facility.duties import turn
from icestream.facility.duties.duty import Duty
from icestream.facility.duties.round import do_once
from icestream.facility.duties.turn import DutyTaken, alone, held_duties
from icestream.facility.opened import Facility, open_facility
from postgres_server import stoppable_server

HOLD = """
import sys
from icestream.facility.duties.turn import alone
from icestream.facility.opened import Facility, open_facility
with open_facility() as facility, alone(facility, ["copy"]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_named_until_it_is_killed(
    write_facility: Callable[[str], Path], url: str | None
) -> None:
    path = write_facility("")
    if url is not None:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA IF EXISTS icestream_facility CASCADE"))
        engine.dispose()
        address = url.replace("postgresql+psycopg", "postgresql")
        path.write_text(path.read_text().replace("patience", f'registry = "{address}"\npatience'))
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with open_facility() as facility:
            assert held_duties(facility, ["copy", "backup"]) == {"copy"}
            said = "the duty copy is done by .*process"
            with pytest.raises(DutyTaken, match=said), alone(facility, ["copy"]):
                pass
            with alone(facility, ["backup"]):
                pass
    finally:
        other.kill()
        other.communicate()
    with open_facility() as facility:
        hung = time.monotonic() + 30.0
        while held_duties(facility, ["copy"]) and time.monotonic() < hung:
            time.sleep(0.01)
        with alone(facility, ["copy"]):
            assert held_duties(facility, ["copy"]) == {"copy"}


def test_many_duties_leave_connections_to_work_with(
    write_facility: Callable[[str], Path], url: str | None
) -> None:
    path = write_facility("")
    if url is not None:
        address = url.replace("postgresql+psycopg", "postgresql")
        path.write_text(path.read_text().replace("patience", f'registry = "{address}"\npatience'))
    names = [f"duty {number}" for number in range(20)]
    with open_facility() as facility:
        facility.registry.engine.pool._timeout = 0.1  # type: ignore[attr-defined]
        with alone(facility, names), facility.registry.read() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
        with alone(facility, names), pytest.raises(DutyTaken), alone(facility, names[:1]):
            pass


def test_who_did_the_duties_has_them_again_when_the_database_was_restarted(
    write_facility: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_facility("")
    monkeypatch.setattr(turn, "_GIVEN", 3.0)
    with stoppable_server() as server:
        address = server.url.replace("postgresql+psycopg", "postgresql")
        path.write_text(path.read_text().replace("patience", f'registry = "{address}"\npatience'))
        with open_facility() as facility, open_facility() as other:
            do_once(facility, Duty(name="copy", what="copies", every=1.0, act=lambda *_: ""))
            with alone(facility, ["copy"]) as mine:
                assert mine.lost() == ""
                server.stop()
                assert mine.lost()
                assert mine.lost()
                server.start()
                taken: list[str] = []
                rival = threading.Thread(target=_tried, args=(other, taken))
                rival.start()  # it comes first, and waits
                while rival.is_alive() and mine.lost():
                    time.sleep(0.05)
                rival.join(60.0)
                assert taken == ["the duty copy is done by another process already"]
                assert mine.lost() == ""
                assert held_duties(other, ["copy"]) == {"copy"}
            with alone(other, ["copy"]):
                assert "is done by another process" in mine.lost()
            assert mine.lost() == ""
            mine.give_up()  # type: ignore[attr-defined]


def _tried(facility: Facility, said: list[str]) -> None:
    try:
        with alone(facility, ["copy"]):
            said.append("it is done twice")
    except DutyTaken as error:
        said.append(str(error).partition(":")[0])
