"""Files of a session, its report and exports; nothing outside of it."""

import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from icestream.report.writer import write_report
from icestream.store.places import state_folder
from report_session import SampleSession


def test_listed_with_bytes(reader: TestClient, there: str) -> None:
    said = reader.get(f"{there}/files").json()
    entries = {one["name"]: one for one in said["entries"]}
    assert entries["pool"]["kind"] == "folder"
    assert entries["icestream.db"]["kind"] == "file"
    below = reader.get(f"{there}/files", params={"under": "pool"}).json()
    assert below["bytes"] == entries["pool"]["bytes"]
    assert reader.get(f"{there}/files", params={"under": "icestream.db"}).status_code == 422
    assert reader.get(f"{there}/files", params={"under": "none"}).status_code == 404


def test_downloads_whole_or_in_part(reader: TestClient, there: str, still: SampleSession) -> None:
    url, content = f"{there}/files/download", (still.folder / "pool" / "0.png").read_bytes()
    whole = reader.get(url, params={"path": "pool/0.png"})
    assert whole.content == content
    assert whole.headers["content-disposition"] == 'attachment; filename="0.png"'
    assert "sandbox" in whole.headers["content-security-policy"]
    part = reader.get(url, params={"path": "pool/0.png"}, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    shown = reader.get(url, params={"path": "pool/0.png", "shown": True})
    assert shown.headers["content-disposition"].startswith("inline")
    assert reader.get(url, params={"path": "pool"}).status_code == 422


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "out", "pool/../../secret", "a%00b", "../../.."]
)
def test_nothing_leads_out(asked: TestClient, base: str, full: SampleSession, path: str) -> None:
    (full.folder.parent / "secret").write_text("secret")
    (full.folder / "out").symlink_to(full.folder.parent / "secret")
    for url, name in (("files/download", "path"), ("files", "under")):
        answer = asked.get(f"{base}/{url}", params={name: path})
        assert answer.status_code in (403, 404)
        assert "secret" not in answer.text.replace(path, "")


def test_a_report_in_the_folder_is_no_page_of_the_server(
    asked: TestClient, base: str, full: SampleSession
) -> None:
    """A session's folder may come from a stranger: its page would run with our rights."""
    write_report(full.store)
    for path in ("report", "report/", "report/index.html", "report/live.js"):
        assert asked.get(f"{base}/{path}").status_code == 404
    page = asked.get(f"{base}/files/download", params={"path": "report/index.html", "shown": True})
    assert page.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in page.headers["content-security-policy"]


def test_the_report_is_written_anew_and_opens_without_a_server(
    reader: TestClient, there: str, still: SampleSession
) -> None:
    made = reader.get(f"{there}/exports/report")
    archive = zipfile.ZipFile(io.BytesIO(made.content))
    assert archive.testzip() is None
    top = "apoferritin-grid-2-report"
    assert {f"{top}/index.html", f"{top}/live.js"} <= {*archive.namelist()}
    assert [one for one in archive.namelist() if one.startswith(f"{top}/pictures/30")]
    assert b"http" not in archive.read(f"{top}/live.js")
    assert not (still.folder / "report").exists()
    text = reader.get(f"{there}/exports/methods")
    assert text.headers["content-type"].startswith("text/plain")
    assert "They were processed with icestream" in text.text


def test_exports_are_made_and_streamed(reader: TestClient, there: str) -> None:
    left = state_folder() / "exports" / "of-a-server-that-was-killed"
    left.mkdir(parents=True)
    os.utime(left, (1.0, 1.0))
    kinds = {one["name"]: one for one in reader.get(f"{there}/exports").json()}
    assert kinds["table"]["options"] == ["branch", "step", "format"]
    table = reader.get(f"{there}/exports/table", params={"format": "json"})
    assert len(json.loads(table.content)) == 30
    assert table.headers["content-disposition"].endswith('apoferritin-grid-2.json"')
    provenance = reader.get(f"{there}/exports/provenance")
    assert provenance.headers["content-type"] == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(provenance.content)).namelist()
    assert "apoferritin-grid-2-provenance/lineage.jsonl" in names
    assert list((state_folder() / "exports").iterdir()) == []  # nothing is left behind


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("table?step=cft", 404, "no step 'cft'"),
        ("table?branch=none", 404, "there is no branch none"),
        ("movies", 422, "not valid"),
        ("table?format=xls", 422, "not valid"),
    ],
)
def test_exports_that_cannot_be(
    reader: TestClient, there: str, query: str, status: int, words: str
) -> None:
    answer = reader.get(f"{there}/exports/{query}")
    assert (answer.status_code, words in answer.json()["message"]) == (status, True)
    assert not list(Path(state_folder() / "exports").glob("*"))
