"""`icestream check`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.cli.check import _shown, check
from icestream.engine.machine.lock import hold
from icestream.model import Movie, Optics, to_document
from icestream.store import tables as t
from toy_record import Desk


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(
        tmp_path / "session",
        ("src", "toy.count", {}, {}),
        ("a", "toy.add", {"write": True}, {"number": "src"}),
    )
    made.find(1, 2, 3)
    made.work()
    yield made
    made.close()


def test_a_whole_session(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(made.folder) == 0
    assert "every file of the current results is there" in capsys.readouterr().out


def test_what_is_missing_and_what_to_do(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    lost, cut = (made.folder / "a" / f"e{number}_number.txt" for number in (1, 2))
    size = cut.stat().st_size
    lost.unlink()
    cut.write_text("cut")
    assert check(made.folder) == 1
    told = capsys.readouterr().out
    assert "2 results lack files, and can be made again:" in told
    assert f"  a: {lost} is missing\n" in told
    assert f"  a: {cut} has 3 of {size} bytes\n" in told
    assert "running the session again makes them again:" in told
    assert f"run {made.folder / 'workflow.json'} --session {made.folder}" in told
    with hold(made.folder):
        check(made.folder)
    assert f"stop {made.folder}" in capsys.readouterr().out


def test_what_cannot_be_made_again(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    with made.store.write() as connection:
        document = '{"number": {"exposure": "e1", "value": 1.0, "path": "/not/here.tiff"}}'
        connection.execute(t.result.update().where(t.result.c.id == 1).values(document=document))
    lost = made.folder / "a" / "e1_number.txt"
    lost.unlink()
    assert check(made.folder) == 1
    told = capsys.readouterr().out
    assert "1 result lacks files, and cannot be made again; bring the files back:" in told
    assert f"a: {lost} is missing (/not/here.tiff is missing)" in told


def test_movies_that_are_gone(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    movie = Movie(
        exposure="m", path=Path("/not/here.tiff"), frames=2, shape=(4, 4), dose_per_frame=1.0,
        optics=Optics(pixel_size=1.0, voltage=300.0),
    )  # fmt: skip
    with made.store.write() as connection:
        values = {
            "document": json.dumps({"movie": to_document(movie)}),
            "types": '{"movie": "icestream.model:Movie"}',
        }
        connection.execute(t.result.update().where(t.result.c.id == 1).values(**values))
    assert check(made.folder) == 1
    told = capsys.readouterr().out
    assert "1 file that was taken in is missing or changed" in told
    assert "src: /not/here.tiff is missing" in told


def test_for_programs(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    check(made.folder, json=True)
    assert json.loads(capsys.readouterr().out) == {
        "results": [], "segments": [], "sources": [],
    }  # fmt: skip
    lost = made.folder / "a" / "e1_number.txt"
    lost.unlink()
    assert check(made.folder, json=True) == 1
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result == {
        "step": "a",
        "subject": "e1",
        "files": [{"path": str(lost), "what": "is missing"}],
        "again": True,
        "why_not": "",
    }


def test_what_was_altered_at_the_same_size(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    altered = made.folder / "a" / "e1_number.txt"
    altered.write_bytes(bytes(altered.stat().st_size))
    assert check(made.folder) == 0
    capsys.readouterr()
    assert check(made.folder, hashes=True) == 1
    told = capsys.readouterr().out
    assert "1 result was altered after being made; delete the altered file" in told
    assert f"  a: {altered} holds something else than when it was made\n" in told
    check(made.folder, hashes=True, json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["without_hash"], said["results"][0]["again"]) == (0, False)
    altered.unlink()
    assert check(made.folder, hashes=True) == 1
    assert "1 result lacks files, and can be made again:" in capsys.readouterr().out


def test_results_from_before_hashes_were_kept(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(made.folder, hashes=True) == 0
    assert "and holds what it held then" in capsys.readouterr().out
    with made.store.write() as connection:
        connection.execute(t.file.update().values(hash=""))
    assert check(made.folder, hashes=True) == 0
    assert "3 files of the results were made before hashes were kept" in capsys.readouterr().out


def test_segments_of_particles(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"id": 1, "step_id": 2, "revision_id": 2, "path": "a/p.parquet", "rows": 9, "created": 0}
    with made.store.write() as connection:
        connection.execute(t.segment.insert().values(**row))
    assert check(made.folder) == 1
    told = capsys.readouterr().out
    assert "1 segment of particles is not whole, and can be made again:" in told
    assert f"a: {made.folder / 'a/p.parquet'} is missing (9 particles of 0 exposures)" in told
    check(made.folder, json=True)
    (segment,) = json.loads(capsys.readouterr().out)["segments"]
    assert (segment["particles"], segment["what"]) == (9, "is missing")


def test_people_are_not_shown_thousands() -> None:
    lines = list(_shown([f"{number}" for number in range(100)]))
    assert len(lines) == 21
    assert lines[-1] == "  and 80 more; --json lists all"
