"""Logging: events with key-values, people on a terminal, JSON lines in a service.

Modules log with ``structlog.get_logger(__name__)``, and `configure` says where that goes; a program
that uses icestream's modules may configure structlog itself. A session's own log file gets
everything, as JSON lines, whatever the terminal shows.
"""

import contextlib
import logging
import sys
from pathlib import Path

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from icestream.shown import Aside, PlainStream, printable

__all__ = ["configure"]

_KEPT = 5
"""Logs of earlier runs that are kept beside the newest."""


class _Lost(logging.Handler):
    """Loses an event that cannot be written: why not is told by whoever meets it in their work.

    Python's own way is to print where it happened, in a hundred lines for each event.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - Python's name
        """Do nothing when the disk is full or the other end has gone; else it is a defect."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class _File(_Lost, logging.FileHandler):
    """Writes to a file."""

    def close(self) -> None:
        """Close it, though the disk may not take what was still to be written."""
        with contextlib.suppress(OSError):
            super().close()


class _Terminal(_Lost):
    """Writes to what stderr is now: progress bars replace it while they are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self._aside = Aside()

    def emit(self, record: logging.LogRecord) -> None:
        """Write an event, unless the terminal was stopped: the log file has it all the same.

        This thread holds the handler's lock: what is done aside must not ask for it.
        """
        try:
            line = f"{self.format(record)}\n"
            self._aside.run(lambda: _print(line))
        except Exception:
            self.handleError(record)


def _print(line: str) -> None:
    """Write to the present stderr; a line has gone through `printable`, its colours must not."""
    stream = sys.stderr.rich_proxied_file if isinstance(sys.stderr, PlainStream) else sys.stderr
    stream.write(line)
    stream.flush()


def configure(*, lines: bool | None = None, level: str = "info", file: Path | None = None) -> None:
    """Say where events go. May be called again: the last call holds.

    Parameters
    ----------
    lines
        JSON lines on stderr; by default whenever stderr is not a terminal.
    level
        Least important level that reaches stderr.
    file
        Log file; gets every event from ``debug`` on as JSON lines. Its folder is made.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _all_printable,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    if lines is None:
        lines = not sys.stderr.isatty()
    root = logging.getLogger("icestream")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(logging.DEBUG)
    root.propagate = False
    root.addHandler(_terminal(level, lines, shared))
    if file is not None:
        root.addHandler(_file(file, shared))


def _all_printable(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Let everything that an event says be seen."""
    return {
        name: printable(value) if isinstance(value, str) else value for name, value in event.items()
    }


def _terminal(level: str, lines: bool, shared: list[Processor]) -> logging.Handler:
    handler = _Terminal()
    handler.setLevel(level.upper())
    render: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if lines
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler.setFormatter(_formatter(render, shared))
    return handler


def _file(path: Path, shared: list[Processor]) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True)
    _shift(path)
    handler = _File(path, encoding="utf-8", delay=True)
    handler.setLevel(logging.DEBUG)
    handler.setFormatter(_formatter(structlog.processors.JSONRenderer(ensure_ascii=False), shared))
    return handler


def _formatter(render: Processor, shared: list[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    )


def _shift(path: Path) -> None:
    """Number the logs of earlier runs upwards, `path`.1 being the newest of them."""
    if not path.exists():
        return
    for index in range(_KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{index}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{index + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))
