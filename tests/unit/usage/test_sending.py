"""Sending what was counted, to a real collector and to none."""

import datetime
import socket
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from collecting import TODAY, USE, collecting
from icestream.protocol import Registry
from icestream.usage import sending
from icestream.usage.kinds import Usage
from icestream.usage.record import FILE, UsageRecord, today
from icestream.usage.sending import (
    NotSent,
    after_session,
    example,
    next_statement,
    post,
    send,
    statement_of,
)
from icestream.usage.statement import LARGEST, SessionUse, UsedProtocol, statement_text
from report_session import SampleSession


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sample = SampleSession(tmp_path_factory.mktemp("made") / "session", start=1_790_000_000.0)
    sample.store.close()
    return sample.folder


def test_a_session_is_counted_and_sent_and_repeats_count_once(
    tmp_path: Path, session: Path
) -> None:
    state = tmp_path / "state"
    with collecting(tmp_path / "collector.db") as address:
        usage = Usage(send=True, collector=address, country="ES")
        for _ in range(3):
            after_session(session, usage, state, Registry())
        figures = httpx2.get(f"{address}/usage.json").json()
        assert (figures["installations"], figures["sessions"], figures["exposures"]) == (1, 1, 0)
        assert figures["countries"] == [{"country": "ES", "installations": 1, "sessions": 1}]
        assert "ctf.estimate" in {one["name"] for one in figures["protocols"]}
    with closing(UsageRecord(state)) as record:
        assert record.unsent().days == ()
        assert record.outcome() == f"{today()}: 1 day(s) sent"


def test_the_bytes_that_are_sent_are_those_that_are_shown(tmp_path: Path) -> None:
    taken: list[tuple[dict[str, str], bytes]] = []

    class _Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), _Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        usage = Usage(send=True, collector=f"http://127.0.0.1:{server.server_port}")
        with closing(UsageRecord(tmp_path)) as record:
            record.note(tmp_path / "a", USE, today())
            shown = statement_text(statement_of(record.unsent(), usage))
            assert send(record, usage) == 1
            assert send(record, usage) == 0  # nothing waits
        server.shutdown()
    ((headers, body),) = taken
    assert body == shown
    assert headers["User-Agent"] == "icestream"
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)


def test_nothing_is_kept_where_nobody_wants_it(tmp_path: Path, session: Path) -> None:
    state = tmp_path / "state"
    after_session(session, Usage(collector="http://127.0.0.1:9"), state, Registry())
    assert not state.exists()


def test_a_collector_that_is_down_is_tried_again_another_day(
    tmp_path: Path, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        usage = Usage(send=True, collector=f"http://127.0.0.1:{unheard.getsockname()[1]}")
        after_session(session, usage, state, Registry())
    with closing(UsageRecord(state)) as record:
        assert len(record.unsent().days) == 1
        assert "cannot be reached" in record.outcome()
    with collecting(tmp_path / "collector.db") as address:
        usage = Usage(send=True, collector=address)
        after_session(session, usage, state, Registry())  # the same day: it is not asked
        assert httpx2.get(f"{address}/usage.json").json()["installations"] == 0
        monkeypatch.setattr(sending, "today", lambda: _ago(-1))
        with closing(UsageRecord(state)) as record:
            assert send(record, usage) == 1
            assert record.unsent().days == ()


def _ago(days: int) -> str:
    return (TODAY - datetime.timedelta(days=days)).isoformat()


def test_what_waited_for_long_is_sent_in_several_statements(tmp_path: Path, session: Path) -> None:
    """Of all days at once there would be more than any collector takes, ever."""
    busy = SessionUse(
        exposures=5000,
        protocols=tuple(UsedProtocol(f"ctf.estimate{n}", 1, "icestream", "1") for n in range(30)),
        chains=tuple((f"ctf.estimate{n}", f"picks.log{n}") for n in range(60)),
    )
    state = tmp_path / "state"
    days = [_ago(count) for count in range(59, 0, -1)]  # at once: midnight may come meanwhile
    with collecting(tmp_path / "collector.db") as address:
        usage = Usage(send=True, collector=address)
        with closing(UsageRecord(state)) as record:
            for day in days:
                record.note(tmp_path / day, busy, day)
            assert len(statement_text(statement_of(record.unsent(), usage))) > LARGEST
            unsent, text = next_statement(record, usage)
            assert len(text) <= LARGEST
            assert unsent.days[0].day == days[0], "the oldest first"
            assert send(record, usage) == len(unsent.days) < 59
            assert len(record.unsent().days) == 59 - len(unsent.days)
        after_session(session, usage, state, Registry())
        with closing(UsageRecord(state)) as record:
            assert record.unsent().days == ()
        assert httpx2.get(f"{address}/usage.json").json()["sessions"] == 60


def test_days_that_no_collector_takes_any_more_keep_no_others_back(tmp_path: Path) -> None:
    with collecting(tmp_path / "collector.db") as address:
        usage = Usage(send=True, collector=address)
        with closing(UsageRecord(tmp_path / "state")) as record:
            record.note(tmp_path / "a", USE, _ago(65))
            record.note(tmp_path / "b", USE, _ago(20))
            assert send(record, usage) == 1
            assert record.unsent().days == ()


def test_a_collector_that_never_answers_holds_no_session_for_long(
    tmp_path: Path, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_PATIENCE_AT_END", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        usage = Usage(send=True, collector=f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        after_session(session, usage, tmp_path / "state", Registry())
        assert time.monotonic() - began < 5
    with closing(UsageRecord(tmp_path / "state")) as record:
        assert len(record.unsent().days) == 1


def test_no_trouble_of_counting_fails_a_session(tmp_path: Path, session: Path) -> None:
    usage = Usage(send=True, collector="http://127.0.0.1:9")
    state = tmp_path / "state"
    state.mkdir()
    (state / FILE).write_text("no database, whatever it is called")
    after_session(session, usage, state, Registry())
    after_session(tmp_path / "no session", usage, tmp_path / "other", Registry())


def test_what_a_collector_refuses_is_said(tmp_path: Path) -> None:
    with collecting(tmp_path / "collector.db") as address:
        with pytest.raises(NotSent, match=r"answers 422: .*form"):
            post(address, b"{}", 5)
        with pytest.raises(NotSent, match="answers 404"):
            post(f"{address}/elsewhere", b"{}", 5)
    with pytest.raises(NotSent, match="are the most"):
        post("http://127.0.0.1:9", b" " * 300_000, 5)


def test_an_example_has_no_id_and_keeps_nothing(tmp_path: Path, session: Path) -> None:
    shown = example(session, Usage(country="ES"), Registry())
    assert shown.installation == "0" * 32
    assert shown.days[0].sessions == 1
    assert shown.country == "ES"
