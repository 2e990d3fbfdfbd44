"""Messages as JSON to a program of the site, or into a file."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile

from icestream.channels.kinds import CommandChannel, LogChannel
from icestream.channels.message import Message, document_of
from icestream.channels.receipt import Receipt, Undelivered, shortened

__all__ = ["TIME", "append", "run_command"]

TIME = 30.0
"""Seconds that a program has."""


def run_command(channel: CommandChannel, message: Message) -> Receipt:
    """Run the program with the message on its standard input.

    Raises
    ------
    Undelivered
        If it cannot be started, does not end in time, or with another status than 0.
    """
    name = channel.command[0]
    # Files instead of pipes: what the program leaves behind may hold a pipe open for ever.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(json.dumps(document_of(message)).encode())
        given.seek(0)
        try:
            running = subprocess.Popen(
                channel.command, stdin=given, stdout=said, stderr=said, start_new_session=True
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", "") or str(error)
            raise Undelivered(f"{name}: it cannot be started: {why}") from None
        try:
            status = running.wait(TIME)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            raise Undelivered(
                f"{name}: it had not ended after {TIME:g} s, and was killed"
            ) from None
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
    last = shortened(lines[-1]) if lines else ""
    if status:
        raise Undelivered(f"{name}: it ended with status {status}{f': {last}' if last else ''}")
    return Receipt(f"{name} took the message{f': {last}' if last else ''}")


def append(channel: LogChannel, message: Message) -> Receipt:
    """Add the message to the file: a line, in one piece.

    Raises
    ------
    Undelivered
        If the file cannot be written.
    """
    line = json.dumps(document_of(message), ensure_ascii=False) + "\n"
    try:
        file = os.open(channel.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line.encode(errors="replace"))
        finally:
            os.close(file)
    except OSError as error:
        raise Undelivered(f"{channel.path}: {error.strerror}") from None
    return Receipt(f"written to {channel.path}")
