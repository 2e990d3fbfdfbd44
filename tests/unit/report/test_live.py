"""The small file that the page reads again and again."""

import json
import re
from pathlib import Path

import pytest

from icestream.engine.requests.models import Pause, Reject
from icestream.engine.requests.send import send
from icestream.model import Taken
from icestream.protocol import Registry
from icestream.report.follow import Follower
from icestream.report.limits import limits_of
from icestream.report.live import is_finished, live_document, sample_title
from icestream.store import tables as t
from report_session import LINKS, STEPS, SampleSession


def read(session: SampleSession) -> Follower:
    follower = Follower(session.store)
    follower.read()
    return follower


def test_it_says_where_the_session_stands(grown: SampleSession) -> None:
    follower = read(grown)
    live = live_document(follower, {"align": "Movie alignment"})
    counts = live["counts"]
    assert counts["found"] == 30
    assert counts["behind"] == 3
    assert counts["settled"] == counts["accepted"] + counts["rejected"] + counts["failed"] == 27
    steps = {step["name"]: step for step in live["steps"]}
    assert steps.keys() == {name for name, *_ in STEPS}
    assert steps["align"]["title"] == "Movie alignment"
    assert steps["align"]["done"] == 27
    assert steps["align"]["seconds"] == pytest.approx(2.9)
    assert steps["select"]["rejected"] == counts["rejected"]
    assert steps["select"]["done"] == counts["accepted"]
    assert live["links"] == sorted({(s, t) for t, _, s in LINKS})
    assert [alert["cleared"] is None for alert in live["alerts"]] == [True, False]
    assert live["alerts"][0]["order"] == follower.table.order["FoilHole_9015884_Data_9017347_0"]
    json.dumps(live, allow_nan=False)


def test_values_are_in_the_units_of_the_page(grown: SampleSession) -> None:
    live = live_document(read(grown), {})
    tiles = {tile["title"]: tile for tile in live["headline"]}
    assert 0.5 < tiles["Defocus"]["value"] < 3.0
    assert tiles["Defocus"]["unit"] == "µm"
    assert tiles["Particles"]["text"] == f"{tiles['Particles']['value']:,}"
    load = {series["title"]: series for series in live["machine"]}
    assert load["CPU"]["unit"] == "%"
    assert load["Disk free"]["unit"] == "GB"
    assert load["Disk free"]["now"] == pytest.approx(2376, rel=0.01)
    assert load["Disk write"]["unit"] == "MB/s"
    assert all(len(series["points"]) <= 121 for series in live["machine"])


def test_its_size_does_not_grow_with_the_session(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=1.79e9, documents=False)
    session.grow(60)
    small = len(json.dumps(live_document(read(session), {})))
    session.grow(1500)
    large = len(json.dumps(live_document(read(session), {})))
    assert large < small + 1000


def test_a_finished_session_is_said_to_be(grown: SampleSession) -> None:
    follower = read(grown)
    assert not is_finished(follower)
    grown.finish()
    follower.read()
    live = live_document(follower, {})
    assert is_finished(follower)
    assert live["session"]["finished"]
    assert live["session"]["ended"] == grown.now


def test_an_empty_session_can_be_shown(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=1.79e9)
    live = live_document(read(session), {})
    assert live["counts"]["found"] == 0
    assert live["headline"] == []


def test_when_the_disk_is_full_is_part_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = SampleSession(tmp_path, start=1.79e9)
    session.grow(12)
    session.measure(20)
    monkeypatch.setattr("icestream.report.live.time.time", lambda: session.now)
    live = live_document(read(session), {})
    cards = {card["name"]: card for card in live["machine"]}
    assert re.match(r"full at about .*\d\d:\d\d \(", cards["machine.disk_free"]["note"])
    assert live["rates"]["disk"]["words"] == cards["machine.disk_free"]["note"]
    assert cards["machine.disk_full_in"]["title"] == "Disk full in"
    assert not {"machine.disk_full_soonest", "machine.disk_full_latest"} & cards.keys()
    assert cards["machine.cpu"]["note"] == ""


def test_an_hour_that_is_not_in_sight_any_more_is_not_drawn(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=1.79e9)
    session.grow(12)
    session.measure(20)
    follower = read(session)
    follower.samples["machine.disk_full_in"].pop()
    names = {card["name"] for card in live_document(follower, {})["machine"]}
    assert "machine.disk_full_in" not in names
    assert "machine.disk_fills" in names


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("machine.cpu", "CPU"),
        ("machine.disk_free", "Disk free"),
        ("machine.gpu0.memory", "GPU 0 memory"),
        ("picking.diameter", "Diameter of the particle"),
    ],
)
def test_samples_have_titles_that_people_read(name: str, title: str) -> None:
    assert sample_title(name) == title


def test_what_waits_to_be_run_again_is_said_with_the_command(grown: SampleSession) -> None:
    grown.settle()
    grown.finish()
    assert live_document(read(grown), {})["again"] is None
    grown.change("pick", "extract")
    live = live_document(read(grown), {})
    assert live["session"]["state"] == "stopped"
    assert live["again"]["text"].startswith("pick and extract wait to be run again, for ")
    assert live["again"]["command"].startswith("icestream ")
    assert str(grown.folder) in live["again"]["command"]
    assert (live["again"]["until"], live["again"]["who"]) == (grown.now, "ann")
    steps = {step["name"]: step for step in live["steps"]}
    assert steps["pick"]["state"] == "waiting"
    assert steps["pick"]["again"] == live["counts"]["accepted"]


def test_a_request_that_nobody_has_answered_is_said(grown: SampleSession) -> None:
    grown.settle()
    grown.finish()
    send(grown.folder, Reject(exposures=("x",), why="ice"))
    live = live_document(read(grown), {})
    assert live["again"]["text"] == "1 request waits to be carried out"
    assert live["session"]["state"] == "stopped"


def test_decisions_are_shown_where_their_effect_is(grown: SampleSession) -> None:
    follower = read(grown)
    assert live_document(follower, {})["decisions"] == []
    name = follower.table.names[0]
    send(grown.folder, Reject(exposures=(name,), why="ice", who="ann"))
    send(grown.folder, Pause(step="pick", who="bob"))
    with grown.store.write() as connection:
        document = json.dumps({"step": "ctf", "changes": {"defocus_max": 3}})
        connection.execute(
            t.request.insert().values(
                token="x", time=5.0, verb="set", document=document, who="ann", state="done"
            )
        )
    follower.read()
    live = live_document(follower, {})
    assert [(each["who"], each["why"]) for each in live["decisions"]] == [
        *(("bob", ""), ("ann", "ice"), ("ann", ""))
    ]
    assert live["decisions"][1]["what"] == f"reject {name} (waits to be carried out)"
    steps = {step["name"]: step for step in live["steps"]}
    assert steps["ctf"]["set"]["what"] == "set ctf defocus_max=3"
    assert steps["pick"]["set"] is None


def test_alerts_are_the_worst_first_with_what_to_type(grown: SampleSession) -> None:
    for level, message in (("notice", "small"), ("critical", "large"), ("warning", "newer")):
        grown.now += 60.0
        grown.warn(level, message, "")
    with grown.store.write() as connection:
        offer = json.dumps({"step": "ctf", "changes": {"defocus_max": 3}})
        newer = t.alert.c.message == "newer"
        connection.execute(t.alert.update().where(newer).values(offer=offer))
        large = t.alert.c.message == "large"
        connection.execute(t.alert.update().where(large).values(key="step.paused"))
    alerts = live_document(read(grown), {})["alerts"]
    assert [alert["message"] for alert in alerts][:2] == ["large", "newer"]
    levels = [alert["level"] for alert in alerts]
    assert levels == ["critical", "warning", "warning", "notice", "notice"]
    assert alerts[0]["command"] == f"icestream resume {grown.folder} ctf_monitor"
    assert alerts[1]["command"] == f"icestream adopt {grown.folder} {alerts[1]['number']}"
    assert alerts[2]["command"] == ""


def test_limits_stand_with_their_quality_their_steps_and_the_alerts_on_them(
    grown: SampleSession,
) -> None:
    with grown.store.write() as connection:
        first = t.alert.c.level == "warning"
        connection.execute(t.alert.update().where(first).values(key="ctf.astigmatism.high"))
    follower = read(grown)
    limits = limits_of(Registry(), follower.workflow.steps, {}, 1.5)
    live = live_document(follower, {}, limits)
    lines = live["qualities"]["ctf.resolution"]["limits"]["lines"]
    assert [(line["refuses"], line["high"]) for line in lines] == [(True, 8.0), (False, 8.0)]
    assert live["alerts"][0]["note"] == "select refuses what is above 1,000\u202fÅ."
    steps = {step["name"]: step for step in live["steps"]}
    assert any("ctf_monitor warns above 8" in words for words in steps["select"]["limits"])
    assert steps["align"]["limits"] == []


def test_every_quality_has_the_digits_that_tell_its_values_apart(grown: SampleSession) -> None:
    live = live_document(read(grown), {})
    digits = {name: quality["digits"] for name, quality in live["qualities"].items()}
    assert digits["ctf.astigmatism"] == 0
    assert digits["picks.count"] == 0
    assert digits["ctf.resolution"] == 2
    assert all(0 <= each <= 4 for each in digits.values())
    tiles = {tile["title"]: tile for tile in live["headline"]}
    assert tiles["Defocus"]["text"] == f"{tiles['Defocus']['value']:.2f}"
    assert all(series["text"] not in ("", "–") for series in live["machine"])


def test_what_a_session_takes_in_is_called_by_its_name(grown: SampleSession) -> None:
    live = live_document(read(grown), {}, {}, Taken("micrograph", "micrographs"))
    assert live["called"] == {"one": "micrograph", "many": "micrographs"}
    assert "movie" not in json.dumps(live["verdicts"])
    assert "micrograph" in live["verdicts"][0]["why"]
