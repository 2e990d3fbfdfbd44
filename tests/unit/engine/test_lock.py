"""One coordinator per session."""

import os
from pathlib import Path

import pytest

from icestream.engine.lock import SessionBusy, hold


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(SessionBusy, match=f"process {os.getpid()} on"):  # noqa: SIM117
        with hold(tmp_path):
            pass
    with hold(tmp_path):
        pass
