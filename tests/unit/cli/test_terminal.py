"""Output for people and for programs."""

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from icestream.cli.terminal import called, console, print_json, print_table


def test_a_table_in_a_pipe_has_one_line_per_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "value"), [("a", "x" * 300), ("b", "[y]")])
    assert capsys.readouterr().out.splitlines() == ["name\tvalue", "a\t" + "x" * 300, "b\t[y]"]


def test_json_knows_paths_and_keeps_units(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"folder": Path("/a"), "unit": "Å"})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"folder": "/a", "unit": "Å"}
    assert "Å" in printed


def _on_a_terminal(code: str, folder: Path) -> str:
    """What `code` shows on a terminal that is 400 columns wide."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "400", "LINES": "50", "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # what Linux says when the other end is closed
                break
            if not part:
                break
            shown += part
        assert process.wait(60) == 0, shown
    os.close(ours)
    return shown.decode()


def test_brackets_are_shown_on_a_terminal(tmp_path: Path) -> None:
    shown = _on_a_terminal(
        "from icestream.cli.terminal import console, print_table\n"
        "print_table(('[head]',), [('icestream[postgres]',), ('[/red]',)], title='[title]')\n"
        "console().print('br[red]x')\n",
        tmp_path,
    )
    for text in ("[head]", "icestream[postgres]", "[/red]", "[title]", "br[red]x"):
        assert text in shown


def test_doctor_shows_advice_and_folders_with_brackets_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "br[red]x").mkdir()
    shown = _on_a_terminal(
        "from pathlib import Path\n"
        "from icestream.cli.doctor import doctor\n"
        "from icestream.starting import doctor as checks\n"
        "checks.find_spec = lambda name: None\n"
        "doctor(Path('br[red]x'))\n",
        tmp_path,
    )
    assert "br[red]x" in shown
    assert "icestream[postgres]" in shown


def test_we_are_called_by_our_path_where_the_name_leads_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "venv" / "bin"
    own.mkdir(parents=True)
    (own / "icestream").write_text("#!/bin/sh\n")
    (own / "icestream").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(own / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    assert called() == str(own / "icestream")
    monkeypatch.chdir(tmp_path)
    assert called() == "venv/bin/icestream"
    monkeypatch.setenv("PATH", str(own))
    assert called() == "icestream"


def test_names_in_tables_and_json_are_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    odd = "a\x1b[2J\nb\udce9\x9b\u202e"
    print_table(("name",), [(odd,)])
    assert capsys.readouterr().out == "name\n" + r"a\x1b[2J\nb\xe9\x9b\u202e" + "\n"
    print_json({"name": odd, "unit": "Å"})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"name": odd, "unit": "Å"}
    assert all(letter.isprintable() or letter == "\n" for letter in printed)


def test_a_closed_pipe_is_told_and_ends_no_process() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as stream, contextlib.redirect_stdout(stream):
        with pytest.raises(BrokenPipeError):
            console().print("said")
        os.dup2(os.open(os.devnull, os.O_WRONLY), theirs)
