"""A facility of two microscopes in a temporary folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from icestream.facility.opened import Facility, open_facility

FILE = """
[facility]
name = "Ice & Co"
sessions = "{folder}/sessions"
time_zone = "Europe/Madrid"
staff = ["staff"]
patience = "0 s"

[microscopes.krios1]
title = "Titan Krios"
movies = "{folder}/krios1"
detector = "K3"
booking = "7"

[microscopes.glacios]
movies = "{folder}/glacios"
workflow = "screening"
"""


@pytest.fixture
def write_facility(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a facility file with more sections, and the settings that it needs."""

    def write(more: str = "") -> Path:
        for name in ("sessions", "krios1", "glacios", "state"):
            (tmp_path / name).mkdir(exist_ok=True)
        path = tmp_path / "facility.toml"
        path.write_text(FILE.format(folder=tmp_path) + more.replace("{folder}", str(tmp_path)))
        settings = tmp_path / "settings.toml"
        settings.write_text(
            f'[channels.staff]\nkind = "log"\npath = "{tmp_path}/staff.log"\n'
            "[microscopes.krios1]\nvoltage = 300\n"
        )
        monkeypatch.setenv("ICESTREAM_FACILITY", str(path))
        monkeypatch.setenv("ICESTREAM_SETTINGS", str(settings))
        monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
        return path

    return write


@pytest.fixture
def facility(write_facility: Callable[[str], Path]) -> Iterator[Facility]:
    with open_facility(write_facility("")) as opened:
        yield opened
