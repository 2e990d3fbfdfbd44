"""Operator and PI are told by mail, and staff over their channels; each once of each time."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from icestream.channels.kinds import EmailChannel
from icestream.facility.keep import telling
from icestream.facility.keep.kinds import Keep, KeepRule
from icestream.facility.keep.rules import DAY, Decision
from icestream.facility.keep.telling import due_notices, mail_channel, owners, tell_owners
from icestream.facility.opened import open_facility
from icestream.facility.registry import removals as rows
from icestream.facility.registry.records import Notice
from kept_session import KeptPlace
from post_office import PASSWORD, USER, MailServer, mail_server

RULE = KeepRule(after=21.0, warn=(7.0, 1.0))


def decision(due: float, state: str = "waits") -> Decision:
    return Decision(kind="raw", state=state, why="", rule=RULE, due=due, last=due)  # type: ignore[arg-type]


def test_which_warnings_it_is_time_for() -> None:
    keep, now = Keep(raw=RULE, act=True), 1e9
    assert due_notices(keep, decision(now + 8 * DAY), (), now) == []
    assert due_notices(keep, decision(now + 6 * DAY), (), now) == [7.0]
    assert due_notices(keep, decision(now), (), now) == [1.0, 7.0]
    given = Notice(session=1, kind="raw", before=7.0, due=now, told=now, whom="x")
    assert due_notices(keep, decision(now), (given,), now) == [1.0]
    assert due_notices(keep, decision(now + 3 * DAY), (given,), now) == [7.0]  # it was run again
    assert due_notices(keep, decision(now, "held"), (), now) == []
    assert due_notices(Keep(raw=RULE), decision(now), (), now) == []


@pytest.fixture
def office(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as opened:
        yield opened


def test_they_are_told_by_mail(write_facility: Callable[[str], Path], office: MailServer) -> None:
    path = write_facility("[keep]\nact = true\n[keep.raw]\nafter = '21 d'\n")
    settings = path.parent / "settings.toml"
    text = path.read_text().replace('["staff"]', '["staff", "mail"]')
    path.write_text(text)
    secret = path.parent / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    settings.write_text(
        settings.read_text()
        + f'[channels.mail]\nkind = "email"\nserver = "127.0.0.1"\nport = {office.port}\n'
        f'user = "{USER}"\npassword = {{ file = "{secret}" }}\n'
        f'certificates = "{office.certificates}"\n'
        'sender = "ice@example.org"\nto = ["staff@example.org"]\n'
    )
    with open_facility(path) as facility:
        kept = KeptPlace(facility, ended=15.0)
        assert owners(facility, kept.session) == ["otto@example.org", "pia@example.org"]
        assert isinstance(mail_channel(facility), EmailChannel)
        due = time.time() + 6 * DAY
        whom = tell_owners(facility, kept.session, decision(due), [7.0], 5 * 10**9)
        assert whom == "otto@example.org, pia@example.org, staff"
        with facility.registry.read() as connection:
            (notice,) = rows.notices(connection, kept.session.id)
        assert (notice.kind, notice.before, notice.due, notice.whom) == ("raw", 7.0, due, whom)
    owner, staff = office.mails
    assert owner["To"] == "otto@example.org, pia@example.org"
    assert "the raw data of session p-1 (5.0 GB) will be removed on" in owner.get_content()
    assert staff["To"] == "staff@example.org"


def test_where_nobody_is_reached_nothing_is_written_down(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "tell_staff", lambda *_: False)
    assert mail_channel(kept.facility) is None
    assert tell_owners(kept.facility, kept.session, decision(1e9), [7.0], 1) == ""
    with kept.facility.registry.read() as connection:
        assert rows.notices(connection, kept.session.id) == ()


def test_a_mail_that_did_not_go_out_is_no_warning(
    kept: KeptPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(telling, "tell_staff", lambda *_: bool(told.append("staff")) or True)
    monkeypatch.setattr(telling, "_mailed", lambda *_: None)
    assert tell_owners(kept.facility, kept.session, decision(1e9), [7.0], 1) == ""
    assert told == []
    with kept.facility.registry.read() as connection:
        assert rows.notices(connection, kept.session.id) == ()
