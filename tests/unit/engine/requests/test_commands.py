"""Commands to be copied."""

import shlex
from collections.abc import Callable
from typing import Any

from icestream.engine.requests.commands import command, run_again
from toy_record import Desk

SRC: Any = ("src", "toy.count", {}, {})


def test_a_command_is_whole_and_can_be_copied(desk: Callable[..., Desk]) -> None:
    made = desk(SRC)
    said = command(made.store, "reject", "a b", 3, program="bin/icestream")
    assert shlex.split(said) == ["bin/icestream", "reject", str(made.folder), "a b", "3"]


def test_a_session_of_another_source_goes_on_by_its_workflow_file(
    desk: Callable[..., Desk],
) -> None:
    """One that takes files by a pattern is in the tests of the command line."""
    made = desk(SRC)
    export, _, run = run_again(made.store).partition(" && ")
    assert export.startswith(f"icestream workflow export {made.folder} ")
    assert run == f"icestream run {made.folder}/workflow.json --session {made.folder}"
