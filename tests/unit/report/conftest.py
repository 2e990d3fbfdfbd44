"""Sessions with made-up results."""

from pathlib import Path

import pytest

from report_session import SampleSession

START = 1_790_000_000.0


@pytest.fixture
def grown(tmp_path: Path) -> SampleSession:
    """A running session of 30 exposures, the last three in progress, with classes and alerts."""
    session = SampleSession(tmp_path / "session", start=START)
    session.grow(30, settle=False)
    session.classify()
    session.measure(10)
    session.warn("warning", "Astigmatism is above 600 Å", "FoilHole_9015884_Data_9017347_0")
    session.warn("notice", "Ice ring", "", cleared=True)
    return session
