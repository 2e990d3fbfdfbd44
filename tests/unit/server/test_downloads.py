"""Exports as files to download."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from icestream.exports.deposit import DEPOSITS
from icestream.server.downloads import EXPORTS, ExportOptions, file_parts, make_export, zip_parts
from report_session import SampleSession


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> SampleSession:
    made = SampleSession(tmp_path_factory.mktemp("exports") / "s", start=1.79e9, name="grid 2")
    made.grow(4)
    return made


def test_tables_and_workflows(session: SampleSession, tmp_path: Path) -> None:
    made = make_export("table", session.folder, ExportOptions(), tmp_path)
    rows = list(csv.DictReader(io.StringIO(made.read_text())))
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    of_step = make_export(
        "table", session.folder, ExportOptions(step="ctf", format="json"), tmp_path
    )
    assert of_step.name.endswith("-ctf.json")
    assert json.loads(of_step.read_text())[0]["revision"] == 1
    workflow = make_export("workflow", session.folder, ExportOptions(), tmp_path)
    assert "movies.align" in workflow.read_text()
    with pytest.raises(LookupError, match="no step 'cft'"):
        make_export("table", session.folder, ExportOptions(step="cft"), tmp_path)
    with pytest.raises(LookupError, match="no branch 'b'"):
        make_export("table", session.folder, ExportOptions(branch="b"), tmp_path)
    assert {one.name for one in EXPORTS} == {
        "relion", "cryosparc", "pdf", "report", "methods", "table", "provenance", "workflow",
        *DEPOSITS,
    }  # fmt: skip


def test_the_page_of_the_client_has_every_export() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/client.md").read_text()
    assert [one.name for one in EXPORTS if f"`{one.name}`" not in page] == []


def test_what_is_read_elsewhere(session: SampleSession, tmp_path: Path) -> None:
    report = make_export("report", session.folder, ExportOptions(), tmp_path)
    assert (report / "index.html").is_file()
    assert "counts" in (report / "live.js").read_text()
    text = make_export("methods", session.folder, ExportOptions(), tmp_path)
    assert text.name.endswith("-methods.txt")
    assert "Sources" in text.read_text().splitlines()
    cited = make_export("bibtex", session.folder, ExportOptions(), tmp_path)
    assert cited.name.endswith(".bib")
    assert "@article{" in cited.read_text()


def test_provenance_as_an_archive(session: SampleSession, tmp_path: Path) -> None:
    made = make_export("provenance", session.folder, ExportOptions(), tmp_path)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(zip_parts(made))))
    assert archive.testzip() is None
    assert {Path(name).name for name in archive.namelist()} == {
        "workflow.json",
        "workflow-as-run.json",
        "lineage.jsonl",
    }


def test_groups_for_cryosparc(session: SampleSession, tmp_path: Path) -> None:
    """Its images are not there: that is said in the folder, and what there is comes."""
    made = make_export("cryosparc", session.folder, ExportOptions(), tmp_path)
    assert made.name.endswith("-cryosparc")
    assert "missing or cut" in (made / "README.md").read_text()
    assert (made / "provenance" / "workflow.json").is_file()


def test_an_archive_is_sent_as_it_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "image.mrc").write_bytes(bytes(range(256)) * 20_000)
    (folder / "a.star").write_text("data_\n" * 1000)
    (folder / "movie.tiff").symlink_to("/data/movie.tiff")
    parts = list(zip_parts(folder))
    assert max(map(len, parts)) < 3_000_000
    archive = zipfile.ZipFile(io.BytesIO(b"".join(parts)))
    assert archive.read("project/deep/image.mrc") == (folder / "deep" / "image.mrc").read_bytes()
    star = archive.getinfo("project/a.star")
    assert star.compress_size < star.file_size / 10
    link = archive.getinfo("project/movie.tiff")
    assert archive.read(link) == b"/data/movie.tiff"
    assert link.external_attr >> 28 == 0o12  # a symbolic link
    assert b"".join(file_parts(folder / "a.star")) == (folder / "a.star").read_bytes()


def test_what_cannot_be_read_any_more_is_named_in_the_archive(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")
    parts = zip_parts(folder)
    content = [next(parts)]
    (folder / "b.txt").unlink()
    content += parts
    archive = zipfile.ZipFile(io.BytesIO(b"".join(content)))
    (left,) = json.loads(archive.read("project/left-out.json"))
    assert left == {"file": "project/b.txt", "why": "No such file or directory"}
