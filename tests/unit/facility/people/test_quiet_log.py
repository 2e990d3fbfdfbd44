"""The journal of processes says nothing of confidential sessions, whoever logs what."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from icestream.facility.duties.duty import Duty
from icestream.facility.duties.round import do_once
from icestream.facility.opened import Facility
from icestream.facility.people.quiet_log import QuietLog, quiet_log
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import Whose, keep_session
from icestream.log import configure


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "journal" / "log"
    configure(lines=True, level="critical", file=path)
    yield path
    configure()


def begin(facility: Facility, code: str, *, confidential: bool = True) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, code, confidential=confidential)
        keep_session(
            connection, code, Whose(project=code), name=f"{code}-001", began=1.0,
            place=f"/s/{code}/1", folder=f"/s/{code}/1/x", state="running",
        )  # fmt: skip


def test_no_name_of_a_confidential_session_is_in_it(facility: Facility, journal: Path) -> None:
    begin(facility, "ACME")
    begin(facility, "fair", confidential=False)

    def fails(*_: object) -> str:
        raise ValueError("ACME-001: /s/ACME/1/raw/m.tiff is cut off; fair-001: /s/fair/1 is not")

    log = structlog.get_logger("icestream.any")
    with quiet_log(lambda: facility):
        assert not do_once(facility, Duty(name="copy", what="copies", every=1.0, act=fails))
        log.info("ACME-001 began", folder=Path("/s/ACME/1/x"), project="acme", movies=3)
        logging.getLogger("icestream.plain").info("%s ended", "ACME-001")
        try:
            fails()
        except ValueError:
            log.exception("it failed")
            logging.getLogger("icestream.plain").exception("it failed")
        # One that is begun meanwhile is known at once.
        begin(facility, "Later")
        log.info("Later-001 began")
    text = journal.read_text()
    assert len(text.splitlines()) >= 7
    for word in ("acme", "later"):
        assert word not in text.casefold()
    assert "/s/fair/1 is not" in text
    assert '"movies": 3' in text
    assert "Traceback" in text
    log.info("ACME-001 again")
    assert "ACME-001 again" in journal.read_text(), "afterwards nobody looks"


def test_while_the_registry_is_away_what_it_knew_last_holds(
    facility: Facility, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(facility, "ACME")
    log = structlog.get_logger("icestream.any")
    with quiet_log(lambda: facility):
        log.info("ACME-001: one")

        def away(*_: object) -> None:
            log.info("ACME-001: two")  # and what is asked may log
            raise OperationalError("x", None, Exception("away"))

        monkeypatch.setattr("icestream.facility.people.quiet_log.unsaid", away)
        monkeypatch.setattr("icestream.facility.people.quiet_log.sqlite_mark", lambda _: None)
        log.info("ACME-001: three")
    text = journal.read_text()
    assert all(one in text for one in (": one", ": two", ": three"))
    assert "ACME" not in text


def test_two_threads_that_wait_for_each_other_go_on(facility: Facility, journal: Path) -> None:
    """One logs while it has what the other, which asks which sessions are confidential, wants."""
    begin(facility, "ACME")
    has, wants = threading.RLock(), threading.Event()

    def opened() -> Facility:
        wants.set()
        with has:
            return facility

    log = structlog.get_logger("icestream.any")
    with quiet_log(opened):
        log.info("ACME-001 one")
        wants.clear()
        with has:
            other = threading.Thread(target=lambda: log.info("ACME-001 two"))
            other.start()
            assert wants.wait(60.0)
            log.info("ACME-001 three")
        other.join(60.0)
        assert not other.is_alive()
    text = journal.read_text()
    assert all(one in text for one in (" one", " two", " three"))
    assert "ACME" not in text


def test_without_a_facility_nothing_is_changed() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "%s is there", ("ACME",), None)
    assert QuietLog(lambda: None).filter(record)
    assert record.args == ("ACME",)
