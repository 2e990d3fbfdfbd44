"""Whatever the document allows to be asked, and what it does not: no answer is a defect."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.server.people.brake import Bucket
from report_session import SampleSession
from served import served

SECONDS = 80
"""Time in which as much is asked as can be."""
NOT_ASKED = "/events/stream$|/exports/|^/api/trials|^/api/doctor|/start$"
"""An endless answer, what takes seconds each time, and what starts a process that stays; each has
tests of its own."""
MOST = 0.9
"""Part of the document's operations that are asked."""
ENOUGH = 95
"""Operations that must have been asked in that time, and how often each, on the average:"""
TIMES = 10


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Bucket, "take", lambda self, key: None)  # it is a flood, and meant
    made = SampleSession(tmp_path / "sessions" / "grid", start=1_790_000_000.0, documents=False)
    made.grow(12)
    made.store.close()
    with served(tmp_path / "sessions") as running:
        yield running


@pytest.mark.slow
def test_no_question_finds_a_defect(address: str, tmp_path: Path) -> None:
    asked = subprocess.run(
        [
            Path(sys.executable).with_name("st"), "run", f"{address}/openapi.json",
            "--checks", "not_a_server_error", "--max-time", str(SECONDS), "--max-examples", "3",
            "--exclude-path-regex", NOT_ASKED, "--seed", "20", "--generation-database", "none",
            "--continue-on-failure", "--no-shrink", "--request-timeout", "30", "--no-color",
            "--warnings", "off", "--report-json-path", "report.json",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS * 4,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stdout[-6000:] + asked.stderr[-2000:]
    assert "not_a_server_error" not in asked.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    operations, cases = report["operations"], report["test_cases"]["generated"]
    assert operations["selected"] >= MOST * operations["total"]
    assert operations["tested"] >= ENOUGH
    assert cases >= TIMES * operations["tested"]
