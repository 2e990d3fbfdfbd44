"""One exposure over HTTP: what was made of it, and its curves, tracks, picks and log."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from icestream.model import Ctf, Micrograph, Picks
from icestream.server import remembered
from icestream.server.routes import shots
from icestream.store import queries
from icestream.store.follow import newest_event
from icestream.store.items import items_of
from icestream.store.open import Store, open_store
from report_session import SampleSession


@pytest.fixture
def store(whole_session: Path) -> Iterator[Store]:
    with closing(open_store(whole_session, readonly=True)) as opened:
        yield opened


@pytest.fixture
def name(store: Store) -> str:
    """An exposure that was accepted."""
    return queries.exposures(store, state="done")[1].name


def item(store: Store, name: str, kind: type[Any]) -> Any:
    return next(
        made
        for record in queries.results_of(store, name).values()
        for made in items_of(store, record).values()
        if isinstance(made, kind)
    )


def test_all_of_an_exposure(whole: TestClient, whole_here: str, store: Store, name: str) -> None:
    found = whole.get(f"{whole_here}/exposures/{name}").json()
    record = queries.exposure(store, name)
    assert (found["number"], found["state"]) == (record.number, "accepted")
    assert found["steps"] == dict(record.steps)
    assert [one["step"] for one in found["results"]] == [
        "import", "align", "ctf", "select", "pick", "extract",
    ]  # fmt: skip
    ctf = item(store, name, Ctf)
    assert found["qualities"]["ctf.defocus"]["value"] == pytest.approx(ctf.defocus)
    assert found["qualities"]["ctf.defocus"]["step"] == "ctf"
    neighbours = [one.name for one in queries.exposures(store)]
    place = neighbours.index(name)
    assert found["neighbours"] == {
        "previous": neighbours[place - 1], "next": neighbours[place + 1],
    }  # fmt: skip
    assert found["unread"] == []


def test_its_pictures_are_where_they_are_said_to_be(
    whole: TestClient, whole_here: str, name: str
) -> None:
    found = whole.get(f"{whole_here}/exposures/{name}").json()
    links = [
        link for one in found["results"] for link in one["pictures"] if link["role"] != "image"
    ]
    assert {link["role"] for link in links} >= {"micrograph", "spectrum"}
    for link in links:
        answer = whole.get(link["url"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
    assert found["spectrum"]["url"] in [link["url"] for link in links]
    assert found["micrograph"]["width"] > 0


def test_the_first_and_the_last_have_one_neighbour(
    whole: TestClient, whole_here: str, store: Store
) -> None:
    names = [one.name for one in queries.exposures(store)]
    first = whole.get(f"{whole_here}/exposures/{names[0]}").json()
    last = whole.get(f"{whole_here}/exposures/{names[-1]}").json()
    assert first["neighbours"] == {"previous": None, "next": names[1]}
    assert last["neighbours"] == {"previous": names[-2], "next": None}


def test_the_ctf_with_its_curve(
    whole: TestClient, whole_here: str, store: Store, name: str
) -> None:
    found = whole.get(f"{whole_here}/exposures/{name}").json()["ctf"]
    ctf = item(store, name, Ctf)
    assert (found["defocus_u"], found["defocus_v"]) == (ctf.defocus_u, ctf.defocus_v)
    assert ctf.curve is not None
    assert np.allclose(found["frequency"], ctf.curve[0])
    assert len(found["power"]) == len(found["fit"]) == ctf.curve.shape[1]
    assert 0 < found["edge"] <= max(found["frequency"])


def test_the_track_is_that_of_the_specimen(
    whole: TestClient, whole_here: str, store: Store, name: str
) -> None:
    found = whole.get(f"{whole_here}/exposures/{name}/tracks").json()
    motion = item(store, name, Micrograph).motion
    frames = np.array([[frame["y"], frame["x"]] for frame in found["frames"]])
    assert frames[0].tolist() == [0.0, 0.0]
    shifts = np.asarray(motion.shifts) * motion.pixel_size
    assert np.allclose(frames, -(shifts - shifts[0]), atol=1e-4)
    assert found["total"] == pytest.approx(motion.total)


def test_picks_of_each_step(whole: TestClient, whole_here: str, store: Store, name: str) -> None:
    (found,) = whole.get(f"{whole_here}/exposures/{name}/picks").json()
    picks = item(store, name, Picks)
    assert found["total"] == len(found["points"]) == len(picks)
    scores = [point[2] for point in found["points"]]
    assert scores == sorted(scores, reverse=True)
    assert found["diameter_px"] == pytest.approx(picks.diameter / picks.pixel_size)


def test_what_is_not_there_is_said(whole: TestClient, whole_here: str, store: Store) -> None:
    for path in ("", "/tracks", "/picks", "/log"):
        answer = whole.get(f"{whole_here}/exposures/nobody{path}")
        assert answer.status_code == 404
        assert "no exposure 'nobody'" in answer.json()["message"]
    assert whole.get(f"{whole_here}/exposures/{'a' * 600}").status_code == 422


def test_the_log_of_a_program_is_its_end(client: TestClient, sample: Any) -> None:
    (one,) = client.get("/api/sessions").json()
    name = queries.exposures(sample.store)[0].name
    found = client.get(f"/api/sessions/{one['id']}/exposures/{name}/log").json()
    assert found == {"logs": [], "failures": []}


def test_an_exposure_beyond_a_branchs_sample_is_told_as_that(
    asked: TestClient, full: SampleSession, base: str
) -> None:
    full.add_branch("tried", [1, 2, 3])
    done = [one.name for one in queries.exposures(full.store, state="done")]
    inside, outside = done[0], done[-1]
    assert asked.get(f"{base}/exposures/{inside}?branch=tried").json()["state"] == "accepted"
    answer = asked.get(f"{base}/exposures/{outside}?branch=tried")
    assert answer.status_code == 200
    told = answer.json()
    assert told["state"] == ""
    assert told["reasons"] == ["not in the sample that the branch tried is for"]
    assert told["qualities"] == {}


def test_what_is_asked_as_of_an_event_is_never_older(
    client: TestClient, sample: SampleSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shots, "_MOMENT", 60.0)
    monkeypatch.setattr(remembered, "_FRESH", 60.0)
    (session,) = client.get("/api/sessions").json()
    name = queries.exposures(sample.store, limit=1)[0].name
    path = f"/api/sessions/{session['id']}/exposures/{name}"
    assert client.get(path).json()["alerts"] == []
    sample.warn("warning", "thick ice", name)
    last = newest_event(sample.store)
    for asked in (path, f"{path}?asof={last}"):
        found = client.get(asked, headers={"Cache-Control": "max-age=20"}).json()["alerts"]
        assert [one["message"] for one in found] == (["thick ice"] if "asof" in asked else [])
