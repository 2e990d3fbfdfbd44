import logging
from pathlib import Path

import structlog
from fastapi.testclient import TestClient

from icestream.log import configure
from icestream.server.app import create_app
from icestream.server.context import Server
from icestream.server.log_lines import LogLines
from icestream.settings import load


def test_a_server_keeps_what_is_logged_while_it_runs_and_no_longer(tmp_path: Path) -> None:
    server = Server([tmp_path], load())
    configure(lines=True, level="error")
    names = ("icestream", "uvicorn.error")
    before = {name: list(logging.getLogger(name).handlers) for name in names}
    with TestClient(create_app(server)) as _:
        structlog.get_logger("icestream.there").warning("the disk is slow", seconds=3)
        logging.getLogger("uvicorn.error").warning("it has begun")
        structlog.get_logger("icestream.there").debug("too small to be kept")
        kept = server.one(LogLines, lambda _: LogLines()).newest(10)
    assert [(line.level, line.text) for line in kept] == [
        ("warning", "the disk is slow seconds=3"),
        ("warning", "it has begun"),
    ]
    structlog.get_logger("icestream.there").warning("afterwards")
    for name in names:  # servers of other tests of this process may be open
        assert logging.getLogger(name).handlers == before[name]


def test_a_failure_is_kept_with_its_traceback_and_old_lines_go() -> None:
    lines = LogLines()
    log = logging.Logger("alone")
    log.addHandler(lines)
    for number in range(2500):
        log.info("line %d", number)
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("it failed")
    kept = lines.newest(5000)
    assert len(kept) == 2000
    assert kept[0].text == "line 501"
    assert "ZeroDivisionError" in kept[-1].text
    assert lines.newest(2)[0].text == "line 2499"
