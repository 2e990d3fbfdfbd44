"""How results were made, what failed, what happened."""

import pytest
from fastapi.testclient import TestClient

from icestream.store import queries
from report_session import SampleSession


def test_the_graph_of_a_result(reader: TestClient, there: str, still: SampleSession) -> None:
    number = queries.latest_results(still.store, "classify")[-1].id
    said = reader.get(f"{there}/lineage/{number}").json()
    assert said["nodes"][0]["title"] == "Streaming 2D classification"
    assert said["nodes"][0]["result"] == number
    assert said["software"]["1"]["numpy"] == "2.0"
    assert said["left_out"] == []
    refused = reader.get(f"{there}/lineage/99999")
    assert (refused.status_code, refused.json()["message"][:15]) == (404, "no result 99999")
    assert reader.get(f"{there}/lineage/0").status_code == 422
    assert reader.get(f"{there}/lineage/{1 << 70}").status_code == 422


def test_provenance_is_a_workflow_that_runs_again(
    reader: TestClient, there: str, still: SampleSession
) -> None:
    said = reader.get(f"{there}/provenance").json()
    assert (said["session"], said["branch"]) == ("apoferritin-grid-2", "main")
    assert said["epochs"][0]["software"] == {"icestream": "0.1", "numpy": "2.0"}
    assert len(said["workflow"]["steps"]) == len(queries.steps(still.store))
    assert said["protocols"]["movies.align"] == "Movie alignment"
    assert said["results"] > 100
    assert reader.get(f"{there}/provenance", params={"branch": "no"}).status_code == 404


def test_failures_and_events(reader: TestClient, there: str, still: SampleSession) -> None:
    assert reader.get(f"{there}/failures").json() == []
    refused = reader.get(f"{there}/failures", params={"step": "algin"})
    assert refused.status_code == 404
    assert "align" in refused.json()["message"]
    first = reader.get(f"{there}/events", params={"limit": 2}).json()
    after = reader.get(f"{there}/events", params={"limit": 2, "after": first[-1]["seq"]}).json()
    assert first[-1]["seq"] < after[0]["seq"]
    some = reader.get(f"{there}/events", params={"kinds": "exposure.state", "limit": 5000}).json()
    settled = queries.count_exposures(still.store)
    assert len(some) == settled["done"] + settled["rejected"]


@pytest.mark.parametrize("query", ["after=-1", "limit=0", "after=x", f"after={1 << 70}"])
def test_bad_questions(reader: TestClient, there: str, query: str) -> None:
    assert reader.get(f"{there}/events?{query}").status_code == 422
