"""A duty is done by one process at a time."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from icestream.facility.duties.turn import DutyTaken, alone
from icestream.facility.opened import open_facility

HOLD = """
import sys
from icestream.facility.duties.turn import alone
from icestream.facility.opened import open_facility
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
            said = "the duty copy is done by .*process"
            with pytest.raises(DutyTaken, match=said), alone(facility, ["copy"]):
                pass
            with alone(facility, ["backup"]):
                pass
    finally:
        other.kill()
        other.communicate()
    with open_facility() as facility, alone(facility, ["copy"]):
        pass


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
