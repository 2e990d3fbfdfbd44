"""`icestream facility beamtime`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing import book
from icestream.cli.facility.app import app
from icestream.facility.opened import open_facility


def test_a_month_in_all_forms(
    write_facility: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_facility(write_facility("")) as facility:
        book(facility, "1", "2026-05-04T09:00", "2026-05-04T12:00", microscope="krios1")

    def beamtime(*words: str) -> Any:
        app(
            ("beamtime", "--from", "2026-05-01", "--to", "2026-05-31", *words),
            result_action="return_value",
        )
        return capsys.readouterr().out

    assert "krios1\t3.00\t0.00\t0.00\t0\t0\t–\t0" in beamtime("--by", "microscope")
    (row, total) = json.loads(beamtime("--by", "month", "--json"))
    assert (row["month"], row["booked (h)"], total["month"]) == ("2026-05", "3.00", "total")
    for name, begins in (("x.html", b"<!doctype html>"), ("x.xlsx", b"PK"), ("x.csv", b"team,")):
        assert beamtime("--out", str(tmp_path / name)) == f"written: {tmp_path / name}\n"
        assert (tmp_path / name).read_bytes().startswith(begins)
