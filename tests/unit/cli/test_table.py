"""`icestream table`: tests/unit/exports/test_table.py looks at what is in it."""

from pathlib import Path

import pytest

from icestream.cli.table import table
from report_session import SampleSession


def test_into_a_file_or_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = SampleSession(tmp_path / "s", start=1.7e9, documents=False)
    session.grow(2)
    capsys.readouterr()  # what the session itself has logged meanwhile
    table(session.folder, out=tmp_path / "t.csv")
    table(session.folder)
    assert (tmp_path / "t.csv").read_text() == capsys.readouterr().out
    with pytest.raises(LookupError, match="no step 'cft' in this session; it has import"):
        table(session.folder, "cft")
