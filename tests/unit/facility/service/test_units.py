"""Units of systemd, as systemd reads them."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.file import LoadedFacility, load_facility
from icestream.facility.service.units import DUTIES, SERVER, units


def verified(folder: Path, known: LoadedFacility, serve: tuple[str, ...] = ()) -> dict[str, str]:
    """The units, each of which systemd takes without a word."""
    found = units(known, folder / "state", user="root", serve=serve)
    for one in found:
        (folder / one.name).write_text(one.text)
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed (Debian: systemd)")
    for one in found:
        said = subprocess.run(
            [program, "verify", "--man=no", str(folder / one.name)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        own = [line for line in said.stderr.splitlines() if one.name in line]
        assert not own, said.stderr
    return {one.name: one.text for one in found}


def test_systemd_takes_them(write_facility: Callable[[str], Path], tmp_path: Path) -> None:
    write_facility("")
    found = verified(tmp_path, load_facility(), ("--behind-proxy", "127.0.0.1"))
    assert f"serve {tmp_path}/sessions --behind-proxy 127.0.0.1" in found[SERVER]
    assert "facility run --log-json" in found[DUTIES]
    for text in found.values():
        assert "KillMode=process" in text
        assert f"Environment=ICESTREAM_FACILITY={tmp_path}/facility.toml" in text
        assert f"RequiresMountsFor={tmp_path}/sessions" in text


def test_odd_names_stay_what_they_are(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    path = write_facility("")
    odd = tmp_path / 'my %h "data" $HOME\\x'
    odd.mkdir()
    text = path.read_text().replace("Ice & Co", "100 %\\n[Service]\\nUser=evil")
    path.write_text(text.replace(f'"{tmp_path}/sessions"', f"'{odd}'"))
    found = verified(tmp_path, load_facility())
    assert (
        "Description=icestream: the web application of 100 %% [Service] User=evil"
        in (found[SERVER])
    )
    assert '/my %%h \\"data\\" $$HOME\\\\x"' in found[SERVER]
    assert found[SERVER].count("\nUser=") == 1


def test_a_database_of_the_machine_is_up_first(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    path = write_facility("")
    address = 'registry = "postgresql://ice@localhost/ice"\npatience'
    path.write_text(path.read_text().replace("patience", address))
    found = verified(tmp_path, load_facility())
    assert "After=network-online.target postgresql.service\n" in found[DUTIES]
