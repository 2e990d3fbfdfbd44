"""Classes as of any update, why they are taken, and their particles."""

import io

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from icestream.formats.parquet import write_columns
from icestream.store import queries
from icestream.store import tables as t
from report_session import SampleSession


def size_of(content: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(content)).size


def test_all_updates_and_why_each_class_is_taken(asked: TestClient, base: str) -> None:
    said = asked.get(f"{base}/classes").json()
    assert (said["step"], said["update"], said["chooser"]) == ("classify", 2, "keep")
    assert [one["update"] for one in said["updates"]] == [1, 2]
    assert said["chosen"] == 15
    counts = [one["particles"] for one in said["classes"]]
    assert counts == sorted(counts, reverse=True)
    assert sum(one["share"] for one in said["classes"]) == pytest.approx(1.0)
    best, worst = said["classes"][0], said["classes"][-1]
    assert best["selected"] is True
    assert best["why"] == "score 1 is 0.3 or more"
    assert (worst["selected"], worst["junk"]) == (False, True)
    assert size_of(asked.get(best["url"]).content) == (256, 256)
    sprite = said["sprite"]
    width = sprite["columns"] * sprite["tile"]
    assert size_of(asked.get(sprite["url"]).content) == (width, sprite["rows"] * sprite["tile"])


def test_an_earlier_update_was_judged_by_nobody(asked: TestClient, base: str) -> None:
    said = asked.get(f"{base}/classes", params={"at": 1}).json()
    assert (said["update"], said["chooser"], said["chosen"]) == (1, "", 0)
    assert {one["selected"] for one in said["classes"]} == {None}
    refused = asked.get(f"{base}/classes", params={"at": 7})
    assert refused.status_code == 404
    assert "there are 1, 2" in refused.json()["message"]
    refused = asked.get(f"{base}/classes", params={"step": "clasify"})
    assert (refused.status_code, "classify" in refused.json()["message"]) == (404, True)


def _assign(full: SampleSession) -> str:
    """Say that the particles of the first exposure and of one without files are in class 3."""
    first, other = (one.name for one in queries.exposures(full.store, limit=2, state="done"))
    columns = {
        "exposure": np.array([0, 0, 1, 0], dtype=np.int32),
        "index": np.array([4, 7, 2, 1], dtype=np.int32),
        "class": np.array([3, 3, 3, 1], dtype=np.int32),
        "likelihood": np.array([0.4, 0.9, 0.6, 1.0], dtype=np.float32),
    }
    columns |= {name: np.zeros(4, np.float32) for name in ("angle", "shift_y", "shift_x")}
    write_columns(full.folder / "pool" / "x.parquet", columns, {"exposure": [first, other]})
    batch = queries.latest_results(full.store, "classify", limit=1)[0].id
    sources = [queries.results_of(full.store, name)["extract"].id for name in (first, other)]
    with full.store.write() as connection:
        rows = [{"result_id": batch, "port": "particles", "source_id": one} for one in sources]
        connection.execute(t.input_.insert(), rows)
    return first


def test_members_are_told_with_their_places(
    asked: TestClient, base: str, full: SampleSession
) -> None:
    first = _assign(full)
    said = asked.get(f"{base}/classes/3/members").json()
    assert [one["likelihood"] for one in said["members"]] == pytest.approx([0.9, 0.6, 0.4])
    best, other, last = said["members"]
    picks = queries.results_of(full.store, first)["pick"].outputs["picks"]
    assert (best["exposure"], best["index"]) == (first, 7)
    assert best["x"] is not None
    assert picks
    assert (best["there"], other["there"], last["there"]) == (True, False, True)
    assert other["x"] is not None
    assert said["columns"] == 2
    assert size_of(asked.get(said["sprite"]).content) == (192, 96)
    page = asked.get(f"{base}/classes/3/members", params={"limit": 1, "after": 1}).json()
    assert [one["index"] for one in page["members"]] == [2]
    assert page["sprite"] is None


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("classes/99/members", 404, "x.parquet"),
        ("classes/0/members", 422, "not valid"),
        ("classes/3/members?limit=9999", 422, "not valid"),
        ("results/1/classes/movie.png", 404, "holds no 2D classes"),
        ("results/99999/classes/classes.png", 404, "no result 99999"),
    ],
)
def test_what_is_not_there_is_said(
    asked: TestClient, base: str, path: str, status: int, words: str
) -> None:
    answer = asked.get(f"{base}/{path}")
    assert (answer.status_code, words in answer.json()["message"]) == (status, True)


def test_pictures_of_classes_that_are_gone(
    asked: TestClient, base: str, full: SampleSession
) -> None:
    said = asked.get(f"{base}/classes").json()
    wrong = said["sprite"]["url"].replace("/classes.png", "/other.png")
    assert asked.get(wrong).status_code == 404
    (full.folder / "pool" / "averages-2.mrcs").unlink()
    assert asked.get(said["sprite"]["url"]).status_code == 404
    assert asked.get(said["classes"][0]["url"]).status_code == 404
