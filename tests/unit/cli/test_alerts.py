"""Alerts as the commands print them."""

from pathlib import Path

import pytest

from icestream.cli.alerts import alert_lines
from icestream.protocol.describe import offer_words
from icestream.store import queries
from icestream.store import tables as t
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    sample = SampleSession(tmp_path / "a session", start=1.7e9, documents=False)
    sample.grow(2)
    for level, message in (("notice", "ice"), ("critical", "stopped"), ("warning", "drift")):
        sample.warn(level, message, "")
    with sample.store.write() as connection:
        stopped = t.alert.c.message == "stopped"
        values = {"key": "step.paused", "step_id": sample.step_ids["pick"]}
        connection.execute(t.alert.update().where(stopped).values(**values))
        offer = '{"step": "align", "changes": {"flip": "up", "n": 2}}'
        drift = t.alert.c.message == "drift"
        connection.execute(t.alert.update().where(drift).values(offer=offer))
    return sample


def lines(session: SampleSession) -> list[str]:
    return list(alert_lines(session.store, queries.alerts(session.store), "bin/icestream"))


def test_the_worst_comes_first_each_with_a_command_to_copy(session: SampleSession) -> None:
    folder = f"'{session.folder}'"
    number = next(one.id for one in queries.alerts(session.store) if one.offer)
    assert lines(session) == [
        "critical: stopped",
        f"  then: bin/icestream resume {folder} pick",
        "warning: drift",
        f"  offered: align: flip=up n=2; to do so: bin/icestream adopt {folder} {number}",
        "notice: ice",
    ]


def test_an_alert_on_a_limit_says_what_is_refused_too(session: SampleSession) -> None:
    with session.store.write() as connection:
        high = {"key": "ctf.resolution.high", "step_id": session.step_ids["ctf_monitor"]}
        chosen = t.alert.c.message == "drift"
        connection.execute(t.alert.update().where(chosen).values(offer=None, **high))
    told = lines(session)
    after = told[told.index("warning: drift") + 1]
    assert after.strip().startswith("Selection of exposures refuses what is above 8")


def test_what_was_adopted_says_by_whom(session: SampleSession) -> None:
    with session.store.write() as connection:
        connection.execute(t.alert.update().values(adopted=3.0, adopted_by="ann"))
    assert "  ann has set align: flip=up n=2" in lines(session)


def test_what_is_known_of_a_change_is_shown(session: SampleSession) -> None:
    with session.store.write() as connection:
        extent = '{"first": "a_1", "last": "a_9", "count": 9, "group": 2}'
        values = {"began": 1.6e9, "extent": extent, "cause": "ice thickens"}
        connection.execute(t.alert.update().where(t.alert.c.message == "drift").values(**values))
    assert "  shown by 9 exposures, a_1 to a_9, of exposure group 2 alone" in lines(session)
    found = queries.alerts(session.store)
    numbered = list(alert_lines(session.store, found, "icestream", numbered=True))
    assert "  likely cause: ice thickens" in numbered
    assert any("since 2020-09-1" in line for line in numbered)


def test_an_offer_in_words() -> None:
    assert offer_words({"step": "align", "changes": {"flip": "up", "n": 2}}) == "align: flip=up n=2"
