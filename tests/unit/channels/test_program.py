"""Programs of the site and files get the message as JSON."""

import json
import threading
from pathlib import Path

import pytest

from icestream.channels import program
from icestream.channels.kinds import CommandChannel, LogChannel
from icestream.channels.message import document_of
from icestream.channels.program import append, run_command
from icestream.channels.receipt import Undelivered
from post_office import MESSAGE


def command(script: str, *more: str) -> CommandChannel:
    return CommandChannel(kind="command", command=("/bin/sh", "-c", script, *more))


def test_a_program_gets_the_message_on_its_input(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    answer = run_command(command('cat > "$0"; echo paged ann', str(taken)), MESSAGE)
    assert json.loads(taken.read_text()) == json.loads(json.dumps(document_of(MESSAGE)))
    assert answer.text == "/bin/sh took the message: paged ann"


def test_a_program_that_fails_says_its_last_line() -> None:
    with pytest.raises(Undelivered, match=r"^/bin/sh: it ended with status 3: no such pager$"):
        run_command(command("echo trying; echo no such pager >&2; exit 3"), MESSAGE)


def test_a_program_that_is_not_there() -> None:
    lost = CommandChannel(kind="command", command=("/nowhere/page",))
    with pytest.raises(Undelivered, match="/nowhere/page: it cannot be started: No such file"):
        run_command(lost, MESSAGE)


def test_a_program_that_hangs_is_killed_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program, "TIME", 0.3)
    with pytest.raises(Undelivered, match=r"had not ended after 0.3 s, and was killed"):
        run_command(command("sleep 300 & sleep 300"), MESSAGE)


def test_a_program_that_leaves_something_behind_is_not_waited_for() -> None:
    assert run_command(command("sleep 2 & echo gone"), MESSAGE).text.endswith(": gone")


def test_lines_of_a_file_are_whole_when_many_write_them(tmp_path: Path) -> None:
    log = LogChannel(kind="log", path=tmp_path / "alerts.log")
    writers = [threading.Thread(target=append, args=(log, MESSAGE)) for _ in range(20)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    lines = (tmp_path / "alerts.log").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["u1.7.staff"] * 20


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    log = LogChannel(kind="log", path=tmp_path / "none" / "alerts.log")
    with pytest.raises(Undelivered, match=r"none/alerts.log: No such file"):
        append(log, MESSAGE)
