"""Alerts with what to do, samples, figures and forecasts."""

import json

import pytest
from fastapi.testclient import TestClient

from icestream.store import tables as t
from report_session import SampleSession


def test_alerts_come_with_what_to_do(asked: TestClient, base: str, full: SampleSession) -> None:
    offer = {"step": "align", "changes": {"gain_flip": "up-down"}, "automatic": False}
    with full.store.write() as connection:
        values = {"key": "ctf.astigmatism.high", "offer": json.dumps(offer)}
        values["extent"] = json.dumps({"first": "a", "last": "b", "count": 4})
        connection.execute(t.alert.update().where(t.alert.c.id == 1).values(**values))
    (one,) = asked.get(f"{base}/alerts").json()
    assert (one["level"], one["step"]) == ("warning", "ctf_monitor")
    assert one["message"] == "Astigmatism is above 600 Å"
    assert one["offer_words"] == "align: gain_flip=up-down"
    assert one["command"].startswith("icestream adopt ")
    assert one["extent_words"] == "4 exposures, a to b"
    assert one["exposure_number"] == 4
    assert one["note"] == "Selection of exposures refuses what is above 1,000\u202fÅ."
    assert one["deliveries"] == []
    assert one["until"] is None
    both = asked.get(f"{base}/alerts", params={"open_only": False}).json()
    assert [each["level"] for each in both] == ["warning", "notice"]
    assert both[1]["offer_words"] is None
    assert both[1]["command"] == ""
    assert asked.get(f"{base}/alerts", params={"limit": 0}).status_code == 422


def test_samples_over_time(reader: TestClient, there: str) -> None:
    said = {one["name"]: one for one in reader.get(f"{there}/samples").json()}
    assert said["machine.disk_free"]["title"] == "Disk free"
    assert len(said["machine.cpu"]["points"]) == 60
    times = [time for time, _ in said["machine.cpu"]["points"]]
    (some,) = reader.get(
        f"{there}/samples", params={"names": "machine.cpu", "since": times[50]}
    ).json()
    assert [time for time, _ in some["points"]] == times[50:]
    assert reader.get(f"{there}/samples", params={"names": "nothing"}).json() == []


def test_forecast_in_words(reader: TestClient, there: str) -> None:
    said = reader.get(f"{there}/forecast").json()
    assert said["finished"] is False
    assert said["forecast"]["waiting"].startswith("3 movies")
    assert set(said["pace"]) >= {"found", "processed", "delay"}
    assert said["disk"] is None  # nobody has looked for years


def test_figures_of_monitors(asked: TestClient, base: str, full: SampleSession) -> None:
    assert asked.get(f"{base}/figures").json() == {}
    drawn = [{"title": "Disk", "kind": "series", "y": [1.0], "y_label": "GB"}]
    with full.store.write() as connection:
        connection.execute(
            t.figure.insert().values(step_id=10, document=json.dumps(drawn), time=1.0)
        )
    assert asked.get(f"{base}/figures").json() == {"machine": drawn}


@pytest.mark.parametrize("path", ["alerts", "samples", "figures", "forecast"])
def test_of_a_session_that_is_not_there(reader: TestClient, path: str) -> None:
    answer = reader.get(f"/api/sessions/none/{path}")
    assert (answer.status_code, "none" in answer.json()["message"]) == (404, True)
