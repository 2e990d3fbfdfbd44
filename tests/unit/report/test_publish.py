"""Publishing in the background: retried, told, and never waited for."""

import time
from pathlib import Path

import pytest

from icestream.report.publish import Publisher, Times, shown
from icestream.report.upload import Target
from icestream.store.published import RECORD, Published, published
from toy_session import wait_for


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / "grid-2"
    (folder / "report" / "pictures").mkdir(parents=True)
    (folder / "report" / "live.js").write_text("1")
    return folder


def program(folder: Path, *lines: str) -> Target:
    path = folder / "publish.sh"
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return Target(command=(str(path), "--token", "s3cret"))


COUNT = 'echo x >> "../rounds"; n=$(wc -l < ../rounds)'


def publisher(session: Path, target: Target, told: list[Published]) -> Publisher:
    times = Times(pause=0.05, first=0.05)
    return Publisher(target, session / "report", session, tell=told.append, times=times)


def rounds(session: Path) -> int:
    path = session / "rounds"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_a_program_that_fails_twice_is_tried_a_third_time(session: Path, tmp_path: Path) -> None:
    told: list[Published] = []
    target = program(tmp_path, COUNT, 'if [ "$n" -lt 3 ]; then echo "it sleeps"; exit 4; fi')
    ours = publisher(session, target, told)
    ours.news()
    wait_for(lambda: ours.state.last is not None)
    assert rounds(session) == 3
    assert [each.failing is None for each in told] == [False, True], "told when it changes"
    assert told[0].why == "publish.sh ended with status 4: it sleeps"
    assert published(session) == ours.state
    assert "s3cret" not in (session / RECORD).read_text()
    ours.finish(10)


def test_nobody_waits_for_a_program_that_hangs(session: Path, tmp_path: Path) -> None:
    told: list[Published] = []
    ours = publisher(session, program(tmp_path, "sleep 1000"), told)
    began = time.monotonic()
    for _ in range(1000):
        ours.news()
    assert time.monotonic() - began < 60
    assert ours.state.last is None
    state = ours.finish(0.5)
    assert state.failing is not None
    assert "was told to end" in state.why


def test_pauses_grow_and_news_do_not_shorten_them(session: Path, tmp_path: Path) -> None:
    ours = publisher(session, program(tmp_path, COUNT, "exit 1"), [])
    began = time.monotonic()
    while time.monotonic() - began < 1.5:
        ours.news()
        time.sleep(0.01)
    assert 1 <= rounds(session) <= 6, "0.05 s, 0.1 s, 0.2 s, 0.4 s, 0.8 s"
    ours.finish(0.1)


def test_what_came_last_is_published_at_the_end(session: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    target = program(tmp_path, f'cp "$ICESTREAM_REPORT/live.js" {there}')
    ours = Publisher(target, session / "report", session, times=Times(pause=1000.0))
    ours.news()
    wait_for(there.exists)
    (session / "report" / "live.js").write_text("2")
    ours.news()
    state = ours.finish(60)
    assert there.read_text() == "2"
    assert state.failing is None


def test_a_later_process_knows_since_when_it_fails(session: Path, tmp_path: Path) -> None:
    target = program(tmp_path, "exit 1")
    first = publisher(session, target, [])
    first.news()
    wait_for(lambda: first.state.failing is not None)
    first.finish(0.1)
    second = publisher(session, target, [])
    assert second.state.failing == first.state.failing
    other = publisher(session, Target(command=("true",)), [])
    assert other.state.failing is None, "another target has not failed"
    for each in (second, other):
        each.finish(5)


def test_a_state_that_cannot_be_kept_ends_nothing(session: Path, tmp_path: Path) -> None:
    (session / "logs").write_text("in the way")
    ours = publisher(session, program(tmp_path, "true"), [])
    ours.news()
    assert ours.finish(20).last is not None
    assert published(session) is None


def test_the_copy_does_not_say_where_it_is() -> None:
    assert set(shown(Published(target="web:/live", last=1.0))) == {"last", "failing", "why"}
