"""Text as it can be seen.

Names of files may have any bytes, also such that move a terminal's cursor or are no text. Whatever
comes to a terminal, a log or a store goes through `printable`.
"""

import os
import queue
import re
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TextIO

__all__ = [
    "Aside",
    "PlainStream",
    "open_closed_streams",
    "printable",
    "show_plainly",
    "spreadsheet_text",
]

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but tab and line end
    "\u200e\u200f\u2028-\u202e\u2066-\u2069"  # what turns the direction, or begins a line
    "\ud800-\udfff]"  # bytes that are no text, as the system gives them
)


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet_text(text: str) -> str:
    """Text for a cell of a CSV file, which no spreadsheet takes for a formula.

    Names and words come from files and people; a formula could read other cells and send them
    somewhere.
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def printable(text: str, *, lines: bool = True) -> str:
    r"""Text with everything that cannot be seen written out, as ``\x1b``.

    Parameters
    ----------
    text
        May come from the name of a file.
    lines
        Whether it may have several lines; otherwise ends of lines and tabs are written out, too.
    """
    if text.isprintable():
        return text
    said = _UNSEEN.sub(_written_out, text)
    return said if lines else said.replace("\n", "\\n").replace("\t", "\\t")


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # the byte that it stands for
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class PlainStream:
    """A stream that shows what is printed on it with nothing hidden.

    Progress bars and colours, which rich draws, go to the stream itself.
    """

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream
        """By this name rich finds the stream itself."""

    def write(self, text: str) -> int:
        """Write text as it can be seen."""
        return self.rich_proxied_file.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


class Aside:
    """Does what may take for ever: printing on a stopped terminal, or into a pipe nobody reads.

    It is done in a thread of its own. Whoever asks waits for a moment at most, and not at all while
    an earlier thing has not ended.
    """

    def __init__(self, patience: float = 1.0) -> None:
        self._patience = patience
        self._asked: queue.SimpleQueue[tuple[Callable[[], object], Future[None]]] = (
            queue.SimpleQueue()
        )
        self._last: Future[None] | None = None
        self._thread: threading.Thread | None = None

    def run(self, what: Callable[[], object]) -> bool:
        """Do something, raising what it raises; False when it has not ended, or was not begun."""
        if self._last is not None and not self._last.done():
            return False
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="aside", daemon=True)
            self._thread.start()
        self._last = Future()
        self._asked.put((what, self._last))
        try:
            self._last.result(self._patience)
        except TimeoutError:
            if self._last.done():
                raise
            return False
        return True

    def _work(self) -> None:
        while True:
            what, future = self._asked.get()
            try:
                what()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(None)


def open_closed_streams() -> None:
    """Lead standard streams that were closed before the start (``2>&-``, some services) nowhere.

    Python has none then, and the next file that is opened, a store say, would get their numbers:
    what a library writes to standard error would be written into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
        if getattr(sys, name) is None:
            stream = os.fdopen(number, "r" if name == "stdin" else "w", encoding="utf-8")
            setattr(sys, name, stream)


def show_plainly() -> None:
    """Have everything that this process prints shown with nothing hidden."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, PlainStream):
            if hasattr(stream, "reconfigure"):
                # What the terminal has no letters for does not end a command either.
                stream.reconfigure(errors="backslashreplace")
            setattr(sys, name, PlainStream(stream))
