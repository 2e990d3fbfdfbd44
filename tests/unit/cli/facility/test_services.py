"""`icestream facility units`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility.app import app


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_units_are_printed_or_written(
    write_facility: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_facility("")
    facility_("units", "--user", "icestream", "--", "--port", "8443")
    said = capsys.readouterr().out
    assert "# icestream-server.service\n[Unit]" in said
    assert "User=icestream" in said
    assert "--port 8443" in said
    assert f"Environment=ICESTREAM_SETTINGS={tmp_path}/settings.toml" in said
    facility_("units", "--out", str(tmp_path))
    said = capsys.readouterr().out
    assert "systemctl enable --now icestream-server.service icestream-facility.service" in said
    assert (tmp_path / "icestream-facility.service").stat().st_mode & 0o777 == 0o644
