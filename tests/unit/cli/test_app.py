"""The command line as a whole: which commands there are, how fast, and how it fails."""

import ast
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from icestream.cli import app as command_line
from icestream.cli.app import COMMANDS, DEFECT, main
from icestream.protocol import UnknownProtocol
from report_session import SampleSession
from toy_record import Desk


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "icestream", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_is_where_it_is_said_to_be(command: tuple[str, str, str, object]) -> None:
    """The lazily loaded function or app exists; looked up in the source, not imported."""
    module, _, attribute = command[1].partition(":")
    found = importlib.util.find_spec(f"icestream.cli.{module}")
    assert found is not None
    assert found.origin is not None
    tree = ast.parse(Path(found.origin).read_text())
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    names |= {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert attribute in names


def test_help_names_every_command() -> None:
    done = _run("--help")
    assert done.returncode == 0
    for name, _, help_text, _ in COMMANDS:
        assert f" {name} " in done.stdout
        assert help_text in done.stdout


def test_a_command_says_more_about_itself_than_the_list() -> None:
    shown = " ".join(_run("status", "--help").stdout.split())
    assert "state, rates, quality, steps, exposures, failures and alerts" in shown


def test_help_is_quick() -> None:
    """It loads what it is written with, and nothing that computes or keeps."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "icestream", "--help"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert "cyclopts" in loaded
    slow = {"numpy", "scipy", "numba", "PIL", "pydantic", "sqlalchemy", "alembic", "structlog"}
    assert not loaded & slow


def test_version() -> None:
    assert _run("--version").stdout.strip() == "0.1.0"


def test_an_unknown_command_suggests_the_near_one() -> None:
    done = _run("proces")
    assert done.returncode == 2
    assert "process" in done.stdout + done.stderr


def _fail(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(tokens: list[str], **_: bool) -> None:
        raise error

    monkeypatch.setattr(command_line, "build", lambda **_: fail)


def test_a_foreseen_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fail(monkeypatch, UnknownProtocol("no protocol 'ctf.estimat' is installed"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "icestream: no protocol 'ctf.estimat' is installed\n"


def test_an_error_of_the_system_names_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fail(monkeypatch, PermissionError(13, "Permission denied", "/data/session"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "icestream: /data/session: Permission denied\n"


def test_a_database_that_is_away_is_no_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = OperationalError("SELECT 1", {}, RuntimeError("connection refused\nIs it running?"))
    _fail(monkeypatch, away)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = "icestream: the session's store cannot be used now: connection refused\n"
    assert capsys.readouterr().err == said


def test_a_defect_shows_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fail(monkeypatch, ZeroDivisionError("division by zero"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == DEFECT
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert "defect of icestream" in printed


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_were_closed_are_led_nowhere(tmp_path: Path, closed: str) -> None:
    """As of a service or a cron job: no file that is opened later gets their numbers."""
    said = tmp_path / "said"
    code = (
        "import os, sys\n"
        "from icestream.cli import app\n"
        "app.build = lambda called: lambda *_, **__: look()\n"
        "def look():\n"
        "    print('out'); print('err', file=sys.stderr)\n"
        f"    with open({str(said)!r}, 'w') as file:\n"
        "        file.write(f'{file.fileno()} {sys.stdin.read()}')\n"
        "app.main()\n"
    )

    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", code]
    done = subprocess.run(shell, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(said.read_text()) > 2


@pytest.mark.parametrize("how", ["cut", "text", "zeros"])
@pytest.mark.parametrize("command", ["status", "check", "history", "clean"])
def test_a_store_that_is_damaged_is_no_defect(
    tmp_path: Path, how: str, command: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    desk = Desk(tmp_path, ("src", "toy.count", {}, {}))
    desk.find(*range(100))
    desk.close()
    file = tmp_path / "icestream.db"
    for log in tmp_path.glob("icestream.db-*"):
        log.unlink()
    whole = file.read_bytes()
    damaged = {
        "cut": whole[:20000],
        "text": b"hello\n" * 1000,
        "zeros": whole[:4096] + bytes(len(whole) - 4096),
    }
    file.write_bytes(damaged[how])
    monkeypatch.setattr(sys, "argv", ["icestream", command, str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "is damaged" in said
    assert "Bring it back from a backup" in said
    assert "Traceback" not in said


HEAVY = ("scipy.fft", "scipy.ndimage", "scipy.optimize", "scipy.sparse", "scipy.spatial", "duckdb")
"""What costs a tenth of a second or more to load."""


def _loaded(*words: str) -> set[str]:
    """The modules that a command loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "icestream", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}


def test_help_on_the_options_loads_nothing_that_runs_a_session() -> None:
    loaded = _loaded("process", "--help")
    assert "icestream.protocols.folder_source" in loaded
    never = {*HEAVY, "tifffile", "sqlalchemy", "icestream.engine.session", "icestream.cli.running"}
    assert not never & loaded


def test_the_status_loads_no_numerics_and_no_protocols(tmp_path: Path) -> None:
    SampleSession(tmp_path / "session", start=1.7e9).store.close()
    loaded = _loaded("status", str(tmp_path / "session"))
    assert "icestream.cli.overview" in loaded
    never = {*HEAVY, "tifffile", "numba", "alembic", "icestream.processing", "icestream.protocols"}
    assert not {*never, "icestream.formats", "icestream.engine.session"} & loaded


def test_who_interrupts_it_before_it_has_begun_meets_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "cyclopts.py").write_text(
        "import time\nprint('loads', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "icestream", "status"],
        env={
            **os.environ,
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loads\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "icestream: interrupted\n")
