"""The application as it was built, in a real browser, asked of a real server."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import uvicorn

from browser import CHROMIUM, browse, text_of
from icestream.cli.serve import listen
from icestream.server import front
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.settings import load
from report_session import SampleSession

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: .ci/install chromium"),
    pytest.mark.skipif(
        not (front.STATIC / "index.html").exists(), reason="the pages are not built: make ui"
    ),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server answers that has one session, called as `SampleSession` calls it."""
    folder = tmp_path_factory.mktemp("served")
    session = SampleSession(folder / "grid", start=1_790_000_000.0, documents=False)
    session.grow(30)
    with closing(session.store), closing(listen("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        app = create_app(Server([folder], load(), port=port))
        runner = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=runner.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{port}"
        runner.should_exit = True
        thread.join(timeout=20)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "30"),
        ("/new", "Where the movies are"),
        ("/account", "Nobody logs in here"),
        ("/admin/plugins", "ctf.estimate"),
        ("/admin/machine", "cores"),
        ("/nowhere", "There is no such page"),
        ("/s/nobody", "There is no such session"),
    ],
)
def test_a_screen_shows_what_it_is_for_and_nothing_is_refused(
    address: str, path: str, words: str, tmp_path: Path
) -> None:
    page, console = browse(f"{address}{path}", tmp_path)
    assert words in text_of(page)
    assert "<style" not in page  # the security policy would refuse it
    assert not [line for line in console if "Content Security Policy" in line]
    assert not [line for line in console if "Uncaught" in line]


def test_every_screen_of_a_session_is_in_its_navigation(address: str, tmp_path: Path) -> None:
    listed, _ = browse(f"{address}/", tmp_path)
    session = listed.split('href="/s/')[1].split('"')[0]
    page, console = browse(f"{address}/s/{session}", tmp_path)
    tabs = page.split('aria-label="Screens of the session"')[1].split("</nav>")[0]
    assert text_of(tabs).split()[:3] == [">", "Live", "Exposures"]
    assert not [line for line in console if "Content Security Policy" in line]
