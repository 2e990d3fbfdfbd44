"""`icestream people`: passwords come from a terminal or standard input, and are never shown."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from icestream.login import Login, Role
from icestream.server.people.visitors import Visitors
from people_of_tests import GOOD

COMMAND = [sys.executable, "-m", "icestream"]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def visitors(state: Path) -> Iterator[Visitors]:
    with closing(Visitors(state, Login())) as made:
        yield made


def people(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "people", *words],
        input=given, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_somebody_is_added_changed_and_removed(visitors: Visitors) -> None:
    assert "nobody yet" in people("list").stdout
    done = people("add", "Ada", "--role", "admin", "--full-name", "Ada L", given=GOOD + "\n")
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("ada may use the server as admin\n", "")
    assert visitors.accounts.check("ada", GOOD) is not None
    assert people("add", "lea", "--from", "ldap").returncode == 0
    people("role", "lea", "operator")
    assert visitors.accounts.get("lea").role is Role.OPERATOR
    listed = people("list").stdout
    assert "Ada L" in listed
    assert "operator" in listed
    done = people("password", "ada", given="another horse battery unstable\n")
    assert done.returncode == 0, done.stderr
    assert visitors.accounts.check("ada", GOOD) is None
    assert people("remove", "lea").returncode == 0
    assert [one.name for one in visitors.accounts.all()] == ["ada"]
    whats = [(one.what, one.about) for one in reversed(visitors.audit.entries())]
    assert whats == [
        ("account added", "ada"), ("account added", "lea"), ("role given", "lea"),
        ("password given", "ada"), ("account removed", "lea"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (["add", "ada"], "", "never an argument"),
        (["add", "ada"], "short\n", "at least 12"),
        (["add", "a b"], GOOD, "cannot be a name"),
        (["add", "ada", "--role", "root"], GOOD, "viewer"),
        (["role", "eve", "admin"], "", "no account 'eve'"),
        (["remove", "eve"], "", "no account 'eve'"),
        (["add", "ada", "--password", "x"], "", "--password"),
    ],
)
def test_what_cannot_be_is_refused(
    visitors: Visitors, words: list[str], given: str, said: str
) -> None:
    done = people(*words, given=given)
    assert done.returncode == 2
    assert said in done.stderr
    assert visitors.accounts.all() == []


def _take_terminal() -> None:
    """Make what stdin is the terminal of this process, which getpass then opens."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(("second", "status"), [(GOOD, 0), (GOOD + "x", 2)])
def test_on_a_terminal_it_is_asked_for_twice_and_not_shown(
    visitors: Visitors, second: str, status: int
) -> None:
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "people", "add", "ada"],
        stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - no thread runs here
    ) as asked:  # fmt: skip
        os.close(follower)
        said = b""
        for prompt, answer in ((b"Password of ada", GOOD), (b"same again", second)):
            while prompt not in said:
                said += os.read(leader, 1000)
            os.write(leader, answer.encode() + b"\n")
        assert asked.wait(timeout=60) == status
        said += os.read(leader, 1000)
    os.close(leader)
    assert GOOD.encode() not in said
    assert bool(visitors.accounts.all()) == (status == 0)


def test_a_server_that_would_be_open_does_not_start(tmp_path: Path, visitors: Visitors) -> None:
    def serve(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, "serve", str(tmp_path), "--port", "0", *words],
            input=given, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    plain = serve("--host", "0.0.0.0", "--first-admin", "ada", given=GOOD)
    assert plain.returncode == 2
    assert "clear text" in plain.stderr
    nobody = serve("--behind-proxy", "127.0.0.1")
    assert nobody.returncode == 2
    assert "--first-admin NAME" in nobody.stderr
    half = serve("--tls-cert", "x.pem")
    assert half.returncode == 2
    assert "go together" in half.stderr
    weak = serve("--login", "--first-admin", "eve", given="short")
    assert weak.returncode == 2
    assert "at least 12" in weak.stderr
