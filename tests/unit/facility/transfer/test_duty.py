"""The duty that copies all sessions."""

import shutil
import time
from pathlib import Path

import pytest

from copied_facility import begun, do, known
from icestream.facility.duties.all import duties_of
from icestream.facility.duties.duty import Outage
from icestream.facility.opened import Facility
from icestream.facility.registry.sessions import change_session
from icestream.facility.transfer.duty import Copies, rules_of
from icestream.facility.transfer.progress import progress
from icestream.facility.transfer.session import ledger_of


def test_all_sessions_are_copied_side_by_side(copies: Facility) -> None:
    one, other = begun(copies, "p-001"), begun(copies, "q-001")
    assert do(copies, "transfer").startswith("2 sessions: ")
    do(copies, "transfer")
    for session in (one, other):
        assert len(list((Path(session.place) / "raw").glob("*.mrc"))) == 2


def test_one_that_cannot_be_copied_is_named_and_the_others_are(copies: Facility) -> None:
    one, other = begun(copies, "p-001"), begun(copies, "q-001")
    shutil.rmtree(copies.path.parent / "krios1" / "p-001")
    with pytest.raises(Outage, match="p-001: .* is not there"):
        do(copies, "transfer")
    with pytest.raises(Outage, match="p-001"):
        do(copies, "transfer")
    assert not list((Path(one.place) / "raw").iterdir())
    assert len(list((Path(other.place) / "raw").glob("*.mrc"))) == 2


def test_a_copy_is_over_when_the_session_is_and_nothing_came(copies: Facility) -> None:
    session = begun(copies)
    (duty,) = (duty for duty in duties_of(copies.file) if duty.name == "transfer")
    for _ in range(3):
        do(copies, "transfer")
    with copies.registry.write() as connection:
        change_session(connection, session.id, ended=time.time() - 3600.0)
    ledger = ledger_of(Path(session.folder))
    copying = Copies(copies.file.transfer).copy(known(copies))  # type: ignore[arg-type]
    assert copying is not None
    for entry in copying.ledger.every():
        copying.ledger.put(entry, found=time.time() - 3600.0)
    do(copies, "transfer")
    how = progress(ledger)
    assert how is not None
    assert how.ended
    assert do(copies, "transfer") == "no session is being copied"
    with copies.registry.write() as connection:
        change_session(connection, session.id, ended=None)
    assert do(copies, "transfer").startswith("1 sessions")
    assert duty.every == pytest.approx(0.1)


def test_files_are_removed_at_the_source_only_when_asked(copies: Facility) -> None:
    section = copies.file.transfer
    assert section is not None
    assert rules_of(section).clean_after is None
    asked = section.model_copy(update={"clean_source": "after-verified-copy"})
    assert rules_of(asked).clean_after == 168 * 3600.0
