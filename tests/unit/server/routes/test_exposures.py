"""The table of exposures over HTTP: the same as the store says, in the words of the contract."""

import numpy as np
import pytest
from fastapi.testclient import TestClient

from icestream.model import quality_of
from icestream.store import queries
from report_session import SampleSession

HERE = "/api/sessions/{}/"


@pytest.fixture
def here(client: TestClient, sample: SampleSession) -> str:
    (one,) = client.get("/api/sessions").json()
    return f"/api/sessions/{one['id']}"


def test_a_page_of_the_table(client: TestClient, here: str, sample: SampleSession) -> None:
    page = client.get(f"{here}/exposures", params={"limit": 10, "descending": True}).json()
    assert (page["total"], page["matching"], page["at"]) == (30, 30, 0)
    assert [row["number"] for row in page["rows"]] == list(range(30, 20, -1))
    assert page["next"] == 21
    row = page["rows"][0]
    record = queries.exposure(sample.store, row["name"])
    assert row["state"] == {"done": "accepted"}.get(record.state, record.state)
    assert row["qualities"]["ctf.defocus"] > 5000  # as stored, Å
    assert row["grid_square"] == "8999138"


def test_filters_are_put_together(client: TestClient, here: str) -> None:
    asked = {
        "state": ["accepted", "rejected"],
        "where": ["ctf.resolution:3:4", "number::20", "ctf.defocus:10000:"],
        "sort": "ctf.resolution",
    }
    page = client.get(f"{here}/exposures", params=asked).json()
    values = [row["qualities"]["ctf.resolution"] for row in page["rows"]]
    assert values == sorted(values)
    assert all(3 <= value <= 4 for value in values)
    assert all(row["number"] <= 20 for row in page["rows"])
    assert 0 < page["matching"] < 20


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("exposures?where=ctf.resolution", 422, "1 value is not valid"),
        ("exposures?where=ctf.resolution:a:b", 422, "1 value is not valid"),
        ("exposures?where=ctf.resolution:nan:", 422, "1 value is not valid"),
        ("exposures?sort=ctf.resolutoin", 404, "did you mean ctf.resolution"),
        ("exposures?state=good", 422, "1 value is not valid"),
        ("exposures?limit=100000", 422, "1 value is not valid"),
        ("exposures?branch=tried", 404, "no branch tried"),
        ("exposures?around=nobody", 404, "no exposure 'nobody'"),
        ("exposures?after=999", 404, "no exposure 999"),
        ("columns?names=ctf.resolutoin", 404, "did you mean ctf.resolution"),
        ("histograms", 422, "1 value is not valid"),
    ],
)
def test_what_cannot_be_asked(
    client: TestClient, here: str, path: str, status: int, words: str
) -> None:
    answer = client.get(f"{here}/{path}")
    assert answer.status_code == status
    assert words in answer.json()["message"]


def test_qualities_say_how_they_are_shown(
    client: TestClient, here: str, sample: SampleSession
) -> None:
    found = {one["name"]: one for one in client.get(f"{here}/qualities").json()}
    values = sorted(
        record.value for record in queries.qualities(sample.store, names=["ctf.defocus"])
    )
    defocus = found["ctf.defocus"]
    assert (defocus["low"], defocus["high"]) == (values[0], values[-1])
    assert defocus["median"] == values[len(values) // 2]
    assert (defocus["unit"], defocus["scale"]) == ("µm", quality_of("ctf.defocus").scale)
    limits = found["ctf.resolution"]["limits"]
    assert any(one["refuses"] and one["step"] == "select" for one in limits)


def test_columns_for_a_plot(client: TestClient, here: str, sample: SampleSession) -> None:
    asked = {"names": "time,ctf.resolution,square", "fields": "name"}
    found = client.get(f"{here}/columns", params=asked).json()
    assert found["number"] == list(range(1, 31))
    assert found["total"] == found["shown"] == 30
    assert set(found["state"]) <= set("parf")
    assert found["squares"] == ["8999138"]
    assert set(found["square"]) == {0}
    assert found["name"] == [each.name for each in queries.exposures(sample.store)]
    assert set(found["columns"]) == {"time", "ctf.resolution"}
    assert found["columns"]["time"] == sorted(found["columns"]["time"])
    plain = client.get(f"{here}/columns", params={"names": "ctf.resolution"}).json()
    assert plain["name"] is plain["square"] is plain["squares"] is None


def test_histograms_count_each_exposure_once(
    client: TestClient, here: str, sample: SampleSession
) -> None:
    asked = {"names": "ctf.resolution,ctf.phase_shift"}
    resolution, nothing = client.get(f"{here}/histograms", params=asked).json()
    values = [record.value for record in queries.qualities(sample.store, names=["ctf.resolution"])]
    edges = np.array(resolution["edges"])
    assert np.allclose(np.diff(edges), edges[1] - edges[0])
    assert sum(resolution["counts"]) == len(values)
    together = np.add(resolution["accepted"], resolution["rejected"])
    assert together.tolist() == resolution["counts"]
    inside = np.histogram(np.clip(values, edges[0], edges[-1] - 1e-9), edges)[0]
    assert inside.tolist() == resolution["counts"]
    assert nothing["counts"] == []


def test_a_new_exposure_is_in_the_next_answer(
    client: TestClient, here: str, sample: SampleSession
) -> None:
    assert client.get(f"{here}/exposures").json()["total"] == 30
    sample.grow(1)
    assert client.get(f"{here}/exposures").json()["total"] == 31
