"""`icestream facility handover`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copied_facility import begun, sections
from icestream.cli.facility.app import app
from icestream.facility.opened import Facility, open_facility


@pytest.fixture
def copies(write_facility: Callable[[str], Path], tmp_path: Path) -> Iterator[Facility]:
    with open_facility(write_facility(sections(tmp_path))) as opened:
        yield opened


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_offered_shown_and_taken_away(
    copies: Facility, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    begun(copies)
    assert facility_("handover") == 0
    assert "nothing is offered" in capsys.readouterr().out
    assert facility_("handover", "p-001") == 0
    said = capsys.readouterr().out
    assert "Data of p-001" in said
    assert "rsync -rt --partial" in said
    (tmp_path / "id.pub").write_text("ssh-ed25519 AAAA me@home\n")
    assert facility_("handover", "p-001", "--key", str(tmp_path / "id.pub")) == 0
    assert capsys.readouterr().out.startswith('command="rrsync -ro ')
    assert facility_("handover", "--config", "sshd") == 0
    assert "ForceCommand internal-sftp -R" in capsys.readouterr().out
    assert facility_("handover", "p-001", "--end") == 0
    assert facility_("handover", "--json") == 0
    assert json.loads(capsys.readouterr().out.partition("\n")[2] or "[]") == []


def test_of_a_confidential_session_no_name_is_shown(
    copies: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    begun(copies, "secretive-001", secret=True)
    assert facility_("handover", "secretive-001") == 0
    capsys.readouterr()
    assert facility_("handover") == 0
    assert facility_("handover", "--json") == 0
    assert "secretive" not in capsys.readouterr().out


def test_without_an_area(write_facility: Callable[[str], Path]) -> None:
    write_facility("")
    with pytest.raises(RuntimeError, match=r"no section \[handover\]"):
        facility_("handover")
